#include "prepaid/work.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "prepaid/charge.h"
#include "prepaid/meter_use.h"
#include "prepaid/supply_parts.h"

enum { SWEEP = 512, NO_DAY = INT32_MIN };

/* today: of which all contracts were swept, or are being: sweep_after is where it goes on. last_id: the contract that
 * was charged last; next time those behind it come first. */
struct heng_prepaid_worker {
    struct heng_charger *charger;
    int32_t swept, arrears_day;
    int64_t sweep_after, last_id, debtor_after;
    bool sweeping, dunning;
};

heng_rc heng_prepaid_worker_new(struct heng_store *store, struct heng_prepaid_worker **ret, struct heng_err *err)
{
    struct heng_prepaid_worker *w = calloc(1, sizeof *w);
    if (!w) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    w->swept = w->arrears_day = NO_DAY;
    heng_rc rc = heng_charger_new(heng_store_as_reader(store), &w->charger, err);
    if (rc == HENG_OK)
        *ret = w;
    else
        heng_prepaid_worker_free(w);
    return rc;
}

void heng_prepaid_worker_free(struct heng_prepaid_worker *worker)
{
    if (!worker) return;
    heng_charger_free(worker->charger);
    free(worker);
}

/* Once a day everybody is looked at: who is new, who used nothing, who has a fee by the day. */
static heng_rc sweep(struct heng_prepaid_worker *w, struct heng_store *store, int32_t today, struct heng_err *err)
{
    int64_t last = 0;
    if (w->swept != today) {
        w->swept = today;
        w->sweep_after = 0;
        w->sweeping = true;
    }
    if (!w->sweeping) return HENG_OK;
    heng_rc rc = heng_store_prepaid_sweep(store, today, w->sweep_after, SWEEP, &last, err);
    w->sweep_after = last;
    w->sweeping = last != 0;
    return rc;
}

static heng_rc dun(struct heng_prepaid_worker *w, struct heng_store *store, const struct heng_prepaid_site *site,
                   heng_us now_us, struct heng_prepaid_counts *counts, struct heng_err *err)
{
    if (!site->settings.arrears || (w->arrears_day == site->today && !w->dunning)) return HENG_OK;
    w->arrears_day = site->today;
    heng_rc rc = heng_supply_arrears(store, site, now_us, &w->debtor_after, &counts->tasks, err);
    w->dunning = w->debtor_after != 0;
    return rc;
}

static heng_rc charge_one(struct heng_prepaid_worker *w, struct heng_store *store, struct heng_prepaid_state *state,
                          const struct heng_prepaid_site *site, heng_us now_us, struct heng_prepaid_counts *counts,
                          struct heng_err *err)
{
    struct heng_prepaid_charged charged;
    int64_t account_id = 0;
    heng_rc rc = heng_prepaid_charge(w->charger, store, state, site->today, now_us, &charged, &account_id, err);
    if (rc != HENG_OK) return rc;
    counts->contracts++;
    counts->charges += charged.charges;
    if (charged.held) {
        counts->held++;
        heng_log(HENG_LOG_WARN, "prepaid", "event=charge_held contract=%" PRId64 " text='%s'", state->contract_id,
                 charged.why);
    }
    return heng_prepaid_look(store, &site->settings, account_id, now_us, site->today, &counts->notices, &counts->tasks,
                             err);
}

/* The next contract that is due, around in a circle, so that nobody waits for ever. */
static heng_rc next_due(struct heng_prepaid_worker *w, struct heng_store *store, int32_t today,
                        struct heng_prepaid_state *ret, size_t *ret_n, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_store_prepaid_due(reader, today, w->last_id, ret, 1, ret_n, err);
    if (rc != HENG_OK || *ret_n || !w->last_id) return rc;
    w->last_id = 0;
    return heng_store_prepaid_due(reader, today, 0, ret, 1, ret_n, err);
}

static heng_rc work(struct heng_prepaid_worker *w, struct heng_store *store, const struct heng_prepaid_site *site,
                    heng_us now_us, heng_us budget_us, struct heng_prepaid_counts *counts, bool *ret_left,
                    struct heng_err *err)
{
    heng_us begun_us = heng_clock_mono();
    size_t n = 1, answers = 0;
    bool supply_left = false;
    heng_rc rc = sweep(w, store, site->today, err);
    if (rc == HENG_OK) rc = dun(w, store, site, now_us, counts, err);
    if (rc == HENG_OK) rc = heng_supply_work(store, now_us, &supply_left, err);
    if (rc == HENG_OK) rc = heng_meter_use_work(w->charger, store, now_us, &answers, err);
    while (rc == HENG_OK) {
        struct heng_prepaid_state state;
        rc = next_due(w, store, site->today, &state, &n, err);
        if (rc != HENG_OK || !n) break;
        w->last_id = state.contract_id;
        rc = charge_one(w, store, &state, site, now_us, counts, err);
        if (heng_clock_mono() - begun_us >= budget_us) break;
    }
    *ret_left = w->sweeping || w->dunning || supply_left || n > 0 || answers > 0;
    return rc;
}

heng_rc heng_prepaid_work(struct heng_prepaid_worker *worker, struct heng_store *store, heng_us now_us,
                          heng_us budget_us, struct heng_prepaid_counts *ret_counts, bool *ret_left,
                          struct heng_err *err)
{
    struct heng_prepaid_counts counts = {0};
    struct heng_prepaid_site site;
    heng_rc rc = heng_prepaid_site_open(heng_store_as_reader(store), now_us, &site, err);
    if (rc != HENG_OK) return rc;
    *ret_left = false;
    rc = work(worker, store, &site, now_us, budget_us, &counts, ret_left, err);
    heng_prepaid_site_close(&site);
    if (!ret_counts) return rc;
    ret_counts->contracts += counts.contracts;
    ret_counts->charges += counts.charges;
    ret_counts->held += counts.held;
    ret_counts->notices += counts.notices;
    ret_counts->tasks += counts.tasks;
    return rc;
}
