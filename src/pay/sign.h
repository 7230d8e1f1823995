#ifndef HENG_PAY_SIGN_H
#define HENG_PAY_SIGN_H
/* Signatures and seals of channels: RSA (PKCS#1 v1.5) over SHA-256, AES-GCM. Keys come from files that nobody else may
 * read; no error and no log ever holds one. */
#include "base/buf.h"

struct evp_pkey_st;

/* A private key from a PEM file. Errors: ENOTFOUND, EDENIED (others may read it: says what to run), EFORMAT. */
HENG_NODISCARD heng_rc heng_pay_key_read(const char *path, struct evp_pkey_st **ret, struct heng_err *err);
/* A public key or a certificate's, PEM. */
HENG_NODISCARD heng_rc heng_pay_public_read(const char *path, struct evp_pkey_st **ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_pay_public_of(struct heng_slice pem, struct evp_pkey_st **ret, struct heng_err *err);
bool heng_pay_key_same(const struct evp_pkey_st *a, const struct evp_pkey_st *b);
void heng_pay_key_free(struct evp_pkey_st *key); /* accepts NULL */
/* A symmetric key of exactly n bytes, as text in a file. Errors: as heng_pay_key_read. */
HENG_NODISCARD heng_rc heng_pay_secret_read(const char *path, uint8_t *ret, size_t n, struct heng_err *err);

/* SHA256withRSA in base64, appended. Errors: EBUG the key is none for it, ENOMEM. */
HENG_NODISCARD heng_rc heng_pay_sign(struct evp_pkey_st *key, struct heng_slice message, struct heng_str *out,
                                     struct heng_err *err);
/* Errors: EDENIED the signature is not that of this key over this message; EFORMAT it is no base64. */
HENG_NODISCARD heng_rc heng_pay_verify(struct evp_pkey_st *key, struct heng_slice message, struct heng_slice signature,
                                       struct heng_err *err);

/* AES-GCM with its tag of 16 bytes at the end, 16 or 32 bytes of key, 12 of nonce. sealed: not base64.
 * Errors: EFORMAT shorter than a tag, or a nonce of another length; EDENIED it was changed; ELIMIT. */
HENG_NODISCARD heng_rc heng_pay_open_sealed(struct heng_slice key, struct heng_slice nonce, struct heng_slice also,
                                            struct heng_slice sealed, struct heng_buf *ret, struct heng_err *err);

void heng_pay_sha256(struct heng_slice bytes, uint8_t ret[HENG_AT_LEAST(32)]);
/* Lower case. */
void heng_pay_hex(struct heng_slice bytes, char *ret, size_t cap);
/* 32 characters of chance. Errors: EIO. */
enum { HENG_PAY_NONCE_MAX = 33 };
HENG_NODISCARD heng_rc heng_pay_nonce(char ret[HENG_AT_LEAST(HENG_PAY_NONCE_MAX)], struct heng_err *err);

#endif
