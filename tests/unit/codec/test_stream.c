/* Links under bad weather: flipped bits, chopped and truncated frames, noise between frames. */
#include "corpus.h"

static struct corpus corpus;

static const struct {
    heng_protocol protocol;
    const char *file;
} files[] = {
    {HENG_PROTOCOL_MBUS, "mbus-wired.tsv"},
    {HENG_PROTOCOL_MBUS, "mbus-wired-extra.tsv"},
    {HENG_PROTOCOL_MBUS, "mbus-wired-wmbusmeters.tsv"},
    {HENG_PROTOCOL_CJT188, "cjt188.tsv"},
};

/* The frame in a row without preamble and trailer; false for rows whose link check fails. */
static bool good_frame(const struct heng_codec *codec, const struct row *row, struct heng_slice *ret)
{
    struct heng_telegram t;
    size_t used;
    if (codec->decode(row_slice(row), &t, &used, NULL) != HENG_OK) return false;
    *ret = t.frame;
    return true;
}

static void test_no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    unsigned flips = 0;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        const struct heng_codec *codec = heng_codec_of(files[f].protocol);
        corpus_load(&corpus, files[f].file);
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_slice frame;
            uint8_t bytes[ROW_BYTES_MAX];
            if (!good_frame(codec, &corpus.rows[i], &frame)) continue;
            memcpy(bytes, frame.p, frame.n);
            for (size_t bit = 0; bit < 8 * frame.n; bit++) {
                struct heng_telegram t;
                size_t used;
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                heng_rc rc = codec->decode(heng_slice_of(bytes, frame.n), &t, &used, NULL);
                /* A flip in a start byte makes noise of it; what is then found inside is not the whole. */
                if (rc == HENG_OK && (t.frame.p == bytes || t.frame.n > 5))
                    fail_msg("%s row %zu: accepted with bit %zu flipped", files[f].file, i, bit);
                bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                flips++;
            }
        }
    }
    printf("# %u single-bit errors, none accepted\n", flips);
    assert_true(flips > 80000);
}

static void test_no_truncated_frame_is_accepted(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        const struct heng_codec *codec = heng_codec_of(files[f].protocol);
        corpus_load(&corpus, files[f].file);
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_slice frame;
            if (!good_frame(codec, &corpus.rows[i], &frame)) continue;
            for (size_t n = 0; n < frame.n; n++) {
                /* An exact copy on the heap, so that the sanitizer sees one byte too much. */
                uint8_t *copy = malloc(n ? n : 1);
                assert_non_null(copy);
                memcpy(copy, frame.p, n);
                struct heng_telegram t;
                size_t used = 0;
                heng_rc rc = codec->decode(heng_slice_of(copy, n), &t, &used, NULL);
                assert_int_equal(rc, HENG_MORE);
                assert_int_equal(used, 0);
                free(copy);
            }
        }
    }
}

/* A stream of all good frames of a file with seeded noise between them that cannot start a frame. */
struct stream {
    uint8_t bytes[1 << 16];
    size_t n, frames;
    size_t at[ROWS_MAX], length[ROWS_MAX];
};

static void build_stream(const struct heng_codec *codec, struct seeded *seed, struct stream *s)
{
    static const uint8_t noise[] = {0x00, 0xFF, 0xFE, 0x55, 0x01, 0x16, 0xAA};
    s->n = s->frames = 0;
    for (size_t i = 0; i < corpus.count; i++) {
        struct heng_slice frame;
        if (!good_frame(codec, &corpus.rows[i], &frame)) continue;
        for (size_t k = seeded_below(seed, 6); k > 0; k--) s->bytes[s->n++] = noise[seeded_below(seed, sizeof noise)];
        s->at[s->frames] = s->n;
        s->length[s->frames++] = frame.n;
        assert_true(s->n + frame.n < sizeof s->bytes);
        memcpy(s->bytes + s->n, frame.p, frame.n);
        s->n += frame.n;
    }
}

/* Feed the stream in chunks as a line driver does: append, decode while there is something, drop what is used. */
static void feed(const struct heng_codec *codec, struct seeded *seed, const struct stream *s)
{
    static uint8_t window[1 << 16];
    size_t fed = 0, held = 0, dropped = 0, found = 0;
    while (fed < s->n) {
        size_t chunk = 1 + seeded_below(seed, 40);
        if (chunk > s->n - fed) chunk = s->n - fed;
        memcpy(window + held, s->bytes + fed, chunk);
        held += chunk;
        fed += chunk;
        for (;;) {
            struct heng_telegram t;
            size_t used = 0;
            heng_rc rc = codec->decode(heng_slice_of(window, held), &t, &used, NULL);
            assert_true(used <= held);
            if (rc == HENG_OK) {
                assert_true(found < s->frames);
                assert_int_equal(dropped + (size_t)(t.frame.p - window), s->at[found]);
                assert_int_equal(t.frame.n, s->length[found]);
                found++;
            } else {
                assert_int_equal(rc, HENG_MORE);
            }
            memmove(window, window + used, held - used);
            held -= used;
            dropped += used;
            if (rc == HENG_MORE) break;
        }
    }
    assert_int_equal(found, s->frames);
}

static void test_any_chunking_gives_the_same_frames(void **state)
{
    (void)state;
    static struct stream s;
    struct seeded seed = seeded_from_environment();
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        const struct heng_codec *codec = heng_codec_of(files[f].protocol);
        corpus_load(&corpus, files[f].file);
        for (int round = 0; round < 20; round++) {
            build_stream(codec, &seed, &s);
            feed(codec, &seed, &s);
        }
    }
}

static void test_a_damaged_frame_does_not_hide_the_next(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        const struct heng_codec *codec = heng_codec_of(files[f].protocol);
        corpus_load(&corpus, files[f].file);
        for (size_t i = 0; i < corpus.count; i++) {
            struct heng_slice frame;
            uint8_t bytes[2 * ROW_BYTES_MAX];
            if (!good_frame(codec, &corpus.rows[i], &frame) || frame.n < 9) continue;
            memcpy(bytes, frame.p, frame.n);
            memcpy(bytes + frame.n, frame.p, frame.n);
            bytes[frame.n - 2] ^= 0x01; /* the checksum */
            size_t at = 0, found = 0;
            while (at < 2 * frame.n) {
                struct heng_telegram t;
                size_t used = 0;
                heng_rc rc = codec->decode(heng_slice_of(bytes + at, 2 * frame.n - at), &t, &used, NULL);
                if (rc == HENG_OK && t.frame.p == bytes + frame.n && t.frame.n == frame.n) found++;
                if (rc == HENG_MORE) break;
                assert_true(used >= 1);
                at += used;
            }
            assert_int_equal(found, 1);
        }
    }
}

static void test_protocols_are_told_apart(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        corpus_load(&corpus, files[f].file);
        for (size_t i = 0; i < corpus.count; i++)
            assert_int_equal(heng_codec_recognise(row_slice(&corpus.rows[i])), files[f].protocol);
    }
    assert_int_equal(heng_codec_recognise(heng_slice_of("", 0)), HENG_PROTOCOL_MBUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_flipped_bit_is_accepted),
        cmocka_unit_test(test_no_truncated_frame_is_accepted),
        cmocka_unit_test(test_any_chunking_gives_the_same_frames),
        cmocka_unit_test(test_a_damaged_frame_does_not_hide_the_next),
        cmocka_unit_test(test_protocols_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
