#include "store/sketch.h"

#include <string.h>

#include "store/db.h"

static const struct {
    const char *name;
    heng_sql backup;
} tables[] = {
#define X(table, backup, disable, enable) {table, HENG_SQL_##backup},
    HENG_TABLE_LIST(X)
#undef X
};
enum { TABLE_COUNT = sizeof tables / sizeof *tables };

static const struct {
    int version;
    const char *table, *letters;
    heng_sql restore;
} shapes[] = {
#define X(version, table, letters, restore) {version, table, letters, HENG_SQL_##restore},
    HENG_SHAPE_LIST(X)
#undef X
};

/* What is not copied: facts, what is derived of them, and logs. It is what makes a database large. */
static const char *const left_out[] = {
    "frame",           "reading",       "reading_condition", "reading_conflict", "reading_doubt",  "device_state",
    "line_state",      "line_event",    "read_day",          "usage_checkpoint", "usage_day",      "usage_due",
    "usage_estimate",  "verdict",       "verdict_answer",    "command",          "search",         "search_found",
    "gateway_event",   "gateway_gap",   "gateway_refused",   "gateway_journal",  "gateway_status", "check_due",
    "check_group_due", "gateway_check", "enrolment",         "weather",
};

static bool is_left_out(const char *table)
{
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (strcmp(left_out[i], table) == 0) return true;
    return false;
}

static heng_rc copy_row(struct heng_query *from, struct heng_db *to, heng_sql restore, const char *letters,
                        struct heng_err *err)
{
    struct heng_query put;
    heng_query_begin(&put, to, restore);
    for (size_t i = 0; letters[i]; i++) {
        from->column = (int)i;
        if (heng_query_is_null(from))
            heng_query_null(&put);
        else if (letters[i] == 'i')
            heng_query_int(&put, heng_query_get_int(from));
        else if (letters[i] == 't')
            heng_query_text(&put, heng_query_peek_text(from));
        else
            heng_query_blob(&put, heng_query_get_blob(from));
    }
    return heng_query_finish(&put, err);
}

static heng_rc copy_table(struct heng_db *from, struct heng_db *to, size_t table, struct heng_err *err)
{
    struct heng_query get;
    size_t shape = 0;
    while (shape < sizeof shapes / sizeof *shapes &&
           (shapes[shape].version != HENG_SCHEMA_VERSION || strcmp(shapes[shape].table, tables[table].name) != 0))
        shape++;
    if (shape == sizeof shapes / sizeof *shapes)
        return heng_fail(err, HENG_EBUG, 0, "table '%s' has no shape that fits", tables[table].name);
    heng_query_begin(&get, from, tables[table].backup);
    get.streamed = true;
    heng_rc rc;
    while ((rc = heng_query_step(&get, err)) == HENG_OK) {
        rc = copy_row(&get, to, shapes[shape].restore, shapes[shape].letters, err);
        if (rc != HENG_OK) break;
    }
    heng_query_end(&get);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* Rows are put as they are: what triggers made of them is copied, too, and a row may refer to a later one. */
static heng_rc copy_all(struct heng_store_reader *reader, struct heng_store *store, struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    heng_rc rc = heng_db_exec(db, "sketch", "PRAGMA foreign_keys = OFF", NULL, err);
    if (rc == HENG_OK) rc = heng_store_reader_begin(reader, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_begin(store, err);
    for (size_t i = 0; rc == HENG_OK && i < TABLE_COUNT; i++)
        if (!is_left_out(tables[i].name)) rc = copy_table(&reader->db, db, i, err);
    heng_store_reader_end(reader);
    return rc == HENG_OK ? heng_store_commit(store, err) : rc;
}

heng_rc heng_store_sketch(struct heng_store_reader *reader, const char *path, struct heng_store **ret,
                          struct heng_err *err)
{
    struct heng_store *store = NULL;
    heng_rc rc = heng_store_open_on(path, NULL, HENG_STORE_SYNC_OFF, &store, err);
    if (rc == HENG_OK) rc = copy_all(reader, store, err);
    heng_store_close(store);
    /* Opened again: with triggers, references and the next numbers of what is there now. */
    return rc == HENG_OK ? heng_store_open_on(path, NULL, HENG_STORE_SYNC_OFF, ret, err) : rc;
}
