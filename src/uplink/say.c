/* Structures -> messages. */
#include "uplink/message.h"
#include "uplink/uplink.pb-c.h"

#include <assert.h>

/* protobuf-c wants pointers to what it does not change. */
static char *borrowed(const char *text) { return (char *)(uintptr_t)text; }

static ProtobufCBinaryData bytes_of(struct heng_slice s)
{
    return (ProtobufCBinaryData){.len = s.n, .data = (uint8_t *)(uintptr_t)s.p};
}

struct children {
    Heng__Uplink__Child each[HENG_UPLINK_CHILDREN_MAX], *list[HENG_UPLINK_CHILDREN_MAX];
};

static void children_of(const struct heng_uplink_child *from, size_t count, struct children *ret)
{
    assert(count <= HENG_UPLINK_CHILDREN_MAX);
    for (size_t i = 0; i < count; i++) {
        Heng__Uplink__Child *to = ret->list[i] = &ret->each[i];
        heng__uplink__child__init(to);
        to->gateway_id = from[i].gateway_id;
        to->via_id = from[i].via_id;
        to->connected = from[i].connected;
        to->last_contact_us = from[i].last_contact_us;
        to->clock_error_us = from[i].clock_error_us;
        to->queued = from[i].queued;
        to->config_version = from[i].config_version;
        to->software = borrowed(from[i].software);
        to->firmware = borrowed(from[i].firmware);
    }
}

bool heng_say_hello(struct heng_wire_out *out, const struct heng_hello *hello)
{
    struct children children;
    char *can[4];
    Heng__Uplink__Hello m = HENG__UPLINK__HELLO__INIT;
    m.version = hello->version;
    m.oldest_version = hello->oldest_version;
    m.software = borrowed(hello->software);
    m.firmware = borrowed(hello->firmware);
    m.capabilities = can;
    if (hello->can_order) can[m.n_capabilities++] = borrowed("order");
    if (hello->can_search) can[m.n_capabilities++] = borrowed("search");
    if (hello->can_tunnel) can[m.n_capabilities++] = borrowed("tunnel");
    if (hello->can_cascade) can[m.n_capabilities++] = borrowed("cascade");
    m.epoch = hello->epoch;
    m.first = hello->first;
    m.last = hello->last;
    m.config_version = hello->config_version;
    m.clock_us = hello->clock_us;
    m.clock_doubtful = hello->clock_doubtful;
    m.free_bytes = hello->free_bytes;
    children_of(hello->children, hello->child_count, &children);
    m.n_children = hello->child_count;
    m.children = children.list;
    return heng_wire_put_message(out, HENG_WIRE_HELLO, &m.base);
}

bool heng_say_welcome(struct heng_wire_out *out, const struct heng_welcome *welcome)
{
    Heng__Uplink__Welcome m = HENG__UPLINK__WELCOME__INIT;
    m.version = welcome->version;
    m.epoch = welcome->epoch;
    m.resume_after = welcome->resume_after;
    m.resume_check = welcome->resume_check;
    m.clock_us = welcome->clock_us;
    m.window_bytes = welcome->window_bytes;
    m.batch_bytes = welcome->batch_bytes;
    m.ping_s = welcome->ping_s;
    m.config_version = welcome->config_version;
    m.gateway_id = welcome->gateway_id;
    m.name = borrowed(welcome->name);
    return heng_wire_put_message(out, HENG_WIRE_WELCOME, &m.base);
}

bool heng_say_ack(struct heng_wire_out *out, uint64_t epoch, uint64_t durable)
{
    Heng__Uplink__Ack m = HENG__UPLINK__ACK__INIT;
    m.epoch = epoch;
    m.durable = durable;
    return heng_wire_put_message(out, HENG_WIRE_ACK, &m.base);
}

bool heng_say_refused(struct heng_wire_out *out, heng_refusal refusal, const char *text, uint32_t retry_s)
{
    Heng__Uplink__Refused m = HENG__UPLINK__REFUSED__INIT;
    m.reason = (uint32_t)refusal;
    m.text = borrowed(text);
    m.retry_s = retry_s;
    return heng_wire_put_message(out, HENG_WIRE_REFUSED, &m.base);
}

static int64_t *path_of(const struct heng_path *path, size_t *ret_n)
{
    assert(path->n <= HENG_UPLINK_PATH_MAX);
    *ret_n = path->n;
    return (int64_t *)(uintptr_t)path->gateway_ids;
}

bool heng_say_order(struct heng_wire_out *out, const struct heng_down_order *order)
{
    Heng__Uplink__Order m = HENG__UPLINK__ORDER__INIT;
    m.id = order->id;
    m.group = order->group;
    m.command = order->command;
    m.class_ = (uint32_t)order->cls;
    m.line_id = order->line_id;
    m.device_id = order->device_id;
    m.protocol = (uint32_t)order->protocol;
    m.kind = (uint32_t)order->order.kind;
    m.back = order->order.back;
    m.baud = order->order.baud;
    m.number = order->order.number;
    m.amount = order->order.amount;
    m.address = borrowed(order->order.address);
    m.has_secret = order->order.has_secret;
    if (m.has_secret) {
        m.password = bytes_of(heng_slice_of(order->order.password, sizeof order->order.password));
        m.operator_code = bytes_of(heng_slice_of(order->order.operator_code, sizeof order->order.operator_code));
    }
    m.expires_us = order->expires_us;
    m.path = path_of(&order->path, &m.n_path);
    return heng_wire_put_message(out, HENG_WIRE_ORDER, &m.base);
}

bool heng_say_cancel(struct heng_wire_out *out, int64_t id, const struct heng_path *path)
{
    Heng__Uplink__CancelOrder m = HENG__UPLINK__CANCEL_ORDER__INIT;
    m.id = id;
    m.path = path_of(path, &m.n_path);
    return heng_wire_put_message(out, HENG_WIRE_CANCEL, &m.base);
}

bool heng_say_search(struct heng_wire_out *out, const struct heng_down_search *search)
{
    Heng__Uplink__Search m = HENG__UPLINK__SEARCH__INIT;
    m.line_id = search->line_id;
    m.kind = (uint32_t)search->kind;
    m.known_only = search->known_only;
    m.stop = search->stop;
    m.resume = borrowed(search->resume);
    m.path = path_of(&search->path, &m.n_path);
    return heng_wire_put_message(out, HENG_WIRE_SEARCH, &m.base);
}

bool heng_say_ask(struct heng_wire_out *out, uint64_t id, const char *what, const struct heng_path *path)
{
    Heng__Uplink__Ask m = HENG__UPLINK__ASK__INIT;
    m.id = id;
    m.what = borrowed(what);
    m.path = path_of(path, &m.n_path);
    return heng_wire_put_message(out, HENG_WIRE_ASK, &m.base);
}

bool heng_say_outcome(struct heng_wire_out *out, const struct heng_down_outcome *outcome)
{
    Heng__Uplink__Outcome m = HENG__UPLINK__OUTCOME__INIT;
    m.what = (uint32_t)outcome->what;
    m.of = outcome->of;
    m.taken = outcome->taken;
    m.why = borrowed(outcome->why);
    m.gateway_id = outcome->gateway_id;
    return heng_wire_put_message(out, HENG_WIRE_OUTCOME, &m.base);
}

bool heng_say_answer(struct heng_wire_out *out, uint64_t id, bool last, struct heng_slice text)
{
    Heng__Uplink__Answer m = HENG__UPLINK__ANSWER__INIT;
    m.id = id;
    m.last = last;
    m.text = bytes_of(text);
    return heng_wire_put_message(out, HENG_WIRE_ANSWER, &m.base);
}

bool heng_say_enrol_ask(struct heng_wire_out *out, const struct heng_enrol_ask *ask)
{
    Heng__Uplink__EnrolAsk m = HENG__UPLINK__ENROL_ASK__INIT;
    m.request = bytes_of(ask->request);
    m.name = borrowed(ask->name);
    m.serial = borrowed(ask->serial);
    m.software = borrowed(ask->software);
    m.via_id = ask->via_id;
    return heng_wire_put_message(out, HENG_WIRE_ENROL_ASK, &m.base);
}

bool heng_say_enrol_answer(struct heng_wire_out *out, const struct heng_enrol_answer *answer)
{
    Heng__Uplink__EnrolAnswer m = HENG__UPLINK__ENROL_ANSWER__INIT;
    m.waiting = answer->waiting;
    m.certificate = bytes_of(answer->certificate);
    m.authority = bytes_of(answer->authority);
    m.why = borrowed(answer->why);
    m.retry_s = answer->retry_s;
    m.request_hash = bytes_of(heng_slice_of(answer->request_hash, sizeof answer->request_hash));
    return heng_wire_put_message(out, HENG_WIRE_ENROL_ANSWER, &m.base);
}

bool heng_say_renew(struct heng_wire_out *out, struct heng_slice request)
{
    Heng__Uplink__RenewAsk m = HENG__UPLINK__RENEW_ASK__INIT;
    m.request = bytes_of(request);
    return heng_wire_put_message(out, HENG_WIRE_RENEW_ASK, &m.base);
}

bool heng_say_tunnel(struct heng_wire_out *out, const struct heng_tunnel_message *message)
{
    Heng__Uplink__Tunnel m = HENG__UPLINK__TUNNEL__INIT;
    m.id = message->id;
    m.open = message->open;
    m.close = message->close;
    m.line_id = message->line_id;
    m.who = borrowed(message->who);
    m.why = borrowed(message->why);
    m.seconds = message->seconds;
    m.bytes = bytes_of(message->bytes);
    m.path = path_of(&message->path, &m.n_path);
    return heng_wire_put_message(out, HENG_WIRE_TUNNEL, &m.base);
}

bool heng_say_ping(struct heng_wire_out *out, const struct heng_ping *ping)
{
    struct children children;
    Heng__Uplink__Ping m = HENG__UPLINK__PING__INIT;
    m.clock_us = ping->clock_us;
    m.clock_doubtful = ping->clock_doubtful;
    m.queued = ping->queued;
    m.config_version = ping->config_version;
    children_of(ping->children, ping->child_count, &children);
    m.n_children = ping->child_count;
    m.children = children.list;
    return heng_wire_put_message(out, HENG_WIRE_PING, &m.base);
}

bool heng_say_pong(struct heng_wire_out *out, heng_us ping_clock_us, heng_us clock_us)
{
    Heng__Uplink__Pong m = HENG__UPLINK__PONG__INIT;
    m.ping_clock_us = ping_clock_us;
    m.clock_us = clock_us;
    return heng_wire_put_message(out, HENG_WIRE_PONG, &m.base);
}
