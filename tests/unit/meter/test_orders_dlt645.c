/* Orders to DL/T 645 meters: relay, clock, freeze, address, speed, months; passwords and what a meter refuses. */
#include "one_meter.h"
#include "power_meter.h"

#include "codec/dlt645.h"

static struct conversation *talk_to(struct power *p, heng_protocol protocol)
{
    return conversation_new(protocol, HENG_MEDIUM_ELECTRICITY, power_number, power_answers, p);
}

static struct heng_order order_of(heng_order_kind kind)
{
    return (struct heng_order){.kind = kind,
                               .has_secret = true,
                               .password = {0x02, 0x11, 0x22, 0x33},
                               .operator_code = {0x44, 0x55, 0x66, 0x77}};
}

static void test_trip_and_close(void **state)
{
    struct heng_order off = order_of(HENG_ORDER_DISCONNECT), on = order_of(HENG_ORDER_CONNECT);
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    assert_stage(converse(c, &off), HENG_STAGE_CONFIRMED, c);
    /* The clock is a minute off: nothing to set. Then 1C, valid for half an hour, and the relay until it is open. */
    assert_request(c, 2, "FEFEFEFE68010006240000681C1035445566778899AA4D33356345534459EA16");
    assert_int_equal(p.written, 0);
    assert_int_equal(p.relay_commands, 1);
    assert_true(p.open);
    assert_int_equal(number_of(c->read, HENG_QUANTITY_RELAY_STATE), 1);
    assert_int_equal(count_of(c->read, HENG_QUANTITY_RELAY_STATE), 1);
    const heng_stage way[] = {HENG_STAGE_QUEUED, HENG_STAGE_SENT, HENG_STAGE_ACCEPTED, HENG_STAGE_CONFIRMED};
    assert_int_equal(c->stage_count, 4);
    assert_memory_equal(c->stages, way, sizeof way);

    /* Allowed, and somebody has to press the key. */
    p.wants_key = true;
    assert_stage(converse(c, &on), HENG_STAGE_CONFIRMED, c);
    assert_true(p.open);
    assert_why(c, "press the key");
    /* A model whose relay is closed from afar is closed. */
    static const struct heng_profile model = {
        .name = "direct", .protocols = 1u << HENG_PROTOCOL_DLT645_2007, .preamble = 4, .closes_relay = true};
    c->config.profile = &model;
    assert_stage(converse(c, &on), HENG_STAGE_CONFIRMED, c);
    assert_false(p.open);
    assert_int_equal(number_of(c->read, HENG_QUANTITY_RELAY_STATE), 0);
    conversation_free(c);
}

static void test_clock_first(void **state)
{
    struct heng_order off = order_of(HENG_ORDER_DISCONNECT);
    (void)state;
    for (unsigned hour = 10; hour <= 14; hour += 2) {
        struct power p = power_new();
        struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
        p.clock.hour = (uint8_t)hour;
        assert_stage(converse(c, &off), HENG_STAGE_CONFIRMED, c);
        assert_int_equal(p.written, hour == 12 ? 0 : 2);
        assert_int_equal(p.clock.hour, 12);
        conversation_free(c);
    }
    /* One that was never set, and one that does not show it. */
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    p.clock = (struct heng_civil){2000, 1, 1, 0, 0, 0};
    assert_stage(converse(c, &off), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(p.written, 2);
    p.open = p.commanded = false;
    p.hides_clock = true;
    assert_stage(converse(c, &off), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(p.relay_commands, 2);
    assert_int_equal(p.written, 2); /* as before: what it does not show is not set */
    /* Who is mute is told nothing. */
    p.hides_clock = false;
    p.deaf_to_clock = true;
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_int_equal(p.relay_commands, 2);
    assert_int_equal(c->asked, TRIES_MAX);
    conversation_free(c);
}

/* Midnight between the date and the time is no reason to set the clock. */
static void test_clock_around_midnight(void **state)
{
    struct heng_order off = order_of(HENG_ORDER_DISCONNECT);
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    c->talk = (struct heng_talk){.meter = &c->config, .memory = &c->memory, .order = off};
    c->talk.clock = (struct heng_civil){2026, 11, 20, 23, 59, 58};
    p.clock = c->talk.clock;
    heng_driver_of(c->config.protocol)->begin(&c->talk);
    exchange(c);
    p.clock = (struct heng_civil){2026, 11, 21, 0, 0, 1};
    c->talk.clock = p.clock;
    for (unsigned i = 0; i < 4; i++) exchange(c); /* date and time once more */
    assert_int_equal(p.written, 0);
    assert_int_equal(p.relay_commands, 1);
    assert_int_equal(c->read->frame_count, 2);
    conversation_free(c);
}

/* Begin at a moment of the night, and talk to the end. */
static heng_stage converse_at(struct conversation *c, const struct heng_order *order, struct heng_civil at)
{
    c->talk = (struct heng_talk){.meter = &c->config, .memory = &c->memory, .order = *order, .clock = at};
    c->asked = 0;
    c->ended = c->failed = false;
    heng_driver_of(c->config.protocol)->begin(&c->talk);
    while (!c->ended && c->asked < EXCHANGES_MAX) exchange(c);
    return c->talk.stage;
}

/* Nor is it a clock that is a day behind. */
static void test_clock_read_around_midnight(void **state)
{
    struct heng_order read = order_of(HENG_ORDER_READ_CLOCK);
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    c->talk = (struct heng_talk){.meter = &c->config, .memory = &c->memory, .order = read};
    p.clock = (struct heng_civil){2026, 11, 20, 23, 59, 58};
    heng_driver_of(c->config.protocol)->begin(&c->talk);
    exchange(c);
    p.clock = (struct heng_civil){2026, 11, 21, 0, 0, 1};
    while (!c->ended && c->asked < EXCHANGES_MAX) exchange(c);
    assert_int_equal(c->asked, 4);
    assert_int_equal(c->read->frame_count, 2);
    assert_int_equal(c->read->frames[0].bytes[15], 0x21 + HENG_DLT645_BIAS); /* the day */
    conversation_free(c);
}

/* A clock that is a whole day behind is wrong in the first minute of a day, too. */
static void test_clock_of_yesterday(void **state)
{
    struct heng_order set = order_of(HENG_ORDER_SET_CLOCK);
    (void)state;
    for (unsigned stands = 0; stands < 2; stands++) {
        struct power p = power_new();
        struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
        p.clock = (struct heng_civil){2026, 11, 20, 0, 0, 5};
        p.stands = stands;
        heng_stage stage = converse_at(c, &set, (struct heng_civil){2026, 11, 21, 0, 0, 1});
        assert_stage(stage, stands ? HENG_STAGE_FAILED : HENG_STAGE_CONFIRMED, c);
        if (!stands) assert_int_equal(p.clock.day, 21);
        conversation_free(c);
    }
}

/* Midnight between the date that is written and the time leaves the meter a day behind: both are written again. */
static void test_clock_set_at_midnight(void **state)
{
    static const heng_order_kind kinds[] = {HENG_ORDER_SET_CLOCK, HENG_ORDER_DISCONNECT};
    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (uint8_t second = 50; second < 60; second++) {
            struct heng_order order = order_of(kinds[k]);
            struct power p = power_new();
            struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
            p.clock.year = 2019;
            assert_stage(converse_at(c, &order, (struct heng_civil){2026, 11, 20, 23, 59, second}),
                         HENG_STAGE_CONFIRMED, c);
            assert_int_equal(p.clock.day, p.clock.hour == 0 ? 21 : 20);
            conversation_free(c);
        }
}

static void test_password(void **state)
{
    struct heng_order off = order_of(HENG_ORDER_DISCONNECT), bare = {.kind = HENG_ORDER_DISCONNECT};
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    struct heng_err err = {.text = ""};
    (void)state;
    assert_int_equal(heng_meter_can(&c->config, &bare, &err), HENG_EDENIED);
    assert_non_null(strstr(err.text, "password"));
    snprintf(c->config.address, sizeof c->config.address, "AAAAAAAAAAAA");
    assert_int_equal(heng_meter_can(&c->config, &off, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "every meter"));
    snprintf(c->config.address, sizeof c->config.address, "%s", power_number);
    off.password[3] = 0x34;
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_why(c, "password wrong");
    assert_int_equal(p.wrong, 1); /* said once: the third time would lock the meter */
    p.two_byte_errors = true;
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_why(c, "esam failed");
    /* The clock cannot be set either, and then the relay is left alone. */
    p.two_byte_errors = false;
    p.clock.hour = 3;
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_int_equal(p.wrong, 3);
    assert_int_equal(p.relay_commands, 0);
    conversation_free(c);
}

static void test_relay_that_does_not_move(void **state)
{
    struct heng_order off = order_of(HENG_ORDER_DISCONNECT);
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    p.stuck = true;
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_why(c, "has the command, but its relay is still closed");
    assert_in_range(c->paused_ms, 60000, 66000);
    p.warns = true;
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_why(c, "warns");
    p = power_new();
    p.kept = true;
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_why(c, "release that first");
    assert_int_equal(c->paused_ms, 0);
    conversation_free(c);
}

/* A relay that the meter has opened by itself, for want of credit: that it may close is what an OK says, not what its
 * word says. */
static void test_allowed_only_by_an_ok(void **state)
{
    struct heng_order on = order_of(HENG_ORDER_CONNECT);
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    p.open = p.wants_key = true;
    c->unheard = 7 << 2;
    assert_stage(converse(c, &on), HENG_STAGE_FAILED, c);
    assert_int_equal(p.relay_commands, 0);
    c->unheard = 3 << 2;
    assert_stage(converse(c, &on), HENG_STAGE_CONFIRMED, c);
    assert_why(c, "key");
    conversation_free(c);
}

static void test_keep_and_release(void **state)
{
    struct heng_order keep = order_of(HENG_ORDER_KEEP), release = order_of(HENG_ORDER_RELEASE);
    struct heng_order off = order_of(HENG_ORDER_DISCONNECT);
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    assert_stage(converse(c, &keep), HENG_STAGE_CONFIRMED, c);
    assert_true(p.kept);
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_stage(converse(c, &release), HENG_STAGE_CONFIRMED, c);
    assert_false(p.kept);
    assert_stage(converse(c, &off), HENG_STAGE_CONFIRMED, c);
    conversation_free(c);
}

static void test_silence_at_every_step(void **state)
{
    struct heng_order off = order_of(HENG_ORDER_DISCONNECT);
    (void)state;
    for (unsigned lost = 0; lost < 256; lost++) {
        struct power p = power_new();
        struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
        c->lost = lost;
        heng_stage stage = converse(c, &off);
        /* A failure is that nobody answered three times in a row, and never one to a relay that says it is open. */
        if (stage == HENG_STAGE_FAILED) assert_true(c->failed);
        if (stage == HENG_STAGE_CONFIRMED) assert_true(p.open);
        conversation_free(c);
        p = power_new();
        c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
        c->unheard = lost;
        stage = converse(c, &off);
        assert_int_equal(stage, p.open ? HENG_STAGE_CONFIRMED : HENG_STAGE_FAILED);
        conversation_free(c);
    }
}

static void test_repeated_and_foreign_answers(void **state)
{
    struct heng_order off = order_of(HENG_ORDER_DISCONNECT);
    struct power p = power_new(), neighbour = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    uint8_t bytes[128];
    struct heng_buf noise = heng_buf_of(bytes, sizeof bytes);
    (void)state;
    neighbour.id[11] = '2';
    neighbour.open = neighbour.commanded = true;
    power_on_read(&neighbour, false, 0x04000503, &noise);
    power_put_answer(&neighbour, 0x9C, (struct heng_slice){0}, &noise);
    power_refuse(&neighbour, 0x1C, 4, &noise);
    c->noise = heng_buf_slice(&noise);
    c->twice = true;
    p.stuck = true;
    assert_stage(converse(c, &off), HENG_STAGE_FAILED, c);
    assert_why(c, "still closed");
    assert_int_equal(c->foreign, 3 * c->asked);
    p.stuck = false;
    assert_stage(converse(c, &off), HENG_STAGE_CONFIRMED, c);
    conversation_free(c);
}

static void clock_of(heng_protocol protocol)
{
    struct heng_order set = order_of(HENG_ORDER_SET_CLOCK);
    struct power p = power_new();
    struct conversation *c = talk_to(&p, protocol);
    p.clock.year = 2019;
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(p.clock.year, 2026);
    assert_int_equal(p.written, 2);
    /* 2026-11-20 is a Friday: 05 20 11 26. */
    if (protocol == HENG_PROTOCOL_DLT645_2007)
        assert_request(c, 0, "FEFEFEFE680100062400006814103434333735445566778899AA385344598F16");
    p.stands = true;
    p.clock.hour = 9;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_why(c, "wrong by -10");
    assert_int_equal(p.written, 6);
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_READ_CLOCK}), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->read->frame_count, 2);
    set.password[1] = 0;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_int_equal(p.wrong, 1);
    set.has_secret = false;
    assert_int_equal(heng_meter_can(&c->config, &set, NULL), HENG_EDENIED);
    conversation_free(c);
}

static void test_clock(void **state)
{
    (void)state;
    clock_of(HENG_PROTOCOL_DLT645_2007);
    clock_of(HENG_PROTOCOL_DLT645_1997);
}

static void test_freeze(void **state)
{
    struct heng_order freeze = {.kind = HENG_ORDER_FREEZE};
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    p.frozen = (struct heng_civil){2026, 11, 1, 0, 0, 0};
    assert_stage(converse(c, &freeze), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 0,
                   "FEFEFEFE680100062400006816"
                   "04CCCCCCCC"
                   "4516");
    p.stands = true;
    p.frozen = (struct heng_civil){2026, 11, 1, 0, 0, 0};
    assert_stage(converse(c, &freeze), HENG_STAGE_FAILED, c);
    assert_why(c, "2026-11-01 00:00");
    /* Whoever has not heard it has frozen values a moment ago all the same, for another reason. */
    p.frozen = p.clock;
    c->unheard = 7;
    assert_stage(converse(c, &freeze), HENG_STAGE_FAILED, c);
    assert_why(c, "does not answer");
    conversation_free(c);
}

struct pair {
    struct power meter, neighbour;
};

static void pair_answers(void *meter, struct heng_slice request, struct heng_buf *ret)
{
    struct pair *pair = meter;
    power_answers(&pair->meter, request, ret);
    power_answers(&pair->neighbour, request, ret);
}

/* The neighbour has the new number already: nobody is renamed, and the neighbour's answer confirms nothing. */
static void taken_address_of(heng_protocol protocol, bool deaf)
{
    struct heng_order set = {.kind = HENG_ORDER_SET_ADDRESS, .address = "000099887766"};
    struct pair pair = {power_new(), power_new()};
    struct conversation *c = conversation_new(protocol, HENG_MEDIUM_ELECTRICITY, power_number, pair_answers, &pair);
    memcpy(pair.neighbour.id, "000099887766", 13);
    pair.meter.deaf = deaf;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_why(c, "already");
    assert_string_equal(pair.meter.id, power_number);
    assert_int_equal(c->read->value_count + c->read->frame_count, 0);
    conversation_free(c);
}

static void test_taken_address(void **state)
{
    (void)state;
    for (unsigned deaf = 0; deaf < 2; deaf++) {
        taken_address_of(HENG_PROTOCOL_DLT645_2007, deaf);
        taken_address_of(HENG_PROTOCOL_DLT645_1997, deaf);
    }
}

static void address_of(heng_protocol protocol)
{
    struct heng_order set = {.kind = HENG_ORDER_SET_ADDRESS, .address = "000099887766"};
    struct power p = power_new();
    struct conversation *c = talk_to(&p, protocol);
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_string_equal(p.id, set.address);
    assert_int_equal(c->asked, TRIES_MAX + 2); /* nobody has the number, the command, the meter */
    assert_why(c, "000099887766");
    assert_why(c, "configuration");
    snprintf(set.address, sizeof set.address, "AAAAAAAAAAAA");
    assert_int_equal(heng_meter_can(&c->config, &set, NULL), HENG_ECONFIG);
    conversation_free(c);
}

static void test_address(void **state)
{
    struct heng_order who = {.kind = HENG_ORDER_READ_ADDRESS};
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    address_of(HENG_PROTOCOL_DLT645_2007);
    address_of(HENG_PROTOCOL_DLT645_1997);
    snprintf(p.id, sizeof p.id, "123412341234"); /* whoever it is */
    assert_stage(converse(c, &who), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 0, "FEFEFEFE68AAAAAAAAAAAA681300DF16");
    assert_int_equal(c->read->frame_count, 1);
    conversation_free(c);
}

static void test_baud(void **state)
{
    struct heng_order set = {.kind = HENG_ORDER_SET_BAUD, .baud = 9600};
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 0,
                   "FEFEFEFE680100062400006817"
                   "0153"
                   "6616");
    assert_int_equal(c->then_baud, 9600);
    assert_why(c, "9600");
    /* No answer: nobody has switched, and the old speed proves nothing. */
    c->lost = 7;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_int_equal(c->then_baud, 0);
    set.baud = 9601;
    assert_int_equal(heng_meter_can(&c->config, &set, NULL), HENG_ERANGE);
    conversation_free(c);
}

static void test_months(void **state)
{
    struct heng_order order = {.kind = HENG_ORDER_READ_HISTORY};
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    for (order.back = 1; order.back <= 12; order.back++) {
        assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
        assert_int_equal(c->read->frame_count, 2);
        assert_int_equal(c->read->values[0].key.storage, order.back);
    }
    assert_int_equal(heng_meter_can(&c->config, &order, NULL), HENG_ERANGE);
    /* Of a model: the energy among its questions, or what it has for that. */
    static const struct heng_profile asks = {.name = "asks",
                                             .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
                                             .preamble = 4,
                                             .asks = {{.di = 0x02010100}, {.di = 0x00010000}, {.di = 0x00900100}},
                                             .ask_count = 3};
    static const struct heng_profile freezes = {.name = "freezes",
                                                .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
                                                .preamble = 0,
                                                .history = {{.di = 0x05060101}},
                                                .history_count = 1};
    order.back = 2;
    c->config.profile = &asks;
    assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->asked, 1);
    assert_int_equal(c->read->values[0].key.storage, 2);
    c->config.profile = &freezes;
    assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 0, "6801000624000068110435343938EA16");

    conversation_free(c);
    c = talk_to(&p, HENG_PROTOCOL_DLT645_1997);
    for (order.back = 1; order.back <= 2; order.back++) {
        assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
        assert_int_equal(c->read->values[0].key.storage, order.back);
    }
    assert_int_equal(heng_meter_can(&c->config, &order, NULL), HENG_ERANGE);
    conversation_free(c);
}

/* Of a block in three frames the third never gets through. */
static void first_parts_answer(void *meter, struct heng_slice request, struct heng_buf *ret)
{
    static const uint8_t data[] = {0x1F, 0x90, 0x56, 0x34, 0x12, 0x00};
    unsigned *at = meter;
    struct power p = power_new();
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_dlt645_1997_codec.decode(request, &t, &used, NULL), HENG_OK);
    *at = t.control == 0x01 ? 0 : *at + 1;
    if (*at < 2) power_put_answer(&p, *at ? 0xA2 : 0xA1, heng_slice_of(data, sizeof data), ret);
}

static void test_third_part_is_always_lost(void **state)
{
    const struct heng_order read = {.kind = HENG_ORDER_READ};
    unsigned at = 0;
    struct conversation *c =
        conversation_new(HENG_PROTOCOL_DLT645_1997, HENG_MEDIUM_ELECTRICITY, power_number, first_parts_answer, &at);
    (void)state;
    assert_stage(converse(c, &read), HENG_STAGE_FAILED, c);
    assert_in_range(c->asked, TRIES_MAX, 3 * TRIES_MAX);
    conversation_free(c);
}

static void test_state_and_probe(void **state)
{
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_2007);
    (void)state;
    p.open = p.commanded = true;
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_READ_STATE}), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(number_of(c->read, HENG_QUANTITY_RELAY_STATE), 1);
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_PROBE}), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->asked, 1);
    p.deaf = true;
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_PROBE}), HENG_STAGE_FAILED, c);
    conversation_free(c);
}

static void test_broadcast_and_what_cannot_be(void **state)
{
    static const heng_order_kind never_1997[] = {HENG_ORDER_READ_ADDRESS, HENG_ORDER_READ_STATE, HENG_ORDER_FREEZE,
                                                 HENG_ORDER_CONNECT,      HENG_ORDER_KEEP,       HENG_ORDER_SET_BAUD};
    const struct heng_driver *driver = heng_driver_of(HENG_PROTOCOL_DLT645_2007);
    const struct heng_civil noon = {2026, 11, 20, 12, 0, 0};
    struct heng_order clock = {.kind = HENG_ORDER_SET_CLOCK}, freeze = {.kind = HENG_ORDER_FREEZE};
    struct power p = power_new();
    struct conversation *c = talk_to(&p, HENG_PROTOCOL_DLT645_1997);
    struct heng_err err = {.text = ""};
    (void)state;
    c->asked = 1;
    assert_int_equal(driver->broadcast(&clock, &noon, &c->asks[0], &err), HENG_OK);
    assert_true(c->asks[0].silent);
    assert_request(c, 0, "FEFEFEFE689999999999996808063333455344590F16");
    assert_int_equal(driver->broadcast(&freeze, &noon, &c->asks[0], &err), HENG_OK);
    assert_int_equal(driver->broadcast(&(struct heng_order){.kind = HENG_ORDER_DISCONNECT}, &noon, &c->asks[0], &err),
                     HENG_EUNSUPPORTED);
    driver = heng_driver_of(HENG_PROTOCOL_DLT645_1997);
    assert_int_equal(driver->broadcast(&clock, &noon, &c->asks[0], &err), HENG_OK);
    assert_int_equal(driver->broadcast(&freeze, &noon, &c->asks[0], &err), HENG_EUNSUPPORTED);
    for (size_t i = 0; i < sizeof never_1997 / sizeof *never_1997; i++) {
        struct heng_order order = order_of(never_1997[i]);
        order.baud = 9600;
        assert_int_equal(heng_meter_can(&c->config, &order, &err), HENG_EUNSUPPORTED);
    }
    conversation_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trip_and_close),
        cmocka_unit_test(test_clock_first),
        cmocka_unit_test(test_clock_around_midnight),
        cmocka_unit_test(test_clock_read_around_midnight),
        cmocka_unit_test(test_clock_of_yesterday),
        cmocka_unit_test(test_clock_set_at_midnight),
        cmocka_unit_test(test_taken_address),
        cmocka_unit_test(test_password),
        cmocka_unit_test(test_relay_that_does_not_move),
        cmocka_unit_test(test_allowed_only_by_an_ok),
        cmocka_unit_test(test_keep_and_release),
        cmocka_unit_test(test_silence_at_every_step),
        cmocka_unit_test(test_repeated_and_foreign_answers),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_baud),
        cmocka_unit_test(test_months),
        cmocka_unit_test(test_third_part_is_always_lost),
        cmocka_unit_test(test_state_and_probe),
        cmocka_unit_test(test_broadcast_and_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
