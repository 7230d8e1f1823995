/* Rows about schedules and relays. */
#include <stdio.h>
#include <stdlib.h>

#include "archive/inside.h"
#include "archive/schedule_text.h"
#include "base/hex.h"
#include "store/read.h"
#include "store/write.h"

/* --- schedules -----------------------------------------------------------------------------------------------------
 */

static heng_rc known_schedule(struct importing *im, const char *name, struct heng_schedule *ret, bool *ret_new,
                              struct heng_err *err)
{
    enum { MAX = 1024 };
    size_t n = 0;
    struct heng_schedule *list = calloc(MAX, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the schedules");
    heng_rc rc = heng_store_list_schedules(im->reader, list, MAX, &n, err);
    *ret_new = true;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (strcmp(list[i].name, name) != 0) continue;
        *ret = list[i];
        *ret_new = false;
    }
    free(list);
    return rc;
}

static void changed(struct importing *im, int column) { im->row.changed |= UINT64_C(1) << column; }

static void over_u32(struct importing *im, int column, uint32_t *to)
{
    int64_t value = *to;
    archive_over_int(im, column, &value, im->row.cells[column].whole);
    *to = (uint32_t)value;
}

static void over_days(struct importing *im, int column, uint32_t *to)
{
    uint32_t days = 0;
    if (!archive_given(im, column)) return;
    const char *why = archive_days_parse(archive_text(im, column), &days);
    if (why) archive_row_fault(im, column, "%s", why);
    if (why || days == *to) return;
    changed(im, column);
    *to = days;
}

static void over_times(struct importing *im, int column, uint16_t *to, size_t cap, size_t *n)
{
    uint16_t times[HENG_SCHEDULE_TIMES_MAX];
    size_t count = 0;
    if (!archive_given(im, column)) return;
    const char *why = archive_times_parse(archive_text(im, column), times, cap, &count);
    if (why) archive_row_fault(im, column, "%s", why);
    if (why || (count == *n && memcmp(times, to, count * sizeof *to) == 0)) return;
    changed(im, column);
    memcpy(to, times, count * sizeof *to);
    *n = count;
}

static void over_windows(struct importing *im, int column, struct heng_day_window *to, uint8_t *n)
{
    struct heng_day_window windows[HENG_SCHEDULE_WINDOWS_MAX];
    size_t count = 0;
    if (!archive_given(im, column)) return;
    const char *why = archive_windows_parse(archive_text(im, column), windows, HENG_SCHEDULE_WINDOWS_MAX, &count);
    if (why) archive_row_fault(im, column, "%s", why);
    bool same = count == *n;
    for (size_t i = 0; same && i < count; i++) same = windows[i].from == to[i].from && windows[i].until == to[i].until;
    if (why || same) return;
    changed(im, column);
    memcpy(to, windows, count * sizeof *to);
    *n = (uint8_t)count;
}

static void over_schedule(struct importing *im, struct heng_schedule *s)
{
    size_t times = s->time_count, one = 1;
    over_u32(im, HENG_SCHEDULE_PERIOD, &s->period_s);
    over_times(im, HENG_SCHEDULE_TIMES, s->times, HENG_SCHEDULE_TIMES_MAX, &times);
    s->time_count = (uint16_t)times;
    over_days(im, HENG_SCHEDULE_DAYS, &s->days);
    over_days(im, HENG_SCHEDULE_DUE_DAYS, &s->due_days);
    over_times(im, HENG_SCHEDULE_DUE_TIME, &s->due_minute, 1, &one);
    over_u32(im, HENG_SCHEDULE_SPREAD, &s->spread_s);
    over_windows(im, HENG_SCHEDULE_WINDOWS, s->read_windows, &s->read_window_count);
    over_windows(im, HENG_SCHEDULE_POWER_OFF, s->power_off, &s->power_off_count);
}

heng_rc archive_take_schedule(struct importing *im, struct heng_err *err)
{
    struct heng_schedule schedule = {.id = 0};
    const char *name = archive_text(im, HENG_SCHEDULE_NAME);
    bool is_new = true;
    int64_t id = 0;
    if (im->scope) {
        archive_row_fault(im, ARCHIVE_NO_COLUMN, "only the operator of the system makes schedules");
        return HENG_OK;
    }
    if (!archive_key_once(im, HENG_ARCHIVE_SCHEDULES, HENG_SCHEDULE_NAME, name) || im->row.bad) return HENG_OK;
    heng_rc rc = known_schedule(im, name, &schedule, &is_new, err);
    if (rc != HENG_OK) return rc;
    snprintf(schedule.name, sizeof schedule.name, "%.47s", name);
    over_schedule(im, &schedule);
    return archive_decide(im, HENG_ARCHIVE_SCHEDULES, is_new, name)
               ? heng_store_put_schedule(im->store, &schedule, &id, err)
               : HENG_OK;
}

/* --- relays --------------------------------------------------------------------------------------------------------
 */

/* The relay of a name on a line. */
static heng_rc known_relay(struct importing *im, int64_t line_id, const char *name, struct heng_relay_config *ret,
                           struct heng_err *err)
{
    enum { MAX = 1024 };
    size_t n = 0;
    struct heng_relay_config *list = calloc(MAX, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "no memory for the relays");
    heng_rc rc = heng_store_list_line_relays(im->reader, line_id, list, MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++)
        if (strcmp(list[i].name, name) == 0) *ret = list[i];
    free(list);
    return rc;
}

static void over_hex(struct importing *im, int column, uint8_t *to, uint8_t *n)
{
    uint8_t bytes[HENG_RELAY_BYTES_MAX];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    struct heng_err why;
    if (!archive_given(im, column)) return;
    if (heng_hex_parse(heng_slice_str(archive_text(im, column)), &buf, &why) != HENG_OK) {
        archive_row_fault(im, column, "at most %d bytes in hex are needed, as 68 1F", HENG_RELAY_BYTES_MAX);
        return;
    }
    if (buf.n == *n && memcmp(bytes, to, buf.n) == 0) return;
    changed(im, column);
    memcpy(to, bytes, buf.n);
    *n = (uint8_t)buf.n;
}

static heng_rc relay_line(struct importing *im, int64_t *ret, struct heng_err *err)
{
    bool visible = true;
    const char *line = archive_text(im, HENG_RELAY_LINE);
    heng_rc rc = heng_archive_find_line(im->reader, im->scope, line, ret, &visible, err);
    if (rc == HENG_OK && visible) return rc;
    if (rc != HENG_OK && rc != HENG_ENOTFOUND && rc != HENG_ECONFLICT) return rc;
    if (archive_key_seen(im, HENG_ARCHIVE_LINES, line))
        im->row.bad = true;
    else
        archive_row_fault(im, HENG_RELAY_LINE, "there is no such line: give it in the sheet of lines");
    return HENG_OK;
}

static heng_rc relay_parent(struct importing *im, int64_t line_id, struct heng_relay_config *relay,
                            struct heng_err *err)
{
    const char *parent = archive_text(im, HENG_RELAY_PARENT);
    int64_t id = 0;
    if (!parent[0]) return HENG_OK;
    heng_rc rc = strcmp(parent, relay->name) == 0 ? HENG_ENOTFOUND
                                                  : heng_store_find_relay(im->reader, line_id, parent, &id, err);
    if (rc == HENG_ENOTFOUND)
        archive_row_fault(im, HENG_RELAY_PARENT, "its line has no such relay: give it in a row above");
    archive_over_int(im, HENG_RELAY_PARENT, &relay->parent_id, id);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc archive_take_relay(struct importing *im, struct heng_err *err)
{
    struct heng_relay_config relay = {.id = 0};
    char once[2 * HENG_NAME_MAX];
    const char *name = archive_text(im, HENG_RELAY_NAME);
    int64_t line_id = 0, id = 0, stores;
    snprintf(once, sizeof once, "%.63s\x1f%.63s", archive_text(im, HENG_RELAY_LINE), name);
    if (!archive_key_once(im, HENG_ARCHIVE_RELAYS, HENG_RELAY_NAME, once) || im->row.bad) return HENG_OK;
    heng_rc rc = relay_line(im, &line_id, err);
    if (rc == HENG_OK && !im->row.bad) rc = known_relay(im, line_id, name, &relay, err);
    if (rc != HENG_OK || im->row.bad) return rc;
    bool is_new = relay.id == 0;
    snprintf(relay.name, sizeof relay.name, "%.47s", name);
    rc = relay_parent(im, line_id, &relay, err);
    stores = relay.stores;
    archive_over_int(im, HENG_RELAY_STORES, &stores, strcmp(archive_text(im, HENG_RELAY_STORES), "yes") == 0);
    relay.stores = stores != 0;
    over_u32(im, HENG_RELAY_DELAY, &relay.delay_ms);
    over_u32(im, HENG_RELAY_HOLD, &relay.hold_ms);
    over_hex(im, HENG_RELAY_OPEN, relay.open, &relay.open_n);
    over_hex(im, HENG_RELAY_OPEN_ANSWER, relay.open_answer, &relay.open_answer_n);
    if (relay.open_answer_n && !relay.open_n)
        archive_row_fault(im, HENG_RELAY_OPEN, "it has an answer, but nothing to open it with");
    if (rc != HENG_OK || !archive_decide(im, HENG_ARCHIVE_RELAYS, is_new, name)) return rc;
    im->relays_changed = true;
    return heng_store_put_relay(im->store, line_id, &relay, &id, err);
}
