#include "store/money/notices.h"

#include "store/db_rows.h"

static const char *const state_texts[] = {
#define X(symbol, text) text,
    HENG_NOTICE_STATE_LIST(X)
#undef X
};

const char *heng_notice_state_text(heng_notice_state state)
{
    return (unsigned)state < HENG_NOTICE_STATE_COUNT ? state_texts[state] : "?";
}

heng_notice_state heng_notice_state_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_NOTICE_STATE_COUNT && strcmp(state_texts[i], text) != 0) i++;
    return (heng_notice_state)i;
}

static void of_row(struct heng_query *q, struct heng_notice *ret)
{
    ret->id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    ret->org_id = heng_query_get_int(q);
    ret->account_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->kind, sizeof ret->kind);
    heng_query_get_text(q, ret->language, sizeof ret->language);
    heng_query_get_text(q, ret->text, sizeof ret->text);
    ret->made_us = heng_query_get_int(q);
    ret->state = heng_notice_state_of(heng_query_peek_text(q));
    ret->sent_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->why, sizeof ret->why);
}

heng_rc heng_store_add_notice(struct heng_store *store, struct heng_notice *notice, bool *ret_existed,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_NOTICE_FIND);
    heng_query_text(&q, notice->key);
    rc = heng_query_step(&q, err);
    int64_t id = rc == HENG_OK ? heng_query_get_int(&q) : store->next[HENG_ID_NOTICE];
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    notice->id = id;
    if (ret_existed) *ret_existed = rc == HENG_OK;
    if (rc == HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_NOTICE_ADD);
    heng_query_int(&q, id);
    heng_query_text(&q, notice->key);
    heng_query_int(&q, notice->org_id);
    heng_query_int(&q, notice->account_id);
    heng_query_text(&q, notice->kind);
    heng_query_text(&q, notice->language);
    heng_query_text(&q, notice->text);
    heng_query_int(&q, notice->made_us);
    heng_query_text(&q, heng_notice_state_text(notice->state));
    heng_query_int(&q, notice->sent_us);
    heng_query_text(&q, notice->why);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) store->next[HENG_ID_NOTICE]++;
    return rc;
}

heng_rc heng_store_get_notice(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_notice *ret,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_NOTICE_GET);
    heng_query_int(&q, id);
    heng_query_int(&q, scope);
    HENG_QUERY_ONE(of_row, ret);
}

heng_rc heng_store_notice_state(struct heng_store *store, int64_t id, heng_notice_state state, heng_us sent_us,
                                const char *why, struct heng_err *err)
{
    struct heng_notice was;
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_store_get_notice(&store->reader, 0, id, &was, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_NOTICE_CHANGE);
    heng_query_int(&q, id);
    heng_query_text(&q, heng_notice_state_text(state));
    heng_query_int(&q, sent_us);
    heng_query_text(&q, why);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_list_notices(struct heng_store_reader *reader, int64_t scope, int64_t account_id, int64_t before_id,
                                struct heng_notice *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_NOTICE_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, account_id);
    heng_query_int(&q, before_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(of_row, ret, cap, ret_n);
}

heng_rc heng_store_waiting_notices(struct heng_store_reader *reader, int64_t scope, int64_t after_id,
                                   struct heng_notice *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_NOTICE_WAITING);
    heng_query_int(&q, scope);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(of_row, ret, cap, ret_n);
}
