/* Tasks of supply on their way: the outbox, what became of orders, what people decide. */
#include <inttypes.h>
#include <stdio.h>

#include "account/note.h"
#include "base/log.h"
#include "prepaid/supply_parts.h"
#include "store/money/ledger.h"

enum { PAGE = 32, PASS_MAX = 1024, PAUSE_DOUBLINGS = 7 };
#define PAUSE_US (30 * HENG_US_PER_S)

/* --- facts ----------------------------------------------------------------------------------------------------- */

static heng_rc is_due(struct heng_store_reader *reader, const struct heng_prepaid_site *site,
                      const struct heng_supply_task *task, const struct heng_account *account, bool *ret,
                      struct heng_err *err)
{
    struct heng_account_balance balance;
    struct heng_levels levels;
    int32_t since;
    int64_t owed = 0;
    heng_rc rc;
    if (strcmp(task->reason, "arrears") == 0) {
        rc =
            heng_store_arrears(reader, task->account_id, site->today - site->settings.arrears_days, &since, &owed, err);
        *ret = owed > 0;
        return rc;
    }
    rc = heng_levels_read(reader, account, &levels, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(reader, task->account_id, &balance, err);
    *ret = rc == HENG_OK && balance.purse <= -levels.overdraft;
    return rc;
}

/* Nobody is cut for a contract that has ended, or was switched to another mode. */
static heng_rc by_contract(struct heng_store_reader *reader, const struct heng_prepaid_site *site,
                           const struct heng_supply_task *task, struct heng_guard_facts *ret, struct heng_err *err)
{
    static _Thread_local struct heng_contract contracts[HENG_CONTRACTS_MAX];
    size_t n = 0;
    bool found = false;
    char word[HENG_TARIFF_KEY_MAX + 2];
    heng_rc rc =
        heng_store_list_contracts(reader, task->account_id, task->point_id, 0, contracts, HENG_CONTRACTS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        const struct heng_contract *c = &contracts[i];
        if (c->from_day > site->today || (c->to_day && c->to_day <= site->today)) continue;
        found = found || c->mode == (ret->arrears ? HENG_MODE_POSTPAID : HENG_MODE_PREPAID);
        snprintf(word, sizeof word, " %s ", c->price_class);
        ret->business = c->price_class[0] && strstr(site->settings.business, word) != NULL;
    }
    ret->due = ret->due && found;
    return rc;
}

static heng_rc by_notice(struct heng_store_reader *reader, const struct heng_supply_task *task,
                         struct heng_guard_facts *ret, struct heng_err *err)
{
    struct heng_notice notice;
    if (!task->notice_id) return HENG_OK;
    heng_rc rc = heng_store_get_notice(reader, 0, task->notice_id, &notice, err);
    if (rc != HENG_OK) return rc;
    ret->notice_us = notice.sent_us ? notice.sent_us : notice.made_us;
    ret->notice_lost = notice.state == HENG_NOTICE_FAILED || notice.state == HENG_NOTICE_DROPPED;
    return HENG_OK;
}

heng_rc heng_supply_facts(struct heng_store_reader *reader, const struct heng_prepaid_site *site,
                          const struct heng_supply_task *task, heng_us now_us, struct heng_guard_facts *ret,
                          struct heng_err *err)
{
    struct heng_account account;
    struct heng_supply_point point = {0};
    int64_t payments = 0, orders = 0;
    *ret = (struct heng_guard_facts){.arrears = strcmp(task->reason, "arrears") == 0,
                                     .approved = task->approved_by[0] != '\0'};
    heng_rc rc = heng_store_get_account(reader, 0, task->account_id, &account, err);
    if (rc == HENG_OK) rc = is_due(reader, site, task, &account, &ret->due, err);
    if (rc == HENG_OK) rc = by_contract(reader, site, task, ret, err);
    if (rc == HENG_OK) rc = by_notice(reader, task, ret, err);
    if (rc == HENG_OK) rc = heng_store_supply_point(reader, task->point_id, &point, err);
    if (rc == HENG_OK) rc = heng_store_get_keep(reader, task->account_id, &ret->keep_until_us, err);
    if (rc == HENG_OK)
        rc = heng_store_money_on_way(reader, task->account_id, now_us - site->settings.payment_us, &payments, &orders,
                                     err);
    if (rc != HENG_OK) return rc;
    ret->protection = account.protection;
    ret->medium = point.medium;
    ret->main_meter = point.main_meter;
    ret->measured = point.measured;
    if (point.known_day != INT32_MIN) ret->known_us = heng_day_from_us(&site->usage.days, point.known_day + 1);
    ret->payment = payments > 0;
    ret->order = orders > 0;
    return HENG_OK;
}

static heng_rc decide(struct heng_store_reader *reader, const struct heng_prepaid_site *site,
                      const struct heng_supply_task *task, heng_us now_us, struct heng_decision *ret,
                      struct heng_err *err)
{
    struct heng_guard_facts facts;
    heng_rc rc = heng_supply_facts(reader, site, task, now_us, &facts, err);
    if (rc == HENG_OK) *ret = heng_guard_decide(&facts, site, now_us);
    return rc;
}

/* --- waiting --------------------------------------------------------------------------------------------------- */

static heng_rc look_again(struct heng_store *store, const struct heng_prepaid_site *site, struct heng_supply_task *task,
                          heng_us now_us, bool *ret_moved, struct heng_err *err)
{
    struct heng_decision d;
    heng_rc rc = decide(heng_store_as_reader(store), site, task, now_us, &d, err);
    if (rc != HENG_OK) return rc;
    *ret_moved = d.verdict != HENG_CUT_NOW;
    heng_decision_text(&d, site->usage.zone, task->why);
    if (d.verdict == HENG_CUT_NOW) return HENG_OK;
    if (d.verdict == HENG_CUT_GONE) {
        task->state = HENG_SUPPLY_STATE_DROPPED;
        task->ended_us = now_us;
    } else {
        task->not_before_us = d.until_us > now_us ? d.until_us : now_us + 3600 * HENG_US_PER_S;
        /* Much may change until then, and people read why it waits. */
        if (task->not_before_us > now_us + HENG_US_PER_DAY) task->not_before_us = now_us + HENG_US_PER_DAY;
    }
    return heng_store_put_supply(store, task, NULL, err);
}

heng_rc heng_supply_work(struct heng_store *store, heng_us now_us, bool *ret_left, struct heng_err *err)
{
    struct heng_supply_task page[PAGE];
    struct heng_prepaid_site site;
    size_t n = PAGE, seen = 0, moved = 0;
    heng_us after_us = INT64_MIN;
    int64_t after_id = 0;
    heng_rc rc =
        heng_store_due_supply(heng_store_as_reader(store), false, now_us, after_us, after_id, page, 1, &n, err);
    *ret_left = false;
    if (rc != HENG_OK || !n) return rc;
    if ((rc = heng_prepaid_site_open(heng_store_as_reader(store), now_us, &site, err)) != HENG_OK) return rc;
    for (n = PAGE; rc == HENG_OK && n == PAGE && seen < PASS_MAX; seen += n) {
        rc = heng_store_due_supply(heng_store_as_reader(store), false, now_us, after_us, after_id, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            bool is_moved = false;
            after_us = page[i].not_before_us;
            after_id = page[i].id;
            rc = look_again(store, &site, &page[i], now_us, &is_moved, err);
            moved += is_moved;
        }
    }
    heng_prepaid_site_close(&site);
    *ret_left = n == PAGE && moved > 0;
    return rc;
}

/* --- the outbox ------------------------------------------------------------------------------------------------ */

static heng_rc next_cuts(struct heng_store_reader *reader, const struct heng_prepaid_site *site, heng_us now_us,
                         struct heng_supply_task *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_supply_task page[PAGE];
    size_t n = PAGE, seen = 0;
    heng_us after_us = INT64_MIN;
    int64_t after_id = 0;
    heng_rc rc = HENG_OK;
    for (; rc == HENG_OK && n == PAGE && seen < PASS_MAX && *ret_n < cap; seen += n) {
        rc = heng_store_due_supply(reader, false, now_us, after_us, after_id, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n && *ret_n < cap; i++) {
            struct heng_decision d = {.verdict = HENG_CUT_WAIT};
            after_us = page[i].not_before_us;
            after_id = page[i].id;
            rc = decide(reader, site, &page[i], now_us, &d, err);
            if (rc == HENG_OK && d.verdict == HENG_CUT_NOW) ret[(*ret_n)++] = page[i];
        }
    }
    return rc;
}

heng_rc heng_supply_next(struct heng_store_reader *reader, heng_us now_us, struct heng_supply_task *ret, size_t cap,
                         size_t *ret_n, struct heng_err *err)
{
    struct heng_supply_task first;
    struct heng_prepaid_site site;
    size_t any = 0;
    *ret_n = 0;
    heng_rc rc = heng_store_due_supply(reader, true, now_us, INT64_MIN, 0, ret, cap, ret_n, err);
    if (rc == HENG_OK) rc = heng_store_due_supply(reader, false, now_us, INT64_MIN, 0, &first, 1, &any, err);
    if (rc != HENG_OK || !any || *ret_n == cap) return rc;
    if ((rc = heng_prepaid_site_open(reader, now_us, &site, err)) != HENG_OK) return rc;
    rc = next_cuts(reader, &site, now_us, ret, cap, ret_n, err);
    heng_prepaid_site_close(&site);
    return rc;
}

static heng_rc still_to_cut(struct heng_store *store, const struct heng_supply_task *task, heng_us now_us,
                            struct heng_err *err)
{
    struct heng_prepaid_site site;
    struct heng_decision d;
    heng_rc rc = heng_prepaid_site_open(heng_store_as_reader(store), now_us, &site, err);
    if (rc != HENG_OK) return rc;
    rc = decide(heng_store_as_reader(store), &site, task, now_us, &d, err);
    heng_prepaid_site_close(&site);
    if (rc != HENG_OK || d.verdict == HENG_CUT_NOW) return rc;
    return heng_fail(err, HENG_ECONFLICT, 0, "nothing is cut: %s", heng_guard_text(d.guard));
}

heng_rc heng_supply_ordered(struct heng_store *store, int64_t task_id, int64_t command_id, heng_us now_us,
                            struct heng_err *err)
{
    struct heng_supply_task task;
    heng_rc rc = heng_store_get_supply(heng_store_as_reader(store), 0, task_id, &task, err);
    if (rc != HENG_OK) return rc;
    if (task.state != HENG_SUPPLY_STATE_WAITING)
        return heng_fail(err, HENG_ECONFLICT, 0, "task %" PRId64 " is %s", task_id, heng_supply_state_text(task.state));
    if (!task.on && (rc = still_to_cut(store, &task, now_us, err)) != HENG_OK) return rc;
    task.state = HENG_SUPPLY_STATE_ORDERED;
    task.command_id = command_id;
    task.tries++;
    task.why[0] = '\0';
    return heng_store_put_supply(store, &task, NULL, err);
}

/* --- what became of it ----------------------------------------------------------------------------------------- */

static heng_rc tell_end(struct heng_store *store, const struct heng_supply_task *task, heng_us now_us,
                        struct heng_err *err)
{
    struct heng_account account;
    struct heng_account_balance balance;
    struct heng_telling t = {.until = "", .days_left = -1};
    char key[HENG_BOOKING_KEY_MAX];
    heng_rc rc = heng_store_get_account(heng_store_as_reader(store), 0, task->account_id, &account, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(heng_store_as_reader(store), task->account_id, &balance, err);
    if (rc != HENG_OK) return rc;
    t.amount = balance.purse;
    snprintf(key, sizeof key, "%s:%" PRId64, task->on ? "restored" : "cut", task->id);
    return heng_prepaid_tell(store, &account, task->on ? HENG_TELL_RESTORED : HENG_TELL_CUT, key, &t, now_us, NULL,
                             err);
}

static void again_or_fail(struct heng_supply_task *task, uint32_t tries, heng_us now_us)
{
    uint32_t doublings = task->tries > PAUSE_DOUBLINGS ? PAUSE_DOUBLINGS : task->tries ? task->tries - 1 : 0;
    if (task->tries < tries) {
        task->state = HENG_SUPPLY_STATE_WAITING;
        task->not_before_us = now_us + (PAUSE_US << doublings);
        return;
    }
    task->state = HENG_SUPPLY_STATE_FAILED;
    task->ended_us = now_us;
}

heng_rc heng_supply_result(struct heng_store *store, int64_t task_id, heng_supply_end end, const char *why,
                           heng_us now_us, struct heng_err *err)
{
    struct heng_prepaid_settings settings;
    struct heng_supply_task task;
    heng_rc rc = heng_store_get_supply(heng_store_as_reader(store), 0, task_id, &task, err);
    if (rc != HENG_OK) return rc;
    bool open = task.state == HENG_SUPPLY_STATE_ORDERED ||
                (task.state == HENG_SUPPLY_STATE_WAITING && end == HENG_SUPPLY_IMPOSSIBLE);
    if (!open) return HENG_OK;
    if ((rc = heng_prepaid_settings_read(heng_store_as_reader(store), &settings, err)) != HENG_OK) return rc;
    snprintf(task.why, sizeof task.why, "%s", why);
    switch (end) {
    case HENG_SUPPLY_CONFIRMED:
        task.state = HENG_SUPPLY_STATE_DONE;
        task.ended_us = now_us;
        break;
    case HENG_SUPPLY_FAILED: again_or_fail(&task, settings.tries, now_us); break;
    case HENG_SUPPLY_IMPOSSIBLE:
        task.state = HENG_SUPPLY_STATE_FAILED;
        task.ended_us = now_us;
        break;
    }
    rc = heng_store_put_supply(store, &task, NULL, err);
    if (rc == HENG_OK && task.state == HENG_SUPPLY_STATE_DONE) rc = tell_end(store, &task, now_us, err);
    if (rc == HENG_OK && task.state == HENG_SUPPLY_STATE_FAILED)
        heng_log(HENG_LOG_ERROR, "prepaid", "event=supply_failed task=%" PRId64 " point=%" PRId64 " wish=%s text='%s'",
                 task.id, task.point_id, task.on ? "on" : "off", why);
    return rc;
}

/* --- people ---------------------------------------------------------------------------------------------------- */

static heng_rc note(struct heng_store *store, const struct heng_supply_task *task, const char *action,
                    const char *reason, const struct heng_hand *hand, struct heng_err *err)
{
    struct heng_note n = {action, "supply", task->id, task->org_id, reason};
    return heng_account_note(store, &n, hand, "", "", err);
}

static heng_rc task_of(struct heng_store *store, int64_t scope, int64_t task_id, const struct heng_hand *hand,
                       struct heng_supply_task *ret, struct heng_err *err)
{
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_supply(heng_store_as_reader(store), scope, task_id, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no task %" PRId64, task_id) : rc;
}

heng_rc heng_supply_approve(struct heng_store *store, int64_t scope, int64_t task_id, const struct heng_hand *hand,
                            struct heng_err *err)
{
    struct heng_supply_task task;
    heng_rc rc = task_of(store, scope, task_id, hand, &task, err);
    if (rc != HENG_OK) return rc;
    if (task.on || task.state != HENG_SUPPLY_STATE_WAITING)
        return heng_fail(err, HENG_ECONFLICT, 0, "task %" PRId64 " does not wait for anybody: it is %s", task_id,
                         heng_supply_state_text(task.state));
    if (!hand->second[0] || strcmp(hand->who, hand->second) == 0)
        return heng_fail(err, HENG_EDENIED, 0, "two persons have to agree: who asks, and a second one");
    snprintf(task.approved_by, sizeof task.approved_by, "%s", hand->second);
    task.not_before_us = hand->now_us;
    rc = heng_store_put_supply(store, &task, NULL, err);
    return rc == HENG_OK ? note(store, &task, "supply.approve", "", hand, err) : rc;
}

heng_rc heng_supply_drop(struct heng_store *store, int64_t scope, int64_t task_id, const struct heng_hand *hand,
                         const char *reason, struct heng_err *err)
{
    struct heng_supply_task task;
    heng_rc rc = task_of(store, scope, task_id, hand, &task, err);
    if (rc != HENG_OK) return rc;
    if (task.state != HENG_SUPPLY_STATE_WAITING && task.state != HENG_SUPPLY_STATE_FAILED)
        return heng_fail(err, HENG_ECONFLICT, 0, "task %" PRId64 " is %s and cannot be given up", task_id,
                         heng_supply_state_text(task.state));
    task.state = HENG_SUPPLY_STATE_DROPPED;
    task.ended_us = hand->now_us;
    snprintf(task.why, sizeof task.why, "%s", reason);
    rc = heng_store_put_supply(store, &task, NULL, err);
    return rc == HENG_OK ? note(store, &task, "supply.drop", reason, hand, err) : rc;
}

heng_rc heng_supply_retry(struct heng_store *store, int64_t scope, int64_t task_id, const struct heng_hand *hand,
                          struct heng_err *err)
{
    struct heng_supply_task task, open;
    heng_rc rc = task_of(store, scope, task_id, hand, &task, err);
    if (rc != HENG_OK) return rc;
    if (task.state != HENG_SUPPLY_STATE_FAILED)
        return heng_fail(err, HENG_ECONFLICT, 0, "task %" PRId64 " has not failed: it is %s", task_id,
                         heng_supply_state_text(task.state));
    rc = heng_store_open_supply(heng_store_as_reader(store), task.point_id, &open, err);
    if (rc == HENG_OK) return heng_fail(err, HENG_ECONFLICT, 0, "task %" PRId64 " of this point is under way", open.id);
    if (rc != HENG_ENOTFOUND) return rc;
    task.state = HENG_SUPPLY_STATE_WAITING;
    task.not_before_us = hand->now_us;
    task.tries = 0;
    task.ended_us = 0;
    rc = heng_store_put_supply(store, &task, NULL, err);
    return rc == HENG_OK ? note(store, &task, "supply.retry", "", hand, err) : rc;
}

heng_rc heng_supply_keep(struct heng_store *store, int64_t scope, int64_t account_id, heng_us until_us,
                         const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_account account;
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_account(heng_store_as_reader(store), scope, account_id, &account, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such account");
    if (rc == HENG_OK && !reason[0]) return heng_fail(err, HENG_EDENIED, 0, "say why supply is kept");
    if (rc == HENG_OK) rc = heng_store_put_keep(store, account_id, until_us, hand->now_us, hand->who, reason, err);
    if (rc == HENG_OK) rc = heng_store_supply_again(store, account_id, hand->now_us, err);
    if (rc != HENG_OK) return rc;
    struct heng_note n = {"supply.keep", "account", account_id, account.org_id, reason};
    return heng_account_note(store, &n, hand, "", "", err);
}
