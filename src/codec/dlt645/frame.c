/* DL/T 645 link frames, the same in both editions.
 *
 *   offset  bytes  field
 *       -n  0..    preamble FE: noise to us
 *        0      1  68
 *        1      6  A0..A5, two digits each, lowest pair first; AA any, 99 x6 all
 *        7      1  68
 *        8      1  C: b7 answer, b6 error, b5 more frames follow, b4..0 function
 *        9      1  L
 *       10      L  data, each byte raised by 33: DI low byte first, values, number of a follow-on frame
 *     10+L      1  CS, sum of 68 .. last data byte as sent
 *     11+L      1  16
 *
 * The standard allows L up to 200; meters that send more are heard.
 *
 * Source: DL/T 645-2007 clauses 5 to 7, DL/T 645-1997 clauses 5 and 6. */
#include "codec/bytes.h"
#include "codec/dlt645.h"
#include "codec/dlt645/function.h"
#include "codec/dlt645/present.h"
#include "codec/dlt645/record.h"

enum { START = 0x68, STOP = 0x16, ID_AT = 1, SECOND_START_AT = 7, ID_BYTES = 6, PREAMBLE = 0xFE };

static size_t whole_frame(const uint8_t *p) { return (size_t)p[HENG_DLT645_LENGTH_AT] + HENG_DLT645_OVERHEAD; }

static uint8_t unbiased(uint8_t byte) { return (uint8_t)(byte - HENG_DLT645_BIAS); }

static void read_di(struct heng_telegram *t, size_t bytes)
{
    t->has_di = true;
    t->di = 0;
    for (size_t i = bytes; i-- > 0;) t->di = t->di << 8 | unbiased(t->body.p[i]);
    t->body = heng_slice_from(t->body, bytes);
}

static void read_data(struct heng_telegram *t)
{
    const struct heng_dlt645_function *function = heng_dlt645_function_of(t->protocol, t->control);
    size_t di_bytes = t->protocol == HENG_PROTOCOL_DLT645_1997 ? 2 : 4;
    t->kind = HENG_TELEGRAM_OTHER;
    if (!function) return;
    if (t->from_meter && t->control & HENG_DLT645_C_ERROR) {
        t->kind = HENG_TELEGRAM_ERROR;
        if (t->body.n) t->error_code = unbiased(t->body.p[0]);
        return;
    }
    if (t->from_meter ? function->di_answered : function->di_asked) {
        if (t->body.n < di_bytes) return;
        read_di(t, di_bytes);
    }
    if (function->sequence && t->body.n) t->ser = unbiased(t->body.p[--t->body.n]);
    t->kind = t->from_meter ? function->answer : function->request;
    t->more = t->from_meter && t->control & HENG_DLT645_C_MORE;
}

static void read_frame(heng_protocol protocol, const uint8_t *p, struct heng_telegram *t)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = whole_frame(p);
    *t = (struct heng_telegram){
        .protocol = protocol,
        .control = p[HENG_DLT645_CONTROL_AT],
        .from_meter = p[HENG_DLT645_CONTROL_AT] & HENG_DLT645_C_ANSWER,
        .medium = HENG_MEDIUM_ELECTRICITY,
        .has_header = true,
        .bias = HENG_DLT645_BIAS,
        .frame = {p, n},
        .body = {p + HENG_DLT645_DATA_AT, n - HENG_DLT645_OVERHEAD},
    };
    for (size_t i = 0; i < ID_BYTES; i++) {
        uint8_t byte = p[ID_AT + ID_BYTES - 1 - i];
        t->id[2 * i] = digits[byte >> 4];
        t->id[2 * i + 1] = digits[byte & 15];
    }
    read_data(t);
}

/* Bytes that may be, or become, a frame: 68 and, seven bytes on, 68 again. */
static bool may_start(const uint8_t *p, size_t left)
{
    return p[0] == START && (left <= SECOND_START_AT || p[SECOND_START_AT] == START);
}

static bool is_good(const uint8_t *p, size_t whole)
{
    return p[whole - 1] == STOP && heng_sum8(p, whole - 2) == p[whole - 2];
}

/* The good frame that ends first among those that begin behind p and end before the frame at p does; NULL without.
 * A start that noise has made claims up to 267 bytes, and while it waits for them the answer is long there. What is
 * complete first wins, so that bytes that come later cannot change what earlier ones meant. */
static const uint8_t *good_inside(const uint8_t *p, size_t n)
{
    const uint8_t *found = NULL, *end = p + n;
    for (const uint8_t *q = p + 1; end - q >= HENG_DLT645_OVERHEAD; q++) {
        q = memchr(q, START, (size_t)(end - q) - (HENG_DLT645_OVERHEAD - 1));
        if (!q) break;
        size_t whole = whole_frame(q);
        if (q[SECOND_START_AT] != START || (size_t)(end - q) <= whole || !is_good(q, whole)) continue;
        found = q;
        end = q + whole;
    }
    return found;
}

static heng_rc decode(heng_protocol protocol, struct heng_slice in, struct heng_telegram *ret, size_t *ret_used,
                      struct heng_err *err)
{
    size_t i = 0;
    while (i < in.n && !may_start(in.p + i, in.n - i)) i++;
    *ret_used = i;
    const uint8_t *p = in.p + i;
    size_t left = in.n - i;
    bool complete = left >= HENG_DLT645_OVERHEAD && left >= whole_frame(p);
    /* One byte more than there is, as long as the end is still to come: it may not be inside. */
    const uint8_t *inside = left ? good_inside(p, complete ? whole_frame(p) : left + 1) : NULL;
    if (inside) p = inside;
    if (!inside && !complete) return HENG_MORE;

    size_t whole = whole_frame(p), sum_at = (size_t)(p - in.p) + whole - 2;
    *ret_used = i + 1;
    if (in.p[sum_at + 1] != STOP)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)(sum_at + 1), "stop byte is 0x%02x, not 0x16", in.p[sum_at + 1]);
    uint8_t sum = heng_sum8(p, whole - 2);
    if (in.p[sum_at] != sum)
        return heng_fail(err, HENG_ECHECKSUM, (uint32_t)sum_at,
                         "checksum mismatch: frame says 0x%02x, bytes sum to 0x%02x", in.p[sum_at], sum);
    *ret_used = sum_at + 2;
    read_frame(protocol, p, ret);
    return HENG_OK;
}

static heng_rc decode_2007(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err)
{
    return decode(HENG_PROTOCOL_DLT645_2007, in, ret, ret_used, err);
}

static heng_rc decode_1997(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err)
{
    return decode(HENG_PROTOCOL_DLT645_1997, in, ret, ret_used, err);
}

heng_rc heng_dlt645_encode(const struct heng_dlt645_frame *frame, struct heng_buf *buf)
{
    uint64_t high, low;
    char first[ID_BYTES + 1];
    if (strnlen(frame->id, sizeof frame->id) != 2 * ID_BYTES) return HENG_EFORMAT;
    memcpy(first, frame->id, ID_BYTES);
    first[ID_BYTES] = '\0';
    if (!heng_hex_number(first, ID_BYTES, &high) || !heng_hex_number(frame->id + ID_BYTES, ID_BYTES, &low))
        return HENG_EFORMAT;
    if (frame->data.n > UINT8_MAX || buf->cap - buf->n < (size_t)frame->preamble + HENG_DLT645_OVERHEAD + frame->data.n)
        return HENG_ELIMIT;

    for (unsigned i = 0; i < frame->preamble; i++) heng_buf_u8(buf, PREAMBLE);
    size_t start = buf->n;
    heng_buf_u8(buf, START);
    heng_buf_le(buf, high << 24 | low, ID_BYTES);
    heng_buf_u8(buf, START);
    heng_buf_u8(buf, frame->control);
    heng_buf_u8(buf, (uint8_t)frame->data.n);
    for (size_t i = 0; i < frame->data.n; i++) heng_buf_u8(buf, (uint8_t)(frame->data.p[i] + HENG_DLT645_BIAS));
    heng_buf_u8(buf, heng_sum8(buf->p + start, buf->n - start));
    heng_buf_u8(buf, STOP);
    return HENG_OK;
}

void heng_dlt645_put_di(struct heng_buf *buf, heng_protocol protocol, uint32_t di)
{
    heng_buf_le(buf, di, protocol == HENG_PROTOCOL_DLT645_1997 ? 2 : 4);
}

static void put_bcd(struct heng_buf *buf, unsigned number)
{
    heng_buf_u8(buf, (uint8_t)(number / 10 % 10 << 4 | number % 10));
}

void heng_dlt645_put_time(struct heng_buf *buf, const struct heng_civil *at)
{
    put_bcd(buf, at->second);
    put_bcd(buf, at->minute);
    put_bcd(buf, at->hour);
}

static void put_day(struct heng_buf *buf, const struct heng_civil *at)
{
    put_bcd(buf, at->day);
    put_bcd(buf, at->month);
    put_bcd(buf, (unsigned)at->year % 100);
}

/* Sunday is 0; 1970 began on a Thursday. */
void heng_dlt645_put_date(struct heng_buf *buf, const struct heng_civil *at)
{
    int64_t day = heng_civil_to_us(at) / HENG_US_PER_DAY;
    heng_buf_u8(buf, (uint8_t)((day % 7 + 7 + 4) % 7));
    put_day(buf, at);
}

void heng_dlt645_put_clock(struct heng_buf *buf, const struct heng_civil *at)
{
    heng_dlt645_put_time(buf, at);
    put_day(buf, at);
}

void heng_dlt645_put_relay(struct heng_buf *buf, const struct heng_dlt645_relay *relay)
{
    heng_buf_u8(buf, relay->level);
    heng_buf_put(buf, heng_slice_of(relay->password, sizeof relay->password));
    heng_buf_put(buf, heng_slice_of(relay->operator_code, sizeof relay->operator_code));
    heng_buf_u8(buf, relay->action);
    heng_buf_u8(buf, 0); /* N2, reserved */
    heng_dlt645_put_clock(buf, &relay->valid_until);
}

const struct heng_codec heng_dlt645_2007_codec = {
    .protocol = HENG_PROTOCOL_DLT645_2007,
    .present = heng_dlt645_present,
    .explain = heng_dlt645_explain,
    .decode = decode_2007,
    .next = heng_dlt645_next,
};

const struct heng_codec heng_dlt645_1997_codec = {
    .protocol = HENG_PROTOCOL_DLT645_1997,
    .present = heng_dlt645_present,
    .explain = heng_dlt645_explain,
    .decode = decode_1997,
    .next = heng_dlt645_next,
};
