/* Contracts, of accounts.h. */
#include "store/db_rows.h"
#include "store/money/accounts.h"

static const char *const modes[] = {
#define X(symbol, text) text,
    HENG_MODE_LIST(X)
#undef X
};

static const struct {
    const char *text;
    unsigned months;
} cycles[] = {
#define X(symbol, text, months) {text, months},
    HENG_CYCLE_OF_BILL_LIST(X)
#undef X
};

const char *heng_mode_text(heng_mode mode) { return mode < HENG_MODE_COUNT ? modes[mode] : "unknown"; }

heng_mode heng_mode_of(const char *text)
{
    heng_mode i = HENG_MODE_PREPAID;
    while (i < HENG_MODE_COUNT && strcmp(modes[i], text) != 0) i++;
    return i;
}

const char *heng_bill_cycle_text(heng_bill_cycle cycle)
{
    return cycle < HENG_BILL_CYCLE_COUNT ? cycles[cycle].text : "unknown";
}

heng_bill_cycle heng_bill_cycle_of(const char *text)
{
    heng_bill_cycle i = HENG_BILL_CYCLE_MONTH;
    while (i < HENG_BILL_CYCLE_COUNT && strcmp(cycles[i].text, text) != 0) i++;
    return i;
}

unsigned heng_bill_cycle_months(heng_bill_cycle cycle)
{
    return cycle < HENG_BILL_CYCLE_COUNT ? cycles[cycle].months : 0;
}

static void fill_contract(struct heng_query *q, struct heng_contract *ret)
{
    *ret = (struct heng_contract){.id = heng_query_get_int(q)};
    ret->account_id = heng_query_get_int(q);
    ret->point_id = heng_query_get_int(q);
    ret->mode = heng_mode_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->tariff_key, sizeof ret->tariff_key);
    heng_query_get_text(q, ret->price_class, sizeof ret->price_class);
    heng_query_get_text(q, ret->tariff_group, sizeof ret->tariff_group);
    ret->cycle = heng_bill_cycle_of(heng_query_peek_text(q));
    ret->from_day = (int32_t)heng_query_get_int(q);
    ret->to_day = (int32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->terms, sizeof ret->terms);
    ret->follows = heng_query_get_int(q);
    ret->meter_count = heng_query_get_int(q);
}

static heng_rc check_begin(struct heng_store *store, const struct heng_contract *contract, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CONTRACT_AT);
    heng_query_int(&q, contract->point_id);
    heng_query_int(&q, contract->from_day);
    heng_query_int(&q, contract->id);
    heng_rc rc = heng_query_step(&q, err);
    heng_query_end(&q);
    if (rc == HENG_OK)
        return heng_fail(err, HENG_ECONFLICT, 0, "another contract of this point begins on the same day");
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_put_contract(struct heng_store *store, struct heng_contract *contract, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = check_begin(store, contract, err);
    if (rc != HENG_OK) return rc;
    if (contract->id == 0) contract->id = store->next[HENG_ID_CONTRACT]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_CONTRACT_PUT);
    heng_query_int(&q, contract->id);
    heng_query_int(&q, contract->account_id);
    heng_query_int(&q, contract->point_id);
    heng_query_text(&q, heng_mode_text(contract->mode));
    heng_query_text(&q, contract->tariff_key);
    heng_query_text(&q, contract->price_class);
    heng_query_text(&q, contract->tariff_group);
    heng_query_text(&q, heng_bill_cycle_text(contract->cycle));
    heng_query_int(&q, contract->from_day);
    heng_query_int(&q, contract->to_day);
    heng_query_text(&q, contract->terms[0] ? contract->terms : "{}");
    heng_query_int(&q, contract->follows);
    heng_query_int(&q, contract->meter_count);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_contract(struct heng_store_reader *reader, int64_t id, struct heng_contract *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CONTRACT_GET);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(fill_contract, ret);
}

heng_rc heng_store_list_contracts(struct heng_store_reader *reader, int64_t account_id, int64_t point_id,
                                  int64_t after_id, struct heng_contract *ret, size_t cap, size_t *ret_n,
                                  struct heng_err *err)
{
    struct heng_query q;
    if (account_id || point_id) {
        heng_query_begin(&q, &reader->db, HENG_SQL_CONTRACT_LIST_OF);
        heng_query_int(&q, account_id);
        heng_query_int(&q, point_id);
    } else {
        heng_query_begin(&q, &reader->db, HENG_SQL_CONTRACT_LIST);
        heng_query_int(&q, after_id);
    }
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_contract, ret, cap, ret_n);
}

heng_rc heng_store_contract_charged(struct heng_store_reader *reader, int64_t id, int32_t *ret_to_day,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CONTRACT_CHARGED);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_to_day = (int32_t)heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_contract_point(struct heng_store_reader *reader, int64_t point_id,
                                  char ret[HENG_AT_LEAST(HENG_KEY_MAX)], struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_CONTRACT_POINT);
    heng_query_int(&q, point_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) heng_query_get_text(&q, ret, HENG_KEY_MAX);
    heng_query_end(&q);
    return rc;
}
