/* Move-out and move-in, of contracts.h. */
#include <stdio.h>
#include <stdlib.h>

#include "account/accounts.h"
#include "account/contracts.h"
#include "account/money.h"
#include "base/json.h"
#include "bill/form.h"

/* Of the terms what belongs to the flat (bases, losses) and not to those who lived there (persons, extensions, used
 * tiers). */
static heng_rc flat_terms(const char *terms, int64_t persons, char *ret, size_t cap, struct heng_err *err)
{
    struct heng_form form;
    struct heng_slice key;
    struct heng_str out = {.max = cap - 1};
    struct heng_json json = heng_json_of(&out);
    heng_json_object(&json);
    if (persons) {
        heng_json_key(&json, "persons");
        heng_json_int(&json, persons);
    }
    heng_form_open(&form, heng_slice_str(terms));
    heng_form_object(&form);
    while (heng_form_key(&form, &key)) {
        bool is_bases = heng_slice_is(key, "bases"), is_losses = heng_slice_is(key, "losses"),
             is_cycle = heng_slice_is(key, "cycle_months");
        heng_json_peek(&form.json);
        size_t from = form.json.at;
        heng_form_skip(&form);
        if (heng_form_failed(&form) || !(is_bases || is_losses || is_cycle)) continue;
        heng_json_key(&json, is_bases ? "bases" : is_losses ? "losses" : "cycle_months");
        heng_json_raw(&json, terms + from, form.json.at - from);
    }
    heng_json_end_object(&json);
    heng_rc rc = heng_form_close(&form, err);
    if (rc == HENG_OK && out.rc != HENG_OK) rc = heng_fail(err, out.rc, 0, "the terms are too long");
    if (rc == HENG_OK) snprintf(ret, cap, "%s", out.text);
    heng_str_fini(&out);
    return rc;
}

static heng_rc move_in(struct heng_store *store, int64_t scope, const struct heng_move *move,
                       const struct heng_contract *left, const struct heng_hand *hand, const char *reason,
                       struct heng_contract *ret, struct heng_err *err)
{
    *ret = *left;
    ret->account_id = move->to_account;
    ret->from_day = move->day;
    ret->to_day = 0;
    ret->follows = ret->meter_count = 0;
    heng_rc rc = flat_terms(left->terms, move->persons, ret->terms, sizeof ret->terms, err);
    return rc == HENG_OK ? heng_contract_add(store, scope, ret, hand, reason, err) : rc;
}

/* The contracts of who leaves that reach to the day or over it. */
static heng_rc those_that_end(struct heng_store_reader *reader, const struct heng_move *move, struct heng_contract *all,
                              size_t cap, size_t *ret_n, struct heng_err *err)
{
    size_t n = 0, kept = 0;
    heng_rc rc = heng_store_list_contracts(reader, move->from_account, move->point_id, 0, all, cap, &n, err);
    if (rc == HENG_OK && n == cap) return heng_fail(err, HENG_ELIMIT, 0, "the account has too many contracts");
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (all[i].from_day < move->day && (all[i].to_day == 0 || all[i].to_day >= move->day)) all[kept++] = all[i];
    if (rc == HENG_OK && kept == 0)
        return heng_fail(err, HENG_ENOTFOUND, 0, "nobody has a contract there that runs until that day");
    *ret_n = kept;
    return rc;
}

heng_rc heng_account_move(struct heng_store *store, int64_t scope, const struct heng_move *move,
                          const struct heng_hand *hand, const char *reason, struct heng_contract *ret, size_t cap,
                          size_t *ret_n, struct heng_err *err)
{
    enum { ALL_MAX = HENG_CONTRACTS_MAX * 8 };
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_account account;
    struct heng_contract *all = NULL;
    size_t n = 0, made = 0;
    heng_rc rc = HENG_OK;
    if (!move->from_account)
        return heng_fail(err, HENG_ECONFIG, 0, "who moves out? for an empty flat add a contract for who moves in");
    if (move->from_account == move->to_account)
        return heng_fail(err, HENG_ECONFIG, 0, "the same account cannot move out and in");
    if (move->persons < 0 || move->persons > 1000) return heng_fail(err, HENG_ERANGE, 0, "that many persons cannot be");
    rc = heng_account_need(reader, scope, move->from_account, &account, err);
    if (rc == HENG_OK && move->to_account) rc = heng_account_need(reader, scope, move->to_account, &account, err);
    if (rc == HENG_OK && !(all = malloc(ALL_MAX * sizeof *all)))
        rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for the contracts of an account");
    if (rc == HENG_OK) rc = those_that_end(reader, move, all, ALL_MAX, &n, err);
    if (rc == HENG_OK && move->to_account && n > cap)
        rc = heng_fail(err, HENG_ELIMIT, 0, "more than %zu contracts move at once", cap);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        rc = heng_contract_end(store, scope, all[i].id, move->day, hand, reason, err);
        if (rc == HENG_OK && move->to_account)
            rc = move_in(store, scope, move, &all[i], hand, reason, &ret[made++], err);
    }
    free(all);
    if (rc == HENG_OK) *ret_n = made;
    return rc;
}
