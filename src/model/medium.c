#include "model/medium.h"

#include "model/words.h"

#define X(symbol, text) text,
static const char *const texts[] = {HENG_MEDIUM_LIST(X)};
#undef X

const char *heng_medium_text(heng_medium medium) { return heng_words_at(texts, HENG_MEDIUM_COUNT, (unsigned)medium); }

heng_medium heng_medium_of(const char *text) { return (heng_medium)heng_words_find(texts, HENG_MEDIUM_COUNT, text); }
