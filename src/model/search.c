#include "model/search.h"

#include "model/words.h"

#define X(symbol, protocol, text) text,
static const char *const kind_texts[] = {HENG_SEARCH_KIND_LIST(X)};
#undef X

#define X(symbol, protocol, text) HENG_PROTOCOL_##protocol,
static const heng_protocol kind_protocols[] = {HENG_SEARCH_KIND_LIST(X)};
#undef X

const char *heng_search_kind_text(heng_search_kind kind)
{
    return heng_words_at(kind_texts, HENG_SEARCH_KIND_COUNT, kind);
}

heng_search_kind heng_search_kind_of(const char *text)
{
    return (heng_search_kind)heng_words_find(kind_texts, HENG_SEARCH_KIND_COUNT, text);
}

heng_protocol heng_search_kind_protocol(heng_search_kind kind)
{
    return kind < HENG_SEARCH_KIND_COUNT ? kind_protocols[kind] : HENG_PROTOCOL_COUNT;
}
