/* The end that dials: a name becomes addresses, which are tried one after the other. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "link/link.h"
#include "link/tls_internal.h"

static void dial_next(struct heng_tls *tls, int why);

void heng_tls_dial_free(struct tls_dial *dial)
{
    if (dial->found) uv_freeaddrinfo(dial->found);
    heng_tls_context_fini(&dial->context);
    OPENSSL_free(dial->authority);
    free(dial);
}

void heng_tls_dial_stop(struct heng_tls *tls)
{
    if (tls->dial->looking_up)
        uv_cancel((uv_req_t *)&tls->dial->look_up); /* one that runs comes back, and is ignored */
}

/* One that was given up for the next address comes as cancelled. */
static void on_connected(uv_connect_t *request, int status)
{
    struct heng_tls *tls = request->handle->data;
    free(request);
    if (status == UV_ECANCELED || tls->state != TLS_DIALLING) return;
    if (status != 0) {
        dial_next(tls, status);
        return;
    }
    uint64_t now = uv_now(tls->loop), left = tls->dial->deadline_ms > now ? tls->dial->deadline_ms - now : 1;
    heng_tls_address(tls->socket, tls->address);
    heng_tls_shake(tls, &tls->dial->context, left);
}

static int connect_to(struct heng_tls *tls, const struct sockaddr *address)
{
    uv_connect_t *request = malloc(sizeof *request);
    if (!request || !heng_tls_socket(tls)) {
        free(request);
        return UV_ENOMEM;
    }
    int status = uv_tcp_connect(request, tls->socket, address, on_connected);
    if (status != 0) free(request);
    return status;
}

static void on_due(uv_timer_t *timer) { heng_tls_dial_due(timer->data); }

static void due_in(struct heng_tls *tls, uint64_t longest_ms)
{
    uint64_t now = uv_now(tls->loop), left = tls->dial->deadline_ms > now ? tls->dial->deadline_ms - now : 0;
    uv_timer_start(&tls->timer, on_due, left < longest_ms ? left : longest_ms, 0);
}

void heng_tls_dial_due(struct heng_tls *tls)
{
    if (tls->dial->looking_up) {
        heng_tls_fail(tls, false, "the name server does not answer in time");
        return;
    }
    if (uv_now(tls->loop) >= tls->dial->deadline_ms) tls->dial->next = NULL;
    dial_next(tls, UV_ETIMEDOUT);
}

/* why: the last one did not work. */
static void dial_next(struct heng_tls *tls, int why)
{
    struct tls_dial *dial = tls->dial;
    char text[TLS_WHY_MAX];
    while (dial->next) {
        const struct addrinfo *now = dial->next;
        dial->next = now->ai_next;
        why = connect_to(tls, now->ai_addr);
        if (why != 0) continue;
        due_in(tls, dial->next ? TLS_CONNECT_MS : TLS_HANDSHAKE_MS);
        return;
    }
    snprintf(text, sizeof text, "cannot reach %.90s port %s: %.40s", dial->host, dial->port, uv_strerror(why));
    heng_tls_fail(tls, false, text);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct heng_tls *tls = request->data;
    struct tls_dial *dial = tls->dial;
    dial->looking_up = false;
    dial->found = dial->next = found;
    if (tls->state == TLS_DIALLING) dial_next(tls, status != 0 ? status : UV_EAI_NONAME);
    heng_tls_release(tls);
}

static void look_up(struct heng_tls *tls)
{
    struct tls_dial *dial = tls->dial;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    dial->look_up.data = tls;
    int status = uv_getaddrinfo(tls->loop, &dial->look_up, on_resolved, dial->host, dial->port, &hints);
    if (status != 0) {
        heng_tls_fail_later(tls, uv_strerror(status));
        return;
    }
    dial->looking_up = true;
    tls->handles++;
    due_in(tls, TLS_HANDSHAKE_MS);
}

heng_rc heng_tls_dial(uv_loop_t *loop, const char *endpoint, const char *key_file, const char *certificate_file,
                      const char *authority_file, struct heng_tls_events events, struct heng_tls **ret,
                      struct heng_err *err)
{
    struct tls_dial *dial = calloc(1, sizeof *dial);
    if (!dial) return heng_fail(err, HENG_ENOMEM, 0, "no memory to dial");
    heng_rc rc = heng_endpoint_split(endpoint, dial->host, sizeof dial->host, dial->port, sizeof dial->port, err);
    if (rc == HENG_OK && strtoul(dial->port, NULL, 10) == 0)
        rc = heng_fail(err, HENG_ECONFIG, 0, "port 0 cannot be dialled");
    if (rc == HENG_OK && !key_file != !certificate_file)
        rc = heng_fail(err, HENG_ECONFIG, 0, "a key needs its certificate, and a certificate its key");
    if (rc == HENG_OK)
        rc = heng_tls_context_init(&dial->context, false, key_file, certificate_file, authority_file, err);
    struct heng_tls *tls = rc == HENG_OK ? heng_tls_new(loop) : NULL;
    if (rc == HENG_OK && !tls) rc = heng_fail(err, HENG_ENOMEM, 0, "no memory to dial");
    if (rc != HENG_OK) {
        heng_tls_dial_free(dial);
        return rc;
    }
    tls->dial = dial;
    tls->events = events;
    dial->deadline_ms = uv_now(loop) + TLS_HANDSHAKE_MS;
    look_up(tls);
    *ret = tls;
    return HENG_OK;
}
