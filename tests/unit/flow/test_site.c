/* A site description into the database: twice is once, a mistake changes nothing and is named. */
#include "meter/profile.h"
#include "unit/small_site.h"

static const struct heng_site_place place = {"b1-u1-101", "b1-u1", "household", "101", 893000};
static const struct heng_site_line line = {.key = "heat",
                                           .name = "heat M-Bus",
                                           .transport = "tcp",
                                           .endpoint = "127.0.0.1:10001",
                                           .parity = "E",
                                           .baud = 2400,
                                           .latency_ms = 300,
                                           .period_s = 60};
static const struct heng_site_meter meter = {.number = "10000001",
                                             .manufacturer = "HNG",
                                             .line = "heat",
                                             .place = "b1-u1-101",
                                             .protocol = "mbus",
                                             .address = "1",
                                             .medium = "heat"};

static heng_rc apply(struct heng_store *store, const struct heng_site_place *p, const struct heng_site_line *l,
                     const struct heng_site_meter *m, size_t meters, struct heng_err *err)
{
    struct heng_site site = {.name = "Test site",
                             .places = p,
                             .lines = l,
                             .meters = m,
                             .place_count = p ? 1 : 0,
                             .line_count = l ? 1 : 0,
                             .meter_count = meters};
    struct heng_site_applied applied;
    return heng_site_apply(store, &site, START_US + 1000, &applied, err);
}

static void test_twice_is_once(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_site_lines lines = {0};
    struct heng_totals totals;
    struct heng_err err;
    (void)state;
    small_site_apply(store);
    small_site_apply(store);
    assert_ok(heng_store_totals(heng_store_as_reader(store), &totals, &err));
    assert_int_equal(totals.meters, 4);
    assert_int_equal(totals.meters_never, 4);
    assert_int_equal(totals.lines, 2);
    assert_ok(heng_site_load_lines(heng_store_as_reader(store), NULL, &lines, &err));
    assert_int_equal(lines.line_count, 2);
    assert_int_equal(lines.meter_count, 4);
    assert_true(lines.first[0] == 0 && lines.first[1] == 2 && lines.first[2] == 4);
    assert_string_equal(lines.lines[1].heartbeat, "hex:FE");
    assert_int_equal(lines.lines[1].transport, HENG_TRANSPORT_DTU);
    assert_string_equal(lines.meters[3].address, "20000000000002");
    assert_int_equal(lines.meters[3].protocol, HENG_PROTOCOL_CJT188);
    heng_site_lines_fini(&lines);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_changes_are_applied(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_meter_row row;
    struct heng_line_row line_row;
    struct heng_err err;
    (void)state;
    struct heng_site_line slower = line;
    slower.period_s = 900;
    struct heng_site_meter moved = meter;
    moved.place = "b1-u1-102";
    assert_ok(apply(store, NULL, &slower, &moved, 1, &err));
    assert_ok(heng_store_get_line(heng_store_as_reader(store), HEAT_LINE, &line_row, &err));
    assert_int_equal(line_row.config.period_s, 900);
    assert_ok(heng_store_get_meter(heng_store_as_reader(store), HEAT_1, &row, &err));
    assert_string_equal(row.place, "1号楼 / 1单元 / 102");

    /* a new name further up shows in the path of everything below */
    const struct heng_site_place renamed = {"b1", "", "building", "North", 0};
    assert_ok(apply(store, &renamed, NULL, NULL, 0, &err));
    assert_ok(heng_store_get_meter(heng_store_as_reader(store), HEAT_1, &row, &err));
    assert_string_equal(row.place, "North / 1单元 / 102");
    const struct heng_site_place circle = {"b1", "b1-u1", "building", "North", 0};
    assert_int_equal(apply(store, &circle, NULL, NULL, 0, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "below itself"));

    /* two meters change their addresses in one description */
    struct heng_site_meter swapped[2] = {meter, meter};
    swapped[0].address = "2";
    swapped[1].number = "10000002";
    assert_ok(apply(store, NULL, NULL, swapped, 2, &err));
    assert_ok(heng_store_get_meter(heng_store_as_reader(store), HEAT_1, &row, &err));
    assert_string_equal(row.address, "2");
    heng_store_close(store);
    small_site_fini(&site);
}

/* A meter's model is kept by its name and found again, or not. */
/* What a meter measures is counted from the start, and also where an older version forgot to. */
static void test_what_is_counted(void **state)
{
    (void)state;
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    static const char heat[] = "SELECT count(*) FROM channel c JOIN installation i ON i.point_id = c.point_id "
                               "WHERE i.device_id = 1 AND i.until_us IS NULL AND (c.quantity = 'volume' OR c.main = 1)",
                      due[] = "SELECT count(*) FROM usage_due";
    assert_int_equal(small_site_number(site.path, heat), 2);
    int64_t channels = small_site_number(site.path, "SELECT count(*) FROM channel");
    assert_int_equal(small_site_sql(site.path, "DELETE FROM usage_due"), HENG_OK);
    small_site_apply(store);
    assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM channel"), channels);
    assert_int_equal(small_site_number(site.path, due), 0); /* the same again is no reason to derive anything */
    assert_int_equal(small_site_sql(site.path, "DELETE FROM channel"), HENG_OK);
    small_site_apply(store);
    assert_int_equal(small_site_number(site.path, heat), 2);
    assert_int_equal(small_site_number(site.path, due), channels);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_profile(void **state)
{
    static const struct heng_profile known = {.name = "known", .protocols = 1u << HENG_PROTOCOL_MBUS};
    const struct heng_profile *items[] = {&known};
    const struct heng_profiles profiles = {.items = items, .count = 1};
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_site_meter named[2] = {meter, meter};
    struct heng_site_lines lines = {0};
    struct heng_meter_row row;
    struct heng_err err;
    (void)state;
    named[0].profile = "known";
    named[1].profile = "gone";
    named[1].number = "10000002";
    named[1].address = "2";
    assert_ok(apply(store, NULL, NULL, named, 2, &err));
    assert_ok(heng_store_get_meter(heng_store_as_reader(store), HEAT_1, &row, &err));
    assert_string_equal(row.device.profile, "known");
    assert_ok(heng_site_load_lines(heng_store_as_reader(store), &profiles, &lines, &err));
    assert_ptr_equal(lines.meters[0].profile, &known);
    assert_null(lines.meters[1].profile);
    assert_string_equal(lines.meters[1].profile_name, "gone");
    assert_null(lines.meters[2].profile);
    assert_ptr_equal(lines.lines[0].profiles, &profiles);
    heng_site_lines_fini(&lines);

    /* a description without it takes it away again; one that is too long is a mistake */
    assert_ok(apply(store, NULL, NULL, &meter, 1, &err));
    assert_ok(heng_store_get_meter(heng_store_as_reader(store), HEAT_1, &row, &err));
    assert_string_equal(row.device.profile, "");
    named[0].profile = "a-name-that-is-longer-than-any-profile-may-be-called";
    assert_int_equal(apply(store, NULL, NULL, named, 1, &err), HENG_ECONFIG);
    heng_store_close(store);
    small_site_fini(&site);
}

/* Each mistake is named with its item, and nothing of the description is applied. */
static void expect_mistake(struct heng_store *store, const struct heng_site_place *p, const struct heng_site_line *l,
                           const struct heng_site_meter *m, const char *item, const char *words)
{
    struct heng_err err;
    char site[HENG_NAME_MAX] = "";
    heng_rc rc = apply(store, p, l, m, m ? 1 : 0, &err);
    assert_true(rc == HENG_ECONFIG || rc == HENG_ECONFLICT);
    if (!strstr(err.text, item) || !strstr(err.text, words)) fail_msg("'%s' has no '%s' %s", err.text, words, item);
    assert_int_equal(heng_store_get_setting(heng_store_as_reader(store), "site", site, sizeof site, &err),
                     HENG_ENOTFOUND);
}

static void test_mistakes_are_named(void **state)
{
    static const char *const wrong_kinds[] = {"palace", "house", "hold", "unit,", "area, building"};
    struct small_site site;
    struct heng_store *store = NULL;
    struct heng_err err;
    (void)state;
    small_site_init(&site);
    assert_ok(heng_store_create(site.path, &err));
    assert_ok(heng_store_open(site.path, &store, &err));
    struct heng_site_place root = place, orphan = place, own = place;
    root.parent = "";
    own.parent = own.key;
    expect_mistake(store, &orphan, NULL, NULL, "place 'b1-u1-101'", "parent 'b1-u1' is not known");
    expect_mistake(store, &own, NULL, NULL, "place 'b1-u1-101'", "its own parent");
    root.name = NULL;
    expect_mistake(store, &root, NULL, NULL, "place 'b1-u1-101'", "name is missing");
    root.name = "101";
    root.area_cm2 = -1;
    expect_mistake(store, &root, NULL, NULL, "place 'b1-u1-101'", "negative");
    root.area_cm2 = 0;
    for (size_t i = 0; i < sizeof wrong_kinds / sizeof *wrong_kinds; i++) {
        root.kind = wrong_kinds[i];
        expect_mistake(store, &root, NULL, NULL, "place 'b1-u1-101'", "no kind of place");
    }
    root.kind = place.kind;

    struct heng_site_line bad = line;
    bad.transport = "pigeon";
    expect_mistake(store, &root, &bad, NULL, "line 'heat'", "transport 'pigeon'");
    bad = line;
    bad.baud = 17;
    expect_mistake(store, &root, &bad, NULL, "line 'heat'", "baud is 17");
    bad = line;
    bad.parity = "X";
    expect_mistake(store, &root, &bad, NULL, "line 'heat'", "parity 'X'");

    struct heng_site_meter wrong = meter;
    wrong.place = "elsewhere";
    expect_mistake(store, &root, &line, &wrong, "meter '10000001'", "place 'elsewhere'");
    wrong = meter;
    wrong.line = "nowhere";
    expect_mistake(store, &root, &line, &wrong, "meter '10000001'", "line 'nowhere'");
    wrong = meter;
    wrong.medium = "beer";
    expect_mistake(store, &root, &line, &wrong, "meter '10000001'", "medium 'beer'");
    wrong = meter;
    wrong.protocol = "morse";
    expect_mistake(store, &root, &line, &wrong, "meter '10000001'", "protocol 'morse'");
    wrong = meter;
    wrong.number = "123456789012345678901234567890";
    expect_mistake(store, &root, &line, &wrong, "meter '1234567", "longer than 23");
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_address_taken(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_err err;
    (void)state;
    struct heng_site_meter stranger = meter;
    stranger.number = "10000099";
    assert_int_equal(apply(store, NULL, NULL, &stranger, 1, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "meter '10000099': address 1 of line 'heat' belongs to another meter"));
    struct heng_site_line twin = line;
    twin.key = "heat2";
    assert_int_equal(apply(store, NULL, &twin, NULL, 0, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "line 'heat2': the endpoint '127.0.0.1:10001' is used by another line"));
    heng_store_close(store);
    small_site_fini(&site);
}

/* Schedules, relays and the rest of a line's settings: into the database, out of it, and each line gets its own. */
static void test_settings(void **state)
{
    static const struct heng_site_line lines[] = {
        {.key = "heat",
         .name = "heat M-Bus",
         .transport = "serial",
         .endpoint = "/dev/ttyS0",
         .parity = "E",
         .baud = 2400,
         .latency_ms = 300,
         .period_s = 60,
         .rts = "send-high",
         .overload = "cts-low",
         .wake_byte = 0x55,
         .wake_ms = 2200,
         .wake_rest_ms = 50,
         .wake_after_s = 10,
         .quarantine_after = 5,
         .infrared = true,
         .single_reads = true},
        {.key = "water",
         .name = "water DTU",
         .transport = "dtu",
         .endpoint = "DTU-1",
         .heartbeat = "hex:FE",
         .heartbeat_s = 30,
         .parity = "E",
         .baud = 2400,
         .latency_ms = 500,
         .period_s = 3600},
    };
    static const struct heng_site_relay relays[] = {
        {.key = "outer", .line = "water", .open = "68 01 16", .open_answer = "E5", .stores = true, .delay_ms = 40},
        {.key = "inner", .line = "water", .parent = "outer", .hold_ms = 9},
    };
    static const struct heng_schedule schedules[] = {
        {.name = "unused", .period_s = 60},
        {.name = "days", .times = {360}, .time_count = 1, .due_days = 1},
    };
    static const struct heng_site_meter meters[] = {
        {.number = "20000000000001",
         .manufacturer = "HNG",
         .line = "water",
         .place = "b1-u1-101",
         .protocol = "cjt188",
         .address = "20000000000001",
         .medium = "cold water",
         .schedule = "days",
         .relay = "inner",
         .position = 12},
    };
    struct heng_site wanted = {.lines = lines,
                               .line_count = 2,
                               .relays = relays,
                               .relay_count = 2,
                               .schedules = schedules,
                               .schedule_count = 2,
                               .meters = meters,
                               .meter_count = 1};
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_site_lines got = {0};
    struct heng_site_applied applied;
    struct heng_err err;
    (void)state;
    for (int i = 0; i < 2; i++) assert_ok(heng_site_apply(store, &wanted, START_US, &applied, &err));
    assert_ok(heng_site_load_lines(heng_store_as_reader(store), NULL, &got, &err));
    const struct heng_line_config *heat = &got.lines[0], *water = &got.lines[1];
    assert_true(heat->rts == HENG_RTS_SEND_HIGH && heat->overload == HENG_SIGNAL_CTS_LOW && heat->infrared &&
                heat->single_reads && heat->wake_byte == 0x55 && heat->wake_ms == 2200 && heat->wake_rest_ms == 50 &&
                heat->wake_after_s == 10 && heat->quarantine_after == 5);
    assert_true(heat->schedule_count == 0 && heat->relay_count == 0);
    assert_int_equal(water->heartbeat_s, 30);
    assert_int_equal(water->schedule_count, 1); /* and not the one that nobody there has */
    assert_string_equal(water->schedules[0].name, "days");
    assert_int_equal(water->relay_count, 2);
    assert_true(water->relays[0].open_n == 3 && water->relays[0].open[2] == 0x16 && water->relays[0].stores);
    assert_int_equal(water->relays[1].parent_id, water->relays[0].id);
    const struct heng_meter_config *member = &got.meters[got.first[1]];
    assert_int_equal(member->schedule_id, water->schedules[0].id);
    assert_int_equal(member->relay_id, water->relays[1].id);
    assert_int_equal(member->position, 12);
    assert_int_equal(got.meters[got.first[1] + 1].schedule_id, 0);
    heng_site_lines_fini(&got);

    /* What is there already counts too: the inner one cannot become the way to the outer one that leads to it. */
    const struct heng_site_relay turned = {.key = "outer", .line = "water", .parent = "inner"};
    struct heng_site loop = {.relays = &turned, .relay_count = 1};
    assert_int_equal(heng_site_apply(store, &loop, START_US, &applied, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "behind itself"));
    assert_ok(heng_site_apply(store, &wanted, START_US, &applied, &err));
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_bad_settings(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_site_applied applied;
    struct heng_err err;
    (void)state;
    const struct {
        struct heng_site_relay relay;
        const char *words;
    } relays[] = {
        {{.key = "a", .line = "none"}, "line 'none' is not known"},
        {{.key = "a", .line = "heat", .parent = "b"}, "no relay 'b'"},
        {{.key = "a", .line = "heat", .parent = "a"}, "its own parent"},
        {{.key = "a", .line = "heat", .open = "6"}, "in hex"},
        {{.key = "a", .line = "heat", .open_answer = "E5"}, "nothing to open it with"},
        {{.key = "a", .line = "heat", .delay_ms = 60001}, "delay_ms is 60001"},
        {{.line = "heat"}, "key is missing"},
    };
    for (size_t i = 0; i < sizeof relays / sizeof *relays; i++) {
        struct heng_site wanted = {.relays = &relays[i].relay, .relay_count = 1};
        assert_int_equal(heng_site_apply(store, &wanted, START_US, &applied, &err), HENG_ECONFIG);
        if (!strstr(err.text, relays[i].words)) fail_msg("%zu: %s", i, err.text);
    }
    struct heng_site_line bad = line;
    bad.rts = "up";
    assert_int_equal(apply(store, NULL, &bad, NULL, 0, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "rts 'up'"));
    bad.rts = "kernel"; /* on a TCP line */
    assert_int_equal(apply(store, NULL, &bad, NULL, 0, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "serial"));
    bad = line;
    bad.wake_byte = 256;
    assert_int_equal(apply(store, NULL, &bad, NULL, 0, &err), HENG_ECONFIG);
    struct heng_site_meter other = meter;
    other.schedule = "never";
    assert_int_equal(apply(store, NULL, NULL, &other, 1, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "schedule 'never'"));
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),      cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_twice_is_once), cmocka_unit_test(test_changes_are_applied),
        cmocka_unit_test(test_profile),       cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_address_taken), cmocka_unit_test(test_what_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
