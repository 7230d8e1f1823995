#ifndef HENG_SEAL_KEY_H
#define HENG_SEAL_KEY_H
/* The key that signs: Ed25519 (RFC 8032), in a file of one line beside the database that only its owner may read; never
 * in the database. */
#include "store/money/seal.h"

struct heng_seal_signer;

/* Read the key of a file; with make, one that is not there is made.
 * Errors: ENOTFOUND; EDENIED others may read it; EFORMAT; EIO. */
HENG_NODISCARD heng_rc heng_seal_signer_open(const char *path, bool make, struct heng_seal_signer **ret,
                                             struct heng_err *err);
void heng_seal_signer_free(struct heng_seal_signer *signer); /* accepts NULL */
const uint8_t *heng_seal_signer_public(const struct heng_seal_signer *signer);
HENG_NODISCARD heng_rc heng_seal_sign(const struct heng_seal_signer *signer, struct heng_slice bytes,
                                      uint8_t ret[static HENG_SEAL_SIGNATURE], struct heng_err *err);
bool heng_seal_signed(const uint8_t public_key[static HENG_SEAL_HASH], struct heng_slice bytes,
                      const uint8_t signature[static HENG_SEAL_SIGNATURE]);

/* What the key before signs of a new one: "heng-seal-key-1" 0x00, its public key, from_us in 8 bytes. */
enum { HENG_SEAL_VOUCH = 16 + HENG_SEAL_HASH + 8 };
void heng_seal_vouch(const struct heng_seal_key *key, uint8_t ret[static HENG_SEAL_VOUCH]);

/* A public key from a file: a line "heng-seal-public HEX", or the "key=HEX" of a head. Errors: ENOTFOUND, EFORMAT. */
HENG_NODISCARD heng_rc heng_seal_public_read(const char *path, uint8_t ret[static HENG_SEAL_HASH],
                                             struct heng_err *err);

/* Put text into a file that is there whole or not at all; mode as of open. Errors: EIO. */
HENG_NODISCARD heng_rc heng_seal_file_put(const char *path, const char *text, unsigned mode, struct heng_err *err);
/* The first line of a file, without its end. Errors: ENOTFOUND, EFORMAT too long, EDENIED: secret, and others may read.
 */
HENG_NODISCARD heng_rc heng_seal_file_get(const char *path, bool secret, char *ret, size_t cap, struct heng_err *err);

#endif
