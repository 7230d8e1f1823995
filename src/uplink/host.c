#include "uplink/host.h"

#include "uplink/batch.h"
#include "uplink/message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* FRESH ── Hello ──► GREETED ── heng_host_welcome ──► OPEN ── refused, silent ──► ENDING ── HANG_UP ──► OVER
 * STRANGER (enrolment only) ────────────────────────────────────────────────────────┘ */
typedef enum host_state { STATE_FRESH, STATE_STRANGER, STATE_GREETED, STATE_OPEN, STATE_ENDING, STATE_OVER } host_state;

enum {
    HELLO_S = 30,    /* until then it has said who it is */
    STRANGER_S = 60, /* all that a stranger has */
    STRANGER_ASKS_MAX = 4,
    WAITING_MESSAGES_MAX = 64,
    WAITING_MAX = 2 * 1024 * 1024,
    ENDING_ROOM = 512 /* a refusal has its place beyond the bound */
};

struct under_way {
    uint64_t last;
    uint32_t bytes;
};

struct heng_host {
    host_state state;
    bool can_order, can_search, can_tunnel, can_cascade;
    bool ping_under_way, ack_due;
    uint8_t asks;
    heng_refusal refusal;
    uint32_t version, window_bytes, batch_bytes, ping_s;
    struct heng_wire_in in;
    struct heng_wire_out out;
    size_t unsent;
    struct heng_batch_room *room; /* of the batch that was given last, until the next call */

    heng_us connected_us, heard_us, ping_sent_us, ping_clock_us;
    heng_us hello_clock_us; /* wall clock here when Hello came */
    heng_us clock_error_us, rtt_us;
    uint64_t epoch, taken, stored;
    uint64_t bytes_in, bytes_out;
    struct under_way under_way[HENG_UPLINK_UNDER_WAY_MAX];
    unsigned under_way_from, under_way_count;
    size_t under_way_bytes;
    char why[120];
};
static_assert(sizeof(struct heng_host) <= 1024, "ten thousand of them rest in one server");

/* --- life ----------------------------------------------------------------------------------------------------------
 */

heng_rc heng_host_new(bool stranger, heng_us now, struct heng_host **ret, struct heng_err *err)
{
    struct heng_host *host = calloc(1, sizeof *host);
    if (!host) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a connection");
    host->state = stranger ? STATE_STRANGER : STATE_FRESH;
    host->connected_us = host->heard_us = now;
    *ret = host;
    return HENG_OK;
}

static void drop_room(struct heng_host *host)
{
    free(host->room);
    host->room = NULL;
}

void heng_host_free(struct heng_host *host)
{
    if (!host) return;
    heng_wire_in_fini(&host->in);
    heng_wire_out_fini(&host->out);
    drop_room(host);
    free(host);
}

static bool hears(const struct heng_host *host) { return host->state < STATE_ENDING; }

void heng_host_refuse(struct heng_host *host, heng_us now, heng_refusal refusal, uint32_t retry_s, const char *text)
{
    (void)now;
    if (!hears(host)) return;
    snprintf(host->why, sizeof host->why, "%.*s", (int)sizeof host->why - 1, text);
    host->refusal = refusal;
    host->state = STATE_ENDING;
    /* Without memory it learns of the end by the end. */
    (void)heng_say_refused(&host->out, refusal, host->why, retry_s);
}

void heng_host_feed(struct heng_host *host, heng_us now, heng_us wall_us, struct heng_slice bytes)
{
    (void)wall_us;
    if (!hears(host) || bytes.n == 0) return;
    drop_room(host);
    host->heard_us = now;
    host->bytes_in += bytes.n;
    if (heng_wire_feed(&host->in, bytes) != HENG_OK)
        heng_host_refuse(host, now, HENG_REFUSAL_BUSY, 0, "no memory for what it says");
}

void heng_host_unsent(struct heng_host *host, heng_us now, size_t bytes)
{
    (void)now;
    host->unsent = bytes;
}

/* --- what is said to it --------------------------------------------------------------------------------------------
 */

static bool has_room(const struct heng_host *host, size_t n)
{
    size_t waiting = heng_wire_waiting(&host->out);
    if (waiting > 0 && host->out.messages >= WAITING_MESSAGES_MAX) return false;
    return host->unsent + waiting + n + ENDING_ROOM <= WAITING_MAX;
}

static bool may_say(const struct heng_host *host, size_t n) { return host->state == STATE_OPEN && has_room(host, n); }

/* Can it do that, or pass it on? */
static bool can(const struct heng_host *host, bool by_itself, const struct heng_path *path)
{
    return path->n > 0 ? host->can_cascade : by_itself;
}

static uint32_t within(uint32_t value, uint32_t usual, uint32_t least, uint32_t most)
{
    if (value == 0) value = usual;
    return value < least ? least : value > most ? most : value;
}

/* A ping with the welcome: the round trip is known from the beginning. */
static void say_ping(struct heng_host *host, heng_us now, heng_us wall_us)
{
    if (!has_room(host, 64)) return;
    host->ping_under_way = true;
    host->ping_sent_us = now;
    host->ping_clock_us = wall_us;
    if (!heng_say_ping(&host->out, &(struct heng_ping){.clock_us = wall_us}))
        heng_host_refuse(host, now, HENG_REFUSAL_BUSY, 0, "no memory");
}

void heng_host_welcome(struct heng_host *host, heng_us now, heng_us wall_us, const struct heng_welcome *welcome)
{
    if (host->state != STATE_GREETED) return;
    assert(welcome->epoch == host->epoch);
    struct heng_welcome said = *welcome;
    said.version = host->version;
    said.clock_us = host->hello_clock_us;
    said.window_bytes = within(said.window_bytes, HENG_UPLINK_WINDOW_BYTES, 1024, 64 * HENG_UPLINK_MESSAGE_MAX);
    said.batch_bytes = within(said.batch_bytes, HENG_UPLINK_BATCH_BYTES, 1024, HENG_UPLINK_MESSAGE_MAX / 2);
    if (said.batch_bytes > said.window_bytes) said.batch_bytes = said.window_bytes;
    said.ping_s = within(said.ping_s, HENG_UPLINK_PING_S, 5, 3600);
    host->window_bytes = said.window_bytes;
    host->batch_bytes = said.batch_bytes;
    host->ping_s = said.ping_s;
    host->taken = host->stored = said.resume_after;
    host->state = STATE_OPEN;
    host->heard_us = now;
    if (!heng_say_welcome(&host->out, &said)) heng_host_refuse(host, now, HENG_REFUSAL_BUSY, 0, "no memory");
    if (hears(host)) say_ping(host, now, wall_us);
}

void heng_host_stored(struct heng_host *host, heng_us now, uint64_t epoch, uint64_t durable)
{
    (void)now;
    if (host->state != STATE_OPEN || epoch != host->epoch) return;
    if (durable > host->taken) durable = host->taken;
    if (durable <= host->stored) return;
    host->stored = durable;
    host->ack_due = true;
}

bool heng_host_config(struct heng_host *host, heng_us now, struct heng_slice packed)
{
    (void)now;
    return may_say(host, packed.n) && heng_wire_put(&host->out, HENG_WIRE_CONFIG, packed);
}

bool heng_host_order(struct heng_host *host, heng_us now, const struct heng_down_order *order)
{
    (void)now;
    return may_say(host, sizeof *order) && can(host, host->can_order, &order->path) &&
           heng_say_order(&host->out, order);
}

bool heng_host_cancel(struct heng_host *host, heng_us now, int64_t id, const struct heng_path *path)
{
    (void)now;
    return may_say(host, sizeof *path) && can(host, host->can_order, path) && heng_say_cancel(&host->out, id, path);
}

bool heng_host_search(struct heng_host *host, heng_us now, const struct heng_down_search *search)
{
    (void)now;
    return may_say(host, sizeof *search) && can(host, host->can_search, &search->path) &&
           heng_say_search(&host->out, search);
}

bool heng_host_ask(struct heng_host *host, heng_us now, uint64_t id, const char *what, const struct heng_path *path)
{
    (void)now;
    return may_say(host, sizeof *path + strlen(what)) && can(host, true, path) &&
           heng_say_ask(&host->out, id, what, path);
}

bool heng_host_tunnel(struct heng_host *host, heng_us now, const struct heng_tunnel_message *message)
{
    (void)now;
    return may_say(host, sizeof *message + message->bytes.n) && can(host, host->can_tunnel, &message->path) &&
           heng_say_tunnel(&host->out, message);
}

bool heng_host_enrol_answer(struct heng_host *host, heng_us now, const struct heng_enrol_answer *answer)
{
    (void)now;
    if (host->state != STATE_OPEN && host->state != STATE_STRANGER) return false;
    return has_room(host, sizeof *answer + answer->certificate.n + answer->authority.n) &&
           heng_say_enrol_answer(&host->out, answer);
}

/* --- what it says --------------------------------------------------------------------------------------------------
 */

/* refusal: what the error means for the peer, if it is none of the usual. */
static heng_rc take_hello(struct heng_host *host, heng_us wall_us, struct heng_slice in, struct heng_host_action *ret,
                          heng_refusal *ret_refusal, struct heng_err *err)
{
    struct heng_hello *hello = &ret->hello;
    if (host->state != STATE_FRESH) return heng_fail(err, HENG_EFORMAT, 0, "a greeting where none belongs");
    heng_rc rc = heng_hear_hello(in, hello, err);
    if (rc != HENG_OK) return rc;
    if (hello->version < HENG_UPLINK_OLDEST_VERSION || hello->oldest_version > HENG_UPLINK_VERSION) {
        *ret_refusal = HENG_REFUSAL_VERSION;
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "it speaks versions %u to %u of the protocol, we %d to %d",
                         hello->oldest_version, hello->version, HENG_UPLINK_OLDEST_VERSION, HENG_UPLINK_VERSION);
    }
    if (hello->oldest_version > hello->version || hello->epoch == 0 || hello->last > INT64_MAX ||
        hello->first > hello->last + 1)
        return heng_fail(err, HENG_EFORMAT, 0, "a greeting with versions or numbers that cannot be");
    host->version = hello->version < HENG_UPLINK_VERSION ? hello->version : HENG_UPLINK_VERSION;
    host->epoch = hello->epoch;
    host->can_order = hello->can_order;
    host->can_search = hello->can_search;
    host->can_tunnel = hello->can_tunnel;
    host->can_cascade = hello->can_cascade;
    host->hello_clock_us = wall_us;
    if (__builtin_sub_overflow(hello->clock_us, wall_us, &host->clock_error_us)) host->clock_error_us = 0;
    host->state = STATE_GREETED;
    ret->kind = HENG_HOST_HELLO;
    return HENG_OK;
}

static void forget_stored(struct heng_host *host)
{
    while (host->under_way_count > 0 && host->under_way[host->under_way_from].last <= host->stored) {
        host->under_way_bytes -= host->under_way[host->under_way_from].bytes;
        host->under_way_from = (host->under_way_from + 1) % HENG_UPLINK_UNDER_WAY_MAX;
        host->under_way_count--;
    }
}

/* Was it allowed to send one more, by what we have acknowledged? The client counts the same, and later than we. */
static heng_rc window_holds(const struct heng_host *host, const struct heng_batch *batch, size_t n,
                            struct heng_err *err)
{
    bool room = host->under_way_count < HENG_UPLINK_UNDER_WAY_MAX &&
                (host->under_way_bytes == 0 || host->under_way_bytes + host->batch_bytes <= host->window_bytes);
    if (!room) return heng_fail(err, HENG_ELIMIT, 0, "more batches at once than it was allowed");
    if (n > host->batch_bytes && batch->entry_count + batch->gone_count > 1)
        return heng_fail(err, HENG_ELIMIT, 0, "a batch of %zu bytes, %u are allowed", n, host->batch_bytes);
    return HENG_OK;
}

static heng_rc take_numbered(struct heng_host *host, const struct heng_batch *batch, size_t n,
                             heng_refusal *ret_refusal, struct heng_err *err)
{
    if (batch->first != host->taken + 1) {
        *ret_refusal = HENG_REFUSAL_SEQUENCE;
        return heng_fail(err, HENG_EFORMAT, 0, "a batch from %llu on, expected was %llu",
                         (unsigned long long)batch->first, (unsigned long long)host->taken + 1);
    }
    heng_rc rc = window_holds(host, batch, n, err);
    if (rc != HENG_OK) return rc;
    unsigned at = (host->under_way_from + host->under_way_count++) % HENG_UPLINK_UNDER_WAY_MAX;
    host->under_way[at] = (struct under_way){batch->last, (uint32_t)n};
    host->under_way_bytes += n;
    host->taken = batch->last;
    return HENG_OK;
}

static heng_rc take_batch(struct heng_host *host, bool live, struct heng_slice in, struct heng_host_action *ret,
                          heng_refusal *ret_refusal, struct heng_err *err)
{
    host->room = malloc(sizeof *host->room);
    if (!host->room) {
        *ret_refusal = HENG_REFUSAL_BUSY;
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for a batch");
    }
    heng_rc rc = heng_batch_unpack(in, host->room, &ret->batch, err);
    if (rc == HENG_OK && live != (ret->batch.first == 0))
        rc = heng_fail(err, HENG_EFORMAT, 0, "a batch with numbers is not live, and one without is");
    if (rc == HENG_OK && ret->batch.epoch != host->epoch) {
        *ret_refusal = HENG_REFUSAL_SEQUENCE;
        rc = heng_fail(err, HENG_EFORMAT, 0, "a batch of another epoch");
    }
    if (rc == HENG_OK) rc = heng_batch_verify(&ret->batch, err);
    if (rc == HENG_OK && !live) rc = take_numbered(host, &ret->batch, in.n, ret_refusal, err);
    if (rc != HENG_OK) return rc;
    ret->bytes = in;
    ret->kind = live ? HENG_HOST_LIVE : HENG_HOST_BATCH;
    return HENG_OK;
}

static heng_rc take_enrol(struct heng_host *host, struct heng_slice in, struct heng_host_action *ret,
                          heng_refusal *ret_refusal, struct heng_err *err)
{
    heng_rc rc = heng_hear_enrol_ask(in, &ret->enrol, err);
    *ret_refusal = HENG_REFUSAL_ENROLMENT;
    if (rc != HENG_OK) return rc;
    if (host->state == STATE_STRANGER) {
        if (++host->asks > STRANGER_ASKS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "it asks again and again");
        ret->enrol.via_id = 0; /* a stranger brings nobody else */
    }
    ret->kind = HENG_HOST_ENROL;
    return HENG_OK;
}

static heng_rc take_ping(struct heng_host *host, heng_us wall_us, struct heng_slice in, struct heng_host_action *ret,
                         struct heng_err *err)
{
    heng_rc rc = heng_hear_ping(in, &ret->ping, err);
    if (rc != HENG_OK) return rc;
    heng_us mid_us;
    if (!__builtin_sub_overflow(wall_us, host->rtt_us / 2, &mid_us) &&
        __builtin_sub_overflow(ret->ping.clock_us, mid_us, &host->clock_error_us))
        host->clock_error_us = 0;
    ret->kind = HENG_HOST_PING;
    if (!has_room(host, 64)) return HENG_OK;
    return heng_say_pong(&host->out, ret->ping.clock_us, wall_us) ? HENG_OK
                                                                  : heng_fail(err, HENG_ENOMEM, 0, "no memory");
}

static heng_rc take_pong(struct heng_host *host, heng_us now, struct heng_slice in, struct heng_err *err)
{
    heng_us ours, theirs;
    heng_rc rc = heng_hear_pong(in, &ours, &theirs, err);
    if (rc != HENG_OK || !host->ping_under_way || ours != host->ping_clock_us) return rc;
    host->ping_under_way = false;
    host->rtt_us = now - host->ping_sent_us;
    return HENG_OK;
}

/* What is said up on an open connection. */
static heng_rc take_up(struct heng_host *host, heng_us now, heng_us wall_us, heng_wire_kind kind, struct heng_slice in,
                       struct heng_host_action *ret, heng_refusal *ret_refusal, struct heng_err *err)
{
    switch (kind) {
    case HENG_WIRE_BATCH: return take_batch(host, false, in, ret, ret_refusal, err);
    case HENG_WIRE_LIVE: return take_batch(host, true, in, ret, ret_refusal, err);
    case HENG_WIRE_OUTCOME: ret->kind = HENG_HOST_OUTCOME; return heng_hear_outcome(in, &ret->outcome, err);
    case HENG_WIRE_ANSWER:
        ret->kind = HENG_HOST_ANSWER;
        return heng_hear_answer(in, &ret->id, &ret->last, &ret->bytes, err);
    case HENG_WIRE_ENROL_ASK:
        if (!host->can_cascade) break;
        return take_enrol(host, in, ret, ret_refusal, err);
    case HENG_WIRE_RENEW_ASK: ret->kind = HENG_HOST_RENEW; return heng_hear_renew(in, &ret->bytes, err);
    case HENG_WIRE_TUNNEL: ret->kind = HENG_HOST_TUNNEL; return heng_hear_tunnel(in, &ret->tunnel, err);
    case HENG_WIRE_PING: return take_ping(host, wall_us, in, ret, err);
    case HENG_WIRE_PONG: return take_pong(host, now, in, err);
    case HENG_WIRE_HELLO:
    case HENG_WIRE_WELCOME:
    case HENG_WIRE_ACK:
    case HENG_WIRE_REFUSED:
    case HENG_WIRE_CONFIG:
    case HENG_WIRE_ORDER:
    case HENG_WIRE_CANCEL:
    case HENG_WIRE_SEARCH:
    case HENG_WIRE_ASK:
    case HENG_WIRE_ENROL_ANSWER:
    case HENG_WIRE_UNKNOWN: break;
    }
    return heng_fail(err, HENG_EFORMAT, 0, "it says what only the tier above says");
}

static heng_rc take_message(struct heng_host *host, heng_us now, heng_us wall_us, heng_wire_kind kind,
                            struct heng_slice in, struct heng_host_action *ret, heng_refusal *ret_refusal,
                            struct heng_err *err)
{
    if (kind == HENG_WIRE_UNKNOWN) return HENG_OK;
    if (kind == HENG_WIRE_HELLO && host->state == STATE_STRANGER) {
        *ret_refusal = HENG_REFUSAL_UNKNOWN;
        return heng_fail(err, HENG_EDENIED, 0, "it has no certificate");
    }
    if (kind == HENG_WIRE_HELLO) return take_hello(host, wall_us, in, ret, ret_refusal, err);
    if (kind == HENG_WIRE_ENROL_ASK && host->state == STATE_STRANGER)
        return take_enrol(host, in, ret, ret_refusal, err);
    if (host->state != STATE_OPEN) return heng_fail(err, HENG_EFORMAT, 0, "it speaks before it was welcomed");
    return take_up(host, now, wall_us, kind, in, ret, ret_refusal, err);
}

static size_t longest(const struct heng_host *host)
{
    if (host->state == STATE_OPEN) return HENG_UPLINK_MESSAGE_MAX;
    return host->state == STATE_STRANGER ? HENG_UPLINK_STRANGER_MAX : HENG_UPLINK_HELLO_MAX;
}

/* Messages until one is news for the owner. */
static void hear(struct heng_host *host, heng_us now, heng_us wall_us, struct heng_host_action *ret)
{
    while (hears(host) && ret->kind == HENG_HOST_NONE) {
        heng_wire_kind kind = HENG_WIRE_UNKNOWN;
        heng_refusal refusal = HENG_REFUSAL_PROTOCOL;
        struct heng_slice in;
        struct heng_err err = {.text = ""};
        size_t limit = longest(host);
        heng_rc rc = heng_wire_next(&host->in, limit + HENG_WIRE_HEAD_MAX, &kind, &in);
        if (rc == HENG_MORE) return;
        if (rc == HENG_OK) {
            rc = take_message(host, now, wall_us, kind, in, ret, &refusal, &err);
        } else if (rc == HENG_ELIMIT) {
            refusal = HENG_REFUSAL_TOO_LONG;
            heng_fail(&err, rc, 0, "a message of more than %zu bytes", limit);
        } else {
            heng_fail(&err, rc, 0, "no message of the protocol");
        }
        if (rc == HENG_OK) continue;
        ret->kind = HENG_HOST_NONE;
        drop_room(host);
        heng_host_refuse(host, now, refusal, 0, err.text);
    }
}

/* --- time, and what comes next ---------------------------------------------------------------------------------------
 */

static heng_us patience(const struct heng_host *host)
{
    switch (host->state) {
    case STATE_FRESH: return host->connected_us + HELLO_S * HENG_US_PER_S;
    case STATE_STRANGER: return host->connected_us + STRANGER_S * HENG_US_PER_S;
    case STATE_GREETED: return host->heard_us + 2 * HENG_UPLINK_PING_S * HENG_US_PER_S;
    case STATE_OPEN: return host->heard_us + 2 * (heng_us)host->ping_s * HENG_US_PER_S;
    case STATE_ENDING:
    case STATE_OVER: return HENG_US_NEVER;
    }
    return HENG_US_NEVER;
}

/* After one and a half times ping_s: by then the gateway's own ping should have come. */
static heng_us ping_at(const struct heng_host *host)
{
    if (host->state != STATE_OPEN) return HENG_US_NEVER;
    bool asked = host->ping_under_way && host->ping_sent_us > host->heard_us;
    return asked ? HENG_US_NEVER : host->heard_us + (heng_us)host->ping_s * HENG_US_PER_S * 3 / 2;
}

static void say_what_is_due(struct heng_host *host, heng_us now, heng_us wall_us)
{
    if (now >= patience(host)) heng_host_refuse(host, now, HENG_REFUSAL_SILENT, 0, "nothing was heard for too long");
    if (now >= ping_at(host)) say_ping(host, now, wall_us);
    if (host->state != STATE_OPEN || !host->ack_due) return;
    host->ack_due = false;
    forget_stored(host);
    if (!heng_say_ack(&host->out, host->epoch, host->stored))
        heng_host_refuse(host, now, HENG_REFUSAL_BUSY, 0, "no memory");
}

void heng_host_poll(struct heng_host *host, heng_us now, heng_us wall_us, struct heng_host_action *ret)
{
    ret->kind = HENG_HOST_NONE;
    heng_wire_settle(&host->out);
    drop_room(host);
    hear(host, now, wall_us, ret);
    if (ret->kind != HENG_HOST_NONE) return;
    say_what_is_due(host, now, wall_us);
    if (heng_wire_waiting(&host->out) > 0) {
        ret->kind = HENG_HOST_SEND;
        ret->bytes = heng_wire_give(&host->out);
        host->bytes_out += ret->bytes.n;
        return;
    }
    if (host->state != STATE_ENDING) return;
    host->state = STATE_OVER;
    heng_wire_in_fini(&host->in);
    ret->kind = HENG_HOST_HANG_UP;
    ret->refusal = host->refusal;
    snprintf(ret->text, sizeof ret->text, "%s", host->why);
}

heng_us heng_host_deadline(const struct heng_host *host)
{
    if (host->state == STATE_ENDING) return 0;
    heng_us at = patience(host), ping = ping_at(host);
    return ping < at ? ping : at;
}

void heng_host_status_now(const struct heng_host *host, struct heng_host_status *ret)
{
    *ret = (struct heng_host_status){
        .welcomed = host->state == STATE_OPEN,
        .connected_us = host->connected_us,
        .last_contact_us = host->heard_us,
        .clock_error_us = host->clock_error_us,
        .rtt_us = host->rtt_us,
        .bytes_in = host->bytes_in,
        .bytes_out = host->bytes_out,
        .taken = host->taken,
        .stored = host->stored,
    };
}
