/* Values in a column: what goes in comes out, and damaged bytes are told from good ones without harm. */
#include "store/pack.h"
#include "unit/small_site.h"

enum { ROUNDS = 3000, HOSTILE_ROUNDS = 200000 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void random_reading(struct heng_reading *r, uint64_t *seed)
{
    static const char *const reasons[] = {"", "not available", "invalid bcd", "a reason that is in no table", "date"};
    memset(r, 0, sizeof *r);
    r->frame_count = (uint16_t)(1 + next_random(seed) % HENG_READ_FRAMES_MAX);
    r->value_count = (uint16_t)(next_random(seed) % (HENG_READ_VALUES_MAX + 1));
    for (size_t i = 0; i < r->value_count; i++) {
        struct heng_reading_value *v = &r->values[i];
        v->register_id = (int64_t)(next_random(seed) >> (next_random(seed) % 64));
        v->frame = (uint8_t)(next_random(seed) % r->frame_count);
        v->has_value = next_random(seed) % 4 != 0;
        if (v->has_value) {
            v->dec.mantissa = (int64_t)next_random(seed) >> (next_random(seed) % 64);
            v->dec.exp = (int8_t)(HENG_DEC_EXP_MIN + (int)(next_random(seed) % 49));
        } else {
            snprintf(v->reason, sizeof v->reason, "%s", reasons[next_random(seed) % 5]);
        }
    }
}

static void assert_same_value(const struct heng_reading_value *a, const struct heng_reading_value *b)
{
    assert_true(a->register_id == b->register_id && a->has_value == b->has_value && a->frame == b->frame);
    assert_true(a->dec.mantissa == b->dec.mantissa && a->dec.exp == b->dec.exp);
    assert_string_equal(a->reason, b->reason);
}

static void test_round_trip(void **state)
{
    static struct heng_reading in, out;
    (void)state;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uint64_t seed = round * 0x9E3779B97F4A7C15u;
        uint8_t memory[HENG_PACKED_MAX];
        struct heng_buf buf = heng_buf_of(memory, sizeof memory);
        random_reading(&in, &seed);
        if (heng_reading_pack(&in, &buf) != HENG_OK) fail_msg("seed %llu does not pack", (unsigned long long)round);
        struct heng_err err;
        memset(&out, 0xA5, sizeof out);
        assert_ok(heng_reading_unpack(heng_buf_slice(&buf), &out, &err));
        assert_int_equal(out.value_count, in.value_count);
        for (size_t i = 0; i < in.value_count; i++) assert_same_value(&in.values[i], &out.values[i]);
        if (in.value_count == 0) continue;
        struct heng_reading_value picked;
        size_t first = 0;
        const int64_t wanted = in.values[in.value_count - 1].register_id;
        while (in.values[first].register_id != wanted) first++;
        assert_ok(heng_reading_pick(heng_buf_slice(&buf), wanted, &picked, &err));
        assert_same_value(&in.values[first], &picked);
    }
}

/* Every shortening of good bytes is refused, and so is a tail. */
static void test_cut_and_tail(void **state)
{
    static struct heng_reading in, out;
    uint8_t memory[HENG_PACKED_MAX + 1];
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    uint64_t seed = 42;
    (void)state;
    random_reading(&in, &seed);
    in.value_count = 20;
    assert_int_equal(heng_reading_pack(&in, &buf), HENG_OK);
    for (size_t n = 0; n < buf.n; n++)
        assert_int_equal(heng_reading_unpack(heng_slice_of(memory, n), &out, NULL), HENG_EFORMAT);
    memory[buf.n] = 0;
    assert_int_equal(heng_reading_unpack(heng_slice_of(memory, buf.n + 1), &out, NULL), HENG_EFORMAT);
}

/* Any bytes at all: an error, or a reading that packs to the same bytes again. */
static void test_hostile_bytes(void **state)
{
    static struct heng_reading out;
    uint64_t seed = 7;
    unsigned accepted = 0;
    (void)state;
    for (unsigned round = 0; round < HOSTILE_ROUNDS; round++) {
        uint8_t bytes[24], again[HENG_PACKED_MAX];
        size_t n = next_random(&seed) % sizeof bytes;
        for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)next_random(&seed);
        if (n > 1) { /* a good head, so that the values are reached */
            bytes[0] = 1;
            bytes[1] &= 3;
        }
        if (heng_reading_unpack(heng_slice_of(bytes, n), &out, NULL) != HENG_OK) continue;
        struct heng_buf buf = heng_buf_of(again, sizeof again);
        out.frame_count = HENG_READ_FRAMES_MAX;
        accepted++;
        assert_int_equal(heng_reading_pack(&out, &buf), HENG_OK);
        /* A reason of the table may have been written out as text: then only the content is the same. */
        if (buf.n == n) assert_memory_equal(again, bytes, n);
    }
    assert_true(accepted > 0);
}

static void test_limits(void **state)
{
    static struct heng_reading r;
    uint8_t memory[8];
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    struct heng_reading_value value;
    (void)state;
    r.value_count = 1;
    assert_int_equal(heng_reading_pack(&r, &buf), HENG_ERANGE); /* no frame proves the value */
    r.frame_count = 1;
    r.value_count = 5;
    buf.n = 0;
    assert_int_equal(heng_reading_pack(&r, &buf), HENG_ELIMIT);
    assert_int_equal(heng_reading_pick(heng_slice_of("\x01\x00", 2), 1, &value, NULL), HENG_ENOTFOUND);
    assert_int_equal(heng_reading_pick(heng_slice_of("\x02\x00", 2), 1, &value, NULL), HENG_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_cut_and_tail),
        cmocka_unit_test(test_hostile_bytes),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
