/* M-Bus frames and records that we write: known frames to the byte, and whatever is written is read back the same,
 * field by field; what is read and written again has the same bytes. Seeded. */
#include "corpus.h"

#include "codec/mbus.h"
#include "codec/present.h"

static struct seeded seed;

static void check_bytes(const struct heng_buf *buf, const char *hex)
{
    uint8_t bytes[300];
    struct heng_buf expected = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &expected, NULL), HENG_OK);
    assert_int_equal(buf->n, expected.n);
    assert_memory_equal(buf->p, bytes, expected.n);
}

static struct heng_telegram decoded(const struct heng_buf *buf)
{
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_mbus_codec.decode(heng_buf_slice(buf), &t, &used, NULL), HENG_OK);
    assert_int_equal(used, buf->n);
    assert_ptr_equal(t.frame.p, buf->p);
    return t;
}

/* Examples of the M-Bus user group's documentation (1997, sections 6.4 and 6.7), worked out by hand where it has
 * another address. */
static void test_commands_to_the_byte(void **state)
{
    (void)state;
    uint8_t bytes[300];
    struct heng_buf buf;
    const uint8_t ud = HENG_MBUS_C_SND_UD;
#define BYTES(call, hex)                                                                                               \
    do {                                                                                                               \
        buf = heng_buf_of(bytes, sizeof bytes);                                                                        \
        assert_int_equal(call, HENG_OK);                                                                               \
        check_bytes(&buf, hex);                                                                                        \
    } while (0)
    BYTES(heng_mbus_encode_short(HENG_MBUS_C_SND_NKE, 1, &buf), "10 40 01 41 16");
    BYTES(heng_mbus_encode_short(HENG_MBUS_C_REQ_UD1 | HENG_MBUS_C_FCB, 1, &buf), "10 7A 01 7B 16");
    BYTES(heng_mbus_encode_application_reset(ud, 0xFE, -1, &buf), "68 03 03 68 53 FE 50 A1 16");
    BYTES(heng_mbus_encode_application_reset(ud, 0xFE, 0x10, &buf), "68 04 04 68 53 FE 50 10 B1 16");
    BYTES(heng_mbus_encode_set_baud(ud, 0xFE, 9600, &buf), "68 03 03 68 53 FE BD 0E 16");
    BYTES(heng_mbus_encode_set_baud(ud, 1, 300, &buf), "68 03 03 68 53 01 B8 0C 16");
    BYTES(heng_mbus_encode_set_address(ud, 0xFE, 8, &buf), "68 06 06 68 53 FE 51 01 7A 08 25 16");
    BYTES(heng_mbus_encode_set_id(ud, 1, "01020304", &buf), "68 09 09 68 53 01 51 0C 79 04 03 02 01 34 16");
    const struct heng_mbus_secondary who = {"01020304", "PAD", 1, 4};
    BYTES(heng_mbus_encode_set_secondary(ud, 1, &who, &buf),
          "68 0D 0D 68 53 01 51 07 79 04 03 02 01 24 40 01 04 98 16");
    const struct heng_mbus_selection all = {.who = {"FFFFFFFF", "", 0xFF, 0xFF}},
                                     one = {.who = {"12345678", "", 0xFF, 0xFF}},
                                     enhanced = {.who = {"12345678", "PAD", 1, 6}, .fabrication = "01020304"};
    BYTES(heng_mbus_encode_select(ud, &all, &buf), "68 0B 0B 68 53 FD 52 FF FF FF FF FF FF FF FF 9A 16");
    BYTES(heng_mbus_encode_select(ud | HENG_MBUS_C_FCB, &one, &buf),
          "68 0B 0B 68 73 FD 52 78 56 34 12 FF FF FF FF D2 16");
    BYTES(heng_mbus_encode_select(ud, &enhanced, &buf),
          "68 11 11 68 53 FD 52 78 56 34 12 24 40 01 06 0C 78 04 03 02 01 AF 16");
    const struct heng_civil at = {2011, 8, 26, 20, 50, 31};
    BYTES(heng_mbus_encode_set_clock(ud, 1, &at, false, &buf), "68 09 09 68 53 01 51 04 6D 32 34 7A 18 0E 16");
    BYTES(heng_mbus_encode_set_clock(ud, 1, &at, true, &buf), "68 0B 0B 68 53 01 51 06 6D 1F 32 14 7A 18 00 0F 16");
    BYTES(heng_mbus_encode_error(1, 8, &buf), "68 04 04 68 08 01 70 08 81 16");
    BYTES(heng_mbus_encode_alarm(1, 4, &buf), "68 04 04 68 08 01 71 04 7E 16");
    const struct heng_mbus_fixed fixed = {"12345678", 0x0A, 0, 7, {0x29, 0x3E}, {1, 135}};
    BYTES(heng_mbus_encode_fixed(5, &fixed, &buf),
          "68 13 13 68 08 05 73 78 56 34 12 0A 00 E9 7E 01 00 00 00 35 01 00 00 3C 16");
#undef BYTES
}

static void random_digits(char *ret_text, size_t n)
{
    for (size_t i = 0; i < n; i++) ret_text[i] = "0123456789"[seeded_below(&seed, 10)];
    ret_text[n] = '\0';
}

static struct heng_mbus_secondary random_secondary(void)
{
    struct heng_mbus_secondary who = {.version = (uint8_t)seeded_next(&seed),
                                      .medium = (uint8_t)seeded_below(&seed, 0x40)};
    random_digits(who.id, 8);
    for (int i = 0; i < 3; i++) who.manufacturer[i] = (char)('A' + seeded_below(&seed, 26));
    return who;
}

/* The first record of a command. */
static struct heng_record only_record(const struct heng_telegram *t)
{
    struct heng_records walk = heng_telegram_records(t);
    struct heng_record r, none;
    assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
    assert_int_equal(heng_mbus_codec.next(&walk, &none, NULL), HENG_ENOTFOUND);
    return r;
}

static void test_commands_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        uint8_t bytes[64], address = (uint8_t)seeded_next(&seed), byte = (uint8_t)seeded_below(&seed, 251);
        uint8_t control = HENG_MBUS_C_SND_UD | (seeded_below(&seed, 2) ? HENG_MBUS_C_FCB : 0);
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_mbus_selection s = {.who = random_secondary()};
        if (seeded_below(&seed, 2)) random_digits(s.fabrication, 8);
        assert_int_equal(heng_mbus_encode_select(control, &s, &buf), HENG_OK);
        struct heng_telegram t = decoded(&buf);
        assert_int_equal(t.kind, HENG_TELEGRAM_SELECT);
        assert_int_equal(t.control, control);
        assert_int_equal(t.address, 0xFD);
        assert_string_equal(t.id, s.who.id);
        assert_string_equal(t.manufacturer, s.who.manufacturer);
        assert_int_equal(t.version, s.who.version);
        assert_int_equal(t.medium, heng_mbus_medium(s.who.medium));
        if (s.fabrication[0]) {
            struct heng_record r = only_record(&t);
            assert_int_equal(r.quantity, HENG_QUANTITY_FABRICATION_NUMBER);
            assert_int_equal(r.dec.mantissa, strtol(s.fabrication, NULL, 10));
        }

        buf = heng_buf_of(bytes, sizeof bytes);
        assert_int_equal(heng_mbus_encode_set_address(control, address, byte, &buf), HENG_OK);
        t = decoded(&buf);
        assert_int_equal(t.address, address);
        struct heng_record r = only_record(&t);
        assert_int_equal(r.quantity, HENG_QUANTITY_BUS_ADDRESS);
        assert_int_equal(r.dec.mantissa, byte);

        buf = heng_buf_of(bytes, sizeof bytes);
        assert_int_equal(heng_mbus_encode_set_id(control, address, s.who.id, &buf), HENG_OK);
        t = decoded(&buf);
        r = only_record(&t);
        assert_int_equal(r.quantity, HENG_QUANTITY_ENHANCED_ID);
        assert_int_equal(r.dec.mantissa, strtol(s.who.id, NULL, 10));

        struct heng_civil at = heng_us_to_civil((heng_us)(946684800 + seeded_below(&seed, 2000000000)) * HENG_US_PER_S);
        bool seconds = seeded_below(&seed, 2);
        buf = heng_buf_of(bytes, sizeof bytes);
        assert_int_equal(heng_mbus_encode_set_clock(control, address, &at, seconds, &buf), HENG_OK);
        t = decoded(&buf);
        r = only_record(&t);
        assert_int_equal(r.kind, HENG_VALUE_DATETIME);
        if (!seconds) at.second = 0;
        assert_true(heng_civil_to_us(&r.civil) == heng_civil_to_us(&at));
    }
}

static void test_fixed_data_come_back(void **state)
{
    (void)state;
    for (int round = 0; round < 3000; round++) {
        uint8_t bytes[64];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_mbus_fixed f = {.access = (uint8_t)seeded_next(&seed), .status = seeded_next(&seed) & 0x7E};
        random_digits(f.id, 8);
        f.medium = (uint8_t)seeded_below(&seed, 9);
        for (int i = 0; i < 2; i++) {
            f.unit[i] = (uint8_t)(0x26 + seeded_below(&seed, 9)); /* volume: 10^-6 m3 and up */
            f.counter[i] = (uint32_t)seeded_below(&seed, 100000000);
        }
        assert_int_equal(heng_mbus_encode_fixed(7, &f, &buf), HENG_OK);
        struct heng_telegram t = decoded(&buf);
        assert_int_equal(t.kind, HENG_TELEGRAM_FIXED);
        assert_string_equal(t.id, f.id);
        assert_int_equal(t.access, f.access);
        assert_int_equal(t.status, f.status);
        static const heng_medium media[] = {HENG_MEDIUM_OTHER,      HENG_MEDIUM_OIL,   HENG_MEDIUM_ELECTRICITY,
                                            HENG_MEDIUM_GAS,        HENG_MEDIUM_HEAT,  HENG_MEDIUM_STEAM,
                                            HENG_MEDIUM_WARM_WATER, HENG_MEDIUM_WATER, HENG_MEDIUM_HEAT_COST_ALLOCATOR};
        assert_int_equal(t.medium, media[f.medium]);
        struct heng_records walk = heng_telegram_records(&t);
        for (int i = 0; i < 2; i++) {
            struct heng_record r;
            assert_int_equal(heng_mbus_codec.next(&walk, &r, NULL), HENG_OK);
            assert_int_equal(r.quantity, HENG_QUANTITY_VOLUME);
            assert_int_equal(r.dec.mantissa, f.counter[i]);
            assert_int_equal(r.dec.exp, f.unit[i] - 0x26 - 6);
            assert_int_equal(r.storage, f.status & 2 ? 1 : 0);
        }
    }
}

/* A random length byte of coding 13 that is not reserved, and how many bytes it announces. */
static uint8_t random_length(size_t *ret_bytes)
{
    static const struct {
        uint8_t first, count;
    } ranges[] = {{0x00, 60}, {0xC0, 10}, {0xD0, 10}, {0xE0, 16}, {0xF0, 7}};
    size_t range = seeded_below(&seed, 5), i = seeded_below(&seed, ranges[range].count);
    *ret_bytes = i;
    if (range == 4) *ret_bytes = i == 6 ? 64 : i == 5 ? 48 : 16 + 4 * i;
    return (uint8_t)(ranges[range].first + i);
}

static const char *const vifs[] = {"13",       "06",       "5B",       "FD 48",       "FB 00",          "93 3B",
                                   "FD FD 02", "FD C8 7E", "83 FC 01", "7C 02 68 57", "FC 02 68 57 3B", "FF 05"};

static void test_registers_come_back(void **state)
{
    (void)state;
    static const uint8_t sizes[] = {0, 1, 2, 3, 4, 4, 6, 8, 0, 1, 2, 3, 4, 0, 6};
    for (int round = 0; round < 20000; round++) {
        uint8_t data[64], vif[16], body[128], bytes[160], again[128];
        struct heng_buf records = heng_buf_of(body, sizeof body), buf = heng_buf_of(bytes, sizeof bytes);
        struct heng_buf vif_buf = heng_buf_of(vif, sizeof vif), second = heng_buf_of(again, sizeof again);
        assert_int_equal(heng_hex_parse(heng_slice_str(vifs[seeded_below(&seed, 12)]), &vif_buf, NULL), HENG_OK);
        unsigned bits = (unsigned)seeded_below(&seed, 11); /* how many DIFEs, at most */
        struct heng_mbus_register in = {
            .function = (heng_function)seeded_below(&seed, 4),
            .storage = seeded_next(&seed) & ((UINT64_C(2) << 4 * bits) - 1),
            .tariff = (uint32_t)(seeded_next(&seed) & ((UINT64_C(1) << 2 * bits) - 1)),
            .subunit = (uint32_t)(seeded_next(&seed) & ((1u << bits) - 1)),
            .coding = (uint8_t)seeded_below(&seed, 15),
            .vif = heng_buf_slice(&vif_buf),
        };
        size_t n = sizes[in.coding];
        if (in.coding == 0x0D) in.length = random_length(&n);
        for (size_t i = 0; i < n; i++) data[i] = (uint8_t)seeded_next(&seed);
        in.data = heng_slice_of(data, n);
        assert_int_equal(heng_mbus_encode_register(&in, &records), HENG_OK);
        assert_int_equal(heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, 1, 0x78, heng_buf_slice(&records), &buf), HENG_OK);
        struct heng_telegram t = decoded(&buf);
        struct heng_record r = only_record(&t);
        assert_int_equal(r.function, in.function);
        assert_true(r.storage == in.storage);
        assert_int_equal(r.tariff, in.tariff);
        assert_int_equal(r.subunit, in.subunit);
        assert_true(heng_slice_eq(r.vif, in.vif));
        assert_true(heng_slice_eq(r.data, in.data));
        /* What was decoded, written again. */
        struct heng_mbus_register out = {r.function,         r.storage, r.tariff, r.subunit,
                                         t.body.p[0] & 0x0F, in.length, r.vif,    r.data};
        assert_int_equal(heng_mbus_encode_register(&out, &second), HENG_OK);
        assert_true(heng_slice_eq(heng_buf_slice(&second), t.body));
    }
}

static void test_the_shortest_chain_is_written(void **state)
{
    (void)state;
    static const struct {
        uint64_t storage;
        uint32_t tariff, subunit;
        const char *hex;
    } cases[] = {
        {0, 0, 0, "01 13 05"},
        {1, 0, 0, "41 13 05"},
        {2, 0, 0, "81 01 13 05"},
        {31, 3, 1, "C1 7F 13 05"},
        {32, 0, 0, "81 80 01 13 05"},
        {0, 4, 0, "81 80 10 13 05"},
        {0, 0, 2, "81 80 40 13 05"},
        {UINT64_C(0x1FFFFFFFFFF), 0xFFFFF, 0x3FF, "C1 FF FF FF FF FF FF FF FF FF 7F 13 05"},
    };
    static const uint8_t vif[] = {0x13}, data[] = {0x05};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[32];
        struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
        const struct heng_mbus_register r = {0, cases[i].storage, cases[i].tariff, cases[i].subunit, 1,
                                             0, {vif, 1},         {data, 1}};
        assert_int_equal(heng_mbus_encode_register(&r, &buf), HENG_OK);
        check_bytes(&buf, cases[i].hex);
    }
}

static void test_what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    static const uint8_t vif[] = {0x13, 0x93}, data[253] = {0x05};
    const struct heng_mbus_register good = {.coding = 1, .vif = {vif, 1}, .data = {data, 1}};
    struct heng_mbus_register bad[10];
    for (int i = 0; i < 10; i++) bad[i] = good;
    bad[0].storage = UINT64_C(1) << 41;
    bad[1].tariff = 1u << 20;
    bad[2].subunit = 1u << 10;
    bad[3].coding = 15;
    bad[4].function = HENG_FUNCTION_COUNT;
    bad[5].data.n = 2;
    bad[6].vif.n = 0;
    bad[7].vif.n = 2; /* a whole VIF and something behind it */
    bad[8].vif.p++;   /* announces a VIFE that is not there */
    bad[9].coding = 13, bad[9].length = 0xCA;
    uint8_t bytes[300];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    for (int i = 0; i < 10; i++) assert_int_equal(heng_mbus_encode_register(&bad[i], &buf), HENG_EFORMAT);

    const struct heng_civil late = {2081, 1, 1, 0, 0, 0}, early = {1999, 1, 1, 0, 0, 0}, never = {2023, 2, 29, 0, 0, 0};
    const struct heng_mbus_selection no_id = {.who = {"1234567", "", 0xFF, 0xFF}},
                                     no_maker = {.who = {"12345678", "ab", 0xFF, 0xFF}},
                                     no_number = {.who = {"12345678", "", 0xFF, 0xFF}, .fabrication = "123"};
    const struct heng_mbus_fixed fixed = {.id = "12345678", .unit = {5, 5}, .counter = {1, 2}};
    struct heng_mbus_fixed bad_fixed[6] = {fixed, fixed, fixed, fixed, fixed, fixed};
    bad_fixed[0].id[0] = 'x';
    bad_fixed[1].status = 0x01;
    bad_fixed[2].status = 0x80;
    bad_fixed[3].medium = 16;
    bad_fixed[4].unit[1] = 0x40;
    bad_fixed[5].counter[1] = 100000000;
    const struct heng_mbus_secondary long_maker = {"12345678", {'A', 'B', 'C', 'D'}, 1, 4};
    const heng_rc refused[] = {
        heng_mbus_encode_header(&long_maker, 0, 0, &buf),
        heng_mbus_encode_select(0x53, &no_id, &buf),
        heng_mbus_encode_select(0x53, &no_maker, &buf),
        heng_mbus_encode_select(0x53, &no_number, &buf),
        heng_mbus_encode_set_secondary(0x53, 1, &no_maker.who, &buf),
        heng_mbus_encode_set_secondary(0x53, 1, &no_number.who, &buf),
        heng_mbus_encode_application_reset(0x53, 1, -2, &buf),
        heng_mbus_encode_application_reset(0x53, 1, 256, &buf),
        heng_mbus_encode_set_address(0x53, 1, 251, &buf),
        heng_mbus_encode_set_id(0x53, 1, "1234567F", &buf),
        heng_mbus_encode_set_id(0x53, 1, "", &buf),
        heng_mbus_encode_set_clock(0x53, 1, &late, false, &buf),
        heng_mbus_encode_set_clock(0x53, 1, &early, true, &buf),
        heng_mbus_encode_set_clock(0x53, 1, &never, false, &buf),
        heng_mbus_encode_set_baud(0x53, 1, 115200, &buf),
        heng_mbus_encode_set_baud(0x53, 1, 0, &buf),
        heng_mbus_encode_fixed(1, &bad_fixed[0], &buf),
        heng_mbus_encode_fixed(1, &bad_fixed[1], &buf),
        heng_mbus_encode_fixed(1, &bad_fixed[2], &buf),
        heng_mbus_encode_fixed(1, &bad_fixed[3], &buf),
        heng_mbus_encode_fixed(1, &bad_fixed[4], &buf),
        heng_mbus_encode_fixed(1, &bad_fixed[5], &buf),
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (refused[i] != HENG_EFORMAT) fail_msg("call %zu: %s", i, heng_rc_name(refused[i]));
    assert_int_equal(heng_mbus_encode_record(0x07, heng_slice_of(vif, 1), 5, 9, &buf), HENG_ELIMIT);
    assert_int_equal(heng_mbus_encode_long(0x53, 1, 0x51, heng_slice_of(data, 253), &buf), HENG_ELIMIT);
    assert_int_equal(buf.n, 0);
    assert_false(buf.full);
    assert_true(heng_bcd_encode(1234567890123456789, 20) == 0x4567890123456789);
    assert_int_equal(heng_mbus_device_type(HENG_MEDIUM_RESERVED), 0x0F);
}

/* Every encoder with one byte less than it needs. */
static void test_small_buffers_are_left_alone(void **state)
{
    (void)state;
    static const uint8_t vif[] = {0x13}, data[] = {0x01, 0x05};
    const struct heng_mbus_register varying = {
        .storage = 2, .coding = 13, .length = 2, .vif = {vif, 1}, .data = {data, 2}};
    const struct heng_mbus_selection one = {.who = {"12345678", "PAD", 1, 6}};
    const struct heng_mbus_fixed fixed = {.id = "12345678", .unit = {5, 5}};
    const struct heng_civil at = {2024, 2, 29, 23, 59, 59};
    static const size_t needs[] = {1, 5, 9, 12, 17, 9, 12, 15, 19, 15, 17, 9, 10, 10, 25, 6, 4};
    for (size_t which = 0; which < sizeof needs / sizeof needs[0]; which++) {
        for (size_t cap = 0; cap <= needs[which]; cap++) {
            uint8_t bytes[32];
            struct heng_buf buf = heng_buf_of(bytes, cap);
            heng_rc rc = HENG_EBUG;
            switch (which) {
            case 0: rc = heng_mbus_encode_ack(&buf); break;
            case 1: rc = heng_mbus_encode_short(0x40, 1, &buf); break;
            case 2: rc = heng_mbus_encode_long(0x53, 1, 0x51, heng_slice_of(data, 0), &buf); break;
            case 3: rc = heng_mbus_encode_header(&one.who, 0, 0, &buf); break;
            case 4: rc = heng_mbus_encode_select(0x53, &one, &buf); break;
            case 5: rc = heng_mbus_encode_application_reset(0x53, 1, -1, &buf); break;
            case 6: rc = heng_mbus_encode_set_address(0x53, 1, 2, &buf); break;
            case 7: rc = heng_mbus_encode_set_id(0x53, 1, "12345678", &buf); break;
            case 8: rc = heng_mbus_encode_set_secondary(0x53, 1, &one.who, &buf); break;
            case 9: rc = heng_mbus_encode_set_clock(0x53, 1, &at, false, &buf); break;
            case 10: rc = heng_mbus_encode_set_clock(0x53, 1, &at, true, &buf); break;
            case 11: rc = heng_mbus_encode_set_baud(0x53, 1, 2400, &buf); break;
            case 12: rc = heng_mbus_encode_error(1, 8, &buf); break;
            case 13: rc = heng_mbus_encode_alarm(1, 8, &buf); break;
            case 14: rc = heng_mbus_encode_fixed(1, &fixed, &buf); break;
            case 15: rc = heng_mbus_encode_register(&varying, &buf); break;
            case 16: rc = heng_mbus_encode_record(0x02, heng_slice_of(vif, 1), 5, 2, &buf); break;
            }
            bool fits = cap == needs[which];
            if (rc != (fits ? HENG_OK : HENG_ELIMIT)) fail_msg("call %zu with %zu bytes: %d", which, cap, rc);
            assert_int_equal(buf.n, fits ? cap : 0);
            assert_false(buf.full);
        }
    }
}

int main(void)
{
    seed = seeded_from_environment();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_to_the_byte),          cmocka_unit_test(test_commands_come_back),
        cmocka_unit_test(test_fixed_data_come_back),          cmocka_unit_test(test_registers_come_back),
        cmocka_unit_test(test_the_shortest_chain_is_written), cmocka_unit_test(test_what_cannot_be_written_is_refused),
        cmocka_unit_test(test_small_buffers_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
