/* What gateways tell of commands: each goes on as they say, however late they say it. */
#include "unit/flow/gateway_rig.h"

/* What the gateway tells of the command of add_west_command: it was sent at START_US + 5, and this read ended it. */
static void toy_add_command(struct toy_journal *toy, heng_us ended_us)
{
    static struct heng_read read;
    struct heng_body sent = {.kind = HENG_ENTRY_ORDER,
                             .order = {.id = 1,
                                       .command = true,
                                       .line_id = WEST_LINE,
                                       .device_id = WEST_METER,
                                       .kind = HENG_ORDER_DISCONNECT,
                                       .stage = HENG_STAGE_SENT}};
    struct heng_body done = {.kind = HENG_ENTRY_READ, .read = {.line_id = WEST_LINE, .read = &read}};
    toy_add(toy, &sent, START_US + 5);
    heat_read(&read, WEST_METER, ended_us, 100);
    done.read.order = sent.order;
    done.read.order.stage = HENG_STAGE_CONFIRMED;
    done.read.order.ended = done.read.order.has_outcome = true;
    toy_add(toy, &done, ended_us);
}

static void test_a_command_comes_on(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(WEST, 5);
    struct heng_command_row row;
    struct heng_err err;
    (void)state;
    add_west_command(store);
    toy_add_command(toy, START_US + 9);
    /* A copy of what it brought does not end it before its number has come. */
    deliver_at(store, WEST, true, toy_copies(toy, 2, 2), INGEST_NOW_US);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), 0);
    assert_delivered(deliver(store, WEST, toy_batch(toy, 1, 2)), 2, 0, 0, 2);
    assert_ok(heng_store_get_command(heng_store_as_reader(store), 1, &row, &err));
    assert_int_equal(row.command.stage, HENG_STAGE_CONFIRMED);
    assert_int_equal(row.command.sent_us, START_US + 5);
    assert_int_equal(row.command.ended_us, START_US + 9);
    assert_int_equal(row.command.reading_us, START_US + 9);
    assert_int_equal(row.command.frame_count, 1);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* The centre gave it up, for its gateway was away for too long; then the gateway comes back and tells. */
static void test_the_end_of_a_command_may_come_late(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct toy_journal *toy = toy_new(WEST, 5);
    struct heng_command_row row;
    struct heng_ingested ingested = {0};
    struct heng_err err;
    (void)state;
    add_west_command(store);
    struct heng_order_fact given_up = {.id = 1,
                                       .command = true,
                                       .line_id = WEST_LINE,
                                       .device_id = WEST_METER,
                                       .order = HENG_ORDER_DISCONNECT,
                                       .stage = HENG_STAGE_FAILED,
                                       .at_us = START_US + 7,
                                       .outcome = HENG_OUTCOME_COUNT,
                                       .ended = true,
                                       .why = "not known"};
    struct heng_fact fact = {.kind = HENG_FACT_ORDER, .order = &given_up};
    assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, &ingested, &err));
    toy_add_command(toy, START_US + 6);
    deliver(store, WEST, toy_batch(toy, 1, 1));
    assert_ok(heng_store_get_command(reader, 1, &row, &err));
    assert_int_equal(row.command.stage, HENG_STAGE_FAILED); /* that it was sent says not how it ended */
    assert_int_equal(row.command.sent_us, START_US + 5);
    assert_string_equal(row.command.why, "not known");
    deliver(store, WEST, toy_batch(toy, 2, 2));
    assert_ok(heng_store_get_command(reader, 1, &row, &err));
    assert_int_equal(row.command.stage, HENG_STAGE_CONFIRMED);
    assert_int_equal(row.command.ended_us, START_US + 6);
    assert_int_equal(row.command.frame_count, 1);
    assert_non_null(strstr(row.command.why, "late"));
    /* That is what happened: nothing changes it any more. */
    given_up.at_us = START_US + 9;
    assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, &ingested, &err));
    assert_ok(heng_store_get_command(reader, 1, &row, &err));
    assert_int_equal(row.command.stage, HENG_STAGE_CONFIRMED);
    heng_ingested_fini(&ingested);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_command_comes_on),
        cmocka_unit_test(test_the_end_of_a_command_may_come_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
