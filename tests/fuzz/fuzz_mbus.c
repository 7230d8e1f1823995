/* M-Bus: the bytes as a stream; as the inside of a frame whose lengths and checksum are right, with either byte order;
 * as the members of a record that is written and read back. */
#include "decode.h"

#include "codec/mbus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The JSON, and the explanation: every byte is told once, in order, and the values are texts. The explanation's own
 * JSON is left to the other targets, it would take most of the time. */
static void show(struct heng_slice in)
{
    static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    struct heng_str out = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out);
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MBUS, in);
    heng_present_json(&capture, NULL, &json);
    fuzz_require(out.rc == HENG_OK);
    heng_str_fini(&out);
    size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX), at = 0;
    for (size_t i = 0; i < count; i++) {
        fuzz_require(entries[i].at == at && entries[i].length > 0 && entries[i].name);
        fuzz_require(memchr(entries[i].value, '\0', sizeof entries[i].value) != NULL);
        at += entries[i].length;
    }
    fuzz_require(at == in.n);
}

/* C, A, CI and the data in a good frame. */
static void repaired(uint8_t control, uint8_t address, uint8_t ci, struct heng_slice data)
{
    uint8_t *frame = malloc(data.n + 9); /* its own allocation, so that one byte too much is seen */
    if (!frame) return;
    struct heng_buf buf = heng_buf_of(frame, data.n + 9);
    fuzz_require(heng_mbus_encode_long(control, address, ci, data, &buf) == HENG_OK);
    struct heng_telegram t;
    size_t used;
    heng_rc rc = heng_mbus_codec.decode(heng_buf_slice(&buf), &t, &used, NULL);
    fuzz_require((rc == HENG_OK || rc == HENG_EFORMAT) && used == buf.n);
    fuzz_stream(HENG_PROTOCOL_MBUS, heng_buf_slice(&buf));
    show(heng_buf_slice(&buf));
    free(frame);
}

/* A record from the bytes: what can be written is read back the same, and written again has the same bytes. */
static void written_record(struct heng_slice in)
{
    struct heng_reader from = heng_reader_of(in);
    uint8_t body[300], again[300], frame[300];
    struct heng_mbus_register r = {
        .function = (heng_function)(heng_reader_u8(&from) & 7),
        .storage = heng_reader_le(&from, 6),
        .tariff = (uint32_t)heng_reader_le(&from, 3),
        .subunit = (uint32_t)heng_reader_le(&from, 2),
        .coding = heng_reader_u8(&from) & 15,
        .length = heng_reader_u8(&from),
    };
    uint8_t shifts = heng_reader_u8(&from); /* else the numbers would nearly always need all DIFEs */
    r.storage >>= shifts & 0x2F;
    r.tariff >>= shifts >> 4;
    r.subunit >>= shifts >> 5;
    size_t vif_bytes = heng_reader_u8(&from) & 15, left = heng_reader_left(&from);
    r.vif = heng_reader_take(&from, vif_bytes < left ? vif_bytes : left);
    r.data = heng_reader_take(&from, heng_reader_left(&from));
    struct heng_buf records = heng_buf_of(body, sizeof body), second = heng_buf_of(again, sizeof again),
                    buf = heng_buf_of(frame, sizeof frame);
    if (from.failed || heng_mbus_encode_register(&r, &records) != HENG_OK) {
        fuzz_require(records.n == 0 && !records.full);
        return;
    }
    if (heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, 1, 0x78, heng_buf_slice(&records), &buf) != HENG_OK) return;
    struct heng_telegram t;
    struct heng_record record;
    size_t used;
    fuzz_require(heng_mbus_codec.decode(heng_buf_slice(&buf), &t, &used, NULL) == HENG_OK);
    struct heng_records walk = heng_telegram_records(&t);
    fuzz_require(heng_mbus_codec.next(&walk, &record, NULL) == HENG_OK && record.length == t.body.n);
    fuzz_require(record.function == r.function && record.storage == r.storage && record.tariff == r.tariff);
    fuzz_require(record.subunit == r.subunit && heng_slice_eq(record.vif, r.vif) && heng_slice_eq(record.data, r.data));
    fuzz_require(heng_mbus_codec.next(&walk, &record, NULL) == HENG_ENOTFOUND);
    fuzz_require(heng_mbus_encode_register(&r, &second) == HENG_OK);
    fuzz_require(heng_slice_eq(heng_buf_slice(&second), t.body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heng_slice in = heng_slice_of(data, size);
    fuzz_stream(HENG_PROTOCOL_MBUS, in);
    show(in);
    (void)heng_codec_recognise(in);
    written_record(in);

    /* A captured frame as seed: take what is between the delimiters. */
    if (size >= 9 && data[0] == 0x68 && data[3] == 0x68) in = heng_slice_of(data + 4, size - 6);
    if (in.n < 3 || in.n > 255) return 0;
    uint8_t ci = in.p[2];
    repaired(in.p[0], in.p[1], ci, heng_slice_from(in, 3));
    bool two_orders = (ci >= 0x50 && ci <= 0x57) || (ci >= 0x70 && ci <= 0x77);
    if (two_orders) repaired(in.p[0], in.p[1], ci ^ 4, heng_slice_from(in, 3));
    return 0;
}
