/* styleSheet > numFmts > numFmt (id and format of the workbook's own formats), then cellXfs > xf: style s of a cell is
 * the s-th xf there, and names the number format. cellStyleXfs has xf, too, and is another list. */
#include "sheet/styles.h"

#include "sheet/xml.h"

#include <stdlib.h>

/* Excel has at most 64,000 styles and some hundred formats. */
enum { STYLES_MAX = 65536, FORMATS_MAX = 65536 };

struct reader {
    struct heng_styles *styles;
    uint8_t formats[FORMATS_MAX]; /* by id; kind + 1, 0 for ids that the workbook does not declare */
    bool in_formats, in_styles;
    uint32_t cap;
};

static heng_serial_kind kind_of_id(const struct reader *reader, uint32_t id)
{
    return reader->formats[id] ? (heng_serial_kind)(reader->formats[id] - 1) : heng_serial_kind_of_id(id);
}

static void add_style(struct heng_xml *xml, const char *id_text)
{
    struct reader *reader = xml->owner;
    struct heng_styles *styles = reader->styles;
    uint32_t id = 0;
    if (styles->count == STYLES_MAX) {
        heng_fail(&xml->failed, HENG_ELIMIT, 0, "the workbook has more than %d styles: this is no normal workbook",
                  STYLES_MAX);
        heng_xml_stop(xml);
        return;
    }
    if (styles->count == reader->cap) {
        uint32_t cap = reader->cap ? reader->cap * 2 : 64;
        uint8_t *kinds = realloc(styles->kinds, cap);
        if (!kinds) {
            heng_fail(&xml->failed, HENG_ENOMEM, 0, "no memory for a sheet");
            heng_xml_stop(xml);
            return;
        }
        styles->kinds = kinds;
        reader->cap = cap;
    }
    bool known = id_text && heng_xml_number(id_text, FORMATS_MAX - 1, &id);
    styles->kinds[styles->count++] = (uint8_t)(known ? kind_of_id(reader, id) : HENG_SERIAL_NONE);
}

static void on_start(struct heng_xml *xml, const char *name, const char *const *attributes)
{
    struct reader *reader = xml->owner;
    if (xml->depth == 2) {
        reader->in_formats = strcmp(name, "numFmts") == 0;
        reader->in_styles = strcmp(name, "cellXfs") == 0;
    }
    if (xml->depth != 3) return;
    if (reader->in_formats && strcmp(name, "numFmt") == 0) {
        const char *id_text = heng_xml_attribute(attributes, "numFmtId"),
                   *format = heng_xml_attribute(attributes, "formatCode");
        uint32_t id;
        if (id_text && format && heng_xml_number(id_text, FORMATS_MAX - 1, &id))
            reader->formats[id] = (uint8_t)(heng_serial_kind_of_format(heng_slice_str(format)) + 1);
    } else if (reader->in_styles && strcmp(name, "xf") == 0) {
        add_style(xml, heng_xml_attribute(attributes, "numFmtId"));
    }
}

static void on_end(struct heng_xml *xml, const char *name)
{
    (void)xml;
    (void)name;
}

heng_rc heng_styles_open(struct heng_styles *styles, struct heng_zip *zip, const char *part, uint32_t depth_max,
                         struct heng_err *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (!reader) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    reader->styles = styles;
    struct heng_xml xml = {.owner = reader, .start = on_start, .end = on_end};
    heng_rc rc = heng_xml_whole(&xml, zip, part, "the list of styles", depth_max, err);
    free(reader);
    return rc;
}

void heng_styles_fini(struct heng_styles *styles)
{
    free(styles->kinds);
    *styles = (struct heng_styles){0};
}
