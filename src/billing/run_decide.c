/* What people decide about a run: approve, cancel, one bill again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/note.h"
#include "billing/run_parts.h"

static heng_rc note_run(struct heng_store *store, const struct heng_run *run, const struct heng_hand *hand,
                        const char *action, const char *reason, struct heng_err *err)
{
    const struct heng_note note = {
        .action = action, .subject = "bill-run", .subject_id = run->id, .org_id = run->org_id, .reason = reason};
    return heng_account_note(store, &note, hand, "", "", err);
}

static heng_rc approve(struct heng_store *store, struct heng_run *run, const struct heng_hand *hand,
                       struct heng_err *err)
{
    struct heng_bill_settings settings;
    heng_rc rc = heng_bill_settings_get(heng_store_as_reader(store), &settings, err);
    if (rc != HENG_OK) return rc;
    if (run->state == HENG_RUN_STATE_APPROVED || run->state == HENG_RUN_STATE_ISSUED) return HENG_OK;
    if (run->state != HENG_RUN_STATE_PREVIEW)
        return heng_fail(err, HENG_ECONFLICT, 0, "run %lld is %s: only a preview can be approved", (long long)run->id,
                         heng_run_state_text(run->state));
    if (settings.second_person && strcmp(run->made_by, hand->who) == 0)
        return heng_fail(err, HENG_EDENIED, 0, "run %lld was made by %s: another person has to approve it",
                         (long long)run->id, run->made_by);
    run->state = HENG_RUN_STATE_APPROVED;
    run->next_id = 0;
    snprintf(run->approved_by, sizeof run->approved_by, "%s", hand->who);
    rc = heng_store_put_run(store, run, err);
    return rc == HENG_OK ? note_run(store, run, hand, "bill-run.approve", "", err) : rc;
}

heng_rc heng_run_approve(struct heng_store *store, int64_t scope, int64_t run_id, const struct heng_hand *hand,
                         struct heng_err *err)
{
    struct heng_run *run = malloc(sizeof *run);
    heng_rc rc = run ? heng_hand_check(hand, err) : heng_fail(err, HENG_ENOMEM, 0, "no memory for a bill run");
    if (rc == HENG_OK) rc = heng_store_get_run(heng_store_as_reader(store), scope, run_id, run, err);
    if (rc == HENG_ENOTFOUND) rc = heng_fail(err, rc, 0, "there is no run %lld", (long long)run_id);
    if (rc == HENG_OK) rc = approve(store, run, hand, err);
    free(run);
    return rc;
}

static heng_rc cancel(struct heng_store *store, struct heng_run *run, const struct heng_hand *hand, const char *reason,
                      struct heng_err *err)
{
    switch (run->state) {
    case HENG_RUN_STATE_WAITING:
    case HENG_RUN_STATE_WORKING:
    case HENG_RUN_STATE_PREVIEW:
    case HENG_RUN_STATE_FAILED: break;
    case HENG_RUN_STATE_DROPPING:
    case HENG_RUN_STATE_CANCELLED: return HENG_OK;
    case HENG_RUN_STATE_APPROVED:
    case HENG_RUN_STATE_ISSUED:
    case HENG_RUN_STATE_COUNT:
        return heng_fail(err, HENG_ECONFLICT, 0, "run %lld is %s: reverse its bills instead", (long long)run->id,
                         heng_run_state_text(run->state));
    }
    run->state = HENG_RUN_STATE_DROPPING;
    snprintf(run->why, sizeof run->why, "%s", reason);
    heng_rc rc = heng_store_put_run(store, run, err);
    return rc == HENG_OK ? note_run(store, run, hand, "bill-run.cancel", reason, err) : rc;
}

heng_rc heng_run_cancel(struct heng_store *store, int64_t scope, int64_t run_id, const struct heng_hand *hand,
                        const char *reason, struct heng_err *err)
{
    struct heng_run *run = malloc(sizeof *run);
    heng_rc rc = run ? heng_hand_check(hand, err) : heng_fail(err, HENG_ENOMEM, 0, "no memory for a bill run");
    if (rc == HENG_OK) rc = heng_store_get_run(heng_store_as_reader(store), scope, run_id, run, err);
    if (rc == HENG_ENOTFOUND) rc = heng_fail(err, rc, 0, "there is no run %lld", (long long)run_id);
    if (rc == HENG_OK) rc = cancel(store, run, hand, reason, err);
    free(run);
    return rc;
}

/* The draft of the same kind anew, in the place of the old one. */
static heng_rc make_again(struct heng_run_worker *worker, struct heng_store *store, const struct heng_run *run,
                          struct heng_bill *bill, const struct heng_hand *hand, struct heng_err *err)
{
    struct heng_run narrow = *run;
    struct heng_drafts drafts;
    struct heng_account account;
    int64_t last;
    heng_rc rc = heng_store_get_account(worker->reader, 0, bill->account_id, &account, err);
    if (rc != HENG_OK) return rc;
    worker->selected_for = -1; /* of one account, which the run is not */
    snprintf(narrow.selection, sizeof narrow.selection, "%s", run->selection);
    if ((rc = heng_run_select(worker->reader, run->org_id, run->currency, run->selection, &worker->selection, err)) !=
        HENG_OK)
        return rc;
    worker->selection.listed[0] = account.id;
    worker->selection.listed_n = 1;
    worker->selected_for = run->id;
    rc = heng_run_take(worker, &narrow, 0, &last, err);
    worker->selected_for = -1;
    if (rc == HENG_OK) rc = heng_run_make(worker, &narrow, &drafts, err);
    if (rc == HENG_OK) rc = heng_store_drop_charges(store, bill->id, err);
    for (size_t i = 0; i < (rc == HENG_OK ? drafts.n : 0); i++) {
        struct heng_draft *draft = &drafts.items[i];
        if ((draft->bill.kind == HENG_BILL_STATEMENT) != (bill->kind == HENG_BILL_STATEMENT)) continue;
        draft->bill.id = bill->id;
        *bill = draft->bill;
        return heng_drafts_put(store, draft, 1, hand->now_us, err);
    }
    if (rc != HENG_OK) return rc;
    bill->state = HENG_BILL_STATE_BLOCKED;
    bill->total = bill->tax = 0;
    snprintf(bill->why, sizeof bill->why, "there is nothing left to bill: the days are charged by another bill");
    bill->rank = heng_bill_rank(bill);
    return heng_store_put_bill(store, bill, err);
}

heng_rc heng_run_again(struct heng_run_worker *worker, struct heng_store *store, int64_t scope, int64_t bill_id,
                       const struct heng_hand *hand, struct heng_bill *ret, struct heng_err *err)
{
    struct heng_run *run = malloc(sizeof *run);
    heng_rc rc = run ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a bill run");
    if (rc == HENG_OK) rc = heng_store_get_bill(worker->reader, scope, bill_id, ret, err);
    if (rc == HENG_OK && ret->state != HENG_BILL_STATE_DRAFT && ret->state != HENG_BILL_STATE_BLOCKED)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "bill %s is issued: correct it instead", ret->number);
    if (rc == HENG_OK && !ret->run_id)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "this bill is of no run: drop it and correct anew");
    if (rc == HENG_OK) rc = heng_store_get_run(worker->reader, scope, ret->run_id, run, err);
    if (rc == HENG_OK && run->state == HENG_RUN_STATE_ISSUED) run->state = HENG_RUN_STATE_PREVIEW;
    if (rc == HENG_OK && run->state != HENG_RUN_STATE_PREVIEW)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "run %lld is %s: wait until it is done", (long long)run->id,
                       heng_run_state_text(run->state));
    if (rc == HENG_OK && run->kind == HENG_RUN_HEAT)
        rc = heng_fail(err, HENG_ECONFLICT, 0,
                       "bills of heat follow their apportionment: cancel the run, apportion anew");
    if (rc == HENG_OK) rc = make_again(worker, store, run, ret, hand, err);
    if (rc == HENG_OK) rc = heng_store_put_run(store, run, err);
    free(run);
    return rc;
}
