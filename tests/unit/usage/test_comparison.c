/* A point beside its past and its neighbours, its habits, and meters that have been exchanged. */
#include "unit/usage/usage_site.h"
#include "usage/compare.h"

static struct heng_comparison compare(struct usage_rig *r, int64_t id)
{
    struct heng_err err;
    struct heng_comparison made;
    assert_ok(heng_view_comparison(r->reader, &r->arena, &r->days, &r->ask, id, "", &made, &err));
    return made;
}

/* Put an amount and degree days on each day of a period, sums as given. */
static void fill(struct usage_rig *r, int channel, heng_day from, heng_day to, int64_t kwh, int64_t degree_dk)
{
    char text[160];
    for (heng_day day = from; day < to; day++) {
        usage_put(r->store, HENG_USAGE_MEASURED, channel, day - USAGE_DAY, 3, day == from ? kwh : 0, HENG_TRUST_VALID);
        snprintf(text, sizeof text,
                 "INSERT INTO weather (station, day, degree_dk, outdoor_dc) VALUES ('s', %d, %lld, 0)", day,
                 day == from ? (long long)degree_dk : 0LL);
        usage_sql(&r->site, text);
    }
}

/* RP-C7 over Novembers: 8,650 kWh at 2,840, then 8,120 kWh at 2,510 degree days. */
static void test_this_winter_beside_the_last_one(void **state)
{
    (void)state;
    struct usage_rig r;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 3, 0, "household", "Wh", 3);
    heng_day then = heng_day_of_date(2022, 11, 1), now = heng_day_of_date(2023, 11, 1);
    fill(&r, 100, then, then + 30, 8650, 28400);
    fill(&r, 100, now, now + 30, 8120, 25100);
    r.ask.from = now;
    r.ask.to = now + 30;
    struct heng_comparison made = compare(&r, 100);
    assert_true(made.year_ago.is && made.year_ago.from == then && made.year_ago.to == then + 30);
    assert_opt(made.year_ago.change.change_pct, "-6.13");
    assert_opt(made.year_ago.change.corrected_change_pct, "6.21");
    assert_false(made.before.is); /* nothing is known of October: said, not zero */
    assert_non_null(made.before.why);
    assert_true(made.before.from == heng_day_of_date(2023, 10, 1) && made.before.to == now);

    usage_put(r.store, HENG_USAGE_MEASURED, 100, now + 3 - USAGE_DAY, 3, 5, HENG_TRUST_MISSING);
    made = compare(&r, 100);
    assert_non_null(made.why);
    assert_false(made.year_ago.is || made.has_among || made.per_m2.is);
    usage_rig_close(&r);
}

/* RP-C9: 1520.40 GJ in 120 days on 4,830 m2. */
static void test_use_for_each_square_metre(void **state)
{
    (void)state;
    struct usage_rig r;
    usage_rig_open(&r);
    usage_sql(&r.site, "UPDATE place SET area_cm2 = 48300000 WHERE id = 3");
    usage_point(&r.site, 100, 3, 0, "household", "J", 7);
    for (int day = 0; day < 120; day++)
        usage_put(r.store, HENG_USAGE_MEASURED, 100, day, 7, day ? 0 : 152040, HENG_TRUST_VALID);
    r.ask.to = USAGE_DAY + 120;
    struct heng_comparison made = compare(&r, 100);
    assert_opt(made.watt_per_m2, "30.36");
    assert_opt(made.per_m2, "314782608.6957"); /* J: 0.3148 GJ */
    usage_rig_close(&r);
}

/* Five flats below one meter: 10, 20, 30, 40 kWh, one without a value, one that counts water. */
static void test_one_among_others(void **state)
{
    (void)state;
    struct usage_rig r;
    usage_rig_open(&r);
    usage_sql(&r.site, "UPDATE place SET area_cm2 = 500000 WHERE id IN (3, 4)");
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    for (int i = 1; i <= 6; i++) usage_point(&r.site, 100 + i, 3 + i % 2, 100, "household", i == 6 ? "m3" : "Wh", 3);
    usage_point(&r.site, 110, 3, 100, "shop", "Wh", 3); /* no household */
    for (int i = 1; i <= 4; i++) usage_of(r.store, 100 + i, 3, 10 * i);
    usage_of(r.store, 106, 3, 1);
    usage_of(r.store, 110, 3, 999);
    struct heng_comparison made = compare(&r, 103);
    assert_true(made.has_among && made.by_m2);
    assert_int_equal(made.among.rank, 2);
    assert_int_equal(made.among.of, 4);
    assert_opt(made.among.median, "400.0000"); /* Wh per m2 */
    assert_opt(made.among.to_median_pct, "50.00");
    assert_int_equal(made.left_out, 1);
    assert_int_equal(made.unlike, 1);
    assert_int_equal(made.peers[0].point_id, 104);
    usage_sql(&r.site, "UPDATE place SET area_cm2 = 0 WHERE id = 4"); /* then by what they used */
    made = compare(&r, 104);
    assert_false(made.by_m2);
    usage_rig_close(&r);
}

static void test_neighbours_of_another_organisation_are_not_told(void **state)
{
    (void)state;
    struct usage_rig r;
    struct heng_err err;
    struct heng_comparison made;
    struct heng_habits_view habits;
    usage_rig_open(&r);
    usage_sql(&r.site, "INSERT INTO org (id, key, name) VALUES (11, 'a', 'A'), (12, 'b', 'B')");
    usage_sql(&r.site, "UPDATE place SET managed_by = CASE WHEN id = 4 THEN 12 ELSE 11 END");
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    usage_point(&r.site, 101, 3, 100, "household", "Wh", 3);
    usage_point(&r.site, 102, 4, 100, "household", "Wh", 3);
    usage_of(r.store, 101, 3, 10);
    usage_of(r.store, 102, 3, 20);
    r.ask.scope = 11;
    made = compare(&r, 101);
    assert_int_equal(made.peer_n, 0);
    assert_false(made.among.median.is);
    assert_int_equal(heng_view_comparison(r.reader, &r.arena, &r.days, &r.ask, 102, "", &made, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_view_habits(r.reader, &r.arena, &r.days, &r.ask, 102, &habits, &err), HENG_ENOTFOUND);
    assert_ok(heng_view_habits(r.reader, &r.arena, &r.days, &r.ask, 101, &habits, &err));
    usage_rig_close(&r);
}

/* Quarter hours of two days: 2 units each, a peak at 19:00 of the second, and 12 m3 that gave off 28 kWh a day. */
static void test_habits_of_a_heat_meter(void **state)
{
    (void)state;
    struct usage_rig r;
    struct heng_err err;
    struct heng_habits_view view;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 3, 0, "household", "Wh", 2);
    usage_sql(&r.site, "UPDATE channel SET interval_minutes = 15 WHERE id = 100");
    usage_sql(&r.site, "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) "
                       "VALUES (101, 100, 'volume', 'm3', -2, 1440, 0)");
    for (int day = 0; day < 2; day++) {
        struct heng_usage_row row = {
            .channel_id = 100, .day = USAGE_DAY + day, .exp = 2, .trust = HENG_TRUST_VALID, .count = 96};
        for (int i = 0; i < 96; i++) {
            row.amounts[i] = day && i == 76 ? 90 : 2;
            row.trusts[i] = HENG_TRUST_VALID;
            row.amount += row.amounts[i];
        }
        assert_ok(heng_store_begin(r.store, &err));
        assert_ok(heng_store_put_usage(r.store, HENG_USAGE_MEASURED, &row, &err));
        assert_ok(heng_store_commit(r.store, &err));
        usage_put(r.store, HENG_USAGE_MEASURED, 101, day, -2, 1200, HENG_TRUST_VALID);
    }
    r.ask.to = USAGE_DAY + 2;
    assert_ok(heng_view_habits(r.reader, &r.arena, &r.days, &r.ask, 100, &view, &err));
    const struct heng_habits_found *f = view.found;
    assert_int_equal(view.minutes, 15);
    assert_int_equal(f->days, 2);
    assert_int_equal(f->peak.amount, 90);
    assert_true(f->peak.from_us == heng_day_from_us(&r.days.rule, USAGE_DAY + 1) + INT64_C(19) * 3600 * HENG_US_PER_S);
    assert_int_equal(f->night.median, 8);
    assert_int_equal(f->base.days, 2);
    assert_int_equal(view.spread_days, 2);
    assert_int_equal(view.low_spread_days, 2); /* 19.2 kWh / (12 m3 x 1.163) = 1.4 K */
    assert_opt(view.spread, "1.69");           /* 47.2 kWh / (24 m3 x 1.163) */
    r.ask.to = r.ask.from + HENG_HABITS_DAYS_MAX + 1;
    assert_int_equal(heng_view_habits(r.reader, &r.arena, &r.days, &r.ask, 100, &view, &err), HENG_ERANGE);
    usage_rig_close(&r);
}

/* Common area = main - flat, in hours; the flat counts in J. On the second day the flat has nothing. */
static void test_habits_of_a_sum(void **state)
{
    (void)state;
    struct usage_rig r;
    struct heng_err err;
    struct heng_habits_view view;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    usage_point(&r.site, 101, 3, 100, "household", "J", 6);
    usage_sql(&r.site, "UPDATE channel SET interval_minutes = 60 WHERE id IN (100, 101)");
    usage_sql(&r.site, "INSERT INTO point (id, place_id, medium, key, kind) VALUES (105, 1, 'heat', 'V', 'virtual')");
    usage_sql(&r.site, "INSERT INTO point_term (point_id, of_id, factor_num, factor_den) "
                       "VALUES (105, 100, 1, 1), (105, 101, -1, 1)");
    for (int day = 0; day < 2; day++) {
        for (int of = 0; of < 2 - day; of++) {
            struct heng_usage_row row = {.channel_id = 100 + of,
                                         .day = USAGE_DAY + day,
                                         .exp = of ? 6 : 3,
                                         .trust = HENG_TRUST_VALID,
                                         .count = 24};
            for (int i = 0; i < 24; i++) {
                row.amounts[i] = of ? 36 : i == 7 ? 30 : 12; /* 36 MJ are 10 kWh */
                row.trusts[i] = HENG_TRUST_VALID;
                row.amount += row.amounts[i];
            }
            assert_ok(heng_store_begin(r.store, &err));
            assert_ok(heng_store_put_usage(r.store, HENG_USAGE_MEASURED, &row, &err));
            assert_ok(heng_store_commit(r.store, &err));
        }
    }
    r.ask.to = USAGE_DAY + 2;
    assert_ok(heng_view_habits(r.reader, &r.arena, &r.days, &r.ask, 105, &view, &err));
    assert_true(view.unit == HENG_UNIT_WH && view.minutes == 60 && view.exp == 3);
    assert_int_equal(view.found->days, 2);
    assert_int_equal(view.found->total, 23 * 2 + 20);
    assert_int_equal(view.found->peak.amount, 20);
    assert_int_equal(view.found->intervals, 24);
    assert_int_equal(view.found->left_out, 24); /* missing, not what the main meter counted */
    usage_sql(&r.site, "INSERT INTO point_term (point_id, of_id, factor_num, factor_den) VALUES (105, 105, 1, 1)");
    assert_int_equal(heng_view_habits(r.reader, &r.arena, &r.days, &r.ask, 105, &view, &err), HENG_ERANGE);
    usage_rig_close(&r);
}

static void test_exchanged_meters_are_suspected(void **state)
{
    (void)state;
    struct usage_rig r;
    struct heng_err err;
    struct heng_swaps_view view;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    for (int i = 1; i <= 4; i++) usage_point(&r.site, 100 + i, 3, 100, "household", "Wh", 3);
    assert_ok(heng_store_begin(r.store, &err));
    for (int day = 0; day < 42; day++) {
        for (int i = 1; i <= 4; i++) {
            int of = day < 28 || i == 2 || i == 3 ? i : 5 - i; /* 1 and 4 since day 28 */
            struct heng_usage_row row = {.channel_id = 100 + i,
                                         .day = USAGE_DAY + day,
                                         .exp = 3,
                                         .trust = HENG_TRUST_VALID,
                                         .count = 1,
                                         .amount = 10 * of * of + (day * 7 + i * 3) % 5};
            row.amounts[0] = row.amount;
            row.trusts[0] = HENG_TRUST_VALID;
            assert_ok(heng_store_put_usage(r.store, HENG_USAGE_MEASURED, &row, &err));
        }
    }
    assert_ok(heng_store_commit(r.store, &err));
    r.ask.to = USAGE_DAY + 42;
    assert_ok(heng_view_swaps(r.reader, &r.arena, &r.days, &r.ask, 100, USAGE_DAY + 28, &view, &err));
    assert_int_equal(view.n, 1);
    assert_true(view.items[0].a.point_id == 101 && view.items[0].b.point_id == 104);
    assert_int_equal(heng_view_swaps(r.reader, &r.arena, &r.days, &r.ask, 100, USAGE_DAY, &view, &err), HENG_ERANGE);
    usage_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_this_winter_beside_the_last_one),
        cmocka_unit_test(test_use_for_each_square_metre),
        cmocka_unit_test(test_one_among_others),
        cmocka_unit_test(test_neighbours_of_another_organisation_are_not_told),
        cmocka_unit_test(test_habits_of_a_heat_meter),
        cmocka_unit_test(test_habits_of_a_sum),
        cmocka_unit_test(test_exchanged_meters_are_suspected),
    };
    return small_site_run(tests, 0);
}
