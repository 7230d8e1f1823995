#include "vee/quality.h"

#include <string.h>

static const char *const trust_texts[HENG_TRUST_COUNT] = {
#define X(symbol, text, number) [number] = text,
    HENG_TRUST_LIST(X)
#undef X
};

static const char *const method_texts[HENG_METHOD_COUNT] = {
#define X(symbol, text, number) [number] = text,
    HENG_METHOD_LIST(X)
#undef X
};

static const char *text_of(const char *const *texts, unsigned count, unsigned number)
{
    return number < count && texts[number] ? texts[number] : "unknown";
}

static unsigned number_of(const char *const *texts, unsigned count, const char *text)
{
    unsigned i = 0;
    while (i < count && !(texts[i] && strcmp(texts[i], text) == 0)) i++;
    return i;
}

const char *heng_trust_text(heng_trust trust) { return text_of(trust_texts, HENG_TRUST_COUNT, (unsigned)trust); }
heng_trust heng_trust_of(const char *text) { return (heng_trust)number_of(trust_texts, HENG_TRUST_COUNT, text); }
const char *heng_method_text(heng_method method) { return text_of(method_texts, HENG_METHOD_COUNT, (unsigned)method); }
heng_method heng_method_of(const char *text) { return (heng_method)number_of(method_texts, HENG_METHOD_COUNT, text); }
