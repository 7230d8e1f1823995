#ifndef HENG_HEAT_HEIZKOSTEN_H
#define HENG_HEAT_HEIZKOSTEN_H
/* The heating bill of a German house: costs to heat and warm water, to what follows use and what follows area, to
 * groups with devices of one kind, to flats, to the tenants of a flat one after the other.
 * Source: domain notes on apportionment, sections 2.1 to 2.3; HeizkostenV 5 to 10, 12. */
#include "heat/apportion.h"
#include "heat/degree_days.h"
#include "heat/house_costs.h"

/* X(symbol, text) The four amounts of a flat. */
#define HENG_POT_LIST(X)                                                                                               \
    X(HEAT_USE, "heat-use") X(HEAT_BASE, "heat-base") X(WATER_USE, "warm-water-use") X(WATER_BASE, "warm-water-base")
typedef enum heng_pot_kind {
#define X(symbol, text) HENG_POT_##symbol,
    HENG_POT_LIST(X)
#undef X
        HENG_POTS
} heng_pot_kind;
extern const char *const heng_pot_texts[HENG_POTS];

/* X(symbol, text) By what a cost that is not of the ordinance is shared. */
#define HENG_OTHER_BY_LIST(X)                                                                                          \
    X(AREA, "area") X(FLAT, "flat") X(UNITS, "units") X(WARM_WATER, "warm-water") X(COLD_WATER, "cold-water")
typedef enum heng_other_by {
#define X(symbol, text) HENG_BY_##symbol,
    HENG_OTHER_BY_LIST(X)
#undef X
        HENG_BYS
} heng_other_by;

struct heng_house_other {
    const char *name;
    heng_other_by by;
    bool has_price; /* amount is a price per unit of `by`, each line half up; else what is shared exactly */
    struct heng_dec amount;
};

/* from: first day. use, water: own units between the reads; the last tenant needs none, it has the rest. */
struct heng_house_tenant {
    const char *name;
    heng_day from;
    bool has_use, has_water, has_prepaid;
    struct heng_dec use, water, prepaid;
};

enum { HENG_CUT_NOT_BY_USE = 1, HENG_CUT_NO_INFORMATION = 2, HENG_CUT_NO_REMOTE = 4 };
struct heng_house_flat {
    const char *id;
    uint32_t group;
    struct heng_dec area, heated_area; /* heated_area 0: that of area */
    struct heng_party heat, water;     /* state, measure and what may stand in */
    struct heng_dec cold_water, prepaid;
    uint8_t cuts;
    bool estimated_before, has_heat, has_water; /* has_: a value of its own was given */
    struct heng_slice devices[2]; /* heat, warm water: JSON as the form has it, for the statement; may be empty */
    const struct heng_house_tenant *tenants;
    size_t tenant_count; /* 0: one, for all of the period */
};

struct heng_house_group {
    const char *id;
    bool has_heat, has_water;
    struct heng_dec heat, water; /* by the group's own meters */
};

struct heng_house_ask {
    const char *currency;
    heng_day from, to;
    struct heng_dec joint, heat_only, water_only; /* money */
    struct heng_warm_water warm;
    struct heng_dec heat_key, water_key; /* 0.70: the part by use */
    struct heng_dec group_key;           /* 0.50: the part of pre-metered cost by the groups' meters */
    bool heat_by_time;                   /* base part of heat at a change: by days instead of degree days */
    bool heated_area;                    /* base part of heat by heated area */
    bool has_unit_prices;
    uint8_t price_places;
    struct heng_degree_table table;
    struct heng_share_rules rules;
    struct heng_dec cuts[3]; /* 0.15, 0.03, 0.03 */
    const struct heng_house_group *groups;
    size_t group_count; /* at least 1 */
    const struct heng_house_flat *flats;
    size_t count;
    const struct heng_house_other *others;
    size_t other_count;
};

struct heng_house_pot {
    struct heng_dec amount, weights, price, difference; /* difference: amount - what the lines sum to */
    struct heng_share_sum sum;
};
struct heng_house_part { /* of one flat of one pot */
    struct heng_dec amount, weight;
    heng_share_source source;
};
struct heng_house_tenant_bill {
    struct heng_dec amounts[HENG_POTS], others, total, cut_rate, cut, prepaid, balance;
    struct heng_dec permille; /* degree days of its time */
    int32_t days;
};
struct heng_house_flat_bill {
    struct heng_house_part parts[HENG_POTS];
    struct heng_dec *others; /* other_count */
    struct heng_house_tenant_bill *tenants;
};
struct heng_house_bill {
    struct heng_warm_result warm;
    struct heng_dec heat, water; /* cost */
    struct heng_dec *group_heat, *group_water;
    struct heng_house_pot (*pots)[HENG_POTS]; /* per group */
    struct heng_house_flat_bill *flats;       /* as in the ask */
};

/* Owns:   everything that ret points to lies in the arena.
 * Errors: ECONFIG, ERANGE, ECONFLICT with the path of the field in front; ENOMEM. */
HENG_NODISCARD heng_rc heng_house_bill(const struct heng_house_ask *ask, struct heng_arena *arena,
                                       struct heng_steps *steps, struct heng_house_bill *ret, struct heng_err *err);

#endif
