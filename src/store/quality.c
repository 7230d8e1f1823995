#include "store/quality.h"

#include "store/db.h"

heng_rc heng_store_note_read(struct heng_store *store, const struct heng_read_note *note, struct heng_err *err)
{
    struct heng_query q;
    if (!store->reader.db.in_transaction) return heng_fail(err, HENG_EBUG, 0, "no transaction is open");
    heng_query_begin(&q, &store->reader.db, HENG_SQL_READ_DAY_NOTE);
    heng_query_int(&q, note->device_id);
    heng_query_int(&q, note->day);
    heng_query_int(&q, note->line_id);
    heng_query_int(&q, note->planned);
    heng_query_int(&q, note->first);
    heng_query_int(&q, note->answered);
    heng_query_text(&q, note->reason);
    return heng_query_finish(&q, err);
}

/* One row of a list into its place, by number. */
typedef void fill_row(struct heng_query *q, void *ret, size_t n);

static heng_rc fill_list(struct heng_query *q, fill_row *fill, void *ret, size_t cap, size_t *ret_n,
                         struct heng_err *err)
{
    size_t n = 0;
    heng_rc rc = HENG_OK;
    while (n < cap && (rc = heng_query_step(q, err)) == HENG_OK) fill(q, ret, n++);
    heng_query_end(q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

static heng_medium medium_of(const char *text)
{
    heng_medium medium = heng_medium_of(text);
    return medium < HENG_MEDIUM_COUNT ? medium : HENG_MEDIUM_UNKNOWN;
}

/* --- how meters were read --------------------------------------------------------------------------------------------
 */

static void fill_quality(struct heng_query *q, void *rows, size_t n)
{
    struct heng_quality_row *ret = (struct heng_quality_row *)rows + n;
    *ret = (struct heng_quality_row){.device_id = heng_query_get_int(q)};
    heng_query_get_text(q, ret->number, sizeof ret->number);
    ret->medium = medium_of(heng_query_peek_text(q));
    ret->line_id = heng_query_get_int(q);
    ret->gateway_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->line_name, sizeof ret->line_name);
    ret->place_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->place, sizeof ret->place);
    ret->planned = heng_query_get_int(q) != 0;
    ret->first = heng_query_get_int(q) != 0;
    ret->answered = heng_query_get_int(q) != 0;
    ret->asked = heng_query_get_int(q) != 0;
    heng_query_get_text(q, ret->reason, sizeof ret->reason);
    ret->estimated = heng_query_get_int(q) != 0;
}

heng_rc heng_store_list_quality(struct heng_store_reader *reader, const struct heng_quality_filter *filter,
                                int64_t after_id, struct heng_quality_row *ret, size_t cap, size_t *ret_n,
                                struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_QUALITY_DAY);
    heng_query_int(&q, filter->day);
    heng_query_int(&q, filter->until_us);
    heng_query_int(&q, filter->bits);
    heng_query_int(&q, filter->scope);
    heng_query_int(&q, filter->line_id);
    heng_query_int(&q, filter->gateway_id);
    heng_query_int(&q, filter->place_id);
    heng_query_int(&q, filter->device_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    return fill_list(&q, fill_quality, ret, cap, ret_n, err);
}

heng_rc heng_store_building_of(struct heng_store_reader *reader, int64_t place_id, int64_t *ret_id,
                               char ret_path[HENG_PATH_MAX], struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_QUALITY_BUILDING);
    heng_query_int(&q, place_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_id = heng_query_get_int(&q);
        heng_query_get_text(&q, ret_path, HENG_PATH_MAX);
    }
    heng_query_end(&q);
    return rc;
}

static heng_outcome outcome_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_OUTCOME_COUNT && strcmp(heng_outcome_text((heng_outcome)i), text) != 0) i++;
    return (heng_outcome)i;
}

static void fill_lost_meter(struct heng_query *q, void *rows, size_t n)
{
    struct heng_lost_meter_row *ret = (struct heng_lost_meter_row *)rows + n;
    *ret = (struct heng_lost_meter_row){.device_id = heng_query_get_int(q)};
    heng_query_get_text(q, ret->number, sizeof ret->number);
    ret->medium = medium_of(heng_query_peek_text(q));
    ret->line_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->line_name, sizeof ret->line_name);
    ret->gateway_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->place, sizeof ret->place);
    ret->last_read_us = heng_query_get_int(q);
    ret->last_outcome = outcome_of(heng_query_peek_text(q));
    ret->gateway_us = heng_query_get_int(q);
}

static void fill_lost_gateway(struct heng_query *q, void *rows, size_t n)
{
    struct heng_lost_gateway_row *ret = (struct heng_lost_gateway_row *)rows + n;
    *ret = (struct heng_lost_gateway_row){.id = heng_query_get_int(q)};
    heng_query_get_text(q, ret->key, sizeof ret->key);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    ret->last_contact_us = heng_query_get_int(q);
    ret->meters = heng_query_get_int(q);
}

static void begin_lost(struct heng_query *q, struct heng_store_reader *reader, heng_sql sql, int64_t scope,
                       heng_us since_us, int64_t after_id, size_t cap)
{
    heng_query_begin(q, &reader->db, sql);
    heng_query_int(q, since_us);
    heng_query_int(q, scope);
    heng_query_int(q, after_id);
    heng_query_int(q, (int64_t)cap);
}

heng_rc heng_store_list_lost_meters(struct heng_store_reader *reader, int64_t scope, heng_us since_us, int64_t after_id,
                                    struct heng_lost_meter_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    begin_lost(&q, reader, HENG_SQL_QUALITY_LOST_METERS, scope, since_us, after_id, cap);
    return fill_list(&q, fill_lost_meter, ret, cap, ret_n, err);
}

heng_rc heng_store_list_lost_gateways(struct heng_store_reader *reader, int64_t scope, heng_us since_us,
                                      int64_t after_id, struct heng_lost_gateway_row *ret, size_t cap, size_t *ret_n,
                                      struct heng_err *err)
{
    struct heng_query q;
    begin_lost(&q, reader, HENG_SQL_QUALITY_LOST_GATEWAYS, scope, since_us, after_id, cap);
    return fill_list(&q, fill_lost_gateway, ret, cap, ret_n, err);
}

/* --- what points used ------------------------------------------------------------------------------------------------
 */

static void fill_point(struct heng_query *q, struct heng_point_usage *ret)
{
    heng_query_get_text(q, ret->key, sizeof ret->key);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    ret->is_virtual = strcmp(heng_query_peek_text(q), "virtual") == 0;
    heng_query_get_text(q, ret->serves, sizeof ret->serves);
    ret->medium = medium_of(heng_query_peek_text(q));
    ret->opened_us = heng_query_get_int(q);
    ret->closed_us = heng_query_get_int(q);
    heng_query_get_text(q, ret->place, sizeof ret->place);
    ret->area_cm2 = heng_query_get_int(q);
    ret->main_id = heng_query_get_int(q);
    ret->visible = heng_query_get_int(q) != 0;
    ret->channel_id = heng_query_get_int(q);
    heng_unit unit = heng_unit_of(heng_query_peek_text(q));
    ret->unit = unit < HENG_UNIT_COUNT ? unit : HENG_UNIT_UNKNOWN;
    heng_query_get_text(q, ret->accuracy, sizeof ret->accuracy);
}

/* Amounts of one resolution. */
static heng_rc add_usage(struct heng_query *q, struct heng_point_usage *ret)
{
    int64_t exp = heng_query_get_int(q), amount = heng_query_get_int(q), doubtful = heng_query_get_int(q);
    int64_t days = heng_query_get_int(q), trust = heng_query_get_int(q);
    struct heng_dec part, doubt;
    if (exp < HENG_DEC_EXP_MIN || exp > HENG_DEC_EXP_MAX) return HENG_EFORMAT;
    heng_rc rc = heng_dec_make(amount, (int)exp, &part);
    if (rc == HENG_OK) rc = heng_dec_make(doubtful, (int)exp, &doubt);
    if (rc == HENG_OK && ret->days) rc = heng_dec_add(ret->amount, part, &part);
    if (rc == HENG_OK && ret->days) rc = heng_dec_add(ret->doubtful, doubt, &doubt);
    if (rc != HENG_OK) return rc;
    if (days) ret->amount = part;
    if (days) ret->doubtful = doubt;
    ret->days += days;
    if (trust > ret->worst_trust) ret->worst_trust = (int32_t)trust;
    return HENG_OK;
}

static heng_rc does_not_add_up(heng_rc rc, int64_t point_id, struct heng_err *err)
{
    return heng_fail(err, rc, 0, "the usage of point %lld does not add up", (long long)point_id);
}

static heng_rc sum_usage(struct heng_store_reader *reader, int32_t from_day, int32_t to_day,
                         struct heng_point_usage *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_SUM);
    heng_query_int(&q, ret->channel_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    heng_rc rc;
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        rc = add_usage(&q, ret);
        if (rc != HENG_OK) rc = does_not_add_up(rc, ret->point_id, err);
        if (rc != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_point_usage(struct heng_store_reader *reader, int64_t scope, int64_t point_id, int32_t from_day,
                               int32_t to_day, struct heng_point_usage *ret, struct heng_err *err)
{
    struct heng_point_usage made = {.point_id = point_id};
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_POINT);
    heng_query_int(&q, point_id);
    heng_query_int(&q, scope);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) fill_point(&q, &made);
    heng_query_end(&q);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "no point %lld", (long long)point_id);
    if (rc == HENG_OK && !made.visible) made = (struct heng_point_usage){.point_id = point_id};
    if (rc == HENG_OK && made.channel_id) rc = sum_usage(reader, from_day, to_day, &made, err);
    if (rc == HENG_OK) *ret = made;
    return rc;
}

static void fill_below(struct heng_query *q, void *rows, size_t n)
{
    struct heng_point_usage *ret = (struct heng_point_usage *)rows + n;
    *ret = (struct heng_point_usage){.point_id = heng_query_get_int(q)};
    fill_point(q, ret);
    if (!ret->visible) *ret = (struct heng_point_usage){.point_id = ret->point_id};
}

/* The sums of points[0..n), which are all that there are below main_id behind after_id up to the last of them. */
static heng_rc sum_below(struct heng_store_reader *reader, int64_t main_id, int64_t after_id, int32_t from_day,
                         int32_t to_day, struct heng_point_usage *points, size_t n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc;
    size_t at = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_BELOW_SUMS);
    heng_query_int(&q, main_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, points[n - 1].point_id);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    while ((rc = heng_query_step(&q, err)) == HENG_OK) {
        int64_t id = heng_query_get_int(&q);
        while (at < n && points[at].point_id < id) at++;
        if (at == n || points[at].point_id != id || !points[at].visible) continue;
        rc = add_usage(&q, &points[at]);
        if (rc != HENG_OK) rc = does_not_add_up(rc, id, err);
        if (rc != HENG_OK) break;
    }
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_below_usage(struct heng_store_reader *reader, int64_t scope, int64_t main_id, int64_t after_id,
                               int32_t from_day, int32_t to_day, struct heng_point_usage *ret, size_t cap,
                               size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_BELOW_POINTS);
    heng_query_int(&q, main_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    heng_query_int(&q, scope);
    heng_rc rc = fill_list(&q, fill_below, ret, cap, ret_n, err);
    return rc == HENG_OK && *ret_n ? sum_below(reader, main_id, after_id, from_day, to_day, ret, *ret_n, err) : rc;
}

static void fill_id(struct heng_query *q, void *ids, size_t n) { ((int64_t *)ids)[n] = heng_query_get_int(q); }

heng_rc heng_store_list_mains(struct heng_store_reader *reader, int64_t scope, int64_t place_id, int64_t after_id,
                              int64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_MAINS);
    heng_query_int(&q, scope);
    heng_query_int(&q, place_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    return fill_list(&q, fill_id, ret, cap, ret_n, err);
}

heng_rc heng_store_list_below(struct heng_store_reader *reader, int64_t main_id, int64_t after_id, int64_t *ret,
                              size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_BELOW);
    heng_query_int(&q, main_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    return fill_list(&q, fill_id, ret, cap, ret_n, err);
}

heng_rc heng_store_list_peers(struct heng_store_reader *reader, int64_t scope, int64_t point_id, int64_t after_id,
                              int64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_PEERS);
    heng_query_int(&q, point_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, scope);
    heng_query_int(&q, (int64_t)cap);
    return fill_list(&q, fill_id, ret, cap, ret_n, err);
}

static void fill_term(struct heng_query *q, void *terms, size_t n)
{
    struct heng_usage_term *ret = (struct heng_usage_term *)terms + n;
    ret->of_id = heng_query_get_int(q);
    ret->factor_num = heng_query_get_int(q);
    ret->factor_den = heng_query_get_int(q);
}

heng_rc heng_store_usage_terms(struct heng_store_reader *reader, int64_t point_id, struct heng_usage_term *ret,
                               size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_TERMS);
    heng_query_int(&q, point_id);
    heng_query_int(&q, (int64_t)cap);
    return fill_list(&q, fill_term, ret, cap, ret_n, err);
}

heng_rc heng_store_degree_days(struct heng_store_reader *reader, const char *station, int32_t from_day, int32_t to_day,
                               int64_t *ret_tenths, int64_t *ret_days, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_BALANCE_DEGREE_DAYS);
    heng_query_text(&q, station);
    heng_query_int(&q, from_day);
    heng_query_int(&q, to_day);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        *ret_tenths = heng_query_get_int(&q);
        *ret_days = heng_query_get_int(&q);
    }
    heng_query_end(&q);
    return rc;
}
