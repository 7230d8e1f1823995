#ifndef HENG_TRUST_INTERNAL_H
#define HENG_TRUST_INTERNAL_H
/* Shared by authority and identity; nobody else includes it. */
#include <limits.h>

#include "trust/pem.h"
#include "trust/pki.h"

enum { HENG_PEM_BYTES_MAX = 16384 };

/* A directory of keys while something in it may be made: locked, so that two programs do not both make a key. */
struct heng_keep {
    int fd;
    char path[PATH_MAX];
};

/* Make it when it is not there (0700). Errors: EIO. */
HENG_NODISCARD heng_rc heng_keep_open(struct heng_keep *keep, const char *path, struct heng_err *err);
void heng_keep_close(struct heng_keep *keep);
bool heng_keep_has(const struct heng_keep *keep, const char *name);

/* "directory/name" on the heap. NULL: no memory. */
char *heng_keep_path(const struct heng_keep *keep, const char *name);

/* Replace a file so that at any moment there is the old one or the new one: written beside it, to the disk, renamed,
 * the directory to the disk. Errors: EIO, ENOMEM. */
HENG_NODISCARD heng_rc heng_keep_write_key(struct heng_keep *keep, const char *name, EVP_PKEY *key,
                                           struct heng_err *err);
HENG_NODISCARD heng_rc heng_keep_write_certificate(struct heng_keep *keep, const char *name, X509 *certificate,
                                                   struct heng_err *err);

/* The key in the file; a fresh one when there is none, or when it is damaged and may_replace (the damaged one is set
 * aside under the name with ".damaged"). Errors: as heng_key_read. */
HENG_NODISCARD heng_rc heng_keep_key(struct heng_keep *keep, const char *name, bool may_replace, EVP_PKEY **ret,
                                     struct heng_err *err);

/* A fresh key in the place of the one in the file, if there is one. */
HENG_NODISCARD heng_rc heng_keep_make_key(struct heng_keep *keep, const char *name, EVP_PKEY **ret,
                                          struct heng_err *err);

/* A certificate for this key. issuer NULL: signed by itself, an authority. below: see heng_authority_sign; NULL: none.
 */
struct heng_paper {
    const char *common_name, *below;
    uint64_t serial;
    heng_us from, until;
    const char *extended_usage, *alternative_name; /* as OpenSSL's configuration writes them; NULL: none */
};
HENG_NODISCARD heng_rc heng_certify(const struct heng_paper *paper, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                                    X509 **ret, struct heng_err *err);

/* 63 random bits, never 0. */
HENG_NODISCARD heng_rc heng_serial_make(uint64_t *ret, struct heng_err *err);

/* Errors: EFORMAT. */
HENG_NODISCARD heng_rc heng_certificate_parse(struct heng_slice der, X509 **ret, struct heng_err *err);

/* Whom it stands below; "": the centre. */
void heng_certificate_below(const X509 *certificate, char *ret, size_t cap);

/* May this be a common name: 1..63 bytes of UTF-8 without control characters? */
bool heng_common_name_ok(struct heng_slice name);

/* Fails with what, and OpenSSL's reason. */
heng_rc heng_fail_openssl(struct heng_err *err, heng_rc rc, const char *what);

#endif
