/* Which accounts a run is for: {"place": "b1", "medium": "heat", "mode": "postpaid", "group": "...", "cycle": "month",
 * "accounts": ["A-1", ...]}. */
#include <string.h>

#include "base/json_reader.h"
#include "billing/run_parts.h"
#include "store/read.h"

static void read_listed(struct heng_json_reader *r, struct heng_store_reader *reader, int64_t scope,
                        const char *currency, struct heng_run_selection *ret)
{
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        struct heng_account account;
        char number[HENG_ACCOUNT_NUMBER_MAX];
        struct heng_err err;
        heng_json_get_string(r, number, sizeof number);
        if (r->err.rc != HENG_OK) return;
        if (ret->listed_n == HENG_RUN_LISTED_MAX) {
            heng_json_refuse(r, HENG_ELIMIT, "a list has at most %d accounts: select a place or a group",
                             HENG_RUN_LISTED_MAX);
            return;
        }
        heng_rc rc = heng_store_find_account(reader, scope, number, &account, &err);
        if (rc != HENG_OK)
            heng_json_refuse(r, rc, "account '%s' is not there", number);
        else if (strcmp(account.currency, currency) != 0)
            heng_json_refuse(r, HENG_ECONFIG, "account '%s' is in %s, the run in %s", number, account.currency,
                             currency);
        else
            ret->listed[ret->listed_n++] = account.id;
    }
}

static void read_place(struct heng_json_reader *r, struct heng_store_reader *reader, struct heng_run_filter *ret)
{
    char key[HENG_KEY_MAX];
    struct heng_place place;
    struct heng_err err;
    heng_json_get_string(r, key, sizeof key);
    if (r->err.rc != HENG_OK) return;
    heng_rc rc = heng_store_find_place(reader, key, &place, &err);
    if (rc != HENG_OK)
        heng_json_refuse(r, rc, "place '%s' is not there", key);
    else
        ret->place_id = place.id;
}

heng_rc heng_run_select(struct heng_store_reader *reader, int64_t scope, const char *currency, const char *json,
                        struct heng_run_selection *ret, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_str(json));
    struct heng_slice key;
    char text[HENG_KEY_MAX];
    memset(ret, 0, sizeof *ret);
    ret->filter =
        (struct heng_run_filter){.medium = HENG_MEDIUM_COUNT, .mode = HENG_MODE_COUNT, .cycle = HENG_BILL_CYCLE_COUNT};
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "accounts")) {
            read_listed(&r, reader, scope, currency, ret);
            continue;
        }
        if (heng_slice_is(key, "place")) {
            read_place(&r, reader, &ret->filter);
            continue;
        }
        heng_json_get_string(&r, text, sizeof text);
        if (heng_slice_is(key, "medium")) {
            if ((ret->filter.medium = heng_medium_of(text)) >= HENG_MEDIUM_COUNT)
                heng_json_refuse(&r, HENG_ECONFIG, "medium '%s' is not known", text);
        } else if (heng_slice_is(key, "mode")) {
            if ((ret->filter.mode = heng_mode_of(text)) >= HENG_MODE_COUNT)
                heng_json_refuse(&r, HENG_ECONFIG, "mode '%s' is not known", text);
        } else if (heng_slice_is(key, "cycle")) {
            if ((ret->filter.cycle = heng_bill_cycle_of(text)) >= HENG_BILL_CYCLE_COUNT)
                heng_json_refuse(&r, HENG_ECONFIG, "cycle '%s' is not known", text);
        } else if (heng_slice_is(key, "group")) {
            memcpy(ret->filter.group, text, sizeof ret->filter.group);
        } else {
            heng_json_refuse(&r, HENG_ECONFIG, "'%.*s' selects nothing: place, medium, mode, group, cycle, accounts do",
                             (int)key.n, (const char *)key.p);
        }
    }
    heng_json_finish(&r);
    if (r.err.rc == HENG_OK) return HENG_OK;
    return heng_fail(err, r.err.rc, r.err.at, "selection: %s", r.err.text);
}
