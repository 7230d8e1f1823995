#ifndef HENG_HEAT_HOUSE_COSTS_H
#define HENG_HEAT_HOUSE_COSTS_H
/* What a German house spent on heat before it is shared out: fuel from its stock, the part that warm water needs, the
 * part of the CO2 price that the landlord bears.
 * Source: domain notes on apportionment, sections 2.1, 2.3, 2.6; HeizkostenV 9, CO2KostAufG. */
#include "bill/explain.h"
#include "vee/day.h"

/* --- fuel: what came first is burnt first --------------------------------------------------------------------------
 */

struct heng_fuel_lot {
    struct heng_dec quantity, amount; /* amount: money for all of it, exactly */
    struct heng_dec co2_kg, co2_cost; /* of all of it; fuel bought before 2023 carries no CO2 cost */
    heng_day day;                     /* 0: not said */
};
struct heng_fuel_use {
    struct heng_dec used, cost, closing_value, co2_kg, co2_cost;
};

/* lots: the opening stock at last year's closing value, then deliveries by date.
 * Errors: ERANGE, and when more is left than there was. Source: example DE-C14. */
HENG_NODISCARD heng_rc heng_fuel_fifo(const struct heng_fuel_lot *lots, size_t count, struct heng_dec closing,
                                      const char *unit, struct heng_steps *steps, struct heng_fuel_use *ret,
                                      struct heng_err *err);

/* --- warm water of a plant that does both --------------------------------------------------------------------------
 */

/* X(symbol, text) */
#define HENG_WARM_RULE_LIST(X)                                                                                         \
    X(NONE, "none")             /* the plant makes no warm water */                                                    \
    X(HEAT_METER, "heat-meter") /* the rule since 2013-12-31 */                                                        \
    X(VOLUME, "volume")         /* Q = 2.5 x V x (t - 10) */                                                           \
    X(AREA, "area")             /* Q = 32 x A, the last resort */                                                      \
    X(SHARE, "share")           /* a part that somebody else has found */
typedef enum heng_warm_rule {
#define X(symbol, text) HENG_WARM_##symbol,
    HENG_WARM_RULE_LIST(X)
#undef X
        HENG_WARM_RULES
} heng_warm_rule;
typedef enum heng_warm_factor { HENG_WARM_PLAIN, HENG_WARM_GAS_GROSS, HENG_WARM_DISTRICT } heng_warm_factor;

struct heng_warm_water {
    heng_warm_rule rule;
    heng_warm_factor factor;    /* of VOLUME and AREA: x 1.11, / 1.15 */
    struct heng_dec use, total; /* HEAT_METER: of one unit; others: total in kWh, or in fuel with hi */
    struct heng_dec m3, celsius, area, share;
    struct heng_dec hi;   /* kWh per unit of fuel; 0: total is in kWh */
    uint8_t share_places; /* of the share before it is multiplied; 255 exact */
    heng_rounding share_rounding;
};
struct heng_warm_result {
    struct heng_dec kwh, fuel, share, cost; /* share to 6 places where it is exact inside */
};

/* The cost of warm water out of what both cost together.
 * Errors: ECONFIG, ERANGE; the text begins with the field. */
HENG_NODISCARD heng_rc heng_warm_cost(const struct heng_warm_water *warm, struct heng_dec joint,
                                      struct heng_steps *steps, struct heng_warm_result *ret, struct heng_err *err);

/* --- CO2 -----------------------------------------------------------------------------------------------------------
 */

struct heng_co2_stage {
    struct heng_dec below; /* kg per m2 and year; 0: no bound */
    int8_t tenant_percent;
};
enum { HENG_CO2_STAGES_MAX = 16, HENG_CO2_EXACT = 255 };
struct heng_co2 {
    struct heng_dec kg, cost, area;
    int32_t days; /* of the period; the table is for 365, or as many as the year has */
    int32_t year_days;
    uint8_t places; /* of kg per m2 before the stage is looked up; HENG_CO2_EXACT */
    struct heng_co2_stage stages[HENG_CO2_STAGES_MAX];
    uint8_t stage_count;
};
struct heng_co2_split {
    struct heng_dec kg_m2, tenant, landlord;
    int8_t tenant_percent, stage; /* stage from 1 */
};
extern const struct heng_co2_stage heng_co2_stages[10]; /* of homes */

HENG_NODISCARD heng_rc heng_co2_divide(const struct heng_co2 *co2, struct heng_steps *steps, struct heng_co2_split *ret,
                                       struct heng_err *err);

#endif
