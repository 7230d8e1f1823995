/* Keys and certificates as an operator meets them: made once, kept, renewed in time, shown to one authority only. */
#include "unit/trust/yard.h"

#include <openssl/ec.h>

#include "trust/pem.h"

/* --- the authority ------------------------------------------------------------------------------------------- */

static X509 *certificate_at(const struct yard *yard, const char *name)
{
    char path[YARD_PATH_MAX];
    X509 *x = NULL;
    assert_int_equal(heng_certificate_read(yard_at(yard, name, path), &x, NULL), HENG_OK);
    return x;
}

static mode_t mode_of(const struct yard *yard, const char *name)
{
    char path[YARD_PATH_MAX];
    struct stat status;
    assert_int_equal(stat(yard_at(yard, name, path), &status), 0);
    return status.st_mode & 0777;
}

static void an_authority_is_made_once_and_found_again(void **state)
{
    (void)state;
    struct yard yard;
    yard_init(&yard);
    struct heng_authority *a = yard_authority(&yard, "centre"), *b = yard_authority(&yard, "centre");
    assert_true(heng_slice_eq(heng_authority_certificate(a), heng_authority_certificate(b)));
    assert_int_equal(mode_of(&yard, "centre"), 0700);
    assert_int_equal(mode_of(&yard, "centre/authority.key"), 0600);
    assert_int_equal(mode_of(&yard, "centre/server.key"), 0600);
    X509 *authority = certificate_at(&yard, "centre/authority.pem"),
         *server = certificate_at(&yard, "centre/server.pem");
    assert_int_equal(X509_check_ca(authority), 1);
    assert_int_equal(X509_get_pathlen(authority), 0);
    assert_int_equal(X509_get_key_usage(authority), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(X509_check_host(server, "heng", 4, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
    assert_int_equal(X509_get_extended_key_usage(server), XKU_SSL_SERVER);
    assert_int_equal(heng_certificate_check(server, authority, X509_PURPOSE_SSL_SERVER, NULL), HENG_OK);
    assert_int_equal(heng_certificate_check(server, authority, X509_PURPOSE_SSL_CLIENT, NULL), HENG_EDENIED);
    heng_us from, until;
    assert_int_equal(heng_certificate_dates(authority, &from, &until, NULL), HENG_OK);
    assert_int_equal(from, YARD_NOW_US - HENG_US_PER_DAY);
    assert_int_equal(until, YARD_NOW_US + 20 * 365 * HENG_US_PER_DAY);
    X509_free(authority);
    X509_free(server);
    heng_authority_free(a);
    heng_authority_free(b);
    yard_fini(&yard);
}

static void the_servers_certificate_is_renewed_in_time_and_its_key_stays(void **state)
{
    (void)state;
    struct yard yard;
    struct heng_authority *authority = NULL;
    char path[YARD_PATH_MAX];
    yard_init(&yard);
    heng_authority_free(yard_authority(&yard, "centre"));
    X509 *first = certificate_at(&yard, "centre/server.pem");
    for (int days_left = 61; days_left >= 59; days_left -= 2) {
        heng_us now_us = YARD_NOW_US + (2 * 365 - days_left) * HENG_US_PER_DAY;
        assert_int_equal(heng_authority_open(yard_at(&yard, "centre", path), "", now_us, &authority, NULL), HENG_OK);
        heng_authority_free(authority);
        X509 *now = certificate_at(&yard, "centre/server.pem");
        assert_int_equal(X509_cmp(first, now) == 0, days_left > 60);
        assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(first), X509_get0_pubkey(now)), 1);
        X509_free(now);
    }
    X509_free(first);
    yard_fini(&yard);
}

static void a_site_with_a_long_name_gets_a_certificate(void **state)
{
    (void)state;
    struct yard yard;
    char path[YARD_PATH_MAX], name[HENG_PKI_NAME_MAX];
    struct heng_authority *authority = NULL;
    struct heng_err err = {.text = ""};
    yard_init(&yard);
    /* 25 letters of three bytes: the cut falls between two of them. */
    const char *site = "阳光花园第一期供热计量示范小区二零二六年冬季集中供热项";
    assert_int_equal(heng_authority_open(yard_at(&yard, "c", path), site, YARD_NOW_US, &authority, &err), HENG_OK);
    X509 *x = certificate_at(&yard, "c/authority.pem");
    assert_int_equal(heng_certificate_name(x, name, sizeof name, NULL), HENG_OK);
    assert_int_equal(strncmp(name, "Heng 阳光花园", strlen("Heng 阳光花园")), 0);
    X509_free(x);
    heng_authority_free(authority);
    yard_fini(&yard);
}

/* --- requests ------------------------------------------------------------------------------------------------ */

static heng_rc sign(struct heng_authority *authority, struct heng_slice request, const char *name, unsigned days)
{
    uint8_t der[HENG_PKI_DER_MAX];
    size_t n;
    uint64_t serial;
    struct heng_err err = {.text = ""};
    heng_rc rc = heng_authority_sign(authority, request, name, "", YARD_NOW_US, days, der, &n, &serial, &err);
    assert_true(rc == HENG_OK || err.text[0]);
    return rc;
}

static void a_gateways_certificate_says_what_was_asked_for(void **state)
{
    (void)state;
    struct yard yard;
    char name[HENG_PKI_NAME_MAX];
    heng_us from, until;
    yard_init(&yard);
    struct heng_authority *authority = yard_authority(&yard, "centre");
    struct heng_identity *identity = yard_identity(&yard, "box");
    struct yard_paper paper = yard_sign(authority, identity, "集中器 7", YARD_NOW_US, 365);
    const uint8_t *p = paper.der;
    X509 *x = d2i_X509(NULL, &p, (long)paper.n);
    assert_non_null(x);
    assert_int_equal(heng_certificate_name(x, name, sizeof name, NULL), HENG_OK);
    assert_string_equal(name, "集中器 7");
    assert_int_equal(heng_certificate_dates(x, &from, &until, NULL), HENG_OK);
    assert_int_equal(from, YARD_NOW_US - HENG_US_PER_DAY);
    assert_int_equal(until, YARD_NOW_US + 365 * HENG_US_PER_DAY);
    uint64_t serial = 0;
    assert_int_equal(ASN1_INTEGER_get_uint64(&serial, X509_get0_serialNumber(x)), 1);
    assert_true(serial == paper.serial && serial > 0 && serial <= INT64_MAX);
    assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_CLIENT | XKU_SSL_SERVER);
    assert_int_equal(X509_check_ca(x), 0);
    assert_int_equal(X509_check_host(x, "heng", 4, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 0);
    X509_free(x);
    heng_identity_free(identity);
    heng_authority_free(authority);
    yard_fini(&yard);
}

static size_t request_of(EVP_PKEY *key, uint8_t *ret)
{
    X509_REQ *request = X509_REQ_new();
    uint8_t *p = ret;
    assert_int_equal(X509_REQ_set_pubkey(request, key), 1);
    assert_true(X509_REQ_sign(request, key, EVP_sha256()) > 0);
    int n = i2d_X509_REQ(request, &p);
    assert_true(n > 0 && n < 4096);
    X509_REQ_free(request);
    EVP_PKEY_free(key);
    return (size_t)n;
}

static void other_requests_get_a_refusal(void **state)
{
    (void)state;
    struct yard yard;
    uint8_t der[4096];
    size_t n;
    yard_init(&yard);
    struct heng_authority *authority = yard_authority(&yard, "centre");
    n = request_of(EVP_EC_gen("P-384"), der);
    assert_int_equal(sign(authority, heng_slice_of(der, n), "a", 10), HENG_EUNSUPPORTED);
    n = request_of(EVP_RSA_gen(2048), der);
    assert_int_equal(sign(authority, heng_slice_of(der, n), "a", 10), HENG_EUNSUPPORTED);
    n = request_of(EVP_EC_gen("P-256"), der);
    assert_int_equal(sign(authority, heng_slice_of(der, n), "a", 10), HENG_OK);
    assert_int_equal(sign(authority, heng_slice_of(der, n), "", 10), HENG_EFORMAT);
    assert_int_equal(sign(authority, heng_slice_of(der, n), "a\nb", 10), HENG_EFORMAT);
    assert_int_equal(sign(authority, heng_slice_of(der, n), "\xFF", 10), HENG_EFORMAT);
    char longest[65] = "";
    memset(longest, 'x', 64);
    assert_int_equal(sign(authority, heng_slice_of(der, n), longest, 10), HENG_EFORMAT);
    longest[63] = '\0';
    assert_int_equal(sign(authority, heng_slice_of(der, n), longest, 10), HENG_OK);
    assert_int_equal(sign(authority, heng_slice_of(der, n), "a", 0), HENG_ERANGE);
    assert_int_equal(sign(authority, heng_slice_of(der, n + 1), "a", 10), HENG_EFORMAT);
    heng_authority_free(authority);
    yard_fini(&yard);
}

/* Every cut and every flipped bit of a request: a refusal, never a certificate. */
static void a_damaged_request_is_never_signed(void **state)
{
    (void)state;
    struct yard yard;
    uint8_t der[4096];
    yard_init(&yard);
    struct heng_authority *authority = yard_authority(&yard, "centre");
    size_t n = request_of(EVP_EC_gen("P-256"), der);
    for (size_t cut = 0; cut < n; cut++)
        assert_int_not_equal(sign(authority, heng_slice_of(der, cut), "a", 10), HENG_OK);
    for (size_t bit = 0; bit < n * 8; bit += 3) {
        der[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(sign(authority, heng_slice_of(der, n), "a", 10), HENG_OK);
        der[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    heng_authority_free(authority);
    yard_fini(&yard);
}

/* --- the identity -------------------------------------------------------------------------------------------- */

static void a_gateway_is_enrolled_and_stays_so(void **state)
{
    (void)state;
    struct yard yard;
    yard_init(&yard);
    struct heng_authority *authority = yard_authority(&yard, "centre");
    struct heng_identity *identity = yard_identity(&yard, "box");
    assert_false(heng_identity_is_enrolled(identity));
    assert_string_equal(heng_identity_name(identity), "");
    assert_int_equal(heng_identity_expires_us(identity), 0);
    struct yard_paper paper = yard_sign(authority, identity, "gw-1", YARD_NOW_US, 90);
    heng_identity_free(identity);

    identity = yard_identity(&yard, "box"); /* the box has restarted while a person thought about it */
    assert_int_equal(
        heng_identity_accept(identity, heng_slice_of(paper.der, paper.n), heng_authority_certificate(authority), NULL),
        HENG_OK);
    for (int i = 0; i < 2; i++) {
        assert_true(heng_identity_is_enrolled(identity));
        assert_string_equal(heng_identity_name(identity), "gw-1");
        assert_int_equal(heng_identity_expires_us(identity), YARD_NOW_US + 90 * HENG_US_PER_DAY);
        heng_identity_free(identity);
        identity = yard_identity(&yard, "box");
    }
    assert_int_equal(mode_of(&yard, "box/gateway.key"), 0600);
    paper = yard_sign(authority, identity, "gw-1", YARD_NOW_US + HENG_US_PER_DAY, 90); /* renewal */
    assert_int_equal(
        heng_identity_accept(identity, heng_slice_of(paper.der, paper.n), heng_authority_certificate(authority), NULL),
        HENG_OK);
    assert_int_equal(heng_identity_expires_us(identity), YARD_NOW_US + 91 * HENG_US_PER_DAY);
    heng_identity_free(identity);
    heng_authority_free(authority);
    yard_fini(&yard);
}

static void a_certificate_says_whom_it_stands_below(void **state)
{
    (void)state;
    struct yard yard;
    yard_init(&yard);
    struct heng_authority *authority = yard_authority(&yard, "centre");
    struct heng_identity *box = yard_identity(&yard, "box");
    struct heng_slice ca = heng_authority_certificate(authority);
    static const char *const above[] = {"gw-above", "集中器 7", ""};
    assert_string_equal(heng_identity_below(box), "");
    for (size_t i = 0; i < 3; i++) {
        struct yard_paper paper = yard_sign_below(authority, box, "gw-1", above[i], YARD_NOW_US, 90);
        assert_int_equal(heng_identity_accept(box, heng_slice_of(paper.der, paper.n), ca, NULL), HENG_OK);
        assert_string_equal(heng_identity_below(box), above[i]);
        heng_identity_free(box);
        box = yard_identity(&yard, "box");
        assert_string_equal(heng_identity_below(box), above[i]);
        assert_string_equal(heng_identity_name(box), "gw-1");
    }
    uint8_t request[2048], der[HENG_PKI_DER_MAX];
    size_t n, der_n;
    uint64_t serial;
    assert_int_equal(heng_identity_request(box, request, sizeof request, &n, NULL), HENG_OK);
    assert_int_equal(heng_authority_sign(authority, heng_slice_of(request, n), "gw-1", "gw\n2", YARD_NOW_US, 90, der,
                                         &der_n, &serial, NULL),
                     HENG_EFORMAT);
    heng_identity_free(box);
    heng_authority_free(authority);
    yard_fini(&yard);
}

/* The same name for the same key, and for nobody else's: whoever passes a request on gains nothing by it. */
static void a_certificate_is_renewed_for_its_own_key_only(void **state)
{
    (void)state;
    struct yard yard;
    uint8_t request[2048], foreign[2048], der[HENG_PKI_DER_MAX];
    size_t request_n, foreign_n, der_n;
    uint64_t serial, before;
    struct heng_err err = {.text = ""};
    yard_init(&yard);
    struct heng_authority *authority = yard_authority(&yard, "centre"), *other = yard_authority(&yard, "other");
    struct heng_identity *box = yard_identity(&yard, "box"), *thief = yard_identity(&yard, "thief");
    struct yard_paper paper = yard_sign_below(authority, box, "gw-1", "gw-above", YARD_NOW_US, 90);
    struct heng_slice old = heng_slice_of(paper.der, paper.n), ca = heng_authority_certificate(authority);
    assert_int_equal(heng_identity_meet(box, ca, &(bool){false}, NULL), HENG_OK);
    assert_int_equal(heng_identity_accept(box, old, ca, NULL), HENG_OK);
    heng_us later = YARD_NOW_US + 80 * HENG_US_PER_DAY, ended = heng_identity_expires_us(box);
    assert_int_equal(heng_identity_request(box, request, sizeof request, &request_n, NULL), HENG_OK);
    assert_int_equal(heng_identity_request(thief, foreign, sizeof foreign, &foreign_n, NULL), HENG_OK);
    assert_int_equal(heng_authority_renew(authority, old, heng_slice_of(request, request_n), "gw-moved", later, 90, der,
                                          &der_n, &serial, &before, &err),
                     HENG_OK);
    assert_true(before == paper.serial && serial != before);
    assert_int_equal(heng_identity_accept(box, heng_slice_of(der, der_n), ca, NULL), HENG_OK);
    assert_string_equal(heng_identity_name(box), "gw-1");
    assert_string_equal(heng_identity_below(box), "gw-moved");
    assert_true(heng_identity_expires_us(box) > ended + 70 * HENG_US_PER_DAY);
    assert_int_equal(heng_authority_renew(authority, old, heng_slice_of(foreign, foreign_n), "", later, 90, der, &der_n,
                                          &serial, &before, &err),
                     HENG_EDENIED);
    assert_non_null(strstr(err.text, "another key"));
    assert_int_equal(heng_authority_renew(other, old, heng_slice_of(request, request_n), "", later, 90, der, &der_n,
                                          &serial, &before, &err),
                     HENG_EDENIED);
    assert_int_equal(heng_authority_renew(authority, heng_slice_of(paper.der, paper.n / 2),
                                          heng_slice_of(request, request_n), "", later, 90, der, &der_n, &serial,
                                          &before, &err),
                     HENG_EFORMAT);
    heng_identity_free(box);
    heng_identity_free(thief);
    heng_authority_free(authority);
    heng_authority_free(other);
    yard_fini(&yard);
}

/* Who sits between may try as many authorities as he likes: for each the box has another key, made after it was seen.
 */
static void a_key_is_shown_to_one_authority_only(void **state)
{
    (void)state;
    struct yard yard;
    char first[HENG_PKI_CODE_MAX], code[HENG_PKI_CODE_MAX], last[HENG_PKI_CODE_MAX];
    bool anew;
    yard_init(&yard);
    struct heng_authority *centre = yard_authority(&yard, "centre"), *rogue = yard_authority(&yard, "rogue");
    struct heng_identity *box = yard_identity(&yard, "box");
    yard_code(box, centre, first);
    assert_false(yard_met_anew(box, centre)); /* nobody has seen its key yet */
    for (int i = 0; i < 2; i++) {
        assert_false(yard_met_anew(box, centre));
        yard_code(box, centre, code);
        assert_string_equal(code, first);
        heng_identity_free(box);
        box = yard_identity(&yard, "box");
        assert_false(heng_identity_is_enrolled(box));
    }
    struct yard_paper of_before = yard_sign(centre, box, "box", YARD_NOW_US, 90);
    assert_true(yard_met_anew(box, rogue));
    assert_false(yard_met_anew(box, rogue));
    heng_identity_free(box);
    box = yard_identity(&yard, "box");
    yard_code(box, centre, code); /* as the key is: it would be another one for the authority of before too */
    assert_string_not_equal(code, first);
    struct heng_slice ca = heng_authority_certificate(centre);
    assert_int_equal(heng_identity_accept(box, heng_slice_of(of_before.der, of_before.n), ca, NULL), HENG_EDENIED);
    /* Met is the other one: also a certificate for the right key must be of that one. */
    struct yard_paper of_centre = yard_sign(centre, box, "box", YARD_NOW_US, 90);
    assert_int_equal(heng_identity_accept(box, heng_slice_of(of_centre.der, of_centre.n), ca, NULL), HENG_EDENIED);
    assert_true(yard_met_anew(box, centre));
    yard_code(box, centre, last);
    assert_string_not_equal(last, code);
    assert_string_not_equal(last, first);
    assert_int_equal(heng_identity_meet(box, heng_slice_of("junk", 4), &anew, NULL), HENG_EFORMAT);
    assert_false(anew);
    /* Whom it has met cannot be read any more: as if it were another one. */
    char path[YARD_PATH_MAX];
    heng_identity_free(box);
    yard_write(yard_at(&yard, "box/authority.pem", path), "junk", 4, 0644);
    box = yard_identity(&yard, "box");
    assert_true(yard_met_anew(box, centre));
    yard_code(box, centre, code);
    assert_string_not_equal(code, last);
    /* Once it is enrolled it belongs to somebody. */
    of_centre = yard_sign(centre, box, "box", YARD_NOW_US, 90);
    assert_int_equal(heng_identity_accept(box, heng_slice_of(of_centre.der, of_centre.n), ca, NULL), HENG_OK);
    assert_false(yard_met_anew(box, rogue));
    yard_code(box, centre, last);
    assert_string_equal(last, code);
    heng_identity_free(box);
    heng_authority_free(centre);
    heng_authority_free(rogue);
    yard_fini(&yard);
}

static void a_certificate_that_is_not_ours_is_not_taken(void **state)
{
    (void)state;
    struct yard yard;
    struct heng_err err;
    yard_init(&yard);
    struct heng_authority *centre = yard_authority(&yard, "centre"), *rogue = yard_authority(&yard, "rogue");
    struct heng_identity *box = yard_gateway(&yard, centre, "box", YARD_NOW_US, 90);
    struct heng_identity *other = yard_identity(&yard, "other");
    struct heng_slice known = heng_authority_certificate(centre), foreign = heng_authority_certificate(rogue);
    struct yard_paper for_other = yard_sign(centre, other, "other", YARD_NOW_US, 90);
    struct yard_paper of_rogue = yard_sign(rogue, box, "box", YARD_NOW_US, 90);
    struct heng_slice good = heng_slice_of(of_rogue.der, of_rogue.n);
    assert_int_equal(heng_identity_accept(box, heng_slice_of(for_other.der, for_other.n), known, &err), HENG_EDENIED);
    assert_int_equal(heng_identity_accept(box, good, foreign, &err), HENG_EDENIED); /* enrolled with another one */
    assert_int_equal(heng_identity_accept(box, good, known, &err), HENG_EDENIED);   /* not signed by it */
    assert_int_equal(heng_identity_accept(box, good, good, &err), HENG_EDENIED);
    assert_int_equal(heng_identity_accept(box, heng_slice_of("", 0), known, &err), HENG_EFORMAT);
    assert_int_equal(heng_identity_accept(box, heng_slice_of(for_other.der, for_other.n - 1), known, &err),
                     HENG_EFORMAT);
    assert_int_equal(heng_identity_accept(box, good, heng_slice_of("junk", 4), &err), HENG_EFORMAT);
    heng_identity_free(box);
    box = yard_identity(&yard, "box");
    assert_string_equal(heng_identity_name(box), "box");
    assert_int_equal(heng_identity_expires_us(box), YARD_NOW_US + 90 * HENG_US_PER_DAY);
    /* One that is not enrolled yet takes either, but not a pair that does not belong together. */
    struct yard_paper mixed = yard_sign(rogue, other, "other", YARD_NOW_US, 90);
    assert_int_equal(heng_identity_accept(other, heng_slice_of(mixed.der, mixed.n), known, &err), HENG_EDENIED);
    assert_false(heng_identity_is_enrolled(other));
    assert_int_equal(heng_identity_accept(other, heng_slice_of(mixed.der, mixed.n), foreign, &err), HENG_OK);
    heng_identity_free(box);
    heng_identity_free(other);
    heng_authority_free(centre);
    heng_authority_free(rogue);
    yard_fini(&yard);
}

/* --- the code ------------------------------------------------------------------------------------------------ */

static void the_code_is_that_of_key_and_authority(void **state)
{
    (void)state;
    struct yard yard;
    char code[HENG_PKI_CODE_MAX], again[HENG_PKI_CODE_MAX], other[HENG_PKI_CODE_MAX];
    uint8_t der[2048], spki_and_authority[8192], hash[32];
    size_t n;
    yard_init(&yard);
    struct heng_authority *a = yard_authority(&yard, "centre"), *b = yard_authority(&yard, "rogue");
    struct heng_identity *box = yard_identity(&yard, "box");
    struct heng_slice ca = heng_authority_certificate(a);
    assert_int_equal(heng_identity_request(box, der, sizeof der, &n, NULL), HENG_OK);
    assert_int_equal(heng_enrolment_code(heng_slice_of(der, n), ca, code, NULL), HENG_OK);
    const uint8_t *p = der;
    X509_REQ *request = d2i_X509_REQ(NULL, &p, (long)n);
    uint8_t *q = spki_and_authority;
    int spki_n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(request), &q);
    X509_REQ_free(request);
    memcpy(q, ca.p, ca.n);
    heng_sha256(heng_slice_of(spki_and_authority, (size_t)spki_n + ca.n), hash);
    /* The first 60 bits by five, counted by hand. */
    char expected[16] = "";
    for (unsigned i = 0, at = 0; i < 12; i++) {
        unsigned value = 0;
        for (unsigned bit = 5 * i; bit < 5 * i + 5; bit++)
            value = value << 1 | ((unsigned)hash[bit / 8] >> (7 - bit % 8) & 1u);
        if (i == 4 || i == 8) expected[at++] = '-';
        expected[at++] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value];
    }
    assert_string_equal(code, expected);
    /* Made anew after a restart, the request has another signature and the same code. */
    assert_int_equal(heng_identity_request(box, der, sizeof der, &n, NULL), HENG_OK);
    assert_int_equal(heng_enrolment_code(heng_slice_of(der, n), ca, again, NULL), HENG_OK);
    assert_string_equal(code, again);
    assert_int_equal(heng_enrolment_code(heng_slice_of(der, n), heng_authority_certificate(b), other, NULL), HENG_OK);
    assert_string_not_equal(code, other);
    assert_int_equal(heng_enrolment_code(heng_slice_of(der, n - 1), ca, other, NULL), HENG_EFORMAT);
    assert_int_equal(heng_enrolment_code(heng_slice_of(der, n), heng_slice_of("", 0), other, NULL), HENG_EFORMAT);
    heng_identity_free(box);
    heng_authority_free(a);
    heng_authority_free(b);
    yard_fini(&yard);
}

static void codes_are_compared_as_people_type_them(void **state)
{
    (void)state;
    assert_true(heng_code_eq("7K4M-X2PQ-9RTA", "7k4m x2pq 9rta"));
    assert_true(heng_code_eq("7K4MX2PQ9RTA", " 7K4M-X2PQ-9RTA "));
    assert_true(heng_code_eq("0111-0000-0000", "OIl1-oooo-0000"));
    assert_false(heng_code_eq("7K4M-X2PQ-9RTA", "7K4M-X2PQ-9RTB"));
    assert_false(heng_code_eq("7K4M-X2PQ-9RT", "7K4M-X2PQ-9RT"));
    assert_false(heng_code_eq("7K4M-X2PQ-9RTAA", "7K4M-X2PQ-9RTAA"));
    assert_false(heng_code_eq("7K4M-X2PQ-9RTU", "7K4M-X2PQ-9RTU"));
    assert_false(heng_code_eq("", ""));
}

static void hashes_are_those_of_the_standard(void **state)
{
    (void)state;
    uint8_t hash[32];
    heng_sha256(heng_slice_str("abc"), hash); /* FIPS 180-4, example */
    static const uint8_t begin[] = {0xba, 0x78, 0x16, 0xbf}, end[] = {0xf2, 0x00, 0x15, 0xad};
    assert_memory_equal(hash, begin, 4);
    assert_memory_equal(hash + 28, end, 4);
    uint8_t a[16] = {0}, b[16] = {0};
    assert_int_equal(heng_random(a, sizeof a, NULL), HENG_OK);
    assert_int_equal(heng_random(b, sizeof b, NULL), HENG_OK);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authority_is_made_once_and_found_again),
        cmocka_unit_test(the_servers_certificate_is_renewed_in_time_and_its_key_stays),
        cmocka_unit_test(a_site_with_a_long_name_gets_a_certificate),
        cmocka_unit_test(a_gateways_certificate_says_what_was_asked_for),
        cmocka_unit_test(other_requests_get_a_refusal),
        cmocka_unit_test(a_damaged_request_is_never_signed),
        cmocka_unit_test(a_gateway_is_enrolled_and_stays_so),
        cmocka_unit_test(a_certificate_says_whom_it_stands_below),
        cmocka_unit_test(a_certificate_is_renewed_for_its_own_key_only),
        cmocka_unit_test(a_key_is_shown_to_one_authority_only),
        cmocka_unit_test(a_certificate_that_is_not_ours_is_not_taken),
        cmocka_unit_test(the_code_is_that_of_key_and_authority),
        cmocka_unit_test(codes_are_compared_as_people_type_them),
        cmocka_unit_test(hashes_are_those_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
