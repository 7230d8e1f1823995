/* Which protocol bytes speak, told from the bytes alone: golden frames of all protocols, whole and damaged. */
#include "corpus.h"

#include "codec/modbus.h"
#include "codec/present.h"

static struct corpus corpus;

static struct dirent **files;
static size_t file_count;

static bool is_modbus(heng_protocol p) { return p == HENG_PROTOCOL_MODBUS_RTU || p == HENG_PROTOCOL_MODBUS_TCP; }
static bool is_dlt645(heng_protocol p) { return p == HENG_PROTOCOL_DLT645_2007 || p == HENG_PROTOCOL_DLT645_1997; }

static heng_protocol recognise_hex(const char *hex)
{
    uint8_t bytes[600];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &buf, NULL), HENG_OK);
    return heng_codec_recognise(heng_buf_slice(&buf));
}

static void expect(const char *hex, heng_protocol protocol)
{
    heng_protocol said = recognise_hex(hex);
    if (said != protocol) fail_msg("%s: %s, not %s", hex, heng_protocol_text(said), heng_protocol_text(protocol));
}

static void test_golden_frames_say_their_protocol(void **state)
{
    (void)state;
    for (size_t f = 0; f < file_count; f++) {
        corpus_load(&corpus, files[f]->d_name);
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_capture capture;
            heng_protocol protocol = heng_codec_recognise(row_slice(&corpus.rows[i]));
            const char *said = heng_protocol_text(protocol);
            heng_capture_init(&capture, protocol, row_slice(&corpus.rows[i]));
            /* "cjt188-vendor-..." is cjt188 with something of its own. The rows of one edition of DL/T 645 also hold
             * functions of the other, whose meaning is "other" there, and 08, which both have. */
            bool both = is_dlt645(protocol) &&
                        (strncmp(corpus.rows[i].stated, "other|", 6) == 0 || capture.telegram.control == 0x08);
            size_t n = both ? strlen("dlt645") : strlen(said);
            if (strncmp(said, corpus.rows[i].protocol, n) != 0)
                fail_msg("%s row %zu: %s, not %s", files[f]->d_name, i + 1, said, corpus.rows[i].protocol);
        }
    }
}

/* One byte is wrong: the rest of the framing still tells, so that the error message is about the right protocol.
 * Which edition of DL/T 645 it is only the control byte can say; a Modbus frame has no framing but its check. */
static void test_one_damaged_byte_changes_nothing(void **state)
{
    (void)state;
    static const uint8_t flips[] = {0x01, 0x80, 0x55, 0xFF};
    unsigned tried = 0;
    for (size_t f = 0; f < file_count; f++) {
        corpus_load(&corpus, files[f]->d_name);
        for (size_t i = 0; i < corpus.count; i++) {
            struct row *row = &corpus.rows[i];
            struct heng_capture capture;
            heng_protocol right = heng_protocol_of(row->protocol);
            if (right == HENG_PROTOCOL_COUNT || is_modbus(right)) continue;
            heng_capture_init(&capture, right, row_slice(row));
            if (!capture.has_telegram || capture.telegram.kind == HENG_TELEGRAM_ACK) continue;
            for (size_t at = 0; at < row->n; at++) {
                for (size_t k = 0; k < sizeof flips; k++) {
                    row->bytes[at] ^= flips[k];
                    heng_protocol said = heng_codec_recognise(row_slice(row));
                    row->bytes[at] ^= flips[k];
                    tried++;
                    if (said == right || (is_dlt645(said) && is_dlt645(right))) continue;
                    fail_msg("%s row %zu, byte %zu ^ %02X: %s", files[f]->d_name, i + 1, at, flips[k],
                             heng_protocol_text(said));
                }
            }
        }
    }
    printf("# %u damaged frames\n", tried);
    assert_true(tried > 1000);
}

static void test_preamble_and_trailer_are_no_obstacle(void **state)
{
    (void)state;
    static const uint8_t fillers[] = {0xFE, 0xFF, 0x00};
    for (size_t f = 0; f < file_count; f++) {
        corpus_load(&corpus, files[f]->d_name);
        for (size_t i = 0; i < corpus.count; i++) {
            const struct row *row = &corpus.rows[i];
            heng_protocol right = heng_codec_recognise(row_slice(row));
            if (is_modbus(right)) continue;
            for (size_t k = 0; k < sizeof fillers; k++) {
                uint8_t bytes[ROW_BYTES_MAX + 13];
                memset(bytes, fillers[k], 13);
                memcpy(bytes + 13, row->bytes, row->n);
                heng_protocol said = heng_codec_recognise(heng_slice_of(bytes, row->n + 13));
                if (said != right) fail_msg("%s row %zu, %02X in front", files[f]->d_name, i + 1, fillers[k]);
            }
        }
    }
    expect("68 10 01 00 00 05 08 00 00 81 09 90 1F 00 00 23 01 00 00 FF E2 16 52 4F", HENG_PROTOCOL_CJT188);
}

/* Meters of DL/T 645 have been seen to send AA between the FE and their frame. */
static void test_aa_behind_fe_belongs_to_the_preamble(void **state)
{
    (void)state;
    expect("FE FE FE FE AA AA 68 12 00 00 00 10 20 68 D1 01 35 19 16", HENG_PROTOCOL_DLT645_2007);
    expect("FE AA 68 27 63 59 03 00 00 68 81 06 43 C3 7B 95 43 33 C9 16", HENG_PROTOCOL_DLT645_1997);
    /* One damaged byte, and cut off. */
    expect("FE FE AA AA 68 12 00 00 00 10 20 68 D1 01 34 19 16", HENG_PROTOCOL_DLT645_2007);
    expect("FE FE AA AA 68 12 00 00 00 10 20 68 D1 01", HENG_PROTOCOL_DLT645_2007);
}

static void test_frames_that_could_be_two(void **state)
{
    (void)state;
    expect("E5", HENG_PROTOCOL_MBUS);
    expect("10 5B FE 59 16", HENG_PROTOCOL_MBUS);
    /* The zeros and the length of Modbus TCP, but the CRC is right. */
    expect("01 03 00 00 00 02 C4 0B", HENG_PROTOCOL_MODBUS_RTU);
    expect("01 03 00 00 00 06 01 03 00 00 00 02", HENG_PROTOCOL_MODBUS_TCP);
    expect("00 00 00 00 00 06 01 04 00 00 00 01", HENG_PROTOCOL_MODBUS_TCP);
    /* Broadcast to unit 0: 00 is no preamble here. */
    expect("00 06 00 01 00 03 99 DA", HENG_PROTOCOL_MODBUS_RTU);
    /* A CJ/T 188 water meter of vendor 6801, whose 68 stands where DL/T 645 has its second start. */
    expect("68 10 01 00 00 05 08 68 01 01 03 90 1F 00 A2 16", HENG_PROTOCOL_CJT188);
    /* A DL/T 645 meter whose number begins like a water meter's type. */
    expect("68 10 00 00 00 10 20 68 11 04 33 33 34 33 F2 16", HENG_PROTOCOL_DLT645_2007);
    /* A DL/T 645 meter whose number is the head of an M-Bus frame, so that both sums are right. */
    expect("68 18 18 68 00 10 20 68 91 12 33 32 34 33 C3 45 33 33 53 33 33 93 33 33 33 33 33 33 F3 16",
           HENG_PROTOCOL_DLT645_2007);
    /* Device number FF, which servers have for themselves, behind a transaction that looks like unit and function. */
    expect("15 01 00 00 00 02 FF 11", HENG_PROTOCOL_MODBUS_TCP);
    expect("00 07 00 00 00 02 01 07", HENG_PROTOCOL_MODBUS_TCP);
}

/* A damaged RTU frame has nothing but its form, and still is one: its error tells what is wrong. */
static void test_damaged_modbus_frames(void **state)
{
    (void)state;
    expect("01 03 00 00 00 02 C5 0B", HENG_PROTOCOL_MODBUS_RTU);
    expect("01 03 00 00 00 02 00 11", HENG_PROTOCOL_MODBUS_RTU);
    expect("01 43 00 00 00 02 C4 0B", HENG_PROTOCOL_MODBUS_RTU);
    expect("01 83 02 C0 F0", HENG_PROTOCOL_MODBUS_RTU);
    expect("10 83 02 C0 F0", HENG_PROTOCOL_MODBUS_RTU);
    expect("1E 03 A2 AD 00 11 35 69", HENG_PROTOCOL_MODBUS_RTU);
    for (unsigned unit = 1; unit <= 247; unit++) {
        for (unsigned function = 3; function <= 4; function++) {
            uint8_t pdu[] = {(uint8_t)function, 0, 0, 0, 2}, bytes[8];
            struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
            assert_int_equal(heng_modbus_encode_rtu((uint8_t)unit, heng_slice_of(pdu, sizeof pdu), &buf), HENG_OK);
            for (size_t bit = 0; bit < 64; bit++) {
                struct heng_capture capture;
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                heng_protocol said = heng_codec_recognise(heng_buf_slice(&buf));
                heng_capture_init(&capture, said, heng_buf_slice(&buf));
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                if (said != HENG_PROTOCOL_MODBUS_RTU || capture.rc == HENG_OK)
                    fail_msg("unit %u, function %u, bit %zu: %s", unit, function, bit, heng_protocol_text(said));
            }
        }
    }
}

/* No flipped bit of any frame with a check is accepted as a frame of any protocol; a bit of the preamble or of what may
 * follow a CJ/T 188 frame is not of the frame. */
static void test_no_flipped_bit_is_accepted_as_anything(void **state)
{
    (void)state;
    unsigned flips = 0;
    for (size_t f = 0; f < file_count; f++) {
        corpus_load(&corpus, files[f]->d_name);
        for (size_t i = 0; i < corpus.count; i++) {
            struct row *row = &corpus.rows[i];
            struct heng_capture good, bad;
            heng_capture_init(&good, heng_codec_recognise(row_slice(row)), row_slice(row));
            if (!good.has_telegram || good.protocol == HENG_PROTOCOL_MODBUS_TCP) continue;
            for (size_t bit = 0; bit < 8 * row->n; bit++) {
                row->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                heng_capture_init(&bad, heng_codec_recognise(row_slice(row)), row_slice(row));
                row->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                flips++;
                bool inside = row->bytes + bit / 8 >= good.telegram.frame.p &&
                              row->bytes + bit / 8 < good.telegram.frame.p + good.telegram.frame.n;
                if (bad.rc == HENG_OK && (inside || bad.protocol != good.protocol))
                    fail_msg("%s row %zu: accepted as %s with bit %zu flipped", files[f]->d_name, i + 1,
                             heng_protocol_text(bad.protocol), bit);
            }
        }
    }
    printf("# %u single-bit errors\n", flips);
    assert_true(flips > 50000);
}

static void test_editions_of_dlt645(void **state)
{
    (void)state;
    /* 68 A(6) 68 C L data CS 16 for each function, both ways; data only where it decides. */
    static const uint8_t of_2007[] = {0x08, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C};
    static const uint8_t of_1997[] = {0x01, 0x02, 0x04, 0x0A, 0x0C, 0x0F, 0x10};
    for (size_t edition = 0; edition < 2; edition++) {
        size_t count = edition ? sizeof of_1997 : sizeof of_2007;
        for (size_t i = 0; i < count; i++) {
            uint8_t control = (edition ? of_1997 : of_2007)[i];
            for (unsigned refused = 0; refused < 2; refused++) {
                uint8_t frame[] = {0x68, 1,    0, 0,   0, 0, 0, 0x68, (uint8_t)(control | (refused ? 0xC0 : 0)),
                                   1,    0x35, 0, 0x16};
                for (size_t k = 0; k < 11; k++) frame[11] = (uint8_t)(frame[11] + frame[k]);
                heng_protocol said = heng_codec_recognise(heng_slice_of(frame, sizeof frame));
                if (said != (edition ? HENG_PROTOCOL_DLT645_1997 : HENG_PROTOCOL_DLT645_2007))
                    fail_msg("control %02X: %s", frame[8], heng_protocol_text(said));
            }
        }
    }
    /* 03: security with its own identifiers in 2007, "repeat" in 1997. */
    expect("68 01 00 00 00 00 00 68 03 00 D4 16", HENG_PROTOCOL_DLT645_1997);
    expect("68 01 00 00 00 00 00 68 03 04 32 33 33 3A AA 16", HENG_PROTOCOL_DLT645_2007);
    expect("68 01 00 00 00 00 00 68 C3 02 33 33 FC 16", HENG_PROTOCOL_DLT645_2007);
    expect("68 01 00 00 00 00 00 68 C3 01 34 C9 16", HENG_PROTOCOL_DLT645_1997);
}

static void test_a_request_and_its_answer(void **state)
{
    (void)state;
    expect("11 03 09 00 00 06 C4 C4 11 03 0C 00 00 00 7F 00 00 00 64 00 00 00 1B 96 8D", HENG_PROTOCOL_MODBUS_RTU);
    expect("00 01 00 00 00 06 01 04 00 00 00 01 00 01 00 00 00 05 01 04 02 01 02", HENG_PROTOCOL_MODBUS_TCP);
}

static void test_cut_off_frames(void **state)
{
    (void)state;
    expect("68 56 56 68 08 01 72 23 15", HENG_PROTOCOL_MBUS);
    expect("FE FE 68 10 88 05 27 10 15 20 00 01 03", HENG_PROTOCOL_CJT188);
    expect("FE FE FE FE 68 60 07 92 04 00 91 68 91 08 33", HENG_PROTOCOL_DLT645_2007);
    expect("68 95 32 06 00 00 00 68 81 06 43", HENG_PROTOCOL_DLT645_1997);
}

static void test_junk_is_the_default(void **state)
{
    (void)state;
    struct seeded seeded = seeded_from_environment();
    expect("", HENG_PROTOCOL_MBUS);
    expect("55 56 57", HENG_PROTOCOL_MBUS);
    expect("FE FE FE FE", HENG_PROTOCOL_MBUS);
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[64];
        size_t n = seeded_below(&seeded, sizeof bytes);
        for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)seeded_next(&seeded);
        if (n && seeded_below(&seeded, 2)) bytes[0] = 0x68;
        assert_true(heng_codec_recognise(heng_slice_of(bytes, n)) < HENG_PROTOCOL_COUNT);
    }
}

static void test_a_choice_of_protocols(void **state)
{
    (void)state;
    static const uint8_t ack[] = {0xE5}, old[] = {0x68, 1, 0, 0, 0, 0, 0, 0x68, 0x01, 0x02, 0x43, 0xC3, 0xDA, 0x16};
    const uint32_t dlt645 = 1u << HENG_PROTOCOL_DLT645_2007 | 1u << HENG_PROTOCOL_DLT645_1997;
    assert_int_equal(heng_codec_recognise_among(dlt645, heng_slice_of(old, sizeof old)), HENG_PROTOCOL_DLT645_1997);
    assert_int_equal(heng_codec_recognise_among(1u << HENG_PROTOCOL_DLT645_2007, heng_slice_of(old, sizeof old)),
                     HENG_PROTOCOL_DLT645_2007);
    assert_int_equal(heng_codec_recognise_among(dlt645, heng_slice_of(ack, 1)), HENG_PROTOCOL_DLT645_2007);
    assert_int_equal(heng_codec_recognise_among(1u << HENG_PROTOCOL_CJT188, heng_slice_of(ack, 1)),
                     HENG_PROTOCOL_CJT188);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_frames_say_their_protocol),
        cmocka_unit_test(test_one_damaged_byte_changes_nothing),
        cmocka_unit_test(test_preamble_and_trailer_are_no_obstacle),
        cmocka_unit_test(test_aa_behind_fe_belongs_to_the_preamble),
        cmocka_unit_test(test_frames_that_could_be_two),
        cmocka_unit_test(test_damaged_modbus_frames),
        cmocka_unit_test(test_no_flipped_bit_is_accepted_as_anything),
        cmocka_unit_test(test_editions_of_dlt645),
        cmocka_unit_test(test_a_request_and_its_answer),
        cmocka_unit_test(test_cut_off_frames),
        cmocka_unit_test(test_junk_is_the_default),
        cmocka_unit_test(test_a_choice_of_protocols),
    };
    file_count = corpus_files(&files);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    corpus_files_free(files, file_count);
    return failed;
}
