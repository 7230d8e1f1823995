/* The database: opened only when it is ours, facts once and for ever, questions answered. */
#include <sys/stat.h>

#include "store/read.h"
#include "store/write.h"
#include "unit/small_site.h"

static void write_file(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void test_open_refuses(void **state)
{
    struct small_site site;
    struct heng_store *store = NULL, *second = NULL;
    struct heng_err err;
    (void)state;
    small_site_init(&site);
    assert_int_equal(heng_store_open(site.path, &store, &err), HENG_ENOTFOUND);
    assert_non_null(strstr(err.text, site.path));
    assert_int_equal(heng_store_open(site.directory, &store, &err), HENG_EFORMAT);

    char junk[4096];
    memset(junk, 'x', sizeof junk);
    write_file(site.path, junk, sizeof junk);
    assert_int_equal(heng_store_open(site.path, &store, &err), HENG_EFORMAT);
    assert_int_equal(heng_store_create(site.path, &err), HENG_EEXISTS);
    unlink(site.path);

    write_file(site.path, "", 0); /* an empty file is an empty database of somebody else */
    assert_int_equal(heng_store_open(site.path, &store, &err), HENG_EFORMAT);
    assert_non_null(strstr(err.text, "not a database of Heng"));
    unlink(site.path);

    assert_ok(heng_store_create(site.path, &err));
    assert_ok(heng_store_open(site.path, &store, &err));
    assert_int_equal(heng_store_open(site.path, &second, &err), HENG_EBUSY);
    assert_non_null(strstr(err.text, "in use by another Heng"));
    heng_store_close(store);

    assert_int_equal(small_site_sql(site.path, "PRAGMA user_version = 999"), HENG_OK);
    assert_int_equal(heng_store_open(site.path, &store, &err), HENG_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "newer Heng"));
    struct heng_store_reader *reader = NULL;
    assert_int_equal(heng_store_reader_open(site.path, &reader, &err), HENG_EUNSUPPORTED);
    small_site_fini(&site);
}

/* Run the statements of a migration on a file. */
static void run_migration(const char *path, const char *name)
{
    static char text[65536];
    char file[256];
    snprintf(file, sizeof file, "%s/sql/sqlite/%s", HENG_SOURCE_DIR, name);
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    assert_int_equal(small_site_sql(path, text), HENG_OK);
}

/* A database of an older version, with a meter, a reading, a silent line and its history, as that version wrote them,
 * is brought up to date when it is opened, and keeps what it holds. */
static void test_migration(void **state)
{
    static const char *const steps[] = {"0001_init.sql", "0002_profile.sql"};
    (void)state;
    for (size_t versions = 1; versions <= 2; versions++) {
        struct small_site site;
        struct heng_meter_row meter;
        struct heng_line_row line;
        struct heng_line_event event;
        struct heng_reading_scan scan;
        struct heng_err err;
        size_t n = 0;
        small_site_init(&site);
        fclose(fopen(site.path, "w")); /* an empty file is an empty database */
        for (size_t i = 0; i < versions; i++) run_migration(site.path, steps[i]);
        assert_int_equal(
            small_site_sql(
                site.path,
                "INSERT INTO line (id, key, name, transport, endpoint, heartbeat, baud, parity, latency_ms, "
                "period_s) VALUES (7, 'k', 'n', 'tcp', '127.0.0.1:1', '', 2400, 'E', 300, 60);"
                "INSERT INTO line_state VALUES (7, 'silent', 5, 'no answer', 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "
                "12, 13);"
                "INSERT INTO line_event VALUES (1, 7, 5, 'silent', 'no answer');"
                "INSERT INTO device (id, number, manufacturer, medium, protocol) VALUES (3, '10000001', 'HNG', "
                "'heat', 'mbus');"
                "INSERT INTO device_state VALUES (3, 'ok', 9, 'ok', 9, 1, 2, 44);"
                "INSERT INTO line_member VALUES (3, 7, '1');"
                "INSERT INTO reading VALUES (3, 9, 1, 1, 1, 0, x'00');"),
            HENG_OK);
        struct heng_store *store = NULL;
        assert_ok(heng_store_open(site.path, &store, &err));
        struct heng_store_reader *reader = heng_store_as_reader(store);
        assert_ok(heng_store_get_meter(reader, 3, &meter, &err));
        assert_string_equal(meter.device.number, "10000001");
        assert_string_equal(meter.device.profile, "");
        assert_int_equal(meter.state.reads, 44);
        assert_int_equal(meter.state.learned.answers, 0);
        assert_int_equal(meter.position, 0);
        assert_ok(heng_store_get_line(reader, 7, &line, &err));
        assert_int_equal(line.status.state, HENG_LINE_STATE_NO_LOAD);
        assert_int_equal(line.status.counters.refused, 9);
        assert_int_equal(line.status.counters.doubted, 0);
        assert_int_equal(line.status.counters.reads_ok, 10);
        assert_int_equal(line.status.counters.bytes_in, 13);
        assert_int_equal(line.status.vitals.health, 100);
        assert_int_equal(line.config.rts, HENG_RTS_NONE);
        assert_ok(heng_store_list_line_events(reader, 7, &event, 1, &n, &err));
        assert_int_equal(event.state, HENG_LINE_STATE_NO_LOAD);
        assert_ok(heng_reading_scan_begin(&scan, reader, 3, 0, 100, &err));
        assert_ok(heng_reading_scan_next(&scan, &err));
        assert_true(scan.at_us == 9 && scan.due_us == 0 && !scan.partial);
        heng_reading_scan_end(&scan);
        heng_store_close(store);
        small_site_fini(&site);
    }
}

static void test_damaged_file(void **state)
{
    struct small_site site;
    struct heng_err err;
    (void)state;
    heng_store_close(small_site_open(&site));
    FILE *f = fopen(site.path, "r+");
    assert_non_null(f);
    char junk[4096];
    memset(junk, 0x5A, sizeof junk);
    assert_int_equal(fseek(f, 4096, SEEK_SET), 0); /* all but the first page */
    for (int i = 0; i < 40; i++) fwrite(junk, 1, sizeof junk, f);
    fclose(f);
    struct heng_store *store = NULL;
    heng_rc rc = heng_store_open(site.path, &store, &err);
    assert_int_equal(rc, HENG_EFORMAT);
    assert_non_null(strstr(err.text, "damaged"));
    small_site_fini(&site);
}

/* A file behind a link to nowhere, an interrupted creation: nothing half-made is taken for a database. */
static void test_create_leaves_no_half(void **state)
{
    struct small_site site;
    struct heng_store *store = NULL;
    struct heng_err err;
    char fresh[256];
    (void)state;
    small_site_init(&site);
    snprintf(fresh, sizeof fresh, "%s.new", site.path);
    write_file(fresh, "half a database", 15);
    assert_ok(heng_store_create(site.path, &err));
    struct stat st;
    assert_int_not_equal(stat(fresh, &st), 0);
    assert_ok(heng_store_open(site.path, &store, &err));
    heng_store_close(store);
    small_site_fini(&site);
    char nowhere[128];
    snprintf(nowhere, sizeof nowhere, "%s/none/heng.db", site.directory);
    assert_int_equal(heng_store_create(nowhere, &err), HENG_EDENIED);
}

static void make_reading(struct heng_reading *r, struct heng_frame *frame, int64_t register_id, int64_t mantissa)
{
    memset(r, 0, sizeof *r);
    r->device_id = HEAT_1;
    r->at_us = START_US;
    r->source = HENG_SOURCE_LINE;
    r->quality = HENG_QUALITY_MEASURED;
    r->frame_count = 1;
    r->value_count = 1;
    r->values[0] = (struct heng_reading_value){.register_id = register_id, .has_value = true, .dec = {mantissa, -3}};
    *frame = (struct heng_frame){.at_us = START_US, .protocol = HENG_PROTOCOL_MBUS, .n = 3, .bytes = {1, 2, 3}};
}

static heng_stored add(struct heng_store *store, int64_t register_id, int64_t mantissa, int64_t *ret_frame)
{
    static struct heng_reading reading;
    struct heng_frame frame;
    struct heng_err err;
    heng_stored stored;
    make_reading(&reading, &frame, register_id, mantissa);
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_add_reading(store, &reading, &frame, &stored, ret_frame, &err));
    assert_ok(heng_store_commit(store, &err));
    return stored;
}

static void test_reading_once(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_totals totals;
    struct heng_err err;
    int64_t first, again;
    (void)state;
    assert_int_equal(add(store, 1, 54321, &first), HENG_STORED_NEW);
    assert_int_equal(first, 1);
    assert_int_equal(add(store, 1, 54321, &again), HENG_STORED_SAME);
    assert_int_equal(add(store, 1, 54322, &again), HENG_STORED_CONFLICT);
    assert_int_equal(again, 2);
    assert_int_equal(add(store, 1, 54322, &again), HENG_STORED_SAME);
    assert_int_equal(add(store, 1, 54323, &again), HENG_STORED_CONFLICT);
    assert_ok(heng_store_totals(reader, &totals, &err));
    assert_int_equal(totals.conflicts, 2);

    static struct heng_reading got;
    assert_ok(heng_store_get_reading(reader, HEAT_1, START_US, HENG_SOURCE_LINE, &got, &err));
    assert_true(got.values[0].dec.mantissa == 54321 && got.values[0].dec.exp == -3 && got.first_frame == 1);
    struct heng_frame frame;
    assert_ok(heng_store_get_frame(reader, 1, &frame, &err));
    assert_int_equal(frame.n, 3);
    assert_memory_equal(frame.bytes, "\1\2\3", 3);
    assert_int_equal(heng_store_get_frame(reader, 99, &frame, &err), HENG_ENOTFOUND);
    heng_store_close(store);

    /* append-only, whoever asks */
    static const char *const attempts[] = {"UPDATE frame SET at_us = 0",   "DELETE FROM frame",
                                           "UPDATE reading SET at_us = 0", "DELETE FROM reading",
                                           "DELETE FROM reading_conflict", "UPDATE reading_conflict SET quality = 0"};
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        assert_int_equal(small_site_sql(site.path, attempts[i]), HENG_ECONFLICT);
    small_site_fini(&site);
}

static void test_rollback_gives_ids_back(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_register_key key = {.quantity = HENG_QUANTITY_VOLUME, .unit = HENG_UNIT_M3};
    struct heng_register_key other = {.quantity = HENG_QUANTITY_VOLUME, .unit = HENG_UNIT_M3, .storage = 1};
    const struct heng_register_key *keys[] = {&key, &other, &key};
    int64_t ids[3], again[3];
    struct heng_err err;
    size_t n;
    (void)state;
    assert_int_equal(heng_store_register_ids(store, WATER_1, keys, 3, ids, &err), HENG_EBUG); /* no transaction */
    assert_ok(heng_store_begin(store, &err));
    assert_int_equal(heng_store_begin(store, &err), HENG_EBUG);
    assert_ok(heng_store_register_ids(store, WATER_1, keys, 3, ids, &err));
    heng_store_rollback(store);
    struct heng_register registers[4];
    assert_ok(heng_store_list_registers(heng_store_as_reader(store), WATER_1, registers, 4, &n, &err));
    assert_int_equal(n, 0);

    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_register_ids(store, WATER_1, keys, 3, again, &err));
    assert_ok(heng_store_commit(store, &err));
    assert_memory_equal(ids, again, sizeof ids);
    assert_true(ids[0] != ids[1] && ids[0] == ids[2]);
    heng_store_close(store);

    /* ids go on where they were after a new start */
    assert_ok(heng_store_open(site.path, &store, &err));
    struct heng_register_key third = {.quantity = HENG_QUANTITY_ON_TIME, .unit = HENG_UNIT_S};
    keys[1] = &third;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_register_ids(store, WATER_1, keys, 2, again, &err));
    assert_ok(heng_store_commit(store, &err));
    assert_int_equal(again[0], ids[0]);
    assert_int_equal(again[1], ids[1] + 1);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_scan(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    static struct heng_read read;
    struct heng_err err;
    (void)state;
    for (int i = 0; i < 10; i++) {
        heat_read(&read, HEAT_1, START_US + (9 - i) * HENG_US_PER_S, i);
        ingest_one(store, &read, &ingested);
        heat_read(&read, HEAT_2, START_US + i * HENG_US_PER_S, i);
        ingest_one(store, &read, &ingested);
    }
    struct heng_store_reader *reader = NULL;
    assert_ok(heng_store_reader_open(site.path, &reader, &err));
    struct heng_reading_scan scan;
    heng_us expected = START_US + 2 * HENG_US_PER_S;
    assert_ok(heng_reading_scan_begin(&scan, reader, HEAT_1, expected, START_US + 8 * HENG_US_PER_S, &err));
    heng_rc rc;
    while ((rc = heng_reading_scan_next(&scan, &err)) == HENG_OK) {
        assert_true(scan.at_us == expected);
        expected += HENG_US_PER_S;
    }
    assert_int_equal(rc, HENG_ENOTFOUND);
    assert_true(expected == START_US + 8 * HENG_US_PER_S);
    heng_reading_scan_end(&scan);
    heng_store_reader_close(reader);
    heng_store_close(store);
    heng_ingested_fini(&ingested);
    small_site_fini(&site);
}

static int64_t count_filtered(struct heng_store_reader *reader, struct heng_meter_filter filter)
{
    struct heng_meter_row rows[8];
    struct heng_err err;
    int64_t total = -1;
    size_t n = 0;
    assert_ok(heng_store_list_meters(reader, &filter, 0, rows, 8, &n, &total, &err));
    assert_int_equal(n, total);
    return total;
}

static int64_t count_meters(struct heng_store_reader *reader, const char *search, int64_t line, heng_medium medium,
                            heng_meter_state state)
{
    return count_filtered(reader, (struct heng_meter_filter){search, line, medium, state, 0});
}

static int64_t count_at(struct heng_store_reader *reader, const char *key, heng_medium medium)
{
    struct heng_place place;
    struct heng_err err;
    assert_ok(heng_store_find_place(reader, key, &place, &err));
    return count_filtered(reader, (struct heng_meter_filter){"", 0, medium, HENG_METER_STATE_COUNT, place.id});
}

static void test_filter(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    const heng_medium any = HENG_MEDIUM_COUNT;
    const heng_meter_state all = HENG_METER_STATE_COUNT;
    (void)state;
    assert_int_equal(count_meters(reader, "", 0, any, all), 4);
    assert_int_equal(count_meters(reader, "1号楼", 0, any, all), 4);
    assert_int_equal(count_meters(reader, "101", 0, any, all), 2);
    assert_int_equal(count_meters(reader, "10000002", 0, any, all), 1);
    assert_int_equal(count_meters(reader, "%", 0, any, all), 0); /* a wildcard is a letter here */
    assert_int_equal(count_meters(reader, "_", 0, any, all), 0);
    assert_int_equal(count_meters(reader, "'; DROP TABLE device; --", 0, any, all), 0);
    assert_int_equal(count_meters(reader, "", WATER_LINE, any, all), 2);
    assert_int_equal(count_meters(reader, "102", WATER_LINE, HENG_MEDIUM_COLD_WATER, HENG_METER_STATE_NEVER), 1);
    assert_int_equal(count_meters(reader, "", 0, HENG_MEDIUM_HEAT, all), 2);
    assert_int_equal(count_meters(reader, "", 0, any, HENG_METER_STATE_OK), 0);
    assert_int_equal(count_at(reader, "b1", any), 4); /* all below it */
    assert_int_equal(count_at(reader, "b1-u1-102", any), 2);
    assert_int_equal(count_at(reader, "b1-u1-102", HENG_MEDIUM_HEAT), 1);
    assert_int_equal(count_filtered(reader, (struct heng_meter_filter){"", 0, any, all, 999999}), 0);

    struct heng_meter_row rows[3];
    struct heng_meter_filter filter = {"", 0, any, all, 0};
    struct heng_err err;
    size_t n;
    int64_t total;
    assert_ok(heng_store_list_meters(reader, &filter, 3, rows, 3, &n, &total, &err));
    assert_int_equal(n, 1);
    assert_int_equal(total, 4);
    assert_string_equal(rows[0].device.number, "20000000000002");
    assert_string_equal(rows[0].place, "1号楼 / 1单元 / 102");
    assert_string_equal(rows[0].line_name, "water DTU");
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        file_test(test_open_refuses),        file_test(test_damaged_file),
        file_test(test_migration),           file_test(test_create_leaves_no_half),
        cmocka_unit_test(test_reading_once), cmocka_unit_test(test_rollback_gives_ids_back),
        cmocka_unit_test(test_scan),         cmocka_unit_test(test_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
