#ifndef HENG_VEE_SHARE_H
#define HENG_VEE_SHARE_H
/* Share a whole number over weights so that the parts sum to it exactly: each part is the exact one rounded down or up,
 * the largest remainders get the rest, of equal ones the earliest. */
#include <stddef.h>
#include <stdint.h>

enum { HENG_SHARE_MAX = 2048 };

/* Share total over n weights into ret_parts (may not overlap weights).
 * Shape:  n 0..HENG_SHARE_MAX, beyond it nothing is written; weights that are all zero count as equal ones; a part of
 *         weight zero is zero otherwise. A negative total gives the negated parts of the positive one.
 * Source: examples VE-C3: 485 flat over 4 is 122 121 121 121. */
void heng_share(int64_t total, const uint64_t *weights, size_t n, int64_t *ret_parts);

#endif
