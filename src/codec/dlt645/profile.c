/* Load profile records, identifiers 06xxxxxx of 2007: one block for each time, one after the other.
 *
 *   offset  bytes  field
 *        0      2  A0 A0
 *        2      1  number of bytes
 *        3      5  time mm hh DD MM YY
 *        8   0|17  voltages 3 x 2, currents 3 x 3, frequency 2          AA
 *        +   0|24  active powers 4 x 3, reactive powers 4 x 3           AA
 *        +    0|8  power factors 4 x 2                                  AA
 *        +   0|16  active energy forward, backward, combined 1, 2       AA
 *        +   0|16  reactive energy of the quadrants 1 to 4              AA
 *        +    0|6  demand, active and reactive                          AA
 *        +      1  sum
 *        +      1  E5
 *   What the meter does not record is left out, its AA stays. AA is no BCD, so the layout proves itself: bytes that
 *   do not fit it are no block. The sum is not looked at, implementations differ in where it begins; the frame has
 *   one of its own.
 *
 * Source: DL/T 645-2007, format of load records. */
#include "codec/dlt645.h"
#include "codec/dlt645/table.h"

#define F(coding, bytes, exp, quantity, unit, qualifier) HENG_DLT645_F(coding, bytes, exp, quantity, unit, qualifier)
#define POWERS(quantity, unit)                                                                                         \
    F(SIGNED, 3, -1, quantity, unit, "profile"), F(SIGNED, 3, -1, quantity, unit, "profile L1"),                       \
        F(SIGNED, 3, -1, quantity, unit, "profile L2"), F(SIGNED, 3, -1, quantity, unit, "profile L3")

static const struct heng_dlt645_field fields[] = {
    F(CLOCK, 5, 0, FREEZE, NONE, "profile"),
    /* 1 */
    F(BCD, 2, -1, VOLTAGE, V, "profile L1"),
    F(BCD, 2, -1, VOLTAGE, V, "profile L2"),
    F(BCD, 2, -1, VOLTAGE, V, "profile L3"),
    F(SIGNED, 3, -3, CURRENT, A, "profile L1"),
    F(SIGNED, 3, -3, CURRENT, A, "profile L2"),
    F(SIGNED, 3, -3, CURRENT, A, "profile L3"),
    F(BCD, 2, -2, FREQUENCY, HZ, "profile"),
    /* 8 */
    POWERS(POWER, W),
    POWERS(REACTIVE_POWER, VAR),
    /* 16 */
    F(SIGNED, 2, -3, POWER_FACTOR, NONE, "profile"),
    F(SIGNED, 2, -3, POWER_FACTOR, NONE, "profile L1"),
    F(SIGNED, 2, -3, POWER_FACTOR, NONE, "profile L2"),
    F(SIGNED, 2, -3, POWER_FACTOR, NONE, "profile L3"),
    /* 20 */
    F(BCD, 4, 1, ENERGY, WH, "profile forward"),
    F(BCD, 4, 1, ENERGY, WH, "profile backward"),
    F(SIGNED, 4, 1, REACTIVE_ENERGY, VARH, "profile combined 1"),
    F(SIGNED, 4, 1, REACTIVE_ENERGY, VARH, "profile combined 2"),
    /* 24 */
    F(BCD, 4, 1, REACTIVE_ENERGY, VARH, "profile quadrant 1"),
    F(BCD, 4, 1, REACTIVE_ENERGY, VARH, "profile quadrant 2"),
    F(BCD, 4, 1, REACTIVE_ENERGY, VARH, "profile quadrant 3"),
    F(BCD, 4, 1, REACTIVE_ENERGY, VARH, "profile quadrant 4"),
    /* 28 */
    F(SIGNED, 3, -1, POWER, W, "profile demand"),
    F(SIGNED, 3, -1, REACTIVE_POWER, VAR, "profile demand"),
};

/* The classes: first field, fields, bytes. */
static const struct {
    uint8_t first, count, bytes;
} classes[] = {{1, 7, 17}, {8, 8, 24}, {16, 4, 8}, {20, 4, 16}, {24, 4, 16}, {28, 2, 6}};

enum { HEAD = 8, TIME_AT = 3, TAIL = 2 };
enum { MARK = (0xA0 + HENG_DLT645_BIAS) & 0xFF, END = (0xE5 + HENG_DLT645_BIAS) & 0xFF };
enum { SEPARATOR = (0xAA + HENG_DLT645_BIAS) & 0xFF };

/* One walk through the block at the front of `in`: its length, 0 when it is none. The first field at or behind p
 * goes to ret_field, ret_at; they stay as they are when there is none. */
static size_t walk(struct heng_slice in, const uint8_t *p, const struct heng_dlt645_field **ret_field,
                   const uint8_t **ret_at)
{
    if (in.n < HEAD || in.p[0] != MARK || in.p[1] != MARK) return 0;
    const struct heng_dlt645_field *field = NULL;
    size_t at = HEAD, field_at = 0;
    if (p <= in.p + TIME_AT) {
        field = &fields[0];
        field_at = TIME_AT;
    }
    for (size_t c = 0; c < HENG_DLT645_COUNT(classes); c++) {
        if (at >= in.n) return 0;
        if (in.p[at] != SEPARATOR) {
            for (size_t i = 0, sum = at; !field && i < classes[c].count; sum += fields[classes[c].first + i++].bytes) {
                if (p > in.p + sum) continue;
                field = &fields[classes[c].first + i];
                field_at = sum;
            }
            at += classes[c].bytes;
            if (at >= in.n || in.p[at] != SEPARATOR) return 0;
        }
        at++;
    }
    if (in.n - at < TAIL || in.p[at + 1] != END) return 0;
    if (field) {
        *ret_field = field;
        *ret_at = in.p + field_at;
    }
    return at + TAIL;
}

const struct heng_dlt645_field *heng_dlt645_profile_field(struct heng_slice body, const uint8_t *p,
                                                          const uint8_t **ret_at, uint16_t *ret_block)
{
    const struct heng_dlt645_field *field = NULL;
    *ret_at = NULL;
    for (*ret_block = 1; body.n; ++*ret_block) {
        size_t bytes = walk(body, p, &field, ret_at);
        if (field) return field;
        if (bytes == 0) {
            *ret_at = body.p; /* no block */
            return NULL;
        }
        body = heng_slice_from(body, bytes);
    }
    return NULL;
}
