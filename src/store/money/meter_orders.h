#ifndef HENG_STORE_MONEY_METER_ORDERS_H
#define HENG_STORE_MONEY_METER_ORDERS_H
/* Orders of money into meters, and where commands about money stand. scope: the organisation that asks, 0: the
 * operator. Writing needs an open transaction. What the states mean: prepaid/meter_order.h. */
#include "store/money/accounts.h"

/* X(symbol, text) */
#define HENG_METER_ORDER_LIST(X)                                                                                       \
    X(WAITING, "waiting")     /* to be sent: paid, not ordered */                                                      \
    X(SENT, "sent")           /* its command is with the lines */                                                      \
    X(UNKNOWN, "unknown")     /* no answer: it may be in the meter, whose count will say */                            \
    X(CONFIRMED, "confirmed") /* the count says that it is in the meter */                                             \
    X(FAILED, "failed")       /* the meter does not take it; a person decides */                                       \
    X(ALARM, "alarm")         /* the count contradicts us; a person decides */                                         \
    X(RETURNED, "returned")   /* given up: the money is in the purse again */
typedef enum heng_meter_order_state {
#define X(symbol, text) HENG_METER_ORDER_##symbol,
    HENG_METER_ORDER_LIST(X)
#undef X
        HENG_METER_ORDER_COUNT
} heng_meter_order_state;
const char *heng_meter_order_state_text(heng_meter_order_state state);
heng_meter_order_state heng_meter_order_state_of(const char *text);

/* number 0: none was given yet. amount: smallest unit, below zero: taken out. */
struct heng_meter_order {
    int64_t id;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t contract_id, device_id, number, amount;
    heng_meter_order_state state;
    heng_us made_us, not_before_us, ended_us;
    int64_t booking_id, command_id;
    uint32_t tries;
    char why[HENG_DETAIL_MAX];
};

/* Insert (id 0: it is given) or change. With a key that is there nothing is stored: the id is that one's, and
 * ret_existed true. */
HENG_NODISCARD heng_rc heng_store_put_meter_order(struct heng_store *store, struct heng_meter_order *order,
                                                  bool *ret_existed, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_meter_order(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                                  struct heng_meter_order *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_meter_order(struct heng_store_reader *reader, const char *key, int64_t *ret_id,
                                                   struct heng_err *err);
/* Those to be sent now, one for each meter at most: behind one that is open, or that waits for a person, none goes. */
HENG_NODISCARD heng_rc heng_store_due_meter_orders(struct heng_store_reader *reader, heng_us now_us,
                                                   struct heng_meter_order *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);
/* Those that are sent and whose command has ended. */
HENG_NODISCARD heng_rc heng_store_answered_meter_orders(struct heng_store_reader *reader, struct heng_meter_order *ret,
                                                        size_t cap, size_t *ret_n, struct heng_err *err);

/* Newest first, below before_id (0: from the newest). */
typedef enum heng_meter_orders_of {
    HENG_METER_ORDERS_ALL,
    HENG_METER_ORDERS_OPEN,
    HENG_METER_ORDERS_STUCK
} heng_meter_orders_of;
HENG_NODISCARD heng_rc heng_store_list_meter_orders(struct heng_store_reader *reader, int64_t scope,
                                                    heng_meter_orders_of which, int64_t before_id,
                                                    struct heng_meter_order *ret, size_t cap, size_t *ret_n,
                                                    struct heng_err *err);

/* contract.meter_count. */
HENG_NODISCARD heng_rc heng_store_put_meter_count(struct heng_store *store, int64_t contract_id, int64_t count,
                                                  struct heng_err *err);

/* The device that serves a point now. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_device_at(struct heng_store_reader *reader, int64_t point_id, int64_t *ret,
                                            struct heng_err *err);

/* Tasks of supply that are ordered and whose command has ended. */
struct heng_supply_answer {
    int64_t task_id, command_id;
};
HENG_NODISCARD heng_rc heng_store_answered_supply(struct heng_store_reader *reader, struct heng_supply_answer *ret,
                                                  size_t cap, size_t *ret_n, struct heng_err *err);

/* What a meter has used of the money in it, as it is followed: asks: questions so far, due_us: when the next goes out
 * (HENG_US_NEVER: none), command_id: the one under way, 0 none. at_us, remaining: the last answer that was taken. */
struct heng_meter_mirror {
    int64_t contract_id, asks;
    heng_us due_us;
    int64_t command_id;
    heng_us at_us;
    int64_t remaining;
    char why[HENG_DETAIL_MAX];
};
HENG_NODISCARD heng_rc heng_store_put_meter_mirror(struct heng_store *store, const struct heng_meter_mirror *mirror,
                                                   struct heng_err *err);
/* Errors: ENOTFOUND: no money has arrived there yet. */
HENG_NODISCARD heng_rc heng_store_get_meter_mirror(struct heng_store_reader *reader, int64_t contract_id,
                                                   struct heng_meter_mirror *ret, struct heng_err *err);
/* Whose time has come; and whose command has ended. */
HENG_NODISCARD heng_rc heng_store_due_meter_mirrors(struct heng_store_reader *reader, heng_us now_us,
                                                    struct heng_meter_mirror *ret, size_t cap, size_t *ret_n,
                                                    struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_answered_meter_mirrors(struct heng_store_reader *reader,
                                                         struct heng_meter_mirror *ret, size_t cap, size_t *ret_n,
                                                         struct heng_err *err);
/* amount: booked into the meter of a contract and proven not to be in there; unclear: orders of which nobody knows;
 * newest_us: when the last one was confirmed, 0 none. */
struct heng_meter_pending {
    int64_t amount, unclear;
    heng_us newest_us;
};
HENG_NODISCARD heng_rc heng_store_meter_pending(struct heng_store_reader *reader, int64_t contract_id,
                                                struct heng_meter_pending *ret, struct heng_err *err);

/* Is a command under way of which an order or a task of supply waits for the end? */
HENG_NODISCARD heng_rc heng_store_money_under_way(struct heng_store_reader *reader, bool *ret, struct heng_err *err);

#endif
