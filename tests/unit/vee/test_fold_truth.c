/* Hundreds of made-up channels whose truth is known, read each day for ten years or some times an hour for 40 days:
 * their counters roll over, are exchanged, reset and re-rated, are read with gaps and with wrong values. What the fold
 * calls valid is true to the last unit; where readings are complete it is valid; a known amount is never lost; what
 * cannot be known is missing. The state goes through bytes on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim/rng.h"
#include "unit/vee/usage_case.h"

__extension__ typedef __int128 i128;

enum { STEPS_MAX = 45 * 100, FACTS_MAX = STEPS_MAX + 400, CHANNELS = 400 };

struct truth {
    struct heng_channel channel;
    int display;  /* exponent of the last digit of its counters, about */
    size_t steps; /* intervals */
    heng_us bounds[STEPS_MAX + 1];
    int64_t used[STEPS_MAX];  /* of each interval, in the channel's resolution */
    bool unknown[STEPS_MAX];  /* a cut lies inside */
    bool read[STEPS_MAX + 1]; /* a right reading at the boundary */
    struct heng_channel_fact facts[FACTS_MAX];
    size_t n;
};

/* The counter of the moment, in steps of its display. */
struct counter {
    struct heng_channel_fact start; /* unit, multiplier ... */
    int display;                    /* exponent of its last digit */
    int64_t total;                  /* steps since it was made, never wrapped */
    int64_t range;                  /* steps, 0 never wraps */
    int64_t device;
};

static struct heng_sim_rng rng;

static int64_t pick(int64_t low, int64_t high)
{
    return low + (int64_t)(heng_sim_rng_next(&rng) % (uint64_t)(high - low + 1));
}
static bool one_in(int n) { return pick(1, n) == 1; }

static i128 power(int n)
{
    i128 p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

/* A second opinion on conversion: total steps as a multiple of the channel's resolution. */
static int64_t converted(const struct truth *t, const struct counter *c)
{
    i128 num = (i128)c->total * c->start.multiplier, den = c->start.divisor;
    if (c->start.unit == HENG_UNIT_J) den *= 3600;
    int exp = c->display - t->channel.exp;
    if (exp >= 0) num *= power(exp);
    if (exp < 0) den *= power(-exp);
    i128 twice = 2 * num + den; /* num / den + 1/2, of what is not negative */
    i128 up = twice / (2 * den);
    if (twice % (2 * den) == 0 && up % 2) up--;
    return (int64_t)up;
}

static struct heng_opt_dec shown(const struct counter *c)
{
    int64_t index = c->range ? c->total % c->range : c->total;
    return (struct heng_opt_dec){true, {index, (int8_t)c->display}};
}

static struct heng_channel_fact *put(struct truth *t, heng_channel_fact_kind kind, heng_us at_us)
{
    assert_true(t->n < FACTS_MAX);
    struct heng_channel_fact *f = &t->facts[t->n];
    *f = (struct heng_channel_fact){.at_us = at_us, .kind = kind, .id = (int64_t)++t->n};
    return f;
}

static void install(struct truth *t, struct counter *c, heng_us at_us, bool told)
{
    static const uint32_t multipliers[] = {1, 1, 2, 7};
    c->device++;
    c->start = (struct heng_channel_fact){.at_us = at_us, .kind = HENG_CHANNEL_FACT_START, .device_id = c->device};
    c->start.unit = one_in(2) ? HENG_UNIT_WH : HENG_UNIT_J;
    c->start.multiplier = multipliers[pick(0, 3)];
    c->start.divisor = one_in(5) ? 3 : 1;
    c->display = t->display + (c->start.unit == HENG_UNIT_J ? 3 : 0);
    c->range = 0;
    c->total = pick(0, 99999);
    if (one_in(2)) { /* six digits, of which some may stand behind the point */
        c->start.digits = 6;
        c->start.display_exp = (int8_t)c->display;
        c->range = 1000000;
        if (one_in(2)) c->total = c->range - pick(1, 3000);
    }
    if (told) c->start.index = shown(c);
    struct heng_channel_fact *f = put(t, HENG_CHANNEL_FACT_START, at_us);
    int64_t id = f->id;
    *f = c->start;
    f->id = id;
}

/* So many steps of use; returns what they are in the channel. */
static int64_t use(struct truth *t, struct counter *c, int64_t steps)
{
    int64_t before = converted(t, c);
    c->total += steps;
    return converted(t, c) - before;
}

/* Something happens inside an interval: what is used before and after it is known, or nobody wrote it down. */
static void event(struct truth *t, struct counter *c, size_t i)
{
    int64_t long_us = t->bounds[i + 1] - t->bounds[i];
    heng_us at_us = t->bounds[i] + long_us * pick(400, 600) / 1000;
    bool known = !one_in(4), told = known; /* the index with which it goes on */
    t->used[i] += use(t, c, pick(0, 10));
    if (one_in(2)) {
        struct heng_channel_fact *f = put(t, HENG_CHANNEL_FACT_END, at_us);
        if (known) f->index = shown(c);
        told = known || one_in(2);
        install(t, c, at_us, told);
    } else if (one_in(2)) {
        struct heng_channel_fact *f = put(t, HENG_CHANNEL_FACT_RESET, at_us);
        if (known) f->index = shown(c);
        c->total = pick(0, 50);
        if (known) f->index2 = shown(c);
    } else {
        struct heng_channel_fact *f = put(t, HENG_CHANNEL_FACT_CHANGE, at_us);
        known = known && !(c->range && c->total >= c->range); /* what the display was before counts no more */
        told = known;
        if (c->range) c->total %= c->range;
        if (known) f->index = shown(c);
        c->start.multiplier = c->start.multiplier % 7 + 1;
        f->unit = c->start.unit;
        f->digits = c->start.digits;
        f->display_exp = c->start.display_exp;
        f->multiplier = c->start.multiplier;
        f->divisor = c->start.divisor;
    }
    if (!known) t->unknown[i] = true;
    t->used[i] += use(t, c, pick(0, 10));
    if (!told && c->range) c->total %= c->range; /* the curve begins anew with what the display shows */
}

static void read_at(struct truth *t, const struct counter *c, size_t i, bool wrong)
{
    struct heng_channel_fact *f =
        put(t, one_in(50) ? HENG_CHANNEL_FACT_HISTORY : HENG_CHANNEL_FACT_READING, t->bounds[i]);
    f->index = shown(c);
    f->device_id = one_in(2) ? c->device : 0;
    if (one_in(2)) f->unit = c->start.unit;
    if (wrong && f->index.dec.mantissa > 5000 && one_in(2))
        f->index.dec.mantissa /= 3; /* far below */
    else if (wrong)
        f->index.dec.mantissa += 400000 + pick(0, 100000);
    t->read[i] = !wrong;
}

static void lay_out(struct truth *t, const struct heng_zone *zone)
{
    static const int minutes[] = {15, 30, 60, 1440};
    memset(t, 0, sizeof *t);
    t->channel = channel_of(minutes[pick(0, 3)]);
    t->channel.exp = (int8_t)pick(0, 4);
    t->channel.days = (struct heng_day_rule){one_in(3) ? NULL : zone, one_in(2) ? 0 : 480};
    t->channel.near_us = 0;
    t->channel.short_gap_us = pick(0, 3) * HOUR_US;
    /* In an interval 40 steps are used at most, of 7 x 10^display Wh each, and 10 in 40 % of one; a
     * tenth more for the day of 23 hours. */
    t->display = (int)pick(1, 3);
    t->channel.max_per_hour =
        (struct heng_opt_dec){true, {40 * 7 * 660 / t->channel.minutes, (int8_t)(t->display - 1)}};
    heng_day day = heng_day_of_date(2016, pick(0, 1) ? 3 : 10, (int)pick(1, 20));
    int days = t->channel.minutes == 1440 ? 3650 : 40;
    for (int d = 0; d < days; d++, day++) {
        int count = heng_day_interval_count(&t->channel.days, day, t->channel.minutes);
        for (int k = 0; k < count; k++)
            t->bounds[t->steps++] = heng_day_from_us(&t->channel.days, day) + k * t->channel.minutes * MINUTE_US;
    }
    t->bounds[t->steps] = heng_day_from_us(&t->channel.days, day);
}

static void live(struct truth *t)
{
    struct counter c = {0};
    size_t calm = 6, gap = 0; /* so long nothing odd; so long nothing is read */
    install(t, &c, t->bounds[0], true);
    t->read[0] = true;
    for (size_t i = 0; i < t->steps; i++) {
        bool odd = calm == 0 && gap == 0 && i + 12 < t->steps, wrong = false;
        if (calm) calm--;
        if (odd && one_in(40)) {
            event(t, &c, i);
            calm = 6;
        } else if (odd && one_in(300) && c.total > 20000 && !c.range) { /* it began again, and nobody saw it */
            c.total = pick(0, 5);
            t->unknown[i] = true;
            calm = 10;
        } else {
            t->used[i] = use(t, &c, one_in(3) ? 0 : pick(0, 40));
            wrong = odd && one_in(30);
            if (wrong) calm = 6;
            if (odd && !wrong && one_in(60)) gap = (size_t)(one_in(5) ? pick(100, 600) : pick(1, 20));
        }
        if (gap && --gap && i + 12 < t->steps) {
            calm = 6;
            continue;
        }
        gap = 0;
        read_at(t, &c, i + 1, wrong);
    }
}

/* Weights that depend on the day alone. */
static bool weights(void *ctx, heng_us from_us, heng_us to_us, heng_day day, uint16_t count, uint32_t *ret,
                    heng_method *ret_method)
{
    (void)ctx;
    (void)from_us;
    (void)to_us;
    for (uint16_t i = 0; i < count; i++) ret[i] = ((uint32_t)day * 2654435761U + i * 40503U) >> 16 & 1023U;
    *ret_method = HENG_METHOD_SHARE_PROFILE;
    return day % 50 != 0;
}

static void through_bytes(struct heng_usage *u)
{
    uint8_t bytes[2][HENG_USAGE_STATE_BYTES_MAX];
    struct heng_buf a = heng_buf_of(bytes[0], sizeof bytes[0]), b = heng_buf_of(bytes[1], sizeof bytes[1]);
    struct heng_err err = {0};
    heng_usage_state_pack(&u->state, &a);
    assert_false(a.full);
    memset(&u->state, 0xA5, sizeof u->state);
    if (heng_usage_state_unpack(u->channel, heng_buf_slice(&a), &u->state, &err) != HENG_OK) fail_msg("%s", err.text);
    heng_usage_state_pack(&u->state, &b);
    assert_true(heng_slice_eq(heng_buf_slice(&a), heng_buf_slice(&b)));
}

static void fold_truth(struct truth *t, struct outcome *o)
{
    struct heng_usage *u = malloc(sizeof *u);
    struct heng_usage_out out = {
        .ctx = o, .day = keep_day, .verdict = keep_verdict, .weights = one_in(2) ? weights : NULL};
    qsort(t->facts, t->n, sizeof t->facts[0], fact_order);
    assert_int_equal(heng_usage_init(u, &t->channel, &out, NULL), HENG_OK);
    for (size_t i = 0; i < t->n; i++) {
        assert_int_equal(heng_usage_fact(u, &t->facts[i], NULL), HENG_OK);
        if (one_in(100)) through_bytes(u);
    }
    through_bytes(u);
    assert_int_equal(heng_usage_flush(u, NULL), HENG_OK);
    free(u);
}

/* What came out, against what was. Returns how many intervals are valid. */
static size_t compare(const struct truth *t, const struct outcome *o, unsigned seed)
{
    static int64_t amounts[STEPS_MAX + 1];
    static uint8_t trusts[STEPS_MAX + 1];
    size_t n = 0, valid = 0, from = 0;
    for (size_t d = 0; d < o->day_count; d++)
        for (unsigned i = 0; i < o->days[d].count; i++, n++) {
            assert_true(n < t->steps);
            amounts[n] = o->days[d].amounts[i];
            trusts[n] = o->days[d].trusts[i];
        }
    assert_int_equal(n, t->steps);
    for (size_t i = 0; i < n; i++) {
        bool complete = t->read[i] && t->read[i + 1] && !t->unknown[i];
        valid += trusts[i] == HENG_TRUST_VALID;
        if (complete && trusts[i] != HENG_TRUST_VALID)
            fail_msg("seed %u, interval %zu: read on both sides and %s", seed, i,
                     heng_trust_text((heng_trust)trusts[i]));
        if (trusts[i] == HENG_TRUST_VALID && (amounts[i] != t->used[i] || t->unknown[i]))
            fail_msg("seed %u, interval %zu: %lld is called valid, %lld was used", seed, i, (long long)amounts[i],
                     (long long)t->used[i]);
        if (t->unknown[i] && trusts[i] != HENG_TRUST_MISSING)
            fail_msg("seed %u, interval %zu: nobody can know, and it is %s", seed, i,
                     heng_trust_text((heng_trust)trusts[i]));
    }
    for (size_t i = 1; i <= n; i++) { /* from reading to reading nothing is lost */
        if (!t->read[i]) continue;
        int64_t got = 0, was = 0;
        bool cut = false;
        for (size_t k = from; k < i; k++) {
            got += amounts[k];
            was += t->used[k];
            cut = cut || t->unknown[k];
        }
        if (!cut && got != was)
            fail_msg("seed %u, intervals %zu to %zu: %lld, not %lld", seed, from, i, (long long)got, (long long)was);
        from = i;
    }
    return valid;
}

static void test_truth(void **state)
{
    (void)state;
    static struct truth t;
    struct heng_zone *zone = NULL;
    size_t valid = 0, all = 0, verdicts[HENG_RULE_COUNT] = {0};
    const char *text = getenv("HENG_SEED");
    unsigned seed = text ? (unsigned)strtoul(text, NULL, 10) : 1;
    assert_int_equal(heng_zone_open("Europe/Berlin", &zone, NULL), HENG_OK);
    print_message("seeds from %u on (HENG_SEED)\n", seed);
    for (unsigned end = seed + CHANNELS; seed < end; seed++) {
        struct outcome o = {0};
        rng = heng_sim_rng_of(seed, 6);
        lay_out(&t, zone);
        live(&t);
        fold_truth(&t, &o);
        valid += compare(&t, &o, seed);
        all += t.steps;
        for (size_t i = 0; i < o.verdict_count; i++) verdicts[o.verdicts[i].rule]++;
        outcome_free(&o);
    }
    print_message("%zu of %zu intervals valid; rollovers %zu, outliers %zu, resets and the like %zu\n", valid, all,
                  verdicts[HENG_RULE_ROLLOVER], verdicts[HENG_RULE_OUTLIER],
                  verdicts[HENG_RULE_RESET] + verdicts[HENG_RULE_NEGATIVE]);
    assert_true(valid > all / 2 && valid < all);
    assert_true(verdicts[HENG_RULE_ROLLOVER] > 20 && verdicts[HENG_RULE_OUTLIER] > 1000 &&
                verdicts[HENG_RULE_RESET] > 20);
    heng_zone_free(zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_truth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
