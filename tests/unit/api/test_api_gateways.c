/* Gateways over HTTP: the tree, what they tell, who wants to come in, and what people may want of them. */
#include "api/internal.h"
#include "store/write.h"
#include "unit/api/wish_house.h"

enum { EAST = 1, WEST = 2, EAST_CELLAR = 3, EAST_DEEP = 4 };

static void begin(struct house *h)
{
    struct heng_err err;
    assert_ok(heng_store_begin(h->store, &err));
}

static void commit(struct house *h)
{
    struct heng_err err;
    assert_ok(heng_store_commit(h->store, &err));
}

static void put_gateway(struct house *h, const char *key, int64_t parent_id, int64_t expected_id)
{
    struct heng_gateway gateway = {.parent_id = parent_id};
    struct heng_err err;
    int64_t id = 0;
    snprintf(gateway.key, sizeof gateway.key, "%s", key);
    snprintf(gateway.name, sizeof gateway.name, "Gateway \"%s\"", key);
    assert_ok(heng_store_put_gateway(h->store, &gateway, &id, &err));
    assert_int_equal(id, expected_id);
}

/* East, west, one in east's cellar and one below that: described in an order that is not the tree's. */
static void four_gateways(struct house *h)
{
    begin(h);
    put_gateway(h, "east", 0, EAST);
    put_gateway(h, "west", 0, WEST);
    put_gateway(h, "east-cellar", EAST, EAST_CELLAR);
    put_gateway(h, "east-deep", EAST_CELLAR, EAST_DEEP);
    commit(h);
}

/* Places in the answer of all these texts, one behind the other. */
static void expect_in_order(const char *const *texts, size_t n)
{
    const char *at = answer;
    for (size_t i = 0; i < n; i++) {
        const char *found = strstr(at, texts[i]);
        if (!found) fail_msg("'%s' is not there, or not behind the one before: %.900s", texts[i], answer);
        at = found + strlen(texts[i]);
    }
}

static void test_tree(void **state)
{
    static const char *const order[] = {"\"id\":1,", "\"id\":3,\"parent_id\":1,", "\"id\":4,\"parent_id\":3,",
                                        "\"id\":2,"};
    struct house h;
    (void)state;
    house_open(&h, true);
    expect(&h, "GET", "/api/v1/gateways", "", 200, "{\"items\":[]}");
    four_gateways(&h);
    expect(&h, "GET", "/api/v1/gateways", "", 200, "\"name\":\"Gateway \\\"west\\\"\"");
    expect_in_order(order, 4);
    assert_null(strstr(answer, "\"id\":2,\"parent_id\""));
    expect(&h, "GET", "/api/v1/gateways/2", "", 200,
           "\"state\":\"declared\",\"connected\":false,\"last_contact_at\":null");
    assert_non_null(strstr(answer, "\"queued\":0,\"missing\":0,\"refused\":0,\"config_version\":0"));
    assert_null(strstr(answer, "certificate_until"));
    assert_null(strstr(answer, "config_why"));
    expect(&h, "GET", "/api/v1/gateways/5", "", 404, "nothing with this id");
    expect(&h, "GET", "/api/v1/gateways/0", "", 400, "'gatewayId'");
    expect(&h, "GET", "/api/v1/gateways?limit=3", "", 400, "'limit'");
    expect(&h, "GET", "/api/v1/lines/1", "", 200, "");
    assert_null(strstr(answer, "gateway_id")); /* the lines of the small site are read here */
    house_close(&h);
}

/* More than one page of the store, each the child of one with a higher number: nobody is lost, parents come first. */
static void test_many(void **state)
{
    enum { MANY = 150 };
    struct house h;
    char key[16], text[24];
    (void)state;
    house_open(&h, true);
    begin(&h);
    for (int i = 1; i <= MANY; i++) {
        snprintf(key, sizeof key, "g%d", i);
        put_gateway(&h, key, 0, i);
    }
    struct heng_gateway moved = {.parent_id = MANY, .key = "g1", .name = "below the last one"};
    struct heng_err err;
    int64_t id;
    assert_ok(heng_store_put_gateway(h.store, &moved, &id, &err));
    commit(&h);
    expect(&h, "GET", "/api/v1/gateways", "", 200, "");
    for (int i = 1; i <= MANY; i++) {
        snprintf(text, sizeof text, "\"id\":%d,", i);
        const char *first = strstr(answer, text);
        if (!first || strstr(first + 1, text)) fail_msg("gateway %d is not there just once", i);
    }
    static const char *const order[] = {"\"id\":150,", "\"id\":1,\"parent_id\":150,"};
    expect_in_order(order, 2);
    house_close(&h);
}

static const struct heng_gateway_status busy_status = {.gateway_id = EAST,
                                                       .connected = true,
                                                       .clock_doubtful = true,
                                                       .last_contact_us = START_US,
                                                       .clock_error_us = -90 * HENG_US_PER_S,
                                                       .queued = 1234,
                                                       .applied_version = 1,
                                                       .free_bytes = 5000000,
                                                       .software = "0.4.0",
                                                       .firmware = "box-7",
                                                       .address = "10.0.0.7:40000",
                                                       .config_why = "line 'x' has no port"};

static void test_status(void **state)
{
    struct house h;
    struct heng_err err;
    uint64_t version = 0;
    (void)state;
    house_open(&h, true);
    four_gateways(&h);
    begin(&h);
    assert_ok(
        heng_store_enrol_gateway(h.store, EAST, "gw-0123456789abcdef", 7, START_US, START_US + HENG_US_PER_DAY, &err));
    assert_ok(heng_store_put_gateway_config(
        h.store, EAST, heng_slice_of((const uint8_t *)"12345678901234567890123456789012", 32), &version, &err));
    assert_ok(heng_store_put_gateway_status(h.store, &busy_status, &err));
    assert_ok(heng_store_put_gap(h.store, &(struct heng_gateway_gap){EAST, 9, 3, 7, false}, &err));
    commit(&h);
    expect(&h, "GET", "/api/v1/gateways/1", "", 200, "\"state\":\"enrolled\",\"connected\":true");
    static const char *const texts[] = {"\"last_contact_at\":\"2026-11-18T",
                                        "\"clock_error_ms\":-90000",
                                        "\"clock_doubtful\":true",
                                        "\"queued\":1234",
                                        "\"missing\":5",
                                        "\"config_version\":1",
                                        "\"applied_version\":1",
                                        "\"config_why\":\"line 'x' has no port\"",
                                        "\"software\":\"0.4.0\"",
                                        "\"firmware\":\"box-7\"",
                                        "\"address\":\"10.0.0.7:40000\"",
                                        "\"free_bytes\":5000000",
                                        "\"certificate_until\":\"2026-11-19T"};
    expect_in_order(texts, sizeof texts / sizeof *texts);
    house_close(&h);
}

/* Every kind of event has its word in the contract. */
static void test_event_words(void **state)
{
    int kinds = 0;
    (void)state;
#define X(symbol, text, number)                                                                                        \
    assert_string_equal(heng_api_gateway_event_kind_text(heng_api_gateway_event_kind_of(text)), text);                 \
    kinds++;
    HENG_GATEWAY_EVENT_LIST(X)
#undef X
    assert_int_equal(kinds, HENG_API_GATEWAY_EVENT_KIND_COUNT);
}

static void test_events(void **state)
{
    struct house h;
    struct heng_err err;
    struct heng_gateway_event_row event = {.gateway_id = EAST,
                                           .line_id = HEAT_LINE,
                                           .at_us = START_US,
                                           .kind = HENG_GATEWAY_TUNNEL_OPENED,
                                           .value = 900,
                                           .detail = "A. Weber: baud rate"};
    (void)state;
    house_open(&h, true);
    four_gateways(&h);
    begin(&h);
    assert_ok(heng_store_add_gateway_event(h.store, &event, &err));
    event = (struct heng_gateway_event_row){.gateway_id = WEST, .at_us = START_US + 1, .kind = HENG_GATEWAY_LOST};
    assert_ok(heng_store_add_gateway_event(h.store, &event, &err));
    event = (struct heng_gateway_event_row){
        .at_us = START_US + 2, .kind = HENG_GATEWAY_REFUSED, .detail = "10.0.0.9:555: no certificate"};
    assert_ok(heng_store_add_gateway_event(h.store, &event, &err));
    commit(&h);
    expect(&h, "GET", "/api/v1/gateways/1/events", "", 200,
           "\"kind\":\"tunnel-opened\",\"value\":900,\"line_id\":1,\"detail\":\"A. Weber: baud rate\"");
    assert_null(strstr(answer, "lost"));
    expect(&h, "GET", "/api/v1/gateways/3/events", "", 200, "\"items\":[]");
    expect(&h, "GET", "/api/v1/gateways/9/events", "", 404, "");
    expect(&h, "GET", "/api/v1/gateways/1/events?before=x", "", 400, "'before'");
    expect(&h, "GET", "/api/v1/gateways/1/events?limit=501", "", 400, "'limit'");
    expect(&h, "GET", "/api/v1/gateway-events", "", 200, "\"detail\":\"10.0.0.9:555: no certificate\"");
    static const char *const newest_first[] = {"\"id\":3,\"at\"", "\"id\":2,\"gateway_id\":2",
                                               "\"id\":1,\"gateway_id\":1"};
    expect_in_order(newest_first, 3);
    expect(&h, "GET", "/api/v1/gateway-events?before=2&limit=1", "", 200, "\"items\":[{\"id\":1,");
    expect(&h, "GET", "/api/v1/gateway-events?before=1", "", 200, "\"items\":[]");
    house_close(&h);
}

static void put_enrolment(struct house *h, uint8_t mark, const char *name, struct heng_enrolment *ret)
{
    struct heng_enrolment box = {.state = HENG_ENROLMENT_WAITING,
                                 .serial = "SN-7",
                                 .software = "0.4.0",
                                 .address = "10.0.0.9:555",
                                 .first_us = START_US,
                                 .last_us = START_US,
                                 .request_n = 4,
                                 .request = "abc"};
    struct heng_err err;
    snprintf(box.code, sizeof box.code, "7K4MX2PQ9R%02X", mark);
    snprintf(box.name, sizeof box.name, "%s", name);
    memset(box.hash, mark, sizeof box.hash);
    assert_ok(heng_store_put_enrolment(h->store, &box, ret, &err));
}

static void test_enrolments(void **state)
{
    static struct heng_enrolment first, second;
    struct house h;
    struct heng_err err;
    (void)state;
    house_open(&h, true);
    four_gateways(&h);
    expect(&h, "GET", "/api/v1/enrolments", "", 200, "{\"items\":[]}");
    begin(&h);
    put_enrolment(&h, 1, "box one", &first);
    put_enrolment(&h, 2, "box two", &second);
    second.state = HENG_ENROLMENT_REFUSED;
    snprintf(second.why, sizeof second.why, "unknown box");
    assert_ok(heng_store_decide_enrolment(h.store, &second, &err));
    commit(&h);
    expect(&h, "GET", "/api/v1/enrolments?state=waiting", "", 200, "\"name\":\"box one\",\"serial\":\"SN-7\"");
    assert_null(strstr(answer, "box two"));
    assert_non_null(strstr(answer, "\"code_begins\":\"7K4M\""));
    assert_null(strstr(answer, "X2PQ")); /* the rest is what somebody has to read off the box */
    expect(&h, "GET", "/api/v1/enrolments?state=refused", "", 200, "\"why\":\"unknown box\"");
    expect(&h, "GET", "/api/v1/enrolments", "", 200, "box one");
    assert_non_null(strstr(answer, "box two"));
    expect(&h, "GET", "/api/v1/enrolments?state=pending", "", 400, "'state'");
    house_close(&h);
}

static void test_wishes(void **state)
{
    struct house h;
    (void)state;
    house_open(&h, true);
    expect(&h, "POST", "/api/v1/enrolments/5/accept",
           "{\"code\":\"7k4m-x2pq-9rta\",\"key\":\"house-a\",\"name\":\"House A\",\"parent\":2}", 200, "\"id\":42");
    assert_true(last.kind == HENG_WISH_ENROL_ACCEPT && last.id == 5 && last.gateway.parent_id == 2);
    assert_string_equal(last.gateway.code, "7k4m-x2pq-9rta");
    assert_string_equal(last.gateway.key, "house-a");
    assert_string_equal(last.gateway.name, "House A");
    expect(&h, "POST", "/api/v1/enrolments/6/refuse", "{\"why\":\"not ours\"}", 200, "");
    assert_true(last.kind == HENG_WISH_ENROL_REFUSE && last.id == 6);
    assert_string_equal(last.gateway.why, "not ours");
    expect(&h, "POST", "/api/v1/enrolments/6/refuse", "{}", 200, "");
    assert_string_equal(last.gateway.why, "");
    expect(&h, "POST", "/api/v1/gateways/7/revoke", "{\"who\":\"A. Weber\",\"why\":\"stolen\"}", 200, "");
    assert_true(last.kind == HENG_WISH_REVOKE && last.id == 7);
    assert_string_equal(last.gateway.who, "A. Weber");
    assert_string_equal(last.gateway.why, "stolen");
    house_close(&h);
}

static void test_tunnel_and_questions(void **state)
{
    static const struct heng_receipt way = {.id = 1, .port = 40123, .token = "0123456789abcdef0123456789abcdef"};
    struct house h;
    (void)state;
    house_open(&h, true);
    next_receipt = &way;
    expect(&h, "POST", "/api/v1/lines/2/tunnel", "{\"who\":\"A. Weber\",\"why\":\"baud rate\",\"seconds\":60}", 202,
           "\"port\":40123,\"token\":\"0123456789abcdef0123456789abcdef\",\"connect_by\":\"20");
    assert_true(last.kind == HENG_WISH_TUNNEL && last.line_id == 2 && last.gateway.seconds == 60);
    expect(&h, "POST", "/api/v1/lines/2/tunnel", "{\"who\":\"A. Weber\",\"why\":\"baud rate\"}", 202, "\"until\":\"20");
    assert_int_equal(last.gateway.seconds, 900);
    next_text = "uplink: connected\n\xff \"q\" \x01";
    expect(&h, "POST", "/api/v1/gateways/1/ask", "{\"what\":\"status\"}", 200, "{\"text\":\"uplink: connected\\u000a");
    assert_true(last.kind == HENG_WISH_GATEWAY_ASK && last.id == 1);
    assert_string_equal(last.gateway.what, "status");
    assert_null(strchr(answer, '\xff')); /* what a box says is shown, and is no reason for broken JSON */
    assert_non_null(strstr(answer, "\\\"q\\\" \\u0001"));
    next_text = NULL;
    expect(&h, "POST", "/api/v1/gateways/1/ask", "{\"what\":\"log\"}", 200, "{\"text\":\"\"}");
    assert_string_equal(last.gateway.what, "log");
    house_close(&h);
}

/* Nothing of this reaches a gateway, and each says what is wrong with it. */
static void test_bad_bodies(void **state)
{
    static const struct {
        const char *path, *body, *words;
    } cases[] = {
        {"/api/v1/enrolments/5/accept", "{}", "'code' is missing"},
        {"/api/v1/enrolments/5/accept", "{\"code\":\"A\",\"name\":\"\"}", "'key' is missing"},
        {"/api/v1/enrolments/5/accept", "{\"code\":\"A\",\"key\":\"\",\"name\":\"\"}", "'key' is empty"},
        {"/api/v1/enrolments/5/accept", "{\"code\":\"1234567890123456\",\"key\":\"k\",\"name\":\"\"}", "'code'"},
        {"/api/v1/enrolments/5/accept", "{\"code\":\"A\",\"key\":\"k\",\"name\":\"n\",\"parent\":0}", "'parent'"},
        {"/api/v1/enrolments/5/accept", "{\"code\":\"A\",\"key\":\"k\",\"name\":\"n\",\"force\":true}",
         "'force' is not known"},
        {"/api/v1/enrolments/0/accept", "{\"code\":\"A\",\"key\":\"k\",\"name\":\"n\"}", "'enrolmentId'"},
        {"/api/v1/enrolments/5/refuse", "{\"why\":1}", "'why'"},
        {"/api/v1/gateways/1/revoke", "{\"who\":\"A\"}", "'why' is missing"},
        {"/api/v1/gateways/1/revoke", "{\"who\":\"  \",\"why\":\"lost\"}", "who does this"},
        {"/api/v1/gateways/1/revoke", "{\"who\":\"A\",\"why\":\"\"}", "who does this"},
        {"/api/v1/lines/1/tunnel", "{\"why\":\"x\"}", "'who' is missing"},
        {"/api/v1/lines/1/tunnel", "{\"who\":\"\",\"why\":\"x\"}", "who does this"},
        {"/api/v1/lines/1/tunnel", "{\"who\":\"A\",\"why\":\"x\",\"seconds\":9}", "'seconds'"},
        {"/api/v1/lines/1/tunnel", "{\"who\":\"A\",\"why\":\"x\",\"seconds\":28801}", "'seconds'"},
        {"/api/v1/gateways/1/ask", "{\"what\":\"shell\"}", "'shell' is none of its words"},
        {"/api/v1/gateways/1/ask", "{}", "'what' is missing"},
    };
    struct house h;
    (void)state;
    house_open(&h, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(&h, "POST", cases[i].path, cases[i].body, 400, cases[i].words);
    assert_int_equal(wish(&h, "GET", "/api/v1/gateways/1/revoke", ""), 405);
    assert_int_equal(wishes, 0);
    house_close(&h);
}

/* A wrong code is not allowed, a box that was decided already is a conflict: each with the sentence of who knows. */
static void test_refusals(void **state)
{
    static const char accept[] = "{\"code\":\"AAAABBBBCCCC\",\"key\":\"k\",\"name\":\"n\"}";
    static const char person[] = "{\"who\":\"A\",\"why\":\"x\"}";
    static const struct {
        const char *path, *body;
        heng_rc rc;
        int status;
        const char *title;
    } cases[] = {
        {"/api/v1/enrolments/5/accept", accept, HENG_EDENIED, 403, "Not allowed"},
        {"/api/v1/enrolments/5/accept", accept, HENG_ECONFLICT, 409, "It contradicts what is there"},
        {"/api/v1/enrolments/5/accept", accept, HENG_ENOTFOUND, 404, "Not found"},
        {"/api/v1/enrolments/5/accept", accept, HENG_EUNSUPPORTED, 422, "It cannot be done"},
        {"/api/v1/enrolments/5/refuse", "{}", HENG_ECONFLICT, 409, "It contradicts what is there"},
        {"/api/v1/gateways/1/revoke", person, HENG_ENOTFOUND, 404, "Not found"},
        {"/api/v1/lines/1/tunnel", person, HENG_ECONFLICT, 409, "It contradicts what is there"},
        {"/api/v1/lines/1/tunnel", person, HENG_EUNSUPPORTED, 422, "It cannot be done"},
        {"/api/v1/gateways/1/ask", "{\"what\":\"log\"}", HENG_ETIMEOUT, 503, "Too busy"},
    };
    struct house h;
    (void)state;
    house_open(&h, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        next_rc = cases[i].rc;
        expect(&h, "POST", cases[i].path, cases[i].body, cases[i].status, "because of that");
        if (!strstr(answer, cases[i].title)) fail_msg("'%s' is not in %.400s", cases[i].title, answer);
    }
    house_close(&h);
    house_open(&h, false);
    expect(&h, "POST", "/api/v1/gateways/1/ask", "{\"what\":\"log\"}", 503, "no line runs here");
    expect(&h, "POST", "/api/v1/gateways/1/revoke", person, 503, "no line runs here");
    house_close(&h);
}

/* What a gateway tells is on the open page at once. */
static void test_live(void **state)
{
    struct house h;
    struct heng_ingested ingested = {0};
    struct heng_err err;
    char request[128];
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = 5};
    (void)state;
    house_open(&h, true);
    four_gateways(&h);
    address.sin_port = htons(h.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    int n = snprintf(request, sizeof request, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\n\r\n", h.host);
    assert_int_equal(send(fd, request, (size_t)n, MSG_NOSIGNAL), n);
    size_t got = 0;
    answer[0] = '\0';
    while (!strstr(answer, "retry:")) {
        ssize_t more = recv(fd, answer + got, sizeof answer - 1 - got, 0);
        assert_true(more > 0);
        answer[got += (size_t)more] = '\0';
    }
    struct heng_fact fact = {.kind = HENG_FACT_GATEWAY, .gateway = &busy_status};
    assert_ok(heng_ingest(h.store, &fact, 1, INGEST_NOW_US, &ingested, &err));
    heng_api_publish_live(h.api, ingested.live, ingested.live_n);
    heng_ingested_fini(&ingested);
    while (!strstr(answer, "\"meters\":")) {
        ssize_t more = recv(fd, answer + got, sizeof answer - 1 - got, 0);
        if (more <= 0) fail_msg("no event of the gateway: %s", answer);
        answer[got += (size_t)more] = '\0';
    }
    assert_non_null(strstr(answer, "event: gateway\ndata: {\"id\":1,\"key\":\"east\""));
    assert_non_null(strstr(answer, "\"queued\":1234"));
    close(fd);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),       cmocka_unit_test(test_many),
        cmocka_unit_test(test_status),     cmocka_unit_test(test_event_words),
        cmocka_unit_test(test_events),     cmocka_unit_test(test_enrolments),
        cmocka_unit_test(test_wishes),     cmocka_unit_test(test_tunnel_and_questions),
        cmocka_unit_test(test_bad_bodies), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
