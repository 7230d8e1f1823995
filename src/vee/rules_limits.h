#ifndef HENG_VEE_RULES_LIMITS_H
#define HENG_VEE_RULES_LIMITS_H
/* The numbers of the rules, as data. docs/validation.md says what each one does. */

/* X(symbol, rule, name in files, unit, default mantissa, its exponent, least, most): least and most are whole numbers.
 * Unit "amount": kWh for channels of energy, m3 for those of volume, else the channel's own unit. ESTIMATE is no rule:
 * these are the limits of estimation. Other defaults for single media: rules_default.c. */
#define HENG_LIMIT_LIST(X)                                                                                             \
    X(FUTURE_ALLOWED, FUTURE, "allowed", "s", 300, 0, 0, 86400)                                                        \
    X(ANCIENT_YEAR, ANCIENT, "year", "year", 2010, 0, 1970, 2100)                                                      \
    X(CLOCK_SYNC, CLOCK, "sync", "s", 60, 0, 1, 86400)                                                                 \
    X(CLOCK_FLAG, CLOCK, "flag", "s", 180, 0, 1, 86400)                                                                \
    X(CLOCK_REJECT, CLOCK, "reject", "s", 3600, 0, 1, 604800)                                                          \
    X(LIMIT_PERCENT, LIMIT, "percent", "%", 100, 0, 1, 1000)                                                           \
    X(MISSING_PERCENT, MISSING, "percent", "%", 0, 0, 0, 100)                                                          \
    X(SPIKE_PERCENT, SPIKE, "percent", "%", 180, 0, 1, 1000000)                                                        \
    X(SPIKE_LEAST, SPIKE, "least", "amount", 5, -1, 0, 1000000000)                                                     \
    X(SPIKE_INTERVALS, SPIKE, "intervals", "count", 12, 0, 3, 300)                                                     \
    X(JUMP_PERCENT, JUMP, "percent", "%", 500, 0, 1, 1000000)                                                          \
    X(JUMP_LEAST, JUMP, "least", "amount", 1, 0, 0, 1000000000)                                                        \
    X(ZERO_DAYS, ZERO, "days", "days", 3, 0, 1, 36)                                                                    \
    X(STUCK_DAYS, STUCK, "days", "days", 3, 0, 1, 36)                                                                  \
    X(STUCK_LEAST, STUCK, "least", "amount", 1, 0, 0, 1000000000)                                                      \
    X(FLAT_INTERVALS, FLAT, "intervals", "count", 12, 0, 3, 300)                                                       \
    X(FLAT_STEPS, FLAT, "steps", "count", 20, 0, 1, 1000000)                                                           \
    X(SUM_PERCENT, SUM, "percent", "%", 5, -1, 0, 100)                                                                 \
    X(SUM_AMOUNT, SUM, "amount", "amount", 1, -1, 0, 1000000)                                                          \
    X(SUM_STEPS, SUM, "steps", "count", 2, 0, 0, 1000000)                                                              \
    X(REGISTER_SUM_PERCENT, REGISTER_SUM, "percent", "%", 5, -1, 0, 100)                                               \
    X(REGISTER_SUM_AMOUNT, REGISTER_SUM, "amount", "amount", 0, 0, 0, 1000000)                                         \
    X(REGISTER_SUM_STEPS, REGISTER_SUM, "steps", "count", 1, 0, 0, 1000000)                                            \
    X(HIGH_PERCENT, HIGH, "percent", "%", 200, 0, 100, 1000000)                                                        \
    X(HIGH_LEAST, HIGH, "least", "amount", 1, 0, 0, 1000000000)                                                        \
    X(HIGH_DAYS, HIGH, "days", "days", 35, 0, 1, 35)                                                                   \
    X(HIGH_ENOUGH, HIGH, "enough", "days", 10, 0, 1, 35)                                                               \
    X(HIGH_DEGREE_DAYS, HIGH, "degree-days", "K d", 3, 0, 0, 100)                                                      \
    X(LOW_PERCENT, LOW, "percent", "%", 30, 0, 0, 100)                                                                 \
    X(LOW_LEAST, LOW, "least", "amount", 1, 0, 0, 1000000000)                                                          \
    X(LOW_DAYS, LOW, "days", "days", 35, 0, 1, 35)                                                                     \
    X(LOW_ENOUGH, LOW, "enough", "days", 10, 0, 1, 35)                                                                 \
    X(LOW_DEGREE_DAYS, LOW, "degree-days", "K d", 3, 0, 0, 100)                                                        \
    X(NEIGHBOURS_SPREADS, NEIGHBOURS, "spreads", "count", 3, 0, 1, 100)                                                \
    X(NEIGHBOURS_PERCENT, NEIGHBOURS, "percent", "%", 50, 0, 1, 1000000)                                               \
    X(NEIGHBOURS_ENOUGH, NEIGHBOURS, "enough", "count", 5, 0, 3, 1000)                                                 \
    X(ESTIMATED_LONG_DAYS, ESTIMATED_LONG, "days", "days", 5, 0, 1, 35)                                                \
    X(PHYSICS_K, PHYSICS, "k", "kWh/(m3 K)", 1163, -3, 0, 2)                                                           \
    X(PHYSICS_PERCENT, PHYSICS, "percent", "%", 20, 0, 1, 1000)                                                        \
    X(PHYSICS_LEAST, PHYSICS, "least", "kWh", 5, 0, 0, 1000000)                                                        \
    X(PHYSICS_SPREAD, PHYSICS, "spread", "K", 3, 0, 0, 100)                                                            \
    X(FACTOR_PERCENT, FACTOR, "percent", "%", 5, 0, 1, 10)                                                             \
    X(FACTOR_LEAST, FACTOR, "least", "amount", 5, 0, 0, 1000000)                                                       \
    X(FACTOR_ENOUGH, FACTOR, "enough", "days", 10, 0, 1, 35)                                                           \
    X(TEMPERATURE_LOW, TEMPERATURE, "low", "degC", 0, 0, -50, 100)                                                     \
    X(TEMPERATURE_HIGH, TEMPERATURE, "high", "degC", 150, 0, 0, 400)                                                   \
    X(TEMPERATURE_BACKWARD, TEMPERATURE, "backward", "K", 3, 0, 0, 100)                                                \
    X(BALANCE_LOW, BALANCE, "low", "%", -2, 0, -100, 100)                                                              \
    X(BALANCE_HIGH, BALANCE, "high", "%", 15, 0, -100, 100)                                                            \
    X(REVERSE_FLOW_LEAST, REVERSE_FLOW, "least", "amount", 1, -1, 0, 1000000)                                          \
    X(NIGHT_FLOW_FROM, NIGHT_FLOW, "from", "min after midnight", 120, 0, 0, 1439)                                      \
    X(NIGHT_FLOW_TO, NIGHT_FLOW, "to", "min after midnight", 300, 0, 60, 1440)                                         \
    X(NIGHT_FLOW_FLOW, NIGHT_FLOW, "flow", "m3/h", 5, -3, 0, 1000000)                                                  \
    X(NIGHT_FLOW_NIGHTS, NIGHT_FLOW, "nights", "count", 3, 0, 1, 35)                                                   \
    X(LOW_SPREAD_SPREAD, LOW_SPREAD, "spread", "K", 3, 0, 0, 100)                                                      \
    X(LOW_SPREAD_LEAST, LOW_SPREAD, "least", "m3", 1, 0, 0, 1000000)                                                   \
    X(SWAPPED_PERCENT, SWAPPED, "percent", "%", 50, 0, 1, 99)                                                          \
    X(SWAPPED_SHARE, SWAPPED, "share", "%", 20, 0, 1, 100)                                                             \
    X(SWAPPED_DAYS, SWAPPED, "days", "days", 7, 0, 1, 35)                                                              \
    X(REPLACED_PERCENT, REPLACED, "percent", "%", 10, 0, 0, 1000)                                                      \
    X(REPLACED_LEAST, REPLACED, "least", "amount", 1, 0, 0, 1000000)                                                   \
    X(ESTIMATE_GAP, ESTIMATE, "gap", "min", 60, 0, 0, 1440)                                                            \
    X(ESTIMATE_DAYS, ESTIMATE, "days", "days", 21, 0, 1, 35)                                                           \
    X(ESTIMATE_ENOUGH, ESTIMATE, "enough", "days", 3, 0, 1, 35)                                                        \
    X(ESTIMATE_DEGREE_DAYS, ESTIMATE, "degree-days", "K d", 20, 0, 1, 1000)                                            \
    X(ESTIMATE_TREND, ESTIMATE, "trend", "%", 400, 0, 100, 10000)                                                      \
    X(ESTIMATE_IN_A_ROW, ESTIMATE, "in-a-row", "days", 31, 0, 1, 35)                                                   \
    X(ESTIMATE_SHARE, ESTIMATE, "share", "%", 90, 0, 1, 100)

typedef enum heng_limit {
#define X(symbol, rule, name, unit, mantissa, exp, least, most) HENG_LIMIT_##symbol,
    HENG_LIMIT_LIST(X)
#undef X
        HENG_LIMIT_COUNT
} heng_limit;

#endif
