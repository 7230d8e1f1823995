/* Boxes whose disk was put back, or that were cloned: the same numbers say different things, and the same things come
 * under different numbers. Nothing is lost, nothing counts twice. */
#include "unit/flow/gateway_rig.h"

/* Entries from..n of another journal, told anew: under its own numbers, from the next one on. */
static void toy_retell(struct toy_journal *toy, const struct toy_journal *from, size_t first, size_t last)
{
    for (size_t at = first; at <= last; at++) {
        struct heng_entry *entry = &toy->entries[toy->n];
        const struct heng_entry *old = &from->entries[at - 1];
        memcpy(toy->bodies[toy->n], old->body.p, old->body.n);
        *entry = *old;
        entry->body.p = toy->bodies[toy->n];
        entry->epoch = toy->epoch;
        entry->seq = ++toy->n;
        entry->check = heng_entry_check(entry);
    }
}

/* A read, a line state, an event, and so on; at seconds from..from + n - 1. */
static void toy_mixed(struct toy_journal *toy, int from, int n)
{
    for (int i = from; i < from + n; i++) {
        heng_us at_us = START_US + i * HENG_US_PER_S;
        if (i % 3 == 0) toy_read(toy, WATER_LINE, WATER_1, at_us, 100 + i);
        if (i % 3 == 1) toy_line(toy, WATER_LINE, at_us, 1);
        if (i % 3 == 2) toy_event(toy, at_us, HENG_GATEWAY_IMPORTED, i, "");
    }
}

static void assert_in_database(struct heng_store *store, int64_t reads, int64_t requests, int64_t events)
{
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), reads);
    assert_int_equal(number_of(store, "SELECT coalesce(sum(requests), 0) FROM line_state"), requests);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE kind = 19"), events);
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading_conflict"), 0);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_refused"), 0);
}

/* The collector delivers 1..12. Its disk is put back to 1..6, it goes on with others, and is below a concentrator now:
 * that takes its journal from the first number on, so nobody has compared. */
static void test_a_fork_that_is_passed_on_is_kept(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *lost = toy_new(COLLECTOR, 70), *back = toy_new(COLLECTOR, 70), *again = toy_new(COLLECTOR, 70);
    (void)state;
    toy_mixed(lost, 0, 12);
    toy_retell(back, lost, 1, 6);
    toy_mixed(back, 30, 9);
    toy_retell(again, back, 1, 8);
    toy_mixed(again, 60, 9);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(lost, 1, 12)), 12, 0, 0, 12);
    assert_in_database(store, 4, 4, 4);
    assert_delivered(deliver(store, EAST, toy_forward(back, 5, 1, 1, 15)), 9, 6, 0, 15);
    assert_in_database(store, 7, 7, 7);
    assert_int_equal(number_of(store, "SELECT value FROM gateway_event WHERE gateway_id = 2 AND kind = 22 AND seq = 0"),
                     6);
    /* Once more, by whichever way, it changes nothing. */
    assert_delivered(deliver(store, EAST, toy_forward(back, 5, 16, 1, 15)), 0, 15, 0, 30);
    assert_delivered(deliver(store, EAST, toy_forward(lost, 5, 31, 1, 12)), 0, 12, 0, 42);
    /* A second disk is put back: to a state of the second life. */
    assert_delivered(deliver(store, EAST, toy_forward(again, 5, 43, 1, 17)), 9, 8, 0, 59);
    assert_in_database(store, 10, 10, 10);
    assert_delivered(deliver(store, EAST, toy_forward(again, 5, 60, 1, 17)), 0, 17, 0, 76);
    assert_delivered(deliver(store, EAST, toy_forward(back, 5, 77, 1, 15)), 0, 15, 0, 91);
    assert_in_database(store, 10, 10, 10);
    /* And now it begins a new epoch, and tells all it has: what was kept apart counts, too. */
    struct toy_journal *anew = toy_new(COLLECTOR, 71);
    toy_retell(anew, again, 3, 17);
    toy_mixed(anew, 90, 3);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(anew, 1, 18)), 3, 15, 0, 18);
    assert_in_database(store, 11, 11, 11);
    free(lost);
    free(back);
    free(again);
    free(anew);
    heng_store_close(store);
    small_site_fini(&site);
}

/* Too many lives under the same number: no end of room for who makes them up. */
static void test_histories_are_bounded(void **state)
{
    enum { LIVES = 12, KEPT = 9 };
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    (void)state;
    for (int i = 0; i < LIVES; i++) {
        struct toy_journal *toy = toy_new(COLLECTOR, 70);
        toy_read(toy, WATER_LINE, WATER_1, START_US + i * HENG_US_PER_S, 100);
        uint64_t seq = (uint64_t)i + 1;
        assert_delivered(deliver(store, EAST, toy_forward(toy, 5, seq, 1, 1)), i < KEPT, 0, i >= KEPT, seq);
        free(toy);
    }
    assert_int_equal(number_of(store, "SELECT count(*) FROM reading"), KEPT);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_refused"), LIVES - KEPT);
    heng_store_close(store);
    small_site_fini(&site);
}

/* A new epoch tells the journal of the old one again: what only counts must not count twice. */
static void test_told_again_counts_once(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *old = toy_new(EAST, 70), *anew = toy_new(EAST, 71);
    (void)state;
    for (int i = 0; i < 200; i++) toy_line(old, HEAT_LINE, START_US + i * HENG_US_PER_S, 2);
    toy_retell(anew, old, 31, 150); /* up to where the disk was put back to; the oldest have left the journal */
    for (int i = 0; i < 5; i++) toy_line(anew, HEAT_LINE, START_US + (300 + i) * HENG_US_PER_S, 2);
    assert_delivered(deliver(store, EAST, toy_batch(old, 1, 200)), 200, 0, 0, 200);
    assert_delivered(deliver(store, EAST, toy_batch(anew, 1, 70)), 0, 70, 0, 70);
    assert_delivered(deliver(store, EAST, toy_batch(anew, 71, 125)), 5, 50, 0, 125);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 1"), 410);
    /* An epoch that has nothing to do with them counts, though a line may say the same twice. */
    struct toy_journal *other = toy_new(EAST, 72);
    for (int i = 0; i < 3; i++) toy_line(other, HEAT_LINE, START_US + (400 + i) * HENG_US_PER_S, 2);
    assert_delivered(deliver(store, EAST, toy_batch(other, 1, 3)), 3, 0, 0, 3);
    assert_int_equal(number_of(store, "SELECT requests FROM line_state WHERE line_id = 1"), 416);
    free(old);
    free(anew);
    free(other);
    heng_store_close(store);
    small_site_fini(&site);
}

/* The new epoch is here first; the old one was on its way over a concentrator, and comes later. */
static void test_the_old_epoch_may_come_later(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *old = toy_new(COLLECTOR, 70), *anew = toy_new(COLLECTOR, 71);
    (void)state;
    toy_mixed(old, 0, 30);
    toy_retell(anew, old, 7, 21);
    toy_mixed(anew, 60, 3);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(anew, 1, 18)), 18, 0, 0, 18);
    assert_in_database(store, 6, 6, 6);
    assert_delivered(deliver(store, EAST, toy_forward(old, 5, 1, 1, 10)), 6, 4, 0, 10);
    assert_delivered(deliver(store, EAST, toy_forward(old, 5, 11, 11, 30)), 9, 11, 0, 30);
    assert_in_database(store, 11, 11, 11);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE kind = 22"), 0);
    free(old);
    free(anew);
    heng_store_close(store);
    small_site_fini(&site);
}

/* A second life under known numbers, that was told as a new epoch first; a concentrator has it under the old numbers,
 * and brings it later. */
static void test_a_fork_may_come_after_its_new_epoch(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *lost = toy_new(COLLECTOR, 70), *back = toy_new(COLLECTOR, 70), *anew = toy_new(COLLECTOR, 71);
    (void)state;
    toy_mixed(lost, 0, 12);
    toy_retell(back, lost, 1, 6);
    toy_mixed(back, 30, 9);
    toy_retell(anew, back, 3, 15);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(lost, 1, 12)), 12, 0, 0, 12);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(anew, 1, 13)), 9, 4, 0, 13);
    assert_in_database(store, 7, 7, 7);
    assert_delivered(deliver(store, EAST, toy_forward(back, 5, 1, 1, 15)), 0, 15, 0, 15);
    assert_delivered(deliver(store, EAST, toy_forward(back, 5, 16, 1, 15)), 0, 15, 0, 30);
    assert_in_database(store, 7, 7, 7);
    free(lost);
    free(back);
    free(anew);
    heng_store_close(store);
    small_site_fini(&site);
}

/* The concentrator passes on what the collector says, and its disk is put back; so is the collector's, which comes with
 * all it has under a new epoch. The concentrator tells that where it told the old epoch once: the words are the same,
 * the numbers are not, and none of the new ones is missing. */
static void test_a_fork_below_a_fork_leaves_no_gap(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *old = toy_new(COLLECTOR, 70), *anew = toy_new(COLLECTOR, 71);
    struct toy_journal *own = toy_new(EAST, 5), *own_anew = toy_new(EAST, 6);
    (void)state;
    toy_event(own, START_US, HENG_GATEWAY_IMPORTED, 99, "");
    toy_retell(own_anew, own, 1, 1);
    toy_mixed(old, 0, 12);
    toy_retell(anew, old, 1, 9);
    toy_mixed(anew, 30, 3);
    assert_delivered(deliver(store, EAST, toy_batch(own, 1, 1)), 1, 0, 0, 1);
    assert_delivered(deliver(store, EAST, toy_forward(old, 5, 2, 1, 12)), 12, 0, 0, 13);
    assert_delivered(deliver(store, EAST, toy_batch(own_anew, 1, 1)), 0, 1, 0, 1);
    assert_delivered(deliver(store, EAST, toy_forward(anew, 6, 2, 1, 12)), 3, 9, 0, 13);
    assert_in_database(store, 5, 5, 6);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_gap"), 0);
    assert_int_equal(number_of(store, "SELECT count(*) FROM gateway_event WHERE kind = 37"), 0);
    assert_resume(store, COLLECTOR, 71, 12, anew->entries[11].check);
    /* What it does leave out is told, there as well. */
    toy_mixed(anew, 60, 3);
    assert_delivered(deliver(store, EAST, toy_forward(anew, 6, 14, 15, 15)), 1, 0, 0, 14);
    assert_int_equal(number_of(store, "SELECT sum(last_seq - first_seq + 1) FROM gateway_gap WHERE gone = 0"), 2);
    assert_resume(store, COLLECTOR, 71, 12, 0);
    free(old);
    free(anew);
    free(own);
    free(own_anew);
    heng_store_close(store);
    small_site_fini(&site);
}

/* Two boxes out of one factory begin alike: the same epoch, the same first words. After its disk was put back the
 * concentrator has the other one where it had the first one. */
static void test_boxes_that_say_the_same_are_two(void **state)
{
    static const struct heng_site_gateway gateways[] = {{.key = "west", .name = "West", .parent = "east"}};
    static const struct heng_site moved = {.gateways = gateways, .gateway_count = 1};
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct heng_site_applied applied;
    struct heng_err err;
    struct toy_journal *one = toy_new(COLLECTOR, 70), *other = toy_new(WEST, 70);
    (void)state;
    assert_ok(heng_site_apply(store, &moved, START_US, &applied, &err));
    toy_event(one, START_US, HENG_GATEWAY_IMPORTED, 1, "");
    toy_event(other, START_US, HENG_GATEWAY_IMPORTED, 1, "");
    assert_delivered(deliver(store, EAST, toy_forward(one, 5, 1, 1, 1)), 1, 0, 0, 1);
    assert_delivered(deliver(store, EAST, toy_forward(other, 6, 1, 1, 1)), 1, 0, 0, 1);
    assert_int_equal(number_of(store, "SELECT count(DISTINCT gateway_id) FROM gateway_event WHERE kind = 19"), 2);
    assert_resume(store, WEST, 70, 1, other->entries[0].check);
    free(one);
    free(other);
    heng_store_close(store);
    small_site_fini(&site);
}

/* Who is asked for what is missing cannot compare itself. It is not sent away for ever: what it has is kept. */
static void test_a_fork_that_is_asked_for_a_gap(void **state)
{
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *lost = toy_new(COLLECTOR, 70), *back = toy_new(COLLECTOR, 70);
    (void)state;
    toy_mixed(lost, 0, 12);
    toy_retell(back, lost, 1, 6);
    toy_mixed(back, 30, 9);
    assert_delivered(deliver(store, EAST, toy_forward(lost, 5, 1, 1, 3)), 3, 0, 0, 3);
    assert_delivered(deliver(store, EAST, toy_forward(lost, 5, 4, 7, 12)), 6, 0, 0, 9);
    assert_resume(store, COLLECTOR, 70, 3, 0);
    assert_delivered(deliver(store, COLLECTOR, toy_batch(back, 4, 15)), 12, 0, 0, 15);
    assert_in_database(store, 7, 7, 7);
    assert_resume(store, COLLECTOR, 70, 15, back->entries[14].check);
    free(lost);
    free(back);
    heng_store_close(store);
    small_site_fini(&site);
}

/* A read that was stamped by a clock that was ahead; a concentrator has a copy of it, and comes to tell it when the
 * clock was put back and the meter has gone silent. */
static void test_a_copy_that_comes_late_is_no_news(void **state)
{
    enum { AHEAD_S = 600 };
    struct small_site site;
    struct heng_store *store = gateways_open(&site);
    struct toy_journal *toy = toy_new(EAST, 70);
    static struct heng_read silent;
    struct heng_body miss = {.kind = HENG_ENTRY_READ, .read = {.line_id = HEAT_LINE, .read = &silent}};
    heng_us now_us = INGEST_NOW_US;
    (void)state;
    silent.device_id = HEAT_1;
    silent.at_us = now_us;
    silent.outcome = HENG_OUTCOME_SILENCE;
    toy_read(toy, HEAT_LINE, HEAT_1, now_us + AHEAD_S * HENG_US_PER_S, 100);
    toy_event(toy, now_us - HENG_US_PER_S, HENG_GATEWAY_CLOCK_SET, -(AHEAD_S + 2) * HENG_US_PER_S, "");
    toy_add(toy, &miss, now_us);
    assert_delivered(deliver(store, EAST, toy_batch(toy, 1, 3)), 3, 0, 0, 3);
    assert_int_equal(number_of(store, "SELECT misses FROM device_state WHERE device_id = 1"), 1);
    deliver_at(store, EAST, true, toy_copies(toy, 1, 1), now_us);
    assert_int_equal(number_of(store, "SELECT misses FROM device_state WHERE device_id = 1"), 1);
    free(toy);
    heng_store_close(store);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fork_that_is_passed_on_is_kept),
        cmocka_unit_test(test_histories_are_bounded),
        cmocka_unit_test(test_told_again_counts_once),
        cmocka_unit_test(test_the_old_epoch_may_come_later),
        cmocka_unit_test(test_a_fork_may_come_after_its_new_epoch),
        cmocka_unit_test(test_a_fork_below_a_fork_leaves_no_gap),
        cmocka_unit_test(test_boxes_that_say_the_same_are_two),
        cmocka_unit_test(test_a_fork_that_is_asked_for_a_gap),
        cmocka_unit_test(test_a_copy_that_comes_late_is_no_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
