#include "usage/known.h"

#include "store/events.h"
#include "store/known.h"
#include "store/quality.h"
#include "store/usage.h"
#include "store/write.h"
#include "usage/loss.h"
#include "usage/tou.h"

enum { TERMS_MAX = 256 };

heng_rc heng_usage_use_holidays(struct heng_store *store, const char *calendar, struct heng_err *err)
{
    struct heng_calendars calendars = {0};
    heng_rc rc = HENG_OK;
    if (calendar[0]) rc = heng_calendars_open(heng_store_as_reader(store), calendar, &calendars, err);
    heng_calendars_close(&calendars);
    if (rc == HENG_OK) rc = heng_store_put_setting(store, "holiday_calendar", calendar, err);
    return rc == HENG_OK ? heng_store_due_group(store, "", "", INT64_MIN, HENG_US_NEVER, err) : rc;
}

/* Is point_id among what `of` is made of? A sum that leads too far is taken as one that contains it. */
static heng_rc contains(struct heng_store_reader *reader, int64_t of, int64_t point_id, unsigned depth,
                        unsigned *visits, bool *ret, struct heng_err *err)
{
    struct heng_usage_term terms[TERMS_MAX];
    size_t n = 0;
    *ret = of == point_id || depth > HENG_VIRTUAL_DEPTH_MAX || ++*visits > TERMS_MAX;
    if (*ret) return HENG_OK;
    heng_rc rc = heng_store_usage_terms(reader, of, terms, TERMS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && !*ret && i < n; i++)
        rc = contains(reader, terms[i].of_id, point_id, depth + 1, visits, ret, err);
    return rc;
}

heng_rc heng_usage_use_check(struct heng_store *store, int64_t scope, int64_t point_id, int64_t check_id,
                             struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_point_scope point, check;
    unsigned visits = 0;
    bool itself = false;
    heng_rc rc = heng_store_point_scope(reader, scope, point_id, &point, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no point %lld", (long long)point_id);
    if (rc == HENG_OK && check_id) {
        rc = heng_store_point_scope(reader, scope, check_id, &check, err);
        if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no point %lld", (long long)check_id);
        if (rc == HENG_OK && check.medium != point.medium)
            rc = heng_fail(err, HENG_ECONFLICT, 0, "point %lld measures something else", (long long)check_id);
        if (rc == HENG_OK) rc = contains(reader, check_id, point_id, 0, &visits, &itself, err);
        if (rc == HENG_OK && itself)
            rc = heng_fail(err, HENG_ECONFLICT, 0, "point %lld cannot check itself, nor by a sum that it is part of",
                           (long long)point_id);
    }
    if (rc == HENG_OK && point.is_virtual)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "point %lld is a sum of others: those have check meters",
                       (long long)point_id);
    if (rc == HENG_OK) rc = heng_store_put_check(store, point_id, check_id, err);
    return rc == HENG_OK ? heng_store_due_point(store, point_id, 0, INT64_MIN, HENG_US_NEVER, err) : rc;
}
