/* A database of the program before there were gateways (version 4 of the schema) is opened: all that was in it is
 * there. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/db.h"
#include "store/read.h"
#include "unit/small_site.h"

enum { TEXT_MAX = 64 * 1024, BEFORE = 4 };

/* Two meters on two lines, one behind a relay, with what they were asked and said. */
static const char rows[] =
    "INSERT INTO setting VALUES ('time_zone', 'Europe/Berlin');"
    "INSERT INTO place VALUES (1, 'h', NULL, 'building', 'House', 'House', 0);"
    "INSERT INTO line (id, key, name, transport, endpoint, heartbeat, baud, parity, latency_ms, period_s, rts, wake_ms,"
    " quarantine_after) VALUES (1, 'heat', 'Heat', 'serial', '/dev/ttyS0', '', 2400, 'E', 20, 900, 'send', 5, 7),"
    " (3, 'power', 'Power', 'tcp', '10.0.0.7:10001', '', 9600, 'N', 0, 60, 'none', 0, 0);"
    "INSERT INTO schedule VALUES (1, 'daily', 86400, 0, 0, 0, 0, '360', '', '');"
    "INSERT INTO relay VALUES (1, 3, 'attic', NULL, 1, 10, 0, x'0102', x'03');"
    "INSERT INTO device (id, number, manufacturer, medium, protocol, profile) VALUES"
    " (1, '10000001', 'HNG', 'heat', 'mbus', ''), (2, '10000002', 'HNG', 'electricity', 'dlt645-2007', 'x');"
    "INSERT INTO line_member (device_id, line_id, address, schedule_id, relay_id) VALUES (1, 1, '1', 1, NULL),"
    " (2, 3, '2', NULL, 1);"
    "INSERT INTO point VALUES (1, 1, 'heat');"
    "INSERT INTO installation VALUES (1, 1, 1, 5, NULL);"
    "INSERT INTO frame VALUES (1, 1, 1000000, 'mbus', x'68');"
    "INSERT INTO reading (device_id, at_us, source, quality, first_frame, frame_count, packed) VALUES"
    " (1, 1000000, 0, 0, 1, 1, x'00');"
    "INSERT INTO line_state (line_id, state, since_us, detail, last_answer_us, requests, answers, silence, noise, "
    "checksum,"
    " format, \"foreign\", echo, refused, reads_ok, reads_failed, bytes_out, bytes_in) VALUES"
    " (3, 'idle', 4, '', 9, 11, 10, 1, 0, 0, 0, 0, 0, 0, 10, 1, 100, 200);"
    "INSERT INTO line_event VALUES (1, 3, 4, 'down', 'the converter does not answer');"
    "INSERT INTO command (id, line_id, device_id, protocol, kind, back, baud, address, key, stage, requested_us,"
    " expires_us) VALUES (1, 3, 2, 'dlt645-2007', 'disconnect', 0, 0, '', 'k', 'queued', 1, 2);"
    "INSERT INTO search (line_id, kind, known_only, running, ended, started_us, updated_us) VALUES"
    " (1, 'mbus-primary', 0, 0, 1, 1, 2);"
    "INSERT INTO search_found VALUES (1, 1, 'mbus-primary', 2, 'mbus', 'heat', '1', '10000001', 'HNG', 1, 1, 0);";

/* What is asked of the database before and after. */
static const char *const questions[] = {
    ("SELECT group_concat(quote(id) || quote(key) || quote(name) || quote(transport) || quote(endpoint) || quote(baud) "
     "||"
     " quote(parity) || quote(latency_ms) || quote(period_s) || quote(rts) || quote(wake_ms) || "
     "quote(quarantine_after) "
     "||"
     " quote(single_reads)) FROM (SELECT * FROM line ORDER BY id)"),
    ("SELECT group_concat(device_id || '@' || line_id || '#' || address || quote(schedule_id) || quote(relay_id))"
     " FROM line_member"),
    "SELECT group_concat(id || ':' || line_id || name || hex(open)) FROM relay",
    "SELECT group_concat(number || profile) FROM device",
    "SELECT group_concat(device_id || ':' || at_us || ':' || first_frame || hex(packed)) FROM reading",
    "SELECT group_concat(line_id || state || requests || ':' || bytes_in) FROM line_state",
    "SELECT group_concat(line_id || detail) FROM line_event",
    "SELECT group_concat(id || ':' || line_id || ':' || device_id || kind || stage || key) FROM command",
    "SELECT group_concat(line_id || kind || ended) FROM search",
    "SELECT group_concat(line_id || number) FROM search_found",
    "SELECT group_concat(name || value) FROM setting",
    "SELECT count(*) FROM installation JOIN point ON point.id = point_id JOIN place ON place.id = place_id",
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

static void run_file(sqlite3 *db, const char *name)
{
    static char text[TEXT_MAX];
    char path[512];
    snprintf(path, sizeof path, "%s/sql/sqlite/%s.sql", HENG_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
}

static char *answer(sqlite3 *db, const char *question)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, question, -1, &statement, NULL), SQLITE_OK);
    int step = sqlite3_step(statement);
    const char *text = step == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    char *copy = strdup(text ? text : "");
    sqlite3_finalize(statement);
    assert_non_null(copy);
    return copy;
}

static void assert_answer(sqlite3 *db, const char *question, const char *expected)
{
    char *text = answer(db, question);
    assert_string_equal(text, expected);
    free(text);
}

static void make_before(const char *path, char *ret[QUESTIONS])
{
    static const char *const files[BEFORE] = {"0001_init", "0002_profile", "0003_orders", "0004_hint_meter"};
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < BEFORE; i++) run_file(db, files[i]);
    char *why = NULL;
    if (sqlite3_exec(db, rows, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s", why);
    for (size_t i = 0; i < QUESTIONS; i++) {
        ret[i] = answer(db, questions[i]);
        assert_true(ret[i][0] != '\0'); /* or nothing would be compared */
    }
    sqlite3_close(db);
}

static void test_all_is_there_after_the_change(void **state)
{
    struct small_site site;
    const char *path = site.path;
    char *before[QUESTIONS];
    struct heng_store *store = NULL;
    struct heng_line_row line;
    struct heng_err err;
    (void)state;
    small_site_init(&site);
    make_before(path, before);
    for (int again = 0; again < 2; again++) { /* and nothing changes it any more */
        assert_ok(heng_store_open(path, &store, &err));
        sqlite3 *db = store->reader.db.handle;
        for (size_t i = 0; i < QUESTIONS; i++) assert_answer(db, questions[i], before[i]);
        assert_answer(db, "SELECT count(*) FROM pragma_foreign_key_check", "0");
        assert_answer(db, "SELECT integrity_check FROM pragma_integrity_check", "ok");
        assert_answer(db, "PRAGMA foreign_keys", "1");
        assert_answer(db, "SELECT count(*) FROM line WHERE gateway_id IS NOT NULL", "0");
        assert_ok(heng_store_get_line(heng_store_as_reader(store), 3, &line, &err));
        assert_string_equal(line.config.endpoint, "10.0.0.7:10001");
        assert_int_equal(line.gateway_id, 0);
        heng_store_close(store);
    }
    /* The tables that point to a line point to the new one. */
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM line WHERE id = 3", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "UPDATE line_member SET line_id = 2 WHERE device_id = 2", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    sqlite3_close(db);
    for (size_t i = 0; i < QUESTIONS; i++) free(before[i]);
    small_site_fini(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {file_test(test_all_is_there_after_the_change)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
