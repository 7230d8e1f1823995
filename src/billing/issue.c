#include "billing/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/note.h"
#include "billing/run_parts.h"
#include "vee/day.h"

void heng_bill_number(int64_t org_id, int year, int64_t n, char ret[HENG_BILL_NUMBER_MAX])
{
    if (org_id)
        snprintf(ret, HENG_BILL_NUMBER_MAX, "%lld-%04d-%06lld", (long long)org_id, year, (long long)n);
    else
        snprintf(ret, HENG_BILL_NUMBER_MAX, "%04d-%06lld", year, (long long)n);
}

static void ids_of(const struct heng_draft *drafts, size_t n, int64_t *ret_first, int64_t *ret_last)
{
    *ret_first = *ret_last = drafts[0].bill.id;
    for (size_t i = 1; i < n; i++) {
        if (drafts[i].bill.id < *ret_first) *ret_first = drafts[i].bill.id;
        if (drafts[i].bill.id > *ret_last) *ret_last = drafts[i].bill.id;
    }
}

static void block_twice(struct heng_draft *drafts, size_t n, const struct heng_billed_twice *twice)
{
    char why[HENG_DETAIL_MAX];
    for (size_t i = 0; i < n; i++) {
        if (drafts[i].bill.id != twice->bill_id || drafts[i].bill.kind == HENG_BILL_STATEMENT) continue;
        snprintf(why, sizeof why, "its days are billed by %s already: make it again, or reverse that one",
                 twice->number);
        heng_draft_block(&drafts[i], 0, why);
        drafts[i].bill.rank = heng_bill_rank(&drafts[i].bill);
    }
}

/* Two runs over the same days: who issues first has them. Asked for all drafts at once; when what lies between them is
 * too much, for each half. */
static heng_rc gate_twice(struct heng_store *store, struct heng_draft *drafts, size_t n, struct heng_err *err)
{
    enum { TWICE_MAX = 512 };
    struct heng_billed_twice twice[TWICE_MAX];
    int64_t first, last;
    size_t count = 0;
    if (!n) return HENG_OK;
    ids_of(drafts, n, &first, &last);
    heng_rc rc = heng_store_list_billed_twice(heng_store_as_reader(store), first, last, twice, TWICE_MAX, &count, err);
    if (rc == HENG_ELIMIT && n > 1) {
        rc = gate_twice(store, drafts, n / 2, err);
        return rc == HENG_OK ? gate_twice(store, drafts + n / 2, n - n / 2, err) : rc;
    }
    for (size_t i = 0; rc == HENG_OK && i < count; i++) block_twice(drafts, n, &twice[i]);
    return rc;
}

/* Numbers for those that may go out, in their order; each organisation has its own. */
static heng_rc number_all(struct heng_store *store, struct heng_draft *drafts, size_t n, int32_t day,
                          struct heng_err *err)
{
    int year, month, day_of_month;
    heng_rc rc = HENG_OK;
    heng_day_date(day, &year, &month, &day_of_month);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        int64_t first = 0;
        size_t same = 0;
        if (drafts[i].bill.state != HENG_BILL_STATE_DRAFT || drafts[i].bill.number[0]) continue;
        for (size_t k = i; k < n; k++)
            same += drafts[k].bill.state == HENG_BILL_STATE_DRAFT && !drafts[k].bill.number[0] &&
                    drafts[k].bill.org_id == drafts[i].bill.org_id;
        rc = heng_store_take_bill_numbers(store, drafts[i].bill.org_id, year, same, &first, err);
        for (size_t k = i; k < n && rc == HENG_OK; k++)
            if (drafts[k].bill.state == HENG_BILL_STATE_DRAFT && !drafts[k].bill.number[0] &&
                drafts[k].bill.org_id == drafts[i].bill.org_id)
                heng_bill_number(drafts[k].bill.org_id, year, first++, drafts[k].bill.number);
    }
    return rc;
}

static heng_rc book_all(struct heng_store *store, struct heng_draft *drafts, size_t n, const struct heng_hand *hand,
                        struct heng_err *err)
{
    struct heng_booking *bookings = calloc(n, sizeof *bookings);
    int64_t *ids = calloc(n, sizeof *ids);
    size_t count = 0, at = 0;
    heng_rc rc = bookings && ids ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu bookings", n);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        if (drafts[i].bill.state != HENG_BILL_STATE_DRAFT) continue;
        rc = heng_bill_booking(&drafts[i], hand, &bookings[count], err);
        drafts[i].bill.booking_id = rc == HENG_OK && bookings[count].posting_count ? 1 : 0; /* told below */
        count += (size_t)drafts[i].bill.booking_id;
    }
    if (rc == HENG_OK && count) rc = heng_store_book(store, bookings, count, ids, NULL, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++)
        if (drafts[i].bill.state == HENG_BILL_STATE_DRAFT && drafts[i].bill.booking_id)
            drafts[i].bill.booking_id = ids[at++];
    free(bookings);
    free(ids);
    return rc;
}

static heng_rc apply(struct heng_store *store, const struct heng_bill *bill, heng_book_kind debit,
                     heng_book_kind credit, int64_t amount, const struct heng_hand *hand, struct heng_err *err)
{
    struct heng_booking booking;
    struct heng_booked booked;
    heng_rc rc =
        heng_ledger_move(debit == HENG_BOOK_OWED ? HENG_BOOKING_TRANSFER : HENG_BOOKING_APPLY, bill->account_id, debit,
                         bill->account_id, "", credit, bill->account_id, "", amount, &booking, err);
    if (rc != HENG_OK) return rc;
    booking.org_id = bill->org_id;
    booking.subject_id = bill->id;
    snprintf(booking.key, sizeof booking.key, "bill-apply:%lld", (long long)bill->id);
    snprintf(booking.subject, sizeof booking.subject, "bill");
    snprintf(booking.currency, sizeof booking.currency, "%s", bill->currency);
    rc = heng_book(store, &booking, hand, &booked, err);
    if (rc != HENG_OK || booked.existed) return rc;
    struct heng_allocation row = {.booking_id = booked.booking_id,
                                  .bill_id = bill->id,
                                  .amount = debit == HENG_BOOK_OWED ? -amount : amount,
                                  .day = hand->day,
                                  .part = "principal"};
    return heng_store_add_allocations(store, &row, 1, err);
}

/* Which accounts have an advance; after a bill that gives back, perhaps any of them. */
static heng_rc find_advances(struct heng_store *store, const struct heng_draft *drafts, size_t n, bool *ret,
                             struct heng_err *err)
{
    int64_t *accounts = calloc(n, sizeof *accounts);
    if (!accounts) return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu bills", n);
    bool gives_back = false;
    for (size_t i = 0; i < n; i++) accounts[i] = drafts[i].bill.account_id;
    heng_rc rc = heng_store_which_have_advance(heng_store_as_reader(store), accounts, n, ret, err);
    for (size_t i = 0; i < n; i++) {
        ret[i] = ret[i] || gives_back || drafts[i].bill.total < 0;
        gives_back = gives_back || drafts[i].bill.total < 0;
    }
    free(accounts);
    return rc;
}

/* What was paid in advance pays the new bill; what a bill gives back lies in advance for the next ones. */
static heng_rc use_advance(struct heng_store *store, const struct heng_bill *bill, const struct heng_hand *hand,
                           const struct heng_bill_settings *settings, struct heng_err *err)
{
    struct heng_account_balance balance;
    if (bill->total == 0 || !bill->booking_id) return HENG_OK;
    if (bill->total < 0) return apply(store, bill, HENG_BOOK_OWED, HENG_BOOK_ADVANCE, -bill->total, hand, err);
    if (!settings->use_advance) return HENG_OK;
    heng_rc rc = heng_store_account_balance(heng_store_as_reader(store), bill->account_id, &balance, err);
    if (rc != HENG_OK || balance.advance <= 0) return rc;
    return apply(store, bill, HENG_BOOK_ADVANCE, HENG_BOOK_OWED,
                 balance.advance < bill->total ? balance.advance : bill->total, hand, err);
}

static heng_rc seal_all(struct heng_store *store, struct heng_draft *drafts, size_t n, heng_us now_us,
                        struct heng_err *err)
{
    struct heng_bill *bills = calloc(n, sizeof *bills);
    heng_rc rc = bills ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu bills", n);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        struct heng_bill *bill = &drafts[i].bill;
        if (bill->state == HENG_BILL_STATE_DRAFT) {
            bill->state = HENG_BILL_STATE_ISSUED;
            bill->issued_us = now_us;
            bill->has_digest = true;
            rc = heng_bill_digest(bill, drafts[i].charges, drafts[i].charge_count, bill->digest, err);
        }
        bills[i] = *bill;
    }
    if (rc == HENG_OK) rc = heng_store_put_bills(store, bills, n, err);
    free(bills);
    return rc;
}

heng_rc heng_issue(struct heng_store *store, struct heng_draft *drafts, size_t n, const struct heng_hand *hand,
                   const struct heng_bill_settings *settings, struct heng_err *err)
{
    heng_rc rc = gate_twice(store, drafts, n, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        if (drafts[i].bill.kind == HENG_BILL_STATEMENT) continue;
        struct heng_draft sum = drafts[i];
        rc = heng_draft_sum(&sum, err);
        if (rc == HENG_OK && drafts[i].bill.state == HENG_BILL_STATE_DRAFT &&
            (sum.bill.total != drafts[i].bill.total || sum.bill.tax != drafts[i].bill.tax))
            rc = heng_fail(err, HENG_EBUG, 0, "draft %lld does not say what its charges sum to",
                           (long long)drafts[i].bill.id);
    }
    if (rc == HENG_OK) rc = number_all(store, drafts, n, hand->day, err);
    if (rc == HENG_OK) rc = book_all(store, drafts, n, hand, err);
    if (rc == HENG_OK) rc = seal_all(store, drafts, n, hand->now_us, err);
    bool *advances = rc == HENG_OK ? calloc(n ? n : 1, sizeof *advances) : NULL;
    if (rc == HENG_OK && !advances) rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu bills", n);
    if (rc == HENG_OK && n) rc = find_advances(store, drafts, n, advances, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++)
        if (drafts[i].bill.state == HENG_BILL_STATE_ISSUED && advances[i])
            rc = use_advance(store, &drafts[i].bill, hand, settings, err);
    free(advances);
    return rc;
}

/* The charges of drafts without their texts, by one look; statements, which have none of their own, one by one. */
static heng_rc charges_of_all(struct heng_store_reader *reader, struct heng_draft *drafts, size_t n,
                              struct heng_arena *arena, struct heng_err *err)
{
    struct heng_charge *charges;
    int64_t first, last;
    size_t count = 0, at = 0;
    ids_of(drafts, n, &first, &last);
    heng_rc rc = heng_store_list_draft_charges(reader, first, last, arena, &charges, &count, err);
    bool one_by_one = rc == HENG_ELIMIT;
    if (one_by_one) rc = HENG_OK;
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        struct heng_draft *draft = &drafts[i];
        if (one_by_one || draft->bill.kind == HENG_BILL_STATEMENT) {
            rc = heng_bill_charges(reader, &draft->bill, arena, &draft->charges, &draft->charge_count, err);
            continue;
        }
        while (at < count && charges[at].bill_id < draft->bill.id) at++;
        draft->charges = charges + at;
        while (at < count && charges[at].bill_id == draft->bill.id) at++;
        draft->charge_count = (size_t)(charges + at - draft->charges);
    }
    return rc;
}

heng_rc heng_issue_piece(struct heng_store *store, struct heng_run *run, const struct heng_hand *hand,
                         const struct heng_bill_settings *settings, size_t *ret_n, struct heng_err *err)
{
    struct heng_arena arena = {.max = HENG_RUN_ARENA_MAX};
    struct heng_bill *bills = heng_arena_take(&arena, HENG_RUN_PIECE, sizeof *bills);
    struct heng_draft *drafts = heng_arena_take(&arena, HENG_RUN_PIECE, sizeof *drafts);
    size_t n = 0;
    heng_rc rc = bills && drafts ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory to issue bills");
    if (rc == HENG_OK)
        rc = heng_store_list_drafts(heng_store_as_reader(store), run->id, run->next_id, bills, HENG_RUN_PIECE, &n, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) drafts[i].bill = bills[i];
    if (rc == HENG_OK && n) rc = charges_of_all(heng_store_as_reader(store), drafts, n, &arena, err);
    if (rc == HENG_OK && n) rc = heng_issue(store, drafts, n, hand, settings, err);
    if (rc == HENG_OK && n) run->next_id = bills[n - 1].id;
    *ret_n = n;
    heng_arena_fini(&arena);
    return rc;
}

static heng_rc issue_draft(struct heng_store *store, struct heng_bill *bill, const struct heng_hand *hand,
                           const struct heng_bill_settings *settings, struct heng_err *err)
{
    struct heng_arena arena = {.max = HENG_RUN_ARENA_MAX};
    struct heng_draft draft = {.bill = *bill};
    heng_rc rc = heng_bill_charges(heng_store_as_reader(store), bill, &arena, &draft.charges, &draft.charge_count, err);
    if (rc == HENG_OK) rc = heng_issue(store, &draft, 1, hand, settings, err);
    if (rc == HENG_OK) *bill = draft.bill;
    heng_arena_fini(&arena);
    return rc;
}

heng_rc heng_issue_one(struct heng_store *store, int64_t scope, int64_t bill_id, const struct heng_hand *hand,
                       struct heng_bill *ret, struct heng_err *err)
{
    struct heng_bill_settings settings;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_bill_settings_get(heng_store_as_reader(store), &settings, err);
    if (rc == HENG_OK) rc = heng_store_get_bill(heng_store_as_reader(store), scope, bill_id, ret, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no bill with the id %lld", (long long)bill_id);
    if (rc != HENG_OK || ret->state == HENG_BILL_STATE_ISSUED || ret->state == HENG_BILL_STATE_REVERSED) return rc;
    if (ret->run_id)
        return heng_fail(err, HENG_ECONFLICT, 0, "this draft is of run %lld: approve the run", (long long)ret->run_id);
    if (ret->state == HENG_BILL_STATE_BLOCKED) return heng_fail(err, HENG_ECONFLICT, 0, "%s", ret->why);
    if (settings.second_person && (!hand->second[0] || strcmp(hand->second, hand->who) == 0))
        return heng_fail(err, HENG_EDENIED, 0, "a bill alone is issued by two: name a second person");
    rc = issue_draft(store, ret, hand, &settings, err);
    if (rc != HENG_OK) return rc;
    const struct heng_note note = {
        .action = "bill.issue", .subject = "bill", .subject_id = ret->id, .org_id = ret->org_id, .reason = ""};
    return heng_account_note(store, &note, hand, "", "", err);
}
