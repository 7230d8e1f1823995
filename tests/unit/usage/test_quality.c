/* How well meters are read: who counts, who does not, who is missing and why, who is lost; and that nobody sees it of
 * meters that another organisation manages. */
#include "unit/small_site.h"
#include "usage/quality.h"

/* Numbers 1 .. count, for INSERT ... SELECT on both engines. */
#define NUMBERS(count)                                                                                                 \
    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " #count ") SELECT i FROM n) numbers"

static void sql(const struct small_site *site, const char *text)
{
    if (small_site_sql(site->path, text) != HENG_OK) fail_msg("%s", text);
}

static heng_day day_of(const struct heng_site_days *days, heng_us at_us) { return heng_day_at(&days->rule, at_us); }

struct rig {
    struct small_site site;
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_site_days days;
    struct heng_arena arena;
    struct heng_ingested ingested;
    heng_day today;
};

static void open_rig(struct rig *r)
{
    struct heng_err err;
    *r = (struct rig){.arena = {.max = 64 << 20}};
    r->store = small_site_open(&r->site);
    r->reader = heng_store_as_reader(r->store);
    assert_ok(heng_site_days_init(&r->days, r->reader, &err));
    r->today = day_of(&r->days, START_US);
}

static void close_rig(struct rig *r)
{
    heng_ingested_fini(&r->ingested);
    heng_arena_fini(&r->arena);
    heng_site_days_fini(&r->days);
    heng_store_close(r->store);
    small_site_fini(&r->site);
}

static void read_one(struct rig *r, int64_t device_id, heng_us at_us, heng_outcome outcome, uint8_t tries)
{
    static struct heng_read read;
    heat_read(&read, device_id, at_us, 100);
    read.outcome = outcome;
    read.tries = tries;
    if (outcome != HENG_OUTCOME_OK) read.frame_count = read.value_count = 0;
    ingest_one(r->store, &read, &r->ingested);
}

static struct heng_quality_view success(struct rig *r, int64_t scope, heng_quality_by by, int days)
{
    struct heng_err err;
    struct heng_quality_view view;
    const struct heng_quality_ask ask = {.scope = scope, .from = r->today, .to = r->today + days};
    assert_ok(heng_view_read_success(r->reader, &r->arena, &r->days, &ask, by, &view, &err));
    return view;
}

static void assert_pct(struct heng_opt_dec d, const char *text)
{
    char ours[HENG_DEC_TEXT_MAX];
    assert_true(d.is);
    heng_dec_format(d.dec, ours);
    assert_string_equal(ours, text);
}

static struct heng_missing_view missing(struct rig *r, int64_t scope, heng_us now_us)
{
    struct heng_err err;
    struct heng_missing_view view;
    const struct heng_quality_ask ask = {.scope = scope, .from = r->today, .to = r->today + 1};
    assert_ok(heng_view_missing(r->reader, &r->arena, &r->days, &ask, now_us, &view, &err));
    return view;
}

/* The day of a read is the local one: START_US is the evening before in UTC. */
static void test_reads_are_counted_on_their_day(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    read_one(&r, HEAT_1, START_US, HENG_OUTCOME_OK, 1);
    read_one(&r, HEAT_1, START_US, HENG_OUTCOME_OK, 1); /* told twice, counted once */
    read_one(&r, HEAT_2, START_US + 1, HENG_OUTCOME_SILENCE, 3);
    read_one(&r, HEAT_2, START_US + 60, HENG_OUTCOME_OK, 1); /* a later round is no first try any more */
    read_one(&r, WATER_1, START_US + 5, HENG_OUTCOME_CHECKSUM, 3);
    struct heng_quality_view by_line = success(&r, 0, HENG_QUALITY_BY_LINE, 1);
    assert_int_equal(by_line.all.count.planned, 4); /* WATER_2 was due, and nobody asked it */
    assert_int_equal(by_line.all.count.first, 1);
    assert_int_equal(by_line.all.count.answered, 2);
    assert_int_equal(by_line.n, 2);
    assert_int_equal(by_line.items[0].id, WATER_LINE); /* the worst first */
    assert_pct(by_line.items[0].rates.daily, "0.00");
    assert_string_equal(by_line.items[1].name, "heat M-Bus");
    assert_pct(by_line.items[1].rates.daily, "100.00");
    assert_pct(by_line.items[1].rates.first, "50.00");
    assert_int_equal(small_site_number(r.site.path, "SELECT planned FROM read_day WHERE device_id = 1"), 1);
    assert_int_equal(small_site_number(r.site.path, "SELECT planned FROM read_day WHERE device_id = 2"), 2);
    assert_int_equal(small_site_number(r.site.path, "SELECT day FROM read_day WHERE device_id = 1"), r.today);

    struct heng_quality_view buildings = success(&r, 0, HENG_QUALITY_BY_BUILDING, 1);
    assert_int_equal(buildings.n, 1);
    assert_string_equal(buildings.items[0].name, "1号楼");
    struct heng_quality_view two_days = success(&r, 0, HENG_QUALITY_BY_DAY, 2);
    assert_int_equal(two_days.n, 2);
    assert_int_equal(two_days.items[1].count.answered, 0);
    assert_int_equal(two_days.items[1].count.planned, 4);
    close_rig(&r);
}

/* An order of a person is no round, but what it brings is a measured value of the day. */
static void test_read_again_mends_the_day_and_not_the_first_try(void **state)
{
    (void)state;
    struct rig r;
    struct heng_err err;
    open_rig(&r);
    read_one(&r, HEAT_1, START_US, HENG_OUTCOME_SILENCE, 3);
    static struct heng_read read;
    heat_read(&read, HEAT_1, START_US + 600 * HENG_US_PER_S, 100);
    const struct heng_order_fact order = {
        .device_id = HEAT_1, .command = true, .order = HENG_ORDER_READ, .outcome = HENG_OUTCOME_OK, .ended = true};
    struct heng_fact fact = {.kind = HENG_FACT_READ, .read = &read, .order = &order};
    assert_ok(heng_ingest(r.store, &fact, 1, INGEST_NOW_US, &r.ingested, &err));
    struct heng_quality_view view = success(&r, 0, HENG_QUALITY_BY_DAY, 1);
    assert_int_equal(view.all.count.answered, 1);
    assert_int_equal(view.all.count.first, 0);
    assert_int_equal(small_site_number(r.site.path, "SELECT planned FROM read_day WHERE device_id = 1"), 1);
    close_rig(&r);
}

/* RP-C3: of 1,250 meters 1,238 are in service; 1,187 answer at once and 32 later, 12 have an estimate, 7 nothing. */
static void test_the_worked_example_of_read_success(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    sql(&r.site, "DELETE FROM line_member");
    sql(&r.site, "INSERT INTO device (id, number, manufacturer, medium, protocol) "
                 "SELECT 1000 + i, CAST(3000000 + i AS TEXT), 'HNG', 'heat', 'mbus' FROM " NUMBERS(1250));
    sql(&r.site, "INSERT INTO point (id, place_id, medium) SELECT 1000 + i, 3, 'heat' FROM " NUMBERS(1250));
    sql(&r.site, "INSERT INTO channel (id, point_id, quantity, unit, exp, interval_minutes, main) "
                 "SELECT 1000 + i, 1000 + i, 'energy', 'Wh', 3, 1440, 1 FROM " NUMBERS(1250));
    sql(&r.site, "INSERT INTO line_member (device_id, line_id, address) "
                 "SELECT 1000 + i, 1, CAST(i AS TEXT) FROM " NUMBERS(1250));
    sql(&r.site, "INSERT INTO installation (id, device_id, point_id, from_us, until_us) "
                 "SELECT 1000 + i, 1000 + i, 1000 + i, 0, CASE WHEN i > 1238 THEN 5 END FROM " NUMBERS(1250));
    char text[512];
    snprintf(text, sizeof text,
             "INSERT INTO read_day (device_id, day, line_id, planned, first, answered, reason) "
             "SELECT 1000 + i, %d, 1, 1, CASE WHEN i <= 1187 THEN 1 ELSE 0 END, CASE WHEN i <= 1219 THEN 1 ELSE 0 END, "
             "CASE WHEN i > 1219 THEN 'silence' ELSE '' END FROM " NUMBERS(1235),
             r.today);
    sql(&r.site, text);
    snprintf(text, sizeof text,
             "INSERT INTO usage_estimate SELECT 1000 + i, %d, 3, 5, 6, 7, 500, 1, 0, 0, %s FROM " NUMBERS(
                 1250) " WHERE i BETWEEN 1210 AND 1231",
             r.today, on_server() ? "''" : "x''"); /* an estimate does not unmake a reading */
    sql(&r.site, text);
    struct heng_quality_view view = success(&r, 0, HENG_QUALITY_BY_DAY, 1);
    assert_int_equal(view.all.count.planned, 1238);
    assert_pct(view.all.rates.first, "95.88");
    assert_pct(view.all.rates.daily, "98.47");
    assert_pct(view.all.rates.complete, "99.43");

    struct heng_missing_view gone = missing(&r, 0, START_US);
    assert_int_equal(gone.n, 19);
    assert_true(gone.items[0].estimated && !gone.items[18].estimated);
    assert_string_equal(gone.items[0].reason, "silence");
    assert_string_equal(gone.items[18].reason, "not-asked");
    assert_int_equal(gone.items[0].line_planned, 1238);
    assert_int_equal(gone.items[0].line_missing, 19);
    close_rig(&r);
}

static void test_meters_that_are_not_due_are_not_planned(void **state)
{
    (void)state;
    struct rig r;
    open_rig(&r);
    int year, month, day;
    heng_day_date(r.today, &year, &month, &day);
    char text[256];
    snprintf(text, sizeof text,
             "INSERT INTO schedule (id, name, period_s, days, due_days, spread_s, due_minute, times, read_windows, "
             "power_off) VALUES (7, 'monthly', 0, %lld, 0, 0, 0, '360', '', '')",
             1LL << (day % 28)); /* tomorrow, or on the first */
    sql(&r.site, text);
    sql(&r.site, "UPDATE line_member SET schedule_id = 7 WHERE device_id IN (1, 2)");
    assert_int_equal(success(&r, 0, HENG_QUALITY_BY_DAY, 1).all.count.planned, 2);
    sql(&r.site, "UPDATE schedule SET days = 0");
    assert_int_equal(success(&r, 0, HENG_QUALITY_BY_DAY, 1).all.count.planned, 4);
    sql(&r.site, "UPDATE schedule SET times = ''"); /* never */
    assert_int_equal(success(&r, 0, HENG_QUALITY_BY_DAY, 1).all.count.planned, 2);
    sql(&r.site, "UPDATE point SET closed_us = 5 WHERE id = 3"); /* stopped */
    assert_int_equal(success(&r, 0, HENG_QUALITY_BY_DAY, 1).all.count.planned, 1);
    close_rig(&r);
}

static void test_the_matrix_has_a_letter_for_each_day(void **state)
{
    (void)state;
    struct rig r;
    struct heng_err err;
    open_rig(&r);
    read_one(&r, HEAT_1, START_US, HENG_OUTCOME_OK, 1);
    read_one(&r, HEAT_1, START_US + HENG_US_PER_DAY, HENG_OUTCOME_OK, 2);
    read_one(&r, HEAT_1, START_US + 2 * HENG_US_PER_DAY, HENG_OUTCOME_NOISE, 3);
    sql(&r.site, "UPDATE installation SET from_us = 1795086400000000 WHERE device_id = 4"); /* on the second day */
    struct heng_matrix_view view;
    struct heng_quality_ask ask = {.from = r.today, .to = r.today + 3};
    assert_ok(heng_view_read_matrix(r.reader, &r.arena, &r.days, &ask, 0, &view, &err));
    assert_int_equal(view.n, 4);
    assert_string_equal(view.items[0].cells, "frm");
    assert_string_equal(view.items[1].cells, "mmm");
    assert_string_equal(view.items[3].cells, ".mm");
    assert_ok(heng_view_read_matrix(r.reader, &r.arena, &r.days, &ask, 2, &view, &err));
    assert_int_equal(view.n, 2);
    ask.now_us = START_US + HENG_US_PER_DAY; /* the third day has not come */
    assert_ok(heng_view_read_matrix(r.reader, &r.arena, &r.days, &ask, 0, &view, &err));
    assert_string_equal(view.items[1].cells, "mm.");
    struct heng_quality_view quality;
    assert_ok(heng_view_read_success(r.reader, &r.arena, &r.days, &ask, HENG_QUALITY_BY_DAY, &quality, &err));
    assert_int_equal(quality.n, 2);
    assert_int_equal(quality.all.count.planned, 3 + 4);
    ask.from = ask.to - 1;
    struct heng_missing_view missed;
    assert_ok(heng_view_missing(r.reader, &r.arena, &r.days, &ask, ask.now_us, &missed, &err));
    assert_int_equal(missed.planned + (int64_t)missed.n, 0);
    ask.from = r.today;
    ask.to = ask.from + HENG_MATRIX_DAYS_MAX + 1;
    assert_int_equal(heng_view_read_matrix(r.reader, &r.arena, &r.days, &ask, 0, &view, &err), HENG_ERANGE);
    ask.to = ask.from;
    assert_int_equal(heng_view_read_matrix(r.reader, &r.arena, &r.days, &ask, 0, &view, &err), HENG_ERANGE);
    close_rig(&r);
}

/* RP-C5, and a gateway that takes its meters with it. */
static void test_lost_meters_and_gateways(void **state)
{
    (void)state;
    struct rig r;
    struct heng_err err;
    open_rig(&r);
    const heng_us now = START_US + 10 * HENG_US_PER_DAY, minute = 60 * HENG_US_PER_S;
    read_one(&r, HEAT_1, now - 20 * minute, HENG_OUTCOME_OK, 1);
    read_one(&r, HEAT_2, now - HENG_US_PER_DAY - minute, HENG_OUTCOME_OK, 1);
    read_one(&r, WATER_1, now - 7 * HENG_US_PER_DAY, HENG_OUTCOME_OK, 1);
    struct heng_lost_view view;
    assert_ok(heng_view_lost(r.reader, &r.arena, 0, now, &heng_lost_limits_default, &view, &err));
    assert_int_equal(view.meter_n, 3);
    assert_int_equal(view.meters[0].lost, HENG_LOST_DAY);
    assert_int_equal(view.meters[1].lost, HENG_LOST_WEEK);
    assert_int_equal(view.meters[2].lost, HENG_LOST_NEVER);
    assert_int_equal(view.alarms, 3);
    assert_int_equal(view.gateway_n, 0);

    sql(&r.site, "INSERT INTO gateway (id, key, name, state, journal_bytes, journal_days) "
                 "VALUES (5, 'box', 'Box', 'enrolled', 0, 0)");
    sql(&r.site, "INSERT INTO gateway_status (gateway_id, last_contact_us) VALUES (5, 1795000000000000)");
    sql(&r.site, "UPDATE line SET gateway_id = 5 WHERE id = 2");
    assert_ok(heng_view_lost(r.reader, &r.arena, 0, now, &heng_lost_limits_default, &view, &err));
    assert_int_equal(view.gateway_n, 1);
    assert_int_equal(view.gateways[0].meters, 2);
    assert_int_equal(view.meters[1].lost, HENG_LOST_BEHIND);
    assert_int_equal(view.meters[2].lost, HENG_LOST_NEVER);
    assert_int_equal(view.alarms, 1);
    r.today = day_of(&r.days, now);
    struct heng_missing_view gone = missing(&r, 0, now);
    assert_int_equal(gone.n, 3);
    assert_string_equal(gone.items[0].reason, "not-asked");
    assert_string_equal(gone.items[1].reason, "gateway-lost");
    struct heng_quality_view by = success(&r, 0, HENG_QUALITY_BY_GATEWAY, 1);
    assert_int_equal(by.n, 2);
    assert_string_equal(by.items[0].name, "box");
    close_rig(&r);
}

/* Flat 101 is managed by one organisation, 102 by another. */
static void test_each_organisation_sees_its_own(void **state)
{
    (void)state;
    struct rig r;
    struct heng_err err;
    open_rig(&r);
    sql(&r.site, "INSERT INTO org (id, key, name) VALUES (11, 'a', 'A'), (12, 'b', 'B')");
    sql(&r.site, "UPDATE place SET managed_by = 11 WHERE key = 'b1-u1-101'");
    sql(&r.site, "UPDATE place SET managed_by = 12 WHERE key = 'b1-u1-102'");
    sql(&r.site, "INSERT INTO gateway (id, key, name, state, journal_bytes, journal_days, org_id) "
                 "VALUES (5, 'box', 'Box', 'enrolled', 0, 0, 11)");
    read_one(&r, HEAT_2, START_US, HENG_OUTCOME_OK, 1);
    for (int64_t scope = 11; scope <= 13; scope++) {
        struct heng_quality_view view = success(&r, scope, HENG_QUALITY_BY_LINE, 1);
        assert_int_equal(view.all.count.planned, scope == 13 ? 0 : 2);
        assert_int_equal(view.all.count.answered, scope == 12);
        struct heng_missing_view gone = missing(&r, scope, START_US);
        assert_int_equal(gone.n, scope == 11 ? 2 : scope == 12 ? 1 : 0);
        for (size_t i = 0; i < gone.n; i++) assert_int_equal(gone.items[i].device_id % 2, scope == 11 ? 1 : 0);
        struct heng_lost_view lost;
        assert_ok(heng_view_lost(r.reader, &r.arena, scope, INGEST_NOW_US, &heng_lost_limits_default, &lost, &err));
        assert_int_equal(lost.meter_n, scope == 13 ? 0 : 2);
        assert_int_equal(lost.gateway_n, scope == 11);
        struct heng_matrix_view matrix;
        const struct heng_quality_ask ask = {.scope = scope, .from = r.today, .to = r.today + 1};
        assert_ok(heng_view_read_matrix(r.reader, &r.arena, &r.days, &ask, 0, &matrix, &err));
        assert_int_equal(matrix.n, scope == 13 ? 0 : 2);
        struct heng_quality_ask other = ask; /* also when the other's meter is named */
        other.device_id = scope == 11 ? HEAT_2 : HEAT_1;
        assert_ok(heng_view_read_matrix(r.reader, &r.arena, &r.days, &other, 0, &matrix, &err));
        assert_int_equal(matrix.n, 0);
    }
    close_rig(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_are_counted_on_their_day),
        cmocka_unit_test(test_read_again_mends_the_day_and_not_the_first_try),
        cmocka_unit_test(test_the_worked_example_of_read_success),
        cmocka_unit_test(test_meters_that_are_not_due_are_not_planned),
        cmocka_unit_test(test_the_matrix_has_a_letter_for_each_day),
        cmocka_unit_test(test_lost_meters_and_gateways),
        cmocka_unit_test(test_each_organisation_sees_its_own),
    };
    return small_site_run(tests, 0);
}
