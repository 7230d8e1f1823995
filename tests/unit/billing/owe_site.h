#ifndef HENG_TESTS_OWE_SITE_H
#define HENG_TESTS_OWE_SITE_H
/* Accounts that owe: bills as they stand after their issue, on the small site (../account/account_site.h). */
#include <stdlib.h>
#include <time.h>

#include "billing/arrears.h"
#include "billing/collect.h"
#include "billing/correct.h"
#include "billing/instalment.h"
#include "billing/late.h"
#include "unit/account/account_site.h"

#define OWE_SECOND "Wang"

static inline int64_t owe_account(struct account_site *s, const char *number)
{
    struct heng_account account = {.warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                   .overdraft = HENG_LIMIT_NONE,
                                   .hoard = HENG_LIMIT_NONE,
                                   .language = "en",
                                   .currency = "CNY",
                                   .opened_us = START_US};
    struct heng_err err;
    snprintf(account.number, sizeof account.number, "%s", number);
    snprintf(account.name, sizeof account.name, "customer %s", number);
    snprintf(account.phone, sizeof account.phone, "138");
    assert_ok(heng_store_put_account(s->store, &account, &err));
    return account.id;
}

/* Issued on the day of the hand. */
static inline int64_t owe_bill(struct account_site *s, int64_t account_id, int64_t total, int32_t due_day)
{
    static int number;
    struct heng_bill bill = {.account_id = account_id,
                             .kind = HENG_BILL_BILL,
                             .state = HENG_BILL_STATE_DRAFT,
                             .from_day = due_day - 45,
                             .to_day = due_day - 15,
                             .due_day = due_day,
                             .total = total,
                             .currency = "CNY",
                             .issued_us = START_US};
    struct heng_booking booking;
    struct heng_booked booked;
    struct heng_err err;
    assert_ok(heng_store_put_bill(s->store, &bill, &err));
    assert_ok(heng_ledger_move(HENG_BOOKING_BILL, account_id, HENG_BOOK_OWED, account_id, "", HENG_BOOK_REVENUE, 0,
                               "heat", total, &booking, &err));
    snprintf(booking.key, sizeof booking.key, "bill:%lld", (long long)bill.id);
    snprintf(booking.subject, sizeof booking.subject, "bill");
    booking.subject_id = bill.id;
    assert_ok(heng_book(s->store, &booking, &s->hand, &booked, &err));
    bill.booking_id = booked.booking_id;
    bill.state = HENG_BILL_STATE_ISSUED;
    snprintf(bill.number, sizeof bill.number, "T-%06d", ++number);
    assert_ok(heng_store_put_bill(s->store, &bill, &err));
    return bill.id;
}

static inline heng_rc owe_try(struct account_site *s, int64_t account_id, int64_t amount, const char *key,
                              const int64_t *bills, size_t n, struct heng_booked *ret, struct heng_err *err)
{
    const struct heng_collect_ask ask = {.account_id = account_id,
                                         .amount = amount,
                                         .channel = "bank",
                                         .key = key,
                                         .bills = bills,
                                         .bill_count = n,
                                         .strict = true};
    return heng_collect(s->store, &ask, &s->hand, ret, err);
}

static inline struct heng_booked owe_pay(struct account_site *s, int64_t account_id, int64_t amount, const char *key)
{
    struct heng_booked booked;
    struct heng_err err;
    assert_ok(owe_try(s, account_id, amount, key, NULL, 0, &booked, &err));
    return booked;
}

/* What is open of a bill now; both 0: nothing. */
static inline struct heng_open_bill owe_open(struct account_site *s, int64_t account_id, int64_t bill_id)
{
    struct heng_open_bill open = {.id = bill_id};
    struct heng_err err;
    heng_rc rc = heng_bill_open(heng_store_as_reader(s->store), account_id, bill_id, &open, &err);
    if (rc != HENG_ENOTFOUND) assert_ok(rc);
    return open;
}

static inline struct heng_account_balance owe_balance(struct account_site *s, int64_t account_id)
{
    struct heng_account_balance balance;
    struct heng_err err;
    assert_ok(heng_store_account_balance(heng_store_as_reader(s->store), account_id, &balance, &err));
    return balance;
}

static inline void owe_rules(struct account_site *s, const char *json)
{
    struct heng_err err;
    assert_ok(heng_store_put_setting(s->store, "dunning", json, &err));
}

/* What the book says is owed is what is open on bills. */
static inline void owe_open_agrees(struct account_site *s, int64_t account_id)
{
    struct heng_open_bill open[200];
    struct heng_err err;
    size_t n = 0;
    int64_t sum = 0;
    assert_ok(heng_store_list_open_bills(heng_store_as_reader(s->store), account_id, open, 200, &n, &err));
    for (size_t i = 0; i < n; i++) sum += open[i].principal + open[i].late;
    assert_int_equal(sum, owe_balance(s, account_id).owed);
}

/* And all books add up. */
static inline void owe_agrees(struct account_site *s, int64_t account_id)
{
    struct heng_books_proof proof;
    struct heng_err err;
    owe_open_agrees(s, account_id);
    assert_ok(heng_store_prove_books(heng_store_as_reader(s->store), &proof, &err));
    if (proof.wrong) fail_msg("%s", proof.why);
}

#endif
