/* The heart of a gateway: nothing that it took is lost, nothing arrives twice, whatever is cut and killed. */
#include "core_rig.h"

static struct rig *one(uint64_t seed)
{
    struct rig *r = rig_new(seed);
    rig_add(r, 0, -1);
    return r;
}

/* --- start and clock ------------------------------------------------------------------------------------------- */

static void it_says_that_it_has_started(void **state)
{
    (void)state;
    struct rig *r = one(1);
    rig_open(r, 0);
    rig_run(r, HENG_US_PER_S);
    const struct rig_entry *e = rig_event(r, HENG_GATEWAY_STARTED);
    assert_non_null(e);
    assert_string_equal(e->detail, "heng-gateway 0.1.0, box 3");
    assert_false(e->doubtful);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_WRONG), 0);
    assert_string_equal(r->hello.software, "heng-gateway 0.1.0");
    rig_free(r);
}

static void stopped_is_told_at_the_next_start(void **state)
{
    (void)state;
    struct rig *r = one(1);
    rig_open(r, 0);
    rig_run(r, HENG_US_PER_S);
    rig_cut(r, 0);
    heng_core_free(r->gateways[0].core, true);
    rig_open(r, 0);
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_STOPPED), 1);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_STARTED), 2);
    rig_free(r);
}

static void a_damaged_journal_is_set_aside_and_told(void **state)
{
    (void)state;
    struct rig *r = one(1);
    FILE *file = fopen(r->gateways[0].path, "wb");
    for (int i = 0; i < 10000; i++) assert_true(fputc(i * 7 & 0xFF, file) != EOF);
    assert_int_equal(fclose(file), 0);
    rig_open(r, 0);
    assert_int_equal(rig_tell(r, 0, 1, true, 0), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    const struct rig_entry *e = rig_event(r, HENG_GATEWAY_JOURNAL_ASIDE);
    assert_non_null(e);
    assert_non_null(strstr(e->detail, "damaged"));
    assert_int_equal(rig_marks(r, 11, 1), 1);
    rig_free(r);
}

/* A box without a battery begins in 1970. */
static void a_clock_that_cannot_be_is_put_right_by_the_centre(void **state)
{
    (void)state;
    struct rig *r = one(1);
    struct rig_gateway *g = &r->gateways[0];
    bool doubtful;
    g->wall_shift_us = -RIG_WALL;
    g->deaf = true;
    rig_open(r, 0);
    assert_true(heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful) >= RIG_BUILT);
    assert_true(doubtful);
    assert_int_equal(rig_tell(r, 0, 1, true, 0), HENG_OK);
    g->deaf = false;
    rig_run(r, 200 * HENG_US_PER_S);
    heng_us wall = heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful);
    assert_false(doubtful);
    assert_true(llabs(wall - RIG_WALL - r->now) < HENG_US_PER_S);
    assert_int_equal(rig_tell(r, 0, 2, true, 0), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_WRONG), 1);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_SET), 1);
    assert_true(rig_event(r, HENG_GATEWAY_CLOCK_WRONG)->doubtful);
    assert_true(rig_event(r, HENG_GATEWAY_CLOCK_SET)->mark > 20 * HENG_US_PER_DAY);
    for (size_t i = 0; i < r->count; i++) {
        const struct rig_entry *e = &r->entries[i];
        if (e->event == HENG_GATEWAY_IMPORTED) assert_int_equal(e->doubtful, e->mark == 1);
    }
    rig_free(r);
}

/* Time goes on from the newest entry, also over a second start with the wrong clock. */
static void a_clock_never_falls_behind_the_journal(void **state)
{
    (void)state;
    struct rig *r = one(1);
    struct rig_gateway *g = &r->gateways[0];
    bool doubtful;
    g->deaf = true;
    rig_open(r, 0);
    assert_int_equal(rig_tell(r, 0, 1, true, 0), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    heng_us newest = heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful) - HENG_US_PER_S;
    assert_false(doubtful);
    for (int i = 0; i < 3; i++) {
        g->wall_shift_us -= 3600 * HENG_US_PER_S;
        rig_restart(r, 0);
        heng_us wall = heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful);
        assert_true(doubtful);
        assert_true(wall >= newest && wall < newest + 60 * HENG_US_PER_S);
        rig_run(r, 10 * HENG_US_PER_S);
    }
    /* A short step back, as after a correction, is no cause for doubt. */
    g->wall_shift_us = -HENG_US_PER_S * 3 / 2;
    g->deaf = false;
    rig_run(r, 300 * HENG_US_PER_S);
    rig_restart(r, 0);
    (void)heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful);
    assert_false(doubtful);
    rig_free(r);
}

/* Small corrections never turn time back; a large one does, once, and says so. */
static void the_clock_goes_back_only_when_it_must(void **state)
{
    (void)state;
    struct rig *r = one(1);
    struct rig_gateway *g = &r->gateways[0];
    r->clock_shift_us = -HENG_US_PER_S;
    g->wall_shift_us = 0;
    rig_open(r, 0);
    heng_us last = 0;
    for (int i = 0; i < 50; i++) {
        heng_us wall = heng_core_wall(g->core, r->now, rig_wall(r, g), NULL);
        assert_true(wall >= last);
        last = wall;
        assert_int_equal(rig_tell(r, 0, i + 1, true, 0), HENG_OK);
        rig_run(r, 100 * HENG_US_PER_MS);
    }
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_SET), 0);
    r->clock_shift_us = -100 * HENG_US_PER_S;
    rig_run(r, 200 * HENG_US_PER_S);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_SET), 1);
    const struct rig_entry *e = rig_event(r, HENG_GATEWAY_CLOCK_SET);
    assert_true(llabs(e->mark + 99 * HENG_US_PER_S) < 2 * HENG_US_PER_S);
    heng_us wall = heng_core_wall(g->core, r->now, rig_wall(r, g), NULL);
    assert_true(llabs(wall - (RIG_WALL + r->now + r->clock_shift_us)) < HENG_US_PER_S);
    rig_free(r);
}

/* Somebody sets the system's clock while we run. */
static void steps_of_the_systems_clock(void **state)
{
    (void)state;
    struct rig *r = one(1);
    struct rig_gateway *g = &r->gateways[0];
    bool doubtful;
    g->deaf = true;
    rig_open(r, 0);
    rig_run(r, HENG_US_PER_S);
    g->wall_shift_us += 600 * HENG_US_PER_S; /* forward: it is followed */
    rig_run(r, 120 * HENG_US_PER_S);
    heng_us wall = heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful);
    assert_true(wall == rig_wall(r, g) && !doubtful);
    assert_int_equal(rig_tell(r, 0, 1, true, 0), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    g->wall_shift_us -= 7200 * HENG_US_PER_S; /* behind the journal: that cannot be */
    rig_run(r, 120 * HENG_US_PER_S);
    wall = heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful);
    assert_true(doubtful && wall > rig_wall(r, g) + 7100 * HENG_US_PER_S);
    g->wall_shift_us += 7200 * HENG_US_PER_S; /* and right again */
    rig_run(r, 120 * HENG_US_PER_S);
    wall = heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful);
    assert_true(wall == rig_wall(r, g) && !doubtful);
    g->deaf = false;
    rig_run(r, 300 * HENG_US_PER_S);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_SET), 2); /* forward; and back by the centre */
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_WRONG), 1);
    /* The centre has spoken: whatever the system's clock does now, ours stays. */
    g->wall_shift_us += 50 * HENG_US_PER_DAY;
    rig_run(r, 10 * HENG_US_PER_S);
    wall = heng_core_wall(g->core, r->now, rig_wall(r, g), &doubtful);
    assert_true(!doubtful && llabs(wall - r->now - RIG_WALL) < HENG_US_PER_S);
    rig_free(r);
}

/* --- delivery -------------------------------------------------------------------------------------------------- */

/* Nobody hears of what is not committed. */
static void nothing_is_told_before_it_is_committed(void **state)
{
    (void)state;
    struct rig *r = one(1);
    struct rig_gateway *g = &r->gateways[0];
    rig_open(r, 0);
    rig_run(r, 10 * HENG_US_PER_S);
    assert_int_equal(rig_tell(r, 0, 1, false, 0), HENG_OK);
    rig_run(r, (HENG_CORE_COMMIT_MS - 50) * HENG_US_PER_MS);
    assert_int_equal(rig_marks(r, 11, 1), 0);
    rig_run(r, 100 * HENG_US_PER_MS);
    assert_int_equal(rig_marks(r, 11, 1), 1);
    assert_int_equal(rig_tell(r, 0, 2, true, 78), HENG_OK);
    assert_int_equal(g->token_count, 0);
    rig_settle(r);
    assert_int_equal(g->token_count, 1);
    assert_int_equal(g->tokens[0], 78);
    assert_int_equal(rig_marks(r, 11, 2), 1);
    rig_free(r);
}

/* Wires are cut in the middle of messages, the centre forgets what it has not committed, the gateway loses its power.
 */
static void everything_arrives_once_and_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct rig *r = one(seed);
        int64_t mark = 0;
        r->cut_per_mille = 60;
        r->lazy = true;
        rig_open(r, 0);
        for (unsigned step = 0; step < 150; step++) {
            uint64_t what = rig_random(r, 20);
            if (what < 12) {
                for (uint64_t n = rig_random(r, 20); n > 0; n--)
                    assert_int_equal(rig_tell(r, 0, ++mark, rig_random(r, 2), 0), HENG_OK);
            } else if (what < 15) {
                rig_commit(r);
            } else if (what == 15) {
                rig_kill_centre(r);
            } else if (what == 16) {
                /* What was told and not committed yet is gone, and nobody has heard of it; the lines tell it again. */
                for (uint64_t n = rig_random(r, 20); n > 0; n--)
                    assert_int_equal(rig_tell(r, 0, mark + (int64_t)n, rig_random(r, 2), 0), HENG_OK);
                rig_restart(r, 0);
            }
            rig_run(r, (heng_us)rig_random(r, 3000) * HENG_US_PER_MS);
            /* After so long it is committed. */
            rig_run(r, (HENG_CORE_COMMIT_MS + 50) * HENG_US_PER_MS);
        }
        r->cut_per_mille = 0;
        for (int i = 0; i < 100; i++) {
            rig_run(r, 10 * HENG_US_PER_S);
            rig_commit(r);
        }
        if (r->count != r->committed) fail_msg("seed %llu", (unsigned long long)seed);
        rig_expect_marks(r, 11, mark);
        assert_int_equal(r->gone_count, 0);
        rig_free(r);
    }
}

/* A centre that was put back to yesterday asks for yesterday again. */
static void a_restored_centre_gets_all_again(void **state)
{
    (void)state;
    struct rig *r = one(3);
    rig_open(r, 0);
    for (int64_t i = 1; i <= 500; i++) assert_int_equal(rig_tell(r, 0, i, false, 0), HENG_OK);
    rig_run(r, 10 * HENG_US_PER_S);
    rig_expect_marks(r, 11, 500);
    rig_restart(r, 0);
    rig_cut(r, 0);
    r->count = r->committed = r->cursor_count = 0;
    rig_run(r, 60 * HENG_US_PER_S);
    rig_expect_marks(r, 11, 500);
    rig_free(r);
}

static void newest_reads_run_ahead_after_an_outage(void **state)
{
    (void)state;
    struct rig *r = one(4);
    struct rig_gateway *g = &r->gateways[0];
    g->deaf = true;
    rig_open(r, 0);
    for (int i = 0; i < 2000; i++) assert_int_equal(rig_tell_read(r, 0, 1 + i % 50), HENG_OK);
    rig_run(r, 5 * HENG_US_PER_S);
    rig_restart(r, 0); /* the table of the newest ones is made anew */
    g->deaf = false;
    rig_run(r, 600 * HENG_US_PER_S);
    assert_in_range(r->live_count, 50, 400);
    size_t reads = 0;
    for (size_t i = 0; i < r->count; i++) reads += r->entries[i].kind == HENG_ENTRY_READ;
    assert_int_equal(reads, 2000);
    rig_free(r);
}

/* The disk of the box was put back: numbers that the centre knows otherwise must not be used again. */
static void another_history_begins_a_new_epoch(void **state)
{
    (void)state;
    for (int cloned = 0; cloned < 2; cloned++) {
        struct rig *r = one(5);
        struct rig_gateway *g = &r->gateways[0];
        char old[256];
        rig_open(r, 0);
        for (int64_t i = 1; i <= 50; i++) assert_int_equal(rig_tell(r, 0, i, true, 0), HENG_OK);
        rig_run(r, 10 * HENG_US_PER_S);
        (void)snprintf(old, sizeof old, "%s/old.heng", r->directory);
        rig_copy(g->path, old, "");
        rig_copy(g->path, old, "-wal");
        for (int64_t i = 51; i <= 100; i++) assert_int_equal(rig_tell(r, 0, i, true, 0), HENG_OK);
        rig_run(r, 10 * HENG_US_PER_S);
        rig_kill(r, 0);
        (void)snprintf(g->path, sizeof g->path, "%s", old);
        g->deaf = cloned;
        rig_open(r, 0);
        uint64_t epoch = r->hello.epoch;
        /* The clone has made as many entries as the original: only the check tells them apart. */
        for (int64_t i = 201; i <= 300; i++) assert_int_equal(rig_tell(r, 0, i, true, 0), HENG_OK);
        rig_run(r, 10 * HENG_US_PER_S);
        g->deaf = false;
        rig_run(r, 300 * HENG_US_PER_S);
        assert_int_equal(rig_events(r, 11, HENG_GATEWAY_FORKED), 1);
        assert_true(r->hello.epoch != epoch);
        for (int64_t i = 1; i <= 300; i++) {
            size_t n = rig_marks(r, 11, i);
            assert_int_equal(n, i <= 50 ? 2 : i <= 100 || i > 200 ? 1 : 0);
        }
        rig_free(r);
    }
}

/* The disk was put back twice, and both times the clock was wrong: both lives go on from the same newest entry, and say
 * different things under the same numbers. The last number that the centre knows must not pass for one of both. */
static void two_lives_of_one_journal_are_told_apart(void **state)
{
    (void)state;
    struct rig *r = one(5);
    struct rig_gateway *g = &r->gateways[0];
    char old[256];
    rig_open(r, 0);
    assert_int_equal(rig_tell(r, 0, 1, true, 0), HENG_OK);
    rig_run(r, 10 * HENG_US_PER_S);
    (void)snprintf(old, sizeof old, "%s/old.heng", r->directory);
    rig_copy(g->path, old, "");
    rig_copy(g->path, old, "-wal");
    for (int life = 1; life <= 2; life++) {
        rig_kill(r, 0);
        (void)snprintf(g->path, sizeof g->path, "%s/life-%d.heng", r->directory, life);
        rig_copy(old, g->path, "");
        rig_copy(old, g->path, "-wal");
        g->config.seed = 100 + (uint64_t)life; /* by chance, at each start */
        g->wall_shift_us = -life * 3600 * HENG_US_PER_S;
        rig_open(r, 0);
        /* The centre has nothing to correct: that would be one more entry. */
        r->clock_shift_us = heng_core_wall(g->core, r->now, rig_wall(r, g), NULL) - RIG_WALL - r->now;
        rig_run(r, 100 * HENG_US_PER_S);
        assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_SET), 0);
        assert_int_equal(rig_events(r, 11, HENG_GATEWAY_FORKED), life - 1);
        assert_int_equal(rig_events(r, 11, HENG_GATEWAY_CLOCK_WRONG), life);
    }
    rig_free(r);
}

/* --- room ------------------------------------------------------------------------------------------------------ */

static void an_outage_that_is_too_long_is_thinned_and_told(void **state)
{
    (void)state;
    struct rig *r = one(6);
    struct rig_gateway *g = &r->gateways[0];
    g->config.limits.bytes_max = 1024 * 1024;
    g->deaf = true;
    rig_open(r, 0);
    for (int i = 0; i < 12000; i++) {
        assert_int_equal(rig_tell_read(r, 0, 1 + i % 20), HENG_OK);
        if (i % 100 == 0) assert_int_equal(rig_tell(r, 0, i / 100 + 1, false, 0), HENG_OK);
        if (i % 10 == 0) rig_run(r, HENG_US_PER_S);
    }
    g->deaf = false;
    rig_run(r, 600 * HENG_US_PER_S);
    struct heng_core_status status;
    heng_core_status_now(g->core, r->now, &status);
    assert_true(status.journal_bytes <= 1024 * 1024);
    assert_true(rig_events(r, 11, HENG_GATEWAY_THINNED) > 0);
    assert_true(r->gone_count > 1000);
    assert_int_equal(status.acked, status.last);
    rig_expect_marks(r, 11, 120); /* events go last */
    size_t reads = 0;
    int64_t thinned = 0;
    for (size_t i = 0; i < r->count; i++) {
        reads += r->entries[i].kind == HENG_ENTRY_READ;
        if (r->entries[i].kind == HENG_ENTRY_EVENT && r->entries[i].event == HENG_GATEWAY_THINNED)
            thinned += r->entries[i].mark;
    }
    assert_int_equal((size_t)thinned + reads, 12000); /* each is there, or was told to be gone */
    assert_int_equal(r->gone_count, (size_t)thinned);
    rig_free(r);
}

/* A byte of the file is turned while nobody looks. */
static void a_damaged_entry_is_a_hole_that_is_told_once(void **state)
{
    (void)state;
    struct rig *r = one(7);
    struct rig_gateway *g = &r->gateways[0];
    static const char mark[] = "turn a byte of this sentence";
    static uint8_t bytes[1 << 20];
    char log[300];
    struct heng_body body = {.kind = HENG_ENTRY_EVENT, .event = {.kind = HENG_GATEWAY_IMPORTED, .value = 1000}};
    g->deaf = true;
    rig_open(r, 0);
    for (int64_t i = 1; i <= 10; i++) assert_int_equal(rig_tell(r, 0, i, true, 0), HENG_OK);
    (void)snprintf(body.event.detail, sizeof body.event.detail, "%s", mark);
    heng_us wall = heng_core_wall(g->core, r->now, rig_wall(r, g), NULL);
    assert_int_equal(heng_core_tell(g->core, r->now, &body, wall, true, 0, NULL), HENG_OK);
    rig_run(r, HENG_US_PER_S);
    heng_core_free(g->core, false);
    g->core = NULL;
    FILE *file = fopen(g->path, "r+b");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file), turned = 0;
    for (const uint8_t *at = bytes; (at = memmem(at, n - (size_t)(at - bytes), mark, strlen(mark))) != NULL; at++) {
        assert_int_equal(fseek(file, (long)(at - bytes), SEEK_SET), 0);
        assert_int_equal(fputc('T', file), 'T');
        turned++;
    }
    assert_true(turned > 0);
    (void)snprintf(log, sizeof log, "%s-wal", g->path); /* it is in the file already, and would heal it */
    assert_int_equal(unlink(log), 0);
    assert_int_equal(fclose(file), 0);
    g->deaf = false;
    rig_open(r, 0);
    assert_int_equal(rig_tell(r, 0, 11, true, 0), HENG_OK);
    for (int i = 0; i < 3; i++) {
        rig_run(r, 60 * HENG_US_PER_S);
        rig_restart(r, 0);
        rig_run(r, 60 * HENG_US_PER_S);
        r->gone_count = i < 2 ? 0 : r->gone_count;
        if (i < 2) r->count = r->committed = r->cursor_count = 0; /* it is asked for again */
    }
    rig_expect_marks(r, 11, 11);
    assert_int_equal(rig_events(r, 11, HENG_GATEWAY_DAMAGED), 1);
    assert_int_equal(rig_event(r, HENG_GATEWAY_DAMAGED)->mark, 1);
    assert_int_equal(r->gone_count, 1);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_that_it_has_started),
        cmocka_unit_test(stopped_is_told_at_the_next_start),
        cmocka_unit_test(a_damaged_journal_is_set_aside_and_told),
        cmocka_unit_test(a_clock_that_cannot_be_is_put_right_by_the_centre),
        cmocka_unit_test(a_clock_never_falls_behind_the_journal),
        cmocka_unit_test(the_clock_goes_back_only_when_it_must),
        cmocka_unit_test(steps_of_the_systems_clock),
        cmocka_unit_test(nothing_is_told_before_it_is_committed),
        cmocka_unit_test(everything_arrives_once_and_in_order),
        cmocka_unit_test(a_restored_centre_gets_all_again),
        cmocka_unit_test(newest_reads_run_ahead_after_an_outage),
        cmocka_unit_test(another_history_begins_a_new_epoch),
        cmocka_unit_test(two_lives_of_one_journal_are_told_apart),
        cmocka_unit_test(an_outage_that_is_too_long_is_thinned_and_told),
        cmocka_unit_test(a_damaged_entry_is_a_hole_that_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
