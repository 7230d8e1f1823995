/* What the devices of a point say beside their counters: temperatures, as means of a day, and conditions. */
#include "store/conditions.h"
#include "store/pack.h"
#include "store/read.h"
#include "usage/check.h"
#include "vee/rule_sum.h"

/* --- devices --------------------------------------------------------------------------------------------------- */

/* The plain register of a quantity, the first one when there are several. */
static const struct heng_register *plain(const struct heng_register *regs, size_t n, heng_quantity quantity)
{
    for (size_t i = 0; i < n; i++) {
        const struct heng_register_key *key = &regs[i].key;
        if (key->quantity == quantity && key->function == HENG_FUNCTION_INSTANTANEOUS && !key->storage &&
            !key->tariff && !key->subunit && !key->qualifier[0])
            return &regs[i];
    }
    return NULL;
}

static heng_rc any_condition(void *ctx, const struct heng_condition_row *row)
{
    (void)row;
    *(bool *)ctx = true;
    return HENG_ENOTFOUND;
}

static heng_rc open_device(struct heng_usage_check *c, const struct heng_installation *inst, struct heng_err *err)
{
    static _Thread_local struct heng_register regs[HENG_REGISTERS_MAX];
    struct heng_check_thermo *t = &c->thermos[c->thermo_n++];
    size_t n = 0;
    *t = (struct heng_check_thermo){.inst = *inst};
    heng_rc rc = heng_store_list_registers(c->reader, inst->device_id, regs, HENG_REGISTERS_MAX, &n, err);
    if (rc != HENG_OK) return rc;
    const struct heng_register *flow = plain(regs, n, HENG_QUANTITY_FLOW_TEMPERATURE);
    const struct heng_register *back = plain(regs, n, HENG_QUANTITY_RETURN_TEMPERATURE);
    const struct heng_register *volume = plain(regs, n, HENG_QUANTITY_VOLUME);
    if (flow && flow->key.unit == HENG_UNIT_DEG_C) t->flow_id = flow->id;
    if (back && back->key.unit == HENG_UNIT_DEG_C) t->return_id = back->id;
    if (volume) t->volume_id = volume->id;
    if (volume) t->volume_unit = volume->key.unit;
    return HENG_OK;
}

/* Until when a device was there. */
static heng_us until_of(const struct heng_installation *inst)
{
    return inst->until_us ? inst->until_us : HENG_CHANNEL_FACT_US_MAX;
}

heng_rc heng_check_devices(struct heng_usage_check *c, int64_t point_id, heng_us from_us, heng_us to_us,
                           struct heng_err *err)
{
    struct heng_installation list[HENG_CHANNEL_FACT_RANGES_MAX];
    size_t n = 0;
    c->thermo_n = 0;
    c->any_condition = false;
    heng_rc rc = heng_store_list_installations(c->reader, 0, point_id, list, HENG_CHANNEL_FACT_RANGES_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n && c->thermo_n < HENG_CHECK_DEVICES_MAX; i++) {
        if (list[i].from_us >= to_us || until_of(&list[i]) <= from_us) continue;
        rc = open_device(c, &list[i], err);
        if (rc == HENG_OK && !c->any_condition)
            rc = heng_store_each_condition(c->reader, list[i].device_id, from_us, to_us, any_condition,
                                           &c->any_condition, err);
    }
    return rc;
}

/* --- conditions ------------------------------------------------------------------------------------------------ */

static heng_rc add_condition(void *ctx, const struct heng_condition_row *row)
{
    *(heng_conditions *)ctx |= row->conditions;
    return HENG_OK;
}

heng_rc heng_check_day_conditions(struct heng_usage_check *c, heng_us from_us, heng_us to_us, heng_conditions *ret,
                                  struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    *ret = 0;
    for (size_t i = 0; rc == HENG_OK && c->any_condition && i < c->thermo_n; i++) {
        const struct heng_installation *inst = &c->thermos[i].inst;
        heng_us begin_us = from_us > inst->from_us ? from_us : inst->from_us;
        heng_us end_us = to_us < until_of(inst) ? to_us : until_of(inst);
        if (begin_us < end_us)
            rc = heng_store_each_condition(c->reader, inst->device_id, begin_us, end_us, add_condition, ret, err);
    }
    return rc;
}

/* --- temperatures ---------------------------------------------------------------------------------------------- */

/* Sums of one of both temperatures, in thousandths of a degree: by what flowed since the reading before, in millionths
 * of a m3, and plain, for water that stood all day. */
struct mean {
    heng_i128 weighted, plain;
    int64_t weight;
    unsigned count, flowing;
};

static void add(struct mean *m, int64_t milli, int64_t weight)
{
    m->plain += milli;
    m->count++;
    if (weight <= 0 || __builtin_add_overflow(m->weight, weight, &m->weight)) return;
    m->weighted += (heng_i128)milli * weight;
    m->flowing++;
}

static void finish(const struct mean *m, struct heng_opt_dec *ret)
{
    struct heng_fraction f = heng_fraction_of(m->flowing ? m->weighted : m->plain);
    if (!m->count) return;
    heng_fraction_over(&f, m->flowing ? m->weight : (heng_i128)m->count);
    heng_fraction_shift(&f, -3);
    ret->is = heng_fraction_dec(f, -3, &ret->dec);
}

/* A register's value in steps of 10^exp; false: the reading does not tell it. */
static heng_rc value_of(struct heng_slice packed, int64_t register_id, int exp, bool *ret_is, int64_t *ret,
                        struct heng_err *err)
{
    struct heng_reading_value value = {0};
    *ret_is = false;
    heng_rc rc = register_id ? heng_reading_pick(packed, register_id, &value, err) : HENG_ENOTFOUND;
    if (rc == HENG_OK) *ret_is = value.has_value && heng_dec_steps(value.dec, exp, HENG_ROUND_EVEN, ret);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* Volume since the reading before, in millionths; 0: not known. */
static int64_t flowed(const struct heng_check_thermo *t, bool is, int64_t now, bool was, int64_t before)
{
    int64_t micro;
    bool known = is && was && now > before && heng_amount_micro(now - before, -6, t->volume_unit, &micro);
    return known ? micro : 0;
}

static heng_rc of_device(struct heng_usage_check *c, const struct heng_check_thermo *t, heng_us from_us, heng_us to_us,
                         struct mean *flow, struct mean *back, struct heng_err *err)
{
    struct heng_reading_scan scan;
    bool was = false;
    int64_t before = 0;
    heng_rc rc = heng_reading_scan_begin(&scan, c->reader, t->inst.device_id, from_us, to_us, err);
    if (rc != HENG_OK) return rc;
    while ((rc = heng_reading_scan_next(&scan, err)) == HENG_OK) {
        bool has_volume, has_flow, has_back;
        int64_t volume = 0, flow_milli = 0, back_milli = 0;
        if (scan.due_us) continue; /* of another moment */
        if ((rc = value_of(scan.packed, t->volume_id, -6, &has_volume, &volume, err)) != HENG_OK ||
            (rc = value_of(scan.packed, t->flow_id, -3, &has_flow, &flow_milli, err)) != HENG_OK ||
            (rc = value_of(scan.packed, t->return_id, -3, &has_back, &back_milli, err)) != HENG_OK)
            break;
        int64_t weight = flowed(t, has_volume, volume, was, before);
        if (has_flow) add(flow, flow_milli, weight);
        if (has_back) add(back, back_milli, weight);
        if (has_volume) before = volume;
        was |= has_volume;
    }
    heng_reading_scan_end(&scan);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_check_day_warmth(struct heng_usage_check *c, heng_us from_us, heng_us to_us, struct heng_check_warmth *ret,
                              struct heng_err *err)
{
    struct mean flow = {0}, back = {0};
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < c->thermo_n; i++) {
        const struct heng_check_thermo *t = &c->thermos[i];
        heng_us begin_us = from_us > t->inst.from_us ? from_us : t->inst.from_us;
        heng_us end_us = to_us < until_of(&t->inst) ? to_us : until_of(&t->inst);
        if ((t->flow_id || t->return_id) && begin_us < end_us)
            rc = of_device(c, t, begin_us, end_us, &flow, &back, err);
    }
    finish(&flow, &ret->flow);
    finish(&back, &ret->back);
    ret->count = flow.flowing < back.flowing ? flow.flowing : back.flowing;
    return rc;
}

/* --- clocks ---------------------------------------------------------------------------------------------------- */

heng_rc heng_check_day_clock(struct heng_usage_check *c, heng_us from_us, heng_us to_us, unsigned *ret_count,
                             struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    *ret_count = 0;
    for (size_t i = 0; rc == HENG_OK && i < c->thermo_n; i++) {
        const struct heng_installation *inst = &c->thermos[i].inst;
        struct heng_reading_scan scan;
        heng_us begin_us = from_us > inst->from_us ? from_us : inst->from_us;
        heng_us end_us = to_us < until_of(inst) ? to_us : until_of(inst);
        if (begin_us >= end_us) continue;
        rc = heng_reading_scan_begin(&scan, c->reader, inst->device_id, begin_us, end_us, err);
        if (rc != HENG_OK) return rc;
        while ((rc = heng_reading_scan_next(&scan, err)) == HENG_OK)
            *ret_count += scan.quality == HENG_QUALITY_TIME_DOUBTFUL;
        heng_reading_scan_end(&scan);
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    }
    return rc;
}
