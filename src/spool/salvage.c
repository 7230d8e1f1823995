/* What can still be read of a journal that was set aside. Nothing of it is asked of SQLite, which stops at the first
 * page that is no good: every page of file and log that looks like a leaf is taken apart here, and an entry is believed
 * by its own check and by nothing else. The files are only read.
 *
 * First all pages are looked at, and the leaves with entries are noted by their first id; then the entries are given
 * leaf by leaf, so in their order. A leaf lies there in many versions; the ids that were given are marked.
 * Source: https://www.sqlite.org/fileformat2.html, clauses 1.6, 2.1 and 4. */
#include <stdio.h>
#include <stdlib.h>

#include "spool/inside.h"

enum {
    LOG_HEAD = 32,
    FRAME_BYTES = SPOOL_FRAME_HEAD + SPOOL_PAGE_BYTES,
    LEAF_TABLE = 0x0D,
    LEAF_INDEX = 0x0A,
    ENTRY_COLUMNS = 11,
    META_COLUMNS = 7,
    REMEMBER_COLUMNS = 3,
    COLUMNS_MAX = ENTRY_COLUMNS,
    OVERFLOW_BYTES = SPOOL_PAGE_BYTES - 4,
    PAYLOAD_MAX = 4 * 1024 * 1024,
    LEAF_IDS = 8192, /* more than a leaf can have */
    SPAN_MAX = 1 << 24
};

/* at: page of the file from 0, or behind those a frame of the log. */
struct leaf {
    int64_t first;
    uint32_t at;
};

struct column {
    uint64_t type;
    struct heng_slice bytes;
};

struct heng_salvage {
    sqlite3_file *file, *log;
    char file_name[2 * SPOOL_PATH_CAP], log_name[2 * SPOOL_PATH_CAP];
    uint32_t file_pages, log_frames;
    uint32_t *log_pages; /* number of the page in each frame, 0: of an earlier log */
    struct leaf *leaves;
    size_t leaf_count, leaf_cap;
    bool no_memory;
    struct spool_numbers meta;
    uint64_t acked_epoch, acked;
    int64_t acked_id;
    /* where it goes on */
    size_t leaf;
    unsigned cell;
    bool page_is_read;
    int64_t low, span;
    uint8_t *seen; /* a bit for each id from low on */
    uint8_t page[SPOOL_PAGE_BYTES], other[SPOOL_PAGE_BYTES];
    uint8_t *payload;
    size_t payload_cap;
};

/* --- pages ------------------------------------------------------------------------------------------------------- */

static uint32_t be(const uint8_t *p, unsigned n)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < n; i++) value = value << 8 | p[i];
    return value;
}

static bool read_bytes(sqlite3_file *file, void *to, int n, int64_t at)
{
    return file->pMethods->xRead(file, to, n, at) == SQLITE_OK;
}

static int64_t size_of(sqlite3_file *file)
{
    sqlite3_int64 size = 0;
    return file && file->pMethods->xFileSize(file, &size) == SQLITE_OK && size > 0 ? size : 0;
}

static bool read_at(struct heng_salvage *s, uint32_t at, uint8_t *to)
{
    if (at < s->file_pages) return read_bytes(s->file, to, SPOOL_PAGE_BYTES, (int64_t)at * SPOOL_PAGE_BYTES);
    return read_bytes(s->log, to, SPOOL_PAGE_BYTES,
                      LOG_HEAD + (int64_t)(at - s->file_pages) * FRAME_BYTES + SPOOL_FRAME_HEAD);
}

/* As it was last: in the log, else in the file. */
static bool read_page(struct heng_salvage *s, uint32_t number, uint8_t *to)
{
    for (uint32_t i = s->log_frames; i-- > 0;)
        if (s->log_pages[i] == number) return read_at(s, s->file_pages + i, to);
    return number && number <= s->file_pages && read_at(s, number - 1, to);
}

/* Frames are of this log when they have the salt of its head, or, if that is no good, of the first of them. */
static heng_rc read_log(struct heng_salvage *s)
{
    uint8_t head[LOG_HEAD], frame[SPOOL_FRAME_HEAD];
    int64_t size = size_of(s->log);
    s->log_frames = size > LOG_HEAD ? (uint32_t)((size - LOG_HEAD) / FRAME_BYTES) : 0;
    if (!s->log_frames) return HENG_OK;
    s->log_pages = calloc(s->log_frames, sizeof *s->log_pages);
    if (!s->log_pages) return HENG_ENOMEM;
    bool has_salt = read_bytes(s->log, head, sizeof head, 0) && (be(head, 4) & ~1U) == 0x377F0682;
    for (uint32_t i = 0; i < s->log_frames; i++) {
        if (!read_bytes(s->log, frame, sizeof frame, LOG_HEAD + (int64_t)i * FRAME_BYTES)) continue;
        if (!has_salt) memcpy(head + 16, frame + 8, 8);
        has_salt = true;
        if (memcmp(head + 16, frame + 8, 8) == 0) s->log_pages[i] = be(frame, 4);
    }
    return HENG_OK;
}

/* --- cells and records ------------------------------------------------------------------------------------------- */

/* Big-endian, seven bits a byte, eight in a ninth. 0: it goes over the end. */
static size_t varint(struct heng_slice from, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 9 && i < from.n; i++) {
        if (i == 8) {
            *ret = value << 8 | from.p[i];
            return 9;
        }
        value = value << 7 | (from.p[i] & 0x7F);
        if (from.p[i] < 0x80) {
            *ret = value;
            return i + 1;
        }
    }
    return 0;
}

static struct heng_slice behind(struct heng_slice s, size_t n) { return heng_slice_of(s.p + n, s.n - n); }

static bool payload_room(struct heng_salvage *s, size_t n)
{
    if (s->payload_cap >= n) return true;
    uint8_t *grown = realloc(s->payload, n);
    if (!grown) {
        s->no_memory = true;
        return false;
    }
    s->payload = grown;
    s->payload_cap = n;
    return true;
}

/* The rest of a payload lies on a chain of pages. at: the local part, with the number of the next page behind it. */
static bool gather(struct heng_salvage *s, const uint8_t *at, size_t local, size_t n)
{
    if (!payload_room(s, n)) return false;
    memcpy(s->payload, at, local);
    uint32_t next = be(at + local, 4);
    for (size_t have = local, part; have < n; have += part) {
        part = n - have < OVERFLOW_BYTES ? n - have : OVERFLOW_BYTES;
        if (!read_page(s, next, s->other)) return false;
        memcpy(s->payload + have, s->other + 4, part);
        next = be(s->other, 4);
    }
    return true;
}

/* Of the page that was read; head: where its own begins (behind the file's header on page 1). */
static bool cell_of(struct heng_salvage *s, size_t head, unsigned cell, bool table, int64_t *ret_id,
                    struct heng_slice *ret)
{
    size_t pointer = head + 8 + 2 * (size_t)cell;
    if (pointer + 2 > SPOOL_PAGE_BYTES) return false;
    size_t at = be(s->page + pointer, 2);
    if (at < pointer + 2 || at >= SPOOL_PAGE_BYTES) return false;
    struct heng_slice rest = heng_slice_of(s->page + at, SPOOL_PAGE_BYTES - at);
    uint64_t n, id = 0;
    size_t used = varint(rest, &n);
    rest = behind(rest, used);
    size_t more = used && table ? varint(rest, &id) : 0;
    if (!used || (table && !more) || n > PAYLOAD_MAX) return false;
    rest = behind(rest, more);
    *ret_id = (int64_t)id;
    const size_t whole = table ? SPOOL_PAGE_BYTES - 35 : (SPOOL_PAGE_BYTES - 12) * 64 / 255 - 23;
    const size_t least = (SPOOL_PAGE_BYTES - 12) * 32 / 255 - 23;
    if (n <= whole) {
        *ret = heng_slice_of(rest.p, (size_t)n);
        return n <= rest.n;
    }
    size_t local = least + ((size_t)n - least) % OVERFLOW_BYTES;
    if (local > whole) local = least;
    if (local + 4 > rest.n || !gather(s, rest.p, local, (size_t)n)) return false;
    *ret = heng_slice_of(s->payload, (size_t)n);
    return true;
}

static size_t size_of_type(uint64_t type)
{
    static const uint8_t sizes[12] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < 12 ? sizes[type] : (size_t)((type - 12) / 2);
}

/* How many columns; 0: it is no record. */
static unsigned columns_of(struct heng_slice record, struct column ret[static COLUMNS_MAX])
{
    uint64_t head_n = 0;
    size_t used = varint(record, &head_n);
    if (!used || head_n < used || head_n > record.n) return 0;
    struct heng_slice head = heng_slice_of(record.p + used, (size_t)head_n - used),
                      rest = behind(record, (size_t)head_n);
    unsigned n = 0;
    while (head.n) {
        uint64_t type = 0;
        used = varint(head, &type);
        if (!used || n == COLUMNS_MAX || type > 2 * (uint64_t)PAYLOAD_MAX || size_of_type(type) > rest.n) return 0;
        ret[n++] = (struct column){type, heng_slice_of(rest.p, size_of_type(type))};
        head = behind(head, used);
        rest = behind(rest, size_of_type(type));
    }
    return n;
}

static int64_t number_of(const struct column *column)
{
    if (column->type == 9) return 1;
    if (column->type == 0 || column->type > 6) return 0;
    uint64_t value = column->bytes.p[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < column->bytes.n; i++) value = value << 8 | column->bytes.p[i];
    return (int64_t)value;
}

/* --- rows -------------------------------------------------------------------------------------------------------- */

static bool entry_of(const struct column *columns, struct heng_entry *ret)
{
    int64_t numbers[SPOOL_ENTRY_NUMBERS];
    for (size_t i = 0; i < SPOOL_ENTRY_NUMBERS; i++) numbers[i] = number_of(&columns[i + 1]);
    return spool_entry_of(numbers, columns[ENTRY_COLUMNS - 1].bytes, ret);
}

/* The one that has given more is the newer one. */
static void take_meta(struct heng_salvage *s, const struct column *columns)
{
    struct spool_numbers n = {
        .epoch = (uint64_t)number_of(&columns[2]), .base = number_of(&columns[3]), .given = number_of(&columns[4])};
    if ((uint64_t)number_of(&columns[5]) != spool_meta_check(number_of(&columns[1]), &n)) return;
    if (n.epoch > s->meta.epoch || (n.epoch == s->meta.epoch && n.given >= s->meta.given)) s->meta = n;
}

static void note_leaf(struct heng_salvage *s, int64_t first, uint32_t at)
{
    if (s->leaf_count == s->leaf_cap) {
        size_t cap = s->leaf_cap ? s->leaf_cap * 2 : 256;
        struct leaf *grown = realloc(s->leaves, cap * sizeof *grown);
        s->no_memory = s->no_memory || !grown;
        if (!grown) return;
        s->leaves = grown;
        s->leaf_cap = cap;
    }
    s->leaves[s->leaf_count++] = (struct leaf){first, at};
}

static size_t head_of(const struct heng_salvage *s, uint32_t at)
{
    bool first = at < s->file_pages ? at == 0 : s->log_pages[at - s->file_pages] == 1;
    return first ? 100 : 0;
}

static void look_at_table(struct heng_salvage *s, size_t head, uint32_t at)
{
    struct column columns[COLUMNS_MAX];
    struct heng_slice record;
    struct heng_entry entry;
    int64_t id;
    unsigned cells = be(s->page + head + 3, 2);
    for (unsigned i = 0; i < cells; i++) {
        if (!cell_of(s, head, i, true, &id, &record)) continue;
        unsigned n = columns_of(record, columns);
        if (n == META_COLUMNS) take_meta(s, columns);
        if (n != ENTRY_COLUMNS || !entry_of(columns, &entry)) continue;
        note_leaf(s, id, at);
        return;
    }
}

static void look_at_remembered(struct heng_salvage *s, size_t head, heng_salvage_remembered *tell, void *user)
{
    struct column columns[COLUMNS_MAX];
    struct heng_slice record;
    char name[SPOOL_NAME_MAX + 1];
    int64_t id;
    unsigned cells = be(s->page + head + 3, 2);
    for (unsigned i = 0; i < cells; i++) {
        if (!cell_of(s, head, i, false, &id, &record) || columns_of(record, columns) != REMEMBER_COLUMNS) continue;
        struct heng_slice of_name = columns[0].bytes, value = columns[2].bytes;
        if (!of_name.n || of_name.n > SPOOL_NAME_MAX) continue;
        if (spool_value_check(of_name, value) != (uint64_t)number_of(&columns[1])) continue;
        memcpy(name, of_name.p, of_name.n);
        name[of_name.n] = '\0';
        if (strcmp(name, "acked") == 0 && value.n == 16) {
            struct heng_reader r = heng_reader_of(value);
            s->acked_epoch = heng_reader_le(&r, 8);
            s->acked = heng_reader_le(&r, 8);
        }
        tell(user, name, value);
    }
}

static void look_at_all(struct heng_salvage *s, heng_salvage_remembered *tell, void *user)
{
    for (uint32_t at = 0; at < s->file_pages + s->log_frames; at++) {
        if (at >= s->file_pages && !s->log_pages[at - s->file_pages]) continue;
        if (!read_at(s, at, s->page)) continue;
        size_t head = head_of(s, at);
        if (s->page[head] == LEAF_TABLE) look_at_table(s, head, at);
        if (s->page[head] == LEAF_INDEX) look_at_remembered(s, head, tell, user);
    }
}

/* --- in order ---------------------------------------------------------------------------------------------------- */

/* Of the same first id the newer version goes first: it has more. */
static int by_first(const void *a, const void *b)
{
    const struct leaf *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->at > y->at ? -1 : x->at < y->at;
}

static heng_rc put_in_order(struct heng_salvage *s)
{
    bool known = s->meta.epoch && s->meta.epoch == s->acked_epoch && s->acked <= INT64_MAX;
    if (known && __builtin_add_overflow(s->meta.base, (int64_t)s->acked, &s->acked_id)) s->acked_id = 0;
    if (!s->leaf_count) return HENG_OK;
    qsort(s->leaves, s->leaf_count, sizeof *s->leaves, by_first);
    s->low = s->leaves[0].first;
    int64_t high = s->leaves[s->leaf_count - 1].first;
    bool wide = __builtin_sub_overflow(high, s->low, &s->span) || s->span > SPAN_MAX - LEAF_IDS;
    s->span = wide ? SPAN_MAX : s->span + LEAF_IDS;
    s->seen = calloc((size_t)s->span / 8 + 1, 1);
    return s->seen ? HENG_OK : HENG_ENOMEM;
}

heng_rc heng_salvage_open(const char *path, const char *vfs, heng_salvage_remembered *tell, void *user,
                          struct heng_salvage **ret, struct heng_err *err)
{
    char log[600];
    struct heng_salvage *s = calloc(1, sizeof *s);
    if (!s) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    (void)snprintf(log, sizeof log, "%s-wal", path);
    s->file = spool_file_open(vfs, path, s->file_name);
    s->log = spool_file_open(vfs, log, s->log_name);
    heng_rc rc = s->file || s->log ? HENG_OK : HENG_ENOTFOUND;
    int64_t pages = size_of(s->file) / SPOOL_PAGE_BYTES;
    s->file_pages = pages < INT32_MAX ? (uint32_t)pages : INT32_MAX;
    if (rc == HENG_OK) rc = read_log(s);
    if (rc == HENG_OK) look_at_all(s, tell, user);
    if (rc == HENG_OK) rc = s->no_memory ? HENG_ENOMEM : put_in_order(s);
    if (rc != HENG_OK) {
        heng_salvage_close(s);
        return heng_fail(err, rc, 0, rc == HENG_ENOMEM ? "out of memory" : "'%s' is not there", path);
    }
    *ret = s;
    return HENG_OK;
}

void heng_salvage_close(struct heng_salvage *salvage)
{
    if (!salvage) return;
    spool_file_close(salvage->file);
    spool_file_close(salvage->log);
    free(salvage->log_pages);
    free(salvage->leaves);
    free(salvage->seen);
    free(salvage->payload);
    free(salvage);
}

/* An id that lies too far off cannot be marked: better twice than never. */
static bool was_given(struct heng_salvage *s, int64_t id)
{
    if (id < s->low || id - s->low >= s->span) return false;
    uint8_t *byte = &s->seen[(id - s->low) / 8], bit = (uint8_t)(1U << ((id - s->low) % 8));
    bool was = *byte & bit;
    *byte |= bit;
    return was;
}

heng_rc heng_salvage_next(struct heng_salvage *s, struct heng_entry *ret)
{
    struct column columns[COLUMNS_MAX];
    struct heng_slice record;
    int64_t id;
    for (; s->leaf < s->leaf_count; s->leaf++, s->cell = 0, s->page_is_read = false) {
        uint32_t at = s->leaves[s->leaf].at;
        if (!s->page_is_read && !read_at(s, at, s->page)) continue;
        s->page_is_read = true;
        size_t head = head_of(s, at);
        unsigned cells = be(s->page + head + 3, 2);
        while (s->cell < cells)
            if (cell_of(s, head, s->cell++, true, &id, &record) && columns_of(record, columns) == ENTRY_COLUMNS &&
                entry_of(columns, ret) && id > s->acked_id && !was_given(s, id))
                return HENG_OK;
    }
    return HENG_ENOTFOUND;
}
