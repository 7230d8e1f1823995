#ifndef HENG_STORE_MONEY_CASH_H
#define HENG_STORE_MONEY_CASH_H
/* Receipts and cash days. Writing needs an open transaction. */
#include "model/booking.h"
#include "store/store.h"

/* number: "2026-A-000123": year, desk, number without gaps. printed: how often so far. */
struct heng_receipt_row {
    int64_t id, org_id, booking_id;
    char desk[HENG_DESK_MAX];
    int year;
    int64_t number, balance_before, balance_after;
    uint32_t printed;
};
HENG_NODISCARD heng_rc heng_store_add_receipt(struct heng_store *store, struct heng_receipt_row *receipt,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_receipt(struct heng_store_reader *reader, int64_t booking_id,
                                               struct heng_receipt_row *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_receipt(struct heng_store_reader *reader, int64_t scope, const char *desk,
                                              int year, int64_t number, struct heng_receipt_row *ret,
                                              struct heng_err *err);
/* Of a desk and year, by number behind after. */
HENG_NODISCARD heng_rc heng_store_list_receipts(struct heng_store_reader *reader, int64_t scope, const char *desk,
                                                int year, int64_t after, struct heng_receipt_row *ret, size_t cap,
                                                size_t *ret_n, struct heng_err *err);
/* One more print; ret: the how manieth it is, the first is 1. */
HENG_NODISCARD heng_rc heng_store_printed(struct heng_store *store, int64_t receipt_id, heng_us at_us, const char *who,
                                          uint32_t *ret, struct heng_err *err);

enum { HENG_CASH_TOTALS_MAX = 2048 };
struct heng_cash_day {
    int64_t id, org_id;
    char desk[HENG_DESK_MAX], cashier[HENG_WHO_MAX];
    int32_t day;
    char currency[HENG_CURRENCY_MAX];
    heng_us opened_us, closed_us;
    int64_t opening, expected, counted, handed_over;
    char handed_to[HENG_WHO_MAX], reason[HENG_REASON_MAX], totals[HENG_CASH_TOTALS_MAX];
};
/* Insert (id 0) or change one that is open. Errors: EDENIED it is closed. */
HENG_NODISCARD heng_rc heng_store_put_cash_day(struct heng_store *store, struct heng_cash_day *day,
                                               struct heng_err *err);
/* The open one of a desk. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_open_cash_day(struct heng_store_reader *reader, int64_t org_id, const char *desk,
                                                struct heng_cash_day *ret, struct heng_err *err);
/* The newest, open or closed. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_last_cash_day(struct heng_store_reader *reader, int64_t org_id, const char *desk,
                                                struct heng_cash_day *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_cash_day(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                               struct heng_cash_day *ret, struct heng_err *err);
/* Of a desk ("": of all), of the site's days [from_day, to_day), by id behind after_id. */
HENG_NODISCARD heng_rc heng_store_list_cash_days(struct heng_store_reader *reader, int64_t scope, const char *desk,
                                                 int32_t from_day, int32_t to_day, int64_t after_id,
                                                 struct heng_cash_day *ret, size_t cap, size_t *ret_n,
                                                 struct heng_err *err);

#endif
