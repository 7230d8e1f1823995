/* The directory of keys: files that appear whole or not at all, and keys that nobody else may read. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trust/internal.h"

static heng_rc fail_errno(struct heng_err *err, const char *what, const char *path)
{
    int why = errno;
    return heng_fail(err, HENG_EIO, 0, "cannot %s '%.90s': %s", what, path, strerror(why));
}

/* --- reading ------------------------------------------------------------------------------------------------- */

static heng_rc check_file(int fd, const char *path, bool secret, struct heng_err *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0) return fail_errno(err, "look at", path);
    if (!S_ISREG(status.st_mode)) return heng_fail(err, HENG_EFORMAT, 0, "'%.100s' is not a file", path);
    if (secret && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return heng_fail(err, HENG_EDENIED, 0, "others may read this key, run: chmod 600 '%.100s'", path);
    if (status.st_size > HENG_PEM_BYTES_MAX)
        return heng_fail(err, HENG_EFORMAT, 0, "'%.100s' is too large for a key or certificate", path);
    return HENG_OK;
}

/* The file in memory that OpenSSL wipes when it is freed. */
static heng_rc read_file(const char *path, bool secret, BIO **ret, struct heng_err *err)
{
    uint8_t bytes[HENG_PEM_BYTES_MAX];
    size_t n = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return heng_fail(err, HENG_ENOTFOUND, 0, "there is no '%.100s'", path);
    if (fd < 0) return fail_errno(err, "read", path);
    heng_rc rc = check_file(fd, path, secret, err);
    while (rc == HENG_OK && n < sizeof bytes && got != 0) {
        got = read(fd, bytes + n, sizeof bytes - n);
        if (got < 0 && errno != EINTR) rc = fail_errno(err, "read", path);
        if (got > 0) n += (size_t)got;
    }
    close(fd);
    if (rc == HENG_OK) {
        BIO *bio = BIO_new(secret ? BIO_s_secmem() : BIO_s_mem());
        if (bio && (n == 0 || BIO_write(bio, bytes, (int)n) == (int)n)) {
            *ret = bio;
        } else {
            BIO_free(bio);
            rc = heng_fail(err, HENG_ENOMEM, 0, "no memory for '%.100s'", path);
        }
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    return rc;
}

/* A locked key must not make a service ask the terminal for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *user)
{
    (void)buf, (void)size, (void)writing, (void)user;
    return -1;
}

heng_rc heng_key_read(const char *path, EVP_PKEY **ret, struct heng_err *err)
{
    BIO *bio = NULL;
    heng_rc rc = read_file(path, true, &bio, err);
    if (rc != HENG_OK) return rc;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (!key) return heng_fail(err, HENG_EFORMAT, 0, "'%.80s' holds no key without passphrase, or is damaged", path);
    *ret = key;
    return HENG_OK;
}

heng_rc heng_certificate_read(const char *path, X509 **ret, struct heng_err *err)
{
    BIO *bio = NULL;
    heng_rc rc = read_file(path, false, &bio, err);
    if (rc != HENG_OK) return rc;
    X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (!certificate) return heng_fail(err, HENG_EFORMAT, 0, "'%.100s' holds no certificate, or is damaged", path);
    *ret = certificate;
    return HENG_OK;
}

/* --- the directory ------------------------------------------------------------------------------------------- */

/* What was made or renamed in a directory is sure only when the directory is on the disk. */
static heng_rc sync_parent(const char *path, struct heng_err *err)
{
    char parent[PATH_MAX];
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    while (n > 0 && path[n - 1] != '/') n--;
    snprintf(parent, sizeof parent, "%.*s", n > 0 ? (int)n : 1, n > 0 ? path : ".");
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    heng_rc rc = ok ? HENG_OK : fail_errno(err, "write to disk", parent);
    if (fd >= 0) close(fd);
    return rc;
}

heng_rc heng_keep_open(struct heng_keep *keep, const char *path, struct heng_err *err)
{
    keep->fd = -1;
    if ((size_t)snprintf(keep->path, sizeof keep->path, "%s", path) >= sizeof keep->path - 64)
        return heng_fail(err, HENG_ECONFIG, 0, "the name of the directory of keys is too long");
    bool made = mkdir(path, 0700) == 0;
    if (!made && errno != EEXIST) return fail_errno(err, "make", path);
    keep->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (keep->fd < 0) return fail_errno(err, "open", path);
    while (flock(keep->fd, LOCK_EX) != 0)
        if (errno != EINTR) {
            heng_rc rc = fail_errno(err, "lock", path);
            heng_keep_close(keep);
            return rc;
        }
    heng_rc rc = made ? sync_parent(path, err) : HENG_OK;
    if (rc != HENG_OK) heng_keep_close(keep);
    return rc;
}

void heng_keep_close(struct heng_keep *keep)
{
    if (keep->fd >= 0) close(keep->fd);
    keep->fd = -1;
}

bool heng_keep_has(const struct heng_keep *keep, const char *name)
{
    struct stat status;
    return fstatat(keep->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

char *heng_keep_path(const struct heng_keep *keep, const char *name)
{
    size_t n = strlen(keep->path) + strlen(name) + 2;
    char *path = malloc(n);
    if (path) snprintf(path, n, "%s/%s", keep->path, name);
    return path;
}

/* --- writing ------------------------------------------------------------------------------------------------- */

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

static heng_rc replace(struct heng_keep *keep, const char *name, struct heng_slice bytes, mode_t mode,
                       struct heng_err *err)
{
    char beside[64];
    snprintf(beside, sizeof beside, "%s.new", name);
    /* One that a power cut has left, and that may be half written. */
    if (unlinkat(keep->fd, beside, 0) != 0 && errno != ENOENT) return fail_errno(err, "remove", beside);
    int fd = openat(keep->fd, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) return fail_errno(err, "write in", keep->path);
    bool ok = write_all(fd, bytes.p, bytes.n) && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && renameat(keep->fd, beside, keep->fd, name) == 0 && fsync(keep->fd) == 0) return HENG_OK;
    if (!ok) errno = why;
    heng_rc rc = fail_errno(err, "write a key or certificate in", keep->path);
    unlinkat(keep->fd, beside, 0);
    return rc;
}

heng_rc heng_keep_write_key(struct heng_keep *keep, const char *name, EVP_PKEY *key, struct heng_err *err)
{
    char *p = NULL;
    BIO *bio = BIO_new(BIO_s_secmem());
    if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(bio);
        return heng_fail_openssl(err, HENG_ENOMEM, "cannot write a key");
    }
    long n = BIO_get_mem_data(bio, &p);
    heng_rc rc = replace(keep, name, heng_slice_of(p, (size_t)n), 0600, err);
    BIO_free(bio);
    return rc;
}

heng_rc heng_keep_write_certificate(struct heng_keep *keep, const char *name, X509 *certificate, struct heng_err *err)
{
    char *p = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio || PEM_write_bio_X509(bio, certificate) != 1) {
        BIO_free(bio);
        return heng_fail_openssl(err, HENG_ENOMEM, "cannot write a certificate");
    }
    long n = BIO_get_mem_data(bio, &p);
    heng_rc rc = replace(keep, name, heng_slice_of(p, (size_t)n), 0644, err);
    BIO_free(bio);
    return rc;
}

heng_rc heng_keep_make_key(struct heng_keep *keep, const char *name, EVP_PKEY **ret, struct heng_err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    if (!key) return heng_fail_openssl(err, HENG_ENOMEM, "cannot make a key");
    heng_rc rc = heng_keep_write_key(keep, name, key, err);
    if (rc == HENG_OK)
        *ret = key;
    else
        EVP_PKEY_free(key);
    return rc;
}

heng_rc heng_keep_key(struct heng_keep *keep, const char *name, bool may_replace, EVP_PKEY **ret, struct heng_err *err)
{
    char aside[64], *path = heng_keep_path(keep, name);
    if (!path) return heng_fail(err, HENG_ENOMEM, 0, "no memory for '%s'", name);
    heng_rc rc = heng_key_read(path, ret, err);
    free(path);
    if (rc == HENG_EFORMAT && may_replace) {
        snprintf(aside, sizeof aside, "%s.damaged", name);
        if (renameat(keep->fd, name, keep->fd, aside) != 0) return fail_errno(err, "set aside", name);
        rc = HENG_ENOTFOUND;
    }
    return rc == HENG_ENOTFOUND ? heng_keep_make_key(keep, name, ret, err) : rc;
}
