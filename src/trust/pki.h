#ifndef HENG_TRUST_PKI_H
#define HENG_TRUST_PKI_H
/* Keys and certificates of gateways and of the centre: P-256, X.509. Private keys are files that only their owner may
 * read (0600); one that others may read is refused. Nothing here is ever logged.
 *
 * Whose clock counts: a gateway's may be wrong by years, so whoever dials verifies the chain up to the authority he
 * knows and looks at no date. Whoever is dialled looks at the dates of the client's certificate with his own clock.
 * The dates of the authority itself are for people: it is known by its key (RFC 5280, 6.1.1 d). */
#include "base/rc.h"
#include "base/slice.h"
#include "base/time.h"

enum { HENG_PKI_CODE_MAX = 16, HENG_PKI_DER_MAX = 4096, HENG_PKI_NAME_MAX = 64 };

/* The authority of a site: signs the certificate of its server and of its gateways. Directory with authority.key,
 * authority.pem, server.key, server.pem. */
struct heng_authority;

/* Open the directory, or make it with fresh keys: authority for 20 years; the server's certificate for 2 years, made
 * anew when less than 60 days are left (open it again once in a while). name: of the site, for people.
 * What a power cut has left half made is made anew as long as nobody can rely on it; the authority's key, once it has
 * a certificate, is never replaced.
 * Errors: EDENIED (a key that others may read; the text names the file), EFORMAT (damaged or missing: restore it),
 *         EIO. */
HENG_NODISCARD heng_rc heng_authority_open(const char *directory, const char *name, heng_us now_us,
                                           struct heng_authority **ret, struct heng_err *err);
void heng_authority_free(struct heng_authority *authority);

/* The certificate of the authority, DER; borrowed. */
struct heng_slice heng_authority_certificate(const struct heng_authority *authority);

/* The three files that TLS wants: paths, borrowed from authority or identity. */
struct heng_pki_files {
    const char *key, *certificate, *authority;
};
struct heng_pki_files heng_authority_files(const struct heng_authority *authority); /* of the centre's server */

/* Sign a request (DER, its signature is checked, only P-256 keys): the name in it is not used, common_name is. below:
 * the common name of the gateway that this one stands below, "": the centre (written as organizational unit).
 * The certificate is good for dialling and for being dialled (a concentrator below which others stand), from a day
 * ago on: clocks differ.
 * Shape:  common_name, below 1..63 bytes of printable UTF-8; ret_der HENG_PKI_DER_MAX bytes; serial: 63 random bits.
 * Errors: EFORMAT, EUNSUPPORTED (another kind of key). */
HENG_NODISCARD heng_rc heng_authority_sign(struct heng_authority *authority, struct heng_slice request,
                                           const char *common_name, const char *below, heng_us now_us, unsigned days,
                                           uint8_t *ret_der, size_t *ret_n, uint64_t *ret_serial, struct heng_err *err);

/* Sign once more for the holder of a key that has a certificate (DER) of this authority: the same name, other dates,
 * and whom it stands below now. ret_before: the serial of the certificate of before, for asking whether it was revoked.
 * Errors: those of heng_authority_sign; EDENIED: it is not ours, or the request is for another key. */
HENG_NODISCARD heng_rc heng_authority_renew(struct heng_authority *authority, struct heng_slice certificate,
                                            struct heng_slice request, const char *below, heng_us now_us, unsigned days,
                                            uint8_t *ret_der, size_t *ret_n, uint64_t *ret_serial, uint64_t *ret_before,
                                            struct heng_err *err);

/* The identity of a gateway: directory with gateway.key, the authority.pem that it has met, and, once it is enrolled,
 * gateway.pem. */
struct heng_identity;

/* Open the directory, or make it with a fresh key. Errors: as heng_authority_open. */
HENG_NODISCARD heng_rc heng_identity_open(const char *directory, struct heng_identity **ret, struct heng_err *err);
void heng_identity_free(struct heng_identity *identity);
bool heng_identity_is_enrolled(const struct heng_identity *identity);
heng_us heng_identity_expires_us(const struct heng_identity *identity); /* 0: not enrolled */
const char *heng_identity_name(const struct heng_identity *identity);   /* common name, "" before */
const char *heng_identity_below(const struct heng_identity *identity);  /* as signed: heng_authority_sign */
/* For its uplink and, in a concentrator, for its own listener. certificate and authority exist once it is enrolled. */
struct heng_pki_files heng_identity_files(const struct heng_identity *identity);

/* An authority (DER) was shown to a box that is not enrolled; call it before the request or its key is shown to
 * anybody. The first one is kept beside the key, for the code to mean something (heng_enrolment_code). When it is
 * another one than before, the key is made anew, ret_anew says so, and requests and codes of before are worth nothing.
 * Durable when OK. Errors: EFORMAT, EIO, ENOMEM. */
HENG_NODISCARD heng_rc heng_identity_meet(struct heng_identity *identity, struct heng_slice authority, bool *ret_anew,
                                          struct heng_err *err);

/* A certificate request for its key, DER. */
HENG_NODISCARD heng_rc heng_identity_request(struct heng_identity *identity, uint8_t *ret_der, size_t cap,
                                             size_t *ret_n, struct heng_err *err);

/* Take the certificate that has come, if it is for our key and signed by the authority; durable when OK, and what was
 * before when not, wherever the power fails. The first time the authority is the one that was met; later it is another
 * one when its key or its name is. Errors: EFORMAT, EDENIED (not for us, or another authority than before), EIO. */
HENG_NODISCARD heng_rc heng_identity_accept(struct heng_identity *identity, struct heng_slice certificate,
                                            struct heng_slice authority, struct heng_err *err);

/* The code that box and console show: 12 letters and digits in three groups ("7K4M-X2PQ-9RTA"), 60 bits of the SHA-256
 * of request key and authority. Who sits between the two has a key and an authority of his own on either side, and
 * must make both codes the same. If he could vary both, 2^30 of each would do; but the box shows its key only to the
 * authority that it has met first (heng_identity_meet), so his is fixed before he knows the key, and what is left is
 * one code out of 2^60: docs/decisions/0009-what-the-code-proves.md. */
HENG_NODISCARD heng_rc heng_enrolment_code(struct heng_slice request, struct heng_slice authority,
                                           char ret_code[static HENG_PKI_CODE_MAX], struct heng_err *err);

/* Are two codes the same, as people type them: any case, with or without '-' and blanks, O for 0, I or L for 1? What
 * is no whole code equals nothing. */
bool heng_code_eq(const char *a, const char *b);

void heng_sha256(struct heng_slice bytes, uint8_t ret[static 32]);

/* Random bytes of the system. Errors: EIO. */
HENG_NODISCARD heng_rc heng_random(void *ret, size_t n, struct heng_err *err);

#endif
