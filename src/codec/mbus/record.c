/* Records of variable data.
 *
 *   record   DIF [DIFE 0..10] VIF [VIFE 0..10] data
 *   DIF      b7 extension, b6 storage bit 0, b5-4 function, b3-0 coding
 *   DIFE n   b7 extension, b6 subunit bit n, b5-4 tariff bits 2n.., b3-0 storage bits 1+4n..
 *   coding   0 none | 1 2 3 4 6 7 integers of 1 2 3 4 6 8 bytes | 5 single | 9 A B C E BCD of 1 2 3 4 6 bytes |
 *            D length byte first | 8 readout selection, no data |
 *            0F vendor's bytes to the end, 1F the same and more telegrams follow, 2F filler, 7F readout request,
 *            in a command only; VIF 7E may stand behind it
 *   length   00..BF text, last character first | C0..C9, D0..D9 positive, negative BCD of n-C0, n-D0 bytes |
 *   byte     E0..EF binary of n-E0 bytes | F0..F4 of 4(n-EC) bytes | F5 of 48 | F6 of 64
 *            binary of up to 8 bytes is an integer like coding 1..7, longer ones stay bytes: no meter is known to
 *            send one, and a decimal of ours ends at 63 bits
 *   absent   the most negative integer; BCD with digits A..F, save for F on top, the minus of measured numbers
 *
 * Source: EN 13757-3:2013 clause 6; text order and F0 by frames of tests/golden. */
#include "codec/mbus/record.h"
#include "codec/bytes.h"
#include "codec/mbus/vif.h"

enum { DIFE_MAX = HENG_MBUS_DIFE_MAX, MSB_FIRST = 0x04 };

typedef enum coding { NOTHING, INTEGER, REAL, BCD, VARYING, SPECIAL } coding;

static const struct {
    uint8_t coding, bytes;
} codings[16] = {
    {NOTHING, 0}, {INTEGER, 1}, {INTEGER, 2}, {INTEGER, 3}, {INTEGER, 4}, {REAL, 4},    {INTEGER, 6}, {INTEGER, 8},
    {NOTHING, 0}, {BCD, 1},     {BCD, 2},     {BCD, 3},     {BCD, 4},     {VARYING, 0}, {BCD, 6},     {SPECIAL, 0},
};

/* Every member by itself: an initializer makes gcc clear the whole struct with a slow string instruction, which
 * costs a third of the time of a record. */
static inline void clear_record(struct heng_record *ret)
{
    ret->function = HENG_FUNCTION_INSTANTANEOUS;
    ret->storage = 0;
    ret->tariff = ret->subunit = 0;
    ret->quantity = HENG_QUANTITY_UNKNOWN;
    ret->unit = HENG_UNIT_NONE;
    ret->kind = HENG_VALUE_NONE;
    ret->dec = (struct heng_dec){0, 0};
    ret->civil = (struct heng_civil){0};
    ret->text_reversed = ret->text_hex = ret->time_point = false;
    ret->reason = NULL;
    ret->enumerated = NULL;
    ret->qualifier = NULL;
    ret->flags = NULL;
    ret->data.p = ret->vif.p = NULL; /* by word: to read a slice whole right behind two stores of its halves stalls */
    ret->data.n = ret->vif.n = 0;
    ret->vif_known = true;
    ret->at = ret->length = 0;
}

static uint32_t offset_of(const struct heng_records *r, const uint8_t *p)
{
    return (uint32_t)(p - r->telegram->frame.p);
}

static void no_value(struct heng_record *ret, const char *reason)
{
    ret->kind = HENG_VALUE_NONE;
    ret->reason = reason;
}

/* Day, month and year fields of types F, G and I in 16 bits; hundreds of years since 1900 from type F.
 * Returns NULL, or why they are no date. */
static const char *date_of(uint32_t bits, unsigned hundreds, struct heng_civil *ret)
{
    enum { EVERY_YEAR = 127, EVERY_MONTH = 15 };
    unsigned year = (bits >> 5 & 7) | (bits >> 9 & 0x78);
    if (year > 99 && year != EVERY_YEAR) return "invalid time";
    if (year == EVERY_YEAR || (bits >> 8 & 0x0F) == EVERY_MONTH) return "recurring date";
    if (hundreds == 0 && year <= 80) hundreds = 1;
    ret->year = (int16_t)(1900 + 100 * hundreds + year);
    ret->month = bits >> 8 & 0x0F;
    ret->day = bits & 0x1F;
    return NULL;
}

static bool date_unset(uint32_t bits) { return (bits & 0x1F) == 0 || (bits >> 8 & 0x0F) == 0; }

/* Time points by their length: 2 bytes type G, 3 type J, 4 type F, 6 type I. */
static void time_point(uint64_t raw, size_t n, struct heng_record *ret)
{
    uint64_t all = n < 8 ? (UINT64_C(1) << (8 * n)) - 1 : UINT64_MAX;
    uint32_t date = 0;
    unsigned hundreds = 0;
    bool invalid = false;
    ret->civil = (struct heng_civil){.year = 2000, .month = 1, .day = 1};
    ret->time_point = true;
    if (n == 2) {
        ret->kind = HENG_VALUE_DATE;
        date = (uint32_t)raw;
    } else if (n == 4) {
        ret->kind = HENG_VALUE_DATETIME;
        ret->civil.minute = raw & 0x3F;
        ret->civil.hour = raw >> 8 & 0x1F;
        hundreds = (unsigned)(raw >> 13) & 3;
        invalid = raw & 0x80;
        date = (uint32_t)(raw >> 16);
    } else if (n == 3 || n == 6) {
        ret->kind = n == 3 ? HENG_VALUE_TIME : HENG_VALUE_DATETIME;
        ret->civil.second = raw & 0x3F;
        ret->civil.minute = raw >> 8 & 0x3F;
        ret->civil.hour = raw >> 16 & 0x1F;
        invalid = raw & 0x8000;
        date = (uint32_t)(raw >> 24) & 0xFFFF;
    } else {
        no_value(ret, "time of unknown length");
        return;
    }
    const char *problem = NULL;
    if (raw == all)
        no_value(ret, "not set");
    else if (invalid)
        no_value(ret, "invalid time");
    else if (n != 3 && date_unset(date))
        no_value(ret, "not set");
    else if (n != 3 && (problem = date_of(date, hundreds, &ret->civil)))
        no_value(ret, problem);
    else if (!heng_civil_valid(&ret->civil))
        no_value(ret, "invalid time");
}

/* mantissa x 10^exp x factor of `scale`. Errors: ERANGE. */
static inline heng_rc decimal(int64_t mantissa, int exp, unsigned scale, struct heng_dec *ret)
{
    if (__builtin_mul_overflow(mantissa, (int64_t)heng_vif_factor[scale], &ret->mantissa) || exp < HENG_DEC_EXP_MIN ||
        exp > HENG_DEC_EXP_MAX)
        return HENG_ERANGE;
    ret->exp = (int8_t)exp;
    return HENG_OK;
}

static void number_value(int64_t mantissa, const struct heng_vif_meaning *m, struct heng_record *ret)
{
    ret->kind = HENG_VALUE_DEC;
    if (!decimal(mantissa, m->exp, m->entry.scale, &ret->dec) && !m->has_add) return;
    struct heng_dec value = {mantissa, 0};
    if (heng_dec_shift(value, m->exp, &value) != HENG_OK || (m->has_add && heng_dec_add(value, m->add, &value)) ||
        decimal(value.mantissa, value.exp, m->entry.scale, &ret->dec) != HENG_OK)
        no_value(ret, "out of range");
}

/* Digits that a meter puts on its label: A..F stand there, too, and are shown. */
static bool is_identification(const struct heng_vif_meaning *m)
{
    return m->entry.quantity == HENG_QUANTITY_FABRICATION_NUMBER || m->entry.quantity == HENG_QUANTITY_ENHANCED_ID;
}

/* BCD in 1 <= n <= 8 bytes of ret->data; the nibble F on top of a measured number is a minus sign. */
static void bcd_value(bool negative, bool msb_first, const struct heng_vif_meaning *m, struct heng_record *ret)
{
    size_t n = ret->data.n;
    uint64_t raw = heng_load_bytes(ret->data.p, n, msb_first);
    unsigned top = 8 * (unsigned)n - 4;
    if (raw >> top == 0xF && m->entry.type == HENG_VIF_NUMBER) {
        raw &= ~(UINT64_C(0xF) << top);
        negative = !negative;
    }
    if (!heng_bcd_valid(raw)) {
        no_value(ret, "invalid bcd");
        if (!is_identification(m)) return;
        ret->kind = HENG_VALUE_TEXT;
        ret->reason = NULL;
        ret->text_hex = true;
        return;
    }
    int64_t value = (int64_t)heng_bcd_value(raw); /* at most 16 digits */
    number_value(negative ? -value : value, m, ret);
}

static void real_value(uint32_t bits, const struct heng_vif_meaning *m, struct heng_record *ret)
{
    struct heng_dec value;
    if ((bits >> 23 & 0xFF) == 0xFF) {
        no_value(ret, "not a number");
        return;
    }
    ret->kind = HENG_VALUE_DEC;
    if (heng_dec_from_f32(bits, &value) != HENG_OK || heng_dec_shift(value, m->exp, &value) != HENG_OK ||
        (m->has_add && heng_dec_add(value, m->add, &value)) ||
        decimal(value.mantissa, value.exp, m->entry.scale, &ret->dec) != HENG_OK)
        no_value(ret, "out of range");
}

static void integer_value(struct heng_slice data, bool msb_first, const struct heng_vif_meaning *m,
                          struct heng_record *ret)
{
    uint64_t raw = heng_load_bytes(data.p, data.n, msb_first);
    if (m->entry.type == HENG_VIF_TIME_POINT) {
        time_point(raw, data.n, ret);
    } else if (m->entry.type == HENG_VIF_UNSIGNED) {
        if (data.n == 8 && m->entry.quantity == HENG_QUANTITY_ENHANCED_ID) { /* a whole secondary address */
            ret->kind = HENG_VALUE_BYTES;
            ret->reason = "binary data";
        } else if (raw > INT64_MAX) { /* more than a number of ours holds; of error flags, an alarm all the same */
            ret->kind = HENG_VALUE_BYTES;
            ret->reason = "highest of 64 bits is set";
        } else {
            number_value((int64_t)raw, m, ret);
        }
    } else {
        unsigned unused = 64 - 8 * (unsigned)data.n;
        if (raw << unused == UINT64_C(1) << 63)
            no_value(ret, "not available"); /* type B: the most negative number means "invalid" */
        else
            number_value((int64_t)(raw << unused) >> unused, m, ret);
    }
}

/* BCD of 9 bytes; 18 digits are the most that a number of ours holds. */
static void long_bcd_value(bool negative, bool msb_first, const struct heng_vif_meaning *m, struct heng_record *ret)
{
    const uint8_t *p = ret->data.p;
    uint64_t low = heng_load_bytes(msb_first ? p + 1 : p, 8, msb_first);
    uint8_t high = msb_first ? p[0] : p[8];
    bool minus = high >> 4 == 0xF && m->entry.type == HENG_VIF_NUMBER;
    if (minus) high &= 0x0F;
    if (heng_bcd_valid(low) && heng_bcd_valid(high)) {
        int64_t value = (int64_t)(heng_bcd_value(high) * UINT64_C(10000000000000000) + heng_bcd_value(low));
        number_value(negative || minus ? -value : value, m, ret);
    } else if (is_identification(m)) {
        ret->kind = HENG_VALUE_TEXT;
        ret->text_hex = true;
    } else {
        no_value(ret, "invalid bcd");
    }
}

/* BCD behind a length byte. D0..D9 say "negative" already: a minus digit on top of that makes no sense. */
static void varying_bcd(uint8_t length, bool msb_first, const struct heng_vif_meaning *m, struct heng_record *ret)
{
    bool negative = length >= 0xD0;
    uint8_t top = ret->data.p[msb_first ? 0 : ret->data.n - 1];
    if (negative && top >> 4 == 0xF && m->entry.type == HENG_VIF_NUMBER)
        no_value(ret, "invalid bcd");
    else if (ret->data.n > 8)
        long_bcd_value(negative, msb_first, m, ret);
    else
        bcd_value(negative, msb_first, m, ret);
}

/* Data of coding D; the length byte is not part of data. */
static void varying_value(uint8_t length, struct heng_slice data, bool msb_first, const struct heng_vif_meaning *m,
                          struct heng_record *ret)
{
    if (length <= 0xBF) {
        ret->kind = HENG_VALUE_TEXT;
    } else if (data.n == 0) {
        no_value(ret, "no data");
    } else if (length <= 0xDF) {
        varying_bcd(length, msb_first, m, ret);
    } else if (length <= 0xE8 && data.n <= 8) {
        integer_value(data, msb_first, m, ret);
    } else {
        ret->kind = HENG_VALUE_BYTES;
        ret->reason = length <= 0xEF ? "integer of more than 8 bytes" : "binary data";
    }
}

/* Bytes behind a length byte of coding D; false for a reserved code. */
static bool varying_bytes(uint8_t length, size_t *ret)
{
    if (length <= 0xBF)
        *ret = length;
    else if (length <= 0xC9)
        *ret = (size_t)(length - 0xC0);
    else if (length >= 0xD0 && length <= 0xD9)
        *ret = (size_t)(length - 0xD0);
    else if (length >= 0xE0 && length <= 0xEF)
        *ret = (size_t)(length - 0xE0);
    else if (length >= 0xF0 && length <= 0xF4)
        *ret = 4 * (size_t)(length - 0xEC);
    else if (length == 0xF5 || length == 0xF6)
        *ret = length == 0xF5 ? 48 : 64;
    else
        return false;
    return true;
}

bool heng_mbus_data_bytes(uint8_t dif, uint8_t length, size_t *ret)
{
    if (codings[dif & 0x0F].coding == VARYING) return varying_bytes(length, ret);
    *ret = codings[dif & 0x0F].bytes;
    return true;
}

/* DIF 7F of a command, with or without "any VIF" behind it: the meter is to send all it has. */
static heng_rc readout_request(struct heng_records *r, const uint8_t *end, struct heng_record *ret)
{
    const uint8_t *start = r->p++;
    clear_record(ret);
    ret->quantity = HENG_QUANTITY_ANY;
    ret->unit = HENG_UNIT_UNKNOWN;
    no_value(ret, "readout request");
    if (r->p != end && *r->p == 0x7E) ret->vif = (struct heng_slice){r->p++, 1};
    ret->at = offset_of(r, start);
    ret->length = (uint32_t)(r->p - start);
    r->index++;
    return HENG_OK;
}

/* DIF 0F, 1F, 7F: no record of the meter's own values any more. */
static heng_rc special(struct heng_records *r, const uint8_t *end, struct heng_record *ret, struct heng_err *err)
{
    const uint8_t *start = r->p;
    uint8_t dif = *start;
    if (dif == 0x7F && !r->telegram->from_meter) return readout_request(r, end, ret);
    if (dif != 0x0F && dif != 0x1F && dif != 0x7F)
        return heng_fail(err, HENG_EFORMAT, offset_of(r, start), "dif 0x%02x is reserved", dif);
    r->more = dif == 0x1F;
    r->p = end;
    if (start + 1 == end) return HENG_ENOTFOUND;
    clear_record(ret);
    ret->quantity = HENG_QUANTITY_MANUFACTURER_DATA;
    ret->unit = HENG_UNIT_UNKNOWN;
    ret->kind = HENG_VALUE_BYTES;
    ret->reason = "manufacturer specific";
    ret->data = (struct heng_slice){start + 1, (size_t)(end - start - 1)};
    ret->at = offset_of(r, start);
    ret->length = (uint32_t)(end - start);
    r->index++;
    return HENG_OK;
}

/* DIF and DIFEs at *p, which moves behind them. */
static heng_rc read_dif(const struct heng_records *r, const uint8_t **p, const uint8_t *end, struct heng_record *ret,
                        struct heng_err *err)
{
    uint8_t byte = *(*p)++;
    ret->function = (heng_function)(byte >> 4 & 3);
    ret->storage = byte >> 6 & 1;
    for (unsigned n = 0; byte & 0x80; n++) {
        if (n == DIFE_MAX) return heng_fail(err, HENG_EFORMAT, offset_of(r, *p), "more than 10 dife");
        if (*p == end) return heng_fail(err, HENG_EFORMAT, offset_of(r, *p), "record ends within its dif");
        byte = *(*p)++;
        ret->storage |= (uint64_t)(byte & 0x0F) << (1 + 4 * n);
        ret->tariff |= (uint32_t)(byte >> 4 & 3) << (2 * n);
        ret->subunit |= (uint32_t)(byte >> 6 & 1) << n;
    }
    return HENG_OK;
}

static void set_value(uint8_t dif, uint8_t length, bool msb_first, const struct heng_vif_meaning *m,
                      struct heng_record *ret)
{
    enum { READOUT_SELECTION = 8 };
    struct heng_slice data = ret->data;
    bool raw = m->entry.type == HENG_VIF_UNKNOWN || m->raw, empty = codings[dif & 0x0F].coding == NOTHING;
    if (m->reason && !(raw && empty)) {
        ret->kind = raw ? HENG_VALUE_BYTES : HENG_VALUE_NONE;
        ret->reason = m->reason;
        return;
    }
    switch ((coding)codings[dif & 0x0F].coding) {
    case INTEGER: integer_value(data, msb_first, m, ret); break;
    case REAL:
    case BCD:
        if (m->entry.type == HENG_VIF_TIME_POINT)
            no_value(ret, "time of unknown coding");
        else if (codings[dif & 0x0F].coding == REAL)
            real_value((uint32_t)heng_load_bytes(data.p, data.n, msb_first), m, ret);
        else
            bcd_value(false, msb_first, m, ret);
        break;
    case VARYING:
        if (m->entry.type == HENG_VIF_TIME_POINT && length > 0xBF && (length < 0xE1 || length > 0xE8))
            no_value(ret, "time of unknown coding");
        else
            varying_value(length, data, msb_first, m, ret);
        break;
    case NOTHING:
    case SPECIAL: no_value(ret, (dif & 0x0F) == READOUT_SELECTION ? "readout selection" : "no data"); break;
    }
}

/* Passwords, keys and access codes are not for those who see readings; a request for one holds none. */
static void hide_secret(struct heng_record *ret)
{
    ret->data.n = 0;
    if (ret->kind != HENG_VALUE_NONE) no_value(ret, "secret");
}

/* Any record, with all that the standard allows. Apart, so that plain records do not pay for its variables. */
static heng_rc next_of_any(struct heng_records *r, const uint8_t *end, struct heng_record *ret, struct heng_err *err)
{
    const uint8_t *start = r->p, *p = start;
    uint8_t dif = *p, length = 0;
    clear_record(ret);
    ret->at = offset_of(r, start);
    heng_rc rc = read_dif(r, &p, end, ret, err);
    if (rc != HENG_OK) return rc;

    struct heng_vif vif;
    const char *problem;
    size_t at;
    if (heng_vif_read(heng_slice_of(p, (size_t)(end - p)), &vif, &problem, &at) != HENG_OK)
        return heng_fail(err, HENG_EFORMAT, offset_of(r, p) + (uint32_t)at, "%s", problem);
    ret->vif.p = p; /* not vif.bytes as a whole: see clear_record */
    ret->vif.n = vif.bytes.n;
    p += ret->vif.n;

    size_t bytes = codings[dif & 0x0F].bytes;
    if (codings[dif & 0x0F].coding == VARYING) {
        if (p == end) return heng_fail(err, HENG_EFORMAT, offset_of(r, p), "record ends before its length");
        length = *p++;
        if (!varying_bytes(length, &bytes))
            return heng_fail(err, HENG_EFORMAT, offset_of(r, p - 1), "length code 0x%02x is reserved", length);
    }
    if ((size_t)(end - p) < bytes)
        return heng_fail(err, HENG_EFORMAT, offset_of(r, end), "record wants %zu data bytes, %zu are left", bytes,
                         (size_t)(end - p));
    ret->data = heng_slice_of(p, bytes);
    r->p = p + bytes;
    r->index++;
    ret->length = (uint32_t)(r->p - start);

    struct heng_vif_meaning m;
    heng_vif_resolve(&vif, r->telegram, &m);
    ret->quantity = (heng_quantity)m.entry.quantity;
    ret->unit = (heng_unit)m.entry.unit;
    ret->qualifier = m.action;
    ret->time_point = m.entry.type == HENG_VIF_TIME_POINT;
    ret->text_reversed = !(r->telegram->ci & MSB_FIRST);
    if (m.entry.quantity == HENG_QUANTITY_UNKNOWN) {
        ret->unit = HENG_UNIT_UNKNOWN;
        ret->vif_known = false;
    }
    set_value(dif, length, r->telegram->ci & MSB_FIRST, &m, ret);
    if (m.secret) hide_secret(ret);
    return HENG_OK;
}

/* The value of data that need no more than the table: no corrections. False leaves the record to the long way.
 * Integers and BCD are both worked out before either is chosen: records mix them, and a wrong guess of the processor
 * costs more than a conversion. */
static inline bool plain_value(uint8_t dif, const struct heng_vif_entry *entry, struct heng_record *ret)
{
    size_t n = ret->data.n;
    const uint8_t *end = ret->data.p + n;
    uint8_t how = codings[dif & 0x0F].coding;
    uint64_t raw = heng_load_le_before(end, n);
    int64_t with_sign = heng_load_sle_before(end, n);
    int exp = entry->exp;
    if (entry->type == HENG_VIF_TIME_POINT) {
        if (how != INTEGER) return false;
        time_point(raw, n, ret);
        return true;
    }
    bool bcd = how == BCD, measured = entry->type == HENG_VIF_NUMBER;
    bool invalid = with_sign == INT64_MIN >> (64 - 8 * n);
    int64_t mantissa = bcd ? (int64_t)heng_bcd_value(raw) : measured ? with_sign : (int64_t)raw;
    /* Eight bytes without sign are secondary addresses, or more than a decimal holds. */
    if (bcd ? !heng_bcd_valid(raw) : measured ? invalid : n == 8) return false;
    if (how == REAL) {
        struct heng_dec value;
        if (heng_dec_from_f32((uint32_t)raw, &value) != HENG_OK) return false;
        mantissa = value.mantissa;
        exp += value.exp;
    }
    ret->kind = HENG_VALUE_DEC;
    return decimal(mantissa, exp, entry->scale, &ret->dec) == HENG_OK;
}

/* Most records: DIF with few DIFEs, a VIF of the tables without VIFEs, plain data. False when it is anything
 * else, or broken; then nothing has changed. Reading two bytes over the end of the body is no harm: checksum and
 * stop byte stand there. */
static inline bool next_of_plain(struct heng_records *r, const uint8_t *end, struct heng_record *ret)
{
    const uint8_t *start = r->p, *p = start;
    uint8_t dif = *p++, byte = dif;
    uint64_t storage = dif >> 6 & 1;
    uint32_t tariff = 0, subunit = 0;
    for (unsigned n = 0; byte & 0x80; n++) {
        if (n == 4 || p == end) return false;
        byte = *p++;
        storage |= (uint64_t)(byte & 0x0F) << (1 + 4 * n);
        tariff |= (uint32_t)(byte >> 4 & 3) << (2 * n);
        subunit |= (uint32_t)(byte >> 6 & 1) << n;
    }
    const uint8_t *vif = p;
    const struct heng_vif_entry *table = *vif == 0xFD ? heng_vif_fd : *vif == 0xFB ? heng_vif_fb : heng_vif_main;
    p += table != heng_vif_main;
    if (*p & 0x80) return false;
    const struct heng_vif_entry *entry = &table[*p++];
    size_t bytes = codings[dif & 0x0F].bytes;
    if (entry->type <= HENG_VIF_RAW || bytes == 0 || end - p < (ptrdiff_t)bytes) return false;
    clear_record(ret);
    ret->function = (heng_function)(dif >> 4 & 3);
    ret->storage = storage;
    ret->tariff = tariff;
    ret->subunit = subunit;
    ret->quantity = (heng_quantity)entry->quantity;
    ret->unit = (heng_unit)entry->unit;
    ret->data = (struct heng_slice){p, bytes};
    ret->vif = (struct heng_slice){vif, (size_t)(p - vif)};
    ret->vif_known = true;
    ret->at = offset_of(r, start);
    ret->length = (uint32_t)(p + bytes - start);
    if (!plain_value(dif, entry, ret)) return false;
    r->p = p + bytes;
    r->index++;
    return true;
}

/* The cipher text, which comes first, as one record. */
static heng_rc cipher_text(struct heng_records *r, struct heng_record *ret)
{
    clear_record(ret);
    ret->unit = HENG_UNIT_UNKNOWN;
    ret->vif_known = false;
    no_value(ret, "encrypted");
    ret->data = heng_slice_of(r->p, heng_mbus_cipher_bytes(r->telegram));
    ret->at = offset_of(r, r->p);
    ret->length = (uint32_t)ret->data.n;
    r->p += ret->data.n;
    r->index++;
    return HENG_OK;
}

heng_rc heng_mbus_next(struct heng_records *r, struct heng_record *ret, struct heng_err *err)
{
    const struct heng_telegram *t = r->telegram;
    const uint8_t *end = t->body.p + t->body.n;
    if (t->encrypted && r->index == 0) return cipher_text(r, ret);
    while (r->p != end && *r->p == 0x2F) r->p++;
    if (r->p == end) return HENG_ENOTFOUND;
    if ((*r->p & 0x0F) == 0x0F) return special(r, end, ret, err);
    if (!(t->ci & MSB_FIRST) && next_of_plain(r, end, ret)) return HENG_OK;
    return next_of_any(r, end, ret, err);
}

/* Behind the plain-text unit at p and its VIFEs; NULL when they are broken. */
static __attribute__((noinline)) const uint8_t *skip_text_unit(const uint8_t *p, const uint8_t *end)
{
    struct heng_vif vif;
    const char *problem;
    size_t at;
    bool good = heng_vif_read(heng_slice_of(p, (size_t)(end - p)), &vif, &problem, &at) == HENG_OK;
    return good ? p + vif.bytes.n : NULL;
}

/* Behind the record at p, which is not special; NULL when it is broken. */
static const uint8_t *skip_record(const uint8_t *p, const uint8_t *end)
{
    size_t bytes = codings[*p & 0x0F].bytes;
    bool varying = codings[*p & 0x0F].coding == VARYING;
    for (unsigned n = 0; *p++ & 0x80; n++)
        if (n == DIFE_MAX || p == end) return NULL;
    if (p == end) return NULL;
    if ((*p & 0x7F) != 0x7C) {
        for (unsigned n = 0; *p++ & 0x80; n++)
            if (n == HENG_VIFE_MAX || p == end) return NULL;
    } else {
        p = skip_text_unit(p, end);
        if (!p) return NULL;
    }
    if (varying && (p == end || !varying_bytes(*p++, &bytes))) return NULL;
    return (size_t)(end - p) < bytes ? NULL : p + bytes;
}

/* The special DIF that ends the records from p on, `end` without one, NULL when a record is broken. */
static const uint8_t *end_of_records(const uint8_t *p, const uint8_t *end)
{
    while (p && p != end) {
        if (*p == 0x2F)
            p++;
        else if ((*p & 0x0F) == 0x0F)
            return *p == 0x0F || *p == 0x1F || *p == 0x7F ? p : NULL;
        else
            p = skip_record(p, end);
    }
    return p;
}

bool heng_mbus_are_records(struct heng_slice bytes) { return end_of_records(bytes.p, bytes.p + bytes.n) != NULL; }

bool heng_mbus_more_follows(const struct heng_telegram *telegram)
{
    struct heng_slice plain = telegram->body;
    if (telegram->encrypted) plain = heng_slice_from(plain, heng_mbus_cipher_bytes(telegram));
    const uint8_t *end = plain.p + plain.n;
    if (!memchr(plain.p, 0x1F, plain.n)) return false;
    const uint8_t *last = end_of_records(plain.p, end);
    return last && last != end && *last == 0x1F;
}
