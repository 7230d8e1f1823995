#ifndef HENG_ACCOUNT_CONTRACTS_H
#define HENG_ACCOUNT_CONTRACTS_H
/* Contracts: an account pays for a point by a tariff, for a time. An account may have several, prepaid and postpaid
 * side by side; a point has one on each day. All in the writer's open transaction, each with a line in the audit.
 *
 * A contract that `follows` another goes on with its used tiers: the same household by another mode, or by another
 * account of it. A new household does not follow. */
#include "account/terms.h"

/* Add one: id is given. Errors: ENOTFOUND no such account or point (for who asks); ECONFLICT the account is closed, the
 * point has a contract on these days; ECONFIG tariff, terms. */
HENG_NODISCARD heng_rc heng_contract_add(struct heng_store *store, int64_t scope, struct heng_contract *contract,
                                         const struct heng_hand *hand, const char *reason, struct heng_err *err);

/* Change terms, cycle, tariff key, group and class: what is charged stays, what is not yet goes by the new ones.
 * Errors: as add; ECONFLICT it is ended. */
HENG_NODISCARD heng_rc heng_contract_change(struct heng_store *store, int64_t scope,
                                            const struct heng_contract *contract, const struct heng_hand *hand,
                                            const char *reason, struct heng_err *err);

/* to_day: the first day that is no longer its. Errors: ECONFLICT it is charged beyond that day, an order to its meter
 * is under way, money lies in its meter. */
HENG_NODISCARD heng_rc heng_contract_end(struct heng_store *store, int64_t scope, int64_t id, int32_t to_day,
                                         const struct heng_hand *hand, const char *reason, struct heng_err *err);

/* End one on a day and go on by another mode, with the used tiers; tariff_key NULL: by the same tariff. Money moves
 * from purse to advance or back as soon as nothing needs it where it lies (heng_account_tidy). Errors: as end and add.
 */
HENG_NODISCARD heng_rc heng_contract_switch(struct heng_store *store, int64_t scope, int64_t id, heng_mode mode,
                                            int32_t day, const char *tariff_key, const struct heng_hand *hand,
                                            const char *reason, struct heng_contract *ret, struct heng_err *err);

/* Move-out and move-in. from: the account that leaves, 0 the points were empty; to: the one that comes, 0 nobody.
 * point_id 0: every point of from. Its contracts end on the day; the same tariffs go on for who comes, with no used
 * tier and without the persons of those who left. persons 0: the tariff's usual. ret: the new contracts, cap of them.
 * What was used up to the day comes from the readings around it; where there is none the charge says "estimated". */
struct heng_move {
    int64_t from_account, to_account, point_id;
    int32_t day;
    int64_t persons;
};
HENG_NODISCARD heng_rc heng_account_move(struct heng_store *store, int64_t scope, const struct heng_move *move,
                                         const struct heng_hand *hand, const char *reason, struct heng_contract *ret,
                                         size_t cap, size_t *ret_n, struct heng_err *err);

/* Is a contract in force on a day? */
static inline bool heng_contract_on(const struct heng_contract *contract, int32_t day)
{
    return contract->from_day <= day && (contract->to_day == 0 || day < contract->to_day);
}

#endif
