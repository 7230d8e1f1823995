#include "store/money/accounts.h"

#include <ctype.h>

#include "store/db_rows.h"

static const char *const protections[] = {
#define X(symbol, text) text,
    HENG_PROTECTION_LIST(X)
#undef X
};

const char *heng_protection_text(heng_protection protection)
{
    return protection < HENG_PROTECTION_COUNT ? protections[protection] : "unknown";
}

heng_protection heng_protection_of(const char *text)
{
    heng_protection i = HENG_PROTECTION_NONE;
    while (i < HENG_PROTECTION_COUNT && strcmp(protections[i], text) != 0) i++;
    return i;
}

static void bind_limit(struct heng_query *q, int64_t limit)
{
    if (limit == HENG_LIMIT_NONE)
        heng_query_null(q);
    else
        heng_query_int(q, limit);
}

static int64_t get_limit(struct heng_query *q)
{
    bool none = heng_query_is_null(q);
    int64_t limit = heng_query_get_int(q);
    return none ? HENG_LIMIT_NONE : limit;
}

static void fill_account(struct heng_query *q, struct heng_account *ret)
{
    *ret = (struct heng_account){.id = heng_query_get_int(q)};
    ret->org_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->number, sizeof ret->number);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    ret->place_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->phone, sizeof ret->phone);
    heng_query_get_text(q, ret->address, sizeof ret->address);
    heng_query_get_text(q, ret->language, sizeof ret->language);
    heng_query_get_text(q, ret->currency, sizeof ret->currency);
    heng_query_get_text(q, ret->bank, sizeof ret->bank);
    for (size_t i = 0; i < 3; i++) ret->warn[i] = get_limit(q);
    ret->overdraft = get_limit(q);
    ret->hoard = get_limit(q);
    ret->protection = heng_protection_of(heng_query_peek_text(q));
    ret->opened_us = heng_query_get_int(q);
    ret->closed_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->note, sizeof ret->note);
}

/* A number belongs to one account of the whole system: it is what people print and call. */
static heng_rc check_number(struct heng_store *store, const struct heng_account *account, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_ACCOUNT_NUMBERED);
    heng_query_text(&q, account->number);
    heng_rc rc = heng_query_step(&q, err);
    bool taken = rc == HENG_OK && heng_query_get_int(&q) != account->id;
    heng_query_end(&q);
    if (taken) return heng_fail(err, HENG_ECONFLICT, 0, "the account number '%s' is taken", account->number);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_put_account(struct heng_store *store, struct heng_account *account, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = check_number(store, account, err);
    if (rc != HENG_OK) return rc;
    if (account->id == 0) account->id = store->next[HENG_ID_ACCOUNT]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_ACCOUNT_PUT);
    heng_query_int(&q, account->id);
    heng_query_int(&q, account->org_id);
    heng_query_text(&q, account->number);
    heng_query_text(&q, account->name);
    heng_query_int(&q, account->place_id);
    heng_query_text(&q, account->phone);
    heng_query_text(&q, account->address);
    heng_query_text(&q, account->language);
    heng_query_text(&q, account->currency);
    heng_query_text(&q, account->bank);
    for (size_t i = 0; i < 3; i++) bind_limit(&q, account->warn[i]);
    bind_limit(&q, account->overdraft);
    bind_limit(&q, account->hoard);
    heng_query_text(&q, heng_protection_text(account->protection));
    heng_query_int(&q, account->opened_us);
    heng_query_int(&q, account->closed_us);
    heng_query_text(&q, account->note);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_get_account(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_account *ret,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ACCOUNT_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(fill_account, ret);
}

heng_rc heng_store_find_account(struct heng_store_reader *reader, int64_t scope, const char *number,
                                struct heng_account *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ACCOUNT_FIND);
    heng_query_int(&q, scope);
    heng_query_text(&q, number);
    HENG_QUERY_ONE(fill_account, ret);
}

/* "Li_" is the pattern "li\_%"; "" stays "". */
static void beginning_of(const char *words, char *ret, size_t cap)
{
    size_t n = 0;
    for (; *words && n + 3 < cap; words++) {
        if (strchr("%_\\", *words)) ret[n++] = '\\';
        ret[n++] = (char)tolower((unsigned char)*words);
    }
    if (n) ret[n++] = '%';
    ret[n] = '\0';
}

heng_rc heng_store_list_accounts(struct heng_store_reader *reader, int64_t scope, const char *words, const char *after,
                                 struct heng_account *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    char pattern[2 * HENG_ACCOUNT_NAME_MAX + 2];
    beginning_of(words, pattern, sizeof pattern);
    heng_query_begin(&q, &reader->db, HENG_SQL_ACCOUNT_LIST);
    heng_query_int(&q, scope);
    heng_query_text(&q, after);
    heng_query_text(&q, pattern);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_account, ret, cap, ret_n);
}

heng_rc heng_store_account_busy(struct heng_store_reader *reader, int64_t account_id, int64_t contract_id,
                                struct heng_account_busy *ret, struct heng_err *err)
{
    struct heng_query q;
    struct heng_account_busy busy = {0};
    const struct {
        const char *kind;
        int64_t *count;
    } kinds[] = {{"command", &busy.commands},
                 {"supply", &busy.supply_tasks},
                 {"meter-order", &busy.meter_orders},
                 {"pay-order", &busy.pay_orders},
                 {"draft", &busy.draft_bills}};
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_ACCOUNT_BUSY);
    heng_query_int(&q, account_id);
    heng_query_int(&q, contract_id);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        char kind[16];
        heng_query_get_text(&q, kind, sizeof kind);
        int64_t count = heng_query_get_int(&q);
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            if (strcmp(kinds[i].kind, kind) == 0) *kinds[i].count = count;
    }
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    *ret = busy;
    return HENG_OK;
}
