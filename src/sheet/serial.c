/* Excel's numbers and dates as decimal text.
 *
 * A cell holds the text of an IEEE 754 double with up to 17 digits; Excel computes and shows 15. Heng takes those 15:
 * the digits of the text, rounded half up at the sixteenth, which is what a person saw and typed (0.1+0.2 is stored as
 * 0.30000000000000004 and is 0.3). Only where digits 16 and 17 are exactly "50" can the true double lie on the other
 * side of the half, and there Excel itself goes by the digits. */
#include "sheet/serial.h"

#include <stdio.h>
#include <string.h>

enum { SIGNIFICANT = 15, KEPT = 40, EXPONENT_MAX = 9999, SERIAL_DIGITS_MAX = 7 };

/* Significant digits without leading zeros, and where the point stands: value = 0.d1d2d3... x 10^point. */
struct digits {
    char d[KEPT];
    int n, point;
    bool negative;
};

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

static void take_digit(struct digits *ret, uint8_t c, bool behind_point)
{
    if (ret->n == 0 && c == '0') {
        ret->point -= behind_point;
        return;
    }
    /* What lies behind the sixteenth digit cannot change a rounding half up. */
    if (ret->n < KEPT) ret->d[ret->n++] = (char)c;
    ret->point += !behind_point;
}

/* [E[+-]digits] at p; false when something else stands there. */
static bool take_exponent(struct heng_slice text, size_t i, int *ret)
{
    *ret = 0;
    if (i == text.n) return true;
    if (text.p[i] != 'E' && text.p[i] != 'e') return false;
    i++;
    bool negative = i < text.n && text.p[i] == '-';
    if (i < text.n && (text.p[i] == '-' || text.p[i] == '+')) i++;
    if (i == text.n) return false;
    for (; i < text.n; i++) {
        if (!is_digit(text.p[i])) return false;
        if (*ret < EXPONENT_MAX) *ret = *ret * 10 + (text.p[i] - '0');
    }
    if (negative) *ret = -*ret;
    return true;
}

static bool take_number(struct heng_slice text, struct digits *ret)
{
    *ret = (struct digits){0};
    size_t i = 0, seen = 0;
    bool behind_point = false;
    if (text.n && (text.p[0] == '-' || text.p[0] == '+')) ret->negative = text.p[i++] == '-';
    for (; i < text.n; i++) {
        if (is_digit(text.p[i])) {
            take_digit(ret, text.p[i], behind_point);
            seen++;
        } else if (text.p[i] == '.' && !behind_point) {
            behind_point = true;
        } else {
            break;
        }
    }
    int exponent;
    if (seen == 0 || text.n > 4096 || !take_exponent(text, i, &exponent)) return false;
    ret->point += exponent;
    return true;
}

/* Keep n digits, half up; then no zeros behind. */
static void round_to(struct digits *x, int n)
{
    if (n < 0) {
        x->n = 0;
        return;
    }
    if (x->n > n) {
        bool up = x->d[n] >= '5';
        x->n = n;
        while (up && x->n > 0 && x->d[x->n - 1] == '9') x->n--;
        if (up && x->n > 0) {
            x->d[x->n - 1]++;
        } else if (up) {
            x->d[0] = '1';
            x->n = 1;
            x->point++;
        }
    }
    while (x->n > 0 && x->d[x->n - 1] == '0') x->n--;
}

heng_rc heng_number_plain(struct heng_slice text, char ret_text[HENG_AT_LEAST(HENG_NUMBER_MAX)])
{
    struct digits x;
    if (!take_number(text, &x)) return HENG_EFORMAT;
    int places_left = x.point + HENG_NUMBER_PLACES; /* digits that stand before the thirtieth place */
    round_to(&x, places_left < SIGNIFICANT ? places_left : SIGNIFICANT);
    if (x.n == 0) {
        memcpy(ret_text, "0", 2);
        return HENG_OK;
    }
    if (x.point > HENG_NUMBER_PLACES) return HENG_ERANGE;
    char *out = ret_text;
    if (x.negative) *out++ = '-';
    if (x.point <= 0) *out++ = '0';
    for (int i = 0; i < x.point; i++) *out++ = i < x.n ? x.d[i] : '0';
    if (x.n > x.point) *out++ = '.';
    for (int i = x.point; i < x.n; i++) *out++ = i < 0 ? '0' : x.d[i];
    *out = '\0';
    return HENG_OK;
}

/* Days and milliseconds of a plain number that is not negative. */
static bool days_of(const char *plain, int32_t *ret_days, int32_t *ret_ms)
{
    enum { FRACTION_DIGITS = 11 }; /* 10^11 x 86,400,000 is the last that fits an int64_t; one of them is 0.9 us */
    int64_t fraction = 0, unit = 1;
    *ret_days = 0;
    size_t i = 0;
    for (; is_digit((uint8_t)plain[i]); i++) {
        if (i == SERIAL_DIGITS_MAX) return false;
        *ret_days = *ret_days * 10 + (plain[i] - '0');
    }
    if (plain[i] == '.') i++;
    for (int k = 0; k < FRACTION_DIGITS; k++) {
        fraction = fraction * 10 + (is_digit((uint8_t)plain[i]) ? plain[i++] - '0' : 0);
        unit *= 10;
    }
    int64_t ms = (fraction * INT64_C(86400000) + unit / 2) / unit;
    *ret_days += (int32_t)(ms / 86400000);
    *ret_ms = (int32_t)(ms % 86400000);
    return true;
}

heng_rc heng_serial_date(const char *plain, bool from_1904, struct heng_sheet_date *ret)
{
    enum { DAY_1970 = 25569, SHIFT_1904 = 1462, LAST_DAY = 2958465 };
    int32_t days, ms;
    if (plain[0] == '-' || !days_of(plain, &days, &ms)) return HENG_ERANGE;
    if (from_1904) {
        days += SHIFT_1904;
    } else {
        /* Lotus took 1900 for a leap year, and Excel kept it: day 60 is 1900-02-29, the days before are one late. */
        if (days == 60 || days == 0) return HENG_ERANGE;
        if (days < 60) days++;
    }
    if (days > LAST_DAY) return HENG_ERANGE;
    struct heng_civil c = heng_us_to_civil((days - DAY_1970) * HENG_US_PER_DAY + ms / 1000 * HENG_US_PER_S);
    *ret = (struct heng_sheet_date){
        .civil = c, .millisecond = (uint16_t)(ms % 1000), .has_time = strchr(plain, '.') != NULL};
    return HENG_OK;
}

heng_serial_kind heng_serial_kind_of_id(unsigned id)
{
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) || id == 57 || id == 58)
        return HENG_SERIAL_DATE;
    if (id == 22) return HENG_SERIAL_MOMENT;
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 || id == 55 || id == 56)
        return HENG_SERIAL_TIME;
    return HENG_SERIAL_NONE;
}

/* How many bytes at i say nothing about the kind: quoted text, escaped characters, colours, languages, AM/PM. */
static size_t format_skip(struct heng_slice f, size_t i, bool *ret_elapsed)
{
    static const char *const words[] = {"General", "AM/PM", "A/P"};
    size_t end = i + 1;
    switch (f.p[i]) {
    case '"':
        while (end < f.n && f.p[end] != '"') end++;
        return end - i + 1;
    case '[':
        if (end < f.n && strchr("hHmMsS", f.p[end]) && f.p[end]) *ret_elapsed = true;
        while (end < f.n && f.p[end] != ']') end++;
        return end - i + 1;
    case '\\':
    case '_':
    case '*': return 2;
    }
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
        size_t n = strlen(words[k]);
        if (f.n - i >= n && strncasecmp((const char *)f.p + i, words[k], n) == 0) return n;
    }
    return 0;
}

heng_serial_kind heng_serial_kind_of_format(struct heng_slice f)
{
    bool day = false, month = false, time = false, elapsed = false;
    for (size_t i = 0; i < f.n && f.p[i] != ';';) {
        size_t skip = format_skip(f, i, &elapsed);
        if (skip) {
            i += skip;
            continue;
        }
        uint8_t c = f.p[i++] | 0x20;
        if (c == 'y' || c == 'd') day = true;
        if (c == 'm') month = true; /* or minutes, beside hours or seconds */
        if (c == 'h' || c == 's') time = true;
        /* 'e' is a year in formats of East Asia, and the exponent before a sign. */
        if (c == 'e' && !(i < f.n && (f.p[i] == '+' || f.p[i] == '-'))) day = true;
    }
    if (elapsed) return HENG_SERIAL_NONE;
    if (day || (month && !time)) return time ? HENG_SERIAL_MOMENT : HENG_SERIAL_DATE;
    return time ? HENG_SERIAL_TIME : HENG_SERIAL_NONE;
}
