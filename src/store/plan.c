/* Schedules and relays: how the meters of a line are reached, and when. A schedule's lists are texts in its row:
 * minutes "360,1080", windows "0-360,1320-60". */
#include <stdio.h>

#include "base/buf.h"
#include "store/db.h"
#include "store/read.h"
#include "store/write.h"

enum { LIST_TEXT_MAX = 320 };

static void put_times(const struct heng_schedule *schedule, char *ret, size_t cap)
{
    size_t n = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < schedule->time_count && n < cap; i++)
        n += (size_t)snprintf(ret + n, cap - n, "%s%u", i ? "," : "", schedule->times[i]);
}

static void put_windows(const struct heng_day_window *windows, size_t count, char *ret, size_t cap)
{
    size_t n = 0;
    ret[0] = '\0';
    for (size_t i = 0; i < count && n < cap; i++)
        n += (size_t)snprintf(ret + n, cap - n, "%s%u-%u", i ? "," : "", windows[i].from, windows[i].until);
}

/* The next number of a list, and what stands behind it; a row was written by us, so anything else ends the list. */
static bool next_number(const char **text, uint16_t *ret)
{
    unsigned value = 0;
    const char *p = *text;
    while (*p >= '0' && *p <= '9' && value < 10000) value = value * 10 + (unsigned)(*p++ - '0');
    if (p == *text) return false;
    *ret = (uint16_t)value;
    *text = *p ? p + 1 : p;
    return true;
}

static uint16_t get_times(const char *text, uint16_t *ret)
{
    uint16_t n = 0;
    while (n < HENG_SCHEDULE_TIMES_MAX && next_number(&text, &ret[n])) n++;
    return n;
}

static uint8_t get_windows(const char *text, struct heng_day_window *ret)
{
    uint8_t n = 0;
    while (n < HENG_SCHEDULE_WINDOWS_MAX && next_number(&text, &ret[n].from) && next_number(&text, &ret[n].until)) n++;
    return n;
}

static heng_rc need_transaction(const struct heng_store *store, struct heng_err *err)
{
    return store->reader.db.in_transaction ? HENG_OK : heng_fail(err, HENG_EBUG, 0, "no transaction is open");
}

heng_rc heng_store_find_schedule(struct heng_store_reader *reader, const char *name, int64_t *ret_id,
                                 struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SCHEDULE_FIND);
    heng_query_text(&q, name);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_id = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_find_relay(struct heng_store_reader *reader, int64_t line_id, const char *name, int64_t *ret_id,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_RELAY_FIND);
    heng_query_int(&q, line_id);
    heng_query_text(&q, name);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_id = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_put_schedule(struct heng_store *store, const struct heng_schedule *schedule, int64_t *ret_id,
                                struct heng_err *err)
{
    char times[LIST_TEXT_MAX], reads[LIST_TEXT_MAX], off[LIST_TEXT_MAX];
    int64_t id = 0;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_store_find_schedule(&store->reader, schedule->name, &id, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_ENOTFOUND) id = store->next[HENG_ID_SCHEDULE]++;
    put_times(schedule, times, sizeof times);
    put_windows(schedule->read_windows, schedule->read_window_count, reads, sizeof reads);
    put_windows(schedule->power_off, schedule->power_off_count, off, sizeof off);
    heng_query_begin(&q, &store->reader.db, HENG_SQL_SCHEDULE_PUT);
    heng_query_int(&q, id);
    heng_query_text(&q, schedule->name);
    heng_query_int(&q, schedule->period_s);
    heng_query_int(&q, schedule->days);
    heng_query_int(&q, schedule->due_days);
    heng_query_int(&q, schedule->spread_s);
    heng_query_int(&q, schedule->due_minute);
    heng_query_text(&q, times);
    heng_query_text(&q, reads);
    heng_query_text(&q, off);
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) *ret_id = id;
    return rc;
}

heng_rc heng_store_list_schedules(struct heng_store_reader *reader, struct heng_schedule *ret, size_t cap,
                                  size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    size_t n = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_SCHEDULE_LIST);
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_schedule *schedule = &ret[n++];
        *schedule = (struct heng_schedule){.id = heng_query_get_int(&q)};
        heng_query_get_text(&q, schedule->name, sizeof schedule->name);
        schedule->period_s = (uint32_t)heng_query_get_int(&q);
        schedule->days = (uint32_t)heng_query_get_int(&q);
        schedule->due_days = (uint32_t)heng_query_get_int(&q);
        schedule->spread_s = (uint32_t)heng_query_get_int(&q);
        schedule->due_minute = (uint16_t)heng_query_get_int(&q);
        schedule->time_count = get_times(heng_query_peek_text(&q), schedule->times);
        schedule->read_window_count = get_windows(heng_query_peek_text(&q), schedule->read_windows);
        schedule->power_off_count = get_windows(heng_query_peek_text(&q), schedule->power_off);
    }
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}

heng_rc heng_store_check_relays(struct heng_store *store, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_RELAY_ASTRAY);
    rc = heng_query_step(&q, err);
    if (rc == HENG_OK)
        rc = heng_fail(err, HENG_ECONFLICT, 0, "relay '%s': it is behind itself", heng_query_peek_text(&q));
    heng_query_end(&q);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_store_put_relay(struct heng_store *store, int64_t line_id, const struct heng_relay_config *relay,
                             int64_t *ret_id, struct heng_err *err)
{
    int64_t id = 0;
    struct heng_query q;
    heng_rc rc = need_transaction(store, err);
    if (rc == HENG_OK) rc = heng_store_find_relay(&store->reader, line_id, relay->name, &id, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (rc == HENG_ENOTFOUND) id = store->next[HENG_ID_RELAY]++;
    heng_query_begin(&q, &store->reader.db, HENG_SQL_RELAY_PUT);
    heng_query_int(&q, id);
    heng_query_int(&q, line_id);
    heng_query_text(&q, relay->name);
    heng_query_int(&q, relay->parent_id);
    heng_query_int(&q, relay->stores);
    heng_query_int(&q, relay->delay_ms);
    heng_query_int(&q, relay->hold_ms);
    heng_query_blob(&q, heng_slice_of(relay->open, relay->open_n));
    heng_query_blob(&q, heng_slice_of(relay->open_answer, relay->open_answer_n));
    rc = heng_query_finish(&q, err);
    if (rc == HENG_OK) *ret_id = id;
    return rc;
}

static uint8_t get_bytes(struct heng_query *q, uint8_t *ret)
{
    struct heng_slice bytes = heng_query_get_blob(q);
    if (bytes.n > HENG_RELAY_BYTES_MAX) bytes.n = HENG_RELAY_BYTES_MAX;
    if (bytes.n) memcpy(ret, bytes.p, bytes.n);
    return (uint8_t)bytes.n;
}

heng_rc heng_store_list_line_relays(struct heng_store_reader *reader, int64_t line_id, struct heng_relay_config *ret,
                                    size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_rc rc = HENG_OK;
    size_t n = 0;
    heng_query_begin(&q, &reader->db, HENG_SQL_RELAY_LIST);
    heng_query_int(&q, line_id);
    heng_query_int(&q, (int64_t)cap);
    while (n < cap && (rc = heng_query_step(&q, err)) == HENG_OK) {
        struct heng_relay_config *relay = &ret[n++];
        *relay = (struct heng_relay_config){.id = heng_query_get_int(&q)};
        relay->parent_id = heng_query_get_int(&q);
        heng_query_get_text(&q, relay->name, sizeof relay->name);
        relay->stores = heng_query_get_int(&q) != 0;
        relay->delay_ms = (uint32_t)heng_query_get_int(&q);
        relay->hold_ms = (uint32_t)heng_query_get_int(&q);
        relay->open_n = get_bytes(&q, relay->open);
        relay->open_answer_n = get_bytes(&q, relay->open_answer);
    }
    heng_query_end(&q);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    *ret_n = n;
    return HENG_OK;
}
