#ifndef HENG_ACCOUNT_CASH_DAY_H
#define HENG_ACCOUNT_CASH_DAY_H
/* A cashier's day at a desk (日结): opened with a float, closed by counting the drawer; then nothing of it changes.
 * Source: domain notes prepaid.md 8, vector PP-C13. docs/cash.md shows a day. */
#include "account/book.h"

/* What moved by one channel. gross: taken in; refunds: given out; reversals: taken back of both, less is above zero;
 * net = gross - refunds - reversals. */
enum { HENG_CASH_CHANNELS_MAX = 16 };
struct heng_cash_total {
    char channel[HENG_CHANNEL_MAX];
    int64_t gross, refunds, reversals, net, count;
};
struct heng_cash_totals {
    size_t n;
    struct heng_cash_total of[HENG_CASH_CHANNELS_MAX];
};

/* Notes and coins as they were counted: value in the smallest unit, how many. */
struct heng_cash_count {
    int64_t value, count;
};
/* "100x5,50x1,0.5x3" -> the sum and, up to cap, what it is made of. A plain amount is itself.
 * Errors: EFORMAT, ERANGE, ELIMIT. */
HENG_NODISCARD heng_rc heng_cash_count_of(const char *text, struct heng_cash_count *ret, size_t cap, size_t *ret_n,
                                          int64_t *ret_sum, struct heng_err *err);

/* Open hand->desk for hand->who. currency "": that of its last day. opening: what lies in the drawer now. What it holds
 * by the books and this differ by what came out of the safe, or went into it: that is booked. Errors: ECONFLICT the
 * desk has an open day; ECONFIG no desk, or a new one without a currency; ERANGE below zero. */
HENG_NODISCARD heng_rc heng_cash_open(struct heng_store *store, int64_t org_id, const char *currency, int64_t opening,
                                      const struct heng_hand *hand, struct heng_cash_day *ret, struct heng_err *err);

/* What the open day holds so far: totals by channel, and what must be in the drawer. */
HENG_NODISCARD heng_rc heng_cash_so_far(struct heng_store_reader *reader, const struct heng_cash_day *day,
                                        struct heng_cash_totals *ret, int64_t *ret_expected, struct heng_err *err);

/* Close the open day of hand->desk. A difference between counted and expected is booked to over-short and needs a
 * reason; handed_over goes to the safe, to whom handed_to says; the rest stays as the next float.
 * Errors: ENOTFOUND no open day; ECONFIG a difference without a reason, nobody to hand over to; ERANGE more is handed
 * over than was counted. */
HENG_NODISCARD heng_rc heng_cash_close(struct heng_store *store, int64_t org_id, int64_t counted, int64_t handed_over,
                                       const char *handed_to, const char *reason, const struct heng_hand *hand,
                                       struct heng_cash_day *ret, struct heng_err *err);

/* The totals kept with a closed day. Errors: EFORMAT it was changed by hand. */
HENG_NODISCARD heng_rc heng_cash_totals_of(const struct heng_cash_day *day, struct heng_cash_totals *ret,
                                           struct heng_err *err);

/* Sums of closed days: of a desk, a cashier, or all ("" each): day, month, year settlement are [from_day, to_day) of
 * it. open: days in it that are still open, and not in the sums. */
struct heng_settlement {
    int64_t days, open, opening, expected, counted, handed_over, difference;
    struct heng_cash_totals totals;
};
HENG_NODISCARD heng_rc heng_cash_settlement(struct heng_store_reader *reader, int64_t scope, const char *desk,
                                            const char *cashier, int32_t from_day, int32_t to_day,
                                            struct heng_settlement *ret, struct heng_err *err);

#endif
