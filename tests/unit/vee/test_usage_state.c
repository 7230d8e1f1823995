/* States as bytes: every state of a fold comes back as it was; cut off or with any bit turned it is refused, or is a
 * state that has exactly these bytes; one of another channel is not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/vee/usage_case.h"

enum { BYTES = HENG_USAGE_STATE_BYTES_MAX };

static struct heng_slice packed(const struct heng_usage_state *state, uint8_t *bytes)
{
    struct heng_buf buf = heng_buf_of(bytes, BYTES);
    heng_usage_state_pack(state, &buf);
    assert_false(buf.full);
    return heng_buf_slice(&buf);
}

/* Accepted bytes are the only ones of their state. */
static bool accepted(const struct heng_channel *channel, struct heng_slice bytes)
{
    static struct heng_usage_state state;
    static uint8_t again[BYTES];
    struct heng_err err = {0};
    uint8_t *exact = malloc(bytes.n ? bytes.n : 1); /* its size, so that the sanitizer sees one byte too much */
    memcpy(exact, bytes.p, bytes.n);
    heng_rc rc = heng_usage_state_unpack(channel, heng_slice_of(exact, bytes.n), &state, &err);
    free(exact);
    if (rc != HENG_OK) {
        assert_int_equal(rc, HENG_EFORMAT);
        assert_true(err.at <= bytes.n);
        return false;
    }
    assert_true(heng_slice_eq(packed(&state, again), bytes));
    return true;
}

static void attack(const struct heng_usage *u)
{
    static uint8_t bytes[BYTES];
    struct heng_slice all = packed(&u->state, bytes);
    struct heng_channel other = *u->channel;
    assert_true(accepted(u->channel, all));
    for (size_t n = 0; n < all.n; n++) assert_false(accepted(u->channel, heng_slice_of(bytes, n)));
    size_t refused = 0;
    for (size_t bit = 0; bit < 8 * all.n; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        refused += !accepted(u->channel, all);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(refused > 8);
    bytes[all.n] = 0;
    assert_false(accepted(u->channel, heng_slice_of(bytes, all.n + 1)));
    if (u->state.index) {
        other.minutes = 1440;
        assert_false(accepted(&other, all));
    }
}

/* All that a state can hold at once, seen after each fact. */
static void test_states(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(60);
    struct outcome o = {0};
    struct heng_usage_out out = {.ctx = &o, .day = keep_day, .verdict = keep_verdict};
    struct heng_usage *u = malloc(sizeof *u);
    channel.max_per_hour = index_of("5000");
    struct heng_channel_fact facts[160];
    size_t n = 0;
    facts[n] = start_of(at("2026-01-01T02:30"), "99990", HENG_UNIT_WH, 5);
    facts[n++].device_id = -7;
    for (int i = 0; i < 30; i++) { /* over the last digit, with some that are wrong */
        struct heng_channel_fact f = fact_of(HENG_CHANNEL_FACT_READING, at("2026-01-01T03:00") + i * HOUR_US, NULL);
        f.index = (struct heng_opt_dec){true, {(99990 + i * 10) % 100000 + (i % 7 == 6 ? 60000 : 0), 0}};
        f.kind = i % 5 ? HENG_CHANNEL_FACT_READING : HENG_CHANNEL_FACT_HISTORY;
        f.id = i;
        facts[n++] = f;
        if (i % 9 == 8) facts[n++] = fact_of(HENG_CHANNEL_FACT_ACCEPT, f.at_us, NULL);
    }
    for (int i = 0; i < HENG_STRETCHES_MAX + 2; i++) { /* more than there is room for */
        struct heng_channel_fact f = fact_of(i % 2 ? HENG_CHANNEL_FACT_EDITED : HENG_CHANNEL_FACT_SUBSTITUTED,
                                             at("2026-01-03") + i * 30 * MINUTE_US, "1234567");
        f.to_us = f.at_us + 50 * HENG_US_PER_DAY;
        facts[n++] = f;
    }
    facts[n++] = fact_of(HENG_CHANNEL_FACT_ROLLOVER, at("2026-01-05"), NULL);
    facts[n++] = fact_of(HENG_CHANNEL_FACT_END, at("2026-01-06T05:00"), NULL);
    facts[n] = start_of(at("2026-01-07T01:00"), NULL, HENG_UNIT_J, 0);
    facts[n++].divisor = 12;
    qsort(facts, n, sizeof facts[0], fact_order);
    assert_int_equal(heng_usage_init(u, &channel, &out, NULL), HENG_OK);
    attack(u);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(heng_usage_fact(u, &facts[i], NULL), HENG_OK);
        if (i % 4 == 0 || i > n - 5) attack(u);
    }
    assert_int_equal(said(&o, HENG_RULE_CONFLICT, NULL), 2);
    assert_true(said(&o, HENG_RULE_ROLLOVER, NULL) > 0);
    outcome_free(&o);
    free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_states)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
