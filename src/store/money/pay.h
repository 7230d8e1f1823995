#ifndef HENG_STORE_MONEY_PAY_H
#define HENG_STORE_MONEY_PAY_H
/* Payments from outside: orders, what channels told us, refunds. Files and reconciliation: pay_files.h. scope: the
 * organisation that asks, 0: the operator. Writing needs an open transaction. */
#include "model/booking.h"
#include "store/store.h"

enum {
    HENG_PAY_NUMBER_MAX = 33, /* 32 characters: what every channel takes */
    HENG_PAY_TRANSACTION_MAX = 65,
    HENG_PAY_TARGET_MAX = 512,
    HENG_PAY_BODY_MAX = 64 << 10, /* of a notification */
};

/* X(symbol, text) PAID is the proof of money, APPLIED the ledger; each comes once. */
#define HENG_PAY_STATE_LIST(X)                                                                                         \
    X(CREATED, "created")                                                                                              \
    X(PENDING, "pending") /* the channel knows of it */                                                                \
    X(PAID, "paid")                                                                                                    \
    X(APPLIED, "applied")                                                                                              \
    X(REFUNDING, "refunding")                                                                                          \
    X(REFUNDED, "refunded") /* all of it */                                                                            \
    X(CLOSED, "closed")     /* not paid, and will not be */                                                            \
    X(UNKNOWN, "unknown")   /* the channel did not answer: ask it again */                                             \
    X(STUCK, "stuck")       /* a person has to decide: why says what */
typedef enum heng_pay_state {
#define X(symbol, text) HENG_PAY_##symbol,
    HENG_PAY_STATE_LIST(X)
#undef X
        HENG_PAY_STATE_COUNT
} heng_pay_state;
const char *heng_pay_state_text(heng_pay_state state);
heng_pay_state heng_pay_state_of(const char *text);

/* X(symbol, text) */
#define HENG_PAY_PURPOSE_LIST(X) X(TOP_UP, "top-up") X(BILL, "bill")
typedef enum heng_pay_purpose {
#define X(symbol, text) HENG_PAY_FOR_##symbol,
    HENG_PAY_PURPOSE_LIST(X)
#undef X
        HENG_PAY_PURPOSE_COUNT
} heng_pay_purpose;
const char *heng_pay_purpose_text(heng_pay_purpose purpose);
heng_pay_purpose heng_pay_purpose_of(const char *text);

/* target: JSON, {"point":7} of a top-up, {"bills":[3,4]} of bills ("": all that are open). refunded: what went back,
 * or is on its way. booking_id: what it was booked as. */
struct heng_pay_order {
    int64_t id;
    char number[HENG_PAY_NUMBER_MAX], request[HENG_BOOKING_KEY_MAX];
    int64_t org_id, account_id;
    char channel[HENG_CHANNEL_MAX];
    heng_pay_purpose purpose;
    char target[HENG_PAY_TARGET_MAX];
    int64_t amount;
    char currency[HENG_CURRENCY_MAX];
    heng_pay_state state;
    heng_us made_us, paid_us;
    int64_t paid_amount;
    heng_us applied_us;
    int64_t refunded;
    char transaction_id[HENG_PAY_TRANSACTION_MAX];
    int64_t booking_id;
    char why[HENG_DETAIL_MAX];
};

/* Insert (id 0: it and the number are given; the number begins with the day of the site) or change what may change. */
HENG_NODISCARD heng_rc heng_store_put_pay_order(struct heng_store *store, struct heng_pay_order *order, int32_t day,
                                                struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_pay_order(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                                struct heng_pay_order *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_pay_order(struct heng_store_reader *reader, int64_t scope, const char *number,
                                                 struct heng_pay_order *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_pay_order_of_request(struct heng_store_reader *reader, const char *request,
                                                       struct heng_pay_order *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_pay_order_of_transaction(struct heng_store_reader *reader, const char *channel,
                                                           const char *transaction_id, struct heng_pay_order *ret,
                                                           struct heng_err *err);
/* account_id 0, state COUNT: any; behind after_id. */
HENG_NODISCARD heng_rc heng_store_list_pay_orders(struct heng_store_reader *reader, int64_t scope, int64_t account_id,
                                                  heng_pay_state state, int64_t after_id, struct heng_pay_order *ret,
                                                  size_t cap, size_t *ret_n, struct heng_err *err);
/* Paid in [from_us, to_us). */
HENG_NODISCARD heng_rc heng_store_list_paid(struct heng_store_reader *reader, int64_t scope, const char *channel,
                                            heng_us from_us, heng_us to_us, int64_t after_id,
                                            struct heng_pay_order *ret, size_t cap, size_t *ret_n,
                                            struct heng_err *err);
/* Is money of the account on its way: an order since then that is not ended, or money that is paid and not booked? */
HENG_NODISCARD heng_rc heng_store_payment_pending(struct heng_store_reader *reader, int64_t account_id,
                                                  heng_us since_us, bool *ret, struct heng_err *err);

/* X(symbol, text) What became of a message. */
#define HENG_PAY_OUTCOME_LIST(X)                                                                                       \
    X(APPLIED, "applied") /* it changed something */                                                                   \
    X(KNOWN, "known")     /* the same came before */                                                                   \
    X(LATE, "late")       /* true, but newer things are known */                                                       \
    X(REFUSED, "refused") /* not believed, or it does not fit: why says what */
typedef enum heng_pay_outcome {
#define X(symbol, text) HENG_PAY_TOLD_##symbol,
    HENG_PAY_OUTCOME_LIST(X)
#undef X
        HENG_PAY_OUTCOME_COUNT
} heng_pay_outcome;
const char *heng_pay_outcome_text(heng_pay_outcome outcome);
heng_pay_outcome heng_pay_outcome_of(const char *text);

struct heng_pay_notice {
    int64_t id;
    char channel[HENG_CHANNEL_MAX], key[HENG_PAY_TRANSACTION_MAX];
    heng_us at_us;
    char order_number[HENG_PAY_NUMBER_MAX];
    heng_pay_outcome outcome;
    char why[HENG_DETAIL_MAX];
    int64_t length; /* of the body; filled when it is read */
};
/* The id is given. */
HENG_NODISCARD heng_rc heng_store_add_pay_notice(struct heng_store *store, struct heng_pay_notice *notice,
                                                 struct heng_slice body, struct heng_err *err);
/* The first with this key that was believed. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_find_pay_notice(struct heng_store_reader *reader, const char *channel,
                                                  const char *key, struct heng_pay_notice *ret, struct heng_err *err);
/* order_number "", outcome COUNT: any. */
HENG_NODISCARD heng_rc heng_store_list_pay_notices(struct heng_store_reader *reader, const char *order_number,
                                                   heng_pay_outcome outcome, int64_t after_id,
                                                   struct heng_pay_notice *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);

/* X(symbol, text) */
#define HENG_REFUND_STATE_LIST(X) X(ASKED, "asked") X(SENT, "sent") X(DONE, "done") X(FAILED, "failed")
typedef enum heng_refund_state {
#define X(symbol, text) HENG_REFUND_##symbol,
    HENG_REFUND_STATE_LIST(X)
#undef X
        HENG_REFUND_STATE_COUNT
} heng_refund_state;
const char *heng_refund_state_text(heng_refund_state state);
heng_refund_state heng_refund_state_of(const char *text);

struct heng_pay_refund {
    int64_t id;
    char number[HENG_PAY_NUMBER_MAX], request[HENG_BOOKING_KEY_MAX];
    int64_t order_id, amount;
    heng_refund_state state;
    char transaction_id[HENG_PAY_TRANSACTION_MAX];
    heng_us made_us, ended_us;
    int64_t booking_id;
    char who[HENG_WHO_MAX], why[HENG_DETAIL_MAX];
};
/* Insert (id 0: it and the number are given) or change its state. */
HENG_NODISCARD heng_rc heng_store_put_pay_refund(struct heng_store *store, struct heng_pay_refund *refund, int32_t day,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_pay_refund(struct heng_store_reader *reader, const char *number,
                                                  struct heng_pay_refund *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_pay_refund_of_request(struct heng_store_reader *reader, const char *request,
                                                        struct heng_pay_refund *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_pay_refunds(struct heng_store_reader *reader, int64_t order_id,
                                                   struct heng_pay_refund *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);
/* Done in [from_us, to_us) through a channel. */
HENG_NODISCARD heng_rc heng_store_list_refunded(struct heng_store_reader *reader, int64_t scope, const char *channel,
                                                heng_us from_us, heng_us to_us, int64_t after_id,
                                                struct heng_pay_refund *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);

#endif
