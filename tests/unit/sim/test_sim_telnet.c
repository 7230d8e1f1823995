/* The converter's end of RFC 2217: what it agrees to, what it sets, and that no stream of bytes can hurt it. */
#include "sim/rng.h"
#include "sim/telnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct heard {
    uint8_t data[64], answer[512];
    size_t data_n, answer_n;
    bool changed;
};

/* In pieces of `piece` bytes. */
static struct heard hear(struct heng_sim_telnet *t, const void *bytes, size_t n, size_t piece)
{
    struct heard h = {.changed = false};
    struct heng_buf data = heng_buf_of(h.data, sizeof h.data), answer = heng_buf_of(h.answer, sizeof h.answer);
    for (size_t at = 0; at < n; at += piece) {
        struct heng_slice part = heng_slice_of((const uint8_t *)bytes + at, n - at < piece ? n - at : piece);
        h.changed |= heng_sim_telnet_hear(t, part, &data, &answer);
    }
    h.data_n = data.n;
    h.answer_n = answer.n;
    assert_false(data.full || answer.full);
    return h;
}

static void test_negotiation_speed_and_parity(void **state)
{
    (void)state;
    static const uint8_t opening[] = {0xFF, 0xFB, 0x2C, 0xFF, 0xFD, 0x00, 0xFF, 0xFB,
                                      0x00, 0xFF, 0xFD, 0x01, 0xFF, 0xFB, 0x2C};
    static const uint8_t agreed[] = {0xFF, 0xFD, 0x2C, 0xFF, 0xFB, 0x00, 0xFF, 0xFD, 0x00, 0xFF, 0xFC, 0x01};
    static const uint8_t settings[] = {0xFF, 0xFA, 0x2C, 1, 0x00, 0x00, 0x25, 0x80, 0xFF, 0xF0,  /* 9600 */
                                       0xFF, 0xFA, 0x2C, 3, 1,    0xFF, 0xF0,                    /* no parity */
                                       0xFF, 0xFA, 0x2C, 1, 0,    0,    0,    0,    0xFF, 0xF0}; /* asks only */
    static const uint8_t set[] = {0xFF, 0xFA, 0x2C, 101,  0x00, 0x00, 0x25, 0x80, 0xFF, 0xF0, 0xFF, 0xFA, 0x2C, 103,
                                  1,    0xFF, 0xF0, 0xFF, 0xFA, 0x2C, 101,  0x00, 0x00, 0x25, 0x80, 0xFF, 0xF0};
    for (size_t piece = 1; piece < sizeof settings; piece++) {
        struct heng_sim_telnet t = heng_sim_telnet_of(2400, 'E');
        struct heard h = hear(&t, settings, sizeof settings, piece);
        assert_int_equal(h.answer_n, 0); /* nothing has been agreed */
        assert_int_equal(t.baud, 2400);
        h = hear(&t, opening, sizeof opening, piece);
        assert_int_equal(h.answer_n, sizeof agreed); /* what was asked twice is answered once */
        assert_memory_equal(h.answer, agreed, sizeof agreed);
        h = hear(&t, settings, sizeof settings, piece);
        assert_true(h.changed);
        assert_int_equal(h.answer_n, sizeof set);
        assert_memory_equal(h.answer, set, sizeof set);
        assert_int_equal(t.baud, 9600);
        assert_int_equal(heng_sim_telnet_parity(&t), 'N');
    }
}

static void test_data_goes_through_with_doubled_ff(void **state)
{
    (void)state;
    static const uint8_t in[] = {0x68, 0xFF, 0xFF, 0xFF, 0xFF, 0x16};
    struct heng_sim_telnet t = heng_sim_telnet_of(2400, 'E');
    struct heard h = hear(&t, in, sizeof in, 2);
    assert_int_equal(h.data_n, 4);
    assert_memory_equal(h.data, "\x68\xFF\xFF\x16", 4);
    uint8_t memory[16];
    struct heng_buf out = heng_buf_of(memory, sizeof memory);
    heng_sim_telnet_say(heng_slice_of(h.data, h.data_n), &out);
    assert_int_equal(out.n, sizeof in);
    assert_memory_equal(memory, in, sizeof in);
}

static void test_modem_lines(void **state)
{
    (void)state;
    static const uint8_t com_port[] = {0xFF, 0xFB, 0x2C}, mask_none[] = {0xFF, 0xFA, 0x2C, 11, 0, 0xFF, 0xF0};
    uint8_t memory[16];
    struct heng_sim_telnet t = heng_sim_telnet_of(2400, 'E');
    struct heng_buf out = heng_buf_of(memory, sizeof memory);
    heng_sim_telnet_say_modem(&t, true, &out);
    assert_int_equal(out.n, 0); /* not agreed */
    (void)hear(&t, com_port, sizeof com_port, 3);
    heng_sim_telnet_say_modem(&t, false, &out);
    assert_int_equal(out.n, 7);
    assert_int_equal(memory[3], 107);
    assert_int_equal(memory[4] & 0xF0, 0xB0);
    out.n = 0;
    heng_sim_telnet_say_modem(&t, true, &out);
    assert_int_equal(memory[4] & 0xF0, 0);
    out.n = 0;
    (void)hear(&t, mask_none, sizeof mask_none, 3);
    heng_sim_telnet_say_modem(&t, true, &out);
    assert_int_equal(out.n, 0);
}

/* Random streams rich in IAC: the answers stay within their bound, the settings within their limits. */
static void test_hostile_streams(void **state)
{
    (void)state;
    static const uint8_t favourites[] = {0xFF, 0xFF, 0xFF, 0xFA, 0xF0, 0x2C, 0xFB, 0xFD, 0xFE, 1, 2, 3, 4, 0};
    const uint64_t seed = 2217;
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 0);
    print_message("seed %llu\n", (unsigned long long)seed);
    struct heng_sim_telnet t = heng_sim_telnet_of(2400, 'E');
    for (unsigned round = 0; round < 20000; round++) {
        enum { N = 40 };
        uint8_t in[N], *data = malloc(N), *answer = malloc(HENG_SIM_TELNET_ANSWER_MAX(N));
        assert_true(data && answer);
        for (unsigned i = 0; i < N; i++) {
            uint64_t r = heng_sim_rng_next(&rng);
            in[i] = r & 1 ? favourites[(r >> 8) % sizeof favourites] : (uint8_t)(r >> 8);
        }
        struct heng_buf d = heng_buf_of(data, N), a = heng_buf_of(answer, HENG_SIM_TELNET_ANSWER_MAX(N));
        (void)heng_sim_telnet_hear(&t, heng_slice_of(in, N), &d, &a);
        assert_false(d.full || a.full);
        assert_in_range(t.baud, 75, 921600);
        assert_in_range(t.parity, 1, 3);
        free(data);
        free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_negotiation_speed_and_parity),
        cmocka_unit_test(test_data_goes_through_with_doubled_ff),
        cmocka_unit_test(test_modem_lines),
        cmocka_unit_test(test_hostile_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
