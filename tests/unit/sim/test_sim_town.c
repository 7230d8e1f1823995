/* A town in virtual time: the same seed gives the same bytes, commands do what they say, the weather is felt. */
#include "sim/town.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JANUARY_US INT64_C(1768435200000000) /* 2026-01-15T00:00:00Z */
#define JULY_US    INT64_C(1784073600000000) /* 2026-07-15T00:00:00Z */

static struct heng_profiles profiles;
static struct heng_sim_scenario scenario;

static int set_up(void **state)
{
    (void)state;
    return heng_profiles_init(&profiles, NULL) == HENG_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    heng_profiles_fini(&profiles);
    return 0;
}

static void found(struct heng_sim_town *town, const char *json, heng_us start_us)
{
    struct heng_err err = {0};
    if (heng_sim_scenario_parse(heng_slice_str(json), &profiles, &scenario, &err) != HENG_OK ||
        heng_sim_town_init(town, &scenario, start_us, &err) != HENG_OK)
        fail_msg("%s", err.text);
}

/* Ask at now; what comes within wait_us, byte by byte in its time. */
static size_t ask(struct heng_sim_town_line *line, heng_us now, const void *request, size_t n, heng_us wait_us,
                  uint8_t *ret, size_t cap)
{
    size_t got = 0;
    heng_sim_town_hear(line, now, heng_slice_of(request, n));
    for (heng_us due; (due = heng_sim_town_line_due(line)) <= now + wait_us && got < cap;)
        got += heng_sim_town_take(line, due, ret + got, cap - got);
    return got;
}

/* After a reset, so that nothing is a repetition of what was said before. */
static size_t ask_mbus(struct heng_sim_town_line *line, heng_us now, uint8_t address, uint8_t ret[512])
{
    uint8_t reset[] = {0x10, 0x40, address, (uint8_t)(0x40 + address), 0x16};
    uint8_t request[] = {0x10, 0x5B, address, (uint8_t)(0x5B + address), 0x16};
    (void)ask(line, now - 4 * HENG_US_PER_S, reset, sizeof reset, HENG_US_PER_S, ret, 512);
    return ask(line, now, request, sizeof request, 3 * HENG_US_PER_S, ret, 512);
}

static void do_it(struct heng_sim_town *town, heng_us now, const char *text)
{
    struct heng_sim_command c;
    struct heng_err err = {0};
    if (heng_sim_command_parse(text, &c, &err) != HENG_OK || heng_sim_town_do(town, &c, now, &err) != HENG_OK)
        fail_msg("%s: %s", text, err.text);
}

static const char noisy[] =
    "{\"seed\": 99, \"lines\": [{\"name\": \"a\", \"transport\": \"tcp\", \"noise\": {\"byte_error\": 0.01, \"stray\": "
    "0.01}, \"late\": {\"rate\": 0.2, \"ms\": [50, 900]}, \"half\": 0.1, "
    "\"meters\": [{\"protocol\": \"mbus\", \"count\": 20, \"dead\": 0.2}]}]}";

/* 200 questions; returns a sum over all bytes and their times. */
static uint64_t run(const char *json, uint64_t seed)
{
    struct heng_sim_town town;
    uint8_t bytes[512];
    uint64_t sum = 0;
    found(&town, json, JANUARY_US);
    if (seed) {
        heng_sim_town_fini(&town);
        scenario.seed = seed;
        assert_int_equal(heng_sim_town_init(&town, &scenario, JANUARY_US, NULL), HENG_OK);
    }
    for (unsigned i = 0; i < 200; i++) {
        heng_us now = (heng_us)(i + 1) * 10 * HENG_US_PER_S;
        size_t n = ask_mbus(&town.lines[0], now, (uint8_t)(i % 20 + 1), bytes);
        for (size_t b = 0; b < n; b++) sum = sum * 31 + bytes[b] + (uint64_t)now;
        if (i == 100) do_it(&town, now + 4 * HENG_US_PER_S, "cut a #7");
    }
    heng_sim_town_fini(&town);
    return sum;
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    uint64_t one = run(noisy, 0);
    assert_true(one == run(noisy, 0));
    assert_true(one != run(noisy, 100));
}

static const char quiet[] = "{\"lines\": [{\"name\": \"a\", \"transport\": \"tcp\", \"meters\": [{\"protocol\": "
                            "\"mbus\", \"count\": 6}]}, {\"name\": \"b\", \"transport\": \"tcp\", \"meters\": "
                            "[{\"protocol\": \"mbus\", \"count\": 2}]}]}";

/* A fresh moment far enough from the last answer. */
static heng_us later(heng_us *now)
{
    *now += 10 * HENG_US_PER_S;
    return *now;
}

static void test_commands_do_what_they_say(void **state)
{
    (void)state;
    struct heng_sim_town town;
    uint8_t bytes[512], other[512];
    heng_us now = 0;
    found(&town, quiet, JANUARY_US);
    struct heng_sim_town_line *a = &town.lines[0];
    size_t whole = ask_mbus(a, later(&now), 4, bytes);
    assert_true(whole > 20 && bytes[0] == 0x68 && bytes[5] == 4);

    do_it(&town, now, "kill a 4");
    assert_int_equal(ask_mbus(a, later(&now), 4, bytes), 0);
    do_it(&town, now, "revive a 4");
    assert_int_equal(ask_mbus(a, later(&now), 4, bytes), whole);

    do_it(&town, now, "cut a 4");
    assert_int_equal(ask_mbus(a, later(&now), 3, bytes), whole);
    assert_int_equal(ask_mbus(a, later(&now), 4, bytes), 0);
    assert_int_equal(ask_mbus(a, later(&now), 6, bytes), 0);
    do_it(&town, now, "mend a");
    assert_int_equal(ask_mbus(a, later(&now), 6, bytes), whole);

    do_it(&town, now, "mute *");
    assert_int_equal(ask_mbus(a, later(&now), 1, bytes), 0);
    assert_int_equal(ask_mbus(&town.lines[1], now, 1, bytes), 0);
    do_it(&town, now, "unmute *");
    assert_int_equal(ask_mbus(a, later(&now), 1, bytes), whole);

    do_it(&town, now, "echo a on");
    assert_int_equal(ask_mbus(a, later(&now), 1, bytes), whole + 5);
    assert_int_equal(bytes[0], 0x10);
    do_it(&town, now, "echo a off");

    size_t n = ask_mbus(a, later(&now), 2, bytes);
    do_it(&town, now, "swap a #2");
    assert_int_equal(ask_mbus(a, later(&now), 2, other), n);
    assert_memory_not_equal(bytes + 7, other + 7, 4); /* another identification */

    do_it(&town, now, "late a 1 4000 4500");
    assert_in_range(ask_mbus(a, later(&now), 1, bytes), 0, 1); /* not within 3 s; E5 of the reset 4 s before may be */
    do_it(&town, now, "late a 0");
    heng_sim_town_fini(&town);
}

static void test_overload_is_noise_at_the_speed_of_the_line(void **state)
{
    (void)state;
    struct heng_sim_town town;
    uint8_t bytes[512];
    heng_us now = 5 * HENG_US_PER_S;
    found(&town, quiet, JANUARY_US);
    struct heng_sim_town_line *a = &town.lines[0];
    do_it(&town, now, "overload a on");
    size_t n = ask_mbus(a, now, 1, bytes); /* 3 s at 2400 baud are 654 bytes */
    assert_in_range(n, 500, sizeof bytes);
    unsigned counts[256] = {0}, kinds = 0;
    for (size_t i = 0; i < n; i++) kinds += counts[bytes[i]]++ == 0;
    assert_true(kinds > 100);
    now += 4 * HENG_US_PER_S;
    do_it(&town, now, "overload a off");
    n = ask_mbus(a, later(&now), 1, bytes);
    assert_true(n > 20 && bytes[0] == 0x68 && bytes[n - 1] == 0x16);
    heng_sim_town_fini(&town);
}

static void test_wrong_commands_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *command, *text;
    } wrong[] = {
        {"kill c 1", "no line 'c', 'show' lists them"}, {"kill c* 1", "no line 'c*', 'show' lists them"},
        {"kill a 7", "no meter '7' on line a"},         {"kill a #7", "no meter '#7' on line a"},
        {"cut a #0", "no meter '#0' on line a"},
    };
    struct heng_sim_town town;
    found(&town, quiet, JANUARY_US);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct heng_sim_command c;
        struct heng_err err = {0};
        assert_int_equal(heng_sim_command_parse(wrong[i].command, &c, &err), HENG_OK);
        assert_int_equal(heng_sim_town_do(&town, &c, 0, &err), HENG_ENOTFOUND);
        assert_string_equal(err.text, wrong[i].text);
    }
    do_it(&town, 0, "kill * #6"); /* line b has two meters only: where there is a sixth one */
    heng_sim_town_fini(&town);
}

/* kWh of the first meter: BCD behind 0C 06. */
static uint32_t energy_of(struct heng_sim_town_line *line, heng_us now)
{
    uint8_t bytes[512];
    size_t n = ask_mbus(line, now, 1, bytes);
    for (size_t i = 19; i + 6 < n; i++) {
        if (bytes[i] != 0x0C || bytes[i + 1] != 0x06) continue;
        uint32_t value = 0;
        for (unsigned b = 4; b-- > 0;) value = value * 100 + (bytes[i + 2 + b] >> 4) * 10u + (bytes[i + 2 + b] & 15);
        return value;
    }
    fail_msg("no energy in an answer of %zu bytes", n);
    return 0;
}

static uint32_t day_of_heating(heng_us start_us)
{
    struct heng_sim_town town;
    uint8_t bytes[512];
    found(&town, quiet, start_us);
    struct heng_sim_town_line *a = &town.lines[0];
    uint32_t before = energy_of(a, 5 * HENG_US_PER_S);
    for (heng_us due; (due = heng_sim_town_due(&town)) < HENG_US_PER_DAY;) {
        (void)ask_mbus(a, due - HENG_US_PER_S * 10, 2, bytes); /* time passes on the bus as well */
        heng_sim_town_tick(&town, due);
    }
    uint32_t after = energy_of(a, HENG_US_PER_DAY);
    heng_sim_town_fini(&town);
    return after - before;
}

static void test_heat_follows_the_season(void **state)
{
    (void)state;
    uint32_t january = day_of_heating(JANUARY_US), july = day_of_heating(JULY_US);
    assert_in_range(january, 25, 200); /* a flat of 55 to 140 m2 */
    assert_int_equal(july, 0);
}

static void test_weather_is_that_of_the_north_of_china(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct heng_sim_climate climate = heng_sim_climate_of(heng_sim_rng_of(seed, 0));
        for (unsigned hour = 0; hour < 24 * 365; hour += 5) {
            struct heng_sim_weather w =
                heng_sim_weather_at(&climate, JANUARY_US + hour * INT64_C(3600) * HENG_US_PER_S);
            assert_true(w.outdoor_c > -13 && w.outdoor_c < 38 && w.day >= 0 && w.day < 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_bytes),
        cmocka_unit_test(test_commands_do_what_they_say),
        cmocka_unit_test(test_overload_is_noise_at_the_speed_of_the_line),
        cmocka_unit_test(test_wrong_commands_say_what_is_wrong),
        cmocka_unit_test(test_heat_follows_the_season),
        cmocka_unit_test(test_weather_is_that_of_the_north_of_china),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
