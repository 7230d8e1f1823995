/* Wired M-Bus link frames and the heads of their application data.
 *
 *   E5                                  acknowledgement
 *   10 C A CS 16                        short frame, CS = C + A
 *   68 L L 68 C A CI data CS 16         L counts C..data, 3..255; CS = sum of C..data
 *
 *   long       ID(4) manufacturer(2) version medium access status configuration(2)
 *   short      access status configuration(2)
 *   CI 72 76   long header, records
 *   CI 7A      short header, records
 *   CI 78      records
 *   CI 73 77   ID(4) access status units(2) counter(4) counter(4)
 *   CI 70 71   one byte, or none: error report, alarm status; 6E 74 the same behind a short, 6F 75 behind a long header
 *   CI 52 56   ID(4) manufacturer(2) version medium [records]
 *   CI 51 55   records; 5A the same behind a short, 5B behind a long header
 *   CI with bit 2 set of a pair 5x, 7x in this list: high byte first
 *
 *   configuration   b12-8 mode: 0 plain | 1..4 DES, b7-0 bytes of cipher text | 5 7 AES, b7-4 blocks of 16 bytes,
 *                   and so the modes behind
 *   cipher text     comes first in the body and decodes to 2F 2F; in mode 7 one more byte, about the key, stands in
 *                   front of it; plain records may follow
 *
 * CI 6E..78 and 7A are a meter's, whatever bit 6 of C says: radio meters that speak first set it, and gateways pass
 * their telegrams on as they are. What is an error in a record of theirs would be an order in one of a master.
 *
 * Source: EN 13757-2 clause 5, EN 13757-3 clauses 5 to 8, EN 13757-7:2018 table 2. */
#include "codec/bytes.h"
#include "codec/mbus.h"
#include "codec/mbus/present.h"
#include "codec/mbus/record.h"

enum {
    START_SHORT = 0x10,
    START_LONG = 0x68,
    STOP = 0x16,
    SHORT_BYTES = 5,
    LONG_OVERHEAD = 6, /* 68 L L 68 in front, CS 16 behind */
    LONG_HEADER = 12,
    SHORT_HEADER = 4,
    SELECT_BYTES = 8,
    FIXED_BYTES = 16,
    FROM_MASTER = 0x40,
    MSB_FIRST = 0x04
};

#define M(symbol) HENG_MEDIUM_##symbol
static const uint8_t media[64] = {
    [0x00] = M(OTHER),
    [0x01] = M(OIL),
    [0x02] = M(ELECTRICITY),
    [0x03] = M(GAS),
    [0x04] = M(HEAT),
    [0x05] = M(STEAM),
    [0x06] = M(WARM_WATER),
    [0x07] = M(WATER),
    [0x08] = M(HEAT_COST_ALLOCATOR),
    [0x09] = M(COMPRESSED_AIR),
    [0x0A] = M(COOLING_OUTLET),
    [0x0B] = M(COOLING_INLET),
    [0x0C] = M(HEAT_INLET),
    [0x0D] = M(HEAT_COOLING),
    [0x0E] = M(BUS),
    [0x0F] = M(UNKNOWN),
    [0x10] = M(IRRIGATION_WATER),
    [0x11] = M(RESERVED),
    [0x12] = M(RESERVED),
    [0x13] = M(RESERVED),
    [0x14] = M(CALORIFIC),
    [0x15] = M(HOT_WATER),
    [0x16] = M(COLD_WATER),
    [0x17] = M(DUAL_WATER),
    [0x18] = M(PRESSURE),
    [0x19] = M(AD_CONVERTER),
    [0x1A] = M(SMOKE_DETECTOR),
    [0x1B] = M(ROOM_SENSOR),
    [0x1C] = M(GAS_DETECTOR),
    [0x1D] = M(RESERVED),
    [0x1E] = M(RESERVED),
    [0x1F] = M(RESERVED),
    [0x20] = M(BREAKER),
    [0x21] = M(VALVE),
    [0x22] = M(RESERVED),
    [0x23] = M(RESERVED),
    [0x24] = M(RESERVED),
    [0x25] = M(CUSTOMER_UNIT),
    [0x26] = M(RESERVED),
    [0x27] = M(RESERVED),
    [0x28] = M(WASTE_WATER),
    [0x29] = M(GARBAGE),
    [0x2A] = M(RESERVED),
    [0x2B] = M(RESERVED),
    [0x2C] = M(RESERVED),
    [0x2D] = M(RESERVED),
    [0x2E] = M(RESERVED),
    [0x2F] = M(RESERVED),
    [0x30] = M(SERVICE_UNIT),
    [0x31] = M(COMMUNICATION_CONTROLLER),
    [0x32] = M(UNIDIRECTIONAL_REPEATER),
    [0x33] = M(BIDIRECTIONAL_REPEATER),
    [0x34] = M(RESERVED),
    [0x35] = M(RESERVED),
    [0x36] = M(RADIO_CONVERTER_SYSTEM),
    [0x37] = M(RADIO_CONVERTER_METER),
    [0x38] = M(RESERVED),
    [0x39] = M(RESERVED),
    [0x3A] = M(RESERVED),
    [0x3B] = M(RESERVED),
    [0x3C] = M(RESERVED),
    [0x3D] = M(RESERVED),
    [0x3E] = M(RESERVED),
    [0x3F] = M(RESERVED),
};

/* The two medium bits of each unit byte of fixed data; A..E are 3..8 with the high byte first. */
static const uint8_t fixed_media[16] = {
    M(OTHER),      M(OIL),   M(ELECTRICITY),         M(GAS),      M(HEAT), M(STEAM),
    M(WARM_WATER), M(WATER), M(HEAT_COST_ALLOCATOR), M(RESERVED), M(GAS),  M(HEAT),
    M(WARM_WATER), M(WATER), M(HEAT_COST_ALLOCATOR), M(RESERVED),
};
#undef M

heng_medium heng_mbus_medium(uint8_t device_type)
{
    return device_type < sizeof media ? (heng_medium)media[device_type] : HENG_MEDIUM_RESERVED;
}

uint8_t heng_mbus_device_type(heng_medium medium)
{
    if (medium != HENG_MEDIUM_RESERVED)
        for (uint8_t i = 0; i < sizeof media; i++)
            if ((heng_medium)media[i] == medium) return i;
    return 0x0F;
}

static void read_id(const uint8_t *p, bool msb_first, struct heng_telegram *ret)
{
    uint32_t number;
    memcpy(&number, p, sizeof number);
    heng_hex8(msb_first ? be32toh(number) : le32toh(number), ret->id);
    ret->id[8] = '\0';
}

/* ID, manufacturer, version, medium: in long headers and selections. */
static void read_secondary(const uint8_t *p, bool msb_first, struct heng_telegram *ret)
{
    read_id(p, msb_first, ret);
    unsigned letters = msb_first ? (unsigned)(p[4] << 8 | p[5]) : (unsigned)(p[5] << 8 | p[4]);
    ret->manufacturer[0] = (char)('@' + (letters >> 10 & 31));
    ret->manufacturer[1] = (char)('@' + (letters >> 5 & 31));
    ret->manufacturer[2] = (char)('@' + (letters & 31));
    ret->manufacturer[3] = '\0';
    ret->version = p[6];
    ret->medium = heng_mbus_medium(p[7]);
}

/* The records begin n bytes into the data. */
static void set_body(struct heng_telegram *t, struct heng_slice data, size_t n)
{
    t->body = (struct heng_slice){data.p + n, data.n - n};
}

static heng_rc too_short(struct heng_err *err, size_t base, struct heng_slice data, size_t wanted)
{
    return heng_fail(err, HENG_EFORMAT, (uint32_t)(base + 7 + data.n), "header wants %zu bytes, %zu are there", wanted,
                     data.n);
}

static void read_fixed(struct heng_slice data, struct heng_telegram *t)
{
    t->kind = HENG_TELEGRAM_FIXED;
    read_id(data.p, t->ci & MSB_FIRST, t);
    t->access = data.p[4];
    t->status = data.p[5];
    t->has_status = true;
    t->medium = (heng_medium)fixed_media[(data.p[6] >> 6) | (data.p[7] >> 6) << 2];
    set_body(t, data, 6);
}

/* The configuration word, which ends every header. */
static unsigned configuration_of(const struct heng_telegram *t)
{
    return (unsigned)heng_load_bytes(t->body.p - 2, 2, t->ci == 0x76);
}

/* Whether the body begins with cipher text, the mode not being 0. Old meters have anything in the configuration word,
 * so it must make sense before it is believed. A frame with a right checksum is not cut off: a count that exceeds the
 * body is wrong, and a body that is no whole number of blocks and reads as records is plain then. Any other one of
 * modes 5 and 7 is cipher text: these modes are not there by accident, and random bytes read as records too often.
 * Source: EN 13757-3:2013, configuration word and encryption modes. */
static bool is_encrypted(const struct heng_telegram *t, unsigned configuration)
{
    enum { BLOCK = 16, DES_BLOCK = 8 };
    struct heng_slice body = t->body;
    unsigned mode = configuration >> 8 & 0x1F, blocks = configuration >> 4 & 0x0F, bytes = configuration & 0xFF;
    if (body.n == 0 || (body.n >= 2 && body.p[0] == 0x2F && body.p[1] == 0x2F)) return false;
    if (mode <= 4) return bytes >= DES_BLOCK && bytes % DES_BLOCK == 0 && bytes <= body.n;
    if (mode == 6 || mode > 13 || blocks == 0) return false;
    if (blocks * BLOCK <= body.n) return true;
    if ((mode != 5 && mode != 7) || !heng_mbus_has_records(t)) return false;
    return (body.n - (mode == 7)) % BLOCK == 0 || !heng_mbus_are_records(body);
}

/* The modes behind 7 put bytes of their own around the cipher text: there, and where what follows is no records,
 * nothing is taken for plain. */
size_t heng_mbus_cipher_bytes(const struct heng_telegram *t)
{
    enum { BLOCK = 16, KEY_BYTE = 1 };
    unsigned configuration = configuration_of(t), mode = configuration >> 8 & 0x1F;
    size_t n = (configuration >> 4 & 0x0F) * (size_t)BLOCK;
    if (mode <= 4)
        n = configuration & 0xFF;
    else if (mode == 7)
        n += KEY_BYTE;
    else if (mode != 5)
        n = t->body.n;
    return n < t->body.n && heng_mbus_are_records(heng_slice_from(t->body, n)) ? n : t->body.n;
}

/* Short header, or a long one that ends like it; the body follows. */
static heng_rc read_header(struct heng_slice data, size_t n, size_t base, struct heng_telegram *t, struct heng_err *err)
{
    bool msb_first = t->ci == 0x76;
    if (data.n < n) return too_short(err, base, data, n);
    t->has_status = true;
    if (n == LONG_HEADER) {
        t->has_header = true;
        read_secondary(data.p, msb_first, t);
    }
    const uint8_t *p = data.p + n - SHORT_HEADER;
    t->access = p[0];
    t->status = p[1];
    set_body(t, data, n);
    unsigned configuration = (unsigned)heng_load_bytes(p + 2, 2, msb_first);
    t->encrypted = configuration >> 8 & 0x1F && is_encrypted(t, configuration);
    return HENG_OK;
}

/* Variable data, or a command, behind a header of n bytes. */
static heng_rc read_records(struct heng_slice data, size_t n, size_t base, struct heng_telegram *t,
                            struct heng_err *err)
{
    t->kind = t->ci == 0x5A || t->ci == 0x5B ? HENG_TELEGRAM_COMMAND : HENG_TELEGRAM_VARIABLE;
    heng_rc rc = read_header(data, n, base, t, err);
    if (rc != HENG_OK) return rc;
    t->more = heng_mbus_more_follows(t);
    return HENG_OK;
}

/* Error report or alarm status behind a header of n bytes, if any. */
static heng_rc read_report(struct heng_slice data, size_t n, size_t base, struct heng_telegram *t, struct heng_err *err)
{
    bool alarm = t->ci == 0x71 || t->ci == 0x74 || t->ci == 0x75;
    heng_rc rc = n ? read_header(data, n, base, t, err) : HENG_OK;
    if (rc != HENG_OK) return rc;
    t->kind = alarm ? HENG_TELEGRAM_ALARM : HENG_TELEGRAM_ERROR;
    if (t->encrypted)
        t->kind = HENG_TELEGRAM_OTHER;
    else if (!alarm)
        t->error_code = t->body.n ? t->body.p[0] : 0;
    return HENG_OK;
}

/* What the CI field announces. base: offset of the frame in the stream, for errors. */
static heng_rc read_application(struct heng_slice data, size_t base, struct heng_telegram *t, struct heng_err *err)
{
    set_body(t, data, 0);
    switch (t->ci) {
    case 0x5B:
    case 0x72:
    case 0x76: return read_records(data, LONG_HEADER, base, t, err);
    case 0x5A:
    case 0x7A: return read_records(data, SHORT_HEADER, base, t, err);
    case 0x78:
        t->kind = HENG_TELEGRAM_VARIABLE;
        t->more = heng_mbus_more_follows(t);
        return HENG_OK;
    case 0x73:
    case 0x77:
        if (data.n != FIXED_BYTES)
            return heng_fail(err, HENG_EFORMAT, (uint32_t)(base + 1), "fixed data is 16 bytes, not %zu", data.n);
        read_fixed(data, t);
        return HENG_OK;
    case 0x70:
    case 0x71: return read_report(data, 0, base, t, err);
    case 0x6E:
    case 0x74: return read_report(data, SHORT_HEADER, base, t, err);
    case 0x6F:
    case 0x75: return read_report(data, LONG_HEADER, base, t, err);
    case 0x52:
    case 0x56:
        if (data.n < SELECT_BYTES) return too_short(err, base, data, SELECT_BYTES);
        t->kind = HENG_TELEGRAM_SELECT;
        read_secondary(data.p, t->ci & MSB_FIRST, t);
        set_body(t, data, SELECT_BYTES);
        return HENG_OK;
    case 0x50:
    case 0x51:
    case 0x53:
    case 0x54:
    case 0x55:
    case 0x5C:
    case 0x6C:
    case 0x6D: t->kind = data.n ? HENG_TELEGRAM_COMMAND : HENG_TELEGRAM_CONTROL; return HENG_OK;
    }
    t->kind = data.n == 0 && !t->from_meter ? HENG_TELEGRAM_CONTROL : HENG_TELEGRAM_OTHER;
    return HENG_OK;
}

/* Every member by itself, for the reason told in mbus_record.c. */
static inline void start_telegram(struct heng_telegram *t, heng_telegram_kind kind, const uint8_t *p, size_t n)
{
    t->protocol = HENG_PROTOCOL_MBUS;
    t->kind = kind;
    t->from_meter = t->has_address = t->has_header = t->either_way = t->more = t->encrypted = false;
    t->control = t->ci = t->address = t->version = t->access = 0;
    t->status = 0;
    t->has_status = false;
    t->medium = HENG_MEDIUM_UNKNOWN;
    t->di = 0;
    t->has_di = t->di_swapped = false;
    t->count = t->transaction = 0;
    t->ser = t->error_code = t->bias = 0;
    memset(t->id, 0, sizeof t->id);
    memset(t->manufacturer, 0, sizeof t->manufacturer);
    t->frame = (struct heng_slice){p, n};
    t->body = (struct heng_slice){p + n, 0};
    t->asked = (struct heng_slice){NULL, 0};
    t->dialect = NULL;
}

static heng_rc wrong_checksum(struct heng_err *err, size_t at, uint8_t said, uint8_t sum)
{
    return heng_fail(err, HENG_ECHECKSUM, (uint32_t)at, "checksum mismatch: frame says 0x%02x, bytes sum to 0x%02x",
                     said, sum);
}

static heng_rc wrong_stop(struct heng_err *err, size_t at, uint8_t stop)
{
    return heng_fail(err, HENG_EFORMAT, (uint32_t)at, "stop byte is 0x%02x, not 0x16", stop);
}

/* in.p[at] is 10. */
static heng_rc decode_short(struct heng_slice in, size_t at, struct heng_telegram *ret, size_t *ret_used,
                            struct heng_err *err)
{
    const uint8_t *p = in.p + at;
    *ret_used = at;
    if (in.n - at < SHORT_BYTES) return HENG_MORE;
    *ret_used = at + 1;
    uint8_t sum = (uint8_t)(p[1] + p[2]);
    if (p[4] != STOP) return wrong_stop(err, at + 4, p[4]);
    if (p[3] != sum) return wrong_checksum(err, at + 3, p[3], sum);
    start_telegram(ret, HENG_TELEGRAM_SHORT, p, SHORT_BYTES);
    ret->control = p[1];
    ret->address = p[2];
    ret->has_address = true;
    ret->from_meter = !(p[1] & FROM_MASTER);
    *ret_used = at + SHORT_BYTES;
    return HENG_OK;
}

/* CI 6E..78, 7A: only meters have these to say. */
static bool is_answer(uint8_t ci) { return ci >= 0x6E && ci <= 0x7A && ci != 0x79; }

/* in.p[at] is 68. */
static heng_rc decode_long(struct heng_slice in, size_t at, struct heng_telegram *ret, size_t *ret_used,
                           struct heng_err *err)
{
    const uint8_t *p = in.p + at;
    size_t left = in.n - at;
    *ret_used = at + 1;
    if (left > 1 && p[1] < 3) return heng_fail(err, HENG_EFORMAT, (uint32_t)at + 1, "length %u is below 3", p[1]);
    if (left > 2 && p[2] != p[1])
        return heng_fail(err, HENG_EFORMAT, (uint32_t)at + 2, "the two length bytes differ: %u and %u", p[1], p[2]);
    if (left > 3 && p[3] != START_LONG)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)at + 3, "second start byte is 0x%02x, not 0x68", p[3]);
    if (left < 4 || left < (size_t)p[1] + LONG_OVERHEAD) {
        *ret_used = at;
        return HENG_MORE;
    }
    size_t length = p[1], frame_bytes = length + LONG_OVERHEAD;
    if (p[length + 5] != STOP) return wrong_stop(err, at + length + 5, p[length + 5]);
    /* From here on the delimiters agree on where the frame ends: a bad one is dropped whole, or else its
     * inside would be searched for acknowledgements, which are single bytes. */
    *ret_used = at + frame_bytes;
    uint8_t sum = heng_sum8(p + 4, length);
    if (p[length + 4] != sum) return wrong_checksum(err, at + length + 4, p[length + 4], sum);
    start_telegram(ret, HENG_TELEGRAM_OTHER, p, frame_bytes);
    ret->control = p[4];
    ret->address = p[5];
    ret->ci = p[6];
    ret->has_address = true;
    ret->from_meter = !(p[4] & FROM_MASTER) || is_answer(ret->ci);
    return read_application((struct heng_slice){p + 7, length - 3}, at, ret, err);
}

static heng_rc decode(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err)
{
    for (size_t i = 0; i < in.n; i++) {
        switch (in.p[i]) {
        case START_LONG: return decode_long(in, i, ret, ret_used, err);
        case START_SHORT: return decode_short(in, i, ret, ret_used, err);
        case HENG_MBUS_ACK:
            start_telegram(ret, HENG_TELEGRAM_ACK, in.p + i, 1);
            ret->from_meter = true;
            *ret_used = i + 1;
            return HENG_OK;
        }
    }
    *ret_used = in.n;
    return HENG_MORE;
}

bool heng_mbus_has_records(const struct heng_telegram *t)
{
    if (t->kind == HENG_TELEGRAM_COMMAND) return t->ci == 0x51 || t->ci == 0x55 || t->has_status;
    return t->kind == HENG_TELEGRAM_VARIABLE || t->kind == HENG_TELEGRAM_SELECT;
}

/* The alarm status byte as the one record of an alarm. */
static heng_rc alarm_next(struct heng_records *r, struct heng_record *ret)
{
    const struct heng_telegram *t = r->telegram;
    if (r->index || t->body.n == 0) return HENG_ENOTFOUND;
    r->index = 1;
    *ret = (struct heng_record){
        .quantity = HENG_QUANTITY_ALARM,
        .unit = HENG_UNIT_NONE,
        .kind = HENG_VALUE_DEC,
        .dec = {t->body.p[0], 0},
        .data = t->body,
        .vif_known = true,
        .at = (uint32_t)(t->body.p - t->frame.p),
        .length = (uint32_t)t->body.n,
    };
    return HENG_OK;
}

static heng_rc next(struct heng_records *records, struct heng_record *ret, struct heng_err *err)
{
    const struct heng_telegram *t = records->telegram;
    if (t->kind == HENG_TELEGRAM_VARIABLE || heng_mbus_has_records(t)) return heng_mbus_next(records, ret, err);
    if (t->kind == HENG_TELEGRAM_FIXED) return heng_mbus_fixed_next(records, ret, err);
    return t->kind == HENG_TELEGRAM_ALARM ? alarm_next(records, ret) : HENG_ENOTFOUND;
}

const struct heng_codec heng_mbus_codec = {
    .protocol = HENG_PROTOCOL_MBUS,
    .present = heng_mbus_present,
    .explain = heng_mbus_explain,
    .decode = decode,
    .next = next,
};
