#include "model/line.h"
#include "model/line_state.h"

#include <string.h>

#define X(symbol, text) text,
static const char *const protocol_texts[] = {HENG_PROTOCOL_LIST(X)};
static const char *const transport_texts[] = {HENG_TRANSPORT_LIST(X)};
static const char *const state_texts[] = {HENG_LINE_STATE_LIST(X)};
static const char *const rts_texts[] = {HENG_RTS_LIST(X)};
static const char *const signal_texts[] = {HENG_SIGNAL_LIST(X)};
#undef X

static unsigned index_of(const char *const *texts, unsigned count, const char *text)
{
    unsigned i = 0;
    while (i < count && strcmp(texts[i], text) != 0) i++;
    return i;
}

const char *heng_protocol_text(heng_protocol protocol)
{
    return protocol < HENG_PROTOCOL_COUNT ? protocol_texts[protocol] : "unknown";
}

const char *heng_transport_text(heng_transport_kind transport)
{
    return transport < HENG_TRANSPORT_COUNT ? transport_texts[transport] : "unknown";
}

const char *heng_line_state_text(heng_line_state state)
{
    return state < HENG_LINE_STATE_COUNT ? state_texts[state] : "unknown";
}

heng_protocol heng_protocol_of(const char *text)
{
    return (heng_protocol)index_of(protocol_texts, HENG_PROTOCOL_COUNT, text);
}

heng_transport_kind heng_transport_of(const char *text)
{
    return (heng_transport_kind)index_of(transport_texts, HENG_TRANSPORT_COUNT, text);
}

heng_line_state heng_line_state_of(const char *text)
{
    return (heng_line_state)index_of(state_texts, HENG_LINE_STATE_COUNT, text);
}

const char *heng_rts_text(heng_rts rts) { return rts < HENG_RTS_COUNT ? rts_texts[rts] : "unknown"; }
heng_rts heng_rts_of(const char *text) { return (heng_rts)index_of(rts_texts, HENG_RTS_COUNT, text); }

const char *heng_signal_text(heng_signal signal)
{
    return signal < HENG_SIGNAL_COUNT ? signal_texts[signal] : "unknown";
}

heng_signal heng_signal_of(const char *text) { return (heng_signal)index_of(signal_texts, HENG_SIGNAL_COUNT, text); }
