/* The simulated disk keeps what was synced, loses what was not, and does both the same way for the same seed. */
#include <sqlite3.h>

#include "spool_rig.h"

static struct heng_sim_disk *disk;
static sqlite3_vfs *vfs;

static int begin(void **state)
{
    (void)state;
    disk = heng_sim_disk_new("disk", 1);
    vfs = sqlite3_vfs_find("disk");
    return disk && vfs ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    heng_sim_disk_free(disk);
    return 0;
}

static sqlite3_file *open_file(const char *name, int flags)
{
    sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
    assert_non_null(file);
    assert_int_equal(vfs->xOpen(vfs, name, file, flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), SQLITE_OK);
    return file;
}

static void close_file(sqlite3_file *file)
{
    file->pMethods->xClose(file);
    free(file);
}

static int write_at(sqlite3_file *file, char c, int n, int at)
{
    char bytes[8192];
    memset(bytes, c, (size_t)n);
    return file->pMethods->xWrite(file, bytes, n, at);
}

static int sync_directory(void) { return vfs->xDelete(vfs, "nothing", 1); }

static void what_is_synced_stays_and_the_rest_may_not(void **state)
{
    (void)state;
    unsigned lost = 0, kept = 0, between = 0;
    struct heng_sim_disk *after = heng_sim_disk_new("after", 2);
    sqlite3_file *file = open_file("a", SQLITE_OPEN_WAL); /* its first sync is that of the directory too */
    assert_int_equal(write_at(file, 'a', 4000, 0), SQLITE_OK);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(write_at(file, 'b', 2000, 1000), SQLITE_OK);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct heng_slice found, again;
        heng_sim_disk_after_cut(disk, after, seed);
        assert_true(heng_sim_disk_file(after, "a", &found));
        assert_int_equal(found.n, 4000);
        unsigned b = 0;
        for (size_t i = 0; i < found.n; i++) {
            if (i < 1000 || i >= 3000) assert_int_equal(found.p[i], 'a'); /* not even beside what was written */
            b += found.p[i] == 'b';
        }
        lost += b == 0;
        kept += b == 2000;
        between += b > 0 && b < 2000;
        uint8_t copy[4000];
        memcpy(copy, found.p, sizeof copy);
        heng_sim_disk_after_cut(disk, after, seed);
        assert_true(heng_sim_disk_file(after, "a", &again));
        assert_memory_equal(again.p, copy, sizeof copy);
    }
    assert_true(lost > 20 && kept > 10 && between > 50);
    close_file(file);
    heng_sim_disk_free(after);
}

static void torn_sectors_of_a_cheap_card_spoil_their_neighbours(void **state)
{
    (void)state;
    unsigned spoiled = 0;
    struct heng_sim_disk *after = heng_sim_disk_new("after", 2);
    heng_sim_disk_set_sector(disk, 4096, true);
    sqlite3_file *file = open_file("a", SQLITE_OPEN_WAL);
    assert_int_equal(write_at(file, 'a', 8192, 0), SQLITE_OK);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(write_at(file, 'b', 100, 5000), SQLITE_OK);
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct heng_slice found;
        heng_sim_disk_after_cut(disk, after, seed);
        assert_true(heng_sim_disk_file(after, "a", &found));
        for (size_t i = 0; i < 4096; i++) assert_int_equal(found.p[i], 'a'); /* another sector */
        spoiled += found.p[4096] != 'a';
    }
    assert_true(spoiled > 10);
    close_file(file);
    heng_sim_disk_free(after);
}

static void names_need_a_sync_of_their_own(void **state)
{
    (void)state;
    unsigned there = 0;
    struct heng_sim_disk *after = heng_sim_disk_new("after", 2);
    struct heng_slice found;
    sqlite3_file *file = open_file("a", SQLITE_OPEN_MAIN_DB);
    assert_int_equal(write_at(file, 'a', 100, 0), SQLITE_OK);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    for (uint64_t seed = 1; seed <= 100; seed++) {
        heng_sim_disk_after_cut(disk, after, seed);
        there += heng_sim_disk_file(after, "a", &found);
    }
    assert_in_range(there, 20, 80);
    close_file(file);
    assert_int_equal(sync_directory(), SQLITE_IOERR_DELETE_NOENT); /* as on Unix: nothing deleted, nothing synced */
    file = open_file("log", SQLITE_OPEN_WAL);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    close_file(file);
    assert_int_equal(vfs->xDelete(vfs, "log", 0), SQLITE_OK); /* the name may come back */
    there = 0;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        heng_sim_disk_after_cut(disk, after, seed);
        assert_true(heng_sim_disk_file(after, "a", &found));
        assert_int_equal(found.n, 100);
        there += heng_sim_disk_file(after, "log", &found);
    }
    assert_in_range(there, 20, 80);
    heng_sim_disk_free(after);
}

static void a_cut_ends_everything_until_the_restart(void **state)
{
    (void)state;
    struct heng_slice found;
    sqlite3_file *file = open_file("a", SQLITE_OPEN_WAL);
    assert_int_equal(write_at(file, 'a', 10, 0), SQLITE_OK);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    heng_sim_disk_cut_at(disk, heng_sim_disk_counts(disk).points + 1);
    assert_int_equal(write_at(file, 'b', 10, 0), SQLITE_OK); /* the last one before it */
    assert_int_equal(write_at(file, 'c', 10, 0), SQLITE_IOERR_WRITE);
    assert_true(heng_sim_disk_is_cut(disk));
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_IOERR_FSYNC);
    char byte;
    assert_int_equal(file->pMethods->xRead(file, &byte, 1, 0), SQLITE_IOERR_READ);
    heng_sim_disk_restart(disk);
    assert_false(heng_sim_disk_is_cut(disk));
    assert_int_equal(write_at(file, 'd', 10, 0), SQLITE_IOERR_WRITE); /* of a program that is dead */
    close_file(file);
    assert_true(heng_sim_disk_file(disk, "a", &found));
    assert_true(found.n == 10 && found.p[0] != 'c' && found.p[0] != 'd');
}

static void a_failed_sync_is_not_made_good_by_the_next_one(void **state)
{
    (void)state;
    struct heng_slice found;
    struct heng_sim_disk *after = heng_sim_disk_new("after", 2);
    sqlite3_file *file = open_file("a", SQLITE_OPEN_WAL);
    assert_int_equal(write_at(file, 'a', 10, 0), SQLITE_OK);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    assert_int_equal(write_at(file, 'b', 10, 0), SQLITE_OK);
    heng_sim_disk_fail(disk, HENG_SIM_DISK_SYNC, 0, false);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_IOERR_FSYNC);
    assert_int_equal(file->pMethods->xSync(file, SQLITE_SYNC_NORMAL), SQLITE_OK);
    heng_sim_disk_after_cut(disk, after, 1);
    assert_true(heng_sim_disk_file(after, "a", &found) && found.p[0] == 'a');
    assert_true(heng_sim_disk_file(disk, "a", &found) && found.p[0] == 'b');
    heng_sim_disk_set_room(disk, 12);
    assert_int_equal(write_at(file, 'c', 10, 0), SQLITE_OK);
    assert_int_equal(write_at(file, 'c', 10, 5), SQLITE_FULL);
    close_file(file);
    heng_sim_disk_free(after);
}

static int run(sqlite3 *db, const char *sql) { return sqlite3_exec(db, sql, NULL, NULL, NULL); }

/* Two connections over shared memory, as the centre has: a writer and a reader see each other's commits, and its locks.
 */
static void a_writer_and_a_reader_share_a_database(void **state)
{
    (void)state;
    sqlite3 *writer, *reader;
    sqlite3_stmt *count;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(sqlite3_open_v2("db", &writer, flags, "disk"), SQLITE_OK);
    assert_int_equal(run(writer, "PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)"), SQLITE_OK);
    assert_int_equal(sqlite3_open_v2("db", &reader, flags, "disk"), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(reader, "SELECT count(*) FROM t", -1, &count, NULL), SQLITE_OK);
    assert_int_equal(run(reader, "BEGIN"), SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(count, 0), 1);
    sqlite3_reset(count);
    assert_int_equal(run(writer, "INSERT INTO t VALUES (2)"), SQLITE_OK);
    assert_int_equal(run(reader, "INSERT INTO t VALUES (3)"), SQLITE_BUSY); /* it reads the past */
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(count, 0), 1);
    sqlite3_reset(count);
    assert_int_equal(run(reader, "COMMIT"), SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(count, 0), 2);
    sqlite3_finalize(count);
    assert_int_equal(run(writer, "BEGIN IMMEDIATE"), SQLITE_OK);
    assert_int_equal(run(reader, "BEGIN IMMEDIATE"), SQLITE_BUSY);
    heng_sim_disk_cut(disk);
    assert_int_not_equal(run(writer, "COMMIT; INSERT INTO t VALUES (4)"), SQLITE_OK);
    sqlite3_close(writer);
    sqlite3_close(reader);
    heng_sim_disk_restart(disk);
    assert_int_equal(sqlite3_open_v2("db", &reader, flags, "disk"), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(reader, "SELECT count(*) FROM t", -1, &count, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(count, 0), 2);
    sqlite3_finalize(count);
    sqlite3_close(reader);
}

static void a_clone_is_a_disk_of_its_own(void **state)
{
    (void)state;
    struct heng_slice found;
    struct heng_sim_disk *clone = heng_sim_disk_new("clone", 2);
    heng_sim_disk_put(disk, "a", heng_slice_str("one"));
    heng_sim_disk_clone(disk, clone);
    heng_sim_disk_put(clone, "a", heng_slice_str("two"));
    assert_true(heng_sim_disk_file(disk, "a", &found) && heng_slice_is(found, "one"));
    assert_true(heng_sim_disk_file(clone, "a", &found) && heng_slice_is(found, "two"));
    assert_int_equal(heng_sim_disk_bytes(clone), 3);
    assert_string_equal(heng_sim_disk_name(clone, 0), "a");
    heng_sim_disk_remove(clone, "a");
    assert_null(heng_sim_disk_name(clone, 0));
    heng_sim_disk_free(clone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_synced_stays_and_the_rest_may_not, begin, end),
        cmocka_unit_test_setup_teardown(torn_sectors_of_a_cheap_card_spoil_their_neighbours, begin, end),
        cmocka_unit_test_setup_teardown(names_need_a_sync_of_their_own, begin, end),
        cmocka_unit_test_setup_teardown(a_cut_ends_everything_until_the_restart, begin, end),
        cmocka_unit_test_setup_teardown(a_failed_sync_is_not_made_good_by_the_next_one, begin, end),
        cmocka_unit_test_setup_teardown(a_writer_and_a_reader_share_a_database, begin, end),
        cmocka_unit_test_setup_teardown(a_clone_is_a_disk_of_its_own, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
