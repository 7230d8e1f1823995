#include "flow/views.h"

#include <stdlib.h>

#include "codec/present.h"
#include "flow/conditions.h"

enum { NEWEST_MAX = 20, TROUBLE_MAX = 100, FRAME_JSON_MAX = 262144 };

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

/* begin a moment of the database, ask, end it */
#define IN_ONE_MOMENT(call)                                                                                            \
    do {                                                                                                               \
        heng_rc rc_ = heng_store_reader_begin(reader, err);                                                            \
        if (rc_ != HENG_OK) return rc_;                                                                                \
        rc_ = (call);                                                                                                  \
        heng_store_reader_end(reader);                                                                                 \
        return rc_;                                                                                                    \
    } while (0)

bool heng_is_main_register(heng_medium medium, const struct heng_register_key *key)
{
    if (key->function != HENG_FUNCTION_INSTANTANEOUS || key->storage || key->tariff || key->subunit) return false;
    /* An electricity meter counts both directions; what is drawn is billed. */
    bool drawn = medium == HENG_MEDIUM_ELECTRICITY && strcmp(key->qualifier, "forward") == 0;
    if (key->qualifier[0] && !drawn) return false;
    bool energy = key->quantity == HENG_QUANTITY_ENERGY;
    switch ((unsigned)medium) { /* most media have no register that is billed */
    case HENG_MEDIUM_ELECTRICITY:
    case HENG_MEDIUM_STEAM: return energy;
    case HENG_MEDIUM_HEAT:
    case HENG_MEDIUM_HEAT_INLET:
    case HENG_MEDIUM_HEAT_COOLING: return energy || key->quantity == HENG_QUANTITY_ENERGY_HEAT;
    case HENG_MEDIUM_COOLING:
    case HENG_MEDIUM_COOLING_INLET:
    case HENG_MEDIUM_COOLING_OUTLET: return energy || key->quantity == HENG_QUANTITY_ENERGY_COOLING;
    case HENG_MEDIUM_HEAT_COST_ALLOCATOR: return key->quantity == HENG_QUANTITY_HCA_UNITS;
    case HENG_MEDIUM_OIL:
    case HENG_MEDIUM_GAS:
    case HENG_MEDIUM_WATER:
    case HENG_MEDIUM_WARM_WATER:
    case HENG_MEDIUM_HOT_WATER:
    case HENG_MEDIUM_COLD_WATER:
    case HENG_MEDIUM_DUAL_WATER:
    case HENG_MEDIUM_DRINKING_WATER:
    case HENG_MEDIUM_RECLAIMED_WATER:
    case HENG_MEDIUM_IRRIGATION_WATER:
    case HENG_MEDIUM_WASTE_WATER:
    case HENG_MEDIUM_COMPRESSED_AIR: return key->quantity == HENG_QUANTITY_VOLUME;
    }
    return false;
}

static struct heng_value_view value_view(const struct heng_reading *reading, const struct heng_reading_value *value,
                                         const struct heng_register_key *key)
{
    struct heng_value_view view = {.register_id = value->register_id,
                                   .key = *key,
                                   .has_value = value->has_value,
                                   .dec = value->dec,
                                   .at_us = reading->at_us,
                                   .frame_id = reading->frame_count ? reading->first_frame + value->frame : 0};
    memcpy(view.reason, value->reason, sizeof view.reason);
    return view;
}

/* Room for one reading and the registers of one meter, taken once per view. */
struct scratch {
    struct heng_reading reading;
    struct heng_register registers[HENG_REGISTERS_MAX];
    size_t n;
};

static const struct heng_register_key *key_of(const struct scratch *s, int64_t register_id)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->registers[i].id == register_id) return &s->registers[i].key;
    return NULL;
}

/* The newest reading of a meter and its registers into the scratch. Errors: ENOTFOUND without a reading. */
static heng_rc load_newest(struct heng_store_reader *reader, const struct heng_device_state *state, struct scratch *s,
                           struct heng_err *err)
{
    if (!state->last_read_us) return HENG_ENOTFOUND;
    heng_rc rc =
        heng_store_get_reading(reader, state->device_id, state->last_read_us, state->last_source, &s->reading, err);
    if (rc != HENG_OK) return rc;
    return heng_store_list_registers(reader, state->device_id, s->registers, HENG_REGISTERS_MAX, &s->n, err);
}

static bool find_main(const struct scratch *s, heng_medium medium, struct heng_value_view *ret)
{
    for (size_t i = 0; i < s->reading.value_count; i++) {
        const struct heng_register_key *key = key_of(s, s->reading.values[i].register_id);
        if (!key || !heng_is_main_register(medium, key)) continue;
        *ret = value_view(&s->reading, &s->reading.values[i], key);
        return true;
    }
    return false;
}

static heng_rc get_main(struct heng_store_reader *reader, const struct heng_meter_row *row, struct scratch *s,
                        bool *ret_has, struct heng_value_view *ret, struct heng_err *err)
{
    *ret_has = false;
    heng_rc rc = load_newest(reader, &row->state, s, err);
    if (rc == HENG_OK) *ret_has = find_main(s, row->device.medium, ret);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc get_setting(struct heng_store_reader *reader, const char *name, char *ret, size_t cap,
                           struct heng_err *err)
{
    ret[0] = '\0';
    heng_rc rc = heng_store_get_setting(reader, name, ret, cap, err);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

static heng_rc get_health(struct heng_store_reader *reader, struct heng_site_health *ret, struct heng_err *err)
{
    heng_rc rc = get_setting(reader, "site", ret->site, sizeof ret->site, err);
    return rc == HENG_OK ? get_setting(reader, "time_zone", ret->time_zone, sizeof ret->time_zone, err) : rc;
}

heng_rc heng_view_health(struct heng_store_reader *reader, struct heng_site_health *ret, struct heng_err *err)
{
    IN_ONE_MOMENT(get_health(reader, ret, err));
}

static heng_rc get_lines(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_lines_view *ret,
                         struct heng_err *err)
{
    struct heng_totals totals;
    heng_rc rc = heng_store_totals(reader, &totals, err);
    if (rc != HENG_OK) return rc;
    ret->items = heng_arena_take(arena, (size_t)totals.lines, sizeof *ret->items);
    if (!ret->items) return no_memory(err);
    return heng_store_list_lines(reader, 0, ret->items, (size_t)totals.lines, &ret->n, err);
}

heng_rc heng_view_lines(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_lines_view *ret,
                        struct heng_err *err)
{
    IN_ONE_MOMENT(get_lines(reader, arena, ret, err));
}

static int rank_of(heng_line_state state)
{
    switch (state) {
    case HENG_LINE_STATE_DOWN: return 0;
    case HENG_LINE_STATE_OVERLOAD: return 1;
    case HENG_LINE_STATE_NO_LOAD: return 2;
    case HENG_LINE_STATE_IDLE:
    case HENG_LINE_STATE_READING:
    case HENG_LINE_STATE_COUNT: return 3;
    }
    return 3;
}

/* The worst states first, then missing meters; among equals the line that misses most. */
static int by_trouble(const void *left, const void *right)
{
    const struct heng_line_row *a = left, *b = right;
    int rank_a = rank_of(a->status.state), rank_b = rank_of(b->status.state);
    if (rank_a != rank_b) return rank_a - rank_b;
    int64_t missing_a = a->meters - a->meters_ok, missing_b = b->meters - b->meters_ok;
    if (missing_a != missing_b) return missing_a > missing_b ? -1 : 1;
    return a->config.id < b->config.id ? -1 : a->config.id > b->config.id;
}

static heng_rc get_trouble(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_overview *ret,
                           struct heng_err *err)
{
    struct heng_lines_view lines;
    heng_rc rc = get_lines(reader, arena, &lines, err);
    if (rc != HENG_OK) return rc;
    size_t n = 0;
    for (size_t i = 0; i < lines.n; i++) {
        const struct heng_line_row *line = &lines.items[i];
        bool trouble = rank_of(line->status.state) < 3 || line->meters_ok < line->meters;
        if (trouble) lines.items[n++] = *line;
    }
    if (n > 1) qsort(lines.items, n, sizeof *lines.items, by_trouble);
    ret->trouble = lines.items;
    ret->trouble_n = n < TROUBLE_MAX ? n : TROUBLE_MAX;
    return HENG_OK;
}

static heng_rc get_newest(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_overview *ret,
                          struct heng_err *err)
{
    struct heng_meter_row *rows = heng_arena_take(arena, NEWEST_MAX, sizeof *rows);
    struct scratch *s = heng_arena_take(arena, 1, sizeof *s);
    ret->newest = heng_arena_take(arena, NEWEST_MAX, sizeof *ret->newest);
    if (!rows || !s || !ret->newest) return no_memory(err);
    heng_rc rc = heng_store_list_newest(reader, rows, NEWEST_MAX, &ret->newest_n, err);
    for (size_t i = 0; rc == HENG_OK && i < ret->newest_n; i++) {
        struct heng_reading_view *view = &ret->newest[i];
        view->meter_id = rows[i].device.id;
        view->line_id = rows[i].line_id;
        view->medium = rows[i].device.medium;
        memcpy(view->number, rows[i].device.number, sizeof view->number);
        memcpy(view->place, rows[i].place, sizeof view->place);
        view->at_us = rows[i].state.last_read_us;
        rc = get_main(reader, &rows[i], s, &view->has_main, &view->main, err);
        view->frame_id = s->reading.first_frame;
    }
    return rc;
}

static heng_rc get_overview(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_overview *ret,
                            struct heng_err *err)
{
    heng_rc rc = get_setting(reader, "site", ret->site, sizeof ret->site, err);
    if (rc == HENG_OK) rc = heng_store_totals(reader, &ret->totals, err);
    if (rc == HENG_OK) rc = get_trouble(reader, arena, ret, err);
    if (rc == HENG_OK) rc = get_newest(reader, arena, ret, err);
    return rc;
}

heng_rc heng_view_overview(struct heng_store_reader *reader, struct heng_arena *arena, struct heng_overview *ret,
                           struct heng_err *err)
{
    IN_ONE_MOMENT(get_overview(reader, arena, ret, err));
}

static heng_rc get_line_events(struct heng_store_reader *reader, struct heng_arena *arena, int64_t line_id,
                               size_t limit, struct heng_line_events_view *ret, struct heng_err *err)
{
    struct heng_line_row line;
    heng_rc rc = heng_store_get_line(reader, line_id, &line, err);
    if (rc != HENG_OK) return rc;
    ret->items = heng_arena_take(arena, limit, sizeof *ret->items);
    if (!ret->items) return no_memory(err);
    return heng_store_list_line_events(reader, line_id, ret->items, limit, &ret->n, err);
}

heng_rc heng_view_line_events(struct heng_store_reader *reader, struct heng_arena *arena, int64_t line_id, size_t limit,
                              struct heng_line_events_view *ret, struct heng_err *err)
{
    IN_ONE_MOMENT(get_line_events(reader, arena, line_id, limit, ret, err));
}

static heng_rc get_meters(struct heng_store_reader *reader, struct heng_arena *arena,
                          const struct heng_meter_filter *filter, int64_t offset, size_t limit,
                          struct heng_meters_view *ret, struct heng_err *err)
{
    struct heng_meter_row *rows = heng_arena_take(arena, limit, sizeof *rows);
    struct scratch *s = heng_arena_take(arena, 1, sizeof *s);
    ret->items = heng_arena_take(arena, limit, sizeof *ret->items);
    if (!rows || !s || !ret->items) return no_memory(err);
    heng_rc rc = heng_store_list_meters(reader, filter, offset, rows, limit, &ret->n, &ret->total, err);
    for (size_t i = 0; rc == HENG_OK && i < ret->n; i++) {
        ret->items[i].row = rows[i];
        rc = get_main(reader, &rows[i], s, &ret->items[i].has_main, &ret->items[i].main, err);
    }
    return rc;
}

heng_rc heng_view_meters(struct heng_store_reader *reader, struct heng_arena *arena,
                         const struct heng_meter_filter *filter, int64_t offset, size_t limit,
                         struct heng_meters_view *ret, struct heng_err *err)
{
    IN_ONE_MOMENT(get_meters(reader, arena, filter, offset, limit, ret, err));
}

static heng_rc get_meter(struct heng_store_reader *reader, struct heng_arena *arena,
                         const struct heng_profiles *profiles, int64_t meter_id, struct heng_meter_detail *ret,
                         struct heng_err *err)
{
    struct scratch *s = heng_arena_take(arena, 1, sizeof *s);
    if (!s) return no_memory(err);
    heng_rc rc = heng_store_get_meter(reader, meter_id, &ret->meter.row, err);
    if (rc != HENG_OK) return rc;
    ret->n = 0;
    ret->conditions = 0;
    ret->meter.has_main = false;
    rc = load_newest(reader, &ret->meter.row.state, s, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    ret->values = heng_arena_take(arena, s->reading.value_count, sizeof *ret->values);
    if (!ret->values) return no_memory(err);
    for (size_t i = 0; i < s->reading.value_count; i++) {
        const struct heng_register_key *key = key_of(s, s->reading.values[i].register_id);
        if (key) ret->values[ret->n++] = value_view(&s->reading, &s->reading.values[i], key);
    }
    ret->meter.has_main = find_main(s, ret->meter.row.device.medium, &ret->meter.main);
    return heng_conditions_of_reading(reader, &s->reading, profiles, ret->meter.row.device.profile, &ret->conditions,
                                      err);
}

heng_rc heng_view_meter(struct heng_store_reader *reader, struct heng_arena *arena,
                        const struct heng_profiles *profiles, int64_t meter_id, struct heng_meter_detail *ret,
                        struct heng_err *err)
{
    IN_ONE_MOMENT(get_meter(reader, arena, profiles, meter_id, ret, err));
}

static heng_rc get_frames(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                          int64_t before_id, size_t limit, struct heng_frames_view *ret, struct heng_err *err)
{
    struct heng_meter_row meter;
    heng_rc rc = heng_store_get_meter(reader, meter_id, &meter, err);
    if (rc != HENG_OK) return rc;
    ret->items = heng_arena_take(arena, limit, sizeof *ret->items);
    if (!ret->items) return no_memory(err);
    return heng_store_list_frames(reader, meter_id, before_id, ret->items, limit, &ret->n, err);
}

heng_rc heng_view_frames(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                         int64_t before_id, size_t limit, struct heng_frames_view *ret, struct heng_err *err)
{
    IN_ONE_MOMENT(get_frames(reader, arena, meter_id, before_id, limit, ret, err));
}

/* Take what a writer wrote into out over to the arena. */
static const char *keep_json(struct heng_arena *arena, struct heng_str *out)
{
    const char *kept = out->rc == HENG_OK && out->text ? heng_arena_text(arena, out->text) : NULL;
    heng_str_clear(out);
    return kept;
}

/* Who sent the frame, so that it shows the values that were taken from it. */
static const struct heng_profile *profile_of(const struct heng_meter_row *meter, const struct heng_profiles *profiles,
                                             const struct heng_capture *capture)
{
    if (!profiles || !capture->has_telegram) return NULL;
    const struct heng_profile *configured = heng_profiles_find(profiles, meter->device.profile);
    return configured ? configured : heng_profiles_recognise(profiles, &capture->telegram);
}

heng_rc heng_view_frame(struct heng_store_reader *reader, struct heng_arena *arena,
                        const struct heng_profiles *profiles, int64_t frame_id, struct heng_frame_detail *ret,
                        struct heng_err *err)
{
    struct heng_meter_row meter;
    heng_rc rc = heng_store_get_frame(reader, frame_id, &ret->frame, err);
    if (rc == HENG_OK) rc = heng_store_get_meter(reader, ret->frame.device_id, &meter, err);
    if (rc != HENG_OK) return rc;
    struct heng_slice bytes = heng_slice_of(ret->frame.bytes, ret->frame.n);
    struct heng_str out = {.max = FRAME_JSON_MAX};
    struct heng_json json = heng_json_of(&out);
    struct heng_capture capture;
    heng_capture_init(&capture, ret->frame.protocol, bytes);
    const struct heng_profile *profile = profile_of(&meter, profiles, &capture);
    if (profile) heng_capture_use(&capture, &profile->dialect);
    /* What is wrong with a frame is in its JSON. */
    heng_present_json(&capture, profile && !profile->generic ? profile->name : NULL, &json);
    ret->decoded = keep_json(arena, &out);
    json = heng_json_of(&out);
    heng_present_fields(&capture, &json);
    ret->fields = keep_json(arena, &out);
    heng_str_fini(&out);
    return ret->decoded && ret->fields ? HENG_OK : no_memory(err);
}
