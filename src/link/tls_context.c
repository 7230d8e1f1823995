/* What OpenSSL is told: TLS 1.3 and nothing older, whom to believe, how bytes come and go, and its reasons in words. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "link/tls_internal.h"
#include "trust/pem.h"

enum { CERTIFICATES_BYTES_MAX = 3 * HENG_PKI_DER_MAX, FIRST_OUT = 2048 };

/* --- the wire: memory of ours on both sides, none of it kept while a connection rests ------------------------- */

static int wire_read(BIO *bio, char *to, int n)
{
    struct heng_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (n <= 0) return 0;
    if (tls->in.n == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t some = tls->in.n < (size_t)n ? tls->in.n : (size_t)n;
    memcpy(to, tls->in.p, some);
    tls->in = heng_slice_from(tls->in, some);
    return (int)some;
}

/* Also what the peer can make us say without reading it is bounded. */
static int wire_write(BIO *bio, const char *from, int n)
{
    struct heng_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (n <= 0) return 0;
    size_t need = tls->out_n + (size_t)n, cap = tls->out_cap ? tls->out_cap : FIRST_OUT;
    if (need + tls->unsent > TLS_UNSENT_MAX + TLS_SLACK) return -1;
    if (need > tls->out_cap) {
        while (cap < need) cap *= 2;
        uint8_t *more = realloc(tls->out, cap);
        if (!more) return -1;
        tls->out = more;
        tls->out_cap = cap;
    }
    memcpy(tls->out + tls->out_n, from, (size_t)n);
    tls->out_n = need;
    return n;
}

static long wire_control(BIO *bio, int what, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static int wire_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *make_wire(void)
{
    BIO_METHOD *wire = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "libuv");
    if (wire && BIO_meth_set_read(wire, wire_read) == 1 && BIO_meth_set_write(wire, wire_write) == 1 &&
        BIO_meth_set_ctrl(wire, wire_control) == 1 && BIO_meth_set_create(wire, wire_create) == 1)
        return wire;
    BIO_meth_free(wire);
    return NULL;
}

/* --- whom to believe ----------------------------------------------------------------------------------------- */

/* The dates of a client's own certificate, by our clock. OpenSSL itself is told to look at none: those of the
 * authority do not count (trust/pki.h). */
static int verify_client(int good, X509_STORE_CTX *check)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct heng_tls *tls = SSL_get_app_data(ssl);
    heng_us from, until, now_us;
    if (!good) return 0;
    if (X509_STORE_CTX_get_error_depth(check) != 0 || tls->listener->clock_doubtful) return 1;
    now_us = heng_clock_wall();
    if (heng_certificate_dates(X509_STORE_CTX_get_current_cert(check), &from, &until, NULL) != HENG_OK) {
        X509_STORE_CTX_set_error(check, X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD);
        return 0;
    }
    if (from <= now_us && now_us <= until) return 1;
    X509_STORE_CTX_set_error(check, now_us < from ? X509_V_ERR_CERT_NOT_YET_VALID : X509_V_ERR_CERT_HAS_EXPIRED);
    return 0;
}

/* For enrolment, where no authority is known yet: the server shows one, and must be signed by that one. A person
 * compares the code of what is kept here. */
static int verify_shown(X509_STORE_CTX *check, void *unused)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
    const struct heng_tls *tls = SSL_get_app_data(ssl);
    STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(check);
    int n = shown ? sk_X509_num(shown) : 0;
    X509 *authority = n > 1 ? sk_X509_value(shown, n - 1) : NULL;
    (void)unused;
    if (!authority ||
        heng_certificate_check(X509_STORE_CTX_get0_cert(check), authority, X509_PURPOSE_SSL_SERVER, NULL) != HENG_OK) {
        X509_STORE_CTX_set_error(check, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE);
        return 0;
    }
    tls->dial->authority_n = i2d_X509(authority, &tls->dial->authority);
    X509_STORE_CTX_set_error(check, X509_V_OK);
    return tls->dial->authority_n > 0 && tls->dial->authority_n <= HENG_PKI_DER_MAX;
}

/* --- settings ------------------------------------------------------------------------------------------------ */

static bool set_up(SSL_CTX *ssl)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_PRIORITIZE_CHACHA | SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* A box without AES in hardware asks for ChaCha first, and gets it. */
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ssl, CERTIFICATES_BYTES_MAX);
    SSL_CTX_set_verify_depth(ssl, 1);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ssl), X509_V_FLAG_NO_CHECK_TIME);
    return SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(ssl, 0) == 1 &&
           SSL_CTX_set1_groups_list(ssl, "X25519:P-256") == 1 &&
           SSL_CTX_set_ciphersuites(ssl,
                                    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384") == 1;
}

static heng_rc missing_is_config(heng_rc rc) { return rc == HENG_ENOTFOUND ? HENG_ECONFIG : rc; }

/* What we show. A server also shows its authority: one who wants to be enrolled does not know it yet. */
static heng_rc show(SSL_CTX *ssl, bool server, X509 *authority, const char *key_file, const char *certificate_file,
                    struct heng_err *err)
{
    EVP_PKEY *key = NULL;
    X509 *certificate = NULL;
    heng_rc rc = missing_is_config(heng_key_read(key_file, &key, err));
    if (rc == HENG_OK) rc = missing_is_config(heng_certificate_read(certificate_file, &certificate, err));
    if (rc == HENG_OK && server) rc = heng_certificate_check(certificate, authority, X509_PURPOSE_SSL_SERVER, err);
    if (rc == HENG_OK && (SSL_CTX_use_certificate(ssl, certificate) != 1 || SSL_CTX_use_PrivateKey(ssl, key) != 1 ||
                          (server && SSL_CTX_add1_chain_cert(ssl, authority) != 1)))
        rc = heng_fail(err, HENG_EFORMAT, 0, "'%.60s' and '%.60s' do not belong together", key_file, certificate_file);
    EVP_PKEY_free(key);
    X509_free(certificate);
    return rc;
}

static heng_rc believe(SSL_CTX *ssl, bool server, X509 *authority, struct heng_err *err)
{
    if (!authority) {
        SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_cert_verify_callback(ssl, verify_shown, NULL);
        return HENG_OK;
    }
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, server ? verify_client : NULL);
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ssl), authority) == 1) return HENG_OK;
    return heng_fail(err, HENG_ENOMEM, 0, "no memory for TLS");
}

heng_rc heng_tls_context_init(struct tls_context *context, bool server, const char *key_file,
                              const char *certificate_file, const char *authority_file, struct heng_err *err)
{
    X509 *authority = NULL;
    heng_rc rc = HENG_OK;
    context->wire = make_wire();
    context->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!context->wire || !context->ssl || !set_up(context->ssl))
        rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for TLS");
    if (rc == HENG_OK && authority_file) rc = missing_is_config(heng_certificate_read(authority_file, &authority, err));
    if (rc == HENG_OK) rc = believe(context->ssl, server, authority, err);
    if (rc == HENG_OK && key_file && certificate_file)
        rc = show(context->ssl, server, authority, key_file, certificate_file, err);
    X509_free(authority);
    ERR_clear_error();
    if (rc != HENG_OK) heng_tls_context_fini(context);
    return rc;
}

void heng_tls_context_fini(struct tls_context *context)
{
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->wire);
    context->ssl = NULL;
    context->wire = NULL;
}

/* --- reasons in words ---------------------------------------------------------------------------------------- */

static const struct {
    int reason;
    const char *words;
} reasons[] = {
    {SSL_R_HTTP_REQUEST, "it speaks HTTP, not TLS"},
    {SSL_R_HTTPS_PROXY_REQUEST, "it speaks to an HTTP proxy, not TLS"},
    {SSL_R_WRONG_VERSION_NUMBER, "it does not speak TLS"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "it does not speak TLS 1.3"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the other end does not speak TLS 1.3"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the other end refuses our certificate: it is of another authority"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the other end refuses our certificate: it has expired"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "the other end refuses our certificate: it is for another use"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the other end refuses our certificate"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the other end refuses our certificate"},
};

static const char *words_of_certificate(long result)
{
    if (result == X509_V_ERR_CERT_HAS_EXPIRED) return "its certificate has expired";
    if (result == X509_V_ERR_CERT_NOT_YET_VALID) return "its certificate is not valid yet: look at the clocks";
    if (result == X509_V_ERR_INVALID_PURPOSE) return "its certificate is for another use";
    if (result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
        result == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || result == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
        result == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT || result == X509_V_ERR_CERT_SIGNATURE_FAILURE)
        return "its certificate is of another authority";
    return X509_verify_cert_error_string(result);
}

void heng_tls_reason(const struct heng_tls *tls, int result, char ret[static TLS_WHY_MAX])
{
    unsigned long error = ERR_peek_error();
    int reason = ERR_GET_REASON(error);
    const char *words = ERR_reason_error_string(error);
    if (SSL_get_error(tls->ssl, result) == SSL_ERROR_ZERO_RETURN)
        words = "it has said goodbye";
    else if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        words = words_of_certificate(SSL_get_verify_result(tls->ssl));
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (ERR_GET_LIB(error) == ERR_LIB_SSL && reasons[i].reason == reason) words = reasons[i].words;
    snprintf(ret, TLS_WHY_MAX, "%.*s", TLS_WHY_MAX - 1, words ? words : "TLS has failed without a reason");
    ERR_clear_error();
}
