/* Every row of tests/golden/modbus.tsv and modbus-made.tsv: what it states, what is refused, what is encoded again. */
#include "corpus.h"

#include "codec/modbus.h"
#include "codec/present.h"

static struct corpus corpus;

static unsigned stated_hex(const struct row *row, const char *key, unsigned otherwise)
{
    char text[64];
    return row_states(row, key, text, sizeof text) ? (unsigned)strtoul(text, NULL, 16) : otherwise;
}

static void test_vectors_are_as_stated(void **state)
{
    (void)state;
    unsigned good = 0, bad = 0;
    corpus_load(&corpus, "modbus.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        struct heng_capture capture;
        char direction[16] = "";
        heng_capture_init(&capture, heng_protocol_of(row->protocol), row_slice(row));
        const struct heng_telegram *t = &capture.telegram;
        if (strstr(row->stated, "crc=BAD")) {
            assert_int_equal(capture.rc, HENG_ECHECKSUM);
            assert_int_equal(capture.err.at, row->n - 2);
            bad++;
            continue;
        }
        if (capture.rc != HENG_OK) fail_msg("row %zu: %s", i, capture.err.text);
        assert_int_equal(t->frame.n, row->n);
        assert_int_equal(t->address, stated_hex(row, "slave=", t->address));
        assert_int_equal(t->address, stated_hex(row, "unit=", t->address));
        assert_int_equal(t->control, stated_hex(row, "FC=", t->control));
        assert_int_equal(t->di, stated_hex(row, "addr=", t->di));
        assert_int_equal(t->count, stated_hex(row, "n=", t->count));
        assert_int_equal(t->transaction, stated_hex(row, "TID=", t->transaction));
        assert_true(row_states(row, "dir=", direction, sizeof direction));
        assert_int_equal(t->either_way, strcmp(direction, "req+resp") == 0);
        if (!t->either_way) assert_int_equal(t->from_meter, strcmp(direction, "resp") == 0);
        good++;
    }
    assert_int_equal(good, 17);
    assert_int_equal(bad, 2);
}

/* The AcuRev1312 pair: 1.27, 1.00 and 0.27 kWh, 32 bits from 0900h, 0.01 kWh each. */
static void test_registers_become_the_stated_energies(void **state)
{
    (void)state;
    static const char *const values[] = {"1270", "1000", "270"};
    struct heng_field fields[3];
    struct heng_dialect dialect = {.fields = fields, .field_count = 3};
    uint8_t bytes[64];
    corpus_load(&corpus, "modbus.tsv");
    const struct row *request = &corpus.rows[6], *answer = &corpus.rows[7];
    memcpy(bytes, request->bytes, request->n);
    memcpy(bytes + request->n, answer->bytes, answer->n);
    for (unsigned i = 0; i < 3; i++)
        fields[i] = (struct heng_field){.di = 0x0900 + 2 * i,
                                        .bytes = 4,
                                        .function_code = 3,
                                        .coding = HENG_CODING_UNSIGNED,
                                        .exp = 1,
                                        .factor = 1,
                                        .quantity = HENG_QUANTITY_ENERGY,
                                        .unit = HENG_UNIT_WH,
                                        .tariff = (uint16_t)i};
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MODBUS_RTU, heng_slice_of(bytes, request->n + answer->n));
    heng_capture_use(&capture, &dialect);
    assert_int_equal(capture.rc, HENG_OK);
    struct heng_records records = heng_telegram_records(&capture.telegram);
    struct heng_record record;
    for (unsigned i = 0; i < 3; i++) {
        char text[HENG_DEC_TEXT_MAX];
        assert_int_equal(heng_record_next(&records, &record, NULL), HENG_OK);
        heng_dec_format(record.dec, text);
        assert_string_equal(text, values[i]);
        assert_int_equal(record.tariff, i);
        assert_int_equal(record.quantity, HENG_QUANTITY_ENERGY);
    }
    assert_int_equal(heng_record_next(&records, &record, NULL), HENG_ENOTFOUND);
}

static void test_made_rows_have_their_json(void **state)
{
    (void)state;
    corpus_load(&corpus, "modbus-made.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        struct heng_str out = {.max = 1 << 16};
        struct heng_json json = heng_json_of(&out);
        struct heng_capture capture;
        heng_capture_init(&capture, heng_protocol_of(row->protocol), row_slice(row));
        heng_present_json(&capture, NULL, &json);
        if (strcmp(out.text, row->stated) != 0)
            fail_msg("row %zu (%s):\n%s\n%s", i, row->source, out.text, row->stated);
        heng_str_fini(&out);
    }
}

/* The objects of an identification answer, told again; their head is the seven bytes in front of the body. */
static heng_rc identify_again(const struct heng_telegram *t, struct heng_buf *buf)
{
    enum { OBJECTS_MAX = 120 };
    struct heng_modbus_object objects[OBJECTS_MAX];
    const uint8_t *head = t->body.p - 7;
    size_t count = 0;
    for (size_t at = 0; at < t->body.n && count < OBJECTS_MAX; at += 2 + objects[count++].text.n)
        objects[count] =
            (struct heng_modbus_object){t->body.p[at], heng_slice_of(t->body.p + at + 2, t->body.p[at + 1])};
    return heng_modbus_put_identified(head[2], head[3], t->more, head[5], objects, count, buf);
}

/* The PDU of a telegram, made again by the encoder from what the decoder says; empty for kinds it does not make. */
static struct heng_slice encode_again(const struct heng_telegram *t, struct heng_buf *buf)
{
    const uint8_t *p = t->body.p;
    bool answer = t->from_meter;
    heng_rc rc = HENG_EUNSUPPORTED;
    if (t->kind == HENG_TELEGRAM_OTHER) return (struct heng_slice){NULL, 0};
    if (t->kind == HENG_TELEGRAM_ERROR) {
        rc = heng_modbus_put_exception(t->control, t->error_code, buf);
    } else if (t->control <= HENG_MODBUS_READ_INPUT_REGISTERS && !answer) {
        rc = heng_modbus_put_read(t->control, (uint16_t)t->di, t->count, buf);
    } else if (t->control == HENG_MODBUS_WRITE_COIL || t->control == HENG_MODBUS_WRITE_REGISTER) {
        rc = heng_modbus_put_write_one(t->control, (uint16_t)t->di, (uint16_t)(p[0] << 8 | p[1]), buf);
    } else if (t->control == HENG_MODBUS_WRITE_COILS || t->control == HENG_MODBUS_WRITE_REGISTERS) {
        rc = answer ? heng_modbus_put_written(t->control, (uint16_t)t->di, t->count, buf)
                    : heng_modbus_put_write(t->control, (uint16_t)t->di, t->count, t->body, buf);
    } else if (t->control == HENG_MODBUS_READ_WRITE_REGISTERS && !answer) {
        rc = heng_modbus_put_read_write((uint16_t)t->di, t->count, (uint16_t)(p[-5] << 8 | p[-4]), t->body, buf);
    } else if (t->control != HENG_MODBUS_ENCAPSULATED && answer) {
        rc = heng_modbus_put_data(t->control, t->body, buf);
    } else if (t->control == HENG_MODBUS_ENCAPSULATED) {
        rc = answer ? identify_again(t, buf) : heng_modbus_put_identification(1, 0, buf);
    }
    return rc == HENG_OK ? heng_buf_slice(buf) : (struct heng_slice){NULL, 0};
}

static void test_good_frames_are_encoded_to_the_same_bytes(void **state)
{
    (void)state;
    static const char *const files[] = {"modbus.tsv", "modbus-made.tsv"};
    unsigned same = 0;
    for (size_t f = 0; f < 2; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            const struct row *row = &corpus.rows[i];
            const struct heng_codec *codec = heng_codec_of(heng_protocol_of(row->protocol));
            struct heng_telegram t;
            size_t used;
            uint8_t pdu_bytes[260], frame_bytes[260];
            struct heng_buf buf = heng_buf_of(pdu_bytes, sizeof pdu_bytes);
            struct heng_buf frame = heng_buf_of(frame_bytes, sizeof frame_bytes);
            if (codec->decode(row_slice(row), &t, &used, NULL) != HENG_OK) continue;
            struct heng_slice pdu = encode_again(&t, &buf);
            if (pdu.n == 0) continue;
            heng_rc rc = t.protocol == HENG_PROTOCOL_MODBUS_TCP
                             ? heng_modbus_encode_tcp(t.transaction, t.address, pdu, &frame)
                             : heng_modbus_encode_rtu(t.address, pdu, &frame);
            assert_int_equal(rc, HENG_OK);
            if (!heng_slice_eq(heng_buf_slice(&frame), t.frame)) fail_msg("%s row %zu differs", files[f], i);
            same++;
        }
    }
    printf("# %u frames encoded again\n", same);
    assert_true(same > 90);
}

/* Entries follow one another without a gap from the first byte to the last. */
static void test_every_byte_is_explained_once(void **state)
{
    (void)state;
    static struct heng_explained entries[HENG_EXPLAIN_ENTRIES_MAX];
    corpus_load(&corpus, "modbus-made.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        struct heng_capture capture;
        heng_capture_init(&capture, heng_protocol_of(row->protocol), row_slice(row));
        size_t count = heng_explain(&capture, entries, HENG_EXPLAIN_ENTRIES_MAX), at = 0;
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(entries[k].at, at);
            at += entries[k].length;
            if (capture.rc == HENG_OK && strcmp(entries[k].name, "rest") == 0) fail_msg("row %zu ends in a rest", i);
        }
        assert_int_equal(at, row->n);
        for (size_t cap = 0; cap < count && cap < 12; cap++)
            assert_int_equal(heng_explain(&capture, entries, cap), cap);
    }
}

static void assert_entry(const struct heng_explained *entry, uint32_t at, uint32_t length, const char *name,
                         const char *value, int32_t record)
{
    assert_int_equal(entry->at, at);
    assert_int_equal(entry->length, length);
    assert_string_equal(entry->name, name);
    assert_string_equal(entry->value, value);
    assert_int_equal(entry->record, record);
}

static void test_a_pair_is_explained_byte_by_byte(void **state)
{
    (void)state;
    struct heng_explained e[32];
    struct heng_field fields[] = {
        {.di = 2, .bytes = 2, .function_code = 3, .coding = HENG_CODING_BIT, .quantity = HENG_QUANTITY_RELAY_STATE},
        {.di = 2, .bytes = 2, .function_code = 3, .coding = HENG_CODING_BIT, .bit = 1, .quantity = HENG_QUANTITY_ALARM},
        {.di = 3,
         .bytes = 2,
         .function_code = 3,
         .coding = HENG_CODING_UNSIGNED,
         .factor = 1,
         .exp = -1,
         .quantity = HENG_QUANTITY_VOLTAGE,
         .unit = HENG_UNIT_V},
    };
    struct heng_dialect dialect = {.fields = fields, .field_count = 3};
    static const uint8_t answer[] = {3, 8, 0x12, 0x34, 0x00, 0x02, 0x08, 0xFC, 0xFF, 0xFF};
    uint8_t pdu[8], bytes[64];
    struct heng_buf buf = heng_buf_of(pdu, sizeof pdu), wire = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_modbus_put_read(3, 1, 4, &buf), HENG_OK);
    assert_int_equal(heng_modbus_encode_tcp(9, 5, heng_buf_slice(&buf), &wire), HENG_OK);
    assert_int_equal(heng_modbus_encode_tcp(9, 5, heng_slice_of(answer, sizeof answer), &wire), HENG_OK);
    struct heng_capture capture;
    heng_capture_init(&capture, HENG_PROTOCOL_MODBUS_TCP, heng_buf_slice(&wire));
    heng_capture_use(&capture, &dialect);
    assert_int_equal(capture.rc, HENG_OK);
    assert_int_equal(heng_explain(&capture, e, 32), 17);
    assert_entry(&e[0], 0, 2, "transaction", "9", -1);
    assert_entry(&e[1], 2, 2, "protocol id", "0000", -1);
    assert_entry(&e[2], 4, 2, "length", "6", -1);
    assert_entry(&e[3], 6, 1, "unit address", "5", -1);
    assert_entry(&e[4], 7, 1, "function", "03 read holding registers", -1);
    assert_entry(&e[5], 8, 2, "register address", "0001h", -1);
    assert_entry(&e[6], 10, 2, "quantity", "4", -1);
    assert_entry(&e[12], 20, 1, "byte count", "8", -1);
    assert_entry(&e[13], 21, 2, "register", "0001h = 4660", -1);
    assert_entry(&e[14], 23, 2, "relay state", "off, on", 0);
    assert_entry(&e[15], 25, 2, "voltage", "230.0 V", 2);
    assert_entry(&e[16], 27, 2, "register", "0004h = 65535", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_are_as_stated),
        cmocka_unit_test(test_registers_become_the_stated_energies),
        cmocka_unit_test(test_made_rows_have_their_json),
        cmocka_unit_test(test_good_frames_are_encoded_to_the_same_bytes),
        cmocka_unit_test(test_every_byte_is_explained_once),
        cmocka_unit_test(test_a_pair_is_explained_byte_by_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
