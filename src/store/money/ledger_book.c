/* Bookings go in: known keys and reversals first, then the books, then everything in a few statements. */
#include "store/money/ledger_inside.h"

#include "base/arena.h"
#include "store/db_rows.h"
#include "store/money/ledger.h"
#include "store/money/rows.h"

#include <inttypes.h>
#include <stdio.h>

/* A book that the batch moves. id 0: not known yet; is_new: to be made. */
struct moved {
    const struct heng_booking *of;
    const struct heng_posting *by;
    int64_t id, balance, amount, count;
    bool is_new;
};

/* Items by what they are called; NONE: free. */
struct index {
    uint32_t *slots;
    size_t mask;
};
#define NONE UINT32_MAX

/* is_new: index of the bookings that are to be written, in order. books: for each posting of these, which book. */
struct batch {
    struct heng_store *store;
    struct heng_arena arena;
    const struct heng_booking *bookings;
    size_t n, new_count, posting_count, moved_count;
    int64_t *ids;
    bool *existed;
    uint8_t (*digests)[HENG_DIGEST_SIZE];
    size_t *is_new;
    uint32_t *books;
    struct moved *moved;
    struct index index;
};

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "no memory for the bookings"); }

static bool index_make(struct batch *b, size_t items)
{
    size_t size = 16;
    while (size < 2 * items) size *= 2;
    b->index.slots = heng_arena_take(&b->arena, size, sizeof *b->index.slots);
    if (!b->index.slots) return false;
    memset(b->index.slots, 0xFF, size * sizeof *b->index.slots);
    b->index.mask = size - 1;
    return true;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    if (!hash) hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

static heng_rc check_one(struct batch *b, size_t i, struct heng_err *err)
{
    const struct heng_booking *k = &b->bookings[i];
    int64_t sum = 0;
    bool good = k->posting_count <= HENG_POSTINGS_MAX && k->key[0] && k->currency[0];
    for (size_t p = 0; good && p < k->posting_count; p++)
        good = k->postings[p].book < HENG_BOOK_COUNT && !__builtin_add_overflow(sum, k->postings[p].amount, &sum);
    if (!good || sum != 0)
        return heng_fail(err, HENG_EBUG, (uint32_t)i, "booking '%s': its postings do not sum to zero", k->key);
    return heng_booking_digest(k, b->digests[i]) ? HENG_OK
                                                 : heng_fail(err, HENG_ENOMEM, (uint32_t)i, "no memory for a digest");
}

static heng_rc taken(const struct batch *b, size_t i, int64_t id, struct heng_err *err)
{
    char which[40] = "of the same batch";
    if (id) snprintf(which, sizeof which, "number %" PRId64, id);
    return heng_fail(err, HENG_ECONFLICT, (uint32_t)i,
                     "the key '%.48s' belongs to another booking, %s: something new needs a new key",
                     b->bookings[i].key, which);
}

/* --- Keys --- */

/* That the booking of key i is there with this id and digest. */
static heng_rc is_known(struct batch *b, size_t i, int64_t id, struct heng_slice digest, struct heng_err *err)
{
    if (!heng_slice_eq(digest, heng_slice_of(b->digests[i], HENG_DIGEST_SIZE))) return taken(b, i, id, err);
    b->ids[i] = id;
    b->existed[i] = true;
    return HENG_OK;
}

static heng_rc ask_keys_server(struct batch *b, struct heng_err *err)
{
    struct heng_query q;
    struct heng_slice *keys = heng_arena_take(&b->arena, b->n, sizeof *keys);
    if (!keys) return no_memory(err);
    for (size_t i = 0; i < b->n; i++) keys[i] = heng_slice_str(b->bookings[i].key);
    heng_query_begin(&q, &b->store->reader.db, HENG_SQL_BOOKING_KNOWN_ALL);
    heng_query_slices(&q, true, keys, b->n);
    heng_rc rc;
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        size_t i = (size_t)heng_query_get_int(&q) - 1;
        int64_t id = heng_query_get_int(&q);
        if ((rc = is_known(b, i, id, heng_query_get_blob(&q), err)) != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc ask_key(struct batch *b, size_t i, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &b->store->reader.db, HENG_SQL_BOOKING_KNOWN);
    heng_query_text(&q, b->bookings[i].key);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        int64_t id = heng_query_get_int(&q);
        rc = is_known(b, i, id, heng_query_get_blob(&q), err);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* Two of the batch with one key: the second is the first. Both have ids afterwards, in their order. */
static heng_rc give_ids(struct batch *b, struct heng_err *err)
{
    int64_t next = b->store->next[HENG_ID_BOOKING];
    if (!index_make(b, b->n)) return no_memory(err);
    for (size_t i = 0; i < b->n; i++) {
        const char *key = b->bookings[i].key;
        size_t at = hash_bytes(0, key, strlen(key)) & b->index.mask;
        if (b->existed[i]) continue;
        while (b->index.slots[at] != NONE && strcmp(b->bookings[b->index.slots[at]].key, key) != 0)
            at = (at + 1) & b->index.mask;
        if (b->index.slots[at] == NONE) {
            b->index.slots[at] = (uint32_t)i;
            b->ids[i] = next++;
            b->is_new[b->new_count++] = i;
            b->posting_count += b->bookings[i].posting_count;
            continue;
        }
        size_t first = b->index.slots[at];
        if (memcmp(b->digests[first], b->digests[i], HENG_DIGEST_SIZE) != 0) return taken(b, i, 0, err);
        b->ids[i] = b->ids[first];
        b->existed[i] = true;
    }
    return HENG_OK;
}

/* --- Reversals --- */

static heng_rc reversed(const struct batch *b, size_t i, int64_t by, struct heng_err *err)
{
    if (by)
        return heng_fail(err, HENG_ECONFLICT, (uint32_t)i,
                         "booking %" PRId64 " was reversed before, by booking %" PRId64, b->bookings[i].reverses, by);
    return heng_fail(err, HENG_ECONFLICT, (uint32_t)i, "booking %" PRId64 " would be reversed twice",
                     b->bookings[i].reverses);
}

static heng_rc ask_reversals_server(struct batch *b, const size_t *which, const int64_t *ids, size_t n,
                                    struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &b->store->reader.db, HENG_SQL_BOOKING_REVERSAL_ALL);
    heng_query_ints(&q, ids, n);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        size_t at = (size_t)heng_query_get_int(&q) - 1;
        rc = reversed(b, which[at], heng_query_get_int(&q), err);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc check_reversals(struct batch *b, struct heng_err *err)
{
    size_t n = 0;
    size_t *which = heng_arena_take(&b->arena, b->new_count, sizeof *which);
    int64_t *ids = heng_arena_take(&b->arena, b->new_count, sizeof *ids), by;
    if (!which || !ids || !index_make(b, b->new_count)) return no_memory(err);
    for (size_t i = 0; i < b->new_count; i++) {
        const int64_t id = b->bookings[b->is_new[i]].reverses;
        size_t at = hash_bytes(0, &id, sizeof id) & b->index.mask;
        if (!id) continue;
        for (; b->index.slots[at] != NONE; at = (at + 1) & b->index.mask)
            if (ids[b->index.slots[at]] == id) return reversed(b, b->is_new[i], 0, err);
        b->index.slots[at] = (uint32_t)n;
        which[n] = b->is_new[i];
        ids[n++] = id;
    }
    if (n && b->store->reader.db.postgres) return ask_reversals_server(b, which, ids, n, err);
    for (size_t i = 0; i < n; i++) {
        heng_rc rc = heng_store_find_reversal(&b->store->reader, ids[i], &by, err);
        if (rc == HENG_OK) return reversed(b, which[i], by, err);
        if (rc != HENG_ENOTFOUND) return rc;
    }
    return HENG_OK;
}

/* --- Books --- */

static bool same_book(const struct moved *m, const struct heng_booking *of, const struct heng_posting *by)
{
    return m->by->book == by->book && m->by->account_id == by->account_id && m->of->org_id == of->org_id &&
           strcmp(m->by->ref, by->ref) == 0 && strcmp(m->of->currency, of->currency) == 0;
}

/* The book of a posting, among those that the batch moves. */
static uint32_t find_moved(struct batch *b, const struct heng_booking *of, const struct heng_posting *by)
{
    uint64_t hash = hash_bytes(0, &by->book, sizeof by->book);
    hash = hash_bytes(hash, &by->account_id, sizeof by->account_id);
    hash = hash_bytes(hash, &of->org_id, sizeof of->org_id);
    size_t at = hash_bytes(hash, by->ref, strlen(by->ref)) & b->index.mask;
    while (b->index.slots[at] != NONE && !same_book(&b->moved[b->index.slots[at]], of, by))
        at = (at + 1) & b->index.mask;
    if (b->index.slots[at] == NONE) {
        b->index.slots[at] = (uint32_t)b->moved_count;
        b->moved[b->moved_count++] = (struct moved){.of = of, .by = by};
    }
    return b->index.slots[at];
}

static heng_rc sum_books(struct batch *b, struct heng_err *err)
{
    size_t at = 0;
    b->books = heng_arena_take(&b->arena, b->posting_count + 1, sizeof *b->books);
    b->moved = heng_arena_take(&b->arena, b->posting_count + 1, sizeof *b->moved);
    if (!b->books || !b->moved || !index_make(b, b->posting_count)) return no_memory(err);
    for (size_t i = 0; i < b->new_count; i++) {
        const struct heng_booking *k = &b->bookings[b->is_new[i]];
        for (size_t p = 0; p < k->posting_count; p++) {
            uint32_t which = find_moved(b, k, &k->postings[p]);
            struct moved *m = &b->moved[which];
            if (__builtin_add_overflow(m->amount, k->postings[p].amount, &m->amount))
                return heng_fail(err, HENG_ERANGE, (uint32_t)b->is_new[i], "the amounts are too large for a book");
            m->count++;
            b->books[at++] = which;
        }
    }
    return HENG_OK;
}

static heng_rc find_books_server(struct batch *b, struct heng_err *err)
{
    struct heng_query q;
    const size_t n = b->moved_count;
    int64_t *ints[2];
    struct heng_slice *texts[3];
    heng_rc rc;
    for (size_t i = 0; i < 2; i++)
        if (!(ints[i] = heng_arena_take(&b->arena, n, sizeof *ints[i]))) return no_memory(err);
    for (size_t i = 0; i < 3; i++)
        if (!(texts[i] = heng_arena_take(&b->arena, n, sizeof *texts[i]))) return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const struct moved *m = &b->moved[i];
        ints[0][i] = m->by->account_id;
        ints[1][i] = m->of->org_id;
        texts[0][i] = heng_slice_str(heng_book_text(m->by->book));
        texts[1][i] = heng_slice_str(m->by->ref);
        texts[2][i] = heng_slice_str(m->of->currency);
    }
    const struct heng_column columns[] = {{HENG_COLUMN_INT, ints[0], NULL},
                                          {HENG_COLUMN_TEXT, NULL, texts[0]},
                                          {HENG_COLUMN_INT, ints[1], NULL},
                                          {HENG_COLUMN_TEXT, NULL, texts[1]},
                                          {HENG_COLUMN_TEXT, NULL, texts[2]}};
    heng_query_begin(&q, &b->store->reader.db, HENG_SQL_BOOK_FIND_ALL);
    heng_query_columns(&q, columns, 5, n);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct moved *m = &b->moved[heng_query_get_int(&q) - 1];
        m->id = heng_query_get_int(&q);
        m->balance = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc find_book(struct batch *b, struct moved *m, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &b->store->reader.db, HENG_SQL_BOOK_FIND);
    heng_query_int(&q, m->by->account_id);
    heng_query_text(&q, heng_book_text(m->by->book));
    heng_query_int(&q, m->of->org_id);
    heng_query_text(&q, m->by->ref);
    heng_query_text(&q, m->of->currency);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        m->id = heng_query_get_int(&q);
        m->balance = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* What the books hold, and that it fits with what comes. */
static heng_rc find_books(struct batch *b, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (b->store->reader.db.postgres && b->moved_count) rc = find_books_server(b, err);
    for (size_t i = 0; rc == HENG_OK && i < b->moved_count; i++) {
        struct moved *m = &b->moved[i];
        int64_t sum;
        if (!b->store->reader.db.postgres) rc = find_book(b, m, err);
        if (rc == HENG_OK && __builtin_add_overflow(m->balance, m->amount, &sum))
            return heng_fail(err, HENG_ERANGE, (uint32_t)(m->of - b->bookings),
                             "the balance of the book '%s' does not fit any more", heng_book_text(m->by->book));
        m->is_new = m->id == 0;
    }
    for (size_t i = 0; rc == HENG_OK && i < b->moved_count; i++)
        if (b->moved[i].is_new) b->moved[i].id = b->store->next[HENG_ID_BOOK]++;
    return rc;
}

/* --- Writing --- */

/* Columns of n rows in the arena. types: 'i', 't', 'b'. False without memory. */
static bool make_columns(struct batch *b, const char *types, size_t n, struct heng_column *ret)
{
    for (size_t i = 0; types[i]; i++) {
        ret[i] = (struct heng_column){.type = types[i] == 'i'   ? HENG_COLUMN_INT
                                              : types[i] == 't' ? HENG_COLUMN_TEXT
                                                                : HENG_COLUMN_BLOB};
        if (types[i] == 'i')
            ret[i].ints = heng_arena_take(&b->arena, n + 1, sizeof *ret[i].ints);
        else
            ret[i].slices = heng_arena_take(&b->arena, n + 1, sizeof *ret[i].slices);
        if (!ret[i].ints && !ret[i].slices) return false;
    }
    return true;
}

static heng_rc write_books(struct batch *b, struct heng_err *err)
{
    struct heng_column made[8], moved[3];
    size_t n_made = 0, n_moved = 0;
    if (!make_columns(b, "iitittii", b->moved_count, made) || !make_columns(b, "iii", b->moved_count, moved))
        return no_memory(err);
    for (size_t i = 0; i < b->moved_count; i++) {
        const struct moved *m = &b->moved[i];
        if (!m->is_new) {
            moved[0].ints[n_moved] = m->id;
            moved[1].ints[n_moved] = m->amount;
            moved[2].ints[n_moved++] = m->count;
            continue;
        }
        made[0].ints[n_made] = m->id;
        made[1].ints[n_made] = m->of->org_id;
        made[2].slices[n_made] = heng_slice_str(heng_book_text(m->by->book));
        made[3].ints[n_made] = m->by->account_id;
        made[4].slices[n_made] = heng_slice_str(m->by->ref);
        made[5].slices[n_made] = heng_slice_str(m->of->currency);
        made[6].ints[n_made] = m->amount;
        made[7].ints[n_made++] = m->count;
    }
    struct heng_db *db = &b->store->reader.db;
    heng_rc rc = heng_db_put_rows(db, HENG_SQL_BOOK_ADD, HENG_SQL_BOOK_ADD_ALL, made, 8, n_made, err);
    if (rc == HENG_OK) rc = heng_db_put_rows(db, HENG_SQL_BOOK_MOVE, HENG_SQL_BOOK_MOVE_ALL, moved, 3, n_moved, err);
    return rc;
}

static heng_rc write_bookings(struct batch *b, struct heng_err *err)
{
    struct heng_column c[19];
    if (!make_columns(b, "itiititiittitiitttb", b->new_count, c)) return no_memory(err);
    for (size_t row = 0; row < b->new_count; row++) {
        const size_t i = b->is_new[row];
        const struct heng_booking *k = &b->bookings[i];
        const int64_t ints[] = {b->ids[i], k->org_id,      k->account_id, k->amount,  k->at_us,
                                k->day,    k->cash_day_id, k->subject_id, k->reverses};
        const char *texts[] = {
            k->key,   heng_booking_text(k->kind), k->currency, k->channel, k->desk, k->subject, k->who, k->second,
            k->reason};
        size_t n_int = 0, n_text = 0;
        for (size_t col = 0; col < 18; col++)
            if (c[col].type == HENG_COLUMN_INT)
                c[col].ints[row] = ints[n_int++];
            else
                c[col].slices[row] = heng_slice_str(texts[n_text++]);
        c[18].slices[row] = heng_slice_of(b->digests[i], HENG_DIGEST_SIZE);
    }
    return heng_db_put_rows(&b->store->reader.db, HENG_SQL_BOOKING_ADD, HENG_SQL_BOOKING_ADD_ALL, c, 19, b->new_count,
                            err);
}

static heng_rc write_postings(struct batch *b, struct heng_err *err)
{
    struct heng_column c[4];
    size_t at = 0;
    if (!make_columns(b, "iiii", b->posting_count, c)) return no_memory(err);
    for (size_t row = 0; row < b->new_count; row++) {
        const size_t i = b->is_new[row];
        for (size_t p = 0; p < b->bookings[i].posting_count; p++, at++) {
            c[0].ints[at] = b->ids[i];
            c[1].ints[at] = (int64_t)p + 1;
            c[2].ints[at] = b->moved[b->books[at]].id;
            c[3].ints[at] = b->bookings[i].postings[p].amount;
        }
    }
    return heng_db_put_rows(&b->store->reader.db, HENG_SQL_POSTING_ADD, HENG_SQL_POSTING_ADD_ALL, c, 4,
                            b->posting_count, err);
}

static heng_rc work(struct batch *b, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    b->digests = heng_arena_take(&b->arena, b->n, sizeof *b->digests);
    b->is_new = heng_arena_take(&b->arena, b->n, sizeof *b->is_new);
    if (!b->existed) b->existed = heng_arena_take(&b->arena, b->n, sizeof *b->existed);
    if (!b->digests || !b->is_new || !b->existed) return no_memory(err);
    memset(b->existed, 0, b->n * sizeof *b->existed);
    for (size_t i = 0; rc == HENG_OK && i < b->n; i++) rc = check_one(b, i, err);
    const bool at_once = b->store->reader.db.postgres && b->n > 1;
    if (rc == HENG_OK && at_once) rc = ask_keys_server(b, err);
    for (size_t i = 0; rc == HENG_OK && !at_once && i < b->n; i++) rc = ask_key(b, i, err);
    if (rc == HENG_OK) rc = give_ids(b, err);
    if (rc == HENG_OK) rc = check_reversals(b, err);
    if (rc == HENG_OK) rc = sum_books(b, err);
    if (rc == HENG_OK) rc = find_books(b, err);
    if (rc == HENG_OK) rc = write_books(b, err);
    if (rc == HENG_OK) rc = write_bookings(b, err);
    if (rc == HENG_OK) rc = write_postings(b, err);
    if (rc == HENG_OK) b->store->next[HENG_ID_BOOKING] += (int64_t)b->new_count;
    return rc;
}

heng_rc heng_store_book(struct heng_store *store, const struct heng_booking *bookings, size_t n, int64_t *ret_ids,
                        bool *ret_existed, struct heng_err *err)
{
    struct batch b = {.store = store, .bookings = bookings, .n = n, .ids = ret_ids, .existed = ret_existed};
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK || n == 0) return rc;
    if (n >= NONE / HENG_POSTINGS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "too many bookings at once");
    b.arena.max = (size_t)1 << 20;
    b.arena.max += n * ((size_t)HENG_POSTINGS_MAX * 512 + 2048);
    rc = work(&b, err);
    heng_arena_fini(&b.arena);
    return rc;
}
