/* What a field of a dialect makes of registers.
 *
 *   coding          bytes      the bytes, brought into the order ABCD first
 *   unsigned ...    2 4 6 8    two's complement for signed; more than an int64 holds is out of range
 *   bcd             2 4 6 8    4 bits a digit; bcd-signed: the top bit is the minus
 *   float           4 8        IEEE 754
 *   bit             2          bit 0..15 of a register; of a coil, its byte's bit 0
 *   text            any        two characters a register, up to the first 00, without the spaces at the end
 *   clock           6          YY MM DD hh mm ss, binary (Acrel event records)
 *                   7, 8       year in 2 bytes, MM DD hh mm ss, binary; the 8th byte is not read
 *                   12         year, month, day, hour, minute, second, a register each
 *
 * Modbus itself knows registers only, high byte first; all else is habit of vendors, told by the model's profile. */
#include "codec/bytes.h"
#include "codec/modbus.h"
#include "codec/modbus/record.h"

enum { NUMBER_MAX = 8, CLOCK_MAX = 12 };

/* Where byte i of a number in ABCD order lies on the wire. bytes: even. */
static size_t wire_index(size_t i, size_t bytes, heng_word_order order)
{
    bool low_word_first = order == HENG_WORD_ORDER_CDAB || order == HENG_WORD_ORDER_DCBA;
    bool low_byte_first = order == HENG_WORD_ORDER_BADC || order == HENG_WORD_ORDER_DCBA;
    size_t word = low_word_first ? bytes / 2 - 1 - i / 2 : i / 2;
    return 2 * word + (low_byte_first ? 1 - i % 2 : i % 2);
}

uint64_t heng_modbus_load(const uint8_t *p, size_t bytes, heng_word_order order)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) value = value << 8 | p[wire_index(i, bytes, order)];
    return value;
}

static bool is_coil(const struct heng_field *field)
{
    return field->function_code == HENG_MODBUS_READ_COILS || field->function_code == HENG_MODBUS_READ_DISCRETE_INPUTS;
}

size_t heng_modbus_field_items(const struct heng_field *field)
{
    return is_coil(field) || field->bytes < 2 ? 1 : (field->bytes + 1u) / 2;
}

static void no_value(struct heng_record *ret, const char *reason)
{
    ret->kind = HENG_VALUE_NONE;
    ret->reason = reason;
}

/* raw x factor x 10^exp, exactly. */
static void scaled_value(const struct heng_field *field, struct heng_dec raw, struct heng_record *ret)
{
    ret->kind = HENG_VALUE_DEC;
    if (heng_dec_scale(raw, field->factor, &ret->dec) != HENG_OK ||
        heng_dec_shift(ret->dec, field->exp, &ret->dec) != HENG_OK)
        no_value(ret, "out of range");
}

static void integer_value(const struct heng_field *field, uint64_t raw, struct heng_record *ret)
{
    unsigned spare = 64 - 8u * field->bytes;
    bool is_signed = field->coding == HENG_CODING_SIGNED;
    if (!is_signed && raw > INT64_MAX) {
        no_value(ret, "out of range");
        return;
    }
    int64_t value = is_signed ? (int64_t)(raw << spare) >> spare : (int64_t)raw;
    scaled_value(field, (struct heng_dec){value, 0}, ret);
}

static void bcd_value(const struct heng_field *field, uint64_t raw, struct heng_record *ret)
{
    uint64_t sign = field->coding == HENG_CODING_BCD_SIGNED ? UINT64_C(1) << (8 * field->bytes - 1) : 0;
    uint64_t digits = raw & ~sign;
    if (!heng_bcd_valid(digits)) {
        no_value(ret, "invalid bcd");
        return;
    }
    int64_t value = (int64_t)heng_bcd_value(digits);
    scaled_value(field, (struct heng_dec){raw & sign ? -value : value, 0}, ret);
}

static void float_value(const struct heng_field *field, uint64_t raw, struct heng_record *ret)
{
    struct heng_dec value;
    bool is_double = field->bytes == 8;
    bool infinite = is_double ? (raw >> 52 & 0x7FF) == 0x7FF : (raw >> 23 & 0xFF) == 0xFF;
    heng_rc rc = is_double ? heng_dec_from_f64(raw, &value) : heng_dec_from_f32((uint32_t)raw, &value);
    if (rc == HENG_OK)
        scaled_value(field, value, ret);
    else
        no_value(ret, infinite ? "not a number" : "out of range");
}

static void bit_value(const struct heng_field *field, uint64_t raw, struct heng_record *ret)
{
    bool on = raw >> (field->bit & 15) & 1;
    ret->kind = HENG_VALUE_DEC;
    ret->dec = (struct heng_dec){on, 0};
    ret->enumerated = on ? "on" : "off";
}

/* Text borrows its bytes, so it can only be read in the order in which it is sent. */
static void text_value(const struct heng_field *field, const uint8_t *p, struct heng_record *ret)
{
    const uint8_t *end = memchr(p, 0, field->bytes);
    size_t n = end ? (size_t)(end - p) : field->bytes, odd = 0;
    while (n > 0 && p[n - 1] == ' ') n--;
    for (size_t i = 0; i < n; i++) odd += p[i] < 0x20 || p[i] > 0x7E;
    if (n == 0 || (p[0] == 0xFF && odd == n)) {
        no_value(ret, "not set");
    } else if (odd || field->order != HENG_WORD_ORDER_ABCD) {
        ret->kind = HENG_VALUE_BYTES;
        ret->reason = "binary data";
    } else {
        ret->kind = HENG_VALUE_TEXT;
        ret->data = heng_slice_of(p, n);
    }
}

static void clock_value(const struct heng_field *field, const uint8_t *p, struct heng_record *ret)
{
    uint8_t b[CLOCK_MAX] = {0};
    size_t sent = 2 * heng_modbus_field_items(field);
    unsigned any = 0, missing = 0xFF;
    if (sent != 6 && sent != 8 && sent != 12) {
        no_value(ret, "time of unknown length");
        return;
    }
    for (size_t i = 0; i < sent; i++) {
        b[i] = p[wire_index(i, sent, field->order)];
        any |= b[i];
        missing &= b[i];
    }
    unsigned year = (unsigned)b[0] << 8 | b[1];
    struct heng_civil c = {(int16_t)year, b[2], b[3], b[4], b[5], b[6]};
    if (sent == 6) {
        c = (struct heng_civil){(int16_t)(2000 + b[0]), b[1], b[2], b[3], b[4], b[5]};
        year = b[0] <= 99 ? 2000u + b[0] : 0;
    } else if (sent == 12) {
        c = (struct heng_civil){(int16_t)year, b[3], b[5], b[7], b[9], b[11]};
        if (b[2] | b[4] | b[6] | b[8] | b[10]) year = 0;
    }
    ret->kind = HENG_VALUE_DATETIME;
    ret->civil = c;
    if (any == 0)
        no_value(ret, "not set");
    else if (missing == 0xFF)
        no_value(ret, "not available");
    else if (year < 1970 || year > 2199 || !heng_civil_valid(&c))
        no_value(ret, "invalid time");
}

/* A coil or discrete input; its place is in the field's address, not in `bit`. */
static void coil_value(const uint8_t *p, struct heng_record *ret)
{
    static const struct heng_field state = {.bit = 0};
    ret->data = heng_slice_of(p, 1);
    bit_value(&state, *p, ret);
}

void heng_modbus_value(const struct heng_field *field, const uint8_t *p, struct heng_record *ret)
{
    ret->reason = ret->enumerated = NULL;
    if (is_coil(field)) {
        coil_value(p, ret);
        return;
    }
    size_t bytes = field->coding == HENG_CODING_BIT ? 2 : field->bytes;
    bool number = bytes > 0 && bytes <= NUMBER_MAX && bytes % 2 == 0;
    uint64_t raw = number ? heng_modbus_load(p, bytes, field->order) : 0;
    ret->data = heng_slice_of(p, bytes);
    if (number && field->has_absent && raw == field->absent) {
        no_value(ret, "not available");
        return;
    }
    switch (field->coding) {
    case HENG_CODING_UNSIGNED:
    case HENG_CODING_SIGNED:
        if (!number) break;
        integer_value(field, raw, ret);
        return;
    case HENG_CODING_BCD:
    case HENG_CODING_BCD_SIGNED:
        if (!number) break;
        bcd_value(field, raw, ret);
        return;
    case HENG_CODING_FLOAT:
        if (bytes != 4 && bytes != 8) break;
        float_value(field, raw, ret);
        return;
    case HENG_CODING_BIT: bit_value(field, raw, ret); return;
    case HENG_CODING_TEXT: text_value(field, p, ret); return;
    case HENG_CODING_CLOCK: clock_value(field, p, ret); return;
    case HENG_CODING_BYTES:
        ret->kind = HENG_VALUE_BYTES;
        ret->reason = "binary data";
        return;
    case HENG_CODING_COUNT: break;
    }
    no_value(ret, "unknown coding");
}
