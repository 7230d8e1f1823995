#include "billing/charge_vat.h"

#include "billing/charger.h"

heng_rc heng_charge_vat(struct heng_charger *charger, const struct heng_contract *contract, const char *currency,
                        int64_t org_id, int32_t day, struct heng_vat *ret, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    struct heng_charge_ask ask = {
        .contract = contract, .currency = currency, .org_id = org_id, .from_day = day, .to_day = day + 1};
    work->ask = &ask;
    work->from = day;
    work->to = day + 1;
    heng_rc rc = charge_bind(charger, err);
    work->ask = NULL;
    if (rc != HENG_OK) return rc;
    const struct heng_tariff *tariff = work->spans[0].tariff;
    for (size_t i = 0; i < tariff->count; i++) {
        const struct heng_vat *vat = &tariff->components[i].vat;
        if (i && heng_dec_cmp(vat->rate, ret->rate) != 0)
            return heng_fail(err, HENG_ECONFIG, 0,
                             "tariff '%.39s' has components of several tax rates, and a meter tells one sum: give its "
                             "contract a tariff of one rate",
                             work->tariffs[0]->edition.key);
        *ret = *vat;
    }
    return tariff->count ? HENG_OK : heng_fail(err, HENG_ECONFIG, 0, "the tariff charges nothing");
}
