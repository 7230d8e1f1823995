#include "billing/late.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/note.h"
#include "billing/collect.h"
#include "ledger/amount.h"

enum { OPEN_MAX = 400, ROWS_MAX = 1000, CLASSES_MAX = 16 };

heng_rc heng_bill_open(struct heng_store_reader *reader, int64_t account_id, int64_t bill_id,
                       struct heng_open_bill *ret, struct heng_err *err)
{
    struct heng_open_bill *open = calloc(OPEN_MAX, sizeof *open);
    size_t n = 0, i = 0;
    heng_rc rc = open ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the bills of an account");
    if (rc == HENG_OK) rc = heng_store_list_open_bills(reader, account_id, open, OPEN_MAX, &n, err);
    while (i < n && open[i].id != bill_id) i++;
    if (rc == HENG_OK && i == n)
        rc = heng_fail(err, HENG_ENOTFOUND, 0, "nothing is open on bill %" PRId64, bill_id);
    else if (rc == HENG_OK)
        *ret = open[i];
    free(open);
    return rc;
}

/* --- how much -------------------------------------------------------------------------------------------------- */

/* The terms of the first price class of the bill that has some, else those for all others. NULL: no late fee. */
static heng_rc terms_of(struct heng_store_reader *reader, const struct heng_dunning_rules *rules, int64_t bill_id,
                        const struct heng_late_terms **ret, struct heng_err *err)
{
    struct heng_price_class classes[CLASSES_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_bill_classes(reader, bill_id, classes, CLASSES_MAX, &n, err);
    *ret = NULL;
    for (size_t i = 0; rc == HENG_OK && i < rules->term_count; i++) {
        const struct heng_dunning_terms *terms = &rules->terms[i];
        if (!terms->price_class[0] && !*ret) *ret = &terms->late;
    }
    for (size_t k = 0; rc == HENG_OK && k < n; k++)
        for (size_t i = 0; i < rules->term_count; i++)
            if (rules->terms[i].price_class[0] && strcmp(rules->terms[i].price_class, classes[k].name) == 0) {
                *ret = &rules->terms[i].late;
                return HENG_OK;
            }
    return rc;
}

/* Late fees that are booked already, less what was taken back. */
static heng_rc booked(struct heng_store_reader *reader, int64_t bill_id, int64_t *ret, size_t *ret_n,
                      struct heng_err *err)
{
    struct heng_bill_fee *fees = calloc(ROWS_MAX, sizeof *fees);
    heng_rc rc = fees ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for fees");
    *ret = 0;
    *ret_n = 0;
    if (rc == HENG_OK) rc = heng_store_list_fees(reader, bill_id, fees, ROWS_MAX, ret_n, err);
    if (rc == HENG_OK && *ret_n == ROWS_MAX) rc = heng_fail(err, HENG_ELIMIT, 0, "a bill has too many fees");
    for (size_t i = 0; rc == HENG_OK && i < *ret_n; i++)
        if (fees[i].kind == HENG_FEE_LATE && __builtin_add_overflow(*ret, fees[i].amount, ret))
            rc = heng_fail(err, HENG_ERANGE, 0, "the fees of a bill do not fit a number");
    free(fees);
    return rc;
}

/* The whole fee until a day, in the smallest unit. */
static heng_rc fee_until(struct heng_store_reader *reader, const struct heng_late_terms *terms,
                         const struct heng_bill *bill, int32_t day, int64_t *ret, struct heng_err *err)
{
    struct heng_bill_payment *paid = calloc(ROWS_MAX, sizeof *paid);
    struct heng_late_payment *payments = calloc(ROWS_MAX, sizeof *payments);
    struct heng_late_terms by = *terms;
    struct heng_late_fee fee;
    size_t n = 0;
    heng_rc rc = paid && payments ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for payments");
    if (rc == HENG_OK) rc = heng_store_list_bill_payments(reader, bill->id, paid, ROWS_MAX, &n, err);
    if (rc == HENG_OK && n == ROWS_MAX) rc = heng_fail(err, HENG_ELIMIT, 0, "a bill has too many payments");
    struct heng_late_bill late = {
        .id = bill->number, .amount = heng_dec_of(bill->total, -2), .due = bill->due_day, .payments = payments};
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (paid[i].amount > 0)
            payments[late.payment_count++] =
                (struct heng_late_payment){.day = paid[i].day, .amount = heng_dec_of(paid[i].amount, -2)};
    by.first = HENG_LATE_PRINCIPAL_FIRST; /* these payments are what went to the principal */
    by.places = 2;
    if (rc == HENG_OK) rc = heng_late_fee(&by, &late, day, NULL, &fee, err);
    if (rc == HENG_OK && !heng_exact_steps(fee.fee, 2, ret))
        rc = heng_fail(err, HENG_EBUG, 0, "a late fee has more than two places");
    free(payments);
    free(paid);
    return rc;
}

heng_rc heng_late_due(struct heng_store_reader *reader, const struct heng_dunning_rules *rules,
                      const struct heng_open_bill *open, int32_t day, int64_t *ret, struct heng_err *err)
{
    const struct heng_late_terms *terms;
    struct heng_bill bill;
    int64_t whole, so_far;
    size_t n;
    bool disputed, planned;
    *ret = 0;
    if (!rules->term_count || open->principal <= 0 || open->due_day >= day) return HENG_OK;
    heng_rc rc = terms_of(reader, rules, open->id, &terms, err);
    if (rc != HENG_OK || !terms) return rc;
    rc = heng_store_bill_held(reader, open->id, &disputed, &planned, err);
    if (rc != HENG_OK || disputed || planned) return rc;
    rc = heng_store_get_bill(reader, 0, open->id, &bill, err);
    if (rc == HENG_OK) rc = fee_until(reader, terms, &bill, day, &whole, err);
    if (rc == HENG_OK) rc = booked(reader, open->id, &so_far, &n, err);
    if (rc == HENG_OK && whole > so_far) *ret = whole - so_far;
    return rc;
}

/* --- booked, let off ------------------------------------------------------------------------------------------- */

static void name_bill(struct heng_booking *booking, int64_t bill_id, const char *key, const char *reason)
{
    snprintf(booking->key, sizeof booking->key, "%s", key);
    snprintf(booking->subject, sizeof booking->subject, "bill");
    snprintf(booking->reason, sizeof booking->reason, "%s", reason);
    booking->subject_id = bill_id;
}

heng_rc heng_fee_book(struct heng_store *store, const struct heng_open_bill *bill, heng_fee_kind kind, int64_t amount,
                      const struct heng_hand *hand, int64_t *ret_booking, struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_booked done;
    struct heng_bill_fee fee = {.bill_id = bill->id, .amount = amount, .day = hand->day, .kind = kind};
    char key[HENG_BOOKING_KEY_MAX];
    int64_t so_far;
    size_t n;
    if (amount <= 0) return HENG_OK;
    heng_rc rc = booked(heng_store_as_reader(store), bill->id, &so_far, &n, err);
    if (rc == HENG_OK)
        rc = heng_ledger_move(HENG_BOOKING_LATE_FEE, bill->account_id, HENG_BOOK_OWED, bill->account_id, "",
                              HENG_BOOK_LATE, 0, "", amount, &booking, err);
    if (rc != HENG_OK) return rc;
    snprintf(key, sizeof key, "fee:%" PRId64 ":%zu", bill->id, n + 1);
    name_bill(&booking, bill->id, key, heng_fee_kind_text(kind));
    rc = heng_book(store, &booking, hand, &done, err);
    if (ret_booking) *ret_booking = done.booking_id;
    fee.booking_id = done.booking_id;
    return rc == HENG_OK && !done.existed ? heng_store_add_fee(store, &fee, err) : rc;
}

static heng_rc by_two(const struct heng_hand *hand, const char *what, const char *reason, struct heng_err *err)
{
    heng_rc rc = heng_hand_check(hand, err);
    if (rc != HENG_OK) return rc;
    if (!reason[0]) return heng_fail(err, HENG_ECONFIG, 0, "%s needs its reason", what);
    if (!hand->second[0] || strcmp(hand->second, hand->who) == 0)
        return heng_fail(err, HENG_EDENIED, 0, "%s is made by two: name a second person", what);
    return HENG_OK;
}

static heng_rc need_bill(struct heng_store_reader *reader, int64_t scope, int64_t bill_id, struct heng_bill *ret,
                         struct heng_err *err)
{
    heng_rc rc = heng_store_get_bill(reader, scope, bill_id, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no bill with the id %" PRId64, bill_id) : rc;
}

/* From owed to the losses, with what it takes off the parts of the bill. Asked again it is as it was. */
static heng_rc take_off(struct heng_store *store, heng_booking_kind kind, const struct heng_bill *bill,
                        int64_t principal, int64_t late, const char *key, const struct heng_hand *hand,
                        const char *reason, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_allocation rows[2];
    size_t n = 0;
    heng_rc rc = heng_ledger_move(kind, bill->account_id, HENG_BOOK_LOSS, 0, "", HENG_BOOK_OWED, bill->account_id, "",
                                  principal + late, &booking, err);
    if (rc != HENG_OK) return rc;
    name_bill(&booking, bill->id, key, reason);
    rc = heng_book(store, &booking, hand, ret, err);
    if (rc != HENG_OK || ret->existed) return rc;
    if (principal)
        rows[n++] = (struct heng_allocation){.booking_id = ret->booking_id,
                                             .bill_id = bill->id,
                                             .amount = principal,
                                             .day = hand->day,
                                             .part = "principal"};
    if (late) {
        rows[n] = (struct heng_allocation){
            .booking_id = ret->booking_id, .bill_id = bill->id, .amount = late, .day = hand->day, .part = "late"};
        rows[n].n = (int32_t)n;
        n++;
    }
    rc = heng_store_add_allocations(store, rows, n, err);
    const struct heng_note note = {.action = kind == HENG_BOOKING_WAIVER ? "bill.waive" : "bill.write-off",
                                   .subject = "bill",
                                   .subject_id = bill->id,
                                   .org_id = bill->org_id,
                                   .reason = reason};
    return rc == HENG_OK ? heng_account_note(store, &note, hand, "", "", err) : rc;
}

/* OK: the key is there, and says the same of this bill: ret is what it was. ENOTFOUND: it is new. */
static heng_rc known(struct heng_store *store, heng_booking_kind kind, int64_t bill_id, const char *key,
                     struct heng_booked *ret, struct heng_err *err)
{
    struct heng_booking before;
    memset(ret, 0, sizeof *ret);
    heng_rc rc = heng_store_find_booking(heng_store_as_reader(store), key, &before, err);
    if (rc != HENG_OK) return rc;
    if (before.kind != kind || before.subject_id != bill_id)
        return heng_fail(err, HENG_ECONFLICT, 0, "the key '%.40s' belongs to booking %" PRId64, key, before.id);
    ret->booking_id = before.id;
    ret->existed = true;
    return heng_store_account_balance(heng_store_as_reader(store), before.account_id, &ret->balance, err);
}

heng_rc heng_fee_waive(struct heng_store *store, int64_t scope, int64_t bill_id, int64_t amount, const char *key,
                       const struct heng_hand *hand, const char *reason, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_dunning_rules *rules = malloc(sizeof *rules);
    struct heng_bill bill;
    struct heng_open_bill open;
    int64_t due = 0;
    heng_rc rc = rules ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the rules");
    if (rc == HENG_OK) rc = by_two(hand, "a waiver", reason, err);
    if (rc == HENG_OK) rc = need_bill(reader, scope, bill_id, &bill, err);
    if (rc != HENG_OK) goto out;
    if ((rc = known(store, HENG_BOOKING_WAIVER, bill_id, key, ret, err)) != HENG_ENOTFOUND) goto out;
    rc = heng_bill_open(reader, bill.account_id, bill_id, &open, err);
    if (rc == HENG_OK) rc = heng_dunning_rules_get(reader, rules, err);
    if (rc == HENG_OK) rc = heng_late_due(reader, rules, &open, hand->day, &due, err);
    if (rc != HENG_OK) goto out;
    if (amount == 0) amount = open.late + due;
    if (amount <= 0 || amount > open.late + due) {
        char text[HENG_AMOUNT_TEXT_MAX];
        heng_amount_text(open.late + due, text);
        rc = heng_fail(err, HENG_ECONFLICT, 0, "the fees of bill %s that are not paid are %s: no more can be waived",
                       bill.number, text);
    }
    if (rc == HENG_OK && amount > open.late) rc = heng_fee_book(store, &open, HENG_FEE_LATE, due, hand, NULL, err);
    if (rc == HENG_OK) rc = take_off(store, HENG_BOOKING_WAIVER, &bill, 0, amount, key, hand, reason, ret, err);
out:
    free(rules);
    return rc;
}

heng_rc heng_bill_write_off(struct heng_store *store, int64_t scope, int64_t bill_id, const char *key,
                            const struct heng_hand *hand, const char *reason, struct heng_booked *ret,
                            struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_bill bill;
    struct heng_open_bill open;
    heng_rc rc = by_two(hand, "a write-off", reason, err);
    if (rc == HENG_OK) rc = need_bill(reader, scope, bill_id, &bill, err);
    if (rc != HENG_OK) return rc;
    if ((rc = known(store, HENG_BOOKING_WRITE_OFF, bill_id, key, ret, err)) != HENG_ENOTFOUND) return rc;
    rc = heng_bill_open(reader, bill.account_id, bill_id, &open, err);
    if (rc == HENG_OK) rc = heng_bill_locked(reader, bill_id, err);
    if (rc != HENG_OK) return rc;
    if (open.principal < 0 || open.late < 0 || open.principal + open.late <= 0)
        return heng_fail(err, HENG_ECONFLICT, 0, "bill %s is a credit: there is nothing to write off", bill.number);
    return take_off(store, HENG_BOOKING_WRITE_OFF, &bill, open.principal, open.late, key, hand, reason, ret, err);
}

/* --- before a bill is reversed --------------------------------------------------------------------------------- */

static heng_rc mirror(struct heng_store *store, int64_t booking_id, const struct heng_hand *hand, const char *reason,
                      struct heng_err *err)
{
    struct heng_booked done;
    char key[HENG_BOOKING_KEY_MAX];
    snprintf(key, sizeof key, "undo:%" PRId64, booking_id);
    return heng_book_reverse(store, booking_id, key, hand, reason, &done, err);
}

heng_rc heng_settled_undo(struct heng_store *store, int64_t bill_id, const struct heng_hand *hand, const char *reason,
                          struct heng_err *err)
{
    static const heng_booking_kind kinds[] = {HENG_BOOKING_WRITE_OFF, HENG_BOOKING_WAIVER};
    enum { MAX = 100 };
    struct heng_settled rows[MAX];
    heng_rc rc = HENG_OK;
    for (size_t k = 0; rc == HENG_OK && k < 2; k++) {
        size_t n = 0;
        rc = heng_store_list_settled(heng_store_as_reader(store), bill_id, kinds[k], rows, MAX, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = mirror(store, rows[i].booking_id, hand, reason, err);
    }
    return rc;
}

heng_rc heng_fees_undo(struct heng_store *store, int64_t bill_id, const struct heng_hand *hand, const char *reason,
                       struct heng_err *err)
{
    struct heng_bill_fee *fees = calloc(ROWS_MAX, sizeof *fees);
    size_t n = 0;
    heng_rc rc = fees ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for fees");
    if (rc == HENG_OK) rc = heng_store_list_fees(heng_store_as_reader(store), bill_id, fees, ROWS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        int64_t by;
        if (fees[i].amount <= 0) continue;
        rc = heng_store_find_reversal(heng_store_as_reader(store), fees[i].booking_id, &by, err);
        rc = rc == HENG_ENOTFOUND ? mirror(store, fees[i].booking_id, hand, reason, err) : rc;
    }
    free(fees);
    return rc;
}
