/* DL/T 645, both editions: the bytes as a stream, and as address, C and data of a frame whose length and checksum are
 * right, with and without a dialect; what is decoded is encoded again. */
#include "decode.h"

#include "codec/dlt645.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELD(di, at, bytes, coding)                                                                                   \
    {                                                                                                                  \
        di, at, bytes, 0, 5, HENG_CODING_##coding, HENG_WORD_ORDER_ABCD, -1, 10, true, 0xEE, HENG_QUANTITY_ENERGY,     \
            HENG_UNIT_WH, HENG_FUNCTION_INSTANTANEOUS, 0, 0, 0, NULL                                                   \
    }

static void walk_with_dialect(struct heng_telegram t)
{
    static const struct heng_field fields[] = {
        FIELD(0x9010, 0, 4, BCD),          FIELD(0x9010, 2, 4, BCD),        FIELD(0x00010000, 0, 4, BCD_SIGNED),
        FIELD(0x00010000, 4, 4, FLOAT),    FIELD(0x00010000, 8, 8, SIGNED), FIELD(0x00010000, 16, 6, CLOCK),
        FIELD(0x0001FF00, 0, 2, UNSIGNED), FIELD(0x0001FF00, 2, 9, BCD),    FIELD(0x0001FF00, 30, 20, TEXT),
        FIELD(0x0001FF00, 60, 1, BIT),     FIELD(0x0001FF00, 61, 9, CLOCK), FIELD(0x0001FF00, 80, 3, BYTES),
    };
    static const struct heng_dialect dialect = {.fields = fields, .field_count = sizeof fields / sizeof fields[0]};
    struct heng_record record;
    uint32_t end = 0;
    t.dialect = &dialect;
    struct heng_records records = heng_telegram_records(&t);
    heng_rc rc;
    while ((rc = heng_record_next(&records, &record, NULL)) == HENG_OK) {
        fuzz_require(record.at >= end && record.length > 0 && record.at + record.length <= t.frame.n);
        fuzz_require(record.kind != HENG_VALUE_NONE || record.reason);
        end = record.at + record.length;
    }
    fuzz_require(rc == HENG_ENOTFOUND);
}

static void encode_again(const struct heng_telegram *t)
{
    uint8_t data[255], again[300];
    struct heng_buf buf = heng_buf_of(again, sizeof again);
    struct heng_dlt645_frame frame = {.control = t->control, .data = {data, t->frame.n - 12}};
    memcpy(frame.id, t->id, sizeof frame.id);
    for (size_t i = 0; i < frame.data.n; i++) data[i] = (uint8_t)(t->frame.p[10 + i] - HENG_DLT645_BIAS);
    fuzz_require(heng_dlt645_encode(&frame, &buf) == HENG_OK);
    fuzz_require(heng_slice_eq(heng_buf_slice(&buf), t->frame));
}

static void fuzz_edition(heng_protocol protocol, struct heng_slice in)
{
    struct heng_telegram t;
    size_t used;
    fuzz_stream(protocol, in);
    fuzz_present(protocol, in);
    if (heng_codec_of(protocol)->decode(in, &t, &used, NULL) != HENG_OK) return;
    walk_with_dialect(t);
    encode_again(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_edition(HENG_PROTOCOL_DLT645_2007, heng_slice_of(data, size));
    fuzz_edition(HENG_PROTOCOL_DLT645_1997, heng_slice_of(data, size));

    if (size < 12 || size > 12 + 255) return 0;
    uint8_t *frame = malloc(size); /* its own allocation, so that one byte too much is seen */
    if (!frame) return 0;
    memcpy(frame, data, size);
    frame[0] = frame[7] = 0x68;
    frame[9] = (uint8_t)(size - 12);
    uint8_t sum = 0;
    for (size_t i = 0; i < size - 2; i++) sum = (uint8_t)(sum + frame[i]);
    frame[size - 2] = sum;
    frame[size - 1] = 0x16;
    /* The frame, or one that the data hold and that ends before it. */
    struct heng_telegram t;
    size_t used;
    fuzz_require(heng_dlt645_2007_codec.decode(heng_slice_of(frame, size), &t, &used, NULL) == HENG_OK);
    fuzz_require(t.frame.p + t.frame.n == frame + used);
    fuzz_edition(HENG_PROTOCOL_DLT645_2007, heng_slice_of(frame, size));
    fuzz_edition(HENG_PROTOCOL_DLT645_1997, heng_slice_of(frame, size));
    free(frame);
    return 0;
}
