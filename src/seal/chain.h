#ifndef HENG_SEAL_CHAIN_H
#define HENG_SEAL_CHAIN_H
/* What is hashed, in which order, and what is signed. The formats, for who checks without us: docs/seal.md. */
#include "store/money/seal.h"

enum { HENG_SEAL_MARK = 16, HENG_SEAL_LEVELS = 48 };

/* SHA-256, made once and used often. */
struct heng_seal_sha;
HENG_NODISCARD heng_rc heng_seal_sha_new(struct heng_seal_sha **ret, struct heng_err *err);
void heng_seal_sha_free(struct heng_seal_sha *sha); /* accepts NULL */
void heng_seal_sha(struct heng_seal_sha *sha, const struct heng_slice *parts, size_t n,
                   uint8_t ret[static HENG_SEAL_HASH]);

/* Of a row: SHA-256 (0x00, name of the stream, 0x00, canonical bytes). */
void heng_seal_leaf(struct heng_seal_sha *sha, heng_seal_stream stream, struct heng_slice row,
                    uint8_t ret[static HENG_SEAL_HASH]);
/* Of two nodes of the tree: SHA-256 (0x01, left, right). */
void heng_seal_node(struct heng_seal_sha *sha, const uint8_t left[static HENG_SEAL_HASH],
                    const uint8_t right[static HENG_SEAL_HASH], uint8_t ret[static HENG_SEAL_HASH]);

/* A Merkle tree over leaves as they come, in the shape of RFC 6962, 2.1. Zeroes are an empty one. */
struct heng_seal_tree {
    uint64_t n;
    uint8_t nodes[HENG_SEAL_LEVELS][HENG_SEAL_HASH]; /* of full subtrees, the largest first */
};
void heng_seal_tree_add(struct heng_seal_tree *tree, struct heng_seal_sha *sha,
                        const uint8_t leaf[static HENG_SEAL_HASH]);
/* Of no leaves: SHA-256 of nothing. */
void heng_seal_tree_root(const struct heng_seal_tree *tree, struct heng_seal_sha *sha,
                         uint8_t ret[static HENG_SEAL_HASH]);

/* The neighbours on the way from leaf `at` of n to the root, from below. Overwrites leaves. Returns how many. */
size_t heng_seal_path(uint8_t (*leaves)[HENG_SEAL_HASH], size_t n, size_t at, struct heng_seal_sha *sha,
                      uint8_t (*ret)[HENG_SEAL_HASH]);

/* A piece as the chain has it; marks by their SHA-256. */
struct heng_seal_entry {
    bool there;
    int64_t behind, last_id, rows;
    uint8_t root[HENG_SEAL_HASH], marks[HENG_SEAL_HASH];
};

/* SHA-256 ("heng-seal-1" 0x00, chain before, n, at_us, public key, number of pieces in 4 bytes, and of each piece that
 * is there, in the order of the streams: name 0x00, behind, last_id, rows, root, SHA-256 of marks). Numbers are 8
 * bytes, the high one first. The chain before the first is 32 zeroes. */
void heng_seal_chain(struct heng_seal_sha *sha, const uint8_t before[static HENG_SEAL_HASH],
                     const struct heng_seal_head *head, const uint8_t public_key[static HENG_SEAL_HASH],
                     const struct heng_seal_entry pieces[static HENG_SEAL_STREAM_COUNT],
                     uint8_t ret[static HENG_SEAL_HASH]);

/* The marks of a piece: of each row the position (8 bytes) and the first 8 of its leaf. */
void heng_seal_put_mark(struct heng_str *marks, int64_t position, const uint8_t leaf[static HENG_SEAL_HASH]);
int64_t heng_seal_get_mark(const uint8_t *mark);

/* A head as one line, for paper: "heng-seal-1 n=12 at=... chain=... key=...". */
enum { HENG_SEAL_LINE_MAX = 240 };
struct heng_seal_line {
    int64_t n;
    uint8_t chain[HENG_SEAL_HASH], public_key[HENG_SEAL_HASH];
};
void heng_seal_line_format(const struct heng_seal_head *head, const uint8_t public_key[static HENG_SEAL_HASH],
                           char ret[static HENG_SEAL_LINE_MAX]);
HENG_NODISCARD heng_rc heng_seal_line_parse(const char *text, struct heng_seal_line *ret, struct heng_err *err);

#endif
