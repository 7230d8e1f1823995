/* The price of heat, as the forms "shares" and "heat-bill" have it. */
#include <string.h>

#include "bill/calc.h"
#include "heat/apportion_form.h"

static unsigned read_listed(struct heng_form *form, const char *const *words, unsigned count)
{
    return heng_form_word(form, words, count);
}

static heng_heat_of read_of(struct heng_form *form)
{
    static const char *const words[] = {
#define X(symbol, text) text,
        HENG_HEAT_OF_LIST(X)
#undef X
    };
    return (heng_heat_of)read_listed(form, words, HENG_HEAT_OFS);
}

static void read_area_price(struct heng_form *form, struct heng_heat_price *price)
{
    static const char *const words[] = {
#define X(symbol, text) text,
        HENG_HEAT_PER_LIST(X)
#undef X
    };
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "price"))
            price->area_price = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "per"))
            price->per = (heng_heat_per)read_listed(form, words, HENG_HEAT_PERS);
        else
            heng_form_unknown(form);
    }
}

static void read_season(struct heng_form_reader *reader, struct heng_heat_price *price)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_day first = 0, last = 0;
    bool has_first = false, has_last = false;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "first")) {
            first = heng_form_date(form);
            has_first = true;
        } else if (heng_slice_is(key, "last")) {
            last = heng_form_date(form);
            has_last = true;
        } else if (heng_slice_is(key, "days")) {
            price->days = (int32_t)heng_form_int(form, 1, 1000);
        } else if (heng_slice_is(key, "months")) {
            price->months = heng_form_dec_min(form, 0);
        } else {
            heng_form_unknown(form);
        }
    }
    if (has_first != has_last) heng_form_refuse(form, HENG_ECONFIG, "last", "first and last belong together");
    if (!has_first) return;
    if (last < first || last - first > 999)
        heng_form_refuse(form, HENG_ERANGE, "last", "is before first, or years later");
    int32_t days = heng_season_days(first, last);
    if (price->days && price->days != days)
        heng_form_refuse(form, HENG_ECONFLICT, "days", "%d are not the %d from first to last", price->days, days);
    price->days = days;
    price->has_first = true;
    price->first = first;
}

static void read_base(struct heng_form_reader *reader, struct heng_heat_price *price)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "share")) {
            price->base_share = heng_form_share(reader);
        } else if (heng_slice_is(key, "price")) {
            price->base_price = heng_form_dec_min(form, 0);
            price->has_base_price = true;
        } else {
            heng_form_unknown(form);
        }
    }
    if (price->has_base_price == !heng_dec_zero(price->base_share))
        heng_form_refuse(form, HENG_ECONFIG, "", "either share or price is needed");
}

/* {"price" or "design_use", "places"}: the unit price is made of the area price or of a heat price. */
static void read_derive(struct heng_form *form, struct heng_price_form *ret)
{
    struct heng_slice key;
    ret->derive_places = HENG_PLACES_MAX;
    ret->derive_use = heng_dec_one();
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "design_use"))
            ret->derive_use = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "heat_price"))
            ret->derive_price = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "places"))
            ret->derive_places = (uint8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
        else if (heng_slice_is(key, "rounding"))
            ret->derive_rounding = heng_form_rounding(form);
        else
            heng_form_unknown(form);
    }
    if (heng_dec_zero(ret->derive_use)) heng_form_refuse(form, HENG_ERANGE, "design_use", "is zero");
}

static void read_charge_area(struct heng_form *form, struct heng_heat_price *price)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "coefficient"))
            price->coefficient = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "height_above"))
            price->height_limit = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "places"))
            price->area_places = (uint8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
        else
            heng_form_unknown(form);
    }
}

static void read_cap(struct heng_form *form, struct heng_heat_price *price)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "at"))
            price->cap = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "non_residential"))
            price->cap_all = heng_form_bool(form);
        else
            heng_form_unknown(form);
    }
}

/* --- refunds -------------------------------------------------------------------------------------------------------
 */

static void check_tiers(struct heng_form *form, const struct heng_heat_price *price)
{
    for (unsigned i = 0; i < price->tier_count; i++) {
        const struct heng_heat_tier *a = &price->tiers[i];
        if (a->has_from && a->has_to && !heng_dec_less(a->from, a->to))
            heng_form_refuse(form, HENG_ERANGE, "", "tier %u is empty: from is not below to", i);
        for (unsigned k = 0; k < i; k++) {
            const struct heng_heat_tier *b = &price->tiers[k];
            bool before = a->has_to && b->has_from && !heng_dec_less(b->from, a->to);
            bool after = a->has_from && b->has_to && !heng_dec_less(a->from, b->to);
            if (!before && !after) heng_form_refuse(form, HENG_ECONFLICT, "", "tiers %u and %u overlap", k, i);
        }
    }
}

static void read_tiers(struct heng_form_reader *reader, struct heng_heat_price *price)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_form_array(form);
    while (heng_form_item(form)) {
        bool refund = false;
        if (price->tier_count == HENG_HEAT_TIERS_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "more than %d tiers", HENG_HEAT_TIERS_MAX);
            return;
        }
        struct heng_heat_tier *tier = &price->tiers[price->tier_count++];
        *tier = (struct heng_heat_tier){0};
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "from")) {
                tier->from = heng_form_dec(form);
                tier->has_from = true;
            } else if (heng_slice_is(key, "to")) {
                tier->to = heng_form_dec(form);
                tier->has_to = true;
            } else if (heng_slice_is(key, "refund")) {
                tier->refund = heng_form_share(reader);
                refund = true;
            } else {
                heng_form_unknown(form);
            }
        }
        if (!refund) heng_form_refuse(form, HENG_ECONFIG, "refund", "is missing");
    }
    if (!heng_form_failed(form)) check_tiers(form, price);
}

static void read_cold(struct heng_form_reader *reader, struct heng_heat_price *price)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "tiers"))
            read_tiers(reader, price);
        else if (heng_slice_is(key, "of"))
            price->temperature_of = read_of(form);
        else
            heng_form_unknown(form);
    }
}

static void read_failure(struct heng_form *form, struct heng_heat_price *price)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "over_h"))
            price->failure_over_h = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "of"))
            price->failure_of = read_of(form);
        else
            heng_form_unknown(form);
    }
}

static void read_vat(struct heng_form *form, struct heng_heat_price *price)
{
    struct heng_slice key;
    price->has_vat = price->vat_included = true;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "rate"))
            price->vat.rate = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "included"))
            price->vat_included = heng_form_bool(form);
        else
            heng_form_unknown(form);
    }
}

/* Simple interest per day on what is not paid, at most `cap` of the bill. */
static void read_late(struct heng_form *form, struct heng_price_form *ret)
{
    static const char *const firsts[] = {"principal", "fee"};
    struct heng_slice key;
    struct heng_late_terms *late = &ret->late;
    *late = heng_late_terms_default();
    late->minimum = heng_dec_of(0, 0);
    late->same_year = late->cross_year = heng_dec_of(0, 0);
    ret->has_late = true;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "per_day"))
            late->same_year = late->cross_year = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "cap"))
            late->cap = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "minimum"))
            late->minimum = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "grace_days"))
            late->grace_days = (uint16_t)heng_form_int(form, 0, 1000);
        else if (heng_slice_is(key, "start_days"))
            late->start_days = (uint16_t)heng_form_int(form, 0, 1000);
        else if (heng_slice_is(key, "first"))
            late->first = (heng_late_first)heng_form_word(form, firsts, 2);
        else
            heng_form_unknown(form);
    }
}

/* --- the price -----------------------------------------------------------------------------------------------------
 */

static bool read_amount_key(struct heng_form_reader *reader, struct heng_slice key, struct heng_price_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_heat_price *price = &ret->price;
    if (heng_slice_is(key, "area"))
        read_area_price(form, price);
    else if (heng_slice_is(key, "season"))
        read_season(reader, price);
    else if (heng_slice_is(key, "base"))
        read_base(reader, price);
    else if (heng_slice_is(key, "unit_price"))
        price->unit_price = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "unit_price_of"))
        read_derive(form, ret);
    else if (heng_slice_is(key, "charge_area"))
        read_charge_area(form, price);
    else if (heng_slice_is(key, "cap"))
        read_cap(form, price);
    else if (heng_slice_is(key, "stop_share"))
        price->stop_share = heng_form_share(reader);
    else if (heng_slice_is(key, "cold"))
        read_cold(reader, price);
    else if (heng_slice_is(key, "failure"))
        read_failure(form, price);
    else if (heng_slice_is(key, "vat"))
        read_vat(form, price);
    else if (heng_slice_is(key, "late"))
        read_late(form, ret);
    else
        return false;
    return true;
}

static void read_other_key(struct heng_form_reader *reader, struct heng_slice key, struct heng_price_form *ret)
{
    static const char *const settles[] = {
#define X(symbol, text) text,
        HENG_HEAT_SETTLE_LIST(X)
#undef X
    };
    static const char *const prepaid[] = {"none", "area-fee"};
    struct heng_form *form = &reader->form;
    struct heng_heat_price *price = &ret->price;
    if (heng_slice_is(key, "version")) {
        heng_form_text(form, price->version, sizeof price->version);
    } else if (heng_slice_is(key, "currency")) {
        heng_form_text(form, price->currency, sizeof price->currency);
    } else if (heng_slice_is(key, "unit")) {
        heng_form_text(form, price->unit, sizeof price->unit);
        if (!heng_form_failed(form) && !heng_unit_known(price->unit))
            heng_form_refuse(form, HENG_EUNSUPPORTED, "", "\"%s\" is none of kWh, MWh, MJ, GJ, Gcal, m3", price->unit);
    } else if (heng_slice_is(key, "settle")) {
        price->settle = (heng_heat_settle)read_listed(form, settles, HENG_HEAT_SETTLES);
    } else if (heng_slice_is(key, "prepay")) {
        price->prepay_area_fee = heng_form_word(form, prepaid, 2) == 1;
    } else if (heng_slice_is(key, "stop_apply_by")) {
        ret->stop_by = heng_form_date(form);
        ret->has_stop_by = true;
    } else if (heng_slice_is(key, "convert_places")) {
        ret->convert_places = (uint8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
        ret->convert = true;
    } else if (heng_slice_is(key, "places")) {
        price->places = (uint8_t)heng_form_int(form, 0, 4);
    } else if (heng_slice_is(key, "rounding")) {
        price->rounding = heng_form_rounding(form);
    } else {
        heng_form_unknown(form);
    }
}

static void derive_unit_price(struct heng_form *form, struct heng_price_form *ret)
{
    struct heng_heat_price *price = &ret->price;
    if (heng_dec_zero(ret->derive_use) || heng_form_failed(form)) return;
    if (heng_dec_zero(price->base_share))
        heng_form_refuse(form, HENG_ECONFIG, "unit_price_of", "needs base.share, which it leaves over");
    if (!heng_dec_zero(price->unit_price))
        heng_form_refuse(form, HENG_ECONFLICT, "unit_price_of", "unit_price is given as well");
    if (heng_dec_zero(ret->derive_price)) ret->derive_price = price->area_price;
    if (heng_heat_unit_price(ret->derive_price, price->base_share, ret->derive_use, ret->derive_places,
                             ret->derive_rounding, &price->unit_price) != HENG_OK)
        heng_form_refuse(form, HENG_ERANGE, "unit_price_of", "the price does not fit");
    if (ret->derive_places == HENG_PLACES_MAX) price->unit_price = heng_dec_trim(price->unit_price);
}

void heng_form_price(struct heng_form_reader *reader, struct heng_price_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    *ret = (struct heng_price_form){.is = true};
    ret->price = (struct heng_heat_price){.currency = "CNY",
                                          .unit = "kWh",
                                          .area_places = HENG_HEAT_EXACT,
                                          .failure_over_h = {12, 0},
                                          .failure_of = HENG_HEAT_OF_BASE,
                                          .places = 2};
    heng_form_object(form);
    while (heng_form_key(form, &key))
        if (!read_amount_key(reader, key, ret)) read_other_key(reader, key, ret);
    derive_unit_price(form, ret);
}
