/* Batches of gateways: each entry once, whatever comes twice, in another order or by another way; what cannot be
 * believed is set aside; what fails leaves nothing behind. */
#include "unit/flow/gateway_rig.h"
#include <inttypes.h>

static void test_numbers_decide(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, UINT64_C(0xFEDCBA9876543210));
    (void)state;
    for (int i = 0; i < 10; i++) toy_read(toy, HEAT_LINE, HEAT_1, START_US + i * HENG_US_PER_S, 100 + i);
    assert_resume(store, EAST, toy->epoch, 0, 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 4)), 4, 0, 0, 4);
    assert_resume(store, EAST, toy->epoch, 4, toy->entries[3].check);
    assert_resume(store, EAST, toy->epoch + 1, 0, 0); /* another life, another journal */
    assert_resume(store, WEST, toy->epoch, 0, 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 4)), 0, 4, 0, 4); /* the acknowledgement was lost */
    assert_delivered(deliver(store, EAST, toy_batch(toy, 3, 6)), 2, 2, 0, 6);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 2, 3)), 0, 2, 0, 3);
    struct heng_delivery ahead = deliver(store, EAST, toy_batch(toy, 8, 9));
    assert_int_equal(ahead.rc, HENG_ECONFLICT);
    assert_int_equal(ahead.durable, 6);
    assert_string_equal(ahead.why, "it begins with 8, but 6 was the last one");
    assert_delivered(deliver(store, EAST, toy_batch(toy, 7, 10)), 4, 0, 0, 10);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 10);
    assert_int_equal(number_of(store, "SELECT reads FROM device_state WHERE device_id = 1"), 10);
    assert_int_equal(number_of(store, "SELECT count(*) FROM frame"), 10);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_gap"), 0);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* A box that was cloned goes on with other entries under the same numbers. */
static void test_another_history_is_not_mixed_in(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 9), *clone = toy_new(EAST, 9);
    (void)state;
    for (int i = 0; i < 3; i++) toy_read(toy, HEAT_LINE, HEAT_1, START_US + i, 100);
    for (int i = 0; i < 5; i++) toy_read(clone, HEAT_LINE, HEAT_2, START_US + i, 100);
    deliver(store, EAST, toy_batch(toy, 1, 3));
    struct heng_delivery got = deliver(store, EAST, toy_batch(clone, 2, 5));
    assert_int_equal(got.rc, HENG_ECONFLICT);
    assert_non_null(strstr(got.why, "another history"));
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading WHERE device_id = 2"), 0);
    free(toy);
    free(clone);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_what_is_gone_is_written_down(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    struct heng_gateway_event_row event;
    struct heng_gateway_row row;
    struct heng_err err;
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 20; i++) toy_read(toy, HEAT_LINE, HEAT_1, START_US + i, 100);
    const struct heng_batch_entry entries[] = {{4, toy->entries[3]}, {5, toy->entries[4]}};
    const struct heng_entry_range gone[] = {{1, 3}, {6, 9}};
    struct heng_batch batch = {
        .epoch = 5, .first = 1, .last = 9, .entries = entries, .entry_count = 2, .gone = gone, .gone_count = 2};
    assert_delivered(deliver(store, EAST, batch_bytes(&batch)), 2, 0, 0, 9);
    assert_resume(store, EAST, 5, 9, 0); /* number 9 is in a gap: there is nothing to compare */
    assert_delivered(deliver(store, EAST, batch_bytes(&batch)), 0, 2, 0, 9);
    assert_int_equal(number_of(store, "SELECT sum(last_seq - first_seq + 1) FROM gateway_gap WHERE gone = 1"), 7);
    assert_ok(heng_store_list_gateway_events(heng_store_as_reader(store), EAST, 0, &event, 1, &n, &err));
    assert_int_equal(event.kind, HENG_GATEWAY_GAP);
    assert_int_equal(event.value, 7);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE kind = 37"), 1);
    assert_ok(heng_view_gateway(heng_store_as_reader(store), EAST, &row, &err));
    assert_int_equal(row.missing, 0); /* it has said so */
    /* By another way they come after all, as from the backup of its disk. */
    assert_delivered(deliver(store, EAST, toy_batch(toy, 7, 10)), 4, 0, 0, 10);
    assert_int_equal(number_of(store, "SELECT sum(last_seq - first_seq + 1) FROM gateway_gap"), 4);
    assert_resume(store, EAST, 5, 10, toy->entries[9].check);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* --- what is not believed --------------------------------------------------------------------------------- */

static struct heng_entry *spoil_check(struct toy_journal *toy)
{
    struct heng_entry *entry = toy_read(toy, HEAT_LINE, HEAT_1, START_US, 1);
    entry->check ^= 1;
    return entry;
}
static struct heng_entry *foreign_meter(struct toy_journal *toy)
{
    return toy_read(toy, HEAT_LINE, WEST_METER, START_US, 1);
}
static struct heng_entry *meter_of_the_one_below(struct toy_journal *toy)
{
    return toy_read(toy, HEAT_LINE, WATER_1, START_US, 1);
}
static struct heng_entry *no_meter(struct toy_journal *toy) { return toy_read(toy, HEAT_LINE, 999, START_US, 1); }
static struct heng_entry *foreign_line(struct toy_journal *toy) { return toy_line(toy, WEST_LINE, START_US, 1); }
static struct heng_entry *line_of_a_read(struct toy_journal *toy)
{
    return toy_read(toy, WEST_LINE, HEAT_1, START_US, 1);
}
static struct heng_entry *long_ago(struct toy_journal *toy) { return toy_read(toy, HEAT_LINE, HEAT_1, 86400, 1); }
static struct heng_entry *tomorrow(struct toy_journal *toy)
{
    return toy_read(toy, HEAT_LINE, HEAT_1, INGEST_NOW_US + HENG_US_PER_DAY + 1, 1);
}
static struct heng_entry *bad_frame_time(struct toy_journal *toy)
{
    static struct heng_read read;
    struct heng_body body = {.kind = HENG_ENTRY_READ, .read = {.line_id = HEAT_LINE, .read = &read}};
    heat_read(&read, HEAT_1, START_US, 1);
    read.frames[0].at_us = INGEST_NOW_US + 400 * HENG_US_PER_DAY;
    return toy_add(toy, &body, START_US);
}
static struct heng_entry *garbage(struct toy_journal *toy)
{
    struct heng_entry *entry = toy_read(toy, HEAT_LINE, HEAT_1, START_US, 1);
    toy->bodies[toy->n - 1][0] ^= 0xFF;
    entry->check = heng_entry_check(entry);
    return entry;
}
static struct heng_entry *other_kind(struct toy_journal *toy)
{
    struct heng_entry *entry = toy_read(toy, HEAT_LINE, HEAT_1, START_US, 1);
    entry->kind = HENG_ENTRY_LINE;
    entry->check = heng_entry_check(entry);
    return entry;
}
static struct heng_entry *event_of_the_centre(struct toy_journal *toy)
{
    return toy_event(toy, START_US, HENG_GATEWAY_REVOKED, 0, "");
}
static struct heng_entry *order(struct toy_journal *toy, int64_t id, int64_t line_id)
{
    struct heng_body body = {.kind = HENG_ENTRY_ORDER,
                             .order = {.id = id,
                                       .command = true,
                                       .line_id = line_id,
                                       .kind = HENG_ORDER_DISCONNECT,
                                       .stage = HENG_STAGE_CONFIRMED,
                                       .ended = true}};
    return toy_add(toy, &body, START_US);
}
static struct heng_entry *no_command(struct toy_journal *toy) { return order(toy, 4711, HEAT_LINE); }
static struct heng_entry *command_of_another(struct toy_journal *toy) { return order(toy, 1, HEAT_LINE); }

static void test_what_is_not_believed_is_set_aside(void **state)
{
    static const struct {
        struct heng_entry *(*make)(struct toy_journal *toy);
        const char *why; /* NULL: any reason */
    } cases[] = {{spoil_check, "its check does not fit"},
                 {foreign_meter, "foreign meter"},
                 {meter_of_the_one_below, "foreign meter"},
                 {no_meter, "foreign meter"},
                 {foreign_line, "foreign line"},
                 {line_of_a_read, "foreign line"},
                 {long_ago, "impossible time"},
                 {tomorrow, "impossible time"},
                 {bad_frame_time, "impossible time"},
                 {garbage, NULL},
                 {other_kind, NULL},
                 {event_of_the_centre, "an event that only the centre can tell"},
                 {no_command, "no such command"},
                 {command_of_another, "foreign line"}};
    enum { CASES = sizeof cases / sizeof cases[0] };
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    struct heng_gateway_row row;
    struct heng_err err;
    (void)state;
    add_west_command(store);
    for (unsigned i = 0; i < CASES; i++) {
        uint64_t first = toy->n + 1;
        toy_read(toy, HEAT_LINE, HEAT_1, START_US + (heng_us)(2 * i + 1) * HENG_US_PER_S, 100);
        cases[i].make(toy);
        toy_read(toy, HEAT_LINE, HEAT_1, START_US + (heng_us)(2 * i + 2) * HENG_US_PER_S, 100);
        assert_delivered(deliver(store, EAST, toy_batch(toy, first, first + 2)), 2, 0, 1, first + 2);
        char sql[300];
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM gateway_refused WHERE gateway_id = 1 AND maker_id = 1 AND epoch = 5 AND seq = "
                 "%" PRIu64 " AND why <> '' AND ('%s' = '' OR why = '%s')",
                 first + 1, cases[i].why ? cases[i].why : "", cases[i].why ? cases[i].why : "");
        if (number_of(store, sql) != 1) fail_msg("case %u is not kept as '%s'", i, cases[i].why);
    }
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 2 * CASES);
    assert_int_equal(number_of(store, "SELECT count(*) FROM command WHERE stage <> 'queued'"), 0);
    /* Who floods us does not fill the record, too: one event a minute. */
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE kind = 36"), 1);
    toy_line(toy, WEST_LINE, START_US, 1);
    deliver_at(store, EAST, false, toy_batch(toy, toy->n, toy->n), INGEST_NOW_US + 61 * HENG_US_PER_S);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE kind = 36"), 2);
    assert_ok(heng_view_gateway(heng_store_as_reader(store), EAST, &row, &err));
    assert_int_equal(row.refused, CASES + 1);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_who_may_not_deliver(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    struct heng_revoke_fact revoke = {.gateway_id = EAST, .at_us = START_US, .detail = "stolen"};
    struct heng_fact fact = {.kind = HENG_FACT_REVOKE, .revoke = &revoke};
    struct heng_ingested ingested = {0};
    struct heng_err err;
    static const uint8_t noise[] = {0xFF, 0x00, 0x12, 0x34};
    (void)state;
    toy_read(toy, HEAT_LINE, HEAT_1, START_US, 100);
    struct heng_slice bytes = toy_batch(toy, 1, 1);
    assert_int_equal(deliver(store, 99, bytes).rc, HENG_EDENIED);
    assert_int_equal(deliver(store, EAST, heng_slice_of(noise, sizeof noise)).rc, HENG_EFORMAT);
    assert_int_equal(deliver(store, EAST, heng_slice_of(noise, 0)).rc, HENG_EFORMAT);
    assert_int_equal(deliver_at(store, EAST, true, bytes, INGEST_NOW_US).rc, HENG_EFORMAT); /* copies have no numbers */
    assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, &ingested, &err));
    assert_int_equal(revoke.rc, HENG_OK);
    assert_int_equal(ingested.live[0].kind, HENG_LIVE_GATEWAY);
    assert_int_equal(ingested.live[0].gateway.gateway.state, HENG_GATEWAY_STATE_REVOKED);
    assert_int_equal(deliver(store, EAST, toy_batch(toy, 1, 1)).rc, HENG_EDENIED); /* at once */
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 0);
    heng_ingested_fini(&ingested);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* --- copies and other ways -------------------------------------------------------------------------------- */

static void test_copies_run_ahead(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    static struct heng_read read;
    (void)state;
    for (int i = 0; i < 3; i++) toy_read(toy, HEAT_LINE, HEAT_1, START_US + i * HENG_US_PER_S, 100 + i);
    struct heng_body failed = {.kind = HENG_ENTRY_READ, .read = {.line_id = HEAT_LINE, .read = &read}};
    memset(&read, 0, sizeof read);
    read.device_id = HEAT_1;
    read.at_us = START_US + 3 * HENG_US_PER_S;
    read.outcome = HENG_OUTCOME_SILENCE;
    toy_add(toy, &failed, read.at_us);
    toy_line(toy, HEAT_LINE, START_US + 4 * HENG_US_PER_S, 7);
    toy_read(toy, HEAT_LINE, WEST_METER, START_US, 1);
    assert_delivered(deliver_at(store, EAST, true, toy_copies(toy, 3, 6), INGEST_NOW_US), 2, 0, 0, 0);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 1);
    assert_int_equal(number_of(store, "SELECT misses FROM device_state WHERE device_id = 1"), 0);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 1"), 0);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_refused"), 0);
    assert_resume(store, EAST, 5, 0, 0); /* no number moves */
    assert_delivered(deliver_at(store, EAST, true, toy_copies(toy, 3, 3), INGEST_NOW_US), 0, 1, 0, 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 6)), 4, 1, 1, 6);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 3);
    assert_int_equal(number_of(store, "SELECT reads FROM device_state WHERE device_id = 1"), 3);
    assert_int_equal(number_of(store, "SELECT misses FROM device_state WHERE device_id = 1"), 1);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 1"), 7);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_refused"), 1);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* The one number that was missing comes twice in one batch: a concentrator may have it twice. */
static void test_twice_in_one_batch(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *below = toy_new(COLLECTOR, 70);
    (void)state;
    for (int i = 0; i < 3; i++) toy_line(below, WATER_LINE, START_US + i, 1);
    deliver(store, EAST, toy_forward(below, 5, 1, 1, 1));
    deliver(store, EAST, toy_forward(below, 5, 2, 3, 3));
    struct heng_batch_entry twice[] = {{3, below->entries[1]}, {4, below->entries[1]}};
    twice[0].entry.gateway_id = twice[1].entry.gateway_id = COLLECTOR;
    struct heng_batch batch = {.epoch = 5, .first = 3, .last = 4, .entries = twice, .entry_count = 2};
    assert_delivered(deliver(store, EAST, batch_bytes(&batch)), 1, 1, 0, 4);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 2"), 3);
    free(below);
    heng_store_close(store);
    small_site_fini(&site);
}

/* A meter, a line and a collector move; what was read before is still on its way and arrives. */
static void test_what_moved_still_arrives(void **state)
{
    static const struct heng_site_gateway gateways[] = {{.key = "east-b", .name = "East basement", .parent = "west"}};
    static const struct heng_site_line lines[] = {{.key = "heat",
                                                   .name = "heat M-Bus",
                                                   .gateway = "west",
                                                   .transport = "tcp",
                                                   .endpoint = "127.0.0.1:10001",
                                                   .parity = "E",
                                                   .baud = 2400,
                                                   .period_s = 60}};
    const struct heng_site moved = {.lines = lines, .gateways = gateways, .line_count = 1, .gateway_count = 1};
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *east = toy_new(EAST, 5), *below = toy_new(COLLECTOR, 6), *west = toy_new(WEST, 7);
    struct heng_site_applied applied;
    struct heng_err err;
    (void)state;
    assert_ok(heng_site_apply(store, &moved, START_US, &applied, &err));
    toy_read(east, HEAT_LINE, HEAT_1, START_US, 100);
    toy_read(below, WATER_LINE, WATER_1, START_US, 100);
    toy_read(west, HEAT_LINE, HEAT_1, START_US + 9, 100);
    assert_delivered(deliver(store, EAST, toy_batch(east, 1, 1)), 1, 0, 0, 1);
    assert_delivered(deliver(store, EAST, toy_forward(below, 5, 2, 1, 1)), 1, 0, 0, 2);
    assert_delivered(deliver(store, WEST, toy_batch(west, 1, 1)), 1, 0, 0, 1);
    assert_delivered(deliver(store, WEST, toy_forward(below, 7, 2, 1, 1)), 0, 1, 0, 2);
    free(east);
    free(below);
    free(west);
    heng_store_close(store);
    small_site_fini(&site);
}

/* --- what the kinds mean ---------------------------------------------------------------------------------- */

static void test_doubtful_and_by_hand(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    struct heng_reading *reading = calloc(1, sizeof *reading);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    static struct heng_read read;
    struct heng_err err;
    (void)state;
    struct heng_entry *entry = toy_read(toy, HEAT_LINE, HEAT_1, START_US, 100);
    entry->doubtful = true;
    entry->check = heng_entry_check(entry);
    /* A person read it off the display: without a frame, at the same moment. */
    struct heng_body body = {.kind = HENG_ENTRY_READ, .read = {.read = &read, .by_hand = true}};
    heat_read(&read, HEAT_1, START_US, 100);
    read.frame_count = 0;
    toy_add(toy, &body, START_US);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 2)), 2, 0, 0, 2);
    assert_ok(heng_store_get_reading(reader, HEAT_1, START_US, HENG_SOURCE_LINE, reading, &err));
    assert_int_equal(reading->quality, HENG_QUALITY_TIME_DOUBTFUL);
    assert_ok(heng_store_get_reading(reader, HEAT_1, START_US, HENG_SOURCE_HANDHELD, reading, &err));
    assert_int_equal(reading->quality, HENG_QUALITY_MEASURED);
    assert_int_equal(reading->frame_count, 0);
    assert_int_equal(reading->first_frame, 0);
    assert_int_equal(reading->value_count, 4);
    free(reading);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_another_value_is_kept_beside(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    (void)state;
    toy_read(toy, HEAT_LINE, HEAT_1, START_US, 100);
    toy_read(toy, HEAT_LINE, HEAT_1, START_US, 101);
    deliver(store, EAST, toy_batch(toy, 1, 2));
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 1);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading_conflict"), 1);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE kind = 35 AND value = 1"), 1);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_searches_and_events(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct toy_journal *toy = toy_new(EAST, 5);
    struct heng_gateway_status status;
    struct heng_search_row search;
    struct heng_err err;
    uint64_t version = 0;
    (void)state;
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_gateway_config(store, EAST, heng_slice_str("one"), &version, &err));
    assert_ok(heng_store_commit(store, &err));
    struct heng_body begun = {.kind = HENG_ENTRY_SEARCH,
                              .search = {.line_id = HEAT_LINE,
                                         .kind = HENG_SEARCH_MBUS_PRIMARY,
                                         .running = true,
                                         .fresh = true,
                                         .started_us = START_US}};
    struct heng_body found = {.kind = HENG_ENTRY_FOUND,
                              .found = {.line_id = HEAT_LINE,
                                        .kind = HENG_SEARCH_MBUS_PRIMARY,
                                        .found = {.address = "1", .number = "10000001", .primary = 1}}};
    toy_add(toy, &begun, START_US);
    toy_add(toy, &found, START_US + 1);
    toy_event(toy, START_US + 2, HENG_GATEWAY_CONFIG_REFUSED, 1, "line 7 has no endpoint");
    toy_event(toy, START_US + 3, HENG_GATEWAY_STARTED, 0, "heng-gateway 0.1.0");
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 4)), 4, 0, 0, 4);
    assert_ok(heng_store_get_search(reader, HEAT_LINE, HENG_SEARCH_MBUS_PRIMARY, &search, &err));
    assert_true(search.running);
    assert_int_equal(number_of(store, "SELECT count(*) FROM search_found WHERE line_id = 1"), 1);
    assert_ok(heng_store_get_gateway_status(reader, EAST, &status, &err));
    assert_string_equal(status.config_why, "line 7 has no endpoint");
    assert_int_equal(status.config_version, 1);
    assert_int_equal(status.applied_version, 0);

    /* What is seen of the connection does not wipe the reason; that it works by it does. */
    struct heng_gateway_status seen = {.gateway_id = EAST, .connected = true, .last_contact_us = START_US};
    struct heng_fact fact = {.kind = HENG_FACT_GATEWAY, .gateway = &seen};
    struct heng_ingested ingested = {0};
    assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, &ingested, &err));
    assert_int_equal(ingested.live_n, 1);
    assert_true(ingested.live[0].gateway.status.connected);
    assert_string_equal(ingested.live[0].gateway.status.config_why, "line 7 has no endpoint");
    heng_ingested_fini(&ingested);
    toy_event(toy, START_US + 4, HENG_GATEWAY_CONFIG_APPLIED, 1, "");
    deliver(store, EAST, toy_batch(toy, 5, 5));
    assert_ok(heng_store_get_gateway_status(reader, EAST, &status, &err));
    assert_string_equal(status.config_why, "");
    assert_int_equal(status.applied_version, 1);
    assert_true(status.connected);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE gateway_id = 1 AND epoch = 5"), 3);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* The centre was stopped and starts again: gateways went on without it. */
static void test_a_restart_leaves_gateways_alone(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct toy_journal *toy = toy_new(EAST, 5);
    struct heng_gateway_status seen = {.gateway_id = EAST, .connected = true}, status;
    struct heng_fact fact = {.kind = HENG_FACT_GATEWAY, .gateway = &seen};
    struct heng_ingested ingested = {0};
    struct heng_line_row line;
    struct heng_command_row command;
    struct heng_err err;
    (void)state;
    assert_ok(heng_store_get_line(reader, HEAT_LINE, &line, &err));
    assert_string_equal(line.status.detail, "not known: its gateway has not told yet");
    assert_int_equal(line.gateway_id, EAST);
    toy_line(toy, HEAT_LINE, START_US, 1);
    deliver(store, EAST, toy_batch(toy, 1, 1));
    add_west_command(store);
    assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, &ingested, &err));
    assert_ok(heng_orders_recover(store, INGEST_NOW_US + HENG_US_PER_DAY, &err));
    assert_ok(heng_store_get_line(reader, HEAT_LINE, &line, &err));
    assert_int_equal(line.status.state, HENG_LINE_STATE_IDLE);
    assert_ok(heng_store_get_command(reader, 1, &command, &err));
    assert_int_equal(command.command.ended_us, 0); /* its time is over, but what became of it is the gateway's to say */
    assert_ok(heng_store_get_gateway_status(reader, EAST, &status, &err));
    assert_false(status.connected);
    heng_ingested_fini(&ingested);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* --- properties ------------------------------------------------------------------------------------------- */

static uint64_t random_state;
static uint64_t next_random(void)
{
    random_state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}
static uint64_t up_to(uint64_t n) { return next_random() % (n + 1); }

/* The collector's journal goes over the concentrator, directly, or both, with copies, repeats and lost
 * acknowledgements; east has entries of its own between. Nothing is thinned: in the end all is there, once. */
static void deliver_anyhow(struct heng_store *store, struct toy_journal *east, const struct toy_journal *below)
{
    static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX];
    static struct heng_batch_entry log[4 * ENTRIES_MAX]; /* what the concentrator has numbered */
    struct heng_err err;
    size_t log_n = 0, own = 0, passed = 0;
    uint64_t seq, check;
    for (unsigned step = 0; step < 100000; step++) {
        if (log_n < 4 * ENTRIES_MAX && up_to(1)) { /* the concentrator writes something down, now and then twice */
            if (up_to(40) == 0 && passed) passed -= up_to(passed > 5 ? 5 : passed);
            bool mine = own < east->n && up_to(1);
            if (!mine && passed == below->n) continue;
            struct heng_batch_entry *e = &log[log_n];
            *e = (struct heng_batch_entry){log_n + 1, mine ? east->entries[own++] : below->entries[passed++]};
            if (mine) {
                e->entry.seq = log_n + 1;
                e->entry.check = heng_entry_check(&e->entry);
            } else {
                e->entry.gateway_id = COLLECTOR;
            }
            log_n++;
            continue;
        }
        if (up_to(4) == 0 && below->n) { /* copies */
            uint64_t first = 1 + up_to(below->n - 1), last = first + up_to(3);
            if (last > below->n) last = below->n;
            deliver_at(store, COLLECTOR, true, toy_copies(below, first, last), INGEST_NOW_US);
            continue;
        }
        if (up_to(2) == 0) { /* the collector by itself, from where it is asked to, or from before that */
            assert_ok(heng_delivery_resume(heng_store_as_reader(store), COLLECTOR, below->epoch, &seq, &check, &err));
            uint64_t first = seq + 1 - up_to(seq > 9 ? 9 : seq), last = first + up_to(20);
            if (last > below->n) last = below->n;
            if (first <= last && deliver(store, COLLECTOR, toy_batch(below, first, last)).rc != HENG_OK) fail();
            if (own == east->n && seq == below->n && log_n) {
                assert_ok(heng_delivery_resume(heng_store_as_reader(store), EAST, east->epoch, &seq, &check, &err));
                if (seq == log_n) return;
            }
            continue;
        }
        assert_ok(heng_delivery_resume(heng_store_as_reader(store), EAST, east->epoch, &seq, &check, &err));
        struct heng_batch batch = {.epoch = east->epoch, .entries = entries};
        batch.first = seq + 1 - up_to(seq > 9 ? 9 : seq);
        for (uint64_t at = batch.first; at <= log_n && batch.entry_count < 1 + up_to(30); at++)
            entries[batch.entry_count++] = log[at - 1];
        batch.last = batch.first + batch.entry_count - 1;
        if (batch.entry_count && deliver(store, EAST, batch_bytes(&batch)).rc != HENG_OK) fail();
    }
    fail_msg("it never ends");
}

static void test_exactly_once_by_all_ways(void **state)
{
    enum { SEEDS = 12 };
    struct heng_err err;
    const char *from = getenv("HENG_SEED");
    uint64_t seed = from ? strtoull(from, NULL, 10) : 1;
    (void)state;
    printf("seeds %" PRIu64 " .. %" PRIu64 " (HENG_SEED)\n", seed, seed + SEEDS - 1);
    for (unsigned i = 0; i < SEEDS; i++, seed++) {
        struct small_site site;
        struct heng_store *store = gateways_open(&site);
        struct toy_journal *east = toy_new(EAST, 5), *below = toy_new(COLLECTOR, 6);
        int64_t reads = 0;
        random_state = seed;
        for (unsigned n = (unsigned)up_to(120) + 30; n > 0; n--) {
            heng_us at_us = START_US + n * HENG_US_PER_S;
            bool is_read = up_to(3) != 0;
            reads += is_read;
            bool of_east = up_to(2) == 0;
            if (is_read && of_east) toy_read(east, HEAT_LINE, up_to(1) ? HEAT_1 : HEAT_2, at_us, n);
            if (is_read && !of_east) toy_read(below, WATER_LINE, up_to(1) ? WATER_1 : WATER_2, at_us, n);
            if (!is_read && of_east) toy_line(east, HEAT_LINE, at_us, 1);
            if (!is_read && !of_east) toy_line(below, WATER_LINE, at_us, 1);
        }
        int64_t lines = (int64_t)(east->n + below->n) - reads;
        deliver_anyhow(store, east, below);
        struct heng_totals totals;
        assert_ok(heng_store_totals(heng_store_as_reader(store), &totals, &err));
        if (totals.readings != reads || totals.conflicts) fail_msg("seed %" PRIu64, seed);
        if (number_of(store, "SELECT count(*) FROM reading") != reads) fail_msg("seed %" PRIu64, seed);
        if (number_of(store, "SELECT count(*) FROM frame") != reads) fail_msg("seed %" PRIu64, seed);
        if (number_of(store, "SELECT sum(requests) FROM line_state") != lines) fail_msg("seed %" PRIu64, seed);
        if (number_of(store, "SELECT count(*) FROM gateway_refused") != 0) fail_msg("seed %" PRIu64, seed);
        if (number_of(store, "SELECT count(*) FROM gateway_gap") != 0) fail_msg("seed %" PRIu64, seed);
        free(east);
        free(below);
        heng_store_close(store);
        small_site_fini(&site);
    }
}

/* Bytes that were hit anywhere: an answer, never a crash, and nothing half. */
static void test_hit_bytes(void **state)
{
    enum { ROUNDS = 1500 };
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    static uint8_t bytes[1 << 16];
    (void)state;
    random_state = 99;
    printf("seed %" PRIu64 "\n", random_state);
    for (int i = 0; i < 6; i++) toy_read(toy, HEAT_LINE, HEAT_1, START_US + i, 100);
    toy_event(toy, START_US, HENG_GATEWAY_STARTED, 0, "");
    toy_line(toy, HEAT_LINE, START_US, 1);
    struct heng_slice good = toy_batch(toy, 1, toy->n);
    memcpy(bytes, good.p, good.n);
    unsigned ok = 0, no = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t at = up_to(good.n - 1), n = up_to(9) ? good.n : up_to(good.n);
        uint8_t before = bytes[at];
        bytes[at] ^= (uint8_t)(1u << up_to(7));
        struct heng_delivery got = deliver(store, EAST, heng_slice_of(bytes, n));
        ok += got.rc == HENG_OK;
        no += got.rc != HENG_OK;
        bytes[at] = before;
    }
    assert_true(ok && no);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading_conflict"), 0); /* the check is over all it says */
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* --- faults ----------------------------------------------------------------------------------------------- */

static int steps_left;
static int stop_there(void *owner)
{
    (void)owner;
    return --steps_left == 0;
}

/* The database stops at every so-manyth step: nothing of the batch is there, and it can be offered again. */
static void test_a_failure_leaves_nothing(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    struct heng_ingested ingested = {0};
    unsigned failures = 0;
    (void)state;
    for (int i = 0; i < 3; i++) toy_read(toy, HEAT_LINE, HEAT_1, START_US + i, 100);
    toy_line(toy, HEAT_LINE, START_US, 1);
    toy_event(toy, START_US, HENG_GATEWAY_CONFIG_APPLIED, 0, "");
    toy_read(toy, HEAT_LINE, WEST_METER, START_US, 100);
    const struct heng_entry_range gone = {7, 9};
    struct heng_batch_entry entries[6];
    for (size_t i = 0; i < 6; i++) entries[i] = (struct heng_batch_entry){i + 1, toy->entries[i]};
    struct heng_batch batch = {
        .epoch = 5, .first = 1, .last = 9, .entries = entries, .entry_count = 6, .gone = &gone, .gone_count = 1};
    struct heng_slice bytes = batch_bytes(&batch);
    for (int n = 1;; n += 1 + n / 40) {
        struct heng_delivery delivery = {.gateway_id = EAST, .bytes = bytes};
        struct heng_fact fact = {.kind = HENG_FACT_DELIVERY, .delivery = &delivery};
        struct heng_err err = {.text = ""};
        ingested.live_n = 0;
        assert_ok(heng_store_begin(store, &err));
        steps_left = n;
        sqlite3_progress_handler(store->reader.db.handle, 1, stop_there, NULL);
        heng_rc rc = heng_ingest_fact(store, &fact, INGEST_NOW_US, &ingested, &err);
        if (rc == HENG_OK) rc = heng_ingest_tell(store, &ingested, &err);
        sqlite3_progress_handler(store->reader.db.handle, 0, NULL, NULL);
        if (rc == HENG_OK) {
            assert_ok(heng_store_commit(store, &err));
            break;
        }
        heng_store_rollback(store);
        failures++;
        assert_int_equal(
            number_of(store, "SELECT (SELECT count(*) FROM reading) + (SELECT count(*) FROM frame) + (SELECT count(*) "
                             "FROM gateway_journal) + (SELECT count(*) FROM gateway_gap) + (SELECT count(*) FROM "
                             "gateway_event) + (SELECT count(*) FROM gateway_refused) + (SELECT sum(requests) FROM "
                             "line_state)"),
            0);
    }
    assert_true(failures > 50);
    assert_resume(store, EAST, 5, 9, 0);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 3);
    assert_int_equal(number_of(store, "SELECT max(id) FROM gateway_event"), 3); /* ids were given back */
    heng_ingested_fini(&ingested);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* One more rule of the schema: no row where column is number. */
static void add_rule(struct heng_store *store, const char *table, const char *column, int number, const char *words)
{
    struct heng_err err;
    char text[256];
    if (on_server())
        snprintf(text, sizeof text, "ALTER TABLE %s ADD CONSTRAINT \"%s\" CHECK (%s <> %d)", table, words, column,
                 number);
    else
        snprintf(text, sizeof text,
                 "CREATE TRIGGER rule_%s BEFORE INSERT ON %s WHEN NEW.%s = %d BEGIN SELECT RAISE (ABORT, '%s'); END",
                 table, table, column, number, words);
    assert_ok(heng_db_exec(&store->reader.db, "rule", text, NULL, &err));
}

/* An entry that breaks a rule of the schema is set aside; the others of its batch, and the batches beside it, go on. */
static void test_a_broken_rule_holds_nobody_up(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5), *west = toy_new(WEST, 9);
    struct heng_ingested ingested = {0};
    struct heng_delivery deliveries[2];
    static uint8_t bytes[2][4096];
    struct heng_fact facts[2];
    struct heng_err err = {.text = ""};
    (void)state;
    for (int i = 0; i < 3; i++) toy_read(toy, HEAT_LINE, i == 1 ? HEAT_2 : HEAT_1, START_US + i, 100);
    toy_line(toy, HEAT_LINE, START_US, 1);
    toy_read(west, WEST_LINE, WEST_METER, START_US, 100);
    for (size_t i = 0; i < 2; i++) {
        struct heng_slice batch = i ? toy_batch(west, 1, 1) : toy_batch(toy, 1, 4);
        assert_in_range(batch.n, 1, sizeof bytes[i]);
        memcpy(bytes[i], batch.p, batch.n);
        deliveries[i] =
            (struct heng_delivery){.gateway_id = i ? WEST : EAST, .bytes = heng_slice_of(bytes[i], batch.n)};
        facts[i] = (struct heng_fact){.kind = HENG_FACT_DELIVERY, .delivery = &deliveries[i]};
    }
    add_rule(store, "reading", "device_id", 2, "meter 2 is not to be");
    assert_ok(heng_ingest(store, facts, 2, INGEST_NOW_US, &ingested, &err));
    assert_delivered(deliveries[0], 3, 0, 1, 4);
    assert_delivered(deliveries[1], 1, 0, 0, 1);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 3);
    assert_int_equal(number_of(store, "SELECT count(*) FROM frame"), 3);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 1"), 1);
    assert_int_equal(
        number_of(store, "SELECT count(*) FROM gateway_refused WHERE seq = 2 AND why LIKE '%meter 2 is not to be%'"),
        1);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE gateway_id = 1 AND kind = 36"), 1);
    assert_resume(store, EAST, 5, 4, toy->entries[3].check);

    /* What is no entry: the delivery is refused with the reason, the other one is stored. */
    add_rule(store, "gateway_check", "epoch", 6, "no epoch 6");
    struct toy_journal *bad = toy_new(EAST, 6);
    toy_read(bad, HEAT_LINE, HEAT_1, START_US + 90, 100);
    toy_read(west, WEST_LINE, WEST_METER, START_US + 1, 100);
    for (size_t i = 0; i < 2; i++) {
        struct heng_slice batch = i ? toy_batch(west, 2, 2) : toy_batch(bad, 1, 1);
        memcpy(bytes[i], batch.p, batch.n);
        deliveries[i].bytes = heng_slice_of(bytes[i], batch.n);
    }
    assert_ok(heng_ingest(store, facts, 2, INGEST_NOW_US, &ingested, &err));
    assert_int_equal(deliveries[0].rc, HENG_EFORMAT);
    assert_non_null(strstr(deliveries[0].why, "no epoch 6"));
    assert_delivered(deliveries[1], 1, 0, 0, 2);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE gateway_id = 1 AND kind = 35"), 1);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading WHERE device_id = 1"), 2);
    assert_resume(store, EAST, 6, 0, 0);
    heng_ingested_fini(&ingested);
    free(toy);
    free(bad);
    free(west);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_decide),
        cmocka_unit_test(test_another_history_is_not_mixed_in),
        cmocka_unit_test(test_what_is_gone_is_written_down),
        cmocka_unit_test(test_what_is_not_believed_is_set_aside),
        cmocka_unit_test(test_who_may_not_deliver),
        cmocka_unit_test(test_copies_run_ahead),
        cmocka_unit_test(test_twice_in_one_batch),
        cmocka_unit_test(test_what_moved_still_arrives),
        cmocka_unit_test(test_doubtful_and_by_hand),
        cmocka_unit_test(test_another_value_is_kept_beside),
        cmocka_unit_test(test_searches_and_events),
        cmocka_unit_test(test_a_restart_leaves_gateways_alone),
        cmocka_unit_test(test_exactly_once_by_all_ways),
        cmocka_unit_test(test_hit_bytes),
        file_test(test_a_failure_leaves_nothing),
        cmocka_unit_test(test_a_broken_rule_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
