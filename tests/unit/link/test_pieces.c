/* The pure parts of the transports: texts of the configuration, the sieve of heartbeats, registrations, telnet. */
#include "unit/link/peers.h"

#include "link/registry.h"
#include "link/telnet.h"

static void endpoints_and_patterns_are_checked(void **state)
{
    (void)state;
    char host[64], port[8];
    uint8_t pattern[8];
    size_t n;
    struct heng_err err;
    assert_int_equal(heng_endpoint_split("10.0.0.7:4001", host, sizeof host, port, sizeof port, &err), HENG_OK);
    assert_string_equal(host, "10.0.0.7");
    assert_string_equal(port, "4001");
    assert_int_equal(heng_endpoint_split("[::1]:80", host, sizeof host, port, sizeof port, &err), HENG_OK);
    assert_string_equal(host, "::1");
    static const char *const bad[] = {"", "host", ":80", "host:", "host:99999", "host:8x", "host:-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(heng_endpoint_split(bad[i], host, sizeof host, port, sizeof port, &err), HENG_ECONFIG);
    assert_int_equal(heng_pattern_parse("hex:FE 01", pattern, sizeof pattern, &n, &err), HENG_OK);
    assert_int_equal(n, 2);
    assert_int_equal(pattern[0], 0xFE);
    assert_int_equal(heng_pattern_parse("hex:F", pattern, sizeof pattern, &n, &err), HENG_ECONFIG);
    assert_int_equal(heng_pattern_parse("ninebytes", pattern, sizeof pattern, &n, &err), HENG_ECONFIG);
}

static void what_cannot_be_opened_is_refused_by_name(void **state)
{
    (void)state;
    static const struct heng_line_config bad[] = {
        {.transport = HENG_TRANSPORT_TCP, .endpoint = "nonsense", .baud = 2400},
        {.transport = HENG_TRANSPORT_TCP, .endpoint = "host:0", .baud = 2400},
        {.transport = HENG_TRANSPORT_UDP, .endpoint = "host", .baud = 2400},
        {.transport = HENG_TRANSPORT_RFC2217, .endpoint = "host:00", .baud = 2400},
        {.transport = HENG_TRANSPORT_RFC2217, .endpoint = "host:1", .baud = 2400, .parity = 'X'},
        {.transport = HENG_TRANSPORT_DTU, .endpoint = "", .baud = 2400},
        {.transport = HENG_TRANSPORT_DTU, .endpoint = "hex:4", .baud = 2400},
        {.transport = HENG_TRANSPORT_DTU, .endpoint = "imei:12345678901234", .baud = 2400},
        {.transport = HENG_TRANSPORT_DTU, .endpoint = "imei:1234567890123456", .baud = 2400},
        {.transport = HENG_TRANSPORT_DTU, .endpoint = "imei:", .baud = 2400},
        {.transport = HENG_TRANSPORT_DTU, .endpoint = "DTU", .heartbeat = "hex:xyz", .baud = 2400},
        {.transport = HENG_TRANSPORT_DTU, .endpoint = "A", .heartbeat = "a heartbeat of more than thirty-two bytes"},
        {.transport = HENG_TRANSPORT_SERIAL, .endpoint = "/dev/ttyS0", .baud = 12},
        {.transport = HENG_TRANSPORT_SERIAL, .endpoint = "/dev/ttyS0", .baud = 2400, .parity = 'M'},
        {.transport = HENG_TRANSPORT_SERIAL,
         .endpoint = "/dev/ttyS0",
         .infrared = true,
         .rts = HENG_RTS_SEND_HIGH,
         .baud = 1200},
        {.transport = HENG_TRANSPORT_COUNT, .endpoint = "x"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct heng_line_config config = bad[i];
        struct heng_err err = {.text = ""};
        snprintf(config.name, sizeof config.name, "cellar");
        assert_int_equal(heng_link_check(&config, &err), HENG_ECONFIG);
        assert_non_null(strstr(err.text, "cellar"));
    }
}

/* --- the sieve -------------------------------------------------------------------------------------------- */

/* Put a text through, cut at the bars; '~' lets the time pass that releases what is held. */
static void sift(struct heng_sieve *sieve, const char *script, char *ret)
{
    size_t n = 0;
    for (const char *p = script; *p;) {
        struct heng_sieved out;
        size_t k = strcspn(p, "|~");
        for (; k; k = strcspn(p, "|~")) { /* as heng_link_received does */
            size_t cut = heng_sieve_cut(sieve, heng_slice_of(p, k));
            heng_sieve_feed(sieve, heng_slice_of(p, cut), &out);
            memcpy(ret + n, out.held, out.held_n);
            n += out.held_n;
            memcpy(ret + n, out.bytes.p, out.bytes.n);
            n += out.bytes.n;
            p += cut;
        }
        if (*p == '~') {
            heng_sieve_release(sieve, &out);
            memcpy(ret + n, out.held, out.held_n);
            n += out.held_n;
        }
        if (*p) p++;
    }
    ret[n] = '\0';
}

static void heartbeats_are_taken_off_the_ends(void **state)
{
    (void)state;
    static const struct {
        const char *heartbeat, *registration, *said, *left;
    } cases[] = {
        {"HB;", "", "HB;", ""},
        {"HB;", "", "HB;HB;abc", "abc"},
        {"HB;", "", "abcHB;", "abc"},
        {"HB;", "", "aHB;c", "aHB;c"},        /* inside a frame it may be data */
        {"HB;", "", "HB~", "HB"},             /* the rest did not come: data after all */
        {"HB;", "", "HB|;abc", "abc"},        /* cut in two */
        {"HB;", "", "H|B|;", ""},             /* cut in three */
        {"HB;", "", "abcH|B;def", "abcdef"},  /* glued behind an answer and cut */
        {"HB;", "", "abcH|def", "abcHdef"},   /* no heartbeat */
        {"HB;", "", "abcH|", "abc"},          /* still held */
        {"HB;", "", "HH|B;x", "Hx"},          /* a false beginning in front of a true one */
        {"HHB;", "", "HH|HB;x", "Hx"},        /* the same, overlapping */
        {"x", "", "x", ""},                   /* one byte counts only when it comes alone */
        {"x", "", "xx", "xx"},                /* */
        {"", "", "abc", "abc"},               /* */
        {"HB;", "DTU-1", "DTU-1abc", "abc"},  /* repeated before every packet */
        {"HB;", "DTU-1", "DTU|-1abc", "abc"}, /* */
        {"HB;", "DTU-1", "DTU-1HB;DTU-1abcHB;", "abc"},
        {"HB;", "DTU-1", "DTU-2abc", "DTU-2abc"},
        {"HB;", "HBX", "HB|X", ""},               /* two patterns with one beginning */
        {"ping\r\n", "", "abping\r\ncd", "abcd"}, /* a text is no data, wherever it stands */
        {"ping\r\n", "", "aping\r\nbping\r\nc|ping\r\nd", "abcd"},
        {"ping\r\n", "DTU-17", "aDTU-17ping\r\nbDTX-1", "abDTX-1"},
        {"000000", "", "a000000b", "a000000b"},
        {"\x01\x02\x03\x04\x05\x06", "",
         "a\x01\x02\x03\x04\x05\x06"
         "b",
         "a\x01\x02\x03\x04\x05\x06"
         "b"}, /* a meter's number */
        {"HB;", "HBX", "HB|;", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_sieve sieve = {0};
        char left[64];
        heng_sieve_set(&sieve, 0, heng_slice_str(cases[i].heartbeat));
        heng_sieve_set(&sieve, 1, heng_slice_str(cases[i].registration));
        sift(&sieve, cases[i].said, left);
        assert_string_equal(left, cases[i].left);
    }
}

/* Whatever the cuts: packets of data with heartbeats between them come out as the data, as long as no data looks like
 * the edge of a heartbeat; and never a byte that was not said. */
static void any_cut_of_heartbeats_between_packets_leaves_the_packets(void **state)
{
    (void)state;
    seed_of_run();
    for (unsigned round = 0; round < 20000; round++) {
        struct heng_sieve sieve = {0};
        heng_sieve_set(&sieve, 0, heng_slice_str("ping\r\n"));
        char script[256] = "", want[256] = "", left[256];
        for (int packets = rand() % 4 + 1; packets > 0; packets--) {
            for (int beats = rand() % 3; beats > 0; beats--)
                for (const char *p = "ping\r\n"; *p; p++) {
                    size_t n = strlen(script);
                    script[n] = *p;
                    script[n + 1] = '\0';
                    if (rand() % 4 == 0) strcat(script, "|");
                }
            strcat(script, "|abcd|");
            strcat(want, "abcd");
        }
        sift(&sieve, script, left);
        if (strcmp(left, want) != 0) fail_msg("'%s' left '%s'", script, left);
    }
}

/* --- registrations ---------------------------------------------------------------------------------------- */

static void registrations_are_found_as_a_walk_over_all_would_find_them(void **state)
{
    (void)state;
    enum { COUNT = 60, ROUNDS = 300 };
    seed_of_run();
    for (unsigned round = 0; round < ROUNDS; round++) {
        static struct heng_registration all[COUNT];
        struct heng_registry registry = {0};
        bool in[COUNT] = {false};
        for (size_t i = 0; i < COUNT; i++) {
            all[i].n = (size_t)rand() % 6 + 1;
            for (size_t k = 0; k < all[i].n; k++) all[i].bytes[k] = (uint8_t)("AB\xFF"[rand() % 3]);
            bool there = false;
            for (size_t k = 0; k < i; k++)
                there |= in[k] && all[k].n == all[i].n && memcmp(all[k].bytes, all[i].bytes, all[i].n) == 0;
            assert_int_equal(heng_registry_add(&registry, &all[i]), there ? HENG_EEXISTS : HENG_OK);
            in[i] = !there;
        }
        for (size_t i = 0; i < COUNT; i += 3) {
            if (in[i]) heng_registry_remove(&registry, &all[i]);
            in[i] = false;
        }
        for (unsigned tries = 0; tries < 50; tries++) {
            uint8_t said[8];
            size_t n = (size_t)rand() % 8;
            for (size_t k = 0; k < n; k++) said[k] = (uint8_t)("AB\xFF"[rand() % 3]);
            const struct heng_registration *best = NULL, *exact = NULL;
            bool more = false, is_more;
            for (size_t i = 0; i < COUNT; i++) {
                size_t have = n < all[i].n ? n : all[i].n;
                if (!in[i] || memcmp(all[i].bytes, said, have) != 0) continue;
                if (all[i].n > n) more = true;
                if (all[i].n <= n && (!best || all[i].n > best->n)) best = &all[i];
                if (all[i].n == n) exact = &all[i];
            }
            assert_ptr_equal(heng_registry_match(&registry, heng_slice_of(said, n), &is_more), best);
            assert_int_equal(is_more, more);
            assert_ptr_equal(heng_registry_find(&registry, heng_slice_of(said, n)), exact);
        }
        heng_registry_fini(&registry);
    }
}

static void an_imei_is_a_number_of_exactly_fifteen_digits(void **state)
{
    (void)state;
    static const struct {
        const char *text, *imei;
    } cases[] = {
        {"861234567890123", "861234567890123"},
        {"IMEI:861234567890123;", "861234567890123"},
        {"+ICCID: 89860012345678901234 861234567890123\r\n", "861234567890123"},
        {"89860012345678901234", ""},
        {"86123456789012", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t at = 0;
        assert_true(heng_slice_is(heng_imei_next(heng_slice_str(cases[i].text), &at), cases[i].imei));
        assert_true(at <= strlen(cases[i].text));
    }
}

/* --- telnet ----------------------------------------------------------------------------------------------- */

struct told {
    uint8_t data[1024];
    size_t n;
    char commands[1024];
};

static void listen_to(struct heng_telnet *telnet, struct heng_slice in, struct told *told)
{
    struct heng_telnet_piece piece;
    heng_telnet_kind kind;
    while ((kind = heng_telnet_next(telnet, &in, &piece)) != HENG_TELNET_NOTHING) {
        size_t at = strlen(told->commands);
        if (kind == HENG_TELNET_DATA) {
            assert_true(piece.bytes.n > 0);
            memcpy(told->data + told->n, piece.bytes.p, piece.bytes.n);
            told->n += piece.bytes.n;
        } else if (kind == HENG_TELNET_VERB) {
            snprintf(told->commands + at, sizeof told->commands - at, "%u.%u ", piece.verb, piece.option);
        } else {
            assert_true(piece.bytes.n <= TELNET_SUB_MAX);
            snprintf(told->commands + at, sizeof told->commands - at, "sub%zu:%u ", piece.bytes.n,
                     piece.bytes.p[piece.bytes.n - 1]);
        }
    }
}

static void telnet_is_read_the_same_however_it_is_cut(void **state)
{
    (void)state;
    static const uint8_t stream[] = "ab\xFF\xFF\xFF\xFB\x2C"            /* IAC IAC, WILL 44 */
                                    "c\xFF\xFA\x2C\x65\xFF\xFF\xFF\xF0" /* SB 44 101 FF SE */
                                    "\xFF\xF1"
                                    "d\xFF\xFA\x2C\xFF\xFD\x01" /* NOP; a sub-negotiation broken off by DO 1 */
                                    "e\xFF\xFA\xFF\xF0"         /* an empty one */
                                    "\x10\xFF\xFF\xFF\xFF\x16";
    seed_of_run();
    for (unsigned round = 0; round < 2000; round++) {
        struct heng_telnet telnet = {.state = TELNET_IN_DATA};
        struct told told = {.n = 0};
        for (size_t at = 0, n; at < sizeof stream - 1; at += n) {
            n = round == 0 ? sizeof stream - 1 : (size_t)rand() % 5 + 1;
            if (n > sizeof stream - 1 - at) n = sizeof stream - 1 - at;
            listen_to(&telnet, heng_slice_of(stream + at, n), &told);
        }
        assert_int_equal(told.n, 10);
        assert_memory_equal(told.data,
                            "ab\xFF"
                            "cde\x10\xFF\xFF\x16",
                            10);
        assert_string_equal(told.commands, "251.44 sub3:255 253.1 ");
    }
}

static void telnet_escapes_what_it_reads_back(void **state)
{
    (void)state;
    uint8_t all[512], memory[1024];
    for (size_t i = 0; i < sizeof all; i++) all[i] = (uint8_t)i;
    struct heng_buf out = heng_buf_of(memory, sizeof memory);
    heng_telnet_escape(&out, heng_slice_of(all, sizeof all));
    assert_false(out.full);
    struct heng_telnet telnet = {.state = TELNET_IN_DATA};
    struct told told = {.n = 0};
    listen_to(&telnet, heng_buf_slice(&out), &told);
    assert_int_equal(told.n, sizeof all);
    assert_memory_equal(told.data, all, sizeof all);
    assert_string_equal(told.commands, "");
}

static void an_endless_sub_negotiation_ends_in_nothing(void **state)
{
    (void)state;
    static const uint8_t start[] = {255, 250, 44}, end[] = {255, 240, 'x'};
    uint8_t much[512] = {0};
    struct heng_telnet telnet = {.state = TELNET_IN_DATA};
    struct told told = {.n = 0};
    listen_to(&telnet, heng_slice_of(start, sizeof start), &told);
    for (unsigned i = 0; i < 1000; i++) listen_to(&telnet, heng_slice_of(much, sizeof much), &told);
    listen_to(&telnet, heng_slice_of(end, sizeof end), &told);
    assert_string_equal(told.commands, "");
    assert_int_equal(told.n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_and_patterns_are_checked),
        cmocka_unit_test(what_cannot_be_opened_is_refused_by_name),
        cmocka_unit_test(heartbeats_are_taken_off_the_ends),
        cmocka_unit_test(any_cut_of_heartbeats_between_packets_leaves_the_packets),
        cmocka_unit_test(registrations_are_found_as_a_walk_over_all_would_find_them),
        cmocka_unit_test(an_imei_is_a_number_of_exactly_fifteen_digits),
        cmocka_unit_test(telnet_is_read_the_same_however_it_is_cut),
        cmocka_unit_test(telnet_escapes_what_it_reads_back),
        cmocka_unit_test(an_endless_sub_negotiation_ends_in_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
