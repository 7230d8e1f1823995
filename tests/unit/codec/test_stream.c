/* Links under bad weather, for every good frame of tests/golden in every protocol: flipped bits, truncated, glued,
 * chopped and damaged frames, noise and foreign frames between them.
 *
 * What a single flipped bit can do:
 *   sum of bytes (M-Bus, CJ/T 188, DL/T 645): is always seen where the sum looks. In a delimiter it loses the frame; in
 *                a length it may only be believed where the sum at that other length happens to be right.
 *   CRC-16 (Modbus RTU): is always seen at the same length; at another length as above.
 *   nothing (Modbus TCP): is not seen, that is TCP's own business. Lengths must agree all the same. */
#include "corpus.h"

#include <dirent.h>

enum { FRAMES_MAX = 1024, FRAME_BYTES_MAX = 300, STREAM_MAX = 1 << 17, FOUND_MAX = 4096 };

typedef heng_rc decode_fn(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err);

/* Everybody who listens: the codecs, and those that listen for answers only. */
struct ear {
    heng_protocol protocol;
    decode_fn *decode;
    const char *name;
};

struct frame {
    uint8_t bytes[FRAME_BYTES_MAX];
    size_t n;
    char row[80];
};

static struct ear ears[2 * HENG_PROTOCOL_COUNT];
static size_t ear_count;
static struct frame frames[2 * HENG_PROTOCOL_COUNT][FRAMES_MAX];
static size_t frame_counts[2 * HENG_PROTOCOL_COUNT];
static struct corpus corpus;

struct found {
    size_t at, n;
};

/* All frames of a stream that arrives in the given chunks, as a line driver takes them: decode what is there, drop
 * what is used. chunk_of NULL: all at once. Returns how many. */
static size_t listen(const struct ear *ear, struct heng_slice stream, size_t (*chunk_of)(void *), void *context,
                     struct found *ret, size_t cap)
{
    size_t fed = 0, dropped = 0, count = 0;
    while (fed < stream.n) {
        size_t chunk = chunk_of ? chunk_of(context) : stream.n;
        fed = chunk > stream.n - fed ? stream.n : fed + chunk;
        while (dropped < fed) {
            struct heng_telegram t;
            struct heng_slice in = heng_slice_of(stream.p + dropped, fed - dropped);
            size_t used = 0;
            heng_rc rc = ear->decode(in, &t, &used, NULL);
            assert_true(used <= in.n);
            if (rc == HENG_OK) {
                assert_true(count < cap);
                if (!(t.frame.p >= in.p && t.frame.p + t.frame.n <= in.p + used))
                    fail_msg("%s: frame of %zu at %td, %zu used of %zu", ear->name, t.frame.n, t.frame.p - in.p, used,
                             in.n);
                ret[count++] = (struct found){(size_t)(t.frame.p - stream.p), t.frame.n};
            }
            dropped += used;
            if (rc == HENG_MORE) break;
            assert_true(used >= 1);
        }
    }
    return count;
}

/* Every frame of every row, without preamble and trailer, for each ear that speaks the row's protocol. */
static void load_file(const char *name)
{
    corpus_load(&corpus, name);
    for (size_t i = 0; i < corpus.count; i++) {
        const struct row *row = &corpus.rows[i];
        for (size_t e = 0; e < ear_count; e++) {
            struct found found[ROW_BYTES_MAX];
            if (strcmp(heng_protocol_text(ears[e].protocol), row->protocol) != 0) continue;
            size_t count = listen(&ears[e], row_slice(row), NULL, NULL, found, ROW_BYTES_MAX);
            /* Inside of a frame that is refused, single bytes may look like M-Bus ACKs. */
            if (count && found[0].n == 1 && row->n > 1) continue;
            for (size_t k = 0; k < count; k++) {
                assert_true(frame_counts[e] < FRAMES_MAX && found[k].n <= FRAME_BYTES_MAX);
                struct frame *frame = &frames[e][frame_counts[e]++];
                memcpy(frame->bytes, row->bytes + found[k].at, found[k].n);
                frame->n = found[k].n;
                snprintf(frame->row, sizeof frame->row, "%.40s row %zu", name, i + 1);
            }
        }
    }
}

static int load(void **state)
{
    (void)state;
    for (unsigned p = 0; p < HENG_PROTOCOL_COUNT; p++) {
        const struct heng_codec *codec = heng_codec_of((heng_protocol)p);
        const char *name = heng_protocol_text((heng_protocol)p);
        ears[ear_count++] = (struct ear){(heng_protocol)p, codec->decode, name};
        if (codec->decode_answer) ears[ear_count++] = (struct ear){(heng_protocol)p, codec->decode_answer, name};
    }
    struct dirent **files;
    size_t count = corpus_files(&files);
    for (size_t i = 0; i < count; i++) load_file(files[i]->d_name);
    corpus_files_free(files, count);
    for (size_t e = 0; e < ear_count; e++) {
        bool answers = ears[e].decode != heng_codec_of(ears[e].protocol)->decode;
        printf("# %s%s: %zu good frames\n", ears[e].name, answers ? ", answers only" : "", frame_counts[e]);
        if (!answers) assert_true(frame_counts[e] > 0);
    }
    return 0;
}

/* The check of a link frame, done here once more in the plainest way. */
static bool check_is_right(heng_protocol protocol, struct heng_slice frame)
{
    const uint8_t *p = frame.p;
    if (protocol == HENG_PROTOCOL_MODBUS_RTU) {
        unsigned crc = 0xFFFF;
        for (size_t i = 0; i + 2 < frame.n; i++) {
            crc ^= p[i];
            for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;
        }
        return frame.n > 2 && p[frame.n - 2] == (crc & 0xFF) && p[frame.n - 1] == crc >> 8;
    }
    if (protocol == HENG_PROTOCOL_MODBUS_TCP) return frame.n >= 8 && frame.n == 6u + (size_t)(p[4] << 8 | p[5]);
    size_t from = protocol != HENG_PROTOCOL_MBUS ? 0 : frame.n == 5 ? 1 : 4;
    unsigned sum = 0;
    for (size_t i = from; i + 2 < frame.n; i++) sum += p[i];
    return frame.n >= 5 && p[frame.n - 2] == (sum & 0xFF) && p[frame.n - 1] == 0x16;
}

static void test_no_flipped_bit_is_accepted(void **state)
{
    (void)state;
    for (size_t e = 0; e < ear_count; e++) {
        unsigned flips = 0, mended = 0;
        for (size_t i = 0; i < frame_counts[e]; i++) {
            struct frame frame = frames[e][i];
            for (size_t bit = 0; bit < 8 * frame.n; bit++, flips++) {
                struct found found[FRAME_BYTES_MAX];
                frame.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
                size_t count =
                    listen(&ears[e], heng_slice_of(frame.bytes, frame.n), NULL, NULL, found, FRAME_BYTES_MAX);
                for (size_t k = 0; k < count; k++) {
                    size_t end = found[k].at + found[k].n;
                    /* An M-Bus ACK has no check; it says nothing but that somebody is there. */
                    if (ears[e].protocol == HENG_PROTOCOL_MBUS && found[k].n == 1) continue;
                    if (!check_is_right(ears[e].protocol, heng_slice_of(frame.bytes + found[k].at, found[k].n)))
                        fail_msg("%s %s: bit %zu: a wrong check is believed", ears[e].name, frame.row, bit);
                    if (ears[e].protocol == HENG_PROTOCOL_MODBUS_TCP) continue;
                    if (found[k].at <= bit / 8 && bit / 8 < end) {
                        if (found[k].n == frame.n)
                            fail_msg("%s %s: accepted with bit %zu flipped", ears[e].name, frame.row, bit);
                        mended++;
                    }
                }
                frame.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            }
        }
        if (flips)
            printf("# %s: %u single-bit errors, none accepted; %u made a frame of another length with a right check\n",
                   ears[e].name, flips, mended);
        assert_true(mended * 1000 <= flips);
    }
}

static void test_no_truncated_frame_is_accepted(void **state)
{
    (void)state;
    for (size_t e = 0; e < ear_count; e++) {
        for (size_t i = 0; i < frame_counts[e]; i++) {
            const struct frame *frame = &frames[e][i];
            for (size_t n = 0; n < frame->n; n++) {
                /* An exact copy on the heap, so that the sanitizer sees one byte too much. */
                uint8_t *copy = malloc(n ? n : 1);
                assert_non_null(copy);
                memcpy(copy, frame->bytes, n);
                struct heng_telegram t;
                size_t used = 0;
                heng_rc rc = ears[e].decode(heng_slice_of(copy, n), &t, &used, NULL);
                if (rc != HENG_MORE || used != 0)
                    fail_msg("%s %s: cut after %zu bytes: rc %d, %zu used", ears[e].name, frame->row, n, (int)rc, used);
                free(copy);
            }
        }
    }
}

/* Two frames glued together are two frames, wherever the chunk ends. */
struct split {
    size_t first;
    bool given;
};

static size_t split_chunk(void *context)
{
    struct split *split = context;
    size_t n = split->given ? STREAM_MAX : split->first;
    split->given = true;
    return n;
}

static void test_glued_frames_split_anywhere(void **state)
{
    (void)state;
    for (size_t e = 0; e < ear_count; e++) {
        for (size_t i = 0; i < frame_counts[e]; i++) {
            const struct frame *a = &frames[e][i], *b = &frames[e][(i + 1) % frame_counts[e]];
            uint8_t bytes[2 * FRAME_BYTES_MAX];
            memcpy(bytes, a->bytes, a->n);
            memcpy(bytes + a->n, b->bytes, b->n);
            for (size_t first = 1; first <= a->n + b->n; first++) {
                struct split split = {first, false};
                struct found found[4];
                size_t count = listen(&ears[e], heng_slice_of(bytes, a->n + b->n), split_chunk, &split, found, 4);
                if (count != 2 || found[0].at != 0 || found[0].n != a->n || found[1].at != a->n || found[1].n != b->n)
                    fail_msg("%s: %s and %s, split at %zu", ears[e].name, a->row, b->row, first);
            }
        }
    }
}

/* A stream with what lies between its frames, and where the frames are. */
struct stream {
    uint8_t bytes[STREAM_MAX];
    size_t n, count;
    struct found own[FRAMES_MAX];
};
static struct stream stream;

static void put(struct stream *s, const uint8_t *p, size_t n)
{
    assert_true(s->n + n <= sizeof s->bytes);
    memcpy(s->bytes + s->n, p, n);
    s->n += n;
}

/* Modbus RTU has no start byte: noise may look like the head of a longer frame, which is waited for. On a line the
 * time-out ends that; here it is a tail. */
static void put_tail(struct stream *s)
{
    static const uint8_t tail[FRAME_BYTES_MAX];
    put(s, tail, sizeof tail);
}

typedef enum between { NOTHING, NOISE, FOREIGN } between;

static void build_stream(size_t e, between what, struct seeded *seed, struct stream *s)
{
    static const uint8_t noise[] = {0x00, 0xFF, 0xFE, 0x55, 0x01, 0x16, 0xAA};
    s->n = s->count = 0;
    for (size_t i = 0; i < frame_counts[e]; i++) {
        const struct frame *frame = &frames[e][seeded_below(seed, frame_counts[e])];
        size_t other = seeded_below(seed, ear_count);
        if (what == NOISE)
            for (size_t k = seeded_below(seed, 6); k > 0; k--) put(s, &noise[seeded_below(seed, sizeof noise)], 1);
        if (what == FOREIGN && ears[other].protocol != ears[e].protocol && frame_counts[other]) {
            const struct frame *foreign = &frames[other][seeded_below(seed, frame_counts[other])];
            put(s, foreign->bytes, foreign->n);
        }
        s->own[s->count++] = (struct found){s->n, frame->n};
        put(s, frame->bytes, frame->n);
    }
    if (what != NOTHING) put_tail(s);
}

static size_t one_byte(void *context)
{
    (void)context;
    return 1;
}

static size_t random_chunk(void *context) { return 1 + seeded_below(context, 40); }

/* The stream gives the same frames in any chunks, and its own frames are among them, in order. exactly: no others.
 * A TCP connection neither loses nor adds bytes: what Modbus TCP makes of others is its own affair. */
static void check_stream(const struct ear *ear, struct seeded *seed, const struct stream *s, bool exactly)
{
    static struct found whole[FOUND_MAX], chunked[FOUND_MAX];
    struct heng_slice bytes = heng_slice_of(s->bytes, s->n);
    size_t count = listen(ear, bytes, NULL, NULL, whole, FOUND_MAX), own = 0;
    for (size_t i = 0; i < count; i++)
        if (own < s->count && whole[i].at == s->own[own].at && whole[i].n == s->own[own].n) own++;
    if (own != s->count && (exactly || ear->protocol != HENG_PROTOCOL_MODBUS_TCP))
        fail_msg("%s: the frame at %zu is lost", ear->name, s->own[own].at);
    if (exactly) assert_int_equal(count, s->count);
    assert_int_equal(listen(ear, bytes, one_byte, NULL, chunked, FOUND_MAX), count);
    assert_memory_equal(chunked, whole, count * sizeof *whole);
    assert_int_equal(listen(ear, bytes, random_chunk, seed, chunked, FOUND_MAX), count);
    assert_memory_equal(chunked, whole, count * sizeof *whole);
}

static void run_streams(between what)
{
    struct seeded seed = seeded_from_environment();
    for (size_t e = 0; e < ear_count; e++) {
        if (frame_counts[e] == 0) continue;
        for (int round = 0; round < 10; round++) {
            build_stream(e, what, &seed, &stream);
            check_stream(&ears[e], &seed, &stream, what == NOTHING);
        }
    }
}

static void test_any_chunking_gives_the_same_frames(void **state)
{
    (void)state;
    run_streams(NOTHING);
}

static void test_noise_between_frames_hides_none(void **state)
{
    (void)state;
    run_streams(NOISE);
}

static void test_frames_of_other_protocols_hide_none(void **state)
{
    (void)state;
    run_streams(FOREIGN);
}

static void test_a_damaged_frame_does_not_hide_the_next(void **state)
{
    (void)state;
    for (size_t e = 0; e < ear_count; e++) {
        heng_protocol protocol = ears[e].protocol;
        if (protocol == HENG_PROTOCOL_MODBUS_TCP) continue; /* no check that could be wrong */
        for (size_t i = 0; i < frame_counts[e]; i++) {
            const struct frame *frame = &frames[e][i];
            if (frame->n == 1) continue;
            struct found found[FRAME_BYTES_MAX];
            stream.n = 0;
            put(&stream, frame->bytes, frame->n);
            stream.bytes[frame->n - (protocol == HENG_PROTOCOL_MODBUS_RTU ? 1 : 2)] ^= 0x01; /* the checksum */
            put(&stream, frame->bytes, frame->n);
            put_tail(&stream);
            size_t count = listen(&ears[e], heng_slice_of(stream.bytes, stream.n), NULL, NULL, found, FRAME_BYTES_MAX);
            bool next = false;
            for (size_t k = 0; k < count; k++) next |= found[k].at == frame->n && found[k].n == frame->n;
            if (!next) fail_msg("%s %s: the frame behind a damaged one is lost", ears[e].name, frame->row);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_flipped_bit_is_accepted),
        cmocka_unit_test(test_no_truncated_frame_is_accepted),
        cmocka_unit_test(test_glued_frames_split_anywhere),
        cmocka_unit_test(test_any_chunking_gives_the_same_frames),
        cmocka_unit_test(test_noise_between_frames_hides_none),
        cmocka_unit_test(test_frames_of_other_protocols_hide_none),
        cmocka_unit_test(test_a_damaged_frame_does_not_hide_the_next),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
