#ifndef HENG_RATE_RATE_H
#define HENG_RATE_RATE_H
/* What a period costs: usage, contract and tariff in, lines out. No clock, no memory of its own, no money but in exact
 * decimals. The order of work: readings x multiplier, corrections, losses; parts of the period (versions, step years);
 * tiers and rates; amounts; power factor and other percentages; minimum; tax. */
#include "bill/explain.h"
#include "rate/tariff.h"

enum { HENG_RATE_USAGE_MAX = 160, HENG_RATE_LOSSES_MAX = 16, HENG_RATE_PARTS_MAX = 40 };

/* One quantity (of one rate) in a span of the period. Amount: given, or from readings of a register. */
struct heng_rate_usage {
    const char *quantity, *rate, *unit, *meter; /* rate NULL: all rates together; meter NULL: the only one */
    heng_day from, to;
    bool is_amount, is_intervals;
    struct heng_dec amount;
    struct heng_dec previous, current, multiplier; /* (current - previous) x multiplier */
    uint8_t digits;                                /* before the point of the register; 0: it does not roll over */
    int8_t read_places;                            /* readings are cut to them first (whole m3); PLACES_AS_IS */
    struct heng_dec max_per_day;                   /* a roll-over that gives more than this is none; 0 no such limit */
    struct heng_dec correction;                    /* true / registered - 1, of wrong wiring; 0 none */
    bool correction_only;                          /* bill only what is missing */
    bool is_gas;                                   /* to 20 °C and 101.325 kPa */
    struct heng_dec pressure_kpa, temperature_k;
    int8_t gas_places;
    uint16_t minutes; /* intervals of so many minutes, [from, to) of 24 hours each, multiples of 10^exp */
    int8_t exp;
    const int64_t *intervals;
    size_t interval_count;
};

/* Something that a contract has, for a span: m2, kVA, contracted kW. share: of it that is charged (suspended: 0.5). */
struct heng_rate_base {
    const char *name, *unit, *note;
    struct heng_dec value, share;
    heng_day from, to;
};

/* More allowance in the first tier, per month, from the month of application to the end of the cycle (or of `to`). */
struct heng_rate_extension {
    heng_day from, to;
    struct heng_dec per_month;
};

/* What does not pass the meter: per_month x months + share x quantity, whole kWh as a rule. */
struct heng_rate_loss {
    const char *name, *quantity, *share_of, *unit; /* share_of NULL: the quantity itself */
    struct heng_dec per_month, share;
    heng_day from, to;
    heng_month_days month_days;
    int8_t places;
    heng_rounding rounding;
    bool on_losses; /* the share is also of the losses before it in the list */
};

/* What a contract used of each tier since the cycle began: kept for it from bill to bill, through exchanges. */
struct heng_rate_state {
    char component[HENG_TARIFF_ID_MAX], contract[HENG_TARIFF_ID_MAX];
    heng_day cycle_from;
    bool is_total; /* only used[0] is known: all tiers together, filled from the first on */
    struct heng_dec used[HENG_TARIFF_STEPS_MAX];
};

struct heng_rate_contract {
    const char *id;
    heng_day from, to; /* 0: before and after all cycles; the same for what it has */
    uint16_t persons;
    uint8_t cycle_months; /* that a bill covers, for bounds per month; 0: by its days */
    size_t base_count, extension_count, loss_count, state_count;
    const struct heng_rate_base *bases;
    const struct heng_rate_extension *extensions;
    const struct heng_rate_loss *losses;
    const struct heng_rate_state *states;
};

/* The tariff in force for a span of the period: more than one when a binding changes inside it (bind.h). */
struct heng_rate_span {
    const struct heng_tariff *tariff; /* one in which heng_tariff_check finds no error */
    heng_day from, to;
};

struct heng_rate_ask {
    heng_day from, to;
    size_t span_count, usage_count;
    const struct heng_rate_span *spans;
    const struct heng_rate_usage *usage;
    struct heng_rate_contract contract;
};

/* X(symbol, text) How a part of the period got its quantity. */
#define HENG_RATE_SPLIT_LIST(X)                                                                                        \
    X(NONE, "none")           /* it has no quantity */                                                                 \
    X(READ, "read")           /* by readings at its ends */                                                            \
    X(DAYS, "days")           /* by days, largest remainder */                                                         \
    X(INTERVALS, "intervals") /* from a series */
#define X(symbol, text) HENG_SPLIT_##symbol,
typedef enum heng_rate_split { HENG_RATE_SPLIT_LIST(X) HENG_SPLIT_COUNT } heng_rate_split;
#undef X
const char *heng_rate_split_text(heng_rate_split split);

struct heng_rate_line {
    const struct heng_tariff *tariff;
    const struct heng_component *component;
    heng_day from, to;
    uint8_t tier;     /* from 1; 0 none */
    const char *rate; /* NULL none */
    const char *note; /* of the base: which transformer; NULL none */
    bool increment;   /* the price is what comes on top of tier 1 */
    heng_rate_split split;
    char unit[HENG_STEP_UNIT_MAX];
    struct heng_dec quantity, price, amount, net, tax; /* amount is quantity x price x time_count / time_of */
    uint32_t time_count, time_of; /* 20 of 30 days of a month, say; 1 of 1 where time has no part */
};

/* Amounts by tax rate. */
struct heng_rate_vat {
    struct heng_vat vat;
    struct heng_dec gross, net, tax;
};
enum { HENG_RATE_VATS_MAX = 8 };

/* The caller sets lines, cap, states, state_cap, steps (NULL: no explanation) and warnings (NULL: none kept). */
struct heng_rate_result {
    struct heng_rate_line *lines;
    size_t count, cap;
    struct heng_rate_state *states;
    size_t state_count, state_cap;
    struct heng_steps *steps, *warnings;
    struct heng_rate_vat vats[HENG_RATE_VATS_MAX];
    size_t vat_count;
    struct heng_dec total, net, tax; /* total: with tax */
};

/* Errors: the text begins with the path of the field ("usage[2].current: ..."): ECONFIG for what does not fit
 * together (units, gaps, overlaps), ERANGE for what is negative or too large, ELIMIT when lines or states are full. */
HENG_NODISCARD heng_rc heng_rate(const struct heng_rate_ask *ask, struct heng_rate_result *ret, struct heng_err *err);

#endif
