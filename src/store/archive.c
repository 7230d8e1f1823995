#include "store/archive.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/archive_due.h"
#include "store/archive_inside.h"
#include "store/archive_search.h"
#include "store/events.h"
#include "store/usage.h"

/* --- organisations ---------------------------------------------------------------------------------------------- */

static void fill_org(struct heng_query *q, struct heng_org *ret)
{
    ret->id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    ret->closed_us = heng_query_get_int(q);
}

heng_rc heng_archive_find_org(struct heng_store_reader *reader, int64_t scope, const char *key, struct heng_org *ret,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ORG_FIND);
    heng_query_int(&q, scope);
    heng_query_text(&q, key);
    HENG_QUERY_ONE(fill_org, ret);
}

heng_rc heng_archive_list_orgs(struct heng_store_reader *reader, int64_t scope, int64_t after_id, struct heng_org *ret,
                               size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ORG_LIST);
    heng_query_int(&q, scope);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_org, ret, cap, ret_n);
}

heng_rc heng_archive_put_org(struct heng_store *store, struct heng_org *org, struct heng_err *err)
{
    struct heng_org known;
    struct heng_query q;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_archive_find_org(&store->reader, 0, org->key, &known, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    org->id = rc == HENG_OK ? known.id : store->next[HENG_ID_ORG]++;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ORG_PUT);
    heng_query_int(&q, org->id);
    heng_query_text(&q, org->key);
    heng_query_text(&q, org->name);
    heng_query_int(&q, org->closed_us);
    return heng_query_finish(&q, err);
}

/* --- places ------------------------------------------------------------------------------------------------------ */

void archive_fill_place(struct heng_query *q, struct heng_archive_place *ret)
{
    *ret = (struct heng_archive_place){.place.id = heng_query_get_int(q)};
    ret->place.parent_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->place.key, sizeof ret->place.key);
    heng_query_get_text(q, ret->place.kind, sizeof ret->place.kind);
    heng_query_get_text(q, ret->place.name, sizeof ret->place.name);
    heng_query_get_text(q, ret->place.path, sizeof ret->place.path);
    ret->place.area_cm2 = heng_query_get_int(q);
    ret->org_id = heng_query_get_int(q);
    ret->managed_by = heng_query_get_int(q);
    ret->has_floor = heng_query_get_int(q) != 0;
    ret->floor = heng_query_get_int(q);
    heng_query_get_text(q, ret->position, sizeof ret->position);
    heng_query_get_text(q, ret->orientation, sizeof ret->orientation);
    ret->rank = heng_query_get_int(q);
    heng_query_get_text(q, ret->note, sizeof ret->note);
    ret->closed_us = heng_query_get_int(q);
}

heng_rc heng_archive_get_place(struct heng_store_reader *reader, int64_t scope, int64_t id,
                               struct heng_archive_place *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_PLACE_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(archive_fill_place, ret);
}

heng_rc heng_archive_find_place(struct heng_store_reader *reader, int64_t scope, const char *key,
                                struct heng_archive_place *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_PLACE_BY_KEY);
    heng_query_int(&q, scope);
    heng_query_text(&q, key);
    HENG_QUERY_ONE(archive_fill_place, ret);
}

heng_rc heng_archive_named_place(struct heng_store_reader *reader, int64_t scope, int64_t parent_id, const char *name,
                                 struct heng_archive_place *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, parent_id ? HENG_SQL_ARCHIVE_PLACE_NAMED : HENG_SQL_ARCHIVE_ROOT_NAMED);
    heng_query_int(&q, scope);
    if (parent_id) heng_query_int(&q, parent_id);
    heng_query_text(&q, name);
    HENG_QUERY_ONE(archive_fill_place, ret);
}

heng_rc heng_archive_list_places(struct heng_store_reader *reader, int64_t scope, int64_t parent_id,
                                 const struct heng_archive_place *after, struct heng_archive_place *ret, size_t cap,
                                 size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, parent_id ? HENG_SQL_ARCHIVE_CHILDREN : HENG_SQL_ARCHIVE_ROOTS);
    heng_query_int(&q, scope);
    if (parent_id) heng_query_int(&q, parent_id);
    heng_query_int(&q, after ? after->rank : INT64_MIN);
    heng_query_int(&q, after ? after->place.id : 0);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(archive_fill_place, ret, cap, ret_n);
}

heng_rc archive_two_ints(struct heng_db *db, heng_sql sql, int64_t a, int64_t b, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, db, sql);
    heng_query_int(&q, a);
    heng_query_int(&q, b);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_archive_is_below(struct heng_store_reader *reader, int64_t id, int64_t above_id, bool *ret,
                              struct heng_err *err)
{
    int64_t n = 0;
    heng_rc rc = archive_two_ints(&reader->db, HENG_SQL_ARCHIVE_IS_BELOW, id, above_id, &n, err);
    *ret = n != 0;
    return rc;
}

heng_rc heng_archive_count_foreign(struct heng_store_reader *reader, int64_t scope, int64_t id, int64_t *ret,
                                   struct heng_err *err)
{
    *ret = 0;
    return scope ? archive_two_ints(&reader->db, HENG_SQL_ARCHIVE_FOREIGN_BELOW, scope, id, ret, err) : HENG_OK;
}

heng_rc heng_archive_count_late(struct heng_store_reader *reader, int64_t id, heng_us at_us, int64_t *ret,
                                struct heng_err *err)
{
    return archive_two_ints(&reader->db, HENG_SQL_ARCHIVE_LATE_INSTALL_BELOW, id, at_us, ret, err);
}

heng_rc heng_archive_count_open(struct heng_store_reader *reader, int64_t id, int64_t *ret_places, int64_t *ret_points,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_COUNT_BELOW);
    heng_query_int(&q, id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_places = heng_query_get_int(&q);
        *ret_points = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_archive_counts(struct heng_store_reader *reader, int64_t scope, int64_t *ret_places, int64_t *ret_points,
                            int64_t *ret_devices, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_COUNTS);
    heng_query_int(&q, scope);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_places = heng_query_get_int(&q);
        *ret_points = heng_query_get_int(&q);
        *ret_devices = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

static heng_rc run_on(struct heng_store *store, heng_sql sql, int64_t id, const int64_t *at_us, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, archive_db(store), sql);
    heng_query_int(&q, id);
    if (at_us) heng_query_int(&q, *at_us);
    return heng_query_finish(&q, err);
}

/* Paths and managers of what is at and below a place that is new, was renamed, moved or given to somebody. */
static heng_rc refresh(struct heng_store *store, int64_t id, bool is_new, struct heng_err *err)
{
    struct heng_query q;
    int64_t longest = 0;
    heng_rc rc = run_on(store, HENG_SQL_ARCHIVE_PLACE_REFRESH, id, NULL, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_LONGEST_PATH);
    heng_query_int(&q, id);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK) longest = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc == HENG_OK && longest >= HENG_PATH_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the names from the root down are longer than %d bytes together",
                         HENG_PATH_MAX - 1);
    return rc == HENG_OK && !is_new ? run_on(store, HENG_SQL_ARCHIVE_DEVICE_REFRESH, id, NULL, err) : rc;
}

/* A key belongs to one place, whoever manages it. */
static heng_rc check_key(struct heng_store *store, const struct heng_archive_place *place, struct heng_err *err)
{
    struct heng_archive_place known;
    heng_rc rc = heng_archive_find_place(&store->reader, 0, place->place.key, &known, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc == HENG_OK && known.place.id != place->place.id)
        return heng_fail(err, HENG_ECONFLICT, 0, "the key '%s' is taken: give another one", place->place.key);
    return rc;
}

static void bind_place(struct heng_query *q, const struct heng_archive_place *place)
{
    heng_query_int(q, place->place.id);
    heng_query_text(q, place->place.key);
    heng_query_int(q, place->place.parent_id);
    heng_query_text(q, place->place.kind);
    heng_query_text(q, place->place.name);
    heng_query_int(q, place->place.area_cm2);
    heng_query_int(q, place->org_id);
    heng_query_int(q, place->has_floor);
    heng_query_int(q, place->floor);
    heng_query_text(q, place->position);
    heng_query_text(q, place->orientation);
    heng_query_int(q, place->rank);
    heng_query_text(q, place->note);
    heng_query_int(q, place->closed_us);
}

/* Who is beside whom: its building, before the change or after it. */
static heng_rc due_moved(struct heng_store *store, const struct heng_archive_place *before,
                         const struct heng_archive_place *after, struct heng_err *err)
{
    bool moved = before->place.parent_id != after->place.parent_id;
    if (!before->place.id || (!moved && strcmp(before->place.kind, after->place.kind) == 0)) return HENG_OK;
    return heng_store_due_building(store, after->place.id, err);
}

heng_rc heng_archive_put_place(struct heng_store *store, struct heng_archive_place *place, struct heng_err *err)
{
    struct heng_archive_place before = {0};
    struct heng_query q;
    bool is_new = place->place.id == 0, below = false;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = check_key(store, place, err);
    if (rc == HENG_OK && !is_new) rc = heng_archive_get_place(&store->reader, 0, place->place.id, &before, err);
    if (rc == HENG_OK && !is_new && place->place.parent_id != before.place.parent_id)
        rc = heng_archive_is_below(&store->reader, place->place.parent_id, place->place.id, &below, err);
    if (rc == HENG_OK && below)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "place '%s' cannot be below itself", place->place.key);
    if (rc == HENG_OK) rc = due_moved(store, &before, place, err);
    if (rc != HENG_OK) return rc;
    if (is_new) place->place.id = store->next[HENG_ID_PLACE]++;
    heng_query_begin(&q, archive_db(store), is_new ? HENG_SQL_ARCHIVE_PLACE_ADD : HENG_SQL_ARCHIVE_PLACE_CHANGE);
    bind_place(&q, place);
    rc = heng_query_finish(&q, err);
    bool named = strcmp(before.place.name, place->place.name) != 0;
    bool moved = before.place.parent_id != place->place.parent_id;
    if (rc == HENG_OK && (named || moved || strcmp(before.place.key, place->place.key) != 0))
        rc = heng_archive_index_place(store, place->place.id, place->place.name, place->place.key, err);
    if (rc == HENG_OK && (named || moved || before.org_id != place->org_id))
        rc = refresh(store, place->place.id, is_new, err);
    if (rc == HENG_OK) rc = due_moved(store, &before, place, err);
    if (rc == HENG_OK && !is_new && before.place.area_cm2 != place->place.area_cm2)
        rc = heng_store_due_area(store, place->place.id, err);
    return rc == HENG_OK ? heng_archive_get_place(&store->reader, 0, place->place.id, place, err) : rc;
}

struct here {
    int64_t id, device_id, point_id;
};

static void fill_here(struct heng_query *q, struct here *ret)
{
    ret->id = heng_query_get_int(q);
    ret->device_id = heng_query_get_int(q);
    ret->point_id = heng_query_get_int(q);
}

static heng_rc list_here(struct heng_store *store, int64_t id, int64_t after, struct here *ret, size_t cap,
                         size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_INSTALLED_BELOW);
    heng_query_int(&q, id);
    heng_query_int(&q, after);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_here, ret, cap, ret_n);
}

/* A meter leaves its point: the event, and usage that has to be derived again. */
static heng_rc tell_leaving(struct heng_store *store, const struct here *here,
                            const struct heng_archive_closing *closing, struct heng_err *err)
{
    struct heng_point_event event = {.point_id = here->point_id,
                                     .device_id = here->device_id,
                                     .kind = HENG_EVENT_REMOVE,
                                     .at_us = closing->at_us,
                                     .recorded_us = closing->recorded_us};
    int64_t id = 0;
    snprintf(event.who, sizeof event.who, "%s", closing->who);
    snprintf(event.reason, sizeof event.reason, "%s", closing->reason);
    heng_rc rc = heng_store_add_event(store, &event, &id, err);
    if (rc == HENG_OK) rc = heng_store_due_device(store, here->device_id, closing->at_us, HENG_US_NEVER, err);
    return rc == HENG_OK ? heng_store_due_point(store, here->point_id, 0, closing->at_us, HENG_US_NEVER, err) : rc;
}

static heng_rc tell_all_leaving(struct heng_store *store, int64_t id, const struct heng_archive_closing *closing,
                                struct heng_err *err)
{
    enum { PAGE = 4096 };
    size_t n = PAGE;
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    struct here *page = calloc(PAGE, sizeof *page);
    if (!page) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the meters of a place");
    while (rc == HENG_OK && n == PAGE) {
        rc = list_here(store, id, after, page, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            after = page[i].id;
            rc = tell_leaving(store, &page[i], closing, err);
        }
    }
    free(page);
    return rc;
}

heng_rc heng_archive_close_below(struct heng_store *store, int64_t id, const struct heng_archive_closing *closing,
                                 struct heng_err *err)
{
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = tell_all_leaving(store, id, closing, err);
    if (rc == HENG_OK) rc = run_on(store, HENG_SQL_ARCHIVE_CLOSE_MEMBERS, id, NULL, err);
    if (rc == HENG_OK) rc = run_on(store, HENG_SQL_ARCHIVE_CLOSE_INSTALLATIONS, id, &closing->at_us, err);
    if (rc == HENG_OK) rc = run_on(store, HENG_SQL_ARCHIVE_CLOSE_POINTS, id, &closing->at_us, err);
    if (rc == HENG_OK) rc = run_on(store, HENG_SQL_ARCHIVE_CLOSE_PLACES, id, &closing->at_us, err);
    return rc == HENG_OK ? run_on(store, HENG_SQL_ARCHIVE_DEVICE_REFRESH, id, NULL, err) : rc;
}

heng_rc heng_archive_reopen_below(struct heng_store *store, int64_t id, heng_us closed_us, struct heng_err *err)
{
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = run_on(store, HENG_SQL_ARCHIVE_REOPEN_POINTS, id, &closed_us, err);
    return rc == HENG_OK ? run_on(store, HENG_SQL_ARCHIVE_REOPEN_PLACES, id, &closed_us, err) : rc;
}
