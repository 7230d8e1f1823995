#include "vee/share.h"

#include <stdbool.h>

__extension__ typedef unsigned __int128 u128;

struct remainder {
    u128 rest;
    uint32_t i;
};

static bool goes_first(const struct remainder *a, const struct remainder *b)
{
    return a->rest != b->rest ? a->rest > b->rest : a->i < b->i;
}

static void shell_sort(struct remainder *list, size_t n)
{
    for (size_t gap = n / 2; gap; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            struct remainder item = list[i];
            size_t k = i;
            for (; k >= gap && goes_first(&item, &list[k - gap]); k -= gap) list[k] = list[k - gap];
            list[k] = item;
        }
}

static void share_flat(uint64_t total, size_t n, int64_t *ret_parts)
{
    for (size_t i = 0; i < n; i++) ret_parts[i] = (int64_t)(total / n + (i < total % n));
}

static void share_weighted(uint64_t total, u128 sum, const uint64_t *weights, size_t n, int64_t *ret_parts)
{
    struct remainder list[HENG_SHARE_MAX];
    uint64_t left = total;
    for (size_t i = 0; i < n; i++) {
        u128 product = (u128)total * weights[i];
        uint64_t part = (uint64_t)(product / sum);
        ret_parts[i] = (int64_t)part;
        left -= part;
        list[i] = (struct remainder){product - part * sum, (uint32_t)i};
    }
    if (!left) return;
    shell_sort(list, n);
    for (size_t i = 0; i < left; i++) ret_parts[list[i].i]++; /* fewer than the parts that have a remainder */
}

void heng_share(int64_t total, const uint64_t *weights, size_t n, int64_t *ret_parts)
{
    u128 sum = 0;
    bool flat = true;
    if (n == 0 || n > HENG_SHARE_MAX) return;
    for (size_t i = 0; i < n; i++) {
        sum += weights[i];
        flat = flat && weights[i] == weights[0];
    }
    uint64_t size = total < 0 ? (uint64_t)0 - (uint64_t)total : (uint64_t)total;
    if (flat)
        share_flat(size, n, ret_parts);
    else
        share_weighted(size, sum, weights, n, ret_parts);
    if (total < 0)
        for (size_t i = 0; i < n; i++) ret_parts[i] = (int64_t)((uint64_t)0 - (uint64_t)ret_parts[i]);
}
