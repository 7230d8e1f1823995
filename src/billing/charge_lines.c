/* From the engine's exact amounts to lines in the smallest unit of the currency. The total is rounded once, half up;
 * each line is cut down to a whole unit, and what is missing to the total goes to the largest remainders, one unit
 * each, of equal ones to the earliest. Where the tariff rounds to the currency's own places, as nearly all do, nothing
 * changes. The same is done with the tax of the lines. */
#include "billing/charger.h"

#include <stdio.h>

static int places_of(const char *currency)
{
    static const char *const without[] = {"JPY", "KRW", "VND", "CLP"};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (strcmp(without[i], currency) == 0) return 0;
    return 2;
}

/* A line's exact amount with tax, its exact tax, and what is cut of both. */
struct share {
    int64_t whole, rest; /* rest: of one unit, in 10^-9 */
};

static heng_rc cut(struct heng_dec exact, int places, struct share *ret)
{
    struct heng_dec down, rest, wide;
    heng_rc rc = heng_exact_round(exact, places, HENG_ROUNDING_DOWN, &down);
    if (rc == HENG_OK && heng_dec_cmp(exact, down) < 0) down.mantissa--;
    if (rc == HENG_OK) rc = heng_dec_sub(exact, down, &rest);
    if (rc == HENG_OK) rc = heng_dec_shift(rest, places, &rest);
    if (rc == HENG_OK) rc = heng_exact_round(rest, HENG_PLACES_MAX, HENG_ROUNDING_DOWN, &wide);
    if (rc != HENG_OK) return rc;
    *ret = (struct share){down.mantissa, wide.mantissa};
    return HENG_OK;
}

/* One unit each to the largest remainders, until all sum to total. False when that cannot be. */
static bool spread(struct share *shares, size_t n, int64_t total)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(sum, shares[i].whole, &sum)) return false;
    if (total < sum || total - sum > (int64_t)n) return n == 0 && total == 0;
    for (; sum < total; sum++) {
        size_t best = n;
        for (size_t i = 0; i < n; i++)
            if (shares[i].rest >= 0 && (best == n || shares[i].rest > shares[best].rest)) best = i;
        if (best == n) return false;
        shares[best].whole++;
        shares[best].rest = -1;
    }
    return true;
}

static heng_rc whole_of(struct heng_dec exact, int places, int64_t *ret)
{
    struct heng_dec rounded;
    heng_rc rc = heng_exact_round(exact, places, HENG_ROUNDING_HALF_UP, &rounded);
    if (rc == HENG_OK) *ret = rounded.mantissa;
    return rc;
}

/* The line's tax by itself, to more places than any currency has, for the remainder. */
static heng_rc exact_tax(const struct heng_rate_line *line, struct heng_dec *ret)
{
    struct heng_dec net, one_and_rate;
    const struct heng_vat *vat = &line->component->vat;
    if (line->tariff->vat_by == HENG_VAT_BY_LINE) {
        *ret = line->tax;
        return HENG_OK;
    }
    if (line->tariff->vat_excluded) return heng_exact_mul(line->amount, vat->rate, 8, HENG_ROUNDING_HALF_UP, ret);
    heng_rc rc = heng_dec_add(heng_dec_of(1, 0), vat->rate, &one_and_rate);
    if (rc == HENG_OK)
        rc = heng_exact_div(line->amount, heng_dec_of(1, 0), one_and_rate, 8, HENG_ROUNDING_HALF_UP, &net);
    return rc == HENG_OK ? heng_dec_sub(line->amount, net, ret) : rc;
}

static bool is_of(const struct heng_rate_line *line, const struct heng_rate_vat *vat)
{
    const struct heng_vat *own = &line->component->vat;
    return heng_dec_cmp(own->rate, vat->vat.rate) == 0 && own->exempt == vat->vat.exempt &&
           strcmp(own->code ? own->code : "", vat->vat.code ? vat->vat.code : "") == 0;
}

/* Cut the taxes of the lines of one rate so that they sum to what the engine says of it. tax_total is in units. */
static heng_rc spread_vat(const struct heng_rate_line *const *lines, size_t n, const struct heng_rate_vat *vat,
                          int places, int64_t *ret_taxes, int64_t *tax_total)
{
    struct share shares[HENG_CHARGE_LINES_MAX];
    size_t which[HENG_CHARGE_LINES_MAX], count = 0;
    int64_t total;
    heng_rc rc = whole_of(vat->tax, places, &total);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        struct heng_dec tax;
        if (!is_of(lines[i], vat)) continue;
        which[count] = i;
        rc = exact_tax(lines[i], &tax);
        if (rc == HENG_OK) rc = cut(tax, places, &shares[count++]);
    }
    if (rc == HENG_OK && !spread(shares, count, total)) rc = HENG_EBUG;
    for (size_t i = 0; rc == HENG_OK && i < count; i++) ret_taxes[which[i]] = shares[i].whole;
    if (rc == HENG_OK && __builtin_add_overflow(*tax_total, total, tax_total)) rc = HENG_ERANGE;
    return rc;
}

/* Amounts with tax: where the tax comes on top, that of the line as it was just cut is added. */
static heng_rc spread_amounts(const struct heng_rate_line *const *lines, size_t n, struct heng_dec total, int places,
                              const int64_t *taxes, int64_t tax_total, int64_t *ret_amounts, int64_t *ret_total)
{
    struct share shares[HENG_CHARGE_LINES_MAX];
    bool on_top = n > 0 && lines[0]->tariff->vat_excluded;
    struct heng_dec net = total;
    int64_t whole;
    heng_rc rc = HENG_OK;
    if (on_top) { /* the rounded tax and the rounded rest, as the invoice shows them */
        net = heng_dec_of(0, -places);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = heng_dec_add(net, lines[i]->amount, &net);
    }
    if (rc == HENG_OK) rc = whole_of(net, places, &whole);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = cut(lines[i]->amount, places, &shares[i]);
    if (rc == HENG_OK && !spread(shares, n, whole)) rc = HENG_EBUG;
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (__builtin_add_overflow(shares[i].whole, on_top ? taxes[i] : 0, &ret_amounts[i])) rc = HENG_ERANGE;
    if (rc == HENG_OK && __builtin_add_overflow(whole, on_top ? tax_total : 0, ret_total)) rc = HENG_ERANGE;
    return rc;
}

static heng_rc put_dec(struct heng_dec dec, char *ret, size_t cap)
{
    char text[HENG_DEC_TEXT_MAX];
    size_t n = heng_dec_format(dec, text);
    if (n >= cap) return HENG_ERANGE;
    memcpy(ret, text, n + 1);
    return HENG_OK;
}

static void put_text(const char *text, char *ret, size_t cap)
{
    size_t n = text ? strlen(text) : 0;
    if (n >= cap) {
        for (n = cap - 1; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;) n--;
    }
    if (n) memcpy(ret, text, n);
    ret[n] = '\0';
}

static heng_rc put_line(const struct heng_rate_line *from, struct heng_charge_line *ret)
{
    *ret = (struct heng_charge_line){.tier = from->tier,
                                     .from_day = from->from,
                                     .to_day = from->to,
                                     .time_count = from->time_count,
                                     .time_of = from->time_of};
    put_text(from->component->id, ret->component, sizeof ret->component);
    put_text(from->component->name ? from->component->name : from->component->id, ret->name, sizeof ret->name);
    put_text(from->component->version, ret->version, sizeof ret->version);
    put_text(from->rate, ret->rate, sizeof ret->rate);
    put_text(from->note, ret->note, sizeof ret->note);
    put_text(from->unit, ret->unit, sizeof ret->unit);
    heng_rc rc = put_dec(from->quantity, ret->quantity, sizeof ret->quantity);
    if (rc == HENG_OK) rc = put_dec(from->price, ret->price, sizeof ret->price);
    if (rc == HENG_OK && !from->component->vat.exempt && from->component->vat.rate.mantissa)
        rc = put_dec(from->component->vat.rate, ret->vat, sizeof ret->vat);
    return rc;
}

heng_rc charge_lines(const struct heng_rate_result *result, const char *currency, struct heng_charge *ret, size_t cap,
                     struct heng_err *err)
{
    const struct heng_rate_line *lines[HENG_CHARGE_LINES_MAX];
    int64_t taxes[HENG_CHARGE_LINES_MAX] = {0}, amounts[HENG_CHARGE_LINES_MAX];
    int places = places_of(currency);
    size_t n = 0;
    heng_rc rc = HENG_OK;
    ret->tax = ret->total = 0;
    for (size_t i = 0; i < result->count; i++) {
        if (result->lines[i].component->informative) continue; /* shown by explain; a price contains it already */
        if (n == cap || n == HENG_CHARGE_LINES_MAX)
            return heng_fail(err, HENG_ELIMIT, 0, "a charge has more than %d lines", HENG_CHARGE_LINES_MAX);
        lines[n++] = &result->lines[i];
    }
    for (size_t i = 0; rc == HENG_OK && i < result->vat_count; i++)
        rc = spread_vat(lines, n, &result->vats[i], places, taxes, &ret->tax);
    if (rc == HENG_OK) rc = spread_amounts(lines, n, result->total, places, taxes, ret->tax, amounts, &ret->total);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        rc = put_line(lines[i], &ret->lines[i]);
        ret->lines[i].amount = amounts[i];
        ret->lines[i].tax = taxes[i];
    }
    ret->line_count = n;
    if (rc == HENG_EBUG) return heng_fail(err, rc, 0, "the lines do not sum to the charge");
    return rc == HENG_OK ? rc : heng_fail(err, HENG_ERANGE, 0, "an amount of the charge is too large");
}
