#include "uplink/client.h"

#include "uplink/backoff.h"
#include "uplink/batch.h"
#include "uplink/message.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* IDLE ── CONNECT ──► DIALLING ── connected ──► GREETING ── Welcome ──► OPEN
 *   ▲                    │            └──► ENROLLING (no certificate)    │
 *   └────── closed ──────┴────────── ENDING ◄── HANG_UP ─────────────────┘ */
typedef enum client_state {
    STATE_IDLE,
    STATE_DIALLING,
    STATE_GREETING,
    STATE_ENROLLING,
    STATE_OPEN,
    STATE_ENDING /* HANG_UP is said, or about to be: nothing counts until closed */
} client_state;

enum {
    DIAL_S = 60,              /* connected or closed until then */
    WAITING_MAX = 256 * 1024, /* of what the owner says, beside batches */
    UNSENT_MAX = HENG_UPLINK_BATCH_BYTES,
    READ_AGAIN_S = 1,
    ENROL_RETRY_S = 30,
    PING_MIN_S = 5,
    NEWS_S = 1, /* between a ping and one out of turn */
    PING_MAX_S = 3600,
    LIVE_TURN = 3 /* numbered batches between two live ones */
};

struct under_way {
    uint64_t last;
    uint32_t bytes;
};

struct heng_client {
    client_state state;
    bool enrolled;
    struct heng_enrol_ask enrol;
    uint8_t *request; /* enrol.request lies there */
    struct heng_backoff backoff;
    struct heng_wire_in in;
    struct heng_wire_out out;
    size_t unsent;

    heng_us since_us, opened_us, heard_us; /* of the state; of the Welcome; of the last bytes */
    bool hang_up_due, hello_due, welcome_due, acked_due, clock_due;
    bool hello_asked, hello_sent, opened;
    bool anew; /* after closed, without a failure */
    uint32_t retry_s;
    char why[160];

    uint64_t epoch, first, last; /* of the journal */
    struct heng_welcome welcome;
    uint64_t sent, acked;
    struct under_way under_way[HENG_UPLINK_UNDER_WAY_MAX];
    unsigned under_way_from, under_way_count;
    size_t under_way_bytes;
    bool reading, reading_live;
    heng_us read_again_us;
    uint64_t live_newest, batch_numbers; /* the newest number that was copied; numbers of the last batch */
    unsigned since_live;                 /* numbered batches */

    heng_us hello_sent_us, ping_sent_us, ping_clock_us;
    bool ping_asked, ping_under_way, news;
    heng_us offset_us, error_us, contact_us;
};

/* --- life ----------------------------------------------------------------------------------------------------------
 */

heng_rc heng_client_new(const struct heng_client_config *config, heng_us now, struct heng_client **ret,
                        struct heng_err *err)
{
    assert(config->servers >= 1 && config->servers <= 2);
    struct heng_slice request = config->enrolled ? heng_slice_of(NULL, 0) : config->enrol.request;
    struct heng_client *client = calloc(1, sizeof *client);
    if (!client) return heng_fail(err, HENG_ENOMEM, 0, "no memory for an uplink");
    heng_backoff_init(&client->backoff, config->seed, config->pause_max_s, config->servers, now);
    client->enrolled = config->enrolled;
    client->enrol = config->enrol;
    client->since_live = LIVE_TURN;
    snprintf(client->why, sizeof client->why, "not connected yet");
    heng_rc rc = heng_client_request(client, request, err);
    if (rc == HENG_OK)
        *ret = client;
    else
        heng_client_free(client);
    return rc;
}

heng_rc heng_client_request(struct heng_client *client, struct heng_slice request, struct heng_err *err)
{
    if (request.n > HENG_UPLINK_REQUEST_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "a certificate request of %zu bytes", request.n);
    uint8_t *copy = request.n ? malloc(request.n) : NULL;
    if (request.n && !copy) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a certificate request");
    if (copy) memcpy(copy, request.p, request.n);
    free(client->request);
    client->request = copy;
    client->enrol.request = heng_slice_of(copy, request.n);
    return HENG_OK;
}

void heng_client_free(struct heng_client *client)
{
    if (!client) return;
    heng_wire_in_fini(&client->in);
    heng_wire_out_fini(&client->out);
    free(client->request);
    free(client);
}

static void enter(struct heng_client *client, heng_us now, client_state state)
{
    client->state = state;
    client->since_us = now;
}

static bool connection_is(const struct heng_client *client)
{
    return client->state == STATE_GREETING || client->state == STATE_ENROLLING || client->state == STATE_OPEN;
}

/* End the connection, or the attempt. What waits is not sent any more. */
static void hang_up(struct heng_client *client, heng_us now, const char *fmt, ...) HENG_PRINTF(3, 4);
static void hang_up(struct heng_client *client, heng_us now, const char *fmt, ...)
{
    if (client->state == STATE_IDLE || client->state == STATE_ENDING) return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(client->why, sizeof client->why, fmt, args);
    va_end(args);
    enter(client, now, STATE_ENDING);
    client->hang_up_due = true;
}

/* Everything that was of one connection only. */
static void forget_connection(struct heng_client *client)
{
    heng_wire_in_fini(&client->in);
    heng_wire_out_fini(&client->out);
    client->unsent = 0;
    client->hang_up_due = client->hello_due = client->welcome_due = client->acked_due = client->clock_due = false;
    client->hello_asked = client->hello_sent = client->opened = client->reading = client->reading_live =
        client->ping_asked = false;
    client->under_way_from = client->under_way_count = 0;
    client->under_way_bytes = 0;
    client->sent = client->live_newest = client->batch_numbers = 0;
    client->ping_under_way = client->news = false;
    client->read_again_us = 0;
}

void heng_client_connected(struct heng_client *client, heng_us now)
{
    if (client->state != STATE_DIALLING) return;
    forget_connection(client);
    client->heard_us = client->contact_us = now;
    enter(client, now, client->enrolled ? STATE_GREETING : STATE_ENROLLING);
    if (client->enrolled)
        client->hello_due = true;
    else if (!heng_say_enrol_ask(&client->out, &client->enrol))
        hang_up(client, now, "no memory to ask for a certificate");
}

void heng_client_closed(struct heng_client *client, heng_us now, const char *why)
{
    if (client->state == STATE_IDLE) return;
    /* Our own reason, or that of a refusal, says more than the socket's. */
    if (client->state != STATE_ENDING) snprintf(client->why, sizeof client->why, "%s", why);
    heng_us worked = client->opened ? now - client->opened_us : 0;
    if (client->anew)
        heng_backoff_anew(&client->backoff, now, client->backoff.servers);
    else
        heng_backoff_ended(&client->backoff, now, worked, client->retry_s);
    client->anew = false;
    client->retry_s = 0;
    forget_connection(client);
    enter(client, now, STATE_IDLE);
}

void heng_client_restart(struct heng_client *client, heng_us now, unsigned servers, bool enrolled, const char *why)
{
    assert(servers >= 1 && servers <= 2);
    client->enrolled = enrolled;
    heng_backoff_anew(&client->backoff, now, servers);
    if (client->state == STATE_IDLE) return;
    client->anew = true;
    hang_up(client, now, "%s", why);
}

/* --- the journal ---------------------------------------------------------------------------------------------------
 */

void heng_client_journal(struct heng_client *client, heng_us now, uint64_t epoch, uint64_t first, uint64_t last)
{
    bool other = epoch != client->epoch;
    client->epoch = epoch;
    client->first = first;
    client->last = last;
    client->read_again_us = 0;
    if (!other) return;
    client->acked = 0;
    if (!client->hello_sent) return;
    client->anew = true;
    hang_up(client, now, "the journal has begun a new epoch");
}

static void batch_sent(struct heng_client *client, const struct heng_batch *batch)
{
    unsigned at = (client->under_way_from + client->under_way_count++) % HENG_UPLINK_UNDER_WAY_MAX;
    client->under_way[at] = (struct under_way){batch->last, (uint32_t)heng_batch_size(batch)};
    client->under_way_bytes += client->under_way[at].bytes;
    client->sent = batch->last;
    client->batch_numbers = batch->last - batch->first + 1;
    if (client->since_live < LIVE_TURN) client->since_live++;
}

void heng_client_put_batch(struct heng_client *client, heng_us now, const struct heng_batch *batch)
{
    if (!client->reading || client->state != STATE_OPEN) return; /* the connection has ended in between */
    client->reading = false;
    assert(batch->first == client->sent + 1 && batch->last <= client->last);
    if (batch->last < batch->first) {
        client->read_again_us = now + READ_AGAIN_S * HENG_US_PER_S;
        return;
    }
    assert(batch->epoch == client->epoch && heng_batch_holds(batch));
    struct heng_batch part = heng_batch_cut(batch, client->welcome.batch_bytes);
    if (heng_say_batch(&client->out, false, &part))
        batch_sent(client, &part);
    else
        hang_up(client, now, "no memory for a batch");
}

void heng_client_put_live(struct heng_client *client, heng_us now, const struct heng_batch_entry *entries, size_t count,
                          uint64_t newest)
{
    if (!client->reading_live || client->state != STATE_OPEN) return;
    client->reading_live = false;
    if (count == 0) newest = client->last; /* nothing there to copy: not asked again before there is more */
    client->live_newest = newest > client->live_newest ? newest : client->live_newest;
    if (count == 0) return;
    struct heng_batch batch = {.epoch = client->epoch, .entries = entries, .entry_count = count};
    assert(heng_batch_holds(&batch));
    batch = heng_batch_cut(&batch, client->welcome.batch_bytes);
    client->since_live = 0;
    if (!heng_say_batch(&client->out, true, &batch)) hang_up(client, now, "no memory for a batch");
}

/* Is there room for one more batch under way, and are those before it out of the house? */
static bool may_read(const struct heng_client *client, heng_us now)
{
    if (client->state != STATE_OPEN || client->reading || client->reading_live || now < client->read_again_us)
        return false;
    if (client->last <= client->sent || client->under_way_count == HENG_UPLINK_UNDER_WAY_MAX) return false;
    if (client->unsent + client->out.n > UNSENT_MAX) return false;
    return client->under_way_bytes == 0 ||
           client->under_way_bytes + client->welcome.batch_bytes <= client->welcome.window_bytes;
}

/* Is so much behind that the newest should go ahead? They are worth it when a whole batch stands before them. */
static bool live_is_due(const struct heng_client *client)
{
    uint64_t batch = client->batch_numbers > 32 ? client->batch_numbers : 32;
    uint64_t newest = client->live_newest > client->sent ? client->live_newest : client->sent;
    return client->since_live >= LIVE_TURN && client->last - client->sent > batch && client->last > newest;
}

static bool ask_journal(struct heng_client *client, heng_us now, struct heng_client_action *ret)
{
    if (!may_read(client, now)) return false;
    /* Bodies; entries and numbers around them take about a fourth of a batch. */
    ret->bytes_max = client->welcome.batch_bytes / 4 * 3;
    if (live_is_due(client)) {
        client->reading_live = true;
        ret->kind = HENG_CLIENT_READ_LIVE;
        ret->from = client->live_newest > client->sent ? client->live_newest : client->sent;
        return true;
    }
    client->reading = true;
    ret->kind = HENG_CLIENT_READ;
    ret->from = client->sent + 1;
    return true;
}

/* --- what the owner says -------------------------------------------------------------------------------------------
 */

void heng_client_hello(struct heng_client *client, heng_us now, const struct heng_hello *hello)
{
    if (client->state != STATE_GREETING || !client->hello_asked || client->hello_sent) return;
    heng_client_journal(client, now, hello->epoch, hello->first, hello->last);
    struct heng_hello said = *hello;
    said.version = HENG_UPLINK_VERSION;
    said.oldest_version = HENG_UPLINK_OLDEST_VERSION;
    client->hello_sent = true;
    client->hello_sent_us = now;
    if (!heng_say_hello(&client->out, &said)) hang_up(client, now, "no memory for a greeting");
}

void heng_client_ping(struct heng_client *client, heng_us now, const struct heng_ping *ping)
{
    if (client->state != STATE_OPEN || !client->ping_asked) return;
    client->ping_asked = client->news = false;
    client->ping_under_way = true;
    client->ping_sent_us = now;
    client->ping_clock_us = ping->clock_us;
    if (!heng_say_ping(&client->out, ping)) hang_up(client, now, "no memory for a ping");
}

void heng_client_news(struct heng_client *client) { client->news = true; }

static bool has_room(const struct heng_client *client, size_t n)
{
    return client->state == STATE_OPEN && client->unsent + heng_wire_waiting(&client->out) + n <= WAITING_MAX;
}

bool heng_client_outcome(struct heng_client *client, heng_us now, const struct heng_down_outcome *outcome)
{
    (void)now;
    return has_room(client, sizeof *outcome) && heng_say_outcome(&client->out, outcome);
}

bool heng_client_answer(struct heng_client *client, heng_us now, uint64_t id, bool last, struct heng_slice text)
{
    (void)now;
    return has_room(client, text.n) && heng_say_answer(&client->out, id, last, text);
}

bool heng_client_tunnel(struct heng_client *client, heng_us now, const struct heng_tunnel_message *message)
{
    (void)now;
    return has_room(client, sizeof *message + message->bytes.n) && heng_say_tunnel(&client->out, message);
}

bool heng_client_pass_enrol(struct heng_client *client, heng_us now, const struct heng_enrol_ask *ask)
{
    (void)now;
    return has_room(client, sizeof *ask + ask->request.n) && heng_say_enrol_ask(&client->out, ask);
}

bool heng_client_renew(struct heng_client *client, heng_us now, struct heng_slice request)
{
    (void)now;
    return has_room(client, request.n) && heng_say_renew(&client->out, request);
}

void heng_client_unsent(struct heng_client *client, heng_us now, size_t bytes)
{
    if (!connection_is(client)) return;
    /* What leaves is a sign of life: over a slow link the answer to a batch takes its time. */
    if (bytes < client->unsent) client->heard_us = now;
    client->unsent = bytes;
}

void heng_client_feed(struct heng_client *client, heng_us now, heng_us wall_us, struct heng_slice bytes)
{
    (void)wall_us;
    if (!connection_is(client) || bytes.n == 0) return;
    client->heard_us = client->contact_us = now;
    if (heng_wire_feed(&client->in, bytes) != HENG_OK) hang_up(client, now, "no memory for what the server says");
}

/* --- what the tier above says --------------------------------------------------------------------------------------
 */

static uint32_t within(uint32_t value, uint32_t usual, uint32_t least, uint32_t most)
{
    if (value == 0) value = usual;
    return value < least ? least : value > most ? most : value;
}

/* above is the clock there at some moment between from_us and now. */
static void clock_told(struct heng_client *client, heng_us from_us, heng_us now, heng_us wall_us, heng_us above_us)
{
    heng_us round_trip = now - from_us, mid_us = 0;
    if (round_trip < 0 || __builtin_sub_overflow(wall_us, round_trip / 2, &mid_us) ||
        __builtin_sub_overflow(above_us, mid_us, &client->offset_us))
        return;
    client->error_us = (round_trip + 1) / 2;
    client->clock_due = true;
}

static heng_rc take_welcome(struct heng_client *client, heng_us now, heng_us wall_us, struct heng_slice in,
                            struct heng_err *err)
{
    struct heng_welcome w;
    if (client->state != STATE_GREETING || !client->hello_sent)
        return heng_fail(err, HENG_EFORMAT, 0, "welcome without a greeting");
    heng_rc rc = heng_hear_welcome(in, &w, err);
    if (rc != HENG_OK) return rc;
    if (w.version < HENG_UPLINK_OLDEST_VERSION || w.version > HENG_UPLINK_VERSION)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "it speaks version %u of the protocol", w.version);
    if (w.epoch != client->epoch) return heng_fail(err, HENG_EFORMAT, 0, "welcome for another epoch");
    if (w.resume_after > INT64_MAX) return heng_fail(err, HENG_EFORMAT, 0, "welcome with an impossible number");
    w.batch_bytes = within(w.batch_bytes, HENG_UPLINK_BATCH_BYTES, 1024, HENG_UPLINK_MESSAGE_MAX / 2);
    w.window_bytes = within(w.window_bytes, HENG_UPLINK_WINDOW_BYTES, 1024, 64 * HENG_UPLINK_MESSAGE_MAX);
    if (w.batch_bytes > w.window_bytes) w.batch_bytes = w.window_bytes;
    w.ping_s = within(w.ping_s, HENG_UPLINK_PING_S, PING_MIN_S, PING_MAX_S);
    client->welcome = w;
    client->sent = client->acked = w.resume_after;
    client->welcome_due = true;
    client->opened = true;
    client->opened_us = now;
    clock_told(client, client->hello_sent_us, now, wall_us, w.clock_us);
    enter(client, now, STATE_OPEN);
    return HENG_OK;
}

static heng_rc take_ack(struct heng_client *client, struct heng_slice in, struct heng_err *err)
{
    uint64_t epoch, durable;
    heng_rc rc = heng_hear_ack(in, &epoch, &durable, err);
    if (rc != HENG_OK) return rc;
    if (epoch != client->epoch || durable > client->sent)
        return heng_fail(err, HENG_EFORMAT, 0, "it acknowledges what was not sent");
    while (client->under_way_count > 0 && client->under_way[client->under_way_from].last <= durable) {
        client->under_way_bytes -= client->under_way[client->under_way_from].bytes;
        client->under_way_from = (client->under_way_from + 1) % HENG_UPLINK_UNDER_WAY_MAX;
        client->under_way_count--;
    }
    if (durable <= client->acked) return HENG_OK;
    client->acked = durable;
    client->acked_due = true;
    return HENG_OK;
}

static heng_rc take_refused(struct heng_client *client, heng_us now, struct heng_slice in, struct heng_err *err)
{
    struct heng_refused refused;
    heng_rc rc = heng_hear_refused(in, &refused, err);
    if (rc != HENG_OK) return rc;
    client->retry_s = refused.retry_s;
    const char *reason = refused.reason <= UINT8_MAX ? heng_refusal_text((heng_refusal)refused.reason) : "unknown";
    hang_up(client, now, "refused: %s: %.120s", reason, refused.text);
    return HENG_OK;
}

static heng_rc take_pong(struct heng_client *client, heng_us now, heng_us wall_us, struct heng_slice in,
                         struct heng_err *err)
{
    heng_us ours, above;
    heng_rc rc = heng_hear_pong(in, &ours, &above, err);
    if (rc != HENG_OK) return rc;
    if (!client->ping_under_way || ours != client->ping_clock_us) return HENG_OK;
    clock_told(client, client->ping_sent_us, now, wall_us, above);
    client->ping_under_way = false;
    return HENG_OK;
}

static heng_rc take_enrol(struct heng_client *client, heng_us now, struct heng_slice in, struct heng_client_action *ret,
                          struct heng_err *err)
{
    heng_rc rc = heng_hear_enrol_answer(in, &ret->enrol, err);
    if (rc != HENG_OK) return rc;
    ret->kind = HENG_CLIENT_ENROL;
    if (client->state != STATE_ENROLLING) return HENG_OK;
    client->retry_s = ret->enrol.retry_s ? ret->enrol.retry_s : ENROL_RETRY_S;
    hang_up(client, now, "%s",
            ret->enrol.certificate.n ? "the certificate has come"
            : ret->enrol.waiting     ? "waits until somebody accepts it"
                                     : "enrolment refused");
    if (!ret->enrol.waiting && !ret->enrol.certificate.n && ret->enrol.why[0])
        snprintf(client->why, sizeof client->why, "enrolment refused: %.120s", ret->enrol.why);
    return HENG_OK;
}

/* An order, search or tunnel that this program does not know: said so, and nothing else comes to harm. */
static heng_rc decline(struct heng_client *client, heng_rc rc, heng_outcome_of what, int64_t of,
                       const struct heng_err *why)
{
    if (rc != HENG_ERANGE) return rc;
    struct heng_down_outcome outcome = {.what = what, .of = of};
    snprintf(outcome.why, sizeof outcome.why, "%.150s", why->text);
    return has_room(client, sizeof outcome) && !heng_say_outcome(&client->out, &outcome) ? HENG_ENOMEM : HENG_OK;
}

/* The version is field 1 of a Config. */
static uint64_t config_version(struct heng_slice config)
{
    struct heng_reader r = heng_reader_of(config);
    struct heng_wire_field field;
    uint64_t version = 0;
    while (heng_wire_field_next(&r, &field))
        if (field.number == 1 && field.type == HENG_WIRE_VARINT) version = field.value;
    return version;
}

/* What is said down to an open connection. */
static heng_rc take_down(struct heng_client *client, heng_wire_kind kind, struct heng_slice in,
                         struct heng_client_action *ret, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    uint64_t id = 0;
    switch (kind) {
    case HENG_WIRE_CONFIG:
        ret->kind = HENG_CLIENT_CONFIG;
        ret->bytes = in;
        ret->version = config_version(in);
        return HENG_OK;
    case HENG_WIRE_ORDER:
        rc = heng_hear_order(in, &ret->order, err);
        if (rc == HENG_OK) ret->kind = HENG_CLIENT_ORDER;
        return decline(client, rc, HENG_OUTCOME_OF_ORDER, ret->order.id, err);
    case HENG_WIRE_CANCEL:
        rc = heng_hear_cancel(in, &ret->id, &ret->path, err);
        ret->kind = HENG_CLIENT_CANCEL;
        return rc;
    case HENG_WIRE_SEARCH:
        rc = heng_hear_search(in, &ret->search, err);
        if (rc == HENG_OK) ret->kind = HENG_CLIENT_SEARCH;
        return decline(client, rc, HENG_OUTCOME_OF_SEARCH, ret->search.line_id, err);
    case HENG_WIRE_ASK:
        rc = heng_hear_ask(in, &id, ret->text, sizeof ret->text, &ret->path, err);
        ret->id = (int64_t)id;
        ret->kind = HENG_CLIENT_ASK;
        return rc;
    case HENG_WIRE_TUNNEL: ret->kind = HENG_CLIENT_TUNNEL; return heng_hear_tunnel(in, &ret->tunnel, err);
    case HENG_WIRE_HELLO:
    case HENG_WIRE_BATCH:
    case HENG_WIRE_LIVE:
    case HENG_WIRE_OUTCOME:
    case HENG_WIRE_ANSWER:
    case HENG_WIRE_ENROL_ASK:
    case HENG_WIRE_RENEW_ASK:
    case HENG_WIRE_WELCOME:
    case HENG_WIRE_ACK:
    case HENG_WIRE_REFUSED:
    case HENG_WIRE_ENROL_ANSWER:
    case HENG_WIRE_PING:
    case HENG_WIRE_PONG:
    case HENG_WIRE_UNKNOWN: break;
    }
    return heng_fail(err, HENG_EFORMAT, 0, "it says what a gateway says");
}

static heng_rc take_ping(struct heng_client *client, heng_us wall_us, struct heng_slice in, struct heng_err *err)
{
    struct heng_ping ping;
    heng_rc rc = heng_hear_ping(in, &ping, err);
    if (rc != HENG_OK || !has_room(client, 64)) return rc;
    return heng_say_pong(&client->out, ping.clock_us, wall_us) ? HENG_OK : HENG_ENOMEM;
}

static heng_rc take_message(struct heng_client *client, heng_us now, heng_us wall_us, heng_wire_kind kind,
                            struct heng_slice in, struct heng_client_action *ret, struct heng_err *err)
{
    if (kind == HENG_WIRE_UNKNOWN) return HENG_OK;
    if (kind == HENG_WIRE_REFUSED) return take_refused(client, now, in, err);
    if (kind == HENG_WIRE_WELCOME) return take_welcome(client, now, wall_us, in, err);
    if (kind == HENG_WIRE_ENROL_ANSWER && client->state != STATE_GREETING) return take_enrol(client, now, in, ret, err);
    if (client->state != STATE_OPEN) return heng_fail(err, HENG_EFORMAT, 0, "it speaks before its welcome");
    if (kind == HENG_WIRE_ACK) return take_ack(client, in, err);
    if (kind == HENG_WIRE_PONG) return take_pong(client, now, wall_us, in, err);
    if (kind == HENG_WIRE_PING) return take_ping(client, wall_us, in, err);
    return take_down(client, kind, in, ret, err);
}

/* Messages until one is news for the owner. */
static void hear(struct heng_client *client, heng_us now, heng_us wall_us, struct heng_client_action *ret)
{
    while (connection_is(client) && ret->kind == HENG_CLIENT_NONE) {
        heng_wire_kind kind = HENG_WIRE_UNKNOWN;
        struct heng_slice in;
        struct heng_err err = {.text = "no memory"};
        size_t limit = client->state == STATE_OPEN ? HENG_UPLINK_MESSAGE_MAX : HENG_UPLINK_STRANGER_MAX;
        heng_rc rc = heng_wire_next(&client->in, limit + HENG_WIRE_HEAD_MAX, &kind, &in);
        if (rc == HENG_MORE) return;
        if (rc == HENG_ELIMIT) heng_fail(&err, rc, 0, "a message is too long");
        if (rc == HENG_EFORMAT) heng_fail(&err, rc, 0, "no message of the protocol");
        if (rc == HENG_OK) rc = take_message(client, now, wall_us, kind, in, ret, &err);
        if (rc == HENG_OK) {
            if (client->clock_due || client->welcome_due || client->acked_due) return;
            continue;
        }
        ret->kind = HENG_CLIENT_NONE;
        hang_up(client, now, "the server: %.140s", err.text);
    }
}

/* --- time, and what comes next ---------------------------------------------------------------------------------------
 */

static heng_us ping_us(const struct heng_client *client)
{
    return (client->state == STATE_OPEN ? client->welcome.ping_s : HENG_UPLINK_PING_S) * HENG_US_PER_S;
}

/* When the state ends by itself. */
static heng_us patience(const struct heng_client *client)
{
    switch (client->state) {
    case STATE_IDLE: return client->backoff.next_us;
    case STATE_DIALLING: return client->since_us + DIAL_S * HENG_US_PER_S;
    case STATE_GREETING:
    case STATE_ENROLLING:
    case STATE_OPEN: return client->heard_us + 2 * ping_us(client);
    case STATE_ENDING: return HENG_US_NEVER;
    }
    return HENG_US_NEVER;
}

/* Every ping_s, however much else is said: a ping also tells queue and children, and asks for the time above. */
static heng_us ping_at(const struct heng_client *client)
{
    if (client->state != STATE_OPEN || client->ping_asked) return HENG_US_NEVER;
    heng_us last_us = client->ping_sent_us > client->opened_us ? client->ping_sent_us : client->opened_us;
    return last_us + (client->news ? NEWS_S * HENG_US_PER_S : ping_us(client));
}

static void pass_time(struct heng_client *client, heng_us now, struct heng_client_action *ret)
{
    if (now >= patience(client)) {
        if (client->state == STATE_IDLE) {
            enter(client, now, STATE_DIALLING);
            ret->kind = HENG_CLIENT_CONNECT;
            ret->server = client->backoff.server;
            return;
        }
        hang_up(client, now, client->state == STATE_DIALLING ? "no connection in time" : "the server is silent");
    }
    if (now >= ping_at(client)) {
        client->ping_asked = true;
        ret->kind = HENG_CLIENT_PING;
    }
}

/* What was found out while hearing, one at a time. */
static bool told(struct heng_client *client, struct heng_client_action *ret)
{
    if (client->welcome_due) {
        client->welcome_due = false;
        ret->kind = HENG_CLIENT_WELCOME;
        ret->welcome = client->welcome;
    } else if (client->clock_due) {
        client->clock_due = false;
        ret->kind = HENG_CLIENT_CLOCK;
        ret->offset_us = client->offset_us;
        ret->error_us = client->error_us;
    } else if (client->acked_due) {
        client->acked_due = false;
        ret->kind = HENG_CLIENT_ACKED;
        ret->from = client->acked;
    }
    return ret->kind != HENG_CLIENT_NONE;
}

static bool sends(struct heng_client *client, struct heng_client_action *ret)
{
    if (!connection_is(client) || heng_wire_waiting(&client->out) == 0) return false;
    ret->kind = HENG_CLIENT_SEND;
    ret->bytes = heng_wire_give(&client->out);
    return true;
}

void heng_client_poll(struct heng_client *client, heng_us now, heng_us wall_us, struct heng_client_action *ret)
{
    ret->kind = HENG_CLIENT_NONE;
    heng_wire_settle(&client->out);
    if (!client->hang_up_due) {
        if (client->hello_due) {
            client->hello_due = false;
            client->hello_asked = true;
            ret->kind = HENG_CLIENT_HELLO;
            return;
        }
        if (told(client, ret) || sends(client, ret)) return;
        hear(client, now, wall_us, ret);
        if (ret->kind != HENG_CLIENT_NONE || told(client, ret) || sends(client, ret)) return;
        pass_time(client, now, ret);
        if (ret->kind != HENG_CLIENT_NONE || ask_journal(client, now, ret)) return;
    }
    if (!client->hang_up_due) return;
    client->hang_up_due = false;
    ret->kind = HENG_CLIENT_HANG_UP;
    snprintf(ret->text, sizeof ret->text, "%s", client->why);
}

heng_us heng_client_deadline(const struct heng_client *client)
{
    if (client->hang_up_due) return 0;
    heng_us at = patience(client), ping = ping_at(client);
    if (ping < at) at = ping;
    bool waits = client->state == STATE_OPEN && client->read_again_us && client->last > client->sent;
    return waits && client->read_again_us < at ? client->read_again_us : at;
}

void heng_client_status_now(const struct heng_client *client, struct heng_client_status *ret)
{
    *ret = (struct heng_client_status){
        .connected = connection_is(client),
        .welcomed = client->state == STATE_OPEN,
        .server = client->backoff.server,
        .acked = client->acked,
        .last_contact_us = client->contact_us,
        .next_try_us = client->state == STATE_IDLE ? client->backoff.next_us : 0,
    };
    snprintf(ret->text, sizeof ret->text, "%s", client->state == STATE_OPEN ? "connected" : client->why);
}
