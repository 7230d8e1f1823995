/* Sheets in and out: a building from one sheet, twice is once, every wrong cell is named, nothing is half applied. */
#include "archive/archive.h"
#include "base/buf.h"
#include "store/write.h"
#include "unit/small_site.h"

struct rig {
    struct small_site site;
    struct heng_store *store;
    struct heng_archive_report report;
    struct heng_err err;
    heng_archive_policy policy;
    heng_us at_us;
};

static void rig_open(struct rig *r)
{
    struct heng_err err;
    memset(r, 0, sizeof *r);
    small_site_init(&r->site);
    assert_ok(heng_store_create(r->site.path, &err));
    assert_ok(heng_store_open(r->site.path, &r->store, &err));
    assert_ok(heng_store_begin(r->store, &err));
    assert_ok(heng_store_put_setting(r->store, "time_zone", "Asia/Shanghai", &err));
    assert_ok(heng_store_commit(r->store, &err));
    r->at_us = START_US;
}

static void rig_close(struct rig *r)
{
    heng_archive_report_fini(&r->report);
    heng_store_close(r->store);
    small_site_fini(&r->site);
}

/* An import of several .csv files, in a transaction that is committed when it is good and wanted. */
static heng_rc import_texts(struct rig *r, int64_t scope, const char *const *texts, size_t n, bool commit)
{
    struct heng_archive_source sources[8];
    for (size_t i = 0; i < n; i++)
        sources[i] = (struct heng_archive_source){.name = "sheet.csv", .bytes = heng_slice_str(texts[i])};
    struct heng_archive_import import = {
        .sources = sources, .source_count = n, .language = HENG_ARCHIVE_EN, .policy = r->policy, .at_us = r->at_us};
    struct heng_err err;
    heng_archive_report_fini(&r->report);
    assert_ok(heng_store_begin(r->store, &err));
    heng_rc rc = heng_archive_import(r->store, scope, &import, &r->report, &r->err);
    if (rc == HENG_OK && commit)
        assert_ok(heng_store_commit(r->store, &err));
    else
        heng_store_rollback(r->store);
    return rc;
}

static heng_rc import_text(struct rig *r, const char *text) { return import_texts(r, 0, &text, 1, true); }

static void show(const struct rig *r)
{
    for (size_t i = 0; i < r->report.fault_count; i++)
        print_error("%s row %u column %u %s '%s': %s\n", r->report.faults[i].sheet, r->report.faults[i].row,
                    r->report.faults[i].column, r->report.faults[i].header, r->report.faults[i].value,
                    r->report.faults[i].why);
    for (size_t i = 0; i < r->report.effect_count && i < 20; i++)
        print_error("row %u %s\n", r->report.effects[i].row, r->report.effects[i].what);
}

static void good(struct rig *r, const char *text)
{
    heng_rc rc = import_text(r, text);
    if (rc != HENG_OK) {
        show(r);
        fail_msg("%s", r->err.text);
    }
}

static int64_t count(const struct rig *r, heng_archive_table table, heng_archive_fate fate)
{
    return r->report.counts[table][fate];
}

static const char lines[] = "line key,name,transport,endpoint\n"
                            "L1,heat 1,tcp,10.0.0.5:4001\n";
static const char sheet_zh[] =
    "小区,楼栋,单元,楼层,房号,面积(m2),表号,厂家,介质,协议,线路,倍率,起始读数,起始日期,口径,总表,户主\n"
    "阳光小区,1号楼,,,,,90000001,HNG,热量,M-Bus,L1,,,,DN80,,\n"
    "阳光小区,1号楼,1单元,1,101,89.50,10000001,HNG,热量,M-Bus,heat 1,,12.5,2026-10-01,DN20,90000001,张三\n"
    "阳光小区,1号楼,1单元,1,101,89.5,20000000000001,HNG,冷水,CJ/T 188,L1,0.5,,,,,\n"
    "阳光小区,1号楼,1单元,1,102,６５,10000002,HNG,热量,M-Bus,L1,,,,DN20,90000001,李四\n";

/* One sheet sets up the building; the same again changes nothing; a preview changes nothing. */
static void test_building(void **state)
{
    struct rig r;
    struct heng_archive_place place;
    struct heng_archive_device device;
    struct heng_point point, main;
    struct heng_err err;
    const char *both[] = {sheet_zh, lines}; /* the order of files does not matter */
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
    const char *first[] = {lines, "building,flat,meter number,maker,medium,protocol,line,address\n"
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

/* Organisations import into their own part only, and learn nothing of another. */
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

/* --- out and in again ------------------------------------------------------------------------------------------- */

static heng_rc import_folder(struct rig *r, const char *folder, const char *extension, heng_archive_language language)
{
    struct heng_archive_source sources[HENG_ARCHIVE_TABLES];
    char paths[HENG_ARCHIVE_TABLES][128];
    struct heng_err err;
    for (size_t i = 0; i < HENG_ARCHIVE_TABLES; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%s.%s", folder, heng_archive_sheet_of((heng_archive_table)i)->key,
                 extension);
        sources[i] = (struct heng_archive_source){.path = paths[i], .name = paths[i]};
    }
    struct heng_archive_import import = {.sources = sources,
                                         .source_count = HENG_ARCHIVE_TABLES,
                                         .language = language,
                                         .policy = HENG_ARCHIVE_REFUSE,
                                         .at_us = r->at_us + HENG_US_PER_DAY};
    heng_archive_report_fini(&r->report);
    assert_ok(heng_store_begin(r->store, &err));
    heng_rc rc = heng_archive_import(r->store, 0, &import, &r->report, &r->err);
    if (rc == HENG_OK)
        assert_ok(heng_store_commit(r->store, &err));
    else
        heng_store_rollback(r->store);
    return rc;
}

static void export_folder(struct rig *r, const char *folder, heng_sheet_format format, heng_archive_language language)
{
    struct heng_err err;
    for (size_t i = 0; i < HENG_ARCHIVE_TABLES; i++) {
        char path[128];
        size_t rows;
        snprintf(path, sizeof path, "%s/%s.%s", folder, heng_archive_sheet_of((heng_archive_table)i)->key,
                 format == HENG_SHEET_CSV ? "csv" : "xlsx");
        assert_ok(heng_archive_export(heng_store_as_reader(r->store), 0, 0, path, format, (heng_archive_table)i,
                                      language, &rows, &err));
    }
}

static void drop_folder(const char *folder)
{
    static const char *const extensions[] = {"csv", "xlsx"};
    for (size_t i = 0; i < HENG_ARCHIVE_TABLES; i++)
        for (size_t k = 0; k < 2; k++) {
            char path[128];
            snprintf(path, sizeof path, "%s/%s.%s", folder, heng_archive_sheet_of((heng_archive_table)i)->key,
                     extensions[k]);
            unlink(path);
        }
    assert_int_equal(rmdir(folder), 0);
}

static void fill_town(struct rig *r)
{
    const char *all[] = {
        "organisation key,name\na,物业甲\n",
        "gateway key,name,parent gateway,organisation,journal MB\ng1,Cellar,,a,64\ng2,Collector,g1,,\n",
        "line key,name,gateway,transport,endpoint,baud,parity,organisation\n"
        "L1,heat 1,,tcp,10.0.0.5:4001,2400,E,a\nL2,\"=1+1, \"\"water\"\"\",g1,serial,/dev/ttyS1,9600,N,\n",
        sheet_zh,
        "virtual point key,name,place key,medium,of,factor,divisor\n"
        "loss,Loss,阳光小区-1号楼,heat,90000001,,\nloss,Loss,阳光小区-1号楼,heat,10000001,-1,\n"
        "loss,Loss,阳光小区-1号楼,heat,10000002,-1,2\n",
    };
    heng_rc rc = import_texts(r, 0, all, 5, true);
    if (rc != HENG_OK) {
        show(r);
        fail_msg("%s", r->err.text);
    }
}

#define EVERYTHING                                                                                                     \
    "SELECT 'p' || key || kind || name || path || area_cm2 || managed_by || coalesce(floor, -99) || position || note " \
    "FROM place UNION ALL "                                                                                            \
    "SELECT 'o' || p.key || p.name || p.medium || p.kind || p.serves || p.nominal || coalesce(m.key, '') FROM point "  \
    "p LEFT JOIN point m ON m.id = p.main_id UNION ALL "                                                               \
    "SELECT 'd' || number || manufacturer || medium || protocol || profile FROM device UNION ALL "                     \
    "SELECT 'm' || d.number || l.key || m.address FROM line_member m JOIN device d ON d.id = m.device_id JOIN line l " \
    "ON l.id = m.line_id UNION ALL "                                                                                   \
    "SELECT 'i' || d.number || p.key || (i.from_us / 1000) || coalesce((i.until_us / 1000), 0) || i.factor_num || "    \
    "i.factor_den || i.digits FROM installation i JOIN device d ON d.id = i.device_id JOIN point p ON p.id = "         \
    "i.point_id UNION ALL "                                                                                            \
    "SELECT 't' || p.key || o.key || t.factor_num || '/' || t.factor_den FROM point_term t JOIN point p ON p.id = "    \
    "t.point_id JOIN point o ON o.id = t.of_id UNION ALL "                                                             \
    "SELECT 'l' || l.key || l.name || transport || endpoint || baud || parity || coalesce(g.key, '') || "              \
    "coalesce(l.org_id, 0) FROM line l LEFT JOIN gateway g ON g.id = l.gateway_id UNION ALL "                          \
    "SELECT 'g' || g.key || g.name || coalesce(u.key, '') || g.journal_bytes || coalesce(g.org_id, 0) FROM gateway g " \
    "LEFT JOIN gateway u ON u.id = g.parent_id ORDER BY 1"

/* The first line that differs is what one wants to know. */
static void same_lines(const char *here, const char *there)
{
    while (*here || *there) {
        int n = (int)strcspn(here, "\n"), m = (int)strcspn(there, "\n");
        if (n != m || memcmp(here, there, (size_t)n) != 0) fail_msg("here: %.*s\nthere: %.*s", n, here, m, there);
        here += n + (here[n] == '\n');
        there += m + (there[m] == '\n');
    }
}

/* What is exported imports without a change, and into an empty database gives the same archive. */
static void round_trip(heng_sheet_format format, heng_archive_language language)
{
    struct rig r, other;
    char folder[] = "/tmp/heng-archive-XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *extension = format == HENG_SHEET_CSV ? "csv" : "xlsx";
    rig_open(&r);
    fill_town(&r);
    r.at_us += HENG_US_PER_DAY; /* a former meter, too */
    r.policy = HENG_ARCHIVE_CHANGE;
    good(&r, "area,building,unit,flat,meter number,maker\n阳光小区,1号楼,1单元,103,10000002,HNG\n");
    export_folder(&r, folder, format, language);
    heng_rc rc = import_folder(&r, folder, extension, language);
    show(&r);
    assert_int_equal(rc, HENG_OK);
    assert_int_equal(r.report.effect_count, 0);
    rig_open(&other);
    other.at_us = r.at_us;
    rc = import_folder(&other, folder, extension, language);
    show(&other);
    assert_int_equal(rc, HENG_OK);
    char *here = small_site_lines(r.site.path, EVERYTHING), *there = small_site_lines(other.site.path, EVERYTHING);
    same_lines(here, there);
    free(here);
    free(there);
    drop_folder(folder);
    rig_close(&other);
    rig_close(&r);
}

static void test_round_trips(void **state)
{
    (void)state;
    round_trip(HENG_SHEET_XLSX, HENG_ARCHIVE_ZH);
    round_trip(HENG_SHEET_CSV, HENG_ARCHIVE_DE);
    round_trip(HENG_SHEET_CSV, HENG_ARCHIVE_EN);
}

/* Every header and every word of every language leads back to its own column and word; a template is read back. */
static void test_templates(void **state)
{
    struct heng_err err;
    (void)state;
    for (size_t t = 0; t < HENG_ARCHIVE_TABLES; t++) {
        const struct heng_archive_sheet *sheet = heng_archive_sheet_of((heng_archive_table)t);
        for (size_t i = 0; i < sheet->column_count; i++) {
            const struct heng_archive_column *column = &sheet->columns[i];
            assert_int_equal(heng_archive_find_column(sheet, heng_slice_str(column->key)), i);
            for (size_t l = 0; l < HENG_ARCHIVE_LANGUAGES; l++) {
                if (heng_archive_find_column(sheet, heng_slice_str(column->title[l])) != i)
                    fail_msg("%s: %s", sheet->key, column->title[l]);
                for (size_t k = 0; k < column->choice_count; k++)
                    assert_string_equal(heng_archive_find_choice(column, heng_slice_str(column->choices[k].title[l])),
                                        column->choices[k].word);
            }
            for (const char *also = column->also; also && *also;) {
                size_t n = strcspn(also, "|");
                if (heng_archive_find_column(sheet, heng_slice_of(also, n)) != i) fail_msg("%s: %s", sheet->key, also);
                also += n + (also[n] == '|');
            }
        }
        for (size_t l = 0; l < HENG_ARCHIVE_LANGUAGES; l++) {
            struct rig r;
            char path[] = "/tmp/heng-template.xlsx";
            struct heng_archive_source source = {.path = path, .name = "template.xlsx"};
            struct heng_archive_import import = {.sources = &source, .source_count = 1, .at_us = START_US};
            assert_ok(
                heng_archive_template(path, HENG_SHEET_XLSX, (heng_archive_table)t, (heng_archive_language)l, &err));
            rig_open(&r);
            assert_ok(heng_store_begin(r.store, &err));
            assert_ok(heng_archive_import(r.store, 0, &import, &r.report, &err));
            heng_store_rollback(r.store);
            assert_int_equal(r.report.rows, 0);
            rig_close(&r);
            unlink(path);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_building),      cmocka_unit_test(test_existing),    cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_wrong_headers), cmocka_unit_test(test_taken),       cmocka_unit_test(test_many_wrong),
        cmocka_unit_test(test_scope),         cmocka_unit_test(test_round_trips), cmocka_unit_test(test_templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
