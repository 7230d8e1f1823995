/* What a profile changes in the conversation with an M-Bus or CJ/T 188 meter, and how a meter without one gets it. */
#include "scripted_bus.h"

#include "codec/cjt188.h"
#include "codec/mbus.h"

#define AS_THE_STANDARD                                                                                                \
    {                                                                                                                  \
        .cjt188 = {                                                                                                    \
            .total_decimals = HENG_DECIMALS_UNKNOWN,                                                                   \
            .energy_decimals = HENG_DECIMALS_UNKNOWN,                                                                  \
            .power_decimals = HENG_DECIMALS_UNKNOWN,                                                                   \
            .flow_decimals = HENG_DECIMALS_UNKNOWN,                                                                    \
            .volume_decimals = HENG_DECIMALS_UNKNOWN                                                                   \
        }                                                                                                              \
    }

/* --- CJ/T 188 ------------------------------------------------------------------------------------------- */

static const char number[] = "11110059493675", water[] = "56341200 2C 00001200 2C 00001214012620 0000";

static struct heng_meter_config water_meter(const struct heng_profile *profile)
{
    struct heng_meter_config meter = {
        .device_id = 7, .protocol = HENG_PROTOCOL_CJT188, .medium = HENG_MEDIUM_COLD_WATER, .profile = profile};
    memcpy(meter.address, number, sizeof number);
    return meter;
}

static const char *frame(char *ret, uint8_t control, uint16_t di, bool swapped, uint8_t ser, unsigned preamble,
                         const char *payload)
{
    uint8_t bytes[300], body[256];
    struct heng_buf out = heng_buf_of(bytes, sizeof bytes), in = heng_buf_of(body, sizeof body);
    struct heng_cjt188_frame f = {
        .type = 0x10, .control = control, .ser = ser, .preamble = (uint8_t)preamble, .di = di, .di_swapped = swapped};
    memcpy(f.id, number, sizeof number);
    assert_int_equal(heng_hex_parse(heng_slice_str(payload), &in, NULL), HENG_OK);
    f.payload = heng_buf_slice(&in);
    assert_int_equal(heng_cjt188_encode(&f, &out), HENG_OK);
    to_hex(heng_buf_slice(&out), ret, HEX_MAX);
    return ret;
}

/* C1, SER, ST0 ST1: the meter refuses. The encoder does not build errors. */
static const char refusal[] = "68 10 75 36 49 59 00 11 11 C1 03 01 00 00 AC 16";

/* Ask in one order of the DI; payload "" for silence. */
static void talk(struct script *s, uint16_t di, bool swapped, uint8_t ser, const char *payload)
{
    char request[HEX_MAX], answer[HEX_MAX] = "";
    if (payload[0]) frame(answer, 0x81, di, swapped, ser, 1, payload);
    say(s, frame(request, 0x01, di, swapped, ser, 4, ""), answer);
}

static void test_order_is_learned(void **state)
{
    struct heng_meter_config meter = water_meter(NULL);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, 0x901F, false, 1, "");
    talk(s, 0x901F, true, 1, water);
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    next_script(s);
    talk(s, 0x901F, true, 2, water);
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    script_free(s);
}

static void test_order_of_the_profile(void **state)
{
    static const struct heng_profile low_first = {.name = "low-first",
                                                  .protocols = 1u << HENG_PROTOCOL_CJT188,
                                                  .preamble = 4,
                                                  .di_order = HENG_DI_ORDER_LOW_FIRST,
                                                  .tries = 4,
                                                  .dialect = AS_THE_STANDARD};
    struct heng_meter_config meter = water_meter(&low_first);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    for (unsigned i = 0; i < 4; i++) talk(s, 0x901F, true, 1, "");
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_SILENCE);
    script_free(s);
}

/* A refusal may mean the order as long as that is not known; afterwards it means the question. */
static void test_questions_and_refusals(void **state)
{
    static const struct heng_profile two = {.name = "two",
                                            .protocols = 1u << HENG_PROTOCOL_CJT188,
                                            .asks = {{.di = 0x901F}, {.di = 0xD120, .optional = true}},
                                            .ask_count = 2,
                                            .preamble = 4,
                                            .dialect = AS_THE_STANDARD};
    struct heng_meter_config meter = water_meter(&two);
    struct script *s = script_new(&meter, NULL);
    char request[HEX_MAX];
    (void)state;
    say(s, frame(request, 0x01, 0x901F, false, 1, 4, ""), refusal);
    talk(s, 0x901F, true, 1, water);
    say(s, frame(request, 0x01, 0xD120, true, 2, 4, ""), refusal);
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->frame_count, 1);
    assert_value(read, HENG_QUANTITY_VOLUME, 0, "", "1234.56");
    script_free(s);
}

/* Who the meter is, its answer says; from then on it is read as its profile has it. */
static void test_recognised(void **state)
{
    static const struct heng_profile vendor = {
        .name = "vendor",
        .protocols = 1u << HENG_PROTOCOL_CJT188,
        .recognition = {.manufacturer = "1111"},
        .asks = {{.di = 0x901F}, {.di = 0xD120, .optional = true}},
        .ask_count = 2,
        .preamble = 2,
        .dialect = {.cjt188 = {.total_decimals = 3,
                               .energy_decimals = HENG_DECIMALS_UNKNOWN,
                               .power_decimals = HENG_DECIMALS_UNKNOWN,
                               .flow_decimals = HENG_DECIMALS_UNKNOWN,
                               .volume_decimals = HENG_DECIMALS_UNKNOWN}},
    };
    const struct heng_profile *items[] = {&vendor};
    struct heng_profiles profiles = {.items = items, .count = 1};
    struct heng_meter_config meter = water_meter(NULL);
    struct script *s = script_new(&meter, &profiles);
    char request[HEX_MAX], answer[HEX_MAX];
    (void)state;
    talk(s, 0x901F, false, 1, water);
    assert_value(converse(s), HENG_QUANTITY_VOLUME, 0, "", "123.456");

    next_script(s);
    say(s, frame(request, 0x01, 0x901F, false, 2, 2, ""), "");
    s->exchanges[0].answer[0] = '\0';
    frame(s->exchanges[0].answer, 0x81, 0x901F, false, 2, 0, water);
    say(s, frame(request, 0x01, 0xD120, false, 3, 2, ""), refusal);
    assert_value(converse(s), HENG_QUANTITY_VOLUME, 0, "", "123.456");

    /* A failure lets go of it: perhaps it was the wrong one. */
    next_script(s);
    for (unsigned i = 0; i < 3; i++) say(s, frame(request, 0x01, 0x901F, false, 4, 2, ""), "");
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_SILENCE);
    next_script(s);
    talk(s, 0x901F, false, 5, water); /* the line asks whether anybody is there, and is answered */
    frame(answer, 0x81, 0x901F, false, 6, 0, water);
    say(s, frame(request, 0x01, 0x901F, false, 6, 2, ""), answer);
    for (unsigned i = 0; i < 3; i++) say(s, frame(request, 0x01, 0xD120, false, 7, 2, ""), "");
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    script_free(s);
}

/* --- M-Bus ------------------------------------------------------------------------------------------------ */

static struct heng_meter_config heat_meter(const struct heng_profile *profile)
{
    struct heng_meter_config meter = {
        .device_id = 7, .protocol = HENG_PROTOCOL_MBUS, .medium = HENG_MEDIUM_HEAT, .profile = profile};
    memcpy(meter.address, "5", 2);
    return meter;
}

/* A telegram with one energy record; more: it says that another one follows. */
static const char *telegram(char *ret, uint32_t energy_kwh, bool more)
{
    static const uint8_t vif[] = {0x06};
    uint8_t bytes[300], data[200];
    struct heng_buf body = heng_buf_of(data, sizeof data), out = heng_buf_of(bytes, sizeof bytes);
    struct heng_mbus_secondary who = {.id = "12345678", .manufacturer = "HNG", .version = 1, .medium = 4};
    assert_int_equal(heng_mbus_encode_header(&who, 1, 0, &body), HENG_OK);
    assert_int_equal(heng_mbus_encode_record(0x04, heng_slice_of(vif, 1), energy_kwh, 4, &body), HENG_OK);
    if (more) heng_buf_u8(&body, 0x1F);
    assert_int_equal(heng_mbus_encode_long(0x08, 5, 0x72, heng_buf_slice(&body), &out), HENG_OK);
    to_hex(heng_buf_slice(&out), ret, HEX_MAX);
    return ret;
}

static const char snd_nke[] = "1040054516", application_reset[] = "6803036873055"
                                                                  "0C816";
static const char req_ud2_fcb[] = "107B058016", req_ud2[] = "105B056016";

static void test_application_reset(void **state)
{
    static const struct heng_profile reset = {
        .name = "reset", .protocols = 1u << HENG_PROTOCOL_MBUS, .application_reset = true};
    struct heng_meter_config meter = heat_meter(&reset);
    struct script *s = script_new(&meter, NULL);
    char answer[HEX_MAX];
    (void)state;
    for (unsigned round = 0; round < 2; round++) { /* in every conversation */
        next_script(s);
        say(s, snd_nke, "E5");
        say(s, application_reset, "E5");
        say(s, snd_nke, "E5");
        say(s, req_ud2_fcb, telegram(answer, 1000 + round, false));
        assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    }
    /* A meter that acknowledges none of it can still be read, and loses two tries by it at most. */
    next_script(s);
    say(s, snd_nke, "");
    say(s, application_reset, "");
    say(s, snd_nke, "");
    say(s, req_ud2_fcb, "");
    say(s, req_ud2_fcb, telegram(answer, 1002, false));
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    script_free(s);
}

/* A profile that wants the first telegram only leaves the meter in the middle: the next read begins with a reset. */
static void test_first_telegram_is_enough(void **state)
{
    static const struct heng_profile one = {.name = "one", .protocols = 1u << HENG_PROTOCOL_MBUS, .telegrams_max = 1};
    struct heng_meter_config meter = heat_meter(&one);
    struct script *s = script_new(&meter, NULL);
    char answer[HEX_MAX];
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        next_script(s);
        say(s, snd_nke, "E5");
        say(s, req_ud2_fcb, telegram(answer, 1000 + round, true));
        const struct heng_read *read = converse(s);
        assert_int_equal(read->outcome, HENG_OUTCOME_OK);
        assert_int_equal(read->frame_count, 1);
    }
    /* Without it the rest is asked for. */
    struct heng_meter_config plain = heat_meter(NULL);
    script_free(s);
    s = script_new(&plain, NULL);
    say(s, snd_nke, "E5");
    say(s, req_ud2_fcb, telegram(answer, 1000, true));
    say(s, req_ud2, telegram(answer, 1001, false));
    assert_int_equal(converse(s)->frame_count, 2);
    script_free(s);
}

/* How long a mute meter is waited for is the profile's. */
static void test_times(void **state)
{
    static const struct heng_profile slow = {
        .name = "slow", .protocols = 1u << HENG_PROTOCOL_CJT188, .answer_ms = 3000, .preamble = 4};
    struct heng_meter_config meter = water_meter(&slow), usual = water_meter(NULL);
    heng_us waited[2];
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct script *s = script_new(i ? &usual : &meter, NULL);
        for (unsigned n = 0; n < 3; n++) say(s, "", "");
        (void)converse(s);
        waited[i] = s->sent_at[1] - s->sent_at[0];
        script_free(s);
    }
    assert_int_equal(waited[0] - waited[1], 2500 * HENG_US_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_learned),
        cmocka_unit_test(test_order_of_the_profile),
        cmocka_unit_test(test_questions_and_refusals),
        cmocka_unit_test(test_recognised),
        cmocka_unit_test(test_application_reset),
        cmocka_unit_test(test_first_telegram_is_enough),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
