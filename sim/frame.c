#include "sim/frame.h"

#include "codec/bytes.h"

bool heng_sim_cjt188_clock(struct heng_slice bytes, struct heng_civil *ret)
{
    unsigned v[HENG_SIM_CJT188_CLOCK_BYTES];
    if (bytes.n < HENG_SIM_CJT188_CLOCK_BYTES) return false;
    for (size_t i = 0; i < HENG_SIM_CJT188_CLOCK_BYTES; i++) {
        if (!heng_bcd_valid(bytes.p[i])) return false;
        v[i] = (unsigned)heng_bcd_value(bytes.p[i]);
    }
    struct heng_civil c = {.year = (int16_t)(v[6] * 100 + v[5]),
                           .month = (uint8_t)v[4],
                           .day = (uint8_t)v[3],
                           .hour = (uint8_t)v[2],
                           .minute = (uint8_t)v[1],
                           .second = (uint8_t)v[0]};
    if (!heng_civil_valid(&c)) return false;
    *ret = c;
    return true;
}

bool heng_sim_mask_fits_digits(const uint8_t *mask, const uint8_t *own, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (unsigned shift = 0; shift < 8; shift += 4) {
            unsigned wanted = mask[i] >> shift & 0xF;
            if (wanted != 0xF && wanted != (own[i] >> shift & 0xFu)) return false;
        }
    return true;
}

bool heng_sim_mask_fits_bytes(const uint8_t *mask, const uint8_t *own, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (mask[i] != 0xFF && mask[i] != own[i]) return false;
    return true;
}
