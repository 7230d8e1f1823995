#ifndef HENG_USAGE_USAGE_H
#define HENG_USAGE_USAGE_H
/* Usage kept up to date: channels of which facts changed are derived again, in the writer's transactions. What is
 * stored afterwards depends on the facts alone, whatever came first and in however many pieces. */
#include "store/usage.h"
#include "store/usage_verdicts.h"
#include "vee/day.h"

struct heng_rule_set; /* vee/rules.h */

/* How a site bills its days, by settings: time_zone, day_start (minutes after midnight, 0), weather_station (""). */
struct heng_usage_site {
    struct heng_zone *zone; /* owned; NULL is UTC */
    struct heng_day_rule days;
    char station[HENG_KEY_MAX];
};
HENG_NODISCARD heng_rc heng_usage_site_open(struct heng_store_reader *reader, struct heng_usage_site *ret,
                                            struct heng_err *err);
void heng_usage_site_close(struct heng_usage_site *site);

/* The rules in force for a channel on a day: those of its group, of its medium, or what the medium begins with. */
HENG_NODISCARD heng_rc heng_usage_rules(struct heng_store_reader *reader, const struct heng_channel_row *channel,
                                        heng_day day, struct heng_rule_set *ret, struct heng_err *err);

/* A day as it is stored, and back. */
void heng_usage_to_row(const struct heng_day_usage *day, int64_t channel_id, struct heng_usage_row *ret);
void heng_usage_of_row(const struct heng_usage_row *row, struct heng_day_usage *ret);

/* What derives; large, kept between runs. */
struct heng_usage_worker;
HENG_NODISCARD heng_rc heng_usage_worker_new(struct heng_usage_worker **ret, struct heng_err *err);
void heng_usage_worker_free(struct heng_usage_worker *worker); /* accepts NULL */

/* What a run did; days from first to last were looked at, none when first > last. */
struct heng_usage_counts {
    uint32_t facts, days_read, days_written;
    heng_day first, last;
};

/* Derive one channel anew for a change between two moments; in an open transaction. ret may be NULL.
 * Errors: what the store says, ECONFIG for a channel that cannot be. */
HENG_NODISCARD heng_rc heng_usage_derive(struct heng_usage_worker *worker, struct heng_store *store,
                                         const struct heng_usage_due *due, struct heng_usage_counts *ret,
                                         struct heng_err *err);

/* Some of what is due, in an open transaction, for at most budget_us: at least one channel. A channel that cannot be
 * derived is logged and is no longer due; it does not hold up the others. ret_left: there is more.
 * Errors: EIO, ELIMIT, ENOMEM: roll back. */
HENG_NODISCARD heng_rc heng_usage_work(struct heng_usage_worker *worker, struct heng_store *store, heng_us budget_us,
                                       uint32_t *ret_channels, bool *ret_left, struct heng_err *err);

/* Forget what was derived of all channels of a point, and derive it again from the facts. For trust, not for need. */
HENG_NODISCARD heng_rc heng_usage_rebuild(struct heng_usage_worker *worker, struct heng_store *store,
                                          int64_t channel_id, struct heng_usage_counts *ret, struct heng_err *err);

/* Estimate what is missing of days [from, to) of a channel, by the methods of its rules. ret_days: estimated;
 * ret_left: days for which nothing was found to go by. */
HENG_NODISCARD heng_rc heng_usage_close(struct heng_usage_worker *worker, struct heng_store *store, int64_t channel_id,
                                        heng_day from, heng_day to, uint32_t *ret_days, uint32_t *ret_left,
                                        struct heng_err *err);

/* A set of rules for a medium and group ("" all) from a day on: checked, given the next version, stored, and what it
 * may change is due. Errors: EFORMAT, ECONFIG: the text says where. */
HENG_NODISCARD heng_rc heng_usage_put_rules(struct heng_store *store, struct heng_slice json, const char *group_name,
                                            heng_day from_day, int64_t *ret_version, struct heng_err *err);

#endif
