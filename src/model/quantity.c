#include "model/quantity.h"

#include "model/words.h"

#define X(symbol, text) text,
static const char *const quantities[] = {HENG_QUANTITY_LIST(X)};
static const char *const functions[] = {HENG_FUNCTION_LIST(X)};
#undef X

const char *heng_quantity_text(heng_quantity quantity)
{
    return heng_words_at(quantities, HENG_QUANTITY_COUNT, (unsigned)quantity);
}

const char *heng_function_text(heng_function function)
{
    return heng_words_at(functions, HENG_FUNCTION_COUNT, (unsigned)function);
}

heng_quantity heng_quantity_of(const char *text)
{
    return (heng_quantity)heng_words_find(quantities, HENG_QUANTITY_COUNT, text);
}

heng_function heng_function_of(const char *text)
{
    return (heng_function)heng_words_find(functions, HENG_FUNCTION_COUNT, text);
}
