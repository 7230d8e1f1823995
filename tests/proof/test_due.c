/* What a bill waits for: frozen values of the due dates, read windows, power cuts, meters that were away. */
#include "base/zone.h"
#include "bus_rig.h"

enum { DUES_MAX = 64 };

/* Due-date reads that came, by meter. */
struct dues {
    heng_us due[RIG_METERS_MAX][DUES_MAX];
    uint16_t back[RIG_METERS_MAX][DUES_MAX];
    unsigned n[RIG_METERS_MAX];
    unsigned outside; /* requests where nothing may be asked */
    heng_us wall;
};

static unsigned minute_of(heng_us wall_us) { return (unsigned)(wall_us / (60 * HENG_US_PER_S) % 1440); }

static void on_action(struct rig *rig, const struct heng_line_action *action)
{
    struct dues *d = rig->owner;
    const struct heng_line_result *r = &action->result;
    if (action->kind == HENG_LINE_SEND) {
        unsigned minute = minute_of(d->wall + rig->now);
        d->outside += minute >= 8 * 60 && minute < 18 * 60;
    }
    if (action->kind != HENG_LINE_RESULT || !r->due_us || r->stage != HENG_STAGE_CONFIRMED) return;
    size_t meter = (size_t)r->read->device_id - 1;
    assert_true(d->n[meter] < DUES_MAX);
    d->back[meter][d->n[meter]] = r->order.back;
    d->due[meter][d->n[meter]++] = r->due_us;
}

/* Due on the first of each month at 00:05, read at night only, in UTC. */
static const struct heng_schedule nightly = {.id = 3,
                                             .name = "nightly",
                                             .period_s = 3600,
                                             .due_days = 1,
                                             .due_minute = 5,
                                             .read_window_count = 1,
                                             .read_windows = {{18 * 60, 8 * 60}}};

static struct rig *line_of(const char *name, heng_protocol protocol, size_t count, struct dues *dues,
                           const struct heng_schedule *schedule)
{
    struct rig *rig = rig_new(name, protocol, count, 2400, 0, 8);
    rig->config.schedules = schedule;
    rig->config.schedule_count = 1;
    for (size_t i = 0; i < count; i++) rig->meters[i].schedule_id = schedule->id;
    rig->on_action = on_action;
    rig->owner = dues;
    dues->wall = RIG_WALL_US;
    return rig;
}

static bool has_due(const struct dues *d, size_t meter, heng_us due)
{
    for (unsigned i = 0; i < d->n[meter]; i++)
        if (d->due[meter][i] == due) return true;
    return false;
}

static heng_us month_us(int year, int month)
{
    const struct heng_civil at = {.year = (int16_t)year, .month = (uint8_t)month, .day = 1, .hour = 0, .minute = 5};
    return heng_civil_to_us(&at);
}

static heng_us until(int year, int month, int day, int hour)
{
    const struct heng_civil at = {
        .year = (int16_t)year, .month = (uint8_t)month, .day = (uint8_t)day, .hour = (uint8_t)hour};
    return heng_civil_to_us(&at) - RIG_WALL_US;
}

/* Five of them are away over two due dates, and one comes back in the middle of a day: all of it is fetched. */
static void missed_due_dates_are_fetched(heng_protocol protocol, const char *name)
{
    static struct dues dues;
    memset(&dues, 0, sizeof dues);
    struct rig *rig = line_of(name, protocol, 20, &dues, &nightly);
    rig_start(rig);
    rig_run(rig, until(2026, 2, 2, 12));
    for (size_t i = 0; i < 20; i++) assert_true(has_due(&dues, i, month_us(2026, 2)));
    for (size_t i = 3; i < 8; i++) heng_sim_bus_set_fate(rig->bus, i, HENG_SIM_FATE_DEAD);
    rig_run(rig, until(2026, 4, 10, 12));
    for (size_t i = 3; i < 8; i++) {
        assert_false(has_due(&dues, i, month_us(2026, 3)));
        heng_sim_bus_set_fate(rig->bus, i, HENG_SIM_FATE_ALIVE);
    }
    rig_run(rig, until(2026, 4, 12, 12));
    unsigned missing = 0;
    for (size_t i = 0; i < 20; i++)
        for (int month = 2; month <= 4; month++) {
            bool there = has_due(&dues, i, month_us(2026, month));
            if (!there) print_error("%s: meter %zu: month %d is missing\n", name, i + 1, month);
            missing += !there;
        }
    print_message(
        "# %-20s 20 meters, 5 away for two due dates: %u of 60 due-date reads missing, %u requests outside of "
        "the window, %llu reads\n",
        name, missing, dues.outside, (unsigned long long)rig->book.ok);
    assert_int_equal(missing, 0);
    assert_int_equal(dues.outside, 0);
    rig_must_be_true(rig);
    rig_free(rig);
}

static void missed_due_dates_of_dlt645(void **state)
{
    (void)state;
    missed_due_dates_are_fetched(HENG_PROTOCOL_DLT645_2007, "DL/T 645");
}

static void missed_due_dates_of_cjt188(void **state)
{
    (void)state;
    missed_due_dates_are_fetched(HENG_PROTOCOL_CJT188, "CJ/T 188");
}

/* The storage values of M-Bus come with a plain read: the last due date is there, whenever the meter is back. */
static void due_dates_of_mbus(void **state)
{
    (void)state;
    static struct dues dues;
    memset(&dues, 0, sizeof dues);
    struct rig *rig = line_of("M-Bus", HENG_PROTOCOL_MBUS, 20, &dues, &nightly);
    rig_start(rig);
    rig_run(rig, until(2026, 2, 2, 12));
    heng_sim_bus_set_cut(rig->bus, 0);
    rig_run(rig, until(2026, 3, 10, 12));
    heng_sim_bus_set_cut(rig->bus, 20);
    rig_run(rig, until(2026, 3, 11, 12));
    for (size_t i = 0; i < 20; i++) {
        assert_true(has_due(&dues, i, month_us(2026, 2)));
        assert_true(has_due(&dues, i, month_us(2026, 3)));
    }
    rig_must_be_true(rig);
    rig_free(rig);
}

/* The power is off by day: nothing is asked, nobody is blamed. */
static void power_off_blames_nobody(void **state)
{
    (void)state;
    static struct dues dues;
    static const struct heng_schedule powered_at_night = {
        .id = 4, .name = "powered at night", .period_s = 900, .power_off_count = 1, .power_off = {{8 * 60, 18 * 60}}};
    memset(&dues, 0, sizeof dues);
    struct rig *rig = line_of("powered at night", HENG_PROTOCOL_CJT188, 30, &dues, &powered_at_night);
    rig_start(rig);
    for (int day = 16; day < 23; day++) {
        rig_run(rig, until(2026, 1, day, 8));
        heng_sim_bus_set_cut(rig->bus, 0);
        rig_run(rig, until(2026, 1, day, 18));
        heng_sim_bus_set_cut(rig->bus, 30);
    }
    struct heng_line_vitals vitals;
    heng_line_vitals_now(rig->line, &vitals);
    print_message("# %-20s a week: %llu reads ok, %llu failed, %u requests without power, %u in quarantine\n",
                  rig->name, (unsigned long long)rig->book.ok, (unsigned long long)rig->book.failed, dues.outside,
                  vitals.quarantined);
    assert_int_equal(dues.outside, 0);
    assert_int_equal(rig->book.failed, 0);
    assert_int_equal(vitals.quarantined, 0);
    assert_true(rig->book.ok >= 30u * 6 * 14 * 4);
    rig_free(rig);
}

/* At 02:30 by the clock on the wall, through both changes of a year: once in each night, also in the one that has no
 * 02:30 and in the one that has two. */
static void both_changes_of_the_clock(void **state)
{
    (void)state;
    static struct dues dues;
    static const struct heng_schedule half_past_two = {
        .id = 5, .name = "half past two", .times = {150}, .time_count = 1};
    static const struct {
        int month, day;
    } nights[] = {{3, 29}, {10, 25}}; /* 2026 */
    struct heng_zone *zone;
    struct heng_err err;
    memset(&dues, 0, sizeof dues);
    if (heng_zone_open("Europe/Berlin", &zone, &err) != HENG_OK) fail_msg("%s", err.text);
    struct rig *rig = line_of("02:30 in Berlin", HENG_PROTOCOL_CJT188, 10, &dues, &half_past_two);
    rig->config.zone = zone;
    rig_start(rig);
    for (unsigned i = 0; i < 2; i++) {
        rig_run(rig, until(2026, nights[i].month, nights[i].day - 2, 12));
        for (int day = -1; day <= 2; day++) {
            uint64_t before = rig->book.ok;
            rig_run(rig, until(2026, nights[i].month, nights[i].day + day, 12));
            if (rig->book.ok - before != rig->count)
                fail_msg("%d-%02d: %llu reads of %zu meters", nights[i].month, nights[i].day + day,
                         (unsigned long long)(rig->book.ok - before), rig->count);
        }
    }
    rig_must_be_true(rig);
    rig_free(rig);
    heng_zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missed_due_dates_of_dlt645), cmocka_unit_test(missed_due_dates_of_cjt188),
        cmocka_unit_test(due_dates_of_mbus),          cmocka_unit_test(power_off_blames_nobody),
        cmocka_unit_test(both_changes_of_the_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
