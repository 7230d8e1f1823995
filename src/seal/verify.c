#include "seal/verify.h"

#include <stdlib.h>

#include "seal/key.h"

enum { GROUP_MAX = 4096, FOUND_MAX = 1024, LEAF_PART = 8 };

const char *heng_seal_wrong_text(heng_seal_wrong wrong)
{
    static const char *const texts[] = {
#define X(symbol, text) text,
        HENG_SEAL_WRONG_LIST(X)
#undef X
    };
    return wrong < HENG_SEAL_WRONG_COUNT ? texts[wrong] : "";
}

struct verify {
    struct heng_store_reader *reader;
    const struct heng_seal_ask *ask;
    struct heng_seal_told *told;
    struct heng_seal_sha *sha;
    struct heng_seal_key keys[HENG_SEAL_KEYS_MAX];
    size_t key_count;
};

/* What differs in a piece is told when its rows have been read: the connection is busy until then. group: the marks of
 * the rows of one position. expected, end: what the seal says. */
struct check {
    struct verify *v;
    const struct heng_seal_piece *piece;
    const uint8_t *expected, *end;
    struct heng_seal_tree tree;
    bool begun;
    int64_t position;
    size_t group_n, over, found_n;
    uint64_t more[HENG_SEAL_WRONG_COUNT], differences;
    uint8_t group[GROUP_MAX][LEAF_PART];
    struct {
        heng_seal_wrong wrong;
        int64_t position;
    } found[FOUND_MAX];
};

static heng_rc tell(struct verify *v, const struct heng_seal_finding *finding, struct heng_err *err)
{
    v->told->findings += 1 + (uint64_t)finding->more;
    return v->ask->found(v->ask->owner, finding, err);
}

static heng_rc tell_seal(struct verify *v, heng_seal_wrong wrong, int64_t n, heng_us at_us, const char *why,
                         struct heng_err *err)
{
    struct heng_seal_finding finding = {
        .wrong = wrong, .stream = HENG_SEAL_STREAM_COUNT, .position = n, .at_us = at_us, .why = why};
    return tell(v, &finding, err);
}

/* --- the rows of a piece --------------------------------------------------------------------------------------- */

static void note(struct check *c, heng_seal_wrong wrong, int64_t position)
{
    c->differences++;
    if (c->found_n == FOUND_MAX) {
        c->more[wrong]++;
        return;
    }
    c->found[c->found_n].wrong = wrong;
    c->found[c->found_n++].position = position;
}

static void expect_up_to(struct check *c, int64_t position)
{
    for (; c->expected < c->end && heng_seal_get_mark(c->expected) < position; c->expected += HENG_SEAL_MARK)
        note(c, HENG_SEAL_MISSING, heng_seal_get_mark(c->expected));
}

/* Takes the mark out of the group when it is there. */
static bool take_from_group(struct check *c, const uint8_t *leaf)
{
    for (size_t i = 0; i < c->group_n; i++)
        if (memcmp(c->group[i], leaf, LEAF_PART) == 0) {
            memmove(c->group[i], c->group[i + 1], (c->group_n - i - 1) * LEAF_PART);
            c->group_n--;
            return true;
        }
    return false;
}

/* Rows of one position: those whose marks are known are well; of the others each stands for one that is not there. */
static void close_group(struct check *c)
{
    size_t lost = 0;
    if (!c->begun) return;
    expect_up_to(c, c->position);
    for (; c->expected < c->end && heng_seal_get_mark(c->expected) == c->position; c->expected += HENG_SEAL_MARK)
        lost += !take_from_group(c, c->expected + HENG_SEAL_MARK - LEAF_PART);
    size_t strange = c->group_n + c->over;
    for (size_t i = 0; i < lost || i < strange; i++)
        note(c, i >= strange ? HENG_SEAL_MISSING : i >= lost ? HENG_SEAL_ADDED : HENG_SEAL_ALTERED, c->position);
    c->group_n = c->over = 0;
}

static heng_rc check_row(void *ctx, int64_t position, struct heng_slice bytes, struct heng_err *err)
{
    struct check *c = ctx;
    uint8_t leaf[HENG_SEAL_HASH];
    (void)err;
    heng_seal_leaf(c->v->sha, c->piece->stream, bytes, leaf);
    heng_seal_tree_add(&c->tree, c->v->sha, leaf);
    if (!c->begun || position != c->position) close_group(c);
    c->begun = true;
    c->position = position;
    if (c->group_n == GROUP_MAX)
        c->over++;
    else
        memcpy(c->group[c->group_n++], leaf, LEAF_PART);
    return HENG_OK;
}

static heng_rc tell_found(struct check *c, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < c->found_n; i++) {
        struct heng_seal_finding finding = {.wrong = c->found[i].wrong,
                                            .stream = c->piece->stream,
                                            .position = c->found[i].position,
                                            .upto = c->found[i].position,
                                            .why = ""};
        if (i + 1 == c->found_n) finding.more = (int64_t)c->more[finding.wrong];
        rc = heng_store_seal_name(c->v->reader, finding.stream, finding.position, finding.name, &finding.at_us, err);
        if (rc == HENG_OK) rc = tell(c->v, &finding, err);
    }
    return rc;
}

static heng_rc tell_piece(struct verify *v, const struct heng_seal_piece *piece, heng_seal_wrong wrong, int64_t behind,
                          const char *why, struct heng_err *err)
{
    struct heng_seal_finding finding = {
        .wrong = wrong, .stream = piece->stream, .position = behind, .upto = piece->last_id, .why = why};
    return tell(v, &finding, err);
}

static heng_rc check_piece(struct verify *v, struct check *c, const struct heng_seal_piece *piece, struct heng_err *err)
{
    uint8_t root[HENG_SEAL_HASH];
    size_t whole = piece->marks.n / HENG_SEAL_MARK * HENG_SEAL_MARK;
    memset(c, 0, offsetof(struct check, group));
    c->v = v;
    c->piece = piece;
    c->expected = piece->marks.p;
    c->end = piece->marks.p + whole;
    heng_rc rc = heng_store_seal_rows(v->reader, piece->stream, piece->behind, piece->last_id, check_row, c, err);
    if (rc != HENG_OK) return rc;
    close_group(c);
    while (c->expected < c->end) {
        note(c, HENG_SEAL_MISSING, heng_seal_get_mark(c->expected));
        c->expected += HENG_SEAL_MARK;
    }
    heng_seal_tree_root(&c->tree, v->sha, root);
    v->told->rows += c->tree.n;
    bool same = !piece->damaged && memcmp(root, piece->root, sizeof root) == 0 && whole == piece->marks.n &&
                piece->rows == (int64_t)c->tree.n;
    if (c->differences) return tell_found(c, err);
    return same ? HENG_OK
                : tell_piece(v, piece, HENG_SEAL_PIECE, piece->behind, "its rows and its seal do not agree", err);
}

/* --- streams --------------------------------------------------------------------------------------------------- */

struct counting {
    uint64_t rows;
};

static heng_rc count_row(void *ctx, int64_t position, struct heng_slice bytes, struct heng_err *err)
{
    struct counting *c = ctx;
    (void)position, (void)bytes, (void)err;
    c->rows++;
    return HENG_OK;
}

static heng_rc count_since(struct verify *v, heng_seal_stream stream, int64_t reached, struct heng_err *err)
{
    struct counting counting = {0};
    int64_t newest = 0;
    heng_rc rc = heng_store_seal_newest(v->reader, stream, &newest, err);
    if (rc == HENG_OK && newest > reached)
        rc = heng_store_seal_rows(v->reader, stream, reached, newest, count_row, &counting, err);
    v->told->since += counting.rows;
    return rc;
}

/* Pieces cover a stream from its beginning without a hole. */
static heng_rc check_stream(struct verify *v, struct check *c, heng_seal_stream stream, int64_t first_n,
                            struct heng_err *err)
{
    struct heng_str marks = {.max = 256 << 20};
    struct heng_seal_piece piece;
    int64_t reached = INT64_MIN;
    heng_rc rc = HENG_OK;
    while (rc == HENG_OK && reached < INT64_MAX) {
        rc =
            heng_store_seal_piece(v->reader, stream, reached == INT64_MIN ? reached : reached + 1, &marks, &piece, err);
        if (rc != HENG_OK || piece.seal_n > v->told->last.n) break;
        if (piece.behind > reached)
            rc = tell_piece(v, &(struct heng_seal_piece){.stream = stream, .last_id = piece.behind}, HENG_SEAL_GAP,
                            reached, "these rows were sealed, and their seal is gone", err);
        else if (piece.behind < reached)
            rc = tell_piece(v, &piece, HENG_SEAL_PIECE, piece.behind, "it overlaps with the one before", err);
        if (rc == HENG_OK && piece.seal_n >= first_n) rc = check_piece(v, c, &piece, err);
        reached = piece.last_id;
        if (v->ask->progress) v->ask->progress(v->ask->owner, v->told->rows);
        if (rc == HENG_OK && v->ask->stop && atomic_load(v->ask->stop))
            rc = heng_fail(err, HENG_ECLOSED, 0, "it was stopped");
    }
    heng_str_fini(&marks);
    return rc == HENG_OK || rc == HENG_ENOTFOUND ? count_since(v, stream, reached, err) : rc;
}

static heng_rc tell_stray(void *ctx, heng_seal_stream stream, int64_t id, const char *name, heng_us at_us,
                          struct heng_err *err)
{
    struct verify *v = ctx;
    struct heng_seal_finding finding = {.wrong = HENG_SEAL_ADDED,
                                        .stream = stream,
                                        .position = id,
                                        .upto = id,
                                        .at_us = at_us,
                                        .why = "it is final and was never reported as final; the number is its id"};
    memcpy(finding.name, name, strlen(name) + 1);
    if (v->ask->stream != HENG_SEAL_STREAM_COUNT && v->ask->stream != stream) return HENG_OK;
    return tell(v, &finding, err);
}

static heng_rc check_streams(struct verify *v, int64_t first_n, struct heng_err *err)
{
    struct check *c = malloc(sizeof *c);
    heng_rc rc = c ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory to verify a piece");
    for (size_t i = 0; rc == HENG_OK && i < HENG_SEAL_STREAM_COUNT; i++)
        if (v->ask->stream == HENG_SEAL_STREAM_COUNT || v->ask->stream == (heng_seal_stream)i)
            rc = check_stream(v, c, (heng_seal_stream)i, first_n, err);
    free(c);
    return rc;
}

/* --- checkpoints ----------------------------------------------------------------------------------------------- */

static const struct heng_seal_key *key_of(const struct verify *v, int64_t id)
{
    for (size_t i = 0; i < v->key_count; i++)
        if (v->keys[i].id == id && !v->keys[i].damaged) return &v->keys[i];
    return NULL;
}

/* The first key stands for itself; every other one is vouched for by the one before, or is the one that is expected. */
static heng_rc check_keys(struct verify *v, struct heng_err *err)
{
    heng_rc rc = heng_store_seal_keys(v->reader, v->keys, HENG_SEAL_KEYS_MAX, &v->key_count, err);
    for (size_t i = 0; rc == HENG_OK && i < v->key_count; i++) {
        const struct heng_seal_key *key = &v->keys[i];
        uint8_t bytes[HENG_SEAL_VOUCH];
        heng_seal_vouch(key, bytes);
        bool expected = v->ask->public_key && memcmp(v->ask->public_key, key->public_key, HENG_SEAL_HASH) == 0;
        bool good = !key->damaged &&
                    (i == 0 || expected ||
                     (key->vouched &&
                      heng_seal_signed(v->keys[i - 1].public_key, heng_slice_of(bytes, sizeof bytes), key->signature)));
        if (!good)
            rc = tell_seal(v, HENG_SEAL_KEY, key->id, key->from_us, "the key before it did not sign it", err);
        else if (i == 0 && key->id != 1)
            rc = tell_seal(v, HENG_SEAL_KEY, key->id, key->from_us, "it is the first, and its number is not 1", err);
    }
    return rc;
}

struct entries {
    struct verify *v;
    struct heng_seal_entry of[HENG_SEAL_STREAM_COUNT];
    bool damaged;
};

static heng_rc take_entry(void *ctx, const struct heng_seal_piece *piece, struct heng_err *err)
{
    struct entries *e = ctx;
    (void)err;
    if (piece->stream == HENG_SEAL_STREAM_COUNT || piece->damaged || e->of[piece->stream].there) {
        e->damaged = true;
        return HENG_OK;
    }
    struct heng_seal_entry *to = &e->of[piece->stream];
    *to = (struct heng_seal_entry){true, piece->behind, piece->last_id, piece->rows, {0}, {0}};
    memcpy(to->root, piece->root, sizeof to->root);
    heng_seal_sha(e->v->sha, &piece->marks, 1, to->marks);
    return HENG_OK;
}

/* before: the chain of the one before as it stands in the database, so that one damage is told once; NULL: it is gone.
 */
static heng_rc check_head(struct verify *v, const struct heng_seal_head *head, const uint8_t *before,
                          int64_t *key_before, struct heng_err *err)
{
    struct entries entries = {.v = v};
    uint8_t chain[HENG_SEAL_HASH];
    const struct heng_seal_key *key = key_of(v, head->key_id);
    heng_rc rc = heng_store_seal_pieces(v->reader, head->n, take_entry, &entries, err);
    if (rc != HENG_OK) return rc;
    const char *why = NULL;
    if (head->damaged || entries.damaged)
        why = "what it consists of cannot be read";
    else if (!key)
        why = "its key is not there";
    else if (head->key_id < *key_before)
        why = "it is signed with a key that had been replaced";
    if (!why && before) heng_seal_chain(v->sha, before, head, key->public_key, entries.of, chain);
    if (!why && before && memcmp(chain, head->chain, sizeof chain) != 0)
        why = "its pieces or its time do not give its chain value";
    else if (!why &&
             !heng_seal_signed(key->public_key, heng_slice_of(head->chain, sizeof head->chain), head->signature))
        why = "its signature is wrong";
    if (key) *key_before = head->key_id;
    return why ? tell_seal(v, HENG_SEAL_HEAD, head->n, head->at_us, why, err) : HENG_OK;
}

static heng_rc check_heads(struct verify *v, struct heng_err *err)
{
    uint8_t before[HENG_SEAL_HASH] = {0};
    int64_t n = 0, key = 0;
    heng_rc rc = HENG_OK;
    while (rc == HENG_OK && n < v->told->last.n) {
        struct heng_seal_head head;
        rc = heng_store_seal_from(v->reader, n + 1, &head, err);
        if (rc != HENG_OK || head.n > v->told->last.n) break;
        bool follows = head.n == n + 1;
        for (int64_t gone = n + 1; rc == HENG_OK && gone < head.n && gone <= n + FOUND_MAX; gone++)
            rc = tell_seal(v, HENG_SEAL_CUT, gone, 0, "its number is not there", err);
        if (rc == HENG_OK) rc = check_head(v, &head, follows ? before : NULL, &key, err);
        memcpy(before, head.chain, sizeof before);
        n = head.n;
        v->told->checkpoints++;
    }
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* What somebody outside knows: a head on paper, the file beside the database, the key. */
static heng_rc check_outside(struct verify *v, struct heng_err *err)
{
    const struct heng_seal_ask *ask = v->ask;
    int64_t lost = 0;
    heng_rc rc = heng_store_seal_lost(v->reader, &lost, err);
    if (rc == HENG_OK && lost > 0)
        rc = tell_seal(v, HENG_SEAL_CUT, v->told->last.n + 1, 0, "there are pieces of checkpoints that are gone", err);
    for (size_t i = 0; rc == HENG_OK && i < ask->head_count; i++) {
        struct heng_seal_head head;
        rc = heng_store_seal_from(v->reader, ask->heads[i].n, &head, err);
        bool there = rc == HENG_OK && head.n == ask->heads[i].n;
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
        if (rc == HENG_OK && !there)
            rc = tell_seal(v, HENG_SEAL_CUT, ask->heads[i].n, 0, "a head that was kept outside knows it", err);
        else if (rc == HENG_OK && memcmp(head.chain, ask->heads[i].chain, HENG_SEAL_HASH) != 0)
            rc = tell_seal(v, HENG_SEAL_HEAD, head.n, head.at_us, "a head that was kept outside says otherwise", err);
    }
    const struct heng_seal_key *key = key_of(v, v->told->last.key_id);
    if (rc == HENG_OK && ask->public_key && v->told->last.n &&
        (!key || memcmp(key->public_key, ask->public_key, HENG_SEAL_HASH) != 0))
        rc =
            tell_seal(v, HENG_SEAL_KEY, v->told->last.key_id, 0, "the newest checkpoint has not the expected key", err);
    return rc;
}

heng_rc heng_seal_verify(struct heng_store_reader *reader, const struct heng_seal_ask *ask, struct heng_seal_told *ret,
                         struct heng_err *err)
{
    struct verify *v = calloc(1, sizeof *v);
    int64_t first_n = 0;
    if (!v) return heng_fail(err, HENG_ENOMEM, 0, "no memory to verify");
    v->reader = reader;
    v->ask = ask;
    v->told = ret;
    *ret = (struct heng_seal_told){0};
    heng_rc rc = heng_seal_sha_new(&v->sha, err);
    if (rc == HENG_OK) rc = heng_store_seal_last(reader, &ret->last, err);
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    if (rc == HENG_OK) rc = check_keys(v, err);
    if (rc == HENG_OK) rc = check_heads(v, err);
    if (rc == HENG_OK) rc = check_outside(v, err);
    if (rc == HENG_OK && ask->from_us > 0) {
        rc = heng_store_seal_since(reader, ask->from_us, &first_n, err);
        if (!first_n) first_n = INT64_MAX;
    }
    if (rc == HENG_OK) rc = check_streams(v, first_n, err);
    if (rc == HENG_OK) rc = heng_store_seal_strays(reader, tell_stray, v, err);
    heng_seal_sha_free(v->sha);
    free(v);
    return rc;
}
