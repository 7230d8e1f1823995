#ifndef HENG_LINE_MEMBER_H
#define HENG_LINE_MEMBER_H
/* A meter as its line knows it: settings, what was learned, how it does, and whether it is in quarantine. */
#include "line/confirm.h"
#include "line/late.h"
#include "meter/driver.h"

struct heng_member {
    struct heng_meter_config config; /* config.learned lives here */
    struct heng_meter_memory memory;
    const struct heng_driver *driver;
    struct heng_late late;
    struct heng_expect expect;
    uint32_t group;      /* index into the plan's groups */
    heng_us last_answer; /* 0: none since the line was made */
    heng_us asked_end;   /* when its last request was out */
    uint8_t history;     /* the last eight conversations, newest in bit 0; 1: it answered */
    uint8_t talks;       /* how many of them there are */
    uint8_t interrupted; /* so often the line was lost while it was asked */
    bool again;          /* failed in this round: asked once more at its end */
    bool failed;         /* ... and failed for good, or its line was mute */
    bool quarantined;
    uint8_t doubts;   /* reads in a row that three tries could not agree on */
    uint8_t garbled;  /* conversations of little but garbage, less clean ones since: two meters? */
    uint8_t probes;   /* since it is in quarantine */
    heng_us probe_at; /* not before */
};

/* May it be asked like this? Errors: those of heng_meter_check, the text names the meter. */
HENG_NODISCARD heng_rc heng_member_init(struct heng_member *member, const struct heng_meter_config *config,
                                        unsigned quarantine_after, struct heng_err *err);

/* It has answered: quarantine and misses are over. */
void heng_member_lives(struct heng_member *member, heng_us now);

/* A conversation has ended without a sign of life. round_us: how often it is asked. Probes come after 2, 4, 8, 16
 * rounds, at the latest each hour. Returns whether it is in quarantine from now on. */
bool heng_member_missed(struct heng_member *member, heng_us now, unsigned quarantine_after, heng_us round_us);

/* A conversation has ended, for the history. */
void heng_member_note(struct heng_member *member, bool good);

/* The miss was the line's: it does not count. */
void heng_member_pardon(struct heng_member *member, unsigned quarantine_after);

/* Does this telegram come from that meter? */
bool heng_member_said(const struct heng_member *member, const struct heng_telegram *telegram);

#endif
