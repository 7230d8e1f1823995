/* Sheets in: a building from one sheet, twice is once, every wrong cell is named, nothing is half applied. */
#include "unit/archive/archive_rig.h"

/* One sheet sets up the building; the same again changes nothing; a preview changes nothing. */
static void test_building(void **state)
{
    struct rig r;
    struct heng_archive_place place;
    struct heng_archive_device device;
    struct heng_point point, main;
    struct heng_err err;
    const char *both[] = {archive_sheet_zh, archive_lines}; /* the order of files does not matter */
    (void)state;
    rig_open(&r);
    heng_rc rc = import_texts(&r, 0, both, 2, false);
    show(&r);
    assert_int_equal(rc, HENG_OK);
    assert_int_equal(count(&r, HENG_ARCHIVE_METERS, HENG_ARCHIVE_NEW), 4);
    assert_int_equal(count(&r, HENG_ARCHIVE_PLACES, HENG_ARCHIVE_NEW), 5);
    int64_t places, points, devices;
    struct heng_store_reader *reader = heng_store_as_reader(r.store);
    assert_ok(heng_archive_counts(reader, 0, &places, &points, &devices, &err));
    assert_int_equal(places, 0);
    assert_int_equal(import_texts(&r, 0, both, 2, true), HENG_OK);
    assert_ok(heng_archive_counts(reader, 0, &places, &points, &devices, &err));
    assert_true(places == 5 && points == 4 && devices == 4);
    char *before = small_site_lines(r.site.path, "SELECT key || path || area_cm2 || note FROM place ORDER BY id");
    assert_int_equal(import_texts(&r, 0, both, 2, true), HENG_OK);
    assert_int_equal(count(&r, HENG_ARCHIVE_METERS, HENG_ARCHIVE_SAME), 4);
    assert_int_equal(count(&r, HENG_ARCHIVE_LINES, HENG_ARCHIVE_SAME), 1);
    assert_int_equal(r.report.effect_count, 0);
    char *after = small_site_lines(r.site.path, "SELECT key || path || area_cm2 || note FROM place ORDER BY id");
    assert_string_equal(before, after);
    free(before);
    free(after);

    assert_ok(heng_archive_find_device(reader, 0, "10000001", "HNG", &device, &err));
    assert_string_equal(device.line, "L1");
    assert_string_equal(device.address, "10000001");
    assert_int_equal(device.from_us, INT64_C(1790784000) * HENG_US_PER_S); /* midnight in Shanghai */
    assert_ok(heng_archive_get_place(reader, 0, device.place_id, &place, &err));
    assert_string_equal(place.place.path, "阳光小区 / 1号楼 / 1单元 / 101");
    assert_int_equal(place.place.area_cm2, 895000);
    assert_true(place.has_floor && place.floor == 1);
    assert_string_equal(place.note, "张三");
    assert_ok(heng_archive_get_point(reader, 0, device.point_id, &point, &err));
    assert_string_equal(point.nominal, "DN20");
    assert_ok(heng_archive_get_point(reader, 0, point.main_id, &main, &err));
    assert_string_equal(main.serves, "building");
    assert_ok(heng_archive_find_device(reader, 0, "20000000000001", "HNG", &device, &err));
    assert_true(device.factor_num == 1 && device.factor_den == 2);
    /* what the meter showed then is kept with its channel */
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM point_event WHERE after = '12.5'"), 1);
    rig_close(&r);
}

/* Choose what happens to what is there and differs. */
static void test_existing(void **state)
{
    static const char changed[] = "building,flat,area m2,meter number,maker,medium,protocol\n"
                                  "B1,101,70,M1,HNG,heat,mbus\n";
    struct rig r;
    struct heng_archive_place place;
    struct heng_err err;
    (void)state;
    rig_open(&r);
    good(&r, "building,flat,area m2,meter number,maker,medium,protocol\nB1,101,60,M1,HNG,heat,mbus\n");
    assert_int_equal(import_text(&r, changed), HENG_ECONFIG);
    assert_int_equal(r.report.fault_total, 1);
    assert_int_equal(r.report.faults[0].row, 2);
    assert_int_equal(r.report.faults[0].column, 3);
    assert_string_equal(r.report.faults[0].value, "70");
    r.policy = HENG_ARCHIVE_SKIP;
    good(&r, changed);
    assert_int_equal(count(&r, HENG_ARCHIVE_PLACES, HENG_ARCHIVE_SKIPPED), 1);
    assert_ok(heng_archive_find_place(heng_store_as_reader(r.store), 0, "B1-101", &place, &err));
    assert_int_equal(place.place.area_cm2, 600000);
    r.policy = HENG_ARCHIVE_CHANGE;
    good(&r, changed);
    assert_int_equal(count(&r, HENG_ARCHIVE_PLACES, HENG_ARCHIVE_CHANGED), 1);
    assert_ok(heng_archive_find_place(heng_store_as_reader(r.store), 0, "B1-101", &place, &err));
    assert_int_equal(place.place.area_cm2, 700000);
    rig_close(&r);
}

/* Each is one wrong row among good ones: named by row, column and reason; nothing of the sheet is there afterwards. */
static void test_wrong(void **state)
{
    static const char head[] = "building,flat,area m2,meter number,maker,medium,protocol,line,address,main,multiplier,"
                               "start date,floor\n"
                               "B1,101,60,M1,HNG,heat,mbus,,,,,,\n";
    static const struct {
        const char *row;
        uint32_t column;
        const char *why;
    } cases[] = {
        {"B1,102,sixty,M2,HNG,heat,mbus,,,,,,", 3, ""},
        {"B1,102,-1,M2,HNG,heat,mbus,,,,,,", 3, "between"},
        {"B1,102,1.00001,M2,HNG,heat,mbus,,,,,,", 3, "four places"},
        {"B1,102,60,M1,HNG,heat,mbus,,,,,,", 4, "row 2 already"},
        {"B1,101,61,M2,HNG,heat,mbus,,,,,,", 3, "row 2 says something else"},
        {"B1,102,60,M2,HNG,lava,mbus,,,,,,", 6, "none of the words"},
        {"B1,102,60,M2,HNG,,mbus,,,,,,", 6, "needs one"},
        {"B1,102,60,M2,HNG,heat,,,,,,,", 7, "needs one"},
        {"B1,102,60,M2,HNG,heat,telepathy,,,,,,", 7, "none of the words"},
        {"B1,102,60,M2,HNG,heat,mbus,L9,,,,,", 8, "no such line"},
        {"B1,102,60,M2,HNG,heat,mbus,,,M77,,,", 10, "no such point"},
        {"B1,102,60,M2,HNG,heat,mbus,,,M2,,,", 10, "its own main meter"},
        {"B1,102,60,M2,HNG,heat,mbus,,,,0,,", 11, "more than zero"},
        {"B1,102,60,M2,HNG,heat,mbus,,,,,2026-02-30,", 12, ""},
        {"B1,102,60,M2,HNG,heat,mbus,,,,,2099-01-01,", 12, "future"},
        {"B1,102,60,M2,HNG,heat,mbus,,,,,,first", 13, ""},
        {"B1,102,60,M2,HNG,heat,mbus,,,,,,1.5", 13, "whole"},
        {",,60,M2,HNG,heat,mbus,,,,,,", 2, "say where"},
        {"B1,102,60,0123456789012345678901234567890,HNG,heat,mbus,,,,,,", 4, "too long"},
        {"B1,102,60,M2\x01,HNG,heat,mbus,,,,,,", 4, "cannot be seen"},
    };
    struct rig r;
    (void)state;
    rig_open(&r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s\nB1,103,50,M3,HNG,heat,mbus,,,,,,\n", head, cases[i].row);
        heng_rc rc = import_text(&r, text);
        bool named = r.report.fault_total == 1 && r.report.faults[0].row == 3 &&
                     r.report.faults[0].column == cases[i].column && strstr(r.report.faults[0].why, cases[i].why);
        if (rc != HENG_ECONFIG || !named) {
            show(&r);
            fail_msg("case %zu, %s: %s", i, cases[i].row, heng_rc_name(rc));
        }
        assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM place"), 0);
        assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM device"), 0);
    }
    rig_close(&r);
}

/* Headers: unknown, twice, missing; a sheet about nothing; a file that is none. */
static void test_wrong_headers(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"building,flat,colour\nB1,101,red\n", "column C is not known"},
        {"building,flat,flat,floor\nB1,101,101,1\n", "second time"},
        {"line key,name,transport\nL1,heat,tcp\n", "this column is missing"},
        {"who,knows,what\n1,2,3\n", "nothing is known of such columns"},
        {"PK\x03\x04 not a workbook at all", ""},
    };
    struct rig r;
    (void)state;
    rig_open(&r);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(import_text(&r, cases[i].text), HENG_ECONFIG);
        if (r.report.fault_total != 1 || !strstr(r.report.faults[0].why, cases[i].why)) {
            show(&r);
            fail_msg("case %zu", i);
        }
    }
    rig_close(&r);
}

/* A meter that exists twice: on a line under one address, in the archive under another place. */
static void test_taken(void **state)
{
    struct rig r;
    const char *first[] = {archive_lines, "building,flat,meter number,maker,medium,protocol,line,address\n"
                                          "B1,101,M1,HNG,heat,mbus,L1,1\nB1,102,M2,HNG,heat,mbus,L1,2\n"};
    (void)state;
    rig_open(&r);
    assert_int_equal(import_texts(&r, 0, first, 2, true), HENG_OK);
    assert_int_equal(import_text(&r, "building,flat,meter number,maker,medium,protocol,line,address\n"
                                     "B1,103,M3,HNG,heat,mbus,L1,2\n"),
                     HENG_ECONFIG);
    assert_int_equal(r.report.faults[0].column, 8);
    assert_int_equal(import_text(&r, "building,flat,meter number,maker,medium,protocol\nB1,103,M1,HNG,heat,mbus\n"),
                     HENG_ECONFIG);
    assert_int_equal(r.report.faults[0].column, 2);
    /* two that change their addresses */
    r.policy = HENG_ARCHIVE_CHANGE;
    good(&r, "building,flat,meter number,maker,line,address\nB1,101,M1,HNG,L1,2\nB1,102,M2,HNG,L1,1\n");
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM line_member m JOIN device d ON d.id = "
                                                    "m.device_id WHERE d.number = 'M1' AND m.address = '2'"),
                     1);
    /* one that moves leaves its point, and the point stays */
    r.at_us += HENG_US_PER_DAY;
    good(&r, "building,flat,meter number,maker\nB1,103,M1,HNG\n");
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM installation WHERE until_us IS NOT NULL"), 1);
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM point"), 3);
    rig_close(&r);
}

/* All faults are counted, a thousand are kept, and none of the rows is there. */
static void test_many_wrong(void **state)
{
    enum { ROWS = 20000 };
    struct rig r;
    struct heng_str text = {.max = 4 << 20};
    (void)state;
    rig_open(&r);
    heng_str_fmt(&text, "building,flat,meter number,medium,area m2\n");
    for (int i = 0; i < ROWS; i++) heng_str_fmt(&text, "B1,%d,M%d,lava,wide\n", i, i);
    assert_int_equal(import_text(&r, text.text), HENG_ECONFIG);
    assert_int_equal(r.report.fault_total, 2 * ROWS);
    assert_int_equal(r.report.fault_count, HENG_ARCHIVE_FAULTS_MAX);
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM place"), 0);
    heng_str_fini(&text);
    rig_close(&r);
}

/* A building of a thousand meters from one sheet: the organisation, lines, places, points, channels, meters and what
 * they showed at first. */
static void test_one_sheet(void **state)
{
    enum { METERS = 1000 };
    struct rig r;
    struct heng_str text = {.max = 1 << 20};
    (void)state;
    rig_open(&r);
    heng_str_fmt(&text,
                 "area,building,unit,floor,flat,area m2,organisation,meter number,maker,medium,protocol,line,line "
                 "transport,line endpoint,line baud,start index,start date,nominal size,main meter\n"
                 "Sun,1,,,,,Sun & Sons,90000001,HNG,heat,M-Bus,bus 0,TCP,10.0.0.5:4001,2400,12.5,2026-10-01,DN80,\n");
    for (int i = 1; i < METERS; i++)
        heng_str_fmt(&text,
                     "Sun,1,%d,%d,%d%02d,89.5,Sun & Sons,%d,HNG,heat,M-Bus,bus %d,TCP,10.0.0.5:%d,2400,0.5,2026-10-01,"
                     "DN20,90000001\n",
                     i / 250 + 1, i / 10 % 25, i / 10 % 25, i % 10, 10000000 + i, i / 250, 4001 + i / 250);
    good(&r, text.text);
    static const struct {
        const char *sql;
        int64_t n;
    } cases[] = {
        {"SELECT count(*) FROM line", 4},
        {"SELECT count(*) FROM line_member", METERS},
        {"SELECT count(*) FROM point", METERS},
        {"SELECT count(*) FROM channel", 2 * METERS},
        {"SELECT count(*) FROM place WHERE kind = 'household'", METERS - 1},
        {"SELECT count(*) FROM place p JOIN org o ON o.id = p.managed_by WHERE o.key = 'Sun & Sons'", METERS + 4},
        {"SELECT count(*) FROM point_event WHERE kind = 'index' AND after <> ''", METERS},
        {"SELECT count(*) FROM point WHERE main_id IS NOT NULL", METERS - 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (small_site_number(r.site.path, cases[i].sql) != cases[i].n)
            fail_msg("%s: %d", cases[i].sql, (int)small_site_number(r.site.path, cases[i].sql));
    good(&r, text.text);
    assert_int_equal(r.report.effect_count, 0);
    /* A line that is there is not moved by the way. */
    assert_int_equal(import_text(&r, "area,building,meter number,maker,line,line endpoint\nSun,1,90000001,HNG,bus "
                                     "0,10.0.0.6:4001\n"),
                     HENG_ECONFIG);
    heng_str_fini(&text);
    rig_close(&r);
}

/* A multiplier that a sheet changes is an event: what was counted before stays as it was. */
static void test_multiplier(void **state)
{
    static const char sheet[] = "building,flat,meter number,maker,medium,protocol,multiplier\n"
                                "B1,101,000000000001,HNG,electricity,dlt645-2007,%d\n";
    struct rig r;
    struct heng_archive_device device;
    struct heng_err err;
    char text[256];
    (void)state;
    rig_open(&r);
    r.policy = HENG_ARCHIVE_CHANGE;
    static const int steps[] = {20, 20, 40, 40, 20};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        snprintf(text, sizeof text, sheet, steps[i]);
        good(&r, text);
        assert_int_equal(r.report.effect_count, i % 2 == 0);
        r.at_us += HENG_US_PER_DAY;
    }
    assert_ok(heng_archive_find_device(heng_store_as_reader(r.store), 0, "000000000001", "HNG", &device, &err));
    assert_int_equal(device.factor_num, 20);
    char *told = small_site_lines(r.site.path, "SELECT at_us || ' ' || factor_num FROM point_event WHERE kind = "
                                               "'multiplier' ORDER BY at_us");
    snprintf(text, sizeof text, "%lld 40\n%lld 20\n", (long long)(START_US + 2 * HENG_US_PER_DAY),
             (long long)(START_US + 4 * HENG_US_PER_DAY));
    assert_string_equal(told, text);
    free(told);
    assert_true(small_site_number(r.site.path, "SELECT count(*) FROM usage_due") > 0);
    rig_close(&r);
}

/* Organisations import into their own part only, and learn nothing of another. */
/* A second meter that measures the same, and what the plate says of how good a meter is; out and in again. */
static void test_check_and_accuracy(void **state)
{
    static const char *const bad[] = {
        "number,medium,protocol,line,place,check\nK1,heat,M-Bus,L1,flat-1,K1\n",   /* itself */
        "number,medium,protocol,line,place,check\nK1,heat,M-Bus,L1,flat-1,K9\n",   /* not there */
        "number,medium,protocol,line,place,check\nK1,heat,M-Bus,L1,flat-1,W1\n",   /* water is not heat */
        "number,medium,protocol,line,place,accuracy\nK1,heat,M-Bus,L1,flat-1,7\n", /* no such class */
    };
    struct rig r;
    struct heng_archive_device device;
    struct heng_point point, other;
    int64_t id = 0, check = 0;
    (void)state;
    rig_open(&r);
    good(&r, archive_lines);
    good(&r, "key,parent,kind,name\nflat-1,,household,101\n");
    good(&r, "number,medium,protocol,line,place,accuracy class,check meter,point,address\n"
             "K1,heat,M-Bus,L1,flat-1,2,K2,pk-1,1\nK2,heat,M-Bus,L1,flat-1,0.5,,pk-2,2\n"
             "W1,cold water,M-Bus,L1,flat-1,,,pw-1,3\n");
    assert_int_equal(heng_archive_find_device(heng_store_as_reader(r.store), 0, "K1", "", &device, &r.err), HENG_OK);
    assert_string_equal(device.accuracy, "2");
    assert_int_equal(heng_archive_find_point(heng_store_as_reader(r.store), 0, "pk-1", &point, &r.err), HENG_OK);
    assert_int_equal(heng_archive_find_point(heng_store_as_reader(r.store), 0, "pk-2", &other, &r.err), HENG_OK);
    assert_int_equal(heng_archive_get_check(heng_store_as_reader(r.store), point.id, &check, &r.err), HENG_OK);
    assert_int_equal(check, other.id);
    r.policy = HENG_ARCHIVE_CHANGE;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(import_text(&r, bad[i]), HENG_ECONFIG);
        assert_int_equal(r.report.fault_total, 1);
        assert_int_equal(r.report.faults[0].column, 6);
    }
    good(&r, "number,medium,protocol,line,place,accuracy\nK1,heat,M-Bus,L1,flat-1,1\n");
    assert_int_equal(count(&r, HENG_ARCHIVE_METERS, HENG_ARCHIVE_CHANGED), 1);
    assert_int_equal(heng_archive_numbered_point(heng_store_as_reader(r.store), 0, "K1", &id, &r.err), HENG_OK);
    assert_int_equal(heng_archive_get_check(heng_store_as_reader(r.store), id, &check, &r.err), HENG_OK);
    assert_int_equal(check, other.id); /* a column that is left out leaves it */
    rig_close(&r);
}

static void test_scope(void **state)
{
    struct rig r;
    struct heng_org a, b;
    struct heng_err err;
    const char *town[] = {"organisation key,name\na,A\nb,B\n",
                          "place key,parent key,kind,name,organisation\n"
                          "sun,,area,Sun,a\nsun-1,sun,building,One,\nsun-2,sun,building,Two,b\n",
                          "place key,meter number,maker,medium,protocol\nsun-1,M1,HNG,heat,mbus\n"};
    (void)state;
    rig_open(&r);
    heng_rc rc = import_texts(&r, 0, town, 3, true);
    show(&r);
    assert_int_equal(rc, HENG_OK);
    struct heng_store_reader *reader = heng_store_as_reader(r.store);
    assert_ok(heng_archive_find_org(reader, 0, "a", &a, &err));
    assert_ok(heng_archive_find_org(reader, 0, "b", &b, &err));
    static const char *const denied[] = {
        "place key,flat,meter number,maker,medium,protocol\nsun-1,,M9,HNG,heat,mbus\n",
        "area,building,flat,meter number,maker,medium,protocol\nSun,One,101,M9,HNG,heat,mbus\n",
        "area,building,flat,meter number,maker,medium,protocol\nSun,Three,101,M9,HNG,heat,mbus\n",
        "area,building,flat,meter number,maker,medium,protocol\nMoon,,101,M9,HNG,heat,mbus\n",
        "place key,meter number,maker,medium,protocol\nsun-2,M1,HNG,heat,mbus\n",
        "place key,parent key,kind,name\nsun-1,sun-2,building,Mine now\n",
        "place key,parent key,kind,name\nnew,,area,My own\n",
        "organisation key,name\nc,C\n",
    };
    char *before = small_site_lines(r.site.path, "SELECT key || name || managed_by FROM place ORDER BY id");
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        rc = import_texts(&r, b.id, &denied[i], 1, true);
        if (rc != HENG_ECONFIG) fail_msg("case %zu: %s", i, heng_rc_name(rc));
        for (size_t k = 0; k < r.report.fault_count; k++) {
            assert_null(strstr(r.report.faults[k].why, "One"));
            assert_null(strstr(r.report.faults[k].why, "Sun"));
        }
    }
    char *after = small_site_lines(r.site.path, "SELECT key || name || managed_by FROM place ORDER BY id");
    assert_string_equal(before, after);
    free(before);
    free(after);
    const char *own = "area,building,flat,meter number,maker,medium,protocol\nSun,Two,101,M9,HNG,heat,mbus\n";
    rc = import_texts(&r, b.id, &own, 1, true);
    show(&r);
    assert_int_equal(rc, HENG_OK);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_building),  cmocka_unit_test(test_existing),
        cmocka_unit_test(test_wrong),     cmocka_unit_test(test_wrong_headers),
        cmocka_unit_test(test_taken),     cmocka_unit_test(test_many_wrong),
        cmocka_unit_test(test_scope),     cmocka_unit_test(test_check_and_accuracy),
        cmocka_unit_test(test_one_sheet), cmocka_unit_test(test_multiplier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
