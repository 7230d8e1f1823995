#ifndef HENG_STORE_MONEY_LEDGER_INSIDE_H
#define HENG_STORE_MONEY_LEDGER_INSIDE_H
/* What writing and proving bookings have in common. Of ledger.c and ledger_book.c alone. */
#include "model/booking.h"

#include <stdbool.h>

enum { HENG_DIGEST_SIZE = 32 };

/* SHA-256 over all of a booking but its id and when it was stored. False without memory. */
bool heng_booking_digest(const struct heng_booking *booking, uint8_t ret[static HENG_DIGEST_SIZE]);

#endif
