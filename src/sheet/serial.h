#ifndef HENG_SHEET_SERIAL_H
#define HENG_SHEET_SERIAL_H
/* Numbers as Excel stores and shows them, worked on as decimal text: no binary floating point. */
#include "sheet/clean.h"

/* The plain decimal that Excel shows for the number text of a cell ("0.30000000000000004" is "0.3", "1E-3" is "0.001").
 * Shape:  [+-]digits[.digits][E[+-]digits]; the result has at most 15 significant digits, no exponent, no zeros behind.
 * Errors: EFORMAT, ERANGE when it needs more than HENG_NUMBER_PLACES digits before or behind the point. */
enum { HENG_NUMBER_PLACES = 30, HENG_NUMBER_MAX = 72 };
HENG_NODISCARD heng_rc heng_number_plain(struct heng_slice text, char ret_text[HENG_AT_LEAST(HENG_NUMBER_MAX)]);

/* What the format of a cell makes of its serial number. */
typedef enum heng_serial_kind {
    HENG_SERIAL_NONE,
    HENG_SERIAL_DATE,
    HENG_SERIAL_MOMENT,
    HENG_SERIAL_TIME
} heng_serial_kind;

/* The moment of a serial number, to the millisecond. plain is text of heng_number_plain, days since the epoch of the
 * file. Errors: ERANGE before day 0, after 9999-12-31, and for 1900-02-29, which Excel has and the calendar has not. */
HENG_NODISCARD heng_rc heng_serial_date(const char *plain, bool from_1904, struct heng_sheet_date *ret);

/* What an Excel number format shows: a date, a date with a time, a time of day only, or a number. Elapsed time
 * ("[h]:mm") is a number: it is no moment.
 * Source: ECMA-376 part 1, 18.8.30 (numFmt) and 18.8.31; ids 27..36 and 50..58 are dates in Chinese and Japanese files.
 */
heng_serial_kind heng_serial_kind_of_id(unsigned id);
heng_serial_kind heng_serial_kind_of_format(struct heng_slice format);

#endif
