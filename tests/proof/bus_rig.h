#ifndef HENG_TESTS_BUS_RIG_H
#define HENG_TESTS_BUS_RIG_H
/* A real line on a simulated bus in virtual time, and the books about it: every result is held against what the meters
 * said before the wire touched it.
 *
 *   line ──SEND──► bus ──bytes──► tap ──► line ──RESULT──► books
 *                   └── what the meters said ───────────────┘ */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "line/line.h"
#include "sim/bus.h"
#include "sim/rng.h"

enum { RIG_METERS_MAX = 512, RIG_TAP_MAX = 4096 };

/* 2026-01-15 00:00:00 by the meters' clocks, at now 0. */
#define RIG_LOCAL_US INT64_C(1768435200000000)
#define RIG_WALL_US  (RIG_LOCAL_US - 8 * 3600 * HENG_US_PER_S)

/* X(field): what is counted. */
#define RIG_BOOK_LIST(X)                                                                                               \
    X(results) /* results with an end stage */                                                                         \
    X(ok)      /* reads that ended well */                                                                             \
    X(failed)                                                                                                          \
    X(values)      /* that came with reads that ended well */                                                          \
    X(frames)      /* evidence of reads that ended well */                                                             \
    X(unchecked)   /* ... whose check is wrong: must be none */                                                        \
    X(untrue)      /* ... whose check is right and which the meter never said */                                       \
    X(wrong_reads) /* reads with a value that no true frame holds: must be none */                                     \
    X(wrong_values)                                                                                                    \
    X(slipped) /* frames heard whose check is right and which nobody said: what a sum cannot see */                    \
    X(found)   /* meters told by a search */                                                                           \
    X(due)     /* meters x periods: reads that there should be */                                                      \
    X(in_time) /* ... and are */

struct rig_book {
#define X(field) uint64_t field;
    RIG_BOOK_LIST(X)
#undef X
};

struct rig {
    const char *name;
    struct heng_line_config config;
    struct heng_sim_bus_config wire;
    struct heng_meter_config meters[RIG_METERS_MAX]; /* device_id: index + 1 */
    struct heng_sim_meter_config slaves[RIG_METERS_MAX];
    size_t count, listed;    /* so many of them the line knows: all, if nobody says else */
    uint32_t cancelling_ppm; /* errors on purpose: an answer gets two that an 8-bit sum cannot see */
    uint64_t cancelled;      /* ... so many did */

    struct heng_line *line;
    struct heng_sim_bus *bus;
    heng_us now;
    struct rig_book book;
    struct heng_search_found found[RIG_METERS_MAX];
    bool ended;                           /* a search has */
    struct heng_search_progress progress; /* its last news */
    heng_us last_ok[RIG_METERS_MAX];      /* HENG_US_NEVER: never */
    heng_us last_result;
    uint32_t ok_of[RIG_METERS_MAX];
    heng_us last_send, last_byte;

    /* the owner's: told of every action after it has been booked */
    void (*on_action)(struct rig *rig, const struct heng_line_action *action);
    void *owner;

    /* the tap */
    uint8_t tap[RIG_TAP_MAX];
    size_t tap_n, hint;
    struct heng_sim_rng rng;
    int32_t counted_period[RIG_METERS_MAX];
    unsigned nothing;
};

/* A line of one kind with meters that answer after 40 to 60 ms; the caller changes what it likes before rig_start. */
struct rig *rig_new(const char *name, heng_protocol protocol, size_t count, uint32_t baud, uint32_t period_s,
                    uint64_t seed);
void rig_start(struct rig *rig);
void rig_free(struct rig *rig);

/* Let line and bus go on until then. Fails the test when the line wants to be asked again at once and has nothing. */
void rig_run(struct rig *rig, heng_us until);

/* As rig_run, but ends sooner once done says so. Returns whether it did. */
bool rig_run_until(struct rig *rig, heng_us until, bool (*done)(const struct rig *rig));

heng_rc rig_submit(struct rig *rig, int64_t id, heng_class cls, size_t meter, heng_order_kind kind, heng_us expires_us);

/* Ideal time so far: bits on the wire and the meters' own delays. */
heng_us rig_ideal(const struct rig *rig);

/* What must hold of every line whatever happens to it. */
void rig_must_be_true(const struct rig *rig);
void rig_add(struct rig_book *sum, const struct rig_book *book);

#endif
