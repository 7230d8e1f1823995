#include "prepaid/levels.h"

int heng_level_at(const struct heng_levels *levels, int64_t balance)
{
    int level = HENG_LEVELS;
    while (level > 0 && balance > levels->warn[level - 1]) level--;
    return level;
}

int heng_level_step(const struct heng_levels *levels, int64_t balance, heng_us now_us, heng_us pause_us,
                    struct heng_credit_state *state)
{
    int level = heng_level_at(levels, balance), was = state->level;
    if (level == was) return 0;
    state->level = level;
    state->since_us = now_us;
    if (level < was) return 0;
    heng_us *told = &state->told_us[level - 1];
    bool lately = *told && *told <= now_us && now_us - *told < pause_us; /* a clock that was ahead mutes nobody */
    if (lately) return 0;
    *told = now_us;
    state->told++;
    return level;
}

heng_supply_wish heng_supply_wish_of(int64_t balance, int64_t overdraft, bool is_off)
{
    if (is_off) return balance > 0 ? HENG_SUPPLY_ON : HENG_SUPPLY_STAY;
    return balance <= -overdraft ? HENG_SUPPLY_OFF : HENG_SUPPLY_STAY;
}

bool heng_levels_may_hold(const struct heng_levels *levels, int64_t balance, int64_t amount)
{
    int64_t after;
    if (__builtin_add_overflow(balance, amount, &after)) return false;
    return levels->hoard == HENG_LIMIT_NONE || after <= levels->hoard;
}
