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
#include "codec/bytes.h"
#include "codec/cjt188.h"
#include "codec/cjt188/layout.h"
#include "codec/cjt188/present.h"
#include "codec/cjt188/record.h"

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
    if (type == ANY_TYPE) return HENG_MEDIUM_UNKNOWN;
    /* The standard leaves the other types of each ten to the makers. */
    switch (type >> 4) {
    case 1: return HENG_MEDIUM_WATER;
    case 2: return HENG_MEDIUM_HEAT;
    case 3: return HENG_MEDIUM_GAS;
    }
    return HENG_MEDIUM_OTHER;
}

uint8_t heng_cjt188_type(heng_medium medium)
{
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++)
        if ((heng_medium)media[i].medium == medium) return media[i].type;
    return 0x10;
}

static bool type_possible(uint8_t type) { return (type >= 0x10 && type <= 0x4F) || type == ANY_TYPE; }

static void read_di(const uint8_t *p, struct heng_telegram *t)
{
    uint16_t as_sent = (uint16_t)(p[0] << 8 | p[1]), swapped = (uint16_t)(p[1] << 8 | p[0]);
    t->has_di = true;
    t->di_swapped = !heng_cjt188_di_name(as_sent) && heng_cjt188_di_name(swapped);
    t->di = t->di_swapped ? swapped : as_sent;
}

static void read_status(const uint8_t *p, struct heng_telegram *t)
{
    t->has_status = true;
    t->status = (uint16_t)(p[0] | p[1] << 8);
}

bool heng_cjt188_status(const struct heng_telegram *t, uint8_t *ret)
{
    bool second = t->dialect && t->dialect->cjt188.status_second;
    *ret = (uint8_t)(second ? t->status >> 8 : t->status & 0xFF);
    return t->has_status && *ret != 0xFF;
}

bool heng_cjt188_valve_of(const struct heng_telegram *telegram, heng_cjt188_valve *ret)
{
    uint8_t status;
    if (!heng_cjt188_status(telegram, &status)) return false;
    *ret = (heng_cjt188_valve)(status & 3);
    return true;
}

/* True when an error answer repeats the identifier that was asked for. In a body of 3 bytes, SER ST0 ST1 by the
 * standard, only identifiers count that as SER and ST0 would mean a valve fault with vendor bits set. */
static bool echoes_di(struct heng_slice data)
{
    static const uint16_t short_ones[] = {0x901F, 0x810A, 0xA015, 0xA017, 0xA018};
    if (data.n < 3) return false;
    uint16_t high_first = (uint16_t)(data.p[0] << 8 | data.p[1]), low_first = (uint16_t)(data.p[1] << 8 | data.p[0]);
    if (data.n > 3) return heng_cjt188_di_name(high_first) || heng_cjt188_di_name(low_first);
    for (size_t i = 0; i < sizeof short_ones / sizeof short_ones[0]; i++)
        if (short_ones[i] == high_first || short_ones[i] == low_first) return true;
    return false;
}

/* Bodies of error answers differ: SER ST0 ST1 by the standard, also one status byte, or DI SER and none, one or two
 * bytes of status. What is left over is the body. The refusal of a new key may repeat the key right behind SER, so that
 * nothing there is taken for a status unless it is two bytes and no more. */
static void read_error(struct heng_slice data, struct heng_telegram *t)
{
    size_t used = data.n == 3 || data.n == 1 ? data.n : 0;
    t->kind = HENG_TELEGRAM_ERROR;
    if (echoes_di(data)) {
        read_di(data.p, t);
        used = data.n < 5 ? data.n : heng_cjt188_is_secret(t->di) && data.n > 5 ? 3 : 5;
        t->ser = data.p[2];
        if (used == 5) read_status(data.p + 3, t);
        if (data.n == 4) t->error_code = data.p[3];
    } else if (data.n == 3) {
        t->ser = data.p[0];
        read_status(data.p + 1, t);
    } else if (data.n == 1) {
        t->error_code = data.p[0];
    }
    t->body = heng_slice_from(data, used);
}

/* An answer with data is OTHER until a table or the dialect knows what is in it. */
static void judge_data(struct heng_telegram *t)
{
    bool read = (t->control & FUNCTION) == 0x01;
    t->kind = HENG_TELEGRAM_OTHER;
    t->more = read && t->control & EXTENDED && t->di != 0x0A61;
    if (t->layout || (t->dialect && heng_cjt188_has_fields(t))) t->kind = HENG_TELEGRAM_DATA;
}

static void judge_answer(struct heng_telegram *t)
{
    uint8_t function = t->control & FUNCTION;
    if (function == 0x03) {
        t->kind = HENG_TELEGRAM_ADDRESS;
    } else if (function == 0x04 || function == 0x15 || function == 0x16 || heng_cjt188_is_vendor_write(t)) {
        t->kind = HENG_TELEGRAM_WRITTEN;
        if (t->body.n == 2) read_status(t->body.p, t);
    } else {
        judge_data(t);
    }
}

static void judge_request(struct heng_telegram *t)
{
    uint8_t function = t->control & FUNCTION;
    bool reads = function == 0x01 || function == 0x03 || function == 0x09;
    t->kind = reads && t->body.n == 0 ? HENG_TELEGRAM_REQUEST : HENG_TELEGRAM_COMMAND;
}

/* D2D3, D2D4 and D3D4 are identifiers in either byte order: the one that the body fits is meant. */
static void find_layout(struct heng_telegram *t)
{
    uint32_t as_read = t->di, swapped = (t->di & 0xFF) << 8 | t->di >> 8;
    heng_cjt188_find_layout(t);
    if (t->layout || !heng_cjt188_di_name((uint16_t)as_read) || !heng_cjt188_di_name((uint16_t)swapped)) return;
    if (t->dialect && heng_cjt188_has_fields(t)) return;
    t->di = swapped;
    heng_cjt188_find_layout(t);
    if (t->layout)
        t->di_swapped = !t->di_swapped;
    else
        t->di = as_read;
}

void heng_cjt188_judge(struct heng_telegram *t)
{
    if (t->kind == HENG_TELEGRAM_ERROR) return;
    t->kind = HENG_TELEGRAM_OTHER;
    if (t->has_di) read_di(t->frame.p + DATA_AT, t); /* anew: another dialect may have turned it */
    if (t->dialect && t->dialect->field_count) heng_cjt188_turn_di(t);
    if (t->body.n) find_layout(t);
    if (t->layout && heng_cjt188_layout(t)->status_at != HENG_CJT188_NO_STATUS)
        read_status(t->body.p + heng_cjt188_layout(t)->status_at, t);
    if (t->from_meter)
        judge_answer(t);
    else
        judge_request(t);
}

static void read_data(struct heng_slice data, struct heng_telegram *t)
{
    if (t->from_meter && t->control & ABNORMAL) {
        read_error(data, t);
        return;
    }
    t->has_di = data.n >= 2;
    if (data.n >= 3) t->ser = data.p[2];
    t->body = heng_slice_from(data, 3);
    heng_cjt188_judge(t);
}

static void read_frame(const uint8_t *p, size_t frame_bytes, struct heng_telegram *t)
{
    *t = (struct heng_telegram){
        .protocol = HENG_PROTOCOL_CJT188,
        .control = p[CONTROL_AT],
        .from_meter = p[CONTROL_AT] & ANSWER,
        .ci = p[TYPE_AT],
        .medium = heng_cjt188_medium(p[TYPE_AT]),
        .has_header = true,
        .frame = {p, frame_bytes},
    };
    heng_hex8((uint32_t)heng_load_bytes(p + ID_AT + 3, 4, false), t->id);
    heng_hex8((uint32_t)heng_load_bytes(p + ID_AT, 4, false), t->id + 6); /* A3 again, and the rest */
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

const struct heng_codec heng_cjt188_codec = {
    .protocol = HENG_PROTOCOL_CJT188,
    .present = heng_cjt188_present,
    .explain = heng_cjt188_explain,
    .decode = decode,
    .next = heng_cjt188_next,
};
