/* What channels tell, as they sign it: what is read, and what a hostile or careless sender does not get through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "pay/template.h"
#include "pay_messages.h"

enum { NOW_S = 1730433700 };
static const heng_us now_us = NOW_S * HENG_US_PER_S;

#define WECHAT(rest)                                                                                                   \
    "{\"mchid\":\"M1\",\"appid\":\"A1\",\"out_trade_no\":\"H1\",\"transaction_id\":\"T1\",\"trade_state\":"            \
    "\"SUCCESS\"," rest "}"

static heng_rc wechat(const struct heng_pay_setup *setup, const char *plain, struct heng_pay_event *ret)
{
    struct made_message m;
    struct heng_err err;
    make_wechat(&m, setup, "EV1", plain, now_us);
    const heng_rc rc = heng_pay_wechat.notice(setup, &m.in, now_us, ret, &err);
    made_fini(&m);
    return rc;
}

static void test_amounts_in_wechat_messages(void **state)
{
    static const char *const bad[] = {
        WECHAT("\"amount\":{\"total\":88.8,\"currency\":\"CNY\"}"),
        WECHAT("\"amount\":{\"total\":8.88e1,\"currency\":\"CNY\"}"),
        WECHAT("\"amount\":{\"total\":-8880,\"currency\":\"CNY\"}"),
        WECHAT("\"amount\":{\"total\":\"8880\",\"currency\":\"CNY\"}"),
        WECHAT("\"amount\":{\"total\":99999999999999999999,\"currency\":\"CNY\"}"),
        WECHAT("\"amount\":{\"total\":8880,\"total\":1,\"currency\":\"CNY\"}"),
        WECHAT("\"amount\":{\"total\":8880,\"currency\":\"CNY\"},\"amount\":{\"total\":1}"),
        WECHAT("\"amount\":{\"total\":8880,\"currency\":\"CNY\",\"currency\":\"EUR\"}"),
        WECHAT("\"out_trade_no\":\"H2\",\"amount\":{\"total\":8880,\"currency\":\"CNY\"}"),
        WECHAT("\"success_time\":\"yesterday\",\"amount\":{\"total\":8880,\"currency\":\"CNY\"}"),
        WECHAT("\"amount\":{\"total\":8880,\"currency\":\"RENMINBI\"}"),
        "{}",
        "[]",
        "",
        "{\"mchid\":\"M1\"",
        "nothing"};
    struct heng_pay_setup setup = made_setup();
    struct heng_pay_event event;
    (void)state;
    assert_int_equal(wechat(&setup, WECHAT("\"amount\":{\"total\":8880,\"currency\":\"CNY\"}"), &event), HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_PAID);
    assert_int_equal(event.amount, 8880);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (wechat(&setup, bad[i], &event) == HENG_OK) fail_msg("taken: %s", bad[i]);
    heng_pay_setup_fini(&setup);
}

static void test_refunds_of_wechat(void **state)
{
    static const struct {
        const char *status;
        heng_pay_event_kind kind;
    } rows[] = {{"SUCCESS", HENG_PAY_EVENT_REFUNDED},
                {"CLOSED", HENG_PAY_EVENT_REFUND_FAILED},
                {"PROCESSING", HENG_PAY_EVENT_NOTHING},
                {"ABNORMAL", HENG_PAY_EVENT_NOTHING},
                {"NEW WORD", HENG_PAY_EVENT_NOTHING}};
    struct heng_pay_setup setup = made_setup();
    struct heng_pay_event event;
    char plain[512];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(plain, sizeof plain,
                 "{\"mchid\":\"M1\",\"out_trade_no\":\"H1\",\"out_refund_no\":\"R1\",\"refund_status\":\"%s\","
                 "\"amount\":{\"total\":888,\"refund\":888,\"payer_total\":888}}",
                 rows[i].status);
        assert_int_equal(wechat(&setup, plain, &event), HENG_OK);
        assert_int_equal(event.kind, rows[i].kind);
        assert_int_equal(event.refund_amount, 888);
    }
    heng_pay_setup_fini(&setup);
}

/* Signed well, but not now, not by this key, or with a header in a way that a proxy would not pass. */
static void test_wechat_headers(void **state)
{
    static const char *const times[] = {
        "", "0", "-5", "1730433700.5", "99999999999999999999", "9223372036854775807", "1730433399", "1730434001", "x"};
    struct heng_pay_setup setup = made_setup(), other = made_setup();
    struct heng_pay_event event;
    struct heng_err err;
    struct made_message m;
    (void)state;
    make_wechat(&m, &setup, "EV1", WECHAT("\"amount\":{\"total\":1,\"currency\":\"CNY\"}"), now_us);
    assert_int_equal(heng_pay_wechat.notice(&setup, &m.in, now_us, &event, &err), HENG_OK);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        snprintf(m.at, sizeof m.at, "%s", times[i]);
        sign_wechat(&m, setup.key);
        if (heng_pay_wechat.notice(&setup, &m.in, now_us, &event, &err) == HENG_OK) fail_msg("taken: '%s'", times[i]);
    }
    snprintf(m.at, sizeof m.at, "%d", NOW_S);
    sign_wechat(&m, other.key);
    assert_int_equal(heng_pay_wechat.notice(&setup, &m.in, now_us, &event, &err), HENG_EDENIED);
    sign_wechat(&m, setup.key);
    m.in.header_count = 3;
    assert_int_equal(heng_pay_wechat.notice(&setup, &m.in, now_us, &event, &err), HENG_EDENIED);
    m.in.header_count = 4;
    snprintf(m.serial, sizeof m.serial, "PUB2");
    sign_wechat(&m, setup.key);
    assert_int_equal(heng_pay_wechat.notice(&setup, &m.in, now_us, &event, &err), HENG_EDENIED);
    /* Two keys of the channel are valid while it changes its own. */
    setup.platform[1].key = other.key;
    memcpy(setup.platform[1].serial, "PUB2", 5);
    setup.platform_count = 2;
    sign_wechat(&m, other.key);
    assert_int_equal(heng_pay_wechat.notice(&setup, &m.in, now_us, &event, &err), HENG_OK);
    /* Sealed by another secret. */
    setup.secret[0] ^= 1;
    assert_int_equal(heng_pay_wechat.notice(&setup, &m.in, now_us, &event, &err), HENG_EDENIED);
    made_fini(&m);
    setup.platform_count = 1;
    heng_pay_setup_fini(&setup);
    heng_pay_setup_fini(&other);
}

#define ALIPAY "app_id=A1&seller_id=M1&out_trade_no=H1&trade_no=T1&notify_id=N1"

static heng_rc alipay(const struct heng_pay_setup *setup, const char *params, struct heng_pay_event *ret)
{
    struct made_message m;
    struct heng_err err;
    make_form(&m, setup, params, false);
    const heng_rc rc = heng_pay_alipay.notice(setup, &m.in, now_us, ret, &err);
    made_fini(&m);
    return rc;
}

static void test_alipay_messages(void **state)
{
    struct heng_pay_setup setup = made_setup();
    struct heng_pay_event event;
    (void)state;
    assert_int_equal(alipay(&setup, ALIPAY "&trade_status=TRADE_SUCCESS&total_amount=0.29", &event), HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_PAID);
    assert_int_equal(event.amount, 29);
    /* A payment whose refund_fee is nothing is a payment; a refund says the sum of all refunds. */
    assert_int_equal(alipay(&setup, ALIPAY "&trade_status=TRADE_SUCCESS&total_amount=0.29&refund_fee=0.00", &event),
                     HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_PAID);
    assert_int_equal(
        alipay(&setup, ALIPAY "&trade_status=TRADE_CLOSED&total_amount=0.29&refund_fee=0.29&out_biz_no=R1", &event),
        HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_REFUNDED);
    assert_true(event.refund_is_total);
    assert_string_equal(event.refund_number, "R1");
    static const char *const bad[] = {ALIPAY "&trade_status=TRADE_SUCCESS&total_amount=1e3",
                                      ALIPAY "&trade_status=TRADE_SUCCESS&total_amount=0.291",
                                      ALIPAY "&trade_status=TRADE_SUCCESS",
                                      "app_id=A2&seller_id=M1&out_trade_no=H1&trade_no=T1&total_amount=1",
                                      "app_id=A1&seller_id=M2&out_trade_no=H1&trade_no=T1&total_amount=1",
                                      "app_id=A1&seller_id=M1&trade_no=T1&total_amount=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (alipay(&setup, bad[i], &event) == HENG_OK) fail_msg("taken: %s", bad[i]);
    heng_pay_setup_fini(&setup);
}

/* A parameter added behind the signature, or one that stands twice, is no message of the channel. */
static void test_forms_are_whole(void **state)
{
    struct heng_pay_setup setup = made_setup();
    struct heng_pay_event event;
    struct heng_err err;
    struct made_message m;
    static const char *const more[] = {"&out_trade_no=H2", "&total_amount=9999", "&sign=x", "&x=%", "&x=%4", "&x=%zz"};
    (void)state;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        make_form(&m, &setup, ALIPAY "&trade_status=TRADE_SUCCESS&total_amount=0.29", false);
        heng_str_fmt(&m.body, "%s", more[i]);
        m.in.body = heng_slice_of(m.body.text, m.body.n);
        if (heng_pay_alipay.notice(&setup, &m.in, now_us, &event, &err) == HENG_OK) fail_msg("taken: %s", more[i]);
        made_fini(&m);
    }
    heng_pay_setup_fini(&setup);
}

static heng_rc alipay_answer(const struct heng_pay_setup *setup, const char *content, const char *around,
                             struct heng_pay_event *ret)
{
    struct heng_str signature = {.max = 4096}, body = {.max = 1 << 16};
    struct heng_err err;
    if (heng_pay_sign(setup->key, heng_slice_str(content), &signature, &err) != HENG_OK) abort();
    heng_str_fmt(&body, "{ \"alipay_trade_query_response\" : %s%s ,\"sign\":\"%s\"}", content, around, signature.text);
    const struct heng_pay_in in = {NULL, 0, heng_slice_of(body.text, body.n)};
    const heng_rc rc = heng_pay_alipay.answered(setup, &in, now_us, ret, &err);
    heng_str_fini(&signature);
    heng_str_fini(&body);
    return rc;
}

static void test_answers_of_alipay(void **state)
{
    static const char paid[] = "{\"code\":\"10000\",\"msg\":\"a}b\",\"out_trade_no\":\"H1\",\"total_amount\":\"88.88\","
                               "\"trade_no\":\"T1\",\"trade_status\":\"TRADE_SUCCESS\",\"send_pay_date\":"
                               "\"2024-11-01 12:01:40\"}";
    struct heng_pay_setup setup = made_setup();
    struct heng_pay_event event;
    (void)state;
    assert_int_equal(alipay_answer(&setup, paid, "", &event), HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_PAID);
    assert_int_equal(event.amount, 8888);
    assert_string_equal(event.currency, "CNY");
    assert_int_equal(event.at_us, NOW_S * HENG_US_PER_S);
    assert_int_equal(alipay_answer(&setup, "{\"code\":\"40004\",\"sub_code\":\"ACQ.TRADE_NOT_EXIST\"}", "", &event),
                     HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_NOTHING);
    assert_int_equal(alipay_answer(&setup,
                                   "{\"code\":\"10000\",\"out_trade_no\":\"H1\",\"total_amount\":\"1.00\","
                                   "\"trade_status\":\"WAIT_BUYER_PAY\"}",
                                   "", &event),
                     HENG_OK);
    assert_int_equal(event.kind, HENG_PAY_EVENT_NOTHING);
    /* A second response, a second name, an amount that is no text. */
    assert_int_not_equal(alipay_answer(&setup, paid, ",\"alipay_trade_query_response\":{\"code\":\"10000\"}", &event),
                         HENG_OK);
    assert_int_not_equal(alipay_answer(&setup, "{\"code\":\"10000\",\"code\":\"10000\"}", "", &event), HENG_OK);
    assert_int_not_equal(alipay_answer(&setup,
                                       "{\"code\":\"10000\",\"out_trade_no\":\"H1\",\"total_amount\":1.0,"
                                       "\"trade_status\":\"TRADE_SUCCESS\"}",
                                       "", &event),
                         HENG_OK);
    const struct heng_pay_in bare = {NULL, 0, heng_slice_str("{\"alipay_trade_query_response\":{}}")};
    struct heng_err err;
    assert_int_equal(heng_pay_alipay.answered(&setup, &bare, now_us, &event, &err), HENG_EDENIED);
    heng_pay_setup_fini(&setup);
}

static heng_rc unionpay(const struct heng_pay_setup *setup, bool answer, const char *params, const char *certificate,
                        struct heng_pay_event *ret)
{
    struct made_message m;
    struct heng_err err;
    struct heng_str text = {.max = 1 << 16};
    heng_str_fmt(&text, "merId=M1&%s&txnTime=20241101120140&queryId=Q1&%s=%s", params,
                 *certificate == '%' ? "signPubKeyCert" : "certId", certificate);
    make_form(&m, setup, text.text, true);
    const heng_rc rc =
        (answer ? heng_pay_unionpay.answered : heng_pay_unionpay.notice)(setup, &m.in, now_us, ret, &err);
    made_fini(&m);
    heng_str_fini(&text);
    return rc;
}

static void test_codes_of_unionpay(void **state)
{
    static const struct {
        bool answer;
        const char *params;
        heng_pay_event_kind kind;
    } rows[] = {
        {false, "txnType=01&respCode=00&orderId=H1&txnAmt=1999&currencyCode=156", HENG_PAY_EVENT_PAID},
        {false, "txnType=01&respCode=A6&orderId=H1&txnAmt=1999&currencyCode=156", HENG_PAY_EVENT_PAID},
        {false, "txnType=01&respCode=05&orderId=H1&txnAmt=1999&currencyCode=156", HENG_PAY_EVENT_NOTHING},
        {false, "txnType=01&respCode=51&orderId=H1&txnAmt=1999&currencyCode=156", HENG_PAY_EVENT_NOTHING},
        {false, "txnType=04&respCode=00&orderId=R1&txnAmt=1999&currencyCode=156", HENG_PAY_EVENT_REFUNDED},
        {false, "txnType=04&respCode=03&orderId=R1&txnAmt=1999&currencyCode=156", HENG_PAY_EVENT_NOTHING},
        {false, "txnType=04&respCode=51&orderId=R1&txnAmt=1999&currencyCode=156", HENG_PAY_EVENT_REFUND_FAILED},
        {false, "txnType=71&respCode=00&orderId=H1&txnAmt=1999", HENG_PAY_EVENT_NOTHING},
        {true, "txnType=00&respCode=00&origRespCode=00&orderId=H1&txnAmt=1999&currencyCode=156", HENG_PAY_EVENT_PAID},
        {true, "txnType=00&respCode=00&origRespCode=04&orderId=H1&txnAmt=1999&currencyCode=156",
         HENG_PAY_EVENT_NOTHING},
        {true, "txnType=00&respCode=34&orderId=H1", HENG_PAY_EVENT_NOTHING}};
    static const char *const bad[] = {"txnType=01&respCode=00&orderId=H1&txnAmt=1999&currencyCode=840",
                                      "txnType=01&respCode=00&orderId=H1&txnAmt=19.99&currencyCode=156",
                                      "txnType=01&respCode=00&txnAmt=1999&currencyCode=156",
                                      "txnType=01&respCode=00&orderId=H1&currencyCode=156"};
    struct heng_pay_setup setup = made_setup(), other = made_setup();
    struct heng_pay_event event;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (unionpay(&setup, rows[i].answer, rows[i].params, "PUB1", &event) != HENG_OK) fail_msg("%s", rows[i].params);
        if (event.kind != rows[i].kind) fail_msg("%s: %d", rows[i].params, (int)event.kind);
        if (event.kind == HENG_PAY_EVENT_PAID) {
            assert_int_equal(event.amount, 1999);
            assert_string_equal(event.transaction_id, "Q1");
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (unionpay(&setup, false, bad[i], "PUB1", &event) == HENG_OK) fail_msg("taken: %s", bad[i]);
    /* The certificate that comes along counts when it is one of ours; a stranger's own does not, nor no name at all. */
    assert_int_equal(unionpay(&setup, false, rows[0].params, made_certificate(setup.key), &event), HENG_OK);
    assert_int_equal(unionpay(&other, false, rows[0].params, made_certificate(other.key), &event), HENG_OK);
    struct made_message m;
    struct heng_err err;
    struct heng_str text = {.max = 1 << 16};
    heng_str_fmt(&text, "merId=M1&%s&queryId=Q1&signPubKeyCert=%s", rows[0].params, made_certificate(other.key));
    make_form(&m, &other, text.text, true);
    assert_int_equal(heng_pay_unionpay.notice(&setup, &m.in, now_us, &event, &err), HENG_EDENIED);
    made_fini(&m);
    heng_str_fini(&text);
    memset(setup.platform[0].serial, 0, sizeof setup.platform[0].serial);
    assert_int_equal(unionpay(&setup, false, rows[0].params, "", &event), HENG_EDENIED);
    heng_pay_setup_fini(&setup);
    heng_pay_setup_fini(&other);
}

/* --- files --- */

/* As the channel writes it: GBK, a tab behind numbers, fees below zero, refunds below zero, talk before and behind. */
static const char alipay_file[] =
    "#支付宝业务明细查询\n#账号：[20880000000000000156]\n"
    "#-----------------------------------------业务明细列表----------------------------------------\n"
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,"
    "商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,"
    "商家红包消费金额（元）,"
    "卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注\n"
    "2026100322001400000000000001\t,H1\t,交易,8\" pipe,2026-10-03 10:00:00,2026-10-03 "
    "10:00:30,,,,,b***,35.80,35.80,0.00,"
    "0.00,0.00,0.00,0.00,,0.00,0.00,,-0.21,0.00,\n"
    "2026100322001400000000000001\t,H1\t,退款,热费,2026-10-03 11:00:00,2026-10-03 "
    "11:00:30,,,,,b***,-5.80,-5.80,0.00,0.00,"
    "0.00,0.00,0.00,,0.00,0.00,R1\t,0.03,0.00,\n"
    "#-----------------------------------------业务明细列表结束------------------------------------\n"
    "#交易合计：1笔，商家实收共35.80元\n";

static heng_rc read_table(const char *form_text, struct heng_slice bytes, struct heng_arena *arena,
                          struct heng_pay_table *ret)
{
    struct heng_pay_template form;
    struct heng_err err;
    assert_int_equal(heng_pay_template_read(heng_slice_str(form_text), &form, &err), HENG_OK);
    return heng_pay_table_read(&form, bytes, arena, ret, &err);
}

static void test_a_bill_of_alipay(void **state)
{
    struct heng_arena arena = {.max = 4 << 20};
    struct heng_str gbk = {.max = 1 << 16};
    struct heng_pay_table table;
    struct heng_err err;
    (void)state;
    assert_int_equal(heng_pay_recode(heng_slice_str(alipay_file), "UTF-8", "GBK", &gbk, &err), HENG_OK);
    assert_int_equal(read_table(heng_pay_alipay_bill, heng_slice_of(gbk.text, gbk.n), &arena, &table), HENG_OK);
    assert_int_equal(table.n, 2);
    assert_string_equal(table.rows[0].order, "H1");
    assert_string_equal(table.rows[0].transaction, "2026100322001400000000000001");
    assert_int_equal(table.rows[0].amount, 3580);
    assert_int_equal(table.rows[0].fee, 21);
    assert_int_equal(table.rows[1].amount, -580);
    assert_int_equal(table.rows[1].fee, -3);
    assert_int_equal(table.rows[0].day, 20729); /* 2026-10-03 */
    /* The same file in UTF-8 is none of its columns: refused, not half read. */
    assert_int_not_equal(read_table(heng_pay_alipay_bill, heng_slice_str(alipay_file), &arena, &table), HENG_OK);
    /* A byte that is no GBK. */
    gbk.text[gbk.n / 2] = (char)0xff;
    gbk.text[gbk.n / 2 + 1] = (char)0xff;
    assert_int_not_equal(read_table(heng_pay_alipay_bill, heng_slice_of(gbk.text, gbk.n), &arena, &table), HENG_OK);
    heng_str_fini(&gbk);
    heng_arena_fini(&arena);
}

static const char plain_form[] = "{\"channel\":\"bank-x\",\"kind\":\"statement-in\",\"separator\":\",\",\"line\":["
                                 "{\"is\":\"order\"},{\"is\":\"amount\"},{\"is\":\"refund\"}],\"tail\":["
                                 "{\"is\":\"count\"},{\"is\":\"total\"}]}";

static void test_files_in_other_dress(void **state)
{
    static const char *const good[] = {
        "H1,1.00,0\nH2,2.00,0\n2,3.00\n",         "\xEF\xBB\xBFH1,1.00,0\nH2,2.00,0\n2,3.00\n",
        "H1,1.00,0\r\nH2,2.00,0\r\n2,3.00\r\n",   "H1,1.00,0\nH2,2.00,0\n2,3.00",
        "\nH1,1.00,0\n\n\nH2,2.00,0\n2,3.00\n\n", "\"H1\",\"1.00\",0\nH2,2.00,0\n2,3.00\n"};
    static const char *const bad[] = {"H1,1.00,0\nH2,2.00,0\n2,3.01\n",
                                      "H1,1.00,0\nH2,2.00,0\n2,2.99\n",
                                      "H1,1.00,0\nH2,2.00,0\n1,3.00\n",
                                      "H1,1.00,0\nH2,2.00,0\n3,3.00\n",
                                      "H1,1.00,0\nH2,2.00,0\n-2,3.00\n",
                                      "H1,1.00,0\nH2,2.00,0\n",
                                      "H1,1.00,-1\nH2,2.00,0\n2,3.00\n",
                                      "H1,1.0.0,0\nH2,2.00,0\n2,3.00\n",
                                      "H1,1.001,0\nH2,2.00,0\n2,3.00\n",
                                      "H1,NaN,0\nH2,2.00,0\n2,3.00\n",
                                      "H\xff\xfe,1.00,0\nH2,2.00,0\n2,3.00\n",
                                      "H1;1.00;0\nH2;2.00;0\n2;3.00\n",
                                      "H1,92233720368547758.07,0\nH2,0.01,0\n2,3.00\n",
                                      "H1,-92233720368547758.07,92233720368547758.07\n1,-92233720368547758.07\n",
                                      "\"H1,1.00,0\nH2,2.00,0\n2,3.00\n",
                                      "",
                                      "\n\n"};
    struct heng_arena arena = {.max = 4 << 20};
    struct heng_pay_table table;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (read_table(plain_form, heng_slice_str(good[i]), &arena, &table) != HENG_OK)
            fail_msg("refused: %s", good[i]);
        assert_int_equal(table.n, 2);
        assert_int_equal(table.total, 300);
        assert_string_equal(table.rows[0].order, "H1");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (read_table(plain_form, heng_slice_str(bad[i]), &arena, &table) == HENG_OK) fail_msg("taken: %s", bad[i]);
    heng_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_amounts_in_wechat_messages),
                                       cmocka_unit_test(test_refunds_of_wechat),
                                       cmocka_unit_test(test_wechat_headers),
                                       cmocka_unit_test(test_alipay_messages),
                                       cmocka_unit_test(test_forms_are_whole),
                                       cmocka_unit_test(test_answers_of_alipay),
                                       cmocka_unit_test(test_codes_of_unionpay),
                                       cmocka_unit_test(test_a_bill_of_alipay),
                                       cmocka_unit_test(test_files_in_other_dress)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
