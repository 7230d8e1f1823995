/* One TLS connection: bytes of the wire in, plain bytes out, and the other way round.
 *
 * What libuv knows of (socket, timer, a look-up) is counted; an ended connection is freed when the last of them is
 * gone, so every callback finds it, and looks at its state first. A connection that rests holds no buffer: the wire's
 * bytes lie in a room that all connections of a listener share, OpenSSL gives its records back, what waits for the
 * kernel is freed once it is out. */
#include "link/tls.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "link/internal.h"
#include "link/tls_internal.h"
#include "trust/pem.h"

static void on_timer(uv_timer_t *timer);

static struct tls_room *room_of(struct heng_tls *tls)
{
    return tls->listener ? &tls->listener->room : &tls->dial->room;
}

/* --- birth and death ----------------------------------------------------------------------------------------- */

struct heng_tls *heng_tls_new(uv_loop_t *loop)
{
    struct heng_tls *tls = calloc(1, sizeof *tls);
    if (!tls) return NULL;
    tls->loop = loop;
    tls->state = TLS_DIALLING;
    uv_timer_init(loop, &tls->timer);
    tls->timer.data = tls;
    tls->handles = 1;
    return tls;
}

void heng_tls_release(struct heng_tls *tls)
{
    if (--tls->handles > 0) return;
    SSL_free(tls->ssl);
    free(tls->held);
    free(tls->out);
    if (tls->dial) heng_tls_dial_free(tls->dial);
    if (tls->listener) heng_tls_forget(tls->listener);
    free(tls);
}

static void on_socket_closed(uv_handle_t *handle)
{
    struct heng_tls *tls = handle->data;
    free(handle);
    heng_tls_release(tls);
}

static void on_timer_closed(uv_handle_t *handle) { heng_tls_release(handle->data); }

bool heng_tls_socket(struct heng_tls *tls)
{
    if (tls->socket) uv_close((uv_handle_t *)tls->socket, on_socket_closed);
    tls->socket = malloc(sizeof *tls->socket);
    if (!tls->socket) return false;
    uv_tcp_init(tls->loop, tls->socket);
    tls->socket->data = tls;
    tls->handles++;
    return true;
}

void heng_tls_drop(struct heng_tls *tls)
{
    if (tls->state == TLS_GONE) return;
    tls->state = TLS_GONE;
    if (tls->listener) heng_tls_leave(tls);
    if (tls->dial) heng_tls_dial_stop(tls);
    if (tls->socket) uv_close((uv_handle_t *)tls->socket, on_socket_closed);
    uv_close((uv_handle_t *)&tls->timer, on_timer_closed);
}

void heng_tls_fail_later(struct heng_tls *tls, const char *why)
{
    if (tls->broken || tls->state >= TLS_LINGERING) return;
    tls->broken = why;
    uv_timer_start(&tls->timer, on_timer, 0, 0);
}

void heng_tls_fail(struct heng_tls *tls, bool gently, const char *why)
{
    bool known = tls->dial || tls->state == TLS_OPEN;
    struct heng_tls_events events = tls->events;
    if (tls->state >= TLS_LINGERING) return;
    if (gently)
        heng_tls_linger(tls);
    else
        heng_tls_drop(tls);
    if (!known)
        heng_tls_refuse(tls->listener, tls->address, why);
    else if (events.closed)
        events.closed(events.owner, tls, why);
}

/* --- out ----------------------------------------------------------------------------------------------------- */

struct chunk {
    uv_write_t request;
    struct heng_tls *tls;
    uint8_t *bytes;
    size_t n;
};

static void on_written(uv_write_t *request, int status)
{
    struct chunk *chunk = request->data;
    struct heng_tls *tls = chunk->tls;
    tls->unsent -= chunk->n;
    free(chunk->bytes);
    free(chunk);
    if (tls->state != TLS_OPEN) return;
    if (status < 0)
        heng_tls_fail_later(tls, uv_strerror(status));
    else if (tls->events.unsent)
        tls->events.unsent(tls->events.owner, tls, tls->unsent);
}

/* What the kernel does not take at once waits in a request, which then owns the bytes. */
static bool queue(struct heng_tls *tls, size_t from)
{
    struct chunk *chunk = malloc(sizeof *chunk);
    if (!chunk) return false;
    *chunk = (struct chunk){.tls = tls, .bytes = tls->out, .n = tls->out_n - from};
    chunk->request.data = chunk;
    uv_buf_t buf = uv_buf_init((char *)tls->out + from, (unsigned)chunk->n);
    if (uv_write(&chunk->request, (uv_stream_t *)tls->socket, &buf, 1, on_written) != 0) {
        free(chunk);
        return false;
    }
    tls->unsent += chunk->n;
    tls->out = NULL;
    return true;
}

static void flush(struct heng_tls *tls)
{
    if (tls->out_n == 0) return;
    uv_buf_t buf = uv_buf_init((char *)tls->out, (unsigned)tls->out_n);
    int put = tls->unsent > 0 ? 0 : uv_try_write((uv_stream_t *)tls->socket, &buf, 1);
    if (put < 0 && put != UV_EAGAIN)
        heng_tls_fail_later(tls, uv_strerror(put));
    else if ((put < 0 ? 0 : (size_t)put) < tls->out_n && !queue(tls, put < 0 ? 0 : (size_t)put))
        heng_tls_fail_later(tls, "no memory for what waits");
    tls->bytes_out += tls->out_n;
    free(tls->out);
    tls->out = NULL;
    tls->out_n = tls->out_cap = 0;
}

heng_rc heng_tls_send(struct heng_tls *tls, struct heng_slice bytes)
{
    if (tls->state != TLS_OPEN || tls->broken) return HENG_ECLOSED;
    if (bytes.n > TLS_UNSENT_MAX || tls->unsent + bytes.n > TLS_UNSENT_MAX) return HENG_ELIMIT;
    if (bytes.n == 0) return HENG_OK;
    ERR_clear_error();
    if (SSL_write(tls->ssl, bytes.p, (int)bytes.n) != (int)bytes.n) {
        ERR_clear_error();
        heng_tls_fail_later(tls, "TLS could not write");
        return HENG_ECLOSED;
    }
    flush(tls);
    return tls->broken ? HENG_ECLOSED : HENG_OK;
}

/* --- in ------------------------------------------------------------------------------------------------------ */

heng_rc heng_tls_peer_of(const struct heng_tls *tls, struct heng_tls_peer *ret, struct heng_err *err)
{
    X509 *x = SSL_get0_peer_certificate(tls->ssl);
    *ret = (struct heng_tls_peer){.stranger = x == NULL};
    snprintf(ret->address, sizeof ret->address, "%s", tls->address);
    if (!x) return HENG_OK;
    ret->centre = X509_check_host(x, HENG_CENTRE_NAME, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
    heng_rc rc = heng_certificate_name(x, ret->common_name, sizeof ret->common_name, err);
    if (rc == HENG_OK && ASN1_INTEGER_get_uint64(&ret->serial, X509_get0_serialNumber(x)) != 1)
        rc = heng_fail(err, HENG_EFORMAT, 0, "the certificate carries no number that we know");
    ERR_clear_error();
    return rc;
}

static void shaken(struct heng_tls *tls)
{
    struct heng_tls_peer peer;
    struct heng_err err = {.text = ""};
    if (heng_tls_peer_of(tls, &peer, &err) != HENG_OK) {
        heng_tls_fail(tls, true, err.text);
        return;
    }
    uv_timer_stop(&tls->timer);
    tls->stranger = peer.stranger;
    if (tls->listener) {
        heng_tls_admit(tls, &peer);
        return;
    }
    tls->state = TLS_OPEN;
    if (tls->events.opened) tls->events.opened(tls->events.owner, tls, &peer);
}

/* One step of OpenSSL has not worked: does it want more bytes, or is it over? */
static void stalled(struct heng_tls *tls, int result)
{
    char why[TLS_WHY_MAX];
    int error = SSL_get_error(tls->ssl, result);
    if (error == SSL_ERROR_WANT_READ) return;
    heng_tls_reason(tls, result, why);
    heng_tls_fail(tls, true, why);
}

static void shake_on(struct heng_tls *tls)
{
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    flush(tls);
    if (result == 1)
        shaken(tls);
    else
        stalled(tls, result);
}

static void read_on(struct heng_tls *tls)
{
    struct tls_room *room = room_of(tls);
    while (tls->state == TLS_OPEN && !tls->paused) {
        ERR_clear_error();
        int n = SSL_read(tls->ssl, room->plain, sizeof room->plain);
        flush(tls);
        if (n <= 0) {
            stalled(tls, n);
            return;
        }
        if (tls->events.bytes) tls->events.bytes(tls->events.owner, tls, heng_slice_of(room->plain, (size_t)n));
    }
}

/* Keep what came with the last read and was not wanted any more. */
static void hold(struct heng_tls *tls, struct heng_slice rest)
{
    uint8_t *held = rest.n ? malloc(rest.n) : NULL;
    if (rest.n && !held) {
        heng_tls_fail_later(tls, "no memory for what has come");
        return;
    }
    if (held) memcpy(held, rest.p, rest.n);
    tls->held = held;
    tls->held_n = rest.n;
}

static void take(struct heng_tls *tls, struct heng_slice bytes)
{
    tls->in = bytes;
    if (tls->state == TLS_SHAKING) shake_on(tls);
    if (tls->state == TLS_OPEN) read_on(tls);
    if (tls->state == TLS_OPEN) hold(tls, tls->in);
    tls->in = heng_slice_of("", 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct tls_room *room = room_of(handle->data);
    (void)suggested;
    *buf = uv_buf_init((char *)room->raw, sizeof room->raw);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct heng_tls *tls = stream->data;
    if (n == 0 || tls->state == TLS_GONE) return;
    if (n > 0) {
        tls->bytes_in += (uint64_t)n;
        if (tls->state != TLS_LINGERING) take(tls, heng_slice_of(buf->base, (size_t)n));
        return;
    }
    if (tls->state == TLS_LINGERING) {
        heng_tls_drop(tls);
        return;
    }
    char why[TLS_WHY_MAX];
    snprintf(why, sizeof why, "it hung up%s: %s", tls->state == TLS_SHAKING ? " in its handshake" : "",
             uv_strerror((int)n));
    heng_tls_fail(tls, false, why);
}

static void start_reading(struct heng_tls *tls)
{
    int status = uv_read_start((uv_stream_t *)tls->socket, on_alloc, on_read);
    if (status != 0 && status != UV_EALREADY) heng_tls_fail_later(tls, uv_strerror(status));
}

void heng_tls_shake(struct heng_tls *tls, const struct tls_context *context, uint64_t ms)
{
    BIO *bio = BIO_new(context->wire);
    tls->ssl = SSL_new(context->ssl);
    tls->state = TLS_SHAKING;
    tls->since_ms = uv_now(tls->loop);
    heng_socket_tune(tls->socket, TLS_PATIENCE_MS);
    if (!bio || !tls->ssl) {
        BIO_free(bio);
        heng_tls_fail_later(tls, "no memory for TLS");
        return;
    }
    BIO_set_data(bio, tls);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    uv_timer_start(&tls->timer, on_timer, ms, 0);
    if (tls->listener)
        SSL_set_accept_state(tls->ssl);
    else
        SSL_set_connect_state(tls->ssl);
    start_reading(tls);
    if (tls->dial && !tls->broken) shake_on(tls);
}

/* --- pause, end, time ---------------------------------------------------------------------------------------- */

void heng_tls_pause(struct heng_tls *tls, bool pause)
{
    if (tls->state > TLS_OPEN || tls->paused == pause) return;
    tls->paused = pause;
    if (tls->state != TLS_OPEN) return; /* the handshake goes on */
    if (pause)
        uv_read_stop((uv_stream_t *)tls->socket);
    else
        uv_timer_start(&tls->timer, on_timer, 0, 0); /* not from inside this call: the owner may be in the middle */
}

/* What came before goes first. */
static void go_on(struct heng_tls *tls)
{
    uint8_t *held = tls->held;
    size_t n = tls->held_n;
    if (tls->paused) return;
    tls->held = NULL;
    tls->held_n = 0;
    if (n) take(tls, heng_slice_of(held, n));
    free(held);
    if (tls->state == TLS_OPEN && !tls->paused) start_reading(tls);
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
    (void)status; /* the end, or the timer, comes in any case */
    free(request);
}

/* Say goodbye, let go out what waits, and read on until the other end hangs up too: closing with unread bytes would
 * make the kernel send a reset that overtakes our last words. */
void heng_tls_linger(struct heng_tls *tls)
{
    uv_shutdown_t *request = NULL;
    if (tls->state != TLS_SHAKING && tls->state != TLS_OPEN) {
        heng_tls_drop(tls);
        return;
    }
    tls->state = TLS_LINGERING;
    tls->events = (struct heng_tls_events){.owner = NULL};
    if (tls->ssl && SSL_is_init_finished(tls->ssl)) SSL_shutdown(tls->ssl);
    ERR_clear_error();
    flush(tls);
    request = malloc(sizeof *request);
    if (request && uv_shutdown(request, (uv_stream_t *)tls->socket, on_shut_down) != 0) {
        free(request);
        request = NULL;
    }
    int status = uv_read_start((uv_stream_t *)tls->socket, on_alloc, on_read);
    if (!request || (status != 0 && status != UV_EALREADY))
        heng_tls_drop(tls);
    else
        uv_timer_start(&tls->timer, on_timer, TLS_LINGER_MS, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct heng_tls *tls = timer->data;
    if (tls->broken && tls->state < TLS_LINGERING) {
        heng_tls_fail(tls, false, tls->broken);
        return;
    }
    switch (tls->state) {
    case TLS_DIALLING: heng_tls_dial_due(tls); break;
    case TLS_SHAKING: heng_tls_fail(tls, false, "no handshake in time"); break;
    case TLS_OPEN: go_on(tls); break;
    case TLS_LINGERING: heng_tls_drop(tls); break;
    case TLS_GONE: break;
    }
}

void heng_tls_close(struct heng_tls *tls, bool gently)
{
    if (!tls || tls->state == TLS_GONE) return;
    tls->events = (struct heng_tls_events){.owner = NULL};
    if (!gently)
        heng_tls_drop(tls);
    else if (tls->state != TLS_LINGERING)
        heng_tls_linger(tls);
}

/* --- what it is ---------------------------------------------------------------------------------------------- */

size_t heng_tls_unsent(const struct heng_tls *tls) { return tls->unsent; }

void heng_tls_traffic(const struct heng_tls *tls, uint64_t *ret_in, uint64_t *ret_out)
{
    *ret_in = tls->bytes_in;
    *ret_out = tls->bytes_out;
}

struct heng_slice heng_tls_authority(const struct heng_tls *tls)
{
    bool shown = tls->dial && tls->dial->authority_n > 0;
    return shown ? heng_slice_of(tls->dial->authority, (size_t)tls->dial->authority_n) : heng_slice_of("", 0);
}

void heng_tls_address(const uv_tcp_t *socket, char ret[static 64])
{
    struct sockaddr_storage address;
    char ip[48];
    int n = sizeof address;
    snprintf(ret, 64, "unknown");
    if (uv_tcp_getpeername(socket, (struct sockaddr *)&address, &n) != 0 ||
        uv_ip_name((struct sockaddr *)&address, ip, sizeof ip) != 0)
        return;
    if (address.ss_family == AF_INET6)
        snprintf(ret, 64, "[%s]:%u", ip, ntohs(((struct sockaddr_in6 *)&address)->sin6_port));
    else
        snprintf(ret, 64, "%s:%u", ip, ntohs(((struct sockaddr_in *)&address)->sin_port));
}
