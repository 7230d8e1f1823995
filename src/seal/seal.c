#include "seal/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "seal/chain.h"
#include "seal/key.h"

/* reached: how far each stream is sealed, or was found to hold nothing more; known: it was read. turn: the stream that
 * the next run begins with; quiet: streams in a row that had no more. head, has_line: what is to be written when the
 * transaction has become durable. */
struct heng_seal {
    char key_path[HENG_SEAL_PATH_MAX], head_path[HENG_SEAL_PATH_MAX], next_path[HENG_SEAL_PATH_MAX];
    struct heng_seal_sha *sha;
    struct heng_seal_signer *signer;
    int64_t key_id;
    struct heng_seal_head head;
    int64_t reached[HENG_SEAL_STREAM_COUNT];
    size_t turn, quiet;
    bool known, has_line, has_next;
    char line[HENG_SEAL_LINE_MAX];
};

static bool join(char ret[static HENG_SEAL_PATH_MAX], const char *folder, const char *name)
{
    return snprintf(ret, HENG_SEAL_PATH_MAX, "%s/%s", folder, name) < HENG_SEAL_PATH_MAX;
}

heng_rc heng_seal_new(const char *folder, struct heng_seal **ret, struct heng_err *err)
{
    struct heng_seal *seal = calloc(1, sizeof *seal);
    if (!seal) return heng_fail(err, HENG_ENOMEM, 0, "no memory for sealing");
    heng_rc rc = heng_seal_sha_new(&seal->sha, err);
    if (rc == HENG_OK && (!join(seal->key_path, folder, "seal.key") || !join(seal->head_path, folder, "seal.head") ||
                          !join(seal->next_path, folder, "seal.key.next")))
        rc = heng_fail(err, HENG_ECONFIG, 0, "the name of the data folder is too long");
    if (rc != HENG_OK) {
        heng_seal_free(seal);
        return rc;
    }
    *ret = seal;
    return HENG_OK;
}

void heng_seal_free(struct heng_seal *seal)
{
    if (!seal) return;
    heng_seal_signer_free(seal->signer);
    heng_seal_sha_free(seal->sha);
    free(seal);
}

/* --- where we are ---------------------------------------------------------------------------------------------- */

/* What the folder remembers must be in the database: else somebody cut it off, or put an older state back. */
static heng_rc check_head_file(struct heng_seal *seal, struct heng_store_reader *reader, struct heng_err *err)
{
    char text[HENG_SEAL_LINE_MAX];
    struct heng_seal_line line;
    struct heng_seal_head head;
    heng_rc rc = heng_seal_file_get(seal->head_path, false, text, sizeof text, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc == HENG_OK) rc = heng_seal_line_parse(text, &line, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_seal_from(reader, line.n, &head, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_OK && head.n == line.n && memcmp(head.chain, line.chain, sizeof head.chain) == 0) return HENG_OK;
    return heng_fail(err, HENG_EDENIED, 0,
                     "checkpoint %lld of seal.head is not in the database: run heng verify; after an older backup was "
                     "put back, move seal.head away",
                     (long long)line.n);
}

static heng_rc find_key(struct heng_seal *seal, const struct heng_seal_key *keys, size_t n, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (!seal->signer) rc = heng_seal_signer_open(seal->key_path, n == 0, &seal->signer, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, rc, 0,
                         "the key '%.60s' is gone: put its copy back; if there is none, run: heng seal key --lost",
                         seal->key_path);
    if (rc != HENG_OK) return rc;
    seal->key_id = 0;
    for (size_t i = 0; i < n; i++)
        if (memcmp(keys[i].public_key, heng_seal_signer_public(seal->signer), HENG_SEAL_HASH) == 0)
            seal->key_id = keys[i].id;
    return n && !seal->key_id
               ? heng_fail(err, HENG_ENOTFOUND, 0, "'%.80s' is not the key of this database: put the right one back",
                           seal->key_path)
               : HENG_OK;
}

static heng_rc learn(struct heng_seal *seal, struct heng_store *store, heng_us now_us, struct heng_err *err)
{
    struct heng_seal_key keys[HENG_SEAL_KEYS_MAX];
    struct heng_store_reader *reader = heng_store_as_reader(store);
    size_t n = 0;
    heng_rc rc = check_head_file(seal, reader, err);
    if (rc == HENG_OK) rc = heng_store_seal_keys(reader, keys, HENG_SEAL_KEYS_MAX, &n, err);
    if (rc == HENG_OK) rc = find_key(seal, keys, n, err);
    if (rc != HENG_OK) return rc;
    if (!seal->key_id) {
        struct heng_seal_key key = {.from_us = now_us, .note = "the first"};
        memcpy(key.public_key, heng_seal_signer_public(seal->signer), HENG_SEAL_HASH);
        rc = heng_store_add_seal_key(store, &key, err);
        if (rc == HENG_OK) seal->key_id = key.id;
    }
    if (rc == HENG_OK) rc = heng_store_seal_last(reader, &seal->head, err);
    if (rc == HENG_ENOTFOUND) {
        seal->head = (struct heng_seal_head){0};
        rc = HENG_OK;
    }
    for (size_t i = 0; rc == HENG_OK && i < HENG_SEAL_STREAM_COUNT; i++)
        rc = heng_store_seal_reached(reader, (heng_seal_stream)i, &seal->reached[i], err);
    seal->known = rc == HENG_OK;
    return rc;
}

/* --- a checkpoint ---------------------------------------------------------------------------------------------- */

struct gather {
    struct heng_seal *seal;
    heng_seal_stream stream;
    struct heng_seal_tree tree;
    struct heng_str marks;
};

static heng_rc take_row(void *ctx, int64_t position, struct heng_slice bytes, struct heng_err *err)
{
    struct gather *g = ctx;
    uint8_t leaf[HENG_SEAL_HASH];
    heng_seal_leaf(g->seal->sha, g->stream, bytes, leaf);
    heng_seal_tree_add(&g->tree, g->seal->sha, leaf);
    heng_seal_put_mark(&g->marks, position, leaf);
    return g->marks.rc == HENG_OK ? HENG_OK : heng_fail(err, g->marks.rc, 0, "no memory for the marks of a seal");
}

static heng_rc put_piece(struct gather *g, struct heng_store *store, int64_t seal_n, int64_t upto,
                         struct heng_seal_entry *ret, struct heng_err *err)
{
    struct heng_seal_piece piece = {.stream = g->stream,
                                    .behind = g->seal->reached[g->stream],
                                    .last_id = upto,
                                    .rows = (int64_t)g->tree.n,
                                    .seal_n = seal_n,
                                    .marks = heng_slice_of(g->marks.text, g->marks.n)};
    heng_seal_tree_root(&g->tree, g->seal->sha, piece.root);
    ret->there = true;
    ret->behind = piece.behind;
    ret->last_id = piece.last_id;
    ret->rows = piece.rows;
    memcpy(ret->root, piece.root, sizeof ret->root);
    heng_seal_sha(g->seal->sha, &piece.marks, 1, ret->marks);
    return heng_store_add_seal_piece(store, &piece, err);
}

/* One span of a stream; ret_more: it does not end there. A run of numbers without rows belongs to the next piece. */
static heng_rc gather_stream(struct heng_seal *seal, struct heng_store *store, heng_seal_stream stream, int64_t seal_n,
                             struct heng_seal_entry *ret, bool *ret_more, struct heng_err *err)
{
    struct gather g = {.seal = seal, .stream = stream, .marks = {.max = 64 << 20}};
    struct heng_store_reader *reader = heng_store_as_reader(store);
    int64_t newest = 0, from = seal->reached[stream];
    heng_rc rc = heng_store_seal_newest(reader, stream, &newest, err);
    while (rc == HENG_OK && !g.tree.n && from < newest) {
        int64_t start = from < 0 ? 0 : from, upto = newest - start > HENG_SEAL_SPAN ? start + HENG_SEAL_SPAN : newest;
        rc = heng_store_seal_rows(reader, stream, from, upto, take_row, &g, err);
        from = upto;
    }
    if (rc == HENG_OK && g.tree.n) rc = put_piece(&g, store, seal_n, from, ret, err);
    if (rc == HENG_OK && g.tree.n) seal->reached[stream] = from;
    *ret_more = from < newest;
    heng_str_fini(&g.marks);
    return rc;
}

static heng_rc sign_head(struct heng_seal *seal, struct heng_store *store, const struct heng_seal_entry *pieces,
                         heng_us now_us, struct heng_err *err)
{
    struct heng_seal_head head = {.n = seal->head.n + 1, .at_us = now_us, .key_id = seal->key_id};
    const uint8_t *public_key = heng_seal_signer_public(seal->signer);
    heng_seal_chain(seal->sha, seal->head.chain, &head, public_key, pieces, head.chain);
    heng_rc rc = heng_seal_sign(seal->signer, heng_slice_of(head.chain, sizeof head.chain), head.signature, err);
    if (rc == HENG_OK) rc = heng_store_add_seal(store, &head, err);
    if (rc != HENG_OK) return rc;
    seal->head = head;
    heng_seal_line_format(&head, public_key, seal->line);
    seal->has_line = true;
    return HENG_OK;
}

static heng_rc work(struct heng_seal *seal, struct heng_store *store, heng_us now_us, heng_us budget_us, bool *ret_left,
                    struct heng_err *err)
{
    struct heng_seal_entry pieces[HENG_SEAL_STREAM_COUNT] = {0};
    const heng_us until_us = heng_clock_mono() + budget_us;
    bool any = false, in_time = true;
    heng_rc rc = seal->known ? HENG_OK : learn(seal, store, now_us, err);
    for (size_t i = 0; rc == HENG_OK && in_time && i < HENG_SEAL_STREAM_COUNT; i++) {
        heng_seal_stream stream = (heng_seal_stream)seal->turn;
        bool more = false;
        rc = gather_stream(seal, store, stream, seal->head.n + 1, &pieces[stream], &more, err);
        any |= pieces[stream].there;
        seal->quiet = more || pieces[stream].there ? 0 : seal->quiet + 1;
        seal->turn = (seal->turn + 1) % HENG_SEAL_STREAM_COUNT;
        in_time = heng_clock_mono() < until_us;
    }
    *ret_left = rc == HENG_OK && seal->quiet < HENG_SEAL_STREAM_COUNT;
    if (!*ret_left) seal->quiet = 0;
    return rc == HENG_OK && any ? sign_head(seal, store, pieces, now_us, err) : rc;
}

heng_rc heng_seal_work(struct heng_seal *seal, struct heng_store *store, heng_us now_us, heng_us budget_us,
                       bool *ret_left, struct heng_err *err)
{
    heng_rc rc = work(seal, store, now_us, budget_us, ret_left, err);
    if (rc != HENG_OK) seal->known = seal->has_line = false;
    return rc;
}

heng_rc heng_seal_committed(struct heng_seal *seal, bool committed, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    if (committed && seal->has_next && rename(seal->next_path, seal->key_path) != 0)
        rc = heng_fail(err, HENG_EIO, 0, "the new key could not be put in place: rename '%.80s' to seal.key",
                       seal->next_path);
    if (seal->has_next) {
        heng_seal_signer_free(seal->signer);
        seal->signer = NULL;
        seal->known = false;
    }
    if (!committed) seal->known = false;
    if (committed && seal->has_line && rc == HENG_OK) {
        char text[HENG_SEAL_LINE_MAX + 1];
        snprintf(text, sizeof text, "%s\n", seal->line);
        rc = heng_seal_file_put(seal->head_path, text, 0600, err);
    }
    seal->has_line = seal->has_next = false;
    return rc;
}

/* --- keys ------------------------------------------------------------------------------------------------------ */

heng_rc heng_seal_change_key(struct heng_seal *seal, struct heng_store *store, heng_us now_us, bool lost,
                             struct heng_err *err)
{
    struct heng_seal_signer *next = NULL;
    struct heng_seal_key key = {.from_us = now_us, .vouched = !lost};
    uint8_t bytes[HENG_SEAL_VOUCH];
    heng_rc rc = lost ? HENG_OK : learn(seal, store, now_us, err);
    if (rc == HENG_OK && unlink(seal->next_path) != 0 && access(seal->next_path, F_OK) == 0)
        rc = heng_fail(err, HENG_EIO, 0, "cannot remove '%.100s'", seal->next_path);
    if (rc == HENG_OK) rc = heng_seal_signer_open(seal->next_path, true, &next, err);
    if (rc != HENG_OK) return rc;
    memcpy(key.public_key, heng_seal_signer_public(next), HENG_SEAL_HASH);
    snprintf(key.note, sizeof key.note, "%s", lost ? "the key before was lost" : "signed by the key before");
    heng_seal_vouch(&key, bytes);
    if (!lost) rc = heng_seal_sign(seal->signer, heng_slice_of(bytes, sizeof bytes), key.signature, err);
    if (rc == HENG_OK) rc = heng_store_add_seal_key(store, &key, err);
    heng_seal_signer_free(next);
    seal->has_next = rc == HENG_OK;
    return rc;
}

heng_rc heng_seal_head(struct heng_store_reader *reader, char ret[static HENG_SEAL_LINE_CAP], struct heng_err *err)
{
    struct heng_seal_key keys[HENG_SEAL_KEYS_MAX];
    struct heng_seal_head head;
    size_t n = 0;
    heng_rc rc = heng_store_seal_last(reader, &head, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "nothing is sealed yet: heng serve does it once a minute");
    if (rc == HENG_OK) rc = heng_store_seal_keys(reader, keys, HENG_SEAL_KEYS_MAX, &n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < n; i++)
        if (keys[i].id == head.key_id) {
            heng_seal_line_format(&head, keys[i].public_key, ret);
            return HENG_OK;
        }
    return heng_fail(err, HENG_EFORMAT, 0, "the key of checkpoint %lld is gone: run heng verify", (long long)head.n);
}
