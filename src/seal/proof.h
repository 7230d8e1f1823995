#ifndef HENG_SEAL_PROOF_H
#define HENG_SEAL_PROOF_H
/* That one row is what was sealed, for who has neither the database nor Heng: docs/seal.md tells how to check it. */
#include "base/buf.h"
#include "store/money/seal.h"

/* Append a JSON object to out: {"stream", "position", "rows": [{"bytes" hex, "at" its place in the piece, "path"
 * [hex]}], "piece" {...}, "checkpoint" {"n", "at_us", "before", "chain", "signature", "public", "pieces" [...]}}. A
 * position may have several rows. Numbers that are hashed stand as numbers. Errors: ENOTFOUND there is no such row;
 * EBUSY it is not sealed yet; ECONFLICT the row is not what was sealed: run verify; ELIMIT out is full. */
HENG_NODISCARD heng_rc heng_seal_proof(struct heng_store_reader *reader, heng_seal_stream stream, int64_t position,
                                       struct heng_str *out, struct heng_err *err);

#endif
