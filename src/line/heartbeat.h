#ifndef HENG_LINE_HEARTBEAT_H
#define HENG_LINE_HEARTBEAT_H
/* The heartbeat of a DTU, which some models send in the middle of an answer. */
#include "base/rc.h"
#include "base/slice.h"

enum { HENG_HEARTBEAT_MAX = 32 };
struct heng_heartbeat {
    uint8_t bytes[HENG_HEARTBEAT_MAX];
    size_t n; /* 0: there is none */
};

/* As configured: text, or "hex:FE FE"; "" for none. Errors: ECONFIG. */
HENG_NODISCARD heng_rc heng_heartbeat_of(const char *text, struct heng_heartbeat *ret, struct heng_err *err);

/* The input without the first heartbeat in it, into ret, which has room for n bytes; how many that are. Without a
 * whole one nothing is copied: 0. ret_at: where it stood. */
size_t heng_heartbeat_strip(const struct heng_heartbeat *heartbeat, struct heng_slice in, uint8_t *ret, size_t *ret_at);

/* Do the last bytes look like the beginning of one? */
bool heng_heartbeat_begins(const struct heng_heartbeat *heartbeat, struct heng_slice in);

#endif
