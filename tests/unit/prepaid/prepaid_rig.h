#ifndef HENG_TESTS_PREPAID_RIG_H
#define HENG_TESTS_PREPAID_RIG_H
/* Prepaid accounts on the small site, through the real store, rating and ledger. Days of usage are put in by hand, in
 * hundredths of the tariff's unit; points: ELECTRIC, WATER, HEAT, in flat 101. */
#include "../small_site.h"
#include "account/accounts.h"
#include "account/tariffs.h"
#include "prepaid/charge.h"
#include "prepaid/sell.h"
#include "prepaid/supply.h"
#include "prepaid/work.h"
#include "store/money/notices.h"
#include "store/usage.h"
#include "store/write.h"
#include "vee/quality.h"

enum { ELECTRIC = 10, WATER = 11, HEAT = 12 };

struct prepaid_rig {
    struct small_site site;
    struct heng_store *store;
    struct heng_prepaid_worker *worker;
    struct heng_hand hand;
    int32_t day0; /* the first day of contracts */
    heng_us now_us;
    int keys;
};

#define RIG_NO_LIMITS                                                                                                  \
    .warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE}, .overdraft = HENG_LIMIT_NONE, .hoard = HENG_LIMIT_NONE

/* Noon (UTC+8: 12:00) of so many days behind the first. */
static inline heng_us rig_noon_us(const struct prepaid_rig *r, int day)
{
    return (r->day0 + day) * HENG_US_PER_DAY + 4 * 3600 * HENG_US_PER_S;
}

static inline void rig_time(struct prepaid_rig *r, heng_us now_us)
{
    r->now_us = now_us;
    r->hand.now_us = now_us;
    r->hand.day = (int32_t)((now_us + 8 * 3600 * HENG_US_PER_S) / HENG_US_PER_DAY);
}

static inline void rig_begin(struct prepaid_rig *r)
{
    struct heng_err err;
    assert_ok(heng_store_begin(r->store, &err));
}

static inline void rig_commit(struct prepaid_rig *r)
{
    struct heng_err err;
    assert_ok(heng_store_commit(r->store, &err));
}

static inline void rig_setting(struct prepaid_rig *r, const char *name, const char *value)
{
    struct heng_err err;
    rig_begin(r);
    assert_ok(heng_store_put_setting(r->store, name, value, &err));
    rig_commit(r);
}

static inline void rig_sql(struct prepaid_rig *r, const char *text)
{
    if (small_site_sql(r->site.path, text) != HENG_OK) fail_msg("%s", text);
}

static inline void rig_point(struct prepaid_rig *r, int id, const char *medium, const char *quantity, const char *unit,
                             int exp)
{
    char text[400];
    snprintf(
        text, sizeof text,
        "INSERT INTO point (id, place_id, medium, key, name, serves) VALUES (%d, 3, '%s', 'P%d', 'p', 'household')", id,
        medium, id);
    rig_sql(r, text);
    snprintf(text, sizeof text,
             "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) "
             "VALUES (%d, %d, '%s', '%s', %d, 1440, 1)",
             id, id, quantity, unit, exp);
    rig_sql(r, text);
}

static inline void rig_tariff(struct prepaid_rig *r, const char *key, const char *body)
{
    struct heng_tariff_edition edition;
    struct heng_err err;
    bool is_new;
    rig_begin(r);
    assert_ok(heng_tariff_put(r->store, 0, key, heng_slice_str(body), &r->hand, "", &edition, &is_new, &err));
    rig_commit(r);
}

/* So much a unit, for a quantity of the points. */
static inline void rig_price(struct prepaid_rig *r, const char *key, const char *quantity, const char *unit,
                             const char *price)
{
    char body[400];
    snprintf(body, sizeof body,
             "{\"id\": \"%s\", \"currency\": \"CNY\", \"components\": [{\"id\": \"use\", \"rule\": \"per-unit\", "
             "\"quantity\": \"%s\", \"unit\": \"%s\", \"price\": \"%s\"}]}",
             key, quantity, unit, price);
    rig_tariff(r, key, body);
}

/* Begins on 2026-03-02, a Monday, in a spring without frost. */
static inline void rig_open(struct prepaid_rig *r)
{
    struct heng_err err;
    *r = (struct prepaid_rig){.hand = {.who = "Li", .channel = "bank"}};
    r->store = small_site_open(&r->site);
    r->day0 = heng_day_of_date(2026, 3, 2);
    rig_time(r, rig_noon_us(r, 0));
    rig_point(r, ELECTRIC, "electricity", "energy", "Wh", 1);
    rig_point(r, WATER, "cold water", "volume", "m3", -2);
    rig_point(r, HEAT, "heat", "energy", "Wh", 1);
    rig_price(r, "electric", "active", "kWh", "1.2500");
    assert_ok(heng_prepaid_worker_new(r->store, &r->worker, &err));
}

static inline void rig_close(struct prepaid_rig *r)
{
    struct heng_books_proof proof;
    struct heng_err err;
    assert_ok(heng_store_prove_books(heng_store_as_reader(r->store), &proof, &err));
    if (proof.wrong) fail_msg("%s", proof.why);
    heng_prepaid_worker_free(r->worker);
    heng_store_close(r->store);
    small_site_fini(&r->site);
}

static inline int64_t rig_account(struct prepaid_rig *r, const char *number, struct heng_account account)
{
    struct heng_err err;
    snprintf(account.number, sizeof account.number, "%s", number);
    snprintf(account.name, sizeof account.name, "account %s", number);
    snprintf(account.currency, sizeof account.currency, "CNY");
    rig_begin(r);
    assert_ok(heng_account_open(r->store, 0, &account, &r->hand, "", &err));
    rig_commit(r);
    return account.id;
}

static inline int64_t rig_contract(struct prepaid_rig *r, int64_t account_id, int64_t point_id, heng_mode mode,
                                   const char *tariff, const char *terms)
{
    struct heng_contract contract = {.account_id = account_id, .point_id = point_id, .mode = mode, .from_day = r->day0};
    struct heng_err err;
    snprintf(contract.tariff_key, sizeof contract.tariff_key, "%s", tariff);
    snprintf(contract.terms, sizeof contract.terms, "%s", terms);
    rig_begin(r);
    assert_ok(heng_store_put_contract(r->store, &contract, &err));
    rig_commit(r);
    return contract.id;
}

/* A day of usage as the readings say, in hundredths. */
static inline void rig_use(struct prepaid_rig *r, int channel, int day, int64_t amount)
{
    struct heng_err err;
    struct heng_usage_row row = {.channel_id = channel,
                                 .day = r->day0 + day,
                                 .exp = channel == WATER ? -2 : 1,
                                 .trust = HENG_TRUST_VALID,
                                 .permille = 1000,
                                 .count = 1,
                                 .amount = amount,
                                 .amounts = {amount},
                                 .trusts = {HENG_TRUST_VALID}};
    rig_begin(r);
    assert_ok(heng_store_put_usage(r->store, HENG_USAGE_MEASURED, &row, &err));
    assert_ok(heng_store_usage_changed(r->store, channel, r->day0 + day, &err));
    rig_commit(r);
}

/* All that is due at a moment; what it did. */
static inline struct heng_prepaid_counts rig_work(struct prepaid_rig *r, heng_us now_us)
{
    struct heng_prepaid_counts counts = {0};
    struct heng_err err;
    bool left = true;
    rig_time(r, now_us);
    for (int i = 0; left; i++) {
        assert_true(i < 1000);
        rig_begin(r);
        assert_ok(heng_prepaid_work(r->worker, r->store, now_us, HENG_US_PER_S, &counts, &left, &err));
        rig_commit(r);
    }
    return counts;
}

static inline heng_rc rig_try_sell(struct prepaid_rig *r, int64_t account_id, int64_t amount, struct heng_booked *ret,
                                   struct heng_err *err)
{
    char key[32];
    struct heng_sale sale = {.account_id = account_id, .amount = amount, .key = key};
    snprintf(key, sizeof key, "sale-%d", ++r->keys);
    if (heng_store_begin(r->store, err) != HENG_OK) fail_msg("%s", err->text);
    heng_rc rc = heng_prepaid_sell(r->store, &sale, false, &r->hand, ret, err);
    struct heng_err why;
    if (rc == HENG_OK && heng_store_commit(r->store, &why) != HENG_OK) fail_msg("%s", why.text);
    if (rc != HENG_OK) heng_store_rollback(r->store);
    return rc;
}

static inline int64_t rig_sell(struct prepaid_rig *r, int64_t account_id, int64_t amount)
{
    struct heng_booked booked;
    struct heng_err err;
    assert_ok(rig_try_sell(r, account_id, amount, &booked, &err));
    return booked.booking_id;
}

static inline int64_t rig_purse(struct prepaid_rig *r, int64_t account_id)
{
    struct heng_account_balance balance;
    struct heng_err err;
    assert_ok(heng_store_account_balance(heng_store_as_reader(r->store), account_id, &balance, &err));
    return balance.purse;
}

/* The kind of the newest notice, "" none; and how many there are. */
static inline size_t rig_notices(struct prepaid_rig *r, int64_t account_id, struct heng_notice *ret_newest)
{
    struct heng_notice notices[64];
    struct heng_err err;
    size_t n;
    assert_ok(heng_store_list_notices(heng_store_as_reader(r->store), 0, account_id, 0, notices, 64, &n, &err));
    if (n) *ret_newest = notices[0];
    return n;
}

/* What the outbox gives; at most one is expected. */
static inline bool rig_next(struct prepaid_rig *r, struct heng_supply_task *ret)
{
    struct heng_supply_task tasks[8];
    struct heng_err err;
    size_t n;
    assert_ok(heng_supply_next(heng_store_as_reader(r->store), r->now_us, tasks, 8, &n, &err));
    assert_true(n <= 1);
    if (n) *ret = tasks[0];
    return n == 1;
}

static inline void rig_ordered(struct prepaid_rig *r, int64_t task_id, int64_t command_id)
{
    struct heng_err err;
    rig_begin(r);
    assert_ok(heng_supply_ordered(r->store, task_id, command_id, r->now_us, &err));
    rig_commit(r);
}

static inline void rig_result(struct prepaid_rig *r, int64_t task_id, heng_supply_end end, const char *why)
{
    struct heng_err err;
    rig_begin(r);
    assert_ok(heng_supply_result(r->store, task_id, end, why, r->now_us, &err));
    rig_commit(r);
}

static inline struct heng_supply_task rig_task(struct prepaid_rig *r, int64_t task_id)
{
    struct heng_supply_task task;
    struct heng_err err;
    assert_ok(heng_store_get_supply(heng_store_as_reader(r->store), 0, task_id, &task, &err));
    return task;
}

#endif
