/* The tree of places, and what is at each: meters, those of before, sums, what happened. */
#include <stdio.h>
#include <stdlib.h>

#include "archive/history.h"
#include "archive/names.h"
#include "archive/out.h"

/* cm2 as m2, without zeros at the end. */
static void put_area(struct exporting *ex, int64_t area_cm2)
{
    enum { PLACES = 4 };
    struct heng_dec area = {area_cm2, -PLACES};
    if (!area_cm2) {
        archive_put_empty(ex);
        return;
    }
    for (; area.exp < 0 && area.mantissa % 10 == 0; area.exp++) area.mantissa /= 10;
    archive_put_dec(ex, area);
}

/* The key of an organisation by its id. */
static heng_rc org_key(struct exporting *ex, int64_t id, char ret[static HENG_KEY_MAX], struct heng_err *err)
{
    struct heng_org org;
    size_t n = 0;
    ret[0] = '\0';
    if (!id) return HENG_OK;
    heng_rc rc = heng_archive_list_orgs(ex->reader, 0, id - 1, &org, 1, &n, err);
    if (rc == HENG_OK && n) snprintf(ret, HENG_KEY_MAX, "%s", org.key);
    return rc;
}

static heng_rc put_place(struct exporting *ex, const struct heng_archive_place *place, struct heng_err *err)
{
    struct heng_archive_place parent = {.place.id = 0};
    char org[HENG_KEY_MAX];
    heng_rc rc = org_key(ex, place->org_id, org, err);
    if (rc == HENG_OK && place->place.parent_id)
        rc = heng_archive_get_place(ex->reader, ex->scope, place->place.parent_id, &parent, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc; /* what is above may be another's */
    archive_put_text(ex, place->place.key);
    archive_put_text(ex, parent.place.key);
    archive_put_text(ex, place->place.kind);
    archive_put_text(ex, place->place.name);
    archive_put_text(ex, org);
    put_area(ex, place->place.area_cm2);
    if (place->has_floor)
        archive_put_int(ex, place->floor);
    else
        archive_put_empty(ex);
    archive_put_text(ex, place->position);
    archive_put_text(ex, place->orientation);
    archive_put_int(ex, place->rank);
    archive_put_text(ex, place->note);
    archive_put_moment(ex, place->closed_us);
    archive_end_row(ex);
    return HENG_OK;
}

heng_rc archive_point_text(struct exporting *ex, int64_t point_id, char ret[static HENG_KEY_MAX], struct heng_err *err)
{
    struct heng_point point;
    struct heng_archive_place place;
    ret[0] = '\0';
    heng_rc rc = heng_archive_get_point(ex->reader, ex->scope, point_id, &point, err);
    if (rc == HENG_OK) rc = heng_archive_get_place(ex->reader, ex->scope, point.place_id, &place, err);
    return rc == HENG_OK ? archive_name_of(ex->reader, &place, &point, ret, err) : rc;
}

static void put_how_asked(struct exporting *ex, const struct heng_archive_device *device)
{
    archive_put_text(ex, device->line);
    while (ex->column < HENG_METER_ADDRESS) archive_put_empty(ex); /* the line has a sheet of its own */
    archive_put_text(ex, device->address);
    archive_put_text(ex, device->device.profile);
    archive_put_text(ex, device->schedule);
    archive_put_text(ex, device->relay);
    if (device->line_id)
        archive_put_int(ex, device->position);
    else
        archive_put_empty(ex);
}

/* Multiplier now and, where it has changed, at first; digits, start index and start. */
static heng_rc put_counter(struct exporting *ex, const struct heng_archive_device *device, struct heng_err *err)
{
    struct archive_counter counter;
    heng_rc rc = archive_counter_of(ex->reader, device, &counter, err);
    if (rc != HENG_OK) return rc;
    archive_put_factor(ex, counter.factor_num, counter.factor_den);
    if (counter.factor_num * device->factor_den != device->factor_num * counter.factor_den)
        archive_put_factor(ex, device->factor_num, device->factor_den);
    else
        archive_put_empty(ex);
    archive_put_int(ex, device->digits);
    struct heng_dec start;
    if (counter.start_index[0] && heng_dec_parse(counter.start_index, &start, err) == HENG_OK)
        archive_put_dec(ex, start);
    else
        archive_put_empty(ex);
    archive_put_moment(ex, device->from_us);
    return HENG_OK;
}

static heng_rc put_meter(struct exporting *ex, const struct heng_archive_place *place, const struct heng_point *point,
                         struct heng_err *err)
{
    struct heng_archive_device device = {.factor_num = 1, .factor_den = 1};
    char main[HENG_KEY_MAX] = "", check[HENG_KEY_MAX] = "", name[HENG_KEY_MAX];
    int64_t check_id = 0;
    heng_rc rc = heng_archive_device_at(ex->reader, ex->scope, point->id, &device, err);
    bool has_device = rc == HENG_OK;
    if (rc == HENG_OK || rc == HENG_ENOTFOUND) rc = archive_name_of(ex->reader, place, point, name, err);
    if (rc == HENG_OK && point->main_id) rc = archive_point_text(ex, point->main_id, main, err);
    if (rc == HENG_OK || rc == HENG_ENOTFOUND) rc = heng_archive_get_check(ex->reader, point->id, &check_id, err);
    if (rc == HENG_OK && check_id) rc = archive_point_text(ex, check_id, check, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc; /* a main or check meter may be another's */
    while (ex->column < HENG_METER_PLACE) archive_put_empty(ex);
    archive_put_text(ex, place->place.key);
    archive_put_empty(ex); /* who manages it stands in the sheet of places */
    archive_put_text(ex, device.device.number);
    archive_put_text(ex, device.device.manufacturer);
    archive_put_text(ex, heng_medium_text(has_device ? device.device.medium : point->medium));
    archive_put_text(ex, has_device ? heng_protocol_text(device.device.protocol) : "");
    put_how_asked(ex, &device);
    rc = has_device ? put_counter(ex, &device, err) : HENG_OK;
    if (rc != HENG_OK) return rc;
    while (ex->column < HENG_METER_NOMINAL) archive_put_empty(ex);
    archive_put_text(ex, point->nominal);
    archive_put_text(ex, device.accuracy);
    archive_put_text(ex, main);
    archive_put_text(ex, check);
    archive_put_text(ex, point->serves);
    archive_put_text(ex, point->group);
    archive_put_text(ex, name);
    archive_put_text(ex, point->name);
    archive_put_moment(ex, point->closed_us);
    archive_put_text(ex, place->place.path);
    archive_end_row(ex);
    return HENG_OK;
}

static heng_rc put_past(struct exporting *ex, const struct heng_archive_place *place, const struct heng_point *point,
                        struct heng_err *err)
{
    enum { MAX = 256 };
    struct heng_past_installation *list = calloc(MAX, sizeof *list);
    char name[HENG_KEY_MAX];
    size_t n = 0;
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the history of a point");
    heng_rc rc = archive_name_of(ex->reader, place, point, name, err);
    if (rc == HENG_OK && name[0])
        rc = heng_archive_past_installations(ex->reader, ex->scope, point->id, list, MAX, &n, err);
    if (rc == HENG_OK && n == MAX)
        rc = heng_fail(err, HENG_ELIMIT, 0, "point '%.60s' had %d meters or more", name, MAX);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        archive_put_text(ex, name);
        archive_put_text(ex, list[i].number);
        archive_put_text(ex, list[i].manufacturer);
        archive_put_moment(ex, list[i].from_us);
        archive_put_moment(ex, list[i].until_us);
        archive_put_factor(ex, list[i].factor_num, list[i].factor_den);
        archive_put_int(ex, list[i].digits);
        archive_put_text(ex, heng_protocol_text(list[i].protocol));
        archive_put_text(ex, list[i].profile);
        archive_end_row(ex);
    }
    free(list);
    return rc;
}

/* A term that who exports may not see is told, so that the sum is not taken for complete. */
static heng_rc put_virtual(struct exporting *ex, const struct heng_archive_place *place, const struct heng_point *point,
                           struct heng_err *err)
{
    struct heng_point_term *terms = calloc(HENG_TERMS_MAX, sizeof *terms);
    char name[HENG_KEY_MAX];
    size_t n = 0;
    if (!terms) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the terms of a sum");
    heng_rc rc = heng_archive_list_terms(ex->reader, point->id, terms, HENG_TERMS_MAX, &n, err);
    if (rc == HENG_OK) rc = archive_name_of(ex->reader, place, point, name, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        char of[HENG_KEY_MAX];
        rc = archive_point_text(ex, terms[i].of_id, of, err);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) break;
        archive_put_text(ex, name);
        archive_put_text(ex, point->name);
        archive_put_text(ex, place->place.key);
        archive_put_text(ex, heng_medium_text(point->medium));
        archive_put_text(ex, point->serves);
        archive_put_text(ex, rc == HENG_OK ? of : heng_archive_hidden_text(ex->language));
        archive_put_int(ex, terms[i].factor_num);
        archive_put_int(ex, terms[i].factor_den);
        archive_end_row(ex);
        rc = HENG_OK;
    }
    free(terms);
    return rc;
}

static heng_rc put_points(struct exporting *ex, const struct heng_archive_place *place, struct heng_err *err)
{
    enum { POINTS = 16 };
    struct heng_point page[POINTS];
    size_t n = POINTS;
    int64_t after = 0;
    while (n == POINTS) {
        heng_rc rc = heng_archive_list_points(ex->reader, ex->scope, place->place.id, after, page, POINTS, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            after = page[i].id;
            if (ex->table == HENG_ARCHIVE_METERS && !page[i].is_virtual) rc = put_meter(ex, place, &page[i], err);
            if (ex->table == HENG_ARCHIVE_PAST) rc = put_past(ex, place, &page[i], err);
            if (ex->table == HENG_ARCHIVE_VIRTUAL && page[i].is_virtual) rc = put_virtual(ex, place, &page[i], err);
            if (ex->table == HENG_ARCHIVE_EVENTS) rc = archive_put_events(ex, place, &page[i], err);
        }
        if (rc != HENG_OK) return rc;
    }
    return HENG_OK;
}

static heng_rc put_tree(struct exporting *ex, int64_t parent_id, struct heng_err *err);

static heng_rc put_branch(struct exporting *ex, const struct heng_archive_place *place, struct heng_err *err)
{
    heng_rc rc = ex->table == HENG_ARCHIVE_PLACES ? put_place(ex, place, err) : put_points(ex, place, err);
    return rc == HENG_OK ? put_tree(ex, place->place.id, err) : rc;
}

static heng_rc put_tree(struct exporting *ex, int64_t parent_id, struct heng_err *err)
{
    enum { PLACES = 32 };
    struct heng_archive_place *page = calloc(PLACES, sizeof *page), last, *after = NULL;
    size_t n = PLACES;
    heng_rc rc = page ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for the places of an export");
    if (++ex->depth > ARCHIVE_DEPTH_MAX && rc == HENG_OK)
        rc = heng_fail(err, HENG_ELIMIT, 0, "more than %d places one below the other", ARCHIVE_DEPTH_MAX);
    while (rc == HENG_OK && n == PLACES) {
        rc = heng_archive_list_places(ex->reader, ex->scope, parent_id, after, page, PLACES, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = put_branch(ex, &page[i], err);
        if (rc != HENG_OK || n == 0) break;
        last = page[n - 1];
        after = &last;
    }
    ex->depth--;
    free(page);
    return rc;
}

heng_rc archive_put_places(struct exporting *ex, int64_t place_id, struct heng_err *err)
{
    struct heng_archive_place place;
    if (!place_id) return put_tree(ex, 0, err);
    heng_rc rc = heng_archive_get_place(ex->reader, ex->scope, place_id, &place, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no such place here");
    return rc == HENG_OK ? put_branch(ex, &place, err) : rc;
}
