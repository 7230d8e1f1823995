/* Usage by the periods of a calendar: the version in force on the day counts, also on the nights in which the clock of
 * the wall jumps; of two from one day the later one; habits keep the holidays of the site. */
#include "unit/usage/usage_point.h"

#include "base/arena.h"
#include "usage/compare.h"
#include "usage/known.h"
#include "usage/tou.h"

enum { HOUR = 4, PER_QUARTER = 10 };

static void put_calendar(struct usage_point *s, heng_day from, const char *json)
{
    struct heng_err err;
    int64_t version;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_usage_put_calendar(s->store, "tariff", from, heng_slice_str(json), &version, &err));
    assert_ok(heng_store_commit(s->store, &err));
}

/* A day of quarter hours, `each` in each of them. */
static void put_day(struct usage_point *s, const struct heng_day_rule *rule, heng_day day, int64_t each)
{
    static struct heng_usage_row row;
    struct heng_err err;
    row = (struct heng_usage_row){.channel_id = 1, .day = day, .exp = 1, .trust = HENG_TRUST_VALID, .permille = 1000};
    row.count = (uint16_t)heng_day_interval_count(rule, day, 15);
    for (unsigned i = 0; i < row.count; i++) {
        row.amounts[i] = each;
        row.trusts[i] = HENG_TRUST_VALID;
        row.amount += each;
    }
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_usage(s->store, HENG_USAGE_MEASURED, &row, &err));
    assert_ok(heng_store_commit(s->store, &err));
}

static void assert_periods(struct usage_point *s, heng_day day, int valley_hours, int other_hours)
{
    struct heng_channel_row channel;
    struct heng_tou_sum sum;
    struct heng_err err;
    assert_ok(heng_store_get_channel(s->reader, 0, 1, &channel, &err));
    assert_ok(heng_usage_by_period(s->reader, "tariff", &channel, day, day + 1, &sum, &err));
    assert_int_equal(sum.amounts[1], valley_hours * HOUR * PER_QUARTER);
    assert_int_equal(sum.amounts[3], other_hours * HOUR * PER_QUARTER);
    assert_int_equal(sum.seconds[1], valley_hours * 3600);
    assert_int_equal(sum.seconds[3], other_hours * 3600);
    assert_int_equal(sum.amounts[0], 0);
}

static void test_versions_and_nights(void **state)
{
    static const char six[] =
        "{\"otherwise\": 3, \"windows\": [{\"kinds\": [0,1,2,3,4,5,6], \"period\": 1, \"from\": 0, \"to\": 360}]}";
    static const char four[] =
        "{\"otherwise\": 3, \"windows\": [{\"kinds\": [0,1,2,3,4,5,6], \"period\": 1, \"from\": 0, \"to\": 240}]}";
    static const char eight[] =
        "{\"otherwise\": 3, \"windows\": [{\"kinds\": [0,1,2,3,4,5,6], \"period\": 1, \"from\": 0, \"to\": 480}]}";
    const heng_day spring = heng_day_of_date(2026, 3, 29), autumn = heng_day_of_date(2026, 10, 25);
    const heng_day days[] = {spring - 1, spring, spring + 1, autumn - 1, autumn};
    struct usage_point s;
    struct heng_day_rule rule = {0};
    struct heng_zone *zone = NULL;
    struct heng_err err;
    (void)state;
    usage_point_open(&s);
    assert_int_equal(small_site_sql(s.site.path, "UPDATE setting SET value = 'Europe/Berlin' WHERE name = 'time_zone'"),
                     HENG_OK);
    assert_ok(heng_zone_open("Europe/Berlin", &zone, &err));
    rule.zone = zone;
    put_calendar(&s, 0, six);
    put_calendar(&s, spring, eight); /* a slip, corrected before that day */
    put_calendar(&s, spring, four);
    put_calendar(&s, autumn, six);
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) put_day(&s, &rule, days[i], PER_QUARTER);
    assert_periods(&s, spring - 1, 6, 18); /* the first version */
    assert_periods(&s, spring, 3, 20);     /* 02:00 to 03:00 is not there: 23 hours */
    assert_periods(&s, spring + 1, 4, 20);
    assert_periods(&s, autumn - 1, 4, 20);
    assert_periods(&s, autumn, 7, 18); /* 02:00 to 03:00 comes twice: 25 hours */
    heng_zone_free(zone);
    usage_point_close(&s);
}

/* The curve of a holiday is that of a Sunday; a Saturday that is worked is a working day. */
static void test_habits_keep_holidays(void **state)
{
    const heng_day monday = heng_day_of_date(2026, 3, 2);
    struct usage_point s;
    struct heng_site_days days;
    struct heng_habits_view view;
    struct heng_err err;
    struct heng_arena arena = {.max = 32 << 20};
    const struct heng_loss_ask ask = {.scope = 0, .from = monday, .to = monday + 7};
    (void)state;
    usage_point_open(&s);
    put_calendar(&s, 0,
                 "{\"otherwise\": 1, \"specials\": [{\"date\": \"2026-03-04\", \"kind\": 7}, "
                 "{\"date\": \"2026-03-07\", \"kind\": 4}]}");
    assert_ok(heng_site_days_init(&days, s.reader, &err));
    for (heng_day day = 0; day < 7; day++) put_day(&s, &days.rule, monday + day, 1 + day);
    assert_ok(heng_view_habits(s.reader, &arena, &days, &ask, 1, &view, &err));
    assert_int_equal(view.found->curve_counts[0][0], 5);
    assert_int_equal(view.found->curve_counts[1][0], 1);
    assert_int_equal(view.found->curve_counts[2][0], 1);
    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(heng_usage_use_holidays(s.store, "no such", &err), HENG_ENOTFOUND);
    assert_ok(heng_usage_use_holidays(s.store, "tariff", &err));
    assert_ok(heng_store_commit(s.store, &err));
    assert_ok(heng_view_habits(s.reader, &arena, &days, &ask, 1, &view, &err));
    assert_int_equal(view.found->curve_counts[0][0], 5); /* Mon Tue Thu Fri, and Saturday */
    assert_int_equal(view.found->curve_milli[0][0], (1 + 2 + 4 + 5 + 6) * 1000 / 5);
    assert_int_equal(view.found->curve_counts[1][0], 0);
    assert_int_equal(view.found->curve_counts[2][0], 2); /* Sunday, and Wednesday */
    assert_int_equal(view.found->curve_milli[2][0], (3 + 7) * 1000 / 2);
    heng_site_days_fini(&days);
    heng_arena_fini(&arena);
    usage_point_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions_and_nights),
                                       cmocka_unit_test(test_habits_keep_holidays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
