/* What happens at points: checked, stored for ever, taken back by a counter-event; usage is exact through all of it. */
#include "unit/usage/usage_point.h"

#include "usage/date.h"
#include "usage/events.h"
#include "usage/explain.h"
#include "usage/usage.h"

#define HOUR_US (60 * MINUTE_US)
#define NOW_US  (MONTH_US + 40 * HENG_US_PER_DAY)

static heng_rc add(struct usage_point *s, int64_t scope, const struct heng_event_wish *wish, int64_t *ret_id,
                   struct heng_err *err)
{
    assert_int_equal(heng_store_begin(s->store, err), HENG_OK);
    heng_rc rc = heng_event_add(s->store, scope, wish, NOW_US, ret_id, err);
    if (rc == HENG_OK) return heng_store_commit(s->store, err);
    heng_store_rollback(s->store);
    return rc;
}

static struct heng_event_wish wish_of(heng_event_kind kind, int64_t point_id, heng_us at_us)
{
    return (struct heng_event_wish){
        .event = {
            .kind = kind, .point_id = point_id, .at_us = at_us, .who = "Li", .reason = "as agreed", .unit = "kWh"}};
}

static struct heng_event_wish install_wish(int64_t device_id, int64_t point_id, heng_us at_us, const char *index)
{
    struct heng_event_wish wish = wish_of(HENG_EVENT_INSTALL, point_id, at_us);
    wish.event.device_id = device_id;
    snprintf(wish.event.after, sizeof wish.event.after, "%s", index);
    return wish;
}

static void must_add(struct usage_point *s, const struct heng_event_wish *wish, int64_t *ret_id)
{
    struct heng_err err;
    int64_t id = 0;
    assert_ok(add(s, 0, wish, &id, &err));
    if (ret_id) *ret_id = id;
}

static void must_refuse(struct usage_point *s, const struct heng_event_wish *wish, heng_rc rc, const char *words)
{
    struct heng_err err = {.text = ""};
    int64_t id = 0;
    int64_t before = small_site_number(s->site.path, "SELECT count(*) FROM point_event");
    heng_rc got = add(s, 0, wish, &id, &err);
    if (got != rc || !strstr(err.text, words)) fail_msg("%s: %s (not '%s')", heng_rc_name(got), err.text, words);
    assert_int_equal(small_site_number(s->site.path, "SELECT count(*) FROM point_event"), before);
}

static void put_setting(struct usage_point *s, const char *name, const char *value)
{
    struct heng_err err;
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_setting(s->store, name, value, &err));
    assert_ok(heng_store_commit(s->store, &err));
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

/* Quarter-hour readings of a device: count of them from at_us, each step more. Returns the last index. */
static int64_t put_run(struct usage_point *s, int64_t device_id, heng_us at_us, int count, int64_t first, int64_t step)
{
    struct heng_err err;
    assert_ok(heng_store_begin(s->store, &err));
    for (int i = 0; i < count; i++)
        put_index(s, device_id, at_us + i * 15 * MINUTE_US, HENG_SOURCE_LINE, first + i * step);
    assert_ok(heng_store_commit(s->store, &err));
    return first + (count - 1) * step;
}

static int64_t total(struct usage_point *s)
{
    return small_site_number(s->site.path, "SELECT coalesce(sum(amount), 0) FROM usage_day WHERE channel_id = 1");
}

static int64_t rows(struct usage_point *s, const char *text) { return small_site_number(s->site.path, text); }

/* A meter is exchanged: with both indexes nothing is lost, whatever was used between the last reading and the change.
 */
static void test_exchange(void **state)
{
    struct usage_point s;
    int64_t id = 0;
    (void)state;
    usage_point_open(&s);
    struct heng_event_wish wish = install_wish(1, 1, MONTH_US, "1000.00");
    must_add(&s, &wish, NULL);
    int64_t last = put_run(&s, 1, MONTH_US, 96, 100000, 10);
    heng_us change_us = MONTH_US + 95 * 15 * MINUTE_US + 7 * MINUTE_US;

    wish = wish_of(HENG_EVENT_EXCHANGE, 1, change_us);
    wish.event.device_id = 2;
    snprintf(wish.event.before, sizeof wish.event.before, "1009.00");
    snprintf(wish.event.after, sizeof wish.event.after, "3.00");
    must_refuse(&s, &wish, HENG_ECONFLICT, "does not run back");
    snprintf(wish.event.before, sizeof wish.event.before, "1009.54"); /* 4 steps behind the last reading */
    wish.event.device_id = 1;
    must_refuse(&s, &wish, HENG_ECONFLICT, "is there already");
    wish.event.device_id = 99;
    must_refuse(&s, &wish, HENG_ENOTFOUND, "no meter 99");
    wish.event.device_id = 2;
    wish.event.photo = heng_slice_str("not a real photo, but its bytes");
    must_add(&s, &wish, &id);
    put_run(&s, 2, MONTH_US + HENG_US_PER_DAY, 97, 306, 10);
    work(&s);
    assert_int_equal(last, 100950);
    assert_int_equal(total(&s), (100954 - 100000) + (306 + 960 - 300));
    assert_int_equal(rows(&s, "SELECT sum(missing) FROM usage_day WHERE channel_id = 1 AND day < 20515"), 0);
    assert_int_equal(rows(&s, "SELECT count(*) FROM installation WHERE until_us IS NULL AND device_id = 2"), 1);
    assert_int_equal(rows(&s, "SELECT count(*) FROM installation WHERE until_us IS NOT NULL AND device_id = 1"), 1);

    /* Taken back: as if it had never been. */
    wish = wish_of(HENG_EVENT_UNDO, 1, 0);
    wish.event.undoes = id;
    must_add(&s, &wish, &id);
    must_refuse(&s, &wish, HENG_ECONFLICT, "undone already");
    wish.event.undoes = id;
    must_refuse(&s, &wish, HENG_ECONFLICT, "cannot be undone");
    assert_int_equal(rows(&s, "SELECT count(*) FROM installation"), 1);
    assert_int_equal(rows(&s, "SELECT count(*) FROM installation WHERE until_us IS NULL AND device_id = 1"), 1);
    work(&s);
    assert_int_equal(total(&s), 100950 - 100000);
    usage_point_close(&s);
}

/* What cannot have happened is refused with a sentence, and nothing of it is stored. */
static void test_refused(void **state)
{
    struct usage_point s;
    struct heng_err err;
    int64_t id;
    (void)state;
    usage_point_open(&s);
    struct heng_event_wish wish = install_wish(1, 1, NOW_US + HENG_US_PER_DAY, "5");
    must_refuse(&s, &wish, HENG_ERANGE, "has not happened yet");
    wish = install_wish(1, 9, MONTH_US, "5");
    must_refuse(&s, &wish, HENG_ENOTFOUND, "no point 9");
    wish = install_wish(1, 1, MONTH_US, "5");
    wish.event.who[0] = '\0';
    must_refuse(&s, &wish, HENG_ERANGE, "who says so");
    wish = install_wish(1, 1, MONTH_US, "-5");
    must_refuse(&s, &wish, HENG_ERANGE, "no number");
    wish = install_wish(1, 1, MONTH_US, "5");
    wish.event.unit[0] = '\0';
    must_refuse(&s, &wish, HENG_ERANGE, "needs its unit");
    wish = install_wish(1, 1, MONTH_US, "123456");
    wish.event.digits = 5;
    must_refuse(&s, &wish, HENG_ERANGE, "more than the 5 digits");
    wish = wish_of(HENG_EVENT_REMOVE, 1, MONTH_US);
    must_refuse(&s, &wish, HENG_ECONFLICT, "no meter at this point");

    wish = install_wish(1, 1, MONTH_US, "5");
    assert_int_equal(add(&s, 8, &wish, &id, &err), HENG_ENOTFOUND); /* another organisation's point is not there */
    assert_ok(add(&s, 7, &wish, &id, &err));
    must_refuse(&s, &wish, HENG_ECONFLICT, "meter A is at this point");
    wish = install_wish(2, 1, MONTH_US - HENG_US_PER_DAY, "5");
    must_refuse(&s, &wish, HENG_ECONFLICT, "meter A is at this point");
    wish = install_wish(1, 2, MONTH_US + HENG_US_PER_DAY, "5");
    must_refuse(&s, &wish, HENG_ECONFLICT, "is at point 1");
    wish = wish_of(HENG_EVENT_ACCEPT, 1, 0);
    wish.event.device_id = 1;
    wish.event.reading_at = MONTH_US + 5;
    wish.event.reading_source = HENG_SOURCE_LINE;
    must_refuse(&s, &wish, HENG_ENOTFOUND, "no reading of");
    wish = wish_of(HENG_EVENT_UNDO, 2, 0);
    wish.event.undoes = 1;
    must_refuse(&s, &wish, HENG_ENOTFOUND, "no event 1");
    usage_point_close(&s);
}

/* A meter moves to another point and takes its counter along; each point has what went through while it was there. */
static void test_move(void **state)
{
    struct usage_point s;
    int64_t move = 0;
    (void)state;
    usage_point_open(&s);
    struct heng_event_wish wish = install_wish(1, 1, MONTH_US, "1000");
    must_add(&s, &wish, NULL);
    put_run(&s, 1, MONTH_US, 193, 100000, 10);
    wish = wish_of(HENG_EVENT_MOVE, 2, MONTH_US + HENG_US_PER_DAY);
    wish.event.device_id = 1;
    snprintf(wish.event.before, sizeof wish.event.before, "1009.60");
    must_add(&s, &wish, &move);
    work(&s);
    assert_int_equal(total(&s), 960);
    assert_int_equal(rows(&s, "SELECT sum(amount) FROM usage_day WHERE channel_id = 2"), 960);
    wish = wish_of(HENG_EVENT_UNDO, 2, 0);
    wish.event.undoes = move;
    must_add(&s, &wish, NULL);
    work(&s);
    assert_int_equal(total(&s), 1920);
    assert_int_equal(rows(&s, "SELECT coalesce(sum(amount), 0) FROM usage_day WHERE channel_id = 2"), 0);
    usage_point_close(&s);
}

/* A reading of a meter that was removed, one of the year 2000, one of tomorrow: told, kept, and of no influence. */
static void test_strange_readings(void **state)
{
    struct usage_point s;
    struct heng_err err;
    const char *rule;
    (void)state;
    usage_point_open(&s);
    struct heng_event_wish wish = install_wish(1, 1, MONTH_US, "1000");
    must_add(&s, &wish, NULL);
    put_run(&s, 1, MONTH_US, 96, 100000, 10);
    wish = wish_of(HENG_EVENT_REMOVE, 1, MONTH_US + 95 * 15 * MINUTE_US + MINUTE_US);
    snprintf(wish.event.before, sizeof wish.event.before, "1009.50");
    must_add(&s, &wish, NULL);
    put_run(&s, 1, MONTH_US + HENG_US_PER_DAY, 3, 200000, 10);
    assert_ok(heng_store_begin(s.store, &err));
    const struct {
        heng_us at_us;
        const char *rule;
    } strange[] = {{INT64_C(946684800) * HENG_US_PER_S, "ancient"}, {NOW_US + HENG_US_PER_DAY, "future"}};
    for (size_t i = 0; i < 2; i++) {
        put_index(&s, 1, strange[i].at_us, HENG_SOURCE_LINE, 5);
        assert_ok(heng_usage_check_date(s.store, 1, HENG_MEDIUM_ELECTRICITY, strange[i].at_us, HENG_SOURCE_LINE, NOW_US,
                                        &rule, &err));
        assert_string_equal(rule, strange[i].rule);
    }
    assert_ok(
        heng_usage_check_date(s.store, 1, HENG_MEDIUM_ELECTRICITY, NOW_US, HENG_SOURCE_LINE, NOW_US, &rule, &err));
    assert_null(rule);
    assert_ok(heng_store_commit(s.store, &err));
    work(&s);
    assert_int_equal(total(&s), 950);
    assert_int_equal(rows(&s, "SELECT count(*) FROM reading_doubt"), 2);
    assert_int_equal(rows(&s, "SELECT count(*) FROM verdict WHERE rule IN (3, 4) AND severity <> 'told'"), 3);
    assert_int_equal(rows(&s, "SELECT count(*) FROM reading"), 96 + 3 + 2);
    usage_point_close(&s);
}

/* A reading of energy (10 Wh) and volume (litres) together. */
static void put_both(struct usage_point *s, int64_t device_id, heng_us at_us, int64_t energy, int64_t volume)
{
    static struct heng_reading reading;
    struct heng_err err;
    heng_stored stored;
    int64_t frame = 0;
    const struct heng_frame frames[1] = {{.at_us = at_us, .n = 2, .bytes = {0x68, 0x16}}};
    reading = (struct heng_reading){.device_id = device_id, .at_us = at_us, .source = HENG_SOURCE_LINE};
    reading.frame_count = 1;
    reading.value_count = 2;
    reading.values[0] = (struct heng_reading_value){.register_id = device_id, .has_value = true, .dec = {energy, 1}};
    reading.values[1] =
        (struct heng_reading_value){.register_id = 10 + device_id, .has_value = true, .dec = {volume, -3}};
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_add_reading(s->store, &reading, frames, &stored, &frame, &err));
    assert_ok(heng_store_commit(s->store, &err));
}

static int64_t volume(struct usage_point *s)
{
    return rows(s, "SELECT coalesce(sum(amount), 0) FROM usage_day WHERE channel_id = 9");
}

/* A meter that counts two things is exchanged: each of them goes on to the last unit, and is taken back with it. */
static void test_exchange_of_two_registers(void **state)
{
    static const char *const bad[] = {"9 m3",       "9 m3 1",    "x m3 1 2",   "9 m3 - -",
                                      "9 m3 1 2 3", "-9 m3 1 2", "9 m3 1 2; 9"};
    struct usage_point s;
    struct heng_err err;
    int64_t id = 0;
    (void)state;
    usage_point_open(&s);
    assert_int_equal(small_site_sql(s.site.path,
                                    "INSERT INTO channel (id, point_id, quantity, tariff, qualifier, unit, exp, "
                                    "interval_minutes, main) VALUES (9, 1, 'volume', 0, '', 'm3', -3, 15, 0)"),
                     HENG_OK);
    assert_int_equal(small_site_sql(s.site.path,
                                    "INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, "
                                    "subunit, qualifier) SELECT id + 10, id, 'volume', 'm3', 'instantaneous', 0, 0, 0, "
                                    "'' FROM device"),
                     HENG_OK);
    struct heng_event_wish wish = install_wish(1, 1, MONTH_US, "10.00");
    assert_ok(heng_event_indexes_parse(" 9 m3 - 2.000\n", &wish, &err));
    must_add(&s, &wish, NULL);
    put_both(&s, 1, MONTH_US + 15 * MINUTE_US, 1010, 2100);
    put_both(&s, 1, MONTH_US + 30 * MINUTE_US, 1020, 2200);

    wish = wish_of(HENG_EVENT_EXCHANGE, 1, MONTH_US + 40 * MINUTE_US);
    wish.event.device_id = 2;
    snprintf(wish.event.before, sizeof wish.event.before, "10.25");
    snprintf(wish.event.after, sizeof wish.event.after, "0.00");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        wish.index_count = 0;
        assert_int_equal(heng_event_indexes_parse(bad[i], &wish, &err), HENG_EFORMAT);
    }
    wish.index_count = 0;
    assert_ok(heng_event_indexes_parse("9 m3 2.25 0.5; 9 m3 2.25 0.5", &wish, &err));
    must_refuse(&s, &wish, HENG_ERANGE, "twice");
    wish.index_count = 0;
    assert_ok(heng_event_indexes_parse("8 m3 2.25 0.5", &wish, &err));
    must_refuse(&s, &wish, HENG_ENOTFOUND, "no channel 8");
    wish.index_count = 0;
    assert_ok(heng_event_indexes_parse("9 m3 2.25 0.5", &wish, &err));
    must_add(&s, &wish, &id);
    put_both(&s, 2, MONTH_US + 45 * MINUTE_US, 7, 530);
    put_both(&s, 2, MONTH_US + 60 * MINUTE_US, 17, 630);
    work(&s);
    assert_int_equal(total(&s), (1025 - 1000) + 17);
    assert_int_equal(volume(&s), (2250 - 2000) + (630 - 500));

    struct heng_event_wish edit = wish_of(HENG_EVENT_ROLLOVER, 1, MONTH_US + 50 * MINUTE_US);
    assert_ok(heng_event_indexes_parse("9 m3 1 2", &edit, &err));
    must_refuse(&s, &edit, HENG_ERANGE, "further registers");

    wish = wish_of(HENG_EVENT_UNDO, 1, 0);
    wish.event.undoes = id;
    must_add(&s, &wish, NULL);
    work(&s);
    assert_int_equal(total(&s), 1020 - 1000);
    assert_int_equal(volume(&s), 2200 - 2000);
    usage_point_close(&s);
}

/* Why the third day of the month is what it is. */
static char *explained(struct usage_point *s)
{
    struct heng_str text = {.max = 4 << 20};
    struct heng_json json = heng_json_of(&text);
    struct heng_err err;
    assert_ok(heng_usage_explain(heng_store_as_reader(s->store), 0, 1, heng_day_of_date(2026, 3, 3), &json, &err));
    return text.text;
}

/* An amount by hand: above the limit two people, never the same one twice. */
static void test_edit(void **state)
{
    struct usage_point s;
    (void)state;
    usage_point_open(&s);
    put_setting(&s, "edit_limit_energy", "100");
    struct heng_event_wish wish = install_wish(1, 1, MONTH_US, "1000");
    must_add(&s, &wish, NULL);
    put_run(&s, 1, MONTH_US, 97, 100000, 10);
    put_run(&s, 1, MONTH_US + 3 * HENG_US_PER_DAY, 97, 105000, 10);
    wish = wish_of(HENG_EVENT_EDIT, 1, MONTH_US + HENG_US_PER_DAY);
    wish.event.channel_id = 1;
    wish.event.until_us = MONTH_US + 2 * HENG_US_PER_DAY;
    snprintf(wish.event.after, sizeof wish.event.after, "100.01");
    must_refuse(&s, &wish, HENG_EDENIED, "a second person");
    snprintf(wish.event.second, sizeof wish.event.second, " li ");
    must_refuse(&s, &wish, HENG_EDENIED, "another one than Li");
    snprintf(wish.event.after, sizeof wish.event.after, "360.01");
    snprintf(wish.event.unit, sizeof wish.event.unit, "MJ");
    wish.event.second[0] = '\0';
    must_refuse(&s, &wish, HENG_EDENIED, "a second person");
    snprintf(wish.event.after, sizeof wish.event.after, "25.00");
    snprintf(wish.event.unit, sizeof wish.event.unit, "kWh");
    must_add(&s, &wish, NULL);
    work(&s);
    assert_int_equal(rows(&s, "SELECT amount FROM usage_day WHERE channel_id = 1 AND trust = 4"), 2500);
    assert_int_equal(total(&s), 5960); /* what the counter says stays what it says */

    /* Above the limit by two, and everybody can see who and why; taken back, it is as before, and is still told. */
    int64_t id = 0;
    wish.event.at_us = MONTH_US + 2 * HENG_US_PER_DAY + 30 * MINUTE_US;
    wish.event.until_us = wish.event.at_us + 15 * MINUTE_US;
    snprintf(wish.event.after, sizeof wish.event.after, "100.01");
    snprintf(wish.event.second, sizeof wish.event.second, "Wang");
    snprintf(wish.event.reason, sizeof wish.event.reason, "pump test, protocol 17");
    must_add(&s, &wish, &id);
    work(&s);
    char *text = explained(&s);
    assert_non_null(strstr(text, "pump test, protocol 17"));
    assert_non_null(strstr(text, "Wang"));
    assert_non_null(strstr(text, "\"Li\""));
    free(text);
    wish = wish_of(HENG_EVENT_UNDO, 1, 0);
    wish.event.undoes = id;
    must_add(&s, &wish, NULL);
    work(&s);
    assert_int_equal(rows(&s, "SELECT amount FROM usage_day WHERE channel_id = 1 AND trust = 4"), 2500);
    assert_int_equal(rows(&s, "SELECT count(*) FROM point_event WHERE kind = 'edit'"), 2);

    /* What is taken away counts like what is set: 9.60 kWh stood there. */
    wish = wish_of(HENG_EVENT_EDIT, 1, MONTH_US);
    wish.event.channel_id = 1;
    wish.event.until_us = MONTH_US + HENG_US_PER_DAY;
    snprintf(wish.event.after, sizeof wish.event.after, "0");
    put_setting(&s, "edit_limit_energy", "9.59");
    must_refuse(&s, &wish, HENG_EDENIED, "stood there before");
    put_setting(&s, "edit_limit_energy", "9.60");
    must_add(&s, &wish, NULL);
    usage_point_close(&s);
}

/* Multiplier, reset and rollover: usage is exact through them. */
static void test_counter(void **state)
{
    struct usage_point s;
    (void)state;
    usage_point_open(&s);
    struct heng_event_wish wish = install_wish(1, 1, MONTH_US, "99990.00");
    wish.event.digits = 5;
    must_add(&s, &wish, NULL);
    int64_t at = 9999000;
    struct heng_err err;
    assert_ok(heng_store_begin(s.store, &err));
    for (int i = 0; i <= 192; i++)
        put_index(&s, 1, MONTH_US + i * 15 * MINUTE_US, HENG_SOURCE_LINE, (at + i * 10) % 10000000);
    assert_ok(heng_store_commit(s.store, &err));
    work(&s);
    assert_int_equal(total(&s), 1920); /* over 99999 */

    wish = wish_of(HENG_EVENT_MULTIPLIER, 1, MONTH_US + HENG_US_PER_DAY);
    wish.event.factor_num = 20;
    wish.event.factor_den = 1;
    snprintf(wish.event.before, sizeof wish.event.before, "99999.60");
    must_add(&s, &wish, NULL);
    work(&s);
    assert_int_equal(total(&s), 960 + 20 * 960);
    usage_point_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exchange), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_move),     cmocka_unit_test(test_strange_readings),
        cmocka_unit_test(test_edit),     cmocka_unit_test(test_exchange_of_two_registers),
        cmocka_unit_test(test_counter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
