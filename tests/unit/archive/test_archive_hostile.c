/* Sheets that cannot be: each gets a clear verdict, and nothing of it is applied. */
#include "unit/archive/archive_rig.h"
#include "unit/sheet/sheet_rig.h"

/* Nothing is there, and what was said of it holds a sentence. */
static void refused(struct rig *r, heng_rc rc, const char *sentence)
{
    bool said = strstr(r->err.text, sentence) != NULL;
    for (size_t i = 0; i < r->report.fault_count; i++) said = said || strstr(r->report.faults[i].why, sentence) != NULL;
    if (rc != HENG_ECONFIG || !said) {
        show(r);
        fail_msg("%d, without '%s': %s", (int)rc, sentence, r->err.text);
    }
    assert_int_equal(small_site_number(r->site.path, "SELECT count(*) FROM device WHERE number = 'M9'"), 0);
}

static heng_rc import_bytes(struct rig *r, struct heng_slice bytes, const char *name)
{
    struct heng_archive_source source = {.name = name, .bytes = bytes};
    struct heng_archive_import import = {
        .sources = &source, .source_count = 1, .language = HENG_ARCHIVE_EN, .policy = r->policy, .at_us = r->at_us};
    struct heng_err err;
    heng_archive_report_fini(&r->report);
    assert_ok(heng_store_begin(r->store, &err));
    heng_rc rc = heng_archive_import(r->store, 0, &import, &r->report, &r->err);
    if (rc == HENG_OK)
        assert_ok(heng_store_commit(r->store, &err));
    else
        heng_store_rollback(r->store);
    return rc;
}

static heng_rc import_sheet1(struct rig *r, const char *sheet1)
{
    struct book book = {.workbook =
                            "<workbook xmlns=\"" MAIN_XMLNS "\" xmlns:r=\"" TYPES
                            "\"><sheets><sheet name=\"Meters\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
                        .sheet1 = sheet1};
    struct zip_maker zip = {0};
    heng_rc rc = import_bytes(r, book_make(&zip, &book), "meters.xlsx");
    free(zip.p);
    return rc;
}

#define CELL(text) "<c t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define HEAD                                                                                                           \
    "<row>" CELL("building") CELL("flat") CELL("meter number") CELL("maker") CELL("medium") CELL("protocol")           \
        CELL("area m2") CELL("start date") "</row>"

/* A formula counts with its result; one without it, or that failed, is a fault; so are cells that are merged. */
static void test_formulas_and_merged(void **state)
{
    struct rig r;
    struct heng_archive_place place;
    struct heng_err err;
    (void)state;
    rig_open(&r);
    assert_int_equal(import_sheet1(&r, "<worksheet><sheetData>" HEAD
                                       "<row>" CELL("B1") CELL("101") CELL("M1") CELL("HNG") CELL("heat")
                                           CELL("mbus") "<c><f>60+1</f><v>61</v></c></row></sheetData></worksheet>"),
                     HENG_OK);
    assert_ok(heng_archive_find_place(heng_store_as_reader(r.store), 0, "B1-101", &place, &err));
    assert_int_equal(place.place.area_cm2, 610000);
    refused(&r,
            import_sheet1(&r, "<worksheet><sheetData>" HEAD "<row>" CELL("B1") CELL("102") CELL("M9") CELL("HNG")
                                  CELL("heat") CELL("mbus") "<c><f>60+1</f></c></row></sheetData></worksheet>"),
            "formula");
    refused(&r,
            import_sheet1(&r, "<worksheet><sheetData>" HEAD
                              "<row>" CELL("B1") CELL("102") CELL("M9") CELL("HNG") CELL("heat")
                                  CELL("mbus") "<c t=\"e\"><f>1/0</f><v>#DIV/0!</v></c></row></sheetData></worksheet>"),
            "formula");
    refused(&r,
            import_sheet1(
                &r,
                "<worksheet><sheetData>" HEAD "<row>" CELL("B1") CELL("103") CELL("M3") CELL("HNG") CELL("heat")
                    CELL("mbus") "</row><row>" CELL("") CELL("104") CELL("M9") CELL("HNG") CELL("heat") CELL(
                        "mbus") "</row></sheetData><mergeCells><mergeCell ref=\"A2:A3\"/></mergeCells></worksheet>"),
            "merged");
    assert_int_equal(r.report.faults[r.report.fault_count - 1].row, 2);
    rig_close(&r);
}

/* Numbers as text, days as people write them, with leading zeros where they belong to the number. */
static void test_numbers_and_days_as_text(void **state)
{
    static const char *const days[] = {"2026-10-01", "2026/10/1", "2026年10月1日", "20261001"};
    struct heng_archive_device device;
    struct heng_err err;
    (void)state;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        struct rig r;
        char sheet[2048];
        rig_open(&r);
        snprintf(sheet, sizeof sheet,
                 "<worksheet><sheetData>" HEAD "<row>" CELL("B1") CELL("101") CELL("00012345") CELL("HNG") CELL("heat")
                     CELL("mbus") CELL(" 1,089.50 ") CELL("%s") "</row></sheetData></worksheet>",
                 days[i]);
        heng_rc rc = import_sheet1(&r, sheet);
        show(&r);
        assert_int_equal(rc, HENG_OK);
        assert_ok(heng_archive_find_device(heng_store_as_reader(r.store), 0, "00012345", "HNG", &device, &err));
        assert_int_equal(device.from_us, INT64_C(1790784000) * HENG_US_PER_S);
        assert_int_equal(small_site_number(r.site.path, "SELECT area_cm2 FROM place WHERE name = '101'"), 10895000);
        rig_close(&r);
    }
}

/* What is not seen may not stand in a name: NUL, controls, marks that turn the direction. */
static void test_unseen_characters(void **state)
{
    static const char head[] = "building,flat,meter number,maker,medium,protocol\n";
    static const struct {
        const char *row;
        size_t n;
    } rows[] = {
#define ROW(text) {text, sizeof(text) - 1}
        ROW("B1,10\0001,M9,HNG,heat,mbus\n"),
        ROW("B1,\xE2\x80\xAE"
            "101,M9,HNG,heat,mbus\n"),
        ROW("B1,10\xE2\x81\xA6"
            "1,M9,HNG,heat,mbus\n"),
        ROW("B1,10\x07"
            "1,M9,HNG,heat,mbus\n"),
        ROW("B1,101\x7F"
            "x,M9,HNG,heat,mbus\n"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rig r;
        struct heng_str text = {.max = 4096};
        rig_open(&r);
        heng_str_put(&text, head, sizeof head - 1);
        heng_str_put(&text, rows[i].row, rows[i].n);
        heng_rc rc = import_bytes(&r, heng_slice_of(text.text, text.n), "sheet.csv");
        assert_int_equal(rc, HENG_ECONFIG);
        assert_true(r.report.fault_total > 0);
        refused(&r, rc, "");
        heng_str_fini(&text);
        rig_close(&r);
    }
}

/* 20,000 columns, in a .csv and in a workbook. */
static void test_too_many_columns(void **state)
{
    enum { COLUMNS = 20000 };
    struct rig r;
    struct heng_str csv = {.max = 1 << 20}, xml = {.max = 4 << 20};
    (void)state;
    rig_open(&r);
    heng_str_fmt(&csv, "building");
    heng_str_fmt(&xml, "<worksheet><sheetData><row>");
    for (int i = 0; i < COLUMNS; i++) {
        heng_str_fmt(&csv, ",c%d", i);
        heng_str_fmt(&xml, CELL("c%d"), i);
    }
    heng_str_fmt(&csv, "\nB1\n");
    heng_str_fmt(&xml, "</row></sheetData></worksheet>");
    refused(&r, import_bytes(&r, heng_slice_str(csv.text), "wide.csv"), "columns");
    refused(&r, import_sheet1(&r, xml.text), "columns");
    heng_str_fini(&csv);
    heng_str_fini(&xml);
    rig_close(&r);
}

/* A workbook that unpacks to a thousand times its size. */
static void test_zip_bomb(void **state)
{
    enum { BYTES = 64 << 20 };
    struct rig r;
    char *spaces = malloc(BYTES);
    assert_non_null(spaces);
    (void)state;
    memset(spaces, ' ', BYTES - 1);
    memcpy(spaces, "<worksheet>", 11);
    spaces[BYTES - 1] = '\0';
    rig_open(&r);
    refused(&r, import_sheet1(&r, spaces), "larger than packed");
    free(spaces);
    rig_close(&r);
}

/* Places, gateways, relays, main meters and sums that go round in a circle. */
static void test_circles(void **state)
{
    static const struct {
        const char *sheet, *why;
    } cases[] = {
        {"place key,parent key,kind,name\np1,p2,area,P1\np2,p1,area,P2\n", "no such place"},
        {"place key,parent key,kind,name\nB1,B1-101,building,B1\n", "below itself"},
        {"gateway key,name,parent gateway\ng1,G1,g2\ng2,G2,g1\n", "no such gateway"},
        {"gateway key,name,parent gateway\ng1,G1,g1\n", "below itself"},
        {"line key,relay name,parent relay,delay ms\nL1,x,y,1\nL1,y,x,1\n", "no such relay"},
        {"line key,relay name,parent relay,delay ms\nL1,r1,r2,1\n", "behind itself"},
        {"building,flat,meter number,maker,main meter\nB1,101,M1,HNG,M2\nB1,102,M2,HNG,M1\n", "its own main meter"},
        {"virtual point key,place key,medium,of\nv1,B1,heat,v1\n", "made of itself"},
        {"virtual point key,place key,medium,of\nv2,B1,heat,M1\nv3,B1,heat,v2\nv2,B1,heat,v3\n", "made of itself"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rig r;
        const char *before[] = {archive_lines,
                                "building,flat,meter number,maker,medium,protocol\nB1,101,M1,HNG,heat,mbus\n"
                                "B1,102,M2,HNG,heat,mbus\n",
                                "line key,relay name,parent relay,delay ms\nL1,r1,,1\nL1,r2,r1,1\n"};
        rig_open(&r);
        assert_int_equal(import_texts(&r, 0, before, 3, true), HENG_OK);
        r.policy = HENG_ARCHIVE_CHANGE;
        char *was = small_site_lines(r.site.path, "SELECT key || coalesce(parent_id, 0) FROM place UNION ALL SELECT "
                                                  "key || coalesce(main_id, 0) FROM point UNION ALL SELECT name || "
                                                  "coalesce(parent_id, 0) FROM relay ORDER BY 1");
        refused(&r, import_text(&r, cases[i].sheet), cases[i].why);
        char *is = small_site_lines(r.site.path, "SELECT key || coalesce(parent_id, 0) FROM place UNION ALL SELECT key "
                                                 "|| coalesce(main_id, 0) FROM point UNION ALL SELECT name || "
                                                 "coalesce(parent_id, 0) FROM relay ORDER BY 1");
        assert_string_equal(was, is);
        free(was);
        free(is);
        rig_close(&r);
    }
}

/* A meter that exists twice: in the sheet, in the database elsewhere, in another organisation, without its maker. */
static void test_meter_twice(void **state)
{
    static const char head[] = "building,flat,meter number,maker,medium,protocol\n";
    struct rig r;
    struct heng_archive_device device;
    struct heng_err err;
    char text[512];
    (void)state;
    rig_open(&r);
    const char *orgs = "organisation key,name\na,A\nb,B\n";
    good(&r, orgs);
    good(&r, "place key,kind,name,organisation\nB1,building,B1,a\nB2,building,B2,b\n");
    snprintf(text, sizeof text, "%sB1,101,M1,HNG,heat,mbus\n", head);
    good(&r, text);
    snprintf(text, sizeof text, "%sB1,102,M9,HNG,heat,mbus\nB1,103,M9,HNG,heat,mbus\n", head);
    refused(&r, import_text(&r, text), "row 2 already");
    snprintf(text, sizeof text, "%sB1,102,M9,HNG,heat,mbus\nB1,103,M9,,heat,mbus\n", head);
    refused(&r, import_text(&r, text), "row 2 already");
    snprintf(text, sizeof text, "%sB1,104,M1,HNG,heat,mbus\n", head);
    refused(&r, import_text(&r, text), "is there already and says otherwise");
    struct heng_org b;
    assert_ok(heng_archive_find_org(heng_store_as_reader(r.store), 0, "b", &b, &err));
    snprintf(text, sizeof text, "%sB2,101,M1,HNG,heat,mbus\n", head);
    const char *own = text;
    refused(&r, import_texts(&r, b.id, &own, 1, true), "not in your part");
    /* The same row without the maker is the same meter; another protocol is another one. */
    snprintf(text, sizeof text, "%sB1,101,M1,,heat,mbus\n", head);
    good(&r, text);
    assert_int_equal(count(&r, HENG_ARCHIVE_METERS, HENG_ARCHIVE_SAME), 1);
    snprintf(text, sizeof text, "%sB1,102,M1,,heat,modbus-rtu\n", head);
    good(&r, text);
    assert_int_equal(count(&r, HENG_ARCHIVE_METERS, HENG_ARCHIVE_NEW), 1);
    assert_ok(heng_archive_find_device(heng_store_as_reader(r.store), 0, "M1", "", &device, &err));
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formulas_and_merged),
        cmocka_unit_test(test_numbers_and_days_as_text),
        cmocka_unit_test(test_unseen_characters),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_zip_bomb),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_meter_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
