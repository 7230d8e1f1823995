/* Modbus: the bytes as an RTU and a TCP stream, as the PDU of frames whose CRC and length are right, as an answer to a
 * request, and as the registers of a dialect that makes use of every coding. */
#include "decode.h"

#include "codec/modbus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Printing costs a hundred times what decoding does: one input of eight is printed, and a long one of many. */
enum { SHORT = 48, PRINTED = 7 };

#define FIELD(address, space, size, how, words)                                                                        \
    {                                                                                                                  \
        .di = (address), .function_code = (space), .bytes = (size), .coding = HENG_CODING_##how, .factor = 3,          \
        .exp = -2, .order = HENG_WORD_ORDER_##words                                                                    \
    }

static const struct heng_field fields[] = {
    FIELD(0, 1, 1, BIT, ABCD),        FIELD(5, 1, 1, UNSIGNED, ABCD), FIELD(0, 2, 1, BIT, ABCD),
    FIELD(0, 3, 2, BIT, ABCD),        FIELD(0, 3, 2, UNSIGNED, BADC), FIELD(0, 3, 4, SIGNED, CDAB),
    FIELD(1, 3, 4, FLOAT, DCBA),      FIELD(2, 3, 8, FLOAT, BADC),    FIELD(3, 3, 8, UNSIGNED, ABCD),
    FIELD(3, 3, 4, BCD, ABCD),        FIELD(4, 3, 6, CLOCK, ABCD),    FIELD(5, 3, 7, CLOCK, DCBA),
    FIELD(6, 3, 12, CLOCK, ABCD),     FIELD(6, 3, 11, TEXT, ABCD),    FIELD(7, 3, 5, BYTES, ABCD),
    FIELD(8, 3, 8, BCD_SIGNED, CDAB), FIELD(9, 3, 3, UNSIGNED, ABCD), FIELD(0, 4, 8, SIGNED, DCBA),
};
static const struct heng_dialect dialect = {.fields = fields, .field_count = sizeof fields / sizeof fields[0]};

/* Walk, print and explain a telegram as the dialect has it. */
static void present_with_dialect(heng_protocol protocol, struct heng_slice in)
{
    struct heng_str out = {.max = 1 << 20}, entries = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out), json_entries = heng_json_of(&entries);
    struct heng_capture capture;
    heng_capture_init(&capture, protocol, in);
    heng_capture_use(&capture, &dialect);
    heng_present_json(&capture, NULL, &json);
    heng_present_fields(&capture, &json_entries);
    fuzz_require(out.rc == HENG_OK && entries.rc == HENG_OK);
    heng_str_fini(&out);
    heng_str_fini(&entries);
}

static void decode_both_ways(heng_protocol protocol, struct heng_slice in)
{
    struct heng_telegram t;
    size_t used = 0;
    fuzz_stream(protocol, in);
    heng_rc rc = heng_codec_of(protocol)->decode_answer(in, &t, &used, NULL);
    fuzz_require(used <= in.n && (rc == HENG_MORE || used >= 1));
    fuzz_require(rc != HENG_OK || t.from_meter);
}

/* Both frames around the PDU; a frame that decodes must be the whole, with the same PDU in it. */
static void framed(struct heng_slice pdu, const struct heng_telegram *request, bool printed)
{
    for (int tcp = 0; tcp < 2; tcp++) {
        uint8_t bytes[HENG_MODBUS_FRAME_MAX];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        heng_rc rc = tcp ? heng_modbus_encode_tcp(7, 1, pdu, &buf) : heng_modbus_encode_rtu(1, pdu, &buf);
        fuzz_require(rc == HENG_OK);
        uint8_t *frame = malloc(buf.n); /* its own allocation, so that one byte too much is seen */
        if (!frame) return;
        memcpy(frame, bytes, buf.n);
        struct heng_slice in = heng_slice_of(frame, buf.n);
        heng_protocol protocol = tcp ? HENG_PROTOCOL_MODBUS_TCP : HENG_PROTOCOL_MODBUS_RTU;
        struct heng_telegram t;
        size_t used;
        decode_both_ways(protocol, in);
        if (printed && tcp && pdu.n <= SHORT) fuzz_present(protocol, in);
        if (heng_codec_of(protocol)->decode(in, &t, &used, NULL) == HENG_OK && used == in.n && t.frame.p == in.p) {
            fuzz_require(t.control == pdu.p[0]);
            if (request && heng_modbus_join(request, &t)) fuzz_require(t.from_meter && t.count == request->count);
        }
        free(frame);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heng_slice in = heng_slice_of(data, size);
    decode_both_ways(HENG_PROTOCOL_MODBUS_RTU, in);
    decode_both_ways(HENG_PROTOCOL_MODBUS_TCP, in);
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MODBUS_RTU, in);
    fuzz_require(capture.rc == HENG_OK ? capture.telegram.frame.p + capture.telegram.frame.n == data + size
                                       : capture.err.at <= size);
    bool printed = size && (data[0] & PRINTED) == 0;
    if (printed && (size <= SHORT || data[size - 1] % 16 == 0)) {
        present_with_dialect(HENG_PROTOCOL_MODBUS_RTU, in);
        fuzz_present(HENG_PROTOCOL_MODBUS_TCP, in);
    }
    if (size < 8) return 0;

    /* The first bytes ask, the others answer: registers from 0 on, so that the dialect has something to say. */
    uint8_t pdu_bytes[260], request_bytes[8], pair_bytes[2 * HENG_MODBUS_FRAME_MAX];
    struct heng_buf pdu = heng_buf_of(pdu_bytes, sizeof pdu_bytes);
    struct heng_buf asked = heng_buf_of(request_bytes, sizeof request_bytes);
    struct heng_buf pair = heng_buf_of(pair_bytes, sizeof pair_bytes);
    uint8_t function = (uint8_t)(1 + data[0] % 4);
    struct heng_slice registers = {data + 1, (size - 1 < SHORT ? size - 1 : SHORT) & ~(size_t)1};
    uint16_t count = (uint16_t)(function <= 2 ? 8 * registers.n - data[0] % 8 : registers.n / 2);
    fuzz_require(heng_modbus_put_read(function, data[1] % 4, count, &asked) == HENG_OK);
    fuzz_require(heng_modbus_put_data(function, registers, &pdu) == HENG_OK);
    fuzz_require(heng_modbus_encode_rtu(9, heng_buf_slice(&asked), &pair) == HENG_OK);
    fuzz_require(heng_modbus_encode_rtu(9, heng_buf_slice(&pdu), &pair) == HENG_OK);
    if (printed) present_with_dialect(HENG_PROTOCOL_MODBUS_RTU, heng_buf_slice(&pair));

    struct heng_telegram request;
    size_t used;
    struct heng_slice first = heng_slice_of(pair_bytes, 8);
    bool has_request = heng_modbus_rtu_codec.decode(first, &request, &used, NULL) == HENG_OK;
    framed(heng_buf_slice(&pdu), has_request ? &request : NULL, printed);

    /* A captured frame as seed: take what lies between unit and CRC. */
    size_t n = size - 3 < 253 ? size - 3 : 253;
    framed(heng_slice_of(data + 1, n), has_request ? &request : NULL, printed);
    return 0;
}
