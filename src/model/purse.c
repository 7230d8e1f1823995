#include "model/purse.h"

heng_purse_says heng_purse_compare(uint32_t done, uint32_t meter, uint32_t wrap)
{
    if (wrap && meter >= wrap) return HENG_PURSE_AHEAD; /* not a count of that many digits */
    uint32_t known = wrap ? done % wrap : done;
    uint32_t ahead = wrap ? (meter + wrap - known) % wrap : meter - known;
    if (ahead == 0) return HENG_PURSE_SEND;
    if (ahead == 1) return HENG_PURSE_ARRIVED;
    return ahead <= (wrap ? wrap : UINT32_MAX) / 2 ? HENG_PURSE_AHEAD : HENG_PURSE_BEHIND;
}
