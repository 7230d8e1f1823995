/* Reading DL/T 645 meters, both editions: what is asked, and what becomes of every kind of answer. */
#include "scripted_bus.h"

#include "codec/dlt645.h"

static const char number[] = "000024060001";

static struct heng_meter_config meter_of(heng_protocol protocol, const struct heng_profile *profile)
{
    struct heng_meter_config meter = {
        .device_id = 7, .protocol = protocol, .medium = HENG_MEDIUM_ELECTRICITY, .profile = profile};
    memcpy(meter.address, number, sizeof number);
    memcpy(meter.number, number, sizeof number);
    return meter;
}

/* A frame as hex; data as hex in reading order of the wire, without the 33h bias. */
static const char *frame(char *ret, const char *id, unsigned preamble, uint8_t control, const char *data)
{
    uint8_t bytes[300], body[256];
    struct heng_buf out = heng_buf_of(bytes, sizeof bytes), in = heng_buf_of(body, sizeof body);
    struct heng_dlt645_frame f = {.control = control, .preamble = (uint8_t)preamble};
    memcpy(f.id, id, 13);
    assert_int_equal(heng_hex_parse(heng_slice_str(data), &in, NULL), HENG_OK);
    f.data = heng_buf_slice(&in);
    assert_int_equal(heng_dlt645_encode(&f, &out), HENG_OK);
    to_hex(heng_buf_slice(&out), ret, HEX_MAX);
    return ret;
}

/* Ask with (control, data), answer with (control, data); "" stays silent. */
static struct exchange *talk(struct script *s, uint8_t ask_control, const char *ask, uint8_t control, const char *data)
{
    char request[HEX_MAX], answer[HEX_MAX] = "";
    if (data[0]) frame(answer, number, 1, control, data);
    return say(s, frame(request, number, 4, ask_control, ask), answer);
}

static void test_usual_questions(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, NULL);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, 0x11, "00FF0100", 0x91, "00FF0100 56341200 00100000 00200000 56010000 00021200");
    talk(s, 0x11, "00FF0200", 0xD1, "02"); /* no such data */
    talk(s, 0x11, "00FF0102", 0x91, "00FF0102 0923 FFFF FFFF");
    talk(s, 0x11, "00FF0202", 0x91, "00FF0202 345601");
    talk(s, 0x11, "00FF0302", 0xD1, "02");
    talk(s, 0x11, "03050004", 0x91, "03050004 1000");
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "forward", "1234560");
    assert_value(read, HENG_QUANTITY_ENERGY, 3, "forward", "1560");
    assert_value(read, HENG_QUANTITY_VOLTAGE, 0, "L1", "230.9");
    assert_false(value_of(read, HENG_QUANTITY_VOLTAGE, 0, "L2")->has_value);
    assert_value(read, HENG_QUANTITY_CURRENT, 0, "L1", "15.634");
    assert_int_equal(read->frame_count, 4);
    assert_proven(read, HENG_PROTOCOL_DLT645_2007, NULL);
    script_free(s);
}

static void test_1997(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_1997, NULL);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, 0x01, "1F90", 0x81, "1F90 56341200 00100000 00200000 56010000 00021200");
    talk(s, 0x01, "1FB6", 0x81, "1FB6 2902 3002 3102");
    talk(s, 0x01, "2FB6", 0xC1, "02");
    talk(s, 0x01, "3FB6", 0xC1, "02");
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "forward", "1234560");
    assert_value(read, HENG_QUANTITY_VOLTAGE, 0, "L3", "231");
    script_free(s);
}

static void test_question_that_must_be_answered(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, NULL);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    for (unsigned i = 0; i < 3; i++) talk(s, 0x11, "00FF0100", 0xD1, "02");
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_REFUSED);
    assert_int_equal(read->value_count, 0);
    assert_int_equal(heng_line_counters_now(s->line)->refused, 3);
    script_free(s);
}

static void test_dead_meter_is_asked_three_times(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, NULL);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    for (unsigned i = 0; i < 3; i++) talk(s, 0x11, "00FF0100", 0, "");
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_SILENCE);
    script_free(s);
}

/* What a meter does not have it may also leave unanswered; what it has said before stays good. */
static const struct heng_profile two_questions = {
    .name = "two",
    .protocols = 1u << HENG_PROTOCOL_DLT645_2007,
    .asks = {{.di = 0x00010000}, {.di = 0x02800002, .optional = true}},
    .ask_count = 2,
    .preamble = 1,
    .tries = 2,
};

static void test_silence_to_what_may_be_missing(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &two_questions);
    struct script *s = script_new(&meter, NULL);
    char request[HEX_MAX], answer[HEX_MAX];
    (void)state;
    say(s, frame(request, number, 1, 0x11, "00000100"), frame(answer, number, 4, 0x91, "00000100 56341200"));
    say(s, frame(request, number, 1, 0x11, "02008002"), "");
    say(s, request, "");
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 1);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "forward", "1234560");
    script_free(s);
}

static void test_another_meter_answers(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &two_questions);
    struct script *s = script_new(&meter, NULL);
    char answer[HEX_MAX];
    (void)state;
    say(s, "", frame(answer, "000024060002", 1, 0x91, "00000100 11111100"));
    say(s, "", frame(answer, "000024060002", 1, 0x91, "00000100 11111100"));
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_FOREIGN);
    assert_int_equal(read->value_count, 0);
    script_free(s);
}

/* The echo of a two-wire converter, another meter, and the late answer to another question in front of the right one.
 */
static void test_what_stands_in_front(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &two_questions);
    struct script *s = script_new(&meter, NULL);
    char request[HEX_MAX], one[HEX_MAX];
    (void)state;
    frame(request, number, 1, 0x11, "00000100");
    struct exchange *x = say(s, request, request);
    append(x->answer, frame(one, "000024060002", 1, 0x91, "00000100 11111100"));
    append(x->answer, frame(one, number, 1, 0x91, "00000200 22222200"));
    append(x->answer, frame(one, number, 1, 0x91, "00000100 56341200"));
    talk(s, 0x11, "02008002", 0xD1, "02");
    s->exchanges[1].request[0] = '\0';
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "forward", "1234560");
    assert_int_equal(heng_line_counters_now(s->line)->echo, 1);
    assert_int_equal(heng_line_counters_now(s->line)->foreign, 1);
    script_free(s);
}

static const struct heng_profile block = {
    .name = "block",
    .protocols = 1u << HENG_PROTOCOL_DLT645_2007 | 1u << HENG_PROTOCOL_DLT645_1997,
    .asks = {{.di = 0x0001FF00}},
    .ask_count = 1,
    .preamble = 0xFF,
};

/* The standard lets a meter rest for half a second between two bytes of its answer. */
static void test_pause_within_an_answer(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &block);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    struct exchange *x = talk(s, 0x11, "00FF0100", 0x91, "00FF0100 56341200 00100000");
    append(x->late, x->answer + 20);
    x->answer[20] = '\0';
    x->after_ms = 480;
    x->late_ms = 940;
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_value(read, HENG_QUANTITY_ENERGY, 1, "forward", "10000");
    script_free(s);
}

/* --- answers in parts ------------------------------------------------------------------------------------- */

/* The first part ends in the middle of tariff 2. Read by itself the second would give tariff 3 as the total. */
static void test_parts_are_joined(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &block);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, 0x11, "00FF0100", 0xB1, "00FF0100 56341200 00100000 0020");
    talk(s, 0x12, "00FF0100 01", 0xB2, "00FF0100 0000 56010000 01");
    talk(s, 0x12, "00FF0100 02", 0x92, "00FF0100 00021200 02");
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 5);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "forward", "1234560");
    assert_value(read, HENG_QUANTITY_ENERGY, 2, "forward", "20000");
    assert_value(read, HENG_QUANTITY_ENERGY, 3, "forward", "1560");
    assert_value(read, HENG_QUANTITY_ENERGY, 4, "forward", "1202000");
    assert_int_equal(read->frame_count, 3);
    assert_int_equal(read->frame_of_value[4], 0);
    script_free(s);
}

static void test_lost_part_is_asked_for_again(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &block);
    struct script *s = script_new(&meter, NULL);
    char part[HEX_MAX];
    (void)state;
    talk(s, 0x11, "00FF0100", 0xB1, "00FF0100 56341200 00100000");
    talk(s, 0x12, "00FF0100 01", 0, "");
    talk(s, 0x12, "00FF0100 01", 0xB2, "00FF0100 00200000 01");
    /* a second answer to the repeated request comes in front of the next part */
    struct exchange *last = talk(s, 0x12, "00FF0100 02", 0xB2, "00FF0100 00200000 01");
    append(last->answer, frame(part, number, 0, 0x92, "00FF0100 56010000 02"));
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 4);
    assert_value(read, HENG_QUANTITY_ENERGY, 3, "forward", "1560");
    script_free(s);
}

static void test_refused_part_leaves_what_came(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &block);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, 0x11, "00FF0100", 0xB1, "00FF0100 56341200 0010");
    talk(s, 0x12, "00FF0100 01", 0xD2, "02");
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 1);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "forward", "1234560");
    script_free(s);
}

/* 1997 does not number its parts: one that is lost cannot be asked for again. */
static void test_1997_begins_anew(void **state)
{
    static const struct heng_profile block_1997 = {
        .name = "old",
        .protocols = 1u << HENG_PROTOCOL_DLT645_1997,
        .asks = {{.di = 0x901F}},
        .ask_count = 1,
        .preamble = 0xFF,
    };
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_1997, &block_1997);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, 0x01, "1F90", 0xA1, "1F90 56341200 0010");
    talk(s, 0x02, "1F90", 0, "");
    talk(s, 0x01, "1F90", 0xA1, "1F90 56341200 0010");
    talk(s, 0x02, "1F90", 0x82, "1F90 0000 00200000");
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 3);
    assert_value(read, HENG_QUANTITY_ENERGY, 1, "forward", "10000");
    assert_value(read, HENG_QUANTITY_ENERGY, 2, "forward", "20000");
    script_free(s);
}

/* A meter that says "more" for ever is left in the end, with what it has said. */
static void test_endless_parts(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &block);
    struct script *s = script_new(&meter, NULL);
    char ask[32], data[64];
    (void)state;
    talk(s, 0x11, "00FF0100", 0xB1, "00FF0100 56341200");
    for (unsigned i = 1; i < HENG_TELEGRAMS_MAX; i++) {
        snprintf(ask, sizeof ask, "00FF0100 %02X", i);
        snprintf(data, sizeof data, "00FF0100 00100000 %02X", i);
        talk(s, 0x12, ask, 0xB2, data);
    }
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->frame_count, HENG_TELEGRAMS_MAX);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "forward", "1234560");
    script_free(s);
}

/* --- addresses -------------------------------------------------------------------------------------------- */

static void test_wildcard(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, &block);
    char answer[HEX_MAX], request[HEX_MAX];
    (void)state;
    memcpy(meter.address, "AAAAAAAAAAAA", 13);
    struct script *s = script_new(&meter, NULL);
    say(s, frame(request, "AAAAAAAAAAAA", 4, 0x11, "00FF0100"), frame(answer, number, 4, 0x91, "00FF0100 56341200"));
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    script_free(s);

    /* the number on the plate still decides */
    memcpy(meter.number, "000024060009", 13);
    s = script_new(&meter, NULL);
    for (unsigned i = 0; i < 3; i++) say(s, request, answer);
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_FOREIGN);
    script_free(s);

    memset(meter.number, 0, sizeof meter.number);
    s = script_new(&meter, NULL);
    say(s, request, answer);
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    script_free(s);
}

static void test_addresses_that_cannot_be(void **state)
{
    static const char *const bad[] = {"", "24060001", "0000240600011", "00002406000B", "999999999999", "00002406000 "};
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_DLT645_2007, NULL);
    struct heng_err err;
    (void)state;
    assert_int_equal(heng_meter_check(&meter, &err), HENG_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(meter.address, sizeof meter.address, "%s", bad[i]);
        assert_int_equal(heng_meter_check(&meter, &err), HENG_ECONFIG);
        assert_non_null(strstr(err.text, bad[i]));
    }
    meter = meter_of(HENG_PROTOCOL_DLT645_1997, &two_questions);
    assert_int_equal(heng_meter_check(&meter, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "profile 'two' is not for"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual_questions),
        cmocka_unit_test(test_1997),
        cmocka_unit_test(test_question_that_must_be_answered),
        cmocka_unit_test(test_dead_meter_is_asked_three_times),
        cmocka_unit_test(test_silence_to_what_may_be_missing),
        cmocka_unit_test(test_another_meter_answers),
        cmocka_unit_test(test_what_stands_in_front),
        cmocka_unit_test(test_pause_within_an_answer),
        cmocka_unit_test(test_parts_are_joined),
        cmocka_unit_test(test_lost_part_is_asked_for_again),
        cmocka_unit_test(test_refused_part_leaves_what_came),
        cmocka_unit_test(test_1997_begins_anew),
        cmocka_unit_test(test_endless_parts),
        cmocka_unit_test(test_wildcard),
        cmocka_unit_test(test_addresses_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
