/* Messages -> structures. */
#include "base/utf8.h"
#include "uplink/message.h"
#include "uplink/pb.h"

#define UNPACK(type, in, memory) ((Heng__Uplink__##type *)(void *)unpack(&type##_is, in, memory))
#define Hello_is                 heng__uplink__hello__descriptor
#define Welcome_is               heng__uplink__welcome__descriptor
#define Ack_is                   heng__uplink__ack__descriptor
#define Refused_is               heng__uplink__refused__descriptor
#define Order_is                 heng__uplink__order__descriptor
#define CancelOrder_is           heng__uplink__cancel_order__descriptor
#define Search_is                heng__uplink__search__descriptor
#define Ask_is                   heng__uplink__ask__descriptor
#define Outcome_is               heng__uplink__outcome__descriptor
#define Answer_is                heng__uplink__answer__descriptor
#define EnrolAsk_is              heng__uplink__enrol_ask__descriptor
#define EnrolAnswer_is           heng__uplink__enrol_answer__descriptor
#define RenewAsk_is              heng__uplink__renew_ask__descriptor
#define Tunnel_is                heng__uplink__tunnel__descriptor
#define Ping_is                  heng__uplink__ping__descriptor
#define Pong_is                  heng__uplink__pong__descriptor

/* Fields of bytes, which are looked up in the message itself: protobuf-c has a copy that ends with it. */
enum {
    ANSWER_TEXT = 3,
    ENROL_REQUEST = 1,
    ENROL_CERTIFICATE = 2,
    ENROL_AUTHORITY = 3,
    RENEW_REQUEST = 1,
    TUNNEL_BYTES = 8
};

/* What a message takes beyond its own length while it is unpacked, however often it repeats what. */
enum { UNPACK_ROOM = 64 * 1024 };

/* A text with a NUL would say less to us than to others. Texts within messages too: as deep as uplink.proto goes. */
static bool texts_are_whole(const ProtobufCMessageDescriptor *is, struct heng_slice in)
{
    struct heng_reader r = heng_reader_of(in);
    struct heng_wire_field field;
    while (heng_wire_field_next(&r, &field)) {
        const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(is, field.number);
        if (!f || field.type != HENG_WIRE_BYTES) continue;
        if (f->type == PROTOBUF_C_TYPE_STRING && field.bytes.n && memchr(field.bytes.p, 0, field.bytes.n)) return false;
        if (f->type == PROTOBUF_C_TYPE_MESSAGE && !texts_are_whole(f->descriptor, field.bytes)) return false;
    }
    return !r.failed;
}

/* NULL: it is none, or wants more memory than it may have. Lives in memory, which is given back with let_go. */
static ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *is, struct heng_slice in,
                                struct heng_pb_memory *memory)
{
    *memory = (struct heng_pb_memory){.arena = {.max = in.n + UNPACK_ROOM}};
    ProtobufCAllocator allocator = heng_pb_allocator(memory);
    ProtobufCMessage *message = texts_are_whole(is, in)
                                    ? protobuf_c_message_unpack(is, &allocator, in.n, in.n ? in.p : (const uint8_t *)"")
                                    : NULL;
    if (!message) heng_arena_fini(&memory->arena);
    return message;
}

static void let_go(struct heng_pb_memory *memory) { heng_arena_fini(&memory->arena); }

static heng_rc no_message(struct heng_err *err, const char *what)
{
    return heng_fail(err, HENG_EFORMAT, 0, "'%s' cannot be read", what);
}

/* A text for people: see message.h. */
static void show(char *to, size_t cap, const char *from)
{
    size_t n = 0, left = strlen(from);
    while (left > 0) {
        size_t length = heng_utf8_length((const uint8_t *)from, left), used = length > 0 ? length : 1;
        bool plain = length > 1 || (length == 1 && (uint8_t)*from >= 0x20 && *from != 0x7F);
        if (length == 2 && (uint8_t)from[0] == 0xC2 && (uint8_t)from[1] < 0xA0) plain = false; /* C1: terminals obey */
        size_t wide = plain ? used : 1;
        if (n + wide >= cap) break;
        memcpy(to + n, plain ? from : "?", wide);
        n += wide;
        from += used;
        left -= used;
    }
    to[n] = '\0';
}

/* A text for programs: printable ASCII that fits. */
static bool word(char *to, size_t cap, const char *from)
{
    size_t n = strlen(from);
    to[0] = '\0';
    if (n >= cap) return false;
    for (size_t i = 0; i < n; i++)
        if (from[i] < 0x20 || from[i] > 0x7E) return false;
    memcpy(to, from, n + 1);
    return true;
}

#define SHOW(to, from) show(to, sizeof(to), from)

static bool path_is(const int64_t *ids, size_t n, struct heng_path *ret)
{
    *ret = (struct heng_path){0};
    if (n > HENG_UPLINK_PATH_MAX) return false;
    for (size_t i = 0; i < n; i++) {
        if (ids[i] <= 0) return false;
        ret->gateway_ids[i] = ids[i];
    }
    ret->n = n;
    return true;
}

static bool children_are(Heng__Uplink__Child *const *from, size_t count, struct heng_uplink_child *to)
{
    if (count > HENG_UPLINK_CHILDREN_MAX) return false;
    for (size_t i = 0; i < count; i++) {
        if (from[i]->gateway_id <= 0 || from[i]->via_id < 0) return false;
        to[i].gateway_id = from[i]->gateway_id;
        to[i].via_id = from[i]->via_id;
        to[i].connected = from[i]->connected;
        to[i].last_contact_us = from[i]->last_contact_us;
        to[i].clock_error_us = from[i]->clock_error_us;
        to[i].queued = from[i]->queued;
        to[i].config_version = from[i]->config_version;
        SHOW(to[i].software, from[i]->software);
        SHOW(to[i].firmware, from[i]->firmware);
    }
    return true;
}

heng_rc heng_hear_hello(struct heng_slice in, struct heng_hello *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Hello *m = UNPACK(Hello, in, &memory);
    if (!m) return no_message(err, "hello");
    *ret = (struct heng_hello){.version = m->version, .oldest_version = m->oldest_version, .epoch = m->epoch};
    ret->first = m->first;
    ret->last = m->last;
    ret->config_version = m->config_version;
    ret->clock_us = m->clock_us;
    ret->clock_doubtful = m->clock_doubtful;
    ret->free_bytes = m->free_bytes;
    SHOW(ret->software, m->software);
    SHOW(ret->firmware, m->firmware);
    for (size_t i = 0; i < m->n_capabilities; i++) {
        struct heng_slice can = heng_slice_str(m->capabilities[i]);
        ret->can_order |= heng_slice_is(can, "order");
        ret->can_search |= heng_slice_is(can, "search");
        ret->can_tunnel |= heng_slice_is(can, "tunnel");
        ret->can_cascade |= heng_slice_is(can, "cascade");
    }
    ret->child_count = m->n_children;
    bool holds = children_are(m->children, m->n_children, ret->children);
    let_go(&memory);
    return holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "hello: gateways below that cannot be");
}

heng_rc heng_hear_welcome(struct heng_slice in, struct heng_welcome *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Welcome *m = UNPACK(Welcome, in, &memory);
    if (!m) return no_message(err, "welcome");
    *ret = (struct heng_welcome){.version = m->version, .epoch = m->epoch, .resume_after = m->resume_after};
    ret->resume_check = m->resume_check;
    ret->clock_us = m->clock_us;
    ret->window_bytes = m->window_bytes;
    ret->batch_bytes = m->batch_bytes;
    ret->ping_s = m->ping_s;
    ret->config_version = m->config_version;
    ret->gateway_id = m->gateway_id;
    SHOW(ret->name, m->name);
    let_go(&memory);
    return HENG_OK;
}

heng_rc heng_hear_ack(struct heng_slice in, uint64_t *ret_epoch, uint64_t *ret_durable, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Ack *m = UNPACK(Ack, in, &memory);
    if (!m) return no_message(err, "ack");
    *ret_epoch = m->epoch;
    *ret_durable = m->durable;
    let_go(&memory);
    return HENG_OK;
}

heng_rc heng_hear_refused(struct heng_slice in, struct heng_refused *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Refused *m = UNPACK(Refused, in, &memory);
    if (!m) return no_message(err, "refused");
    *ret = (struct heng_refused){.reason = m->reason, .retry_s = m->retry_s};
    SHOW(ret->text, m->text);
    let_go(&memory);
    return HENG_OK;
}

static bool secret_is(const Heng__Uplink__Order *m, struct heng_order *ret)
{
    ret->has_secret = m->has_secret;
    if (!m->has_secret) return m->password.len == 0 && m->operator_code.len == 0;
    if (m->password.len != sizeof ret->password || m->operator_code.len != sizeof ret->operator_code) return false;
    memcpy(ret->password, m->password.data, sizeof ret->password);
    memcpy(ret->operator_code, m->operator_code.data, sizeof ret->operator_code);
    return true;
}

heng_rc heng_hear_order(struct heng_slice in, struct heng_down_order *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Order *m = UNPACK(Order, in, &memory);
    if (!m) return no_message(err, "order");
    *ret = (struct heng_down_order){.id = m->id, .group = m->group, .command = m->command, .line_id = m->line_id};
    ret->device_id = m->device_id;
    ret->cls = (heng_class)m->class_;
    ret->protocol = (heng_protocol)m->protocol;
    ret->expires_us = m->expires_us;
    ret->order.kind = (heng_order_kind)m->kind;
    ret->order.back = (uint16_t)m->back;
    ret->order.baud = m->baud;
    ret->order.number = m->number;
    ret->order.amount = m->amount;
    bool path = path_is(m->path, m->n_path, &ret->path);
    bool holds = m->class_ < HENG_CLASS_COUNT && m->protocol < HENG_PROTOCOL_COUNT && m->kind < HENG_ORDER_COUNT &&
                 m->back <= UINT16_MAX && m->line_id > 0 && m->device_id >= 0 &&
                 word(ret->order.address, sizeof ret->order.address, m->address) && secret_is(m, &ret->order);
    let_go(&memory);
    if (ret->id <= 0 || !path)
        return heng_fail(err, HENG_EFORMAT, 0, "order without a number, or of an impossible way");
    return holds ? HENG_OK : heng_fail(err, HENG_ERANGE, 0, "the gateway does not know such an order");
}

heng_rc heng_hear_cancel(struct heng_slice in, int64_t *ret_id, struct heng_path *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__CancelOrder *m = UNPACK(CancelOrder, in, &memory);
    if (!m) return no_message(err, "cancel");
    *ret_id = m->id;
    bool holds = path_is(m->path, m->n_path, ret);
    let_go(&memory);
    return *ret_id > 0 && holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "cancel: no such order can be");
}

heng_rc heng_hear_search(struct heng_slice in, struct heng_down_search *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Search *m = UNPACK(Search, in, &memory);
    if (!m) return no_message(err, "search");
    *ret = (struct heng_down_search){.line_id = m->line_id, .kind = (heng_search_kind)m->kind, .stop = m->stop};
    ret->known_only = m->known_only;
    bool path = path_is(m->path, m->n_path, &ret->path);
    bool holds = m->kind < HENG_SEARCH_KIND_COUNT && word(ret->resume, sizeof ret->resume, m->resume);
    let_go(&memory);
    if (ret->line_id <= 0 || !path)
        return heng_fail(err, HENG_EFORMAT, 0, "search without a line, or of an impossible way");
    return holds ? HENG_OK : heng_fail(err, HENG_ERANGE, 0, "the gateway does not know such a search");
}

heng_rc heng_hear_ask(struct heng_slice in, uint64_t *ret_id, char *ret_what, size_t cap, struct heng_path *ret,
                      struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Ask *m = UNPACK(Ask, in, &memory);
    if (!m) return no_message(err, "ask");
    *ret_id = m->id;
    bool path = path_is(m->path, m->n_path, ret), holds = word(ret_what, cap, m->what);
    let_go(&memory);
    return path && holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "ask: nothing that can be asked");
}

static bool outcome_of_is(uint32_t number)
{
    return number == HENG_OUTCOME_OF_CONFIG || number == HENG_OUTCOME_OF_ORDER || number == HENG_OUTCOME_OF_CANCEL ||
           number == HENG_OUTCOME_OF_SEARCH || number == HENG_OUTCOME_OF_TUNNEL;
}

heng_rc heng_hear_outcome(struct heng_slice in, struct heng_down_outcome *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Outcome *m = UNPACK(Outcome, in, &memory);
    if (!m) return no_message(err, "outcome");
    *ret = (struct heng_down_outcome){.what = (heng_outcome_of)m->what, .of = m->of, .gateway_id = m->gateway_id};
    ret->taken = m->taken;
    SHOW(ret->why, m->why);
    bool holds = outcome_of_is(m->what) && m->gateway_id >= 0;
    let_go(&memory);
    return holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "outcome of nothing that was sent");
}

heng_rc heng_hear_answer(struct heng_slice in, uint64_t *ret_id, bool *ret_last, struct heng_slice *ret,
                         struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Answer *m = UNPACK(Answer, in, &memory);
    if (!m) return no_message(err, "answer");
    *ret_id = m->id;
    *ret_last = m->last;
    *ret = heng_wire_field_find(in, ANSWER_TEXT);
    let_go(&memory);
    return HENG_OK;
}

heng_rc heng_hear_enrol_ask(struct heng_slice in, struct heng_enrol_ask *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__EnrolAsk *m = UNPACK(EnrolAsk, in, &memory);
    if (!m) return no_message(err, "enrolment");
    *ret = (struct heng_enrol_ask){.request = heng_wire_field_find(in, ENROL_REQUEST), .via_id = m->via_id};
    SHOW(ret->name, m->name);
    SHOW(ret->serial, m->serial);
    SHOW(ret->software, m->software);
    let_go(&memory);
    bool holds = ret->request.n > 0 && ret->request.n <= HENG_UPLINK_REQUEST_MAX && ret->via_id >= 0;
    return holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "enrolment without a request that can be");
}

heng_rc heng_hear_enrol_answer(struct heng_slice in, struct heng_enrol_answer *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__EnrolAnswer *m = UNPACK(EnrolAnswer, in, &memory);
    if (!m) return no_message(err, "answer to an enrolment");
    *ret = (struct heng_enrol_answer){.waiting = m->waiting, .retry_s = m->retry_s};
    ret->certificate = heng_wire_field_find(in, ENROL_CERTIFICATE);
    ret->authority = heng_wire_field_find(in, ENROL_AUTHORITY);
    SHOW(ret->why, m->why);
    bool holds = m->request_hash.len == sizeof ret->request_hash;
    if (holds) memcpy(ret->request_hash, m->request_hash.data, sizeof ret->request_hash);
    let_go(&memory);
    return holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "answer to an enrolment that does not say which");
}

heng_rc heng_hear_renew(struct heng_slice in, struct heng_slice *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__RenewAsk *m = UNPACK(RenewAsk, in, &memory);
    if (!m) return no_message(err, "renewal");
    *ret = heng_wire_field_find(in, RENEW_REQUEST);
    let_go(&memory);
    bool holds = ret->n > 0 && ret->n <= HENG_UPLINK_REQUEST_MAX;
    return holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "renewal without a request that can be");
}

heng_rc heng_hear_tunnel(struct heng_slice in, struct heng_tunnel_message *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Tunnel *m = UNPACK(Tunnel, in, &memory);
    if (!m) return no_message(err, "tunnel");
    *ret = (struct heng_tunnel_message){.id = m->id, .open = m->open, .close = m->close, .line_id = m->line_id};
    ret->seconds = m->seconds;
    SHOW(ret->who, m->who);
    SHOW(ret->why, m->why);
    ret->bytes = heng_wire_field_find(in, TUNNEL_BYTES);
    bool holds = path_is(m->path, m->n_path, &ret->path) && ret->id > 0;
    let_go(&memory);
    return holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "tunnel without a number, or of an impossible way");
}

heng_rc heng_hear_ping(struct heng_slice in, struct heng_ping *ret, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Ping *m = UNPACK(Ping, in, &memory);
    if (!m) return no_message(err, "ping");
    ret->clock_us = m->clock_us;
    ret->clock_doubtful = m->clock_doubtful;
    ret->queued = m->queued;
    ret->config_version = m->config_version;
    ret->child_count = m->n_children;
    bool holds = children_are(m->children, m->n_children, ret->children);
    let_go(&memory);
    return holds ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "ping: gateways below that cannot be");
}

heng_rc heng_hear_pong(struct heng_slice in, heng_us *ret_ping_clock_us, heng_us *ret_clock_us, struct heng_err *err)
{
    struct heng_pb_memory memory;
    Heng__Uplink__Pong *m = UNPACK(Pong, in, &memory);
    if (!m) return no_message(err, "pong");
    *ret_ping_clock_us = m->ping_clock_us;
    *ret_clock_us = m->clock_us;
    let_go(&memory);
    return HENG_OK;
}
