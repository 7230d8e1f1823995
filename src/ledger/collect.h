#ifndef HENG_LEDGER_COLLECT_H
#define HENG_LEDGER_COLLECT_H
/* Collecting what is owed: which bill a payment pays, how old arrears are, how much comes in. Pure. Amounts in the
 * smallest unit, days as days since 1970. Source: domain notes reports.md 2, vectors RP-C1, RP-C2, RP-C10. */
#include "base/dec.h"
#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>

/* X(symbol, text) In which order the parts are paid. Bills always by their due day, then by their id. */
#define HENG_PAY_ORDER_LIST(X)                                                                                         \
    X(PRINCIPAL_LATE, "principal-late") /* bill after bill: what it is for, then its late fee. The default */          \
    X(LATE_PRINCIPAL, "late-principal") /* bill after bill: the late fee first (BGB 367 for costs and interest) */     \
    X(ALL_PRINCIPAL, "all-principal")   /* first what all bills are for, then all late fees */
typedef enum heng_pay_rule {
#define X(symbol, text) HENG_PAY_RULE_##symbol,
    HENG_PAY_ORDER_LIST(X)
#undef X
        HENG_PAY_RULE_COUNT
} heng_pay_rule;
const char *heng_pay_rule_text(heng_pay_rule rule);
heng_pay_rule heng_pay_rule_of(const char *text); /* COUNT when it is none */

/* A bill that is not paid, and what of the payment it gets. */
struct heng_owing {
    int64_t bill_id;
    int32_t due_day;
    int64_t principal, late;           /* open, not below zero */
    int64_t paid_principal, paid_late; /* out */
};
/* owing is put in order. ret_rest: what is over, for the advance. amount: not below zero. */
void heng_allocate(struct heng_owing *owing, size_t n, int64_t amount, heng_pay_rule rule, int64_t *ret_rest);

/* X(symbol, text, last day of it) Days behind the due day. */
#define HENG_AGE_LIST(X)                                                                                               \
    X(NOT_DUE, "not due", 0)                                                                                           \
    X(D30, "1-30", 30) X(D60, "31-60", 60) X(D90, "61-90", 90) X(D365, "91-365", 365) X(OLDER, ">365", INT32_MAX)
typedef enum heng_age {
#define X(symbol, text, last) HENG_AGE_##symbol,
    HENG_AGE_LIST(X)
#undef X
        HENG_AGE_COUNT
} heng_age;
const char *heng_age_text(heng_age age);
/* On the day itself nothing is overdue. */
heng_age heng_age_of(int32_t due_day, int32_t as_of_day);

/* What was billed and what of it came in: what went back is not collected, an advance only when it pays a bill. */
struct heng_collection {
    int64_t billed_current, collected_current, billed_prior_open, collected_prior, waived;
};
/* In percent, two places. A rate of nothing billed is not there. */
struct heng_collection_rates {
    bool has_current, has_prior, has_overall, has_net;
    struct heng_dec current, prior, overall, current_net_of_waiver;
};
/* Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_collection_rates(const struct heng_collection *of, struct heng_collection_rates *ret,
                                             struct heng_err *err);

#endif
