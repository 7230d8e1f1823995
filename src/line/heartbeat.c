#include "line/heartbeat.h"

#include <string.h>

#include "base/buf.h"
#include "base/hex.h"

heng_rc heng_heartbeat_of(const char *text, struct heng_heartbeat *ret, struct heng_err *err)
{
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    heng_rc rc = HENG_OK;
    if (strncmp(text, "hex:", 4) == 0)
        rc = heng_hex_parse(heng_slice_str(text + 4), &buf, NULL);
    else
        heng_buf_put(&buf, heng_slice_str(text));
    ret->n = buf.n;
    if (rc == HENG_OK && !buf.full) return HENG_OK;
    ret->n = 0;
    return heng_fail(err, HENG_ECONFIG, 0, "heartbeat '%.40s' cannot be: text or hex: and bytes, at most %d", text,
                     HENG_HEARTBEAT_MAX);
}

size_t heng_heartbeat_strip(const struct heng_heartbeat *heartbeat, struct heng_slice in, uint8_t *ret, size_t *ret_at)
{
    for (size_t at = 0; heartbeat->n && at + heartbeat->n <= in.n; at++) {
        if (memcmp(in.p + at, heartbeat->bytes, heartbeat->n) != 0) continue;
        memcpy(ret, in.p, at);
        memcpy(ret + at, in.p + at + heartbeat->n, in.n - at - heartbeat->n);
        *ret_at = at;
        return in.n - heartbeat->n;
    }
    return 0;
}

bool heng_heartbeat_begins(const struct heng_heartbeat *heartbeat, struct heng_slice in)
{
    for (size_t n = heartbeat->n < in.n + 1 ? heartbeat->n : in.n + 1; n-- > 1;)
        if (memcmp(in.p + in.n - n, heartbeat->bytes, n) == 0) return true;
    return false;
}
