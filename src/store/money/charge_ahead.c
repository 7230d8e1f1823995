/* Facts of many contracts by four questions: channels, what was charged last, days, meters with their readings. */
#include "store/money/charge_ahead.h"

#include <stdlib.h>

#include "store/db_rows.h"

enum { AHEAD_MEMORY_MAX = 128 << 20 };

void heng_charge_facts_forget(struct heng_charge_facts *facts)
{
    heng_arena_fini(&facts->arena);
    *facts = (struct heng_charge_facts){.reader = facts->reader, .arena = {.max = AHEAD_MEMORY_MAX}};
}

/* --- found again ------------------------------------------------------------------------------------------------- */

static int compare(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int by_contract(const void *a, const void *b)
{
    const struct charge_ahead_want *x = a, *y = b;
    return compare(x->want.contract_id, y->want.contract_id);
}

static int by_point(const void *a, const void *b)
{
    const struct charge_ahead_want *const *x = a, *const *y = b;
    return compare((*x)->want.point_id, (*y)->want.point_id);
}

static int by_channel(const void *a, const void *b)
{
    const struct charge_ahead_channel *x = a, *y = b;
    return compare(x->channel->id, y->channel->id);
}

const struct charge_ahead_want *charge_ahead_point(const struct heng_charge_facts *facts, int64_t point_id)
{
    const struct charge_ahead_want key = {.want.point_id = point_id}, *at = &key;
    if (!facts->count) return NULL;
    const struct charge_ahead_want **found =
        bsearch(&at, facts->by_point, facts->count, sizeof(struct charge_ahead_want *), by_point);
    return found ? *found : NULL;
}

const struct charge_ahead_want *charge_ahead_contract(const struct heng_charge_facts *facts, int64_t contract_id,
                                                      int32_t until)
{
    const struct charge_ahead_want key = {.want.contract_id = contract_id};
    if (!facts->count) return NULL;
    const struct charge_ahead_want *found = bsearch(&key, facts->wants, facts->count, sizeof key, by_contract);
    return found && found->want.from_day == until ? found : NULL;
}

/* The first of a channel; those of other wants of the same stand behind it. */
static const struct charge_ahead_channel *first_of(const struct heng_charge_facts *facts, int64_t channel_id)
{
    size_t from = 0, to = facts->channel_count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (facts->channels[middle].channel->id < channel_id)
            from = middle + 1;
        else
            to = middle;
    }
    return facts->channels + from;
}

static bool is_of(const struct heng_charge_facts *facts, const struct charge_ahead_channel *at, int64_t channel_id)
{
    return at < facts->channels + facts->channel_count && at->channel->id == channel_id;
}

const struct charge_ahead_channel *charge_ahead_days(const struct heng_charge_facts *facts, int64_t channel_id,
                                                     int32_t from_day, int32_t to_day)
{
    if (!facts->channel_count) return NULL;
    for (const struct charge_ahead_channel *at = first_of(facts, channel_id); is_of(facts, at, channel_id); at++)
        if (at->want->from_day <= from_day && at->want->to_day >= to_day) return at;
    return NULL;
}

const struct charge_ahead_channel *charge_ahead_bounds(const struct heng_charge_facts *facts, int64_t channel_id,
                                                       heng_us from_us, heng_us to_us)
{
    if (!facts->channel_count) return NULL;
    for (const struct charge_ahead_channel *at = first_of(facts, channel_id); is_of(facts, at, channel_id); at++)
        if (at->knows_bounds && at->want->from_us == from_us && at->want->to_us == to_us) return at;
    return NULL;
}

/* --- read -------------------------------------------------------------------------------------------------------- */

static heng_rc no_memory(struct heng_err *err)
{
    return heng_fail(err, HENG_ENOMEM, 0, "no memory to read the facts of charges ahead");
}

/* The number of the row's want, from 0; n when the answer is not what was asked. */
static size_t number_of(struct heng_query *q, size_t n)
{
    int64_t nr = heng_query_get_int(q);
    return nr >= 1 && (uint64_t)nr <= n ? (size_t)nr - 1 : n;
}

static heng_rc end_of(struct heng_query *q, heng_rc rc)
{
    heng_query_end(q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc read_channels(struct heng_charge_facts *facts, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    struct charge_ahead_want *of = NULL;
    int64_t *points = heng_arena_take(&facts->arena, facts->count, sizeof *points);
    if (!points) return no_memory(err);
    for (size_t i = 0; i < facts->count; i++) points[i] = facts->wants[i].want.point_id;
    heng_query_begin(&q, &facts->reader->db, HENG_SQL_CHARGE_CHANNELS_ALL);
    heng_query_ints(&q, points, facts->count);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        size_t i = number_of(&q, facts->count);
        if (i == facts->count || facts->wants[i].channel_count == CHARGE_AHEAD_CHANNELS_MAX) continue;
        if (of != &facts->wants[i]) {
            of = &facts->wants[i];
            of->channels = heng_arena_take(&facts->arena, CHARGE_AHEAD_CHANNELS_MAX, sizeof *of->channels);
            if (!of->channels) rc = no_memory(err);
            if (rc != HENG_OK) break;
        }
        charge_fill_channel(&q, &of->channels[of->channel_count]);
        of->channels[of->channel_count].point_id = of->want.point_id;
        facts->channel_count += of->channels[of->channel_count].main;
        of->channel_count++;
    }
    return end_of(&q, rc);
}

static heng_rc read_last(struct heng_charge_facts *facts, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    int64_t *ids = heng_arena_take(&facts->arena, facts->count, sizeof *ids);
    int64_t *untils = heng_arena_take(&facts->arena, facts->count, sizeof *untils);
    if (!ids || !untils) return no_memory(err);
    for (size_t i = 0; i < facts->count; i++) {
        ids[i] = facts->wants[i].want.contract_id;
        untils[i] = facts->wants[i].want.from_day;
    }
    heng_query_begin(&q, &facts->reader->db, HENG_SQL_CHARGE_LAST_ALL);
    heng_query_ints(&q, ids, facts->count);
    heng_query_ints(&q, untils, facts->count);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        size_t i = number_of(&q, facts->count);
        if (i == facts->count) continue;
        if ((rc = charge_fill_last(&q, &facts->arena, &facts->wants[i].last, err)) != HENG_OK) break;
        facts->wants[i].has_last = true;
    }
    return end_of(&q, rc);
}

/* The main channels, which is what most tariffs ask for. */
static heng_rc list_channels(struct heng_charge_facts *facts, struct heng_err *err)
{
    size_t n = 0;
    facts->channels = heng_arena_take(&facts->arena, facts->channel_count + 1, sizeof *facts->channels);
    if (!facts->channels) return no_memory(err);
    for (size_t i = 0; i < facts->count; i++)
        for (size_t k = 0; k < facts->wants[i].channel_count; k++) {
            const struct heng_charge_want *want = &facts->wants[i].want;
            if (!facts->wants[i].channels[k].main) continue;
            struct charge_ahead_channel *at = &facts->channels[n++];
            *at = (struct charge_ahead_channel){.channel = &facts->wants[i].channels[k], .want = want};
            at->days = heng_arena_take(&facts->arena, (size_t)(want->to_day - want->from_day), sizeof *at->days);
            at->bounds = heng_arena_take(&facts->arena, CHARGE_AHEAD_BOUNDS_MAX, sizeof *at->bounds);
            if (!at->days || !at->bounds) return no_memory(err);
        }
    return HENG_OK;
}

/* An estimate follows the day that it stands for. */
static heng_rc take_day(struct heng_charge_facts *facts, struct heng_query *q, struct charge_ahead_channel *at,
                        struct heng_err *err)
{
    struct heng_charge_day row, *day;
    charge_fill_day(q, &row);
    if (at->day_count && at->days[at->day_count - 1].day == row.day) at->day_count--;
    if (at->day_count == (size_t)(at->want->to_day - at->want->from_day))
        return heng_fail(err, HENG_EBUG, 0, "channel %lld has more days than there are", (long long)at->channel->id);
    day = &at->days[at->day_count];
    *day = row;
    uint8_t *copy = heng_arena_take(&facts->arena, day->packed.n + 1, 1);
    if (!copy) return no_memory(err);
    if (day->packed.n) memcpy(copy, day->packed.p, day->packed.n);
    day->packed.p = copy;
    at->day_count++;
    return HENG_OK;
}

static heng_rc read_days(struct heng_charge_facts *facts, int64_t *const ints[3], struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    const size_t n = facts->channel_count;
    for (size_t i = 0; i < n; i++) {
        ints[0][i] = facts->channels[i].channel->id;
        ints[1][i] = facts->channels[i].want->from_day;
        ints[2][i] = facts->channels[i].want->to_day;
    }
    heng_query_begin(&q, &facts->reader->db, HENG_SQL_CHARGE_DAYS_ALL);
    for (size_t i = 0; i < 3; i++) heng_query_ints(&q, ints[i], n);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        size_t i = number_of(&q, n);
        if (i < n && (rc = take_day(facts, &q, &facts->channels[i], err)) != HENG_OK) break;
    }
    return end_of(&q, rc);
}

static heng_rc read_bounds(struct heng_charge_facts *facts, int64_t *const ints[4], struct heng_slice *const texts[2],
                           struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    const size_t n = facts->channel_count;
    for (size_t i = 0; i < n; i++) {
        const struct charge_ahead_channel *at = &facts->channels[i];
        ints[0][i] = at->channel->is_virtual ? 0 : at->channel->point_id;
        ints[1][i] = at->want->from_us;
        ints[2][i] = at->want->to_us;
        ints[3][i] = at->channel->tariff;
        texts[0][i] = heng_slice_str(heng_quantity_text(at->channel->quantity));
        texts[1][i] = heng_slice_str(at->channel->qualifier);
    }
    heng_query_begin(&q, &facts->reader->db, HENG_SQL_CHARGE_BOUNDS_ALL);
    for (size_t i = 0; i < 4; i++) heng_query_ints(&q, ints[i], n);
    for (size_t i = 0; i < 2; i++) heng_query_slices(&q, true, texts[i], n);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        size_t i = number_of(&q, n);
        if (i == n) continue;
        struct charge_ahead_channel *at = &facts->channels[i];
        charge_take_bound(&q, at->bounds, CHARGE_AHEAD_BOUNDS_MAX, &at->bound_count);
    }
    rc = end_of(&q, rc);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        facts->channels[i].knows_bounds = facts->channels[i].bound_count < CHARGE_AHEAD_BOUNDS_MAX;
    return rc;
}

static heng_rc read_of_channels(struct heng_charge_facts *facts, struct heng_err *err)
{
    int64_t *ints[4];
    struct heng_slice *texts[2];
    const size_t n = facts->channel_count + 1;
    for (size_t i = 0; i < 4; i++)
        if (!(ints[i] = heng_arena_take(&facts->arena, n, sizeof *ints[i]))) return no_memory(err);
    for (size_t i = 0; i < 2; i++)
        if (!(texts[i] = heng_arena_take(&facts->arena, n, sizeof *texts[i]))) return no_memory(err);
    heng_rc rc = list_channels(facts, err);
    if (rc != HENG_OK || !facts->channel_count) return rc;
    rc = read_days(facts, ints, err);
    if (rc == HENG_OK) rc = read_bounds(facts, ints, texts, err);
    if (rc == HENG_OK) qsort(facts->channels, facts->channel_count, sizeof *facts->channels, by_channel);
    return rc;
}

heng_rc heng_charge_facts_ahead(struct heng_charge_facts *facts, const struct heng_charge_want *wants, size_t n,
                                struct heng_err *err)
{
    heng_charge_facts_forget(facts);
    if (!facts->reader->db.postgres || n < 2) return HENG_OK;
    facts->wants = heng_arena_take(&facts->arena, n, sizeof *facts->wants);
    facts->by_point = heng_arena_take(&facts->arena, n, sizeof(struct charge_ahead_want *));
    heng_rc rc = facts->wants && facts->by_point ? HENG_OK : no_memory(err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) facts->wants[i] = (struct charge_ahead_want){.want = wants[i]};
    if (rc == HENG_OK) {
        facts->count = n;
        qsort(facts->wants, n, sizeof *facts->wants, by_contract);
        for (size_t i = 0; i < n; i++) facts->by_point[i] = &facts->wants[i];
        qsort(facts->by_point, n, sizeof(struct charge_ahead_want *), by_point);
        rc = read_channels(facts, err);
    }
    if (rc == HENG_OK) rc = read_last(facts, err);
    if (rc == HENG_OK) rc = read_of_channels(facts, err);
    if (rc != HENG_OK) heng_charge_facts_forget(facts);
    return rc == HENG_ENOMEM ? HENG_OK : rc;
}
