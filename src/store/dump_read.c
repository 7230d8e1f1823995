/* The way back from a file (dump.c draws it) to a database. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/dump_inside.h"

enum { CHUNK_BYTES = 1 << 20 };

static const struct {
    int version;
    const char *table, *letters;
    heng_sql restore;
} shapes[] = {
#define X(version, table, letters, restore) {version, table, letters, HENG_SQL_##restore},
    HENG_SHAPE_LIST(X)
#undef X
};
enum { SHAPE_COUNT = sizeof shapes / sizeof *shapes };

static const struct {
    const char *table;
    heng_sql disable, enable;
} triggers[] = {
#define X(table, backup, disable, enable) {table, HENG_SQL_##disable, HENG_SQL_##enable},
    HENG_TABLE_LIST(X)
#undef X
};

/* --- the file --------------------------------------------------------------------------------------------- */

/* failed: the file ends too early, cannot be read, or says something that cannot be. */
struct in {
    const char *path;
    int fd;
    EVP_MD_CTX *hash;
    bool failed;
    uint64_t before; /* bytes of the file before the buffer */
    size_t at, n;
    uint8_t buffer[DUMP_BUFFER];
};

/* One row; texts and bytes lie in memory, each with a NUL behind it. */
struct row {
    const char *letters;
    size_t columns;
    bool null[DUMP_COLUMNS_MAX];
    int64_t ints[DUMP_COLUMNS_MAX];
    size_t from[DUMP_COLUMNS_MAX], length[DUMP_COLUMNS_MAX];
    uint8_t *memory;
    size_t used, cap;
};

static bool refill(struct in *in)
{
    if (in->failed || EVP_DigestUpdate(in->hash, in->buffer, in->n) != 1) return false;
    in->before += in->n;
    in->at = in->n = 0;
    ssize_t n;
    do n = read(in->fd, in->buffer, sizeof in->buffer);
    while (n < 0 && errno == EINTR);
    if (n > 0) in->n = (size_t)n;
    return n > 0;
}

static uint8_t get_byte(struct in *in)
{
    if (in->at == in->n && !refill(in)) {
        in->failed = true;
        return 0;
    }
    return in->buffer[in->at++];
}

static void get_bytes(struct in *in, uint8_t *ret, size_t n)
{
    for (size_t part; n > 0 && !in->failed; n -= part, ret += part) {
        if (in->at == in->n && !refill(in)) {
            in->failed = true;
            return;
        }
        part = n < in->n - in->at ? n : in->n - in->at;
        memcpy(ret, in->buffer + in->at, part);
        in->at += part;
    }
}

static uint64_t get_varint(struct in *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !in->failed; shift += 7) {
        uint8_t byte = get_byte(in);
        if (shift == 63 && byte > 1) break;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) return value;
    }
    in->failed = true;
    return 0;
}

/* A name of the file's own words, with its NUL. */
static void get_word(struct in *in, char *ret, size_t cap)
{
    uint64_t n = get_varint(in);
    if (n >= cap) in->failed = true;
    ret[0] = '\0';
    if (in->failed) return;
    get_bytes(in, (uint8_t *)ret, (size_t)n);
    ret[n] = '\0';
}

static void get_value(struct in *in, struct row *row, size_t i)
{
    uint64_t n = get_varint(in);
    if (row->letters[i] == 'i') {
        row->ints[i] = (int64_t)(n >> 1 ^ (n & 1 ? UINT64_MAX : 0));
        return;
    }
    if (n > DUMP_VALUE_MAX) in->failed = true;
    if (in->failed) return;
    if (row->cap - row->used < n + 1) {
        size_t cap = (row->used + (size_t)n + 1) * 2;
        uint8_t *memory = realloc(row->memory, cap);
        if (!memory) {
            in->failed = true;
            return;
        }
        row->memory = memory;
        row->cap = cap;
    }
    row->from[i] = row->used;
    row->length[i] = (size_t)n;
    get_bytes(in, row->memory + row->used, (size_t)n);
    row->memory[row->used + n] = '\0';
    row->used += (size_t)n + 1;
}

static void get_row(struct in *in, struct row *row)
{
    uint8_t nulls[DUMP_COLUMNS_MAX / 8] = {0};
    get_bytes(in, nulls, (row->columns + 7) / 8);
    row->used = 0;
    for (size_t i = 0; i < row->columns && !in->failed; i++) {
        row->null[i] = nulls[i / 8] >> i % 8 & 1;
        if (!row->null[i]) get_value(in, row, i);
    }
}

static struct heng_slice bytes_of(const struct row *row, size_t i)
{
    return heng_slice_of(row->memory + row->from[i], row->length[i]);
}

static heng_rc damaged(const struct in *in, struct heng_err *err)
{
    return heng_fail(err, HENG_EFORMAT, 0, "'%s' is damaged or cut short, at byte %llu: take another backup", in->path,
                     (unsigned long long)(in->before + in->at));
}

/* --- into the database ------------------------------------------------------------------------------------ */

/* Where rows go: store NULL while the file is only checked. chunk: rows for COPY. */
struct sink {
    struct heng_store *store;
    heng_sql restore;
    bool by_month;
    uint8_t *chunk;
    size_t n, cap;
};

static heng_rc insert_row(struct sink *sink, const struct row *row, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &sink->store->reader.db, sink->restore);
    for (size_t i = 0; i < row->columns; i++) {
        if (row->null[i])
            heng_query_null(&q);
        else if (row->letters[i] == 'i')
            heng_query_int(&q, row->ints[i]);
        else if (row->letters[i] == 't')
            heng_query_text(&q, (const char *)bytes_of(row, i).p);
        else
            heng_query_blob(&q, bytes_of(row, i));
    }
    return heng_query_finish(&q, err);
}

static void put_number(struct sink *sink, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0) sink->chunk[sink->n++] = (uint8_t)(value >> 8 * bytes);
}

static heng_rc flush(struct sink *sink, struct heng_err *err)
{
    if (sink->n == 0) return HENG_OK;
    heng_rc rc = heng_db_copy(&sink->store->reader.db, sink->restore, heng_slice_of(sink->chunk, sink->n), err);
    sink->n = 0;
    return rc;
}

/* A row as COPY wants it: number of columns, then each with its length, -1 for NULL. */
static heng_rc copy_row(struct sink *sink, const struct row *row, struct heng_err *err)
{
    size_t need = 2 + row->columns * 12 + row->used;
    heng_rc rc = HENG_OK;
    if (sink->by_month) rc = heng_store_need_month(sink->store, row->ints[1], err); /* at_us */
    if (rc == HENG_OK && sink->cap - sink->n < need) rc = flush(sink, err);
    if (rc == HENG_OK && sink->cap < need) {
        uint8_t *chunk = realloc(sink->chunk, need > CHUNK_BYTES ? need : CHUNK_BYTES);
        if (!chunk) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
        sink->chunk = chunk;
        sink->cap = need > CHUNK_BYTES ? need : CHUNK_BYTES;
    }
    if (rc != HENG_OK) return rc;
    put_number(sink, row->columns, 2);
    for (size_t i = 0; i < row->columns; i++) {
        bool number = row->letters[i] == 'i';
        put_number(sink, row->null[i] ? UINT32_MAX : number ? 8 : row->length[i], 4);
        if (row->null[i]) continue;
        if (number) {
            put_number(sink, (uint64_t)row->ints[i], 8);
        } else {
            memcpy(sink->chunk + sink->n, bytes_of(row, i).p, row->length[i]);
            sink->n += row->length[i];
        }
    }
    return HENG_OK;
}

static heng_rc take_row(struct sink *sink, const struct row *row, struct heng_err *err)
{
    if (!sink->store) return HENG_OK;
    return sink->store->reader.db.postgres ? copy_row(sink, row, err) : insert_row(sink, row, err);
}

/* Rows are put back as they were: what triggers once made of them is in the file as well. SQLite's are off for the
 * whole connection. */
static heng_rc switch_triggers(struct sink *sink, const char *table, bool on, struct heng_err *err)
{
    for (size_t i = 0; i < sizeof triggers / sizeof *triggers; i++)
        if (strcmp(triggers[i].table, table) == 0)
            return heng_db_run(&sink->store->reader.db, on ? triggers[i].enable : triggers[i].disable, NULL, err);
    return HENG_OK;
}

static heng_rc begin_table(struct sink *sink, size_t shape, struct heng_err *err)
{
    if (!sink->store) return HENG_OK;
    struct heng_db *db = &sink->store->reader.db;
    sink->restore = shapes[shape].restore;
    sink->by_month = strcmp(shapes[shape].table, "reading") == 0;
    if (!db->postgres) return HENG_OK;
    heng_rc rc = switch_triggers(sink, shapes[shape].table, false, err);
    return rc == HENG_OK ? heng_db_run(db, HENG_SQL_CHECK_LATER, NULL, err) : rc;
}

static heng_rc end_table(struct sink *sink, size_t shape, struct heng_err *err)
{
    if (!sink->store || !sink->store->reader.db.postgres) return HENG_OK;
    heng_rc rc = flush(sink, err);
    if (rc == HENG_OK) rc = heng_db_run(&sink->store->reader.db, HENG_SQL_CHECK_NOW, NULL, err);
    return rc == HENG_OK ? switch_triggers(sink, shapes[shape].table, true, err) : rc;
}

static heng_rc read_table(struct in *in, size_t shape, struct sink *sink, uint64_t *ret_rows, struct heng_err *err)
{
    char name[64], letters[DUMP_COLUMNS_MAX + 1];
    struct row row = {.letters = shapes[shape].letters, .columns = strlen(shapes[shape].letters)};
    uint64_t rows = 0;
    uint8_t mark = 'e';
    if (get_byte(in) != 't') in->failed = true;
    get_word(in, name, sizeof name);
    get_word(in, letters, sizeof letters);
    if (strcmp(name, shapes[shape].table) != 0 || strcmp(letters, row.letters) != 0) in->failed = true;
    heng_rc rc = in->failed ? damaged(in, err) : begin_table(sink, shape, err);
    for (; rc == HENG_OK && (mark = get_byte(in)) == 'r'; rows++) {
        get_row(in, &row);
        rc = in->failed ? damaged(in, err) : take_row(sink, &row, err);
    }
    free(row.memory);
    if (rc != HENG_OK) return rc;
    if (mark != 'e' || get_varint(in) != rows || in->failed) return damaged(in, err);
    *ret_rows += rows;
    return end_table(sink, shape, err);
}

static heng_rc read_head(struct in *in, int64_t *ret_version, struct heng_err *err)
{
    char magic[DUMP_MAGIC_N] = {0};
    get_bytes(in, (uint8_t *)magic, sizeof magic);
    if (memcmp(magic, HENG_DUMP_MAGIC, sizeof magic) != 0)
        return heng_fail(err, HENG_EFORMAT, 0, "'%s' is not a backup of Heng: check the path", in->path);
    uint8_t format = get_byte(in);
    uint64_t version = get_varint(in);
    if (in->failed) return damaged(in, err);
    if (format != DUMP_FORMAT || version > HENG_SCHEMA_VERSION)
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "'%s' was made by a newer Heng (schema %llu, this program knows %d): update Heng", in->path,
                         (unsigned long long)version, HENG_SCHEMA_VERSION);
    if (version < HENG_FIRST_BACKUP_VERSION) return damaged(in, err);
    *ret_version = (int64_t)version;
    return HENG_OK;
}

/* The end: what was counted, and the hash of all before it, behind which nothing comes. */
static heng_rc read_tail(struct in *in, struct heng_dump_told *told, struct heng_err *err)
{
    uint8_t claimed[32];
    if (get_byte(in) != 'z' || get_varint(in) != told->tables || get_varint(in) != told->rows || in->failed)
        return damaged(in, err);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool good = hash && EVP_MD_CTX_copy_ex(hash, in->hash) == 1 && EVP_DigestUpdate(hash, in->buffer, in->at) == 1 &&
                EVP_DigestFinal_ex(hash, told->sha256, NULL) == 1;
    EVP_MD_CTX_free(hash);
    if (!good) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    get_bytes(in, claimed, sizeof claimed);
    told->bytes = in->before + in->at;
    if (in->failed || memcmp(claimed, told->sha256, sizeof claimed) != 0) return damaged(in, err);
    if (in->at < in->n || refill(in)) return damaged(in, err);
    return HENG_OK;
}

static heng_rc read_all(struct in *in, struct sink *sink, struct heng_dump_told *told, struct heng_err *err)
{
    *told = (struct heng_dump_told){0};
    heng_rc rc = read_head(in, &told->schema, err);
    if (rc == HENG_OK && sink->store) rc = heng_db_migrate(&sink->store->reader.db, 0, told->schema, err);
    if (rc == HENG_OK && sink->store && !sink->store->reader.db.postgres)
        rc = heng_db_run(&sink->store->reader.db, HENG_SQL_CHECK_LATER, NULL, err);
    for (size_t i = 0; rc == HENG_OK && i < SHAPE_COUNT; i++) {
        if (shapes[i].version != told->schema) continue;
        rc = read_table(in, i, sink, &told->rows, err);
        told->tables++;
    }
    return rc == HENG_OK ? read_tail(in, told, err) : rc;
}

/* Read a file from its beginning. */
static heng_rc read_file(const char *path, struct heng_store *store, struct heng_dump_told *told, struct heng_err *err)
{
    struct sink sink = {.store = store};
    struct in *in = calloc(1, sizeof *in);
    if (!in) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    in->path = path;
    in->hash = EVP_MD_CTX_new();
    in->fd = open(path, O_RDONLY | O_CLOEXEC);
    heng_rc rc = HENG_OK;
    if (in->fd < 0)
        rc = heng_fail(err, errno == ENOENT ? HENG_ENOTFOUND : HENG_EIO, 0, "cannot read '%s': %s", path,
                       strerror(errno));
    else if (!in->hash || EVP_DigestInit_ex(in->hash, EVP_sha256(), NULL) != 1)
        rc = heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK) rc = read_all(in, &sink, told, err);
    if (in->fd >= 0) close(in->fd);
    EVP_MD_CTX_free(in->hash);
    free(sink.chunk);
    free(in);
    return rc;
}

/* --- both ------------------------------------------------------------------------------------------------- */

struct job {
    const char *file;
    struct heng_dump_told *told;
};

/* In the transaction that makes the database. What is there now is written once more, to nowhere, and has to have the
 * hash of the file. */
static heng_rc fill(struct heng_store *store, void *owner, struct heng_err *err)
{
    struct job *job = owner;
    struct heng_db *db = &store->reader.db;
    struct heng_dump_told checked = *job->told, now;
    if (!db->postgres) sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    heng_rc rc = read_file(job->file, store, job->told, err);
    if (rc == HENG_OK && memcmp(checked.sha256, job->told->sha256, sizeof checked.sha256) != 0)
        return heng_fail(err, HENG_EFORMAT, 0, "'%s' was changed while it was read", job->file);
    if (rc == HENG_OK && job->told->schema < HENG_SCHEMA_VERSION)
        return heng_db_migrate(db, job->told->schema, HENG_SCHEMA_VERSION, err);
    if (rc == HENG_OK) rc = heng_dump_write(db, -1, &now, err);
    if (rc == HENG_OK && memcmp(now.sha256, job->told->sha256, sizeof now.sha256) != 0)
        rc = heng_fail(err, HENG_EBUG, 0, "what was restored from '%s' reads otherwise: nothing was kept", job->file);
    return rc == HENG_OK && db->postgres ? heng_db_run(db, HENG_SQL_ARCHIVE_ANALYZE, NULL, err) : rc;
}

heng_rc heng_store_restore(const char *file, const char *database, struct heng_dump_told *ret, struct heng_err *err)
{
    struct job job = {file, ret};
    heng_rc rc = read_file(file, NULL, ret, err);
    return rc == HENG_OK ? heng_db_make(database, fill, &job, err) : rc;
}
