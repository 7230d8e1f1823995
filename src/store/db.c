/* What the engines have in common: which statement is which, and columns one after the other. */
#include "store/db_rows.h"

#include <stdio.h>

static const struct {
    const char *name, *sqlite, *postgres;
} statements[] = {
#define X(symbol, name, sqlite, postgres) {name, sqlite, postgres},
    HENG_SQL_LIST(X)
#undef X
};

const char *heng_db_sql_text(const struct heng_db *db, heng_sql sql)
{
    return db->postgres ? statements[sql].postgres : statements[sql].sqlite;
}

const char *heng_db_sql_name(heng_sql sql) { return statements[sql].name; }

bool heng_db_is_postgres(const char *name)
{
    return strncmp(name, "postgresql://", 13) == 0 || strncmp(name, "postgres://", 11) == 0;
}

void heng_db_close(struct heng_db *db)
{
    if (db->engine) db->engine->close(db);
    *db = (struct heng_db){0};
}

heng_rc heng_db_exec(struct heng_db *db, const char *what, const char *text, int64_t *ret, struct heng_err *err)
{
    int64_t number = 0;
    heng_rc rc = db->engine->exec(db, what, text, &number, err);
    if (rc == HENG_OK && ret) *ret = number;
    return rc;
}

heng_rc heng_db_run(struct heng_db *db, heng_sql sql, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, db, sql);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK && ret) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND && !ret ? HENG_OK : rc;
}

void heng_query_begin(struct heng_query *q, struct heng_db *db, heng_sql sql)
{
    *q = (struct heng_query){.db = db, .sql = sql};
    db->asked[sql]++;
    db->engine->begin(q);
}

void heng_query_null(struct heng_query *q)
{
    q->bound++;
    if (q->code == 0) q->db->engine->bind_null(q);
}

void heng_query_int(struct heng_query *q, int64_t value)
{
    q->bound++;
    if (q->code == 0) q->db->engine->bind_int(q, value);
}

void heng_query_text(struct heng_query *q, const char *text)
{
    q->bound++;
    if (q->code == 0) q->db->engine->bind_text(q, text);
}

void heng_query_blob(struct heng_query *q, struct heng_slice bytes)
{
    q->bound++;
    if (q->code == 0) q->db->engine->bind_blob(q, bytes);
}

heng_rc heng_query_step(struct heng_query *q, struct heng_err *err)
{
    q->column = 0;
    return q->db->engine->step(q, err);
}

bool heng_query_is_null(const struct heng_query *q) { return q->db->engine->is_null(q); }

int64_t heng_query_get_int(struct heng_query *q)
{
    int64_t value = q->db->engine->get_int(q);
    q->column++;
    return value;
}

const char *heng_query_peek_text(struct heng_query *q)
{
    struct heng_slice text = q->db->engine->get_text(q);
    q->column++;
    return text.n ? (const char *)text.p : "";
}

void heng_query_get_text(struct heng_query *q, char *ret_text, size_t cap)
{
    snprintf(ret_text, cap, "%s", heng_query_peek_text(q));
}

struct heng_slice heng_query_get_blob(struct heng_query *q)
{
    struct heng_slice bytes = q->db->engine->get_blob(q);
    q->column++;
    return bytes;
}

void heng_query_end(struct heng_query *q) { q->db->engine->end(q); }

heng_rc heng_query_finish(struct heng_query *q, struct heng_err *err)
{
    heng_rc rc = heng_query_step(q, err);
    heng_query_end(q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_query_queue(struct heng_query *q, struct heng_err *err)
{
    if (!q->db->engine->queue || !q->db->in_transaction) return heng_query_finish(q, err);
    heng_rc rc = q->db->engine->queue(q, err);
    heng_query_end(q);
    return rc;
}

heng_rc heng_db_settle(struct heng_db *db, struct heng_err *err)
{
    return db->engine->settle ? db->engine->settle(db, err) : HENG_OK;
}

heng_rc heng_query_finish_text(struct heng_query *q, struct heng_slice text, struct heng_err *err)
{
    struct heng_str copy = {.max = text.n + 1};
    heng_str_put(&copy, (const char *)text.p, text.n);
    heng_query_text(q, copy.text ? copy.text : "");
    heng_rc rc = heng_query_finish(q, err);
    heng_str_fini(&copy);
    return rc;
}

heng_rc heng_db_text_for(struct heng_db *db, heng_sql sql, heng_medium medium, const char *group_name, int32_t day,
                         int64_t *ret_version, struct heng_str *ret_text, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, db, sql);
    heng_query_text(&q, heng_medium_text(medium));
    heng_query_text(&q, group_name);
    heng_query_int(&q, day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_version = heng_query_get_int(&q);
        const char *text = heng_query_peek_text(&q);
        heng_str_put(ret_text, text, strlen(text));
        rc = ret_text->rc;
    }
    heng_query_end(&q);
    return rc;
}
