#ifndef HENG_UPLINK_BATCH_H
#define HENG_UPLINK_BATCH_H
/* Batches, packed by hand: they are nearly all that an uplink carries, and nothing of theirs is copied twice. The
 * format is that of uplink.proto; heng_batch_unpack is in host.h. A live one has neither first nor last. */
#include "uplink/host.h"
#include "uplink/wire.h"

enum { HENG_BATCH_ENTRY_OVER = 128 }; /* an entry takes at most so much more than its body */

/* Is it what uplink.h says of a batch? For who makes one: anything else is a bug of his. */
bool heng_batch_holds(const struct heng_batch *batch);

/* How many bytes it takes, packed. */
size_t heng_batch_size(const struct heng_batch *batch);

/* The longest part of the batch from its beginning that takes at most bytes_max, but one entry at least. */
struct heng_batch heng_batch_cut(const struct heng_batch *batch, size_t bytes_max);

bool heng_say_batch(struct heng_wire_out *out, bool live, const struct heng_batch *batch);

/* Do all entries carry the check that fits them? Errors: ECHECKSUM. */
HENG_NODISCARD heng_rc heng_batch_verify(const struct heng_batch *batch, struct heng_err *err);

#endif
