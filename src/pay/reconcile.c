#include "pay/reconcile.h"

#include <stdio.h>
#include <stdlib.h>

#include "account/note.h"

enum { PAGE = 100 };

/* A run over one day. at: rows sorted by order number, then transaction. seen: rows that one of ours answered. */
struct run {
    struct heng_store *store;
    const struct heng_pay_day *day;
    struct heng_reconcile *out;
    const struct heng_pay_row **at;
    size_t n;
    int64_t lines;
};

static int by_order(const void *a, const void *b)
{
    const struct heng_pay_row *const x = *(const struct heng_pay_row *const *)a;
    const struct heng_pay_row *const y = *(const struct heng_pay_row *const *)b;
    const int order = strcmp(x->order, y->order);
    if (order) return order;
    const int transaction = strcmp(x->transaction, y->transaction);
    return transaction ? transaction : (x > y) - (x < y);
}

static int64_t back_of(const struct heng_pay_row *row)
{
    if (row->refund) return row->refund;
    return row->amount < 0 ? -row->amount : 0;
}

/* The first row of theirs that is not below the order. */
static size_t first_of(const struct run *r, const char *order)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (strcmp(r->at[mid]->order, order) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Is it the payment of the order, and not one by another transaction? Files without transactions are believed. */
static bool is_its_payment(const struct heng_pay_row *row, const struct heng_pay_order *order)
{
    return !row->transaction[0] || !order->transaction_id[0] || strcmp(row->transaction, order->transaction_id) == 0;
}

static bool theirs_have(const struct run *r, const struct heng_pay_order *order)
{
    for (size_t i = first_of(r, order->number); i < r->n && strcmp(r->at[i]->order, order->number) == 0; i++)
        if (!back_of(r->at[i]) && is_its_payment(r->at[i], order)) return true;
    return false;
}

/* How many rows of theirs, before row end, give back the amount for the order? */
static size_t backs_before(const struct run *r, const char *order, int64_t amount, size_t end)
{
    size_t n = 0;
    for (size_t i = first_of(r, order); i < end && strcmp(r->at[i]->order, order) == 0; i++)
        n += back_of(r->at[i]) == amount;
    return n;
}

static heng_rc put(struct run *r, heng_reconcile_class class_of, const char *order, const char *transaction,
                   int64_t ours, int64_t theirs, int64_t fee, struct heng_err *err)
{
    struct heng_reconcile_line line = {
        .reconcile_id = r->out->id, .n = ++r->lines, .class_of = class_of, .ours = ours, .theirs = theirs, .fee = fee};
    snprintf(line.order_number, sizeof line.order_number, "%s", order);
    snprintf(line.transaction_id, sizeof line.transaction_id, "%s", transaction);
    return heng_store_put_reconcile_line(r->store, &line, err);
}

/* What we hold an order for: what it was paid with, or asked for when that was never booked. */
static int64_t ours_of(const struct heng_pay_order *order)
{
    return order->state == HENG_PAY_STUCK && !order->booking_id ? order->amount : order->paid_amount;
}

/* The first row of an amount answers the first refund of it, the second the second: one of ours never answers two.
 * Those that ended before the day are of earlier files. */
static heng_rc judge_refund(struct run *r, size_t at, const struct heng_pay_order *order, struct heng_err *err)
{
    struct heng_pay_refund all[HENG_PAY_REFUNDS_MAX];
    const struct heng_pay_row *row = r->at[at];
    size_t n = 0, before = backs_before(r, row->order, back_of(row), at);
    const int64_t back = back_of(row);
    heng_rc rc = order ? heng_store_list_pay_refunds(heng_store_as_reader(r->store), order->id, all,
                                                     HENG_PAY_REFUNDS_MAX, &n, err)
                       : HENG_OK;
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < n; i++)
        if (all[i].state == HENG_REFUND_DONE && all[i].amount == back &&
            all[i].ended_us >= r->day->from_us - r->day->transit_us && before-- == 0)
            return put(r, HENG_RECONCILE_MATCH, row->order, row->transaction, -back, -back, row->fee, err);
    return put(r, HENG_RECONCILE_REFUND, row->order, row->transaction, 0, -back, row->fee, err);
}

/* Of this channel, and of the organisation whose day it is. */
static bool is_ours(const struct heng_reconcile *of, const struct heng_pay_order *order)
{
    return strcmp(order->channel, of->channel) == 0 && (!of->org_id || order->org_id == of->org_id);
}

/* One row of theirs. */
static heng_rc judge(struct run *r, size_t i, struct heng_err *err)
{
    const struct heng_pay_row *row = r->at[i];
    struct heng_pay_order order;
    heng_rc rc = heng_store_find_pay_order(heng_store_as_reader(r->store), 0, row->order, &order, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    const bool found = rc == HENG_OK && is_ours(r->out, &order);
    if (back_of(row)) return judge_refund(r, i, found ? &order : NULL, err);
    const struct heng_pay_row *before = i ? r->at[i - 1] : NULL;
    if (before && strcmp(before->order, row->order) == 0 && strcmp(before->transaction, row->transaction) == 0 &&
        !back_of(before))
        return put(r, HENG_RECONCILE_DUPLICATE, row->order, row->transaction, 0, row->amount, row->fee, err);
    if (!found || !order.paid_us || !is_its_payment(row, &order))
        return put(r, HENG_RECONCILE_THEIRS_ONLY, row->order, row->transaction, 0, row->amount, row->fee, err);
    const int64_t ours = ours_of(&order);
    return put(r, ours == row->amount ? HENG_RECONCILE_MATCH : HENG_RECONCILE_AMOUNT, row->order, row->transaction,
               ours, row->amount, row->fee, err);
}

/* Our orders of a time that their file does not have. */
static heng_rc ours_missing(struct run *r, heng_us from_us, heng_us to_us, bool yesterday, struct heng_err *err)
{
    static const char *const none = "";
    struct heng_pay_order orders[PAGE];
    struct heng_store_reader *reader = heng_store_as_reader(r->store);
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc =
            heng_store_list_paid(reader, r->out->org_id, r->out->channel, from_us, to_us, after, orders, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            const struct heng_pay_order *o = &orders[i];
            bool known = false;
            after = o->id;
            rc = heng_store_reconciled(reader, r->out, o->number, &known, err);
            if (rc != HENG_OK || known) continue;
            if (!yesterday && __builtin_add_overflow(r->out->ours, ours_of(o), &r->out->ours))
                return heng_fail(err, HENG_ERANGE, 0, "the sums of the day are too large");
            if (theirs_have(r, o)) continue;
            const bool transit = !yesterday && r->day->to_us - o->paid_us <= r->day->transit_us;
            rc = put(r, transit ? HENG_RECONCILE_IN_TRANSIT : HENG_RECONCILE_OURS_ONLY, o->number,
                     o->transaction_id[0] ? o->transaction_id : none, ours_of(o), 0, 0, err);
        }
    }
    return rc;
}

/* How many refunds of the order before this one were done in the same amount on the same day? */
static heng_rc same_before(struct run *r, const struct heng_pay_refund *refund, size_t *ret, struct heng_err *err)
{
    struct heng_pay_refund all[HENG_PAY_REFUNDS_MAX];
    size_t n = 0;
    *ret = 0;
    heng_rc rc = heng_store_list_pay_refunds(heng_store_as_reader(r->store), refund->order_id, all,
                                             HENG_PAY_REFUNDS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n && all[i].id != refund->id; i++)
        *ret += all[i].state == HENG_REFUND_DONE && all[i].amount == refund->amount &&
                all[i].ended_us >= r->day->from_us && all[i].ended_us < r->day->to_us;
    return rc;
}

static heng_rc refunds_missing(struct run *r, struct heng_err *err)
{
    struct heng_pay_refund refunds[PAGE];
    struct heng_pay_order order;
    struct heng_store_reader *reader = heng_store_as_reader(r->store);
    int64_t after = 0;
    size_t before = 0;
    heng_rc rc = HENG_OK;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_refunded(reader, r->out->org_id, r->out->channel, r->day->from_us, r->day->to_us, after,
                                      refunds, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            after = refunds[i].id;
            if (__builtin_sub_overflow(r->out->ours, refunds[i].amount, &r->out->ours))
                return heng_fail(err, HENG_ERANGE, 0, "the sums of the day are too large");
            rc = heng_store_get_pay_order(reader, 0, refunds[i].order_id, &order, err);
            if (rc == HENG_OK) rc = same_before(r, &refunds[i], &before, err);
            if (rc == HENG_OK && backs_before(r, order.number, refunds[i].amount, r->n) <= before)
                rc = put(r, HENG_RECONCILE_REFUND, order.number, refunds[i].transaction_id, -refunds[i].amount, 0, 0,
                         err);
        }
    }
    return rc;
}

/* Sums of theirs first, since the row is stored before its lines; ours are known when they are listed. */
static heng_rc compare(struct run *r, struct heng_err *err)
{
    heng_rc rc = ours_missing(r, r->day->from_us - r->day->transit_us, r->day->from_us, true, err);
    if (rc == HENG_OK) rc = ours_missing(r, r->day->from_us, r->day->to_us, false, err);
    if (rc == HENG_OK) rc = refunds_missing(r, err);
    for (size_t i = 0; rc == HENG_OK && i < r->n; i++) rc = judge(r, i, err);
    return rc;
}

static heng_rc next_of_day(struct heng_store *store, struct heng_reconcile *out, struct heng_err *err)
{
    struct heng_reconcile last;
    heng_rc rc =
        heng_store_last_reconcile(heng_store_as_reader(store), out->org_id, out->channel, out->day, &last, err);
    out->n = rc == HENG_OK ? last.n + 1 : 1;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc start(struct run *r, const struct heng_pay_table *table, struct heng_arena *arena, struct heng_err *err)
{
    int64_t net = 0;
    r->at = heng_arena_take(arena, table->n + 1, sizeof *r->at);
    if (!r->at) return heng_fail(err, HENG_ENOMEM, 0, "there is no memory for the file");
    for (size_t i = 0; i < table->n; i++) {
        const struct heng_pay_row *row = &table->rows[i];
        r->at[r->n++] = row;
        if (__builtin_add_overflow(r->out->theirs, back_of(row) ? -back_of(row) : row->amount, &r->out->theirs) ||
            __builtin_add_overflow(r->out->fees, row->fee, &r->out->fees))
            return heng_fail(err, HENG_ERANGE, 0, "the sums of the file are too large");
    }
    if (__builtin_sub_overflow(r->out->theirs, r->out->fees, &net))
        return heng_fail(err, HENG_ERANGE, 0, "the sums of the file are too large");
    qsort(r->at, r->n, sizeof *r->at, by_order);
    return next_of_day(r->store, r->out, err);
}

/* A file of another day would be nothing but differences. Rows without a day are believed. */
static bool is_of_day(const struct heng_pay_table *table, int32_t day, int32_t *ret_other)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->rows[i].day == 0 || table->rows[i].day == day) return true;
        *ret_other = table->rows[i].day;
    }
    return table->n == 0;
}

/* What is wrong with the file itself, as a sentence; OK: nothing. */
static heng_rc check_file(struct run *r, const struct heng_pay_template *form, const struct heng_pay_table *table,
                          struct heng_arena *arena, struct heng_err *why, struct heng_err *err)
{
    int32_t other = 0;
    if (form->kind != HENG_PAY_FILE_STATEMENT_IN)
        return heng_fail(why, HENG_ECONFIG, 0, "the template is for no statement");
    if (!is_of_day(table, r->day->day, &other)) {
        const struct heng_civil c = heng_us_to_civil(other * HENG_US_PER_DAY);
        return heng_fail(why, HENG_ECONFLICT, 0, "the file is of another day: its last line is of %04d-%02u-%02u",
                         c.year, (unsigned)c.month, (unsigned)c.day);
    }
    heng_rc rc = start(r, table, arena, err);
    return rc == HENG_ERANGE ? heng_fail(why, rc, 0, "the sums of the file are too large") : rc;
}

heng_rc heng_pay_reconcile(struct heng_store *store, const struct heng_pay_template *form,
                           const struct heng_pay_file_ask *ask, const struct heng_pay_day *day, struct heng_slice bytes,
                           const struct heng_hand *hand, struct heng_reconcile *ret, struct heng_pay_file *ret_file,
                           struct heng_err *err)
{
    struct heng_arena arena = {.max = (size_t)512 << 20};
    struct heng_pay_table table;
    struct run run = {.store = store, .day = day, .out = ret};
    struct heng_err why = {0};
    *ret = (struct heng_reconcile){.org_id = ask->org_id, .day = day->day, .at_us = hand->now_us};
    heng_rc rc = heng_pay_file_keep(store, form, ask, bytes, hand, &arena, ret_file, &table, err);
    memcpy(ret->channel, ret_file->channel, sizeof ret->channel);
    const bool taken = rc == HENG_OK && ret_file->state != HENG_PAY_FILE_REFUSED;
    if (taken) rc = check_file(&run, form, &table, &arena, &why, err);
    if (taken && why.rc != HENG_OK) rc = heng_pay_file_refuse(store, ret_file, bytes, why.text, err);
    if (rc == HENG_OK && ret_file->state == HENG_PAY_FILE_REFUSED) *ret = (struct heng_reconcile){.id = 0};
    if (rc == HENG_OK && ret_file->state != HENG_PAY_FILE_REFUSED) {
        rc = heng_store_add_pay_file(store, ret_file, bytes, err);
        ret->file_id = ret_file->id;
        if (rc == HENG_OK) rc = heng_store_put_reconcile(store, ret, err);
        if (rc == HENG_OK) rc = compare(&run, err);
        if (rc == HENG_OK) rc = heng_store_put_reconcile(store, ret, err);
    }
    heng_arena_fini(&arena);
    return rc;
}

/* --- what people decide --- */

static heng_rc find(struct heng_store *store, int64_t scope, int64_t id, int64_t n, struct heng_reconcile *of,
                    struct heng_reconcile_line *ret, struct heng_err *err)
{
    size_t found = 0;
    heng_rc rc = heng_store_get_reconcile(heng_store_as_reader(store), scope, id, of, err);
    if (rc == HENG_OK && n)
        rc = heng_store_list_reconcile_lines(heng_store_as_reader(store), id, n - 1, ret, 1, &found, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && n && (!found || ret->n != n)))
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no such line of reconciliation %lld", (long long)id);
    return rc;
}

static heng_rc follow(struct heng_store *store, const struct heng_reconcile *of, const struct heng_reconcile_line *line,
                      bool unclear, const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    const struct heng_pay_channel *channel = heng_pay_channel_of(of->channel);
    struct heng_pay_event event = {.kind = HENG_PAY_EVENT_PAID, .amount = line->theirs, .at_us = hand->now_us};
    struct heng_pay_order order;
    struct heng_pay_notice notice;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t booking_id = 0;
    heng_rc rc = heng_store_find_pay_order(heng_store_as_reader(store), of->org_id, line->order_number, &order, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (unclear) {
        if (line->transaction_id[0])
            snprintf(key, sizeof key, "pay:stray:%.20s:%.64s", of->channel, line->transaction_id);
        else
            snprintf(key, sizeof key, "pay:stray-line:%lld:%lld", (long long)of->id, (long long)line->n);
        return heng_pay_unclear(store, of->org_id, of->channel, rc == HENG_OK ? order.currency : "CNY", line->theirs,
                                key, hand, reason, &booking_id, err);
    }
    if (rc == HENG_ENOTFOUND || !channel)
        return heng_fail(err, HENG_ECONFLICT, 0, "no order has the number '%s': decide unclear", line->order_number);
    snprintf(event.key, sizeof event.key, "reconcile:%lld:%lld", (long long)of->id, (long long)line->n);
    memcpy(event.order_number, line->order_number, sizeof event.order_number);
    memcpy(event.transaction_id, line->transaction_id, sizeof event.transaction_id);
    memcpy(event.currency, order.currency, sizeof event.currency);
    struct heng_pay_channel own = *channel;
    own.name = of->channel; /* all banks are one channel, each by its own name */
    rc = heng_pay_take(store, &own, &event, heng_slice_str(reason), hand, &notice, err);
    if (rc == HENG_OK && notice.outcome == HENG_PAY_TOLD_REFUSED)
        return heng_fail(err, HENG_ECONFLICT, 0, "%.120s: decide unclear, or accept", notice.why);
    return rc;
}

heng_rc heng_pay_reconcile_decide(struct heng_store *store, int64_t scope, int64_t id, int64_t n, const char *decision,
                                  const struct heng_hand *hand, const char *reason, struct heng_reconcile_line *ret,
                                  struct heng_err *err)
{
    struct heng_reconcile of;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = find(store, scope, id, n, &of, ret, err);
    if (rc != HENG_OK) return rc;
    const bool apply = strcmp(decision, "apply") == 0, unclear = strcmp(decision, "unclear") == 0;
    if (!*reason) return heng_fail(err, HENG_EFORMAT, 0, "a decision needs a reason");
    if (of.closed_us) return heng_fail(err, HENG_ECONFLICT, 0, "the day is closed");
    if (ret->decision[0] || ret->class_of == HENG_RECONCILE_MATCH)
        return heng_fail(err, HENG_ECONFLICT, 0, "line %lld has nothing to decide", (long long)n);
    if (!apply && !unclear && strcmp(decision, "accept") != 0 && strcmp(decision, "wait") != 0)
        return heng_fail(err, HENG_EFORMAT, 0, "'%.20s' is no decision: apply, unclear, accept or wait", decision);
    if ((apply || unclear) && ret->class_of != HENG_RECONCILE_THEIRS_ONLY)
        return heng_fail(err, HENG_ECONFLICT, 0, "only what the channel alone has can be booked from its file");
    if (apply || unclear) rc = follow(store, &of, ret, unclear, hand, reason, err);
    if (rc != HENG_OK) return rc;
    snprintf(ret->decision, sizeof ret->decision, "%s", decision);
    snprintf(ret->who, sizeof ret->who, "%s", hand->who);
    snprintf(ret->reason, sizeof ret->reason, "%s", reason);
    rc = heng_store_put_reconcile_line(store, ret, err);
    const struct heng_note note = {"pay.reconcile", "reconcile", id, of.org_id, reason};
    return rc == HENG_OK ? heng_account_note(store, &note, hand, "", "", err) : rc;
}

/* Between books of the house; zero is nothing. */
static heng_rc move(struct heng_store *store, const struct heng_reconcile *of, heng_booking_kind kind,
                    heng_book_kind debit, int64_t amount, const struct heng_hand *hand, struct heng_booked *ret,
                    struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_pay_order one;
    size_t n = 0;
    if (amount == 0) return HENG_OK;
    const bool back = amount < 0;
    heng_rc rc =
        heng_ledger_move(kind, 0, back ? HENG_BOOK_CHANNEL : debit, 0, of->channel, back ? debit : HENG_BOOK_CHANNEL, 0,
                         of->channel, back ? -amount : amount, &booking, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_list_paid(heng_store_as_reader(store), of->org_id, of->channel, 1, INT64_MAX, 0, &one, 1, &n, err);
    if (rc != HENG_OK) return rc;
    booking.org_id = of->org_id;
    booking.subject_id = of->id;
    snprintf(booking.subject, sizeof booking.subject, "reconcile");
    snprintf(booking.currency, sizeof booking.currency, "%s", n ? one.currency : "CNY");
    snprintf(booking.channel, sizeof booking.channel, "%s", of->channel);
    snprintf(booking.key, sizeof booking.key, "%s:%lld", heng_booking_text(kind), (long long)of->id);
    return heng_book(store, &booking, hand, ret, err);
}

heng_rc heng_pay_reconcile_close(struct heng_store *store, int64_t scope, int64_t id, const struct heng_hand *hand,
                                 struct heng_reconcile *ret, struct heng_err *err)
{
    struct heng_reconcile_line none;
    struct heng_booked booked;
    int64_t open = 0;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = find(store, scope, id, 0, ret, &none, err);
    if (rc != HENG_OK || ret->closed_us) return rc;
    rc = heng_store_undecided(heng_store_as_reader(store), id, &open, err);
    if (rc == HENG_OK && open)
        return heng_fail(err, HENG_ECONFLICT, 0, "%lld differences have no decision: decide them first",
                         (long long)open);
    if (rc == HENG_OK)
        rc = move(store, ret, HENG_BOOKING_CHANNEL_FEE, HENG_BOOK_CHANNEL_FEE, ret->fees, hand, &booked, err);
    if (rc != HENG_OK) return rc;
    ret->closed_us = hand->now_us;
    snprintf(ret->who, sizeof ret->who, "%s", hand->who);
    return heng_store_put_reconcile(store, ret, err);
}

heng_rc heng_pay_settle(struct heng_store *store, int64_t scope, int64_t id, int64_t amount,
                        const struct heng_hand *hand, struct heng_booked *ret, struct heng_err *err)
{
    struct heng_reconcile of;
    struct heng_reconcile_line none;
    char ours[HENG_PAY_AMOUNT_TEXT_MAX], theirs[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_rc rc = find(store, scope, id, 0, &of, &none, err);
    if (rc != HENG_OK) return rc;
    if (!of.closed_us) return heng_fail(err, HENG_ECONFLICT, 0, "the day is not closed: decide its differences first");
    heng_pay_amount_text(of.theirs - of.fees, 2, ours);
    heng_pay_amount_text(amount, 2, theirs);
    if (amount != of.theirs - of.fees)
        return heng_fail(err, HENG_ECONFLICT, 0, "the bank got %s, the day's net is %s: nothing is booked", theirs,
                         ours);
    memset(ret, 0, sizeof *ret);
    return move(store, &of, HENG_BOOKING_SETTLEMENT, HENG_BOOK_BANK, amount, hand, ret, err);
}
