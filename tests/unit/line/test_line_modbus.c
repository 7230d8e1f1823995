/* Reading Modbus meters over RTU and TCP: nothing in an answer says which registers it holds, so most of this is about
 * answers that must not be taken for another's. */
#include "scripted_bus.h"

#include "codec/modbus.h"

/* An Acrel DDSY1352 as far as these tests need it. */
static const struct heng_field fields[] = {
    {.di = 0,
     .bytes = 4,
     .function_code = 3,
     .coding = HENG_CODING_UNSIGNED,
     .exp = 1,
     .factor = 1,
     .quantity = HENG_QUANTITY_ENERGY,
     .unit = HENG_UNIT_WH},
    {.di = 2,
     .bytes = 4,
     .function_code = 3,
     .coding = HENG_CODING_UNSIGNED,
     .exp = 1,
     .factor = 1,
     .quantity = HENG_QUANTITY_ENERGY,
     .unit = HENG_UNIT_WH,
     .tariff = 1},
    {.di = 11,
     .bytes = 2,
     .function_code = 3,
     .coding = HENG_CODING_UNSIGNED,
     .exp = -1,
     .factor = 1,
     .quantity = HENG_QUANTITY_VOLTAGE,
     .unit = HENG_UNIT_V},
    {.di = 12,
     .bytes = 2,
     .function_code = 3,
     .coding = HENG_CODING_UNSIGNED,
     .exp = -2,
     .factor = 1,
     .quantity = HENG_QUANTITY_CURRENT,
     .unit = HENG_UNIT_A},
};

static const struct heng_profile acrel = {
    .name = "acrel",
    .protocols = 1u << HENG_PROTOCOL_MODBUS_RTU | 1u << HENG_PROTOCOL_MODBUS_TCP,
    .asks = {{.di = 0, .count = 4, .function_code = 3},
             {.di = 11, .count = 1, .function_code = 3, .optional = true},
             {.di = 12, .count = 1, .function_code = 3}},
    .ask_count = 3,
    .preamble = 0xFF,
    .dialect = {.fields = fields, .field_count = sizeof fields / sizeof *fields},
};

static struct heng_meter_config meter_of(heng_protocol protocol, const struct heng_profile *profile)
{
    struct heng_meter_config meter = {
        .device_id = 7, .protocol = protocol, .medium = HENG_MEDIUM_ELECTRICITY, .profile = profile};
    memcpy(meter.address, "1", 2);
    return meter;
}

/* An RTU frame as hex; pdu as hex. */
static const char *rtu(char *ret, uint8_t unit, const char *pdu)
{
    uint8_t bytes[300], body[256];
    struct heng_buf out = heng_buf_of(bytes, sizeof bytes), in = heng_buf_of(body, sizeof body);
    assert_int_equal(heng_hex_parse(heng_slice_str(pdu), &in, NULL), HENG_OK);
    assert_int_equal(heng_modbus_encode_rtu(unit, heng_buf_slice(&in), &out), HENG_OK);
    to_hex(heng_buf_slice(&out), ret, HEX_MAX);
    return ret;
}

static const char *tcp(char *ret, uint16_t transaction, uint8_t unit, const char *pdu)
{
    uint8_t bytes[300], body[256];
    struct heng_buf out = heng_buf_of(bytes, sizeof bytes), in = heng_buf_of(body, sizeof body);
    assert_int_equal(heng_hex_parse(heng_slice_str(pdu), &in, NULL), HENG_OK);
    assert_int_equal(heng_modbus_encode_tcp(transaction, unit, heng_buf_slice(&in), &out), HENG_OK);
    to_hex(heng_buf_slice(&out), ret, HEX_MAX);
    return ret;
}

static struct exchange *talk(struct script *s, const char *ask, const char *answer)
{
    char request[HEX_MAX], reply[HEX_MAX] = "";
    if (answer[0]) rtu(reply, 1, answer);
    return say(s, rtu(request, 1, ask), reply);
}

static const char ask_energy[] = "03 0000 0004", ask_voltage[] = "03 000B 0001", ask_current[] = "03 000C 0001";
static const char energy[] = "03 08 00012345 00000100", voltage[] = "03 02 08FC", current[] = "03 02 0064";

static void test_questions_of_the_profile(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, &acrel);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, ask_energy, energy);
    talk(s, ask_voltage, voltage);
    talk(s, ask_current, current);
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 4);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "", "745650");
    assert_value(read, HENG_QUANTITY_ENERGY, 1, "", "2560");
    assert_value(read, HENG_QUANTITY_VOLTAGE, 0, "", "230.0");
    assert_value(read, HENG_QUANTITY_CURRENT, 0, "", "1.00");
    /* the stored frame holds question and answer, which say the same again */
    assert_int_equal(read->frames[0].n, 8 + 13);
    assert_proven(read, HENG_PROTOCOL_MODBUS_RTU, &acrel);
    script_free(s);
}

static void test_exceptions(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, &acrel);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, ask_energy, energy);
    talk(s, ask_voltage, "83 02"); /* it may be missing */
    talk(s, ask_current, current);
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 3);
    assert_false(has_value(read, HENG_QUANTITY_VOLTAGE));

    next_script(s);
    talk(s, ask_energy, energy);
    talk(s, ask_voltage, voltage);
    for (unsigned i = 0; i < 3; i++) talk(s, ask_current, "83 02"); /* this may not */
    read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_REFUSED);
    assert_int_equal(read->value_count, 0);
    script_free(s);
}

/* Silence to the first question costs that question only, when it may be missing; why another failed is told. */
static void test_first_question_may_be_missing(void **state)
{
    struct heng_profile profile = acrel;
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, &profile);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    profile.asks[0].optional = true;
    for (unsigned i = 0; i < 3; i++) talk(s, ask_energy, "");
    talk(s, ask_voltage, voltage);
    talk(s, ask_current, current);
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 2);
    assert_value(read, HENG_QUANTITY_CURRENT, 0, "", "1.00");
    assert_string_equal(read->why, "");

    next_script(s);
    for (unsigned i = 0; i < 3; i++) talk(s, ask_energy, "");
    talk(s, ask_voltage, "83 02");
    for (unsigned i = 0; i < 3; i++) talk(s, ask_current, "83 04");
    read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_REFUSED);
    assert_non_null(strstr(read->why, "exception 4"));
    script_free(s);

    s = script_new(&meter, NULL); /* nobody is there: the last question of all may not be missing */
    for (unsigned i = 0; i < 3; i++) talk(s, ask_energy, "");
    for (unsigned i = 0; i < 3; i++) talk(s, ask_voltage, "");
    for (unsigned i = 0; i < 3; i++) talk(s, ask_current, "");
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_SILENCE);
    script_free(s);
}

static void test_busy_meter_gets_time(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, &acrel);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    talk(s, ask_energy, "83 06");
    talk(s, ask_energy, energy);
    talk(s, ask_voltage, voltage);
    talk(s, ask_current, current);
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    assert_true(s->sent_at[1] - s->sent_at[0] >= 500 * HENG_US_PER_MS);
    script_free(s);
}

static void test_foreign_unit_and_stray_byte(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, &acrel);
    struct script *s = script_new(&meter, NULL);
    char one[HEX_MAX];
    (void)state;
    struct exchange *x = talk(s, ask_energy, "");
    append(x->answer, rtu(one, 2, "03 08 00099999 00000100"));
    append(x->answer, "00");
    append(x->answer, rtu(one, 1, energy));
    talk(s, ask_voltage, voltage);
    talk(s, ask_current, current);
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_value(read, HENG_QUANTITY_ENERGY, 0, "", "745650");
    assert_int_equal(heng_line_counters_now(s->line)->foreign, 1);
    script_free(s);
}

/* A slow meter answers twice to a question that was asked twice. The second answer has the form of the answer to the
 * next question: the line must let it pass by before it asks. */
static void test_second_answer_is_not_the_next_one(void **state)
{
    static const struct heng_profile twins = {
        .name = "twins",
        .protocols = 1u << HENG_PROTOCOL_MODBUS_RTU,
        .asks = {{.di = 11, .count = 1, .function_code = 3}, {.di = 12, .count = 1, .function_code = 3}},
        .ask_count = 2,
        .dialect = {.fields = fields, .field_count = sizeof fields / sizeof *fields},
    };
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, &twins);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    struct exchange *x = talk(s, ask_voltage, "");
    rtu(x->late, 1, voltage);
    x->late_ms = 700; /* comes while the second try waits */
    x = talk(s, ask_voltage, voltage);
    x->after_ms = 300; /* comes after the next question would have gone out, and before its answer */
    talk(s, ask_current, current)->after_ms = 200;
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_value(read, HENG_QUANTITY_VOLTAGE, 0, "", "230.0");
    assert_value(read, HENG_QUANTITY_CURRENT, 0, "", "1.00");
    script_free(s);
}

/* "01 01 03 00 00 14 CRC" asks for 20 coils, and would be an answer with 3 bytes of coils. */
static void test_echo_that_looks_like_an_answer(void **state)
{
    static const struct heng_field coil[] = {{.di = 0x0300,
                                              .bytes = 1,
                                              .function_code = 1,
                                              .coding = HENG_CODING_BIT,
                                              .factor = 1,
                                              .quantity = HENG_QUANTITY_RELAY_STATE,
                                              .unit = HENG_UNIT_NONE}};
    static const struct heng_profile coils = {
        .name = "coils",
        .protocols = 1u << HENG_PROTOCOL_MODBUS_RTU,
        .asks = {{.di = 0x0300, .count = 20, .function_code = 1}},
        .ask_count = 1,
        .dialect = {.fields = coil, .field_count = 1},
    };
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, &coils);
    struct script *s = script_new(&meter, NULL);
    char request[HEX_MAX], answer[HEX_MAX];
    (void)state;
    rtu(request, 1, "01 0300 0014");
    append(say(s, request, request)->answer, rtu(answer, 1, "01 03 010000"));
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_value(read, HENG_QUANTITY_RELAY_STATE, 0, "", "1");
    assert_int_equal(heng_line_counters_now(s->line)->echo, 1);
    script_free(s);
}

static void test_answer_of_another_length(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, &acrel);
    struct script *s = script_new(&meter, NULL);
    (void)state;
    for (unsigned i = 0; i < 3; i++) talk(s, ask_energy, voltage);
    const struct heng_read *read = converse(s);
    assert_int_not_equal(read->outcome, HENG_OUTCOME_OK);
    assert_int_equal(read->value_count, 0);
    script_free(s);
}

/* --- TCP -------------------------------------------------------------------------------------------------- */

static void test_transactions(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_TCP, &acrel);
    struct script *s = script_new(&meter, NULL);
    char request[HEX_MAX], answer[HEX_MAX];
    (void)state;
    say(s, tcp(request, 1, 1, ask_energy), "");
    say(s, request, tcp(answer, 1, 1, energy)); /* the same question keeps its number */
    struct exchange *x = say(s, tcp(request, 2, 1, ask_voltage), tcp(answer, 1, 1, "03 02 0001"));
    append(x->answer, tcp(answer, 2, 1, voltage));
    say(s, tcp(request, 3, 1, ask_current), tcp(answer, 3, 1, current));
    const struct heng_read *read = converse(s);
    assert_int_equal(read->outcome, HENG_OUTCOME_OK);
    assert_value(read, HENG_QUANTITY_VOLTAGE, 0, "", "230.0");
    assert_proven(read, HENG_PROTOCOL_MODBUS_TCP, &acrel);

    next_script(s); /* the next round counts on; that a register is gone is believed when two reads say so */
    for (uint16_t first = 5; first <= 9; first = (uint16_t)(first + 4)) {
        uint16_t second = (uint16_t)(first + 1), third = (uint16_t)(first + 2);
        say(s, tcp(request, first, 1, ask_energy), tcp(answer, first, 1, energy));
        say(s, tcp(request, second, 1, ask_voltage), tcp(answer, second, 1, "83 02"));
        say(s, tcp(request, third, 1, ask_current), tcp(answer, third, 1, current));
    }
    assert_int_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    script_free(s);
}

static void test_only_wrong_transactions(void **state)
{
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_TCP, &acrel);
    struct script *s = script_new(&meter, NULL);
    char answer[HEX_MAX];
    (void)state;
    for (unsigned i = 0; i < 3; i++) say(s, "", tcp(answer, 9, 1, energy));
    assert_int_not_equal(converse(s)->outcome, HENG_OUTCOME_OK);
    script_free(s);
}

/* --- configuration ---------------------------------------------------------------------------------------- */

static void test_what_cannot_be_asked(void **state)
{
    static const struct {
        heng_protocol protocol;
        const char *address;
        bool good;
    } units[] = {
        {HENG_PROTOCOL_MODBUS_RTU, "1", true},    {HENG_PROTOCOL_MODBUS_RTU, "247", true},
        {HENG_PROTOCOL_MODBUS_RTU, "0", false},   {HENG_PROTOCOL_MODBUS_RTU, "248", false},
        {HENG_PROTOCOL_MODBUS_RTU, "01", false},  {HENG_PROTOCOL_MODBUS_RTU, "", false},
        {HENG_PROTOCOL_MODBUS_RTU, "1x", false},  {HENG_PROTOCOL_MODBUS_RTU, "-1", false},
        {HENG_PROTOCOL_MODBUS_TCP, "255", true},  {HENG_PROTOCOL_MODBUS_TCP, "0", true},
        {HENG_PROTOCOL_MODBUS_TCP, "256", false},
    };
    struct heng_err err;
    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct heng_meter_config meter = meter_of(units[i].protocol, &acrel);
        snprintf(meter.address, sizeof meter.address, "%s", units[i].address);
        assert_int_equal(heng_meter_check(&meter, &err), units[i].good ? HENG_OK : HENG_ECONFIG);
    }
    struct heng_meter_config meter = meter_of(HENG_PROTOCOL_MODBUS_RTU, NULL);
    assert_int_equal(heng_meter_check(&meter, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "needs a profile"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions_of_the_profile),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_first_question_may_be_missing),
        cmocka_unit_test(test_busy_meter_gets_time),
        cmocka_unit_test(test_foreign_unit_and_stray_byte),
        cmocka_unit_test(test_second_answer_is_not_the_next_one),
        cmocka_unit_test(test_echo_that_looks_like_an_answer),
        cmocka_unit_test(test_answer_of_another_length),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_only_wrong_transactions),
        cmocka_unit_test(test_what_cannot_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
