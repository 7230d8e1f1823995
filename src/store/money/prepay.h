#ifndef HENG_STORE_MONEY_PREPAY_H
#define HENG_STORE_MONEY_PREPAY_H
/* What is asked for beforehand, and apportionments of buildings with their answers. Writing needs an open transaction.
 */
#include "store/money/bills.h"

/* amount: with tax, for each month, or once for the period of a run. tax_percent: "19". to_day 0: no end. */
struct heng_prepay_plan {
    int64_t contract_id;
    int32_t from_day, to_day;
    bool by_month;
    int64_t amount;
    char tax_percent[HENG_DEC_SHORT_MAX], who[HENG_WHO_MAX];
};
HENG_NODISCARD heng_rc heng_store_put_prepay_plan(struct heng_store *store, const struct heng_prepay_plan *plan,
                                                  struct heng_err *err);
/* Of a contract, touching [from, to). */
HENG_NODISCARD heng_rc heng_store_list_prepay_plans(struct heng_store_reader *reader, int64_t contract_id, int32_t from,
                                                    int32_t to, struct heng_prepay_plan *ret, size_t cap, size_t *ret_n,
                                                    struct heng_err *err);

/* A bill that asked for money of a contract beforehand, and still stands. */
struct heng_prepay_asked {
    int64_t bill_id;
    char number[HENG_BILL_NUMBER_MAX];
    int32_t from_day, to_day;
    int64_t amount, tax;
    char vat[HENG_DEC_SHORT_MAX]; /* "0.19" */
};
/* Those whose period begins in [from, to). */
HENG_NODISCARD heng_rc heng_store_list_prepay_asked(struct heng_store_reader *reader, int64_t contract_id, int32_t from,
                                                    int32_t to, struct heng_prepay_asked *ret, size_t cap,
                                                    size_t *ret_n, struct heng_err *err);

/* The number of the bill that took this one off when it settled its days. Errors: ENOTFOUND none did. */
HENG_NODISCARD heng_rc heng_store_find_prepay_settled(struct heng_store_reader *reader, int64_t bill_id,
                                                      char ret_number[HENG_BILL_NUMBER_MAX], struct heng_err *err);

/* X(symbol, text) */
#define HENG_APPORTION_STATE_LIST(X)                                                                                   \
    X(DRAFT, "draft") X(APPROVED, "approved") X(BILLED, "billed") X(REPLACED, "replaced")
typedef enum heng_apportion_state {
#define X(symbol, text) HENG_APPORTION_##symbol,
    HENG_APPORTION_STATE_LIST(X)
#undef X
        HENG_APPORTION_STATE_COUNT
} heng_apportion_state;
const char *heng_apportion_state_text(heng_apportion_state state);
heng_apportion_state heng_apportion_state_of(const char *text); /* COUNT when it is none */

/* digest: SHA-256 of ask and answer. */
struct heng_apportion_row {
    int64_t id, org_id, place_id;
    int32_t from_day, to_day;
    heng_apportion_state state;
    int64_t run_id;
    heng_us at_us;
    char who[HENG_WHO_MAX];
    uint8_t digest[32];
};
HENG_NODISCARD heng_rc heng_store_add_apportion(struct heng_store *store, struct heng_apportion_row *row,
                                                const char *ask, const char *answer, struct heng_err *err);
/* Its state and run. */
HENG_NODISCARD heng_rc heng_store_set_apportion(struct heng_store *store, const struct heng_apportion_row *row,
                                                struct heng_err *err);
/* ret_ask, ret_answer: appended to; NULL: not wanted. */
HENG_NODISCARD heng_rc heng_store_get_apportion(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                                struct heng_apportion_row *ret, struct heng_str *ret_ask,
                                                struct heng_str *ret_answer, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_apportions(struct heng_store_reader *reader, int64_t scope, int64_t place_id,
                                                  int64_t before_id, struct heng_apportion_row *ret, size_t cap,
                                                  size_t *ret_n, struct heng_err *err);
/* Ids of the contracts for the heat of a flat in [from, to), by the key of its place or point; at most 3. */
HENG_NODISCARD heng_rc heng_store_find_flat_contracts(struct heng_store_reader *reader, const char *key, int32_t from,
                                                      int32_t to, int64_t ret[3], size_t *ret_n, struct heng_err *err);

#endif
