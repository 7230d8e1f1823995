/* The form "shares": what the building used, over the flats. */
#include <stdio.h>
#include <string.h>

#include "bill/calc.h"
#include "bill/largest.h"
#include "heat/apportion_parts.h"

/* The quantity to share, in its unit and at its places. */
struct whole {
    struct heng_dec total;
    int places;
    const char *unit;
};

/* --- the quantity --------------------------------------------------------------------------------------------------
 */

static int places_of(struct heng_dec dec) { return dec.exp < 0 ? -dec.exp : 0; }

static heng_rc convert(struct heng_share_job *job, const struct heng_quantity_form *form, struct whole *whole)
{
    struct heng_dec ratio[2], to = {0, 0};
    if (!form->to[0] || strcmp(form->to, form->unit) == 0) return HENG_OK;
    if (!heng_energy_ratio(form->unit, form->to, ratio))
        return heng_fail(job->err, HENG_ECONFLICT, 0, "quantity.to: %s is not to be had of %s", form->to, form->unit);
    if (!form->has_places)
        return heng_fail(job->err, HENG_ECONFIG, 0, "quantity.places: is needed when the unit is converted");
    struct heng_dec numbers[3] = {whole->total, ratio[0], ratio[1]};
    if (heng_exact_div(whole->total, ratio[0], ratio[1], form->places, form->rounding, &to) != HENG_OK)
        return heng_fail(job->err, HENG_ERANGE, 0, "quantity: does not fit");
    struct heng_step *step =
        heng_steps_say(heng_job_steps(job), HENG_STEP_SHARE_CONVERT, form->to, form->to, numbers, 3, to);
    if (step) {
        step->places = form->places;
        step->rounding = (uint8_t)form->rounding;
    }
    whole->total = to;
    whole->unit = form->to;
    return HENG_OK;
}

static heng_rc find_whole(struct heng_share_job *job, const struct heng_quantity_form *form, struct whole *whole)
{
    struct heng_calc calc = {0};
    *whole = (struct whole){form->value, 0, form->unit};
    if (form->has_register) {
        struct heng_dec numbers[3] = {form->start, form->end, form->multiplier};
        whole->total = heng_calc_mul(&calc, heng_calc_sub(&calc, form->end, form->start), form->multiplier);
        (void)heng_steps_say(heng_job_steps(job), HENG_STEP_SHARE_REGISTER, "quantity", form->unit, numbers, 3,
                             whole->total);
    }
    if (calc.rc != HENG_OK) return heng_fail(job->err, HENG_ERANGE, 0, "quantity: does not fit");
    heng_rc rc = convert(job, form, whole);
    if (rc != HENG_OK) return rc;
    whole->places = form->has_places ? form->places : places_of(whole->total);
    int64_t steps;
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(whole->total, text);
    if (whole->places > HENG_PLACES_MAX || !heng_exact_steps(whole->total, whole->places, &steps))
        return heng_fail(job->err, HENG_ERANGE, 0, "quantity.places: %s %s does not fit %d places exactly", text,
                         whole->unit, whole->places);
    whole->total = heng_dec_of(steps, -whole->places);
    return HENG_OK;
}

/* --- the parties of a group ----------------------------------------------------------------------------------------
 */

static heng_rc set_position(struct heng_share_job *job, const struct heng_group_form *group,
                            struct heng_flat_form *flat)
{
    if (!flat->position[0]) return HENG_OK;
    if (!heng_share_has_position(group->measure.method))
        return heng_fail(job->err, HENG_ECONFLICT, 0,
                         "position: this method has no position factor, its result contains the compensation already");
    for (size_t i = 0; i < group->position_count; i++)
        if (strcmp(flat->position, group->positions[i].name) == 0) {
            flat->party.factor = group->positions[i].factor;
            return HENG_OK;
        }
    return heng_fail(job->err, HENG_ENOTFOUND, 0, "position: '%s' is not one of positions", flat->position);
}

static heng_rc check_data(struct heng_share_job *job, heng_share_method method, const struct heng_data *data)
{
    for (unsigned i = 0; i < HENG_DATUMS; i++)
        if ((data->has >> i & 1) && !(heng_datum_infos[i].methods >> method & 1))
            return heng_fail(job->err, HENG_ECONFLICT, 0,
                             "%s: the method %s does not know it; one group has one method", heng_datum_infos[i].name,
                             heng_share_method_text(method));
    return HENG_OK;
}

static heng_rc check_lists(struct heng_share_job *job, heng_share_method method, const struct heng_flat_data *data)
{
    heng_rc rc = check_data(job, method, &data->data);
    for (size_t i = 0; i < data->sample_count && rc == HENG_OK; i++) rc = check_data(job, method, &data->samples[i]);
    for (size_t i = 0; i < data->segment_count && rc == HENG_OK; i++) rc = check_data(job, method, &data->segments[i]);
    for (size_t i = 0; i < data->room_count && rc == HENG_OK; i++) rc = check_data(job, method, &data->rooms[i].data);
    if (rc == HENG_OK && data->room_count && method != HENG_SHARE_ROOM_TEMPERATURE)
        rc = heng_fail(job->err, HENG_ECONFLICT, 0, "rooms: belong to the method temperature-area");
    if (rc == HENG_OK && data->radiator_count && method != HENG_SHARE_ALLOCATORS)
        rc = heng_fail(job->err, HENG_ECONFLICT, 0, "radiators: belong to the method allocators");
    if (rc == HENG_OK && data->open_count && method != HENG_SHARE_ON_OFF && method != HENG_SHARE_TEMPERATURE_TIME)
        rc = heng_fail(job->err, HENG_ECONFLICT, 0, "open: belongs to the method on-off-area");
    return rc;
}

/* A flat of which only a part of the time is known is missing, with a series of its own. */
static heng_rc set_coverage(struct heng_share_job *job, const struct heng_group_form *group,
                            struct heng_flat_form *flat, struct heng_dec covered)
{
    struct heng_party *party = &flat->party;
    party->window = group->measure.supply_h;
    if (heng_dec_zero(covered) || heng_dec_zero(party->window)) return HENG_OK;
    if (heng_dec_less(party->window, covered))
        return heng_fail(job->err, HENG_ERANGE, 0, "window_h: is more than the supply of the group");
    party->covered = covered;
    if (heng_dec_less(covered, party->window) && party->state == HENG_PARTY_MEASURED) {
        party->state = HENG_PARTY_MISSING;
        party->reason = "covers a part of the supply only";
    }
    return HENG_OK;
}

static bool has_data(const struct heng_flat_data *data)
{
    return data->data.has || data->room_count || data->sample_count || data->segment_count || data->radiator_count ||
           data->open_count;
}

static heng_rc set_memory(struct heng_share_job *job, const struct heng_measure_rules *rules,
                          struct heng_flat_form *flat)
{
    struct heng_flat_data memory = {.data = flat->memory};
    struct heng_dec covered;
    if (!flat->party.has_memory) return HENG_OK;
    heng_rc rc = check_data(job, rules->method, &flat->memory);
    if (rc == HENG_OK) rc = heng_measure(rules, flat->party.id, &memory, &flat->party.memory, &covered, job->err);
    return heng_job_prefix(job, rc, "memory.");
}

/* On-off and temperature methods take the flow of all flats as balanced; the return of each shows whether it is. */
static void take_return(heng_share_method method, struct heng_flat_form *flat)
{
    struct heng_data *data = &flat->data.data;
    bool nominal = heng_share_by_area(method) && method != HENG_SHARE_AREA;
    flat->has_return = nominal && (data->has >> HENG_DATUM_RETURN_C & 1);
    if (!flat->has_return) return;
    flat->return_c = data->n[HENG_DATUM_RETURN_C];
    data->has &= ~(1u << HENG_DATUM_RETURN_C);
}

static heng_rc measure_flat(struct heng_share_job *job, const struct heng_group_form *group,
                            const struct heng_measure_rules *rules, struct heng_flat_form *flat)
{
    struct heng_party *party = &flat->party;
    struct heng_dec covered = {0, 0};
    take_return(rules->method, flat);
    heng_rc rc = set_position(job, group, flat);
    if (rc == HENG_OK) rc = check_lists(job, rules->method, &flat->data);
    if (rc != HENG_OK) return rc;
    if (!heng_dec_zero(flat->radiator_count) &&
        heng_dec_less(heng_dec_of((int64_t)flat->data.radiator_count, 0), flat->radiator_count)) {
        flat->data.flags |= HENG_FLAG_NOT_COVERED;
        if (party->state == HENG_PARTY_MEASURED) {
            party->state = HENG_PARTY_MISSING;
            party->reason = "not every radiator has a device";
        }
    }
    if (party->state == HENG_PARTY_MEASURED || (has_data(&flat->data) && flat->data.flags == 0))
        rc = heng_measure(rules, party->id, &flat->data, &party->measure, &covered, job->err);
    if (rc == HENG_OK) rc = set_coverage(job, group, flat, covered);
    if (rc == HENG_OK) rc = set_memory(job, rules, flat);
    return rc;
}

static heng_rc warn_flags(struct heng_share_job *job, const struct heng_flat_form *flat)
{
    static const struct {
        uint32_t flag;
        const char *code, *text;
    } FLAGS[] = {
        {HENG_FLAG_OPEN_CLIPPED, "open-clipped", "open for longer than there was supply: counted as all of it"},
        {HENG_FLAG_NEGATIVE_DT, "negative-difference", "return warmer than flow: counted as no difference"},
        {HENG_FLAG_BELOW_BASE, "below-base", "colder than the base temperature: counted as at the base"},
        {HENG_FLAG_ROOM_MISSING, "room-missing",
         "a room has no value: it counts as the mean of the others of the flat"},
        {HENG_FLAG_NOT_COVERED, "not-covered", "not every radiator has a device"},
    };
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < sizeof FLAGS / sizeof FLAGS[0] && rc == HENG_OK; i++)
        if (flat->data.flags & FLAGS[i].flag)
            rc = heng_job_warn(job, FLAGS[i].code, flat->party.id, "%s", FLAGS[i].text);
    return rc;
}

static heng_rc check_returns(struct heng_share_job *job, const struct heng_group_form *group, const uint32_t *order)
{
    struct heng_calc calc = {0};
    struct heng_dec sum = {0, 0};
    int64_t count = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (!group->flats[i].has_return) continue;
        sum = heng_calc_add(&calc, sum, group->flats[i].return_c);
        count++;
    }
    if (!group->has_return_spread || count == 0) return HENG_OK;
    struct heng_dec mean = heng_calc_div(&calc, sum, heng_dec_one(), heng_dec_of(count, 0), 2);
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < group->count && rc == HENG_OK; i++) {
        const struct heng_flat_form *flat = &group->flats[order[i]];
        char is[HENG_DEC_TEXT_MAX], of[HENG_DEC_TEXT_MAX];
        struct heng_dec off = heng_calc_sub(&calc, flat->return_c, mean);
        if (off.mantissa < 0) off.mantissa = -off.mantissa;
        if (calc.rc != HENG_OK) return heng_fail(job->err, HENG_ERANGE, 0, "return_c: has more digits than fit");
        if (!flat->has_return || !heng_dec_less(group->return_spread_k, off)) continue;
        heng_dec_format(flat->return_c, is);
        heng_dec_format(mean, of);
        rc = heng_job_warn(job, "return-temperature", flat->party.id,
                           "return %s degrees, mean of the flats %s: is the flow balanced?", is, of);
    }
    return rc;
}

static heng_rc measure_group(struct heng_share_job *job, struct heng_group_form *group, struct heng_party **ret)
{
    struct heng_party *parties = heng_arena_take(job->arena, group->count, sizeof *parties);
    struct heng_measure_rules rules = group->measure;
    const char **ids = heng_arena_take(job->arena, group->count, sizeof *ids);
    uint32_t *order = heng_arena_take(job->arena, group->count, sizeof *order);
    if (!parties || !ids || !order) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the participants");
    rules.steps = heng_job_steps(job);
    for (size_t i = 0; i < group->count; i++) ids[i] = group->flats[i].party.id;
    (void)heng_order_by_id(ids, group->count, order); /* so that steps and warnings have an order, too */
    for (size_t i = 0; i < group->count; i++) {
        heng_rc rc = measure_flat(job, group, &rules, &group->flats[order[i]]);
        if (rc != HENG_OK) return heng_job_prefix(job, rc, "participants[%u].", order[i]);
        rc = warn_flags(job, &group->flats[order[i]]);
        if (rc != HENG_OK) return rc;
        parties[order[i]] = group->flats[order[i]].party;
    }
    *ret = parties;
    return check_returns(job, group, order);
}

/* --- pipe heat -----------------------------------------------------------------------------------------------------
 */

static heng_rc check_pipe(struct heng_share_job *job, const struct heng_group_form *group,
                          const struct heng_party *parties)
{
    heng_share_method method = group->measure.method;
    if (method != HENG_SHARE_ALLOCATORS && method != HENG_SHARE_WEIGHTS)
        return heng_fail(job->err, HENG_ECONFLICT, 0, "pipe_heat: belongs to allocators");
    for (size_t i = 0; i < group->count; i++)
        if (parties[i].state != HENG_PARTY_MEASURED || heng_dec_zero(parties[i].area))
            return heng_fail(job->err, HENG_ECONFIG, 0, "participants[%zu]: pipe_heat needs units and area of everyone",
                             i);
    return HENG_OK;
}

/* Units of the pipes = target x heat / kWh per unit - units of all; each flat gets them by its area, to 2 places. */
static heng_rc add_pipe_heat(struct heng_share_job *job, const struct heng_group_form *group,
                             struct heng_party *parties)
{
    const struct heng_pipe_heat *pipe = &group->pipe;
    struct heng_calc calc = {0};
    struct heng_dec units = {0, 0}, areas = {0, 0};
    if (!pipe->on) return HENG_OK;
    heng_rc rc = check_pipe(job, group, parties);
    for (size_t i = 0; i < group->count; i++) {
        units = heng_calc_add(&calc, units, parties[i].measure);
        areas = heng_calc_add(&calc, areas, parties[i].area);
    }
    struct heng_dec seen[3] = {units, pipe->sensitivity, pipe->quantity};
    struct heng_dec share = heng_calc_div(&calc, seen[0], seen[1], seen[2], 4);
    (void)heng_steps_say(heng_job_steps(job), HENG_STEP_SHARE_PIPE, group->id, "", seen, 3, share);
    if (rc != HENG_OK || calc.rc != HENG_OK)
        return rc != HENG_OK ? rc : heng_fail(job->err, HENG_ERANGE, 0, "pipe_heat: a number does not fit");
    if (heng_dec_less(pipe->limit, share))
        return heng_job_warn(job, "pipe-heat-not-needed", group->id, "enough was recorded: nothing is added");
    struct heng_dec wanted = heng_calc_div(&calc, pipe->target, pipe->quantity, pipe->sensitivity, 6);
    struct heng_dec more = heng_calc_sub(&calc, wanted, units);
    for (size_t i = 0; i < group->count; i++) {
        struct heng_dec numbers[4] = {parties[i].measure, more, parties[i].area, areas};
        struct heng_dec added = heng_calc_div(&calc, more, numbers[2], numbers[3], 2);
        parties[i].measure = heng_calc_add(&calc, parties[i].measure, added);
        (void)heng_steps_say(heng_job_steps(job), HENG_STEP_SHARE_PIPE_UNITS, parties[i].id, "", numbers, 4,
                             parties[i].measure);
    }
    if (calc.rc != HENG_OK) return heng_fail(job->err, HENG_ERANGE, 0, "pipe_heat: a number does not fit");
    return heng_job_warn(job, "pipe-heat", group->id,
                         "units of pipes were added (VDI 2077, a formula nobody confirmed)");
}

/* --- what comes out ------------------------------------------------------------------------------------------------
 */

static void put_share(struct heng_share_job *job, const struct heng_group_form *group,
                      const struct heng_share_line *line, const char *unit)
{
    struct heng_json *json = &job->json;
    const struct heng_party *party = &group->flats[line->party].party;
    heng_json_object(json);
    heng_put_text(json, "id", party->id);
    heng_put_some(json, "area", party->area);
    heng_put_some(json, "factor", party->factor);
    if (group->flats[line->party].has_return) heng_put_dec(json, "return_c", group->flats[line->party].return_c);
    /* What a device said is kept even where the group went by area. */
    if (line->source <= HENG_SOURCE_COMPARABLE || party->state == HENG_PARTY_MEASURED)
        heng_put_dec(json, "measure", line->measure);
    if (line->source <= HENG_SOURCE_COMPARABLE && group->measure.method == HENG_SHARE_ON_OFF) {
        struct heng_calc calc = {0};
        heng_put_dec(json, "ratio", heng_calc_div(&calc, line->measure, heng_dec_one(), group->measure.supply_h, 6));
    }
    heng_put_dec(json, "weight", line->weight);
    heng_put_text(json, "source", heng_share_source_text(line->source));
    if (line->source != HENG_SOURCE_DEVICE && party->reason) heng_put_text(json, "reason", party->reason);
    if (line->number_count) {
        heng_json_key(json, "numbers");
        heng_json_array(json);
        for (unsigned i = 0; i < line->number_count; i++) heng_json_dec(json, line->numbers[i]);
        heng_json_end_array(json);
    }
    heng_put_dec(json, "quantity", line->part);
    heng_put_text(json, "unit", unit);
    heng_json_end_object(json);
}

static void put_rules(struct heng_share_job *job, const struct heng_group_form *group)
{
    struct heng_json *json = &job->json;
    const struct heng_share_rules *rules = &group->rules;
    heng_json_key(json, "substitution");
    heng_json_object(json);
    heng_json_key(json, "order");
    heng_json_array(json);
    for (unsigned i = 0; i < rules->order_count; i++)
        heng_json_text(json, heng_share_source_text((heng_share_source)rules->order[i]));
    heng_json_end_array(json);
    heng_put_dec(json, "coverage", rules->coverage);
    heng_put_dec(json, "area_limit", rules->area_limit);
    heng_put_dec(json, rules->tamper == HENG_TAMPER_PERCENTILE ? "tamper_percentile" : "tamper_mean_factor",
                 rules->tamper_value);
    heng_put_int(json, "places", rules->places);
    heng_json_end_object(json);
}

static void put_group_head(struct heng_share_job *job, const struct heng_group_form *group,
                           const struct heng_share_sum *sum, const struct whole *whole)
{
    struct heng_json *json = &job->json;
    heng_put_text(json, "id", group->id);
    heng_put_text(json, "method", heng_share_method_text(group->measure.method));
    heng_put_some(json, "metered", group->metered);
    heng_put_dec(json, "quantity", group->quantity);
    heng_put_text(json, "unit", whole->unit);
    heng_put_some(json, "supply_h", group->measure.supply_h);
    if (group->measure.method == HENG_SHARE_ROOM_TEMPERATURE) heng_put_dec(json, "base_c", group->measure.base_c);
    if (group->measure.method == HENG_SHARE_ALLOCATORS) heng_put_int(json, "k_places", group->measure.k_places);
    put_rules(job, group);
    heng_put_dec(json, "weights", sum->weights);
    heng_put_some(json, "area", sum->areas);
    heng_put_some(json, "affected_area", sum->affected);
    heng_put_some(json, "affected_share", sum->affected_share);
    heng_put_bool(json, "by_area", sum->by_area);
}

static heng_rc warn_group(struct heng_share_job *job, const struct heng_group_form *group,
                          const struct heng_share_line *lines, const struct heng_share_sum *sum)
{
    heng_rc rc = HENG_OK;
    if (sum->all_zero) rc = heng_job_warn(job, "all-weights-zero", group->id, "all weights are zero: shared by area");
    if (rc == HENG_OK && sum->over_limit)
        rc = heng_job_warn(job, "area-limit", group->id, "more than the limit is affected: the whole group by area");
    if (rc == HENG_OK && sum->by_area && !sum->all_zero && !sum->over_limit)
        rc = heng_job_warn(job, "by-area", group->id, "a value has no substitute: the whole group by area");
    for (size_t i = 0; i < group->count && rc == HENG_OK; i++) {
        const struct heng_party *party = &group->flats[lines[i].party].party;
        if (lines[i].source == HENG_SOURCE_DEVICE || party->state == HENG_PARTY_MEASURED) continue;
        rc = heng_job_warn(job, party->state == HENG_PARTY_TAMPERED ? "tampered" : "substituted", party->id, "%s: %s",
                           heng_share_source_text(lines[i].source), party->reason ? party->reason : "no reason given");
    }
    return rc;
}

static heng_rc write_group(struct heng_share_job *job, struct heng_group_form *group, const struct whole *whole)
{
    struct heng_party *parties = NULL;
    struct heng_share_sum sum;
    struct heng_share_line *lines = heng_arena_take(job->arena, group->count ? group->count : 1, sizeof *lines);
    if (!lines) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the shares");
    heng_rc rc = measure_group(job, group, &parties);
    if (rc == HENG_OK) rc = add_pipe_heat(job, group, parties);
    if (rc != HENG_OK) return rc;
    const struct heng_share_ask ask = {.method = group->measure.method,
                                       .name = group->id,
                                       .unit = whole->unit,
                                       .total = group->quantity,
                                       .places = whole->places,
                                       .rules = &group->rules,
                                       .parties = parties,
                                       .count = group->count};
    rc = heng_apportion(&ask, job->arena, lines, &sum, heng_job_steps(job), job->err);
    if (rc == HENG_OK) rc = warn_group(job, group, lines, &sum);
    if (rc != HENG_OK) return rc;
    heng_json_object(&job->json);
    put_group_head(job, group, &sum, whole);
    heng_json_key(&job->json, "shares");
    heng_json_array(&job->json);
    for (size_t i = 0; i < group->count; i++) {
        struct heng_flat_form *flat = &group->flats[lines[i].party];
        put_share(job, group, &lines[i], whole->unit);
        flat->heat.quantity = lines[i].part;
        flat->heat.has_quantity = true;
    }
    heng_json_end_array(&job->json);
    heng_json_end_object(&job->json);
    return HENG_OK;
}

/* --- groups --------------------------------------------------------------------------------------------------------
 */

static void sort_groups(struct heng_group_form *groups, const uint32_t *order, size_t n, struct heng_group_form *room)
{
    memcpy(room, groups, n * sizeof *room);
    for (size_t i = 0; i < n; i++) groups[i] = room[order[i]];
}

/* Each group its part by its own meter: the devices of one kind say nothing about those of another. */
static heng_rc split_groups(struct heng_share_job *job, struct heng_apportion_form *form, const struct whole *whole)
{
    size_t n = form->group_count;
    if (!form->nested) {
        form->groups[0].quantity = whole->total;
        return HENG_OK;
    }
    struct heng_party *parties = heng_arena_take(job->arena, n, sizeof *parties);
    struct heng_share_line *lines = heng_arena_take(job->arena, n, sizeof *lines);
    struct heng_group_form *room = heng_arena_take(job->arena, n, sizeof *room);
    uint32_t *order = heng_arena_take(job->arena, n, sizeof *order);
    struct heng_share_sum sum;
    struct heng_share_rules rules = heng_share_rules_default();
    if (!parties || !lines || !room || !order) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the groups");
    for (size_t i = 0; i < n; i++)
        parties[i] = (struct heng_party){.id = form->groups[i].id, .measure = form->groups[i].metered};
    const struct heng_share_ask ask = {HENG_SHARE_WEIGHTS, form->group, whole->unit, whole->total,
                                       whole->places,      &rules,      parties,     n};
    heng_rc rc = heng_apportion(&ask, job->arena, lines, &sum, heng_job_steps(job), job->err);
    if (rc != HENG_OK) return heng_job_prefix(job, rc, "groups as ");
    for (size_t i = 0; i < n; i++) {
        order[i] = lines[i].party;
        form->groups[lines[i].party].quantity = lines[i].part;
    }
    sort_groups(form->groups, order, n, room);
    return HENG_OK;
}

static size_t count_steps(const struct heng_apportion_form *form)
{
    size_t count = 64;
    for (size_t g = 0; g < form->group_count; g++)
        for (size_t i = 0; i < form->groups[g].count; i++) {
            const struct heng_flat_form *flat = &form->groups[g].flats[i];
            count += 15 + flat->data.room_count + flat->data.sample_count + flat->data.segment_count +
                     2 * flat->data.radiator_count;
            if (form->price.is)
                count += 20 + flat->heat.cold_count + flat->heat.failure_count + 2 * flat->late_bill.payment_count;
        }
    return count;
}

static void put_head(struct heng_share_job *job, const struct heng_apportion_form *form)
{
    struct heng_json *json = &job->json;
    if (form->group[0]) heng_put_text(json, "group", form->group);
    heng_put_period(json, &form->period);
    if (form->parameters[0]) heng_put_text(json, "parameters", form->parameters);
    if (form->supersedes[0]) heng_put_text(json, "supersedes", form->supersedes);
}

static heng_rc write_groups(struct heng_share_job *job, struct heng_apportion_form *form, const char **ret_unit)
{
    struct whole whole;
    heng_rc rc = find_whole(job, &form->quantity, &whole);
    if (rc == HENG_OK) rc = split_groups(job, form, &whole);
    if (rc != HENG_OK) return rc;
    *ret_unit = whole.unit;
    heng_put_dec(&job->json, "quantity", whole.total);
    heng_put_text(&job->json, "unit", whole.unit);
    heng_json_key(&job->json, "groups");
    heng_json_array(&job->json);
    for (size_t i = 0; i < form->group_count && rc == HENG_OK; i++) {
        rc = write_group(job, &form->groups[i], &whole);
        if (form->nested) rc = heng_job_prefix(job, rc, "group %s: ", form->groups[i].id);
    }
    heng_json_end_array(&job->json);
    return rc;
}

heng_rc heng_shares_write(struct heng_share_job *job, struct heng_slice json, bool only_bills)
{
    struct heng_apportion_form form;
    const char *unit = "";
    heng_rc rc = heng_apportion_read(json, job->arena, &form, job->err);
    if (rc != HENG_OK) return rc;
    if (only_bills && (form.quantity.is || form.nested || form.groups[0].has_method))
        return heng_fail(job->err, HENG_ECONFLICT, 0, "kind: heat-bill has no quantity, method or groups of its own");
    if (!only_bills && !form.quantity.is)
        return heng_fail(job->err, HENG_ECONFIG, 0, "quantity: is missing; bills alone are the kind heat-bill");
    if (form.price.is) memcpy(job->currency, form.price.price.currency, sizeof job->currency);
    rc = heng_job_room_for_steps(job, count_steps(&form));
    if (rc != HENG_OK) return rc;
    put_head(job, &form);
    if (!only_bills) rc = write_groups(job, &form, &unit);
    if (rc == HENG_OK && form.price.is)
        rc = heng_heat_bills_write(job, &form, only_bills ? form.price.price.unit : unit);
    return rc;
}
