#include "store/archive_due.h"

#include "store/archive_inside.h"
#include "store/quality.h"
#include "store/usage_check.h"

/* All days that can be: what is not there is passed over. */
enum { FIRST_DAY = -1000000, LAST_DAY = 1000000 };

/* ?1 a place or point, ?2 and ?3 days, or moments. */
static heng_rc mark(struct heng_store *store, heng_sql sql, int64_t id, int64_t from, int64_t to, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, archive_db(store), sql);
    heng_query_int(&q, id);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_due_leaning_days(struct heng_store *store, int64_t point_id, int32_t from_day, int32_t to_day,
                                    heng_us from_us, heng_us to_us, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, archive_db(store), HENG_SQL_KNOWN_DUE_LEAN);
    heng_query_int(&q, point_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_due_leaning(struct heng_store *store, int64_t point_id, struct heng_err *err)
{
    return heng_store_due_leaning_days(store, point_id, FIRST_DAY, LAST_DAY, INT64_MIN, HENG_US_NEVER, err);
}

heng_rc heng_store_due_area(struct heng_store *store, int64_t place_id, struct heng_err *err)
{
    heng_rc rc = mark(store, HENG_SQL_CHECK_DUE_BELOW, place_id, FIRST_DAY, LAST_DAY, err);
    return rc == HENG_OK ? mark(store, HENG_SQL_KNOWN_DUE_AREA, place_id, INT64_MIN, HENG_US_NEVER, err) : rc;
}

static heng_rc due_group(struct heng_store *store, int64_t place_id, heng_medium medium, struct heng_err *err)
{
    struct heng_check_due group = {.medium = medium, .from_day = FIRST_DAY, .to_day = LAST_DAY};
    char path[HENG_PATH_MAX];
    heng_rc rc = heng_store_building_of(&store->reader, place_id, &group.id, path, err);
    if (rc == HENG_OK) rc = heng_store_check_group(store, &group, err);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_due_building(struct heng_store *store, int64_t place_id, struct heng_err *err)
{
    struct heng_query q;
    char path[HENG_PATH_MAX];
    int64_t building_id = 0;
    heng_rc rc = heng_store_building_of(&store->reader, place_id, &building_id, path, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc == HENG_OK) rc = mark(store, HENG_SQL_CHECK_DUE_BELOW, place_id, FIRST_DAY, LAST_DAY, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, archive_db(store), HENG_SQL_CHECK_GROUP_DUE_BELOW);
    heng_query_int(&q, place_id);
    heng_query_int(&q, building_id);
    heng_query_int(&q, FIRST_DAY);
    heng_query_int(&q, LAST_DAY);
    return heng_query_finish(&q, err);
}

/* A main meter that has others to measure now. */
static heng_rc due_main(struct heng_store *store, int64_t main_id, struct heng_err *err)
{
    if (!main_id) return HENG_OK;
    heng_rc rc = mark(store, HENG_SQL_CHECK_DUE_POINT, main_id, FIRST_DAY, LAST_DAY, err);
    return rc == HENG_OK ? heng_store_due_leaning(store, main_id, err) : rc;
}

heng_rc heng_store_due_point_changed(struct heng_store *store, const struct heng_point *before,
                                     const struct heng_point *after, struct heng_err *err)
{
    bool elsewhere = before->place_id != after->place_id || before->medium != after->medium;
    bool counts_otherwise = before->opened_us != after->opened_us || before->closed_us != after->closed_us;
    bool other_main = before->main_id != after->main_id;
    bool changed = elsewhere || other_main || counts_otherwise || before->is_virtual != after->is_virtual ||
                   strcmp(before->serves, after->serves) != 0 || strcmp(before->group, after->group) != 0;
    if (!changed) return HENG_OK;
    /* The point itself with its building and its rules; then whom it leaves, and whom it comes to. */
    heng_rc rc = heng_store_due_point(store, after->id, 0, INT64_MIN, HENG_US_NEVER, err);
    if (rc == HENG_OK && elsewhere) rc = due_group(store, before->place_id, before->medium, err);
    if (rc == HENG_OK) rc = due_main(store, before->main_id, err);
    if (rc == HENG_OK && other_main) rc = due_main(store, after->main_id, err);
    return rc == HENG_OK ? heng_store_due_leaning(store, after->id, err) : rc;
}

static void fill_day(struct heng_query *q, int32_t *ret) { *ret = (int32_t)heng_query_get_int(q); }

heng_rc heng_store_list_estimates(struct heng_store_reader *reader, int64_t channel_id, int32_t from_day,
                                  int32_t to_day, int32_t *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_KNOWN_ESTIMATES);
    heng_query_int(&q, channel_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_day, ret, cap, ret_n);
}
