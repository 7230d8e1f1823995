#include "account/contracts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "account/accounts.h"
#include "account/money.h"
#include "account/note.h"
#include "account/texts.h"
#include "base/json.h"
#include "store/archive_points.h"

enum { DAY_MAX = 60000 }; /* the year 2134: further away is a typing mistake */

/* --- the audit ---------------------------------------------------------------------------------------------------- */

static void contract_json(struct heng_str *out, const struct heng_contract *contract)
{
    struct heng_json json = heng_json_of(out);
    char day[HENG_DATE_TEXT_MAX];
    heng_json_object(&json);
    heng_json_key(&json, "account");
    heng_json_int(&json, contract->account_id);
    heng_json_key(&json, "point");
    heng_json_int(&json, contract->point_id);
    heng_json_key(&json, "mode");
    heng_json_text(&json, heng_mode_text(contract->mode));
    heng_json_key(&json, "tariff");
    heng_json_text(&json, contract->tariff_key);
    heng_json_key(&json, "class");
    heng_json_text(&json, contract->price_class);
    heng_json_key(&json, "group");
    heng_json_text(&json, contract->tariff_group);
    heng_json_key(&json, "cycle");
    heng_json_text(&json, heng_bill_cycle_text(contract->cycle));
    heng_date_format(contract->from_day, day);
    heng_json_key(&json, "from");
    heng_json_text(&json, day);
    if (contract->to_day) {
        heng_date_format(contract->to_day, day);
        heng_json_key(&json, "to");
        heng_json_text(&json, day);
    }
    heng_json_key(&json, "terms");
    heng_json_raw(&json, contract->terms, strlen(contract->terms));
    heng_json_end_object(&json);
}

static heng_rc note_contract(struct heng_store *store, const char *action, int64_t org_id,
                             const struct heng_contract *before, const struct heng_contract *after,
                             const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    enum { JSON_MAX = 1 << 14 };
    struct heng_str old = {.max = JSON_MAX}, new = {.max = JSON_MAX};
    const struct heng_note note = {action, "contract", after->id, org_id, reason};
    if (before) contract_json(&old, before);
    contract_json(&new, after);
    heng_rc rc = old.rc != HENG_OK ? old.rc : new.rc;
    rc = rc == HENG_OK ? heng_account_note(store, &note, hand, before ? old.text : "", new.text, err)
                       : heng_fail(err, rc, 0, "no memory for the audit");
    heng_str_fini(&old);
    heng_str_fini(&new);
    return rc;
}

/* --- checks ------------------------------------------------------------------------------------------------------- */

static heng_rc check_days(const struct heng_contract *contract, struct heng_err *err)
{
    if (contract->from_day <= 0 || contract->from_day > DAY_MAX || contract->to_day < 0 || contract->to_day > DAY_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "the contract begins or ends on a day that cannot be");
    if (contract->to_day && contract->to_day <= contract->from_day)
        return heng_fail(err, HENG_ECONFIG, 0, "the contract ends before it has begun");
    return HENG_OK;
}

static heng_rc check_words(const struct heng_contract *contract, struct heng_err *err)
{
    heng_rc rc = heng_text_check(contract->tariff_key, "the tariff's key", false, err);
    if (rc == HENG_OK) rc = heng_text_check(contract->price_class, "the price class", false, err);
    if (rc == HENG_OK) rc = heng_text_check(contract->tariff_group, "the group", false, err);
    if (rc != HENG_OK) return rc;
    if (contract->mode >= HENG_MODE_COUNT)
        return heng_fail(err, HENG_ECONFIG, 0, "the mode is none of prepaid, in-meter, postpaid");
    if (contract->cycle >= HENG_BILL_CYCLE_COUNT)
        return heng_fail(err, HENG_ECONFIG, 0, "the cycle is none of month, two-months, quarter, year, season");
    return HENG_OK;
}

static bool overlap(const struct heng_contract *a, const struct heng_contract *b)
{
    return (a->to_day == 0 || b->from_day < a->to_day) && (b->to_day == 0 || a->from_day < b->to_day);
}

/* Nobody else pays for the point on these days. Who it is, is told only to who may see it. */
static heng_rc check_free(struct heng_store_reader *reader, int64_t scope, const struct heng_contract *contract,
                          struct heng_err *err)
{
    enum { OTHERS_MAX = 256 };
    struct heng_contract *others = malloc(OTHERS_MAX * sizeof *others);
    struct heng_account account;
    char from[HENG_DATE_TEXT_MAX];
    size_t n = 0;
    if (!others) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts of a point");
    heng_rc rc = heng_store_list_contracts(reader, 0, contract->point_id, 0, others, OTHERS_MAX, &n, err);
    if (rc == HENG_OK && n == OTHERS_MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "the point has %d contracts already", OTHERS_MAX);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (others[i].id == contract->id || !overlap(&others[i], contract)) continue;
        heng_date_format(others[i].from_day, from);
        rc = heng_store_get_account(reader, scope, others[i].account_id, &account, err);
        if (rc == HENG_OK)
            rc = heng_fail(err, HENG_ECONFLICT, 0,
                           "account %s has a contract for this point since %s: end it first, or begin later",
                           account.number, from);
        else if (rc == HENG_ENOTFOUND)
            rc = heng_fail(err, HENG_ECONFLICT, 0, "the point has a contract of another organisation since %s", from);
    }
    free(others);
    return rc;
}

static heng_rc check_point(struct heng_store_reader *reader, const struct heng_account *account,
                           const struct heng_contract *contract, struct heng_err *err)
{
    struct heng_point point;
    heng_rc rc = heng_archive_get_point(reader, account->org_id, contract->point_id, &point, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such metering point");
    if (rc == HENG_OK && point.closed_us)
        return heng_fail(err, HENG_ECONFLICT, 0, "the metering point '%s' is closed", point.key);
    return rc;
}

static heng_rc check_count(struct heng_store_reader *reader, const struct heng_contract *contract, struct heng_err *err)
{
    struct heng_contract *own = malloc((HENG_CONTRACTS_MAX * 8) * sizeof *own);
    size_t n = 0, running = 0;
    if (!own) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts of an account");
    heng_rc rc = heng_store_list_contracts(reader, contract->account_id, 0, 0, own, HENG_CONTRACTS_MAX * 8, &n, err);
    for (size_t i = 0; i < n; i++) running += overlap(&own[i], contract);
    free(own);
    if (rc == HENG_OK && running >= HENG_CONTRACTS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the account has %d contracts at one time: open another account",
                         HENG_CONTRACTS_MAX);
    return rc;
}

/* --- add, change, end --------------------------------------------------------------------------------------------- */

heng_rc heng_contract_add(struct heng_store *store, int64_t scope, struct heng_contract *contract,
                          const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_account account;
    contract->id = 0;
    if (!contract->terms[0]) snprintf(contract->terms, sizeof contract->terms, "{}");
    heng_rc rc = heng_account_need(reader, scope, contract->account_id, &account, err);
    if (rc == HENG_OK) rc = check_days(contract, err);
    if (rc == HENG_OK) rc = check_words(contract, err);
    if (rc == HENG_OK) rc = check_point(reader, &account, contract, err);
    if (rc == HENG_OK) rc = check_free(reader, scope, contract, err);
    if (rc == HENG_OK) rc = check_count(reader, contract, err);
    if (rc == HENG_OK) rc = heng_contract_fits(reader, &account, contract, err);
    if (rc == HENG_OK) rc = heng_store_put_contract(store, contract, err);
    return rc == HENG_OK ? note_contract(store, "contract.add", account.org_id, NULL, contract, hand, reason, err) : rc;
}

/* A contract and its account, for who asks. */
static heng_rc find(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_contract *ret,
                    struct heng_account *ret_account, struct heng_err *err)
{
    heng_rc rc = heng_store_get_contract(reader, id, ret, err);
    if (rc == HENG_OK) rc = heng_store_get_account(reader, scope, ret->account_id, ret_account, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no such contract") : rc;
}

heng_rc heng_contract_change(struct heng_store *store, int64_t scope, const struct heng_contract *contract,
                             const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_contract before, after;
    struct heng_account account;
    heng_rc rc = find(reader, scope, contract->id, &before, &account, err);
    if (rc != HENG_OK) return rc;
    if (before.to_day && before.to_day <= hand->day)
        return heng_fail(err, HENG_ECONFLICT, 0, "the contract is ended: it does not change any more");
    after = before;
    after.cycle = contract->cycle;
    memcpy(after.tariff_key, contract->tariff_key, sizeof after.tariff_key);
    memcpy(after.price_class, contract->price_class, sizeof after.price_class);
    memcpy(after.tariff_group, contract->tariff_group, sizeof after.tariff_group);
    snprintf(after.terms, sizeof after.terms, "%s", contract->terms[0] ? contract->terms : "{}");
    rc = check_words(&after, err);
    if (rc == HENG_OK) rc = heng_contract_fits(reader, &account, &after, err);
    if (rc == HENG_OK) rc = heng_store_put_contract(store, &after, err);
    return rc == HENG_OK ? note_contract(store, "contract.change", account.org_id, &before, &after, hand, reason, err)
                         : rc;
}

static heng_rc check_end(struct heng_store_reader *reader, const struct heng_account *account,
                         const struct heng_contract *contract, int32_t to_day, struct heng_err *err)
{
    struct heng_account_busy busy = {0};
    char ref[HENG_BOOK_REF_MAX], text[HENG_DATE_TEXT_MAX];
    int32_t charged = 0;
    int64_t in_meter = 0;
    if (to_day <= contract->from_day || to_day > DAY_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "the contract would end before it has begun, or never");
    if (contract->to_day && contract->to_day < to_day)
        return heng_fail(err, HENG_ECONFLICT, 0, "the contract is ended already: add a new one");
    heng_rc rc = heng_store_contract_charged(reader, contract->id, &charged, err);
    if (rc == HENG_OK && charged > to_day) {
        heng_date_format(charged, text);
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "it is charged until %s: end it then or later, or reverse that charge first", text);
    }
    if (rc == HENG_OK) rc = heng_store_account_busy(reader, account->id, contract->id, &busy, err);
    if (rc == HENG_OK && busy.meter_orders)
        return heng_fail(err, HENG_ECONFLICT, 0, "an order of money to its meter is under way: wait for its end");
    if (rc != HENG_OK || contract->mode != HENG_MODE_IN_METER) return rc;
    snprintf(ref, sizeof ref, "%" PRId64, contract->point_id);
    rc = heng_store_book_balance(reader, account->org_id, HENG_BOOK_METER, account->id, ref, account->currency,
                                 &in_meter, err);
    if (rc == HENG_OK && in_meter != 0)
        return heng_fail(err, HENG_ECONFLICT, 0, "money lies in its meter: read it and take it out first");
    return rc;
}

static heng_rc end_found(struct heng_store *store, const struct heng_account *account,
                         const struct heng_contract *before, int32_t to_day, const struct heng_hand *hand,
                         const char *reason, struct heng_err *err)
{
    struct heng_contract after = *before;
    if (before->to_day == to_day) return HENG_OK;
    heng_rc rc = check_end(heng_store_as_reader(store), account, before, to_day, err);
    after.to_day = to_day;
    if (rc == HENG_OK) rc = heng_store_put_contract(store, &after, err);
    return rc == HENG_OK ? note_contract(store, "contract.end", account->org_id, before, &after, hand, reason, err)
                         : rc;
}

heng_rc heng_contract_end(struct heng_store *store, int64_t scope, int64_t id, int32_t to_day,
                          const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_contract contract;
    struct heng_account account;
    heng_rc rc = find(heng_store_as_reader(store), scope, id, &contract, &account, err);
    return rc == HENG_OK ? end_found(store, &account, &contract, to_day, hand, reason, err) : rc;
}

heng_rc heng_contract_switch(struct heng_store *store, int64_t scope, int64_t id, heng_mode mode, int32_t day,
                             const char *tariff_key, const struct heng_hand *hand, const char *reason,
                             struct heng_contract *ret, struct heng_err *err)
{
    struct heng_contract before, after;
    struct heng_account account;
    heng_rc rc = find(heng_store_as_reader(store), scope, id, &before, &account, err);
    if (rc != HENG_OK) return rc;
    if (before.mode == mode && !tariff_key)
        return heng_fail(err, HENG_ECONFIG, 0, "the contract is %s already", heng_mode_text(mode));
    if (!heng_contract_on(&before, day))
        return heng_fail(err, HENG_ECONFLICT, 0, "the contract is not in force on that day");
    rc = end_found(store, &account, &before, day, hand, reason, err);
    after = before;
    after.mode = mode;
    after.from_day = day;
    after.to_day = before.to_day == day ? 0 : before.to_day;
    after.follows = before.id;
    after.meter_count = 0;
    if (rc == HENG_OK && tariff_key)
        rc = heng_text_take(heng_slice_str(tariff_key), "the tariff's key", after.tariff_key, sizeof after.tariff_key,
                            err);
    if (rc == HENG_OK) rc = heng_contract_add(store, scope, &after, hand, reason, err);
    if (rc == HENG_OK) rc = heng_account_tidy(store, scope, account.id, hand, err);
    if (rc == HENG_OK) *ret = after;
    return rc;
}
