/* Money into a CJ/T 188 meter: it arrives once or not at all, whatever is lost, repeated or made up on the way. */
#include "one_meter.h"

#include "codec/cjt188.h"
#include "model/purse.h"

static const char number[] = "11110059493675";

/* A meter with a purse; what it does wrong. */
struct purse_meter {
    unsigned count, taken; /* taken: purchases that it has really counted */
    uint64_t last, total, left;
    bool refuses, ignores, adds_wrong, counts_two, no_purse, says_wrong_di;
};

static void put_answer(const struct heng_telegram *t, uint8_t control, bool with_di, struct heng_slice payload,
                       uint16_t di, struct heng_buf *ret)
{
    struct heng_cjt188_frame f = {.type = 0x10,
                                  .control = control,
                                  .ser = t->ser,
                                  .preamble = 1,
                                  .di = di,
                                  .without_di = !with_di,
                                  .without_ser = !with_di,
                                  .payload = payload};
    memcpy(f.id, number, sizeof number);
    assert_int_equal(heng_cjt188_encode(&f, ret), HENG_OK);
}

static uint64_t bcd(const uint8_t *p, size_t n)
{
    uint64_t value = 0;
    while (n--) value = value * 100 + (p[n] >> 4) * 10U + (p[n] & 15U);
    return value;
}

/* False: it takes no purchase but the next one. */
static bool buy(struct purse_meter *m, struct heng_slice body)
{
    if (m->ignores) return true;
    if (m->refuses || body.n != 5 || bcd(body.p, 1) != (m->count + 1) % 100) return false;
    m->taken++;
    m->count = (m->count + (m->counts_two ? 2 : 1)) % 100;
    m->last = bcd(body.p + 1, 4);
    m->total += m->adds_wrong ? m->last + 1 : m->last;
    m->left += m->last;
    return true;
}

static void answers(void *meter, struct heng_slice request, struct heng_buf *ret)
{
    struct purse_meter *m = meter;
    struct heng_telegram t;
    size_t used;
    uint8_t bytes[32];
    struct heng_buf body = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_cjt188_codec.decode(request, &t, &used, NULL), HENG_OK);
    uint8_t no[] = {t.ser, 0, 0};
    if (t.control == HENG_CJT188_C_WRITE && t.di == HENG_CJT188_DI_WRITE_PURCHASE && buy(m, t.body)) {
        uint16_t di = m->says_wrong_di ? HENG_CJT188_DI_VALVE : HENG_CJT188_DI_WRITE_PURCHASE;
        put_answer(&t, 0x84, true, (struct heng_slice){0}, di, ret);
    } else if (t.control == HENG_CJT188_C_READ && t.di == HENG_CJT188_DI_PURCHASE && !m->no_purse) {
        assert_int_equal(heng_cjt188_put_bcd(&body, m->count, 1), HENG_OK);
        assert_int_equal(heng_cjt188_put_bcd(&body, m->last, 4), HENG_OK);
        assert_int_equal(heng_cjt188_put_bcd(&body, m->total % 100000000, 4), HENG_OK);
        assert_int_equal(heng_cjt188_put_bcd(&body, m->left, 4), HENG_OK);
        heng_buf_le(&body, 0, 2);
        put_answer(&t, 0x81, true, heng_buf_slice(&body), HENG_CJT188_DI_PURCHASE, ret);
    } else {
        put_answer(&t, t.control | 0xC0, false, heng_slice_of(no, sizeof no), 0, ret);
    }
}

static struct purse_meter meter_new(void)
{
    return (struct purse_meter){.count = 17, .last = 5000, .total = 170000, .left = 1234};
}

static struct conversation *talk_to(struct purse_meter *m)
{
    struct conversation *c = conversation_new(HENG_PROTOCOL_CJT188, HENG_MEDIUM_COLD_WATER, number, answers, m);
    c->memory.di_known = true;
    return c;
}

static const struct heng_order next = {.kind = HENG_ORDER_PURCHASE, .number = 18, .amount = 20050};

static int64_t money_of(const struct conversation *c, heng_quantity quantity, const char *qualifier)
{
    for (unsigned i = 0; i < c->read->value_count; i++) {
        const struct heng_value *v = &c->read->values[i];
        if (v->key.quantity == quantity && strcmp(v->key.qualifier, qualifier) == 0) return v->dec.mantissa;
    }
    return -1;
}

static void test_purchase_arrives(void **state)
{
    struct purse_meter m = meter_new();
    struct conversation *c = talk_to(&m);
    (void)state;
    assert_stage(converse(c, &next), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(c->asked, 3);
    /* The count, number 18 with 200.50, the count again; built by the rules, and by hand. */
    assert_request(c, 0, "FEFEFEFE68107536495900111101038105017216");
    assert_request(c, 1, "FEFEFEFE6810753649590011110408A0130218500002001216");
    assert_request(c, 2, "FEFEFEFE68107536495900111101038105037416");
    assert_int_equal(m.taken, 1);
    assert_int_equal(m.left, 21284);
    assert_int_equal(money_of(c, HENG_QUANTITY_PURCHASE, ""), 18);
    assert_int_equal(money_of(c, HENG_QUANTITY_PURCHASE, "total"), 190050);
    assert_int_equal(money_of(c, HENG_QUANTITY_CREDIT, ""), 21284);
    assert_int_equal(c->read->frame_count, 2); /* both looks prove it */
    assert_int_equal(c->stages[c->stage_count - 1], HENG_STAGE_CONFIRMED);

    assert_stage(converse(c, &(struct heng_order){.kind = HENG_ORDER_READ_PURSE}), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(money_of(c, HENG_QUANTITY_CREDIT, ""), 21284);
    conversation_free(c);
}

/* PP-C3: 17 are known here. */
static void test_count_decides(void **state)
{
    static const struct {
        unsigned count;
        uint64_t last;
        heng_stage stage;
        unsigned taken, asked;
        const char *why;
    } cases[] = {
        {17, 5000, HENG_STAGE_CONFIRMED, 1, 3, ""},
        {18, 20050, HENG_STAGE_CONFIRMED, 0, 1, ""}, /* it arrived before: only the answer was lost */
        {18, 5000, HENG_STAGE_FAILED, 0, 1, "somebody else"},
        {19, 20050, HENG_STAGE_FAILED, 0, 1, "nothing was sent"},
        {15, 5000, HENG_STAGE_FAILED, 0, 1, "nothing was sent"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct purse_meter m = meter_new();
        struct conversation *c = talk_to(&m);
        m.count = cases[i].count;
        m.last = cases[i].last;
        assert_stage(converse(c, &next), cases[i].stage, c);
        assert_int_equal(m.taken, cases[i].taken);
        assert_int_equal(c->asked, cases[i].asked);
        if (cases[i].why[0]) assert_why(c, cases[i].why);
        conversation_free(c);
    }
    assert_int_equal(heng_purse_compare(17, 17, 0), HENG_PURSE_SEND);
    assert_int_equal(heng_purse_compare(17, 18, 0), HENG_PURSE_ARRIVED);
    assert_int_equal(heng_purse_compare(17, 19, 0), HENG_PURSE_AHEAD);
    assert_int_equal(heng_purse_compare(17, 15, 0), HENG_PURSE_BEHIND);
    assert_int_equal(heng_purse_compare(199, 0, 100), HENG_PURSE_ARRIVED);
    assert_int_equal(heng_purse_compare(200, 99, 100), HENG_PURSE_BEHIND);
    assert_int_equal(heng_purse_compare(0, 1, 100), HENG_PURSE_ARRIVED);
    assert_int_equal(heng_purse_compare(0, 100, 100), HENG_PURSE_AHEAD);
}

/* Whatever is lost, in whichever direction: confirmed means that it is in there once; and asking again, as often as
 * one likes, never brings a second one. */
static void test_never_twice(void **state)
{
    (void)state;
    for (unsigned direction = 0; direction < 2; direction++) {
        for (unsigned lost = 0; lost < 1024; lost++) {
            struct purse_meter m = meter_new();
            struct conversation *c = talk_to(&m);
            if (direction)
                c->lost = lost;
            else
                c->unheard = lost;
            heng_stage stage = converse(c, &next);
            assert_in_range(m.taken, 0, 1);
            if (stage == HENG_STAGE_CONFIRMED) assert_int_equal(m.taken, 1);
            c->lost = c->unheard = 0;
            assert_stage(converse(c, &next), HENG_STAGE_CONFIRMED, c);
            assert_int_equal(m.taken, 1);
            assert_int_equal(m.left, 21284);
            conversation_free(c);
        }
    }
}

static void test_meters_that_lie(void **state)
{
    struct purse_meter m = meter_new();
    struct conversation *c = talk_to(&m);
    (void)state;
    m.ignores = true; /* it says OK, and that was all */
    assert_stage(converse(c, &next), HENG_STAGE_FAILED, c);
    assert_true(c->refused > 0);
    assert_why(c, "does not take purchase 18");
    m.ignores = false;
    m.refuses = true;
    assert_stage(converse(c, &next), HENG_STAGE_FAILED, c);
    assert_why(c, "does not take purchase 18");
    assert_int_equal(m.taken, 0);
    conversation_free(c);

    m = meter_new();
    m.says_wrong_di = true; /* an answer to something else is none, and the count tells */
    c = talk_to(&m);
    assert_stage(converse(c, &next), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(m.taken, 1);
    conversation_free(c);

    m = meter_new();
    m.adds_wrong = true;
    c = talk_to(&m);
    assert_stage(converse(c, &next), HENG_STAGE_FAILED, c);
    assert_why(c, "its total went from 1700.00 to 1900.51");
    conversation_free(c);

    m = meter_new();
    m.counts_two = true;
    c = talk_to(&m);
    assert_stage(converse(c, &next), HENG_STAGE_FAILED, c);
    assert_why(c, "not known to be in it");
    conversation_free(c);

    m = meter_new();
    m.no_purse = true;
    c = talk_to(&m);
    assert_stage(converse(c, &next), HENG_STAGE_FAILED, c);
    assert_int_equal(m.taken, 0);
    conversation_free(c);
}

/* Two digits: 99 is followed by 0. Eight: so is the total. */
static void test_digits_run_over(void **state)
{
    struct purse_meter m = {.count = 99, .last = 1, .total = 99999900, .left = 0};
    struct conversation *c = talk_to(&m);
    struct heng_order order = {.kind = HENG_ORDER_PURCHASE, .number = 300, .amount = 250};
    (void)state;
    assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(m.count, 0);
    assert_int_equal(m.taken, 1);
    order.number = 301;
    assert_stage(converse(c, &order), HENG_STAGE_CONFIRMED, c);
    assert_int_equal(m.count, 1);
    conversation_free(c);
}

static void test_what_can_be(void **state)
{
    struct purse_meter m = meter_new();
    struct conversation *c = talk_to(&m);
    struct heng_order order = next;
    struct heng_err err;
    (void)state;
    assert_int_equal(heng_meter_can(&c->config, &order, &err), HENG_OK);
    order.number = 0;
    assert_int_equal(heng_meter_can(&c->config, &order, &err), HENG_ERANGE);
    order = next;
    order.amount = -1;
    assert_int_equal(heng_meter_can(&c->config, &order, &err), HENG_ERANGE);
    order.amount = 100000000;
    assert_int_equal(heng_meter_can(&c->config, &order, &err), HENG_ERANGE);
    memset(c->config.address, 'A', 14); /* money for whoever is there */
    assert_int_equal(heng_meter_can(&c->config, &next, &err), HENG_ECONFIG);
    c->config.protocol = HENG_PROTOCOL_DLT645_2007;
    assert_int_equal(heng_meter_can(&c->config, &next, &err), HENG_EUNSUPPORTED);
    assert_non_null(strstr(err.text, "MAC"));
    assert_int_equal(heng_meter_can(&c->config, &(struct heng_order){.kind = HENG_ORDER_READ_PURSE}, &err), HENG_OK);
    conversation_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_purchase_arrives), cmocka_unit_test(test_count_decides),
        cmocka_unit_test(test_never_twice),      cmocka_unit_test(test_meters_that_lie),
        cmocka_unit_test(test_digits_run_over),  cmocka_unit_test(test_what_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
