/* Lists of what is owed and of what came in. */
#include <string.h>

#include "store/db_rows.h"
#include "store/money/dunning.h"

static void fill_account(struct heng_query *q, struct heng_owing_account *ret)
{
    *ret = (struct heng_owing_account){.id = heng_query_get_int(q)};
    ret->org_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->number, sizeof ret->number);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->phone, sizeof ret->phone);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
}

heng_rc heng_store_list_owing(struct heng_store_reader *reader, const struct heng_owing_ask *ask,
                              struct heng_owing_account *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARREARS_ACCOUNTS);
    heng_query_int(&q, ask->scope);
    heng_query_int(&q, ask->after_id);
    heng_query_text(&q, ask->currency);
    heng_query_int(&q, ask->place_id);
    heng_query_int(&q, ask->owing);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_account, ret, cap, ret_n);
}

static void fill_bill(struct heng_query *q, struct heng_owing_bill *ret)
{
    *ret = (struct heng_owing_bill){.id = heng_query_get_int(q)};
    ret->due_day = (int32_t)heng_query_get_int(q);
    ret->principal = heng_query_get_int(q);
    ret->late = heng_query_get_int(q);
    ret->steps = (int32_t)heng_query_get_int(q);
    ret->held = heng_query_get_int(q) > 0;
    heng_query_get_text(q, ret->number, sizeof ret->number);
}

heng_rc heng_store_list_owing_bills(struct heng_store_reader *reader, int64_t account_id, int32_t day,
                                    struct heng_owing_bill *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARREARS_BILLS);
    heng_query_int(&q, account_id);
    heng_query_int(&q, day);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_bill, ret, cap, ret_n);
}

/* One row of n numbers over bills, or money, of a period. */
static heng_rc sums(struct heng_store_reader *reader, heng_sql sql, const int64_t period[2], int64_t scope,
                    const char *currency, int64_t place_id, int64_t *const *ret, size_t n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, sql);
    heng_query_int(&q, period[0]);
    heng_query_int(&q, period[1]);
    heng_query_int(&q, scope);
    heng_query_text(&q, currency);
    heng_query_int(&q, place_id);
    heng_rc rc = heng_query_step(&q, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) *ret[i] = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_collection(struct heng_store_reader *reader, int64_t scope, int64_t place_id, const char *currency,
                              int32_t from_day, int32_t to_day, struct heng_collection_sums *ret, struct heng_err *err)
{
    const int64_t period[] = {from_day, to_day};
    int64_t *const bills[] = {&ret->billed, &ret->bills, &ret->bills_paid, &ret->prior_open};
    int64_t *const money[] = {&ret->collected, &ret->collected_prior, &ret->written_off};
    memset(ret, 0, sizeof *ret);
    heng_rc rc = sums(reader, HENG_SQL_COLLECTION_BILLS, period, scope, currency, place_id, bills, 4, err);
    if (rc != HENG_OK) return rc;
    return sums(reader, HENG_SQL_COLLECTION_MONEY, period, scope, currency, place_id, money, 3, err);
}
