/* The identity of a gateway. Its key is made on the box and never leaves it.
 *
 * gateway.pem is written last: where it is, the gateway is enrolled. An authority.pem alone is the one that the box has
 * met: nobody else has seen its key. A key that another one shall see is made anew first, then the authority is
 * written: cut in between, it is made anew once more. */
#include <openssl/err.h>
#include <stdlib.h>

#include "trust/internal.h"

struct heng_identity {
    EVP_PKEY *key;
    X509 *certificate, *authority; /* NULL before the enrolment; authority: before the first was met */
    bool met;                      /* there is an authority.pem, readable or not */
    heng_us expires_us;
    char name[HENG_PKI_NAME_MAX], below[HENG_PKI_NAME_MAX];
    char *directory, *key_file, *certificate_file, *authority_file;
};

/* Would this make us a gateway: our key, signed by the authority, with a name? */
static heng_rc check(EVP_PKEY *key, X509 *certificate, X509 *authority, char *ret_name, heng_us *ret_expires,
                     struct heng_err *err)
{
    heng_us from;
    if (X509_check_private_key(certificate, key) != 1) {
        ERR_clear_error();
        return heng_fail(err, HENG_EDENIED, 0, "the certificate is not for this gateway's key");
    }
    heng_rc rc = heng_certificate_check(certificate, authority, X509_PURPOSE_SSL_CLIENT, err);
    if (rc == HENG_OK) rc = heng_certificate_dates(certificate, &from, ret_expires, err);
    if (rc == HENG_OK) rc = heng_certificate_name(certificate, ret_name, HENG_PKI_NAME_MAX, err);
    return rc;
}

static heng_rc read_enrolment(struct heng_identity *identity, struct heng_err *err)
{
    struct heng_err why = {.text = ""};
    heng_rc rc = heng_certificate_read(identity->certificate_file, &identity->certificate, err);
    if (rc == HENG_OK) rc = heng_certificate_read(identity->authority_file, &identity->authority, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, HENG_EFORMAT, 0, "'%.60s' is missing: restore it, or remove gateway.pem to enrol again",
                         identity->authority_file);
    if (rc != HENG_OK) return rc;
    rc = check(identity->key, identity->certificate, identity->authority, identity->name, &identity->expires_us, &why);
    heng_certificate_below(identity->certificate, identity->below, sizeof identity->below);
    if (rc == HENG_OK) return HENG_OK;
    return heng_fail(err, HENG_EFORMAT, 0, "'%.40s': %.60s; restore it, or remove it to enrol again",
                     identity->certificate_file, why.text);
}

/* A damaged one was met too: by whom, nobody knows any more. */
static heng_rc read_met(struct heng_identity *identity, struct heng_err *err)
{
    heng_rc rc = heng_certificate_read(identity->authority_file, &identity->authority, err);
    identity->met = rc != HENG_ENOTFOUND;
    return rc == HENG_ENOTFOUND || rc == HENG_EFORMAT ? HENG_OK : rc;
}

/* A key that no certificate is for may be made anew; one that is enrolled is never replaced. */
static heng_rc open_identity(struct heng_identity *identity, struct heng_keep *keep, struct heng_err *err)
{
    bool enrolled = heng_keep_has(keep, "gateway.pem");
    if (enrolled && !heng_keep_has(keep, "gateway.key"))
        return heng_fail(err, HENG_EFORMAT, 0, "'%.60s' is missing: restore it, or remove gateway.pem to enrol again",
                         identity->key_file);
    heng_rc rc = heng_keep_key(keep, "gateway.key", !enrolled, &identity->key, err);
    if (rc != HENG_OK) return rc;
    return enrolled ? read_enrolment(identity, err) : read_met(identity, err);
}

heng_rc heng_identity_open(const char *directory, struct heng_identity **ret, struct heng_err *err)
{
    struct heng_keep keep;
    heng_rc rc = heng_keep_open(&keep, directory, err);
    if (rc != HENG_OK) return rc;
    struct heng_identity *identity = calloc(1, sizeof *identity);
    if (identity) {
        identity->directory = strdup(directory);
        identity->key_file = heng_keep_path(&keep, "gateway.key");
        identity->certificate_file = heng_keep_path(&keep, "gateway.pem");
        identity->authority_file = heng_keep_path(&keep, "authority.pem");
    }
    if (!identity || !identity->directory || !identity->key_file || !identity->certificate_file ||
        !identity->authority_file)
        rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for the identity");
    else
        rc = open_identity(identity, &keep, err);
    heng_keep_close(&keep);
    if (rc == HENG_OK)
        *ret = identity;
    else
        heng_identity_free(identity);
    return rc;
}

void heng_identity_free(struct heng_identity *identity)
{
    if (!identity) return;
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
    X509_free(identity->authority);
    free(identity->directory);
    free(identity->key_file);
    free(identity->certificate_file);
    free(identity->authority_file);
    free(identity);
}

bool heng_identity_is_enrolled(const struct heng_identity *identity) { return identity->certificate != NULL; }
heng_us heng_identity_expires_us(const struct heng_identity *identity) { return identity->expires_us; }
const char *heng_identity_name(const struct heng_identity *identity) { return identity->name; }
const char *heng_identity_below(const struct heng_identity *identity) { return identity->below; }

struct heng_pki_files heng_identity_files(const struct heng_identity *identity)
{
    return (struct heng_pki_files){identity->key_file, identity->certificate_file, identity->authority_file};
}

static heng_rc keep_met(struct heng_identity *identity, X509 *authority, EVP_PKEY **ret_key, struct heng_err *err)
{
    struct heng_keep keep;
    heng_rc rc = heng_keep_open(&keep, identity->directory, err);
    if (rc != HENG_OK) return rc;
    if (identity->met) rc = heng_keep_make_key(&keep, "gateway.key", ret_key, err);
    if (rc == HENG_OK) rc = heng_keep_write_certificate(&keep, "authority.pem", authority, err);
    heng_keep_close(&keep);
    return rc;
}

heng_rc heng_identity_meet(struct heng_identity *identity, struct heng_slice authority, bool *ret_anew,
                           struct heng_err *err)
{
    X509 *shown = NULL;
    EVP_PKEY *key = NULL;
    *ret_anew = false;
    if (heng_identity_is_enrolled(identity)) return HENG_OK; /* it belongs to somebody already */
    heng_rc rc = heng_certificate_parse(authority, &shown, err);
    if (rc != HENG_OK) return rc;
    if (identity->authority && X509_cmp(identity->authority, shown) == 0) {
        X509_free(shown);
        return HENG_OK;
    }
    rc = keep_met(identity, shown, &key, err);
    if (key) { /* it is in the file, whatever came after it */
        EVP_PKEY_free(identity->key);
        identity->key = key;
        *ret_anew = true;
    }
    if (rc != HENG_OK) {
        X509_free(shown);
        return rc;
    }
    X509_free(identity->authority);
    identity->authority = shown;
    identity->met = true;
    return HENG_OK;
}

heng_rc heng_identity_request(struct heng_identity *identity, uint8_t *ret_der, size_t cap, size_t *ret_n,
                              struct heng_err *err)
{
    X509_REQ *request = X509_REQ_new();
    uint8_t *der = NULL;
    int n = -1;
    /* No name in it: the person who accepts gives it. */
    if (request && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
        X509_REQ_set_pubkey(request, identity->key) == 1 && X509_REQ_sign(request, identity->key, EVP_sha256()) > 0)
        n = i2d_X509_REQ(request, &der);
    heng_rc rc = HENG_OK;
    if (n <= 0)
        rc = heng_fail_openssl(err, HENG_ENOMEM, "cannot make a request");
    else if ((size_t)n > cap)
        rc = heng_fail(err, HENG_ELIMIT, 0, "the request has %d bytes", n);
    if (rc == HENG_OK) {
        memcpy(ret_der, der, (size_t)n);
        *ret_n = (size_t)n;
    }
    OPENSSL_free(der);
    X509_REQ_free(request);
    return rc;
}

/* Another key or another name: what the old one has signed, the new one cannot verify. */
static bool same_authority(X509 *a, X509 *b)
{
    return EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1 &&
           X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0;
}

/* The code was made of every byte of it; later its key and name count. */
static bool is_known(const struct heng_identity *identity, X509 *authority)
{
    if (identity->certificate) return same_authority(identity->authority, authority);
    return X509_cmp(identity->authority, authority) == 0;
}

static heng_rc write_enrolment(struct heng_identity *identity, X509 *certificate, X509 *authority, struct heng_err *err)
{
    struct heng_keep keep;
    heng_rc rc = heng_keep_open(&keep, identity->directory, err);
    if (rc != HENG_OK) return rc;
    if (!identity->authority || X509_cmp(identity->authority, authority) != 0)
        rc = heng_keep_write_certificate(&keep, "authority.pem", authority, err);
    if (rc == HENG_OK) rc = heng_keep_write_certificate(&keep, "gateway.pem", certificate, err);
    heng_keep_close(&keep);
    return rc;
}

heng_rc heng_identity_accept(struct heng_identity *identity, struct heng_slice certificate, struct heng_slice authority,
                             struct heng_err *err)
{
    X509 *ours = NULL, *theirs = NULL;
    char name[HENG_PKI_NAME_MAX] = "";
    heng_us expires_us = 0;
    heng_rc rc = heng_certificate_parse(certificate, &ours, err);
    if (rc == HENG_OK) rc = heng_certificate_parse(authority, &theirs, err);
    if (rc == HENG_OK && identity->authority && !is_known(identity, theirs))
        rc = heng_fail(err, HENG_EDENIED, 0, "signed by another authority than the one that we know");
    if (rc == HENG_OK) rc = check(identity->key, ours, theirs, name, &expires_us, err);
    if (rc == HENG_OK) rc = write_enrolment(identity, ours, theirs, err);
    if (rc == HENG_OK) {
        X509_free(identity->certificate);
        X509_free(identity->authority);
        identity->certificate = ours;
        identity->authority = theirs;
        identity->met = true;
        identity->expires_us = expires_us;
        heng_certificate_below(ours, identity->below, sizeof identity->below);
        memcpy(identity->name, name, sizeof name);
        return HENG_OK;
    }
    X509_free(ours);
    X509_free(theirs);
    return rc;
}
