#include "vee/fact.h"

#include <string.h>

static const char *const texts[HENG_CHANNEL_FACT_COUNT] = {
#define X(symbol, text, rank) [rank] = text,
    HENG_CHANNEL_FACT_LIST(X)
#undef X
};

const char *heng_channel_fact_text(heng_channel_fact_kind kind)
{
    return (unsigned)kind < HENG_CHANNEL_FACT_COUNT && texts[kind] ? texts[kind] : "unknown";
}

heng_channel_fact_kind heng_channel_fact_of(const char *text)
{
    unsigned i = 1;
    while (i < HENG_CHANNEL_FACT_COUNT && strcmp(texts[i], text) != 0) i++;
    return (heng_channel_fact_kind)i;
}

#define ORDER(a, b)                                                                                                    \
    if ((a) != (b)) return (a) < (b) ? -1 : 1

/* Ids of readings may be given by arrival, so what a reading says goes before its id; that of an event is its order. */
int heng_channel_fact_cmp(const struct heng_channel_fact *a, const struct heng_channel_fact *b)
{
    ORDER(a->at_us, b->at_us);
    ORDER(a->kind, b->kind);
    ORDER(a->source, b->source);
    if (a->kind == HENG_CHANNEL_FACT_READING || a->kind == HENG_CHANNEL_FACT_HISTORY) {
        ORDER(a->device_id, b->device_id);
        ORDER(a->index.is, b->index.is);
        ORDER(a->unit, b->unit);
        int by_value = a->index.is ? heng_dec_cmp(a->index.dec, b->index.dec) : 0;
        if (by_value) return by_value;
        ORDER(a->index.dec.exp, b->index.dec.exp);
        ORDER(a->trust, b->trust);
        ORDER(a->status, b->status);
    }
    ORDER(a->id, b->id);
    return 0;
}
