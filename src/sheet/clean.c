#include "sheet/clean.h"

#include "base/utf8.h"
#include "sheet/serial.h"

#include <stdio.h>

enum { TEXT_MAX = 96, SHOWN_MAX = 40 };

struct heng_sheet_locale heng_sheet_locale_of(const char *language)
{
    if (language && strncmp(language, "de", 2) == 0) return (struct heng_sheet_locale){',', ';'};
    return (struct heng_sheet_locale){'.', ','};
}

/* The character at p, which is well-formed. */
static uint32_t code_point(const uint8_t *p, size_t length)
{
    uint32_t c = length == 1 ? p[0] : p[0] & (0xFFU >> (length + 1));
    for (size_t i = 1; i < length; i++) c = c << 6 | (p[i] & 0x3FU);
    return c;
}

static bool is_zero_width(uint32_t c) { return (c >= 0x200B && c <= 0x200F) || c == 0x2060 || c == 0xFEFF; }

static bool is_blank(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

struct heng_slice heng_clean_trim(struct heng_slice text)
{
    size_t start = text.n, end = 0;
    for (size_t i = 0; i < text.n;) {
        size_t length = heng_utf8_length(text.p + i, text.n - i);
        uint32_t c = length ? code_point(text.p + i, length) : 0xFFFD;
        if (!length) length = 1;
        if (!is_blank(c) && !is_zero_width(c)) {
            if (start == text.n) start = i;
            end = i + length;
        }
        i += length;
    }
    return start == text.n ? heng_slice_of(text.p, 0) : heng_slice_of(text.p + start, end - start);
}

heng_rc heng_clean_key(struct heng_slice text, struct heng_buf *ret, struct heng_err *err)
{
    text = heng_clean_trim(text);
    for (size_t i = 0; i < text.n;) {
        size_t length = heng_utf8_length(text.p + i, text.n - i);
        if (!length) return heng_fail(err, HENG_EFORMAT, (uint32_t)i, "text is not UTF-8 at byte %zu", i);
        uint32_t c = code_point(text.p + i, length);
        if (c >= 0xFF01 && c <= 0xFF5E)
            heng_buf_u8(ret, (uint8_t)(c - 0xFF01 + '!'));
        else if (c == 0x2212) /* the minus sign of typesetters */
            heng_buf_u8(ret, '-');
        else if (is_blank(c))
            heng_buf_u8(ret, ' ');
        else if (!is_zero_width(c))
            heng_buf_put(ret, heng_slice_of(text.p + i, length));
        i += length;
    }
    if (ret->full) return heng_fail(err, HENG_ELIMIT, 0, "text is longer than %zu bytes", ret->cap);
    return HENG_OK;
}

/* As much of the text as a sentence can hold, without half a character at its end. */
static int shown(struct heng_slice text)
{
    if (text.n <= SHOWN_MAX) return (int)text.n;
    size_t n = SHOWN_MAX;
    while (n > 0 && (text.p[n] & 0xC0) == 0x80) n--;
    return (int)n;
}

#define SHOWN(text) shown(text), (const char *)(text).p

/* The key of a short text, NUL behind it. */
static heng_rc short_key(struct heng_slice text, char memory[TEXT_MAX], size_t *ret_n, const char *what,
                         struct heng_err *err)
{
    struct heng_slice trimmed = heng_clean_trim(text);
    if (trimmed.n == 0) return heng_fail(err, HENG_ENOTFOUND, 0, "the %s is missing", what);
    struct heng_buf buf = heng_buf_of(memory, TEXT_MAX - 1);
    heng_rc rc = heng_clean_key(trimmed, &buf, err);
    if (rc == HENG_ELIMIT) return heng_fail(err, HENG_EFORMAT, 0, "'%.*s...' is no %s", SHOWN(trimmed), what);
    memory[buf.n] = '\0';
    *ret_n = buf.n;
    return rc;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Digits in groups of three, without their separators, to out. Returns where the reading stopped; why, when the groups
 * are not as they should be. */
static const char *take_whole(const char *p, char decimal_mark, char **out, const char **ret_why)
{
    char mark = 0;
    size_t group = 0;
    const char *first = p;
    for (;; p++) {
        if (is_digit(*p)) {
            *(*out)++ = *p;
            group++;
            continue;
        }
        bool separates = (*p == ',' || *p == '.' || *p == ' ' || *p == '\'') && *p != decimal_mark && is_digit(p[1]);
        if (!separates || group == 0) break;
        if (mark && *p != mark) *ret_why = "has two kinds of thousands separators";
        if (mark ? group != 3 : group > 3) *ret_why = "has thousands separators that are not three digits apart";
        if (!mark && group == 1 && *first == '0')
            *ret_why = "begins with 0 and a thousands separator: is a decimal mark meant";
        mark = *p;
        group = 0;
    }
    if (mark && group != 3) *ret_why = "has thousands separators that are not three digits apart";
    return p;
}

heng_rc heng_clean_number(struct heng_slice text, struct heng_sheet_locale locale, struct heng_dec *ret,
                          struct heng_err *err)
{
    char key[TEXT_MAX] = "", plain[TEXT_MAX + 2], *out = plain;
    size_t n = 0;
    heng_rc rc = short_key(text, key, &n, "number", err);
    if (rc != HENG_OK) return rc;
    struct heng_slice seen = heng_slice_of(key, n);
    const char *p = key, *why = NULL;
    if (*p == '+' || *p == '-') *out++ = *p++;
    const char *whole = out;
    p = take_whole(p, locale.decimal_mark, &out, &why);
    if (out == whole) *out++ = '0';
    if (*p == locale.decimal_mark && is_digit(p[1])) {
        *out++ = '.';
        for (p++; is_digit(*p); p++) *out++ = *p;
    } else if (p == key || !is_digit(p[-1])) {
        return heng_fail(err, HENG_EFORMAT, 0, "'%.*s' is no number", SHOWN(seen));
    }
    *out = '\0';
    if (why) return heng_fail(err, HENG_EFORMAT, 0, "'%.*s' %s", SHOWN(seen), why);
    if ((*p == 'e' || *p == 'E') && (is_digit(p[1]) || p[1] == '+' || p[1] == '-'))
        return heng_fail(err, HENG_EFORMAT, 0, "'%.*s' has lost digits: format the column as text and enter it again",
                         SHOWN(seen));
    if (*p)
        return heng_fail(err, HENG_EFORMAT, (uint32_t)(p - key), "'%.*s' is no number with decimal mark '%c'",
                         SHOWN(seen), locale.decimal_mark);
    if (heng_dec_parse(plain, ret, NULL) != HENG_OK)
        return heng_fail(err, HENG_ERANGE, 0, "'%.*s' has more digits than a number can have", SHOWN(seen));
    return HENG_OK;
}

/* Up to max digits; how many there were. */
static int take_digits(const char **p, int max, int *ret)
{
    int n = 0;
    for (*ret = 0; n < max && is_digit(**p); n++) *ret = *ret * 10 + (*(*p)++ - '0');
    return n;
}

static bool take_text(const char **p, const char *text)
{
    size_t n = strlen(text);
    if (strncmp(*p, text, n) != 0) return false;
    *p += n;
    return true;
}

/* The three numbers of a date, in whatever order of the accepted ones. Why not, or NULL. */
static const char *take_day(const char **p, int ret_ymd[HENG_AT_LEAST(3)])
{
    static const char ambiguous[] = "can be read in two ways: write yyyy-mm-dd";
    static const char unknown[] = "is no date: write yyyy-mm-dd";
    int first, n = take_digits(p, 4, &first);
    if (n == 4 && is_digit(**p)) { /* yyyymmdd */
        ret_ymd[0] = first;
        return take_digits(p, 2, &ret_ymd[1]) == 2 && take_digits(p, 2, &ret_ymd[2]) == 2 && !is_digit(**p) ? NULL
                                                                                                            : unknown;
    }
    if (n == 4) {
        char mark = **p;
        bool chinese = take_text(p, "年");
        if (!chinese && mark != '-' && mark != '/' && mark != '.') return unknown;
        if (!chinese) (*p)++;
        ret_ymd[0] = first;
        if (!take_digits(p, 2, &ret_ymd[1]) || !(chinese ? take_text(p, "月") : *(*p)++ == mark)) return unknown;
        return take_digits(p, 2, &ret_ymd[2]) && (!chinese || take_text(p, "日")) ? NULL : unknown;
    }
    if (n < 1 || n > 2) return unknown;
    char mark = **p;
    if (mark == '/' || mark == '-') return ambiguous;
    if (mark != '.') return unknown;
    (*p)++;
    ret_ymd[2] = first;
    if (!take_digits(p, 2, &ret_ymd[1]) || *(*p)++ != '.') return unknown;
    n = take_digits(p, 4, &ret_ymd[0]);
    return n == 4 ? NULL : n == 2 ? "has a year of two digits: write all four" : unknown;
}

/* h:mm[:ss[.fff]] or h时mm分[ss秒]; why not, or NULL. */
static const char *take_time(const char **p, struct heng_sheet_date *ret)
{
    static const char unknown[] = "has a time that cannot be read: write hh:mm or hh:mm:ss";
    int hour, minute = 0, second = 0, ms = 0;
    if (!take_digits(p, 2, &hour)) return unknown;
    bool chinese = take_text(p, "时") || take_text(p, "点");
    if (!chinese && *(*p)++ != ':') return unknown;
    int n = take_digits(p, 2, &minute);
    if (chinese ? n > 0 && !take_text(p, "分") : n != 2) return unknown;
    if (chinese ? is_digit(**p) : take_text(p, ":")) {
        n = take_digits(p, 2, &second);
        if (chinese ? !take_text(p, "秒") : n != 2) return unknown;
        if (!chinese && **p == '.' && is_digit((*p)[1])) {
            (*p)++;
            for (int place = 100; is_digit(**p); place /= 10) ms += (*(*p)++ - '0') * place;
        }
    }
    if (hour > 23 || minute > 59 || second > 59) return "has a time that no clock shows";
    ret->civil.hour = (uint8_t)hour;
    ret->civil.minute = (uint8_t)minute;
    ret->civil.second = (uint8_t)second;
    ret->millisecond = (uint16_t)ms;
    ret->has_time = true;
    return NULL;
}

/* Five to seven digits and perhaps a fraction: Excel's serial number, from 1927 on. Four digits are rather a year. */
static bool is_serial(const char *key)
{
    size_t whole = strspn(key, "0123456789");
    if (whole < 5 || whole > 7) return false;
    return !key[whole] ||
           (key[whole] == '.' && key[whole + 1] && !key[whole + 1 + strspn(key + whole + 1, "0123456789")]);
}

static heng_rc serial_date(struct heng_slice seen, struct heng_sheet_date *ret, struct heng_err *err)
{
    char plain[HENG_NUMBER_MAX];
    if (heng_number_plain(seen, plain) != HENG_OK || heng_serial_date(plain, false, ret) != HENG_OK)
        return heng_fail(err, HENG_ERANGE, 0, "'%.*s' is no date, nor the number of a day as Excel counts them",
                         SHOWN(seen));
    return HENG_OK;
}

heng_rc heng_clean_date(struct heng_slice text, struct heng_sheet_date *ret, struct heng_err *err)
{
    char key[TEXT_MAX] = "";
    size_t n = 0;
    heng_rc rc = short_key(text, key, &n, "date", err);
    if (rc != HENG_OK) return rc;
    struct heng_slice seen = heng_slice_of(key, n);
    if (is_serial(key)) return serial_date(seen, ret, err);
    struct heng_sheet_date date = {.has_time = false};
    int ymd[3] = {0, 0, 0};
    const char *p = key, *why = take_day(&p, ymd);
    if (!why && *p) {
        bool blank = *p == 'T' || *p == ' ';
        while (*p == ' ') p++;
        if (*p == 'T') p++;
        /* "5日8时" needs no blank. */
        why = blank || (uint8_t)p[-1] >= 0x80 ? take_time(&p, &date) : "is no date: write yyyy-mm-dd";
    }
    if (!why && (*p == 'Z' || *p == '+' || *p == '-'))
        why = "names a time zone: write the local time of the site without one";
    if (!why && *p) why = "has something behind the date: write yyyy-mm-dd or yyyy-mm-dd hh:mm:ss";
    if (why) return heng_fail(err, HENG_EFORMAT, 0, "'%.*s' %s", SHOWN(seen), why);
    date.civil.year = (int16_t)ymd[0];
    date.civil.month = (uint8_t)ymd[1];
    date.civil.day = (uint8_t)ymd[2];
    if (ymd[0] < 1 || !heng_civil_valid(&date.civil))
        return heng_fail(err, HENG_ERANGE, 0, "'%.*s' is a day that the calendar does not have", SHOWN(seen));
    *ret = date;
    return HENG_OK;
}

void heng_sheet_date_format(const struct heng_sheet_date *date, char ret_text[HENG_AT_LEAST(HENG_SHEET_DATE_MAX)])
{
    const struct heng_civil *c = &date->civil;
    int n = snprintf(ret_text, HENG_SHEET_DATE_MAX, "%04d-%02u-%02u", c->year, c->month, c->day);
    if (!date->has_time || n < 0) return;
    n += snprintf(ret_text + n, HENG_SHEET_DATE_MAX - (size_t)n, "T%02u:%02u:%02u", c->hour, c->minute, c->second);
    if (date->millisecond) snprintf(ret_text + n, HENG_SHEET_DATE_MAX - (size_t)n, ".%03u", date->millisecond);
}
