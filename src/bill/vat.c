#include "bill/vat.h"

heng_rc heng_vat_split(struct heng_dec amount, const struct heng_vat *vat, bool included, int places,
                       heng_rounding rounding, struct heng_dec *ret_net, struct heng_dec *ret_tax)
{
    struct heng_dec one_and_rate, gross, net, tax;
    heng_rc rc = heng_dec_add(heng_dec_of(1, 0), vat->rate, &one_and_rate);
    if (rc != HENG_OK) return rc;
    if (!included) {
        rc = heng_exact_mul(amount, vat->rate, places, rounding, &tax);
        if (rc != HENG_OK) return rc;
        *ret_net = amount;
        *ret_tax = tax;
        return HENG_OK;
    }
    rc = heng_exact_round(amount, places, rounding, &gross);
    if (rc == HENG_OK) rc = heng_exact_div(gross, heng_dec_of(1, 0), one_and_rate, places, rounding, &net);
    if (rc == HENG_OK) rc = heng_dec_sub(gross, net, &tax);
    if (rc != HENG_OK) return rc;
    *ret_net = net;
    *ret_tax = tax;
    return HENG_OK;
}
