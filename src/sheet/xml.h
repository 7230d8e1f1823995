#ifndef HENG_SHEET_XML_H
#define HENG_SHEET_XML_H
/* An XML part of a workbook as a stream of elements, which its owner can pause. No document types, so no entities;
 * depth and the length of a tag are bounded. Names come without their prefix: producers choose it as they like. */
#include "sheet/zip.h"

#include <expat.h>

struct heng_xml {
    /* The owner's; text is called for any text, also in pieces. depth: 1 in the root. */
    void *owner;
    void (*start)(struct heng_xml *xml, const char *name, const char *const *attributes);
    void (*end)(struct heng_xml *xml, const char *name);
    void (*text)(struct heng_xml *xml, const char *bytes, size_t n);
    uint32_t depth;
    struct heng_err failed; /* set by heng_xml_fail, or by the owner before it */

    XML_Parser parser;
    struct heng_zip *zip;
    const char *role;
    uint32_t depth_max;
    bool paused, ended;
    uint64_t fed;
};

/* Open the part; the owner's fields are set. Errors: those of heng_zip_part. */
HENG_NODISCARD heng_rc heng_xml_open(struct heng_xml *xml, struct heng_zip *zip, const char *part, const char *role,
                                     uint32_t depth_max, struct heng_err *err);

/* Go on until the owner pauses (OK) or the part ends (ENOTFOUND).
 * Errors: EFORMAT, ELIMIT, ENOMEM, and what the owner failed with. */
HENG_NODISCARD heng_rc heng_xml_run(struct heng_xml *xml, struct heng_err *err);

/* All of it in one go, and closed. */
HENG_NODISCARD heng_rc heng_xml_whole(struct heng_xml *xml, struct heng_zip *zip, const char *part, const char *role,
                                      uint32_t depth_max, struct heng_err *err);

/* For the owner's functions: pause behind this element; end with what is in xml->failed. */
void heng_xml_pause(struct heng_xml *xml);
void heng_xml_stop(struct heng_xml *xml);

void heng_xml_close(struct heng_xml *xml);

/* The value of an attribute, whatever its prefix; NULL without it. True for "1" and "true". */
const char *heng_xml_attribute(const char *const *attributes, const char *name);
bool heng_xml_flag(const char *value);

/* Decimal digits only; false for anything else, and over max. */
bool heng_xml_number(const char *text, uint32_t max, uint32_t *ret);

/* Cell texts write characters that XML lacks as _xHHHH_ (ECMA-376 part 1, 22.9.2.19): resolved in place, the new
 * length. */
size_t heng_xml_unescape(char *text, size_t n);

#endif
