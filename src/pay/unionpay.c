/* UnionPay, full channel 5.1.0: forms; signed is SHA256withRSA over the SHA-256 in hex of name=value joined by & in the
 * order of the names, without signature. Our key is named by certId; UnionPay's comes with the message as
 * signPubKeyCert and counts only when it is one of the settings. Amounts are whole fen. Source: the names of fields and
 * the codes 03, 04, 05 (not known yet: ask again) as in UnionPay's own acp samples (BackReceive, Query). */
#include <stdio.h>

#include "pay/channel.h"

enum { EAST_S = 8 * 3600, FORM_MAX = 32768 };
static const char *const without[] = {"signature", NULL};

static void digest_of(const struct heng_pay_form *form, char ret[65], heng_rc *rc)
{
    struct heng_str message = {.max = HENG_PAY_BODY_MAX};
    uint8_t digest[32];
    heng_pay_form_join(form, without, &message);
    *rc = message.rc;
    heng_pay_sha256(heng_slice_of(message.text ? message.text : "", message.n), digest);
    heng_pay_hex(heng_slice_of(digest, sizeof digest), ret, 65);
    heng_str_fini(&message);
}

static void add(struct heng_pay_form *form, const char *name, const char *value)
{
    if (form->n < HENG_PAY_PARAMS_MAX && *value)
        form->params[form->n++] = (struct heng_pay_param){heng_slice_str(name), heng_slice_str(value)};
}

static heng_rc send(const struct heng_pay_setup *setup, struct heng_pay_form *form, const char *path,
                    struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_str signature = {.max = 2048};
    char digest[65];
    heng_rc rc = HENG_OK;
    if (!setup->key) return heng_fail(err, HENG_ECONFIG, 0, "no key of ours is set for unionpay: set \"key\"");
    add(form, "version", "5.1.0");
    add(form, "encoding", "UTF-8");
    add(form, "signMethod", "01");
    add(form, "merId", setup->merchant);
    add(form, "certId", setup->serial);
    add(form, "accessType", "0");
    add(form, "bizType", "000201");
    heng_pay_form_sort(form);
    digest_of(form, digest, &rc);
    if (rc != HENG_OK) return heng_fail(err, HENG_ELIMIT, 0, "the request is too long");
    rc = heng_pay_sign(setup->key, heng_slice_str(digest), &signature, err);
    if (rc == HENG_OK) {
        add(form, "signature", signature.text);
        snprintf(out->method, sizeof out->method, "POST");
        heng_str_fmt(&out->path, "%s", path);
        heng_str_fmt(&out->headers, "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n");
        heng_pay_form_write(form, &out->body);
    }
    heng_str_fini(&signature);
    return rc;
}

static void at_text(heng_us at_us, char ret[16])
{
    const struct heng_civil c = heng_us_to_civil(at_us + EAST_S * HENG_US_PER_S);
    snprintf(ret, 16, "%04u%02u%02u%02u%02u%02u", (unsigned)c.year % 10000, c.month % 100u, c.day % 100u, c.hour % 100u,
             c.minute % 100u, c.second % 100u);
}

static heng_rc request(const struct heng_pay_setup *setup, const struct heng_pay_order *order, const char *what,
                       const struct heng_pay_stamp *stamp, struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_pay_form form = {0};
    char at[16], amount[HENG_PAY_AMOUNT_TEXT_MAX];
    (void)what;
    at_text(stamp->now_us, at);
    heng_pay_amount_text(order->amount, 0, amount);
    add(&form, "txnType", "01");
    add(&form, "txnSubType", "01");
    add(&form, "channelType", "08");
    add(&form, "orderId", order->number);
    add(&form, "txnTime", at);
    add(&form, "txnAmt", amount);
    add(&form, "currencyCode", "156");
    add(&form, "backUrl", setup->notify_url);
    return send(setup, &form, "/gateway/api/appTransReq.do", out, err);
}

static heng_rc query(const struct heng_pay_setup *setup, const struct heng_pay_order *order,
                     const struct heng_pay_stamp *stamp, struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_pay_form form = {0};
    char at[16];
    (void)stamp;
    at_text(order->made_us, at); /* of the order that is asked for */
    add(&form, "txnType", "00");
    add(&form, "txnSubType", "00");
    add(&form, "orderId", order->number);
    add(&form, "txnTime", at);
    return send(setup, &form, "/gateway/api/queryTrans.do", out, err);
}

static heng_rc refund(const struct heng_pay_setup *setup, const struct heng_pay_order *order,
                      const struct heng_pay_refund *refund, const struct heng_pay_stamp *stamp,
                      struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_pay_form form = {0};
    char at[16], amount[HENG_PAY_AMOUNT_TEXT_MAX];
    at_text(stamp->now_us, at);
    heng_pay_amount_text(refund->amount, 0, amount);
    add(&form, "txnType", "04");
    add(&form, "txnSubType", "00");
    add(&form, "channelType", "08");
    add(&form, "orderId", refund->number);
    add(&form, "origQryId", order->transaction_id);
    add(&form, "txnTime", at);
    add(&form, "txnAmt", amount);
    add(&form, "backUrl", setup->notify_url);
    return send(setup, &form, "/gateway/api/backTransReq.do", out, err);
}

static heng_rc verify(const struct heng_pay_setup *setup, const struct heng_pay_form *form, struct heng_err *err)
{
    const struct heng_slice signature = heng_pay_form_get(form, "signature");
    const struct heng_slice serial = heng_pay_form_get(form, "certId");
    const struct heng_slice certificate = heng_pay_form_get(form, "signPubKeyCert");
    struct evp_pkey_st *sent = NULL, *key = NULL;
    char digest[65];
    heng_rc rc = HENG_OK;
    if (!signature.n) return heng_fail(err, HENG_EDENIED, 0, "the message is not signed");
    digest_of(form, digest, &rc);
    if (rc != HENG_OK) return heng_fail(err, HENG_ELIMIT, 0, "the message is too long");
    if (certificate.n && (rc = heng_pay_public_of(certificate, &sent, err)) != HENG_OK) return rc;
    for (size_t i = 0; i < setup->platform_count; i++)
        if (sent ? heng_pay_key_same(sent, setup->platform[i].key)
                 : serial.n && heng_slice_is(serial, setup->platform[i].serial))
            key = setup->platform[i].key;
    heng_pay_key_free(sent);
    if (key) return heng_pay_verify(key, heng_slice_str(digest), signature, err);
    return heng_fail(err, HENG_EDENIED, 0,
                     "the message is signed by no key of unionpay in the settings: put its certificate there");
}

static bool is_done(struct heng_slice code) { return heng_slice_is(code, "00") || heng_slice_is(code, "A6"); }
static bool is_open(struct heng_slice code)
{
    return heng_slice_is(code, "03") || heng_slice_is(code, "04") || heng_slice_is(code, "05");
}

/* Which transaction, how much, when. */
static heng_rc read_common(const struct heng_pay_form *form, heng_us now_us, int64_t *ret_amount,
                           struct heng_pay_event *e, struct heng_err *err)
{
    const struct heng_slice at = heng_pay_form_get(form, "txnTime");
    heng_rc rc =
        heng_pay_copy(heng_pay_form_get(form, "queryId"), "queryId", e->transaction_id, sizeof e->transaction_id, err);
    if (rc == HENG_OK) rc = heng_pay_amount(heng_pay_form_get(form, "txnAmt"), 0, ret_amount, err);
    e->at_us = now_us;
    if (rc == HENG_OK && at.n) rc = heng_pay_local_moment(at, EAST_S, &e->at_us, err);
    return rc;
}

static heng_rc read_payment(const struct heng_pay_form *form, struct heng_slice code, heng_us now_us,
                            struct heng_pay_event *e, struct heng_err *err)
{
    const struct heng_slice currency = heng_pay_form_get(form, "currencyCode");
    heng_rc rc = read_common(form, now_us, &e->amount, e, err);
    if (rc != HENG_OK || !is_done(code)) return rc;
    if (!heng_slice_is(currency, "156"))
        return heng_fail(err, HENG_EFORMAT, 0, "it is paid in currency '%.*s', not in 156 (CNY)",
                         (int)(currency.n < 8 ? currency.n : 8), (const char *)currency.p);
    memcpy(e->currency, "CNY", 4);
    e->kind = HENG_PAY_EVENT_PAID;
    return HENG_OK;
}

/* respCode 00 (A6: with a flaw, but done). txnType 01: a payment; 04: a refund, whose orderId is the refund's number.
 */
static heng_rc read_event(const struct heng_pay_form *form, heng_us now_us, struct heng_pay_event *e,
                          struct heng_err *err)
{
    const struct heng_slice type = heng_pay_form_get(form, "txnType"), code = heng_pay_form_get(form, "respCode");
    const struct heng_slice number = heng_pay_form_get(form, "orderId");
    if (!number.n) return heng_fail(err, HENG_EFORMAT, 0, "it names no order");
    if (heng_slice_is(type, "01")) {
        heng_rc rc = heng_pay_copy(number, "orderId", e->order_number, sizeof e->order_number, err);
        return rc == HENG_OK ? read_payment(form, code, now_us, e, err) : rc;
    }
    if (!heng_slice_is(type, "04")) return HENG_OK;
    heng_rc rc = heng_pay_copy(number, "orderId", e->refund_number, sizeof e->refund_number, err);
    if (rc == HENG_OK) rc = read_common(form, now_us, &e->refund_amount, e, err);
    if (!is_open(code)) e->kind = is_done(code) ? HENG_PAY_EVENT_REFUNDED : HENG_PAY_EVENT_REFUND_FAILED;
    return rc;
}

/* Read, verified, and for us: whether a notice or an answer. */
static heng_rc believe(const struct heng_pay_setup *setup, const struct heng_pay_in *in, struct heng_buf *memory,
                       struct heng_pay_form *form, struct heng_err *err)
{
    heng_rc rc = heng_pay_form_read(in->body, memory, form, err);
    if (rc == HENG_OK) rc = verify(setup, form, err);
    if (rc == HENG_OK && !heng_slice_is(heng_pay_form_get(form, "merId"), setup->merchant))
        rc = heng_fail(err, HENG_EDENIED, 0, "it is for another merId than ours");
    return rc;
}

static heng_rc notice(const struct heng_pay_setup *setup, const struct heng_pay_in *in, heng_us now_us,
                      struct heng_pay_event *ret, struct heng_err *err)
{
    uint8_t memory[FORM_MAX];
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    struct heng_pay_form form;
    struct heng_pay_event event = {0};
    heng_rc rc = believe(setup, in, &buf, &form, err);
    if (rc == HENG_OK) rc = read_event(&form, now_us, &event, err);
    if (rc != HENG_OK) return rc;
    heng_pay_key_of(in, event.key);
    *ret = event;
    return HENG_OK;
}

/* The answer to a query of a payment: respCode is that of the question, origRespCode that of the payment. */
static heng_rc answered(const struct heng_pay_setup *setup, const struct heng_pay_in *in, heng_us now_us,
                        struct heng_pay_event *ret, struct heng_err *err)
{
    uint8_t memory[FORM_MAX];
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    struct heng_pay_form form;
    struct heng_pay_event event = {0};
    heng_rc rc = believe(setup, in, &buf, &form, err);
    if (rc == HENG_OK)
        rc = heng_pay_copy(heng_pay_form_get(&form, "orderId"), "orderId", event.order_number,
                           sizeof event.order_number, err);
    if (rc == HENG_OK && heng_slice_is(heng_pay_form_get(&form, "respCode"), "00") && event.order_number[0])
        rc = read_payment(&form, heng_pay_form_get(&form, "origRespCode"), now_us, &event, err);
    if (rc != HENG_OK) return rc;
    heng_pay_key_of(in, event.key);
    *ret = event;
    return HENG_OK;
}

const struct heng_pay_channel heng_pay_unionpay = {.name = "unionpay",
                                                   .answer = "ok",
                                                   .again = "again",
                                                   .request = request,
                                                   .query = query,
                                                   .refund = refund,
                                                   .notice = notice,
                                                   .answered = answered};
