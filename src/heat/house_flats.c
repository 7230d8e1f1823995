/* The flats of the form "heizkosten". */
#include <stdio.h>
#include <string.h>

#include "bill/calc.h"
#include "heat/house_form.h"

/* --- devices -------------------------------------------------------------------------------------------------------
 */

/* {"serial", "start", "end", "k", "estimated"} of one device: units are what it counted, times K where it is given. */
static struct heng_dec read_device(struct heng_form_reader *reader)
{
    struct heng_form *form = &reader->form;
    struct heng_calc calc = {0};
    struct heng_slice key;
    struct heng_dec start = {0, 0}, end = {0, 0}, units = {0, 0}, k = heng_dec_one();
    bool has_start = false, has_end = false, has_units = false;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "start")) {
            start = heng_form_dec_min(form, 0);
            has_start = true;
        } else if (heng_slice_is(key, "end")) {
            end = heng_form_dec_min(form, 0);
            has_end = true;
        } else if (heng_slice_is(key, "units")) {
            units = heng_form_dec_min(form, 0);
            has_units = true;
        } else if (heng_slice_is(key, "k")) {
            k = heng_form_dec_min(form, 0);
            if (heng_dec_zero(k)) heng_form_refuse(form, HENG_ERANGE, "", "is zero");
        } else if (heng_slice_is(key, "serial")) {
            (void)heng_form_keep(reader);
        } else if (heng_slice_is(key, "estimated")) {
            (void)heng_form_bool(form);
        } else {
            heng_form_unknown(form);
        }
    }
    if (has_start != has_end || has_units == has_start)
        heng_form_refuse(form, HENG_ECONFIG, "units", "units are needed, or start and end");
    if (heng_dec_less(end, start)) heng_form_refuse(form, HENG_ERANGE, "end", "is below start");
    if (has_start) units = heng_calc_sub(&calc, end, start);
    units = heng_calc_mul(&calc, units, k);
    if (calc.rc != HENG_OK) heng_form_refuse(form, HENG_ERANGE, "", "its units do not fit");
    return units;
}

/* A number, or the devices whose units are summed. */
static struct heng_dec read_use(struct heng_form_reader *reader, struct heng_slice *ret_devices)
{
    struct heng_form *form = &reader->form;
    struct heng_calc calc = {0};
    struct heng_dec sum = {0, 0};
    if (heng_form_failed(form) || heng_json_peek(&form->json) != HENG_JSON_ARRAY) return heng_form_dec_min(form, 0);
    size_t from = form->json.at;
    heng_form_array(form);
    while (heng_form_item(form)) sum = heng_calc_add(&calc, sum, read_device(reader));
    if (!heng_form_failed(form)) *ret_devices = heng_slice_of(form->json.text.p + from, form->json.at - from);
    if (calc.rc != HENG_OK) heng_form_refuse(form, HENG_ERANGE, "", "the units together do not fit");
    return sum;
}

/* --- tenants -------------------------------------------------------------------------------------------------------
 */

static void read_tenants(struct heng_form_reader *reader, struct heng_house_flat *flat,
                         const struct heng_period *period)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    struct heng_house_tenant *list = NULL;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = list;
        struct heng_house_tenant *tenant = heng_form_more(reader, &items, flat->tenant_count, sizeof *tenant);
        if (!tenant) return;
        list = items;
        flat->tenant_count++;
        tenant->name = "";
        tenant->from = period->from;
        bool first = false;
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "name")) {
                tenant->name = heng_form_keep(reader);
            } else if (heng_slice_is(key, "first")) {
                tenant->from = heng_form_date(form);
                first = true;
            } else if (heng_slice_is(key, "units")) {
                tenant->use = heng_form_dec_min(form, 0);
                tenant->has_use = true;
            } else if (heng_slice_is(key, "warm_water")) {
                tenant->water = heng_form_dec_min(form, 0);
                tenant->has_water = true;
            } else if (heng_slice_is(key, "prepaid")) {
                tenant->prepaid = heng_form_dec_min(form, 0);
                tenant->has_prepaid = true;
            } else {
                heng_form_unknown(form);
            }
        }
        if (!first && flat->tenant_count > 1)
            heng_form_refuse(form, HENG_ECONFIG, "first", "is missing: the first day");
        if (!first) tenant->from = INT32_MIN; /* the first day of the period, which may be read later */
    }
    flat->tenants = list;
}

/* --- a flat --------------------------------------------------------------------------------------------------------
 */

static void set_missing(struct heng_form_reader *reader, struct heng_party *party)
{
    party->reason = heng_form_keep(reader);
    party->state = HENG_PARTY_MISSING;
}

static bool read_measured(struct heng_form_reader *reader, struct heng_slice key, struct heng_house_flat *flat)
{
    struct heng_form *form = &reader->form;
    if (heng_slice_is(key, "units")) {
        flat->heat.measure = read_use(reader, &flat->devices[0]);
        flat->has_heat = true;
    } else if (heng_slice_is(key, "warm_water")) {
        flat->water.measure = read_use(reader, &flat->devices[1]);
        flat->has_water = true;
    } else if (heng_slice_is(key, "missing_heat")) {
        set_missing(reader, &flat->heat);
    } else if (heng_slice_is(key, "missing_warm_water")) {
        set_missing(reader, &flat->water);
    } else if (heng_slice_is(key, "own_periods")) {
        flat->heat.own_periods = heng_form_mean(form);
        flat->heat.has_own_periods = true;
    } else if (heng_slice_is(key, "comparable")) {
        flat->heat.comparable = heng_form_mean(form);
        flat->heat.has_comparable = true;
    } else if (heng_slice_is(key, "own_periods_warm_water")) {
        flat->water.own_periods = heng_form_mean(form);
        flat->water.has_own_periods = true;
    } else if (heng_slice_is(key, "comparable_warm_water")) {
        flat->water.comparable = heng_form_mean(form);
        flat->water.has_comparable = true;
    } else if (heng_slice_is(key, "cold_water")) {
        struct heng_slice devices;
        flat->cold_water = read_use(reader, &devices);
    } else if (heng_slice_is(key, "estimated_before")) {
        flat->estimated_before = heng_form_bool(form);
    } else {
        return false;
    }
    return true;
}

static void set_cut(struct heng_form *form, struct heng_house_flat *flat, unsigned cut)
{
    if (heng_form_bool(form)) flat->cuts = (uint8_t)(flat->cuts | cut);
}

static void read_flat(struct heng_form_reader *reader, struct heng_house_form *house, struct heng_house_flat *flat,
                      const char **ret_group)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (read_measured(reader, key, flat)) continue;
        if (heng_slice_is(key, "id"))
            flat->id = heng_form_keep(reader);
        else if (heng_slice_is(key, "group"))
            *ret_group = heng_form_keep(reader);
        else if (heng_slice_is(key, "area"))
            flat->area = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "heated_area"))
            flat->heated_area = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "prepaid"))
            flat->prepaid = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "tenants"))
            read_tenants(reader, flat, &house->period);
        else if (heng_slice_is(key, "not_by_use"))
            set_cut(form, flat, HENG_CUT_NOT_BY_USE);
        else if (heng_slice_is(key, "no_information"))
            set_cut(form, flat, HENG_CUT_NO_INFORMATION);
        else if (heng_slice_is(key, "no_remote"))
            set_cut(form, flat, HENG_CUT_NO_REMOTE);
        else
            heng_form_unknown(form);
    }
    if (!flat->id[0]) heng_form_refuse(form, HENG_ECONFIG, "id", "is missing");
    if (heng_dec_zero(flat->area)) heng_form_refuse(form, HENG_ECONFIG, "area", "is missing");
    if (flat->tenant_count && !heng_dec_zero(flat->prepaid))
        heng_form_refuse(form, HENG_ECONFLICT, "prepaid", "stands at the tenants when there are some");
}

void heng_house_flats(struct heng_form_reader *reader, struct heng_house_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_house_flat *list = NULL;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = list;
        const char *group = NULL;
        struct heng_house_flat *flat = heng_form_more(reader, &items, ret->ask.count, sizeof *flat);
        if (!flat) return;
        list = items;
        ret->ask.count++;
        flat->id = "";
        read_flat(reader, ret, flat, &group);
        flat->heat.id = group; /* until the groups are known */
    }
    ret->ask.flats = list;
}
