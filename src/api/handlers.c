/* The operations of the contract: ask flow, say it in the words of the contract. */
#include <string.h>

#include "api/internal.h"
#include "base/log.h"

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

heng_rc heng_api_get_health(struct heng_api_call *call, struct heng_api_health *ret, struct heng_err *err)
{
    struct heng_site_health *health = heng_arena_take(call->arena, 1, sizeof *health);
    char detail[HENG_DETAIL_MAX];
    if (!health) return no_memory(err);
    pthread_mutex_lock(&call->api->health_mutex);
    int part = 0;
    while (part < HENG_HEALTH_PARTS - 1 && !call->api->health[part][0]) part++;
    memcpy(detail, call->api->health[part], sizeof detail);
    struct heng_latency latency = call->api->latency;
    pthread_mutex_unlock(&call->api->health_mutex);
    struct heng_err why;
    heng_rc rc = heng_view_health(call->reader, health, &why);
    if (rc != HENG_OK) { /* a server that cannot read its database is alive all the same, and says so */
        heng_log(HENG_LOG_ERROR, "api", "event=health rc=%s text='%s'", heng_rc_name(rc), why.text);
        memcpy(detail, "the database cannot be read: see the log", sizeof "the database cannot be read: see the log");
    }
    *ret = (struct heng_api_health){
        .status = detail[0] ? HENG_API_HEALTH_STATUS_DEGRADED : HENG_API_HEALTH_STATUS_OK,
        .version = HENG_VERSION,
        .now = heng_clock_wall(),
        .started_at = call->api->started_us,
        .site = health->site,
        .has_time_zone = health->time_zone[0] != '\0',
        .time_zone = health->time_zone,
        .has_detail = detail[0] != '\0',
        .detail = heng_arena_text(call->arena, detail),
        .has_latency = latency.reads != 0,
        .latency = {.reads = (int64_t)latency.reads,
                    .p50_us = latency.p50_us,
                    .p99_us = latency.p99_us,
                    .max_us = latency.max_us},
    };
    return HENG_OK;
}

static struct heng_api_line *lines_from(const struct heng_line_row *rows, size_t n, struct heng_arena *arena)
{
    struct heng_api_line *lines = heng_arena_take(arena, n, sizeof *lines);
    for (size_t i = 0; lines && i < n; i++) lines[i] = heng_api_line_from(&rows[i]);
    return lines;
}

heng_rc heng_api_get_overview(struct heng_api_call *call, struct heng_api_overview *ret, struct heng_err *err)
{
    struct heng_overview *view = heng_arena_take(call->arena, 1, sizeof *view);
    if (!view) return no_memory(err);
    heng_rc rc = heng_view_overview(call->reader, call->arena, view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_line *trouble = lines_from(view->trouble, view->trouble_n, call->arena);
    struct heng_api_live_reading *newest = heng_arena_take(call->arena, view->newest_n, sizeof *newest);
    if (!trouble || !newest) return no_memory(err);
    for (size_t i = 0; i < view->newest_n; i++) newest[i] = heng_api_live_reading_from(&view->newest[i], call->arena);
    *ret = (struct heng_api_overview){
        .now = heng_clock_wall(),
        .site = view->site,
        .meters = view->totals.meters,
        .meters_ok = view->totals.meters_ok,
        .meters_missing = view->totals.meters_missing,
        .meters_never = view->totals.meters_never,
        .lines = view->totals.lines,
        .lines_trouble = view->totals.lines_trouble,
        .readings = view->totals.readings,
        .trouble = trouble,
        .trouble_n = view->trouble_n,
        .newest = newest,
        .newest_n = view->newest_n,
    };
    return HENG_OK;
}

heng_rc heng_api_list_lines(struct heng_api_call *call, struct heng_api_line_list *ret, struct heng_err *err)
{
    struct heng_lines_view view;
    heng_rc rc = heng_view_lines(call->reader, call->arena, &view, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_line_list){lines_from(view.items, view.n, call->arena), view.n};
    return ret->items ? HENG_OK : no_memory(err);
}

heng_rc heng_api_get_line(struct heng_api_call *call, const struct heng_api_get_line_params *params,
                          struct heng_api_line *ret, struct heng_err *err)
{
    struct heng_line_row *row = heng_arena_take(call->arena, 1, sizeof *row);
    if (!row) return no_memory(err);
    heng_rc rc = heng_store_get_line(call->reader, params->line_id, row, err);
    if (rc == HENG_OK) *ret = heng_api_line_from(row);
    return rc;
}

heng_rc heng_api_list_line_events(struct heng_api_call *call, const struct heng_api_list_line_events_params *params,
                                  struct heng_api_line_event_list *ret, struct heng_err *err)
{
    struct heng_line_events_view view;
    heng_rc rc = heng_view_line_events(call->reader, call->arena, params->line_id, (size_t)params->limit, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_line_event *items = heng_arena_take(call->arena, view.n, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++) {
        items[i] = (struct heng_api_line_event){
            .at = view.items[i].at_us,
            .state = heng_api_line_state_of(heng_line_state_text(view.items[i].state)),
            .has_detail = view.items[i].detail[0] != '\0',
            .detail = view.items[i].detail,
        };
    }
    *ret = (struct heng_api_line_event_list){items, view.n};
    return HENG_OK;
}

heng_rc heng_api_list_meters(struct heng_api_call *call, const struct heng_api_list_meters_params *params,
                             struct heng_api_meter_list *ret, struct heng_err *err)
{
    struct heng_meter_filter filter = {.search = params->has_q ? params->q : "",
                                       .line_id = params->has_line ? params->line : 0,
                                       .medium = HENG_MEDIUM_COUNT,
                                       .state = HENG_METER_STATE_COUNT,
                                       .place_id = params->has_place ? params->place : 0};
    if (params->has_state) filter.state = heng_meter_state_of(heng_api_meter_state_text(params->state));
    if (params->has_medium) {
        filter.medium = heng_medium_of(params->medium);
        if (filter.medium == HENG_MEDIUM_COUNT)
            return heng_fail(err, HENG_ERANGE, 0, "parameter 'medium' is not the name of a medium");
    }
    struct heng_meters_view view;
    heng_rc rc =
        heng_view_meters(call->reader, call->arena, &filter, params->offset, (size_t)params->limit, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_meter *items = heng_arena_take(call->arena, view.n, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++) items[i] = heng_api_meter_from(&view.items[i], call->arena);
    *ret = (struct heng_api_meter_list){items, view.n, view.total};
    return HENG_OK;
}

_Static_assert((int)HENG_API_CONDITION_COUNT == (int)HENG_CONDITION_COUNT, "the contract has the words of model/");

/* The words of what a meter said of itself; NULL without memory. */
static const heng_api_condition *words_of(heng_conditions conditions, struct heng_arena *arena, size_t *ret_n)
{
    heng_api_condition *words = heng_arena_take(arena, HENG_CONDITION_COUNT, sizeof *words);
    *ret_n = 0;
    for (unsigned i = 0; words && i < HENG_CONDITION_COUNT; i++)
        if (conditions >> i & 1) words[(*ret_n)++] = heng_api_condition_of(heng_condition_text((heng_condition)i));
    return words;
}

heng_rc heng_api_get_meter(struct heng_api_call *call, const struct heng_api_get_meter_params *params,
                           struct heng_api_meter_detail *ret, struct heng_err *err)
{
    struct heng_meter_detail *view = heng_arena_take(call->arena, 1, sizeof *view);
    if (!view) return no_memory(err);
    heng_rc rc = heng_view_meter(call->reader, call->arena, call->api->options.profiles, params->meter_id, view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_value *values = heng_arena_take(call->arena, view->n, sizeof *values);
    if (!values) return no_memory(err);
    for (size_t i = 0; i < view->n; i++) values[i] = heng_api_value_from(&view->values[i], call->arena);
    *ret = (struct heng_api_meter_detail){heng_api_meter_from(&view->meter, call->arena), values, view->n, NULL, 0};
    ret->conditions = words_of(view->conditions, call->arena, &ret->conditions_n);
    return ret->conditions ? HENG_OK : no_memory(err);
}

heng_rc heng_api_get_series(struct heng_api_call *call, const struct heng_api_get_series_params *params,
                            struct heng_api_series *ret, struct heng_err *err)
{
    struct heng_series_view view;
    heng_rc rc = heng_view_series(call->reader, call->arena, params->meter_id, params->register_, params->from,
                                  params->to, (size_t)params->points, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_point *points = heng_arena_take(call->arena, view.n, sizeof *points);
    if (!points) return no_memory(err);
    for (size_t i = 0; i < view.n; i++) {
        const struct heng_point_view *from = &view.points[i];
        points[i] = (struct heng_api_point){.at = from->at_us,
                                            .last = heng_api_dec_text(call->arena, from->last),
                                            .min = heng_api_dec_text(call->arena, from->min),
                                            .max = heng_api_dec_text(call->arena, from->max),
                                            .count = from->count,
                                            .gap = from->gap};
    }
    *ret = (struct heng_api_series){.register_ = view.reg.id,
                                    .quantity = heng_quantity_text(view.reg.key.quantity),
                                    .unit = heng_unit_text(view.reg.key.unit),
                                    .from = params->from,
                                    .to = params->to,
                                    .bucket_s = view.bucket_us / HENG_US_PER_S,
                                    .points = points,
                                    .points_n = view.n};
    return HENG_OK;
}

static struct heng_api_frame frame_from(const struct heng_frame *frame, struct heng_arena *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    char *hex = heng_arena_take(arena, (size_t)frame->n * 2 + 1, 1);
    for (size_t i = 0; hex && i < frame->n; i++) {
        hex[2 * i] = digits[frame->bytes[i] >> 4];
        hex[2 * i + 1] = digits[frame->bytes[i] & 15];
    }
    return (struct heng_api_frame){.id = frame->id,
                                   .meter_id = frame->device_id,
                                   .at = frame->at_us,
                                   .protocol = heng_api_protocol_of(heng_protocol_text(frame->protocol)),
                                   .hex = hex ? hex : "",
                                   .length = frame->n};
}

heng_rc heng_api_list_frames(struct heng_api_call *call, const struct heng_api_list_frames_params *params,
                             struct heng_api_frame_list *ret, struct heng_err *err)
{
    struct heng_frames_view view;
    heng_rc rc = heng_view_frames(call->reader, call->arena, params->meter_id, params->has_before ? params->before : 0,
                                  (size_t)params->limit, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_frame *items = heng_arena_take(call->arena, view.n, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++) items[i] = frame_from(&view.items[i], call->arena);
    *ret = (struct heng_api_frame_list){items, view.n};
    return HENG_OK;
}

heng_rc heng_api_get_frame(struct heng_api_call *call, const struct heng_api_get_frame_params *params,
                           struct heng_api_frame_detail *ret, struct heng_err *err)
{
    struct heng_frame_detail *view = heng_arena_take(call->arena, 1, sizeof *view);
    if (!view) return no_memory(err);
    heng_rc rc = heng_view_frame(call->reader, call->arena, call->api->options.profiles, params->frame_id, view, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_frame_detail){frame_from(&view->frame, call->arena), view->decoded, view->fields};
    return HENG_OK;
}
