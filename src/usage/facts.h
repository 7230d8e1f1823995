#ifndef HENG_USAGE_FACTS_H
#define HENG_USAGE_FACTS_H
/* The facts of a channel out of the database: events and installations of its point, and readings of the devices that
 * served it, by registers with the channel's quantity, tariff and qualifier. Inside of usage/ only. */
#include "store/events.h"
#include "store/usage.h"
#include "vee/fact.h"

enum { HENG_CHANNEL_FACT_RANGES_MAX = 256, HENG_CHANNEL_FACT_REGISTERS_MAX = 16, HENG_READING_IDS = 8 };

/* Times in which the readings of a device are told at this point. now_count of ids are of values of the moment, the
 * rest up to id_count of frozen values, the best first. */
struct heng_channel_fact_range {
    int64_t device_id;
    heng_us from_us, to_us;
    uint8_t now_count, id_count, stored_count;
    int64_t ids[HENG_CHANNEL_FACT_REGISTERS_MAX];
    heng_unit units[HENG_CHANNEL_FACT_REGISTERS_MAX];
};

/* Owns: events, page, until heng_usage_facts_close. */
struct heng_usage_facts {
    struct heng_store_reader *reader;
    struct heng_channel_row channel;
    size_t event_count, range_count;
    struct heng_channel_fact *events; /* those that are no readings, in order */
    struct heng_channel_fact_range ranges[HENG_CHANNEL_FACT_RANGES_MAX];
    struct heng_channel_fact *page; /* all facts of [page_from_us, page_to_us), in order */
    size_t page_n, page_cap, next;
    heng_us page_from_us, page_to_us;
    heng_us quiet_from_us, quiet_to_us; /* no meter of the point has said anything of itself in between */
};

/* Of a reading: what accept and reject call it (heng_channel_fact.id). */
int64_t heng_usage_reading_id(int64_t device_id, int64_t source, bool frozen);

/* Errors: ENOMEM, ELIMIT more events or devices than a point can have, what the store says. */
HENG_NODISCARD heng_rc heng_usage_facts_open(struct heng_usage_facts *facts, struct heng_store_reader *reader,
                                             const struct heng_channel_row *channel, struct heng_err *err);
void heng_usage_facts_close(struct heng_usage_facts *facts);

/* As heng_derive_store.next_fact. */
HENG_NODISCARD heng_rc heng_usage_facts_next(struct heng_usage_facts *facts, heng_us from_us,
                                             const struct heng_channel_fact *after, struct heng_channel_fact *ret,
                                             struct heng_err *err);

/* What the meters of the point said of themselves with from_us <= at < to_us, whatever they were read for. Cheap where
 * they said nothing for long (usage_conditions.c). */
HENG_NODISCARD heng_rc heng_usage_conditions(struct heng_usage_facts *facts, heng_us from_us, heng_us to_us,
                                             heng_conditions *ret, struct heng_err *err);

/* Give the readings of the page, which is in order, what their meters said in them (usage_conditions.c). */
HENG_NODISCARD heng_rc heng_usage_mark_page(struct heng_usage_facts *facts, struct heng_err *err);

/* May it tell what further registers showed (HENG_EVENT_INDEX)? */
bool heng_event_has_indexes(heng_event_kind kind);

/* "kWh" -> Wh, 3. False for what is no unit of a counter. */
bool heng_usage_unit(const char *text, heng_unit *ret, int8_t *ret_exp);

#endif
