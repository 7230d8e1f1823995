/* The operations about gateways: the tree, what they told, who wants to become one, and what people want of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "flow/desk.h"
#include "flow/gateways.h"

/* More than a page of ten thousand is for nobody to look at. */
enum {
    GATEWAYS_MAX = 10000,
    PAGE = 64,
    TROUBLE_CLOCK_S = 5,
    TROUBLE_DAYS = 45,
    TROUBLE_DISK_BYTES = 16 << 20,
    TROUBLE_QUEUE = 200
};

static heng_rc no_memory(struct heng_err *err) { return heng_fail(err, HENG_ENOMEM, 0, "the answer is too large"); }

static heng_us or_never(heng_us at_us) { return at_us ? at_us : HENG_US_NEVER; }

struct heng_api_gateway heng_api_gateway_from(const struct heng_gateway_row *row)
{
    const struct heng_gateway *gateway = &row->gateway;
    const struct heng_gateway_status *status = &row->status;
    return (struct heng_api_gateway){
        .id = gateway->id,
        .has_parent_id = gateway->parent_id != 0,
        .parent_id = gateway->parent_id,
        .key = gateway->key,
        .name = gateway->name,
        .state = heng_api_gateway_state_of(heng_gateway_state_text(gateway->state)),
        .connected = status->connected,
        .has_last_contact_at = true,
        .last_contact_at = or_never(status->last_contact_us),
        .clock_error_ms = status->clock_error_us / HENG_US_PER_MS,
        .clock_doubtful = status->clock_doubtful,
        .queued = (int64_t)status->queued,
        .missing = (int64_t)row->missing,
        .refused = row->refused,
        .config_version = (int64_t)status->config_version,
        .applied_version = (int64_t)status->applied_version,
        .has_config_why = status->config_why[0] != '\0',
        .config_why = status->config_why,
        .software = status->software,
        .has_firmware = status->firmware[0] != '\0',
        .firmware = status->firmware,
        .has_address = status->address[0] != '\0',
        .address = status->address,
        .has_free_bytes = status->free_bytes != 0,
        .free_bytes = (int64_t)status->free_bytes,
        .lines = row->lines,
        .meters = row->meters,
        .has_certificate_until = gateway->expires_us != 0,
        .certificate_until = gateway->expires_us,
    };
}

/* --- what there is --------------------------------------------------------------------------------------------- */

static int by_parent(const void *left, const void *right)
{
    const struct heng_api_gateway *a = left, *b = right;
    if (a->parent_id != b->parent_id) return a->parent_id < b->parent_id ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

/* The first of those right below a gateway, in items sorted by_parent; n: there is none. */
static size_t first_below(const struct heng_api_gateway *items, size_t n, int64_t parent_id)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].parent_id < parent_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && items[low].parent_id == parent_id ? low : n;
}

/* Each with those below it right behind it. What hangs on nothing, or deeper than can be, is last: nobody is left
 * out. */
static heng_rc order_tree(struct heng_api_call *call, struct heng_api_gateway *items, size_t n,
                          struct heng_api_gateway **ret, struct heng_err *err)
{
    size_t way[HENG_UPLINK_PATH_MAX + 1] = {0}, deep = 0, done = 0; /* way: who is next on each level */
    struct heng_api_gateway *ordered = heng_arena_take(call->arena, n ? n : 1, sizeof *ordered);
    bool *taken = heng_arena_take(call->arena, n ? n : 1, sizeof *taken);
    if (!ordered || !taken) return no_memory(err);
    memset(taken, 0, n * sizeof *taken);
    if (n) qsort(items, n, sizeof *items, by_parent);
    for (int64_t parent[HENG_UPLINK_PATH_MAX + 1] = {0};;) {
        size_t at = way[deep];
        if (at < n && items[at].parent_id == parent[deep] && !taken[at]) {
            way[deep]++;
            taken[at] = true;
            ordered[done++] = items[at];
            size_t below = first_below(items, n, items[at].id);
            if (below == n || deep == HENG_UPLINK_PATH_MAX) continue;
            parent[++deep] = items[at].id;
            way[deep] = below;
        } else if (deep-- == 0) {
            break;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (!taken[i]) ordered[done++] = items[i];
    *ret = ordered;
    return HENG_OK;
}

/* Whatever web/src/api/gateways.ts may call a trouble, which has words for it. */
static bool is_in_trouble(const struct heng_gateway_row *row)
{
    const struct heng_gateway_status *status = &row->status;
    heng_us off = status->clock_error_us < 0 ? -status->clock_error_us : status->clock_error_us;
    if (row->gateway.state == HENG_GATEWAY_STATE_REVOKED) return false;
    if (row->gateway.state == HENG_GATEWAY_STATE_DECLARED || !status->connected) return true;
    if (row->missing || row->refused || status->config_why[0] || status->clock_doubtful) return true;
    if (status->free_bytes && status->free_bytes < TROUBLE_DISK_BYTES) return true;
    if (row->gateway.expires_us && row->gateway.expires_us - heng_clock_wall() < TROUBLE_DAYS * HENG_US_PER_DAY)
        return true;
    return off >= TROUBLE_CLOCK_S * HENG_US_PER_S || status->queued >= TROUBLE_QUEUE;
}

/* A row is 1 kB; its texts stay where they are, in the arena. */
heng_rc heng_api_list_gateways(struct heng_api_call *call, const struct heng_api_list_gateways_params *params,
                               struct heng_api_gateway_list *ret, struct heng_err *err)
{
    bool all = !params->has_show || params->show == HENG_API_GATEWAYS_SHOWN_ALL;
    size_t n = PAGE, count = 0, cap = 0;
    struct heng_api_gateway *items = NULL;
    for (int64_t after = 0; n == PAGE && count < GATEWAYS_MAX;) {
        struct heng_gateway_row *rows = heng_arena_take(call->arena, PAGE, sizeof *rows);
        if (!rows) return no_memory(err);
        heng_rc rc = heng_view_gateways(call->reader, after, rows, PAGE, &n, err);
        if (rc != HENG_OK) return rc;
        if (count + n > cap) {
            struct heng_api_gateway *more = heng_arena_take(call->arena, cap = 2 * (count + PAGE), sizeof *more);
            if (!more) return no_memory(err);
            if (count) memcpy(more, items, count * sizeof *more);
            items = more;
        }
        for (size_t i = 0; i < n; i++) {
            if (all || is_in_trouble(&rows[i])) items[count++] = heng_api_gateway_from(&rows[i]);
            if (rows[i].gateway.id > after) after = rows[i].gateway.id;
        }
    }
    heng_rc rc = order_tree(call, items, count, &items, err);
    if (rc == HENG_OK) *ret = (struct heng_api_gateway_list){items, count};
    return rc;
}

heng_rc heng_api_get_gateway(struct heng_api_call *call, const struct heng_api_get_gateway_params *params,
                             struct heng_api_gateway *ret, struct heng_err *err)
{
    struct heng_gateway_row *row = heng_arena_take(call->arena, 1, sizeof *row);
    if (!row) return no_memory(err);
    heng_rc rc = heng_view_gateway(call->reader, params->gateway_id, row, err);
    if (rc == HENG_OK) *ret = heng_api_gateway_from(row);
    return rc;
}

static heng_rc list_events(struct heng_api_call *call, int64_t gateway_id, int64_t before, size_t limit,
                           struct heng_api_gateway_event_list *ret, struct heng_err *err)
{
    size_t n = 0;
    struct heng_gateway_event_row *rows = heng_arena_take(call->arena, limit, sizeof *rows);
    struct heng_api_gateway_event *items = heng_arena_take(call->arena, limit, sizeof *items);
    if (!rows || !items) return no_memory(err);
    heng_rc rc = heng_store_list_gateway_events(call->reader, gateway_id, before, rows, limit, &n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct heng_api_gateway_event){
            .id = rows[i].id,
            .has_gateway_id = rows[i].gateway_id != 0,
            .gateway_id = rows[i].gateway_id,
            .at = rows[i].at_us,
            .kind = heng_api_gateway_event_kind_of(heng_gateway_event_text(rows[i].kind)),
            .value = rows[i].value,
            .has_line_id = rows[i].line_id != 0,
            .line_id = rows[i].line_id,
            .has_detail = rows[i].detail[0] != '\0',
            .detail = rows[i].detail,
        };
    *ret = (struct heng_api_gateway_event_list){items, n};
    return HENG_OK;
}

heng_rc heng_api_list_gateway_events(struct heng_api_call *call,
                                     const struct heng_api_list_gateway_events_params *params,
                                     struct heng_api_gateway_event_list *ret, struct heng_err *err)
{
    struct heng_gateway *gateway = heng_arena_take(call->arena, 1, sizeof *gateway);
    if (!gateway) return no_memory(err);
    heng_rc rc = heng_store_get_gateway(call->reader, params->gateway_id, gateway, err);
    if (rc != HENG_OK) return rc;
    return list_events(call, params->gateway_id, params->has_before ? params->before : 0, (size_t)params->limit, ret,
                       err);
}

heng_rc heng_api_list_all_gateway_events(struct heng_api_call *call,
                                         const struct heng_api_list_all_gateway_events_params *params,
                                         struct heng_api_gateway_event_list *ret, struct heng_err *err)
{
    return list_events(call, -1, params->has_before ? params->before : 0, (size_t)params->limit, ret, err);
}

/* --- who wants to come in -------------------------------------------------------------------------------------- */

heng_rc heng_api_list_enrolments(struct heng_api_call *call, const struct heng_api_list_enrolments_params *params,
                                 struct heng_api_enrolment_list *ret, struct heng_err *err)
{
    size_t n = 0, cap = 2 * HENG_ENROLMENTS_MAX;
    heng_enrolment_state state = HENG_ENROLMENT_STATE_COUNT;
    if (params->has_state) state = heng_enrolment_state_of(heng_api_enrolment_state_text(params->state));
    struct heng_enrolment *rows = heng_arena_take(call->arena, cap, sizeof *rows);
    struct heng_api_enrolment *items = heng_arena_take(call->arena, cap, sizeof *items);
    if (!rows || !items) return no_memory(err);
    heng_rc rc = heng_store_list_enrolments(call->reader, state, rows, cap, &n, err);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < n; i++) {
        char begins[5] = "";
        memcpy(begins, rows[i].code, sizeof begins - 1);
        items[i] = (struct heng_api_enrolment){
            .id = rows[i].id,
            .state = heng_api_enrolment_state_of(heng_enrolment_state_text(rows[i].state)),
            .code_begins = heng_arena_text(call->arena, begins),
            .name = rows[i].name,
            .serial = rows[i].serial,
            .software = rows[i].software,
            .address = rows[i].address,
            .has_via_id = rows[i].via_id != 0,
            .via_id = rows[i].via_id,
            .has_gateway_id = rows[i].gateway_id != 0,
            .gateway_id = rows[i].gateway_id,
            .first_at = rows[i].first_us,
            .last_at = rows[i].last_us,
            .has_why = rows[i].why[0] != '\0',
            .why = rows[i].why,
        };
    }
    *ret = (struct heng_api_enrolment_list){items, n};
    return HENG_OK;
}

heng_rc heng_api_accept_enrolment(struct heng_api_call *call, const struct heng_api_accept_enrolment_params *params,
                                  const struct heng_api_accept_request *body, struct heng_api_receipt *ret,
                                  struct heng_err *err)
{
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_ENROL_ACCEPT);
    if (!wish) return no_memory(err);
    call->is_wish = true;
    if (!body->key[0]) return heng_fail(err, HENG_ERANGE, 0, "'key' is empty: say which gateway it becomes");
    wish->id = params->enrolment_id;
    snprintf(wish->gateway.code, sizeof wish->gateway.code, "%s", body->code);
    snprintf(wish->gateway.key, sizeof wish->gateway.key, "%s", body->key);
    snprintf(wish->gateway.name, sizeof wish->gateway.name, "%s", body->name);
    wish->gateway.parent_id = body->has_parent ? body->parent : 0;
    return heng_api_ask_desk(call, wish, ret, err);
}

heng_rc heng_api_refuse_enrolment(struct heng_api_call *call, const struct heng_api_refuse_enrolment_params *params,
                                  const struct heng_api_refuse_request *body, struct heng_api_receipt *ret,
                                  struct heng_err *err)
{
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_ENROL_REFUSE);
    if (!wish) return no_memory(err);
    wish->id = params->enrolment_id;
    if (body->has_why) snprintf(wish->gateway.why, sizeof wish->gateway.why, "%s", body->why);
    return heng_api_ask_desk(call, wish, ret, err);
}

/* --- what people want of them ---------------------------------------------------------------------------------- */

/* Who did it, and why, is the record: neither may be left out. */
static heng_rc name_person(struct heng_api_call *call, struct heng_wish *wish, const char *who, const char *why,
                           struct heng_err *err)
{
    call->is_wish = true;
    if (!who[strspn(who, " ")] || !why[strspn(why, " ")])
        return heng_fail(err, HENG_ERANGE, 0, "say in 'who' and 'why' who does this and for what: it is kept");
    snprintf(wish->gateway.who, sizeof wish->gateway.who, "%s", who);
    snprintf(wish->gateway.why, sizeof wish->gateway.why, "%s", why);
    return HENG_OK;
}

heng_rc heng_api_revoke_gateway(struct heng_api_call *call, const struct heng_api_revoke_gateway_params *params,
                                const struct heng_api_revoke_request *body, struct heng_api_receipt *ret,
                                struct heng_err *err)
{
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_REVOKE);
    if (!wish) return no_memory(err);
    wish->id = params->gateway_id;
    heng_rc rc = name_person(call, wish, body->who, body->why, err);
    return rc == HENG_OK ? heng_api_ask_desk(call, wish, ret, err) : rc;
}

static heng_rc ask_receipt(struct heng_api_call *call, const struct heng_wish *wish, struct heng_receipt **ret,
                           struct heng_err *err)
{
    call->is_wish = true;
    if (!call->api->options.desk) return heng_fail(err, HENG_ECLOSED, 0, "no line runs here");
    *ret = heng_arena_take(call->arena, 1, sizeof **ret);
    return *ret ? heng_desk_ask(call->api->options.desk, wish, *ret, err) : no_memory(err);
}

heng_rc heng_api_open_tunnel(struct heng_api_call *call, const struct heng_api_open_tunnel_params *params,
                             const struct heng_api_tunnel_request *body, struct heng_api_tunnel *ret,
                             struct heng_err *err)
{
    struct heng_receipt *receipt = NULL;
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_TUNNEL);
    if (!wish) return no_memory(err);
    wish->line_id = params->line_id;
    wish->gateway.seconds = body->has_seconds ? (uint32_t)body->seconds : HENG_TUNNEL_USUAL_S;
    heng_rc rc = name_person(call, wish, body->who, body->why, err);
    if (rc == HENG_OK) rc = ask_receipt(call, wish, &receipt, err);
    if (rc != HENG_OK) return rc;
    heng_us connect_by = heng_clock_wall() + HENG_TUNNEL_WAITS_S * HENG_US_PER_S;
    *ret = (struct heng_api_tunnel){.port = receipt->port,
                                    .token = receipt->token,
                                    .connect_by = connect_by,
                                    .until = connect_by + wish->gateway.seconds * HENG_US_PER_S};
    return HENG_OK;
}

heng_rc heng_api_ask_gateway(struct heng_api_call *call, const struct heng_api_ask_gateway_params *params,
                             const struct heng_api_gateway_question *body, struct heng_api_gateway_answer *ret,
                             struct heng_err *err)
{
    struct heng_receipt *receipt = NULL;
    struct heng_wish *wish = heng_api_new_wish(call, HENG_WISH_GATEWAY_ASK);
    if (!wish) return no_memory(err);
    wish->id = params->gateway_id;
    snprintf(wish->gateway.what, sizeof wish->gateway.what, "%s", heng_api_gateway_question_kind_text(body->what));
    heng_rc rc = ask_receipt(call, wish, &receipt, err);
    if (rc != HENG_OK) return rc;
    *ret = (struct heng_api_gateway_answer){.text = heng_arena_text(call->arena, receipt->text ? receipt->text : "")};
    free(receipt->text);
    return ret->text ? HENG_OK : no_memory(err);
}
