#ifndef HENG_SHEET_ZIP_H
#define HENG_SHEET_ZIP_H
/* The parts of a zip archive, one open at a time, read as a stream within the limits. Nothing is ever unpacked to a
 * disk, so the names in an archive are only names. */
#include "sheet/inside.h"

struct heng_zip;

/* Open the archive of a source that stays.
 * Errors: EFORMAT when it is cut off or damaged, ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_zip_open(struct heng_source *source, const struct heng_sheet_limits *limits,
                                     struct heng_zip **ret, struct heng_err *err);
void heng_zip_close(struct heng_zip *zip);

/* True when the archive has a part of this name, whatever its case. */
bool heng_zip_has(struct heng_zip *zip, const char *name);

/* Open a part; role is what it is for people ("the list of sheets").
 * Errors: ENOTFOUND, EUNSUPPORTED (a password, an unusual packing), EFORMAT, ELIMIT. */
HENG_NODISCARD heng_rc heng_zip_part(struct heng_zip *zip, const char *name, const char *role, struct heng_err *err);

/* The next bytes of the open part; *ret_n is 0 at its end, when its check sum was right.
 * Errors: EFORMAT, ELIMIT (bytes of the part, of all parts, ratio). */
HENG_NODISCARD heng_rc heng_zip_read(struct heng_zip *zip, void *ret, size_t n, size_t *ret_n, struct heng_err *err);

#endif
