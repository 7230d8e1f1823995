/* CJ/T 188 link frames.
 *
 *   offset  bytes  field
 *       -n  0..13  preamble FE (also FF, 00): noise to us
 *        0      1  68
 *        1      1  T, meter type: 1x water, 2x heat, 3x gas, 4x other, AA any
 *        2      7  A0..A6, lowest pair first; A5 A6 vendor
 *        9      1  C: b7 answer, b6 abnormal, b5 vendor's function (2018: more follows), b4..0 function
 *       10      1  L
 *       11      L  DI0 DI1 SER payload; DI in either byte order
 *     11+L      1  CS, sum of 68 .. last data byte
 *     12+L      1  16
 *
 * Source: CJ/T 188-2004 clauses 5 to 7; byte orders and lengths as met in tests/golden/cjt188.tsv. */
#include "codec/cjt188.h"
#include "codec/bytes.h"
#include "codec/cjt188_record.h"

enum { START = 0x68, STOP = 0x16, TYPE_AT = 1, ID_AT = 2, CONTROL_AT = 9, LENGTH_AT = 10, DATA_AT = 11, OVERHEAD = 13 };
enum { ANSWER = 0x80, ABNORMAL = 0x40, EXTENDED = 0x20, FUNCTION = 0x1F, ANY_TYPE = 0xAA };

static const struct {
    uint8_t type, medium;
} media[] = {
    {0x10, HENG_MEDIUM_COLD_WATER},
    {0x11, HENG_MEDIUM_HOT_WATER},
    {0x12, HENG_MEDIUM_DRINKING_WATER},
    {0x13, HENG_MEDIUM_RECLAIMED_WATER},
    {0x20, HENG_MEDIUM_HEAT},
    {0x21, HENG_MEDIUM_COOLING},
    {0x22, HENG_MEDIUM_HEAT_COOLING},
    {0x25, HENG_MEDIUM_HEAT},
    {0x26, HENG_MEDIUM_COOLING},
    {0x27, HENG_MEDIUM_HEAT_COOLING},
    {0x30, HENG_MEDIUM_GAS},
    {0x40, HENG_MEDIUM_ELECTRICITY},
    /* Only from medium to type: what M-Bus calls the same things. */
    {0x10, HENG_MEDIUM_WATER},
    {0x11, HENG_MEDIUM_WARM_WATER},
};

heng_medium heng_cjt188_medium(uint8_t type)
{
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++)
        if (media[i].type == type) return (heng_medium)media[i].medium;
    return type == ANY_TYPE ? HENG_MEDIUM_UNKNOWN : HENG_MEDIUM_OTHER;
}

uint8_t heng_cjt188_type(heng_medium medium)
{
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++)
        if ((heng_medium)media[i].medium == medium) return media[i].type;
    return 0x10;
}

static bool type_possible(uint8_t type) { return (type >= 0x10 && type <= 0x4F) || type == ANY_TYPE; }

/* The data identifiers we know, to tell in which order the bytes came.
 * Source: CJ/T 188-2004 table of identifiers, 2018 additions, LCR-U sheet (0A61). */
static bool di_known(uint16_t di)
{
    static const struct {
        uint16_t first, last;
    } known[] = {
        {0x0A61, 0x0A61}, {0x8102, 0x8106}, {0x810A, 0x810A}, {0x901F, 0x901F}, {0x903F, 0x903F},
        {0x904F, 0x904F}, {0x905F, 0x905F}, {0x906F, 0x906F}, {0x907F, 0x907F}, {0x911F, 0x911F},
        {0x913F, 0x913F}, {0x914F, 0x914F}, {0x915F, 0x915F}, {0x916F, 0x916F}, {0x917F, 0x917F},
        {0x918F, 0x918F}, {0xA010, 0xA019}, {0xA101, 0xA107}, {0xD120, 0xD152}, {0xD200, 0xD4FF},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (di >= known[i].first && di <= known[i].last) return true;
    return false;
}

static void read_di(const uint8_t *p, struct heng_telegram *t)
{
    uint16_t as_sent = (uint16_t)(p[0] << 8 | p[1]), swapped = (uint16_t)(p[1] << 8 | p[0]);
    t->di_swapped = !di_known(as_sent) && di_known(swapped);
    t->di = t->di_swapped ? swapped : as_sent;
}

static void read_status(const uint8_t *p, struct heng_telegram *t)
{
    t->has_status = true;
    t->status = (uint16_t)(p[0] | p[1] << 8);
}

/* Bodies of error answers differ: SER ST0 ST1 by the standard, also one status byte, or DI SER and one or
 * two status bytes. */
static void read_error(struct heng_slice data, struct heng_telegram *t)
{
    t->kind = HENG_TELEGRAM_ERROR;
    if (data.n == 3) {
        t->ser = data.p[0];
        read_status(data.p + 1, t);
    } else if (data.n >= 4) {
        read_di(data.p, t);
        t->ser = data.p[2];
        if (data.n >= 5)
            read_status(data.p + 3, t);
        else
            t->error_code = data.p[3];
    } else if (data.n == 1) {
        t->error_code = data.p[0];
    }
    t->body = (struct heng_slice){data.p + data.n, 0};
}

static void read_answer(struct heng_telegram *t)
{
    uint8_t function = t->control & FUNCTION;
    if (function == 0x03) {
        t->kind = HENG_TELEGRAM_ADDRESS;
    } else if (function == 0x04 || function == 0x15 || function == 0x16) {
        t->kind = HENG_TELEGRAM_WRITTEN;
        if (t->body.n >= 2) read_status(t->body.p, t);
    } else if (heng_cjt188_known(t)) {
        t->kind = HENG_TELEGRAM_DATA;
        t->more = (t->control & EXTENDED) && function == 0x01 && t->di != 0x0A61;
        size_t at = heng_cjt188_status_at(t);
        if (at) read_status(t->body.p + at, t);
    }
}

static void read_data(struct heng_slice data, struct heng_telegram *t)
{
    if (t->from_meter && t->control & ABNORMAL) {
        read_error(data, t);
        return;
    }
    if (data.n >= 2) read_di(data.p, t);
    if (data.n >= 3) t->ser = data.p[2];
    t->body = heng_slice_from(data, 3);
    t->kind = HENG_TELEGRAM_OTHER;
    if (t->from_meter) {
        read_answer(t);
    } else {
        uint8_t function = t->control & FUNCTION;
        bool reads = function == 0x01 || function == 0x03 || function == 0x09;
        t->kind = reads && t->body.n == 0 ? HENG_TELEGRAM_REQUEST : HENG_TELEGRAM_COMMAND;
    }
}

static void read_frame(const uint8_t *p, size_t frame_bytes, struct heng_telegram *t)
{
    static const char digits[] = "0123456789ABCDEF";
    *t = (struct heng_telegram){
        .protocol = HENG_PROTOCOL_CJT188,
        .control = p[CONTROL_AT],
        .from_meter = p[CONTROL_AT] & ANSWER,
        .ci = p[TYPE_AT],
        .medium = heng_cjt188_medium(p[TYPE_AT]),
        .has_header = true,
        .frame = {p, frame_bytes},
    };
    for (size_t i = 0; i < 7; i++) {
        uint8_t byte = p[ID_AT + 6 - i];
        t->id[2 * i] = digits[byte >> 4];
        t->id[2 * i + 1] = digits[byte & 15];
    }
    memcpy(t->manufacturer, t->id, 4);
    read_data(heng_slice_of(p + DATA_AT, frame_bytes - OVERHEAD), t);
}

static heng_rc decode(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err)
{
    size_t i = 0;
    while (i < in.n && (in.p[i] != START || (i + 1 < in.n && !type_possible(in.p[i + 1])))) i++;
    *ret_used = i;
    const uint8_t *p = in.p + i;
    size_t left = in.n - i;
    if (left < OVERHEAD || left < (size_t)p[LENGTH_AT] + OVERHEAD) return HENG_MORE;

    size_t length = p[LENGTH_AT];
    *ret_used = i + 1;
    if (p[DATA_AT + length + 1] != STOP)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)(i + DATA_AT + length + 1), "stop byte is 0x%02x, not 0x16",
                         p[DATA_AT + length + 1]);
    uint8_t sum = heng_sum8(p, DATA_AT + length), said = p[DATA_AT + length];
    if (said != sum)
        return heng_fail(err, HENG_ECHECKSUM, (uint32_t)(i + DATA_AT + length),
                         "checksum mismatch: frame says 0x%02x, bytes sum to 0x%02x", said, sum);
    *ret_used = i + OVERHEAD + length;
    read_frame(p, OVERHEAD + length, ret);
    return HENG_OK;
}

heng_rc heng_cjt188_encode(const struct heng_cjt188_frame *frame, struct heng_buf *buf)
{
    uint64_t low, high;
    char vendor[7];
    if (strnlen(frame->id, sizeof frame->id) != 14) return HENG_EFORMAT;
    memcpy(vendor, frame->id, 6);
    vendor[6] = '\0';
    if (!heng_hex_number(vendor, 6, &high) || !heng_hex_number(frame->id + 6, 8, &low)) return HENG_EFORMAT;
    if (frame->payload.n > 252 || buf->cap - buf->n < (size_t)frame->preamble + OVERHEAD + 3 + frame->payload.n)
        return HENG_ELIMIT;

    for (unsigned i = 0; i < frame->preamble; i++) heng_buf_u8(buf, 0xFE);
    size_t start = buf->n;
    heng_buf_u8(buf, START);
    heng_buf_u8(buf, frame->type);
    heng_buf_le(buf, high << 32 | low, 7);
    heng_buf_u8(buf, frame->control);
    heng_buf_u8(buf, (uint8_t)(3 + frame->payload.n));
    heng_buf_u8(buf, (uint8_t)(frame->di_swapped ? frame->di & 0xFF : frame->di >> 8));
    heng_buf_u8(buf, (uint8_t)(frame->di_swapped ? frame->di >> 8 : frame->di & 0xFF));
    heng_buf_u8(buf, frame->ser);
    heng_buf_put(buf, frame->payload);
    heng_buf_u8(buf, heng_sum8(buf->p + start, buf->n - start));
    heng_buf_u8(buf, STOP);
    return HENG_OK;
}

const struct heng_codec heng_cjt188_codec = {HENG_PROTOCOL_CJT188, decode, heng_cjt188_next};
