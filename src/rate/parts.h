#ifndef HENG_RATE_PARTS_H
#define HENG_RATE_PARTS_H
/* What the files of the rating engine share; nobody else includes it. */
#include "rate/rate.h"

/* A quantity as it is billed: measured and corrected, or a loss. */
struct rate_entry {
    const char *quantity, *rate, *unit, *meter;
    heng_day from, to;
    struct heng_dec amount;
    const struct heng_rate_usage *series; /* NULL: amount */
    bool maximum;                         /* kW and kVA do not add up */
    bool is_loss;
};

/* A version of a component in the part of the period for which it holds. */
struct rate_part {
    const struct heng_tariff *tariff;
    const struct heng_component *component;
    size_t index, span; /* of the component in its tariff; of the tariff in the ask */
    heng_day from, to;
};

struct rate_work {
    const struct heng_rate_ask *ask;
    struct heng_rate_result *out;
    struct heng_err *err;
    size_t entry_count, part_count;
    struct rate_entry entries[HENG_RATE_USAGE_MAX + HENG_RATE_LOSSES_MAX];
    struct rate_part parts[HENG_RATE_PARTS_MAX]; /* of the component at hand, by time */
};

#define RATE_MONTH 377580 /* 28, 29, 30 and 31 divide it */

/* --- rate.c */
bool heng_rate_same(const char *a, const char *b); /* NULL is "" */
HENG_NODISCARD heng_rc heng_rate_refuse(struct rate_work *work, heng_rc rc, const struct rate_part *part,
                                        const char *field, const char *fmt, ...) HENG_PRINTF(5, 6);
/* "name (2026-01-01 to 2026-02-01)": what a step is about. */
void heng_rate_subject(const struct rate_part *part, const char *more, char ret[HENG_AT_LEAST(HENG_STEP_SUBJECT_MAX)]);
/* quantity x price x time, as a line: adds, explains, splits the tax. line has part, tier, rate, unit, quantity, price
 * and time in place. */
HENG_NODISCARD heng_rc heng_rate_line(struct rate_work *work, const struct rate_part *part, struct heng_rate_line line);
/* The same with an amount that was worked out and explained already; before the step, see heng_rate_next_line. */
HENG_NODISCARD heng_rc heng_rate_put(struct rate_work *work, const struct rate_part *part, struct heng_rate_line line);
uint32_t heng_rate_next_line(const struct rate_work *work);
struct heng_rate_line heng_rate_line_of(const struct rate_part *part);
void heng_rate_say(struct heng_steps *steps, heng_step_kind kind, uint32_t line, const char *subject, const char *unit,
                   const struct heng_dec *numbers, size_t count, struct heng_dec result, int places,
                   heng_rounding rounding);

/* --- rate_quantity.c */
HENG_NODISCARD heng_rc heng_rate_gather(struct rate_work *work); /* fills entries */
/* What was used in part i of work->parts: of one rate, NULL of all. found: there is such a quantity at all. */
struct rate_taken {
    struct heng_dec amount;
    heng_rate_split split;
    bool found;
};
HENG_NODISCARD heng_rc heng_rate_take(struct rate_work *work, size_t i, const char *quantity, const char *rate,
                                      struct rate_taken *ret);
/* The component's own: its quantity, less what is taken off, its share, its places. */
HENG_NODISCARD heng_rc heng_rate_take_billed(struct rate_work *work, size_t i, struct rate_taken *ret);
/* Take off component.less. */
/* Something was lost of its quantity in part i. */
bool heng_rate_has_loss(const struct rate_work *work, size_t i);
HENG_NODISCARD heng_rc heng_rate_take_less(struct rate_work *work, size_t i, struct rate_taken *taken);

/* --- rate_months.c */
int heng_rate_month_days(heng_day day);
/* Months in [from, to) as count / of. */
void heng_rate_months(heng_day from, heng_day to, heng_month_days rule, uint32_t *ret_count, uint32_t *ret_of);
/* Whole months from `from` on, and the days that are left. */
int heng_rate_whole_months(heng_day from, heng_day to, heng_day *ret_rest_from);
heng_day heng_rate_cycle_from(const struct heng_component *component, heng_day day);

/* --- rate_steps.c: what is in which tier. widths: of all but the last. */
struct rate_tiers {
    const struct heng_component *component;
    heng_day cycle_from;
    struct heng_dec widths[HENG_TARIFF_STEPS_MAX], used[HENG_TARIFF_STEPS_MAX];
};
HENG_NODISCARD heng_rc heng_rate_tiers_open(struct rate_work *work, const struct rate_part *part,
                                            struct rate_tiers *tiers);
HENG_NODISCARD heng_rc heng_rate_tiers_fill(struct rate_work *work, const struct rate_part *part,
                                            struct rate_tiers *tiers, struct heng_dec quantity,
                                            struct heng_dec ret[HENG_AT_LEAST(HENG_TARIFF_STEPS_MAX)]);
HENG_NODISCARD heng_rc heng_rate_tiers_keep(struct rate_work *work, const struct rate_tiers *tiers);
HENG_NODISCARD heng_rc heng_rate_steps(struct rate_work *work);

/* --- rate_tou.c, rate_fixed.c, rate_percent.c: one component, all its parts */
HENG_NODISCARD heng_rc heng_rate_tou(struct rate_work *work);
HENG_NODISCARD heng_rc heng_rate_fixed(struct rate_work *work);
HENG_NODISCARD heng_rc heng_rate_demand(struct rate_work *work);
HENG_NODISCARD heng_rc heng_rate_percent(struct rate_work *work, size_t i);
HENG_NODISCARD heng_rc heng_rate_power_factor(struct rate_work *work, size_t i);
HENG_NODISCARD heng_rc heng_rate_minimum(struct rate_work *work, size_t i);

/* Places of the larger resolution; the number without zeros behind the point. */
struct heng_dec heng_rate_trim(struct heng_dec a);
static inline bool rate_is_zero(struct heng_dec a) { return a.mantissa == 0; }

#endif
