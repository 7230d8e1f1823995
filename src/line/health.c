#include "line/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE_PPM = 1000000, HEALTH_WINDOW = 256 };

/* Two conversations of three tries each that heard nothing but noise. */
enum { ENDLESS = 6 };

void heng_health_note(struct heng_health *health, heng_exchange_end end)
{
    if ((unsigned)end >= HENG_EXCHANGE_COUNT) return;
    if (health->exchanges < UINT32_MAX) health->exchanges++;
    uint32_t window = health->exchanges < HEALTH_WINDOW ? health->exchanges : HEALTH_WINDOW;
    for (unsigned i = 0; i < HENG_EXCHANGE_COUNT; i++) {
        uint32_t now = i == (unsigned)end ? WHOLE_PPM : 0;
        /* Rounded towards the new one, so that a share that is over goes to nothing, and 100 % is reached. */
        health->share_ppm[i] =
            (uint32_t)(((uint64_t)health->share_ppm[i] * (window - 1) + now + (now ? window - 1 : 0)) / window);
    }
    if (end != HENG_EXCHANGE_NOISE)
        health->endless = 0;
    else if (health->endless < ENDLESS)
        health->endless++;
}

/* What the exchanges of one kind cost, in ppm of the score. */
static uint64_t cost_ppm(const struct heng_health *health, uint64_t damaged_ppm, heng_exchange_end end)
{
    uint64_t share = health->share_ppm[end];
    switch (end) {
    case HENG_EXCHANGE_GOOD: return 0;
    case HENG_EXCHANGE_SILENCE:
    case HENG_EXCHANGE_FOREIGN:
    case HENG_EXCHANGE_COLLISION: return share; /* asking again does not help */
    case HENG_EXCHANGE_NOISE:
    case HENG_EXCHANGE_FRAMING:
    case HENG_EXCHANGE_CHECKSUM:
        /* Asking again helps, the less the more is damaged: half the price when it is rare, the full when it is all. */
        return share * (WHOLE_PPM + damaged_ppm) / (2 * WHOLE_PPM);
    case HENG_EXCHANGE_COUNT: break;
    }
    return 0;
}

uint32_t heng_health_score(const struct heng_health *health)
{
    if (health->exchanges == 0) return 100;
    uint64_t cost = 0, damaged = (uint64_t)health->share_ppm[HENG_EXCHANGE_NOISE] +
                                 health->share_ppm[HENG_EXCHANGE_FRAMING] + health->share_ppm[HENG_EXCHANGE_CHECKSUM];
    if (damaged > WHOLE_PPM) damaged = WHOLE_PPM;
    for (unsigned i = 0; i < HENG_EXCHANGE_COUNT; i++) cost += cost_ppm(health, damaged, (heng_exchange_end)i);
    /* What rounding leaves behind, some exchanges in a million, is no fault. */
    return cost >= WHOLE_PPM ? 0 : (uint32_t)((WHOLE_PPM - cost + WHOLE_PPM / 200) / (WHOLE_PPM / 100));
}

bool heng_health_is_overload(const struct heng_health *health)
{
    return health->overload || health->endless >= ENDLESS;
}

/* --- where to look -------------------------------------------------------------------------------------------- */

/* Mute: missed so many of its last eight, and the last one, too. Fewer are chance. */
enum { MUTE_MISSES = 2 };

/* By chance alone the last ones of a cable may be dead together: a cut is claimed when that is less likely than so. */
enum { CHANCE_ONE_IN = 20 };

/* Misses that grow with the distance: at least so many in the far half, at least so much more than in the near one. */
enum { WEAK_METERS_MIN = 4, WEAK_PERCENT_MIN = 15, WEAK_TIMES = 3 };

static bool is_mute(const struct heng_health_meter *meter)
{
    return !meter->answered_last && meter->missed >= MUTE_MISSES;
}

/* By position, then by all the rest, so that the order they came in does not matter. */
static int compare_meters(const void *a, const void *b)
{
    const struct heng_health_meter *x = a, *y = b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    int by_name = strncmp(x->name, y->name, sizeof x->name);
    if (by_name) return by_name;
    int by_good = x->good - y->good, by_missed = x->missed - y->missed;
    return by_good ? by_good : by_missed ? by_missed : x->answered_last - y->answered_last;
}

static size_t count_mute(const struct heng_health_meter *meters, size_t n)
{
    size_t mute = 0;
    for (size_t i = 0; i < n; i++) mute += is_mute(&meters[i]);
    return mute;
}

/* Is it chance that the last `tail` are all mute when so many of the others are? */
static bool is_chance(size_t mute, size_t others, size_t tail)
{
    uint64_t ppm = WHOLE_PPM;
    for (size_t i = 0; i < tail && ppm; i++) ppm = ppm * mute / others;
    return ppm * CHANCE_ONE_IN > WHOLE_PPM;
}

/* All behind one position are mute: n meters with known positions, sorted. */
static bool find_cut(const struct heng_health_meter *meters, size_t n, struct heng_hint *ret)
{
    size_t front = n;
    while (front > 0 && is_mute(&meters[front - 1])) front--;
    /* One position is one place on the cable: all of its meters are on the same side of a cut. */
    while (front > 0 && front < n && meters[front].position == meters[front - 1].position) front++;
    if (front == 0 || n - front < 2) return false;
    if (is_chance(count_mute(meters, front), front, n - front)) return false;
    ret->kind = HENG_HINT_CUT;
    ret->from_position = meters[front - 1].position;
    ret->to_position = meters[front].position;
    snprintf(ret->text, sizeof ret->text,
             "all %zu meters behind position %u are mute: look at the cable between '%.23s' (%u) and '%.23s' (%u)",
             n - front, ret->from_position, meters[front - 1].name, ret->from_position, meters[front].name,
             ret->to_position);
    return true;
}

/* Some are mute, others answer. */
static bool find_dead(const struct heng_health_meter *meters, size_t n, struct heng_hint *ret)
{
    const struct heng_health_meter *first = NULL, *last = NULL;
    size_t mute = count_mute(meters, n);
    for (size_t i = 0; i < n; i++) {
        if (!is_mute(&meters[i])) continue;
        if (!first) first = &meters[i];
        last = &meters[i];
    }
    if (!first) return false;
    ret->kind = HENG_HINT_METER;
    ret->from_position = first->position;
    ret->to_position = last->position;
    if (mute == 1) snprintf(ret->meter, sizeof ret->meter, "%.23s", first->name);
    if (mute == 1 && n == 1)
        snprintf(ret->text, sizeof ret->text, "the only meter, '%.23s', is mute: the meter, its cable or the converter",
                 first->name);
    else if (mute == 1)
        snprintf(ret->text, sizeof ret->text, "'%.23s' alone is mute: look at that meter and its own wires",
                 first->name);
    else
        snprintf(ret->text, sizeof ret->text,
                 "%zu of %zu meters are mute, others answer: look at each of them, from '%.23s' to '%.23s'", mute, n,
                 first->name, last->name);
    return true;
}

/* Misses in percent of the conversations of n meters. */
static unsigned missed_percent(const struct heng_health_meter *meters, size_t n)
{
    size_t missed = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        missed += meters[i].missed;
        all += (size_t)meters[i].missed + meters[i].good;
    }
    return all ? (unsigned)(missed * 100 / all) : 0;
}

static bool find_weak(const struct heng_health_meter *meters, size_t n, struct heng_hint *ret)
{
    if (n < WEAK_METERS_MIN) return false;
    size_t half = n / 2;
    unsigned near = missed_percent(meters, half), far = missed_percent(meters + half, n - half);
    if (far < WEAK_PERCENT_MIN || far < WEAK_TIMES * near) return false;
    ret->kind = HENG_HINT_WEAK;
    ret->from_position = meters[half].position;
    ret->to_position = meters[n - 1].position;
    snprintf(ret->text, sizeof ret->text,
             "answers fail more with distance: %u %% up to position %u, %u %% behind: a long cable, too many meters, "
             "a bad contact",
             near, meters[half - 1].position, far);
    return true;
}

void heng_health_hint(struct heng_health_meter *meters, size_t n, struct heng_hint *ret)
{
    *ret = (struct heng_hint){.kind = HENG_HINT_NONE};
    if (n == 0) return;
    qsort(meters, n, sizeof meters[0], compare_meters);
    size_t unknown = 0; /* they stand in front, with position 0 */
    while (unknown < n && meters[unknown].position == 0) unknown++;
    if (n > 1 && count_mute(meters, n) == n) {
        ret->kind = HENG_HINT_ALL;
        ret->from_position = meters[unknown < n ? unknown : n - 1].position;
        ret->to_position = meters[n - 1].position;
        snprintf(ret->text, sizeof ret->text,
                 "all %zu meters are mute: look at the converter, its power and the first metres of the cable", n);
        return;
    }
    if (find_cut(meters + unknown, n - unknown, ret) || find_dead(meters, n, ret)) return;
    (void)find_weak(meters + unknown, n - unknown, ret);
}
