#include "billing/collect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "billing/late.h"
#include "store/money/pay_files.h"

enum { OPEN_MAX = 400, GONE_MAX = 100, ROWS_MAX = 2 * (OPEN_MAX + GONE_MAX) };

heng_rc heng_bill_locked(struct heng_store_reader *reader, int64_t bill_id, struct heng_err *err)
{
    struct heng_pay_file batch;
    heng_rc rc = heng_store_batch_of_bill(reader, bill_id, &batch, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    return heng_fail(err, HENG_EDENIED, 0, "the bill lies in batch %.32s that %.20s was sent: wait for its result",
                     batch.batch, batch.channel);
}

/* --- what it would pay: only reads ------------------------------------------------------------------------------ */

/* open[i] with its late fee until today; owing: those that may be paid, the named ones first. gone: written off, and
 * what of it comes back. */
struct plan {
    struct heng_dunning_rules rules;
    struct heng_open_bill open[OPEN_MAX];
    int64_t fees[OPEN_MAX];
    struct heng_owing owing[OPEN_MAX];
    size_t open_n, owing_n;
    struct heng_settled gone[GONE_MAX];
    int64_t back[GONE_MAX];
    size_t gone_n;
    int64_t left;
    struct heng_allocation rows[ROWS_MAX];
    size_t row_n;
};

static bool is_named(const struct heng_collect_ask *ask, int64_t bill_id)
{
    for (size_t i = 0; i < ask->bill_count; i++)
        if (ask->bills[i] == bill_id) return true;
    return false;
}

static heng_rc check_named(const struct plan *plan, const struct heng_collect_ask *ask, struct heng_err *err)
{
    for (size_t i = 0; ask->strict && i < ask->bill_count; i++) {
        size_t k = 0;
        while (k < plan->open_n && plan->open[k].id != ask->bills[i]) k++;
        if (k == plan->open_n)
            return heng_fail(err, HENG_ENOTFOUND, 0, "nothing is open on bill %" PRId64 " for this account",
                             ask->bills[i]);
    }
    return HENG_OK;
}

/* One bill to those that may be paid. */
static heng_rc consider(struct heng_store_reader *reader, const struct heng_collect_ask *ask, int32_t day, size_t i,
                        struct plan *plan, struct heng_err *err)
{
    const struct heng_open_bill *bill = &plan->open[i];
    heng_rc rc = ask->of_batch ? HENG_OK : heng_bill_locked(reader, bill->id, err);
    if (rc == HENG_EDENIED && !(ask->strict && is_named(ask, bill->id))) return HENG_OK;
    if (rc == HENG_OK) rc = heng_late_due(reader, &plan->rules, bill, day, &plan->fees[i], err);
    if (rc != HENG_OK) return rc;
    plan->owing[plan->owing_n++] = (struct heng_owing){.bill_id = bill->id,
                                                       .due_day = bill->due_day,
                                                       .principal = bill->principal > 0 ? bill->principal : 0,
                                                       .late = (bill->late > 0 ? bill->late : 0) + plan->fees[i]};
    return HENG_OK;
}

static heng_rc plan_gone(struct heng_store_reader *reader, int64_t account_id, struct plan *plan, struct heng_err *err)
{
    heng_rc rc = heng_store_list_written_off(reader, account_id, plan->gone, GONE_MAX, &plan->gone_n, err);
    for (size_t i = 0; rc == HENG_OK && i < plan->gone_n; i++) {
        plan->back[i] = plan->gone[i].amount < plan->left ? plan->gone[i].amount : plan->left;
        plan->left -= plan->back[i];
    }
    return rc;
}

static heng_rc make_plan(struct heng_store_reader *reader, const struct heng_collect_ask *ask, int32_t day,
                         struct plan *plan, struct heng_err *err)
{
    heng_rc rc = heng_dunning_rules_get(reader, &plan->rules, err);
    plan->left = ask->amount;
    if (rc == HENG_OK)
        rc = heng_store_list_open_bills(reader, ask->account_id, plan->open, OPEN_MAX, &plan->open_n, err);
    if (rc == HENG_OK) rc = check_named(plan, ask, err);
    for (int named = 1; rc == HENG_OK && named >= (ask->only_named ? 1 : 0); named--) {
        const size_t first = plan->owing_n;
        for (size_t i = 0; rc == HENG_OK && i < plan->open_n; i++)
            if (is_named(ask, plan->open[i].id) == (named == 1)) rc = consider(reader, ask, day, i, plan, err);
        heng_allocate(plan->owing + first, plan->owing_n - first, plan->left, plan->rules.order, &plan->left);
    }
    return rc;
}

/* --- what it does ------------------------------------------------------------------------------------------------ */

static void add_row(struct plan *plan, int64_t booking_id, int64_t bill_id, const char *part, int64_t amount,
                    int32_t day)
{
    if (amount <= 0) return;
    struct heng_allocation *row = &plan->rows[plan->row_n];
    *row = (struct heng_allocation){
        .booking_id = booking_id, .bill_id = bill_id, .amount = amount, .n = (int32_t)plan->row_n, .day = day};
    snprintf(row->part, sizeof row->part, "%s", part);
    plan->row_n++;
}

/* The fees of what is paid, and which booking pays what. */
static heng_rc allocate(struct heng_store *store, struct plan *plan, int64_t booking_id, const struct heng_hand *hand,
                        struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < plan->owing_n; i++) {
        const struct heng_owing *owing = &plan->owing[i];
        size_t k = 0;
        if (owing->paid_principal + owing->paid_late <= 0) continue;
        while (plan->open[k].id != owing->bill_id) k++;
        rc = heng_fee_book(store, &plan->open[k], HENG_FEE_LATE, plan->fees[k], hand, NULL, err);
        add_row(plan, booking_id, owing->bill_id, "principal", owing->paid_principal, hand->day);
        add_row(plan, booking_id, owing->bill_id, "late", owing->paid_late, hand->day);
    }
    return rc;
}

/* What was written off is owed again as far as money came for it; the rest of it is written off anew, by those who did
 * it before. */
static heng_rc rest_gone(struct heng_store *store, const struct heng_settled *gone, int64_t principal, int64_t late,
                         const struct heng_hand *hand, struct heng_err *err)
{
    struct heng_booking before;
    struct heng_booked booked;
    struct heng_hand by = *hand;
    char key[HENG_BOOKING_KEY_MAX];
    if (principal + late == 0) return HENG_OK;
    heng_rc rc = heng_store_get_booking(heng_store_as_reader(store), gone->booking_id, &before, err);
    if (rc != HENG_OK) return rc;
    snprintf(key, sizeof key, "write-off-rest:%" PRId64, gone->booking_id);
    memcpy(by.who, before.who, sizeof by.who);
    memcpy(by.second, before.second, sizeof by.second);
    return heng_bill_write_off(store, 0, gone->bill_id, key, &by, before.reason, &booked, err);
}

static heng_rc bring_back(struct heng_store *store, struct plan *plan, size_t i, int64_t booking_id,
                          const struct heng_hand *hand, struct heng_err *err)
{
    const struct heng_settled *gone = &plan->gone[i];
    struct heng_allocation parts[8];
    struct heng_owing owing = {.bill_id = gone->bill_id};
    struct heng_booked booked;
    char key[HENG_BOOKING_KEY_MAX];
    size_t n = 0, first = plan->row_n;
    int64_t over;
    heng_rc rc = heng_store_list_allocations(heng_store_as_reader(store), 0, gone->booking_id, parts, 8, &n, err);
    for (size_t k = 0; k < n; k++)
        *(strcmp(parts[k].part, "late") == 0 ? &owing.late : &owing.principal) += parts[k].amount;
    heng_allocate(&owing, 1, plan->back[i], plan->rules.order, &over);
    snprintf(key, sizeof key, "write-off-back:%" PRId64, gone->booking_id);
    if (rc == HENG_OK) rc = heng_book_reverse(store, gone->booking_id, key, hand, "money came after all", &booked, err);
    add_row(plan, booking_id, gone->bill_id, "principal", owing.paid_principal, hand->day);
    add_row(plan, booking_id, gone->bill_id, "late", owing.paid_late, hand->day);
    if (rc == HENG_OK) rc = heng_store_add_allocations(store, plan->rows + first, plan->row_n - first, err);
    if (rc != HENG_OK) return rc;
    return rest_gone(store, gone, owing.principal - owing.paid_principal, owing.late - owing.paid_late, hand, err);
}

static heng_rc carry_out(struct heng_store *store, struct plan *plan, int64_t booking_id, const struct heng_hand *hand,
                         struct heng_err *err)
{
    heng_rc rc = allocate(store, plan, booking_id, hand, err);
    if (rc == HENG_OK && plan->row_n) rc = heng_store_add_allocations(store, plan->rows, plan->row_n, err);
    for (size_t i = 0; rc == HENG_OK && i < plan->gone_n; i++)
        if (plan->back[i] > 0) rc = bring_back(store, plan, i, booking_id, hand, err);
    return rc;
}

static void say(struct heng_booking *booking, const struct heng_collect_ask *ask)
{
    snprintf(booking->key, sizeof booking->key, "%s", ask->key);
    snprintf(booking->subject, sizeof booking->subject, "%s", ask->subject ? ask->subject : "");
    snprintf(booking->reason, sizeof booking->reason, "%s", ask->reason ? ask->reason : "");
    booking->subject_id = ask->subject_id;
}

/* Has the key been used? Then what is owed today says nothing about it, and the ledger compares. */
static heng_rc is_new(struct heng_store *store, const char *key, bool *ret, struct heng_err *err)
{
    struct heng_booking before;
    heng_rc rc = heng_store_find_booking(heng_store_as_reader(store), key, &before, err);
    *ret = rc == HENG_ENOTFOUND;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_collect(struct heng_store *store, const struct heng_collect_ask *ask, const struct heng_hand *hand,
                     struct heng_booked *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_booking booking;
    bool fresh = false;
    if (ask->amount <= 0) return heng_fail(err, HENG_ERANGE, 0, "a payment is above zero");
    struct plan *plan = calloc(1, sizeof *plan);
    heng_rc rc =
        plan ? is_new(store, ask->key, &fresh, err) : heng_fail(err, HENG_ENOMEM, 0, "no memory for a payment");
    if (rc == HENG_OK && fresh) rc = make_plan(reader, ask, hand->day, plan, err);
    if (rc == HENG_OK && fresh && plan->left && !ask->only_named) rc = plan_gone(reader, ask->account_id, plan, err);
    if (rc == HENG_OK)
        rc = heng_ledger_payment(ask->account_id, ask->amount, fresh ? ask->amount - plan->left : 0, ask->channel,
                                 hand->desk, &booking, err);
    if (rc == HENG_OK) {
        say(&booking, ask);
        rc = heng_book(store, &booking, hand, ret, err);
    }
    if (rc == HENG_OK && !ret->existed) rc = carry_out(store, plan, ret->booking_id, hand, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(reader, ask->account_id, &ret->balance, err);
    free(plan);
    return rc;
}

heng_rc heng_collect_advance(struct heng_store *store, int64_t account_id, const char *key,
                             const struct heng_hand *hand, int64_t *ret_amount, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_account_balance balance;
    struct heng_booking booking;
    struct heng_booked booked = {.existed = true};
    bool fresh = false;
    struct heng_collect_ask ask = {.account_id = account_id, .key = key};
    struct plan *plan = calloc(1, sizeof *plan);
    *ret_amount = 0;
    heng_rc rc = plan ? is_new(store, key, &fresh, err) : heng_fail(err, HENG_ENOMEM, 0, "no memory for a payment");
    if (rc == HENG_OK) rc = heng_store_account_balance(reader, account_id, &balance, err);
    if (rc != HENG_OK || !fresh || balance.advance <= 0) goto out;
    ask.amount = balance.advance;
    rc = make_plan(reader, &ask, hand->day, plan, err);
    if (rc != HENG_OK || plan->left == ask.amount) goto out;
    rc = heng_ledger_move(HENG_BOOKING_APPLY, account_id, HENG_BOOK_ADVANCE, account_id, "", HENG_BOOK_OWED, account_id,
                          "", ask.amount - plan->left, &booking, err);
    if (rc != HENG_OK) goto out;
    say(&booking, &ask);
    rc = heng_book(store, &booking, hand, &booked, err);
    if (rc == HENG_OK && !booked.existed) {
        *ret_amount = booking.amount;
        rc = carry_out(store, plan, booked.booking_id, hand, err);
    }
out:
    free(plan);
    return rc;
}
