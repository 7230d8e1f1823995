#include "store/events.h"

#include "base/buf.h"
#include "store/archive_hang.h"
#include "store/db.h"

static const char *const texts[] = {
#define X(symbol, text) text,
    HENG_EVENT_LIST(X)
#undef X
};

const char *heng_event_text(heng_event_kind kind) { return kind < HENG_EVENT_COUNT ? texts[kind] : "unknown"; }

heng_event_kind heng_event_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_EVENT_COUNT && strcmp(texts[i], text) != 0) i++;
    return (heng_event_kind)i;
}

heng_rc heng_store_add_event(struct heng_store *store, const struct heng_point_event *event, int64_t *ret_id,
                             struct heng_err *err)
{
    struct heng_query q;
    if (!store->reader.db.in_transaction) return heng_fail(err, HENG_EBUG, 0, "no transaction is open");
    heng_query_begin(&q, &store->reader.db, HENG_SQL_EVENT_ADD);
    heng_query_int(&q, event->point_id);
    heng_query_int(&q, event->channel_id);
    heng_query_text(&q, heng_event_text(event->kind));
    heng_query_int(&q, event->at_us);
    heng_query_int(&q, event->until_us);
    heng_query_int(&q, event->recorded_us);
    heng_query_int(&q, event->device_id);
    heng_query_int(&q, event->other_point);
    heng_query_text(&q, event->before);
    heng_query_text(&q, event->after);
    heng_query_int(&q, event->factor_num);
    heng_query_int(&q, event->factor_den);
    heng_query_int(&q, event->digits);
    heng_query_text(&q, event->unit);
    heng_query_int(&q, event->reading_at);
    heng_query_int(&q, event->reading_source);
    heng_query_int(&q, event->undoes);
    heng_query_text(&q, event->who);
    heng_query_text(&q, event->second);
    heng_query_text(&q, event->reason);
    if (event->photo.n)
        heng_query_blob(&q, event->photo);
    else
        heng_query_null(&q);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_id = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

static void fill_event(struct heng_query *q, struct heng_point_event *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->id = heng_query_get_int(q);
    ret->point_id = heng_query_get_int(q);
    ret->channel_id = heng_query_get_int(q);
    ret->kind = heng_event_of(heng_query_peek_text(q));
    ret->at_us = heng_query_get_int(q);
    ret->until_us = heng_query_get_int(q);
    ret->recorded_us = heng_query_get_int(q);
    ret->device_id = heng_query_get_int(q);
    ret->other_point = heng_query_get_int(q);
    heng_query_get_text(q, ret->before, sizeof ret->before);
    heng_query_get_text(q, ret->after, sizeof ret->after);
    ret->factor_num = heng_query_get_int(q);
    ret->factor_den = heng_query_get_int(q);
    ret->digits = (uint8_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->unit, sizeof ret->unit);
    ret->reading_at = heng_query_get_int(q);
    ret->reading_source = heng_query_get_int(q);
    ret->undoes = heng_query_get_int(q);
    heng_query_get_text(q, ret->who, sizeof ret->who);
    heng_query_get_text(q, ret->second, sizeof ret->second);
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
    ret->undone_by = heng_query_get_int(q);
    ret->has_photo = heng_query_get_int(q) != 0;
}

heng_rc heng_store_get_event(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_point_event *ret,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_EVENT_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) fill_event(&q, ret);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_list_events(struct heng_store_reader *reader, int64_t scope, int64_t point_id, heng_us after_us,
                               int64_t after_id, struct heng_point_event *ret, size_t cap, size_t *ret_n,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_EVENT_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, point_id);
    heng_query_int(&q, after_us);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) fill_event(&q, &ret[*ret_n]);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_get_photo(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_buf *buf,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_EVENT_PHOTO);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) heng_buf_put(buf, heng_query_get_blob(&q));
    heng_query_end(&q);
    return rc == HENG_OK && buf->full ? HENG_ELIMIT : rc;
}

/* --- installations --------------------------------------------------------------------------------------------- */

static void fill_installation(struct heng_query *q, struct heng_installation *ret)
{
    ret->id = heng_query_get_int(q);
    ret->device_id = heng_query_get_int(q);
    ret->point_id = heng_query_get_int(q);
    ret->from_us = heng_query_get_int(q);
    ret->until_us = heng_query_get_int(q);
    ret->factor_num = heng_query_get_int(q);
    ret->factor_den = heng_query_get_int(q);
    ret->digits = (uint8_t)heng_query_get_int(q);
}

heng_rc heng_store_list_installations(struct heng_store_reader *reader, int64_t device_id, int64_t point_id,
                                      struct heng_installation *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_INSTALLATION_LIST);
    heng_query_int(&q, device_id);
    heng_query_int(&q, point_id);
    heng_query_int(&q, (int64_t)cap);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n)
        fill_installation(&q, &ret[*ret_n]);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_begin_installation(struct heng_store *store, const struct heng_installation *inst,
                                      struct heng_err *err)
{
    struct heng_installation whole = *inst;
    int64_t id = 0;
    if (!whole.factor_num) whole.factor_num = 1;
    if (!whole.factor_den) whole.factor_den = 1;
    return heng_archive_add_installation(store, &whole, &id, err);
}

static heng_rc on_installation(struct heng_store *store, heng_sql sql, int64_t id, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, sql);
    heng_query_int(&q, id);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_end_installation(struct heng_store *store, int64_t id, heng_us at_us, struct heng_err *err)
{
    struct heng_query q;
    if (!at_us) return on_installation(store, HENG_SQL_INSTALLATION_REOPEN, id, err);
    heng_query_begin(&q, &store->reader.db, HENG_SQL_INSTALLATION_END);
    heng_query_int(&q, id);
    heng_query_int(&q, at_us);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_drop_installation(struct heng_store *store, int64_t id, struct heng_err *err)
{
    return on_installation(store, HENG_SQL_INSTALLATION_DROP, id, err);
}

heng_rc heng_store_point_scope(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                               struct heng_point_scope *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_POINT_SCOPE);
    heng_query_int(&q, scope);
    heng_query_int(&q, point_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->medium = heng_medium_of(heng_query_peek_text(&q));
        ret->closed_us = heng_query_get_int(&q);
        ret->is_virtual = strcmp(heng_query_peek_text(&q), "virtual") == 0;
    }
    heng_query_end(&q);
    return rc;
}
