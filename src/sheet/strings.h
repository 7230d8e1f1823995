#ifndef HENG_SHEET_STRINGS_H
#define HENG_SHEET_STRINGS_H
/* The shared strings of a workbook. Up to a bound they lie in memory; a workbook with more of them gets a temporary
 * file without a name, so that a million rows of different texts need no more memory than a hundred. */
#include "sheet/zip.h"

struct heng_strings;

/* Read the part. Errors: EFORMAT, ELIMIT (bytes in all, bytes of one), EIO (the temporary file), ENOMEM. */
HENG_NODISCARD heng_rc heng_strings_open(struct heng_zip *zip, const char *part, const struct heng_sheet_limits *limits,
                                         struct heng_strings **ret, struct heng_err *err);

/* String number i, borrowed until the next question. Errors: ENOTFOUND, EIO. */
HENG_NODISCARD heng_rc heng_strings_get(struct heng_strings *strings, uint32_t i, struct heng_slice *ret,
                                        struct heng_err *err);

void heng_strings_free(struct heng_strings *strings);

#endif
