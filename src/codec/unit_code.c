/*   02..0A Wh x 10^n     0B..13 kJ x 10^n     14..1C W x 10^n     1D..25 kJ/h x 10^n
 *   26..2E mL x 10^n     2F..37 mL/h x 10^n   38 0.001 degC       39 heat cost allocation units
 *   00 01 time and date, 3E the other counter's unit (historic), 3F none */
#include "codec/unit_code.h"

/* Nine codes each, from 02 on. */
enum { FIRST = 0x02, CODES = 9, EXTERNAL_TEMPERATURE = 0x38, HCA = 0x39 };
static const struct heng_unit_code ranges[] = {
    {HENG_QUANTITY_ENERGY, HENG_UNIT_WH, 0},  {HENG_QUANTITY_ENERGY, HENG_UNIT_J, 3},
    {HENG_QUANTITY_POWER, HENG_UNIT_W, 0},    {HENG_QUANTITY_POWER, HENG_UNIT_J_H, 3},
    {HENG_QUANTITY_VOLUME, HENG_UNIT_M3, -6}, {HENG_QUANTITY_VOLUME_FLOW, HENG_UNIT_M3_H, -6},
};
static const struct heng_unit_code temperature = {HENG_QUANTITY_EXTERNAL_TEMPERATURE, HENG_UNIT_DEG_C, -3};
static const struct heng_unit_code hca = {HENG_QUANTITY_HCA_UNITS, HENG_UNIT_HCA, 0};

bool heng_unit_code_of(uint8_t code, struct heng_unit_code *ret)
{
    enum { RANGES = sizeof ranges / sizeof ranges[0] };
    if (code >= FIRST && code < FIRST + CODES * RANGES) {
        *ret = ranges[(code - FIRST) / CODES];
        ret->exp = (int8_t)(ret->exp + (code - FIRST) % CODES);
        return true;
    }
    if (code != EXTERNAL_TEMPERATURE && code != HCA) return false;
    *ret = code == HCA ? hca : temperature;
    return true;
}
