/* RFC 2217 against a server of this test on the same loop: a good one, one that does not speak it, bad ones. */
#include "unit/link/peers.h"

#include "link/telnet.h"

enum { COM_PORT = 44, ESC = 255 };

/* The converter's side. Its answers come from hand-written bytes, its ears from the telnet reader. */
struct server {
    int listener, fd;
    uv_poll_t door, poll;
    struct heng_telnet telnet;
    bool mute, no_com_port, refuses_binary, deaf_to_settings;
    uint32_t baud, only_baud; /* only_baud: the one that it can */
    uint8_t settings[16];     /* the last value by command */
    unsigned purges, speeds;
    char data[256];
    size_t n, n_at_speed; /* n when the last speed came */
    char verbs[256];
};

/* The link may have hung up on what was said before. */
static void tell(struct server *s, const void *bytes, size_t n) { (void)!send(s->fd, bytes, n, MSG_NOSIGNAL); }

static void answer_setting(struct server *s, struct heng_slice sub)
{
    uint8_t command = sub.p[1];
    assert_true(command < sizeof s->settings);
    if (command == 12) s->purges++;
    if (command == 1) {
        assert_int_equal(sub.n, 6);
        s->baud = (uint32_t)sub.p[2] << 24 | (uint32_t)sub.p[3] << 16 | (uint32_t)sub.p[4] << 8 | sub.p[5];
        if (s->only_baud) s->baud = s->only_baud;
        s->speeds++;
        s->n_at_speed = s->n;
        if (s->deaf_to_settings) return;
        uint8_t reply[20] = {ESC, 250, COM_PORT, 101};
        struct heng_buf out = heng_buf_of(reply, sizeof reply);
        out.n = 4;
        uint8_t value[] = {(uint8_t)(s->baud >> 24), (uint8_t)(s->baud >> 16), (uint8_t)(s->baud >> 8),
                           (uint8_t)s->baud};
        heng_telnet_escape(&out, heng_slice_of(value, sizeof value));
        heng_buf_u8(&out, ESC);
        heng_buf_u8(&out, 240);
        tell(s, out.p, out.n);
        return;
    }
    assert_int_equal(sub.n, 3);
    s->settings[command] = sub.p[2];
    uint8_t reply[] = {ESC, 250, COM_PORT, (uint8_t)(command + 100), sub.p[2], ESC, 240};
    if (!s->deaf_to_settings) tell(s, reply, sizeof reply);
}

static void hear_verb(struct server *s, uint8_t verb, uint8_t option)
{
    size_t at = strlen(s->verbs);
    snprintf(s->verbs + at, sizeof s->verbs - at, "%u.%u ", verb, option);
    uint8_t answer = verb == TELNET_WILL ? TELNET_DO : TELNET_WILL;
    if (s->mute || (verb != TELNET_WILL && verb != TELNET_DO)) return;
    if (option == COM_PORT && s->no_com_port) answer = TELNET_DONT;
    if (option == 0 && s->refuses_binary) answer = verb == TELNET_WILL ? TELNET_DONT : TELNET_WONT;
    tell(s, (const uint8_t[]){ESC, answer, option}, 3);
}

static void on_server_read(uv_poll_t *poll, int status, int events)
{
    struct server *s = poll->data;
    uint8_t bytes[512];
    (void)status, (void)events;
    ssize_t got = recv(s->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got <= 0) {
        uv_poll_stop(&s->poll);
        return;
    }
    struct heng_slice in = heng_slice_of(bytes, (size_t)got);
    struct heng_telnet_piece piece;
    heng_telnet_kind kind;
    while ((kind = heng_telnet_next(&s->telnet, &in, &piece)) != HENG_TELNET_NOTHING) {
        if (kind == HENG_TELNET_VERB) hear_verb(s, piece.verb, piece.option);
        if (kind == HENG_TELNET_SUB && piece.bytes.p[0] == COM_PORT && !s->mute) answer_setting(s, piece.bytes);
        if (kind != HENG_TELNET_DATA) continue;
        assert_true(s->n + piece.bytes.n < sizeof s->data);
        memcpy(s->data + s->n, piece.bytes.p, piece.bytes.n);
        s->n += piece.bytes.n;
    }
}

static void on_door(uv_poll_t *door, int status, int events)
{
    struct server *s = door->data;
    (void)status, (void)events;
    if (s->fd >= 0) return;
    s->fd = accept(s->listener, NULL, NULL);
    uv_poll_init(door->loop, &s->poll, s->fd);
    s->poll.data = s;
    uv_poll_start(&s->poll, UV_READABLE, on_server_read);
}

struct scene {
    uv_loop_t loop;
    struct server server;
    struct owner owner;
    struct heng_link *link;
};

static void scene_init(struct scene *scene, uint32_t baud, heng_signal overload)
{
    struct heng_line_config config = {
        .name = "t", .transport = HENG_TRANSPORT_RFC2217, .baud = baud, .parity = 'E', .overload = overload};
    uint16_t port = 0;
    uv_loop_init(&scene->loop);
    scene->server.fd = -1;
    scene->server.listener = listen_on(&port);
    uv_poll_init(&scene->loop, &scene->server.door, scene->server.listener);
    scene->server.door.data = &scene->server;
    uv_poll_start(&scene->server.door, UV_READABLE, on_door);
    snprintf(config.endpoint, sizeof config.endpoint, "127.0.0.1:%u", port);
    assert_int_equal(heng_link_open(&scene->loop, NULL, &config, events_of(&scene->owner), &scene->link, NULL),
                     HENG_OK);
}

static void scene_fini(struct scene *scene)
{
    heng_link_close(scene->link);
    uv_close((uv_handle_t *)&scene->server.door, NULL);
    if (scene->server.fd >= 0) uv_close((uv_handle_t *)&scene->server.poll, NULL);
    end_loop(&scene->loop);
    close(scene->server.listener);
    if (scene->server.fd >= 0) close(scene->server.fd);
}

static void a_port_far_away_is_set_up_and_carries_any_byte(void **state)
{
    (void)state;
    struct scene s = {0};
    scene_init(&s, 2400, HENG_SIGNAL_NONE);
    RUN_UNTIL(&s.loop, s.owner.opened == 1);
    assert_int_equal(s.server.baud, 2400);
    assert_int_equal(s.server.settings[2], 8); /* data bits */
    assert_int_equal(s.server.settings[3], 3); /* even */
    assert_int_equal(s.server.settings[4], 1); /* stop bits */
    assert_int_equal(s.server.settings[5], 11);
    assert_int_equal(s.server.settings[11], 0); /* no overload signal, no news of modem lines */
    assert_int_equal(s.server.purges, 1);
    static const uint8_t frame[] = {0x10, 0xFF, 0xFF, 0x0D, 0x00, 0x0A, 0xFF, 0xFA, 0x16, 0xFF};
    heng_link_send(s.link, heng_slice_of(frame, sizeof frame));
    RUN_UNTIL(&s.loop, s.server.n == sizeof frame);
    assert_memory_equal(s.server.data, frame, sizeof frame);
    /* Back, byte by byte and with commands in between. */
    static const uint8_t answer[] = {0x68, 0xFF, 0xFF, 0xFF, 0xF1, 0xFF, 250,  COM_PORT, 106,
                                     1,    0xFF, 240,  0xFF, 0xFF, 0x16, 0xFF, 0xFB,     1};
    static const uint8_t want[] = {0x68, 0xFF, 0xFF, 0x16};
    for (size_t i = 0; i < sizeof answer; i++) {
        tell(&s.server, answer + i, 1);
        run_for(&s.loop, 2);
    }
    RUN_UNTIL(&s.loop, strstr(s.server.verbs, "254.1 ")); /* DONT ECHO */
    assert_int_equal(s.owner.n, sizeof want);
    assert_memory_equal(s.owner.bytes, want, sizeof want);
    scene_fini(&s);
}

static void a_speed_with_ff_in_it_is_escaped(void **state)
{
    (void)state;
    struct scene s = {0};
    scene_init(&s, 0xFFFF, HENG_SIGNAL_NONE);
    RUN_UNTIL(&s.loop, s.owner.opened == 1);
    assert_int_equal(s.server.baud, 0xFFFF);
    scene_fini(&s);
}

static void speed_changes_between_the_bytes_of_before_and_after(void **state)
{
    (void)state;
    struct scene s = {0};
    struct heng_err err;
    scene_init(&s, 2400, HENG_SIGNAL_NONE);
    RUN_UNTIL(&s.loop, s.owner.opened == 1);
    uint64_t from = uv_hrtime();
    heng_link_send(s.link, heng_slice_str("twenty bytes at 2400"));
    assert_int_equal(heng_link_set_speed(s.link, 9600, 'N', &err), HENG_OK);
    heng_link_send(s.link, heng_slice_str("and then 9600"));
    RUN_UNTIL(&s.loop, s.server.n == 33);
    assert_true(uv_hrtime() - from >= 91 * 1000000u); /* 20 x 11 bits at 2400 */
    assert_int_equal(s.server.n_at_speed, 20);
    assert_int_equal(s.server.baud, 9600);
    assert_int_equal(s.server.settings[3], 1);
    assert_int_equal(s.server.speeds, 2);
    assert_int_equal(s.owner.opened, 1);
    assert_int_equal(s.link->due_ms, 0);
    /* Another one while the converter has not yet confirmed the first. */
    assert_int_equal(heng_link_set_speed(s.link, 19200, 'O', &err), HENG_OK);
    while (s.link->due_ms == 0 || s.server.baud != 19200) uv_run(&s.loop, UV_RUN_ONCE);
    assert_int_equal(heng_link_set_speed(s.link, 2400, 'E', &err), HENG_OK);
    heng_link_send(s.link, heng_slice_str("end"));
    RUN_UNTIL(&s.loop, s.server.n == 36);
    assert_int_equal(s.server.baud, 2400);
    assert_int_equal(s.server.settings[3], 3);
    assert_int_equal(s.owner.closed, 1);
    scene_fini(&s);
}

static void modem_lines_tell_overload(void **state)
{
    (void)state;
    struct scene s = {0};
    scene_init(&s, 2400, HENG_SIGNAL_CTS_LOW);
    RUN_UNTIL(&s.loop, s.owner.opened == 1);
    assert_int_equal(s.server.settings[11], 0xF0);
    uint8_t news[] = {ESC, 250, COM_PORT, 107, 0x21, ESC, 240}; /* DSR, CTS has changed */
    tell(&s.server, news, sizeof news);
    RUN_UNTIL(&s.loop, s.owner.overload);
    news[4] = 0x31;
    tell(&s.server, news, sizeof news);
    RUN_UNTIL(&s.loop, !s.owner.overload);
    assert_int_equal(s.owner.overloads, 2);
    scene_fini(&s);
}

static void a_server_that_cannot_is_named(void **state)
{
    (void)state;
    static const struct {
        bool mute, no_com_port, refuses_binary, deaf;
        uint32_t only_baud;
        const char *says;
    } cases[] = {
        {.mute = true, .says = "use transport tcp"},
        {.no_com_port = true, .says = "use transport tcp"},
        {.refuses_binary = true, .says = "8 bits"},
        {.deaf = true, .says = "does not confirm"},
        {.only_baud = 9600, .says = "sets speed to 9600 instead of 2400"},
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    uint64_t from = uv_hrtime();
    struct scene *scenes = calloc(CASES, sizeof *scenes);
    assert_non_null(scenes);
    for (size_t i = 0; i < CASES; i++) {
        scenes[i].server = (struct server){.mute = cases[i].mute,
                                           .no_com_port = cases[i].no_com_port,
                                           .refuses_binary = cases[i].refuses_binary,
                                           .deaf_to_settings = cases[i].deaf,
                                           .only_baud = cases[i].only_baud};
        scene_init(&scenes[i], 2400, HENG_SIGNAL_NONE);
    }
    /* Their times run together. */
    for (size_t told = 0; told < CASES;) {
        told = 0;
        for (size_t i = 0; i < CASES; i++) {
            run_for(&scenes[i].loop, 2);
            if (scenes[i].owner.closed < 2) continue; /* connecting; then the reason */
            heng_link_close(scenes[i].link);
            scenes[i].link = NULL;
            told++;
        }
        assert_true(uv_hrtime() - from < WATCHDOG_MS * 1000000ull);
    }
    for (size_t i = 0; i < CASES; i++) {
        assert_non_null(strstr(scenes[i].owner.why, cases[i].says));
        assert_int_equal(scenes[i].owner.opened, 0);
        scene_fini(&scenes[i]);
    }
    free(scenes);
}

/* Whatever a server says: no crash, no flood of answers, and what is no command is data. */
static void a_hostile_server_is_endured(void **state)
{
    (void)state;
    seed_of_run();
    for (unsigned round = 0; round < 60; round++) {
        struct scene s = {0};
        scene_init(&s, 2400, HENG_SIGNAL_DCD_LOW);
        RUN_UNTIL(&s.loop, s.owner.opened == 1);
        s.server.mute = true;
        uint8_t bytes[3000];
        for (size_t i = 0; i < sizeof bytes; i++) {
            static const uint8_t often[] = {255, 255, 255, 250, 250, 251, 253, 254, 240, 44, 44, 101, 107, 0};
            bool wild = rand() % 3 == 0;
            bytes[i] = wild ? (uint8_t)rand() : often[(size_t)rand() % sizeof often];
        }
        for (size_t at = 0; at < sizeof bytes && s.owner.closed < 2; at += 250) {
            send(s.server.fd, bytes + at, 250, MSG_NOSIGNAL);
            run_for(&s.loop, 1);
            s.owner.n = 0;
            s.server.verbs[0] = '\0';
        }
        scene_fini(&s);
    }
}

/* WILL and DO for every option, a thousand times: one refusal for each. */
static void refusals_do_not_multiply(void **state)
{
    (void)state;
    struct scene s = {0};
    scene_init(&s, 2400, HENG_SIGNAL_NONE);
    RUN_UNTIL(&s.loop, s.owner.opened == 1);
    s.server.mute = true;
    for (unsigned round = 0; round < 1000; round++) {
        tell(&s.server, (const uint8_t[]){ESC, TELNET_WILL, 24, ESC, TELNET_DO, 24}, 6);
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    tell(&s.server, "x", 1);
    RUN_UNTIL(&s.loop, s.owner.n == 1);
    run_for(&s.loop, 20);
    assert_non_null(strstr(s.server.verbs, "254.24 252.24 "));
    assert_null(strstr(strstr(s.server.verbs, "252.24 ") + 7, "24"));
    scene_fini(&s);
}

int main(void)
{
    heng_log_set_level(HENG_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_far_away_is_set_up_and_carries_any_byte),
        cmocka_unit_test(a_speed_with_ff_in_it_is_escaped),
        cmocka_unit_test(speed_changes_between_the_bytes_of_before_and_after),
        cmocka_unit_test(modem_lines_tell_overload),
        cmocka_unit_test(a_server_that_cannot_is_named),
        cmocka_unit_test(a_hostile_server_is_endured),
        cmocka_unit_test(refusals_do_not_multiply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
