#ifndef HENG_LINE_LINE_H
#define HENG_LINE_LINE_H
/* One bus and its master: who is asked when, time-outs, tries, what came back. Sans-I/O: the owner reports
 * what happened (opened, closed, bytes, time, orders) and takes actions out; the same code runs on real time and on
 * virtual time. Times are monotonic microseconds of the owner's choice, wall clock where the name says so.
 *
 *   owner                        line
 *   heng_line_opened/closed   -> state
 *   heng_line_set_clock       -> what the schedules' times of day mean
 *   heng_line_feed(bytes)     -> telegrams of the meter that was asked
 *   heng_line_submit, _search -> queue, by class; fair inside a class
 *   heng_line_poll            <- SEND bytes, SPEED, RESULT of one order, FOUND, STATUS of the line; until NONE
 *   heng_line_deadline        <- when to poll again without news */
#include "line/health.h"
#include "line/search.h"
#include "meter/driver.h"
#include "model/line.h"
#include "model/line_state.h"
#include "model/order.h"
#include "model/reading.h"

typedef enum heng_line_action_kind {
    HENG_LINE_NONE,
    HENG_LINE_SEND,     /* bytes for the transport */
    HENG_LINE_SPEED,    /* baud, parity: the transport goes on with these once all bytes are out */
    HENG_LINE_RESULT,   /* result: an order has got on: a meter was read, has failed, a command has a new stage */
    HENG_LINE_FOUND,    /* found: a meter answered the search */
    HENG_LINE_SEARCHED, /* progress: the search has got on; at most once a second, and at its end */
    HENG_LINE_STATUS    /* state, detail, counters or health are news: after a change and at the end of a round */
} heng_line_action_kind;

/* How an order has got on. Commands report every new stage, SENT before their bytes go out, reads only their end. read
 * is there at the end and only then: stage CONFIRMED, FAILED, EXPIRED or CANCELLED, or SENT once more for a broadcast,
 * which nobody can confirm. It may hold values even when a command has failed, and the frame with which the meter
 * refused it; its times are the owner's monotonic ones. */
struct heng_line_result {
    int64_t job_id; /* 0: of a schedule */
    heng_class cls;
    struct heng_order order; /* without its secrets */
    heng_stage stage;
    const struct heng_read *read;
    heng_us due_us; /* of a due-date read: the wall-clock time whose frozen values these are; else 0 */
    const struct heng_learned *learned; /* of the meter, to be kept; NULL for a broadcast */
    bool quarantined;                   /* the meter is probed rarely now */
};

struct heng_line_action {
    heng_line_action_kind kind;
    struct heng_slice bytes; /* SEND; borrowed, as all pointers here, until the next call */
    uint32_t baud;           /* SPEED */
    char parity;             /* SPEED */
    struct heng_line_result result;
    struct heng_search_found found;
    struct heng_search_progress progress;
    bool changed; /* STATUS: the state is another one than in the last STATUS */
};

/* What is wanted of a line beside its schedules. device_id 0: a broadcast in protocol. One job is one order for one
 * meter; a selection is several jobs with the same group, between groups of a class the line takes turns. */
struct heng_line_job {
    int64_t id, group; /* the owner's */
    heng_class cls;
    int64_t device_id;
    heng_protocol protocol; /* of a broadcast */
    struct heng_order order;
    heng_us expires_us; /* not sent after that; HENG_US_NEVER: no limit */
};

struct heng_line;

enum { HENG_LINE_JOBS_MAX = 4096 };

/* Make a line with its meters; all is copied, but for zone and profiles.
 * Errors: ECONFIG when a meter's address does not fit its protocol (the text names the meter), a schedule or relay that
 * is not there or cannot be, ENOMEM. */
HENG_NODISCARD heng_rc heng_line_new(const struct heng_line_config *config, const struct heng_meter_config *meters,
                                     size_t meter_count, struct heng_line **ret, struct heng_err *err);
void heng_line_free(struct heng_line *line);

void heng_line_opened(struct heng_line *line, heng_us now);
/* why is kept as the line's detail, for a person. */
void heng_line_closed(struct heng_line *line, heng_us now, const char *why);
void heng_line_feed(struct heng_line *line, heng_us now, struct heng_slice bytes);

/* The level converter tells overload or short, or its end. */
void heng_line_overload(struct heng_line *line, heng_us now, bool on);

/* What was learned of its meters' times is forgotten: each is waited for as at first. */
void heng_line_forget(struct heng_line *line);

/* At now it is wall_us. Told at the start and again when the wall clock has jumped; before the first time no schedule
 * with times of day runs. A jump forward makes nothing due twice, one back nothing missed. */
void heng_line_set_clock(struct heng_line *line, heng_us now, heng_us wall_us);

/* Errors: ENOTFOUND (no such meter here), EUNSUPPORTED (heng_meter_can), ELIMIT (HENG_LINE_JOBS_MAX wait). An accepted
 * job ends with exactly one RESULT of an end stage, also when the line is down: then as EXPIRED in its time. */
HENG_NODISCARD heng_rc heng_line_submit(struct heng_line *line, heng_us now, const struct heng_line_job *job,
                                        struct heng_err *err);

/* Would submit take this job? The same errors but ELIMIT; nothing is done. */
HENG_NODISCARD heng_rc heng_line_can(const struct heng_line *line, const struct heng_line_job *job,
                                     struct heng_err *err);

/* Take back what was not sent yet: its RESULT comes as CANCELLED. ENOTFOUND: there is no such job, or it is under way.
 */
HENG_NODISCARD heng_rc heng_line_cancel(struct heng_line *line, heng_us now, int64_t job_id);

/* Search the line for meters; one search at a time. Errors: EBUSY, those of heng_search_new. */
HENG_NODISCARD heng_rc heng_line_search(struct heng_line *line, heng_us now, const struct heng_search_config *config,
                                        struct heng_err *err);
/* Its last SEARCHED has the place to resume from. */
void heng_line_search_stop(struct heng_line *line, heng_us now);

/* Take the next action; call until it is NONE. */
void heng_line_poll(struct heng_line *line, heng_us now, struct heng_line_action *ret);

/* The earliest time at which heng_line_poll may have something without further news. */
heng_us heng_line_deadline(const struct heng_line *line);

const struct heng_line_config *heng_line_config(const struct heng_line *line);
heng_line_state heng_line_state_now(const struct heng_line *line);
heng_us heng_line_since(const struct heng_line *line); /* when this state began */
const char *heng_line_detail(const struct heng_line *line);
const struct heng_line_counters *heng_line_counters_now(const struct heng_line *line);

/* What an operator sees of a line beside its state.
 * health: 0 (nothing works) .. 100; see line/health.h. hint: which part of the cable to look at, "" for none.
 * cycle_us: of the last whole round of periodic reads; dead_us: what of it went into meters that did not answer. */
struct heng_line_vitals {
    uint32_t health, queued, quarantined;
    heng_us cycle_us, dead_us;
    heng_hint_kind hint_kind;
    uint32_t hint_from, hint_to; /* as in struct heng_hint */
    char hint_meter[24];
    char hint[160];
};
void heng_line_vitals_now(const struct heng_line *line, struct heng_line_vitals *ret);

#endif
