/* Metering points, their channels, and sums of them. */
#include "store/archive_due.h"
#include "store/archive_inside.h"
#include "store/known.h"
#include "store/usage.h"

static void fill_point(struct heng_query *q, struct heng_point *ret)
{
    *ret = (struct heng_point){.id = heng_query_get_int(q)};
    ret->place_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    ret->medium = heng_medium_of(heng_query_peek_text(q));
    ret->is_virtual = heng_query_get_int(q) != 0;
    heng_query_get_text(q, ret->serves, sizeof ret->serves);
    ret->main_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->group, sizeof ret->group);
    heng_query_get_text(q, ret->nominal, sizeof ret->nominal);
    ret->opened_us = heng_query_get_int(q);
    ret->closed_us = heng_query_get_int(q);
}

heng_rc heng_archive_get_point(struct heng_store_reader *reader, int64_t scope, int64_t id, struct heng_point *ret,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_POINT_GET);
    heng_query_int(&q, scope);
    heng_query_int(&q, id);
    HENG_QUERY_ONE(fill_point, ret);
}

heng_rc heng_archive_find_point(struct heng_store_reader *reader, int64_t scope, const char *key,
                                struct heng_point *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_POINT_BY_KEY);
    heng_query_int(&q, scope);
    heng_query_text(&q, key);
    HENG_QUERY_ONE(fill_point, ret);
}

heng_rc heng_archive_numbered_point(struct heng_store_reader *reader, int64_t scope, const char *number, int64_t *ret,
                                    struct heng_err *err)
{
    struct heng_query q;
    size_t n = 0;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_NUMBERED);
    heng_query_int(&q, scope);
    heng_query_text(&q, number);
    for (; (rc = heng_query_step(&q, err)) == HENG_OK; n++)
        if (n == 0) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc != HENG_ENOTFOUND) return rc;
    if (n > 1)
        return heng_fail(err, HENG_ECONFLICT, 0, "meters of several makers have the number '%s': name the point's key",
                         number);
    return n == 1 ? HENG_OK : HENG_ENOTFOUND;
}

heng_rc heng_archive_list_points(struct heng_store_reader *reader, int64_t scope, int64_t place_id, int64_t after_id,
                                 struct heng_point *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_POINTS_AT);
    heng_query_int(&q, scope);
    heng_query_int(&q, place_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_point, ret, cap, ret_n);
}

/* --- channels ----------------------------------------------------------------------------------------------------- */

static heng_rc add_channel(struct heng_store *store, int64_t point_id, const struct heng_point_channel *channel,
                           struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_CHANNEL_ADD);
    heng_query_int(&q, store->next[HENG_ID_CHANNEL]++);
    heng_query_int(&q, point_id);
    heng_query_text(&q, heng_quantity_text(channel->quantity));
    heng_query_int(&q, channel->tariff);
    heng_query_text(&q, heng_unit_text(channel->unit));
    heng_query_int(&q, channel->exp);
    heng_query_int(&q, channel->interval_minutes);
    heng_query_int(&q, channel->main);
    return heng_query_finish(&q, err);
}

/* The media that a household pays for, and what of them is counted. */
typedef enum counted { COUNTED_NOTHING, COUNTED_HEAT, COUNTED_POWER, COUNTED_VOLUME } counted;

static counted counted_of(heng_medium medium)
{
    static const struct {
        heng_medium medium;
        counted counted;
    } table[] = {
        {HENG_MEDIUM_ELECTRICITY, COUNTED_POWER},
        {HENG_MEDIUM_HEAT, COUNTED_HEAT},
        {HENG_MEDIUM_HEAT_INLET, COUNTED_HEAT},
        {HENG_MEDIUM_HEAT_COOLING, COUNTED_HEAT},
        {HENG_MEDIUM_COOLING, COUNTED_HEAT},
        {HENG_MEDIUM_COOLING_INLET, COUNTED_HEAT},
        {HENG_MEDIUM_COOLING_OUTLET, COUNTED_HEAT},
        {HENG_MEDIUM_GAS, COUNTED_VOLUME},
        {HENG_MEDIUM_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_WARM_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_HOT_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_COLD_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_DUAL_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_DRINKING_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_RECLAIMED_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_WASTE_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_IRRIGATION_WATER, COUNTED_VOLUME},
        {HENG_MEDIUM_COMPRESSED_AIR, COUNTED_VOLUME},
        {HENG_MEDIUM_OIL, COUNTED_VOLUME},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].medium == medium) return table[i].counted;
    return COUNTED_NOTHING;
}

heng_rc heng_archive_add_channels(struct heng_store *store, int64_t point_id, heng_medium medium, struct heng_err *err)
{
    enum { HOUR_MINUTES = 60, TARIFFS = 4, LITRE = -3 };
    struct heng_point_channel energy = {
        .quantity = HENG_QUANTITY_ENERGY, .unit = HENG_UNIT_WH, .interval_minutes = HOUR_MINUTES, .main = true};
    struct heng_point_channel volume = {
        .quantity = HENG_QUANTITY_VOLUME, .unit = HENG_UNIT_M3, .exp = LITRE, .interval_minutes = HOUR_MINUTES};
    counted what = counted_of(medium);
    heng_rc rc = heng_store_need_transaction(store, err);
    volume.main = what == COUNTED_VOLUME;
    if (rc == HENG_OK && (what == COUNTED_HEAT || what == COUNTED_POWER))
        rc = add_channel(store, point_id, &energy, err);
    if (rc == HENG_OK && (what == COUNTED_HEAT || what == COUNTED_VOLUME))
        rc = add_channel(store, point_id, &volume, err);
    energy.main = false;
    for (int64_t tariff = 1; rc == HENG_OK && what == COUNTED_POWER && tariff <= TARIFFS; tariff++) {
        energy.tariff = tariff;
        rc = add_channel(store, point_id, &energy, err);
    }
    return rc;
}

static void fill_channel(struct heng_query *q, struct heng_point_channel *ret)
{
    ret->id = heng_query_get_int(q);
    ret->quantity = heng_quantity_of(heng_query_peek_text(q));
    ret->tariff = heng_query_get_int(q);
    (void)heng_query_peek_text(q); /* qualifier */
    ret->unit = heng_unit_of(heng_query_peek_text(q));
    ret->exp = heng_query_get_int(q);
    ret->interval_minutes = heng_query_get_int(q);
    ret->main = heng_query_get_int(q) != 0;
}

heng_rc heng_archive_list_channels(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                   struct heng_point_channel *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_CHANNELS);
    heng_query_int(&q, scope);
    heng_query_int(&q, point_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_channel, ret, cap, ret_n);
}

/* --- points ------------------------------------------------------------------------------------------------------- */

static heng_rc check_point(struct heng_store *store, const struct heng_point *point, struct heng_err *err)
{
    struct heng_point known;
    int64_t loops = 0;
    heng_rc rc = HENG_ENOTFOUND;
    if (point->key[0]) rc = heng_archive_find_point(&store->reader, 0, point->key, &known, err);
    if (rc == HENG_OK && known.id != point->id)
        return heng_fail(err, HENG_ECONFLICT, 0, "the key '%s' of a point is taken: give another one", point->key);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (!point->id || !point->main_id) return HENG_OK;
    rc = archive_two_ints(archive_db(store), HENG_SQL_ARCHIVE_MAIN_IS_BELOW, point->main_id, point->id, &loops, err);
    if (rc == HENG_OK && loops)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "point '%s' would be its own main meter", point->key);
    return rc;
}

/* Something else is counted there now: what was counted is kept, and nothing of it is billed any more. */
static heng_rc close_channels(struct heng_store *store, int64_t point_id, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_CHANNELS_CLOSE);
    heng_query_int(&q, point_id);
    return heng_query_finish(&q, err);
}

heng_rc heng_archive_put_point(struct heng_store *store, struct heng_point *point, struct heng_err *err)
{
    struct heng_query q;
    struct heng_point before = {.medium = point->medium};
    bool is_new = point->id == 0;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK) rc = check_point(store, point, err);
    if (rc == HENG_OK && !is_new) rc = heng_archive_get_point(&store->reader, 0, point->id, &before, err);
    if (rc != HENG_OK) return rc;
    if (is_new) point->id = store->next[HENG_ID_POINT]++;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_POINT_PUT);
    heng_query_int(&q, point->id);
    heng_query_int(&q, point->place_id);
    heng_query_text(&q, heng_medium_text(point->medium));
    heng_query_text(&q, point->key);
    heng_query_text(&q, point->name);
    heng_query_text(&q, point->is_virtual ? "virtual" : "metered");
    heng_query_text(&q, point->serves);
    heng_query_int(&q, point->main_id);
    heng_query_text(&q, point->group);
    heng_query_text(&q, point->nominal);
    heng_query_int(&q, point->opened_us);
    heng_query_int(&q, point->closed_us);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK && counted_of(before.medium) != counted_of(point->medium))
        rc = close_channels(store, point->id, err);
    if (rc == HENG_OK) rc = heng_archive_add_channels(store, point->id, point->medium, err);
    return rc == HENG_OK && !is_new ? heng_store_due_point_changed(store, &before, point, err) : rc;
}

heng_rc heng_archive_get_check(struct heng_store_reader *reader, int64_t point_id, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_CHECK_GET);
    heng_query_int(&q, point_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_archive_put_check(struct heng_store *store, int64_t point_id, int64_t check_id, struct heng_err *err)
{
    struct heng_point point, check = {0};
    int64_t before = 0, loops = 0;
    heng_rc rc = heng_archive_get_check(&store->reader, point_id, &before, err);
    if (rc != HENG_OK || before == check_id) return rc;
    rc = heng_archive_get_point(&store->reader, 0, point_id, &point, err);
    if (rc == HENG_OK && check_id) rc = heng_archive_get_point(&store->reader, 0, check_id, &check, err);
    if (rc == HENG_OK && check_id)
        rc = archive_two_ints(archive_db(store), HENG_SQL_ARCHIVE_TERM_REACHES, check_id, point_id, &loops, err);
    if (rc == HENG_OK && loops)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "a meter cannot check itself, nor a sum that it is part of");
    if (rc == HENG_OK && check_id && check.medium != point.medium)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "it measures something else");
    if (rc == HENG_OK && point.is_virtual)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "a sum of others has no check meter: those have");
    if (rc == HENG_OK) rc = heng_store_put_check(store, point_id, check_id, err);
    return rc == HENG_OK ? heng_store_due_point(store, point_id, 0, INT64_MIN, HENG_US_NEVER, err) : rc;
}

heng_rc heng_archive_put_term(struct heng_store *store, int64_t point_id, const struct heng_point_term *term,
                              struct heng_err *err)
{
    struct heng_query q;
    int64_t loops = 0;
    heng_rc rc = heng_store_need_transaction(store, err);
    if (rc == HENG_OK)
        rc = archive_two_ints(archive_db(store), HENG_SQL_ARCHIVE_TERM_REACHES, term->of_id, point_id, &loops, err);
    if (rc == HENG_OK && loops) rc = heng_fail(err, HENG_ECONFLICT, 0, "the sum would be made of itself");
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, archive_db(store), HENG_SQL_ARCHIVE_TERM_PUT);
    heng_query_int(&q, point_id);
    heng_query_int(&q, term->of_id);
    heng_query_int(&q, term->factor_num);
    heng_query_int(&q, term->factor_den);
    rc = heng_query_finish(&q, err);
    return rc == HENG_OK ? heng_store_due_leaning(store, point_id, err) : rc;
}

static void fill_term(struct heng_query *q, struct heng_point_term *ret)
{
    ret->of_id = heng_query_get_int(q);
    ret->factor_num = heng_query_get_int(q);
    ret->factor_den = heng_query_get_int(q);
}

heng_rc heng_archive_list_terms(struct heng_store_reader *reader, int64_t point_id, struct heng_point_term *ret,
                                size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_ARCHIVE_TERMS);
    heng_query_int(&q, point_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_term, ret, cap, ret_n);
}
