#include "ledger/amount.h"

#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The amount without its sign, which fits for INT64_MIN as well. */
static uint64_t size_of(int64_t amount) { return amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount; }

void heng_amount_text(int64_t amount, char ret[HENG_AT_LEAST(HENG_AMOUNT_TEXT_MAX)])
{
    uint64_t size = size_of(amount);
    snprintf(ret, HENG_AMOUNT_TEXT_MAX, "%s%" PRIu64 ".%02u", amount < 0 ? "-" : "", size / 100,
             (unsigned)(size % 100));
}

heng_rc heng_amount_of(const char *text, int64_t *ret, struct heng_err *err)
{
    const bool minus = text[0] == '-';
    const char *at = text + (minus || text[0] == '+');
    int64_t value = 0;
    unsigned places = 0, digits = 0;
    bool point = false, fits = true;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        if (point && ++places > 2) break;
        digits++;
        fits = fits && !__builtin_mul_overflow(value, 10, &value) && !__builtin_add_overflow(value, *at - '0', &value);
    }
    if (*at || digits == 0 || (point && places == 0))
        return heng_fail(err, HENG_EFORMAT, (uint32_t)(at - text),
                         "'%.30s' is no amount: write it as 12.50, with at most two places", text);
    for (; places < 2; places++) fits = fits && !__builtin_mul_overflow(value, 10, &value);
    if (!fits) return heng_fail(err, HENG_ERANGE, 0, "the amount '%.30s' is too large", text);
    *ret = minus ? -value : value;
    return HENG_OK;
}

static const char *const digits[] = {"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"};

/* Four digits with their places. gap: zeros came before that are not said yet. */
static void put_group(struct heng_buf *out, unsigned group, bool *gap)
{
    static const char *const places[] = {"仟", "佰", "拾", ""};
    unsigned of = 1000;
    for (unsigned i = 0; i < 4; i++, of /= 10) {
        unsigned digit = group / of % 10;
        if (digit == 0) {
            *gap = true;
            continue;
        }
        if (*gap && out->n) heng_buf_put(out, heng_slice_str(digits[0]));
        *gap = false;
        heng_buf_put(out, heng_slice_str(digits[digit]));
        heng_buf_put(out, heng_slice_str(places[i]));
    }
}

/* Groups of four: 万亿, 亿, 万. Zeros at the end of a group are not said, those before the next digit once. */
static void put_yuan(struct heng_buf *out, uint64_t yuan)
{
    static const char *const groups[] = {"万", "亿", "万", ""};
    uint64_t of = UINT64_C(1000000000000);
    bool gap = false;
    for (unsigned i = 0; i < 4; i++, of /= 10000) {
        unsigned group = (unsigned)(yuan / of % 10000);
        put_group(out, group, &gap);
        if (group) gap = false;
        if (group || (i == 1 && yuan / of)) heng_buf_put(out, heng_slice_str(groups[i]));
    }
    heng_buf_put(out, heng_slice_str("元"));
}

heng_rc heng_amount_capitals(int64_t amount, char ret[HENG_AT_LEAST(HENG_CAPITALS_MAX)], struct heng_err *err)
{
    const uint64_t size = size_of(amount), yuan = size / 100;
    const unsigned jiao = (unsigned)(size / 10 % 10), fen = (unsigned)(size % 10);
    uint8_t memory[HENG_CAPITALS_MAX];
    struct heng_buf out = heng_buf_of(memory, sizeof memory - 1);
    if (yuan >= UINT64_C(1000000000000000))
        return heng_fail(err, HENG_ERANGE, 0, "amounts of 10^15 and more have no capital characters here");
    if (yuan) put_yuan(&out, yuan);
    if (size == 0) heng_buf_put(&out, heng_slice_str("零元"));
    if (jiao) {
        heng_buf_put(&out, heng_slice_str(digits[jiao]));
        heng_buf_put(&out, heng_slice_str("角"));
    }
    if (fen) {
        if (yuan && !jiao) heng_buf_put(&out, heng_slice_str(digits[0]));
        heng_buf_put(&out, heng_slice_str(digits[fen]));
        heng_buf_put(&out, heng_slice_str("分"));
    } else {
        heng_buf_put(&out, heng_slice_str("整"));
    }
    snprintf(ret, HENG_CAPITALS_MAX, "%s%.*s", amount < 0 ? "负" : "", (int)out.n, (const char *)out.p);
    return HENG_OK;
}
