#include "account/terms.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "bill/unit.h"
#include "rate/form.h"
#include "store/archive_points.h"

static const char *const fields[] = {"from", "persons", "cycle_months", "bases", "extensions", "losses", "state"};

heng_rc heng_terms_check(const char *terms, struct heng_err *err)
{
    struct heng_form form;
    struct heng_slice key;
    struct heng_err why = {.text = ""};
    heng_form_open(&form, heng_slice_str(terms));
    heng_form_object(&form);
    while (heng_form_key(&form, &key)) {
        size_t i = 0;
        while (i < sizeof fields / sizeof fields[0] && !heng_slice_is(key, fields[i])) i++;
        if (i == sizeof fields / sizeof fields[0])
            heng_form_unknown(&form);
        else
            heng_form_skip(&form);
    }
    heng_rc rc = heng_form_close(&form, &why);
    return rc == HENG_OK ? HENG_OK : heng_fail(err, rc, 0, "the terms: %.130s", why.text);
}

/* --- a day of nothing --------------------------------------------------------------------------------------------- */

struct trial {
    struct heng_json json;
    const struct heng_tariff *tariff;
    const char *seen[64][2]; /* quantity and rate */
    size_t seen_n;
    bool intervals;
};

static const char *text_or(const char *text, const char *other) { return text ? text : other; }

static void use_nothing(struct trial *t, const char *quantity, const char *rate, const char *unit, bool intervals)
{
    if (!quantity || !unit) return;
    for (size_t i = 0; i < t->seen_n; i++)
        if (strcmp(t->seen[i][0], quantity) == 0 && strcmp(t->seen[i][1], text_or(rate, "")) == 0) return;
    if (t->seen_n == sizeof t->seen / sizeof t->seen[0]) return;
    t->seen[t->seen_n][0] = quantity;
    t->seen[t->seen_n++][1] = text_or(rate, "");
    heng_json_object(&t->json);
    heng_json_key(&t->json, "quantity");
    heng_json_text(&t->json, quantity);
    heng_json_key(&t->json, "unit");
    heng_json_text(&t->json, unit);
    if (rate) {
        heng_json_key(&t->json, "rate");
        heng_json_text(&t->json, rate);
    }
    if (intervals) {
        heng_json_key(&t->json, "intervals");
        heng_json_object(&t->json);
        heng_json_key(&t->json, "minutes");
        heng_json_int(&t->json, 60);
        heng_json_key(&t->json, "amounts");
        heng_json_array(&t->json);
        for (int hour = 0; hour < 24; hour++) heng_json_text(&t->json, "0");
        heng_json_end_array(&t->json);
        heng_json_end_object(&t->json);
    } else {
        heng_json_key(&t->json, "amount");
        heng_json_text(&t->json, "0");
    }
    heng_json_end_object(&t->json);
}

static bool in_force(const struct heng_component *component, heng_day day)
{
    return component->from <= day && day < component->to;
}

static void write_usage(struct trial *t, heng_day day)
{
    for (size_t c = 0; c < t->tariff->count; c++) {
        const struct heng_component *component = &t->tariff->components[c];
        if (!in_force(component, day)) continue;
        if (t->intervals && component->calendar_count) {
            use_nothing(t, component->quantity, NULL, component->unit, true);
            continue;
        }
        for (size_t r = 0; r < component->rate_count; r++)
            if ((int8_t)r != component->remainder)
                use_nothing(t, component->quantity, component->rates[r].name, component->unit, false);
        if (component->rate_count == 0 || component->remainder >= 0)
            use_nothing(t, component->quantity, NULL, component->unit, false);
        for (size_t l = 0; l < component->less_count; l++)
            use_nothing(t, component->less[l], NULL, component->unit, false);
        if (component->rule == HENG_TARIFF_RULE_POWER_FACTOR)
            use_nothing(t, text_or(component->reactive, "reactive"), NULL, "kvarh", false);
    }
}

static void write_form(struct trial *t, struct heng_slice tariff, const char *terms, heng_day day)
{
    char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX];
    heng_date_format(day, from);
    heng_date_format(day + 1, to);
    heng_json_object(&t->json);
    heng_json_key(&t->json, "period");
    heng_json_object(&t->json);
    heng_json_key(&t->json, "from");
    heng_json_text(&t->json, from);
    heng_json_key(&t->json, "to");
    heng_json_text(&t->json, to);
    heng_json_end_object(&t->json);
    heng_json_key(&t->json, "usage");
    heng_json_array(&t->json);
    write_usage(t, day);
    heng_json_end_array(&t->json);
    heng_json_key(&t->json, "contract");
    heng_json_raw(&t->json, terms, strlen(terms));
    heng_json_key(&t->json, "tariff");
    heng_json_raw(&t->json, (const char *)tariff.p, tariff.n);
    heng_json_end_object(&t->json);
}

enum { TRIAL_LINES = 512, TRIAL_STATES = 64, TRIAL_ARENA = 64 << 20 };

static heng_rc rate_form(const struct heng_str *text, struct heng_arena *arena, struct heng_err *err)
{
    struct heng_rate_request *request = heng_arena_take(arena, 1, sizeof *request);
    struct heng_rate_result *result = heng_arena_take(arena, 1, sizeof *result);
    struct heng_rate_line *lines = heng_arena_take(arena, TRIAL_LINES, sizeof *lines);
    struct heng_rate_state *states = heng_arena_take(arena, TRIAL_STATES, sizeof *states);
    if (!request || !result || !lines || !states) return heng_fail(err, HENG_ENOMEM, 0, "no memory to try a tariff");
    memset(request, 0, sizeof *request);
    *result =
        (struct heng_rate_result){.lines = lines, .cap = TRIAL_LINES, .states = states, .state_cap = TRIAL_STATES};
    heng_rc rc = heng_rate_request_read(heng_slice_of(text->text, text->n), arena, request, err);
    if (rc != HENG_OK) return rc;
    request->spans[0] = (struct heng_rate_span){&request->tariffs[0], request->ask.from, request->ask.to};
    request->ask.spans = request->spans;
    request->ask.span_count = 1;
    return heng_rate(&request->ask, result, err);
}

static heng_rc try_once(const struct heng_tariff *tariff, struct heng_slice body, const char *terms, heng_day day,
                        bool intervals, struct heng_arena *arena, struct heng_err *err)
{
    struct heng_str text = {.max = 4 * HENG_TARIFF_BODY_MAX};
    struct trial *trial = heng_arena_take(arena, 1, sizeof *trial);
    if (!trial) return heng_fail(err, HENG_ENOMEM, 0, "no memory to try a tariff");
    *trial = (struct trial){.json = heng_json_of(&text), .tariff = tariff, .intervals = intervals};
    write_form(trial, body, terms, day);
    heng_rc rc =
        text.rc == HENG_OK ? rate_form(&text, arena, err) : heng_fail(err, text.rc, 0, "the form is too large");
    heng_str_fini(&text);
    return rc;
}

heng_rc heng_terms_try(struct heng_slice body, const char *terms, int32_t day, struct heng_err *err)
{
    struct heng_arena arena = {.max = TRIAL_ARENA};
    struct heng_form form;
    struct heng_tariff tariff;
    struct heng_err by_amount = {.text = ""};
    heng_form_open(&form, body);
    heng_tariff_read(&form, &arena, &tariff);
    heng_rc rc = heng_form_close(&form, err);
    if (rc == HENG_OK) {
        /* by registers of each rate; where there is a calendar, hourly values will do as well */
        rc = try_once(&tariff, body, terms, day, false, &arena, &by_amount);
        if (rc != HENG_OK && try_once(&tariff, body, terms, day, true, &arena, err) == HENG_OK) rc = HENG_OK;
        if (rc != HENG_OK) rc = heng_fail(err, rc, 0, "%s", by_amount.text);
    }
    heng_arena_fini(&arena);
    return rc;
}

/* --- tariff and point --------------------------------------------------------------------------------------------- */

typedef enum counted { COUNTS_OTHER, COUNTS_ENERGY, COUNTS_VOLUME } counted;

static counted counted_of(const char *unit)
{
    static const char *const energy[] = {"Wh", "kWh", "MWh", "MJ", "GJ"}, *const volume[] = {"m3", "L", "m³", "l"};
    for (size_t i = 0; i < sizeof energy / sizeof energy[0]; i++)
        if (strcmp(unit, energy[i]) == 0) return COUNTS_ENERGY;
    for (size_t i = 0; i < sizeof volume / sizeof volume[0]; i++)
        if (strcmp(unit, volume[i]) == 0) return COUNTS_VOLUME;
    return COUNTS_OTHER;
}

/* Prices by what passes a meter. */
static bool is_by_usage(heng_tariff_rule rule)
{
    return rule == HENG_TARIFF_RULE_PER_UNIT || rule == HENG_TARIFF_RULE_STEPS || rule == HENG_TARIFF_RULE_TOU ||
           rule == HENG_TARIFF_RULE_TOU_STEPS;
}

static heng_rc check_units(struct heng_store_reader *reader, int64_t point_id, const struct heng_tariff *tariff,
                           struct heng_err *err)
{
    enum { CHANNELS_MAX = 32 };
    struct heng_point_channel channels[CHANNELS_MAX];
    size_t n = 0;
    bool has[3] = {false};
    const char *unit = NULL;
    heng_rc rc = heng_archive_list_channels(reader, 0, point_id, channels, CHANNELS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) /* a heat meter counts m3, too, but not for the bill */
        if (channels[i].main) has[counted_of(heng_unit_text(channels[i].unit))] = true;
    if (rc != HENG_OK || (!has[COUNTS_ENERGY] && !has[COUNTS_VOLUME])) return rc;
    for (size_t i = 0; i < tariff->count; i++) {
        const struct heng_component *component = &tariff->components[i];
        if (!is_by_usage(component->rule) || !component->unit) continue;
        counted kind = counted_of(component->unit);
        if (kind == COUNTS_OTHER || has[kind]) return HENG_OK;
        unit = component->unit;
    }
    if (!unit) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "the tariff is priced by %s, the point does not count that", unit);
}

static heng_rc check_edition(struct heng_store_reader *reader, const struct heng_account *account,
                             const struct heng_contract *contract, const struct heng_contract_tariff *span,
                             struct heng_err *err)
{
    struct heng_str body = {.max = 2 * HENG_TARIFF_BODY_MAX};
    struct heng_arena arena = {.max = TRIAL_ARENA};
    struct heng_tariff_edition edition;
    struct heng_form form;
    struct heng_tariff tariff;
    struct heng_err why = {.text = ""};
    heng_rc rc = heng_store_get_tariff(reader, account->org_id, span->key, span->edition, &edition, &body, &why);
    struct heng_slice text = heng_slice_of(body.text, body.n);
    if (rc == HENG_OK) {
        heng_form_open(&form, text);
        heng_tariff_read(&form, &arena, &tariff);
        rc = heng_form_close(&form, &why);
    }
    if (rc == HENG_OK && tariff.currency && strcmp(tariff.currency, account->currency) != 0)
        rc = heng_fail(&why, HENG_ECONFIG, 0, "its currency is %.8s, the account's is %s", tariff.currency,
                       account->currency);
    if (rc == HENG_OK) rc = check_units(reader, contract->point_id, &tariff, &why);
    if (rc == HENG_OK) rc = heng_terms_try(text, contract->terms[0] ? contract->terms : "{}", span->from_day, &why);
    heng_arena_fini(&arena);
    heng_str_fini(&body);
    return rc == HENG_OK ? HENG_OK : heng_fail(err, rc, 0, "tariff '%s' does not fit: %.110s", span->key, why.text);
}

heng_rc heng_contract_fits(struct heng_store_reader *reader, const struct heng_account *account,
                           const struct heng_contract *contract, struct heng_err *err)
{
    struct heng_contract_tariff spans[1];
    size_t n = 0;
    heng_rc rc = heng_terms_check(contract->terms[0] ? contract->terms : "{}", err);
    if (rc == HENG_OK)
        rc = heng_contract_bindings(reader, account->org_id, contract, contract->from_day, contract->from_day + 1,
                                    spans, 1, &n, err);
    return rc == HENG_OK ? check_edition(reader, account, contract, &spans[0], err) : rc;
}
