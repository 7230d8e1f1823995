#include "model/unit.h"

#include "model/words.h"

#define X(symbol, text) text,
static const char *const texts[] = {HENG_UNIT_LIST(X)};
#undef X

const char *heng_unit_text(heng_unit unit) { return heng_words_at(texts, HENG_UNIT_COUNT, (unsigned)unit); }

heng_unit heng_unit_of(const char *text) { return (heng_unit)heng_words_find(texts, HENG_UNIT_COUNT, text); }
