#include "store/money/pay_files.h"

#include "store/db_rows.h"

#define TEXTS(type, name, LIST, COUNT_OF)                                                                              \
    const char *heng_##name##_text(type value)                                                                         \
    {                                                                                                                  \
        static const char *const texts[] = {LIST(TEXT_OF)};                                                            \
        return (unsigned)value < (unsigned)(COUNT_OF) ? texts[value] : "";                                             \
    }                                                                                                                  \
    type heng_##name##_of(const char *text)                                                                            \
    {                                                                                                                  \
        unsigned i = 0;                                                                                                \
        while (i < (unsigned)(COUNT_OF) && strcmp(text, heng_##name##_text((type)i)) != 0) i++;                        \
        return (type)i;                                                                                                \
    }
#define TEXT_OF(symbol, text) text,
TEXTS(heng_pay_file_kind, pay_file_kind, HENG_PAY_FILE_KIND_LIST, HENG_PAY_FILE_KIND_COUNT)
TEXTS(heng_pay_file_state, pay_file_state, HENG_PAY_FILE_STATE_LIST, HENG_PAY_FILE_STATE_COUNT)
TEXTS(heng_reconcile_class, reconcile, HENG_RECONCILE_LIST, HENG_RECONCILE_COUNT)

static void fill_file(struct heng_query *q, struct heng_pay_file *f)
{
    f->id = heng_query_get_int(q);
    f->org_id = heng_query_get_int(q);
    heng_query_get_text(q, f->channel, sizeof f->channel);
    f->kind = heng_pay_file_kind_of(heng_query_peek_text(q));
    heng_query_get_text(q, f->name, sizeof f->name);
    f->day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, f->batch, sizeof f->batch);
    f->count = heng_query_get_int(q);
    f->total = heng_query_get_int(q);
    f->state = heng_pay_file_state_of(heng_query_peek_text(q));
    f->at_us = heng_query_get_int(q);
    heng_query_get_text(q, f->who, sizeof f->who);
    heng_query_get_text(q, f->why, sizeof f->why);
    const struct heng_slice digest = heng_query_get_blob(q);
    memset(f->digest, 0, sizeof f->digest);
    if (digest.n == sizeof f->digest) memcpy(f->digest, digest.p, digest.n);
}

heng_rc heng_store_add_pay_file(struct heng_store *store, struct heng_pay_file *f, struct heng_slice body,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    f->id = store->next[HENG_ID_PAY_FILE]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PAY_FILE_PUT);
    heng_query_int(&q, f->id);
    heng_query_int(&q, f->org_id);
    heng_query_text(&q, f->channel);
    heng_query_text(&q, heng_pay_file_kind_text(f->kind));
    heng_query_text(&q, f->name);
    heng_query_int(&q, f->day);
    heng_query_text(&q, f->batch);
    heng_query_int(&q, f->count);
    heng_query_int(&q, f->total);
    heng_query_text(&q, heng_pay_file_state_text(f->state));
    heng_query_int(&q, f->at_us);
    heng_query_text(&q, f->who);
    heng_query_text(&q, f->why);
    heng_query_blob(&q, heng_slice_of(f->digest, sizeof f->digest));
    heng_query_blob(&q, body);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_set_pay_file(struct heng_store *store, int64_t id, heng_pay_file_state state, const char *why,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PAY_FILE_STATE);
    heng_query_int(&q, id);
    heng_query_text(&q, heng_pay_file_state_text(state));
    heng_query_text(&q, why);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_pay_file(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_pay_file *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_FILE_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(fill_file, ret);
}

heng_rc heng_store_get_pay_file_body(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_str *ret,
                                     struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_FILE_BODY);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        const struct heng_slice body = heng_query_get_blob(&q);
        heng_str_put(ret, (const char *)body.p, body.n);
    }
    heng_query_end(&q);
    return rc == HENG_OK && ret->rc != HENG_OK ? heng_fail(err, ret->rc, 0, "the file is too large") : rc;
}

heng_rc heng_store_find_pay_batch(struct heng_store_reader *reader, int64_t org_id, const char *channel,
                                  const char *batch, heng_pay_file_kind kind, struct heng_pay_file *ret,
                                  struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_FILE_BATCH);
    heng_query_int(&q, org_id);
    heng_query_text(&q, channel);
    heng_query_text(&q, batch);
    heng_query_text(&q, heng_pay_file_kind_text(kind));
    HENG_QUERY_ONE(fill_file, ret);
}

heng_rc heng_store_find_pay_digest(struct heng_store_reader *reader, int64_t org_id, const char *channel,
                                   heng_pay_file_kind kind, const uint8_t digest[HENG_AT_LEAST(32)],
                                   struct heng_pay_file *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_FILE_DIGEST);
    heng_query_int(&q, org_id);
    heng_query_text(&q, channel);
    heng_query_text(&q, heng_pay_file_kind_text(kind));
    heng_query_blob(&q, heng_slice_of(digest, 32));
    HENG_QUERY_ONE(fill_file, ret);
}

/* The one number that a statement gives. */
static heng_rc number_of(struct heng_query *q, int64_t *ret, struct heng_err *err)
{
    heng_rc rc = heng_query_step(q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(q);
    heng_query_end(q);
    return rc;
}

heng_rc heng_store_count_pay_files(struct heng_store_reader *reader, int64_t org_id, const char *channel,
                                   heng_pay_file_kind kind, int32_t day, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_FILE_COUNT);
    heng_query_int(&q, org_id);
    heng_query_text(&q, channel);
    heng_query_text(&q, heng_pay_file_kind_text(kind));
    heng_query_int(&q, day);
    return number_of(&q, ret, err);
}

heng_rc heng_store_list_pay_files(struct heng_store_reader *reader, int64_t scope, heng_pay_file_kind kind,
                                  heng_pay_file_state state, int64_t after_id, struct heng_pay_file *ret, size_t cap,
                                  size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_FILE_LIST);
    heng_query_int(&q, scope);
    heng_query_text(&q, heng_pay_file_kind_text(kind));
    heng_query_text(&q, heng_pay_file_state_text(state));
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_file, ret, cap, ret_n);
}

/* --- lines --- */

static void fill_line(struct heng_query *q, struct heng_pay_line *l)
{
    l->file_id = heng_query_get_int(q);
    l->n = heng_query_get_int(q);
    heng_query_get_text(q, l->order_number, sizeof l->order_number);
    heng_query_get_text(q, l->transaction_id, sizeof l->transaction_id);
    heng_query_get_text(q, l->account_number, sizeof l->account_number);
    l->bill_id = heng_query_get_int(q);
    l->amount = heng_query_get_int(q);
    l->fee = heng_query_get_int(q);
    heng_query_get_text(q, l->result, sizeof l->result);
    l->booking_id = heng_query_get_int(q);
    heng_query_get_text(q, l->why, sizeof l->why);
}

heng_rc heng_store_put_pay_line(struct heng_store *store, const struct heng_pay_line *l, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PAY_LINE_PUT);
    heng_query_int(&q, l->file_id);
    heng_query_int(&q, l->n);
    heng_query_text(&q, l->order_number);
    heng_query_text(&q, l->transaction_id);
    heng_query_text(&q, l->account_number);
    heng_query_int(&q, l->bill_id);
    heng_query_int(&q, l->amount);
    heng_query_int(&q, l->fee);
    heng_query_text(&q, l->result);
    heng_query_int(&q, l->booking_id);
    heng_query_text(&q, l->why);
    return heng_query_queue(&q, err);
}

heng_rc heng_store_get_pay_line(struct heng_store_reader *reader, int64_t file_id, int64_t n, struct heng_pay_line *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_LINE_GET);
    heng_query_int(&q, file_id);
    heng_query_int(&q, n);
    HENG_QUERY_ONE(fill_line, ret);
}

heng_rc heng_store_list_pay_lines(struct heng_store_reader *reader, int64_t file_id, int64_t after_n,
                                  struct heng_pay_line *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_LINE_LIST);
    heng_query_int(&q, file_id);
    heng_query_int(&q, after_n);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_line, ret, cap, ret_n);
}

heng_rc heng_store_batch_of_bill(struct heng_store_reader *reader, int64_t bill_id, struct heng_pay_file *ret,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_BILL_BATCH);
    heng_query_int(&q, bill_id);
    HENG_QUERY_ONE(fill_file, ret);
}

static void fill_id(struct heng_query *q, int64_t *ret) { *ret = heng_query_get_int(q); }

heng_rc heng_store_list_withholding(struct heng_store_reader *reader, int64_t org_id, int64_t after_id, int64_t *ret,
                                    size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PAY_WITHHOLD);
    heng_query_int(&q, org_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_id, ret, cap, ret_n);
}

/* --- a channel's days beside ours --- */

static void fill_reconcile(struct heng_query *q, struct heng_reconcile *r)
{
    r->id = heng_query_get_int(q);
    r->org_id = heng_query_get_int(q);
    heng_query_get_text(q, r->channel, sizeof r->channel);
    r->day = (int32_t)heng_query_get_int(q);
    r->n = heng_query_get_int(q);
    r->file_id = heng_query_get_int(q);
    r->ours = heng_query_get_int(q);
    r->theirs = heng_query_get_int(q);
    r->fees = heng_query_get_int(q);
    r->at_us = heng_query_get_int(q);
    r->closed_us = heng_query_get_int(q);
    heng_query_get_text(q, r->who, sizeof r->who);
}

heng_rc heng_store_put_reconcile(struct heng_store *store, struct heng_reconcile *r, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    if (!r->id) r->id = store->next[HENG_ID_RECONCILE]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_RECONCILE_PUT);
    heng_query_int(&q, r->id);
    heng_query_int(&q, r->org_id);
    heng_query_text(&q, r->channel);
    heng_query_int(&q, r->day);
    heng_query_int(&q, r->n);
    heng_query_int(&q, r->file_id);
    heng_query_int(&q, r->ours);
    heng_query_int(&q, r->theirs);
    heng_query_int(&q, r->fees);
    heng_query_int(&q, r->at_us);
    heng_query_int(&q, r->closed_us);
    heng_query_text(&q, r->who);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_reconcile(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                 struct heng_reconcile *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECONCILE_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(fill_reconcile, ret);
}

heng_rc heng_store_last_reconcile(struct heng_store_reader *reader, int64_t org_id, const char *channel, int32_t day,
                                  struct heng_reconcile *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECONCILE_LAST);
    heng_query_int(&q, org_id);
    heng_query_text(&q, channel);
    heng_query_int(&q, day);
    HENG_QUERY_ONE(fill_reconcile, ret);
}

heng_rc heng_store_list_reconciles(struct heng_store_reader *reader, int64_t scope, int64_t after_id,
                                   struct heng_reconcile *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECONCILE_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_reconcile, ret, cap, ret_n);
}

heng_rc heng_store_put_reconcile_line(struct heng_store *store, const struct heng_reconcile_line *l,
                                      struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_RECONCILE_LINE_PUT);
    heng_query_int(&q, l->reconcile_id);
    heng_query_int(&q, l->n);
    heng_query_text(&q, heng_reconcile_text(l->class_of));
    heng_query_text(&q, l->order_number);
    heng_query_text(&q, l->transaction_id);
    heng_query_int(&q, l->ours);
    heng_query_int(&q, l->theirs);
    heng_query_int(&q, l->fee);
    heng_query_text(&q, l->decision);
    heng_query_text(&q, l->who);
    heng_query_text(&q, l->reason);
    return heng_query_finish(&q, err);
}

static void fill_reconcile_line(struct heng_query *q, struct heng_reconcile_line *l)
{
    l->reconcile_id = heng_query_get_int(q);
    l->n = heng_query_get_int(q);
    l->class_of = heng_reconcile_of(heng_query_peek_text(q));
    heng_query_get_text(q, l->order_number, sizeof l->order_number);
    heng_query_get_text(q, l->transaction_id, sizeof l->transaction_id);
    l->ours = heng_query_get_int(q);
    l->theirs = heng_query_get_int(q);
    l->fee = heng_query_get_int(q);
    heng_query_get_text(q, l->decision, sizeof l->decision);
    heng_query_get_text(q, l->who, sizeof l->who);
    heng_query_get_text(q, l->reason, sizeof l->reason);
}

heng_rc heng_store_list_reconcile_lines(struct heng_store_reader *reader, int64_t reconcile_id, int64_t after_n,
                                        struct heng_reconcile_line *ret, size_t cap, size_t *ret_n,
                                        struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECONCILE_LINE_LIST);
    heng_query_int(&q, reconcile_id);
    heng_query_int(&q, after_n);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_reconcile_line, ret, cap, ret_n);
}

heng_rc heng_store_undecided(struct heng_store_reader *reader, int64_t reconcile_id, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECONCILE_UNDECIDED);
    heng_query_int(&q, reconcile_id);
    return number_of(&q, ret, err);
}

heng_rc heng_store_reconciled(struct heng_store_reader *reader, const struct heng_reconcile *but,
                              const char *order_number, bool *ret, struct heng_err *err)
{
    struct heng_query q;
    int64_t n = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_RECONCILE_SEEN);
    heng_query_int(&q, but->org_id);
    heng_query_text(&q, but->channel);
    heng_query_text(&q, order_number);
    heng_query_int(&q, but->id);
    heng_rc rc = number_of(&q, &n, err);
    if (rc == HENG_OK) *ret = n > 0;
    return rc;
}
