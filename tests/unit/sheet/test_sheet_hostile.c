/* Files that mean harm, are broken, or are something else: each is refused with a sentence that says what to do. */
#include "sheet/write.h"
#include "sheet_rig.h"

#define BYTES(text) heng_slice_of(text, sizeof(text) - 1)

/* A compound file with the names of some streams in it. */
static struct heng_slice compound(const char *name)
{
    static uint8_t bytes[70000];
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
    /* across the pieces in which the file is searched */
    for (size_t i = 0; name[i]; i++) bytes[65520 + 2 * i] = (uint8_t)name[i];
    return heng_slice_of(bytes, sizeof bytes);
}

static void test_what_is_no_sheet(void **state)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"%PDF-1.7", "this is a PDF: send the sheet that it was made from, as .xlsx or .csv"},
        {"7z\xBC\xAF\x27\x1C", "this is a packed archive: unpack it and send the .xlsx file itself"},
        {"Rar!\x1A\x07", "this is a packed archive: unpack it and send the .xlsx file itself"},
        {"\r\n<html><table>",
         "this is a web page under the name of a sheet: open it in Excel or WPS and save it as .xlsx"},
        {"\xEF\xBB\xBF<!DOCTYPE HTML>", "this is a web page under the name of a sheet"},
        {"<?xml version=\"1.0\"?><Workbook/>",
         "this is an XML file and no .xlsx: open it in Excel or WPS and save it as .xlsx"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(heng_slice_str(cases[i].text), NULL, HENG_EUNSUPPORTED, cases[i].sentence);
    assert_refused(heng_slice_of("", 0), NULL, HENG_EFORMAT, "the file is empty");
    assert_refused(BYTES("\x09\x08\x10\x00\x00\x06"), NULL, HENG_EUNSUPPORTED,
                   "this is a very old Excel format: open it in Excel or WPS and save it as .xlsx");
    assert_refused(compound("Workbook"), NULL, HENG_EUNSUPPORTED,
                   "this is the old Excel format .xls: open it in Excel or WPS and save it as .xlsx");
    assert_refused(
        compound("EncryptedPackage"), NULL, HENG_EUNSUPPORTED,
        "this .xlsx is protected by a password: open it in Excel or WPS, remove the password and save it again");
    struct heng_sheet *sheet = NULL;
    struct heng_err err = {0};
    assert_int_equal(heng_sheet_open("/nonexistent.xlsx", NULL, &sheet, &err), HENG_ENOTFOUND);
    assert_string_equal(err.text, "cannot open '/nonexistent.xlsx': No such file or directory");
    assert_int_equal(heng_sheet_open("/tmp", NULL, &sheet, &err), HENG_EUNSUPPORTED);
    assert_string_equal(err.text, "'/tmp' is no file");
    assert_refused(BYTES("a,b\n"), &(struct heng_sheet_options){.sheet = "x"}, HENG_ENOTFOUND,
                   "a .csv has no sheet 'x': it is one table");
}

static void assert_zip_refused(const char *part, const char *text, heng_rc rc, const char *sentence)
{
    struct zip_maker zip = {0};
    zip_add(&zip, part, heng_slice_str(text), true);
    assert_refused(zip_end(&zip), NULL, rc, sentence);
    free(zip.p);
}

static void test_archives_of_something_else(void **state)
{
    (void)state;
    assert_zip_refused("a.txt", "x", HENG_EUNSUPPORTED, "this is a zip archive and no Excel workbook: unpack it");
    assert_zip_refused("content.xml", "x", HENG_EUNSUPPORTED,
                       "this is an OpenDocument sheet (.ods): open it in LibreOffice or Excel");
    assert_zip_refused("xl/workbook.bin", "x", HENG_EUNSUPPORTED,
                       "this is a binary workbook (.xlsb): open it in Excel and save it");
    assert_zip_refused("word/document.xml", "x", HENG_EUNSUPPORTED, "this is a Word document (.docx)");
    assert_zip_refused("xl/workbook.xml", "<w:document/>", HENG_EUNSUPPORTED,
                       "this is a zip archive and no Excel workbook");
    assert_zip_refused("xl/workbook.xml", "<workbook/>", HENG_ENOTFOUND, "the workbook lacks the list of parts");
    assert_refused(BYTES("PK\x03\x04 and nothing"), NULL, HENG_EFORMAT,
                   "the file is cut off or damaged: copy or send it again");
    assert_book_refused(&(struct book){.workbook = "<workbook/>"}, NULL, HENG_ENOTFOUND,
                        "the workbook has no sheet with a table");
    assert_book_refused(&(struct book){.sheet1 = ""}, NULL, HENG_ENOTFOUND,
                        "the workbook lacks the sheet: save it again");
}

static void sheet_refused(const char *xml, heng_rc rc, const char *sentence)
{
    assert_book_refused(&(struct book){.sheet1 = xml, .strings = "<sst><si><t>x</t></si></sst>"}, NULL, rc, sentence);
}

#define SHEET(rows) "<worksheet><sheetData>" rows "</sheetData></worksheet>"

static void test_sheets_that_cannot_be(void **state)
{
    (void)state;
    sheet_refused(SHEET("<row r=\"2\"><c><v>1</v></c></row><row r=\"2\"/>"), HENG_EFORMAT,
                  "row 2 stands behind row 2: save the file again");
    sheet_refused(SHEET("<row r=\"x\"/>"), HENG_EFORMAT, "the row after row 0 has no number");
    sheet_refused(SHEET("<row r=\"0\"/>"), HENG_EFORMAT, "row 0 stands behind row 0");
    sheet_refused(SHEET("<row r=\"1048577\"/>"), HENG_ELIMIT, "the table has more than 1048576 rows");
    sheet_refused(SHEET("<row r=\"99999999999999999999\"/>"), HENG_EFORMAT, "the row after row 0 has no number");
    sheet_refused(SHEET("<row><c r=\"B1\"/><c r=\"A1\"/></row>"), HENG_EFORMAT, "row 1 has its cells out of order");
    sheet_refused(SHEET("<row><c r=\"11\"/></row>"), HENG_EFORMAT, "row 1 has a cell whose place cannot be read");
    sheet_refused(SHEET("<row><c r=\"ZZZZZZZZ1\"/></row>"), HENG_EFORMAT,
                  "row 1 has a cell whose place cannot be read");
    sheet_refused(SHEET("<row><c r=\"AMK1\"><v>1</v></c></row>"), HENG_ELIMIT, "row 1 has more than 1024 columns");
    sheet_refused(SHEET("<row><c t=\"s\"><v>1</v></c></row>"), HENG_EFORMAT,
                  "row 1 names a text that the workbook has not");
    sheet_refused(SHEET("<row><c t=\"s\"><v>-1</v></c></row>"), HENG_EFORMAT,
                  "row 1 names a text that the workbook has not");
    sheet_refused(SHEET("<row><c t=\"s\"><v>99999999999999999</v></c></row>"), HENG_EFORMAT,
                  "row 1 names a text that the workbook has not");
    sheet_refused("<worksheet>\n<sheetData><row></sheetData></worksheet>", HENG_EFORMAT,
                  "the sheet is damaged in line 2: mismatched tag");
    sheet_refused("<worksheet><sheetData>", HENG_EFORMAT, "the sheet is damaged in line 1: no element found");
    sheet_refused("not XML", HENG_EFORMAT, "the sheet is damaged in line 1");
    sheet_refused(" ", HENG_EFORMAT, "the sheet is damaged in line 1: no element found");
}

static void test_entities_and_depth(void **state)
{
    (void)state;
    sheet_refused(
        "<!DOCTYPE lolz [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><worksheet>&b;</worksheet>",
        HENG_EFORMAT, "the sheet declares a document type or entities, which no workbook has: it is refused");
    sheet_refused("<!DOCTYPE w SYSTEM \"file:///etc/passwd\"><worksheet/>", HENG_EFORMAT,
                  "declares a document type or entities");
    sheet_refused(SHEET("<row><c><v>&lol;</v></c></row>"), HENG_EFORMAT,
                  "the sheet is damaged in line 1: undefined entity");
    assert_book_refused(&(struct book){.strings = "<!DOCTYPE x><sst/>"}, NULL, HENG_EFORMAT,
                        "the list of texts declares a document type");
    assert_book_refused(&(struct book){.styles = "<!DOCTYPE x><styleSheet/>"}, NULL, HENG_EFORMAT,
                        "the list of styles declares a document type");
    assert_book_refused(&(struct book){.workbook = "<!DOCTYPE x><workbook/>"}, NULL, HENG_EFORMAT,
                        "the list of sheets declares a document type");
    struct heng_str deep = {.max = 1 << 20};
    for (unsigned i = 0; i < 65; i++) heng_str_fmt(&deep, "<a>");
    sheet_refused(deep.text, HENG_ELIMIT, "the sheet has elements more than 64 deep: this is no normal workbook");
    heng_str_fini(&deep);
    struct heng_str tag = {.max = 4 << 20};
    heng_str_fmt(&tag, "<worksheet a=\"%*s\"/>", 3 << 20, "");
    sheet_refused(tag.text, HENG_ELIMIT, "the sheet has a tag of more than 262144 bytes: this is no normal workbook");
    heng_str_fini(&tag);
}

static void test_limits_of_a_workbook(void **state)
{
    static const struct heng_sheet_options tight = {.limits = {.part_bytes = 4000,
                                                               .unpacked_bytes = 6000,
                                                               .rows = 2,
                                                               .columns = 2,
                                                               .cell_bytes = 10,
                                                               .row_bytes = 16,
                                                               .strings_bytes = 60}};
    (void)state;
    struct heng_str text = {.max = 1 << 20};
    heng_str_fmt(&text, SHEET("<row><c><v>%*s1</v></c></row>"), 5, "");
    assert_book(&(struct book){.sheet1 = text.text}, &tight, "1|A:number=1\n");
    assert_book_refused(&(struct book){.sheet1 = SHEET("<row r=\"3\"/>")}, &tight, HENG_ELIMIT,
                        "the table has more than 2 rows");
    assert_book_refused(
        &(struct book){.sheet1 = SHEET("<row r=\"2\"><c r=\"B2\" t=\"str\"><v>12345678901</v></c></row>")}, &tight,
        HENG_ELIMIT, "cell B2 is longer than 10 bytes");
    assert_book_refused(
        &(struct book){.sheet1 =
                           SHEET("<row><c t=\"str\"><v>1234567890</v></c><c t=\"str\"><v>1234567890</v></c></row>")},
        &tight, HENG_ELIMIT, "the texts of row 1 are longer than 16 bytes");
    assert_book_refused(&(struct book){.sheet1 = SHEET("<row><c r=\"C1\" t=\"str\"><v>1</v></c></row>")}, &tight,
                        HENG_ELIMIT, "row 1 has more than 2 columns");
    assert_book_refused(&(struct book){.strings = "<sst><si><t>12345678901</t></si></sst>"}, &tight, HENG_ELIMIT,
                        "a text of the workbook is longer than 10 bytes");
    assert_book_refused(&(struct book){.strings = "<sst><si><t>a</t></si><si/><si/><si/><si/><si/><si/><si/></sst>"},
                        &tight, HENG_ELIMIT, "the texts of the workbook have more than 60 bytes: split it");
    heng_str_clear(&text);
    heng_str_fmt(&text, "<worksheet>%*s</worksheet>", 4000, "");
    assert_book_refused(&(struct book){.sheet1 = text.text}, &tight, HENG_ELIMIT,
                        "the sheet has more than 4000 bytes unpacked: split the sheet");
    heng_str_clear(&text);
    heng_str_fmt(&text, "<a>%*s</a>", 2500, "");
    assert_book_refused(&(struct book){.sheet1 = text.text, .strings = text.text, .styles = text.text}, &tight,
                        HENG_ELIMIT, "the workbook has more than 6000 bytes unpacked: split it");
    heng_str_clear(&text);
    heng_str_fmt(&text, "<styleSheet><cellXfs>");
    for (unsigned i = 0; i <= 65536; i++) heng_str_fmt(&text, "<xf/>");
    assert_book_refused(&(struct book){.styles = text.text}, NULL, HENG_ELIMIT,
                        "the workbook has more than 65536 styles");
    heng_str_clear(&text);
    heng_str_fmt(&text, "<workbook><sheets>");
    for (unsigned i = 0; i <= 1024; i++) heng_str_fmt(&text, "<sheet name=\"%u\" id=\"a\"/>", i);
    assert_book_refused(&(struct book){.workbook = text.text}, NULL, HENG_ELIMIT,
                        "the workbook has more than 1024 sheets");
    heng_str_clear(&text);
    heng_str_fmt(&text, "<R>");
    for (unsigned k = 0; k <= 10000; k++) heng_str_fmt(&text, "<Relationship/>");
    assert_book_refused(&(struct book){.relations = text.text}, NULL, HENG_ELIMIT,
                        "the workbook has more than 10000 parts");
    heng_str_fini(&text);
}

/* A gigabyte of blanks in a megabyte. It must end long before the gigabyte, so the test is over in a moment. */
static void test_zip_bomb(void **state)
{
    enum { BLOCK = 1 << 20, BLOCKS = 256 };
    static uint8_t block[BLOCK], packed[BLOCK];
    (void)state;
    z_stream z = {0};
    uint32_t crc = 0;
    memset(block, ' ', BLOCK);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = packed;
    z.avail_out = BLOCK;
    for (unsigned i = 0; i < BLOCKS; i++) {
        z.next_in = block;
        z.avail_in = BLOCK;
        crc = (uint32_t)crc32(crc, block, BLOCK);
        assert_int_equal(deflate(&z, i + 1 == BLOCKS ? Z_FINISH : Z_NO_FLUSH), i + 1 == BLOCKS ? Z_STREAM_END : Z_OK);
    }
    size_t n = z.total_out;
    deflateEnd(&z);
    static const char *const parts[] = {"xl/sharedStrings.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"};
    static const char *const roles[] = {"the list of texts", "the list of styles", "the sheet"};
    for (size_t i = 0; i < 3; i++) {
        struct zip_maker zip = {0};
        char sentence[80];
        zip_add_packed(&zip, parts[i], Z_DEFLATED, heng_slice_of(packed, n), crc, BLOCK * BLOCKS);
        struct book book = {.strings = i == 0 ? "" : NULL, .styles = i == 1 ? "" : NULL, .sheet1 = i == 2 ? "" : NULL};
        snprintf(sentence, sizeof sentence, "%s is over 200 times larger than packed", roles[i]);
        assert_refused(book_make(&zip, &book), NULL, HENG_ELIMIT, sentence);
        free(zip.p);
    }
}

static void test_headers_that_lie(void **state)
{
    static const char sheet[] = SHEET("<row><c><v>1</v></c></row>");
    (void)state;
    struct zip_maker zip = {0};
    zip.claim = 10; /* less than there is */
    zip_add(&zip, "xl/worksheets/sheet1.xml", heng_slice_str(sheet), true);
    assert_refused(book_make(&zip, &(struct book){.sheet1 = ""}), NULL, HENG_EFORMAT, "the sheet is damaged");
    zip.n = zip.count = 0;
    zip.claim = 100000; /* more */
    zip_add(&zip, "xl/worksheets/sheet1.xml", heng_slice_str(sheet), true);
    assert_refused(book_make(&zip, &(struct book){.sheet1 = ""}), NULL, HENG_EFORMAT,
                   "the sheet is damaged: copy or send the file again");
    zip.n = zip.count = 0;
    zip_add_packed(&zip, "xl/worksheets/sheet1.xml", 0, heng_slice_str(sheet), 12345, sizeof sheet - 1); /* check sum */
    assert_refused(book_make(&zip, &(struct book){.sheet1 = ""}), NULL, HENG_EFORMAT,
                   "the sheet is damaged: copy or send the file again");
    zip.n = zip.count = 0;
    zip_add_packed(&zip, "xl/worksheets/sheet1.xml", 12, heng_slice_str(sheet), 0, sizeof sheet - 1); /* bzip2 */
    assert_refused(book_make(&zip, &(struct book){.sheet1 = ""}), NULL, HENG_EUNSUPPORTED,
                   "the sheet is packed in an unusual way");
    zip.n = zip.count = 0;
    zip.flags = 1;
    zip_add(&zip, "xl/worksheets/sheet1.xml", heng_slice_str(sheet), true);
    assert_refused(book_make(&zip, &(struct book){.sheet1 = ""}), NULL, HENG_EUNSUPPORTED,
                   "the archive has a password");
    /* A name that would leave its folder is only a name. */
    zip.n = zip.count = 0;
    zip_add(&zip, "../../../../tmp/heng-must-not-be", heng_slice_str("x"), true);
    assert_rows(book_make(&zip, &(struct book){.sheet1 = sheet}), NULL, "1|A:number=1\n");
    assert_int_equal(access("/tmp/heng-must-not-be", F_OK), -1);
    free(zip.p);
}

/* A real workbook that was cut off: never a crash, and never less than all rows without an error. */
static void test_cut_off_anywhere(void **state)
{
    static const struct heng_sheet_column columns[] = {{.title = "a"}, {.title = "b", .kind = HENG_COLUMN_NUMBER}};
    static const struct heng_sheet_layout layout = {.title = "t", .columns = columns, .column_count = 2};
    static uint8_t bytes[1 << 20];
    struct heng_sheet_writer *w = NULL;
    char path[64];
    (void)state;
    temp_path(path);
    assert_int_equal(heng_sheet_write_open(path, HENG_SHEET_XLSX, &layout, &w, NULL), HENG_OK);
    for (unsigned i = 0; i < 300; i++) {
        char text[32];
        snprintf(text, sizeof text, "%u", i * i * 2654435761u);
        heng_sheet_write_text(w, heng_slice_str(text));
        heng_sheet_write_number(w, (struct heng_dec){.mantissa = i});
        heng_sheet_write_row_end(w);
    }
    assert_int_equal(heng_sheet_write_close(w, NULL), HENG_OK);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    unlink(path);
    assert_true(size > 97 * 60);
    for (size_t n = 97; n < size; n += 97)
        assert_refused(heng_slice_of(bytes, n), NULL, HENG_EFORMAT, "the file is cut off or damaged");
    /* Each 97th byte wrong: either an error, or the rows as they were. */
    struct heng_err err;
    struct heng_sheet *sheet = NULL;
    assert_int_equal(heng_sheet_open_bytes(heng_slice_of(bytes, size), NULL, &sheet, NULL), HENG_OK);
    char *good = rows_of(sheet, &err);
    heng_sheet_close(sheet);
    size_t refused = 0;
    for (size_t i = 5; i < size; i += 97) {
        bytes[i] ^= 0x55;
        if (heng_sheet_open_bytes(heng_slice_of(bytes, size), NULL, &sheet, &err) == HENG_OK) {
            char *rows = rows_of(sheet, &err);
            if (err.rc == HENG_ENOTFOUND) assert_string_equal(rows, good);
            free(rows);
            heng_sheet_close(sheet);
        }
        refused += err.rc != HENG_ENOTFOUND;
        bytes[i] ^= 0x55;
    }
    assert_true(refused > 20);
    free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_sheet),      cmocka_unit_test(test_archives_of_something_else),
        cmocka_unit_test(test_sheets_that_cannot_be), cmocka_unit_test(test_entities_and_depth),
        cmocka_unit_test(test_limits_of_a_workbook),  cmocka_unit_test(test_zip_bomb),
        cmocka_unit_test(test_headers_that_lie),      cmocka_unit_test(test_cut_off_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
