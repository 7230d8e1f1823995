#ifndef HENG_TESTS_PAY_RIG_H
#define HENG_TESTS_PAY_RIG_H
/* A site with one prepaid account, and what happens to its payments. */
#include "../account/account_site.h"
#include "billing/collect.h"
#include "pay/reconcile.h"
#include "store/money/bills.h"

struct rig {
    struct account_site s;
    struct heng_account account;
};

static inline void rig_open(struct rig *r)
{
    account_site_open(&r->s);
    r->account = new_account(&r->s, "A1", "Wang");
    (void)new_contract(&r->s, &r->account, 1, HENG_MODE_PREPAID, "heat");
}

static inline struct heng_pay_order top_up(struct rig *r, const char *request, int64_t amount)
{
    const struct heng_pay_ask ask = {.request = request,
                                     .account_id = r->account.id,
                                     .channel = "wechat",
                                     .purpose = HENG_PAY_FOR_TOP_UP,
                                     .amount = amount};
    struct heng_pay_order order;
    struct heng_err err;
    assert_ok(heng_pay_order_make(r->s.store, &ask, &r->s.hand, &order, &err));
    return order;
}

static inline struct heng_pay_order now(struct rig *r, const char *number)
{
    struct heng_pay_order order;
    struct heng_err err;
    assert_ok(heng_store_find_pay_order(heng_store_as_reader(r->s.store), 0, number, &order, &err));
    return order;
}

static inline struct heng_pay_event event_of(heng_pay_event_kind kind, const char *key, const char *order,
                                             const char *transaction, int64_t amount)
{
    struct heng_pay_event e = {.kind = kind, .amount = amount, .currency = "CNY", .at_us = START_US};
    snprintf(e.key, sizeof e.key, "%s", key);
    snprintf(e.order_number, sizeof e.order_number, "%s", order);
    snprintf(e.transaction_id, sizeof e.transaction_id, "%s", transaction);
    return e;
}

static inline struct heng_pay_notice tell(struct rig *r, const struct heng_pay_event *e)
{
    struct heng_pay_notice notice;
    struct heng_err err;
    assert_ok(heng_pay_take(r->s.store, &heng_pay_wechat, e, heng_slice_str("body"), &r->s.hand, &notice, &err));
    return notice;
}

static inline int64_t book_of(struct rig *r, heng_book_kind kind, int64_t org_id)
{
    int64_t balance = 0;
    struct heng_err err;
    assert_ok(
        heng_store_book_balance(heng_store_as_reader(r->s.store), org_id, kind, 0, "wechat", "CNY", &balance, &err));
    return balance;
}

static inline struct heng_pay_template form_of(const char *json)
{
    struct heng_pay_template form;
    struct heng_err err;
    assert_ok(heng_pay_template_read(heng_slice_str(json), &form, &err));
    return form;
}

/* A bill as billing would issue it. */
static inline struct heng_bill owed_bill(struct rig *r, const char *number, int64_t total)
{
    struct heng_bill bill = {.org_id = r->account.org_id,
                             .account_id = r->account.id,
                             .kind = HENG_BILL_BILL,
                             .state = HENG_BILL_STATE_ISSUED,
                             .from_day = r->s.today - 40,
                             .to_day = r->s.today - 10,
                             .due_day = r->s.today,
                             .total = total,
                             .currency = "CNY",
                             .issued_us = START_US,
                             .has_digest = true};
    struct heng_booking booking;
    struct heng_booked booked;
    struct heng_err err;
    snprintf(bill.number, sizeof bill.number, "%s", number);
    assert_ok(heng_ledger_move(HENG_BOOKING_BILL, r->account.id, HENG_BOOK_OWED, r->account.id, "", HENG_BOOK_REVENUE,
                               0, "heat", total, &booking, &err));
    snprintf(booking.key, sizeof booking.key, "bill:%s", number);
    assert_ok(heng_book(r->s.store, &booking, &r->s.hand, &booked, &err));
    bill.booking_id = booked.booking_id;
    assert_ok(heng_store_put_bill(r->s.store, &bill, &err));
    return bill;
}

static inline struct heng_pay_file_done import(struct rig *r, const char *form_text, const char *batch,
                                               const char *text)
{
    const struct heng_pay_template form = form_of(form_text);
    const struct heng_pay_file_ask ask = {.org_id = r->account.org_id, .name = "f.txt", .batch = batch};
    struct heng_pay_file_done done;
    struct heng_err err;
    assert_ok(heng_pay_import(r->s.store, &form, &ask, heng_slice_str(text), &r->s.hand, &done, &err));
    return done;
}

static inline void pay(struct rig *r, const char *request, const char *transaction, int64_t amount, heng_us at_us,
                       char ret[33])
{
    const struct heng_pay_order order = top_up(r, request, amount);
    struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, request, order.number, transaction, amount);
    e.at_us = at_us;
    (void)tell(r, &e);
    memcpy(ret, order.number, 33);
}

#endif
