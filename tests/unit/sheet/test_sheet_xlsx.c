/* .xlsx as Excel, LibreOffice, WPS and report generators write it: what the rows say. */
#include "sheet_rig.h"

static void test_all_kinds_of_cells(void **state)
{
    (void)state;
    struct book book = {
        .strings = "<sst><si><t>表号</t></si><si><r><rPr><b/></rPr><t>two </t></r><r><t xml:space=\"preserve\">fonts "
                   "</t></r></si>"
                   "<si><t>課</t><rPh sb=\"0\" eb=\"1\"><t>か</t></rPh><phoneticPr "
                   "fontId=\"1\"/></si><si/><si><t>a_x000D_b_x005F_x000D_</t></si></sst>",
        .styles = "<styleSheet><numFmts><numFmt numFmtId=\"176\" "
                  "formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/>"
                  "</numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>"
                  "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf numFmtId=\"176\"/><xf "
                  "numFmtId=\"20\"/>"
                  "<xf numFmtId=\"46\"/></cellXfs></styleSheet>",
        .sheet1 = "<worksheet><sheetData>"
                  "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" "
                  "t=\"s\"><v>2</v></c>"
                  "<c r=\"D1\" t=\"s\"><v>3</v></c><c r=\"E1\" t=\"s\"><v>4</v></c></row>"
                  "<row r=\"3\"><c r=\"B3\"><v>0.30000000000000004</v></c><c r=\"D3\" s=\"1\"><v>45351</v></c>"
                  "<c r=\"E3\" s=\"2\"><v>45351.5625</v></c><c r=\"F3\" s=\"3\"><v>45351</v></c><c r=\"G3\" "
                  "s=\"4\"><v>0.354166666666667</v></c>"
                  "<c r=\"H3\" s=\"5\"><v>1.5</v></c><c r=\"I3\" s=\"2\"><v>45351</v></c></row>"
                  "<row r=\"4\"><c r=\"A4\" s=\"1\"/></row>"
                  "<row r=\"7\"><c r=\"A7\" t=\"b\"><v>1</v></c><c r=\"B7\" t=\"b\"><v>0</v></c><c r=\"C7\" "
                  "t=\"e\"><v>#N/A</v></c>"
                  "<c r=\"D7\" t=\"str\"><f>A1&amp;\"\"</f><v>sum &lt;</v></c><c r=\"E7\"><f>SUM(A1)</f><v>12</v></c>"
                  "<c r=\"F7\"><f>SUM(A1)</f></c><c r=\"G7\" t=\"inlineStr\"><is><t>in</t></is></c>"
                  "<c r=\"H7\" t=\"inlineStr\"><is><r><t>r</t></r><r><t>s</t></r><rPh sb=\"0\" "
                  "eb=\"1\"><t>x</t></rPh></is></c>"
                  "<c r=\"I7\" t=\"d\"><v>2024-02-29T08:30:00</v></c><c r=\"J7\" t=\"d\"><v>2024-02-29</v></c></row>"
                  "</sheetData></worksheet>"};
    assert_book(
        &book, NULL,
        "1|A:text=表号|B:text=two fonts |C:text=課|D:empty=|E:text=a\rb_x000D_\n"
        "3|B:number=0.3|D:date=2024-02-29|E:date=2024-02-29T13:30:00|F:date=2024-02-29|G:text=08:30:00|H:number=1.5"
        "|I:date=2024-02-29T00:00:00\n"
        "7|A:boolean=true|B:boolean=false|C:error=#N/A|D:text=sum <|E:number=12"
        "|F:error=a formula without its result: open the file in Excel or WPS and save it|G:text=in|H:text=rs"
        "|I:date=2024-02-29T08:30:00|J:date=2024-02-29\n");
}

static void test_sheets_by_name(void **state)
{
    struct zip_maker zip = {0};
    struct heng_sheet *sheet = NULL;
    struct heng_err err = {0};
    (void)state;
    struct book book = {
        .sheet1 = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData></worksheet>",
        .sheet2 = "<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>2</v></c></row></sheetData></worksheet>"};
    struct heng_slice bytes = book_make(&zip, &book);
    assert_rows(bytes, NULL, "1|A:number=1\n");
    assert_rows(bytes, &(struct heng_sheet_options){.sheet = "表二"}, "1|A:number=2\n");
    assert_refused(bytes, &(struct heng_sheet_options){.sheet = "three"}, HENG_ENOTFOUND,
                   "the workbook has no sheet 'three'");
    assert_int_equal(heng_sheet_open_bytes(bytes, NULL, &sheet, &err), HENG_OK);
    assert_string_equal(heng_sheet_name(sheet, 0), "One");
    assert_string_equal(heng_sheet_name(sheet, 1), "表二");
    assert_null(heng_sheet_name(sheet, 2));
    assert_null(heng_sheet_csv(sheet));
    heng_sheet_close(sheet);
    heng_sheet_close(NULL);
    free(zip.p);
}

/* Prefixes as the developer's kit of Microsoft writes them, the strict standard, UTF-16, no r=, parts in other places,
 * a first sheet that is a chart. */
static void test_other_writers(void **state)
{
    (void)state;
    struct book prefixed = {
        .workbook =
            "<x:workbook xmlns:x=\"http://purl.oclc.org/ooxml/spreadsheetml/main\" "
            "xmlns:rel=\"http://purl.oclc.org/ooxml/officeDocument/relationships\"><x:workbookPr date1904=\"true\"/>"
            "<x:sheets><x:sheet name=\"Chart\" sheetId=\"1\" rel:id=\"c\"/><x:sheet name=\"&lt;T&gt;\" sheetId=\"7\" "
            "rel:id=\"t\"/>"
            "</x:sheets></x:workbook>",
        .relations =
            "<Relationships><Relationship Id=\"c\" "
            "Type=\"http://purl.oclc.org/ooxml/officeDocument/relationships/chartsheet\" "
            "Target=\"chartsheets/sheet1.xml\"/>"
            "<Relationship Id=\"t\" Type=\"http://purl.oclc.org/ooxml/officeDocument/relationships/worksheet\" "
            "Target=\"./a/../worksheets/SHEET1.xml\"/></Relationships>",
        .strings = "",
        .styles = "",
        .sheet1 = "<?xml version=\"1.0\"?>\n<!-- made by a report generator -->\n<x:worksheet "
                  "xmlns:x=\"http://purl.oclc.org/ooxml/"
                  "spreadsheetml/main\">\n <x:sheetData>\n  <x:row>\n   <x:c t=\"inlineStr\">\n    <x:is>\n "
                  "<x:t>a</x:t>\n </x:is>\n </x:c>"
                  "<x:c><x:v>1E2</x:v></x:c></x:row><x:row spans=\"1:2\"><x:c "
                  "r=\"C2\"><x:v><![CDATA[7]]></x:v></x:c><x:c><x:v>8</x:v>"
                  "</x:c></x:row></x:sheetData><x:extLst><x:ext><x:row "
                  "r=\"1\"><x:c><x:v>9</x:v></x:c></x:row></x:ext></x:extLst>"
                  "</x:worksheet>",
        .stored = true};
    assert_book(&prefixed, NULL, "1|A:text=a|B:number=100\n2|C:number=7|D:number=8\n");
    assert_book(&prefixed, &(struct heng_sheet_options){.sheet = "<T>"},
                "1|A:text=a|B:number=100\n2|C:number=7|D:number=8\n");
    struct zip_maker zip = {0};
    assert_refused(book_make(&zip, &prefixed), &(struct heng_sheet_options){.sheet = "Chart"}, HENG_ENOTFOUND,
                   "sheet 'Chart' is no table");
    free(zip.p);
}

/* What LibreOffice 7 and WPS Office write around the same cells. */
static void test_libreoffice_and_wps(void **state)
{
    (void)state;
    struct book libreoffice = {
        .workbook = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<workbook xmlns=\"" MAIN_XMLNS
                    "\" xmlns:r=\"" TYPES "\">"
                    "<fileVersion appName=\"Calc\"/><workbookPr backupFile=\"false\" showObjects=\"all\" "
                    "date1904=\"false\"/><sheets>"
                    "<sheet name=\"Sheet1\" sheetId=\"1\" state=\"visible\" r:id=\"rId1\"/></sheets><calcPr "
                    "iterateCount=\"100\"/></workbook>",
        .strings = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<sst xmlns=\"" MAIN_XMLNS
                   "\" count=\"1\" uniqueCount=\"1\">"
                   "<si><t xml:space=\"preserve\">Zähler</t></si></sst>",
        .styles = "<styleSheet xmlns=\"" MAIN_XMLNS
                  "\"><numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"General\"/>"
                  "<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\"/></numFmts><cellStyleXfs count=\"1\"><xf "
                  "numFmtId=\"164\"/></cellStyleXfs>"
                  "<cellXfs count=\"2\"><xf numFmtId=\"164\" applyFont=\"true\"/><xf numFmtId=\"165\"><alignment "
                  "indent=\"0\"/></xf></cellXfs></styleSheet>",
        .sheet1 = "<worksheet xmlns=\"" MAIN_XMLNS
                  "\"><sheetPr filterMode=\"false\"/><dimension ref=\"A1:D1\"/><cols><col min=\"1\" max=\"4\"/></cols>"
                  "<sheetData><row r=\"1\" customFormat=\"false\" ht=\"12.8\" hidden=\"false\"><c r=\"A1\" s=\"0\" "
                  "t=\"s\"><v>0</v></c>"
                  "<c r=\"B1\" s=\"1\" t=\"n\"><v>45351</v></c><c r=\"C1\" s=\"0\" t=\"e\"><f "
                  "aca=\"false\">1/0</f><v>#DIV/0!</v></c>"
                  "<c r=\"D1\" s=\"0\" t=\"n\"><f "
                  "aca=\"false\">0.1+0.2</f><v>0.3</v></c></row></sheetData><pageMargins left=\"0.7\"/></worksheet>"};
    assert_book(&libreoffice, NULL, "1|A:text=Zähler|B:date=2024-02-29|C:error=#DIV/0!|D:number=0.3\n");
    struct book wps = {
        .strings = "<sst xmlns=\"" MAIN_XMLNS "\"><si><t>表号</t></si></sst>",
        .styles = "<styleSheet xmlns=\"" MAIN_XMLNS
                  "\"><numFmts count=\"2\"><numFmt numFmtId=\"176\" formatCode=\"yyyy/m/d;@\"/>"
                  "<numFmt numFmtId=\"44\" formatCode=\"_ &quot;￥&quot;* #,##0.00_ \"/></numFmts><cellXfs><xf "
                  "numFmtId=\"0\"><alignment/></xf>"
                  "<xf numFmtId=\"176\"/><xf numFmtId=\"44\"/><xf numFmtId=\"31\"/></cellXfs></styleSheet>",
        .sheet1 =
            "<worksheet xmlns=\"" MAIN_XMLNS
            "\" xmlns:mc=\"urn:mc\" mc:Ignorable=\"x14ac\"><sheetData><row r=\"1\" spans=\"1:4\">"
            "<c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\"><v>45351</v></c><c r=\"C1\" "
            "s=\"2\"><v>12.300000000000001</v></c>"
            "<c r=\"D1\" s=\"3\"><v>45351</v></c></row></sheetData><mergeCells><mergeCell ref=\"A1:A2\"/></mergeCells>"
            "<legacyDrawing/></worksheet>"};
    assert_book(&wps, NULL, "1|A:text=表号|B:date=2024-02-29|C:number=12.3|D:date=2024-02-29\n");
}

static void test_days_of_both_systems(void **state)
{
    static const char styles[] =
        "<styleSheet><cellXfs><xf/><xf numFmtId=\"14\"/><xf numFmtId=\"21\"/></cellXfs></styleSheet>";
    static const char cells[] = "<worksheet><sheetData><row r=\"1\"><c s=\"1\"><v>1</v></c><c s=\"1\"><v>59</v></c><c "
                                "s=\"1\"><v>60</v></c><c s=\"1\"><v>61</v></c>"
                                "<c s=\"1\"><v>2958465</v></c><c s=\"1\"><v>2958466</v></c><c s=\"1\"><v>-1</v></c><c "
                                "s=\"1\"><v>0</v></c><c s=\"2\"><v>0</v></c>"
                                "<c s=\"2\"><v>0.99999999</v></c><c s=\"1\"><v>45351.999999999</v></c><c "
                                "s=\"1\"><v>NaN</v></c></row></sheetData></worksheet>";
    (void)state;
    struct book book = {.styles = styles, .sheet1 = cells};
    assert_book(
        &book, NULL,
        "1|A:date=1900-01-01|B:date=1900-02-28|C:error=60 is the number of no day|D:date=1900-03-01|E:date=9999-12-31"
        "|F:error=2958466 is the number of no day|G:error=-1 is the number of no day|H:error=0 is the number of no day"
        "|I:text=00:00:00|J:text=23:59:59.999|K:date=2024-03-01T00:00:00|L:error=NaN\n");
    book.workbook =
        "<workbook><workbookPr date1904=\"1\"/><sheets><sheet name=\"One\" id=\"rId1\"/></sheets></workbook>";
    assert_book(&book, NULL,
                "1|A:date=1904-01-02|B:date=1904-02-29|C:date=1904-03-01|D:date=1904-03-02|E:error=2958465 is the "
                "number of no day"
                "|F:error=2958466 is the number of no day|G:error=-1 is the number of no day|H:date=1904-01-01"
                "|I:text=00:00:00|J:text=23:59:59.999|K:date=2028-03-02T00:00:00|L:error=NaN\n");
}

/* Cells far to the right and rows far below that have a format and no value are in many files. */
static void test_far_formats_are_no_columns(void **state)
{
    (void)state;
    struct book book = {.sheet1 =
                            "<worksheet><sheetData><row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"XFD2\" s=\"1\"/></row>"
                            "<row r=\"1048576\"><c r=\"A1048576\" s=\"2\"/></row></sheetData></worksheet>"};
    assert_book(&book, NULL, "2|A:number=1\n");
}

static void test_many_texts_go_to_a_file(void **state)
{
    struct heng_str strings = {.max = 64 << 20}, rows = {.max = 64 << 20};
    struct heng_sheet_options options = {.limits = {.strings_memory_bytes = 100000}};
    struct zip_maker zip = {0};
    struct heng_sheet *sheet = NULL;
    struct heng_sheet_row row;
    struct heng_err err = {0};
    enum { COUNT = 30000 };
    (void)state;
    heng_str_fmt(&strings, "<sst>");
    heng_str_fmt(&rows, "<worksheet><sheetData>");
    for (unsigned i = 0; i < COUNT; i++) {
        /* some longer than a window of the file */
        heng_str_fmt(&strings, "<si><t>text %u%*s</t></si>", i, i % 1000 == 0 ? 9000 : (int)(i % 7), "");
        heng_str_fmt(&rows, "<row><c t=\"s\"><v>%u</v></c><c t=\"s\"><v>%u</v></c></row>", i, i * 7919 % COUNT);
    }
    heng_str_fmt(&strings, "</sst>");
    heng_str_fmt(&rows, "</sheetData></worksheet>");
    struct book book = {.strings = strings.text, .sheet1 = rows.text};
    assert_int_equal(heng_sheet_open_bytes(book_make(&zip, &book), &options, &sheet, &err), HENG_OK);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_OK);
        for (uint32_t c = 1; c <= 2; c++) {
            char wanted[32];
            struct heng_sheet_cell cell = heng_sheet_cell(&row, c);
            snprintf(wanted, sizeof wanted, "text %u", c == 1 ? i : i * 7919 % COUNT);
            assert_true(heng_slice_is(heng_clean_trim(cell.text), wanted));
        }
    }
    assert_int_equal(heng_sheet_next(sheet, &row, &err), HENG_ENOTFOUND);
    heng_sheet_close(sheet);
    heng_str_fini(&strings);
    heng_str_fini(&rows);
    free(zip.p);
}

/* Cells that are merged below the header are known behind the last row; a merged title above the table is none. */
static void test_merged_cells(void **state)
{
    static const struct {
        const char *merged, *wanted;
        uint32_t row;
    } cases[] = {
        {"", NULL, 0},
        {"<mergeCells><mergeCell ref=\"A1:C1\"/></mergeCells>", NULL, 0},
        {"<mergeCells><mergeCell ref=\"A1:C1\"/><mergeCell ref=\"B3:B7\"/></mergeCells>", "B3:B7", 3},
        {"<mergeCells><mergeCell ref=\"A1:A2\"/><mergeCell/></mergeCells>", "A1:A2", 1},
        {"<mergeCells><mergeCell ref=\"\"/><mergeCell ref=\":\"/><mergeCell ref=\"A:B99999999999\"/></mergeCells>",
         "A:B99999999999", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sheet1[512];
        struct zip_maker zip = {0};
        struct heng_sheet *sheet = NULL;
        struct heng_err err = {0};
        uint32_t row = 77;
        snprintf(sheet1, sizeof sheet1,
                 "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>x</t></is></c></row></sheetData>%s</worksheet>",
                 cases[i].merged);
        struct book book = {.sheet1 = sheet1};
        assert_int_equal(heng_sheet_open_bytes(book_make(&zip, &book), NULL, &sheet, &err), HENG_OK);
        free(rows_of(sheet, &err));
        const char *merged = heng_sheet_merged(sheet, &row);
        if (cases[i].wanted) assert_string_equal(merged, cases[i].wanted);
        if (!cases[i].wanted) assert_null(merged);
        assert_int_equal(row, cases[i].row);
        heng_sheet_close(sheet);
        free(zip.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds_of_cells),      cmocka_unit_test(test_sheets_by_name),
        cmocka_unit_test(test_other_writers),           cmocka_unit_test(test_libreoffice_and_wps),
        cmocka_unit_test(test_days_of_both_systems),    cmocka_unit_test(test_far_formats_are_no_columns),
        cmocka_unit_test(test_many_texts_go_to_a_file), cmocka_unit_test(test_merged_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
