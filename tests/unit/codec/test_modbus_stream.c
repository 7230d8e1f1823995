/* Modbus under bad weather: torn and glued frames, noise in front, flipped bits, lying lengths. */
#include "corpus.h"

#include "codec/modbus.h"

static struct corpus corpus;
static const char *const files[] = {"modbus.tsv", "modbus-made.tsv"};

enum { FILES = 2 };

/* The first frame of a row; false when the row is a bad one. */
static bool good_frame(const struct row *row, struct heng_slice *ret, const struct heng_codec **ret_codec)
{
    struct heng_telegram t;
    size_t used;
    *ret_codec = heng_codec_of(heng_protocol_of(row->protocol));
    if ((*ret_codec)->decode(row_slice(row), &t, &used, NULL) != HENG_OK) return false;
    *ret = t.frame;
    return true;
}

static void put(struct heng_buf *buf, const char *hex)
{
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), buf, NULL), HENG_OK);
}

/* Unit and PDU as hex, with its CRC. */
static void put_rtu(struct heng_buf *buf, const char *hex)
{
    size_t start = buf->n;
    put(buf, hex);
    heng_buf_le(buf, heng_modbus_crc(heng_slice_of(buf->p + start, buf->n - start)), 2);
}

static void test_no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    unsigned flips = 0;
    for (size_t f = 0; f < FILES; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            const struct heng_codec *codec;
            struct heng_slice frame;
            uint8_t bytes[ROW_BYTES_MAX];
            if (!good_frame(&corpus.rows[i], &frame, &codec) || codec != &heng_modbus_rtu_codec) continue;
            memcpy(bytes, frame.p, frame.n);
            for (size_t bit = 0; bit < 8 * frame.n; bit++) {
                struct heng_telegram t;
                size_t used;
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                heng_rc rc = codec->decode(heng_slice_of(bytes, frame.n), &t, &used, NULL);
                heng_rc answer_rc = codec->decode_answer(heng_slice_of(bytes, frame.n), &t, &used, NULL);
                if (rc == HENG_OK || answer_rc == HENG_OK)
                    fail_msg("%s row %zu: accepted with bit %zu flipped", files[f], i, bit);
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                flips++;
            }
        }
    }
    printf("# %u single-bit errors, none accepted\n", flips);
    assert_true(flips > 4000);
}

static void test_no_truncated_frame_is_accepted(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            const struct heng_codec *codec;
            struct heng_slice frame;
            if (!good_frame(&corpus.rows[i], &frame, &codec)) continue;
            for (size_t n = 0; n < frame.n; n++) {
                uint8_t *copy = malloc(n ? n : 1); /* its own allocation, so that one byte too much is seen */
                assert_non_null(copy);
                memcpy(copy, frame.p, n);
                struct heng_telegram t;
                size_t used = 1;
                assert_int_equal(codec->decode(heng_slice_of(copy, n), &t, &used, NULL), HENG_MORE);
                assert_int_equal(used, 0);
                free(copy);
            }
        }
    }
}

enum { STREAM_MAX = 1 << 14, FOUND_MAX = 512 };

/* Which frames a stream holds: where they end and how long they are. */
struct found {
    size_t end[FOUND_MAX], length[FOUND_MAX], count;
};

typedef heng_rc decode_fn(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err);

/* Feed the stream in chunks of at most `most` bytes as a line does; 0: all at once. */
static void feed(decode_fn *decode, struct seeded *seed, struct heng_slice stream, size_t most, struct found *ret)
{
    static uint8_t window[STREAM_MAX];
    size_t fed = 0, held = 0, dropped = 0;
    ret->count = 0;
    while (fed < stream.n) {
        size_t chunk = most ? 1 + seeded_below(seed, most) : stream.n;
        if (chunk > stream.n - fed) chunk = stream.n - fed;
        memcpy(window + held, stream.p + fed, chunk);
        held += chunk;
        fed += chunk;
        heng_rc rc = HENG_OK;
        while (rc != HENG_MORE) {
            struct heng_telegram t;
            size_t used = 0;
            rc = decode(heng_slice_of(window, held), &t, &used, NULL);
            assert_true(used <= held && (rc == HENG_MORE || used >= 1));
            dropped += used;
            if (rc == HENG_OK) {
                assert_true(ret->count < FOUND_MAX);
                ret->end[ret->count] = dropped;
                ret->length[ret->count++] = t.frame.n;
            }
            memmove(window, window + used, held - used);
            held -= used;
        }
    }
}

/* Good and bad rows, and noise between them that may well look like the start of a frame. */
static size_t build_stream(heng_protocol protocol, struct seeded *seed, uint8_t *bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        if (heng_protocol_of(row->protocol) != protocol) continue;
        for (size_t k = seeded_below(seed, 6); k > 0; k--) bytes[n++] = (uint8_t)(seeded_next(seed) >> 60);
        assert_true(n + row->n < STREAM_MAX);
        memcpy(bytes + n, row->bytes, row->n);
        n += row->n;
    }
    return n;
}

static void test_any_chunking_gives_the_same_frames(void **state)
{
    (void)state;
    static uint8_t bytes[STREAM_MAX];
    static struct found whole, torn;
    struct seeded seed = seeded_from_environment();
    decode_fn *const decoders[] = {heng_modbus_rtu_codec.decode, heng_modbus_rtu_codec.decode_answer,
                                   heng_modbus_tcp_codec.decode, heng_modbus_tcp_codec.decode_answer};
    size_t frames = 0;
    corpus_load(&corpus, "modbus-made.tsv");
    for (int round = 0; round < 25; round++) {
        for (size_t d = 0; d < 4; d++) {
            heng_protocol protocol = d < 2 ? HENG_PROTOCOL_MODBUS_RTU : HENG_PROTOCOL_MODBUS_TCP;
            struct heng_slice stream = heng_slice_of(bytes, build_stream(protocol, &seed, bytes));
            feed(decoders[d], &seed, stream, 0, &whole);
            feed(decoders[d], &seed, stream, 1 + seeded_below(&seed, 40), &torn);
            assert_int_equal(torn.count, whole.count);
            assert_memory_equal(torn.end, whole.end, whole.count * sizeof whole.end[0]);
            assert_memory_equal(torn.length, whole.length, whole.count * sizeof whole.length[0]);
            frames += whole.count;
        }
    }
    printf("# %zu frames found twice\n", frames);
    assert_true(frames > 1000);
}

/* Frames that follow one another directly are all found, by decode both ways, by decode_answer the answers. */
static void test_glued_frames_are_all_found(void **state)
{
    (void)state;
    static uint8_t bytes[STREAM_MAX];
    static struct found found;
    static const heng_protocol protocols[] = {HENG_PROTOCOL_MODBUS_RTU, HENG_PROTOCOL_MODBUS_TCP};
    struct seeded seed = seeded_from_environment();
    for (size_t k = 0; k < 2; k++) {
        const struct heng_codec *codec = heng_codec_of(protocols[k]);
        size_t n = 0, sent = 0, answers = 0, answered = 0;
        corpus_load(&corpus, "modbus-made.tsv");
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_telegram t;
            size_t used;
            const struct row *row = &corpus.rows[i];
            if (heng_protocol_of(row->protocol) != protocols[k]) continue;
            if (codec->decode(row_slice(row), &t, &used, NULL) != HENG_OK || used != row->n) continue;
            if (t.from_meter) {
                memcpy(bytes + STREAM_MAX / 2 + answers, row->bytes, row->n);
                answers += row->n;
                answered++;
            }
            memcpy(bytes + n, row->bytes, row->n);
            n += row->n;
            sent++;
            assert_true(n < STREAM_MAX / 2);
        }
        feed(codec->decode, &seed, heng_slice_of(bytes, n), 7, &found);
        assert_int_equal(found.count, sent);
        feed(codec->decode_answer, &seed, heng_slice_of(bytes + STREAM_MAX / 2, answers), 7, &found);
        assert_int_equal(found.count, answered);
        assert_true(answered >= 10);
    }
}

/* Up to three stray bytes in front of an answer do not keep it waiting, whatever they look like. */
static void test_an_answer_is_found_behind_stray_bytes(void **state)
{
    (void)state;
    static const char *const answers[] = {"01 03 02 12 34",       "02 04 02 00 01", "01 83 02",
                                          "01 06 00 01 00 03",    "03 01 01 05",    "04 03 04 00 00 01 00",
                                          "01 10 00 01 00 02",    "FE 03 02 00 01", "00 03 02 00 01",
                                          "01 17 04 00 01 00 02", "01 11 02 B4 FF", "01 05 00 AC FF 00"};
    static const char *const strays[] = {"00",    "FF",    "FE", "00 00", "FF 00",    "FF FF FF", "00 01",
                                         "01 03", "01 01", "2B", "01 10", "04 04 FA", "7E 5A",    "01 01 01"};
    for (size_t a = 0; a < sizeof answers / sizeof answers[0]; a++) {
        for (size_t s = 0; s < sizeof strays / sizeof strays[0]; s++) {
            uint8_t bytes[32];
            struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
            put(&buf, strays[s]);
            size_t start = buf.n;
            put_rtu(&buf, answers[a]);
            size_t at = 0, used = 0;
            struct heng_telegram t;
            heng_rc rc;
            while ((rc = heng_modbus_rtu_codec.decode_answer(heng_slice_of(bytes + at, buf.n - at), &t, &used, NULL)) !=
                   HENG_MORE) {
                at += used;
                if (rc == HENG_OK) break;
            }
            if (rc != HENG_OK || t.frame.p != bytes + start || at != buf.n)
                fail_msg("'%s' is not found behind '%s'", answers[a], strays[s]);
            assert_true(t.from_meter);
        }
    }
}

/* A stray byte makes a function of the unit behind it, whose frame ends before the right one does. That one is found
 * at once, for it is there, and nothing is called damaged. */
static void test_a_stray_byte_in_front_of_any_unit_is_no_checksum_error(void **state)
{
    (void)state;
    static const char *const strays[] = {"00", "FE", "FF", "00 00", "FE 00", "00 00 00"};
    static const char *const answers[] = {"03 04 00 12 D6 87", "04 02 00 01", "01 03 00 01 02", "06 00 01 00 03",
                                          "83 02"};
    for (unsigned unit = 0; unit <= 247; unit++) {
        for (size_t k = 0; k < 30; k++) {
            uint8_t bytes[32];
            struct heng_buf buf = heng_buf_of(bytes, sizeof bytes), pdu = heng_buf_of(bytes + 16, 16);
            put(&buf, strays[k % 6]);
            put(&pdu, answers[k / 6]);
            size_t start = buf.n, used;
            uint8_t frame[16];
            struct heng_buf one = heng_buf_of(frame, sizeof frame);
            struct heng_telegram t;
            assert_int_equal(heng_modbus_encode_rtu((uint8_t)unit, heng_buf_slice(&pdu), &one), HENG_OK);
            memcpy(bytes + start, frame, one.n);
            struct heng_slice in = heng_slice_of(bytes, start + one.n);
            heng_rc rc = heng_modbus_rtu_codec.decode_answer(in, &t, &used, NULL);
            if (rc != HENG_OK || t.frame.p != bytes + start || used != in.n)
                fail_msg("unit %u, '%s' behind '%s'", unit, answers[k / 6], strays[k % 6]);
        }
    }
}

static void test_requests_are_noise_to_who_waits_for_an_answer(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_telegram t;
    size_t used;
    put_rtu(&buf, "01 03 00 00 00 01");
    put_rtu(&buf, "01 03 02 00 07");
    size_t at = 0;
    heng_rc rc;
    while ((rc = heng_modbus_rtu_codec.decode_answer(heng_slice_of(bytes + at, buf.n - at), &t, &used, NULL)) !=
               HENG_OK &&
           rc != HENG_MORE)
        at += used;
    assert_int_equal(rc, HENG_OK);
    assert_true(t.frame.p == bytes + 8);

    buf = heng_buf_of(bytes, sizeof bytes);
    put(&buf, "0001 0000 0006 01 03 0000 0001");
    assert_int_equal(heng_modbus_tcp_codec.decode_answer(heng_buf_slice(&buf), &t, &used, NULL), HENG_MORE);
    assert_int_equal(used, buf.n);
    put(&buf, "0001 0000 0005 01 03 02 0007");
    assert_int_equal(heng_modbus_tcp_codec.decode_answer(heng_buf_slice(&buf), &t, &used, NULL), HENG_OK);
    assert_int_equal(used, buf.n);
    assert_true(t.from_meter && t.frame.n == 11);
}

/* What looks like the start of a longer frame can hide others for as long as the longest frame; not longer. */
static void test_a_damaged_frame_hides_the_next_ones_for_one_frame_at_most(void **state)
{
    (void)state;
    enum { RTU_MAX = 256, BEHIND = 2 * RTU_MAX };
    static uint8_t bytes[ROW_BYTES_MAX + BEHIND + ROW_BYTES_MAX];
    unsigned at_once = 0, tried = 0;
    for (size_t f = 0; f < FILES; f++) {
        corpus_load(&corpus, files[f]);
        for (size_t i = 0; i < corpus.count; i++) {
            const struct heng_codec *codec;
            struct heng_slice frame;
            if (!good_frame(&corpus.rows[i], &frame, &codec) || codec != &heng_modbus_rtu_codec) continue;
            size_t n = 0, at = 0, used = 0, first = 0;
            for (; n < BEHIND + frame.n; n += frame.n) memcpy(bytes + n, frame.p, frame.n);
            bytes[frame.n - 2] ^= 0x01;
            heng_rc rc = HENG_OK;
            while (rc != HENG_MORE && first == 0) {
                struct heng_telegram t;
                rc = codec->decode(heng_slice_of(bytes + at, n - at), &t, &used, NULL);
                if (rc == HENG_OK && (size_t)(t.frame.p - bytes) % frame.n == 0 && t.frame.n == frame.n)
                    first = (size_t)(t.frame.p - bytes);
                at += used;
            }
            if (first == 0 || first > frame.n + RTU_MAX) fail_msg("%s row %zu hides what follows", files[f], i);
            at_once += first == frame.n;
            tried++;
        }
    }
    printf("# %u of %u damaged frames hide nothing\n", at_once, tried);
    assert_true(at_once >= tried / 2);
}

/* Headers that are wrong are skipped up to the next one that can be right. */
static void test_tcp_finds_the_next_header(void **state)
{
    (void)state;
    uint8_t bytes[64];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_telegram t;
    struct heng_err err;
    size_t used;
    put(&buf, "FF FF 12 34 56 78 9A 0001 0000 0006 01 03 0000 0001");
    assert_int_equal(heng_modbus_tcp_codec.decode(heng_buf_slice(&buf), &t, &used, &err), HENG_EFORMAT);
    assert_int_equal(err.at, 2);
    assert_int_equal(used, 7);
    assert_int_equal(heng_modbus_tcp_codec.decode(heng_slice_from(heng_buf_slice(&buf), used), &t, &used, &err),
                     HENG_OK);
    assert_int_equal(t.transaction, 1);

    /* Too few bytes to say more than that they are noise. */
    buf = heng_buf_of(bytes, sizeof bytes);
    put(&buf, "00 01 7F");
    assert_int_equal(heng_modbus_tcp_codec.decode(heng_buf_slice(&buf), &t, &used, &err), HENG_MORE);
    assert_int_equal(used, 1);

    /* A frame that is wrong inside goes as a whole: its length is what the socket goes by. */
    buf = heng_buf_of(bytes, sizeof bytes);
    put(&buf, "0001 0000 0005 01 03 04 0007 0002 0000 0005 01 03 02 0007");
    assert_int_equal(heng_modbus_tcp_codec.decode(heng_buf_slice(&buf), &t, &used, &err), HENG_EFORMAT);
    assert_int_equal(err.at, 8);
    assert_int_equal(used, 11);
}

/* Every length field of every good frame takes every value: nothing is read behind the end, nothing hangs. */
static void test_lying_lengths_end_somewhere(void **state)
{
    (void)state;
    corpus_load(&corpus, "modbus-made.tsv");
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        const struct heng_codec *codec = heng_codec_of(heng_protocol_of(row->protocol));
        uint8_t *copy = malloc(row->n);
        assert_non_null(copy);
        memcpy(copy, row->bytes, row->n);
        for (size_t k = 0; k < row->n && k < 14; k++) {
            for (unsigned value = 0; value < 256; value++) {
                size_t at = 0, used = 0;
                heng_rc rc = HENG_OK;
                copy[k] = (uint8_t)value;
                while (rc != HENG_MORE) {
                    struct heng_telegram t;
                    rc = codec->decode(heng_slice_of(copy + at, row->n - at), &t, &used, NULL);
                    at += used;
                    assert_true(at <= row->n && (rc == HENG_MORE || used >= 1));
                }
            }
            copy[k] = row->bytes[k];
        }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_flipped_bit_is_accepted),
        cmocka_unit_test(test_no_truncated_frame_is_accepted),
        cmocka_unit_test(test_any_chunking_gives_the_same_frames),
        cmocka_unit_test(test_glued_frames_are_all_found),
        cmocka_unit_test(test_an_answer_is_found_behind_stray_bytes),
        cmocka_unit_test(test_a_stray_byte_in_front_of_any_unit_is_no_checksum_error),
        cmocka_unit_test(test_requests_are_noise_to_who_waits_for_an_answer),
        cmocka_unit_test(test_a_damaged_frame_hides_the_next_ones_for_one_frame_at_most),
        cmocka_unit_test(test_tcp_finds_the_next_header),
        cmocka_unit_test(test_lying_lengths_end_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
