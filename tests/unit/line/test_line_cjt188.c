/* Reading CJ/T 188 meters: who may answer, and what becomes of refusals and of the order of the data identifier. */
#include "scripted_bus.h"

#include "codec/cjt188.h"

static const char number[] = "33780012345678", anybody[] = "AAAAAAAAAAAAAA";

/* 124.68 and 112.00 m3 of a water meter, its clock, its status. */
static const char data[] = "68240100 2C 00200100 2C 00001220112620 0000";

static const struct heng_profile two_questions = {
    .name = "two",
    .protocols = 1u << HENG_PROTOCOL_CJT188,
    .asks = {{.di = 0x901F}, {.di = 0xD120, .optional = true}, {.di = 0xD121, .optional = true}},
    .ask_count = 3,
    .preamble = 0,
    .di_order = HENG_DI_ORDER_HIGH_FIRST,
};

static struct heng_meter_config meter_of(const char *address, const char *plate, const struct heng_profile *profile)
{
    struct heng_meter_config meter = {
        .device_id = 7, .protocol = HENG_PROTOCOL_CJT188, .medium = HENG_MEDIUM_COLD_WATER, .profile = profile};
    snprintf(meter.address, sizeof meter.address, "%s", address);
    snprintf(meter.number, sizeof meter.number, "%s", plate);
    return meter;
}

/* An answer as hex; payload as hex. */
static const char *answer(char *ret, const char *id, uint8_t ser, uint16_t di, const char *payload)
{
    uint8_t bytes[128], body[96];
    struct heng_buf out = heng_buf_of(bytes, sizeof bytes), in = heng_buf_of(body, sizeof body);
    struct heng_cjt188_frame f = {.type = 0x10, .control = 0x81, .ser = ser, .preamble = 2, .di = di};
    memcpy(f.id, id, sizeof number);
    assert_int_equal(heng_hex_parse(heng_slice_str(payload), &in, NULL), HENG_OK);
    f.payload = heng_buf_slice(&in);
    assert_int_equal(heng_cjt188_encode(&f, &out), HENG_OK);
    to_hex(heng_buf_slice(&out), ret, HEX_MAX);
    return ret;
}

static const char *question(char *ret, uint8_t ser, bool swapped)
{
    uint8_t bytes[32];
    struct heng_buf out = heng_buf_of(bytes, sizeof bytes);
    struct heng_cjt188_frame f = {
        .type = 0x10, .control = 1, .ser = ser, .preamble = 4, .di = 0x901F, .di_swapped = swapped};
    memcpy(f.id, number, sizeof number);
    assert_int_equal(heng_cjt188_encode(&f, &out), HENG_OK);
    to_hex(heng_buf_slice(&out), ret, HEX_MAX);
    return ret;
}

/* 68 T A0..A6 C1 03 SER ST0 ST1 CS 16 */
static const char *refusal(char *ret, uint8_t ser)
{
    uint8_t f[] = {0x68, 0x10, 0x78, 0x56, 0x34, 0x12, 0, 0x78, 0x33, 0xC1, 0x03, ser, 0x04, 0, 0, 0x16};
    for (size_t i = 0; i < sizeof f - 2; i++) f[sizeof f - 2] = (uint8_t)(f[sizeof f - 2] + f[i]);
    to_hex(heng_slice_of(f, sizeof f), ret, HEX_MAX);
    return ret;
}

static heng_outcome ask_once(const struct heng_meter_config *meter, const char *from, unsigned tries)
{
    struct script *s = script_new(meter, NULL);
    char hex[HEX_MAX];
    for (unsigned i = 0; i < tries; i++) say(s, "", answer(hex, from, 1, 0x901F, data));
    const struct heng_read *read = converse(s);
    heng_outcome outcome = read->outcome;
    if (outcome == HENG_OUTCOME_OK) assert_value(read, HENG_QUANTITY_VOLUME, 0, "", "124.68");
    script_free(s);
    return outcome;
}

static void the_only_meter_of_a_line_is_asked_without_its_number(void **state)
{
    (void)state;
    struct heng_meter_config meter = meter_of(anybody, "", NULL);
    assert_int_equal(heng_meter_check(&meter, NULL), HENG_OK);
    assert_int_equal(ask_once(&meter, number, 1), HENG_OUTCOME_OK);
    assert_int_equal(ask_once(&meter, anybody, 1), HENG_OUTCOME_OK); /* it answers as it was asked */
    meter = meter_of(anybody, number, NULL);
    assert_int_equal(ask_once(&meter, number, 1), HENG_OUTCOME_OK);
    meter = meter_of(anybody, "33780012345679", NULL); /* another meter took its place */
    assert_int_equal(ask_once(&meter, number, 3), HENG_OUTCOME_FOREIGN);
    meter = meter_of(anybody, "W-17", NULL); /* the owner's own number */
    assert_int_equal(ask_once(&meter, number, 1), HENG_OUTCOME_OK);
}

static void a_wildcard_is_a_whole_byte(void **state)
{
    (void)state;
    struct heng_meter_config meter = meter_of("3378aa12345678", "", NULL);
    assert_int_equal(ask_once(&meter, number, 1), HENG_OUTCOME_OK);
    assert_int_equal(ask_once(&meter, "33790012345678", 3), HENG_OUTCOME_FOREIGN);
    meter = meter_of("337A0A12345678", "", NULL); /* two halves of two bytes */
    assert_int_equal(ask_once(&meter, "33780012345678", 3), HENG_OUTCOME_FOREIGN);
    meter = meter_of("33780012345678", "", NULL);
    assert_int_equal(ask_once(&meter, anybody, 3), HENG_OUTCOME_FOREIGN);
}

/* The second refusal of a question that was asked twice comes when the next one is out. */
static void a_late_refusal_is_not_that_of_the_next_question(void **state)
{
    (void)state;
    struct heng_meter_config meter = meter_of(number, number, &two_questions);
    struct script *s = script_new(&meter, NULL);
    char hex[HEX_MAX];
    say(s, "", answer(hex, number, 1, 0x901F, data));
    struct exchange *x = say(s, "", "");
    refusal(x->late, 1);
    x->late_ms = 800; /* while the second try waits */
    x = say(s, "", "");
    refusal(x->late, 1);
    x->late_ms = 500; /* while the next question waits */
    say(s, "", answer(hex, number, 1, 0xD121, "00300100 2C"))->after_ms = 400;
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->frame_count, 2);
    script_free(s);
}

/* A meter that is late on both orders teaches the wrong one; it is not kept when nothing answers to it. */
static void a_wrong_order_is_forgotten(void **state)
{
    (void)state;
    struct heng_meter_config meter = meter_of(number, number, NULL);
    struct script *s = script_new(&meter, NULL);
    char hex[HEX_MAX], ask[HEX_MAX];
    struct exchange *x = say(s, "", "");
    answer(x->late, number, 1, 0x901F, data);
    x->late_ms = 700;
    say(s, "", "");
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    next_script(s);
    for (unsigned i = 0; i < 3; i++) say(s, "", "");
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_SILENCE);
    next_script(s);
    say(s, question(ask, 3, true), "");
    say(s, question(ask, 3, false), answer(hex, number, 3, 0x901F, data)); /* is there anybody? There is, and is read */
    say(s, question(ask, 4, false), answer(hex, number, 4, 0x901F, data));
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    script_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_meter_of_a_line_is_asked_without_its_number),
        cmocka_unit_test(a_wildcard_is_a_whole_byte),
        cmocka_unit_test(a_late_refusal_is_not_that_of_the_next_question),
        cmocka_unit_test(a_wrong_order_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
