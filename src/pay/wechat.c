/* WeChat Pay, API v3. Signed is: method, path with query, seconds, nonce, body, each ended by LF; answers and notices:
 * seconds, nonce, body. Source: pay.weixin.qq.com, "signature-generation", "payment-notice", "get-trade-bill". */
#include <stdio.h>

#include "base/json.h"
#include "base/json_reader.h"
#include "pay/channel.h"

enum { WINDOW_S = 300, SEALED_MAX = 8192 };

static heng_rc sign_out(const struct heng_pay_setup *setup, const struct heng_pay_stamp *stamp,
                        struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_str message = {.max = HENG_PAY_BODY_MAX + 4096};
    struct heng_str signature = {.max = 2048};
    const long long seconds = stamp->now_us / HENG_US_PER_S;
    if (!setup->key) return heng_fail(err, HENG_ECONFIG, 0, "no key of ours is set for wechat: set \"key\"");
    heng_str_fmt(&message, "%s\n%s\n%lld\n%s\n", out->method, out->path.text, seconds, stamp->nonce);
    heng_str_put(&message, out->body.text ? out->body.text : "", out->body.n);
    heng_str_put(&message, "\n", 1);
    heng_rc rc = message.rc != HENG_OK || out->body.rc != HENG_OK || out->path.rc != HENG_OK
                     ? heng_fail(err, HENG_ELIMIT, 0, "the request is too long")
                     : heng_pay_sign(setup->key, heng_slice_of(message.text, message.n), &signature, err);
    if (rc == HENG_OK)
        heng_str_fmt(&out->headers,
                     "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"%s\",nonce_str=\"%s\",signature=\"%s\","
                     "timestamp=\"%lld\",serial_no=\"%s\"\r\nAccept: application/json\r\n"
                     "Content-Type: application/json\r\n",
                     setup->merchant, stamp->nonce, signature.text, seconds, setup->serial);
    heng_str_fini(&message);
    heng_str_fini(&signature);
    return rc;
}

static heng_rc request(const struct heng_pay_setup *setup, const struct heng_pay_order *order, const char *what,
                       const struct heng_pay_stamp *stamp, struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_json j = heng_json_of(&out->body);
    snprintf(out->method, sizeof out->method, "POST");
    heng_str_fmt(&out->path, "/v3/pay/transactions/native");
    heng_json_object(&j);
    heng_json_key(&j, "appid");
    heng_json_text(&j, setup->app);
    heng_json_key(&j, "mchid");
    heng_json_text(&j, setup->merchant);
    heng_json_key(&j, "description");
    heng_json_text(&j, what);
    heng_json_key(&j, "out_trade_no");
    heng_json_text(&j, order->number);
    heng_json_key(&j, "notify_url");
    heng_json_text(&j, setup->notify_url);
    heng_json_key(&j, "amount");
    heng_json_object(&j);
    heng_json_key(&j, "total");
    heng_json_int(&j, order->amount);
    heng_json_key(&j, "currency");
    heng_json_text(&j, order->currency);
    heng_json_end_object(&j);
    heng_json_end_object(&j);
    return sign_out(setup, stamp, out, err);
}

static heng_rc query(const struct heng_pay_setup *setup, const struct heng_pay_order *order,
                     const struct heng_pay_stamp *stamp, struct heng_pay_out *out, struct heng_err *err)
{
    snprintf(out->method, sizeof out->method, "GET");
    heng_str_fmt(&out->path, "/v3/pay/transactions/out-trade-no/%s?mchid=%s", order->number, setup->merchant);
    return sign_out(setup, stamp, out, err);
}

static heng_rc refund(const struct heng_pay_setup *setup, const struct heng_pay_order *order,
                      const struct heng_pay_refund *refund, const struct heng_pay_stamp *stamp,
                      struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_json j = heng_json_of(&out->body);
    snprintf(out->method, sizeof out->method, "POST");
    heng_str_fmt(&out->path, "/v3/refund/domestic/refunds");
    heng_json_object(&j);
    heng_json_key(&j, "out_trade_no");
    heng_json_text(&j, order->number);
    heng_json_key(&j, "out_refund_no");
    heng_json_text(&j, refund->number);
    heng_json_key(&j, "notify_url");
    heng_json_text(&j, setup->notify_url);
    heng_json_key(&j, "amount");
    heng_json_object(&j);
    heng_json_key(&j, "refund");
    heng_json_int(&j, refund->amount);
    heng_json_key(&j, "total");
    heng_json_int(&j, order->paid_amount);
    heng_json_key(&j, "currency");
    heng_json_text(&j, order->currency);
    heng_json_end_object(&j);
    heng_json_end_object(&j);
    return sign_out(setup, stamp, out, err);
}

/* Is the message WeChat's own, of the last five minutes? */
static heng_rc verify(const struct heng_pay_setup *setup, const struct heng_pay_in *in, heng_us now_us,
                      struct heng_err *err)
{
    const struct heng_slice at = heng_pay_in_header(in, "Wechatpay-Timestamp");
    const struct heng_slice nonce = heng_pay_in_header(in, "Wechatpay-Nonce");
    const struct heng_slice serial = heng_pay_in_header(in, "Wechatpay-Serial");
    const struct heng_slice signature = heng_pay_in_header(in, "Wechatpay-Signature");
    struct evp_pkey_st *key = NULL;
    int64_t seconds = 0;
    char name[HENG_PAY_TRANSACTION_MAX];
    if (!at.n || !nonce.n || !signature.n) return heng_fail(err, HENG_EDENIED, 0, "the message is not signed");
    if (heng_pay_amount(at, 0, &seconds, err) != HENG_OK)
        return heng_fail(err, HENG_EFORMAT, 0, "Wechatpay-Timestamp is no number");
    const int64_t age = seconds > INT64_MAX / 4 || seconds < 0 ? WINDOW_S + 1 : now_us / HENG_US_PER_S - seconds;
    if (age > WINDOW_S || age < -WINDOW_S)
        return heng_fail(err, HENG_EDENIED, 0, "the message was signed more than five minutes from now");
    if (heng_pay_copy(serial, "Wechatpay-Serial", name, sizeof name, err) != HENG_OK) return HENG_EFORMAT;
    for (size_t i = 0; i < setup->platform_count; i++)
        if (strcmp(setup->platform[i].serial, name) == 0) key = setup->platform[i].key;
    if (!key)
        return heng_fail(err, HENG_EDENIED, 0, "no platform key has the serial '%.64s': put it into the settings",
                         name);
    struct heng_str message = {.max = HENG_PAY_BODY_MAX + 4096};
    heng_str_put(&message, (const char *)at.p, at.n);
    heng_str_put(&message, "\n", 1);
    heng_str_put(&message, (const char *)nonce.p, nonce.n);
    heng_str_put(&message, "\n", 1);
    heng_str_put(&message, (const char *)in->body.p, in->body.n);
    heng_str_put(&message, "\n", 1);
    heng_rc rc = message.rc != HENG_OK ? heng_fail(err, HENG_ELIMIT, 0, "the message is too long")
                                       : heng_pay_verify(key, heng_slice_of(message.text, message.n), signature, err);
    heng_str_fini(&message);
    return rc;
}

/* What a transaction or a refund says. */
struct told {
    char merchant[HENG_PAY_MERCHANT_MAX], app[HENG_PAY_MERCHANT_MAX], state[24], refund_state[24], at[40];
    struct heng_pay_event event;
};

/* A name that stands twice has two meanings: then the message has none. */
static void once(struct heng_json_reader *r, char *ret, size_t cap)
{
    if (*ret)
        heng_json_refuse(r, HENG_EFORMAT, "a name stands twice");
    else
        heng_json_get_string(r, ret, cap);
}

/* ret: below zero until it is read. */
static void amount_once(struct heng_json_reader *r, int64_t *ret)
{
    if (*ret >= 0)
        heng_json_refuse(r, HENG_EFORMAT, "an amount stands twice");
    else
        *ret = heng_json_get_int(r, 0, INT64_MAX);
}

static void read_amount(struct heng_json_reader *r, struct told *t)
{
    struct heng_slice key;
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "total"))
            amount_once(r, &t->event.amount);
        else if (heng_slice_is(key, "refund"))
            amount_once(r, &t->event.refund_amount);
        else if (heng_slice_is(key, "currency"))
            once(r, t->event.currency, HENG_CURRENCY_MAX);
        else
            heng_json_skip(r);
    }
}

static heng_rc read_told(struct heng_slice json, struct told *t, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(json);
    struct heng_slice key;
    t->event.amount = t->event.refund_amount = -1;
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "out_trade_no"))
            once(&r, t->event.order_number, HENG_PAY_NUMBER_MAX);
        else if (heng_slice_is(key, "transaction_id"))
            once(&r, t->event.transaction_id, HENG_PAY_TRANSACTION_MAX);
        else if (heng_slice_is(key, "out_refund_no"))
            once(&r, t->event.refund_number, HENG_PAY_NUMBER_MAX);
        else if (heng_slice_is(key, "trade_state"))
            once(&r, t->state, sizeof t->state);
        else if (heng_slice_is(key, "refund_status"))
            once(&r, t->refund_state, sizeof t->refund_state);
        else if (heng_slice_is(key, "success_time"))
            once(&r, t->at, sizeof t->at);
        else if (heng_slice_is(key, "mchid"))
            once(&r, t->merchant, sizeof t->merchant);
        else if (heng_slice_is(key, "appid"))
            once(&r, t->app, sizeof t->app);
        else if (heng_slice_is(key, "amount"))
            read_amount(&r, t);
        else
            heng_json_skip(&r);
    }
    heng_json_finish(&r);
    if (r.err.rc != HENG_OK) return heng_fail(err, HENG_EFORMAT, 0, "what WeChat tells: %.120s", r.err.text);
    if (t->event.amount < 0) t->event.amount = 0;
    if (t->event.refund_amount < 0) t->event.refund_amount = 0;
    return HENG_OK;
}

/* Is it for us, and what does it mean? A refund has no app of its own and its amount no currency. One that is ABNORMAL
 * (the customer's card is gone) is ended by a person on WeChat's pages: until then it is neither done nor failed. */
static heng_rc judge(const struct heng_pay_setup *setup, struct told *t, heng_us now_us, struct heng_err *err)
{
    const bool refund = t->refund_state[0] != 0;
    if (strcmp(t->merchant, setup->merchant) != 0)
        return heng_fail(err, HENG_EDENIED, 0, "it is for merchant '%s', not for us", t->merchant);
    if (!refund && strcmp(t->app, setup->app) != 0)
        return heng_fail(err, HENG_EDENIED, 0, "it is for app '%s', not for ours", t->app);
    if (!t->event.order_number[0]) return heng_fail(err, HENG_EFORMAT, 0, "it names no order");
    if (!t->event.currency[0]) memcpy(t->event.currency, "CNY", 4);
    if (refund) {
        if (strcmp(t->refund_state, "SUCCESS") == 0) t->event.kind = HENG_PAY_EVENT_REFUNDED;
        if (strcmp(t->refund_state, "CLOSED") == 0) t->event.kind = HENG_PAY_EVENT_REFUND_FAILED;
    } else if (strcmp(t->state, "SUCCESS") == 0) {
        t->event.kind = HENG_PAY_EVENT_PAID;
    } else if (strcmp(t->state, "CLOSED") == 0 || strcmp(t->state, "REVOKED") == 0 ||
               strcmp(t->state, "PAYERROR") == 0) {
        t->event.kind = HENG_PAY_EVENT_CLOSED;
    }
    t->event.at_us = now_us;
    return t->at[0] ? heng_pay_moment(heng_slice_str(t->at), &t->event.at_us, err) : HENG_OK;
}

struct envelope {
    char id[HENG_PAY_TRANSACTION_MAX], algorithm[32], nonce[16], also[32], sealed[SEALED_MAX];
};

static void read_resource(struct heng_json_reader *r, struct envelope *e)
{
    struct heng_slice key;
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "algorithm"))
            once(r, e->algorithm, sizeof e->algorithm);
        else if (heng_slice_is(key, "nonce"))
            once(r, e->nonce, sizeof e->nonce);
        else if (heng_slice_is(key, "associated_data"))
            once(r, e->also, sizeof e->also);
        else if (heng_slice_is(key, "ciphertext"))
            once(r, e->sealed, sizeof e->sealed);
        else
            heng_json_skip(r);
    }
}

static heng_rc open_envelope(const struct heng_pay_setup *setup, struct heng_slice body, struct envelope *e,
                             struct heng_buf *plain, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(body);
    struct heng_slice key;
    uint8_t sealed[SEALED_MAX];
    struct heng_buf bytes = heng_buf_of(sealed, sizeof sealed);
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "id"))
            once(&r, e->id, sizeof e->id);
        else if (heng_slice_is(key, "resource"))
            read_resource(&r, e);
        else
            heng_json_skip(&r);
    }
    heng_json_finish(&r);
    if (r.err.rc != HENG_OK) return heng_fail(err, HENG_EFORMAT, 0, "the notification: %.120s", r.err.text);
    if (strcmp(e->algorithm, "AEAD_AES_256_GCM") != 0)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "the notification is sealed by '%.30s'", e->algorithm);
    if (!setup->has_secret) return heng_fail(err, HENG_ECONFIG, 0, "no APIv3 key is set for wechat: set \"secret\"");
    heng_rc rc = heng_pay_base64(heng_slice_str(e->sealed), &bytes, err);
    if (rc != HENG_OK) return rc;
    return heng_pay_open_sealed(heng_slice_of(setup->secret, 32), heng_slice_str(e->nonce), heng_slice_str(e->also),
                                heng_buf_slice(&bytes), plain, err);
}

static heng_rc notice(const struct heng_pay_setup *setup, const struct heng_pay_in *in, heng_us now_us,
                      struct heng_pay_event *ret, struct heng_err *err)
{
    struct envelope envelope = {0};
    struct told told = {0};
    uint8_t memory[SEALED_MAX];
    struct heng_buf plain = heng_buf_of(memory, sizeof memory);
    heng_rc rc = verify(setup, in, now_us, err);
    if (rc == HENG_OK) rc = open_envelope(setup, in->body, &envelope, &plain, err);
    if (rc == HENG_OK) rc = read_told(heng_buf_slice(&plain), &told, err);
    if (rc == HENG_OK) rc = judge(setup, &told, now_us, err);
    if (rc != HENG_OK) return rc;
    *ret = told.event;
    memcpy(ret->key, envelope.id, sizeof ret->key);
    if (!ret->key[0]) heng_pay_key_of(in, ret->key);
    return HENG_OK;
}

static heng_rc answered(const struct heng_pay_setup *setup, const struct heng_pay_in *in, heng_us now_us,
                        struct heng_pay_event *ret, struct heng_err *err)
{
    struct told told = {0};
    heng_rc rc = verify(setup, in, now_us, err);
    if (rc == HENG_OK) rc = read_told(in->body, &told, err);
    if (rc == HENG_OK) rc = judge(setup, &told, now_us, err);
    if (rc != HENG_OK) return rc;
    *ret = told.event;
    heng_pay_key_of(in, ret->key);
    return HENG_OK;
}

const struct heng_pay_channel heng_pay_wechat = {.name = "wechat",
                                                 .answer = "{\"code\":\"SUCCESS\"}",
                                                 .again = "{\"code\":\"FAIL\",\"message\":\"again\"}",
                                                 .request = request,
                                                 .query = query,
                                                 .refund = refund,
                                                 .notice = notice,
                                                 .answered = answered,
                                                 .bill_template = heng_pay_wechat_bill};
