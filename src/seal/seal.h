#ifndef HENG_SEAL_SEAL_H
#define HENG_SEAL_SEAL_H
/* Checkpoints: what came since the last one is hashed, chained and signed, so that a later change of it is found
 * (seal/verify.h). Files of the data folder: seal.key, the key; seal.head, the newest checkpoint as a line, which tells
 * when checkpoints are cut off in the database. */
#include "store/money/seal.h"

/* Positions of one stream in one checkpoint at most. */
enum { HENG_SEAL_SPAN = 8192, HENG_SEAL_PATH_MAX = 1100 };

struct heng_seal;
/* Errors: ENOMEM; ECONFIG the name of the folder is too long. */
HENG_NODISCARD heng_rc heng_seal_new(const char *folder, struct heng_seal **ret, struct heng_err *err);
void heng_seal_free(struct heng_seal *seal); /* accepts NULL */

/* One checkpoint of what is not sealed yet, in the open transaction, working for about budget_us; nothing when there is
 * nothing new. The first one makes the key. ret_left: there is more. Whatever becomes of the transaction, tell
 * heng_seal_committed.
 * Errors: EDENIED the key may be read by others, or the database does not hold the checkpoint that seal.head names;
 *         ENOTFOUND the key is gone while there are checkpoints: the text says what to do; EFORMAT; EIO, ELIMIT. */
HENG_NODISCARD heng_rc heng_seal_work(struct heng_seal *seal, struct heng_store *store, heng_us now_us,
                                      heng_us budget_us, bool *ret_left, struct heng_err *err);
/* What was worked on is durable, or was rolled back. Errors: EIO seal.head cannot be written; the seals hold. */
HENG_NODISCARD heng_rc heng_seal_committed(struct heng_seal *seal, bool committed, struct heng_err *err);

/* A new key from now on; the one before signs it. With lost, the one before is not there any more: verify will say so
 * for ever. In the open transaction; heng_seal_committed puts the key's file in place. Errors: as heng_seal_work. */
HENG_NODISCARD heng_rc heng_seal_change_key(struct heng_seal *seal, struct heng_store *store, heng_us now_us, bool lost,
                                            struct heng_err *err);

/* The newest checkpoint as a line for paper. Errors: ENOTFOUND nothing is sealed yet. */
enum { HENG_SEAL_LINE_CAP = 240 };
HENG_NODISCARD heng_rc heng_seal_head(struct heng_store_reader *reader, char ret[static HENG_SEAL_LINE_CAP],
                                      struct heng_err *err);

#endif
