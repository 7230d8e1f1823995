#ifndef HENG_USAGE_PARTS_H
#define HENG_USAGE_PARTS_H
/* The parts of usage among themselves. Inside of usage/ only. */
#include "usage/facts.h"
#include "usage/usage.h"
#include "vee/derive.h"
#include "vee/estimate.h"

/* The channel as the fold wants it. Errors: ECONFIG a maximum that is no decimal. */
HENG_NODISCARD heng_rc heng_usage_channel(const struct heng_usage_site *site, const struct heng_channel_row *row,
                                          const struct heng_rule_set *rules, struct heng_channel *ret,
                                          struct heng_err *err);

/* Fill facts->events from the installations and events of the point (usage_event_facts.c). */
HENG_NODISCARD heng_rc heng_usage_event_facts(struct heng_usage_facts *facts, const struct heng_installation *list,
                                              size_t n, struct heng_err *err);

/* Days of the one channel at hand, as far back as rules look, found by day modulo the size. */
enum { HENG_USAGE_RING = HENG_RULES_PAST_DAYS + 1 };
struct heng_usage_ring {
    bool known[HENG_USAGE_RING], there[HENG_USAGE_RING], has_degrees[HENG_USAGE_RING];
    heng_day of[HENG_USAGE_RING];
    struct heng_day_usage days[HENG_USAGE_RING];
    struct heng_opt_dec degrees[HENG_USAGE_RING];
};

/* The rules of a medium and group, and the days [from, to) on which they hold. */
struct heng_rules_in_force {
    bool known;
    heng_day from, to;
    heng_medium medium;
    char group_name[HENG_KEY_MAX];
    struct heng_rule_set set;
};
/* Those of a day, read when it lies outside of the days at hand. Forget them (known = false) when a run begins. */
HENG_NODISCARD heng_rc heng_usage_rules_on(struct heng_store_reader *reader, struct heng_rules_in_force *in_force,
                                           heng_medium medium, const char *group_name, heng_day day,
                                           struct heng_err *err);

struct heng_usage_check; /* usage/check.h */

struct heng_usage_worker {
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_usage_site site;
    struct heng_channel_row row;
    struct heng_channel channel;
    struct heng_rule_set rules;          /* the newest: what the fold goes by */
    struct heng_rules_in_force in_force; /* on the day that is checked */
    struct heng_usage_facts facts;
    struct heng_usage_ring ring;
    struct heng_verdicts verdicts;
    struct heng_usage_row packed;
    struct heng_err err;   /* of the callbacks */
    heng_day changed_from; /* first day of the channel that became another; HENG_DAY_MAX: none did */
    heng_us gap_from_us;   /* past: the days before this gap; HENG_US_NEVER: none yet */
    const struct heng_day_usage *past[HENG_RULES_PAST_DAYS];
    struct heng_opt_dec past_degrees[HENG_RULES_PAST_DAYS];
    struct heng_day_usage gap_days[HENG_RULES_PAST_DAYS];
    struct heng_opt_dec gap_degrees[HENG_RULES_PAST_DAYS];
    uint8_t gap_kinds[HENG_RULES_PAST_DAYS];
    struct heng_derive derive;
    struct heng_usage_check *check; /* owned; made when it is needed */
};

/* Make ready for a channel: site, row, channel and rules; the ring is empty. */
HENG_NODISCARD heng_rc heng_usage_prepare(struct heng_usage_worker *w, struct heng_store *store, int64_t channel_id,
                                          struct heng_err *err);
/* A day of the channel became another: told once, when all of them are known. */
void heng_usage_changes(struct heng_usage_worker *w, heng_day day);
HENG_NODISCARD heng_rc heng_usage_tell_changed(struct heng_usage_worker *w, struct heng_err *err);
/* Fill past (and past_degrees) with the days before one; returns how many. NULL where there is none. */
HENG_NODISCARD heng_rc heng_usage_past(struct heng_usage_worker *w, heng_day day, struct heng_err *err);
HENG_NODISCARD heng_rc heng_usage_degrees(struct heng_usage_worker *w, heng_day day, struct heng_opt_dec *ret,
                                          struct heng_err *err);
void heng_usage_ring_put(struct heng_usage_ring *ring, const struct heng_day_usage *day);

/* Apply the rules of a channel to a day of it, flag the day, and put it into the ring. */
HENG_NODISCARD heng_rc heng_usage_check_channel_day(struct heng_usage_worker *w, struct heng_day_usage *day,
                                                    struct heng_verdict *ret_verdicts, size_t *ret_count);

/* A channel was derived: the days that were folded anew, and those of the facts themselves, as what a meter says of
 * itself changes no amount. */
void heng_usage_days_due(const struct heng_usage_worker *w, const struct heng_usage_due *due, heng_day *ret_from,
                         heng_day *ret_to);
/* Some of what the rules over several channels have to look at, until a moment of the monotonic clock; at least one
 * piece when `at_least`. */
HENG_NODISCARD heng_rc heng_usage_check_work(struct heng_usage_worker *w, struct heng_store *store, heng_us until_us,
                                             bool at_least, bool *ret_left, struct heng_err *err);

/* Does what is used of it follow the cold? */
bool heng_usage_is_heated(heng_medium medium);

/* A verdict as it is stored, for a channel and day. */
void heng_usage_verdict_row(const struct heng_verdict *verdict, struct heng_verdict_row *ret);

/* Estimate one day that is not complete. ENOTFOUND: nothing to go by. */
HENG_NODISCARD heng_rc heng_usage_estimate(struct heng_usage_worker *w, heng_day day, struct heng_err *err);

#endif
