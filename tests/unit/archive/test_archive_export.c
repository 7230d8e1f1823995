/* Sheets out: what is exported imports without a change, and into an empty database gives the same archive. */
#include "store/events.h"
#include "store/read.h"
#include "unit/archive/archive_rig.h"

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
        archive_sheet_zh,
        "virtual point key,name,place key,medium,of,factor,divisor\n"
        "loss,Loss,阳光小区-1号楼,heat,90000001,,\nloss,Loss,阳光小区-1号楼,heat,10000001,-1,\n"
        "loss,Loss,阳光小区-1号楼,heat,10000002,-1,2\n"
        "all,All,阳光小区,heat,loss,,\n", /* a sum of a sum that an export has further down */
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

/* --- everything --------------------------------------------------------------------------------------------------- */

/* What a town has besides: schedules, relays one behind the other, a meter that was exchanged, changes of its
 * multiplier, one of them taken back, and a point that was made without a key. */
static void fill_everything(struct rig *r)
{
    const char *more[] = {
        "schedule name,every s,times of day,days of the month,due days,due time,spread s,read windows,power off\n"
        "nightly,0,02:30 14:00,1 15 last,1,00:10,600,00:00-06:00 22:00-24:00,23:00-05:00\n"
        "hourly,3600,,,,,,,\n",
        "line key,relay name,parent relay,stores,delay ms,hold ms,open,open answer\n"
        "L1,roof,,no,200,,,\nL1,cellar,roof,yes,100,60000,68 1F,E5\n",
        "place key,meter number,maker,medium,protocol,line,schedule,relay,place on the cable,start date,start "
        "index,digits\n阳光小区-1号楼-1单元-102,000010000003,HNG,electricity,dlt645-2007,L1,nightly,cellar,7,2026-10-"
        "02,1."
        "5,6\n",
        "point key,former meter number,maker,from,until,protocol,meter model\n"
        "阳光小区-1号楼-1单元-102.electricity,000010000009,HNG,2026-09-01,2026-10-02,dlt645-1997,\n",
        "point key,event nr,event,happened at,meter number,maker,quantity,index before,index after,multiplier,divisor,"
        "unit,takes back nr,who,second person,reason,recorded,reading at us,reading source\n"
        "阳光小区-1号楼-1单元-102.electricity,1,install,2026-09-01,000010000009,HNG,,,0.5,,,kWh,,Li,,new,2026-09-02 "
        "10:00:00,,\n"
        "阳光小区-1号楼-1单元-102.electricity,2,exchange,2026-10-02,000010000003,HNG,,99.5,1.5,,,kWh,,Wang,Li,\"old, "
        "worn\",2026-10-02 11:30:00,,\n"
        "阳光小区-1号楼-1单元-102.electricity,3,multiplier,2026-10-05,000010000003,HNG,,,,40,1,,,Wang,,CT,2026-10-05,,"
        "\n"
        "阳光小区-1号楼-1单元-102.electricity,4,multiplier,2026-10-06,000010000003,HNG,,,,1,3,,,Wang,,wrong,2026-10-06,"
        ",\n"
        "阳光小区-1号楼-1单元-102.electricity,5,undo,2026-10-06,000010000003,HNG,,,,,,,4,Li,,no CT of "
        "1/3,2026-10-07,,\n"
        "阳光小区-1号楼-1单元-102.electricity,6,reject,2026-10-08,000010000003,HNG,,,,,,,,Li,,spike,2026-10-08,"
        "1791000000123456,1\n",
    };
    struct heng_err err;
    struct heng_place place;
    struct heng_device device = {.number = "77", .medium = HENG_MEDIUM_GAS, .protocol = HENG_PROTOCOL_MBUS};
    int64_t id = 0;
    fill_town(r);
    heng_rc rc = import_texts(r, 0, more, sizeof more / sizeof *more, true);
    if (rc != HENG_OK) {
        show(r);
        fail_msg("%s", r->err.text);
    }
    assert_ok(heng_store_find_place(heng_store_as_reader(r->store), "阳光小区-1号楼", &place, &err));
    assert_ok(heng_store_begin(r->store, &err));
    assert_ok(heng_store_put_device(r->store, &device, &id, &err));
    assert_ok(heng_store_install(r->store, id, place.id, device.medium, r->at_us, &err));
    assert_ok(heng_store_commit(r->store, &err));
}

static void same_files(const char *folder, const char *other)
{
    for (size_t i = 0; i < HENG_ARCHIVE_TABLES; i++) {
        char paths[2][128];
        static char texts[2][1 << 18];
        for (size_t k = 0; k < 2; k++) {
            snprintf(paths[k], sizeof paths[k], "%s/%s.csv", k ? other : folder,
                     heng_archive_sheet_of((heng_archive_table)i)->key);
            FILE *file = fopen(paths[k], "rb");
            assert_non_null(file);
            texts[k][fread(texts[k], 1, sizeof texts[k] - 1, file)] = '\0';
            fclose(file);
        }
        assert_true(strchr(texts[0], '\n')[1] != '\0'); /* no table is empty */
        same_lines(texts[0], texts[1]);
    }
}

static heng_rc import_book(struct rig *r, const char *path)
{
    struct heng_archive_source source = {.path = path, .name = "all.xlsx"};
    struct heng_archive_import import = {
        .sources = &source, .source_count = 1, .language = HENG_ARCHIVE_ZH, .at_us = r->at_us + HENG_US_PER_DAY};
    struct heng_err err;
    heng_archive_report_fini(&r->report);
    assert_ok(heng_store_begin(r->store, &err));
    heng_rc rc = heng_archive_import(r->store, 0, &import, &r->report, &r->err);
    if (rc == HENG_OK)
        assert_ok(heng_store_commit(r->store, &err));
    else
        heng_store_rollback(r->store);
    show(r);
    return rc;
}

/* All tables, as files and as one workbook: again in the same database nothing changes, and in an empty one it is the
 * same archive, to the byte. */
static void test_everything(void **state)
{
    struct rig r, other, third;
    struct heng_err err;
    size_t rows = 0;
    char folder[] = "/tmp/heng-archive-XXXXXX", folder2[] = "/tmp/heng-archive-XXXXXX",
         folder3[] = "/tmp/heng-archive-XXXXXX", book[64];
    (void)state;
    assert_true(mkdtemp(folder) && mkdtemp(folder2) && mkdtemp(folder3));
    snprintf(book, sizeof book, "%s/all.xlsx", folder3);
    rig_open(&r);
    fill_everything(&r);
    export_folder(&r, folder, HENG_SHEET_CSV, HENG_ARCHIVE_EN);
    heng_rc rc = import_folder(&r, folder, "csv", HENG_ARCHIVE_EN);
    show(&r);
    assert_int_equal(rc, HENG_OK);
    assert_int_equal(r.report.effect_count, 0);
    rig_open(&other);
    rc = import_folder(&other, folder, "csv", HENG_ARCHIVE_EN);
    if (rc != HENG_OK) show(&other);
    assert_int_equal(rc, HENG_OK);
    export_folder(&other, folder2, HENG_SHEET_CSV, HENG_ARCHIVE_EN);
    same_files(folder, folder2);

    assert_ok(heng_archive_export_all(heng_store_as_reader(r.store), 0, 0, book, HENG_ARCHIVE_ZH, &rows, &err));
    assert_int_equal(import_book(&r, book), HENG_OK);
    assert_int_equal(r.report.effect_count, 0);
    assert_int_equal(r.report.rows, rows);
    rig_open(&third);
    assert_int_equal(import_book(&third, book), HENG_OK);
    unlink(book);
    export_folder(&third, folder3, HENG_SHEET_CSV, HENG_ARCHIVE_EN);
    same_files(folder, folder3);
    assert_int_equal(small_site_number(third.site.path, "SELECT count(*) FROM point_event WHERE kind = 'undo' AND "
                                                        "undoes = (SELECT id FROM point_event WHERE factor_den = 3)"),
                     1);
    drop_folder(folder);
    drop_folder(folder2);
    drop_folder(folder3);
    rig_close(&third);
    rig_close(&other);
    rig_close(&r);
}

/* A sum of points of several organisations: what one of them may not see is said, and stays. */
static void test_hidden_terms(void **state)
{
    struct rig r, other;
    struct heng_err err;
    struct heng_org org;
    size_t rows = 0;
    char path[] = "/tmp/heng-sums-XXXXXX.csv";
    const char *sum = "virtual point key,place key,medium,of,factor,divisor\nsum,S-A,heat,1,1,\nsum,S-A,heat,2,1,\n";
    const char *all[] = {
        "organisation key,name\na,A\nb,B\n",
        "place key,parent key,kind,name,organisation\nS,,area,S,\nS-A,S,building,A,a\nS-B,S,building,B,b\n",
        "place key,meter number,maker,medium,protocol\nS-A,1,HNG,heat,mbus\nS-B,2,HNG,heat,mbus\n", sum};
    (void)state;
    assert_true(close(mkstemps(path, 4)) == 0);
    rig_open(&r);
    heng_rc rc = import_texts(&r, 0, all, 4, true);
    show(&r);
    assert_int_equal(rc, HENG_OK);
    assert_ok(heng_archive_find_org(heng_store_as_reader(r.store), 0, "a", &org, &err));
    assert_ok(heng_archive_export(heng_store_as_reader(r.store), org.id, 0, path, HENG_SHEET_CSV, HENG_ARCHIVE_VIRTUAL,
                                  HENG_ARCHIVE_EN, &rows, &err));
    assert_int_equal(rows, 2);
    struct heng_archive_source source = {.path = path, .name = "sums.csv"};
    struct heng_archive_import import = {.sources = &source,
                                         .source_count = 1,
                                         .language = HENG_ARCHIVE_EN,
                                         .policy = HENG_ARCHIVE_CHANGE,
                                         .at_us = r.at_us};
    heng_archive_report_fini(&r.report);
    assert_ok(heng_store_begin(r.store, &err));
    assert_ok(heng_archive_import(r.store, org.id, &import, &r.report, &err));
    assert_ok(heng_store_commit(r.store, &err));
    assert_int_equal(r.report.effect_count, 0);
    assert_int_equal(small_site_number(r.site.path, "SELECT count(*) FROM point_term"), 2);
    rig_open(&other); /* where the sum is not known it is not made without its other half */
    assert_ok(heng_store_begin(other.store, &err));
    assert_int_equal(heng_archive_import(other.store, 0, &import, &other.report, &err), HENG_ECONFIG);
    assert_true(other.report.fault_total >= 1);
    heng_store_rollback(other.store);
    rig_close(&other);
    rig_close(&r);
    unlink(path);
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

/* The workbook with all tables is told apart sheet by sheet, in every language. */
static void test_template_book(void **state)
{
    struct heng_err err;
    (void)state;
    for (size_t l = 0; l < HENG_ARCHIVE_LANGUAGES; l++) {
        struct rig r;
        char path[] = "/tmp/heng-book-XXXXXX.xlsx";
        assert_true(close(mkstemps(path, 5)) == 0);
        assert_ok(heng_archive_template_all(path, (heng_archive_language)l, &err));
        rig_open(&r);
        assert_int_equal(import_book(&r, path), HENG_OK);
        assert_int_equal(r.report.rows, 0);
        rig_close(&r);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips), cmocka_unit_test(test_everything),    cmocka_unit_test(test_hidden_terms),
        cmocka_unit_test(test_templates),   cmocka_unit_test(test_template_book),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
