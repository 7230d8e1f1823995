#include "ledger/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OF(book)  (1u << HENG_BOOK_##book)
#define MONEY     (OF(CASH) | OF(CHANNEL) | OF(BANK))
#define CUSTOMERS (OF(PURSE) | OF(OWED) | OF(ADVANCE) | OF(DEPOSIT) | OF(METER))
#define TAKINGS   (OF(REVENUE) | OF(TAX))
#define ANY       ((1u << HENG_BOOK_COUNT) - 1)

/* Which books a kind debits and credits. signs: it may go the other way round, with an amount below zero. moved: the
 * money that changes hands is the amount. */
static const struct {
    uint32_t debit, credit;
    bool signs, moved;
} rules[HENG_BOOKING_COUNT] = {
    [HENG_BOOKING_OPENING] = {CUSTOMERS | OF(OPENING), CUSTOMERS | OF(OPENING), true, false},
    [HENG_BOOKING_DEPOSIT] = {MONEY, OF(DEPOSIT), false, true},
    [HENG_BOOKING_DEPOSIT_BACK] = {OF(DEPOSIT), MONEY | OF(PURSE) | OF(OWED) | OF(ADVANCE), false, false},
    [HENG_BOOKING_SALE] = {MONEY, OF(PURSE), false, true},
    [HENG_BOOKING_REFUND] = {OF(PURSE) | OF(ADVANCE), MONEY, false, true},
    [HENG_BOOKING_CHARGE] = {OF(PURSE) | TAKINGS, OF(PURSE) | TAKINGS, true, false},
    [HENG_BOOKING_BILL] = {OF(OWED) | TAKINGS, OF(OWED) | TAKINGS, true, false},
    [HENG_BOOKING_PAYMENT] = {MONEY, OF(OWED) | OF(ADVANCE), false, true},
    [HENG_BOOKING_APPLY] = {OF(ADVANCE) | OF(PURSE) | OF(DEPOSIT), OF(OWED), false, false},
    [HENG_BOOKING_LATE_FEE] = {OF(OWED), OF(LATE) | OF(TAX), false, false},
    [HENG_BOOKING_WAIVER] = {OF(LATE) | OF(LOSS) | OF(TAX), OF(OWED), false, false},
    [HENG_BOOKING_WRITE_OFF] = {OF(LOSS) | OF(TAX), OF(OWED) | OF(PURSE), false, false},
    [HENG_BOOKING_ADJUSTMENT] = {CUSTOMERS | TAKINGS | OF(LOSS), CUSTOMERS | TAKINGS | OF(LOSS), true, false},
    [HENG_BOOKING_TRANSFER] = {CUSTOMERS, CUSTOMERS, false, false},
    [HENG_BOOKING_TO_METER] = {OF(PURSE), OF(METER), false, false},
    [HENG_BOOKING_FROM_METER] = {OF(METER), OF(PURSE), false, false},
    [HENG_BOOKING_METER_USE] = {OF(METER) | TAKINGS, OF(METER) | TAKINGS, true, false},
    [HENG_BOOKING_PAYOUT] = {OF(PURSE) | OF(ADVANCE) | OF(DEPOSIT), MONEY, false, true},
    [HENG_BOOKING_REVERSAL] = {ANY, ANY, true, false},
    [HENG_BOOKING_HAND_OVER] = {OF(SAFE) | OF(CASH), OF(SAFE) | OF(CASH), false, false},
    [HENG_BOOKING_OVER_SHORT] = {OF(OVER_SHORT) | OF(CASH), OF(OVER_SHORT) | OF(CASH), false, false},
    [HENG_BOOKING_SETTLEMENT] = {OF(BANK) | OF(CHANNEL) | OF(CHANNEL_FEE), OF(CHANNEL) | OF(SAFE) | OF(BANK), false,
                                 false},
    [HENG_BOOKING_CHANNEL_FEE] = {OF(CHANNEL_FEE), OF(CHANNEL) | OF(BANK), false, false},
    [HENG_BOOKING_UNCLEAR] = {MONEY, OF(UNCLEAR), false, true},
    [HENG_BOOKING_CLEARED] = {OF(UNCLEAR), MONEY | OF(PURSE) | OF(OWED) | OF(ADVANCE) | OF(DEPOSIT), false, false},
};

bool heng_ledger_is_money(heng_book_kind book) { return (MONEY >> book & 1) != 0; }

bool heng_ledger_is_customers(heng_book_kind book) { return (CUSTOMERS >> book & 1) != 0; }

heng_rc heng_ledger_post(struct heng_booking *booking, heng_book_kind book, int64_t account_id, const char *ref,
                         int64_t amount, struct heng_err *err)
{
    if (amount == 0) return HENG_OK;
    if (strlen(ref) >= HENG_BOOK_REF_MAX) return heng_fail(err, HENG_ELIMIT, 0, "'%.60s' is too long for a book", ref);
    for (size_t i = 0; i < booking->posting_count; i++) {
        struct heng_posting *p = &booking->postings[i];
        if (p->book != book || p->account_id != account_id || strcmp(p->ref, ref) != 0) continue;
        if (__builtin_add_overflow(p->amount, amount, &p->amount))
            return heng_fail(err, HENG_ERANGE, 0, "the amounts are too large for the book '%s'", heng_book_text(book));
        if (p->amount == 0) *p = booking->postings[--booking->posting_count];
        return HENG_OK;
    }
    if (booking->posting_count == HENG_POSTINGS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "a booking moves at most %d books", HENG_POSTINGS_MAX);
    struct heng_posting *p = &booking->postings[booking->posting_count++];
    *p = (struct heng_posting){.book = book, .account_id = account_id, .amount = amount};
    memcpy(p->ref, ref, strlen(ref) + 1);
    return HENG_OK;
}

heng_rc heng_ledger_money(struct heng_booking *booking, const char *channel, const char *desk, int64_t amount,
                          struct heng_err *err)
{
    bool cash = strcmp(channel, "cash") == 0;
    if (!channel[0] || strlen(channel) >= sizeof booking->channel || strlen(desk) >= sizeof booking->desk)
        return heng_fail(err, HENG_ECONFIG, 0, "say by which channel the money moves: cash, bank ... (not '%.40s')",
                         channel);
    if (cash && !desk[0])
        return heng_fail(err, HENG_ECONFIG, 0, "cash moves at a desk: say at which one, or name another channel");
    snprintf(booking->channel, sizeof booking->channel, "%s", channel);
    snprintf(booking->desk, sizeof booking->desk, "%s", desk);
    return heng_ledger_post(booking, cash ? HENG_BOOK_CASH : HENG_BOOK_CHANNEL, 0, cash ? desk : channel, amount, err);
}

/* A posting stands on a side that its kind allows, in a book with the account that such books have. */
static heng_rc check_posting(const struct heng_booking *booking, const struct heng_posting *p, struct heng_err *err)
{
    uint32_t allowed = p->amount > 0 ? rules[booking->kind].debit : rules[booking->kind].credit;
    if (p->book >= HENG_BOOK_COUNT || !(allowed >> p->book & 1))
        return heng_fail(err, HENG_EBUG, 0, "'%s' does not %s the book '%s'", heng_booking_text(booking->kind),
                         p->amount > 0 ? "debit" : "credit", heng_book_text(p->book));
    if ((p->account_id > 0) != heng_ledger_is_customers(p->book))
        return heng_fail(err, HENG_EBUG, 0, "the book '%s' %s an account", heng_book_text(p->book),
                         p->account_id > 0 ? "is not of" : "needs");
    bool named = p->book == HENG_BOOK_CASH || p->book == HENG_BOOK_CHANNEL || p->book == HENG_BOOK_METER;
    if (named && !p->ref[0])
        return heng_fail(err, HENG_EBUG, 0, "the book '%s' needs to know which one", heng_book_text(p->book));
    return HENG_OK;
}

heng_rc heng_ledger_check(const struct heng_booking *booking, struct heng_err *err)
{
    int64_t sum = 0, moved = 0;
    if (booking->kind >= HENG_BOOKING_COUNT || booking->posting_count > HENG_POSTINGS_MAX)
        return heng_fail(err, HENG_EBUG, 0, "a booking without a kind");
    if (booking->amount < 0 && !rules[booking->kind].signs)
        return heng_fail(err, HENG_EBUG, 0, "'%s' has no amount below zero", heng_booking_text(booking->kind));
    if ((booking->kind == HENG_BOOKING_REVERSAL) != (booking->reverses > 0))
        return heng_fail(err, HENG_EBUG, 0, "a reversal, and nothing else, says what it reverses");
    for (size_t i = 0; i < booking->posting_count; i++) {
        const struct heng_posting *p = &booking->postings[i];
        heng_rc rc = check_posting(booking, p, err);
        if (rc != HENG_OK) return rc;
        if (__builtin_add_overflow(sum, p->amount, &sum) ||
            (heng_ledger_is_money(p->book) && __builtin_add_overflow(moved, p->amount, &moved)))
            return heng_fail(err, HENG_ERANGE, 0, "the amounts are too large");
    }
    if (sum != 0)
        return heng_fail(err, HENG_EBUG, 0, "the postings of '%s' do not sum to zero",
                         heng_booking_text(booking->kind));
    if (rules[booking->kind].moved && moved != booking->amount && moved != -booking->amount)
        return heng_fail(err, HENG_EBUG, 0, "'%s' says another amount than the money that moves",
                         heng_booking_text(booking->kind));
    return HENG_OK;
}

void heng_ledger_mirror(const struct heng_booking *of, struct heng_booking *ret)
{
    *ret = *of;
    ret->id = 0;
    ret->key[0] = ret->who[0] = ret->second[0] = ret->reason[0] = 0;
    ret->at_us = 0;
    ret->cash_day_id = 0;
    ret->kind = HENG_BOOKING_REVERSAL;
    ret->reverses = of->id;
    for (size_t i = 0; i < ret->posting_count; i++) ret->postings[i].amount = -of->postings[i].amount;
}

/* --- What happens most --- */

static heng_rc begin(heng_booking_kind kind, int64_t account_id, int64_t amount, struct heng_booking *ret,
                     struct heng_err *err)
{
    memset(ret, 0, sizeof *ret);
    ret->kind = kind;
    ret->account_id = account_id;
    ret->amount = amount;
    if (amount > 0) return HENG_OK;
    return heng_fail(err, HENG_ERANGE, 0, "an amount of %" PRId64 ": it has to be more than zero", amount);
}

heng_rc heng_ledger_money_in(heng_booking_kind kind, int64_t account_id, heng_book_kind to, int64_t amount,
                             const char *channel, const char *desk, struct heng_booking *ret, struct heng_err *err)
{
    heng_rc rc = begin(kind, account_id, amount, ret, err);
    if (rc == HENG_OK) rc = heng_ledger_money(ret, channel, desk, amount, err);
    if (rc == HENG_OK) rc = heng_ledger_post(ret, to, heng_ledger_is_customers(to) ? account_id : 0, "", -amount, err);
    return rc;
}

heng_rc heng_ledger_money_out(heng_booking_kind kind, int64_t account_id, heng_book_kind from, int64_t amount,
                              const char *channel, const char *desk, struct heng_booking *ret, struct heng_err *err)
{
    heng_rc rc = begin(kind, account_id, amount, ret, err);
    if (rc == HENG_OK)
        rc = heng_ledger_post(ret, from, heng_ledger_is_customers(from) ? account_id : 0, "", amount, err);
    if (rc == HENG_OK) rc = heng_ledger_money(ret, channel, desk, -amount, err);
    return rc;
}

heng_rc heng_ledger_sale(int64_t account_id, int64_t amount, const char *channel, const char *desk,
                         struct heng_booking *ret, struct heng_err *err)
{
    return heng_ledger_money_in(HENG_BOOKING_SALE, account_id, HENG_BOOK_PURSE, amount, channel, desk, ret, err);
}

heng_rc heng_ledger_payment(int64_t account_id, int64_t amount, int64_t owed, const char *channel, const char *desk,
                            struct heng_booking *ret, struct heng_err *err)
{
    int64_t paid = owed < 0 ? 0 : owed < amount ? owed : amount;
    heng_rc rc = begin(HENG_BOOKING_PAYMENT, account_id, amount, ret, err);
    if (rc == HENG_OK) rc = heng_ledger_money(ret, channel, desk, amount, err);
    if (rc == HENG_OK) rc = heng_ledger_post(ret, HENG_BOOK_OWED, account_id, "", -paid, err);
    if (rc == HENG_OK) rc = heng_ledger_post(ret, HENG_BOOK_ADVANCE, account_id, "", paid - amount, err);
    return rc;
}

heng_rc heng_ledger_refund(int64_t account_id, heng_book_kind from, int64_t amount, const char *channel,
                           const char *desk, struct heng_booking *ret, struct heng_err *err)
{
    return heng_ledger_money_out(HENG_BOOKING_REFUND, account_id, from, amount, channel, desk, ret, err);
}

heng_rc heng_ledger_move(heng_booking_kind kind, int64_t account_id, heng_book_kind debit, int64_t debit_account,
                         const char *debit_ref, heng_book_kind credit, int64_t credit_account, const char *credit_ref,
                         int64_t amount, struct heng_booking *ret, struct heng_err *err)
{
    heng_rc rc = begin(kind, account_id, amount, ret, err);
    if (rc == HENG_OK) rc = heng_ledger_post(ret, debit, debit_account, debit_ref, amount, err);
    if (rc == HENG_OK) rc = heng_ledger_post(ret, credit, credit_account, credit_ref, -amount, err);
    return rc;
}
