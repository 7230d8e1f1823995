/* A journal that is damaged is set aside, and what of it was not delivered yet and is sound arrives all the same. */
#include "core_rig.h"
#include "sim/disk.h"
#include "sim/rng.h"

enum { ENTRIES = 3000, SENT = 1000, PAGE = 4096 };

struct house {
    struct rig *r;
    struct rig_gateway *g;
    struct heng_sim_disk *disk;
    bool had[ENTRIES + 1]; /* by the centre, before the damage */
};

/* A gateway that has delivered a first part, and was cut off then. Every mark is told beside a read of its number. */
static struct house house(uint64_t seed)
{
    struct house h = {.r = rig_new(seed), .disk = heng_sim_disk_new("salvage", seed)};
    h.g = rig_add(h.r, 0, -1);
    assert_non_null(h.disk);
    (void)snprintf(h.g->path, sizeof h.g->path, "journal.heng");
    h.g->config.vfs = heng_sim_disk_vfs(h.disk);
    h.g->config.limits.bytes_max = 1024 * 1024; /* a small log, so that most of it lies in the file */
    rig_open(h.r, 0);
    rig_run(h.r, 10 * HENG_US_PER_S);
    for (int i = 1; i <= ENTRIES; i++) {
        if (i == SENT + 1) {
            rig_run(h.r, 100 * HENG_US_PER_S);
            assert_int_equal(rig_tell_order(h.r, 0, 77, HENG_STAGE_SENT, 0), HENG_OK);
            assert_int_equal(rig_tell_order(h.r, 0, 77, HENG_STAGE_CONFIRMED, 0), HENG_OK);
            h.g->deaf = true;
            rig_cut(h.r, 0);
        }
        assert_int_equal(i % 2 ? rig_tell(h.r, 0, i, false, 0) : rig_tell_read(h.r, 0, i), HENG_OK);
        if (i % 100 == 0) rig_run(h.r, 20 * HENG_US_PER_S);
    }
    rig_run(h.r, 20 * HENG_US_PER_S);
    assert_true(h.r->count >= SENT && h.r->count < SENT + 100);
    rig_cut(h.r, 0);
    return h;
}

static void end(struct house *h)
{
    rig_cut(h->r, 0);
    heng_core_free(h->g->core, false);
    h->g->core = NULL;
    heng_sim_disk_free(h->disk);
    rig_free(h->r);
}

static void power_off(struct house *h)
{
    rig_cut(h->r, 0);
    heng_sim_disk_cut(h->disk);
    heng_core_free(h->g->core, false);
    h->g->core = NULL;
    heng_sim_disk_restart(h->disk);
}

static size_t file_of(struct house *h, const char *name, uint8_t **ret)
{
    struct heng_slice bytes = {0};
    *ret = NULL;
    if (!heng_sim_disk_file(h->disk, name, &bytes)) return 0;
    *ret = malloc(bytes.n + 1);
    assert_non_null(*ret);
    memcpy(*ret, bytes.p, bytes.n);
    return bytes.n;
}

static void put(struct house *h, const char *name, uint8_t *bytes, size_t n)
{
    heng_sim_disk_put(h->disk, name, heng_slice_of(bytes, n));
    free(bytes);
}

/* Of the whole tree no page is left but its leaves, in the file and in the log. */
static void fell(struct house *h)
{
    uint8_t *file, *log;
    size_t n = file_of(h, "journal.heng", &file), log_n = file_of(h, "journal.heng-wal", &log);
    for (size_t at = 0; at + PAGE <= n; at += PAGE)
        if (file[at] == 5) memset(file + at, 0, PAGE);
    for (size_t at = 32 + 24; at + PAGE <= log_n; at += PAGE + 24)
        if (log[at] == 5) memset(log + at, 0, PAGE);
    memset(file, 0x5A, 100);
    put(h, "journal.heng", file, n);
    put(h, "journal.heng-wal", log, log_n);
}

/* How often each mark or read has arrived; nothing that was never told. */
static void count(const struct house *h, unsigned ret[static ENTRIES + 1])
{
    memset(ret, 0, (ENTRIES + 1) * sizeof *ret);
    for (size_t i = 0; i < h->r->count; i++) {
        const struct rig_entry *e = &h->r->entries[i];
        int64_t mark = e->kind == HENG_ENTRY_READ ? e->subject_id : e->event == HENG_GATEWAY_IMPORTED ? e->mark : 0;
        assert_in_range(mark, 0, ENTRIES);
        if (mark) assert_int_equal(e->kind == HENG_ENTRY_READ, mark % 2 == 0);
        ret[mark]++;
    }
}

static unsigned missing(const struct house *h, bool once)
{
    unsigned n[ENTRIES + 1], lost = 0;
    count(h, n);
    for (int i = 1; i <= ENTRIES; i++) {
        lost += n[i] == 0;
        if (once && n[i] > 1) fail_msg("%d has come %u times", i, n[i]);
    }
    return lost;
}

static void deliver(struct house *h)
{
    h->g->deaf = false;
    rig_run(h->r, 600 * HENG_US_PER_S);
}

/* SQLite cannot open it, and every entry is there. */
static void all_that_can_be_read_arrives_once(void **state)
{
    (void)state;
    struct house h = house(1);
    uint8_t *file, *log, *now;
    power_off(&h);
    fell(&h);
    size_t n = file_of(&h, "journal.heng", &file), log_n = file_of(&h, "journal.heng-wal", &log);
    assert_true(log_n > PAGE);
    rig_open(h.r, 0);
    deliver(&h);
    assert_int_equal(missing(&h, true), 0);
    assert_int_equal(rig_events(h.r, 11, HENG_GATEWAY_JOURNAL_ASIDE), 2);
    assert_in_range(rig_event(h.r, HENG_GATEWAY_JOURNAL_ASIDE)->mark, ENTRIES - SENT, ENTRIES - SENT + 20);
    /* What is evidence stays as it was. */
    assert_int_equal(file_of(&h, "journal.heng.damaged-1", &now), n);
    assert_memory_equal(now, file, n);
    free(now);
    assert_int_equal(file_of(&h, "journal.heng.damaged-1-wal", &now), log_n);
    assert_memory_equal(now, log, log_n);
    free(now);
    free(file);
    free(log);
    /* An order that was done is not done again, and it is over: also after one more start. */
    struct heng_down_order order = {.id = 77, .line_id = 1, .device_id = 5, .command = true, .expires_us = INT64_MAX};
    order.order.kind = HENG_ORDER_DISCONNECT;
    size_t told = h.r->count;
    power_off(&h);
    rig_open(h.r, 0);
    rig_run(h.r, 600 * HENG_US_PER_S);
    (void)heng_host_order(h.g->host, h.r->now, &order);
    rig_run(h.r, 10 * HENG_US_PER_S);
    assert_int_equal(h.g->orders, 0);
    assert_int_equal(missing(&h, true), 0);
    assert_in_range(h.r->count - told, 1, 5); /* started, and no more of the old one */
    end(&h);
}

/* Whatever is hit: entries on pages that are whole arrive, and nothing false does. */
static void what_damage_has_left_arrives(void **state)
{
    (void)state;
    unsigned aside = 0, lost = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct house h = house(seed);
        struct heng_sim_rng rng = heng_sim_rng_of(seed, 1);
        uint8_t *file;
        power_off(&h);
        size_t n = file_of(&h, "journal.heng", &file);
        unsigned hits = 1 + (unsigned)(seed % 8);
        for (unsigned i = 0; i < hits; i++) {
            size_t at = (size_t)(heng_sim_rng_next(&rng) % (n / PAGE)) * PAGE;
            for (size_t b = at; b < at + PAGE; b++) file[b] = seed % 2 ? (uint8_t)heng_sim_rng_next(&rng) : 0;
        }
        if (seed % 5 == 0) n -= n / 4;
        put(&h, "journal.heng", file, n);
        rig_open(h.r, 0);
        deliver(&h);
        unsigned gone = missing(&h, false);
        if (heng_sim_disk_file(h.disk, "journal.heng.damaged-1", &(struct heng_slice){0})) {
            aside++;
            lost += gone;
            /* About fifty entries a page. */
            if (seed % 5) assert_in_range(gone, 0, hits * 90);
        }
        end(&h);
    }
    print_message("%u journals were set aside, %u of %u entries lost\n", aside, lost, aside * (ENTRIES - SENT));
    assert_true(aside > 20);
}

/* The power goes while it is being saved, anywhere: it goes on where it was, and nothing comes twice. */
static void power_cuts_while_it_is_saved(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 25; seed++) {
        struct house h = house(1);
        power_off(&h);
        fell(&h);
        for (unsigned cut = 0; cut < 4; cut++) {
            struct heng_err err;
            heng_sim_disk_cut_at(h.disk, heng_sim_disk_counts(h.disk).points + 3 + rig_random(h.r, 12 * seed));
            h.g->config.journal = h.g->path;
            if (heng_core_new(&h.g->config, h.r->now, rig_wall(h.r, h.g), &h.g->core, &err) == HENG_OK)
                rig_run(h.r, 2 * HENG_US_PER_S);
            power_off(&h);
        }
        rig_open(h.r, 0);
        deliver(&h);
        assert_int_equal(missing(&h, true), 0);
        end(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_can_be_read_arrives_once),
        cmocka_unit_test(what_damage_has_left_arrives),
        cmocka_unit_test(power_cuts_while_it_is_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
