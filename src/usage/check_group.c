/* Points of a building beside each other: who uses far more or less than those like it, and who may have another one's
 * meter. */
#include "usage/check.h"
#include "vee/rule_sum.h"

#define BIT(rule) (UINT64_C(1) << HENG_RULE_##rule)

enum { WINDOW = HENG_CHECK_AFTER_DAYS + HENG_CHECK_DAYS_MAX, SUSPECTS_MAX = 256, WEEK = 7 };

/* Those alike: members [from, to), days in columns: column i is day first + i, of which the last `checked` are due. */
struct alike {
    size_t from, to;
    heng_day first;
    unsigned columns, checked;
    int8_t exp; /* of all amounts */
};

/* --- amounts --------------------------------------------------------------------------------------------------- */

static void put_day(struct heng_usage_check *c, const struct alike *a, size_t member, const struct heng_check_day *day)
{
    unsigned column = (unsigned)(day->day - a->first);
    int64_t steps;
    bool measured = !day->missing && day->trust <= HENG_TRUST_SUBSTITUTED;
    if (measured && heng_dec_steps((struct heng_dec){day->amount, day->exp}, a->exp, HENG_ROUND_EVEN, &steps))
        c->amounts[member][column] = steps;
    if (column + a->checked >= a->columns) c->trusts[member][column + a->checked - a->columns] = day->trust;
}

static heng_rc load(struct heng_usage_check *c, struct alike *a, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    a->exp = c->members[a->from].exp;
    for (size_t i = a->from; i < a->to; i++)
        if (c->members[i].exp < a->exp) a->exp = c->members[i].exp;
    for (size_t i = a->from; rc == HENG_OK && i < a->to; i++) {
        size_t n = 0, member = i - a->from;
        for (unsigned k = 0; k < a->columns; k++) c->amounts[member][k] = HENG_RULES_NO_AMOUNT;
        memset(c->trusts[member], HENG_TRUST_MISSING, sizeof c->trusts[member]);
        rc = heng_store_check_amounts(c->reader, c->members[i].channel_id, a->first,
                                      a->first + (heng_day)a->columns - 1, c->days, WINDOW, &n, err);
        for (size_t k = 0; rc == HENG_OK && k < n; k++) put_day(c, a, member, &c->days[k]);
    }
    return rc;
}

/* --- neighbours ------------------------------------------------------------------------------------------------ */

enum { AREA_EXP = 4 }; /* further places of an amount per m2 */

/* An amount, per m2 where that is asked for. */
static bool scaled(int64_t amount, int64_t area_cm2, int64_t *ret)
{
    struct heng_fraction f = heng_fraction_of(amount);
    if (amount == HENG_RULES_NO_AMOUNT) return false;
    if (area_cm2) {
        heng_fraction_times(&f, 10000);
        heng_fraction_over(&f, area_cm2);
        heng_fraction_shift(&f, AREA_EXP);
    }
    return heng_fraction_int(f, HENG_ROUND_EVEN, ret);
}

static bool has_areas(const struct heng_usage_check *c, const struct alike *a)
{
    for (size_t i = a->from; i < a->to; i++)
        if (c->members[i].area_cm2 <= 0) return false;
    return true;
}

/* The sorted amounts without one that is equal to own. */
static uint16_t without(const struct heng_usage_check *c, size_t n, int64_t own, int64_t *ret)
{
    size_t k = 0;
    while (k < n && c->sorted[k] != own) k++;
    memcpy(ret, c->sorted, k * sizeof *ret);
    if (k < n) memcpy(ret + k, c->sorted + k + 1, (n - k - 1) * sizeof *ret);
    return (uint16_t)(k < n ? n - 1 : n);
}

static heng_rc say_neighbour(struct heng_usage_check *c, const struct alike *a, size_t member, unsigned column,
                             const struct heng_rules_neighbours *neighbours, struct heng_err *err)
{
    static _Thread_local struct heng_day_usage own;
    heng_day day = a->first + (heng_day)column;
    own.day = day;
    own.exp = a->exp;
    own.trust = (heng_trust)c->trusts[member][column + a->checked - a->columns];
    own.count = 1;
    own.amount = c->amounts[member][column];
    const struct heng_rules_day in = {.only = BIT(NEIGHBOURS),
                                      .from_us = heng_day_from_us(&c->site->days, day),
                                      .to_us = heng_day_from_us(&c->site->days, day + 1),
                                      .own = {.unit = c->members[a->from].unit, .day = &own},
                                      .neighbours = neighbours};
    heng_verdicts_clear(&c->verdicts);
    heng_rules_check_day(&c->in_force.set, &in, &c->verdicts);
    return heng_check_say(c, c->members[a->from + member].channel_id, day, HENG_VERDICT_GROUP, 0, err);
}

static heng_rc check_neighbours(struct heng_usage_check *c, const struct alike *a, unsigned column,
                                struct heng_err *err)
{
    bool per_m2 = has_areas(c, a);
    size_t n = 0;
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < a->to - a->from; i++)
        n += scaled(c->amounts[i][column], per_m2 ? c->members[a->from + i].area_cm2 : 0, &c->sorted[n]);
    heng_rules_sort(c->sorted, n);
    for (size_t i = 0; rc == HENG_OK && n > 1 && i < a->to - a->from; i++) {
        int64_t own;
        if (!scaled(c->amounts[i][column], per_m2 ? c->members[a->from + i].area_cm2 : 0, &own)) continue;
        const struct heng_rules_neighbours neighbours = {.sorted = c->others,
                                                         .count = without(c, n, own, c->others),
                                                         .exp = (int8_t)(a->exp - (per_m2 ? AREA_EXP : 0)),
                                                         .own = own};
        rc = say_neighbour(c, a, i, column, &neighbours, err);
    }
    return rc;
}

/* --- exchanged meters ------------------------------------------------------------------------------------------ */

/* What was used since, and in as many days before. */
struct levels {
    heng_i128 now, then;
};

#define LEVEL_MAX (INT64_C(1) << 50) /* so that products of sums fit */

/* What a member used in the days since it may have another meter, and what it would have used in as many of the days
 * before; false: not enough is known. */
static bool level_of(const struct heng_usage_check *c, size_t member, unsigned split, unsigned end, int64_t enough,
                     struct levels *ret)
{
    heng_i128 then = 0, now = 0;
    int64_t days = 0;
    unsigned from = split > HENG_RULES_PAST_DAYS ? split - HENG_RULES_PAST_DAYS : 0;
    for (unsigned i = split; i < end; i++) {
        if (c->amounts[member][i] == HENG_RULES_NO_AMOUNT) return false;
        now += c->amounts[member][i];
    }
    for (unsigned i = from; i < split; i++)
        if (c->amounts[member][i] != HENG_RULES_NO_AMOUNT) {
            then += c->amounts[member][i];
            days++;
        }
    if (days < enough || then < 0 || now < 0) return false;
    then = then * (end - split) / days;
    if (then > LEVEL_MAX || now > LEVEL_MAX) return false;
    *ret = (struct levels){now, then};
    return true;
}

struct suspect {
    size_t a, b;
    struct heng_verdict verdict;
};

/* Did both together stay with the house? Whose flat is empty now uses less, and looks like whoever uses little. */
static bool stays(const struct levels *pair, const struct levels *house)
{
    heng_i128 own = pair->now * house->then, usual = house->now * pair->then;
    return own * 4 >= usual * 3 && own * 3 <= usual * 4;
}

/* Do both, at the same level of use, look more like the other one was? Asked of the sums of the days first, so that not
 * every pair of a large house is compared day by day. */
static bool looks_exchanged(const struct levels *a, const struct levels *b, const struct levels *house)
{
    const struct levels pair = {a->now + b->now, a->then + b->then};
    heng_i128 own = a->now * pair.then - a->then * pair.now, cross = a->now * pair.then - b->then * pair.now;
    return (cross < 0 ? -cross : cross) < (own < 0 ? -own : own) && stays(&pair, house);
}

/* The clearest first; equal ones by who they are. */
static void keep(struct suspect *list, size_t *n, const struct suspect *suspect)
{
    size_t at = *n;
    while (at > 0 && heng_dec_cmp(suspect->verdict.seen.dec, list[at - 1].verdict.seen.dec) < 0) at--;
    if (at == SUSPECTS_MAX) return;
    if (*n < SUSPECTS_MAX) ++*n;
    memmove(&list[at + 1], &list[at], (*n - 1 - at) * sizeof *list);
    list[at] = *suspect;
}

static heng_rc say_pairs(struct heng_usage_check *c, const struct alike *a, heng_day day, const struct suspect *list,
                         size_t n, struct heng_err *err)
{
    enum { BEHIND_NEIGHBOURS = 100 };
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        bool taken = false; /* by a pair that is clearer */
        for (size_t k = 0; k < i; k++)
            taken |=
                list[k].a == list[i].a || list[k].a == list[i].b || list[k].b == list[i].a || list[k].b == list[i].b;
        if (taken) continue;
        c->verdicts.count = 1;
        c->verdicts.items[0] = list[i].verdict;
        rc = heng_check_say(c, c->members[a->from + list[i].a].channel_id, day, HENG_VERDICT_GROUP, BEHIND_NEIGHBOURS,
                            err);
        if (rc == HENG_OK)
            rc = heng_check_say(c, c->members[a->from + list[i].b].channel_id, day, HENG_VERDICT_GROUP,
                                BEHIND_NEIGHBOURS, err);
    }
    return rc;
}

/* Those that may be exchanged since so many days ago that there are just enough to say so. */
static heng_rc check_swapped(struct heng_usage_check *c, const struct alike *a, unsigned column, struct heng_err *err)
{
    static _Thread_local struct suspect list[SUSPECTS_MAX];
    static _Thread_local struct levels levels[HENG_CHECK_MEMBERS_MAX];
    static _Thread_local size_t who[HENG_CHECK_MEMBERS_MAX];
    int64_t enough = heng_limit_int(&c->in_force.set, HENG_LIMIT_SWAPPED_DAYS);
    struct levels house = {0, 0};
    size_t found = 0, count = 0;
    if (!c->in_force.set.rules[HENG_RULE_SWAPPED].on || (int64_t)column + 1 < 2 * enough) return HENG_OK;
    unsigned split = column + 1 - (unsigned)enough;
    unsigned begin = split > HENG_RULES_PAST_DAYS ? split - HENG_RULES_PAST_DAYS : 0;
    for (size_t i = 0; i < a->to - a->from; i++)
        if (level_of(c, i, split, column + 1, enough, &levels[count])) {
            house.now += levels[count].now;
            house.then += levels[count].then;
            who[count++] = i;
        }
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++) {
            if (!looks_exchanged(&levels[i], &levels[k], &house)) continue;
            const struct heng_rules_pair pair = {
                .from_us = heng_day_from_us(&c->site->days, a->first + (heng_day)split),
                .to_us = heng_day_from_us(&c->site->days, a->first + (heng_day)column + 1),
                .a = c->amounts[who[i]] + begin,
                .b = c->amounts[who[k]] + begin,
                .count = (uint16_t)(column + 1 - begin),
                .split = (uint16_t)(split - begin)};
            heng_verdicts_clear(&c->verdicts);
            heng_rules_check_swapped(&c->in_force.set, &pair, &c->verdicts);
            const struct suspect suspect = {who[i], who[k], c->verdicts.items[0]};
            if (c->verdicts.count && suspect.verdict.seen.is) keep(list, &found, &suspect);
        }
    return say_pairs(c, a, a->first + (heng_day)column, list, found, err);
}

/* --- a group --------------------------------------------------------------------------------------------------- */

static heng_rc check_alike(struct heng_usage_check *c, struct alike *a, heng_medium medium, struct heng_err *err)
{
    heng_rc rc = a->to - a->from > 1 ? load(c, a, err) : HENG_OK;
    for (unsigned i = a->columns - a->checked; rc == HENG_OK && a->to - a->from > 1 && i < a->columns; i++) {
        rc = heng_usage_rules_on(c->reader, &c->in_force, medium, c->members[a->from].group_name,
                                 a->first + (heng_day)i, err);
        if (rc == HENG_OK) rc = check_neighbours(c, a, i, err);
        if (rc == HENG_OK) rc = check_swapped(c, a, i, err);
    }
    return rc;
}

/* Nothing is said of the days that are due; of which days there is something to say. */
static heng_rc open_group(struct heng_usage_check *c, const struct heng_check_due *due, heng_day *ret_first,
                          heng_day *ret_last, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    *ret_first = INT32_MAX;
    *ret_last = INT32_MIN;
    for (size_t i = 0; rc == HENG_OK && i < c->member_n; i++) {
        heng_day first, last;
        int64_t id = c->members[i].channel_id;
        rc = heng_store_drop_verdicts(c->store, id, due->from_day, due->to_day + 1, HENG_VERDICT_GROUP, err);
        if (rc == HENG_OK) rc = heng_store_check_days(c->reader, id, due->from_day, due->to_day, &first, &last, err);
        if (rc == HENG_OK && first < *ret_first) *ret_first = first;
        if (rc == HENG_OK && last > *ret_last) *ret_last = last;
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    }
    return rc;
}

heng_rc heng_check_group(struct heng_usage_check *c, const struct heng_check_due *due, heng_day *ret_until,
                         struct heng_err *err)
{
    heng_day first, last;
    heng_rc rc = heng_store_list_group(c->reader, due->id, due->medium, c->members, HENG_CHECK_MEMBERS_MAX + 1,
                                       &c->member_n, err);
    *ret_until = due->to_day;
    if (rc != HENG_OK || c->member_n > HENG_CHECK_MEMBERS_MAX) return rc;
    rc = open_group(c, due, &first, &last, err);
    if (rc != HENG_OK || first > last) return rc;
    heng_day until = last - first >= HENG_CHECK_DAYS_MAX ? first + HENG_CHECK_DAYS_MAX - 1 : last;
    if (until < last) *ret_until = until;
    struct alike a = {.first = first - HENG_CHECK_AFTER_DAYS, .checked = (unsigned)(until - first + 1)};
    a.columns = HENG_CHECK_AFTER_DAYS + a.checked;
    for (; rc == HENG_OK && a.from < c->member_n; a.from = a.to) {
        a.to = a.from + 1;
        while (a.to < c->member_n && strcmp(c->members[a.to].kin, c->members[a.from].kin) == 0) a.to++;
        rc = check_alike(c, &a, due->medium, err);
    }
    return rc;
}
