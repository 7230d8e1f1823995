#ifndef HENG_BASE_RC_H
#define HENG_BASE_RC_H
/* Result codes and the error text that goes with them. */
#include <stdint.h>

#if defined(__GNUC__)
#define HENG_NODISCARD                  __attribute__((warn_unused_result))
#define HENG_PRINTF(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))
#else
#define HENG_NODISCARD
#define HENG_PRINTF(fmt_arg, first_arg)
#endif

/* At least n elements behind an array parameter. C checks it, C++ has no words for it. */
#ifdef __cplusplus
#define HENG_AT_LEAST(n) n
#else
#define HENG_AT_LEAST(n) static n
#endif

/* X(symbol, short name for logs, counters and JSON) */
#define HENG_RC_LIST(X)                                                                                                \
    X(OK, "ok")                                                                                                        \
    X(MORE, "more")                                                                                                    \
    X(ECHECKSUM, "checksum")                                                                                           \
    X(EFORMAT, "format")                                                                                               \
    X(EUNSUPPORTED, "unsupported")                                                                                     \
    X(ERANGE, "range")                                                                                                 \
    X(ELIMIT, "limit")                                                                                                 \
    X(ETIMEOUT, "timeout")                                                                                             \
    X(ECLOSED, "closed")                                                                                               \
    X(ENOMEM, "memory")                                                                                                \
    X(EIO, "io")                                                                                                       \
    X(EBUSY, "busy")                                                                                                   \
    X(ENOTFOUND, "not found")                                                                                          \
    X(EEXISTS, "exists")                                                                                               \
    X(EDENIED, "denied")                                                                                               \
    X(ECONFIG, "config")                                                                                               \
    X(ECONFLICT, "conflict")                                                                                           \
    X(EBUG, "bug")

typedef enum heng_rc {
#define X(symbol, name) HENG_##symbol,
    HENG_RC_LIST(X)
#undef X
} heng_rc;

/* What went wrong, for a person. at: byte offset or line number, where that makes sense. */
struct heng_err {
    heng_rc rc;
    uint32_t at;
    char text[160];
};

/* Short lower-case name of a code ("checksum"). */
const char *heng_rc_name(heng_rc rc);

/* Fill err (which may be NULL) and return rc, so that a failure is one line at the call site.
 * The text is lower case without a full stop; it is cut at the size of err->text. */
heng_rc heng_fail(struct heng_err *err, heng_rc rc, uint32_t at, const char *fmt, ...) HENG_PRINTF(4, 5);

#endif
