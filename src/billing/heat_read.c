/* Bills out of the answers of heat/apportion_run.h. They are ours, so what does not fit is a defect, and said as one.
 */
#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"
#include "bill/exact.h"
#include "billing/heat_parts.h"
#include "usage/quality.h"

enum { MONEY_PLACES = 2 };

struct reading {
    struct heng_json_reader r;
    struct heng_arena *arena;
    struct heng_flat_bill *flats;
    size_t count;
};

static int64_t get_money(struct heng_json_reader *r)
{
    char text[HENG_DEC_TEXT_MAX];
    struct heng_dec dec;
    int64_t amount = 0;
    heng_json_get_string(r, text, sizeof text);
    if (r->err.rc != HENG_OK) return 0;
    if (heng_dec_parse(text, &dec, NULL) != HENG_OK || !heng_exact_steps(dec, MONEY_PLACES, &amount))
        heng_json_refuse(r, HENG_ERANGE, "'%s' is no amount of money", text);
    return amount;
}

static struct heng_flat_bill *new_flat(struct reading *reading)
{
    if (reading->count == HENG_HEAT_FLATS_MAX) {
        heng_json_refuse(&reading->r, HENG_ELIMIT, "more than %d flats", HENG_HEAT_FLATS_MAX);
        return NULL;
    }
    struct heng_flat_bill *flat = &reading->flats[reading->count];
    memset(flat, 0, sizeof *flat);
    flat->lines = heng_arena_take(reading->arena, HENG_HEAT_LINES_MAX, sizeof *flat->lines);
    if (!flat->lines) {
        heng_json_refuse(&reading->r, HENG_ENOMEM, "no memory for the lines of a flat");
        return NULL;
    }
    reading->count++;
    return flat;
}

static void add_line(struct heng_json_reader *r, struct heng_flat_bill *flat, const struct heng_charge_line *line)
{
    if (!line->amount && !line->quantity[0]) return;
    if (flat->line_count == HENG_HEAT_LINES_MAX)
        heng_json_refuse(r, HENG_ELIMIT, "flat '%s' has more than %d lines", flat->id, HENG_HEAT_LINES_MAX);
    else
        flat->lines[flat->line_count++] = *line;
}

static void name_line(struct heng_charge_line *line, const char *name)
{
    snprintf(line->component, sizeof line->component, "%s", name);
    snprintf(line->name, sizeof line->name, "%s", name);
}

static void plain_line(struct heng_json_reader *r, struct heng_flat_bill *flat, const char *name, int64_t amount)
{
    struct heng_charge_line line = {.amount = amount};
    name_line(&line, name);
    if (amount) add_line(r, flat, &line);
}

static void read_lines(struct heng_json_reader *r, struct heng_flat_bill *flat)
{
    struct heng_slice key;
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        struct heng_charge_line line = {0};
        char code[HENG_COMPONENT_MAX];
        heng_json_open_object(r);
        while (heng_json_next_key(r, &key)) {
            if (heng_slice_is(key, "code")) {
                heng_json_get_string(r, code, sizeof code);
                if (r->err.rc == HENG_OK) name_line(&line, code);
            } else if (heng_slice_is(key, "quantity")) {
                heng_json_get_string(r, line.quantity, sizeof line.quantity);
            } else if (heng_slice_is(key, "unit")) {
                heng_json_get_string(r, line.unit, sizeof line.unit);
            } else if (heng_slice_is(key, "price")) {
                heng_json_get_string(r, line.price, sizeof line.price);
            } else if (heng_slice_is(key, "amount")) {
                line.amount = get_money(r);
            } else {
                heng_json_skip(r);
            }
        }
        add_line(r, flat, &line);
    }
}

/* Of the forms of China: an entry of "bills". */
static void read_bill(struct reading *reading)
{
    struct heng_json_reader *r = &reading->r;
    struct heng_flat_bill *flat = new_flat(reading);
    struct heng_slice key;
    int64_t waived = 0;
    if (!flat) return;
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "id"))
            heng_json_get_string(r, flat->id, sizeof flat->id);
        else if (heng_slice_is(key, "lines"))
            read_lines(r, flat);
        else if (heng_slice_is(key, "payable"))
            flat->total = get_money(r);
        else if (heng_slice_is(key, "vat"))
            flat->tax = get_money(r);
        else if (heng_slice_is(key, "prepaid"))
            flat->prepaid = get_money(r);
        else if (heng_slice_is(key, "waived"))
            waived = get_money(r);
        else
            heng_json_skip(r);
    }
    plain_line(r, flat, "waived", -waived);
    flat->total -= waived;
}

static void read_amounts(struct heng_json_reader *r, struct heng_flat_bill *flat)
{
    struct heng_slice key;
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        char name[HENG_COMPONENT_MAX];
        snprintf(name, sizeof name, "%.*s", (int)key.n, (const char *)key.p);
        plain_line(r, flat, name, get_money(r));
    }
}

static int32_t get_day(struct heng_json_reader *r)
{
    char text[HENG_DATE_TEXT_MAX];
    heng_day day = 0;
    heng_json_get_string(r, text, sizeof text);
    if (r->err.rc == HENG_OK && !heng_date_parse(text, &day))
        heng_json_refuse(r, HENG_EFORMAT, "'%s' is no date", text);
    return day;
}

/* Of a German house: an entry of "tenants". */
static void read_tenant(struct reading *reading, const char *flat_id)
{
    struct heng_json_reader *r = &reading->r;
    struct heng_flat_bill *flat = new_flat(reading);
    struct heng_slice key;
    char name[HENG_HEAT_FLAT_ID_MAX] = "";
    int64_t reduction = 0;
    if (!flat) return;
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "name"))
            heng_json_get_string(r, name, sizeof name);
        else if (heng_slice_is(key, "first"))
            flat->from_day = get_day(r);
        else if (heng_slice_is(key, "last"))
            flat->to_day = get_day(r) + 1;
        else if (heng_slice_is(key, "amounts"))
            read_amounts(r, flat);
        else if (heng_slice_is(key, "total"))
            flat->total = get_money(r);
        else if (heng_slice_is(key, "reduction"))
            reduction = get_money(r);
        else if (heng_slice_is(key, "prepaid"))
            flat->prepaid = get_money(r);
        else
            heng_json_skip(r);
    }
    plain_line(r, flat, "reduction", -reduction);
    flat->total -= reduction;
    int n = strcmp(name, flat_id) == 0 ? snprintf(flat->id, sizeof flat->id, "%s", flat_id)
                                       : snprintf(flat->id, sizeof flat->id, "%.60s/%.60s", flat_id, name);
    if (n < 0 || (size_t)n >= sizeof flat->id) heng_json_refuse(r, HENG_ELIMIT, "the id of a flat is too long");
}

static void read_house_flat(struct reading *reading)
{
    struct heng_json_reader *r = &reading->r;
    struct heng_slice key;
    char id[HENG_HEAT_FLAT_ID_MAX] = "";
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "id")) {
            heng_json_get_string(r, id, sizeof id);
        } else if (heng_slice_is(key, "tenants")) {
            heng_json_open_array(r);
            while (heng_json_next_item(r)) read_tenant(reading, id);
        } else {
            heng_json_skip(r);
        }
    }
}

/* The tax of the whole over its lines by their amounts; what is left over stands on the last. */
static heng_rc share_tax(struct heng_flat_bill *flat, struct heng_err *err)
{
    int64_t left = flat->tax;
    if (!flat->total || !flat->tax) return HENG_OK;
    for (size_t i = 0; i < flat->line_count; i++) {
        struct heng_dec part;
        struct heng_charge_line *line = &flat->lines[i];
        if (i + 1 == flat->line_count) {
            line->tax = left;
            break;
        }
        if (heng_exact_div(heng_dec_of(line->amount, 0), heng_dec_of(flat->tax, 0), heng_dec_of(flat->total, 0), 0,
                           HENG_ROUNDING_DOWN, &part) != HENG_OK ||
            !heng_exact_steps(part, 0, &line->tax))
            return heng_fail(err, HENG_ERANGE, 0, "the tax of flat '%s' does not fit a number", flat->id);
        left -= line->tax;
    }
    return HENG_OK;
}

static heng_rc check_flat(struct heng_flat_bill *flat, struct heng_err *err)
{
    int64_t sum = 0;
    for (size_t i = 0; i < flat->line_count; i++)
        if (__builtin_add_overflow(sum, flat->lines[i].amount, &sum))
            return heng_fail(err, HENG_ERANGE, 0, "the lines of flat '%s' do not fit a number", flat->id);
    if (sum != flat->total)
        return heng_fail(err, HENG_EBUG, 0, "the lines of flat '%s' sum to %lld, it pays %lld", flat->id,
                         (long long)sum, (long long)flat->total);
    return share_tax(flat, err);
}

heng_rc heng_heat_read(struct heng_slice answer, struct heng_arena *arena, struct heng_flat_bill **ret, size_t *ret_n,
                       struct heng_err *err)
{
    struct reading reading = {.r = heng_json_reader_of(answer), .arena = arena};
    struct heng_slice key;
    heng_rc rc = HENG_OK;
    reading.flats = heng_arena_take(arena, HENG_HEAT_FLATS_MAX, sizeof *reading.flats);
    if (!reading.flats) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the flats of an apportionment");
    heng_json_open_object(&reading.r);
    while (heng_json_next_key(&reading.r, &key)) {
        bool bills = heng_slice_is(key, "bills");
        if (!bills && !heng_slice_is(key, "flats")) {
            heng_json_skip(&reading.r);
            continue;
        }
        heng_json_open_array(&reading.r);
        while (heng_json_next_item(&reading.r))
            if (bills)
                read_bill(&reading);
            else
                read_house_flat(&reading);
    }
    heng_json_finish(&reading.r);
    if (reading.r.err.rc != HENG_OK)
        return heng_fail(err, reading.r.err.rc, reading.r.err.at, "apportionment: %s", reading.r.err.text);
    if (!reading.count)
        return heng_fail(err, HENG_ECONFIG, 0, "this apportionment has no bills: its form needs a price");
    for (size_t i = 0; i < reading.count && rc == HENG_OK; i++) rc = check_flat(&reading.flats[i], err);
    *ret = reading.flats;
    *ret_n = reading.count;
    return rc;
}
