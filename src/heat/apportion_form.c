#include "heat/apportion_form.h"

#include <stdio.h>
#include <string.h>

#include "bill/calc.h"

enum { ITEMS_MAX = 1000000 };

/* --- pieces ------------------------------------------------------------------------------------------------------ */

void *heng_form_more(struct heng_form_reader *reader, void **items, size_t count, size_t size)
{
    if (heng_form_failed(&reader->form)) return NULL;
    bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0); /* room is 4, 8, 16... */
    if (count >= ITEMS_MAX) {
        heng_form_refuse(&reader->form, HENG_ELIMIT, "", "the list is too long");
        return NULL;
    }
    if (count && !*items) {
        heng_form_refuse(&reader->form, HENG_ECONFLICT, "", "the list is given twice");
        return NULL;
    }
    if (full) {
        void *room = heng_arena_take(reader->arena, count ? 2 * count : 4, size);
        if (!room) {
            heng_form_refuse(&reader->form, HENG_ENOMEM, "", "no memory for the list");
            return NULL;
        }
        if (count) memcpy(room, *items, count * size);
        *items = room;
    }
    return (char *)*items + count * size;
}

const char *heng_form_keep(struct heng_form_reader *reader)
{
    char text[HENG_FORM_TEXT_MAX];
    heng_form_text(&reader->form, text, sizeof text);
    char *kept = heng_arena_text(reader->arena, text);
    if (!kept) heng_form_refuse(&reader->form, HENG_ENOMEM, "", "no memory for the text");
    return kept ? kept : "";
}

struct heng_dec heng_form_share(struct heng_form_reader *reader)
{
    struct heng_dec share = heng_form_dec_min(&reader->form, 0);
    if (heng_dec_cmp(share, heng_dec_one()) <= 0) return share;
    heng_form_refuse(&reader->form, HENG_ERANGE, "", "a share is between 0 and 1, as 0.70");
    return heng_dec_of(0, 0);
}

/* {"from", "to"}: to is the first day after it. {"first", "last"}: both count. */
void heng_form_period(struct heng_form_reader *reader, struct heng_period *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    bool has_from = false, has_to = false;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "from") || heng_slice_is(key, "first")) {
            ret->from = heng_form_date(form);
            has_from = true;
        } else if (heng_slice_is(key, "to")) {
            ret->to = heng_form_date(form);
            has_to = true;
        } else if (heng_slice_is(key, "last")) {
            ret->to = heng_form_date(form) + 1;
            has_to = true;
        } else {
            heng_form_unknown(form);
        }
    }
    ret->is = true;
    if (!has_from || !has_to) heng_form_refuse(form, HENG_ECONFIG, "", "from and to, or first and last, are needed");
    if (ret->to <= ret->from) heng_form_refuse(form, HENG_ERANGE, "", "it ends before it begins");
}

static int64_t read_second(struct heng_form *form)
{
    char text[48];
    heng_us at_us = 0;
    heng_form_text(form, text, sizeof text);
    if (heng_form_failed(form)) return 0;
    if (heng_us_parse(text, &at_us, NULL) != HENG_OK || at_us % 1000000 != 0)
        heng_form_refuse(form, HENG_EFORMAT, "", "\"%.40s\" is no time like 2026-01-15T08:00:00Z", text);
    return at_us / 1000000;
}

void heng_form_spans(struct heng_form_reader *reader, struct heng_span **ret, size_t *ret_count)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_form_array(form);
    while (heng_form_item(form)) {
        void *items = *ret;
        struct heng_span *span = heng_form_more(reader, &items, *ret_count, sizeof *span);
        if (!span) return;
        *ret = items;
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "from"))
                span->from_s = read_second(form);
            else if (heng_slice_is(key, "to"))
                span->to_s = read_second(form);
            else
                heng_form_unknown(form);
        }
        if (span->to_s <= span->from_s) heng_form_refuse(form, HENG_ERANGE, "to", "is not after from");
        if (*ret_count && span->from_s < span[-1].to_s)
            heng_form_refuse(form, HENG_ECONFLICT, "from", "overlaps the one before it; they are in order of time");
        ++*ret_count;
    }
}

/* --- units ---------------------------------------------------------------------------------------------------------
 */

/* 1 MWh = 3.6 GJ exactly; 1 Gcal = 1.163 MWh (IT calorie, example CN-C15). In kJ. */
static const struct {
    const char *unit;
    int64_t kj;
} ENERGIES[] = {{"kWh", 3600}, {"MWh", 3600000}, {"GJ", 1000000}, {"MJ", 1000}, {"Gcal", 4186800}};

static int64_t energy_of(const char *unit)
{
    for (size_t i = 0; i < sizeof ENERGIES / sizeof ENERGIES[0]; i++)
        if (strcmp(unit, ENERGIES[i].unit) == 0) return ENERGIES[i].kj;
    return 0;
}

bool heng_energy_ratio(const char *from, const char *to, struct heng_dec ret[static 2])
{
    int64_t a = energy_of(from), b = energy_of(to);
    if (!a || !b) return false;
    int64_t x = a, y = b;
    while (y) { /* the greatest common divisor */
        int64_t rest = x % y;
        x = y;
        y = rest;
    }
    a /= x;
    b /= x;
    ret[0] = heng_dec_of(a, 0);
    ret[1] = heng_dec_of(b, 0);
    return true;
}

bool heng_unit_known(const char *unit)
{
    static const char *const others[] = {"m3", "units", "CNY", "EUR"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(unit, others[i]) == 0) return true;
    return energy_of(unit) != 0;
}

static void read_unit(struct heng_form *form, char ret[static 12])
{
    heng_form_text(form, ret, 12);
    if (!heng_form_failed(form) && !heng_unit_known(ret))
        heng_form_refuse(form, HENG_EUNSUPPORTED, "", "\"%s\" is none of kWh, MWh, MJ, GJ, Gcal, m3, units, CNY, EUR",
                         ret);
}

/* --- quantity ------------------------------------------------------------------------------------------------------
 */

static void read_quantity(struct heng_form_reader *reader, struct heng_quantity_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    bool start = false, end = false;
    *ret = (struct heng_quantity_form){.is = true, .multiplier = {1, 0}};
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "value")) {
            ret->value = heng_form_dec_min(form, 0);
            ret->has_value = true;
        } else if (heng_slice_is(key, "start")) {
            ret->start = heng_form_dec_min(form, 0);
            start = true;
        } else if (heng_slice_is(key, "end")) {
            ret->end = heng_form_dec_min(form, 0);
            end = true;
        } else if (heng_slice_is(key, "multiplier")) {
            ret->multiplier = heng_form_dec_min(form, 0);
        } else if (heng_slice_is(key, "unit")) {
            read_unit(form, ret->unit);
        } else if (heng_slice_is(key, "to")) {
            read_unit(form, ret->to);
        } else if (heng_slice_is(key, "places")) {
            ret->places = (uint8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
            ret->has_places = true;
        } else if (heng_slice_is(key, "rounding")) {
            ret->rounding = heng_form_rounding(form);
        } else {
            heng_form_unknown(form);
        }
    }
    if (!ret->unit[0]) heng_form_refuse(form, HENG_ECONFIG, "unit", "is missing");
    if (start != end || ret->has_value == start)
        heng_form_refuse(form, HENG_ECONFIG, "", "value is needed, or start and end");
    if (start && heng_dec_less(ret->end, ret->start)) heng_form_refuse(form, HENG_ERANGE, "end", "is below start");
    ret->has_register = start;
}

/* --- substitution --------------------------------------------------------------------------------------------------
 */

static heng_share_source read_source(struct heng_form *form)
{
    char text[HENG_FORM_TEXT_MAX];
    heng_form_text(form, text, sizeof text);
    for (unsigned i = HENG_SOURCE_MEMORY; i <= HENG_SOURCE_TAMPER && !heng_form_failed(form); i++)
        if (strcmp(text, heng_share_source_text((heng_share_source)i)) == 0) return (heng_share_source)i;
    heng_form_refuse(form, HENG_ECONFIG, "", "\"%.40s\" is no way to put in a value", text);
    return HENG_SOURCE_MEMORY;
}

static void read_order(struct heng_form *form, struct heng_share_rules *rules)
{
    rules->order_count = 0;
    heng_form_array(form);
    while (heng_form_item(form)) {
        heng_share_source source = read_source(form);
        if (source == HENG_SOURCE_TAMPER || rules->order_count == HENG_SOURCES)
            heng_form_refuse(form, HENG_ECONFIG, "", "is not for missing values, or the list is too long");
        else
            rules->order[rules->order_count++] = (uint8_t)source;
    }
}

static void read_affected(struct heng_form *form, struct heng_share_rules *rules)
{
    rules->affected = 0;
    heng_form_array(form);
    while (heng_form_item(form)) rules->affected |= (uint16_t)(1u << read_source(form));
}

static void read_tamper(struct heng_form *form, struct heng_share_rules *rules)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "percentile")) {
            rules->tamper = HENG_TAMPER_PERCENTILE;
            rules->tamper_value = heng_dec_of(heng_form_int(form, 1, 100), 0);
        } else if (heng_slice_is(key, "mean_factor")) {
            rules->tamper = HENG_TAMPER_MEAN_FACTOR;
            rules->tamper_value = heng_form_dec_min(form, 0);
        } else {
            heng_form_unknown(form);
        }
    }
}

static void read_rules(struct heng_form_reader *reader, struct heng_share_rules *rules)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "order"))
            read_order(form, rules);
        else if (heng_slice_is(key, "coverage"))
            rules->coverage = heng_form_share(reader);
        else if (heng_slice_is(key, "area_limit"))
            rules->area_limit = heng_form_share(reader);
        else if (heng_slice_is(key, "limit_counts"))
            read_affected(form, rules);
        else if (heng_slice_is(key, "tamper"))
            read_tamper(form, rules);
        else if (heng_slice_is(key, "places"))
            rules->places = (uint8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
        else
            heng_form_unknown(form);
    }
}

/* --- groups --------------------------------------------------------------------------------------------------------
 */

static void read_method(struct heng_form *form, struct heng_group_form *group)
{
    static const char *const words[] = {
#define X(symbol, text, by_area, position) text,
        HENG_SHARE_METHOD_LIST(X)
#undef X
    };
    group->measure.method = (heng_share_method)heng_form_word(form, words, HENG_SHARE_METHODS);
    group->has_method = true;
}

static void read_positions(struct heng_form_reader *reader, struct heng_group_form *group)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        void *items = group->positions;
        struct heng_position *position = heng_form_more(reader, &items, group->position_count, sizeof *position);
        if (!position) return;
        group->positions = items;
        if (key.n >= sizeof position->name) heng_form_refuse(form, HENG_ELIMIT, "", "the name is too long");
        snprintf(position->name, sizeof position->name, "%.*s", (int)(key.n < 31 ? key.n : 31), (const char *)key.p);
        position->factor = heng_form_dec_min(form, 0);
        if (heng_dec_zero(position->factor)) heng_form_refuse(form, HENG_ERANGE, "", "a position factor is above 0");
        group->position_count++;
    }
}

static void read_pipe_heat(struct heng_form_reader *reader, struct heng_pipe_heat *pipe)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    *pipe = (struct heng_pipe_heat){true, {0, 0}, {1, 0}, {34, -2}, {43, -2}};
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "quantity_kwh"))
            pipe->quantity = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "kwh_per_unit"))
            pipe->sensitivity = heng_form_dec_min(form, 0);
        else if (heng_slice_is(key, "limit"))
            pipe->limit = heng_form_share(reader);
        else if (heng_slice_is(key, "target"))
            pipe->target = heng_form_share(reader);
        else
            heng_form_unknown(form);
    }
    if (heng_dec_zero(pipe->quantity)) heng_form_refuse(form, HENG_ECONFIG, "quantity_kwh", "is missing or zero");
    if (heng_dec_zero(pipe->sensitivity)) heng_form_refuse(form, HENG_ERANGE, "kwh_per_unit", "is zero");
    if (!heng_dec_less(pipe->limit, pipe->target)) heng_form_refuse(form, HENG_ERANGE, "target", "is not above limit");
}

static struct heng_dec read_spread(struct heng_form *form, struct heng_group_form *group)
{
    group->has_return_spread = true;
    return heng_form_dec_min(form, 0);
}

/* True when the key was one of a group. */
static bool read_group_key(struct heng_form_reader *reader, struct heng_slice key, struct heng_group_form *group)
{
    struct heng_form *form = &reader->form;
    if (heng_slice_is(key, "method"))
        read_method(form, group);
    else if (heng_slice_is(key, "supply_h"))
        group->supply_h = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "outage_h"))
        group->outage_h = heng_form_dec_min(form, 0);
    else if (heng_slice_is(key, "supply"))
        heng_form_spans(reader, &group->supply, &group->supply_count);
    else if (heng_slice_is(key, "outages"))
        heng_form_spans(reader, &group->outages, &group->outage_count);
    else if (heng_slice_is(key, "base_c"))
        group->measure.base_c = heng_form_dec(form);
    else if (heng_slice_is(key, "return_spread_k"))
        group->return_spread_k = read_spread(form, group);
    else if (heng_slice_is(key, "k_places"))
        group->measure.k_places = (uint8_t)heng_form_int(form, 0, HENG_PLACES_MAX);
    else if (heng_slice_is(key, "k_rounding"))
        group->measure.k_rounding = heng_form_rounding(form);
    else if (heng_slice_is(key, "positions"))
        read_positions(reader, group);
    else if (heng_slice_is(key, "substitution"))
        read_rules(reader, &group->rules);
    else if (heng_slice_is(key, "pipe_heat"))
        read_pipe_heat(reader, &group->pipe);
    else if (heng_slice_is(key, "participants"))
        heng_form_flats(reader, &group->flats, &group->count);
    else
        return false;
    return true;
}

static struct heng_group_form *new_group(struct heng_form_reader *reader, struct heng_apportion_form *ret)
{
    void *items = ret->groups;
    struct heng_group_form *group = heng_form_more(reader, &items, ret->group_count, sizeof *group);
    if (!group) return NULL;
    ret->groups = items;
    ret->group_count++;
    group->rules = heng_share_rules_default();
    group->measure.k_places = 3;
    group->id = "";
    return group;
}

static void read_groups(struct heng_form_reader *reader, struct heng_apportion_form *ret)
{
    struct heng_form *form = &reader->form;
    struct heng_slice key;
    ret->nested = true;
    heng_form_array(form);
    while (heng_form_item(form)) {
        struct heng_group_form *group = new_group(reader, ret);
        if (!group) return;
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "id")) {
                group->id = heng_form_keep(reader);
            } else if (heng_slice_is(key, "metered")) {
                group->metered = heng_form_dec_min(form, 0);
                group->has_metered = true;
            } else if (!read_group_key(reader, key, group)) {
                heng_form_unknown(form);
            }
        }
        if (!group->id[0]) heng_form_refuse(form, HENG_ECONFIG, "id", "is missing");
        if (!group->has_metered)
            heng_form_refuse(form, HENG_ECONFIG, "metered",
                             "is missing: groups are measured first, each by its own meter");
        if (!group->has_method) heng_form_refuse(form, HENG_ECONFIG, "method", "is missing");
    }
}

/* Hours of supply without outages, of spans or as given. */
static void finish_supply(struct heng_form_reader *reader, struct heng_group_form *group)
{
    struct heng_calc calc = {0};
    struct heng_form *form = &reader->form;
    if (heng_form_failed(form)) return;
    group->measure.supply_h = heng_calc_sub(&calc, group->supply_h, group->outage_h);
    if (group->supply_count) {
        if (!heng_dec_zero(group->supply_h) || !heng_dec_zero(group->outage_h))
            heng_form_refuse(form, HENG_ECONFLICT, "supply_h", "supply is given as spans already");
        size_t most = group->supply_count + group->outage_count;
        struct heng_span *spans = heng_arena_take(reader->arena, most, sizeof *spans);
        if (!spans) {
            heng_form_refuse(form, HENG_ENOMEM, "supply", "no memory");
            return;
        }
        size_t n = heng_spans_without(group->supply, group->supply_count, group->outages, group->outage_count, spans);
        int64_t s = heng_spans_both(spans, n, spans, n);
        group->measure.supply = spans;
        group->measure.supply_count = n;
        group->measure.supply_h = heng_calc_div(&calc, heng_dec_of(s, 0), heng_dec_one(), heng_dec_of(3600, 0), 6);
    } else if (group->outage_count) {
        heng_form_refuse(form, HENG_ECONFIG, "outages", "need supply as spans; else say outage_h");
    }
    if (calc.rc != HENG_OK || group->measure.supply_h.mantissa < 0)
        heng_form_refuse(form, HENG_ERANGE, "outage_h", "is more than supply_h");
    group->measure.supply_h = heng_dec_trim(group->measure.supply_h);
    bool needs = group->has_method && group->measure.method == HENG_SHARE_ON_OFF;
    if (needs && heng_dec_zero(group->measure.supply_h))
        heng_form_refuse(form, HENG_ECONFIG, "supply_h",
                         "is needed for on-off-area: hours of supply, or spans as supply");
}

/* --- the form ------------------------------------------------------------------------------------------------------
 */

static bool read_head(struct heng_form_reader *reader, struct heng_slice key, struct heng_apportion_form *ret)
{
    struct heng_form *form = &reader->form;
    if (heng_slice_is(key, "kind"))
        heng_form_skip(form);
    else if (heng_slice_is(key, "group"))
        heng_form_text(form, ret->group, sizeof ret->group);
    else if (heng_slice_is(key, "parameters"))
        heng_form_text(form, ret->parameters, sizeof ret->parameters);
    else if (heng_slice_is(key, "supersedes"))
        heng_form_text(form, ret->supersedes, sizeof ret->supersedes);
    else if (heng_slice_is(key, "period"))
        heng_form_period(reader, &ret->period);
    else if (heng_slice_is(key, "quantity"))
        read_quantity(reader, &ret->quantity);
    else if (heng_slice_is(key, "price"))
        heng_form_price(reader, &ret->price);
    else
        return false;
    return true;
}

static void check_form(struct heng_form *form, const struct heng_apportion_form *ret)
{
    bool lone = ret->group_count == 0 || (!ret->nested && ret->groups[0].count == 0);
    if (heng_form_failed(form)) return;
    if (lone) heng_form_refuse(form, HENG_ECONFIG, "participants", "are missing, or groups");
    if (ret->quantity.is && ret->group_count && !ret->groups[0].has_method)
        heng_form_refuse(form, HENG_ECONFIG, "method", "is missing");
    if (!ret->quantity.is && !ret->price.is)
        heng_form_refuse(form, HENG_ECONFIG, "quantity", "is missing, and so is price: there is nothing to do");
    if (ret->nested && !ret->quantity.is) heng_form_refuse(form, HENG_ECONFIG, "quantity", "is missing");
}

heng_rc heng_apportion_read(struct heng_slice json, struct heng_arena *arena, struct heng_apportion_form *ret,
                            struct heng_err *err)
{
    struct heng_form_reader reader = {.arena = arena};
    struct heng_group_form own = {.id = "", .rules = heng_share_rules_default(), .measure = {.k_places = 3}};
    struct heng_slice key;
    bool single = false;
    memset(ret, 0, sizeof *ret);
    heng_form_open(&reader.form, json);
    heng_form_object(&reader.form);
    while (heng_form_key(&reader.form, &key)) {
        if (read_head(&reader, key, ret)) continue;
        if (heng_slice_is(key, "groups"))
            read_groups(&reader, ret);
        else if (read_group_key(&reader, key, &own))
            single = true;
        else
            heng_form_unknown(&reader.form);
    }
    if (single && ret->nested)
        heng_form_refuse(&reader.form, HENG_ECONFLICT, "groups",
                         "are listed; method and participants belong into them");
    if (!ret->nested) {
        struct heng_group_form *group = new_group(&reader, ret);
        if (group) *group = own;
        if (group) group->id = ret->group;
    }
    for (size_t i = 0; i < ret->group_count; i++) finish_supply(&reader, &ret->groups[i]);
    check_form(&reader.form, ret);
    return heng_form_close(&reader.form, err);
}
