#include "pay/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pay/text.h"

enum { KEY_FILE_MAX = 16384, SIGNATURE_MAX = 1024, TAG = 16, NONCE = 12 };

/* The whole file. secret: nobody but its owner may read it. */
static heng_rc read_file(const char *path, bool secret, uint8_t *ret, size_t cap, size_t *ret_n, struct heng_err *err)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    heng_rc rc = HENG_OK;
    if (fd < 0)
        return heng_fail(err, errno == ENOENT ? HENG_ENOTFOUND : HENG_EDENIED, 0,
                         "the key file '%.100s' cannot be read", path);
    *ret_n = 0;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        rc = heng_fail(err, HENG_EFORMAT, 0, "the key file '%.100s' is no file", path);
    else if (secret && (st.st_mode & 077) != 0)
        rc = heng_fail(err, HENG_EDENIED, 0, "others may read the key: chmod 600 '%.90s'", path);
    for (ssize_t n = 1; rc == HENG_OK && n > 0;) {
        n = read(fd, ret + *ret_n, cap - *ret_n);
        if (n < 0)
            rc = heng_fail(err, HENG_EIO, 0, "the key file '%.100s' cannot be read", path);
        else
            *ret_n += (size_t)n;
        if (rc == HENG_OK && *ret_n == cap)
            rc = heng_fail(err, HENG_EFORMAT, 0, "the key file '%.90s' is too long", path);
    }
    close(fd);
    return rc;
}

/* A key that is locked with a passphrase is refused, never asked for. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf, (void)size, (void)writing, (void)ctx;
    return -1;
}

static heng_rc keep_rsa(EVP_PKEY *key, const char *name, EVP_PKEY **ret, struct heng_err *err)
{
    if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= 2048) {
        *ret = key;
        return HENG_OK;
    }
    EVP_PKEY_free(key);
    return heng_fail(err, HENG_EFORMAT, 0, "'%.100s' holds no RSA key of 2048 bits or more in PEM", name);
}

heng_rc heng_pay_key_read(const char *path, struct evp_pkey_st **ret, struct heng_err *err)
{
    uint8_t pem[KEY_FILE_MAX];
    size_t n = 0;
    heng_rc rc = read_file(path, true, pem, sizeof pem, &n, err);
    if (rc == HENG_OK) {
        BIO *bio = BIO_new_mem_buf(pem, (int)n);
        EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
        BIO_free(bio);
        rc = keep_rsa(key, path, ret, err);
    }
    OPENSSL_cleanse(pem, sizeof pem);
    return rc;
}

heng_rc heng_pay_public_of(struct heng_slice pem, struct evp_pkey_st **ret, struct heng_err *err)
{
    EVP_PKEY *key = NULL;
    BIO *bio = pem.n <= KEY_FILE_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    if (bio) key = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    if (bio && !key && BIO_reset(bio) == 1) {
        X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (certificate) key = X509_get_pubkey(certificate);
        X509_free(certificate);
    }
    BIO_free(bio);
    return keep_rsa(key, "the public key", ret, err);
}

heng_rc heng_pay_public_read(const char *path, struct evp_pkey_st **ret, struct heng_err *err)
{
    uint8_t pem[KEY_FILE_MAX];
    size_t n = 0;
    heng_rc rc = read_file(path, false, pem, sizeof pem, &n, err);
    return rc == HENG_OK ? heng_pay_public_of(heng_slice_of(pem, n), ret, err) : rc;
}

bool heng_pay_key_same(const struct evp_pkey_st *a, const struct evp_pkey_st *b) { return EVP_PKEY_eq(a, b) == 1; }

void heng_pay_key_free(struct evp_pkey_st *key) { EVP_PKEY_free(key); }

heng_rc heng_pay_secret_read(const char *path, uint8_t *ret, size_t n, struct heng_err *err)
{
    uint8_t text[KEY_FILE_MAX];
    size_t length = 0;
    heng_rc rc = read_file(path, true, text, sizeof text, &length, err);
    while (rc == HENG_OK && length && (text[length - 1] == '\n' || text[length - 1] == '\r')) length--;
    if (rc == HENG_OK && length != n)
        rc = heng_fail(err, HENG_EFORMAT, 0, "the key in '%.90s' must have %zu characters", path, n);
    if (rc == HENG_OK) memcpy(ret, text, n);
    OPENSSL_cleanse(text, sizeof text);
    return rc;
}

heng_rc heng_pay_sign(struct evp_pkey_st *key, struct heng_slice message, struct heng_str *out, struct heng_err *err)
{
    uint8_t signature[SIGNATURE_MAX];
    size_t n = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool done = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                      EVP_DigestSign(ctx, signature, &n, message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!done) return heng_fail(err, HENG_EBUG, 0, "the key cannot sign");
    heng_pay_base64_text(heng_slice_of(signature, n), out);
    return HENG_OK;
}

heng_rc heng_pay_verify(struct evp_pkey_st *key, struct heng_slice message, struct heng_slice signature,
                        struct heng_err *err)
{
    uint8_t bytes[SIGNATURE_MAX];
    struct heng_buf buf = heng_buf_of(bytes, sizeof bytes);
    heng_rc rc = heng_pay_base64(signature, &buf, err);
    if (rc != HENG_OK) return rc;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
                      EVP_DigestVerify(ctx, bytes, buf.n, message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    return good ? HENG_OK : heng_fail(err, HENG_EDENIED, 0, "the signature does not fit the message");
}

heng_rc heng_pay_open_sealed(struct heng_slice key, struct heng_slice nonce, struct heng_slice also,
                             struct heng_slice sealed, struct heng_buf *ret, struct heng_err *err)
{
    int n = 0, last = 0;
    if (sealed.n < TAG) return heng_fail(err, HENG_EFORMAT, 0, "sealed text is shorter than its tag");
    if (nonce.n != NONCE || (key.n != 16 && key.n != 32) || also.n > INT32_MAX)
        return heng_fail(err, HENG_EFORMAT, 0, "the nonce of sealed text has %zu bytes, not 12", nonce.n);
    const size_t length = sealed.n - TAG;
    if (ret->cap - ret->n < length || length > INT32_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "sealed text is too long");
    uint8_t tag[TAG];
    memcpy(tag, sealed.p + length, TAG);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const bool good =
        ctx &&
        EVP_DecryptInit_ex(ctx, key.n == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm(), NULL, key.p, nonce.p) == 1 &&
        (also.n == 0 || EVP_DecryptUpdate(ctx, NULL, &n, also.p, (int)also.n) == 1) &&
        EVP_DecryptUpdate(ctx, ret->p + ret->n, &n, sealed.p, (int)length) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1 &&
        EVP_DecryptFinal_ex(ctx, ret->p + ret->n + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!good) {
        OPENSSL_cleanse(ret->p + ret->n, length);
        return heng_fail(err, HENG_EDENIED, 0, "sealed text does not open: another key, or it was changed");
    }
    ret->n += (size_t)(n + last);
    return HENG_OK;
}

void heng_pay_sha256(struct heng_slice bytes, uint8_t ret[HENG_AT_LEAST(32)])
{
    unsigned n = 32;
    if (EVP_Digest(bytes.p, bytes.n, ret, &n, EVP_sha256(), NULL) != 1) memset(ret, 0, 32);
}

void heng_pay_hex(struct heng_slice bytes, char *ret, size_t cap)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;
    for (size_t i = 0; i < bytes.n && n + 2 < cap; i++) {
        ret[n++] = hex[bytes.p[i] >> 4];
        ret[n++] = hex[bytes.p[i] & 15];
    }
    ret[n] = 0;
}

heng_rc heng_pay_nonce(char ret[HENG_AT_LEAST(HENG_PAY_NONCE_MAX)], struct heng_err *err)
{
    uint8_t bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return heng_fail(err, HENG_EIO, 0, "the system gives no chance");
    heng_pay_hex(heng_slice_of(bytes, sizeof bytes), ret, HENG_PAY_NONCE_MAX);
    return HENG_OK;
}
