/* Values of CJ/T 188 answers. Offsets count from behind SER.
 *
 *   901F water, gas (19 bytes)          901F heat (43 bytes)
 *        0  4+1  total, unit                 0  4+1  settlement energy (some vendors: cooling energy), unit
 *        5  4+1  settlement total, unit      5  4+1  energy, unit
 *       10    7  clock ss mm hh DD MM       10  4+1  power, unit
 *                YY CC                      15  4+1  flow, unit
 *       17    2  ST0 ST1                    20  4+1  volume, unit
 *   901F short (6 bytes)                    25  3+3  supply, return temperature, 0.01 degC
 *        0    4  total, m3                  31    3  working hours
 *        4    2  ST0 ST1                    34    7  clock
 *                                           41    2  ST0 ST1
 *   A field with unit is value-first (low byte first) or unit-first; the unit bytes tell which.
 *   All numbers are BCD; FF, EE and 99 in all bytes mean "not available".
 *
 * Source: CJ/T 188-2004 clause 7 and appendix; LCR-U sheet for 0A61; decimals and vendor habits as in
 * tests/golden/cjt188.tsv and the quirk table below. */
#include "codec/cjt188_record.h"
#include "codec/bytes.h"
#include "codec/unit_code.h"

typedef enum field_type {
    WITH_UNIT,   /* 4 bytes BCD and a unit byte, in either order */
    PLAIN,       /* BCD of a fixed unit */
    TEMPERATURE, /* 3 bytes BCD, XXXX.XX */
    HOURS,       /* 3 bytes BCD */
    CLOCK,       /* 7 bytes BCD */
    BINARY,      /* 8 bytes, low byte first */
    RUNNING      /* hours in 4 bytes, seconds in 2, low byte first */
} field_type;

struct field {
    uint8_t type, at, bytes, quantity, unit;
    int8_t exp; /* decimals of the raw number */
    uint8_t storage, tariff;
    const char *qualifier;
};

struct layout {
    const struct field *fields;
    uint8_t count, bytes, status_at;
};

#define Q(symbol)    HENG_QUANTITY_##symbol
#define UNIT(symbol) HENG_UNIT_##symbol
#define WITH_UNIT_AT(offset, quantity, storage)                                                                        \
    {                                                                                                                  \
        WITH_UNIT, offset, 5, Q(quantity), 0, -2, storage, 0, NULL                                                     \
    }

static const struct field volume_fields[] = {
    WITH_UNIT_AT(0, VOLUME, 0),
    WITH_UNIT_AT(5, VOLUME, 1),
    {CLOCK, 10, 7, Q(DATETIME), UNIT(NONE), 0, 0, 0, NULL},
};
static const struct field short_fields[] = {{PLAIN, 0, 4, Q(VOLUME), UNIT(M3), -2, 0, 0, NULL}};
static const struct field heat_fields[] = {
    WITH_UNIT_AT(0, ENERGY_HEAT, 1),
    WITH_UNIT_AT(5, ENERGY_HEAT, 0),
    WITH_UNIT_AT(10, POWER, 0),
    {WITH_UNIT, 15, 5, Q(VOLUME_FLOW), 0, 0, 0, 0, NULL}, /* decimals: settle_flow */
    WITH_UNIT_AT(20, VOLUME, 0),
    {TEMPERATURE, 25, 3, Q(FLOW_TEMPERATURE), UNIT(DEG_C), -2, 0, 0, NULL},
    {TEMPERATURE, 28, 3, Q(RETURN_TEMPERATURE), UNIT(DEG_C), -2, 0, 0, NULL},
    {HOURS, 31, 3, Q(OPERATING_TIME), UNIT(S), 0, 0, 0, NULL},
    {CLOCK, 34, 7, Q(DATETIME), UNIT(NONE), 0, 0, 0, NULL},
};
/* Month values: storage is added from the data identifier. */
static const struct field volume_month_fields[] = {WITH_UNIT_AT(0, VOLUME, 0)};
static const struct field heat_month_fields[] = {
    WITH_UNIT_AT(0, ENERGY_HEAT, 0),
    WITH_UNIT_AT(5, ENERGY_COOLING, 0),
    WITH_UNIT_AT(10, VOLUME, 0),
};
static const struct field price_fields[] = {
    {PLAIN, 0, 3, Q(PRICE), UNIT(CURRENCY), -2, 0, 1, NULL},  {PLAIN, 3, 3, Q(VOLUME), UNIT(M3), 0, 0, 1, "tier limit"},
    {PLAIN, 6, 3, Q(PRICE), UNIT(CURRENCY), -2, 0, 2, NULL},  {PLAIN, 9, 3, Q(VOLUME), UNIT(M3), 0, 0, 2, "tier limit"},
    {PLAIN, 12, 3, Q(PRICE), UNIT(CURRENCY), -2, 0, 3, NULL},
};
static const struct field settlement_day_fields[] = {{PLAIN, 0, 1, Q(SETTLEMENT_DAY), UNIT(NONE), 0, 0, 0, NULL}};
static const struct field reading_day_fields[] = {{PLAIN, 0, 1, Q(READING_DAY), UNIT(NONE), 0, 0, 0, NULL}};
static const struct field purchase_fields[] = {
    {PLAIN, 0, 1, Q(PURCHASE), UNIT(NONE), 0, 0, 0, "number"},
    {PLAIN, 1, 4, Q(PURCHASE), UNIT(M3), -2, 0, 0, "this time"},
    {PLAIN, 5, 4, Q(PURCHASE), UNIT(M3), -2, 0, 0, "total"},
    {PLAIN, 9, 4, Q(PURCHASE), UNIT(M3), -2, 0, 0, "remaining"},
};
static const struct field key_fields[] = {{PLAIN, 0, 1, Q(KEY_VERSION), UNIT(NONE), 0, 0, 0, NULL}};
static const struct field lcr_fields[] = {
    {BINARY, 0, 8, Q(ENERGY_HEAT), UNIT(WH), -5, 0, 0, NULL},
    {BINARY, 8, 8, Q(VOLUME), UNIT(M3), -8, 0, 0, NULL},
    {RUNNING, 16, 6, Q(OPERATING_TIME), UNIT(S), 0, 0, 0, NULL},
};

#define LAYOUT(fields, bytes, status_at)                                                                               \
    {                                                                                                                  \
        fields, sizeof fields / sizeof fields[0], bytes, status_at                                                     \
    }
/* Heat meters first: types 2x; then all others. */
static const struct {
    uint16_t first_di, last_di;
    bool heat, other;
    struct layout layout;
} layouts[] = {
    {0x901F, 0x901F, true, false, LAYOUT(heat_fields, 43, 41)},
    {0x901F, 0x901F, false, true, LAYOUT(volume_fields, 19, 17)},
    {0x901F, 0x901F, false, true, LAYOUT(short_fields, 6, 4)},
    {0xD120, 0xD131, true, false, LAYOUT(heat_month_fields, 15, 0)},
    {0xD120, 0xD131, false, true, LAYOUT(volume_month_fields, 5, 0)},
    {0x8102, 0x8102, true, true, LAYOUT(price_fields, 15, 0)},
    {0x8103, 0x8103, true, true, LAYOUT(settlement_day_fields, 1, 0)},
    {0x8104, 0x8104, true, true, LAYOUT(reading_day_fields, 1, 0)},
    {0x8105, 0x8105, true, true, LAYOUT(purchase_fields, 15, 13)},
    {0x8106, 0x8106, true, true, LAYOUT(key_fields, 1, 0)},
    {0x0A61, 0x0A61, true, false, LAYOUT(lcr_fields, 23, 0)},
};

static const struct layout *layout_of(const struct heng_telegram *t)
{
    bool heat = t->ci >> 4 == 2;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (t->di < layouts[i].first_di || t->di > layouts[i].last_di) continue;
        if ((heat ? layouts[i].heat : layouts[i].other) && t->body.n == layouts[i].layout.bytes)
            return &layouts[i].layout;
    }
    return NULL;
}

bool heng_cjt188_known(const struct heng_telegram *telegram) { return layout_of(telegram) != NULL; }

size_t heng_cjt188_status_at(const struct heng_telegram *telegram)
{
    const struct layout *layout = layout_of(telegram);
    return layout ? layout->status_at : 0;
}

/* What vendors do their own way. Empty vendor: any.
 * Source: Plou/Tiangang sheet (cooling energy in the settlement field, flow XXXX.XXXX), LCR sheet (flow
 * XXXXX.XXX); the 25..27 types are used by Plou and its clones only. */
static const struct quirk {
    char vendor[5];
    uint8_t first_type, last_type;
    bool settlement_is_cooling;
    int8_t flow_exp; /* of a flow in m3/h */
} quirks[] = {
    {"1111", 0x20, 0x2F, true, -4},
    {"4259", 0x20, 0x2F, false, -3},
    {"", 0x25, 0x27, true, -4},
};

static const struct quirk *quirk_of(const struct heng_telegram *t)
{
    for (size_t i = 0; i < sizeof quirks / sizeof quirks[0]; i++) {
        bool vendor = quirks[i].vendor[0] == '\0' || strcmp(quirks[i].vendor, t->manufacturer) == 0;
        if (vendor && t->ci >= quirks[i].first_type && t->ci <= quirks[i].last_type) return &quirks[i];
    }
    return NULL;
}

static bool settlement_is_cooling(const struct heng_telegram *t)
{
    const struct quirk *quirk = quirk_of(t);
    return quirk && quirk->settlement_is_cooling;
}

/* The unit of a field's quantity; heat and cooling energy share the energy codes, 01 is 1 J. */
static bool unit_of(const struct field *f, uint8_t code, struct heng_unit_code *ret)
{
    bool energy = f->quantity == Q(ENERGY_HEAT) || f->quantity == Q(ENERGY_COOLING);
    if (energy && code == 0x01) {
        *ret = (struct heng_unit_code){Q(ENERGY), UNIT(J), 0};
        return true;
    }
    return code < 0x40 && heng_unit_code_of(code, ret) && ret->quantity == (energy ? Q(ENERGY) : f->quantity);
}

/* Unit-first when more of the first bytes are units of the field's kind than of the last bytes. */
static bool unit_first(const struct layout *layout, const uint8_t *body)
{
    struct heng_unit_code unit;
    int votes = 0;
    for (size_t i = 0; i < layout->count; i++) {
        const struct field *f = &layout->fields[i];
        if (f->type != WITH_UNIT) continue;
        votes += unit_of(f, body[f->at], &unit);
        votes -= unit_of(f, body[f->at + 4], &unit);
    }
    return votes > 0;
}

static bool all_bytes(const uint8_t *p, size_t n, uint8_t byte)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != byte) return false;
    return true;
}

static void no_value(struct heng_record *ret, const char *reason)
{
    ret->kind = HENG_VALUE_NONE;
    ret->reason = reason;
}

/* BCD number of the record's data, low byte first. Days and versions may really be 99. */
static void bcd_value(struct heng_record *ret, int exp)
{
    const uint8_t *p = ret->data.p;
    size_t n = ret->data.n;
    uint64_t raw = heng_load_bytes(p, n, false);
    if (all_bytes(p, n, 0xFF) || all_bytes(p, n, 0xEE) || (n >= 3 && all_bytes(p, n, 0x99))) {
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
    uint64_t raw = heng_load_bytes(p, 7, false);
    ret->kind = HENG_VALUE_DATETIME;
    if (all_bytes(p, 7, 0xFF)) {
        no_value(ret, "not available");
        return;
    }
    if (raw == 0) {
        no_value(ret, "not set");
        return;
    }
    unsigned part[7];
    for (size_t i = 0; i < 7; i++) part[i] = (unsigned)heng_bcd_value(p[i]);
    ret->civil = (struct heng_civil){.year = (int16_t)(part[6] * 100 + part[5]),
                                     .month = (uint8_t)part[4],
                                     .day = (uint8_t)part[3],
                                     .hour = (uint8_t)part[2],
                                     .minute = (uint8_t)part[1],
                                     .second = (uint8_t)part[0]};
    if (!heng_bcd_valid(raw) || part[6] == 0 || !heng_civil_valid(&ret->civil)) no_value(ret, "invalid time");
}

static void binary_value(struct heng_record *ret, int exp)
{
    uint64_t raw = heng_load_bytes(ret->data.p, ret->data.n, false);
    ret->kind = HENG_VALUE_DEC;
    if (raw > INT64_MAX || heng_dec_make((int64_t)raw, exp, &ret->dec) != HENG_OK) no_value(ret, "out of range");
}

static void running_value(struct heng_record *ret)
{
    uint64_t hours = heng_load_bytes(ret->data.p, 4, false), seconds = heng_load_bytes(ret->data.p + 4, 2, false);
    ret->kind = HENG_VALUE_DEC;
    ret->dec = (struct heng_dec){(int64_t)(hours * 3600 + seconds), 0};
}

static void set_value(const struct heng_telegram *t, const struct layout *layout, const struct field *f,
                      struct heng_record *ret)
{
    const uint8_t *p = t->body.p + f->at;
    ret->data = heng_slice_of(p, f->bytes);
    switch ((field_type)f->type) {
    case WITH_UNIT: {
        struct heng_unit_code unit;
        bool first = unit_first(layout, t->body.p);
        ret->data = heng_slice_of(p + first, 4);
        bool known = unit_of(f, first ? p[0] : p[4], &unit);
        bcd_value(ret, known ? unit.exp + f->exp : 0);
        ret->unit = known ? unit.unit : UNIT(UNKNOWN);
        if (!known && ret->kind == HENG_VALUE_DEC) no_value(ret, "unknown unit");
        break;
    }
    case PLAIN: bcd_value(ret, f->exp); break;
    case TEMPERATURE:
        bcd_value(ret, f->exp);
        /* No meter reads 1000 degC; some mark negative values in the top digit, each in its own way. */
        if (ret->kind == HENG_VALUE_DEC && ret->dec.mantissa >= 100000) no_value(ret, "out of range");
        break;
    case HOURS:
        bcd_value(ret, 0);
        ret->dec.mantissa *= 3600;
        break;
    case CLOCK: clock_value(ret); break;
    case BINARY: binary_value(ret, f->exp); break;
    case RUNNING: running_value(ret); break;
    }
}

static void read_field(const struct heng_telegram *t, const struct layout *layout, size_t i, struct heng_record *ret)
{
    const struct field *f = &layout->fields[i];
    *ret = (struct heng_record){
        .quantity = (heng_quantity)f->quantity,
        .unit = (heng_unit)f->unit,
        .storage = f->storage,
        .tariff = f->tariff,
        .qualifier = f->qualifier,
        .vif = {t->body.p + f->at, 0},
        .vif_known = true,
        .at = (uint32_t)(t->body.p + f->at - t->frame.p),
        .length = f->bytes,
    };
    if (t->di >= 0xD120 && t->di <= 0xD131) ret->storage = (uint64_t)(t->di - 0xD120) + 1;
    if (layout->fields == heat_fields && i == 0 && settlement_is_cooling(t)) {
        ret->quantity = Q(ENERGY_COOLING);
        ret->storage = 0;
    } else if (t->medium == HENG_MEDIUM_COOLING && ret->quantity == Q(ENERGY_HEAT) && !settlement_is_cooling(t)) {
        ret->quantity = Q(ENERGY_COOLING);
    }
    set_value(t, layout, f, ret);
}

/* What a flow is compared with: P = 1.163 kWh/(m3 K) x flow x difference. */
struct heat {
    struct heng_dec power; /* W */
    int64_t difference;    /* 0.01 K */
};

/* False when power and temperatures are too small, or not there, to say anything about the flow. */
static bool read_heat(const struct heng_telegram *t, const struct layout *layout, struct heat *ret)
{
    enum { LEAST_POWER_W = 50, LEAST_DIFFERENCE = 50 };
    struct heng_record power, supply, back;
    read_field(t, layout, 2, &power);
    read_field(t, layout, 5, &supply);
    read_field(t, layout, 6, &back);
    if (power.kind != HENG_VALUE_DEC || supply.kind != HENG_VALUE_DEC || back.kind != HENG_VALUE_DEC) return false;
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

/* Give the flow its decimals; ret->dec is the raw number in m3/h x 10^exp of its unit. Vendors use 4, 3 or 2 and do
 * not say which: the table knows some, for m3/h; for all others the one scale that fits the power is taken. Without
 * either the flow is no value. Reasons: docs/decisions/0004-cjt188-flow-scale.md. */
static void settle_flow(const struct heng_telegram *t, const struct layout *layout, struct heng_record *ret)
{
    enum { LEAST_RAW = 5, STANDARD_EXP = -4, COARSEST_EXP = -2 };
    const struct quirk *quirk = ret->dec.exp == 0 ? quirk_of(t) : NULL;
    struct heng_dec raw = ret->dec;
    struct heat heat;
    int first = quirk ? quirk->flow_exp : STANDARD_EXP, last = quirk ? quirk->flow_exp : COARSEST_EXP;
    ret->dec.exp = (int8_t)(raw.exp + first);
    if (raw.mantissa == 0) return;
    if (raw.mantissa < LEAST_RAW || !read_heat(t, layout, &heat)) {
        if (!quirk) no_value(ret, "scale unclear");
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
    const struct layout *layout = t->kind == HENG_TELEGRAM_DATA ? layout_of(t) : NULL;
    if (!layout || r->index >= layout->count) return HENG_ENOTFOUND;
    read_field(t, layout, r->index, ret);
    if (ret->quantity == Q(VOLUME_FLOW) && ret->kind == HENG_VALUE_DEC) settle_flow(t, layout, ret);
    r->index++;
    r->p = t->frame.p + ret->at + ret->length;
    return HENG_OK;
}
