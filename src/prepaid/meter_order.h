#ifndef HENG_PREPAID_METER_ORDER_H
#define HENG_PREPAID_METER_ORDER_H
/* Money that goes into a meter: sold, ordered, delivered, each its own state, so that a time-out never sends it twice.
 *
 *   waiting -> sent -> confirmed            the meter's count says so
 *      ^        |----> unknown              no answer: the same number goes again, and the count is asked before it
 *      |        |----> failed               refused so often; the meter's count proves that nothing is in it
 *      |        `----> alarm                the count contradicts ours: nothing goes until a person has decided
 *      `--- unknown, failed
 *
 * Number: that of the contract's count of known purchases, and one. It is given once and kept: never a new one after a
 * time-out. One order of a meter is under way, the others wait for it. The booking purse -> meter is made with the
 * order, in its transaction. Use cases run in the writer's transaction. */
#include "account/book.h"
#include "store/money/meter_orders.h"
#include "store/orders.h"

/* X(symbol) How the command of an order ended, by what is proven. */
typedef enum heng_meter_end {
    HENG_METER_CONFIRMED,
    HENG_METER_CONTRADICTED, /* the meter has answered, and its count is not what it must be */
    HENG_METER_REFUSED,      /* it has answered, and its count is as it was: nothing came in */
    HENG_METER_SILENT,       /* it may have come in */
    HENG_METER_UNSENT        /* it never left: the line was down, its time was over */
} heng_meter_end;
heng_meter_end heng_meter_end_of(const struct heng_command *command);

/* What becomes of an order; pause_us: not again before. tries: with this one. Pure. */
struct heng_meter_next {
    heng_meter_order_state state;
    heng_us pause_us;
};
enum { HENG_METER_TRIES_MAX = 6 };
struct heng_meter_next heng_meter_order_next(heng_meter_end end, uint32_t tries);

/* Put money of the purse into the meter of a contract: booking and order. Asked again with the key it is this order.
 * Errors: ENOTFOUND; ECONFLICT the contract holds its money here, or the purse has not so much; EDENIED an amount that
 * is not above zero: the protocols known here take nothing out of a meter; ENOTFOUND no meter at the point. */
HENG_NODISCARD heng_rc heng_meter_order_make(struct heng_store *store, int64_t scope, int64_t contract_id,
                                             int64_t amount, const char *key, const struct heng_hand *hand,
                                             struct heng_meter_order *ret, struct heng_err *err);

/* The contract of an account with its money in the meter at a point, on a day. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_meter_contract_at(struct heng_store_reader *reader, int64_t account_id, int64_t point_id,
                                              int32_t day, struct heng_contract *ret, struct heng_err *err);

/* Sell into the meter at sale->point_id: the sale and its order, both or neither. With a key that is there, what was
 * sold then. Errors: those of heng_prepaid_sell and make. */
struct heng_sale;
HENG_NODISCARD heng_rc heng_meter_sell(struct heng_store *store, const struct heng_sale *sale, bool paid,
                                       const struct heng_hand *hand, struct heng_booked *ret,
                                       struct heng_meter_order *ret_order, struct heng_err *err);

/* Another meter is at the point (PP-C6): what was left in the old one, by its reading, is the first order of the new
 * one, whose count begins anew. The money is in the meter's book already: nothing is booked. Once for each meter.
 * Errors: ECONFLICT an order of the old meter is not settled; as make. */
HENG_NODISCARD heng_rc heng_meter_order_exchange(struct heng_store *store, int64_t scope, int64_t contract_id,
                                                 int64_t new_device_id, int64_t remaining, const struct heng_hand *hand,
                                                 struct heng_meter_order *ret, struct heng_err *err);

/* What is left in a meter that is taken down, or emptied by its maker's tool, comes back into the purse, of which it
 * can be paid out; a contract can end then. Of what its last answer said (meter_use.h), which has to be the whole of
 * what is booked there, and with a second person, for no wire has taken it out. Once by its key. Errors: EDENIED no
 * reason, no second person; ECONFLICT it was not read since, or orders are open; ENOTFOUND. */
HENG_NODISCARD heng_rc heng_meter_take_out(struct heng_store *store, int64_t scope, int64_t contract_id,
                                           const char *key, const struct heng_hand *hand, const char *reason,
                                           struct heng_booked *ret, struct heng_err *err);

/* The outbox: number it, and tell the command that carries it (its key: heng_meter_order_key). Errors: ECONFLICT it is
 * not to be sent any more. */
HENG_NODISCARD heng_rc heng_meter_order_number(struct heng_store *store, int64_t order_id, struct heng_meter_order *ret,
                                               struct heng_err *err);
HENG_NODISCARD heng_rc heng_meter_order_sent(struct heng_store *store, int64_t order_id, int64_t command_id,
                                             struct heng_err *err);
/* purse-ORDER-TRY: a wish that is repeated after a crash is the same command. */
void heng_meter_order_key(const struct heng_meter_order *order, char ret[HENG_AT_LEAST(64)]);

/* What became of it. An order that is not sent stays as it is. */
HENG_NODISCARD heng_rc heng_meter_order_result(struct heng_store *store, int64_t order_id, heng_meter_end end,
                                               const char *why, heng_us now_us, struct heng_err *err);

/* By a person, of one that failed or is an alarm: again; it is in the meter; or it is not, and the money goes back to
 * the purse. count: what the meter says, when that is what is to hold from now on; -1: ours was right. Errors:
 * ECONFLICT it does not wait for a person; EDENIED without a reason. */
typedef enum heng_meter_choice { HENG_METER_AGAIN, HENG_METER_ARRIVED, HENG_METER_GIVE_BACK } heng_meter_choice;
HENG_NODISCARD heng_rc heng_meter_order_decide(struct heng_store *store, int64_t scope, int64_t order_id,
                                               heng_meter_choice choice, int64_t count, const struct heng_hand *hand,
                                               const char *reason, struct heng_err *err);

#endif
