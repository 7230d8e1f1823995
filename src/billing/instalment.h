#ifndef HENG_BILLING_INSTALMENT_H
#define HENG_BILLING_INSTALMENT_H
/* A bill paid in parts: together they are what is open; as long as the parts come in time there is no dunning, no late
 * fee and no cut. In an open transaction. */
#include "billing/dunning.h"

enum { HENG_INSTALMENTS_MAX = 60 };

/* n equal parts of amount, the first are a unit larger where it does not divide; due at first_day and the same day of
 * each month after it. Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_instalment_split(int64_t amount, size_t n, int32_t first_day, struct heng_instalment *ret,
                                             struct heng_err *err);

/* What is open of a bill today, fees and all: what the parts have to sum to. */
HENG_NODISCARD heng_rc heng_instalment_amount(struct heng_store_reader *reader, int64_t scope, int64_t bill_id,
                                              int32_t day, int64_t *ret, struct heng_err *err);

/* Errors: ENOTFOUND nothing is open; ECONFLICT the parts do not sum to it, it has a plan, it is in dispute; EDENIED a
 * bank is asked for it; ERANGE amounts below one, days that do not rise or are past. */
HENG_NODISCARD heng_rc heng_instalment_plan(struct heng_store *store, int64_t scope, int64_t bill_id,
                                            const struct heng_instalment *parts, size_t n, const struct heng_hand *hand,
                                            const char *reason, struct heng_err *err);
/* Given up: dunning goes on. Errors: ENOTFOUND it has none. */
HENG_NODISCARD heng_rc heng_instalment_stop(struct heng_store *store, int64_t scope, int64_t bill_id,
                                            const struct heng_hand *hand, const char *reason, struct heng_err *err);

/* A running plan on a day: paid so far, what should have been paid by parts due before before_day. */
struct heng_instalment_state {
    int64_t total, paid, due;
    int32_t next_day; /* of the first part that is not paid; 0 none */
};
HENG_NODISCARD heng_rc heng_instalment_state(struct heng_store_reader *reader, const struct heng_bill *bill,
                                             int32_t before_day, struct heng_instalment_state *ret,
                                             struct heng_err *err);

#endif
