#ifndef HENG_RATE_TARIFF_H
#define HENG_RATE_TARIFF_H
/* A tariff as data: components, each with its validity, its price and its rule. Prices, seasons and limits of a town
 * are never code. Texts and arrays are borrowed; docs/rating.md says what each field does. */
#include "bill/exact.h"
#include "bill/vat.h"
#include "vee/tou.h"

enum {
    HENG_TARIFF_STEPS_MAX = 8,
    HENG_TARIFF_RATES_MAX = HENG_TOU_PERIODS,
    HENG_TARIFF_COMPONENTS_MAX = 128,
    HENG_TARIFF_SEASONS_MAX = 6,
    HENG_TARIFF_PF_POINTS_MAX = 32,
    HENG_TARIFF_NAMES_MAX = 16, /* of a list like "of" or "less" */
    HENG_TARIFF_ID_MAX = 40,
};
#define HENG_DAY_OPEN INT32_MAX /* a validity without an end */
enum { HENG_PLACES_AS_IS = -1 };

/* X(symbol, text) What a component does. */
#define HENG_TARIFF_RULE_LIST(X)                                                                                       \
    X(FIXED, "fixed")               /* price x base x time; base 1, m2, kVA ... */                                     \
    X(CAPACITY, "capacity")         /* the same, base "capacity" in kVA, by month */                                   \
    X(PER_UNIT, "per-unit")         /* quantity x price */                                                             \
    X(STEPS, "steps")               /* tiers */                                                                        \
    X(TOU, "tou")                   /* a price for each rate */                                                        \
    X(TOU_STEPS, "tou-steps")       /* both */                                                                         \
    X(DEMAND, "demand")             /* kW, by contract or by the maximum */                                            \
    X(PERCENT, "percent")           /* of other components */                                                          \
    X(POWER_FACTOR, "power-factor") /* of other components, by cos phi */                                              \
    X(MINIMUM, "minimum")           /* what is missing to it */
#define HENG_STEP_FORM_LIST(X)                                                                                         \
    X(SLICES, "slices")         /* each tier's quantity x its price */                                                 \
    X(INCREMENTS, "increments") /* all x price 1, and each tier x (its price - price 1) */
#define HENG_STEP_CYCLE_LIST(X)                                                                                        \
    X(BILL, "bill")         /* bounds for what one bill covers */                                                      \
    X(CALENDAR, "calendar") /* every `months` from start_month on, with an accumulator */
#define HENG_BOUNDS_PER_LIST(X)                                                                                        \
    X(MONTH, "month") /* times the months of the cycle */                                                              \
    X(CYCLE, "cycle") /* as they stand */
/* Bounds of a contract that begins or ends inside a cycle, and of a bill that is not whole months long. */
#define HENG_PART_CYCLE_LIST(X)                                                                                        \
    X(STARTED_MONTHS, "started-months") /* by months, one that has begun counts */                                     \
    X(WHOLE_MONTHS, "whole-months")     /* by months, only full ones */                                                \
    X(DAYS, "days")                     /* by days */                                                                  \
    X(WHOLE, "whole")                   /* all of the bounds */                                                        \
    X(NEAREST, "nearest-months")        /* by months, half of one counts; a bill has at least one */
/* Which quantity of which rate was in which tier. */
#define HENG_ATTRIBUTION_LIST(X)                                                                                       \
    X(EQUAL, "equal-increments")    /* need not be known: a tier's increment is the same in all rates */               \
    X(PROPORTIONAL, "proportional") /* as this bill's quantities */                                                    \
    X(IN_ORDER, "in-order")         /* by time: needs intervals */
#define HENG_FIXED_PER_LIST(X)                                                                                         \
    X(BILL, "bill")                                                                                                    \
    X(DAY, "day")                                                                                                      \
    X(MONTH, "month")                                                                                                  \
    X(YEAR, "year")                                                                                                    \
    X(SEASON, "season") /* of heating, say: its days in the period / all its days */
#define HENG_MONTH_DAYS_LIST(X)                                                                                        \
    X(THIRTY, "30")     /* a day is 1/30 of a month, a whole month is one */                                           \
    X(ACTUAL, "actual") /* a day is 1/28 .. 1/31 of its month */
#define HENG_DEMAND_BY_LIST(X) X(CONTRACT, "contract") X(MAXIMUM, "maximum")
#define HENG_VAT_BY_LIST(X)    X(LINE, "line") X(TOTAL, "total")

#define X(symbol, text) HENG_TARIFF_RULE_##symbol,
typedef enum heng_tariff_rule { HENG_TARIFF_RULE_LIST(X) HENG_TARIFF_RULE_COUNT } heng_tariff_rule;
#undef X
#define X(symbol, text) HENG_FORM_##symbol,
typedef enum heng_step_form { HENG_STEP_FORM_LIST(X) HENG_FORM_COUNT } heng_step_form;
#undef X
#define X(symbol, text) HENG_CYCLE_##symbol,
typedef enum heng_step_cycle { HENG_STEP_CYCLE_LIST(X) HENG_CYCLE_COUNT } heng_step_cycle;
#undef X
#define X(symbol, text) HENG_BOUNDS_PER_##symbol,
typedef enum heng_bounds_per { HENG_BOUNDS_PER_LIST(X) HENG_BOUNDS_PER_COUNT } heng_bounds_per;
#undef X
#define X(symbol, text) HENG_PART_CYCLE_##symbol,
typedef enum heng_part_cycle { HENG_PART_CYCLE_LIST(X) HENG_PART_CYCLE_COUNT } heng_part_cycle;
#undef X
#define X(symbol, text) HENG_ATTRIBUTION_##symbol,
typedef enum heng_attribution { HENG_ATTRIBUTION_LIST(X) HENG_ATTRIBUTION_COUNT } heng_attribution;
#undef X
#define X(symbol, text) HENG_PER_##symbol,
typedef enum heng_fixed_per { HENG_FIXED_PER_LIST(X) HENG_PER_COUNT } heng_fixed_per;
#undef X
#define X(symbol, text) HENG_MONTH_DAYS_##symbol,
typedef enum heng_month_days { HENG_MONTH_DAYS_LIST(X) HENG_MONTH_DAYS_COUNT } heng_month_days;
#undef X
#define X(symbol, text) HENG_DEMAND_BY_##symbol,
typedef enum heng_demand_by { HENG_DEMAND_BY_LIST(X) HENG_DEMAND_BY_COUNT } heng_demand_by;
#undef X
#define X(symbol, text) HENG_VAT_BY_##symbol,
typedef enum heng_vat_by { HENG_VAT_BY_LIST(X) HENG_VAT_BY_COUNT } heng_vat_by;
#undef X
extern const char *const heng_tariff_rule_texts[HENG_TARIFF_RULE_COUNT];

/* rates: the prices of this tier by rate, in the order of component.rates, when attribution is not EQUAL. */
struct heng_tariff_step {
    struct heng_dec from, price; /* TOU_STEPS with equal increments: price is the increment */
    struct heng_dec rates[HENG_TARIFF_RATES_MAX];
    bool has_price, has_prices; /* which of the two a form says */
};

/* Bounds for some months of the year, in the place of steps[1..].from. */
struct heng_step_season {
    uint16_t months; /* set: 1 << (month - 1) */
    struct heng_dec bounds[HENG_TARIFF_STEPS_MAX - 1];
};

struct heng_tariff_rate {
    const char *name; /* "peak"; as in the usage */
    bool by_factor;   /* the price is component.price x factor */
    struct heng_dec price, factor;
};

struct heng_pf_point {
    struct heng_dec pf, rate; /* 0.95, -0.0075: linear from point to point, level before the first and after the last */
};

/* Versions of one component have the same id and follow each other. */
struct heng_component {
    const char *id, *name, *version, *quantity, *unit; /* name, version: may be NULL */
    heng_day from, to;                                 /* to: HENG_DAY_OPEN has no end */
    bool temporary;                                    /* need not hold all through a period */
    bool informative;                                  /* shown, not summed: what a price contains */
    heng_tariff_rule rule;
    heng_rounding rounding, quantity_rounding, price_rounding;
    int8_t places, quantity_places, price_places; /* PLACES_AS_IS: not rounded; price_places: of price x factor */
    int8_t split_places;                          /* of a tier's quantity shared over rates */
    struct heng_dec price, share; /* share of the quantity (sewage 0.9); exp 0 mantissa 0 is all of it */
    struct heng_vat vat;
    const char *const *less, *const *of; /* quantities that are taken off first; components that it is of */
    uint8_t less_count, of_count, step_count, rate_count, season_count, point_count;
    uint8_t rates_priced; /* how many of the rates say a price or a factor */

    const struct heng_tariff_step *steps;
    const struct heng_step_season *seasons;
    heng_step_form form;
    heng_step_cycle cycle;
    heng_bounds_per bounds_per;
    heng_part_cycle part_cycle;
    uint8_t cycle_months, start_month; /* CALENDAR: 12 and 7 is July to June */
    bool first_bound_only;             /* what a household has more moves the first bound; else all of them */
    uint16_t persons_included;
    struct heng_dec per_person; /* more for each person above, per cycle as bounds_per */

    const struct heng_tariff_rate *rates;
    int8_t remainder; /* the rate that is total - others; -1 none */
    heng_attribution attribution;
    const struct heng_tou *calendar; /* versions; its period p is rates[p - 1]. NULL: registers only */
    uint16_t calendar_count;

    const char *base; /* contract's base by which it is multiplied; NULL: 1 */
    heng_fixed_per per;
    heng_month_days month_days;
    heng_day season_from, season_to;

    heng_demand_by demand_by;
    struct heng_dec excess_from, excess_factor; /* 1.05: above 105 % of the contract's; x 2 */

    struct heng_dec standard;           /* of the power factor: 0.90 0.85 0.80 have a table of the house */
    const struct heng_pf_point *points; /* or its own */
    const char *reactive;               /* quantity; NULL "reactive" */
    struct heng_dec rate;               /* PERCENT */

    bool at_zero; /* MINIMUM: also without any use */
};

struct heng_tariff {
    const char *id, *name, *currency;
    heng_vat_by vat_by;
    bool vat_excluded; /* prices are before tax */
    uint16_t count;
    const struct heng_component *components;
};

/* A component with what most have: half up to 2 places, all of the quantity, valid for ever. */
struct heng_component heng_component_default(void);

#endif
