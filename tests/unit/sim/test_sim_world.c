#include "sim_case.h"

#include <math.h>

static void test_same_seed_same_world(void **state)
{
    (void)state;
    static struct building a, b, c;
    build(&a, 7, JANUARY_US);
    build(&b, 7, JANUARY_US);
    build(&c, 8, JANUARY_US);
    heng_sim_world_advance(&a.world, JANUARY_US + 3600 * HENG_US_PER_S);
    for (unsigned minute = 1; minute <= 60; minute++) /* in portions that are no multiple of the step */
        heng_sim_world_advance(&b.world, JANUARY_US + minute * 60 * HENG_US_PER_S - (minute < 60 ? 1234567 : 0));
    heng_sim_world_advance(&c.world, JANUARY_US + 3600 * HENG_US_PER_S);
    assert_true(a.world.now_us == b.world.now_us);
    unsigned different = 0;
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        assert_true(a.world.heat[i].energy_wh == b.world.heat[i].energy_wh);
        assert_true(a.world.water[i].volume_l == b.world.water[i].volume_l);
        different += a.world.heat[i].energy_wh != c.world.heat[i].energy_wh;
    }
    assert_int_equal(different, HENG_SIM_FLATS);
}

/* Every minute of a day: what the meters show as power must add up to what they count as energy. */
static void test_energy_is_the_integral_of_power(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    double before[HENG_SIM_HEAT_METERS], sum_wh[HENG_SIM_HEAT_METERS] = {0};
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) before[i] = floor(b.world.heat[i].energy_wh);
    const unsigned steps = 86400 / HENG_SIM_STEP_S;
    for (unsigned n = 1; n <= steps; n++) {
        heng_sim_world_advance(&b.world, JANUARY_US + (heng_us)n * HENG_SIM_STEP_S * HENG_US_PER_S);
        for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++)
            sum_wh[i] += (double)llround(b.world.heat[i].power_w) * HENG_SIM_STEP_S / 3600.0;
    }
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) {
        double counted_wh = floor(b.world.heat[i].energy_wh) - before[i];
        /* Power is rounded to 1 W: at most 0.5 W over 24 h; energy to 1 Wh at both ends. */
        assert_true(fabs(counted_wh - sum_wh[i]) <= 12.0 + 1.0);
        assert_true(counted_wh > 1000.0);
    }
}

static double lost_share(const struct heng_sim_world *w)
{
    double flats_wh = 0;
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) flats_wh += w->heat[i].energy_wh;
    return 1.0 - flats_wh / w->heat[HENG_SIM_BUILDING].energy_wh;
}

static void test_building_meter_counts_the_flats_and_a_plausible_loss(void **state)
{
    (void)state;
    static const heng_us starts_us[] = {JANUARY_US, JANUARY_US - 60 * HENG_US_PER_DAY,
                                        JANUARY_US + 60 * HENG_US_PER_DAY};
    for (unsigned s = 0; s < 3; s++) {
        static struct building b;
        build(&b, 3 + s, starts_us[s]);
        double since_installation = lost_share(&b.world);
        assert_true(since_installation > 0.03 && since_installation < 0.12);
        struct heng_sim_world before = b.world;
        heng_sim_world_advance(&b.world, starts_us[s] + HENG_US_PER_DAY);
        double flats_wh = 0, building_wh;
        for (unsigned i = 0; i < HENG_SIM_FLATS; i++) flats_wh += b.world.heat[i].energy_wh - before.heat[i].energy_wh;
        building_wh = b.world.heat[HENG_SIM_BUILDING].energy_wh - before.heat[HENG_SIM_BUILDING].energy_wh;
        double today = 1.0 - flats_wh / building_wh;
        assert_true(today > 0.03 && today < 0.12);
    }
}

/* P = 1.151 kWh/(m3 K) * flow * difference, the test that a commissioning engineer makes by hand. */
static void test_power_fits_flow_and_temperatures(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 5, JANUARY_US);
    for (unsigned hour = 1; hour <= 24; hour++) {
        heng_sim_world_advance(&b.world, JANUARY_US + hour * 3600 * HENG_US_PER_S);
        for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) {
            const struct heng_sim_heat *h = &b.world.heat[i];
            assert_true(h->supply_c > h->return_c && h->return_c > 15.0 && h->supply_c < 80.0);
            assert_true(fabs(h->power_w - 1151.0 * h->flow_m3_h * (h->supply_c - h->return_c)) <
                        0.01 * h->power_w + 0.1);
        }
    }
}

static void test_water_is_drawn_like_by_people(void **state)
{
    (void)state;
    static struct building b;
    build(&b, 1, JANUARY_US);
    double before_l = 0, after_l = 0, persons = 0;
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        before_l += b.world.water[i].volume_l;
        persons += b.world.households[i].persons;
        assert_true(b.world.water[i].volume_l > 20000.0); /* lived in for two years */
    }
    for (unsigned day = 1; day <= 7; day++) heng_sim_world_advance(&b.world, JANUARY_US + day * HENG_US_PER_DAY);
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) after_l += b.world.water[i].volume_l;
    double per_person_day_l = (after_l - before_l) / persons / 7.0;
    assert_true(per_person_day_l > 90.0 && per_person_day_l < 135.0);
}

static void test_due_date_keeps_the_totals_of_the_first_of_the_month(void **state)
{
    (void)state;
    static struct building b;
    const heng_us last_minute_us = INT64_C(1769875140000000); /* 2026-01-31T15:59:00Z, 23:59 in Shanghai */
    build(&b, 2, last_minute_us);
    double old_due_wh = b.world.heat[4].due_energy_wh;
    struct heng_civil due = heng_sim_local(b.world.due_us);
    assert_int_equal(due.month, 1);
    assert_int_equal(due.day, 1);
    heng_sim_world_advance(&b.world, last_minute_us + 60 * HENG_US_PER_S);
    double at_midnight_wh = b.world.heat[4].energy_wh, at_midnight_l = b.world.water[4].volume_l;
    heng_sim_world_advance(&b.world, last_minute_us + 7200 * HENG_US_PER_S);
    due = heng_sim_local(b.world.due_us);
    assert_int_equal(due.month, 2);
    assert_true(b.world.heat[4].due_energy_wh == at_midnight_wh);
    assert_true(b.world.water[4].due_volume_l == at_midnight_l);
    assert_true(at_midnight_wh > old_due_wh && b.world.heat[4].energy_wh > at_midnight_wh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_world),
        cmocka_unit_test(test_energy_is_the_integral_of_power),
        cmocka_unit_test(test_building_meter_counts_the_flats_and_a_plausible_loss),
        cmocka_unit_test(test_power_fits_flow_and_temperatures),
        cmocka_unit_test(test_water_is_drawn_like_by_people),
        cmocka_unit_test(test_due_date_keeps_the_totals_of_the_first_of_the_month),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
