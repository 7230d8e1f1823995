/* The participants of the forms "shares" and "heat-bill". */
#include <stdio.h>
#include <string.h>

#include "bill/calc.h"
#include "heat/apportion_form.h"

/* Temperatures may be below zero, amounts may not. */
static bool is_temperature(heng_datum datum)
{
    return datum == HENG_DATUM_MEAN_C || datum == HENG_DATUM_ROOM_C || datum == HENG_DATUM_DT_K ||
           datum == HENG_DATUM_SUPPLY_C || datum == HENG_DATUM_RETURN_C;
}

/* True when the key was a number of a device; null says that there is none. */
static bool read_datum(struct heng_form *form, struct heng_slice key, struct heng_data *data, bool *null)
{
    for (unsigned i = 0; i < HENG_DATUMS; i++) {
        if (!heng_slice_is(key, heng_datum_infos[i].name)) continue;
        if (null && heng_form_is_null(form)) {
            *null = true;
            return true;
        }
        data->n[i] = is_temperature((heng_datum)i) ? heng_form_dec(form) : heng_form_dec_min(form, 0);
        data->has |= 1u << i;
        return true;
    }
    return false;
}

static void read_data(struct heng_form *form, struct heng_data *data)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key))
        if (!read_datum(form, key, data, NULL)) heng_form_unknown(form);
}

static void read_data_list(struct heng_form_reader *reader, struct heng_data **ret, size_t *ret_count)
{
    heng_form_array(&reader->form);
    while (heng_form_item(&reader->form)) {
        void *items = *ret;
        struct heng_data *data = heng_form_more(reader, &items, *ret_count, sizeof *data);
        if (!data) return;
        *ret = items;
        ++*ret_count;
        read_data(&reader->form, data);
    }
}

/* --- radiators -----------------------------------------------------------------------------------------------------
 */

static void read_k(struct heng_form *form, struct heng_dec *ret, struct heng_radiator *radiator, unsigned bit)
{
    *ret = heng_form_dec_min(form, 0);
    radiator->has = (uint8_t)(radiator->has | bit);
}

static void read_radiator(struct heng_form_reader *reader, struct heng_radiator *radiator)
{
    static const char *const scales[] = {"unit", "product"};
    struct heng_form *form = &reader->form;
    struct heng_calc calc = {0};
    struct heng_dec start = {0, 0}, end = {0, 0};
    bool has_units = false, has_start = false, has_end = false;
    struct heng_slice key;
    radiator->id = "";
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "id")) {
            radiator->id = heng_form_keep(reader);
        } else if (heng_slice_is(key, "scale")) {
            radiator->product_scale = heng_form_word(form, scales, 2) == 1;
        } else if (heng_slice_is(key, "units")) {
            radiator->units = heng_form_dec_min(form, 0);
            has_units = true;
        } else if (heng_slice_is(key, "start")) {
            start = heng_form_dec_min(form, 0);
            has_start = true;
        } else if (heng_slice_is(key, "end")) {
            end = heng_form_dec_min(form, 0);
            has_end = true;
        } else if (heng_slice_is(key, "kq")) {
            read_k(form, &radiator->kq, radiator, HENG_RADIATOR_KQ);
        } else if (heng_slice_is(key, "kc")) {
            read_k(form, &radiator->kc, radiator, HENG_RADIATOR_KC);
        } else if (heng_slice_is(key, "kt")) {
            read_k(form, &radiator->kt, radiator, HENG_RADIATOR_KT);
        } else if (heng_slice_is(key, "k")) {
            read_k(form, &radiator->k, radiator, HENG_RADIATOR_K);
        } else {
            heng_form_unknown(form);
        }
    }
    if (has_start != has_end || has_units == has_start)
        heng_form_refuse(form, HENG_ECONFIG, "units", "units are needed, or start and end");
    if (!has_start) return;
    if (heng_dec_less(end, start))
        heng_form_refuse(form, HENG_ERANGE, "end", "is below start; a device that was reset begins at 0");
    radiator->units = heng_calc_sub(&calc, end, start);
}

static void read_radiators(struct heng_form_reader *reader, struct heng_flat_data *data)
{
    heng_form_array(&reader->form);
    while (heng_form_item(&reader->form)) {
        void *items = data->radiators;
        struct heng_radiator *radiator = heng_form_more(reader, &items, data->radiator_count, sizeof *radiator);
        if (!radiator) return;
        data->radiators = items;
        data->radiator_count++;
        read_radiator(reader, radiator);
    }
}

/* --- rooms ---------------------------------------------------------------------------------------------------------
 */

static void read_room(struct heng_form_reader *reader, struct heng_room *room)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    room->id = "";
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "id")) {
            room->id = heng_form_keep(reader);
        } else if (heng_slice_is(key, "area")) {
            room->area = heng_form_dec_min(form, 0);
        } else if (heng_slice_is(key, "missing")) {
            (void)heng_form_keep(reader);
            room->missing = true;
        } else if (!read_datum(form, key, &room->data, &room->missing)) {
            heng_form_unknown(form);
        }
    }
    if (heng_dec_zero(room->area)) heng_form_refuse(form, HENG_ECONFIG, "area", "is missing");
    if (room->data.has >> HENG_DATUM_WINDOW_H & 1)
        heng_form_refuse(form, HENG_ECONFLICT, "window_h", "rooms are measured over the whole supply, or missing");
}

/* The rooms; together they are the area of a flat that says none. */
static void read_rooms(struct heng_form_reader *reader, struct heng_flat_form *flat)
{
    struct heng_flat_data *data = &flat->data;
    struct heng_calc calc = {0};
    heng_form_array(&reader->form);
    while (heng_form_item(&reader->form)) {
        void *items = data->rooms;
        struct heng_room *room = heng_form_more(reader, &items, data->room_count, sizeof *room);
        if (!room) return;
        data->rooms = items;
        data->room_count++;
        read_room(reader, room);
        flat->room_area = heng_calc_add(&calc, flat->room_area, room->area);
    }
    if (calc.rc != HENG_OK) heng_form_refuse(&reader->form, HENG_ERANGE, "", "the areas together do not fit");
}

/* A flat all of whose rooms have no value is missing itself. */
static void settle_rooms(struct heng_flat_form *flat)
{
    size_t missing = 0;
    if (heng_dec_zero(flat->party.area)) flat->party.area = flat->room_area;
    for (size_t i = 0; i < flat->data.room_count; i++) missing += flat->data.rooms[i].missing;
    if (missing == 0 || missing < flat->data.room_count) return;
    flat->data.room_count = 0;
    if (flat->party.state != HENG_PARTY_MEASURED) return;
    flat->party.state = HENG_PARTY_MISSING;
    flat->party.reason = "no room has a value";
}

/* --- what may stand in ---------------------------------------------------------------------------------------------
 */

struct heng_dec heng_form_mean(struct heng_form *form)
{
    struct heng_calc calc = {0};
    struct heng_dec sum = {0, 0};
    int64_t count = 0;
    heng_form_array(form);
    while (heng_form_item(form)) {
        sum = heng_calc_add(&calc, sum, heng_form_dec_min(form, 0));
        count++;
    }
    if (count == 0) heng_form_refuse(form, HENG_ECONFIG, "", "the list is empty");
    struct heng_dec mean = count ? heng_calc_div(&calc, sum, heng_dec_one(), heng_dec_of(count, 0), 6) : sum;
    if (calc.rc != HENG_OK) heng_form_refuse(form, HENG_ERANGE, "", "the sum of it does not fit");
    return heng_dec_trim(mean);
}

static void read_before(struct heng_form *form, struct heng_party *party)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "own"))
            party->before = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "all"))
            party->before_all = heng_form_dec_min(form, 0);
        else
            heng_form_unknown(form);
    }
    if (heng_dec_zero(party->before_all)) heng_form_refuse(form, HENG_ERANGE, "all", "is missing or zero");
    if (heng_dec_less(party->before_all, party->before)) heng_form_refuse(form, HENG_ERANGE, "own", "is more than all");
}

static void read_state(struct heng_form_reader *reader, struct heng_party *party, heng_party_state state)
{
    if (party->state != HENG_PARTY_MEASURED)
        heng_form_refuse(&reader->form, HENG_ECONFLICT, "", "missing and tampered are both said");
    party->state = state;
    party->reason = heng_form_keep(reader);
}

static bool read_party_key(struct heng_form_reader *reader, struct heng_slice key, struct heng_flat_form *flat)
{
    struct heng_form *form = &reader->form;
    struct heng_party *party = &flat->party;
    if (heng_slice_is(key, "id")) {
        party->id = heng_form_keep(reader);
    } else if (heng_slice_is(key, "area")) {
        party->area = heng_form_dec_min(form, 0);
    } else if (heng_slice_is(key, "factor")) {
        party->factor = heng_form_dec_min(form, 0);
        if (heng_dec_zero(party->factor)) heng_form_refuse(form, HENG_ERANGE, "", "a position factor is above 0");
    } else if (heng_slice_is(key, "position")) {
        heng_form_text(form, flat->position, sizeof flat->position);
    } else if (heng_slice_is(key, "missing")) {
        read_state(reader, party, HENG_PARTY_MISSING);
    } else if (heng_slice_is(key, "tampered")) {
        read_state(reader, party, HENG_PARTY_TAMPERED);
    } else if (heng_slice_is(key, "memory")) {
        read_data(form, &flat->memory);
        party->has_memory = true;
    } else if (heng_slice_is(key, "own_periods")) {
        party->own_periods = heng_form_mean(form);
        party->has_own_periods = true;
    } else if (heng_slice_is(key, "comparable")) {
        party->comparable = heng_form_mean(form);
        party->has_comparable = true;
    } else if (heng_slice_is(key, "before")) {
        read_before(form, party);
    } else {
        return false;
    }
    return true;
}

static bool read_device_key(struct heng_form_reader *reader, struct heng_slice key, struct heng_flat_form *flat)
{
    struct heng_form *form = &reader->form;
    if (heng_slice_is(key, "samples"))
        read_data_list(reader, &flat->data.samples, &flat->data.sample_count);
    else if (heng_slice_is(key, "segments"))
        read_data_list(reader, &flat->data.segments, &flat->data.segment_count);
    else if (heng_slice_is(key, "rooms"))
        read_rooms(reader, flat);
    else if (heng_slice_is(key, "radiators"))
        read_radiators(reader, &flat->data);
    else if (heng_slice_is(key, "radiator_count"))
        flat->radiator_count = heng_dec_of(heng_form_int(form, 0, 10000), 0);
    else if (heng_slice_is(key, "open"))
        heng_form_spans(reader, &flat->data.open, &flat->data.open_count);
    else
        return read_datum(form, key, &flat->data.data, &flat->is_null);
    return true;
}

/* --- what the bill needs ------------------------------------------------------------------------------------------ */

static void read_stop(struct heng_form_reader *reader, struct heng_flat_form *flat)
{
    void *items = flat->stops;
    struct heng_period *stop = heng_form_more(reader, &items, flat->stop_count, sizeof *stop);
    if (!stop) return;
    flat->stops = items;
    flat->stop_count++;
    heng_form_period(reader, stop);
    for (size_t i = 0; i + 1 < flat->stop_count; i++)
        if (stop->from < flat->stops[i].to && flat->stops[i].from < stop->to)
            heng_form_refuse(&reader->form, HENG_ECONFLICT, "", "overlaps stop %zu", i);
}

static void read_stopped(struct heng_form_reader *reader, struct heng_flat_form *flat)
{
    struct heng_form *form = &reader->form;
    switch (heng_form_failed(form) ? HENG_JSON_END : heng_json_peek(&form->json)) {
    case HENG_JSON_BOOL: flat->heat.stopped_days = heng_form_bool(form) ? -1 : 0; return;
    case HENG_JSON_OBJECT: read_stop(reader, flat); return;
    case HENG_JSON_ARRAY:
        heng_form_array(form);
        while (heng_form_item(form)) read_stop(reader, flat);
        return;
    case HENG_JSON_NUMBER:
    case HENG_JSON_STRING:
    case HENG_JSON_NULL:
    case HENG_JSON_END: break;
    }
    flat->heat.stopped_days = (int32_t)heng_form_int(form, 0, 1000);
}

static void read_cold(struct heng_form_reader *reader, struct heng_flat_form *flat)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    struct heng_cold_days *list = NULL;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = list;
        struct heng_cold_days *cold = heng_form_more(reader, &items, flat->heat.cold_count, sizeof *cold);
        if (!cold) return;
        list = items;
        flat->heat.cold_count++;
        *cold = (struct heng_cold_days){.days = 1, .counts = true};
        bool measured = true, noticed = true, temperature = false;
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "temperature")) {
                cold->temperature = heng_form_dec(form);
                temperature = true;
            } else if (heng_slice_is(key, "days")) {
                cold->days = (int32_t)heng_form_int(form, 0, 1000);
            } else if (heng_slice_is(key, "measured")) {
                measured = heng_form_bool(form);
            } else if (heng_slice_is(key, "noticed")) {
                noticed = heng_form_bool(form);
            } else if (heng_slice_is(key, "date")) {
                (void)heng_form_date(form);
            } else {
                heng_form_unknown(form);
            }
        }
        cold->counts = measured && noticed;
        if (!temperature) heng_form_refuse(form, HENG_ECONFIG, "temperature", "is missing");
    }
    flat->heat.cold = list;
}

static void read_failures(struct heng_form_reader *reader, struct heng_flat_form *flat)
{
    struct heng_form *form = &reader->form;
    struct heng_dec *list = NULL;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = list;
        struct heng_dec *hours = heng_form_more(reader, &items, flat->heat.failure_count, sizeof *hours);
        if (!hours) return;
        list = items;
        flat->heat.failure_count++;
        *hours = heng_form_dec_min(form, 0);
    }
    flat->heat.failures_h = list;
}

static void read_payments(struct heng_form_reader *reader, struct heng_late_bill *bill)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    struct heng_late_payment *list = NULL;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = list;
        struct heng_late_payment *payment = heng_form_more(reader, &items, bill->payment_count, sizeof *payment);
        if (!payment) return;
        list = items;
        bill->payment_count++;
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "date"))
                payment->day = heng_form_date(form);
            else if (heng_slice_is(key, "amount"))
                payment->amount = heng_form_dec_min(form, 0);
            else
                heng_form_unknown(form);
        }
    }
    bill->payments = list;
}

/* {"due", "as_of", "amount", "payments"}: what is not paid after the due day. */
static void read_late(struct heng_form_reader *reader, struct heng_flat_form *flat)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    bool due = false, as_of = false;
    flat->late = true;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "due")) {
            flat->late_bill.due = heng_form_date(form);
            due = true;
        } else if (heng_slice_is(key, "as_of")) {
            flat->late_as_of = heng_form_date(form);
            as_of = true;
        } else if (heng_slice_is(key, "amount")) {
            flat->late_bill.amount = heng_form_dec_min(form, 0);
        } else if (heng_slice_is(key, "payments")) {
            read_payments(reader, &flat->late_bill);
        } else {
            heng_form_unknown(form);
        }
    }
    if (!due || !as_of) heng_form_refuse(form, HENG_ECONFIG, "due", "due and as_of are needed");
}

static bool read_bill_key(struct heng_form_reader *reader, struct heng_slice key, struct heng_flat_form *flat)
{
    static const char *const modes[] = {"area", "two-part"}, *const classes[] = {"residential", "non-residential"};
    struct heng_form *form = &reader->form;
    struct heng_heat_flat *heat = &flat->heat;
    if (heng_slice_is(key, "quantity")) {
        heat->quantity = heng_form_dec_min(form, 0);
        heat->has_quantity = true;
    } else if (heng_slice_is(key, "prepaid")) {
        heat->prepaid = heng_form_dec_min(form, 0);
        heat->has_prepaid = true;
    } else if (heng_slice_is(key, "carried_in")) {
        heat->carried_in = heng_form_dec(form);
    } else if (heng_slice_is(key, "height")) {
        heat->height = heng_form_dec_min(form, 0);
    } else if (heng_slice_is(key, "coefficient")) {
        heat->coefficient = heng_form_dec_min(form, 0);
    } else if (heng_slice_is(key, "mode")) {
        heat->two_part = heng_form_word(form, modes, 2) == 1;
        flat->mode_said = true;
    } else if (heng_slice_is(key, "class")) {
        heat->non_residential = heng_form_word(form, classes, 2) == 1;
    } else if (heng_slice_is(key, "stopped")) {
        read_stopped(reader, flat);
    } else if (heng_slice_is(key, "stop_applied")) {
        flat->stop_applied = heng_form_date(form);
        flat->has_stop_applied = true;
    } else if (heng_slice_is(key, "cold")) {
        read_cold(reader, flat);
    } else if (heng_slice_is(key, "failures_h")) {
        read_failures(reader, flat);
    } else if (heng_slice_is(key, "late")) {
        read_late(reader, flat);
    } else {
        return false;
    }
    return true;
}

/* --- a flat --------------------------------------------------------------------------------------------------------
 */

static void check_flat(struct heng_form *form, struct heng_flat_form *flat)
{
    struct heng_party *party = &flat->party;
    const struct heng_flat_data *data = &flat->data;
    int lists = (data->sample_count > 0) + (data->segment_count > 0) + (data->radiator_count > 0) +
                (data->open_count > 0) + (data->room_count > 0);
    if (!party->id || !party->id[0]) heng_form_refuse(form, HENG_ECONFIG, "id", "is missing");
    if (lists > 1)
        heng_form_refuse(form, HENG_ECONFLICT, "", "one of samples, segments, radiators, rooms, open is enough");
    settle_rooms(flat);
    if (flat->position[0] && !heng_dec_zero(party->factor))
        heng_form_refuse(form, HENG_ECONFLICT, "position", "a factor is given as well");
    if (flat->is_null && party->state == HENG_PARTY_MEASURED) {
        party->state = HENG_PARTY_MISSING;
        party->reason = "no value";
    }
}

void heng_form_flats(struct heng_form_reader *reader, struct heng_flat_form **ret, size_t *ret_count)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    if (*ret_count) heng_form_refuse(form, HENG_ECONFLICT, "", "the list is given twice");
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = *ret;
        if (*ret_count == HENG_PARTIES_MAX) heng_form_refuse(form, HENG_ELIMIT, "", "more than %d", HENG_PARTIES_MAX);
        struct heng_flat_form *flat = heng_form_more(reader, &items, *ret_count, sizeof *flat);
        if (!flat) return;
        *ret = items;
        ++*ret_count;
        heng_form_object(form);
        while (heng_form_key(form, &key))
            if (!read_party_key(reader, key, flat) && !read_device_key(reader, key, flat) &&
                !read_bill_key(reader, key, flat))
                heng_form_unknown(form);
        check_flat(form, flat);
    }
}
