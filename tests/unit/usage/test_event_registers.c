/* Events of meters that count more than one thing: what is said of one register is never taken for another, nothing
 * that was taken back comes again, and every register can be told to the last unit. */
#include "unit/usage/usage_point.h"

#include "usage/date.h"
#include "usage/events.h"
#include "usage/usage.h"

#define QUARTER_US (15 * MINUTE_US)
#define NOW_US     (MONTH_US + 40 * HENG_US_PER_DAY)

/* Channel 9 at point 1 and 10 at point 2: another register, 20 + n of device n. volume: of water, else tariff 1. */
static void open_two(struct usage_point *s, bool volume)
{
    const char *what = volume ? "'volume', 0, 'm3'" : "'energy', 1, 'Wh'";
    char text[400];
    usage_point_open(s);
    for (int point = 1; point <= 2; point++) {
        snprintf(text, sizeof text,
                 "INSERT INTO channel (id, point_id, quantity, tariff, unit, qualifier, exp, interval_minutes, main) "
                 "VALUES (%d, %d, %s, '', 1, 15, 0)",
                 8 + point, point, what);
        assert_int_equal(small_site_sql(s->site.path, text), HENG_OK);
    }
    snprintf(text, sizeof text,
             "INSERT INTO register (id, device_id, quantity, tariff, unit, function, storage, subunit, qualifier) "
             "SELECT id + 20, id, %s, 'instantaneous', 0, 0, '' FROM device",
             what);
    assert_int_equal(small_site_sql(s->site.path, text), HENG_OK);
}

static void put_both(struct usage_point *s, int64_t device_id, heng_us at_us, int64_t first, int64_t second)
{
    static struct heng_reading reading;
    const struct heng_frame frames[1] = {{.at_us = at_us, .n = 2, .bytes = {0x68, 0x16}}};
    struct heng_err err;
    heng_stored stored;
    int64_t frame = 0;
    reading = (struct heng_reading){.device_id = device_id, .at_us = at_us, .source = HENG_SOURCE_LINE};
    reading.frame_count = 1;
    reading.value_count = 2;
    reading.values[0] = (struct heng_reading_value){.register_id = device_id, .has_value = true, .dec = {first, 1}};
    reading.values[1] =
        (struct heng_reading_value){.register_id = 20 + device_id, .has_value = true, .dec = {second, 1}};
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_add_reading(s->store, &reading, frames, &stored, &frame, &err));
    assert_ok(heng_store_commit(s->store, &err));
}

/* Readings number from .. to - 1: 10 steps a quarter of the first register, 4 of the second. */
static void put_run(struct usage_point *s, int64_t device_id, int from, int to, int64_t first, int64_t second)
{
    for (int i = from; i < to; i++)
        put_both(s, device_id, MONTH_US + i * QUARTER_US, first + 10 * (i - from), second + 4 * (i - from));
}

static struct heng_event_wish wish_of(heng_event_kind kind, int64_t point_id, heng_us at_us, const char *before,
                                      const char *after)
{
    struct heng_event_wish wish = {.event = {.kind = kind, .point_id = point_id, .at_us = at_us, .unit = "kWh"}};
    snprintf(wish.event.who, sizeof wish.event.who, "Li");
    snprintf(wish.event.reason, sizeof wish.event.reason, "as agreed");
    snprintf(wish.event.before, sizeof wish.event.before, "%s", before);
    snprintf(wish.event.after, sizeof wish.event.after, "%s", after);
    return wish;
}

static heng_rc add(struct usage_point *s, struct heng_event_wish *wish, const char *registers, int64_t *ret_id,
                   struct heng_err *err)
{
    wish->index_count = 0;
    assert_int_equal(heng_event_indexes_parse(registers, wish, err), HENG_OK);
    assert_int_equal(heng_store_begin(s->store, err), HENG_OK);
    heng_rc rc = heng_event_add(s->store, 0, wish, NOW_US, ret_id, err);
    if (rc == HENG_OK) return heng_store_commit(s->store, err);
    heng_store_rollback(s->store);
    return rc;
}

static int64_t must_add(struct usage_point *s, struct heng_event_wish wish, const char *registers)
{
    struct heng_err err;
    int64_t id = 0;
    assert_ok(add(s, &wish, registers, &id, &err));
    return id;
}

static void must_undo(struct usage_point *s, int64_t point_id, int64_t id)
{
    struct heng_event_wish wish = wish_of(HENG_EVENT_UNDO, point_id, 0, "", "");
    wish.event.undoes = id;
    must_add(s, wish, "");
}

static struct heng_event_wish install_of(int64_t device_id, const char *index)
{
    struct heng_event_wish wish = wish_of(HENG_EVENT_INSTALL, 1, MONTH_US, "", index);
    wish.event.device_id = device_id;
    return wish;
}

static void work(struct usage_point *s)
{
    struct heng_usage_worker *worker = NULL;
    struct heng_err err;
    uint32_t channels;
    bool left = true;
    assert_ok(heng_usage_worker_new(&worker, &err));
    while (left) {
        assert_ok(heng_store_begin(s->store, &err));
        assert_ok(heng_usage_work(worker, s->store, HENG_US_PER_S, &channels, &left, &err));
        assert_ok(heng_store_commit(s->store, &err));
    }
    heng_usage_worker_free(worker);
}

static int64_t total(struct usage_point *s, int channel_id)
{
    char text[100];
    snprintf(text, sizeof text, "SELECT coalesce(sum(amount), 0) FROM usage_day WHERE channel_id = %d", channel_id);
    return small_site_number(s->site.path, text);
}

static void expect(struct usage_point *s, int channel_id, int64_t amount)
{
    work(s);
    int64_t got = total(s, channel_id);
    if (got != amount) fail_msg("channel %d: %lld and not %lld", channel_id, (long long)got, (long long)amount);
}

/* All registers are set back. Without a word about the second one its interval is not known; with one it is exact. */
static void test_reset(void **state)
{
    struct usage_point s;
    (void)state;
    open_two(&s, false);
    must_add(&s, install_of(1, "10000.00"), "9 kWh - 3000.00");
    put_run(&s, 1, 0, 8, 1000000, 300000);
    struct heng_event_wish reset =
        wish_of(HENG_EVENT_RESET, 1, MONTH_US + 7 * QUARTER_US + 5 * MINUTE_US, "10000.73", "0.00");
    int64_t id = must_add(&s, reset, "");
    put_run(&s, 1, 8, 20, 7, 3);
    expect(&s, 1, 73 + 117);
    expect(&s, 9, 28 + 44);
    assert_int_equal(small_site_number(s.site.path, "SELECT sum(missing) FROM usage_day WHERE channel_id = 9"),
                     96 - 18);
    must_undo(&s, 1, id);
    must_add(&s, reset, "9 kWh 3000.29 0.00");
    expect(&s, 1, 73 + 117);
    expect(&s, 9, 29 + 47);
    usage_point_close(&s);
}

/* Another unit of the energy, its index before as the old display showed it; the volume beside goes on. */
static void test_unit(void **state)
{
    struct usage_point s;
    (void)state;
    open_two(&s, true);
    must_add(&s, install_of(1, "10000.00"), "");
    put_run(&s, 1, 0, 20, 1000000, 30);
    struct heng_event_wish unit = wish_of(HENG_EVENT_UNIT, 1, MONTH_US + 7 * QUARTER_US, "10000.70", "10.0007");
    snprintf(unit.event.unit, sizeof unit.event.unit, "MWh");
    must_add(&s, unit, "");
    expect(&s, 1, 190);
    expect(&s, 9, 76);
    usage_point_close(&s);
}

/* Another multiplier: the index of the energy is no index of the volume. */
static void test_multiplier(void **state)
{
    struct usage_point s;
    (void)state;
    open_two(&s, true);
    must_add(&s, install_of(1, "10000.00"), "");
    put_run(&s, 1, 0, 20, 1000000, 30);
    struct heng_event_wish change = wish_of(HENG_EVENT_MULTIPLIER, 1, MONTH_US + 7 * QUARTER_US, "10000.70", "");
    change.event.factor_num = 20;
    change.event.factor_den = 1;
    int64_t id = must_add(&s, change, "");
    expect(&s, 1, 70 + 20 * 120);
    expect(&s, 9, 24 + 20 * 48); /* the quarter before the change is not known */
    must_undo(&s, 1, id);
    must_add(&s, change, "9 m3 580 -");
    expect(&s, 9, 28 + 20 * 48);
    usage_point_close(&s);
}

/* An exchange with a wrong index of the second register is taken back and told again without: the wrong one is gone. */
static void test_index_taken_back(void **state)
{
    struct usage_point s;
    (void)state;
    open_two(&s, false);
    must_add(&s, install_of(1, "10000.00"), "9 kWh - 3000.00");
    put_run(&s, 1, 0, 8, 1000000, 300000);
    struct heng_event_wish change =
        wish_of(HENG_EVENT_EXCHANGE, 1, MONTH_US + 7 * QUARTER_US + 5 * MINUTE_US, "10000.73", "0.00");
    change.event.device_id = 2;
    must_undo(&s, 1, must_add(&s, change, "9 kWh 4444.00 0.00"));
    must_add(&s, change, "");
    put_run(&s, 2, 8, 20, 7, 3);
    expect(&s, 1, 73 + 117);
    expect(&s, 9, 28 + 44);
    usage_point_close(&s);
}

/* A meter is moved: its second register is told where it was and where it is, and what is of neither is refused. */
static void test_move(void **state)
{
    struct usage_point s;
    struct heng_err err;
    int64_t id;
    (void)state;
    open_two(&s, false);
    must_add(&s, install_of(1, "10000.00"), "9 kWh - 3000.00");
    put_run(&s, 1, 0, 97, 1000000, 300000);
    struct heng_event_wish move =
        wish_of(HENG_EVENT_MOVE, 2, MONTH_US + 20 * QUARTER_US + 6 * MINUTE_US, "10002.04", "");
    move.event.device_id = 1;
    assert_int_equal(add(&s, &move, "11 kWh 3000.81 3000.81", &id, &err), HENG_ENOTFOUND);
    must_add(&s, move, "10 kWh - 3000.81\n9 kWh 3000.81 -");
    expect(&s, 1, 204);
    expect(&s, 2, 960 - 204);
    expect(&s, 9, 81);
    expect(&s, 10, 384 - 81);
    usage_point_close(&s);
}

/* A meter that is moved keeps the multiplier that an event gave it, and not the one it began with. */
static void test_move_with_multiplier(void **state)
{
    struct usage_point s;
    (void)state;
    open_two(&s, false);
    must_add(&s, install_of(1, "10000.00"), "");
    put_run(&s, 1, 0, 97, 1000000, 300000);
    struct heng_event_wish change = wish_of(HENG_EVENT_MULTIPLIER, 1, MONTH_US + 20 * QUARTER_US, "10002.00", "");
    change.event.factor_num = 20;
    change.event.factor_den = 1;
    must_add(&s, change, "");
    change.event.factor_num = 30;
    must_undo(&s, 1, must_add(&s, change, "")); /* a slip of the pen: of no influence */
    struct heng_event_wish move = wish_of(HENG_EVENT_MOVE, 2, MONTH_US + 40 * QUARTER_US, "10004.00", "");
    move.event.device_id = 1;
    must_add(&s, move, "");
    expect(&s, 1, 200 + 20 * 200);
    expect(&s, 2, 20 * 560);
    usage_point_close(&s);
}

/* Who asks for a meter of another organisation is not told which one it is. */
static void test_meter_of_others(void **state)
{
    struct usage_point s;
    struct heng_err err;
    int64_t id;
    (void)state;
    usage_point_open(&s);
    assert_int_equal(small_site_sql(s.site.path, "INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2, "
                                                 "managed_by) VALUES (2, 'q', NULL, 'unit', 'Q', 'Q', 0, 8)"),
                     HENG_OK);
    assert_int_equal(small_site_sql(s.site.path, "UPDATE point SET place_id = 2 WHERE id = 2"), HENG_OK);
    assert_int_equal(small_site_sql(s.site.path, "UPDATE device SET number = 'SECRET77' WHERE id = 1"), HENG_OK);
    must_add(&s, install_of(1, "5"), "");
    struct heng_event_wish wish = install_of(1, "5");
    wish.event.point_id = 2;
    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(heng_event_add(s.store, 8, &wish, NOW_US, &id, &err), HENG_ECONFLICT);
    heng_store_rollback(s.store);
    assert_non_null(strstr(err.text, "somewhere else"));
    assert_null(strstr(err.text, "SECRET77"));
    assert_null(strstr(err.text, "point"));
    usage_point_close(&s);
}

/* A meter whose clock is a day ahead: none of its readings of tomorrow counts, however many they are. */
static void test_many_of_tomorrow(void **state)
{
    struct usage_point s;
    struct heng_err err;
    const char *rule;
    (void)state;
    usage_point_open(&s);
    must_add(&s, install_of(1, "1000.00"), "");
    assert_ok(heng_store_begin(s.store, &err));
    for (int i = 0; i <= 96; i++) put_index(&s, 1, MONTH_US + i * QUARTER_US, HENG_SOURCE_LINE, 100000 + i * 10);
    const heng_us now_us = MONTH_US + HENG_US_PER_DAY, first_us = now_us + HENG_US_PER_DAY;
    for (int i = 1; i <= 300; i++) {
        heng_us at_us = first_us + i * QUARTER_US;
        put_index(&s, 1, at_us, HENG_SOURCE_LINE, 100960 + i * 500);
        assert_ok(
            heng_usage_check_date(s.store, 1, HENG_MEDIUM_ELECTRICITY, at_us, HENG_SOURCE_LINE, now_us, &rule, &err));
        assert_string_equal(rule, "future");
    }
    assert_ok(heng_store_commit(s.store, &err));
    expect(&s, 1, 960);
    usage_point_close(&s);
}

/* From a sheet: a start index without a unit is what the display shows (kWh), and its digits are those of the display.
 */
static void test_as_a_sheet_says(void **state)
{
    struct usage_point s;
    (void)state;
    usage_point_open(&s);
    char text[400];
    snprintf(text, sizeof text,
             "INSERT INTO installation (id, device_id, point_id, from_us, factor_num, factor_den, digits) "
             "VALUES (900, 1, 1, %lld, 1, 1, 5)",
             (long long)MONTH_US);
    assert_int_equal(small_site_sql(s.site.path, text), HENG_OK);
    struct heng_err err;
    struct heng_point_event event = {.point_id = 1, .device_id = 1, .kind = HENG_EVENT_INSTALL, .at_us = MONTH_US};
    int64_t id;
    event.digits = 5;
    snprintf(event.who, sizeof event.who, "import");
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_store_add_event(s.store, &event, &id, &err));
    event.kind = HENG_EVENT_INDEX;
    event.channel_id = 1;
    event.digits = 0;
    snprintf(event.after, sizeof event.after, "99998");
    assert_ok(heng_store_add_event(s.store, &event, &id, &err));
    for (int i = 1; i <= 96; i++)
        put_index(&s, 1, MONTH_US + i * QUARTER_US, HENG_SOURCE_LINE, (9999800 + i * 10) % 10000000);
    assert_ok(heng_store_due_point(s.store, 1, 0, INT64_MIN, HENG_US_NEVER, &err));
    assert_ok(heng_store_commit(s.store, &err));
    expect(&s, 1, 960);
    usage_point_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reset),
                                       cmocka_unit_test(test_unit),
                                       cmocka_unit_test(test_multiplier),
                                       cmocka_unit_test(test_index_taken_back),
                                       cmocka_unit_test(test_move),
                                       cmocka_unit_test(test_move_with_multiplier),
                                       cmocka_unit_test(test_meter_of_others),
                                       cmocka_unit_test(test_many_of_tomorrow),
                                       cmocka_unit_test(test_as_a_sheet_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
