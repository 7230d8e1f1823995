/* What our encoders write, our decoders read back the same; seeded. */
#include "corpus.h"

#include "codec/cjt188.h"
#include "codec/mbus.h"

static struct seeded seed;

static void test_control_and_short_frames(void **state)
{
    (void)state;
    uint8_t bytes[16];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    static const uint8_t stated[] = {0xE5, 0x10, 0x7B, 0xFD, 0x78, 0x16};
    assert_int_equal(heng_mbus_encode_ack(&buf), HENG_OK);
    assert_int_equal(heng_mbus_encode_short(HENG_MBUS_C_REQ_UD2 | HENG_MBUS_C_FCB, 0xFD, &buf), HENG_OK);
    assert_int_equal(buf.n, sizeof stated);
    assert_memory_equal(bytes, stated, sizeof stated);
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_mbus_codec.decode(heng_buf_slice(&buf), &t, &used, NULL), HENG_OK);
    assert_int_equal(t.kind, HENG_TELEGRAM_ACK);
    assert_int_equal(used, 1);
    assert_int_equal(heng_mbus_codec.decode(heng_slice_from(heng_buf_slice(&buf), 1), &t, &used, NULL), HENG_OK);
    assert_int_equal(t.kind, HENG_TELEGRAM_SHORT);
    assert_int_equal(t.control, 0x7B);
    assert_int_equal(t.address, 0xFD);
    assert_false(t.from_meter);
}

static void test_mbus_answers_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint8_t data[252], bytes[300];
        struct heng_buf body = heng_buf_of(data, sizeof data), buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_mbus_secondary who = {.version = (uint8_t)seeded_next(&seed), .medium = 0x04};
        snprintf(who.id, sizeof who.id, "%08X", (unsigned)seeded_next(&seed));
        for (int i = 0; i < 3; i++) who.manufacturer[i] = (char)('A' + seeded_below(&seed, 26));
        uint8_t access = (uint8_t)seeded_next(&seed), address = (uint8_t)seeded_below(&seed, 251);
        assert_int_equal(heng_mbus_encode_header(&who, access, 0x04, &body), HENG_OK);
        int64_t values[20];
        size_t count = seeded_below(&seed, 20);
        static const uint8_t volume[] = {0x13}, energy[] = {0x06};
        for (size_t i = 0; i < count; i++) {
            bool bcd = seeded_below(&seed, 2);
            values[i] = bcd ? (int64_t)seeded_below(&seed, 100000000) : (int32_t)seeded_next(&seed);
            uint64_t raw = bcd ? heng_bcd_encode((uint64_t)values[i], 8) : (uint64_t)values[i];
            assert_int_equal(
                heng_mbus_encode_record(bcd ? 0x0C : 0x04, heng_slice_of(bcd ? volume : energy, 1), raw, 4, &body),
                HENG_OK);
        }
        assert_int_equal(
            heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, address, HENG_MBUS_CI_RSP_VARIABLE, heng_buf_slice(&body), &buf),
            HENG_OK);
        struct heng_telegram t;
        struct heng_record r;
        size_t used;
        assert_int_equal(heng_mbus_codec.decode(heng_buf_slice(&buf), &t, &used, NULL), HENG_OK);
        assert_int_equal(used, buf.n);
        assert_string_equal(t.id, who.id);
        assert_string_equal(t.manufacturer, who.manufacturer);
        assert_int_equal(t.version, who.version);
        assert_int_equal(t.access, access);
        assert_int_equal(t.address, address);
        assert_int_equal(t.medium, HENG_MEDIUM_HEAT);
        struct heng_records walk = heng_telegram_records(&t);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
            assert_true(r.dec.mantissa == values[i]);
        }
        assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_ENOTFOUND);
    }
}

static void test_times_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct heng_civil c = heng_us_to_civil((heng_us)(seeded_below(&seed, 2000000000)) * HENG_US_PER_S);
        uint8_t data[64], bytes[80];
        struct heng_buf body = heng_buf_of(data, sizeof data), buf = heng_buf_of(bytes, sizeof bytes);
        static const uint8_t datetime[] = {0x6D}, date[] = {0x6C};
        /* Type G has no century: 1981 .. 2080 only. */
        if (c.year < 1981) c.year = (int16_t)(c.year + 40);
        if (!heng_civil_valid(&c)) c.day = 1;
        assert_int_equal(
            heng_mbus_encode_record(0x04, heng_slice_of(datetime, 1), heng_mbus_encode_type_f(&c), 4, &body), HENG_OK);
        assert_int_equal(heng_mbus_encode_record(0x02, heng_slice_of(date, 1), heng_mbus_encode_type_g(&c), 2, &body),
                         HENG_OK);
        assert_int_equal(heng_mbus_encode_long(0x08, 1, 0x78, heng_buf_slice(&body), &buf), HENG_OK);
        struct heng_telegram t;
        struct heng_record r;
        size_t used;
        assert_int_equal(heng_mbus_codec.decode(heng_buf_slice(&buf), &t, &used, NULL), HENG_OK);
        struct heng_records walk = heng_telegram_records(&t);
        assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
        assert_int_equal(r.kind, HENG_VALUE_DATETIME);
        c.second = 0;
        assert_true(heng_civil_to_us(&r.civil) == heng_civil_to_us(&c));
        assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
        assert_int_equal(r.kind, HENG_VALUE_DATE);
        assert_int_equal(r.civil.year, c.year);
        assert_int_equal(r.civil.month, c.month);
        assert_int_equal(r.civil.day, c.day);
    }
}

static void test_cjt188_frames_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        uint8_t payload[252], bytes[300];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_cjt188_frame frame = {
            .type = (uint8_t)(0x10 + seeded_below(&seed, 0x40)),
            .control = 0x04,
            .ser = (uint8_t)seeded_next(&seed),
            .preamble = (uint8_t)seeded_below(&seed, 14),
            .di = 0xA015,
            .di_swapped = seeded_below(&seed, 2),
            .payload = {payload, seeded_below(&seed, sizeof payload + 1)},
        };
        for (size_t i = 0; i < sizeof payload; i++) payload[i] = (uint8_t)seeded_next(&seed);
        snprintf(frame.id, sizeof frame.id, "%014llX", (unsigned long long)(seeded_next(&seed) >> 8));
        assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_OK);
        struct heng_telegram t;
        size_t used;
        assert_int_equal(heng_cjt188_codec.decode(heng_buf_slice(&buf), &t, &used, NULL), HENG_OK);
        assert_int_equal(used, buf.n);
        assert_int_equal(t.frame.p - bytes, frame.preamble);
        assert_string_equal(t.id, frame.id);
        assert_int_equal(t.ci, frame.type);
        assert_int_equal(t.control, frame.control);
        assert_int_equal(t.ser, frame.ser);
        assert_int_equal(t.di, frame.di);
        assert_int_equal(t.di_swapped, frame.di_swapped);
        assert_true(heng_slice_eq(t.body, frame.payload));
    }
}

static void test_what_does_not_fit_leaves_the_buffer_alone(void **state)
{
    (void)state;
    uint8_t bytes[300], big[260] = {0};
    struct heng_cjt188_frame frame = {.type = 0x10, .control = 1, .di = 0x901F, .id = "00000000000001"};
    for (size_t cap = 0; cap < 21; cap++) {
        struct heng_buf buf = heng_buf_of(bytes, cap);
        if (cap < 1) assert_int_equal(heng_mbus_encode_ack(&buf), HENG_ELIMIT);
        if (cap < 5) assert_int_equal(heng_mbus_encode_short(0x40, 1, &buf), HENG_ELIMIT);
        if (cap < 9) assert_int_equal(heng_mbus_encode_long(0x53, 1, 0x51, heng_slice_of(big, 0), &buf), HENG_ELIMIT);
        if (cap < 16) assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_ELIMIT);
        if (cap < 12)
            assert_int_equal(
                heng_mbus_encode_header(&(struct heng_mbus_secondary){"12345678", "ABC", 1, 4}, 0, 0, &buf),
                HENG_ELIMIT);
        assert_int_equal(buf.n, 0);
        assert_false(buf.full);
    }
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_mbus_encode_long(0x53, 1, 0x51, heng_slice_of(big, 253), &buf), HENG_ELIMIT);
    frame.payload = heng_slice_of(big, 253);
    assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_ELIMIT);
    frame.payload.n = 0;
    static const char *const bad_ids[] = {"", "1234567890123", "1234567890123G"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(frame.id, sizeof frame.id, "%s", bad_ids[i]);
        assert_int_equal(heng_cjt188_encode(&frame, &buf), HENG_EFORMAT);
    }
    assert_int_equal(heng_mbus_encode_header(&(struct heng_mbus_secondary){"1234567X", "ABC", 1, 4}, 0, 0, &buf),
                     HENG_EFORMAT);
    assert_int_equal(heng_mbus_encode_header(&(struct heng_mbus_secondary){"12345678", "ab", 1, 4}, 0, 0, &buf),
                     HENG_EFORMAT);
    assert_int_equal(buf.n, 0);
}

static void test_media_and_types_go_both_ways(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++) {
        heng_medium medium = heng_mbus_medium((uint8_t)code);
        if (medium != HENG_MEDIUM_RESERVED) assert_int_equal(heng_mbus_device_type(medium), code);
    }
    assert_int_equal(heng_mbus_device_type(HENG_MEDIUM_DRINKING_WATER), 0x0F);
    static const uint8_t types[] = {0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x30, 0x40};
    for (size_t i = 0; i < sizeof types; i++)
        assert_int_equal(heng_cjt188_type(heng_cjt188_medium(types[i])), types[i]);
    assert_int_equal(heng_cjt188_type(HENG_MEDIUM_PRESSURE), 0x10);
    assert_int_equal(heng_cjt188_medium(0x25), HENG_MEDIUM_HEAT);
}

int main(void)
{
    seed = seeded_from_environment();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_and_short_frames),
        cmocka_unit_test(test_mbus_answers_come_back),
        cmocka_unit_test(test_times_come_back),
        cmocka_unit_test(test_cjt188_frames_come_back),
        cmocka_unit_test(test_what_does_not_fit_leaves_the_buffer_alone),
        cmocka_unit_test(test_media_and_types_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
