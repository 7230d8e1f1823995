#include "store/known.h"

#include "store/db_rows.h"

heng_rc heng_store_get_check(struct heng_store_reader *reader, int64_t channel_id, int64_t *ret_point_id,
                             int64_t *ret_channel_id, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_KNOWN_CHECK);
    heng_query_int(&q, channel_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_point_id = heng_query_get_int(&q);
        *ret_channel_id = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_put_check(struct heng_store *store, int64_t point_id, int64_t check_id, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_KNOWN_CHECK_PUT);
    heng_query_int(&q, point_id);
    if (check_id)
        heng_query_int(&q, check_id);
    else
        heng_query_null(&q);
    return heng_query_finish(&q, err);
}

heng_rc heng_store_area_below(struct heng_store_reader *reader, int64_t point_id, int64_t main_id, heng_us from_us,
                              heng_us to_us, int64_t *ret_area_cm2, int64_t *ret_sharing, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_KNOWN_AREA);
    heng_query_int(&q, point_id);
    heng_query_int(&q, main_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_area_cm2 = heng_query_get_int(&q);
        *ret_sharing = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_has_kept(struct heng_store_reader *reader, int64_t point_id, heng_us from_us, heng_us to_us,
                            bool *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_KNOWN_KEPT);
    heng_query_int(&q, point_id);
    heng_query_int(&q, from_us);
    heng_query_int(&q, to_us);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q) != 0;
    heng_query_end(&q);
    return rc;
}

/* --- standard profiles ------------------------------------------------------------------------------------------ */

heng_rc heng_store_put_profile(struct heng_store *store, heng_medium medium, const char *group_name, int32_t from_day,
                               struct heng_slice text, int64_t *ret_version, struct heng_err *err)
{
    struct heng_query q;
    int64_t version = 0;
    heng_rc rc = heng_db_run(&store->reader.db, HENG_SQL_PROFILE_NEXT, &version, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_PROFILE_PUT);
    heng_query_int(&q, version);
    heng_query_text(&q, heng_medium_text(medium));
    heng_query_text(&q, group_name);
    heng_query_int(&q, from_day);
    rc = heng_query_finish_text(&q, text, err);
    if (rc == HENG_OK) *ret_version = version;
    return rc;
}

heng_rc heng_store_get_profile(struct heng_store_reader *reader, heng_medium medium, const char *group_name,
                               int32_t day, int64_t *ret_version, struct heng_str *ret_text, struct heng_err *err)
{
    return heng_db_text_for(&reader->db, HENG_SQL_PROFILE_FOR, medium, group_name, day, ret_version, ret_text, err);
}

/* --- weather ----------------------------------------------------------------------------------------------------- */

heng_rc heng_store_list_weather(struct heng_store_reader *reader, const char *station, int32_t from, int32_t to,
                                struct heng_weather_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_WEATHER_LIST);
    heng_query_text(&q, station);
    heng_query_int(&q, from);
    heng_query_int(&q, to);
    heng_query_int(&q, (int64_t)cap);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) {
        struct heng_weather_row *row = &ret[*ret_n];
        row->day = (int32_t)heng_query_get_int(&q);
        row->weather.degree_dk = heng_query_get_int(&q);
        row->weather.outdoor_dc = heng_query_get_int(&q);
        row->weather.computed = heng_query_get_int(&q) != 0;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_list_stations(struct heng_store_reader *reader, const char *after, struct heng_station_row *ret,
                                 size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    heng_query_begin(&q, &reader->db, HENG_SQL_WEATHER_STATIONS);
    heng_query_text(&q, after);
    heng_query_int(&q, (int64_t)cap);
    for (*ret_n = 0; *ret_n < cap && (rc = heng_query_step(&q, err)) == HENG_OK; ++*ret_n) {
        heng_query_get_text(&q, ret[*ret_n].station, sizeof ret[*ret_n].station);
        ret[*ret_n].days = heng_query_get_int(&q);
        ret[*ret_n].first = (int32_t)heng_query_get_int(&q);
        ret[*ret_n].last = (int32_t)heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}
