#ifndef HENG_PREPAID_LEVELS_H
#define HENG_PREPAID_LEVELS_H
/* Low, very low, below zero, off: what a balance means. Pure. A level is reached when the balance is at it or below; it
 * is told once on the way down, and again only after the balance was above it. */
#include "store/money/prepaid.h"

enum { HENG_LEVELS = 3 };

/* warn: falling; HENG_LIMIT_NONE: there is no such level. overdraft: supply ends when the balance is this much below
 * zero, or more. hoard: the balance after a sale is not above it; HENG_LIMIT_NONE: no limit. */
struct heng_levels {
    int64_t warn[HENG_LEVELS], overdraft, hoard;
};

/* 0 none, 1..3: the deepest that is reached. */
int heng_level_at(const struct heng_levels *levels, int64_t balance);

/* Bring state to a balance; returns the level to tell, 0: none. A crossing of several levels tells the deepest alone.
 * pause_us: a level is not told again so soon, however the balance flaps about it. */
int heng_level_step(const struct heng_levels *levels, int64_t balance, heng_us now_us, heng_us pause_us,
                    struct heng_credit_state *state);

/* What supply should be: on again only above zero, a part of the overdraft is not enough (PP-C1). */
typedef enum heng_supply_wish { HENG_SUPPLY_STAY, HENG_SUPPLY_OFF, HENG_SUPPLY_ON } heng_supply_wish;
heng_supply_wish heng_supply_wish_of(int64_t balance, int64_t overdraft, bool is_off);

/* balance + amount <= hoard, without overflow (PP-C2). */
bool heng_levels_may_hold(const struct heng_levels *levels, int64_t balance, int64_t amount);

#endif
