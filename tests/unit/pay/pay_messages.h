#ifndef HENG_TESTS_PAY_MESSAGES_H
#define HENG_TESTS_PAY_MESSAGES_H
/* Messages as channels sign and seal them, with a key made for the test. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "pay/channel.h"

static const char pay_secret[] = "0123456789abcdef0123456789abcdef";

/* The channel's key stands in for ours too. */
static inline struct heng_pay_setup made_setup(void)
{
    struct heng_pay_setup setup = {
        .merchant = "M1", .app = "A1", .serial = "OURS", .has_secret = true, .platform_count = 1};
    setup.key = EVP_RSA_gen(2048);
    EVP_PKEY_up_ref(setup.key);
    setup.platform[0].key = setup.key;
    memcpy(setup.platform[0].serial, "PUB1", 5);
    memcpy(setup.secret, pay_secret, sizeof setup.secret);
    return setup;
}

struct made_message {
    char at[24], nonce[16], serial[16];
    struct heng_str body, signature;
    struct heng_pay_header headers[4];
    struct heng_pay_in in;
};

static inline void made_fini(struct made_message *m)
{
    heng_str_fini(&m->body);
    heng_str_fini(&m->signature);
}

static inline void sign_wechat(struct made_message *m, struct evp_pkey_st *key)
{
    struct heng_str text = {.max = 1 << 20};
    struct heng_err err;
    heng_str_fmt(&text, "%s\n%s\n", m->at, m->nonce);
    heng_str_put(&text, m->body.text, m->body.n);
    heng_str_put(&text, "\n", 1);
    heng_str_clear(&m->signature);
    if (heng_pay_sign(key, heng_slice_of(text.text, text.n), &m->signature, &err) != HENG_OK) abort();
    heng_str_fini(&text);
    const char *const names[] = {"Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"};
    const char *const values[] = {m->at, m->nonce, m->serial, m->signature.text};
    for (size_t i = 0; i < 4; i++)
        m->headers[i] = (struct heng_pay_header){heng_slice_str(names[i]), heng_slice_str(values[i])};
    m->in = (struct heng_pay_in){m->headers, 4, heng_slice_of(m->body.text, m->body.n)};
}

/* plain: what the resource holds. */
static inline void make_wechat(struct made_message *m, const struct heng_pay_setup *setup, const char *id,
                               const char *plain, heng_us now_us)
{
    uint8_t sealed[8192];
    struct heng_str text = {.max = 1 << 16};
    int n = 0, last = 0;
    const size_t length = strlen(plain);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, setup->secret, (const uint8_t *)"abcdefghijkl") != 1) abort();
    EVP_EncryptUpdate(ctx, NULL, &n, (const uint8_t *)"transaction", 11);
    EVP_EncryptUpdate(ctx, sealed, &n, (const uint8_t *)plain, (int)length);
    EVP_EncryptFinal_ex(ctx, sealed + n, &last);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, sealed + length);
    EVP_CIPHER_CTX_free(ctx);
    heng_pay_base64_text(heng_slice_of(sealed, length + 16), &text);
    *m =
        (struct made_message){.nonce = "n0nce", .serial = "PUB1", .body = {.max = 1 << 20}, .signature = {.max = 4096}};
    snprintf(m->at, sizeof m->at, "%lld", (long long)(now_us / HENG_US_PER_S));
    heng_str_fmt(&m->body,
                 "{\"id\":\"%s\",\"event_type\":\"X\",\"resource\":{\"algorithm\":\"AEAD_AES_256_GCM\",\"ciphertext\":"
                 "\"%s\",\"nonce\":\"abcdefghijkl\",\"associated_data\":\"transaction\"}}",
                 id, text.text);
    heng_str_fini(&text);
    sign_wechat(m, setup->key);
}

/* params: a form, encoded, without its signature. union_pay: signed over the digest, as "signature". */
static inline void make_form(struct made_message *m, const struct heng_pay_setup *setup, const char *params,
                             bool union_pay)
{
    static const char *const without[] = {"sign", "sign_type", "signature", NULL};
    static uint8_t memory[1 << 16];
    struct heng_buf buf = heng_buf_of(memory, sizeof memory);
    struct heng_pay_form form;
    struct heng_str text = {.max = 1 << 16};
    struct heng_err err;
    uint8_t digest[32];
    char hex[65];
    *m = (struct made_message){.body = {.max = 1 << 20}, .signature = {.max = 4096}};
    if (heng_pay_form_read(heng_slice_str(params), &buf, &form, &err) != HENG_OK) abort();
    heng_pay_form_join(&form, without, &text);
    heng_pay_sha256(heng_slice_of(text.text, text.n), digest);
    heng_pay_hex(heng_slice_of(digest, 32), hex, sizeof hex);
    const struct heng_slice message = union_pay ? heng_slice_str(hex) : heng_slice_of(text.text, text.n);
    if (heng_pay_sign(setup->key, message, &m->signature, &err) != HENG_OK) abort();
    form.params[form.n++] = (struct heng_pay_param){heng_slice_str(union_pay ? "signature" : "sign"),
                                                    heng_slice_of(m->signature.text, m->signature.n)};
    if (!union_pay)
        form.params[form.n++] = (struct heng_pay_param){heng_slice_str("sign_type"), heng_slice_str("RSA2")};
    heng_pay_form_write(&form, &m->body);
    heng_str_fini(&text);
    m->in = (struct heng_pay_in){NULL, 0, heng_slice_of(m->body.text, m->body.n)};
}

/* A certificate of the key, as UnionPay sends it along, percent-encoded. */
static inline char *made_certificate(struct evp_pkey_st *key)
{
    static char out[8192];
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    PEM_write_bio_X509(bio, certificate);
    const long n = BIO_get_mem_data(bio, &pem);
    size_t at = 0;
    for (long i = 0; i < n && at + 8 < sizeof out; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%%%02X", (unsigned)(unsigned char)pem[i]);
    BIO_free(bio);
    X509_free(certificate);
    return out;
}

#endif
