#include "heat/measures.h"

#include <stdio.h>

#include "bill/calc.h"

const struct heng_datum_info heng_datum_infos[HENG_DATUMS] = {
#define X(symbol, name, methods) {name, methods},
    HENG_DATUM_LIST(X)
#undef X
};

/* --- time ----------------------------------------------------------------------------------------------------------
 */

size_t heng_spans_without(const struct heng_span *from, size_t from_count, const struct heng_span *holes,
                          size_t hole_count, struct heng_span *ret)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < from_count; i++) {
        struct heng_span left = from[i];
        while (k > 0 && holes[k - 1].to_s > left.from_s) k--;
        for (; k < hole_count && holes[k].from_s < left.to_s; k++) {
            if (holes[k].to_s <= left.from_s) continue;
            if (holes[k].from_s > left.from_s) ret[n++] = (struct heng_span){left.from_s, holes[k].from_s};
            left.from_s = holes[k].to_s;
        }
        if (left.from_s < left.to_s) ret[n++] = left;
    }
    return n;
}

int64_t heng_spans_both(const struct heng_span *a, size_t a_count, const struct heng_span *b, size_t b_count)
{
    int64_t sum = 0;
    for (size_t i = 0, k = 0; i < a_count && k < b_count;) {
        int64_t from = a[i].from_s > b[k].from_s ? a[i].from_s : b[k].from_s;
        int64_t to = a[i].to_s < b[k].to_s ? a[i].to_s : b[k].to_s;
        if (to > from) sum += to - from;
        if (a[i].to_s < b[k].to_s)
            i++;
        else
            k++;
    }
    return sum;
}

/* --- one stretch of one device ----------------------------------------------------------------------------------- */

struct maker {
    const struct heng_measure_rules *rules;
    const char *id;
    struct heng_flat_data *flat;
    struct heng_calc calc;
    struct heng_err *err;
};

static bool has(const struct heng_data *data, heng_datum datum) { return data->has >> datum & 1; }

static heng_rc lacks(struct maker *maker, const char *what)
{
    return heng_fail(maker->err, HENG_ECONFIG, 0, "%s is not given; a flat without it says \"missing\" and why", what);
}

static void say(struct maker *maker, heng_step_kind kind, const struct heng_dec *numbers, size_t count,
                struct heng_dec result)
{
    (void)heng_steps_say(maker->rules->steps, kind, maker->id, "", numbers, count, result);
}

static heng_rc register_use(struct maker *maker, const struct heng_data *data, const char *otherwise,
                            struct heng_dec *ret)
{
    if (!has(data, HENG_DATUM_START) || !has(data, HENG_DATUM_END)) return lacks(maker, otherwise);
    struct heng_dec numbers[3] = {data->n[HENG_DATUM_START], data->n[HENG_DATUM_END], heng_dec_one()};
    if (has(data, HENG_DATUM_MULTIPLIER)) numbers[2] = data->n[HENG_DATUM_MULTIPLIER];
    if (heng_dec_less(numbers[1], numbers[0]))
        return heng_fail(maker->err, HENG_ERANGE, 0, "end: is below start; an exchanged meter is two segments");
    *ret = heng_calc_mul(&maker->calc, heng_calc_sub(&maker->calc, numbers[1], numbers[0]), numbers[2]);
    say(maker, HENG_STEP_SHARE_REGISTER, numbers, 3, *ret);
    return HENG_OK;
}

static heng_rc meter_use(struct maker *maker, const struct heng_data *data, struct heng_dec *ret)
{
    if (!has(data, HENG_DATUM_USE)) return register_use(maker, data, "use, or start and end,", ret);
    *ret = data->n[HENG_DATUM_USE];
    if (has(data, HENG_DATUM_START) || has(data, HENG_DATUM_END))
        return heng_fail(maker->err, HENG_ECONFLICT, 0, "use: start and end are given as well");
    if (!has(data, HENG_DATUM_MULTIPLIER)) return HENG_OK;
    *ret = heng_calc_mul(&maker->calc, *ret, data->n[HENG_DATUM_MULTIPLIER]);
    return HENG_OK;
}

static heng_rc allocator_units(struct maker *maker, const struct heng_data *data, struct heng_dec *ret)
{
    if (!has(data, HENG_DATUM_UNITS)) return register_use(maker, data, "radiators, units, or start and end,", ret);
    *ret = data->n[HENG_DATUM_UNITS];
    return HENG_OK;
}

/* Share of the flow x temperature difference x time; a difference below zero is none, and flagged. */
static heng_rc flow_heat(struct maker *maker, const struct heng_data *data, struct heng_dec *ret)
{
    struct heng_dec difference = data->n[HENG_DATUM_DT_K];
    if (!has(data, HENG_DATUM_FLOW_SHARE)) return lacks(maker, "flow_share");
    if (!has(data, HENG_DATUM_DT_K)) {
        if (!has(data, HENG_DATUM_SUPPLY_C) || !has(data, HENG_DATUM_RETURN_C))
            return lacks(maker, "dt_k, or supply_c and return_c,");
        difference = heng_calc_sub(&maker->calc, data->n[HENG_DATUM_SUPPLY_C], data->n[HENG_DATUM_RETURN_C]);
    }
    if (difference.mantissa < 0) {
        difference = heng_dec_of(0, 0);
        maker->flat->flags |= HENG_FLAG_NEGATIVE_DT;
    }
    struct heng_dec numbers[3] = {data->n[HENG_DATUM_FLOW_SHARE], difference, heng_dec_one()};
    if (has(data, HENG_DATUM_HOURS)) numbers[2] = data->n[HENG_DATUM_HOURS];
    *ret = heng_calc_mul(&maker->calc, heng_calc_mul(&maker->calc, numbers[0], numbers[1]), numbers[2]);
    say(maker, HENG_STEP_SHARE_FLOW, numbers, 3, *ret);
    return HENG_OK;
}

static struct heng_dec hours_of(const struct maker *maker, const struct heng_data *data)
{
    if (has(data, HENG_DATUM_HOURS)) return data->n[HENG_DATUM_HOURS];
    return has(data, HENG_DATUM_WINDOW_H) ? data->n[HENG_DATUM_WINDOW_H] : maker->rules->supply_h;
}

/* (mean - base) x hours, of a mean or of a register that counts above 0 degrees. */
static heng_rc degree_hours(struct maker *maker, const struct heng_data *data, struct heng_dec *ret)
{
    struct heng_dec numbers[3] = {data->n[HENG_DATUM_DEGREE_H], maker->rules->base_c, hours_of(maker, data)};
    bool room = has(data, HENG_DATUM_ROOM_C), mean = has(data, HENG_DATUM_MEAN_C);
    bool based = !heng_dec_zero(maker->rules->base_c);
    if (room || mean) numbers[0] = data->n[room ? HENG_DATUM_ROOM_C : HENG_DATUM_MEAN_C];
    if (!room && !mean && !has(data, HENG_DATUM_DEGREE_H)) {
        heng_rc rc = register_use(maker, data, "degree_h, mean_c, start and end or samples", &numbers[0]);
        if (rc != HENG_OK) return rc;
    }
    if (heng_dec_zero(numbers[2]) && (room || mean || based)) return lacks(maker, "hours, or supply_h of the group,");
    if (room || mean)
        *ret = heng_calc_mul(&maker->calc, heng_calc_sub(&maker->calc, numbers[0], numbers[1]), numbers[2]);
    else
        *ret = heng_calc_sub(&maker->calc, numbers[0], heng_calc_mul(&maker->calc, numbers[1], numbers[2]));
    if (ret->mantissa < 0) {
        *ret = heng_dec_of(0, 0);
        maker->flat->flags |= HENG_FLAG_BELOW_BASE;
    }
    if (room || mean || based)
        say(maker, room || mean ? HENG_STEP_SHARE_ROOM : HENG_STEP_SHARE_DEGREE_HOURS, numbers, 3, *ret);
    return HENG_OK;
}

/* Hours open, never more than the supply. */
static heng_rc open_hours(struct maker *maker, const struct heng_data *data, struct heng_dec *ret)
{
    const struct heng_measure_rules *rules = maker->rules;
    if (!has(data, HENG_DATUM_OPEN_H)) return lacks(maker, "open_h, or open,");
    *ret = data->n[HENG_DATUM_OPEN_H];
    struct heng_dec most = has(data, HENG_DATUM_WINDOW_H) ? data->n[HENG_DATUM_WINDOW_H] : rules->supply_h;
    if (heng_dec_zero(most) || !heng_dec_less(most, *ret)) return HENG_OK;
    *ret = most;
    maker->flat->flags |= HENG_FLAG_OPEN_CLIPPED;
    return HENG_OK;
}

static heng_rc temperature_time(struct maker *maker, const struct heng_data *data, struct heng_dec *ret)
{
    struct heng_dec numbers[2] = {data->n[HENG_DATUM_MEAN_C], {0, 0}};
    if (!has(data, HENG_DATUM_MEAN_C)) return lacks(maker, "mean_c");
    heng_rc rc = open_hours(maker, data, &numbers[1]);
    if (rc != HENG_OK) return rc;
    *ret = heng_calc_mul(&maker->calc, numbers[0], numbers[1]);
    say(maker, HENG_STEP_SHARE_TEMPERATURE_TIME, numbers, 2, *ret);
    return HENG_OK;
}

static heng_rc measure_data(struct maker *maker, const struct heng_data *data, struct heng_dec *ret)
{
    switch (maker->rules->method) {
    case HENG_SHARE_HEAT_METER:
    case HENG_SHARE_HOT_WATER: return meter_use(maker, data, ret);
    case HENG_SHARE_ALLOCATORS: return allocator_units(maker, data, ret);
    case HENG_SHARE_FLOW_TEMPERATURE: return flow_heat(maker, data, ret);
    case HENG_SHARE_ON_OFF: return open_hours(maker, data, ret);
    case HENG_SHARE_ROOM_TEMPERATURE: return degree_hours(maker, data, ret);
    case HENG_SHARE_TEMPERATURE_TIME: return temperature_time(maker, data, ret);
    case HENG_SHARE_WEIGHTS:
        *ret = data->n[HENG_DATUM_WEIGHT];
        return has(data, HENG_DATUM_WEIGHT) ? HENG_OK : lacks(maker, "weight");
    case HENG_SHARE_AREA:
    case HENG_SHARE_METHODS: break;
    }
    *ret = heng_dec_one();
    return HENG_OK;
}

/* --- a flat --------------------------------------------------------------------------------------------------------
 */

/* units x K. Unit scale: the house multiplies; product scale: the device has done it, and twice is wrong. */
static heng_rc measure_radiator(struct maker *maker, size_t i, struct heng_dec *ret)
{
    const struct heng_radiator *radiator = &maker->flat->radiators[i];
    const unsigned parts = HENG_RADIATOR_KQ | HENG_RADIATOR_KC | HENG_RADIATOR_KT;
    char subject[HENG_STEP_SUBJECT_MAX];
    snprintf(subject, sizeof subject, "%.40s %.20s", maker->id, radiator->id);
    struct heng_dec k = radiator->has & HENG_RADIATOR_K ? radiator->k : heng_dec_one();
    if (radiator->product_scale && radiator->has)
        return heng_fail(maker->err, HENG_ECONFLICT, 0,
                         "radiators[%zu].k: scale is product, so K is in the device already: it would count twice", i);
    if ((radiator->has & HENG_RADIATOR_K) && (radiator->has & parts))
        return heng_fail(maker->err, HENG_ECONFLICT, 0, "radiators[%zu].k: is given, and kq, kc or kt as well", i);
    if (!radiator->product_scale && !(radiator->has & (HENG_RADIATOR_K | HENG_RADIATOR_KQ)))
        return heng_fail(maker->err, HENG_ECONFIG, 0, "radiators[%zu].k: k or kq is needed with scale unit", i);
    if (radiator->has & HENG_RADIATOR_KQ) {
        struct heng_dec numbers[3] = {radiator->kq, heng_dec_one(), heng_dec_one()};
        if (radiator->has & HENG_RADIATOR_KC) numbers[1] = radiator->kc;
        if (radiator->has & HENG_RADIATOR_KT) numbers[2] = radiator->kt;
        struct heng_dec two = heng_calc_mul(&maker->calc, numbers[0], numbers[1]);
        if (heng_exact_mul(two, numbers[2], maker->rules->k_places, maker->rules->k_rounding, &k) != HENG_OK)
            maker->calc.rc = HENG_ERANGE;
        struct heng_step *step = heng_steps_say(maker->rules->steps, HENG_STEP_SHARE_K, subject, "", numbers, 3, k);
        if (step) step->places = maker->rules->k_places, step->rounding = (uint8_t)maker->rules->k_rounding;
    }
    if (heng_dec_zero(k)) return heng_fail(maker->err, HENG_ERANGE, 0, "radiators[%zu].k: is zero", i);
    struct heng_dec numbers[2] = {radiator->units, k};
    *ret = heng_calc_mul(&maker->calc, radiator->units, k);
    (void)heng_steps_say(maker->rules->steps, HENG_STEP_SHARE_RADIATOR, subject, "", numbers, 2, *ret);
    return HENG_OK;
}

static heng_rc measure_list(struct maker *maker, const struct heng_data *list, size_t count, struct heng_dec *ret_sum,
                            struct heng_dec *ret_covered)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < count && rc == HENG_OK; i++) {
        struct heng_dec one = {0, 0};
        rc = measure_data(maker, &list[i], &one);
        *ret_sum = heng_calc_add(&maker->calc, *ret_sum, one);
        *ret_covered = heng_calc_add(&maker->calc, *ret_covered, list[i].n[HENG_DATUM_WINDOW_H]);
    }
    return rc;
}

static heng_rc measure_radiators(struct maker *maker, struct heng_dec *ret)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < maker->flat->radiator_count && rc == HENG_OK; i++) {
        struct heng_dec one = {0, 0};
        rc = measure_radiator(maker, i, &one);
        *ret = heng_calc_add(&maker->calc, *ret, one);
    }
    return rc;
}

/* The mean of the rooms by their area, to 6 places: sensors in rooms of a flat, one weight for it. */
static heng_rc measure_rooms(struct maker *maker, struct heng_dec *ret)
{
    struct heng_dec sum = {0, 0}, areas = {0, 0};
    for (size_t i = 0; i < maker->flat->room_count; i++) {
        const struct heng_room *room = &maker->flat->rooms[i];
        struct heng_dec one = {0, 0};
        if (room->missing) maker->flat->flags |= HENG_FLAG_ROOM_MISSING;
        if (room->missing) continue;
        heng_rc rc = measure_data(maker, &room->data, &one);
        if (rc != HENG_OK) return rc;
        sum = heng_calc_add(&maker->calc, sum, heng_calc_mul(&maker->calc, one, room->area));
        areas = heng_calc_add(&maker->calc, areas, room->area);
    }
    if (heng_dec_zero(areas)) return lacks(maker, "a value of any of rooms");
    struct heng_dec numbers[2] = {heng_dec_trim(sum), areas};
    *ret = heng_calc_div(&maker->calc, numbers[0], heng_dec_one(), areas, 6);
    say(maker, HENG_STEP_SHARE_ROOMS, numbers, 2, *ret);
    return HENG_OK;
}

/* Hours of the spans in which the valve was open and there was supply, to the sixth place of an hour. */
static heng_rc measure_open(struct maker *maker, struct heng_dec *ret)
{
    const struct heng_measure_rules *rules = maker->rules;
    struct heng_data data = maker->flat->data;
    if (rules->supply_count == 0)
        return heng_fail(maker->err, HENG_ECONFIG, 0, "open: needs the spans of supply of the group");
    int64_t s = heng_spans_both(maker->flat->open, maker->flat->open_count, rules->supply, rules->supply_count);
    data.n[HENG_DATUM_OPEN_H] = heng_calc_div(&maker->calc, heng_dec_of(s, 0), heng_dec_one(), heng_dec_of(3600, 0), 6);
    data.has |= 1u << HENG_DATUM_OPEN_H;
    return measure_data(maker, &data, ret);
}

heng_rc heng_measure(const struct heng_measure_rules *rules, const char *id, struct heng_flat_data *flat,
                     struct heng_dec *ret, struct heng_dec *ret_covered, struct heng_err *err)
{
    struct maker maker = {rules, id, flat, {HENG_OK}, err};
    struct heng_dec sum = {0, 0}, covered = {0, 0};
    heng_rc rc = HENG_OK;
    if (flat->radiator_count) {
        rc = measure_radiators(&maker, &sum);
    } else if (flat->room_count) {
        rc = measure_rooms(&maker, &sum);
    } else if (flat->open_count) {
        rc = measure_open(&maker, &sum);
    } else if (flat->sample_count) {
        rc = measure_list(&maker, flat->samples, flat->sample_count, &sum, &covered);
        covered = heng_dec_of(0, 0);
    } else if (flat->segment_count) {
        rc = measure_list(&maker, flat->segments, flat->segment_count, &sum, &covered);
    } else {
        rc = measure_data(&maker, &flat->data, &sum);
        covered = flat->data.n[HENG_DATUM_WINDOW_H];
    }
    if (rc == HENG_OK && maker.calc.rc != HENG_OK)
        rc = heng_fail(err, HENG_ERANGE, 0, "its numbers have more digits than fit");
    if (rc != HENG_OK) return rc;
    *ret = heng_dec_trim(sum);
    *ret_covered = heng_dec_trim(covered);
    return HENG_OK;
}
