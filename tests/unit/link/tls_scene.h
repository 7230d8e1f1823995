#ifndef HENG_TESTS_UNIT_LINK_TLS_SCENE_H
#define HENG_TESTS_UNIT_LINK_TLS_SCENE_H
/* A centre that listens, gateways that dial, on loopback with real certificates. */
#include "unit/link/peers.h"
#include "unit/trust/yard.h"

#include "link/tls.h"

enum { ENDS_MAX = 256, TEXT_MAX = 256 };

/* The owner of one end of a connection: checks what comes against the stream that both ends know. */
struct end {
    struct heng_tls *tls;
    unsigned opened, closed;
    struct heng_tls_peer peer;
    char why[TEXT_MAX];
    uint64_t got, sent, to_send;
    bool wrong, paused, bytes_while_paused, echo;
    unsigned pause_every, pauses; /* pause at each so many-th event */
    char close_in;                /* 'o'pened, 'b'ytes, 'u'nsent: hang up there */
    unsigned events_after_close;
    bool closed_by_us;
};

struct scene {
    uv_loop_t loop;
    struct yard yard;
    struct heng_authority *centre;
    struct heng_tls_listener *listener;
    char endpoint[32];
    struct end served[ENDS_MAX];
    unsigned served_count, refused, refused_told;
    char why[TEXT_MAX];
    char close_in; /* for the next that is accepted; 'a': in accepted itself, 'n': by an owner of NULL */
    bool echo;
};

static inline uint8_t stream_byte(uint64_t at) { return (uint8_t)(at * 131 ^ at >> 8 ^ at >> 17); }

static inline void end_close(struct end *end, bool gently)
{
    end->closed_by_us = true;
    heng_tls_close(end->tls, gently);
}

/* Send until it is all out or no more is taken. */
static inline void end_pump(struct end *end)
{
    uint8_t bytes[50000];
    while (end->sent < end->to_send && !end->closed_by_us && !end->closed) {
        size_t n = (size_t)rand() % sizeof bytes + 1;
        if (n > end->to_send - end->sent) n = (size_t)(end->to_send - end->sent);
        for (size_t i = 0; i < n; i++) bytes[i] = stream_byte(end->sent + i);
        heng_rc rc = heng_tls_send(end->tls, heng_slice_of(bytes, n));
        if (rc != HENG_OK) {
            assert_true(rc == HENG_ELIMIT || rc == HENG_ECLOSED);
            assert_true(heng_tls_unsent(end->tls) > 0 || rc == HENG_ECLOSED);
            return;
        }
        end->sent += n;
        assert_true(heng_tls_unsent(end->tls) <= (1 << 20) + (1 << 16));
    }
}

static inline void end_opened(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer)
{
    struct end *end = owner;
    end->opened++;
    end->tls = tls;
    end->peer = *peer;
    if (end->closed_by_us) end->events_after_close++;
    if (end->close_in == 'o') end_close(end, false);
    if (!end->closed_by_us) end_pump(end);
}

static inline void end_bytes(void *owner, struct heng_tls *tls, struct heng_slice bytes)
{
    struct end *end = owner;
    if (end->closed_by_us) end->events_after_close++;
    if (end->paused) end->bytes_while_paused = true;
    for (size_t i = 0; i < bytes.n; i++) end->wrong |= bytes.p[i] != stream_byte(end->got + i);
    end->got += bytes.n;
    if (end->echo) assert_int_equal(heng_tls_send(tls, bytes), HENG_OK);
    if (end->close_in == 'b') end_close(end, false);
    if (end->pause_every && (unsigned)rand() % end->pause_every == 0) {
        end->paused = true;
        end->pauses++;
        heng_tls_pause(tls, true);
    }
}

static inline void end_unsent(void *owner, struct heng_tls *tls, size_t bytes)
{
    struct end *end = owner;
    assert_int_equal(bytes, heng_tls_unsent(tls));
    if (end->closed_by_us) end->events_after_close++;
    if (end->close_in == 'u') end_close(end, false);
    if (!end->closed_by_us) end_pump(end);
}

static inline void end_closed(void *owner, struct heng_tls *tls, const char *why)
{
    struct end *end = owner;
    (void)tls;
    if (end->closed_by_us) end->events_after_close++;
    end->closed++;
    snprintf(end->why, sizeof end->why, "%s", why);
}

static inline struct heng_tls_events end_events(struct end *end)
{
    return (struct heng_tls_events){end, end_opened, end_bytes, end_unsent, end_closed};
}

static inline struct heng_tls_events scene_accepted(void *owner, struct heng_tls *tls, const struct heng_tls_peer *peer)
{
    struct scene *scene = owner;
    assert_true(scene->served_count < ENDS_MAX);
    struct end *end = &scene->served[scene->served_count++];
    end->tls = tls;
    end->peer = *peer;
    end->close_in = scene->close_in;
    end->echo = scene->echo;
    if (scene->close_in == 'a') end_close(end, false);
    if (scene->close_in == 'n') return (struct heng_tls_events){.owner = NULL};
    return end_events(end);
}

/* Those that were not told one by one are in the text of the next. */
static inline void scene_refused(void *owner, const char *address, const char *why)
{
    struct scene *scene = owner;
    unsigned more = 0;
    const char *counted = strstr(why, "(and ");
    if (counted) more = (unsigned)strtoul(counted + 5, NULL, 10);
    assert_true(address[0]);
    scene->refused += 1 + more;
    scene->refused_told++;
    snprintf(scene->why, sizeof scene->why, "%s", why);
}

static inline void scene_listen(struct scene *scene, struct heng_pki_files files, struct heng_tls_listen_config config)
{
    struct heng_err err = {.text = ""};
    config.host = "127.0.0.1";
    config.key_file = files.key;
    config.certificate_file = files.certificate;
    config.authority_file = files.authority;
    struct heng_tls_listener_events events = {scene, scene_accepted, scene_refused};
    if (heng_tls_listen(&scene->loop, &config, events, &scene->listener, &err) != HENG_OK) fail_msg("%s", err.text);
    snprintf(scene->endpoint, sizeof scene->endpoint, "127.0.0.1:%u", heng_tls_port(scene->listener));
}

static inline struct heng_authority *authority_at(struct scene *scene, const char *name, heng_us now_us)
{
    char path[YARD_PATH_MAX];
    struct heng_authority *authority = NULL;
    yard_at(&scene->yard, name, path);
    assert_int_equal(heng_authority_open(path, "s", now_us, &authority, NULL), HENG_OK);
    return authority;
}

static inline void scene_init(struct scene *scene, struct heng_tls_listen_config config)
{
    *scene = (struct scene){.served_count = 0};
    uv_loop_init(&scene->loop);
    yard_init(&scene->yard);
    scene->centre = authority_at(scene, "centre", heng_clock_wall());
    scene_listen(scene, heng_authority_files(scene->centre), config);
}

static inline void scene_fini(struct scene *scene)
{
    heng_tls_listener_close(scene->listener);
    end_loop(&scene->loop);
    heng_authority_free(scene->centre);
    yard_fini(&scene->yard);
}

/* A gateway of the centre, enrolled now for a year. */
static inline struct heng_identity *scene_gateway(struct scene *scene, const char *name)
{
    return yard_gateway(&scene->yard, scene->centre, name, heng_clock_wall(), 365);
}

static inline void dial_with(struct scene *scene, const char *key, const char *certificate, const char *authority,
                             struct end *end)
{
    struct heng_err err = {.text = ""};
    if (heng_tls_dial(&scene->loop, scene->endpoint, key, certificate, authority, end_events(end), &end->tls, &err) !=
        HENG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(end->opened + end->closed, 0);
}

static inline void dial_as(struct scene *scene, const struct heng_identity *identity, struct end *end)
{
    struct heng_pki_files files = heng_identity_files(identity);
    dial_with(scene, files.key, files.certificate, files.authority, end);
}

static inline void dial_as_stranger(struct scene *scene, struct end *end)
{
    dial_with(scene, NULL, NULL, heng_authority_files(scene->centre).authority, end);
}

#endif
