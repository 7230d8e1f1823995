/* A main meter beside the sum of those below it, day by day. */
#include "usage/check.h"
#include "vee/rule_sum.h"

/* The days of a piece: sums in millionths of kWh or m3, and whether all that belongs to them is there. */
struct sums {
    heng_day from;
    size_t n;
    int64_t amounts[HENG_CHECK_DAYS_MAX];
    bool whole[HENG_CHECK_DAYS_MAX];
};

/* Is the point in use on all of that day? */
static bool is_open(const struct heng_usage_check *c, const struct heng_check_member *m, heng_day day)
{
    if (m->closed_us && m->closed_us <= heng_day_from_us(&c->site->days, day)) return false;
    return !m->opened_us || m->opened_us < heng_day_from_us(&c->site->days, day + 1);
}

static heng_rc add_channel(struct heng_usage_check *c, const struct heng_check_member *m, struct sums *sums,
                           struct heng_err *err)
{
    size_t n = 0, k = 0;
    heng_day until = sums->from + (heng_day)sums->n - 1;
    heng_rc rc =
        heng_store_check_amounts(c->reader, m->channel_id, sums->from, until, c->days, HENG_CHECK_DAYS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < sums->n; i++) {
        heng_day day = sums->from + (heng_day)i;
        int64_t micro = 0;
        while (k < n && c->days[k].day < day) k++;
        bool there = k < n && c->days[k].day == day && !c->days[k].missing;
        if (!is_open(c, m, day)) continue;
        sums->whole[i] = sums->whole[i] && there &&
                         heng_amount_micro(c->days[k].amount, c->days[k].exp, m->unit, &micro) &&
                         !__builtin_add_overflow(sums->amounts[i], micro, &sums->amounts[i]);
    }
    return rc;
}

static void begin(struct sums *sums, heng_day from, heng_day until)
{
    *sums = (struct sums){.from = from, .n = (size_t)(until - from + 1)};
    for (size_t i = 0; i < sums->n; i++) sums->whole[i] = true;
}

static const struct heng_channel_row *main_of(const struct heng_usage_check *c)
{
    for (size_t i = 0; i < c->channel_n; i++)
        if (c->channels[i].row.main) return &c->channels[i].row;
    return NULL;
}

static heng_rc check_day(struct heng_usage_check *c, const struct heng_channel_row *row, heng_day day, int64_t main,
                         int64_t sum, struct heng_err *err)
{
    enum { BEHIND_POINT = 100 }; /* numbers of verdicts: those of the point's own registers come before */
    heng_rc rc = heng_usage_rules_on(c->reader, &c->in_force, row->medium, row->group_name, day, err);
    if (rc != HENG_OK) return rc;
    heng_verdicts_clear(&c->verdicts);
    heng_rules_check_balance(&c->in_force.set, heng_day_from_us(&c->site->days, day),
                             heng_day_from_us(&c->site->days, day + 1), (struct heng_dec){main, -6},
                             (struct heng_dec){sum, -6}, &c->verdicts);
    return heng_check_say(c, row->id, day, HENG_VERDICT_POINT, BEHIND_POINT, err);
}

heng_rc heng_check_balance(struct heng_usage_check *c, int64_t point_id, heng_day from, heng_day until,
                           struct heng_err *err)
{
    struct sums below, main;
    const struct heng_channel_row *row = main_of(c);
    heng_rc rc = heng_store_check_below(c->reader, point_id, c->members, HENG_CHECK_MEMBERS_MAX + 1, &c->member_n, err);
    if (rc != HENG_OK || !row || !c->member_n || c->member_n > HENG_CHECK_MEMBERS_MAX) return rc;
    const struct heng_check_member own = {.channel_id = row->id, .unit = row->unit};
    heng_unit_kind kind = heng_unit_size_of(row->unit).kind;
    begin(&below, from, until);
    begin(&main, from, until);
    rc = add_channel(c, &own, &main, err);
    for (size_t i = 0; rc == HENG_OK && i < c->member_n; i++) {
        if (heng_unit_size_of(c->members[i].unit).kind != kind) return HENG_OK; /* heat below water: another thing */
        rc = add_channel(c, &c->members[i], &below, err);
    }
    for (size_t i = 0; rc == HENG_OK && i < main.n; i++)
        if (main.whole[i] && below.whole[i])
            rc = check_day(c, row, from + (heng_day)i, main.amounts[i], below.amounts[i], err);
    return rc;
}
