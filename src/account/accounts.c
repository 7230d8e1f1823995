#include "account/accounts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "account/note.h"
#include "account/texts.h"
#include "base/json.h"
#include "store/archive_places.h"
#include "store/read.h"

#define AMOUNT_MAX INT64_C(1000000000000000) /* no limit or amount of an account is above it: ten trillion yuan */

/* --- checks ------------------------------------------------------------------------------------------------------- */

static heng_rc check_words(const struct heng_account *account, struct heng_err *err)
{
    heng_rc rc = heng_name_check(account->number, "the account number", err);
    if (rc == HENG_OK) rc = heng_text_check(account->name, "the name", true, err);
    if (rc == HENG_OK) rc = heng_text_check(account->phone, "the phone number", false, err);
    if (rc == HENG_OK) rc = heng_text_check(account->address, "the address", false, err);
    if (rc == HENG_OK) rc = heng_text_check(account->bank, "the bank account", false, err);
    if (rc == HENG_OK) rc = heng_text_check(account->note, "the note", false, err);
    if (rc != HENG_OK) return rc;
    if (strcmp(account->language, "zh") != 0 && strcmp(account->language, "en") != 0 &&
        strcmp(account->language, "de") != 0)
        return heng_fail(err, HENG_ECONFIG, 0, "the language '%s' is none of zh, en, de", account->language);
    if (strspn(account->currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        return heng_fail(err, HENG_ECONFIG, 0, "the currency '%s' is not three capital letters, as CNY",
                         account->currency);
    if (account->protection >= HENG_PROTECTION_COUNT)
        return heng_fail(err, HENG_ECONFIG, 0, "the protection is none of none, second, protected");
    return HENG_OK;
}

static heng_rc check_limits(const struct heng_account *account, struct heng_err *err)
{
    int64_t last = HENG_LIMIT_NONE;
    for (size_t i = 0; i < 3; i++) {
        int64_t warn = account->warn[i];
        if (warn == HENG_LIMIT_NONE) continue;
        if (warn < -AMOUNT_MAX || warn > AMOUNT_MAX)
            return heng_fail(err, HENG_ERANGE, 0, "warning level %zu is too large", i + 1);
        if (last != HENG_LIMIT_NONE && warn > last)
            return heng_fail(err, HENG_ECONFIG, 0, "warning level %zu is above the one before: they fall, as 50, 20, 0",
                             i + 1);
        last = warn;
    }
    if (account->overdraft != HENG_LIMIT_NONE && (account->overdraft < 0 || account->overdraft > AMOUNT_MAX))
        return heng_fail(err, HENG_ERANGE, 0, "the overdraft is how far below zero the balance may go: 0 or more");
    if (account->hoard != HENG_LIMIT_NONE && (account->hoard <= 0 || account->hoard > AMOUNT_MAX))
        return heng_fail(err, HENG_ERANGE, 0, "the highest balance is above zero");
    return HENG_OK;
}

static heng_rc check_place(struct heng_store_reader *reader, int64_t scope, int64_t place_id, struct heng_err *err)
{
    struct heng_archive_place place;
    if (place_id == 0) return HENG_OK;
    heng_rc rc = heng_archive_get_place(reader, scope, place_id, &place, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no such place") : rc;
}

static heng_rc check_org(struct heng_store_reader *reader, int64_t org_id, struct heng_err *err)
{
    struct heng_org org;
    size_t n = 0;
    if (org_id == 0) return HENG_OK;
    heng_rc rc = heng_archive_list_orgs(reader, 0, org_id - 1, &org, 1, &n, err);
    if (rc == HENG_OK && (n == 0 || org.id != org_id))
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no such organisation");
    return rc;
}

/* --- what the site says ------------------------------------------------------------------------------------------- */

static heng_rc setting_text(struct heng_store_reader *reader, const char *name, const char *otherwise, char *ret,
                            size_t cap, struct heng_err *err)
{
    char text[32];
    if (ret[0]) return HENG_OK;
    heng_rc rc = heng_store_get_setting(reader, name, text, sizeof text, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && !text[0])) snprintf(text, sizeof text, "%s", otherwise);
    if (rc == HENG_OK || rc == HENG_ENOTFOUND) return heng_text_take(heng_slice_str(text), name, ret, cap, err);
    return rc;
}

static heng_rc setting_amount(struct heng_store_reader *reader, const char *name, int64_t otherwise, int64_t *ret,
                              struct heng_err *err)
{
    char text[32], *end;
    if (*ret != HENG_LIMIT_NONE) return HENG_OK;
    heng_rc rc = heng_store_get_setting(reader, name, text, sizeof text, err);
    *ret = otherwise;
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && !text[0])) return HENG_OK;
    if (rc != HENG_OK) return rc;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || value > AMOUNT_MAX || value < -AMOUNT_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "the setting %s is not a whole number of the smallest unit", name);
    *ret = value;
    return HENG_OK;
}

heng_rc heng_account_limits(struct heng_store_reader *reader, const struct heng_account *account,
                            struct heng_account_limits *ret, struct heng_err *err)
{
    static const char *const warns[3] = {"account_warn_1", "account_warn_2", "account_warn_3"};
    heng_rc rc = HENG_OK;
    memcpy(ret->warn, account->warn, sizeof ret->warn);
    ret->overdraft = account->overdraft;
    ret->hoard = account->hoard;
    for (size_t i = 0; rc == HENG_OK && i < 3; i++)
        rc = setting_amount(reader, warns[i], HENG_LIMIT_NONE, &ret->warn[i], err);
    if (rc == HENG_OK) rc = setting_amount(reader, "account_overdraft", 0, &ret->overdraft, err);
    if (rc == HENG_OK) rc = setting_amount(reader, "account_hoard", HENG_LIMIT_NONE, &ret->hoard, err);
    return rc;
}

/* --- the audit ---------------------------------------------------------------------------------------------------- */

static void put_limit(struct heng_json *json, const char *key, int64_t limit)
{
    if (limit == HENG_LIMIT_NONE) return;
    heng_json_key(json, key);
    heng_json_int(json, limit);
}

static void put_text(struct heng_json *json, const char *key, const char *text)
{
    if (!text[0]) return;
    heng_json_key(json, key);
    heng_json_text(json, text);
}

static void account_json(struct heng_str *out, const struct heng_account *account)
{
    struct heng_json json = heng_json_of(out);
    heng_json_object(&json);
    put_text(&json, "number", account->number);
    put_text(&json, "name", account->name);
    put_text(&json, "phone", account->phone);
    put_text(&json, "address", account->address);
    put_text(&json, "language", account->language);
    put_text(&json, "currency", account->currency);
    put_text(&json, "bank", account->bank);
    heng_json_key(&json, "place");
    heng_json_int(&json, account->place_id);
    put_limit(&json, "warn_1", account->warn[0]);
    put_limit(&json, "warn_2", account->warn[1]);
    put_limit(&json, "warn_3", account->warn[2]);
    put_limit(&json, "overdraft", account->overdraft);
    put_limit(&json, "hoard", account->hoard);
    put_text(&json, "protection", heng_protection_text(account->protection));
    put_text(&json, "note", account->note);
    heng_json_end_object(&json);
}

static heng_rc note_account(struct heng_store *store, const char *action, const struct heng_account *before,
                            const struct heng_account *after, const struct heng_hand *hand, const char *reason,
                            struct heng_err *err)
{
    enum { JSON_MAX = 1 << 14 };
    struct heng_str old = {.max = JSON_MAX}, new = {.max = JSON_MAX};
    const struct heng_note note = {action, "account", after->id, after->org_id, reason};
    if (before) account_json(&old, before);
    account_json(&new, after);
    heng_rc rc = old.rc != HENG_OK ? old.rc : new.rc;
    rc = rc == HENG_OK ? heng_account_note(store, &note, hand, before ? old.text : "", new.text, err)
                       : heng_fail(err, rc, 0, "no memory for the audit");
    heng_str_fini(&old);
    heng_str_fini(&new);
    return rc;
}

/* --- open, change ------------------------------------------------------------------------------------------------- */

/* The next number that no account has: sheets bring numbers of their own into the series. */
static heng_rc give_number(struct heng_store *store, struct heng_account *account, struct heng_err *err)
{
    enum { TRIES = 10000 };
    struct heng_account other;
    for (int i = 0; i < TRIES; i++) {
        int64_t number = 0;
        heng_rc rc = heng_store_next_number(store, 0, "account", "", 0, &number, err);
        if (rc != HENG_OK) return rc;
        snprintf(account->number, sizeof account->number, "%08" PRId64, number);
        rc = heng_store_find_account(heng_store_as_reader(store), 0, account->number, &other, err);
        if (rc == HENG_ENOTFOUND) return HENG_OK;
        if (rc != HENG_OK) return rc;
    }
    return heng_fail(err, HENG_ELIMIT, 0, "%d account numbers one after the other are taken: give one", TRIES);
}

heng_rc heng_account_open(struct heng_store *store, int64_t scope, struct heng_account *account,
                          const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_hand_check(hand, err);
    account->id = 0;
    account->opened_us = hand->now_us;
    account->closed_us = 0;
    if (scope) account->org_id = scope;
    if (rc == HENG_OK) rc = setting_text(reader, "language", "zh", account->language, sizeof account->language, err);
    if (rc == HENG_OK) rc = setting_text(reader, "currency", "CNY", account->currency, sizeof account->currency, err);
    if (rc == HENG_OK) rc = check_org(reader, account->org_id, err);
    if (rc == HENG_OK && !account->number[0]) rc = give_number(store, account, err);
    if (rc == HENG_OK) rc = check_words(account, err);
    if (rc == HENG_OK) rc = check_limits(account, err);
    if (rc == HENG_OK) rc = check_place(reader, account->org_id, account->place_id, err);
    if (rc == HENG_OK) rc = heng_store_put_account(store, account, err);
    return rc == HENG_OK ? note_account(store, "account.open", NULL, account, hand, reason, err) : rc;
}

heng_rc heng_account_need(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_account *ret,
                          struct heng_err *err)
{
    heng_rc rc = heng_store_get_account(reader, scope, id, ret, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such account");
    if (rc == HENG_OK && ret->closed_us)
        return heng_fail(err, HENG_ECONFLICT, 0, "the account %s is closed: open a new one", ret->number);
    return rc;
}

heng_rc heng_account_change(struct heng_store *store, int64_t scope, const struct heng_account *account,
                            const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_account before, after = *account;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_account_need(reader, scope, account->id, &before, err);
    if (rc != HENG_OK) return rc;
    after.org_id = before.org_id;
    after.opened_us = before.opened_us;
    after.closed_us = before.closed_us;
    if (strcmp(after.currency, before.currency) != 0)
        return heng_fail(err, HENG_ECONFIG, 0, "an account keeps its currency, %s: open another one", before.currency);
    rc = check_words(&after, err);
    if (rc == HENG_OK) rc = check_limits(&after, err);
    if (rc == HENG_OK && after.place_id != before.place_id) rc = check_place(reader, after.org_id, after.place_id, err);
    if (rc == HENG_OK) rc = heng_store_put_account(store, &after, err);
    return rc == HENG_OK ? note_account(store, "account.change", &before, &after, hand, reason, err) : rc;
}
