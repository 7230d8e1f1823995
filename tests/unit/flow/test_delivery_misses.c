/* Who does not answer, by what gateways tell: their clocks stand still and are put back, copies run ahead. */
#include "unit/flow/gateway_rig.h"

static void toy_miss(struct toy_journal *toy, heng_us at_us)
{
    static struct heng_read read;
    struct heng_body body = {.kind = HENG_ENTRY_READ, .read = {.line_id = HEAT_LINE, .read = &read}};
    heat_read(&read, HEAT_1, at_us, 0);
    read.outcome = HENG_OUTCOME_SILENCE;
    read.value_count = read.frame_count = 0;
    toy_add(toy, &body, at_us);
}

static int64_t misses(struct heng_store *store)
{
    return number_of(store, "SELECT misses FROM device_state WHERE device_id = 1");
}

/* While a clock that was ahead stands still, all that is tried has the same time; and each try counts. */
static void test_misses_of_one_moment(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    (void)state;
    toy_miss(toy, START_US);
    toy_miss(toy, START_US);
    toy_read(toy, HEAT_LINE, HEAT_1, START_US, 100);
    toy_miss(toy, START_US);
    deliver_at(store, EAST, true, toy_copies(toy, 3, 3), INGEST_NOW_US);
    assert_int_equal(misses(store), 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 2)), 2, 0, 0, 2);
    assert_int_equal(misses(store), 2);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 3, 3)), 0, 1, 0, 3);
    assert_int_equal(misses(store), 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 4)), 1, 3, 0, 4);
    assert_int_equal(misses(store), 1);
    deliver_at(store, EAST, true, toy_copies(toy, 3, 3), INGEST_NOW_US);
    assert_int_equal(misses(store), 1);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

/* The journal's order is the truth about who does not answer, also where its clock was an hour ahead and is put back;
 * and copies that run ahead do not hide what was missed before them. */
static void test_misses_follow_the_journal(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 5);
    const heng_us hour_us = 3600 * HENG_US_PER_S;
    (void)state;
    toy_miss(toy, START_US + hour_us);
    toy_read(toy, HEAT_LINE, HEAT_1, START_US + hour_us + HENG_US_PER_S, 100);
    toy_event(toy, START_US + 2 * HENG_US_PER_S, HENG_GATEWAY_CLOCK_SET, -hour_us, "by the tier above");
    for (int i = 3; i < 6; i++) toy_miss(toy, START_US + i * HENG_US_PER_S);
    toy_read(toy, HEAT_LINE, HEAT_1, START_US + 6 * HENG_US_PER_S, 101);
    toy_miss(toy, START_US + 7 * HENG_US_PER_S);
    /* All of it comes hours later: nothing is from the future any more. */
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 2)), 2, 0, 0, 2);
    assert_int_equal(misses(store), 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 3, 5)), 3, 0, 0, 5);
    assert_int_equal(misses(store), 2);
    deliver_at(store, EAST, true, toy_copies(toy, 7, 7), INGEST_NOW_US);
    assert_int_equal(misses(store), 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 6, 7)), 1, 1, 0, 7);
    assert_int_equal(misses(store), 0);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 8, 8)), 1, 0, 0, 8);
    assert_int_equal(misses(store), 1);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 8)), 0, 8, 0, 8);
    assert_int_equal(misses(store), 1);
    /* Who tells of a clock does not reach meters of others. */
    struct toy_journal *west = toy_new(WEST, 9);
    toy_event(west, START_US, HENG_GATEWAY_CLOCK_SET, -hour_us, "by the tier above");
    assert_delivered(deliver(store, WEST, toy_batch(west, 1, 1)), 1, 0, 0, 1);
    assert_int_equal(number_of(store, "SELECT last_try_us FROM device_state WHERE device_id = 1"),
                     START_US + 7 * HENG_US_PER_S);
    free(west);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_misses_of_one_moment),
        cmocka_unit_test(test_misses_follow_the_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
