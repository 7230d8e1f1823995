#ifndef HENG_ACCOUNT_TEXTS_H
#define HENG_ACCOUNT_TEXTS_H
/* What people type: names, numbers, keys, days, checked before anything is stored. */
#include "base/rc.h"
#include "base/slice.h"
#include "vee/day.h"

/* One line of UTF-8 without control characters or blanks at its ends; what: its name in the sentence. Errors: ECONFIG.
 */
HENG_NODISCARD heng_rc heng_text_check(const char *text, const char *what, bool must_be, struct heng_err *err);

/* The same of a name that machines use too: no blanks and no '/', '\', quotes. */
HENG_NODISCARD heng_rc heng_name_check(const char *text, const char *what, struct heng_err *err);

/* Room for a text: what does not fit is refused, never cut. Errors: ELIMIT. */
HENG_NODISCARD heng_rc heng_text_take(struct heng_slice text, const char *what, char *ret, size_t cap,
                                      struct heng_err *err);

/* "2026-11-20" as a day. Errors: EFORMAT. */
HENG_NODISCARD heng_rc heng_text_day(const char *text, const char *what, heng_day *ret, struct heng_err *err);

#endif
