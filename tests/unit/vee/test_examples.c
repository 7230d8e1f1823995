/* The worked examples of tests/golden/vee-examples.tsv, each row through the functions that do it in the house: inputs
 * and expected values are those of the row. A row that nothing runs fails, and so does a run without its row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

#include "unit/vee/usage_case.h"
#define said rules_said /* that of the other case is about the outcome of a fold */
#include "unit/vee/rules_case.h"
#undef said
#include "vee/balance.h"
#include "vee/compare.h"
#include "vee/estimate.h"
#include "vee/ratio.h"
#include "vee/rule_sum.h"
#include "vee/success.h"

static json_t *in, *expected; /* of the row at hand */

/* --- values of a row ------------------------------------------------------------------------------------------ */

static json_t *member(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (!value) fail_msg("the row has no '%s'", name);
    return value;
}

static const char *text_of(json_t *value)
{
    if (!json_is_string(value)) fail_msg("a value of the row is no text");
    return json_string_value(value);
}

static const char *text(const char *name) { return text_of(member(in, name)); }
static int64_t whole(const char *name) { return json_integer_value(member(in, name)); }
static struct heng_dec number(const char *name) { return dec(text(name)); }
static json_t *item(const char *name, size_t i) { return json_array_get(member(in, name), i); }
static size_t items(const char *name) { return json_array_size(member(in, name)); }

static struct heng_dec sum_of(const char *name)
{
    struct heng_dec sum = {0, 0};
    for (size_t i = 0; i < items(name); i++)
        assert_int_equal(heng_dec_add(sum, dec(text_of(item(name, i))), &sum), HENG_OK);
    return sum;
}

static struct heng_dec minus(struct heng_dec a, struct heng_dec b)
{
    struct heng_dec difference;
    assert_int_equal(heng_dec_sub(a, b, &difference), HENG_OK);
    return difference;
}

static int64_t steps(struct heng_dec d, int places)
{
    int64_t value = 0;
    assert_true(heng_dec_steps(d, -places, HENG_ROUND_EVEN, &value));
    return value;
}

static struct heng_opt_dec some_of(struct heng_dec d) { return (struct heng_opt_dec){.is = true, .dec = d}; }

/* Rows say no zone; any will do. Seconds are always 00. */
static heng_us moment(json_t *value)
{
    char minute[17];
    snprintf(minute, sizeof minute, "%.16s", text_of(value));
    if (strlen(text_of(value)) > 16) assert_string_equal(text_of(value) + 16, ":00");
    return at(minute);
}

/* The value of the row has the places that count. */
static void expect(struct heng_opt_dec ours, json_t *value) { assert_number(ours, text_of(value)); }
static void expect_named(struct heng_opt_dec ours, const char *name) { expect(ours, member(expected, name)); }
static void expect_rounded(struct heng_dec ours, json_t *value)
{
    const char *dot = strchr(text_of(value), '.');
    assert_rounded(ours, dot ? (int)strlen(dot + 1) : 0, text_of(value));
}

/* --- counters ------------------------------------------------------------------------------------------------- */

static struct heng_channel kwh_channel(int minutes)
{
    struct heng_channel channel = channel_of(minutes);
    channel.exp = 1;
    return channel;
}

/* kWh to Wh. */
static struct heng_opt_dec wh(struct heng_dec kwh)
{
    assert_int_equal(heng_dec_shift(kwh, 3, &kwh), HENG_OK);
    return some_of(kwh);
}

static struct heng_opt_dec kwh_of(int64_t amount, int8_t exp)
{
    return some_of((struct heng_dec){amount, (int8_t)(exp - 3)});
}

/* A counter of kWh that shows one index, and so many days later another. */
static void two_indexes(json_t *one, const char *max_per_day, int64_t days, struct outcome *ret)
{
    struct heng_channel channel = kwh_channel(1440);
    struct heng_channel_fact facts[2] = {
        fact_of(HENG_CHANNEL_FACT_START, at("2026-03-01"), NULL),
        fact_of(HENG_CHANNEL_FACT_READING, at("2026-03-01") + days * HENG_US_PER_DAY, NULL)};
    facts[0].index = wh(dec(text_of(member(one, "prev"))));
    facts[1].index = wh(dec(text_of(member(one, "cur"))));
    facts[0].digits = (uint8_t)json_integer_value(member(one, "digits"));
    facts[0].display_exp = 3;
    facts[0].multiplier = (uint32_t)json_integer_value(json_object_get(one, "mult"));
    if (max_per_day) {
        channel.max_per_hour.is = true;
        struct heng_dec hours = {24, 0};
        assert_int_equal(
            heng_ratio(wh(dec(max_per_day)).dec, (struct heng_dec){1, 0}, hours, 6, &channel.max_per_hour.dec),
            HENG_OK);
    }
    fold(&channel, NULL, facts, 2, ret);
}

static int64_t total_of(const struct outcome *o)
{
    int64_t sum = 0;
    for (size_t i = 0; i < o->day_count; i++) sum += o->days[i].amount;
    return sum;
}

static bool starts_with(const char *whole_text, const char *part)
{
    return strncmp(whole_text, part, strlen(part)) == 0;
}

/* A number somewhere in the text of the row. */
static void expect_in_text(struct heng_dec ours, const char *of_row)
{
    char written[HENG_DEC_TEXT_MAX];
    heng_dec_format(ours, written);
    if (!strstr(of_row, written)) fail_msg("%s is not in '%s'", written, of_row);
}

static void tf_c8(void)
{
    for (size_t i = 0; i < items("cases"); i++) {
        struct outcome o;
        const char *usage = text_of(json_array_get(member(expected, "usage"), i));
        two_indexes(item("cases", i), NULL, 1, &o);
        const struct heng_verdict *v = NULL;
        if (starts_with(usage, "REJECT")) {
            assert_int_equal(said(&o, HENG_RULE_NEGATIVE, &v), 1);
            struct heng_dec rolled = {10000000 + steps(v->seen.dec, -1), 1}; /* 5 digits of kWh in 10 Wh, and back */
            assert_int_equal(said(&o, HENG_RULE_ROLLOVER, NULL), 0);
            expect_in_text((struct heng_dec){rolled.mantissa / 10, -1}, usage);
        } else {
            assert_int_equal(said(&o, HENG_RULE_ROLLOVER, NULL), 1);
            assert_int_equal(o.days[0].trust, HENG_TRUST_VALID);
            assert_number(kwh_of(total_of(&o), o.days[0].exp), usage);
        }
        outcome_free(&o);
    }
}

static void tf_c7(void)
{
    struct heng_channel channel = kwh_channel(1440);
    json_t *old = member(in, "old"), *new = member(in, "new");
    struct heng_channel_fact facts[4] = {fact_of(HENG_CHANNEL_FACT_START, at("2026-03-01"), NULL),
                                         fact_of(HENG_CHANNEL_FACT_END, at("2026-03-02"), NULL),
                                         fact_of(HENG_CHANNEL_FACT_START, at("2026-03-02"), NULL),
                                         fact_of(HENG_CHANNEL_FACT_READING, at("2026-03-03"), NULL)};
    facts[0].index = wh(dec(text_of(member(old, "start"))));
    facts[1].index = wh(dec(text_of(member(old, "end"))));
    facts[2].index = wh(dec(text_of(member(new, "start"))));
    facts[3].index = wh(dec(text_of(member(new, "end"))));
    facts[0].multiplier = (uint32_t)json_integer_value(member(old, "mult"));
    facts[2].multiplier = (uint32_t)json_integer_value(member(new, "mult"));
    struct outcome o;
    fold(&channel, NULL, facts, 4, &o);
    assert_int_equal(o.day_count, 2);
    assert_int_equal(o.verdict_count, 0);
    expect_named(kwh_of(o.days[0].amount, o.days[0].exp), "old_kWh");
    expect_named(kwh_of(o.days[1].amount, o.days[1].exp), "new_kWh");
    expect_named(kwh_of(total_of(&o), o.days[0].exp), "total");
    outcome_free(&o);
}

static void ve_c8(void)
{
    static const struct {
        const char *name;
        heng_rule rule; /* whose verdict has the number; COUNT: there is none, the amount is used */
    } results[] = {{"rollover", HENG_RULE_ROLLOVER},
                   {"negative", HENG_RULE_NEGATIVE},
                   {"ok", HENG_RULE_COUNT},
                   {"high", HENG_RULE_LIMIT}};
    for (size_t i = 0; i < items("cases"); i++) {
        struct outcome o;
        json_t *result = json_array_get(member(expected, "result"), i);
        size_t k = 0;
        while (strcmp(results[k].name, text_of(json_array_get(result, 0))) != 0)
            if (++k == COUNT(results)) fail_msg("what is '%s'?", text_of(json_array_get(result, 0)));
        two_indexes(item("cases", i), text("max_per_day"), whole("days"), &o);
        const struct heng_verdict *v = NULL;
        assert_int_equal(o.verdict_count, results[k].rule != HENG_RULE_COUNT);
        if (o.verdict_count) assert_int_equal(said(&o, results[k].rule, &v), 1);
        struct heng_dec seen = v ? v->seen.dec : (struct heng_dec){total_of(&o), 1};
        assert_int_equal(heng_dec_shift(seen, -3, &seen), HENG_OK);
        expect(some_of(seen), json_array_get(result, 1));
        bool used = results[k].rule == HENG_RULE_COUNT || results[k].rule == HENG_RULE_ROLLOVER;
        for (size_t d = 0; d < o.day_count; d++) assert_true((o.days[d].trust < HENG_TRUST_MISSING) == used);
        outcome_free(&o);
    }
}

/* --- a gap of known energy ------------------------------------------------------------------------------------ */

static bool profile_weights(void *ctx, heng_us from_us, heng_us to_us, heng_day day, uint16_t count, uint32_t *ret,
                            heng_method *ret_method)
{
    (void)ctx;
    (void)from_us;
    (void)to_us;
    (void)day;
    for (size_t i = 0; i < items("profile") && i < count; i++)
        ret[i] = (uint32_t)steps(dec(text_of(item("profile", i))), 2);
    *ret_method = HENG_METHOD_SHARE_PROFILE;
    return true;
}

static void gap_shared(heng_usage_weights *weights, const char *name)
{
    struct heng_channel channel = kwh_channel(60);
    struct heng_channel_fact facts[2] = {
        fact_of(HENG_CHANNEL_FACT_START, at("2026-03-01"), "0"),
        fact_of(HENG_CHANNEL_FACT_READING, at("2026-03-01") + whole("missing") * HOUR_US, NULL)};
    facts[1].index = wh(number("register_diff"));
    struct outcome o;
    fold(&channel, weights, facts, 2, &o);
    int64_t sum = 0;
    for (size_t i = 0; i < (size_t)whole("missing"); i++) {
        assert_int_equal(o.days[0].trusts[i], HENG_TRUST_INTERPOLATED);
        expect(kwh_of(o.days[0].amounts[i], o.days[0].exp), json_array_get(member(expected, name), i));
        sum += o.days[0].amounts[i];
    }
    expect_named(kwh_of(sum, o.days[0].exp), "sum");
    outcome_free(&o);
}

static void ve_c3(void)
{
    gap_shared(NULL, "flat");
    gap_shared(profile_weights, "profiled");
}

static void ve_c4(void)
{
    struct heng_dec read;
    assert_int_equal(heng_estimate_at(moment(item("before", 0)), dec(text_of(item("before", 1))),
                                      moment(item("after", 0)), dec(text_of(item("after", 1))),
                                      moment(member(in, "at")), &read),
                     HENG_OK);
    expect_named(some_of(read), "read");
}

/* The same weekday of the weeks before; the days between them are of other kinds. */
static void ve_c5(void)
{
    json_t *history = member(in, "history");
    unsigned count = (unsigned)json_array_size(json_array_get(history, 0));
    struct rules_case *c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 1, count, 7000);
    uint8_t kinds[CASE_PAST] = {0};
    int64_t amounts[HENG_DAY_INTERVALS_MAX];
    for (size_t week = 0; week < json_array_size(history); week++) {
        for (unsigned i = 0; i < count; i++)
            amounts[i] = steps(dec(text_of(json_array_get(json_array_get(history, week), i))), 2);
        size_t k = 7 * (week + 1) - 1;
        day_set(&c->own.past[k], CASE_DAY - 1 - (heng_day)k, 1, count, amounts);
        kinds[k] = 1;
    }
    for (unsigned i = 0; i < count; i++) day_lose(&c->own.day, i);
    struct heng_estimate estimate = {.medium = HENG_MEDIUM_HEAT, .minutes = c->in.minutes, .own = c->in.own};
    estimate.kind = 1;
    estimate.past_kinds = kinds;
    struct heng_day_usage day;
    assert_int_equal(heng_estimate_day(&c->set, &estimate, &day, NULL), HENG_OK);
    assert_int_equal(day.method, HENG_METHOD_LIKE_DAYS);
    for (unsigned i = 0; i < count; i++)
        expect(kwh_of(day.amounts[i], day.exp), json_array_get(member(expected, "estimate"), i));
    expect_named(kwh_of(day.amount, day.exp), "total");
}

/* Permille of the year's degree days: of the months of reference, in this order, then of the gap. */
static void ve_c6(void)
{
    int64_t part = 0, of = 0;
    for (size_t i = 0; i < items("permille"); i++) {
        int64_t one = json_integer_value(item("permille", i));
        if (i < items("ref_months"))
            of += one;
        else
            part += one;
    }
    struct heng_dec estimate;
    assert_int_equal(
        heng_estimate_scaled(number("ref_kWh"), (struct heng_dec){part, 0}, (struct heng_dec){of, 0}, &estimate),
        HENG_OK);
    expect_named(some_of(estimate), "estimate");
}

/* --- rules of a day ------------------------------------------------------------------------------------------- */

static void percent_limit(struct rules_case *c, heng_limit limit, const char *name)
{
    c->set.limits[limit] = (struct heng_dec){whole(name), 0};
}

static void ve_c1(void)
{
    int64_t amounts[HENG_DAY_INTERVALS_MAX];
    unsigned count = (unsigned)items("intervals");
    struct rules_case *c = case_of(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 1, count, 90);
    for (unsigned i = 0; i < count; i++) amounts[i] = steps(dec(text_of(item("intervals", i))), 2);
    day_set(&c->own.day, CASE_DAY, 1, count, amounts);
    percent_limit(c, HENG_LIMIT_SPIKE_PERCENT, "tolerance_pct");
    const struct heng_verdict *v = rules_said(c, HENG_RULE_SPIKE);
    assert_true((v != NULL) == json_is_true(member(expected, "fail")));
    expect_named(some_of((struct heng_dec){steps(v->seen.dec, -1), -2}), "max");
    expect_named(some_of((struct heng_dec){steps(v->reference.dec, -1), -2}), "third");
    struct heng_dec percent;
    assert_int_equal(heng_percent(minus(v->seen.dec, v->reference.dec), v->reference.dec, 2, &percent), HENG_OK);
    expect_named(some_of(percent), "diff_pct");
}

static void ve_c2(void)
{
    struct rules_case *c = case_of(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 1, 1, 3149);
    struct heng_dec moved = minus(dec(text_of(item("register", 1))), dec(text_of(item("register", 0))));
    expect_named(some_of(moved), "register_diff");
    case_today(c, steps(number("sum_intervals"), 2));
    c->in.counter_amount = wh(moved);
    c->set.limits[HENG_LIMIT_SUM_AMOUNT] = dec("0.10");
    c->set.limits[HENG_LIMIT_SUM_PERCENT] = dec("0.5");
    assert_string_equal(text_of(item("tolerance", 0)), "0.10 kWh");
    assert_string_equal(text_of(item("tolerance", 1)), "0.5 %");
    const struct heng_verdict *v = rules_said(c, HENG_RULE_SUM);
    assert_true((v == NULL) == json_is_true(member(expected, "pass_")));
    struct heng_dec gap = minus(v->reference.dec, v->seen.dec);
    assert_int_equal(heng_dec_shift(gap, -3, &gap), HENG_OK);
    expect_named(some_of(gap), "gap");
}

/* The mean of a day is what the rule compares; each day of the history is made equal to it. */
static void ve_c7(void)
{
    struct heng_dec usual, now, one = {1, 0};
    assert_int_equal(heng_ratio(number("hist_total"), one, (struct heng_dec){whole("hist_days"), 0}, 4, &usual),
                     HENG_OK);
    assert_int_equal(heng_ratio(number("cur_total"), one, (struct heng_dec){whole("cur_days"), 0}, 4, &now), HENG_OK);
    expect_named(some_of(usual), "adu_hist");
    expect_named(some_of(now), "adu_cur");
    struct rules_case *c = case_of(HENG_MEDIUM_ELECTRICITY, HENG_UNIT_WH, 0, 1, steps(usual, 3));
    c->in.own.past_count = (uint8_t)whole("hist_days");
    case_today(c, steps(now, 3));
    percent_limit(c, HENG_LIMIT_HIGH_PERCENT, "high_pct");
    percent_limit(c, HENG_LIMIT_LOW_PERCENT, "low_pct");
    assert_null(rules_said(c, HENG_RULE_LOW));
    const struct heng_verdict *v = rules_said(c, HENG_RULE_HIGH);
    assert_true((v != NULL) == json_is_true(member(expected, "high")));
    struct heng_dec percent;
    assert_int_equal(heng_percent(v->seen.dec, v->reference.dec, 2, &percent), HENG_OK);
    expect_named(some_of(percent), "ratio_pct");
}

/* The day of a counter between two of its indexes, and that of its counterpart. */
static void ve_c9(void)
{
    size_t last = items("energy") - 1;
    struct rules_case *c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 1, 1, 500);
    struct rules_channel *volume = case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, -1, 1, 100);
    for (size_t i = 0; i < last; i++) {
        int64_t energy =
            steps(minus(dec(text_of(item("energy", last - i))), dec(text_of(item("energy", last - i - 1)))), 2);
        int64_t water =
            steps(minus(dec(text_of(item("volume", last - i))), dec(text_of(item("volume", last - i - 1)))), 1);
        day_set(i ? &c->own.past[i - 1] : &c->own.day, CASE_DAY - (heng_day)i, 1, 1, &energy);
        day_set(i ? &volume->past[i - 1] : &volume->day, CASE_DAY - (heng_day)i, -1, 1, &water);
    }
    percent_limit(c, HENG_LIMIT_STUCK_DAYS, "days");
    const struct heng_verdict *v = rules_said(c, HENG_RULE_STUCK);
    assert_true((v != NULL) == json_is_true(member(expected, "stuck")));
    assert_number(v->seen, "0");
    struct heng_dec moved = minus(dec(text_of(item("volume", last))), dec(text_of(item("volume", 0))));
    assert_int_equal(heng_dec_cmp(v->reference.dec, moved), 0);
    assert_string_equal(text_of(member(expected, "reason")), "volume moves, energy does not");
}

static const struct heng_verdict *physics(struct heng_dec energy_kwh, heng_rule rule)
{
    static const char *const names[] = {"dV_m3", "ts", "tr"};
    struct rules_case *c = case_of(HENG_MEDIUM_HEAT, HENG_UNIT_WH, 0, 1, 1000);
    int64_t water = steps(number(names[0]), 2);
    struct rules_channel *volume = case_sibling(c, HENG_ROLE_VOLUME, HENG_UNIT_M3, -2, 1, water);
    assert_int_equal(volume->day.amount, water);
    case_today(c, steps(energy_kwh, 3));
    c->in.flow_degc = some_of(number(names[1]));
    c->in.return_degc = some_of(number(names[2]));
    return rules_said(c, rule);
}

static void ve_c10(void)
{
    struct heng_dec seen = number("dE_kWh"), twice, ratio;
    assert_int_equal(heng_dec_scale(seen, 2, &twice), HENG_OK);
    const struct heng_verdict *v = physics(twice, HENG_RULE_PHYSICS); /* it says what it expected */
    assert_non_null(v);
    struct heng_dec says = v->reference.dec;
    expect_rounded(says, member(expected, "expected_kWh"));
    assert_int_equal(heng_ratio(seen, (struct heng_dec){1, 0}, says, 4, &ratio), HENG_OK);
    expect_named(some_of(ratio), "ratio");
    bool ok = !physics(seen, HENG_RULE_PHYSICS) && !physics(seen, HENG_RULE_FACTOR);
    assert_true(ok == json_is_true(member(expected, "ok")));
}

static void ve_c11(void)
{
    struct heng_rule_set set;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    for (size_t i = 0; i < items("dE_registered"); i++) {
        struct heng_dec seen = dec(text_of(item("dE_registered", i))), ratio;
        assert_int_equal(heng_ratio(seen, (struct heng_dec){1, 0}, number("expected_kWh"), 3, &ratio), HENG_OK);
        expect(some_of(ratio), json_array_get(member(expected, "ratio"), i));
        heng_channel_factor factor =
            heng_channel_factor_near(seen, number("expected_kWh"), set.limits[HENG_LIMIT_FACTOR_PERCENT]);
        assert_string_equal(heng_channel_factor_text(factor), text_of(json_array_get(member(expected, "verdict"), i)));
    }
}

static void ve_c12(void)
{
    static const char *const actions[] = {[HENG_CLOCK_OK] = "ok",
                                          [HENG_CLOCK_SYNC] = "sync",
                                          [HENG_CLOCK_FLAG] = "sync+flag intervals",
                                          [HENG_CLOCK_REJECT] = "reject timestamps, read again"};
    struct heng_rule_set set;
    json_t *limits = member(in, "limits");
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    set.limits[HENG_LIMIT_CLOCK_SYNC].mantissa = json_integer_value(member(limits, "sync"));
    set.limits[HENG_LIMIT_CLOCK_FLAG].mantissa = json_integer_value(member(limits, "flag"));
    set.limits[HENG_LIMIT_CLOCK_REJECT].mantissa = json_integer_value(member(limits, "reject"));
    for (size_t i = 0; i < items("drift_s"); i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            heng_us drift_us = sign * json_integer_value(item("drift_s", i)) * HENG_US_PER_S;
            assert_string_equal(actions[heng_rules_clock(&set, drift_us)],
                                text_of(json_array_get(member(expected, "action"), i)));
        }
}

/* --- balances ------------------------------------------------------------------------------------------------- */

static struct heng_balance_part part_of(heng_balance_side side, struct heng_dec amount)
{
    return (struct heng_balance_part){.side = side, .has_amount = true, .amount = amount};
}

/* One meter in, those of a list out, and what is used on the way. */
static struct heng_balance balance_of(struct heng_dec main, const char *list, const struct heng_balance_limits *limits)
{
    struct heng_balance_part parts[16] = {part_of(HENG_BALANCE_IN, main)};
    struct heng_balance made;
    size_t n = 1;
    json_t *subs = member(in, list), *own = json_object_get(in, "own_use");
    if (json_is_string(subs)) parts[n++] = part_of(HENG_BALANCE_OUT, dec(text_of(subs)));
    for (size_t i = 0; json_is_array(subs) && i < json_array_size(subs); i++)
        parts[n++] = part_of(HENG_BALANCE_OUT, dec(text_of(json_array_get(subs, i))));
    if (own) parts[n++] = part_of(HENG_BALANCE_OWN, dec(text_of(own)));
    assert_int_equal(heng_balance(parts, n, limits, &made), HENG_OK);
    return made;
}

static void expect_loss(const struct heng_balance *made, const char *loss, const char *percent)
{
    expect_named(made->loss, loss);
    expect_named(made->loss_pct, percent);
}

static void cn_c14(void)
{
    const struct heng_balance_limits *limits = &heng_balance_limits_default;
    struct heng_balance made = balance_of(number("source_GJ"), "stations_GJ", limits);
    expect_loss(&made, "primary_loss", "primary_loss_pct");
    made = balance_of(dec(text_of(item("stations_GJ", 0))), "station1_buildings_GJ", limits);
    expect_loss(&made, "secondary_loss", "secondary_loss_pct");
    made = balance_of(sum_of("station1_buildings_GJ"), "station1_households_GJ", limits);
    expect_loss(&made, "building_gap", "building_gap_pct");
}

static void ve_c14(void)
{
    struct heng_balance_limits limits = heng_balance_limits_default;
    limits.low = (int32_t)steps(dec(text_of(item("limits_pct", 0))), 2);
    limits.high = (int32_t)steps(dec(text_of(item("limits_pct", 1))), 2);
    struct heng_balance made = balance_of(number("main"), "subs", &limits);
    expect_named(some_of(made.out), "sum");
    expect_loss(&made, "loss", "loss_pct");
    assert_string_equal(heng_balance_state_text(made.state), text_of(member(expected, "state")));
}

static void rp_c6(void)
{
    struct heng_balance made = balance_of(number("main"), "subs", &heng_balance_limits_default);
    expect_loss(&made, "loss", "loss_pct");
}

/* --- reading and comparing ------------------------------------------------------------------------------------ */

static void rp_c3(void)
{
    struct heng_success_count count = {.planned = whole("planned"), .first = whole("read_first_try")};
    struct heng_success success;
    count.answered = count.first + whole("read_after_retry");
    count.estimated = whole("estimated");
    assert_int_equal(count.planned - count.answered - count.estimated, whole("missing"));
    assert_int_equal(heng_success_of(&count, &success), HENG_OK);
    expect_named(success.first, "first_try_pct");
    expect_named(success.daily, "daily_pct");
    expect_named(success.complete, "complete_pct_incl_estimates");
}

static void rp_c4(void)
{
    struct heng_opt_dec percent;
    assert_int_equal(heng_success_intervals(whole("meters"), whole("intervals_per_day"), whole("received"), &percent),
                     HENG_OK);
    expect_named(percent, "pct");
}

/* The row says "lost 24h" where the program says "lost-24h". */
static void rp_c5(void)
{
    for (size_t i = 0; i < items("last_seen"); i++) {
        const char *seen = text_of(item("last_seen", i));
        heng_us last_us = strcmp(seen, "never") == 0 ? 0 : at(seen);
        char state[32];
        snprintf(state, sizeof state, "%s",
                 heng_lost_text(heng_lost_meter(last_us, at(text("now")), whole("meter_limit_h") * HOUR_US, false)));
        for (char *p = state; *p; p++) *p = (char)(*p == '-' ? ' ' : *p);
        assert_string_equal(state, text_of(json_array_get(member(expected, "state"), i)));
    }
    heng_us now_us = at(text("now")), limit_us = whole("gateway_limit_min") * MINUTE_US;
    assert_false(heng_lost_gateway(at(text_of(item("last_seen", 0))), now_us, limit_us));
    assert_true(heng_lost_gateway(at(text_of(item("last_seen", 1))), now_us, limit_us));
}

static void rp_c7(void)
{
    struct heng_compare_in both = {.before = number("kWh_prev"), .now = number("kWh_cur")};
    struct heng_compare made;
    both.degree_days_before = some_of(number("hdd_prev"));
    both.degree_days_now = some_of(number("hdd_cur"));
    assert_int_equal(heng_compare(&both, &made), HENG_OK);
    expect_named(made.change_pct, "raw_change_pct");
    expect_rounded(made.corrected.dec, member(expected, "corrected_cur"));
    expect_named(made.corrected_change_pct, "corrected_change_pct");
}

static void rp_c9(void)
{
    struct heng_dec per_m2, watt, joules;
    int64_t area_cm2 = steps(number("area_m2"), 4);
    assert_int_equal(heng_per_m2(number("GJ"), area_cm2, &per_m2), HENG_OK);
    expect_named(some_of(per_m2), "GJ_per_m2");
    assert_int_equal(heng_dec_shift(number("GJ"), 9, &joules), HENG_OK);
    assert_int_equal(heng_watt_per_m2(joules, area_cm2, whole("days") * 86400, &watt), HENG_OK);
    expect_named(some_of(watt), "W_per_m2");
}

/* --- all rows ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *id;
    void (*run)(void);
} runs[] = {
    {"CN-C14", cn_c14}, {"TF-C7", tf_c7},   {"TF-C8", tf_c8},   {"VE-C1", ve_c1},   {"VE-C2", ve_c2}, {"VE-C3", ve_c3},
    {"VE-C4", ve_c4},   {"VE-C5", ve_c5},   {"VE-C6", ve_c6},   {"VE-C7", ve_c7},   {"VE-C8", ve_c8}, {"VE-C9", ve_c9},
    {"VE-C10", ve_c10}, {"VE-C11", ve_c11}, {"VE-C12", ve_c12}, {"VE-C14", ve_c14}, {"RP-C3", rp_c3}, {"RP-C4", rp_c4},
    {"RP-C5", rp_c5},   {"RP-C6", rp_c6},   {"RP-C7", rp_c7},   {"RP-C9", rp_c9},
};

/* Columns: id, topic, kind, source, inputs, expected, note. */
static void run_row(char *line, bool ran[COUNT(runs)])
{
    char *cells[7] = {line};
    for (size_t i = 1; i < COUNT(cells); i++) {
        cells[i] = strchr(cells[i - 1], '\t');
        if (!cells[i]) fail_msg("'%.20s' has %zu columns", line, i);
        *cells[i]++ = '\0';
    }
    size_t k = 0;
    while (k < COUNT(runs) && strcmp(runs[k].id, cells[0]) != 0) k++;
    if (k == COUNT(runs)) fail_msg("nothing runs the row '%s'", cells[0]);
    assert_false(ran[k]);
    in = json_loads(cells[4], JSON_REJECT_DUPLICATES, NULL);
    expected = json_loads(cells[5], JSON_REJECT_DUPLICATES, NULL);
    if (!in || !expected) fail_msg("'%s' is no JSON", cells[0]);
    print_message("%s %s\n", cells[0], cells[1]);
    runs[k].run();
    ran[k] = true;
    json_decref(in);
    json_decref(expected);
}

static void test_worked_examples(void **state)
{
    (void)state;
    static char line[8192];
    bool ran[COUNT(runs)] = {false};
    FILE *f = fopen(HENG_SOURCE_DIR "/tests/golden/vee-examples.tsv", "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f)); /* names of the columns */
    while (fgets(line, sizeof line, f)) run_row(line, ran);
    fclose(f);
    for (size_t i = 0; i < COUNT(runs); i++)
        if (!ran[i]) fail_msg("the row '%s' is not there", runs[i].id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_worked_examples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
