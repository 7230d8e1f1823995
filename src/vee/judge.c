#include "vee/judge.h"

#include <string.h>

__extension__ typedef __int128 i128;

enum { HOUR_S = 3600, DEFAULT_PERMILLE = 100 };

int64_t heng_judge_max_micro(const struct heng_channel *channel)
{
    int64_t value = 0;
    struct heng_dec max = channel->max_per_hour.dec;
    if (!channel->max_per_hour.is || max.mantissa <= 0) return 0;
    int exp = max.exp + 6;
    if (exp > HENG_DEC_EXP_MAX) return 0;
    max.exp = (int8_t)exp;
    if (heng_amount_value(channel, max, channel->unit, &value) != HENG_OK) return 0;
    return value ? value : 1;
}

static int64_t limit_of(int64_t max_micro, int64_t long_us, int64_t step)
{
    if (!max_micro) return -1;
    i128 limit = (i128)max_micro * long_us / ((i128)HOUR_S * HENG_US_PER_S * 1000000) + step;
    return limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

/* What the counter moved when it went over its last digit; negative when that cannot have been. */
static int64_t rolled(const struct heng_channel *channel, const struct heng_counter *counter, bool confirmed,
                      int64_t limit, const struct heng_knot *a, const struct heng_knot *b)
{
    int64_t value = 0, range = heng_index_range(channel, counter);
    if (range <= 0) return -1;
    if (heng_index_value(channel, counter, b->index, (heng_unit)b->unit, b->wraps + 1, &value, NULL) != HENG_OK)
        return -1;
    int64_t amount = value - a->value;
    int64_t share = channel->rollover_permille ? channel->rollover_permille : DEFAULT_PERMILLE;
    int64_t most = limit >= 0 ? limit : (int64_t)((i128)range * share / 1000);
    return confirmed || amount <= most ? amount : -1;
}

struct heng_index_step heng_judge_step(const struct heng_channel *channel, const struct heng_counter *counter,
                                       int64_t max_micro, heng_us rollover_us, const struct heng_knot *a,
                                       const struct heng_knot *b)
{
    struct heng_index_step step = {HENG_INDEX_STEP_FITS, b->value - a->value, -1};
    int64_t long_us = b->at_us - a->at_us;
    int64_t coarse = a->step > b->step ? a->step : b->step;
    step.limit = limit_of(max_micro, long_us, coarse);
    if (step.amount < 0 && -step.amount < coarse) { /* less than the digits of the coarser one tell: it stands */
        step.amount = 0;
        return step;
    }
    if (long_us == 0) { /* one moment, one index */
        if (step.amount) step.kind = step.amount < 0 ? HENG_INDEX_STEP_NEGATIVE : HENG_INDEX_STEP_LIMIT;
        return step;
    }
    if (step.amount < 0) {
        bool confirmed = rollover_us && a->at_us < rollover_us && rollover_us <= b->at_us;
        int64_t amount = rolled(channel, counter, confirmed, b->forced ? -1 : step.limit, a, b);
        step.kind = amount < 0 ? HENG_INDEX_STEP_NEGATIVE : HENG_INDEX_STEP_ROLLOVER;
        if (amount >= 0) step.amount = amount;
    } else if (step.limit >= 0 && step.amount > step.limit && !b->forced) {
        step.kind = HENG_INDEX_STEP_LIMIT;
    }
    return step;
}

/* --- chains --------------------------------------------------------------------------------------------------- */

/* The longest chain through knots first..last that begins at `from` (which is not counted) and, when `to` is not 0,
 * ends there. Of equally long ones that which ends later, then that with the earlier knots. */
struct path {
    uint8_t count;
    uint8_t items[HENG_LOOK_AHEAD + 1];
};

static struct path longest(bool (*fits)[HENG_CHAIN_KNOTS], uint8_t from, uint8_t last, uint8_t to)
{
    uint8_t count[HENG_CHAIN_KNOTS] = {0}, before[HENG_CHAIN_KNOTS] = {0}, best = 0;
    for (uint8_t j = (uint8_t)(from + 1); j <= last; j++) {
        if (fits[from][j]) {
            count[j] = 1;
            before[j] = from;
        }
        for (uint8_t i = (uint8_t)(from + 1); i < j; i++)
            if (count[i] && fits[i][j] && count[i] + 1 > count[j]) {
                count[j] = (uint8_t)(count[i] + 1);
                before[j] = i;
            }
        if (count[j] && (to ? j == to : !best || count[j] >= count[best])) best = j;
    }
    struct path path = {best ? count[best] : 0, {0}};
    for (uint8_t k = path.count, j = best; k; k--, j = before[j]) path.items[k - 1] = j;
    return path;
}

/* The knot itself, and the longest chain behind it. */
static struct path longest_with(bool (*fits)[HENG_CHAIN_KNOTS], uint8_t start, uint8_t last, uint8_t to)
{
    struct path rest = {0, {0}}, path = {0, {0}};
    if (to != start) {
        rest = longest(fits, start, last, to);
        if (to && !rest.count) return path;
    }
    path.count = (uint8_t)(rest.count + 1);
    path.items[0] = start;
    memcpy(path.items + 1, rest.items, sizeof path.items - 1);
    return path;
}

static void put(struct heng_chain *chain, const struct path *path)
{
    for (uint8_t i = 0; i < path->count; i++) chain->items[chain->count++] = (uint8_t)(path->items[i] - 1);
}

/* A chain that begins anew: at a knot that does not follow from the last final one; at least `least` long. */
static struct heng_chain cut_chain(bool (*fits)[HENG_CHAIN_KNOTS], uint8_t count, bool has_last, uint8_t to,
                                   uint8_t least)
{
    struct heng_chain best = {0};
    uint8_t best_anew = 0;
    for (uint8_t start = 1; start <= count; start++) {
        if (has_last && fits[0][start]) continue;
        struct path anew = longest_with(fits, start, count, to);
        if (anew.count < least) continue;
        struct path before = {0, {0}};
        if (has_last) before = longest(fits, 0, (uint8_t)(start - 1), 0);
        if (before.count + anew.count < best.count) continue;
        if (before.count + anew.count == best.count && anew.count <= best_anew) continue;
        best = (struct heng_chain){0};
        best_anew = anew.count;
        put(&best, &before);
        best.cut = best.count;
        put(&best, &anew);
    }
    return best;
}

/* What all longest chains have in common. */
static struct heng_chain beyond_doubt(bool (*fits)[HENG_CHAIN_KNOTS], uint8_t count, bool has_last)
{
    uint8_t ahead[HENG_CHAIN_KNOTS] = {0}, behind[HENG_CHAIN_KNOTS] = {0}, most = 0;
    for (uint8_t j = 1; j <= count; j++) {
        if (!has_last || fits[0][j]) ahead[j] = 1;
        for (uint8_t i = 1; i < j; i++)
            if (ahead[i] && fits[i][j] && ahead[i] + 1 > ahead[j]) ahead[j] = (uint8_t)(ahead[i] + 1);
        if (ahead[j] > most) most = ahead[j];
    }
    for (uint8_t i = count; i >= 1; i--) {
        behind[i] = 1;
        for (uint8_t j = (uint8_t)(i + 1); j <= count; j++)
            if (fits[i][j] && behind[j] + 1 > behind[i]) behind[i] = (uint8_t)(behind[j] + 1);
    }
    struct heng_chain chain = {0};
    uint8_t newest = 0;
    for (uint8_t place = 1; place <= most; place++) {
        uint8_t found = 0, which = 0;
        for (uint8_t i = 1; i <= count; i++)
            if (ahead[i] == place && ahead[i] + behind[i] - 1 == most) {
                found++;
                which = i;
            }
        bool on = newest || has_last ? fits[newest][which] : true;
        if (found != 1 || !on) continue;
        chain.items[chain.count++] = (uint8_t)(which - 1);
        newest = which;
    }
    chain.cut = chain.count;
    return chain;
}

struct heng_chain heng_judge_chain(bool fits[HENG_AT_LEAST(HENG_CHAIN_KNOTS)][HENG_CHAIN_KNOTS], uint8_t count,
                                   bool has_last, heng_occasion occasion)
{
    if (occasion == HENG_OCCASION_END) return beyond_doubt(fits, count, has_last);
    uint8_t to = occasion == HENG_OCCASION_ANCHOR ? count : 0;
    struct path on = {0, {0}};
    if (has_last) on = longest(fits, 0, count, to);
    /* One more by beginning anew is what a single wrong reading looks like; a counter that was set has company. */
    struct heng_chain anew = cut_chain(fits, count, has_last, to, has_last || !to ? 2 : 1);
    bool enough = occasion == HENG_OCCASION_ANCHOR ? on.count == 0 : anew.count >= on.count + 2 || !has_last;
    if (anew.count && enough) return anew;
    struct heng_chain chain = {0};
    put(&chain, &on);
    chain.cut = chain.count;
    return chain;
}
