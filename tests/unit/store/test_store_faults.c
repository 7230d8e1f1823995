/* What happens when the disk fails, is full, or the program is killed: an error and nothing half-stored; what was
 * acknowledged is there. */
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "store/read.h"
#include "unit/small_site.h"

enum { BATCH = 5, KILL_ROUNDS = 24, FAULTS_MAX = 200 };

/* A file system that fails at the nth write, sync or truncation from now, for one call. */
static struct {
    sqlite3_vfs vfs, *real;
    int countdown; /* 0: off */
    int code;
    bool hit;
} shim;

struct shim_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static bool fails(void)
{
    if (shim.countdown == 0 || --shim.countdown != 0) return false;
    shim.hit = true;
    return true;
}

static sqlite3_file *real_of(sqlite3_file *f) { return ((struct shim_file *)f)->real; }

static int shim_close(sqlite3_file *f) { return real_of(f)->pMethods->xClose(real_of(f)); }
static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}
static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (!fails()) return real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
    /* half of it reaches the disk, as on a power cut */
    if (n > 1) real_of(f)->pMethods->xWrite(real_of(f), p, n / 2, at);
    return shim.code;
}
static int shim_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    return fails() ? shim.code : real_of(f)->pMethods->xTruncate(real_of(f), n);
}
static int shim_sync(sqlite3_file *f, int flags)
{
    return fails() ? SQLITE_IOERR_FSYNC : real_of(f)->pMethods->xSync(real_of(f), flags);
}
static int shim_size(sqlite3_file *f, sqlite3_int64 *n) { return real_of(f)->pMethods->xFileSize(real_of(f), n); }
static int shim_lock(sqlite3_file *f, int l) { return real_of(f)->pMethods->xLock(real_of(f), l); }
static int shim_unlock(sqlite3_file *f, int l) { return real_of(f)->pMethods->xUnlock(real_of(f), l); }
static int shim_reserved(sqlite3_file *f, int *r) { return real_of(f)->pMethods->xCheckReservedLock(real_of(f), r); }
static int shim_control(sqlite3_file *f, int op, void *p)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, p);
}
static int shim_sector(sqlite3_file *f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); }
static int shim_traits(sqlite3_file *f) { return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)); }
static int shim_map(sqlite3_file *f, int page, int n, int extend, void volatile **p)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, n, extend, p);
}
static int shim_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}
static void shim_barrier(sqlite3_file *f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); }
static int shim_unmap(sqlite3_file *f, int del) { return real_of(f)->pMethods->xShmUnmap(real_of(f), del); }

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_barrier,
    .xShmUnmap = shim_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    struct shim_file *file = (struct shim_file *)f;
    (void)vfs;
    file->real = (sqlite3_file *)(file + 1);
    int code = shim.real->xOpen(shim.real, name, file->real, flags, ret_flags);
    file->base.pMethods = file->real->pMethods ? &shim_methods : NULL;
    return code;
}

static int register_shim(void **state)
{
    (void)state;
    shim.real = sqlite3_vfs_find(NULL);
    shim.vfs = *shim.real;
    shim.vfs.zName = "heng-test-faults";
    shim.vfs.szOsFile = (int)sizeof(struct shim_file) + shim.real->szOsFile;
    shim.vfs.xOpen = shim_open;
    return sqlite3_vfs_register(&shim.vfs, 1);
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 20];
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_true(in && out);
    size_t n = fread(bytes, 1, sizeof bytes, in);
    assert_true(n > 0 && n < sizeof bytes);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    fclose(out);
}

static void assert_whole(const char *path)
{
    if (!on_server())
        assert_int_equal(small_site_number(path, "SELECT (SELECT integrity_check FROM pragma_integrity_check) = 'ok'"),
                         1);
    /* each reading has the frames that it names, and no frame is without its reading */
    assert_int_equal(small_site_number(path,
                                       "SELECT count(*) FROM reading r WHERE (SELECT count(*) FROM frame f WHERE f.id "
                                       "BETWEEN r.first_frame AND r.first_frame + r.frame_count - 1) <> r.frame_count"),
                     0);
    assert_int_equal(
        small_site_number(path, "SELECT (SELECT count(*) FROM frame) - (SELECT coalesce(sum(frame_count), 0) FROM "
                                "reading)"),
        0);
    assert_int_equal(
        small_site_number(path, "SELECT (SELECT count(*) FROM reading) - (SELECT sum(reads) FROM device_state)"), 0);
}

static heng_rc ingest_batch(struct heng_store *store, heng_us from_us, struct heng_err *err)
{
    static struct heng_read reads[BATCH];
    struct heng_fact facts[BATCH];
    struct heng_ingested ingested = {0};
    for (int i = 0; i < BATCH; i++) {
        heat_read(&reads[i], i % 2 ? HEAT_1 : HEAT_2, from_us + i, i);
        facts[i] = fact_of(&reads[i]);
    }
    heng_rc rc = heng_ingest(store, facts, BATCH, INGEST_NOW_US, &ingested, err);
    if (rc != HENG_OK) assert_int_equal(ingested.live_n, 0);
    heng_ingested_fini(&ingested);
    return rc;
}

/* Fail at step n, for every n that there is. */
static void fail_each_step(int code)
{
    struct small_site site;
    char base[256];
    int n = 1, failed = 0;
    heng_store_close(small_site_open(&site));
    snprintf(base, sizeof base, "%s.copy", site.path);
    copy_file(site.path, base);
    for (; n < FAULTS_MAX; n++) {
        struct heng_store *store = NULL;
        struct heng_err err;
        copy_file(base, site.path);
        assert_ok(heng_store_open(site.path, &store, &err));
        shim.countdown = n;
        shim.code = code;
        shim.hit = false;
        heng_rc rc = ingest_batch(store, START_US, &err);
        shim.countdown = 0;
        if (shim.hit && rc != HENG_OK) failed++;
        /* An error of the disk itself ends the work of this store; a full disk does not. */
        bool stays_broken = rc == HENG_EIO;
        if (rc != HENG_OK) assert_true(rc == HENG_EIO || rc == HENG_ELIMIT);
        if (stays_broken) assert_int_equal(ingest_batch(store, START_US + 100, &err), HENG_EIO);
        heng_store_close(store);
        int64_t readings = small_site_number(site.path, "SELECT count(*) FROM reading");
        assert_true(readings == BATCH || (rc != HENG_OK && readings == 0));
        assert_whole(site.path);
        /* after a new start the same batch goes in, once */
        assert_ok(heng_store_open(site.path, &store, &err));
        assert_ok(ingest_batch(store, START_US, &err));
        heng_store_close(store);
        assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM reading"), BATCH);
        assert_whole(site.path);
        if (!shim.hit) break;
    }
    print_message("%d steps, %d of them gave an error\n", n - 1, failed);
    assert_true(n > 5 && n < FAULTS_MAX && failed == n - 1);
    small_site_fini(&site);
}

static void test_disk_fails_at_each_step(void **state)
{
    (void)state;
    fail_each_step(SQLITE_IOERR_WRITE);
}

static void test_disk_full_at_each_step(void **state)
{
    (void)state;
    fail_each_step(SQLITE_FULL);
}

static void test_killed_at_any_moment(void **state)
{
    struct small_site site;
    uint32_t seed = 20261120;
    int64_t acknowledged = 0;
    heng_store_close(small_site_open(&site));
    (void)state;
    for (int round = 0; round < KILL_ROUNDS; round++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct heng_store *store = NULL;
            struct heng_err err;
            close(pipes[0]);
            if (heng_store_open(site.path, &store, &err) != HENG_OK) _exit(3);
            for (int64_t batch = acknowledged;; batch++) {
                if (ingest_batch(store, START_US + batch * BATCH, &err) != HENG_OK) _exit(4);
                if (write(pipes[1], &batch, sizeof batch) != sizeof batch) _exit(5);
            }
        }
        close(pipes[1]);
        /* In most rounds somewhere behind the first batch, else at any moment of opening. */
        int64_t batch;
        if (round % 4 && read(pipes[0], &batch, sizeof batch) == sizeof batch) acknowledged = batch + 1;
        seed = seed * 1664525 + 1013904223;
        usleep((seed >> 16) % 40000);
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(pipes[0], &batch, sizeof batch) == sizeof batch) acknowledged = batch + 1;
        close(pipes[0]);

        struct heng_store *store = NULL;
        struct heng_err err;
        assert_ok(heng_store_open(site.path, &store, &err)); /* no repair, no question */
        heng_store_close(store);
        int64_t readings = small_site_number(site.path, "SELECT count(*) FROM reading");
        assert_true(readings >= acknowledged * BATCH && readings % BATCH == 0);
        assert_whole(site.path);
        /* at most the batch whose acknowledgement was on its way */
        assert_true(readings <= (acknowledged + 1) * BATCH);
    }
    print_message("%d kills, %lld batches acknowledged\n", KILL_ROUNDS, (long long)acknowledged);
    assert_true(acknowledged >= KILL_ROUNDS * 3 / 4);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        file_test(test_disk_fails_at_each_step),
        file_test(test_disk_full_at_each_step),
        cmocka_unit_test(test_killed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, register_shim, NULL);
}
