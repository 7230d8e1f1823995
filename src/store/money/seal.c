#include "store/money/seal.h"

#include "store/db.h"
#include "store/db_rows.h"

enum { ROW_MAX = 64 << 20 };

static const struct {
    const char *text, *types;
    heng_sql max, rows, name;
} streams[] = {
#define X(symbol, text, max, rows, name, types)                                                                        \
    {text, types, HENG_SQL_SEAL_MAX_##max, HENG_SQL_SEAL_ROWS_##rows, HENG_SQL_SEAL_NAME_##name},
    HENG_SEAL_STREAM_LIST(X)
#undef X
};

const char *heng_seal_stream_text(heng_seal_stream stream)
{
    return stream < HENG_SEAL_STREAM_COUNT ? streams[stream].text : "";
}

heng_seal_stream heng_seal_stream_of(const char *text)
{
    size_t i = 0;
    while (i < HENG_SEAL_STREAM_COUNT && strcmp(streams[i].text, text) != 0) i++;
    return (heng_seal_stream)i;
}

/* --- rows ------------------------------------------------------------------------------------------------------ */

heng_rc heng_store_seal_newest(struct heng_store_reader *reader, heng_seal_stream stream, int64_t *ret,
                               struct heng_err *err)
{
    return heng_db_run(&reader->db, streams[stream].max, ret, err);
}

static void put_number(struct heng_str *to, uint64_t value, unsigned bytes)
{
    char text[8];
    for (unsigned i = 0; i < bytes; i++) text[i] = (char)(value >> (8 * (bytes - 1 - i)));
    heng_str_put(to, text, bytes);
}

static void put_bytes(struct heng_str *to, char type, struct heng_slice bytes)
{
    heng_str_put(to, &type, 1);
    put_number(to, bytes.n, 4);
    heng_str_put(to, (const char *)bytes.p, bytes.n);
}

/* SQLite tells where a text ends by its type; as bytes nothing of it is lost, a NUL that somebody put in neither. */
static void put_column(struct heng_str *to, struct heng_query *q, char type)
{
    if (heng_query_is_null(q)) {
        (void)heng_query_get_int(q);
        heng_str_put(to, "n", 1);
    } else if (type == 'i') {
        heng_str_put(to, "i", 1);
        put_number(to, (uint64_t)heng_query_get_int(q), 8);
    } else {
        put_bytes(to, type, heng_query_get_blob(q));
    }
}

heng_rc heng_store_seal_rows(struct heng_store_reader *reader, heng_seal_stream stream, int64_t behind, int64_t upto,
                             heng_seal_each *each, void *ctx, struct heng_err *err)
{
    struct heng_str bytes = {.max = ROW_MAX};
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, streams[stream].rows);
    q.streamed = true;
    heng_query_int(&q, behind);
    heng_query_int(&q, upto);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        int64_t position = heng_query_get_int(&q);
        heng_str_clear(&bytes);
        heng_str_put(&bytes, "i", 1);
        put_number(&bytes, (uint64_t)position, 8);
        for (const char *type = streams[stream].types; *type; type++) put_column(&bytes, &q, *type);
        if (bytes.rc != HENG_OK)
            rc = heng_fail(err, bytes.rc, 0, "a row of '%s' is too large to be sealed", streams[stream].text);
        if (rc == HENG_OK) rc = each(ctx, position, heng_slice_of(bytes.text, bytes.n), err);
        if (rc != HENG_OK) break;
    }
    heng_query_end(&q);
    heng_str_fini(&bytes);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_seal_name(struct heng_store_reader *reader, heng_seal_stream stream, int64_t position,
                             char ret_name[static HENG_SEAL_NAME_MAX], heng_us *ret_at_us, struct heng_err *err)
{
    struct heng_query q;
    ret_name[0] = '\0';
    *ret_at_us = 0;
    heng_query_begin(&q, &reader->db, streams[stream].name);
    heng_query_int(&q, position);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        heng_query_get_text(&q, ret_name, HENG_SEAL_NAME_MAX);
        *ret_at_us = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_seal_strays(struct heng_store_reader *reader, heng_seal_stray *each, void *ctx, struct heng_err *err)
{
    static const heng_seal_stream of[] = {HENG_SEAL_BILL, HENG_SEAL_CASH_DAY, HENG_SEAL_BY_EYE};
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEAL_STRAY);
    q.streamed = true;
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        char name[HENG_SEAL_NAME_MAX];
        int64_t which = heng_query_get_int(&q), id = heng_query_get_int(&q);
        heng_query_get_text(&q, name, sizeof name);
        if ((rc = each(ctx, of[which - 1], id, name, heng_query_get_int(&q), err)) != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- keys ------------------------------------------------------------------------------------------------------ */

/* Whether the column had exactly n bytes. */
static bool get_exactly(struct heng_query *q, uint8_t *ret, size_t n)
{
    struct heng_slice bytes = heng_query_get_blob(q);
    memset(ret, 0, n);
    if (bytes.n != n) return false;
    memcpy(ret, bytes.p, n);
    return true;
}

static void fill_key(struct heng_query *q, struct heng_seal_key *ret)
{
    ret->id = heng_query_get_int(q);
    ret->damaged = !get_exactly(q, ret->public_key, sizeof ret->public_key);
    ret->from_us = heng_query_get_int(q);
    ret->vouched = !heng_query_is_null(q);
    if (!get_exactly(q, ret->signature, sizeof ret->signature) && ret->vouched) ret->damaged = true;
    heng_query_get_text(q, ret->note, sizeof ret->note);
}

heng_rc heng_store_seal_keys(struct heng_store_reader *reader, struct heng_seal_key *ret, size_t cap, size_t *ret_n,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEAL_KEY_LIST);
    HENG_QUERY_ALL(fill_key, ret, cap, ret_n);
}

heng_rc heng_store_add_seal_key(struct heng_store *store, struct heng_seal_key *key, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    key->id = store->next[HENG_ID_SEAL_KEY]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SEAL_KEY_ADD);
    heng_query_int(&q, key->id);
    heng_query_blob(&q, heng_slice_of(key->public_key, sizeof key->public_key));
    heng_query_int(&q, key->from_us);
    if (key->vouched)
        heng_query_blob(&q, heng_slice_of(key->signature, sizeof key->signature));
    else
        heng_query_null(&q);
    heng_query_text(&q, key->note);
    return heng_query_finish(&q, err);
}

/* --- checkpoints ----------------------------------------------------------------------------------------------- */

static void fill_head(struct heng_query *q, struct heng_seal_head *ret)
{
    ret->n = heng_query_get_int(q);
    ret->at_us = heng_query_get_int(q);
    ret->key_id = heng_query_get_int(q);
    bool chain = get_exactly(q, ret->chain, sizeof ret->chain);
    bool signature = get_exactly(q, ret->signature, sizeof ret->signature);
    ret->damaged = !chain || !signature;
}

heng_rc heng_store_seal_from(struct heng_store_reader *reader, int64_t n, struct heng_seal_head *ret,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEAL_NEXT);
    heng_query_int(&q, n);
    HENG_QUERY_ONE(fill_head, ret);
}

heng_rc heng_store_seal_last(struct heng_store_reader *reader, struct heng_seal_head *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEAL_LAST);
    HENG_QUERY_ONE(fill_head, ret);
}

heng_rc heng_store_seal_since(struct heng_store_reader *reader, heng_us at_us, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEAL_FIRST_SINCE);
    heng_query_int(&q, at_us);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_is_null(&q) ? 0 : heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_add_seal(struct heng_store *store, const struct heng_seal_head *head, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SEAL_ADD);
    heng_query_int(&q, head->n);
    heng_query_int(&q, head->at_us);
    heng_query_int(&q, head->key_id);
    heng_query_blob(&q, heng_slice_of(head->chain, sizeof head->chain));
    heng_query_blob(&q, heng_slice_of(head->signature, sizeof head->signature));
    return heng_query_finish(&q, err);
}

heng_rc heng_store_add_seal_piece(struct heng_store *store, const struct heng_seal_piece *piece, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SEAL_PIECE_ADD);
    heng_query_text(&q, heng_seal_stream_text(piece->stream));
    heng_query_int(&q, piece->last_id);
    heng_query_int(&q, piece->behind);
    heng_query_int(&q, piece->seal_n);
    heng_query_int(&q, piece->rows);
    heng_query_blob(&q, heng_slice_of(piece->root, sizeof piece->root));
    heng_query_blob(&q, piece->marks);
    return heng_query_finish(&q, err);
}

/* marks is borrowed from the row. */
static void fill_piece(struct heng_query *q, struct heng_seal_piece *ret)
{
    ret->stream = heng_seal_stream_of(heng_query_peek_text(q));
    ret->behind = heng_query_get_int(q);
    ret->last_id = heng_query_get_int(q);
    ret->rows = heng_query_get_int(q);
    ret->damaged = !get_exactly(q, ret->root, sizeof ret->root);
    ret->seal_n = heng_query_get_int(q);
    ret->marks = heng_query_get_blob(q);
}

heng_rc heng_store_seal_pieces(struct heng_store_reader *reader, int64_t seal_n, heng_seal_piece_each *each, void *ctx,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEAL_PIECES_OF);
    heng_query_int(&q, seal_n);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_seal_piece piece;
        fill_piece(&q, &piece);
        if ((rc = each(ctx, &piece, err)) != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_seal_piece(struct heng_store_reader *reader, heng_seal_stream stream, int64_t position,
                              struct heng_str *marks, struct heng_seal_piece *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEAL_PIECE_NEXT);
    heng_query_text(&q, heng_seal_stream_text(stream));
    heng_query_int(&q, position);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        fill_piece(&q, ret);
        heng_str_clear(marks);
        heng_str_put(marks, (const char *)ret->marks.p, ret->marks.n);
        ret->marks = heng_slice_of(marks->text, marks->n);
        if (marks->rc != HENG_OK) rc = heng_fail(err, marks->rc, 0, "no memory for the marks of a seal");
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_seal_reached(struct heng_store_reader *reader, heng_seal_stream stream, int64_t *ret,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SEAL_PIECE_LAST);
    heng_query_text(&q, heng_seal_stream_text(stream));
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_is_null(&q) ? INT64_MIN : heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_seal_lost(struct heng_store_reader *reader, int64_t *ret, struct heng_err *err)
{
    return heng_db_run(&reader->db, HENG_SQL_SEAL_PIECE_LOST, ret, err);
}
