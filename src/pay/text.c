#include "pay/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

static struct heng_slice trim(struct heng_slice s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = heng_slice_from(s, 1);
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

static heng_rc no_amount(struct heng_slice text, struct heng_err *err)
{
    return heng_fail(err, HENG_EFORMAT, 0, "'%.*s' is no amount", (int)(text.n < 30 ? text.n : 30),
                     (const char *)text.p);
}

heng_rc heng_pay_amount(struct heng_slice text, unsigned places, int64_t *ret, struct heng_err *err)
{
    const struct heng_slice s = trim(text);
    bool negative = false, point = false, digit = false;
    unsigned behind = 0;
    int64_t value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (i == 0 && (s.p[i] == '-' || s.p[i] == '+')) {
            negative = s.p[i] == '-';
        } else if (s.p[i] == '.' && !point && digit) {
            point = true;
        } else if (is_digit(s.p[i])) {
            digit = true;
            if (point && behind == places) {
                if (s.p[i] != '0') return no_amount(text, err); /* finer than the currency */
                continue;
            }
            if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, s.p[i] - '0', &value))
                return heng_fail(err, HENG_ERANGE, 0, "an amount is too large");
            if (point) behind++;
        } else {
            return no_amount(text, err);
        }
    }
    if (!digit || s.p[s.n - 1] == '.') return no_amount(text, err);
    for (; behind < places; behind++)
        if (__builtin_mul_overflow(value, 10, &value)) return heng_fail(err, HENG_ERANGE, 0, "an amount is too large");
    *ret = negative ? -value : value;
    return HENG_OK;
}

void heng_pay_amount_text(int64_t amount, unsigned places, char ret[HENG_AT_LEAST(HENG_PAY_AMOUNT_TEXT_MAX)])
{
    uint64_t unit = 1, size = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
    for (unsigned i = 0; i < places; i++) unit *= 10;
    const char *sign = amount < 0 ? "-" : "";
    if (places == 0) {
        snprintf(ret, HENG_PAY_AMOUNT_TEXT_MAX, "%s%llu", sign, (unsigned long long)size);
        return;
    }
    snprintf(ret, HENG_PAY_AMOUNT_TEXT_MAX, "%s%llu.%0*llu", sign, (unsigned long long)(size / unit), (int)places,
             (unsigned long long)(size % unit));
}

/* n digits at *at, moved on; -1 when they are none. */
static int digits(struct heng_slice s, size_t *at, size_t n)
{
    int value = 0;
    if (s.n - *at < n) return -1;
    for (size_t i = 0; i < n; i++) {
        const uint8_t c = s.p[*at + i];
        if (!is_digit(c)) return -1;
        value = value * 10 + (c - '0');
    }
    *at += n;
    return value;
}

static bool sign_at(struct heng_slice s, size_t *at, const char *one_of)
{
    if (*at >= s.n || !strchr(one_of, s.p[*at]) || s.p[*at] == 0) return false;
    (*at)++;
    return true;
}

/* date: between its numbers; middle: between date and time; time: between its numbers. "" for none. */
static bool civil(struct heng_slice s, size_t *at, const char *date, const char *middle, const char *time,
                  struct heng_civil *ret)
{
    static const size_t widths[] = {4, 2, 2, 2, 2, 2};
    const char *const between[] = {date, date, middle, time, time, ""};
    int v[6];
    for (size_t i = 0; i < 6; i++) {
        if ((v[i] = digits(s, at, widths[i])) < 0) return false;
        if (*between[i] && !sign_at(s, at, between[i])) return false;
    }
    *ret =
        (struct heng_civil){(int16_t)v[0], (uint8_t)v[1], (uint8_t)v[2], (uint8_t)v[3], (uint8_t)v[4], (uint8_t)v[5]};
    return heng_civil_valid(ret);
}

static heng_rc no_moment(struct heng_slice text, struct heng_err *err)
{
    return heng_fail(err, HENG_EFORMAT, 0, "'%.*s' is no moment", (int)(text.n < 40 ? text.n : 40),
                     (const char *)text.p);
}

heng_rc heng_pay_moment(struct heng_slice text, heng_us *ret, struct heng_err *err)
{
    struct heng_civil c;
    size_t at = 0;
    int hours = 0, minutes = 0;
    if (!civil(text, &at, "-", "T", ":", &c)) return no_moment(text, err);
    if (sign_at(text, &at, "."))
        while (at < text.n && is_digit(text.p[at])) at++;
    if (!sign_at(text, &at, "Z")) {
        const bool west = at < text.n && text.p[at] == '-';
        if (!sign_at(text, &at, "+-") || (hours = digits(text, &at, 2)) < 0 || !sign_at(text, &at, ":") ||
            (minutes = digits(text, &at, 2)) < 0 || hours > 14 || minutes > 59)
            return no_moment(text, err);
        if (west) hours = -hours, minutes = -minutes;
    }
    if (at != text.n) return no_moment(text, err);
    *ret = heng_civil_to_us(&c) - (hours * 3600 + minutes * 60) * HENG_US_PER_S;
    return HENG_OK;
}

heng_rc heng_pay_local_moment(struct heng_slice text, int32_t east_s, heng_us *ret, struct heng_err *err)
{
    struct heng_civil c;
    size_t at = 0;
    const bool spaced = text.n == 19;
    if (!civil(text, &at, spaced ? "-/" : "", spaced ? " T" : "", spaced ? ":" : "", &c) || at != text.n)
        return no_moment(text, err);
    *ret = heng_civil_to_us(&c) - east_s * HENG_US_PER_S;
    return HENG_OK;
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

heng_rc heng_pay_base64(struct heng_slice text, struct heng_buf *ret, struct heng_err *err)
{
    if (text.n % 4) return heng_fail(err, HENG_EFORMAT, (uint32_t)text.n, "base64 of a wrong length");
    for (size_t i = 0; i < text.n; i += 4) {
        uint32_t word = 0;
        size_t pads = 0;
        for (size_t k = 0; k < 4; k++) {
            const uint8_t c = text.p[i + k];
            const char *place = c && c != '=' ? strchr(base64, c) : NULL;
            if (c == '=' && i + 4 == text.n && k >= 2)
                pads++;
            else if (!place || pads)
                return heng_fail(err, HENG_EFORMAT, (uint32_t)(i + k), "no base64");
            word = word << 6 | (place ? (uint32_t)(place - base64) : 0);
        }
        for (size_t k = 0; k < 3 - pads; k++) heng_buf_u8(ret, (uint8_t)(word >> (16 - 8 * k)));
    }
    return ret->full ? heng_fail(err, HENG_ELIMIT, 0, "base64 text is too long") : HENG_OK;
}

void heng_pay_base64_text(struct heng_slice bytes, struct heng_str *out)
{
    for (size_t i = 0; i < bytes.n; i += 3) {
        const size_t left = bytes.n - i;
        const uint32_t word = (uint32_t)bytes.p[i] << 16 | (left > 1 ? (uint32_t)bytes.p[i + 1] << 8 : 0) |
                              (left > 2 ? bytes.p[i + 2] : 0);
        const char quad[4] = {base64[word >> 18], base64[word >> 12 & 63], left > 1 ? base64[word >> 6 & 63] : '=',
                              left > 2 ? base64[word & 63] : '='};
        heng_str_put(out, quad, 4);
    }
}

static int hex_of(uint8_t c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One part of a form, decoded; *at stands behind it, at one of the ends or behind the text. */
static heng_rc decoded(struct heng_slice body, size_t *at, const char *ends, struct heng_buf *memory,
                       struct heng_slice *ret, struct heng_err *err)
{
    const size_t from = memory->n;
    for (; *at < body.n && !(body.p[*at] && strchr(ends, body.p[*at])); (*at)++) {
        uint8_t c = body.p[*at];
        if (c == '+') c = ' ';
        if (c == '%') {
            const int high = body.n - *at > 2 ? hex_of(body.p[*at + 1]) : -1;
            const int low = body.n - *at > 2 ? hex_of(body.p[*at + 2]) : -1;
            if (high < 0 || low < 0) return heng_fail(err, HENG_EFORMAT, (uint32_t)*at, "a broken %% in a form");
            c = (uint8_t)(high << 4 | low);
            *at += 2;
        }
        heng_buf_u8(memory, c);
    }
    *ret = heng_slice_of(memory->p + from, memory->n - from);
    return memory->full ? heng_fail(err, HENG_ELIMIT, 0, "the form is too long") : HENG_OK;
}

heng_rc heng_pay_form_read(struct heng_slice body, struct heng_buf *memory, struct heng_pay_form *ret,
                           struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    ret->n = 0;
    for (size_t at = 0; rc == HENG_OK && at < body.n;) {
        if (ret->n == HENG_PAY_PARAMS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "the form has too many fields");
        struct heng_pay_param *p = &ret->params[ret->n];
        p->value = heng_slice_of(memory->p, 0);
        rc = decoded(body, &at, "=&", memory, &p->name, err);
        if (rc == HENG_OK && at < body.n && body.p[at] == '=') {
            at++;
            rc = decoded(body, &at, "&", memory, &p->value, err);
        }
        at++;
        for (size_t i = 0; rc == HENG_OK && i < ret->n; i++)
            if (heng_slice_eq(ret->params[i].name, p->name))
                return heng_fail(err, HENG_EFORMAT, 0, "a field stands twice in the form");
        ret->n++;
    }
    if (rc == HENG_OK) heng_pay_form_sort(ret);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    const struct heng_slice x = ((const struct heng_pay_param *)a)->name, y = ((const struct heng_pay_param *)b)->name;
    const size_t n = x.n < y.n ? x.n : y.n;
    const int order = n ? memcmp(x.p, y.p, n) : 0;
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

void heng_pay_form_sort(struct heng_pay_form *form) { qsort(form->params, form->n, sizeof *form->params, by_name); }

struct heng_slice heng_pay_form_get(const struct heng_pay_form *form, const char *name)
{
    for (size_t i = 0; i < form->n; i++)
        if (heng_slice_is(form->params[i].name, name)) return form->params[i].value;
    return heng_slice_str("");
}

void heng_pay_form_join(const struct heng_pay_form *form, const char *const *without, struct heng_str *out)
{
    bool first = true;
    for (size_t i = 0; i < form->n; i++) {
        const struct heng_pay_param *p = &form->params[i];
        bool left_out = p->value.n == 0;
        for (size_t k = 0; without[k]; k++) left_out = left_out || heng_slice_is(p->name, without[k]);
        if (left_out) continue;
        if (!first) heng_str_put(out, "&", 1);
        first = false;
        heng_str_put(out, (const char *)p->name.p, p->name.n);
        heng_str_put(out, "=", 1);
        heng_str_put(out, (const char *)p->value.p, p->value.n);
    }
}

static void percent(struct heng_slice s, struct heng_str *out)
{
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = s.p[i];
        const bool plain = is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr("-_.~", c));
        if (plain)
            heng_str_put(out, (const char *)&s.p[i], 1);
        else
            heng_str_fmt(out, "%%%02X", c);
    }
}

void heng_pay_form_write(const struct heng_pay_form *form, struct heng_str *out)
{
    for (size_t i = 0; i < form->n; i++) {
        if (i) heng_str_put(out, "&", 1);
        percent(form->params[i].name, out);
        heng_str_put(out, "=", 1);
        percent(form->params[i].value, out);
    }
}

heng_rc heng_pay_recode(struct heng_slice text, const char *from, const char *to, struct heng_str *out,
                        struct heng_err *err)
{
    char page[4096], *in = (char *)(uintptr_t)text.p;
    size_t left = text.n;
    heng_rc rc = HENG_OK;
    iconv_t cd = iconv_open(to, from);
    if (cd == (iconv_t)-1) return heng_fail(err, HENG_EUNSUPPORTED, 0, "the charset '%.20s' is not known here", from);
    while (rc == HENG_OK && left) {
        char *p = page;
        size_t room = sizeof page;
        const size_t done = iconv(cd, &in, &left, &p, &room);
        heng_str_put(out, page, sizeof page - room);
        if (done == (size_t)-1 && errno != E2BIG)
            rc = heng_fail(err, HENG_EFORMAT, (uint32_t)(text.n - left), "byte %zu is no text in %.20s", text.n - left,
                           from);
    }
    iconv_close(cd);
    return rc == HENG_OK && out->rc != HENG_OK ? heng_fail(err, out->rc, 0, "the text is too long") : rc;
}

heng_rc heng_pay_copy(struct heng_slice from, const char *what, char *ret, size_t cap, struct heng_err *err)
{
    *ret = 0;
    if (from.n >= cap) return heng_fail(err, HENG_EFORMAT, 0, "%s is longer than %zu characters", what, cap - 1);
    for (size_t i = 0; i < from.n; i++)
        if (from.p[i] < ' ' || from.p[i] == 0x7f)
            return heng_fail(err, HENG_EFORMAT, (uint32_t)i, "%s has a control character", what);
    for (size_t at = 0; at < from.n;) {
        const size_t n = heng_utf8_length(from.p + at, from.n - at);
        if (n == 0) return heng_fail(err, HENG_EFORMAT, (uint32_t)at, "%s is no UTF-8", what);
        at += n;
    }
    if (from.n) memcpy(ret, from.p, from.n);
    ret[from.n] = 0;
    return HENG_OK;
}
