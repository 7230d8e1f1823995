/* The operations about usage, what happened at points, and what the rules found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "usage/events.h"
#include "usage/explain.h"
#include "usage/quality.h"
#include "usage/tou.h"
#include "usage/usage.h"
#include "usage/verdicts.h"
#include "vee/verdict.h"

/* There are no accounts yet: whoever reaches the server is its operator. */
enum {
    SCOPE = 0,
    CHANNELS_MAX = 64,
    ITEMS_MAX = 100000,
    EVENTS_MAX = 1000,
    EXCEPTIONS_MAX = 500,
    EXPLAIN_MAX = 4 << 20
};

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

static const char *day_text(struct heng_api_call *call, int32_t day)
{
    char text[HENG_DAY_TEXT_MAX];
    heng_usage_day_text(day, text);
    return heng_arena_text(call->arena, text);
}

/* NULL for "". */
static const char *opt_text(struct heng_api_call *call, const char *text)
{
    return text[0] ? heng_arena_text(call->arena, text) : NULL;
}

static heng_rc need_point(struct heng_api_call *call, int64_t point_id, struct heng_err *err)
{
    struct heng_point_scope point;
    heng_rc rc = heng_store_point_scope(call->reader, SCOPE, point_id, &point, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no point %lld", (long long)point_id) : rc;
}

/* --- usage ----------------------------------------------------------------------------------------------------- */

/* A list that grows in the arena, at the cost of what it left behind. */
struct items {
    struct heng_api_usage_item *p;
    size_t n, cap;
};

static struct heng_api_usage_item *add_item(struct heng_api_call *call, struct items *items, struct heng_err *err)
{
    if (items->n == items->cap && items->cap < ITEMS_MAX) {
        size_t cap = items->cap ? items->cap * 2 : 32;
        struct heng_api_usage_item *p = heng_arena_take(call->arena, cap, sizeof *p);
        if (p && items->n) memcpy(p, items->p, items->n * sizeof *p);
        if (p) *items = (struct items){p, items->n, cap};
    }
    if (items->n < items->cap) return &items->p[items->n++];
    heng_fail(err, HENG_ELIMIT, 0, "that are too many intervals for one answer: ask for fewer days");
    return NULL;
}

static heng_rc put_day(struct heng_api_call *call, const struct heng_site_days *days,
                       const struct heng_channel_row *channel, const struct heng_usage_row *row, bool intervals,
                       struct items *items, struct heng_err *err)
{
    const char *day = day_text(call, row->day), *method = heng_method_text((heng_method)row->method);
    heng_us from_us = heng_day_from_us(&days->rule, row->day);
    for (unsigned i = 0, n = intervals ? row->count : 1; i < n; i++) {
        struct heng_api_usage_item *item = add_item(call, items, err);
        heng_trust trust = (heng_trust)(intervals ? row->trusts[i] : row->trust);
        bool is = trust != HENG_TRUST_MISSING || (!intervals && row->missing < row->count);
        if (!item) return HENG_ELIMIT;
        *item = (struct heng_api_usage_item){.day = day,
                                             .has_at = intervals,
                                             .at = from_us + (heng_us)i * channel->minutes * 60 * HENG_US_PER_S,
                                             .trust = heng_trust_text(trust),
                                             .method = method,
                                             .confidence = row->permille,
                                             .missing = intervals ? !is : row->missing};
        struct heng_dec amount = {intervals ? row->amounts[i] : row->amount, row->exp};
        if (is) item->amount = heng_api_dec_text(call->arena, amount);
    }
    return HENG_OK;
}

static heng_rc put_days(struct heng_api_call *call, const struct heng_site_days *days,
                        const struct heng_channel_row *channel, heng_day from, heng_day to, bool intervals,
                        struct items *items, struct heng_err *err)
{
    static _Thread_local struct heng_usage_row row;
    struct heng_usage_scan scan;
    heng_rc rc;
    heng_usage_scan_begin(&scan, call->reader, HENG_USAGE_BEST, channel->id, from, to);
    while ((rc = heng_usage_scan_next(&scan, &row, err)) == HENG_OK)
        if ((rc = put_day(call, days, channel, &row, intervals, items, err)) != HENG_OK) break;
    heng_usage_scan_end(&scan);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc put_months(struct heng_api_call *call, const struct heng_channel_row *channel, heng_day from,
                          heng_day to, struct items *items, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (heng_day month = heng_month_of(from); rc == HENG_OK && month < to; month = heng_month_next(month, 1)) {
        struct heng_usage_sum sum;
        rc = heng_store_sum_usage(call->reader, channel->id, month, heng_month_next(month, 1), &sum, err);
        if (rc != HENG_OK || !sum.days) continue;
        struct heng_api_usage_item *item = add_item(call, items, err);
        if (!item) return HENG_ELIMIT;
        *item = (struct heng_api_usage_item){.day = day_text(call, month),
                                             .amount = heng_api_dec_text(call->arena, sum.amount),
                                             .trust = heng_trust_text((heng_trust)sum.trust),
                                             .method = heng_method_text(HENG_METHOD_NONE),
                                             .confidence = sum.permille,
                                             .missing = sum.missing,
                                             .estimated = sum.estimated};
    }
    return rc;
}

static heng_rc tell_usage(struct heng_api_call *call, const struct heng_site_days *days,
                          const struct heng_api_get_usage_params *params, struct heng_api_usage *ret,
                          struct heng_err *err)
{
    struct heng_channel_row *rows = heng_arena_take(call->arena, CHANNELS_MAX, sizeof *rows);
    struct heng_api_usage_channel *channels = heng_arena_take(call->arena, CHANNELS_MAX, sizeof *channels);
    heng_day from, to;
    size_t n = 0;
    heng_api_get_usage_by by = params->has_by ? params->by : HENG_API_GET_USAGE_BY_DAY;
    if (!rows || !channels) return no_memory(err);
    heng_rc rc = need_point(call, params->point_id, err);
    if (rc == HENG_OK)
        rc = heng_period_parse(days, heng_clock_wall(), params->has_from ? params->from : NULL,
                               params->has_to ? params->to : NULL, &from, &to, err);
    if (rc == HENG_OK)
        rc = heng_store_list_channels(call->reader, SCOPE, params->point_id, 0, rows, CHANNELS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct items items = {0};
        rc = by == HENG_API_GET_USAGE_BY_MONTH
                 ? put_months(call, &rows[i], from, to, &items, err)
                 : put_days(call, days, &rows[i], from, to, by == HENG_API_GET_USAGE_BY_INTERVAL, &items, err);
        channels[i] = (struct heng_api_usage_channel){.id = rows[i].id,
                                                      .quantity = heng_quantity_text(rows[i].quantity),
                                                      .tariff = rows[i].tariff,
                                                      .unit = heng_unit_text(rows[i].unit),
                                                      .main = rows[i].main,
                                                      .items = items.p,
                                                      .items_n = items.n};
    }
    *ret = (struct heng_api_usage){.point = params->point_id, .items = channels, .items_n = n};
    return rc == HENG_OK ? heng_store_count_due(call->reader, &ret->due, err) : rc;
}

heng_rc heng_api_get_usage(struct heng_api_call *call, const struct heng_api_get_usage_params *params,
                           struct heng_api_usage *ret, struct heng_err *err)
{
    struct heng_site_days days;
    heng_rc rc = heng_site_days_init(&days, call->reader, err);
    if (rc == HENG_OK) rc = tell_usage(call, &days, params, ret, err);
    heng_site_days_fini(&days);
    return rc;
}

heng_rc heng_api_explain_usage(struct heng_api_call *call, const struct heng_api_explain_usage_params *params,
                               struct heng_api_usage_explanation *ret, struct heng_err *err)
{
    struct heng_str text = {.max = EXPLAIN_MAX};
    struct heng_json json = heng_json_of(&text);
    int32_t day;
    heng_rc rc = heng_usage_day_parse(params->day, &day, err);
    if (rc == HENG_EFORMAT) return heng_fail(err, HENG_ERANGE, 0, "parameter 'day' must be a day, as 2026-03-01");
    if (rc == HENG_OK) rc = heng_usage_explain(call->reader, SCOPE, params->channel_id, day, &json, err);
    if (rc == HENG_OK && text.rc != HENG_OK) rc = no_memory(err);
    if (rc == HENG_OK) ret->explanation = heng_arena_text(call->arena, text.text);
    heng_str_fini(&text);
    return rc == HENG_OK && !ret->explanation ? no_memory(err) : rc;
}

static size_t put_periods(struct heng_api_call *call, const struct heng_channel_row *channel,
                          const struct heng_tou_sum *sum, struct heng_api_period_usage *ret)
{
    size_t n = 0;
    for (unsigned p = 0; p <= HENG_TOU_PERIODS; p++) {
        if (!sum->seconds[p]) continue;
        heng_trust trust = sum->trusts[p] ? (heng_trust)sum->trusts[p] : HENG_TRUST_MISSING;
        ret[n++] = (struct heng_api_period_usage){
            .channel = channel->id,
            .quantity = heng_quantity_text(channel->quantity),
            .unit = heng_unit_text(channel->unit),
            .period = p,
            .amount = heng_api_dec_text(call->arena, (struct heng_dec){sum->amounts[p], channel->exp}),
            .trust = heng_trust_text(trust),
            .seconds = sum->seconds[p],
            .missing = sum->missing[p]};
    }
    return n;
}

heng_rc heng_api_get_usage_by_period(struct heng_api_call *call,
                                     const struct heng_api_get_usage_by_period_params *params,
                                     struct heng_api_period_usage_list *ret, struct heng_err *err)
{
    struct heng_channel_row *rows = heng_arena_take(call->arena, CHANNELS_MAX, sizeof *rows);
    struct heng_api_period_usage *items =
        heng_arena_take(call->arena, CHANNELS_MAX * (size_t)(HENG_TOU_PERIODS + 1), sizeof *items);
    struct heng_site_days days;
    heng_day from = 0, to = 0;
    size_t n = 0;
    if (!rows || !items) return no_memory(err);
    heng_rc rc = need_point(call, params->point_id, err);
    if (rc == HENG_OK) rc = heng_site_days_init(&days, call->reader, err);
    if (rc != HENG_OK) return rc;
    rc = heng_period_parse(&days, heng_clock_wall(), params->has_from ? params->from : NULL,
                           params->has_to ? params->to : NULL, &from, &to, err);
    heng_site_days_fini(&days);
    if (rc == HENG_OK)
        rc = heng_store_list_channels(call->reader, SCOPE, params->point_id, 0, rows, CHANNELS_MAX, &n, err);
    *ret = (struct heng_api_period_usage_list){.items = items};
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct heng_tou_sum sum;
        rc = heng_usage_by_period(call->reader, params->calendar, &rows[i], from, to, &sum, err);
        if (rc == HENG_OK) ret->items_n += put_periods(call, &rows[i], &sum, items + ret->items_n);
    }
    return rc;
}

/* --- events ---------------------------------------------------------------------------------------------------- */

static struct heng_api_point_event event_from(struct heng_api_call *call, const struct heng_point_event *e)
{
    return (struct heng_api_point_event){
        .id = e->id,
        .kind = heng_event_text(e->kind),
        .at = e->at_us,
        .has_until = e->until_us != 0,
        .until = e->until_us,
        .recorded_at = e->recorded_us,
        .has_meter_id = e->device_id != 0,
        .meter_id = e->device_id,
        .has_other_point = e->other_point != 0,
        .other_point = e->other_point,
        .has_channel = e->channel_id != 0,
        .channel = e->channel_id,
        .before = opt_text(call, e->before),
        .after = opt_text(call, e->after),
        .unit = opt_text(call, e->unit),
        .has_factor_num = e->factor_num != 0,
        .factor_num = e->factor_num,
        .has_factor_den = e->factor_den != 0,
        .factor_den = e->factor_den,
        .has_digits = e->digits != 0,
        .digits = e->digits,
        .has_undoes = e->undoes != 0,
        .undoes = e->undoes,
        .has_undone_by = e->undone_by != 0,
        .undone_by = e->undone_by,
        .who = heng_arena_text(call->arena, e->who),
        .second = opt_text(call, e->second),
        .reason = heng_arena_text(call->arena, e->reason),
        .photo = e->has_photo,
    };
}

heng_rc heng_api_list_point_events(struct heng_api_call *call, const struct heng_api_list_point_events_params *params,
                                   struct heng_api_point_event_list *ret, struct heng_err *err)
{
    struct heng_point_event *list = heng_arena_take(call->arena, EVENTS_MAX, sizeof *list);
    struct heng_api_point_event *items = heng_arena_take(call->arena, EVENTS_MAX, sizeof *items);
    struct heng_point_event after = {.at_us = INT64_MIN};
    size_t n = 0;
    if (!list || !items) return no_memory(err);
    heng_rc rc = need_point(call, params->point_id, err);
    if (rc == HENG_OK && params->has_after) rc = heng_store_get_event(call->reader, SCOPE, params->after, &after, err);
    if (rc == HENG_OK)
        rc = heng_store_list_events(call->reader, SCOPE, params->point_id, after.at_us, after.id, list, EVENTS_MAX, &n,
                                    err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) items[i] = event_from(call, &list[i]);
    *ret = (struct heng_api_point_event_list){.items = items, .items_n = n};
    return rc;
}

/* --- what changes the database --------------------------------------------------------------------------------- */

/* One change, which the writer's thread makes while we wait. */
struct change {
    const struct heng_event_wish *event;
    const struct heng_answer_wish *answer;
    heng_us now_us;
    int64_t id;
};

static heng_rc make_change(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct change *change = ctx;
    return change->event ? heng_event_add(store, SCOPE, change->event, change->now_us, &change->id, err)
                         : heng_verdict_answer(store, SCOPE, change->answer, change->now_us, err);
}

static heng_rc ask_writer(struct heng_api_call *call, struct change *change, struct heng_api_receipt *ret,
                          struct heng_err *err)
{
    const struct heng_api_options *options = &call->api->options;
    call->is_wish = true;
    change->now_us = heng_clock_wall();
    if (!options->write) return heng_fail(err, HENG_ECLOSED, 0, "nothing can be changed here");
    heng_rc rc = options->write(options->write_owner, make_change, change, err);
    *ret = (struct heng_api_receipt){.id = change->id, .accepted = 1};
    return rc;
}

static bool put_text(char *ret, size_t cap, bool is, const char *text)
{
    if (!is) return true;
    return snprintf(ret, cap, "%s", text) < (int)cap;
}

heng_rc heng_api_add_point_event(struct heng_api_call *call, const struct heng_api_add_point_event_params *params,
                                 const struct heng_api_point_event_request *body, struct heng_api_receipt *ret,
                                 struct heng_err *err)
{
    struct heng_event_wish *wish = heng_arena_take(call->arena, 1, sizeof *wish);
    call->is_wish = true;
    if (!wish) return no_memory(err);
    struct heng_point_event *e = &wish->event;
    e->kind = heng_event_of(heng_api_point_event_request_kind_text(body->kind));
    e->point_id = params->point_id;
    e->at_us = body->has_at_us ? body->at_us : heng_clock_wall();
    e->reading_at = e->at_us;
    e->until_us = body->has_until_us ? body->until_us : 0;
    e->device_id = body->has_meter ? body->meter : 0;
    e->channel_id = body->has_channel ? body->channel : 0;
    e->factor_num = body->has_factor_num ? body->factor_num : 0;
    e->factor_den = body->has_factor_den ? body->factor_den : body->has_factor_num;
    e->digits = (uint8_t)(body->has_digits ? body->digits : 0);
    e->reading_source = body->has_source ? body->source : HENG_SOURCE_LINE;
    e->undoes = body->has_undoes ? body->undoes : 0;
    bool fits = put_text(e->before, sizeof e->before, body->has_before, body->before) &&
                put_text(e->after, sizeof e->after, body->has_after, body->after) &&
                put_text(e->unit, sizeof e->unit, body->has_unit, body->unit) &&
                put_text(e->who, sizeof e->who, true, body->who) &&
                put_text(e->second, sizeof e->second, body->has_second, body->second) &&
                put_text(e->reason, sizeof e->reason, true, body->reason);
    struct change change = {.event = wish};
    if (fits && body->has_registers && heng_event_indexes_parse(body->registers, wish, err) != HENG_OK)
        return HENG_ERANGE;
    return fits ? ask_writer(call, &change, ret, err) : heng_fail(err, HENG_ERANGE, 0, "a text is too long");
}

/* --- exceptions ------------------------------------------------------------------------------------------------ */

static struct heng_api_exception exception_from(struct heng_api_call *call, const struct heng_exception_row *row)
{
    const struct heng_verdict_row *v = &row->newest;
    return (struct heng_api_exception){
        .point = row->point_id,
        .channel = v->channel_id,
        .place = heng_arena_text(call->arena, row->place),
        .medium = heng_medium_text(row->medium),
        .rule = heng_rule_text((heng_rule)v->rule),
        .version = v->version,
        .severity = heng_arena_text(call->arena, v->severity),
        .count = row->count,
        .days = row->days,
        .has_meter = row->device_id != 0,
        .meter = row->device_id,
        .has_source = row->device_id != 0,
        .source = row->source,
        .first_day = day_text(call, row->first_day),
        .last_day = day_text(call, v->day),
        .from = v->from_us,
        .to = v->to_us,
        .seen = opt_text(call, v->numbers[HENG_VERDICT_SEEN]),
        .low = opt_text(call, v->numbers[HENG_VERDICT_LOW]),
        .high = opt_text(call, v->numbers[HENG_VERDICT_HIGH]),
        .reference = opt_text(call, v->numbers[HENG_VERDICT_REFERENCE]),
        .answer = opt_text(call, row->answer),
    };
}

static heng_rc put_undeclared(struct heng_api_call *call, int64_t point_id, int64_t after,
                              struct heng_api_exception_list *ret, struct heng_err *err)
{
    struct heng_undeclared_row *rows = heng_arena_take(call->arena, EXCEPTIONS_MAX, sizeof *rows);
    struct heng_api_undeclared_register *items = heng_arena_take(call->arena, EXCEPTIONS_MAX, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return no_memory(err);
    heng_rc rc = heng_store_list_undeclared(call->reader, SCOPE, point_id, after, rows, EXCEPTIONS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_undeclared_register){.point = rows[i].point_id,
                                                         .meter_id = rows[i].device_id,
                                                         .quantity = heng_quantity_text(rows[i].quantity),
                                                         .unit = heng_unit_text(rows[i].unit),
                                                         .tariff = rows[i].tariff,
                                                         .qualifier = rows[i].qualifier};
    ret->undeclared = items;
    ret->undeclared_n = n;
    ret->has_undeclared_next = n == EXCEPTIONS_MAX;
    if (n) ret->undeclared_next = rows[n - 1].register_id;
    return rc;
}

/* A question as it came. after: "channel-rule" of the last task of the page before. */
struct exceptions_asked {
    struct heng_exception_ask ask;
    const char *from, *to, *rule, *after;
    int64_t undeclared_after;
    size_t limit;
    bool open;
};

static bool parse_after(const char *text, int64_t *ret_channel, uint8_t *ret_rule)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') return false;
    long long channel = strtoll(text, &end, 10);
    if (end[0] != '-' || end[1] < '0' || end[1] > '9') return false;
    long long rule = strtoll(end + 1, &end, 10);
    *ret_channel = channel;
    *ret_rule = (uint8_t)rule;
    return !*end && rule <= UINT8_MAX;
}

static heng_rc parse_asked(struct exceptions_asked *a, int64_t *ret_channel, uint8_t *ret_rule, struct heng_err *err)
{
    *ret_channel = *ret_rule = 0;
    if (a->rule) {
        heng_rule rule = heng_rule_of(a->rule);
        if (rule == HENG_RULE_COUNT) return heng_fail(err, HENG_ERANGE, 0, "there is no rule '%.40s'", a->rule);
        a->ask.rule = (uint8_t)rule;
    }
    if (a->ask.severity && heng_severity_of(a->ask.severity) == HENG_SEVERITY_COUNT)
        return heng_fail(err, HENG_ERANGE, 0, "a severity is told, task or fatal");
    if (a->after && !parse_after(a->after, ret_channel, ret_rule))
        return heng_fail(err, HENG_ERANGE, 0, "'after' is the 'next' of the page before");
    return HENG_OK;
}

/* A page; what is closed is left out of an answer that asks for what is open, so that one may be short. */
static heng_rc put_page(struct heng_api_call *call, const struct heng_site_days *days, const struct exceptions_asked *a,
                        int64_t after_channel, uint8_t after_rule, struct heng_api_exception_list *ret,
                        struct heng_err *err)
{
    struct heng_exception_row *rows = heng_arena_take(call->arena, a->limit, sizeof *rows);
    struct heng_api_exception *items = heng_arena_take(call->arena, a->limit, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return no_memory(err);
    heng_rc rc =
        heng_list_exceptions(call->reader, &days->rule, &a->ask, after_channel, after_rule, rows, a->limit, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (!a->open || !heng_exception_is_closed(&rows[i])) items[ret->items_n++] = exception_from(call, &rows[i]);
    ret->items = items;
    if (rc == HENG_OK && n == a->limit) {
        char next[32];
        snprintf(next, sizeof next, "%lld-%u", (long long)rows[n - 1].newest.channel_id, rows[n - 1].newest.rule);
        ret->next = heng_arena_text(call->arena, next);
    }
    return rc;
}

static heng_rc put_counts(struct heng_api_call *call, const struct heng_site_days *days,
                          const struct heng_exception_ask *ask, struct heng_api_exception_list *ret,
                          struct heng_err *err)
{
    struct heng_exception_count *rows = heng_arena_take(call->arena, HENG_EXCEPTION_COUNTS_MAX, sizeof *rows);
    struct heng_api_exception_count *items = heng_arena_take(call->arena, HENG_EXCEPTION_COUNTS_MAX, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return no_memory(err);
    heng_rc rc = heng_count_exceptions(call->reader, &days->rule, ask, rows, HENG_EXCEPTION_COUNTS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_exception_count){.rule = heng_rule_text((heng_rule)rows[i].rule),
                                                     .severity = rows[i].severity,
                                                     .tasks = rows[i].tasks,
                                                     .verdicts = rows[i].verdicts};
    ret->counts = items;
    ret->counts_n = n;
    return rc;
}

static heng_rc list_exceptions(struct heng_api_call *call, struct exceptions_asked *a,
                               struct heng_api_exception_list *ret, struct heng_err *err)
{
    struct heng_site_days days;
    int64_t after_channel;
    uint8_t after_rule;
    *ret = (struct heng_api_exception_list){0};
    a->ask.scope = SCOPE;
    heng_rc rc = parse_asked(a, &after_channel, &after_rule, err);
    if (rc == HENG_OK) rc = heng_site_days_init(&days, call->reader, err);
    if (rc != HENG_OK) return rc;
    rc = heng_period_parse(&days, heng_clock_wall(), a->from, a->to, &a->ask.from, &a->ask.to, err);
    if (rc == HENG_OK && a->ask.point_id) rc = need_point(call, a->ask.point_id, err);
    if (rc == HENG_OK) rc = put_page(call, &days, a, after_channel, after_rule, ret, err);
    if (rc == HENG_OK) rc = put_counts(call, &days, &a->ask, ret, err);
    heng_site_days_fini(&days);
    return rc == HENG_OK ? put_undeclared(call, a->ask.point_id, a->undeclared_after, ret, err) : rc;
}

heng_rc heng_api_list_exceptions(struct heng_api_call *call, const struct heng_api_list_exceptions_params *params,
                                 struct heng_api_exception_list *ret, struct heng_err *err)
{
    struct exceptions_asked asked = {
        .ask = {.point_id = params->point_id, .severity = params->has_severity ? params->severity : NULL},
        .from = params->has_from ? params->from : NULL,
        .to = params->has_to ? params->to : NULL,
        .rule = params->has_rule ? params->rule : NULL,
        .after = params->has_after ? params->after : NULL,
        .limit = (size_t)params->limit,
        .undeclared_after = params->undeclared_after,
        .open = params->open != 0};
    return list_exceptions(call, &asked, ret, err);
}

heng_rc heng_api_list_all_exceptions(struct heng_api_call *call,
                                     const struct heng_api_list_all_exceptions_params *params,
                                     struct heng_api_exception_list *ret, struct heng_err *err)
{
    struct exceptions_asked asked = {.ask = {.place_id = params->has_place ? params->place : 0,
                                             .medium = params->has_medium ? params->medium : NULL,
                                             .group_name = params->has_group ? params->group : NULL,
                                             .severity = params->has_severity ? params->severity : NULL},
                                     .from = params->has_from ? params->from : NULL,
                                     .to = params->has_to ? params->to : NULL,
                                     .rule = params->has_rule ? params->rule : NULL,
                                     .after = params->has_after ? params->after : NULL,
                                     .undeclared_after = params->undeclared_after,
                                     .limit = (size_t)params->limit,
                                     .open = params->open != 0};
    return list_exceptions(call, &asked, ret, err);
}

heng_rc heng_api_answer_exception(struct heng_api_call *call, const struct heng_api_answer_exception_params *params,
                                  const struct heng_api_exception_answer *body, struct heng_api_receipt *ret,
                                  struct heng_err *err)
{
    struct heng_answer_wish *wish = heng_arena_take(call->arena, 1, sizeof *wish);
    struct heng_channel_row channel;
    call->is_wish = true;
    if (!wish) return no_memory(err);
    struct heng_answer_row *row = &wish->answer;
    heng_rule rule = heng_rule_of(body->rule);
    if (rule == HENG_RULE_COUNT) return heng_fail(err, HENG_ERANGE, 0, "there is no rule '%.40s'", body->rule);
    heng_rc rc = heng_store_get_channel(call->reader, SCOPE, body->channel, &channel, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && channel.point_id != params->point_id))
        return heng_fail(err, HENG_ENOTFOUND, 0, "the point has no channel %lld", (long long)body->channel);
    if (rc != HENG_OK) return rc;
    if (heng_usage_day_parse(body->from_day, &row->from_day, err) != HENG_OK ||
        heng_usage_day_parse(body->to_day, &row->to_day, err) != HENG_OK)
        return heng_fail(err, HENG_ERANGE, 0, "days are written as 2026-03-01");
    row->channel_id = body->channel;
    row->rule = (uint8_t)rule;
    wish->device_id = body->has_meter ? body->meter : 0;
    wish->reading_at = body->has_reading_us ? body->reading_us : 0;
    wish->reading_source = body->has_source ? body->source : HENG_SOURCE_LINE;
    bool fits = put_text(row->answer, sizeof row->answer, true, heng_api_exception_answer_answer_text(body->answer)) &&
                put_text(row->who, sizeof row->who, true, body->who) &&
                put_text(row->reason, sizeof row->reason, true, body->reason);
    struct change change = {.answer = wish};
    return fits ? ask_writer(call, &change, ret, err) : heng_fail(err, HENG_ERANGE, 0, "a text is too long");
}
