/* The printed description of a town: whole, unique, and the same as what the simulator then runs. */
#include "sim/town_site.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static json_t *print(uint16_t first_port)
{
    struct heng_str out = {.max = 64 << 20};
    struct heng_err err = {0};
    if (heng_sim_town_site_print(&scenario, first_port, &out, &err) != HENG_OK) fail_msg("%s", err.text);
    json_t *root = json_loads(out.text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    heng_str_fini(&out);
    return root;
}

static void load(const char *json)
{
    struct heng_err err = {0};
    if (heng_sim_scenario_parse(heng_slice_str(json), &profiles, &scenario, &err) != HENG_OK) fail_msg("%s", err.text);
}

/* Each key once, and every reference to one that is there. Returns how many there are. */
static size_t index_keys(const json_t *root, const char *list, const char *key, json_t *ret)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(root, list), i, item)
    {
        if (json_object_get(ret, text_at(item, key))) fail_msg("%s '%s' twice", list, text_at(item, key));
        assert_int_equal(json_object_set(ret, text_at(item, key), item), 0);
    }
    return json_object_size(ret);
}

static void check_whole(const char *name, size_t meters_wanted)
{
    char path[256];
    struct heng_err err = {0};
    snprintf(path, sizeof path, HENG_SOURCE_DIR "/sim/scenarios/%s.json", name);
    if (heng_sim_scenario_load(path, &profiles, &scenario, &err) != HENG_OK) fail_msg("%s", err.text);
    json_t *root = print(0), *lines = json_object(), *places = json_object(), *meters = json_object();
    json_t *relays = json_object(), *endpoints = json_object(), *item;
    size_t i;
    assert_int_equal(index_keys(root, "lines", "key", lines), scenario.line_count);
    assert_int_equal(index_keys(root, "lines", "endpoint", endpoints), scenario.line_count);
    assert_int_equal(index_keys(root, "meters", "number", meters), meters_wanted);
    assert_int_equal(index_keys(root, "places", "key", places), scenario.line_count + scenario.meter_count);
    (void)index_keys(root, "relays", "key", relays);
    json_array_foreach(json_object_get(root, "meters"), i, item)
    {
        assert_non_null(json_object_get(lines, text_at(item, "line")));
        assert_non_null(json_object_get(places, text_at(item, "place")));
        if (text_at(item, "relay")) assert_non_null(json_object_get(relays, text_at(item, "relay")));
    }
    json_decref(lines);
    json_decref(endpoints);
    json_decref(places);
    json_decref(meters);
    json_decref(relays);
    json_decref(root);
}

static void test_our_towns_are_whole(void **state)
{
    (void)state;
    check_whole("town", 5291);
    check_whole("bad-town", 1860 - 30); /* the second of each pair of twins is in no list */
    check_whole("training", 160);
}

static void test_how_a_line_is_reached(void **state)
{
    (void)state;
    load("{\"lines\": [{\"name\": \"t-#\", \"count\": 2, \"transport\": \"tcp\", \"port\": 7001, \"meters\": "
         "[{\"protocol\": "
         "\"mbus\"}]}, {\"name\": \"u\", \"transport\": \"udp\", \"port\": 7001, \"meters\": [{\"protocol\": "
         "\"mbus\"}]}, "
         "{\"name\": \"d-#\", \"count\": 2, \"transport\": \"dtu\", \"registration\": \"imei:86#\", \"meters\": "
         "[{\"protocol\": \"mbus\", \"secondary\": true}]}, {\"name\": \"p\", \"transport\": \"pty\", \"path\": "
         "\"/tmp/p-#\", "
         "\"meters\": [{\"protocol\": \"mbus\"}]}]}");
    static const char *const as_told[] = {"127.0.0.1:7001",       "127.0.0.1:7002",       "127.0.0.1:7001",
                                          "imei:860000000000001", "imei:860000000000002", "/tmp/p-1"};
    static const char *const counted[] = {"127.0.0.1:9000",       "127.0.0.1:9001",       "127.0.0.1:9002",
                                          "imei:860000000000001", "imei:860000000000002", "/tmp/p-1"};
    for (unsigned round = 0; round < 2; round++) {
        json_t *root = print(round ? 9000 : 0), *item;
        size_t i;
        json_array_foreach(json_object_get(root, "lines"), i, item)
        {
            assert_string_equal(text_at(item, "endpoint"), (round ? counted : as_told)[i]);
        }
        const char *address = text_at(json_array_get(json_object_get(root, "meters"), 3), "address");
        assert_int_equal(strlen(address), 16);
        assert_memory_equal(address + 8, "C721", 4);
        json_decref(root);
    }
}

static void test_a_free_port_cannot_be_described(void **state)
{
    (void)state;
    struct heng_str out = {.max = 1 << 16};
    struct heng_err err = {0};
    load("{\"lines\": [{\"name\": \"t\", \"transport\": \"tcp\", \"meters\": [{\"protocol\": \"mbus\"}]}]}");
    assert_int_equal(heng_sim_town_site_print(&scenario, 0, &out, &err), HENG_ECONFIG);
    assert_string_equal(err.text, "line 't' takes a free port, which nobody knows before it runs: give it a 'port', or "
                                  "--first-port");
    heng_str_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_our_towns_are_whole),
        cmocka_unit_test(test_how_a_line_is_reached),
        cmocka_unit_test(test_a_free_port_cannot_be_described),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
