#include "usage/facts.h"

#include <stdlib.h>

#include "store/pack.h"
#include "store/read.h"
#include "store/usage_verdicts.h"
#include "usage/parts.h"

#define WINDOW_US (INT64_C(32) * HENG_US_PER_DAY)

int64_t heng_usage_reading_id(int64_t device_id, int64_t source, bool frozen)
{
    return device_id * HENG_READING_IDS + (source & 3) + (frozen ? 4 : 0);
}

/* --- which readings -------------------------------------------------------------------------------------------- */

static bool is_of(const struct heng_register_key *key, const struct heng_channel_row *channel)
{
    return key->quantity == channel->quantity && key->tariff == channel->tariff && key->subunit == 0 &&
           key->function == HENG_FUNCTION_INSTANTANEOUS && strcmp(key->qualifier, channel->qualifier) == 0;
}

/* The order in which the registers of a device are asked for a value; the same whichever came to be first. */
static int64_t rank(const struct heng_register_key *key, const struct heng_channel_row *channel)
{
    return (int64_t)key->storage * 1000 + (key->unit == channel->unit ? 0 : 1 + (int64_t)key->unit);
}

static void sort_by_rank(const struct heng_register **list, size_t n, const struct heng_channel_row *channel)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && rank(&list[j]->key, channel) < rank(&list[j - 1]->key, channel); j--) {
            const struct heng_register *other = list[j];
            list[j] = list[j - 1];
            list[j - 1] = other;
        }
}

static void put_registers(struct heng_channel_fact_range *range, const struct heng_register *regs, size_t n,
                          const struct heng_channel_row *channel)
{
    const struct heng_register *now[HENG_REGISTERS_MAX], *stored[HENG_REGISTERS_MAX];
    size_t now_n = 0, stored_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_of(&regs[i].key, channel)) continue;
        if (regs[i].key.storage)
            stored[stored_n++] = &regs[i];
        else
            now[now_n++] = &regs[i];
    }
    sort_by_rank(now, now_n, channel);
    sort_by_rank(stored, stored_n, channel);
    if (now_n > HENG_CHANNEL_FACT_REGISTERS_MAX / 2) now_n = HENG_CHANNEL_FACT_REGISTERS_MAX / 2;
    if (stored_n > HENG_CHANNEL_FACT_REGISTERS_MAX - now_n) stored_n = HENG_CHANNEL_FACT_REGISTERS_MAX - now_n;
    range->now_count = (uint8_t)now_n;
    range->stored_count = (uint8_t)stored_n;
    range->id_count = (uint8_t)(now_n + stored_n);
    for (size_t i = 0; i < range->id_count; i++) {
        const struct heng_register *reg = i < now_n ? now[i] : stored[i - now_n];
        range->ids[i] = reg->id;
        range->units[i] = reg->key.unit;
    }
}

/* The readings of a device are told where it is, and when it is nowhere, where it was last or will be first. */
static heng_rc add_ranges(struct heng_usage_facts *facts, int64_t device_id, struct heng_err *err)
{
    static _Thread_local struct heng_register regs[HENG_REGISTERS_MAX];
    struct heng_installation list[HENG_CHANNEL_FACT_RANGES_MAX];
    size_t n = 0, reg_n = 0;
    heng_rc rc =
        heng_store_list_installations(facts->reader, device_id, 0, list, HENG_CHANNEL_FACT_RANGES_MAX, &n, err);
    if (rc == HENG_OK) rc = heng_store_list_registers(facts->reader, device_id, regs, HENG_REGISTERS_MAX, &reg_n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct heng_channel_fact_range *last = facts->range_count ? &facts->ranges[facts->range_count - 1] : NULL;
        heng_us from_us = i ? list[i].from_us : INT64_MIN, to_us = i + 1 < n ? list[i + 1].from_us : HENG_US_NEVER;
        if (list[i].point_id != facts->channel.point_id || from_us >= to_us) continue;
        if (last && last->device_id == device_id && last->to_us == from_us) {
            last->to_us = to_us;
            continue;
        }
        if (facts->range_count == HENG_CHANNEL_FACT_RANGES_MAX)
            return heng_fail(err, HENG_ELIMIT, 0, "point %lld has had more than %d devices",
                             (long long)facts->channel.point_id, HENG_CHANNEL_FACT_RANGES_MAX);
        struct heng_channel_fact_range *range = &facts->ranges[facts->range_count++];
        *range = (struct heng_channel_fact_range){.device_id = device_id, .from_us = from_us, .to_us = to_us};
        put_registers(range, regs, reg_n, &facts->channel);
    }
    return rc;
}

/* --- a page of facts ------------------------------------------------------------------------------------------- */

struct loader {
    struct heng_usage_facts *facts;
    const struct heng_channel_fact_range *range;
    struct heng_doubt_row *doubts; /* owned by load(); in the order of moment and source */
    size_t doubt_count, doubt_cap;
    struct heng_err *err;
};

static struct heng_channel_fact *add(struct heng_usage_facts *facts, struct heng_err *err)
{
    if (facts->page_n == facts->page_cap) {
        size_t cap = facts->page_cap ? facts->page_cap * 2 : 256;
        struct heng_channel_fact *page = realloc(facts->page, cap * sizeof *page);
        if (!page) {
            heng_fail(err, HENG_ENOMEM, 0, "out of memory for facts");
            return NULL;
        }
        facts->page = page;
        facts->page_cap = cap;
    }
    struct heng_channel_fact *fact = &facts->page[facts->page_n++];
    memset(fact, 0, sizeof *fact);
    return fact;
}

/* Did a person say that it is right? */
static bool is_accepted(const struct heng_usage_facts *facts, heng_us at_us, int64_t id)
{
    for (size_t i = 0; i < facts->event_count; i++)
        if (facts->events[i].kind == HENG_CHANNEL_FACT_ACCEPT && facts->events[i].at_us == at_us &&
            facts->events[i].id == id)
            return true;
    return false;
}

/* Is it kept beside for its date? */
static bool is_doubted(const struct loader *l, heng_us at_us, heng_source source, int64_t id)
{
    size_t low = 0, high = l->doubt_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (l->doubts[middle].verdict.from_us < at_us)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < l->doubt_count && l->doubts[low].verdict.from_us == at_us; low++)
        if (l->doubts[low].source == source) return !is_accepted(l->facts, at_us, id);
    return false;
}

/* All of them: a meter whose clock is a day ahead has as many as it has readings. */
static heng_rc list_doubts(struct loader *l, heng_us from_us, heng_us to_us)
{
    for (;;) {
        if (l->doubt_cap) {
            heng_rc rc = heng_store_list_doubts(l->facts->reader, l->range->device_id, from_us, to_us, l->doubts,
                                                l->doubt_cap, &l->doubt_count, l->err);
            if (rc != HENG_OK || l->doubt_count < l->doubt_cap) return rc;
        }
        size_t cap = l->doubt_cap ? l->doubt_cap * 4 : 64;
        struct heng_doubt_row *doubts = realloc(l->doubts, cap * sizeof *doubts);
        if (!doubts) return heng_fail(l->err, HENG_ENOMEM, 0, "out of memory for readings in doubt");
        l->doubts = doubts;
        l->doubt_cap = cap;
    }
}

/* The first of ids[from..to) that the reading has. */
static heng_rc pick(const struct heng_channel_fact_range *range, unsigned from, unsigned to, struct heng_slice packed,
                    struct heng_reading_value *ret, heng_unit *ret_unit, struct heng_err *err)
{
    for (unsigned i = from; i < to; i++) {
        heng_rc rc = heng_reading_pick(packed, range->ids[i], ret, err);
        *ret_unit = range->units[i];
        if (rc != HENG_ENOTFOUND) return rc;
    }
    return HENG_ENOTFOUND;
}

static heng_rc put_fact(struct loader *l, const struct heng_reading_row *row, bool frozen,
                        const struct heng_reading_value *value, heng_unit unit)
{
    heng_us at_us = frozen ? row->due_us : row->at_us;
    int64_t id = heng_usage_reading_id(l->range->device_id, row->source, frozen);
    if (is_doubted(l, row->at_us, row->source, id)) return HENG_OK;
    struct heng_channel_fact *fact = add(l->facts, l->err);
    if (!fact) return HENG_ENOMEM;
    fact->at_us = at_us;
    fact->kind = frozen ? HENG_CHANNEL_FACT_HISTORY : HENG_CHANNEL_FACT_READING;
    fact->id = id;
    fact->device_id = l->range->device_id;
    fact->unit = unit;
    fact->source = (uint8_t)row->source;
    fact->trust = row->quality == HENG_QUALITY_TIME_DOUBTFUL && !frozen ? HENG_TRUST_SUSPECT : HENG_TRUST_VALID;
    fact->index =
        (struct heng_opt_dec){.is = value->has_value, .dec = value->has_value ? value->dec : (struct heng_dec){0}};
    return HENG_OK;
}

/* What a reading says of its own moment. One of a due date without stored values says its values of that date. */
static heng_rc put_now(void *ctx, const struct heng_reading_row *row)
{
    struct loader *l = ctx;
    struct heng_reading_value value;
    heng_unit unit;
    heng_rc rc = HENG_OK;
    if (row->due_us) rc = pick(l->range, l->range->now_count, l->range->id_count, row->packed, &value, &unit, l->err);
    if (rc == HENG_OK) rc = pick(l->range, 0, l->range->now_count, row->packed, &value, &unit, l->err);
    if (rc == HENG_OK) rc = put_fact(l, row, false, &value, unit);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc put_frozen(void *ctx, const struct heng_reading_row *row)
{
    struct loader *l = ctx;
    struct heng_reading_value value;
    heng_unit unit;
    heng_rc rc = pick(l->range, l->range->now_count, l->range->id_count, row->packed, &value, &unit, l->err);
    if (rc == HENG_ENOTFOUND) rc = pick(l->range, 0, l->range->now_count, row->packed, &value, &unit, l->err);
    if (rc == HENG_OK) rc = put_fact(l, row, true, &value, unit);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc put_readings(struct loader *l, heng_us from_us, heng_us to_us)
{
    struct heng_reading_scan scan;
    heng_rc rc = heng_reading_scan_begin(&scan, l->facts->reader, l->range->device_id, from_us, to_us, l->err);
    if (rc != HENG_OK) return rc;
    while ((rc = heng_reading_scan_next(&scan, l->err)) == HENG_OK) {
        struct heng_reading_row row = {scan.due_us, scan.at_us, scan.source, scan.quality, scan.packed};
        if ((rc = put_now(l, &row)) != HENG_OK) break;
    }
    heng_reading_scan_end(&scan);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc put_range(struct loader *l, heng_us from_us, heng_us to_us)
{
    struct heng_store_reader *reader = l->facts->reader;
    int64_t device_id = l->range->device_id;
    if (from_us < l->range->from_us) from_us = l->range->from_us;
    if (to_us > l->range->to_us) to_us = l->range->to_us;
    if (from_us >= to_us || !l->range->id_count) return HENG_OK;
    heng_rc rc = list_doubts(l, from_us, to_us);
    if (rc == HENG_OK) rc = put_readings(l, from_us, to_us);
    if (rc == HENG_OK) rc = heng_store_each_conflict(reader, device_id, from_us, to_us, put_now, l, l->err);
    if (rc == HENG_OK) rc = heng_store_each_due(reader, device_id, from_us, to_us, put_frozen, l, l->err);
    return rc;
}

static int by_order(const void *a, const void *b) { return heng_channel_fact_cmp(a, b); }

/* Facts that say the same are one. */
static void tidy(struct heng_usage_facts *facts)
{
    size_t n = 0;
    bool sorted = true;
    for (size_t i = 1; i < facts->page_n && sorted; i++)
        sorted = heng_channel_fact_cmp(&facts->page[i - 1], &facts->page[i]) < 0;
    if (sorted) return;
    qsort(facts->page, facts->page_n, sizeof *facts->page, by_order);
    for (size_t i = 0; i < facts->page_n; i++)
        if (!n || heng_channel_fact_cmp(&facts->page[n - 1], &facts->page[i]) != 0) facts->page[n++] = facts->page[i];
    facts->page_n = n;
}

static heng_rc load(struct heng_usage_facts *facts, heng_us from_us, struct heng_err *err)
{
    struct loader l = {.facts = facts, .err = err};
    heng_rc rc = HENG_OK;
    facts->page_n = facts->next = 0;
    facts->page_from_us = from_us;
    facts->page_to_us = from_us + WINDOW_US;
    for (size_t i = 0; i < facts->event_count; i++) {
        if (facts->events[i].at_us < from_us || facts->events[i].at_us >= facts->page_to_us) continue;
        struct heng_channel_fact *fact = add(facts, err);
        if (!fact) return HENG_ENOMEM;
        *fact = facts->events[i];
    }
    for (size_t i = 0; rc == HENG_OK && i < facts->range_count; i++) {
        l.range = &facts->ranges[i];
        rc = put_range(&l, from_us, facts->page_to_us);
    }
    free(l.doubts);
    tidy(facts);
    return rc == HENG_OK ? heng_usage_mark_page(facts, err) : rc;
}

/* The first moment at or behind from_us at which there may be a fact. ENOTFOUND: none. */
static heng_rc next_moment(struct heng_usage_facts *facts, heng_us from_us, heng_us *ret, struct heng_err *err)
{
    *ret = HENG_CHANNEL_FACT_US_MAX;
    for (size_t i = 0; i < facts->event_count; i++)
        if (facts->events[i].at_us >= from_us && facts->events[i].at_us < *ret) *ret = facts->events[i].at_us;
    for (size_t i = 0; i < facts->range_count; i++) {
        const struct heng_channel_fact_range *range = &facts->ranges[i];
        heng_us at_us, begin_us = from_us > range->from_us ? from_us : range->from_us;
        heng_rc rc = heng_store_next_reading(facts->reader, range->device_id, begin_us, range->to_us, &at_us, err);
        if (rc == HENG_OK && at_us < *ret) *ret = at_us;
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    }
    return *ret < HENG_CHANNEL_FACT_US_MAX ? HENG_OK : HENG_ENOTFOUND;
}

static heng_rc seek(struct heng_usage_facts *facts, heng_us from_us, const struct heng_channel_fact *after,
                    struct heng_err *err)
{
    heng_us start_us = after ? after->at_us : from_us;
    if (start_us < facts->page_from_us || start_us >= facts->page_to_us) {
        heng_rc rc = load(facts, start_us, err);
        if (rc != HENG_OK) return rc;
    }
    if (after && facts->next && facts->next <= facts->page_n &&
        heng_channel_fact_cmp(&facts->page[facts->next - 1], after) == 0)
        return HENG_OK; /* the usual way: one after the other */
    size_t low = 0, high = facts->page_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct heng_channel_fact *fact = &facts->page[middle];
        bool behind = after ? heng_channel_fact_cmp(fact, after) > 0 : fact->at_us >= from_us;
        if (behind)
            high = middle;
        else
            low = middle + 1;
    }
    facts->next = low;
    return HENG_OK;
}

heng_rc heng_usage_facts_next(struct heng_usage_facts *facts, heng_us from_us, const struct heng_channel_fact *after,
                              struct heng_channel_fact *ret, struct heng_err *err)
{
    heng_rc rc = seek(facts, from_us, after, err);
    while (rc == HENG_OK && facts->next == facts->page_n) {
        heng_us moment;
        rc = next_moment(facts, facts->page_to_us, &moment, err);
        if (rc == HENG_OK) rc = load(facts, moment, err);
    }
    if (rc == HENG_OK) *ret = facts->page[facts->next++];
    return rc;
}

/* --- open ------------------------------------------------------------------------------------------------------ */

static heng_rc open_devices(struct heng_usage_facts *facts, const struct heng_installation *list, size_t n,
                            struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        bool known = false;
        for (size_t j = 0; j < i && !known; j++) known = list[j].device_id == list[i].device_id;
        if (!known) rc = add_ranges(facts, list[i].device_id, err);
    }
    return rc;
}

heng_rc heng_usage_facts_open(struct heng_usage_facts *facts, struct heng_store_reader *reader,
                              const struct heng_channel_row *channel, struct heng_err *err)
{
    struct heng_installation list[HENG_CHANNEL_FACT_RANGES_MAX];
    size_t n = 0;
    *facts = (struct heng_usage_facts){.reader = reader, .channel = *channel, .page_from_us = 1};
    heng_rc rc =
        heng_store_list_installations(reader, 0, channel->point_id, list, HENG_CHANNEL_FACT_RANGES_MAX, &n, err);
    if (rc == HENG_OK) rc = heng_usage_event_facts(facts, list, n, err);
    if (rc == HENG_OK) rc = open_devices(facts, list, n, err);
    if (rc != HENG_OK) heng_usage_facts_close(facts);
    return rc;
}

void heng_usage_facts_close(struct heng_usage_facts *facts)
{
    free(facts->events);
    free(facts->page);
    facts->events = facts->page = NULL;
}
