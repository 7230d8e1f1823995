#ifndef HENG_LINK_REGISTRY_H
#define HENG_LINK_REGISTRY_H
/* Registrations of ten thousand DTUs: found in the logarithm of that, whether they are whole, the beginning of
 * something longer, or not there yet in full. */
#include "base/rc.h"
#include "base/slice.h"

/* The bytes must not change while it is in a registry; n is at least 1. */
struct heng_registration {
    void *owner;
    size_t n;
    uint8_t bytes[64];
};

/* Sorted by bytes, a beginning before what continues it. Zero is an empty one. */
struct heng_registry {
    struct heng_registration **sorted;
    size_t count, cap;
};

/* Errors: EEXISTS (the same bytes are there), ENOMEM. */
HENG_NODISCARD heng_rc heng_registry_add(struct heng_registry *registry, struct heng_registration *registration);
void heng_registry_remove(struct heng_registry *registry, const struct heng_registration *registration);
void heng_registry_fini(struct heng_registry *registry);

/* The owner of the longest registration with which said begins, or NULL. *ret_more: with more bytes said could become
 * a longer one. */
const struct heng_registration *heng_registry_match(const struct heng_registry *registry, struct heng_slice said,
                                                    bool *ret_more);

/* The registration of exactly these bytes, or NULL. */
const struct heng_registration *heng_registry_find(const struct heng_registry *registry, struct heng_slice bytes);

/* The next run of exactly 15 digits in said at or after *at, as an IMEI stands in a text, or an empty slice. *at is
 * moved behind it. */
struct heng_slice heng_imei_next(struct heng_slice said, size_t *at);

#endif
