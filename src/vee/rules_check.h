#ifndef HENG_VEE_RULES_CHECK_H
#define HENG_VEE_RULES_CHECK_H
/* The rules at work: on a reading when it comes, on a day of usage, on points beside each other. Pure: whatever is not
 * known is left out, and the rules that need it say nothing. docs/validation.md has each rule's test in words. */
#include "vee/day.h"
#include "vee/rules.h"

/* A reading as it comes. Stretches are end-exclusive; from equal to to: there is none. */
struct heng_rules_reading {
    heng_us at_us, came_us;
    heng_us known_from_us;                /* when the device was first installed anywhere; 0: not known */
    heng_us serves_from_us, serves_to_us; /* when it serves this point */
    heng_us open_from_us, open_to_us;     /* when the point is in use */
    bool is_declared;                     /* somebody declared the register */
    heng_unit unit, configured_unit;      /* UNKNOWN: not told */
    struct heng_opt_dec multiplier, configured_multiplier;
    bool has_drift;
    heng_us drift_us;                           /* clock of the meter (or of who dated the reading) minus true time */
    uint32_t interval_s, configured_interval_s; /* of a load profile; 0: not told */
    heng_conditions conditions;
};

/* False: the reading is kept beside and takes no part in usage. Unit: not used when it is another kind of unit. */
bool heng_rules_check_reading(const struct heng_rule_set *set, const struct heng_rules_reading *in,
                              struct heng_verdicts *list);

typedef enum heng_clock_action {
    HENG_CLOCK_OK,
    HENG_CLOCK_SYNC,
    HENG_CLOCK_FLAG,  /* synchronise, and flag the intervals */
    HENG_CLOCK_REJECT /* its times cannot be used: read again */
} heng_clock_action;
heng_clock_action heng_rules_clock(const struct heng_rule_set *set, heng_us drift_us);

/* Usage of a channel: the day, and days before it, past[0] the day before. NULL: not known. */
enum { HENG_RULES_PAST_DAYS = 35 };
struct heng_rules_series {
    heng_unit unit;
    uint8_t past_count; /* at most HENG_RULES_PAST_DAYS */
    const struct heng_day_usage *day;
    const struct heng_day_usage *const *past;
};

typedef enum heng_rules_role {
    HENG_ROLE_VOLUME,   /* water that carried the energy */
    HENG_ROLE_ENERGY,   /* energy that the water carried */
    HENG_ROLE_BACKWARD, /* the same quantity in the other direction */
    HENG_ROLE_TARIFF,   /* a part of this channel, which is the total */
    HENG_ROLE_TIME,     /* hours of flow, s */
    HENG_ROLE_OTHER     /* any other counter of the device */
} heng_rules_role;
struct heng_rules_sibling {
    heng_rules_role role;
    struct heng_rules_series series;
};

/* Amounts of others like it, of the same day, in ascending order: per m2 or as they are, own likewise. */
struct heng_rules_neighbours {
    const int64_t *sorted;
    uint16_t count;
    int8_t exp;
    int64_t own;
};

/* Into ascending order, in place, without memory of its own. */
void heng_rules_sort(int64_t *values, size_t count);

struct heng_rules_day {
    uint64_t only; /* 1 << rule of those to apply; 0: all */
    heng_medium medium;
    heng_us from_us, to_us;
    int16_t start_minute;    /* of the day rule */
    uint16_t minutes;        /* of an interval */
    uint16_t expected_count; /* intervals; 0: not known */
    struct heng_rules_series own;
    const struct heng_rules_sibling *siblings;
    uint8_t sibling_count;
    struct heng_opt_dec max_per_hour;   /* from the nominal size, in the channel's unit */
    int64_t step;                       /* of the counter's last digit, in multiples of 10^exp of the day; 0: one */
    struct heng_opt_dec counter_amount; /* what the counter itself moved on this day, where that was read apart */
    struct heng_opt_dec flow_degc, return_degc;  /* means of the day */
    struct heng_opt_dec degree_days;             /* only of what is heated: nothing else follows the cold */
    const struct heng_opt_dec *past_degree_days; /* as own.past; NULL: none */
    heng_conditions conditions;                  /* reported on this day */
    const struct heng_rules_neighbours *neighbours;
};

/* Groups of rules for `only`: those that need nothing but the channel itself, those that look at other registers of the
 * point, those that look at other points. */
extern const uint64_t heng_rules_of_channel, heng_rules_of_point, heng_rules_of_group;

/* All rules of a day. Adds to the list; own.day must be there. */
void heng_rules_check_day(const struct heng_rule_set *set, const struct heng_rules_day *in, struct heng_verdicts *list);

/* A main meter against the sum of those below it, over the same stretch and complete: loss in % of main. */
void heng_rules_check_balance(const struct heng_rule_set *set, heng_us from_us, heng_us to_us, struct heng_dec main,
                              struct heng_dec sum, struct heng_verdicts *list);

/* Two points that may have each other's meter since day `split`: each day of the later part is compared with the mean
 * of the same weekdays of the earlier part, own and other. HENG_RULES_NO_AMOUNT: no value. Equal exponents. */
#define HENG_RULES_NO_AMOUNT INT64_MIN
struct heng_rules_pair {
    heng_us from_us, to_us;
    const int64_t *a, *b; /* count consecutive days */
    uint16_t count, split;
};
void heng_rules_check_swapped(const struct heng_rule_set *set, const struct heng_rules_pair *in,
                              struct heng_verdicts *list);

/* A day that was known, and is derived anew from what came since. */
void heng_rules_check_replaced(const struct heng_rule_set *set, heng_us from_us, heng_us to_us, heng_unit unit,
                               const struct heng_day_usage *before, const struct heng_day_usage *now,
                               struct heng_verdicts *list);

/* Which factor a ratio is near to. X(symbol, text, numerator, denominator). */
#define HENG_FACTOR_LIST(X)                                                                                            \
    X(MJ_AS_KWH, "MJ read as kWh", 36, 10)                                                                             \
    X(KWH_AS_MJ, "kWh read as MJ", 10, 36) /* or MWh read as GJ */                                                     \
    X(MWH_AS_KWH, "MWh read as kWh", 1, 1000)                                                                          \
    X(WH_AS_KWH, "Wh read as kWh", 1000, 1)                                                                            \
    X(GJ_AS_KWH, "GJ read as kWh", 36, 10000)                                                                          \
    X(KWH_AS_GJ, "kWh read as GJ", 10000, 36)                                                                          \
    X(KCAL_AS_KWH, "kcal read as kWh", 859845, 1000)                                                                   \
    X(TEN, "x10", 10, 1)                                                                                               \
    X(HUNDRED, "x100", 100, 1)                                                                                         \
    X(TENTH, "x0.1", 1, 10)                                                                                            \
    X(HUNDREDTH, "x0.01", 1, 100)
typedef enum heng_channel_factor {
#define X(symbol, text, num, den) HENG_FACTOR_##symbol,
    HENG_FACTOR_LIST(X)
#undef X
        HENG_FACTOR_COUNT
} heng_channel_factor;
const char *heng_channel_factor_text(heng_channel_factor factor); /* "none" for COUNT */

/* The factor within percent of seen / expected; COUNT when there is none or expected is not positive. */
heng_channel_factor heng_channel_factor_near(struct heng_dec seen, struct heng_dec expected, struct heng_dec percent);

#endif
