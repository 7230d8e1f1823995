/* Tariffs that were read, and which of them holds for a contract. */
#include "billing/charger.h"

#include <stdlib.h>

enum { TARIFF_MEMORY_MAX = 4 << 20 };

heng_rc heng_charger_new(struct heng_store_reader *reader, struct heng_charger **ret, struct heng_err *err)
{
    struct heng_charger *charger = calloc(1, sizeof *charger);
    if (!charger) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for charges");
    charger->reader = reader;
    charger->text.max = charger->body.max = CHARGE_TEXT_MAX;
    charger->md = EVP_MD_CTX_new();
    heng_rc rc = charger->md ? heng_usage_site_open(reader, &charger->site, err)
                             : heng_fail(err, HENG_ENOMEM, 0, "out of memory for charges");
    if (rc == HENG_OK) rc = heng_charge_facts_new(reader, &charger->facts, err);
    if (rc == HENG_OK)
        *ret = charger;
    else
        heng_charger_free(charger);
    return rc;
}

static void forget_newest(struct heng_charger *charger)
{
    while (charger->newest) {
        struct charge_newest *next = charger->newest->next;
        free(charger->newest);
        charger->newest = next;
    }
    while (charger->bound) {
        struct charge_bound *next = charger->bound->next;
        free(charger->bound);
        charger->bound = next;
    }
}

void heng_charger_free(struct heng_charger *charger)
{
    if (!charger) return;
    forget_newest(charger);
    while (charger->tariffs) {
        struct charge_tariff *next = charger->tariffs->next;
        heng_arena_fini(&charger->tariffs->arena);
        free(charger->tariffs);
        charger->tariffs = next;
    }
    heng_charge_facts_free(charger->facts);
    heng_str_fini(&charger->text);
    heng_str_fini(&charger->body);
    EVP_MD_CTX_free(charger->md);
    heng_usage_site_close(&charger->site);
    free(charger);
}

const struct heng_usage_site *heng_charger_site(const struct heng_charger *charger) { return &charger->site; }

void heng_charger_hold(struct heng_charger *charger, bool holds)
{
    charger->holds = holds;
    forget_newest(charger);
    heng_charge_facts_forget(charger->facts);
}

heng_rc heng_charger_ahead(struct heng_charger *charger, const struct heng_charge_ask *asks, size_t n,
                           struct heng_err *err)
{
    struct heng_charge_want *wants = calloc(n ? n : 1, sizeof *wants);
    if (!wants) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for charges");
    for (size_t i = 0; i < n; i++)
        wants[i] = (struct heng_charge_want){.contract_id = asks[i].contract->id,
                                             .point_id = asks[i].contract->point_id,
                                             .from_day = asks[i].from_day,
                                             .to_day = asks[i].to_day,
                                             .from_us = heng_day_from_us(&charger->site.days, asks[i].from_day),
                                             .to_us = heng_day_from_us(&charger->site.days, asks[i].to_day)};
    heng_rc rc = heng_charge_facts_ahead(charger->facts, wants, n, err);
    free(wants);
    return rc;
}

/* --- editions ---------------------------------------------------------------------------------------------------- */

static const struct charge_tariff *known(const struct heng_charger *charger, const struct heng_tariff_edition *edition)
{
    for (const struct charge_tariff *t = charger->tariffs; t; t = t->next)
        if (t->edition.id == edition->id) return t;
    return NULL;
}

static heng_rc parse(struct heng_charger *charger, const struct heng_tariff_edition *edition,
                     const struct charge_tariff **ret, struct heng_err *err)
{
    struct heng_form form;
    struct heng_err why = {0};
    struct charge_tariff *t = calloc(1, sizeof *t);
    if (!t) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a tariff");
    t->edition = *edition;
    t->arena.max = TARIFF_MEMORY_MAX;
    heng_form_open(&form, heng_slice_of(charger->body.text, charger->body.n));
    heng_tariff_read(&form, &t->arena, &t->tariff);
    heng_rc rc = heng_form_close(&form, &why);
    if (rc != HENG_OK) {
        heng_arena_fini(&t->arena);
        free(t);
        return heng_fail(err, rc, 0, "tariff '%.39s' edition %lld: %.90s", edition->key, (long long)edition->edition,
                         why.text);
    }
    t->next = charger->tariffs;
    charger->tariffs = t;
    *ret = t;
    return HENG_OK;
}

static heng_rc read_edition(struct heng_charger *charger, int64_t org_id, const char *key, int64_t number,
                            const struct charge_tariff **ret, struct heng_err *err)
{
    struct heng_tariff_edition edition;
    heng_rc rc = heng_store_get_tariff(charger->reader, org_id, key, number, &edition, NULL, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_ECONFIG, 0, "there is no tariff '%.39s': put it in, or bind another one", key);
    if (rc != HENG_OK) return rc;
    if ((*ret = known(charger, &edition))) return HENG_OK;
    heng_str_clear(&charger->body);
    rc = heng_store_get_tariff(charger->reader, org_id, key, edition.edition, &edition, &charger->body, err);
    return rc == HENG_OK ? parse(charger, &edition, ret, err) : rc;
}

heng_rc charge_tariff_of(struct heng_charger *charger, int64_t org_id, const char *key, int64_t edition,
                         const struct charge_tariff **ret, struct heng_err *err)
{
    bool holds = charger->holds && edition == 0;
    for (const struct charge_newest *n = charger->newest; holds && n; n = n->next)
        if (n->org_id == org_id && strcmp(n->key, key) == 0) {
            *ret = n->tariff;
            return HENG_OK;
        }
    heng_rc rc = read_edition(charger, org_id, key, edition, ret, err);
    if (rc != HENG_OK || !holds || strlen(key) >= HENG_TARIFF_KEY_MAX) return rc;
    struct charge_newest *newest = calloc(1, sizeof *newest);
    if (!newest) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for tariffs");
    newest->next = charger->newest;
    newest->org_id = org_id;
    memcpy(newest->key, key, strlen(key) + 1);
    newest->tariff = *ret;
    charger->newest = newest;
    return HENG_OK;
}

/* --- which one holds --------------------------------------------------------------------------------------------- */

static bool is_bound_as(const struct charge_bound *b, const struct charge_work *work)
{
    const struct heng_contract *contract = work->ask->contract;
    return b->org_id == work->ask->org_id && b->from == work->from && b->to == work->to &&
           strcmp(b->group, contract->tariff_group) == 0 && strcmp(b->price_class, contract->price_class) == 0;
}

static void take_bound(struct charge_work *work, const struct charge_bound *b)
{
    work->span_count = b->count;
    memcpy(work->spans, b->spans, b->count * sizeof *b->spans);
    memcpy(work->tariffs, b->tariffs, b->count * sizeof(const struct charge_tariff *));
}

static heng_rc keep_bound(struct heng_charger *charger, struct heng_err *err)
{
    const struct charge_work *work = &charger->work;
    const struct heng_contract *contract = work->ask->contract;
    struct charge_bound *b = calloc(1, sizeof *b);
    if (!b) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for tariffs");
    *b = (struct charge_bound){.next = charger->bound,
                               .org_id = work->ask->org_id,
                               .from = work->from,
                               .to = work->to,
                               .count = work->span_count};
    memcpy(b->group, contract->tariff_group, sizeof b->group);
    memcpy(b->price_class, contract->price_class, sizeof b->price_class);
    memcpy(b->spans, work->spans, b->count * sizeof *b->spans);
    memcpy(b->tariffs, work->tariffs, b->count * sizeof(const struct charge_tariff *));
    charger->bound = b;
    return HENG_OK;
}

/* By group and class, as account/ finds them; kept while the charger holds, since thousands have the same. */
static heng_rc bind_by_group(struct heng_charger *charger, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    struct heng_contract_tariff list[HENG_RATE_SPANS_MAX];
    size_t n = 0;
    for (const struct charge_bound *b = charger->bound; b; b = b->next)
        if (is_bound_as(b, work)) {
            take_bound(work, b);
            return HENG_OK;
        }
    heng_rc rc = heng_contract_bindings(charger->reader, work->ask->org_id, work->ask->contract, work->from, work->to,
                                        list, HENG_RATE_SPANS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        rc = charge_tariff_of(charger, work->ask->org_id, list[i].key, list[i].edition, &work->tariffs[i], err);
        if (rc != HENG_OK) return rc;
        work->spans[i] = (struct heng_rate_span){&work->tariffs[i]->tariff, list[i].from_day, list[i].to_day};
    }
    work->span_count = n;
    return rc == HENG_OK && charger->holds ? keep_bound(charger, err) : rc;
}

/* Two that call themselves the same cannot be told apart in the form of heng rate. */
static heng_rc check_ids(const struct charge_work *work, struct heng_err *err)
{
    for (size_t i = 0; work->span_count > 1 && i < work->span_count; i++) {
        const char *id = work->spans[i].tariff->id;
        if (!id)
            return heng_fail(err, HENG_ECONFIG, 0, "tariff '%.39s' has no id, and another one holds in the same bill",
                             work->tariffs[i]->edition.key);
        for (size_t k = 0; k < i; k++)
            if (work->spans[k].tariff != work->spans[i].tariff && strcmp(work->spans[k].tariff->id, id) == 0)
                return heng_fail(err, HENG_ECONFIG, 0, "tariffs '%.39s' and '%.39s' have the same id '%.30s'",
                                 work->tariffs[k]->edition.key, work->tariffs[i]->edition.key, id);
    }
    return HENG_OK;
}

static heng_rc check_currency(const struct charge_work *work, struct heng_err *err)
{
    for (size_t i = 0; i < work->span_count; i++)
        if (strcmp(work->spans[i].tariff->currency, work->ask->currency) != 0)
            return heng_fail(err, HENG_ECONFIG, 0, "tariff '%.39s' is in %.8s, the account in %.8s",
                             work->tariffs[i]->edition.key, work->spans[i].tariff->currency, work->ask->currency);
    return HENG_OK;
}

heng_rc charge_bind(struct heng_charger *charger, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    const struct heng_contract *contract = work->ask->contract;
    heng_rc rc;
    if (contract->tariff_key[0]) {
        rc = charge_tariff_of(charger, work->ask->org_id, contract->tariff_key, 0, &work->tariffs[0], err);
        if (rc != HENG_OK) return rc;
        work->spans[0] = (struct heng_rate_span){&work->tariffs[0]->tariff, work->from, work->to};
        work->span_count = 1;
    } else if ((rc = bind_by_group(charger, err)) != HENG_OK) {
        return rc;
    }
    rc = check_ids(work, err);
    return rc == HENG_OK ? check_currency(work, err) : rc;
}
