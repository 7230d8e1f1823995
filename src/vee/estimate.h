#ifndef HENG_VEE_ESTIMATE_H
#define HENG_VEE_ESTIMATE_H
/* Values for what was not measured: the first method that applies, in the order of the rule set, with a confidence.
 * Everything is exact and rounded once, half to even; the intervals sum to the day. docs/validation.md has the
 * formulas. */
#include "vee/rules_check.h"

/* What is known around a day of which some or all intervals are missing. Whatever is absent rules its methods out. */
struct heng_estimate {
    heng_medium medium;
    uint16_t minutes;                  /* of an interval */
    struct heng_rules_series own;      /* own.day: the day, with its missing intervals marked */
    const struct heng_day_usage *next; /* the day after, of the same channel */
    uint8_t kind;                      /* days are alike when their kinds are equal (working day, holiday ...) */
    const uint8_t *past_kinds;         /* as own.past; NULL: Monday to Friday, Saturday, Sunday by the date */
    struct heng_opt_dec degree_days;
    const struct heng_opt_dec *past_degree_days;
    const struct heng_day_usage *check;     /* the same day of a check meter, same unit */
    struct heng_opt_dec kept;               /* amount of the whole day by values that the meter kept itself */
    const struct heng_day_usage *last_year; /* the day 364 days before */
    int64_t recent, recent_last_year;       /* own use of late, and of the same days a year before; 0: not known */
    const struct heng_rules_neighbours *neighbours; /* of this day; own is not used */
    int64_t area_cm2;                               /* of the point; 0: neighbours are not per m2 */
    bool neighbours_whole;                          /* they are not per m2, although the area is known */
    struct heng_opt_dec building;                   /* amount of the building or group on this day */
    int64_t building_area_cm2;
    const int64_t *profile; /* amounts of a standard profile, made for this point: own.day->count of them, its exp */
    struct heng_opt_dec manual; /* amount of the whole day, by a person; goes before all others */
};

/* Fill the missing intervals of own.day. Measured ones stay as they are. Trust of the filled: SUBSTITUTED from a check
 * meter, EDITED by a person, else ESTIMATED; trust, method, permille and amount of the day are those of the whole.
 * Errors: ENOTFOUND no method applies; ELIMIT too many estimated days in a row or in the past days;
 *         ERANGE an amount does not fit. ret_day is then untouched. */
HENG_NODISCARD heng_rc heng_estimate_day(const struct heng_rule_set *set, const struct heng_estimate *in,
                                         struct heng_day_usage *ret_day, struct heng_err *err);

/* The methods one by one. An amount for the missing intervals of the day, a shape for sharing it (ret_weights, one per
 * interval, 0 for those that are there) and a confidence. false: it does not apply. */
struct heng_estimate_part {
    int64_t amount; /* of the missing intervals together, multiples of 10^exp of own.day */
    uint16_t permille;
    int64_t weights[HENG_DAY_INTERVALS_MAX];
};
bool heng_estimate_by(const struct heng_rule_set *set, const struct heng_estimate *in, heng_method method,
                      struct heng_estimate_part *ret);

/* Weights for sharing a known amount over a gap of several days, as heng_usage_weights (usage.h) wants them: one for
 * each of count intervals of a day, on one scale for all days of the gap. in->own.past are the days before the gap,
 * in->kind and in->degree_days are those of `day`, in->own.day is not used. Heat by degree days where they are known,
 * else by the means of like days. false: there are none. */
bool heng_estimate_weights(const struct heng_rule_set *set, const struct heng_estimate *in, heng_day day,
                           uint16_t count, uint32_t *ret_weights, heng_method *ret_method);

/* A counter read before and after, at a moment between: straight in time (by degree days: pass their sums as times).
 * Rounded half to even at the finer resolution of both. Errors: ERANGE, also when at lies outside. */
HENG_NODISCARD heng_rc heng_estimate_at(heng_us before_us, struct heng_dec before, heng_us after_us,
                                        struct heng_dec after, heng_us at_us, struct heng_dec *ret);

/* amount x part / whole at the resolution of amount: own earlier use per degree day times those of the gap; a share by
 * area. part and whole are of one kind; whole > 0. Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_estimate_scaled(struct heng_dec amount, struct heng_dec part, struct heng_dec whole,
                                            struct heng_dec *ret);

#endif
