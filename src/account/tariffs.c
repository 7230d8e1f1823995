#include "account/tariffs.h"

#include <stdio.h>

#include "account/note.h"
#include "account/texts.h"
#include "rate/tariff_form.h"

/* --- documents ---------------------------------------------------------------------------------------------------- */

/* Is it a tariff by which a bill can be made? The first finding is the error. */
static heng_rc check_body(struct heng_slice body, struct heng_err *err)
{
    struct heng_arena arena = {.max = (size_t)64 << 20};
    struct heng_form form;
    struct heng_tariff tariff;
    if (body.n > HENG_TARIFF_BODY_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "a tariff is at most %d bytes long", HENG_TARIFF_BODY_MAX);
    if (body.n && memchr(body.p, 0, body.n)) return heng_fail(err, HENG_EFORMAT, 0, "the tariff has a NUL in it");
    heng_form_open(&form, body);
    heng_tariff_read(&form, &arena, &tariff);
    heng_rc rc = heng_form_close(&form, err);
    heng_arena_fini(&arena);
    return rc;
}

static heng_rc newest_is(struct heng_store *store, int64_t org_id, const char *key, struct heng_slice body,
                         struct heng_tariff_edition *ret, bool *ret_same, struct heng_err *err)
{
    struct heng_str before = {.max = 2 * HENG_TARIFF_BODY_MAX};
    heng_rc rc = heng_store_get_tariff(heng_store_as_reader(store), org_id, key, 0, ret, &before, err);
    *ret_same = rc == HENG_OK && ret->org_id == org_id && heng_slice_eq(heng_slice_of(before.text, before.n), body);
    heng_str_fini(&before);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_tariff_put(struct heng_store *store, int64_t scope, const char *key, struct heng_slice body,
                        const struct heng_hand *hand, const char *reason, struct heng_tariff_edition *ret,
                        bool *ret_new, struct heng_err *err)
{
    struct heng_tariff_edition edition = {.org_id = scope, .at_us = hand->now_us};
    char after[64];
    bool same = false;
    heng_rc rc = heng_name_check(key, "the tariff's key", err);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(key), "the tariff's key", edition.key, sizeof edition.key, err);
    if (rc == HENG_OK) rc = check_body(body, err);
    if (rc == HENG_OK) rc = newest_is(store, scope, key, body, ret, &same, err);
    *ret_new = rc == HENG_OK && !same;
    if (rc != HENG_OK || same) return rc;
    snprintf(edition.who, sizeof edition.who, "%s", hand->who);
    snprintf(edition.reason, sizeof edition.reason, "%s", reason);
    rc = heng_store_put_tariff(store, &edition, body, err);
    if (rc != HENG_OK) return rc;
    *ret = edition;
    snprintf(after, sizeof after, "{\"edition\":%lld}", (long long)edition.edition);
    const struct heng_note note = {"tariff.put", "tariff", edition.id, scope, reason};
    return heng_account_note(store, &note, hand, "", after, err);
}

/* --- groups and classes ------------------------------------------------------------------------------------------- */

static heng_rc end_before(struct heng_store *store, int64_t org_id, const struct heng_tariff_binding *next,
                          struct heng_err *err)
{
    enum { BINDINGS_MAX = 256 };
    struct heng_tariff_binding all[BINDINGS_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_bindings(heng_store_as_reader(store), org_id, next->level, next->name, all,
                                          BINDINGS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (all[i].org_id != org_id) continue;
        if (all[i].from_day >= next->from_day)
            return heng_fail(err, HENG_ECONFLICT, 0,
                             "%s '%s' has a tariff already that begins on that day or later: choose a later day",
                             next->level, next->name);
        if (all[i].to_day && all[i].to_day <= next->from_day) continue;
        all[i].to_day = next->from_day;
        rc = heng_store_put_binding(store, &all[i], err);
    }
    return rc;
}

heng_rc heng_tariff_bind(struct heng_store *store, int64_t scope, const char *level, const char *name, const char *key,
                         int32_t from_day, const struct heng_hand *hand, const char *reason, struct heng_err *err)
{
    struct heng_tariff_binding binding = {.org_id = scope, .from_day = from_day};
    struct heng_tariff_edition edition;
    char after[160];
    if (strcmp(level, "group") != 0 && strcmp(level, "class") != 0)
        return heng_fail(err, HENG_ECONFIG, 0, "'%.20s' is not 'group' or 'class'", level);
    heng_rc rc = heng_name_check(name, "the name of the group or class", err);
    snprintf(binding.level, sizeof binding.level, "%s", level);
    if (rc == HENG_OK)
        rc = heng_text_take(heng_slice_str(name), "the name of the group or class", binding.name, sizeof binding.name,
                            err);
    if (rc == HENG_OK)
        rc =
            heng_text_take(heng_slice_str(key), "the tariff's key", binding.tariff_key, sizeof binding.tariff_key, err);
    if (rc == HENG_OK && key[0]) {
        rc = heng_store_get_tariff(heng_store_as_reader(store), scope, key, 0, &edition, NULL, err);
        if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no tariff '%s'", key);
    }
    if (rc == HENG_OK) rc = end_before(store, scope, &binding, err);
    if (rc == HENG_OK && key[0]) rc = heng_store_put_binding(store, &binding, err);
    if (rc != HENG_OK) return rc;
    snprintf(after, sizeof after, "{\"%s\":\"%s\",\"tariff\":\"%s\",\"from_day\":%d}", level, name, key, (int)from_day);
    const struct heng_note note = {"tariff.bind", "binding", binding.id, scope, reason};
    return heng_account_note(store, &note, hand, "", after, err);
}

/* --- which one holds ---------------------------------------------------------------------------------------------- */

enum { HOLDING_MAX = 64 };

/* What might hold. tariffs stand for keys only: heng_bind tells them apart by their address. */
struct holding {
    struct heng_binding bindings[HOLDING_MAX];
    struct heng_tariff tariffs[HOLDING_MAX];
    char keys[HOLDING_MAX][HENG_TARIFF_KEY_MAX];
    size_t n;
};

static heng_rc hold(struct holding *h, heng_bind_level level, const char *key, int32_t from_day, int32_t to_day,
                    struct heng_err *err)
{
    if (h->n == HOLDING_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "more than %d tariffs by group or class", HOLDING_MAX);
    snprintf(h->keys[h->n], sizeof h->keys[0], "%s", key);
    h->tariffs[h->n].id = h->keys[h->n];
    h->bindings[h->n] =
        (struct heng_binding){level, from_day, to_day ? to_day : HENG_DAY_OPEN, h->keys[h->n], &h->tariffs[h->n]};
    h->n++;
    return HENG_OK;
}

static heng_rc hold_level(struct holding *h, struct heng_store_reader *reader, int64_t org_id, heng_bind_level level,
                          const char *text, const char *name, struct heng_err *err)
{
    struct heng_tariff_binding all[HOLDING_MAX];
    size_t n = 0;
    bool own = false;
    if (!name[0]) return HENG_OK;
    heng_rc rc = heng_store_list_bindings(reader, org_id, text, name, all, HOLDING_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) own = own || (org_id && all[i].org_id == org_id);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (!own || all[i].org_id == org_id)
            rc = hold(h, level, all[i].tariff_key, all[i].from_day, all[i].to_day, err);
    return rc;
}

static heng_rc hold_all(struct holding *h, struct heng_store_reader *reader, int64_t org_id,
                        const struct heng_contract *contract, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (contract->tariff_key[0]) rc = hold(h, HENG_BIND_CONTRACT, contract->tariff_key, 0, 0, err);
    if (rc == HENG_OK) rc = hold_level(h, reader, org_id, HENG_BIND_GROUP, "group", contract->tariff_group, err);
    if (rc == HENG_OK) rc = hold_level(h, reader, org_id, HENG_BIND_CLASS, "class", contract->price_class, err);
    return rc;
}

static heng_rc say_none(const struct heng_contract *contract, const struct heng_err *why, struct heng_err *err)
{
    if (!contract->tariff_key[0] && !contract->tariff_group[0] && !contract->price_class[0])
        return heng_fail(err, HENG_ECONFIG, 0, "the contract has no tariff, no group and no price class");
    return heng_fail(err, HENG_ECONFIG, 0, "no tariff by group '%s' or class '%s': %.70s", contract->tariff_group,
                     contract->price_class, why->text);
}

heng_rc heng_contract_bindings(struct heng_store_reader *reader, int64_t org_id, const struct heng_contract *contract,
                               int32_t from_day, int32_t to_day, struct heng_contract_tariff *ret, size_t cap,
                               size_t *ret_n, struct heng_err *err)
{
    struct holding h = {.n = 0};
    struct heng_rate_span spans[HENG_CONTRACT_SPANS_MAX];
    struct heng_err why = {.text = ""};
    size_t n = 0, kept = 0;
    if (from_day >= to_day) return heng_fail(err, HENG_ECONFIG, 0, "there is no day between the two");
    heng_rc rc = hold_all(&h, reader, org_id, contract, err);
    if (rc != HENG_OK) return rc;
    rc = heng_bind(h.bindings, h.n, from_day, to_day, spans, HENG_CONTRACT_SPANS_MAX, &n, NULL, &why);
    if (rc != HENG_OK)
        return rc == HENG_ECONFIG ? say_none(contract, &why, err) : heng_fail(err, rc, 0, "%s", why.text);
    for (size_t i = 0; i < n; i++) {
        struct heng_tariff_edition edition;
        const char *key = spans[i].tariff->id;
        if (kept && strcmp(ret[kept - 1].key, key) == 0) {
            ret[kept - 1].to_day = spans[i].to;
            continue;
        }
        if (kept == cap) return heng_fail(err, HENG_ELIMIT, 0, "the tariff changes more than %zu times", cap);
        rc = heng_store_get_tariff(reader, org_id, key, 0, &edition, NULL, err);
        if (rc == HENG_ENOTFOUND) return heng_fail(err, HENG_ECONFIG, 0, "there is no tariff '%s'", key);
        if (rc != HENG_OK) return rc;
        ret[kept] = (struct heng_contract_tariff){.from_day = spans[i].from,
                                                  .to_day = spans[i].to,
                                                  .level = h.bindings[spans[i].tariff - h.tariffs].level,
                                                  .edition = edition.edition,
                                                  .edition_id = edition.id};
        snprintf(ret[kept++].key, sizeof ret->key, "%s", key);
    }
    *ret_n = kept;
    return HENG_OK;
}
