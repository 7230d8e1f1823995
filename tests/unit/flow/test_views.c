/* What people look at: overview, meters, series with gaps, frames decoded. */
#include "unit/small_site.h"

static struct heng_store_reader *open_reader(const struct small_site *site)
{
    struct heng_store_reader *reader = NULL;
    struct heng_err err;
    assert_ok(heng_store_reader_open(site->path, &reader, &err));
    return reader;
}

static void test_overview(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_arena arena = {.max = 1 << 22};
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    struct heng_overview view;
    struct heng_err err;
    (void)state;
    heat_read(&read, HEAT_1, START_US + 1, 10);
    ingest_one(store, &read, &ingested);
    heat_read(&read, HEAT_2, START_US + 2, 20);
    ingest_one(store, &read, &ingested);
    struct heng_line_fact up = {.line_id = HEAT_LINE, .at_us = START_US, .state = HENG_LINE_STATE_IDLE};
    struct heng_fact fact = {.kind = HENG_FACT_LINE, .line = &up};
    assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, &ingested, &err));
    struct heng_store_reader *reader = open_reader(&site);
    assert_ok(heng_view_overview(reader, &arena, &view, &err));
    assert_string_equal(view.site, "Test site");
    assert_true(view.totals.meters == 4 && view.totals.meters_ok == 2 && view.totals.meters_never == 2);
    assert_true(view.totals.lines == 2 && view.totals.lines_trouble == 1 && view.totals.readings == 2);
    assert_int_equal(view.trouble_n, 1); /* the heat line is idle and complete */
    assert_string_equal(view.trouble[0].config.name, "water DTU");
    assert_int_equal(view.newest_n, 2);
    assert_int_equal(view.newest[0].meter_id, HEAT_2);
    assert_true(view.newest[0].has_main && view.newest[0].main.dec.mantissa == 20);
    assert_true(view.newest[0].frame_id == 2);
    heng_arena_fini(&arena);
    heng_store_reader_close(reader);
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

static void test_meter(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_arena arena = {.max = 1 << 22};
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    static struct heng_meter_detail view;
    struct heng_err err;
    (void)state;
    static const uint8_t battery_low[] = {0x68, 0x0F, 0x0F, 0x68, 0x08, 0x01, 0x72, 0x01, 0x00, 0x00, 0x10,
                                          0x24, 0x40, 0x01, 0x04, 0x00, 0x04, 0x00, 0x00, 0xF9, 0x16};
    heat_read(&read, HEAT_1, START_US, 123);
    memcpy(read.frames[0].bytes, battery_low, sizeof battery_low);
    read.frames[0].n = sizeof battery_low;
    ingest_one(store, &read, &ingested);
    struct heng_store_reader *reader = open_reader(&site);
    assert_ok(heng_view_meter(reader, &arena, NULL, HEAT_1, &view, &err));
    assert_int_equal(view.n, 4);
    assert_int_equal(view.conditions, 1 << HENG_CONDITION_BATTERY_LOW);
    assert_true(view.meter.has_main && view.meter.main.register_id == view.values[0].register_id);
    assert_int_equal(view.values[1].key.storage, 1);
    assert_true(view.values[2].has_value && view.values[2].dec.mantissa == -1250 && view.values[2].dec.exp == -1);
    assert_false(view.values[3].has_value);
    assert_string_equal(view.values[3].reason, "not available");
    assert_int_equal(view.values[3].frame_id, 1);
    assert_ok(heng_view_meter(reader, &arena, NULL, WATER_1, &view, &err));
    assert_true(view.n == 0 && !view.meter.has_main && !view.conditions);
    assert_int_equal(heng_view_meter(reader, &arena, NULL, 99, &view, &err), HENG_ENOTFOUND);
    heng_arena_fini(&arena);
    heng_store_reader_close(reader);
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

/* 60 readings a minute apart; those of minutes 20..25 are missing, that of minute 40 has no value. */
static int64_t fill_hour(struct heng_store *store)
{
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    struct heng_register registers[8];
    struct heng_err err;
    size_t n;
    for (int minute = 0; minute < 60; minute++) {
        if (minute >= 20 && minute <= 25) continue;
        /* up and down, so that minimum and maximum differ from the last */
        heat_read(&read, HEAT_1, START_US + minute * 60 * HENG_US_PER_S, 100 + (minute % 10 == 5 ? 50 : minute % 10));
        read.values[0].has_value = minute != 40;
        ingest_one(store, &read, &ingested);
    }
    heng_ingested_fini(&ingested);
    assert_ok(heng_store_list_registers(heng_store_as_reader(store), HEAT_1, registers, 8, &n, &err));
    assert_int_equal(n, 4);
    return registers[0].id;
}

static void test_series(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_arena arena = {.max = 1 << 22};
    struct heng_series_view view;
    struct heng_err err;
    (void)state;
    int64_t reg = fill_hour(store);
    struct heng_store_reader *reader = open_reader(&site);
    const heng_us end_us = START_US + 3600 * HENG_US_PER_S;

    assert_ok(heng_view_series(reader, &arena, HEAT_1, reg, START_US, end_us, 100, &view, &err));
    assert_int_equal(view.n, 53);
    assert_int_equal(view.bucket_us, 0);
    size_t gaps = 0;
    for (size_t i = 0; i < view.n; i++) {
        int64_t minute = (view.points[i].at_us - START_US) / (60 * HENG_US_PER_S);
        assert_int_equal(view.points[i].gap, minute == 26 || minute == 41);
        assert_int_equal(view.points[i].count, 1);
        gaps += view.points[i].gap;
    }
    assert_int_equal(gaps, 2);

    assert_ok(heng_view_series(reader, &arena, HEAT_1, reg, START_US, end_us, 6, &view, &err));
    assert_int_equal(view.n, 6);
    assert_true(view.bucket_us == 600 * HENG_US_PER_S);
    assert_int_equal(view.points[0].count, 10);
    assert_true(view.points[0].min.mantissa == 100 && view.points[0].max.mantissa == 150);
    assert_int_equal(view.points[0].last.mantissa, 109);
    assert_true(view.points[0].at_us == START_US + 540 * HENG_US_PER_S);
    assert_int_equal(view.points[2].count, 4);
    for (size_t i = 0; i < 6; i++) assert_int_equal(view.points[i].gap, i == 2 || i == 4);

    assert_ok(heng_view_series(reader, &arena, HEAT_1, reg, START_US, end_us, 1, &view, &err));
    assert_int_equal(view.n, 1);
    assert_int_equal(view.points[0].count, 53);
    assert_ok(heng_view_series(reader, &arena, HEAT_1, reg, end_us, end_us + 1, 10, &view, &err));
    assert_int_equal(view.n, 0);
    assert_int_equal(heng_view_series(reader, &arena, HEAT_1, reg, end_us, START_US, 10, &view, &err), HENG_ERANGE);
    assert_int_equal(heng_view_series(reader, &arena, HEAT_2, reg, START_US, end_us, 9, &view, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_view_series(reader, &arena, 99, reg, START_US, end_us, 10, &view, &err), HENG_ENOTFOUND);
    heng_arena_fini(&arena);
    heng_store_reader_close(reader);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_frames(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_arena arena = {.max = 1 << 22};
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    struct heng_frames_view frames;
    static struct heng_frame_detail detail;
    struct heng_err err;
    (void)state;
    for (int i = 0; i < 5; i++) {
        heat_read(&read, HEAT_1, START_US + i, i);
        ingest_one(store, &read, &ingested);
    }
    struct heng_store_reader *reader = open_reader(&site);
    assert_ok(heng_view_frames(reader, &arena, HEAT_1, 0, 2, &frames, &err));
    assert_true(frames.n == 2 && frames.items[0].id == 5 && frames.items[1].id == 4);
    assert_ok(heng_view_frames(reader, &arena, HEAT_1, 4, 9, &frames, &err));
    assert_true(frames.n == 3 && frames.items[0].id == 3);
    assert_ok(heng_view_frame(reader, &arena, NULL, 3, &detail, &err));
    assert_non_null(strstr(detail.decoded, "\"protocol\":\"mbus\""));
    assert_int_equal(detail.fields[0], '[');
    assert_int_equal(heng_view_frame(reader, &arena, NULL, 9, &detail, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_view_frames(reader, &arena, 99, 0, 2, &frames, &err), HENG_ENOTFOUND);
    heng_arena_fini(&arena);
    heng_store_reader_close(reader);
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

static void test_main_register(void **state)
{
    struct heng_register_key key = {.quantity = HENG_QUANTITY_ENERGY};
    (void)state;
    assert_true(heng_is_main_register(HENG_MEDIUM_HEAT, &key));
    assert_true(heng_is_main_register(HENG_MEDIUM_ELECTRICITY, &key));
    assert_false(heng_is_main_register(HENG_MEDIUM_COLD_WATER, &key));
    memcpy(key.qualifier, "forward", 8);
    assert_true(heng_is_main_register(HENG_MEDIUM_ELECTRICITY, &key));
    assert_false(heng_is_main_register(HENG_MEDIUM_HEAT, &key));
    memcpy(key.qualifier, "backward", 9);
    assert_false(heng_is_main_register(HENG_MEDIUM_ELECTRICITY, &key));
    key.qualifier[0] = '\0';
    key.quantity = HENG_QUANTITY_VOLUME;
    assert_true(heng_is_main_register(HENG_MEDIUM_COLD_WATER, &key));
    assert_true(heng_is_main_register(HENG_MEDIUM_GAS, &key));
    assert_false(heng_is_main_register(HENG_MEDIUM_HEAT, &key));
    key.tariff = 1;
    assert_false(heng_is_main_register(HENG_MEDIUM_COLD_WATER, &key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overview), cmocka_unit_test(test_meter),         cmocka_unit_test(test_series),
        cmocka_unit_test(test_frames),   cmocka_unit_test(test_main_register),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
