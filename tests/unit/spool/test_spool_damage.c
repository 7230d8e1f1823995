/* Whatever lies where the journal should be: the gateway starts, and what was there is kept byte for byte. */
#include <sqlite3.h>

#include "base/buf.h"
#include "spool_rig.h"

enum { ENTRIES = 300, PAGE = 4096 };

struct bytes {
    uint8_t *p;
    size_t n;
};

/* A journal as a power cut leaves it: a file, and a log with what is not folded in yet. */
static struct bytes good_file, good_log;
static uint64_t good_epoch;

static struct bytes copy_of(struct heng_slice s)
{
    struct bytes b = {malloc(s.n + PAGE), s.n};
    assert_non_null(b.p);
    if (s.n) memcpy(b.p, s.p, s.n);
    return b;
}

static int make_good(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_slice file, log;
    rig_init(&rig, 1);
    for (uint64_t i = 1; i <= ENTRIES; i++) {
        rig_append(&rig, i, 8 + (i * 37) % 900);
        if (i % 10 == 0) OK(heng_spool_commit(rig.spool, &err));
        if (i == 200) {
            OK(heng_spool_keep(rig.spool, "config", heng_slice_str("a longer value"), &err));
            OK(heng_spool_commit(rig.spool, &err));
            rig_reopen(&rig);
        }
    }
    OK(heng_spool_keep(rig.spool, "acked", heng_slice_str("17"), &err));
    OK(heng_spool_commit(rig.spool, &err));
    good_epoch = heng_spool_epoch(rig.spool);
    assert_true(heng_sim_disk_file(rig.disk, "journal", &file));
    assert_true(heng_sim_disk_file(rig.disk, "journal-wal", &log));
    good_file = copy_of(file);
    good_log = copy_of(log);
    rig_fini(&rig);
    return good_log.n > 10 * PAGE ? 0 : 1;
}

static int free_good(void **state)
{
    (void)state;
    free(good_file.p);
    free(good_log.p);
    return 0;
}

static struct heng_slice slice(struct bytes b) { return heng_slice_of(b.p, b.n); }

static bool lies_there(const struct rig *rig, const char *name, struct bytes as)
{
    struct heng_slice found;
    return heng_sim_disk_file(rig->disk, name, &found) && heng_slice_eq(found, slice(as));
}

/* What can be read must be true: an entry is as it was, or it is not believed. */
static uint64_t read_all(struct rig *rig, const char *what)
{
    struct heng_spool_item item;
    heng_rc rc;
    uint64_t sound = 0;
    heng_spool_seek(rig->spool, 0);
    while ((rc = heng_spool_next(rig->spool, &item, &err)) == HENG_OK) {
        if (!item.sound) continue;
        sound++;
        if (item.entry.body.n != 8 + (item.seq * 37) % 900 || tag_of(item.entry.body) != item.seq)
            fail_msg("%s: a wrong entry is believed", what);
    }
    if (rc != HENG_ENOTFOUND && rc != HENG_EIO) fail_msg("%s: %s", what, err.text);
    return sound;
}

/* Damaged files in, a working journal out. Returns whether it was set aside. */
static bool starts(struct bytes file, struct bytes log, const char *what)
{
    struct rig rig = {.disk = heng_sim_disk_new("rig", 1),
                      .now = T0 - 3600 * HENG_US_PER_S}; /* a clock that went back */
    heng_sim_disk_put(rig.disk, "journal", slice(file));
    if (log.p) heng_sim_disk_put(rig.disk, "journal-wal", slice(log));
    heng_rc rc = rig_open(&rig);
    if (rc != HENG_OK) fail_msg("%s: does not start: %s", what, err.text);
    bool aside = rig.found.set_aside[0] != '\0';
    if (aside) {
        if (strcmp(rig.found.set_aside, "journal.damaged-1") != 0 || !rig.found.why[0]) fail_msg("%s: not told", what);
        if (!lies_there(&rig, "journal.damaged-1", file))
            fail_msg("%s: the file was changed (%s)", what, rig.found.why);
        if (log.p && !lies_there(&rig, "journal.damaged-1-wal", log))
            fail_msg("%s: the log was changed (%s)", what, rig.found.why);
        if (!rig.found.fresh || heng_spool_last(rig.spool) != 0) fail_msg("%s: not a new one", what);
    } else if (!rig.found.fresh) {
        (void)read_all(&rig, what);
    }
    uint64_t last = heng_spool_last(rig.spool), epoch = heng_spool_epoch(rig.spool);
    static struct made m;
    uint64_t seq = 0;
    rc = heng_spool_append(rig.spool, make(&m, last + 1, 8 + ((last + 1) * 37) % 900, T0), &seq, &err);
    if (rc == HENG_OK) rc = heng_spool_commit(rig.spool, &err);
    if (rc != HENG_OK) fail_msg("%s: does not work: %s", what, err.text);
    rig_close(&rig);
    rc = rig_open(&rig);
    if (rc != HENG_OK || (aside && rig.found.set_aside[0])) fail_msg("%s: does not start again", what);
    if (aside && heng_spool_epoch(rig.spool) != epoch) fail_msg("%s: another epoch", what);
    rig_fini(&rig);
    return aside;
}

static void it_starts_with_what_is_good(void **state)
{
    (void)state;
    struct rig rig = {.disk = heng_sim_disk_new("rig", 1), .now = T0};
    assert_false(starts(good_file, good_log, "nothing damaged"));
    heng_sim_disk_put(rig.disk, "journal", slice(good_file));
    heng_sim_disk_put(rig.disk, "journal-wal", slice(good_log));
    OK(rig_open(&rig));
    assert_int_equal(read_all(&rig, "good"), ENTRIES);
    rig_fini(&rig);
}

/* Each byte of the header, three ways. */
static void every_byte_of_the_header(void **state)
{
    (void)state;
    unsigned aside = 0;
    for (size_t at = 0; at < 100; at++) {
        for (unsigned way = 0; way < 3; way++) {
            char what[64];
            struct bytes file = copy_of(slice(good_file));
            uint8_t was = file.p[at];
            file.p[at] = (uint8_t)(way == 0 ? 0 : way == 1 ? 0xFF : was ^ 1);
            (void)snprintf(what, sizeof what, "byte %zu of the header is %02x", at, file.p[at]);
            struct bytes none = {0};
            if (file.p[at] != was) {
                aside += starts(file, none, what);
                (void)starts(file, good_log, what);
            }
            free(file.p);
        }
    }
    print_message("# %u of the headers were set aside\n", aside);
    assert_true(aside > 50);
}

static void damage_at_random(struct bytes *b, struct heng_sim_rng *rng, unsigned kind)
{
    size_t pages = b->n / PAGE, at = b->n ? heng_sim_rng_below(rng, (uint32_t)b->n) : 0;
    size_t page = pages ? heng_sim_rng_below(rng, (uint32_t)pages) : 0, n = heng_sim_rng_below(rng, 2000) + 1;
    if (n > b->n - at) n = b->n - at;
    switch (kind) {
    case 0: b->p[at] ^= (uint8_t)(1U << heng_sim_rng_below(rng, 8)); break; /* one bit */
    case 1:
        for (size_t i = 0; i < n; i++) b->p[at + i] = (uint8_t)heng_sim_rng_next(rng);
        break;
    case 2: memset(b->p + at / 512 * 512, 0, 512 < b->n - at / 512 * 512 ? 512 : b->n - at / 512 * 512); break;
    case 3: memset(b->p + at, 0, b->n - at); break;
    case 4: b->n = at; break;
    case 5: b->n = page * PAGE; break;
    case 6:
        for (size_t i = 0; i < PAGE; i++) b->p[b->n + i] = (uint8_t)heng_sim_rng_next(rng);
        b->n += heng_sim_rng_below(rng, PAGE);
        break;
    case 7: /* the head of a page, where the tree is */
        for (size_t i = 0; i < 12; i++) b->p[page * PAGE + i] ^= (uint8_t)heng_sim_rng_next(rng);
        break;
    case 8: memmove(b->p + page * PAGE, b->p + (pages - 1 - page) * PAGE, PAGE); break; /* written to the wrong place */
    case 9: memset(b->p + page * PAGE, 0xFF, PAGE); break;                              /* erased flash */
    default: assert_true(false);
    }
}

static void damage_of_every_kind(void **state)
{
    (void)state;
    uint64_t seeds = getenv("HENG_SPOOL_SEEDS") ? strtoull(getenv("HENG_SPOOL_SEEDS"), NULL, 10) : 15;
    unsigned aside = 0, all = 0;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        for (unsigned kind = 0; kind < 10; kind++) {
            for (unsigned where = 1; where < 4; where++) { /* the file, the log, both */
                struct heng_sim_rng rng = heng_sim_rng_of(seed, kind * 4 + where);
                struct bytes file = copy_of(slice(good_file)), log = copy_of(slice(good_log));
                char what[64];
                (void)snprintf(what, sizeof what, "seed %" PRIu64 " kind %u where %u", seed, kind, where);
                if (where & 1) damage_at_random(&file, &rng, kind);
                if (where & 2) damage_at_random(&log, &rng, kind);
                aside += starts(file, log, what);
                all++;
                free(file.p);
                free(log.p);
            }
        }
    }
    print_message("# %u of %u damaged journals were set aside\n", aside, all);
    assert_true(aside > all / 5 && aside < all);
}

static void what_never_was_a_journal(void **state)
{
    (void)state;
    static uint8_t zeros[20000], noise[20000];
    struct heng_sim_rng rng = heng_sim_rng_of(1, 1);
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)heng_sim_rng_next(&rng);
    struct bytes none = {0}, empty = {zeros, 0}, zeroed = {zeros, sizeof zeros}, random = {noise, sizeof noise};
    struct bytes one = {zeros, 1}, text = copy_of(heng_slice_str("# the configuration of something else\n"));
    assert_true(starts(empty, none, "empty"));
    assert_true(starts(empty, good_log, "empty, with its log"));
    assert_true(starts(zeroed, none, "zeros"));
    assert_true(starts(zeroed, good_log, "zeros, with a log"));
    assert_true(starts(random, random, "noise"));
    assert_true(starts(one, none, "one byte"));
    assert_true(starts(text, none, "a text"));
    assert_true(starts(good_log, none, "a log"));
    free(text.p);
    assert_false(starts(good_file, zeroed, "zeros for a log"));
    assert_false(starts(good_file, empty, "an empty log"));
}

static void exec_on(struct heng_sim_disk *disk, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(
        sqlite3_open_v2("journal", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, heng_sim_disk_vfs(disk)),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Changed by hand, so that the file is whole and says something else. */
static void what_was_tampered_with(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        bool aside;
    } cases[] = {
        {"UPDATE meta SET epoch = epoch + 1", true},
        {"UPDATE meta SET given = 5", true},
        {"DELETE FROM meta", true},
        {"DROP TABLE entry", true},
        {"CREATE TABLE another (a)", true},
        {"ALTER TABLE entry ADD COLUMN more", true},
        {"UPDATE remember SET value = 'x' WHERE name = 'config'", true},
        {"UPDATE remember SET value = NULL || 'x' WHERE 0", false},
        {"PRAGMA application_id = 5", true},
        {"PRAGMA user_version = 7", true}, /* alone it is damage: a newer program says it twice */
        {"PRAGMA user_version = 0", true},
        {"UPDATE entry SET body = zeroblob(9) WHERE id = 7", false},
        {"UPDATE entry SET at_us = 'yesterday', kind = 99, rank = -4 WHERE id = 7", false},
        {"UPDATE entry SET body = zeroblob(100000) WHERE id = 7", false},
        {"UPDATE entry SET id = 5000 WHERE id = 7", false},
        {"UPDATE entry SET id = -5 WHERE id = 7", true},
        {"PRAGMA journal_mode = DELETE", false},
        {"VACUUM", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct heng_sim_disk *disk = heng_sim_disk_new("tamper", 1);
        struct heng_slice changed;
        heng_sim_disk_put(disk, "journal", slice(good_file));
        heng_sim_disk_put(disk, "journal-wal", slice(good_log));
        exec_on(disk, cases[i].sql);
        assert_true(heng_sim_disk_file(disk, "journal", &changed));
        struct bytes file = copy_of(changed), none = {0};
        if (starts(file, none, cases[i].sql) != cases[i].aside) fail_msg("%s: aside %d", cases[i].sql, !cases[i].aside);
        free(file.p);
        heng_sim_disk_free(disk);
    }
}

static void the_journal_of_a_newer_program_is_left_alone(void **state)
{
    (void)state;
    struct rig rig = {.disk = heng_sim_disk_new("rig", 1), .now = T0};
    struct heng_slice before;
    heng_sim_disk_put(rig.disk, "journal", slice(good_file));
    exec_on(rig.disk, "BEGIN; PRAGMA user_version = 2; UPDATE meta SET format = 2; COMMIT");
    assert_true(heng_sim_disk_file(rig.disk, "journal", &before));
    struct bytes kept = copy_of(before);
    assert_int_equal(rig_open(&rig), HENG_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "newer"));
    assert_true(lies_there(&rig, "journal", kept));
    free(kept.p);
    heng_sim_disk_free(rig.disk);
}

/* Its numbers are known to the centre: they must not be used a second time, whatever the clock says. */
static void the_new_epoch_is_above_the_old_one(void **state)
{
    (void)state;
    struct rig rig = {.disk = heng_sim_disk_new("rig", 1), .now = 1000};
    uint64_t epoch = good_epoch;
    for (unsigned i = 1; i <= 4; i++) {
        struct bytes file = {0};
        struct heng_slice found;
        char name[32];
        if (i == 1) heng_sim_disk_put(rig.disk, "journal", slice(good_file));
        assert_true(heng_sim_disk_file(rig.disk, "journal", &found));
        file = copy_of(found);
        memset(file.p, 0xA5, 200); /* nobody can open it */
        heng_sim_disk_put(rig.disk, "journal", slice(file));
        OK(rig_open(&rig));
        (void)snprintf(name, sizeof name, "journal.damaged-%u", i);
        assert_string_equal(rig.found.set_aside, name);
        assert_true(lies_there(&rig, name, file));
        assert_true(heng_spool_epoch(rig.spool) > epoch);
        epoch = heng_spool_epoch(rig.spool);
        free(file.p);
        rig_close(&rig);
    }
    assert_true(heng_sim_disk_name(rig.disk, 4) != NULL); /* all of them are kept */
    heng_sim_disk_free(rig.disk);
}

/* --- power cuts while it is set aside
 * ---------------------------------------------------------------------------------- */

struct moving {
    struct heng_sim_disk *disk, *after;
    struct bytes file;
    unsigned points;
};

static bool is_kept(const struct heng_sim_disk *disk, struct bytes what)
{
    const char *name;
    for (size_t i = 0; (name = heng_sim_disk_name(disk, i)) != NULL; i++) {
        struct heng_slice found;
        if (heng_sim_disk_file(disk, name, &found) && heng_slice_eq(found, slice(what))) return true;
    }
    return false;
}

static void cut_here(void *user)
{
    struct moving *m = user;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct heng_spool *spool;
        struct heng_spool_found found = {0};
        heng_sim_disk_after_cut(m->disk, m->after, seed);
        heng_rc rc = heng_spool_open("journal", heng_sim_disk_vfs(m->after), (struct heng_spool_limits){0}, 5, &spool,
                                     &found, &err);
        if (rc != HENG_OK) fail_msg("point %u: %s", m->points, err.text);
        if (!is_kept(m->after, m->file) || !is_kept(m->after, good_log)) fail_msg("point %u: not kept", m->points);
        if (heng_spool_epoch(spool) <= good_epoch) fail_msg("point %u: an old epoch", m->points);
        heng_spool_close(spool);
    }
    m->points++;
}

static void power_cuts_while_it_is_set_aside(void **state)
{
    (void)state;
    struct rig rig = {.disk = heng_sim_disk_new("rig", 1), .now = 7};
    struct moving m = {rig.disk, heng_sim_disk_new("after", 2), copy_of(slice(good_file)), 0};
    memset(m.file.p + 6 * PAGE, 0x5A, 10 * PAGE);
    heng_sim_disk_put(rig.disk, "journal", slice(m.file));
    heng_sim_disk_put(rig.disk, "journal-wal", slice(good_log));
    heng_sim_disk_watch(rig.disk, cut_here, &m);
    OK(rig_open(&rig));
    heng_sim_disk_watch(rig.disk, NULL, NULL);
    assert_true(lies_there(&rig, "journal.damaged-1", m.file));
    assert_true(lies_there(&rig, "journal.damaged-1-wal", good_log));
    assert_true(m.points > 10);
    free(m.file.p);
    rig_fini(&rig);
    heng_sim_disk_free(m.after);
}

/* The file went and its log stayed, which SQLite would put on top of the next file of that name. */
static void a_log_without_its_file(void **state)
{
    (void)state;
    struct rig rig = {.disk = heng_sim_disk_new("rig", 1), .now = T0};
    heng_sim_disk_put(rig.disk, "journal-wal", slice(good_log));
    OK(rig_open(&rig));
    assert_true(rig.found.fresh);
    assert_string_equal(rig.found.set_aside, "journal.damaged-1");
    assert_true(lies_there(&rig, "journal.damaged-1-wal", good_log));
    assert_int_equal(heng_spool_last(rig.spool), 0);
    rig_fini(&rig);
}

/* A card that dies while the journal is open: the walk says so and does not go on, what is read meanwhile is still
 * taken, and the next opening sets the file aside with all of it. */
static void a_page_dies_while_it_is_open(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_spool_item item;
    struct heng_slice live;
    static uint8_t noise[40 * PAGE];
    rig_init(&rig, 1);
    for (uint64_t i = 1; i <= 6000; i++) {
        rig_append(&rig, i, 8 + (i * 37) % 900);
        if (i % 100 == 0) OK(heng_spool_commit(rig.spool, &err));
    }
    rig_reopen(&rig); /* all is in the file, more of it than in the cache */
    memset(noise, 0x5A, sizeof noise);
    sqlite3_vfs *vfs = sqlite3_vfs_find(heng_sim_disk_vfs(rig.disk));
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    assert_non_null(file);
    assert_int_equal(vfs->xOpen(vfs, "journal", file, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(file->pMethods->xWrite(file, noise, sizeof noise, 30 * PAGE), SQLITE_OK);
    file->pMethods->xClose(file);
    free(file);
    uint64_t good = 0;
    heng_rc rc;
    heng_spool_seek(rig.spool, 0);
    while ((rc = heng_spool_next(rig.spool, &item, &err)) == HENG_OK) {
        assert_true(item.sound && tag_of(item.entry.body) == item.seq);
        good++;
    }
    assert_int_equal(rc, HENG_EIO);
    assert_non_null(strstr(err.text, "damaged"));
    assert_true(good > 50 && good < 6000);
    OK(heng_spool_get(rig.spool, 6000, &item, &err));
    assert_int_equal(rig_append(&rig, 6001, 20), 6001);
    OK(heng_spool_commit(rig.spool, &err));
    rig_close(&rig);
    assert_true(heng_sim_disk_file(rig.disk, "journal", &live));
    struct bytes dead = copy_of(live);
    OK(rig_open(&rig));
    assert_string_equal(rig.found.set_aside, "journal.damaged-1");
    assert_true(lies_there(&rig, "journal.damaged-1", dead));
    free(dead.p);
    rig_fini(&rig);
}

/* What a half-made journal of an earlier start left behind is nobody's. */
static void leavings_of_a_start_that_failed(void **state)
{
    (void)state;
    struct rig rig = {.disk = heng_sim_disk_new("rig", 1), .now = T0};
    heng_sim_disk_put(rig.disk, "journal.new", slice(good_log));
    heng_sim_disk_put(rig.disk, "journal.new-wal", slice(good_log));
    heng_sim_disk_put(rig.disk, "journal.new-journal", slice(good_file));
    OK(rig_open(&rig));
    assert_true(rig.found.fresh);
    assert_string_equal(rig.found.set_aside, "");
    const char *name;
    for (size_t i = 0; (name = heng_sim_disk_name(rig.disk, i)) != NULL; i++) assert_null(strstr(name, ".new"));
    rig_fini(&rig);
}

static void note_config(void *user, const char *name, struct heng_slice value)
{
    if (strcmp(name, "config") == 0) *(size_t *)user = value.n;
}

/* Long bodies lie on chains of pages; forwarded entries keep their makers' numbers; what is acknowledged stays away. */
static void salvage_gives_what_was_written(void **state)
{
    (void)state;
    static struct made m;
    static uint8_t config[100000];
    struct rig rig;
    struct heng_salvage *salvage;
    struct heng_entry entry;
    uint64_t seq, n = 0;
    size_t config_n = 0;
    uint8_t acked[16];
    struct heng_buf buf = heng_buf_of(acked, sizeof acked);
    rig_init(&rig, 3);
    heng_buf_le(&buf, heng_spool_epoch(rig.spool), 8);
    heng_buf_le(&buf, 10, 8);
    OK(heng_spool_keep(rig.spool, "acked", heng_buf_slice(&buf), &err));
    OK(heng_spool_keep(rig.spool, "config", heng_slice_of(config, sizeof config), &err));
    for (uint64_t i = 1; i <= 60; i++) {
        struct heng_entry *made = make(&m, i, 8 + i * i * 18, T0); /* up to 64 KiB */
        if (i % 3 == 0) {
            *made = (struct heng_entry){.gateway_id = 9, .epoch = 5, .seq = 1000 + i, .at_us = T0, .body = made->body};
            made->kind = HENG_ENTRY_LINE;
            made->check = heng_entry_check(made);
        }
        OK(heng_spool_append(rig.spool, made, &seq, &err));
        if (i % 7 == 0) OK(heng_spool_commit(rig.spool, &err));
    }
    OK(heng_spool_commit(rig.spool, &err));
    OK(heng_salvage_open("journal", heng_sim_disk_vfs(rig.disk), note_config, &config_n, &salvage, &err));
    assert_int_equal(config_n, sizeof config);
    for (uint64_t i = 11; heng_salvage_next(salvage, &entry) == HENG_OK; i++, n++) {
        assert_int_equal(entry.gateway_id, i % 3 ? 0 : 9);
        assert_int_equal(entry.seq, i % 3 ? i : 1000 + i);
        assert_int_equal(entry.body.n, 8 + i * i * 18);
        assert_int_equal(tag_of(entry.body), i);
        assert_true(entry.check == heng_entry_check(&entry));
    }
    assert_int_equal(n, 50);
    heng_salvage_close(salvage);
    assert_int_equal(heng_salvage_open("nothing", heng_sim_disk_vfs(rig.disk), note_config, NULL, &salvage, &err),
                     HENG_ENOTFOUND);
    rig_fini(&rig);
}

/* The maker is no part of the check of an entry: nobody may get somebody else's by a flipped bit. */
static void an_entry_does_not_change_its_maker(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_spool_item item;
    rig_init(&rig, 4);
    rig_append(&rig, 1, 100);
    OK(heng_spool_commit(rig.spool, &err));
    rig_close(&rig);
    exec_on(rig.disk, "UPDATE entry SET maker = 4");
    OK(rig_open(&rig));
    OK(heng_spool_get(rig.spool, 1, &item, &err));
    assert_false(item.sound);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_with_what_is_good),
        cmocka_unit_test(every_byte_of_the_header),
        cmocka_unit_test(damage_of_every_kind),
        cmocka_unit_test(what_never_was_a_journal),
        cmocka_unit_test(what_was_tampered_with),
        cmocka_unit_test(the_journal_of_a_newer_program_is_left_alone),
        cmocka_unit_test(the_new_epoch_is_above_the_old_one),
        cmocka_unit_test(power_cuts_while_it_is_set_aside),
        cmocka_unit_test(a_log_without_its_file),
        cmocka_unit_test(a_page_dies_while_it_is_open),
        cmocka_unit_test(leavings_of_a_start_that_failed),
        cmocka_unit_test(salvage_gives_what_was_written),
        cmocka_unit_test(an_entry_does_not_change_its_maker),
    };
    return cmocka_run_group_tests(tests, make_good, free_good);
}
