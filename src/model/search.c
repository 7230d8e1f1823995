#include "model/search.h"

#include <string.h>

#define X(symbol, protocol, text) text,
static const char *const kind_texts[] = {HENG_SEARCH_KIND_LIST(X)};
#undef X

#define X(symbol, protocol, text) HENG_PROTOCOL_##protocol,
static const heng_protocol kind_protocols[] = {HENG_SEARCH_KIND_LIST(X)};
#undef X

const char *heng_search_kind_text(heng_search_kind kind)
{
    return kind < HENG_SEARCH_KIND_COUNT ? kind_texts[kind] : "unknown";
}

heng_search_kind heng_search_kind_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_SEARCH_KIND_COUNT && strcmp(kind_texts[i], text) != 0) i++;
    return (heng_search_kind)i;
}

heng_protocol heng_search_kind_protocol(heng_search_kind kind)
{
    return kind < HENG_SEARCH_KIND_COUNT ? kind_protocols[kind] : HENG_PROTOCOL_COUNT;
}
