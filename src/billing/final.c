#include "billing/final.h"

#include <stdio.h>
#include <stdlib.h>

#include "account/accounts.h"
#include "billing/issue.h"
#include "billing/run_parts.h"

/* The contracts that have ended and are not charged to their end; the days of all of them are the run's. */
static void keep_ended(struct heng_run_worker *worker, int32_t today, struct heng_run *run)
{
    size_t kept = 0;
    for (size_t i = 0; i < worker->item_n; i++) {
        const struct heng_run_item *item = &worker->items[i];
        const struct heng_contract *contract = &item->contract;
        int32_t from = item->charged_to > contract->from_day ? item->charged_to : contract->from_day;
        if (!contract->id || contract->mode != HENG_MODE_POSTPAID) continue;
        if (!contract->to_day || contract->to_day > today || from >= contract->to_day) continue;
        if (!kept || from < run->from_day) run->from_day = from;
        if (!kept || contract->to_day > run->to_day) run->to_day = contract->to_day;
        worker->items[kept++] = *item;
    }
    worker->item_n = kept;
}

static heng_rc take_account(struct heng_run_worker *worker, struct heng_run *run, int64_t account_id, int32_t today,
                            struct heng_err *err)
{
    int64_t last;
    heng_rc rc = heng_run_select(worker->reader, run->org_id, run->currency, run->selection, &worker->selection, err);
    if (rc != HENG_OK) return rc;
    worker->selection.listed[0] = account_id;
    worker->selection.listed_n = 1;
    worker->selected_for = run->id;
    rc = heng_run_take(worker, run, 0, &last, err);
    worker->selected_for = -1;
    if (rc == HENG_OK) keep_ended(worker, today, run);
    return rc;
}

static heng_rc issue(struct heng_run_worker *worker, struct heng_store *store, const struct heng_run *run,
                     const struct heng_hand *hand, struct heng_bill *ret, bool *ret_is, struct heng_err *err)
{
    struct heng_draft draft;
    heng_rc rc = heng_draft_make(worker, run, worker->items, worker->item_n, &draft, ret_is, err);
    if (rc != HENG_OK || !*ret_is) return rc;
    if (draft.bill.state == HENG_BILL_STATE_BLOCKED)
        return heng_fail(err, HENG_ECONFLICT, 0, "the final bill: %.200s", draft.bill.why);
    rc = heng_drafts_put(store, &draft, 1, hand->now_us, err);
    return rc == HENG_OK ? heng_issue_one(store, run->org_id, draft.bill.id, hand, ret, err) : rc;
}

heng_rc heng_final_bill(struct heng_run_worker *worker, struct heng_store *store, int64_t scope, int64_t account_id,
                        const struct heng_hand *hand, struct heng_bill *ret, bool *ret_is, struct heng_err *err)
{
    struct heng_account account;
    struct heng_run *run = NULL;
    *ret_is = false;
    heng_rc rc = heng_account_need(worker->reader, scope, account_id, &account, err);
    if (rc != HENG_OK) return rc;
    run = calloc(1, sizeof *run);
    if (!run) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a final bill");
    run->org_id = account.org_id;
    run->from_day = 1; /* of whatever is open */
    run->to_day = run->due_day = hand->day;
    snprintf(run->selection, sizeof run->selection, "{}");
    snprintf(run->currency, sizeof run->currency, "%s", account.currency);
    rc = take_account(worker, run, account_id, hand->day, err);
    if (rc == HENG_OK && worker->item_n) rc = issue(worker, store, run, hand, ret, ret_is, err);
    free(run);
    return rc;
}
