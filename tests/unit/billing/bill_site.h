#ifndef HENG_TESTS_BILL_SITE_H
#define HENG_TESTS_BILL_SITE_H
/* Accounts A-00 ... each with a heat point of its own, a tariff of 0.25 per kWh and a month of usage: 10 kWh a day, one
 * more for each account. */
#include "billing/correct.h"
#include "billing/issue.h"
#include "billing/prepay.h"
#include "billing/run.h"
#include "unit/usage/usage_site.h"

#define BILL_TARIFF                                                                                                    \
    "{\"id\": \"H\", \"currency\": \"CNY\", \"components\": [{\"id\": \"heat\", \"rule\": \"per-unit\", "              \
    "\"quantity\": \"heat\", \"unit\": \"kWh\", \"price\": \"%s\"}]}"

enum { BILL_FROM = USAGE_DAY, BILL_TO = USAGE_DAY + 30, BILL_POINT = 100 };

struct bill_site {
    struct small_site site;
    struct heng_store *store;
    struct heng_hand li, wang;
    int accounts;
};

static inline void bill_tariff(struct bill_site *s, const char *price)
{
    struct heng_tariff_edition edition = {.key = "heat", .at_us = START_US, .who = "Li"};
    char body[512];
    struct heng_err err;
    snprintf(body, sizeof body, BILL_TARIFF, price);
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_tariff(s->store, &edition, heng_slice_str(body), &err));
    assert_ok(heng_store_commit(s->store, &err));
}

static inline int64_t bill_account(struct bill_site *s, int i, heng_mode mode)
{
    struct heng_account account = {.warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                   .overdraft = HENG_LIMIT_NONE,
                                   .hoard = HENG_LIMIT_NONE,
                                   .language = "zh",
                                   .currency = "CNY",
                                   .opened_us = START_US};
    struct heng_contract contract = {.mode = mode, .from_day = BILL_FROM - 400, .terms = "{}", .tariff_key = "heat"};
    struct heng_err err;
    snprintf(account.number, sizeof account.number, "A-%02d", i);
    snprintf(account.name, sizeof account.name, "customer %d", i);
    usage_point(&s->site, BILL_POINT + i, 3, 0, "household", "Wh", 3);
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_account(s->store, &account, &err));
    contract.account_id = account.id;
    contract.point_id = BILL_POINT + i;
    assert_ok(heng_store_put_contract(s->store, &contract, &err));
    assert_ok(heng_store_commit(s->store, &err));
    return account.id;
}

static inline void bill_site_open(struct bill_site *s, int accounts)
{
    memset(s, 0, sizeof *s);
    s->store = small_site_open(&s->site);
    s->accounts = accounts;
    s->li = (struct heng_hand){.who = "Li", .channel = "bank", .now_us = START_US, .day = BILL_TO + 3};
    s->wang =
        (struct heng_hand){.who = "Wang", .second = "Li", .channel = "bank", .now_us = START_US, .day = BILL_TO + 3};
    bill_tariff(s, "0.2500");
    for (int i = 0; i < accounts; i++) {
        bill_account(s, i, HENG_MODE_POSTPAID);
        for (int day = 0; day < 30; day++)
            usage_put(s->store, HENG_USAGE_MEASURED, BILL_POINT + i, day, 3, 10 + i, HENG_TRUST_VALID);
    }
}

static inline void bill_site_close(struct bill_site *s)
{
    heng_store_close(s->store);
    small_site_fini(&s->site);
}

static inline int64_t bill_run_begin(struct bill_site *s, heng_run_kind kind, const char *selection, int from, int to)
{
    const struct heng_run_ask ask = {.kind = kind,
                                     .name = "a run",
                                     .selection = selection,
                                     .currency = "CNY",
                                     .from_day = from,
                                     .to_day = to,
                                     .due_day = to + 30};
    struct heng_err err;
    int64_t id = 0;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_run_begin(s->store, &ask, &s->li, &id, &err));
    assert_ok(heng_store_commit(s->store, &err));
    return id;
}

/* Pieces until there is nothing left; each its own transaction, each with a new worker, as after a stop. */
static inline void bill_run_work(struct bill_site *s)
{
    bool left = true;
    struct heng_err err;
    for (int i = 0; left && i < 1000; i++) {
        struct heng_run_worker *worker = NULL;
        assert_ok(heng_run_worker_new(heng_store_as_reader(s->store), &worker, &err));
        assert_ok(heng_store_begin(s->store, &err));
        assert_ok(heng_bill_run_work(worker, s->store, &s->li, 0, &left, &err));
        assert_ok(heng_store_commit(s->store, &err));
        heng_run_worker_free(worker);
    }
    assert_false(left);
}

static inline void bill_run_approve(struct bill_site *s, int64_t run)
{
    struct heng_err err;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_run_approve(s->store, 0, run, &s->wang, &err));
    assert_ok(heng_store_commit(s->store, &err));
    bill_run_work(s);
}

static inline size_t bill_list(struct bill_site *s, int64_t run, struct heng_bill *ret, size_t cap)
{
    const struct heng_bill_ask ask = {
        .run_id = run, .kind = HENG_BILL_KIND_COUNT, .state = HENG_BILL_STATE_COUNT, .after_rank = -1};
    struct heng_err err;
    size_t n = 0;
    assert_ok(heng_store_list_bills(heng_store_as_reader(s->store), &ask, ret, cap, &n, &err));
    return n;
}

static inline struct heng_account_balance bill_balance(struct bill_site *s, int64_t account_id)
{
    struct heng_account_balance balance;
    struct heng_err err;
    assert_ok(heng_store_account_balance(heng_store_as_reader(s->store), account_id, &balance, &err));
    return balance;
}

static inline void bill_books_agree(struct bill_site *s)
{
    struct heng_books_proof proof;
    struct heng_err err;
    assert_ok(heng_store_prove_books(heng_store_as_reader(s->store), &proof, &err));
    if (proof.wrong) fail_msg("%s", proof.why);
}

#endif
