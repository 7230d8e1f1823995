#ifndef HENG_GATEWAY_WATCH_H
#define HENG_GATEWAY_WATCH_H
/* Is a line alive, and what to do when it is not. Knows what its schedules let one expect, hears of good answers, and
 * says what to do next; does nothing itself and reads no clock. Asked about once a second.
 *
 *   three rhythms without a good answer ── SILENT, REOPEN ── a rhythm ── RESET ── a rhythm ── RESTART ── two rhythms ──
 *   REOPEN ── ... with pauses that grow up to six hours, and never end before a read was due ── an answer: BACK
 *
 * A rhythm is the time between two moments at which something on the line is due to be read, at least a minute. What
 * lies between two read windows, in a power cut that is planned, or in a time in which the line might not ask, is not
 * counted. A line without meters, or on which nothing is ever due, is never silent. A meter that says no is an answer.
 *
 * A line that has something to do, may do it and does not, is stalled: it is made anew after a minute. */
#include "model/line.h"

typedef enum heng_watch_step {
    HENG_WATCH_NOTHING,
    HENG_WATCH_SILENT,  /* tell it */
    HENG_WATCH_REOPEN,  /* the link anew */
    HENG_WATCH_RESET,   /* the same after a rest, modem lines down, and what was learned of the meters is forgotten */
    HENG_WATCH_RESTART, /* the whole line anew */
    HENG_WATCH_BACK     /* tell it; detail: how long it was silent */
} heng_watch_step;

/* No more than so many steps and tellings of one line in an hour; further ones wait. */
enum { HENG_WATCH_STEPS_PER_H = 12 };

/* Zero-initialise, then heng_watch_start. Times are monotonic. */
struct heng_watch {
    heng_us since_us;  /* of the last good answer, put forward by what does not count; or of the start */
    heng_us answer_us; /* of the last good answer; 0: none yet */
    heng_us limit_us;  /* silent from then on; 0: to be reckoned, HENG_US_NEVER: never */
    heng_us rhythm_us;
    heng_us next_us;    /* of the next step while it is silent */
    heng_us seen_us;    /* the last look */
    heng_us stalled_us; /* since when it does nothing although it could; 0: it does */
    heng_us credit_us;  /* the bucket of steps: how far behind now it lies is what may be spent */
    unsigned steps;     /* since it is silent */
    bool silent, back;
};

/* What is seen of the line now. config and meters: as it runs, with its zone. deadline_us: heng_line_deadline. may_ask:
 * neither the disk nor a tunnel nor an order that waits for the disk keeps it from asking. */
struct heng_watch_seen {
    const struct heng_line_config *config;
    const struct heng_meter_config *meters;
    size_t meter_count;
    heng_us deadline_us;
    bool may_ask;
    heng_us least_us; /* of a rhythm, and what a meter has to answer; 0: a minute. For tests that cannot wait */
};

void heng_watch_start(struct heng_watch *watch, heng_us now);
void heng_watch_answer(struct heng_watch *watch, heng_us now);
void heng_watch_clock(struct heng_watch *watch); /* the wall clock was set: reckon anew */

/* What to do now, one thing at a time. ret_why: for a person, what was seen; "" where there is nothing to say. */
heng_watch_step heng_watch_look(struct heng_watch *watch, const struct heng_watch_seen *seen, heng_us now,
                                heng_us wall_us, char ret_why[static 120]);

#endif
