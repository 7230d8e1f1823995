#ifndef HENG_BILLING_ARREARS_H
#define HENG_BILLING_ARREARS_H
/* What is owed and what comes in, as lists: arrears with their age as of any day, whom to call, collection rates. The
 * list of a past day is the same whenever it is asked for: it counts what was booked, allocated and taken back until
 * then. Late fees are in it as far as they are booked. Only reads. Source: domain notes reports.md 2, vectors RP-C1,
 * RP-C2. */
#include "ledger/collect.h"
#include "store/money/dunning.h"

/* scope: organisation, 0 all; place_id: a place and all below it, 0 all; currency "CNY". */
struct heng_arrears_ask {
    int64_t scope, place_id;
    const char *currency;
    int32_t as_of, today;
    bool overdue; /* only what was due before */
};

/* Bill after bill, account after account. Zero-initialise, set ask. */
enum { HENG_ARREARS_PAGE = 64, HENG_ARREARS_BILLS = 400 };
struct heng_arrears {
    struct heng_arrears_ask ask;
    int64_t after_id;
    bool last; /* page */
    size_t account_n, account, bill_n, bill;
    struct heng_owing_account accounts[HENG_ARREARS_PAGE];
    struct heng_owing_bill bills[HENG_ARREARS_BILLS];
};
/* Borrowed until the next. Errors: ENOTFOUND: that was all; ELIMIT more than HENG_ARREARS_BILLS open on one account. */
HENG_NODISCARD heng_rc heng_arrears_next(struct heng_arrears *arrears, struct heng_store_reader *reader,
                                         const struct heng_owing_account **ret_account,
                                         const struct heng_owing_bill **ret_bill, struct heng_err *err);

/* What is open by age; credits (principal below zero) are in no age, they are told apart. */
struct heng_ageing {
    int64_t accounts, bills, total, credits;
    int64_t amounts[HENG_AGE_COUNT], counts[HENG_AGE_COUNT];
};
HENG_NODISCARD heng_rc heng_ageing_of(struct heng_store_reader *reader, const struct heng_arrears_ask *ask,
                                      struct heng_ageing *ret, struct heng_err *err);

/* Whom to call: the cap accounts with the most that is overdue, the largest first. held: in dispute, in instalments. */
struct heng_call {
    struct heng_owing_account account;
    int64_t overdue, held;
    int32_t since_day, bills, steps; /* steps: the furthest of its bills */
};
HENG_NODISCARD heng_rc heng_call_list(struct heng_store_reader *reader, const struct heng_arrears_ask *ask,
                                      struct heng_call *ret, size_t cap, size_t *ret_n, struct heng_err *err);

/* Of [from_day, to_day): by amounts and by bills that are paid in full. What was written off counts as let off. */
struct heng_collection_report {
    struct heng_collection sums;
    struct heng_collection_rates rates;
    int64_t bills, bills_paid;
    bool has_paid;
    struct heng_dec paid_rate; /* percent */
};
HENG_NODISCARD heng_rc heng_collection_report(struct heng_store_reader *reader, int64_t scope, int64_t place_id,
                                              const char *currency, int32_t from_day, int32_t to_day,
                                              struct heng_collection_report *ret, struct heng_err *err);

#endif
