/* What rule sets begin with, by medium. docs/validation.md has this table for people; a test compares them. */
#include "vee/rules.h"

#include <string.h>

#define TOLD  HENG_SEVERITY_TOLD
#define TASK  HENG_SEVERITY_TASK
#define FATAL HENG_SEVERITY_FATAL

/* Not on: JUMP and NIGHT_FLOW, which only some media want. */
static const struct heng_rule_setting common[HENG_RULE_COUNT] = {
    [HENG_RULE_DUPLICATE] = {true, TOLD},     [HENG_RULE_CONFLICT] = {true, TASK},
    [HENG_RULE_WRONG_DEVICE] = {true, TASK},  [HENG_RULE_INACTIVE] = {true, TASK},
    [HENG_RULE_UNDECLARED] = {true, TOLD},    [HENG_RULE_FUTURE] = {true, TASK},
    [HENG_RULE_ANCIENT] = {true, TASK},       [HENG_RULE_CLOCK] = {true, TASK},
    [HENG_RULE_NO_VALUE] = {true, TOLD},      [HENG_RULE_UNIT] = {true, FATAL},
    [HENG_RULE_MULTIPLIER] = {true, FATAL},   [HENG_RULE_NEGATIVE] = {true, FATAL},
    [HENG_RULE_ROLLOVER] = {true, TOLD},      [HENG_RULE_RESET] = {true, FATAL},
    [HENG_RULE_LIMIT] = {true, FATAL},        [HENG_RULE_OUTLIER] = {true, TASK},
    [HENG_RULE_INTERVAL_SIZE] = {true, TASK}, [HENG_RULE_MISSING] = {true, TOLD},
    [HENG_RULE_SPIKE] = {true, TASK},         [HENG_RULE_JUMP] = {false, TOLD},
    [HENG_RULE_ZERO] = {true, TASK},          [HENG_RULE_STUCK] = {true, TASK},
    [HENG_RULE_SUM] = {true, TASK},           [HENG_RULE_REGISTER_SUM] = {true, TASK},
    [HENG_RULE_HIGH] = {true, TASK},          [HENG_RULE_LOW] = {true, TOLD},
    [HENG_RULE_NEIGHBOURS] = {true, TOLD},    [HENG_RULE_ESTIMATED_LONG] = {true, TASK},
    [HENG_RULE_SIBLING] = {true, TASK},       [HENG_RULE_PHYSICS] = {true, TASK},
    [HENG_RULE_FACTOR] = {true, FATAL},       [HENG_RULE_TEMPERATURE] = {true, TASK},
    [HENG_RULE_STATUS] = {true, TASK},        [HENG_RULE_BALANCE] = {true, TASK},
    [HENG_RULE_REVERSE_FLOW] = {true, TASK},  [HENG_RULE_NIGHT_FLOW] = {false, TASK},
    [HENG_RULE_LOW_SPREAD] = {true, TOLD},    [HENG_RULE_SWAPPED] = {true, TASK},
    [HENG_RULE_FLAT] = {true, TOLD},          [HENG_RULE_REPLACED] = {true, TASK},
};

typedef enum heng_class { CLASS_OTHER, CLASS_HEAT, CLASS_ELECTRICITY, CLASS_WATER, CLASS_GAS } heng_class;

static heng_class class_of(heng_medium medium)
{
    static const struct {
        heng_medium medium;
        heng_class class;
    } classes[] = {
        {HENG_MEDIUM_HEAT, CLASS_HEAT},
        {HENG_MEDIUM_HEAT_INLET, CLASS_HEAT},
        {HENG_MEDIUM_HEAT_COOLING, CLASS_HEAT},
        {HENG_MEDIUM_STEAM, CLASS_HEAT},
        {HENG_MEDIUM_COOLING, CLASS_HEAT},
        {HENG_MEDIUM_COOLING_INLET, CLASS_HEAT},
        {HENG_MEDIUM_COOLING_OUTLET, CLASS_HEAT},
        {HENG_MEDIUM_ELECTRICITY, CLASS_ELECTRICITY},
        {HENG_MEDIUM_GAS, CLASS_GAS},
        {HENG_MEDIUM_WATER, CLASS_WATER},
        {HENG_MEDIUM_WARM_WATER, CLASS_WATER},
        {HENG_MEDIUM_HOT_WATER, CLASS_WATER},
        {HENG_MEDIUM_COLD_WATER, CLASS_WATER},
        {HENG_MEDIUM_DUAL_WATER, CLASS_WATER},
        {HENG_MEDIUM_DRINKING_WATER, CLASS_WATER},
        {HENG_MEDIUM_RECLAIMED_WATER, CLASS_WATER},
        {HENG_MEDIUM_IRRIGATION_WATER, CLASS_WATER},
        {HENG_MEDIUM_WASTE_WATER, CLASS_WATER},
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (classes[i].medium == medium) return classes[i].class;
    return CLASS_OTHER;
}

/* Households draw water and gas in bursts and go on holiday: what is a spike for a transformer is a bath for a flat. */
static const struct {
    heng_class class;
    heng_limit limit;
    struct heng_dec value;
} special_limits[] = {
    {CLASS_HEAT, HENG_LIMIT_SPIKE_PERCENT, {400, 0}},
    {CLASS_HEAT, HENG_LIMIT_SPIKE_LEAST, {10, 0}},
    {CLASS_HEAT, HENG_LIMIT_HIGH_LEAST, {10, 0}},
    {CLASS_HEAT, HENG_LIMIT_LOW_LEAST, {10, 0}},
    {CLASS_ELECTRICITY, HENG_LIMIT_SPIKE_LEAST, {2, 0}},
    {CLASS_ELECTRICITY, HENG_LIMIT_JUMP_LEAST, {5, 0}},
    {CLASS_ELECTRICITY, HENG_LIMIT_HIGH_LEAST, {5, 0}},
    {CLASS_ELECTRICITY, HENG_LIMIT_LOW_LEAST, {2, 0}},
    {CLASS_WATER, HENG_LIMIT_SPIKE_PERCENT, {1000, 0}},
    {CLASS_WATER, HENG_LIMIT_ZERO_DAYS, {14, 0}},
    {CLASS_WATER, HENG_LIMIT_STUCK_LEAST, {5, 0}},
    {CLASS_WATER, HENG_LIMIT_HIGH_PERCENT, {300, 0}},
    {CLASS_WATER, HENG_LIMIT_LOW_PERCENT, {10, 0}},
    {CLASS_WATER, HENG_LIMIT_LOW_LEAST, {2, -1}},
    {CLASS_WATER, HENG_LIMIT_NEIGHBOURS_PERCENT, {200, 0}},
    {CLASS_GAS, HENG_LIMIT_SPIKE_PERCENT, {400, 0}},
    {CLASS_GAS, HENG_LIMIT_ZERO_DAYS, {14, 0}},
    {CLASS_GAS, HENG_LIMIT_HIGH_PERCENT, {300, 0}},
    {CLASS_GAS, HENG_LIMIT_HIGH_LEAST, {2, 0}},
};

static const heng_method methods[] = {HENG_METHOD_CHECK_METER, HENG_METHOD_HISTORY,   HENG_METHOD_LINEAR,
                                      HENG_METHOD_LIKE_DAYS,   HENG_METHOD_LAST_YEAR, HENG_METHOD_NEIGHBOURS,
                                      HENG_METHOD_DEGREE_DAYS, HENG_METHOD_AREA,      HENG_METHOD_PROFILE};

/* What is heated follows the weather more than the calendar. */
static const heng_method heat_methods[] = {HENG_METHOD_CHECK_METER, HENG_METHOD_HISTORY,   HENG_METHOD_LINEAR,
                                           HENG_METHOD_DEGREE_DAYS, HENG_METHOD_LIKE_DAYS, HENG_METHOD_LAST_YEAR,
                                           HENG_METHOD_NEIGHBOURS,  HENG_METHOD_AREA,      HENG_METHOD_PROFILE};

#define BIT(condition) ((heng_conditions)1 << HENG_CONDITION_##condition)

void heng_rule_set_default(heng_medium medium, struct heng_rule_set *ret)
{
    heng_class class = class_of(medium);
    memset(ret, 0, sizeof *ret);
    ret->version = 1;
    ret->medium = medium;
    memcpy(ret->rules, common, sizeof common);
    ret->rules[HENG_RULE_JUMP].on = class == CLASS_ELECTRICITY;
    ret->rules[HENG_RULE_NIGHT_FLOW].on = class == CLASS_WATER;
    for (unsigned i = 0; i < HENG_LIMIT_COUNT; i++) ret->limits[i] = heng_limit_row((heng_limit)i)->begins;
    for (size_t i = 0; i < sizeof special_limits / sizeof special_limits[0]; i++)
        if (special_limits[i].class == class) ret->limits[special_limits[i].limit] = special_limits[i].value;
    ret->grave = BIT(DEVICE_FAULT) | BIT(SENSOR_FAULT) | BIT(TEMPERATURE_FAULT) | BIT(TAMPER) | BIT(CLOCK_INVALID) |
                 BIT(VALUE_INVALID) | BIT(VALVE_FAULT) | BIT(OVER_RANGE) | BIT(LEAK) | BIT(EMPTY_PIPE);
    _Static_assert(sizeof methods == sizeof heat_methods, "the same methods in another order");
    ret->method_count = sizeof methods / sizeof methods[0];
    memcpy(ret->methods, class == CLASS_HEAT ? heat_methods : methods, sizeof methods);
}
