#include "prepaid/leave.h"

#include <inttypes.h>
#include <stdlib.h>

#include "account/note.h"
#include "billing/final.h"
#include "prepaid/charge.h"

enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };

static heng_rc charge_last(struct heng_charger *charger, struct heng_store *store, const struct heng_contract *contract,
                           const struct heng_hand *hand, int64_t *charged, struct heng_err *err)
{
    struct heng_prepaid_state state;
    struct heng_prepaid_charged done;
    int64_t account_id;
    heng_rc rc = heng_store_get_prepaid(heng_store_as_reader(store), contract->id, &state, err);
    if (rc == HENG_ENOTFOUND) {
        state = (struct heng_prepaid_state){.contract_id = contract->id,
                                            .period_day = contract->from_day,
                                            .charged_to = contract->from_day,
                                            .changed_from = contract->from_day};
        rc = HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    rc = heng_prepaid_charge(charger, store, &state, hand->day, hand->now_us, &done, &account_id, err);
    if (rc != HENG_OK) return rc;
    *charged += done.amount;
    if (!done.held) return HENG_OK;
    return heng_fail(err, HENG_ECONFLICT, 0, "contract %" PRId64 " cannot be charged: %.200s", contract->id, done.why);
}

/* Of prepaid contracts that have ended. One in force keeps the account open: closing says so. */
static heng_rc charge_all(struct heng_store *store, int64_t account_id, const struct heng_hand *hand, int64_t *charged,
                          struct heng_err *err)
{
    struct heng_charger *charger = NULL;
    struct heng_contract *all = malloc(ALL_MAX * sizeof *all);
    size_t n = 0;
    if (!all) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts of an account");
    heng_rc rc = heng_store_list_contracts(heng_store_as_reader(store), account_id, 0, 0, all, ALL_MAX, &n, err);
    if (rc == HENG_OK) rc = heng_charger_new(heng_store_as_reader(store), &charger, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (all[i].mode == HENG_MODE_PREPAID && all[i].to_day && all[i].to_day <= hand->day)
            rc = charge_last(charger, store, &all[i], hand, charged, err);
    heng_charger_free(charger);
    free(all);
    return rc;
}

static heng_rc bill_rest(struct heng_store *store, int64_t scope, int64_t account_id, const struct heng_hand *hand,
                         struct heng_left *ret, struct heng_err *err)
{
    struct heng_run_worker *worker = NULL;
    heng_rc rc = heng_run_worker_new(heng_store_as_reader(store), &worker, err);
    if (rc == HENG_OK) rc = heng_final_bill(worker, store, scope, account_id, hand, &ret->bill, &ret->is_bill, err);
    heng_run_worker_free(worker);
    return rc;
}

heng_rc heng_account_leave(struct heng_store *store, int64_t scope, int64_t account_id, const char *key,
                           const struct heng_hand *hand, const char *reason, struct heng_left *ret,
                           struct heng_err *err)
{
    struct heng_account account;
    *ret = (struct heng_left){.charged = 0};
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_account(heng_store_as_reader(store), scope, account_id, &account, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such account");
    if (rc == HENG_OK && !account.closed_us) {
        rc = charge_all(store, account_id, hand, &ret->charged, err);
        if (rc == HENG_OK) rc = bill_rest(store, scope, account_id, hand, ret, err);
    }
    return rc == HENG_OK ? heng_account_close(store, scope, account_id, key, hand, reason, &ret->closed, err) : rc;
}
