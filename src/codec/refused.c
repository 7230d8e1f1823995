/* Bytes that are refused, byte by byte.
 *
 *   what is wrong with them                     what is told
 *   junk in front, bytes behind a good frame    the frame; the others are the rest
 *   the check alone                             what the bytes mean if it were right, and that it is not
 *   one start, length or stop byte              the same
 *   cut off                                     start, lengths and header, and what is whole behind them
 *   anything else                               Modbus: unit and function; others: nothing
 *
 * The frame is completed or mended in a copy, explained, and what the copy added is taken away again. No entry points
 * at a record: the JSON of a refused frame has none. */
#include "codec/refused.h"
#include "codec/bytes.h"
#include "codec/modbus.h"
#include "codec/modbus/pdu.h"

#include <stdio.h>

enum { FRAME_MAX = 600, START = 0x68, SHORT_START = 0x10, SHORT_BYTES = 5, STOP = 0x16 };

static bool is_dlt645(heng_protocol p) { return p == HENG_PROTOCOL_DLT645_2007 || p == HENG_PROTOCOL_DLT645_1997; }
static bool is_modbus(heng_protocol p) { return p == HENG_PROTOCOL_MODBUS_RTU || p == HENG_PROTOCOL_MODBUS_TCP; }

/* Where the frame begins, unless what begins it is damaged. */
static size_t frame_start(const struct heng_capture *capture)
{
    struct heng_slice in = capture->bytes;
    size_t at = 0;
    if (is_modbus(capture->protocol)) return 0;
    while (at < in.n && (in.p[at] == 0xFE || in.p[at] == 0xFF || in.p[at] == 0x00)) at++;
    if (is_dlt645(capture->protocol) && at > 0)
        while (at < in.n && in.p[at] == 0xAA) at++;
    return at;
}

/* A good frame with something in front of it or behind. */
static bool explain_found(const struct heng_capture *capture, struct heng_explainer *e)
{
    struct heng_slice in = capture->bytes;
    struct heng_capture found;
    struct heng_telegram t;
    size_t used;
    if (heng_codec_of(capture->protocol)->decode(in, &t, &used, NULL) != HENG_OK) return false;
    heng_capture_init(&found, capture->protocol, t.frame);
    if (!found.has_telegram || found.telegram.frame.p != t.frame.p) return false;
    size_t start = (size_t)(t.frame.p - in.p);
    heng_explain_hex(e, start > frame_start(capture) ? "rest" : "preamble", start);
    heng_explain_frame(&found, e);
    return true;
}

/* The entries of the copy, whose first in.n bytes are those of the input or nearly so, up to the end of the input. */
static bool explain_copy(const struct heng_capture *capture, struct heng_slice copy, struct heng_explainer *e)
{
    struct heng_capture whole;
    heng_capture_init(&whole, capture->protocol, copy);
    if (!whole.has_telegram) return false;
    e->bytes = copy;
    heng_explain_frame(&whole, e);
    e->bytes = capture->bytes;
    return true;
}

/* The entry over the byte at `at` says that it is wrong. */
static void mark_wrong(const struct heng_capture *capture, struct heng_explainer *e, size_t at)
{
    for (size_t i = 0; i < e->count; i++) {
        struct heng_explained *entry = &e->entries[i];
        if (entry->at > at || at >= entry->at + entry->length) continue;
        const uint8_t *p = capture->bytes.p + entry->at;
        unsigned said = entry->length == 2 ? (unsigned)p[0] << 8 | p[1] : p[0];
        snprintf(entry->value, sizeof entry->value, "%0*X wrong", entry->length == 2 ? 4 : 2, said);
    }
}

/* What the check at offset `at` should say; returns how many bytes it has. */
static size_t right_check(heng_protocol protocol, struct heng_slice bytes, size_t at, uint8_t ret_check[2])
{
    size_t from = 0;
    if (protocol == HENG_PROTOCOL_MODBUS_TCP) return 0;
    if (protocol == HENG_PROTOCOL_MODBUS_RTU) {
        uint16_t crc = heng_modbus_crc(heng_slice_of(bytes.p, at));
        ret_check[0] = (uint8_t)crc;
        ret_check[1] = (uint8_t)(crc >> 8);
        return 2;
    }
    while (from < at && bytes.p[from] != START && bytes.p[from] != SHORT_START) from++;
    if (protocol == HENG_PROTOCOL_MBUS && from < at) from += bytes.p[from] == START ? 4 : 1;
    if (from >= at) return 0;
    ret_check[0] = heng_sum8(bytes.p + from, at - from);
    return 1;
}

static bool explain_unchecked(const struct heng_capture *capture, struct heng_explainer *e)
{
    uint8_t bytes[FRAME_MAX], check[2];
    size_t at = capture->err.at, n;
    if (capture->rc != HENG_ECHECKSUM || capture->bytes.n > sizeof bytes || at >= capture->bytes.n) return false;
    n = right_check(capture->protocol, capture->bytes, at, check);
    if (n == 0 || at + n > capture->bytes.n) return false;
    memcpy(bytes, capture->bytes.p, capture->bytes.n);
    memcpy(bytes + at, check, n);
    if (!explain_copy(capture, heng_slice_of(bytes, capture->bytes.n), e)) return false;
    mark_wrong(capture, e, at);
    return true;
}

/* Bytes of the framing whose value is known beforehand; END counts from the end of the input, LENGTH is what the number
 * of bytes wants there. */
enum { MBUS_AROUND = 6, DLT645_AROUND = 12, CJT188_AROUND = 13, LENGTH = 0x100, END = 0xFF };

static const struct {
    uint8_t at;
    uint16_t value;
} mbus_framing[] = {{0, START}, {1, LENGTH}, {2, LENGTH}, {3, START}, {END, STOP}, {0, SHORT_START}},
  dlt645_framing[] = {{0, START}, {7, START}, {9, LENGTH}, {END, STOP}},
  cjt188_framing[] = {{0, START}, {10, LENGTH}, {END, STOP}};

/* One byte of the framing is wrong: with the right one in its place the frame is whole. */
static bool explain_with(const struct heng_capture *capture, size_t at, uint8_t value, struct heng_explainer *e)
{
    uint8_t bytes[FRAME_MAX];
    struct heng_slice in = capture->bytes;
    if (in.n > sizeof bytes || at >= in.n || in.p[at] == value) return false;
    memcpy(bytes, in.p, in.n);
    bytes[at] = value;
    if (!explain_copy(capture, heng_slice_of(bytes, in.n), e)) return false;
    mark_wrong(capture, e, at);
    return true;
}

static bool explain_misframed(const struct heng_capture *capture, struct heng_explainer *e)
{
    size_t start = frame_start(capture), n = capture->bytes.n - start;
    bool mbus = capture->protocol == HENG_PROTOCOL_MBUS, dlt645 = is_dlt645(capture->protocol);
    size_t around = mbus ? MBUS_AROUND : dlt645 ? DLT645_AROUND : CJT188_AROUND;
    size_t count = mbus     ? sizeof mbus_framing / sizeof mbus_framing[0]
                   : dlt645 ? sizeof dlt645_framing / sizeof dlt645_framing[0]
                            : sizeof cjt188_framing / sizeof cjt188_framing[0];
    if (n < 5) return false;
    for (size_t i = 0; i < count; i++) {
        size_t at = mbus ? mbus_framing[i].at : dlt645 ? dlt645_framing[i].at : cjt188_framing[i].at;
        unsigned value = mbus ? mbus_framing[i].value : dlt645 ? dlt645_framing[i].value : cjt188_framing[i].value;
        if (value == LENGTH && (n < around || n - around > 0xFF)) continue;
        if (value == LENGTH) value = (unsigned)(n - around);
        if (explain_with(capture, start + (at == END ? n - 1 : at), (uint8_t)value, e)) return true;
    }
    return false;
}

/* Put what is missing of the frame at `start` behind the n bytes that are there; returns the length of all, 0 where
 * they are no start of a frame. The added bytes say nothing: fillers, zeros. */
static size_t complete(heng_protocol protocol, uint8_t *bytes, size_t n, size_t start)
{
    enum { FILLER = 0x2F, DATA_BIAS = 0x33, PAYLOAD_MIN = 3, MBUS_BARE = 0x78, SND_UD = 0x53 };
    bool mbus = protocol == HENG_PROTOCOL_MBUS, dlt645 = is_dlt645(protocol);
    uint8_t *p = bytes + start;
    size_t there = n - start;
    if (mbus && there && there < SHORT_BYTES && p[0] == SHORT_START) {
        memset(bytes + n, 0, SHORT_BYTES);
        if (there <= 3) p[3] = heng_sum8(p + 1, 2);
        p[4] = STOP;
        return start + SHORT_BYTES;
    }
    if (there == 0 || p[0] != START) return 0;
    memset(bytes + n, mbus ? FILLER : dlt645 ? DATA_BIAS : 0x00, FRAME_MAX - n);
    size_t length_at = mbus ? 1 : dlt645 ? 9 : 10, around = mbus ? MBUS_AROUND : dlt645 ? DLT645_AROUND : CJT188_AROUND;
    if (there <= length_at) p[length_at] = PAYLOAD_MIN;
    if (mbus) {
        if (there <= 2) p[2] = p[1];
        if (there <= 4) p[4] = SND_UD;
        if (there <= 6) p[6] = MBUS_BARE;
    } else if (there <= length_at - 1) {
        p[length_at - 1] = 0x01;
    }
    if (there <= 3 && mbus) p[3] = START;
    if (there <= 7 && dlt645) p[7] = START;
    size_t total = p[length_at] + around, from = mbus ? 4 : 0;
    if (total <= there || start + total > FRAME_MAX) return 0;
    if (there <= total - 2) p[total - 2] = heng_sum8(p + from, total - 2 - from);
    p[total - 1] = STOP;
    return start + total;
}

/* Take away what the completion added, and what depends on it: the record that is cut, of which M-Bus tells the DIF
 * before all else, and the VIF when it is whole. How CJ/T 188 lays out its values, all of them tell together. */
static void keep_whole(const struct heng_capture *capture, struct heng_explainer *e)
{
    size_t end = 0, kept = 0;
    while (end < e->count && e->entries[end].at + e->entries[end].length <= capture->bytes.n) end++;
    const struct heng_explained *cut = end < e->count ? &e->entries[end] : NULL;
    bool mbus = capture->protocol == HENG_PROTOCOL_MBUS, vif_cut = cut && strncmp(cut->name, "vif", 3) == 0;
    for (; kept < end; kept++) {
        const struct heng_explained *entry = &e->entries[kept];
        if (entry->record < 0) continue;
        bool depends =
            cut && entry->record == cut->record && (!mbus || (vif_cut && strncmp(entry->name, "vif", 3) == 0));
        if (depends || capture->protocol == HENG_PROTOCOL_CJT188) break;
    }
    e->count = kept;
    e->at = kept ? e->entries[kept - 1].at + e->entries[kept - 1].length : 0;
}

static bool explain_cut_off(const struct heng_capture *capture, struct heng_explainer *e)
{
    uint8_t bytes[FRAME_MAX];
    struct heng_slice in = capture->bytes;
    size_t start = frame_start(capture);
    if (in.n + SHORT_BYTES > sizeof bytes) return false;
    memcpy(bytes, in.p, in.n);
    size_t n = complete(capture->protocol, bytes, in.n, start);
    if (n == 0 || !explain_copy(capture, heng_slice_of(bytes, n), e)) return false;
    keep_whole(capture, e);
    return true;
}

/* What every Modbus frame begins with. A function that no standard knows may be no function at all. */
static void explain_modbus_head(const struct heng_capture *capture, struct heng_explainer *e)
{
    enum { PREFIX = 6, TRANSACTION = 2, PROTOCOL = 2, LENGTH_BYTES = 2 };
    const uint8_t *p = capture->bytes.p;
    bool tcp = capture->protocol == HENG_PROTOCOL_MODBUS_TCP;
    size_t unit_at = tcp ? PREFIX : 0;
    if (capture->bytes.n < unit_at + 2) return;
    const char *name = heng_modbus_pdu_text(heng_slice_from(capture->bytes, unit_at + 1));
    bool known = strcmp(name, "unknown function") != 0;
    if (!tcp && !known) return;
    if (tcp) {
        heng_explain_int(e, "transaction", TRANSACTION, heng_modbus_u16(p));
        heng_explain_hex(e, "protocol id", PROTOCOL);
        heng_explain_int(e, "length", LENGTH_BYTES, heng_modbus_u16(p + TRANSACTION + PROTOCOL));
    }
    heng_explain_int(e, "unit address", 1, p[unit_at]);
    uint8_t function = p[unit_at + 1];
    if (known)
        heng_explain_text(e, "function", 1, "%02X %s%s", function,
                          function & HENG_MODBUS_EXCEPTION ? "exception to " : "", name);
}

void heng_explain_refused(const struct heng_capture *capture, struct heng_explainer *e)
{
    bool told = explain_found(capture, e) || explain_unchecked(capture, e);
    if (!told && is_modbus(capture->protocol))
        explain_modbus_head(capture, e);
    else if (!told)
        (void)(explain_misframed(capture, e) || explain_cut_off(capture, e));
    for (size_t i = 0; i < e->count; i++) e->entries[i].record = -1;
}
