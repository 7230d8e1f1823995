/* What leaves the journal, and in which order. */
#include "spool_rig.h"

enum { ENTRIES_MAX = 60000, DEVICES = 5, DAYS = 4000 };

/* What was written, by number. */
struct known {
    heng_us at_us;
    heng_entry_rank rank;
    int64_t subject;
    bool there;
};

static struct known known[ENTRIES_MAX + 1];
static uint64_t known_last;

static void put(struct rig *rig, heng_entry_rank rank, int64_t subject, heng_us at_us, size_t n, bool doubtful)
{
    static struct made m;
    uint64_t seq = 0;
    struct heng_entry *e = make(&m, 1, n, at_us);
    e->rank = rank;
    e->subject_id = subject;
    e->doubtful = doubtful;
    OK(heng_spool_append(rig->spool, e, &seq, &err));
    assert_true(seq <= ENTRIES_MAX);
    known[seq] = (struct known){.at_us = at_us, .rank = rank, .subject = subject, .there = true};
    known_last = seq;
}

static void commit(struct rig *rig) { OK(heng_spool_commit(rig->spool, &err)); }

static void begin(struct rig *rig, uint64_t seed, int64_t bytes_max, heng_us age_max_us)
{
    *rig = (struct rig){.disk = heng_sim_disk_new("rig", seed), .now = T0};
    rig->limits = (struct heng_spool_limits){.bytes_max = bytes_max, .age_max_us = age_max_us};
    known_last = 0;
    OK(rig_open(rig));
}

/* One call, with all that it says compared with what has really gone; returns what it said. */
static struct heng_spool_thinned thin(struct rig *rig, uint64_t acked, heng_us now, bool *ret_more)
{
    struct heng_spool_thinned said;
    struct heng_spool_item item;
    uint64_t count = heng_spool_count(rig->spool);
    OK(heng_spool_thin(rig->spool, acked, now, &said, ret_more, &err));
    assert_int_equal(heng_spool_is_open(rig->spool), said.entries > 0);
    assert_int_equal(heng_spool_count(rig->spool), count); /* not committed yet */
    commit(rig);
    assert_int_equal(heng_spool_count(rig->spool), count - said.entries);
    uint64_t gone = 0, unsent = 0, first = 0, last = 0, seq = 1;
    heng_us from = INT64_MAX, until = INT64_MIN;
    heng_spool_seek(rig->spool, 0);
    for (bool end = false; !end;) {
        heng_rc rc = heng_spool_next(rig->spool, &item, &err);
        if (rc != HENG_ENOTFOUND) OK(rc);
        end = rc == HENG_ENOTFOUND;
        for (; seq <= known_last && (end || seq < item.seq); seq++) {
            struct known *k = &known[seq];
            if (!k->there) continue;
            k->there = false;
            gone++;
            unsent += seq > acked;
            if (!first) first = seq;
            last = seq;
            if (k->at_us < from) from = k->at_us;
            if (k->at_us > until) until = k->at_us;
        }
        if (!end) assert_true(known[seq++].there);
    }
    assert_int_equal(said.entries, gone);
    assert_int_equal(said.unsent, unsent);
    assert_int_equal(said.first, first);
    assert_int_equal(said.last, last);
    if (gone) assert_true(said.from_us == from && said.until_us == until && said.why[0]);
    return said;
}

static uint64_t count_of(heng_entry_rank rank)
{
    uint64_t n = 0;
    for (uint64_t i = 1; i <= known_last; i++) n += known[i].there && known[i].rank == rank;
    return n;
}

static int64_t on_disk(const struct rig *rig)
{
    struct heng_slice file = {0}, log = {0};
    assert_true(heng_sim_disk_file(rig->disk, "journal", &file));
    (void)heng_sim_disk_file(rig->disk, "journal-wal", &log);
    return (int64_t)(file.n + log.n);
}

/* --- by age --------------------------------------------------------------------------------------------------------
 */

static void nothing_goes_without_need(void **state)
{
    (void)state;
    struct rig rig;
    bool more = true;
    begin(&rig, 1, 0, 0);
    assert_int_equal(thin(&rig, 0, T0, &more).entries, 0);
    for (int i = 0; i < 500; i++) put(&rig, HENG_ENTRY_RANK_PERIODIC, i % 3, T0 + i, 300, false);
    commit(&rig);
    struct heng_spool_thinned said = thin(&rig, 500, T0 + 300 * HENG_US_PER_DAY, &more);
    assert_int_equal(said.entries, 0); /* acknowledged is not a reason */
    assert_string_equal(said.why, "");
    assert_false(more);
    rig_fini(&rig);
}

static void what_is_too_old_goes_sent_or_not(void **state)
{
    (void)state;
    struct rig rig;
    bool more;
    const heng_us day = HENG_US_PER_DAY;
    begin(&rig, 2, 0, 10 * day);
    for (int i = 0; i < 100; i++) put(&rig, (heng_entry_rank)(i % 3), 1, T0 + i * day, 50, false);
    commit(&rig);
    struct heng_spool_thinned said = thin(&rig, 5, T0 + 50 * day + 2 * 3600 * HENG_US_PER_S, &more);
    assert_int_equal(said.first, 1);
    assert_int_equal(said.last, 41); /* of day 40; day 40 and two hours is the limit */
    assert_int_equal(said.unsent, 36);
    assert_non_null(strstr(said.why, "10 days"));
    assert_int_equal(heng_spool_first(rig.spool), 42);
    assert_int_equal(thin(&rig, 5, T0 + 50 * day + 2 * 3600 * HENG_US_PER_S, &more).entries, 0);
    assert_false(more);
    /* Half an hour is not worth an event of its own. */
    assert_int_equal(thin(&rig, 5, T0 + 51 * day + 1800 * HENG_US_PER_S, &more).entries, 0);
    rig_fini(&rig);
}

/* The numbers go on behind a journal that is empty, also after a start and in a new epoch. */
static void numbers_go_on_when_all_has_gone(void **state)
{
    (void)state;
    struct rig rig;
    bool more;
    begin(&rig, 3, 0, HENG_US_PER_DAY);
    for (int i = 0; i < 5000; i++) put(&rig, HENG_ENTRY_RANK_LASTING, 1, T0 + i, 20, false);
    commit(&rig);
    uint64_t gone = 0, calls = 0;
    do {
        gone += thin(&rig, 0, T0 + 9 * HENG_US_PER_DAY, &more).entries;
        calls++;
    } while (more);
    assert_int_equal(gone, 5000);
    assert_true(calls >= 3); /* bounded steps */
    assert_int_equal(heng_spool_last(rig.spool), 5000);
    assert_int_equal(heng_spool_first(rig.spool), 5001);
    assert_int_equal(heng_spool_count(rig.spool), 0);
    rig_reopen(&rig);
    assert_int_equal(heng_spool_last(rig.spool), 5000);
    assert_int_equal(heng_spool_first(rig.spool), 5001);
    put(&rig, HENG_ENTRY_RANK_LASTING, 1, T0, 20, false);
    assert_int_equal(known_last, 5001);
    commit(&rig);
    OK(heng_spool_new_epoch(rig.spool, T0 + 10 * HENG_US_PER_DAY, &err));
    commit(&rig);
    assert_int_equal(heng_spool_first(rig.spool), 1);
    assert_int_equal(heng_spool_last(rig.spool), 1);
    rig_fini(&rig);
}

/* A clock that was wrong must not throw away what was read under it. */
static void a_doubtful_time_says_nothing_about_the_age(void **state)
{
    (void)state;
    struct rig rig;
    bool more;
    const heng_us day = HENG_US_PER_DAY;
    begin(&rig, 4, 0, 10 * day);
    for (int i = 0; i < 10; i++) put(&rig, HENG_ENTRY_RANK_PERIODIC, 1, 1000 + i, 50, true); /* 1970 */
    for (int i = 0; i < 3; i++) put(&rig, HENG_ENTRY_RANK_PERIODIC, 1, T0 + i * day, 50, false);
    put(&rig, HENG_ENTRY_RANK_PERIODIC, 1, INT64_MAX, 50, false); /* what cannot be, from below */
    put(&rig, HENG_ENTRY_RANK_PERIODIC, 1, INT64_MIN, 50, true);
    put(&rig, HENG_ENTRY_RANK_PERIODIC, 1, T0 + 4 * day, 50, false);
    commit(&rig);
    assert_int_equal(thin(&rig, 0, T0 + 5 * day, &more).entries, 0);
    assert_int_equal(thin(&rig, 0, T0 + 11 * day + day / 2, &more).last,
                     12); /* with the two before that can be believed */
    assert_int_equal(thin(&rig, 0, T0 + 15 * day, &more).last, 16);
    assert_int_equal(heng_spool_count(rig.spool), 0);
    assert_int_equal(thin(&rig, 0, INT64_MIN, &more).entries, 0);
    rig_fini(&rig);
}

/* --- by size -------------------------------------------------------------------------------------------------------
 */

/* A read of each device every minute, now and then something else, until it is crowded. */
static heng_us fill(struct rig *rig, heng_us at_us, unsigned devices, heng_us step_us)
{
    for (unsigned i = 0; !heng_spool_is_crowded(rig->spool); i++) {
        for (unsigned d = 0; d < devices; d++) put(rig, HENG_ENTRY_RANK_PERIODIC, d, at_us, 200, false);
        if (i % 8 == 3) put(rig, HENG_ENTRY_RANK_STATUS, 0, at_us, 200, false);
        if (i % 8 == 5) put(rig, HENG_ENTRY_RANK_LASTING, 0, at_us, 200, false);
        commit(rig);
        at_us += step_us;
    }
    return at_us;
}

static void what_was_delivered_goes_first_and_only_as_far_as_needed(void **state)
{
    (void)state;
    struct rig rig;
    bool more;
    begin(&rig, 5, 1, 0);
    heng_us now = fill(&rig, T0, 20, 60 * HENG_US_PER_S);
    uint64_t n = heng_spool_count(rig.spool), acked = n - 100, last = 0;
    int64_t bytes = heng_spool_bytes(rig.spool);
    do {
        struct heng_spool_thinned said = thin(&rig, acked, now, &more);
        assert_int_equal(said.unsent, 0);
        assert_int_equal(said.entries, said.last - said.first + 1); /* oldest first, whatever they are */
        assert_int_equal(said.first, last + 1);
        last = said.last;
    } while (more);
    assert_false(heng_spool_is_crowded(rig.spool));
    assert_true(heng_spool_bytes(rig.spool) > bytes * 8 / 10);
    assert_int_equal(thin(&rig, acked, now, &more).entries, 0);
    rig_fini(&rig);
}

/* Every (device, day) that there was and that has no read left. */
static unsigned days_lost(void)
{
    static bool was[DEVICES * 4][DAYS], is[DEVICES * 4][DAYS];
    memset(was, 0, sizeof was);
    memset(is, 0, sizeof is);
    for (uint64_t i = 1; i <= known_last; i++) {
        if (known[i].rank != HENG_ENTRY_RANK_PERIODIC) continue;
        int64_t day = known[i].at_us / HENG_US_PER_DAY - T0 / HENG_US_PER_DAY;
        assert_in_range(day, 0, DAYS - 1);
        was[known[i].subject][day] = true;
        is[known[i].subject][day] |= known[i].there;
    }
    unsigned lost = 0;
    for (unsigned d = 0; d < DEVICES * 4; d++)
        for (unsigned day = 0; day < DAYS; day++) lost += was[d][day] && !is[d][day];
    return lost;
}

static void of_what_was_not_delivered_old_periodic_reads_get_thinner(void **state)
{
    (void)state;
    struct rig rig;
    bool more;
    begin(&rig, 6, 1, 0);
    heng_us now = fill(&rig, T0, 20, 3600 * HENG_US_PER_S);
    uint64_t status = count_of(HENG_ENTRY_RANK_STATUS), lasting = count_of(HENG_ENTRY_RANK_LASTING);
    struct heng_spool_thinned said = thin(&rig, 0, now, &more);
    assert_true(said.entries > 0 && said.unsent == said.entries);
    assert_non_null(strstr(said.why, "oldest half"));
    while (more) (void)thin(&rig, 0, now, &more);
    assert_false(heng_spool_is_crowded(rig.spool));
    /* Nothing in the newer half, nothing of another rank, of each device every second one; or less, where a page of the
     * file was not free before a second round had passed. */
    uint64_t reads[20] = {0}, left[20] = {0};
    for (uint64_t i = 1; i <= known_last; i++) {
        const struct known *k = &known[i];
        if (!k->there) assert_true(k->at_us <= T0 / 2 + now / 2 + 3600 * HENG_US_PER_S);
        if (k->rank != HENG_ENTRY_RANK_PERIODIC || k->at_us > said.until_us) continue;
        reads[k->subject]++;
        left[k->subject] += k->there;
    }
    for (unsigned d = 0; d < 20; d++) assert_in_range(left[d] * 100 / reads[d], 24, 60);
    assert_int_equal(count_of(HENG_ENTRY_RANK_STATUS), status);
    assert_int_equal(count_of(HENG_ENTRY_RANK_LASTING), lasting);
    assert_int_equal(days_lost(), 0);
    rig_fini(&rig);
}

/* The server is away for good: the order in which things go, to the end. */
static void the_order_holds_to_the_bitter_end(void **state)
{
    (void)state;
    struct rig rig;
    bool more, seen_half = false, seen_whole = false, seen_reads = false, seen_status = false, seen_lasting = false;
    begin(&rig, 7, 1, 0);
    heng_us now = T0;
    for (unsigned round = 0; round < 200 && known_last < ENTRIES_MAX - 8000; round++) {
        now = fill(&rig, now, round < 40 ? DEVICES * 4 : 1, (round < 40 ? 6 * 3600 : 600) * HENG_US_PER_S);
        if (round >= 40) { /* and then storms of what lasts */
            for (unsigned i = 0; i < 400; i++) {
                put(&rig, i % 2 ? HENG_ENTRY_RANK_LASTING : HENG_ENTRY_RANK_STATUS, 0, now, 200, false);
                if (i % 50 == 0) commit(&rig);
            }
            commit(&rig);
        }
        do {
            unsigned lost = days_lost();
            uint64_t reads = count_of(HENG_ENTRY_RANK_PERIODIC), status = count_of(HENG_ENTRY_RANK_STATUS);
            uint64_t lasting = count_of(HENG_ENTRY_RANK_LASTING);
            struct heng_spool_thinned said = thin(&rig, 0, now, &more);
            if (!said.entries) continue;
            bool half = strstr(said.why, "oldest half"), whole = strstr(said.why, "one a day stays") && !half;
            bool only_reads = strstr(said.why, "periodic reads, oldest") != NULL;
            bool is_status = strstr(said.why, "states") != NULL, is_lasting = strstr(said.why, "due-date") != NULL;
            assert_int_equal(half + whole + only_reads + is_status + is_lasting, 1);
            if (half || whole) assert_int_equal(days_lost(), lost);
            if (half || whole || only_reads) assert_int_equal(count_of(HENG_ENTRY_RANK_STATUS), status);
            if (!is_lasting) assert_int_equal(count_of(HENG_ENTRY_RANK_LASTING), lasting);
            if (is_status || is_lasting) assert_int_equal(reads, 0);
            if (is_lasting) assert_int_equal(status, 0);
            seen_half |= half;
            seen_whole |= whole;
            seen_reads |= only_reads;
            seen_status |= is_status;
            seen_lasting |= is_lasting;
        } while (more);
        assert_false(heng_spool_is_crowded(rig.spool));
        assert_true(on_disk(&rig) <= 1024 * 1024);
    }
    assert_true(seen_half && seen_whole && seen_reads && seen_status && seen_lasting);
    rig_fini(&rig);
}

/* Of entries that are passed on, their makers' numbers are told: those that the next tier waits for, each call for no
 * more makers than it can tell of. */
static void the_numbers_of_other_makers_are_told(void **state)
{
    (void)state;
    enum { MAKERS = HENG_SPOOL_MAKERS_MAX + 36, EACH = 60, ACKED = 700, ALL = MAKERS * EACH };
    static struct made m;
    struct rig rig;
    struct heng_spool_thinned said;
    uint64_t seq, told = 0, count = 0;
    bool more = true;
    begin(&rig, 9, 1, 1000 * HENG_US_PER_S);
    for (uint64_t i = 0; i < ALL; i++) {
        struct heng_entry *e = make(&m, i, 40, T0);
        e->gateway_id = 1 + (int64_t)(i % MAKERS);
        e->epoch = 5 + i % 2;
        e->seq = 10 + i / MAKERS;
        e->check = heng_entry_check(e);
        OK(heng_spool_append(rig.spool, e, &seq, &err));
    }
    commit(&rig);
    while (more) {
        OK(heng_spool_thin(rig.spool, ACKED, T0 + HENG_US_PER_DAY, &said, &more, &err));
        commit(&rig);
        count += said.entries;
        assert_in_range(said.maker_count, 0, HENG_SPOOL_MAKERS_MAX);
        uint64_t sum = 0;
        for (size_t i = 0; i < said.maker_count; i++) {
            const struct heng_spool_maker *maker = &said.makers[i];
            assert_int_equal(maker->epoch, 5 + (maker->gateway_id - 1) % 2);
            assert_in_range(maker->first, 10 + ACKED / MAKERS, maker->last);
            assert_in_range(maker->last, maker->first, 10 + EACH - 1);
            assert_int_equal(maker->last - maker->first + 1, maker->entries);
            sum += maker->entries;
        }
        assert_int_equal(sum, said.unsent);
        told += sum;
    }
    assert_int_equal(count, ALL);
    assert_int_equal(told, ALL - ACKED);
    rig_fini(&rig);
}

/* What comes back by a rollback can go again. */
static void a_rollback_brings_all_back(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_spool_thinned said;
    bool more;
    begin(&rig, 8, 1, 0);
    heng_us now = fill(&rig, T0, 10, 600 * HENG_US_PER_S);
    uint64_t n = heng_spool_count(rig.spool);
    int64_t bytes = heng_spool_bytes(rig.spool);
    for (int i = 0; i < 3; i++) {
        OK(heng_spool_thin(rig.spool, n, now, &said, &more, &err));
        assert_true(said.entries > 0);
        heng_spool_rollback(rig.spool);
        assert_int_equal(heng_spool_count(rig.spool), n);
        assert_int_equal(heng_spool_bytes(rig.spool), bytes);
        assert_int_equal(heng_spool_first(rig.spool), 1);
    }
    assert_int_equal(rig_count_walk(&rig), n);
    do (void)thin(&rig, n, now, &more);
    while (more);
    assert_false(heng_spool_is_crowded(rig.spool));
    rig_fini(&rig);
}

/* Any mixture, any acknowledgement: after commit and thin the files are not larger than was said. */
static void the_bound_holds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct rig rig;
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 3);
        const int64_t bounds[] = {1024 * 1024, 2 * 1024 * 1024, 1500 * 1000};
        int64_t bound = bounds[seed % 3], largest = 0;
        begin(&rig, seed, bound, 400 * HENG_US_PER_DAY);
        uint64_t acked = 0;
        for (unsigned i = 0; i < 900 && known_last < ENTRIES_MAX - 100; i++) {
            static const size_t sizes[] = {50, 200, 300, 1000, 4500, HENG_ENTRY_BODY_MAX};
            size_t total = 0;
            for (unsigned k = heng_sim_rng_below(&rng, 60); k > 0 && total < 150 * 1000; k--) {
                size_t n = sizes[heng_sim_rng_below(&rng, heng_sim_rng_below(&rng, 30) ? 4 : 6)];
                rig.now += 30 * HENG_US_PER_S;
                put(&rig, (heng_entry_rank)(heng_sim_rng_below(&rng, 10) ? 0 : heng_sim_rng_below(&rng, 3)), k, rig.now,
                    n, false);
                total += n;
            }
            commit(&rig);
            if (heng_sim_rng_below(&rng, 4) == 0) acked += heng_sim_rng_below(&rng, (uint32_t)(known_last - acked) + 1);
            bool more = heng_spool_is_crowded(rig.spool);
            while (more) {
                struct heng_spool_thinned said;
                OK(heng_spool_thin(rig.spool, acked, rig.now, &said, &more, &err));
                commit(&rig);
                if (on_disk(&rig) > bound)
                    fail_msg("seed %" PRIu64 ": %" PRId64 " bytes are more than %" PRId64, seed, on_disk(&rig), bound);
            }
            assert_false(heng_spool_is_crowded(rig.spool));
            if (on_disk(&rig) > largest) largest = on_disk(&rig);
            if (on_disk(&rig) > bound) fail_msg("seed %" PRIu64 ": %" PRId64 " bytes", seed, on_disk(&rig));
        }
        print_message("# seed %" PRIu64 ": %" PRIu64 " entries written, %" PRIu64 " left, at most %" PRId64
                      " of %" PRId64 " bytes\n",
                      seed, known_last, heng_spool_count(rig.spool), largest, bound);
        rig_reopen(&rig);
        assert_false(rig.found.fresh);
        assert_true(on_disk(&rig) <= bound);
        rig_fini(&rig);
    }
}

static void a_lower_limit_makes_the_file_smaller(void **state)
{
    (void)state;
    struct rig rig;
    bool more;
    begin(&rig, 9, 4 * 1024 * 1024, 0);
    heng_us now = fill(&rig, T0, 20, 600 * HENG_US_PER_S);
    assert_true(on_disk(&rig) > 2 * 1024 * 1024);
    rig.limits.bytes_max = 1024 * 1024;
    rig_reopen(&rig);
    assert_true(heng_spool_is_crowded(rig.spool));
    unsigned calls = 0;
    do (void)thin(&rig, known_last, now, &more);
    while (more && ++calls < 1000);
    for (unsigned i = 0; i < 100 && on_disk(&rig) > 1024 * 1024; i++) {
        put(&rig, HENG_ENTRY_RANK_LASTING, 1, now, 50, false);
        commit(&rig);
    }
    assert_true(on_disk(&rig) <= 1024 * 1024);
    assert_int_equal(rig_count_walk(&rig), heng_spool_count(rig.spool));
    rig_fini(&rig);
}

/* The everyday call, of every minute: nothing is due, and next to nothing is read. */
static void a_call_without_need_is_cheap(void **state)
{
    (void)state;
    struct rig rig;
    bool more;
    struct heng_spool_thinned said;
    begin(&rig, 10, 8 * 1024 * 1024, 0);
    for (unsigned i = 0; i < 15000; i++) {
        put(&rig, HENG_ENTRY_RANK_PERIODIC, i % 100, T0 + i, 200, i < 3000);
        if (i % 100 == 0) commit(&rig);
    }
    commit(&rig);
    rig_reopen(&rig);
    struct heng_sim_disk_counts before = heng_sim_disk_counts(rig.disk);
    OK(heng_spool_thin(rig.spool, 0, T0, &said, &more, &err));
    struct heng_sim_disk_counts after = heng_sim_disk_counts(rig.disk);
    assert_true(said.entries == 0 && !more);
    assert_int_equal(after.bytes_written, before.bytes_written);
    assert_true(after.bytes_read - before.bytes_read < 1200 * 1024); /* the doubtful ones at the beginning are passed */
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_goes_without_need),
        cmocka_unit_test(what_is_too_old_goes_sent_or_not),
        cmocka_unit_test(numbers_go_on_when_all_has_gone),
        cmocka_unit_test(a_doubtful_time_says_nothing_about_the_age),
        cmocka_unit_test(what_was_delivered_goes_first_and_only_as_far_as_needed),
        cmocka_unit_test(of_what_was_not_delivered_old_periodic_reads_get_thinner),
        cmocka_unit_test(the_order_holds_to_the_bitter_end),
        cmocka_unit_test(the_numbers_of_other_makers_are_told),
        cmocka_unit_test(a_rollback_brings_all_back),
        cmocka_unit_test(the_bound_holds),
        cmocka_unit_test(a_lower_limit_makes_the_file_smaller),
        cmocka_unit_test(a_call_without_need_is_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
