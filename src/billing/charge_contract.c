/* The contract of an ask: its terms, since when the customer is one, which tiers are used. What goes to the engine is
 * read from the very text that is kept. */
#include <stdio.h>

#include "billing/charger.h"
#include "usage/quality.h"

enum { FOLLOWS_MAX = 32, NEXT_MAX = 4 };

struct draft {
    struct heng_slice rest, state; /* of the terms: the members that are passed on; their state */
    heng_day from;                 /* that the terms say; 0: nothing */
};

static void put_date(struct heng_json *json, const char *key, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    heng_json_key(json, key);
    heng_json_text(json, text);
}

/* The value at hand, as it stands. */
static struct heng_slice raw_value(struct heng_json_reader *reader)
{
    (void)heng_json_peek(reader);
    size_t from = reader->at;
    heng_json_skip(reader);
    return heng_slice_of(reader->text.p + from, reader->at - from);
}

static heng_rc refuse_term(const struct heng_contract *contract, const char *why, struct heng_err *err)
{
    return heng_fail(err, HENG_ECONFIG, 0, "terms of contract %lld: %.110s", (long long)contract->id, why);
}

/* Terms are one object: who has them says what docs/rating.md allows under contract, but for id and to. */
static heng_rc read_terms(const struct heng_contract *contract, struct heng_arena *arena, struct heng_str *text,
                          struct draft *ret, struct heng_err *err)
{
    struct heng_json_reader reader = heng_json_reader_of(heng_slice_str(contract->terms));
    struct heng_slice key;
    char date[HENG_DATE_TEXT_MAX];
    *ret = (struct draft){0};
    if (strcmp(contract->terms, "{}") == 0 || !contract->terms[0]) return HENG_OK;
    heng_str_clear(text);
    heng_json_open_object(&reader);
    while (heng_json_next_key(&reader, &key)) {
        if (heng_slice_is(key, "id") || heng_slice_is(key, "to"))
            return refuse_term(contract, "id and to are those of the contract, and stand nowhere else", err);
        if (heng_slice_is(key, "state")) {
            ret->state = raw_value(&reader);
        } else if (heng_slice_is(key, "from")) {
            heng_json_get_string(&reader, date, sizeof date);
            if (!reader.err.rc && !heng_date_parse(date, &ret->from))
                return refuse_term(contract, "from is a date like 2026-11-20", err);
        } else {
            struct heng_slice value = raw_value(&reader);
            heng_str_fmt(text, ",\"%.*s\":%.*s", (int)key.n, (const char *)key.p, (int)value.n, (const char *)value.p);
        }
    }
    heng_json_finish(&reader);
    if (reader.err.rc != HENG_OK) return refuse_term(contract, reader.err.text, err);
    char *copy = text->rc == HENG_OK ? heng_arena_text(arena, text->n ? text->text : "") : NULL;
    if (!copy) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for the terms of a contract");
    ret->rest = heng_slice_str(copy);
    return HENG_OK;
}

/* The used tiers so far: of the last charge of this contract that counts, else of that which it follows. ret_root: the
 * first of them, whose customer it has been all the time. */
static heng_rc walk_back(struct heng_charger *charger, struct heng_slice *ret_state, int64_t *ret_root,
                         heng_day *ret_from, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    const struct heng_contract *at = work->ask->contract;
    for (unsigned i = 0; i < FOLLOWS_MAX; i++) {
        struct heng_charge last;
        *ret_root = at->id;
        *ret_from = at->from_day;
        heng_rc rc = ret_state->n ? HENG_OK
                                  : heng_charge_facts_last(charger->facts, at->id, work->from, work->arena, &last, err);
        if (rc == HENG_OK && !ret_state->n) *ret_state = last.states;
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        if (!at->follows) return HENG_OK;
        rc = heng_store_get_contract(charger->reader, at->follows, &charger->chain, err);
        if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "the contract that it follows is gone");
        if (rc != HENG_OK) return rc;
        at = &charger->chain;
    }
    return heng_fail(err, HENG_ELIMIT, 0, "more than %d contracts follow each other", FOLLOWS_MAX);
}

/* A contract whose used tiers go on in the next one has not ended for its steps. */
static heng_rc goes_on(struct heng_charger *charger, bool *ret, struct heng_err *err)
{
    const struct heng_contract *contract = charger->work.ask->contract;
    struct heng_contract *list;
    size_t n = 0;
    *ret = false;
    if (!contract->to_day) return HENG_OK;
    list = heng_arena_take(charger->work.arena, CHARGE_CHANNELS_MAX, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for contracts");
    heng_rc rc =
        heng_store_list_contracts(charger->reader, 0, contract->point_id, 0, list, CHARGE_CHANNELS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) *ret = *ret || list[i].follows == contract->id;
    return rc;
}

heng_rc charge_contract(struct heng_charger *charger, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    const struct heng_contract *contract = work->ask->contract;
    struct heng_str *text = &charger->text;
    struct draft draft;
    struct heng_slice state = {0};
    struct heng_err why = {0};
    int64_t root = 0;
    heng_day from = 0;
    bool open_end = false;
    char id[24];
    heng_rc rc = read_terms(contract, work->arena, text, &draft, err);
    if (rc == HENG_OK) rc = walk_back(charger, &state, &root, &from, err);
    if (rc == HENG_OK) rc = goes_on(charger, &open_end, err);
    if (rc != HENG_OK) return rc;
    if (draft.from && draft.from < from) from = draft.from;
    if (!state.n) state = draft.state;
    heng_str_clear(text);
    struct heng_json json = heng_json_of(text);
    snprintf(id, sizeof id, "%lld", (long long)root);
    heng_json_object(&json);
    heng_json_key(&json, "id");
    heng_json_text(&json, id);
    put_date(&json, "from", from);
    if (contract->to_day && !open_end) put_date(&json, "to", contract->to_day);
    heng_str_put(text, (const char *)draft.rest.p, draft.rest.n);
    heng_json_key(&json, "state");
    heng_json_raw(&json, state.n ? (const char *)state.p : "[]", state.n ? state.n : 2);
    heng_json_end_object(&json);
    char *copy = text->rc == HENG_OK ? heng_arena_text(work->arena, text->text) : NULL;
    if (!copy) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for the terms of a contract");
    work->contract_text = heng_slice_str(copy);
    rc = heng_rate_contract_read(work->contract_text, work->arena, &work->contract, &why);
    return rc == HENG_OK || rc == HENG_ENOMEM ? rc : refuse_term(contract, why.text, err);
}
