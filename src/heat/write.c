/* The bills of the forms "shares" and "heat-bill". */
#include <string.h>

#include "bill/calc.h"
#include "bill/largest.h"
#include "heat/apportion_parts.h"

struct sums {
    struct heng_dec payable, net, vat, collect, refund, carry_forward, waived, late;
};

static void put_line(struct heng_json *json, const char *code, struct heng_dec quantity, const char *unit,
                     struct heng_dec price, struct heng_dec amount)
{
    heng_json_object(json);
    heng_put_text(json, "code", code);
    heng_put_dec(json, "quantity", quantity);
    heng_put_text(json, "unit", unit);
    heng_put_dec(json, "price", price);
    heng_put_dec(json, "amount", amount);
    heng_json_end_object(json);
}

static struct heng_dec minus(struct heng_dec dec) { return heng_dec_of(-dec.mantissa, dec.exp); }

static void put_lines(struct heng_json *json, const struct heng_heat_price *price, const struct heng_heat_flat *flat,
                      const struct heng_heat_bill *bill)
{
    struct heng_calc calc = {0};
    struct heng_dec base = price->base_price;
    if (!price->has_base_price) base = heng_dec_trim(heng_calc_mul(&calc, price->area_price, price->base_share));
    heng_json_key(json, "lines");
    heng_json_array(json);
    if (flat->two_part) {
        put_line(json, "base", bill->charge_area, "m2", base, bill->base);
        put_line(json, "metered", flat->quantity, price->unit, price->unit_price, bill->metered);
    } else {
        put_line(json, "area", bill->charge_area, "m2", price->area_price, bill->active);
    }
    if (bill->is_capped)
        put_line(json, "cap", price->cap, "share", bill->cap, heng_calc_sub(&calc, bill->capped, bill->fee));
    if (bill->stopped_days) put_line(json, "stopped", bill->charge_area, "m2", price->area_price, bill->stopped);
    if (bill->refund_temperature.mantissa)
        put_line(json, "refund-temperature", bill->refund_days, "day", heng_dec_of(0, 0),
                 minus(bill->refund_temperature));
    if (bill->refund_failure.mantissa)
        put_line(json, "refund-failure", heng_dec_of(bill->failure_days, 0), "day", heng_dec_of(0, 0),
                 minus(bill->refund_failure));
    heng_json_end_array(json);
}

static void put_bill(struct heng_json *json, const struct heng_heat_price *price, const struct heng_heat_flat *flat,
                     const struct heng_heat_bill *bill)
{
    heng_put_text(json, "id", flat->id);
    heng_put_text(json, "mode", flat->two_part ? "two-part" : "area");
    heng_put_dec(json, "charge_area", bill->charge_area);
    put_lines(json, price, flat, bill);
    heng_put_dec(json, "area_fee", bill->area_fee);
    if (flat->two_part) {
        heng_put_dec(json, "base", bill->base);
        heng_put_dec(json, "metered", bill->metered);
        heng_put_dec(json, "two_part", bill->fee);
    }
    heng_put_some(json, "cap", bill->cap);
    heng_put_bool(json, "capped", bill->is_capped);
    if (bill->stopped_days) {
        heng_put_int(json, "active_days", bill->active_days);
        heng_put_int(json, "stopped_days", bill->stopped_days);
        heng_put_dec(json, "active_part", bill->fee);
        heng_put_dec(json, "stopped_part", bill->stopped);
    }
    heng_put_some(json, "refund_temperature", bill->refund_temperature);
    heng_put_some(json, "refund_failure", bill->refund_failure);
    heng_put_dec(json, "payable", bill->payable);
    heng_put_dec(json, "net", bill->net);
    heng_put_dec(json, "vat", bill->vat);
    heng_put_dec(json, "prepaid", bill->prepaid);
    heng_put_some(json, "carried_in", bill->carried_in);
    heng_put_dec(json, "balance", bill->balance);
    heng_put_some(json, "refund", bill->refund);
    heng_put_some(json, "collect", bill->collect);
    heng_put_some(json, "carry_forward", bill->carry_forward);
    heng_put_some(json, "waived", bill->waived);
}

static heng_rc put_late(struct heng_share_job *job, const struct heng_price_form *price, struct heng_flat_form *flat,
                        const struct heng_heat_bill *bill, struct heng_dec *ret_fee)
{
    struct heng_late_fee fee = {0};
    struct heng_late_bill late = flat->late_bill;
    if (!flat->late) return HENG_OK;
    if (!price->has_late) return heng_fail(job->err, HENG_ECONFIG, 0, "late: the price has no terms for it");
    late.id = flat->party.id;
    if (heng_dec_zero(late.amount)) late.amount = bill->collect;
    heng_rc rc = heng_late_fee(&price->late, &late, flat->late_as_of, heng_job_steps(job), &fee, job->err);
    if (rc != HENG_OK) return heng_job_prefix(job, rc, "late: ");
    *ret_fee = fee.fee;
    heng_json_key(&job->json, "late");
    heng_json_object(&job->json);
    heng_put_dec(&job->json, "amount", late.amount);
    heng_put_int(&job->json, "days", fee.days);
    heng_put_dec(&job->json, "fee", fee.fee);
    heng_put_dec(&job->json, "owed", fee.owed);
    heng_put_bool(&job->json, "capped", fee.capped);
    heng_json_end_object(&job->json);
    return HENG_OK;
}

/* The quantity in the unit of the price: the same, or converted when the price says to how many places. */
static heng_rc fit_unit(struct heng_share_job *job, const struct heng_price_form *price, const char *unit,
                        struct heng_heat_flat *heat)
{
    struct heng_dec ratio[2];
    const char *wanted = price->price.unit;
    if (!heat->two_part || strcmp(unit, wanted) == 0) return HENG_OK;
    if (!heng_energy_ratio(unit, wanted, ratio) || !price->convert)
        return heng_fail(job->err, HENG_ECONFLICT, 0,
                         "price.unit: is %s, the quantity is in %s; say convert_places to convert the quantity", wanted,
                         unit);
    struct heng_dec numbers[3] = {heat->quantity, ratio[0], ratio[1]};
    heng_rc rc = heng_exact_div(heat->quantity, ratio[0], ratio[1], price->convert_places, HENG_ROUNDING_HALF_UP,
                                &heat->quantity);
    struct heng_step *step =
        heng_steps_say(heng_job_steps(job), HENG_STEP_SHARE_CONVERT, heat->id, wanted, numbers, 3, heat->quantity);
    if (step) {
        step->places = price->convert_places;
        step->rounding = HENG_ROUNDING_HALF_UP;
    }
    return rc == HENG_OK ? HENG_OK : heng_fail(job->err, rc, 0, "quantity: does not fit %s", wanted);
}

/* Without an application in time the full fee runs on. */
/* Days of the season in which the flat was stopped: a stop may begin before it and end after it. */
static heng_rc count_stops(struct heng_share_job *job, const struct heng_heat_price *price, struct heng_flat_form *flat)
{
    if (!flat->stop_count) return HENG_OK;
    if (!price->has_first)
        return heng_fail(job->err, HENG_ECONFIG, 0, "price.season: a stop with dates needs its first and last");
    heng_day season_to = price->first + price->days;
    for (size_t i = 0; i < flat->stop_count; i++) {
        heng_day from = flat->stops[i].from > price->first ? flat->stops[i].from : price->first;
        heng_day to = flat->stops[i].to < season_to ? flat->stops[i].to : season_to;
        if (from < to) flat->heat.stopped_days += to - from;
    }
    return HENG_OK;
}

static heng_rc check_stop(struct heng_share_job *job, const struct heng_price_form *price, struct heng_flat_form *flat)
{
    if (!price->has_stop_by || !flat->heat.stopped_days) return HENG_OK;
    if (!flat->has_stop_applied)
        return heng_fail(job->err, HENG_ECONFIG, 0, "stop_applied: is needed, the price has a last day for it");
    if (flat->stop_applied <= price->stop_by) return HENG_OK;
    flat->heat.stopped_days = 0;
    return heng_job_warn(job, "stop-too-late", flat->party.id,
                         "the stop was asked for after the last day: the full fee");
}

static void add(struct heng_calc *calc, struct heng_dec *sum, struct heng_dec part)
{
    *sum = heng_calc_add(calc, *sum, part);
}

static heng_rc write_bill(struct heng_share_job *job, const struct heng_price_form *price, const char *unit,
                          struct heng_flat_form *flat, struct sums *sums)
{
    struct heng_heat_bill bill;
    struct heng_dec late = {0, 0};
    struct heng_calc calc = {0};
    struct heng_heat_flat *heat = &flat->heat;
    bool base = price->price.has_base_price || !heng_dec_zero(price->price.base_share);
    heat->id = flat->party.id;
    heat->area = flat->party.area;
    if (!flat->mode_said) heat->two_part = base;
    heng_rc rc = count_stops(job, &price->price, flat);
    if (rc == HENG_OK) rc = check_stop(job, price, flat);
    if (rc == HENG_OK) rc = fit_unit(job, price, unit, heat);
    if (rc == HENG_OK) rc = heng_heat_bill(&price->price, heat, heng_job_steps(job), &bill, job->err);
    if (rc != HENG_OK) return rc;
    heng_json_object(&job->json);
    put_bill(&job->json, &price->price, heat, &bill);
    rc = put_late(job, price, flat, &bill, &late);
    heng_json_end_object(&job->json);
    if (rc == HENG_OK && bill.refund_clipped)
        rc = heng_job_warn(job, "refund-clipped", heat->id, "refunds are more than the fee: nothing is payable");
    add(&calc, &sums->payable, bill.payable);
    add(&calc, &sums->net, bill.net);
    add(&calc, &sums->vat, bill.vat);
    add(&calc, &sums->collect, bill.collect);
    add(&calc, &sums->refund, bill.refund);
    add(&calc, &sums->carry_forward, bill.carry_forward);
    add(&calc, &sums->waived, bill.waived);
    add(&calc, &sums->late, late);
    if (rc == HENG_OK && calc.rc != HENG_OK) rc = heng_fail(job->err, calc.rc, 0, "the amounts together do not fit");
    return rc;
}

static void put_price(struct heng_share_job *job, const struct heng_heat_price *price)
{
    struct heng_json *json = &job->json;
    struct heng_calc calc = {0};
    struct heng_dec base = price->base_price;
    if (!price->has_base_price) base = heng_dec_trim(heng_calc_mul(&calc, price->area_price, price->base_share));
    heng_json_key(json, "price");
    heng_json_object(json);
    if (price->version[0]) heng_put_text(json, "version", price->version);
    heng_put_text(json, "currency", price->currency);
    heng_put_some(json, "area_price", price->area_price);
    heng_put_some(json, "base_price", base);
    heng_put_some(json, "unit_price", price->unit_price);
    heng_put_text(json, "unit", price->unit);
    if (price->days) heng_put_int(json, "season_days", price->days);
    heng_json_end_object(json);
}

static void put_sums(struct heng_json *json, const struct sums *sums, size_t count)
{
    heng_json_key(json, "totals");
    heng_json_object(json);
    heng_put_int(json, "bills", (int64_t)count);
    heng_put_dec(json, "payable", sums->payable);
    heng_put_dec(json, "net", sums->net);
    heng_put_dec(json, "vat", sums->vat);
    heng_put_some(json, "collect", sums->collect);
    heng_put_some(json, "refund", sums->refund);
    heng_put_some(json, "carry_forward", sums->carry_forward);
    heng_put_some(json, "waived", sums->waived);
    heng_put_some(json, "late_fee", sums->late);
    heng_json_end_object(json);
}

static heng_rc write_group(struct heng_share_job *job, const struct heng_apportion_form *form, size_t g,
                           const char *unit, struct sums *sums)
{
    const struct heng_group_form *group = &form->groups[g];
    const char **ids = heng_arena_take(job->arena, group->count, sizeof *ids);
    uint32_t *order = heng_arena_take(job->arena, group->count, sizeof *order);
    if (!ids || !order) return heng_fail(job->err, HENG_ENOMEM, 0, "no memory for the bills");
    for (size_t i = 0; i < group->count; i++) ids[i] = group->flats[i].party.id;
    size_t twice = heng_order_by_id(ids, group->count, order);
    if (twice < group->count)
        return heng_fail(job->err, HENG_ECONFLICT, 0, "participants[%u].id: '%.60s' is there twice", order[twice],
                         ids[order[twice]]);
    for (size_t i = 0; i < group->count; i++) {
        heng_rc rc = write_bill(job, &form->price, unit, &group->flats[order[i]], sums);
        if (rc != HENG_OK && strncmp(job->err->text, "price.", 6) == 0) return rc;
        if (rc != HENG_OK) return heng_job_prefix(job, rc, "participants[%u].", order[i]);
    }
    return HENG_OK;
}

heng_rc heng_heat_bills_write(struct heng_share_job *job, const struct heng_apportion_form *form, const char *unit)
{
    struct sums sums = {0};
    size_t count = 0;
    heng_rc rc = HENG_OK;
    put_price(job, &form->price.price);
    heng_json_key(&job->json, "bills");
    heng_json_array(&job->json);
    for (size_t i = 0; i < form->group_count && rc == HENG_OK; i++) {
        rc = write_group(job, form, i, unit, &sums);
        count += form->groups[i].count;
    }
    heng_json_end_array(&job->json);
    if (rc == HENG_OK) put_sums(&job->json, &sums, count);
    return rc;
}
