#ifndef HENG_CODEC_CJT188_LAYOUT_H
#define HENG_CODEC_CJT188_LAYOUT_H
/* What stands where in the bodies of CJ/T 188 telegrams, and which of the layouts a body follows; private to codec/. */
#include "codec/telegram.h"
#include "codec/unit_code.h"

/* How the bytes of a field are meant. */
typedef enum heng_cjt188_form {
    HENG_CJT188_MEASURED,    /* 4 bytes BCD and a unit byte, in either order */
    HENG_CJT188_PLAIN,       /* BCD of a fixed unit */
    HENG_CJT188_TOTAL,       /* 4 bytes BCD: the total of a water meter that sends no unit */
    HENG_CJT188_TEMPERATURE, /* 3 bytes BCD, XXXX.XX */
    HENG_CJT188_HOURS,       /* 3 bytes BCD */
    HENG_CJT188_CLOCK,       /* 7 bytes BCD */
    HENG_CJT188_MONTH,       /* 2 bytes BCD: month, year without century */
    HENG_CJT188_BINARY,      /* 8 bytes, low byte first */
    HENG_CJT188_RUNNING,     /* hours in 4 bytes, seconds in 2, low byte first */
    HENG_CJT188_FLAGS,       /* 1 byte, bits of the vendor */
    HENG_CJT188_VALVE,       /* 1 byte, what the valve shall do */
    HENG_CJT188_ID,          /* 7 bytes, the printed number backwards */
    HENG_CJT188_SECRET,      /* key material: never shown */
    HENG_CJT188_UNSCALED     /* BCD whose unit no source tells */
} heng_cjt188_form;

struct heng_cjt188_field {
    uint8_t form, at, bytes, quantity, unit;
    int8_t exp; /* decimals of the raw number */
    uint8_t storage, tariff;
    const char *qualifier;
};

/* NO_STATUS: instead of an offset. ENERGY: of a heat meter, decimals of the dialect are those of heat meters.
 * COOLING_APART: cooling energy has fields of its own, so the meter type does not rename the others. */
enum { HENG_CJT188_NO_STATUS = 0xFF, HENG_CJT188_ENERGY = 1, HENG_CJT188_COOLING_APART = 2 };

struct heng_cjt188_layout {
    const struct heng_cjt188_field *fields;
    uint8_t count, bytes; /* bytes 0: any number of 5-byte totals, count is the most */
    uint8_t status_at;    /* offset of ST0 ST1 in the body, or NO_STATUS */
    uint8_t flags;
    uint16_t storage_di; /* the identifier whose values are storage 1; 0: storage as in the fields */
};

/* Find the layout of t->body by identifier, direction, function, meter type and length; those that only one source
 * tells also by their bytes. Sets t->layout, t->unit_first and t->unit_unclear; layout 0 when there is none. */
void heng_cjt188_find_layout(struct heng_telegram *t);

/* The layout in t->layout, which must not be 0. */
const struct heng_cjt188_layout *heng_cjt188_layout(const struct heng_telegram *t);

/* C = 2A and its answer AA: what valve makers use in place of 04 and 84, with the same identifiers A0xx. */
bool heng_cjt188_is_vendor_write(const struct heng_telegram *t);

/* The unit behind a code, when it is one of the field's quantity. */
bool heng_cjt188_unit(const struct heng_cjt188_field *field, uint8_t code, struct heng_unit_code *ret);

/* True when p holds BCD digits, or FF, EE or (from 3 bytes on) 99 for "not available". */
bool heng_cjt188_bcd(const uint8_t *p, size_t n);
bool heng_cjt188_absent(const uint8_t *p, size_t n);

/* The first and last year of a clock: the centuries 19, 20 and 21. */
enum { HENG_CJT188_FIRST_YEAR = 1900, HENG_CJT188_LAST_YEAR = 2199 };

/* The clock fields of n = 3..7 bytes (DD MM YY, with hh, mm, ss in front, with CC behind). False when they name no
 * time, or one in a year (CC YY) that no meter counts. Two digits of a year are of this century. */
bool heng_cjt188_clock(const uint8_t *p, size_t n, struct heng_civil *ret);

/* Name of a data identifier ("current data"), NULL for one that no table knows. */
const char *heng_cjt188_di_name(uint16_t di);

/* True for identifiers whose body may hold a key. */
bool heng_cjt188_is_secret(uint32_t di);

#endif
