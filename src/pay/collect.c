#include <stdio.h>

#include "pay/order.h"
#include "store/money/bills.h"
#include "store/money/pay_files.h"

enum { OPEN_MAX = 200 };

heng_rc heng_pay_bill_locked(struct heng_store_reader *reader, int64_t bill_id, struct heng_err *err)
{
    struct heng_pay_file batch;
    heng_rc rc = heng_store_batch_of_bill(reader, bill_id, &batch, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    return heng_fail(err, HENG_EDENIED, 0, "the bill lies in batch %.32s that %.20s was sent: wait for its result",
                     batch.batch, batch.channel);
}

static bool is_named(const struct heng_pay_collection *c, int64_t bill_id)
{
    for (size_t i = 0; i < c->bill_count; i++)
        if (c->bills[i] == bill_id) return true;
    return false;
}

static int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

struct plan {
    struct heng_allocation rows[2 * OPEN_MAX];
    size_t n;
    int64_t left;
};

static void allot(struct plan *plan, int64_t bill_id, const char *part, int64_t owed, int32_t day)
{
    const int64_t amount = at_most(plan->left, owed);
    if (amount <= 0) return;
    struct heng_allocation *row = &plan->rows[plan->n];
    *row = (struct heng_allocation){.bill_id = bill_id, .amount = amount, .n = (int32_t)plan->n, .day = day};
    snprintf(row->part, sizeof row->part, "%s", part);
    plan->n++;
    plan->left -= amount;
}

/* The bills that are named first, then the others. */
static heng_rc make_plan(struct heng_store_reader *reader, const struct heng_pay_collection *c, int32_t day,
                         struct plan *plan, struct heng_err *err)
{
    struct heng_open_bill open[OPEN_MAX];
    struct heng_err locked;
    size_t n = 0;
    heng_rc rc = heng_store_list_open_bills(reader, c->account_id, open, OPEN_MAX, &n, err);
    for (int named = 1; rc == HENG_OK && named >= (c->only_named ? 1 : 0); named--)
        for (size_t i = 0; i < n && plan->left > 0; i++) {
            if (is_named(c, open[i].id) != (named == 1)) continue;
            if (!c->of_batch && heng_pay_bill_locked(reader, open[i].id, &locked) != HENG_OK) continue;
            allot(plan, open[i].id, "principal", open[i].principal, day);
            allot(plan, open[i].id, "late", open[i].late, day);
        }
    return rc;
}

heng_rc heng_pay_collect(struct heng_store *store, const struct heng_pay_collection *c, const struct heng_hand *hand,
                         struct heng_booked *ret, struct heng_err *err)
{
    struct plan plan = {.left = c->amount};
    struct heng_booking booking;
    heng_rc rc = make_plan(heng_store_as_reader(store), c, hand->day, &plan, err);
    if (rc == HENG_OK)
        rc =
            heng_ledger_payment(c->account_id, c->amount, c->amount - plan.left, c->channel, hand->desk, &booking, err);
    if (rc != HENG_OK) return rc;
    snprintf(booking.key, sizeof booking.key, "%s", c->key);
    snprintf(booking.subject, sizeof booking.subject, "%s", c->subject);
    booking.subject_id = c->subject_id;
    rc = heng_book(store, &booking, hand, ret, err);
    if (rc != HENG_OK || ret->existed || plan.n == 0) return rc;
    for (size_t i = 0; i < plan.n; i++) plan.rows[i].booking_id = ret->booking_id;
    return heng_store_add_allocations(store, plan.rows, plan.n, err);
}

heng_rc heng_pay_unclear(struct heng_store *store, int64_t org_id, const char *channel, const char *currency,
                         int64_t amount, const char *key, const struct heng_hand *hand, const char *reason,
                         int64_t *ret_booking, struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_booked booked = {0};
    heng_rc rc = heng_ledger_move(HENG_BOOKING_UNCLEAR, 0, HENG_BOOK_CHANNEL, 0, channel, HENG_BOOK_UNCLEAR, 0, channel,
                                  amount, &booking, err);
    if (rc != HENG_OK) return rc;
    booking.org_id = org_id;
    snprintf(booking.currency, sizeof booking.currency, "%s", currency);
    snprintf(booking.channel, sizeof booking.channel, "%s", channel);
    snprintf(booking.key, sizeof booking.key, "%s", key);
    snprintf(booking.reason, sizeof booking.reason, "%s", reason);
    rc = heng_book(store, &booking, hand, &booked, err);
    if (rc == HENG_OK) *ret_booking = booked.booking_id;
    return rc;
}
