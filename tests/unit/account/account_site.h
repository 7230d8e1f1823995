#ifndef HENG_TESTS_ACCOUNT_SITE_H
#define HENG_TESTS_ACCOUNT_SITE_H
/* The small site with a heat and a water tariff, and hands that do things. Points: 1, 2 heat, 3, 4 water. */
#include "../small_site.h"
#include "account/accounts.h"
#include "account/close.h"
#include "account/contracts.h"
#include "account/money.h"
#include "store/money/bills.h"
#include "store/write.h"
#include "vee/day.h"

#define HEAT_TARIFF                                                                                                    \
    "{\"id\": \"H\", \"currency\": \"CNY\", \"components\": [{\"id\": \"heat\", \"rule\": \"per-unit\", "              \
    "\"quantity\": \"heat\", \"unit\": \"kWh\", \"price\": \"0.2500\"}]}"
#define WATER_TARIFF                                                                                                   \
    "{\"id\": \"W\", \"currency\": \"CNY\", \"components\": [{\"id\": \"water\", \"rule\": \"steps\", "                \
    "\"quantity\": \"water\", \"unit\": \"m3\", \"cycle\": \"year\", \"form\": \"slices\", \"steps\": ["               \
    "{\"from\": \"0\", \"price\": \"5.00\"}, {\"from\": \"180\", \"price\": \"7.00\"}]}]}"
#define AREA_TARIFF                                                                                                    \
    "{\"id\": \"F\", \"currency\": \"CNY\", \"components\": [{\"id\": \"basic\", \"rule\": \"fixed\", "                \
    "\"base\": \"area\", \"unit\": \"m2\", \"per\": \"month\", \"price\": \"1.20\"}]}"

struct account_site {
    struct small_site site;
    struct heng_store *store;
    struct heng_hand hand;
    int32_t today;
};

static inline void put_tariff(struct account_site *s, int64_t scope, const char *key, const char *body)
{
    struct heng_tariff_edition edition;
    struct heng_err err;
    bool is_new = false;
    assert_ok(heng_tariff_put(s->store, scope, key, heng_slice_str(body), &s->hand, "", &edition, &is_new, &err));
}

static inline void account_site_open(struct account_site *s)
{
    struct heng_err err;
    s->store = small_site_open(&s->site);
    s->today = heng_day_of_date(2026, 11, 20);
    s->hand = (struct heng_hand){.who = "Li", .channel = "bank", .now_us = START_US, .day = s->today};
    assert_ok(heng_store_begin(s->store, &err));
    put_tariff(s, 0, "heat", HEAT_TARIFF);
    put_tariff(s, 0, "water", WATER_TARIFF);
    put_tariff(s, 0, "area", AREA_TARIFF);
    assert_ok(heng_store_commit(s->store, &err));
    assert_ok(heng_store_begin(s->store, &err));
}

static inline void account_site_close(struct account_site *s)
{
    struct heng_err err;
    assert_ok(heng_store_commit(s->store, &err));
    heng_store_close(s->store);
    small_site_fini(&s->site);
}

#define NO_LIMITS                                                                                                      \
    .warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE}, .overdraft = HENG_LIMIT_NONE, .hoard = HENG_LIMIT_NONE

static inline struct heng_account new_account(struct account_site *s, const char *number, const char *name)
{
    struct heng_account account = {NO_LIMITS};
    struct heng_err err;
    snprintf(account.number, sizeof account.number, "%s", number);
    snprintf(account.name, sizeof account.name, "%s", name);
    assert_ok(heng_account_open(s->store, 0, &account, &s->hand, "", &err));
    return account;
}

static inline struct heng_contract new_contract(struct account_site *s, const struct heng_account *account,
                                                int64_t point_id, heng_mode mode, const char *tariff)
{
    struct heng_contract contract = {
        .account_id = account->id, .point_id = point_id, .mode = mode, .from_day = s->today - 100};
    struct heng_err err;
    snprintf(contract.tariff_key, sizeof contract.tariff_key, "%s", tariff);
    assert_ok(heng_contract_add(s->store, 0, &contract, &s->hand, "", &err));
    return contract;
}

/* What the billing room would store: a charge that counts, up to a day. */
static inline void charged_to(struct account_site *s, const struct heng_contract *contract, int32_t to_day)
{
    struct heng_charge charge = {.contract_id = contract->id,
                                 .account_id = contract->account_id,
                                 .kind = HENG_CHARGE_USAGE,
                                 .from_day = contract->from_day,
                                 .to_day = to_day,
                                 .at_us = START_US,
                                 .ask = heng_slice_str("{}"),
                                 .states = heng_slice_str("[]"),
                                 .trace = heng_slice_str("[]")};
    struct heng_err err;
    assert_ok(heng_store_put_charges(s->store, &charge, 1, &err));
}

static inline struct heng_account_balance balance_of(struct account_site *s, int64_t account_id)
{
    struct heng_account_balance balance;
    struct heng_err err;
    assert_ok(heng_store_account_balance(heng_store_as_reader(s->store), account_id, &balance, &err));
    return balance;
}

static inline void assert_proven(struct account_site *s)
{
    struct heng_books_proof proof;
    struct heng_err err;
    assert_ok(heng_store_prove_books(heng_store_as_reader(s->store), &proof, &err));
    if (proof.wrong) fail_msg("%s", proof.why);
}

/* The call is refused with this code, and its sentence has these words. */
#define assert_refused(code, words, call)                                                                              \
    do {                                                                                                               \
        struct heng_err *const e_ = &err;                                                                              \
        assert_int_equal((call), (code));                                                                              \
        if (!strstr(e_->text, (words))) fail_msg("'%s' is not in '%s'", (words), e_->text);                            \
    } while (0)

#endif
