#include "account/cash_day.h"

#include "base/json.h"
#include "base/json_reader.h"
#include "ledger/amount.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static heng_rc too_large(struct heng_err *err)
{
    return heng_fail(err, HENG_ERANGE, 0, "the sums of the day do not fit");
}

heng_rc heng_cash_count_of(const char *text, struct heng_cash_count *ret, size_t cap, size_t *ret_n, int64_t *ret_sum,
                           struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    size_t n = 0;
    *ret_sum = 0;
    for (const char *at = text; rc == HENG_OK; at++) {
        char part[32], *times;
        size_t length = strcspn(at, ",");
        if (length == 0 || length >= sizeof part)
            return heng_fail(err, HENG_EFORMAT, (uint32_t)(at - text), "'%.60s': write notes as 100x5,50x1,0.5x3",
                             text);
        if (n == cap) return heng_fail(err, HENG_ELIMIT, (uint32_t)(at - text), "more than %zu kinds of notes", cap);
        snprintf(part, sizeof part, "%.*s", (int)length, at);
        struct heng_cash_count *one = &ret[n++];
        one->count = 100;
        if ((times = strchr(part, 'x')) != NULL) {
            *times = 0;
            rc = heng_amount_of(times + 1, &one->count, err);
        }
        if (rc == HENG_OK) rc = heng_amount_of(part, &one->value, err);
        if (rc == HENG_OK && (one->value < 0 || one->count < 0 || one->count % 100))
            return heng_fail(err, HENG_EFORMAT, (uint32_t)(at - text), "'%.30s' is no number of notes", at);
        one->count /= 100;
        int64_t value;
        if (rc == HENG_OK && (__builtin_mul_overflow(one->value, one->count, &value) ||
                              __builtin_add_overflow(*ret_sum, value, ret_sum)))
            return too_large(err);
        at += length;
        if (!*at) break;
    }
    *ret_n = n;
    return rc;
}

/* --- Totals --- */

static struct heng_cash_total *total_of(struct heng_cash_totals *totals, const char *channel)
{
    for (size_t i = 0; i < totals->n; i++)
        if (strcmp(totals->of[i].channel, channel) == 0) return &totals->of[i];
    if (totals->n == HENG_CASH_CHANNELS_MAX) return NULL;
    struct heng_cash_total *total = &totals->of[totals->n++];
    *total = (struct heng_cash_total){0};
    snprintf(total->channel, sizeof total->channel, "%s", channel);
    return total;
}

static bool sum_up(struct heng_cash_total *to, int64_t gross, int64_t refunds, int64_t reversals, int64_t count)
{
    int64_t out;
    return !__builtin_add_overflow(to->gross, gross, &to->gross) &&
           !__builtin_add_overflow(to->refunds, refunds, &to->refunds) &&
           !__builtin_add_overflow(to->reversals, reversals, &to->reversals) &&
           !__builtin_add_overflow(to->refunds, to->reversals, &out) &&
           !__builtin_sub_overflow(to->gross, out, &to->net) && !__builtin_add_overflow(to->count, count, &to->count);
}

/* What a booking moved, by channel. Between drawer and safe nothing is earned. */
static heng_rc add_booking(struct heng_cash_totals *totals, const struct heng_booking *k, struct heng_err *err)
{
    if (k->kind == HENG_BOOKING_HAND_OVER || k->kind == HENG_BOOKING_OVER_SHORT) return HENG_OK;
    for (size_t i = 0; i < k->posting_count; i++) {
        const struct heng_posting *p = &k->postings[i];
        const bool back = k->kind == HENG_BOOKING_REVERSAL;
        if (!heng_ledger_is_money(p->book)) continue;
        struct heng_cash_total *total = total_of(totals, p->book == HENG_BOOK_CASH      ? "cash"
                                                         : p->book == HENG_BOOK_CHANNEL ? p->ref
                                                                                        : "bank");
        if (!total) return heng_fail(err, HENG_ELIMIT, 0, "more than %d channels at one desk", HENG_CASH_CHANNELS_MAX);
        if (!sum_up(total, back || p->amount < 0 ? 0 : p->amount, back || p->amount > 0 ? 0 : -p->amount,
                    back ? -p->amount : 0, 1))
            return too_large(err);
    }
    return HENG_OK;
}

heng_rc heng_cash_so_far(struct heng_store_reader *reader, const struct heng_cash_day *day,
                         struct heng_cash_totals *ret, int64_t *ret_expected, struct heng_err *err)
{
    enum { PAGE = 32 };
    struct heng_booking page[PAGE];
    int64_t after = 0;
    size_t n = PAGE;
    heng_rc rc = HENG_OK;
    memset(ret, 0, sizeof *ret);
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_store_cash_day_bookings(reader, day->id, after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = add_booking(ret, &page[i], err);
        if (rc == HENG_OK && n) after = page[n - 1].id;
    }
    int64_t net = 0;
    for (size_t i = 0; i < ret->n; i++)
        if (strcmp(ret->of[i].channel, "cash") == 0) net = ret->of[i].net;
    if (rc == HENG_OK && __builtin_add_overflow(day->opening, net, ret_expected)) return too_large(err);
    return rc;
}

static heng_rc write_totals(const struct heng_cash_totals *totals, struct heng_cash_day *day, struct heng_err *err)
{
    struct heng_str text = {.max = sizeof day->totals};
    struct heng_json j = heng_json_of(&text);
    heng_json_object(&j);
    for (size_t i = 0; i < totals->n; i++) {
        const struct heng_cash_total *t = &totals->of[i];
        heng_json_key(&j, t->channel);
        heng_json_array(&j);
        heng_json_int(&j, t->gross);
        heng_json_int(&j, t->refunds);
        heng_json_int(&j, t->reversals);
        heng_json_int(&j, t->count);
        heng_json_end_array(&j);
    }
    heng_json_end_object(&j);
    bool fits = text.rc == HENG_OK && text.n < sizeof day->totals;
    if (fits) memcpy(day->totals, text.text, text.n + 1);
    heng_str_fini(&text);
    return fits ? HENG_OK : heng_fail(err, HENG_ELIMIT, 0, "more channels at the desk than a cash day can keep");
}

heng_rc heng_cash_totals_of(const struct heng_cash_day *day, struct heng_cash_totals *ret, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_str(day->totals));
    struct heng_slice key;
    memset(ret, 0, sizeof *ret);
    if (!day->totals[0]) return HENG_OK;
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        int64_t of[4] = {0};
        char channel[HENG_CHANNEL_MAX];
        size_t n = 0;
        heng_json_open_array(&r);
        while (heng_json_next_item(&r)) {
            int64_t value = heng_json_get_int(&r, INT64_MIN, INT64_MAX);
            if (n < 4) of[n] = value;
            n++;
        }
        snprintf(channel, sizeof channel, "%.*s", (int)key.n, (const char *)key.p);
        struct heng_cash_total *total = total_of(ret, channel);
        if (r.err.rc == HENG_OK && (n != 4 || !total || !sum_up(total, of[0], of[1], of[2], of[3])))
            heng_json_refuse(&r, HENG_EFORMAT, "no totals of a channel");
    }
    heng_json_finish(&r);
    if (r.err.rc == HENG_OK) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, 0, "the totals of cash day %" PRId64 " cannot be read: %.80s", day->id,
                     r.err.text);
}

/* --- Opening and closing --- */

/* Between the drawer and another book. amount: into the drawer. */
static heng_rc move_cash(struct heng_store *store, const struct heng_cash_day *day, heng_booking_kind kind,
                         heng_book_kind other, const char *step, int64_t amount, const char *reason,
                         const struct heng_hand *hand, struct heng_err *err)
{
    struct heng_booking booking = {.kind = kind, .org_id = day->org_id, .amount = amount < 0 ? -amount : amount};
    struct heng_booked booked;
    if (amount == 0) return HENG_OK;
    snprintf(booking.key, sizeof booking.key, "cash-day-%" PRId64 "-%s", day->id, step);
    snprintf(booking.currency, sizeof booking.currency, "%s", day->currency);
    snprintf(booking.reason, sizeof booking.reason, "%s", reason);
    snprintf(booking.subject, sizeof booking.subject, "cash-day");
    snprintf(booking.desk, sizeof booking.desk, "%s", day->desk);
    booking.subject_id = day->id;
    heng_rc rc = heng_ledger_post(&booking, HENG_BOOK_CASH, 0, day->desk, amount, err);
    if (rc == HENG_OK)
        rc = heng_ledger_post(&booking, other, 0, other == HENG_BOOK_OVER_SHORT ? day->desk : "", -amount, err);
    return rc == HENG_OK ? heng_book(store, &booking, hand, &booked, err) : rc;
}

heng_rc heng_cash_open(struct heng_store *store, int64_t org_id, const char *currency, int64_t opening,
                       const struct heng_hand *hand, struct heng_cash_day *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    int64_t held, missing;
    if (!hand->desk[0]) return heng_fail(err, HENG_ECONFIG, 0, "say which desk is opened");
    if (opening < 0) return heng_fail(err, HENG_ERANGE, 0, "a drawer cannot hold less than nothing");
    char last[HENG_CURRENCY_MAX];
    heng_rc rc = heng_store_last_cash_day(reader, org_id, hand->desk, ret, err);
    if (rc == HENG_OK && ret->closed_us == 0)
        return heng_fail(err, HENG_ECONFLICT, 0, "desk '%s' has an open cash day of %s: close it first", hand->desk,
                         ret->cashier);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_ENOTFOUND && !currency[0])
        return heng_fail(err, HENG_ECONFIG, 0, "desk '%s' is new: say its currency", hand->desk);
    snprintf(last, sizeof last, "%s", currency[0] ? currency : ret->currency);
    currency = last;
    *ret = (struct heng_cash_day){.org_id = org_id, .day = hand->day, .opened_us = hand->now_us, .opening = opening};
    snprintf(ret->desk, sizeof ret->desk, "%s", hand->desk);
    snprintf(ret->cashier, sizeof ret->cashier, "%s", hand->who);
    snprintf(ret->currency, sizeof ret->currency, "%s", currency);
    rc = heng_store_book_balance(reader, org_id, HENG_BOOK_CASH, 0, ret->desk, currency, &held, err);
    if (rc == HENG_OK && __builtin_sub_overflow(opening, held, &missing)) return too_large(err);
    if (rc == HENG_OK) rc = heng_store_put_cash_day(store, ret, err);
    if (rc == HENG_OK)
        rc = move_cash(store, ret, HENG_BOOKING_HAND_OVER, HENG_BOOK_SAFE, "float", missing, "float", hand, err);
    return rc;
}

static heng_rc check_count(const struct heng_cash_day *day, int64_t counted, int64_t handed_over, const char *handed_to,
                           const char *reason, struct heng_err *err)
{
    char expected[HENG_AMOUNT_TEXT_MAX], there[HENG_AMOUNT_TEXT_MAX];
    heng_amount_text(day->expected, expected);
    heng_amount_text(counted, there);
    if (counted < 0 || handed_over < 0 || handed_over > counted)
        return heng_fail(err, HENG_ERANGE, 0, "the drawer holds %s: not more than that can be handed over", there);
    if (counted != day->expected && !reason[0])
        return heng_fail(err, HENG_ECONFIG, 0,
                         "the drawer should hold %s and holds %s: count again, or give the reason of the difference",
                         expected, there);
    if (handed_over && !handed_to[0]) return heng_fail(err, HENG_ECONFIG, 0, "say to whom the money is handed over");
    return HENG_OK;
}

heng_rc heng_cash_close(struct heng_store *store, int64_t org_id, int64_t counted, int64_t handed_over,
                        const char *handed_to, const char *reason, const struct heng_hand *hand,
                        struct heng_cash_day *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_cash_totals totals;
    int64_t held = 0;
    heng_rc rc = heng_store_open_cash_day(reader, org_id, hand->desk, ret, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "desk '%s' has no open cash day", hand->desk);
    if (rc == HENG_OK) rc = heng_cash_so_far(reader, ret, &totals, &ret->expected, err);
    if (rc == HENG_OK)
        rc = heng_store_book_balance(reader, org_id, HENG_BOOK_CASH, 0, ret->desk, ret->currency, &held, err);
    if (rc == HENG_OK && held != ret->expected)
        return heng_fail(err, HENG_EBUG, 0, "the bookings of the day and the book of the drawer differ");
    if (rc == HENG_OK) rc = check_count(ret, counted, handed_over, handed_to, reason, err);
    if (rc == HENG_OK)
        rc = move_cash(store, ret, HENG_BOOKING_OVER_SHORT, HENG_BOOK_OVER_SHORT, "difference", counted - ret->expected,
                       reason, hand, err);
    if (rc == HENG_OK)
        rc = move_cash(store, ret, HENG_BOOKING_HAND_OVER, HENG_BOOK_SAFE, "hand-over", -handed_over, handed_to, hand,
                       err);
    if (rc == HENG_OK) rc = write_totals(&totals, ret, err);
    if (rc != HENG_OK) return rc;
    ret->counted = counted;
    ret->handed_over = handed_over;
    ret->closed_us = hand->now_us;
    snprintf(ret->handed_to, sizeof ret->handed_to, "%s", handed_to);
    snprintf(ret->reason, sizeof ret->reason, "%s", reason);
    return heng_store_put_cash_day(store, ret, err);
}

/* --- Settlement --- */

static bool add(int64_t *to, int64_t amount) { return !__builtin_add_overflow(*to, amount, to); }

static heng_rc add_day(struct heng_settlement *to, const struct heng_cash_day *day, struct heng_err *err)
{
    struct heng_cash_totals totals;
    heng_rc rc = heng_cash_totals_of(day, &totals, err);
    bool fits = add(&to->opening, day->opening) && add(&to->expected, day->expected) &&
                add(&to->counted, day->counted) && add(&to->handed_over, day->handed_over) &&
                add(&to->difference, day->counted - day->expected);
    for (size_t i = 0; rc == HENG_OK && fits && i < totals.n; i++) {
        const struct heng_cash_total *t = &totals.of[i];
        struct heng_cash_total *sum = total_of(&to->totals, t->channel);
        if (!sum)
            return heng_fail(err, HENG_ELIMIT, 0, "more than %d channels in one settlement", HENG_CASH_CHANNELS_MAX);
        fits = sum_up(sum, t->gross, t->refunds, t->reversals, t->count);
    }
    to->days++;
    return rc == HENG_OK && !fits ? too_large(err) : rc;
}

heng_rc heng_cash_settlement(struct heng_store_reader *reader, int64_t scope, const char *desk, const char *cashier,
                             int32_t from_day, int32_t to_day, struct heng_settlement *ret, struct heng_err *err)
{
    enum { PAGE = 8 };
    struct heng_cash_day page[PAGE];
    int64_t after = 0;
    size_t n = PAGE;
    heng_rc rc = HENG_OK;
    memset(ret, 0, sizeof *ret);
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_store_list_cash_days(reader, scope, desk, from_day, to_day, after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            after = page[i].id;
            if (cashier[0] && strcmp(cashier, page[i].cashier) != 0) continue;
            if (page[i].closed_us)
                rc = add_day(ret, &page[i], err);
            else
                ret->open++;
        }
    }
    return rc;
}
