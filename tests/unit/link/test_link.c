/* TCP and UDP against real sockets on this machine. */
#include "unit/link/peers.h"

#include <signal.h>
#include <sys/wait.h>

static struct heng_link *open_on(uv_loop_t *loop, heng_transport_kind transport, uint16_t port, struct owner *owner)
{
    struct heng_line_config config = {.name = "t", .transport = transport, .baud = 2400, .parity = 'E'};
    struct heng_link *link = NULL;
    snprintf(config.endpoint, sizeof config.endpoint, "127.0.0.1:%u", port);
    assert_int_equal(heng_link_open(loop, NULL, &config, events_of(owner), &link, NULL), HENG_OK);
    return link;
}

/* --- TCP -------------------------------------------------------------------------------------------------- */

static void a_converter_is_dialled_and_dialled_again(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    uint16_t port = 0;
    int server = listen_on(&port);
    struct heng_link *link = open_on(&loop, HENG_TRANSPORT_TCP, port, &owner);
    assert_int_equal(owner.closed, 1); /* not yet: "connecting" */
    assert_non_null(strstr(owner.why, "connecting"));
    owner.closed = 0;
    RUN_UNTIL(&loop, owner.opened == 1);
    struct heng_err err;
    assert_int_equal(heng_link_set_speed(link, 9600, 'E', &err), HENG_EUNSUPPORTED);

    int peer = accept(server, NULL, NULL);
    char got[16] = "";
    heng_link_send(link, heng_slice_str("ask"));
    uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(read(peer, got, sizeof got), 3);
    assert_memory_equal(got, "ask", 3);
    put(peer, "answer");
    RUN_UNTIL(&loop, owner.n == 6);
    assert_string_equal(owner.bytes, "answer");

    close(peer);
    RUN_UNTIL(&loop, owner.closed == 1);
    assert_non_null(strstr(owner.why, "127.0.0.1"));
    RUN_UNTIL(&loop, owner.opened == 2); /* by itself */
    close(accept(server, NULL, NULL));
    RUN_UNTIL(&loop, owner.closed == 2);
    close(server);
    unsigned told = owner.closed;
    /* For two seconds further attempts fail, and are not told again and again. */
    run_for(&loop, 2000);
    assert_int_equal(owner.opened, 2);
    assert_int_equal(owner.closed, told + 1); /* the new reason, once */
    heng_link_close(link);
    end_loop(&loop);
}

static void a_converter_that_is_not_there_is_explained(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    uint16_t port = 0;
    close(listen_on(&port)); /* a port where nobody listens */
    struct heng_link *link = open_on(&loop, HENG_TRANSPORT_TCP, port, &owner);
    RUN_UNTIL(&loop, owner.closed == 2);
    assert_non_null(strstr(owner.why, "cannot connect"));
    assert_int_equal(owner.opened, 0);
    heng_link_close(link);
    end_loop(&loop);
}

static void a_converter_that_hangs_up_at_once_is_not_dialled_in_a_frenzy(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    uint16_t port = 0;
    int server = listen_on(&port), peer;
    fcntl(server, F_SETFL, O_NONBLOCK);
    struct heng_link *link = open_on(&loop, HENG_TRANSPORT_TCP, port, &owner);
    for (unsigned i = 0; i < 40; i++) { /* two seconds */
        run_for(&loop, 50);
        while ((peer = accept(server, NULL, NULL)) >= 0) close(peer);
    }
    assert_in_range(owner.opened, 2, 3); /* at once, after 0.5 s, and after another 1 s */
    heng_link_close(link);
    close(server);
    end_loop(&loop);
}

/* An owner that ends the link in the event that tells it of a failure. */
struct hasty {
    struct owner owner;
    struct heng_link *link;
};

static void on_closed_close(void *p, const char *why)
{
    struct hasty *hasty = p;
    on_closed(&hasty->owner, why);
    if (hasty->link && hasty->owner.closed > 1) heng_link_close(hasty->link);
}

static void a_link_may_be_closed_in_its_own_events(void **state)
{
    (void)state;
    static const heng_transport_kind kinds[] = {HENG_TRANSPORT_TCP, HENG_TRANSPORT_RFC2217};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uv_loop_t loop;
        uv_loop_init(&loop);
        struct hasty hasty = {.link = NULL};
        uint16_t port = 0;
        close(listen_on(&port));
        struct heng_line_config config = {.name = "t", .transport = kinds[i], .baud = 2400};
        snprintf(config.endpoint, sizeof config.endpoint, "127.0.0.1:%u", port);
        struct heng_link_events events = {&hasty, on_opened, on_closed_close, on_bytes, NULL};
        assert_int_equal(heng_link_open(&loop, NULL, &config, events, &hasty.link, NULL), HENG_OK);
        end_loop(&loop); /* the loop ends when the link has gone */
        assert_int_equal(hasty.owner.closed, 2);
    }
}

static void a_link_may_be_closed_while_its_name_is_looked_up(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    heng_link_close(open_on(&loop, HENG_TRANSPORT_TCP, 1, &owner));
    heng_link_close(open_on(&loop, HENG_TRANSPORT_UDP, 1, &owner));
    end_loop(&loop);
}

/* A peer in a process of its own, which answers every byte with the next one. */
static pid_t echo_peer(int server)
{
    pid_t child = fork();
    if (child != 0) return child;
    int peer = accept(server, NULL, NULL);
    uint8_t byte;
    while (read(peer, &byte, 1) == 1) {
        byte++;
        if (write(peer, &byte, 1) != 1) break;
    }
    _exit(0);
}

static void a_stopped_peer_loses_nothing_when_it_goes_on(void **state)
{
    (void)state;
    uint16_t port = 0;
    int server = listen_on(&port);
    pid_t child = echo_peer(server);
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    struct heng_link *link = open_on(&loop, HENG_TRANSPORT_TCP, port, &owner);
    RUN_UNTIL(&loop, owner.opened == 1);
    heng_link_send(link, heng_slice_str("a"));
    RUN_UNTIL(&loop, owner.n == 1);
    kill(child, SIGSTOP);
    waitpid(child, NULL, WUNTRACED);
    heng_link_send(link, heng_slice_str("b"));
    run_for(&loop, 700);
    assert_int_equal(owner.n, 1);
    assert_int_equal(owner.closed, 1);
    kill(child, SIGCONT);
    uint64_t from = uv_hrtime();
    RUN_UNTIL(&loop, owner.n == 2);
    printf("# TCP: answer %.1f ms after the peer went on\n", (double)(uv_hrtime() - from) / 1e6);
    assert_string_equal(owner.bytes, "bc");
    heng_link_close(link);
    end_loop(&loop);
    waitpid(child, NULL, 0);
    close(server);
}

/* --- UDP -------------------------------------------------------------------------------------------------- */

static void datagrams_go_both_ways(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    uint16_t port = 0, foreign_port = 0;
    int peer = serve_on(SOCK_DGRAM, &port), foreign = serve_on(SOCK_DGRAM, &foreign_port);
    struct heng_link *link = open_on(&loop, HENG_TRANSPORT_UDP, port, &owner);
    RUN_UNTIL(&loop, owner.opened == 1);
    heng_link_send(link, heng_slice_str("ask"));
    char got[16] = "";
    struct sockaddr_in from;
    socklen_t n = sizeof from;
    assert_int_equal(recvfrom(peer, got, sizeof got, 0, (struct sockaddr *)&from, &n), 3);
    assert_memory_equal(got, "ask", 3);
    /* Of two who answer only the one that was asked is heard. */
    assert_int_equal(sendto(foreign, "lie", 3, 0, (struct sockaddr *)&from, n), 3);
    assert_int_equal(sendto(peer, "ans", 3, 0, (struct sockaddr *)&from, n), 3);
    assert_int_equal(sendto(peer, "", 0, 0, (struct sockaddr *)&from, n), 0);
    assert_int_equal(sendto(peer, "wer", 3, 0, (struct sockaddr *)&from, n), 3);
    RUN_UNTIL(&loop, owner.n == 6);
    assert_string_equal(owner.bytes, "answer");
    assert_int_equal(owner.closed, 1); /* "looking up"; silence is not an end */
    heng_link_close(link);
    end_loop(&loop);
    close(peer);
    close(foreign);
}

static void a_host_that_refuses_datagrams_is_told_and_tried_again(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct owner owner = {0};
    uint16_t port = 0;
    close(serve_on(SOCK_DGRAM, &port));
    struct heng_link *link = open_on(&loop, HENG_TRANSPORT_UDP, port, &owner);
    RUN_UNTIL(&loop, owner.opened == 1);
    heng_link_send(link, heng_slice_str("ask"));
    RUN_UNTIL(&loop, owner.closed == 2);
    assert_non_null(strstr(owner.why, "nobody listens"));
    int peer = serve_on(SOCK_DGRAM, &port);
    RUN_UNTIL(&loop, owner.opened == 2);
    heng_link_send(link, heng_slice_str("ask"));
    char got[16];
    assert_int_equal(read(peer, got, sizeof got), 3);
    assert_int_equal(owner.closed, 2);
    heng_link_close(link);
    end_loop(&loop);
    close(peer);
}

int main(void)
{
    heng_log_set_level(HENG_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_converter_is_dialled_and_dialled_again),
        cmocka_unit_test(a_converter_that_is_not_there_is_explained),
        cmocka_unit_test(a_converter_that_hangs_up_at_once_is_not_dialled_in_a_frenzy),
        cmocka_unit_test(a_link_may_be_closed_in_its_own_events),
        cmocka_unit_test(a_link_may_be_closed_while_its_name_is_looked_up),
        cmocka_unit_test(a_stopped_peer_loses_nothing_when_it_goes_on),
        cmocka_unit_test(datagrams_go_both_ways),
        cmocka_unit_test(a_host_that_refuses_datagrams_is_told_and_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
