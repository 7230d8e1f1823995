/* Requests that change something: who may send them, what may stand in them, and that the desk gets what was meant. */
#include "unit/api/wish_house.h"

static void test_what_arrives(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, true);
    expect(&h, "POST", "/api/v1/reads", "{\"meters\":[3,1],\"expires_s\":30}", 202, "\"id\":42,\"accepted\":3");
    assert_non_null(strstr(answer, "\"why\":\"one\""));
    assert_true(last.kind == HENG_WISH_READ && last.device_count == 2 && last.device_ids[0] == 3 &&
                last.device_ids[1] == 1 && last.expires_s == 30 && !last.line_id && !last.place_id);
    expect(&h, "POST", "/api/v1/reads", "{ \"place\" : 2 }", 202, "");
    assert_true(last.place_id == 2 && last.device_count == 0);
    expect(&h, "POST", "/api/v1/reads", "{\"line\":2}", 202, "");
    assert_int_equal(last.line_id, 2);
    expect(&h, "DELETE", "/api/v1/reads/1795000000000000", "", 200, "");
    assert_true(last.kind == HENG_WISH_CANCEL && last.id == INT64_C(1795000000000000));
    expect(&h, "POST", "/api/v1/commands", "{\"meter\":3,\"order\":\"set-address\",\"address\":\"17\",\"key\":\"k-1\"}",
           202, "");
    assert_true(last.kind == HENG_WISH_COMMAND && last.order.kind == HENG_ORDER_SET_ADDRESS &&
                last.device_ids[0] == 3 && !last.order.has_secret && !last.expires_s);
    assert_string_equal(last.order.address, "17");
    assert_string_equal(last.key, "k-1");
    expect(&h, "POST", "/api/v1/commands", "{\"line\":1,\"order\":\"freeze\",\"protocol\":\"dlt645-2007\"}", 202, "");
    assert_true(last.line_id == 1 && last.protocol == HENG_PROTOCOL_DLT645_2007 && last.device_count == 0);
    expect(&h, "POST", "/api/v1/commands", "{\"meter\":1,\"order\":\"read-history\"}", 202, "");
    assert_int_equal(last.order.back, 1);
    expect(&h, "DELETE", "/api/v1/commands/7", "", 200, "");
    assert_int_equal(last.id, 7);
    expect(&h, "POST", "/api/v1/lines/1/search", "{\"kind\":\"cjt188\",\"resume\":true}", 202, "");
    assert_true(last.kind == HENG_WISH_SEARCH && last.search == HENG_SEARCH_CJT188 && last.resume && !last.known_only);
    expect(&h, "DELETE", "/api/v1/lines/1/search", "", 200, "");
    assert_int_equal(last.kind, HENG_WISH_SEARCH_STOP);
    house_close(&h);
}

/* Nothing of this reaches a line, and each says what is wrong with it. */
static void test_bad_bodies(void **state)
{
    static const struct {
        const char *path, *body, *words;
    } cases[] = {
        {"/api/v1/reads", "", "body"},
        {"/api/v1/reads", "{", "body"},
        {"/api/v1/reads", "[]", "body"},
        {"/api/v1/reads", "{}", "one of 'meters', 'line' and 'place'"},
        {"/api/v1/reads", "{\"meters\":[]}", "one of 'meters', 'line' and 'place'"},
        {"/api/v1/reads", "{\"line\":1,\"place\":1}", "one of"},
        {"/api/v1/reads", "{\"line\":1}x", "body"},
        {"/api/v1/reads", "{\"line\":1,\"line\":1}", "'line': it is given twice"},
        {"/api/v1/reads", "{\"line\":1,\"lines\":1}", "'lines' is not known"},
        {"/api/v1/reads", "{\"line\":0}", "'line': 0 is not between"},
        {"/api/v1/reads", "{\"line\":1.5}", "'line'"},
        {"/api/v1/reads", "{\"line\":\"1\"}", "'line'"},
        {"/api/v1/reads", "{\"line\":99999999999999999999}", "'line'"},
        {"/api/v1/reads", "{\"meters\":[1,-1]}", "'meters'"},
        {"/api/v1/reads", "{\"meters\":[1,1]}", "named twice"},
        {"/api/v1/reads", "{\"meters\":{}}", "'meters'"},
        {"/api/v1/commands", "{\"meter\":1}", "'order' is missing"},
        {"/api/v1/commands", "{\"order\":\"connect\"}", "one of 'meter' and 'line'"},
        {"/api/v1/commands", "{\"meter\":1,\"order\":\"explode\"}", "'explode' is none of its words"},
        {"/api/v1/commands", "{\"meter\":1,\"order\":\"set-address\"}", "'address' belongs to"},
        {"/api/v1/commands", "{\"meter\":1,\"order\":\"connect\",\"baud\":2400}", "'baud' belongs to"},
        {"/api/v1/commands", "{\"meter\":1,\"order\":\"connect\",\"back\":1}", "'back' belongs to"},
        {"/api/v1/commands", "{\"line\":1,\"order\":\"disconnect\"}", "only set-clock and freeze"},
        {"/api/v1/commands", "{\"meter\":1,\"order\":\"connect\",\"password\":\"00000000\"}",
         "'password' is not known"},
        {"/api/v1/commands", "{\"meter\":1,\"order\":\"set-address\",\"address\":\"123456789012345678901234\"}",
         "'address': it is longer than 23 bytes"},
        {"/api/v1/lines/1/search", "{\"kind\":null}", "'kind'"},
        {"/api/v1/lines/1/search", "{\"kind\":\"cjt188\",\"resume\":1}", "'resume'"},
    };
    struct house h;
    (void)state;
    house_open(&h, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(&h, "POST", cases[i].path, cases[i].body, 400, cases[i].words);
    expect(&h, "DELETE", "/api/v1/commands/7", "{}", 400, "takes no body");
    static char long_body[20000];
    memset(long_body, ' ', sizeof long_body - 1);
    expect(&h, "POST", "/api/v1/reads", long_body, 413, "16384");
    assert_int_equal(wishes, 0);
    house_close(&h);
}

/* A page from elsewhere, in the browser of somebody at this machine. */
static void test_who_may(void **state)
{
    static const char body[] = "{\"line\":1}";
    struct house h;
    char headers[256];
    (void)state;
    house_open(&h, true);
    const struct {
        const char *host, *rest;
        int status;
    } cases[] = {
        {h.host, "", 415},
        {h.host, "Content-Type: text/plain\r\n", 415},
        {h.host, "Content-Type: application/x-www-form-urlencoded\r\n", 415},
        {h.host, "Content-Type: application/jsonp\r\n", 415},
        {h.host, "Content-Type: application/json\r\nOrigin: http://evil.example\r\n", 403},
        {h.host, "Content-Type: application/json\r\nOrigin: null\r\n", 403},
        {h.host, "Content-Type: application/json\r\nOrigin: http://localhost\r\n", 403},
        {h.host, "Content-Type: application/json\r\nOrigin: http://localhost:1\r\n", 403},
        {"localhost", "Content-Type: application/json\r\n", 421},
        {"localhost:1", "Content-Type: application/json\r\n", 421},
        {"evil.example", "Content-Type: application/json\r\n", 421},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(headers, sizeof headers, "Host: %s\r\n%s", cases[i].host, cases[i].rest);
        int got = ask(&h, "POST", "/api/v1/reads", headers, body);
        if (got != cases[i].status) fail_msg("%s: %d, expected %d", headers, got, cases[i].status);
        got = ask(&h, "DELETE", "/api/v1/commands/1", headers, "");
        if (got != cases[i].status) fail_msg("DELETE %s: %d, expected %d", headers, got, cases[i].status);
    }
    assert_int_equal(wishes, 0);
    snprintf(headers, sizeof headers, "Host: %s\r\nContent-Type: application/json; charset=utf-8\r\n", h.host);
    assert_int_equal(ask(&h, "POST", "/api/v1/reads", headers, body), 202);
    snprintf(headers, sizeof headers, "Host: [::1]:%u\r\nContent-Type: application/json\r\n", h.port);
    assert_int_equal(ask(&h, "POST", "/api/v1/reads", headers, body), 202);
    assert_int_equal(wish(&h, "PUT", "/api/v1/reads", body), 405);
    assert_non_null(strstr(answer, "Allow: POST"));
    assert_int_equal(wish(&h, "POST", "/api/v1/lines", body), 405);
    assert_int_equal(wish(&h, "POST", "/index.html", body), 405);
    house_close(&h);
}

static void test_refusals_of_the_desk(void **state)
{
    static const struct {
        heng_rc rc;
        int status;
    } cases[] = {
        {HENG_ENOTFOUND, 404}, {HENG_EUNSUPPORTED, 422}, {HENG_EDENIED, 403}, {HENG_ECONFLICT, 409},
        {HENG_EBUSY, 503},     {HENG_ELIMIT, 503},       {HENG_ECLOSED, 503}, {HENG_ECONFIG, 400},
    };
    struct house h;
    (void)state;
    house_open(&h, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        next_rc = cases[i].rc;
        expect(&h, "POST", "/api/v1/reads", "{\"line\":1}", cases[i].status, "because of that");
    }
    next_rc = HENG_EIO; /* what is inside stays inside */
    expect(&h, "POST", "/api/v1/reads", "{\"line\":1}", 500, "the log of the server");
    assert_null(strstr(answer, "because"));
    house_close(&h);
    house_open(&h, false);
    expect(&h, "POST", "/api/v1/reads", "{\"line\":1}", 503, "no line runs here");
    house_close(&h);
}

/* Somebody who asks as fast as possible is slowed down, and questions go on. */
static void test_rate(void **state)
{
    struct house h;
    int refused = 0;
    (void)state;
    house_open(&h, true);
    heng_us began_us = heng_clock_mono();
    for (int i = 0; i < 200; i++) refused += wish(&h, "DELETE", "/api/v1/commands/1", "") == 503;
    heng_us took_us = heng_clock_mono() - began_us;
    assert_true(wishes <= 51 + 20 * (took_us / HENG_US_PER_S + 1));
    assert_true(refused > 0 || took_us > 7 * HENG_US_PER_S);
    if (refused) assert_int_equal((int)wishes + refused, 200);
    assert_int_equal(wish(&h, "GET", "/api/v1/health", ""), 200);
    house_close(&h);
}

static void test_questions(void **state)
{
    struct house h;
    struct heng_ingested ingested = {0};
    struct heng_err err;
    (void)state;
    house_open(&h, true);
    struct heng_command_fact fact = {.command = {.line_id = HEAT_LINE,
                                                 .device_id = HEAT_1,
                                                 .protocol = HENG_PROTOCOL_MBUS,
                                                 .order = {.kind = HENG_ORDER_SET_BAUD, .baud = 9600},
                                                 .stage = HENG_STAGE_QUEUED,
                                                 .requested_us = START_US,
                                                 .expires_us = START_US + 1,
                                                 .outcome = HENG_OUTCOME_COUNT}};
    struct heng_fact facts[] = {{.kind = HENG_FACT_COMMAND, .command = &fact}};
    assert_ok(heng_ingest(h.store, facts, 1, INGEST_NOW_US, &ingested, &err));
    struct heng_order_fact order = {.id = fact.command.id,
                                    .command = true,
                                    .line_id = HEAT_LINE,
                                    .device_id = HEAT_1,
                                    .order = HENG_ORDER_SET_BAUD,
                                    .stage = HENG_STAGE_FAILED,
                                    .at_us = START_US + 1,
                                    .outcome = HENG_OUTCOME_SILENCE,
                                    .why = "no \"answer\""};
    facts[0] = (struct heng_fact){.kind = HENG_FACT_ORDER, .order = &order};
    assert_ok(heng_ingest(h.store, facts, 1, INGEST_NOW_US, &ingested, &err));
    heng_api_publish_live(h.api, ingested.live, ingested.live_n);
    heng_ingested_fini(&ingested);
    expect(&h, "GET", "/api/v1/commands/1", "", 200, "\"stage\":\"failed\"");
    assert_non_null(strstr(answer, "\"baud\":9600"));
    assert_non_null(strstr(answer, "\"why\":\"no \\\"answer\\\"\""));
    assert_non_null(strstr(answer, "\"outcome\":\"silence\""));
    assert_null(strstr(answer, "sent_at"));
    expect(&h, "GET", "/api/v1/commands?meter=1&line=1&limit=5", "", 200, "\"number\":\"10000001\"");
    expect(&h, "GET", "/api/v1/commands?meter=2", "", 200, "\"items\":[]");
    expect(&h, "GET", "/api/v1/commands/2", "", 404, "nothing with this id");
    expect(&h, "GET", "/api/v1/places", "", 200, "\"parent\":1");
    expect(&h, "GET", "/api/v1/lines/1/search", "", 404, "");
    expect(&h, "GET", "/api/v1/lines/1", "", 200, "\"health\":100,\"queued\":0,\"quarantined\":0,\"cycle_s\":0");
    struct heng_latency latency = {.reads = 3, .p50_us = 4, .p99_us = 5, .max_us = 6};
    heng_api_set_latency(h.api, &latency);
    expect(&h, "GET", "/api/v1/health", "", 200, "\"latency\":{\"reads\":3,\"p50_us\":4,\"p99_us\":5,\"max_us\":6}");
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_arrives), cmocka_unit_test(test_bad_bodies),
        cmocka_unit_test(test_who_may),      cmocka_unit_test(test_refusals_of_the_desk),
        cmocka_unit_test(test_rate),         cmocka_unit_test(test_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
