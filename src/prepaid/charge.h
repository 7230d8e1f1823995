#ifndef HENG_PREPAID_CHARGE_H
#define HENG_PREPAID_CHARGE_H
/* One prepaid contract charged up to what is known. A charge is always of the whole period to date, less what was
 * charged of it before: late or corrected data and new prices change it by themselves, up or down, and cents never
 * drift. A closed period of which usage changed gets a charge of the difference, and those behind it are looked at. */
#include "billing/charge.h"
#include "store/money/prepaid.h"

/* The period of a contract's cycle in which a day lies, never before the contract begins; ret_end: its first day that
 * is no longer in it. A season is the year from 1 July. */
int32_t heng_period_of(const struct heng_contract *contract, int32_t day, int32_t *ret_end);

struct heng_prepaid_charged {
    uint32_t charges; /* stored */
    int64_t amount;   /* of all of them */
    bool held;        /* it could not go on: why */
    char why[HENG_DETAIL_MAX];
};

/* Charge days before `today` of state->contract_id, from the first that changed, and store state. In an open
 * transaction. What stands in the way of one contract (no tariff, data that do not fit) is held, not an error.
 * Errors: those of the store. */
HENG_NODISCARD heng_rc heng_prepaid_charge(struct heng_charger *charger, struct heng_store *store,
                                           struct heng_prepaid_state *state, int32_t today, heng_us now_us,
                                           struct heng_prepaid_charged *ret, int64_t *ret_account_id,
                                           struct heng_err *err);

#endif
