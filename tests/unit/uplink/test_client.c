/* The lower end: when it dials, and what it sends. */
#include "client_rig.h"
#include "counted_memory.h"

/* --- when it dials -------------------------------------------------------------------------------------------------
 */

static void dials_at_once_then_ever_more_rarely(void **state)
{
    (void)state;
    heng_us lowest = HENG_US_NEVER, highest = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct rig rig;
        setup_with(&rig, &(struct heng_client_config){.servers = 1, .enrolled = true, .seed = seed, .pause_max_s = 90});
        pump(&rig);
        assert_int_equal(rig.connects, 1);
        heng_us base = S(1);
        for (unsigned i = 0; i < 12; i++) {
            heng_us before = rig.now;
            closed(&rig);
            assert_int_equal(rig.connects, 1 + i);
            wait_for(&rig);
            heng_us pause = rig.now - before;
            assert_int_equal(rig.connects, 2 + i);
            assert_in_range(pause, base / 2, base * 3 / 2);
            if (i == 11 && pause < lowest) lowest = pause;
            if (i == 11 && pause > highest) highest = pause;
            base = base * 2 < S(60) ? base * 2 : S(60); /* two thirds of the longest pause */
        }
        teardown(&rig);
    }
    /* Not all of them at the same time. */
    assert_in_range(lowest, S(30), S(40));
    assert_in_range(highest, S(80), S(90));
}

static void takes_the_other_server_until_one_works(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 2);
    pump(&rig);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(rig.server, i % 2);
        closed(&rig);
        wait_for(&rig);
    }
    closed(&rig);
    rig.connects = 0;
    open_with(&rig, &usual);
    assert_int_equal(rig.welcomes, 1);
    unsigned worked = rig.server;
    rig.now += S(61);
    heng_us before = rig.now;
    closed(&rig);
    assert_int_equal(rig.connects, 0); /* not at once: thousands lose the same server in the same moment */
    wait_for(&rig);
    assert_int_equal(rig.server, worked);
    assert_in_range(rig.now - before, S(1) / 2, S(3) / 2);
    teardown(&rig);
}

static void a_connection_that_breaks_soon_is_a_failure(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    for (unsigned i = 0; i < 8; i++) {
        rig.connects = 0;
        open_with(&rig, &usual);
        rig.now += S(59);
        closed(&rig);
    }
    assert_in_range(heng_client_deadline(rig.client) - rig.now, S(40), S(120));
    teardown(&rig);
}

/* In TLS 1.3 who is refused hears "connected" first: only a Welcome says that it has worked, however long it took. */
static void being_connected_is_no_success(void **state)
{
    (void)state;
    static const heng_us lasts[] = {0, S(5), S(100)};
    for (size_t i = 0; i < sizeof lasts / sizeof lasts[0]; i++) {
        struct rig rig;
        setup(&rig, 2);
        for (unsigned n = 0; n < 8; n++) {
            unsigned before = rig.connects;
            while (rig.connects == before) wait_for(&rig);
            assert_int_equal(rig.server, n % 2);
            connected(&rig);
            rig.now += lasts[i];
            pump(&rig);
            closed(&rig);
        }
        assert_in_range(heng_client_deadline(rig.client) - rig.now, S(40), S(120));
        teardown(&rig);
    }
}

static void comes_back_when_a_refusal_says(void **state)
{
    (void)state;
    static const struct {
        uint32_t retry_s;
        heng_us least, most;
    } cases[] = {{0, S(1) / 2, S(3) / 2}, {300, S(300), S(600)}, {UINT32_MAX, S(3600), S(7200)}};
    for (size_t i = 0; i < 3; i++) {
        struct rig rig;
        struct heng_client_status status;
        setup(&rig, 1);
        pump(&rig);
        connected(&rig);
        heng_say_refused(&rig.say, HENG_REFUSAL_BUSY, "the disk is full", cases[i].retry_s);
        flush(&rig);
        assert_int_equal(rig.hang_ups, 1);
        closed(&rig);
        heng_client_status_now(rig.client, &status);
        assert_string_equal(status.text, "refused: busy: the disk is full");
        assert_in_range(status.next_try_us - rig.now, cases[i].least, cases[i].most);
        teardown(&rig);
    }
}

static void gives_up_dialling_and_waiting(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    pump(&rig);
    wait_for(&rig);
    assert_int_equal(rig.hang_ups, 1);
    assert_int_equal(rig.now, S(60));
    closed(&rig);
    while (rig.connects < 2) wait_for(&rig);
    heng_us before = rig.now;
    connected(&rig);
    wait_for(&rig); /* no welcome comes */
    assert_int_equal(rig.hang_ups, 2);
    assert_int_equal(rig.now - before, S(120));
    teardown(&rig);
}

/* --- batches -------------------------------------------------------------------------------------------------------
 */

static void keeps_to_window_and_journal(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 1);
        struct rig rig;
        setup(&rig, 1);
        rig.last = 1 + heng_sim_rng_below(&rng, 3000);
        rig.body_n = 1 + heng_sim_rng_below(&rng, 900);
        rig.per_read = 1 + heng_sim_rng_below(&rng, 600);
        struct heng_welcome welcome = usual;
        welcome.window_bytes = 1024 + heng_sim_rng_below(&rng, 100000);
        welcome.batch_bytes = 1024 + heng_sim_rng_below(&rng, 30000);
        welcome.resume_after = heng_sim_rng_below(&rng, (uint32_t)rig.last + 1);
        uint32_t batch_bytes = welcome.batch_bytes < welcome.window_bytes ? welcome.batch_bytes : welcome.window_bytes;
        open_with(&rig, &welcome);
        uint64_t expected = welcome.resume_after, acked = expected;
        size_t numbered = 0, lives = 0;
        while (acked < rig.last) {
            bool live;
            size_t n, bytes = 0, count = 0;
            for (uint64_t last; (last = hear_batch(&rig, &live, &n)) != 0;) {
                if (live) {
                    lives++;
                    continue;
                }
                numbered++;
                count++;
                bytes += n;
                assert_true(last > expected && last <= rig.last);
                assert_true(n <= batch_bytes || last == expected + 1);
                expected = last;
            }
            assert_true(count <= HENG_UPLINK_UNDER_WAY_MAX);
            assert_true(bytes <= welcome.window_bytes || count == 1);
            if (expected == acked) fail_msg("seed %llu: it stands still", (unsigned long long)seed);
            acked = expected;
            ack(&rig, acked);
            assert_int_equal(rig.acked, acked);
        }
        assert_true(lives <= numbered / 3 + 1);
        unsigned reads = rig.reads;
        pump(&rig);
        assert_int_equal(rig.reads, reads); /* nothing is there any more */
        teardown(&rig);
    }
}

static void one_question_at_a_time(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    rig.last = 10;
    rig.answers_reads = false;
    open_with(&rig, &usual);
    assert_int_equal(rig.reads, 1);
    assert_int_equal(rig.read_from, 1);
    pump(&rig);
    heng_client_journal(rig.client, rig.now, EPOCH, 1, 12);
    rig.last = 12;
    pump(&rig);
    assert_int_equal(rig.reads, 1);
    /* Not now: it is asked again when something is new, or a second later. */
    struct heng_batch none = {.epoch = EPOCH, .first = 1, .last = 0};
    heng_client_put_batch(rig.client, rig.now, &none);
    pump(&rig);
    assert_int_equal(rig.reads, 1);
    assert_int_equal(heng_client_deadline(rig.client), rig.now + S(1));
    wait_for(&rig);
    assert_int_equal(rig.reads, 2);
    heng_client_put_batch(rig.client, rig.now, &none);
    heng_client_journal(rig.client, rig.now, EPOCH, 1, 13);
    rig.last = 13;
    rig.answers_reads = true;
    pump(&rig);
    assert_int_equal(rig.reads, 3);
    teardown(&rig);
}

static void waits_for_what_has_not_left(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    rig.last = 20;
    rig.per_read = 1;
    rig.answers_reads = false;
    open_with(&rig, &usual);
    heng_client_unsent(rig.client, rig.now, 100 * 1024);
    put_batch(&rig);
    pump(&rig);
    assert_int_equal(rig.reads, 1);
    heng_client_unsent(rig.client, rig.now, 1000);
    rig.answers_reads = true;
    pump(&rig);
    assert_in_range(rig.reads, 2, 20);
    teardown(&rig);
}

static void acknowledgements_are_checked(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct rig rig;
        open_journal(&rig, 10);
        ack(&rig, 7);
        assert_int_equal(rig.acked, 7);
        rig.acked = 0;
        ack(&rig, 4); /* backward: an old hint */
        ack(&rig, 7);
        assert_int_equal(rig.acked, 0);
        assert_int_equal(rig.hang_ups, 0);
        if (i == 0) ack(&rig, 11);
        if (i == 1) ack(&rig, UINT64_MAX);
        if (i == 2) heng_say_ack(&rig.say, EPOCH + 1, 8);
        flush(&rig);
        assert_int_equal(rig.hang_ups, 1);
        assert_int_equal(rig.acked, 0);
        teardown(&rig);
    }
}

static void the_newest_go_ahead_after_an_outage_only(void **state)
{
    (void)state;
    struct rig rig;
    open_journal(&rig, 20); /* less than a batch: no copies */
    assert_int_equal(rig.lives, 0);
    teardown(&rig);

    open_journal(&rig, 50000);
    assert_int_equal(rig.lives, 1);
    unsigned numbered = 0, lives = 0;
    uint64_t newest = 0, at = 0;
    while (at < rig.last) {
        bool live;
        size_t n;
        for (uint64_t last; (last = hear_batch(&rig, &live, &n)) != 0;) {
            if (live) {
                assert_true(lives == 0 || numbered >= 3 * lives);
                assert_true(last > newest);
                newest = last;
                lives++;
            } else {
                numbered++;
                at = last;
            }
        }
        rig.grows = at < 40000;
        ack(&rig, at);
    }
    assert_true(lives >= 10 && lives <= numbered / 3 + 1);
    print_message("# %u live batches with %u numbered ones\n", lives, numbered);
    teardown(&rig);
}

static void a_new_epoch_is_greeted_anew(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    rig.last = 10;
    rig.answers_reads = false;
    open_with(&rig, &usual);
    rig.epoch = EPOCH + 1;
    rig.last = 3;
    heng_client_journal(rig.client, rig.now, rig.epoch, 1, rig.last);
    rig.answers_reads = true;
    put_batch(&rig); /* an answer that comes too late is none */
    pump(&rig);
    assert_int_equal(rig.hang_ups, 1);
    closed(&rig);
    assert_in_range(heng_client_deadline(rig.client) - rig.now, S(1) / 2, S(3) / 2);
    struct heng_welcome welcome = usual;
    welcome.epoch = rig.epoch;
    heng_wire_in_fini(&rig.heard);
    open_with(&rig, &welcome);
    assert_int_equal(rig.read_from, 1);
    teardown(&rig);
}

/* --- clock and silence ---------------------------------------------------------------------------------------------
 */

static void the_clock_above_is_known_within_the_error(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 2);
        struct rig rig;
        setup(&rig, 1);
        rig.clock_error_us = (heng_us)heng_sim_rng_below(&rng, 2000000000) * 1000 - S(1000000);
        pump(&rig);
        rig.now += 12345;
        connected(&rig);
        heng_us up = heng_sim_rng_below(&rng, 3000000), down = heng_sim_rng_below(&rng, 3000000);
        struct heng_welcome welcome = usual;
        welcome.clock_us = wall_at(rig.now + up);
        rig.now += up + down;
        heng_say_welcome(&rig.say, &welcome);
        flush(&rig);
        assert_int_equal(rig.clocks, 1);
        assert_int_equal(rig.error_us, (up + down + 1) / 2);
        assert_true(llabs(rig.offset_us + rig.clock_error_us) <= rig.error_us + 1);
        /* And with each ping; our own clock may even be set in between. */
        wait_for(&rig);
        assert_int_equal(rig.pings, 1);
        heng_us pinged = wall_at(rig.now) + rig.clock_error_us;
        heng_say_pong(&rig.say, pinged, wall_at(rig.now + up));
        heng_say_pong(&rig.say, pinged + 1, 0); /* of none of our pings */
        rig.now += up + down;
        rig.clock_error_us += S(7);
        flush(&rig);
        assert_int_equal(rig.clocks, 2);
        assert_true(llabs(rig.offset_us + rig.clock_error_us) <= rig.error_us + 1);
        teardown(&rig);
    }
}

static void silence_is_pinged_then_ended(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    struct heng_welcome welcome = usual;
    welcome.ping_s = 20;
    open_with(&rig, &welcome);
    heng_us heard_us = rig.now;
    wait_for(&rig);
    assert_int_equal(rig.pings, 1);
    assert_int_equal(rig.now, heard_us + S(20));
    wait_for(&rig);
    assert_int_equal(rig.now, heard_us + S(40));
    assert_int_equal(rig.hang_ups, 1);
    assert_string_equal(rig.why, "the server is silent");
    teardown(&rig);
}

/* A gateway that delivers all day tells its queue and its children all the same. */
static void is_pinged_however_much_is_said(void **state)
{
    (void)state;
    struct rig rig;
    open_journal(&rig, 500);
    heng_us until = rig.now + 10 * S(HENG_UPLINK_PING_S);
    for (uint64_t durable = 1; rig.now < until; durable++) {
        ack(&rig, durable < 500 ? durable : 500);
        rig.now += S(7);
        pump(&rig);
    }
    assert_in_range(rig.pings, 8, 10);
    assert_int_equal(rig.hang_ups, 0);
    teardown(&rig);
}

static void answers_pings_from_above(void **state)
{
    (void)state;
    struct rig rig;
    open_journal(&rig, 0);
    heng_say_ping(&rig.say, &(struct heng_ping){.clock_us = 42});
    flush(&rig);
    struct heng_slice in;
    heng_us ours, theirs;
    assert_int_equal(heard(&rig, &in), HENG_WIRE_PONG);
    assert_int_equal(heng_hear_pong(in, &ours, &theirs, NULL), HENG_OK);
    assert_int_equal(ours, 42);
    assert_int_equal(theirs, wall_at(rig.now));
    teardown(&rig);
}

/* --- memory --------------------------------------------------------------------------------------------------------
 */

static void a_resting_client_is_small(void **state)
{
    (void)state;
    struct rig rig;
    heap_count();
    open_journal(&rig, 500);
    ack(&rig, 200);
    heng_wire_in_fini(&rig.heard);
    heap.counting = false;
    print_message("# a resting client: %zu bytes; the highest with batches: %zu\n", heap.live, heap.peak);
    assert_in_range(heap.live, 1, 2048);
    teardown(&rig);
}

static void memory_that_runs_out_is_a_connection_lost(void **state)
{
    (void)state;
    unsigned lost = 0;
    for (unsigned n = 2; n < 100; n++) {
        struct rig rig;
        setup(&rig, 1);
        rig.last = 400;
        heng_client_journal(rig.client, rig.now, EPOCH, 1, rig.last);
        pump(&rig);
        heng_client_connected(rig.client, rig.now);
        heng_say_welcome(&rig.say, &usual);
        heng_say_ping(&rig.say, &(struct heng_ping){0});
        static struct heng_client_action a;
        heap_count();
        heap.fail_in = n;
        bool fed = false;
        for (unsigned i = 0; i < 100; i++) {
            heng_client_poll(rig.client, rig.now, wall_at(0), &a);
            if (a.kind == HENG_CLIENT_SEND) continue;
            if (a.kind == HENG_CLIENT_HANG_UP) break;
            take(&rig, &a);
            if (a.kind == HENG_CLIENT_NONE && fed) break;
            if (a.kind != HENG_CLIENT_NONE) continue;
            fed = true;
            heng_client_feed(rig.client, rig.now, wall_at(0), heng_slice_of(rig.say.p, rig.say.n));
        }
        bool hit = heap.fail_in == 0;
        heap.fail_in = 0;
        heap.counting = false;
        lost += a.kind == HENG_CLIENT_HANG_UP;
        if (a.kind != HENG_CLIENT_HANG_UP) assert_true(rig.reads > 0);
        teardown(&rig);
        if (!hit) break;
    }
    assert_in_range(lost, 2, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dials_at_once_then_ever_more_rarely),
        cmocka_unit_test(takes_the_other_server_until_one_works),
        cmocka_unit_test(a_connection_that_breaks_soon_is_a_failure),
        cmocka_unit_test(being_connected_is_no_success),
        cmocka_unit_test(comes_back_when_a_refusal_says),
        cmocka_unit_test(gives_up_dialling_and_waiting),
        cmocka_unit_test(keeps_to_window_and_journal),
        cmocka_unit_test(one_question_at_a_time),
        cmocka_unit_test(waits_for_what_has_not_left),
        cmocka_unit_test(acknowledgements_are_checked),
        cmocka_unit_test(the_newest_go_ahead_after_an_outage_only),
        cmocka_unit_test(a_new_epoch_is_greeted_anew),
        cmocka_unit_test(the_clock_above_is_known_within_the_error),
        cmocka_unit_test(silence_is_pinged_then_ended),
        cmocka_unit_test(is_pinged_however_much_is_said),
        cmocka_unit_test(answers_pings_from_above),
        cmocka_unit_test(a_resting_client_is_small),
        cmocka_unit_test(memory_that_runs_out_is_a_connection_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
