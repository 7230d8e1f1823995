#ifndef HENG_STORE_PACK_H
#define HENG_STORE_PACK_H
/* The values of one reading as the bytes of one column, and back. The layout stands in pack.c. */
#include "base/buf.h"
#include "store/store.h"

/* Always enough for a full reading. */
enum { HENG_PACKED_MAX = 16 + HENG_READ_VALUES_MAX * 64 };

/* Append the values. Errors: ELIMIT when buf is too small or a count exceeds its maximum, ERANGE for a frame index
 * outside of frame_count. */
HENG_NODISCARD heng_rc heng_reading_pack(const struct heng_reading *reading, struct heng_buf *buf);

/* Fill values and value_count of ret. Bytes may be anything. Errors: EFORMAT (err->at = offset). */
HENG_NODISCARD heng_rc heng_reading_unpack(struct heng_slice packed, struct heng_reading *ret, struct heng_err *err);

/* The value of one register. Errors: ENOTFOUND when the reading does not have it, EFORMAT. */
HENG_NODISCARD heng_rc heng_reading_pick(struct heng_slice packed, int64_t register_id, struct heng_reading_value *ret,
                                         struct heng_err *err);

#endif
