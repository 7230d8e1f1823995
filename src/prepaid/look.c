/* An account after its money changed: what it is told, whether supply ends or comes back. */
#include <inttypes.h>
#include <stdio.h>

#include "prepaid/supply_parts.h"
#include "store/money/ledger.h"
#include "store/money/meter_orders.h"
#include "store/orders.h"

enum { USE_DAYS = 7, NOTICES = 16, DEBTORS = 64 };

/* One account at work. */
struct look {
    struct heng_store *store;
    struct heng_store_reader *reader;
    const struct heng_prepaid_settings *settings;
    struct heng_account account;
    struct heng_levels levels;
    struct heng_credit_state credit;
    int64_t purse;
    heng_us now_us;
    int32_t today;
    uint32_t notices, tasks;
};

/* --- telling --------------------------------------------------------------------------------------------------- */

heng_rc heng_prepaid_tell(struct heng_store *store, const struct heng_account *account, heng_tell tell, const char *key,
                          struct heng_telling *telling, heng_us now_us, int64_t *ret_id, struct heng_err *err)
{
    struct heng_notice notice = {.org_id = account->org_id, .account_id = account->id, .made_us = now_us};
    telling->name = account->name;
    telling->number = account->number;
    telling->currency = account->currency;
    snprintf(notice.key, sizeof notice.key, "%s", key);
    snprintf(notice.kind, sizeof notice.kind, "%s", heng_tell_kind(tell));
    snprintf(notice.language, sizeof notice.language, "%s", account->language);
    heng_tell_text(tell, account->language, telling, notice.text);
    heng_rc rc = heng_store_add_notice(store, &notice, NULL, err);
    if (rc == HENG_OK && ret_id) *ret_id = notice.id;
    return rc;
}

static heng_rc tell_level(struct look *l, int level, struct heng_err *err)
{
    static const heng_tell tells[] = {HENG_TELL_WARN_1, HENG_TELL_WARN_2, HENG_TELL_WARN_3};
    struct heng_telling t = {.until = "", .amount = l->purse, .days_left = -1};
    char key[HENG_BOOKING_KEY_MAX];
    int64_t used = 0;
    heng_rc rc = heng_store_charged_between(l->reader, l->account.id, l->today - USE_DAYS, l->today, &used, err);
    if (rc != HENG_OK) return rc;
    t.per_day = used > 0 ? used / USE_DAYS : 0;
    if (t.per_day > 0 && l->purse > 0) t.days_left = l->purse / t.per_day;
    snprintf(key, sizeof key, "warn:%" PRId64 ":%" PRId64, l->account.id, l->credit.told);
    l->notices++;
    return heng_prepaid_tell(l->store, &l->account, tells[level - 1], key, &t, l->now_us, NULL, err);
}

static heng_rc step_level(struct look *l, struct heng_err *err)
{
    struct heng_credit_state was;
    heng_rc rc = heng_store_get_credit(l->reader, l->account.id, &l->credit, err);
    if (rc != HENG_OK) return rc;
    was = l->credit;
    int tell = heng_level_step(&l->levels, l->purse, l->now_us, l->settings->warn_again_us, &l->credit);
    if (was.level == l->credit.level) return HENG_OK;
    rc = heng_store_put_credit(l->store, &l->credit, err);
    return rc == HENG_OK && tell ? tell_level(l, tell, err) : rc;
}

/* The newest notice of warning 3, when that is what the account was told of this overdraft. */
static heng_rc last_warning(struct look *l, int64_t *ret_id, struct heng_err *err)
{
    struct heng_notice notices[NOTICES];
    size_t n = 0;
    *ret_id = 0;
    if (l->credit.level < HENG_LEVELS || !l->credit.told_us[HENG_LEVELS - 1]) return HENG_OK;
    heng_rc rc = heng_store_list_notices(l->reader, 0, l->account.id, 0, notices, NOTICES, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n && !*ret_id; i++)
        if (strcmp(notices[i].kind, heng_tell_kind(HENG_TELL_WARN_3)) == 0) *ret_id = notices[i].id;
    return rc;
}

/* --- tasks ----------------------------------------------------------------------------------------------------- */

static void local_text(const struct heng_prepaid_site *site, heng_us at_us, char *ret, size_t cap)
{
    struct heng_civil c = heng_zone_civil(site ? site->usage.zone : NULL, at_us);
    snprintf(ret, cap, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

static void new_task(const struct look *l, int64_t point_id, int64_t after_id, bool on, const char *reason,
                     struct heng_supply_task *ret)
{
    *ret = (struct heng_supply_task){.org_id = l->account.org_id,
                                     .account_id = l->account.id,
                                     .point_id = point_id,
                                     .on = on,
                                     .made_us = l->now_us,
                                     .not_before_us = on ? 0 : l->now_us}; /* back at once, whatever a clock said */
    snprintf(ret->reason, sizeof ret->reason, "%s", reason);
    snprintf(ret->key, sizeof ret->key, "%s:%" PRId64 ":%" PRId64, on ? "on" : "off", point_id, after_id);
}

static heng_rc end_task(struct look *l, struct heng_supply_task *task, const char *why, struct heng_err *err)
{
    task->state = HENG_SUPPLY_STATE_DROPPED;
    task->ended_us = l->now_us;
    snprintf(task->why, sizeof task->why, "%s", why);
    return heng_store_put_supply(l->store, task, NULL, err);
}

/* until_us: the earliest end, for who was not told yet. */
static heng_rc tell_cut(struct look *l, const struct heng_prepaid_site *site, heng_tell tell, const char *task_key,
                        int64_t amount, heng_us until_us, int64_t *ret_id, struct heng_err *err)
{
    char until[32], key[HENG_BOOKING_KEY_MAX];
    struct heng_telling t = {.until = until, .amount = amount, .days_left = -1};
    local_text(site, until_us, until, sizeof until);
    snprintf(key, sizeof key, "soon:%.80s", task_key);
    l->notices++;
    return heng_prepaid_tell(l->store, &l->account, tell, key, &t, l->now_us, ret_id, err);
}

static heng_rc begin_cut(struct look *l, int64_t point_id, int64_t after_id, struct heng_err *err)
{
    struct heng_prepaid_site site;
    struct heng_supply_task task;
    bool existed;
    new_task(l, point_id, after_id, false, "overdraft", &task);
    heng_rc rc = last_warning(l, &task.notice_id, err);
    if (rc == HENG_OK && !task.notice_id) {
        if ((rc = heng_prepaid_site_open(l->reader, l->now_us, &site, err)) != HENG_OK) return rc;
        rc = tell_cut(l, &site, HENG_TELL_CUT_SOON, task.key, l->purse, l->now_us + l->settings->notice_us,
                      &task.notice_id, err);
        heng_prepaid_site_close(&site);
    }
    if (rc == HENG_OK) rc = heng_store_put_supply(l->store, &task, &existed, err);
    if (rc == HENG_OK && !existed) l->tasks++;
    return rc;
}

static heng_rc begin_restore(struct look *l, int64_t point_id, int64_t after_id, struct heng_supply_task *open,
                             struct heng_err *err)
{
    struct heng_supply_task task;
    bool existed;
    heng_rc rc = open ? end_task(l, open, "paid; supply is ordered on behind it", err) : HENG_OK;
    new_task(l, point_id, after_id, true, "paid", &task);
    if (rc == HENG_OK) rc = heng_store_put_supply(l->store, &task, &existed, err);
    if (rc == HENG_OK && !existed) l->tasks++;
    return rc;
}

/* What is known of a point: what its meter was told last, the newest task, the open one. */
struct supply_of {
    struct heng_supply_task told, newest, open;
    bool is_told, is_newest, is_open, is_off;
};

/* Was it another meter that was told? The one that is there now was not. */
static heng_rc was_other(struct look *l, int64_t point_id, int64_t command_id, bool *ret, struct heng_err *err)
{
    struct heng_command_row row;
    int64_t device_id = 0;
    heng_rc rc = heng_store_get_command(l->reader, command_id, &row, err);
    if (rc == HENG_OK) rc = heng_store_device_at(l->reader, point_id, &device_id, err);
    *ret = rc == HENG_OK && device_id != row.command.device_id;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc read_supply(struct look *l, int64_t point_id, struct supply_of *ret, struct heng_err *err)
{
    bool other = false;
    *ret = (struct supply_of){0};
    heng_rc rc = heng_store_last_supply(l->reader, point_id, false, &ret->newest, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    ret->is_newest = true;
    rc = heng_store_last_supply(l->reader, point_id, true, &ret->told, err);
    if (rc == HENG_OK) rc = was_other(l, point_id, ret->told.command_id, &other, err);
    ret->is_told = rc == HENG_OK && !other;
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    rc = heng_store_open_supply(l->reader, point_id, &ret->open, err);
    ret->is_open = rc == HENG_OK;
    /* What was ordered off may be off, confirmed or not; what failed to come on is not on. */
    ret->is_off = ret->is_told && (!ret->told.on || ret->told.state == HENG_SUPPLY_STATE_FAILED);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc look_prepaid(struct look *l, int64_t point_id, struct heng_err *err)
{
    struct supply_of s;
    heng_rc rc = read_supply(l, point_id, &s, err);
    if (rc != HENG_OK) return rc;
    heng_supply_wish wish = heng_supply_wish_of(l->purse, l->levels.overdraft, s.is_off);
    if (wish == HENG_SUPPLY_ON)
        return s.is_open && s.open.on ? HENG_OK
                                      : begin_restore(l, point_id, s.newest.id, s.is_open ? &s.open : NULL, err);
    bool waits = s.is_open && !s.open.on && s.open.state == HENG_SUPPLY_STATE_WAITING && !s.is_off;
    if (wish == HENG_SUPPLY_STAY) return waits ? end_task(l, &s.open, "paid before it came to that", err) : HENG_OK;
    bool failed = s.is_newest && !s.newest.on && s.newest.state == HENG_SUPPLY_STATE_FAILED;
    if (failed || !l->settings->cut) return HENG_OK;
    if (s.is_open && s.open.on && s.open.state == HENG_SUPPLY_STATE_WAITING)
        rc = end_task(l, &s.open, "the balance is used up again", err);
    else if (s.is_open)
        return HENG_OK;
    return rc == HENG_OK ? begin_cut(l, point_id, s.newest.id, err) : rc;
}

/* Paid to the last bill: supply that ended for arrears comes back, and what waits is given up. */
static heng_rc look_postpaid(struct look *l, int64_t point_id, struct heng_err *err)
{
    struct supply_of s;
    int32_t since = 0;
    int64_t owed = 0;
    heng_rc rc = read_supply(l, point_id, &s, err);
    if (rc != HENG_OK || (!s.is_off && !s.is_open)) return rc;
    rc = heng_store_arrears(l->reader, l->account.id, l->today, &since, &owed, err);
    if (rc != HENG_OK || owed > 0) return rc;
    if (s.is_off)
        return s.is_open && s.open.on ? rc : begin_restore(l, point_id, s.newest.id, s.is_open ? &s.open : NULL, err);
    return !s.open.on && s.open.state == HENG_SUPPLY_STATE_WAITING
               ? end_task(l, &s.open, "paid before it came to that", err)
               : rc;
}

/* The meter judges by itself: what was cut, or is to be cut, for a balance that was kept here comes back. */
static heng_rc look_in_meter(struct look *l, int64_t point_id, struct heng_err *err)
{
    struct supply_of s;
    heng_rc rc = read_supply(l, point_id, &s, err);
    if (rc != HENG_OK || l->purse < 0) return rc;
    if (s.is_off)
        return s.is_open && s.open.on ? rc : begin_restore(l, point_id, s.newest.id, s.is_open ? &s.open : NULL, err);
    bool waits = s.is_open && !s.open.on && s.open.state == HENG_SUPPLY_STATE_WAITING;
    return waits ? end_task(l, &s.open, "the money is in the meter now", err) : HENG_OK;
}

/* --- the account ----------------------------------------------------------------------------------------------- */

static heng_rc contracts_of(struct look *l, struct heng_contract *ret, size_t *ret_n, struct heng_err *err)
{
    size_t n = 0, kept = 0;
    heng_rc rc = heng_store_list_contracts(l->reader, l->account.id, 0, 0, ret, HENG_CONTRACTS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (ret[i].from_day <= l->today && (!ret[i].to_day || ret[i].to_day > l->today)) ret[kept++] = ret[i];
    *ret_n = kept;
    return rc;
}

static heng_rc look_points(struct look *l, struct heng_err *err)
{
    static _Thread_local struct heng_contract contracts[HENG_CONTRACTS_MAX];
    size_t n = 0;
    bool prepaid = false;
    heng_rc rc = contracts_of(l, contracts, &n, err);
    for (size_t i = 0; i < n; i++) prepaid = prepaid || contracts[i].mode == HENG_MODE_PREPAID;
    if (rc == HENG_OK && prepaid) rc = step_level(l, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (contracts[i].mode == HENG_MODE_PREPAID) rc = look_prepaid(l, contracts[i].point_id, err);
        if (contracts[i].mode == HENG_MODE_IN_METER) rc = look_in_meter(l, contracts[i].point_id, err);
        if (contracts[i].mode == HENG_MODE_POSTPAID) rc = look_postpaid(l, contracts[i].point_id, err);
    }
    return rc;
}

static heng_rc look_open(struct look *l, int64_t account_id, struct heng_err *err)
{
    struct heng_account_balance balance = {0};
    heng_rc rc = heng_store_get_account(l->reader, 0, account_id, &l->account, err);
    if (rc == HENG_OK) rc = heng_store_account_balance(l->reader, account_id, &balance, err);
    l->purse = balance.purse;
    if (rc == HENG_OK) rc = heng_levels_read(l->reader, &l->account, &l->levels, err);
    return rc;
}

heng_rc heng_prepaid_look(struct heng_store *store, const struct heng_prepaid_settings *settings, int64_t account_id,
                          heng_us now_us, int32_t today, uint32_t *ret_notices, uint32_t *ret_tasks,
                          struct heng_err *err)
{
    struct heng_prepaid_settings own;
    struct look l = {.store = store, .reader = heng_store_as_reader(store), .now_us = now_us, .today = today};
    heng_rc rc = settings ? HENG_OK : heng_prepaid_settings_read(l.reader, &own, err);
    if (rc != HENG_OK) return rc;
    l.settings = settings ? settings : &own;
    rc = look_open(&l, account_id, err);
    if (rc == HENG_OK && !l.account.closed_us) rc = look_points(&l, err);
    if (rc == HENG_OK && ret_notices) *ret_notices += l.notices;
    if (rc == HENG_OK && ret_tasks) *ret_tasks += l.tasks;
    return rc;
}

/* --- arrears --------------------------------------------------------------------------------------------------- */

static heng_rc arrears_of(struct look *l, const struct heng_prepaid_site *site, int64_t owed, struct heng_err *err)
{
    static _Thread_local struct heng_contract contracts[HENG_CONTRACTS_MAX];
    struct heng_supply_task task;
    struct heng_guard_facts facts;
    size_t n = 0;
    bool existed;
    heng_rc rc = contracts_of(l, contracts, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct supply_of s;
        if (contracts[i].mode != HENG_MODE_POSTPAID) continue;
        rc = read_supply(l, contracts[i].point_id, &s, err);
        bool failed = s.is_newest && !s.newest.on && s.newest.state == HENG_SUPPLY_STATE_FAILED;
        if (rc != HENG_OK || s.is_open || s.is_off || failed) continue;
        new_task(l, contracts[i].point_id, s.newest.id, false, "arrears", &task);
        rc = heng_supply_facts(l->reader, site, &task, l->now_us, &facts, err);
        if (rc == HENG_OK)
            rc = tell_cut(l, site, HENG_TELL_ARREARS_SOON, task.key, owed,
                          l->now_us + heng_guard_notice_us(&facts, l->settings), &task.notice_id, err);
        if (rc == HENG_OK) rc = heng_store_put_supply(l->store, &task, &existed, err);
        if (rc == HENG_OK && !existed) l->tasks++;
    }
    return rc;
}

heng_rc heng_supply_arrears(struct heng_store *store, const struct heng_prepaid_site *site, heng_us now_us,
                            int64_t *after_book_id, uint32_t *ret_tasks, struct heng_err *err)
{
    struct heng_debtor debtors[DEBTORS];
    struct look l = {.store = store,
                     .reader = heng_store_as_reader(store),
                     .settings = &site->settings,
                     .now_us = now_us,
                     .today = site->today};
    size_t n = 0;
    heng_rc rc = heng_store_debtors(l.reader, *after_book_id, debtors, DEBTORS, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        int32_t since = 0;
        int64_t owed = 0;
        rc = heng_store_arrears(l.reader, debtors[i].account_id, l.today - site->settings.arrears_days, &since, &owed,
                                err);
        if (rc == HENG_OK && owed > 0) rc = look_open(&l, debtors[i].account_id, err);
        if (rc == HENG_OK && owed > 0) rc = arrears_of(&l, site, owed, err);
        *after_book_id = debtors[i].book_id;
    }
    if (rc == HENG_OK && n < DEBTORS) *after_book_id = 0;
    if (rc == HENG_OK && ret_tasks) *ret_tasks += l.tasks;
    return rc;
}
