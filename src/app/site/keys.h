#ifndef HENG_APP_SITE_KEYS_H
#define HENG_APP_SITE_KEYS_H
/* The passwords of meters, out of a file that only its owner may read. They are given to orders and never logged,
 * stored or told.
 *
 *   # number   password (PA P0 P1 P2)   operator code (C0 C1 C2 C3); eight hex digits each, as on the wire
 *   202301015678  02345678  11223344
 *   *             02000000  00000000          all other meters */
#include "model/order.h"

struct heng_site_keys;

/* Errors: EIO, EDENIED (others may read it), EFORMAT (err->at = line), ENOMEM. */
HENG_NODISCARD heng_rc heng_site_keys_read(const char *path, struct heng_site_keys **ret, struct heng_err *err);
void heng_site_keys_free(struct heng_site_keys *keys); /* wiped before; accepts NULL */

/* Give the order what it needs for the meter of that number; NULL keys, or no line for it: nothing. */
void heng_site_keys_give(const struct heng_site_keys *keys, const char *number, struct heng_order *order);

#endif
