/* A site description into the database: twice is once, a mistake changes nothing and is named. */
#include "meter/profile.h"
#include "unit/small_site.h"

static const struct heng_site_place place = {"b1-u1-101", "b1-u1", "household", "101", 893000};
static const struct heng_site_line line = {"heat", "heat M-Bus", "tcp", "127.0.0.1:10001", "", "E", 2400, 300, 60};
static const struct heng_site_meter meter = {"10000001", "HNG", "heat", "b1-u1-101", "mbus", "1", "heat", NULL};

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twice_is_once), cmocka_unit_test(test_changes_are_applied),
        cmocka_unit_test(test_profile),       cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_address_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
