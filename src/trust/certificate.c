/* X.509 certificates: made, read, checked. Source: RFC 5280. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/utf8.h"
#include "trust/internal.h"

heng_rc heng_fail_openssl(struct heng_err *err, heng_rc rc, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return heng_fail(err, rc, 0, "%.90s: %.60s", what, reason ? reason : "no reason given");
}

heng_rc heng_serial_make(uint64_t *ret, struct heng_err *err)
{
    uint64_t serial = 0;
    heng_rc rc = heng_random(&serial, sizeof serial, err);
    if (rc != HENG_OK) return rc;
    serial &= INT64_MAX;
    *ret = serial ? serial : 1;
    return HENG_OK;
}

bool heng_common_name_ok(struct heng_slice name)
{
    if (name.n == 0 || name.n >= HENG_PKI_NAME_MAX) return false;
    for (size_t i = 0, n; i < name.n; i += n) {
        n = heng_utf8_length(name.p + i, name.n - i);
        if (n == 0 || name.p[i] < 0x20 || name.p[i] == 0x7F) return false;
        if (n == 2 && name.p[i] == 0xC2 && name.p[i + 1] < 0xA0) return false; /* C1 control characters */
    }
    return true;
}

/* --- made ---------------------------------------------------------------------------------------------------- */

/* Our own constants only: OpenSSL's little language would let a foreign text say more than it should. */
static bool extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_date(ASN1_TIME *date, heng_us at_us)
{
    int64_t s = at_us / HENG_US_PER_S;
    return ASN1_TIME_adj(date, (time_t)s, 0, 0) != NULL;
}

static bool add_name(X509_NAME *name, int nid, const char *text)
{
    return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1;
}

static bool set_names(X509 *certificate, const struct heng_paper *paper, X509 *issuer)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return add_name(name, NID_commonName, paper->common_name) &&
           (!paper->below || add_name(name, NID_organizationalUnitName, paper->below)) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1;
}

static bool fill(X509 *x, const struct heng_paper *paper, EVP_PKEY *key, X509 *issuer)
{
    bool authority = issuer == x;
    return X509_set_version(x, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), paper->serial) == 1 &&
           set_date(X509_getm_notBefore(x), paper->from) && set_date(X509_getm_notAfter(x), paper->until) &&
           set_names(x, paper, issuer) && X509_set_pubkey(x, key) == 1 &&
           extend(x, issuer, NID_basic_constraints, authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
           extend(x, issuer, NID_key_usage, authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
           extend(x, issuer, NID_subject_key_identifier, "hash") &&
           extend(x, issuer, NID_authority_key_identifier, "keyid:always") &&
           (!paper->extended_usage || extend(x, issuer, NID_ext_key_usage, paper->extended_usage)) &&
           (!paper->alternative_name || extend(x, issuer, NID_subject_alt_name, paper->alternative_name));
}

heng_rc heng_certify(const struct heng_paper *paper, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, X509 **ret,
                     struct heng_err *err)
{
    if (!heng_common_name_ok(heng_slice_str(paper->common_name)) ||
        (paper->below && !heng_common_name_ok(heng_slice_str(paper->below))))
        return heng_fail(err, HENG_EFORMAT, 0, "no certificate for this name: it has 1 to 63 bytes of printable text");
    X509 *x = X509_new();
    if (!x || !fill(x, paper, key, issuer ? issuer : x) || X509_sign(x, issuer_key, EVP_sha256()) <= 0) {
        X509_free(x);
        return heng_fail_openssl(err, HENG_ENOMEM, "cannot make a certificate");
    }
    *ret = x;
    return HENG_OK;
}

/* --- read ---------------------------------------------------------------------------------------------------- */

heng_rc heng_certificate_parse(struct heng_slice der, X509 **ret, struct heng_err *err)
{
    const uint8_t *p = der.p;
    X509 *x = der.n <= HENG_PKI_DER_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;
    if (!x || p != der.p + der.n) {
        X509_free(x);
        ERR_clear_error();
        return heng_fail(err, HENG_EFORMAT, 0, "not a certificate");
    }
    *ret = x;
    return HENG_OK;
}

static bool read_name(const X509 *certificate, int nid, char *ret, size_t cap)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, nid, -1);
    unsigned char *text = NULL;
    int n = at < 0 ? -1 : ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    bool ok = n > 0 && heng_common_name_ok(heng_slice_of(text, (size_t)n)) && (size_t)n < cap;
    if (ok) {
        memcpy(ret, text, (size_t)n);
        ret[n] = '\0';
    }
    OPENSSL_free(text);
    ERR_clear_error();
    return ok;
}

heng_rc heng_certificate_name(const X509 *certificate, char *ret, size_t cap, struct heng_err *err)
{
    if (read_name(certificate, NID_commonName, ret, cap)) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, 0, "the certificate carries no name that we can print");
}

void heng_certificate_below(const X509 *certificate, char *ret, size_t cap)
{
    if (!read_name(certificate, NID_organizationalUnitName, ret, cap)) ret[0] = '\0';
}

static bool read_date(const ASN1_TIME *date, heng_us *ret)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(date, &tm) != 1) return false;
    struct heng_civil civil = {.year = (int16_t)(tm.tm_year + 1900),
                               .month = (uint8_t)(tm.tm_mon + 1),
                               .day = (uint8_t)tm.tm_mday,
                               .hour = (uint8_t)tm.tm_hour,
                               .minute = (uint8_t)tm.tm_min,
                               .second = (uint8_t)tm.tm_sec};
    if (!heng_civil_valid(&civil)) return false;
    *ret = heng_civil_to_us(&civil);
    return true;
}

heng_rc heng_certificate_dates(const X509 *certificate, heng_us *ret_from, heng_us *ret_until, struct heng_err *err)
{
    heng_us from, until;
    if (!read_date(X509_get0_notBefore(certificate), &from) || !read_date(X509_get0_notAfter(certificate), &until))
        return heng_fail(err, HENG_EFORMAT, 0, "the certificate carries no dates");
    *ret_from = from;
    *ret_until = until;
    return HENG_OK;
}

/* --- checked ------------------------------------------------------------------------------------------------- */

heng_rc heng_certificate_check(X509 *leaf, X509 *authority, int purpose, struct heng_err *err)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    heng_rc rc = heng_fail(err, HENG_ENOMEM, 0, "no memory to check a certificate");
    if (!store || !context || X509_STORE_add_cert(store, authority) != 1 ||
        X509_STORE_CTX_init(context, store, leaf, NULL) != 1)
        goto out;
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    if (X509_VERIFY_PARAM_set_purpose(param, purpose) != 1 ||
        X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME) != 1)
        goto out;
    if (X509_check_ca(authority) != 1)
        rc = heng_fail(err, HENG_EDENIED, 0, "what signed the certificate is no authority");
    else if (X509_verify_cert(context) == 1)
        rc = HENG_OK;
    else
        rc = heng_fail(err, HENG_EDENIED, 0, "the certificate is not good: %.80s",
                       X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
out:
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ERR_clear_error();
    return rc;
}
