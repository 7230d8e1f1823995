#ifndef HENG_ACCOUNT_TERMS_H
#define HENG_ACCOUNT_TERMS_H
/* The terms of a contract: the object "contract" of docs/rating.md without id and to, which the contract has: persons,
 * cycle_months, bases, extensions, losses; from: since when the customer is one, where that was in an old system; and
 * state: the used tiers that it carries in. */
#include "account/tariffs.h"

/* Is it JSON with these names and no others? The inside is checked with a tariff. Errors: ECONFIG, EFORMAT with the
 * path. */
HENG_NODISCARD heng_rc heng_terms_check(const char *terms, struct heng_err *err);

/* Would a day on which nothing is used be rated without fault by this tariff? It shows what the tariff asks for and the
 * terms do not have (m2, kVA, persons), before the first bill does.
 * Errors: those of heng_rate, with the path. */
HENG_NODISCARD heng_rc heng_terms_try(struct heng_slice tariff, const char *terms, int32_t day, struct heng_err *err);

/* The same of a contract with every tariff that holds on its first day, in the currency of its account; and does the
 * tariff count what the point counts (kWh or m3)? Errors: ECONFIG ... */
HENG_NODISCARD heng_rc heng_contract_fits(struct heng_store_reader *reader, const struct heng_account *account,
                                          const struct heng_contract *contract, struct heng_err *err);

#endif
