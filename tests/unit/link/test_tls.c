/* Uplinks over TLS: who comes in, what he hears when he does not, and that every byte arrives. */
#include "unit/link/tls_scene.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { STREAM_BYTES = 6000000, MANY = 200 };

/* --- who comes in -------------------------------------------------------------------------------------------- */

static void a_gateway_and_the_centre_know_each_other(void **state)
{
    (void)state;
    struct scene s;
    struct end end = {.to_send = 5};
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    s.echo = true;
    struct heng_identity *gateway = scene_gateway(&s, "gw-1");
    dial_as(&s, gateway, &end);
    RUN_UNTIL(&s.loop, end.got == 5);
    assert_string_equal(s.served[0].peer.common_name, "gw-1");
    assert_true(s.served[0].peer.serial > 0);
    assert_false(s.served[0].peer.stranger);
    assert_false(s.served[0].peer.centre);
    assert_int_equal(strncmp(s.served[0].peer.address, "127.0.0.1:", 10), 0);
    assert_string_equal(end.peer.common_name, "heng");
    assert_true(end.peer.centre);
    assert_string_equal(end.peer.address, s.endpoint);
    assert_false(end.wrong || s.served[0].wrong);
    assert_int_equal(heng_tls_connections(s.listener), 1);
    end_close(&end, true);
    RUN_UNTIL(&s.loop, s.served[0].closed == 1 && heng_tls_connections(s.listener) == 0);
    assert_string_equal(s.served[0].why, "it has said goodbye");
    assert_int_equal(s.refused, 0);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void a_gateway_serves_those_below_it(void **state)
{
    (void)state;
    struct scene s;
    struct end end = {.to_send = 0};
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *above = scene_gateway(&s, "concentrator"), *below = scene_gateway(&s, "collector");
    heng_tls_listener_close(s.listener);
    scene_listen(&s, heng_identity_files(above), (struct heng_tls_listen_config){.port = 0});
    dial_as(&s, below, &end);
    RUN_UNTIL(&s.loop, end.opened && s.served_count == 1);
    assert_string_equal(end.peer.common_name, "concentrator");
    assert_false(end.peer.centre);
    assert_string_equal(s.served[0].peer.common_name, "collector");
    end_close(&end, false);
    heng_identity_free(above);
    heng_identity_free(below);
    scene_fini(&s);
}

/* It sees the authority before it trusts it, and the code is made of that. */
static void one_who_is_not_enrolled_comes_in_as_a_stranger(void **state)
{
    (void)state;
    struct scene s;
    struct end end = {.to_send = 9};
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    dial_with(&s, NULL, NULL, NULL, &end);
    RUN_UNTIL(&s.loop, s.served_count == 1 && s.served[0].got == 9);
    assert_true(s.served[0].peer.stranger);
    assert_string_equal(s.served[0].peer.common_name, "");
    assert_true(heng_slice_eq(heng_tls_authority(end.tls), heng_authority_certificate(s.centre)));
    end_close(&end, false);
    scene_fini(&s);
}

/* Both ends hear why. part: of what the gateway is told. */
static void expect_refusal(struct scene *s, struct end *end, const char *gateway_hears, const char *centre_hears)
{
    unsigned refused = s->refused, served = s->served_count;
    RUN_UNTIL(&s->loop, end->closed && s->refused == refused + 1);
    assert_non_null(strstr(end->why, gateway_hears));
    assert_non_null(strstr(s->why, centre_hears));
    assert_int_equal(s->served_count, served);
    RUN_UNTIL(&s->loop, heng_tls_connections(s->listener) == 0);
}

static void other_certificates_are_refused_with_the_reason(void **state)
{
    (void)state;
    struct scene s;
    heng_us now_us = heng_clock_wall();
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_authority *rogue = authority_at(&s, "rogue", now_us);
    const char *authority = heng_authority_files(s.centre).authority;

    struct heng_identity *foreign = yard_gateway(&s.yard, rogue, "foreign", now_us, 90);
    struct heng_pki_files files = heng_identity_files(foreign);
    struct end a = {.to_send = 0};
    dial_with(&s, files.key, files.certificate, authority, &a);
    expect_refusal(&s, &a, "it is of another authority", "its certificate is of another authority");

    struct heng_identity *old = yard_gateway(&s.yard, s.centre, "old", now_us - 91 * HENG_US_PER_DAY, 90);
    struct end b = {.to_send = 0};
    dial_as(&s, old, &b);
    expect_refusal(&s, &b, "it has expired", "its certificate has expired");

    struct heng_identity *early = yard_gateway(&s.yard, s.centre, "early", now_us + 2 * HENG_US_PER_DAY, 90);
    struct end c = {.to_send = 0};
    dial_as(&s, early, &c);
    expect_refusal(&s, &c, "refuses our certificate", "not valid yet");

    files = heng_authority_files(s.centre); /* the server's own is not good for dialling */
    struct end d = {.to_send = 0};
    dial_with(&s, files.key, files.certificate, authority, &d);
    expect_refusal(&s, &d, "another use", "another use");

    struct end e = {.to_send = 0}; /* and a centre that is not ours */
    dial_as(&s, foreign, &e);
    expect_refusal(&s, &e, "its certificate is of another authority", "refuses our certificate");
    assert_int_equal(e.opened, 0);
    heng_identity_free(foreign);
    heng_identity_free(old);
    heng_identity_free(early);
    heng_authority_free(rogue);
    scene_fini(&s);
}

/* The centre was set up on a machine that thought it was 1990; a concentrator may not know the time at all. */
static void a_wrong_clock_keeps_nobody_out_but_the_certificates_own_dates_count(void **state)
{
    (void)state;
    struct scene s;
    heng_us now_us = heng_clock_wall();
    struct end good = {.to_send = 0}, expired = {.to_send = 0}, doubted = {.to_send = 0};
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_authority *old = authority_at(&s, "old", now_us - 36 * 365 * HENG_US_PER_DAY);
    struct heng_identity *gateway = yard_gateway(&s.yard, old, "gateway", now_us, 90);
    struct heng_identity *late = yard_gateway(&s.yard, old, "late", now_us - 91 * HENG_US_PER_DAY, 90);
    heng_tls_listener_close(s.listener);
    scene_listen(&s, heng_authority_files(old), (struct heng_tls_listen_config){.port = 0});
    dial_as(&s, gateway, &good);
    RUN_UNTIL(&s.loop, good.opened && s.served_count == 1);
    end_close(&good, true);
    RUN_UNTIL(&s.loop, heng_tls_connections(s.listener) == 0);
    dial_as(&s, late, &expired);
    expect_refusal(&s, &expired, "it has expired", "expired");
    heng_tls_listener_doubt_clock(s.listener, true);
    dial_as(&s, late, &doubted);
    RUN_UNTIL(&s.loop, s.served_count == 2);
    assert_string_equal(s.served[1].peer.common_name, "late");
    end_close(&doubted, false);
    heng_identity_free(gateway);
    heng_identity_free(late);
    heng_authority_free(old);
    scene_fini(&s);
}

static void what_cannot_work_is_said_at_once_or_as_closed(void **state)
{
    (void)state;
    struct scene s;
    struct heng_err err;
    struct end end = {.to_send = 0}, reached = {.to_send = 0};
    struct heng_tls_listener *second = NULL;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    struct heng_pki_files g = heng_identity_files(gateway), c = heng_authority_files(s.centre);
    struct heng_tls_events events = end_events(&end);
    uv_loop_t *loop = &s.loop;
    static const char *const endpoints[] = {"", "host", "host:0", "host:70000", ":5"};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(heng_tls_dial(loop, endpoints[i], NULL, NULL, NULL, events, &end.tls, &err), HENG_ECONFIG);
    assert_int_equal(heng_tls_dial(loop, "h:1", g.key, NULL, g.authority, events, &end.tls, &err), HENG_ECONFIG);
    assert_int_equal(heng_tls_dial(loop, "h:1", "/none", g.certificate, NULL, events, &end.tls, &err), HENG_ECONFIG);
    assert_int_equal(heng_tls_dial(loop, "h:1", c.key, g.certificate, NULL, events, &end.tls, &err), HENG_EFORMAT);
    assert_int_equal(chmod(g.key, 0644), 0);
    assert_int_equal(heng_tls_dial(loop, "h:1", g.key, g.certificate, NULL, events, &end.tls, &err), HENG_EDENIED);
    assert_non_null(strstr(err.text, "chmod 600"));
    assert_int_equal(chmod(g.key, 0600), 0);

    struct heng_tls_listen_config config = {
        .host = "127.0.0.1", .port = heng_tls_port(s.listener), .key_file = c.key, .certificate_file = c.certificate};
    struct heng_tls_listener_events none = {&s, scene_accepted, scene_refused};
    assert_int_equal(heng_tls_listen(loop, &config, none, &second, &err), HENG_ECONFIG);
    config.authority_file = c.authority;
    assert_int_equal(heng_tls_listen(loop, &config, none, &second, &err), HENG_EBUSY);
    config.host = "somewhere";
    assert_int_equal(heng_tls_listen(loop, &config, none, &second, &err), HENG_ECONFIG);

    uint16_t port = heng_tls_port(s.listener);
    snprintf(s.endpoint, sizeof s.endpoint, "localhost:%u", port); /* ::1 comes first where there is one */
    dial_as(&s, gateway, &reached);
    RUN_UNTIL(loop, reached.opened == 1);
    end_close(&reached, false);
    heng_tls_listener_close(s.listener);
    run_for(loop, 20);
    snprintf(s.endpoint, sizeof s.endpoint, "127.0.0.1:%u", port);
    dial_as(&s, gateway, &end);
    RUN_UNTIL(loop, end.closed == 1);
    assert_non_null(strstr(end.why, "cannot reach 127.0.0.1 port"));
    dial_as(&s, gateway, &(struct end){.to_send = 0});
    struct end hasty = {.to_send = 0};
    dial_as(&s, gateway, &hasty);
    end_close(&hasty, false); /* while the name is looked up */
    end_loop(loop);
    assert_int_equal(hasty.events_after_close, 0);
    heng_identity_free(gateway);
    heng_authority_free(s.centre);
    yard_fini(&s.yard);
}

/* --- bytes --------------------------------------------------------------------------------------------------- */

static void resume_paused(struct end *end)
{
    if (!end->paused) return;
    end->paused = false;
    heng_tls_pause(end->tls, false);
}

/* Both send as fast as they are let, and both stop taking bytes now and then, in the middle of a record's worth too. */
static void every_byte_arrives_under_back_pressure(void **state)
{
    (void)state;
    struct scene s;
    struct end end = {.to_send = STREAM_BYTES, .pause_every = 40};
    seed_of_run();
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    dial_as(&s, gateway, &end);
    RUN_UNTIL(&s.loop, s.served_count == 1);
    struct end *served = &s.served[0];
    served->pause_every = 40;
    served->to_send = STREAM_BYTES;
    end_pump(served);
    for (unsigned rounds = 0; served->got < STREAM_BYTES || end.got < STREAM_BYTES; rounds++) {
        assert_true(rounds < 20000);
        run_for(&s.loop, 1);
        assert_false(end.closed || served->closed);
        resume_paused(&end);
        resume_paused(served);
    }
    assert_false(end.wrong || served->wrong || end.bytes_while_paused || served->bytes_while_paused);
    assert_int_equal(end.got, STREAM_BYTES);
    assert_int_equal(served->got, STREAM_BYTES);
    assert_true(end.pauses > 3 && served->pauses > 3);
    end_close(&end, false);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void one_who_takes_nothing_costs_a_mebibyte_and_no_more(void **state)
{
    (void)state;
    struct scene s;
    struct end end = {.to_send = 50000000};
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    dial_as(&s, gateway, &end);
    RUN_UNTIL(&s.loop, s.served_count == 1);
    s.served[0].paused = true;
    heng_tls_pause(s.served[0].tls, true);
    uint64_t before;
    do {
        before = end.sent;
        run_for(&s.loop, 100);
    } while (end.sent != before);
    uint64_t got = s.served[0].got;
    assert_true(end.sent < end.to_send);
    assert_in_range(heng_tls_unsent(end.tls), (1 << 20) - 50000, (1 << 20) + 2000); /* it sends up to 50,000 at once */
    assert_false(s.served[0].bytes_while_paused);
    end.to_send = end.sent;
    resume_paused(&s.served[0]);
    RUN_UNTIL(&s.loop, s.served[0].got >= end.sent);
    assert_true(s.served[0].got > got && !s.served[0].wrong);
    uint8_t *much = calloc(1, (1 << 20) + 1);
    assert_non_null(much);
    assert_int_equal(heng_tls_send(end.tls, heng_slice_of(much, (1 << 20) + 1)), HENG_ELIMIT);
    free(much);
    assert_int_equal(heng_tls_send(end.tls, heng_slice_of("", 0)), HENG_OK);
    end_close(&end, false);
    heng_identity_free(gateway);
    scene_fini(&s);
}

/* A centre that waits for its disk holds its gateways back; the kernel would end that as it ends a dead cable. */
static void one_who_is_held_back_has_two_minutes(void **state)
{
    (void)state;
    struct scene s;
    struct end end = {.to_send = 5};
    unsigned sockets = 0;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    dial_as(&s, gateway, &end);
    RUN_UNTIL(&s.loop, s.served_count == 1 && s.served[0].got == 5);
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_storage peer;
        socklen_t peer_n = sizeof peer, n = sizeof(unsigned);
        unsigned patience_ms = 0;
        if (getpeername(fd, (struct sockaddr *)&peer, &peer_n) != 0 || peer.ss_family != AF_INET) continue;
        assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, &n), 0);
        assert_int_equal(patience_ms, 120000);
        sockets++;
    }
    assert_int_equal(sockets, 2);
    end_close(&end, false);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void a_gentle_end_loses_nothing(void **state)
{
    (void)state;
    struct scene s;
    struct end end = {.to_send = 1000000};
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    dial_as(&s, gateway, &end);
    RUN_UNTIL(&s.loop, s.served_count == 1);
    /* The other end sends too, so that unread bytes lie there when the socket is closed. */
    s.served[0].to_send = 100000;
    end_pump(&s.served[0]);
    RUN_UNTIL(&s.loop, end.sent == end.to_send);
    end_close(&end, true);
    RUN_UNTIL(&s.loop, s.served[0].closed == 1);
    assert_int_equal(s.served[0].got, 1000000);
    assert_false(s.served[0].wrong);
    assert_string_equal(s.served[0].why, "it has said goodbye");
    assert_int_equal(end.events_after_close, 0);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void an_end_in_any_event_is_the_last_event(void **state)
{
    (void)state;
    static const char places[] = {'a', 'n', 'o', 'b', 'u'};
    for (size_t i = 0; i < sizeof places; i++) {
        for (int ours = 0; ours < 2; ours++) {
            struct scene s;
            struct end end = {.to_send = places[i] == 'u' ? 50000000 : 900000};
            if (ours && (places[i] == 'a' || places[i] == 'n')) continue;
            scene_init(&s, (struct heng_tls_listen_config){.port = 0});
            struct heng_identity *gateway = scene_gateway(&s, "gw");
            if (ours)
                end.close_in = places[i];
            else
                s.close_in = places[i];
            s.echo = !ours && places[i] == 'u';
            if (s.echo) end.to_send = 0;
            dial_as(&s, gateway, &end);
            if (ours && places[i] == 'b') {
                RUN_UNTIL(&s.loop, s.served_count == 1);
                s.served[0].to_send = 900000;
                end_pump(&s.served[0]);
            }
            if (!ours && places[i] == 'u') {
                RUN_UNTIL(&s.loop, s.served_count == 1);
                end.paused = true;
                heng_tls_pause(end.tls, true);
                s.served[0].to_send = 50000000;
                end_pump(&s.served[0]);
                resume_paused(&end);
            }
            RUN_UNTIL(&s.loop, ours ? end.closed_by_us && (s.served_count == 0 || s.served[0].closed) : end.closed);
            RUN_UNTIL(&s.loop, heng_tls_connections(s.listener) == 0);
            assert_int_equal(end.events_after_close + s.served[0].events_after_close, 0);
            heng_identity_free(gateway);
            scene_fini(&s);
        }
    }
}

/* --- many ---------------------------------------------------------------------------------------------------- */

static void two_hundred_gateways_come_speak_and_go(void **state)
{
    (void)state;
    static struct scene s;
    static struct end ends[MANY];
    memset(ends, 0, sizeof ends);
    scene_init(&s, (struct heng_tls_listen_config){.strangers_max = 8}); /* they wait for their turn */
    s.echo = true;
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    unsigned opened = 0, answered = 0;
    for (unsigned i = 0; i < MANY; i++) {
        ends[i].to_send = 1000 + i;
        dial_as(&s, gateway, &ends[i]);
    }
    for (unsigned rounds = 0; answered < MANY; rounds++) {
        assert_true(rounds < 2000);
        run_for(&s.loop, 10);
        opened = answered = 0;
        for (unsigned i = 0; i < MANY; i++) {
            opened += ends[i].opened;
            answered += ends[i].got == ends[i].to_send && !ends[i].wrong;
        }
    }
    assert_int_equal(opened, MANY);
    assert_int_equal(s.served_count, MANY);
    assert_int_equal(heng_tls_connections(s.listener), MANY);
    assert_int_equal(s.refused, 0);
    for (unsigned i = 0; i < MANY; i++) end_close(&ends[i], i % 2 == 0);
    RUN_UNTIL(&s.loop, heng_tls_connections(s.listener) == 0);
    for (unsigned i = 0; i < MANY; i++) assert_int_equal(s.served[i].closed, 1);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void a_listener_that_closes_takes_its_connections_along(void **state)
{
    (void)state;
    struct scene s;
    struct end ends[4] = {{.to_send = 10}, {.to_send = 10}, {.to_send = 10}, {.to_send = 10}};
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    for (unsigned i = 0; i < 3; i++) dial_as(&s, gateway, &ends[i]);
    RUN_UNTIL(&s.loop, s.served_count == 3);
    dial_as(&s, gateway, &ends[3]); /* in its handshake */
    heng_tls_listener_close(s.listener);
    RUN_UNTIL(&s.loop, ends[0].closed && ends[1].closed && ends[2].closed && ends[3].closed);
    for (unsigned i = 0; i < 3; i++) assert_int_equal(s.served[i].closed, 0);
    end_loop(&s.loop);
    heng_identity_free(gateway);
    heng_authority_free(s.centre);
    yard_fini(&s.yard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gateway_and_the_centre_know_each_other),
        cmocka_unit_test(a_gateway_serves_those_below_it),
        cmocka_unit_test(one_who_is_not_enrolled_comes_in_as_a_stranger),
        cmocka_unit_test(other_certificates_are_refused_with_the_reason),
        cmocka_unit_test(a_wrong_clock_keeps_nobody_out_but_the_certificates_own_dates_count),
        cmocka_unit_test(what_cannot_work_is_said_at_once_or_as_closed),
        cmocka_unit_test(every_byte_arrives_under_back_pressure),
        cmocka_unit_test(one_who_takes_nothing_costs_a_mebibyte_and_no_more),
        cmocka_unit_test(one_who_is_held_back_has_two_minutes),
        cmocka_unit_test(a_gentle_end_loses_nothing),
        cmocka_unit_test(an_end_in_any_event_is_the_last_event),
        cmocka_unit_test(two_hundred_gateways_come_speak_and_go),
        cmocka_unit_test(a_listener_that_closes_takes_its_connections_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
