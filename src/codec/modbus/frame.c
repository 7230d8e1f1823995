/* Modbus frames on a serial line (RTU) and in a socket (TCP).
 *
 *   RTU                                        TCP
 *   offset  bytes  field                       offset  bytes  field
 *        0      1  unit, 0 all                      0      2  transaction, high byte first
 *        1      n  PDU: function, data              2      2  protocol, 0
 *      1+n      2  CRC, low byte first              4      2  length of unit and PDU, 2..254
 *                                                   6      1  unit
 *                                                   7      n  PDU
 *
 * An RTU frame says neither where it ends nor which way it goes; on the wire a pause of 3.5 characters ends it, but
 * converters and sockets tear frames apart and glue them together. So its length is worked out from the function, once
 * as a request and once as an answer, and the CRC decides. The frame that ends first wins, and where two end together,
 * the one that starts first, then the request: more of a request must be right than of an answer. Which frame is found
 * thus depends on the bytes up to its end alone, however they arrive.
 *
 * A few stray bytes in front of a frame may look like the start of a longer one (a 00 when the transceiver turns round
 * makes function 01 of unit 1); the frame behind them is not kept waiting for it. They are few, because the registers
 * of a long answer can hold what looks like a short frame, once in 65536 times with its CRC. Unit 0 is nobody's
 * address: what begins with it may be more of them. Behind a damaged frame it can thus take up to RTU_MAX bytes more
 * until the next one is found; a line that falls silent starts anew.
 *
 * A function whose lengths we do not know cannot be framed in a stream: its bytes are refused there. Of a captured
 * frame the end is known, so that a right CRC over all of it makes it a frame of any function.
 *
 * Source: Modbus over Serial Line 1.02 clause 2.5.1, Messaging on TCP/IP 1.0b clause 3.1. */
#include "codec/modbus.h"
#include "codec/modbus/pdu.h"
#include "codec/modbus/present.h"
#include "codec/modbus/record.h"

enum { CRC_BYTES = 2, RTU_OVERHEAD = 3, RTU_MIN = 4, RTU_MAX = 256 };
enum { STRAY_MAX = 3, STRAY_MAX_BROADCAST = 64 };
enum { PROTOCOL_AT = 2, LENGTH_AT = 4, UNIT_AT = 6, PDU_AT = 7, TCP_PREFIX = 6, LENGTH_MIN = 2, LENGTH_MAX = 254 };

/* The remainder of each byte under x^16 + x^15 + x^2 + 1, lowest bit first. */
static const uint16_t crc_table[256] = {
    0x0000, 0xC0C1, 0xC181, 0x0140, 0xC301, 0x03C0, 0x0280, 0xC241, 0xC601, 0x06C0, 0x0780, 0xC741, 0x0500, 0xC5C1,
    0xC481, 0x0440, 0xCC01, 0x0CC0, 0x0D80, 0xCD41, 0x0F00, 0xCFC1, 0xCE81, 0x0E40, 0x0A00, 0xCAC1, 0xCB81, 0x0B40,
    0xC901, 0x09C0, 0x0880, 0xC841, 0xD801, 0x18C0, 0x1980, 0xD941, 0x1B00, 0xDBC1, 0xDA81, 0x1A40, 0x1E00, 0xDEC1,
    0xDF81, 0x1F40, 0xDD01, 0x1DC0, 0x1C80, 0xDC41, 0x1400, 0xD4C1, 0xD581, 0x1540, 0xD701, 0x17C0, 0x1680, 0xD641,
    0xD201, 0x12C0, 0x1380, 0xD341, 0x1100, 0xD1C1, 0xD081, 0x1040, 0xF001, 0x30C0, 0x3180, 0xF141, 0x3300, 0xF3C1,
    0xF281, 0x3240, 0x3600, 0xF6C1, 0xF781, 0x3740, 0xF501, 0x35C0, 0x3480, 0xF441, 0x3C00, 0xFCC1, 0xFD81, 0x3D40,
    0xFF01, 0x3FC0, 0x3E80, 0xFE41, 0xFA01, 0x3AC0, 0x3B80, 0xFB41, 0x3900, 0xF9C1, 0xF881, 0x3840, 0x2800, 0xE8C1,
    0xE981, 0x2940, 0xEB01, 0x2BC0, 0x2A80, 0xEA41, 0xEE01, 0x2EC0, 0x2F80, 0xEF41, 0x2D00, 0xEDC1, 0xEC81, 0x2C40,
    0xE401, 0x24C0, 0x2580, 0xE541, 0x2700, 0xE7C1, 0xE681, 0x2640, 0x2200, 0xE2C1, 0xE381, 0x2340, 0xE101, 0x21C0,
    0x2080, 0xE041, 0xA001, 0x60C0, 0x6180, 0xA141, 0x6300, 0xA3C1, 0xA281, 0x6240, 0x6600, 0xA6C1, 0xA781, 0x6740,
    0xA501, 0x65C0, 0x6480, 0xA441, 0x6C00, 0xACC1, 0xAD81, 0x6D40, 0xAF01, 0x6FC0, 0x6E80, 0xAE41, 0xAA01, 0x6AC0,
    0x6B80, 0xAB41, 0x6900, 0xA9C1, 0xA881, 0x6840, 0x7800, 0xB8C1, 0xB981, 0x7940, 0xBB01, 0x7BC0, 0x7A80, 0xBA41,
    0xBE01, 0x7EC0, 0x7F80, 0xBF41, 0x7D00, 0xBDC1, 0xBC81, 0x7C40, 0xB401, 0x74C0, 0x7580, 0xB541, 0x7700, 0xB7C1,
    0xB681, 0x7640, 0x7200, 0xB2C1, 0xB381, 0x7340, 0xB101, 0x71C0, 0x7080, 0xB041, 0x5000, 0x90C1, 0x9181, 0x5140,
    0x9301, 0x53C0, 0x5280, 0x9241, 0x9601, 0x56C0, 0x5780, 0x9741, 0x5500, 0x95C1, 0x9481, 0x5440, 0x9C01, 0x5CC0,
    0x5D80, 0x9D41, 0x5F00, 0x9FC1, 0x9E81, 0x5E40, 0x5A00, 0x9AC1, 0x9B81, 0x5B40, 0x9901, 0x59C0, 0x5880, 0x9841,
    0x8801, 0x48C0, 0x4980, 0x8941, 0x4B00, 0x8BC1, 0x8A81, 0x4A40, 0x4E00, 0x8EC1, 0x8F81, 0x4F40, 0x8D01, 0x4DC0,
    0x4C80, 0x8C41, 0x4400, 0x84C1, 0x8581, 0x4540, 0x8701, 0x47C0, 0x4680, 0x8641, 0x8201, 0x42C0, 0x4380, 0x8341,
    0x4100, 0x81C1, 0x8081, 0x4040,
};

uint16_t heng_modbus_crc(struct heng_slice bytes)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < bytes.n; i++) crc = (uint16_t)(crc >> 8 ^ crc_table[(crc ^ bytes.p[i]) & 0xFF]);
    return crc;
}

static bool crc_good(struct heng_slice frame)
{
    uint16_t said = (uint16_t)(frame.p[frame.n - 2] | frame.p[frame.n - 1] << 8);
    return heng_modbus_crc(heng_slice_of(frame.p, frame.n - CRC_BYTES)) == said;
}

/* The two readings of the bytes at one place. */
enum shape { REQUEST, ANSWER, SHAPES };

/* Length of the frame at the start of in, if it has this shape; 0: it cannot; more than in.n: not all is there. */
static size_t frame_bytes(struct heng_slice in, enum shape shape)
{
    struct heng_slice pdu = heng_slice_from(in, 1);
    size_t n = shape == REQUEST ? heng_modbus_request_bytes(pdu) : heng_modbus_answer_bytes(pdu);
    if (n == 0) return 0;
    if (pdu.n > n) pdu.n = n;
    heng_rc rc = shape == REQUEST ? heng_modbus_check_request(pdu, NULL) : heng_modbus_check_answer(pdu, NULL);
    return rc == HENG_OK ? n + RTU_OVERHEAD : 0;
}

static heng_rc fail_crc(struct heng_slice frame, uint32_t at, struct heng_err *err)
{
    uint16_t crc = heng_modbus_crc(heng_slice_of(frame.p, frame.n - CRC_BYTES));
    const uint8_t *said = frame.p + frame.n - CRC_BYTES;
    return heng_fail(err, HENG_ECHECKSUM, at + (uint32_t)frame.n - CRC_BYTES,
                     "checksum mismatch: frame says %02x %02x, bytes give %02x %02x", said[0], said[1], crc & 0xFF,
                     crc >> 8);
}

/* Why no frame starts at the start of in, though its first bytes look like it: a wrong CRC, or a right one around
 * what no frame may hold. HENG_OK when they are noise. */
static heng_rc blame(struct heng_slice in, bool answers_only, uint32_t at, struct heng_err *err)
{
    struct heng_slice pdu = heng_slice_from(in, 1);
    size_t tried = 0;
    for (enum shape shape = answers_only ? ANSWER : REQUEST; shape < SHAPES; shape++) {
        size_t n = shape == REQUEST ? heng_modbus_request_bytes(pdu) : heng_modbus_answer_bytes(pdu);
        if (n == 0 || n + RTU_OVERHEAD > in.n) continue;
        struct heng_slice whole = heng_slice_of(pdu.p, n);
        heng_rc rc = shape == REQUEST ? heng_modbus_check_request(whole, err) : heng_modbus_check_answer(whole, err);
        if (rc == HENG_OK) {
            if (n > tried) tried = n;
        } else if (crc_good(heng_slice_of(in.p, n + RTU_OVERHEAD))) {
            if (err) err->at += at + 1;
            return rc;
        }
    }
    if (tried) return fail_crc(heng_slice_of(in.p, tried + RTU_OVERHEAD), at, err);
    /* A function that we do not know has no length; but all of the input may be one frame. */
    if (at == 0 && in.n >= RTU_MIN && in.n <= RTU_MAX && !heng_modbus_has_form(pdu) && crc_good(in))
        return heng_fail(err, HENG_EUNSUPPORTED, 1, "function 0x%02x (%s) has no length to go by", pdu.p[0],
                         heng_modbus_pdu_text(pdu));
    return HENG_OK;
}

static void read_rtu(struct heng_slice frame, bool as_answer, struct heng_telegram *ret)
{
    struct heng_slice pdu = heng_slice_of(frame.p + 1, frame.n - RTU_OVERHEAD);
    bool request = heng_modbus_is_request(pdu), answer = heng_modbus_is_answer(pdu);
    *ret = (struct heng_telegram){
        .protocol = HENG_PROTOCOL_MODBUS_RTU, .address = frame.p[0], .medium = HENG_MEDIUM_UNKNOWN, .frame = frame};
    heng_modbus_read_pdu(ret, pdu, as_answer || !request, request && answer);
}

/* How many bytes at the start of in may be stray ones with the frame behind them. */
static size_t stray_max(struct heng_slice in)
{
    size_t most = in.p[0] == 0 ? STRAY_MAX_BROADCAST : STRAY_MAX;
    return most < in.n - 1 ? most : in.n - 1;
}

/* A frame that the bytes may hold. */
struct trial {
    uint16_t start, end; /* end: 0 for none */
};

/* Both readings from `start` on. */
static void list_trials(struct heng_slice in, size_t start, bool answers_only, struct trial ret[static SHAPES])
{
    struct heng_slice rest = heng_slice_from(in, start);
    bool possible = rest.n < 2 || heng_modbus_has_form(heng_slice_from(rest, 1));
    for (enum shape shape = REQUEST; shape < SHAPES; shape++) {
        size_t n = possible && (shape == ANSWER || !answers_only) ? frame_bytes(rest, shape) : 0;
        ret[shape] = (struct trial){(uint16_t)start, (uint16_t)(n ? start + n : 0)};
    }
}

/* The first frame to end among those that start at the start of in or behind a few stray bytes. OK: *ret_frame. MORE: a
 * frame may start there. ENOTFOUND: none does. */
static heng_rc find_frame(struct heng_slice in, bool answers_only, struct heng_slice *ret_frame)
{
    struct trial trials[SHAPES * (STRAY_MAX_BROADCAST + 1)];
    size_t count = 1, starts = stray_max(in) + 1;
    list_trials(in, 0, answers_only, trials);
    while (trials[REQUEST].end || trials[ANSWER].end) { /* each turn takes one out */
        for (; count < starts; count++) list_trials(in, count, answers_only, trials + SHAPES * count);
        struct trial *first = NULL;
        for (size_t i = 0; i < SHAPES * count; i++)
            if (trials[i].end && (!first || trials[i].end < first->end)) first = &trials[i];
        if (first->end > in.n) return HENG_MORE;
        *ret_frame = heng_slice_of(in.p + first->start, (size_t)first->end - first->start);
        if (crc_good(*ret_frame)) return HENG_OK;
        first->end = 0;
    }
    return HENG_ENOTFOUND;
}

/* True when a good frame follows the first bytes of in, which look like a bad one, so closely that they can only have
 * been stray. What is found is what the next calls would find without them. */
static bool only_stray(struct heng_slice in, bool answers_only, struct heng_slice *ret_frame)
{
    size_t most = STRAY_MAX < in.n - 1 ? STRAY_MAX : in.n - 1;
    for (size_t i = 1; i <= most; i++) {
        heng_rc rc = find_frame(heng_slice_from(in, i), answers_only, ret_frame);
        if (rc != HENG_ENOTFOUND) return rc == HENG_OK && ret_frame->p <= in.p + most;
    }
    return false;
}

static heng_rc decode_rtu_as(struct heng_slice in, bool answers_only, struct heng_telegram *ret, size_t *ret_used,
                             struct heng_err *err)
{
    for (size_t i = 0; i < in.n; i++) {
        struct heng_slice frame, rest = heng_slice_from(in, i);
        heng_rc rc = find_frame(rest, answers_only, &frame);
        *ret_used = i;
        if (rc == HENG_MORE) return rc;
        *ret_used = i + 1;
        if (rc == HENG_ENOTFOUND) {
            rc = blame(rest, answers_only, (uint32_t)i, err);
            if (rc == HENG_OK) continue;
            if (!only_stray(rest, answers_only, &frame)) return rc;
        }
        *ret_used = (size_t)(frame.p - in.p) + frame.n;
        read_rtu(frame, answers_only, ret);
        return HENG_OK;
    }
    *ret_used = in.n;
    return HENG_MORE;
}

static heng_rc decode_rtu(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err)
{
    return decode_rtu_as(in, false, ret, ret_used, err);
}

static heng_rc decode_rtu_answer(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used,
                                 struct heng_err *err)
{
    return decode_rtu_as(in, true, ret, ret_used, err);
}

bool heng_modbus_rtu_shaped(struct heng_slice in)
{
    return in.n >= RTU_MIN && (frame_bytes(in, REQUEST) == in.n || frame_bytes(in, ANSWER) == in.n);
}

/* The remainder of good bytes together with their CRC is 0. Of damaged ones it depends on the damage alone, so each
 * single bit has one of its own: that of the bit with as many zero bytes behind it as there are. */
bool heng_modbus_one_bit_off(struct heng_slice in)
{
    uint8_t copy[RTU_MAX];
    uint16_t bits[8], remainder = heng_modbus_crc(in);
    if (in.n < RTU_MIN || in.n > RTU_MAX || remainder == 0) return false;
    memcpy(copy, in.p, in.n);
    for (size_t bit = 0; bit < 8; bit++) bits[bit] = crc_table[1u << bit];
    for (size_t at = in.n; at-- > 0;) {
        for (size_t bit = 0; bit < 8; bit++) {
            if (bits[bit] == remainder) {
                copy[at] ^= (uint8_t)(1u << bit);
                return heng_modbus_rtu_shaped(heng_slice_of(copy, in.n));
            }
            bits[bit] = (uint16_t)(bits[bit] >> 8 ^ crc_table[bits[bit] & 0xFF]);
        }
    }
    return false;
}

/* A frame whose CRC is right over all of it, though it is no request or answer that we know. */
static heng_rc read_other(struct heng_slice frame, uint32_t at, struct heng_telegram *ret, struct heng_err *err)
{
    struct heng_slice pdu = heng_slice_of(frame.p + 1, frame.n - RTU_OVERHEAD);
    bool exception = pdu.p[0] & HENG_MODBUS_EXCEPTION;
    if (pdu.p[0] == 0 || heng_modbus_has_form(pdu) || (exception && (pdu.n != 2 || pdu.p[1] == 0))) {
        heng_rc rc = heng_modbus_blame(pdu, err);
        if (err) err->at += at + 1;
        return rc;
    }
    read_rtu(frame, exception, ret);
    if (!exception) ret->from_meter = false;
    ret->either_way = !exception;
    return HENG_OK;
}

/* How many bytes in front of a captured frame may be stray ones. */
static size_t preamble_bytes(struct heng_slice in)
{
    size_t n = 0;
    while (n < STRAY_MAX_BROADCAST && n + RTU_MIN < in.n && (in.p[n] == 0x00 || in.p[n] == 0xFE || in.p[n] == 0xFF))
        n++;
    return n;
}

/* Why captured bytes without any good frame are none. rc, *used: what the search for one said. */
static heng_rc blame_capture(struct heng_slice in, heng_rc rc, size_t used, struct heng_err *err)
{
    if (in.n < RTU_MIN || in.n > HENG_MODBUS_FRAME_MAX) return rc;
    size_t preamble = preamble_bytes(in);
    for (size_t i = 0; i <= preamble; i++) {
        /* Where the length fits a request, an impossible quantity is part of the damage. What has the length of an
         * answer with an impossible byte count is rather a request that is cut off behind its address. */
        struct heng_slice rest = heng_slice_from(in, i), pdu = heng_slice_from(rest, 1);
        if (heng_modbus_rtu_shaped(rest) || heng_modbus_request_bytes(pdu) == rest.n - RTU_OVERHEAD)
            return fail_crc(rest, (uint32_t)i, err);
    }
    if (rc == HENG_MORE ? used <= preamble : used <= preamble + 1) return rc; /* cut off, or bad at its start */
    return fail_crc(heng_slice_from(in, preamble), (uint32_t)preamble, err);
}

heng_rc heng_modbus_decode_capture(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used,
                                   struct heng_err *err)
{
    size_t preamble = preamble_bytes(in);
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i <= preamble; i++) {
            struct heng_slice frame = heng_slice_from(in, i);
            if (frame.n < RTU_MIN || frame.n > HENG_MODBUS_FRAME_MAX) continue;
            if ((pass == 0 && !heng_modbus_rtu_shaped(frame)) || !crc_good(frame)) continue;
            *ret_used = in.n;
            if (pass) return read_other(frame, (uint32_t)i, ret, err);
            read_rtu(frame, false, ret);
            return HENG_OK;
        }
    }
    heng_rc rc = decode_rtu(in, ret, ret_used, err);
    return rc == HENG_OK ? rc : blame_capture(in, rc, *ret_used, err);
}

/* What is there of a TCP header can be one. */
static bool header_possible(struct heng_slice in)
{
    static const uint8_t low[] = {0, 0, 0, 0, 0, LENGTH_MIN}, high[] = {0xFF, 0xFF, 0, 0, 0, LENGTH_MAX};
    for (size_t i = 0; i < TCP_PREFIX && i < in.n; i++)
        if (in.p[i] < low[i] || in.p[i] > high[i]) return false;
    return true;
}

/* Why the bytes in front of `possible` are no header. */
static heng_rc blame_header(const uint8_t *p, struct heng_err *err)
{
    unsigned protocol = heng_modbus_u16(p + PROTOCOL_AT), length = heng_modbus_u16(p + LENGTH_AT);
    if (protocol != 0)
        return heng_fail(err, HENG_EFORMAT, PROTOCOL_AT, "protocol identifier is 0x%04x, not 0", protocol);
    return heng_fail(err, HENG_EFORMAT, LENGTH_AT, "length %u is not within %d and %d", length, LENGTH_MIN, LENGTH_MAX);
}

/* Fill *ret from the frame, whose length is right. MORE: it is a request, and only answers are wanted. */
static heng_rc read_tcp(struct heng_slice frame, bool answers_only, struct heng_telegram *ret, uint32_t at,
                        struct heng_err *err)
{
    struct heng_slice pdu = heng_slice_from(frame, PDU_AT);
    bool known = heng_modbus_has_form(pdu), exception = pdu.p[0] & HENG_MODBUS_EXCEPTION;
    bool request = heng_modbus_is_request(pdu), answer = heng_modbus_is_answer(pdu);
    if (!known && exception) answer = pdu.n == 2 && pdu.p[1] != 0; /* of a function that we do not know */
    if (pdu.p[0] == 0 || ((known || exception) && !request && !answer)) {
        heng_rc rc = heng_modbus_blame(pdu, err);
        if (err) err->at += at + PDU_AT;
        return rc;
    }
    if (request && !answer && answers_only) return HENG_MORE;
    *ret = (struct heng_telegram){.protocol = HENG_PROTOCOL_MODBUS_TCP,
                                  .address = frame.p[UNIT_AT],
                                  .transaction = heng_modbus_u16(frame.p),
                                  .medium = HENG_MEDIUM_UNKNOWN,
                                  .frame = frame};
    bool open = !known && !exception;
    heng_modbus_read_pdu(ret, pdu, answers_only || (!request && !open), open || (request && answer));
    return HENG_OK;
}

static heng_rc decode_tcp_as(struct heng_slice in, bool answers_only, struct heng_telegram *ret, size_t *ret_used,
                             struct heng_err *err)
{
    size_t i = 0;
    for (;;) { /* each turn drops at least one byte */
        size_t junk = i;
        while (i < in.n && !header_possible(heng_slice_from(in, i))) i++;
        *ret_used = i;
        if (i > junk && in.n - junk >= TCP_PREFIX) {
            heng_rc rc = blame_header(in.p + junk, err);
            if (err) err->at += (uint32_t)junk;
            return rc;
        }
        if (in.n - i < PDU_AT + 1) return HENG_MORE;
        size_t bytes = TCP_PREFIX + (size_t)in.p[i + LENGTH_AT + 1];
        if (in.n - i < bytes) return HENG_MORE;
        *ret_used = i + bytes;
        heng_rc rc = read_tcp(heng_slice_of(in.p + i, bytes), answers_only, ret, (uint32_t)i, err);
        if (rc != HENG_MORE) return rc;
        i += bytes;
    }
}

static heng_rc decode_tcp(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err)
{
    return decode_tcp_as(in, false, ret, ret_used, err);
}

static heng_rc decode_tcp_answer(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used,
                                 struct heng_err *err)
{
    return decode_tcp_as(in, true, ret, ret_used, err);
}

const struct heng_codec heng_modbus_rtu_codec = {
    .protocol = HENG_PROTOCOL_MODBUS_RTU,
    .present = heng_modbus_present,
    .explain = heng_modbus_explain,
    .decode_answer = decode_rtu_answer,
    .decode = decode_rtu,
    .next = heng_modbus_next,
};

const struct heng_codec heng_modbus_tcp_codec = {
    .protocol = HENG_PROTOCOL_MODBUS_TCP,
    .present = heng_modbus_present,
    .explain = heng_modbus_explain,
    .decode_answer = decode_tcp_answer,
    .decode = decode_tcp,
    .next = heng_modbus_next,
};
