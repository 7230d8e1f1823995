#ifndef HENG_TESTS_SMALL_SITE_H
#define HENG_TESTS_SMALL_SITE_H
/* A database with a few meters for the tests of store, flow and api: a file, or a schema of its own in the database of
 * PostgreSQL that HENG_TEST_DB names (script/with-postgres). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <sqlite3.h>

#include "flow/ingest.h"
#include "flow/site.h"
#include "store/read.h"
#include "store/store.h"

/* Fails with the error's own text, which says more than the code. */
#define assert_ok(call)                                                                                                \
    do {                                                                                                               \
        struct heng_err *const e_ = &err;                                                                              \
        heng_rc rc_ = (call);                                                                                          \
        if (rc_ != HENG_OK) fail_msg("%s: %s: %s", #call, heng_rc_name(rc_), e_->text);                                \
    } while (0)

#define START_US      (INT64_C(1795000000) * HENG_US_PER_S)
#define INGEST_NOW_US (START_US + 30 * HENG_US_PER_DAY)

enum { HEAT_1 = 1, HEAT_2 = 2, WATER_1 = 3, WATER_2 = 4, HEAT_LINE = 1, WATER_LINE = 2 };

/* Fields of a line or a meter of the site file that the small sites have in common. */
#define SMALL_LINE(the_key, the_name) .key = (the_key), .name = (the_name), .parity = "E", .baud = 2400
#define SMALL_HEAT_TCP                                                                                                 \
    SMALL_LINE("heat", "heat M-Bus"), .transport = "tcp", .endpoint = "127.0.0.1:10001", .latency_ms = 300,            \
                                      .period_s = 60
#define SMALL_METER(the_number, the_line, the_place, the_address)                                                      \
    .number = (the_number), .manufacturer = "HNG", .line = (the_line), .place = (the_place), .address = (the_address)
#define SMALL_HEAT_METER(number, line, place, address)                                                                 \
    {                                                                                                                  \
        SMALL_METER(number, line, place, address), .protocol = "mbus", .medium = "heat"                                \
    }
#define SMALL_WATER_METER(number, place)                                                                               \
    {                                                                                                                  \
        SMALL_METER(number, "water", place, number), .protocol = "cjt188", .medium = "cold water"                      \
    }

struct small_site {
    char directory[64], path[192], schema[40];
};

static inline bool on_server(void) { return getenv("HENG_TEST_DB") != NULL; }
static inline bool is_server(const char *path) { return strncmp(path, "postgres", 8) == 0; }

/* A test of what only a file has: on a file, whatever the others are on. */
static inline int small_site_hide_server(void **state)
{
    const char *name = getenv("HENG_TEST_DB");
    *state = name ? strdup(name) : NULL;
    return unsetenv("HENG_TEST_DB");
}
static inline int small_site_show_server(void **state)
{
    if (*state) setenv("HENG_TEST_DB", *state, 1);
    free(*state);
    return 0;
}
#define file_test(f) cmocka_unit_test_setup_teardown(f, small_site_hide_server, small_site_show_server)

/* Those of the tests that are for here: the last ones need a server. */
#define small_site_run(tests, need_server)                                                                             \
    _cmocka_run_group_tests(#tests, tests, sizeof(tests) / sizeof *(tests) - (on_server() ? 0 : (need_server)), NULL,  \
                            NULL)

/* Run SQL behind the program's back. OK, or ECONFLICT when a rule of the schema is broken, or EBUG. */
static inline heng_rc small_site_sql(const char *path, const char *text)
{
    heng_rc rc = HENG_EBUG;
    if (is_server(path)) {
        PGconn *conn = PQconnectdb(path);
        PGresult *answer = PQexec(conn, text);
        const char *state = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
        rc = PQresultStatus(answer) == PGRES_COMMAND_OK || PQresultStatus(answer) == PGRES_TUPLES_OK ? HENG_OK
             : state && strncmp(state, "23", 2) == 0                                                 ? HENG_ECONFLICT
                                                                                                     : HENG_EBUG;
        if (rc == HENG_EBUG) print_error("%s: %s\n", text, PQerrorMessage(conn));
        PQclear(answer);
        PQfinish(conn);
        return rc;
    }
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(db, 1000);
        int code = sqlite3_exec(db, text, NULL, NULL, NULL);
        rc = code == SQLITE_OK ? HENG_OK : code == SQLITE_CONSTRAINT ? HENG_ECONFLICT : HENG_EBUG;
    }
    sqlite3_close(db);
    return rc;
}

/* The first column of the first row. */
static inline int64_t small_site_number(const char *path, const char *text)
{
    int64_t number = 0;
    if (is_server(path)) {
        PGconn *conn = PQconnectdb(path);
        PGresult *answer = PQexec(conn, text);
        if (PQntuples(answer) < 1) fail_msg("%s: %s", text, PQerrorMessage(conn));
        number = strtoll(PQgetvalue(answer, 0, 0), NULL, 10);
        PQclear(answer);
        PQfinish(conn);
        return number;
    }
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

/* The first column of all rows, a line each. Free it. */
static inline char *small_site_lines(const char *path, const char *text)
{
    char *lines = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&lines, &n);
    assert_non_null(out);
    if (is_server(path)) {
        PGconn *conn = PQconnectdb(path);
        PGresult *answer = PQexec(conn, text);
        if (PQresultStatus(answer) != PGRES_TUPLES_OK) fail_msg("%s: %s", text, PQerrorMessage(conn));
        for (int i = 0; i < PQntuples(answer); i++) fprintf(out, "%s\n", PQgetvalue(answer, i, 0));
        PQclear(answer);
        PQfinish(conn);
    } else {
        sqlite3 *db = NULL;
        sqlite3_stmt *statement = NULL;
        assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
        if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(db));
        while (sqlite3_step(statement) == SQLITE_ROW)
            fprintf(out, "%s\n", (const char *)sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
        sqlite3_close(db);
    }
    fclose(out);
    return lines;
}

static inline void small_site_init(struct small_site *site)
{
    static int count;
    snprintf(site->directory, sizeof site->directory, "/tmp/heng-test-XXXXXX");
    assert_non_null(mkdtemp(site->directory));
    site->schema[0] = 0;
    snprintf(site->path, sizeof site->path, "%s/heng.db", site->directory);
    if (!on_server()) return;
    const char *base = getenv("HENG_TEST_DB");
    char text[64];
    snprintf(site->schema, sizeof site->schema, "t%d_%d", (int)getpid(), ++count);
    snprintf(text, sizeof text, "CREATE SCHEMA %s", site->schema);
    assert_int_equal(small_site_sql(base, text), HENG_OK);
    snprintf(site->path, sizeof site->path, "%s%coptions=-csearch_path%%3D%s", base, strchr(base, '?') ? '&' : '?',
             site->schema);
}

static inline void small_site_fini(struct small_site *site)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock", ".new", ".copy"};
    char text[128];
    snprintf(text, sizeof text, "SET client_min_messages = error; DROP SCHEMA %s CASCADE", site->schema);
    if (on_server()) assert_int_equal(small_site_sql(site->path, text), HENG_OK);
    for (size_t i = 0; !on_server() && i < sizeof suffixes / sizeof *suffixes; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s%s", site->path, suffixes[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(site->directory), 0);
}

static inline void small_site_apply(struct heng_store *store)
{
    static const struct heng_site_place places[] = {
        {"b1", "", "building", "1号楼", 0},
        {"b1-u1", "b1", "unit", "1单元", 0},
        {"b1-u1-101", "b1-u1", "household", "101", 893000},
        {"b1-u1-102", "b1-u1", "household", "102", 650000},
    };
    static const struct heng_site_line lines[] = {
        {SMALL_HEAT_TCP},
        {SMALL_LINE("water", "water DTU"), .transport = "dtu", .endpoint = "DTU-1", .heartbeat = "hex:FE",
         .latency_ms = 500, .period_s = 3600},
    };
    static const struct heng_site_meter meters[] = {
        SMALL_HEAT_METER("10000001", "heat", "b1-u1-101", "1"),
        SMALL_HEAT_METER("10000002", "heat", "b1-u1-102", "2"),
        SMALL_WATER_METER("20000000000001", "b1-u1-101"),
        SMALL_WATER_METER("20000000000002", "b1-u1-102"),
    };
    const struct heng_site site = {.name = "Test site",
                                   .time_zone = "Asia/Shanghai",
                                   .places = places,
                                   .lines = lines,
                                   .meters = meters,
                                   .place_count = 4,
                                   .line_count = 2,
                                   .meter_count = 4};
    struct heng_site_applied applied;
    struct heng_err err;
    assert_ok(heng_site_apply(store, &site, START_US, &applied, &err));
}

static inline struct heng_store *small_site_open(struct small_site *site)
{
    struct heng_store *store = NULL;
    struct heng_err err;
    small_site_init(site);
    assert_ok(heng_store_create(site->path, &err));
    assert_ok(heng_store_open(site->path, &store, &err));
    small_site_apply(store);
    return store;
}

/* A read with four values: main energy, its value of last month, power, and one that is not available. */
static inline void heat_read(struct heng_read *read, int64_t device_id, heng_us at_us, int64_t energy_wh)
{
    static const uint8_t frame[] = {0x68, 0x03, 0x03, 0x68, 0x08, 0x01, 0x72, 0x7B, 0x16};
    memset(read, 0, sizeof *read);
    read->device_id = device_id;
    read->at_us = at_us;
    read->outcome = HENG_OUTCOME_OK;
    read->tries = 1;
    read->frame_count = 1;
    read->frames[0].at_us = at_us;
    read->frames[0].n = sizeof frame;
    memcpy(read->frames[0].bytes, frame, sizeof frame);
    read->value_count = 4;
    read->values[0] = (struct heng_value){
        .key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH}, .has_value = true, .dec = {energy_wh, 3}};
    read->values[1] = (struct heng_value){.key = {.quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH, .storage = 1},
                                          .has_value = true,
                                          .dec = {7, 3}};
    read->values[2] = (struct heng_value){
        .key = {.quantity = HENG_QUANTITY_POWER, .unit = HENG_UNIT_W}, .has_value = true, .dec = {-1250, -1}};
    read->values[3] = (struct heng_value){.key = {.quantity = HENG_QUANTITY_FLOW_TEMPERATURE, .unit = HENG_UNIT_DEG_C},
                                          .reason = "not available"};
}

static inline struct heng_fact fact_of(const struct heng_read *read)
{
    return (struct heng_fact){.kind = HENG_FACT_READ, .read = read};
}

static inline void ingest_one(struct heng_store *store, const struct heng_read *read, struct heng_ingested *ingested)
{
    struct heng_err err;
    struct heng_fact fact = fact_of(read);
    assert_ok(heng_ingest(store, &fact, 1, INGEST_NOW_US, ingested, &err));
}

#endif
