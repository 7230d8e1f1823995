/* Values of CJ/T 188 telegrams by the layouts of layout.c, as the meter's dialect wants them read.
 *
 * Source: CJ/T 188-2004 clause 7 and appendix; decimals as in tests/golden/cjt188.tsv, or as the dialect says. */
#include "codec/cjt188/record.h"
#include "codec/bytes.h"
#include "codec/cjt188.h"
#include "codec/cjt188/layout.h"

#define Q(symbol)    HENG_QUANTITY_##symbol
#define UNIT(symbol) HENG_UNIT_##symbol
#define FORM(symbol) HENG_CJT188_##symbol

static void no_value(struct heng_record *ret, const char *reason)
{
    ret->kind = HENG_VALUE_NONE;
    ret->reason = reason;
}

/* BCD number of the record's data, low byte first. */
static void bcd_value(struct heng_record *ret, int exp)
{
    const uint8_t *p = ret->data.p;
    uint64_t raw = heng_load_bytes(p, ret->data.n, false);
    if (heng_cjt188_absent(p, ret->data.n)) {
        no_value(ret, "not available");
    } else if (!heng_bcd_valid(raw)) {
        no_value(ret, "invalid bcd");
    } else {
        ret->kind = HENG_VALUE_DEC;
        if (heng_dec_make((int64_t)heng_bcd_value(raw), exp, &ret->dec) != HENG_OK) no_value(ret, "out of range");
    }
}

static void clock_value(struct heng_record *ret)
{
    const uint8_t *p = ret->data.p;
    ret->kind = HENG_VALUE_DATETIME;
    if (heng_cjt188_clock(p, 7, &ret->civil)) return;
    if (heng_cjt188_absent(p, 7))
        no_value(ret, "not available");
    else
        no_value(ret, heng_load_bytes(p, 7, false) == 0 ? "not set" : "invalid time");
}

static void binary_value(struct heng_record *ret, int exp)
{
    uint64_t raw = heng_load_bytes(ret->data.p, ret->data.n, false);
    ret->kind = HENG_VALUE_DEC;
    if (raw == UINT64_MAX)
        no_value(ret, "not available");
    else if (raw > INT64_MAX || heng_dec_make((int64_t)raw, exp, &ret->dec) != HENG_OK)
        no_value(ret, "out of range");
}

static void running_value(struct heng_record *ret)
{
    uint64_t hours = heng_load_bytes(ret->data.p, 4, false), seconds = heng_load_bytes(ret->data.p + 4, 2, false);
    ret->kind = HENG_VALUE_DEC;
    ret->dec = (struct heng_dec){(int64_t)(hours * 3600 + seconds), 0};
}

/* 55 opens and 99 closes unless the dialect has codes of its own; the others are habits that several makers share. */
static void valve_value(const struct heng_telegram *t, struct heng_record *ret)
{
    static const struct {
        uint8_t code;
        const char *word;
    } others[] = {{0x00, "read state"}, {0x66, "free open"}, {0x77, "free close"}, {0xAA, "exercise"}};
    uint8_t code = ret->data.p[0];
    ret->kind = HENG_VALUE_DEC;
    ret->dec = (struct heng_dec){code, 0};
    if (code == heng_cjt188_valve_code(true, t->dialect)) {
        ret->enumerated = "open";
        return;
    }
    if (code == heng_cjt188_valve_code(false, t->dialect)) {
        ret->enumerated = "close";
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].code == code) ret->enumerated = others[i].word;
    if (!ret->enumerated) no_value(ret, "unknown code");
}

/* Decimals of the raw number that the dialect tells; HENG_DECIMALS_UNKNOWN: it does not. */
static int told_decimals(const struct heng_telegram *t, const struct heng_cjt188_layout *layout,
                         const struct heng_cjt188_field *f)
{
    int decimals = HENG_DECIMALS_UNKNOWN;
    if (!t->dialect) return decimals;
    if (f->quantity == Q(VOLUME))
        decimals =
            layout->flags & HENG_CJT188_ENERGY ? t->dialect->cjt188.volume_decimals : t->dialect->cjt188.total_decimals;
    else if (f->quantity == Q(ENERGY_HEAT) || f->quantity == Q(ENERGY_COOLING))
        decimals = t->dialect->cjt188.energy_decimals;
    else if (f->quantity == Q(POWER))
        decimals = t->dialect->cjt188.power_decimals;
    return decimals;
}

/* ... else the standard's. */
static int exp_of(const struct heng_telegram *t, const struct heng_cjt188_layout *layout,
                  const struct heng_cjt188_field *f)
{
    int decimals = told_decimals(t, layout, f);
    return decimals == HENG_DECIMALS_UNKNOWN ? f->exp : -decimals;
}

/* A volume in litres or less: by the standard XXXXXX.XX as all others, but meters send whole litres, which no byte
 * tells apart: 100 times too small is no value. Source: a field capture of a unit 29 meter, see profiles/
 * cjt188-water-whole-litre.json. */
static bool is_litres(const struct heng_cjt188_field *f, const struct heng_unit_code *unit)
{
    enum { CUBIC_METRE_EXP = 0 };
    return f->quantity == Q(VOLUME) && unit->quantity == Q(VOLUME) && unit->exp < CUBIC_METRE_EXP;
}

static void measured_value(const struct heng_telegram *t, const struct heng_cjt188_layout *layout,
                           const struct heng_cjt188_field *f, struct heng_record *ret)
{
    int exp = exp_of(t, layout, f);
    struct heng_unit_code unit;
    const uint8_t *p = ret->data.p;
    bool known = heng_cjt188_unit(f, t->unit_first ? p[0] : p[4], &unit);
    bool empty = heng_load_bytes(p, 5, false) == 0;
    if (t->unit_unclear && !empty && !heng_cjt188_absent(p, 5)) {
        ret->unit = UNIT(UNKNOWN);
        no_value(ret, "unit order unclear"); /* the data are all five bytes: nobody knows which are the digits */
        return;
    }
    ret->data = heng_slice_of(p + t->unit_first, 4);
    bcd_value(ret, known ? unit.exp + exp : 0);
    ret->unit = known ? unit.unit : UNIT(UNKNOWN);
    if (!known && ret->kind == HENG_VALUE_DEC) no_value(ret, empty ? "not set" : "unknown unit");
    bool told = told_decimals(t, layout, f) != HENG_DECIMALS_UNKNOWN;
    if (known && !told && is_litres(f, &unit) && ret->kind == HENG_VALUE_DEC && ret->dec.mantissa != 0)
        no_value(ret, "scale unclear");
}

static void set_value(const struct heng_telegram *t, const struct heng_cjt188_layout *layout,
                      const struct heng_cjt188_field *f, struct heng_record *ret)
{
    switch ((heng_cjt188_form)f->form) {
    case FORM(MEASURED): measured_value(t, layout, f, ret); break;
    case FORM(PLAIN): bcd_value(ret, f->exp); break;
    case FORM(TOTAL): bcd_value(ret, exp_of(t, layout, f)); break;
    case FORM(TEMPERATURE):
        bcd_value(ret, f->exp);
        /* No meter reads 1000 degC; some mark negative values in the top digit, each in its own way. */
        if (ret->kind == HENG_VALUE_DEC && ret->dec.mantissa >= 100000) no_value(ret, "out of range");
        break;
    case FORM(HOURS):
        bcd_value(ret, 0);
        ret->dec.mantissa *= 3600;
        break;
    case FORM(CLOCK): clock_value(ret); break;
    case FORM(MONTH):
    case FORM(ID):
        ret->kind = HENG_VALUE_TEXT;
        ret->text_hex = ret->text_reversed = true;
        break;
    case FORM(BINARY): binary_value(ret, f->exp); break;
    case FORM(RUNNING): running_value(ret); break;
    case FORM(FLAGS):
        ret->kind = HENG_VALUE_DEC;
        ret->dec = (struct heng_dec){ret->data.p[0], 0};
        break;
    case FORM(VALVE): valve_value(t, ret); break;
    case FORM(SECRET):
        ret->data.n = 0;
        no_value(ret, "secret");
        break;
    case FORM(UNSCALED): no_value(ret, heng_cjt188_absent(ret->data.p, ret->data.n) ? "not available" : "unknown unit");
    }
}

/* Values of the past: which period, and what tells its kind from months. */
static void set_period(const struct heng_telegram *t, const struct heng_cjt188_layout *layout, struct heng_record *ret)
{
    static const char *const days[] = {"days 1", "days 2", "days 3", "days 4", "days 5", "days 6"};
    ret->storage += (uint64_t)(t->di - layout->storage_di) + 1;
    switch (layout->storage_di) {
    case 0x913F: /* 913F, 914F ... : one block each */
        ret->qualifier = days[(t->di - 0x913F) / 16];
        ret->storage -= t->di - layout->storage_di;
        break;
    case 0xD134: ret->qualifier = "day"; break;
    case 0xD300: ret->qualifier = "timed freeze"; break;
    case 0xD400: ret->qualifier = "instant freeze"; break;
    }
}

static bool settlement_is_cooling(const struct heng_telegram *t)
{
    return t->dialect && t->dialect->cjt188.settlement_is_cooling;
}

/* Heat energy that is cooling energy: by the type of the meter, or in the settlement field by its dialect. */
static void set_energy(const struct heng_telegram *t, const struct heng_cjt188_layout *layout, struct heng_record *ret)
{
    bool by_dialect = settlement_is_cooling(t);
    if (ret->quantity != Q(ENERGY_HEAT) || layout->flags & HENG_CJT188_COOLING_APART) return;
    if (by_dialect && t->di == 0x901F && ret->storage == 1) {
        ret->quantity = Q(ENERGY_COOLING);
        ret->storage = 0;
    } else if (t->medium == HENG_MEDIUM_COOLING && !by_dialect) {
        ret->quantity = Q(ENERGY_COOLING);
    }
}

static void read_field(const struct heng_telegram *t, const struct heng_cjt188_layout *layout, size_t i,
                       struct heng_record *ret)
{
    const struct heng_cjt188_field *f = &layout->fields[i];
    *ret = (struct heng_record){
        .quantity = (heng_quantity)f->quantity,
        .unit = (heng_unit)f->unit,
        .storage = f->storage,
        .tariff = f->tariff,
        .qualifier = f->qualifier,
        .data = {t->body.p + f->at, f->bytes},
        .vif = {t->body.p + f->at, 0},
        .vif_known = true,
        .at = (uint32_t)(t->body.p + f->at - t->frame.p),
        .length = f->bytes,
    };
    if (layout->storage_di) set_period(t, layout, ret);
    if (layout->flags & HENG_CJT188_ENERGY) set_energy(t, layout, ret);
    set_value(t, layout, f, ret);
}

static bool read_quantity(const struct heng_telegram *t, const struct heng_cjt188_layout *layout,
                          heng_quantity quantity, struct heng_record *ret)
{
    size_t i = 0;
    while (i < layout->count && layout->fields[i].quantity != quantity) i++;
    if (i == layout->count) return false;
    read_field(t, layout, i, ret);
    return ret->kind == HENG_VALUE_DEC;
}

/* What a flow is compared with: P = 1.163 kWh/(m3 K) x flow x difference. */
struct heat {
    struct heng_dec power; /* W */
    int64_t difference;    /* 0.01 K */
};

/* False when power and temperatures are too small, or not there, to say anything about the flow. */
static bool read_heat(const struct heng_telegram *t, const struct heng_cjt188_layout *layout, struct heat *ret)
{
    enum { LEAST_POWER_W = 50, LEAST_DIFFERENCE = 50 };
    struct heng_record power, supply, back;
    if (!read_quantity(t, layout, Q(POWER), &power) || !read_quantity(t, layout, Q(FLOW_TEMPERATURE), &supply) ||
        !read_quantity(t, layout, Q(RETURN_TEMPERATURE), &back))
        return false;
    ret->power = power.dec;
    ret->difference = supply.dec.mantissa - back.dec.mantissa;
    if (ret->difference < 0) ret->difference = -ret->difference;
    return power.unit == UNIT(W) && heng_dec_cmp(power.dec, (struct heng_dec){LEAST_POWER_W, 0}) >= 0 &&
           ret->difference >= LEAST_DIFFERENCE;
}

/* Within a factor of 3, which leaves room for rounding and for values taken at different moments, and tells
 * powers of ten apart. flow has at most 8 digits: nothing overflows. */
static bool flow_fits(const struct heat *heat, struct heng_dec flow)
{
    struct heng_dec expected = {1163 * flow.mantissa * heat->difference, (int8_t)(flow.exp - 2)};
    struct heng_dec three_expected = {3 * expected.mantissa, expected.exp};
    struct heng_dec three_power = {3 * heat->power.mantissa, heat->power.exp};
    return heng_dec_cmp(expected, three_power) <= 0 && heng_dec_cmp(heat->power, three_expected) <= 0;
}

/* Give the flow its decimals; ret->dec is the raw number in m3/h x 10^exp of its unit. Makers use 4, 3 or 2 and do not
 * say which: the dialect knows some, for m3/h; for all others the one scale that fits the power is taken. Without
 * either the flow is no value. Reasons: docs/decisions/0004-cjt188-flow-scale.md. */
static void settle_flow(const struct heng_telegram *t, const struct heng_cjt188_layout *layout, struct heng_record *ret)
{
    enum { LEAST_RAW = 5, STANDARD_EXP = -4, COARSEST_EXP = -2 };
    int told = t->dialect && ret->dec.exp == 0 ? t->dialect->cjt188.flow_decimals : HENG_DECIMALS_UNKNOWN;
    bool known = told != HENG_DECIMALS_UNKNOWN;
    struct heng_dec raw = ret->dec;
    struct heat heat;
    int first = known ? -told : STANDARD_EXP, last = known ? -told : COARSEST_EXP;
    if (heng_dec_make(raw.mantissa, raw.exp + first, &ret->dec) != HENG_OK) {
        no_value(ret, "out of range");
        return;
    }
    if (raw.mantissa == 0) return;
    if (raw.mantissa < LEAST_RAW || !read_heat(t, layout, &heat)) {
        if (!known) no_value(ret, "scale unclear");
        return;
    }
    for (int exp = first; exp <= last; exp++) {
        ret->dec.exp = (int8_t)(raw.exp + exp);
        if (flow_fits(&heat, ret->dec)) return;
    }
    no_value(ret, "scale unclear");
}

heng_rc heng_cjt188_next(struct heng_records *r, struct heng_record *ret, struct heng_err *err)
{
    (void)err;
    const struct heng_telegram *t = r->telegram;
    if (t->dialect && t->dialect->field_count && heng_cjt188_has_fields(t)) return heng_cjt188_field_next(r, ret);
    if (!t->layout) return HENG_ENOTFOUND;
    const struct heng_cjt188_layout *layout = heng_cjt188_layout(t);
    size_t count = layout->bytes ? layout->count : t->body.n / 5;
    if (r->index >= count) return HENG_ENOTFOUND;
    read_field(t, layout, r->index, ret);
    if (ret->quantity == Q(VOLUME_FLOW) && ret->kind == HENG_VALUE_DEC) settle_flow(t, layout, ret);
    r->index++;
    r->p = t->frame.p + ret->at + ret->length;
    return HENG_OK;
}
