#ifndef HENG_FUZZ_DECODE_H
#define HENG_FUZZ_DECODE_H
/* What the codec targets do with their bytes: decode them raw and repaired, walk, print and explain them. */
#include "codec/present.h"

#include <stdlib.h>

static inline void fuzz_require(bool condition)
{
    if (!condition) abort();
}

static inline void fuzz_present(heng_protocol protocol, struct heng_slice in)
{
    struct heng_str out = {.max = 1 << 20}, fields = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&out), json_fields = heng_json_of(&fields);
    struct heng_capture capture;
    heng_capture_init(&capture, protocol, in);
    heng_present_json(&capture, NULL, &json);
    heng_present_fields(&capture, &json_fields);
    fuzz_require(out.rc == HENG_OK && fields.rc == HENG_OK);
    heng_str_fini(&out);
    heng_str_fini(&fields);
}

/* Decode the whole input as a stream: progress is made, results lie within the input, records within the body. */
static inline void fuzz_stream(heng_protocol protocol, struct heng_slice in)
{
    const struct heng_codec *codec = heng_codec_of(protocol);
    size_t at = 0;
    while (at < in.n) {
        struct heng_telegram t;
        struct heng_err err;
        size_t used = 0;
        heng_rc rc = codec->decode(heng_slice_from(in, at), &t, &used, &err);
        fuzz_require(used <= in.n - at);
        if (rc == HENG_MORE) break;
        fuzz_require(used >= 1);
        at += used;
        if (rc != HENG_OK) continue;
        fuzz_require(t.frame.p >= in.p && t.frame.p + t.frame.n <= in.p + at);
        fuzz_require(t.body.p >= t.frame.p && t.body.p + t.body.n <= t.frame.p + t.frame.n);
        struct heng_records records = heng_telegram_records(&t);
        struct heng_record record;
        uint32_t end = 0;
        while (codec->next(&records, &record, &err) == HENG_OK) {
            char qualifier[HENG_QUALIFIER_MAX];
            fuzz_require(record.at >= end && record.length > 0 && record.at + record.length <= t.frame.n);
            fuzz_require(record.quantity < HENG_QUANTITY_COUNT && record.unit < HENG_UNIT_COUNT);
            fuzz_require(record.kind != HENG_VALUE_NONE || record.reason);
            heng_record_qualifier(&record, qualifier);
            /* Bits of one Modbus register, and coils of one byte, share their bytes. */
            bool shared = protocol == HENG_PROTOCOL_MODBUS_RTU || protocol == HENG_PROTOCOL_MODBUS_TCP;
            end = record.at + (shared ? 0 : record.length);
        }
    }
}

#endif
