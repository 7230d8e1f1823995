#ifndef HENG_STORE_MONEY_DUNNING_H
#define HENG_STORE_MONEY_DUNNING_H
/* What happens to bills that are not paid: fees, dunning, disputes, instalments, and lists of what is owed. Days are of
 * the site. Writing needs an open transaction. dunning.c and arrears.c. */
#include "store/money/accounts.h"
#include "store/money/bills.h"

/* --- fees ------------------------------------------------------------------------------------------------------ */

/* X(symbol, text) */
#define HENG_FEE_KIND_LIST(X) X(LATE, "late") X(DUNNING, "dunning")
typedef enum heng_fee_kind {
#define X(symbol, text) HENG_FEE_##symbol,
    HENG_FEE_KIND_LIST(X)
#undef X
        HENG_FEE_KIND_COUNT
} heng_fee_kind;
const char *heng_fee_kind_text(heng_fee_kind kind);

/* What booking_id made owed on a bill; below zero: taken back. */
struct heng_bill_fee {
    int64_t booking_id, bill_id, amount;
    int32_t day;
    heng_fee_kind kind;
};
HENG_NODISCARD heng_rc heng_store_add_fee(struct heng_store *store, const struct heng_bill_fee *fee,
                                          struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_fees(struct heng_store_reader *reader, int64_t bill_id,
                                            struct heng_bill_fee *ret, size_t cap, size_t *ret_n, struct heng_err *err);
/* What the mirror takes back of a booking beside its postings: what it paid, or the fee that it was. */
HENG_NODISCARD heng_rc heng_store_take_back(struct heng_store *store, int64_t booking_id, int64_t mirror_id,
                                            int32_t day, struct heng_err *err);
/* The number of a bill that a booking paid and that was reversed since. Errors: ENOTFOUND: none. */
HENG_NODISCARD heng_rc heng_store_find_freed(struct heng_store_reader *reader, int64_t booking_id,
                                             char ret_number[HENG_AT_LEAST(HENG_BILL_NUMBER_MAX)],
                                             struct heng_err *err);

/* What paid the principal, by day; what was taken back is not in it. */
struct heng_bill_payment {
    int32_t day;
    int64_t amount;
};
HENG_NODISCARD heng_rc heng_store_list_bill_payments(struct heng_store_reader *reader, int64_t bill_id,
                                                     struct heng_bill_payment *ret, size_t cap, size_t *ret_n,
                                                     struct heng_err *err);

/* A waiver or write-off that stands, and what it took off. Of a bill by its kind; of an account its write-offs. */
struct heng_settled {
    int64_t booking_id, bill_id, amount;
};
HENG_NODISCARD heng_rc heng_store_list_settled(struct heng_store_reader *reader, int64_t bill_id,
                                               heng_booking_kind kind, struct heng_settled *ret, size_t cap,
                                               size_t *ret_n, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_written_off(struct heng_store_reader *reader, int64_t account_id,
                                                   struct heng_settled *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);

struct heng_price_class {
    char name[HENG_TARIFF_KEY_MAX];
};
HENG_NODISCARD heng_rc heng_store_list_bill_classes(struct heng_store_reader *reader, int64_t bill_id,
                                                    struct heng_price_class *ret, size_t cap, size_t *ret_n,
                                                    struct heng_err *err);

/* --- dunning, disputes, instalments ---------------------------------------------------------------------------- */

struct heng_dunned {
    int64_t bill_id, fee, booking_id, notice_id;
    int32_t step, day; /* step from 1 */
};
HENG_NODISCARD heng_rc heng_store_add_dunned(struct heng_store *store, const struct heng_dunned *dunned,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_dunned(struct heng_store_reader *reader, int64_t bill_id,
                                              struct heng_dunned *ret, size_t cap, size_t *ret_n, struct heng_err *err);

HENG_NODISCARD heng_rc heng_store_bill_held(struct heng_store_reader *reader, int64_t bill_id, bool *ret_disputed,
                                            bool *ret_instalments, struct heng_err *err);

struct heng_bill_hold {
    int64_t bill_id;
    int32_t from_day, to_day; /* to_day 0: until a person ends it */
    heng_us ended_us;
    char who[HENG_WHO_MAX], reason[HENG_REASON_MAX], ended_by[HENG_WHO_MAX];
};
HENG_NODISCARD heng_rc heng_store_add_hold(struct heng_store *store, const struct heng_bill_hold *hold,
                                           struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_end_hold(struct heng_store *store, int64_t bill_id, heng_us ended_us, const char *who,
                                           struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_expire_holds(struct heng_store *store, int32_t day, heng_us now_us, const char *who,
                                               struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_holds(struct heng_store_reader *reader, int64_t bill_id,
                                             struct heng_bill_hold *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);

struct heng_instalment {
    int64_t bill_id, amount;
    int32_t plan, n, due_day; /* from 1 */
    heng_us made_us, ended_us;
    char who[HENG_WHO_MAX], why[HENG_REASON_MAX];
};
HENG_NODISCARD heng_rc heng_store_add_instalment(struct heng_store *store, const struct heng_instalment *instalment,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_instalments(struct heng_store_reader *reader, int64_t bill_id,
                                                   struct heng_instalment *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_end_instalments(struct heng_store *store, int64_t bill_id, heng_us ended_us,
                                                  const char *why, struct heng_err *err);
/* Bills behind after_id with a running plan of which a part was due before a day. */
HENG_NODISCARD heng_rc heng_store_list_planned(struct heng_store_reader *reader, int64_t after_id, int32_t before_day,
                                               int64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err);

/* --- lists ------------------------------------------------------------------------------------------------------ */

/* Whose: scope and place_id 0, currency "": all. owing: only who owes something now. */
struct heng_owing_ask {
    int64_t scope, place_id, after_id;
    const char *currency;
    bool owing;
};
struct heng_owing_account {
    int64_t id, org_id;
    char number[HENG_ACCOUNT_NUMBER_MAX], name[HENG_ACCOUNT_NAME_MAX], phone[HENG_PHONE_MAX];
    char currency[HENG_CURRENCY_MAX];
};
HENG_NODISCARD heng_rc heng_store_list_owing(struct heng_store_reader *reader, const struct heng_owing_ask *ask,
                                             struct heng_owing_account *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);

/* As it was on the evening of a day; principal below zero: a credit not yet in the advance. held: in dispute or in
 * instalments, now. */
struct heng_owing_bill {
    int64_t id, principal, late;
    int32_t due_day, steps;
    bool held;
    char number[HENG_BILL_NUMBER_MAX];
};
HENG_NODISCARD heng_rc heng_store_list_owing_bills(struct heng_store_reader *reader, int64_t account_id, int32_t day,
                                                   struct heng_owing_bill *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);

/* Of bills that stand at the end of [from_day, to_day). */
struct heng_collection_sums {
    int64_t billed, bills, bills_paid, prior_open, collected, collected_prior, written_off;
};
HENG_NODISCARD heng_rc heng_store_collection(struct heng_store_reader *reader, int64_t scope, int64_t place_id,
                                             const char *currency, int32_t from_day, int32_t to_day,
                                             struct heng_collection_sums *ret, struct heng_err *err);

#endif
