/* What flow shows, in the words of the contract. The enums of both have the same words; the text is the bridge. */
#include "api/internal.h"

const char *heng_api_dec_text(struct heng_arena *arena, struct heng_dec dec)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(dec, text);
    return heng_arena_text(arena, text);
}

struct heng_api_line heng_api_line_from(const struct heng_line_row *row)
{
    const struct heng_line_counters *c = &row->status.counters;
    struct heng_api_line line = {
        .id = row->config.id,
        .name = row->config.name,
        .transport = heng_api_line_transport_of(heng_transport_text(row->config.transport)),
        .endpoint = row->config.endpoint,
        .baud = row->config.baud,
        .period_s = row->config.period_s,
        .state = heng_api_line_state_of(heng_line_state_text(row->status.state)),
        .since = row->status.since_us,
        .has_detail = row->status.detail[0] != '\0',
        .detail = row->status.detail,
        .has_last_answer_at = true,
        .last_answer_at = row->status.last_answer_us ? row->status.last_answer_us : HENG_US_NEVER,
        .meters = row->meters,
        .meters_ok = row->meters_ok,
    };
#define X(field) line.counters.field = (int64_t)c->field;
    HENG_LINE_COUNTER_LIST(X)
#undef X
    return line;
}

struct heng_api_value heng_api_value_from(const struct heng_value_view *view, struct heng_arena *arena)
{
    return (struct heng_api_value){
        .register_ = view->register_id,
        .quantity = heng_quantity_text(view->key.quantity),
        .unit = heng_unit_text(view->key.unit),
        .function = heng_function_text(view->key.function),
        .storage = view->key.storage,
        .tariff = view->key.tariff,
        .subunit = view->key.subunit,
        .qualifier = view->key.qualifier,
        .value = view->has_value ? heng_api_dec_text(arena, view->dec) : NULL,
        .has_reason = !view->has_value,
        .reason = view->reason,
        .has_at = true,
        .at = view->at_us,
        .has_frame = view->frame_id != 0,
        .frame = view->frame_id,
    };
}

struct heng_api_meter heng_api_meter_from(const struct heng_meter_view *view, struct heng_arena *arena)
{
    const struct heng_meter_row *row = &view->row;
    struct heng_api_meter meter = {
        .id = row->device.id,
        .number = row->device.number,
        .protocol = heng_api_meter_protocol_of(heng_protocol_text(row->device.protocol)),
        .address = row->address,
        .medium = heng_medium_text(row->device.medium),
        .manufacturer = row->device.manufacturer,
        .profile = row->device.profile,
        .place = row->place,
        .line_id = row->line_id,
        .line_name = row->line_name,
        .state = heng_api_meter_state_of(heng_meter_state_text(row->state.state)),
        .has_last_outcome = row->state.last_outcome < HENG_OUTCOME_COUNT,
        .has_last_try_at = true,
        .last_try_at = row->state.last_try_us ? row->state.last_try_us : HENG_US_NEVER,
        .has_last_read_at = true,
        .last_read_at = row->state.last_read_us ? row->state.last_read_us : HENG_US_NEVER,
        .misses = row->state.misses,
        .has_main = view->has_main,
    };
    if (meter.has_last_outcome) meter.last_outcome = heng_api_outcome_of(heng_outcome_text(row->state.last_outcome));
    if (view->has_main) meter.main = heng_api_value_from(&view->main, arena);
    return meter;
}

struct heng_api_live_reading heng_api_live_reading_from(const struct heng_reading_view *view, struct heng_arena *arena)
{
    struct heng_api_live_reading reading = {
        .meter_id = view->meter_id,
        .number = view->number,
        .medium = heng_medium_text(view->medium),
        .place = view->place,
        .line_id = view->line_id,
        .at = view->at_us,
        .has_frame = view->frame_id != 0,
        .frame = view->frame_id,
        .has_main = view->has_main,
    };
    if (view->has_main) reading.main = heng_api_value_from(&view->main, arena);
    return reading;
}

void heng_api_publish_live(struct heng_api *api, const struct heng_live *live, size_t count)
{
    struct heng_str text = {.max = 65536};
    for (size_t i = 0; i < count; i++) {
        struct heng_arena arena = {.max = 4096};
        struct heng_json json = heng_json_of(&text);
        const char *event = "line";
        switch (live[i].kind) {
        case HENG_LIVE_READING: {
            struct heng_api_live_reading reading = heng_api_live_reading_from(&live[i].reading, &arena);
            heng_api_write_live_reading(&json, &reading);
            event = "reading";
            break;
        }
        case HENG_LIVE_LINE: {
            struct heng_api_line line = heng_api_line_from(&live[i].line);
            heng_api_write_line(&json, &line);
            break;
        }
        }
        if (text.rc == HENG_OK) heng_api_publish(api, event, text.text);
        heng_str_clear(&text);
        heng_arena_fini(&arena);
    }
    heng_str_fini(&text);
}
