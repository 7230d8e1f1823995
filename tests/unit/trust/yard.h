#ifndef HENG_TESTS_UNIT_TRUST_YARD_H
#define HENG_TESTS_UNIT_TRUST_YARD_H
/* A temporary directory with an authority and gateways in it, for the tests of trust and of TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trust/pki.h"

#define YARD_NOW_US (INT64_C(1795000000) * HENG_US_PER_S) /* November 2026 */

enum { YARD_PATH_MAX = 160 };
struct yard {
    char path[64];
};

static inline void yard_init(struct yard *yard)
{
    snprintf(yard->path, sizeof yard->path, "/tmp/heng-trust-XXXXXX");
    assert_non_null(mkdtemp(yard->path));
}

static inline const char *yard_at(const struct yard *yard, const char *name, char ret[YARD_PATH_MAX])
{
    snprintf(ret, YARD_PATH_MAX, "%s/%s", yard->path, name);
    return ret;
}

static inline int yard_remove(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static inline void yard_fini(struct yard *yard) { nftw(yard->path, yard_remove, 8, FTW_DEPTH | FTW_PHYS); }

static inline struct heng_authority *yard_authority(const struct yard *yard, const char *name)
{
    char path[YARD_PATH_MAX];
    struct heng_authority *authority = NULL;
    struct heng_err err = {.text = ""};
    if (heng_authority_open(yard_at(yard, name, path), "Elm Street 5", YARD_NOW_US, &authority, &err) != HENG_OK)
        fail_msg("%s", err.text);
    return authority;
}

static inline struct heng_identity *yard_identity(const struct yard *yard, const char *name)
{
    char path[YARD_PATH_MAX];
    struct heng_identity *identity = NULL;
    struct heng_err err = {.text = ""};
    if (heng_identity_open(yard_at(yard, name, path), &identity, &err) != HENG_OK) fail_msg("%s", err.text);
    return identity;
}

struct yard_paper {
    uint8_t der[HENG_PKI_DER_MAX];
    size_t n;
    uint64_t serial;
};

static inline struct yard_paper yard_sign_below(struct heng_authority *authority, struct heng_identity *identity,
                                                const char *common_name, const char *below, heng_us now_us,
                                                unsigned days)
{
    struct yard_paper paper = {.n = 0};
    uint8_t request[2048];
    size_t n = 0;
    struct heng_err err = {.text = ""};
    assert_int_equal(heng_identity_request(identity, request, sizeof request, &n, &err), HENG_OK);
    if (heng_authority_sign(authority, heng_slice_of(request, n), common_name, below, now_us, days, paper.der, &paper.n,
                            &paper.serial, &err) != HENG_OK)
        fail_msg("%s", err.text);
    return paper;
}

static inline struct yard_paper yard_sign(struct heng_authority *authority, struct heng_identity *identity,
                                          const char *common_name, heng_us now_us, unsigned days)
{
    return yard_sign_below(authority, identity, common_name, "", now_us, days);
}

/* An enrolled gateway. */
static inline struct heng_identity *yard_gateway(const struct yard *yard, struct heng_authority *authority,
                                                 const char *name, heng_us now_us, unsigned days)
{
    struct heng_identity *identity = yard_identity(yard, name);
    struct yard_paper paper = yard_sign(authority, identity, name, now_us, days);
    struct heng_err err = {.text = ""};
    if (heng_identity_accept(identity, heng_slice_of(paper.der, paper.n), heng_authority_certificate(authority),
                             &err) != HENG_OK)
        fail_msg("%s", err.text);
    return identity;
}

static inline size_t yard_read(const char *path, char *ret, size_t cap)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0) return 0;
    ssize_t n = read(fd, ret, cap);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

static inline void yard_write(const char *path, const char *bytes, size_t n, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, bytes, n), (ssize_t)n);
    close(fd);
}

static inline void yard_code(struct heng_identity *box, struct heng_authority *authority,
                             char ret[static HENG_PKI_CODE_MAX])
{
    uint8_t der[2048];
    size_t n;
    assert_int_equal(heng_identity_request(box, der, sizeof der, &n, NULL), HENG_OK);
    assert_int_equal(heng_enrolment_code(heng_slice_of(der, n), heng_authority_certificate(authority), ret, NULL),
                     HENG_OK);
}

static inline bool yard_met_anew(struct heng_identity *box, struct heng_authority *authority)
{
    bool anew = true;
    assert_int_equal(heng_identity_meet(box, heng_authority_certificate(authority), &anew, NULL), HENG_OK);
    return anew;
}

#endif
