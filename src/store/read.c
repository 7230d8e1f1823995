#include "store/read.h"

#include <stdio.h>

#include "store/db_rows.h"
#include "store/pack.h"

heng_rc heng_store_get_setting(struct heng_store_reader *reader, const char *name, char *ret_text, size_t cap,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_SETTING_GET);
    heng_query_text(&q, name);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) heng_query_get_text(&q, ret_text, cap);
    heng_query_end(&q);
    return rc;
}

heng_rc heng_store_totals(struct heng_store_reader *reader, struct heng_totals *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_TOTALS);
    heng_rc rc = heng_query_step(&q, err);
    int64_t *const fields[] = {&ret->meters, &ret->meters_ok,     &ret->meters_missing, &ret->meters_never,
                               &ret->lines,  &ret->lines_trouble, &ret->readings,       &ret->conflicts};
    for (size_t i = 0; rc == HENG_OK && i < sizeof fields / sizeof *fields; i++) *fields[i] = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

static void fill_place(struct heng_query *q, struct heng_place *ret)
{
    ret->id = heng_query_get_int(q);
    ret->parent_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->key, sizeof ret->key);
    heng_query_get_text(q, ret->kind, sizeof ret->kind);
    heng_query_get_text(q, ret->name, sizeof ret->name);
    heng_query_get_text(q, ret->path, sizeof ret->path);
    ret->area_cm2 = heng_query_get_int(q);
}

heng_rc heng_store_find_place(struct heng_store_reader *reader, const char *key, struct heng_place *ret,
                              struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PLACE_FIND);
    heng_query_text(&q, key);
    HENG_QUERY_ONE(fill_place, ret);
}

heng_rc heng_store_get_place(struct heng_store_reader *reader, int64_t place_id, struct heng_place *ret,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PLACE_GET);
    heng_query_int(&q, place_id);
    HENG_QUERY_ONE(fill_place, ret);
}

heng_rc heng_store_list_places(struct heng_store_reader *reader, int64_t after_id, struct heng_place *ret, size_t cap,
                               size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PLACE_LIST);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_place, ret, cap, ret_n);
}

static void fill_place_member(struct heng_query *q, struct heng_place_member *ret)
{
    ret->device_id = heng_query_get_int(q);
    ret->line_id = heng_query_get_int(q);
}

heng_rc heng_store_list_place_members(struct heng_store_reader *reader, int64_t place_id, struct heng_place_member *ret,
                                      size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_PLACE_MEMBERS);
    heng_query_int(&q, place_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_place_member, ret, cap, ret_n);
}

heng_rc heng_store_find_line(struct heng_store_reader *reader, const char *key, int64_t *ret_id, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_LINE_FIND);
    heng_query_text(&q, key);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_id = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

static void fill_line(struct heng_query *q, struct heng_line_row *ret)
{
    struct heng_line_config *config = &ret->config;
    struct heng_line_status *status = &ret->status;
    *config = (struct heng_line_config){0}; /* what the store does not know is nothing */
    config->id = status->line_id = heng_query_get_int(q);
    heng_query_get_text(q, config->name, sizeof config->name);
    config->transport = heng_transport_of(heng_query_peek_text(q));
    heng_query_get_text(q, config->endpoint, sizeof config->endpoint);
    heng_query_get_text(q, config->heartbeat, sizeof config->heartbeat);
    config->heartbeat_s = (uint32_t)heng_query_get_int(q);
    config->baud = (uint32_t)heng_query_get_int(q);
    config->parity = heng_query_peek_text(q)[0];
    config->latency_ms = (uint32_t)heng_query_get_int(q);
    config->period_s = (uint32_t)heng_query_get_int(q);
    config->rts = heng_rts_of(heng_query_peek_text(q));
    config->overload = heng_signal_of(heng_query_peek_text(q));
    config->infrared = heng_query_get_int(q) != 0;
    config->wake_byte = (uint8_t)heng_query_get_int(q);
    config->wake_ms = (uint32_t)heng_query_get_int(q);
    config->wake_rest_ms = (uint32_t)heng_query_get_int(q);
    config->wake_after_s = (uint32_t)heng_query_get_int(q);
    config->quarantine_after = (uint8_t)heng_query_get_int(q);
    config->single_reads = heng_query_get_int(q) != 0;
    ret->meters = heng_query_get_int(q);
    ret->meters_ok = heng_query_get_int(q);
    status->state = heng_line_state_of(heng_query_peek_text(q));
    status->since_us = heng_query_get_int(q);
    heng_query_get_text(q, status->detail, sizeof status->detail);
    status->last_answer_us = heng_query_get_int(q);
#define X(field) status->counters.field = (uint64_t)heng_query_get_int(q);
    HENG_LINE_COUNTER_LIST(X)
#undef X
    struct heng_line_vitals_status *vitals = &status->vitals;
    vitals->health = (uint32_t)heng_query_get_int(q);
    vitals->queued = (uint32_t)heng_query_get_int(q);
    vitals->quarantined = (uint32_t)heng_query_get_int(q);
    vitals->cycle_us = heng_query_get_int(q);
    vitals->dead_us = heng_query_get_int(q);
    heng_query_get_text(q, vitals->hint_kind, sizeof vitals->hint_kind);
    vitals->hint_from = (uint32_t)heng_query_get_int(q);
    vitals->hint_to = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, vitals->hint, sizeof vitals->hint);
    heng_query_get_text(q, vitals->hint_meter, sizeof vitals->hint_meter);
    ret->gateway_id = heng_query_get_int(q);
}

static void begin_lines(struct heng_query *q, struct heng_store_reader *reader, int64_t from_id, int64_t to_id,
                        size_t cap)
{
    heng_query_begin(q, &reader->db, HENG_SQL_LINE_LIST);
    heng_query_int(q, from_id);
    heng_query_int(q, to_id);
    heng_query_int(q, (int64_t)cap);
}

heng_rc heng_store_get_line(struct heng_store_reader *reader, int64_t line_id, struct heng_line_row *ret,
                            struct heng_err *err)
{
    struct heng_query q;
    begin_lines(&q, reader, line_id, line_id, 1);
    HENG_QUERY_ONE(fill_line, ret);
}

heng_rc heng_store_list_lines(struct heng_store_reader *reader, int64_t after_id, struct heng_line_row *ret, size_t cap,
                              size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    begin_lines(&q, reader, after_id + 1, INT64_MAX, cap);
    HENG_QUERY_ALL(fill_line, ret, cap, ret_n);
}

heng_rc heng_store_list_gateway_lines(struct heng_store_reader *reader, int64_t gateway_id, int64_t after_id,
                                      struct heng_line_row *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_LINE_LIST_GATEWAY);
    heng_query_int(&q, gateway_id);
    heng_query_int(&q, after_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_line, ret, cap, ret_n);
}

heng_rc heng_store_line_gateway(struct heng_store_reader *reader, int64_t line_id, int64_t *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_LINE_GATEWAY);
    heng_query_int(&q, line_id);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret = heng_query_get_int(&q);
    heng_query_end(&q);
    return rc;
}

static void fill_event(struct heng_query *q, struct heng_line_event *ret)
{
    ret->at_us = heng_query_get_int(q);
    ret->state = heng_line_state_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->detail, sizeof ret->detail);
}

heng_rc heng_store_list_line_events(struct heng_store_reader *reader, int64_t line_id, struct heng_line_event *ret,
                                    size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_LINE_EVENT_LIST);
    heng_query_int(&q, line_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_event, ret, cap, ret_n);
}

static void fill_learned(struct heng_query *q, struct heng_learned *ret)
{
    ret->answer_us = (uint32_t)heng_query_get_int(q);
    ret->spread_us = (uint32_t)heng_query_get_int(q);
    ret->answers = (uint32_t)heng_query_get_int(q);
    ret->misses = (uint32_t)heng_query_get_int(q);
    ret->due_done_us = heng_query_get_int(q);
    ret->ser = (uint8_t)heng_query_get_int(q);
}

static void fill_member(struct heng_query *q, struct heng_meter_config *ret)
{
    ret->device_id = heng_query_get_int(q);
    ret->line_id = heng_query_get_int(q);
    ret->protocol = heng_protocol_of(heng_query_peek_text(q));
    ret->medium = heng_medium_of(heng_query_peek_text(q));
    heng_query_get_text(q, ret->address, sizeof ret->address);
    heng_query_get_text(q, ret->number, sizeof ret->number);
    heng_query_get_text(q, ret->profile_name, sizeof ret->profile_name);
    ret->profile = NULL; /* the store knows no profiles */
    ret->schedule_id = heng_query_get_int(q);
    ret->relay_id = heng_query_get_int(q);
    ret->position = (uint32_t)heng_query_get_int(q);
    fill_learned(q, &ret->learned);
}

/* Behind that device of that line, and up to the last line. */
static heng_rc list_members(struct heng_store_reader *reader, int64_t after_line, int64_t after_device,
                            int64_t last_line, struct heng_meter_config *ret, size_t cap, size_t *ret_n,
                            struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_MEMBER_LIST);
    heng_query_int(&q, after_line);
    heng_query_int(&q, after_device);
    heng_query_int(&q, (int64_t)cap);
    heng_query_int(&q, last_line);
    HENG_QUERY_ALL(fill_member, ret, cap, ret_n);
}

heng_rc heng_store_list_members(struct heng_store_reader *reader, int64_t after_line, int64_t after_device,
                                struct heng_meter_config *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    return list_members(reader, after_line, after_device, INT64_MAX, ret, cap, ret_n, err);
}

heng_rc heng_store_list_line_members(struct heng_store_reader *reader, int64_t line_id, int64_t after_device,
                                     struct heng_meter_config *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    return list_members(reader, line_id, after_device, line_id, ret, cap, ret_n, err);
}

static void fill_meter(struct heng_query *q, struct heng_meter_row *ret)
{
    struct heng_device *device = &ret->device;
    struct heng_device_state *state = &ret->state;
    device->id = state->device_id = heng_query_get_int(q);
    heng_query_get_text(q, device->number, sizeof device->number);
    heng_query_get_text(q, device->manufacturer, sizeof device->manufacturer);
    device->medium = heng_medium_of(heng_query_peek_text(q));
    device->protocol = heng_protocol_of(heng_query_peek_text(q));
    heng_query_get_text(q, device->profile, sizeof device->profile);
    heng_query_get_text(q, ret->address, sizeof ret->address);
    heng_query_get_text(q, ret->place, sizeof ret->place);
    ret->line_id = heng_query_get_int(q);
    heng_query_get_text(q, ret->line_name, sizeof ret->line_name);
    state->state = heng_meter_state_of(heng_query_peek_text(q));
    state->last_try_us = heng_query_get_int(q);
    const char *outcome = heng_query_peek_text(q);
    state->last_outcome = HENG_OUTCOME_OK;
    while (state->last_outcome < HENG_OUTCOME_COUNT && strcmp(heng_outcome_text(state->last_outcome), outcome) != 0)
        state->last_outcome++;
    state->last_read_us = heng_query_get_int(q);
    state->last_source = (heng_source)heng_query_get_int(q);
    state->misses = heng_query_get_int(q);
    state->reads = heng_query_get_int(q);
    fill_learned(q, &state->learned);
    state->quarantined = heng_query_get_int(q) != 0;
    ret->position = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->relay, sizeof ret->relay);
    heng_query_get_text(q, ret->schedule, sizeof ret->schedule);
}

heng_rc heng_store_get_meter(struct heng_store_reader *reader, int64_t device_id, struct heng_meter_row *ret,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_GET);
    heng_query_int(&q, device_id);
    HENG_QUERY_ONE(fill_meter, ret);
}

/* "%text%" in lower case, with the wildcards of LIKE inside of text escaped; "" for an empty text. */
static void search_pattern(const char *text, char *ret, size_t cap)
{
    size_t n = 0;
    if (!text[0]) {
        ret[0] = '\0';
        return;
    }
    ret[n++] = '%';
    for (; *text && n + 4 < cap; text++) {
        if (*text == '%' || *text == '_' || *text == '\\') ret[n++] = '\\';
        ret[n++] = (char)(*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text);
    }
    ret[n++] = '%';
    ret[n] = '\0';
}

static void bind_filter(struct heng_query *q, const struct heng_meter_filter *filter, const char *pattern)
{
    heng_query_text(q, pattern);
    heng_query_int(q, filter->line_id);
    heng_query_text(q, filter->medium < HENG_MEDIUM_COUNT ? heng_medium_text(filter->medium) : "");
    heng_query_text(q, filter->state < HENG_METER_STATE_COUNT ? heng_meter_state_text(filter->state) : "");
    heng_query_int(q, filter->place_id);
}

heng_rc heng_store_list_meters(struct heng_store_reader *reader, const struct heng_meter_filter *filter, int64_t offset,
                               struct heng_meter_row *ret, size_t cap, size_t *ret_n, int64_t *ret_total,
                               struct heng_err *err)
{
    char pattern[600];
    struct heng_query q;
    search_pattern(filter->search, pattern, sizeof pattern);
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_COUNT);
    bind_filter(&q, filter, pattern);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) *ret_total = heng_query_get_int(&q);
    heng_query_end(&q);
    if (rc != HENG_OK) return rc;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_PAGE);
    bind_filter(&q, filter, pattern);
    heng_query_int(&q, (int64_t)cap);
    heng_query_int(&q, offset);
    HENG_QUERY_ALL(fill_meter, ret, cap, ret_n);
}

heng_rc heng_store_list_newest(struct heng_store_reader *reader, struct heng_meter_row *ret, size_t cap, size_t *ret_n,
                               struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_METER_NEWEST);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_meter, ret, cap, ret_n);
}

void heng_register_of_row(struct heng_query *q, struct heng_register *ret)
{
    ret->id = heng_query_get_int(q);
    ret->device_id = heng_query_get_int(q);
    ret->key.quantity = heng_quantity_of(heng_query_peek_text(q));
    ret->key.unit = heng_unit_of(heng_query_peek_text(q));
    ret->key.function = heng_function_of(heng_query_peek_text(q));
    ret->key.storage = (uint32_t)heng_query_get_int(q);
    ret->key.tariff = (uint32_t)heng_query_get_int(q);
    ret->key.subunit = (uint32_t)heng_query_get_int(q);
    heng_query_get_text(q, ret->key.qualifier, sizeof ret->key.qualifier);
}

heng_rc heng_store_list_registers(struct heng_store_reader *reader, int64_t device_id, struct heng_register *ret,
                                  size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_REGISTER_LIST);
    heng_query_int(&q, device_id);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(heng_register_of_row, ret, cap, ret_n);
}

heng_rc heng_store_get_reading(struct heng_store_reader *reader, int64_t device_id, heng_us at_us, heng_source source,
                               struct heng_reading *ret, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_READING_GET);
    heng_query_int(&q, device_id);
    heng_query_int(&q, at_us);
    heng_query_int(&q, source);
    heng_rc rc = heng_query_step(&q, err);
    if (rc == HENG_OK) {
        ret->device_id = heng_query_get_int(&q);
        ret->at_us = heng_query_get_int(&q);
        ret->source = (heng_source)heng_query_get_int(&q);
        ret->quality = (heng_quality)heng_query_get_int(&q);
        ret->first_frame = heng_query_get_int(&q);
        ret->frame_count = (uint16_t)heng_query_get_int(&q);
        rc = heng_reading_unpack(heng_query_get_blob(&q), ret, err);
        ret->due_us = heng_query_get_int(&q);
        ret->partial = heng_query_get_int(&q) != 0;
    }
    heng_query_end(&q);
    return rc;
}

enum { SCAN_PAGE = 512 };

/* The walk keeps the prepared statement of its reader at work, so the query itself need not live in the scan. */
static struct heng_query scan_query(struct heng_store_reader *reader)
{
    return (struct heng_query){
        .db = &reader->db, .sql = HENG_SQL_READING_SCAN, .statement = reader->db.statements[HENG_SQL_READING_SCAN]};
}

/* Ask for the page behind a reading, and step to the first one of it. */
static heng_rc scan_page(struct heng_reading_scan *scan, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &scan->reader->db, HENG_SQL_READING_SCAN);
    heng_query_int(&q, scan->device_id);
    heng_query_int(&q, scan->at_us);
    heng_query_int(&q, scan->to_us);
    heng_query_int(&q, scan->after_source);
    heng_query_int(&q, SCAN_PAGE);
    scan->in_page = 0;
    heng_rc rc = heng_query_step(&q, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) heng_query_end(&q);
    return rc;
}

heng_rc heng_reading_scan_begin(struct heng_reading_scan *scan, struct heng_store_reader *reader, int64_t device_id,
                                heng_us from_us, heng_us to_us, struct heng_err *err)
{
    *scan = (struct heng_reading_scan){.reader = reader,
                                       .device_id = device_id,
                                       .at_us = from_us,
                                       .to_us = to_us,
                                       .after_source = -1,
                                       .in_page = SCAN_PAGE};
    return reader->db.broken && !reader->db.postgres
               ? heng_fail(err, HENG_EIO, 0, "database '%s': the disk failed before: restart", reader->db.path)
               : HENG_OK;
}

heng_rc heng_reading_scan_next(struct heng_reading_scan *scan, struct heng_err *err)
{
    struct heng_query q = scan_query(scan->reader);
    heng_rc rc;
    if (scan->in_page == SCAN_PAGE) {
        heng_query_end(&q);
        rc = scan_page(scan, err);
        q = scan_query(scan->reader); /* it may have been prepared just now */
    } else {
        rc = heng_query_step(&q, err);
    }
    if (rc != HENG_OK) return rc;
    scan->in_page++;
    q.column = 1;
    scan->at_us = heng_query_get_int(&q);
    scan->after_source = heng_query_get_int(&q);
    scan->source = (heng_source)scan->after_source;
    scan->quality = (heng_quality)heng_query_get_int(&q);
    scan->first_frame = heng_query_get_int(&q);
    scan->frame_count = (uint16_t)heng_query_get_int(&q);
    scan->packed = heng_query_get_blob(&q);
    scan->due_us = heng_query_get_int(&q);
    scan->partial = heng_query_get_int(&q) != 0;
    return HENG_OK;
}

void heng_reading_scan_end(struct heng_reading_scan *scan)
{
    struct heng_query q = scan_query(scan->reader);
    heng_query_end(&q);
}

static void fill_frame(struct heng_query *q, struct heng_frame *ret)
{
    ret->id = heng_query_get_int(q);
    ret->device_id = heng_query_get_int(q);
    ret->at_us = heng_query_get_int(q);
    ret->protocol = heng_protocol_of(heng_query_peek_text(q));
    struct heng_slice bytes = heng_query_get_blob(q);
    if (bytes.n > sizeof ret->bytes) bytes.n = sizeof ret->bytes; /* cannot be longer than what is stored */
    if (bytes.n) memcpy(ret->bytes, bytes.p, bytes.n);
    ret->n = (uint16_t)bytes.n;
}

heng_rc heng_store_get_frame(struct heng_store_reader *reader, int64_t frame_id, struct heng_frame *ret,
                             struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_FRAME_GET);
    heng_query_int(&q, frame_id);
    HENG_QUERY_ONE(fill_frame, ret);
}

heng_rc heng_store_list_frames(struct heng_store_reader *reader, int64_t device_id, int64_t before_id,
                               struct heng_frame *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct heng_query q;
    heng_query_begin(&q, &reader->db, HENG_SQL_FRAME_LIST);
    heng_query_int(&q, device_id);
    heng_query_int(&q, before_id > 0 ? before_id : INT64_MAX);
    heng_query_int(&q, (int64_t)cap);
    HENG_QUERY_ALL(fill_frame, ret, cap, ret_n);
}
