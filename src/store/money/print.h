#ifndef HENG_STORE_MONEY_PRINT_H
#define HENG_STORE_MONEY_PRINT_H
/* What documents say beside the rows of a bill or receipt, and lists for people, row by row. Reading only. */
#include "store/money/bills.h"

/* What pays a bill, or what a booking pays: part "principal" or "late"; kind, channel: of the booking. */
struct heng_print_payment {
    int64_t booking_id, amount;
    int32_t day;
    char part[HENG_PART_MAX], kind[HENG_SUBJECT_MAX], channel[HENG_CHANNEL_MAX], bill[HENG_BILL_NUMBER_MAX];
};
HENG_NODISCARD heng_rc heng_store_print_payments(struct heng_store_reader *reader, int64_t bill_id,
                                                 struct heng_print_payment *ret, size_t cap, size_t *ret_n,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_print_paid_bills(struct heng_store_reader *reader, int64_t booking_id,
                                                   struct heng_print_payment *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);

/* A fee and the step of dunning that it is of (0: a late fee by days), or a part in which a bill may be paid. */
struct heng_print_step {
    int64_t n, amount;
    int32_t day;
};
HENG_NODISCARD heng_rc heng_store_print_fees(struct heng_store_reader *reader, int64_t bill_id,
                                             struct heng_print_step *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_print_instalments(struct heng_store_reader *reader, int64_t bill_id,
                                                    struct heng_print_step *ret, size_t cap, size_t *ret_n,
                                                    struct heng_err *err);

/* Earlier charges of a contract that end in (after, until], oldest first, with their traces in the arena. */
struct heng_print_trace {
    int32_t from_day, to_day;
    struct heng_slice trace;
};
struct heng_arena;
HENG_NODISCARD heng_rc heng_store_print_traces(struct heng_store_reader *reader, int64_t contract_id, int32_t after,
                                               int32_t until, struct heng_arena *arena, struct heng_print_trace *ret,
                                               size_t cap, size_t *ret_n, struct heng_err *err);

/* The number of the purchase that a sale brought into a meter; 0: none, or none was given yet. */
HENG_NODISCARD heng_rc heng_store_print_purchase(struct heng_store_reader *reader, const char *sale_key, int64_t *ret,
                                                 struct heng_err *err);

/* --- lists ------------------------------------------------------------------------------------------------------ */

/* X(symbol, text, what it is asked by) */
#define HENG_LIST_LIST(X)                                                                                              \
    X(SALES_DAY, "sales-day", PERIOD)                                                                                  \
    X(SALES_MONTH, "sales-month", PERIOD)                                                                              \
    X(SALES_YEAR, "sales-year", PERIOD)                                                                                \
    X(SETTLEMENT, "settlement", DAYS)                                                                                  \
    X(REFUNDS, "refunds", DAYS)                                                                                        \
    X(RECEIPTS, "receipts", DAYS)                                                                                      \
    X(BILLS, "bills", MOMENTS)                                                                                         \
    X(ARREARS, "arrears", UNTIL)                                                                                       \
    X(BALANCES, "balances", NOW)                                                                                       \
    X(BOOKINGS, "bookings", DAYS)
typedef enum heng_list_kind {
#define X(symbol, text, by) HENG_LIST_##symbol,
    HENG_LIST_LIST(X)
#undef X
        HENG_LIST_COUNT
} heng_list_kind;
const char *heng_list_text(heng_list_kind kind);
heng_list_kind heng_list_of(const char *text); /* COUNT when it is none */

/* Days [from_day, to_day) and the moments at which they begin; arrears as they were at the end of to_day - 1. */
struct heng_list_ask {
    heng_list_kind kind;
    int64_t scope;
    int32_t from_day, to_day;
    heng_us from_us, to_us;
};

/* A value of a row, in the order of the statement: as text, and as number where it is one. */
struct heng_list_value {
    bool is_null;
    int64_t number;
    const char *text;
};
enum { HENG_LIST_COLUMNS_MAX = 18 };
/* total: the row is the sum of all rows of a currency. numeric: which of count columns hold numbers, of all rows the
 * same. What is given to each lives for the call. */
typedef heng_rc heng_list_each(void *ctx, bool total, const struct heng_list_value *values);
HENG_NODISCARD heng_rc heng_store_each_row(struct heng_store_reader *reader, const struct heng_list_ask *ask,
                                           const bool *numeric, size_t count, heng_list_each *each, void *ctx,
                                           struct heng_err *err);

#endif
