#ifndef HENG_BILL_LATE_H
#define HENG_BILL_LATE_H
/* Late fees: per mille of what is owed, by the day. Two published readings of the same rule exist, so it has a name. */
#include "bill/explain.h"
#include "vee/day.h"

/* X(symbol, text) Which rate the days of a delay over New Year have. */
#define HENG_LATE_RULE_LIST(X)                                                                                         \
    X(WHOLE, "A")   /* what is paid in a later year than that of the bill: all its days at the cross-year rate */      \
    X(BY_YEAR, "B") /* days in the bill's year at its rate, days after it at the cross-year rate */
#define X(symbol, text) HENG_LATE_##symbol,
typedef enum heng_late_rule { HENG_LATE_RULE_LIST(X) HENG_LATE_RULE_COUNT } heng_late_rule;
#undef X
typedef enum heng_late_first { HENG_LATE_PRINCIPAL_FIRST, HENG_LATE_FEE_FIRST } heng_late_first;

struct heng_late_terms {
    heng_late_rule rule;
    struct heng_dec same_year, cross_year; /* per day: 0.002, 0.003; residential 0.001 and 0.001 */
    struct heng_dec minimum;               /* a fee below it is it (1.00); 0 none */
    struct heng_dec cap;                   /* the fee is at most cap x amount of the bill; 0 no cap */
    uint16_t grace_days;                   /* paid within them: no fee; later: all days count */
    uint16_t start_days;                   /* the first day that counts is due + 1 + start_days */
    heng_late_first first;                 /* what a part payment pays first */
    heng_rounding rounding;
    int8_t places;
};
/* The supply rules of electricity: rule A, 2 and 3 per mille, at least 1 yuan, principal first, half up to the cent. */
struct heng_late_terms heng_late_terms_default(void);

struct heng_late_payment {
    heng_day day;
    struct heng_dec amount;
};
struct heng_late_bill {
    const char *id;
    struct heng_dec amount;
    heng_day due;                             /* the last day without a delay */
    int16_t year;                             /* of the bill; 0: that of due */
    const struct heng_late_payment *payments; /* sorted by day */
    size_t payment_count;
};
struct heng_late_fee {
    struct heng_dec fee, fee_paid, principal_paid, owed; /* owed: principal and fee that are still to pay */
    int32_t days;                                        /* of the last part of it */
    bool minimum, capped;
};

/* The fee of one bill as of a day; what is not paid is late until that day.
 * Errors: ERANGE, ECONFIG: payments not in order, more paid than owed, amounts below zero. */
HENG_NODISCARD heng_rc heng_late_fee(const struct heng_late_terms *terms, const struct heng_late_bill *bill,
                                     heng_day as_of, struct heng_steps *steps, struct heng_late_fee *ret,
                                     struct heng_err *err);

#endif
