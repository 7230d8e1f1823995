#ifndef HENG_PREPAID_METER_USE_H
#define HENG_PREPAID_METER_USE_H
/* What meters use of the money in them. A meter that holds money charges by itself; here it is followed, so that the
 * book of its money says what is in it: once a day, and behind each purchase, it is asked what is left, and
 *
 *   used = booked into it - proven not to be in there yet - left
 *
 * is booked as meter-use: meter to revenue of the medium and tax. The meter's price is the meter's; its sum contains
 * the tax, by the one rate of the contract's tariff on that day. The booking's subject is the command that asked, with
 * its frames. Nothing is booked while an order is unclear, while the meter's count is not ours, or when more is in the
 * meter than was put there: the mirror's `why` says so, and it is asked again. */
#include "billing/charge.h"
#include "store/money/meter_orders.h"

/* used = booked - pending - remaining. Errors: ERANGE. Pure. */
HENG_NODISCARD heng_rc heng_meter_used(int64_t booked, int64_t pending, int64_t remaining, int64_t *ret);

/* Money has arrived in the meter of a contract: ask what is in it, soon. */
HENG_NODISCARD heng_rc heng_meter_use_soon(struct heng_store *store, int64_t contract_id, heng_us now_us,
                                           struct heng_err *err);

/* The question that goes out: its key; the device, 0: none is there. Then: it is command_id, or (0) it could not go out
 * and why. In a transaction. */
void heng_meter_use_key(const struct heng_meter_mirror *mirror, char ret[HENG_AT_LEAST(64)]);
HENG_NODISCARD heng_rc heng_meter_use_device(struct heng_store_reader *reader, int64_t contract_id, int64_t *ret,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_meter_use_asked(struct heng_store *store, int64_t contract_id, int64_t command_id,
                                            const char *why, heng_us now_us, struct heng_err *err);

/* Answers that have come, at most some of them; ret_n: how many. In the writer's transaction. */
HENG_NODISCARD heng_rc heng_meter_use_work(struct heng_charger *charger, struct heng_store *store, heng_us now_us,
                                           size_t *ret_n, struct heng_err *err);

#endif
