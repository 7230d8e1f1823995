/* Decode one meter frame and print what it says.
 *   cc decode.c $(pkg-config --cflags --libs heng) -o decode && ./decode "68 .. 16" */
#include <heng/heng.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    uint8_t bytes[512];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_err err;
    if (argc != 2 || heng_hex_parse(heng_slice_str(argv[1]), &buf, &err) != HENG_OK) {
        fprintf(stderr, "usage: decode 'HEX DIGITS OF ONE FRAME'\n");
        return 2;
    }
    struct heng_slice frame = heng_buf_slice(&buf);
    struct heng_capture capture;
    heng_capture_init(&capture, heng_codec_recognise(frame), frame);
    if (capture.rc != HENG_OK) {
        fprintf(stderr, "%s error at byte %u: %s\n", heng_rc_name(capture.rc), capture.err.at, capture.err.text);
        return 1;
    }
    const struct heng_telegram *t = &capture.telegram;
    printf("%s %s, meter '%s'\n", heng_protocol_text(t->protocol), heng_telegram_kind_text(t->kind), t->id);
    struct heng_records records = heng_telegram_records(t);
    struct heng_record record;
    while (heng_record_next(&records, &record, &err) == HENG_OK) {
        char value[HENG_EXPLAIN_VALUE_MAX];
        heng_record_summary(&record, t->bias, value, sizeof value);
        printf("%s: %s\n", heng_quantity_text(record.quantity), value);
    }
    return 0;
}
