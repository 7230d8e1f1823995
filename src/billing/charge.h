#ifndef HENG_BILLING_CHARGE_H
#define HENG_BILLING_CHARGE_H
/* What a contract costs for some days: usage out of the store, the tariff in force, the used tiers so far, through
 * rate/, to lines with their trace. Bills and prepaid balances are made of the same charges. */
#include "base/arena.h"
#include "ledger/rules.h"
#include "store/money/accounts.h"
#include "store/money/bills.h"
#include "usage/usage.h"

/* What charges of many contracts have in common: the site's days, tariffs that were read, room for a calculation. Sees
 * the reader's present; editions of tariffs that were read are kept. One thread at a time. */
struct heng_charger;
HENG_NODISCARD heng_rc heng_charger_new(struct heng_store_reader *reader, struct heng_charger **ret,
                                        struct heng_err *err);
void heng_charger_free(struct heng_charger *charger); /* accepts NULL */
/* Which edition of a tariff is the newest is asked for each charge. A run that holds asks once, until it holds anew or
 * lets go: all its charges are by the same editions. */
void heng_charger_hold(struct heng_charger *charger, bool holds);
const struct heng_usage_site *heng_charger_site(const struct heng_charger *charger);

/* period_from: where the period began for which the total is (prepaid: of the running month; else from_day). before:
 * what was charged of that period already. */
struct heng_charge_ask {
    const struct heng_contract *contract;
    const char *currency;
    int64_t org_id;
    int32_t from_day, to_day;
    int64_t before;
    bool must_be_complete; /* ECONFIG where usage is missing; else what is known is charged, to the day it is known */
};

/* What these asks will want to know is read at once, where each question costs a way to a server; it is kept until the
 * next ahead or hold. Charges worked out in between see the facts as they were now. */
HENG_NODISCARD heng_rc heng_charger_ahead(struct heng_charger *charger, const struct heng_charge_ask *asks, size_t n,
                                          struct heng_err *err);

/* What stood in the way, or should be looked at. */
struct heng_charge_findings {
    uint32_t flags;   /* HENG_BILL_FLAG_* */
    int32_t known_to; /* usage is complete up to this day */
    char why[HENG_DETAIL_MAX];
};

/* The charge of [from_day, to_day), not stored. Lines and texts live in the arena of the caller.
 * Errors: ECONFIG no tariff, or usage does not fit it: the text says what and since when; ENOTFOUND the contract's
 * point is gone; ELIMIT; what the store says. findings are filled in any case. */
HENG_NODISCARD heng_rc heng_charge_work(struct heng_charger *charger, const struct heng_charge_ask *ask,
                                        struct heng_arena *arena, struct heng_charge *ret,
                                        struct heng_charge_findings *ret_findings, struct heng_err *err);

/* Work a stored charge out again from its ask, and compare: lines, amounts, digest. Errors: ECONFLICT with what
 * differs. */
HENG_NODISCARD heng_rc heng_charge_recompute(struct heng_charger *charger, const struct heng_charge *charge,
                                             struct heng_err *err);

/* The postings of a charge against a book of the account: revenue by medium or component, tax by rate. Adds to booking.
 * sign 1: charges it; -1: takes it back. Errors: ELIMIT. */
HENG_NODISCARD heng_rc heng_charge_post(const struct heng_charge *charge, heng_book_kind against, int sign,
                                        struct heng_booking *booking, struct heng_err *err);

#endif
