/* A way for a fitter's program to one line of a gateway: a listener on loopback for one connection that says the token,
 * then bytes both ways, until one side ends it or its time is over. Who and why is on record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/site/uplink_parts.h"
#include "base/log.h"

enum {
    OPEN_S = 30, /* for the gateway to open the line */
    SECONDS_MAX = 8 * 3600,
    TOKEN_CHARS = 32,
    CHUNK = 2048,
    WAITING_MAX = 64 * 1024, /* bytes that the program does not take */
    RETRY_MS = 50
};

typedef enum tunnel_state { TUNNEL_WAITS, TUNNEL_GREETS, TUNNEL_OPENS, TUNNEL_RUNS, TUNNEL_OVER } tunnel_state;

/* handles: that libuv has not let go of yet. pending: bytes of the program that found no room on their way down. */
struct tunnel {
    struct site_uplink *uplink;
    struct tunnel *next;
    uint64_t id, session;
    int64_t line_id, gateway_id;
    tunnel_state state;
    uint32_t seconds;
    char token[TOKEN_CHARS + 1], who[64], why[120];
    struct heng_path path;
    uv_tcp_t listener, program;
    uv_timer_t timer;
    bool has_program;
    unsigned handles;
    heng_us until_us, opened_us;
    uint64_t up, down;
    size_t pending_n;
    uint8_t pending[CHUNK];
};

static const char part[] = "uplink";

/* --- the end -------------------------------------------------------------------------------------------------------
 */

static void let_go(uv_handle_t *handle)
{
    struct tunnel *tunnel = handle->data;
    if (--tunnel->handles == 0) free(tunnel);
}

static void close_handle(void *handle)
{
    if (!uv_is_closing(handle)) uv_close(handle, let_go);
}

/* wanted: its program had come, so people want to know why it ended even if it never ran. */
static void note_end(struct tunnel *tunnel, bool wanted, const char *why)
{
    char detail[200];
    int64_t seconds = tunnel->opened_us ? (heng_clock_mono() - tunnel->opened_us) / HENG_US_PER_S : 0;
    snprintf(detail, sizeof detail, "tunnel who='%.40s' why='%.80s' seconds=%lld down=%llu up=%llu", tunnel->who, why,
             (long long)seconds, (unsigned long long)tunnel->down, (unsigned long long)tunnel->up);
    heng_log(HENG_LOG_INFO, part, "event=tunnel_closed line=%lld detail='%s'", (long long)tunnel->line_id, detail);
    if (wanted)
        uplink_event(tunnel->uplink, tunnel->gateway_id, tunnel->line_id, HENG_GATEWAY_TUNNEL_CLOSED, seconds, detail);
}

static void send_down(struct tunnel *tunnel, struct heng_tunnel_message *message, bool *ret_sent)
{
    struct session *session = uplink_session(tunnel->uplink, tunnel->session);
    message->id = tunnel->id;
    message->path = tunnel->path;
    *ret_sent = session && heng_host_tunnel(session->host, heng_clock_mono(), message);
    if (*ret_sent) uplink_pump(session);
}

/* tell: does the gateway have to hear of it? */
static void end_tunnel(struct tunnel *tunnel, bool tell, const char *why)
{
    struct site_uplink *uplink = tunnel->uplink;
    bool open_below = tunnel->state == TUNNEL_OPENS || tunnel->state == TUNNEL_RUNS, sent;
    if (tunnel->state == TUNNEL_OVER) return;
    tunnel->state = TUNNEL_OVER;
    note_end(tunnel, open_below, why);
    struct tunnel **at = &uplink->tunnels;
    while (*at != tunnel) at = &(*at)->next;
    *at = tunnel->next;
    if (tell && open_below) {
        struct heng_tunnel_message message = {.close = true, .line_id = tunnel->line_id};
        snprintf(message.why, sizeof message.why, "%s", why);
        send_down(tunnel, &message, &sent);
    }
    close_handle(&tunnel->listener);
    close_handle(&tunnel->timer);
    if (tunnel->has_program) close_handle(&tunnel->program);
}

void uplink_tunnels_end(struct site_uplink *uplink, const struct session *session, const char *why)
{
    for (struct tunnel *tunnel = uplink->tunnels, *next; tunnel; tunnel = next) {
        next = tunnel->next;
        if (!session || tunnel->session == session->number) end_tunnel(tunnel, !session, why);
    }
}

void uplink_tunnels_second(struct site_uplink *uplink)
{
    heng_us now = heng_clock_mono();
    for (struct tunnel *tunnel = uplink->tunnels, *next; tunnel; tunnel = next) {
        next = tunnel->next;
        if (tunnel->until_us > now) continue;
        switch (tunnel->state) {
        case TUNNEL_WAITS: end_tunnel(tunnel, false, "nobody has connected in time"); break;
        case TUNNEL_GREETS: end_tunnel(tunnel, false, "the token was not said in time"); break;
        case TUNNEL_OPENS: end_tunnel(tunnel, true, "the gateway has not opened it in time"); break;
        case TUNNEL_RUNS: end_tunnel(tunnel, true, "its time is over"); break;
        case TUNNEL_OVER: break;
        }
    }
}

/* --- bytes of the program --------------------------------------------------------------------------------------------
 */

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
    struct tunnel *tunnel = handle->data;
    (void)hint;
    *buf = uv_buf_init((char *)tunnel->pending + tunnel->pending_n, (unsigned)(CHUNK - tunnel->pending_n));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void pass_down(struct tunnel *tunnel)
{
    struct heng_tunnel_message message = {.bytes = heng_slice_of(tunnel->pending, tunnel->pending_n)};
    bool sent = false;
    if (!tunnel->pending_n) return;
    send_down(tunnel, &message, &sent);
    if (tunnel->state == TUNNEL_OVER) return; /* the connection has ended meanwhile */
    if (sent) {
        tunnel->down += tunnel->pending_n;
        tunnel->pending_n = 0;
        (void)uv_read_start((uv_stream_t *)&tunnel->program, on_alloc, on_read);
    } else {
        uv_read_stop((uv_stream_t *)&tunnel->program); /* a serial line is slow: TCP holds the program back */
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct tunnel *tunnel = timer->data;
    if (tunnel->state == TUNNEL_RUNS) pass_down(tunnel);
}

/* The first line is the token, and nothing else is heard before it is right. */
static void greet(struct tunnel *tunnel)
{
    bool whole = tunnel->pending_n > TOKEN_CHARS, sent = false;
    uint8_t wrong = 0;
    if (!whole && tunnel->pending_n) {
        const uint8_t *newline = memchr(tunnel->pending, '\n', tunnel->pending_n);
        if (newline) end_tunnel(tunnel, false, "a wrong token was said");
        return;
    }
    size_t n = TOKEN_CHARS;
    for (size_t i = 0; i < TOKEN_CHARS; i++) wrong |= (uint8_t)(tunnel->pending[i] ^ (uint8_t)tunnel->token[i]);
    if (tunnel->pending[n] == '\r') {
        if (tunnel->pending_n == n + 1) return;
        n++;
    }
    if (wrong || tunnel->pending[n] != '\n') {
        end_tunnel(tunnel, false, "a wrong token was said");
        return;
    }
    n++;
    tunnel->pending_n -= n;
    memmove(tunnel->pending, tunnel->pending + n, tunnel->pending_n);
    uv_read_stop((uv_stream_t *)&tunnel->program); /* until the gateway has opened the line */
    tunnel->state = TUNNEL_OPENS;
    tunnel->until_us = heng_clock_mono() + OPEN_S * HENG_US_PER_S;
    struct heng_tunnel_message message = {.open = true, .line_id = tunnel->line_id, .seconds = tunnel->seconds};
    memcpy(message.who, tunnel->who, sizeof message.who);
    memcpy(message.why, tunnel->why, sizeof message.why);
    send_down(tunnel, &message, &sent);
    if (!sent) end_tunnel(tunnel, false, "the gateway is not connected any more, or too much waits for it");
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct tunnel *tunnel = stream->data;
    (void)buf;
    if (tunnel->state == TUNNEL_OVER) return;
    if (n < 0) {
        end_tunnel(tunnel, true, "the program has ended it");
        return;
    }
    tunnel->pending_n += (size_t)n;
    if (tunnel->state == TUNNEL_GREETS)
        greet(tunnel);
    else if (tunnel->state == TUNNEL_RUNS)
        pass_down(tunnel);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct tunnel *tunnel = listener->data;
    if (status < 0 || tunnel->state != TUNNEL_WAITS) return;
    if (uv_tcp_init(listener->loop, &tunnel->program) != 0) return;
    tunnel->program.data = tunnel;
    tunnel->handles++;
    tunnel->has_program = true;
    if (uv_accept(listener, (uv_stream_t *)&tunnel->program) != 0 ||
        uv_read_start((uv_stream_t *)&tunnel->program, on_alloc, on_read) != 0) {
        end_tunnel(tunnel, false, "the program's connection cannot be taken");
        return;
    }
    (void)uv_tcp_nodelay(&tunnel->program, 1);
    tunnel->state = TUNNEL_GREETS;
    close_handle(&tunnel->listener); /* one connection, and no other one */
}

/* --- what the gateway says -------------------------------------------------------------------------------------------
 */

static struct tunnel *find_tunnel(const struct session *session, uint64_t id)
{
    struct tunnel *tunnel = session->uplink->tunnels;
    while (tunnel && (tunnel->id != id || tunnel->session != session->number)) tunnel = tunnel->next;
    return tunnel;
}

void uplink_tunnel_outcome(struct session *session, const struct heng_down_outcome *outcome)
{
    struct tunnel *tunnel = find_tunnel(session, (uint64_t)outcome->of);
    char detail[200];
    if (!tunnel || tunnel->state != TUNNEL_OPENS) return;
    if (!outcome->taken) {
        end_tunnel(tunnel, false, outcome->why);
        return;
    }
    tunnel->state = TUNNEL_RUNS;
    tunnel->opened_us = heng_clock_mono();
    tunnel->until_us = tunnel->opened_us + tunnel->seconds * HENG_US_PER_S;
    snprintf(detail, sizeof detail, "%.63s: %.110s", tunnel->who, tunnel->why);
    heng_log(HENG_LOG_INFO, part, "event=tunnel_opened line=%lld detail='%s'", (long long)tunnel->line_id, detail);
    uplink_event(tunnel->uplink, tunnel->gateway_id, tunnel->line_id, HENG_GATEWAY_TUNNEL_OPENED, tunnel->seconds,
                 detail);
    uv_timer_start(&tunnel->timer, on_timer, RETRY_MS, RETRY_MS);
    if (tunnel->pending_n)
        pass_down(tunnel); /* what came behind the token */
    else
        (void)uv_read_start((uv_stream_t *)&tunnel->program, on_alloc, on_read);
}

struct outgoing {
    uv_write_t request;
    char bytes[];
};

static void on_written(uv_write_t *request, int status)
{
    (void)status; /* a program that has gone shows in on_read */
    free(request->data);
}

void uplink_tunnel_message(struct session *session, const struct heng_tunnel_message *message)
{
    struct tunnel *tunnel = find_tunnel(session, message->id);
    if (!tunnel || !tunnel->has_program) return;
    if (message->close) {
        end_tunnel(tunnel, false, message->why[0] ? message->why : "the gateway has ended it");
        return;
    }
    if (tunnel->state != TUNNEL_RUNS || !message->bytes.n) return;
    uv_stream_t *stream = (uv_stream_t *)&tunnel->program;
    struct outgoing *outgoing = malloc(sizeof *outgoing + message->bytes.n);
    if (!outgoing || uv_stream_get_write_queue_size(stream) > WAITING_MAX) {
        free(outgoing);
        end_tunnel(tunnel, true, "the program does not take the bytes that come");
        return;
    }
    memcpy(outgoing->bytes, message->bytes.p, message->bytes.n);
    outgoing->request.data = outgoing;
    uv_buf_t buf = uv_buf_init(outgoing->bytes, (unsigned)message->bytes.n);
    if (uv_write(&outgoing->request, stream, &buf, 1, on_written) != 0)
        free(outgoing);
    else
        tunnel->up += message->bytes.n;
}

/* --- the wish ------------------------------------------------------------------------------------------------------
 */

static bool is_taken(const struct site_uplink *uplink, int64_t line_id, struct heng_err *err)
{
    unsigned n = 0;
    for (const struct tunnel *tunnel = uplink->tunnels; tunnel; tunnel = tunnel->next, n++)
        if (tunnel->line_id == line_id) {
            heng_fail(err, HENG_ECONFLICT, 0, "%s has a tunnel to this line", tunnel->who);
            return true;
        }
    if (n >= UPLINK_TUNNELS_MAX) heng_fail(err, HENG_EBUSY, 0, "%d tunnels are open already", UPLINK_TUNNELS_MAX);
    return n >= UPLINK_TUNNELS_MAX;
}

static heng_rc new_token(struct tunnel *tunnel, struct heng_err *err)
{
    uint8_t bytes[TOKEN_CHARS / 2];
    heng_rc rc = heng_random(bytes, sizeof bytes, err);
    for (size_t i = 0; rc == HENG_OK && i < sizeof bytes; i++) snprintf(tunnel->token + 2 * i, 3, "%02x", bytes[i]);
    return rc;
}

/* The listener is there when it returns OK; all handles are in any case, and have to be closed. */
static heng_rc listen_for(struct tunnel *tunnel, uint16_t *ret_port, struct heng_err *err)
{
    struct sockaddr_in address;
    uv_loop_t *loop = tunnel->uplink->site->loop;
    int length = sizeof address;
    uv_timer_init(loop, &tunnel->timer);
    uv_tcp_init(loop, &tunnel->listener);
    tunnel->timer.data = tunnel->listener.data = tunnel;
    tunnel->handles = 2;
    uv_ip4_addr("127.0.0.1", 0, &address);
    int status = uv_tcp_bind(&tunnel->listener, (const struct sockaddr *)&address, 0);
    if (status == 0) status = uv_listen((uv_stream_t *)&tunnel->listener, 1, on_connection);
    if (status == 0) status = uv_tcp_getsockname(&tunnel->listener, (struct sockaddr *)&address, &length);
    if (status != 0) return heng_fail(err, HENG_EIO, 0, "cannot listen on loopback: %s", uv_strerror(status));
    *ret_port = ntohs(address.sin_port);
    return HENG_OK;
}

static heng_rc open_tunnel(struct site_uplink *uplink, const struct heng_wish *wish, struct heng_receipt *receipt,
                           struct heng_err *err)
{
    struct session *session = NULL;
    struct heng_path path;
    int64_t gateway_id = 0;
    heng_rc rc = heng_store_line_gateway(uplink->reader, wish->line_id, &gateway_id, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no line %lld", (long long)wish->line_id);
    if (rc == HENG_OK && !gateway_id)
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "this server reads the line itself: there is no gateway to go through");
    if (rc == HENG_OK) rc = uplink_way_to(uplink, gateway_id, &session, &path, err);
    if (rc != HENG_OK) return rc;
    if (!session->can_tunnel) return heng_fail(err, HENG_EUNSUPPORTED, 0, "this gateway has no tunnels");
    if (is_taken(uplink, wish->line_id, err)) return err->rc;
    struct tunnel *tunnel = calloc(1, sizeof *tunnel);
    if (!tunnel) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    uint32_t seconds = wish->gateway.seconds ? wish->gateway.seconds : HENG_TUNNEL_USUAL_S;
    tunnel->uplink = uplink;
    tunnel->id = ++uplink->next_id;
    tunnel->session = session->number;
    tunnel->line_id = wish->line_id;
    tunnel->gateway_id = gateway_id;
    tunnel->seconds = seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
    tunnel->path = path;
    tunnel->until_us = heng_clock_mono() + HENG_TUNNEL_WAITS_S * HENG_US_PER_S;
    memcpy(tunnel->who, wish->gateway.who, sizeof tunnel->who);
    memcpy(tunnel->why, wish->gateway.why, sizeof tunnel->why);
    tunnel->next = uplink->tunnels;
    uplink->tunnels = tunnel;
    rc = listen_for(tunnel, &receipt->port, err);
    if (rc == HENG_OK) rc = new_token(tunnel, err);
    if (rc != HENG_OK) {
        end_tunnel(tunnel, false, err->text);
        return rc;
    }
    memcpy(receipt->token, tunnel->token, sizeof tunnel->token);
    receipt->id = (int64_t)tunnel->id;
    receipt->accepted = 1;
    return HENG_OK;
}

void uplink_take_tunnel(struct site_uplink *uplink, struct heng_wish_slot *slot)
{
    struct heng_receipt receipt = {0};
    struct heng_err why = {.text = ""};
    heng_rc rc = open_tunnel(uplink, heng_wish_of(slot), &receipt, &why);
    uplink_answer(uplink, slot, &receipt, rc, why.text);
}
