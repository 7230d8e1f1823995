#ifndef HENG_TRUST_PEM_H
#define HENG_TRUST_PEM_H
/* Keys and certificates as OpenSSL's objects, for this folder and for link/tls. Everybody else uses trust/pki.h. */
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/rc.h"
#include "base/slice.h"
#include "base/time.h"

/* What the certificate of the centre's server is called: its subject alternative name. */
#define HENG_CENTRE_NAME "heng"

/* A private key from a PEM file. Errors: ENOTFOUND, EDENIED (others may read it: the text says what to run), EFORMAT
 * (damaged, or locked with a passphrase), EIO. */
HENG_NODISCARD heng_rc heng_key_read(const char *path, EVP_PKEY **ret, struct heng_err *err);

/* The first certificate of a PEM file. Errors: ENOTFOUND, EFORMAT, EIO. */
HENG_NODISCARD heng_rc heng_certificate_read(const char *path, X509 **ret, struct heng_err *err);

/* Is leaf signed by this authority, and good for purpose (X509_PURPOSE_SSL_CLIENT, _SERVER)? No date is looked at.
 * Errors: EDENIED with OpenSSL's reason, ENOMEM. */
HENG_NODISCARD heng_rc heng_certificate_check(X509 *leaf, X509 *authority, int purpose, struct heng_err *err);

/* The common name. Errors: EFORMAT when there is none of 1..63 bytes of printable UTF-8. */
HENG_NODISCARD heng_rc heng_certificate_name(const X509 *certificate, char *ret, size_t cap, struct heng_err *err);

/* From when and until when it is valid. Errors: EFORMAT. */
HENG_NODISCARD heng_rc heng_certificate_dates(const X509 *certificate, heng_us *ret_from, heng_us *ret_until,
                                              struct heng_err *err);

#endif
