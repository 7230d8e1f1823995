#include "account/texts.h"

#include <string.h>

#include "base/utf8.h"
#include "usage/quality.h"

static heng_rc check_bytes(const char *text, const char *what, struct heng_err *err)
{
    size_t n = strlen(text), length;
    for (const uint8_t *p = (const uint8_t *)text, *end = p + n; p < end; p += length) {
        length = heng_utf8_length(p, (size_t)(end - p));
        if (length == 0) return heng_fail(err, HENG_ECONFIG, 0, "%s is not UTF-8 text", what);
        if (*p < 0x20 || *p == 0x7f || (*p == 0xC2 && p[1] < 0xA0))
            return heng_fail(err, HENG_ECONFIG, 0, "%s has a control character or a line break in it", what);
    }
    return HENG_OK;
}

heng_rc heng_text_check(const char *text, const char *what, bool must_be, struct heng_err *err)
{
    size_t n = strlen(text);
    if (n == 0 && must_be) return heng_fail(err, HENG_ECONFIG, 0, "%s is missing", what);
    if (n && (text[0] == ' ' || text[n - 1] == ' '))
        return heng_fail(err, HENG_ECONFIG, 0, "%s begins or ends with a blank", what);
    return check_bytes(text, what, err);
}

heng_rc heng_name_check(const char *text, const char *what, struct heng_err *err)
{
    heng_rc rc = heng_text_check(text, what, true, err);
    size_t bad = strcspn(text, " /\\\"'<>|*?");
    if (rc == HENG_OK && text[bad])
        return heng_fail(err, HENG_ECONFIG, 0, "%s '%.40s' may not have a '%c' in it", what, text, text[bad]);
    return rc;
}

heng_rc heng_text_take(struct heng_slice text, const char *what, char *ret, size_t cap, struct heng_err *err)
{
    if (text.n >= cap) return heng_fail(err, HENG_ELIMIT, 0, "%s is longer than %zu bytes", what, cap - 1);
    if (text.n && memchr(text.p, 0, text.n)) return heng_fail(err, HENG_ECONFIG, 0, "%s has a NUL in it", what);
    if (text.n) memcpy(ret, text.p, text.n);
    ret[text.n] = '\0';
    return HENG_OK;
}

heng_rc heng_text_day(const char *text, const char *what, heng_day *ret, struct heng_err *err)
{
    heng_day day = 0;
    if (!heng_date_parse(text, &day) || day <= 0)
        return heng_fail(err, HENG_EFORMAT, 0, "%s '%.20s' is no day: write it as 2026-11-20", what, text);
    *ret = day;
    return HENG_OK;
}
