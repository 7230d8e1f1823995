/* May supply end now? The guards, one by one and together, without a database; the calendar of PP-C9. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prepaid/guard.h"
#include "prepaid/text.h"

#define HOUR_US (INT64_C(3600) * HENG_US_PER_S)

static heng_us at(int year, int month, int day, int hour, int minute)
{
    return heng_day_of_date(year, month, day) * HENG_US_PER_DAY + (hour * 60 + minute) * 60 * HENG_US_PER_S;
}

/* A site in UTC, with the calendar of PP-C9, on a day of June. */
static struct heng_prepaid_site site_at(heng_us now_us)
{
    struct heng_prepaid_site site = {.settings = {.cut = true,
                                                  .arrears = true,
                                                  .media = UINT64_MAX,
                                                  .data_age_us = 48 * HOUR_US,
                                                  .notice_us = 24 * HOUR_US,
                                                  .home_days = 7,
                                                  .business_days = 3,
                                                  .heat_from = 1001,
                                                  .heat_to = 430,
                                                  .frost_dc = 50}};
    static const char calendar[] = "{\"hours\": [\"17:00-08:30\"], \"weekends\": true, \"holidays\": true}";
    struct heng_err err;
    if (heng_no_cut_parse(heng_slice_str(calendar), &site.no_cut, &err) != HENG_OK) fail_msg("%s", err.text);
    site.today = (int32_t)(now_us / HENG_US_PER_DAY);
    return site;
}

static struct heng_guard_facts clear_facts(heng_us now_us)
{
    return (struct heng_guard_facts){.due = true,
                                     .measured = true,
                                     .medium = HENG_MEDIUM_ELECTRICITY,
                                     .known_us = now_us - 14 * HOUR_US,
                                     .notice_us = now_us - 10 * HENG_US_PER_DAY};
}

static struct heng_decision decide(const struct heng_guard_facts *facts, heng_us now_us)
{
    struct heng_prepaid_site site = site_at(now_us);
    return heng_guard_decide(facts, &site, now_us);
}

/* PP-C9. June 2026: the 2nd is a Tuesday, the 6th a Saturday. */
static void calendar_example(void **state)
{
    static const struct {
        int day, hour, minute, until_day;
    } cases[] = {{2, 14, 0, 0}, {2, 18, 0, 3}, {6, 11, 0, 8}, {3, 8, 30, 0}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        heng_us now_us = at(2026, 6, cases[i].day, cases[i].hour, cases[i].minute);
        struct heng_guard_facts facts = clear_facts(now_us);
        struct heng_decision d = decide(&facts, now_us);
        assert_int_equal(d.verdict, cases[i].until_day ? HENG_CUT_WAIT : HENG_CUT_NOW);
        if (cases[i].until_day) assert_true(d.until_us == at(2026, 6, cases[i].until_day, 8, 30));
    }
    heng_us tuesday_us = at(2026, 6, 2, 14, 0);
    struct heng_guard_facts facts = clear_facts(tuesday_us);
    facts.protection = HENG_PROTECTION_PROTECTED;
    assert_int_equal(decide(&facts, tuesday_us).verdict, HENG_CUT_NEVER);
}

static void decision_text(void **state)
{
    char text[HENG_DECISION_TEXT_MAX];
    heng_us now_us = at(2026, 6, 2, 18, 0);
    struct heng_guard_facts facts = clear_facts(now_us);
    struct heng_decision d = decide(&facts, now_us);
    (void)state;
    heng_decision_text(&d, NULL, text);
    assert_string_equal(text, "wait until 2026-06-03 08:30: not at these hours or on this day");
}

static void expect(const struct heng_guard_facts *facts, heng_us now_us, heng_guard guard,
                   heng_verdict_of_supply verdict)
{
    struct heng_decision d = decide(facts, now_us);
    if (d.guard != guard) fail_msg("'%s' instead of '%s'", heng_guard_text(d.guard), heng_guard_text(guard));
    assert_int_equal(d.verdict, verdict);
    if (verdict == HENG_CUT_WAIT) assert_true(d.until_us > now_us);
}

static void each_guard(void **state)
{
    heng_us now_us = at(2026, 6, 2, 14, 0);
    const struct heng_guard_facts clear = clear_facts(now_us);
    struct heng_guard_facts f;
    (void)state;
    expect(&clear, now_us, HENG_GUARD_NONE, HENG_CUT_NOW);
#define GUARD(change, guard, verdict) (f = clear, change, expect(&f, now_us, HENG_GUARD_##guard, HENG_CUT_##verdict))
    GUARD(f.due = false, PAID, GONE);
    GUARD(f.main_meter = true, MAIN, NEVER);
    GUARD(f.keep_until_us = now_us + 1, KEPT, WAIT);
    GUARD(f.keep_until_us = now_us, NONE, NOW);
    GUARD(f.payment = true, PAYMENT, WAIT);
    GUARD(f.order = true, ORDER, WAIT);
    GUARD(f.known_us = 0, NO_DATA, WAIT);
    GUARD(f.known_us = now_us - 48 * HOUR_US, NONE, NOW);
    GUARD(f.known_us = now_us - 48 * HOUR_US - 1, STALE, WAIT);
    GUARD(f.measured = false, ESTIMATED, WAIT);
    GUARD(f.notice_lost = true, NO_NOTICE, ASK);
    GUARD(f.notice_us = 0, NOTICE, WAIT);
    GUARD(f.notice_us = now_us - 24 * HOUR_US + 1, NOTICE, WAIT);
    GUARD(f.notice_us = now_us - 24 * HOUR_US, NONE, NOW);
    GUARD(f.protection = HENG_PROTECTION_SECOND, SECOND, ASK);
    GUARD((f.protection = HENG_PROTECTION_SECOND, f.approved = true), NONE, NOW);
    GUARD((f.protection = HENG_PROTECTION_PROTECTED, f.approved = true), PROTECTED, NEVER);
    /* arrears: what meters say does not matter, notice is 7 days for homes and 3 for business */
    GUARD((f.arrears = true, f.known_us = 0, f.measured = false), NONE, NOW);
    GUARD((f.arrears = true, f.notice_us = now_us - 6 * HENG_US_PER_DAY), NOTICE, WAIT);
    GUARD((f.arrears = f.business = true, f.notice_us = now_us - 3 * HENG_US_PER_DAY), NONE, NOW);
#undef GUARD
}

static void sites_may_say_no(void **state)
{
    heng_us now_us = at(2026, 6, 2, 14, 0);
    struct heng_prepaid_site site = site_at(now_us);
    struct heng_guard_facts f = clear_facts(now_us);
    (void)state;
    site.settings.cut = false;
    assert_int_equal(heng_guard_decide(&f, &site, now_us).guard, HENG_GUARD_OFF_BY_SITE);
    site.settings.cut = true;
    site.settings.media = UINT64_C(1) << HENG_MEDIUM_HEAT;
    assert_int_equal(heng_guard_decide(&f, &site, now_us).guard, HENG_GUARD_MEDIUM);
}

static void heat_in_the_cold(void **state)
{
    heng_us winter_us = at(2026, 12, 1, 14, 0), summer_us = at(2026, 6, 2, 14, 0);
    struct heng_prepaid_site site = site_at(winter_us);
    struct heng_guard_facts f = clear_facts(winter_us);
    (void)state;
    f.medium = HENG_MEDIUM_HEAT;
    struct heng_decision d = heng_guard_decide(&f, &site, winter_us);
    assert_int_equal(d.guard, HENG_GUARD_SEASON);
    assert_true(d.until_us == at(2027, 5, 1, 0, 0));
    site = site_at(summer_us);
    f = clear_facts(summer_us);
    f.medium = HENG_MEDIUM_HEAT;
    assert_int_equal(heng_guard_decide(&f, &site, summer_us).verdict, HENG_CUT_NOW);
    site.has_weather = true;
    site.coldest_dc = 49;
    assert_int_equal(heng_guard_decide(&f, &site, summer_us).guard, HENG_GUARD_FROST);
    site.coldest_dc = 50;
    assert_int_equal(heng_guard_decide(&f, &site, summer_us).verdict, HENG_CUT_NOW);
}

/* Whatever the facts, what is cut now passed every guard; and what waits waits for a moment to come. */
static void random_facts(void **state)
{
    unsigned seed = 20261122;
    size_t now = 0;
    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < 20000; i++) {
        heng_us now_us = at(2026, 1, 1, 0, 0) + rand() % 365 * HENG_US_PER_DAY + rand() % 1440 * 60 * HENG_US_PER_S;
        struct heng_prepaid_site site = site_at(now_us);
        struct heng_guard_facts f = {.due = rand() % 8 != 0,
                                     .arrears = rand() % 4 == 0,
                                     .main_meter = rand() % 8 == 0,
                                     .approved = rand() % 2,
                                     .payment = rand() % 8 == 0,
                                     .order = rand() % 8 == 0,
                                     .measured = rand() % 8 != 0,
                                     .medium = rand() % 2 ? HENG_MEDIUM_HEAT : HENG_MEDIUM_ELECTRICITY,
                                     .protection = (heng_protection)(rand() % 3),
                                     .keep_until_us = rand() % 8 ? 0 : now_us + 1,
                                     .known_us = now_us - rand() % 72 * HOUR_US,
                                     .notice_us = now_us - rand() % 14 * HENG_US_PER_DAY};
        struct heng_decision d = heng_guard_decide(&f, &site, now_us);
        if (d.verdict == HENG_CUT_WAIT) assert_true(d.until_us > now_us);
        if (d.verdict != HENG_CUT_NOW) continue;
        struct heng_civil c = heng_us_to_civil(now_us);
        int minute = c.hour * 60 + c.minute, month = c.month;
        now++;
        assert_true(f.due && !f.main_meter && !f.payment && !f.order && !f.keep_until_us);
        assert_true(f.arrears || (f.measured && now_us - f.known_us <= 48 * HOUR_US));
        assert_true(f.protection == HENG_PROTECTION_NONE || (f.protection == HENG_PROTECTION_SECOND && f.approved));
        assert_true(minute >= 8 * 60 + 30 && minute < 17 * 60 && heng_day_weekday(site.today) < 5);
        assert_true(f.medium != HENG_MEDIUM_HEAT || (month >= 5 && month <= 9));
        assert_true(now_us - f.notice_us >= (f.arrears ? 7 : 1) * HENG_US_PER_DAY);
    }
    assert_true(now > 100); /* it does come to a cut */
}

static void refuse(const char *json)
{
    struct heng_no_cut no_cut;
    struct heng_err err;
    if (heng_no_cut_parse(heng_slice_str(json), &no_cut, &err) == HENG_OK) fail_msg("%s was taken", json);
    assert_true(err.text[0] != '\0');
}

static void bad_calendars(void **state)
{
    (void)state;
    refuse("");
    refuse("[]");
    refuse("{\"hours\": [\"8-17\"]}");
    refuse("{\"hours\": [\"08:00-08:00\"]}");
    refuse("{\"hours\": [\"08:60-09:00\"]}");
    refuse("{\"hours\": [\"00:00-24:00\"]}");
    refuse("{\"hours\": [\"08:00-20:00\", \"20:00-08:00\"]}");
    refuse("{\"days\": [\"2026-02-30\"]}");
    refuse("{\"days\": [\"2026-02-03/2026-02-01\"]}");
    refuse("{\"nights\": true}");
}

static void special_days(void **state)
{
    struct heng_calendars none = {0};
    struct heng_no_cut n;
    struct heng_err err;
    (void)state;
    assert_int_equal(
        heng_no_cut_parse(heng_slice_str("{\"days\": [\"2026-06-02/2026-06-04\", \"2026-06-06\"]}"), &n, &err),
        HENG_OK);
    assert_true(heng_no_cut_next(&n, NULL, &none, at(2026, 6, 2, 14, 0)) == at(2026, 6, 5, 0, 0));
    assert_true(heng_no_cut_next(&n, NULL, &none, at(2026, 6, 5, 23, 59)) == at(2026, 6, 5, 23, 59));
    assert_true(heng_no_cut_next(&n, NULL, &none, at(2026, 6, 6, 1, 0)) == at(2026, 6, 7, 0, 0));
    assert_int_equal(heng_no_cut_parse(heng_slice_str("{\"days\": [\"2026-01-01/2036-01-01\"]}"), &n, &err), HENG_OK);
    assert_true(heng_no_cut_next(&n, NULL, &none, at(2026, 6, 6, 1, 0)) == HENG_US_NEVER);
}

/* --- levels ---------------------------------------------------------------------------------------------------- */

static void levels_tell_once(void **state)
{
    const struct heng_levels levels = {{5000, 2000, 0}, 1000, HENG_LIMIT_NONE};
    struct heng_credit_state s = {0};
    heng_us now_us = at(2026, 6, 1, 0, 0);
    (void)state;
#define STEP(balance) heng_level_step(&levels, (balance), now_us += HOUR_US, 24 * HOUR_US, &s)
    assert_int_equal(STEP(5001), 0);
    assert_int_equal(STEP(5000), 1);
    assert_int_equal(STEP(4000), 0);
    assert_int_equal(STEP(5001), 0); /* above again */
    assert_int_equal(STEP(4999), 0); /* it flaps: the customer was told today */
    assert_int_equal(STEP(-1), 3);   /* from 1 to 3 at once: the deepest alone */
    assert_int_equal(STEP(-500), 0);
    now_us += 30 * HOUR_US;
    assert_int_equal(STEP(6000), 0);
    assert_int_equal(STEP(1999), 2);
    assert_int_equal(s.told, 3);
    assert_int_equal(STEP(6000), 0);
    s.told_us[1] = now_us + 365 * 24 * HOUR_US; /* told when the clock was a year ahead: that mutes nobody */
    assert_int_equal(STEP(1999), 2);
#undef STEP
    const struct heng_levels few = {{HENG_LIMIT_NONE, HENG_LIMIT_NONE, 0}, 0, HENG_LIMIT_NONE};
    assert_int_equal(heng_level_at(&few, 1), 0);
    assert_int_equal(heng_level_at(&few, 0), 3);
    assert_int_equal(heng_level_at(&few, INT64_MIN + 1), 3);
    assert_int_equal(heng_supply_wish_of(-999, 1000, false), HENG_SUPPLY_STAY);
    assert_int_equal(heng_supply_wish_of(-1000, 1000, false), HENG_SUPPLY_OFF);
    assert_int_equal(heng_supply_wish_of(0, 1000, true), HENG_SUPPLY_STAY);
    assert_int_equal(heng_supply_wish_of(1, 1000, true), HENG_SUPPLY_ON);
    assert_false(heng_levels_may_hold(&levels, INT64_MAX, 1));
}

static void texts_in_three_languages(void **state)
{
    char text[HENG_NOTICE_TEXT_MAX], long_number[600];
    struct heng_telling t = {.name = "N",
                             .number = "A-1",
                             .currency = "CNY",
                             .until = "2026-06-03 08:30",
                             .amount = -5,
                             .per_day = 312,
                             .days_left = 4};
    (void)state;
    heng_tell_text(HENG_TELL_WARN_1, "en", &t, text);
    assert_string_equal(text,
                        "Account A-1: your balance is -0.05 CNY. You use about 3.12 CNY a day; it lasts for about "
                        "4 days. Please pay in soon.");
    t.days_left = -1;
    heng_tell_text(HENG_TELL_WARN_3, "de", &t, text);
    assert_string_equal(text, "Konto A-1: Ihr Guthaben ist aufgebraucht: -0.05 CNY. Sie verbrauchen etwa 3.12 CNY am "
                              "Tag. Ohne Zahlung wird die Versorgung unterbrochen.");
    t.per_day = 0;
    heng_tell_text(HENG_TELL_CUT_SOON, "zh", &t, text);
    assert_string_equal(text, "户号A-1：您的余额为-0.05 CNY。如不充值，最早将于2026-06-03 08:30停止供应。");
    memset(long_number, 'x', sizeof long_number - 1);
    long_number[sizeof long_number - 1] = '\0';
    t.number = long_number;
    for (int i = 0; i < HENG_TELL_COUNT; i++) {
        heng_tell_text((heng_tell)i, "zh", &t, text);
        assert_true(strlen(text) < sizeof text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calendar_example), cmocka_unit_test(decision_text),
        cmocka_unit_test(each_guard),       cmocka_unit_test(sites_may_say_no),
        cmocka_unit_test(heat_in_the_cold), cmocka_unit_test(random_facts),
        cmocka_unit_test(bad_calendars),    cmocka_unit_test(special_days),
        cmocka_unit_test(levels_tell_once), cmocka_unit_test(texts_in_three_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
