#include "model/entry.h"

static uint64_t mix_byte(uint64_t hash, uint8_t byte) { return (hash ^ byte) * UINT64_C(0x100000001b3); }

static uint64_t mix_u64(uint64_t hash, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) hash = mix_byte(hash, (uint8_t)(value >> (8 * i)));
    return hash;
}

uint64_t heng_entry_check(const struct heng_entry *entry)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    hash = mix_u64(hash, entry->epoch);
    hash = mix_u64(hash, entry->seq);
    hash = mix_u64(hash, (uint64_t)entry->at_us);
    hash = mix_u64(hash, (uint64_t)entry->kind);
    hash = mix_u64(hash, (uint64_t)entry->rank);
    hash = mix_u64(hash, (uint64_t)entry->subject_id);
    hash = mix_byte(hash, entry->doubtful);
    for (size_t i = 0; i < entry->body.n; i++) hash = mix_byte(hash, entry->body.p[i]);
    return hash;
}

const char *heng_entry_kind_text(heng_entry_kind kind)
{
    switch (kind) {
#define X(symbol, text, number)                                                                                        \
    case HENG_ENTRY_##symbol: return text;
        HENG_ENTRY_KIND_LIST(X)
#undef X
    }
    return "unknown";
}

bool heng_entry_kind_is(uint32_t number)
{
#define X(symbol, text, value)                                                                                         \
    if (number == (value)) return true;
    HENG_ENTRY_KIND_LIST(X)
#undef X
    return false;
}

bool heng_entry_rank_is(uint32_t number)
{
#define X(symbol, text, value)                                                                                         \
    if (number == (value)) return true;
    HENG_ENTRY_RANK_LIST(X)
#undef X
    return false;
}

const char *heng_gateway_event_text(heng_gateway_event event)
{
    switch (event) {
#define X(symbol, text, number)                                                                                        \
    case HENG_GATEWAY_##symbol: return text;
        HENG_GATEWAY_EVENT_LIST(X)
#undef X
    }
    return "unknown";
}
