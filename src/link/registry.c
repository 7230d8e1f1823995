#include "link/registry.h"

#include <stdlib.h>

enum { IMEI_DIGITS = 15 }; /* 3GPP TS 23.003 clause 6.2.1 */

static struct heng_slice bytes_of(const struct heng_registration *r) { return heng_slice_of(r->bytes, r->n); }

static int compare(struct heng_slice a, struct heng_slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static bool begins_with(struct heng_slice s, struct heng_slice start)
{
    return s.n >= start.n && (start.n == 0 || memcmp(s.p, start.p, start.n) == 0);
}

/* How many registrations are not behind key. */
static size_t up_to(const struct heng_registry *registry, struct heng_slice key)
{
    size_t low = 0, high = registry->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(bytes_of(registry->sorted[middle]), key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

heng_rc heng_registry_add(struct heng_registry *registry, struct heng_registration *registration)
{
    size_t at = up_to(registry, bytes_of(registration));
    if (at && heng_slice_eq(bytes_of(registry->sorted[at - 1]), bytes_of(registration))) return HENG_EEXISTS;
    if (registry->count == registry->cap) {
        size_t cap = registry->cap ? registry->cap * 2 : 16;
        struct heng_registration **grown = realloc(registry->sorted, cap * sizeof(struct heng_registration *));
        if (!grown) return HENG_ENOMEM;
        registry->sorted = grown;
        registry->cap = cap;
    }
    memmove(registry->sorted + at + 1, registry->sorted + at,
            (registry->count - at) * sizeof(struct heng_registration *));
    registry->sorted[at] = registration;
    registry->count++;
    return HENG_OK;
}

void heng_registry_remove(struct heng_registry *registry, const struct heng_registration *registration)
{
    size_t at = up_to(registry, bytes_of(registration));
    if (at == 0 || registry->sorted[at - 1] != registration) return;
    memmove(registry->sorted + at - 1, registry->sorted + at,
            (registry->count - at) * sizeof(struct heng_registration *));
    registry->count--;
}

void heng_registry_fini(struct heng_registry *registry)
{
    free(registry->sorted);
    *registry = (struct heng_registry){0};
}

const struct heng_registration *heng_registry_match(const struct heng_registry *registry, struct heng_slice said,
                                                    bool *ret_more)
{
    size_t at = up_to(registry, said);
    *ret_more = at < registry->count && begins_with(bytes_of(registry->sorted[at]), said);
    /* The one before is the longest beginning of said, or shares a shorter one with it: every beginning is one of that,
     * too, so go on with what they share. It gets shorter each time. */
    while (at > 0) {
        struct heng_slice before = bytes_of(registry->sorted[at - 1]);
        if (begins_with(said, before)) return registry->sorted[at - 1];
        size_t shared = 0;
        while (shared < said.n && shared < before.n && said.p[shared] == before.p[shared]) shared++;
        said.n = shared;
        at = up_to(registry, said);
    }
    return NULL;
}

const struct heng_registration *heng_registry_find(const struct heng_registry *registry, struct heng_slice bytes)
{
    size_t at = up_to(registry, bytes);
    return at && heng_slice_eq(bytes_of(registry->sorted[at - 1]), bytes) ? registry->sorted[at - 1] : NULL;
}

static bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

struct heng_slice heng_imei_next(struct heng_slice said, size_t *at)
{
    while (*at < said.n) {
        size_t start = *at, end = start;
        while (end < said.n && is_digit(said.p[end])) end++;
        *at = end > start ? end : start + 1;
        if (end - start == IMEI_DIGITS) return heng_slice_of(said.p + start, IMEI_DIGITS);
    }
    return heng_slice_of(said.p, 0);
}
