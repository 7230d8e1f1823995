/* Places made, changed, moved, copied and closed by people. */
#include "archive/archive.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"

static heng_rc not_there(struct heng_err *err)
{
    return heng_fail(err, HENG_ENOTFOUND, 0, "there is no such place here");
}

/* The place that is to be worked on, or under which something is to be put. */
static heng_rc find(struct heng_store *store, int64_t scope, int64_t id, struct heng_archive_place *ret,
                    struct heng_err *err)
{
    heng_rc rc = heng_archive_get_place(heng_store_as_reader(store), scope, id, ret, err);
    return rc == HENG_ENOTFOUND ? not_there(err) : rc;
}

static heng_rc find_open_parent(struct heng_store *store, int64_t scope, int64_t id, struct heng_archive_place *ret,
                                struct heng_err *err)
{
    *ret = (struct heng_archive_place){.place.id = 0};
    if (!id)
        return scope ? heng_fail(err, HENG_EDENIED, 0, "only the operator of the system puts a place at the top")
                     : HENG_OK;
    heng_rc rc = find(store, scope, id, ret, err);
    if (rc == HENG_OK && ret->closed_us)
        return heng_fail(err, HENG_ECONFLICT, 0, "'%.60s' is closed: open it again first", ret->place.name);
    return rc;
}

/* A place with others below it that somebody else manages is not moved, copied or closed by one of them. */
static heng_rc find_own(struct heng_store *store, int64_t scope, int64_t id, struct heng_archive_place *ret,
                        struct heng_err *err)
{
    int64_t foreign = 0;
    heng_rc rc = find(store, scope, id, ret, err);
    if (rc == HENG_OK) rc = heng_archive_count_foreign(heng_store_as_reader(store), scope, id, &foreign, err);
    if (rc == HENG_OK && foreign)
        rc = heng_fail(err, HENG_EDENIED, 0, "a part of '%.60s' is not yours: the operator of the system can do this",
                       ret->place.name);
    return rc;
}

/* FNV-1a, for keys that nobody is to read. */
static uint64_t hash_of(uint64_t hash, const char *text)
{
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return hash;
}

static heng_rc is_free(struct heng_store_reader *reader, const char *key, bool *ret, struct heng_err *err)
{
    struct heng_archive_place known;
    heng_rc rc = heng_archive_find_place(reader, 0, key, &known, err);
    *ret = rc == HENG_ENOTFOUND;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_archive_make_key(struct heng_store_reader *reader, const char *parent_key, const char *name,
                              char ret_key[static HENG_KEY_MAX], struct heng_err *err)
{
    char key[HENG_KEY_MAX + HENG_NAME_MAX + 2];
    size_t n = 0;
    bool free_key = false;
    if (parent_key[0]) n = (size_t)snprintf(key, sizeof key, "%.63s-", parent_key);
    for (const char *p = name; *p; p++)
        if (*p != ' ' && n + 1 < sizeof key) key[n++] = *p;
    key[n] = '\0';
    heng_rc rc = n > 0 && n < HENG_KEY_MAX ? is_free(reader, key, &free_key, err) : HENG_OK;
    uint64_t hash = hash_of(hash_of(hash_of(UINT64_C(14695981039346656037), parent_key), "/"), name);
    for (int i = 0; rc == HENG_OK && !free_key; i++) {
        if (i == 100) return heng_fail(err, HENG_ECONFLICT, 0, "no key can be made for '%.60s': give one", name);
        snprintf(key, sizeof key, "p%016" PRIx64, hash + (uint64_t)i);
        rc = is_free(reader, key, &free_key, err);
    }
    if (rc == HENG_OK) snprintf(ret_key, HENG_KEY_MAX, "%.63s", key);
    return rc;
}

static heng_rc check_place(const struct heng_archive_place *place, struct heng_err *err)
{
    if (!place->place.name[0]) return heng_fail(err, HENG_ECONFIG, 0, "a place needs a name");
    if (!place->place.kind[0]) return heng_fail(err, HENG_ECONFIG, 0, "a place needs a kind");
    if (place->place.area_cm2 < 0) return heng_fail(err, HENG_ECONFIG, 0, "the area is negative");
    return HENG_OK;
}

heng_rc heng_archive_add(struct heng_store *store, int64_t scope, struct heng_archive_place *place,
                         struct heng_err *err)
{
    struct heng_archive_place parent;
    heng_rc rc = check_place(place, err);
    if (rc == HENG_OK) rc = find_open_parent(store, scope, place->place.parent_id, &parent, err);
    if (rc == HENG_OK && scope && place->org_id && place->org_id != scope)
        rc = heng_fail(err, HENG_EDENIED, 0, "only the operator of the system gives places to organisations");
    if (rc == HENG_OK && !place->place.key[0])
        rc = heng_archive_make_key(heng_store_as_reader(store), parent.place.key, place->place.name, place->place.key,
                                   err);
    if (rc != HENG_OK) return rc;
    place->place.id = 0;
    place->closed_us = 0;
    return heng_archive_put_place(store, place, err);
}

heng_rc heng_archive_edit(struct heng_store *store, int64_t scope, const struct heng_archive_place *place,
                          struct heng_err *err)
{
    struct heng_archive_place before, after = *place;
    heng_rc rc = check_place(place, err);
    if (rc == HENG_OK) rc = find(store, scope, place->place.id, &before, err);
    if (rc == HENG_OK && scope && place->org_id != before.org_id)
        rc = heng_fail(err, HENG_EDENIED, 0, "only the operator of the system gives places to organisations");
    if (rc != HENG_OK) return rc;
    after.place.parent_id = before.place.parent_id;
    after.closed_us = before.closed_us;
    return heng_archive_put_place(store, &after, err);
}

/* --- many at once ------------------------------------------------------------------------------------------------- */

struct pattern_values {
    int64_t floor, nr;
    const char *parent;
};

/* {floor}, {nr}, {nr:3}, {parent}. */
static heng_rc put_part(const char *part, size_t n, const struct pattern_values *values, struct heng_buf *to,
                        struct heng_err *err)
{
    char name[16], number[32];
    int width = 1;
    const char *colon = memchr(part, ':', n);
    size_t name_n = colon ? (size_t)(colon - part) : n;
    if (colon && colon + 2 == part + n && colon[1] >= '1' && colon[1] <= '9')
        width = colon[1] - '0';
    else if (colon || name_n >= sizeof name)
        return heng_fail(err, HENG_ECONFIG, 0, "'{%.*s}' is not understood", (int)(n < 20 ? n : 20), part);
    snprintf(name, sizeof name, "%.*s", (int)name_n, part);
    if (strcmp(name, "parent") == 0)
        snprintf(number, sizeof number, "%s", "");
    else if (strcmp(name, "floor") == 0)
        snprintf(number, sizeof number, "%0*" PRId64, width, values->floor);
    else if (strcmp(name, "nr") == 0)
        snprintf(number, sizeof number, "%0*" PRId64, width, values->nr);
    else
        return heng_fail(err, HENG_ECONFIG, 0, "'{%.15s}' is none of {floor}, {nr} and {parent}", name);
    heng_buf_put(to, heng_slice_str(strcmp(name, "parent") == 0 ? values->parent : number));
    return HENG_OK;
}

static heng_rc expand(const char *pattern, const struct pattern_values *values, char *ret, size_t cap,
                      struct heng_err *err)
{
    struct heng_buf to = heng_buf_of(ret, cap - 1);
    for (const char *p = pattern; *p; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (*p != '{') {
            heng_buf_u8(&to, (uint8_t)*p);
            continue;
        }
        if (!end) return heng_fail(err, HENG_ECONFIG, 0, "'%.60s' has a { without }", pattern);
        heng_rc rc = put_part(p + 1, (size_t)(end - p - 1), values, &to, err);
        if (rc != HENG_OK) return rc;
        p = end;
    }
    if (to.full) return heng_fail(err, HENG_ELIMIT, 0, "'%.60s' becomes longer than %zu bytes", pattern, cap - 1);
    ret[to.n] = '\0';
    return HENG_OK;
}

static heng_rc bulk_one(struct heng_store *store, int64_t scope, const struct heng_archive_bulk *bulk, int64_t floor,
                        int64_t nr, const char *parent_key, struct heng_err *err)
{
    struct heng_archive_place place = {.place.parent_id = bulk->parent_id, .has_floor = true, .floor = floor};
    struct pattern_values values = {floor, nr, parent_key};
    snprintf(place.place.kind, sizeof place.place.kind, "%s", bulk->kind[0] ? bulk->kind : "household");
    heng_rc rc =
        expand(bulk->name[0] ? bulk->name : "{floor}{nr:2}", &values, place.place.name, sizeof place.place.name, err);
    if (rc == HENG_OK && bulk->key[0]) rc = expand(bulk->key, &values, place.place.key, sizeof place.place.key, err);
    if (rc != HENG_OK) return rc;
    place.rank = (floor - bulk->first_floor) * HENG_BULK_PER_FLOOR_MAX + nr;
    if ((size_t)nr <= bulk->area_count) place.place.area_cm2 = bulk->areas_cm2[nr - 1];
    if ((size_t)nr <= bulk->position_count)
        snprintf(place.position, sizeof place.position, "%s", bulk->positions[nr - 1]);
    struct heng_archive_place known;
    rc = heng_archive_named_place(heng_store_as_reader(store), 0, bulk->parent_id, place.place.name, &known, err);
    if (rc == HENG_OK) return heng_fail(err, HENG_ECONFLICT, 0, "'%.60s' is there already", place.place.name);
    return rc == HENG_ENOTFOUND ? heng_archive_add(store, scope, &place, err) : rc;
}

heng_rc heng_archive_bulk(struct heng_store *store, int64_t scope, const struct heng_archive_bulk *bulk,
                          size_t *ret_made, struct heng_err *err)
{
    struct heng_archive_place parent;
    *ret_made = 0;
    if (bulk->first_floor > bulk->last_floor || bulk->first_floor < -20 || bulk->last_floor > 300 ||
        bulk->per_floor < 1 || bulk->per_floor > HENG_BULK_PER_FLOOR_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "floors are from -20 to 300, with 1 to %d places each",
                         HENG_BULK_PER_FLOOR_MAX);
    if (!bulk->parent_id) return heng_fail(err, HENG_ECONFIG, 0, "say below which place");
    heng_rc rc = find_open_parent(store, scope, bulk->parent_id, &parent, err);
    for (int64_t floor = bulk->first_floor; rc == HENG_OK && floor <= bulk->last_floor; floor++) {
        if (floor == 0 && bulk->skip_zero) continue;
        for (int64_t nr = 1; rc == HENG_OK && nr <= bulk->per_floor; nr++) {
            rc = bulk_one(store, scope, bulk, floor, nr, parent.place.key, err);
            *ret_made += rc == HENG_OK;
        }
    }
    return rc;
}

/* --- move and copy -------------------------------------------------------------------------------------------------
 */

heng_rc heng_archive_move(struct heng_store *store, int64_t scope, int64_t id, int64_t parent_id, struct heng_err *err)
{
    struct heng_archive_place place, parent;
    bool below = false;
    heng_rc rc = find_own(store, scope, id, &place, err);
    if (rc == HENG_OK) rc = find_open_parent(store, scope, parent_id, &parent, err);
    if (rc == HENG_OK && parent_id) rc = heng_archive_is_below(heng_store_as_reader(store), parent_id, id, &below, err);
    if (rc == HENG_OK && below)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "'%.60s' cannot be below itself", place.place.name);
    if (rc != HENG_OK) return rc;
    place.place.parent_id = parent_id;
    rc = heng_archive_put_place(store, &place, err);
    if (rc == HENG_OK && scope && place.managed_by != scope)
        rc = heng_fail(err, HENG_EDENIED, 0, "there '%.60s' would not be yours any more", place.place.name);
    return rc;
}

/* Copies of points, so that main meters and sums inside of the copy refer to it. */
struct copy_pair {
    int64_t old_id, new_id;
};

struct copying {
    struct heng_store *store;
    int64_t scope;
    const char *old_key, *new_key;
    struct copy_pair *pairs;
    size_t pair_n, pair_cap, made;
    unsigned depth;
};

enum { COPY_MAX = 100000, DEPTH_MAX = 64, PAGE = 32 };

/* The old key with its beginning exchanged; "" when there is none to be made. */
static void copied_key(const struct copying *c, const char *key, char ret[static HENG_KEY_MAX])
{
    char text[2 * HENG_KEY_MAX];
    size_t n = strlen(c->old_key);
    bool begins = strncmp(key, c->old_key, n) == 0;
    snprintf(text, sizeof text, "%s%s%s", c->new_key, begins ? "" : "-", begins ? key + n : key);
    ret[0] = '\0';
    if (key[0] && strlen(text) < HENG_KEY_MAX) snprintf(ret, HENG_KEY_MAX, "%.63s", text);
}

static heng_rc remember(struct copying *c, int64_t old_id, int64_t new_id, struct heng_err *err)
{
    if (c->pair_n == c->pair_cap) {
        size_t cap = c->pair_cap ? 2 * c->pair_cap : 256;
        struct copy_pair *more = realloc(c->pairs, cap * sizeof *more);
        if (!more) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a copy of so much");
        c->pairs = more;
        c->pair_cap = cap;
    }
    c->pairs[c->pair_n++] = (struct copy_pair){old_id, new_id};
    return HENG_OK;
}

static heng_rc copy_points(struct copying *c, int64_t from_place, int64_t to_place, struct heng_err *err)
{
    struct heng_point page[PAGE];
    struct heng_store_reader *reader = heng_store_as_reader(c->store);
    size_t n = PAGE;
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_archive_list_points(reader, c->scope, from_place, after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            struct heng_point copy = page[i];
            after = page[i].id;
            if (copy.closed_us) continue;
            copy.id = 0;
            copy.place_id = to_place;
            copied_key(c, page[i].key, copy.key);
            rc = heng_archive_put_point(c->store, &copy, err);
            if (rc == HENG_OK) rc = remember(c, page[i].id, copy.id, err);
        }
    }
    return rc;
}

static heng_rc copy_tree(struct copying *c, const struct heng_archive_place *from, struct heng_archive_place *to,
                         struct heng_err *err);

static heng_rc copy_below(struct copying *c, int64_t from_id, int64_t to_id, struct heng_err *err)
{
    struct heng_archive_place *page = calloc(PAGE, sizeof *page), last, *after = NULL;
    size_t n = PAGE;
    heng_rc rc = page ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "no memory for a copy");
    while (rc == HENG_OK && n == PAGE) {
        rc = heng_archive_list_places(heng_store_as_reader(c->store), c->scope, from_id, after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            struct heng_archive_place copy = page[i];
            if (copy.closed_us) continue;
            copy.place.parent_id = to_id;
            copied_key(c, page[i].place.key, copy.place.key);
            rc = copy_tree(c, &page[i], &copy, err);
        }
        if (rc == HENG_OK && n) {
            last = page[n - 1];
            after = &last;
        }
    }
    free(page);
    return rc;
}

static heng_rc copy_tree(struct copying *c, const struct heng_archive_place *from, struct heng_archive_place *to,
                         struct heng_err *err)
{
    if (++c->depth > DEPTH_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "more than %d places one below the other", DEPTH_MAX);
    if (++c->made > COPY_MAX) return heng_fail(err, HENG_ELIMIT, 0, "more than %d places at once", COPY_MAX);
    heng_rc rc = heng_archive_add(c->store, c->scope, to, err);
    if (rc == HENG_OK) rc = copy_points(c, from->place.id, to->place.id, err);
    if (rc == HENG_OK) rc = copy_below(c, from->place.id, to->place.id, err);
    c->depth--;
    return rc;
}

static int by_old_id(const void *left, const void *right)
{
    const struct copy_pair *a = left, *b = right;
    return (a->old_id > b->old_id) - (a->old_id < b->old_id);
}

/* The copy of a point, or the point itself when it was not copied. */
static int64_t copy_of(const struct copying *c, int64_t old_id)
{
    struct copy_pair key = {old_id, 0};
    const struct copy_pair *pair = c->pair_n ? bsearch(&key, c->pairs, c->pair_n, sizeof *c->pairs, by_old_id) : NULL;
    return pair ? pair->new_id : old_id;
}

static heng_rc copy_relations(struct copying *c, const struct copy_pair *pair, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(c->store);
    struct heng_point point;
    size_t n = 0;
    heng_rc rc = heng_archive_get_point(reader, c->scope, pair->new_id, &point, err);
    if (rc == HENG_OK && point.main_id && copy_of(c, point.main_id) != point.main_id) {
        point.main_id = copy_of(c, point.main_id);
        rc = heng_archive_put_point(c->store, &point, err);
    }
    if (rc != HENG_OK || !point.is_virtual) return rc;
    struct heng_point_term *terms = calloc(HENG_TERMS_MAX, sizeof *terms);
    if (!terms) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the terms of a sum");
    rc = heng_archive_list_terms(reader, pair->old_id, terms, HENG_TERMS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        terms[i].of_id = copy_of(c, terms[i].of_id);
        rc = heng_archive_put_term(c->store, pair->new_id, &terms[i], err);
    }
    free(terms);
    return rc;
}

heng_rc heng_archive_copy(struct heng_store *store, int64_t scope, int64_t id, int64_t parent_id, const char *name,
                          const char *key, int64_t *ret_id, size_t *ret_made, struct heng_err *err)
{
    struct heng_archive_place from, to, parent;
    bool below = false;
    heng_rc rc = find_own(store, scope, id, &from, err);
    if (rc == HENG_OK) rc = find_open_parent(store, scope, parent_id, &parent, err);
    if (rc == HENG_OK && parent_id) rc = heng_archive_is_below(heng_store_as_reader(store), parent_id, id, &below, err);
    if (rc == HENG_OK && below)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "a copy of '%.60s' cannot stand below it", from.place.name);
    if (rc == HENG_OK && (strlen(name) >= HENG_NAME_MAX || strlen(key) >= HENG_KEY_MAX))
        rc = heng_fail(err, HENG_ELIMIT, 0, "name or key is too long");
    if (rc != HENG_OK) return rc;
    to = from;
    to.place.parent_id = parent_id;
    if (name[0]) snprintf(to.place.name, sizeof to.place.name, "%s", name);
    snprintf(to.place.key, sizeof to.place.key, "%s", key);
    if (!key[0])
        rc = heng_archive_make_key(heng_store_as_reader(store), parent.place.key, to.place.name, to.place.key, err);
    if (rc != HENG_OK) return rc;
    char new_key[HENG_KEY_MAX];
    snprintf(new_key, sizeof new_key, "%s", to.place.key);
    struct copying c = {.store = store, .scope = scope, .old_key = from.place.key, .new_key = new_key};
    rc = copy_tree(&c, &from, &to, err);
    if (rc == HENG_OK && c.pair_n) qsort(c.pairs, c.pair_n, sizeof *c.pairs, by_old_id);
    for (size_t i = 0; rc == HENG_OK && i < c.pair_n; i++) rc = copy_relations(&c, &c.pairs[i], err);
    free(c.pairs);
    *ret_id = to.place.id;
    *ret_made = c.made;
    return rc;
}

/* --- close ----------------------------------------------------------------------------------------------------------
 */

heng_rc heng_archive_close(struct heng_store *store, int64_t scope, int64_t id, heng_us at_us, bool with_points,
                           struct heng_err *err)
{
    return heng_archive_close_by(store, scope, id, at_us, with_points, "archive", err);
}

heng_rc heng_archive_close_by(struct heng_store *store, int64_t scope, int64_t id, heng_us at_us, bool with_points,
                              const char *who, struct heng_err *err)
{
    struct heng_archive_place place;
    struct heng_store_reader *reader = heng_store_as_reader(store);
    int64_t places = 0, points = 0, late = 0;
    heng_rc rc = find_own(store, scope, id, &place, err);
    if (rc == HENG_OK && place.closed_us)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "'%.60s' is closed already", place.place.name);
    if (rc == HENG_OK) rc = heng_archive_count_open(reader, id, &places, &points, err);
    if (rc == HENG_OK && points && !with_points)
        rc = heng_fail(err, HENG_ECONFLICT, 0,
                       "%" PRId64 " open metering points are in '%.60s': close them with it, or one by one before",
                       points, place.place.name);
    if (rc == HENG_OK) rc = heng_archive_count_late(reader, id, at_us, &late, err);
    if (rc == HENG_OK && late)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "%" PRId64 " meters in '%.60s' were put in after that moment", late,
                       place.place.name);
    char reason[HENG_NAME_MAX + 32];
    snprintf(reason, sizeof reason, "'%s' was closed", place.place.name);
    struct heng_archive_closing closing = {
        .at_us = at_us, .recorded_us = heng_clock_wall(), .who = who, .reason = reason};
    return rc == HENG_OK ? heng_archive_close_below(store, id, &closing, err) : rc;
}

heng_rc heng_archive_reopen(struct heng_store *store, int64_t scope, int64_t id, struct heng_err *err)
{
    struct heng_archive_place place, parent;
    heng_rc rc = find_own(store, scope, id, &place, err);
    if (rc == HENG_OK && !place.closed_us) rc = heng_fail(err, HENG_ECONFLICT, 0, "'%.60s' is open", place.place.name);
    if (rc == HENG_OK && place.place.parent_id) {
        rc = heng_archive_get_place(heng_store_as_reader(store), 0, place.place.parent_id, &parent, err);
        if (rc == HENG_OK && parent.closed_us)
            rc =
                heng_fail(err, HENG_ECONFLICT, 0, "what is above '%.60s' is closed: open that first", place.place.name);
    }
    return rc == HENG_OK ? heng_archive_reopen_below(store, id, place.closed_us, err) : rc;
}
