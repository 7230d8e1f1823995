/* A database as a file.
 *
 *   size  meaning
 *   12    "Heng backup\n"
 *   1     format, 1
 *   v     version of the schema
 *   then each table, in an order in which rows come behind those that they refer to:
 *         1  't'
 *         v  length of its name, then the name
 *         v  number of its columns, then a letter for each: i integer, t text, b bytes
 *         then each row, by primary key:
 *               1  'r'
 *               n  a bit for each column, low bit of the first byte first: 1 when it is NULL
 *               each column that is not NULL: i as zigzag v; t and b as length v and bytes
 *         1  'e'
 *         v  number of its rows
 *   1     'z'
 *   v     number of tables
 *   v     number of all rows
 *   32    SHA-256 of all before it
 *
 * v: unsigned varint, 7 bits per byte, low group first. Nothing in it depends on the engine or on the time of day. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/dump_inside.h"

static const struct {
    const char *name;
    heng_sql backup;
} tables[] = {
#define X(table, backup, disable, enable) {table, HENG_SQL_##backup},
    HENG_TABLE_LIST(X)
#undef X
};

static const struct {
    int version;
    const char *table, *letters;
} shapes[] = {
#define X(version, table, letters, restore) {version, table, letters},
    HENG_SHAPE_LIST(X)
#undef X
};

/* rc: the first failure, which ends the writing. */
struct out {
    int fd;
    EVP_MD_CTX *hash;
    uint64_t bytes;
    size_t n;
    heng_rc rc;
    int why; /* errno of it */
    uint8_t buffer[DUMP_BUFFER];
};

static void flush(struct out *out)
{
    if (out->rc == HENG_OK && EVP_DigestUpdate(out->hash, out->buffer, out->n) != 1) out->rc = HENG_ENOMEM;
    for (size_t at = 0; out->rc == HENG_OK && out->fd >= 0 && at < out->n;) {
        ssize_t n = write(out->fd, out->buffer + at, out->n - at);
        if (n > 0) at += (size_t)n;
        if (n >= 0 || errno == EINTR) continue;
        out->why = errno;
        out->rc = errno == ENOSPC || errno == EDQUOT ? HENG_ELIMIT : HENG_EIO;
    }
    out->bytes += out->n;
    out->n = 0;
}

static void put(struct out *out, struct heng_slice bytes)
{
    for (size_t at = 0, n; at < bytes.n; at += n) {
        if (out->n == sizeof out->buffer) flush(out);
        n = bytes.n - at < sizeof out->buffer - out->n ? bytes.n - at : sizeof out->buffer - out->n;
        memcpy(out->buffer + out->n, bytes.p + at, n);
        out->n += n;
    }
}

static void put_byte(struct out *out, uint8_t byte) { put(out, heng_slice_of(&byte, 1)); }

static void put_varint(struct out *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) put_byte(out, (uint8_t)(value | 0x80));
    put_byte(out, (uint8_t)value);
}

static void put_bytes(struct out *out, struct heng_slice bytes)
{
    put_varint(out, bytes.n);
    put(out, bytes);
}

static void put_row(struct out *out, struct heng_query *q, const char *letters)
{
    uint8_t nulls[DUMP_COLUMNS_MAX / 8] = {0};
    size_t n = strlen(letters);
    for (size_t i = 0; i < n; i++) {
        q->column = (int)i;
        if (heng_query_is_null(q)) nulls[i / 8] |= (uint8_t)(1u << i % 8);
    }
    put_byte(out, 'r');
    put(out, heng_slice_of(nulls, (n + 7) / 8));
    for (size_t i = 0; i < n; i++) {
        if (nulls[i / 8] & 1u << i % 8) continue;
        q->column = (int)i;
        if (letters[i] == 'i') {
            int64_t value = heng_query_get_int(q);
            put_varint(out, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
        } else {
            put_bytes(out, letters[i] == 't' ? heng_slice_str(heng_query_peek_text(q)) : heng_query_get_blob(q));
        }
    }
}

static heng_rc put_table(struct out *out, struct heng_db *db, size_t table, uint64_t *ret_rows, struct heng_err *err)
{
    const char *letters = NULL;
    struct heng_query q;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].version == HENG_SCHEMA_VERSION && strcmp(shapes[i].table, tables[table].name) == 0)
            letters = shapes[i].letters;
    if (!letters || strlen(letters) > DUMP_COLUMNS_MAX)
        return heng_fail(err, HENG_EBUG, 0, "table '%s' has no shape that fits", tables[table].name);
    put_byte(out, 't');
    put_bytes(out, heng_slice_str(tables[table].name));
    put_bytes(out, heng_slice_str(letters));
    heng_query_begin(&q, db, tables[table].backup);
    q.streamed = true;
    heng_rc rc;
    uint64_t rows = 0;
    for (; (rc = heng_query_step(&q, err)) == HENG_OK && out->rc == HENG_OK; rows++) put_row(out, &q, letters);
    heng_query_end(&q);
    put_byte(out, 'e');
    put_varint(out, rows);
    *ret_rows += rows;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc put_all(struct out *out, struct heng_db *db, struct heng_dump_told *ret, struct heng_err *err)
{
    const size_t count = sizeof tables / sizeof *tables;
    heng_rc rc = HENG_OK;
    put(out, heng_slice_of(HENG_DUMP_MAGIC, DUMP_MAGIC_N));
    put_byte(out, DUMP_FORMAT);
    put_varint(out, HENG_SCHEMA_VERSION);
    for (size_t i = 0; rc == HENG_OK && out->rc == HENG_OK && i < count; i++)
        rc = put_table(out, db, i, &ret->rows, err);
    if (rc != HENG_OK) return rc;
    put_byte(out, 'z');
    put_varint(out, count);
    put_varint(out, ret->rows);
    flush(out);
    if (out->rc == HENG_OK && EVP_DigestFinal_ex(out->hash, ret->sha256, NULL) != 1) out->rc = HENG_ENOMEM;
    ret->tables = count;
    ret->bytes = out->bytes;
    ret->schema = HENG_SCHEMA_VERSION;
    if (out->rc == HENG_OK && out->fd >= 0 && write(out->fd, ret->sha256, sizeof ret->sha256) != sizeof ret->sha256) {
        out->rc = HENG_EIO;
        out->why = errno;
    }
    if (out->rc != HENG_OK) return heng_fail(err, out->rc, 0, "the backup cannot be written: %s", strerror(out->why));
    ret->bytes += sizeof ret->sha256;
    return HENG_OK;
}

heng_rc heng_dump_write(struct heng_db *db, int fd, struct heng_dump_told *ret, struct heng_err *err)
{
    struct out *out = calloc(1, sizeof *out);
    *ret = (struct heng_dump_told){0};
    if (!out) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    out->fd = fd;
    out->hash = EVP_MD_CTX_new();
    heng_rc rc = HENG_OK;
    if (!out->hash || EVP_DigestInit_ex(out->hash, EVP_sha256(), NULL) != 1)
        rc = heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (rc == HENG_OK) rc = put_all(out, db, ret, err);
    EVP_MD_CTX_free(out->hash);
    free(out);
    return rc;
}

/* Only with the columns that are known here. */
static heng_rc check_version(struct heng_db *db, struct heng_err *err)
{
    int64_t version = 0;
    heng_rc rc = heng_db_run(db, HENG_SQL_USER_VERSION, &version, err);
    if (rc == HENG_OK && version != HENG_SCHEMA_VERSION)
        rc = heng_fail(err, HENG_EUNSUPPORTED, 0,
                       "database '%s' is of an older Heng (schema %d): bring it up to date with heng migrate first",
                       db->path, (int)version);
    return rc;
}

static heng_rc write_file(struct heng_store_reader *reader, const char *path, struct heng_dump_told *ret,
                          struct heng_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return heng_fail(err, HENG_EIO, 0, "cannot make '%s': %s", path, strerror(errno));
    heng_rc rc = heng_store_reader_begin(reader, err);
    if (rc == HENG_OK) rc = check_version(&reader->db, err);
    if (rc == HENG_OK) rc = heng_dump_write(&reader->db, fd, ret, err);
    heng_store_reader_end(reader);
    if (rc == HENG_OK && fsync(fd) != 0)
        rc = heng_fail(err, HENG_EIO, 0, "cannot sync '%s': %s", path, strerror(errno));
    if (close(fd) != 0 && rc == HENG_OK)
        rc = heng_fail(err, HENG_EIO, 0, "cannot write '%s': %s", path, strerror(errno));
    return rc;
}

heng_rc heng_store_backup(const char *database, const char *file, struct heng_dump_told *ret, struct heng_err *err)
{
    struct heng_store_reader *reader = NULL;
    char fresh[512], folder[512];
    if (strlen(file) > sizeof fresh - 8) return heng_fail(err, HENG_ECONFIG, 0, "the path of the backup is too long");
    snprintf(fresh, sizeof fresh, "%s.new", file);
    snprintf(folder, sizeof folder, "%s", file);
    heng_rc rc = heng_store_reader_open(database, &reader, err);
    if (rc == HENG_OK && access(file, F_OK) == 0) rc = heng_fail(err, HENG_EEXISTS, 0, "'%s' exists already", file);
    if (rc == HENG_OK) {
        rc = write_file(reader, fresh, ret, err);
        /* link and not rename: what somebody put there meanwhile stays */
        if (rc == HENG_OK && link(fresh, file) != 0)
            rc = heng_fail(err, errno == EEXIST ? HENG_EEXISTS : HENG_EIO, 0, "cannot make '%s': %s", file,
                           strerror(errno));
        unlink(fresh);
        if (rc == HENG_OK) rc = heng_sync_path(dirname(folder), O_RDONLY | O_DIRECTORY, err);
    }
    heng_store_reader_close(reader);
    return rc;
}
