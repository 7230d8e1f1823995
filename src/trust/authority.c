/* The authority of a site: its own key, the certificate of its server, the certificates of its gateways. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "trust/internal.h"

enum { AUTHORITY_DAYS = 20 * 365, SERVER_DAYS = 2 * 365, RENEW_DAYS = 60, DAYS_MAX = 40 * 365 };

struct heng_authority {
    EVP_PKEY *key;
    X509 *certificate;
    uint8_t *der;
    size_t der_n;
    char *key_file, *certificate_file, *authority_file; /* of the server */
};

/* "Heng <site>", cut between two characters where the site's name is longer than a common name may be. */
static void name_authority(const char *site, char ret[static HENG_PKI_NAME_MAX])
{
    struct heng_slice name = heng_slice_str(site);
    size_t n = (size_t)snprintf(ret, HENG_PKI_NAME_MAX, "Heng");
    if (name.n) ret[n++] = ' ';
    for (size_t i = 0, length; i < name.n; i += length) {
        length = heng_utf8_length(name.p + i, name.n - i);
        if (length == 0 || n + length >= HENG_PKI_NAME_MAX) break;
        memcpy(ret + n, name.p + i, length);
        n += length;
    }
    ret[n] = '\0';
}

static heng_rc certify_authority(struct heng_authority *authority, struct heng_keep *keep, const char *site,
                                 heng_us now_us, struct heng_err *err)
{
    char name[HENG_PKI_NAME_MAX];
    name_authority(site, name);
    struct heng_paper paper = {
        .common_name = name, .from = now_us - HENG_US_PER_DAY, .until = now_us + AUTHORITY_DAYS * HENG_US_PER_DAY};
    heng_rc rc = heng_serial_make(&paper.serial, err);
    if (rc == HENG_OK) rc = heng_certify(&paper, authority->key, NULL, authority->key, &authority->certificate, err);
    return rc == HENG_OK ? heng_keep_write_certificate(keep, "authority.pem", authority->certificate, err) : rc;
}

/* Key first, then its certificate: a key without a certificate has signed nothing that anybody could verify. */
static heng_rc open_authority(struct heng_authority *authority, struct heng_keep *keep, const char *site,
                              heng_us now_us, struct heng_err *err)
{
    bool certified = heng_keep_has(keep, "authority.pem");
    if (certified && !heng_keep_has(keep, "authority.key"))
        return heng_fail(err, HENG_EFORMAT, 0, "'%.60s/authority.key' is missing: restore it, or gateways are orphans",
                         keep->path);
    heng_rc rc = heng_keep_key(keep, "authority.key", !certified, &authority->key, err);
    if (rc != HENG_OK) return rc;
    if (!certified) return certify_authority(authority, keep, site, now_us, err);
    rc = heng_certificate_read(authority->authority_file, &authority->certificate, err);
    if (rc != HENG_OK) return rc;
    if (X509_check_private_key(authority->certificate, authority->key) == 1 &&
        X509_check_ca(authority->certificate) == 1)
        return HENG_OK;
    ERR_clear_error();
    return heng_fail(err, HENG_EFORMAT, 0, "'%.100s' is not the certificate of authority.key",
                     authority->authority_file);
}

/* Is the server's certificate good for a while? One that begins in the future shows that our clock is wrong. */
static bool server_is_good(const struct heng_authority *authority, EVP_PKEY *key, heng_us now_us)
{
    X509 *x = NULL;
    heng_us from, until;
    if (heng_certificate_read(authority->certificate_file, &x, NULL) != HENG_OK) return false;
    bool good = X509_check_private_key(x, key) == 1 &&
                heng_certificate_check(x, authority->certificate, X509_PURPOSE_SSL_SERVER, NULL) == HENG_OK &&
                heng_certificate_dates(x, &from, &until, NULL) == HENG_OK &&
                until - now_us >= RENEW_DAYS * HENG_US_PER_DAY;
    X509_free(x);
    ERR_clear_error();
    return good;
}

/* Gateways know the authority, not the server: its key and certificate can be made anew at any time. */
static heng_rc open_server(struct heng_authority *authority, struct heng_keep *keep, heng_us now_us,
                           struct heng_err *err)
{
    EVP_PKEY *key = NULL;
    X509 *x = NULL;
    struct heng_paper paper = {.common_name = HENG_CENTRE_NAME,
                               .from = now_us - HENG_US_PER_DAY,
                               .until = now_us + SERVER_DAYS * HENG_US_PER_DAY,
                               .extended_usage = "serverAuth",
                               .alternative_name = "DNS:" HENG_CENTRE_NAME};
    heng_rc rc = heng_keep_key(keep, "server.key", true, &key, err);
    if (rc == HENG_OK && !server_is_good(authority, key, now_us)) {
        rc = heng_serial_make(&paper.serial, err);
        if (rc == HENG_OK) rc = heng_certify(&paper, key, authority->certificate, authority->key, &x, err);
        if (rc == HENG_OK) rc = heng_keep_write_certificate(keep, "server.pem", x, err);
    }
    X509_free(x);
    EVP_PKEY_free(key);
    return rc;
}

heng_rc heng_authority_open(const char *directory, const char *name, heng_us now_us, struct heng_authority **ret,
                            struct heng_err *err)
{
    struct heng_keep keep;
    heng_rc rc = heng_keep_open(&keep, directory, err);
    if (rc != HENG_OK) return rc;
    struct heng_authority *authority = calloc(1, sizeof *authority);
    if (authority) {
        authority->key_file = heng_keep_path(&keep, "server.key");
        authority->certificate_file = heng_keep_path(&keep, "server.pem");
        authority->authority_file = heng_keep_path(&keep, "authority.pem");
    }
    if (!authority || !authority->key_file || !authority->certificate_file || !authority->authority_file)
        rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for the authority");
    if (rc == HENG_OK) rc = open_authority(authority, &keep, name, now_us, err);
    if (rc == HENG_OK) rc = open_server(authority, &keep, now_us, err);
    if (rc == HENG_OK) {
        int n = i2d_X509(authority->certificate, &authority->der);
        authority->der_n = n > 0 ? (size_t)n : 0;
        if (n <= 0 || n > HENG_PKI_DER_MAX) rc = heng_fail_openssl(err, HENG_ENOMEM, "cannot open the authority");
    }
    heng_keep_close(&keep);
    if (rc == HENG_OK)
        *ret = authority;
    else
        heng_authority_free(authority);
    return rc;
}

void heng_authority_free(struct heng_authority *authority)
{
    if (!authority) return;
    EVP_PKEY_free(authority->key);
    X509_free(authority->certificate);
    OPENSSL_free(authority->der);
    free(authority->key_file);
    free(authority->certificate_file);
    free(authority->authority_file);
    free(authority);
}

struct heng_slice heng_authority_certificate(const struct heng_authority *authority)
{
    return heng_slice_of(authority->der, authority->der_n);
}

struct heng_pki_files heng_authority_files(const struct heng_authority *authority)
{
    return (struct heng_pki_files){authority->key_file, authority->certificate_file, authority->authority_file};
}

/* --- requests ------------------------------------------------------------------------------------------------ */

static bool is_p256(EVP_PKEY *key)
{
    char group[32];
    int explicit_curve = 0;
    size_t n = 0;
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || EVP_PKEY_get_group_name(key, group, sizeof group, &n) != 1)
        return false;
    if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit_curve) == 1 &&
        explicit_curve)
        return false;
    return strcmp(group, SN_X9_62_prime256v1) == 0;
}

static heng_rc parse_request(struct heng_slice der, X509_REQ **ret, struct heng_err *err)
{
    const uint8_t *p = der.p;
    X509_REQ *request = der.n <= HENG_PKI_DER_MAX ? d2i_X509_REQ(NULL, &p, (long)der.n) : NULL;
    EVP_PKEY *key = request ? X509_REQ_get0_pubkey(request) : NULL;
    heng_rc rc = HENG_OK;
    if (!key || p != der.p + der.n)
        rc = heng_fail(err, HENG_EFORMAT, 0, "not a certificate request");
    else if (!is_p256(key))
        rc = heng_fail(err, HENG_EUNSUPPORTED, 0, "the request is for another kind of key than P-256");
    else if (X509_REQ_verify(request, key) != 1)
        rc = heng_fail(err, HENG_EFORMAT, 0, "who made the request does not have its key: the signature is wrong");
    ERR_clear_error();
    if (rc == HENG_OK)
        *ret = request;
    else
        X509_REQ_free(request);
    return rc;
}

heng_rc heng_authority_sign(struct heng_authority *authority, struct heng_slice request, const char *common_name,
                            const char *below, heng_us now_us, unsigned days, uint8_t *ret_der, size_t *ret_n,
                            uint64_t *ret_serial, struct heng_err *err)
{
    X509_REQ *parsed = NULL;
    X509 *x = NULL;
    uint8_t *der = NULL;
    struct heng_paper paper = {.common_name = common_name,
                               .below = below[0] ? below : NULL,
                               .from = now_us - HENG_US_PER_DAY,
                               .extended_usage = "clientAuth,serverAuth"};
    if (days == 0 || days > DAYS_MAX) return heng_fail(err, HENG_ERANGE, 0, "a certificate for %u days", days);
    paper.until = now_us + (heng_us)days * HENG_US_PER_DAY;
    heng_rc rc = parse_request(request, &parsed, err);
    if (rc == HENG_OK) rc = heng_serial_make(&paper.serial, err);
    if (rc == HENG_OK)
        rc = heng_certify(&paper, X509_REQ_get0_pubkey(parsed), authority->certificate, authority->key, &x, err);
    if (rc == HENG_OK) {
        int n = i2d_X509(x, &der);
        if (n <= 0 || n > HENG_PKI_DER_MAX) {
            rc = heng_fail_openssl(err, HENG_ENOMEM, "cannot write the certificate");
        } else {
            memcpy(ret_der, der, (size_t)n);
            *ret_n = (size_t)n;
            *ret_serial = paper.serial;
        }
    }
    OPENSSL_free(der);
    X509_free(x);
    X509_REQ_free(parsed);
    return rc;
}

/* Is this certificate ours, and for the key of this request? */
static heng_rc check_same(const struct heng_authority *authority, X509 *before, struct heng_slice request,
                          uint64_t *ret_serial, struct heng_err *err)
{
    X509_REQ *parsed = NULL;
    heng_rc rc = parse_request(request, &parsed, err);
    if (rc == HENG_OK && X509_verify(before, X509_get0_pubkey(authority->certificate)) != 1)
        rc = heng_fail(err, HENG_EDENIED, 0, "the certificate of before is not ours");
    if (rc == HENG_OK && EVP_PKEY_eq(X509_get0_pubkey(before), X509_REQ_get0_pubkey(parsed)) != 1)
        rc = heng_fail(err, HENG_EDENIED, 0, "the request is for another key than the certificate of before");
    if (rc == HENG_OK && ASN1_INTEGER_get_uint64(ret_serial, X509_get0_serialNumber(before)) != 1)
        rc = heng_fail(err, HENG_EFORMAT, 0, "the certificate of before has no serial number of ours");
    X509_REQ_free(parsed);
    ERR_clear_error();
    return rc;
}

heng_rc heng_authority_renew(struct heng_authority *authority, struct heng_slice certificate, struct heng_slice request,
                             const char *below, heng_us now_us, unsigned days, uint8_t *ret_der, size_t *ret_n,
                             uint64_t *ret_serial, uint64_t *ret_before, struct heng_err *err)
{
    char common_name[HENG_PKI_NAME_MAX];
    X509 *before = NULL;
    heng_rc rc = heng_certificate_parse(certificate, &before, err);
    if (rc == HENG_OK) rc = check_same(authority, before, request, ret_before, err);
    if (rc == HENG_OK) rc = heng_certificate_name(before, common_name, sizeof common_name, err);
    if (rc == HENG_OK)
        rc = heng_authority_sign(authority, request, common_name, below, now_us, days, ret_der, ret_n, ret_serial, err);
    X509_free(before);
    return rc;
}
