#include "seal/proof.h"

#include <stdlib.h>

#include "base/json.h"
#include "seal/chain.h"

enum { ROWS_MAX = 4096, LEAVES_MAX = 1 << 22 };

/* leaves: of all rows of the piece; kept: the canonical bytes of those at the position, at places first .. */
struct proof {
    struct heng_seal_sha *sha;
    heng_seal_stream stream;
    int64_t position;
    uint8_t (*leaves)[HENG_SEAL_HASH], (*copy)[HENG_SEAL_HASH];
    size_t n, cap, kept, first;
    struct {
        size_t from, n;
    } rows[ROWS_MAX];
    struct heng_str bytes, marks;
    struct heng_seal_piece piece;
    struct heng_seal_head head;
    uint8_t before[HENG_SEAL_HASH], public_key[HENG_SEAL_HASH];
    struct heng_json json;
};

static heng_rc keep_leaf(void *ctx, int64_t position, struct heng_slice bytes, struct heng_err *err)
{
    struct proof *p = ctx;
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 1024;
        void *more = cap > LEAVES_MAX ? NULL : realloc(p->leaves, cap * sizeof *p->leaves);
        if (!more) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the leaves of a piece");
        p->leaves = more;
        p->cap = cap;
    }
    heng_seal_leaf(p->sha, p->stream, bytes, p->leaves[p->n++]);
    if (position != p->position) return HENG_OK;
    if (p->kept == ROWS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "more rows stand there than a proof has room for");
    if (!p->kept) p->first = p->n - 1;
    p->rows[p->kept].from = p->bytes.n;
    p->rows[p->kept++].n = bytes.n;
    heng_str_put(&p->bytes, (const char *)bytes.p, bytes.n);
    return p->bytes.rc == HENG_OK ? HENG_OK : heng_fail(err, p->bytes.rc, 0, "the row is too large for a proof");
}

static heng_rc find_seal(struct proof *p, struct heng_store_reader *reader, struct heng_err *err)
{
    struct heng_seal_key keys[HENG_SEAL_KEYS_MAX];
    struct heng_seal_head before;
    size_t n = 0;
    heng_rc rc = heng_store_seal_piece(reader, p->stream, p->position, &p->marks, &p->piece, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_EBUSY, 0, "'%s' %lld is not sealed yet: that takes a minute, while heng serve runs",
                         heng_seal_stream_text(p->stream), (long long)p->position);
    if (rc == HENG_OK) rc = heng_store_seal_from(reader, p->piece.seal_n, &p->head, err);
    if (rc == HENG_OK && p->head.n > 1) {
        rc = heng_store_seal_from(reader, p->head.n - 1, &before, err);
        if (rc == HENG_OK) memcpy(p->before, before.chain, sizeof p->before);
    }
    if (rc == HENG_OK) rc = heng_store_seal_keys(reader, keys, HENG_SEAL_KEYS_MAX, &n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < n; i++)
        if (keys[i].id == p->head.key_id) memcpy(p->public_key, keys[i].public_key, sizeof p->public_key);
    return HENG_OK;
}

static void put_hash(struct heng_json *j, const char *key, const uint8_t *bytes, size_t n)
{
    heng_json_key(j, key);
    heng_json_hex(j, heng_slice_of(bytes, n));
}

static void put_int(struct heng_json *j, const char *key, int64_t value)
{
    heng_json_key(j, key);
    heng_json_int(j, value);
}

static heng_rc put_piece(void *ctx, const struct heng_seal_piece *piece, struct heng_err *err)
{
    struct proof *p = ctx;
    struct heng_json *j = &p->json;
    uint8_t marks[HENG_SEAL_HASH];
    (void)err;
    heng_seal_sha(p->sha, &piece->marks, 1, marks);
    heng_json_object(j);
    heng_json_key(j, "stream");
    heng_json_text(j, heng_seal_stream_text(piece->stream));
    put_int(j, "order", piece->stream);
    put_int(j, "behind", piece->behind);
    put_int(j, "last", piece->last_id);
    put_int(j, "rows", piece->rows);
    put_hash(j, "root", piece->root, sizeof piece->root);
    put_hash(j, "marks", marks, sizeof marks);
    heng_json_end_object(j);
    return HENG_OK;
}

static void put_rows(struct proof *p)
{
    struct heng_json *j = &p->json;
    heng_json_key(j, "rows");
    heng_json_array(j);
    for (size_t i = 0; i < p->kept; i++) {
        uint8_t path[HENG_SEAL_LEVELS][HENG_SEAL_HASH];
        memcpy(p->copy, p->leaves, p->n * sizeof *p->leaves);
        size_t n = heng_seal_path(p->copy, p->n, p->first + i, p->sha, path);
        heng_json_object(j);
        put_int(j, "at", (int64_t)(p->first + i));
        put_hash(j, "bytes", (const uint8_t *)p->bytes.text + p->rows[i].from, p->rows[i].n);
        heng_json_key(j, "path");
        heng_json_array(j);
        for (size_t k = 0; k < n; k++) heng_json_hex(j, heng_slice_of(path[k], HENG_SEAL_HASH));
        heng_json_end_array(j);
        heng_json_end_object(j);
    }
    heng_json_end_array(j);
}

static heng_rc put_all(struct proof *p, struct heng_store_reader *reader, struct heng_str *out, struct heng_err *err)
{
    p->json = heng_json_of(out);
    struct heng_json *j = &p->json;
    heng_json_object(j);
    heng_json_key(j, "stream");
    heng_json_text(j, heng_seal_stream_text(p->stream));
    put_int(j, "position", p->position);
    put_rows(p);
    heng_json_key(j, "checkpoint");
    heng_json_object(j);
    put_int(j, "n", p->head.n);
    put_int(j, "at_us", p->head.at_us);
    put_hash(j, "before", p->before, sizeof p->before);
    put_hash(j, "chain", p->head.chain, sizeof p->head.chain);
    put_hash(j, "signature", p->head.signature, sizeof p->head.signature);
    put_hash(j, "public", p->public_key, sizeof p->public_key);
    heng_json_key(j, "pieces");
    heng_json_array(j);
    heng_rc rc = heng_store_seal_pieces(reader, p->head.n, put_piece, p, err);
    heng_json_end_array(j);
    heng_json_end_object(j);
    heng_json_end_object(j);
    return rc == HENG_OK && out->rc != HENG_OK ? heng_fail(err, out->rc, 0, "no room for a proof") : rc;
}

static heng_rc prove(struct proof *p, struct heng_store_reader *reader, struct heng_str *out, struct heng_err *err)
{
    struct heng_seal_tree tree = {0};
    uint8_t root[HENG_SEAL_HASH];
    heng_rc rc = find_seal(p, reader, err);
    if (rc == HENG_OK)
        rc = heng_store_seal_rows(reader, p->stream, p->piece.behind, p->piece.last_id, keep_leaf, p, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < p->n; i++) heng_seal_tree_add(&tree, p->sha, p->leaves[i]);
    heng_seal_tree_root(&tree, p->sha, root);
    if (memcmp(root, p->piece.root, sizeof root) != 0)
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "rows around '%s' %lld are not what was sealed: run heng verify, which names them",
                         heng_seal_stream_text(p->stream), (long long)p->position);
    if (!p->kept)
        return heng_fail(err, HENG_ENOTFOUND, 0, "there is no '%s' %lld", heng_seal_stream_text(p->stream),
                         (long long)p->position);
    p->copy = malloc(p->n * sizeof *p->copy);
    return p->copy ? put_all(p, reader, out, err) : heng_fail(err, HENG_ENOMEM, 0, "no memory for a proof");
}

heng_rc heng_seal_proof(struct heng_store_reader *reader, heng_seal_stream stream, int64_t position,
                        struct heng_str *out, struct heng_err *err)
{
    struct proof *p = calloc(1, sizeof *p);
    if (!p) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a proof");
    p->stream = stream;
    p->position = position;
    p->bytes.max = 64 << 20;
    p->marks.max = 256 << 20;
    heng_rc rc = heng_seal_sha_new(&p->sha, err);
    if (rc == HENG_OK) rc = prove(p, reader, out, err);
    heng_seal_sha_free(p->sha);
    heng_str_fini(&p->bytes);
    heng_str_fini(&p->marks);
    free(p->leaves);
    free(p->copy);
    free(p);
    return rc;
}
