#include "prepaid/charge.h"

#include <inttypes.h>
#include <stdio.h>

#include "account/book.h"
#include "ledger/rules.h"

enum { ARENA_MAX = 64 << 20, JULY = 7 };

int32_t heng_period_of(const struct heng_contract *contract, int32_t day, int32_t *ret_end)
{
    int year, month, day_of_month, months = (int)heng_bill_cycle_months(contract->cycle);
    heng_day_date(day, &year, &month, &day_of_month);
    int back = months > 0 ? (month - 1) % months : (month + 12 - JULY) % 12;
    heng_day first = heng_month_next(heng_month_of(day), -back);
    *ret_end = heng_month_next(first, months > 0 ? months : 12);
    if (contract->to_day && *ret_end > contract->to_day) *ret_end = contract->to_day;
    return first > contract->from_day ? first : contract->from_day;
}

/* One contract at work. */
struct job {
    struct heng_charger *charger;
    struct heng_store *store;
    struct heng_contract contract;
    struct heng_account account;
    struct heng_prepaid_state *state;
    struct heng_prepaid_charged *ret;
    int32_t today;
    heng_us now_us;
    struct heng_arena arena;
};

static heng_rc book(struct job *j, const struct heng_charge *charge, const struct heng_period_charged *before,
                    int64_t *ret_id, struct heng_err *err)
{
    struct heng_booking booking = {.kind = HENG_BOOKING_CHARGE,
                                   .amount = charge->amount,
                                   .org_id = j->account.org_id,
                                   .account_id = j->account.id,
                                   .day = charge->to_day - 1,
                                   .subject = "charge"};
    struct heng_hand hand = {.who = "heng", .now_us = j->now_us, .day = j->today};
    struct heng_booked booked;
    heng_rc rc = heng_charge_post(charge, HENG_BOOK_PURSE, 1, &booking, err);
    if (rc != HENG_OK) return rc;
    snprintf(booking.key, sizeof booking.key, "charge:%" PRId64 ":%" PRId32 ":%" PRId32 ":%" PRId64,
             charge->contract_id, charge->from_day, charge->to_day, before->count);
    snprintf(booking.currency, sizeof booking.currency, "%s", j->account.currency);
    booking.subject_id = charge->id;
    rc = heng_book(j->store, &booking, &hand, &booked, err);
    if (rc == HENG_OK && booked.existed)
        return heng_fail(err, HENG_EBUG, 0, "the charge '%.60s' was booked before", booking.key);
    if (rc == HENG_OK) *ret_id = booked.booking_id;
    return rc;
}

static heng_rc keep_charge(struct job *j, struct heng_charge *charge, const struct heng_period_charged *before,
                           struct heng_err *err)
{
    int64_t booking_id = 0;
    charge->at_us = j->now_us;
    heng_rc rc = heng_store_put_charges(j->store, charge, 1, err);
    if (rc == HENG_OK && charge->amount) rc = book(j, charge, before, &booking_id, err);
    if (rc == HENG_OK && booking_id) rc = heng_store_charge_booked(j->store, charge->id, booking_id, err);
    j->ret->charges++;
    j->ret->amount += charge->amount;
    return rc;
}

static void hold(struct job *j, const char *why)
{
    j->ret->held = true;
    snprintf(j->ret->why, sizeof j->ret->why, "%s", why);
}

/* Not the fault of the data base: this contract waits, the others go on. */
static bool is_its_own(heng_rc rc)
{
    return rc == HENG_ECONFIG || rc == HENG_ENOTFOUND || rc == HENG_ERANGE || rc == HENG_EFORMAT ||
           rc == HENG_EUNSUPPORTED;
}

/* Does the newest charge of the period say the same already, with the same proof? */
static heng_rc is_same(struct job *j, const struct heng_charge *charge, const struct heng_period_charged *before,
                       bool *ret, struct heng_err *err)
{
    struct heng_charge was;
    heng_rc rc = heng_store_get_charge(heng_store_as_reader(j->store), before->last_id, &j->arena, &was, err);
    *ret = rc == HENG_OK && charge->amount == 0 && heng_slice_eq(was.ask, charge->ask) &&
           heng_slice_eq(was.states, charge->states) && heng_slice_eq(was.trace, charge->trace);
    return rc;
}

/* [from, end): ret_known: up to where it is charged now. */
static heng_rc charge_period(struct job *j, int32_t from, int32_t end, int32_t *ret_known, struct heng_err *err)
{
    struct heng_charge_findings findings = {0};
    struct heng_charge charge;
    struct heng_period_charged before;
    int32_t to = end < j->today ? end : j->today;
    bool same = false;
    heng_rc rc = heng_store_period_charged(heng_store_as_reader(j->store), j->contract.id, from, &before, err);
    *ret_known = before.count ? before.to_day : from;
    if (rc != HENG_OK) return rc;
    struct heng_charge_ask ask = {.contract = &j->contract,
                                  .currency = j->account.currency,
                                  .org_id = j->account.org_id,
                                  .from_day = from,
                                  .to_day = to,
                                  .before = before.sum};
    rc = heng_charge_work(j->charger, &ask, &j->arena, &charge, &findings, err);
    if (rc == HENG_ECONFIG && (findings.flags & HENG_BILL_FLAG_INCOMPLETE) && !before.count) return HENG_OK;
    if (is_its_own(rc)) {
        hold(j, err->text);
        return HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    j->state->period_day = from;
    j->state->charged = before.sum;
    if (charge.to_day < before.to_day && charge.to_day < to) {
        hold(j, "usage that was charged is not known any more");
        return HENG_OK;
    }
    *ret_known = charge.to_day;
    j->state->charged = charge.total;
    j->state->estimated = charge.estimated;
    if (before.to_day == charge.to_day) rc = is_same(j, &charge, &before, &same, err);
    if (rc != HENG_OK || same) return rc;
    return keep_charge(j, &charge, &before, err);
}

static heng_rc charge_all(struct job *j, struct heng_err *err)
{
    struct heng_prepaid_state *s = j->state;
    int32_t first = s->changed_from < s->charged_to ? s->changed_from : s->charged_to;
    int32_t end, known = s->charged_to, stop = j->today;
    if (j->contract.to_day && j->contract.to_day < stop) stop = j->contract.to_day;
    if (first < j->contract.from_day) first = j->contract.from_day;
    /* A contract that has ended and was charged to its end: its last day says which period changed. */
    for (int32_t from = heng_period_of(&j->contract, first, &end); from < stop;
         from = heng_period_of(&j->contract, end, &end)) {
        heng_rc rc = charge_period(j, from, end, &known, err);
        heng_arena_fini(&j->arena);
        if (rc != HENG_OK) return rc;
        if (known > s->charged_to) s->charged_to = known;
        if (j->ret->held || known < end) break;
        if (j->contract.to_day && end >= j->contract.to_day) break;
    }
    s->changed_from = HENG_UNCHANGED;
    return HENG_OK;
}

heng_rc heng_prepaid_charge(struct heng_charger *charger, struct heng_store *store, struct heng_prepaid_state *state,
                            int32_t today, heng_us now_us, struct heng_prepaid_charged *ret, int64_t *ret_account_id,
                            struct heng_err *err)
{
    struct job j = {.charger = charger,
                    .store = store,
                    .state = state,
                    .ret = ret,
                    .today = today,
                    .now_us = now_us,
                    .arena = {.max = ARENA_MAX}};
    *ret = (struct heng_prepaid_charged){0};
    heng_rc rc = heng_store_get_contract(heng_store_as_reader(store), state->contract_id, &j.contract, err);
    if (rc == HENG_OK)
        rc = heng_store_get_account(heng_store_as_reader(store), 0, j.contract.account_id, &j.account, err);
    if (rc == HENG_OK) rc = charge_all(&j, err);
    if (rc == HENG_OK) rc = heng_store_put_prepaid(store, state, err);
    if (rc == HENG_OK) *ret_account_id = j.account.id;
    return rc;
}
