/* Orders at the centre: stored once, never sent twice by themselves, each stage with what proves it. */
#include "flow/ingest.h"
#include "store/write.h"
#include "unit/small_site.h"

static struct heng_wish make_wish(int64_t device_id, heng_order_kind kind, const char *key)
{
    struct heng_wish wish = {.kind = HENG_WISH_COMMAND,
                             .device_ids = {device_id},
                             .device_count = 1,
                             .order = {.kind = kind},
                             .protocol = HENG_PROTOCOL_COUNT};
    snprintf(wish.key, sizeof wish.key, "%s", key);
    return wish;
}

static int64_t store_wish(struct heng_store *store, const struct heng_wish *wish, heng_us now_us, heng_rc *ret_rc,
                          bool *ret_existed)
{
    struct heng_command_fact fact = {.rc = HENG_OK};
    struct heng_ingested ingested = {0};
    struct heng_err err;
    assert_ok(heng_wish_command(heng_store_as_reader(store), wish, now_us, &fact.command, &err));
    struct heng_fact facts[] = {{.kind = HENG_FACT_COMMAND, .command = &fact}};
    assert_ok(heng_ingest(store, facts, 1, now_us, &ingested, &err));
    heng_ingested_fini(&ingested);
    if (ret_rc) *ret_rc = fact.rc;
    if (ret_existed) *ret_existed = fact.existed;
    return fact.command.id;
}

static void test_keys(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_wish wish = make_wish(HEAT_1, HENG_ORDER_DISCONNECT, "a1"),
                     other = make_wish(HEAT_1, HENG_ORDER_CONNECT, "a1"),
                     keyless = make_wish(HEAT_1, HENG_ORDER_DISCONNECT, "");
    heng_rc rc;
    bool existed;
    (void)state;
    int64_t id = store_wish(store, &wish, START_US, &rc, &existed);
    assert_true(rc == HENG_OK && !existed && id > 0);
    wish.expires_s = 5; /* how long it may wait is no part of what it is */
    assert_int_equal(store_wish(store, &wish, START_US + 1, &rc, &existed), id);
    assert_true(rc == HENG_OK && existed);
    store_wish(store, &other, START_US + 2, &rc, &existed);
    assert_int_equal(rc, HENG_ECONFLICT);
    int64_t second = store_wish(store, &keyless, START_US, &rc, &existed);
    assert_int_not_equal(store_wish(store, &keyless, START_US, &rc, &existed), second);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_refused_wishes(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_wish wish = make_wish(99, HENG_ORDER_CONNECT, "");
    struct heng_command command;
    struct heng_err err;
    (void)state;
    assert_int_equal(heng_wish_command(reader, &wish, START_US, &command, &err), HENG_ENOTFOUND);
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_drop_member(store, HEAT_1, &err));
    assert_ok(heng_store_commit(store, &err));
    wish.device_ids[0] = HEAT_1;
    assert_int_equal(heng_wish_command(reader, &wish, START_US, &command, &err), HENG_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "10000001"));
    wish = (struct heng_wish){.kind = HENG_WISH_COMMAND, .line_id = 77, .protocol = HENG_PROTOCOL_COUNT};
    assert_int_equal(heng_wish_command(reader, &wish, START_US, &command, &err), HENG_ENOTFOUND);
    wish.line_id = WATER_LINE;
    assert_ok(heng_wish_command(reader, &wish, START_US, &command, &err));
    assert_int_equal(command.protocol, HENG_PROTOCOL_CJT188);
    assert_int_equal(command.device_id, 0);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_meters_of_a_wish(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_wish wish = {.kind = HENG_WISH_READ, .device_ids = {WATER_2, 99, HEAT_1}, .device_count = 3};
    struct heng_place_member meters[8];
    struct heng_place place;
    char why[HENG_WHY_MAX];
    size_t n = 0, refused = 0;
    struct heng_err err;
    (void)state;
    assert_ok(heng_wish_meters(reader, &wish, meters, 8, &n, &refused, why, &err));
    assert_true(n == 2 && refused == 1 && meters[0].line_id == WATER_LINE && meters[1].line_id == HEAT_LINE);
    assert_non_null(strstr(why, "99"));

    wish = (struct heng_wish){.kind = HENG_WISH_READ, .line_id = HEAT_LINE};
    assert_ok(heng_wish_meters(reader, &wish, meters, 8, &n, &refused, why, &err));
    assert_true(n == 2 && meters[0].device_id == HEAT_1 && meters[1].device_id == HEAT_2);
    wish.line_id = 77;
    assert_int_equal(heng_wish_meters(reader, &wish, meters, 8, &n, &refused, why, &err), HENG_ENOTFOUND);

    wish = (struct heng_wish){.kind = HENG_WISH_READ};
    assert_ok(heng_store_find_place(reader, "b1", &place, &err));
    wish.place_id = place.id;
    assert_ok(heng_wish_meters(reader, &wish, meters, 8, &n, &refused, why, &err));
    assert_int_equal(n, 4);
    assert_int_equal(heng_wish_meters(reader, &wish, meters, 4, &n, &refused, why, &err), HENG_ELIMIT);
    assert_ok(heng_store_find_place(reader, "b1-u1-102", &place, &err));
    wish.place_id = place.id;
    assert_ok(heng_wish_meters(reader, &wish, meters, 8, &n, &refused, why, &err));
    assert_true(n == 2 && meters[0].device_id == HEAT_2 && meters[1].device_id == WATER_2);
    wish.place_id = 999;
    assert_int_equal(heng_wish_meters(reader, &wish, meters, 8, &n, &refused, why, &err), HENG_ENOTFOUND);
    heng_store_close(store);
    small_site_fini(&site);
}

static struct heng_order_fact stage_of(int64_t id, heng_stage stage, heng_us at_us)
{
    return (struct heng_order_fact){.id = id,
                                    .command = true,
                                    .line_id = HEAT_LINE,
                                    .device_id = HEAT_1,
                                    .order = HENG_ORDER_DISCONNECT,
                                    .stage = stage,
                                    .at_us = at_us,
                                    .outcome = HENG_OUTCOME_COUNT};
}

static void ingest_fact(struct heng_store *store, const struct heng_fact *fact, struct heng_ingested *ingested)
{
    struct heng_err err;
    assert_ok(heng_ingest(store, fact, 1, INGEST_NOW_US, ingested, &err));
}

/* The stages of a command, its evidence, and what it must not do to what people see of the meter. */
static void test_stages(void **state)
{
    static struct heng_read read;
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_wish wish = make_wish(HEAT_1, HENG_ORDER_DISCONNECT, "");
    struct heng_ingested ingested = {0};
    struct heng_command_row row;
    struct heng_meter_row meter;
    struct heng_frame frame;
    struct heng_reading reading;
    struct heng_err err;
    (void)state;
    heat_read(&read, HEAT_1, START_US, 100);
    ingest_one(store, &read, &ingested);
    int64_t id = store_wish(store, &wish, START_US + 1, NULL, NULL);

    struct heng_order_fact order = stage_of(id, HENG_STAGE_SENT, START_US + 2);
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order}, &ingested);
    assert_int_equal(ingested.live_n, 1);
    assert_int_equal(ingested.live[0].kind, HENG_LIVE_ORDER);
    order = stage_of(id, HENG_STAGE_ACCEPTED, START_US + 3);
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order}, &ingested);

    heat_read(&read, HEAT_1, START_US + 4, 100);
    order = stage_of(id, HENG_STAGE_CONFIRMED, START_US + 5);
    order.outcome = HENG_OUTCOME_OK;
    order.has_learned = true;
    order.learned = (struct heng_learned){.answer_us = 120000, .spread_us = 5000, .answers = 8, .ser = 2};
    struct heng_fact end = {.kind = HENG_FACT_READ, .read = &read, .order = &order};
    ingest_fact(store, &end, &ingested);
    assert_int_equal(ingested.live_n, 1); /* no new reading on the screen: it was the state that was asked */
    assert_ok(heng_store_get_command(reader, id, &row, &err));
    assert_int_equal(row.command.stage, HENG_STAGE_CONFIRMED);
    assert_true(row.command.sent_us == START_US + 2 && row.command.accepted_us == START_US + 3 &&
                row.command.ended_us == START_US + 5 && row.command.reading_us == START_US + 4);
    assert_int_equal(row.command.frame_count, 1);
    assert_ok(heng_store_get_frame(reader, row.command.first_frame, &frame, &err));
    assert_int_equal(frame.device_id, HEAT_1);
    assert_ok(heng_store_get_reading(reader, HEAT_1, START_US + 4, HENG_SOURCE_LINE, &reading, &err));
    assert_true(reading.partial);
    assert_ok(heng_store_get_meter(reader, HEAT_1, &meter, &err));
    assert_true(meter.state.last_read_us == START_US);
    assert_int_equal(meter.state.learned.answer_us, 120000);
    assert_int_equal(meter.state.learned.ser, 2);

    /* What comes late or twice changes nothing. */
    order = stage_of(id, HENG_STAGE_FAILED, START_US + 9);
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order}, &ingested);
    assert_ok(heng_store_get_command(reader, id, &row, &err));
    assert_int_equal(row.command.stage, HENG_STAGE_CONFIRMED);
    order.id = 4711;
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order}, &ingested);
    assert_int_equal(ingested.refused, 1);
    heng_ingested_fini(&ingested);
    heng_store_close(store);
    small_site_fini(&site);
}

/* A meter that refused a command: the command has failed, and the frames of the refusal are kept. */
static void test_refusal_is_proved(void **state)
{
    static struct heng_read read;
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_wish wish = make_wish(HEAT_1, HENG_ORDER_DISCONNECT, "");
    struct heng_ingested ingested = {0};
    struct heng_command_row row;
    struct heng_frame frame;
    struct heng_err err;
    (void)state;
    int64_t id = store_wish(store, &wish, START_US, NULL, NULL);
    heat_read(&read, HEAT_1, START_US + 1, 100);
    read.value_count = 0;
    read.outcome = HENG_OUTCOME_REFUSED;
    struct heng_order_fact order = stage_of(id, HENG_STAGE_FAILED, START_US + 2);
    order.outcome = HENG_OUTCOME_REFUSED;
    snprintf(order.why, sizeof order.why, "wrong password");
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_READ, .read = &read, .order = &order}, &ingested);
    assert_ok(heng_store_get_command(reader, id, &row, &err));
    assert_int_equal(row.command.stage, HENG_STAGE_FAILED);
    assert_string_equal(row.command.why, "wrong password");
    assert_int_equal(row.command.frame_count, 1);
    assert_ok(heng_store_get_frame(reader, row.command.first_frame, &frame, &err));
    assert_int_equal(frame.n, read.frames[0].n);
    assert_true(row.command.reading_us == 0);

    /* The frames of a read that failed are counted on the line and not kept. */
    order = stage_of(5, HENG_STAGE_FAILED, START_US + 3);
    order.command = false;
    order.order = HENG_ORDER_READ;
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_READ, .read = &read, .order = &order}, &ingested);
    assert_int_equal(heng_store_get_frame(reader, row.command.first_frame + 1, &frame, &err), HENG_ENOTFOUND);
    assert_int_equal(ingested.live[0].order.id, 5);
    heng_ingested_fini(&ingested);
    heng_store_close(store);
    small_site_fini(&site);
}

/* An order that was not sent says nothing of the meter. */
static void test_expired_blames_nobody(void **state)
{
    static struct heng_read read;
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    struct heng_meter_row meter;
    struct heng_err err;
    (void)state;
    memset(&read, 0, sizeof read);
    read.device_id = HEAT_1;
    read.outcome = HENG_OUTCOME_DISCONNECTED;
    struct heng_order_fact order = {.id = 5,
                                    .line_id = HEAT_LINE,
                                    .device_id = HEAT_1,
                                    .stage = HENG_STAGE_EXPIRED,
                                    .at_us = START_US,
                                    .outcome = HENG_OUTCOME_COUNT};
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_READ, .read = &read, .order = &order}, &ingested);
    assert_int_equal(ingested.failed, 0);
    assert_int_equal(ingested.live_n, 1);
    assert_ok(heng_store_get_meter(heng_store_as_reader(store), HEAT_1, &meter, &err));
    assert_int_equal(meter.state.state, HENG_METER_STATE_NEVER);
    heng_ingested_fini(&ingested);
    heng_store_close(store);
    small_site_fini(&site);
}

/* Frozen values keep their due date, and the meter its page. */
static void test_due_date(void **state)
{
    static struct heng_read read;
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_ingested ingested = {0};
    struct heng_meter_row meter;
    struct heng_reading reading;
    struct heng_err err;
    (void)state;
    struct heng_order_fact order = {.line_id = HEAT_LINE,
                                    .device_id = HEAT_1,
                                    .order = HENG_ORDER_READ_HISTORY,
                                    .stage = HENG_STAGE_CONFIRMED,
                                    .due_us = START_US - 77,
                                    .has_learned = true,
                                    .learned = {.due_done_us = START_US - 77}};
    /* A meter that has nothing else shows what it has. */
    heat_read(&read, HEAT_1, START_US, 100);
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_READ, .read = &read, .order = &order}, &ingested);
    assert_ok(heng_store_get_meter(reader, HEAT_1, &meter, &err));
    assert_true(meter.state.last_read_us == START_US);
    assert_true(meter.state.learned.due_done_us == START_US - 77);
    heat_read(&read, HEAT_1, START_US + 1, 100);
    ingest_one(store, &read, &ingested);
    heat_read(&read, HEAT_1, START_US + 2, 100);
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_READ, .read = &read, .order = &order}, &ingested);
    assert_ok(heng_store_get_meter(reader, HEAT_1, &meter, &err));
    assert_true(meter.state.last_read_us == START_US + 1);
    assert_ok(heng_store_get_reading(reader, HEAT_1, START_US + 2, HENG_SOURCE_LINE, &reading, &err));
    assert_true(reading.due_us == START_US - 77);
    heng_ingested_fini(&ingested);
    heng_store_close(store);
    small_site_fini(&site);
}

/* Heng was stopped with commands in all stages. */
static void test_recover(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_wish wish = make_wish(HEAT_1, HENG_ORDER_DISCONNECT, "");
    struct heng_ingested ingested = {0};
    struct heng_command_row rows[8];
    struct heng_err err;
    size_t n = 0;
    (void)state;
    int64_t waits = store_wish(store, &wish, START_US, NULL, NULL);
    int64_t sent = store_wish(store, &wish, START_US, NULL, NULL);
    int64_t done = store_wish(store, &wish, START_US, NULL, NULL);
    wish.expires_s = 1;
    int64_t stale = store_wish(store, &wish, START_US, NULL, NULL);
    struct heng_order_fact order = stage_of(sent, HENG_STAGE_ACCEPTED, START_US + 1);
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order}, &ingested);
    order = stage_of(done, HENG_STAGE_CANCELLED, START_US + 1);
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order}, &ingested);
    int64_t broadcast = store_wish(store, &wish, START_US, NULL, NULL);
    order = stage_of(broadcast, HENG_STAGE_SENT, START_US + 1);
    order.ended = true; /* nobody answers it: it has ended, and is not unknown after a restart */
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order}, &ingested);
    for (int i = 0; i < 2; i++) { /* twice is once */
        assert_ok(heng_orders_recover(store, START_US + 2 * HENG_US_PER_S + i, &err));
        assert_ok(heng_store_list_open_commands(reader, 0, rows, 8, &n, &err));
        assert_int_equal(n, 1);
        assert_int_equal(rows[0].command.id, waits);
        assert_ok(heng_store_get_command(reader, sent, &rows[0], &err));
        assert_int_equal(rows[0].command.stage, HENG_STAGE_FAILED);
        assert_string_equal(rows[0].command.why, "not known: Heng was stopped; read the state");
        assert_true(rows[0].command.ended_us == START_US + 2 * HENG_US_PER_S);
        assert_ok(heng_store_get_command(reader, stale, &rows[0], &err));
        assert_int_equal(rows[0].command.stage, HENG_STAGE_EXPIRED);
        assert_ok(heng_store_get_command(reader, done, &rows[0], &err));
        assert_int_equal(rows[0].command.stage, HENG_STAGE_CANCELLED);
        assert_ok(heng_store_get_command(reader, broadcast, &rows[0], &err));
        assert_int_equal(rows[0].command.stage, HENG_STAGE_SENT);
        assert_true(rows[0].command.ended_us == START_US + 1);
    }
    heng_ingested_fini(&ingested);
    heng_store_close(store);
    small_site_fini(&site);
}

/* A search beside the archive. */
static void test_search_diff(void **state)
{
    struct small_site site;
    struct heng_store *store = small_site_open(&site);
    struct heng_ingested ingested = {0};
    struct heng_arena arena = {.max = 8 << 20};
    struct heng_search_view view;
    struct heng_err err;
    (void)state;
    struct heng_search_fact begin = {.row = {.line_id = HEAT_LINE,
                                             .kind = HENG_SEARCH_MBUS_SECONDARY,
                                             .running = true,
                                             .started_us = START_US,
                                             .updated_us = START_US},
                                     .fresh = true};
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_SEARCH, .search = &begin}, &ingested);
    assert_int_equal(ingested.live[0].kind, HENG_LIVE_SEARCH);
    struct heng_found_fact found = {.line_id = HEAT_LINE,
                                    .kind = HENG_SEARCH_MBUS_SECONDARY,
                                    .row = {.at_us = START_US + 1,
                                            .found = {.protocol = HENG_PROTOCOL_MBUS,
                                                      .medium = HENG_MEDIUM_HEAT,
                                                      .primary = 1,
                                                      .address = "55555555AAAA0104",
                                                      .number = "55555555"}}};
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_FOUND, .found = &found}, &ingested);
    snprintf(found.row.found.address, sizeof found.row.found.address, "66666666AAAA0104");
    snprintf(found.row.found.number, sizeof found.row.found.number, "66666666");
    found.row.found.primary = -1;
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_FOUND, .found = &found}, &ingested);
    found.row.found.twin = true;
    ingest_fact(store, &(struct heng_fact){.kind = HENG_FACT_FOUND, .found = &found}, &ingested);
    assert_ok(heng_view_search(heng_store_as_reader(store), &arena, HEAT_LINE, HENG_SEARCH_KIND_COUNT, &view, &err));
    assert_int_equal(view.n, 4);
    assert_int_equal(view.items[0].status, HENG_SEARCH_STATUS_KNOWN);
    assert_int_equal(view.items[0].meter_id, HEAT_1); /* its address in the archive is the primary one */
    assert_int_equal(view.items[1].status, HENG_SEARCH_STATUS_NEW);
    assert_int_equal(view.items[2].status, HENG_SEARCH_STATUS_TWIN);
    assert_int_equal(view.items[3].status, HENG_SEARCH_STATUS_MISSING);
    assert_int_equal(view.items[3].meter_id, HEAT_2);
    assert_int_equal(
        heng_view_search(heng_store_as_reader(store), &arena, WATER_LINE, HENG_SEARCH_KIND_COUNT, &view, &err),
        HENG_ENOTFOUND);
    heng_arena_fini(&arena);
    heng_ingested_fini(&ingested);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_same_meter(void **state)
{
    static const struct {
        const char *found, *number;
        int primary;
        const char *known, *known_number;
        bool same;
    } cases[] = {
        {"12345678AAAA0104", "12345678", 5, "12345678AAAA0104", "x", true},
        {"12345678AAAA0104", "12345678", 5, "12345678FFFFFFFF", "x", true},
        {"12345678AAAA0104", "12345678", 5, "12345678", "x", true},
        {"12345678AAAA0104", "12345678", 5, "1234567FAAAA0104", "x", true},
        {"12345678AAAA0104", "12345678", 5, "5", "x", true},
        {"12345678AAAA0104", "12345678", 5, "6", "12345678", true},
        {"12345678AAAA0104", "12345678", 5, "6", "x", false},
        {"12345678AAAA0104", "12345678", -1, "12345679", "", false},
        {"12345678AAAA0104", "12345678", -1, "12345678BBBBFFFF", "", false},
        {"12345678AAAA0104", "", -1, "", "", false},
        {"7", "", 7, "7", "", true},
        {"17", "", 17, "7", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct heng_search_found found = {.protocol = HENG_PROTOCOL_MBUS, .primary = cases[i].primary};
        struct heng_meter_config meter = {.protocol = HENG_PROTOCOL_MBUS};
        snprintf(found.address, sizeof found.address, "%s", cases[i].found);
        snprintf(found.number, sizeof found.number, "%s", cases[i].number);
        snprintf(meter.address, sizeof meter.address, "%s", cases[i].known);
        snprintf(meter.number, sizeof meter.number, "%s", cases[i].known_number);
        if (heng_search_is(&found, &meter) != cases[i].same) fail_msg("case %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refused_wishes),
        cmocka_unit_test(test_meters_of_a_wish),
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_refusal_is_proved),
        cmocka_unit_test(test_expired_blames_nobody),
        cmocka_unit_test(test_due_date),
        cmocka_unit_test(test_recover),
        cmocka_unit_test(test_search_diff),
        cmocka_unit_test(test_same_meter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
