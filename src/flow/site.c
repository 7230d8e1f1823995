#include "flow/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "meter/profile.h"
#include "model/place.h"
#include "store/gateways.h"
#include "store/read.h"
#include "store/write.h"
#include "uplink/uplink.h"

static const char *text_of(const char *text) { return text ? text : ""; }

/* Put "place 'b1': " in front of what went wrong. */
static heng_rc at_item(struct heng_err *err, heng_rc rc, const char *kind, const char *key)
{
    char text[sizeof err->text];
    if (rc == HENG_OK || !err) return rc;
    snprintf(text, sizeof text, "%s", err->text);
    return heng_fail(err, rc, err->at, "%s '%s': %s", kind, key, text);
}

/* A text that must be there and fit. */
static heng_rc take_text(const char *field, const char *text, char *ret, size_t cap, struct heng_err *err)
{
    size_t n = strlen(text_of(text));
    if (n == 0) return heng_fail(err, HENG_ECONFIG, 0, "%s is missing", field);
    if (n >= cap) return heng_fail(err, HENG_ECONFIG, 0, "%s is longer than %zu bytes", field, cap - 1);
    memcpy(ret, text, n + 1);
    return HENG_OK;
}

static heng_rc take_number(const char *field, int64_t value, int64_t min, int64_t max, uint32_t *ret,
                           struct heng_err *err)
{
    if (value < min || value > max)
        return heng_fail(err, HENG_ECONFIG, 0, "%s is %" PRId64 ", it must be between %" PRId64 " and %" PRId64, field,
                         value, min, max);
    *ret = (uint32_t)value;
    return HENG_OK;
}

static heng_rc unknown(const char *field, const char *value, struct heng_err *err)
{
    return heng_fail(err, HENG_ECONFIG, 0, "%s '%s' is not known", field, text_of(value));
}

static heng_rc build_place(struct heng_store *store, const struct heng_site_place *from, struct heng_place *ret,
                           struct heng_err *err)
{
    heng_rc rc = take_text("key", from->key, ret->key, sizeof ret->key, err);
    if (rc == HENG_OK) rc = take_text("kind", from->kind, ret->kind, sizeof ret->kind, err);
    if (rc == HENG_OK) rc = take_text("name", from->name, ret->name, sizeof ret->name, err);
    if (rc != HENG_OK) return rc;
    if (!heng_place_kind_is(ret->kind))
        return heng_fail(err, HENG_ECONFIG, 0, "'%s' is no kind of place: " HENG_PLACE_KINDS, ret->kind);
    if (from->area_cm2 < 0) return heng_fail(err, HENG_ECONFIG, 0, "the area is negative");
    ret->area_cm2 = from->area_cm2;
    snprintf(ret->path, sizeof ret->path, "%s", ret->name);
    if (!text_of(from->parent)[0]) return HENG_OK;

    struct heng_place parent;
    if (strcmp(from->parent, from->key) == 0) return heng_fail(err, HENG_ECONFIG, 0, "it is its own parent");
    rc = heng_store_find_place(heng_store_as_reader(store), from->parent, &parent, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_ECONFIG, 0, "its parent '%s' is not known: name it before", from->parent);
    if (rc != HENG_OK) return rc;
    ret->parent_id = parent.id;
    int n = snprintf(ret->path, sizeof ret->path, "%s / %s", parent.path, ret->name);
    if (n < 0 || (size_t)n >= sizeof ret->path)
        return heng_fail(err, HENG_ECONFIG, 0, "the names from the root to here are too long together");
    return HENG_OK;
}

static heng_rc apply_place(struct heng_store *store, const struct heng_site_place *from, struct heng_err *err)
{
    struct heng_place place = {0};
    int64_t id;
    heng_rc rc = build_place(store, from, &place, err);
    return rc == HENG_OK ? heng_store_put_place(store, &place, &id, err) : rc;
}

/* Gateways come before the lines that hang on them. Whether the tree is one is looked at when all are there. */
static heng_rc apply_gateway(struct heng_store *store, const struct heng_site_gateway *from, struct heng_err *err)
{
    enum { JOURNAL_MB_MAX = 1 << 20, JOURNAL_DAYS_MAX = 3650, MB_BITS = 20 };
    struct heng_gateway gateway = {0}, parent;
    uint32_t megabytes = 0;
    int64_t id;
    heng_rc rc = take_text("key", from->key, gateway.key, sizeof gateway.key, err);
    if (rc == HENG_OK) rc = take_text("name", from->name, gateway.name, sizeof gateway.name, err);
    if (rc == HENG_OK) rc = take_number("journal_mb", from->journal_mb, 0, JOURNAL_MB_MAX, &megabytes, err);
    if (rc == HENG_OK)
        rc = take_number("journal_days", from->journal_days, 0, JOURNAL_DAYS_MAX, &gateway.journal_days, err);
    if (rc != HENG_OK) return rc;
    gateway.journal_bytes = (int64_t)megabytes << MB_BITS;
    if (text_of(from->parent)[0]) {
        if (strcmp(from->parent, from->key) == 0) return heng_fail(err, HENG_ECONFIG, 0, "it is its own parent");
        rc = heng_store_gateway_by_key(heng_store_as_reader(store), from->parent, &parent, err);
        if (rc == HENG_ENOTFOUND)
            return heng_fail(err, HENG_ECONFIG, 0, "its parent '%s' is not known: name it before", from->parent);
        if (rc != HENG_OK) return rc;
        gateway.parent_id = parent.id;
    }
    return heng_store_put_gateway(store, &gateway, &id, err);
}

/* What most lines do not have. */
static heng_rc build_line_more(const struct heng_site_line *from, struct heng_line_config *ret, struct heng_err *err)
{
    uint32_t byte = 0, misses = 0;
    heng_rc rc = take_number("heartbeat_s", from->heartbeat_s, 0, 86400, &ret->heartbeat_s, err);
    if (rc == HENG_OK) rc = take_number("wake_byte", from->wake_byte, 0, 255, &byte, err);
    if (rc == HENG_OK) rc = take_number("wake_ms", from->wake_ms, 0, 10000, &ret->wake_ms, err);
    if (rc == HENG_OK) rc = take_number("wake_rest_ms", from->wake_rest_ms, 0, 10000, &ret->wake_rest_ms, err);
    if (rc == HENG_OK) rc = take_number("wake_after_s", from->wake_after_s, 0, 86400, &ret->wake_after_s, err);
    if (rc == HENG_OK) rc = take_number("quarantine_after", from->quarantine_after, 0, 100, &misses, err);
    if (rc != HENG_OK) return rc;
    ret->wake_byte = (uint8_t)byte;
    ret->quarantine_after = (uint8_t)misses;
    ret->infrared = from->infrared;
    ret->single_reads = from->single_reads;
    ret->rts = text_of(from->rts)[0] ? heng_rts_of(from->rts) : HENG_RTS_NONE;
    if (ret->rts == HENG_RTS_COUNT) return unknown("rts", from->rts, err);
    ret->overload = text_of(from->overload)[0] ? heng_signal_of(from->overload) : HENG_SIGNAL_NONE;
    if (ret->overload == HENG_SIGNAL_COUNT) return unknown("overload", from->overload, err);
    return HENG_OK;
}

static heng_rc build_line(const struct heng_site_line *from, struct heng_line_config *ret, struct heng_err *err)
{
    char parity[2] = "E";
    heng_rc rc = take_text("name", from->name, ret->name, sizeof ret->name, err);
    if (rc == HENG_OK) rc = take_text("endpoint", from->endpoint, ret->endpoint, sizeof ret->endpoint, err);
    if (rc == HENG_OK && text_of(from->heartbeat)[0])
        rc = take_text("heartbeat", from->heartbeat, ret->heartbeat, sizeof ret->heartbeat, err);
    if (rc == HENG_OK) rc = take_number("baud", from->baud, 300, 921600, &ret->baud, err);
    if (rc == HENG_OK) rc = take_number("latency_ms", from->latency_ms, 0, 60000, &ret->latency_ms, err);
    if (rc == HENG_OK) rc = take_number("period_s", from->period_s, 1, 31 * 86400, &ret->period_s, err);
    if (rc == HENG_OK && text_of(from->parity)[0]) rc = take_text("parity", from->parity, parity, sizeof parity, err);
    if (rc == HENG_OK) rc = build_line_more(from, ret, err);
    if (rc != HENG_OK) return rc;
    ret->transport = heng_transport_of(text_of(from->transport));
    if (ret->transport == HENG_TRANSPORT_COUNT) return unknown("transport", from->transport, err);
    if (!strchr("ENO", parity[0])) return unknown("parity", parity, err);
    ret->parity = parity[0];
    const char *why = NULL;
    return heng_line_check(ret, &why) == HENG_FLAW_NONE ? HENG_OK : heng_fail(err, HENG_ECONFIG, 0, "%s", why);
}

static heng_rc apply_line(struct heng_store *store, const struct heng_site_line *from, heng_us at_us,
                          struct heng_err *err)
{
    struct heng_line_config line = {0};
    struct heng_gateway gateway = {0};
    char key[HENG_KEY_MAX];
    int64_t id;
    heng_rc rc = take_text("key", from->key, key, sizeof key, err);
    if (rc == HENG_OK) rc = build_line(from, &line, err);
    if (rc == HENG_OK && text_of(from->gateway)[0]) {
        rc = heng_store_gateway_by_key(heng_store_as_reader(store), from->gateway, &gateway, err);
        if (rc == HENG_ENOTFOUND) return unknown("gateway", from->gateway, err);
    }
    if (rc == HENG_OK) rc = heng_store_put_line(store, key, gateway.id, &line, at_us, &id, err);
    if (rc == HENG_ECONFLICT) heng_fail(err, rc, 0, "the endpoint '%s' is used by another line", line.endpoint);
    return rc;
}

static heng_rc take_hex(const char *field, const char *text, uint8_t *ret, uint8_t *ret_n, struct heng_err *err)
{
    struct heng_buf bytes = heng_buf_of(ret, HENG_RELAY_BYTES_MAX);
    struct heng_err why = {.text = ""};
    const char *hex = text_of(text);
    if (heng_hex_parse(heng_slice_of((const uint8_t *)hex, strlen(hex)), &bytes, &why) != HENG_OK)
        return heng_fail(err, HENG_ECONFIG, 0, "%s must be at most %d bytes in hex", field, HENG_RELAY_BYTES_MAX);
    *ret_n = (uint8_t)bytes.n;
    return HENG_OK;
}

static heng_rc find_relay(struct heng_store *store, int64_t line_id, const char *name, int64_t *ret,
                          struct heng_err *err)
{
    *ret = 0;
    if (!text_of(name)[0]) return HENG_OK;
    heng_rc rc = heng_store_find_relay(heng_store_as_reader(store), line_id, name, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, HENG_ECONFIG, 0, "its line has no relay '%s': name it before", name)
                                : rc;
}

static heng_rc apply_relay(struct heng_store *store, const struct heng_site_relay *from, struct heng_err *err)
{
    struct heng_relay_config relay = {.stores = from->stores};
    int64_t line_id, id;
    heng_rc rc = take_text("key", from->key, relay.name, sizeof relay.name, err);
    if (rc == HENG_OK) rc = take_number("delay_ms", from->delay_ms, 0, 60000, &relay.delay_ms, err);
    if (rc == HENG_OK) rc = take_number("hold_ms", from->hold_ms, 0, 86400000, &relay.hold_ms, err);
    if (rc == HENG_OK) rc = take_hex("open", from->open, relay.open, &relay.open_n, err);
    if (rc == HENG_OK) rc = take_hex("open_answer", from->open_answer, relay.open_answer, &relay.open_answer_n, err);
    if (rc != HENG_OK) return rc;
    if (relay.open_answer_n && !relay.open_n)
        return heng_fail(err, HENG_ECONFIG, 0, "it has an open_answer, but nothing to open it with");
    rc = heng_store_find_line(heng_store_as_reader(store), text_of(from->line), &line_id, err);
    if (rc == HENG_ENOTFOUND) return unknown("line", from->line, err);
    if (rc == HENG_OK && strcmp(text_of(from->parent), relay.name) == 0)
        return heng_fail(err, HENG_ECONFIG, 0, "it is its own parent");
    if (rc == HENG_OK) rc = find_relay(store, line_id, from->parent, &relay.parent_id, err);
    return rc == HENG_OK ? heng_store_put_relay(store, line_id, &relay, &id, err) : rc;
}

static heng_rc apply_schedule(struct heng_store *store, const struct heng_schedule *schedule, struct heng_err *err)
{
    int64_t id;
    return heng_store_put_schedule(store, schedule, &id, err);
}

/* A meter on its way into the database: first all devices leave their lines, then each takes its address, so that two
 * meters can change places in one description. */
static heng_rc apply_device(struct heng_store *store, const struct heng_site_meter *from, int64_t *ret_id,
                            struct heng_err *err)
{
    struct heng_device device = {0};
    heng_rc rc = take_text("number", from->number, device.number, sizeof device.number, err);
    if (rc == HENG_OK && text_of(from->manufacturer)[0])
        rc = take_text("manufacturer", from->manufacturer, device.manufacturer, sizeof device.manufacturer, err);
    if (rc != HENG_OK) return rc;
    if (text_of(from->profile)[0]) rc = take_text("profile", from->profile, device.profile, sizeof device.profile, err);
    if (rc != HENG_OK) return rc;
    device.medium = heng_medium_of(text_of(from->medium));
    if (device.medium == HENG_MEDIUM_COUNT) return unknown("medium", from->medium, err);
    device.protocol = heng_protocol_of(text_of(from->protocol));
    if (device.protocol == HENG_PROTOCOL_COUNT) return unknown("protocol", from->protocol, err);
    rc = heng_store_put_device(store, &device, ret_id, err);
    return rc == HENG_OK ? heng_store_drop_member(store, *ret_id, err) : rc;
}

/* When it is asked and by which way. */
static heng_rc build_member(struct heng_store *store, const struct heng_site_meter *from, int64_t line_id,
                            struct heng_member *ret, struct heng_err *err)
{
    heng_rc rc = take_number("position", from->position, 0, 100000, &ret->position, err);
    if (rc == HENG_OK) rc = find_relay(store, line_id, from->relay, &ret->relay_id, err);
    if (rc != HENG_OK || !text_of(from->schedule)[0]) return rc;
    rc = heng_store_find_schedule(heng_store_as_reader(store), from->schedule, &ret->schedule_id, err);
    return rc == HENG_ENOTFOUND ? unknown("schedule", from->schedule, err) : rc;
}

static heng_rc place_meter(struct heng_store *store, const struct heng_site_meter *from, int64_t device_id,
                           heng_us at_us, struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    char address[24];
    struct heng_place place;
    int64_t line_id;
    heng_rc rc = take_text("address", from->address, address, sizeof address, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_find_line(reader, text_of(from->line), &line_id, err);
    if (rc == HENG_ENOTFOUND) return unknown("line", from->line, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_find_place(reader, text_of(from->place), &place, err);
    if (rc == HENG_ENOTFOUND) return unknown("place", from->place, err);
    if (rc != HENG_OK) return rc;
    struct heng_member member = {.address = address};
    rc = build_member(store, from, line_id, &member, err);
    if (rc != HENG_OK) return rc;
    rc = heng_store_put_member(store, line_id, device_id, &member, err);
    if (rc == HENG_ECONFLICT)
        return heng_fail(err, rc, 0, "address %s of line '%s' belongs to another meter", address, from->line);
    if (rc != HENG_OK) return rc;
    return heng_store_install(store, device_id, place.id, heng_medium_of(from->medium), at_us, err);
}

static heng_rc apply_meters(struct heng_store *store, const struct heng_site *site, heng_us at_us, struct heng_err *err)
{
    if (site->meter_count == 0) return HENG_OK;
    int64_t *ids = calloc(site->meter_count, sizeof *ids);
    if (!ids) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu meters", site->meter_count);
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < site->meter_count; i++)
        rc =
            at_item(err, apply_device(store, &site->meters[i], &ids[i], err), "meter", text_of(site->meters[i].number));
    for (size_t i = 0; rc == HENG_OK && i < site->meter_count; i++)
        rc = at_item(err, place_meter(store, &site->meters[i], ids[i], at_us, err), "meter",
                     text_of(site->meters[i].number));
    free(ids);
    return rc;
}

static heng_rc apply_setting(struct heng_store *store, const char *name, const char *value, size_t cap,
                             struct heng_err *err)
{
    if (!text_of(value)[0]) return HENG_OK;
    if (strlen(value) >= cap) return heng_fail(err, HENG_ECONFIG, 0, "%s is longer than %zu bytes", name, cap - 1);
    return heng_store_put_setting(store, name, value, err);
}

static heng_rc apply(struct heng_store *store, const struct heng_site *site, heng_us at_us, struct heng_err *err)
{
    heng_rc rc = apply_setting(store, "site", site->name, HENG_NAME_MAX, err);
    if (rc == HENG_OK) rc = apply_setting(store, "time_zone", site->time_zone, 64, err);
    for (size_t i = 0; rc == HENG_OK && i < site->place_count; i++)
        rc = at_item(err, apply_place(store, &site->places[i], err), "place", text_of(site->places[i].key));
    if (rc == HENG_OK) rc = heng_store_index_places(store, err);
    for (size_t i = 0; rc == HENG_OK && i < site->gateway_count; i++)
        rc = at_item(err, apply_gateway(store, &site->gateways[i], err), "gateway", text_of(site->gateways[i].key));
    if (rc == HENG_OK && site->gateway_count)
        rc = heng_store_check_gateways(store, HENG_UPLINK_PATH_MAX, HENG_UPLINK_CHILDREN_MAX, err);
    for (size_t i = 0; rc == HENG_OK && i < site->line_count; i++)
        rc = at_item(err, apply_line(store, &site->lines[i], at_us, err), "line", text_of(site->lines[i].key));
    for (size_t i = 0; rc == HENG_OK && i < site->schedule_count; i++)
        rc = at_item(err, apply_schedule(store, &site->schedules[i], err), "schedule", site->schedules[i].name);
    for (size_t i = 0; rc == HENG_OK && i < site->relay_count; i++)
        rc = at_item(err, apply_relay(store, &site->relays[i], err), "relay", text_of(site->relays[i].key));
    if (rc == HENG_OK && site->relay_count) rc = heng_store_check_relays(store, err);
    if (rc == HENG_OK) rc = apply_meters(store, site, at_us, err);
    if (rc == HENG_OK) rc = heng_store_index_meters(store, err);
    return rc;
}

heng_rc heng_site_apply(struct heng_store *store, const struct heng_site *site, heng_us at_us,
                        struct heng_site_applied *ret, struct heng_err *err)
{
    heng_rc rc = heng_store_begin(store, err);
    if (rc != HENG_OK) return rc;
    rc = apply(store, site, at_us, err);
    if (rc == HENG_OK)
        rc = heng_store_commit(store, err);
    else
        heng_store_rollback(store);
    if (rc == HENG_OK)
        *ret = (struct heng_site_applied){site->place_count, site->line_count, site->meter_count, site->gateway_count};
    return rc;
}

void heng_site_lines_fini(struct heng_site_lines *lines)
{
    free(lines->lines);
    free(lines->meters);
    free(lines->first);
    free(lines->schedules);
    free(lines->relays);
    *lines = (struct heng_site_lines){0};
}

/* The lines; *ret_meters: how many meters hang on them. */
static heng_rc load_lines(struct heng_store_reader *reader, int64_t gateway_id, struct heng_site_lines *ret,
                          size_t *ret_meters, struct heng_err *err)
{
    enum { PAGE = 16 };
    struct heng_line_row rows[PAGE];
    int64_t after = 0;
    size_t n = PAGE;
    while (n == PAGE) {
        heng_rc rc = heng_store_list_gateway_lines(reader, gateway_id, after, rows, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        struct heng_line_config *lines = realloc(ret->lines, (ret->line_count + n + 1) * sizeof *lines);
        if (!lines) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for lines");
        ret->lines = lines;
        for (size_t i = 0; i < n; i++) {
            lines[ret->line_count++] = rows[i].config;
            after = rows[i].config.id;
            *ret_meters += (size_t)rows[i].meters;
        }
    }
    return HENG_OK;
}

static heng_rc load_meters(struct heng_store_reader *reader, size_t total, struct heng_site_lines *ret,
                           struct heng_err *err)
{
    ret->meters = calloc(total + 1, sizeof *ret->meters);
    ret->first = calloc(ret->line_count + 1, sizeof *ret->first);
    if (!ret->meters || !ret->first) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu meters", total);
    for (size_t i = 0; i < ret->line_count; i++) {
        size_t n = 0;
        heng_rc rc = heng_store_list_line_members(reader, ret->lines[i].id, 0, &ret->meters[ret->meter_count],
                                                  total - ret->meter_count, &n, err);
        if (rc != HENG_OK) return rc;
        ret->meter_count += n;
        ret->first[i + 1] = ret->meter_count;
    }
    return HENG_OK;
}

enum { SCHEDULES_MAX = 1024, LINE_RELAYS_MAX = 1024 };

/* Each line gets the schedules that its meters have, and no others. known: all, by id. */
static heng_rc share_schedules(const struct heng_schedule *known, size_t known_n, struct heng_site_lines *ret,
                               struct heng_err *err)
{
    size_t used = 0, total = 0;
    for (size_t i = 0; i < ret->meter_count; i++) total += ret->meters[i].schedule_id != 0;
    if (!total) return HENG_OK;
    ret->schedules = calloc(total, sizeof *ret->schedules);
    if (!ret->schedules) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu schedules", total);
    for (size_t i = 0; i < ret->line_count; i++) {
        struct heng_schedule *own = &ret->schedules[used];
        size_t n = 0;
        for (size_t m = ret->first[i]; m < ret->first[i + 1]; m++) {
            int64_t id = ret->meters[m].schedule_id;
            size_t at = 0, k = 0;
            while (at < n && own[at].id != id) at++;
            while (k < known_n && known[k].id != id) k++;
            if (at == n && k < known_n) own[n++] = known[k];
        }
        ret->lines[i].schedules = n ? own : NULL;
        ret->lines[i].schedule_count = n;
        used += n;
    }
    return HENG_OK;
}

static heng_rc load_schedules(struct heng_store_reader *reader, struct heng_site_lines *ret, struct heng_err *err)
{
    size_t n = 0;
    struct heng_schedule *known = calloc(SCHEDULES_MAX, sizeof *known);
    if (!known) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for schedules");
    heng_rc rc = heng_store_list_schedules(reader, known, SCHEDULES_MAX, &n, err);
    if (rc == HENG_OK) rc = share_schedules(known, n, ret, err);
    free(known);
    return rc;
}

/* The relays of one line behind those that are there already. */
static heng_rc append_relays(struct heng_store_reader *reader, struct heng_line_config *line,
                             struct heng_relay_config *page, size_t *count, struct heng_site_lines *ret,
                             struct heng_err *err)
{
    size_t n = 0;
    heng_rc rc = heng_store_list_line_relays(reader, line->id, page, LINE_RELAYS_MAX, &n, err);
    if (rc != HENG_OK || n == 0) return rc;
    if (n == LINE_RELAYS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "line '%s' has %d relays or more", line->name, LINE_RELAYS_MAX);
    struct heng_relay_config *relays = realloc(ret->relays, (*count + n) * sizeof *relays);
    if (!relays) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for relays");
    memcpy(&relays[*count], page, n * sizeof *relays);
    ret->relays = relays;
    line->relay_count = n;
    *count += n;
    return HENG_OK;
}

static heng_rc load_relays(struct heng_store_reader *reader, struct heng_site_lines *ret, struct heng_err *err)
{
    size_t count = 0, at = 0;
    heng_rc rc = HENG_OK;
    struct heng_relay_config *page = calloc(LINE_RELAYS_MAX, sizeof *page);
    if (!page) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for relays");
    for (size_t i = 0; rc == HENG_OK && i < ret->line_count; i++)
        rc = append_relays(reader, &ret->lines[i], page, &count, ret, err);
    for (size_t i = 0; rc == HENG_OK && i < ret->line_count; i++) {
        if (ret->lines[i].relay_count) ret->lines[i].relays = &ret->relays[at];
        at += ret->lines[i].relay_count;
    }
    free(page);
    return rc;
}

heng_rc heng_site_load_gateway_lines(struct heng_store_reader *reader, int64_t gateway_id,
                                     const struct heng_profiles *profiles, struct heng_site_lines *ret,
                                     struct heng_err *err)
{
    size_t meters = 0;
    *ret = (struct heng_site_lines){0};
    heng_rc rc = load_lines(reader, gateway_id, ret, &meters, err);
    if (rc == HENG_OK) rc = load_meters(reader, meters, ret, err);
    if (rc == HENG_OK) rc = load_schedules(reader, ret, err);
    if (rc == HENG_OK) rc = load_relays(reader, ret, err);
    for (size_t i = 0; profiles && i < ret->meter_count; i++)
        ret->meters[i].profile = heng_profiles_find(profiles, ret->meters[i].profile_name);
    for (size_t i = 0; i < ret->line_count; i++) ret->lines[i].profiles = profiles;
    if (rc != HENG_OK) heng_site_lines_fini(ret);
    return rc;
}

heng_rc heng_site_load_lines(struct heng_store_reader *reader, const struct heng_profiles *profiles,
                             struct heng_site_lines *ret, struct heng_err *err)
{
    *ret = (struct heng_site_lines){0};
    heng_rc rc = heng_store_reader_begin(reader, err);
    if (rc != HENG_OK) return rc;
    rc = heng_site_load_gateway_lines(reader, 0, profiles, ret, err);
    heng_store_reader_end(reader);
    return rc;
}
