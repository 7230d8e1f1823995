/* What meters said of themselves, for the days of a channel and for its readings. */
#include "store/conditions.h"
#include "usage/facts.h"

/* --- of a day --- */

struct said {
    heng_conditions conditions;
    heng_us next_us; /* of the first that was said */
};

static heng_rc add_said(void *ctx, const struct heng_condition_row *row)
{
    struct said *said = ctx;
    said->conditions |= row->conditions;
    return HENG_OK;
}

static heng_rc first_said(void *ctx, const struct heng_condition_row *row)
{
    struct said *said = ctx;
    if (row->at_us < said->next_us) said->next_us = row->at_us;
    return HENG_ENOTFOUND;
}

/* Walk what the meters said while they were at the point. */
static heng_rc each(const struct heng_usage_facts *facts, heng_us from_us, heng_us to_us, heng_condition_each *take,
                    struct said *said, struct heng_err *err)
{
    for (size_t i = 0; i < facts->range_count; i++) {
        const struct heng_channel_fact_range *range = &facts->ranges[i];
        heng_us begin_us = from_us > range->from_us ? from_us : range->from_us;
        heng_us end_us = to_us < range->to_us ? to_us : range->to_us;
        if (begin_us >= end_us) continue;
        heng_rc rc = heng_store_each_condition(facts->reader, range->device_id, begin_us, end_us, take, said, err);
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

heng_rc heng_usage_conditions(struct heng_usage_facts *facts, heng_us from_us, heng_us to_us, heng_conditions *ret,
                              struct heng_err *err)
{
    struct said said = {.next_us = HENG_CHANNEL_FACT_US_MAX};
    *ret = 0;
    if (from_us >= facts->quiet_from_us && to_us <= facts->quiet_to_us) return HENG_OK;
    heng_rc rc = each(facts, from_us, to_us, add_said, &said, err);
    if (rc != HENG_OK) return rc;
    *ret = said.conditions;
    if (*ret) return HENG_OK;
    if ((rc = each(facts, to_us, HENG_CHANNEL_FACT_US_MAX, first_said, &said, err)) != HENG_OK) return rc;
    facts->quiet_from_us = from_us;
    facts->quiet_to_us = said.next_us;
    return HENG_OK;
}

/* --- of readings --- */

struct marker {
    struct heng_usage_facts *facts;
    int64_t device_id;
};

/* The first fact of the page that is not before this moment. */
static size_t find(const struct heng_usage_facts *facts, heng_us at_us)
{
    size_t low = 0, high = facts->page_n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (facts->page[middle].at_us < at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Only values of that moment: those that were frozen before are of another one. */
static heng_rc mark(void *ctx, const struct heng_condition_row *row)
{
    const struct marker *m = ctx;
    int64_t id = heng_usage_reading_id(m->device_id, row->source, false);
    for (size_t i = find(m->facts, row->at_us); i < m->facts->page_n; i++) {
        struct heng_channel_fact *fact = &m->facts->page[i];
        if (fact->at_us != row->at_us) break;
        if (fact->kind == HENG_CHANNEL_FACT_READING && fact->id == id) fact->status = row->conditions;
    }
    return HENG_OK;
}

heng_rc heng_usage_mark_page(struct heng_usage_facts *facts, struct heng_err *err)
{
    for (size_t i = 0; facts->page_n && i < facts->range_count; i++) {
        const struct heng_channel_fact_range *range = &facts->ranges[i];
        struct marker m = {facts, range->device_id};
        heng_us from_us = facts->page_from_us > range->from_us ? facts->page_from_us : range->from_us;
        heng_us to_us = facts->page_to_us < range->to_us ? facts->page_to_us : range->to_us;
        if (from_us >= to_us || (from_us >= facts->quiet_from_us && to_us <= facts->quiet_to_us)) continue;
        heng_rc rc = heng_store_each_condition(facts->reader, range->device_id, from_us, to_us, mark, &m, err);
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}
