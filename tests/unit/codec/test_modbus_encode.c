/* Modbus, the sending side: what is encoded is decoded to the same, limits hold, answers find their requests. */
#include "corpus.h"

#include "codec/modbus.h"

static void test_crc_has_its_check_value(void **state)
{
    (void)state;
    assert_int_equal(heng_modbus_crc(heng_slice_str("123456789")), 0x4B37);
    assert_int_equal(heng_modbus_crc(heng_slice_str("")), 0xFFFF);
}

static void test_exceptions_have_names(void **state)
{
    (void)state;
    assert_string_equal(heng_modbus_exception_text(2), "illegal data address");
    assert_string_equal(heng_modbus_exception_text(6), "server device busy");
    assert_string_equal(heng_modbus_exception_text(0x0B), "gateway target failed to respond");
    assert_string_equal(heng_modbus_exception_text(0), "reserved exception");
    assert_string_equal(heng_modbus_exception_text(9), "reserved exception");
    assert_string_equal(heng_modbus_exception_text(0x0C), "reserved exception");
    assert_string_equal(heng_modbus_exception_text(255), "reserved exception");
}

/* What the encoder was given, and what the decoder must say of it. */
struct made {
    uint8_t function, data[250];
    size_t data_n;
    uint16_t address, count, write_address, value;
    bool answer, either;
    heng_telegram_kind kind;
};

static uint16_t up_to(struct seeded *seed, unsigned max) { return (uint16_t)(1 + seeded_below(seed, max)); }

static void fill(struct seeded *seed, struct made *m, size_t n)
{
    m->data_n = n;
    for (size_t i = 0; i < n; i++) m->data[i] = (uint8_t)(seeded_next(seed) >> 40);
}

/* One random PDU of each kind in turn. */
static heng_rc make_pdu(struct seeded *seed, unsigned kind, struct made *m, struct heng_buf *buf)
{
    enum { LAST_START = 0x10000 - 2000 }; /* from there on any quantity ends at 65535 or before it */
    *m = (struct made){.address = (uint16_t)(seeded_below(seed, LAST_START + 1)),
                       .write_address = (uint16_t)(seeded_below(seed, LAST_START + 1))};
    struct heng_slice data = {m->data, 0};
    switch (kind) {
    case 0: /* read */
        m->function = (uint8_t)(1 + seeded_below(seed, 4));
        m->count = up_to(seed, m->function <= 2 ? 2000 : 125);
        m->kind = HENG_TELEGRAM_REQUEST;
        return heng_modbus_put_read(m->function, m->address, m->count, buf);
    case 1: /* data */
        m->function = (uint8_t)(1 + seeded_below(seed, 4));
        fill(seed, m, m->function <= 2 ? up_to(seed, 250) : (size_t)2 * up_to(seed, 125));
        m->count = (uint16_t)(m->function <= 2 ? 8 * m->data_n : m->data_n / 2);
        m->answer = true;
        m->kind = HENG_TELEGRAM_DATA;
        data.n = m->data_n;
        return heng_modbus_put_data(m->function, data, buf);
    case 2: /* one coil or register */
        m->function = (uint8_t)(5 + seeded_below(seed, 2));
        m->value = (uint16_t)(m->function == 6 ? seeded_next(seed) : seeded_below(seed, 2) ? 0xFF00 : 0);
        fill(seed, m, 2);
        m->data[0] = (uint8_t)(m->value >> 8);
        m->data[1] = (uint8_t)m->value;
        m->count = 1;
        m->either = true;
        m->kind = HENG_TELEGRAM_COMMAND;
        return heng_modbus_put_write_one(m->function, m->address, m->value, buf);
    case 3: /* several */
        m->function = seeded_below(seed, 2) ? 0x10 : 0x0F;
        m->count = up_to(seed, m->function == 0x10 ? 123 : 1968);
        fill(seed, m, m->function == 0x10 ? 2u * m->count : (m->count + 7u) / 8);
        m->kind = HENG_TELEGRAM_COMMAND;
        data.n = m->data_n;
        return heng_modbus_put_write(m->function, m->address, m->count, data, buf);
    case 4: /* several, done */
        m->function = seeded_below(seed, 2) ? 0x10 : 0x0F;
        m->count = up_to(seed, m->function == 0x10 ? 123 : 1968);
        m->answer = true;
        m->kind = HENG_TELEGRAM_WRITTEN;
        return heng_modbus_put_written(m->function, m->address, m->count, buf);
    case 5: /* read and write */
        m->function = 0x17;
        m->count = up_to(seed, 125);
        fill(seed, m, 2u * up_to(seed, 121));
        m->kind = HENG_TELEGRAM_COMMAND;
        data.n = m->data_n;
        return heng_modbus_put_read_write(m->address, m->count, m->write_address, data, buf);
    default: /* exception */
        m->function = (uint8_t)(0x81 + seeded_below(seed, 4));
        m->value = up_to(seed, 255);
        m->answer = true;
        m->kind = HENG_TELEGRAM_ERROR;
        return heng_modbus_put_exception(m->function & 0x7F, (uint8_t)m->value, buf);
    }
}

static void check_telegram(const struct made *m, const struct heng_telegram *t, uint8_t unit)
{
    assert_int_equal(t->address, unit);
    assert_int_equal(t->control, m->function);
    if (t->either_way &&
        !m->either) { /* as long as the answer that its first bytes would announce, or as its request */
        assert_true(m->function <= 2 ? t->frame.n == (t->protocol == HENG_PROTOCOL_MODBUS_TCP ? 12u : 8u)
                                     : m->function == 0x17 && m->data_n + 8 == m->address >> 8);
        return;
    }
    assert_int_equal(t->kind, m->kind);
    assert_int_equal(t->either_way, m->either);
    assert_int_equal(t->from_meter, m->answer);
    assert_int_equal(t->count, m->count);
    if (t->has_di) assert_int_equal(t->di, m->address);
    assert_int_equal(t->has_di, m->kind != HENG_TELEGRAM_DATA && m->kind != HENG_TELEGRAM_ERROR);
    assert_true(heng_slice_eq(t->body, heng_slice_of(m->data, m->data_n)));
    if (m->kind == HENG_TELEGRAM_ERROR) assert_int_equal(t->error_code, m->value);
}

static void test_what_is_encoded_is_decoded_to_the_same(void **state)
{
    (void)state;
    struct seeded seed = seeded_from_environment();
    for (unsigned round = 0; round < 14000; round++) {
        uint8_t pdu_bytes[260], bytes[260];
        struct heng_buf pdu = heng_buf_of(pdu_bytes, sizeof pdu_bytes), buf = heng_buf_of(bytes, sizeof bytes);
        struct made m;
        struct heng_telegram t;
        size_t used;
        uint8_t unit = (uint8_t)seeded_next(&seed);
        uint16_t transaction = (uint16_t)seeded_next(&seed);
        assert_int_equal(make_pdu(&seed, round % 7, &m, &pdu), HENG_OK);

        assert_int_equal(heng_modbus_encode_rtu(unit, heng_buf_slice(&pdu), &buf), HENG_OK);
        assert_int_equal(heng_modbus_rtu_codec.decode(heng_buf_slice(&buf), &t, &used, NULL), HENG_OK);
        assert_int_equal(used, buf.n);
        assert_int_equal(t.frame.n, buf.n);
        check_telegram(&m, &t, unit);

        buf = heng_buf_of(bytes, sizeof bytes);
        assert_int_equal(heng_modbus_encode_tcp(transaction, unit, heng_buf_slice(&pdu), &buf), HENG_OK);
        assert_int_equal(heng_modbus_tcp_codec.decode(heng_buf_slice(&buf), &t, &used, NULL), HENG_OK);
        assert_int_equal(used, buf.n);
        assert_int_equal(t.transaction, transaction);
        check_telegram(&m, &t, unit);
    }
}

/* Every refusal leaves the buffer as it was; and so does each size that is too small by one byte. */
static void test_limits_leave_the_buffer_alone(void **state)
{
    (void)state;
    static uint8_t data[300];
    uint8_t bytes[300];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    const struct heng_slice none = {data, 0}, two = {data, 2}, odd = {data, 3}, most = {data, 250}, over = {data, 252},
                            huge = {data, 300};
    heng_buf_u8(&buf, 0x55);
    const struct heng_modbus_object object = {0, {data, 247}}, long_object = {0, {data, 256}};
    const heng_rc refused[] = {
        heng_modbus_put_read(3, 0xFFFF, 2, &buf),
        heng_modbus_put_write(0x10, 0xFFFF, 2, (struct heng_slice){data, 4}, &buf),
        heng_modbus_put_written(0x0F, 0xFFF8, 9, &buf),
        heng_modbus_put_read_write(0xFFFF, 2, 0, two, &buf),
        heng_modbus_put_read_write(0, 1, 0xFFFF, (struct heng_slice){data, 4}, &buf),
        heng_modbus_put_identified(1, 1, false, 0, &object, 1, &buf),
        heng_modbus_put_identified(1, 1, false, 0, &long_object, 1, &buf),
        heng_modbus_put_identified(0, 1, false, 0, NULL, 0, &buf),
        heng_modbus_put_identified(1, 4, false, 0, NULL, 0, &buf),
        heng_modbus_put_read(3, 0, 0, &buf),
        heng_modbus_put_read(3, 0, 126, &buf),
        heng_modbus_put_read(1, 0, 2001, &buf),
        heng_modbus_put_read(0, 0, 1, &buf),
        heng_modbus_put_read(5, 0, 0xFF00, &buf),
        heng_modbus_put_write_one(5, 0, 1, &buf),
        heng_modbus_put_write_one(4, 0, 1, &buf),
        heng_modbus_put_write(0x10, 0, 2, two, &buf),
        heng_modbus_put_write(0x10, 0, 0, none, &buf),
        heng_modbus_put_write(0x10, 0, 126, over, &buf),
        heng_modbus_put_write(0x10, 0, 150, huge, &buf),
        heng_modbus_put_write(0x06, 0, 1, two, &buf),
        heng_modbus_put_written(0x10, 0, 124, &buf),
        heng_modbus_put_written(0x0F, 0, 1969, &buf),
        heng_modbus_put_written(0x06, 0, 1, &buf),
        heng_modbus_put_read_write(0, 0, 0, two, &buf),
        heng_modbus_put_read_write(0, 126, 0, two, &buf),
        heng_modbus_put_read_write(0, 1, 0, none, &buf),
        heng_modbus_put_read_write(0, 1, 0, odd, &buf),
        heng_modbus_put_read_write(0, 1, 0, most, &buf),
        heng_modbus_put_read_write(0, 1, 0, huge, &buf),
        heng_modbus_put_data(3, none, &buf),
        heng_modbus_put_data(3, odd, &buf),
        heng_modbus_put_data(3, over, &buf),
        heng_modbus_put_data(3, huge, &buf),
        heng_modbus_put_data(5, two, &buf),
        heng_modbus_put_data(0x83, two, &buf),
        heng_modbus_put_exception(3, 0, &buf),
        heng_modbus_put_identification(0, 0, &buf),
        heng_modbus_put_identification(5, 0, &buf),
        heng_modbus_encode_rtu(1, none, &buf),
        heng_modbus_encode_rtu(1, heng_slice_of(data, 254), &buf),
        heng_modbus_encode_tcp(1, 1, none, &buf),
        heng_modbus_encode_tcp(1, 1, heng_slice_of(data, 254), &buf),
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (refused[i] != HENG_ELIMIT) fail_msg("case %zu is not refused", i);
    assert_int_equal(buf.n, 1);
    assert_false(buf.full);

    const struct heng_modbus_object short_object = {2, two};
    static const size_t needs[] = {5, 5, 8, 5, 12, 4, 2, 4, 5, 9, 11};
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        for (size_t cap = 0; cap <= needs[i]; cap++) {
            struct heng_buf small = heng_buf_of(bytes, cap);
            const heng_rc rc = i == 0   ? heng_modbus_put_read(3, 0, 1, &small)
                               : i == 1 ? heng_modbus_put_write_one(6, 0, 1, &small)
                               : i == 2 ? heng_modbus_put_write(0x10, 0, 1, two, &small)
                               : i == 3 ? heng_modbus_put_written(0x10, 0, 1, &small)
                               : i == 4 ? heng_modbus_put_read_write(0, 1, 0, two, &small)
                               : i == 5 ? heng_modbus_put_data(3, two, &small)
                               : i == 6 ? heng_modbus_put_exception(3, 1, &small)
                               : i == 7 ? heng_modbus_put_identification(1, 0, &small)
                               : i == 8 ? heng_modbus_encode_rtu(1, two, &small)
                               : i == 9 ? heng_modbus_encode_tcp(1, 1, two, &small)
                                        : heng_modbus_put_identified(1, 0x81, false, 0, &short_object, 1, &small);
            assert_int_equal(rc, cap < needs[i] ? HENG_ELIMIT : HENG_OK);
            assert_int_equal(small.n, cap < needs[i] ? 0 : needs[i]);
        }
    }
}

static struct heng_telegram decoded(const char *hex, bool tcp, uint8_t *bytes, bool answer)
{
    struct heng_buf pdu = heng_buf_of(bytes, 64), frame = heng_buf_of(bytes + 64, 64);
    struct heng_telegram t;
    size_t used;
    assert_int_equal(heng_hex_parse(heng_slice_str(hex), &pdu, NULL), HENG_OK);
    struct heng_slice rest = heng_slice_from(heng_buf_slice(&pdu), 1);
    heng_rc rc =
        tcp ? heng_modbus_encode_tcp(7, bytes[0], rest, &frame) : heng_modbus_encode_rtu(bytes[0], rest, &frame);
    assert_int_equal(rc, HENG_OK);
    const struct heng_codec *codec = tcp ? &heng_modbus_tcp_codec : &heng_modbus_rtu_codec;
    rc = (answer ? codec->decode_answer : codec->decode)(heng_buf_slice(&frame), &t, &used, NULL);
    assert_int_equal(rc, HENG_OK);
    return t;
}

static void test_answers_find_their_requests(void **state)
{
    (void)state;
    static const struct {
        const char *request, *answer;
        bool fits;
    } cases[] = {
        {"01 03 0010 0002", "01 03 04 00010002", true},
        {"01 03 0010 0002", "02 03 04 00010002", false},
        {"01 03 0010 0002", "01 04 04 00010002", false},
        {"01 03 0010 0003", "01 03 04 00010002", false},
        {"01 03 0010 0002", "01 83 02", true},
        {"01 03 0010 0002", "01 84 02", false},
        {"01 01 0010 000A", "01 01 02 FF03", true},
        {"01 01 0010 0011", "01 01 02 FF03", false},
        {"01 01 0010 0018", "01 01 03 000102", true}, /* as long as a request */
        {"01 05 0010 FF00", "01 05 0010 FF00", true},
        {"01 05 0010 FF00", "01 05 0010 0000", false},
        {"01 06 0010 0001", "01 06 0011 0001", false},
        {"01 10 0010 0001 02 0005", "01 10 0010 0001", true},
        {"01 10 0010 0001 02 0005", "01 10 0010 0002", false},
        {"01 11", "01 11 02 B4FF", true},
        {"01 17 0010 0001 0020 0001 02 0005", "01 17 02 0007", true},
        {"01 17 0010 0002 0020 0001 02 0005", "01 17 02 0007", false},
        {"01 2B 0E 01 00", "01 2B 0E 01 01 00 00 01 00 01 41", true},
        {"01 2B 0E 02 00", "01 2B 0E 01 01 00 00 01 00 01 41", false},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        uint8_t request_bytes[128], answer_bytes[128];
        struct heng_telegram request = decoded(cases[i / 2].request, i % 2, request_bytes, false);
        struct heng_telegram answer = decoded(cases[i / 2].answer, i % 2, answer_bytes, true);
        struct heng_telegram before = answer;
        if (heng_modbus_join(&request, &answer) != cases[i / 2].fits) fail_msg("case %zu", i);
        if (!cases[i / 2].fits) {
            assert_memory_equal(&answer, &before, sizeof answer);
            continue;
        }
        assert_true(answer.from_meter && !answer.either_way);
        assert_int_equal(answer.has_di, request.has_di);
        assert_int_equal(answer.di, request.di);
        assert_int_equal(answer.count, request.count);
        assert_false(heng_modbus_join(&answer, &request)); /* the other way round it makes no sense */
        /* Decoded without knowing which way it goes, it is the same answer. */
        before = decoded(cases[i / 2].answer, i % 2, answer_bytes, false);
        assert_true(heng_modbus_join(&request, &before));
        assert_int_equal(before.kind, answer.kind);
        assert_int_equal(before.body.n, answer.body.n);
    }
    uint8_t rtu_bytes[128], tcp_bytes[128];
    struct heng_telegram rtu = decoded("01 03 0010 0001", false, rtu_bytes, false);
    struct heng_telegram tcp = decoded("01 03 02 0001", true, tcp_bytes, true);
    assert_false(heng_modbus_join(&rtu, &tcp));
    struct heng_telegram other = decoded("01 03 0010 0001", true, rtu_bytes, false);
    other.transaction++;
    assert_false(heng_modbus_join(&other, &tcp));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc_has_its_check_value),
        cmocka_unit_test(test_exceptions_have_names),
        cmocka_unit_test(test_what_is_encoded_is_decoded_to_the_same),
        cmocka_unit_test(test_limits_leave_the_buffer_alone),
        cmocka_unit_test(test_answers_find_their_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
