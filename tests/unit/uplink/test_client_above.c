/* The lower end: what it takes from the tier above, and what it does not. */
#include "client_rig.h"

/* --- what comes from above -----------------------------------------------------------------------------------------
 */

static void an_order_of_a_newer_server_is_declined(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    open_with(&rig, &usual);
    struct heng_down_order order = {.id = 5, .line_id = 2, .order = {.kind = HENG_ORDER_COUNT}};
    heng_say_order(&rig.say, &order);
    heng_say_search(&rig.say, &(struct heng_down_search){.line_id = 6, .kind = HENG_SEARCH_KIND_COUNT});
    order.id = 7;
    order.order.kind = HENG_ORDER_READ;
    heng_say_order(&rig.say, &order);
    uint8_t *p = heng_wire_begin(&rig.say, (heng_wire_kind)60, 3); /* a message of the future */
    memcpy(p, "abc", 3);
    flush(&rig);
    assert_int_equal(rig.orders, 1);
    assert_int_equal(rig.hang_ups, 0);
    struct heng_slice in;
    struct heng_down_outcome outcome;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(heard(&rig, &in), HENG_WIRE_OUTCOME);
        assert_int_equal(heng_hear_outcome(in, &outcome, NULL), HENG_OK);
        assert_int_equal(outcome.what, i ? HENG_OUTCOME_OF_SEARCH : HENG_OUTCOME_OF_ORDER);
        assert_int_equal(outcome.of, 5 + i);
        assert_false(outcome.taken);
    }
    teardown(&rig);
}

typedef void says(struct rig *rig);
static void says_batch(struct rig *rig)
{
    static uint8_t body[10];
    entries[0] = entry_of(EPOCH, 1, 10, body);
    heng_say_batch(&rig->say, false, &(struct heng_batch){EPOCH, 1, 1, entries, 1, NULL, 0});
}
static void says_hello(struct rig *rig)
{
    struct heng_hello hello = hello_of(EPOCH, 0);
    heng_say_hello(&rig->say, &hello);
}
static void says_welcome(struct rig *rig) { heng_say_welcome(&rig->say, &usual); }
static void says_order_without_id(struct rig *rig)
{
    heng_say_order(&rig->say, &(struct heng_down_order){.line_id = 1});
}
static void says_search_without_line(struct rig *rig) { heng_say_search(&rig->say, &(struct heng_down_search){0}); }
static void says_wrong_path(struct rig *rig)
{
    struct heng_path path = {.n = 1, .gateway_ids = {-3}};
    heng_say_cancel(&rig->say, 4, &path);
}
static void says_long_path(struct rig *rig)
{
    static const uint8_t ask[] = {0x1a, 5, 1, 2, 3, 4, 5};
    heng_wire_put(&rig->say, HENG_WIRE_ASK, heng_slice_of(ask, sizeof ask));
}
static void says_strange_question(struct rig *rig) { heng_say_ask(&rig->say, 1, "stat\nus", &(struct heng_path){0}); }
/* "status" and a NUL, and half a character: nothing that a program may take for the word "status". */
static void says_question_with_nul(struct rig *rig)
{
    static const char ask[] = "\x08\x01\x12\x09status\0xy";
    heng_wire_put(&rig->say, HENG_WIRE_ASK, heng_slice_of(ask, sizeof ask - 1));
}
static void says_question_of_half_a_character(struct rig *rig)
{
    static const char ask[] = "\x08\x01\x12\x07status\xe7";
    heng_wire_put(&rig->say, HENG_WIRE_ASK, heng_slice_of(ask, sizeof ask - 1));
}
/* Of an order for "123" and more that we would not see: the meter would be another one. */
static void says_order_with_nul(struct rig *rig)
{
    struct heng_down_order order = {.id = 5, .line_id = 2, .order = {.kind = HENG_ORDER_READ, .address = "123456"}};
    heng_say_order(&rig->say, &order);
    char *at = memmem(rig->say.p, rig->say.n, "123456", 6);
    assert_non_null(at);
    at[3] = 0;
}
static void says_garbage(struct rig *rig) { heng_wire_put(&rig->say, HENG_WIRE_ORDER, heng_slice_str("\xff\xff\xff")); }
static void says_too_long(struct rig *rig)
{
    rig->say.p = malloc(4);
    memcpy(rig->say.p, "\x7f\xff\xff\xff", 4);
    rig->say.n = rig->say.cap = 4;
}
static void says_children(struct rig *rig)
{
    uint8_t *p = heng_wire_begin(&rig->say, HENG_WIRE_PING, 200000);
    for (size_t i = 0; i < 200000; i += 2) memcpy(p + i, "\x12\x00", 2);
}

static void what_no_server_says_ends_the_connection(void **state)
{
    (void)state;
    static says *const all[] = {says_batch,
                                says_hello,
                                says_welcome,
                                says_order_without_id,
                                says_search_without_line,
                                says_wrong_path,
                                says_long_path,
                                says_strange_question,
                                says_garbage,
                                says_too_long,
                                says_children,
                                says_question_with_nul,
                                says_question_of_half_a_character,
                                says_order_with_nul};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct rig rig;
        setup(&rig, 1);
        open_with(&rig, &usual);
        all[i](&rig);
        flush(&rig);
        if (rig.hang_ups != 1) fail_msg("case %zu: it was taken", i);
        flush(&rig);
        assert_int_equal(rig.hang_ups, 1);
        closed(&rig);
        assert_true(heng_client_deadline(rig.client) > rig.now);
        teardown(&rig);
    }
}

static void a_welcome_that_cannot_be_is_none(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct rig rig;
        struct heng_welcome welcome = usual;
        if (i == 0) welcome.version = 2;
        if (i == 1) welcome.version = 0;
        if (i == 2) welcome.epoch++;
        if (i == 3) welcome.resume_after = UINT64_MAX;
        setup(&rig, 1);
        open_with(&rig, &welcome);
        assert_int_equal(rig.welcomes, 0);
        assert_int_equal(rig.hang_ups, 1);
        teardown(&rig);
    }
}

static void a_whole_configuration_comes_through(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    open_with(&rig, &usual);
    uint8_t *config = calloc(1, HENG_UPLINK_MESSAGE_MAX);
    memcpy(config, "\x08\x2a\x12", 3); /* version 42, and a name */
    size_t n = HENG_UPLINK_MESSAGE_MAX - 6;
    struct heng_buf head = heng_buf_of(config + 3, 4);
    heng_wire_field_put_varint(&head, n);
    assert_true(heng_wire_put(&rig.say, HENG_WIRE_CONFIG, heng_slice_of(config, 3 + head.n + n)));
    static struct heng_client_action action;
    heng_client_feed(rig.client, rig.now, wall_at(0), heng_slice_of(rig.say.p, rig.say.n));
    heng_client_poll(rig.client, rig.now, wall_at(0), &action);
    assert_int_equal(action.kind, HENG_CLIENT_CONFIG);
    assert_int_equal(action.version, 42);
    assert_int_equal(action.bytes.n, HENG_UPLINK_MESSAGE_MAX);
    assert_memory_equal(action.bytes.p, config, HENG_UPLINK_MESSAGE_MAX);
    free(config);
    teardown(&rig);
}

static void what_it_says_is_bounded(void **state)
{
    (void)state;
    struct rig rig;
    setup(&rig, 1);
    static uint8_t bytes[1000];
    struct heng_slice text = heng_slice_of(bytes, sizeof bytes);
    assert_false(heng_client_answer(rig.client, 0, 1, true, text));
    open_with(&rig, &usual);
    size_t said = 0;
    while (said < 10000 && heng_client_answer(rig.client, rig.now, 1, false, text)) said++;
    assert_in_range(said, 100, 263);
    pump(&rig);
    assert_true(heng_client_answer(rig.client, rig.now, 1, true, text));
    pump(&rig);
    heng_client_unsent(rig.client, rig.now, 256 * 1024);
    assert_false(heng_client_answer(rig.client, rig.now, 1, true, text));
    teardown(&rig);
}

/* --- enrolment -----------------------------------------------------------------------------------------------------
 */

static void enrols_then_greets(void **state)
{
    (void)state;
    struct rig rig;
    uint8_t request[3] = {1, 2, 3};
    struct heng_client_config config = {.servers = 1, .seed = 3};
    config.enrol = (struct heng_enrol_ask){.request = heng_slice_of(request, 3), .name = "box", .serial = "0815"};
    setup_with(&rig, &config);
    memset(request, 0, sizeof request); /* the client has its own */
    pump(&rig);
    heng_client_connected(rig.client, rig.now);
    pump(&rig);
    struct heng_slice in;
    struct heng_enrol_ask ask;
    assert_int_equal(heard(&rig, &in), HENG_WIRE_ENROL_ASK);
    assert_int_equal(heng_hear_enrol_ask(in, &ask, NULL), HENG_OK);
    assert_string_equal(ask.serial, "0815");
    assert_memory_equal(ask.request.p, "\1\2\3", 3);
    heng_say_enrol_answer(&rig.say, &(struct heng_enrol_answer){.waiting = true, .retry_s = 20});
    flush(&rig);
    assert_int_equal(rig.enrols, 1);
    assert_int_equal(rig.hang_ups, 1);
    closed(&rig);
    assert_in_range(heng_client_deadline(rig.client) - rig.now, S(20), S(40));
    wait_for(&rig);
    /* The box has made another key, for it was shown another authority. */
    static const uint8_t much[HENG_UPLINK_REQUEST_MAX + 1];
    assert_int_equal(heng_client_request(rig.client, heng_slice_of(much, sizeof much), NULL), HENG_ELIMIT);
    assert_int_equal(heng_client_request(rig.client, heng_slice_str("other"), NULL), HENG_OK);
    heng_client_connected(rig.client, rig.now);
    pump(&rig);
    assert_int_equal(heard(&rig, &in), HENG_WIRE_ENROL_ASK);
    assert_int_equal(heng_hear_enrol_ask(in, &ask, NULL), HENG_OK);
    assert_string_equal(ask.serial, "0815");
    assert_true(heng_slice_is(ask.request, "other"));
    heng_say_enrol_answer(&rig.say, &(struct heng_enrol_answer){.certificate = heng_slice_str("cert")});
    flush(&rig);
    assert_int_equal(rig.enrols, 2);
    heng_client_restart(rig.client, rig.now, 1, true, "the certificate has come");
    pump(&rig);
    closed(&rig);
    assert_in_range(heng_client_deadline(rig.client) - rig.now, S(1) / 2, S(3) / 2);
    rig.connects = 0;
    open_with(&rig, &usual);
    assert_int_equal(rig.welcomes, 1);
    teardown(&rig);
}

static void a_stranger_takes_nothing_but_its_answer(void **state)
{
    (void)state;
    static says *const all[] = {says_welcome, says_batch, says_hello, says_too_long};
    for (size_t i = 0; i < 4; i++) {
        struct rig rig;
        setup_with(&rig, &(struct heng_client_config){.servers = 1, .enrol = {.request = heng_slice_str("r")}});
        pump(&rig);
        heng_client_connected(rig.client, rig.now);
        pump(&rig);
        all[i](&rig);
        flush(&rig);
        assert_int_equal(rig.hang_ups, 1);
        assert_int_equal(rig.welcomes, 0);
        teardown(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_of_a_newer_server_is_declined),
        cmocka_unit_test(what_no_server_says_ends_the_connection),
        cmocka_unit_test(a_welcome_that_cannot_be_is_none),
        cmocka_unit_test(a_whole_configuration_comes_through),
        cmocka_unit_test(what_it_says_is_bounded),
        cmocka_unit_test(enrols_then_greets),
        cmocka_unit_test(a_stranger_takes_nothing_but_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
