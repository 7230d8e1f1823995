/* Amounts, signatures, seals, files: the worked examples PY-* and what must be refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "pay/channel.h"
#include "pay/sepa.h"
#include "pay/template.h"
#include "pay_vectors.h"

static void test_amounts_without_floats(void **state)
{
    static const struct {
        const char *yuan;
        int64_t fen;
    } good[] = {{"0.29", 29},   {"1.15", 115}, {"19.99", 1999}, {"998.62", 99862}, {"4.35", 435},
                {" 12 ", 1200}, {"-0.05", -5}, {"7.1", 710},    {"3.500", 350},    {"92233720368547758.07", INT64_MAX}};
    static const char *const bad[] = {
        "", " ", ".5", "1.", "1,00", "0.291", "1e3", "--1", "1 0", "92233720368547758.08", "¥5"};
    struct heng_err err;
    int64_t amount;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(heng_pay_amount(heng_slice_str(good[i].yuan), 2, &amount, &err), HENG_OK);
        assert_int_equal(amount, good[i].fen);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(heng_pay_amount(heng_slice_str(bad[i]), 2, &amount, &err), HENG_OK);
    char text[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_pay_amount_text(-5, 2, text);
    assert_string_equal(text, "-0.05");
    heng_pay_amount_text(INT64_MIN, 2, text);
    assert_string_equal(text, "-92233720368547758.08");
}

static struct evp_pkey_st *public_key(void)
{
    struct evp_pkey_st *key = NULL;
    struct heng_err err;
    assert_int_equal(heng_pay_public_of(heng_slice_str(pay_public_key), &key, &err), HENG_OK);
    return key;
}

/* PY-C1, PY-C2: the signature is that of these bytes, and of no others. */
static void test_signatures(void **state)
{
    struct heng_err err;
    struct evp_pkey_st *key = public_key();
    (void)state;
    assert_int_equal(heng_pay_verify(key, heng_slice_str(pay_c1_message), heng_slice_str(pay_c1_signature), &err),
                     HENG_OK);
    assert_int_equal(heng_pay_verify(key, heng_slice_str(pay_c2_message), heng_slice_str(pay_c2_signature), &err),
                     HENG_OK);
    assert_int_equal(heng_pay_verify(key, heng_slice_str(pay_c2_message), heng_slice_str(pay_c1_signature), &err),
                     HENG_EDENIED);
    assert_int_equal(heng_pay_verify(key, heng_slice_str(pay_c1_message), heng_slice_str("!!!!"), &err), HENG_EFORMAT);
    heng_pay_key_free(key);
}

/* What we sign is what the other end verifies. */
static void test_sign_and_verify(void **state)
{
    struct heng_err err;
    EVP_PKEY *key = EVP_RSA_gen(2048u);
    struct heng_str signature = {.max = 2048};
    (void)state;
    assert_int_equal(heng_pay_sign(key, heng_slice_str("a message"), &signature, &err), HENG_OK);
    const struct heng_slice made = heng_slice_of(signature.text, signature.n);
    assert_int_equal(heng_pay_verify(key, heng_slice_str("a message"), made, &err), HENG_OK);
    assert_int_equal(heng_pay_verify(key, heng_slice_str("a massage"), made, &err), HENG_EDENIED);
    heng_str_fini(&signature);
    EVP_PKEY_free(key);
}

/* PY-P1, and each bit of it flipped. */
static void test_sealed(void **state)
{
    uint8_t sealed[64], plain[64];
    struct heng_buf in = heng_buf_of(sealed, sizeof sealed), out = heng_buf_of(plain, sizeof plain);
    struct heng_err err;
    const struct heng_slice key = heng_slice_str("testAPIv3Key0000"), nonce = heng_slice_str("wCq51qZv4Yfg");
    const struct heng_slice also = heng_slice_str("Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8");
    (void)state;
    assert_int_equal(heng_pay_base64(heng_slice_str("FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC"), &in, &err), HENG_OK);
    assert_int_equal(heng_pay_open_sealed(key, nonce, also, heng_buf_slice(&in), &out, &err), HENG_OK);
    assert_true(heng_slice_is(heng_buf_slice(&out), "Hello World"));
    for (size_t bit = 0; bit < 8 * in.n; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        out.n = 0;
        assert_int_equal(heng_pay_open_sealed(key, nonce, also, heng_buf_slice(&in), &out, &err), HENG_EDENIED);
        assert_int_equal(out.n, 0);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(heng_pay_open_sealed(key, nonce, also, heng_slice_of(sealed, 15), &out, &err), HENG_EFORMAT);
    assert_int_equal(heng_pay_open_sealed(key, heng_slice_str("short"), also, heng_buf_slice(&in), &out, &err),
                     HENG_EFORMAT);
}

#define HEADER(name, value)                                                                                            \
    {                                                                                                                  \
        {(const uint8_t *)(name), sizeof(name) - 1}, { (const uint8_t *)(value), sizeof(value) - 1 }                   \
    }

/* PY-C4. The example's plaintext names no merchant and no app: so does the set-up here. */
static void test_wechat_notice(void **state)
{
    struct heng_err err;
    struct heng_pay_event event;
    struct heng_pay_setup setup = {.has_secret = true, .platform_count = 1};
    struct heng_pay_header headers[] = {HEADER("wechatpay-timestamp", "1730433668"),
                                        HEADER("Wechatpay-Serial", "PUB1"),
                                        HEADER("Wechatpay-Nonce", "c5ac7061fccab6bf3e254dcf98995b8c"),
                                        {heng_slice_str("Wechatpay-Signature"), heng_slice_str(pay_c4_signature)}};
    struct heng_pay_in in = {headers, 4, heng_slice_str(pay_c4_body)};
    const heng_us now_us = INT64_C(1730433700) * HENG_US_PER_S;
    (void)state;
    memcpy(setup.secret, "0123456789abcdef0123456789abcdef", 32);
    memcpy(setup.platform[0].serial, "PUB1", 5);
    setup.platform[0].key = public_key();
    assert_int_equal(heng_pay_wechat.notice(&setup, &in, now_us, &event, &err), HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_PAID);
    assert_string_equal(event.order_number, "H2024110100001");
    assert_string_equal(event.transaction_id, "4200000000202411010000000001");
    assert_int_equal(event.amount, 99862);
    assert_int_equal(event.at_us, INT64_C(1730433667) * HENG_US_PER_S);
    assert_string_equal(event.key, "EV-20241101120107");
    /* Too old, from the future, of a key that is not known, for another merchant. */
    assert_int_equal(heng_pay_wechat.notice(&setup, &in, now_us + 400 * HENG_US_PER_S, &event, &err), HENG_EDENIED);
    assert_int_equal(heng_pay_wechat.notice(&setup, &in, now_us - 400 * HENG_US_PER_S, &event, &err), HENG_EDENIED);
    memcpy(setup.merchant, "X", 2);
    assert_int_equal(heng_pay_wechat.notice(&setup, &in, now_us, &event, &err), HENG_EDENIED);
    setup.merchant[0] = 0;
    headers[1].value = heng_slice_str("PUB2");
    assert_int_equal(heng_pay_wechat.notice(&setup, &in, now_us, &event, &err), HENG_EDENIED);
    headers[1].value = heng_slice_str("PUB1");
    /* Every bit of the body counts. */
    char *body = strdup(pay_c4_body);
    in.body = heng_slice_str(body);
    for (size_t i = 0; i < in.body.n; i++) {
        body[i] = (char)(body[i] ^ 1);
        assert_int_equal(heng_pay_wechat.notice(&setup, &in, now_us, &event, &err), HENG_EDENIED);
        body[i] = (char)(body[i] ^ 1);
    }
    free(body);
    heng_pay_setup_fini(&setup);
}

/* PY-C6, and its answer of seven letters. */
static void test_alipay_notice(void **state)
{
    struct heng_err err;
    struct heng_pay_event event;
    struct heng_pay_setup setup = {.app = "2021000000000000", .merchant = "2088102122524333", .platform_count = 1};
    struct heng_pay_in in = {NULL, 0, heng_slice_str(pay_c6_body)};
    uint8_t memory[4096];
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    struct heng_pay_form form;
    struct heng_str canonical = {.max = 4096};
    static const char *const without[] = {"sign", "sign_type", NULL};
    (void)state;
    setup.platform[0].key = public_key();
    assert_int_equal(heng_pay_form_read(in.body, &buf, &form, &err), HENG_OK);
    heng_pay_form_join(&form, without, &canonical);
    assert_string_equal(canonical.text, pay_c6_canonical);
    assert_int_equal(heng_pay_alipay.notice(&setup, &in, 0, &event, &err), HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_PAID);
    assert_int_equal(event.amount, 8880);
    assert_string_equal(event.order_number, "H2024110100002");
    assert_string_equal(heng_pay_alipay.answer, "success");
    memcpy(setup.app, "3", 1);
    assert_int_equal(heng_pay_alipay.notice(&setup, &in, 0, &event, &err), HENG_EDENIED);
    heng_str_fini(&canonical);
    heng_pay_setup_fini(&setup);
}

/* The request of UnionPay is what its notification is verified by. */
static void test_unionpay_round(void **state)
{
    struct heng_err err;
    struct heng_pay_event event;
    struct heng_pay_out out;
    struct heng_pay_setup setup = {.merchant = "777290058110048", .serial = "68759663125", .platform_count = 1};
    const struct heng_pay_order order = {.number = "H2024110100003", .amount = 1999, .currency = "CNY"};
    const struct heng_pay_stamp stamp = {.now_us = INT64_C(1730433700) * HENG_US_PER_S};
    (void)state;
    setup.key = EVP_RSA_gen(2048);
    EVP_PKEY_up_ref(setup.key);
    setup.platform[0].key = setup.key;
    memcpy(setup.platform[0].serial, "68759663125", 12);
    heng_pay_out_init(&out);
    assert_int_equal(heng_pay_unionpay.request(&setup, &order, "heat", &stamp, &out, &err), HENG_OK);
    struct heng_pay_in in = {NULL, 0, heng_slice_of(out.body.text, out.body.n)};
    assert_int_equal(heng_pay_unionpay.notice(&setup, &in, 1, &event, &err), HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_NOTHING); /* no respCode: nothing was paid */
    out.body.text[out.body.n - 3] ^= 1;
    assert_int_not_equal(heng_pay_unionpay.notice(&setup, &in, 1, &event, &err), HENG_OK);
    heng_pay_out_fini(&out);
    heng_pay_setup_fini(&setup);
}

static void test_iban_and_pain(void **state)
{
    struct heng_err err;
    struct heng_str out = {.max = 65536};
    const struct heng_sepa_file file = {
        "M1", "Stadtwerke", "DE98ZZZ09999999999", "DE89370400440532013000", "CORE", INT64_C(1730433700) * HENG_US_PER_S,
        20000};
    struct heng_sepa_debit debits[] = {
        {"B1", "MD1", "RCUR", "Müller & Söhne", "DE89370400440532013000", "Heizung", 19000, 24969},
        {"B2", "MD2", "FRST", "B", "DE89370400440532013000", "Heizung", 19000, 84558},
        {"B3", "MD3", "RCUR", "C", "DE89370400440532013000", "Heizung", 19000, 103494}};
    (void)state;
    assert_true(heng_pay_iban_ok("DE89370400440532013000"));
    assert_false(heng_pay_iban_ok("DE89370400440532013001"));
    assert_false(heng_pay_iban_ok(""));
    assert_int_equal(heng_sepa_write(&file, debits, 3, &out, &err), HENG_OK);
    assert_non_null(strstr(out.text, "</CreDtTm><NbOfTxs>3</NbOfTxs><CtrlSum>2130.21</CtrlSum>"));
    assert_non_null(strstr(out.text, "<NbOfTxs>2</NbOfTxs><CtrlSum>1284.63</CtrlSum>"));
    assert_non_null(strstr(out.text, "Müller &amp; Söhne"));
    debits[2].iban = "DE89370400440532013001";
    assert_int_equal(heng_sepa_write(&file, debits, 3, &out, &err), HENG_EFORMAT);
    heng_str_fini(&out);
}

static const char fixed[] =
    "{\"channel\":\"bank-x\",\"kind\":\"withhold-out\",\"charset\":\"GBK\",\"amounts\":\"fen\",\"date\":\"YYYYMMDD\","
    "\"crlf\":true,\"head\":[{\"is\":\"text\",\"text\":\"H\",\"width\":1},{\"is\":\"batch\",\"width\":12},"
    "{\"is\":\"date\",\"width\":8},{\"is\":\"count\",\"width\":6,\"pad\":\"0\",\"side\":\"left\"},"
    "{\"is\":\"total\",\"width\":12,\"pad\":\"0\",\"side\":\"left\"}],"
    "\"line\":[{\"is\":\"sequence\",\"width\":4,\"pad\":\"0\",\"side\":\"left\"},{\"is\":\"name\",\"width\":12},"
    "{\"is\":\"bank\",\"width\":20},{\"is\":\"bill\",\"width\":12},"
    "{\"is\":\"amount\",\"width\":10,\"pad\":\"0\",\"side\":\"left\"}]}";

static void test_fixed_widths_in_gbk(void **state)
{
    struct heng_err err;
    struct heng_pay_template form;
    struct heng_pay_row rows[2] = {
        {.name = "王小明", .bank = "6222020200011111111", .bill = "2026-000001", .amount = 29},
        {.name = "O'Neil", .bank = "62", .bill = "2026-000002", .amount = 99862}};
    struct heng_pay_table table = {.batch = "2026112001", .day = 20777, .total = 99891, .n = 2, .rows = rows}, back;
    struct heng_str out = {.max = 4096};
    struct heng_arena arena = {.max = 1 << 20};
    (void)state;
    assert_int_equal(heng_pay_template_read(heng_slice_str(fixed), &form, &err), HENG_OK);
    assert_int_equal(heng_pay_table_write(&form, &table, &out, &err), HENG_OK);
    assert_int_equal(out.n, 39 + 2 + 2 * (58 + 2));
    assert_int_equal(heng_pay_table_read(&form, heng_slice_of(out.text, out.n), &arena, &back, &err), HENG_OK);
    assert_int_equal(back.n, 2);
    assert_int_equal(back.day, 20777);
    assert_string_equal(back.rows[0].name, "王小明");
    assert_int_equal(back.rows[0].amount, 29);
    assert_int_equal(back.total, 99891);
    /* Another total, a line less, cut off: refused whole. */
    out.text[38] = '9';
    assert_int_equal(heng_pay_table_read(&form, heng_slice_of(out.text, out.n), &arena, &back, &err), HENG_ECONFLICT);
    out.text[38] = '1';
    assert_int_equal(heng_pay_table_read(&form, heng_slice_of(out.text, out.n - 60), &arena, &back, &err),
                     HENG_ECONFLICT);
    assert_int_equal(heng_pay_table_read(&form, heng_slice_of(out.text, out.n - 9), &arena, &back, &err), HENG_EFORMAT);
    memcpy(rows[1].name, "a name that is too long", 24);
    heng_str_clear(&out);
    assert_int_equal(heng_pay_table_write(&form, &table, &out, &err), HENG_ELIMIT);
    heng_str_fini(&out);
    heng_arena_fini(&arena);
}

static void test_wechat_bill(void **state)
{
    static const char text[] = "\xEF\xBB\xBF交易时间,微信订单号,商户订单号,订单金额,申请退款金额,手续费,费率\r\n"
                               "`2024-11-01 12:01:07,`T1,`H1,`100.00,`0.00,`0.60000,`0.60%\r\n"
                               "`2024-11-01 13:00:00,`T2,`H2,`0.00,`0.29,`0.00,`0.60%\r\n"
                               "总交易单数,订单总金额,申请退款总金额\r\n`2,`100.00,`0.29\r\n";
    struct heng_err err;
    struct heng_pay_template form;
    struct heng_pay_table table;
    struct heng_arena arena = {.max = 1 << 20};
    (void)state;
    assert_int_equal(heng_pay_template_read(heng_slice_str(heng_pay_wechat_bill), &form, &err), HENG_OK);
    assert_int_equal(heng_pay_table_read(&form, heng_slice_str(text), &arena, &table, &err), HENG_OK);
    assert_int_equal(table.n, 2);
    assert_int_equal(table.rows[0].amount, 10000);
    assert_int_equal(table.rows[0].fee, 60);
    assert_int_equal(table.rows[1].refund, 29);
    assert_string_equal(table.rows[1].order, "H2");
    assert_int_equal(table.rows[0].day, 20028);
    assert_int_equal(heng_pay_template_read(heng_slice_str(heng_pay_alipay_bill), &form, &err), HENG_OK);
    heng_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts_without_floats), cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_sign_and_verify),        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_wechat_notice),          cmocka_unit_test(test_alipay_notice),
        cmocka_unit_test(test_unionpay_round),         cmocka_unit_test(test_iban_and_pain),
        cmocka_unit_test(test_fixed_widths_in_gbk),    cmocka_unit_test(test_wechat_bill)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
