#include "spool/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "spool/inside.h"

void heng_spool_close(struct heng_spool *spool)
{
    if (!spool) return;
    heng_spool_rollback(spool);
    spool_sql_close(spool);
    if (spool->lock >= 0) close(spool->lock);
    free(spool->thin.devices);
    free(spool->body);
    free(spool->value);
    free(spool);
}

uint64_t heng_spool_epoch(const struct heng_spool *spool) { return spool->safe.epoch; }
uint64_t heng_spool_first(const struct heng_spool *spool) { return (uint64_t)(spool->safe.first - spool->safe.base); }
uint64_t heng_spool_last(const struct heng_spool *spool) { return (uint64_t)(spool->safe.given - spool->safe.base); }
uint64_t heng_spool_count(const struct heng_spool *spool) { return spool->safe.count; }
bool heng_spool_is_open(const struct heng_spool *spool) { return spool->in_transaction; }

int64_t heng_spool_bytes(const struct heng_spool *spool)
{
    return (spool->pages - spool->free_pages) * SPOOL_PAGE_BYTES;
}

/* --- checks ------------------------------------------------------------------------------------------------------ */

uint64_t spool_meta_check(int64_t format, const struct spool_numbers *numbers)
{
    struct heng_entry all = {.epoch = numbers->epoch, .seq = (uint64_t)numbers->given, .at_us = numbers->base};
    all.subject_id = format;
    return heng_entry_check(&all);
}

uint64_t spool_value_check(struct heng_slice name, struct heng_slice value)
{
    struct heng_entry of_name = {.body = name}, all = {.body = value};
    all.seq = heng_entry_check(&of_name);
    return heng_entry_check(&all);
}

/* The check says nothing of who the maker is, for it does not know that itself: the journal adds it. */
static uint64_t stored_check(uint64_t check, int64_t maker)
{
    return check ^ (uint64_t)maker * UINT64_C(0x9E3779B97F4A7C15);
}

/* --- transactions ------------------------------------------------------------------------------------------------ */

static heng_rc usable(const struct heng_spool *spool, struct heng_err *err)
{
    if (!spool->broken) return HENG_OK;
    return heng_fail(err, HENG_EIO, 0, "journal '%s': the disk failed before: open it again", spool->path);
}

static void end_walk(struct heng_spool *spool)
{
    if (spool->statements[SPOOL_WALK]) sqlite3_reset(spool->statements[SPOOL_WALK]);
    spool->walking = false;
    spool->walk_from = 0;
}

heng_rc spool_begin(struct heng_spool *spool, struct heng_err *err)
{
    heng_rc rc = usable(spool, err);
    end_walk(spool);
    if (rc != HENG_OK || spool->in_transaction) return rc;
    (void)spool_statement(spool, SPOOL_BEGIN);
    rc = spool_run(spool, SPOOL_BEGIN, err);
    spool->in_transaction = rc == HENG_OK;
    if (rc == HENG_OK) spool_log_note(spool);
    return rc;
}

void heng_spool_rollback(struct heng_spool *spool)
{
    if (!spool->in_transaction) return;
    spool->in_transaction = false;
    spool->now = spool->safe;
    spool_thin_forget(spool);
    end_walk(spool);
    /* SQLite has rolled back by itself after the graver errors. */
    if (!sqlite3_get_autocommit(spool->db)) {
        struct heng_err err;
        (void)spool_statement(spool, SPOOL_ROLLBACK);
        if (spool_run(spool, SPOOL_ROLLBACK, &err) != HENG_OK) spool->broken = true;
    }
    struct heng_err err;
    if (!spool->broken && spool_count_pages(spool, &err) != HENG_OK) spool->broken = true;
}

void spool_checkpoint(struct heng_spool *spool, int mode)
{
    struct heng_err err;
    if (sqlite3_wal_checkpoint_v2(spool->db, NULL, mode, NULL, NULL) == SQLITE_OK)
        spool->wal_frames = 0;
    else
        (void)spool_fail(spool, "checkpoint", &err);
}

static int64_t bytes_on_disk(struct heng_spool *spool)
{
    return spool->pages * SPOOL_PAGE_BYTES + spool_log_size(spool);
}

/* The file gives back what is more than its share: after the limits were lowered, or a large transaction. */
static heng_rc shrink(struct heng_spool *spool, struct heng_err *err)
{
    enum { STEP_PAGES = 64 };
    char text[64];
    int64_t over = spool->pages - spool->room_pages;
    int64_t n = over < spool->free_pages ? over : spool->free_pages;
    if (n <= 0) return HENG_OK;
    (void)snprintf(text, sizeof text, "PRAGMA incremental_vacuum(%d)", n < STEP_PAGES ? (int)n : STEP_PAGES);
    heng_rc rc = spool_exec(spool, "shrink", text, err);
    if (rc == HENG_OK) rc = spool_count_pages(spool, err);
    (void)snprintf(text, sizeof text, "PRAGMA max_page_count = %lld",
                   (long long)((spool->limits.bytes_max - 64 * 1024) / SPOOL_PAGE_BYTES));
    if (rc == HENG_OK) rc = spool_exec(spool, "shrink", text, err);
    if (rc == HENG_OK) spool_checkpoint(spool, SQLITE_CHECKPOINT_TRUNCATE);
    return rc;
}

/* What is committed is safe whatever happens here: a failure shows in the next call. */
static void tidy(struct heng_spool *spool)
{
    struct heng_err err;
    int64_t log_frames = spool_log_bytes(spool->limits.bytes_max) / 2 / SPOOL_PAGE_BYTES;
    if (spool_count_pages(spool, &err) != HENG_OK) spool->broken = true;
    if (!spool->broken && spool->wal_frames >= log_frames) spool_checkpoint(spool, SQLITE_CHECKPOINT_PASSIVE);
    if (!spool->broken && shrink(spool, &err) != HENG_OK && err.rc != HENG_ELIMIT) spool->broken = true;
    if (!spool->broken && bytes_on_disk(spool) > spool->limits.bytes_max)
        spool_checkpoint(spool, SQLITE_CHECKPOINT_TRUNCATE);
}

/* A commit that found the disk full is taken back for good, or nobody goes on with this connection. */
static heng_rc make_sure(struct heng_spool *spool, heng_rc rc, struct heng_err *err)
{
    if (spool->broken || spool_log_take_back(spool)) return rc;
    spool->broken = true;
    return heng_fail(err, HENG_EIO, 0, "journal '%s': the disk was full in the middle of a commit: open it again",
                     spool->path);
}

heng_rc heng_spool_commit(struct heng_spool *spool, struct heng_err *err)
{
    if (!spool->in_transaction) return usable(spool, err);
    heng_rc rc = usable(spool, err);
    end_walk(spool);
    (void)spool_statement(spool, SPOOL_COMMIT);
    if (rc == HENG_OK) rc = spool_run(spool, SPOOL_COMMIT, err);
    if (rc != HENG_OK) {
        heng_spool_rollback(spool);
        return make_sure(spool, rc, err);
    }
    spool->in_transaction = false;
    spool->safe = spool->now;
    tidy(spool);
    return HENG_OK;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

heng_rc spool_write_meta(struct heng_spool *spool, const struct spool_numbers *numbers, struct heng_err *err)
{
    char mark[SPOOL_MARK_CAP];
    spool_epoch_mark(numbers->epoch, mark);
    sqlite3_stmt *row = spool_statement(spool, SPOOL_SET_META);
    if (row) {
        sqlite3_bind_int64(row, 1, SPOOL_FORMAT);
        sqlite3_bind_int64(row, 2, (int64_t)numbers->epoch);
        sqlite3_bind_int64(row, 3, numbers->base);
        sqlite3_bind_int64(row, 4, numbers->given);
        sqlite3_bind_int64(row, 5, (int64_t)spool_meta_check(SPOOL_FORMAT, numbers));
        sqlite3_bind_text(row, 6, mark, -1, SQLITE_STATIC);
    }
    heng_rc rc = spool_run(spool, SPOOL_SET_META, err);
    if (row) sqlite3_clear_bindings(row); /* mark goes out of scope */
    return rc;
}

heng_rc heng_spool_new_epoch(struct heng_spool *spool, heng_us now_us, struct heng_err *err)
{
    heng_rc rc = spool_begin(spool, err);
    if (rc != HENG_OK) return rc;
    /* The rows stay as they are: numbers are counted from the oldest of them, their checks made when they are read. */
    struct spool_numbers next = spool->now;
    next.epoch = now_us > 0 && (uint64_t)now_us > next.epoch ? (uint64_t)now_us : next.epoch + 1;
    next.base = next.first - 1;
    rc = spool_write_meta(spool, &next, err);
    if (rc == HENG_OK)
        spool->now = next;
    else
        heng_spool_rollback(spool);
    return rc;
}

/* sqlite3_bind_blob makes NULL of no bytes. */
static void bind_bytes(sqlite3_stmt *row, int at, struct heng_slice bytes)
{
    if (bytes.n)
        sqlite3_bind_blob64(row, at, bytes.p, bytes.n, SQLITE_STATIC);
    else
        sqlite3_bind_zeroblob(row, at, 0);
}

static heng_rc insert(struct heng_spool *spool, int64_t id, const struct heng_entry *entry, struct heng_err *err)
{
    sqlite3_stmt *row = spool_statement(spool, SPOOL_APPEND);
    if (row) {
        sqlite3_bind_int64(row, 1, id);
        sqlite3_bind_int64(row, 2, entry->at_us);
        sqlite3_bind_int64(row, 3, entry->kind);
        sqlite3_bind_int64(row, 4, entry->rank);
        sqlite3_bind_int64(row, 5, entry->subject_id);
        sqlite3_bind_int64(row, 6, entry->doubtful);
        sqlite3_bind_int64(row, 7, entry->gateway_id);
        sqlite3_bind_int64(row, 8, (int64_t)entry->epoch);
        sqlite3_bind_int64(row, 9, (int64_t)entry->seq);
        sqlite3_bind_int64(row, 10, (int64_t)stored_check(entry->check, entry->gateway_id));
        bind_bytes(row, 11, entry->body);
    }
    heng_rc rc = spool_run(spool, SPOOL_APPEND, err);
    if (row) sqlite3_clear_bindings(row);
    return rc;
}

heng_rc heng_spool_append(struct heng_spool *spool, const struct heng_entry *entry, uint64_t *ret_seq,
                          struct heng_err *err)
{
    heng_rc rc = spool_begin(spool, err);
    if (rc == HENG_OK && entry->body.n > HENG_ENTRY_BODY_MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "an entry of %zu bytes is too long for the journal", entry->body.n);
    struct heng_entry made = *entry;
    int64_t id = spool->now.given + 1;
    if (made.gateway_id == 0) {
        made.epoch = spool->now.epoch;
        made.seq = (uint64_t)(id - spool->now.base);
        made.check = heng_entry_check(&made);
    }
    if (rc == HENG_OK) rc = insert(spool, id, &made, err);
    if (rc != HENG_OK) {
        heng_spool_rollback(spool);
        return rc;
    }
    if (spool->now.count++ == 0) spool->now.first = id;
    spool->now.given = id;
    if (spool->limits.weaken_for_tests == HENG_SPOOL_SHOW_EARLY) spool->safe = spool->now;
    *ret_seq = (uint64_t)(id - spool->now.base);
    return HENG_OK;
}

heng_rc heng_spool_keep(struct heng_spool *spool, const char *name, struct heng_slice value, struct heng_err *err)
{
    size_t n = strlen(name);
    heng_rc rc = spool_begin(spool, err);
    if (rc == HENG_OK && (n == 0 || n > SPOOL_NAME_MAX || value.n > SPOOL_VALUE_MAX))
        rc = heng_fail(err, HENG_ELIMIT, 0, "the journal cannot remember '%.64s': name or value is too long", name);
    spool_sql sql = value.n ? SPOOL_KEEP : SPOOL_FORGET;
    if (rc == HENG_OK) {
        sqlite3_stmt *row = spool_statement(spool, sql);
        if (row) sqlite3_bind_text(row, 1, name, (int)n, SQLITE_STATIC);
        if (row && value.n) {
            sqlite3_bind_int64(row, 2, (int64_t)spool_value_check(heng_slice_str(name), value));
            bind_bytes(row, 3, value);
        }
        rc = spool_run(spool, sql, err);
        if (row) sqlite3_clear_bindings(row);
    }
    if (rc != HENG_OK) heng_spool_rollback(spool);
    return rc;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

/* One of ours that was made in an earlier epoch has another number now, and a check that fits it. */
static bool number_anew(const struct heng_spool *spool, struct heng_spool_item *item)
{
    struct heng_entry *entry = &item->entry;
    if (entry->epoch == spool->safe.epoch) return entry->seq == item->seq;
    if (entry->epoch > spool->safe.epoch) return false;
    entry->epoch = spool->safe.epoch;
    entry->seq = item->seq;
    entry->check = heng_entry_check(entry);
    return true;
}

bool spool_entry_of(const int64_t numbers[static SPOOL_ENTRY_NUMBERS], struct heng_slice body, struct heng_entry *ret)
{
    int64_t kind = numbers[1], rank = numbers[2], doubtful = numbers[4];
    bool possible = kind >= 0 && kind <= UINT32_MAX && heng_entry_kind_is((uint32_t)kind) && rank >= 0 &&
                    rank <= UINT32_MAX && heng_entry_rank_is((uint32_t)rank) && (doubtful == 0 || doubtful == 1) &&
                    body.n <= HENG_ENTRY_BODY_MAX;
    *ret = (struct heng_entry){.gateway_id = numbers[5],
                               .epoch = (uint64_t)numbers[6],
                               .seq = (uint64_t)numbers[7],
                               .at_us = numbers[0],
                               .kind = possible ? (heng_entry_kind)kind : HENG_ENTRY_EVENT,
                               .rank = possible ? (heng_entry_rank)rank : HENG_ENTRY_RANK_LASTING,
                               .subject_id = numbers[3],
                               .doubtful = doubtful != 0,
                               .check = stored_check((uint64_t)numbers[8], numbers[5]),
                               .body = body};
    return possible && ret->check == heng_entry_check(ret);
}

heng_rc spool_item_of_row(struct heng_spool *spool, sqlite3_stmt *row, struct heng_spool_item *ret,
                          struct heng_err *err)
{
    struct heng_spool_item item = {.seq = (uint64_t)(sqlite3_column_int64(row, 0) - spool->safe.base)};
    int64_t numbers[SPOOL_ENTRY_NUMBERS];
    for (int i = 0; i < SPOOL_ENTRY_NUMBERS; i++) numbers[i] = sqlite3_column_int64(row, i + 1);
    const void *body = sqlite3_column_blob(row, 10);
    size_t n = (size_t)sqlite3_column_bytes(row, 10);
    if (sqlite3_errcode(spool->db) == SQLITE_NOMEM) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    bool whole = n <= HENG_ENTRY_BODY_MAX;
    if (!whole) n = 0;
    if (n) memcpy(spool->body, body, n);
    item.sound = spool_entry_of(numbers, heng_slice_of(spool->body, n), &item.entry) && whole;
    if (item.sound && item.entry.gateway_id == 0) item.sound = number_anew(spool, &item);
    *ret = item;
    return HENG_OK;
}

/* Ids of committed entries; a number behind the last one is none. */
static int64_t id_of(const struct heng_spool *spool, uint64_t seq)
{
    uint64_t last = heng_spool_last(spool);
    return seq > last ? INT64_MAX : spool->safe.base + (int64_t)(seq ? seq : 1);
}

void heng_spool_seek(struct heng_spool *spool, uint64_t seq)
{
    end_walk(spool);
    spool->walk_from = id_of(spool, seq);
}

heng_rc heng_spool_next(struct heng_spool *spool, struct heng_spool_item *ret, struct heng_err *err)
{
    heng_rc rc = usable(spool, err);
    if (rc != HENG_OK) return rc;
    if (spool->walk_from == 0) return heng_fail(err, HENG_EBUG, 0, "the walk has ended: seek first");
    if (spool->walk_from > spool->safe.given) return HENG_ENOTFOUND;
    sqlite3_stmt *row = spool->statements[SPOOL_WALK];
    if (!spool->walking) {
        row = spool_statement(spool, SPOOL_WALK);
        if (row) sqlite3_bind_int64(row, 1, spool->walk_from);
        if (row) sqlite3_bind_int64(row, 2, spool->safe.given);
    }
    rc = spool_step(spool, SPOOL_WALK, err);
    if (rc == HENG_OK) {
        spool->walking = true;
        rc = spool_item_of_row(spool, row, ret, err);
        spool->walk_from = sqlite3_column_int64(row, 0) + 1;
    } else if (rc == HENG_ENOTFOUND) {
        spool->walking = false;
        spool->walk_from = INT64_MAX;
    }
    return rc;
}

heng_rc heng_spool_get(struct heng_spool *spool, uint64_t seq, struct heng_spool_item *ret, struct heng_err *err)
{
    heng_rc rc = usable(spool, err);
    if (rc != HENG_OK) return rc;
    if (seq == 0 || seq > heng_spool_last(spool)) return HENG_ENOTFOUND;
    sqlite3_stmt *row = spool_statement(spool, SPOOL_GET);
    if (row) sqlite3_bind_int64(row, 1, id_of(spool, seq));
    rc = spool_step(spool, SPOOL_GET, err);
    if (rc == HENG_OK) rc = spool_item_of_row(spool, row, ret, err);
    if (row) sqlite3_reset(row);
    return rc;
}

/* The row of RECALL or RECALL_NEXT, whose statement is reset. ret_name may be NULL. */
static heng_rc take_value(struct heng_spool *spool, sqlite3_stmt *row, char *ret_name, struct heng_slice *ret,
                          struct heng_err *err)
{
    const void *name = sqlite3_column_blob(row, 0), *value = sqlite3_column_blob(row, 2);
    struct heng_slice n = heng_slice_of(name, (size_t)sqlite3_column_bytes(row, 0));
    struct heng_slice v = heng_slice_of(value, (size_t)sqlite3_column_bytes(row, 2));
    bool no_memory = sqlite3_errcode(spool->db) == SQLITE_NOMEM;
    if (!no_memory && v.n > spool->value_cap) {
        uint8_t *grown = realloc(spool->value, v.n);
        no_memory = !grown;
        if (grown) spool->value = grown;
        if (grown) spool->value_cap = v.n;
    }
    if (no_memory) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (n.n == 0 || n.n > SPOOL_NAME_MAX || spool_value_check(n, v) != (uint64_t)sqlite3_column_int64(row, 1))
        return heng_fail(err, HENG_EIO, 0, "journal '%s' remembers something damaged: open it again", spool->path);
    if (ret_name) {
        memcpy(ret_name, n.p, n.n);
        ret_name[n.n] = '\0';
    }
    if (v.n) memcpy(spool->value, v.p, v.n);
    *ret = heng_slice_of(spool->value, v.n);
    return HENG_OK;
}

/* What is bound is the caller's. */
static void let_go(sqlite3_stmt *row)
{
    if (!row) return;
    sqlite3_reset(row);
    sqlite3_clear_bindings(row);
}

heng_rc heng_spool_recall(struct heng_spool *spool, const char *name, struct heng_slice *ret, struct heng_err *err)
{
    heng_rc rc = usable(spool, err);
    if (rc != HENG_OK) return rc;
    sqlite3_stmt *row = spool_statement(spool, SPOOL_RECALL);
    if (row) sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
    rc = spool_step(spool, SPOOL_RECALL, err);
    if (rc == HENG_OK) rc = take_value(spool, row, NULL, ret, err);
    let_go(row);
    return rc;
}

heng_rc heng_spool_recall_next(struct heng_spool *spool, const char *prefix, const char *after,
                               char ret_name[static 65], struct heng_slice *ret, struct heng_err *err)
{
    char name[SPOOL_NAME_MAX + 1];
    struct heng_slice value;
    heng_rc rc = usable(spool, err);
    if (rc != HENG_OK) return rc;
    sqlite3_stmt *row = spool_statement(spool, SPOOL_RECALL_NEXT);
    if (row) sqlite3_bind_text(row, 1, after, -1, SQLITE_STATIC);
    if (row) sqlite3_bind_text(row, 2, prefix, -1, SQLITE_STATIC);
    rc = spool_step(spool, SPOOL_RECALL_NEXT, err);
    if (rc == HENG_OK) rc = take_value(spool, row, name, &value, err);
    let_go(row);
    if (rc == HENG_OK && strncmp(name, prefix, strlen(prefix)) != 0) rc = HENG_ENOTFOUND;
    if (rc != HENG_OK) return rc;
    (void)snprintf(ret_name, 65, "%s", name);
    *ret = value;
    return HENG_OK;
}
