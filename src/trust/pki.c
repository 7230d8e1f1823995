/* Hashes, random bytes, and the code that box and console show. */
#include "trust/pki.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "trust/internal.h"

enum { CODE_SYMBOLS = 12, CODE_GROUP = 4 };

/* Crockford's base 32: without I, L, O (which look like digits) and U. Source: www.crockford.com/base32.html. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void heng_sha256(struct heng_slice bytes, uint8_t ret[static 32])
{
    unsigned n = 0;
    EVP_Digest(bytes.p, bytes.n, ret, &n, EVP_sha256(), NULL);
}

heng_rc heng_random(void *ret, size_t n, struct heng_err *err)
{
    if (n > INT_MAX || RAND_bytes(ret, (int)n) != 1)
        return heng_fail(err, HENG_EIO, 0, "the system gives no random bytes");
    return HENG_OK;
}

static void write_code(const uint8_t hash[static 8], char ret_code[static HENG_PKI_CODE_MAX])
{
    uint64_t bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < 8; i++) bits = bits << 8 | hash[i];
    for (unsigned i = 0; i < CODE_SYMBOLS; i++) {
        if (i > 0 && i % CODE_GROUP == 0) ret_code[n++] = '-';
        ret_code[n++] = alphabet[bits >> (59 - 5 * i) & 31];
    }
    ret_code[n] = '\0';
}

heng_rc heng_enrolment_code(struct heng_slice request, struct heng_slice authority,
                            char ret_code[static HENG_PKI_CODE_MAX], struct heng_err *err)
{
    const uint8_t *p = request.p;
    uint8_t *key = NULL, hash[EVP_MAX_MD_SIZE];
    unsigned hash_n = 0;
    X509_REQ *parsed = request.n <= HENG_PKI_DER_MAX ? d2i_X509_REQ(NULL, &p, (long)request.n) : NULL;
    if (!parsed || p != request.p + request.n || authority.n == 0) {
        X509_REQ_free(parsed);
        return heng_fail(err, HENG_EFORMAT, 0, "no code: not a certificate request, or no authority");
    }
    int key_n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(parsed), &key);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = key_n > 0 && md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(md, key, (size_t)key_n) == 1 && EVP_DigestUpdate(md, authority.p, authority.n) == 1 &&
              EVP_DigestFinal_ex(md, hash, &hash_n) == 1;
    EVP_MD_CTX_free(md);
    OPENSSL_free(key);
    X509_REQ_free(parsed);
    if (!ok) return heng_fail_openssl(err, HENG_ENOMEM, "no code for this request");
    write_code(hash, ret_code);
    return HENG_OK;
}

/* The 12 symbols of a typed code. false: it is none. */
static bool read_code(const char *text, char ret[static CODE_SYMBOLS])
{
    size_t n = 0;
    for (; *text; text++) {
        char c = (char)toupper((unsigned char)*text);
        if (c == '-' || c == ' ') continue;
        if (c == 'O') c = '0';
        if (c == 'I' || c == 'L') c = '1';
        if (n == CODE_SYMBOLS || !strchr(alphabet, c)) return false;
        ret[n++] = c;
    }
    return n == CODE_SYMBOLS;
}

bool heng_code_eq(const char *a, const char *b)
{
    char left[CODE_SYMBOLS], right[CODE_SYMBOLS];
    return read_code(a, left) && read_code(b, right) && memcmp(left, right, CODE_SYMBOLS) == 0;
}
