#include "line/learn.h"

/* A mean of few answers is no mean, and a meter that is punctual to the microsecond is one in a test. */
enum { ENOUGH = 4, MEAN_SHARE = 8, SPREAD_SHARE = 4, SPREADS = 4, SPREAD_MIN_US = 2000 };

void heng_learn_answer(struct heng_learned *learned, heng_us took)
{
    if (took < 0) took = 0;
    if (took > 600 * HENG_US_PER_S) took = 600 * HENG_US_PER_S;
    if (learned->answers == 0) {
        learned->answer_us = (uint32_t)took;
        learned->spread_us = (uint32_t)(took / 2);
    } else {
        int64_t off = took - (int64_t)learned->answer_us, spread = (int64_t)learned->spread_us;
        learned->spread_us = (uint32_t)(spread + ((off < 0 ? -off : off) - spread) / SPREAD_SHARE);
        learned->answer_us = (uint32_t)((int64_t)learned->answer_us + off / MEAN_SHARE);
    }
    if (learned->answers < UINT32_MAX) learned->answers++;
}

heng_us heng_learn_wait(const struct heng_learned *learned, heng_us margin, heng_us ceiling)
{
    if (learned->answers < ENOUGH) return ceiling;
    heng_us spread = learned->spread_us > SPREAD_MIN_US ? learned->spread_us : SPREAD_MIN_US;
    heng_us wait = (heng_us)learned->answer_us + SPREADS * spread + margin;
    return wait < ceiling ? wait : ceiling;
}
