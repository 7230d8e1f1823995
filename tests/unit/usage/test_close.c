/* Every method of estimation, reached through the database: readings in, what there is to go by beside them, the month
 * closed; method and confidence stand with each value, and what was read stays as it was. */
#include "unit/usage/usage_point.h"

#include "store/archive.h"
#include "store/known.h"
#include "usage/events.h"
#include "usage/known.h"
#include "usage/profile.h"
#include "usage/tou.h"
#include "usage/usage.h"
#include "vee/day.h"

enum { QUARTERS = 96, STEP = 40, DAY = QUARTERS * STEP, LAST = 28 }; /* days 0..27 of March are read */

struct closing {
    struct usage_point s;
    struct heng_usage_worker *worker;
    heng_day first;
};

static void sql(struct closing *c, const char *text)
{
    if (small_site_sql(c->s.site.path, text) != HENG_OK) fail_msg("%s", text);
}

static int64_t number(struct closing *c, const char *text) { return small_site_number(c->s.site.path, text); }

static void open(struct closing *c)
{
    struct heng_err err;
    char text[160];
    usage_point_open(&c->s);
    c->first = heng_day_of_date(2026, 3, 1);
    snprintf(text, sizeof text, "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (1, 1, 1, %lld)",
             (long long)MONTH_US);
    sql(c, text);
    assert_ok(heng_usage_worker_new(&c->worker, &err));
}

static void finish(struct closing *c)
{
    heng_usage_worker_free(c->worker);
    usage_point_close(&c->s);
}

/* Quarter hours of days [from, to): `step` more each time, half of it on Sundays. */
static void read_days(struct closing *c, int from, int to, bool sundays)
{
    struct heng_err err;
    int64_t index = 1000;
    assert_ok(heng_store_begin(c->s.store, &err));
    for (int i = 0; i <= to * QUARTERS; i++) {
        if (i >= from * QUARTERS) put_index(&c->s, 1, MONTH_US + i * 15 * MINUTE_US, HENG_SOURCE_LINE, index);
        index += sundays && i / QUARTERS % 7 == 0 ? STEP / 2 : STEP; /* 2026-03-01 is a Sunday */
    }
    assert_ok(heng_store_commit(c->s.store, &err));
}

static void work(struct closing *c)
{
    struct heng_err err;
    uint32_t channels = 0;
    bool left = true;
    while (left) {
        assert_ok(heng_store_begin(c->s.store, &err));
        assert_ok(heng_usage_work(c->worker, c->s.store, HENG_US_PER_S, &channels, &left, &err));
        assert_ok(heng_store_commit(c->s.store, &err));
    }
}

/* Only these methods; three neighbours are enough. */
static void use_methods(struct closing *c, const char *methods)
{
    char text[512];
    struct heng_err err;
    int64_t version;
    snprintf(text, sizeof text,
             "{\"version\": 1, \"medium\": \"electricity\", \"rules\": {\"neighbours\": {\"enough\": 3}}, "
             "\"estimate\": {\"methods\": [%s]}}",
             methods);
    assert_ok(heng_store_begin(c->s.store, &err));
    assert_ok(heng_usage_put_rules(c->s.store, heng_slice_str(text), "", 0, &version, &err));
    assert_ok(heng_store_commit(c->s.store, &err));
    work(c);
}

/* A day of a channel as if it had been derived, in so many equal intervals. */
static void put_day(struct closing *c, int64_t channel, heng_day day, int64_t amount, unsigned count)
{
    struct heng_err err;
    static struct heng_usage_row row;
    row = (struct heng_usage_row){.channel_id = channel,
                                  .day = day,
                                  .exp = 1,
                                  .trust = HENG_TRUST_VALID,
                                  .permille = 1000,
                                  .count = (uint16_t)count,
                                  .amount = amount};
    for (unsigned i = 0; i < count; i++) {
        row.amounts[i] = amount / (int64_t)count;
        row.trusts[i] = HENG_TRUST_VALID;
    }
    assert_ok(heng_store_begin(c->s.store, &err));
    assert_ok(heng_store_put_usage(c->s.store, HENG_USAGE_MEASURED, &row, &err));
    assert_ok(heng_store_commit(c->s.store, &err));
}

/* What was read, as a text of everything. */
static char *everything_read(struct closing *c)
{
    return small_site_lines(c->s.site.path,
                            "SELECT device_id || ' ' || at_us || ' ' || source || ' ' || length(packed) "
                            "|| ' ' || due_us FROM reading ORDER BY device_id, at_us, source");
}

/* Close one day and look at what became of it. */
static void close_day(struct closing *c, int day, heng_method method, int64_t amount, int permille, heng_trust trust)
{
    struct heng_usage_row row = {0};
    struct heng_err err;
    uint32_t days = 0, left = 0;
    char *before = everything_read(c);
    int64_t measured = number(c, "SELECT count(*) + sum(amount) + sum(missing) FROM usage_day");
    assert_ok(heng_store_begin(c->s.store, &err));
    assert_ok(heng_usage_close(c->worker, c->s.store, 1, c->first + day, c->first + day + 1, &days, &left, &err));
    assert_ok(heng_store_commit(c->s.store, &err));
    assert_int_equal(days, 1);
    assert_ok(heng_store_get_usage(c->s.reader, HENG_USAGE_ESTIMATE, 1, c->first + day, &row, &err));
    assert_string_equal(heng_method_text((heng_method)row.method), heng_method_text(method));
    assert_int_equal(row.amount, amount);
    assert_int_equal(row.permille, permille);
    assert_int_equal(row.trust, trust);
    assert_int_equal(row.missing, 0);
    char *behind = everything_read(c);
    assert_string_equal(before, behind);
    assert_int_equal(number(c, "SELECT count(*) + sum(amount) + sum(missing) FROM usage_day"), measured);
    free(before);
    free(behind);
}

static void close_nothing(struct closing *c, int day)
{
    struct heng_err err;
    uint32_t days = 0, left = 0;
    assert_ok(heng_store_begin(c->s.store, &err));
    assert_ok(heng_usage_close(c->worker, c->s.store, 1, c->first + day, c->first + day + 1, &days, &left, &err));
    assert_ok(heng_store_commit(c->s.store, &err));
    assert_int_equal(days, 0);
    assert_int_equal(left, 1);
}

/* --- from the meter's own days ----------------------------------------------------------------------------------- */

static void test_like_days(void **state)
{
    struct closing c;
    (void)state;
    open(&c);
    read_days(&c, 0, LAST + 1, true); /* up to the last Sunday */
    use_methods(&c, "\"like-days\"");
    close_day(&c, LAST + 1, HENG_METHOD_LIKE_DAYS, DAY, 800 * 15 / 16, HENG_TRUST_ESTIMATED); /* Monday, 15 like it */
    finish(&c);
}

/* A Monday that is a holiday is lived like a Sunday; a Saturday that is worked, like the days before it. */
static void test_like_days_by_calendar(void **state)
{
    static const char calendar[] = "{\"otherwise\": 1, \"specials\": [{\"date\": \"2026-03-30\", \"kind\": 7}]}";
    struct closing c;
    struct heng_err err;
    int64_t version;
    (void)state;
    open(&c);
    read_days(&c, 0, LAST + 1, true);
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_usage_put_calendar(c.s.store, "cn", 0, heng_slice_str(calendar), &version, &err));
    assert_ok(heng_store_put_setting(c.s.store, "holiday_calendar", "cn", &err));
    assert_ok(heng_store_commit(c.s.store, &err));
    use_methods(&c, "\"like-days\"");
    close_day(&c, LAST + 1, HENG_METHOD_LIKE_DAYS, DAY / 2, 800 * 3 / 4, HENG_TRUST_ESTIMATED); /* three Sundays */
    finish(&c);
}

static void test_last_year(void **state)
{
    struct closing c;
    (void)state;
    open(&c);
    read_days(&c, 0, LAST, false);
    use_methods(&c, "\"last-year\"");
    put_day(&c, 1, c.first + LAST - 364, DAY / 4, QUARTERS);
    close_day(&c, LAST, HENG_METHOD_LAST_YEAR, DAY / 4, 300, HENG_TRUST_ESTIMATED);
    for (heng_day day = LAST - 28; day < LAST; day++) put_day(&c, 1, c.first + day - 364, DAY / 2, QUARTERS);
    close_day(&c, LAST, HENG_METHOD_LAST_YEAR, DAY / 2, 600, HENG_TRUST_ESTIMATED); /* twice as much of late */
    finish(&c);
}

static void test_degree_days(void **state)
{
    struct closing c;
    struct heng_err err;
    (void)state;
    open(&c);
    read_days(&c, 0, LAST, false);
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_store_put_setting(c.s.store, "weather_station", "54511", &err));
    for (heng_day day = 0; day <= LAST; day++) {
        const struct heng_weather weather = {.degree_dk = day == LAST ? 50 : 100, .outdoor_dc = 80};
        assert_ok(heng_store_put_weather(c.s.store, "54511", c.first + day, &weather, &err));
    }
    assert_ok(heng_store_commit(c.s.store, &err));
    use_methods(&c, "\"degree-days\"");
    close_day(&c, LAST, HENG_METHOD_DEGREE_DAYS, DAY / 2, 750 * 28 / 29, HENG_TRUST_ESTIMATED);
    finish(&c);
}

/* A counter that was set, nobody knows from where to where: the quarter hour around it is not known. */
static void test_linear(void **state)
{
    struct closing c;
    struct heng_err err;
    int64_t id;
    struct heng_event_wish wish = {.event = {.kind = HENG_EVENT_RESET,
                                             .point_id = 1,
                                             .at_us = MONTH_US + 10 * HENG_US_PER_DAY + 605 * MINUTE_US,
                                             .who = "Li",
                                             .reason = "a new battery"}};
    (void)state;
    open(&c);
    read_days(&c, 0, LAST, false);
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_event_add(c.s.store, 0, &wish, MONTH_US + 40 * HENG_US_PER_DAY, &id, &err));
    assert_ok(heng_store_commit(c.s.store, &err));
    use_methods(&c, "\"linear\"");
    assert_int_equal(number(&c, "SELECT sum(missing) FROM usage_day"), 1);
    close_day(&c, 10, HENG_METHOD_LINEAR, DAY, 998, HENG_TRUST_ESTIMATED);
    close_nothing(&c, LAST); /* a whole day is not between anything */
    finish(&c);
}

/* --- from others ------------------------------------------------------------------------------------------------- */

static void test_check_meter(void **state)
{
    struct closing c;
    struct heng_err err;
    (void)state;
    open(&c);
    read_days(&c, 0, LAST, false);
    use_methods(&c, "\"check-meter\"");
    put_day(&c, 2, c.first + LAST, 9600, QUARTERS);
    close_nothing(&c, LAST); /* nobody said that it measures the same */
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_store_put_check(c.s.store, 1, 2, &err));
    assert_ok(heng_store_commit(c.s.store, &err));
    close_day(&c, LAST, HENG_METHOD_CHECK_METER, 9600, 950, HENG_TRUST_SUBSTITUTED);
    assert_int_equal(number(&c, "SELECT count(*) FROM usage_estimate"), 1);

    /* A sum of others says how much the whole day was. */
    sql(&c, "UPDATE point SET kind = 'virtual' WHERE id = 3");
    sql(&c, "INSERT INTO point_term (point_id, of_id, factor_num, factor_den) VALUES (3, 2, 1, 2)");
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_store_put_check(c.s.store, 1, 3, &err));
    assert_ok(heng_store_commit(c.s.store, &err));
    close_day(&c, LAST, HENG_METHOD_CHECK_METER, 4800, 950, HENG_TRUST_SUBSTITUTED);
    finish(&c);
}

/* Others like it: as they are, and per m2 where the areas are known. */
static void test_neighbours(void **state)
{
    struct closing c;
    char text[256];
    (void)state;
    open(&c);
    read_days(&c, 0, LAST, false);
    for (int i = 11; i <= 13; i++) {
        snprintf(text, sizeof text,
                 "INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (%d, 'p%d', NULL, 'unit', "
                 "'P%d', 'P%d', 0)",
                 i, i, i, i);
        sql(&c, text);
        snprintf(text, sizeof text, "INSERT INTO point (id, place_id, medium) VALUES (%d, %d, 'electricity')", i, i);
        sql(&c, text);
        snprintf(text, sizeof text,
                 "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) VALUES (%d, %d, "
                 "'energy', 'Wh', 1, 15, 1)",
                 i, i);
        sql(&c, text);
    }
    use_methods(&c, "\"neighbours\"");
    for (int i = 11; i <= 13; i++) put_day(&c, i, c.first + LAST, 4800, QUARTERS);
    close_day(&c, LAST, HENG_METHOD_NEIGHBOURS, 4800, 500, HENG_TRUST_ESTIMATED);
    sql(&c, "UPDATE place SET area_cm2 = CASE WHEN id = 1 THEN 500000 ELSE 1000000 END");
    close_day(&c, LAST, HENG_METHOD_NEIGHBOURS, 2400, 500, HENG_TRUST_ESTIMATED); /* half as large */
    finish(&c);
}

/* A part of the building by area; two meters of one flat share that of the flat. */
static void test_area(void **state)
{
    struct closing c;
    (void)state;
    open(&c);
    read_days(&c, 0, LAST, false);
    sql(&c,
        "INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (2, 'q', NULL, 'unit', 'Q', 'Q', "
        "3000000), (3, 'b', NULL, 'building', 'B', 'B', 0)");
    sql(&c, "UPDATE place SET area_cm2 = 1000000 WHERE id = 1");
    sql(&c, "UPDATE point SET place_id = 3 WHERE id = 3");
    sql(&c, "UPDATE point SET place_id = 2 WHERE id = 2");
    sql(&c, "UPDATE point SET main_id = 3 WHERE id < 3");
    sql(&c, "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) VALUES (3, 3, 'energy', "
            "'Wh', 1, 15, 1)");
    use_methods(&c, "\"area\"");
    put_day(&c, 3, c.first + LAST, 9600, QUARTERS);
    close_day(&c, LAST, HENG_METHOD_AREA, 2400, 300, HENG_TRUST_ESTIMATED);
    sql(&c, "UPDATE point SET place_id = 1 WHERE id = 2");
    sql(&c, "UPDATE place SET area_cm2 = 4000000 WHERE id = 1");
    close_day(&c, LAST, HENG_METHOD_AREA, 4800, 300, HENG_TRUST_ESTIMATED);
    finish(&c);
}

/* --- from data --------------------------------------------------------------------------------------------------- */

static void put_profile(struct closing *c, const char *group, heng_day from, const char *hour, int64_t version)
{
    char text[1024];
    struct heng_err err;
    int64_t got = 0;
    int n = snprintf(text, sizeof text,
                     "{\"medium\": \"electricity\", \"unit\": \"kWh\", \"per\": \"point\", \"days\": [{\"hours\": [");
    for (int i = 0; i < 24; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s\"%s\"", i ? ", " : "", i == 12 ? "1" : hour);
    snprintf(text + n, sizeof text - (size_t)n, "]}]}");
    assert_ok(heng_store_begin(c->s.store, &err));
    assert_ok(heng_usage_put_profile(c->s.store, heng_slice_str(text), group, from, &got, &err));
    assert_ok(heng_store_commit(c->s.store, &err));
    assert_int_equal(got, version);
}

/* In versions by day, of the group before that of the medium. */
static void test_profile(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{\"medium\": \"electricity\", \"unit\": \"kWh\"}",
        "{\"medium\": \"tea\", \"unit\": \"kWh\", \"days\": []}",
        "{\"medium\": \"electricity\", \"unit\": \"cups\", \"days\": []}",
        "{\"medium\": \"electricity\", \"unit\": \"kWh\", \"days\": [{\"hours\": [1, 2]}]}",
        "{\"medium\": \"electricity\", \"unit\": \"kWh\", \"days\": [{}]}",
        "{\"medium\": \"electricity\", \"unit\": \"kWh\", \"days\": [{\"hours\": [\"-1\"]}]}",
    };
    struct closing c;
    struct heng_err err;
    int64_t version;
    (void)state;
    open(&c);
    read_days(&c, 0, LAST, false);
    use_methods(&c, "\"profile\"");
    assert_ok(heng_store_begin(c.s.store, &err));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(heng_usage_put_profile(c.s.store, heng_slice_str(bad[i]), "", 0, &version, &err), HENG_OK);
    assert_ok(heng_store_commit(c.s.store, &err));
    close_nothing(&c, LAST);
    put_profile(&c, "", 0, "0.2", 1);
    put_profile(&c, "", c.first + LAST + 1, "0.4", 2);
    close_day(&c, LAST, HENG_METHOD_PROFILE, 23 * 20 + 100, 300, HENG_TRUST_ESTIMATED);
    close_day(&c, LAST + 1, HENG_METHOD_PROFILE, 23 * 40 + 100, 300, HENG_TRUST_ESTIMATED);
    sql(&c, "UPDATE point SET group_name = 'shops' WHERE id = 1");
    put_profile(&c, "shops", 0, "0.5", 3);
    close_day(&c, LAST + 2, HENG_METHOD_PROFILE, 23 * 50 + 100, 300, HENG_TRUST_ESTIMATED);
    finish(&c);
}

/* --- what the meter kept ----------------------------------------------------------------------------------------- */

static void put_kept(struct closing *c, int day, int64_t index)
{
    static struct heng_reading reading;
    struct heng_err err;
    heng_stored stored;
    int64_t frame = 0;
    const heng_us due_us = MONTH_US + day * HENG_US_PER_DAY;
    const struct heng_frame frames[1] = {{.at_us = due_us + MINUTE_US, .n = 2, .bytes = {0x68, 0x17}}};
    reading.device_id = 1;
    reading.at_us = due_us + MINUTE_US;
    reading.due_us = due_us;
    reading.source = HENG_SOURCE_HANDHELD;
    reading.quality = HENG_QUALITY_MEASURED;
    reading.frame_count = 1;
    reading.value_count = 1;
    reading.values[0] = (struct heng_reading_value){.register_id = 4, .has_value = true, .dec = {index, 1}};
    assert_ok(heng_store_begin(c->s.store, &err));
    assert_ok(heng_store_add_reading(c->s.store, &reading, frames, &stored, &frame, &err));
    assert_ok(heng_store_commit(c->s.store, &err));
}

/* For some hours the converter answered for another meter, far too many readings to be left out: those hours are cut
 * off. The meter's own values of both midnights say how much that day was, to the last unit. */
static void test_kept(void **state)
{
    struct closing c;
    struct heng_err err;
    (void)state;
    open(&c);
    sql(&c,
        "INSERT INTO register (id, device_id, quantity, unit, function, storage, tariff, subunit, qualifier) VALUES "
        "(4, 1, 'energy', 'Wh', 'instantaneous', 1, 0, 0, '')");
    assert_ok(heng_store_begin(c.s.store, &err));
    for (int i = 0; i <= 22 * QUARTERS; i++) {
        bool other = i > 10 * QUARTERS + 20 && i < 10 * QUARTERS + 60;
        put_index(&c.s, 1, MONTH_US + i * 15 * MINUTE_US, HENG_SOURCE_LINE, 1000 + i * STEP + (other ? 700000 : 0));
    }
    assert_ok(heng_store_commit(c.s.store, &err));
    use_methods(&c, "\"history\", \"like-days\"");
    assert_true(number(&c, "SELECT sum(missing) FROM usage_day") > 0);
    close_day(&c, 22, HENG_METHOD_LIKE_DAYS, DAY, 800 * 14 / 15, HENG_TRUST_ESTIMATED);
    put_kept(&c, 10, 1000 + 10 * DAY);
    put_kept(&c, 11, 1000 + 11 * DAY);
    work(&c);
    assert_true(number(&c, "SELECT sum(missing) FROM usage_day") > 0);
    close_day(&c, 10, HENG_METHOD_HISTORY, DAY, 1000, HENG_TRUST_INTERPOLATED);
    finish(&c);
}

/* Amounts of a gap between two readings are known; only how they lie in it is not. */
static void test_shares(void **state)
{
    struct closing c;
    (void)state;
    open(&c);
    read_days(&c, 0, 1, false);
    read_days(&c, 3, 20, false);
    work(&c);
    assert_int_equal(number(&c, "SELECT max(method) FROM usage_day"), HENG_METHOD_SHARE_FLAT);
    finish(&c);
    open(&c);
    read_days(&c, 0, 16, false);
    read_days(&c, 18, 20, false);
    work(&c);
    assert_int_equal(number(&c, "SELECT max(method) FROM usage_day"), HENG_METHOD_SHARE_PROFILE);
    assert_int_equal(number(&c, "SELECT sum(amount) FROM usage_day"), 20 * DAY);
    finish(&c);
}

/* --- what an estimate goes by changes ---------------------------------------------------------------------------- */

static int64_t estimated(struct closing *c, int day)
{
    struct heng_usage_row row = {0};
    struct heng_err err;
    heng_rc rc = heng_store_get_usage(c->s.reader, HENG_USAGE_ESTIMATE, 1, c->first + day, &row, &err);
    return rc == HENG_OK ? row.amount : -1;
}

/* Days of the second meter, which checks the first: so much an interval. */
static void read_check(struct closing *c, int from, int to, int64_t step)
{
    struct heng_err err;
    assert_ok(heng_store_begin(c->s.store, &err));
    for (int i = from * QUARTERS; i <= to * QUARTERS; i++)
        put_index(&c->s, 2, MONTH_US + i * 15 * MINUTE_US, HENG_SOURCE_LINE, 50000 + (i - from * QUARTERS) * step);
    assert_ok(heng_store_commit(c->s.store, &err));
}

static void test_made_again_by_check(void **state)
{
    struct closing c;
    struct heng_err err;
    (void)state;
    open(&c);
    sql(&c, "INSERT INTO installation (id, device_id, point_id, from_us) VALUES (2, 2, 2, 1772294400000000)");
    read_days(&c, 0, LAST, false);
    use_methods(&c, "\"check-meter\", \"like-days\"");
    close_day(&c, LAST, HENG_METHOD_LIKE_DAYS, DAY, 600, HENG_TRUST_ESTIMATED);
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_usage_use_check(c.s.store, 0, 1, 2, &err));
    assert_ok(heng_store_commit(c.s.store, &err));
    work(&c);
    assert_int_equal(estimated(&c, LAST), DAY); /* it has said nothing yet */
    read_check(&c, LAST, LAST + 1, 50);
    work(&c);
    assert_int_equal(estimated(&c, LAST), QUARTERS * 50); /* its channel comes behind ours: looked at again */
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_usage_use_check(c.s.store, 0, 1, 0, &err));
    assert_ok(heng_store_commit(c.s.store, &err));
    work(&c);
    assert_int_equal(estimated(&c, LAST), DAY);
    assert_int_equal(number(&c, "SELECT count(*) FROM usage_due"), 0);
    finish(&c);
}

static void test_made_again_by_profile(void **state)
{
    struct closing c;
    (void)state;
    open(&c);
    read_days(&c, 0, LAST, false);
    use_methods(&c, "\"profile\"");
    put_profile(&c, "", 0, "0.2", 1);
    /* More days than one page has room for. */
    for (int day = LAST; day < LAST + 70; day++)
        close_day(&c, day, HENG_METHOD_PROFILE, 23 * 20 + 100, 300, HENG_TRUST_ESTIMATED);
    put_profile(&c, "", 0, "0.4", 2);
    work(&c);
    for (int day = LAST; day < LAST + 70; day++) assert_int_equal(estimated(&c, day), 23 * 40 + 100);
    /* A day that was read after all needs none. */
    read_days(&c, LAST, LAST + 2, false);
    work(&c);
    assert_int_equal(estimated(&c, LAST), -1);
    assert_int_equal(estimated(&c, LAST + 1), -1);
    assert_int_equal(estimated(&c, LAST + 2), 23 * 40 + 100);
    finish(&c);
}

static void test_made_again_by_archive(void **state)
{
    struct closing c;
    struct heng_err err;
    struct heng_archive_place place;
    struct heng_point point;
    (void)state;
    open(&c);
    sql(&c, "UPDATE place SET area_cm2 = 1000000 WHERE id = 1");
    read_days(&c, 0, LAST, false);
    use_methods(&c, "\"area\"");
    /* Point 3 measures the building, 4 another one; of both we are half. */
    sql(&c, "INSERT INTO place (id, key, parent_id, kind, name, path, area_cm2) VALUES (2, 'q', 1, 'unit', 'Q', 'Q', "
            "1000000)");
    sql(&c, "INSERT INTO point (id, place_id, medium) VALUES (4, 1, 'electricity')");
    sql(&c,
        "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) VALUES (1003, 3, 'energy', "
        "'Wh', 1, 15, 1), (1004, 4, 'energy', 'Wh', 1, 15, 1)");
    sql(&c, "UPDATE point SET main_id = 3 WHERE id < 3");
    sql(&c, "UPDATE point SET place_id = 2 WHERE id = 2");
    put_day(&c, 1003, c.first + LAST, 9600, QUARTERS);
    put_day(&c, 1004, c.first + LAST, 4800, QUARTERS);
    close_day(&c, LAST, HENG_METHOD_AREA, 4800, 300, HENG_TRUST_ESTIMATED);
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_archive_get_place(c.s.reader, 0, 2, &place, &err));
    place.place.area_cm2 = 3000000;
    assert_ok(heng_archive_put_place(c.s.store, &place, &err));
    assert_ok(heng_store_commit(c.s.store, &err));
    work(&c);
    assert_int_equal(estimated(&c, LAST), 2400); /* the neighbour is larger: less is ours */
    assert_ok(heng_store_begin(c.s.store, &err));
    assert_ok(heng_archive_get_point(c.s.reader, 0, 1, &point, &err));
    point.main_id = 4;
    assert_ok(heng_archive_put_point(c.s.store, &point, &err));
    assert_ok(heng_store_commit(c.s.store, &err));
    assert_int_equal(number(&c, "SELECT count(*) FROM check_due WHERE point_id IN (3, 4)"), 2); /* both sums differ */
    work(&c);
    assert_int_equal(estimated(&c, LAST), 4800); /* all of the other building */
    assert_int_equal(number(&c, "SELECT count(*) FROM check_due"), 0);
    finish(&c);
}

/* Heat becomes water: what was heat stays, and the water is what is billed; and back again. */
static void test_other_medium(void **state)
{
    struct closing c;
    struct heng_err err;
    struct heng_point point = {.place_id = 1, .medium = HENG_MEDIUM_HEAT, .key = "turns", .serves = "household"};
    static const struct {
        heng_medium medium;
        const char *main, *open;
    } turns[] = {{HENG_MEDIUM_HEAT, "energy", "energy volume"},
                 {HENG_MEDIUM_COLD_WATER, "volume", "volume"},
                 {HENG_MEDIUM_ELECTRICITY, "energy", "energy energy energy energy energy"},
                 {HENG_MEDIUM_HEAT, "energy", "energy volume"}};
    (void)state;
    open(&c);
    for (size_t i = 0; i < sizeof turns / sizeof *turns; i++) {
        struct heng_point_channel channels[HENG_CHANNELS_MAX];
        char open_text[80] = "", main_text[40] = "";
        size_t n = 0;
        point.medium = turns[i].medium;
        assert_ok(heng_store_begin(c.s.store, &err));
        assert_ok(heng_archive_put_point(c.s.store, &point, &err));
        assert_ok(heng_store_commit(c.s.store, &err));
        assert_ok(heng_archive_list_channels(c.s.reader, 0, point.id, channels, HENG_CHANNELS_MAX, &n, &err));
        for (size_t k = 0; k < n; k++) {
            const char *quantity = heng_quantity_text(channels[k].quantity);
            size_t at = strlen(open_text);
            snprintf(open_text + at, sizeof open_text - at, "%s%s", k ? " " : "", quantity);
            if (channels[k].main) snprintf(main_text, sizeof main_text, "%s", quantity);
        }
        assert_string_equal(open_text, turns[i].open);
        assert_string_equal(main_text, turns[i].main);
    }
    assert_int_equal(number(&c, "SELECT count(*) FROM channel c JOIN point p ON p.id = c.point_id "
                                "WHERE p.key = 'turns' AND c.main = 1"),
                     1);
    assert_int_equal(number(&c, "SELECT count(*) FROM channel c JOIN point p ON p.id = c.point_id "
                                "WHERE p.key = 'turns'"),
                     6); /* nothing was dropped */
    finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_days),
        cmocka_unit_test(test_like_days_by_calendar),
        cmocka_unit_test(test_last_year),
        cmocka_unit_test(test_degree_days),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_check_meter),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_area),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_made_again_by_check),
        cmocka_unit_test(test_made_again_by_profile),
        cmocka_unit_test(test_made_again_by_archive),
        cmocka_unit_test(test_other_medium),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
