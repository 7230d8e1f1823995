/* The intervals of a day as bytes: what goes in comes out, and nothing else is taken. */
#include "base/buf.h"
#include "store/usage.h"
#include "unit/small_site.h"

static uint64_t seed = 20261121;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static void make_day(struct heng_usage_row *row)
{
    memset(row, 0, sizeof *row);
    row->count = (uint16_t)(draw(5) ? draw(HENG_USAGE_INTERVALS_MAX + 1) : 1);
    for (unsigned i = 0; i < row->count; i++) {
        row->amounts[i] = draw(20) ? (int64_t)draw(1000) : draw(2) ? INT64_MAX : INT64_MIN;
        row->trusts[i] = (uint8_t)(draw(4) && i ? row->trusts[i - 1] : 1 + draw(8));
    }
}

static void test_there_and_back(void **state)
{
    static struct heng_usage_row day, back;
    uint8_t memory[HENG_USAGE_PACKED_MAX];
    struct heng_err err;
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct heng_buf buf = heng_buf_of(memory, sizeof memory);
        make_day(&day);
        heng_usage_pack(&day, &buf);
        assert_false(buf.full);
        memset(&back, 0, sizeof back);
        back.count = day.count;
        assert_ok(heng_usage_unpack(heng_buf_slice(&buf), &back, &err));
        assert_memory_equal(&day, &back, sizeof day);
    }
}

/* A day of quarter hours with usual amounts: what a column costs. */
static void test_small(void **state)
{
    static struct heng_usage_row day;
    uint8_t memory[HENG_USAGE_PACKED_MAX];
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    (void)state;
    day.count = 96;
    for (unsigned i = 0; i < 96; i++) {
        day.amounts[i] = 20 + (int64_t)draw(40);
        day.trusts[i] = 1;
    }
    heng_usage_pack(&day, &buf);
    assert_true(buf.n <= 1 + 96 + 2);
}

/* Whatever the bytes are: refused, or the one way to write what comes out of them. */
static void test_hostile(void **state)
{
    static struct heng_usage_row day, back;
    uint8_t memory[HENG_USAGE_PACKED_MAX], again[HENG_USAGE_PACKED_MAX];
    unsigned taken = 0, refused = 0;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct heng_err err;
        struct heng_buf buf = heng_buf_of(memory, sizeof memory), second = heng_buf_of(again, sizeof again);
        make_day(&day);
        day.count = (uint16_t)(day.count % 20);
        heng_usage_pack(&day, &buf);
        size_t n = draw(3) ? buf.n : draw((uint32_t)buf.n + 1);
        for (unsigned i = 0, changes = draw(4); n && i < changes; i++) memory[draw((uint32_t)n)] = (uint8_t)draw(256);
        memset(&back, 0, sizeof back);
        back.count = (uint16_t)(draw(10) ? day.count : draw(400));
        if (heng_usage_unpack(heng_slice_of(memory, n), &back, &err) != HENG_OK) {
            refused++;
            continue;
        }
        taken++;
        heng_usage_pack(&back, &second);
        assert_int_equal(second.n, n);
        assert_memory_equal(memory, again, n);
    }
    assert_true(taken > 1000 && refused > 1000);
}

int main(void)
{
    print_message("seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_small),
                                       cmocka_unit_test(test_hostile)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
