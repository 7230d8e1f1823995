/* The operations that want something of meters and lines, and those that tell how it goes. */
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "flow/desk.h"

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

struct heng_wish *heng_api_new_wish(struct heng_api_call *call, heng_wish_kind kind)
{
    struct heng_wish *wish = heng_arena_take(call->arena, 1, sizeof *wish);
    if (wish) {
        wish->kind = kind;
        wish->protocol = HENG_PROTOCOL_COUNT;
    }
    return wish;
}

heng_rc heng_api_ask_desk(struct heng_api_call *call, const struct heng_wish *wish, struct heng_api_receipt *ret,
                          struct heng_err *err)
{
    struct heng_desk *desk = call->api->options.desk;
    struct heng_receipt *receipt = heng_arena_take(call->arena, 1, sizeof *receipt);
    if (!receipt) return no_memory(err);
    call->is_wish = true;
    if (!desk) return heng_fail(err, HENG_ECLOSED, 0, "no line runs here");
    heng_rc rc = heng_desk_ask(desk, wish, receipt, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_receipt){.id = receipt->id,
                                     .accepted = (int64_t)receipt->accepted,
                                     .refused = (int64_t)receipt->refused,
                                     .has_why = receipt->why[0] != '\0',
                                     .why = receipt->why};
    return HENG_OK;
}

heng_rc heng_api_start_reads(struct heng_api_call *call, const struct heng_api_read_request *body,
                             struct heng_api_receipt *ret, struct heng_err *err)
{
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_READ);
    if (!wish) return no_memory(err);
    call->is_wish = true;
    if ((body->meters_n > 0) + body->has_line + body->has_place != 1)
        return heng_fail(err, HENG_ERANGE, 0, "give one of 'meters', 'line' and 'place'");
    if (body->meters_n > HENG_WISH_DEVICES_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "at most %d meters", HENG_WISH_DEVICES_MAX);
    for (size_t i = 0; i < body->meters_n; i++) {
        wish->device_ids[i] = body->meters[i];
        for (size_t j = 0; j < i; j++)
            if (wish->device_ids[j] == wish->device_ids[i])
                return heng_fail(err, HENG_ERANGE, 0, "meter %lld is named twice", (long long)body->meters[i]);
    }
    wish->device_count = body->meters_n;
    if (body->has_line) wish->line_id = body->line;
    if (body->has_place) wish->place_id = body->place;
    if (body->has_expires_s) wish->expires_s = (uint32_t)body->expires_s;
    return heng_api_ask_desk(call, wish, ret, err);
}

/* Fields that belong to one order only: there for it, and not for another. */
static heng_rc check_command(const struct heng_api_command_request *body, heng_order_kind kind, struct heng_err *err)
{
    if (body->has_meter + body->has_line != 1) return heng_fail(err, HENG_ERANGE, 0, "give one of 'meter' and 'line'");
    if (body->has_address != (kind == HENG_ORDER_SET_ADDRESS))
        return heng_fail(err, HENG_ERANGE, 0, "'address' belongs to set-address, and that to it");
    if (body->has_baud != (kind == HENG_ORDER_SET_BAUD))
        return heng_fail(err, HENG_ERANGE, 0, "'baud' belongs to set-baud, and that to it");
    if (body->has_back && kind != HENG_ORDER_READ_HISTORY)
        return heng_fail(err, HENG_ERANGE, 0, "'back' belongs to read-history");
    if (body->has_protocol && !body->has_line)
        return heng_fail(err, HENG_ERANGE, 0, "'protocol' belongs to a broadcast on a line");
    if (kind == HENG_ORDER_PURCHASE)
        return heng_fail(err, HENG_EDENIED, 0,
                         "a purchase is sold to the account of the meter, which books it as well");
    if (body->has_line && kind != HENG_ORDER_SET_CLOCK && kind != HENG_ORDER_FREEZE)
        return heng_fail(err, HENG_ERANGE, 0, "only set-clock and freeze go to all meters of a line at once");
    return HENG_OK;
}

heng_rc heng_api_start_command(struct heng_api_call *call, const struct heng_api_command_request *body,
                               struct heng_api_receipt *ret, struct heng_err *err)
{
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_COMMAND);
    if (!wish) return no_memory(err);
    call->is_wish = true;
    wish->order.kind = heng_order_of(heng_api_order_kind_text(body->order));
    heng_rc rc = check_command(body, wish->order.kind, err);
    if (rc != HENG_OK) return rc;
    if (body->has_meter) wish->device_ids[wish->device_count++] = body->meter;
    if (body->has_line) wish->line_id = body->line;
    if (body->has_protocol) wish->protocol = heng_protocol_of(heng_api_protocol_text(body->protocol));
    if (body->has_address) snprintf(wish->order.address, sizeof wish->order.address, "%s", body->address);
    if (body->has_baud) wish->order.baud = (uint32_t)body->baud;
    if (wish->order.kind == HENG_ORDER_READ_HISTORY) wish->order.back = body->has_back ? (uint16_t)body->back : 1;
    if (body->has_expires_s) wish->expires_s = (uint32_t)body->expires_s;
    if (body->has_key) snprintf(wish->key, sizeof wish->key, "%s", body->key);
    return heng_api_ask_desk(call, wish, ret, err);
}

static heng_rc cancel(struct heng_api_call *call, int64_t id, struct heng_api_receipt *ret, struct heng_err *err)
{
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_CANCEL);
    if (!wish) return no_memory(err);
    wish->id = id;
    return heng_api_ask_desk(call, wish, ret, err);
}

heng_rc heng_api_cancel_reads(struct heng_api_call *call, const struct heng_api_cancel_reads_params *params,
                              struct heng_api_receipt *ret, struct heng_err *err)
{
    return cancel(call, params->read_id, ret, err);
}

heng_rc heng_api_cancel_command(struct heng_api_call *call, const struct heng_api_cancel_command_params *params,
                                struct heng_api_receipt *ret, struct heng_err *err)
{
    return cancel(call, params->command_id, ret, err);
}

heng_rc heng_api_start_search(struct heng_api_call *call, const struct heng_api_start_search_params *params,
                              const struct heng_api_search_request *body, struct heng_api_receipt *ret,
                              struct heng_err *err)
{
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_SEARCH);
    if (!wish) return no_memory(err);
    wish->line_id = params->line_id;
    wish->search = heng_search_kind_of(heng_api_search_kind_text(body->kind));
    wish->known_only = body->has_known_only && body->known_only;
    wish->resume = body->has_resume && body->resume;
    return heng_api_ask_desk(call, wish, ret, err);
}

heng_rc heng_api_stop_search(struct heng_api_call *call, const struct heng_api_stop_search_params *params,
                             struct heng_api_receipt *ret, struct heng_err *err)
{
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_SEARCH_STOP);
    if (!wish) return no_memory(err);
    wish->line_id = params->line_id;
    return heng_api_ask_desk(call, wish, ret, err);
}

static struct heng_api_search_item item_from(const struct heng_search_item *from)
{
    static const heng_api_search_item_status statuses[] = {
        [HENG_SEARCH_STATUS_KNOWN] = HENG_API_SEARCH_ITEM_STATUS_KNOWN,
        [HENG_SEARCH_STATUS_NEW] = HENG_API_SEARCH_ITEM_STATUS_NEW,
        [HENG_SEARCH_STATUS_MISSING] = HENG_API_SEARCH_ITEM_STATUS_MISSING,
        [HENG_SEARCH_STATUS_TWIN] = HENG_API_SEARCH_ITEM_STATUS_TWIN,
    };
    const struct heng_search_found *found = &from->found;
    return (struct heng_api_search_item){
        .status = statuses[from->status],
        .protocol = heng_api_protocol_of(heng_protocol_text(found->protocol)),
        .address = found->address,
        .has_medium = found->medium < HENG_MEDIUM_COUNT,
        .medium = heng_medium_text(found->medium),
        .has_number = found->number[0] != '\0',
        .number = found->number,
        .has_manufacturer = found->manufacturer[0] != '\0',
        .manufacturer = found->manufacturer,
        .has_primary = found->primary >= 0,
        .primary = found->primary,
        .has_meter_id = from->meter_id != 0,
        .meter_id = from->meter_id,
        .has_at = from->at_us != 0,
        .at = from->at_us,
    };
}

heng_rc heng_api_get_search(struct heng_api_call *call, const struct heng_api_get_search_params *params,
                            struct heng_api_search_detail *ret, struct heng_err *err)
{
    struct heng_search_view view;
    heng_search_kind kind =
        params->has_kind ? heng_search_kind_of(heng_api_search_kind_text(params->kind)) : HENG_SEARCH_KIND_COUNT;
    heng_rc rc = heng_view_search(call->reader, call->arena, params->line_id, kind, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_search_item *items = heng_arena_take(call->arena, view.n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++) items[i] = item_from(&view.items[i]);
    *ret = (struct heng_api_search_detail){
        .search = heng_api_search_from(&view.search), .items = items, .items_n = view.n};
    return HENG_OK;
}

heng_rc heng_api_list_places(struct heng_api_call *call, struct heng_api_place_list *ret, struct heng_err *err)
{
    struct heng_places_view view;
    heng_rc rc = heng_view_places(call->reader, call->arena, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_place *items = heng_arena_take(call->arena, view.n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++)
        items[i] = (struct heng_api_place){.id = view.items[i].id,
                                           .has_parent = view.items[i].parent_id != 0,
                                           .parent = view.items[i].parent_id,
                                           .kind = view.items[i].kind,
                                           .name = view.items[i].name};
    *ret = (struct heng_api_place_list){items, view.n};
    return HENG_OK;
}

heng_rc heng_api_list_commands(struct heng_api_call *call, const struct heng_api_list_commands_params *params,
                               struct heng_api_command_list *ret, struct heng_err *err)
{
    struct heng_commands_view view;
    heng_rc rc = heng_view_commands(call->reader, call->arena, params->has_meter ? params->meter : 0,
                                    params->has_line ? params->line : 0, params->has_before ? params->before : 0,
                                    (size_t)params->limit, &view, err);
    if (rc != HENG_OK) return rc;
    struct heng_api_command *items = heng_arena_take(call->arena, view.n + 1, sizeof *items);
    if (!items) return no_memory(err);
    for (size_t i = 0; i < view.n; i++) items[i] = heng_api_command_from(&view.items[i], call->arena);
    *ret = (struct heng_api_command_list){items, view.n};
    return HENG_OK;
}

heng_rc heng_api_get_command(struct heng_api_call *call, const struct heng_api_get_command_params *params,
                             struct heng_api_command *ret, struct heng_err *err)
{
    struct heng_command_row *row = heng_arena_take(call->arena, 1, sizeof *row);
    if (!row) return no_memory(err);
    heng_rc rc = heng_store_get_command(call->reader, params->command_id, row, err);
    if (rc == HENG_OK) *ret = heng_api_command_from(row, call->arena);
    return rc;
}
