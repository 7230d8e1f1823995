/* Works a request out and writes what came of it. */
#include <stdio.h>
#include <string.h>

#include "rate/form.h"
#include "rate/parts.h"
#include "rate/power_factor.h"

static void put_text(struct heng_json *json, const char *key, const char *text)
{
    if (!text || !*text) return;
    heng_json_key(json, key);
    heng_json_text(json, text);
}

static void put_dec(struct heng_json *json, const char *key, struct heng_dec dec)
{
    heng_json_key(json, key);
    heng_json_dec(json, dec);
}

static void put_day(struct heng_json *json, const char *key, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    put_text(json, key, text);
}

static void put_flag(struct heng_json *json, const char *key, bool is)
{
    if (!is) return;
    heng_json_key(json, key);
    heng_json_bool(json, true);
}

static void write_line(const struct heng_rate_line *line, size_t number, struct heng_json *json)
{
    heng_json_object(json);
    heng_json_key(json, "line");
    heng_json_int(json, (int64_t)number);
    put_text(json, "component", line->component->id);
    put_text(json, "name", line->component->name);
    put_text(json, "rule", heng_tariff_rule_texts[line->component->rule]);
    put_text(json, "tariff", line->tariff->id);
    put_text(json, "version", line->component->version);
    put_day(json, "from", line->from);
    put_day(json, "to", line->to);
    if (line->tier) {
        heng_json_key(json, "tier");
        heng_json_int(json, line->tier);
    }
    put_text(json, "rate", line->rate);
    put_text(json, "note", line->note);
    put_flag(json, "increment", line->increment);
    put_flag(json, "informative", line->component->informative);
    put_text(json, "split", heng_rate_split_text(line->split));
    put_dec(json, "quantity", line->quantity);
    put_text(json, "unit", line->unit);
    put_dec(json, "price", line->price);
    if (line->time_count != line->time_of) {
        heng_json_key(json, "time");
        heng_json_object(json);
        heng_json_key(json, "count");
        heng_json_int(json, line->time_count);
        heng_json_key(json, "of");
        heng_json_int(json, line->time_of);
        heng_json_end_object(json);
    }
    put_dec(json, "amount", line->amount);
    if (!line->component->informative && line->tariff->vat_by == HENG_VAT_BY_LINE) {
        put_dec(json, "vat_rate", line->component->vat.rate);
        put_dec(json, "net", line->net);
        put_dec(json, "tax", line->tax);
    }
    heng_json_end_object(json);
}

static void write_vats(const struct heng_rate_result *result, struct heng_json *json)
{
    heng_json_key(json, "vat");
    heng_json_array(json);
    for (size_t i = 0; i < result->vat_count; i++) {
        const struct heng_rate_vat *vat = &result->vats[i];
        heng_json_object(json);
        put_dec(json, "rate", vat->vat.rate);
        put_flag(json, "exempt", vat->vat.exempt);
        put_text(json, "code", vat->vat.code);
        put_dec(json, "gross", vat->gross);
        put_dec(json, "net", vat->net);
        put_dec(json, "tax", vat->tax);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
}

static void write_states(const struct heng_rate_result *result, struct heng_json *json)
{
    heng_json_key(json, "state");
    heng_json_array(json);
    for (size_t i = 0; i < result->state_count; i++) {
        const struct heng_rate_state *state = &result->states[i];
        unsigned n = HENG_TARIFF_STEPS_MAX;
        while (n > 1 && rate_is_zero(state->used[n - 1])) n--;
        heng_json_object(json);
        put_text(json, "component", state->component);
        put_text(json, "contract", state->contract);
        put_day(json, "cycle_from", state->cycle_from);
        heng_json_key(json, "used");
        heng_json_array(json);
        for (unsigned k = 0; k < n; k++) heng_json_dec(json, state->used[k]);
        heng_json_end_array(json);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
}

static void write_steps(const struct heng_steps *steps, const char *key, heng_language language, const char *currency,
                        struct heng_json *json)
{
    heng_json_key(json, key);
    heng_json_array(json);
    for (size_t i = 0; i < steps->count; i++) heng_step_json(&steps->items[i], language, currency, json);
    heng_json_end_array(json);
}

/* --- the three things that may be asked ------------------------------------------------------------------------------
 */

static heng_rc answer_rate(struct heng_rate_request *request, struct heng_rate_result *result, struct heng_json *json,
                           struct heng_err *err)
{
    struct heng_rate_ask *ask = &request->ask;
    heng_rc rc = HENG_OK;
    ask->spans = request->spans;
    if (request->binding_count) {
        rc = heng_bind(request->bindings, request->binding_count, ask->from, ask->to, request->spans,
                       HENG_RATE_SPANS_MAX, &ask->span_count, result->steps, err);
    } else {
        request->spans[0] = (struct heng_rate_span){request->tariffs, ask->from, ask->to};
        ask->span_count = 1;
    }
    if (rc == HENG_OK) rc = heng_rate(ask, result, err);
    if (rc != HENG_OK) return rc;
    heng_json_key(json, "period");
    heng_json_object(json);
    put_day(json, "from", ask->from);
    put_day(json, "to", ask->to);
    heng_json_end_object(json);
    put_text(json, "contract", ask->contract.id);
    heng_json_key(json, "lines");
    heng_json_array(json);
    for (size_t i = 0; i < result->count; i++) write_line(&result->lines[i], i + 1, json);
    heng_json_end_array(json);
    write_vats(result, json);
    put_dec(json, "net", result->net);
    put_dec(json, "tax", result->tax);
    put_dec(json, "total", result->total);
    write_states(result, json);
    return HENG_OK;
}

static heng_rc answer_late(const struct heng_rate_request *request, struct heng_steps *steps, struct heng_json *json,
                           struct heng_err *err)
{
    struct heng_dec fees = {0, -2}, owed = {0, -2};
    heng_json_key(json, "late_fee");
    heng_json_object(json);
    heng_json_key(json, "bills");
    heng_json_array(json);
    for (size_t i = 0; i < request->late_count; i++) {
        struct heng_late_fee fee;
        struct heng_err why = {0};
        heng_rc rc = heng_late_fee(&request->terms, &request->lates[i], request->as_of, steps, &fee, &why);
        if (rc == HENG_OK) rc = heng_dec_add(fees, fee.fee, &fees);
        if (rc == HENG_OK) rc = heng_dec_add(owed, fee.owed, &owed);
        if (rc != HENG_OK)
            return heng_fail(err, rc, 0, "late_fee.bills[%zu].%.120s", i,
                             why.rc ? why.text : "amount: it does not fit");
        heng_json_object(json);
        put_text(json, "id", request->lates[i].id);
        heng_json_key(json, "days");
        heng_json_int(json, fee.days);
        put_dec(json, "fee", fee.fee);
        put_dec(json, "fee_paid", fee.fee_paid);
        put_dec(json, "principal_paid", fee.principal_paid);
        put_dec(json, "owed", fee.owed);
        put_flag(json, "minimum", fee.minimum);
        put_flag(json, "capped", fee.capped);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
    put_dec(json, "fee", fees);
    put_dec(json, "owed", owed);
    heng_json_end_object(json);
    return HENG_OK;
}

static heng_rc rate_at(const struct heng_pf_rebill *rebill, struct heng_dec reactive, struct heng_steps *steps,
                       struct heng_dec *ret_pf, struct heng_dec *ret_rate)
{
    size_t count;
    const struct heng_pf_point *points = heng_power_factor_points(rebill->standard, &count);
    heng_rc rc = points ? heng_power_factor(rebill->active, reactive, ret_pf) : HENG_ECONFIG;
    if (rc == HENG_OK) rc = heng_power_factor_rate(points, count, *ret_pf, ret_rate);
    if (rc != HENG_OK) return rc;
    const struct heng_dec numbers[] = {rebill->active, reactive}, found[] = {*ret_pf, rebill->standard};
    heng_rate_say(steps, HENG_STEP_RATE_PF, 0, "", "", numbers, 2, *ret_pf, 2, HENG_ROUNDING_HALF_UP);
    heng_rate_say(steps, HENG_STEP_RATE_PF_RATE, 0, "", "", found, 2, *ret_rate, 255, HENG_ROUNDING_HALF_UP);
    return HENG_OK;
}

static heng_rc answer_rebill(const struct heng_pf_rebill *rebill, struct heng_steps *steps, struct heng_json *json,
                             struct heng_err *err)
{
    struct heng_dec pf_old, pf_new, rate_old, rate_new, amount, difference;
    heng_rc rc = rate_at(rebill, rebill->reactive_billed, steps, &pf_old, &rate_old);
    if (rc == HENG_OK) rc = rate_at(rebill, rebill->reactive_true, steps, &pf_new, &rate_new);
    if (rc == HENG_OK)
        rc = heng_power_factor_rebill(rebill->billed, rate_old, rate_new, 2, HENG_ROUNDING_HALF_UP, &amount);
    if (rc == HENG_OK) rc = heng_dec_sub(amount, rebill->billed, &difference);
    if (rc != HENG_OK)
        return heng_fail(err, rc, 0, "power_factor_rebill.%s",
                         rc == HENG_ECONFIG ? "standard: 0.90, 0.85 or 0.80" : "billed: it does not fit");
    const struct heng_dec numbers[] = {rebill->billed, rate_old, rate_new};
    heng_rate_say(steps, HENG_STEP_PF_REBILL, 0, "", "", numbers, 3, amount, 2, HENG_ROUNDING_HALF_UP);
    heng_json_key(json, "power_factor_rebill");
    heng_json_object(json);
    put_dec(json, "power_factor_billed", pf_old);
    put_dec(json, "rate_billed", rate_old);
    put_dec(json, "power_factor", pf_new);
    put_dec(json, "rate", rate_new);
    put_dec(json, "amount", amount);
    put_dec(json, "difference", difference);
    heng_json_end_object(json);
    return HENG_OK;
}

/* The engine knows components; where they stand in the request is known here. */
static heng_rc with_path(const struct heng_rate_request *request, heng_rc rc, struct heng_err *err)
{
    struct heng_err inner = *err;
    if (rc == HENG_OK || strncmp(inner.text, "components[", 11) != 0) return rc;
    return heng_fail(err, rc, 0, "%s.%.140s", request->tariff_count > 1 ? "tariffs" : "tariff", inner.text);
}

heng_rc heng_rate_answer(struct heng_rate_request *request, struct heng_rate_result *result, heng_language language,
                         struct heng_json *json, struct heng_err *err)
{
    const char *currency = request->tariff_count ? request->tariffs[0].currency : "CNY";
    bool explains = language < HENG_LANGUAGES;
    struct heng_steps *steps = explains ? result->steps : NULL;
    heng_rc rc = HENG_OK;
    result->steps = steps;
    heng_json_object(json);
    put_text(json, "currency", currency);
    if (request->has_rate) rc = with_path(request, answer_rate(request, result, json, err), err);
    if (rc == HENG_OK && request->has_late) rc = answer_late(request, steps, json, err);
    if (rc == HENG_OK && request->has_rebill) rc = answer_rebill(&request->rebill, steps, json, err);
    if (rc != HENG_OK) return rc;
    write_steps(result->warnings, "warnings", explains ? language : HENG_LANGUAGE_EN, currency, json);
    if (steps) write_steps(steps, "steps", language, currency, json);
    if (steps && steps->lost) {
        heng_json_key(json, "steps_left_out");
        heng_json_int(json, (int64_t)steps->lost);
    }
    heng_json_end_object(json);
    return HENG_OK;
}
