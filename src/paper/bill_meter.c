/* Readings of a bill and its use beside that of earlier ones, out of the traces of charges. */
#include <stdio.h>
#include <string.h>

#include "billing/trace.h"
#include "paper/bill_parts.h"
#include "store/events.h"
#include "store/money/print.h"
#include "store/usage.h"

enum { HISTORY_MAX = 26, INSTALLATIONS_MAX = 64, HISTORY_DAYS = 366 };

/* People read kWh, m3 and MJ from the dial; what is stored may be finer. */
static void readable(struct heng_dec *value, char unit[HENG_AT_LEAST(HENG_BILL_UNIT_MAX)])
{
    static const struct {
        const char *fine, *unit;
        int shift;
    } units[] = {{"Wh", "kWh", -3}, {"varh", "kvarh", -3}, {"L", "m3", -3}, {"J", "MJ", -6}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct heng_dec shifted;
        if (strcmp(unit, units[i].fine) != 0 || heng_dec_shift(*value, units[i].shift, &shifted) != HENG_OK) continue;
        *value = shifted;
        snprintf(unit, HENG_BILL_UNIT_MAX, "%s", units[i].unit);
    }
}

static const char *number(struct heng_dec value, const char *unit, heng_language language, char *ret, size_t cap)
{
    char plain[HENG_DEC_TEXT_MAX], grouped[HENG_MONEY_TEXT_MAX];
    (void)heng_dec_format(value, plain);
    if (strlen(plain) < 32)
        snprintf(ret, cap, "%s %s", heng_paper_number(plain, language, grouped), unit);
    else
        snprintf(ret, cap, "%s %s", plain, unit);
    return ret;
}

/* --- readings ---------------------------------------------------------------------------------------------------- */

static const struct heng_trace_reading *end_of(const struct heng_trace *trace, const struct heng_trace_reading *begin)
{
    for (size_t i = 0; i < trace->reading_count; i++) {
        const struct heng_trace_reading *r = &trace->readings[i];
        if (strcmp(r->of, "end") == 0 && r->channel_id == begin->channel_id && r->device_id == begin->device_id)
            return r;
    }
    return NULL;
}

/* The factor of the transformers at the meter then; "" where it is 1. */
static heng_rc factor_of(const struct heng_bill_paper *b, const struct heng_trace_reading *reading, char *ret,
                         size_t cap, struct heng_err *err)
{
    struct heng_installation at[INSTALLATIONS_MAX];
    size_t n = 0;
    ret[0] = 0;
    heng_rc rc = heng_store_list_installations(b->reader, reading->device_id, 0, at, INSTALLATIONS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (at[i].from_us > reading->at_us || (at[i].until_us && at[i].until_us < reading->at_us)) continue;
        if (at[i].factor_num == at[i].factor_den || at[i].factor_den == 0) continue;
        if (at[i].factor_den == 1)
            snprintf(ret, cap, "%lld", (long long)at[i].factor_num);
        else
            snprintf(ret, cap, "%lld/%lld", (long long)at[i].factor_num, (long long)at[i].factor_den);
    }
    return rc;
}

/* "A-123", of a register of a rate "A-123 T2". */
static heng_rc meter_name(const struct heng_bill_paper *b, const struct heng_trace_reading *reading, char *ret,
                          size_t cap, struct heng_err *err)
{
    struct heng_channel_row channel;
    snprintf(ret, cap, "%s", reading->meter);
    heng_rc rc = heng_store_get_channel(b->reader, 0, reading->channel_id, &channel, err);
    if (rc == HENG_OK && channel.tariff) snprintf(ret, cap, "%s T%u", reading->meter, channel.tariff);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc reading_row(const struct heng_bill_paper *b, const struct heng_trace_reading *begin,
                           const struct heng_trace_reading *end, struct heng_err *err)
{
    char name[HENG_NUMBER_MAX + 16], factor[48], texts[2][HENG_DEC_TEXT_MAX + 24], use[HENG_DEC_TEXT_MAX + 24] = "";
    char at[2][HENG_MONEY_TEXT_MAX];
    const struct heng_trace_reading *both[2] = {begin, end};
    struct heng_dec values[2] = {{0, 0}, {0, 0}}, difference;
    bool known[2] = {false, false};
    char unit[HENG_BILL_UNIT_MAX] = "";
    heng_language language = b->paper->language;
    for (unsigned i = 0; i < 2; i++) {
        snprintf(texts[i], sizeof texts[i], "–");
        at[i][0] = 0;
        if (!both[i] || !both[i]->at_us) continue;
        heng_paper_moment(b->zone, both[i]->at_us, false, language, at[i]);
        known[i] = both[i]->register_id && heng_dec_parse(both[i]->index, &values[i], NULL) == HENG_OK;
        snprintf(unit, sizeof unit, "%s", both[i]->unit);
        if (known[i]) readable(&values[i], unit);
        if (known[i]) number(values[i], unit, language, texts[i], sizeof texts[i]);
    }
    if (known[0] && known[1] && heng_dec_sub(values[1], values[0], &difference) == HENG_OK)
        number(difference, unit, language, use, sizeof use);
    heng_rc rc = meter_name(b, begin, name, sizeof name, err);
    if (rc == HENG_OK) rc = factor_of(b, begin, factor, sizeof factor, err);
    if (rc != HENG_OK) return rc;
    const char *cells[] = {name, at[0], texts[0], at[1], texts[1], factor, use};
    heng_paper_row(b->paper, false, cells);
    return HENG_OK;
}

heng_rc heng_bill_paper_readings(const struct heng_bill_paper *b, struct heng_err *err)
{
    static const struct heng_word_column columns[] = {{HENG_WORD_METER, false, 14},     {HENG_WORD_AT, false, 18},
                                                      {HENG_WORD_FROM_INDEX, true, 16}, {HENG_WORD_AT, false, 18},
                                                      {HENG_WORD_TO_INDEX, true, 16},   {HENG_WORD_MULTIPLIER, true, 7},
                                                      {HENG_WORD_INDEX_USE, true, 14}};
    bool begun = false;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < b->n && rc == HENG_OK; i++) {
        struct heng_trace trace = {.reading_count = 0};
        if (b->charges[i].kind != HENG_CHARGE_USAGE || !b->charges[i].trace.n) continue;
        rc = heng_trace_read(b->charges[i].trace, b->paper->arena, &trace, err);
        for (size_t k = 0; k < trace.reading_count && rc == HENG_OK; k++) {
            if (strcmp(trace.readings[k].of, "begin") != 0) continue;
            if (!begun) heng_paper_heading(b->paper, HENG_WORD_METERS);
            if (!begun) heng_paper_word_table(b->paper, columns, sizeof columns / sizeof *columns);
            begun = true;
            rc = reading_row(b, &trace.readings[k], end_of(&trace, &trace.readings[k]), err);
        }
    }
    return rc;
}

/* --- the last twelve months ----------------------------------------------------------------------------------------
 */

struct bar {
    heng_day from, to;
    struct heng_dec value;
};

/* What the first channel of a trace used. False: it says nothing. */
static bool use_of(const struct heng_trace *trace, struct heng_dec *ret, char unit[HENG_AT_LEAST(HENG_BILL_UNIT_MAX)])
{
    bool has = false;
    *ret = (struct heng_dec){0, 0};
    for (size_t i = 0; i < trace->row_count; i++) {
        struct heng_dec amount;
        if (trace->rows[i].channel_id != trace->rows[0].channel_id) continue;
        if (heng_dec_parse(trace->rows[i].amount, &amount, NULL) != HENG_OK) return false;
        if (heng_dec_add(*ret, amount, ret) != HENG_OK) return false;
        has = true;
    }
    if (!has) return false;
    snprintf(unit, HENG_BILL_UNIT_MAX, "%s", trace->rows[0].unit);
    readable(ret, unit);
    return true;
}

/* part of whole in thousandths; both by their first 18 digits of the same power. */
static int64_t permille(struct heng_dec part, struct heng_dec whole)
{
    struct heng_dec ratio;
    if (whole.mantissa <= 0 || part.mantissa <= 0) return 0;
    if (heng_exact_div(part, heng_dec_of(1000, 0), whole, 0, HENG_ROUNDING_HALF_UP, &ratio) != HENG_OK) return 0;
    return ratio.mantissa;
}

static heng_rc history_of(const struct heng_bill_paper *b, const struct heng_charge *charge, struct heng_err *err)
{
    struct heng_print_trace past[HISTORY_MAX];
    struct bar bars[HISTORY_MAX];
    char unit[HENG_BILL_UNIT_MAX] = "", all[HENG_BILL_UNIT_MAX] = "";
    struct heng_dec most = {0, 0};
    size_t n = 0, count = 0;
    heng_rc rc = heng_store_print_traces(b->reader, charge->contract_id, charge->to_day - HISTORY_DAYS, charge->to_day,
                                         b->paper->arena, past, HISTORY_MAX, &n, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        struct heng_trace trace;
        rc = heng_trace_read(past[i].trace, b->paper->arena, &trace, err);
        if (rc != HENG_OK || !use_of(&trace, &bars[count].value, unit)) continue;
        if (count && strcmp(unit, all) != 0) continue; /* not of one scale */
        snprintf(all, sizeof all, "%s", unit);
        if (heng_dec_cmp(bars[count].value, most) > 0) most = bars[count].value;
        bars[count].from = past[i].from_day;
        bars[count++].to = past[i].to_day;
    }
    if (rc != HENG_OK || count < 2) return rc;
    heng_paper_heading(b->paper, HENG_WORD_HISTORY);
    for (size_t i = 0; i < count; i++) {
        char label[HENG_MONEY_TEXT_MAX], text[HENG_DEC_TEXT_MAX + 24];
        heng_paper_bar(b->paper, heng_paper_period(bars[i].from, bars[i].to, b->paper->language, label),
                       number(bars[i].value, all, b->paper->language, text, sizeof text),
                       permille(bars[i].value, most));
    }
    return HENG_OK;
}

heng_rc heng_bill_paper_history(const struct heng_bill_paper *b, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < b->n && i < 4 && rc == HENG_OK; i++)
        if (b->charges[i].kind == HENG_CHARGE_USAGE) rc = history_of(b, &b->charges[i], err);
    return rc;
}
