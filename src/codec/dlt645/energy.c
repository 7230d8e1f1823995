/* Energy, demand and what is frozen of them.
 *
 *   DI3 DI2 DI1 DI0   2007
 *    00  ee  tt  nn   energy ee, 4 bytes XXXXXX.XX
 *    01  ee  tt  nn   its maximum demand, 3 bytes XX.XXXX, and when: mm hh DD MM YY
 *    05  kk  00  nn   freeze of kind kk, nn ago: when
 *    05  kk  ii  nn   energy ii (1..8) with tariffs, demand (9 forward, 0A backward), 10 powers
 *   tt  00 total, 01..3F tariff, FF total and all tariffs; nn  00 now, n settlements ago, FF now and all before
 *
 * Source: DL/T 645-2007 appendix A, tables A.1, A.2 and A.6. */
#include "codec/dlt645/table.h"

enum { ALL = 0xFF, TARIFF_MAX = 0x3F, SETTLEMENTS = 13, PARTS_FIRST = 0x80 };

/* kinds of energy, each with the field of its reading and the two of its demand */
enum { ACTIVE, ACTIVE_SIGNED, REACTIVE, REACTIVE_SIGNED, APPARENT };

static const struct heng_dlt645_field energy_fields[] = {
    [ACTIVE] = HENG_DLT645_F(BCD, 4, 1, ENERGY, WH, NULL),
    [ACTIVE_SIGNED] = HENG_DLT645_F(SIGNED, 4, 1, ENERGY, WH, NULL),
    [REACTIVE] = HENG_DLT645_F(BCD, 4, 1, REACTIVE_ENERGY, VARH, NULL),
    [REACTIVE_SIGNED] = HENG_DLT645_F(SIGNED, 4, 1, REACTIVE_ENERGY, VARH, NULL),
    [APPARENT] = HENG_DLT645_F(BCD, 4, 1, APPARENT_ENERGY, VAH, NULL),
};

#define MAXIMUM(coding, bytes, exp, quantity, unit)                                                                    \
    {                                                                                                                  \
        HENG_DLT645_##coding, bytes, exp, HENG_QUANTITY_##quantity, HENG_UNIT_##unit, HENG_FUNCTION_MAXIMUM, NULL,     \
            NULL                                                                                                       \
    }
#define MAXIMUM_TIME MAXIMUM(CLOCK, 5, 0, DATETIME, NONE)
static const struct heng_dlt645_field demand_fields[][2] = {
    [ACTIVE] = {MAXIMUM(BCD, 3, -1, POWER, W), MAXIMUM_TIME},
    [ACTIVE_SIGNED] = {MAXIMUM(SIGNED, 3, -1, POWER, W), MAXIMUM_TIME},
    [REACTIVE] = {MAXIMUM(BCD, 3, -1, REACTIVE_POWER, VAR), MAXIMUM_TIME},
    [REACTIVE_SIGNED] = {MAXIMUM(SIGNED, 3, -1, REACTIVE_POWER, VAR), MAXIMUM_TIME},
    [APPARENT] = {MAXIMUM(BCD, 3, -1, APPARENT_POWER, VA), MAXIMUM_TIME},
};

/* DI2 of 00 and 01. The phases have the totals' order, each from a start of its own. Only what is a sum of two
 * directions has a sign. Names of the reading or the demand, and of when the demand was: that is a datetime whatever
 * was demanded, and active and apparent power have the same directions. */
#define FLOW(kind, name)                                                                                               \
    {                                                                                                                  \
        kind, { name, name }                                                                                           \
    }
#define APPARENT_FLOW(name)                                                                                            \
    {                                                                                                                  \
        APPARENT, { name, "apparent " name }                                                                           \
    }
#define PHASE_FLOWS(first, phase)                                                                                      \
    [(first)] = FLOW(ACTIVE, "forward " phase), [(first) + 1] = FLOW(ACTIVE, "backward " phase),                       \
    [(first) + 2] = FLOW(REACTIVE_SIGNED, "combined 1 " phase),                                                        \
    [(first) + 3] = FLOW(REACTIVE_SIGNED, "combined 2 " phase), [(first) + 4] = FLOW(REACTIVE, "quadrant 1 " phase),   \
    [(first) + 5] = FLOW(REACTIVE, "quadrant 2 " phase), [(first) + 6] = FLOW(REACTIVE, "quadrant 3 " phase),          \
    [(first) + 7] = FLOW(REACTIVE, "quadrant 4 " phase), [(first) + 8] = APPARENT_FLOW("forward " phase),              \
    [(first) + 9] = APPARENT_FLOW("backward " phase)
#define PARTS(first, phase)                                                                                            \
    [(first)] = FLOW(ACTIVE, "linked" phase), [(first) + 1] = FLOW(ACTIVE, "forward fundamental" phase),               \
    [(first) + 2] = FLOW(ACTIVE, "backward fundamental" phase),                                                        \
    [(first) + 3] = FLOW(ACTIVE, "forward harmonic" phase), [(first) + 4] = FLOW(ACTIVE, "backward harmonic" phase),   \
    [(first) + 5] = FLOW(ACTIVE, "copper loss" phase), [(first) + 6] = FLOW(ACTIVE, "iron loss" phase)

static const struct flow {
    uint8_t kind;
    const char *names[2]; /* NULL: there is no such energy */
} flows[] = {
    [0x00] = FLOW(ACTIVE_SIGNED, ""),
    [0x01] = FLOW(ACTIVE, "forward"),
    [0x02] = FLOW(ACTIVE, "backward"),
    [0x03] = FLOW(REACTIVE_SIGNED, "combined 1"),
    [0x04] = FLOW(REACTIVE_SIGNED, "combined 2"),
    [0x05] = FLOW(REACTIVE, "quadrant 1"),
    [0x06] = FLOW(REACTIVE, "quadrant 2"),
    [0x07] = FLOW(REACTIVE, "quadrant 3"),
    [0x08] = FLOW(REACTIVE, "quadrant 4"),
    [0x09] = APPARENT_FLOW("forward"),
    [0x0A] = APPARENT_FLOW("backward"),
    PHASE_FLOWS(0x15, "L1"),
    PHASE_FLOWS(0x29, "L2"),
    PHASE_FLOWS(0x3D, "L3"),
    PARTS(0x80, ""),
    PARTS(0x94, " L1"),
    PARTS(0xA8, " L2"),
    PARTS(0xBC, " L3"),
};

static const struct flow *flow_of(uint8_t di2)
{
    const struct flow *flow = di2 < HENG_DLT645_COUNT(flows) ? &flows[di2] : NULL;
    return flow && flow->names[0] ? flow : NULL;
}

/* A block over tariffs and settlements at once does not say which of the two it counts first: unknown. */
static bool place(uint8_t tariff, uint8_t settlement, struct heng_dlt645_plan *ret)
{
    if ((tariff > TARIFF_MAX && tariff != ALL) || (tariff == ALL && settlement == ALL)) return false;
    ret->turns = tariff == ALL ? TARIFF_MAX + 1 : settlement == ALL ? SETTLEMENTS : 1;
    ret->step = tariff == ALL ? HENG_DLT645_TARIFF : settlement == ALL ? HENG_DLT645_STORAGE : HENG_DLT645_NOTHING;
    ret->tariff = tariff == ALL ? 0 : tariff;
    ret->storage = settlement == ALL ? 0 : settlement;
    return true;
}

static void use_energy(uint8_t kind, struct heng_dlt645_plan *ret)
{
    ret->group = &energy_fields[kind];
    ret->group_count = 1;
}

static void use_demand(uint8_t kind, struct heng_dlt645_plan *ret)
{
    ret->group = demand_fields[kind];
    ret->group_count = 2;
}

#define FREEZE_KINDS(X)                                                                                                \
    X(0x00, "timed")   /* at set times */                                                                              \
    X(0x01, "instant") /* by command */                                                                                \
    X(0x02, "zone")    /* when the year zones changed */                                                               \
    X(0x03, "slot")    /* when the day tables changed */                                                               \
    X(0x04, "hourly")                                                                                                  \
    X(0x05, "price") /* when the tariffs changed */                                                                    \
    X(0x06, "daily")                                                                                                   \
    X(0x07, "step") /* when the steps changed */

enum { FREEZES = 8, FREEZE_TIME = 0, FREEZE_FORWARD_DEMAND = 9, FREEZE_BACKWARD_DEMAND = 0x0A, FREEZE_POWERS = 0x10 };

static const char *const freeze_names[FREEZES][FREEZE_FORWARD_DEMAND] = {
#define X(kind, name)                                                                                                  \
    [kind] = {name,                                                                                                    \
              name " forward",                                                                                         \
              name " backward",                                                                                        \
              name " combined 1",                                                                                      \
              name " combined 2",                                                                                      \
              name " quadrant 1",                                                                                      \
              name " quadrant 2",                                                                                      \
              name " quadrant 3",                                                                                      \
              name " quadrant 4"},
    FREEZE_KINDS(X)
#undef X
};
static const char *const freeze_power_names[FREEZES][8] = {
#define X(kind, name) [kind] = {name, name " L1", name " L2", name " L3", name, name " L1", name " L2", name " L3"},
    FREEZE_KINDS(X)
#undef X
};

static const struct heng_dlt645_field freeze_fields[] = {
    HENG_DLT645_F(CLOCK, 5, 0, FREEZE, NONE, NULL),
    HENG_DLT645_REST("several blocks"),
};
#define FROZEN_ACTIVE   HENG_DLT645_F(SIGNED, 3, -1, POWER, W, NULL)
#define FROZEN_REACTIVE HENG_DLT645_F(SIGNED, 3, -1, REACTIVE_POWER, VAR, NULL)
static const struct heng_dlt645_field freeze_powers[] = {
    FROZEN_ACTIVE,   FROZEN_ACTIVE,   FROZEN_ACTIVE,   FROZEN_ACTIVE,
    FROZEN_REACTIVE, FROZEN_REACTIVE, FROZEN_REACTIVE, FROZEN_REACTIVE,
};

static bool plan_freeze(uint32_t di, struct heng_dlt645_plan *ret)
{
    uint8_t kind = di >> 16 & 0xFF, item = di >> 8 & 0xFF, ago = di & 0xFF;
    if (kind >= FREEZES || ago == ALL) return false;
    ret->storage = ago;
    ret->turns = 1;
    ret->qualifier = freeze_names[kind][0];
    if (item == FREEZE_TIME || item == ALL) {
        ret->group = freeze_fields;
        ret->group_count = item == ALL ? 2 : 1;
    } else if (item < FREEZE_FORWARD_DEMAND) {
        use_energy(flows[item].kind, ret);
        ret->step = HENG_DLT645_TARIFF;
        ret->turns = TARIFF_MAX + 1;
        ret->qualifier = freeze_names[kind][item];
    } else if (item <= FREEZE_BACKWARD_DEMAND) {
        use_demand(ACTIVE, ret);
        ret->step = HENG_DLT645_TARIFF;
        ret->turns = TARIFF_MAX + 1;
        ret->qualifier = freeze_names[kind][item - FREEZE_FORWARD_DEMAND + 1];
    } else if (item == FREEZE_POWERS) {
        ret->group = freeze_powers;
        ret->group_count = HENG_DLT645_COUNT(freeze_powers);
        ret->names = freeze_power_names[kind];
        ret->name_count = HENG_DLT645_COUNT(freeze_power_names[kind]);
    } else {
        return false;
    }
    return true;
}

bool heng_dlt645_plan_energy(uint32_t di, struct heng_dlt645_plan *ret)
{
    if (di >> 24 == 0x05) return plan_freeze(di, ret);
    const struct flow *flow = flow_of(di >> 16 & 0xFF);
    bool demand = di >> 24 == 0x01;
    if (demand && ((di >> 16 & 0xFF) == 0x00 || (di >> 16 & 0xFF) >= PARTS_FIRST)) return false;
    if (!flow || !place(di >> 8 & 0xFF, di & 0xFF, ret)) return false;
    ret->qualifier = flow->names[0][0] ? flow->names[0] : NULL;
    if (demand) {
        use_demand(flow->kind, ret);
        ret->names = flow->names;
        ret->name_count = HENG_DLT645_COUNT(flow->names);
    } else {
        use_energy(flow->kind, ret);
    }
    return true;
}
