#include "link/telnet.h"

/* The data up to the next IAC. */
static struct heng_slice run_of(struct heng_slice in)
{
    const uint8_t *iac = memchr(in.p, TELNET_IAC, in.n);
    return iac ? heng_slice_of(in.p, (size_t)(iac - in.p)) : in;
}

static void sub_put(struct heng_telnet *telnet, uint8_t byte)
{
    if (telnet->sub_n < TELNET_SUB_MAX) telnet->sub[telnet->sub_n] = byte;
    if (telnet->sub_n <= TELNET_SUB_MAX) telnet->sub_n++;
}

static heng_telnet_kind command(struct heng_telnet *telnet, const uint8_t *byte, struct heng_telnet_piece *ret)
{
    telnet->state = TELNET_IN_DATA;
    if (*byte == TELNET_IAC) {
        ret->bytes = heng_slice_of(byte, 1);
        return HENG_TELNET_DATA;
    }
    if (*byte >= TELNET_WILL && *byte <= TELNET_DONT) {
        telnet->verb = *byte;
        telnet->state = TELNET_AFTER_VERB;
    } else if (*byte == TELNET_SB) {
        telnet->sub_n = 0;
        telnet->state = TELNET_IN_SUB;
    }
    return HENG_TELNET_NOTHING;
}

static heng_telnet_kind sub_end(struct heng_telnet *telnet, const uint8_t *byte, struct heng_telnet_piece *ret)
{
    telnet->state = TELNET_IN_SUB;
    if (*byte == TELNET_IAC) {
        sub_put(telnet, *byte);
        return HENG_TELNET_NOTHING;
    }
    /* Another command than SE: the sub-negotiation was broken off. */
    if (*byte != TELNET_SE) return command(telnet, byte, ret);
    telnet->state = TELNET_IN_DATA;
    if (telnet->sub_n == 0 || telnet->sub_n > TELNET_SUB_MAX) return HENG_TELNET_NOTHING;
    ret->bytes = heng_slice_of(telnet->sub, telnet->sub_n);
    return HENG_TELNET_SUB;
}

/* One byte that is not in a run of data; NOTHING when it completes no piece. */
static heng_telnet_kind step(struct heng_telnet *telnet, const uint8_t *byte, struct heng_telnet_piece *ret)
{
    switch (telnet->state) {
    case TELNET_IN_DATA: telnet->state = TELNET_AFTER_IAC; return HENG_TELNET_NOTHING;
    case TELNET_AFTER_IAC: return command(telnet, byte, ret);
    case TELNET_AFTER_VERB:
        telnet->state = TELNET_IN_DATA;
        ret->verb = telnet->verb;
        ret->option = *byte;
        return HENG_TELNET_VERB;
    case TELNET_IN_SUB:
        if (*byte == TELNET_IAC)
            telnet->state = TELNET_SUB_AFTER_IAC;
        else
            sub_put(telnet, *byte);
        return HENG_TELNET_NOTHING;
    case TELNET_SUB_AFTER_IAC: return sub_end(telnet, byte, ret);
    }
    return HENG_TELNET_NOTHING;
}

heng_telnet_kind heng_telnet_next(struct heng_telnet *telnet, struct heng_slice *in, struct heng_telnet_piece *ret)
{
    while (in->n) {
        if (telnet->state == TELNET_IN_DATA && in->p[0] != TELNET_IAC) {
            ret->bytes = run_of(*in);
            *in = heng_slice_from(*in, ret->bytes.n);
            return HENG_TELNET_DATA;
        }
        const uint8_t *byte = in->p;
        *in = heng_slice_from(*in, 1);
        heng_telnet_kind kind = step(telnet, byte, ret);
        if (kind != HENG_TELNET_NOTHING) return kind;
    }
    return HENG_TELNET_NOTHING;
}

void heng_telnet_escape(struct heng_buf *out, struct heng_slice bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        heng_buf_put(out, heng_slice_of(bytes.p + i, 1));
        if (bytes.p[i] == TELNET_IAC) heng_buf_put(out, heng_slice_of(bytes.p + i, 1));
    }
}
