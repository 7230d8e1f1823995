#include "model/quantity.h"

#include <string.h>

#define X(symbol, text) text,
static const char *const medium_texts[] = {HENG_MEDIUM_LIST(X)};
static const char *const quantity_texts[] = {HENG_QUANTITY_LIST(X)};
static const char *const unit_texts[] = {HENG_UNIT_LIST(X)};
static const char *const function_texts[] = {HENG_FUNCTION_LIST(X)};
#undef X

static const char *text_at(const char *const *texts, unsigned count, unsigned i)
{
    return i < count ? texts[i] : "unknown";
}

static unsigned index_of(const char *const *texts, unsigned count, const char *text)
{
    unsigned i = 0;
    while (i < count && strcmp(texts[i], text) != 0) i++;
    return i;
}

const char *heng_medium_text(heng_medium medium) { return text_at(medium_texts, HENG_MEDIUM_COUNT, (unsigned)medium); }

const char *heng_quantity_text(heng_quantity quantity)
{
    return text_at(quantity_texts, HENG_QUANTITY_COUNT, (unsigned)quantity);
}

const char *heng_unit_text(heng_unit unit) { return text_at(unit_texts, HENG_UNIT_COUNT, (unsigned)unit); }

const char *heng_function_text(heng_function function)
{
    return text_at(function_texts, HENG_FUNCTION_COUNT, (unsigned)function);
}

heng_medium heng_medium_of(const char *text) { return (heng_medium)index_of(medium_texts, HENG_MEDIUM_COUNT, text); }

heng_quantity heng_quantity_of(const char *text)
{
    return (heng_quantity)index_of(quantity_texts, HENG_QUANTITY_COUNT, text);
}

heng_unit heng_unit_of(const char *text) { return (heng_unit)index_of(unit_texts, HENG_UNIT_COUNT, text); }

heng_function heng_function_of(const char *text)
{
    return (heng_function)index_of(function_texts, HENG_FUNCTION_COUNT, text);
}
