#ifndef HENG_CODEC_UNIT_CODE_H
#define HENG_CODEC_UNIT_CODE_H
/* Unit codes of fixed M-Bus data, which CJ/T 188 took over: one byte names quantity, unit and power of ten.
 * Private to codec/. Source: EN 1434-3:1997 table of physical units; CJ/T 188-2004 appendix. */
#include "model/quantity.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heng_unit_code {
    heng_quantity quantity;
    heng_unit unit;
    int8_t exp;
};

/* code: low 6 bits count. False for codes that are no unit of a number (time, date, "as before", none). */
bool heng_unit_code_of(uint8_t code, struct heng_unit_code *ret);

#endif
