/* DL/T 645 on the line: framing under noise, the encoder, the tables behind the identifiers, dialects. */
#include "corpus.h"

#include "codec/dlt645.h"
#include "codec/dlt645/table.h"
#include "codec/present.h"

static struct corpus corpus;
static const char *const files[] = {"dlt645.tsv", "dlt645-made.tsv", "dlt645-made-functions.tsv"};
enum { FILES = sizeof files / sizeof files[0], BYTES_MAX = 600 };

static const struct heng_codec *codec_of(const struct row *row)
{
    return strcmp(row->protocol, "dlt645-1997") == 0 ? &heng_dlt645_1997_codec : &heng_dlt645_2007_codec;
}

static size_t encode(const char *id, uint8_t control, uint8_t preamble, struct heng_slice data, uint8_t *ret_bytes)
{
    struct heng_buf buf = heng_buf_of(ret_bytes, BYTES_MAX);
    struct heng_dlt645_frame frame = {.control = control, .preamble = preamble, .data = data};
    snprintf(frame.id, sizeof frame.id, "%s", id);
    assert_int_equal(heng_dlt645_encode(&frame, &buf), HENG_OK);
    return buf.n;
}

/* A read answer of the 2007 edition. */
static void answer(uint32_t di, struct heng_slice values, uint8_t *memory, struct heng_telegram *ret)
{
    uint8_t data[256];
    size_t used;
    struct heng_buf buf = heng_buf_of(data, sizeof data);
    heng_dlt645_put_di(&buf, HENG_PROTOCOL_DLT645_2007, di);
    heng_buf_put(&buf, values);
    size_t n = encode("000000000001", 0x91, 0, heng_buf_slice(&buf), memory);
    assert_int_equal(heng_dlt645_2007_codec.decode(heng_slice_of(memory, n), ret, &used, NULL), HENG_OK);
}

/* encode(decode(frame)) == frame, for every good golden frame. */
static void test_golden_frames_are_encoded_as_they_were(void **state)
{
    (void)state;
    unsigned frames = 0;
    for (size_t f = 0; f < FILES; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            const struct row *row = &corpus.rows[i];
            struct heng_telegram t;
            uint8_t data[256], again[BYTES_MAX];
            size_t used;
            if (codec_of(row)->decode(row_slice(row), &t, &used, NULL) != HENG_OK) continue;
            size_t preamble = (size_t)(t.frame.p - row->bytes), n = t.frame.n - 12;
            for (size_t k = 0; k < n; k++) data[k] = (uint8_t)(t.frame.p[10 + k] - HENG_DLT645_BIAS);
            assert_int_equal(encode(t.id, t.control, (uint8_t)preamble, heng_slice_of(data, n), again), row->n);
            assert_memory_equal(again, row->bytes, row->n);
            frames++;
        }
    }
    assert_true(frames > 250);
}

/* decode(encode(x)) == x, whatever x is; the frame is the largest thing in it, and its records lie within it. */
static void test_what_is_encoded_is_decoded(void **state)
{
    (void)state;
    struct seeded seed = seeded_from_environment();
    for (int round = 0; round < 20000; round++) {
        uint8_t data[255], bytes[BYTES_MAX];
        char id[13];
        size_t n = seeded_below(&seed, 256), used;
        uint8_t control = (uint8_t)seeded_next(&seed), preamble = (uint8_t)seeded_below(&seed, 5);
        for (size_t i = 0; i < n; i++) data[i] = (uint8_t)seeded_below(&seed, 256);
        snprintf(id, sizeof id, "%012llX", (unsigned long long)(seeded_next(&seed) >> 16));
        size_t whole = encode(id, control, preamble, heng_slice_of(data, n), bytes);
        struct heng_telegram t;
        const struct heng_codec *codec = round % 2 ? &heng_dlt645_2007_codec : &heng_dlt645_1997_codec;
        assert_int_equal(codec->decode(heng_slice_of(bytes, whole), &t, &used, NULL), HENG_OK);
        assert_int_equal(used, whole);
        assert_ptr_equal(t.frame.p, bytes + preamble);
        assert_string_equal(t.id, id);
        assert_int_equal(t.control, control);
        assert_int_equal(t.protocol, codec->protocol);
        struct heng_records records = heng_telegram_records(&t);
        struct heng_record record;
        uint32_t end = (uint32_t)(t.body.p - t.frame.p);
        heng_rc rc;
        while ((rc = heng_record_next(&records, &record, NULL)) == HENG_OK) {
            assert_int_equal(record.at, end);
            assert_true(record.length > 0);
            end += record.length;
        }
        assert_int_equal(rc, HENG_ENOTFOUND);
        if (t.kind != HENG_TELEGRAM_OTHER) assert_int_equal(end, t.body.p - t.frame.p + (ptrdiff_t)t.body.n);
    }
}

static void test_bad_orders_are_refused(void **state)
{
    (void)state;
    static const char *const ids[] = {"", "12345678901", "12345678901G", "G23456789012", "123456 89012"};
    uint8_t memory[300], data[256] = {0};
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    struct heng_dlt645_frame frame = {.control = 0x11, .data = {data, 4}};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        snprintf(frame.id, sizeof frame.id, "%s", ids[i]);
        assert_int_equal(heng_dlt645_encode(&frame, &buf), HENG_EFORMAT);
    }
    snprintf(frame.id, sizeof frame.id, "AAAAAAAAAAAA");
    frame.data.n = 256;
    assert_int_equal(heng_dlt645_encode(&frame, &buf), HENG_ELIMIT);
    frame.data.n = 4;
    buf.cap = 15;
    assert_int_equal(heng_dlt645_encode(&frame, &buf), HENG_ELIMIT);
    assert_int_equal(buf.n, 0);
    buf.cap = 16;
    assert_int_equal(heng_dlt645_encode(&frame, &buf), HENG_OK);
    assert_int_equal(buf.n, 16);
}

/* Any part of a frame at the end of the input waits for the rest; the bytes in front are given back. */
static void test_parts_of_frames_wait(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            const struct row *row = &corpus.rows[i];
            struct heng_telegram t;
            size_t used;
            if (codec_of(row)->decode(row_slice(row), &t, &used, NULL) != HENG_OK) continue;
            size_t preamble = (size_t)(t.frame.p - row->bytes);
            for (size_t n = 0; n < row->n; n++) {
                uint8_t *copy = malloc(n ? n : 1);
                assert_non_null(copy);
                memcpy(copy, row->bytes, n);
                assert_int_equal(codec_of(row)->decode(heng_slice_of(copy, n), &t, &used, NULL), HENG_MORE);
                assert_int_equal(used, n < preamble ? n : preamble);
                free(copy);
            }
        }
    }
}

/* Take frames out of bytes that come in chunks; returns how many there were. */
static size_t listen(struct heng_slice in, struct seeded *seed, size_t *ret_last_at)
{
    size_t fed = 0, taken = 0, found = 0;
    while (fed < in.n) {
        fed += seed ? 1 + seeded_below(seed, 7) : in.n;
        if (fed > in.n) fed = in.n;
        for (;;) {
            struct heng_telegram t;
            size_t used = 0;
            heng_rc rc = heng_dlt645_2007_codec.decode(heng_slice_of(in.p + taken, fed - taken), &t, &used, NULL);
            assert_true(used <= fed - taken);
            if (rc == HENG_OK) {
                found++;
                *ret_last_at = (size_t)(t.frame.p - in.p);
            }
            taken += used;
            if (rc == HENG_MORE) break;
            assert_true(used >= 1);
        }
    }
    return found;
}

/* A cut answer or a chance 68 .. 68 in front: the good frame behind is heard with its last byte, though the false
 * start claims more bytes than will ever come. */
static void test_a_false_start_swallows_nothing(void **state)
{
    (void)state;
    struct seeded seed = seeded_from_environment();
    static const uint8_t starts[][12] = {
        {0x68, 0x12, 0x00, 0x00, 0x00, 0x10, 0x20, 0x68, 0x91, 0xFF, 0x33, 0x32},
        {0x68, 0x68, 0x68, 0x68, 0x68, 0x68, 0x68, 0x68, 0x68, 0x68, 0x68, 0x68},
        {0xFE, 0xFE, 0x68, 0x01, 0x02, 0x68, 0x04, 0x05, 0x06, 0x68, 0xAA, 0xAA},
    };
    uint8_t bytes[BYTES_MAX], good[BYTES_MAX];
    size_t n = encode("202411110002", 0x91, 0, heng_slice_of("\x00\x00\x01\x00\x34\x12\x00\x00", 8), good);
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        for (size_t length = 1; length <= sizeof starts[0]; length++) {
            size_t at = SIZE_MAX;
            memcpy(bytes, starts[i], length);
            memcpy(bytes + length, good, n);
            assert_int_equal(listen(heng_slice_of(bytes, length + n), NULL, &at), 1);
            assert_int_equal(at, length);
            assert_int_equal(listen(heng_slice_of(bytes, length + n), &seed, &at), 1);
            assert_int_equal(at, length);
        }
    }
}

/* Frames, parts of frames and start bytes in any order and any chunks: the same frames as in one piece. */
static void test_chunks_do_not_matter(void **state)
{
    (void)state;
    struct seeded seed = seeded_from_environment();
    size_t heard = 0;
    for (int round = 0; round < 3000; round++) {
        uint8_t stream[2000];
        size_t n = 0, last = 0, last_chunked = 0;
        while (n < 1000) {
            uint8_t data[40], frame[BYTES_MAX];
            size_t length = seeded_below(&seed, 30);
            for (size_t i = 0; i < length; i++)
                data[i] = seeded_below(&seed, 4) ? (uint8_t)seeded_next(&seed) : 0x68 - HENG_DLT645_BIAS;
            size_t whole = encode("686868686868", seeded_below(&seed, 2) ? 0x91 : 0x68, (uint8_t)seeded_below(&seed, 3),
                                  heng_slice_of(data, length), frame);
            size_t part = seeded_below(&seed, 2) ? whole : seeded_below(&seed, whole);
            memcpy(stream + n, frame, part);
            n += part;
        }
        size_t found = listen(heng_slice_of(stream, n), NULL, &last);
        assert_int_equal(listen(heng_slice_of(stream, n), &seed, &last_chunked), found);
        assert_int_equal(last, last_chunked);
        heard += found;
    }
    assert_true(heard > 10000);
}

/* Nothing that a captured telegram says about a stop byte or sum is left open. */
static void test_errors_name_the_byte(void **state)
{
    (void)state;
    uint8_t bytes[BYTES_MAX];
    struct heng_telegram t;
    struct heng_err err = {0};
    size_t used = 0, n = encode("202411110002", 0x11, 2, heng_slice_of("\x00\x00\x01\x00", 4), bytes);
    bytes[n - 1] = 0x17;
    assert_int_equal(heng_dlt645_2007_codec.decode(heng_slice_of(bytes, n), &t, &used, &err), HENG_EFORMAT);
    assert_int_equal(err.at, n - 1);
    assert_int_equal(used, 3);
    bytes[n - 1] = 0x16;
    bytes[n - 2]++;
    assert_int_equal(heng_dlt645_2007_codec.decode(heng_slice_of(bytes, n), &t, &used, &err), HENG_ECHECKSUM);
    assert_int_equal(err.at, n - 2);
}

static void check_fields(const struct heng_dlt645_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct heng_record record = {.qualifier = fields[i].qualifier};
        char qualifier[HENG_QUALIFIER_MAX];
        assert_true(fields[i].quantity < HENG_QUANTITY_COUNT && fields[i].unit < HENG_UNIT_COUNT);
        assert_true(fields[i].bytes <= 8 || fields[i].coding == HENG_DLT645_TEXT);
        assert_true(fields[i].bytes > 0 || fields[i].coding == HENG_DLT645_RAW);
        heng_record_qualifier(&record, qualifier);
        assert_null(strchr(qualifier, '~')); /* not cut off */
        bool named = fields[i].coding == HENG_DLT645_WORD || fields[i].coding == HENG_DLT645_CODE;
        assert_int_equal(named, fields[i].flags != NULL);
    }
}

static void check_rows(const struct heng_dlt645_row *rows, size_t count,
                       bool (*plan)(uint32_t, struct heng_dlt645_plan *))
{
    for (size_t i = 0; i < count; i++) {
        struct heng_dlt645_plan found;
        assert_true(rows[i].first <= rows[i].last && rows[i].turns >= 1 && rows[i].count >= 1);
        if (i) assert_true(rows[i - 1].last < rows[i].first);
        check_fields(rows[i].fields, rows[i].count);
        /* No family of identifiers stands in front of the row. */
        assert_true(plan(rows[i].first, &found) && found.group == rows[i].fields);
        assert_true(plan(rows[i].last, &found) && found.group == rows[i].fields);
    }
}

static bool plan_1997(uint32_t di, struct heng_dlt645_plan *ret) { return heng_dlt645_plan_1997(di, 0, ret); }
static bool plan_2007(uint32_t di, struct heng_dlt645_plan *ret) { return heng_dlt645_plan_2007(di, 0, ret); }

static void test_tables_hold_together(void **state)
{
    (void)state;
    size_t count, known = 0;
    const struct heng_dlt645_row *rows = heng_dlt645_rows_2007(&count);
    check_rows(rows, count, plan_2007);
    rows = heng_dlt645_rows_1997(&count);
    check_rows(rows, count, plan_1997);
    /* Every identifier of 1997, and those of 2007 around everything that has a meaning. */
    for (uint32_t di = 0; di <= 0xFFFF; di++) {
        struct heng_dlt645_plan plan;
        if (heng_dlt645_plan_1997(di, 0, &plan)) check_fields(plan.group, plan.group_count);
    }
    static const uint8_t lows[] = {0x00, 0x01, 0x02, 0x0C, 0x3F, 0x40, 0xFF};
    for (uint32_t high = 0; high <= 0x23FF; high++) {
        for (size_t i = 0; i < sizeof lows * sizeof lows; i++) {
            struct heng_dlt645_plan plan;
            uint32_t di = high << 16 | (uint32_t)lows[i / sizeof lows] << 8 | lows[i % sizeof lows];
            if (!heng_dlt645_plan_2007(di, 0, &plan)) continue;
            known++;
            check_fields(plan.group, plan.group_count);
            for (unsigned k = 0; plan.names && k < plan.name_count; k++) {
                struct heng_dlt645_field field = plan.group[0];
                field.qualifier = plan.names[k];
                check_fields(&field, 1);
            }
            struct heng_dlt645_field field = plan.group[0];
            field.qualifier = plan.qualifier;
            check_fields(&field, 1);
        }
    }
    assert_true(known > 1500);
}

static void test_relay_command(void **state)
{
    (void)state;
    uint8_t data[32], bytes[BYTES_MAX];
    struct heng_buf buf = heng_buf_of(data, sizeof data);
    struct heng_dlt645_relay relay = {.level = 2,
                                      .password = {0x12, 0x34, 0x56},
                                      .operator_code = {0x78, 0x56, 0x34, 0x12},
                                      .action = 0x1A,
                                      .valid_until = {2026, 12, 31, 23, 59, 58}};
    heng_dlt645_put_relay(&buf, &relay);
    static const uint8_t expected[] = {0x02, 0x12, 0x34, 0x56, 0x78, 0x56, 0x34, 0x12,
                                       0x1A, 0x00, 0x58, 0x59, 0x23, 0x31, 0x12, 0x26};
    assert_int_equal(buf.n, sizeof expected);
    assert_memory_equal(data, expected, sizeof expected);

    struct heng_telegram t;
    size_t used, n = encode("202411110002", HENG_DLT645_C_RELAY, 4, heng_buf_slice(&buf), bytes);
    assert_int_equal(heng_dlt645_2007_codec.decode(heng_slice_of(bytes, n), &t, &used, NULL), HENG_OK);
    struct heng_records records = heng_telegram_records(&t);
    struct heng_record record;
    bool until = false, secret = false;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        if (record.quantity == HENG_QUANTITY_RELAY_ACTION) assert_string_equal(record.enumerated, "trip");
        if (record.quantity == HENG_QUANTITY_PASSWORD) {
            secret = true;
            assert_int_equal(record.kind, HENG_VALUE_NONE);
            assert_int_equal(record.data.n, 0); /* nobody can print it */
        }
        if (record.quantity == HENG_QUANTITY_VALID_UNTIL) {
            until = true;
            assert_true(heng_civil_to_us(&record.civil) == heng_civil_to_us(&relay.valid_until));
        }
    }
    assert_true(until && secret);
    assert_string_equal(heng_dlt645_relay_action(0x3B), "release power");
    assert_null(heng_dlt645_relay_action(0x00));
}

static void test_error_texts(void **state)
{
    (void)state;
    char text[160], small[8];
    assert_string_equal(heng_dlt645_error_text(0x02, text, sizeof text), "no such data");
    assert_string_equal(heng_dlt645_error_text(0x06, text, sizeof text), "no such data; password wrong");
    assert_string_equal(heng_dlt645_error_text(0x80, text, sizeof text), "");
    assert_string_equal(heng_dlt645_error_text(0xFF, text, sizeof text),
                        "other error; no such data; password wrong; baud fixed; too many zones; too many slots; too "
                        "many tariffs");
    assert_string_equal(heng_dlt645_error_text(0x06, small, sizeof small), "no such");
    assert_ptr_equal(heng_dlt645_error_text(0x06, small, 0), small);
}

static void expect(struct heng_records *records, uint32_t at, heng_value_kind kind, int64_t mantissa, int exp)
{
    struct heng_record record;
    assert_int_equal(heng_record_next(records, &record, NULL), HENG_OK);
    assert_int_equal(record.at, at);
    assert_int_equal(record.kind, kind);
    if (kind == HENG_VALUE_NONE) assert_non_null(record.reason);
    if (kind != HENG_VALUE_DEC) return;
    assert_int_equal(record.dec.mantissa, mantissa);
    assert_int_equal(record.dec.exp, exp);
}

#define FIELD(at, bytes, coding, exp, factor)                                                                          \
    {                                                                                                                  \
        0x00EE0001, at, bytes, 0, 3, HENG_CODING_##coding, HENG_WORD_ORDER_ABCD, exp, factor, at == 0, 0xFFFF,         \
            HENG_QUANTITY_VOLTAGE, HENG_UNIT_V, HENG_FUNCTION_INSTANTANEOUS, 1, 2, 3, "made"                           \
    }

/* A model's own fields: every coding, fields that lie outside, in each other, or cannot be. */
static void test_dialect_fields(void **state)
{
    (void)state;
    static const struct heng_field fields[] = {
        FIELD(0, 2, BCD, -1, 1),     FIELD(2, 2, BCD_SIGNED, 0, 2), FIELD(3, 2, BCD, 0, 1), /* overlaps */
        FIELD(4, 3, UNSIGNED, 1, 1), FIELD(7, 2, SIGNED, -2, 1),    FIELD(9, 4, FLOAT, 0, 1),
        FIELD(13, 1, BIT, 0, 1),     FIELD(14, 3, TEXT, 0, 1),      FIELD(17, 6, CLOCK, 0, 1),
        FIELD(23, 2, BYTES, 0, 1),   FIELD(25, 8, FLOAT, 0, 1),     FIELD(33, 9, BCD, 0, 1),
        FIELD(42, 1, CLOCK, 0, 1),   FIELD(43, 8, UNSIGNED, 0, 1),  FIELD(51, 4, FLOAT, 0, 1),
        FIELD(55, 1, COUNT, 0, 1),   FIELD(56, 4, BCD, 18, 1000),   FIELD(60, 8, BCD, 0, INT32_MAX),
        FIELD(68, 9, TEXT, 0, 1),    FIELD(77, 0, BCD, 0, 1),       FIELD(77, 1, FLOAT, 0, 1),
        FIELD(77, 2, BCD, 0, 1), /* behind the end */
    };
    static const uint8_t values[] = {
        0x01, 0x23, 0x05, 0x80, 0x00, 0x00, 0x01, 0xFE, 0xFF, 0x00, 0x00, 0x48, 0x41, 0x08, 'C',  'B',
        'A',  0x00, 0x30, 0x12, 0x20, 0x11, 0x26, 0xAB, 0xCD, 0,    0,    0,    0,    0,    0,    0x29,
        0x40, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x80, 0x7F, 0x00, 0x01, 0x00, 0x00, 0x00, 0x99, 0x99, 0x99, 0x99,
        0x99, 0x99, 0x99, 0x99, 'A',  'A',  'A',  'A',  'A',  'A',  'A',  'A',  'A',  0x01,
    };
    const struct heng_dialect dialect = {.fields = fields, .field_count = sizeof fields / sizeof fields[0]};
    uint8_t memory[BYTES_MAX];
    struct heng_telegram t;
    answer(0x00EE0001, heng_slice_of(values, sizeof values), memory, &t);
    t.dialect = &dialect;
    struct heng_records records = heng_telegram_records(&t);
    uint32_t body = (uint32_t)(t.body.p - t.frame.p);
    expect(&records, body + 0, HENG_VALUE_DEC, 2301, -1);
    expect(&records, body + 2, HENG_VALUE_DEC, -10, 0);
    expect(&records, body + 4, HENG_VALUE_DEC, 0x010000, 1);
    expect(&records, body + 7, HENG_VALUE_DEC, -2, -2);
    expect(&records, body + 9, HENG_VALUE_DEC, 125, -1);
    expect(&records, body + 13, HENG_VALUE_DEC, 1, 0);
    expect(&records, body + 14, HENG_VALUE_TEXT, 0, 0);
    expect(&records, body + 17, HENG_VALUE_DATETIME, 0, 0);
    expect(&records, body + 23, HENG_VALUE_BYTES, 0, 0);
    expect(&records, body + 25, HENG_VALUE_DEC, 125, -1);
    for (uint32_t i = 0; i < 4; i++) { /* BCD of 9 bytes, clock of 1, too large, infinite */
        static const uint32_t at[] = {33, 42, 43, 51};
        expect(&records, body + at[i], HENG_VALUE_NONE, 0, 0);
    }
    expect(&records, body + 55, HENG_VALUE_NONE, 0, 0);
    expect(&records, body + 56, HENG_VALUE_DEC, 1000, 18);
    expect(&records, body + 60, HENG_VALUE_NONE, 0, 0);
    expect(&records, body + 68, HENG_VALUE_TEXT, 0, 0);
    expect(&records, body + 77, HENG_VALUE_NONE, 0, 0); /* no float has one byte */
    struct heng_record record;
    assert_int_equal(heng_record_next(&records, &record, NULL), HENG_ENOTFOUND);
}

static void test_dialect_takes_the_place_of_the_table(void **state)
{
    (void)state;
    static const struct heng_field fields[] = {
        {.di = 0x00010000,
         .bytes = 4,
         .coding = HENG_CODING_BCD,
         .exp = 0,
         .factor = 1,
         .has_absent = true,
         .absent = 0xEEEEEEEE,
         .quantity = HENG_QUANTITY_ENERGY,
         .unit = HENG_UNIT_WH,
         .qualifier = "forward"},
    };
    const struct heng_dialect dialect = {.fields = fields, .field_count = 1};
    uint8_t memory[BYTES_MAX];
    struct heng_telegram t;
    answer(0x00010000, heng_slice_of("\x34\x12\x00\x00", 4), memory, &t);
    t.dialect = &dialect;
    struct heng_records records = heng_telegram_records(&t);
    expect(&records, 14, HENG_VALUE_DEC, 1234, 0);

    answer(0x00010000, heng_slice_of("\xEE\xEE\xEE\xEE", 4), memory, &t);
    t.dialect = &dialect;
    records = heng_telegram_records(&t);
    expect(&records, 14, HENG_VALUE_NONE, 0, 0);

    answer(0x00020000, heng_slice_of("\x34\x12\x00\x00", 4), memory, &t); /* another identifier: the standard's */
    t.dialect = &dialect;
    records = heng_telegram_records(&t);
    expect(&records, 14, HENG_VALUE_DEC, 1234, 1);

    answer(0x00010000, heng_slice_of("\x34\x12", 2), memory, &t); /* shorter than the field */
    t.dialect = &dialect;
    records = heng_telegram_records(&t);
    struct heng_record record;
    assert_int_equal(heng_record_next(&records, &record, NULL), HENG_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_frames_are_encoded_as_they_were),
        cmocka_unit_test(test_what_is_encoded_is_decoded),
        cmocka_unit_test(test_bad_orders_are_refused),
        cmocka_unit_test(test_parts_of_frames_wait),
        cmocka_unit_test(test_a_false_start_swallows_nothing),
        cmocka_unit_test(test_chunks_do_not_matter),
        cmocka_unit_test(test_errors_name_the_byte),
        cmocka_unit_test(test_tables_hold_together),
        cmocka_unit_test(test_relay_command),
        cmocka_unit_test(test_error_texts),
        cmocka_unit_test(test_dialect_fields),
        cmocka_unit_test(test_dialect_takes_the_place_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
