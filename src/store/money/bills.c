/* Bills and which money pays them, of bills.h; charges are in charges.c. */
#include <stdlib.h>

#include "store/db_rows.h"
#include "store/money/rows.h"
#include "store/money/runs.h"

static const char *const kinds[] = {
#define X(symbol, text) text,
    HENG_BILL_KIND_LIST(X)
#undef X
};

static const char *const states[] = {
#define X(symbol, text) text,
    HENG_BILL_STATE_LIST(X)
#undef X
};

const char *heng_bill_kind_text(heng_bill_kind kind) { return kind < HENG_BILL_KIND_COUNT ? kinds[kind] : "unknown"; }

heng_bill_kind heng_bill_kind_of(const char *text)
{
    heng_bill_kind i = HENG_BILL_BILL;
    while (i < HENG_BILL_KIND_COUNT && strcmp(kinds[i], text) != 0) i++;
    return i;
}

const char *heng_bill_state_text(heng_bill_state state)
{
    return state < HENG_BILL_STATE_COUNT ? states[state] : "unknown";
}

heng_bill_state heng_bill_state_of(const char *text)
{
    heng_bill_state i = HENG_BILL_STATE_DRAFT;
    while (i < HENG_BILL_STATE_COUNT && strcmp(states[i], text) != 0) i++;
    return i;
}

static void fill_bill(struct heng_query *q, struct heng_bill *ret)
{
    *ret = (struct heng_bill){.id = heng_query_get_int(q)};
    ret->run_id = heng_query_get_int(q);
    ret->org_id = heng_query_get_int(q);
    ret->account_id = heng_query_get_int(q);
    ret->kind = heng_bill_kind_of(heng_query_peek_text(q));
    ret->state = heng_bill_state_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->number, sizeof ret->number);
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    ret->due_day = (int32_t)heng_query_get_int(q);
    ret->total = heng_query_get_int(q);
    ret->tax = heng_query_get_int(q);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
    ret->flags = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->why, sizeof ret->why);
    ret->booking_id = heng_query_get_int(q);
    ret->reverses = heng_query_get_int(q);
    ret->replaces = heng_query_get_int(q);
    ret->issued_us = heng_query_get_int(q);
    ret->rank = (int32_t)heng_query_get_int(q);
    struct heng_slice digest = heng_query_get_blob(q);
    ret->has_digest = digest.n == sizeof ret->digest;
    if (ret->has_digest) memcpy(ret->digest, digest.p, sizeof ret->digest);
}

static struct heng_slice digest_of(const struct heng_bill *bill)
{
    return heng_slice_of(bill->digest, bill->has_digest ? sizeof bill->digest : 0);
}

static void bind_digest(struct heng_query *q, const struct heng_bill *bill)
{
    if (bill->has_digest)
        heng_query_blob(q, digest_of(bill));
    else
        heng_query_null(q);
}

static heng_rc add_bill(struct heng_store *store, const struct heng_bill *bill, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BILL_ADD);
    heng_query_int(&q, bill->id);
    heng_query_int(&q, bill->run_id);
    heng_query_int(&q, bill->org_id);
    heng_query_int(&q, bill->account_id);
    heng_query_text(&q, heng_bill_kind_text(bill->kind));
    heng_query_text(&q, heng_bill_state_text(bill->state));
    heng_query_text(&q, bill->number);
    heng_query_int(&q, bill->from_day);
    heng_query_int(&q, bill->to_day);
    heng_query_int(&q, bill->due_day);
    heng_query_int(&q, bill->total);
    heng_query_int(&q, bill->tax);
    heng_query_text(&q, bill->currency);
    heng_query_int(&q, bill->flags);
    heng_query_text(&q, bill->why);
    heng_query_int(&q, bill->booking_id);
    heng_query_int(&q, bill->reverses);
    heng_query_int(&q, bill->replaces);
    heng_query_int(&q, bill->issued_us);
    heng_query_int(&q, bill->rank);
    bind_digest(&q, bill);
    return heng_query_queue(&q, err);
}

/* OK: the statement changed its row. What the row says already decides whether it may. */
static heng_rc must_change(struct heng_query *q, const struct heng_bill *bill, struct heng_err *err)
{
    heng_rc rc = heng_query_step(q, err);
    heng_query_end(q);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_EBUG, 0, "bill %lld was issued and does not change", (long long)bill->id);
    return rc;
}

static heng_rc change_bill(struct heng_store *store, const struct heng_bill *bill, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BILL_CHANGE);
    heng_query_int(&q, bill->id);
    heng_query_text(&q, heng_bill_kind_text(bill->kind));
    heng_query_text(&q, heng_bill_state_text(bill->state));
    heng_query_text(&q, bill->number);
    heng_query_int(&q, bill->from_day);
    heng_query_int(&q, bill->to_day);
    heng_query_int(&q, bill->due_day);
    heng_query_int(&q, bill->total);
    heng_query_int(&q, bill->tax);
    heng_query_int(&q, bill->flags);
    heng_query_text(&q, bill->why);
    heng_query_int(&q, bill->booking_id);
    heng_query_int(&q, bill->issued_us);
    heng_query_int(&q, bill->rank);
    bind_digest(&q, bill);
    heng_query_int(&q, bill->replaces);
    return must_change(&q, bill, err);
}

static heng_rc set_state(struct heng_store *store, const struct heng_bill *bill, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_BILL_STATE);
    heng_query_int(&q, bill->id);
    heng_query_text(&q, heng_bill_state_text(bill->state));
    return must_change(&q, bill, err);
}

/* --- many at once, on a server: one statement that makes them, or one that changes them ------------------------- */

enum { INTS = 15, TEXTS = 5, COLUMNS = INTS + TEXTS + 1 };

static void put_row(const struct heng_bill *bill, struct heng_column *columns, size_t row)
{
    const int64_t ints[INTS] = {bill->id,         bill->run_id,   bill->org_id,   bill->account_id, bill->from_day,
                                bill->to_day,     bill->due_day,  bill->total,    bill->tax,        bill->flags,
                                bill->booking_id, bill->reverses, bill->replaces, bill->issued_us,  bill->rank};
    const char *const texts[TEXTS] = {heng_bill_kind_text(bill->kind), heng_bill_state_text(bill->state), bill->number,
                                      bill->currency, bill->why};
    for (size_t i = 0; i < INTS; i++) columns[i].ints[row] = ints[i];
    for (size_t i = 0; i < TEXTS; i++) columns[INTS + i].slices[row] = heng_slice_str(texts[i]);
    columns[INTS + TEXTS].slices[row] = digest_of(bill);
}

static heng_rc send_rows(struct heng_store *store, heng_sql sql, const struct heng_column *columns, size_t n,
                         bool makes, struct heng_err *err)
{
    struct heng_query q;
    size_t changed = 0;
    heng_rc rc;
    heng_query_begin(&q, &store->reader.db, sql);
    heng_query_columns(&q, columns, COLUMNS, n);
    if (makes) return heng_query_queue(&q, err);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) changed++;
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    return changed == n ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "a bill that was issued does not change");
}

static heng_rc put_at_once(struct heng_store *store, struct heng_bill *bills, size_t n, struct heng_err *err)
{
    struct heng_column columns[COLUMNS];
    const bool makes = !bills[0].id;
    int64_t *ints = calloc(INTS * n, sizeof *ints);
    struct heng_slice *slices = calloc((TEXTS + 1) * n, sizeof *slices);
    heng_rc rc = ints && slices ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu bills", n);
    for (size_t i = 0; i < COLUMNS; i++) columns[i] = (struct heng_column){.type = HENG_COLUMN_INT};
    for (size_t i = 0; rc == HENG_OK && i < INTS; i++) columns[i].ints = ints + i * n;
    for (size_t i = 0; rc == HENG_OK && i <= TEXTS; i++) {
        columns[INTS + i].type = i < TEXTS ? HENG_COLUMN_TEXT : HENG_COLUMN_BLOB;
        columns[INTS + i].slices = slices + i * n;
    }
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (makes) bills[i].id = store->next[HENG_ID_BILL]++;
        put_row(&bills[i], columns, i);
    }
    if (rc == HENG_OK)
        rc = send_rows(store, makes ? HENG_SQL_BILL_ADD_ALL : HENG_SQL_BILL_CHANGE_ALL, columns, n, makes, err);
    free(ints);
    free(slices);
    return rc;
}

/* All new, or all there and none taken back. */
static bool are_alike(const struct heng_bill *bills, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!bills[i].id != !bills[0].id || (bills[i].id && bills[i].state == HENG_BILL_STATE_REVERSED)) return false;
    return true;
}

heng_rc heng_store_put_bills(struct heng_store *store, struct heng_bill *bills, size_t n, struct heng_err *err)
{
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK && store->reader.db.postgres && n > 1 && are_alike(bills, n))
        return put_at_once(store, bills, n, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        if (!bills[i].id) {
            bills[i].id = store->next[HENG_ID_BILL]++;
            rc = add_bill(store, &bills[i], err);
        } else if (bills[i].state == HENG_BILL_STATE_REVERSED) {
            rc = set_state(store, &bills[i], err);
        } else {
            rc = change_bill(store, &bills[i], err);
        }
    }
    return rc;
}

heng_rc heng_store_put_bill(struct heng_store *store, struct heng_bill *bill, struct heng_err *err)
{
    return heng_store_put_bills(store, bill, 1, err);
}

heng_rc heng_store_get_bill(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_bill *ret,
                            struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(fill_bill, ret);
}

heng_rc heng_store_find_bill(struct heng_store_reader *reader, int64_t scope, const char *number, struct heng_bill *ret,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_FIND);
    heng_query_int(&q, scope);
    heng_query_text(&q, number);
    HENG_QUERY_ONE(fill_bill, ret);
}

heng_rc heng_store_find_bill_reversal(struct heng_store_reader *reader, int64_t bill_id, struct heng_bill *ret,
                                      struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_REVERSAL);
    heng_query_int(&q, bill_id);
    HENG_QUERY_ONE(fill_bill, ret);
}

static void fill_position(struct heng_query *q, int64_t *ret) { *ret = heng_query_get_int(q); }

heng_rc heng_store_bill_seal_position(struct heng_store_reader *reader, int64_t bill_id, int64_t *ret,
                                      struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_SEAL_POSITION);
    heng_query_int(&q, bill_id);
    HENG_QUERY_ONE(fill_position, ret);
}

heng_rc heng_store_list_bills(struct heng_store_reader *reader, const struct heng_bill_ask *ask, struct heng_bill *ret,
                              size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db,
                     ask->run_id       ? HENG_SQL_BILL_LIST_RUN
                     : ask->account_id ? HENG_SQL_BILL_LIST_ACCOUNT
                                       : HENG_SQL_BILL_LIST);
    heng_query_int(&q, ask->scope);
    heng_query_text(&q, ask->kind < HENG_BILL_KIND_COUNT ? heng_bill_kind_text(ask->kind) : "");
    heng_query_text(&q, ask->state < HENG_BILL_STATE_COUNT ? heng_bill_state_text(ask->state) : "");
    heng_query_int(&q, ask->from_day);
    heng_query_int(&q, ask->to_day);
    if (ask->run_id) {
        heng_query_int(&q, ask->run_id);
        heng_query_int(&q, ask->after_rank);
    }
    heng_query_int(&q, ask->after_id);
    heng_query_int(&q, (int64_t)cap);
    if (!ask->run_id && ask->account_id) heng_query_int(&q, ask->account_id);
    HENG_QUERY_ALL(fill_bill, ret, cap, ret_n);
}

heng_rc heng_store_list_drafts(struct heng_store_reader *reader, int64_t run_id, int64_t after_id,
                               struct heng_bill *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_LIST_ISSUE);
    heng_query_int(&q, run_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_bill, ret, cap, ret_n);
}

/* --- which money pays which bill ------------------------------------------------------------------------------- */

heng_rc heng_store_add_allocations(struct heng_store *store, const struct heng_allocation *rows, size_t n,
                                   struct heng_err *err)
{
    heng_rc rc = heng_store_need_transaction(store, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        struct heng_query q;
        heng_query_begin(&q, &store->reader.db, HENG_SQL_ALLOCATION_ADD);
        heng_query_int(&q, rows[i].booking_id);
        heng_query_int(&q, rows[i].n);
        heng_query_int(&q, rows[i].bill_id);
        heng_query_text(&q, rows[i].part);
        heng_query_int(&q, rows[i].amount);
        heng_query_int(&q, rows[i].day);
        rc = heng_query_queue(&q, err);
    }
    return rc;
}

static void fill_allocation(struct heng_query *q, struct heng_allocation *ret)
{
    *ret = (struct heng_allocation){.booking_id = heng_query_get_int(q)};
    ret->bill_id = heng_query_get_int(q);
    ret->amount = heng_query_get_int(q);
    ret->n = (int32_t)heng_query_get_int(q);
    ret->day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->part, sizeof ret->part);
}

heng_rc heng_store_list_allocations(struct heng_store_reader *reader, int64_t bill_id, int64_t booking_id,
                                    struct heng_allocation *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, bill_id ? HENG_SQL_ALLOCATION_LIST_BILL : HENG_SQL_ALLOCATION_LIST_BOOKING);
    heng_query_int(&q, bill_id ? bill_id : booking_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_allocation, ret, cap, ret_n);
}

static void fill_open(struct heng_query *q, struct heng_open_bill *ret)
{
    *ret = (struct heng_open_bill){.id = heng_query_get_int(q)};
    ret->account_id = heng_query_get_int(q);
    ret->principal = heng_query_get_int(q);
    ret->late = heng_query_get_int(q);
    ret->due_day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->number, sizeof ret->number);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
}

heng_rc heng_store_list_open_bills(struct heng_store_reader *reader, int64_t account_id, struct heng_open_bill *ret,
                                   size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BILL_OPEN);
    heng_query_int(&q, account_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_open, ret, cap, ret_n);
}
