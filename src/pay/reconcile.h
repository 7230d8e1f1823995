#ifndef HENG_PAY_RECONCILE_H
#define HENG_PAY_RECONCILE_H
/* A channel's day beside ours. Every line is a match or a difference of a class; a difference is never mended by
 * itself: a person decides each, with a reason, then the day is closed and its fees are booked. A later file of the
 * same day is a correction with a number of its own. In the writer's open transaction. */
#include "pay/file.h"

/* [from_us, to_us): the day. transit_us: what we took in the last minutes before its end may be in tomorrow's file. */
struct heng_pay_day {
    int32_t day;
    heng_us from_us, to_us, transit_us;
};

/* ret_file REFUSED: nothing was compared, file.why says why; ret is then empty.
 * Errors: those of the store. */
HENG_NODISCARD heng_rc heng_pay_reconcile(struct heng_store *store, const struct heng_pay_template *form,
                                          const struct heng_pay_file_ask *ask, const struct heng_pay_day *day,
                                          struct heng_slice bytes, const struct heng_hand *hand,
                                          struct heng_reconcile *ret, struct heng_pay_file *ret_file,
                                          struct heng_err *err);

/* "apply": theirs-only is a notification that was lost: follow it now. "unclear": theirs-only is nobody's: into that
 * book. "accept", "wait": noted, nothing moves. Errors: ECONFLICT closed, decided before, not for this class, or what
 * the file says does not fit the order; ENOTFOUND. */
HENG_NODISCARD heng_rc heng_pay_reconcile_decide(struct heng_store *store, int64_t scope, int64_t id, int64_t n,
                                                 const char *decision, const struct heng_hand *hand, const char *reason,
                                                 struct heng_reconcile_line *ret, struct heng_err *err);
/* Close the day and book its fees. Errors: ECONFLICT how many differences have no decision. */
HENG_NODISCARD heng_rc heng_pay_reconcile_close(struct heng_store *store, int64_t scope, int64_t id,
                                                const struct heng_hand *hand, struct heng_reconcile *ret,
                                                struct heng_err *err);
/* The bank has what the channel owed for the day: gross less fees. Errors: ECONFLICT another amount, or not closed. */
HENG_NODISCARD heng_rc heng_pay_settle(struct heng_store *store, int64_t scope, int64_t id, int64_t amount,
                                       const struct heng_hand *hand, struct heng_booked *ret, struct heng_err *err);

#endif
