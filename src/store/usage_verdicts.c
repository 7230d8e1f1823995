#include "store/usage_verdicts.h"

#include <stdio.h>

#include "base/buf.h"
#include "store/db_rows.h"

enum { PLACE_NUMBERS = 1000, VERSIONS_MAX = 1000 };

/* Step q to its end, fill an array of cap structs by fill, end. */
#define GET_ALL(fill)                                                                                                  \
    do {                                                                                                               \
        heng_rc rc_ = HENG_OK;                                                                                         \
        for (*ret_n = 0; *ret_n < cap && (rc_ = heng_query_step(&q, err)) == HENG_OK; ++*ret_n)                        \
            fill(&q, &ret[*ret_n]);                                                                                    \
        heng_query_end(&q);                                                                                            \
        return rc_ == HENG_ENOTFOUND ? HENG_OK : rc_;                                                                  \
    } while (0)

heng_rc heng_store_put_verdict(struct heng_store *store, const struct heng_verdict_row *row, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_VERDICT_PUT);
    heng_query_int(&q, row->channel_id);
    heng_query_int(&q, row->day);
    heng_query_int(&q, row->place * PLACE_NUMBERS + row->nr);
    heng_query_int(&q, row->rule);
    heng_query_int(&q, row->version);
    heng_query_text(&q, row->severity);
    heng_query_int(&q, row->from_us);
    heng_query_int(&q, row->to_us);
    for (unsigned i = 0; i < HENG_VERDICT_NUMBERS; i++) heng_query_text(&q, row->numbers[i]);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_drop_verdicts(struct heng_store *store, int64_t channel_id, int32_t from, int32_t to, uint16_t place,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_VERDICT_DROP);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    heng_query_int(&q, place * PLACE_NUMBERS);
    heng_query_int(&q, (place + 1) * PLACE_NUMBERS);
    return heng_query_queue(&q, err);
}

static void fill_numbers(struct heng_query *q, struct heng_verdict_row *ret)
{
    for (unsigned i = 0; i < HENG_VERDICT_NUMBERS; i++) heng_query_get_text(q, ret->numbers[i], sizeof ret->numbers[i]);
}

static void fill_verdict(struct heng_query *q, struct heng_verdict_row *ret)
{
    ret->channel_id = heng_query_get_int(q);
    ret->day = (int32_t)heng_query_get_int(q);
    int64_t nr = heng_query_get_int(q);
    ret->place = (uint16_t)(nr / PLACE_NUMBERS);
    ret->nr = (uint16_t)(nr % PLACE_NUMBERS);
    ret->rule = (uint8_t)heng_query_get_int(q);
    ret->version = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->severity, sizeof ret->severity);
    ret->from_us = heng_query_get_int(q);
    ret->to_us = heng_query_get_int(q);
    fill_numbers(q, ret);
}

heng_rc heng_store_list_verdicts(struct heng_store_reader *reader, int64_t channel_id, int32_t from, int32_t to,
                                 struct heng_verdict_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_VERDICT_LIST);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    heng_query_int(&q, (int64_t)cap);
    GET_ALL(fill_verdict);
}

heng_rc heng_store_put_doubt(struct heng_store *store, const struct heng_doubt_row *row, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_DOUBT_PUT);
    heng_query_int(&q, row->device_id);
    heng_query_int(&q, row->verdict.from_us);
    heng_query_int(&q, row->source);
    heng_query_int(&q, row->verdict.rule);
    heng_query_int(&q, row->verdict.version);
    heng_query_text(&q, row->verdict.severity);
    heng_query_int(&q, row->came_us);
    for (unsigned i = 0; i < HENG_VERDICT_NUMBERS; i++) heng_query_text(&q, row->verdict.numbers[i]);
    return heng_query_finish(&q, err);
}

static void fill_doubt(struct heng_query *q, struct heng_doubt_row *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->device_id = heng_query_get_int(q);
    ret->verdict.from_us = ret->verdict.to_us = heng_query_get_int(q);
    ret->source = (heng_source)heng_query_get_int(q);
    ret->verdict.rule = (uint8_t)heng_query_get_int(q);
    ret->verdict.version = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->verdict.severity, sizeof ret->verdict.severity);
    ret->came_us = heng_query_get_int(q);
    fill_numbers(q, &ret->verdict);
}

heng_rc heng_store_list_doubts(struct heng_store_reader *reader, int64_t device_id, heng_us from_us, heng_us to_us,
                               struct heng_doubt_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_DOUBT_LIST);
    heng_query_int(&q, device_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    heng_query_int(&q, (int64_t)cap);
    GET_ALL(fill_doubt);
}

/* --- exceptions ------------------------------------------------------------------------------------------------ */

static const char *text_of(const char *text) { return text ? text : ""; }

static bool is_told(const struct heng_exception_ask *ask) { return strcmp(text_of(ask->severity), "told") == 0; }

static void begin_exceptions(struct heng_query *q, struct heng_store_reader *reader, heng_sql sql,
                             const struct heng_exception_ask *ask, bool doubts, int64_t after_channel,
                             uint8_t after_rule, size_t cap)
{
    bool some = ask->scope || ask->point_id || ask->place_id || text_of(ask->medium)[0] || text_of(ask->group_name)[0];
    heng_query_begin(q, &reader->db, sql);
    heng_query_int(q, ask->scope);
    heng_query_int(q, ask->point_id);
    heng_query_int(q, doubts ? ask->came_from_us : ask->from);
    heng_query_int(q, doubts ? ask->came_to_us : ask->to);
    heng_query_int(q, after_channel);
    heng_query_int(q, after_rule);
    heng_query_int(q, (int64_t)cap);
    heng_query_int(q, ask->place_id);
    heng_query_text(q, text_of(ask->medium));
    heng_query_text(q, text_of(ask->group_name));
    heng_query_int(q, ask->rule);
    heng_query_text(q, text_of(ask->severity));
    heng_query_int(q, some);
}

static void fill_task_end(struct heng_query *q, struct heng_exception_row *ret)
{
    fill_numbers(q, &ret->newest);
    ret->point_id = heng_query_get_int(q);
    ret->medium = heng_medium_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->place, sizeof ret->place);
    heng_query_get_text(q, ret->answer, sizeof ret->answer);
}

static void fill_exception(struct heng_query *q, struct heng_exception_row *ret)
{
    struct heng_verdict_row *v = &ret->newest;
    memset(ret, 0, sizeof *ret);
    v->channel_id = heng_query_get_int(q);
    v->rule = (uint8_t)heng_query_get_int(q);
    heng_query_get_text(q, v->severity, sizeof v->severity);
    ret->first_day = (int32_t)heng_query_get_int(q);
    v->day = (int32_t)heng_query_get_int(q);
    ret->count = heng_query_get_int(q);
    ret->days = heng_query_get_int(q);
    v->version = (uint32_t)heng_query_get_int(q);
    v->from_us = heng_query_get_int(q);
    v->to_us = heng_query_get_int(q);
    fill_task_end(q, ret);
}

heng_rc heng_store_list_exceptions(struct heng_store_reader *reader, const struct heng_exception_ask *ask,
                                   int64_t after_channel, uint8_t after_rule, struct heng_exception_row *ret,
                                   size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    begin_exceptions(&q, reader, is_told(ask) ? HENG_SQL_EXCEPTION_TOLD_LIST : HENG_SQL_EXCEPTION_LIST, ask, false,
                     after_channel, after_rule, cap);
    GET_ALL(fill_exception);
}

static void fill_doubt_exception(struct heng_query *q, struct heng_exception_row *ret)
{
    struct heng_verdict_row *v = &ret->newest;
    memset(ret, 0, sizeof *ret);
    v->channel_id = heng_query_get_int(q);
    v->rule = (uint8_t)heng_query_get_int(q);
    heng_query_get_text(q, v->severity, sizeof v->severity);
    ret->first_came_us = heng_query_get_int(q);
    ret->last_came_us = heng_query_get_int(q);
    ret->count = heng_query_get_int(q);
    v->version = (uint32_t)heng_query_get_int(q);
    v->from_us = v->to_us = heng_query_get_int(q);
    fill_task_end(q, ret);
    ret->device_id = heng_query_get_int(q);
    ret->source = heng_query_get_int(q);
}

heng_rc heng_store_list_doubt_exceptions(struct heng_store_reader *reader, const struct heng_exception_ask *ask,
                                         int64_t after_channel, uint8_t after_rule, struct heng_exception_row *ret,
                                         size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    begin_exceptions(&q, reader, HENG_SQL_DOUBT_EXCEPTION_LIST, ask, true, after_channel, after_rule, cap);
    GET_ALL(fill_doubt_exception);
}

static void fill_count(struct heng_query *q, struct heng_exception_count *ret)
{
    ret->rule = (uint8_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->severity, sizeof ret->severity);
    ret->tasks = heng_query_get_int(q);
    ret->verdicts = heng_query_get_int(q);
}

heng_rc heng_store_count_exceptions(struct heng_store_reader *reader, const struct heng_exception_ask *ask, bool doubts,
                                    struct heng_exception_count *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_sql sql = is_told(ask) ? HENG_SQL_EXCEPTION_TOLD_COUNTS : HENG_SQL_EXCEPTION_COUNTS;
    begin_exceptions(&q, reader, doubts ? HENG_SQL_DOUBT_EXCEPTION_COUNTS : sql, ask, doubts, 0, 0, 0);
    GET_ALL(fill_count);
}

static void fill_undeclared(struct heng_query *q, struct heng_undeclared_row *ret)
{
    ret->point_id = heng_query_get_int(q);
    ret->register_id = heng_query_get_int(q);
    ret->device_id = heng_query_get_int(q);
    ret->quantity = heng_quantity_of(heng_query_peek_text(q));
    ret->unit = heng_unit_of(heng_query_peek_text(q));
    ret->tariff = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->qualifier, sizeof ret->qualifier);
}

heng_rc heng_store_list_undeclared(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                   int64_t after_register, struct heng_undeclared_row *ret, size_t cap, size_t *ret_n,
                                   struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_UNDECLARED_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, point_id);
    heng_query_int(&q, after_register);
    heng_query_int(&q, (int64_t)cap);
    GET_ALL(fill_undeclared);
}

heng_rc heng_store_add_answer(struct heng_store *store, const struct heng_answer_row *row, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_ANSWER_ADD);
    heng_query_int(&q, row->channel_id);
    heng_query_int(&q, row->rule);
    heng_query_int(&q, row->from_day);
    heng_query_int(&q, row->to_day);
    heng_query_text(&q, row->answer);
    heng_query_int(&q, row->recorded_us);
    heng_query_text(&q, row->who);
    heng_query_text(&q, row->reason);
    return heng_query_finish(&q, err);
}

static void fill_answer(struct heng_query *q, struct heng_answer_row *ret)
{
    ret->id = heng_query_get_int(q);
    ret->channel_id = heng_query_get_int(q);
    ret->rule = (uint8_t)heng_query_get_int(q);
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->answer, sizeof ret->answer);
    ret->recorded_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->who, sizeof ret->who);
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
}

heng_rc heng_store_list_answers(struct heng_store_reader *reader, int64_t channel_id, int32_t from, int32_t to,
                                struct heng_answer_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ANSWER_LIST);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    heng_query_int(&q, (int64_t)cap);
    GET_ALL(fill_answer);
}

/* --- rules, calendars, weather --------------------------------------------------------------------------------- */

heng_rc heng_store_next_rule_version(struct heng_store_reader *reader, int64_t *ret, struct heng_err *err)
{
    return heng_db_run(&reader->db, HENG_SQL_RULE_SET_NEXT, ret, err);
}

heng_rc heng_store_put_rules(struct heng_store *store, int64_t version, heng_medium medium, const char *group_name,
                             int32_t from_day, struct heng_slice text, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_RULE_SET_PUT);
    heng_query_int(&q, version);
    heng_query_text(&q, heng_medium_text(medium));
    heng_query_text(&q, group_name);
    heng_query_int(&q, from_day);
    return heng_query_finish_text(&q, text, err);
}

heng_rc heng_store_get_rules(struct heng_store_reader *reader, heng_medium medium, const char *group_name, int32_t day,
                             int64_t *ret_version, struct heng_str *ret_text, struct heng_err *err)
{
    return heng_db_text_for(&reader->db, HENG_SQL_RULE_SET_FOR, medium, group_name, day, ret_version, ret_text, err);
}

heng_rc heng_store_put_calendar(struct heng_store *store, const char *key, int32_t from_day, struct heng_slice text,
                                int64_t *ret_version, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CALENDAR_NEXT);
    heng_query_text(&q, key);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_version = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CALENDAR_PUT);
    heng_query_text(&q, key);
    heng_query_int(&q, *ret_version);
    heng_query_int(&q, from_day);
    return heng_query_finish_text(&q, text, err);
}

heng_rc heng_store_each_calendar(struct heng_store_reader *reader, const char *key, heng_calendar_each *each, void *ctx,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_CALENDAR_LIST);
    heng_query_text(&q, key);
    heng_query_int(&q, VERSIONS_MAX);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        int64_t version = heng_query_get_int(&q);
        int32_t from_day = (int32_t)heng_query_get_int(&q);
        rc = each(ctx, version, from_day, heng_slice_str(heng_query_peek_text(&q)));
        if (rc != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_put_weather(struct heng_store *store, const char *station, int32_t day,
                               const struct heng_weather *weather, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_WEATHER_PUT);
    heng_query_text(&q, station);
    heng_query_int(&q, day);
    heng_query_int(&q, weather->degree_dk);
    heng_query_int(&q, weather->outdoor_dc);
    heng_query_int(&q, weather->computed);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_weather(struct heng_store_reader *reader, const char *station, int32_t day,
                               struct heng_weather *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_WEATHER_GET);
    heng_query_text(&q, station);
    heng_query_int(&q, day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->degree_dk = heng_query_get_int(&q);
        ret->outdoor_dc = heng_query_get_int(&q);
        ret->computed = heng_query_get_int(&q) != 0;
    }
    heng_query_end(&q);
    return rc;
}
