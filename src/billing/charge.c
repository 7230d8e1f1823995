#include "billing/charge.h"

#include <stdio.h>

#include "billing/charger.h"

static void day_text(heng_day day, char ret[HENG_AT_LEAST(HENG_DATE_TEXT_MAX)]) { heng_date_format(day, ret); }

static heng_rc check_ask(const struct heng_charge_ask *ask, struct heng_err *err)
{
    const struct heng_contract *contract = ask->contract;
    char from[HENG_DATE_TEXT_MAX], to[HENG_DATE_TEXT_MAX];
    day_text(ask->from_day, from);
    day_text(ask->to_day, to);
    if (ask->from_day >= ask->to_day) return heng_fail(err, HENG_ECONFIG, 0, "there is no day from %s to %s", from, to);
    if (ask->from_day < contract->from_day || (contract->to_day && ask->to_day > contract->to_day))
        return heng_fail(err, HENG_ECONFIG, 0, "contract %lld does not hold all of %s to %s", (long long)contract->id,
                         from, to);
    return HENG_OK;
}

/* The meters of the channels that were used, and the readings at their ends. */
static heng_rc find_bounds(struct heng_charger *charger, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    const struct heng_day_rule *rule = &charger->site.days;
    heng_us from_us = heng_day_from_us(rule, work->from), to_us = heng_day_from_us(rule, work->to);
    heng_rc rc = HENG_OK;
    work->bound_count = 0;
    for (size_t c = 0; rc == HENG_OK && c < work->channel_count; c++) {
        size_t n = 0;
        if (!work->channel_used[c] || work->channels[c].is_virtual) continue;
        rc = heng_charge_facts_bounds(charger->facts, &work->channels[c], from_us, to_us,
                                      work->bounds + work->bound_count, CHARGE_BOUNDS_MAX - work->bound_count, &n, err);
        for (size_t i = 0; i < n; i++) work->bound_channels[work->bound_count++] = c;
    }
    for (size_t i = 1; i < work->bound_count; i++)
        if (work->bounds[i].device_id != work->bounds[0].device_id) work->findings->flags |= HENG_BILL_FLAG_EXCHANGED;
    return rc;
}

static heng_rc judge(struct heng_charger *charger, struct heng_err *err)
{
    const struct charge_work *work = &charger->work;
    struct heng_charge_findings *findings = work->findings;
    char day[HENG_DATE_TEXT_MAX];
    findings->known_to = work->known_to;
    if (work->estimated) findings->flags |= HENG_BILL_FLAG_ESTIMATED;
    if (work->suspect) findings->flags |= HENG_BILL_FLAG_OPEN_TASK;
    if (work->known_to >= work->ask->to_day) return HENG_OK;
    day_text(work->known_to, day);
    findings->flags |= HENG_BILL_FLAG_INCOMPLETE;
    snprintf(findings->why, sizeof findings->why, "usage of %s is not known: read the meter, or close the month", day);
    if (!work->ask->must_be_complete && work->known_to > work->ask->from_day) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "%s", findings->why);
}

static heng_rc rate(struct heng_charger *charger, struct heng_rate_result *result, struct heng_err *err)
{
    const struct charge_work *work = &charger->work;
    const struct heng_rate_ask ask = {.from = work->from,
                                      .to = work->to,
                                      .span_count = work->span_count,
                                      .usage_count = work->usage_count,
                                      .spans = work->spans,
                                      .usage = work->usage,
                                      .contract = work->contract};
    struct heng_err why = {0};
    *result = (struct heng_rate_result){.lines = charger->lines,
                                        .cap = HENG_CHARGE_LINES_MAX,
                                        .states = charger->states,
                                        .state_cap = CHARGE_STATES_MAX};
    heng_rc rc = heng_rate(&ask, result, &why);
    if (rc == HENG_OK) return rc;
    return heng_fail(err, rc, 0, "tariff '%.39s' edition %lld: %.100s", work->tariffs[0]->edition.key,
                     (long long)work->tariffs[0]->edition.edition, why.text);
}

/* The tax of what was charged of the period before, as the last charge of it says; of another sum in proportion. */
static heng_rc find_before_tax(struct heng_charger *charger, struct heng_charge *ret, struct heng_err *err)
{
    int64_t total = 0, tax = 0;
    struct heng_dec part;
    if (ret->before == 0) return HENG_OK;
    heng_rc rc = heng_store_charged_tax(charger->reader, ret->contract_id, ret->from_day, &total, &tax, err);
    if (rc == HENG_ENOTFOUND) { /* charged by somebody else: as its share in this one */
        total = ret->total;
        tax = ret->tax;
        rc = HENG_OK;
    }
    if (rc != HENG_OK) return rc;
    ret->before_tax = tax;
    if (total == ret->before || total == 0) return HENG_OK;
    rc = heng_exact_div(heng_dec_of(tax, 0), heng_dec_of(ret->before, 0), heng_dec_of(total, 0), 0,
                        HENG_ROUNDING_HALF_UP, &part);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "an amount of the charge is too large");
    ret->before_tax = part.mantissa;
    return HENG_OK;
}

static heng_rc finish(struct heng_charger *charger, const struct heng_rate_result *result, struct heng_charge *ret,
                      struct heng_err *err)
{
    const struct charge_work *work = &charger->work;
    *ret = (struct heng_charge){.contract_id = work->ask->contract->id,
                                .account_id = work->ask->contract->account_id,
                                .kind = HENG_CHARGE_USAGE,
                                .from_day = work->from,
                                .to_day = work->to,
                                .before = work->ask->before,
                                .estimated = work->estimated,
                                .lines = charger->out};
    if (work->channel_count)
        snprintf(ret->medium, sizeof ret->medium, "%s", heng_medium_text(work->channels[0].medium));
    heng_rc rc = charge_lines(result, work->ask->currency, ret, HENG_CHARGE_LINES_MAX, err);
    if (rc != HENG_OK) return rc;
    rc = find_before_tax(charger, ret, err);
    if (rc != HENG_OK) return rc;
    if (__builtin_sub_overflow(ret->total, ret->before, &ret->amount))
        return heng_fail(err, HENG_ERANGE, 0, "an amount of the charge is too large");
    ret->lines = heng_arena_take(work->arena, ret->line_count, sizeof *ret->lines);
    if (!ret->lines) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for the lines of a charge");
    memcpy(ret->lines, charger->out, ret->line_count * sizeof *ret->lines);
    rc = charge_texts(charger, result, ret, err);
    return rc == HENG_OK ? heng_charge_digest(ret, ret->digest, err) : rc;
}

heng_rc heng_charge_work(struct heng_charger *charger, const struct heng_charge_ask *ask, struct heng_arena *arena,
                         struct heng_charge *ret, struct heng_charge_findings *ret_findings, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    struct heng_rate_result result;
    *ret_findings = (struct heng_charge_findings){.known_to = ask->from_day};
    heng_rc rc = check_ask(ask, err);
    if (rc != HENG_OK) return rc;
    work->ask = ask;
    work->from = ask->from_day;
    work->to = ask->to_day;
    work->arena = arena;
    work->findings = ret_findings;
    work->channel_count = work->usage_count = work->row_count = 0;
    rc = charge_bind(charger, err);
    if (rc == HENG_ECONFIG) ret_findings->flags |= HENG_BILL_FLAG_NO_TARIFF;
    if (rc == HENG_ECONFIG) snprintf(ret_findings->why, sizeof ret_findings->why, "%.150s", err ? err->text : "");
    if (rc == HENG_OK) rc = charge_contract(charger, err);
    if (rc == HENG_OK) rc = charge_usage(charger, err);
    if (rc == HENG_OK) rc = judge(charger, err);
    if (rc == HENG_OK) rc = rate(charger, &result, err);
    if (rc == HENG_OK) rc = find_bounds(charger, err);
    if (rc == HENG_OK) rc = finish(charger, &result, ret, err);
    if (rc != HENG_OK && !ret_findings->why[0])
        snprintf(ret_findings->why, sizeof ret_findings->why, "%.150s", err ? err->text : "");
    return rc;
}

/* --- postings ---------------------------------------------------------------------------------------------------- */

/* 0.13 -> "13": the rate in percent, as the book is called. */
static void percent_text(const char *vat, char *ret, size_t cap)
{
    struct heng_dec dec = {0, 0};
    char text[HENG_DEC_TEXT_MAX];
    if (heng_dec_parse(vat, &dec, NULL) != HENG_OK || heng_dec_shift(dec, 2, &dec) != HENG_OK) dec = heng_dec_of(0, 0);
    while (dec.exp < 0 && dec.mantissa % 10 == 0) {
        dec.mantissa /= 10;
        dec.exp++;
    }
    (void)heng_dec_format(dec, text);
    snprintf(ret, cap, "%.40s", text);
}

/* Taxes of one rate, of the first line that has it; 0 for the others. */
static int64_t tax_of(const struct heng_charge *charge, size_t i)
{
    int64_t sum = 0;
    for (size_t k = 0; k < charge->line_count; k++) {
        if (strcmp(charge->lines[k].vat, charge->lines[i].vat) != 0) continue;
        if (k < i) return 0;
        sum += charge->lines[k].tax;
    }
    return sum;
}

/* What is new of a tax: all of it, or where the period was charged in part before, in proportion to what is new of the
 * tax of all rates; the last rate takes what is left, so that the parts of a period sum to its whole. */
static heng_rc new_tax(const struct heng_charge *charge, int64_t tax, int64_t *left_of, int64_t *left, int64_t *ret)
{
    struct heng_dec part;
    heng_rc rc = heng_exact_div(heng_dec_of(tax, 0), heng_dec_of(*left, 0), heng_dec_of(*left_of, 0), 0,
                                HENG_ROUNDING_HALF_UP, &part);
    *ret = charge->before == 0 ? tax : part.mantissa;
    if (rc != HENG_OK && charge->before != 0) return rc;
    *left_of -= tax;
    *left -= *ret;
    return HENG_OK;
}

heng_rc heng_charge_post(const struct heng_charge *charge, heng_book_kind against, int sign,
                         struct heng_booking *booking, struct heng_err *err)
{
    const char *revenue = charge->medium[0] ? charge->medium : heng_charge_kind_text(charge->kind);
    int64_t left_of = charge->tax, left = charge->tax - charge->before_tax, taxed = 0;
    heng_rc rc = heng_ledger_post(booking, against, charge->account_id, "", sign * charge->amount, err);
    for (size_t i = 0; rc == HENG_OK && i < charge->line_count; i++) {
        char ref[HENG_BOOK_REF_MAX];
        int64_t tax = tax_of(charge, i);
        if (tax == 0) continue;
        rc = new_tax(charge, tax, &left_of, &left, &tax);
        if (rc != HENG_OK) return heng_fail(err, rc, 0, "the tax of a charge cannot be shared over its rates");
        taxed += tax;
        percent_text(charge->lines[i].vat, ref, sizeof ref);
        rc = heng_ledger_post(booking, HENG_BOOK_TAX, 0, ref, -sign * tax, err);
    }
    if (rc == HENG_OK)
        rc = heng_ledger_post(booking, HENG_BOOK_REVENUE, 0, revenue, -sign * (charge->amount - taxed), err);
    return rc;
}
