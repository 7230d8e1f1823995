/* Orders to CJ/T 188 meters: valve, clock, water_number, months; what a meter may do instead of what it is told. */
#include "one_meter.h"
#include "water_meter.h"

#include "codec/cjt188.h"

static struct conversation *talk_to(struct water *w)
{
    return conversation_new(HENG_PROTOCOL_CJT188, HENG_MEDIUM_COLD_WATER, water_number, water_answers, w);
}

static const struct heng_order disconnect = {.kind = HENG_ORDER_DISCONNECT}, connect = {.kind = HENG_ORDER_CONNECT};

static void test_valve_is_done_when_it_says_so(void **state)
{
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    (void)state;
    assert_stage(converse(c, &disconnect), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 0, "FEFEFEFE6810753649590011110404A01701994016");
    assert_int_equal(w.valve, 1);
    assert_int_equal(c->asked, 4); /* the command, and three looks */
    assert_in_range(c->paused_ms, 2000, 10000);
    assert_int_equal(number_of(c->read, HENG_QUANTITY_VALVE_STATE), 1);
    /* Only the last look stays. */
    assert_int_equal(c->read->frame_count, 1);
    assert_int_equal(count_of(c->read, HENG_QUANTITY_VALVE_STATE), 1);
    const heng_stage way[] = {HENG_STAGE_SENT, HENG_STAGE_ACCEPTED, HENG_STAGE_CONFIRMED};
    assert_int_equal(c->stage_count, 3);
    assert_memory_equal(c->stages, way, sizeof way);

    assert_stage(converse(c, &connect), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(w.valve, 0);
    conversation_free(c);
}

static void test_sticking_valve(void **state)
{
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    (void)state;
    w.stuck = true;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c);
    assert_false(c->failed); /* it has answered all the time */
    assert_why(c, "still open");
    assert_in_range(c->paused_ms, 60000, 66000);
    assert_int_equal(number_of(c->read, HENG_QUANTITY_VALVE_STATE), 0);

    w.fault = true;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c);
    assert_why(c, "fault");
    w.fault = w.stuck = false;
    w.valve = w.target = 2;
    w.looks = 0;
    w.stuck = true;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c);
    assert_why(c, "neither open nor closed");
    conversation_free(c);
}

static void test_codes_and_patience_of_a_model(void **state)
{
    static const struct heng_profile model = {.name = "other-way",
                                              .protocols = 1u << HENG_PROTOCOL_CJT188,
                                              .preamble = 2,
                                              .move_s = 6,
                                              .dialect = {.cjt188 = {.valve_open = 0x99, .valve_close = 0x55}}};
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    (void)state;
    /* Told by the standard it does the opposite of what was wanted, and that shows. */
    w.inverted = true;
    w.valve = 1;
    assert_stage(converse(c, &connect), HENG_STAGE_FAILED, c);
    assert_int_equal(w.valve, 1);
    c->config.profile = &model;
    assert_stage(converse(c, &connect), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(w.valve, 0);
    w.stuck = true;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c);
    assert_in_range(c->paused_ms, 6000, 8000);
    conversation_free(c);
}

static void test_meter_that_is_silent_while_its_valve_moves(void **state)
{
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    (void)state;
    w.mute_while_moving = true;
    w.looks = 6;
    assert_stage(converse(c, &disconnect), HENG_STAGE_CONFIRMED, c);
    conversation_free(c);
}

static void test_refused_command_is_not_repeated(void **state)
{
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    (void)state;
    c->memory.di_known = true;
    w.refuses = true;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c);
    assert_int_equal(c->asked, 1);
    assert_int_equal(c->refused, 1);
    assert_why(c, "refuses");
    /* Nobody knows yet in which order this one wants its DI: then it may have been that. */
    c->memory.di_known = false;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c);
    assert_true(c->asked > 1);
    conversation_free(c);
}

static void test_meter_without_a_valve(void **state)
{
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    (void)state;
    w.no_status = true;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c);
    assert_why(c, "does not say how its valve stands");
    assert_int_equal(c->paused_ms, 0);
    /* A state that nobody told is not read, whatever the line makes of DONE. */
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_READ_STATE}), HENG_STAGE_FAILED, c);
    assert_true(c->failed);
    assert_why(c, "does not say how its valve stands");
    conversation_free(c);
}

/* Whatever is lost on the way, the end is what the valve says; and a dead meter is given up. */
static void test_silence_at_every_step(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 64; lost++) {
        struct water w = water_new();
        struct conversation *c = talk_to(&w);
        c->lost = lost;
        bool dumb = lost == 63; /* all tries of the command and of the first look: nobody is there */
        assert_stage(converse(c, &disconnect), dumb ? HENG_STAGE_FAILED : HENG_STAGE_CONFIRMED, c);
        assert_true(dumb || w.valve == 1);
        conversation_free(c);

        w = water_new();
        c = talk_to(&w);
        c->memory.di_known = true;
        c->unheard = lost;
        heng_stage stage = converse(c, &disconnect);
        assert_int_equal(stage, w.valve == 1 ? HENG_STAGE_CONFIRMED : HENG_STAGE_FAILED);
        conversation_free(c);
    }
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    w.deaf = true;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c);
    assert_true(c->failed);
    assert_int_equal(c->asked, 2 * TRIES_MAX);
    assert_int_equal(c->stages[0], HENG_STAGE_SENT);
    conversation_free(c);
}

static void test_repeated_and_foreign_answers(void **state)
{
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    uint8_t bytes[64];
    struct heng_buf noise = heng_buf_of(bytes, sizeof bytes), body = heng_buf_of((uint8_t[32]){0}, 32);
    struct water neighbour = water_new();
    (void)state;
    neighbour.id[13] = '6';
    neighbour.valve = 1;
    water_put_current(&neighbour, &body);
    water_put_answer(&neighbour, &(struct heng_telegram){.ser = 1}, 0x81, 0x901F, heng_buf_slice(&body), &noise);
    c->noise = heng_buf_slice(&noise);
    c->twice = true;
    w.stuck = true;
    assert_stage(converse(c, &disconnect), HENG_STAGE_FAILED, c); /* the neighbour's closed valve is not ours */
    assert_int_equal(c->foreign, c->asked);
    conversation_free(c);
}

static void test_clock(void **state)
{
    const struct heng_order set = {.kind = HENG_ORDER_SET_CLOCK};
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    (void)state;
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_request(c, 0, "FEFEFEFE681075364959001111040AA01501000012201126203416");
    assert_int_equal(w.clock.hour, 12);
    assert_int_equal(c->asked, 2);
    /* One that does not take it gets it twice. */
    w.clock_stands = true;
    w.clock.hour = 10;
    assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
    assert_int_equal(c->asked, 4);
    assert_why(c, "wrong by -7");
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_READ_CLOCK}), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->read->frame_count, 1);
    conversation_free(c);
}

static void test_number(void **state)
{
    struct heng_order set = {.kind = HENG_ORDER_SET_ADDRESS, .address = "22220012345678"};
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    struct heng_err err = {.text = ""};
    (void)state;
    assert_stage(converse(c, &set), HENG_STAGE_CONFIRMED, c);
    assert_string_equal(w.id, set.address);
    assert_why(c, "configuration");
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_READ}), HENG_STAGE_FAILED, c);
    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_READ_ADDRESS}), HENG_STAGE_CONFIRMED, c);
    static const char *const wrong[] = {"", "123", "2222001234567X", "99999999999999", "2222AA12345678"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(set.address, sizeof set.address, "%s", wrong[i]);
        assert_int_equal(heng_meter_can(&c->config, &set, &err), HENG_ECONFIG);
    }
    /* All meters of a line would take it. */
    snprintf(set.address, sizeof set.address, "22220012345679");
    snprintf(c->config.address, sizeof c->config.address, "AAAAAAAAAAAAAA");
    assert_int_equal(heng_meter_can(&c->config, &set, &err), HENG_ECONFIG);
    conversation_free(c);
}

struct pair {
    struct water meter, neighbour;
};

static void pair_answers(void *meter, struct heng_slice request, struct heng_buf *ret)
{
    struct pair *pair = meter;
    water_answers(&pair->meter, request, ret);
    water_answers(&pair->neighbour, request, ret);
}

/* The neighbour has the new number already: nobody is renamed, and the neighbour's answer confirms nothing. */
static void test_taken_number(void **state)
{
    struct heng_order set = {.kind = HENG_ORDER_SET_ADDRESS, .address = "22220012345678"};
    (void)state;
    for (unsigned deaf = 0; deaf < 2; deaf++) {
        struct pair pair = {water_new(), water_new()};
        struct conversation *c =
            conversation_new(HENG_PROTOCOL_CJT188, HENG_MEDIUM_COLD_WATER, water_number, pair_answers, &pair);
        memcpy(pair.neighbour.id, "22220012345678", 15);
        pair.meter.deaf = deaf;
        assert_stage(converse(c, &set), HENG_STAGE_FAILED, c);
        assert_why(c, "already");
        assert_string_equal(pair.meter.id, water_number);
        assert_int_equal(c->read->value_count + c->read->frame_count, 0);
        conversation_free(c);
    }
}

static void test_months(void **state)
{
    struct heng_order order = {.kind = HENG_ORDER_READ_HISTORY};
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    struct heng_err err = {.text = ""};
    (void)state;
    for (order.back = 1; order.back <= 12; order.back++) {
        assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
        assert_int_equal(number_of(c->read, HENG_QUANTITY_VOLUME), order.back * 100);
        assert_int_equal(c->read->values[0].key.storage, order.back);
    }
    assert_int_equal(heng_meter_can(&c->config, &order, &err), HENG_ERANGE);
    order.back = 0;
    assert_int_equal(heng_meter_can(&c->config, &order, &err), HENG_ERANGE);
    conversation_free(c);
}

/* A model that says what its last month means, and nothing of the months before it: read by the standard those would be
 * ten times as much, or something else. */
static void test_month_that_its_model_does_not_tell(void **state)
{
    struct heng_field fields[] = {{.di = 0xD120,
                                   .bytes = 4,
                                   .coding = HENG_CODING_BCD,
                                   .exp = -3,
                                   .factor = 1,
                                   .quantity = HENG_QUANTITY_VOLUME,
                                   .unit = HENG_UNIT_M3,
                                   .storage = 1},
                                  {.di = 0xD121,
                                   .bytes = 4,
                                   .coding = HENG_CODING_BCD,
                                   .exp = -3,
                                   .factor = 1,
                                   .quantity = HENG_QUANTITY_VOLUME,
                                   .unit = HENG_UNIT_M3,
                                   .storage = 2}};
    struct heng_profile model = {.name = "litres",
                                 .protocols = 1u << HENG_PROTOCOL_CJT188,
                                 .preamble = 2,
                                 .dialect = {.fields = fields, .field_count = 1}};
    struct heng_order order = {.kind = HENG_ORDER_READ_HISTORY, .back = 1};
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    (void)state;
    c->config.profile = &model;
    assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->read->values[0].dec.exp, -3);
    order.back = 2;
    assert_stage(converse(c, &order), HENG_STAGE_FAILED, c);
    assert_why(c, "D121");
    assert_int_equal(c->read->value_count, 0);
    model.dialect.field_count = 2;
    assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->read->values[0].key.storage, 2);
    conversation_free(c);
}

/* A meter that sends numbers back is heard by them; one that does not is heard all the same, and so is another one
 * that takes its place. */
static void test_numbers_of_requests(void **state)
{
    const struct heng_order read = {.kind = HENG_ORDER_READ};
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    uint8_t bytes[64];
    struct heng_buf old = heng_buf_of(bytes, sizeof bytes), body = heng_buf_of((uint8_t[32]){0}, 32);
    (void)state;
    for (unsigned i = 0; i < 3; i++) assert_stage(converse(c, &read), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->memory.ser_echo, 1);

    struct water past = water_new();
    water_put_current(&past, &body);
    water_put_answer(&past, &(struct heng_telegram){.ser = 1}, 0x81, 0x901F, heng_buf_slice(&body), &old);
    c->noise = heng_buf_slice(&old);
    assert_stage(converse(c, &read), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->ignored, 1);
    c->noise = (struct heng_slice){0};

    w.fixed_ser = true;
    assert_stage(converse(c, &read), HENG_STAGE_FAILED, c);
    assert_int_equal(c->memory.ser_echo, 0);
    assert_stage(converse(c, &read), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->memory.ser_echo, 2);
    conversation_free(c);
}

static void test_broadcast_and_what_cannot_be(void **state)
{
    static const heng_order_kind never[] = {HENG_ORDER_FREEZE, HENG_ORDER_KEEP, HENG_ORDER_RELEASE,
                                            HENG_ORDER_SET_BAUD};
    const struct heng_driver *driver = heng_driver_of(HENG_PROTOCOL_CJT188);
    const struct heng_civil noon = {2026, 11, 20, 12, 0, 0};
    struct water w = water_new();
    struct conversation *c = talk_to(&w);
    struct heng_err err = {.text = ""};
    (void)state;
    assert_int_equal(driver->broadcast(&(struct heng_order){.kind = HENG_ORDER_SET_CLOCK}, &noon, &c->asks[0], &err),
                     0);
    c->asked = 1;
    assert_true(c->asks[0].silent);
    assert_request(c, 0, "FEFEFEFE68AAAAAAAAAAAAAAAA040AA01500000012201126200416");
    assert_int_equal(driver->broadcast(&disconnect, &noon, &c->asks[0], &err), HENG_EUNSUPPORTED);
    snprintf(c->config.address, sizeof c->config.address, "111100AA493675");
    assert_int_equal(heng_meter_can(&c->config, &disconnect, &err), HENG_ECONFIG);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        err.text[0] = '\0';
        assert_int_equal(heng_meter_can(&c->config, &(struct heng_order){.kind = never[i]}, &err), HENG_EUNSUPPORTED);
        assert_non_null(strstr(err.text, heng_order_text(never[i])));
    }
    conversation_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valve_is_done_when_it_says_so),
        cmocka_unit_test(test_sticking_valve),
        cmocka_unit_test(test_codes_and_patience_of_a_model),
        cmocka_unit_test(test_meter_that_is_silent_while_its_valve_moves),
        cmocka_unit_test(test_refused_command_is_not_repeated),
        cmocka_unit_test(test_meter_without_a_valve),
        cmocka_unit_test(test_silence_at_every_step),
        cmocka_unit_test(test_repeated_and_foreign_answers),
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_taken_number),
        cmocka_unit_test(test_months),
        cmocka_unit_test(test_month_that_its_model_does_not_tell),
        cmocka_unit_test(test_numbers_of_requests),
        cmocka_unit_test(test_broadcast_and_what_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
