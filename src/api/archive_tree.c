/* The operations that show the archive: organisations, the tree, a place, a point, the search. */
#include <string.h>

#include "api/archive.h"
#include "store/archive_search.h"
#include "store/read.h"

enum { ABOVE_MAX = 64, POINTS_MAX = 500, FORMER_MAX = 200, FOUND_MAX = 500 };

/* What is closed and what stands further down at other's places is not counted for who does not see it. */
static heng_rc count(struct heng_api_call *call, struct heng_api_archive_place *place, struct heng_err *err)
{
    int64_t scope = heng_api_scope(call), foreign = 0;
    heng_rc rc = scope ? heng_archive_count_foreign(call->reader, scope, place->id, &foreign, err) : HENG_OK;
    if (rc != HENG_OK || foreign) return rc;
    place->has_open_places = place->has_open_points = true;
    return heng_archive_count_open(call->reader, place->id, &place->open_places, &place->open_points, err);
}

/* --- organisations ------------------------------------------------------------------------------------------------ */

heng_rc heng_api_list_organisations(struct heng_api_call *call, const struct heng_api_list_organisations_params *params,
                                    struct heng_api_organisation_list *ret, struct heng_err *err)
{
    size_t cap = (size_t)params->limit + 1, n = 0;
    struct heng_org *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_organisation *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_archive_list_orgs(call->reader, heng_api_scope(call), params->has_after ? params->after : 0, rows,
                                        cap, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_organisation){
            .id = rows[i].id, .key = rows[i].key, .name = rows[i].name, .closed = rows[i].closed_us != 0};
    *ret = (struct heng_api_organisation_list){.items = items, .items_n = n < cap ? n : cap - 1, .more = n == cap};
    return rc;
}

/* --- the tree ----------------------------------------------------------------------------------------------------- */

heng_rc heng_api_list_places_below(struct heng_api_call *call, const struct heng_api_list_places_below_params *params,
                                   struct heng_api_archive_place_list *ret, struct heng_err *err)
{
    size_t cap = (size_t)params->limit + 1, n = 0;
    int64_t scope = heng_api_scope(call), parent = params->has_parent ? params->parent : 0;
    struct heng_archive_place *rows = heng_arena_take(call->arena, cap, sizeof *rows), after;
    struct heng_api_archive_place *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = parent ? heng_archive_get_place(call->reader, scope, parent, &after, err) : HENG_OK;
    if (rc == HENG_OK && params->has_after)
        rc = heng_archive_get_place(call->reader, scope, params->after, &after, err);
    if (rc == HENG_OK)
        rc = heng_archive_list_places(call->reader, scope, parent, params->has_after ? &after : NULL, rows, cap, &n,
                                      err);
    ret->more = n == cap;
    if (n == cap) n--;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        items[i] = heng_api_archive_place_from(call, &rows[i]);
        rc = count(call, &items[i], err);
    }
    ret->items = items;
    ret->items_n = n;
    return rc;
}

heng_rc heng_api_search_places(struct heng_api_call *call, const struct heng_api_search_places_params *params,
                               struct heng_api_archive_place_list *ret, struct heng_err *err)
{
    size_t n = 0, kept = 0, offset = (size_t)params->offset, limit = (size_t)params->limit;
    struct heng_archive_place *rows = heng_arena_take(call->arena, FOUND_MAX, sizeof *rows);
    struct heng_api_archive_place *items = heng_arena_take(call->arena, limit, sizeof *items);
    bool all = true;
    if (!rows || !items) return heng_api_no_memory(err);
    size_t wanted = params->has_kind ? FOUND_MAX : offset + limit;
    if (wanted > FOUND_MAX) wanted = FOUND_MAX;
    heng_rc rc =
        heng_archive_search_places(call->reader, heng_api_scope(call), params->words, rows, wanted, &n, &all, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (params->has_kind && strcmp(rows[i].place.kind, params->kind) != 0) continue;
        if (kept >= offset && kept - offset < limit) items[kept - offset] = heng_api_archive_place_from(call, &rows[i]);
        kept++;
    }
    size_t shown = kept > offset ? kept - offset : 0;
    *ret = (struct heng_api_archive_place_list){
        .items = items, .items_n = shown < limit ? shown : limit, .more = !all || shown > limit};
    return rc;
}

/* --- one place ---------------------------------------------------------------------------------------------------- */

static struct heng_api_archive_meter meter_from(struct heng_api_call *call, const struct heng_archive_device *d)
{
    return (struct heng_api_archive_meter){
        .id = d->device.id,
        .number = heng_arena_text(call->arena, d->device.number),
        .manufacturer = heng_arena_text(call->arena, d->device.manufacturer),
        .medium = heng_medium_text(d->device.medium),
        .protocol = heng_api_protocol_of(heng_protocol_text(d->device.protocol)),
        .has_model = d->device.profile[0] != '\0',
        .model = heng_api_opt_text(call, d->device.profile),
        .has_accuracy = d->accuracy[0] != '\0',
        .accuracy = heng_api_opt_text(call, d->accuracy),
        .has_line = d->line_id != 0,
        .line = d->line_id,
        .has_line_key = d->line[0] != '\0',
        .line_key = heng_api_opt_text(call, d->line),
        .has_address = d->address[0] != '\0',
        .address = heng_api_opt_text(call, d->address),
        .has_schedule = d->schedule[0] != '\0',
        .schedule = heng_api_opt_text(call, d->schedule),
        .has_since = d->installation_id != 0,
        .since = d->from_us,
        .has_factor_num = d->installation_id != 0,
        .factor_num = d->factor_num,
        .has_factor_den = d->installation_id != 0,
        .factor_den = d->factor_den,
        .has_digits = d->digits != 0,
        .digits = d->digits,
    };
}

static heng_rc point_from(struct heng_api_call *call, const struct heng_point *p, struct heng_api_archive_point *ret,
                          struct heng_err *err)
{
    struct heng_archive_device device;
    *ret = (struct heng_api_archive_point){
        .id = p->id,
        .place = p->place_id,
        .key = heng_arena_text(call->arena, p->key),
        .name = heng_arena_text(call->arena, p->name),
        .medium = heng_medium_text(p->medium),
        .sum = p->is_virtual,
        .has_main = p->main_id != 0,
        .main = p->main_id,
        .has_serves = p->serves[0] != '\0',
        .serves = heng_api_opt_text(call, p->serves),
        .has_group = p->group[0] != '\0',
        .group = heng_api_opt_text(call, p->group),
        .has_nominal = p->nominal[0] != '\0',
        .nominal = heng_api_opt_text(call, p->nominal),
        .has_opened_at = p->opened_us != 0,
        .opened_at = p->opened_us,
        .closed = p->closed_us != 0,
        .has_closed_at = p->closed_us != 0,
        .closed_at = p->closed_us,
    };
    if (p->is_virtual) return HENG_OK;
    heng_rc rc = heng_archive_device_at(call->reader, heng_api_scope(call), p->id, &device, err);
    ret->has_meter = rc == HENG_OK;
    if (ret->has_meter) ret->meter = meter_from(call, &device);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* Those above it that the scope sees: the names of the others are in its path. */
static heng_rc list_above(struct heng_api_call *call, int64_t id, struct heng_api_archive_place_detail *ret,
                          struct heng_err *err)
{
    struct heng_api_archive_place *items = heng_arena_take(call->arena, ABOVE_MAX, sizeof *items);
    struct heng_archive_place row;
    size_t n = 0;
    if (!items) return heng_api_no_memory(err);
    heng_rc rc = HENG_OK;
    while (id && n < ABOVE_MAX && rc == HENG_OK) {
        rc = heng_archive_get_place(call->reader, heng_api_scope(call), id, &row, err);
        if (rc != HENG_OK) break;
        memmove(items + 1, items, n++ * sizeof *items);
        items[0] = heng_api_archive_place_from(call, &row);
        id = row.place.parent_id;
    }
    ret->above = items;
    ret->above_n = n;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_api_get_place(struct heng_api_call *call, const struct heng_api_get_place_params *params,
                           struct heng_api_archive_place_detail *ret, struct heng_err *err)
{
    int64_t scope = heng_api_scope(call);
    struct heng_archive_place place;
    struct heng_point *rows = heng_arena_take(call->arena, POINTS_MAX, sizeof *rows);
    struct heng_api_archive_point *points = heng_arena_take(call->arena, POINTS_MAX, sizeof *points);
    size_t n = 0;
    if (!rows || !points) return heng_api_no_memory(err);
    heng_rc rc = heng_archive_get_place(call->reader, scope, params->place_id, &place, err);
    if (rc != HENG_OK) return rc;
    ret->place = heng_api_archive_place_from(call, &place);
    rc = count(call, &ret->place, err);
    if (rc == HENG_OK) rc = list_above(call, place.place.parent_id, ret, err);
    if (rc == HENG_OK)
        rc = heng_archive_list_points(call->reader, scope, params->place_id, 0, rows, POINTS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) rc = point_from(call, &rows[i], &points[i], err);
    ret->points = points;
    ret->points_n = n;
    ret->more_points = n == POINTS_MAX;
    return rc;
}

/* --- one point ---------------------------------------------------------------------------------------------------- */

static heng_rc list_channels(struct heng_api_call *call, int64_t id, struct heng_api_archive_point_detail *ret,
                             struct heng_err *err)
{
    struct heng_point_channel *rows = heng_arena_take(call->arena, HENG_CHANNELS_MAX, sizeof *rows);
    struct heng_api_archive_channel *items = heng_arena_take(call->arena, HENG_CHANNELS_MAX, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_archive_list_channels(call->reader, heng_api_scope(call), id, rows, HENG_CHANNELS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_archive_channel){.id = rows[i].id,
                                                     .quantity = heng_quantity_text(rows[i].quantity),
                                                     .unit = heng_unit_text(rows[i].unit),
                                                     .tariff = rows[i].tariff,
                                                     .main = rows[i].main,
                                                     .has_interval_minutes = rows[i].interval_minutes != 0,
                                                     .interval_minutes = rows[i].interval_minutes};
    ret->channels = items;
    ret->channels_n = n;
    return rc;
}

static heng_rc list_former(struct heng_api_call *call, int64_t id, struct heng_api_archive_point_detail *ret,
                           struct heng_err *err)
{
    struct heng_past_installation *rows = heng_arena_take(call->arena, FORMER_MAX, sizeof *rows);
    struct heng_api_archive_installation *items = heng_arena_take(call->arena, FORMER_MAX, sizeof *items);
    size_t n = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_archive_past_installations(call->reader, heng_api_scope(call), id, rows, FORMER_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        items[i] = (struct heng_api_archive_installation){.number = rows[i].number,
                                                          .manufacturer = rows[i].manufacturer,
                                                          .from = rows[i].from_us,
                                                          .until = rows[i].until_us,
                                                          .factor_num = rows[i].factor_num,
                                                          .factor_den = rows[i].factor_den,
                                                          .digits = rows[i].digits};
    ret->former = items;
    ret->former_n = n;
    return rc;
}

/* A term of a point that the scope does not see is not named. */
static heng_rc list_terms(struct heng_api_call *call, int64_t id, struct heng_api_archive_point_detail *ret,
                          struct heng_err *err)
{
    struct heng_point_term *rows = heng_arena_take(call->arena, HENG_TERMS_MAX, sizeof *rows);
    struct heng_api_archive_term *items = heng_arena_take(call->arena, HENG_TERMS_MAX, sizeof *items);
    struct heng_point seen;
    size_t n = 0, kept = 0;
    if (!rows || !items) return heng_api_no_memory(err);
    heng_rc rc = heng_archive_list_terms(call->reader, id, rows, HENG_TERMS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        rc = heng_archive_get_point(call->reader, heng_api_scope(call), rows[i].of_id, &seen, err);
        if (rc == HENG_OK)
            items[kept++] = (struct heng_api_archive_term){rows[i].of_id, rows[i].factor_num, rows[i].factor_den};
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    }
    ret->terms = items;
    ret->terms_n = kept;
    return rc;
}

heng_rc heng_api_get_point(struct heng_api_call *call, const struct heng_api_get_point_params *params,
                           struct heng_api_archive_point_detail *ret, struct heng_err *err)
{
    int64_t scope = heng_api_scope(call);
    struct heng_point point;
    struct heng_archive_place place;
    heng_rc rc = heng_archive_get_point(call->reader, scope, params->point_id, &point, err);
    if (rc == HENG_OK) rc = heng_archive_get_place(call->reader, scope, point.place_id, &place, err);
    if (rc != HENG_OK) return rc;
    ret->place = heng_api_archive_place_from(call, &place);
    rc = point_from(call, &point, &ret->point, err);
    if (rc == HENG_OK) rc = list_channels(call, point.id, ret, err);
    if (rc == HENG_OK) rc = list_former(call, point.id, ret, err);
    return rc == HENG_OK ? list_terms(call, point.id, ret, err) : rc;
}
