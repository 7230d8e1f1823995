#include "seal/chain.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/time.h"

struct heng_seal_sha {
    EVP_MD *kind;
    EVP_MD_CTX *ctx;
};

heng_rc heng_seal_sha_new(struct heng_seal_sha **ret, struct heng_err *err)
{
    struct heng_seal_sha *sha = calloc(1, sizeof *sha);
    if (sha) sha->kind = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (sha) sha->ctx = EVP_MD_CTX_new();
    if (!sha || !sha->kind || !sha->ctx) {
        heng_seal_sha_free(sha);
        return heng_fail(err, HENG_ENOMEM, 0, "there is no SHA-256 to seal with");
    }
    *ret = sha;
    return HENG_OK;
}

void heng_seal_sha_free(struct heng_seal_sha *sha)
{
    if (!sha) return;
    EVP_MD_CTX_free(sha->ctx);
    EVP_MD_free(sha->kind);
    free(sha);
}

void heng_seal_sha(struct heng_seal_sha *sha, const struct heng_slice *parts, size_t n,
                   uint8_t ret[static HENG_SEAL_HASH])
{
    bool good = EVP_DigestInit_ex2(sha->ctx, sha->kind, NULL) == 1;
    for (size_t i = 0; good && i < n; i++) good = EVP_DigestUpdate(sha->ctx, parts[i].p, parts[i].n) == 1;
    if (!good || EVP_DigestFinal_ex(sha->ctx, ret, NULL) != 1) abort(); /* it was there when we began */
}

void heng_seal_leaf(struct heng_seal_sha *sha, heng_seal_stream stream, struct heng_slice row,
                    uint8_t ret[static HENG_SEAL_HASH])
{
    const char *name = heng_seal_stream_text(stream);
    const struct heng_slice parts[] = {heng_slice_of("", 1), heng_slice_of(name, strlen(name) + 1), row};
    heng_seal_sha(sha, parts, 3, ret);
}

void heng_seal_node(struct heng_seal_sha *sha, const uint8_t left[static HENG_SEAL_HASH],
                    const uint8_t right[static HENG_SEAL_HASH], uint8_t ret[static HENG_SEAL_HASH])
{
    const struct heng_slice parts[] = {heng_slice_of("\1", 1), heng_slice_of(left, HENG_SEAL_HASH),
                                       heng_slice_of(right, HENG_SEAL_HASH)};
    heng_seal_sha(sha, parts, 3, ret);
}

/* Full subtrees stand behind each other as the ones in n do; a new leaf joins those that are of its size, as a carry.
 */
void heng_seal_tree_add(struct heng_seal_tree *tree, struct heng_seal_sha *sha,
                        const uint8_t leaf[static HENG_SEAL_HASH])
{
    uint8_t node[HENG_SEAL_HASH];
    size_t depth = 0;
    memcpy(node, leaf, sizeof node);
    for (uint64_t n = tree->n; n; n &= n - 1) depth++;
    for (uint64_t n = tree->n; n & 1; n >>= 1) heng_seal_node(sha, tree->nodes[--depth], node, node);
    memcpy(tree->nodes[depth], node, sizeof node);
    tree->n++;
}

void heng_seal_tree_root(const struct heng_seal_tree *tree, struct heng_seal_sha *sha,
                         uint8_t ret[static HENG_SEAL_HASH])
{
    size_t depth = 0;
    if (!tree->n) {
        heng_seal_sha(sha, NULL, 0, ret);
        return;
    }
    for (uint64_t n = tree->n; n; n &= n - 1) depth++;
    memcpy(ret, tree->nodes[--depth], HENG_SEAL_HASH);
    while (depth) heng_seal_node(sha, tree->nodes[--depth], ret, ret);
}

/* Level by level; who has no neighbour goes up as he is, which gives the trees of RFC 6962. */
size_t heng_seal_path(uint8_t (*leaves)[HENG_SEAL_HASH], size_t n, size_t at, struct heng_seal_sha *sha,
                      uint8_t (*ret)[HENG_SEAL_HASH])
{
    size_t count = 0;
    for (; n > 1 && count < HENG_SEAL_LEVELS; n = (n + 1) / 2, at /= 2) {
        if ((at ^ 1) < n) memcpy(ret[count++], leaves[at ^ 1], HENG_SEAL_HASH);
        for (size_t i = 0; i < n; i += 2) {
            if (i + 1 < n)
                heng_seal_node(sha, leaves[i], leaves[i + 1], leaves[i / 2]);
            else
                memmove(leaves[i / 2], leaves[i], HENG_SEAL_HASH);
        }
    }
    return count;
}

/* --- what is signed -------------------------------------------------------------------------------------------- */

static void put_number(struct heng_buf *to, int64_t number, unsigned bytes)
{
    for (unsigned i = bytes; i-- > 0;) heng_buf_u8(to, (uint8_t)((uint64_t)number >> (8 * i)));
}

void heng_seal_chain(struct heng_seal_sha *sha, const uint8_t before[static HENG_SEAL_HASH],
                     const struct heng_seal_head *head, const uint8_t public_key[static HENG_SEAL_HASH],
                     const struct heng_seal_entry pieces[static HENG_SEAL_STREAM_COUNT],
                     uint8_t ret[static HENG_SEAL_HASH])
{
    uint8_t memory[256 + HENG_SEAL_STREAM_COUNT * 128];
    struct heng_buf to = heng_buf_of(memory, sizeof memory);
    int64_t count = 0;
    for (size_t i = 0; i < HENG_SEAL_STREAM_COUNT; i++) count += pieces[i].there;
    heng_buf_put(&to, heng_slice_of("heng-seal-1", sizeof "heng-seal-1"));
    heng_buf_put(&to, heng_slice_of(before, HENG_SEAL_HASH));
    put_number(&to, head->n, 8);
    put_number(&to, head->at_us, 8);
    heng_buf_put(&to, heng_slice_of(public_key, HENG_SEAL_HASH));
    put_number(&to, count, 4);
    for (size_t i = 0; i < HENG_SEAL_STREAM_COUNT; i++) {
        const char *name = heng_seal_stream_text((heng_seal_stream)i);
        if (!pieces[i].there) continue;
        heng_buf_put(&to, heng_slice_of(name, strlen(name) + 1));
        put_number(&to, pieces[i].behind, 8);
        put_number(&to, pieces[i].last_id, 8);
        put_number(&to, pieces[i].rows, 8);
        heng_buf_put(&to, heng_slice_of(pieces[i].root, HENG_SEAL_HASH));
        heng_buf_put(&to, heng_slice_of(pieces[i].marks, HENG_SEAL_HASH));
    }
    const struct heng_slice all = heng_buf_slice(&to);
    heng_seal_sha(sha, &all, 1, ret);
}

void heng_seal_put_mark(struct heng_str *marks, int64_t position, const uint8_t leaf[static HENG_SEAL_HASH])
{
    uint8_t memory[8];
    struct heng_buf to = heng_buf_of(memory, sizeof memory);
    put_number(&to, position, 8);
    heng_str_put(marks, (const char *)memory, sizeof memory);
    heng_str_put(marks, (const char *)leaf, HENG_SEAL_MARK - sizeof memory);
}

int64_t heng_seal_get_mark(const uint8_t *mark)
{
    uint64_t position = 0;
    for (size_t i = 0; i < 8; i++) position = position << 8 | mark[i];
    return (int64_t)position;
}

/* --- for paper ------------------------------------------------------------------------------------------------- */

static void hex(const uint8_t *bytes, char ret[static 2 * HENG_SEAL_HASH + 1])
{
    for (size_t i = 0; i < HENG_SEAL_HASH; i++) snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

void heng_seal_line_format(const struct heng_seal_head *head, const uint8_t public_key[static HENG_SEAL_HASH],
                           char ret[static HENG_SEAL_LINE_MAX])
{
    char chain[2 * HENG_SEAL_HASH + 1], key[2 * HENG_SEAL_HASH + 1], at[HENG_TIME_TEXT_MAX];
    hex(head->chain, chain);
    hex(public_key, key);
    heng_us_format(head->at_us, at);
    snprintf(ret, HENG_SEAL_LINE_MAX, "heng-seal-1 n=%" PRId64 " at=%s chain=%s key=%s", head->n, at, chain, key);
}

/* "name=": its value, up to the next blank. */
static struct heng_slice field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    if (!at) return heng_slice_of("", 0);
    at += strlen(name);
    return heng_slice_of(at, strcspn(at, " \r\n\t"));
}

static bool take_hash(struct heng_slice text, uint8_t ret[static HENG_SEAL_HASH])
{
    struct heng_buf bytes = heng_buf_of(ret, HENG_SEAL_HASH);
    struct heng_err err;
    return text.n == (size_t)2 * HENG_SEAL_HASH && heng_hex_parse(text, &bytes, &err) == HENG_OK &&
           bytes.n == HENG_SEAL_HASH;
}

heng_rc heng_seal_line_parse(const char *text, struct heng_seal_line *ret, struct heng_err *err)
{
    struct heng_slice n = field(text, " n=");
    char number[24] = "", *end = number;
    if (n.n < sizeof number) memcpy(number, n.p, n.n);
    ret->n = strtoll(number, &end, 10);
    if (strncmp(text, "heng-seal-1 ", 12) != 0 || *end || end == number || ret->n < 1 ||
        !take_hash(field(text, " chain="), ret->chain) || !take_hash(field(text, " key="), ret->public_key))
        return heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is not the line that 'heng seal head' prints", text);
    return HENG_OK;
}
