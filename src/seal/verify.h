#ifndef HENG_SEAL_VERIFY_H
#define HENG_SEAL_VERIFY_H
/* All that is sealed, hashed again and compared with the seals: what was altered, taken away or put in, row by row. */
#include <stdatomic.h>

#include "seal/chain.h"

/* X(symbol, text) */
#define HENG_SEAL_WRONG_LIST(X)                                                                                        \
    X(ALTERED, "altered")                                                                                              \
    X(MISSING, "missing")                                                                                              \
    X(ADDED, "added")                                                                                                  \
    X(PIECE, "piece altered")     /* the seal of a run of rows, or more than can be named */                           \
    X(GAP, "piece missing")       /* rows behind `position` up to `upto` have lost their seal */                       \
    X(HEAD, "checkpoint altered") /* its number in `position`; its pieces, chain or signature do not fit */            \
    X(CUT, "checkpoint missing")                                                                                       \
    X(KEY, "key") /* a key that nobody vouches for, or not the expected one */
typedef enum heng_seal_wrong {
#define X(symbol, text) HENG_SEAL_##symbol,
    HENG_SEAL_WRONG_LIST(X)
#undef X
        HENG_SEAL_WRONG_COUNT
} heng_seal_wrong;
const char *heng_seal_wrong_text(heng_seal_wrong wrong);

/* position: of a row as in store/money/seal.h; of CUT and HEAD the number of the checkpoint, of KEY its id. name,
 * at_us: what people call the row, as far as it is known. more: that many more of this kind in the same piece. */
struct heng_seal_finding {
    heng_seal_wrong wrong;
    heng_seal_stream stream; /* COUNT: of no stream */
    int64_t position, upto, more;
    char name[HENG_SEAL_NAME_MAX];
    heng_us at_us;
    const char *why; /* a constant */
};

/* from_us: rows sealed before it are not looked at, the chain is; stream: COUNT all. heads: checkpoints that somebody
 * outside knows of. public_key: that the newest one must be signed with; NULL: what the database says. */
struct heng_seal_ask {
    heng_us from_us;
    heng_seal_stream stream;
    const struct heng_seal_line *heads;
    size_t head_count;
    const uint8_t *public_key;
    void *owner;
    heng_rc (*found)(void *owner, const struct heng_seal_finding *finding, struct heng_err *err);
    void (*progress)(void *owner, uint64_t rows); /* may be NULL */
    const atomic_bool *stop;                      /* true: end with ECLOSED; may be NULL */
};

/* since: rows that no seal covers yet. last: n 0 when nothing is sealed. */
struct heng_seal_told {
    uint64_t rows, checkpoints, findings, since;
    struct heng_seal_head last;
};

/* Takes the memory of one piece, however much there is; what is written meanwhile does not disturb it.
 * Errors: those of the store and of found. What is wrong with the data is a finding, no error. */
HENG_NODISCARD heng_rc heng_seal_verify(struct heng_store_reader *reader, const struct heng_seal_ask *ask,
                                        struct heng_seal_told *ret, struct heng_err *err);

#endif
