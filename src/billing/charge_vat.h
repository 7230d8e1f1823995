#ifndef HENG_BILLING_CHARGE_VAT_H
#define HENG_BILLING_CHARGE_VAT_H
/* The tax in money of which only the sum is known: a meter that holds money tells what it took, not for what. */
#include "bill/vat.h"
#include "billing/charge.h"

/* The one tax rate of all that a contract's tariff charges on a day. code is borrowed of the charger.
 * Errors: ECONFIG no tariff, or components of several rates. */
HENG_NODISCARD heng_rc heng_charge_vat(struct heng_charger *charger, const struct heng_contract *contract,
                                       const char *currency, int64_t org_id, int32_t day, struct heng_vat *ret,
                                       struct heng_err *err);

#endif
