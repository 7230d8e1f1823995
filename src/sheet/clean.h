#ifndef HENG_SHEET_CLEAN_H
#define HENG_SHEET_CLEAN_H
/* What people type, made plain: blanks of every kind around it gone, full-width forms to ASCII, numbers with thousands
 * separators, dates as they are written in China and in Europe. Each helper returns OK or says why not, in words that
 * may stand beside the cell. */
#include "base/buf.h"
#include "base/dec.h"
#include "base/time.h"

/* How a language writes numbers, and its Excel a CSV file. */
struct heng_sheet_locale {
    char decimal_mark; /* '.' or ',' */
    char separator;    /* of CSV fields: ',' or ';' */
};

/* "de": decimal comma, semicolons; "zh", "en" and all others: point and comma. */
struct heng_sheet_locale heng_sheet_locale_of(const char *language);

/* The text without blanks around it: ASCII, no-break, full-width, zero-width, byte order marks. Borrows. */
struct heng_slice heng_clean_trim(struct heng_slice text);

/* A name or number that others are found by: trimmed, full-width letters, digits, punctuation and blanks to ASCII,
 * zero-width characters out. Case and inner blanks stay.
 * Errors: ELIMIT when it does not fit, EFORMAT when it is not UTF-8. */
HENG_NODISCARD heng_rc heng_clean_key(struct heng_slice text, struct heng_buf *ret, struct heng_err *err);

/* "1,234.5", "1.234,5", "1 234,5", "１２３": keeps the places that were written.
 * Shape:  the decimal mark of the locale; thousands in groups of three by the other mark, a blank or an apostrophe.
 * Errors: ENOTFOUND for an empty text, EFORMAT, ERANGE. */
HENG_NODISCARD heng_rc heng_clean_number(struct heng_slice text, struct heng_sheet_locale locale, struct heng_dec *ret,
                                         struct heng_err *err);

/* A local date, with or without a time of day. */
struct heng_sheet_date {
    struct heng_civil civil; /* midnight without a time */
    uint16_t millisecond;
    bool has_time;
};

/* yyyy-mm-dd, yyyy/m/d, yyyy.m.d, yyyymmdd, d.m.yyyy, yyyy年m月d日, and Excel's serial number of a day (1900 system);
 * behind it, after a blank or 'T', h:mm[:ss[.fff]] or h时m分[s秒].
 * Errors: ENOTFOUND for an empty text, EFORMAT (two-digit years, m/d/yyyy and zones among them), ERANGE for a day that
 * the calendar does not have. */
HENG_NODISCARD heng_rc heng_clean_date(struct heng_slice text, struct heng_sheet_date *ret, struct heng_err *err);

/* yyyy-mm-dd, with a time behind 'T' and milliseconds where they are not zero. Always fits in 32 bytes. */
enum { HENG_SHEET_DATE_MAX = 32 };
void heng_sheet_date_format(const struct heng_sheet_date *date, char ret_text[HENG_AT_LEAST(HENG_SHEET_DATE_MAX)]);

#endif
