/* Those who do not mean well, or cannot: every one is refused or forgotten, and a gateway still gets in. */
#include "unit/link/tls_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "trust/pem.h"

/* A TLS end of OpenSSL's own over a socket, that sends no more than it is allowed. */
struct puppet {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out;
    int fd;
    size_t sent, budget;
    bool gone; /* the other end has hung up */
};

static void puppet_init(struct puppet *puppet, int fd, const SSL_METHOD *method, size_t budget)
{
    *puppet = (struct puppet){.fd = fd, .budget = budget, .context = SSL_CTX_new(method)};
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    puppet->in = BIO_new(BIO_s_mem());
    puppet->out = BIO_new(BIO_s_mem());
}

/* After what the test sets in the context. */
static void puppet_start(struct puppet *puppet, bool server)
{
    puppet->ssl = SSL_new(puppet->context);
    assert_non_null(puppet->ssl);
    SSL_set_bio(puppet->ssl, puppet->in, puppet->out);
    if (server)
        SSL_set_accept_state(puppet->ssl);
    else
        SSL_set_connect_state(puppet->ssl);
}

static void puppet_flush(struct puppet *puppet)
{
    char bytes[4096];
    size_t room = puppet->budget - puppet->sent;
    int n;
    while (room > 0 && (n = BIO_read(puppet->out, bytes, (int)(room < sizeof bytes ? room : sizeof bytes))) > 0) {
        if (send(puppet->fd, bytes, (size_t)n, MSG_NOSIGNAL) != n) puppet->gone = true;
        puppet->sent += (size_t)n;
        room -= (size_t)n;
    }
}

static void puppet_step(struct puppet *puppet)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(puppet->fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) BIO_write(puppet->in, bytes, (int)n);
    if (n == 0 || (n < 0 && errno != EAGAIN)) puppet->gone = true;
    if (!SSL_is_init_finished(puppet->ssl)) SSL_do_handshake(puppet->ssl);
    ERR_clear_error();
    puppet_flush(puppet);
}

static void puppet_fini(struct puppet *puppet)
{
    SSL_free(puppet->ssl);
    SSL_CTX_free(puppet->context);
    if (puppet->fd >= 0) close(puppet->fd);
}

static void puppet_show(struct puppet *puppet, struct heng_pki_files files)
{
    assert_int_equal(SSL_CTX_use_certificate_file(puppet->context, files.certificate, SSL_FILETYPE_PEM), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(puppet->context, files.key, SSL_FILETYPE_PEM), 1);
}

static void reset_on_close(int fd)
{
    struct linger now = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
}

static void expect_that_a_gateway_gets_in(struct scene *s, const struct heng_identity *gateway)
{
    struct end end = {.to_send = 3};
    unsigned before = s->served_count;
    dial_as(s, gateway, &end);
    RUN_UNTIL(&s->loop, s->served_count > before && s->served[before].got == 3);
    end_close(&end, false);
    RUN_UNTIL(&s->loop, s->served[before].closed == 1);
}

/* --- no TLS -------------------------------------------------------------------------------------------------- */

static void what_is_no_tls_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *says, *reason;
    } cases[] = {{"GET / HTTP/1.1\r\nHost: heng\r\n\r\n", "it speaks HTTP, not TLS"},
                 {"hello, is this the meter?\r\n", "it does not speak TLS"},
                 {"\x68\x04\x04\x68\x53\x01\x51\x7A\x2F\x16", "it does not speak TLS"}};
    struct scene s;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    for (unsigned i = 0; i < 3; i++) {
        int fd = dial(heng_tls_port(s.listener));
        put(fd, cases[i].says);
        RUN_UNTIL(&s.loop, s.refused == i + 1);
        assert_string_equal(s.why, cases[i].reason);
        RUN_UNTIL(&s.loop, is_hung_up(fd));
        close(fd);
    }
    struct puppet old; /* one who knows nothing newer than TLS 1.2 */
    puppet_init(&old, dial(heng_tls_port(s.listener)), TLS_client_method(), SIZE_MAX);
    SSL_CTX_set_max_proto_version(old.context, TLS1_2_VERSION);
    puppet_start(&old, false);
    puppet_step(&old);
    RUN_UNTIL(&s.loop, s.refused == 4);
    assert_string_equal(s.why, "it does not speak TLS 1.3");
    puppet_fini(&old);
    expect_that_a_gateway_gets_in(&s, gateway);
    assert_int_equal(s.served_count, 1);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void random_bytes_never_get_in(void **state)
{
    (void)state;
    struct scene s;
    uint8_t bytes[600];
    seed_of_run();
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    for (unsigned i = 0; i < 200; i++) {
        size_t n = (size_t)rand() % sizeof bytes + 1;
        int fd = dial(heng_tls_port(s.listener));
        for (size_t k = 0; k < n; k++) bytes[k] = (uint8_t)rand();
        if (i % 2) { /* a good record around it, and half of them a ClientHello around that */
            static const uint8_t head[] = {0x16, 0x03, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x03, 0x03};
            memcpy(bytes, head, i % 4 == 1 && n >= sizeof head ? sizeof head : n < 3 ? n : 3);
            if (n > 9) bytes[3] = 0, bytes[4] = (uint8_t)(n - 5), bytes[8] = (uint8_t)(n - 9);
        }
        put_bytes(fd, bytes, n);
        if (i % 3 == 0) reset_on_close(fd);
        run_for(&s.loop, 1);
        close(fd);
    }
    RUN_UNTIL(&s.loop, heng_tls_connections(s.listener) == 0);
    assert_int_equal(s.served_count, 0);
    assert_true(s.refused_told > 0);
    expect_that_a_gateway_gets_in(&s, gateway);
    heng_identity_free(gateway);
    scene_fini(&s);
}

/* --- handshakes that end early ------------------------------------------------------------------------------- */

/* One handshake of a good gateway, cut after so many bytes of it. It comes in when all of it was sent, and only then.
 */
static void cut_handshake(struct scene *s, const struct heng_identity *gateway, size_t budget)
{
    struct puppet puppet;
    unsigned before = s->served_count, rounds = 0;
    puppet_init(&puppet, dial(heng_tls_port(s->listener)), TLS_client_method(), budget);
    puppet_show(&puppet, heng_identity_files(gateway));
    puppet_start(&puppet, false);
    do {
        puppet_step(&puppet);
        uv_run(&s->loop, UV_RUN_NOWAIT);
        if (puppet.sent == budget || s->served_count > before) break;
    } while (++rounds < 20000);
    assert_true(rounds < 20000);
    if (budget % 3 == 1) reset_on_close(puppet.fd);
    if (budget % 3 == 2) shutdown(puppet.fd, SHUT_WR);
    if (budget % 3 == 2) RUN_UNTIL(&s->loop, is_hung_up(puppet.fd));
    bool whole = SSL_is_init_finished(puppet.ssl) && BIO_pending(puppet.out) == 0;
    puppet_fini(&puppet);
    RUN_UNTIL(&s->loop, heng_tls_connections(s->listener) == 0);
    assert_true(s->served_count == before || whole);
}

static void a_handshake_may_end_after_any_byte(void **state)
{
    (void)state;
    struct scene s;
    size_t budget = 0;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    /* No two are equally long: signatures are not. So it ends with the first that was whole when it was cut. */
    for (; s.served_count == 0; budget++) {
        assert_true(budget < 5000);
        cut_handshake(&s, gateway, budget);
    }
    cut_handshake(&s, gateway, SIZE_MAX);
    assert_int_equal(s.served_count, 2);
    print_message("a handshake of a gateway has %zu bytes; cut after each of them\n", budget);
    assert_true(budget > 500);
    /* Told at most ten a second; the rest comes with the next. */
    run_for(&s.loop, 1100);
    int fd = dial(heng_tls_port(s.listener));
    put(fd, "hello, hello, hello\n");
    unsigned told = s.refused_told;
    RUN_UNTIL(&s.loop, s.refused_told == told + 1);
    close(fd);
    assert_int_equal(s.refused, budget); /* those before the whole one, and the one that says hello */
    assert_true(s.refused_told < s.refused / 2);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void slow_and_silent_ones_are_hung_up_on(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, (struct heng_tls_listen_config){.handshake_ms = 300});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    int silent = dial(heng_tls_port(s.listener)), slow = dial(heng_tls_port(s.listener));
    struct puppet drip;
    puppet_init(&drip, slow, TLS_client_method(), 0);
    puppet_start(&drip, false);
    for (unsigned i = 0; i < 100 && s.refused < 2; i++) {
        drip.budget++;
        puppet_step(&drip);
        run_for(&s.loop, 20);
    }
    assert_int_equal(s.refused, 2);
    assert_string_equal(s.why, "no handshake in time");
    RUN_UNTIL(&s.loop, is_hung_up(silent) && heng_tls_connections(s.listener) == 0);
    puppet_fini(&drip);
    close(silent);
    expect_that_a_gateway_gets_in(&s, gateway);
    heng_identity_free(gateway);
    scene_fini(&s);
}

/* --- places -------------------------------------------------------------------------------------------------- */

static void silent_ones_make_room_when_others_wait(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, (struct heng_tls_listen_config){.strangers_max = 2});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    int first = dial(heng_tls_port(s.listener)), second = dial(heng_tls_port(s.listener));
    RUN_UNTIL(&s.loop, heng_tls_connections(s.listener) == 2);
    uint64_t before_ms = uv_now(&s.loop);
    expect_that_a_gateway_gets_in(&s, gateway);
    assert_true(uv_now(&s.loop) - before_ms > 3000 && uv_now(&s.loop) - before_ms < 8000);
    assert_string_equal(s.why, "no handshake in time, and others wait");
    close(first);
    close(second);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void strangers_leave_places_for_gateways(void **state)
{
    (void)state;
    struct scene s;
    struct end strangers[4] = {{.to_send = 0}, {.to_send = 0}, {.to_send = 0}, {.to_send = 0}};
    scene_init(&s, (struct heng_tls_listen_config){.strangers_max = 4});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    for (unsigned i = 0; i < 3; i++) dial_as_stranger(&s, &strangers[i]);
    RUN_UNTIL(&s.loop, s.served_count == 2 && s.refused == 1);
    assert_string_equal(s.why, "too many who are not enrolled");
    expect_that_a_gateway_gets_in(&s, gateway);
    for (unsigned i = 0; i < 3; i++)
        if (!strangers[i].closed) end_close(&strangers[i], true);
    RUN_UNTIL(&s.loop, heng_tls_connections(s.listener) == 0);
    unsigned served = s.served_count;
    dial_as_stranger(&s, &strangers[3]); /* a place that was left is free again */
    RUN_UNTIL(&s.loop, s.served_count == served + 1);
    end_close(&strangers[3], false);
    heng_identity_free(gateway);
    scene_fini(&s);
}

static void more_connections_than_agreed_are_refused(void **state)
{
    (void)state;
    struct scene s;
    struct end ends[4] = {{.to_send = 0}, {.to_send = 0}, {.to_send = 0}, {.to_send = 0}};
    scene_init(&s, (struct heng_tls_listen_config){.connections_max = 2});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    for (unsigned i = 0; i < 2; i++) dial_as(&s, gateway, &ends[i]);
    RUN_UNTIL(&s.loop, s.served_count == 2);
    dial_as(&s, gateway, &ends[2]);
    RUN_UNTIL(&s.loop, ends[2].closed == 1 && s.refused == 1);
    assert_string_equal(s.why, "too many connections");
    end_close(&ends[0], true);
    RUN_UNTIL(&s.loop, heng_tls_connections(s.listener) == 1);
    dial_as(&s, gateway, &ends[3]);
    RUN_UNTIL(&s.loop, s.served_count == 3);
    end_close(&ends[1], false);
    end_close(&ends[3], false);
    heng_identity_free(gateway);
    scene_fini(&s);
}

/* --- ends that are open -------------------------------------------------------------------------------------- */

static void an_open_connection_may_break_in_any_way(void **state)
{
    (void)state;
    static const char *const reasons[] = {"it hung up: end of file", "it hung up: connection reset by peer",
                                          "it has said goodbye", ""};
    static const char forged[] = "\x17\x03\x03\x00\x15this is no record of u";
    struct scene s;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    for (unsigned way = 0; way < 4; way++) {
        struct puppet puppet;
        puppet_init(&puppet, dial(heng_tls_port(s.listener)), TLS_client_method(), SIZE_MAX);
        puppet_show(&puppet, heng_identity_files(gateway));
        puppet_start(&puppet, false);
        for (unsigned i = 0; i < 2000 && s.served_count == way; i++) {
            puppet_step(&puppet);
            run_for(&s.loop, 1);
        }
        assert_int_equal(s.served_count, way + 1);
        if (way == 1) reset_on_close(puppet.fd);
        if (way == 2) SSL_shutdown(puppet.ssl), puppet_flush(&puppet);
        if (way == 3) put_bytes(puppet.fd, forged, sizeof forged - 1);
        if (way < 2) {
            close(puppet.fd);
            puppet.fd = -1;
        }
        RUN_UNTIL(&s.loop, s.served[way].closed == 1);
        if (way < 3) assert_string_equal(s.served[way].why, reasons[way]);
        assert_int_equal(s.served[way].got, 0);
        puppet_fini(&puppet);
    }
    assert_int_equal(s.refused, 0);
    heng_identity_free(gateway);
    scene_fini(&s);
}

/* Each says: change your key, and answer with the same. Nothing of it may pile up. */
static void key_updates_without_end_cost_nothing(void **state)
{
    (void)state;
    struct scene s;
    struct puppet puppet;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_identity *gateway = scene_gateway(&s, "gw");
    puppet_init(&puppet, dial(heng_tls_port(s.listener)), TLS_client_method(), SIZE_MAX);
    puppet_show(&puppet, heng_identity_files(gateway));
    puppet_start(&puppet, false);
    for (unsigned i = 0; i < 2000 && s.served_count == 0; i++) {
        puppet_step(&puppet);
        run_for(&s.loop, 1);
    }
    for (unsigned i = 0; i < 500; i++) {
        uint8_t byte = stream_byte(i);
        SSL_key_update(puppet.ssl, SSL_KEY_UPDATE_REQUESTED);
        assert_int_equal(SSL_write(puppet.ssl, &byte, 1), 1);
        puppet_flush(&puppet); /* and it never reads */
        uv_run(&s.loop, UV_RUN_NOWAIT);
    }
    RUN_UNTIL(&s.loop, s.served[0].got == 500 || s.served[0].closed);
    uint64_t in, out;
    assert_false(s.served[0].closed || s.served[0].wrong);
    heng_tls_traffic(s.served[0].tls, &in, &out);
    assert_true(out < 40000);
    puppet_fini(&puppet);
    RUN_UNTIL(&s.loop, s.served[0].closed == 1);
    heng_identity_free(gateway);
    scene_fini(&s);
}

/* --- a false centre ------------------------------------------------------------------------------------------ */

/* What a box that wants to be enrolled is shown: the certificate of one authority below the name of another. */
static void a_box_is_not_shown_an_authority_that_has_not_signed(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, (struct heng_tls_listen_config){.port = 0});
    struct heng_authority *rogue = authority_at(&s, "rogue", heng_clock_wall());
    for (unsigned way = 0; way < 3; way++) { /* 0: the other authority, 1: none at all, 2: the server's own twice */
        uint16_t port = 0;
        int listening = listen_on(&port);
        struct end end = {.to_send = 0};
        struct puppet puppet;
        snprintf(s.endpoint, sizeof s.endpoint, "127.0.0.1:%u", port);
        dial_with(&s, NULL, NULL, NULL, &end);
        run_for(&s.loop, 50);
        puppet_init(&puppet, accept(listening, NULL, NULL), TLS_server_method(), SIZE_MAX);
        puppet_show(&puppet, heng_authority_files(rogue));
        X509 *shown = NULL;
        const char *file =
            way == 0 ? heng_authority_files(s.centre).authority : heng_authority_files(rogue).certificate;
        assert_int_equal(heng_certificate_read(file, &shown, NULL), HENG_OK);
        if (way != 1) assert_int_equal(SSL_CTX_add1_chain_cert(puppet.context, shown), 1);
        X509_free(shown);
        puppet_start(&puppet, true);
        for (unsigned i = 0; i < 2000 && !end.closed; i++) {
            puppet_step(&puppet);
            run_for(&s.loop, 1);
        }
        assert_int_equal(end.closed, 1);
        assert_int_equal(end.opened, 0);
        assert_string_equal(end.why, "its certificate is of another authority");
        puppet_fini(&puppet);
        close(listening);
    }
    heng_authority_free(rogue);
    scene_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_tls_is_refused_with_the_reason),
        cmocka_unit_test(random_bytes_never_get_in),
        cmocka_unit_test(a_handshake_may_end_after_any_byte),
        cmocka_unit_test(slow_and_silent_ones_are_hung_up_on),
        cmocka_unit_test(silent_ones_make_room_when_others_wait),
        cmocka_unit_test(strangers_leave_places_for_gateways),
        cmocka_unit_test(more_connections_than_agreed_are_refused),
        cmocka_unit_test(an_open_connection_may_break_in_any_way),
        cmocka_unit_test(key_updates_without_end_cost_nothing),
        cmocka_unit_test(a_box_is_not_shown_an_authority_that_has_not_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
