/* The order of work of a bill: chains of versions into parts of the period, each by its rule, lines, tax, totals. */
#include "rate/rate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bill/form.h"
#include "rate/parts.h"

const char *const heng_tariff_rule_texts[HENG_TARIFF_RULE_COUNT] = {
#define X(symbol, text) text,
    HENG_TARIFF_RULE_LIST(X)
#undef X
};

const char *heng_rate_split_text(heng_rate_split split)
{
    static const char *const texts[] = {
#define X(symbol, text) text,
        HENG_RATE_SPLIT_LIST(X)
#undef X
    };
    return split < HENG_SPLIT_COUNT ? texts[split] : "none";
}

struct heng_component heng_component_default(void)
{
    struct heng_component component = {.from = INT32_MIN,
                                       .to = HENG_DAY_OPEN,
                                       .rounding = HENG_ROUNDING_HALF_UP,
                                       .quantity_rounding = HENG_ROUNDING_HALF_UP,
                                       .price_rounding = HENG_ROUNDING_HALF_UP,
                                       .places = 2,
                                       .quantity_places = HENG_PLACES_AS_IS,
                                       .price_places = HENG_PLACES_AS_IS,
                                       .split_places = 3,
                                       .at_zero = true,
                                       .cycle_months = 12,
                                       .start_month = 1,
                                       .remainder = -1};
    return component;
}

bool heng_rate_same(const char *a, const char *b) { return strcmp(a ? a : "", b ? b : "") == 0; }

struct heng_dec heng_rate_trim(struct heng_dec a)
{
    if (a.mantissa == 0) return heng_dec_of(0, 0);
    while (a.exp < 0 && a.mantissa % 10 == 0) {
        a.mantissa /= 10;
        a.exp++;
    }
    return a;
}

heng_rc heng_rate_refuse(struct rate_work *work, heng_rc rc, const struct rate_part *part, const char *field,
                         const char *fmt, ...)
{
    char why[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    return heng_fail(work->err, rc, 0, "components[%zu].%s: %s (%.40s)", part->index, field, why, part->component->id);
}

/* Cut at a character of UTF-8, not inside it. */
static int cut_at(const char *text, int max)
{
    int n = (int)strnlen(text, (size_t)max + 1);
    if (n <= max) return n;
    n = max;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    return n;
}

void heng_rate_subject(const struct rate_part *part, const char *more, char ret[HENG_AT_LEAST(HENG_STEP_SUBJECT_MAX)])
{
    char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX];
    const char *name = part->component->name ? part->component->name : part->component->id;
    if (!more) more = "";
    int n = cut_at(more, 14);
    heng_date_format(part->from, from);
    heng_date_format(part->to, to);
    snprintf(ret, HENG_STEP_SUBJECT_MAX, "%.*s%s%.*s [%s, %s)", cut_at(name, n ? 20 : 34), name, n ? " " : "", n, more,
             from, to);
}

void heng_rate_say(struct heng_steps *steps, heng_step_kind kind, uint32_t line, const char *subject, const char *unit,
                   const struct heng_dec *numbers, size_t count, struct heng_dec result, int places,
                   heng_rounding rounding)
{
    struct heng_step *step = heng_steps_say(steps, kind, subject, unit, numbers, count, result);
    if (!step) return;
    step->line = line;
    step->places = (uint8_t)places;
    step->rounding = (uint8_t)rounding;
}

/* --- lines ------------------------------------------------------------------------------------------------------ */

uint32_t heng_rate_next_line(const struct rate_work *work) { return (uint32_t)work->out->count + 1; }

struct heng_rate_line heng_rate_line_of(const struct rate_part *part)
{
    struct heng_rate_line line = {.tariff = part->tariff,
                                  .component = part->component,
                                  .from = part->from,
                                  .to = part->to,
                                  .time_count = 1,
                                  .time_of = 1};
    snprintf(line.unit, sizeof line.unit, "%s", part->component->unit ? part->component->unit : "1");
    return line;
}

static struct heng_rate_vat *vat_of(struct heng_rate_result *out, const struct heng_vat *vat)
{
    for (size_t i = 0; i < out->vat_count; i++)
        if (heng_dec_cmp(out->vats[i].vat.rate, vat->rate) == 0 && out->vats[i].vat.exempt == vat->exempt &&
            heng_rate_same(out->vats[i].vat.code, vat->code))
            return &out->vats[i];
    if (out->vat_count == HENG_RATE_VATS_MAX) return NULL;
    out->vats[out->vat_count] = (struct heng_rate_vat){.vat = *vat};
    return &out->vats[out->vat_count++];
}

static heng_rc add_up(struct heng_dec *sum, struct heng_dec more) { return heng_dec_add(*sum, more, sum); }

static heng_rc tax_line(struct rate_work *work, const struct rate_part *part, struct heng_rate_line *line)
{
    const struct heng_component *component = part->component;
    const struct heng_tariff *tariff = part->tariff;
    struct heng_rate_vat *vat = vat_of(work->out, &component->vat);
    struct heng_dec gross = line->amount;
    heng_rc rc = HENG_OK;
    if (!vat) return heng_rate_refuse(work, HENG_ELIMIT, part, "vat", "more than %d tax rates", HENG_RATE_VATS_MAX);
    line->net = line->amount;
    if (tariff->vat_by == HENG_VAT_BY_LINE) {
        rc = heng_vat_split(line->amount, &component->vat, !tariff->vat_excluded, component->places,
                            HENG_ROUNDING_HALF_UP, &line->net, &line->tax);
        if (rc == HENG_OK) rc = heng_dec_add(line->net, line->tax, &gross);
        if (rc == HENG_OK) rc = add_up(&vat->net, line->net);
        if (rc == HENG_OK) rc = add_up(&vat->tax, line->tax);
    }
    return rc == HENG_OK ? add_up(&vat->gross, gross) : rc;
}

heng_rc heng_rate_put(struct rate_work *work, const struct rate_part *part, struct heng_rate_line line)
{
    struct heng_rate_result *out = work->out;
    heng_rc rc = HENG_OK;
    if (out->count == out->cap)
        return heng_rate_refuse(work, HENG_ELIMIT, part, "rule", "more than %zu lines", out->cap);
    if (!part->component->informative) rc = tax_line(work, part, &line);
    if (rc == HENG_ELIMIT) return rc;
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "price", "the sum does not fit 18 digits");
    out->lines[out->count++] = line;
    return HENG_OK;
}

heng_rc heng_rate_line(struct rate_work *work, const struct rate_part *part, struct heng_rate_line line)
{
    const struct heng_component *component = part->component;
    char subject[HENG_STEP_SUBJECT_MAX], more[48];
    struct heng_dec price = line.price;
    bool timed = line.time_count != line.time_of;
    heng_rc rc = HENG_OK;
    if (timed) rc = heng_dec_scale(line.price, line.time_count, &price);
    if (rc == HENG_OK)
        rc = heng_exact_div(line.quantity, price, heng_dec_of(line.time_of, 0), component->places, component->rounding,
                            &line.amount);
    if (timed && line.time_of == line.time_count) line.time_of = line.time_count = 1;
    if (rc != HENG_OK) return heng_rate_refuse(work, rc, part, "price", "quantity x price does not fit 18 digits");
    if (work->out->steps) {
        const struct heng_dec numbers[] = {line.quantity, line.price, heng_dec_of(line.time_count, 0),
                                           heng_dec_of(line.time_of, 0)};
        if (line.tier)
            snprintf(more, sizeof more, "T%u%s%.10s", line.tier, line.rate ? " " : "", line.rate ? line.rate : "");
        else
            snprintf(more, sizeof more, "%.14s", line.rate ? line.rate : line.note ? line.note : "");
        heng_rate_subject(part, more, subject);
        bool bare = strcmp(line.unit, "1") == 0 && heng_dec_cmp(line.quantity, heng_dec_of(1, 0)) == 0;
        heng_step_kind kind = bare ? (timed ? HENG_STEP_RATE_PER_TIME : HENG_STEP_RATE_FLAT)
                                   : (timed ? HENG_STEP_RATE_TIMED : HENG_STEP_RATE_PER_UNIT);
        heng_rate_say(work->out->steps, kind, heng_rate_next_line(work), subject, line.unit, numbers + bare,
                      (timed ? 4U : 2U) - bare, line.amount, component->places, component->rounding);
    }
    return heng_rate_put(work, part, line);
}

/* --- parts of the period ---------------------------------------------------------------------------------------- */

static heng_day later(heng_day a, heng_day b) { return a > b ? a : b; }
static heng_day earlier(heng_day a, heng_day b) { return a < b ? a : b; }

static heng_rc insert_part(struct rate_work *work, struct rate_part part)
{
    if (work->part_count == HENG_RATE_PARTS_MAX)
        return heng_rate_refuse(work, HENG_ELIMIT, &part, "from", "more than %d parts of the period",
                                HENG_RATE_PARTS_MAX);
    size_t i = work->part_count++;
    for (; i > 0 && work->parts[i - 1].from > part.from; i--) work->parts[i] = work->parts[i - 1];
    work->parts[i] = part;
    return HENG_OK;
}

/* All versions of a component in one span, clipped. */
static heng_rc collect(struct rate_work *work, size_t s, const char *id)
{
    const struct heng_rate_span *span = &work->ask->spans[s];
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < span->tariff->count && rc == HENG_OK; i++) {
        const struct heng_component *component = &span->tariff->components[i];
        struct rate_part part = {span->tariff, component, i, s, 0, 0};
        if (strcmp(component->id, id) != 0) continue;
        part.from = later(later(component->from, span->from), work->ask->from);
        part.to = earlier(earlier(component->to, span->to), work->ask->to);
        if (part.from < part.to) rc = insert_part(work, part);
    }
    return rc;
}

/* Versions follow each other without overlap, and without a gap where the component is of the tariff. */
static heng_rc check_chain(struct rate_work *work, size_t s, const char *id)
{
    const struct heng_rate_span *span = &work->ask->spans[s];
    heng_day at = later(span->from, work->ask->from), end = earlier(span->to, work->ask->to);
    const struct heng_component *any = NULL;
    char day[HENG_DATE_TEXT_MAX];
    struct rate_part hint = {span->tariff, NULL, 0, s, 0, 0};
    for (size_t i = 0; i < span->tariff->count; i++)
        if (!any && strcmp(span->tariff->components[i].id, id) == 0) {
            any = &span->tariff->components[i];
            hint.index = i;
            hint.component = any;
        }
    if (!any) return HENG_OK;
    for (size_t i = 0; i < work->part_count; i++) {
        const struct rate_part *part = &work->parts[i];
        if (part->span != s) continue;
        if (i > 0 && work->parts[i - 1].to > part->from)
            return heng_rate_refuse(work, HENG_ECONFIG, part, "from", "this version overlaps components[%zu]",
                                    work->parts[i - 1].index);
        if (part->from > at && !part->component->temporary) break;
        at = part->to;
        hint = *part;
    }
    if (at >= end || hint.component->temporary) return HENG_OK;
    heng_date_format(at, day);
    return heng_rate_refuse(work, HENG_ECONFIG, &hint, "to", "no version holds on %s: a gap in validity%s", day,
                            any->temporary ? "" : " (\"temporary\": true if that is meant)");
}

/* A step year that begins inside a part begins a new one. */
static heng_rc cut_at_cycles(struct rate_work *work)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < work->part_count && rc == HENG_OK; i++) {
        const struct heng_component *component = work->parts[i].component;
        if (component->rule != HENG_TARIFF_RULE_STEPS && component->rule != HENG_TARIFF_RULE_TOU_STEPS) continue;
        if (component->cycle != HENG_CYCLE_CALENDAR) continue;
        heng_day next = heng_month_next(heng_rate_cycle_from(component, work->parts[i].from), component->cycle_months);
        if (next >= work->parts[i].to) continue;
        struct rate_part rest = work->parts[i];
        rest.from = work->parts[i].to = next;
        rc = insert_part(work, rest);
    }
    return rc;
}

static heng_rc rate_parts(struct rate_work *work)
{
    heng_rc rc = HENG_OK;
    heng_tariff_rule rule = work->parts[0].component->rule;
    for (size_t i = 1; i < work->part_count; i++)
        if (work->parts[i].component->rule != rule)
            return heng_rate_refuse(work, HENG_ECONFIG, &work->parts[i], "rule",
                                    "versions of one component have one rule; another rule needs another id");
    switch (rule) {
    case HENG_TARIFF_RULE_FIXED:
    case HENG_TARIFF_RULE_CAPACITY: return heng_rate_fixed(work);
    case HENG_TARIFF_RULE_PER_UNIT:
    case HENG_TARIFF_RULE_STEPS: return heng_rate_steps(work);
    case HENG_TARIFF_RULE_TOU:
    case HENG_TARIFF_RULE_TOU_STEPS: return heng_rate_tou(work);
    case HENG_TARIFF_RULE_DEMAND: return heng_rate_demand(work);
    case HENG_TARIFF_RULE_PERCENT:
        for (size_t i = 0; i < work->part_count && rc == HENG_OK; i++) rc = heng_rate_percent(work, i);
        return rc;
    case HENG_TARIFF_RULE_POWER_FACTOR:
        for (size_t i = 0; i < work->part_count && rc == HENG_OK; i++) rc = heng_rate_power_factor(work, i);
        return rc;
    case HENG_TARIFF_RULE_MINIMUM:
        for (size_t i = 0; i < work->part_count && rc == HENG_OK; i++) rc = heng_rate_minimum(work, i);
        return rc;
    case HENG_TARIFF_RULE_COUNT: break;
    }
    return heng_rate_refuse(work, HENG_ECONFIG, &work->parts[0], "rule", "there is no such rule");
}

static heng_rc rate_chain(struct rate_work *work, const char *id)
{
    heng_rc rc = HENG_OK;
    work->part_count = 0;
    for (size_t s = 0; s < work->ask->span_count && rc == HENG_OK; s++) rc = collect(work, s, id);
    for (size_t s = 0; s < work->ask->span_count && rc == HENG_OK; s++) rc = check_chain(work, s, id);
    if (rc == HENG_OK) rc = cut_at_cycles(work);
    return rc == HENG_OK && work->part_count ? rate_parts(work) : rc;
}

static bool came_before(const struct heng_rate_ask *ask, size_t s, size_t i)
{
    const char *id = ask->spans[s].tariff->components[i].id;
    for (size_t t = 0; t <= s; t++)
        for (size_t k = 0; k < (t == s ? i : ask->spans[t].tariff->count); k++)
            if (strcmp(ask->spans[t].tariff->components[k].id, id) == 0) return true;
    return false;
}

/* --- tax and totals --------------------------------------------------------------------------------------------- */

static heng_rc finish_vat(struct rate_work *work, const struct heng_tariff *tariff, struct heng_rate_vat *vat)
{
    heng_rc rc = HENG_OK;
    int places = -vat->gross.exp < 2 ? 2 : -vat->gross.exp;
    if (places > HENG_PLACES_MAX) places = HENG_PLACES_MAX;
    struct heng_dec gross = vat->gross;
    if (tariff->vat_by == HENG_VAT_BY_TOTAL) {
        rc = heng_vat_split(vat->gross, &vat->vat, !tariff->vat_excluded, places, HENG_ROUNDING_HALF_UP, &vat->net,
                            &vat->tax);
        if (rc == HENG_OK) rc = heng_dec_add(vat->net, vat->tax, &vat->gross);
    }
    if (rc == HENG_OK && !rate_is_zero(vat->vat.rate)) {
        const struct heng_dec numbers[] = {gross, vat->vat.rate, vat->net, vat->tax};
        heng_step_kind kind = tariff->vat_by == HENG_VAT_BY_LINE ? HENG_STEP_RATE_VAT_LINES
                              : tariff->vat_excluded             ? HENG_STEP_RATE_VAT_ON
                                                                 : HENG_STEP_RATE_VAT_IN;
        heng_rate_say(work->out->steps, kind, 0, vat->vat.code ? vat->vat.code : "", "", numbers, 4, vat->tax, places,
                      HENG_ROUNDING_HALF_UP);
    }
    if (rc == HENG_OK) rc = add_up(&work->out->total, vat->gross);
    if (rc == HENG_OK) rc = add_up(&work->out->net, vat->net);
    if (rc == HENG_OK) rc = add_up(&work->out->tax, vat->tax);
    return rc == HENG_OK ? rc : heng_fail(work->err, rc, 0, "total: the sum does not fit 18 digits");
}

static heng_rc check_ask(struct rate_work *work)
{
    const struct heng_rate_ask *ask = work->ask;
    if (ask->from >= ask->to || ask->to - ask->from > 36600)
        return heng_fail(work->err, HENG_ECONFIG, 0, "period.to: it is not after from, or by more than a century");
    if (ask->contract.from && ask->contract.from > ask->from)
        return heng_fail(work->err, HENG_ECONFIG, 0, "contract.from: the period begins before the contract does");
    if (ask->contract.to && ask->contract.to < ask->to)
        return heng_fail(work->err, HENG_ECONFIG, 0, "contract.to: the period ends after the contract does");
    if (ask->span_count == 0) return heng_fail(work->err, HENG_ECONFIG, 0, "tariff: there is none");
    heng_day at = ask->from;
    for (size_t s = 0; s < ask->span_count; s++) {
        const struct heng_rate_span *span = &ask->spans[s];
        if (span->from > at || (s > 0 && span->from != ask->spans[s - 1].to))
            return heng_fail(work->err, HENG_ECONFIG, 0, "tariffs: spans do not follow each other");
        if (span->tariff->vat_by != ask->spans[0].tariff->vat_by ||
            span->tariff->vat_excluded != ask->spans[0].tariff->vat_excluded ||
            !heng_rate_same(span->tariff->currency, ask->spans[0].tariff->currency))
            return heng_fail(work->err, HENG_ECONFIG, 0, "tariffs: currency and tax of one bill are the same");
        at = span->to;
    }
    if (at < ask->to) return heng_fail(work->err, HENG_ECONFIG, 0, "tariffs: they end before the period does");
    return HENG_OK;
}

heng_rc heng_rate(const struct heng_rate_ask *ask, struct heng_rate_result *ret, struct heng_err *err)
{
    struct rate_work work;
    work.ask = ask;
    work.out = ret;
    work.err = err;
    work.entry_count = work.part_count = 0;
    ret->count = ret->state_count = ret->vat_count = 0;
    ret->total = ret->net = ret->tax = heng_dec_of(0, -2);
    heng_rc rc = check_ask(&work);
    if (rc == HENG_OK) rc = heng_rate_gather(&work);
    for (size_t s = 0; s < ask->span_count && rc == HENG_OK; s++)
        for (size_t i = 0; i < ask->spans[s].tariff->count && rc == HENG_OK; i++)
            if (!came_before(ask, s, i)) rc = rate_chain(&work, ask->spans[s].tariff->components[i].id);
    for (size_t i = 0; i < ret->vat_count && rc == HENG_OK; i++)
        rc = finish_vat(&work, ask->spans[0].tariff, &ret->vats[i]);
    if (rc == HENG_OK && ret->steps) {
        const struct heng_dec numbers[] = {heng_dec_of((int64_t)ret->count, 0)};
        heng_rate_say(ret->steps, HENG_STEP_RATE_TOTAL, 0, "", "", numbers, 1, ret->total, 255, HENG_ROUNDING_HALF_UP);
    }
    return rc;
}
