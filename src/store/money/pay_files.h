#ifndef HENG_STORE_MONEY_PAY_FILES_H
#define HENG_STORE_MONEY_PAY_FILES_H
/* Files to and from banks and channels, whole, with their lines; and a channel's days beside ours. Writing needs an
 * open transaction. */
#include "base/buf.h"
#include "store/money/pay.h"

enum {
    HENG_PAY_FILE_NAME_MAX = 96,
    HENG_PAY_BATCH_MAX = 33,
    HENG_PAY_ACCOUNT_MAX = 40, /* of a bank, or our customer's number */
    HENG_PAY_RESULT_MAX = 24,
    HENG_PAY_FILE_MAX = 32 << 20,
};

/* X(symbol, text) */
#define HENG_PAY_FILE_KIND_LIST(X)                                                                                     \
    X(WITHHOLD_OUT, "withhold-out") /* ask the bank to take money */                                                   \
    X(WITHHOLD_IN, "withhold-in")   /* what it took */                                                                 \
    X(PAYMENTS_IN, "payments-in")   /* paid at the bank's counters */                                                  \
    X(STATEMENT_IN, "statement-in") /* what the channel or bank has, to compare */
typedef enum heng_pay_file_kind {
#define X(symbol, text) HENG_PAY_FILE_##symbol,
    HENG_PAY_FILE_KIND_LIST(X)
#undef X
        HENG_PAY_FILE_KIND_COUNT
} heng_pay_file_kind;
const char *heng_pay_file_kind_text(heng_pay_file_kind kind);
heng_pay_file_kind heng_pay_file_kind_of(const char *text);

/* X(symbol, text) */
#define HENG_PAY_FILE_STATE_LIST(X)                                                                                    \
    X(OPEN, "open")         /* made, its bills are locked */                                                           \
    X(SENT, "sent")         /* given to the bank */                                                                    \
    X(ANSWERED, "answered") /* its result came */                                                                      \
    X(TAKEN, "taken")       /* came from outside and was taken */                                                      \
    X(REFUSED, "refused")   /* came from outside and was not: why says what */
typedef enum heng_pay_file_state {
#define X(symbol, text) HENG_PAY_FILE_##symbol,
    HENG_PAY_FILE_STATE_LIST(X)
#undef X
        HENG_PAY_FILE_STATE_COUNT
} heng_pay_file_state;
const char *heng_pay_file_state_text(heng_pay_file_state state);
heng_pay_file_state heng_pay_file_state_of(const char *text);

struct heng_pay_file {
    int64_t id, org_id;
    char channel[HENG_CHANNEL_MAX];
    heng_pay_file_kind kind;
    char name[HENG_PAY_FILE_NAME_MAX];
    int32_t day;
    char batch[HENG_PAY_BATCH_MAX];
    int64_t count, total;
    heng_pay_file_state state;
    heng_us at_us;
    char who[HENG_WHO_MAX], why[HENG_DETAIL_MAX];
    uint8_t digest[32];
};
/* result: "" open, "paid", "failed", "unclear", "compared". */
struct heng_pay_line {
    int64_t file_id, n;
    char order_number[HENG_PAY_NUMBER_MAX], transaction_id[HENG_PAY_TRANSACTION_MAX];
    char account_number[HENG_PAY_ACCOUNT_MAX];
    int64_t bill_id, amount, fee; /* amount: below zero is money back to the customer */
    char result[HENG_PAY_RESULT_MAX];
    int64_t booking_id;
    char why[HENG_DETAIL_MAX];
};

/* The id is given. */
HENG_NODISCARD heng_rc heng_store_add_pay_file(struct heng_store *store, struct heng_pay_file *file,
                                               struct heng_slice body, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_set_pay_file(struct heng_store *store, int64_t id, heng_pay_file_state state,
                                               const char *why, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_pay_file(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                               struct heng_pay_file *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_pay_file_body(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                                    struct heng_str *ret, struct heng_err *err);
/* The newest of a batch; by its bytes. Refused ones are none. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_find_pay_batch(struct heng_store_reader *reader, int64_t org_id, const char *channel,
                                                 const char *batch, heng_pay_file_kind kind, struct heng_pay_file *ret,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_pay_digest(struct heng_store_reader *reader, int64_t org_id, const char *channel,
                                                  heng_pay_file_kind kind, const uint8_t digest[HENG_AT_LEAST(32)],
                                                  struct heng_pay_file *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_count_pay_files(struct heng_store_reader *reader, int64_t org_id, const char *channel,
                                                  heng_pay_file_kind kind, int32_t day, int64_t *ret,
                                                  struct heng_err *err);
/* kind, state COUNT: any. */
HENG_NODISCARD heng_rc heng_store_list_pay_files(struct heng_store_reader *reader, int64_t scope,
                                                 heng_pay_file_kind kind, heng_pay_file_state state, int64_t after_id,
                                                 struct heng_pay_file *ret, size_t cap, size_t *ret_n,
                                                 struct heng_err *err);
/* Insert or change its result. */
HENG_NODISCARD heng_rc heng_store_put_pay_line(struct heng_store *store, const struct heng_pay_line *line,
                                               struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_pay_line(struct heng_store_reader *reader, int64_t file_id, int64_t n,
                                               struct heng_pay_line *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_pay_lines(struct heng_store_reader *reader, int64_t file_id, int64_t after_n,
                                                 struct heng_pay_line *ret, size_t cap, size_t *ret_n,
                                                 struct heng_err *err);
/* The open batch in which the bank is asked for this bill: until its result is here nobody else takes money for it.
 * Errors: ENOTFOUND there is none. */
HENG_NODISCARD heng_rc heng_store_batch_of_bill(struct heng_store_reader *reader, int64_t bill_id,
                                                struct heng_pay_file *ret, struct heng_err *err);
/* Ids of open accounts with a bank account or mandate. */
HENG_NODISCARD heng_rc heng_store_list_withholding(struct heng_store_reader *reader, int64_t org_id, int64_t after_id,
                                                   int64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err);

/* X(symbol, text) A channel's line beside ours. */
#define HENG_RECONCILE_LIST(X)                                                                                         \
    X(MATCH, "match")                                                                                                  \
    X(AMOUNT, "amount") /* differs: never mended by itself */                                                          \
    X(OURS_ONLY, "ours-only")                                                                                          \
    X(THEIRS_ONLY, "theirs-only") /* a lost notification */                                                            \
    X(REFUND, "refund")           /* money back that only one knows, or in another amount */                           \
    X(DUPLICATE, "duplicate")     /* twice in their file */                                                            \
    X(IN_TRANSIT, "in-transit")   /* ours near midnight: it may be in tomorrow's file */
typedef enum heng_reconcile_class {
#define X(symbol, text) HENG_RECONCILE_##symbol,
    HENG_RECONCILE_LIST(X)
#undef X
        HENG_RECONCILE_COUNT
} heng_reconcile_class;
const char *heng_reconcile_text(heng_reconcile_class class_of);
heng_reconcile_class heng_reconcile_of(const char *text);

/* ours, theirs: sums of what was paid less what went back. */
struct heng_reconcile {
    int64_t id, org_id;
    char channel[HENG_CHANNEL_MAX];
    int32_t day;
    int64_t n, file_id, ours, theirs, fees;
    heng_us at_us, closed_us;
    char who[HENG_WHO_MAX];
};
struct heng_reconcile_line {
    int64_t reconcile_id, n;
    heng_reconcile_class class_of;
    char order_number[HENG_PAY_NUMBER_MAX], transaction_id[HENG_PAY_TRANSACTION_MAX];
    int64_t ours, theirs, fee; /* 0: not there */
    char decision[HENG_PAY_RESULT_MAX], who[HENG_WHO_MAX], reason[HENG_REASON_MAX];
};
HENG_NODISCARD heng_rc heng_store_put_reconcile(struct heng_store *store, struct heng_reconcile *reconcile,
                                                struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_reconcile(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                                struct heng_reconcile *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_last_reconcile(struct heng_store_reader *reader, int64_t org_id, const char *channel,
                                                 int32_t day, struct heng_reconcile *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_reconciles(struct heng_store_reader *reader, int64_t scope, int64_t after_id,
                                                  struct heng_reconcile *ret, size_t cap, size_t *ret_n,
                                                  struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_put_reconcile_line(struct heng_store *store, const struct heng_reconcile_line *line,
                                                     struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_reconcile_lines(struct heng_store_reader *reader, int64_t reconcile_id,
                                                       int64_t after_n, struct heng_reconcile_line *ret, size_t cap,
                                                       size_t *ret_n, struct heng_err *err);
/* How many differences have no decision. */
HENG_NODISCARD heng_rc heng_store_undecided(struct heng_store_reader *reader, int64_t reconcile_id, int64_t *ret,
                                            struct heng_err *err);
/* Was this order matched or decided in another reconciliation of the channel? */
HENG_NODISCARD heng_rc heng_store_reconciled(struct heng_store_reader *reader, const struct heng_reconcile *but,
                                             const char *order_number, bool *ret, struct heng_err *err);

#endif
