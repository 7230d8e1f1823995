#include "billing/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/note.h"
#include "billing/run_parts.h"

heng_rc heng_run_worker_new(struct heng_store_reader *reader, struct heng_run_worker **ret, struct heng_err *err)
{
    struct heng_run_worker *worker = calloc(1, sizeof *worker);
    if (!worker) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a bill run");
    worker->reader = reader;
    worker->selected_for = -1;
    worker->arena.max = HENG_RUN_ARENA_MAX;
    heng_rc rc = heng_charger_new(reader, &worker->charger, err);
    if (rc == HENG_OK) rc = heng_bill_settings_get(reader, &worker->settings, err);
    if (rc != HENG_OK) {
        heng_run_worker_free(worker);
        return rc;
    }
    *ret = worker;
    return HENG_OK;
}

void heng_run_worker_free(struct heng_run_worker *worker)
{
    if (!worker) return;
    heng_charger_free(worker->charger);
    heng_arena_fini(&worker->arena);
    free(worker);
}

/* --- begin ----------------------------------------------------------------------------------------------------- */

static heng_rc check_ask(const struct heng_run_ask *ask, struct heng_err *err)
{
    if (ask->from_day <= 0 || ask->to_day <= ask->from_day)
        return heng_fail(err, HENG_ECONFIG, 0, "the period of a run must have at least one day");
    if (ask->due_day < ask->from_day) return heng_fail(err, HENG_ECONFIG, 0, "bills cannot be due before their period");
    if (!ask->name[0]) return heng_fail(err, HENG_ECONFIG, 0, "a run needs a name");
    if (strlen(ask->name) >= HENG_NAME_MAX || strlen(ask->selection) >= HENG_RUN_SELECTION_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the name or the selection is too long");
    if (strlen(ask->currency) + 1 != HENG_CURRENCY_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "the currency '%s' is not known: CNY, EUR ... is wanted", ask->currency);
    return HENG_OK;
}

heng_rc heng_run_begin(struct heng_store *store, const struct heng_run_ask *ask, const struct heng_hand *hand,
                       int64_t *ret_id, struct heng_err *err)
{
    struct heng_run_selection *selection = malloc(sizeof *selection);
    struct heng_run *run = calloc(1, sizeof *run);
    heng_rc rc = selection && run ? check_ask(ask, err) : heng_fail(err, HENG_ENOMEM, 0, "no memory for a bill run");
    if (rc == HENG_OK) rc = heng_hand_check(hand, err);
    if (rc == HENG_OK)
        rc = heng_run_select(heng_store_as_reader(store), ask->org_id, ask->currency, ask->selection, selection, err);
    if (rc == HENG_OK) {
        run->org_id = ask->org_id;
        run->kind = ask->kind;
        run->from_day = ask->from_day;
        run->to_day = ask->to_day;
        run->due_day = ask->due_day;
        run->state = HENG_RUN_STATE_WAITING;
        run->made_us = hand->now_us;
        snprintf(run->name, sizeof run->name, "%s", ask->name);
        snprintf(run->selection, sizeof run->selection, "%s", ask->selection);
        snprintf(run->currency, sizeof run->currency, "%s", ask->currency);
        snprintf(run->made_by, sizeof run->made_by, "%s", hand->who);
        rc = heng_store_put_run(store, run, err);
    }
    if (rc == HENG_OK) *ret_id = run->id;
    free(selection);
    free(run);
    return rc;
}

/* --- take, make, keep ------------------------------------------------------------------------------------------ */

static heng_rc select_for(struct heng_run_worker *worker, const struct heng_run *run, struct heng_err *err)
{
    if (worker->selected_for == run->id) return HENG_OK;
    heng_rc rc = heng_run_select(worker->reader, run->org_id, run->currency, run->selection, &worker->selection, err);
    if (rc == HENG_OK) rc = heng_bill_settings_get(worker->reader, &worker->settings, err);
    worker->selected_for = rc == HENG_OK ? run->id : -1;
    return rc;
}

static heng_rc take_page(struct heng_run_worker *worker, const struct heng_run *run, int64_t after_id, int64_t only_id,
                         size_t accounts, struct heng_err *err)
{
    size_t n = 0;
    heng_rc rc =
        heng_store_list_run_items(worker->reader, run, &worker->selection.filter, after_id, only_id, accounts,
                                  worker->items + worker->item_n, HENG_RUN_ITEMS_MAX - worker->item_n, &n, err);
    if (rc == HENG_OK) worker->item_n += n;
    return rc;
}

/* Of a list the one behind after_id in it. */
static heng_rc take_listed(struct heng_run_worker *worker, const struct heng_run *run, int64_t after_id,
                           struct heng_err *err)
{
    const struct heng_run_selection *selection = &worker->selection;
    size_t at = 0;
    while (after_id && at < selection->listed_n && selection->listed[at] != after_id) at++;
    if (after_id) at++;
    return at < selection->listed_n ? take_page(worker, run, 0, selection->listed[at], 1, err) : HENG_OK;
}

heng_rc heng_run_take(struct heng_run_worker *worker, const struct heng_run *run, int64_t after_id, int64_t *ret_last,
                      struct heng_err *err)
{
    heng_rc rc = select_for(worker, run, err);
    heng_arena_fini(&worker->arena);
    worker->arena = (struct heng_arena){.max = HENG_RUN_ARENA_MAX};
    worker->item_n = worker->accounts = worker->past_n = 0;
    worker->last_id = 0;
    if (rc != HENG_OK) return rc;
    if (worker->selection.listed_n) {
        rc = take_listed(worker, run, after_id, err);
    } else {
        /* Accounts with many contracts make a page too long: then fewer of them. */
        for (size_t accounts = HENG_RUN_PIECE;; accounts /= 4) {
            rc = take_page(worker, run, after_id, 0, accounts, err);
            if (rc != HENG_ELIMIT || accounts < 4) break;
        }
    }
    for (size_t i = 0; i < worker->item_n; i++)
        if (i == 0 || worker->items[i].account_id != worker->items[i - 1].account_id) worker->accounts++;
    if (worker->item_n) worker->last_id = worker->items[worker->item_n - 1].account_id;
    *ret_last = worker->last_id;
    return rc;
}

/* The items of one account and one mode, of which there is none for one that has nothing to bill. */
static size_t items_of(const struct heng_run_worker *worker, size_t first, heng_mode mode, struct heng_run_item *ret)
{
    size_t n = 0;
    for (size_t i = first; i < worker->item_n && worker->items[i].account_id == worker->items[first].account_id; i++)
        if (worker->items[i].contract.id && worker->items[i].contract.mode == mode && n < HENG_CONTRACTS_MAX)
            ret[n++] = worker->items[i];
    return n;
}

static heng_rc make_account(struct heng_run_worker *worker, const struct heng_run *run, size_t first,
                            struct heng_run_item *items, struct heng_drafts *ret, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (heng_mode mode = HENG_MODE_PREPAID; mode < HENG_MODE_COUNT && rc == HENG_OK; mode++) {
        struct heng_draft *draft = &ret->items[ret->n];
        size_t n = items_of(worker, first, mode, items);
        bool is = false;
        if (!n) continue;
        if (run->kind == HENG_RUN_PREPAY)
            rc = heng_prepay_draft(worker, run, items, n, draft, &is, err);
        else
            rc = heng_draft_make(worker, run, items, n, draft, &is, err);
        if (rc == HENG_OK && is) ret->n++;
    }
    return rc;
}

heng_rc heng_run_make(struct heng_run_worker *worker, const struct heng_run *run, struct heng_drafts *ret,
                      struct heng_err *err)
{
    struct heng_run_item *items = heng_arena_take(&worker->arena, HENG_CONTRACTS_MAX, sizeof *items);
    heng_rc rc = HENG_OK;
    *ret = (struct heng_drafts){.accounts = worker->accounts, .last_id = worker->last_id};
    ret->items = heng_arena_take(&worker->arena, HENG_MODE_COUNT * worker->accounts + 1, sizeof *ret->items);
    if (!items || !ret->items) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the drafts of a run");
    heng_charger_hold(worker->charger, true);
    if (run->kind == HENG_RUN_USAGE) rc = heng_run_ahead(worker, run, err);
    for (size_t i = 0; i < worker->item_n && rc == HENG_OK; i++)
        if (i == 0 || worker->items[i].account_id != worker->items[i - 1].account_id)
            rc = make_account(worker, run, i, items, ret, err);
    heng_charger_hold(worker->charger, false);
    return rc;
}

/* Charges of all drafts in one array, for the store takes many at once. */
static heng_rc put_charges(struct heng_store *store, const struct heng_draft *drafts, size_t n, heng_us now_us,
                           struct heng_err *err)
{
    size_t count = 0, at = 0;
    for (size_t i = 0; i < n; i++) count += drafts[i].charge_count;
    if (!count) return HENG_OK;
    struct heng_charge *all = calloc(count, sizeof *all);
    if (!all) return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu charges", count);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < drafts[i].charge_count; k++, at++) {
            all[at] = drafts[i].charges[k];
            all[at].bill_id = drafts[i].bill.id;
            all[at].account_id = drafts[i].bill.account_id;
            all[at].at_us = now_us;
        }
    heng_rc rc = heng_store_put_charges(store, all, count, err);
    free(all);
    return rc;
}

heng_rc heng_drafts_put(struct heng_store *store, struct heng_draft *drafts, size_t n, heng_us now_us,
                        struct heng_err *err)
{
    struct heng_bill *bills = calloc(n ? n : 1, sizeof *bills);
    if (!bills) return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu bills", n);
    for (size_t i = 0; i < n; i++) bills[i] = drafts[i].bill;
    heng_rc rc = heng_store_put_bills(store, bills, n, err);
    for (size_t i = 0; i < n; i++) drafts[i].bill = bills[i];
    free(bills);
    return rc == HENG_OK ? put_charges(store, drafts, n, now_us, err) : rc;
}

heng_rc heng_run_keep(struct heng_store *store, struct heng_run *run, struct heng_drafts *drafts, heng_us now_us,
                      struct heng_err *err)
{
    heng_rc rc = heng_drafts_put(store, drafts->items, drafts->n, now_us, err);
    if (rc != HENG_OK) return rc;
    run->done += (int64_t)drafts->accounts;
    run->next_id = drafts->last_id ? drafts->last_id : run->next_id;
    if (!drafts->accounts) {
        run->state = HENG_RUN_STATE_PREVIEW;
        run->next_id = 0;
        run->total = run->done;
    }
    return heng_store_put_run(store, run, err);
}

/* --- pieces ---------------------------------------------------------------------------------------------------- */

static heng_rc count_accounts(struct heng_run_worker *worker, struct heng_store *store, struct heng_run *run,
                              struct heng_err *err)
{
    heng_rc rc = select_for(worker, run, err);
    if (rc == HENG_OK && worker->selection.listed_n)
        run->total = (int64_t)worker->selection.listed_n;
    else if (rc == HENG_OK)
        rc = heng_store_count_run_accounts(worker->reader, run, &run->total, err);
    if (rc != HENG_OK) return rc;
    run->state = HENG_RUN_STATE_WORKING;
    return heng_store_put_run(store, run, err);
}

static heng_rc work_piece(struct heng_run_worker *worker, struct heng_store *store, struct heng_run *run,
                          heng_us now_us, struct heng_err *err)
{
    struct heng_drafts drafts;
    int64_t last;
    heng_rc rc = heng_run_take(worker, run, run->next_id, &last, err);
    if (rc == HENG_OK) rc = heng_run_make(worker, run, &drafts, err);
    return rc == HENG_OK ? heng_run_keep(store, run, &drafts, now_us, err) : rc;
}

static heng_rc issue_some(struct heng_run_worker *worker, struct heng_store *store, struct heng_run *run,
                          const struct heng_hand *hand, struct heng_err *err)
{
    size_t n = 0;
    struct heng_hand by = *hand;
    snprintf(by.who, sizeof by.who, "%s", run->approved_by);
    heng_rc rc = heng_issue_piece(store, run, &by, &worker->settings, &n, err);
    if (rc == HENG_OK && !n) {
        run->state = HENG_RUN_STATE_ISSUED;
        run->issued_us = hand->now_us;
    }
    return rc == HENG_OK ? heng_store_put_run(store, run, err) : rc;
}

static heng_rc drop_some(struct heng_store *store, struct heng_run *run, struct heng_err *err)
{
    size_t n = 0;
    heng_rc rc = heng_store_drop_drafts(store, run->id, HENG_RUN_PIECE, &n, err);
    if (rc != HENG_OK || n) return rc;
    run->state = HENG_RUN_STATE_CANCELLED;
    return heng_store_put_run(store, run, err);
}

static heng_rc piece(struct heng_run_worker *worker, struct heng_store *store, struct heng_run *run,
                     const struct heng_hand *hand, struct heng_err *err)
{
    switch (run->state) {
    case HENG_RUN_STATE_WAITING: return count_accounts(worker, store, run, err);
    case HENG_RUN_STATE_WORKING: return work_piece(worker, store, run, hand->now_us, err);
    case HENG_RUN_STATE_APPROVED: return issue_some(worker, store, run, hand, err);
    case HENG_RUN_STATE_DROPPING: return drop_some(store, run, err);
    case HENG_RUN_STATE_PREVIEW:
    case HENG_RUN_STATE_ISSUED:
    case HENG_RUN_STATE_CANCELLED:
    case HENG_RUN_STATE_FAILED:
    case HENG_RUN_STATE_COUNT: break;
    }
    return heng_fail(err, HENG_EBUG, 0, "run %lld has nothing to do", (long long)run->id);
}

/* A run whose selection no longer fits, say: it ends with the reason, and the next one goes on. */
static heng_rc give_up(struct heng_store *store, struct heng_run *run, const struct heng_err *why, struct heng_err *err)
{
    run->state = HENG_RUN_STATE_FAILED;
    snprintf(run->why, sizeof run->why, "%s", why->text);
    return heng_store_put_run(store, run, err);
}

heng_rc heng_bill_run_work(struct heng_run_worker *worker, struct heng_store *store, const struct heng_hand *hand,
                           heng_us budget_us, bool *ret_left, struct heng_err *err)
{
    heng_us until_us = heng_clock_mono() + budget_us;
    struct heng_run *run = malloc(sizeof *run);
    heng_rc rc = run ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a bill run");
    *ret_left = true;
    while (rc == HENG_OK && *ret_left) {
        struct heng_err said = {0};
        rc = heng_store_next_run(heng_store_as_reader(store), run, err);
        if (rc == HENG_ENOTFOUND) {
            *ret_left = false;
            rc = HENG_OK;
            break;
        }
        if (rc == HENG_OK && (rc = piece(worker, store, run, hand, &said)) != HENG_OK) {
            bool own = rc == HENG_ECONFIG || rc == HENG_EFORMAT || rc == HENG_ENOTFOUND;
            rc = own && run->state == HENG_RUN_STATE_WAITING ? give_up(store, run, &said, err)
                                                             : heng_fail(err, rc, said.at, "%s", said.text);
        }
        if (heng_clock_mono() >= until_us) break;
    }
    free(run);
    return rc;
}
