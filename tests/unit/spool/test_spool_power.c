/* The proof by power cuts. A journal works on a simulated disk; before every operation of the disk, that is at every
 * place where the power can go, it is looked at what would be left, and a second journal is opened on that:
 *   - it opens, and is the same journal: nothing was set aside, the epoch is one that was begun
 *   - every entry that was committed and not thinned is there, as it was made
 *   - what is there beside them is of the one transaction that was open, and of it all or nothing
 *   - what was remembered belongs to the same moment
 *   - the next number is above all that anybody has heard of
 * The same with synchronous=NORMAL and OFF, and on a disk whose torn sectors spoil their neighbours with a log that is
 * not filled up to whole sectors, must find a loss: else the proof proves nothing. */
#include <time.h>

#include "spool_rig.h"

enum { ENTRIES_MAX = 6000, NAMES = 4 };

/* What the world knows. pending: written in the open transaction. gone: thinned. */
struct known {
    uint64_t tag;
    size_t n;
    bool gone, pending_gone, pending;
};

struct proof {
    struct rig rig;
    struct heng_sim_disk *after;
    struct heng_sim_rng rng;
    struct known entries[ENTRIES_MAX + 1]; /* by number, in the epoch that is committed */
    uint64_t last, pending_last, heard, acked;
    uint64_t epoch, pending_epoch;
    unsigned kept[NAMES], pending_kept[NAMES];
    bool created, in_commit;
    uint64_t points, checks, every, seed, cuts, thinned;
    uint32_t longest; /* bodies */
    char loss[200];   /* "": none found */
};

static void found_loss(struct proof *p, const char *what, uint64_t number)
{
    if (p->loss[0]) return;
    (void)snprintf(p->loss, sizeof p->loss, "seed %" PRIu64 " point %" PRIu64 ": %s %" PRIu64, p->seed, p->points, what,
                   number);
}

/* What must be there, before the open transaction or with it. */
static bool is_there(const struct known *k, bool with_pending)
{
    if (k->pending) return with_pending;
    return !k->gone && !(with_pending && k->pending_gone);
}

static void check_entries(struct proof *p, struct heng_spool *spool, bool with_pending)
{
    uint64_t last = with_pending ? p->pending_last : p->last;
    struct heng_spool_item item;
    uint64_t seq = 1;
    heng_rc rc;
    heng_spool_seek(spool, 0);
    while ((rc = heng_spool_next(spool, &item, &err)) == HENG_OK) {
        for (; seq < item.seq && seq <= last; seq++)
            if (is_there(&p->entries[seq], with_pending)) found_loss(p, "lost entry", seq);
        if (seq > last || !is_there(&p->entries[seq], with_pending)) {
            found_loss(p, "there is a stray entry", item.seq);
            return;
        }
        const struct known *k = &p->entries[seq];
        if (!item.sound || item.entry.body.n != k->n || (k->n >= 8 && tag_of(item.entry.body) != k->tag))
            found_loss(p, "another entry lies there as", seq);
        seq++;
    }
    if (rc != HENG_ENOTFOUND) found_loss(p, "the walk ends before", seq);
    for (; seq <= last; seq++)
        if (is_there(&p->entries[seq], with_pending)) found_loss(p, "lost entry", seq);
}

static void check_kept(struct proof *p, struct heng_spool *spool, const unsigned *kept)
{
    for (unsigned i = 0; i < NAMES; i++) {
        char name[8];
        struct heng_slice value;
        (void)snprintf(name, sizeof name, "n%u", i);
        heng_rc rc = heng_spool_recall(spool, name, &value, &err);
        bool right =
            kept[i] ? rc == HENG_OK && value.n == 10 + kept[i] && value.p[0] == (uint8_t)kept[i] : rc == HENG_ENOTFOUND;
        if (!right) found_loss(p, "what was remembered is not there:", i);
    }
}

static void check_image(struct proof *p)
{
    struct heng_spool *spool = NULL;
    struct heng_spool_found found;
    p->checks++;
    heng_rc rc =
        heng_spool_open("journal", heng_sim_disk_vfs(p->after), p->rig.limits, T0 + 1000, &spool, &found, &err);
    if (rc != HENG_OK) {
        found_loss(p, "it cannot be opened any more", (uint64_t)rc);
        return;
    }
    if (found.set_aside[0]) found_loss(p, "it was set aside", 0);
    if (found.fresh && p->created) found_loss(p, "it is not there any more", 0);
    if (p->created && !p->loss[0]) {
        bool with = heng_spool_last(spool) == p->pending_last && heng_spool_epoch(spool) == p->pending_epoch;
        bool without = heng_spool_last(spool) == p->last && heng_spool_epoch(spool) == p->epoch;
        if (!without && !(with && p->in_commit)) found_loss(p, "the last number is", heng_spool_last(spool));
        /* A transaction without entries has the same last number before and after: both are tried. */
        if (with && without && p->in_commit) {
            check_kept(p, spool, p->kept);
            check_entries(p, spool, false);
            without = !p->loss[0];
            if (!without) p->loss[0] = '\0';
        }
        check_kept(p, spool, without ? p->kept : p->pending_kept);
        check_entries(p, spool, !without);
        struct heng_entry entry = {.at_us = T0, .kind = HENG_ENTRY_EVENT};
        uint64_t seq = 0;
        rc = heng_spool_append(spool, &entry, &seq, &err);
        if (rc != HENG_OK || (heng_spool_epoch(spool) == p->epoch && seq <= p->heard))
            found_loss(p, "a number is given again:", seq);
    }
    heng_spool_close(spool);
}

static void at_point(void *user)
{
    struct proof *p = user;
    p->points++;
    if (p->loss[0] || (p->points + p->seed) % p->every) return;
    struct heng_err outer = err;
    heng_sim_disk_after_cut(p->rig.disk, p->after, p->seed * 1000003 + p->points);
    check_image(p);
    err = outer;
}

/* --- what the gateway does meanwhile ---------------------------------------------------------------------------------
 */

static uint32_t below(struct proof *p, uint32_t n) { return heng_sim_rng_below(&p->rng, n); }

static void settle(struct proof *p, bool committed)
{
    for (uint64_t seq = 1; seq <= p->pending_last; seq++) {
        struct known *k = &p->entries[seq];
        if (committed && k->pending_gone) k->gone = true;
        k->pending = k->pending_gone = false;
    }
    if (committed) {
        p->last = p->heard = p->pending_last;
        p->epoch = p->pending_epoch;
        memcpy(p->kept, p->pending_kept, sizeof p->kept);
    } else {
        p->pending_last = p->last;
        p->pending_epoch = p->epoch;
        memcpy(p->pending_kept, p->kept, sizeof p->kept);
    }
}

static void commit(struct proof *p)
{
    p->in_commit = true;
    OK(heng_spool_commit(p->rig.spool, &err));
    p->in_commit = false;
    settle(p, true);
}

static bool thin_once(struct proof *p, heng_us now)
{
    struct heng_spool_thinned thinned;
    struct heng_spool_item item;
    bool more;
    OK(heng_spool_thin(p->rig.spool, p->acked, now, &thinned, &more, &err));
    if (!thinned.entries) return more;
    /* What has gone is seen by what is not there. */
    uint64_t gone = 0;
    for (uint64_t seq = thinned.first; seq <= thinned.last; seq++) {
        if (p->entries[seq].gone) continue;
        if (heng_spool_get(p->rig.spool, seq, &item, &err) == HENG_OK) continue;
        p->entries[seq].pending_gone = true;
        gone++;
    }
    assert_int_equal(gone, thinned.entries);
    p->thinned += gone;
    return more;
}

/* As the gateway does it: nothing else is in the open transaction. */
static void thin_some(struct proof *p)
{
    commit(p);
    if (p->acked < p->last) p->acked += below(p, (uint32_t)(p->last - p->acked) + 1);
    heng_us now = below(p, 4) ? p->rig.now : p->rig.now + p->rig.limits.age_max_us / 2;
    while (thin_once(p, now) && below(p, 5)) commit(p);
}

static void append_some(struct proof *p)
{
    static struct made m;
    while (heng_spool_is_crowded(p->rig.spool)) {
        commit(p);
        if (!thin_once(p, p->rig.now)) break;
        commit(p);
    }
    for (uint32_t i = below(p, 30); i > 0 && p->pending_last < ENTRIES_MAX; i--) {
        uint64_t tag = heng_sim_rng_next(&p->rng), seq = 0;
        size_t n = below(p, 20) ? below(p, p->longest) : below(p, 9000);
        p->rig.now += 1000000;
        struct heng_entry *e = make(&m, tag, n, p->rig.now);
        if (below(p, 9) == 0) e->rank = HENG_ENTRY_RANK_LASTING;
        OK(heng_spool_append(p->rig.spool, e, &seq, &err));
        assert_int_equal(seq, p->pending_last + 1);
        p->pending_last = seq;
        p->entries[seq] = (struct known){.tag = tag, .n = n, .pending = true};
    }
}

static void keep_some(struct proof *p)
{
    uint32_t i = below(p, NAMES), n = below(p, 3) ? below(p, 3000) + 1 : 0;
    static uint8_t value[4000];
    char name[8];
    (void)snprintf(name, sizeof name, "n%u", i);
    value[0] = (uint8_t)n;
    OK(heng_spool_keep(p->rig.spool, name, heng_slice_of(value, n ? n + 10 : 0), &err));
    p->pending_kept[i] = n;
}

/* In a transaction of its own, as the gateway does. Holes stay holes, the numbers are moved to begin with 1. */
static void new_epoch(struct proof *p)
{
    commit(p);
    uint64_t first = heng_spool_first(p->rig.spool), moved = first - 1;
    OK(heng_spool_new_epoch(p->rig.spool, p->rig.now, &err));
    static struct known old[ENTRIES_MAX + 1];
    memcpy(old, p->entries, sizeof old);
    p->pending_epoch = p->epoch + 1;
    if ((uint64_t)p->rig.now > p->epoch) p->pending_epoch = (uint64_t)p->rig.now;
    if (moved == 0) {
        commit(p);
        return;
    }
    /* Two views of the numbers cannot be told apart by one table: the cut in here is left to the point behind it. */
    heng_sim_disk_watch(p->rig.disk, NULL, NULL);
    OK(heng_spool_commit(p->rig.spool, &err));
    for (uint64_t seq = 1; seq + moved <= p->last; seq++) p->entries[seq] = old[seq + moved];
    p->last = p->heard = p->pending_last = p->last - moved;
    p->acked = 0;
    p->epoch = p->pending_epoch;
    heng_sim_disk_watch(p->rig.disk, at_point, p);
}

/* The power does go, and the gateway lives on with what is left. */
static void power_cut(struct proof *p)
{
    heng_sim_disk_cut(p->rig.disk);
    rig_close(&p->rig);
    heng_sim_disk_restart(p->rig.disk);
    settle(p, false);
    OK(rig_open(&p->rig));
    p->cuts++;
    if (p->rig.found.fresh || p->rig.found.set_aside[0]) found_loss(p, "not the same journal", 0);
    if (heng_spool_last(p->rig.spool) != p->last) found_loss(p, "the last number is", heng_spool_last(p->rig.spool));
    check_kept(p, p->rig.spool, p->kept);
    check_entries(p, p->rig.spool, false);
}

static void work(struct proof *p)
{
    switch (below(p, 12)) {
    case 0: keep_some(p); break;
    case 1: thin_some(p); break;
    case 2:
        heng_spool_rollback(p->rig.spool);
        settle(p, false);
        break;
    case 3:
        commit(p);
        rig_reopen(&p->rig);
        break;
    case 4:
        if (below(p, 10) == 0)
            new_epoch(p);
        else
            power_cut(p);
        break;
    case 5:
    case 6:
    case 7: commit(p); break;
    case 8:
    case 9:
    case 10:
    case 11: append_some(p); break;
    }
}

/* One life of a journal; the power is looked at at every `every`th point. loss says what was found. */
static void prove(struct proof *p, uint64_t seed, unsigned steps, uint64_t every, heng_spool_weakness weakness,
                  size_t sector, bool spoils)
{
    *p = (struct proof){.seed = seed, .every = every, .rng = heng_sim_rng_of(seed, 1)};
    p->rig.disk = heng_sim_disk_new("proof", seed);
    p->after = heng_sim_disk_new("after", seed);
    assert_true(p->rig.disk && p->after);
    heng_sim_disk_set_sector(p->rig.disk, sector, spoils);
    p->rig.now = T0;
    p->longest = seed % 3 == 0 ? 4000 : 400; /* the third fills its journal */
    p->rig.limits = (struct heng_spool_limits){.bytes_max = 1, .age_max_us = 3600 * HENG_US_PER_S};
    p->rig.limits.weaken_for_tests = weakness;
    heng_sim_disk_watch(p->rig.disk, at_point, p);
    OK(rig_open(&p->rig));
    p->created = true;
    p->epoch = p->pending_epoch = heng_spool_epoch(p->rig.spool);
    for (unsigned i = 0; i < steps && !p->loss[0] && p->pending_last < ENTRIES_MAX; i++) work(p);
    rig_close(&p->rig);
    settle(p, false);
    heng_sim_disk_watch(p->rig.disk, NULL, NULL);
    heng_sim_disk_free(p->rig.disk);
    heng_sim_disk_free(p->after);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static struct proof proof;

/* HENG_SPOOL_SEEDS: so many, at every point; HENG_SPOOL_SEED: the first one. Usually every third point of a few. */
static void nothing_committed_is_lost(void **state)
{
    (void)state;
    uint64_t seeds = from_environment("HENG_SPOOL_SEEDS", 18), first = from_environment("HENG_SPOOL_SEED", 1);
    uint64_t checks = 0, cuts = 0, thinned = 0;
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        prove(&proof, seed, 120, getenv("HENG_SPOOL_SEEDS") ? 1 : 3, HENG_SPOOL_STRONG, seed % 2 ? 512 : 4096,
              seed % 4 < 2);
        checks += proof.checks;
        cuts += proof.cuts;
        thinned += proof.thinned;
        if (proof.loss[0]) fail_msg("%s", proof.loss);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t ms = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
    print_message("# seeds %" PRIu64 "..%" PRIu64 ": %" PRIu64 " power cuts looked at, %" PRIu64 " a second; %" PRIu64
                  " lived through, %" PRIu64 " entries thinned\n",
                  first, first + seeds - 1, checks, checks * 1000 / (uint64_t)(ms ? ms : 1), cuts, thinned);
    assert_true(checks > 100 * seeds && cuts > seeds && thinned > seeds);
}

static void must_find(heng_spool_weakness weakness, size_t sector, bool spoils)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        prove(&proof, seed, 120, 1, weakness, sector, spoils);
        if (!proof.loss[0]) continue;
        print_message("# found: %s\n", proof.loss);
        return;
    }
    fail_msg("nobody noticed");
}

static void synchronous_normal_is_noticed(void **state)
{
    (void)state;
    must_find(HENG_SPOOL_SYNC_NORMAL, 512, false);
}

static void synchronous_off_is_noticed(void **state)
{
    (void)state;
    must_find(HENG_SPOOL_SYNC_OFF, 512, false);
}

static void trust_in_sectors_is_noticed(void **state)
{
    (void)state;
    must_find(HENG_SPOOL_TRUST_SECTORS, 4096, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_committed_is_lost),
        cmocka_unit_test(synchronous_normal_is_noticed),
        cmocka_unit_test(synchronous_off_is_noticed),
        cmocka_unit_test(trust_in_sectors_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
