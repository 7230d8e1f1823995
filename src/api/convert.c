/* What flow shows, in the words of the contract. The enums of both have the same words; the text is the bridge. */
#include "api/internal.h"

const char *heng_api_dec_text(struct heng_arena *arena, struct heng_dec dec)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(dec, text);
    return heng_arena_text(arena, text);
}

static int64_t seconds(heng_us us) { return (us + HENG_US_PER_S / 2) / HENG_US_PER_S; }

struct heng_api_line heng_api_line_from(const struct heng_line_row *row)
{
    const struct heng_line_vitals_status *vitals = &row->status.vitals;
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
        .health = vitals->health,
        .has_hint = vitals->hint[0] != '\0',
        .hint = {.kind = heng_api_hint_kind_of(vitals->hint_kind),
                 .from = vitals->hint_from,
                 .to = vitals->hint_to,
                 .meter = vitals->hint_meter,
                 .text = vitals->hint},
        .queued = vitals->queued,
        .quarantined = vitals->quarantined,
        .cycle_s = seconds(vitals->cycle_us),
        .dead_s = seconds(vitals->dead_us),
        .has_gateway_id = row->gateway_id != 0,
        .gateway_id = row->gateway_id,
    };
    if (line.hint.kind == HENG_API_HINT_KIND_COUNT) line.hint.kind = HENG_API_HINT_KIND_NONE;
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
        .protocol = heng_api_protocol_of(heng_protocol_text(row->device.protocol)),
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
        .has_answer_ms = row->state.learned.answers != 0,
        .answer_ms = (row->state.learned.answer_us + 500) / 1000,
        .quarantined = row->state.quarantined,
        .has_position = row->position != 0,
        .position = row->position,
        .has_relay = row->relay[0] != '\0',
        .relay = row->relay,
        .has_schedule = row->schedule[0] != '\0',
        .schedule = row->schedule,
        .has_due_done_at = row->state.learned.due_done_us != 0,
        .due_done_at = row->state.learned.due_done_us,
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

struct heng_api_command heng_api_command_from(const struct heng_command_row *row, struct heng_arena *arena)
{
    const struct heng_command *from = &row->command;
    int64_t *frames = heng_arena_take(arena, from->frame_count + 1u, sizeof *frames);
    for (uint16_t i = 0; frames && i < from->frame_count; i++) frames[i] = from->first_frame + i;
    struct heng_api_command command = {
        .id = from->id,
        .has_meter_id = from->device_id != 0,
        .meter_id = from->device_id,
        .has_number = from->device_id != 0,
        .number = row->number,
        .line_id = from->line_id,
        .line_name = row->line_name,
        .has_protocol = from->device_id == 0,
        .protocol = heng_api_protocol_of(heng_protocol_text(from->protocol)),
        .order = heng_api_order_kind_of(heng_order_text(from->order.kind)),
        .has_address = from->order.address[0] != '\0',
        .address = from->order.address,
        .has_baud = from->order.baud != 0,
        .baud = from->order.baud,
        .has_back = from->order.back != 0,
        .back = from->order.back,
        .has_key = from->key[0] != '\0',
        .key = from->key,
        .stage = heng_api_stage_of(heng_stage_text(from->stage)),
        .requested_at = from->requested_us,
        .expires_at = from->expires_us,
        .has_sent_at = from->sent_us != 0,
        .sent_at = from->sent_us,
        .has_accepted_at = from->accepted_us != 0,
        .accepted_at = from->accepted_us,
        .has_ended_at = from->ended_us != 0,
        .ended_at = from->ended_us,
        .has_outcome = from->outcome < HENG_OUTCOME_COUNT,
        .outcome = heng_api_outcome_of(heng_outcome_text(from->outcome)),
        .has_why = from->why[0] != '\0',
        .why = from->why,
        .frames = frames,
        .frames_n = frames ? from->frame_count : 0,
        .has_reading_at = from->reading_us != 0,
        .reading_at = from->reading_us,
    };
    return command;
}

struct heng_api_search heng_api_search_from(const struct heng_search_row *row)
{
    const struct heng_search_progress *progress = &row->progress;
    return (struct heng_api_search){
        .line_id = row->line_id,
        .kind = heng_api_search_kind_of(heng_search_kind_text(row->kind)),
        .known_only = row->known_only,
        .running = row->running,
        .ended = progress->ended,
        .started_at = row->started_us,
        .updated_at = row->updated_us,
        .requests = progress->requests,
        .selects = progress->selects,
        .found = progress->found,
        .known = progress->known,
        .missing = progress->missing,
        .collisions = progress->collisions,
        .permille = progress->permille,
    };
}

struct heng_api_order_event heng_api_order_event_from(const struct heng_order_fact *order)
{
    return (struct heng_api_order_event){
        .id = order->id,
        .command = order->command,
        .has_meter_id = order->device_id != 0,
        .meter_id = order->device_id,
        .line_id = order->line_id,
        .order = heng_api_order_kind_of(heng_order_text(order->order)),
        .stage = heng_api_stage_of(heng_stage_text(order->stage)),
        .at = order->at_us,
        .has_outcome = order->outcome < HENG_OUTCOME_COUNT,
        .outcome = heng_api_outcome_of(heng_outcome_text(order->outcome)),
        .has_why = order->why[0] != '\0',
        .why = order->why,
    };
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
        case HENG_LIVE_ORDER: {
            struct heng_api_order_event order = heng_api_order_event_from(&live[i].order);
            heng_api_write_order_event(&json, &order);
            event = "order";
            break;
        }
        case HENG_LIVE_SEARCH: {
            struct heng_api_search search = heng_api_search_from(&live[i].search);
            heng_api_write_search(&json, &search);
            event = "search";
            break;
        }
        case HENG_LIVE_GATEWAY: {
            struct heng_api_gateway gateway = heng_api_gateway_from(&live[i].gateway);
            heng_api_write_gateway(&json, &gateway);
            event = "gateway";
            break;
        }
        }
        if (text.rc == HENG_OK) heng_api_publish(api, event, text.text);
        heng_str_clear(&text);
        heng_arena_fini(&arena);
    }
    heng_str_fini(&text);
}
