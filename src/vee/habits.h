#ifndef HENG_VEE_HABITS_H
#define HENG_VEE_HABITS_H
/* How a point uses what it uses, from the intervals of its days: peak and valley, the day as a curve, the duration
 * curve, what never stops, and the like. Definitions in plain words: docs/analysis.md. */
#include "model/quantity.h"
#include "vee/day.h"
#include "vee/rules_check.h"

enum {
    HENG_HABITS_SLOTS = 288, /* of a day of 24 hours in 5 minutes */
    HENG_HABITS_KINDS = 3,   /* 0 Monday to Friday, 1 Saturday, 2 Sunday and holiday, as a rule */
    HENG_HABITS_STEPS = 200,
    HENG_HABITS_DAYS_MAX = 800,
};

/* One interval; is false: there was none with an amount that counts. */
struct heng_habits_moment {
    bool is;
    heng_us from_us, to_us;
    int64_t amount;
};

/* Share of the time, in 1/10000, in which at least this much was used in an interval. */
struct heng_habits_step {
    int32_t permyriad;
    int64_t amount;
};

/* The least that was used in any hour of a window, day by day: over `days` days least and middle (of an even number the
 * lower one), and on how many of them it was above zero. Whole hours, because a counter of 10 litres stands still
 * between two of them. */
struct heng_habits_floor {
    uint32_t days, running;
    int64_t least, median;
};

/* Amounts are multiples of 10^exp; averages (milli) of 10^(exp - 3), rounded half away from zero. */
struct heng_habits_found {
    uint32_t days, intervals, left_out;     /* left_out: intervals without an amount that counts */
    int64_t total;                          /* of the intervals that count */
    struct heng_habits_moment peak, valley; /* of equal ones the first */
    int64_t mean_milli;                     /* of an interval */
    uint16_t slots;                         /* of the curve; slot i begins at i x minutes after local midnight */
    uint32_t curve_counts[HENG_HABITS_KINDS][HENG_HABITS_SLOTS]; /* intervals in it; 0: no average */
    int64_t curve_milli[HENG_HABITS_KINDS][HENG_HABITS_SLOTS];
    uint16_t step_count;
    struct heng_habits_step steps[HENG_HABITS_STEPS]; /* falling; the first is the peak, the last the valley */
    struct heng_habits_floor night, base;             /* base: of the whole day */
    uint32_t reverse_days, night_flow_days;           /* days on which the rule of that name spoke above `told` */
};

/* What is looked at. worst: intervals of a worse trust do not count. Night: minutes after local midnight, from < to.
 * values: room for every interval of the period; what does not fit is an error. */
struct heng_habits {
    const struct heng_day_rule *rule;
    int16_t minutes;
    int8_t exp;
    heng_trust worst;
    int16_t night_from, night_to;
    int64_t *values;
    size_t value_cap;
    /* at work; zero at the beginning */
    size_t value_count;
    int64_t nights[HENG_HABITS_DAYS_MAX], bases[HENG_HABITS_DAYS_MAX];
    struct heng_habits_found found;
};

/* The next day, of kind 0..HENG_HABITS_KINDS - 1. Errors: ERANGE a resolution finer than exp, another number of
 * intervals than that day has, or what does not fit; ELIMIT too many days or values. */
HENG_NODISCARD heng_rc heng_habits_add(struct heng_habits *h, const struct heng_day_usage *day, unsigned kind);

/* After the last day; borrowed from h. Sorts values. */
const struct heng_habits_found *heng_habits_end(struct heng_habits *h);

/* The mean difference between flow and return of what went through, in K with two places: energy / (volume x k), k in
 * kWh/(m3 K), 1.163 for water. Errors: EUNSUPPORTED units that are no energy and volume; ERANGE, also without volume.
 */
HENG_NODISCARD heng_rc heng_habits_spread(struct heng_dec energy, heng_unit energy_unit, struct heng_dec volume,
                                          heng_unit volume_unit, struct heng_dec k, struct heng_dec *ret);

/* Two flats that look exchanged with each other since in->split, by rule `swapped` of the set: cross_pct is how far
 * each is from the other's past, in percent of how far it is from its own. */
struct heng_habits_swap {
    uint32_t a, b; /* numbers in flats */
    struct heng_dec cross_pct;
};
enum { HENG_HABITS_FLATS_MAX = 512 };

/* The suspects among all pairs, the clearest first; a flat is in one pair only, its best. flats[i]: amounts of each of
 * `days` days in the same unit and resolution, HENG_RULES_NO_AMOUNT: not known. Errors: ELIMIT too many flats. */
HENG_NODISCARD heng_rc heng_habits_swapped(const struct heng_rule_set *set, const int64_t *const *flats, size_t count,
                                           unsigned days, unsigned split, struct heng_habits_swap *ret, size_t cap,
                                           size_t *ret_n);

#endif
