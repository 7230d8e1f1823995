#include "sim_case.h"

/* 10 7B 05 80 16: read meter 5 */
static const uint8_t read_5[] = {0x10, 0x7B, 0x05, 0x80, 0x16};

static struct heng_sim_answer answer_of(size_t n, uint32_t delay_us)
{
    struct heng_sim_answer a = {.n = n, .delay_us = delay_us};
    for (size_t i = 0; i < n; i++) a.bytes[i] = (uint8_t)(i * 7 + 1);
    return a;
}

static void test_no_noise_changes_nothing(void **state)
{
    (void)state;
    struct heng_sim_wire wire = heng_sim_wire_of(2400, 0, heng_sim_rng_of(1, 1));
    struct heng_sim_answer a = answer_of(200, 0);
    uint8_t memory[400];
    struct heng_buf out = heng_buf_of(memory, sizeof memory);
    heng_sim_wire_disturb(&wire, heng_slice_of(a.bytes, a.n), &out);
    assert_true(heng_slice_eq(heng_buf_slice(&out), heng_slice_of(a.bytes, a.n)));
}

/* Counts how many of 2000 answers of 40 bytes arrive unchanged. */
static unsigned undisturbed(uint32_t noise_ppm, uint64_t seed)
{
    struct heng_sim_wire wire = heng_sim_wire_of(2400, noise_ppm, heng_sim_rng_of(seed, 1));
    struct heng_sim_answer a = answer_of(40, 0);
    unsigned good = 0;
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t memory[400];
        struct heng_buf out = heng_buf_of(memory, sizeof memory);
        heng_sim_wire_disturb(&wire, heng_slice_of(a.bytes, a.n), &out);
        good += heng_slice_eq(heng_buf_slice(&out), heng_slice_of(a.bytes, a.n));
    }
    return good;
}

static void test_noise_hits_as_often_as_asked(void **state)
{
    (void)state;
    /* At 0.002: (1 - 0.002)^40 = 92.3 % of the answers whole, 4 % of those with junk in front: 1772 of 2000. */
    unsigned good = undisturbed(2000, 1);
    assert_in_range(good, 1720, 1825);
    assert_int_equal(good, undisturbed(2000, 1)); /* the same seed again */
    assert_int_equal(undisturbed(HENG_SIM_PPM, 1), 0);
}

/* The last byte of an answer is there after (request + answer) * 11 bits / baud + the meter's delay, not before. */
static void test_timing_is_that_of_the_line(void **state)
{
    (void)state;
    static const uint32_t bauds[] = {300, 2400, 9600};
    for (unsigned i = 0; i < 3; i++) {
        struct heng_sim_wire wire = heng_sim_wire_of(bauds[i], 0, heng_sim_rng_of(1, 1));
        struct heng_sim_answer a = answer_of(100, 120000);
        const heng_us now_us = 5000000;
        heng_us end_us = now_us + (5 + 100) * 11 * HENG_US_PER_S / bauds[i] + 120000;
        heng_sim_wire_send(&wire, 5, &a, now_us);
        size_t got = heng_sim_wire_poll(&wire, now_us + 5 * 11 * HENG_US_PER_S / bauds[i] + 120000).n;
        assert_int_equal(got, 0); /* the first byte only starts now */
        got += heng_sim_wire_poll(&wire, end_us - 20).n;
        assert_int_equal(got, 99);
        assert_true(heng_sim_wire_busy(&wire));
        got += heng_sim_wire_poll(&wire, end_us + 20).n;
        assert_int_equal(got, 100);
        assert_false(heng_sim_wire_busy(&wire));
        assert_true(heng_sim_wire_next_us(&wire) == HENG_US_NEVER);
    }
}

/* Polling whenever the wire asks for it hands on every byte once, in order, in portions of 10 ms. */
static void test_chunks_are_small_and_complete(void **state)
{
    (void)state;
    struct heng_sim_wire wire = heng_sim_wire_of(2400, 0, heng_sim_rng_of(1, 1));
    struct heng_sim_answer a = answer_of(90, 60000);
    uint8_t memory[100];
    struct heng_buf got = heng_buf_of(memory, sizeof memory);
    unsigned chunks = 0;
    heng_us next_us;
    heng_sim_wire_send(&wire, 5, &a, 0);
    while ((next_us = heng_sim_wire_next_us(&wire)) != HENG_US_NEVER && chunks < 1000) {
        struct heng_slice chunk = heng_sim_wire_poll(&wire, next_us);
        assert_true(chunk.n <= 3); /* 10 ms at 2400 baud */
        heng_buf_put(&got, chunk);
        chunks += chunk.n > 0;
    }
    assert_true(heng_slice_eq(heng_buf_slice(&got), heng_slice_of(a.bytes, a.n)));
    assert_in_range(chunks, 30, 90);
}

/* Everything that arrives until the line is idle. */
static size_t drain(struct heng_sim_line *line, heng_us *now_us)
{
    size_t n = 0;
    heng_us next_us;
    while ((next_us = heng_sim_wire_next_us(&line->wire)) != HENG_US_NEVER) {
        *now_us = next_us;
        n += heng_sim_wire_poll(&line->wire, next_us).n;
    }
    return n;
}

static void test_a_request_in_pieces_is_answered_once(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    heng_us now_us = JANUARY_US;
    for (unsigned i = 0; i < sizeof read_5; i++)
        heng_sim_line_hear(&b.heat, heng_slice_of(read_5 + i, 1), now_us += 5000);
    assert_true(drain(&b.heat, &now_us) > 20);
    assert_int_equal(b.heat.answers, 1);
}

static void test_half_a_request_is_forgotten_after_a_gap(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    heng_us now_us = JANUARY_US;
    heng_sim_line_hear(&b.heat, heng_slice_of(read_5, 3), now_us);
    heng_sim_line_hear(&b.heat, heng_slice_of(read_5 + 3, 2), now_us += 300000);
    assert_int_equal(b.heat.requests, 0);
    heng_sim_line_hear(&b.heat, heng_slice_of(read_5, 5), now_us += 300000);
    assert_int_equal(b.heat.answers, 1);
}

static void test_a_busy_line_is_deaf(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    heng_us now_us = JANUARY_US;
    heng_sim_line_hear(&b.heat, heng_slice_of(read_5, sizeof read_5), now_us);
    heng_sim_line_hear(&b.heat, heng_slice_of(read_5, sizeof read_5), now_us + 100000);
    assert_int_equal(b.heat.requests, 1);
    assert_true(drain(&b.heat, &now_us) > 20);
    heng_sim_line_hear(&b.heat, heng_slice_of(read_5, sizeof read_5), now_us + 100000);
    assert_int_equal(b.heat.requests, 2);
}

static void test_a_muted_line_is_silent(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    b.heat.muted = true;
    heng_sim_line_hear(&b.heat, heng_slice_of(read_5, sizeof read_5), JANUARY_US);
    assert_false(heng_sim_wire_busy(&b.heat.wire));
    b.heat.muted = false;
    heng_sim_line_hear(&b.heat, heng_slice_of(read_5, sizeof read_5), JANUARY_US + 1000000);
    assert_true(heng_sim_wire_busy(&b.heat.wire));
}

/* The whole conversation, byte by byte and time by time, is the same for the same seed. */
static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    static struct building b[3];
    static const uint64_t seeds[3] = {11, 11, 12};
    uint64_t sums[3] = {0};
    for (unsigned k = 0; k < 3; k++) {
        build(&b[k], seeds[k], JANUARY_US);
        b[k].heat.wire.noise_ppm = 5000;
        heng_us now_us = JANUARY_US;
        for (uint8_t address = 1; address <= 48; address++) {
            uint8_t request[] = {0x10, 0x7B, address, (uint8_t)(0x7B + address), 0x16};
            heng_sim_world_advance(&b[k].world, now_us);
            heng_sim_line_hear(&b[k].heat, heng_slice_of(request, sizeof request), now_us);
            heng_us next_us;
            while ((next_us = heng_sim_wire_next_us(&b[k].heat.wire)) != HENG_US_NEVER) {
                struct heng_slice s = heng_sim_wire_poll(&b[k].heat.wire, now_us = next_us);
                for (size_t i = 0; i < s.n; i++) sums[k] = (sums[k] ^ s.p[i]) * UINT64_C(0x100000001B3);
                sums[k] ^= (uint64_t)now_us;
            }
            now_us += 50000;
        }
    }
    assert_true(sums[0] == sums[1]);
    assert_true(sums[0] != sums[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_noise_changes_nothing),
        cmocka_unit_test(test_noise_hits_as_often_as_asked),
        cmocka_unit_test(test_timing_is_that_of_the_line),
        cmocka_unit_test(test_chunks_are_small_and_complete),
        cmocka_unit_test(test_a_request_in_pieces_is_answered_once),
        cmocka_unit_test(test_half_a_request_is_forgotten_after_a_gap),
        cmocka_unit_test(test_a_busy_line_is_deaf),
        cmocka_unit_test(test_a_muted_line_is_silent),
        cmocka_unit_test(test_same_seed_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
