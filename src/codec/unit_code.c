/*   02..0A Wh x 10^n     0B..13 kJ x 10^n     14..1C W x 10^n     1D..25 kJ/h x 10^n
 *   26..2E mL x 10^n     2F..37 mL/h x 10^n   38 0.001 degC       39 heat cost allocation units
 *   00 01 time and date, 3E the other counter's unit (historic), 3F none */
#include "codec/unit_code.h"

static const struct {
    uint8_t first, last;
    struct heng_unit_code base;
} ranges[] = {
    {0x02, 0x0A, {HENG_QUANTITY_ENERGY, HENG_UNIT_WH, 0}},
    {0x0B, 0x13, {HENG_QUANTITY_ENERGY, HENG_UNIT_J, 3}},
    {0x14, 0x1C, {HENG_QUANTITY_POWER, HENG_UNIT_W, 0}},
    {0x1D, 0x25, {HENG_QUANTITY_POWER, HENG_UNIT_J_H, 3}},
    {0x26, 0x2E, {HENG_QUANTITY_VOLUME, HENG_UNIT_M3, -6}},
    {0x2F, 0x37, {HENG_QUANTITY_VOLUME_FLOW, HENG_UNIT_M3_H, -6}},
    {0x38, 0x38, {HENG_QUANTITY_EXTERNAL_TEMPERATURE, HENG_UNIT_DEG_C, -3}},
    {0x39, 0x39, {HENG_QUANTITY_HCA_UNITS, HENG_UNIT_HCA, 0}},
};

bool heng_unit_code_of(uint8_t code, struct heng_unit_code *ret)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code < ranges[i].first || code > ranges[i].last) continue;
        *ret = ranges[i].base;
        ret->exp = (int8_t)(ret->exp + (code - ranges[i].first));
        return true;
    }
    return false;
}
