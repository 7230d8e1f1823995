#ifndef HENG_TESTS_MEASURE_H
#define HENG_TESTS_MEASURE_H
/* Cycles of a line, for the test that asserts them and the bench that prints more of them. */
#include "bus_rig.h"

struct line_kind {
    const char *name;
    heng_protocol protocol;
    size_t count;
    uint32_t baud, period_s;
    unsigned asks, request_bytes; /* of one read; of one request */
    unsigned dead_of_five;        /* so many of five meters are dead ... */
    bool without_them;            /* ... and the line does not know them */
};

struct cycle {
    heng_us cold_us, warm_us; /* the longest warm one */
    unsigned again_permille;  /* answers in warm cycles that were asked for to confirm others */
    unsigned permille;        /* of the worst warm cycle: ideal time / real time */
};

/* 250 M-Bus, 32 DL/T 645 meters with 5 registers and 120 CJ/T 188. */
extern const struct line_kind heng_line_kinds[];
extern const size_t heng_line_kind_count;

struct rig *measure_rig(const struct line_kind *kind, uint64_t seed);

/* Rounds of a line that has enough time for each, and one line of text about them. */
struct cycle measure(const struct line_kind *kind, uint64_t seed);

/* The same meters, asked as simple programs do: a fixed time-out of 1.5 s, three tries, one after another. */
heng_us measure_naive(const struct line_kind *kind, uint64_t seed);

#endif
