#include "model/line.h"
#include "model/line_state.h"

#include "model/words.h"

#define X(symbol, text) text,
static const char *const protocol_texts[] = {HENG_PROTOCOL_LIST(X)};
static const char *const transport_texts[] = {HENG_TRANSPORT_LIST(X)};
static const char *const state_texts[] = {HENG_LINE_STATE_LIST(X)};
static const char *const rts_texts[] = {HENG_RTS_LIST(X)};
static const char *const signal_texts[] = {HENG_SIGNAL_LIST(X)};
#undef X

const char *heng_protocol_text(heng_protocol protocol)
{
    return heng_words_at(protocol_texts, HENG_PROTOCOL_COUNT, protocol);
}

const char *heng_transport_text(heng_transport_kind transport)
{
    return heng_words_at(transport_texts, HENG_TRANSPORT_COUNT, transport);
}

const char *heng_line_state_text(heng_line_state state)
{
    return heng_words_at(state_texts, HENG_LINE_STATE_COUNT, state);
}

heng_protocol heng_protocol_of(const char *text)
{
    return (heng_protocol)heng_words_find(protocol_texts, HENG_PROTOCOL_COUNT, text);
}

heng_transport_kind heng_transport_of(const char *text)
{
    return (heng_transport_kind)heng_words_find(transport_texts, HENG_TRANSPORT_COUNT, text);
}

heng_line_state heng_line_state_of(const char *text)
{
    return (heng_line_state)heng_words_find(state_texts, HENG_LINE_STATE_COUNT, text);
}

const char *heng_rts_text(heng_rts rts) { return heng_words_at(rts_texts, HENG_RTS_COUNT, rts); }
heng_rts heng_rts_of(const char *text) { return (heng_rts)heng_words_find(rts_texts, HENG_RTS_COUNT, text); }

const char *heng_signal_text(heng_signal signal) { return heng_words_at(signal_texts, HENG_SIGNAL_COUNT, signal); }

heng_signal heng_signal_of(const char *text)
{
    return (heng_signal)heng_words_find(signal_texts, HENG_SIGNAL_COUNT, text);
}

/* host:port, the host in brackets or not. */
static bool is_dialled(const char *endpoint)
{
    const char *colon = strrchr(endpoint, ':');
    return colon && colon != endpoint && colon[1] && strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

static heng_line_flaw flaw(heng_line_flaw what, const char *why, const char **ret_why)
{
    *ret_why = why;
    return what;
}

heng_line_flaw heng_line_check(const struct heng_line_config *line, const char **ret_why)
{
    bool serial = line->transport == HENG_TRANSPORT_SERIAL, remote = line->transport == HENG_TRANSPORT_RFC2217;
    bool dials = line->transport == HENG_TRANSPORT_TCP || line->transport == HENG_TRANSPORT_UDP || remote;
    if (dials && !is_dialled(line->endpoint))
        return flaw(HENG_FLAW_ENDPOINT, "host:port is needed, as 10.0.0.5:4001", ret_why);
    if (serial && line->endpoint[0] != '/')
        return flaw(HENG_FLAW_ENDPOINT, "the path of a port, as /dev/ttyUSB0", ret_why);
    if (line->rts != HENG_RTS_NONE && !serial) return flaw(HENG_FLAW_RTS, "rts belongs to transport serial", ret_why);
    if (line->infrared && !serial) return flaw(HENG_FLAW_INFRARED, "infrared belongs to transport serial", ret_why);
    if (line->overload != HENG_SIGNAL_NONE && !serial && !remote)
        return flaw(HENG_FLAW_OVERLOAD, "overload belongs to transport serial or rfc2217", ret_why);
    if (line->heartbeat_s && line->transport != HENG_TRANSPORT_DTU)
        return flaw(HENG_FLAW_HEARTBEAT, "heartbeat_s belongs to transport dtu", ret_why);
    return HENG_FLAW_NONE;
}
