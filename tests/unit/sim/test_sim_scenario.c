/* Scenario files: what a good one becomes, the sentence for each wrong one, and that no text can break the reader. */
#include "sim/scenario.h"

#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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

static heng_rc parse(const char *json, struct heng_err *err)
{
    *err = (struct heng_err){0};
    return heng_sim_scenario_parse(heng_slice_str(json), &profiles, &scenario, err);
}

static void test_a_town_is_what_it_says(void **state)
{
    (void)state;
    struct heng_err err;
    static const char json[] =
        "{\"title\": \"T\", \"seed\": 42, \"start\": \"2026-01-15T08:00:00Z\", \"speed\": 60, \"lines\": [\n"
        "{\"name\": \"heat-#\", \"count\": 3, \"transport\": \"tcp\", \"port\": 21001, \"baud\": 4800, \"parity\": "
        "\"N\",\n"
        " \"noise\": {\"byte_error\": 0.001, \"burst\": 0.0001, \"burst_bytes\": 7}, \"echo\": true,\n"
        " \"late\": {\"rate\": 0.01, \"ms\": [60, 900]}, \"relays\": [{\"name\": \"box\", \"delay_ms\": 200, \"open\": "
        "\"01 02\"},\n"
        " {\"name\": \"inner\", \"parent\": \"box\", \"stores\": true}],\n"
        " \"meters\": [{\"protocol\": \"mbus\", \"medium\": \"cold water\", \"count\": 5, \"delay_ms\": [20, 80], "
        "\"dead\": 0.5},\n"
        "  {\"profile\": \"kamstrup-multical-601\", \"relay\": \"inner\"}]},\n"
        "{\"name\": \"w\", \"transport\": \"dtu\", \"meters\": [{\"protocol\": \"cjt188\", \"count\": 2}]}],\n"
        "\"events\": [{\"at\": \"2026-01-15T09:00:00Z\", \"do\": \"quit\"}, {\"at\": \"+90s\", \"do\": \"unplug "
        "heat-2\"},\n"
        " {\"at\": \"+2m\", \"do\": \"plug heat-2\"}]}";
    heng_rc rc = parse(json, &err);
    if (rc != HENG_OK) fail_msg("%u: %s", err.at, err.text);
    assert_int_equal(scenario.seed, 42);
    assert_int_equal(scenario.speed, 60);
    assert_int_equal(scenario.line_count, 4);
    assert_int_equal(scenario.meter_count, 20);
    const struct heng_sim_line_plan *heat = &scenario.lines[0];
    assert_int_equal(heat->bus.baud, 4800);
    assert_int_equal(heat->bus.parity, 'N');
    assert_int_equal(heat->bus.byte_error_ppm, 1000);
    assert_int_equal(heat->bus.burst_ppm, 100);
    assert_int_equal(heat->bus.burst_bytes, 7);
    assert_true(heat->bus.echo);
    assert_int_equal(heat->bus.late_ppm, 10000);
    assert_int_equal(heat->bus.late_max_ms, 900);
    assert_int_equal(heat->relay_count, 2);
    assert_int_equal(scenario.relays[1].parent_id, 1);
    assert_memory_equal(scenario.relays[0].open, "\x01\x02", 2);
    assert_int_equal(scenario.events[0].at_us, 90 * HENG_US_PER_S);
    assert_string_equal(scenario.events[1].command, "plug heat-2");
    assert_int_equal(scenario.events[2].at_us, 3600 * HENG_US_PER_S);

    struct heng_sim_meter_config m;
    char number[24];
    size_t k;
    assert_ptr_equal(heng_sim_plan_of(&scenario, 2, &k), heat);
    assert_int_equal(k, 2);
    heng_sim_plan_meter(&scenario, heat, 2, 5, &m, number);
    assert_string_equal(m.address, "6");
    assert_int_equal(m.relay_id, 2);
    assert_string_equal(m.profile->name, "kamstrup-multical-601");
    assert_memory_equal(m.secondary + 8, "2D2C08", 6); /* KAM, version 8: as the profile's own frame says */
    heng_sim_plan_meter(&scenario, &scenario.lines[1], 0, 1, &m, number);
    assert_int_equal(strlen(m.address), 14);
    assert_string_equal(number, m.address);
}

#define LINE(inner)   "{\"lines\": [{\"name\": \"a\", \"transport\": \"tcp\", " inner "}]}"
#define METERS(inner) LINE("\"meters\": [{" inner "}]")
#define GOOD          "\"meters\": [{\"protocol\": \"mbus\"}]"

static void test_each_mistake_has_its_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } wrong[] = {
        {"", "the text ends where"},
        {"[]", "an array stands where an object should be"},
        {"{}", "the town has no 'lines'"},
        {"{\"town\": 1}", "'town' is not known here"},
        {"{\"seed\": \"x\"}", "seed: a string stands where a number should be"},
        {"{\"start\": \"yesterday\"}", "start: 'yesterday' is no time, give one such as 2026-01-15T08:00:00Z"},
        {"{\"speed\": 0}", "speed: "},
        {"{\"seed\": 1, \"seed\": 2}", "seed: is given twice"},
        {"{\"lines\": [{}]}", "lines[0].: needs a 'name'"},
        {"{\"lines\": [{\"name\": \"a b\"}]}", "name 'a b' may have letters, digits"},
        {"{\"lines\": [{\"name\": \"a\"}]}", "lines[0].: needs a 'transport'"},
        {"{\"lines\": [{\"name\": \"a\", \"transport\": \"pigeon\"}]}",
         "lines[0].transport: 'pigeon' is not a transport: use tcp, dtu, pty, rfc2217, udp"},
        {LINE("\"count\": 0"), "lines[0].count: "},
        {LINE("\"parity\": \"M\""), "lines[0].parity: 'M' is not a parity: use E, N or O"},
        {LINE("\"noise\": {\"byte_error\": 2}"), "lines[0].noise.byte_error: is no rate, give a number from 0 to 1"},
        {LINE("\"noise\": {\"byte_eror\": 0}"), "lines[0].noise.: 'byte_eror' is not known here"},
        {LINE("\"half\": \"often\""), "lines[0].half: a string stands where a number should be"},
        {LINE("\"late\": {\"ms\": [9, 3]}"), "lines[0].late.ms: give the smallest and the largest"},
        {LINE("\"relays\": [{}]"), "lines[0].relays[0].: needs a 'name'"},
        {LINE("\"relays\": [{\"name\": \"r\", \"parent\": \"q\"}]"),
         "relays[0].parent: there is no relay 'q' further up"},
        {LINE("\"relays\": [{\"name\": \"r\", \"open\": \"0g\"}]"), "relays[0].open: give at most 32 bytes as pairs"},
        {LINE("\"meters\": []"), "lines[0].: needs 'meters'"},
        {METERS(""), "lines[0].meters[0].: needs a 'profile' or a 'protocol'"},
        {METERS("\"protocol\": \"morse\""), "lines[0].meters[0].protocol: 'morse' is not a protocol: use mbus"},
        {METERS("\"profile\": \"nobody\""), "meters[0].profile: there is no profile 'nobody', 'heng profile list'"},
        {METERS("\"profile\": \"abb-f95\", \"protocol\": \"cjt188\""), "profile 'abb-f95' does not speak cjt188"},
        {METERS("\"protocol\": \"mbus\", \"medium\": \"tea\""), "meters[0].medium: 'tea' is not a medium"},
        {METERS("\"protocol\": \"mbus\", \"count\": 251"), "addresses are 1 to 250; or give \"secondary\": true"},
        {METERS("\"protocol\": \"modbus-rtu\", \"first_address\": \"240\", \"count\": 9"), "addresses are 1 to 247"},
        {METERS("\"protocol\": \"cjt188\", \"first_address\": \"12x\""), "first_address '12x' is no cjt188 address"},
        {METERS("\"protocol\": \"mbus\", \"relay\": \"r\""), "meters[0].relay: there is no relay 'r' on this line"},
        {METERS("\"protocol\": \"mbus\", \"drift_ppm\": [5]"),
         "meters[0].drift_ppm: give the smallest and the largest"},
        {LINE("\"port\": 65000, \"count\": 1000, " GOOD), "1000 lines from port 65000 on go beyond port 65535"},
        {"{\"lines\": [{\"name\": \"a\", \"transport\": \"pty\", " GOOD "}]}", "a pty needs a 'path'"},
        {"{\"lines\": [{\"name\": \"a\", \"count\": 2, \"transport\": \"dtu\", \"registration\": \"R\", " GOOD "}]}",
         "registration 'R' needs a # for the number of each of the 2 lines"},
        {"{\"lines\": [{\"name\": \"a-#\", \"count\": 2, \"transport\": \"dtu\", " GOOD
         "}, {\"name\": \"a-2\", \"transport\": \"dtu\", " GOOD "}]}",
         "two lines have the name 'a-2'"},
        {"{\"lines\": [{\"name\": \"a\", \"count\": 2, \"transport\": \"tcp\", \"port\": 5000, " GOOD
         "}, {\"name\": \"b\", \"transport\": \"tcp\", \"port\": 5001, " GOOD "}]}",
         "lines 'a-#' and 'b' want the same ports: 5000..5001 and 5001..5001"},
        {"{\"lines\": [{\"name\": \"a\", \"transport\": \"tcp\", " GOOD
         "}], \"events\": [{\"at\": \"soon\", \"do\": \"quit\"}]}",
         "events[0].: 'at' is 'soon': give +90s, +15m, +2h or"},
        {"{\"lines\": [{\"name\": \"a\", \"transport\": \"tcp\", " GOOD
         "}], \"events\": [{\"at\": \"+1s\", \"do\": \"dance a\"}]}",
         "events[0].: do: unknown command 'dance a'"},
        {"{\"lines\": [{\"name\": \"a\", \"transport\": \"tcp\", " GOOD
         "}], \"events\": [{\"at\": \"2026-01-15T09:00:00Z\", \"do\": \"quit\"}]}",
         "events[0]: a time on the clock needs a 'start'"},
    };
    scenario.seed = 4711;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct heng_err err;
        heng_rc rc = parse(wrong[i].json, &err);
        if (rc == HENG_OK || !strstr(err.text, wrong[i].text))
            fail_msg("%s\n  says: %s\n  not:  %s", wrong[i].json, rc == HENG_OK ? "(ok)" : err.text, wrong[i].text);
        assert_int_equal(scenario.seed, 4711); /* nothing half-applied */
    }
}

static void test_an_error_names_file_and_line(void **state)
{
    (void)state;
    char path[] = "/tmp/heng-scenario-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    assert_non_null(file);
    fputs("{\"seed\": 1,\n \"lines\": [\n  {\"name\": \"a\", \"transport\": \"smoke\"}]}", file);
    fclose(file);
    struct heng_err err = {0};
    char want[200];
    assert_int_equal(heng_sim_scenario_load(path, &profiles, &scenario, &err), HENG_ECONFIG);
    snprintf(want, sizeof want, "%s:3: lines[0].transport: 'smoke' is not a transport", path + 5);
    assert_memory_equal(err.text, want, strlen(want));
    unlink(path);
    assert_int_equal(heng_sim_scenario_load(path, &profiles, &scenario, &err), HENG_EIO);
}

static char *read_file(const char *path, size_t *ret_n)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = malloc(1 << 16);
    assert_non_null(text);
    *ret_n = fread(text, 1, 1 << 16, file);
    fclose(file);
    return text;
}

static int by_text(const void *a, const void *b) { return strcmp(a, b); }

/* On a line no two meters may be called by the same name: the address, or the identification of those at address 0. */
static void check_line(size_t index, bool twins)
{
    static char names[HENG_SIM_LINE_METERS_MAX][32];
    size_t k;
    const struct heng_sim_line_plan *plan = heng_sim_plan_of(&scenario, index, &k);
    for (size_t i = 0; i < plan->meter_count; i++) {
        struct heng_sim_meter_config m;
        char number[24];
        heng_sim_plan_meter(&scenario, plan, k, i, &m, number);
        bool zero = strcmp(m.address, "0") == 0;
        snprintf(names[i], sizeof names[i], "%d %.20s%.8s", (int)m.protocol, zero ? m.secondary : m.address,
                 zero && twins ? m.fabrication : "");
    }
    qsort(names, plan->meter_count, sizeof names[0], by_text);
    for (size_t i = 1; i < plan->meter_count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            fail_msg("two meters '%s' on a line of plan '%s'", names[i], plan->name);
}

static void test_our_scenarios_are_good(void **state)
{
    (void)state;
    static const char *const names[] = {"town", "bad-town", "training", "dtu-10000", "noisy-line"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        struct heng_err err = {0};
        snprintf(path, sizeof path, HENG_SOURCE_DIR "/sim/scenarios/%s.json", names[i]);
        if (heng_sim_scenario_load(path, &profiles, &scenario, &err) != HENG_OK) fail_msg("%s", err.text);
        for (size_t l = 0; l < scenario.line_count; l += 1 + scenario.line_count / 200) check_line(l, true);
    }
}

/* The town has a meter of every profile that a bus can carry. */
static void test_the_town_has_every_profile(void **state)
{
    (void)state;
    struct heng_err err = {0};
    if (heng_sim_scenario_load(HENG_SOURCE_DIR "/sim/scenarios/town.json", &profiles, &scenario, &err) != HENG_OK)
        fail_msg("%s", err.text);
    for (size_t p = 0; p < profiles.count; p++) {
        bool found = false;
        for (size_t m = 0; m < scenario.meter_plan_count; m++) found |= scenario.meters[m].profile == profiles.items[p];
        if (!found) fail_msg("no meter of profile '%s'", profiles.items[p]->name);
    }
    assert_true(scenario.meter_count >= 3000);
    assert_true(scenario.line_count >= 100);
}

static void test_fates_come_from_the_seed_and_addresses_do_not(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_sim_meter_config one, other;
    char number[24], second[24];
    unsigned dead = 0, moved = 0;
    assert_int_equal(
        parse("{\"seed\": 1, \"lines\": [{\"name\": \"a-#\", \"count\": 10, \"transport\": \"dtu\", \"meters\": "
              "[{\"protocol\": \"cjt188\", \"count\": 100, \"dead\": 0.2}]}]}",
              &err),
        HENG_OK);
    for (size_t k = 0; k < 10; k++)
        for (size_t i = 0; i < 100; i++) {
            scenario.seed = 1;
            heng_sim_plan_meter(&scenario, &scenario.lines[0], k, i, &one, number);
            scenario.seed = 2;
            heng_sim_plan_meter(&scenario, &scenario.lines[0], k, i, &other, second);
            assert_string_equal(one.address, other.address);
            dead += one.fate == HENG_SIM_FATE_DEAD;
            moved += one.fate != other.fate;
        }
    assert_in_range(dead, 150, 250); /* 200 of 1000, four times its standard deviation */
    assert_in_range(moved, 200, 450);
}

/* Every beginning of a scenario, and scenarios with bytes changed at random: read or refused, never worse. */
static void test_hostile_texts(void **state)
{
    (void)state;
    size_t n;
    char *text = read_file(HENG_SOURCE_DIR "/sim/scenarios/training.json", &n);
    const uint64_t seed = 20260115;
    struct heng_sim_rng rng = heng_sim_rng_of(seed, 0);
    print_message("seed %llu\n", (unsigned long long)seed);
    struct heng_err err;
    for (size_t i = 0; i < n; i += 3) {
        char *part = malloc(i + 1); /* its own memory: a byte too far is seen */
        assert_non_null(part);
        memcpy(part, text, i);
        heng_rc rc = heng_sim_scenario_parse(heng_slice_of(part, i), &profiles, &scenario, &err);
        free(part);
        assert_true(rc != HENG_OK || i + 3 >= n);
    }
    for (unsigned round = 0; round < 1500; round++) {
        char *copy = malloc(n);
        assert_non_null(copy);
        memcpy(copy, text, n);
        for (unsigned hits = heng_sim_rng_below(&rng, 6) + 1; hits-- > 0;) {
            static const char bytes[] = "\"{}[],:0129-+.eE#\\\x00\xFF"
                                        "abc";
            copy[heng_sim_rng_below(&rng, (uint32_t)n)] = bytes[heng_sim_rng_below(&rng, sizeof bytes - 1)];
        }
        err = (struct heng_err){0};
        heng_rc rc = heng_sim_scenario_parse(heng_slice_of(copy, n), &profiles, &scenario, &err);
        if (rc != HENG_OK) assert_true(err.text[0] != '\0');
        for (size_t l = 0; rc == HENG_OK && l < scenario.line_count; l++) {
            struct heng_sim_meter_config m;
            char number[24];
            size_t k;
            const struct heng_sim_line_plan *plan = heng_sim_plan_of(&scenario, l, &k);
            heng_sim_plan_meter(&scenario, plan, k, plan->meter_count - 1, &m, number);
        }
        free(copy);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_town_is_what_it_says),
        cmocka_unit_test(test_each_mistake_has_its_sentence),
        cmocka_unit_test(test_an_error_names_file_and_line),
        cmocka_unit_test(test_our_scenarios_are_good),
        cmocka_unit_test(test_the_town_has_every_profile),
        cmocka_unit_test(test_fates_come_from_the_seed_and_addresses_do_not),
        cmocka_unit_test(test_hostile_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
