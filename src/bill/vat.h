#ifndef HENG_BILL_VAT_H
#define HENG_BILL_VAT_H
/* Value added tax of one amount. */
#include "bill/exact.h"

/* What a rate is of: prices that contain the tax (China: net = gross / (1 + rate), rounded, and the tax is the rest, so
 * that both always sum to the gross), or prices before tax (net is given, the tax is rounded and comes on top). */
struct heng_vat {
    struct heng_dec rate; /* 0.13 */
    bool exempt;          /* no tax is shown, rate is 0 */
    const char *code;     /* of the invoice's tax class; may be NULL */
};

/* Errors: ERANGE. Source: examples TF-C11, TF-C12. */
HENG_NODISCARD heng_rc heng_vat_split(struct heng_dec amount, const struct heng_vat *vat, bool included, int places,
                                      heng_rounding rounding, struct heng_dec *ret_net, struct heng_dec *ret_tax);

#endif
