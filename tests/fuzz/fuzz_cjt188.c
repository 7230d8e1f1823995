/* CJ/T 188: the bytes as a stream, as T, address, C and data of a frame whose length and checksum are right, the same
 * with a dialect made of the same bytes, and as the fields of a frame to write. */
#include "decode.h"

#include "codec/cjt188.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OVERHEAD = 13, FIELDS_MAX = 8, FIELD_BYTES = 8, STATUS_FLAGS = 2 };

/* Records lie within the body and are whole; they end. */
static void walk(const struct heng_telegram *t)
{
    struct heng_records records = heng_telegram_records(t);
    struct heng_record r;
    heng_rc rc;
    unsigned count = 0;
    while ((rc = heng_record_next(&records, &r, NULL)) == HENG_OK) {
        fuzz_require(++count <= 64);
        fuzz_require(r.length > 0 && t->frame.p + r.at >= t->body.p);
        fuzz_require(t->frame.p + r.at + r.length <= t->body.p + t->body.n);
        fuzz_require(r.quantity < HENG_QUANTITY_COUNT && r.unit < HENG_UNIT_COUNT);
        fuzz_require(r.kind != HENG_VALUE_NONE || r.reason);
    }
    fuzz_require(rc == HENG_ENOTFOUND);
}

/* A dialect that says something about this frame, from its first data bytes. */
static struct heng_dialect dialect_of(struct heng_slice frame, uint32_t di, struct heng_field fields[FIELDS_MAX])
{
    static const struct heng_flag flags[STATUS_FLAGS] = {{0x0100, 0x0100, "fault"}, {0, 0, NULL}};
    struct heng_dialect d = heng_dialect_standard;
    const uint8_t *p = frame.p;
    uint16_t at = 0;
    d.cjt188.total_decimals = (int8_t)p[2];
    d.cjt188.energy_decimals = (int8_t)p[3];
    d.cjt188.power_decimals = (int8_t)p[4];
    d.cjt188.flow_decimals = (int8_t)p[5];
    d.cjt188.volume_decimals = (int8_t)p[6];
    d.cjt188.settlement_is_cooling = p[7] & 1;
    d.cjt188.status_second = p[7] & 2;
    d.cjt188.status_flags = p[7] & 4 ? flags : NULL;
    d.cjt188.valve_open = p[8];
    if (p[7] & 8) return d;
    for (size_t i = 0; i < FIELDS_MAX && (i + 1) * FIELD_BYTES <= frame.n; i++) {
        const uint8_t *q = p + i * FIELD_BYTES;
        at = (uint16_t)(at + q[0] % 16);
        fields[i] = (struct heng_field){.di = di,
                                        .at = at,
                                        .bytes = q[1] % 12,
                                        .bit = q[2],
                                        .coding = (heng_coding)(q[3] % (HENG_CODING_COUNT + 1)),
                                        .exp = (int8_t)q[4],
                                        .factor = (int8_t)q[5],
                                        .has_absent = q[6] & 1,
                                        .absent = q[7]};
        d.field_count++;
    }
    d.fields = fields;
    return d;
}

static void with_dialect(struct heng_slice frame)
{
    struct heng_field fields[FIELDS_MAX];
    struct heng_str out = {.max = 1 << 20}, shown = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out), json_shown = heng_json_of(&shown);
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_CJT188, frame);
    struct heng_dialect d = dialect_of(frame, capture.telegram.di, fields);
    heng_capture_use(&capture, &d);
    fuzz_require(capture.rc == HENG_OK);
    walk(&capture.telegram);
    heng_present_json(&capture, NULL, &json);
    heng_present_fields(&capture, &json_shown);
    fuzz_require(out.rc == HENG_OK && shown.rc == HENG_OK);
    heng_str_fini(&out);
    heng_str_fini(&shown);
}

static void repaired(const uint8_t *data, size_t size)
{
    uint8_t *frame = malloc(size); /* its own allocation, so that one byte too much is seen */
    if (!frame) return;
    memcpy(frame, data, size);
    frame[0] = 0x68;
    frame[1] = (uint8_t)(0x10 + frame[1] % 0x40);
    frame[10] = (uint8_t)(size - OVERHEAD);
    uint8_t sum = 0;
    for (size_t i = 0; i < size - 2; i++) sum = (uint8_t)(sum + frame[i]);
    frame[size - 2] = sum;
    frame[size - 1] = 0x16;
    struct heng_telegram t;
    size_t used;
    fuzz_require(heng_cjt188_codec.decode(heng_slice_of(frame, size), &t, &used, NULL) == HENG_OK && used == size);
    walk(&t);
    fuzz_stream(HENG_PROTOCOL_CJT188, heng_slice_of(frame, size));
    fuzz_present(HENG_PROTOCOL_CJT188, heng_slice_of(frame, size));
    with_dialect(heng_slice_of(frame, size));
    free(frame);
}

/* What is written is read back. */
static void encoded(const uint8_t *data, size_t size)
{
    uint8_t bytes[600];
    struct heng_buf buf = heng_buf_of(bytes, 16 + 2 * (size_t)data[0]);
    struct heng_cjt188_frame frame = {.type = (uint8_t)(0x10 + data[1] % 0x40),
                                      .control = data[2],
                                      .ser = data[3],
                                      .preamble = data[4],
                                      .di = (uint16_t)(data[5] << 8 | data[6]),
                                      .di_swapped = data[7] & 1,
                                      .without_di = data[7] & 2,
                                      .without_ser = data[7] & 4,
                                      .id = "1234567890ABCD",
                                      .payload = {data + 8, size - 8}};
    if (data[7] & 8) frame.id[data[8] % 15] = (char)data[9];
    if (heng_cjt188_encode(&frame, &buf) != HENG_OK) {
        fuzz_require(buf.n == 0 && !buf.full);
        return;
    }
    struct heng_telegram t;
    size_t used;
    fuzz_require(heng_cjt188_codec.decode(heng_buf_slice(&buf), &t, &used, NULL) == HENG_OK && used == buf.n);
    fuzz_require(t.frame.p == bytes + frame.preamble && t.control == frame.control && t.ci == frame.type);
    struct heng_slice end = heng_slice_from(t.frame, t.frame.n - 2 - frame.payload.n);
    fuzz_require(frame.payload.n == 0 || memcmp(end.p, frame.payload.p, frame.payload.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_stream(HENG_PROTOCOL_CJT188, heng_slice_of(data, size));
    fuzz_present(HENG_PROTOCOL_CJT188, heng_slice_of(data, size));
    (void)heng_codec_recognise(heng_slice_of(data, size));
    if (size >= 10) encoded(data, size);
    if (size >= OVERHEAD && size <= OVERHEAD + 255) repaired(data, size);
    return 0;
}
