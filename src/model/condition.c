/* Meanings of status bits.
 * Sources: EN 13757-3 (status byte); CJ/T 188-2018 clause 7 (ST, D0..D2); DL/T 645-2007 appendix C (status words). What
 * the named bits are called is what codec/ and profiles/ write. */
#include "model/condition.h"

#include "model/words.h"

#include <stddef.h>

#define BIT(condition) ((heng_conditions)1 << HENG_CONDITION_##condition)

static const char *const texts[HENG_CONDITION_COUNT] = {
#define X(symbol, text, bit) [bit] = text,
    HENG_CONDITION_LIST(X)
#undef X
};

const char *heng_condition_text(heng_condition condition)
{
    return heng_words_at(texts, HENG_CONDITION_COUNT, condition);
}

heng_condition heng_condition_of(const char *text)
{
    return (heng_condition)heng_words_find(texts, HENG_CONDITION_COUNT, text);
}

/* Bits of a word; ended by an empty mask. */
struct meaning {
    uint16_t mask, value;
    heng_conditions conditions;
};

static heng_conditions meant(const struct meaning *row, unsigned word)
{
    heng_conditions found = 0;
    for (; row->mask; row++)
        if ((word & row->mask) == row->value) found |= row->conditions;
    return found;
}

heng_conditions heng_conditions_mbus(uint8_t status)
{
    /* 01, busy, and 02, application error, are about the answer and not about the meter. */
    static const struct meaning rows[] = {{0x03, 0x03, BIT(DEVICE_FAULT)}, {0x04, 0x04, BIT(BATTERY_LOW)},
                                          {0x08, 0x08, BIT(DEVICE_FAULT)}, {0x10, 0x10, BIT(TEMPORARY_FAULT)},
                                          {0x20, 0x20, BIT(UNNAMED)},      {0x40, 0x40, BIT(UNNAMED)},
                                          {0x80, 0x80, BIT(UNNAMED)},      {0, 0, 0}};
    return meant(rows, status);
}

heng_conditions heng_conditions_cjt188(uint8_t status)
{
    static const struct meaning rows[] = {
        {0x03, 0x01, BIT(VALVE_CLOSED)}, {0x03, 0x03, BIT(VALVE_FAULT)}, {0x04, 0x04, BIT(BATTERY_LOW)}, {0, 0, 0}};
    return status == 0xFF ? 0 : meant(rows, status);
}

heng_conditions heng_conditions_dlt645(unsigned number, uint16_t word)
{
    static const struct meaning run[] = {{0x0004, 0x0004, BIT(BATTERY_LOW)},   {0x0008, 0x0008, BIT(BATTERY_LOW)},
                                         {0x0010, 0x0010, BIT(REVERSE_FLOW)},  {0x0100, 0x0100, BIT(DEVICE_FAULT)},
                                         {0x0200, 0x0200, BIT(DEVICE_FAULT)},  {0x1000, 0x1000, BIT(DEVICE_FAULT)},
                                         {0x2000, 0x2000, BIT(DEVICE_FAULT)},  {0x4000, 0x4000, BIT(CREDIT_LOW)},
                                         {0x8000, 0x8000, BIT(CLOCK_INVALID)}, {0, 0, 0}};
    static const struct meaning direction[] = {{0x0001, 0x0001, BIT(REVERSE_FLOW)},
                                               {0x0002, 0x0002, BIT(REVERSE_FLOW)},
                                               {0x0004, 0x0004, BIT(REVERSE_FLOW)},
                                               {0, 0, 0}};
    static const struct meaning supply[] = {{0x0010, 0x0010, BIT(VALVE_CLOSED)}, {0, 0, 0}};
    static const struct meaning phase[] = {{0x0001, 0x0001, BIT(SUPPLY_FAULT)}, {0x0002, 0x0002, BIT(SUPPLY_FAULT)},
                                           {0x0004, 0x0004, BIT(SUPPLY_FAULT)}, {0x0008, 0x0008, BIT(SUPPLY_FAULT)},
                                           {0x0010, 0x0010, BIT(OVER_RANGE)},   {0x0020, 0x0020, BIT(OVER_RANGE)},
                                           {0x0040, 0x0040, BIT(REVERSE_FLOW)}, {0x0080, 0x0080, BIT(SUPPLY_FAULT)},
                                           {0x0100, 0x0100, BIT(SUPPLY_FAULT)}, {0, 0, 0}};
    static const struct meaning whole[] = {{0x0001, 0x0001, BIT(SUPPLY_FAULT)}, {0x0002, 0x0002, BIT(SUPPLY_FAULT)},
                                           {0x0004, 0x0004, BIT(SUPPLY_FAULT)}, {0x0008, 0x0008, BIT(SUPPLY_FAULT)},
                                           {0x0010, 0x0010, BIT(POWER_FAIL)},   {0x0020, 0x0020, BIT(POWER_FAIL)},
                                           {0x0100, 0x0100, BIT(SUPPLY_FAULT)}, {0x0200, 0x0200, BIT(TAMPER)},
                                           {0x0400, 0x0400, BIT(TAMPER)},       {0, 0, 0}};
    static const struct meaning *const words[] = {NULL, run, direction, supply, phase, phase, phase, whole};
    return number >= 1 && number <= 7 ? meant(words[number], word) : 0;
}

struct named {
    const char *name;
    heng_conditions conditions;
};

/* M-Bus, then DL/T 645. Vendor bits in profiles are called as the conditions are. */
static const struct named names[] = {
    {"application busy", 0},
    {"application error", 0},
    {"abnormal condition", BIT(DEVICE_FAULT)},
    {"power low", BIT(BATTERY_LOW)},
    {"permanent error", BIT(DEVICE_FAULT)},
    {"temporary error", BIT(TEMPORARY_FAULT)},
    {"vendor bit 5", BIT(UNNAMED)},
    {"vendor bit 6", BIT(UNNAMED)},
    {"vendor bit 7", BIT(UNNAMED)},
    {"binary counters", 0},
    {"stored values", 0},
    {"binary counters or vendor bit 7", 0},
    {"interval demand", 0},
    {"manual reading", 0},
    {"clock battery low", BIT(BATTERY_LOW)},
    {"outage battery low", BIT(BATTERY_LOW)},
    {"battery low", BIT(BATTERY_LOW)},
    {"active power reversed", BIT(REVERSE_FLOW)},
    {"reactive power reversed", 0},
    {"control loop error", BIT(DEVICE_FAULT)},
    {"esam error", BIT(DEVICE_FAULT)},
    {"program error", BIT(DEVICE_FAULT)},
    {"memory error", BIT(DEVICE_FAULT)},
    {"overdraft", BIT(CREDIT_LOW)},
    {"clock error", BIT(CLOCK_INVALID)},
    {"active L1 reversed", BIT(REVERSE_FLOW)},
    {"active L2 reversed", BIT(REVERSE_FLOW)},
    {"active L3 reversed", BIT(REVERSE_FLOW)},
    {"reactive L1 reversed", 0},
    {"reactive L2 reversed", 0},
    {"reactive L3 reversed", 0},
    {"second day tables", 0},
    {"auxiliary supply", 0},
    {"battery supply", 0},
    {"programming allowed", 0},
    {"relay closed", 0},
    {"relay open", BIT(VALVE_CLOSED)},
    {"second zone tables", 0},
    {"open commanded", 0},
    {"trip warning", 0},
    {"prepaid energy", 0},
    {"prepaid money", 0},
    {"second tariffs", 0},
    {"second steps", 0},
    {"power kept", 0},
    {"identity valid", 0},
    {"local account missing", 0},
    {"remote account missing", 0},
    {"voltage loss", BIT(SUPPLY_FAULT)},
    {"undervoltage", BIT(SUPPLY_FAULT)},
    {"overvoltage", BIT(SUPPLY_FAULT)},
    {"current loss", BIT(SUPPLY_FAULT)},
    {"overcurrent", BIT(OVER_RANGE)},
    {"overload", BIT(OVER_RANGE)},
    {"power reversal", BIT(REVERSE_FLOW)},
    {"phase break", BIT(SUPPLY_FAULT)},
    {"current break", BIT(SUPPLY_FAULT)},
    {"voltage sequence", BIT(SUPPLY_FAULT)},
    {"current sequence", BIT(SUPPLY_FAULT)},
    {"voltage unbalance", BIT(SUPPLY_FAULT)},
    {"current unbalance", BIT(SUPPLY_FAULT)},
    {"auxiliary power loss", BIT(POWER_FAIL)},
    {"power down", BIT(POWER_FAIL)},
    {"demand exceeded", 0},
    {"power factor low", 0},
    {"severe unbalance", BIT(SUPPLY_FAULT)},
    {"cover open", BIT(TAMPER)},
    {"terminal cover open", BIT(TAMPER)},
};

bool heng_conditions_named(const char *name, heng_conditions *ret)
{
    heng_condition own = heng_condition_of(name);
    *ret = own < HENG_CONDITION_COUNT ? (heng_conditions)1 << own : 0;
    if (*ret) return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i].name, name) != 0) continue;
        *ret = names[i].conditions;
        return true;
    }
    return false;
}
