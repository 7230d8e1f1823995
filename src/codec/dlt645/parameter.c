/* Variables, parameters and the few identifiers of other classes without a system.
 *
 *   DI3 DI2 DI1 DI0   2007
 *    00  90  0i  0j   prepayment: energy, money
 *    02  kk  pp  00   quantity kk; pp 00 total, 01..03 phase, FF all
 *    02  kk  pp  nn   0A, 0B: share of the nn-th harmonic; FF all
 *    02  80  00  nn   variables of the meter itself
 *    03  32, 33       purchases, of energy and of money
 *    04  xx  xx  xx   parameters
 *    07               security: bytes
 *
 * Source: DL/T 645-2007 appendix A, tables A.3 and A.5; steps, money limits and prepayment from the extension for
 * prepaid meters. */
#include "codec/dlt645/table.h"

enum { ALL = 0xFF, PHASES = 3, HARMONICS = 21 };

#define F(coding, bytes, exp, quantity, unit, qualifier) HENG_DLT645_F(coding, bytes, exp, quantity, unit, qualifier)

/* DI2 of 02. */
static const struct {
    struct heng_dlt645_field field;
    uint8_t first; /* 0: total and phases; 1: phases only */
} variables[] = {
    [0x01] = {F(BCD, 2, -1, VOLTAGE, V, NULL), 1},
    [0x02] = {F(SIGNED, 3, -3, CURRENT, A, NULL), 1},
    [0x03] = {F(SIGNED, 3, -1, POWER, W, NULL), 0},
    [0x04] = {F(SIGNED, 3, -1, REACTIVE_POWER, VAR, NULL), 0},
    [0x05] = {F(SIGNED, 3, -1, APPARENT_POWER, VA, NULL), 0},
    [0x06] = {F(SIGNED, 2, -3, POWER_FACTOR, NONE, NULL), 0},
    [0x07] = {F(BCD, 2, -1, PHASE, DEG, NULL), 1},
    [0x08] = {F(BCD, 2, -2, HARMONIC_DISTORTION, PERCENT, NULL), 1},
    [0x09] = {F(BCD, 2, -2, HARMONIC_DISTORTION, PERCENT, NULL), 1},
    [0x0A] = {F(BCD, 2, -2, HARMONIC_DISTORTION, PERCENT, NULL), 1},
    [0x0B] = {F(BCD, 2, -2, HARMONIC_DISTORTION, PERCENT, NULL), 1},
};
enum { VOLTAGE_HARMONICS = 0x0A, CURRENT_HARMONICS = 0x0B };

static const char *const phases[] = {NULL, "L1", "L2", "L3"};
static const char *const voltage_phases[] = {NULL, "voltage L1", "voltage L2", "voltage L3"};
static const char *const current_phases[] = {NULL, "current L1", "current L2", "current L3"};

static bool plan_variable(uint32_t di, struct heng_dlt645_plan *ret)
{
    uint8_t kind = di >> 16 & 0xFF, phase = di >> 8 & 0xFF, order = di & 0xFF;
    if (kind >= HENG_DLT645_COUNT(variables) || !variables[kind].field.bytes) return false;
    uint8_t first = variables[kind].first;
    bool harmonics = kind == VOLTAGE_HARMONICS || kind == CURRENT_HARMONICS, all = phase == ALL;
    if (all ? harmonics : phase < first || phase > PHASES) return false;
    if (harmonics ? order == 0 || (order > HARMONICS && order != ALL) : order != 0) return false;
    const char *const *names = kind == 0x08 || kind == VOLTAGE_HARMONICS   ? voltage_phases
                               : kind == 0x09 || kind == CURRENT_HARMONICS ? current_phases
                                                                           : phases;
    ret->group = &variables[kind].field;
    ret->group_count = 1;
    ret->turns = (uint8_t)(all ? PHASES + 1 - first : harmonics && order == ALL ? HARMONICS : 1);
    ret->names = all ? names + first : NULL;
    ret->name_count = ret->turns;
    ret->qualifier = all ? NULL : names[phase];
    ret->step = harmonics && order == ALL ? HENG_DLT645_SUBUNIT : HENG_DLT645_NOTHING;
    ret->subunit = !harmonics ? 0 : order == ALL ? 1 : order;
    return true;
}

#define N(coding, bytes, quantity, qualifier, flags) HENG_DLT645_NAMED(coding, bytes, quantity, qualifier, flags)
#define ONE(di, ...)                                                                                                   \
    {                                                                                                                  \
        di, di, (const struct heng_dlt645_field[]){F(__VA_ARGS__)}, 1, 1, HENG_DLT645_NOTHING, HENG_DLT645_NOTHING     \
    }
/* One field for each last byte from first to last; what the last byte counts. */
#define RUN(first, last, ordinal, ...)                                                                                 \
    {                                                                                                                  \
        first, last, (const struct heng_dlt645_field[]){F(__VA_ARGS__)}, 1, 1, HENG_DLT645_NOTHING,                    \
            HENG_DLT645_##ordinal                                                                                      \
    }
/* The same field up to `turns` times; what the turns count. */
#define BLOCK(di, turns, step, ...)                                                                                    \
    {                                                                                                                  \
        di, di, (const struct heng_dlt645_field[]){F(__VA_ARGS__)}, 1, turns, HENG_DLT645_##step, HENG_DLT645_NOTHING  \
    }
/* Up to 14 times MM DD and a slot table, or hh mm and a tariff. */
#define TABLE(di, name)                                                                                                \
    {                                                                                                                  \
        di, di, (const struct heng_dlt645_field[]){F(DIGITS, 3, 0, TARIFF_START, NONE, name)}, 1, 14,                  \
            HENG_DLT645_SUBUNIT, HENG_DLT645_NOTHING                                                                   \
    }
#define SLOTS(di, set)                                                                                                 \
    TABLE((di) + 1, "slots 1, set " set), TABLE((di) + 2, "slots 2, set " set), TABLE((di) + 3, "slots 3, set " set),  \
        TABLE((di) + 4, "slots 4, set " set), TABLE((di) + 5, "slots 5, set " set),                                    \
        TABLE((di) + 6, "slots 6, set " set), TABLE((di) + 7, "slots 7, set " set),                                    \
        TABLE((di) + 8, "slots 8, set " set)
#define LIST(first, last, ordinal, fields)                                                                             \
    {                                                                                                                  \
        first, last, fields, HENG_DLT645_COUNT(fields), 1, HENG_DLT645_NOTHING, HENG_DLT645_##ordinal                  \
    }

#define WORDS(n, flags) N(WORD, 2, STATUS, "word " #n, flags)
static const struct heng_dlt645_field words[] = {
    WORDS(1, heng_dlt645_word1),      WORDS(2, heng_dlt645_word2),
    WORDS(3, heng_dlt645_word3),      WORDS(4, heng_dlt645_phase_word),
    WORDS(5, heng_dlt645_phase_word), WORDS(6, heng_dlt645_phase_word),
    WORDS(7, heng_dlt645_word7),      F(INTEGER, 4, 0, STATUS, NONE, "key state"),
};
#define WORD_ROW(n)                                                                                                    \
    {                                                                                                                  \
        0x04000500 + (n), 0x04000500 + (n), &words[(n)-1], 1, 1, HENG_DLT645_NOTHING, HENG_DLT645_NOTHING              \
    }

/* Sorted by identifier. */
static const struct heng_dlt645_row rows[] = {
    RUN(0x000B0000, 0x000B000C, STORAGE, SIGNED, 4, 1, ENERGY, WH, "settlement use"),
    RUN(0x000C0000, 0x000C000C, STORAGE, SIGNED, 4, 1, ENERGY, WH, "month use"),
    ONE(0x00900100, BCD, 4, 1, ENERGY, WH, "remaining"),
    ONE(0x00900101, BCD, 4, 1, ENERGY, WH, "overdraft"),
    ONE(0x00900200, BCD, 4, -2, CREDIT, CURRENCY, NULL),
    ONE(0x00900201, BCD, 4, -2, DEBIT, CURRENCY, NULL),
    ONE(0x02800001, SIGNED, 3, -3, CURRENT, A, "neutral"),
    ONE(0x02800002, BCD, 2, -2, FREQUENCY, HZ, NULL),
    ONE(0x02800003, SIGNED, 3, -1, POWER, W, "one minute"),
    ONE(0x02800004, SIGNED, 3, -1, POWER, W, "demand"),
    ONE(0x02800005, SIGNED, 3, -1, REACTIVE_POWER, VAR, "demand"),
    ONE(0x02800006, SIGNED, 3, -1, APPARENT_POWER, VA, "demand"),
    ONE(0x02800007, SIGNED, 2, -1, TEMPERATURE, DEG_C, NULL),
    ONE(0x02800008, BCD, 2, -2, VOLTAGE, V, "clock battery"),
    ONE(0x02800009, BCD, 2, -2, VOLTAGE, V, "outage battery"),
    ONE(0x0280000A, MINUTES, 4, 0, BATTERY_OPERATING_TIME, S, NULL),
    ONE(0x0280000B, BCD, 4, -4, PRICE, CURRENCY, "step"),
    ONE(0x02800020, BCD, 4, -4, PRICE, CURRENCY, NULL),
    ONE(0x02800021, BCD, 4, -4, PRICE, CURRENCY, "tariff"),
    RUN(0x03320101, 0x0332010A, STORAGE, CLOCK, 5, 0, DATETIME, NONE, "energy purchase"),
    RUN(0x03320201, 0x0332020A, STORAGE, BCD, 2, 0, PURCHASE, NONE, "energy number"),
    RUN(0x03320301, 0x0332030A, STORAGE, BCD, 4, 1, PURCHASE, WH, "this time"),
    RUN(0x03320401, 0x0332040A, STORAGE, BCD, 4, 1, PURCHASE, WH, "before"),
    RUN(0x03320501, 0x0332050A, STORAGE, BCD, 4, 1, PURCHASE, WH, "after"),
    RUN(0x03320601, 0x0332060A, STORAGE, BCD, 4, 1, PURCHASE, WH, "total"),
    RUN(0x03330101, 0x0333010A, STORAGE, CLOCK, 5, 0, DATETIME, NONE, "money purchase"),
    RUN(0x03330201, 0x0333020A, STORAGE, BCD, 2, 0, PURCHASE, NONE, "money number"),
    RUN(0x03330301, 0x0333030A, STORAGE, BCD, 4, -2, PURCHASE, CURRENCY, "this time"),
    RUN(0x03330401, 0x0333040A, STORAGE, BCD, 4, -2, PURCHASE, CURRENCY, "before"),
    RUN(0x03330501, 0x0333050A, STORAGE, BCD, 4, -2, PURCHASE, CURRENCY, "after"),
    RUN(0x03330601, 0x0333060A, STORAGE, BCD, 4, -2, PURCHASE, CURRENCY, "total"),
    ONE(0x04000101, CLOCK, 4, 0, DATE, NONE, NULL),
    ONE(0x04000102, CLOCK, 3, 0, TIME, NONE, NULL),
    ONE(0x04000103, MINUTES, 1, 0, AVERAGING_DURATION, S, "demand"),
    ONE(0x04000104, MINUTES, 1, 0, AVERAGING_DURATION, S, "slip"),
    ONE(0x04000105, BCD, 2, -3, PARAMETER_SET, S, "pulse width"),
    ONE(0x04000106, CLOCK, 5, 0, PARAMETER_ACTIVATION, NONE, "zone tables"),
    ONE(0x04000107, CLOCK, 5, 0, PARAMETER_ACTIVATION, NONE, "slot tables"),
    ONE(0x04000108, CLOCK, 5, 0, PARAMETER_ACTIVATION, NONE, "prices"),
    ONE(0x04000109, CLOCK, 5, 0, PARAMETER_ACTIVATION, NONE, "steps"),
    ONE(0x0400010C, CLOCK, 7, 0, DATETIME, NONE, NULL),
    ONE(0x04000201, BCD, 1, 0, PARAMETER_SET, NONE, "year zones"),
    ONE(0x04000202, BCD, 1, 0, PARAMETER_SET, NONE, "slot tables"),
    ONE(0x04000203, BCD, 1, 0, PARAMETER_SET, NONE, "slots"),
    ONE(0x04000204, BCD, 1, 0, PARAMETER_SET, NONE, "tariffs"),
    ONE(0x04000205, BCD, 2, 0, PARAMETER_SET, NONE, "holidays"),
    ONE(0x04000206, BCD, 1, 0, PARAMETER_SET, NONE, "harmonics"),
    ONE(0x04000207, BCD, 1, 0, PARAMETER_SET, NONE, "steps"),
    ONE(0x04000301, BCD, 1, 0, PARAMETER_SET, NONE, "cycled screens"),
    ONE(0x04000302, BCD, 1, 0, PARAMETER_SET, S, "screen time"),
    ONE(0x04000303, BCD, 1, 0, PARAMETER_SET, NONE, "energy decimals"),
    ONE(0x04000304, BCD, 1, 0, PARAMETER_SET, NONE, "power decimals"),
    ONE(0x04000305, BCD, 1, 0, PARAMETER_SET, NONE, "keyed screens"),
    ONE(0x04000306, BCD, 3, 0, MULTIPLIER, NONE, "current transformer"),
    ONE(0x04000307, BCD, 3, 0, MULTIPLIER, NONE, "voltage transformer"),
    ONE(0x04000401, DIGITS, 6, 0, BUS_ADDRESS, NONE, NULL),
    ONE(0x04000402, DIGITS, 6, 0, FABRICATION_NUMBER, NONE, NULL),
    ONE(0x04000403, TEXT, 32, 0, ENHANCED_ID, NONE, "asset"),
    ONE(0x04000404, TEXT, 6, 0, VOLTAGE, NONE, "rated"),
    ONE(0x04000405, TEXT, 6, 0, CURRENT, NONE, "rated"),
    ONE(0x04000406, TEXT, 6, 0, CURRENT, NONE, "maximum"),
    ONE(0x04000407, TEXT, 4, 0, PARAMETER_SET, NONE, "active class"),
    ONE(0x04000408, TEXT, 4, 0, PARAMETER_SET, NONE, "reactive class"),
    ONE(0x04000409, BCD, 3, 0, METER_CONSTANT, IMP_KWH, NULL),
    ONE(0x0400040A, BCD, 3, 0, METER_CONSTANT, IMP_KVARH, NULL),
    ONE(0x0400040B, TEXT, 10, 0, MODEL_VERSION, NONE, NULL),
    ONE(0x0400040C, TEXT, 10, 0, PARAMETER_SET, NONE, "production date"),
    ONE(0x0400040D, TEXT, 16, 0, PARAMETER_SET, NONE, "protocol"),
    ONE(0x0400040E, DIGITS, 6, 0, CUSTOMER, NONE, NULL),
    WORD_ROW(1),
    WORD_ROW(2),
    WORD_ROW(3),
    WORD_ROW(4),
    WORD_ROW(5),
    WORD_ROW(6),
    WORD_ROW(7),
    WORD_ROW(8),
    LIST(0x040005FF, 0x040005FF, NOTHING, words),
    ONE(0x04000601, INTEGER, 1, 0, PARAMETER_SET, NONE, "active mode"),
    ONE(0x04000602, INTEGER, 1, 0, PARAMETER_SET, NONE, "reactive 1 mode"),
    ONE(0x04000603, INTEGER, 1, 0, PARAMETER_SET, NONE, "reactive 2 mode"),
    ONE(0x04000701, BAUD, 1, 0, BAUD_RATE, BAUD, "infrared"),
    ONE(0x04000702, BAUD, 1, 0, BAUD_RATE, BAUD, "contact infrared"),
    ONE(0x04000703, BAUD, 1, 0, BAUD_RATE, BAUD, "port 1"),
    ONE(0x04000704, BAUD, 1, 0, BAUD_RATE, BAUD, "port 2"),
    ONE(0x04000705, BAUD, 1, 0, BAUD_RATE, BAUD, "port 3"),
    ONE(0x04000801, INTEGER, 1, 0, PARAMETER_SET, NONE, "weekend"),
    ONE(0x04000802, BCD, 1, 0, PARAMETER_SET, NONE, "weekend slots"),
    ONE(0x04000901, INTEGER, 1, 0, PARAMETER_SET, NONE, "profile mode"),
    ONE(0x04000902, INTEGER, 1, 0, PARAMETER_SET, NONE, "timed freeze mode"),
    ONE(0x04000903, INTEGER, 1, 0, PARAMETER_SET, NONE, "instant freeze mode"),
    ONE(0x04000904, INTEGER, 1, 0, PARAMETER_SET, NONE, "agreed freeze mode"),
    ONE(0x04000905, INTEGER, 1, 0, PARAMETER_SET, NONE, "hourly freeze mode"),
    ONE(0x04000906, INTEGER, 1, 0, PARAMETER_SET, NONE, "daily freeze mode"),
    ONE(0x04000A01, DIGITS, 4, 0, PARAMETER_SET, NONE, "profile start"),
    ONE(0x04000A02, MINUTES, 2, 0, STORAGE_INTERVAL, S, "profile 1"),
    ONE(0x04000A03, MINUTES, 2, 0, STORAGE_INTERVAL, S, "profile 2"),
    ONE(0x04000A04, MINUTES, 2, 0, STORAGE_INTERVAL, S, "profile 3"),
    ONE(0x04000A05, MINUTES, 2, 0, STORAGE_INTERVAL, S, "profile 4"),
    ONE(0x04000A06, MINUTES, 2, 0, STORAGE_INTERVAL, S, "profile 5"),
    ONE(0x04000A07, MINUTES, 2, 0, STORAGE_INTERVAL, S, "profile 6"),
    ONE(0x04000B01, DIGITS, 2, 0, SETTLEMENT_DAY, NONE, "1"),
    ONE(0x04000B02, DIGITS, 2, 0, SETTLEMENT_DAY, NONE, "2"),
    ONE(0x04000B03, DIGITS, 2, 0, SETTLEMENT_DAY, NONE, "3"),
    RUN(0x04000C01, 0x04000C0A, SUBUNIT, SECRET, 4, 0, PASSWORD, NONE, NULL),
    ONE(0x04000D01, BCD, 2, -3, PARAMETER_SET, NONE, "conductance L1"),
    ONE(0x04000D02, BCD, 2, -3, PARAMETER_SET, NONE, "susceptance L1"),
    ONE(0x04000D03, BCD, 2, -3, PARAMETER_SET, NONE, "resistance L1"),
    ONE(0x04000D04, BCD, 2, -3, PARAMETER_SET, NONE, "reactance L1"),
    ONE(0x04000D05, BCD, 2, -3, PARAMETER_SET, NONE, "conductance L2"),
    ONE(0x04000D06, BCD, 2, -3, PARAMETER_SET, NONE, "susceptance L2"),
    ONE(0x04000D07, BCD, 2, -3, PARAMETER_SET, NONE, "resistance L2"),
    ONE(0x04000D08, BCD, 2, -3, PARAMETER_SET, NONE, "reactance L2"),
    ONE(0x04000D09, BCD, 2, -3, PARAMETER_SET, NONE, "conductance L3"),
    ONE(0x04000D0A, BCD, 2, -3, PARAMETER_SET, NONE, "susceptance L3"),
    ONE(0x04000D0B, BCD, 2, -3, PARAMETER_SET, NONE, "resistance L3"),
    ONE(0x04000D0C, BCD, 2, -3, PARAMETER_SET, NONE, "reactance L3"),
    ONE(0x04000E01, BCD, 3, -1, POWER, W, "forward limit"),
    ONE(0x04000E02, BCD, 3, -1, POWER, W, "backward limit"),
    ONE(0x04000E03, BCD, 2, -1, VOLTAGE, V, "upper limit"),
    ONE(0x04000E04, BCD, 2, -1, VOLTAGE, V, "lower limit"),
    ONE(0x04000F01, BCD, 4, 1, ENERGY, WH, "alarm 1"),
    ONE(0x04000F02, BCD, 4, 1, ENERGY, WH, "alarm 2"),
    ONE(0x04000F03, BCD, 4, 1, ENERGY, WH, "hoard limit"),
    ONE(0x04000F04, BCD, 4, 1, ENERGY, WH, "overdraft limit"),
    ONE(0x04001001, BCD, 4, -2, CREDIT, CURRENCY, "alarm 1"),
    ONE(0x04001002, BCD, 4, -2, CREDIT, CURRENCY, "alarm 2"),
    ONE(0x04001003, BCD, 4, -2, DEBIT, CURRENCY, "overdraft limit"),
    ONE(0x04001004, BCD, 4, -2, CREDIT, CURRENCY, "hoard limit"),
    ONE(0x04001005, BCD, 4, -2, CREDIT, CURRENCY, "close limit"),
    ONE(0x04001101, INTEGER, 1, 0, PARAMETER_SET, NONE, "meter mode"),
    ONE(0x04001201, CLOCK, 5, 0, PARAMETER_SET, NONE, "hourly freeze start"),
    ONE(0x04001202, MINUTES, 1, 0, STORAGE_INTERVAL, S, "hourly freeze"),
    ONE(0x04001203, CLOCK, 2, 0, TIME, NONE, "daily freeze"),
    ONE(0x04001301, INTEGER, 1, 0, STATUS, NONE, "wireless"),
    ONE(0x04001401, MINUTES, 2, 0, RESPONSE_DELAY, S, "trip"),
    TABLE(0x04010000, "zones, set 1"),
    SLOTS(0x04010000, "1"),
    TABLE(0x04020000, "zones, set 2"),
    SLOTS(0x04020000, "2"),
    RUN(0x04030001, 0x040300FE, SUBUNIT, DIGITS, 4, 0, TARIFF_START, NONE, "holiday"),
    RUN(0x04050101, 0x0405013F, TARIFF, BCD, 4, -4, PRICE, CURRENCY, "set 1"),
    BLOCK(0x040501FF, 63, TARIFF, BCD, 4, -4, PRICE, CURRENCY, "set 1"),
    RUN(0x04050201, 0x0405023F, TARIFF, BCD, 4, -4, PRICE, CURRENCY, "set 2"),
    BLOCK(0x040502FF, 63, TARIFF, BCD, 4, -4, PRICE, CURRENCY, "set 2"),
    RUN(0x04060001, 0x0406003F, SUBUNIT, BCD, 4, 1, ENERGY, WH, "step limit, set 1"),
    BLOCK(0x040600FF, 63, SUBUNIT, BCD, 4, 1, ENERGY, WH, "step limit, set 1"),
    RUN(0x04060101, 0x0406013F, SUBUNIT, BCD, 4, -4, PRICE, CURRENCY, "step, set 1"),
    BLOCK(0x040601FF, 63, SUBUNIT, BCD, 4, -4, PRICE, CURRENCY, "step, set 1"),
    RUN(0x04060201, 0x0406023F, SUBUNIT, BCD, 4, 1, ENERGY, WH, "step limit, set 2"),
    BLOCK(0x040602FF, 63, SUBUNIT, BCD, 4, 1, ENERGY, WH, "step limit, set 2"),
    RUN(0x04060301, 0x0406033F, SUBUNIT, BCD, 4, -4, PRICE, CURRENCY, "step, set 2"),
    BLOCK(0x040603FF, 63, SUBUNIT, BCD, 4, -4, PRICE, CURRENCY, "step, set 2"),
    ONE(0x04800001, TEXT, 32, 0, FIRMWARE_VERSION, NONE, NULL),
    ONE(0x04800002, TEXT, 32, 0, HARDWARE_VERSION, NONE, NULL),
    ONE(0x04800003, TEXT, 32, 0, MANUFACTURER, NONE, NULL),
};

const struct heng_dlt645_row *heng_dlt645_rows_2007(size_t *ret_count)
{
    *ret_count = HENG_DLT645_COUNT(rows);
    return rows;
}

bool heng_dlt645_plan_2007(uint32_t di, size_t bytes, struct heng_dlt645_plan *ret)
{
    bool known = false;
    *ret = (struct heng_dlt645_plan){0};
    switch (di >> 24) {
    case 0x00:
    case 0x01:
    case 0x05: known = heng_dlt645_plan_energy(di, ret); break;
    case 0x02: known = plan_variable(di, ret); break;
    case 0x04: break;
    default: known = heng_dlt645_plan_event(di, bytes, ret); break;
    }
    return known || heng_dlt645_plan_rows(rows, HENG_DLT645_COUNT(rows), di, ret);
}
