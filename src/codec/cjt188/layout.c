/* Bodies of CJ/T 188 telegrams. Offsets count from behind SER.
 *
 *   901F water, gas (19 bytes)          901F heat (43)                       911F heat and cooling (59)
 *        0  4+1  total, unit                 0  4+1  settlement energy, unit      0  4+1  settlement heat, unit
 *        5  4+1  settlement total, unit      5  4+1  energy, unit                 5  4+1  settlement cooling, unit
 *       10    7  clock ss mm hh DD MM       10  4+1  power, unit                 10  4+1  heat, unit
 *                YY CC                      15  4+1  flow, unit                  15  4+1  cooling, unit
 *       17    2  ST0 ST1                    20  4+1  volume, unit                20  4+1  power, unit
 *   901F short (6)                          25    3  supply temperature          25  4+1  flow, unit
 *        0    4  total, m3                  28    3  return temperature          30  4+1  volume, unit
 *        4    2  ST0 ST1                    31    3  working hours               35  3+3  supply, return temperature
 *   8102 prices (15), A010 (15 or 16)       34    7  clock                       41  3+3  supply, return pressure
 *        0  3+3  price 1, volume 1          41    2  ST0 ST1                     47    3  working hours
 *        6  3+3  price 2, volume 2      D120.. months, old heat (5)              50    7  clock
 *       12    3  price 3                     0  4+1  energy or total, unit       57    2  ST0 ST1
 *       15    1  A010: first day        D120.., D200.. heat (15)             D120.. LCR (8 or 15)
 *   8105 purchase (15), A013 (5)             0  4+1  heat, unit                   0    8  energy, 1e-8 kWh, binary
 *        0    1  number                      5  4+1  cooling, unit           or   0    2  month, year
 *        1    4  this time, yuan            10  4+1  volume, unit                 2  4+1  energy, unit
 *        5  4+4  total, remaining       D300.., D400.. freeze (23)                7  4+1  volume, unit
 *       13    2  ST0 ST1                     0    7  clock                       12    3  working hours
 *   8103 8104 8106, A011 A012 (1)            7  4+1  total, unit             0A61 LCR high resolution (23)
 *        0    1  day, version               12  4+1  flow, unit                   0    8  energy, 1e-8 kWh, binary
 *   A014 new key (9)                        17  3+3  temperature, pressure        8    8  volume, 1e-8 m3, binary
 *        0  1+8  version, key           903F 904F gas months (30)                16  4+2  hours, seconds, binary
 *   A015 clock, A018 number (7)              0  6x5  total, unit                 22    1  flags
 *   A016 base reading (5)               913F..918F gas days (n x 5)          A017 valve (1)
 *        0  4+1  total, unit                 0  nx5  total, unit                  0    1  55 open, 99 close
 *
 *   A field with unit is value-first (low byte first) or unit-first; units and digits of the whole body tell which. In
 *   D120.. and A016 of heat meters they may not: 05 34 12 00 05 is 1234.05 kWh or 50012.34 kWh. Then the meter's
 *   dialect tells, else there is no value (docs/decisions/0006-cjt188-unit-order.md). All other numbers are BCD, low
 *   byte first; FF, EE and 99 in all bytes mean "not available".
 *
 * Source: CJ/T 188-2004 clause 7 and appendix (901F, D120.., 81xx, A0xx); CJ/T 188-2018 (911F, D2xx..D4xx, 907F); LCR
 * sheets (0A61, D120..); gas vendors (903F, 904F, 91xF). What only one of them tells is believed when units, digits and
 * length all fit, and is no value otherwise; nor is it when two of these layouts fit. */
#include "codec/cjt188/layout.h"
#include "codec/bytes.h"

#define Q(symbol)    HENG_QUANTITY_##symbol
#define UNIT(symbol) HENG_UNIT_##symbol
#define FORM(symbol) HENG_CJT188_##symbol
#define MEASURED_AT(offset, quantity, decimals, storage)                                                               \
    {                                                                                                                  \
        FORM(MEASURED), offset, 5, Q(quantity), 0, -(decimals), storage, 0, NULL                                       \
    }
#define PLAIN_AT(offset, bytes, quantity, unit, decimals, tariff, qualifier)                                           \
    {                                                                                                                  \
        FORM(PLAIN), offset, bytes, Q(quantity), UNIT(unit), -(decimals), 0, tariff, qualifier                         \
    }
#define FORM_AT(form, offset, bytes, quantity, unit, decimals)                                                         \
    {                                                                                                                  \
        FORM(form), offset, bytes, Q(quantity), UNIT(unit), -(decimals), 0, 0, NULL                                    \
    }

_Static_assert(HENG_QUANTITY_COUNT <= 256 && HENG_UNIT_COUNT <= 256, "a field keeps them in a byte each");

static const struct heng_cjt188_field volume_fields[] = {
    MEASURED_AT(0, VOLUME, 2, 0),
    MEASURED_AT(5, VOLUME, 2, 1),
    FORM_AT(CLOCK, 10, 7, DATETIME, NONE, 0),
};
static const struct heng_cjt188_field short_fields[] = {FORM_AT(TOTAL, 0, 4, VOLUME, M3, 2)};
/* Decimals of the flow: settle_flow in record.c. */
static const struct heng_cjt188_field heat_fields[] = {
    MEASURED_AT(0, ENERGY_HEAT, 2, 1),
    MEASURED_AT(5, ENERGY_HEAT, 2, 0),
    MEASURED_AT(10, POWER, 2, 0),
    MEASURED_AT(15, VOLUME_FLOW, 0, 0),
    MEASURED_AT(20, VOLUME, 2, 0),
    FORM_AT(TEMPERATURE, 25, 3, FLOW_TEMPERATURE, DEG_C, 2),
    FORM_AT(TEMPERATURE, 28, 3, RETURN_TEMPERATURE, DEG_C, 2),
    FORM_AT(HOURS, 31, 3, OPERATING_TIME, S, 0),
    FORM_AT(CLOCK, 34, 7, DATETIME, NONE, 0),
};
/* The unit of the two pressures is told nowhere. */
static const struct heng_cjt188_field heat_cooling_fields[] = {
    MEASURED_AT(0, ENERGY_HEAT, 2, 1),
    MEASURED_AT(5, ENERGY_COOLING, 2, 1),
    MEASURED_AT(10, ENERGY_HEAT, 2, 0),
    MEASURED_AT(15, ENERGY_COOLING, 2, 0),
    MEASURED_AT(20, POWER, 2, 0),
    MEASURED_AT(25, VOLUME_FLOW, 0, 0),
    MEASURED_AT(30, VOLUME, 2, 0),
    FORM_AT(TEMPERATURE, 35, 3, FLOW_TEMPERATURE, DEG_C, 2),
    FORM_AT(TEMPERATURE, 38, 3, RETURN_TEMPERATURE, DEG_C, 2),
    {FORM(UNSCALED), 41, 3, Q(PRESSURE), UNIT(UNKNOWN), 0, 0, 0, "supply"},
    {FORM(UNSCALED), 44, 3, Q(PRESSURE), UNIT(UNKNOWN), 0, 0, 0, "return"},
    FORM_AT(HOURS, 47, 3, OPERATING_TIME, S, 0),
    FORM_AT(CLOCK, 50, 7, DATETIME, NONE, 0),
};
static const struct heng_cjt188_field clock_fields[] = {FORM_AT(CLOCK, 0, 7, DATETIME, NONE, 0)};
static const struct heng_cjt188_field total_fields[] = {MEASURED_AT(0, VOLUME, 2, 0)};
static const struct heng_cjt188_field energy_fields[] = {MEASURED_AT(0, ENERGY_HEAT, 2, 0)};
static const struct heng_cjt188_field heat_month_fields[] = {
    MEASURED_AT(0, ENERGY_HEAT, 2, 0),
    MEASURED_AT(5, ENERGY_COOLING, 2, 0),
    MEASURED_AT(10, VOLUME, 2, 0),
};
static const struct heng_cjt188_field lcr_month_fields[] = {
    FORM_AT(MONTH, 0, 2, DATE, NONE, 0),
    MEASURED_AT(2, ENERGY_HEAT, 2, 0),
    MEASURED_AT(7, VOLUME, 2, 0),
    FORM_AT(HOURS, 12, 3, OPERATING_TIME, S, 0),
};
static const struct heng_cjt188_field lcr_energy_fields[] = {FORM_AT(BINARY, 0, 8, ENERGY_HEAT, WH, 5)};
static const struct heng_cjt188_field lcr_fields[] = {
    FORM_AT(BINARY, 0, 8, ENERGY_HEAT, WH, 5),
    FORM_AT(BINARY, 8, 8, VOLUME, M3, 8),
    FORM_AT(RUNNING, 16, 6, OPERATING_TIME, S, 0),
    FORM_AT(FLAGS, 22, 1, STATUS, NONE, 0),
};
static const struct heng_cjt188_field freeze_fields[] = {
    FORM_AT(CLOCK, 0, 7, DATETIME, NONE, 0),
    MEASURED_AT(7, VOLUME, 2, 0),
    MEASURED_AT(12, VOLUME_FLOW, 0, 0),
    FORM_AT(TEMPERATURE, 17, 3, TEMPERATURE, DEG_C, 2),
    FORM_AT(UNSCALED, 20, 3, PRESSURE, UNKNOWN, 0),
};
static const struct heng_cjt188_field row_of_totals[] = {
    MEASURED_AT(0, VOLUME, 2, 0),  MEASURED_AT(5, VOLUME, 2, 1),  MEASURED_AT(10, VOLUME, 2, 2),
    MEASURED_AT(15, VOLUME, 2, 3), MEASURED_AT(20, VOLUME, 2, 4), MEASURED_AT(25, VOLUME, 2, 5),
    MEASURED_AT(30, VOLUME, 2, 6), MEASURED_AT(35, VOLUME, 2, 7), MEASURED_AT(40, VOLUME, 2, 8),
    MEASURED_AT(45, VOLUME, 2, 9),
};
static const struct heng_cjt188_field price_fields[] = {
    PLAIN_AT(0, 3, PRICE, CURRENCY, 2, 1, NULL),  PLAIN_AT(3, 3, VOLUME, M3, 0, 1, "tier limit"),
    PLAIN_AT(6, 3, PRICE, CURRENCY, 2, 2, NULL),  PLAIN_AT(9, 3, VOLUME, M3, 0, 2, "tier limit"),
    PLAIN_AT(12, 3, PRICE, CURRENCY, 2, 3, NULL), PLAIN_AT(15, 1, TARIFF_START, NONE, 0, 0, "day of month"),
};
static const struct heng_cjt188_field settlement_day_fields[] = {FORM_AT(PLAIN, 0, 1, SETTLEMENT_DAY, NONE, 0)};
static const struct heng_cjt188_field reading_day_fields[] = {FORM_AT(PLAIN, 0, 1, READING_DAY, NONE, 0)};
/* The standard speaks of amounts of money (yuan), not of water. */
static const struct heng_cjt188_field purchase_fields[] = {
    PLAIN_AT(0, 1, PURCHASE, NONE, 0, 0, "number"),
    PLAIN_AT(1, 4, PURCHASE, CURRENCY, 2, 0, "this time"),
    PLAIN_AT(5, 4, PURCHASE, CURRENCY, 2, 0, "total"),
    PLAIN_AT(9, 4, PURCHASE, CURRENCY, 2, 0, "remaining"),
};
static const struct heng_cjt188_field key_fields[] = {
    FORM_AT(PLAIN, 0, 1, KEY_VERSION, NONE, 0),
    FORM_AT(SECRET, 1, 8, SECURITY_KEY, NONE, 0),
};
static const struct heng_cjt188_field base_volume_fields[] = {
    {FORM(MEASURED), 0, 5, Q(VOLUME), 0, -2, 0, 0, "base reading"}};
static const struct heng_cjt188_field base_energy_fields[] = {
    {FORM(MEASURED), 0, 5, Q(ENERGY_HEAT), 0, -2, 0, 0, "base reading"}};
static const struct heng_cjt188_field valve_fields[] = {FORM_AT(VALVE, 0, 1, VALVE_ACTION, NONE, 0)};
static const struct heng_cjt188_field id_fields[] = {FORM_AT(ID, 0, 7, BUS_ADDRESS, NONE, 0)};

/* Who says it, about which kind of meter (by T), and whether the bytes must prove the layout. */
enum { READ = 1, WRITE = 2, READ_ADDRESS = 4, WRITTEN = 8 };
enum { HEAT = 1, GAS = 2, REST = 4, NOT_HEAT = GAS | REST, ANY = 7 };
enum { PLAINLY, STRICT };
enum {
    NO_STATUS = HENG_CJT188_NO_STATUS,
    ANY_COUNT = 0,
    ENERGY = HENG_CJT188_ENERGY,
    APART = HENG_CJT188_COOLING_APART
};

struct entry {
    uint16_t first_di, last_di;
    uint8_t roles, types, strict;
    struct heng_cjt188_layout layout;
};

/* Behind `strict`: fields, their count, bytes of the body, offset of the status, flags, identifier of storage 1. */
#define ENTRY(first, last, roles, types, strict, ...)                                                                  \
    {                                                                                                                  \
        first, last, roles, types, strict, { __VA_ARGS__ }                                                             \
    }
#define ALL(fields) fields, sizeof(fields) / sizeof((fields)[0])

/* The first entry that fits is taken. */
static const struct entry entries[] = {
    ENTRY(0x901F, 0x901F, READ, NOT_HEAT, PLAINLY, ALL(volume_fields), 19, 17, 0, 0),
    ENTRY(0x901F, 0x901F, READ, HEAT, PLAINLY, ALL(heat_fields), 43, 41, ENERGY, 0),
    ENTRY(0x901F, 0x901F, READ, NOT_HEAT, PLAINLY, ALL(short_fields), 6, 4, 0, 0),
    /* A meter may answer with another type than its own. */
    ENTRY(0x901F, 0x901F, READ, NOT_HEAT, STRICT, ALL(heat_fields), 43, 41, ENERGY, 0),
    ENTRY(0x901F, 0x901F, READ, HEAT, STRICT, ALL(volume_fields), 19, 17, 0, 0),
    ENTRY(0x0A61, 0x0A61, READ, ANY, PLAINLY, ALL(lcr_fields), 23, NO_STATUS, ENERGY, 0),
    ENTRY(0x903F, 0x903F, READ, GAS, STRICT, row_of_totals, 6, 30, NO_STATUS, 0, 0x903F),
    ENTRY(0x904F, 0x904F, READ, GAS, STRICT, row_of_totals, 6, 30, NO_STATUS, 0, 0x904F - 6),
    ENTRY(0x907F, 0x907F, READ, ANY, STRICT, ALL(clock_fields), 7, NO_STATUS, 0, 0),
    ENTRY(0x911F, 0x911F, READ, ANY, STRICT, ALL(heat_cooling_fields), 59, 57, ENERGY | APART, 0),
    ENTRY(0x913F, 0x918F, READ, GAS, STRICT, ALL(row_of_totals), ANY_COUNT, NO_STATUS, 0, 0x913F),
    ENTRY(0xD120, 0xD12B, READ, NOT_HEAT, PLAINLY, ALL(total_fields), 5, NO_STATUS, 0, 0xD120),
    ENTRY(0xD120, 0xD12B, READ, HEAT, PLAINLY, ALL(energy_fields), 5, NO_STATUS, ENERGY, 0xD120),
    ENTRY(0xD12C, 0xD131, READ, NOT_HEAT, STRICT, ALL(total_fields), 5, NO_STATUS, 0, 0xD120),
    ENTRY(0xD12C, 0xD137, READ, HEAT, STRICT, ALL(energy_fields), 5, NO_STATUS, ENERGY, 0xD120),
    ENTRY(0xD120, 0xD137, READ, HEAT, STRICT, ALL(heat_month_fields), 15, NO_STATUS, ENERGY | APART, 0xD120),
    ENTRY(0xD120, 0xD137, READ, HEAT, STRICT, ALL(lcr_month_fields), 15, NO_STATUS, ENERGY, 0xD120),
    ENTRY(0xD120, 0xD137, READ, HEAT, STRICT, ALL(lcr_energy_fields), 8, NO_STATUS, ENERGY, 0xD120),
    ENTRY(0xD134, 0xD152, READ, NOT_HEAT, STRICT, ALL(total_fields), 5, NO_STATUS, 0, 0xD134),
    ENTRY(0xD200, 0xD2FF, READ, NOT_HEAT, STRICT, ALL(total_fields), 5, NO_STATUS, 0, 0xD200),
    ENTRY(0xD200, 0xD2FF, READ, HEAT, STRICT, ALL(energy_fields), 5, NO_STATUS, ENERGY, 0xD200),
    ENTRY(0xD200, 0xD2FF, READ, HEAT, STRICT, ALL(heat_month_fields), 15, NO_STATUS, ENERGY | APART, 0xD200),
    ENTRY(0xD300, 0xD3FF, READ, NOT_HEAT, STRICT, ALL(freeze_fields), 23, NO_STATUS, 0, 0xD300),
    ENTRY(0xD400, 0xD4FF, READ, NOT_HEAT, STRICT, ALL(freeze_fields), 23, NO_STATUS, 0, 0xD400),
    ENTRY(0x8102, 0x8102, READ, ANY, PLAINLY, price_fields, 5, 15, NO_STATUS, 0, 0),
    ENTRY(0x8103, 0x8103, READ, ANY, PLAINLY, ALL(settlement_day_fields), 1, NO_STATUS, 0, 0),
    ENTRY(0x8104, 0x8104, READ, ANY, PLAINLY, ALL(reading_day_fields), 1, NO_STATUS, 0, 0),
    ENTRY(0x8105, 0x8105, READ, ANY, PLAINLY, ALL(purchase_fields), 15, 13, 0, 0),
    ENTRY(0x8106, 0x8106, READ, ANY, PLAINLY, key_fields, 1, 1, NO_STATUS, 0, 0),
    ENTRY(0x810A, 0x810A, READ | READ_ADDRESS, ANY, PLAINLY, ALL(id_fields), 7, NO_STATUS, 0, 0),
    ENTRY(0xA010, 0xA010, WRITE, ANY, STRICT, price_fields, 6, 16, NO_STATUS, 0, 0),
    ENTRY(0xA010, 0xA010, WRITE, ANY, STRICT, price_fields, 5, 15, NO_STATUS, 0, 0),
    ENTRY(0xA011, 0xA011, WRITE, ANY, PLAINLY, ALL(settlement_day_fields), 1, NO_STATUS, 0, 0),
    ENTRY(0xA012, 0xA012, WRITE, ANY, PLAINLY, ALL(reading_day_fields), 1, NO_STATUS, 0, 0),
    ENTRY(0xA013, 0xA013, WRITE, ANY, STRICT, purchase_fields, 2, 5, NO_STATUS, 0, 0),
    ENTRY(0xA014, 0xA014, WRITE, ANY, PLAINLY, ALL(key_fields), 9, NO_STATUS, 0, 0),
    ENTRY(0xA015, 0xA015, WRITE, ANY, PLAINLY, ALL(clock_fields), 7, NO_STATUS, 0, 0),
    ENTRY(0xA016, 0xA016, WRITE, ANY, STRICT, ALL(base_volume_fields), 5, NO_STATUS, 0, 0),
    ENTRY(0xA016, 0xA016, WRITE, HEAT, STRICT, ALL(base_energy_fields), 5, NO_STATUS, ENERGY, 0),
    ENTRY(0xA017, 0xA017, WRITE, ANY, PLAINLY, ALL(valve_fields), 1, NO_STATUS, 0, 0),
    ENTRY(0xA018, 0xA018, WRITE | WRITTEN, ANY, PLAINLY, ALL(id_fields), 7, NO_STATUS, 0, 0),
};

enum { ENTRIES = sizeof entries / sizeof entries[0], TOTAL_BYTES = 5 };
_Static_assert(ENTRIES < 256, "a telegram keeps the number of its entry in a byte");

const struct heng_cjt188_layout *heng_cjt188_layout(const struct heng_telegram *t)
{
    return &entries[t->layout - 1].layout;
}

bool heng_cjt188_is_vendor_write(const struct heng_telegram *t)
{
    enum { VENDOR_WRITE = 0x2A };
    return (t->control & 0x3F) == VENDOR_WRITE && t->di >= 0xA010 && t->di <= 0xA019;
}

static uint8_t types_of(uint8_t type)
{
    if (type == 0xAA) return ANY;
    return type >> 4 == 2 ? HEAT : type >> 4 == 3 ? GAS : REST;
}

static uint8_t roles_of(const struct heng_telegram *t)
{
    switch (t->control & 0x1F) {
    case 0x01:
    case 0x09: return t->from_meter ? READ : 0;
    case 0x03: return t->from_meter ? READ_ADDRESS : 0;
    case 0x04:
    case 0x15:
    case 0x16: return t->from_meter ? WRITTEN : WRITE;
    }
    if (heng_cjt188_is_vendor_write(t)) return t->from_meter ? WRITTEN : WRITE;
    return 0;
}

bool heng_cjt188_unit(const struct heng_cjt188_field *f, uint8_t code, struct heng_unit_code *ret)
{
    bool energy = f->quantity == Q(ENERGY_HEAT) || f->quantity == Q(ENERGY_COOLING);
    if (energy && code == 0x01) { /* M-Bus has a date there */
        *ret = (struct heng_unit_code){Q(ENERGY), UNIT(J), 0};
        return true;
    }
    return code < 0x40 && heng_unit_code_of(code, ret) && ret->quantity == (energy ? Q(ENERGY) : f->quantity);
}

static bool all_bytes(const uint8_t *p, size_t n, uint8_t byte)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != byte) return false;
    return true;
}

bool heng_cjt188_absent(const uint8_t *p, size_t n)
{
    switch (p[0]) {
    case 0xFF:
    case 0xEE: return all_bytes(p, n, p[0]);
    case 0x99: return n >= 3 && all_bytes(p, n, 0x99); /* a day or a version may really be 99 */
    }
    return false;
}

bool heng_cjt188_bcd(const uint8_t *p, size_t n)
{
    return heng_bcd_valid(heng_load_bytes(p, n, false)) || heng_cjt188_absent(p, n);
}

bool heng_cjt188_clock(const uint8_t *p, size_t n, struct heng_civil *ret)
{
    enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, CENTURY, PARTS };
    unsigned part[PARTS] = {[CENTURY] = 20};
    size_t missing = n < PARTS ? 6 - n : 0; /* from the front; the century is not one of six */
    if (!heng_bcd_valid(heng_load_bytes(p, n, false))) return false;
    for (size_t i = 0; i < n; i++) part[missing + i] = (unsigned)heng_bcd_value(p[i]);
    *ret = (struct heng_civil){.year = (int16_t)(part[CENTURY] * 100 + part[YEAR]),
                               .month = (uint8_t)part[MONTH],
                               .day = (uint8_t)part[DAY],
                               .hour = (uint8_t)part[HOUR],
                               .minute = (uint8_t)part[MINUTE],
                               .second = (uint8_t)part[SECOND]};
    return ret->year >= HENG_CJT188_FIRST_YEAR && ret->year <= HENG_CJT188_LAST_YEAR && heng_civil_valid(ret);
}

/* The units that meters show their totals, powers and flows in. The table has others, which nobody sends: a total in
 * Wh runs over within days, and 100 kWh is too coarse to bill. */
static bool is_usual(uint8_t code)
{
    static const uint8_t usual[] = {0x05, 0x08, 0x0A, 0x0E, 0x11, 0x13, 0x14, 0x17, 0x1A, 0x29, 0x2C, 0x32, 0x35};
    for (size_t i = 0; i < sizeof usual; i++)
        if (usual[i] == code) return true;
    return false;
}

/* The order of a body whose units and digits fit both ways: the dialect's, or the one in which more units are usual.
 * AUTO when neither tells, or one against the other. Without any unit there is nothing to tell, and no value either. */
static heng_unit_order open_order(const struct heng_cjt188_layout *layout, size_t count, const uint8_t *body,
                                  heng_unit_order told)
{
    struct heng_unit_code unit;
    int usual = 0;
    bool has_unit = false;
    for (size_t i = 0; i < count; i++) {
        const struct heng_cjt188_field *f = &layout->fields[i];
        if (f->form != FORM(MEASURED)) continue;
        const uint8_t *p = body + f->at;
        bool first = heng_cjt188_unit(f, p[0], &unit), last = heng_cjt188_unit(f, p[4], &unit);
        has_unit |= first || last;
        usual += first && is_usual(p[0]);
        usual -= last && is_usual(p[4]);
    }
    if (!has_unit) return HENG_UNIT_ORDER_VALUE_FIRST;
    if (usual == 0) return told;
    heng_unit_order likely = usual > 0 ? HENG_UNIT_ORDER_UNIT_FIRST : HENG_UNIT_ORDER_VALUE_FIRST;
    return told == HENG_UNIT_ORDER_AUTO || told == likely ? likely : HENG_UNIT_ORDER_AUTO;
}

/* Votes of the unit bytes: positive when more of the first bytes than of the last are units of their field's kind. When
 * they do not decide (both, or neither), the digits do: a unit byte such as 2C is no BCD. */
static heng_unit_order unit_order(const struct heng_cjt188_layout *layout, size_t count, const uint8_t *body,
                                  heng_unit_order told)
{
    struct heng_unit_code unit;
    int votes = 0, digits = 0;
    for (size_t i = 0; i < count; i++) {
        const struct heng_cjt188_field *f = &layout->fields[i];
        if (f->form != FORM(MEASURED)) continue;
        const uint8_t *p = body + f->at;
        votes += heng_cjt188_unit(f, p[0], &unit);
        votes -= heng_cjt188_unit(f, p[4], &unit);
        digits += heng_cjt188_bcd(p + 1, 4);
        digits -= heng_cjt188_bcd(p, 4);
    }
    if (votes == 0) votes = digits;
    if (votes == 0) return open_order(layout, count, body, told);
    return votes > 0 ? HENG_UNIT_ORDER_UNIT_FIRST : HENG_UNIT_ORDER_VALUE_FIRST;
}

static bool month_fits(const uint8_t *p)
{
    return heng_bcd_valid(heng_load_bytes(p, 2, false)) && p[0] >= 0x01 && p[0] <= 0x12;
}

static bool measured_fits(const struct heng_cjt188_field *f, const uint8_t *p, bool first)
{
    struct heng_unit_code unit;
    return heng_cjt188_unit(f, first ? p[0] : p[4], &unit) && heng_cjt188_bcd(p + first, 4);
}

/* True when the bytes can be what the field says. */
static bool field_fits(const struct heng_cjt188_field *f, const uint8_t *p, heng_unit_order order)
{
    static const uint64_t binary_limit = UINT64_C(10000000000000000); /* 1e8 kWh, or m3: no meter counts so far */
    struct heng_civil civil;
    switch ((heng_cjt188_form)f->form) {
    case FORM(MEASURED):
        return (order != HENG_UNIT_ORDER_UNIT_FIRST && measured_fits(f, p, false)) ||
               (order != HENG_UNIT_ORDER_VALUE_FIRST && measured_fits(f, p, true));
    case FORM(PLAIN):
    case FORM(TOTAL):
    case FORM(TEMPERATURE):
    case FORM(HOURS):
    case FORM(UNSCALED): return heng_cjt188_bcd(p, f->bytes);
    case FORM(CLOCK): return heng_cjt188_clock(p, 7, &civil) || heng_cjt188_absent(p, 7) || all_bytes(p, 7, 0);
    case FORM(MONTH): return month_fits(p);
    case FORM(BINARY): return heng_load_bytes(p, 8, false) < binary_limit || all_bytes(p, 8, 0xFF);
    case FORM(RUNNING):
    case FORM(FLAGS):
    case FORM(VALVE):
    case FORM(ID):
    case FORM(SECRET): break;
    }
    return true;
}

static bool fits(const struct heng_cjt188_layout *layout, size_t count, const uint8_t *body, heng_unit_order order)
{
    for (size_t i = 0; i < count; i++)
        if (!field_fits(&layout->fields[i], body + layout->fields[i].at, order)) return false;
    return true;
}

/* How many fields of the layout a body of n bytes has; 0 when n is not its length. */
static size_t count_in(const struct heng_cjt188_layout *layout, size_t n)
{
    if (layout->bytes != ANY_COUNT) return layout->bytes == n ? layout->count : 0;
    return n % TOTAL_BYTES == 0 && n / TOTAL_BYTES <= layout->count ? n / TOTAL_BYTES : 0;
}

/* True when the entry is about such telegrams and its layout about such a body, which is in *ret_order then. */
static bool entry_fits(const struct entry *e, const struct heng_telegram *t, heng_unit_order *ret_order)
{
    heng_unit_order told = t->dialect ? t->dialect->cjt188.unit_order : HENG_UNIT_ORDER_AUTO;
    if (t->di < e->first_di || t->di > e->last_di) return false;
    if (!(roles_of(t) & e->roles) || !(types_of(t->ci) & e->types)) return false;
    size_t count = count_in(&e->layout, t->body.n);
    if (count == 0) return false;
    *ret_order = unit_order(&e->layout, count, t->body.p, told);
    return !e->strict || fits(&e->layout, count, t->body.p, *ret_order);
}

/* Two layouts of the same identifiers are told apart by nothing but their bytes; they stand together. */
static bool has_rival(size_t i, const struct heng_telegram *t)
{
    heng_unit_order order;
    return entries[i].strict && i + 1 < ENTRIES && entries[i + 1].first_di == entries[i].first_di &&
           entry_fits(&entries[i + 1], t, &order);
}

void heng_cjt188_find_layout(struct heng_telegram *t)
{
    heng_unit_order order;
    size_t i = 0;
    t->layout = 0;
    t->unit_first = t->unit_unclear = false;
    while (i < ENTRIES && !entry_fits(&entries[i], t, &order)) i++;
    if (i == ENTRIES || has_rival(i, t)) return;
    t->layout = (uint8_t)(i + 1);
    t->unit_first = order == HENG_UNIT_ORDER_UNIT_FIRST;
    t->unit_unclear = order == HENG_UNIT_ORDER_AUTO;
}

/* In the order of the identifiers. */
static const struct {
    uint16_t first, last;
    const char *name;
} names[] = {
    {0x0A61, 0x0A61, "high resolution"},
    {0x8102, 0x8102, "price table"},
    {0x8103, 0x8103, "settlement day"},
    {0x8104, 0x8104, "reading day"},
    {0x8105, 0x8105, "purchase"},
    {0x8106, 0x8106, "key version"},
    {0x810A, 0x810A, "address"},
    {0x901F, 0x901F, "current data"},
    {0x903F, 0x903F, "current data, second set"},
    {0x904F, 0x904F, "current data, third set"},
    {0x905F, 0x905F, "current data, fourth set"},
    {0x906F, 0x906F, "current data, fifth set"},
    {0x907F, 0x907F, "clock"},
    {0x911F, 0x911F, "current data, heat and cooling"},
    {0x913F, 0x913F, "days"},
    {0x914F, 0x914F, "days"},
    {0x915F, 0x915F, "days"},
    {0x916F, 0x916F, "days"},
    {0x917F, 0x917F, "days"},
    {0x918F, 0x918F, "days"},
    {0xA010, 0xA010, "price table"},
    {0xA011, 0xA011, "settlement day"},
    {0xA012, 0xA012, "reading day"},
    {0xA013, 0xA013, "purchase"},
    {0xA014, 0xA014, "new key"},
    {0xA015, 0xA015, "clock"},
    {0xA016, 0xA016, "base reading"},
    {0xA017, 0xA017, "valve"},
    {0xA018, 0xA018, "address"},
    {0xA019, 0xA019, "leave factory mode"},
    {0xA101, 0xA106, "parameters"},
    {0xA107, 0xA107, "new key"},
    {0xD120, 0xD152, "history"},
    {0xD200, 0xD2FF, "month history"},
    {0xD300, 0xD3FF, "timed freeze"},
    {0xD400, 0xD4FF, "instant freeze"},
};

const char *heng_cjt188_di_name(uint16_t di)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0] && di >= names[i].first; i++)
        if (di <= names[i].last) return names[i].name;
    return NULL;
}

bool heng_cjt188_is_secret(uint32_t di) { return di == 0xA014 || di == 0xA107; }
