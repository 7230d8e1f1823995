/* Reads what is to be rated. */
#include "rate/form.h"

#include <string.h>

enum { NAME_MAX = 40, INTERVALS_MAX = 400 * 1440 };

struct reader {
    struct heng_form *form;
    struct heng_arena *arena;
    struct heng_rate_request *out;
};

static void read_span_field(struct heng_form *form, struct heng_slice key, heng_day *from, heng_day *to, bool *is)
{
    *is = true;
    if (heng_slice_is(key, "from"))
        *from = heng_form_is_null(form) ? 0 : heng_form_date(form);
    else if (heng_slice_is(key, "to"))
        *to = heng_form_is_null(form) ? 0 : heng_form_date(form);
    else
        *is = false;
}

/* --- multipliers ---------------------------------------------------------------------------------------------------
 */

/* "150/5" or "30": times, over. */
static void read_ratio(struct heng_form *form, struct heng_dec *times, struct heng_dec *over)
{
    char text[NAME_MAX];
    struct heng_dec a, b = heng_dec_of(1, 0);
    heng_form_text(form, text, sizeof text);
    if (heng_form_failed(form)) return;
    char *slash = strchr(text, '/');
    if (slash) *slash = '\0';
    bool is = heng_dec_parse(text, &a, NULL) == HENG_OK && a.mantissa > 0 &&
              (!slash || (heng_dec_parse(slash + 1, &b, NULL) == HENG_OK && b.mantissa > 0));
    if (!is)
        heng_form_refuse(form, HENG_EFORMAT, "", "this is no ratio like 150/5 above zero");
    else if (heng_exact_product(*times, a, times) != HENG_OK || heng_exact_product(*over, b, over) != HENG_OK)
        heng_form_refuse(form, HENG_ERANGE, "", "the multiplier does not fit 18 digits");
}

static struct heng_dec read_multiplier(struct heng_form *form)
{
    struct heng_dec times = heng_dec_of(1, 0), over = heng_dec_of(1, 0), result = heng_dec_of(1, 0), back;
    if (heng_form_failed(form)) return result;
    heng_json_type type = heng_json_peek(&form->json);
    if (type == HENG_JSON_NUMBER)
        times = heng_form_dec(form);
    else if (type == HENG_JSON_ARRAY) {
        heng_form_array(form);
        while (heng_form_item(form)) read_ratio(form, &times, &over);
    } else
        read_ratio(form, &times, &over);
    if (heng_form_failed(form)) return result;
    if (times.mantissa <= 0)
        heng_form_refuse(form, HENG_ERANGE, "", "a multiplier is above zero");
    else if (heng_exact_div(times, heng_dec_of(1, 0), over, 9, HENG_ROUNDING_DOWN, &result) != HENG_OK ||
             heng_exact_product(result, over, &back) != HENG_OK || heng_dec_cmp(back, times) != 0)
        heng_form_refuse(form, HENG_ERANGE, "", "the ratio is no decimal number");
    while (result.exp < 0 && result.mantissa % 10 == 0 && result.mantissa) {
        result.mantissa /= 10;
        result.exp++;
    }
    return result;
}

/* --- usage ---------------------------------------------------------------------------------------------------------
 */

static void read_correction(struct heng_form *form, struct heng_rate_usage *usage)
{
    static const char *const words[] = {"whole", "missing"};
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "rate"))
            usage->correction = heng_form_dec(form);
        else if (heng_slice_is(key, "bill"))
            usage->correction_only = heng_form_word(form, words, 2) == 1;
        else
            heng_form_unknown(form);
    }
    heng_form_need(form, "rate");
}

static void read_gas(struct heng_form *form, struct heng_rate_usage *usage)
{
    struct heng_slice key;
    bool corrected = false;
    usage->gas_places = 3;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "pressure_kpa"))
            usage->pressure_kpa = heng_form_dec(form);
        else if (heng_slice_is(key, "temperature_k"))
            usage->temperature_k = heng_form_dec(form);
        else if (heng_slice_is(key, "places"))
            usage->gas_places = (int8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
        else if (heng_slice_is(key, "meter_corrects"))
            corrected = heng_form_bool(form);
        else
            heng_form_unknown(form);
    }
    usage->is_gas = !corrected;
}

/* All of one exponent, that of the first or finer. */
static void read_amounts(struct reader *r, struct heng_rate_usage *usage)
{
    int64_t *items = NULL;
    struct heng_dec *decs = NULL;
    size_t n = 0;
    int exp = 0;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        decs = heng_form_grow(r->form, r->arena, decs, n, sizeof *decs, INTERVALS_MAX);
        if (!decs) return;
        decs[n] = heng_form_dec(r->form);
        if (decs[n].exp < exp) exp = decs[n].exp;
        n++;
    }
    if (n) items = heng_arena_take(r->arena, n, sizeof *items);
    if (n && !items) heng_form_refuse(r->form, HENG_ENOMEM, "", "there is no memory for it");
    for (size_t i = 0; i < n && items; i++)
        if (!heng_exact_steps(decs[i], -exp, &items[i]))
            heng_form_refuse(r->form, HENG_ERANGE, "", "an amount does not fit");
    usage->is_intervals = true;
    usage->exp = (int8_t)exp;
    usage->intervals = items;
    usage->interval_count = n;
}

static void read_intervals(struct reader *r, struct heng_rate_usage *usage)
{
    struct heng_slice key;
    heng_form_object(r->form);
    while (heng_form_key(r->form, &key)) {
        if (heng_slice_is(key, "minutes"))
            usage->minutes = (uint16_t)heng_form_int(r->form, 1, 1440);
        else if (heng_slice_is(key, "amounts"))
            read_amounts(r, usage);
        else
            heng_form_unknown(r->form);
    }
}

static bool read_reading_field(struct reader *r, struct heng_slice key, struct heng_rate_usage *usage)
{
    struct heng_form *form = r->form;
    if (heng_slice_is(key, "previous"))
        usage->previous = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "current"))
        usage->current = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "multiplier"))
        usage->multiplier = read_multiplier(form);
    else if (heng_slice_is(key, "digits"))
        usage->digits = (uint8_t)heng_form_int(form, 1, 12);
    else if (heng_slice_is(key, "max_per_day"))
        usage->max_per_day = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "read_places"))
        usage->read_places = (int8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
    else if (heng_slice_is(key, "correction"))
        read_correction(form, usage);
    else if (heng_slice_is(key, "gas"))
        read_gas(form, usage);
    else if (heng_slice_is(key, "intervals"))
        read_intervals(r, usage);
    else
        return false;
    return true;
}

static void read_one_usage(struct reader *r, struct heng_rate_usage *usage)
{
    struct heng_slice key;
    bool is, has_previous = false, has_current = false;
    *usage = (struct heng_rate_usage){.multiplier = {1, 0}, .read_places = HENG_PLACES_AS_IS};
    heng_form_object(r->form);
    while (heng_form_key(r->form, &key)) {
        has_previous = has_previous || heng_slice_is(key, "previous");
        has_current = has_current || heng_slice_is(key, "current");
        read_span_field(r->form, key, &usage->from, &usage->to, &is);
        if (is) continue;
        if (heng_slice_is(key, "quantity"))
            usage->quantity = heng_form_copy(r->form, r->arena);
        else if (heng_slice_is(key, "rate"))
            usage->rate = heng_form_copy(r->form, r->arena);
        else if (heng_slice_is(key, "unit"))
            usage->unit = heng_form_copy(r->form, r->arena);
        else if (heng_slice_is(key, "meter"))
            usage->meter = heng_form_copy(r->form, r->arena);
        else if (heng_slice_is(key, "amount")) {
            usage->is_amount = true;
            usage->amount = heng_form_dec_min(r->form, 0);
        } else if (!read_reading_field(r, key, usage))
            heng_form_unknown(r->form);
    }
    if (usage->is_amount + usage->is_intervals + (has_previous || has_current) != 1)
        heng_form_refuse(r->form, HENG_ECONFIG, "amount", "one of amount, previous and current, intervals stands here");
    else if (has_previous != has_current)
        heng_form_refuse(r->form, HENG_ECONFIG, has_previous ? "current" : "previous", "it is missing");
    else if (usage->is_intervals && (usage->is_gas || usage->correction.mantissa))
        heng_form_refuse(r->form, HENG_ECONFIG, "intervals", "a series is given as it is billed, already corrected");
    if (!usage->quantity) heng_form_refuse(r->form, HENG_ECONFIG, "quantity", "it is missing");
    if (!usage->unit) heng_form_refuse(r->form, HENG_ECONFIG, "unit", "it is missing");
}

static void read_usage(struct reader *r)
{
    struct heng_rate_usage *items = NULL;
    size_t n = 0;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        items = heng_form_grow(r->form, r->arena, items, n, sizeof *items, HENG_RATE_USAGE_MAX);
        if (!items) return;
        read_one_usage(r, &items[n++]);
    }
    r->out->ask.usage = r->out->usage = items;
    r->out->ask.usage_count = n;
}

/* --- contract ------------------------------------------------------------------------------------------------------
 */

static void read_bases(struct reader *r)
{
    struct heng_rate_base *items = NULL;
    struct heng_slice key;
    size_t n = 0;
    bool is;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        items = heng_form_grow(r->form, r->arena, items, n, sizeof *items, 256);
        if (!items) return;
        struct heng_rate_base *base = &items[n++];
        *base = (struct heng_rate_base){.name = NULL};
        heng_form_object(r->form);
        while (heng_form_key(r->form, &key)) {
            read_span_field(r->form, key, &base->from, &base->to, &is);
            if (is) continue;
            if (heng_slice_is(key, "name"))
                base->name = heng_form_copy(r->form, r->arena);
            else if (heng_slice_is(key, "unit"))
                base->unit = heng_form_copy(r->form, r->arena);
            else if (heng_slice_is(key, "note"))
                base->note = heng_form_copy(r->form, r->arena);
            else if (heng_slice_is(key, "value"))
                base->value = heng_form_dec_min(r->form, 0);
            else if (heng_slice_is(key, "share")) {
                base->share = heng_form_dec_min(r->form, 0);
                if (base->share.mantissa == 0) base->share.exp = -1; /* nothing of it, not all of it */
            } else
                heng_form_unknown(r->form);
        }
        if (!base->name) heng_form_refuse(r->form, HENG_ECONFIG, "name", "it is missing");
        if (!base->unit) heng_form_refuse(r->form, HENG_ECONFIG, "unit", "it is missing");
        heng_form_need(r->form, "value");
        if (base->to && base->to <= base->from) heng_form_refuse(r->form, HENG_ECONFIG, "to", "it is not after from");
    }
    r->out->ask.contract.bases = items;
    r->out->ask.contract.base_count = n;
}

static void read_extensions(struct reader *r)
{
    struct heng_rate_extension *items = NULL;
    struct heng_slice key;
    size_t n = 0;
    bool is;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        items = heng_form_grow(r->form, r->arena, items, n, sizeof *items, 64);
        if (!items) return;
        struct heng_rate_extension *one = &items[n++];
        *one = (struct heng_rate_extension){0};
        heng_form_object(r->form);
        while (heng_form_key(r->form, &key)) {
            read_span_field(r->form, key, &one->from, &one->to, &is);
            if (is) continue;
            if (heng_slice_is(key, "per_month"))
                one->per_month = heng_form_dec_min(r->form, 0);
            else
                heng_form_unknown(r->form);
        }
        heng_form_need(r->form, "from");
        heng_form_need(r->form, "per_month");
    }
    r->out->ask.contract.extensions = items;
    r->out->ask.contract.extension_count = n;
}

static bool read_loss_field(struct reader *r, struct heng_slice key, struct heng_rate_loss *loss)
{
#define X(symbol, text) text,
    static const char *const month_days[] = {HENG_MONTH_DAYS_LIST(X)};
#undef X
    struct heng_form *form = r->form;
    if (heng_slice_is(key, "name"))
        loss->name = heng_form_copy(form, r->arena);
    else if (heng_slice_is(key, "quantity"))
        loss->quantity = heng_form_copy(form, r->arena);
    else if (heng_slice_is(key, "unit"))
        loss->unit = heng_form_copy(form, r->arena);
    else if (heng_slice_is(key, "share_of"))
        loss->share_of = heng_form_copy(form, r->arena);
    else if (heng_slice_is(key, "per_month"))
        loss->per_month = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "share"))
        loss->share = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "month_days"))
        loss->month_days = (heng_month_days)heng_form_word(form, month_days, HENG_MONTH_DAYS_COUNT);
    else if (heng_slice_is(key, "places"))
        loss->places = (int8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
    else if (heng_slice_is(key, "rounding"))
        loss->rounding = heng_form_rounding(form);
    else if (heng_slice_is(key, "on_losses"))
        loss->on_losses = heng_form_bool(form);
    else
        return false;
    return true;
}

static void read_losses(struct reader *r)
{
    struct heng_rate_loss *items = NULL;
    struct heng_slice key;
    size_t n = 0;
    bool is;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        items = heng_form_grow(r->form, r->arena, items, n, sizeof *items, HENG_RATE_LOSSES_MAX);
        if (!items) return;
        struct heng_rate_loss *loss = &items[n++];
        *loss = (struct heng_rate_loss){.rounding = HENG_ROUNDING_HALF_UP};
        heng_form_object(r->form);
        while (heng_form_key(r->form, &key)) {
            read_span_field(r->form, key, &loss->from, &loss->to, &is);
            if (!is && !read_loss_field(r, key, loss)) heng_form_unknown(r->form);
        }
        if (!loss->quantity) heng_form_refuse(r->form, HENG_ECONFIG, "quantity", "it is missing");
        if (!loss->unit) heng_form_refuse(r->form, HENG_ECONFIG, "unit", "it is missing");
    }
    r->out->ask.contract.losses = items;
    r->out->ask.contract.loss_count = n;
}

static void read_used(struct heng_form *form, struct heng_rate_state *state)
{
    unsigned n = 0;
    heng_form_array(form);
    while (heng_form_item(form)) {
        struct heng_dec used = heng_form_dec_min(form, 0);
        if (n == HENG_TARIFF_STEPS_MAX)
            heng_form_refuse(form, HENG_ELIMIT, "", "there are more than %d tiers", HENG_TARIFF_STEPS_MAX);
        else
            state->used[n++] = used;
    }
}

static bool is_same_state(const struct heng_rate_state *a, const struct heng_rate_state *b)
{
    return a->cycle_from == b->cycle_from && strcmp(a->component, b->component) == 0 &&
           strcmp(a->contract, b->contract) == 0;
}

static void read_states(struct reader *r)
{
    struct heng_rate_state *items = NULL;
    struct heng_slice key;
    size_t n = 0;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        items = heng_form_grow(r->form, r->arena, items, n, sizeof *items, HENG_TARIFF_COMPONENTS_MAX);
        if (!items) return;
        struct heng_rate_state *state = &items[n++];
        *state = (struct heng_rate_state){.cycle_from = INT32_MIN};
        heng_form_object(r->form);
        while (heng_form_key(r->form, &key)) {
            if (heng_slice_is(key, "component"))
                heng_form_text(r->form, state->component, sizeof state->component);
            else if (heng_slice_is(key, "contract"))
                heng_form_text(r->form, state->contract, sizeof state->contract);
            else if (heng_slice_is(key, "cycle_from"))
                state->cycle_from = heng_form_date(r->form);
            else if (heng_slice_is(key, "used"))
                read_used(r->form, state);
            else if (heng_slice_is(key, "total")) {
                state->is_total = true;
                state->used[0] = heng_form_dec_min(r->form, 0);
            } else
                heng_form_unknown(r->form);
        }
        if (!state->component[0]) heng_form_refuse(r->form, HENG_ECONFIG, "component", "it is missing");
        for (size_t i = 0; i + 1 < n; i++)
            if (is_same_state(&items[i], state))
                heng_form_refuse(r->form, HENG_ECONFIG, "component",
                                 "state[%zu] is of the same component, contract and cycle: which one holds?", i);
        if (state->cycle_from == INT32_MIN) heng_form_refuse(r->form, HENG_ECONFIG, "cycle_from", "it is missing");
    }
    r->out->ask.contract.states = items;
    r->out->ask.contract.state_count = n;
}

static void read_contract(struct reader *r)
{
    struct heng_rate_contract *contract = &r->out->ask.contract;
    struct heng_slice key;
    bool is;
    heng_form_object(r->form);
    while (heng_form_key(r->form, &key)) {
        read_span_field(r->form, key, &contract->from, &contract->to, &is);
        if (is) continue;
        if (heng_slice_is(key, "id"))
            contract->id = heng_form_copy(r->form, r->arena);
        else if (heng_slice_is(key, "persons"))
            contract->persons = (uint16_t)heng_form_int(r->form, 0, 1000);
        else if (heng_slice_is(key, "cycle_months"))
            contract->cycle_months = (uint8_t)heng_form_int(r->form, 1, 12);
        else if (heng_slice_is(key, "bases"))
            read_bases(r);
        else if (heng_slice_is(key, "extensions"))
            read_extensions(r);
        else if (heng_slice_is(key, "losses"))
            read_losses(r);
        else if (heng_slice_is(key, "state"))
            read_states(r);
        else
            heng_form_unknown(r->form);
    }
    if (contract->id && strlen(contract->id) >= HENG_TARIFF_ID_MAX)
        heng_form_refuse(r->form, HENG_ELIMIT, "id", "it is longer than %d bytes", HENG_TARIFF_ID_MAX - 1);
}

/* --- tariffs and bindings -------------------------------------------------------------------------------------------
 */

static const struct heng_tariff *tariff_of(const struct heng_rate_request *out, const char *id)
{
    for (size_t i = 0; i < out->tariff_count; i++)
        if (out->tariffs[i].id && strcmp(out->tariffs[i].id, id) == 0) return &out->tariffs[i];
    return NULL;
}

static void read_tariffs(struct reader *r)
{
    struct heng_rate_request *out = r->out;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        out->tariffs = heng_form_grow(r->form, r->arena, out->tariffs, out->tariff_count, sizeof *out->tariffs, 64);
        if (!out->tariffs) return;
        struct heng_tariff tariff;
        heng_tariff_read(r->form, r->arena, &tariff);
        if (heng_form_failed(r->form)) return;
        if (tariff.id && tariff_of(out, tariff.id))
            heng_form_refuse(r->form, HENG_ECONFIG, "id", "another tariff is '%.39s', too: which one is bound?",
                             tariff.id);
        out->tariffs[out->tariff_count++] = tariff;
    }
}

static void read_binding(struct reader *r, struct heng_binding *binding)
{
#define X(symbol, text) text,
    static const char *const levels[] = {HENG_BIND_LEVEL_LIST(X)};
#undef X
    struct heng_slice key;
    char id[NAME_MAX] = "";
    bool has_level = false;
    *binding = (struct heng_binding){.from = INT32_MIN, .to = HENG_DAY_OPEN};
    heng_form_object(r->form);
    while (heng_form_key(r->form, &key)) {
        if (heng_slice_is(key, "level")) {
            binding->level = (heng_bind_level)heng_form_word(r->form, levels, HENG_BIND_COUNT);
            has_level = true;
        } else if (heng_slice_is(key, "key"))
            binding->key = heng_form_copy(r->form, r->arena);
        else if (heng_slice_is(key, "tariff"))
            heng_form_text(r->form, id, sizeof id);
        else if (heng_slice_is(key, "from"))
            binding->from = heng_form_date(r->form);
        else if (heng_slice_is(key, "to"))
            binding->to = heng_form_is_null(r->form) ? HENG_DAY_OPEN : heng_form_date(r->form);
        else
            heng_form_unknown(r->form);
    }
    binding->tariff = tariff_of(r->out, id);
    if (!has_level) heng_form_refuse(r->form, HENG_ECONFIG, "level", "it is missing");
    if (!binding->tariff) heng_form_refuse(r->form, HENG_ECONFIG, "tariff", "there is no tariff '%.39s'", id);
}

static void read_bindings(struct reader *r)
{
    struct heng_rate_request *out = r->out;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        out->bindings =
            heng_form_grow(r->form, r->arena, out->bindings, out->binding_count, sizeof *out->bindings, 256);
        if (!out->bindings) return;
        read_binding(r, &out->bindings[out->binding_count++]);
    }
}

/* --- late fees, power factor ----------------------------------------------------------------------------------------
 */

static void read_payments(struct reader *r, struct heng_late_bill *bill)
{
    struct heng_late_payment *items = NULL;
    struct heng_slice key;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        items = heng_form_grow(r->form, r->arena, items, bill->payment_count, sizeof *items, 256);
        if (!items) return;
        struct heng_late_payment *payment = &items[bill->payment_count++];
        *payment = (struct heng_late_payment){0};
        heng_form_object(r->form);
        while (heng_form_key(r->form, &key)) {
            if (heng_slice_is(key, "date"))
                payment->day = heng_form_date(r->form);
            else if (heng_slice_is(key, "amount"))
                payment->amount = heng_form_dec(r->form);
            else
                heng_form_unknown(r->form);
        }
        heng_form_need(r->form, "date");
        heng_form_need(r->form, "amount");
    }
    bill->payments = items;
}

static void read_late_bills(struct reader *r)
{
    struct heng_rate_request *out = r->out;
    struct heng_slice key;
    heng_form_array(r->form);
    while (heng_form_item(r->form)) {
        out->lates =
            heng_form_grow(r->form, r->arena, out->lates, out->late_count, sizeof *out->lates, HENG_RATE_LATES_MAX);
        if (!out->lates) return;
        struct heng_late_bill *bill = &out->lates[out->late_count++];
        *bill = (struct heng_late_bill){.due = INT32_MIN};
        heng_form_object(r->form);
        while (heng_form_key(r->form, &key)) {
            if (heng_slice_is(key, "id"))
                bill->id = heng_form_copy(r->form, r->arena);
            else if (heng_slice_is(key, "amount"))
                bill->amount = heng_form_dec_min(r->form, 0);
            else if (heng_slice_is(key, "due"))
                bill->due = heng_form_date(r->form);
            else if (heng_slice_is(key, "year"))
                bill->year = (int16_t)heng_form_int(r->form, 1, 9999);
            else if (heng_slice_is(key, "payments"))
                read_payments(r, bill);
            else
                heng_form_unknown(r->form);
        }
        heng_form_need(r->form, "amount");
        heng_form_need(r->form, "due");
    }
}

bool heng_rate_late_term(struct heng_form *form, struct heng_slice key, struct heng_late_terms *terms)
{
#define X(symbol, text) text,
    static const char *const rules[] = {HENG_LATE_RULE_LIST(X)};
#undef X
    static const char *const firsts[] = {"principal", "fee"}, *const classes[] = {"residential", "other"};
    if (heng_slice_is(key, "rule"))
        terms->rule = (heng_late_rule)heng_form_word(form, rules, HENG_LATE_RULE_COUNT);
    else if (heng_slice_is(key, "class")) {
        bool home = heng_form_word(form, classes, 2) == 0;
        terms->same_year = heng_dec_of(home ? 1 : 2, -3);
        terms->cross_year = heng_dec_of(home ? 1 : 3, -3);
    } else if (heng_slice_is(key, "same_year"))
        terms->same_year = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "cross_year"))
        terms->cross_year = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "minimum"))
        terms->minimum = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "cap"))
        terms->cap = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "grace_days"))
        terms->grace_days = (uint16_t)heng_form_int(form, 0, 3660);
    else if (heng_slice_is(key, "start_days"))
        terms->start_days = (uint16_t)heng_form_int(form, 0, 3660);
    else if (heng_slice_is(key, "first"))
        terms->first = (heng_late_first)heng_form_word(form, firsts, 2);
    else if (heng_slice_is(key, "rounding"))
        terms->rounding = heng_form_rounding(form);
    else if (heng_slice_is(key, "places"))
        terms->places = (int8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
    else
        return false;
    return true;
}

static void read_late(struct reader *r)
{
    struct heng_slice key;
    r->out->has_late = true;
    r->out->terms = heng_late_terms_default();
    r->out->as_of = INT32_MIN;
    heng_form_object(r->form);
    while (heng_form_key(r->form, &key)) {
        if (heng_slice_is(key, "as_of"))
            r->out->as_of = heng_form_date(r->form);
        else if (heng_slice_is(key, "bills"))
            read_late_bills(r);
        else if (!heng_rate_late_term(r->form, key, &r->out->terms))
            heng_form_unknown(r->form);
    }
    if (r->out->as_of == INT32_MIN) heng_form_refuse(r->form, HENG_ECONFIG, "as_of", "it is missing");
}

static void read_rebill(struct reader *r)
{
    struct heng_pf_rebill *rebill = &r->out->rebill;
    struct heng_slice key;
    r->out->has_rebill = true;
    rebill->standard = heng_dec_of(90, -2);
    heng_form_object(r->form);
    while (heng_form_key(r->form, &key)) {
        if (heng_slice_is(key, "billed"))
            rebill->billed = heng_form_dec_min(r->form, 0);
        else if (heng_slice_is(key, "active"))
            rebill->active = heng_form_dec_min(r->form, 0);
        else if (heng_slice_is(key, "reactive_billed"))
            rebill->reactive_billed = heng_form_dec_min(r->form, 0);
        else if (heng_slice_is(key, "reactive_true"))
            rebill->reactive_true = heng_form_dec_min(r->form, 0);
        else if (heng_slice_is(key, "standard"))
            rebill->standard = heng_form_dec_min(r->form, 0);
        else
            heng_form_unknown(r->form);
    }
    heng_form_need(r->form, "billed");
    heng_form_need(r->form, "active");
    heng_form_need(r->form, "reactive_billed");
    heng_form_need(r->form, "reactive_true");
}

/* --- the whole ------------------------------------------------------------------------------------------------------
 */

static bool read_top(struct reader *r, struct heng_slice key, bool *has_period)
{
    bool is;
    if (heng_slice_is(key, "period")) {
        struct heng_slice inner;
        *has_period = true;
        heng_form_object(r->form);
        while (heng_form_key(r->form, &inner)) {
            read_span_field(r->form, inner, &r->out->ask.from, &r->out->ask.to, &is);
            if (!is) heng_form_unknown(r->form);
        }
    } else if (heng_slice_is(key, "usage"))
        read_usage(r);
    else if (heng_slice_is(key, "contract"))
        read_contract(r);
    else if (heng_slice_is(key, "late_fee"))
        read_late(r);
    else if (heng_slice_is(key, "power_factor_rebill"))
        read_rebill(r);
    else
        return false;
    return true;
}

/* First round: the tariffs, which bindings name. */
static void read_tariffs_ahead(struct heng_form *form, struct heng_arena *arena, struct heng_rate_request *ret)
{
    struct reader r = {form, arena, ret};
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "tariff") || heng_slice_is(key, "tariffs")) {
            if (ret->tariff_count) heng_form_refuse(form, HENG_ECONFIG, "", "tariff or tariffs, not both");
            if (heng_slice_is(key, "tariffs")) {
                read_tariffs(&r);
                continue;
            }
            ret->tariffs = heng_form_grow(form, arena, NULL, 0, sizeof *ret->tariffs, 1);
            if (ret->tariffs) heng_tariff_read(form, arena, &ret->tariffs[ret->tariff_count++]);
        } else
            heng_form_skip(form);
    }
}

static void fill_in_period(struct heng_rate_request *ret)
{
    for (size_t i = 0; i < ret->ask.usage_count; i++) {
        if (ret->usage[i].from == 0) ret->usage[i].from = ret->ask.from;
        if (ret->usage[i].to == 0) ret->usage[i].to = ret->ask.to;
    }
}

static void check_request(struct heng_form *form, struct heng_rate_request *ret, bool has_period)
{
    ret->has_rate = has_period || ret->tariff_count || ret->ask.usage_count;
    if (ret->has_rate && !has_period) heng_form_refuse(form, HENG_ECONFIG, "period", "it is missing");
    if (ret->has_rate && !ret->tariff_count) heng_form_refuse(form, HENG_ECONFIG, "tariff", "it is missing");
    if (ret->tariff_count > 1 && !ret->binding_count)
        heng_form_refuse(form, HENG_ECONFIG, "bindings", "which of the tariffs holds? it is missing");
    if (!ret->has_rate && !ret->has_late && !ret->has_rebill)
        heng_form_refuse(form, HENG_ECONFIG, "period", "nothing is asked: no period, late_fee or power_factor_rebill");
}

heng_rc heng_rate_contract_read(struct heng_slice json, struct heng_arena *arena, struct heng_rate_contract *ret,
                                struct heng_err *err)
{
    struct heng_form form;
    struct heng_rate_request request = {0};
    struct reader r = {&form, arena, &request};
    heng_form_open(&form, json);
    read_contract(&r);
    heng_rc rc = heng_form_close(&form, err);
    if (rc == HENG_OK) *ret = request.ask.contract;
    return rc;
}

heng_rc heng_rate_request_read(struct heng_slice json, struct heng_arena *arena, struct heng_rate_request *ret,
                               struct heng_err *err)
{
    struct heng_form form;
    struct reader r = {&form, arena, ret};
    struct heng_slice key;
    bool has_period = false;
    memset(ret, 0, sizeof *ret);
    heng_form_open(&form, json);
    read_tariffs_ahead(&form, arena, ret);
    heng_rc rc = heng_form_close(&form, err);
    if (rc != HENG_OK) return rc;
    heng_form_open(&form, json);
    heng_form_object(&form);
    while (heng_form_key(&form, &key)) {
        if (heng_slice_is(key, "tariff") || heng_slice_is(key, "tariffs"))
            heng_form_skip(&form);
        else if (heng_slice_is(key, "bindings"))
            read_bindings(&r);
        else if (!read_top(&r, key, &has_period))
            heng_form_unknown(&form);
    }
    check_request(&form, ret, has_period);
    fill_in_period(ret);
    return heng_form_close(&form, err);
}
