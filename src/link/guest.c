/* The door for DTUs: who is there?
 *
 * A new connection is a guest until its first bytes begin with the registration of a line, or hold its IMEI, and
 * nothing but silence, a line end, a heartbeat or the start of a frame follows. A moment of waiting tells "DTU1" from
 * the beginning of "DTU12". Guests are bounded in number, bytes and time; what they say reaches no line before. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "link/dtu.h"

/* Ten complaints a minute, and how many there were. */
static bool may_complain(struct heng_dtu_listener *listener)
{
    uint64_t now = uv_now(listener->loop);
    if (now - listener->window_ms >= COMPLAINT_WINDOW_MS || listener->window_ms == 0) {
        if (listener->complaints > COMPLAINTS_PER_WINDOW)
            heng_log(HENG_LOG_WARN, "dtu", "event=more_refused count=%u", listener->complaints - COMPLAINTS_PER_WINDOW);
        listener->window_ms = now ? now : 1;
        listener->complaints = 0;
    }
    return ++listener->complaints <= COMPLAINTS_PER_WINDOW;
}

static void on_guest_freed(uv_handle_t *handle) { free(handle->data); }

/* Out of the list; its memory is good until the loop turns. */
static void leave(struct guest *guest)
{
    struct heng_dtu_listener *listener = guest->listener;
    *(guest->newer ? &guest->newer->older : &listener->newest) = guest->older;
    *(guest->older ? &guest->older->newer : &listener->oldest) = guest->newer;
    listener->guest_count--;
    uv_timer_stop(&guest->timer);
    uv_close((uv_handle_t *)&guest->timer, on_guest_freed);
}

void heng_guest_dismiss(struct guest *guest)
{
    heng_socket_drop(guest->socket);
    guest->socket = NULL;
    leave(guest);
}

static void peer_name(const uv_tcp_t *socket, char *ret, size_t cap)
{
    struct sockaddr_storage address;
    int n = sizeof address;
    if (uv_tcp_getpeername(socket, (struct sockaddr *)&address, &n) != 0 ||
        uv_ip_name((struct sockaddr *)&address, ret, cap) != 0)
        snprintf(ret, cap, "unknown");
}

static void refuse(struct guest *guest)
{
    char peer[64], shown[2 * 24 + 1] = "";
    size_t some = guest->n < 24 ? guest->n : 24;
    if (may_complain(guest->listener)) {
        for (size_t i = 0; i < some; i++) snprintf(shown + 2 * i, 3, "%02X", guest->bytes[i]);
        peer_name(guest->socket, peer, sizeof peer);
        heng_log(HENG_LOG_WARN, "dtu", "event=%s peer=%s first_bytes=%s",
                 some ? "unknown_registration" : "no_registration", peer, shown);
    }
    heng_guest_dismiss(guest);
}

/* --- who is it? ------------------------------------------------------------------------------------------- */

static bool is_line_end(uint8_t byte) { return byte == '\r' || byte == '\n'; }

static bool starts_frame(uint8_t byte)
{
    static const uint8_t starts[] = {0x68, 0x10, 0xE5, 0xFE, 0xFF, 0x00};
    return memchr(starts, byte, sizeof starts) != NULL;
}

/* May these bytes follow the registration? Anything else makes it the beginning of a longer, foreign one. */
static bool may_follow(const struct heng_registration *registration, struct heng_slice rest)
{
    struct heng_slice heartbeat = heng_dtu_heartbeat(registration);
    if (heartbeat.n && rest.n >= heartbeat.n && memcmp(rest.p, heartbeat.p, heartbeat.n) == 0) return true;
    /* Once at the beginning, and once more in front of its first packet. */
    if (rest.n >= registration->n && memcmp(rest.p, registration->bytes, registration->n) == 0) return true;
    return rest.n == 0 || starts_frame(rest.p[0]);
}

struct answer {
    const struct heng_registration *registration; /* NULL: nobody we know */
    size_t said_n;                                /* how many bytes call it so, line end included */
    bool fits;                                    /* what follows them may follow a registration */
    bool sure;                                    /* no further byte can change it */
    bool part;                                    /* the beginning of a name, or of a longer one */
    bool imei;                                    /* it could still become an IMEI */
};

/* Something other than the registration has begun after said_n bytes of it, or its line has ended. */
static bool has_ended(struct heng_slice said, size_t said_n)
{
    return said_n < said.n || (said.n && said.p[said.n - 1] == '\n');
}

static struct answer by_name(const struct guest *guest)
{
    struct heng_slice said = heng_slice_of(guest->bytes, guest->n);
    struct answer answer = {0};
    answer.registration = heng_registry_match(&guest->listener->names, said, &answer.part);
    if (!answer.registration) return answer;
    answer.said_n = answer.registration->n;
    while (answer.said_n < said.n && is_line_end(said.p[answer.said_n])) answer.said_n++;
    answer.fits = may_follow(answer.registration, heng_slice_from(said, answer.said_n));
    answer.sure = answer.fits && !answer.part && answer.registration->n < said.n && has_ended(said, answer.said_n);
    return answer;
}

static struct answer by_imei(const struct guest *guest)
{
    struct heng_slice said = heng_slice_of(guest->bytes, guest->n), imei;
    struct answer answer = {.imei = guest->listener->imeis.count > 0};
    for (size_t at = 0; answer.imei && !answer.registration && (imei = heng_imei_next(said, &at)).n;) {
        answer.registration = heng_registry_find(&guest->listener->imeis, imei);
        answer.said_n = at;
    }
    if (!answer.registration) return answer;
    /* The text around the number has no fixed shape: it ends where a frame begins. */
    while (answer.said_n < said.n && !starts_frame(said.p[answer.said_n])) answer.said_n++;
    answer.fits = true;
    answer.sure = has_ended(said, answer.said_n);
    return answer;
}

static struct answer who(const struct guest *guest)
{
    struct answer name = by_name(guest);
    if (name.fits) return name;
    struct answer imei = by_imei(guest);
    if (imei.fits) return imei;
    name.imei = imei.imei;
    return name;
}

static void take_in(struct guest *guest, const struct answer *answer)
{
    uv_tcp_t *socket = guest->socket;
    struct heng_slice all = heng_slice_of(guest->bytes, guest->n);
    guest->socket = NULL;
    uv_read_stop((uv_stream_t *)socket);
    leave(guest);
    heng_dtu_adopt(answer->registration, socket, heng_slice_of(all.p, answer->said_n),
                   heng_slice_from(all, answer->said_n));
}

static void decide(struct guest *guest, const struct answer *answer)
{
    if (answer->fits)
        take_in(guest, answer);
    else
        refuse(guest);
}

/* No more was said for a while, or for too long in all. */
static void on_quiet(uv_timer_t *timer)
{
    struct answer answer = who(timer->data);
    decide(timer->data, &answer);
}

static void on_due(uv_timer_t *timer) { uv_timer_start(timer, on_quiet, LOOK_MS, 0); }

static void wait_for_more(struct guest *guest, const struct answer *answer)
{
    uint64_t gone = uv_now(guest->listener->loop) - guest->since_ms;
    uint64_t left = gone < GUEST_TIME_MS ? GUEST_TIME_MS - gone : 0, patience = left;
    if (answer->registration)
        patience = SETTLE_MS;
    else if (!answer->part)
        patience = IMEI_QUIET_MS;
    uv_timer_start(&guest->timer, on_due, patience < left ? patience : left, 0);
}

/* --- the connection ----------------------------------------------------------------------------------------- */

static void on_guest_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct guest *guest = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)guest->bytes + guest->n, (unsigned)(sizeof guest->bytes - guest->n));
}

static void on_guest_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct guest *guest = stream->data;
    (void)buf;
    if (!guest || guest->socket != (uv_tcp_t *)stream || n == 0) return;
    if (n < 0) {
        heng_guest_dismiss(guest);
        return;
    }
    guest->n += (size_t)n;
    struct answer answer = who(guest);
    bool open_question = !answer.sure && (answer.registration || answer.part || answer.imei);
    if (open_question && guest->n < sizeof guest->bytes)
        wait_for_more(guest, &answer);
    else
        decide(guest, &answer);
}

static void welcome(struct heng_dtu_listener *listener, struct guest *guest, uv_tcp_t *socket)
{
    guest->listener = listener;
    guest->socket = socket;
    guest->since_ms = uv_now(listener->loop);
    guest->older = listener->newest;
    *(guest->older ? &guest->older->newer : &listener->oldest) = guest;
    listener->newest = guest;
    listener->guest_count++;
    socket->data = guest;
    uv_timer_init(listener->loop, &guest->timer);
    guest->timer.data = guest;
    uv_timer_start(&guest->timer, on_due, GUEST_TIME_MS, 0);
    if (uv_read_start((uv_stream_t *)socket, on_guest_alloc, on_guest_read) != 0) heng_guest_dismiss(guest);
}

/* A crowd that never says who it is must not keep a DTU out: who has waited longest goes, or in, if it only waits to be
 * told from one with a longer name. */
static void make_room(struct heng_dtu_listener *listener, unsigned count)
{
    for (; count > 0 && listener->oldest; count--) on_quiet(&listener->oldest->timer);
}

void heng_guest_arrived(uv_stream_t *server, int status)
{
    struct heng_dtu_listener *listener = server->data;
    if (listener->closing) return;
    if (status < 0) {
        if (may_complain(listener))
            heng_log(HENG_LOG_ERROR, "dtu", "event=cannot_accept error=\"%s\"%s", uv_strerror(status),
                     status == UV_EMFILE ? " hint=\"raise the limit of open files\"" : "");
        if (status == UV_EMFILE) make_room(listener, GUESTS_TO_SPARE);
        return;
    }
    uv_tcp_t *socket = malloc(sizeof *socket);
    if (!socket) return;
    uv_tcp_init(listener->loop, socket);
    socket->data = NULL;
    struct guest *guest = NULL;
    if (uv_accept(server, (uv_stream_t *)socket) == 0) guest = calloc(1, sizeof *guest);
    if (!guest) {
        heng_socket_drop(socket);
        return;
    }
    if (listener->guest_count >= listener->guests_max) make_room(listener, 1);
    welcome(listener, guest, socket);
}
