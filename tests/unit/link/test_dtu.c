/* DTUs that dial in over real sockets: who they are, what they repeat, storms and strangers. */
#include "unit/link/peers.h"

#include <errno.h>
#include <malloc.h>
#include <sys/resource.h>

#include "link/dtu.h"

/* A loop with a DTU port, lines on it and sockets of DTUs; undone by fini. */
struct scene {
    uv_loop_t loop;
    struct heng_dtu_listener *listener;
    uint16_t port;
};

static void scene_init(struct scene *scene)
{
    uv_loop_init(&scene->loop);
    assert_int_equal(heng_dtu_listen(&scene->loop, "127.0.0.1", 0, &scene->listener, NULL), HENG_OK);
    scene->port = heng_dtu_port(scene->listener);
}

static void scene_fini(struct scene *scene)
{
    heng_dtu_close(scene->listener);
    end_loop(&scene->loop);
}

static struct heng_link *line_of(struct scene *scene, const char *registration, const char *heartbeat,
                                 uint32_t heartbeat_s, struct owner *owner)
{
    struct heng_line_config config = {
        .name = "t", .transport = HENG_TRANSPORT_DTU, .heartbeat_s = heartbeat_s, .baud = 2400};
    struct heng_link *link = NULL;
    snprintf(config.endpoint, sizeof config.endpoint, "%s", registration);
    snprintf(config.heartbeat, sizeof config.heartbeat, "%s", heartbeat);
    assert_int_equal(heng_link_open(&scene->loop, scene->listener, &config, events_of(owner), &link, NULL), HENG_OK);
    return link;
}

/* Some scenes tell how quickly a DTU speaks. If the machine itself stood still for longer than the DTU may, another
 * scene was played than the one that is meant: it returns false and is played again. One that comes late each time
 * fails. */
static void play(bool (*scene)(void))
{
    enum { PLAYS_MAX = 30 };
    for (unsigned i = 0; i < PLAYS_MAX; i++)
        if (scene()) return;
    fail_msg("late %u times", (unsigned)PLAYS_MAX);
}

static uint64_t ms_since(uint64_t from) { return (uv_hrtime() - from) / 1000000; }

/* Say the pieces, with a pause behind each of them. Was each one heard within so long after the one before it? */
static bool say(uv_loop_t *loop, int fd, const struct heng_slice *pieces, size_t count, uint64_t pause_ms,
                uint64_t within_ms)
{
    bool in_time = true;
    uint64_t before = uv_hrtime();
    for (size_t i = 0; i < count; i++) {
        uint64_t now = uv_hrtime();
        put_bytes(fd, pieces[i].p, pieces[i].n);
        run_for(loop, pause_ms);
        in_time = in_time && ms_since(before) + 2 < within_ms;
        before = now;
    }
    return in_time;
}

static void a_dtu_registers_and_its_newest_socket_wins(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct owner one = {0}, two = {0};
    struct heng_link *third = NULL;
    struct heng_link *link_one = line_of(&s, "DTU-1", "HB\r\n", 0, &one);
    struct heng_line_config config = {.name = "t", .transport = HENG_TRANSPORT_DTU, .endpoint = "hex:4454552D31"};
    struct heng_err err;
    assert_int_equal(heng_link_open(&s.loop, s.listener, &config, events_of(&two), &third, &err), HENG_EEXISTS);
    struct heng_link *link_two = line_of(&s, "DTU-12", "HB\r\n", 0, &two);
    assert_int_equal(one.closed, 1); /* "waiting for DTU" */
    assert_non_null(strstr(one.why, "waiting"));

    int a = dial(s.port);
    put(a, "DT"); /* a registration may come in pieces */
    for (unsigned i = 0; i < 20; i++) uv_run(&s.loop, UV_RUN_NOWAIT);
    put(a, "U-12HB\r\n\xFEyz");
    RUN_UNTIL(&s.loop, two.n == 3);
    assert_int_equal(two.opened, 1);
    assert_int_equal(one.opened, 0); /* the longest registration is meant, not its beginning */
    assert_string_equal(two.bytes, "\xFEyz");

    int b = dial(s.port);
    put(b, "DTU-12");
    RUN_UNTIL(&s.loop, two.opened == 2);
    assert_int_equal(two.closed, 2);
    assert_non_null(strstr(two.why, "anew"));
    put(b, "new");
    RUN_UNTIL(&s.loop, two.n == 6);
    assert_true(is_hung_up(a)); /* the old socket was closed */

    int c = dial(s.port); /* a stranger is shown the door */
    put(c, "who am I");
    RUN_UNTIL(&s.loop, is_hung_up(c));
    int e = dial(s.port); /* so is one whose name only begins like ours */
    put(e, "DTU-17");
    RUN_UNTIL(&s.loop, is_hung_up(e));
    assert_int_equal(one.opened, 0);
    int d = dial(s.port);
    put(d, "DTU-1\r\n");
    RUN_UNTIL(&s.loop, one.opened == 1);
    put(d, "x");
    RUN_UNTIL(&s.loop, one.n > 0);
    assert_string_equal(one.bytes, "x");

    heng_link_close(link_one);
    heng_link_close(link_two);
    scene_fini(&s);
    close(a), close(b), close(c), close(d), close(e);
}

static bool dribble(const char *text, const char *registration)
{
    struct heng_slice bytes[32];
    size_t count = strlen(text);
    for (size_t i = 0; i < count; i++) bytes[i] = heng_slice_of(text + i, 1);
    struct scene s;
    scene_init(&s);
    struct owner owner = {0};
    struct heng_link *link = line_of(&s, registration, "", 0, &owner);
    int fd = dial(s.port);
    bool in_time = say(&s.loop, fd, bytes, count, 20, SETTLE_MS);
    if (in_time) {
        RUN_UNTIL(&s.loop, owner.opened == 1);
        put(fd, "\x68 data");
        RUN_UNTIL(&s.loop, owner.n == 6);
        assert_string_equal(owner.bytes, "\x68 data");
    }
    heng_link_close(link);
    scene_fini(&s);
    close(fd);
    return in_time;
}

static bool dribble_name(void) { return dribble("DTU-0", "DTU-0"); }
static bool dribble_imei(void) { return dribble("IMEI:861234567890123;\r\n", "imei:861234567890123"); }

static void a_registration_may_dribble_in(void **state)
{
    (void)state;
    play(dribble_name);
    play(dribble_imei);
}

/* One packet with the registration, at once another one that begins with it: the network may glue them. */
static void a_registration_may_come_twice_at_once(void **state)
{
    (void)state;
    static const char *const said[] = {"DTU-1DTU-1", "DTU-1\r\nDTU-1\r\n", "DTU-1DTU-1HB\r\n", "DTU-1DTU-1\x68yz"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        struct scene s;
        scene_init(&s);
        struct owner owner = {0};
        struct heng_link *link = line_of(&s, "DTU-1", "HB\r\n", 0, &owner);
        int fd = dial(s.port);
        put(fd, said[i]);
        RUN_UNTIL(&s.loop, owner.opened == 1 || is_hung_up(fd));
        assert_int_equal(owner.opened, 1);
        put(fd, "abc");
        RUN_UNTIL(&s.loop, owner.n > 2 && strstr(owner.bytes, "abc"));
        assert_string_equal(owner.bytes, i == 3 ? "\x68yzabc" : "abc");
        heng_link_close(link);
        scene_fini(&s);
        close(fd);
    }
}

static void an_imei_is_found_anywhere_in_the_first_packet(void **state)
{
    (void)state;
    static const struct {
        const char *said, *left;
    } cases[] = {
        {"861234567890123\r\n", ""},
        {"861234567890123", ""},
        {"IMEI:861234567890123;", ""},
        {"+LTE ICCID=89860012345678901234,IMEI=861234567890123,CSQ=21\r\n", ""},
        {"IMEI:861234567890123;\xFE\xFE\x68yz", "\xFE\xFE\x68yz"},
    };
    struct scene s;
    scene_init(&s);
    struct owner owner = {0};
    struct heng_link *link = line_of(&s, "imei:861234567890123", "", 0, &owner);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = dial(s.port);
        owner.n = 0;
        owner.bytes[0] = '\0';
        put(fd, cases[i].said);
        RUN_UNTIL(&s.loop, owner.opened == i + 1);
        /* What it said comes again before every packet, and is no data then, either. */
        put(fd, cases[i].said);
        run_for(&s.loop, 60);
        put(fd, "#");
        RUN_UNTIL(&s.loop, owner.n && owner.bytes[owner.n - 1] == '#');
        char want[64];
        snprintf(want, sizeof want, "%s%s#", cases[i].left, cases[i].left);
        assert_string_equal(owner.bytes, want);
        close(fd);
        RUN_UNTIL(&s.loop, owner.closed == 2 + i);
    }
    static const char *const strangers[] = {"861234567890124\r\n", "8612345678901230", "IMEI:86123456789012;"};
    enum { STRANGERS = sizeof strangers / sizeof strangers[0] };
    int fds[STRANGERS];
    for (size_t i = 0; i < STRANGERS; i++) {
        fds[i] = dial(s.port);
        put(fds[i], strangers[i]);
    }
    for (size_t i = 0; i < STRANGERS; i++) {
        RUN_UNTIL(&s.loop, is_hung_up(fds[i]));
        close(fds[i]);
    }
    assert_int_equal(owner.opened, sizeof cases / sizeof cases[0]);
    heng_link_close(link);
    scene_fini(&s);
}

static bool heartbeats_between_packets(void)
{
    static const char *const said[] = {"DTU-1\r\n\x68 two", "ping", "pi", "ng\x68 ", "fourp", "ing", "\x68 fivepi"};
    enum { SAID = sizeof said / sizeof said[0] };
    struct heng_slice chunks[SAID];
    for (size_t i = 0; i < SAID; i++) chunks[i] = heng_slice_str(said[i]);
    struct scene s;
    scene_init(&s);
    struct owner owner = {0};
    struct heng_link *link = line_of(&s, "DTU-1", "ping", 0, &owner);
    int fd = dial(s.port);
    put(fd, "DTU-1\r\n\x68 one");
    RUN_UNTIL(&s.loop, owner.n == 5);
    bool in_time = say(&s.loop, fd, chunks, SAID, 5, SIEVE_HOLD_MS);
    if (in_time) {
        assert_string_equal(owner.bytes, "\x68 one\x68 two\x68 four\x68 five");
        uint64_t from = uv_hrtime();
        RUN_UNTIL(&s.loop, strstr(owner.bytes, "fivepi")); /* it was no heartbeat: data, and not late */
        in_time = ms_since(from) <= 1000;
        put(fd, "DTU");
        RUN_UNTIL(&s.loop, link->held_ms != 0 || strstr(owner.bytes, "DTU"));
        in_time = in_time && link->held_ms != 0;
    }
    close(fd);
    RUN_UNTIL(&s.loop, owner.closed == 2);
    heng_link_close(link);
    scene_fini(&s);
    return in_time;
}

static void heartbeats_and_repeated_registrations_reach_no_line(void **state)
{
    (void)state;
    play(heartbeats_between_packets);
}

static bool three_heartbeats_and_no_more(void)
{
    struct scene s;
    scene_init(&s);
    struct owner owner = {0};
    struct heng_link *link = line_of(&s, "DTU-1", "ping", 1, &owner);
    int fd = dial(s.port);
    put(fd, "DTU-1\n");
    RUN_UNTIL(&s.loop, owner.opened == 1);
    bool in_time = true;
    for (unsigned i = 0; i < 3; i++) {
        uint64_t from = uv_hrtime();
        run_for(&s.loop, 1000);
        in_time = in_time && ms_since(from) < 2000;
        if (in_time) put(fd, "ping");
    }
    if (in_time) {
        assert_int_equal(owner.closed, 1); /* three seconds on, it lives */
        uint64_t from = uv_hrtime();
        RUN_UNTIL(&s.loop, owner.closed == 2);
        uint64_t ms = ms_since(from);
        printf("# a DTU with a heartbeat of 1 s was given up after %u ms\n", (unsigned)ms);
        assert_true(ms >= 2400);
        unsigned told_s = 0;
        const char *told = strstr(owner.why, "said nothing for ");
        assert_non_null(told);
        assert_int_equal(sscanf(told, "said nothing for %u s", &told_s), 1);
        assert_in_range(told_s, 2, ms / 1000 + 1);
        assert_true(is_hung_up(fd));
        assert_int_equal(owner.n, 0);
        in_time = ms < 3400; /* two and a half, and not twice as many */
    }
    heng_link_close(link);
    scene_fini(&s);
    close(fd);
    return in_time;
}

static void a_dtu_that_misses_its_heartbeats_is_hung_up_on(void **state)
{
    (void)state;
    play(three_heartbeats_and_no_more);
}

/* The loop stands still for so long, and the timers come before what lies in the sockets. */
static void stall(uv_loop_t *loop, unsigned ms)
{
    usleep(ms * 1000);
    run_for(loop, 20);
}

static void a_heartbeat_that_came_while_we_stood_still_is_heard(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct owner owner = {0};
    struct heng_link *link = line_of(&s, "DTU-1", "ping", 1, &owner);
    int fd = dial(s.port);
    put(fd, "DTU-1\n");
    RUN_UNTIL(&s.loop, owner.opened == 1);
    put(fd, "ping");
    stall(&s.loop, 2600);
    assert_int_equal(owner.closed, 1); /* as before it dialled in */
    assert_int_equal(owner.n, 0);
    heng_link_close(link);
    scene_fini(&s);
    close(fd);
}

static void the_rest_of_a_heartbeat_that_came_while_we_stood_still_reaches_no_line(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct owner owner = {0};
    struct heng_link *link = line_of(&s, "DTU-1", "ping", 0, &owner);
    int fd = dial(s.port);
    put(fd, "DTU-1\n");
    RUN_UNTIL(&s.loop, owner.opened == 1);
    do { /* until it is held back: if we were too late, it was let go */
        owner.n = 0;
        put(fd, "pi");
        RUN_UNTIL(&s.loop, link->sieve.held_n == 2 || owner.n == 2);
    } while (owner.n);
    put(fd, "ng");
    stall(&s.loop, SIEVE_HOLD_MS + 20);
    assert_int_equal(owner.n, 0);
    heng_link_close(link);
    scene_fini(&s);
    close(fd);
}

/* The first bytes of a longer name are another one's name. */
static void a_name_whose_end_came_while_we_stood_still_is_whole(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct owner one = {0}, twelve = {0};
    struct heng_link *link_one = line_of(&s, "DTU-1", "", 0, &one),
                     *link_twelve = line_of(&s, "DTU-12", "", 0, &twelve);
    int fd = dial(s.port);
    RUN_UNTIL(&s.loop, s.listener->oldest);
    put(fd, "DTU-1");
    while (s.listener->oldest->n < 5) uv_run(&s.loop, UV_RUN_NOWAIT);
    put(fd, "2\n");
    stall(&s.loop, SETTLE_MS + 20);
    RUN_UNTIL(&s.loop, one.opened || twelve.opened);
    assert_int_equal(one.opened, 0);
    heng_link_close(link_one);
    heng_link_close(link_twelve);
    scene_fini(&s);
    close(fd);
}

static void a_crowd_of_mute_guests_keeps_no_dtu_out(void **state)
{
    (void)state;
    enum { CROWD = 300, GUESTS = 64 };
    int crowd[CROWD];
    struct scene s;
    scene_init(&s);
    s.listener->guests_max = GUESTS;
    struct owner one = {0}, two = {0};
    struct heng_link *first = line_of(&s, "DTU-1", "", 0, &one), *second = line_of(&s, "DTU-2", "", 0, &two);
    int early = dial(s.port);
    put(early, "DTU-1"); /* it waits a moment, for it could be DTU-12, and the crowd is faster than that */
    RUN_UNTIL(&s.loop, one.opened || (s.listener->newest && s.listener->newest->n));
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i] = dial(s.port);
        put(crowd[i], "D");
        uv_run(&s.loop, UV_RUN_NOWAIT);
        assert_true(s.listener->guest_count <= GUESTS);
    }
    int late = dial(s.port);
    put(late, "DTU-2");
    RUN_UNTIL(&s.loop, two.opened == 1);
    assert_int_equal(one.opened, 1);
    assert_int_equal(one.closed, 1);
    assert_true(is_hung_up(crowd[0]));
    heng_link_close(first);
    heng_link_close(second);
    scene_fini(&s);
    for (unsigned i = 0; i < CROWD; i++) close(crowd[i]);
    close(early);
    close(late);
}

static void a_long_first_packet_is_passed_on_whole(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct owner owner = {0};
    struct heng_link *link = line_of(&s, "DTU-1", "", 0, &owner);
    int fd = dial(s.port);
    char packet[5 + 400] = "DTU-1";
    memset(packet + 5, 0x68, 400);
    put_bytes(fd, packet, sizeof packet);
    RUN_UNTIL(&s.loop, owner.n == 400);
    assert_memory_equal(owner.bytes, packet + 5, 400);
    heng_link_close(link);
    scene_fini(&s);
    close(fd);
}

/* Strangers with any bytes, much of it, in pieces, hanging up in the middle: none becomes a line, all are gone in the
 * end, and a DTU that comes amidst them is served. */
static void hostile_strangers_reach_no_line(void **state)
{
    (void)state;
    enum { STRANGERS = 200 };
    static const char *const bits[] = {"DTU-", "IMEI:", "86123456789012", "\r\n", "\x68\x68\x68", "0000", "ping", "A"};
    seed_of_run();
    struct scene s;
    scene_init(&s);
    struct owner named = {0}, numbered = {0}, real = {0};
    struct heng_link *links[] = {line_of(&s, "DTU-12345678", "ping", 0, &named),
                                 line_of(&s, "imei:999999999999999", "", 0, &numbered),
                                 line_of(&s, "real", "", 0, &real)};
    int fds[STRANGERS];
    for (unsigned i = 0; i < STRANGERS; i++) {
        fds[i] = dial(s.port);
        for (int pieces = rand() % 6; pieces > 0; pieces--) {
            const char *bit = bits[(size_t)rand() % (sizeof bits / sizeof bits[0])];
            if (send(fds[i], bit, strlen(bit), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) break;
            if (rand() % 2) uv_run(&s.loop, UV_RUN_NOWAIT);
        }
        char much[4000];
        memset(much, rand() % 2 ? 'x' : '1', sizeof much);
        if (i % 10 == 0) send(fds[i], much, sizeof much, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (rand() % 3 == 0) shutdown(fds[i], SHUT_WR);
    }
    int fd = dial(s.port);
    put(fd, "real\n");
    RUN_UNTIL(&s.loop, real.opened == 1);
    for (unsigned i = 0; i < STRANGERS; i++) shutdown(fds[i], SHUT_WR);
    for (unsigned i = 0; i < STRANGERS; i++) {
        RUN_UNTIL(&s.loop, recv(fds[i], (char[256]){0}, 256, MSG_DONTWAIT) == 0 || errno == ECONNRESET);
        close(fds[i]);
    }
    assert_int_equal(named.opened + numbered.opened, 0);
    assert_int_equal(named.n + numbered.n + real.n, 0);
    for (size_t i = 0; i < 3; i++) heng_link_close(links[i]);
    scene_fini(&s);
    close(fd);
}

/* --- a storm ---------------------------------------------------------------------------------------------- */

enum { STORM_MAX = 2000 };
static struct owner owners[STORM_MAX];
static struct heng_link *links[STORM_MAX];
static int sockets[2][STORM_MAX];

static unsigned sum_opened(unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) sum += owners[i].opened;
    return sum;
}

static size_t sum_bytes(unsigned count)
{
    size_t sum = 0;
    for (unsigned i = 0; i < count; i++) sum += owners[i].n;
    return sum;
}

/* All dial before one of them is let in, then the loop runs. */
static void storm(struct scene *s, unsigned count, int *fds, unsigned opened)
{
    uint64_t from = uv_hrtime();
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        fds[i] = dial(s->port);
        snprintf(name, sizeof name, "DTU-%05u", i);
        put(fds[i], name);
    }
    uint64_t dialled = uv_hrtime();
    RUN_UNTIL(&s->loop, sum_opened(count) == opened);
    printf("# %u DTUs: dialled in %u ms, adopted %u ms later\n", count, (unsigned)((dialled - from) / 1000000),
           (unsigned)((uv_hrtime() - dialled) / 1000000));
}

static size_t heap_bytes(void) { return mallinfo2().uordblks; }

static void two_thousand_dtus_come_back_at_once(void **state)
{
    (void)state;
    struct rlimit limit;
    struct scene s;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    /* Four descriptors for each: both ends of an old and a new connection. */
    unsigned count = limit.rlim_cur / 4 - 50 < STORM_MAX ? (unsigned)limit.rlim_cur / 4 - 50 : STORM_MAX;
    scene_init(&s);
    memset(owners, 0, sizeof owners);
    size_t heap = heap_bytes();
    for (unsigned i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "DTU-%05u", i);
        links[i] = line_of(&s, name, "ping", 60, &owners[i]);
    }
    size_t waiting = heap_bytes();
    storm(&s, count, sockets[0], count);
    size_t connected = heap_bytes();
    printf("# bytes of a waiting DTU link: %zu; with its connection: %zu (0: not measured with a sanitizer)\n",
           (waiting - heap) / count, (connected - heap) / count);
    for (unsigned i = 0; i < count; i++) put(sockets[0][i], "answer");
    RUN_UNTIL(&s.loop, sum_bytes(count) == 6 * (size_t)count);
    /* The radio network drops all of them, and nobody says goodbye. */
    storm(&s, count, sockets[1], 2 * count);
    for (unsigned i = 0; i < count; i++) put(sockets[1][i], "again!");
    RUN_UNTIL(&s.loop, sum_bytes(count) == 12 * (size_t)count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(owners[i].opened, 2);
        assert_string_equal(owners[i].bytes, "answeragain!");
        heng_link_close(links[i]);
        close(sockets[0][i]);
        close(sockets[1][i]);
    }
    scene_fini(&s);
}

static void a_taken_port_is_explained(void **state)
{
    (void)state;
    uv_loop_t loop;
    uv_loop_init(&loop);
    uint16_t port = 0;
    int taken = listen_on(&port);
    struct heng_dtu_listener *listener = NULL;
    struct heng_err err;
    assert_int_equal(heng_dtu_listen(&loop, "127.0.0.1", port, &listener, &err), HENG_EBUSY);
    assert_non_null(strstr(err.text, "--dtu-listen"));
    assert_int_equal(heng_dtu_listen(&loop, "localhost", port, &listener, &err), HENG_ECONFIG);
    close(taken);
    end_loop(&loop);
}

int main(void)
{
    heng_log_set_level(HENG_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dtu_registers_and_its_newest_socket_wins),
        cmocka_unit_test(a_registration_may_dribble_in),
        cmocka_unit_test(a_registration_may_come_twice_at_once),
        cmocka_unit_test(an_imei_is_found_anywhere_in_the_first_packet),
        cmocka_unit_test(heartbeats_and_repeated_registrations_reach_no_line),
        cmocka_unit_test(a_dtu_that_misses_its_heartbeats_is_hung_up_on),
        cmocka_unit_test(a_heartbeat_that_came_while_we_stood_still_is_heard),
        cmocka_unit_test(the_rest_of_a_heartbeat_that_came_while_we_stood_still_reaches_no_line),
        cmocka_unit_test(a_name_whose_end_came_while_we_stood_still_is_whole),
        cmocka_unit_test(a_crowd_of_mute_guests_keeps_no_dtu_out),
        cmocka_unit_test(a_long_first_packet_is_passed_on_whole),
        cmocka_unit_test(hostile_strangers_reach_no_line),
        cmocka_unit_test(two_thousand_dtus_come_back_at_once),
        cmocka_unit_test(a_taken_port_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
