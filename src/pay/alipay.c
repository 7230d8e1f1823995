/* Alipay: forms, signed by RSA2 (SHA256withRSA) over name=value joined by & in the order of the names, without sign; of
 * notices also without sign_type; an answer is signed over the bytes of its member "..._response". refund_fee of a
 * notice is the sum of all refunds up to it. Source: global.alipay.com/docs/ac/wap_cn/async; the fields of
 * alipay.trade.query. */
#include <stdio.h>

#include "base/json.h"
#include "base/json_reader.h"
#include "pay/channel.h"

enum { EAST_S = 8 * 3600, FORM_MAX = 32768 };

static void add(struct heng_pay_form *form, const char *name, const char *value)
{
    if (form->n == HENG_PAY_PARAMS_MAX || !*value) return;
    form->params[form->n++] = (struct heng_pay_param){heng_slice_str(name), heng_slice_str(value)};
}

static void at_text(heng_us now_us, char ret[24])
{
    const struct heng_civil c = heng_us_to_civil(now_us + EAST_S * HENG_US_PER_S);
    snprintf(ret, 24, "%04u-%02u-%02u %02u:%02u:%02u", (unsigned)c.year % 10000, c.month % 100u, c.day % 100u,
             c.hour % 100u, c.minute % 100u, c.second % 100u);
}

/* content: what the method is asked with, JSON. */
static heng_rc call(const struct heng_pay_setup *setup, const char *method, const struct heng_str *content,
                    const char *notify, const struct heng_pay_stamp *stamp, struct heng_pay_out *out,
                    struct heng_err *err)
{
    static const char *const without[] = {"sign", NULL};
    struct heng_pay_form form = {0};
    struct heng_str message = {.max = HENG_PAY_BODY_MAX}, signature = {.max = 2048};
    char at[24];
    if (!setup->key) return heng_fail(err, HENG_ECONFIG, 0, "no key of ours is set for alipay: set \"key\"");
    if (content->rc != HENG_OK) return heng_fail(err, HENG_ELIMIT, 0, "the request is too long");
    at_text(stamp->now_us, at);
    add(&form, "app_id", setup->app);
    add(&form, "biz_content", content->text);
    add(&form, "charset", "utf-8");
    add(&form, "method", method);
    add(&form, "notify_url", notify);
    add(&form, "sign_type", "RSA2");
    add(&form, "timestamp", at);
    add(&form, "version", "1.0");
    heng_pay_form_sort(&form);
    heng_pay_form_join(&form, without, &message);
    heng_rc rc = message.rc != HENG_OK
                     ? heng_fail(err, HENG_ELIMIT, 0, "the request is too long")
                     : heng_pay_sign(setup->key, heng_slice_of(message.text, message.n), &signature, err);
    if (rc == HENG_OK) {
        add(&form, "sign", signature.text);
        snprintf(out->method, sizeof out->method, "POST");
        heng_str_fmt(&out->path, "/gateway.do");
        heng_str_fmt(&out->headers, "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n");
        heng_pay_form_write(&form, &out->body);
    }
    heng_str_fini(&message);
    heng_str_fini(&signature);
    return rc;
}

static void text_member(struct heng_json *j, const char *name, const char *value)
{
    heng_json_key(j, name);
    heng_json_text(j, value);
}

static heng_rc request(const struct heng_pay_setup *setup, const struct heng_pay_order *order, const char *what,
                       const struct heng_pay_stamp *stamp, struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_str content = {.max = 8192};
    struct heng_json j = heng_json_of(&content);
    char amount[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_pay_amount_text(order->amount, 2, amount);
    heng_json_object(&j);
    text_member(&j, "out_trade_no", order->number);
    text_member(&j, "total_amount", amount);
    text_member(&j, "subject", what);
    heng_json_end_object(&j);
    heng_rc rc = call(setup, "alipay.trade.precreate", &content, setup->notify_url, stamp, out, err);
    heng_str_fini(&content);
    return rc;
}

static heng_rc query(const struct heng_pay_setup *setup, const struct heng_pay_order *order,
                     const struct heng_pay_stamp *stamp, struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_str content = {.max = 8192};
    struct heng_json j = heng_json_of(&content);
    heng_json_object(&j);
    text_member(&j, "out_trade_no", order->number);
    heng_json_end_object(&j);
    heng_rc rc = call(setup, "alipay.trade.query", &content, "", stamp, out, err);
    heng_str_fini(&content);
    return rc;
}

static heng_rc refund(const struct heng_pay_setup *setup, const struct heng_pay_order *order,
                      const struct heng_pay_refund *refund, const struct heng_pay_stamp *stamp,
                      struct heng_pay_out *out, struct heng_err *err)
{
    struct heng_str content = {.max = 8192};
    struct heng_json j = heng_json_of(&content);
    char amount[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_pay_amount_text(refund->amount, 2, amount);
    heng_json_object(&j);
    text_member(&j, "out_trade_no", order->number);
    text_member(&j, "refund_amount", amount);
    text_member(&j, "out_request_no", refund->number);
    heng_json_end_object(&j);
    heng_rc rc = call(setup, "alipay.trade.refund", &content, "", stamp, out, err);
    heng_str_fini(&content);
    return rc;
}

static heng_rc verify(const struct heng_pay_setup *setup, const struct heng_pay_form *form, struct heng_err *err)
{
    static const char *const without[] = {"sign", "sign_type", NULL};
    struct heng_str message = {.max = HENG_PAY_BODY_MAX};
    const struct heng_slice signature = heng_pay_form_get(form, "sign");
    heng_rc rc = HENG_EDENIED;
    if (!signature.n) return heng_fail(err, HENG_EDENIED, 0, "the message is not signed");
    if (!heng_slice_is(heng_pay_form_get(form, "sign_type"), "RSA2"))
        return heng_fail(err, HENG_EDENIED, 0, "the message is not signed by RSA2");
    if (!setup->platform_count) return heng_fail(err, HENG_ECONFIG, 0, "no key of alipay is set: set \"platform\"");
    heng_pay_form_join(form, without, &message);
    if (message.rc != HENG_OK) rc = heng_fail(err, HENG_ELIMIT, 0, "the message is too long");
    for (size_t i = 0; message.rc == HENG_OK && rc != HENG_OK && i < setup->platform_count; i++)
        rc = heng_pay_verify(setup->platform[i].key, heng_slice_of(message.text ? message.text : "", message.n),
                             signature, err);
    heng_str_fini(&message);
    return rc;
}

static heng_pay_event_kind kind_of(struct heng_slice status)
{
    if (heng_slice_is(status, "TRADE_SUCCESS") || heng_slice_is(status, "TRADE_FINISHED")) return HENG_PAY_EVENT_PAID;
    return heng_slice_is(status, "TRADE_CLOSED") ? HENG_PAY_EVENT_CLOSED : HENG_PAY_EVENT_NOTHING;
}

static heng_rc read_event(const struct heng_pay_form *form, heng_us now_us, struct heng_pay_event *e,
                          struct heng_err *err)
{
    const struct heng_slice status = heng_pay_form_get(form, "trade_status");
    const struct heng_slice back = heng_pay_form_get(form, "refund_fee"), at = heng_pay_form_get(form, "notify_time");
    const struct heng_slice paid = heng_pay_form_get(form, "gmt_payment");
    heng_rc rc = heng_pay_copy(heng_pay_form_get(form, "out_trade_no"), "out_trade_no", e->order_number,
                               sizeof e->order_number, err);
    if (rc == HENG_OK)
        rc = heng_pay_copy(heng_pay_form_get(form, "trade_no"), "trade_no", e->transaction_id, sizeof e->transaction_id,
                           err);
    if (rc == HENG_OK)
        rc = heng_pay_copy(heng_pay_form_get(form, "notify_id"), "notify_id", e->key, sizeof e->key, err);
    if (rc == HENG_OK) rc = heng_pay_amount(heng_pay_form_get(form, "total_amount"), 2, &e->amount, err);
    if (rc == HENG_OK && !e->order_number[0]) rc = heng_fail(err, HENG_EFORMAT, 0, "it names no order");
    if (rc != HENG_OK) return rc;
    memcpy(e->currency, "CNY", 4);
    e->at_us = now_us;
    if (paid.n)
        rc = heng_pay_local_moment(paid, EAST_S, &e->at_us, err);
    else if (at.n)
        rc = heng_pay_local_moment(at, EAST_S, &e->at_us, err);
    if (rc == HENG_OK && back.n) rc = heng_pay_amount(back, 2, &e->refund_amount, err);
    if (rc != HENG_OK) return rc;
    e->kind = kind_of(status);
    if (e->refund_amount == 0) return HENG_OK;
    e->kind = HENG_PAY_EVENT_REFUNDED;
    e->refund_is_total = true;
    return heng_pay_copy(heng_pay_form_get(form, "out_biz_no"), "out_biz_no", e->refund_number, sizeof e->refund_number,
                         err);
}

static heng_rc notice(const struct heng_pay_setup *setup, const struct heng_pay_in *in, heng_us now_us,
                      struct heng_pay_event *ret, struct heng_err *err)
{
    uint8_t memory[FORM_MAX];
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    struct heng_pay_form form;
    struct heng_pay_event event = {0};
    heng_rc rc = heng_pay_form_read(in->body, &buf, &form, err);
    if (rc == HENG_OK) rc = verify(setup, &form, err);
    if (rc != HENG_OK) return rc;
    if (!heng_slice_is(heng_pay_form_get(&form, "app_id"), setup->app))
        return heng_fail(err, HENG_EDENIED, 0, "it is for another app_id than ours");
    if (!heng_slice_is(heng_pay_form_get(&form, "seller_id"), setup->merchant))
        return heng_fail(err, HENG_EDENIED, 0, "it is for another seller_id than ours");
    rc = read_event(&form, now_us, &event, err);
    if (rc == HENG_OK && !event.key[0]) heng_pay_key_of(in, event.key);
    if (rc == HENG_OK) *ret = event;
    return rc;
}

/* What is signed of an answer, as it stands in the text, and the signature. */
static heng_rc split_answer(struct heng_slice body, struct heng_slice *ret_signed, char *signature, size_t cap,
                            struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(body);
    struct heng_slice key;
    *ret_signed = heng_slice_of(body.p, 0);
    *signature = 0;
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        const bool twice = heng_slice_is(key, "sign")
                               ? *signature != 0
                               : heng_slice_is(key, "alipay_trade_query_response") && ret_signed->n != 0;
        if (twice) {
            heng_json_refuse(&r, HENG_EFORMAT, "a name stands twice");
        } else if (heng_slice_is(key, "sign")) {
            heng_json_get_string(&r, signature, cap);
        } else if (heng_slice_is(key, "alipay_trade_query_response")) {
            (void)heng_json_peek(&r); /* past the blanks */
            const size_t from = r.at;
            heng_json_skip(&r);
            *ret_signed = heng_slice_of(body.p + from, r.at - from);
        } else {
            heng_json_skip(&r);
        }
    }
    heng_json_finish(&r);
    if (r.err.rc != HENG_OK) return heng_fail(err, HENG_EFORMAT, 0, "the answer: %.120s", r.err.text);
    return *signature && ret_signed->n ? HENG_OK : heng_fail(err, HENG_EDENIED, 0, "the answer is not signed");
}

struct answer {
    char code[16], order[HENG_PAY_NUMBER_MAX], transaction[HENG_PAY_TRANSACTION_MAX], amount[32], status[32], at[32];
};

static heng_rc read_answer(struct heng_slice json, struct answer *ret, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(json);
    struct heng_slice key;
    const struct {
        const char *name;
        char *text;
        size_t cap;
    } members[] = {{"code", ret->code, sizeof ret->code},
                   {"out_trade_no", ret->order, sizeof ret->order},
                   {"trade_no", ret->transaction, sizeof ret->transaction},
                   {"total_amount", ret->amount, sizeof ret->amount},
                   {"trade_status", ret->status, sizeof ret->status},
                   {"send_pay_date", ret->at, sizeof ret->at}};
    enum { MEMBERS = sizeof members / sizeof *members };
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        size_t i = 0;
        while (i < MEMBERS && !heng_slice_is(key, members[i].name)) i++;
        if (i == MEMBERS)
            heng_json_skip(&r);
        else if (members[i].text[0])
            heng_json_refuse(&r, HENG_EFORMAT, "a name stands twice");
        else
            heng_json_get_string(&r, members[i].text, members[i].cap);
    }
    heng_json_finish(&r);
    return r.err.rc == HENG_OK ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "the answer: %.120s", r.err.text);
}

static heng_rc answered(const struct heng_pay_setup *setup, const struct heng_pay_in *in, heng_us now_us,
                        struct heng_pay_event *ret, struct heng_err *err)
{
    struct heng_slice text;
    struct answer a = {.code = ""};
    struct heng_pay_event event = {.at_us = now_us, .currency = "CNY"};
    char signature[1024];
    heng_rc rc = split_answer(in->body, &text, signature, sizeof signature, err);
    if (rc == HENG_OK && !setup->platform_count)
        rc = heng_fail(err, HENG_ECONFIG, 0, "no key of alipay is set: set \"platform\"");
    if (rc != HENG_OK) return rc;
    rc = HENG_EDENIED;
    for (size_t i = 0; rc != HENG_OK && i < setup->platform_count; i++)
        rc = heng_pay_verify(setup->platform[i].key, text, heng_slice_str(signature), err);
    if (rc == HENG_OK) rc = read_answer(text, &a, err);
    if (rc != HENG_OK) return rc;
    heng_pay_key_of(in, event.key);
    memcpy(event.order_number, a.order, sizeof event.order_number);
    memcpy(event.transaction_id, a.transaction, sizeof event.transaction_id);
    if (strcmp(a.code, "10000") == 0 && a.order[0]) event.kind = kind_of(heng_slice_str(a.status));
    if (event.kind == HENG_PAY_EVENT_PAID) rc = heng_pay_amount(heng_slice_str(a.amount), 2, &event.amount, err);
    if (rc == HENG_OK && a.at[0]) rc = heng_pay_local_moment(heng_slice_str(a.at), EAST_S, &event.at_us, err);
    if (rc == HENG_OK) *ret = event;
    return rc;
}

const struct heng_pay_channel heng_pay_alipay = {.name = "alipay",
                                                 .answer = "success",
                                                 .again = "failure",
                                                 .request = request,
                                                 .query = query,
                                                 .refund = refund,
                                                 .notice = notice,
                                                 .answered = answered,
                                                 .bill_template = heng_pay_alipay_bill};
