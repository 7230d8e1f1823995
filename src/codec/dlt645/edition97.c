/* Data identifiers of the 1997 edition.
 *
 *   DI1 DI0   contents
 *    90  1t   forward active energy, tariff t (0 total, F all), 4 bytes NNNNNN.NN; 2t backward
 *    91  ft   reactive: f 1 forward, 2 backward, 3 quadrant 1, 4 quadrant 4, 5 quadrant 2, 6 quadrant 3
 *    A0, A1   maximum demand of the same, 3 bytes NN.NNNN; B0, B1 when: mm hh DD MM, without a year
 *    +4, +8   the same of last month, of the month before
 *    B2, B3   programming and phase breaks; B6 voltages, currents, powers; C0 .. parameters
 *   Nothing has a sign. Voltages are whole volts.
 *
 * Source: DL/T 645-1997 appendix A. B64x has two bytes NN.NN there; meters that send three mean NN.NNNN as in
 * B63x. */
#include "codec/dlt645/table.h"

enum { ALL = 0x0F };

#define F(coding, bytes, exp, quantity, unit, qualifier) HENG_DLT645_F(coding, bytes, exp, quantity, unit, qualifier)
#define MAXIMUM(coding, bytes, exp, quantity, unit)                                                                    \
    {                                                                                                                  \
        HENG_DLT645_##coding, bytes, exp, HENG_QUANTITY_##quantity, HENG_UNIT_##unit, HENG_FUNCTION_MAXIMUM, NULL,     \
            NULL                                                                                                       \
    }

/* [reactive] */
static const struct heng_dlt645_field energy_fields[] = {
    F(BCD, 4, 1, ENERGY, WH, NULL),
    F(BCD, 4, 1, REACTIVE_ENERGY, VARH, NULL),
};
static const struct heng_dlt645_field demand_fields[] = {
    MAXIMUM(BCD, 3, -1, POWER, W),
    MAXIMUM(BCD, 3, -1, REACTIVE_POWER, VAR),
};
static const struct heng_dlt645_field demand_time_fields[] = {MAXIMUM(DIGITS, 4, 0, DATETIME, NONE)};
static const char *const directions[] = {NULL,         "forward",    "backward",  "quadrant 1",
                                         "quadrant 4", "quadrant 2", "quadrant 3"};

/* When a demand was is a datetime, whatever was demanded. */
static const char *const reactive_times[] = {NULL,         "reactive forward", "reactive backward", "quadrant 1",
                                             "quadrant 4", "quadrant 2",       "quadrant 3"};

static bool plan_energy(uint32_t di, struct heng_dlt645_plan *ret)
{
    uint8_t month = di >> 10 & 3, direction = di >> 4 & 0x0F, tariff = di & 0x0F;
    bool reactive = di >> 8 & 1, other = di >> 9 & 1;
    if (month > 2 || other || direction == 0 || direction >= (reactive ? HENG_DLT645_COUNT(directions) : 3))
        return false;
    ret->group = (di >> 12 == 0x9 ? energy_fields : di >> 12 == 0xA ? demand_fields : demand_time_fields);
    if (di >> 12 != 0xB) ret->group += reactive;
    ret->group_count = 1;
    ret->turns = tariff == ALL ? ALL : 1;
    ret->step = tariff == ALL ? HENG_DLT645_TARIFF : HENG_DLT645_NOTHING;
    ret->tariff = tariff == ALL ? 0 : tariff;
    ret->storage = month;
    ret->qualifier = reactive && di >> 12 == 0xB ? reactive_times[direction] : directions[direction];
    return true;
}

static const struct heng_dlt645_field voltages[] = {F(BCD, 2, 0, VOLTAGE, V, "L1"), F(BCD, 2, 0, VOLTAGE, V, "L2"),
                                                    F(BCD, 2, 0, VOLTAGE, V, "L3")};
static const struct heng_dlt645_field currents[] = {F(BCD, 2, -2, CURRENT, A, "L1"), F(BCD, 2, -2, CURRENT, A, "L2"),
                                                    F(BCD, 2, -2, CURRENT, A, "L3")};
static const struct heng_dlt645_field powers[] = {
    F(BCD, 3, -1, POWER, W, NULL), F(BCD, 3, -1, POWER, W, "L1"),           F(BCD, 3, -1, POWER, W, "L2"),
    F(BCD, 3, -1, POWER, W, "L3"), F(BCD, 2, 1, POWER, W, "forward limit"), F(BCD, 2, 1, POWER, W, "backward limit")};
static const struct heng_dlt645_field reactive_powers[] = {
    F(BCD, 2, 1, REACTIVE_POWER, VAR, NULL), F(BCD, 2, 1, REACTIVE_POWER, VAR, "L1"),
    F(BCD, 2, 1, REACTIVE_POWER, VAR, "L2"), F(BCD, 2, 1, REACTIVE_POWER, VAR, "L3")};
static const struct heng_dlt645_field long_reactive_powers[] = {
    F(BCD, 3, -1, REACTIVE_POWER, VAR, NULL), F(BCD, 3, -1, REACTIVE_POWER, VAR, "L1"),
    F(BCD, 3, -1, REACTIVE_POWER, VAR, "L2"), F(BCD, 3, -1, REACTIVE_POWER, VAR, "L3")};
static const struct heng_dlt645_field factors[] = {
    F(BCD, 2, -3, POWER_FACTOR, NONE, NULL), F(BCD, 2, -3, POWER_FACTOR, NONE, "L1"),
    F(BCD, 2, -3, POWER_FACTOR, NONE, "L2"), F(BCD, 2, -3, POWER_FACTOR, NONE, "L3")};
static const struct heng_dlt645_field meter_word[] = {
    HENG_DLT645_NAMED(WORD, 1, STATUS, "meter", heng_dlt645_meter_word_1997)};

#define BREAK_NAMES(item)                                                                                              \
    {                                                                                                                  \
        "phase break" item, "phase break L1" item, "phase break L2" item, "phase break L3" item                        \
    }
static const char *const break_names[][4] = {BREAK_NAMES(""), BREAK_NAMES(""), BREAK_NAMES(" begin"),
                                             BREAK_NAMES(" end")};

#define ONE(di, ...)                                                                                                   \
    {                                                                                                                  \
        di, di, (const struct heng_dlt645_field[]){F(__VA_ARGS__)}, 1, 1, HENG_DLT645_NOTHING, HENG_DLT645_NOTHING     \
    }
#define RUN(first, last, ordinal, ...)                                                                                 \
    {                                                                                                                  \
        first, last, (const struct heng_dlt645_field[]){F(__VA_ARGS__)}, 1, 1, HENG_DLT645_NOTHING,                    \
            HENG_DLT645_##ordinal                                                                                      \
    }
#define AT(di, field, count)                                                                                           \
    {                                                                                                                  \
        di, di, field, count, 1, HENG_DLT645_NOTHING, HENG_DLT645_NOTHING                                              \
    }

/* Sorted by identifier. */
static const struct heng_dlt645_row rows[] = {
    ONE(0xB210, DIGITS, 4, 0, DATETIME, NONE, "programming"),
    ONE(0xB211, DIGITS, 4, 0, DATETIME, NONE, "demand clear"),
    ONE(0xB212, BCD, 2, 0, EVENT_COUNT, NONE, "programming"),
    ONE(0xB213, BCD, 2, 0, EVENT_COUNT, NONE, "demand clear"),
    ONE(0xB214, MINUTES, 3, 0, BATTERY_OPERATING_TIME, S, NULL),
    AT(0xB611, voltages, 1),
    AT(0xB612, voltages + 1, 1),
    AT(0xB613, voltages + 2, 1),
    AT(0xB61F, voltages, 3),
    AT(0xB621, currents, 1),
    AT(0xB622, currents + 1, 1),
    AT(0xB623, currents + 2, 1),
    AT(0xB62F, currents, 3),
    AT(0xB630, powers, 1),
    AT(0xB631, powers + 1, 1),
    AT(0xB632, powers + 2, 1),
    AT(0xB633, powers + 3, 1),
    AT(0xB634, powers + 4, 1),
    AT(0xB635, powers + 5, 1),
    AT(0xB63F, powers, 6),
    AT(0xB640, reactive_powers, 1),
    AT(0xB641, reactive_powers + 1, 1),
    AT(0xB642, reactive_powers + 2, 1),
    AT(0xB643, reactive_powers + 3, 1),
    AT(0xB64F, reactive_powers, 4),
    AT(0xB650, factors, 1),
    AT(0xB651, factors + 1, 1),
    AT(0xB652, factors + 2, 1),
    AT(0xB653, factors + 3, 1),
    AT(0xB65F, factors, 4),
    ONE(0xC010, CLOCK, 4, 0, DATE, NONE, NULL),
    ONE(0xC011, CLOCK, 3, 0, TIME, NONE, NULL),
    AT(0xC020, meter_word, 1),
    ONE(0xC021, INTEGER, 1, 0, STATUS, NONE, "grid"),
    ONE(0xC022, INTEGER, 1, 0, PARAMETER_SET, NONE, "weekend"),
    ONE(0xC030, BCD, 3, 0, METER_CONSTANT, IMP_KWH, NULL),
    ONE(0xC031, BCD, 3, 0, METER_CONSTANT, IMP_KVARH, NULL),
    ONE(0xC032, DIGITS, 6, 0, FABRICATION_NUMBER, NONE, NULL),
    ONE(0xC033, DIGITS, 6, 0, CUSTOMER, NONE, NULL),
    ONE(0xC034, DIGITS, 6, 0, ENHANCED_ID, NONE, "device"),
    ONE(0xC111, MINUTES, 1, 0, AVERAGING_DURATION, S, "demand"),
    ONE(0xC112, MINUTES, 1, 0, AVERAGING_DURATION, S, "slip"),
    ONE(0xC113, BCD, 1, 0, PARAMETER_SET, S, "screen time"),
    ONE(0xC114, BCD, 1, 0, PARAMETER_SET, S, "screen stop time"),
    ONE(0xC115, BCD, 1, 0, PARAMETER_SET, NONE, "energy decimals"),
    ONE(0xC116, BCD, 1, 0, PARAMETER_SET, NONE, "power decimals"),
    ONE(0xC117, DIGITS, 2, 0, READING_DAY, NONE, NULL),
    ONE(0xC118, DIGITS, 1, 0, PARAMETER_SET, NONE, "profile day"),
    ONE(0xC119, BCD, 4, 2, ENERGY, WH, "start"),
    ONE(0xC11A, BCD, 4, 2, REACTIVE_ENERGY, VARH, "start"),
    ONE(0xC211, BCD, 2, -3, PARAMETER_SET, S, "pulse width"),
    ONE(0xC212, SECRET, 4, 0, PASSWORD, NONE, NULL),
    ONE(0xC213, SECRET, 4, 0, PASSWORD, NONE, "level 1"),
    ONE(0xC310, BCD, 1, 0, PARAMETER_SET, NONE, "year zones"),
    ONE(0xC311, BCD, 1, 0, PARAMETER_SET, NONE, "slot tables"),
    ONE(0xC312, BCD, 1, 0, PARAMETER_SET, NONE, "slots"),
    ONE(0xC313, BCD, 1, 0, PARAMETER_SET, NONE, "tariffs"),
    ONE(0xC314, BCD, 1, 0, PARAMETER_SET, NONE, "holidays"),
    ONE(0xC41E, BCD, 1, 0, PARAMETER_SET, NONE, "weekend slots"),
    ONE(0xC510, DIGITS, 4, 0, PARAMETER_SET, NONE, "profile start"),
    ONE(0xC511, MINUTES, 2, 0, STORAGE_INTERVAL, S, "profile"),
};

/* B31x how often, B32x how long, B33x begin and B34x end of the last one; x total, phase or F all four. */
static bool plan_break(uint32_t di, struct heng_dlt645_plan *ret)
{
    static const struct heng_dlt645_field fields[] = {
        F(BCD, 2, 0, EVENT_COUNT, NONE, NULL),
        F(MINUTES, 3, 0, ON_TIME, S, NULL),
        F(DIGITS, 4, 0, DATETIME, NONE, NULL),
        F(DIGITS, 4, 0, DATETIME, NONE, NULL),
    };
    uint8_t item = di >> 4 & 0x0F, phase = di & 0x0F;
    if (item < 1 || item > HENG_DLT645_COUNT(fields) || (phase > 3 && phase != ALL)) return false;
    ret->group = &fields[item - 1];
    ret->group_count = 1;
    ret->turns = phase == ALL ? 4 : 1;
    ret->names = phase == ALL ? break_names[item - 1] : NULL;
    ret->name_count = HENG_DLT645_COUNT(break_names[0]);
    ret->qualifier = phase == ALL ? NULL : break_names[item - 1][phase];
    return true;
}

/* Zones, slots and holidays; C41E is no holiday, see the rows. */
static bool plan_table(uint32_t di, struct heng_dlt645_plan *ret)
{
    static const struct heng_dlt645_field fields[] = {F(DIGITS, 3, 0, TARIFF_START, NONE, NULL)};
    static const char *const names[] = {"zones",   "slots 1", "slots 2", "slots 3", "slots 4",
                                        "slots 5", "slots 6", "slots 7", "slots 8"};
    bool holiday = di >> 4 == 0xC41;
    uint8_t item = di >> 4 & 0x0F, n = di & 0x0F, last = holiday ? 0x0D : 0x0E;
    if (!holiday && (di >> 8 != 0xC3 || item < 2 || item - 2u >= HENG_DLT645_COUNT(names))) return false;
    if (n == 0 || (n > last && n != ALL)) return false;
    ret->group = fields;
    ret->group_count = 1;
    ret->turns = n == ALL ? last : 1;
    ret->step = n == ALL ? HENG_DLT645_SUBUNIT : HENG_DLT645_NOTHING;
    ret->subunit = n == ALL ? 1 : n;
    ret->qualifier = holiday ? "holiday" : names[item - 2];
    return true;
}

const struct heng_dlt645_row *heng_dlt645_rows_1997(size_t *ret_count)
{
    *ret_count = HENG_DLT645_COUNT(rows);
    return rows;
}

/* Three bytes where the standard has two. */
static void fit_reactive(uint32_t di, size_t bytes, struct heng_dlt645_plan *ret)
{
    if (di >= 0xB640 && di <= 0xB643 && bytes == 3) ret->group = &long_reactive_powers[di - 0xB640];
    if (di == 0xB64F && bytes == 12) ret->group = long_reactive_powers;
}

bool heng_dlt645_plan_1997(uint32_t di, size_t bytes, struct heng_dlt645_plan *ret)
{
    bool known = false;
    *ret = (struct heng_dlt645_plan){0};
    if (di >> 8 == 0xB3)
        known = plan_break(di, ret);
    else if (di >> 12 == 0x9 || di >> 12 == 0xA || di >> 12 == 0xB)
        known = plan_energy(di, ret);
    else if (di >> 8 == 0xC3 || di >> 8 == 0xC4)
        known = plan_table(di, ret);
    known = known || heng_dlt645_plan_rows(rows, HENG_DLT645_COUNT(rows), di, ret);
    fit_reactive(di, bytes, ret);
    return known;
}
