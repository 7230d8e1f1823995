/* Tasks of supply, what their guards look at, and days without cuts (store/money/prepaid.h). */
#include "store/db_rows.h"
#include "store/money/prepaid.h"

static const char *const state_texts[] = {
#define X(symbol, text) text,
    HENG_SUPPLY_STATE_LIST(X)
#undef X
};

const char *heng_supply_state_text(heng_supply_state state)
{
    return (unsigned)state < HENG_SUPPLY_STATE_COUNT ? state_texts[state] : "?";
}

heng_supply_state heng_supply_state_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_SUPPLY_STATE_COUNT && strcmp(state_texts[i], text) != 0) i++;
    return (heng_supply_state)i;
}

/* --- tasks ----------------------------------------------------------------------------------------------------- */

static void fill_task(struct heng_query *q, struct heng_supply_task *ret)
{
    ret->id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    ret->org_id = heng_query_get_int(q);
    ret->account_id = heng_query_get_int(q);
    ret->point_id = heng_query_get_int(q);
    ret->on = strcmp(heng_query_peek_text(q), "on") == 0;
    ret->state = heng_supply_state_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
    ret->made_us = heng_query_get_int(q);
    ret->not_before_us = heng_query_get_int(q);
    ret->notice_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->approved_by, sizeof ret->approved_by);
    ret->command_id = heng_query_get_int(q);
    ret->tries = (uint32_t)heng_query_get_int(q);
    ret->ended_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->why, sizeof ret->why);
}

static heng_rc change_task(struct heng_store *store, const struct heng_supply_task *task, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SUPPLY_CHANGE);
    heng_query_int(&q, task->id);
    heng_query_text(&q, heng_supply_state_text(task->state));
    heng_query_int(&q, task->not_before_us);
    heng_query_int(&q, task->notice_id);
    heng_query_text(&q, task->approved_by);
    heng_query_int(&q, task->command_id);
    heng_query_int(&q, task->tries);
    heng_query_int(&q, task->ended_us);
    heng_query_text(&q, task->why);
    return heng_query_finish(&q, err);
}

static heng_rc add_task(struct heng_store *store, const struct heng_supply_task *task, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SUPPLY_ADD);
    heng_query_int(&q, task->id);
    heng_query_text(&q, task->key);
    heng_query_int(&q, task->org_id);
    heng_query_int(&q, task->account_id);
    heng_query_int(&q, task->point_id);
    heng_query_text(&q, task->on ? "on" : "off");
    heng_query_text(&q, heng_supply_state_text(task->state));
    heng_query_text(&q, task->reason);
    heng_query_int(&q, task->made_us);
    heng_query_int(&q, task->not_before_us);
    heng_query_int(&q, task->notice_id);
    heng_query_text(&q, task->approved_by);
    heng_query_int(&q, task->command_id);
    heng_query_int(&q, task->tries);
    heng_query_int(&q, task->ended_us);
    heng_query_text(&q, task->why);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_put_supply(struct heng_store *store, struct heng_supply_task *task, bool *ret_existed,
                              struct heng_err *err)
{
    struct heng_supply_task other;
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (ret_existed) *ret_existed = false;
    if (task->id) return change_task(store, task, err);
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SUPPLY_FIND);
    heng_query_text(&q, task->key);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) task->id = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc == HENG_OK && ret_existed) *ret_existed = true;
    if (rc != HENG_ENOTFOUND) return rc;
    rc = heng_store_open_supply(&store->reader, task->point_id, &other, err);
    if (rc == HENG_OK)
        return heng_fail(err, HENG_ECONFLICT, 0, "task %lld of this point is not ended", (long long)other.id);
    if (rc != HENG_ENOTFOUND) return rc;
    task->id = store->next[HENG_ID_SUPPLY_TASK];
    rc = add_task(store, task, err);
    if (rc == HENG_OK) store->next[HENG_ID_SUPPLY_TASK]++;
    return rc;
}

heng_rc heng_store_get_supply(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_supply_task *ret,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_GET);
    heng_query_int(&q, id);
    heng_query_int(&q, scope);
    HENG_QUERY_ONE(fill_task, ret);
}

heng_rc heng_store_open_supply(struct heng_store_reader *reader, int64_t point_id, struct heng_supply_task *ret,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_OPEN);
    heng_query_int(&q, point_id);
    HENG_QUERY_ONE(fill_task, ret);
}

heng_rc heng_store_last_supply(struct heng_store_reader *reader, int64_t point_id, bool ordered,
                               struct heng_supply_task *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_LAST);
    heng_query_int(&q, point_id);
    heng_query_int(&q, ordered);
    HENG_QUERY_ONE(fill_task, ret);
}

heng_rc heng_store_due_supply(struct heng_store_reader *reader, bool on, heng_us now_us, heng_us after_us,
                              int64_t after_id, struct heng_supply_task *ret, size_t cap, size_t *ret_n,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_DUE);
    heng_query_text(&q, on ? "on" : "off");
    heng_query_int(&q, now_us);
    heng_query_int(&q, after_us);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_task, ret, cap, ret_n);
}

heng_rc heng_store_list_supply(struct heng_store_reader *reader, int64_t scope, int64_t account_id, bool open_only,
                               int64_t before_id, struct heng_supply_task *ret, size_t cap, size_t *ret_n,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, account_id);
    heng_query_int(&q, before_id);
    heng_query_int(&q, open_only);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_task, ret, cap, ret_n);
}

heng_rc heng_store_put_keep(struct heng_store *store, int64_t account_id, heng_us until_us, heng_us at_us,
                            const char *who, const char *reason, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_KEEP_PUT);
    heng_query_int(&q, account_id);
    heng_query_int(&q, until_us);
    heng_query_int(&q, at_us);
    heng_query_text(&q, who);
    heng_query_text(&q, reason);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_keep(struct heng_store_reader *reader, int64_t account_id, heng_us *ret_until_us,
                            struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_KEEP_GET);
    heng_query_int(&q, account_id);
    heng_rc rc = heng_query_step(&q, err);
    *ret_until_us = rc == HENG_OK ? heng_query_get_int(&q) : 0;
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- what guards look at --------------------------------------------------------------------------------------- */

static heng_rc last_day(struct heng_store_reader *reader, heng_sql sql, int64_t channel_id, int32_t *ret,
                        struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, sql);
    heng_query_int(&q, channel_id);
    heng_rc rc = heng_query_step(&q, err);
    *ret = rc == HENG_OK ? (int32_t)heng_query_get_int(&q) : INT32_MIN;
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_supply_again(struct heng_store *store, int64_t account_id, heng_us now_us, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SUPPLY_AGAIN);
    heng_query_int(&q, account_id);
    heng_query_int(&q, now_us);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_supply_point(struct heng_store_reader *reader, int64_t point_id, struct heng_supply_point *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    int64_t channel_id = 0;
    int32_t measured = INT32_MIN, estimated = INT32_MIN;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_POINT);
    heng_query_int(&q, point_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->medium = heng_medium_of(heng_query_peek_text(&q));
        ret->main_meter = heng_query_get_int(&q) != 0;
        channel_id = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    if (rc == HENG_OK) rc = last_day(reader, HENG_SQL_SUPPLY_KNOWN, channel_id, &measured, err);
    if (rc == HENG_OK) rc = last_day(reader, HENG_SQL_SUPPLY_ESTIMATED, channel_id, &estimated, err);
    if (rc != HENG_OK) return rc;
    ret->known_day = measured > estimated ? measured : estimated;
    ret->measured = measured >= estimated && measured != INT32_MIN;
    return HENG_OK;
}

heng_rc heng_store_money_on_way(struct heng_store_reader *reader, int64_t account_id, heng_us since_us,
                                int64_t *ret_payments, int64_t *ret_meter_orders, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_MONEY);
    heng_query_int(&q, account_id);
    heng_query_int(&q, since_us);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_payments = heng_query_get_int(&q);
        *ret_meter_orders = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_arrears(struct heng_store_reader *reader, int64_t account_id, int32_t before_day,
                           int32_t *ret_since_day, int64_t *ret_sum, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_ARREARS);
    heng_query_int(&q, account_id);
    heng_query_int(&q, before_day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_since_day = (int32_t)heng_query_get_int(&q);
        *ret_sum = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

static void fill_debtor(struct heng_query *q, struct heng_debtor *ret)
{
    ret->book_id = heng_query_get_int(q);
    ret->account_id = heng_query_get_int(q);
}

heng_rc heng_store_debtors(struct heng_store_reader *reader, int64_t after_book_id, struct heng_debtor *ret, size_t cap,
                           size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SUPPLY_DEBTORS);
    heng_query_int(&q, after_book_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_debtor, ret, cap, ret_n);
}

/* --- days without cuts ----------------------------------------------------------------------------------------- */

heng_rc heng_store_put_no_cut(struct heng_store *store, const char *name, int32_t from_day, struct heng_slice body,
                              const char *who, int64_t *ret_version, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_NO_CUT_VERSION);
    heng_query_text(&q, name);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_version = heng_query_get_int(&q) + 1;
    heng_query_end(&q);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_NO_CUT_PUT);
    heng_query_text(&q, name);
    heng_query_int(&q, *ret_version);
    heng_query_int(&q, from_day);
    heng_query_text(&q, who);
    return heng_query_finish_text(&q, body, err);
}

heng_rc heng_store_get_no_cut(struct heng_store_reader *reader, const char *name, int32_t day, int64_t *ret_version,
                              struct heng_str *ret_body, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_NO_CUT_GET);
    heng_query_text(&q, name);
    heng_query_int(&q, day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_version = heng_query_get_int(&q);
        const char *text = heng_query_peek_text(&q);
        heng_str_put(ret_body, text, strlen(text));
        rc = ret_body->rc == HENG_OK ? HENG_OK : heng_fail(err, ret_body->rc, 0, "a calendar is too long");
    }
    heng_query_end(&q);
    return rc;
}
