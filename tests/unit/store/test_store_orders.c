/* Schedules, relays, commands and searches in the database: what goes in comes out, and what must not change does not.
 */
#include "store/orders.h"
#include "store/write.h"
#include "unit/small_site.h"

static void test_schedule_round_trip(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_schedule wanted = {.name = "billing",
                                   .period_s = 900,
                                   .days = UINT32_C(1) << 31 | 1,
                                   .due_days = UINT32_C(1) << 31,
                                   .spread_s = 300,
                                   .due_minute = 1439,
                                   .read_window_count = 2,
                                   .read_windows = {{1320, 360}, {0, 1}},
                                   .power_off_count = HENG_SCHEDULE_WINDOWS_MAX};
    struct heng_schedule got[4];
    struct heng_err err;
    int64_t id = 0, again = 0;
    size_t n = 0;
    (void)state;
    wanted.time_count = HENG_SCHEDULE_TIMES_MAX;
    for (uint16_t i = 0; i < HENG_SCHEDULE_TIMES_MAX; i++) wanted.times[i] = (uint16_t)(1439 - i);
    for (uint16_t i = 0; i < HENG_SCHEDULE_WINDOWS_MAX; i++)
        wanted.power_off[i] = (struct heng_day_window){(uint16_t)(i * 60), (uint16_t)(i * 60 + 59)};
    assert_int_equal(heng_store_put_schedule(store, &wanted, &id, &err), HENG_EBUG);
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_schedule(store, &wanted, &id, &err));
    wanted.period_s = 60;
    assert_ok(heng_store_put_schedule(store, &wanted, &again, &err));
    assert_int_equal(id, again);
    assert_ok(heng_store_commit(store, &err));
    assert_ok(heng_store_list_schedules(heng_store_as_reader(store), got, 4, &n, &err));
    assert_int_equal(n, 1);
    wanted.id = id;
    assert_memory_equal(&got[0], &wanted, sizeof wanted);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_relay_round_trip(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_relay_config outer = {.name = "outer",
                                      .stores = true,
                                      .delay_ms = 700,
                                      .hold_ms = 5000,
                                      .open_n = 3,
                                      .open = {0x68, 0x00, 0xFF},
                                      .open_answer_n = 1,
                                      .open_answer = {0xE5}};
    struct heng_relay_config inner = {.name = "inner"};
    struct heng_relay_config got[4];
    struct heng_err err;
    size_t n = 0;
    (void)state;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_relay(store, WATER_LINE, &outer, &outer.id, &err));
    inner.parent_id = outer.id;
    assert_ok(heng_store_put_relay(store, WATER_LINE, &inner, &inner.id, &err));
    struct heng_member member = {.address = "20000000000001", .relay_id = inner.id, .position = 9};
    assert_ok(heng_store_put_member(store, WATER_LINE, WATER_1, &member, &err));
    assert_ok(heng_store_commit(store, &err));
    assert_ok(heng_store_list_line_relays(heng_store_as_reader(store), WATER_LINE, got, 4, &n, &err));
    assert_int_equal(n, 2);
    assert_memory_equal(&got[0], &outer, sizeof outer);
    assert_memory_equal(&got[1], &inner, sizeof inner);
    struct heng_meter_row meter;
    assert_ok(heng_store_get_meter(heng_store_as_reader(store), WATER_1, &meter, &err));
    assert_string_equal(meter.relay, "inner");
    assert_int_equal(meter.position, 9);
    heng_store_close(store);
    small_site_fini(&site);
}

static struct heng_command make_command(int64_t device_id, const char *key)
{
    struct heng_command command = {.line_id = HEAT_LINE,
                                   .device_id = device_id,
                                   .protocol = HENG_PROTOCOL_MBUS,
                                   .order = {.kind = HENG_ORDER_SET_ADDRESS, .address = "17"},
                                   .stage = HENG_STAGE_QUEUED,
                                   .requested_us = START_US,
                                   .expires_us = START_US + 600 * HENG_US_PER_S,
                                   .outcome = HENG_OUTCOME_COUNT};
    snprintf(command.key, sizeof command.key, "%s", key);
    return command;
}

/* Passwords are not in the file, whatever the order holds. */
static void test_no_secret_is_stored(void **state)
{
    static char bytes[1 << 20];
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_command command = make_command(HEAT_1, "");
    struct heng_err err;
    int64_t id;
    (void)state;
    command.order.has_secret = true;
    memcpy(command.order.password, "PaSs", 4);
    memcpy(command.order.operator_code, "OpEr", 4);
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_add_command(store, &command, &id, &err));
    assert_ok(heng_store_commit(store, &err));
    heng_store_close(store);
    if (on_server()) { /* bytes are not to be had: all of the row, as text */
        assert_int_equal(
            small_site_number(site.path, "SELECT count(*) FROM command c WHERE c::text ~ 'PaSs|OpEr|50615373'"), 0);
        assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM command c WHERE c::text ~ 'set'"), 1);
        small_site_fini(&site);
        return;
    }
    FILE *f = fopen(site.path, "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_true(n > 4096);
    assert_null(memmem(bytes, n, "PaSs", 4));
    assert_null(memmem(bytes, n, "OpEr", 4));
    assert_non_null(memmem(bytes, n, "set-address", 11));
    small_site_fini(&site);
}

static void test_commands(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_command first = make_command(HEAT_1, "k1"), second = make_command(HEAT_2, ""),
                        third = make_command(0, "");
    struct heng_command_row rows[8];
    struct heng_err err;
    size_t n = 0;
    (void)state;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_add_command(store, &first, &first.id, &err));
    assert_ok(heng_store_add_command(store, &second, &second.id, &err));
    assert_ok(heng_store_add_command(store, &third, &third.id, &err));
    first.stage = HENG_STAGE_FAILED;
    first.sent_us = START_US + 1;
    first.accepted_us = START_US + 2;
    first.ended_us = START_US + 3;
    first.outcome = HENG_OUTCOME_REFUSED;
    snprintf(first.why, sizeof first.why, "wrong password");
    first.first_frame = 12;
    first.frame_count = 2;
    first.reading_us = START_US + 4;
    assert_ok(heng_store_put_command(store, &first, &err));
    assert_ok(heng_store_commit(store, &err));

    assert_ok(heng_store_find_command(reader, "k1", &rows[0], &err));
    assert_memory_equal(&rows[0].command, &first, sizeof first);
    assert_string_equal(rows[0].number, "10000001");
    assert_int_equal(heng_store_find_command(reader, "k2", &rows[0], &err), HENG_ENOTFOUND);
    assert_ok(heng_store_list_commands(reader, 0, 0, 0, rows, 8, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(rows[0].command.id, third.id);
    assert_ok(heng_store_list_commands(reader, 0, 0, third.id, rows, 8, &n, &err));
    assert_int_equal(n, 2);
    assert_ok(heng_store_list_commands(reader, HEAT_2, 0, 0, rows, 8, &n, &err));
    assert_int_equal(n, 1);
    assert_ok(heng_store_list_commands(reader, 0, WATER_LINE, 0, rows, 8, &n, &err));
    assert_int_equal(n, 0);
    assert_ok(heng_store_list_open_commands(reader, 0, rows, 8, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].command.id, second.id);

    struct heng_command twice = make_command(HEAT_1, "k1");
    assert_ok(heng_store_begin(store, &err));
    assert_int_equal(heng_store_add_command(store, &twice, &twice.id, &err), HENG_ECONFLICT);
    heng_store_rollback(store);
    heng_store_close(store);
    assert_int_equal(small_site_sql(site.path, "DELETE FROM command"), HENG_ECONFLICT);
    small_site_fini(&site);
}

static void test_searches(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_search_row row = {.line_id = HEAT_LINE,
                                  .kind = HENG_SEARCH_MBUS_SECONDARY,
                                  .running = true,
                                  .started_us = START_US,
                                  .updated_us = START_US + 1,
                                  .progress = {.requests = 9,
                                               .selects = 7,
                                               .found = 2,
                                               .known = 1,
                                               .missing = 3,
                                               .collisions = 4,
                                               .permille = 310,
                                               .place = "12FFFFFF"}};
    struct heng_search_row got[4];
    struct heng_found_row found = {.at_us = START_US,
                                   .found = {.protocol = HENG_PROTOCOL_MBUS,
                                             .medium = HENG_MEDIUM_HEAT,
                                             .address = "10000001AAAA0104",
                                             .number = "10000001",
                                             .manufacturer = "HNG",
                                             .primary = 0,
                                             .known = true}};
    struct heng_found_row list[4];
    struct heng_err err;
    size_t n = 0;
    (void)state;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_search(store, &row, &err));
    assert_ok(heng_store_add_found(store, HEAT_LINE, row.kind, &found, &err));
    assert_ok(heng_store_add_found(store, HEAT_LINE, row.kind, &found, &err));
    assert_ok(heng_store_commit(store, &err));
    assert_ok(heng_store_get_search(reader, HEAT_LINE, row.kind, &got[0], &err));
    assert_memory_equal(&got[0], &row, sizeof row);
    assert_ok(heng_store_list_found(reader, HEAT_LINE, row.kind, list, 4, &n, &err));
    assert_int_equal(n, 1);
    assert_memory_equal(&list[0], &found, sizeof found);

    /* After a restart nothing runs, and the place to go on from is still there. */
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_rest(store, START_US + 5, &err));
    assert_ok(heng_store_clear_found(store, HEAT_LINE, HENG_SEARCH_MBUS_PRIMARY, &err));
    assert_ok(heng_store_commit(store, &err));
    assert_ok(heng_store_list_searches(reader, HEAT_LINE, got, 4, &n, &err));
    assert_int_equal(n, 1);
    assert_false(got[0].running);
    assert_string_equal(got[0].progress.place, "12FFFFFF");
    assert_ok(heng_store_list_found(reader, HEAT_LINE, row.kind, list, 4, &n, &err));
    assert_int_equal(n, 1);
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_clear_found(store, HEAT_LINE, row.kind, &err));
    assert_ok(heng_store_commit(store, &err));
    assert_ok(heng_store_list_found(reader, HEAT_LINE, row.kind, list, 4, &n, &err));
    assert_int_equal(n, 0);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_round_trip),
        cmocka_unit_test(test_relay_round_trip),
        cmocka_unit_test(test_no_secret_is_stored),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_searches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
