#include "bill/largest.h"

#include <stdbool.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

static bool goes_first(const struct heng_rest *a, const struct heng_rest *b)
{
    return a->rest != b->rest ? a->rest > b->rest : a->i < b->i;
}

static void sink(struct heng_rest *heap, size_t n, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && goes_first(&heap[child + 1], &heap[child])) child++;
        if (!goes_first(&heap[child], &heap[at])) return;
        struct heng_rest one = heap[at];
        heap[at] = heap[child];
        heap[child] = one;
    }
}

void heng_largest_remainder(int64_t total, const uint64_t *weights, size_t n, struct heng_rest *scratch,
                            int64_t *ret_parts)
{
    u128 sum = 0;
    int64_t left = total;
    for (size_t i = 0; i < n; i++) sum += weights[i];
    for (size_t i = 0; i < n; i++) {
        u128 product = (u128)(uint64_t)total * weights[i];
        ret_parts[i] = (int64_t)(product / sum);
        left -= ret_parts[i];
        scratch[i] = (struct heng_rest){(uint64_t)(product % sum), (uint32_t)i};
    }
    for (size_t i = n / 2; i-- > 0;) sink(scratch, n, i);
    for (size_t heap = n; left > 0 && heap > 0; left--, heap--) { /* fewer than the parts that have a remainder */
        ret_parts[scratch[0].i]++;
        scratch[0] = scratch[heap - 1];
        sink(scratch, heap - 1, 0);
    }
}

size_t heng_order_by_id(const char *const *ids, size_t n, uint32_t *ret_order)
{
    for (size_t i = 0; i < n; i++) ret_order[i] = (uint32_t)i;
    for (size_t gap = n / 2; gap; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            uint32_t one = ret_order[i];
            size_t k = i;
            for (; k >= gap && strcmp(ids[one], ids[ret_order[k - gap]]) < 0; k -= gap)
                ret_order[k] = ret_order[k - gap];
            ret_order[k] = one;
        }
    for (size_t i = 1; i < n; i++)
        if (strcmp(ids[ret_order[i - 1]], ids[ret_order[i]]) == 0) return i;
    return n;
}
