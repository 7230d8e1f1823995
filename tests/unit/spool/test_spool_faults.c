/* Every allocation and every call of the disk fails once: a clean error, and nothing is lost that was committed. */
#include <sqlite3.h>

#include "spool_rig.h"

/* --- allocations: ours by --wrap, SQLite's by its own table
 * --------------------------------------------------------------- */

static bool counting;
static uint64_t allocations, fail_at;

static bool fails(void) { return counting && allocations++ == fail_at; }

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

/* The simulated disk stops the test when it gets no memory: only the journal's own calls are counted. */
static bool in_disk;

void *__wrap_malloc(size_t n) { return !in_disk && fails() ? NULL : __real_malloc(n); }
void *__wrap_calloc(size_t count, size_t n) { return !in_disk && fails() ? NULL : __real_calloc(count, n); }
void *__wrap_realloc(void *p, size_t n) { return !in_disk && fails() ? NULL : __real_realloc(p, n); }

static sqlite3_mem_methods usual;

static void *failing_malloc(int n) { return fails() ? NULL : usual.xMalloc(n); }
static void *failing_realloc(void *p, int n) { return fails() ? NULL : usual.xRealloc(p, n); }

static int fail_memory(void **state)
{
    (void)state;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) != SQLITE_OK) return 1;
    sqlite3_mem_methods failing = usual;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) == SQLITE_OK ? 0 : 1;
}

/* --- a small day of a gateway: what it was told is committed
 * ---------------------------------------------------------------- */

enum { ROUNDS = 6, A_ROUND = 12 };

struct day {
    struct rig rig;
    uint64_t committed; /* entries; their tags are their numbers */
    unsigned kept;      /* value of "round" */
    heng_rc failed;     /* the first error */
};

static bool went(struct day *day, heng_rc rc)
{
    if (rc == HENG_OK) return true;
    if (!day->failed) day->failed = rc;
    assert_true(err.rc == rc && err.text[0]);
    return false;
}

static bool one_round(struct day *day, unsigned round)
{
    static struct made m;
    struct heng_spool *spool = day->rig.spool;
    struct heng_spool_thinned thinned;
    struct heng_slice value;
    struct heng_spool_item item;
    uint64_t seq, last = heng_spool_last(spool);
    bool more;
    for (uint64_t i = 1; i <= A_ROUND; i++) {
        if (!went(day, heng_spool_append(spool, make(&m, last + i, i == 5 ? 6000 : 300, T0 + round), &seq, &err)))
            return false;
        assert_int_equal(seq, last + i);
    }
    uint8_t number = (uint8_t)(round + 1);
    if (!went(day, heng_spool_keep(spool, "round", heng_slice_of(&number, 1), &err))) return false;
    if (!went(day, heng_spool_commit(spool, &err))) return false;
    day->committed = last + A_ROUND;
    day->kept = number;
    heng_rc rc = heng_spool_get(spool, last + 5, &item, &err);
    if (rc != HENG_OK) return went(day, rc);
    assert_true(item.sound && tag_of(item.entry.body) == last + 5);
    rc = heng_spool_recall(spool, "round", &value, &err);
    if (rc != HENG_OK) return went(day, rc);
    assert_true(value.n == 1 && value.p[0] == number);
    return went(day, heng_spool_thin(spool, 0, T0, &thinned, &more, &err));
}

/* All of it, with an opening in the middle; ends at the first error. */
static void live(struct day *day)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (!day->rig.spool && !went(day, rig_open(&day->rig))) return;
        if (!one_round(day, round)) return;
        if (round == 2) rig_close(&day->rig);
    }
}

/* The fault is over: what was committed is there, and the work goes on. */
static void check(struct day *day, const char *what, uint64_t n)
{
    struct heng_spool_item item;
    struct heng_slice value;
    rig_close(&day->rig);
    heng_rc rc = rig_open(&day->rig);
    if (rc != HENG_OK) fail_msg("%s %" PRIu64 ": does not open: %s", what, n, err.text);
    if (day->rig.found.set_aside[0]) fail_msg("%s %" PRIu64 ": set aside: %s", what, n, day->rig.found.why);
    uint64_t last = heng_spool_last(day->rig.spool);
    /* A commit that failed may have come about. */
    if (last != day->committed && last != day->committed + A_ROUND)
        fail_msg("%s %" PRIu64 ": last %" PRIu64 ", committed %" PRIu64, what, n, last, day->committed);
    for (uint64_t i = 1; i <= last; i++) {
        rc = heng_spool_get(day->rig.spool, i, &item, &err);
        if (rc != HENG_OK || !item.sound || tag_of(item.entry.body) != i)
            fail_msg("%s %" PRIu64 ": entry %" PRIu64 " is lost", what, n, i);
    }
    if (day->kept) OK(heng_spool_recall(day->rig.spool, "round", &value, &err));
    rig_append(&day->rig, last + 1, 10);
    OK(heng_spool_commit(day->rig.spool, &err));
}

static void day_begin(struct day *day)
{
    *day = (struct day){.rig = {.disk = heng_sim_disk_new("rig", 1), .now = T0}};
    day->rig.limits.bytes_max = 1;
}

/* The simulated disk has its memory whatever happens; SQLite gets to it through these. */
static sqlite3_io_methods disk_methods, guarded;
static int (*disk_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static int (*disk_delete)(sqlite3_vfs *, const char *, int);

static int guarded_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    in_disk = true;
    int code = disk_methods.xWrite(f, p, n, at);
    in_disk = false;
    return code;
}

static int guarded_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    in_disk = true;
    int code = disk_methods.xTruncate(f, n);
    in_disk = false;
    return code;
}

static int guarded_sync(sqlite3_file *f, int flags)
{
    in_disk = true;
    int code = disk_methods.xSync(f, flags);
    in_disk = false;
    return code;
}

static int guarded_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret)
{
    in_disk = true;
    int code = disk_open(vfs, name, f, flags, ret);
    in_disk = false;
    if (code != SQLITE_OK) return code;
    disk_methods = guarded = *f->pMethods;
    guarded.xWrite = guarded_write;
    guarded.xTruncate = guarded_truncate;
    guarded.xSync = guarded_sync;
    f->pMethods = &guarded;
    return code;
}

static int guarded_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    in_disk = true;
    int code = disk_delete(vfs, name, sync);
    in_disk = false;
    return code;
}

/* What is not SQLite's: rename and sync of the directory. */
static sqlite3_syscall_ptr (*disk_call)(sqlite3_vfs *, const char *);
static int (*real_rename)(sqlite3_vfs *, const char *, const char *);
static int (*real_sync)(sqlite3_vfs *, const char *);

static int guarded_rename(sqlite3_vfs *vfs, const char *from, const char *to)
{
    in_disk = true;
    int code = real_rename(vfs, from, to);
    in_disk = false;
    return code;
}

static int guarded_sync_directory(sqlite3_vfs *vfs, const char *path)
{
    in_disk = true;
    int code = real_sync(vfs, path);
    in_disk = false;
    return code;
}

static sqlite3_syscall_ptr guarded_call(sqlite3_vfs *vfs, const char *name)
{
    sqlite3_syscall_ptr call = disk_call(vfs, name);
    if (strcmp(name, "heng_rename") == 0) {
        real_rename = (int (*)(sqlite3_vfs *, const char *, const char *))call;
        return (sqlite3_syscall_ptr)guarded_rename;
    }
    real_sync = (int (*)(sqlite3_vfs *, const char *))call;
    return (sqlite3_syscall_ptr)guarded_sync_directory;
}

static void guard(struct day *day)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(heng_sim_disk_vfs(day->rig.disk));
    disk_open = vfs->xOpen;
    disk_delete = vfs->xDelete;
    disk_call = vfs->xGetSystemCall;
    vfs->xOpen = guarded_open;
    vfs->xDelete = guarded_delete;
    vfs->xGetSystemCall = guarded_call;
}

static void every_allocation_fails(void **state)
{
    (void)state;
    uint64_t n = 0, felt = 0;
    for (bool reached = true; reached; n++) {
        struct day day;
        day_begin(&day);
        guard(&day);
        allocations = 0;
        fail_at = n;
        counting = true;
        live(&day);
        counting = false;
        reached = allocations > n;
        felt += day.failed != HENG_OK;
        if (day.failed && day.failed != HENG_ENOMEM && day.failed != HENG_EIO)
            fail_msg("allocation %" PRIu64 ": %s", n, heng_rc_name(day.failed));
        check(&day, "allocation", n);
        rig_fini(&day.rig);
        if (n > 200) n += n / 50; /* the same places again and again */
    }
    print_message("# allocation 0..%" PRIu64 ": %" PRIu64 " were felt\n", n, felt);
    assert_true(felt > 100);
}

/* --- the disk
 * ---------------------------------------------------------------------------------------------------------------- */

static void fail_all(unsigned mask, bool on, const char *what)
{
    uint64_t n = 0, felt = 0;
    for (bool reached = true; reached; n++) {
        struct day day;
        day_begin(&day);
        heng_sim_disk_fail(day.rig.disk, mask, n, on);
        live(&day);
        reached = heng_sim_disk_has_failed(day.rig.disk);
        felt += day.failed != HENG_OK;
        if (day.failed && day.failed != HENG_EIO)
            fail_msg("%s %" PRIu64 ": %s: %s", what, n, heng_rc_name(day.failed), err.text);
        if (day.failed && day.rig.spool) { /* the disk has failed: nothing is believed until it is opened again */
            struct heng_entry entry = {.at_us = T0, .kind = HENG_ENTRY_EVENT};
            uint64_t seq;
            assert_int_equal(heng_spool_append(day.rig.spool, &entry, &seq, &err), HENG_EIO);
            assert_int_equal(heng_spool_keep(day.rig.spool, "x", heng_slice_str("y"), &err), HENG_EIO);
            assert_int_equal(heng_spool_commit(day.rig.spool, &err), HENG_EIO);
        }
        heng_sim_disk_heal(day.rig.disk);
        check(&day, what, n);
        rig_fini(&day.rig);
    }
    print_message("# %s 0..%" PRIu64 "%s: %" PRIu64 " were felt\n", what, n - 1, on ? " and all after it" : "", felt);
    assert_true(felt > 0);
}

static void every_call_of_the_disk_fails(void **state)
{
    (void)state;
    for (unsigned on = 0; on < 2; on++) {
        fail_all(HENG_SIM_DISK_WRITE, on, "write");
        fail_all(HENG_SIM_DISK_SYNC, on, "sync");
        fail_all(HENG_SIM_DISK_READ, on, "read");
        fail_all(HENG_SIM_DISK_CHANGES, on, "change");
    }
}

/* After a failed sync a power cut may come: what was acknowledged before is safe, and what comes after the new opening.
 */
static void a_failed_sync_and_then_a_power_cut(void **state)
{
    (void)state;
    uint64_t n = 0;
    for (bool reached = true; reached; n++) {
        struct day day;
        day_begin(&day);
        heng_sim_disk_fail(day.rig.disk, HENG_SIM_DISK_SYNC, n, false);
        live(&day);
        reached = heng_sim_disk_has_failed(day.rig.disk);
        heng_sim_disk_heal(day.rig.disk);
        check(&day, "sync", n); /* opens it again, and commits one more */
        uint64_t last = heng_spool_last(day.rig.spool);
        heng_sim_disk_cut(day.rig.disk);
        rig_close(&day.rig);
        heng_sim_disk_restart(day.rig.disk);
        OK(rig_open(&day.rig));
        if (heng_spool_last(day.rig.spool) != last || rig_count_walk(&day.rig) != last)
            fail_msg("sync %" PRIu64 ": %" PRIu64 " of %" PRIu64 " are left", n, heng_spool_last(day.rig.spool), last);
        rig_fini(&day.rig);
    }
    assert_true(n > 10);
}

/* A full disk is not a broken one: an error, what was read can be delivered, and it goes on when there is room. What
 * was not kept does not come back at the next opening. */
static void a_full_disk(void **state)
{
    (void)state;
    unsigned full = 0;
    for (int64_t room = 0; room < 200 * 1024; room += 700) {
        struct day day;
        day_begin(&day);
        heng_sim_disk_set_room(day.rig.disk, room);
        live(&day);
        if (day.failed && day.failed != HENG_ELIMIT) fail_msg("room %" PRId64 ": %s", room, err.text);
        full += day.failed == HENG_ELIMIT;
        if (day.rig.spool) {
            assert_int_equal(heng_spool_last(day.rig.spool), day.committed);
            assert_int_equal(rig_count_walk(&day.rig), day.committed);
            rig_close(&day.rig); /* also over a restart */
            OK(rig_open(&day.rig));
            assert_int_equal(heng_spool_last(day.rig.spool), day.committed);
            assert_int_equal(rig_count_walk(&day.rig), day.committed);
        }
        heng_sim_disk_set_room(day.rig.disk, -1);
        if (day.rig.spool) {
            rig_append(&day.rig, day.committed + 1, 100); /* without a new opening */
            OK(heng_spool_commit(day.rig.spool, &err));
            day.committed++;
        }
        check(&day, "room", (uint64_t)room);
        rig_fini(&day.rig);
    }
    print_message("# %u times full\n", full);
    assert_true(full > 100);
}

/* An I/O error while it is opened is not damage. */
static void a_disk_that_cannot_be_read_is_not_damage(void **state)
{
    (void)state;
    struct day day;
    day_begin(&day);
    live(&day);
    rig_close(&day.rig);
    uint64_t n = 0, felt = 0;
    for (bool reached = true; reached; n++) {
        for (unsigned on = 0; on < 2; on++) {
            heng_sim_disk_fail(day.rig.disk, HENG_SIM_DISK_READ, n, on);
            heng_rc rc = rig_open(&day.rig);
            reached = heng_sim_disk_has_failed(day.rig.disk);
            heng_sim_disk_heal(day.rig.disk);
            felt += rc != HENG_OK;
            if (rc != HENG_OK && rc != HENG_EIO) fail_msg("read %" PRIu64 ": %s", n, err.text);
            if (rc == HENG_OK && (day.rig.found.fresh || day.rig.found.set_aside[0]))
                fail_msg("read %" PRIu64 ": set aside: %s", n, day.rig.found.why);
            if (rc == HENG_OK) rig_close(&day.rig);
        }
    }
    assert_true(felt > 5);
    check(&day, "read", n);
    rig_fini(&day.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(every_call_of_the_disk_fails),
        cmocka_unit_test(a_failed_sync_and_then_a_power_cut),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_disk_that_cannot_be_read_is_not_damage),
    };
    return cmocka_run_group_tests(tests, fail_memory, NULL);
}
