#ifndef HENG_BILL_LARGEST_H
#define HENG_BILL_LARGEST_H
/* Share a whole number over weights so that the parts sum to it exactly, for as many parts as a district has flats. */
#include <stddef.h>
#include <stdint.h>

struct heng_rest {
    uint64_t rest;
    uint32_t i;
};

/* Each part is the exact one cut to a whole number; what is left goes to the largest remainders, one each, of equal
 * ones to the earliest. Sort by a stable id before, and the order in which somebody asked does not matter.
 * Shape:  total 0..10^18, the weights sum to 1..INT64_MAX, scratch of n. */
void heng_largest_remainder(int64_t total, const uint64_t *weights, size_t n, struct heng_rest *scratch,
                            int64_t *ret_parts);

/* The places 0..n-1 in the order of their ids, byte by byte. Returns n, or the place in ret_order of the second of two
 * equal ids. */
size_t heng_order_by_id(const char *const *ids, size_t n, uint32_t *ret_order);

#endif
