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

struct heng_usage_worker {
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_usage_site site;
    struct heng_channel_row row;
    struct heng_channel channel;
    struct heng_rule_set rules;
    struct heng_usage_facts facts;
    struct heng_usage_ring ring;
    struct heng_verdicts verdicts;
    struct heng_usage_row packed;
    struct heng_err err; /* of the callbacks */
    heng_us gap_from_us; /* past: the days before this gap; HENG_US_NEVER: none yet */
    const struct heng_day_usage *past[HENG_RULES_PAST_DAYS];
    struct heng_opt_dec past_degrees[HENG_RULES_PAST_DAYS];
    struct heng_day_usage gap_days[HENG_RULES_PAST_DAYS];
    heng_day estimated[64]; /* estimates that went with their days: to be made again */
    uint32_t estimated_count;
    struct heng_derive derive;
};

/* Make ready for a channel: site, row, channel and rules; the ring is empty. */
HENG_NODISCARD heng_rc heng_usage_prepare(struct heng_usage_worker *w, struct heng_store *store, int64_t channel_id,
                                          struct heng_err *err);
/* Fill past (and past_degrees) with the days before one; returns how many. NULL where there is none. */
HENG_NODISCARD heng_rc heng_usage_past(struct heng_usage_worker *w, heng_day day, struct heng_err *err);
HENG_NODISCARD heng_rc heng_usage_degrees(struct heng_usage_worker *w, heng_day day, struct heng_opt_dec *ret,
                                          struct heng_err *err);
void heng_usage_ring_put(struct heng_usage_ring *ring, const struct heng_day_usage *day);

/* Estimate one day that is not complete. ENOTFOUND: nothing to go by. */
HENG_NODISCARD heng_rc heng_usage_estimate(struct heng_usage_worker *w, heng_day day, struct heng_err *err);

#endif
