/* A page of accounts, and what all of them will want to know: on a server a few questions instead of a few for each. */
#include "billing/run_parts.h"

/* A page is worked off in its order, and what is looked for lies near. */
const struct heng_run_past *heng_run_past_of(const struct heng_run_worker *worker, int64_t account_id, int32_t day)
{
    for (size_t i = 0; i < worker->past_n; i++)
        if (worker->pasts[i].account_id == account_id && worker->pasts[i].day == day) return &worker->pasts[i];
    return NULL;
}

/* The day before which the earlier bills of an account are those to compare with: as its draft will begin. */
static void want_past(struct heng_run_worker *worker, int64_t account_id, int32_t day)
{
    struct heng_run_past *last = worker->past_n ? &worker->pasts[worker->past_n - 1] : NULL;
    if (last && last->account_id == account_id) {
        if (day < last->day) last->day = day;
        return;
    }
    worker->pasts[worker->past_n++] = (struct heng_run_past){.account_id = account_id, .day = day};
}

static heng_rc read_pasts(struct heng_run_worker *worker, struct heng_err *err)
{
    const size_t n = worker->past_n;
    int64_t *accounts = heng_arena_take(&worker->arena, n + 1, sizeof *accounts);
    int64_t *days = heng_arena_take(&worker->arena, n + 1, sizeof *days);
    size_t *counts = heng_arena_take(&worker->arena, n + 1, sizeof *counts);
    struct heng_bill_past *bills = heng_arena_take(&worker->arena, n * HENG_RUN_PAST_MAX + 1, sizeof *bills);
    worker->past_n = 0;
    if (!accounts || !days || !counts || !bills) return heng_fail(err, HENG_ENOMEM, 0, "no memory for earlier bills");
    for (size_t i = 0; i < n; i++) {
        accounts[i] = worker->pasts[i].account_id;
        days[i] = worker->pasts[i].day;
    }
    heng_rc rc =
        heng_store_list_all_bills_before(worker->reader, accounts, days, n, bills, HENG_RUN_PAST_MAX, counts, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < n; i++) {
        worker->pasts[i].bills = bills + i * HENG_RUN_PAST_MAX;
        worker->pasts[i].count = counts[i];
    }
    worker->past_n = n;
    return HENG_OK;
}

heng_rc heng_run_ahead(struct heng_run_worker *worker, const struct heng_run *run, struct heng_err *err)
{
    size_t n = 0;
    struct heng_charge_ask *asks = heng_arena_take(&worker->arena, worker->item_n + 1, sizeof *asks);
    if (!asks) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a page of a run");
    worker->past_n = 0;
    for (size_t i = 0; i < worker->item_n; i++) {
        const struct heng_run_item *item = &worker->items[i];
        int32_t from, to;
        if (item->contract.mode != HENG_MODE_POSTPAID || !item->contract.id) continue;
        if (!heng_run_open_days(run, item, &from, &to)) continue;
        want_past(worker, item->account_id, from);
        asks[n++] = (struct heng_charge_ask){.contract = &item->contract, .from_day = from, .to_day = to};
    }
    heng_rc rc = heng_charger_ahead(worker->charger, asks, n, err);
    return rc == HENG_OK ? read_pasts(worker, err) : rc;
}
