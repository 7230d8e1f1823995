#include "sim/options.h"

#include "sim/town.h"
#include "sim_case.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static heng_rc parse(const char *text, struct heng_sim_command *ret)
{
    struct heng_err err = {0};
    heng_rc rc = heng_sim_command_parse(text, ret, &err);
    if (rc != HENG_OK) assert_true(err.text[0] != '\0');
    return rc;
}

static void test_commands_parse(void **state)
{
    (void)state;
    struct heng_sim_command c;
    assert_int_equal(parse("unplug heat", &c), HENG_OK);
    assert_int_equal(c.verb, HENG_SIM_VERB_UNPLUG);
    assert_string_equal(c.line, "heat");
    assert_int_equal(parse("  plug\twater \r", &c), HENG_OK);
    assert_int_equal(c.verb, HENG_SIM_VERB_PLUG);
    assert_string_equal(c.line, "water");
    assert_int_equal(parse("kill water 88010023060008", &c), HENG_OK);
    assert_string_equal(c.meter, "88010023060008");
    assert_int_equal(parse("noise water 0.01", &c), HENG_OK);
    assert_int_equal(c.rate_ppm, 10000);
    assert_int_equal(parse("quit", &c), HENG_OK);
    assert_int_equal(c.verb, HENG_SIM_VERB_QUIT);
    assert_int_equal(parse("late water-* 0.5 100 200", &c), HENG_OK);
    assert_int_equal(c.rate_ppm, 500000);
    assert_int_equal(c.min_ms, 100);
    assert_int_equal(c.max_ms, 200);
    assert_true(heng_sim_command_names(&c, "water-17"));
    assert_false(heng_sim_command_names(&c, "water"));
    assert_int_equal(parse("late water 0.5", &c), HENG_OK);
    assert_int_equal(c.min_ms, 50);
    assert_int_equal(c.max_ms, 5000);
    assert_false(heng_sim_command_names(&c, "water-17"));
    assert_int_equal(parse("clock p #3 -900", &c), HENG_OK);
    assert_int_equal(c.seconds, -900);
    assert_int_equal(parse("echo p off", &c), HENG_OK);
    assert_false(c.on);
    assert_int_equal(parse("storm * 10", &c), HENG_OK);
    assert_int_equal(c.seconds, 10);
    assert_int_equal(parse("show", &c), HENG_OK);
}

static void test_wrong_commands_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "   ",
                                        "jump heat",
                                        "unplug",
                                        "unplug heat now",
                                        "kill heat",
                                        "kill heat 5 6",
                                        "noise water",
                                        "noise water 1.5",
                                        "noise water -0.1",
                                        "noise water x",
                                        "quit heat",
                                        "kill heat 1234567890123456789012345678901234567890123456789",
                                        "echo heat maybe",
                                        "late heat 0.1 500",
                                        "late heat 0.1 500 400",
                                        "late heat 0.1 500 700 9",
                                        "storm heat 4000",
                                        "clock heat 1 soon",
                                        "cut heat",
                                        "show heat now"};
    struct heng_sim_command c = {.verb = HENG_SIM_VERB_COUNT};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) assert_int_not_equal(parse(wrong[i], &c), HENG_OK);
    assert_int_equal(c.verb, HENG_SIM_VERB_COUNT); /* untouched */
}

static void test_noise_rates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t ppm;
    } good[] = {{"0", 0}, {"0.002", 2000}, {"1", 1000000}, {"1.000", 1000000}, {"0.0000019", 1}};
    for (unsigned i = 0; i < 5; i++) {
        uint32_t ppm = 77;
        assert_int_equal(heng_sim_noise_parse(good[i].text, &ppm, NULL), HENG_OK);
        assert_int_equal(ppm, good[i].ppm);
    }
}

static void test_commands_act_on_the_building(void **state)
{
    (void)state;
    static struct building b;
    struct heng_sim_line lines[2];
    struct heng_sim_town town;
    struct heng_sim_command c;
    struct heng_err err = {0};
    build(&b, 1, JANUARY_US);
    memcpy(&lines[0], &b.heat, sizeof lines[0]);
    memcpy(&lines[1], &b.water, sizeof lines[1]);
    assert_int_equal(heng_sim_town_init_house(&town, lines, 2, &b.world, 1, &err), HENG_OK);
    assert_int_equal(parse("mute heat", &c), HENG_OK);
    assert_int_equal(heng_sim_town_do(&town, &c, JANUARY_US, &err), HENG_OK);
    assert_true(town.lines[0].muted);
    assert_int_equal(parse("noise heat 0.5", &c), HENG_OK);
    assert_int_equal(heng_sim_town_do(&town, &c, JANUARY_US, &err), HENG_OK);
    assert_int_equal(lines[0].wire.noise_ppm, 500000);
    assert_int_equal(parse("kill heat 100", &c), HENG_OK);
    assert_int_equal(heng_sim_town_do(&town, &c, JANUARY_US, &err), HENG_OK);
    assert_false(lines[0].meters.mbus.slaves[HENG_SIM_BUILDING].alive);
    static const struct {
        const char *command, *text;
        heng_rc rc;
    } wrong[] = {
        {"kill heat 99", "no meter '99' on line heat", HENG_ENOTFOUND},
        {"kill gas 1", "no line 'gas', 'show' lists them", HENG_ENOTFOUND},
        {"cut heat 5", "the built-in building knows no 'cut', a --scenario does", HENG_EUNSUPPORTED},
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(parse(wrong[i].command, &c), HENG_OK);
        assert_int_equal(heng_sim_town_do(&town, &c, JANUARY_US, &err), wrong[i].rc);
        assert_string_equal(err.text, wrong[i].text);
    }
    heng_sim_town_fini(&town);
}

static heng_rc options(const char *const *words, struct heng_sim_options *ret, struct heng_err *err)
{
    char *argv[16] = {"heng-sim"};
    int argc = 1;
    for (; words[argc - 1]; argc++) argv[argc] = (char *)(uintptr_t)words[argc - 1];
    return heng_sim_options_parse(argc, argv, ret, err);
}

static void test_options(void **state)
{
    (void)state;
    static const char *const words[] = {
        "--mbus-port", "0",       "--dtu=localhost:7",    "--heartbeat",      "hex:FE 01", "--noise",
        "0.01",        "--start", "2026-01-15T00:00:00Z", "--control-port=0", NULL};
    struct heng_sim_options o;
    struct heng_err err = {0};
    assert_int_equal(options(words, &o, &err), HENG_OK);
    assert_int_equal(o.mbus_port, 0);
    assert_int_equal(o.dtu_port, 7);
    assert_int_equal(o.heartbeat_n, 2);
    assert_int_equal(o.heartbeat_bytes[0], 0xFE);
    assert_string_equal(o.heartbeat, "hex:FE 01");
    assert_int_equal(o.noise_ppm, 10000);
    assert_true(o.start_us == JANUARY_US);
    assert_true(o.control);
    assert_int_equal(o.speed, 1);
    static const char *const text[] = {"--heartbeat", "ping\\r\\n", NULL};
    assert_int_equal(options(text, &o, &err), HENG_OK);
    assert_int_equal(o.heartbeat_n, 6);
    assert_memory_equal(o.heartbeat_bytes, "ping\r\n", 6);
}

static void test_wrong_options_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words[3];
        const char *text;
    } wrong[] = {
        {{"--mbus-port", "70000"}, "'70000' is no valid --mbus-port, give a whole number from 0 to 65535"},
        {{"--speed", "0"}, "'0' is no valid --speed, give a whole number from 1 to 10000"},
        {{"--speed", "-3"}, "'-3' is no valid --speed, give a whole number from 1 to 10000"},
        {{"--dtu", "192.0.2.1:10002"},
         "'192.0.2.1:10002' is no valid --dtu, give 127.0.0.1:PORT; other hosts are refused"},
        {{"--seed"}, "option '--seed' needs a value, see heng-sim --help"},
        {{"--sped", "3"}, "unknown option '--sped', see heng-sim --help"},
        {{"now"}, "unexpected argument 'now', see heng-sim --help"},
        {{"--noise", "2"}, "'2' is no valid --noise, give a rate from 0 to 1 such as 0.002"},
        {{"--start", "today"}, "'today' is no valid --start, give a time such as 2026-01-15T08:00:00Z"},
        {{"--first-port", "7000"}, "--first-port is for scenarios: give one with --scenario"},
        {{"--wire-speed=instant"}, "--wire-speed is for scenarios: give one with --scenario"},
        {{"--scenario=town.json", "--baud=1200"},
         "--baud is for the built-in building; a scenario says it for each line"},
        {{"--heartbeat", "hex:F"}, "'hex:F' is no valid --heartbeat, give pairs of hex digits"},
    };
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct heng_sim_options o;
        struct heng_err err = {0};
        assert_int_equal(options(wrong[i].words, &o, &err), HENG_ECONFIG);
        assert_string_equal(err.text, wrong[i].text);
    }
}

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* electricity: with the line of --power-port, which brings 4 places and 8 meters. */
static void check_printed_site(bool electricity)
{
    struct heng_sim_site site;
    struct heng_str out = {.max = 1 << 20};
    const struct heng_sim_endpoints ends = {.mbus_port = 4711,
                                            .power_port = electricity ? 4713 : 0,
                                            .registration = "REG-1",
                                            .heartbeat = "HB\r\n",
                                            .baud = 2400,
                                            .period_s = 15};
    size_t more_places = electricity ? 4 : 0, more_meters = electricity ? 8 : 0;
    heng_sim_site_init(&site);
    heng_sim_site_print(&site, &ends, &out);
    assert_int_equal(out.rc, HENG_OK);
    json_t *root = json_loads(out.text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    json_t *places = json_object_get(root, "places"), *lines = json_object_get(root, "lines");
    json_t *meters = json_object_get(root, "meters"), *keys = json_object(), *numbers = json_object();
    assert_int_equal(json_array_size(places), 1 + 4 + 48 + more_places);
    assert_int_equal(json_array_size(lines), electricity ? 3 : 2);
    assert_int_equal(json_array_size(meters), 49 + 48 + more_meters);
    assert_string_equal(text_at(json_array_get(lines, 0), "endpoint"), "127.0.0.1:4711");
    assert_string_equal(text_at(json_array_get(lines, 1), "endpoint"), "REG-1");
    assert_string_equal(text_at(json_array_get(lines, 1), "heartbeat"), "HB\r\n");
    size_t i;
    json_t *item;
    json_array_foreach(places, i, item)
    {
        const char *parent = text_at(item, "parent"); /* comes before its children */
        assert_true(i == 0 ? parent == NULL : json_object_get(keys, parent) != NULL);
        assert_int_equal(json_object_set(keys, text_at(item, "key"), item), 0);
    }
    json_array_foreach(meters, i, item)
    {
        assert_non_null(json_object_get(keys, text_at(item, "place")));
        assert_int_equal(json_object_set(numbers, text_at(item, "number"), item), 0);
    }
    assert_int_equal(json_object_size(keys), 53 + more_places);
    assert_int_equal(json_object_size(numbers), 97 + more_meters);
    json_decref(keys);
    json_decref(numbers);
    json_decref(root);
    heng_str_fini(&out);
}

static void test_printed_site_is_whole(void **state)
{
    (void)state;
    check_printed_site(false);
    check_printed_site(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_parse),
        cmocka_unit_test(test_wrong_commands_are_refused),
        cmocka_unit_test(test_noise_rates),
        cmocka_unit_test(test_commands_act_on_the_building),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_wrong_options_are_refused),
        cmocka_unit_test(test_printed_site_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
