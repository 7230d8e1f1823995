/* What channels tell, from anybody: any headers and body to every channel, as a notice and as an answer. First as they
 * come: nothing unsigned is believed. Then signed and sealed anew by the fuzzer's own key, so that what lies behind the
 * signature is read too; what is believed has amounts and texts of its sizes.
 *
 * The first byte chooses the channel and the way; up to the first NUL: the name of a message or a certificate's place;
 * the rest: the body, or what a sealed message holds. */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

#include "pay/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLAIN_MAX = 6000 };
static const heng_us now_us = INT64_C(1730433700) * HENG_US_PER_S;

static void require(bool holds)
{
    if (!holds) abort();
}

/* One key for the channel and for us: a small one signs faster, and nobody guesses it in a test. */
static struct heng_pay_setup *setup(void)
{
    static struct heng_pay_setup one;
    if (one.key) return &one;
    one = (struct heng_pay_setup){
        .merchant = "M1", .app = "A1", .serial = "PUB1", .has_secret = true, .platform_count = 1};
    one.key = EVP_RSA_gen(1024);
    require(one.key != NULL);
    one.platform[0].key = one.key;
    memcpy(one.platform[0].serial, "PUB1", 5);
    memset(one.secret, 'k', sizeof one.secret);
    return &one;
}

static bool is_ended(const char *text, size_t cap) { return memchr(text, 0, cap) != NULL; }

static void check(heng_rc rc, const struct heng_pay_event *e, const struct heng_err *err)
{
    if (rc != HENG_OK) {
        require(err->rc == rc && err->text[0]);
        return;
    }
    require(is_ended(e->key, sizeof e->key) && e->key[0]);
    require(is_ended(e->order_number, sizeof e->order_number));
    require(is_ended(e->refund_number, sizeof e->refund_number));
    require(is_ended(e->transaction_id, sizeof e->transaction_id));
    require(is_ended(e->currency, sizeof e->currency));
    if (e->kind == HENG_PAY_EVENT_PAID) require(e->order_number[0] && e->currency[0]);
}

static void seal(const struct heng_pay_setup *own, struct heng_slice plain, struct heng_str *body)
{
    uint8_t sealed[PLAIN_MAX + 16];
    int n = 0, last = 0;
    struct heng_str text = {.max = 1 << 16};
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    require(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, own->secret, (const uint8_t *)"abcdefghijkl") == 1);
    require(EVP_EncryptUpdate(ctx, sealed, &n, plain.p, (int)plain.n) == 1);
    require(EVP_EncryptFinal_ex(ctx, sealed + n, &last) == 1);
    require(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, sealed + plain.n) == 1);
    EVP_CIPHER_CTX_free(ctx);
    heng_pay_base64_text(heng_slice_of(sealed, plain.n + 16), &text);
    heng_str_fmt(body,
                 "{\"id\":\"E\",\"resource\":{\"algorithm\":\"AEAD_AES_256_GCM\",\"ciphertext\":\"%s\",\"nonce\":"
                 "\"abcdefghijkl\",\"associated_data\":\"\"}}",
                 text.text);
    heng_str_fini(&text);
}

static void hear_wechat(const struct heng_pay_setup *own, struct heng_slice bytes, bool answer, bool sealed)
{
    struct heng_str body = {.max = 1 << 17}, message = {.max = 1 << 17}, signature = {.max = 4096};
    struct heng_pay_event event = {0};
    struct heng_err err = {0};
    if (sealed && bytes.n <= PLAIN_MAX)
        seal(own, bytes, &body);
    else
        heng_str_put(&body, (const char *)bytes.p, bytes.n);
    heng_str_fmt(&message, "1730433700\nn\n");
    heng_str_put(&message, body.text ? body.text : "", body.n);
    heng_str_put(&message, "\n", 1);
    require(heng_pay_sign(own->key, heng_slice_of(message.text, message.n), &signature, &err) == HENG_OK);
    const struct heng_pay_header headers[] = {{heng_slice_str("Wechatpay-Timestamp"), heng_slice_str("1730433700")},
                                              {heng_slice_str("Wechatpay-Nonce"), heng_slice_str("n")},
                                              {heng_slice_str("Wechatpay-Serial"), heng_slice_str("PUB1")},
                                              {heng_slice_str("Wechatpay-Signature"), heng_slice_str(signature.text)}};
    const struct heng_pay_in in = {headers, 4, heng_slice_of(body.text ? body.text : "", body.n)};
    check((answer ? heng_pay_wechat.answered : heng_pay_wechat.notice)(own, &in, now_us, &event, &err), &event, &err);
    heng_str_fini(&body);
    heng_str_fini(&message);
    heng_str_fini(&signature);
}

/* A form with its right signature, when it is a form at all. */
static void hear_form(const struct heng_pay_setup *own, const struct heng_pay_channel *channel, struct heng_slice bytes,
                      bool answer)
{
    static const char *const without[] = {"sign", "sign_type", "signature", NULL};
    static uint8_t memory[1 << 16];
    const bool union_pay = channel == &heng_pay_unionpay;
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    struct heng_pay_form form;
    struct heng_pay_event event = {0};
    struct heng_err err = {0};
    struct heng_str text = {.max = 1 << 17}, signature = {.max = 4096}, body = {.max = 1 << 18};
    uint8_t digest[32];
    char hex[65];
    if (heng_pay_form_read(bytes, &buf, &form, &err) != HENG_OK || form.n + 2 > HENG_PAY_PARAMS_MAX) return;
    heng_pay_form_join(&form, without, &text);
    const struct heng_slice joined = heng_slice_of(text.text ? text.text : "", text.n);
    heng_pay_sha256(joined, digest);
    heng_pay_hex(heng_slice_of(digest, 32), hex, sizeof hex);
    require(heng_pay_sign(own->key, union_pay ? heng_slice_str(hex) : joined, &signature, &err) == HENG_OK);
    form.params[form.n++] =
        (struct heng_pay_param){heng_slice_str(union_pay ? "signature" : "sign"), heng_slice_str(signature.text)};
    if (!union_pay)
        form.params[form.n++] = (struct heng_pay_param){heng_slice_str("sign_type"), heng_slice_str("RSA2")};
    heng_pay_form_write(&form, &body);
    const struct heng_pay_in in = {NULL, 0, heng_slice_of(body.text, body.n)};
    if (body.rc == HENG_OK)
        check((answer ? channel->answered : channel->notice)(own, &in, now_us, &event, &err), &event, &err);
    heng_str_fini(&text);
    heng_str_fini(&signature);
    heng_str_fini(&body);
}

/* An answer of Alipay: what is signed is a member of it. */
static void hear_alipay_answer(const struct heng_pay_setup *own, struct heng_slice bytes)
{
    struct heng_str signature = {.max = 4096}, body = {.max = 1 << 18};
    struct heng_pay_event event = {0};
    struct heng_err err = {0};
    require(heng_pay_sign(own->key, bytes, &signature, &err) == HENG_OK);
    heng_str_fmt(&body, "{\"alipay_trade_query_response\":");
    heng_str_put(&body, (const char *)bytes.p, bytes.n);
    heng_str_fmt(&body, ",\"sign\":\"%s\"}", signature.text);
    const struct heng_pay_in in = {NULL, 0, heng_slice_of(body.text, body.n)};
    check(heng_pay_alipay.answered(own, &in, now_us, &event, &err), &event, &err);
    heng_str_fini(&signature);
    heng_str_fini(&body);
}

/* As it came from the street: nobody signed it. */
static void hear_unsigned(const struct heng_pay_setup *own, struct heng_slice bytes)
{
    static const struct heng_pay_channel *const channels[] = {&heng_pay_wechat, &heng_pay_alipay, &heng_pay_unionpay};
    const uint8_t *end = bytes.n ? memchr(bytes.p, 0, bytes.n) : NULL;
    const size_t head = end ? (size_t)(end - bytes.p) : 0;
    const struct heng_slice value = heng_slice_of(bytes.p, head);
    const struct heng_pay_header headers[] = {{heng_slice_str("wechatpay-timestamp"), heng_slice_str("1730433700")},
                                              {heng_slice_str("Wechatpay-Nonce"), value},
                                              {heng_slice_str("Wechatpay-Serial"), heng_slice_str("PUB1")},
                                              {heng_slice_str("Wechatpay-Signature"), value}};
    const struct heng_pay_in in = {headers, 4, heng_slice_from(bytes, end ? head + 1 : 0)};
    for (size_t i = 0; i < 3; i++) {
        struct heng_pay_event event = {0};
        struct heng_err err = {0};
        require(channels[i]->notice(own, &in, now_us, &event, &err) != HENG_OK && err.text[0]);
        require(channels[i]->answered(own, &in, now_us, &event, &err) != HENG_OK && err.text[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > HENG_PAY_BODY_MAX) return 0;
    const struct heng_pay_setup *own = setup();
    const struct heng_slice rest = heng_slice_of(data + 1, size - 1);
    hear_unsigned(own, rest);
    switch (data[0] % 7) {
    case 0: hear_wechat(own, rest, false, true); break;
    case 1: hear_wechat(own, rest, false, false); break;
    case 2: hear_wechat(own, rest, true, false); break;
    case 3: hear_form(own, &heng_pay_alipay, rest, false); break;
    case 4: hear_alipay_answer(own, rest); break;
    case 5: hear_form(own, &heng_pay_unionpay, rest, false); break;
    case 6: hear_form(own, &heng_pay_unionpay, rest, true); break;
    }
    return 0;
}
