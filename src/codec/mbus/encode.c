/* Wired M-Bus, the sending side: frames. Records are in encode_record.c.
 *
 *   offset  bytes  short frame          offset  bytes  long frame
 *        0      1  10                        0      1  68
 *        1      1  C                         1      2  L L: bytes from C to the last data byte
 *        2      1  A                         3      1  68
 *        3      1  CS = C + A                4      3  C A CI
 *        4      1  16                        7    L-3  data
 *                                          L+4      2  CS = sum from C on, 16
 * Source: EN 13757-2 clause 5; commands: EN 13757-3:2013 clauses 7 and 8, annex E. */
#include "codec/bytes.h"
#include "codec/mbus.h"
#include "codec/mbus/words.h"

enum { DATA_MAX = 252, PRIMARY_MAX = 250 };

static bool has_room(const struct heng_buf *buf, size_t n) { return buf->cap - buf->n >= n; }

heng_rc heng_mbus_encode_ack(struct heng_buf *buf)
{
    if (!has_room(buf, 1)) return HENG_ELIMIT;
    heng_buf_u8(buf, HENG_MBUS_ACK);
    return HENG_OK;
}

heng_rc heng_mbus_encode_short(uint8_t control, uint8_t address, struct heng_buf *buf)
{
    if (!has_room(buf, 5)) return HENG_ELIMIT;
    const uint8_t frame[] = {0x10, control, address, (uint8_t)(control + address), 0x16};
    heng_buf_put(buf, heng_slice_of(frame, sizeof frame));
    return HENG_OK;
}

heng_rc heng_mbus_encode_long(uint8_t control, uint8_t address, uint8_t ci, struct heng_slice data,
                              struct heng_buf *buf)
{
    if (data.n > DATA_MAX || !has_room(buf, data.n + 9)) return HENG_ELIMIT;
    uint8_t length = (uint8_t)(data.n + 3);
    const uint8_t head[] = {0x68, length, length, 0x68, control, address, ci};
    heng_buf_put(buf, heng_slice_of(head, sizeof head));
    heng_buf_put(buf, data);
    heng_buf_u8(buf, (uint8_t)(heng_sum8(data.p, data.n) + control + address + ci));
    heng_buf_u8(buf, 0x16);
    return HENG_OK;
}

/* Three letters as 15 bits, A = 1; false for anything but upper-case letters and '@' (0). */
static bool manufacturer_bits(const char text[static 4], uint16_t *ret)
{
    unsigned bits = 0;
    for (int i = 0; i < 3; i++) {
        if (text[i] < '@' || text[i] > '@' + 31) return false;
        bits = bits << 5 | (unsigned)(text[i] - '@');
    }
    if (text[3] != '\0') return false;
    *ret = (uint16_t)bits;
    return true;
}

/* The 8 bytes of a secondary address. any: manufacturer "" stands for all. */
static bool put_secondary(const struct heng_mbus_secondary *who, bool any, struct heng_buf *buf)
{
    uint64_t id;
    uint16_t manufacturer = 0xFFFF;
    if (!heng_hex_number(who->id, 8, &id)) return false;
    if (!(any && who->manufacturer[0] == '\0') && !manufacturer_bits(who->manufacturer, &manufacturer)) return false;
    heng_buf_le(buf, id, 4);
    heng_buf_le(buf, manufacturer, 2);
    heng_buf_u8(buf, who->version);
    heng_buf_u8(buf, who->medium);
    return true;
}

heng_rc heng_mbus_encode_header(const struct heng_mbus_secondary *who, uint8_t access, uint8_t status,
                                struct heng_buf *buf)
{
    uint8_t bytes[12];
    struct heng_buf header = heng_buf_of(bytes, sizeof bytes);
    if (!put_secondary(who, false, &header)) return HENG_EFORMAT;
    if (!has_room(buf, sizeof bytes)) return HENG_ELIMIT;
    const uint8_t rest[] = {access, status, 0, 0};
    heng_buf_put(&header, heng_slice_of(rest, sizeof rest));
    heng_buf_put(buf, heng_buf_slice(&header));
    return HENG_OK;
}

heng_rc heng_mbus_encode_select(uint8_t control, const struct heng_mbus_selection *selection, struct heng_buf *buf)
{
    uint8_t bytes[14];
    struct heng_buf data = heng_buf_of(bytes, sizeof bytes);
    uint64_t fabrication;
    if (!put_secondary(&selection->who, true, &data)) return HENG_EFORMAT;
    if (selection->fabrication[0]) {
        if (!heng_hex_number(selection->fabrication, 8, &fabrication)) return HENG_EFORMAT;
        heng_buf_u8(&data, 0x0C);
        heng_buf_u8(&data, 0x78);
        heng_buf_le(&data, fabrication, 4);
    }
    return heng_mbus_encode_long(control, HENG_MBUS_SELECTED, HENG_MBUS_CI_SELECT, heng_buf_slice(&data), buf);
}

heng_rc heng_mbus_encode_application_reset(uint8_t control, uint8_t address, int sub, struct heng_buf *buf)
{
    if (sub < -1 || sub > 0xFF) return HENG_EFORMAT;
    uint8_t byte = (uint8_t)sub;
    return heng_mbus_encode_long(control, address, HENG_MBUS_CI_APPLICATION_RESET,
                                 heng_slice_of(&byte, sub < 0 ? 0 : 1), buf);
}

heng_rc heng_mbus_encode_set_address(uint8_t control, uint8_t address, uint8_t wanted, struct heng_buf *buf)
{
    if (wanted > PRIMARY_MAX) return HENG_EFORMAT;
    const uint8_t record[] = {0x01, 0x7A, wanted};
    return heng_mbus_encode_long(control, address, HENG_MBUS_CI_DATA_SEND, heng_slice_of(record, sizeof record), buf);
}

heng_rc heng_mbus_encode_set_id(uint8_t control, uint8_t address, const char *id, struct heng_buf *buf)
{
    uint64_t raw;
    uint8_t bytes[6] = {0x0C, 0x79};
    struct heng_buf record = {.p = bytes, .n = 2, .cap = sizeof bytes};
    if (!heng_hex_number(id, 8, &raw) || !heng_bcd_valid(raw)) return HENG_EFORMAT;
    heng_buf_le(&record, raw, 4);
    return heng_mbus_encode_long(control, address, HENG_MBUS_CI_DATA_SEND, heng_buf_slice(&record), buf);
}

heng_rc heng_mbus_encode_set_secondary(uint8_t control, uint8_t address, const struct heng_mbus_secondary *who,
                                       struct heng_buf *buf)
{
    uint8_t bytes[10] = {0x07, 0x79};
    struct heng_buf record = {.p = bytes, .n = 2, .cap = sizeof bytes};
    if (!put_secondary(who, false, &record)) return HENG_EFORMAT;
    return heng_mbus_encode_long(control, address, HENG_MBUS_CI_DATA_SEND, heng_buf_slice(&record), buf);
}

heng_rc heng_mbus_encode_set_clock(uint8_t control, uint8_t address, const struct heng_civil *at, bool seconds,
                                   struct heng_buf *buf)
{
    /* Type I has no century; what both types can say is what a meter is told. */
    if (!heng_civil_valid(at) || at->year < 2000 || at->year > 2080) return HENG_EFORMAT;
    uint8_t bytes[8] = {seconds ? 0x06 : 0x04, 0x6D};
    struct heng_buf record = {.p = bytes, .n = 2, .cap = sizeof bytes};
    if (seconds)
        heng_buf_le(&record, heng_mbus_encode_type_i(at), 6);
    else
        heng_buf_le(&record, heng_mbus_encode_type_f(at), 4);
    return heng_mbus_encode_long(control, address, HENG_MBUS_CI_DATA_SEND, heng_buf_slice(&record), buf);
}

heng_rc heng_mbus_encode_set_baud(uint8_t control, uint8_t address, uint32_t baud, struct heng_buf *buf)
{
    for (unsigned ci = 0xB8; ci <= 0xBF; ci++)
        if (heng_mbus_baud((uint8_t)ci) == baud)
            return heng_mbus_encode_long(control, address, (uint8_t)ci, heng_slice_of("", 0), buf);
    return HENG_EFORMAT;
}

heng_rc heng_mbus_encode_error(uint8_t address, uint8_t code, struct heng_buf *buf)
{
    return heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, address, HENG_MBUS_CI_ERROR, heng_slice_of(&code, 1), buf);
}

heng_rc heng_mbus_encode_alarm(uint8_t address, uint8_t status, struct heng_buf *buf)
{
    return heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, address, HENG_MBUS_CI_ALARM, heng_slice_of(&status, 1), buf);
}

heng_rc heng_mbus_encode_fixed(uint8_t address, const struct heng_mbus_fixed *fixed, struct heng_buf *buf)
{
    enum { BINARY = 0x81, COUNTER_MAX = 99999999 };
    uint8_t bytes[16];
    struct heng_buf data = heng_buf_of(bytes, sizeof bytes);
    uint64_t id;
    if (!heng_hex_number(fixed->id, 8, &id) || fixed->status & BINARY || fixed->medium > 0x0F) return HENG_EFORMAT;
    heng_buf_le(&data, id, 4);
    heng_buf_u8(&data, fixed->access);
    heng_buf_u8(&data, fixed->status);
    for (unsigned i = 0; i < 2; i++) {
        if (fixed->unit[i] > 0x3F || fixed->counter[i] > COUNTER_MAX) return HENG_EFORMAT;
        heng_buf_u8(&data, (uint8_t)(fixed->unit[i] | (fixed->medium >> (2 * i) & 3) << 6));
    }
    for (unsigned i = 0; i < 2; i++) heng_buf_le(&data, heng_bcd_encode(fixed->counter[i], 8), 4);
    return heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, address, HENG_MBUS_CI_RSP_FIXED, heng_buf_slice(&data), buf);
}
