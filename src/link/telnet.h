#ifndef HENG_LINK_TELNET_H
#define HENG_LINK_TELNET_H
/* Telnet's commands and data told apart, whatever way the stream is cut. Pure.
 *   IAC IAC                     one data byte FF
 *   IAC WILL|WONT|DO|DONT opt   a verb
 *   IAC SB opt ... IAC SE       a sub-negotiation, FF in it doubled
 *   IAC x                       anything else: skipped
 * Source: RFC 854, RFC 855. */
#include "base/buf.h"
#include "base/slice.h"

enum { TELNET_SUB_MAX = 64 };
enum { TELNET_SE = 240, TELNET_SB = 250, TELNET_WILL, TELNET_WONT, TELNET_DO, TELNET_DONT, TELNET_IAC };

struct heng_telnet {
    enum { TELNET_IN_DATA, TELNET_AFTER_IAC, TELNET_AFTER_VERB, TELNET_IN_SUB, TELNET_SUB_AFTER_IAC } state;
    uint8_t verb;
    size_t sub_n; /* may be more than there is room for: then the sub-negotiation is skipped */
    uint8_t sub[TELNET_SUB_MAX];
};

typedef enum heng_telnet_kind {
    HENG_TELNET_NOTHING, /* the input is used up */
    HENG_TELNET_DATA,    /* bytes: borrowed from the input */
    HENG_TELNET_VERB,    /* verb, option */
    HENG_TELNET_SUB      /* bytes: what stands between SB and IAC SE, option first; borrowed from telnet */
} heng_telnet_kind;

struct heng_telnet_piece {
    uint8_t verb, option;
    struct heng_slice bytes;
};

/* Take the next piece off the front of *in. */
heng_telnet_kind heng_telnet_next(struct heng_telnet *telnet, struct heng_slice *in, struct heng_telnet_piece *ret);

/* Append bytes with every FF doubled. */
void heng_telnet_escape(struct heng_buf *out, struct heng_slice bytes);

#endif
