/* The upper end, and what strangers, liars and newer programs say to it. */
#include "counted_memory.h"
#include "uplink_rig.h"

struct rig {
    struct heng_host *host;
    heng_us now;
    struct heng_wire_out say;  /* what the peer says next */
    struct heng_wire_in heard; /* what it has heard */
    unsigned hellos, batches, lives, others, sends;
    bool ended;
    heng_refusal refusal;
    char why[160];
    uint64_t batch_last;
};

static void setup(struct rig *rig, bool stranger)
{
    *rig = (struct rig){0};
    assert_int_equal(heng_host_new(stranger, rig->now, &rig->host, NULL), HENG_OK);
}

static void teardown(struct rig *rig)
{
    heng_host_free(rig->host);
    heng_wire_out_fini(&rig->say);
    heng_wire_in_fini(&rig->heard);
}

/* Take every action out. */
static void pump(struct rig *rig)
{
    static struct heng_host_action action;
    for (;;) {
        heng_host_poll(rig->host, rig->now, wall_at(rig->now), &action);
        if (action.kind == HENG_HOST_NONE) return;
        assert_false(rig->ended); /* nothing after HANG_UP */
        if (action.kind == HENG_HOST_SEND) {
            rig->sends++;
            bool counting = heap.counting;
            heap.counting = false;
            assert_int_equal(heng_wire_feed(&rig->heard, action.bytes), HENG_OK);
            heap.counting = counting;
        } else if (action.kind == HENG_HOST_HANG_UP) {
            rig->ended = true;
            rig->refusal = action.refusal;
            snprintf(rig->why, sizeof rig->why, "%s", action.text);
        } else if (action.kind == HENG_HOST_HELLO) {
            rig->hellos++;
        } else if (action.kind == HENG_HOST_BATCH) {
            rig->batches++;
            rig->batch_last = action.batch.last;
        } else if (action.kind == HENG_HOST_LIVE) {
            rig->lives++;
        } else {
            rig->others++;
        }
    }
}

static void feed(struct rig *rig, struct heng_slice bytes, size_t step)
{
    for (size_t at = 0; at < bytes.n; at += step) {
        size_t n = bytes.n - at < step ? bytes.n - at : step;
        heng_host_feed(rig->host, rig->now, wall_at(rig->now), heng_slice_of(bytes.p + at, n));
        pump(rig);
    }
}

/* Let the host hear what was said. */
static void flush(struct rig *rig)
{
    feed(rig, heng_slice_of(rig->say.p, rig->say.n), SIZE_MAX / 2);
    heng_wire_out_fini(&rig->say);
}

/* The next message that the host has sent; UNKNOWN: none. */
static heng_wire_kind heard(struct rig *rig, struct heng_slice *ret)
{
    heng_wire_kind kind = HENG_WIRE_UNKNOWN;
    if (heng_wire_next(&rig->heard, HENG_UPLINK_MESSAGE_MAX + HENG_WIRE_HEAD_MAX, &kind, ret) != HENG_OK)
        return HENG_WIRE_UNKNOWN;
    return kind;
}

static const struct heng_welcome usual = {.epoch = EPOCH, .name = "Block 7", .gateway_id = 5};

/* Greeted and welcomed. */
static void open_with(struct rig *rig, const struct heng_hello *hello, const struct heng_welcome *welcome)
{
    setup(rig, false);
    heng_say_hello(&rig->say, hello);
    flush(rig);
    assert_int_equal(rig->hellos, 1);
    heng_host_welcome(rig->host, rig->now, wall_at(rig->now), welcome);
    pump(rig);
    struct heng_slice in;
    assert_int_equal(heard(rig, &in), HENG_WIRE_WELCOME);
    assert_int_equal(heard(rig, &in), HENG_WIRE_PING);
}

static void open_usual(struct rig *rig)
{
    struct heng_hello hello = hello_of(EPOCH, 1000);
    open_with(rig, &hello, &usual);
}

static uint8_t bodies[HENG_UPLINK_BATCH_ENTRIES_MAX][300];
static struct heng_batch_entry entries[HENG_UPLINK_BATCH_ENTRIES_MAX + 8];

static struct heng_batch batch_of(uint64_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) entries[i] = entry_of(EPOCH, first + i, sizeof bodies[0] / 3, bodies[i]);
    return (struct heng_batch){
        .epoch = EPOCH, .first = first, .last = first + count - 1, .entries = entries, .entry_count = count};
}

/* --- what goes well ------------------------------------------------------------------------------------------------
 */

static void takes_batches_and_acknowledges_what_is_stored(void **state)
{
    (void)state;
    struct rig rig;
    open_usual(&rig);
    struct heng_batch batch = batch_of(1, 10);
    heng_say_batch(&rig.say, false, &batch);
    batch = batch_of(11, 5);
    heng_say_batch(&rig.say, false, &batch);
    flush(&rig);
    assert_int_equal(rig.batches, 2);
    struct heng_slice in;
    assert_int_equal(heard(&rig, &in), HENG_WIRE_UNKNOWN);
    heng_host_stored(rig.host, rig.now, EPOCH + 1, 15); /* of another epoch: nothing to do with us */
    pump(&rig);
    assert_int_equal(heard(&rig, &in), HENG_WIRE_UNKNOWN);
    heng_host_stored(rig.host, rig.now, EPOCH, 10);
    heng_host_stored(rig.host, rig.now, EPOCH, 99); /* more than it has given us */
    heng_host_stored(rig.host, rig.now, EPOCH, 3);  /* never backward */
    pump(&rig);
    uint64_t epoch, durable;
    assert_int_equal(heard(&rig, &in), HENG_WIRE_ACK);
    assert_int_equal(heng_hear_ack(in, &epoch, &durable, NULL), HENG_OK);
    assert_int_equal(epoch, EPOCH);
    assert_int_equal(durable, 15);
    assert_int_equal(heard(&rig, &in), HENG_WIRE_UNKNOWN);
    assert_false(rig.ended);
    teardown(&rig);
}

static void any_cut_of_the_bytes_is_the_same(void **state)
{
    (void)state;
    for (size_t step = 1; step < 9; step += step < 3 ? 1 : 5) {
        struct rig rig;
        open_usual(&rig);
        struct heng_batch batch = batch_of(1, 40);
        heng_say_batch(&rig.say, false, &batch);
        heng_say_ping(&rig.say, &(struct heng_ping){.clock_us = wall_at(5)});
        batch = batch_of(35, 3);
        heng_say_batch(&rig.say, true, &(struct heng_batch){.epoch = EPOCH, .entries = entries, .entry_count = 3});
        feed(&rig, heng_slice_of(rig.say.p, rig.say.n), step);
        assert_int_equal(rig.batches, 1);
        assert_int_equal(rig.batch_last, 40);
        assert_int_equal(rig.others, 1);
        assert_int_equal(rig.lives, 1);
        assert_false(rig.ended);
        teardown(&rig);
    }
}

static void versions_are_negotiated(void **state)
{
    (void)state;
    static const struct {
        uint32_t newest, oldest;
        bool taken;
        heng_refusal refusal;
    } cases[] = {
        {0, 0, false, HENG_REFUSAL_VERSION},
        {1, 1, true, 0},
        {1, 0, true, 0},
        {99, 1, true, 0},
        {99, 99, false, HENG_REFUSAL_VERSION},
        {1, 2, false, HENG_REFUSAL_VERSION},
        {2, 2, false, HENG_REFUSAL_VERSION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig;
        setup(&rig, false);
        struct heng_hello hello = hello_of(EPOCH, 0);
        hello.version = cases[i].newest;
        hello.oldest_version = cases[i].oldest;
        heng_say_hello(&rig.say, &hello);
        flush(&rig);
        assert_int_equal(rig.hellos, cases[i].taken);
        assert_int_equal(rig.ended, !cases[i].taken);
        if (rig.ended) assert_int_equal(rig.refusal, cases[i].refusal);
        heng_host_welcome(rig.host, rig.now, wall_at(0), &usual);
        pump(&rig);
        struct heng_slice in;
        struct heng_welcome welcome;
        if (cases[i].taken) {
            assert_int_equal(heard(&rig, &in), HENG_WIRE_WELCOME);
            assert_int_equal(heng_hear_welcome(in, &welcome, NULL), HENG_OK);
            assert_int_equal(welcome.version, 1);
        } else {
            assert_int_equal(heard(&rig, &in), HENG_WIRE_REFUSED);
        }
        teardown(&rig);
    }
}

static void a_concentrator_with_all_its_gateways_gets_in(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_hello hello = hello_of(UINT64_MAX, INT64_MAX);
    memset(hello.software, 'x', sizeof hello.software - 1);
    memset(hello.firmware, 'y', sizeof hello.firmware - 1);
    hello.child_count = HENG_UPLINK_CHILDREN_MAX;
    for (size_t i = 0; i < hello.child_count; i++) {
        struct heng_uplink_child *c = &hello.children[i];
        *c = (struct heng_uplink_child){INT64_MAX,  INT64_MAX,  true, INT64_MIN, INT64_MIN,
                                        UINT64_MAX, UINT64_MAX, "",   ""};
        memset(c->software, 's', sizeof c->software - 1);
        memset(c->firmware, 'f', sizeof c->firmware - 1);
    }
    struct heng_welcome welcome = usual;
    welcome.epoch = UINT64_MAX;
    welcome.resume_after = INT64_MAX - 3;
    open_with(&rig, &hello, &welcome);
    teardown(&rig);
}

static void its_clock_and_the_round_trip_are_measured(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_hello hello = hello_of(EPOCH, 0);
    hello.clock_us = wall_at(0) - S(90);
    open_with(&rig, &hello, &usual);
    struct heng_host_status status;
    heng_host_status_now(rig.host, &status);
    assert_int_equal(status.clock_error_us, -S(90));
    rig.now = 400 * HENG_US_PER_MS;
    heng_say_pong(&rig.say, wall_at(0), 12345);
    heng_say_ping(&rig.say, &(struct heng_ping){.clock_us = wall_at(rig.now) - S(90)});
    flush(&rig);
    heng_host_status_now(rig.host, &status);
    assert_int_equal(status.rtt_us, 400 * HENG_US_PER_MS);
    assert_int_equal(status.clock_error_us, -S(90) + 200 * HENG_US_PER_MS);
    teardown(&rig);
}

static void tells_only_what_it_can_do(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_hello hello = hello_of(EPOCH, 0);
    hello.can_order = hello.can_search = hello.can_tunnel = hello.can_cascade = false;
    struct heng_down_order order = {.id = 1, .line_id = 2, .device_id = 3};
    struct heng_down_search search = {.line_id = 2};
    struct heng_tunnel_message tunnel = {.id = 4, .open = true};
    struct heng_path here = {0}, below = {.n = 1, .gateway_ids = {9}};
    setup(&rig, false);
    assert_false(heng_host_order(rig.host, 0, &order)); /* not welcomed */
    teardown(&rig);
    open_with(&rig, &hello, &usual);
    assert_false(heng_host_order(rig.host, 0, &order) || heng_host_cancel(rig.host, 0, 1, &here));
    assert_false(heng_host_search(rig.host, 0, &search) || heng_host_tunnel(rig.host, 0, &tunnel));
    assert_false(heng_host_ask(rig.host, 0, 1, "status", &below));
    assert_true(heng_host_ask(rig.host, 0, 1, "status", &here));
    assert_true(heng_host_config(rig.host, 0, heng_slice_str("\x08\x01")));
    teardown(&rig);
    hello.can_cascade = true;
    open_with(&rig, &hello, &usual);
    assert_false(heng_host_order(rig.host, 0, &order));
    order.path = below;
    assert_true(heng_host_order(rig.host, 0, &order));
    teardown(&rig);
}

static void the_queue_down_is_bounded(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_path here = {0};
    open_usual(&rig);
    unsigned said = 0;
    while (said < 1000 && heng_host_ask(rig.host, 0, said, "status", &here)) said++;
    assert_int_equal(said, 64);
    pump(&rig);
    assert_true(heng_host_ask(rig.host, 0, said, "status", &here));
    pump(&rig);
    uint8_t *big = calloc(1, HENG_UPLINK_MESSAGE_MAX);
    struct heng_slice config = heng_slice_of(big, HENG_UPLINK_MESSAGE_MAX);
    assert_true(heng_host_config(rig.host, 0, config));
    assert_false(heng_host_config(rig.host, 0, config));
    pump(&rig);
    heng_host_unsent(rig.host, 0, HENG_UPLINK_MESSAGE_MAX + 20);
    assert_false(heng_host_config(rig.host, 0, config));
    heng_host_unsent(rig.host, 0, 0);
    assert_true(heng_host_config(rig.host, 0, config));
    free(big);
    teardown(&rig);
}

/* --- time ----------------------------------------------------------------------------------------------------------
 */

static void silence_is_pinged_then_ended(void **state)
{
    (void)state;
    struct rig rig;
    struct heng_hello hello = hello_of(EPOCH, 0);
    struct heng_welcome welcome = usual;
    welcome.ping_s = 20;
    open_with(&rig, &hello, &welcome);
    rig.now = S(1);
    heng_say_pong(&rig.say, wall_at(0), wall_at(0));
    flush(&rig);
    assert_int_equal(heng_host_deadline(rig.host), S(31));
    struct heng_slice in;
    rig.now = S(31) - 1;
    pump(&rig);
    assert_int_equal(heard(&rig, &in), HENG_WIRE_UNKNOWN);
    rig.now = S(31);
    pump(&rig);
    assert_int_equal(heard(&rig, &in), HENG_WIRE_PING);
    assert_int_equal(heng_host_deadline(rig.host), S(41));
    rig.now = S(41) - 1;
    pump(&rig);
    assert_false(rig.ended);
    rig.now = S(41);
    pump(&rig);
    assert_true(rig.ended);
    assert_int_equal(rig.refusal, HENG_REFUSAL_SILENT);
    assert_int_equal(heng_host_deadline(rig.host), HENG_US_NEVER);
    teardown(&rig);
}

static void who_says_nothing_is_not_waited_for(void **state)
{
    (void)state;
    for (int stranger = 0; stranger < 2; stranger++) {
        struct rig rig;
        setup(&rig, stranger);
        heng_us most = heng_host_deadline(rig.host);
        assert_in_range(most, S(30), S(60));
        /* A byte now and then buys no time. */
        for (rig.now = 0; rig.now < most; rig.now += S(5)) feed(&rig, heng_slice_of("\0\0\0\0", 1), 1);
        assert_false(rig.ended);
        rig.now = most;
        pump(&rig);
        assert_true(rig.ended);
        assert_int_equal(rig.refusal, HENG_REFUSAL_SILENT);
        teardown(&rig);
    }
}

/* What a gateway calls itself goes to logs and terminals: nothing in it may be obeyed there. */
static void texts_for_people_are_cleaned(void **state)
{
    (void)state;
    static struct heng_hello hello, back;
    struct heng_wire_out said = {0};
    struct heng_wire_in in = {0};
    struct heng_slice content;
    heng_wire_kind kind;
    hello = hello_of(EPOCH, 0);
    snprintf(hello.software, sizeof hello.software, "a\x1b[31m\xc2\x9b\x37mb\xff\n热\xe7\x83");
    assert_true(heng_say_hello(&said, &hello));
    assert_int_equal(heng_wire_feed(&in, heng_slice_of(said.p, said.n)), HENG_OK);
    assert_int_equal(heng_wire_next(&in, HENG_UPLINK_HELLO_MAX, &kind, &content), HENG_OK);
    assert_int_equal(heng_hear_hello(content, &back, NULL), HENG_OK);
    assert_string_equal(back.software, "a?[31m?7mb??热??");
    heng_wire_in_fini(&in);
    heng_wire_out_fini(&said);
}

/* --- hostile peers -------------------------------------------------------------------------------------------------
 */

/* What a peer says once it is welcomed, or at once. */
typedef void says(struct rig *rig);

static void raw(struct rig *rig, const char *bytes, size_t n)
{
    rig->say.p = malloc(n);
    assert_non_null(rig->say.p);
    memcpy(rig->say.p, bytes, n);
    rig->say.n = rig->say.cap = n;
}

static void says_http(struct rig *rig) { raw(rig, "GET / HTTP/1.1\r\nHost: heng\r\n\r\n", 30); }
static void says_too_long(struct rig *rig) { raw(rig, "\x00\x10\x00\x09", 4); }
static void says_endless(struct rig *rig) { raw(rig, "\xff\xff\xff\xff", 4); }
static void says_stranger_too_long(struct rig *rig) { raw(rig, "\x00\x00\x20\x09", 4); }
static void says_hello_too_long(struct rig *rig) { raw(rig, "\x00\x00\x80\x09", 4); }
static void says_group(struct rig *rig) { raw(rig, "\x00\x00\x00\x02\x0b\x0c", 6); }
static void says_open_end(struct rig *rig) { raw(rig, "\x00\x00\x00\x03\x0a\x7f\x00", 7); }
static void says_number_for_batch(struct rig *rig) { raw(rig, "\x00\x00\x00\x02\x10\x05", 6); }
static void says_field_zero(struct rig *rig) { raw(rig, "\x00\x00\x00\x02\x02\x00", 6); }

static void says_batch(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    heng_say_batch(&rig->say, false, &batch);
}
static void says_gap(struct rig *rig)
{
    struct heng_batch batch = batch_of(2, 3);
    heng_say_batch(&rig->say, false, &batch);
}
static void says_again(struct rig *rig)
{
    says_batch(rig);
    says_batch(rig);
}
static void says_other_epoch(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    batch.epoch++;
    for (size_t i = 0; i < 3; i++) {
        entries[i].entry.epoch++;
        entries[i].entry.check = heng_entry_check(&entries[i].entry);
    }
    heng_say_batch(&rig->say, false, &batch);
}
static void says_hole(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    entries[1] = entries[2];
    batch.entry_count = 2;
    heng_say_batch(&rig->say, false, &batch);
}
static void says_twice(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    batch.gone = &(struct heng_entry_range){2, 2};
    batch.gone_count = 1;
    heng_say_batch(&rig->say, false, &batch);
}
static void says_backward(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 2);
    struct heng_batch_entry e = entries[0];
    entries[0] = entries[1];
    entries[1] = e;
    heng_say_batch(&rig->say, false, &batch);
}
static void says_gone_backward(struct rig *rig)
{
    struct heng_batch batch = {
        .epoch = EPOCH, .first = 1, .last = 5, .gone = &(struct heng_entry_range){1, 0}, .gone_count = 1};
    heng_say_batch(&rig->say, false, &batch);
}
static void says_gone_to_the_end_of_numbers(struct rig *rig)
{
    struct heng_batch batch = {.epoch = EPOCH, .first = 1, .last = UINT64_MAX, .gone_count = 1};
    batch.gone = &(struct heng_entry_range){1, UINT64_MAX};
    heng_say_batch(&rig->say, false, &batch);
}
static void says_empty_batch(struct rig *rig)
{
    heng_say_batch(&rig->say, false, &(struct heng_batch){.epoch = EPOCH, .first = 1});
}
static void says_wrong_check(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    entries[2].entry.check ^= 1;
    heng_say_batch(&rig->say, false, &batch);
}
static void says_kind(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    entries[2].entry.kind = (heng_entry_kind)99;
    heng_say_batch(&rig->say, false, &batch);
}
static void says_rank(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    entries[2].entry.rank = (heng_entry_rank)3;
    heng_say_batch(&rig->say, false, &batch);
}
static void says_too_many(struct rig *rig)
{
    static uint8_t body[8];
    for (size_t i = 0; i <= HENG_UPLINK_BATCH_ENTRIES_MAX; i++) entries[i] = entry_of(EPOCH, 1 + i, 8, body);
    struct heng_batch batch = {
        .epoch = EPOCH, .first = 1, .last = HENG_UPLINK_BATCH_ENTRIES_MAX + 1, .entries = entries};
    batch.entry_count = HENG_UPLINK_BATCH_ENTRIES_MAX + 1;
    heng_say_batch(&rig->say, false, &batch);
}
static void says_long_body(struct rig *rig)
{
    static uint8_t body[HENG_ENTRY_BODY_MAX + 1];
    entries[0] = entry_of(EPOCH, 1, sizeof body, body);
    heng_say_batch(&rig->say, false, &(struct heng_batch){EPOCH, 1, 1, entries, 1, NULL, 0});
}
static void says_live_with_numbers(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    heng_say_batch(&rig->say, true, &batch);
}
static void says_batch_without_numbers(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 3);
    batch.first = batch.last = 0;
    heng_say_batch(&rig->say, false, &batch);
}
static void says_more_than_the_window(struct rig *rig)
{
    for (unsigned i = 0; i < 9; i++) {
        struct heng_batch batch = batch_of(1 + i * 300, 300);
        heng_say_batch(&rig->say, false, &batch);
    }
}
static void says_too_many_small_ones(struct rig *rig)
{
    for (unsigned i = 0; i <= HENG_UPLINK_UNDER_WAY_MAX; i++) {
        struct heng_batch batch = batch_of(1 + i, 1);
        heng_say_batch(&rig->say, false, &batch);
    }
}
static void says_one_too_big(struct rig *rig)
{
    struct heng_batch batch = batch_of(1, 512);
    for (size_t i = 0; i < 512; i++) entries[i] = entry_of(EPOCH, 1 + i, sizeof bodies[0], bodies[i]);
    heng_say_batch(&rig->say, false, &batch);
}
static void says_hello(struct rig *rig)
{
    struct heng_hello hello = hello_of(EPOCH, 0);
    heng_say_hello(&rig->say, &hello);
}
static void says_hello_twice(struct rig *rig)
{
    says_hello(rig);
    says_hello(rig);
}
static void says_hello_without_epoch(struct rig *rig)
{
    struct heng_hello hello = hello_of(0, 0);
    heng_say_hello(&rig->say, &hello);
}
static void says_hello_first_behind_last(struct rig *rig)
{
    struct heng_hello hello = hello_of(EPOCH, 3);
    hello.first = 5;
    heng_say_hello(&rig->say, &hello);
}
static void says_hello_and_batch(struct rig *rig)
{
    says_hello(rig);
    says_batch(rig);
}
static void says_ping(struct rig *rig) { heng_say_ping(&rig->say, &(struct heng_ping){0}); }
static void says_welcome(struct rig *rig) { heng_say_welcome(&rig->say, &usual); }
static void says_order(struct rig *rig) { heng_say_order(&rig->say, &(struct heng_down_order){.id = 1, .line_id = 1}); }
static void says_enrol(struct rig *rig)
{
    heng_say_enrol_ask(&rig->say, &(struct heng_enrol_ask){.request = heng_slice_str("please"), .name = "box"});
}
static void says_enrol_often(struct rig *rig)
{
    for (int i = 0; i < 9; i++) says_enrol(rig);
}
static void says_enrol_without_request(struct rig *rig)
{
    heng_say_enrol_ask(&rig->say, &(struct heng_enrol_ask){.name = "box"});
}
static void says_enrol_with_much(struct rig *rig)
{
    static uint8_t request[HENG_UPLINK_REQUEST_MAX + 1];
    heng_say_enrol_ask(&rig->say, &(struct heng_enrol_ask){.request = heng_slice_of(request, sizeof request)});
}
static void says_outcome_of_nothing(struct rig *rig)
{
    heng_say_outcome(&rig->say, &(struct heng_down_outcome){.what = (heng_outcome_of)7});
}
static void says_children(struct rig *rig)
{
    struct heng_ping ping = {.child_count = 1, .children = {{.gateway_id = -1}}};
    heng_say_ping(&rig->say, &ping);
}
/* A ping that repeats an empty child as often as a message has room: 120 bytes of memory for two of the wire. */
/* Within Hello: software of "a", NUL, "b"; and the same of a child. */
static void says_text_with_nul(struct rig *rig)
{
    heng_wire_put(&rig->say, HENG_WIRE_HELLO, heng_slice_of("\x08\x01\x10\x01\x30\x05\x1a\x03\x61\x00\x62", 11));
}
static void says_child_with_nul(struct rig *rig)
{
    static const char hello[] = "\x08\x01\x10\x01\x30\x05\x6a\x07\x08\x04\x3a\x03\x61\x00\x62";
    heng_wire_put(&rig->say, HENG_WIRE_HELLO, heng_slice_of(hello, sizeof hello - 1));
}
static void says_many_children(struct rig *rig)
{
    size_t n = HENG_UPLINK_MESSAGE_MAX;
    uint8_t *p = heng_wire_begin(&rig->say, HENG_WIRE_PING, n);
    for (size_t i = 0; i < n; i += 2) memcpy(p + i, "\x12\x00", 2);
}
static void says_many_capabilities(struct rig *rig)
{
    size_t n = HENG_UPLINK_HELLO_MAX;
    uint8_t *p = heng_wire_begin(&rig->say, HENG_WIRE_HELLO, n);
    for (size_t i = 0; i < n; i += 2) memcpy(p + i, "\x2a\x00", 2);
}
static void says_many_entries(struct rig *rig)
{
    size_t n = HENG_UPLINK_MESSAGE_MAX;
    uint8_t *p = heng_wire_begin(&rig->say, HENG_WIRE_BATCH, n);
    for (size_t i = 0; i < n; i += 2) memcpy(p + i, "\x22\x00", 2);
}

enum { OPEN, FRESH, STRANGER };
static const struct {
    const char *name;
    says *says;
    int state;
    heng_refusal refusal;
} peers[] = {
    {"HTTP to a fresh one", says_http, FRESH, HENG_REFUSAL_TOO_LONG},
    {"HTTP of a stranger", says_http, STRANGER, HENG_REFUSAL_TOO_LONG},
    {"a length over the limit", says_too_long, OPEN, HENG_REFUSAL_TOO_LONG},
    {"a length without end", says_endless, OPEN, HENG_REFUSAL_TOO_LONG},
    {"a stranger's length", says_stranger_too_long, STRANGER, HENG_REFUSAL_TOO_LONG},
    {"a greeting's length", says_hello_too_long, FRESH, HENG_REFUSAL_TOO_LONG},
    {"a group", says_group, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a field longer than the message", says_open_end, FRESH, HENG_REFUSAL_PROTOCOL},
    {"a batch that is a number", says_number_for_batch, OPEN, HENG_REFUSAL_PROTOCOL},
    {"field 0", says_field_zero, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a batch before Hello", says_batch, FRESH, HENG_REFUSAL_PROTOCOL},
    {"a batch of a stranger", says_batch, STRANGER, HENG_REFUSAL_PROTOCOL},
    {"a ping before Hello", says_ping, FRESH, HENG_REFUSAL_PROTOCOL},
    {"a batch before Welcome", says_hello_and_batch, FRESH, HENG_REFUSAL_PROTOCOL},
    {"Hello twice", says_hello_twice, FRESH, HENG_REFUSAL_PROTOCOL},
    {"Hello once more", says_hello, OPEN, HENG_REFUSAL_PROTOCOL},
    {"Hello of a stranger", says_hello, STRANGER, HENG_REFUSAL_UNKNOWN},
    {"Hello without an epoch", says_hello_without_epoch, FRESH, HENG_REFUSAL_PROTOCOL},
    {"Hello with first behind last", says_hello_first_behind_last, FRESH, HENG_REFUSAL_PROTOCOL},
    {"Hello of capabilities", says_many_capabilities, FRESH, HENG_REFUSAL_PROTOCOL},
    {"enrolment before Hello", says_enrol, FRESH, HENG_REFUSAL_PROTOCOL},
    {"enrolment again and again", says_enrol_often, STRANGER, HENG_REFUSAL_ENROLMENT},
    {"enrolment without a request", says_enrol_without_request, STRANGER, HENG_REFUSAL_ENROLMENT},
    {"enrolment with too much of it", says_enrol_with_much, STRANGER, HENG_REFUSAL_ENROLMENT},
    {"a batch with a gap before it", says_gap, OPEN, HENG_REFUSAL_SEQUENCE},
    {"a batch again", says_again, OPEN, HENG_REFUSAL_SEQUENCE},
    {"a batch of another epoch", says_other_epoch, OPEN, HENG_REFUSAL_SEQUENCE},
    {"a batch with a hole", says_hole, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a number twice", says_twice, OPEN, HENG_REFUSAL_PROTOCOL},
    {"numbers backward", says_backward, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a range backward", says_gone_backward, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a range to the end of numbers", says_gone_to_the_end_of_numbers, OPEN, HENG_REFUSAL_PROTOCOL},
    {"an empty batch", says_empty_batch, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a check that does not fit", says_wrong_check, OPEN, HENG_REFUSAL_PROTOCOL},
    {"an unknown kind", says_kind, OPEN, HENG_REFUSAL_PROTOCOL},
    {"an unknown rank", says_rank, OPEN, HENG_REFUSAL_PROTOCOL},
    {"too many entries", says_too_many, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a body that is too long", says_long_body, OPEN, HENG_REFUSAL_PROTOCOL},
    {"live with numbers", says_live_with_numbers, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a batch without numbers", says_batch_without_numbers, OPEN, HENG_REFUSAL_PROTOCOL},
    {"more than the window", says_more_than_the_window, OPEN, HENG_REFUSAL_PROTOCOL},
    {"more batches than the window", says_too_many_small_ones, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a batch that is too big", says_one_too_big, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a welcome", says_welcome, OPEN, HENG_REFUSAL_PROTOCOL},
    {"an order", says_order, OPEN, HENG_REFUSAL_PROTOCOL},
    {"an outcome of nothing", says_outcome_of_nothing, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a child without number", says_children, OPEN, HENG_REFUSAL_PROTOCOL},
    {"a text with a NUL", says_text_with_nul, FRESH, HENG_REFUSAL_PROTOCOL},
    {"a child's text with a NUL", says_child_with_nul, FRESH, HENG_REFUSAL_PROTOCOL},
    {"children without end", says_many_children, OPEN, HENG_REFUSAL_PROTOCOL},
    {"entries without end", says_many_entries, OPEN, HENG_REFUSAL_PROTOCOL},
};

static void each_hostile_peer_gets_its_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        struct rig rig;
        uint8_t *said;
        heap_count();
        if (peers[i].state == OPEN)
            open_usual(&rig);
        else
            setup(&rig, peers[i].state == STRANGER);
        heap.counting = false;
        peers[i].says(&rig);
        struct heng_slice bytes = keep(heng_slice_of(rig.say.p, rig.say.n), &said);
        heng_wire_out_fini(&rig.say);
        heap.counting = true;
        heap.peak = heap.live;
        feed(&rig, bytes, 16384);
        heap.counting = false;
        free(said);
        if (!rig.ended || rig.refusal != peers[i].refusal)
            fail_msg("%s: ended %d, %s: %s", peers[i].name, rig.ended, heng_refusal_text(rig.refusal), rig.why);
        /* It is told why, as the last thing, and nothing else is heard. */
        struct heng_slice in;
        heng_wire_kind kind, last = HENG_WIRE_UNKNOWN;
        while ((kind = heard(&rig, &in)) != HENG_WIRE_UNKNOWN) last = kind;
        assert_int_equal(last, HENG_WIRE_REFUSED);
        feed(&rig, heng_slice_of("\0\0\0\0", 4), 4);
        /* The receive buffer doubles and is moved; the rest is a batch's room and what a message unpacks to. */
        if (heap.peak > 2 * bytes.n + 16384 + 160 * 1024)
            fail_msg("%s: %zu bytes said, %zu of memory", peers[i].name, bytes.n, heap.peak);
        teardown(&rig);
    }
}

static void what_is_announced_costs_nothing(void **state)
{
    (void)state;
    struct rig rig;
    heap_count();
    open_usual(&rig);
    size_t resting = heap.live;
    feed(&rig, heng_slice_of("\x00\x10\x00\x00\x12", 5), 5);
    assert_false(rig.ended);
    assert_in_range(heap.live, resting, resting + 64);
    heap.counting = false;
    teardown(&rig);
}

static void a_resting_host_is_small(void **state)
{
    (void)state;
    struct rig rig;
    heap_count();
    open_usual(&rig);
    heap.counting = false;
    struct heng_batch batch = batch_of(1, 100);
    heng_say_batch(&rig.say, false, &batch);
    uint8_t *said;
    struct heng_slice bytes = keep(heng_slice_of(rig.say.p, rig.say.n), &said);
    heng_wire_out_fini(&rig.say);
    heap.counting = true;
    feed(&rig, bytes, 1000);
    heng_host_stored(rig.host, rig.now, EPOCH, 100);
    pump(&rig);
    heap.counting = false;
    free(said);
    print_message("# a resting host: %zu bytes; the highest with a batch of %zu: %zu\n", heap.live, bytes.n, heap.peak);
    assert_in_range(heap.live, 1, 1024);
    teardown(&rig);
}

/* Each allocation fails once: the host goes on, or says goodbye, and leaks nothing. */
static void memory_that_runs_out_ends_one_connection(void **state)
{
    (void)state;
    uint8_t *said;
    struct heng_wire_out out = {0};
    struct heng_hello hello = hello_of(EPOCH, 100);
    heng_say_hello(&out, &hello);
    struct heng_slice greeting = keep(heng_slice_of(out.p, out.n), &said);
    heng_wire_out_fini(&out);
    struct heng_batch batch = batch_of(1, 50);
    heng_say_batch(&out, false, &batch);
    heng_say_ping(&out, &(struct heng_ping){.clock_us = 1});
    unsigned fails = 0;
    for (unsigned n = 2; n < 200; n++) {
        struct rig rig;
        heap_count();
        heap.fail_in = n;
        setup(&rig, false);
        feed(&rig, greeting, 20);
        heng_host_welcome(rig.host, 0, wall_at(0), &usual);
        pump(&rig);
        feed(&rig, heng_slice_of(out.p, out.n), 2000);
        heng_host_stored(rig.host, 0, EPOCH, 50);
        pump(&rig);
        bool hit = heap.fail_in == 0;
        fails += rig.ended;
        if (!rig.ended) assert_int_equal(rig.batches, 1);
        heap.fail_in = 0;
        heng_host_free(rig.host);
        rig.host = NULL;
        assert_int_equal(heap.live, 0);
        heap.counting = false;
        teardown(&rig);
        if (!hit) break;
    }
    assert_in_range(fails, 3, 199);
    heng_wire_out_fini(&out);
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_batches_and_acknowledges_what_is_stored),
        cmocka_unit_test(any_cut_of_the_bytes_is_the_same),
        cmocka_unit_test(versions_are_negotiated),
        cmocka_unit_test(a_concentrator_with_all_its_gateways_gets_in),
        cmocka_unit_test(its_clock_and_the_round_trip_are_measured),
        cmocka_unit_test(tells_only_what_it_can_do),
        cmocka_unit_test(the_queue_down_is_bounded),
        cmocka_unit_test(silence_is_pinged_then_ended),
        cmocka_unit_test(who_says_nothing_is_not_waited_for),
        cmocka_unit_test(texts_for_people_are_cleaned),
        cmocka_unit_test(each_hostile_peer_gets_its_refusal),
        cmocka_unit_test(what_is_announced_costs_nothing),
        cmocka_unit_test(a_resting_host_is_small),
        cmocka_unit_test(memory_that_runs_out_ends_one_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
