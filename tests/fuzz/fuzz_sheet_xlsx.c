/* The parts of a workbook: the harness packs them, so that the fuzzer meets XML and not the check sums of a zip
 * archive. input: sheet 0x00 shared strings 0x00 styles 0x00 workbook 0x00 relations A part that is missing is the
 * usual one. */
#include "fuzz_sheet.h"
#include "zip_maker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    const char *name, *usual;
} parts[] = {
    {"xl/worksheets/sheet1.xml", "<worksheet/>"},
    {"xl/sharedStrings.xml", "<sst><si><t>a_x0041_</t></si><si><r><t>b</t></r><rPh><t>c</t></rPh></si></sst>"},
    {"xl/styles.xml",
     "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy\"/></numFmts><cellXfs><xf/><xf numFmtId=\"14\"/>"
     "<xf numFmtId=\"164\"/><xf numFmtId=\"22\"/><xf numFmtId=\"20\"/></cellXfs></styleSheet>"},
    {"xl/workbook.xml", "<workbook><sheets><sheet name=\"a\" r:id=\"1\"/></sheets></workbook>"},
    {"xl/_rels/workbook.xml.rels", "<R><Relationship Id=\"1\" Type=\"/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
                                   "<Relationship Id=\"2\" Type=\"/styles\" Target=\"styles.xml\"/>"
                                   "<Relationship Id=\"3\" Type=\"/sharedStrings\" Target=\"sharedStrings.xml\"/></R>"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zip_maker zip = {0};
    struct heng_slice rest = heng_slice_of(data, size);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const uint8_t *end = rest.n ? memchr(rest.p, 0, rest.n) : NULL;
        struct heng_slice part = heng_slice_of(rest.p, end ? (size_t)(end - rest.p) : rest.n);
        rest = heng_slice_from(rest, part.n + (end != NULL));
        zip_add(&zip, parts[i].name, part.n ? part : heng_slice_str(parts[i].usual), false);
    }
    fuzz_sheet(zip_end(&zip), HENG_ENCODING_GB18030);
    free(zip.p);
    return 0;
}
