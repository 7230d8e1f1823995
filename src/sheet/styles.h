#ifndef HENG_SHEET_STYLES_H
#define HENG_SHEET_STYLES_H
/* Which cell styles of a workbook show numbers as dates. */
#include "sheet/serial.h"
#include "sheet/zip.h"

/* Zero-initialise. kinds[s]: heng_serial_kind of style s. */
struct heng_styles {
    uint8_t *kinds;
    uint32_t count;
};

/* Read the part. Errors: EFORMAT, ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_styles_open(struct heng_styles *styles, struct heng_zip *zip, const char *part,
                                        uint32_t depth_max, struct heng_err *err);

/* The kind of a style; NONE for one that the workbook has not. */
static inline heng_serial_kind heng_styles_kind(const struct heng_styles *styles, uint32_t style)
{
    return style < styles->count ? (heng_serial_kind)styles->kinds[style] : HENG_SERIAL_NONE;
}

void heng_styles_fini(struct heng_styles *styles);

#endif
