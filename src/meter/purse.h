#ifndef HENG_METER_PURSE_H
#define HENG_METER_PURSE_H
/* The purse of a meter, for the drivers: READ_PURSE and PURCHASE.
 *
 *   look at the count  ->  n - 1: send n;  n with this amount: it arrived before, done;  else: nothing is sent, FAILED
 *   send n             ->  OK, no answer or a refusal: look again, for only the count knows
 *   look at the count  ->  n, last and total as they must be: CONFIRMED;  n - 1: once more, then REFUSED;  else FAILED
 *
 * So a command that ends FAILED behind good answers says that somebody has to look; one that ends REFUSED has brought
 * nothing into the meter; one that ends in silence may have. */
#include "codec/telegram.h"
#include "meter/order.h"
#include "model/purse.h"

/* What a telegram tells of a purse is added to ret; false: nothing. */
bool heng_purse_of(const struct heng_telegram *telegram, struct heng_purse *ret);

/* Append what the last frame of read tells as values: PURCHASE the count, PURCHASE "last" and "total", CREDIT what is
 * left. Without room they count as skipped. */
void heng_purse_add_values(const struct heng_purse *purse, struct heng_read *read);

/* A look at the purse has come in; wrap: of the meter's count. */
heng_talk_verdict heng_purse_looked(struct heng_talk *talk, const struct heng_purse *purse, uint32_t wrap,
                                    struct heng_read *read, struct heng_err *err);

/* The meter refuses the purchase, or says so: the count tells why. */
heng_talk_verdict heng_purse_refused(struct heng_talk *talk);

/* Errors: ERANGE for a purchase without a number, or an amount that is not in 1 .. most. */
HENG_NODISCARD heng_rc heng_purse_check(const struct heng_order *order, int64_t most, struct heng_err *err);

#endif
