#include "base/rc.h"

#include <stdarg.h>
#include <stdio.h>

const char *heng_rc_name(heng_rc rc)
{
    switch (rc) {
#define X(symbol, name)                                                                                                \
    case HENG_##symbol: return name;
        HENG_RC_LIST(X)
#undef X
    }
    return "unknown";
}

heng_rc heng_fail(struct heng_err *err, heng_rc rc, uint32_t at, const char *fmt, ...)
{
    if (err) {
        va_list args;
        err->rc = rc;
        err->at = at;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
    }
    return rc;
}
