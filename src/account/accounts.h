#ifndef HENG_ACCOUNT_ACCOUNTS_H
#define HENG_ACCOUNT_ACCOUNTS_H
/* Who pays: opened, changed, their limits. All in the writer's open transaction; scope: the organisation that asks, 0
 * the operator. Each leaves a line in the audit. */
#include "account/book.h"

/* Open one. number "": the next of the series. language, currency "": those of the site (settings "language",
 * "currency"). An organisation opens its own; the operator says org_id. Errors: ECONFIG what is wrong in which field;
 * ENOTFOUND the place or organisation; ECONFLICT the number is taken. */
HENG_NODISCARD heng_rc heng_account_open(struct heng_store *store, int64_t scope, struct heng_account *account,
                                         const struct heng_hand *hand, const char *reason, struct heng_err *err);

/* Change what an account says of itself; not its organisation, currency and dates. Errors: ECONFLICT it is closed. */
HENG_NODISCARD heng_rc heng_account_change(struct heng_store *store, int64_t scope, const struct heng_account *account,
                                           const struct heng_hand *hand, const char *reason, struct heng_err *err);

/* An account that is open, by id. Errors: ENOTFOUND; ECONFLICT it is closed. */
HENG_NODISCARD heng_rc heng_account_need(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                         struct heng_account *ret, struct heng_err *err);

/* What holds: the account's own, else the site's settings account_warn_1, account_warn_2, account_warn_3,
 * account_overdraft (0), account_hoard, in the smallest unit. HENG_LIMIT_NONE: no such warning, no such limit. */
struct heng_account_limits {
    int64_t warn[3], overdraft, hoard;
};
HENG_NODISCARD heng_rc heng_account_limits(struct heng_store_reader *reader, const struct heng_account *account,
                                           struct heng_account_limits *ret, struct heng_err *err);

#endif
