/* Answers of the local port as JSON: the same on the socket, on the console and towards the tier above. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gateway/local_inside.h"

enum { LOG_BYTES = 64 * 1024 };

/* --- the newest lines of the log -------------------------------------------------------------------------------- */

/* Of the program, as the log itself is. */
static struct {
    char bytes[LOG_BYTES];
    size_t at, n; /* at: where the next byte goes */
} newest;

static void keep_line(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        newest.bytes[newest.at] = line[i];
        newest.at = (newest.at + 1) % LOG_BYTES;
        if (newest.n < LOG_BYTES) newest.n++;
    }
}

void heng_local_keep_log(void) { heng_log_tap(keep_line); }

static void put_log_line(struct heng_str *out, const char *text, size_t n)
{
    struct heng_json j = heng_json_of(out);
    heng_json_object(&j);
    heng_json_key(&j, "log");
    heng_json_text_n(&j, text, n);
    heng_json_end_object(&j);
    heng_str_put(out, "\n", 1);
}

void heng_local_log(struct heng_str *out)
{
    char line[1024];
    size_t n = 0;
    bool whole = newest.n < LOG_BYTES; /* the oldest one has lost its beginning */
    for (size_t i = 0; i < newest.n; i++) {
        char c = newest.bytes[(newest.at + LOG_BYTES - newest.n + i) % LOG_BYTES];
        if (c != '\n' && n < sizeof line) line[n++] = c;
        if (c != '\n') continue;
        if (whole) put_log_line(out, line, n);
        whole = true;
        n = 0;
    }
}

/* --- status ----------------------------------------------------------------------------------------------------- */

static void put_text(struct heng_json *j, const char *key, const char *text)
{
    heng_json_key(j, key);
    heng_json_text(j, text && text[0] ? text : NULL);
}

static void put_int(struct heng_json *j, const char *key, int64_t value)
{
    heng_json_key(j, key);
    heng_json_int(j, value);
}

static void put_bool(struct heng_json *j, const char *key, bool value)
{
    heng_json_key(j, key);
    heng_json_bool(j, value);
}

/* 0: null. */
static void put_time(struct heng_json *j, const char *key, heng_us at_us)
{
    heng_json_key(j, key);
    if (at_us)
        heng_json_time(j, at_us);
    else
        heng_json_null(j);
}

static void begin(struct heng_json *j, const char *kind)
{
    heng_json_object(j);
    heng_json_key(j, kind);
    heng_json_object(j);
}

static void end(struct heng_json *j)
{
    heng_json_end_object(j);
    heng_json_end_object(j);
    heng_str_put(j->out, "\n", 1);
}

static void tell_gateway(const struct heng_local_config *config, const struct heng_core_status *status,
                         struct heng_str *out)
{
    struct heng_json j = heng_json_of(out);
    heng_us now = heng_clock_mono(), contact = status->uplink.last_contact_us;
    bool doubtful;
    heng_us wall = heng_core_wall(config->core, now, heng_clock_wall(), &doubtful);
    begin(&j, "status");
    put_text(&j, "name", config->facts->name);
    put_text(&j, "software", "heng-gateway " HENG_VERSION);
    put_text(&j, "firmware", config->facts->firmware);
    put_time(&j, "now", wall);
    put_bool(&j, "clock_doubtful", doubtful);
    put_int(&j, "clock_offset_ms", status->clock_offset_us / HENG_US_PER_MS);
    put_int(&j, "clock_error_ms", status->clock_error_us / HENG_US_PER_MS);
    put_bool(&j, "enrolled", config->facts->enrolled);
    put_text(&j, "code", config->facts->code);
    put_time(&j, "certificate_ends", config->facts->expires_us);
    put_text(&j, "server", config->facts->server);
    put_bool(&j, "connected", status->uplink.connected && status->uplink.welcomed);
    put_text(&j, "uplink", status->uplink.text);
    put_time(&j, "last_contact", contact ? wall - (now - contact) : 0);
    put_int(&j, "queued", status->last > status->acked ? (int64_t)(status->last - status->acked) : 0);
    put_int(&j, "entries", (int64_t)status->entries);
    put_int(&j, "journal_bytes", status->journal_bytes);
    put_bool(&j, "disk_full", status->full);
    put_int(&j, "config_version", (int64_t)status->config_version);
    put_int(&j, "lines", (int64_t)heng_lines_count(config->lines));
    put_int(&j, "gateways", (int64_t)status->child_count);
    end(&j);
}

static void tell_line(const struct heng_line_view *line, struct heng_str *out)
{
    struct heng_json j = heng_json_of(out);
    begin(&j, "line");
    put_int(&j, "id", line->config->id);
    put_text(&j, "name", line->config->name);
    put_text(&j, "state", line->runs ? heng_line_state_text(line->state) : "cannot run");
    put_text(&j, "detail", line->detail);
    put_time(&j, "last_answer", line->answer_us);
    put_int(&j, "meters", (int64_t)line->meter_count);
    put_int(&j, "quarantined", line->vitals.quarantined);
    put_int(&j, "queued", line->vitals.queued);
    put_int(&j, "health", line->vitals.health);
    put_text(&j, "hint", line->vitals.hint);
    put_bool(&j, "silent", line->silent);
    put_bool(&j, "searching", line->searching);
    put_bool(&j, "tunnel", line->tunnelled);
    end(&j);
}

static void tell_child(const struct heng_uplink_child *child, struct heng_str *out)
{
    struct heng_json j = heng_json_of(out);
    begin(&j, "gateway");
    put_int(&j, "id", child->gateway_id);
    put_int(&j, "via", child->via_id);
    put_bool(&j, "connected", child->connected);
    put_time(&j, "last_contact", child->last_contact_us);
    put_int(&j, "queued", (int64_t)child->queued);
    put_int(&j, "clock_error_ms", child->clock_error_us / HENG_US_PER_MS);
    put_int(&j, "config_version", (int64_t)child->config_version);
    put_text(&j, "software", child->software);
    put_text(&j, "firmware", child->firmware);
    end(&j);
}

void heng_local_status(const struct heng_local_config *config, struct heng_str *out)
{
    static struct heng_core_status status;
    heng_core_status_now(config->core, heng_clock_mono(), &status);
    tell_gateway(config, &status, out);
    for (size_t i = 0; i < status.child_count; i++) tell_child(&status.children[i], out);
    for (size_t i = 0; i < heng_lines_count(config->lines); i++) {
        struct heng_line_view line;
        heng_lines_view(config->lines, i, &line);
        tell_line(&line, out);
    }
}

/* --- reads and searches ----------------------------------------------------------------------------------------- */

static void put_value(struct heng_json *j, const struct heng_value *value)
{
    heng_json_object(j);
    put_text(j, "quantity", heng_quantity_text(value->key.quantity));
    put_text(j, "unit", heng_unit_text(value->key.unit));
    put_text(j, "function", heng_function_text(value->key.function));
    put_int(j, "storage", value->key.storage);
    put_int(j, "tariff", value->key.tariff);
    put_int(j, "subunit", value->key.subunit);
    put_text(j, "qualifier", value->key.qualifier);
    heng_json_key(j, "value");
    if (value->has_value)
        heng_json_dec(j, value->dec);
    else
        heng_json_null(j);
    put_text(j, "reason", value->has_value ? "" : value->reason);
    heng_json_end_object(j);
}

/* One line of JSON without its end; local_put writes that. */
static void end_open(struct heng_json *j)
{
    heng_json_end_object(j);
    heng_json_end_object(j);
}

void local_tell_reading(struct heng_str *out, const struct heng_line_view *line, const struct heng_meter_config *meter,
                        const struct heng_read *read)
{
    struct heng_json j = heng_json_of(out);
    begin(&j, "reading");
    put_text(&j, "line", line->config->name);
    put_int(&j, "device", meter->device_id);
    put_text(&j, "number", meter->number);
    put_text(&j, "address", meter->address);
    put_text(&j, "medium", heng_medium_text(meter->medium));
    put_text(&j, "outcome", heng_outcome_text(read->outcome));
    put_text(&j, "why", read->why);
    put_int(&j, "tries", read->tries);
    put_time(&j, "at", read->at_us);
    heng_json_key(&j, "values");
    heng_json_array(&j);
    for (unsigned i = 0; i < read->value_count && i < HENG_READ_VALUES_MAX; i++) put_value(&j, &read->values[i]);
    heng_json_end_array(&j);
    end_open(&j);
}

void local_tell_found(struct heng_str *out, const struct heng_search_found *found)
{
    struct heng_json j = heng_json_of(out);
    begin(&j, "found");
    put_text(&j, "protocol", heng_protocol_text(found->protocol));
    put_text(&j, "address", found->address);
    put_text(&j, "number", found->number);
    put_text(&j, "manufacturer", found->manufacturer);
    put_text(&j, "medium", heng_medium_text(found->medium));
    put_int(&j, "primary", found->primary);
    put_bool(&j, "known", found->known);
    put_bool(&j, "twin", found->twin);
    end_open(&j);
}

void local_tell_progress(struct heng_str *out, const struct heng_search_progress *progress, bool running)
{
    struct heng_json j = heng_json_of(out);
    begin(&j, "progress");
    put_bool(&j, "running", running);
    put_int(&j, "permille", progress->permille);
    put_int(&j, "found", progress->found);
    put_int(&j, "known", progress->known);
    put_int(&j, "missing", progress->missing);
    put_int(&j, "collisions", progress->collisions);
    put_int(&j, "requests", progress->requests);
    end_open(&j);
}
