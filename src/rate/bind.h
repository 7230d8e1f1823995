#ifndef HENG_RATE_BIND_H
#define HENG_RATE_BIND_H
/* Which tariff holds: that of the meter before that of the contract, the group, the price class. */
#include "rate/rate.h"

/* X(symbol, text), the strongest first. */
#define HENG_BIND_LEVEL_LIST(X) X(METER, "meter") X(CONTRACT, "contract") X(GROUP, "group") X(CLASS, "class")
#define X(symbol, text)         HENG_BIND_##symbol,
typedef enum heng_bind_level { HENG_BIND_LEVEL_LIST(X) HENG_BIND_COUNT } heng_bind_level;
#undef X

struct heng_binding {
    heng_bind_level level;
    heng_day from, to;
    const char *key; /* which meter, contract ...; for the explanation */
    const struct heng_tariff *tariff;
};

/* The spans of [from, to) with the binding that holds in each, in order.
 * Errors: ECONFIG: two of the same level on one day, a day without any; ELIMIT beyond cap. */
HENG_NODISCARD heng_rc heng_bind(const struct heng_binding *bindings, size_t count, heng_day from, heng_day to,
                                 struct heng_rate_span *ret, size_t cap, size_t *ret_count, struct heng_steps *steps,
                                 struct heng_err *err);

#endif
