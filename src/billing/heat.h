#ifndef HENG_BILLING_HEAT_H
#define HENG_BILLING_HEAT_H
/* Heat by apportionment: the form of `heng apportion` for a building and its answer are kept as they are, a person
 * approves them, and each flat's part becomes a bill of its account. Flats are found by the key of their place or
 * point, or by a list that says which account a flat's id means. What was asked for beforehand comes off. */
#include "billing/bill.h"
#include "store/money/prepay.h"

/* json: kinds "shares" with price, "heat-bill", "heizkosten". Errors: those of heat/apportion_run.h; ENOTFOUND place.
 */
struct heng_apportion_ask {
    int64_t org_id;
    const char *place;
    int32_t from_day, to_day;
    struct heng_slice json;
};
HENG_NODISCARD heng_rc heng_apportion_keep(struct heng_store *store, const struct heng_apportion_ask *ask,
                                           const struct heng_hand *hand, int64_t *ret_id, struct heng_err *err);

/* By setting bill_second_person not by who kept it. Errors: EDENIED, ECONFLICT. */
HENG_NODISCARD heng_rc heng_apportion_approve(struct heng_store *store, int64_t scope, int64_t id,
                                              const struct heng_hand *hand, struct heng_err *err);

/* The run of its bills, at its preview at once; all flats or none. accounts: JSON {"flat id": "account number"}, "{}"
 * for flats that are found by their keys. With tenants the id is "flat/name". Errors: ECONFLICT not approved or billed
 * already; ECONFIG a flat that belongs to nobody, or to several. */
struct heng_heat_ask {
    int64_t apportion_id;
    const char *name, *currency, *accounts;
    int32_t due_day;
};
HENG_NODISCARD heng_rc heng_heat_run(struct heng_store *store, int64_t scope, const struct heng_heat_ask *ask,
                                     const struct heng_hand *hand, int64_t *ret_run_id, struct heng_err *err);

#endif
