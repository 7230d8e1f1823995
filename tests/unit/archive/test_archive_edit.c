/* Places by hand: many at once, moved, copied, closed and opened again; what belongs to another stays as it is. */
#include "archive/archive.h"
#include "store/write.h"
#include "unit/small_site.h"

struct rig {
    struct small_site site;
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_err err;
};

static void rig_open(struct rig *r)
{
    struct heng_err err;
    r->store = small_site_open(&r->site);
    r->reader = heng_store_as_reader(r->store);
    assert_ok(heng_store_begin(r->store, &err));
}

static void rig_close(struct rig *r)
{
    heng_store_rollback(r->store);
    heng_store_close(r->store);
    small_site_fini(&r->site);
}

static struct heng_archive_place find(struct rig *r, const char *key)
{
    struct heng_archive_place place;
    struct heng_err err;
    assert_ok(heng_archive_find_place(r->reader, 0, key, &place, &err));
    return place;
}

static void test_bulk(void **state)
{
    struct rig r;
    struct heng_err err;
    size_t made;
    (void)state;
    rig_open(&r);
    int64_t unit = find(&r, "b1-u1").place.id;
    struct heng_archive_bulk bulk = {.parent_id = unit,
                                     .first_floor = 2,
                                     .last_floor = 13,
                                     .per_floor = 4,
                                     .areas_cm2 = {890000, 760000},
                                     .area_count = 2,
                                     .positions = {"corner"},
                                     .position_count = 1};
    assert_ok(heng_archive_bulk(r.store, 0, &bulk, &made, &err));
    assert_int_equal(made, 48);
    struct heng_archive_place place = find(&r, "b1-u1-1304");
    assert_string_equal(place.place.path, "1号楼 / 1单元 / 1304");
    assert_true(place.has_floor && place.floor == 13);
    assert_int_equal(find(&r, "b1-u1-201").place.area_cm2, 890000);
    assert_int_equal(find(&r, "b1-u1-202").place.area_cm2, 760000);
    assert_int_equal(find(&r, "b1-u1-203").place.area_cm2, 0);
    assert_string_equal(find(&r, "b1-u1-201").position, "corner");
    /* once more is refused, by the name of the first that is there */
    assert_int_equal(heng_archive_bulk(r.store, 0, &bulk, &made, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "201"));
    rig_close(&r);
}

static void test_bulk_wrong(void **state)
{
    static const struct {
        const char *name, *key;
        int64_t first, last, per;
    } cases[] = {
        {"{floor", "", 1, 2, 2}, {"{nr:0}", "", 1, 2, 2},    {"{flor}{nr}", "", 1, 2, 2},
        {"same", "", 1, 2, 2},   {"", "same", 1, 2, 2},      {"", "", 2, 1, 2},
        {"", "", 1, 2, 0},       {"", "", 1, 2, 1000000000}, {"", "", -1000000, 1000000, 64},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        size_t made;
        rig_open(&r);
        struct heng_archive_bulk bulk = {.parent_id = find(&r, "b1-u1").place.id,
                                         .first_floor = cases[i].first,
                                         .last_floor = cases[i].last,
                                         .per_floor = cases[i].per};
        snprintf(bulk.name, sizeof bulk.name, "%.90s", cases[i].name);
        snprintf(bulk.key, sizeof bulk.key, "%.60s", cases[i].key);
        if (heng_archive_bulk(r.store, 0, &bulk, &made, &r.err) == HENG_OK) fail_msg("case %zu", i);
        rig_close(&r);
    }
}

static void test_move(void **state)
{
    struct rig r;
    struct heng_err err;
    (void)state;
    rig_open(&r);
    struct heng_archive_place other = {.place.kind = "building", .place.name = "2号楼"};
    assert_ok(heng_archive_add(r.store, 0, &other, &err));
    int64_t unit = find(&r, "b1-u1").place.id;
    assert_ok(heng_archive_move(r.store, 0, unit, other.place.id, &err));
    assert_string_equal(find(&r, "b1-u1-101").place.path, "2号楼 / 1单元 / 101");
    assert_int_equal(heng_archive_move(r.store, 0, other.place.id, find(&r, "b1-u1-101").place.id, &err),
                     HENG_ECONFLICT);
    assert_int_equal(heng_archive_move(r.store, 0, 999, other.place.id, &err), HENG_ENOTFOUND);
    assert_ok(heng_archive_move(r.store, 0, unit, 0, &err));
    assert_string_equal(find(&r, "b1-u1-101").place.path, "1单元 / 101");
    assert_ok(heng_store_commit(r.store, &err));
    /* the search of meters follows */
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM device WHERE search LIKE '%1号楼%'"), 0);
    rig_close(&r);
}

/* A copy has the structure with its points, main meters inside of it, and no meters. */
static void test_copy(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_point main = {.medium = HENG_MEDIUM_HEAT, .key = "b1.main", .serves = "building"}, child, copy;
    int64_t id;
    size_t made, n;
    (void)state;
    rig_open(&r);
    main.place_id = find(&r, "b1").place.id;
    assert_ok(heng_archive_put_point(r.store, &main, &err));
    assert_ok(heng_archive_list_points(r.reader, 0, find(&r, "b1-u1-101").place.id, 0, &child, 1, &n, &err));
    snprintf(child.key, sizeof child.key, "b1-u1-101.heat");
    child.main_id = main.id;
    assert_ok(heng_archive_put_point(r.store, &child, &err));
    assert_ok(heng_archive_copy(r.store, 0, main.place_id, 0, "2号楼", "b2", &id, &made, &err));
    assert_int_equal(made, 4);
    assert_string_equal(find(&r, "b2-u1-101").place.path, "2号楼 / 1单元 / 101");
    assert_int_equal(find(&r, "b2-u1-101").place.area_cm2, 893000);
    assert_ok(heng_archive_find_point(r.reader, 0, "b2-u1-101.heat", &copy, &err));
    assert_ok(heng_archive_get_point(r.reader, 0, copy.main_id, &main, &err));
    assert_string_equal(main.key, "b2.main");
    struct heng_archive_device device;
    assert_int_equal(heng_archive_device_at(r.reader, 0, copy.id, &device, &err), HENG_ENOTFOUND);
    /* below itself, and once more under the same key */
    assert_int_equal(
        heng_archive_copy(r.store, 0, find(&r, "b1").place.id, find(&r, "b1-u1").place.id, "x", "x", &id, &made, &err),
        HENG_ECONFLICT);
    assert_int_equal(heng_archive_copy(r.store, 0, find(&r, "b1").place.id, 0, "2号楼", "b2", &id, &made, &err),
                     HENG_ECONFLICT);
    rig_close(&r);
}

static void test_close(void **state)
{
    struct rig r;
    struct heng_err err;
    heng_us at_us = START_US + HENG_US_PER_DAY;
    (void)state;
    rig_open(&r);
    int64_t unit = find(&r, "b1-u1").place.id;
    assert_int_equal(heng_archive_close(r.store, 0, unit, at_us, false, &err), HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "4 open metering points"));
    assert_int_equal(heng_archive_close(r.store, 0, unit, START_US - 1, true, &err), HENG_ECONFLICT);
    assert_ok(heng_archive_close(r.store, 0, unit, at_us, true, &err));
    assert_int_equal(find(&r, "b1-u1-101").closed_us, at_us);
    assert_int_equal(find(&r, "b1").closed_us, 0);
    assert_int_equal(heng_archive_close(r.store, 0, unit, at_us, true, &err), HENG_ECONFLICT);
    struct heng_archive_place below = {.place.parent_id = unit, .place.kind = "household", .place.name = "103"};
    assert_int_equal(heng_archive_add(r.store, 0, &below, &err), HENG_ECONFLICT);
    assert_int_equal(heng_archive_reopen(r.store, 0, find(&r, "b1-u1-101").place.id, &err), HENG_ECONFLICT);
    assert_ok(heng_archive_reopen(r.store, 0, unit, &err));
    assert_int_equal(find(&r, "b1-u1-101").closed_us, 0);
    assert_ok(heng_store_commit(r.store, &err));
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM line_member"), 0);
    /* each meter that left has it in its history */
    assert_int_equal(small_site_number(r.site.path,
                                       "SELECT count(*) FROM installation i JOIN point_event e ON e.kind = "
                                       "'remove' AND e.device_id = i.device_id AND e.point_id = i.point_id "
                                       "AND e.at_us = i.until_us"),
                     small_site_number(r.site.path, "SELECT count(*) FROM installation"));
    assert_true(small_site_number(r.site.path, "SELECT count(*) FROM usage_due") > 0);
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM installation WHERE until_us IS NULL"), 0);
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM point WHERE closed_us <> 0"), 0);
    rig_close(&r);
}

/* Building 1 is A's, its unit B's: neither moves, copies, closes, renames or fills what is the other's. */
static void test_scope(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_org a = {.key = "a", .name = "A"}, b = {.key = "b", .name = "B"};
    int64_t id;
    size_t made;
    (void)state;
    rig_open(&r);
    assert_ok(heng_archive_put_org(r.store, &a, &err));
    assert_ok(heng_archive_put_org(r.store, &b, &err));
    struct heng_archive_place building = find(&r, "b1"), unit = find(&r, "b1-u1");
    building.org_id = a.id;
    unit.org_id = b.id;
    assert_ok(heng_archive_edit(r.store, 0, &building, &err));
    assert_ok(heng_archive_edit(r.store, 0, &unit, &err));
    assert_int_equal(find(&r, "b1-u1-101").managed_by, b.id);
    assert_ok(heng_store_commit(r.store, &err));
    assert_ok(heng_store_begin(r.store, &err));
    struct heng_archive_bulk bulk = {.parent_id = unit.place.id, .first_floor = 9, .last_floor = 9, .per_floor = 1};
    struct heng_archive_place mine = unit;
    struct heng_archive_place top = {.place.kind = "area", .place.name = "mine"};
    mine.org_id = a.id;
    assert_int_equal(heng_archive_edit(r.store, a.id, &unit, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_archive_edit(r.store, b.id, &mine, &err), HENG_EDENIED);
    assert_int_equal(heng_archive_add(r.store, b.id, &top, &err), HENG_EDENIED);
    assert_int_equal(heng_archive_bulk(r.store, a.id, &bulk, &made, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_archive_move(r.store, a.id, building.place.id, 0, &err), HENG_EDENIED);
    assert_int_equal(heng_archive_move(r.store, b.id, unit.place.id, building.place.id, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_archive_copy(r.store, a.id, building.place.id, 0, "x", "x", &id, &made, &err), HENG_EDENIED);
    assert_int_equal(heng_archive_close(r.store, a.id, building.place.id, START_US * 2, true, &err), HENG_EDENIED);
    assert_int_equal(heng_archive_close(r.store, a.id, unit.place.id, START_US * 2, true, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_archive_reopen(r.store, a.id, unit.place.id, &err), HENG_ENOTFOUND);
    assert_ok(heng_archive_bulk(r.store, b.id, &bulk, &made, &err));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bulk), cmocka_unit_test(test_bulk_wrong), cmocka_unit_test(test_move),
        cmocka_unit_test(test_copy), cmocka_unit_test(test_close),      cmocka_unit_test(test_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
