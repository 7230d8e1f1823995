#include "seal/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "trust/pki.h"

enum { NAME_MAX_ = 1100, LINE_MAX_ = 400 };
static const char private_word[] = "heng-seal-key ", public_word[] = "heng-seal-public ";

struct heng_seal_signer {
    EVP_PKEY *key;
    uint8_t public_key[HENG_SEAL_HASH];
};

/* --- files ----------------------------------------------------------------------------------------------------- */

static heng_rc fail_errno(struct heng_err *err, const char *what, const char *path)
{
    int why = errno;
    return heng_fail(err, HENG_EIO, 0, "cannot %s '%.90s': %s", what, path, strerror(why));
}

static heng_rc sync_folder_of(const char *path, struct heng_err *err)
{
    char folder[NAME_MAX_];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 1;
    snprintf(folder, sizeof folder, "%.*s", (int)(n ? n : 1), slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail_errno(err, "open", folder);
    heng_rc rc = fsync(fd) == 0 ? HENG_OK : fail_errno(err, "sync", folder);
    close(fd);
    return rc;
}

heng_rc heng_seal_file_put(const char *path, const char *text, unsigned mode, struct heng_err *err)
{
    char beside[NAME_MAX_];
    size_t n = strlen(text);
    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside)
        return heng_fail(err, HENG_EIO, 0, "the name '%.60s...' is too long", path);
    if (unlink(beside) != 0 && errno != ENOENT) return fail_errno(err, "remove", beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) return fail_errno(err, "make", beside);
    heng_rc rc = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0 ? HENG_OK : fail_errno(err, "write", beside);
    if (close(fd) != 0 && rc == HENG_OK) rc = fail_errno(err, "write", beside);
    if (rc == HENG_OK && rename(beside, path) != 0) rc = fail_errno(err, "put in place", path);
    if (rc == HENG_OK) rc = sync_folder_of(path, err);
    if (rc != HENG_OK) (void)unlink(beside);
    return rc;
}

static heng_rc read_line(int fd, const char *path, bool secret, char *ret, size_t cap, struct heng_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return fail_errno(err, "look at", path);
    if (!S_ISREG(st.st_mode)) return heng_fail(err, HENG_EFORMAT, 0, "'%.100s' is not a file", path);
    if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)))
        return heng_fail(err, HENG_EDENIED, 0, "others may read this key, run: chmod 600 '%.90s'", path);
    ssize_t n = read(fd, ret, cap - 1);
    if (n < 0) return fail_errno(err, "read", path);
    ret[n] = '\0';
    if ((size_t)n == cap - 1 && !strchr(ret, '\n'))
        return heng_fail(err, HENG_EFORMAT, 0, "the line in '%.100s' is too long", path);
    ret[strcspn(ret, "\r\n")] = '\0';
    return HENG_OK;
}

heng_rc heng_seal_file_get(const char *path, bool secret, char *ret, size_t cap, struct heng_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return heng_fail(err, HENG_ENOTFOUND, 0, "there is no '%.100s'", path);
    if (fd < 0) return fail_errno(err, "read", path);
    heng_rc rc = read_line(fd, path, secret, ret, cap, err);
    close(fd);
    return rc;
}

static bool take_hex(const char *text, uint8_t ret[static HENG_SEAL_HASH])
{
    struct heng_buf bytes = heng_buf_of(ret, HENG_SEAL_HASH);
    struct heng_err err;
    size_t n = strcspn(text, " ");
    return n == (size_t)2 * HENG_SEAL_HASH && heng_hex_parse(heng_slice_of(text, n), &bytes, &err) == HENG_OK &&
           bytes.n == HENG_SEAL_HASH;
}

heng_rc heng_seal_public_read(const char *path, uint8_t ret[static HENG_SEAL_HASH], struct heng_err *err)
{
    char line[LINE_MAX_];
    heng_rc rc = heng_seal_file_get(path, false, line, sizeof line, err);
    if (rc != HENG_OK) return rc;
    const char *key = strstr(line, " key=");
    key = key ? key + 5 : strncmp(line, public_word, sizeof public_word - 1) == 0 ? line + sizeof public_word - 1 : "";
    return take_hex(key, ret)
               ? HENG_OK
               : heng_fail(err, HENG_EFORMAT, 0, "'%.80s' holds no public key: 'heng seal public' prints one", path);
}

/* --- the key --------------------------------------------------------------------------------------------------- */

static heng_rc make_file(const char *path, struct heng_err *err)
{
    uint8_t seed[HENG_SEAL_HASH];
    char line[LINE_MAX_];
    heng_rc rc = heng_random(seed, sizeof seed, err);
    if (rc != HENG_OK) return rc;
    size_t n = (size_t)snprintf(line, sizeof line, "%s", private_word);
    for (size_t i = 0; i < sizeof seed; i++) n += (size_t)snprintf(line + n, sizeof line - n, "%02x", seed[i]);
    snprintf(line + n, sizeof line - n, "\n");
    rc = heng_seal_file_put(path, line, S_IRUSR | S_IWUSR, err);
    OPENSSL_cleanse(seed, sizeof seed);
    OPENSSL_cleanse(line, sizeof line);
    return rc;
}

static heng_rc signer_of(const char *path, const char *line, struct heng_seal_signer **ret, struct heng_err *err)
{
    uint8_t seed[HENG_SEAL_HASH];
    size_t n = HENG_SEAL_HASH;
    if (strncmp(line, private_word, sizeof private_word - 1) != 0 || !take_hex(line + sizeof private_word - 1, seed))
        return heng_fail(err, HENG_EFORMAT, 0, "'%.60s' is no key for seals: put the copy of it back that was kept",
                         path);
    struct heng_seal_signer *signer = calloc(1, sizeof *signer);
    if (signer) signer->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
    OPENSSL_cleanse(seed, sizeof seed);
    if (!signer || !signer->key || EVP_PKEY_get_raw_public_key(signer->key, signer->public_key, &n) != 1) {
        heng_seal_signer_free(signer);
        return heng_fail(err, HENG_ENOMEM, 0, "the key of '%.80s' cannot be used", path);
    }
    *ret = signer;
    return HENG_OK;
}

heng_rc heng_seal_signer_open(const char *path, bool make, struct heng_seal_signer **ret, struct heng_err *err)
{
    char line[LINE_MAX_];
    heng_rc rc = heng_seal_file_get(path, true, line, sizeof line, err);
    if (rc == HENG_ENOTFOUND && make) {
        rc = make_file(path, err);
        if (rc == HENG_OK) rc = heng_seal_file_get(path, true, line, sizeof line, err);
    }
    if (rc == HENG_OK) rc = signer_of(path, line, ret, err);
    OPENSSL_cleanse(line, sizeof line);
    return rc;
}

void heng_seal_signer_free(struct heng_seal_signer *signer)
{
    if (!signer) return;
    EVP_PKEY_free(signer->key);
    free(signer);
}

const uint8_t *heng_seal_signer_public(const struct heng_seal_signer *signer) { return signer->public_key; }

heng_rc heng_seal_sign(const struct heng_seal_signer *signer, struct heng_slice bytes,
                       uint8_t ret[static HENG_SEAL_SIGNATURE], struct heng_err *err)
{
    size_t n = HENG_SEAL_SIGNATURE;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, signer->key) == 1 &&
                EVP_DigestSign(ctx, ret, &n, bytes.p, bytes.n) == 1 && n == HENG_SEAL_SIGNATURE;
    EVP_MD_CTX_free(ctx);
    return good ? HENG_OK : heng_fail(err, HENG_ENOMEM, 0, "a seal cannot be signed");
}

bool heng_seal_signed(const uint8_t public_key[static HENG_SEAL_HASH], struct heng_slice bytes,
                      const uint8_t signature[static HENG_SEAL_SIGNATURE])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, HENG_SEAL_HASH);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(ctx, signature, HENG_SEAL_SIGNATURE, bytes.p, bytes.n) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

void heng_seal_vouch(const struct heng_seal_key *key, uint8_t ret[static HENG_SEAL_VOUCH])
{
    memcpy(ret, "heng-seal-key-1", 16);
    memcpy(ret + 16, key->public_key, HENG_SEAL_HASH);
    for (unsigned i = 0; i < 8; i++) ret[16 + HENG_SEAL_HASH + i] = (uint8_t)((uint64_t)key->from_us >> (8 * (7 - i)));
}
