#include "store/store.h"

#include "store/db.h"
#include "store/usage.h"

#define X(symbol, text) text,
static const char *const meter_state_texts[] = {HENG_METER_STATE_LIST(X)};
#undef X

const char *heng_meter_state_text(heng_meter_state state)
{
    return state < HENG_METER_STATE_COUNT ? meter_state_texts[state] : "unknown";
}

heng_meter_state heng_meter_state_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_METER_STATE_COUNT && strcmp(meter_state_texts[i], text) != 0) i++;
    return (heng_meter_state)i;
}

struct heng_store_reader *heng_store_as_reader(struct heng_store *store) { return &store->reader; }

/* On a server, hold on to the number that this writer got when it opened: who took over meanwhile has counted it on,
 * and who wants to has to wait until this transaction has ended. */
static heng_rc hold_fence(struct heng_store *store, struct heng_err *err)
{
    struct heng_query q;
    struct heng_db *db = &store->reader.db;
    if (!db->postgres) return HENG_OK;
    heng_query_begin(&q, db, HENG_SQL_FENCE_HOLD);
    heng_query_int(&q, store->fence);
    heng_rc rc = heng_query_step(&q, err);
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    heng_store_rollback(store);
    db->broken = true;
    return heng_fail(err, HENG_EIO, 0, "database '%s': another Heng writes into it now", db->path);
}

heng_rc heng_store_begin(struct heng_store *store, struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    if (db->in_transaction) return heng_fail(err, HENG_EBUG, 0, "a transaction is open already");
    heng_rc rc = heng_db_run(db, HENG_SQL_BEGIN_WRITE, NULL, err);
    if (rc != HENG_OK) return rc;
    db->in_transaction = true;
    memcpy(store->saved, store->next, sizeof store->saved);
    rc = hold_fence(store, err);
    if (rc != HENG_OK) heng_store_rollback(store);
    return rc;
}

heng_rc heng_store_commit(struct heng_store *store, struct heng_err *err)
{
    struct heng_db *db = &store->reader.db;
    if (!db->in_transaction) return heng_fail(err, HENG_EBUG, 0, "no transaction is open");
    heng_rc rc = heng_store_flush_touched(store, err);
    if (rc == HENG_OK) rc = heng_db_run(db, HENG_SQL_COMMIT, NULL, err);
    if (rc != HENG_OK)
        heng_store_rollback(store);
    else
        db->in_transaction = false;
    return rc;
}

void heng_store_rollback(struct heng_store *store)
{
    struct heng_db *db = &store->reader.db;
    if (!db->in_transaction) return;
    db->in_transaction = false;
    memcpy(store->next, store->saved, sizeof store->next);
    memset(store->touched, 0, sizeof store->touched);
    store->touched_n = 0;
    memset(store->months, 0, sizeof store->months); /* one that was made is gone with the rest */
    /* SQLite has rolled back by itself after the graver errors. */
    if (!db->engine->busy(db)) return;
    struct heng_err err;
    bool was_broken = db->broken;
    db->broken = false;
    heng_rc rc = heng_db_run(db, HENG_SQL_ROLLBACK, NULL, &err);
    db->broken = was_broken || rc != HENG_OK;
}

heng_rc heng_store_reader_begin(struct heng_store_reader *reader, struct heng_err *err)
{
    /* The writer's own questions see its transaction already. */
    if (reader->db.in_transaction) return heng_fail(err, HENG_EBUG, 0, "a transaction is open already");
    heng_rc rc = heng_db_run(&reader->db, HENG_SQL_BEGIN_READ, NULL, err);
    /* The server was away since the last question: it is another connection now. */
    if (rc == HENG_EIO && reader->db.postgres) rc = heng_db_run(&reader->db, HENG_SQL_BEGIN_READ, NULL, err);
    reader->db.in_transaction = rc == HENG_OK;
    return rc;
}

void heng_store_reader_end(struct heng_store_reader *reader)
{
    if (!reader->db.in_transaction) return;
    reader->db.in_transaction = false;
    struct heng_err err;
    if (heng_db_run(&reader->db, HENG_SQL_COMMIT, NULL, &err) != HENG_OK && reader->db.engine->busy(&reader->db))
        reader->db.broken = heng_db_run(&reader->db, HENG_SQL_ROLLBACK, NULL, &err) != HENG_OK;
}
