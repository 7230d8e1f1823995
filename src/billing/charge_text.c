/* What is kept of a calculation: the ask in the form of heng rate, the used tiers, and the trace. Each is written once,
 * without spaces, in the order that stands here. */
#include "billing/charger.h"

#include <stdio.h>

static void key_text(struct heng_json *json, const char *key, const char *text)
{
    heng_json_key(json, key);
    heng_json_text(json, text);
}

static void key_int(struct heng_json *json, const char *key, int64_t value)
{
    heng_json_key(json, key);
    heng_json_int(json, value);
}

static void key_dec(struct heng_json *json, const char *key, struct heng_dec value)
{
    heng_json_key(json, key);
    heng_json_dec(json, value);
}

static void key_day(struct heng_json *json, const char *key, heng_day day)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_date_format(day, text);
    key_text(json, key, text);
}

static void key_digest(struct heng_json *json, const char *key, const uint8_t digest[32])
{
    heng_json_key(json, key);
    heng_json_hex(json, heng_slice_of(digest, 32));
}

static heng_rc keep(struct heng_str *text, struct heng_arena *arena, struct heng_slice *ret, struct heng_err *err)
{
    char *copy = text->rc == HENG_OK ? heng_arena_take(arena, text->n + 1, 1) : NULL;
    if (!copy) return heng_fail(err, text->rc == HENG_ELIMIT ? HENG_ELIMIT : HENG_ENOMEM, 0, "a charge is too large");
    memcpy(copy, text->text, text->n);
    *ret = heng_slice_of(copy, text->n);
    return HENG_OK;
}

/* --- the ask ----------------------------------------------------------------------------------------------------- */

static void put_usage(struct heng_json *json, const struct charge_work *work, const struct heng_rate_usage *usage)
{
    heng_json_object(json);
    key_text(json, "quantity", usage->quantity);
    if (usage->rate) key_text(json, "rate", usage->rate);
    key_text(json, "unit", usage->unit);
    if (usage->from != work->from) key_day(json, "from", usage->from);
    if (usage->to != work->to) key_day(json, "to", usage->to);
    if (usage->is_amount) key_dec(json, "amount", usage->amount);
    if (usage->is_intervals) {
        heng_json_key(json, "intervals");
        heng_json_object(json);
        key_int(json, "minutes", usage->minutes);
        heng_json_key(json, "amounts");
        heng_json_array(json);
        for (size_t i = 0; i < usage->interval_count; i++)
            heng_json_dec(json, (struct heng_dec){usage->intervals[i], usage->exp});
        heng_json_end_array(json);
        heng_json_end_object(json);
    }
    heng_json_end_object(json);
}

/* A reference in the place of a tariff: which edition of whose, with the digest of its text. */
static void put_reference(struct heng_json *json, const struct charge_tariff *tariff)
{
    heng_json_object(json);
    key_text(json, "key", tariff->edition.key);
    key_int(json, "org", tariff->edition.org_id);
    key_int(json, "edition", tariff->edition.edition);
    key_digest(json, "digest", tariff->edition.digest);
    heng_json_end_object(json);
}

static bool came_before(const struct charge_work *work, size_t s)
{
    for (size_t i = 0; i < s; i++)
        if (work->tariffs[i] == work->tariffs[s]) return true;
    return false;
}

static void put_tariffs(struct heng_json *json, const struct charge_work *work)
{
    if (work->span_count == 1) {
        heng_json_key(json, "tariff");
        put_reference(json, work->tariffs[0]);
        return;
    }
    heng_json_key(json, "tariffs");
    heng_json_array(json);
    for (size_t s = 0; s < work->span_count; s++)
        if (!came_before(work, s)) put_reference(json, work->tariffs[s]);
    heng_json_end_array(json);
    heng_json_key(json, "bindings");
    heng_json_array(json);
    for (size_t s = 0; s < work->span_count; s++) {
        heng_json_object(json);
        key_text(json, "level", "contract");
        key_text(json, "tariff", work->spans[s].tariff->id);
        key_day(json, "from", work->spans[s].from);
        key_day(json, "to", work->spans[s].to);
        heng_json_end_object(json);
    }
    heng_json_end_array(json);
}

static heng_rc ask_text(struct heng_charger *charger, struct heng_slice *ret, struct heng_err *err)
{
    const struct charge_work *work = &charger->work;
    heng_str_clear(&charger->text);
    struct heng_json json = heng_json_of(&charger->text);
    heng_json_object(&json);
    heng_json_key(&json, "period");
    heng_json_object(&json);
    key_day(&json, "from", work->from);
    key_day(&json, "to", work->to);
    heng_json_end_object(&json);
    heng_json_key(&json, "usage");
    heng_json_array(&json);
    for (size_t i = 0; i < work->usage_count; i++) put_usage(&json, work, &work->usage[i]);
    heng_json_end_array(&json);
    heng_json_key(&json, "contract");
    heng_json_raw(&json, (const char *)work->contract_text.p, work->contract_text.n);
    put_tariffs(&json, work);
    heng_json_end_object(&json);
    return keep(&charger->text, work->arena, ret, err);
}

/* --- the used tiers ---------------------------------------------------------------------------------------------- */

heng_rc charge_states_text(struct heng_str *text, const struct heng_rate_result *result, struct heng_arena *arena,
                           struct heng_slice *ret, struct heng_err *err)
{
    heng_str_clear(text);
    struct heng_json json = heng_json_of(text);
    heng_json_array(&json);
    for (size_t i = 0; i < result->state_count; i++) {
        const struct heng_rate_state *state = &result->states[i];
        size_t n = HENG_TARIFF_STEPS_MAX;
        while (n > 1 && state->used[n - 1].mantissa == 0) n--;
        heng_json_object(&json);
        key_text(&json, "component", state->component);
        if (state->contract[0]) key_text(&json, "contract", state->contract);
        key_day(&json, "cycle_from", state->cycle_from);
        heng_json_key(&json, "used");
        heng_json_array(&json);
        for (size_t k = 0; k < n; k++) heng_json_dec(&json, state->used[k]);
        heng_json_end_array(&json);
        heng_json_end_object(&json);
    }
    heng_json_end_array(&json);
    return keep(text, arena, ret, err);
}

/* --- the trace --------------------------------------------------------------------------------------------------- */

static void put_row(struct heng_json *json, const struct charge_work *work, const struct charge_row *row)
{
    const struct heng_channel_row *channel = &work->channels[row->channel];
    heng_json_object(json);
    key_int(json, "channel", channel->id);
    if (channel->tariff) key_int(json, "register", channel->tariff);
    key_day(json, "from", row->from);
    key_day(json, "to", row->to);
    key_dec(json, "amount", row->amount);
    key_text(json, "unit", heng_unit_text(channel->unit));
    key_int(json, "days", row->days);
    if (row->estimated) key_int(json, "estimated", row->estimated);
    key_text(json, "trust", heng_trust_text((heng_trust)row->trust));
    key_digest(json, "sha256", row->digest);
    heng_json_end_object(json);
}

static void put_bound(struct heng_json *json, const struct charge_work *work, size_t i)
{
    const struct heng_charge_bound *bound = &work->bounds[i];
    heng_json_object(json);
    key_int(json, "channel", work->channels[work->bound_channels[i]].id);
    key_int(json, "device", bound->device_id);
    key_text(json, "meter", bound->number);
    key_text(json, "of", bound->is_end ? "end" : "begin");
    if (bound->has_reading) {
        key_int(json, "at", bound->at_us);
        if (bound->due_us) key_int(json, "due", bound->due_us);
        key_int(json, "source", bound->source);
    }
    if (bound->register_id) {
        key_int(json, "register", bound->register_id);
        key_dec(json, "index", bound->index);
        key_text(json, "unit", bound->unit);
        if (bound->frame_count) key_int(json, "frame", bound->first_frame + bound->frame);
    }
    if (bound->is_end && bound->removed_us) key_int(json, "removed", bound->removed_us);
    heng_json_end_object(json);
}

/* Which entries of the ask a line is of: of its quantity, in its days, of its rate where it has one. */
static void put_line(struct heng_json *json, const struct charge_work *work, const struct heng_rate_line *line)
{
    const char *quantity = line->component->quantity;
    bool rated = false;
    for (size_t i = 0; line->rate && i < work->usage_count; i++)
        rated = rated || (work->usage[i].rate && strcmp(work->usage[i].rate, line->rate) == 0);
    heng_json_array(json);
    for (size_t i = 0; quantity && i < work->usage_count; i++) {
        const struct heng_rate_usage *usage = &work->usage[i];
        if (strcmp(usage->quantity, quantity) != 0 || usage->from >= line->to || usage->to <= line->from) continue;
        if (rated ? !usage->rate || strcmp(usage->rate, line->rate) != 0 : usage->rate && line->tier == 0) continue;
        heng_json_int(json, (int64_t)i);
    }
    heng_json_end_array(json);
}

static heng_rc trace_text(struct heng_charger *charger, const struct heng_rate_result *result, struct heng_slice *ret,
                          struct heng_err *err)
{
    const struct charge_work *work = &charger->work;
    heng_str_clear(&charger->text);
    struct heng_json json = heng_json_of(&charger->text);
    heng_json_object(&json);
    heng_json_key(&json, "rows");
    heng_json_array(&json);
    for (size_t i = 0; i < work->row_count; i++) put_row(&json, work, &work->rows[i]);
    heng_json_end_array(&json);
    heng_json_key(&json, "usage");
    heng_json_array(&json);
    for (size_t i = 0; i < work->usage_count; i++) {
        heng_json_object(&json);
        key_int(&json, "row", (int64_t)work->usage_rows[i]);
        key_text(&json, "how", charge_how_text(work->usage_how[i]));
        heng_json_end_object(&json);
    }
    heng_json_end_array(&json);
    heng_json_key(&json, "lines");
    heng_json_array(&json);
    for (size_t i = 0; i < result->count; i++)
        if (!result->lines[i].component->informative) put_line(&json, work, &result->lines[i]);
    heng_json_end_array(&json);
    heng_json_key(&json, "readings");
    heng_json_array(&json);
    for (size_t i = 0; i < work->bound_count; i++) put_bound(&json, work, i);
    heng_json_end_array(&json);
    heng_json_end_object(&json);
    return keep(&charger->text, work->arena, ret, err);
}

heng_rc charge_texts(struct heng_charger *charger, const struct heng_rate_result *result, struct heng_charge *ret,
                     struct heng_err *err)
{
    heng_rc rc = ask_text(charger, &ret->ask, err);
    if (rc == HENG_OK) rc = charge_states_text(&charger->text, result, charger->work.arena, &ret->states, err);
    return rc == HENG_OK ? trace_text(charger, result, &ret->trace, err) : rc;
}
