/* From the archive to its sheets:
 *
 *   _rels/.rels                   -> the part with the workbook (".../officeDocument"); where that is missing,
 * xl/workbook.xml xl/workbook.xml               workbook > workbookPr date1904, workbook > sheets > sheet name r:id
 *   xl/_rels/workbook.xml.rels    r:id -> type and part: .../worksheet, .../sharedStrings, .../styles
 *
 * Source: ECMA-376 part 2 (packages), part 1 clause 18.2. Types are compared by their last word: the strict and the
 * transitional standard have different addresses before it. */
#include "sheet/workbook.h"

#include "sheet/xml.h"

#include <stdio.h>
#include <strings.h>

enum { PART_MAX = 240, ARENA_BYTES = 1 << 20, RELATIONS_MAX = 10000 };

struct reader {
    struct heng_workbook *workbook;
    char folder[PART_MAX]; /* of the part whose relations are read, with its '/' behind */
    char main[PART_MAX];   /* the workbook's part */
    bool is_workbook;
    uint32_t relations;
};

static bool type_is(const char *type, const char *last)
{
    const char *slash = type ? strrchr(type, '/') : NULL;
    return slash && strcmp(slash + 1, last) == 0;
}

/* A part by a target: "/xl/a.xml", or relative to the folder with "../" and "./". false when it does not fit. */
static bool resolve(const char *folder, const char *target, char ret[HENG_AT_LEAST(PART_MAX)])
{
    size_t n = 0;
    if (*target == '/') {
        target++;
    } else {
        n = strlen(folder);
        memcpy(ret, folder, n);
    }
    while (*target) {
        size_t length = strcspn(target, "/\\");
        if (length == 2 && strncmp(target, "..", 2) == 0) {
            if (n) n--;
            while (n && ret[n - 1] != '/') n--;
        } else if (length && !(length == 1 && *target == '.')) {
            if (n + length + 2 > PART_MAX) return false;
            memcpy(ret + n, target, length);
            n += length;
            if (target[length]) ret[n++] = '/';
        }
        target += length + (target[length] != '\0');
    }
    ret[n] = '\0';
    return n > 0;
}

static const char *keep(struct heng_xml *xml, const char *text)
{
    struct reader *reader = xml->owner;
    const char *copy = heng_arena_text(&reader->workbook->arena, text);
    if (!copy) {
        heng_fail(&xml->failed, HENG_ELIMIT, 0, "the list of sheets is too long: this is no normal workbook");
        heng_xml_stop(xml);
    }
    return copy;
}

static void on_end(struct heng_xml *xml, const char *name)
{
    (void)xml;
    (void)name;
}

static void root_relation(struct heng_xml *xml, const char *name, const char *const *attributes)
{
    struct reader *reader = xml->owner;
    const char *target = heng_xml_attribute(attributes, "Target");
    if (strcmp(name, "Relationship") != 0 || !target || reader->main[0]) return;
    if (!type_is(heng_xml_attribute(attributes, "Type"), "officeDocument")) return;
    if (!resolve("", target, reader->main)) reader->main[0] = '\0';
}

static void workbook_element(struct heng_xml *xml, const char *name, const char *const *attributes)
{
    struct reader *reader = xml->owner;
    struct heng_workbook *workbook = reader->workbook;
    if (xml->depth == 1) reader->is_workbook = strcmp(name, "workbook") == 0;
    if (xml->depth == 2 && strcmp(name, "workbookPr") == 0)
        workbook->from_1904 = heng_xml_flag(heng_xml_attribute(attributes, "date1904"));
    if (xml->depth != 3 || strcmp(name, "sheet") != 0) return;
    const char *title = heng_xml_attribute(attributes, "name"), *relation = heng_xml_attribute(attributes, "id");
    if (!title || !relation) return;
    if (workbook->count == HENG_WORKBOOK_SHEETS_MAX) {
        heng_fail(&xml->failed, HENG_ELIMIT, 0, "the workbook has more than %d sheets", HENG_WORKBOOK_SHEETS_MAX);
        heng_xml_stop(xml);
        return;
    }
    struct heng_workbook_sheet *sheet = &workbook->sheets[workbook->count];
    sheet->name = keep(xml, title);
    sheet->relation = keep(xml, relation);
    if (sheet->name && sheet->relation) workbook->count++;
}

static void workbook_relation(struct heng_xml *xml, const char *name, const char *const *attributes)
{
    struct reader *reader = xml->owner;
    struct heng_workbook *workbook = reader->workbook;
    const char *id = heng_xml_attribute(attributes, "Id"), *type = heng_xml_attribute(attributes, "Type");
    const char *target = heng_xml_attribute(attributes, "Target");
    char part[PART_MAX];
    /* Each is compared with all sheets, so there must be an end of them. */
    if (++reader->relations > RELATIONS_MAX) {
        heng_fail(&xml->failed, HENG_ELIMIT, 0, "the workbook has more than %d parts: this is no normal workbook",
                  RELATIONS_MAX);
        heng_xml_stop(xml);
        return;
    }
    if (strcmp(name, "Relationship") != 0 || !id || !target || !resolve(reader->folder, target, part)) return;
    if (type_is(type, "sharedStrings") && !workbook->strings) workbook->strings = keep(xml, part);
    if (type_is(type, "styles") && !workbook->styles) workbook->styles = keep(xml, part);
    if (!type_is(type, "worksheet")) return;
    const char *kept = NULL;
    for (size_t i = 0; i < workbook->count; i++) {
        struct heng_workbook_sheet *sheet = &workbook->sheets[i];
        if (sheet->part || strcmp(sheet->relation, id) != 0) continue;
        if (!kept) kept = keep(xml, part);
        sheet->part = kept;
    }
}

/* What a zip archive is that has no workbook. */
static heng_rc no_workbook(struct heng_zip *zip, struct heng_err *err)
{
    const char *what = "this is a zip archive and no Excel workbook: unpack it and send the .xlsx file itself";
    if (heng_zip_has(zip, "xl/workbook.bin"))
        what = "this is a binary workbook (.xlsb): open it in Excel and save it as .xlsx";
    else if (heng_zip_has(zip, "content.xml"))
        what = "this is an OpenDocument sheet (.ods): open it in LibreOffice or Excel and save it as .xlsx";
    else if (heng_zip_has(zip, "word/document.xml"))
        what = "this is a Word document (.docx): put the table into a sheet and save it as .xlsx";
    return heng_fail(err, HENG_EUNSUPPORTED, 0, "%s", what);
}

/* "xl/workbook.xml" -> folder "xl/" and relations "xl/_rels/workbook.xml.rels". */
static bool relations_of(struct reader *reader, char ret_part[HENG_AT_LEAST(PART_MAX)])
{
    const char *slash = strrchr(reader->main, '/');
    size_t n = slash ? (size_t)(slash - reader->main) + 1 : 0;
    memcpy(reader->folder, reader->main, n);
    reader->folder[n] = '\0';
    int length = snprintf(ret_part, PART_MAX, "%s_rels/%s.rels", reader->folder, reader->main + n);
    return length > 0 && length < PART_MAX;
}

heng_rc heng_workbook_open(struct heng_workbook *workbook, struct heng_zip *zip, uint32_t depth_max,
                           struct heng_err *err)
{
    struct reader reader = {.workbook = workbook};
    struct heng_xml xml = {.owner = &reader, .start = root_relation, .end = on_end};
    char relations[PART_MAX];
    workbook->arena.max = ARENA_BYTES;
    if (heng_zip_has(zip, "_rels/.rels")) {
        heng_rc rc = heng_xml_whole(&xml, zip, "_rels/.rels", "the list of parts", depth_max, err);
        if (rc != HENG_OK) return rc;
    }
    if (!reader.main[0]) memcpy(reader.main, "xl/workbook.xml", sizeof "xl/workbook.xml");
    const char *dot = strrchr(reader.main, '.');
    if (!heng_zip_has(zip, reader.main) || (dot && strcasecmp(dot, ".bin") == 0)) return no_workbook(zip, err);
    xml.start = workbook_element;
    heng_rc rc = heng_xml_whole(&xml, zip, reader.main, "the list of sheets", depth_max, err);
    if (rc != HENG_OK) return rc;
    if (!reader.is_workbook) return no_workbook(zip, err);
    if (!relations_of(&reader, relations)) return no_workbook(zip, err);
    xml.start = workbook_relation;
    return heng_xml_whole(&xml, zip, relations, "the list of parts", depth_max, err);
}

void heng_workbook_fini(struct heng_workbook *workbook) { heng_arena_fini(&workbook->arena); }
