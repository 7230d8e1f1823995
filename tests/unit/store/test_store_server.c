/* What a server can do that a file cannot: be reached or not, be two, go away in the middle of anything, and keep
 * months apart. Without one, only its name can be wrong. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "store/checks.h"
#include "store/db.h"
#include "store/usage_verdicts.h"
#include "store/write.h"
#include "unit/small_site.h"

enum { BATCH = 3, CUT_STEP = 193, CUTS_MAX = 400 };

/* The same database, with another word in its name. */
static const char *named_otherwise(const char *path, const char *word, const char *other)
{
    static char name[256];
    const char *at = strstr(path, word);
    assert_non_null(at);
    snprintf(name, sizeof name, "%.*s%s%s", (int)(at - path), path, other, at + strlen(word));
    return name;
}

static int64_t ask(struct heng_store *store, const char *text)
{
    int64_t number = 0;
    struct heng_err err;
    assert_ok(heng_db_exec(&store->reader.db, "test", text, &number, &err));
    return number;
}

static void end_backend(const char *path, int64_t pid)
{
    char text[64];
    snprintf(text, sizeof text, "SELECT pg_terminate_backend(%lld, 5000)::int", (long long)pid);
    assert_int_equal(small_site_number(path, text), 1);
}

static heng_rc ingest_batch(struct heng_store *store, heng_us from_us, struct heng_err *err)
{
    static struct heng_read reads[BATCH];
    struct heng_fact facts[BATCH];
    struct heng_ingested ingested = {0};
    for (int i = 0; i < BATCH; i++) {
        heat_read(&reads[i], i % 2 ? HEAT_1 : HEAT_2, from_us + i * HENG_US_PER_DAY * 31, i);
        facts[i] = fact_of(&reads[i]);
    }
    heng_rc rc = heng_ingest(store, facts, BATCH, INGEST_NOW_US + 90 * HENG_US_PER_DAY, &ingested, err);
    heng_ingested_fini(&ingested);
    return rc;
}

static void test_names(void **state)
{
    struct heng_store *store = NULL;
    struct heng_err err;
    (void)state;
    assert_int_equal(heng_store_open("postgresql://me:secret@127.0.0.1:1/heng", &store, &err), HENG_ECONFIG);
    assert_null(strstr(err.text, "secret"));
    assert_non_null(strstr(err.text, ".pgpass"));
    assert_int_equal(heng_store_open("postgresql://me@127.0.0.1:1/heng?nonsense=secret", &store, &err), HENG_ECONFIG);
    assert_null(strstr(err.text, "secret"));
    assert_int_equal(heng_store_open("postgresql://me@127.0.0.1:1/heng", &store, &err), HENG_EIO);
    assert_non_null(strstr(err.text, "'postgresql://127.0.0.1:1/heng': no connection"));
    assert_null(strstr(err.text, "me@"));
}

static void test_what_is_there(void **state)
{
    struct heng_store *store = NULL;
    struct small_site site;
    struct heng_err err;
    (void)state;
    small_site_init(&site);
    assert_int_equal(heng_store_open(named_otherwise(site.path, "/heng?", "/nothing?"), &store, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_store_open(named_otherwise(site.path, "heng@", "nobody_here@"), &store, &err), HENG_EDENIED);
    assert_int_equal(heng_store_create(named_otherwise(site.path, site.schema, "no_such_schema"), &err), HENG_EBUG);

    assert_int_equal(heng_store_open(site.path, &store, &err), HENG_ENOTFOUND); /* nothing in it */
    assert_int_equal(small_site_sql(site.path, "CREATE TABLE theirs (id bigint)"), HENG_OK);
    assert_int_equal(heng_store_open(site.path, &store, &err), HENG_EFORMAT);
    assert_int_equal(heng_store_create(site.path, &err), HENG_EEXISTS);
    assert_int_equal(small_site_sql(site.path, "DROP TABLE theirs"), HENG_OK);
    assert_ok(heng_store_create(site.path, &err));
    assert_int_equal(heng_store_create(site.path, &err), HENG_EEXISTS);
    assert_int_equal(small_site_sql(site.path, "UPDATE heng_schema SET version = 999"), HENG_OK);
    assert_int_equal(heng_store_open(site.path, &store, &err), HENG_EUNSUPPORTED);
    small_site_fini(&site);
}

/* Both engines have the same tables with the same columns, and texts that sort alike. */
static void test_same_tables(void **state)
{
    struct small_site site;
    struct heng_err err;
    char file[128];
    (void)state;
    small_site_init(&site);
    snprintf(file, sizeof file, "%s/heng.db", site.directory);
    assert_ok(heng_store_create(site.path, &err));
    assert_ok(heng_store_create(file, &err));
    char *theirs = small_site_lines(
        file,
        "SELECT m.name || '.' || p.name || CASE p.type WHEN 'INTEGER' THEN ' bigint' WHEN 'TEXT' THEN ' text C' ELSE "
        "' bytea' END || CASE WHEN p.\"notnull\" OR p.pk > 0 THEN ' not null' ELSE '' END FROM sqlite_schema m JOIN "
        "pragma_table_info(m.name) p WHERE m.type = 'table' ORDER BY 1");
    char *ours = small_site_lines(
        site.path,
        "SELECT table_name || '.' || column_name || ' ' || data_type || coalesce(' ' || collation_name, '') || "
        "CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END FROM information_schema.columns c WHERE "
        "table_schema = current_schema() AND table_name NOT IN ('heng_schema', 'reading_value') AND NOT EXISTS "
        "(SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(c.table_name)) ORDER BY 1");
    assert_string_equal(ours, theirs);
    assert_true(strlen(ours) > 4000);
    free(theirs);
    free(ours);
    unlink(file);
    snprintf(file, sizeof file, "%s/heng.db.lock", site.directory);
    unlink(file);
    small_site_fini(&site);
}

static void test_one_writer(void **state)
{
    struct small_site site;
    struct heng_store *store = NULL, *second = NULL;
    struct heng_err err;
    (void)state;
    store = small_site_open(&site);
    assert_int_equal(heng_store_open(site.path, &second, &err), HENG_EBUSY);
    assert_non_null(strstr(err.text, "in use by another Heng"));

    /* While a transaction is open nobody takes over; one who did without the lock is found out. */
    const char *take = "SET lock_timeout = 100; UPDATE heng_schema SET fence = fence + 1";
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_setting(store, "site", "mine", &err));
    assert_int_equal(small_site_sql(site.path, take), HENG_EBUG);
    assert_ok(heng_store_commit(store, &err));
    assert_int_equal(small_site_sql(site.path, take), HENG_OK);
    assert_int_equal(heng_store_begin(store, &err), HENG_EIO);
    assert_non_null(strstr(err.text, "another Heng writes"));
    assert_int_equal(heng_store_begin(store, &err), HENG_EIO); /* for ever */
    heng_store_close(store);

    /* Who lost its connection does not come back when another one has opened. */
    assert_ok(heng_store_open(site.path, &store, &err));
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_setting(store, "site", "lost", &err));
    end_backend(site.path, ask(store, "SELECT pg_backend_pid()"));
    assert_ok(heng_store_open(site.path, &second, &err));
    assert_int_equal(heng_store_commit(store, &err), HENG_EIO);
    assert_int_equal(heng_store_begin(store, &err), HENG_EIO);
    assert_ok(ingest_batch(second, START_US, &err));
    heng_store_close(store);
    char *setting = small_site_lines(site.path, "SELECT value FROM setting WHERE name = 'site'");
    assert_string_equal(setting, "mine\n");
    free(setting);
    heng_store_close(second);
    small_site_fini(&site);
}

static void test_reader_comes_back(void **state)
{
    struct small_site site;
    struct heng_store *store = NULL;
    struct heng_store_reader *reader = NULL;
    struct heng_totals totals;
    struct heng_err err;
    (void)state;
    store = small_site_open(&site);
    assert_ok(heng_store_reader_open(site.path, &reader, &err));
    assert_ok(heng_store_totals(reader, &totals, &err));
    assert_int_equal(heng_db_exec(&reader->db, "test", "DELETE FROM setting", NULL, &err),
                     HENG_EIO); /* it only reads */
    for (int in_transaction = 0; in_transaction < 2; in_transaction++) {
        int64_t pid = 0;
        assert_ok(heng_store_reader_begin(reader, &err));
        assert_ok(heng_db_exec(&reader->db, "test", "SELECT pg_backend_pid()", &pid, &err));
        if (!in_transaction) heng_store_reader_end(reader);
        end_backend(site.path, pid);
        if (in_transaction) {
            assert_int_equal(heng_store_totals(reader, &totals, &err), HENG_EIO);
            heng_store_reader_end(reader);
        }
        assert_ok(heng_store_reader_begin(reader, &err));
        assert_ok(heng_store_totals(reader, &totals, &err));
        assert_int_equal(totals.meters, 4);
        heng_store_reader_end(reader);
    }
    heng_store_reader_close(reader);
    heng_store_close(store);
    small_site_fini(&site);
}

/* A connection that is cut when the server has said so many bytes: a child stands between. */
static pid_t start_cutter(const struct small_site *site, const char *real, int64_t bytes)
{
    struct sockaddr_un here = {.sun_family = AF_UNIX}, there = {.sun_family = AF_UNIX};
    snprintf(here.sun_path, sizeof here.sun_path, "%s/.s.PGSQL.5432", site->directory);
    snprintf(there.sun_path, sizeof there.sun_path, "%s/.s.PGSQL.5432", real);
    unlink(here.sun_path);
    int door = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(door, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(door, 4), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0) {
        close(door);
        return child;
    }
    char buffer[4096];
    int client = accept(door, NULL, NULL), server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(server, (struct sockaddr *)&there, sizeof there) != 0) _exit(1);
    for (;;) {
        struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        if (poll(fds, 2, 20000) <= 0) _exit(2);
        for (int i = 0; i < 2; i++) {
            if (!fds[i].revents) continue;
            ssize_t n = read(fds[i].fd, buffer, i && bytes < (int64_t)sizeof buffer ? (size_t)bytes : sizeof buffer);
            if (n <= 0 || write(fds[1 - i].fd, buffer, (size_t)n) != n) _exit(0);
            if (i && (bytes -= n) <= 0) _exit(0);
        }
    }
}

/* Cut anywhere: what was acknowledged is there, nothing is there by half, and the same batch again goes in once. */
static void test_cut_at_each_answer(void **state)
{
    struct small_site site;
    struct heng_store *store = NULL;
    struct heng_err err;
    char cut[256], real[64];
    int cuts = 0, batches = 0;
    (void)state;
    heng_store_close(small_site_open(&site));
    const char *host = strstr(site.path, "host=") + 5;
    snprintf(real, sizeof real, "%.*s", (int)strcspn(host, "&"), host);
    snprintf(cut, sizeof cut, "%s", named_otherwise(site.path, real, site.directory));
    for (bool through = false; !through && cuts < CUTS_MAX; cuts++) {
        heng_us at_us = START_US + cuts * HENG_US_PER_S;
        pid_t child = start_cutter(&site, real, 1 + (int64_t)cuts * CUT_STEP);
        heng_rc rc = heng_store_open(cut, &store, &err);
        if (rc == HENG_OK) {
            rc = ingest_batch(store, at_us, &err);
            through = rc == HENG_OK;
            heng_store_close(store);
            store = NULL;
        }
        if (rc != HENG_OK && rc != HENG_EIO && rc != HENG_EBUSY) fail_msg("cut %d: %s", cuts, err.text);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
        int64_t n = small_site_number(site.path, "SELECT count(*) FROM reading");
        assert_true(n == batches * BATCH || n == (batches + 1) * BATCH);
        if (rc == HENG_OK) assert_int_equal(n, (batches + 1) * BATCH);
        assert_ok(heng_store_open(site.path, &store, &err));
        assert_ok(ingest_batch(store, at_us, &err));
        heng_store_close(store);
        batches++;
        assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM reading"), batches * BATCH);
    }
    assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM reading_conflict"), 0);
    print_message("%d cuts\n", cuts);
    assert_true(cuts > 20 && cuts < CUTS_MAX);
    snprintf(cut, sizeof cut, "%s/.s.PGSQL.5432", site.directory);
    unlink(cut);
    small_site_fini(&site);
}

/* Cancels whoever waits for a standby that is not there. */
static void *cancel_waiting(void *path)
{
    const char *const ended = "SELECT count(*) FROM (SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
                              "WHERE wait_event = 'SyncRep') a";
    for (int i = 0; i < 200 && small_site_number(path, ended) == 0; i++) usleep(20000);
    return NULL;
}

/* The server commits alone when the wait for its standby is cancelled, and says OK: that is not good enough. */
static void test_commit_that_no_standby_has(void **state)
{
    struct small_site site;
    struct heng_store *store = NULL;
    struct heng_err err;
    pthread_t thread;
    char admin[256];
    (void)state;
    store = small_site_open(&site);
    snprintf(admin, sizeof admin, "%s", named_otherwise(site.path, "heng@", "postgres@"));
    assert_int_equal(small_site_sql(admin, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"), HENG_OK);
    assert_int_equal(small_site_sql(admin, "SELECT pg_reload_conf()"), HENG_OK);
    assert_int_equal(pthread_create(&thread, NULL, cancel_waiting, admin), 0);
    heng_rc rc = HENG_OK;
    for (int i = 0; i < 100 && rc == HENG_OK; i++) /* the server hears of it a moment later */
        rc = ingest_batch(store, START_US + i * HENG_US_PER_S, &err);
    pthread_join(thread, NULL);
    assert_int_equal(small_site_sql(admin, "SET synchronous_commit = local"), HENG_OK);
    assert_int_equal(small_site_sql(admin, "ALTER SYSTEM RESET synchronous_standby_names"), HENG_OK);
    assert_int_equal(small_site_sql(admin, "SELECT pg_reload_conf()"), HENG_OK);
    assert_int_equal(rc, HENG_EIO);
    assert_non_null(strstr(err.text, "standby has not confirmed"));
    assert_int_equal(heng_store_begin(store, &err), HENG_EIO); /* to be opened again */
    heng_store_close(store);
    small_site_fini(&site);
}

static void test_errors_of_a_transaction(void **state)
{
    struct small_site site;
    struct heng_store *store = NULL;
    struct heng_err err;
    (void)state;
    store = small_site_open(&site);
    /* A text of other bytes is refused before the server sees it. */
    assert_ok(heng_store_begin(store, &err));
    assert_int_equal(heng_store_put_setting(store, "site", "\xFF\xFE", &err), HENG_ERANGE);
    assert_ok(heng_store_put_setting(store, "site", "衡", &err));
    assert_ok(heng_store_commit(store, &err));
    /* Nobody is told OK for what an error before has spoilt. */
    assert_ok(heng_store_begin(store, &err));
    assert_int_equal(heng_db_exec(&store->reader.db, "test", "DELETE FROM line", NULL, &err), HENG_ECONFLICT);
    assert_int_equal(heng_store_commit(store, &err), HENG_EBUG);
    assert_int_equal(ask(store, "SELECT count(*) FROM line"), 2);
    /* Somebody holds a table: busy, and later it works. */
    PGconn *other = PQconnectdb(site.path);
    PQclear(PQexec(other, "BEGIN; LOCK TABLE setting"));
    assert_ok(heng_store_begin(store, &err));
    assert_int_equal(heng_store_put_setting(store, "site", "busy", &err), HENG_EBUSY);
    heng_store_rollback(store);
    PQfinish(other);
    assert_ok(heng_store_begin(store, &err));
    assert_ok(heng_store_put_setting(store, "site", "free", &err));
    assert_ok(heng_store_commit(store, &err));
    heng_store_close(store);

    /* A role that was told to be quick is told to be sure. */
    char text[64];
    snprintf(text, sizeof text, "ALTER ROLE heng SET synchronous_commit = off");
    assert_int_equal(small_site_sql(site.path, text), HENG_OK);
    assert_ok(heng_store_open(site.path, &store, &err));
    assert_int_equal(ask(store, "SELECT (current_setting('synchronous_commit') = 'on')::int"), 1);
    heng_store_close(store);
    assert_int_equal(small_site_sql(site.path, "ALTER ROLE heng RESET synchronous_commit"), HENG_OK);
    small_site_fini(&site);
}

static heng_rc add_at(struct heng_store *store, heng_us at_us, struct heng_err *err)
{
    static struct heng_reading reading;
    heng_stored stored;
    int64_t first;
    memset(&reading, 0, sizeof reading);
    reading.device_id = HEAT_1;
    reading.at_us = at_us;
    reading.source = HENG_SOURCE_HANDHELD;
    reading.quality = HENG_QUALITY_MEASURED;
    return heng_store_add_reading(store, &reading, NULL, &stored, &first, err);
}

/* Readings of any time find a place, in whatever order they come, and a walk meets them in order of time. */
static void test_months(void **state)
{
    const heng_us day = HENG_US_PER_DAY;
    const heng_us times[] = {START_US,
                             19782 * day,
                             INT64_MIN,
                             -1,
                             0,
                             31 * day - 1,
                             31 * day,
                             84006 * day - 1,
                             84006 * day,
                             INT64_MAX - 1,
                             19752 * day - 1,
                             19753 * day,
                             19781 * day + day - 1};
    const size_t count = sizeof times / sizeof *times;
    struct small_site site;
    struct heng_store *store = NULL;
    struct heng_store_reader *reader = NULL;
    struct heng_reading_scan scan;
    struct heng_err err;
    (void)state;
    store = small_site_open(&site);
    assert_ok(heng_store_reader_open(site.path, &reader, &err));
    assert_ok(heng_store_reader_begin(reader, &err)); /* one that reads all the while does not keep months away */
    assert_ok(heng_reading_scan_begin(&scan, reader, HEAT_1, 0, 1, &err));
    assert_int_equal(heng_reading_scan_next(&scan, &err), HENG_ENOTFOUND);
    for (int round = 0; round < 2; round++) { /* what is rolled back is gone, month and all */
        assert_ok(heng_store_begin(store, &err));
        for (size_t i = 0; i < count; i++) assert_ok(add_at(store, times[i], &err));
        if (round == 0) heng_store_rollback(store);
    }
    assert_ok(heng_store_commit(store, &err));
    heng_reading_scan_end(&scan);
    heng_store_reader_end(reader);

    assert_ok(heng_reading_scan_begin(&scan, reader, HEAT_1, INT64_MIN, INT64_MAX, &err));
    heng_us before = INT64_MIN;
    size_t n = 0;
    for (; heng_reading_scan_next(&scan, &err) == HENG_OK; n++) {
        assert_true(n == 0 || scan.at_us > before);
        before = scan.at_us;
    }
    heng_reading_scan_end(&scan);
    assert_int_equal(n, count);
    assert_int_equal(ask(store, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'reading'::regclass"), 8);
    assert_int_equal(ask(store, "SELECT count(*) FROM reading_2024_02"), 2);
    assert_int_equal(ask(store, "SELECT count(*) FROM reading_before"), 2);
    assert_int_equal(heng_db_exec(&store->reader.db, "test", "DELETE FROM reading_2024_02", NULL, &err),
                     HENG_ECONFLICT);
    assert_int_equal(heng_db_exec(&store->reader.db, "test", "TRUNCATE reading", NULL, &err), HENG_ECONFLICT);
    heng_store_reader_close(reader);
    heng_store_close(store);
    small_site_fini(&site);
}

static heng_rc say(struct heng_store *store, int32_t day, uint16_t nr, struct heng_err *err)
{
    struct heng_verdict_row row = {.channel_id = 1, .day = day, .rule = 1, .nr = nr, .severity = "open"};
    return heng_store_put_verdict(store, &row, err);
}

static int64_t said(struct heng_store *store) { return ask(store, "SELECT count(*) FROM verdict"); }

/* Verdicts are not waited for one by one. One that fails is told of by whatever is waited for next, in plain words, and
 * of the part or the transaction it was in nothing is there. */
static void test_queued_statements(void **state)
{
    enum { MANY = 1000 }; /* more than are let wait */
    struct small_site site;
    struct heng_store *store = NULL;
    struct heng_err err;
    (void)state;
    store = small_site_open(&site);
    assert_true(ask(store, "SELECT count(*) FROM channel WHERE id = 1"));
    for (int how = 0; how < 3; how++) { /* commit, a question, settle */
        assert_ok(heng_store_begin(store, &err));
        assert_ok(heng_store_put_setting(store, "site", "spoilt", &err));
        assert_ok(say(store, 1, 0, &err));
        heng_rc rc = say(store, 1, 0, &err); /* the same once more */
        if (rc == HENG_OK) rc = say(store, 2, 0, &err);
        if (rc == HENG_OK && how == 1) rc = heng_db_exec(&store->reader.db, "test", "SELECT 1", NULL, &err);
        if (rc == HENG_OK && how == 2) rc = heng_store_settle(store, &err);
        if (rc == HENG_OK && how == 0) rc = heng_store_commit(store, &err);
        assert_int_equal(rc, HENG_ECONFLICT);
        assert_non_null(strstr(err.text, "verdict_put"));
        if (how > 0) assert_int_not_equal(heng_store_commit(store, &err), HENG_OK);
        assert_int_equal(said(store), 0);
        assert_int_equal(ask(store, "SELECT count(*) FROM setting WHERE value = 'spoilt'"), 0);
    }

    /* A part is taken back alone, with what waits in it; what stood before it stays. */
    assert_ok(heng_store_begin(store, &err));
    assert_ok(say(store, 1, 0, &err));
    assert_ok(heng_store_part_begin(store, &err));
    assert_ok(say(store, 2, 0, &err));
    assert_ok(say(store, 2, 0, &err));
    assert_int_equal(heng_store_settle(store, &err), HENG_ECONFLICT);
    assert_ok(heng_store_part_end(store, true, &err));
    assert_ok(heng_store_part_begin(store, &err));
    assert_ok(say(store, 3, 0, &err));
    assert_ok(
        heng_store_part_begin(store, &err)); /* a part of the part, spoilt: all of it is taken back by the other */
    assert_ok(say(store, 3, 0, &err));
    assert_int_equal(heng_store_part_end(store, false, &err), HENG_ECONFLICT);
    assert_ok(heng_store_part_end(store, true, &err));
    assert_ok(heng_store_part_end(store, true, &err));
    assert_ok(heng_store_part_begin(store, &err)); /* what stood before the parts is still there */
    assert_int_equal(said(store), 1);
    assert_ok(say(store, 4, 0, &err));
    heng_store_rollback(store);
    assert_int_equal(said(store), 0);

    assert_ok(heng_store_begin(store, &err));
    for (int i = 0; i < MANY; i++) assert_ok(say(store, i, 0, &err));
    assert_ok(heng_store_commit(store, &err));
    assert_int_equal(said(store), MANY);

    /* The server goes away under what waits. */
    assert_ok(heng_store_begin(store, &err));
    int64_t pid = ask(store, "SELECT pg_backend_pid()");
    assert_ok(say(store, MANY, 0, &err));
    end_backend(site.path, pid);
    assert_ok(say(store, MANY + 1, 0, &err)); /* nobody has asked yet */
    assert_int_equal(heng_store_commit(store, &err), HENG_EIO);
    heng_store_close(store);
    assert_int_equal(small_site_number(site.path, "SELECT count(*) FROM verdict"), MANY);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_what_is_there),
        cmocka_unit_test(test_same_tables),
        cmocka_unit_test(test_one_writer),
        cmocka_unit_test(test_reader_comes_back),
        cmocka_unit_test(test_cut_at_each_answer),
        cmocka_unit_test(test_commit_that_no_standby_has),
        cmocka_unit_test(test_errors_of_a_transaction),
        cmocka_unit_test(test_months),
        cmocka_unit_test(test_queued_statements),
    };
    return small_site_run(tests, sizeof tests / sizeof *tests - 1);
}
