#include "billing/correct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/note.h"
#include "billing/issue.h"
#include "billing/late.h"
#include "billing/run_parts.h"
#include "store/money/prepay.h"
#include "vee/day.h"

enum { ALLOCATIONS_MAX = 512 };

/* --- reversal -------------------------------------------------------------------------------------------------- */

static heng_rc may_reverse(struct heng_store *store, const struct heng_bill *bill, const struct heng_hand *hand,
                           const char *reason, struct heng_err *err)
{
    struct heng_bill_settings settings;
    char number[HENG_BILL_NUMBER_MAX];
    heng_rc rc = heng_bill_settings_get(heng_store_as_reader(store), &settings, err);
    if (rc != HENG_OK) return rc;
    if (bill->state != HENG_BILL_STATE_ISSUED)
        return heng_fail(err, HENG_ECONFLICT, 0, "bill %lld is %s: only an issued bill is reversed",
                         (long long)bill->id, heng_bill_state_text(bill->state));
    if (bill->kind == HENG_BILL_REVERSAL)
        return heng_fail(err, HENG_ECONFLICT, 0, "%s is a reversal itself: issue a new bill instead", bill->number);
    if (!reason[0]) return heng_fail(err, HENG_ECONFIG, 0, "a reversal needs its reason");
    if (settings.second_person && (!hand->second[0] || strcmp(hand->second, hand->who) == 0))
        return heng_fail(err, HENG_EDENIED, 0, "a reversal is made by two: name a second person");
    if (bill->kind != HENG_BILL_PREPAY) return HENG_OK;
    rc = heng_store_find_prepay_settled(heng_store_as_reader(store), bill->id, number, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    return heng_fail(err, HENG_ECONFLICT, 0, "%s is settled by %s: reverse that one first", bill->number, number);
}

/* What was paid on its parts, and not taken back since: the principal, and late fees. */
static heng_rc paid_on(struct heng_store *store, int64_t bill_id, int64_t ret[2], struct heng_err *err)
{
    struct heng_allocation *rows = calloc(ALLOCATIONS_MAX, sizeof *rows);
    size_t n = 0;
    heng_rc rc = rows ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for allocations");
    if (rc == HENG_OK)
        rc = heng_store_list_allocations(heng_store_as_reader(store), bill_id, 0, rows, ALLOCATIONS_MAX, &n, err);
    if (rc == HENG_OK && n == ALLOCATIONS_MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "more than %d payments on one bill", ALLOCATIONS_MAX - 1);
    ret[0] = ret[1] = 0;
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        int64_t *part = &ret[strcmp(rows[i].part, "principal") != 0];
        if (__builtin_add_overflow(*part, rows[i].amount, part))
            rc = heng_fail(err, HENG_ERANGE, 0, "payments do not fit a number");
    }
    free(rows);
    return rc;
}

/* Paid money lies in advance again; what a credit note had put there is taken from it. */
static heng_rc free_payments(struct heng_store *store, const struct heng_bill *bill, const struct heng_hand *hand,
                             struct heng_err *err)
{
    static const char *const names[] = {"principal", "late"};
    struct heng_booking booking;
    struct heng_booked booked;
    struct heng_allocation rows[2];
    int64_t parts[2];
    size_t n = 0;
    heng_rc rc = paid_on(store, bill->id, parts, err);
    const int64_t paid = rc == HENG_OK ? parts[0] + parts[1] : 0;
    if (rc != HENG_OK || !paid) return rc;
    rc = heng_ledger_move(paid > 0 ? HENG_BOOKING_TRANSFER : HENG_BOOKING_APPLY, bill->account_id,
                          paid > 0 ? HENG_BOOK_OWED : HENG_BOOK_ADVANCE, bill->account_id, "",
                          paid > 0 ? HENG_BOOK_ADVANCE : HENG_BOOK_OWED, bill->account_id, "", paid > 0 ? paid : -paid,
                          &booking, err);
    if (rc != HENG_OK) return rc;
    booking.org_id = bill->org_id;
    booking.subject_id = bill->id;
    snprintf(booking.key, sizeof booking.key, "bill-free:%lld", (long long)bill->id);
    snprintf(booking.subject, sizeof booking.subject, "bill");
    snprintf(booking.currency, sizeof booking.currency, "%s", bill->currency);
    rc = heng_book(store, &booking, hand, &booked, err);
    if (rc != HENG_OK || booked.existed) return rc;
    for (size_t i = 0; i < 2; i++) {
        if (!parts[i]) continue;
        rows[n] = (struct heng_allocation){.booking_id = booked.booking_id,
                                           .bill_id = bill->id,
                                           .amount = -parts[i],
                                           .day = hand->day,
                                           .n = (int32_t)n};
        snprintf(rows[n++].part, HENG_PART_MAX, "%s", names[i]);
    }
    return heng_store_add_allocations(store, rows, n, err);
}

static heng_rc mirror_bill(struct heng_store *store, const struct heng_bill *bill, const struct heng_hand *hand,
                           const char *reason, struct heng_bill *ret, struct heng_err *err)
{
    struct heng_arena arena = {.max = HENG_RUN_ARENA_MAX};
    struct heng_charge *charges = NULL;
    size_t n = 0;
    int year, month, day;
    int64_t number = 0;
    *ret = *bill;
    ret->id = ret->run_id = ret->booking_id = ret->replaces = 0;
    ret->kind = HENG_BILL_REVERSAL;
    ret->total = -bill->total;
    ret->tax = -bill->tax;
    ret->due_day = hand->day;
    ret->flags = 0;
    ret->reverses = bill->id;
    ret->issued_us = hand->now_us;
    snprintf(ret->why, sizeof ret->why, "%s", reason);
    heng_day_date(hand->day, &year, &month, &day);
    heng_rc rc = heng_store_take_bill_numbers(store, bill->org_id, year, 1, &number, err);
    if (rc == HENG_OK && bill->booking_id) {
        struct heng_booked booked;
        char key[HENG_BOOKING_KEY_MAX];
        snprintf(key, sizeof key, "bill-reverse:%lld", (long long)bill->id);
        rc = heng_book_reverse(store, bill->booking_id, key, hand, reason, &booked, err);
        if (rc == HENG_OK) ret->booking_id = booked.booking_id;
    }
    heng_bill_number(bill->org_id, year, number, ret->number);
    if (rc == HENG_OK) rc = heng_bill_charges(heng_store_as_reader(store), bill, &arena, &charges, &n, err);
    if (rc == HENG_OK) rc = heng_bill_digest(ret, charges, n, ret->digest, err);
    if (rc == HENG_OK) rc = heng_store_put_bill(store, ret, err);
    heng_arena_fini(&arena);
    return rc;
}

static heng_rc note_bill(struct heng_store *store, const struct heng_bill *bill, const char *action,
                         const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    const struct heng_note note = {
        .action = action, .subject = "bill", .subject_id = bill->id, .org_id = bill->org_id, .reason = reason};
    return heng_account_note(store, &note, hand, "", "", err);
}

heng_rc heng_bill_reverse(struct heng_store *store, int64_t scope, int64_t bill_id, const struct heng_hand *hand,
                          const char *reason, struct heng_bill *ret, struct heng_err *err)
{
    struct heng_bill bill;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_bill(heng_store_as_reader(store), scope, bill_id, &bill, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no bill with the id %lld", (long long)bill_id);
    if (rc != HENG_OK) return rc;
    if (bill.state == HENG_BILL_STATE_REVERSED)
        return heng_store_find_bill_reversal(heng_store_as_reader(store), bill.id, ret, err);
    if ((rc = may_reverse(store, &bill, hand, reason, err)) != HENG_OK) return rc;
    rc = heng_settled_undo(store, bill.id, hand, reason, err);
    if (rc == HENG_OK) rc = mirror_bill(store, &bill, hand, reason, ret, err);
    if (rc == HENG_OK) rc = free_payments(store, &bill, hand, err);
    if (rc == HENG_OK) rc = heng_fees_undo(store, bill.id, hand, reason, err);
    if (rc == HENG_OK) rc = heng_store_end_instalments(store, bill.id, hand->now_us, "the bill was reversed", err);
    if (rc == HENG_OK) rc = heng_store_end_hold(store, bill.id, hand->now_us, hand->who, err);
    if (rc != HENG_OK) return rc;
    bill.state = HENG_BILL_STATE_REVERSED;
    rc = heng_store_put_bill(store, &bill, err);
    return rc == HENG_OK ? note_bill(store, &bill, "bill.reverse", hand, reason, err) : rc;
}

/* --- what it would be today ------------------------------------------------------------------------------------ */

static heng_rc run_of(const struct heng_bill *bill, struct heng_run **ret, struct heng_err *err)
{
    struct heng_run *run = calloc(1, sizeof *run);
    if (!run) return heng_fail(err, HENG_ENOMEM, 0, "no memory to correct a bill");
    run->org_id = bill->org_id;
    run->from_day = bill->from_day;
    run->to_day = bill->to_day;
    run->due_day = bill->due_day;
    snprintf(run->selection, sizeof run->selection, "{}");
    snprintf(run->currency, sizeof run->currency, "%s", bill->currency);
    *ret = run;
    return HENG_OK;
}

static const struct heng_charge *charge_for(const struct heng_charge *charges, size_t n, int64_t contract_id)
{
    for (size_t i = 0; i < n; i++)
        if (charges[i].contract_id == contract_id && charges[i].kind == HENG_CHARGE_USAGE) return &charges[i];
    return NULL;
}

/* The contracts of a bill as items of a run, as if it had never been. */
static heng_rc take_bill(struct heng_run_worker *worker, const struct heng_run *run, const struct heng_bill *bill,
                         const struct heng_charge *charges, size_t n, struct heng_err *err)
{
    int64_t last;
    size_t kept = 0;
    heng_rc rc = heng_run_select(worker->reader, run->org_id, run->currency, run->selection, &worker->selection, err);
    if (rc != HENG_OK) return rc;
    worker->selection.listed[0] = bill->account_id;
    worker->selection.listed_n = 1;
    worker->selected_for = run->id;
    rc = heng_run_take(worker, run, 0, &last, err);
    worker->selected_for = -1;
    for (size_t i = 0; i < worker->item_n && rc == HENG_OK; i++) {
        const struct heng_charge *charge = charge_for(charges, n, worker->items[i].contract.id);
        if (!charge || worker->items[i].contract.mode != HENG_MODE_POSTPAID) continue;
        worker->items[i].charged_to = charge->from_day;
        worker->items[kept++] = worker->items[i];
    }
    worker->item_n = kept;
    return rc;
}

/* The quantities of a component in all lines; a step or a price that changed moves nothing in it. */
static bool same_quantity(const struct heng_charge *a, const struct heng_charge *b, const char *component)
{
    struct heng_dec sums[2] = {{0, 0}, {0, 0}}, quantity;
    const struct heng_charge *both[2] = {a, b};
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < both[s]->line_count; i++) {
            const struct heng_charge_line *line = &both[s]->lines[i];
            if (strcmp(line->component, component) != 0) continue;
            if (heng_dec_parse(line->quantity, &quantity, NULL) != HENG_OK ||
                heng_dec_add(sums[s], quantity, &sums[s]) != HENG_OK)
                return false;
        }
    return heng_dec_cmp(sums[0], sums[1]) == 0;
}

static bool same_usage(const struct heng_charge *was, const struct heng_charge *now)
{
    for (size_t i = 0; i < was->line_count; i++)
        if (!same_quantity(was, now, was->lines[i].component)) return false;
    for (size_t i = 0; i < now->line_count; i++)
        if (!same_quantity(was, now, now->lines[i].component)) return false;
    return true;
}

static heng_rc compare(const struct heng_bill *bill, const struct heng_charge *charges, size_t n,
                       struct heng_delta *ret, struct heng_err *err)
{
    ret->was = bill->total;
    ret->now = ret->draft.bill.total;
    if (__builtin_sub_overflow(ret->now, ret->was, &ret->difference))
        return heng_fail(err, HENG_ERANGE, 0, "the difference does not fit a number");
    for (size_t i = 0; i < n; i++) {
        const struct heng_charge *now = charge_for(ret->draft.charges, ret->draft.charge_count, charges[i].contract_id);
        if (charges[i].kind == HENG_CHARGE_USAGE && (!now || !same_usage(&charges[i], now))) ret->usage_differs = true;
    }
    ret->is = ret->usage_differs || ret->difference != 0;
    return HENG_OK;
}

heng_rc heng_bill_delta(struct heng_run_worker *worker, const struct heng_bill *bill, struct heng_delta *ret,
                        struct heng_err *err)
{
    struct heng_arena arena = {.max = HENG_RUN_ARENA_MAX};
    struct heng_charge *charges = NULL;
    struct heng_run *run = NULL;
    size_t n = 0;
    bool is = false;
    memset(ret, 0, sizeof *ret);
    if (bill->state != HENG_BILL_STATE_ISSUED ||
        (bill->kind != HENG_BILL_BILL && bill->kind != HENG_BILL_FINAL && bill->kind != HENG_BILL_DELTA))
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "bill %lld is %s and %s: only an issued bill of usage is worked out anew", (long long)bill->id,
                         heng_bill_kind_text(bill->kind), heng_bill_state_text(bill->state));
    heng_rc rc = heng_bill_charges(worker->reader, bill, &arena, &charges, &n, err);
    if (rc == HENG_OK) rc = run_of(bill, &run, err);
    if (rc == HENG_OK) rc = take_bill(worker, run, bill, charges, n, err);
    if (rc == HENG_OK && !worker->item_n)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "the contracts of bill %s are gone", bill->number);
    if (rc == HENG_OK) rc = heng_draft_make(worker, run, worker->items, worker->item_n, &ret->draft, &is, err);
    if (rc == HENG_OK && !is) rc = heng_fail(err, HENG_ECONFLICT, 0, "bill %s has no days left", bill->number);
    if (rc == HENG_OK) rc = compare(bill, charges, n, ret, err);
    heng_arena_fini(&arena);
    free(run);
    return rc;
}

heng_rc heng_delta_find(struct heng_run_worker *worker, int64_t scope, int32_t from_day, int32_t to_day,
                        int64_t after_id, size_t max, struct heng_delta_found *ret, size_t cap, size_t *ret_n,
                        int64_t *ret_next, struct heng_err *err)
{
    struct heng_bill_ask ask = {.scope = scope,
                                .kind = HENG_BILL_KIND_COUNT,
                                .state = HENG_BILL_STATE_ISSUED,
                                .from_day = from_day,
                                .to_day = to_day,
                                .after_id = after_id};
    size_t looked = 0, n = 0, found = 0;
    heng_rc rc = HENG_OK;
    *ret_next = after_id;
    while (rc == HENG_OK && looked < max && found < cap) {
        struct heng_bill bill;
        struct heng_delta delta;
        ask.after_id = *ret_next;
        rc = heng_store_list_bills(worker->reader, &ask, &bill, 1, &n, err);
        if (rc == HENG_OK && !n) *ret_next = 0;
        if (rc != HENG_OK || !n) break;
        looked++;
        *ret_next = bill.id;
        if (bill.kind != HENG_BILL_BILL && bill.kind != HENG_BILL_FINAL && bill.kind != HENG_BILL_DELTA) continue;
        rc = heng_bill_delta(worker, &bill, &delta, err);
        if (rc == HENG_OK && delta.usage_differs)
            ret[found++] = (struct heng_delta_found){.bill = bill, .now = delta.now, .difference = delta.difference};
    }
    *ret_n = found;
    return rc;
}

heng_rc heng_bill_correct(struct heng_run_worker *worker, struct heng_store *store, int64_t scope, int64_t bill_id,
                          const struct heng_hand *hand, const char *reason, struct heng_bill *ret_reversal,
                          struct heng_bill *ret_draft, struct heng_err *err)
{
    struct heng_bill bill;
    struct heng_delta delta;
    heng_rc rc = heng_store_get_bill(heng_store_as_reader(store), scope, bill_id, &bill, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no bill with the id %lld", (long long)bill_id);
    if (rc == HENG_OK) rc = heng_bill_delta(worker, &bill, &delta, err);
    if (rc == HENG_OK) rc = heng_bill_reverse(store, scope, bill_id, hand, reason, ret_reversal, err);
    if (rc != HENG_OK) return rc;
    delta.draft.bill.kind = HENG_BILL_DELTA;
    delta.draft.bill.replaces = bill.id;
    delta.draft.bill.due_day = bill.due_day > hand->day ? bill.due_day : hand->day;
    rc = heng_drafts_put(store, &delta.draft, 1, hand->now_us, err);
    if (rc == HENG_OK) *ret_draft = delta.draft.bill;
    return rc;
}
