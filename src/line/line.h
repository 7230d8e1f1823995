#ifndef HENG_LINE_LINE_H
#define HENG_LINE_LINE_H
/* One bus and its master: who is asked when, time-outs, tries, what came back. Sans-I/O: the owner reports
 * what happened (opened, closed, bytes, time) and takes actions out; the same code runs on real time and on
 * virtual time. Times are monotonic microseconds of the owner's choice.
 *
 *   owner                       line
 *   heng_line_opened/closed  -> state
 *   heng_line_feed(bytes)    -> telegrams of the meter that was asked
 *   heng_line_poll           <- SEND bytes, RESULT of one meter, STATE of the line; until NONE
 *   heng_line_deadline       <- when to poll again without news */
#include "meter/driver.h"
#include "model/line.h"
#include "model/reading.h"

typedef enum heng_line_action_kind {
    HENG_LINE_NONE,
    HENG_LINE_SEND,   /* bytes for the transport */
    HENG_LINE_RESULT, /* read: one meter was read or has failed */
    HENG_LINE_STATUS  /* state, detail or counters are news: after a change and at the end of a round */
} heng_line_action_kind;

struct heng_line_action {
    heng_line_action_kind kind;
    struct heng_slice bytes;      /* SEND; borrowed until the next call */
    const struct heng_read *read; /* RESULT; borrowed until the next call; times are the owner's monotonic ones */
    bool changed;                 /* STATUS: the state is another one than in the last STATUS */
};

struct heng_line;

/* Make a line with its meters; both are copied.
 * Errors: ECONFIG when a meter's address does not fit its protocol (the text names the meter), ENOMEM. */
HENG_NODISCARD heng_rc heng_line_new(const struct heng_line_config *config, const struct heng_meter_config *meters,
                                     size_t meter_count, struct heng_line **ret, struct heng_err *err);
void heng_line_free(struct heng_line *line);

void heng_line_opened(struct heng_line *line, heng_us now);
/* why is kept as the line's detail, for a person. */
void heng_line_closed(struct heng_line *line, heng_us now, const char *why);
void heng_line_feed(struct heng_line *line, heng_us now, struct heng_slice bytes);

/* Take the next action; call until it is NONE. */
void heng_line_poll(struct heng_line *line, heng_us now, struct heng_line_action *ret);

/* The earliest time at which heng_line_poll may have something without further news. */
heng_us heng_line_deadline(const struct heng_line *line);

const struct heng_line_config *heng_line_config(const struct heng_line *line);
heng_line_state heng_line_state_now(const struct heng_line *line);
heng_us heng_line_since(const struct heng_line *line); /* when this state began */
const char *heng_line_detail(const struct heng_line *line);
const struct heng_line_counters *heng_line_counters_now(const struct heng_line *line);

#endif
