/* The fold, one thing at a time: exchange, rollover, reset, multiplier, units, gaps, doubtful
 * readings, what people say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/vee/usage_case.h"

/* One reading a day at noon for days from 2026-01-01 on, 1 kWh a day each; then what a test adds. */
enum { DAILY_MAX = 64 };
struct daily {
    struct heng_channel_fact facts[DAILY_MAX];
    size_t n;
};

static void add(struct daily *d, struct heng_channel_fact fact)
{
    assert_true(d->n < DAILY_MAX);
    d->facts[d->n++] = fact;
}

static void add_days(struct daily *d, int first, int last, int64_t index_kwh)
{
    for (int i = first; i <= last; i++) {
        struct heng_channel_fact f = fact_of(HENG_CHANNEL_FACT_READING, at("2026-01-01") + i * HENG_US_PER_DAY, NULL);
        f.index = (struct heng_opt_dec){true, {index_kwh + i - first, 3}};
        add(d, f);
    }
}

static void fold_daily(struct daily *d, struct outcome *ret)
{
    struct heng_channel channel = channel_of(1440);
    channel.max_per_hour = index_of("1000");
    fold(&channel, NULL, d->facts, d->n, ret);
}

static void test_exchange(void **state)
{
    (void)state;
    struct daily d = {0};
    struct outcome o;
    add(&d, start_of(at("2026-01-01"), "700000", HENG_UNIT_WH, 5));
    add_days(&d, 1, 3, 701);
    add(&d, fact_of(HENG_CHANNEL_FACT_END, at("2026-01-04T10:00"), "703400"));
    struct heng_channel_fact fresh = start_of(at("2026-01-04T10:00"), "12", HENG_UNIT_J, 0);
    fresh.device_id = 2;
    fresh.multiplier = 10;
    add(&d, fresh);
    struct heng_channel_fact next =
        fact_of(HENG_CHANNEL_FACT_READING, at("2026-01-05"), "216012"); /* 216 kJ x 10 / 3600 = 600 Wh */
    next.device_id = 2;
    next.unit = HENG_UNIT_J;
    add(&d, next);
    fold_daily(&d, &o);
    expect_day(&o, "2026-01-03", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-04", 40 + 60, HENG_TRUST_VALID, HENG_METHOD_NONE);
    assert_int_equal(o.verdict_count, 0);
    outcome_free(&o);

    /* The old counter goes on talking from the shelf. */
    struct heng_channel_fact shelf = fact_of(HENG_CHANNEL_FACT_READING, at("2026-01-05T06:00"), "703400");
    shelf.device_id = 1;
    add(&d, shelf);
    fold_daily(&d, &o);
    assert_int_equal(said(&o, HENG_RULE_WRONG_DEVICE, NULL), 1);
    outcome_free(&o);
}

/* People and month-end values have fewer digits: 703 kWh after 703.4 is no counter that runs back, 702 is. */
static void test_fewer_digits(void **state)
{
    (void)state;
    for (int64_t index = 702; index <= 703; index++) {
        struct daily d = {0};
        struct outcome o;
        add(&d, start_of(at("2026-01-01"), "700000", HENG_UNIT_WH, 5));
        add_days(&d, 1, 2, 701);
        add(&d, reading("2026-01-03T20:00", "703400"));
        struct heng_channel_fact month = fact_of(HENG_CHANNEL_FACT_HISTORY, at("2026-01-04"), NULL);
        month.index = (struct heng_opt_dec){true, {703, 3}};
        add(&d, month);
        add(&d, reading("2026-01-04", "703700")); /* of the same moment: the finer one counts */
        struct heng_channel_fact end = month;
        end.kind = HENG_CHANNEL_FACT_END;
        end.at_us = at("2026-01-04T06:00");
        end.index.dec.mantissa = index;
        add(&d, end);
        fold_daily(&d, &o);
        expect_day(&o, "2026-01-03", 170, HENG_TRUST_VALID, HENG_METHOD_NONE);
        assert_int_equal(said(&o, HENG_RULE_DUPLICATE, NULL), 1);
        assert_int_equal(said(&o, HENG_RULE_NEGATIVE, NULL), index == 702);
        assert_int_equal(o.verdict_count, index == 702 ? 2 : 1);
        outcome_free(&o);
    }
}

/* Read a little late each time: near enough is valid, and nothing is lost. */
static void test_readings_beside_the_boundary(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(60);
    struct heng_channel_fact facts[49] = {start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0)};
    struct outcome o;
    for (int i = 1; i < 49; i++) {
        facts[i] = fact_of(HENG_CHANNEL_FACT_READING, facts[0].at_us + i * HOUR_US + i * 2 * HENG_US_PER_S, NULL);
        facts[i].index = (struct heng_opt_dec){true, {i * 3600 + i * 2, 1}}; /* one unit a second */
    }
    facts[36].at_us += 110 * HENG_US_PER_S; /* three minutes beside it is too far */
    facts[36].index.dec.mantissa += 110;
    fold(&channel, NULL, facts, COUNT(facts), &o);
    for (int i = 0; i < 24; i++) {
        assert_int_equal(day_in(&o, "2026-01-01")->amounts[i], 3600);
        assert_int_equal(day_in(&o, "2026-01-01")->trusts[i], HENG_TRUST_VALID);
        assert_int_equal(day_in(&o, "2026-01-02")->amounts[i], 3600);
        assert_int_equal(day_in(&o, "2026-01-02")->trusts[i],
                         i == 11 || i == 12 ? HENG_TRUST_INTERPOLATED : HENG_TRUST_VALID);
    }
    assert_int_equal(day_in(&o, "2026-01-02")->permille, 916); /* 22 of 24 hours */
    outcome_free(&o);
}

static void test_exchange_without_index(void **state)
{
    (void)state;
    struct daily d = {0};
    struct outcome o;
    add(&d, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
    add_days(&d, 1, 3, 1);
    add(&d, fact_of(HENG_CHANNEL_FACT_END, at("2026-01-05T10:00"), NULL));
    add(&d, start_of(at("2026-01-05T10:00"), "0", HENG_UNIT_WH, 0));
    add_days(&d, 5, 7, 1);
    fold_daily(&d, &o);
    expect_day(&o, "2026-01-03", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-04", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-05", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-06", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    outcome_free(&o);
}

/* Nothing is used while the meter is being changed; after longer nobody knows. */
static void test_exchange_that_takes_time(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        int64_t amount;
        heng_trust trust;
    } cases[] = {{"2026-01-04T12:00", 100, HENG_TRUST_INTERPOLATED}, {"2026-01-05T18:00", 0, HENG_TRUST_MISSING}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct daily d = {0};
        struct outcome o;
        add(&d, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
        add_days(&d, 1, 3, 1);
        add(&d, fact_of(HENG_CHANNEL_FACT_END, at("2026-01-04T10:00"), "3400"));
        add(&d, start_of(at(cases[i].start), "0", HENG_UNIT_WH, 0));
        struct heng_channel_fact next = fact_of(HENG_CHANNEL_FACT_READING, at("2026-01-05"), "600");
        if (cases[i].trust != HENG_TRUST_MISSING) add(&d, next);
        add_days(&d, 6, 6, 1);
        fold_daily(&d, &o);
        expect_day(&o, "2026-01-04", cases[i].amount, cases[i].trust, day_in(&o, "2026-01-04")->method);
        outcome_free(&o);
    }
}

static void test_rollover_and_reset(void **state)
{
    (void)state;
    struct daily d = {0};
    struct outcome o;
    struct heng_channel_fact start = start_of(at("2026-01-01"), "99998000", HENG_UNIT_WH, 5);
    start.display_exp = 3;
    add(&d, start);
    add_days(&d, 1, 1, 99999);
    add_days(&d, 2, 4, 0);
    struct heng_channel_fact reset = fact_of(HENG_CHANNEL_FACT_RESET, at("2026-01-05T12:00"), "2500");
    reset.index2 = index_of("100000");
    add(&d, reset);
    struct heng_channel_fact after = fact_of(HENG_CHANNEL_FACT_READING, at("2026-01-06"), "100500");
    add(&d, after);
    fold_daily(&d, &o);
    for (int i = 1; i <= 4; i++) {
        char day[24];
        snprintf(day, sizeof day, "2026-01-%02d", i);
        expect_day(&o, day, 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    }
    assert_int_equal(said(&o, HENG_RULE_ROLLOVER, NULL), 1);
    assert_int_equal(o.verdict_count, 1);
    outcome_free(&o);

    /* Too much for one step, until a person says so. */
    struct daily far = {0};
    start.index = index_of("80000000");
    add(&far, start);
    add_days(&far, 1, 1, 30001);
    for (int said_so = 0; said_so < 2; said_so++) {
        struct heng_channel channel = channel_of(1440);
        if (said_so) add(&far, fact_of(HENG_CHANNEL_FACT_ROLLOVER, at("2026-01-01T12:00"), NULL));
        fold(&channel, NULL, far.facts, far.n, &o);
        if (said_so)
            expect_day(&o, "2026-01-01", 5000100, HENG_TRUST_VALID, HENG_METHOD_NONE);
        else
            expect_day(&o, "2026-01-01", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
        assert_int_equal(said(&o, said_so ? HENG_RULE_ROLLOVER : HENG_RULE_NEGATIVE, NULL), 1);
        outcome_free(&o);
    }
}

static void test_change_of_factor_and_unit(void **state)
{
    (void)state;
    struct daily d = {0};
    struct outcome o;
    const struct heng_verdict *verdict = NULL;
    add(&d, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
    add_days(&d, 1, 2, 1);
    struct heng_channel_fact change = fact_of(HENG_CHANNEL_FACT_CHANGE, at("2026-01-03T12:00"), "2500");
    change.unit = HENG_UNIT_WH;
    change.multiplier = 2;
    add(&d, change);
    struct heng_channel_fact next = fact_of(HENG_CHANNEL_FACT_READING, at("2026-01-04"), "2750");
    add(&d, next);
    fold_daily(&d, &o);
    expect_day(&o, "2026-01-03", 50 + 50, HENG_TRUST_VALID, HENG_METHOD_NONE);
    outcome_free(&o);

    d.facts[3].index.is = false; /* nobody wrote down the index */
    fold_daily(&d, &o);
    expect_day(&o, "2026-01-03", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    assert_int_equal(said(&o, HENG_RULE_MULTIPLIER, &verdict), 1);
    outcome_free(&o);

    d.facts[3].multiplier = 1; /* the display shows another unit: each reading says which */
    d.facts[3].unit = HENG_UNIT_J;
    d.facts[4].index = index_of("10800000");
    fold_daily(&d, &o);
    expect_day(&o, "2026-01-03", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    outcome_free(&o);

    d.facts[4].unit = HENG_UNIT_M3;
    fold_daily(&d, &o);
    assert_int_equal(said(&o, HENG_RULE_UNIT, NULL), 1);
    expect_day(&o, "2026-01-03", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    outcome_free(&o);
}

static void test_outlier(void **state)
{
    (void)state;
    static const struct {
        int64_t wrong; /* kWh instead of 4 */
        bool limited;
    } cases[] = {{9000, true}, {0, true}, {9000, false}, {0, false}, {-70, true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct daily d = {0};
        struct outcome o;
        const struct heng_verdict *verdict = NULL;
        struct heng_channel channel = channel_of(1440);
        if (cases[i].limited) channel.max_per_hour = index_of("1000");
        add(&d, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
        add_days(&d, 1, 10, 1);
        d.facts[4].index.dec.mantissa = cases[i].wrong;
        fold(&channel, NULL, d.facts, d.n, &o);
        assert_int_equal(said(&o, HENG_RULE_OUTLIER, &verdict), 1);
        assert_int_equal(o.verdict_count, 1);
        assert_int_equal(verdict->from_us, d.facts[4].at_us);
        assert_int_equal(verdict->severity, HENG_SEVERITY_TASK);
        assert_int_equal(verdict->version, 3);
        assert_int_equal(verdict->seen.dec.mantissa, (cases[i].wrong - 3) * 100);
        assert_int_equal(verdict->reference.dec.mantissa, 300);
        assert_true(verdict->high.is == cases[i].limited);
        if (cases[i].limited) assert_int_equal(verdict->high.dec.mantissa, 2400 + 100);
        int64_t sum = 0;
        for (size_t k = 0; k < o.day_count; k++) sum += o.days[k].amount;
        assert_int_equal(sum, 1000);
        expect_day(&o, "2026-01-03", 100, HENG_TRUST_VALID,
                   HENG_METHOD_NONE); /* that of the morning after is missing */
        assert_true(day_in(&o, "2026-01-04")->trust == HENG_TRUST_INTERPOLATED);
        outcome_free(&o);
    }
}

/* The counter began again and nobody said so: cut, fatal, and right again from there. A fact mends it. */
static void test_unexplained_reset(void **state)
{
    (void)state;
    struct daily d = {0};
    struct outcome o;
    const struct heng_verdict *verdict = NULL;
    add(&d, start_of(at("2026-01-01"), "5000000", HENG_UNIT_WH, 5));
    add_days(&d, 1, 5, 5001);
    add_days(&d, 6, 12, 1);
    fold_daily(&d, &o);
    assert_int_equal(said(&o, HENG_RULE_RESET, &verdict), 1);
    assert_int_equal(verdict->severity, HENG_SEVERITY_FATAL);
    assert_int_equal(verdict->from_us, d.facts[5].at_us);
    assert_int_equal(verdict->to_us, d.facts[6].at_us);
    expect_day(&o, "2026-01-05", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-06", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-07", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    assert_true(day_in(&o, "2026-01-06")->flags >> HENG_RULE_RESET & 1);
    outcome_free(&o);

    struct heng_channel_fact reset = fact_of(HENG_CHANNEL_FACT_RESET, at("2026-01-06T06:00"), "5005250");
    reset.index2 = index_of("250");
    add(&d, reset);
    fold_daily(&d, &o);
    assert_int_equal(o.verdict_count, 0);
    expect_day(&o, "2026-01-06", 25 + 75, HENG_TRUST_VALID, HENG_METHOD_NONE);
    outcome_free(&o);

    struct daily high = {0}; /* runs on far above: another meter, or another unit */
    add(&high, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
    add_days(&high, 1, 5, 1);
    add_days(&high, 6, 12, 700000);
    fold_daily(&high, &o);
    assert_int_equal(said(&o, HENG_RULE_LIMIT, &verdict), 1);
    assert_int_equal(verdict->severity, HENG_SEVERITY_FATAL);
    expect_day(&o, "2026-01-06", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-08", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    outcome_free(&o);
}

/* At the end of the data: what does not fit waits for company, what is doubtful takes what it doubts along. */
static void test_doubt_at_the_end(void **state)
{
    (void)state;
    struct daily d = {0};
    struct outcome o;
    add(&d, start_of(at("2026-01-01"), "5000000", HENG_UNIT_WH, 0));
    add_days(&d, 1, 5, 5001);
    add_days(&d, 6, 6, 1);
    fold_daily(&d, &o);
    expect_day(&o, "2026-01-05", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-06", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    assert_int_equal(said(&o, HENG_RULE_NEGATIVE, NULL), 1);
    outcome_free(&o);

    struct heng_channel channel = channel_of(1440);
    struct daily e = {0}; /* without a maximum: was the first one too high, or is the second too low? */
    add(&e, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
    add_days(&e, 1, 3, 1);
    add_days(&e, 4, 4, 9000);
    add_days(&e, 5, 5, 5);
    fold(&channel, NULL, e.facts, e.n, &o);
    expect_day(&o, "2026-01-03", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-04", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-05", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    outcome_free(&o);
    add_days(&e, 6, 6, 6); /* now there is company */
    fold(&channel, NULL, e.facts, e.n, &o);
    expect_day(&o, "2026-01-06", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    assert_int_equal(said(&o, HENG_RULE_OUTLIER, NULL), 1);
    outcome_free(&o);
}

static void test_people_decide(void **state)
{
    (void)state;
    struct daily d = {0};
    struct outcome o;
    add(&d, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
    add_days(&d, 1, 3, 1);
    add_days(&d, 4, 8, 100); /* 97 kWh in a day are more than 24 */
    for (size_t i = 1; i < d.n; i++) d.facts[i].id = (int64_t)i;
    fold_daily(&d, &o);
    assert_int_equal(said(&o, HENG_RULE_LIMIT, NULL), 1);
    expect_day(&o, "2026-01-04", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    outcome_free(&o);

    struct heng_channel_fact word = fact_of(HENG_CHANNEL_FACT_ACCEPT, at("2026-01-05"), NULL);
    word.id = 4;
    add(&d, word);
    fold_daily(&d, &o);
    assert_int_equal(o.verdict_count, 0);
    expect_day(&o, "2026-01-04", 9700, HENG_TRUST_OVERRIDE, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-06", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    outcome_free(&o);

    for (size_t i = 0; i < d.n; i++) /* the same one is wrong: the rest stands alone */
        if (d.facts[i].kind == HENG_CHANNEL_FACT_ACCEPT) d.facts[i].kind = HENG_CHANNEL_FACT_REJECT;
    fold_daily(&d, &o);
    const struct heng_verdict *verdict = NULL;
    assert_int_equal(said(&o, HENG_RULE_LIMIT, &verdict), 1);
    assert_int_equal(verdict->to_us, at("2026-01-06"));
    outcome_free(&o);
}

static void test_edits(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(1440);
    struct daily d = {0};
    struct outcome o;
    add(&d, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
    add_days(&d, 1, 2, 1);
    add_days(&d, 8, 9, 8); /* six days unread: 6 kWh */
    struct heng_channel_fact check = fact_of(HENG_CHANNEL_FACT_SUBSTITUTED, at("2026-01-04"), "3000");
    check.to_us = at("2026-01-06");
    add(&d, check);
    fold(&channel, NULL, d.facts, d.n, &o);
    expect_day(&o, "2026-01-04", 150, HENG_TRUST_SUBSTITUTED, HENG_METHOD_CHECK_METER);
    expect_day(&o, "2026-01-05", 150, HENG_TRUST_SUBSTITUTED, HENG_METHOD_CHECK_METER);
    expect_day(&o, "2026-01-03", 75, HENG_TRUST_INTERPOLATED, HENG_METHOD_SHARE_FLAT); /* 3 kWh are left for 4 days */
    expect_day(&o, "2026-01-07", 75, HENG_TRUST_INTERPOLATED, HENG_METHOD_SHARE_FLAT);
    outcome_free(&o);

    struct heng_channel_fact edit = fact_of(HENG_CHANNEL_FACT_EDITED, at("2026-01-05"), "7000");
    edit.to_us = at("2026-01-06");
    add(&d, edit); /* more than the counter saw: it stands beside the counter's own shares */
    fold(&channel, NULL, d.facts, d.n, &o);
    expect_day(&o, "2026-01-05", 700, HENG_TRUST_EDITED, HENG_METHOD_MANUAL);
    expect_day(&o, "2026-01-04", 150, HENG_TRUST_SUBSTITUTED, HENG_METHOD_CHECK_METER);
    expect_day(&o, "2026-01-03", 100, HENG_TRUST_INTERPOLATED, HENG_METHOD_SHARE_FLAT);
    outcome_free(&o);

    struct heng_channel_fact tail =
        fact_of(HENG_CHANNEL_FACT_EDITED, at("2026-01-12"), "1000"); /* where nothing is known */
    tail.to_us = at("2026-01-13");
    add(&d, tail);
    fold(&channel, NULL, d.facts, d.n, &o);
    expect_day(&o, "2026-01-11", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-12", 100, HENG_TRUST_EDITED, HENG_METHOD_MANUAL);
    assert_int_equal(o.days[o.day_count - 1].day, day_of("2026-01-12"));
    outcome_free(&o);

    struct heng_channel_fact bad = edit;
    bad.to_us = bad.at_us;
    add(&d, bad);
    bad.to_us = bad.at_us + 1;
    bad.index = index_of("-100");
    add(&d, bad);
    bad.index = index_of("1");
    bad.unit = HENG_UNIT_M3;
    add(&d, bad);
    bad.index.is = false;
    add(&d, bad);
    fold(&channel, NULL, d.facts, d.n, &o);
    assert_int_equal(said(&o, HENG_RULE_INTERVAL_SIZE, NULL), 1);
    assert_int_equal(said(&o, HENG_RULE_NEGATIVE, NULL), 1);
    assert_int_equal(said(&o, HENG_RULE_UNIT, NULL), 1);
    assert_int_equal(said(&o, HENG_RULE_NO_VALUE, NULL), 1);
    expect_day(&o, "2026-01-05", 700, HENG_TRUST_EDITED, HENG_METHOD_MANUAL);
    outcome_free(&o);
}

/* A person vouches for a reading that runs back; a second counter starts and nobody ended the first; nothing but noise.
 */
static void test_odd_orders(void **state)
{
    (void)state;
    struct outcome o;
    struct daily d = {0};
    add(&d, start_of(at("2026-01-01"), "5000000", HENG_UNIT_WH, 0));
    add_days(&d, 1, 3, 5001);
    add_days(&d, 4, 6, 1);
    for (size_t i = 1; i < d.n; i++) d.facts[i].id = (int64_t)i;
    for (int i = 0; i < HENG_SAID_MAX + 1; i++) {
        struct heng_channel_fact word = fact_of(HENG_CHANNEL_FACT_ACCEPT, at("2026-01-05"), NULL);
        word.id = i == 0 ? 4 : 100 + i;
        add(&d, word);
    }
    fold_daily(&d, &o);
    assert_int_equal(said(&o, HENG_RULE_CONFLICT, NULL), 1); /* more sayings than one moment holds */
    assert_int_equal(o.verdict_count, 1);
    expect_day(&o, "2026-01-04", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-05", 100, HENG_TRUST_OVERRIDE, HENG_METHOD_NONE);
    outcome_free(&o);

    struct daily e = {0};
    struct heng_channel_fact edit = fact_of(HENG_CHANNEL_FACT_EDITED, at("2025-12-31"), "5");
    edit.to_us = at("2026-01-02");
    add(&e, edit); /* before anything was installed */
    add(&e, fact_of(HENG_CHANNEL_FACT_ACCEPT, at("2025-12-31"), NULL));
    add(&e, fact_of(HENG_CHANNEL_FACT_END, at("2025-12-31"), NULL));
    add(&e, fact_of(HENG_CHANNEL_FACT_RESET, at("2025-12-31"), NULL));
    add(&e, fact_of(HENG_CHANNEL_FACT_CHANGE, at("2025-12-31"), NULL));
    add(&e, fact_of(HENG_CHANNEL_FACT_ROLLOVER, at("2025-12-31"), NULL));
    add(&e, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
    add_days(&e, 1, 2, 1);
    add(&e, start_of(at("2026-01-03T12:00"), "90500", HENG_UNIT_WH, 0));
    add_days(&e, 3, 4, 91);
    e.facts[e.n - 1].device_id = 1;
    struct heng_channel_fact change = fact_of(HENG_CHANNEL_FACT_CHANGE, at("2026-01-05"), "92000");
    change.index2 = index_of("40"); /* another display */
    change.unit = HENG_UNIT_WH;
    add(&e, change);
    add(&e, reading("2026-01-06", "1040"));
    fold_daily(&e, &o);
    assert_int_equal(said(&o, HENG_RULE_INACTIVE, NULL), 4);
    expect_day(&o, "2026-01-02", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-03", 0, HENG_TRUST_MISSING, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-04", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    expect_day(&o, "2026-01-05", 100, HENG_TRUST_VALID, HENG_METHOD_NONE);
    outcome_free(&o);

    struct daily noise = {0};
    add(&noise, start_of(at("2026-01-01"), NULL, HENG_UNIT_WH, 0));
    for (int i = 1; i <= 12; i++) {
        add_days(&noise, i, i, i % 2 ? 90000 - 100 * i : 500000 - 5000 * i);
    }
    fold_daily(&noise, &o);
    assert_int_equal(said(&o, HENG_RULE_OUTLIER, NULL), 12); /* no two of them belong together */
    for (size_t i = 0; i < o.day_count; i++) assert_int_equal(o.days[i].trust, HENG_TRUST_MISSING);
    outcome_free(&o);
}

/* The indexes that count, as somebody sees them who asks where an amount comes from. */
struct seen {
    struct outcome o;
    size_t knots, joined;
    int64_t sum;
    struct heng_knot before;
};

static heng_rc see_knot(void *ctx, const struct heng_knot *knot, bool joined)
{
    struct seen *seen = ctx;
    assert_true(knot->at_us >= seen->before.at_us);
    if (joined) seen->sum += knot->value - seen->before.value;
    seen->knots++;
    seen->joined += joined;
    seen->before = *knot;
    return HENG_OK;
}

static heng_rc see_day(void *ctx, const struct heng_day_usage *day) { return keep_day(&((struct seen *)ctx)->o, day); }

static heng_rc see_verdict(void *ctx, const struct heng_verdict *verdict)
{
    return keep_verdict(&((struct seen *)ctx)->o, verdict);
}

static void test_knots_explain_the_amounts(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(1440);
    struct daily d = {0};
    struct seen seen = {0};
    struct heng_usage *u = malloc(sizeof *u);
    struct heng_usage_out out = {.ctx = &seen, .day = see_day, .verdict = see_verdict, .knot = see_knot};
    add(&d, start_of(at("2026-01-01"), "99997000", HENG_UNIT_WH, 8));
    add_days(&d, 1, 3, 99998); /* the third is 100000: wrong, its display ends before; it goes on at zero */
    d.facts[3].index.dec.mantissa = 0;
    add(&d, fact_of(HENG_CHANNEL_FACT_END, at("2026-01-04T12:00"), "500"));
    add(&d, start_of(at("2026-01-04T12:00"), "7000", HENG_UNIT_WH, 0));
    add_days(&d, 4, 9, 8);
    d.facts[9].index.dec.mantissa = 9000; /* left out */
    channel.max_per_hour = index_of("1000");
    assert_int_equal(heng_usage_init(u, &channel, &out, NULL), HENG_OK);
    for (size_t i = 0; i < d.n; i++) assert_int_equal(heng_usage_fact(u, &d.facts[i], NULL), HENG_OK);
    assert_int_equal(heng_usage_flush(u, NULL), HENG_OK);
    int64_t sum = 0;
    for (size_t i = 0; i < seen.o.day_count; i++) sum += seen.o.days[i].amount;
    assert_int_equal(seen.knots, 3 + 1 + 1 + 1 + 6 - 1);
    assert_int_equal(seen.joined, seen.knots - 2); /* two starts */
    assert_int_equal(seen.sum, sum);
    outcome_free(&seen.o);
    free(u);
}

/* Six years between two readings are no gap to be shared out. */
static void test_endless_gap(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(1440);
    struct outcome o;
    for (int years = 5; years <= 6; years++) {
        struct heng_channel_fact facts[] = {
            start_of(at("2020-01-01"), "0", HENG_UNIT_WH, 0),
            reading(years == 5 ? "2025-01-01" : "2026-01-01", "18270000"),
        };
        fold(&channel, NULL, facts, COUNT(facts), &o);
        assert_int_equal(day_in(&o, "2022-02-02")->trust, years == 5 ? HENG_TRUST_INTERPOLATED : HENG_TRUST_MISSING);
        if (years == 5) expect_day(&o, "2022-02-02", 1000, HENG_TRUST_INTERPOLATED, HENG_METHOD_SHARE_FLAT);
        outcome_free(&o);
    }
}

static void test_channels_that_cannot_be(void **state)
{
    (void)state;
    struct heng_channel good = channel_of(60), bad[6] = {good, good, good, good, good, good};
    struct heng_usage *u = malloc(sizeof *u);
    struct heng_usage_out out = {.day = keep_day, .verdict = keep_verdict};
    struct heng_err err;
    bad[0].minutes = 120;
    bad[1].exp = 19;
    bad[2].days.start_minute = 1440;
    bad[3].near_us = -1;
    bad[4].short_gap_us = -1;
    bad[5].rollover_permille = 1001;
    assert_int_equal(heng_usage_init(u, &good, &out, &err), HENG_OK);
    for (size_t i = 0; i < COUNT(bad); i++) {
        err.text[0] = '\0';
        assert_int_equal(heng_usage_init(u, &bad[i], &out, &err), HENG_ECONFIG);
        assert_true(err.text[0] != '\0');
    }
    free(u);
}

/* A meter of MJ in a channel of kWh: 993919 and then 993910 of a coarser display are 276088.6 and 276086.1 kWh, three
 * steps when both are rounded, though ten MJ are less than three. */
static void test_a_coarser_reading_in_another_unit(void **state)
{
    (void)state;
    struct heng_channel channel = channel_of(1440);
    channel.exp = 3;
    struct heng_channel_fact facts[5] = {start_of(at("2026-01-01"), "993900000000", HENG_UNIT_J, 0)};
    const struct heng_dec fine = {993919, 6}, coarse = {99391, 7}, later = {993930, 6};
    const struct heng_dec shown[] = {fine, coarse, coarse, later};
    for (int i = 0; i < 4; i++) {
        facts[i + 1] = fact_of(HENG_CHANNEL_FACT_READING, at("2026-01-02") + (i + 1) / 2 * HENG_US_PER_DAY, NULL);
        facts[i + 1].id = i;
        facts[i + 1].source = (uint8_t)(i % 2);
        facts[i + 1].index = (struct heng_opt_dec){true, shown[i]};
    }
    facts[2].at_us = facts[1].at_us; /* the same moment, by hand */
    struct outcome o;
    fold(&channel, NULL, facts, 5, &o);
    for (size_t i = 0; i < o.verdict_count; i++) assert_int_equal(o.verdicts[i].rule, HENG_RULE_DUPLICATE);
    assert_int_equal(o.verdict_count, 1);
    int64_t sum = 0;
    for (size_t i = 0; i < o.day_count; i++) sum += o.days[i].amount;
    assert_int_equal(sum, 276092 - 276083); /* 993930 and 993900 MJ */
    outcome_free(&o);
}

static void test_small_things(void **state)
{
    (void)state;
    struct daily d = {0};
    struct outcome o;
    const struct heng_verdict *verdict = NULL;
    struct heng_channel channel = channel_of(1440);
    channel.doubt = UINT32_C(1) << HENG_CONDITION_SENSOR_FAULT;
    add(&d, start_of(at("2026-01-01"), "0", HENG_UNIT_WH, 0));
    add_days(&d, 1, 8, 1);
    struct heng_channel_fact again = d.facts[2];
    add(&d, again); /* the same once more */
    again.index.dec.mantissa = 99;
    again.source = 1;
    add(&d, again); /* and with another value, from a worse source */
    struct heng_channel_fact none = reading("2026-01-03T12:00", NULL);
    add(&d, none);                       /* "no value" */
    add(&d, reading("2025-12-31", "5")); /* before there was a meter */
    add(&d, reading("1989-12-31", "5"));
    add(&d, reading("2200-01-02", "5"));
    d.facts[5].status = UINT32_C(1) << HENG_CONDITION_SENSOR_FAULT;
    d.facts[7].kind = HENG_CHANNEL_FACT_HISTORY;
    fold(&channel, NULL, d.facts, d.n, &o);
    assert_int_equal(said(&o, HENG_RULE_DUPLICATE, &verdict), 1);
    assert_int_equal(verdict->severity, HENG_SEVERITY_TOLD);
    assert_int_equal(said(&o, HENG_RULE_CONFLICT, &verdict), 1);
    assert_int_equal(verdict->reference.dec.mantissa, 200);
    assert_int_equal(said(&o, HENG_RULE_NO_VALUE, NULL), 1);
    assert_int_equal(said(&o, HENG_RULE_INACTIVE, NULL), 1);
    assert_int_equal(said(&o, HENG_RULE_ANCIENT, NULL), 1);
    assert_int_equal(said(&o, HENG_RULE_FUTURE, NULL), 1);
    int64_t sum = 0;
    for (size_t k = 0; k < o.day_count; k++) sum += o.days[k].amount;
    assert_int_equal(sum, 800);
    size_t suspect = 0, history = 0;
    for (size_t k = 0; k < o.day_count; k++) {
        suspect += o.days[k].trust == HENG_TRUST_SUSPECT;
        history += o.days[k].method == HENG_METHOD_HISTORY;
    }
    assert_int_equal(suspect, 2); /* the days on both sides of the doubtful reading */
    assert_int_equal(history, 2);
    outcome_free(&o);

    struct heng_usage *u = malloc(sizeof *u);
    struct heng_err err = {0};
    struct heng_usage_out out = {.ctx = &o, .day = keep_day, .verdict = keep_verdict};
    channel.minutes = 7;
    assert_int_equal(heng_usage_init(u, &channel, &out, &err), HENG_ECONFIG);
    channel.minutes = 15;
    assert_int_equal(heng_usage_init(u, &channel, &out, &err), HENG_OK);
    struct heng_channel_fact late = reading("2026-01-02", "1"), early = reading("2026-01-01", "1");
    assert_int_equal(heng_usage_fact(u, &late, &err), HENG_OK);
    assert_int_equal(heng_usage_fact(u, &early, &err), HENG_ECONFLICT);
    free(u);
    outcome_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_fewer_digits),
        cmocka_unit_test(test_readings_beside_the_boundary),
        cmocka_unit_test(test_exchange_without_index),
        cmocka_unit_test(test_exchange_that_takes_time),
        cmocka_unit_test(test_rollover_and_reset),
        cmocka_unit_test(test_change_of_factor_and_unit),
        cmocka_unit_test(test_outlier),
        cmocka_unit_test(test_unexplained_reset),
        cmocka_unit_test(test_doubt_at_the_end),
        cmocka_unit_test(test_people_decide),
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_odd_orders),
        cmocka_unit_test(test_knots_explain_the_amounts),
        cmocka_unit_test(test_endless_gap),
        cmocka_unit_test(test_channels_that_cannot_be),
        cmocka_unit_test(test_a_coarser_reading_in_another_unit),
        cmocka_unit_test(test_small_things),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
