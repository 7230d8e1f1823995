/* In minus out, from source to household: worked examples, units, estimates, what others manage, virtual points. */
#include "unit/usage/usage_site.h"

static struct heng_loss loss_of(struct usage_rig *r, int64_t point_id)
{
    struct heng_err err;
    struct heng_loss loss;
    assert_ok(heng_view_loss(r->reader, &r->arena, &r->days, &r->ask, point_id, &loss, &err));
    return loss;
}

/* CN-C14: 1520.40 GJ leave the source, 1462.15 reach three stations; the first gives 488.59 to four buildings (exp 7 of
 * J is 0.01 GJ), the households of a building count 441.37. */
static void make_source(struct usage_rig *r)
{
    static const int64_t stations[] = {51233, 48810, 46172}, buildings[] = {11820, 13105, 9644, 14290};
    usage_point(&r->site, 100, 1, 0, "source", "J", 7);
    usage_of(r->store, 100, 7, 152040);
    for (int i = 0; i < 3; i++) {
        usage_point(&r->site, 110 + i, 1, 100, "station", "J", 7);
        usage_of(r->store, 110 + i, 7, stations[i]);
    }
    for (int i = 0; i < 4; i++) {
        usage_point(&r->site, 120 + i, 1, 110, "building", "J", 7);
        usage_of(r->store, 120 + i, 7, buildings[i]);
    }
}

static void test_from_source_to_building(void **state)
{
    (void)state;
    struct usage_rig r;
    struct heng_err err;
    usage_rig_open(&r);
    make_source(&r);
    struct heng_loss primary = loss_of(&r, 100), secondary = loss_of(&r, 110);
    assert_dec(primary.balance.loss.dec, "58250000000"); /* 58.25 GJ */
    assert_opt(primary.balance.loss_pct, "3.83");
    assert_opt(secondary.balance.loss_pct, "4.63");
    assert_int_equal(primary.depth, 0);
    assert_int_equal(secondary.depth, 1);
    assert_int_equal(primary.part_n, 4);
    struct heng_losses all;
    assert_ok(heng_view_losses(r.reader, &r.arena, &r.days, &r.ask, 0, &all, &err));
    assert_int_equal(all.n, 2);
    assert_int_equal(all.items[0].point.point_id, 110); /* the worse one first */
    assert_ok(heng_view_losses(r.reader, &r.arena, &r.days, &r.ask, 3, &all, &err));
    assert_int_equal(all.n, 0); /* nothing of the kind in flat 101 */
    usage_rig_close(&r);
}

/* The plate of a meter says how far its amount can be believed; who asks can say it for all of them. */
static void test_band_by_accuracy_class(void **state)
{
    struct usage_rig r;
    (void)state;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 1, 0, "building", "J", 7);
    usage_point(&r.site, 101, 3, 100, "household", "J", 7);
    usage_of(r.store, 100, 7, 100000);
    usage_of(r.store, 101, 7, 98000);
    const struct heng_opt_dec by_medium = loss_of(&r, 100).balance.band;
    r.ask.error_permyriad = 300;
    assert_int_equal(loss_of(&r, 100).balance.band.dec.mantissa, by_medium.dec.mantissa);
    r.ask.error_permyriad = 200;
    const struct heng_opt_dec of_class_1 = loss_of(&r, 100).balance.band;
    r.ask.error_permyriad = 0;
    usage_sql(&r.site, "INSERT INTO device (id, number, manufacturer, medium, protocol, profile, accuracy_class) "
                       "VALUES (900, 'a', 'HNG', 'heat', 'mbus', '', '1'), (901, 'b', 'HNG', 'heat', 'mbus', '', '9')");
    usage_sql(&r.site, "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (900, 900, 100, 1), "
                       "(901, 901, 101, 1)");
    /* A class that heat meters do not have says nothing: between the two. */
    int64_t mixed = loss_of(&r, 100).balance.band.dec.mantissa;
    assert_true(mixed < by_medium.dec.mantissa && mixed > of_class_1.dec.mantissa);
    usage_sql(&r.site, "UPDATE device SET accuracy_class = '1' WHERE id = 901");
    assert_int_equal(loss_of(&r, 100).balance.band.dec.mantissa, of_class_1.dec.mantissa);
    usage_rig_close(&r);
}

/* RP-C6: 152,300 in, 141,877 out, 1,210 own use; and a check meter, which measures what others measure. */
static void test_own_use_is_no_loss(void **state)
{
    (void)state;
    struct usage_rig r;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    usage_point(&r.site, 101, 3, 100, "household", "Wh", 3);
    usage_point(&r.site, 102, 4, 100, "household", "Wh", 2);
    usage_point(&r.site, 103, 1, 100, "common", "Wh", 3);
    usage_point(&r.site, 104, 4, 100, "check", "Wh", 3);
    usage_of(r.store, 100, 3, 152300);
    usage_of(r.store, 101, 3, 100000);
    usage_of(r.store, 102, 2, 418770);
    usage_of(r.store, 103, 3, 1210);
    usage_of(r.store, 104, 3, 41000);
    struct heng_loss loss = loss_of(&r, 100);
    assert_dec(loss.balance.loss.dec, "9213000");
    assert_opt(loss.balance.loss_pct, "6.05");
    assert_int_equal(loss.balance.state, HENG_BALANCE_OK);
    assert_dec(loss.balance.own, "1210000");
    assert_int_equal(loss.balance.area_permyriad, 10000); /* both flats have an area */
    usage_rig_close(&r);
}

/* Main in MWh, flats in GJ: exactly, and one that counts water is told, not added. */
static void test_units_are_converted_or_refused(void **state)
{
    (void)state;
    struct usage_rig r;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 6);
    usage_point(&r.site, 101, 3, 100, "household", "J", 9);
    usage_of(r.store, 100, 6, 10); /* 10 MWh */
    usage_of(r.store, 101, 9, 36); /* 36 GJ */
    struct heng_loss loss = loss_of(&r, 100);
    assert_int_equal(heng_dec_cmp(loss.balance.loss.dec, (struct heng_dec){0}), 0);
    usage_point(&r.site, 102, 4, 100, "household", "m3", 0);
    usage_of(r.store, 102, 0, 5);
    loss = loss_of(&r, 100);
    assert_int_equal(loss.balance.state, HENG_BALANCE_CANNOT_SAY);
    assert_int_equal(loss.balance.why, HENG_BALANCE_WHY_UNLIKE);
    assert_false(loss.balance.loss.is);
    usage_rig_close(&r);
}

/* More came out than went in: said as it is. A day is missing: nothing is said. 7 % are estimated: nothing is said. */
static void test_what_cannot_be_concluded_is_not(void **state)
{
    (void)state;
    struct usage_rig r;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    usage_point(&r.site, 101, 3, 100, "household", "Wh", 3);
    usage_point(&r.site, 102, 4, 100, "household", "Wh", 3);
    usage_of(r.store, 100, 3, 1000);
    usage_of(r.store, 101, 3, 930);
    usage_of(r.store, 102, 3, 170);
    struct heng_loss loss = loss_of(&r, 100);
    assert_int_equal(loss.balance.state, HENG_BALANCE_NEGATIVE);
    assert_opt(loss.balance.loss_pct, "-10.00");

    usage_put(r.store, HENG_USAGE_MEASURED, 102, 0, 3, 20, HENG_TRUST_MISSING); /* what is known of it is no day */
    loss = loss_of(&r, 100);
    assert_int_equal(loss.balance.why, HENG_BALANCE_WHY_MISSING);
    assert_int_equal(loss.balance.share_permyriad, 5000);

    usage_put(r.store, HENG_USAGE_ESTIMATE, 102, 0, 3, 70, HENG_TRUST_ESTIMATED);
    loss = loss_of(&r, 100);
    assert_int_equal(loss.balance.why, HENG_BALANCE_WHY_ESTIMATED);
    assert_int_equal(loss.balance.share_permyriad, 700);
    assert_int_equal(loss.balance.estimated, 1);
    r.ask.limits.estimated_max = 800;
    loss = loss_of(&r, 100);
    assert_opt(loss.balance.loss_pct, "0.00");
    assert_true(loss.balance.band.is && loss.balance.band.dec.mantissa > 0);

    r.ask.to++; /* the second day has nothing at all */
    assert_int_equal(loss_of(&r, 100).balance.why, HENG_BALANCE_WHY_INPUT_MISSING);
    usage_rig_close(&r);
}

/* A flat that was closed before the day, or opened behind it, is no missing one. */
static void test_points_count_while_they_are_open(void **state)
{
    (void)state;
    struct usage_rig r;
    char text[160];
    usage_rig_open(&r);
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    for (int i = 1; i <= 3; i++) usage_point(&r.site, 100 + i, 3, 100, "household", "Wh", 3);
    usage_of(r.store, 100, 3, 100);
    usage_of(r.store, 101, 3, 95);
    heng_us from = heng_day_from_us(&r.days.rule, USAGE_DAY);
    snprintf(text, sizeof text, "UPDATE point SET closed_us = %lld WHERE id = 102", (long long)from);
    usage_sql(&r.site, text);
    snprintf(text, sizeof text, "UPDATE point SET opened_us = %lld WHERE id = 103",
             (long long)(from + HENG_US_PER_DAY + 5));
    usage_sql(&r.site, text);
    struct heng_loss loss = loss_of(&r, 100);
    assert_int_equal(loss.balance.children, 1);
    assert_opt(loss.balance.loss_pct, "5.00");
    usage_rig_close(&r);
}

/* The building is managed by one organisation, flat 102 by another. */
static void test_what_another_manages_stays_with_them(void **state)
{
    (void)state;
    struct usage_rig r;
    struct heng_err err;
    struct heng_loss loss;
    usage_rig_open(&r);
    usage_sql(&r.site, "INSERT INTO org (id, key, name) VALUES (11, 'a', 'A'), (12, 'b', 'B')");
    usage_sql(&r.site, "UPDATE place SET managed_by = CASE WHEN id = 4 THEN 12 ELSE 11 END");
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    usage_point(&r.site, 101, 3, 100, "household", "Wh", 3);
    usage_point(&r.site, 102, 4, 100, "household", "Wh", 3);
    usage_of(r.store, 100, 3, 1000);
    usage_of(r.store, 101, 3, 500);
    usage_of(r.store, 102, 3, 477);
    r.ask.scope = 11;
    loss = loss_of(&r, 100);
    assert_int_equal(loss.others, 1);
    assert_int_equal(loss.balance.why, HENG_BALANCE_WHY_MISSING);
    assert_dec(loss.balance.out, "500000"); /* nothing of 477 */
    for (size_t i = 0; i < loss.part_n; i++) {
        const struct heng_point_usage *p = &loss.parts[i].amount.point;
        if (p->point_id != 102) continue;
        assert_true(!p->visible && !p->name[0] && !p->key[0] && !p->place[0] && !p->area_cm2);
        assert_int_equal(loss.parts[i].amount.amount.mantissa, 0);
    }
    struct heng_losses all;
    r.ask.scope = 12;
    assert_int_equal(heng_view_loss(r.reader, &r.arena, &r.days, &r.ask, 100, &loss, &err), HENG_ENOTFOUND);
    char as_if_gone[sizeof err.text];
    memcpy(as_if_gone, err.text, sizeof as_if_gone);
    assert_ok(heng_view_losses(r.reader, &r.arena, &r.days, &r.ask, 0, &all, &err));
    assert_int_equal(all.n, 0);
    usage_sql(&r.site, "DELETE FROM usage_day");
    usage_sql(&r.site, "DELETE FROM channel WHERE point_id >= 100");
    usage_sql(&r.site, "UPDATE point SET main_id = NULL");
    usage_sql(&r.site, "DELETE FROM point WHERE id = 100");
    assert_int_equal(heng_view_loss(r.reader, &r.arena, &r.days, &r.ask, 100, &loss, &err), HENG_ENOTFOUND);
    assert_string_equal(err.text, as_if_gone); /* the answer does not tell whether there is one */
    usage_rig_close(&r);
}

static heng_rc amount_of(struct usage_rig *r, int64_t id, struct heng_point_amount *ret, struct heng_err *err)
{
    return heng_point_amount(r->reader, &r->days, r->ask.scope, id, r->ask.from, r->ask.to, ret, err);
}

/* Common area = main - flats; half of it again; what is missing in one is missing in the sum. */
static void test_virtual_points_are_sums(void **state)
{
    (void)state;
    struct usage_rig r;
    struct heng_err err;
    struct heng_point_amount amount;
    usage_rig_open(&r);
    usage_point(&r.site, 100, 1, 0, "building", "Wh", 3);
    usage_point(&r.site, 101, 3, 100, "household", "J", 6);
    usage_of(r.store, 100, 3, 500);
    usage_of(r.store, 101, 6, 1008); /* 280 kWh */
    usage_sql(&r.site, "INSERT INTO point (id, place_id, medium, key, kind) VALUES (105, 1, 'heat', 'V', 'virtual'), "
                       "(106, 1, 'heat', 'W', 'virtual'), (107, 1, 'heat', 'X', 'virtual')");
    usage_sql(&r.site, "INSERT INTO point_term (point_id, of_id, factor_num, factor_den) "
                       "VALUES (105, 100, 1, 1), (105, 101, -1, 1), (106, 105, 1, 2), (107, 106, 1, 1)");
    assert_ok(amount_of(&r, 105, &amount, &err));
    assert_true(amount.has_amount && amount.unit == HENG_UNIT_WH);
    assert_int_equal(heng_dec_cmp(amount.amount, (struct heng_dec){220, 3}), 0);
    assert_ok(amount_of(&r, 107, &amount, &err));
    assert_int_equal(heng_dec_cmp(amount.amount, (struct heng_dec){110, 3}), 0);

    usage_put(r.store, HENG_USAGE_MEASURED, 101, 0, 6, 1000, HENG_TRUST_SUSPECT);
    assert_ok(amount_of(&r, 105, &amount, &err));
    assert_int_equal(amount.point.worst_trust, HENG_TRUST_SUSPECT);
    assert_true(amount.doubtful.mantissa > 0); /* also of what is taken away */
    usage_put(r.store, HENG_USAGE_MEASURED, 101, 0, 6, 0, HENG_TRUST_MISSING);
    assert_ok(amount_of(&r, 107, &amount, &err));
    assert_false(amount.has_amount);

    usage_sql(&r.site, "INSERT INTO point_term (point_id, of_id, factor_num, factor_den) VALUES (105, 107, 1, 1)");
    assert_int_equal(amount_of(&r, 107, &amount, &err), HENG_ECONFLICT);
    assert_int_equal(amount_of(&r, 9999, &amount, &err), HENG_ENOTFOUND);
    r.ask.to = r.ask.from;
    assert_int_equal(amount_of(&r, 100, &amount, &err), HENG_ERANGE);
    usage_rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_source_to_building),
        cmocka_unit_test(test_band_by_accuracy_class),
        cmocka_unit_test(test_own_use_is_no_loss),
        cmocka_unit_test(test_units_are_converted_or_refused),
        cmocka_unit_test(test_what_cannot_be_concluded_is_not),
        cmocka_unit_test(test_points_count_while_they_are_open),
        cmocka_unit_test(test_what_another_manages_stays_with_them),
        cmocka_unit_test(test_virtual_points_are_sums),
    };
    return small_site_run(tests, 0);
}
