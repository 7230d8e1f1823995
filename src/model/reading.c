#include "model/reading.h"

const char *heng_outcome_text(heng_outcome outcome)
{
    switch (outcome) {
#define X(symbol, text)                                                                                                \
    case HENG_OUTCOME_##symbol: return text;
        HENG_OUTCOME_LIST(X)
#undef X
    case HENG_OUTCOME_COUNT: break;
    }
    return "unknown";
}

bool heng_register_key_eq(const struct heng_register_key *a, const struct heng_register_key *b)
{
    return a->quantity == b->quantity && a->unit == b->unit && a->function == b->function && a->storage == b->storage &&
           a->tariff == b->tariff && a->subunit == b->subunit &&
           strncmp(a->qualifier, b->qualifier, HENG_QUALIFIER_MAX) == 0;
}
