/* Numbers of a gateway that did not come, and who says what of them. */
#include "unit/flow/gateway_rig.h"

static void test_the_makers_number_decides(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *below = toy_new(COLLECTOR, 70);
    struct heng_gateway_row row;
    struct heng_err err;
    (void)state;
    for (int i = 0; i < 12; i++) toy_line(below, WATER_LINE, START_US + i * HENG_US_PER_S, 1);
    /* The concentrator passes on 1..3, loses 4..6 (thinned), goes on with 7..9. */
    assert_delivered(deliver(store, EAST, toy_forward(below, 5, 1, 1, 3)), 3, 0, 0, 3);
    assert_delivered(deliver(store, EAST, toy_forward(below, 5, 4, 7, 9)), 3, 0, 0, 6);
    assert_ok(heng_view_gateway(heng_store_as_reader(store), COLLECTOR, &row, &err));
    assert_int_equal(row.missing, 3);
    assert_int_equal(number_of(store, "SELECT value FROM gateway_event WHERE gateway_id = 2 AND kind = 37"), 3);
    /* It is asked again for what is missing, wherever it connects; what is here already changes nothing. */
    assert_resume(store, COLLECTOR, 70, 3, 0);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(below, 4, 4)), 1, 0, 0, 4);
    assert_delivered(deliver(store, EAST, toy_forward(below, 5, 7, 6, 6)), 1, 0, 0, 7);
    assert_resume(store, COLLECTOR, 70, 4, 0);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(below, 5, 10)), 2, 4, 0, 10);
    assert_resume(store, COLLECTOR, 70, 10, below->entries[9].check);
    assert_ok(heng_view_gateway(heng_store_as_reader(store), COLLECTOR, &row, &err));
    assert_int_equal(row.missing, 0);
    /* The old way wakes up. */
    assert_delivered(deliver(store, EAST, toy_forward(below, 5, 8, 8, 12)), 2, 3, 0, 12);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 2"), 12);
    /* Who is not below may not be passed on, and its numbers do not move. */
    struct toy_journal *west = toy_new(WEST, 3);
    toy_line(west, WEST_LINE, START_US, 1);
    assert_delivered(deliver(store, EAST, toy_forward(west, 5, 13, 1, 1)), 0, 0, 1, 13);
    assert_resume(store, WEST, 3, 0, 0);
    /* Declared gone by its maker, a gap is no alarm any more. */
    toy_line(below, WATER_LINE, START_US, 1);
    toy_line(below, WATER_LINE, START_US, 1);
    assert_delivered(deliver(store, EAST, toy_forward(below, 5, 14, 14, 14)), 1, 0, 0, 14);
    const struct heng_entry_range gone = {13, 13};
    struct heng_batch batch = {.epoch = 70, .first = 13, .last = 13, .gone = &gone, .gone_count = 1};
    assert_delivered(deliver(store, COLLECTOR, batch_bytes(&batch)), 0, 0, 0, 13);
    assert_ok(heng_view_gateway(heng_store_as_reader(store), COLLECTOR, &row, &err));
    assert_int_equal(row.missing, 0);
    assert_resume(store, COLLECTOR, 70, 14, below->entries[13].check);
    free(west);
    free(below);
    heng_store_close(store);
    small_site_fini(&site);
}

/* --- told by who passes on ---------------------------------------------------------------------------------------- */

static struct heng_entry *toy_gap(struct toy_journal *toy, int64_t maker_id, uint64_t epoch, uint64_t first,
                                  uint64_t last, int64_t count)
{
    struct heng_body body = {.kind = HENG_ENTRY_EVENT,
                             .event = {.kind = HENG_GATEWAY_GAP,
                                       .value = count,
                                       .maker_id = maker_id,
                                       .maker_epoch = epoch,
                                       .first = first,
                                       .last = last}};
    return toy_add(toy, &body, START_US);
}

static uint64_t missing(struct heng_store *store)
{
    struct heng_gateway_row row;
    struct heng_err err;
    assert_ok(heng_view_gateway(heng_store_as_reader(store), COLLECTOR, &row, &err));
    return row.missing;
}

/* The concentrator's own entries (numbers 1..) are about the collector's journal. */
static void test_who_passes_on_tells_of_gaps(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *below = toy_new(COLLECTOR, 70), *east = toy_new(EAST, 5);
    (void)state;
    for (int i = 0; i < 40; i++) toy_line(below, WATER_LINE, START_US + i * HENG_US_PER_S, 1);
    for (int i = 0; i < 3; i++) toy_line(east, HEAT_LINE, START_US, 1);

    /* Before the entries around it: 4..9, of which 6 and 7 come after all. */
    toy_gap(east, COLLECTOR, 70, 4, 9, 4);
    assert_delivered(deliver(store, EAST, toy_batch(east, 1, 3)), 3, 0, 0, 3);
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 1, 1, 3)), 3, 0, 0, 3);
    assert_delivered(deliver(store, EAST, toy_batch(east, 4, 4)), 1, 0, 0, 4);
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 4, 6, 7)), 2, 0, 0, 5);
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 6, 10, 12)), 3, 0, 0, 8);
    assert_int_equal(missing(store), 0);
    assert_int_equal(number_of(store, "SELECT sum(last_seq - first_seq + 1) FROM gateway_gap WHERE gateway_id = 2"), 4);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE kind = 37 AND seq = 0"), 0);
    assert_int_equal(number_of(store, "SELECT value FROM gateway_event WHERE kind = 37"), 4);

    /* Behind them: the concentrator's thinning. 15 and 18 had come; 20 is behind all that came. */
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 9, 15, 15)), 1, 0, 0, 9);
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 10, 18, 18)), 1, 0, 0, 10);
    assert_int_equal(missing(store), 4);
    toy_gap(east, COLLECTOR, 70, 14, 20, 5);
    assert_delivered(deliver(store, EAST, toy_batch(east, 5, 5)), 1, 0, 0, 5);
    assert_int_equal(missing(store), 1); /* 13: nobody has told of it */
    toy_gap(east, COLLECTOR, 70, 13, 13, 1);
    assert_delivered(deliver(store, EAST, toy_batch(east, 6, 6)), 1, 0, 0, 6);
    assert_int_equal(missing(store), 0);
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 11, 21, 22)), 2, 0, 0, 12);

    /* The maker may have them: it is asked, and what it brings or gives up is settled for good. */
    assert_resume(store, COLLECTOR, 70, 3, 0);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(below, 4, 5)), 2, 0, 0, 5);
    const struct heng_entry_range gone = {8, 20};
    struct heng_batch batch = {.epoch = 70, .first = 8, .last = 20, .gone = &gone, .gone_count = 1};
    assert_delivered(deliver(store, COLLECTOR, batch_bytes(&batch)), 0, 0, 0, 20);
    assert_resume(store, COLLECTOR, 70, 22, below->entries[21].check);
    assert_int_equal(number_of(store, "SELECT sum(last_seq - first_seq + 1) FROM gateway_gap WHERE gone = 1"), 8);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 2"), 14);
    free(east);
    free(below);
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_of_whom_nobody_may_tell(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *below = toy_new(COLLECTOR, 70), *east = toy_new(EAST, 5);
    (void)state;
    toy_gap(east, WEST, 3, 1, 9, 9);                           /* is not below it */
    toy_gap(east, EAST, 5, 3, 900, 8);                         /* of itself, and of numbers to come */
    toy_gap(east, COLLECTOR, 70, INT64_MAX - 5, INT64_MAX, 3); /* what cannot be checked, and harms nobody */
    toy_line(east, HEAT_LINE, START_US, 1);
    toy_gap(below, EAST, 5, 1, 900, 8); /* who is above */
    for (int i = 0; i < 5; i++) toy_line(below, WATER_LINE, START_US, 1);
    assert_delivered(deliver(store, EAST, toy_batch(east, 1, 4)), 2, 0, 2, 4);
    assert_resume(store, EAST, 5, 4, east->entries[3].check);
    assert_resume(store, WEST, 3, 0, 0);
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 1, 1, 3)), 2, 0, 1, 3);
    assert_resume(store, EAST, 5, 4, east->entries[3].check);
    assert_resume(store, COLLECTOR, 70, 3, 0);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(below, 4, 6)), 3, 0, 0, 6);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 2"), 5);
    free(east);
    free(below);
    heng_store_close(store);
    small_site_fini(&site);
}

/* Who passes on has a damaged entry, or has thinned away even that it says what is missing: no gap stays without a
 * reason, and their maker is asked. */
static void test_what_is_lost_on_the_way_is_declared(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *below = toy_new(COLLECTOR, 70);
    (void)state;
    for (int i = 0; i < 20; i++) toy_line(below, WATER_LINE, START_US + i * HENG_US_PER_S, 1);
    below->entries[2].check ^= 1;
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 1, 1, 3)), 2, 0, 1, 3);
    assert_resume(store, EAST, 6, 3, 0); /* it is not asked for what it cannot say */
    below->entries[2].check ^= 1;
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 4, 4, 5)), 2, 0, 0, 5);
    assert_int_equal(missing(store), 0);
    assert_int_equal(number_of(store, "SELECT first_seq * 100 + last_seq * 10 + gone FROM gateway_gap "
                                      "WHERE gateway_id = 2"),
                     332);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE gateway_id = 2 AND kind = 37 AND "
                                      "detail LIKE 'lost in the journal%'"),
                     1);
    /* Its numbers 6..9 are gone, and with them those of the collector and the entry that told of them. */
    const struct heng_entry_range gone = {6, 9};
    struct heng_batch batch = {.epoch = 6, .first = 6, .last = 9, .gone = &gone, .gone_count = 1};
    assert_delivered(deliver(store, EAST, batch_bytes(&batch)), 0, 0, 0, 9);
    assert_delivered(deliver(store, EAST, toy_forward(below, 6, 10, 9, 12)), 4, 0, 0, 13);
    assert_int_equal(missing(store), 0);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_gap WHERE gateway_id = 2 AND gone = 2"), 2);
    assert_resume(store, COLLECTOR, 70, 2, 0);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(below, 3, 20)), 12, 6, 0, 20);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_gap WHERE gateway_id = 2"), 0);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 2"), 20);
    free(below);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_makers_number_decides),
        cmocka_unit_test(test_who_passes_on_tells_of_gaps),
        cmocka_unit_test(test_of_whom_nobody_may_tell),
        cmocka_unit_test(test_what_is_lost_on_the_way_is_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
