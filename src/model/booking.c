#include "model/booking.h"

#include <string.h>

static const char *const book_texts[] = {
#define X(symbol, text) text,
    HENG_BOOK_LIST(X)
#undef X
};

static const char *const booking_texts[] = {
#define X(symbol, text) text,
    HENG_BOOKING_LIST(X)
#undef X
};

static unsigned place_of(const char *const *texts, unsigned count, const char *text)
{
    unsigned i = 0;
    while (i < count && strcmp(texts[i], text) != 0) i++;
    return i;
}

const char *heng_book_text(heng_book_kind kind) { return kind < HENG_BOOK_COUNT ? book_texts[kind] : "unknown"; }

heng_book_kind heng_book_of(const char *text) { return (heng_book_kind)place_of(book_texts, HENG_BOOK_COUNT, text); }

const char *heng_booking_text(heng_booking_kind kind)
{
    return kind < HENG_BOOKING_COUNT ? booking_texts[kind] : "unknown";
}

heng_booking_kind heng_booking_of(const char *text)
{
    return (heng_booking_kind)place_of(booking_texts, HENG_BOOKING_COUNT, text);
}
