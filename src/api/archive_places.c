/* The operations that change places: make, edit, many at once, move, copy, close, reopen. */
#include <string.h>

#include "api/archive.h"
#include "base/time.h"
#include "store/read.h"

/* One change, as the writer's thread makes it while we wait. */
struct change {
    struct heng_api_call *call;
    heng_rc (*make)(struct change *change, struct heng_store *store, struct heng_err *err);
    int64_t id, parent_id;
    union {
        const struct heng_api_add_place_request *add;
        const struct heng_api_edit_place_request *edit;
        const struct heng_api_copy_place_request *copy;
        const struct heng_api_close_place_request *close;
        struct {
            const struct heng_archive_bulk *wanted;
            bool apply, previewed;
            struct heng_api_bulk_result *result;
        } bulk;
    };
    size_t made;
};

static heng_rc run(void *ctx, struct heng_store *store, struct heng_err *err)
{
    struct change *change = ctx;
    return change->make(change, store, err);
}

static heng_rc ask(struct heng_api_call *call, struct change *change, struct heng_api_receipt *ret,
                   struct heng_err *err)
{
    change->call = call;
    change->made = 1;
    heng_rc rc = heng_api_change(call, run, change, err);
    *ret = (struct heng_api_receipt){.id = change->id, .accepted = (int64_t)change->made};
    return rc;
}

/* --- one ---------------------------------------------------------------------------------------------------------- */

static heng_rc too_long(struct heng_err *err) { return heng_fail(err, HENG_ERANGE, 0, "a text is too long"); }

static heng_rc make_add(struct change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_add_place_request *b = change->add;
    struct heng_archive_place place = {.org_id = b->has_organisation ? b->organisation : 0,
                                       .has_floor = b->has_floor,
                                       .floor = b->has_floor ? b->floor : 0,
                                       .rank = b->has_rank ? b->rank : 0};
    place.place.parent_id = b->has_parent ? b->parent : 0;
    place.place.area_cm2 = b->has_area_cm2 ? b->area_cm2 : 0;
    bool fits = heng_api_put_text(place.place.key, sizeof place.place.key, b->has_key, b->key) &&
                heng_api_put_text(place.place.kind, sizeof place.place.kind, true, b->kind) &&
                heng_api_put_text(place.place.name, sizeof place.place.name, true, b->name) &&
                heng_api_put_text(place.position, sizeof place.position, b->has_position, b->position) &&
                heng_api_put_text(place.orientation, sizeof place.orientation, b->has_orientation, b->orientation) &&
                heng_api_put_text(place.note, sizeof place.note, b->has_note, b->note);
    if (!fits) return too_long(err);
    heng_rc rc = heng_archive_add(store, heng_api_scope(change->call), &place, err);
    change->id = place.place.id;
    return rc;
}

heng_rc heng_api_add_place(struct heng_api_call *call, const struct heng_api_add_place_request *body,
                           struct heng_api_receipt *ret, struct heng_err *err)
{
    struct change change = {.make = make_add, .add = body};
    return ask(call, &change, ret, err);
}

static heng_rc make_edit(struct change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_edit_place_request *b = change->edit;
    int64_t scope = heng_api_scope(change->call);
    struct heng_archive_place place;
    heng_rc rc = heng_archive_get_place(heng_store_as_reader(store), scope, change->id, &place, err);
    if (rc != HENG_OK) return rc;
    if (b->has_organisation) place.org_id = b->organisation;
    if (b->has_area_cm2) place.place.area_cm2 = b->area_cm2;
    if (b->has_floor) place.floor = b->floor;
    place.has_floor = place.has_floor || b->has_floor;
    if (b->has_rank) place.rank = b->rank;
    bool fits = heng_api_put_text(place.place.key, sizeof place.place.key, b->has_key, b->key) &&
                heng_api_put_text(place.place.kind, sizeof place.place.kind, b->has_kind, b->kind) &&
                heng_api_put_text(place.place.name, sizeof place.place.name, b->has_name, b->name) &&
                heng_api_put_text(place.position, sizeof place.position, b->has_position, b->position) &&
                heng_api_put_text(place.orientation, sizeof place.orientation, b->has_orientation, b->orientation) &&
                heng_api_put_text(place.note, sizeof place.note, b->has_note, b->note);
    if (fits && !place.place.key[0]) return heng_fail(err, HENG_ECONFIG, 0, "a place needs a key");
    return fits ? heng_archive_edit(store, scope, &place, err) : too_long(err);
}

heng_rc heng_api_edit_place(struct heng_api_call *call, const struct heng_api_edit_place_params *params,
                            const struct heng_api_edit_place_request *body, struct heng_api_receipt *ret,
                            struct heng_err *err)
{
    struct change change = {.make = make_edit, .id = params->place_id, .edit = body};
    return ask(call, &change, ret, err);
}

/* --- with all below it -------------------------------------------------------------------------------------------- */

static heng_rc make_move(struct change *change, struct heng_store *store, struct heng_err *err)
{
    return heng_archive_move(store, heng_api_scope(change->call), change->id, change->parent_id, err);
}

heng_rc heng_api_move_place(struct heng_api_call *call, const struct heng_api_move_place_params *params,
                            const struct heng_api_move_place_request *body, struct heng_api_receipt *ret,
                            struct heng_err *err)
{
    struct change change = {
        .make = make_move, .id = params->place_id, .parent_id = body->has_parent ? body->parent : 0};
    return ask(call, &change, ret, err);
}

static heng_rc make_copy(struct change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_copy_place_request *b = change->copy;
    return heng_archive_copy(store, heng_api_scope(change->call), change->id, b->has_parent ? b->parent : 0,
                             b->has_name ? b->name : "", b->has_key ? b->key : "", &change->id, &change->made, err);
}

heng_rc heng_api_copy_place(struct heng_api_call *call, const struct heng_api_copy_place_params *params,
                            const struct heng_api_copy_place_request *body, struct heng_api_receipt *ret,
                            struct heng_err *err)
{
    struct change change = {.make = make_copy, .id = params->place_id, .copy = body};
    return ask(call, &change, ret, err);
}

static heng_rc make_close(struct change *change, struct heng_store *store, struct heng_err *err)
{
    const struct heng_api_close_place_request *b = change->close;
    return heng_archive_close(store, heng_api_scope(change->call), change->id,
                              b->has_at_us ? b->at_us : heng_clock_wall(), b->has_with_points && b->with_points, err);
}

heng_rc heng_api_close_place(struct heng_api_call *call, const struct heng_api_close_place_params *params,
                             const struct heng_api_close_place_request *body, struct heng_api_receipt *ret,
                             struct heng_err *err)
{
    struct change change = {.make = make_close, .id = params->place_id, .close = body};
    return ask(call, &change, ret, err);
}

static heng_rc make_reopen(struct change *change, struct heng_store *store, struct heng_err *err)
{
    return heng_archive_reopen(store, heng_api_scope(change->call), change->id, err);
}

heng_rc heng_api_reopen_place(struct heng_api_call *call, const struct heng_api_reopen_place_params *params,
                              struct heng_api_receipt *ret, struct heng_err *err)
{
    struct change change = {.make = make_reopen, .id = params->place_id};
    return ask(call, &change, ret, err);
}

/* --- many at once ------------------------------------------------------------------------------------------------- */

enum { SHOWN_MAX = 500, PAGE = 64 };

/* Those right below a place that were not there before: ids are given out upwards. newest: the highest id; 0: list
 * nothing and tell it. */
static heng_rc list_new(struct change *change, struct heng_store_reader *reader, int64_t *newest, struct heng_err *err)
{
    struct heng_archive_place *page = heng_arena_take(change->call->arena, PAGE, sizeof *page), after;
    struct heng_api_bulk_result *result = change->bulk.result;
    struct heng_api_archive_place *items = NULL;
    int64_t since = *newest;
    size_t n = PAGE, shown = 0;
    if (since) items = heng_arena_take(change->call->arena, SHOWN_MAX, sizeof *items);
    if (!page || (since && !items)) return heng_api_no_memory(err);
    heng_rc rc = HENG_OK;
    for (bool first = true; rc == HENG_OK && n == PAGE; first = false) {
        rc = heng_archive_list_places(reader, heng_api_scope(change->call), change->id, first ? NULL : &after, page,
                                      PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            if (page[i].place.id > *newest && !since) *newest = page[i].place.id;
            if (since && page[i].place.id > since && shown < SHOWN_MAX)
                items[shown++] = heng_api_archive_place_from(change->call, &page[i]);
        }
        if (n) after = page[n - 1];
    }
    result->places = items;
    result->places_n = shown;
    return rc;
}

static heng_rc make_bulk(struct change *change, struct heng_store *store, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    int64_t newest = 0, scope = heng_api_scope(change->call);
    heng_rc rc = list_new(change, reader, &newest, err);
    if (!newest) newest = change->id; /* nothing is below it yet: what comes is younger than it */
    if (rc == HENG_OK) rc = heng_archive_bulk(store, scope, change->bulk.wanted, &change->made, err);
    if (rc == HENG_OK) rc = list_new(change, reader, &newest, err);
    if (rc != HENG_OK || change->bulk.apply) return rc;
    change->bulk.previewed = true;
    return heng_fail(err, HENG_ECLOSED, 0, "this was the preview"); /* so that it is rolled back */
}

static heng_rc take_positions(const char *text, struct heng_archive_bulk *bulk, struct heng_err *err)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, ",");
        if (bulk->position_count == HENG_BULK_PER_FLOOR_MAX || n >= HENG_POSITION_MAX)
            return heng_fail(err, HENG_ERANGE, 0, "field 'positions': at most %d of less than %d bytes",
                             HENG_BULK_PER_FLOOR_MAX, HENG_POSITION_MAX);
        snprintf(bulk->positions[bulk->position_count++], HENG_POSITION_MAX, "%.*s", (int)n, p);
        p += n + (p[n] == ',');
    }
    return HENG_OK;
}

static heng_rc bulk_of(const struct heng_api_bulk_request *b, int64_t place_id, struct heng_archive_bulk *ret,
                       struct heng_err *err)
{
    *ret = (struct heng_archive_bulk){.parent_id = place_id,
                                      .first_floor = b->first_floor,
                                      .last_floor = b->last_floor,
                                      .per_floor = b->per_floor,
                                      .skip_zero = !(b->has_floor_zero && b->floor_zero)};
    bool fits = heng_api_put_text(ret->kind, sizeof ret->kind, b->has_kind, b->kind) &&
                heng_api_put_text(ret->name, sizeof ret->name, b->has_name, b->name) &&
                heng_api_put_text(ret->key, sizeof ret->key, b->has_key, b->key);
    if (!fits) return too_long(err);
    for (size_t i = 0; b->has_areas_cm2 && i < b->areas_cm2_n; i++) ret->areas_cm2[ret->area_count++] = b->areas_cm2[i];
    return b->has_positions ? take_positions(b->positions, ret, err) : HENG_OK;
}

heng_rc heng_api_bulk_places(struct heng_api_call *call, const struct heng_api_bulk_places_params *params,
                             const struct heng_api_bulk_request *body, struct heng_api_bulk_result *ret,
                             struct heng_err *err)
{
    struct heng_archive_bulk *bulk = heng_arena_take(call->arena, 1, sizeof *bulk);
    if (!bulk) return heng_api_no_memory(err);
    call->is_wish = true;
    heng_rc rc = bulk_of(body, params->place_id, bulk, err);
    if (rc != HENG_OK) return rc;
    struct change change = {.make = make_bulk, .call = call, .id = params->place_id};
    change.bulk.wanted = bulk;
    change.bulk.apply = body->has_apply && body->apply;
    change.bulk.result = ret;
    rc = heng_api_change(call, run, &change, err);
    if (change.bulk.previewed) rc = HENG_OK;
    ret->applied = change.bulk.apply && rc == HENG_OK;
    ret->made = (int64_t)change.made;
    return rc;
}
