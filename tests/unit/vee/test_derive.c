/* Keeping stored days true: whatever the order in which facts arrive and in whatever portions, what is stored is the
 * same to the byte, and the same as from scratch; a late reading rewrites its own days and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "sim/rng.h"
#include "unit/vee/usage_case.h"
#include "vee/derive.h"

enum { FACTS_MAX = 6000, DAYS = 800, VERDICTS_MAX = 40, CHECKPOINTS_MAX = 40 };

/* A store in memory; day numbers from `zero` on. */
struct memory {
    heng_day zero;
    size_t n;
    struct heng_channel_fact facts[FACTS_MAX]; /* sorted */
    bool has[DAYS];
    struct heng_day_usage days[DAYS];
    size_t verdict_count[2][DAYS];
    struct heng_verdict verdicts[2][DAYS][VERDICTS_MAX];
    size_t checkpoint_count;
    struct {
        heng_day day;
        size_t n;
        uint8_t bytes[HENG_USAGE_STATE_BYTES_MAX];
    } checkpoints[CHECKPOINTS_MAX];
    int fail_after; /* calls until one fails; 0 never */
};

static bool fails(struct memory *m) { return m->fail_after && --m->fail_after == 0; }

static size_t slot(const struct memory *m, heng_day day)
{
    assert_true(day >= m->zero && day < m->zero + DAYS);
    return (size_t)(day - m->zero);
}

static heng_rc next_fact(void *ctx, heng_us from_us, const struct heng_channel_fact *after,
                         struct heng_channel_fact *ret)
{
    struct memory *m = ctx;
    size_t low = 0, high = m->n;
    if (fails(m)) return HENG_EIO;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bool before = after ? heng_channel_fact_cmp(&m->facts[middle], after) <= 0 : m->facts[middle].at_us < from_us;
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == m->n) return HENG_ENOTFOUND;
    *ret = m->facts[low];
    return HENG_OK;
}

static heng_rc checkpoint(void *ctx, heng_day until, heng_day *ret_day, struct heng_buf *ret_bytes)
{
    struct memory *m = ctx;
    if (fails(m)) return HENG_EIO;
    for (size_t i = m->checkpoint_count; i; i--)
        if (m->checkpoints[i - 1].day <= until) {
            *ret_day = m->checkpoints[i - 1].day;
            heng_buf_put(ret_bytes, heng_slice_of(m->checkpoints[i - 1].bytes, m->checkpoints[i - 1].n));
            return HENG_OK;
        }
    return HENG_ENOTFOUND;
}

static heng_rc drop_checkpoints(void *ctx, heng_day from, heng_day to)
{
    struct memory *m = ctx;
    size_t kept = 0;
    if (fails(m)) return HENG_EIO;
    for (size_t i = 0; i < m->checkpoint_count; i++)
        if (m->checkpoints[i].day < from || m->checkpoints[i].day >= to) m->checkpoints[kept++] = m->checkpoints[i];
    m->checkpoint_count = kept;
    return HENG_OK;
}

static heng_rc put_checkpoint(void *ctx, heng_day day, struct heng_slice bytes)
{
    struct memory *m = ctx;
    size_t i = 0;
    if (fails(m)) return HENG_EIO;
    while (i < m->checkpoint_count && m->checkpoints[i].day < day) i++;
    if (i == m->checkpoint_count || m->checkpoints[i].day != day) {
        assert_true(m->checkpoint_count < CHECKPOINTS_MAX);
        memmove(&m->checkpoints[i + 1], &m->checkpoints[i], (m->checkpoint_count - i) * sizeof m->checkpoints[0]);
        m->checkpoint_count++;
    }
    m->checkpoints[i].day = day;
    m->checkpoints[i].n = bytes.n;
    memset(m->checkpoints[i].bytes, 0, sizeof m->checkpoints[i].bytes);
    memcpy(m->checkpoints[i].bytes, bytes.p, bytes.n);
    return HENG_OK;
}

static heng_rc get_day(void *ctx, heng_day day, struct heng_day_usage *ret)
{
    struct memory *m = ctx;
    if (fails(m)) return HENG_EIO;
    if (!m->has[slot(m, day)]) return HENG_ENOTFOUND;
    *ret = m->days[slot(m, day)];
    return HENG_OK;
}

static heng_rc put_day(void *ctx, const struct heng_day_usage *day)
{
    struct memory *m = ctx;
    if (fails(m)) return HENG_EIO;
    m->has[slot(m, day->day)] = true;
    memcpy(&m->days[slot(m, day->day)], day, sizeof *day);
    return HENG_OK;
}

static heng_rc put_verdicts(void *ctx, heng_day day, heng_verdict_place place, const struct heng_verdict *verdicts,
                            size_t count)
{
    struct memory *m = ctx;
    if (fails(m)) return HENG_EIO;
    assert_in_range(count, 1, VERDICTS_MAX);
    memset(m->verdicts[place][slot(m, day)], 0, sizeof m->verdicts[place][0]);
    memcpy(m->verdicts[place][slot(m, day)], verdicts, count * sizeof *verdicts);
    m->verdict_count[place][slot(m, day)] = count;
    return HENG_OK;
}

static bool inside(const struct memory *m, size_t i, heng_day from, heng_day to)
{
    heng_day day = m->zero + (heng_day)i;
    return day >= from && day < to;
}

static heng_rc drop_days(void *ctx, heng_day from, heng_day to)
{
    struct memory *m = ctx;
    if (fails(m)) return HENG_EIO;
    for (size_t i = 0; i < DAYS; i++)
        if (m->has[i] && inside(m, i, from, to)) {
            m->has[i] = false;
            memset(&m->days[i], 0, sizeof m->days[i]);
        }
    return HENG_OK;
}

static heng_rc drop_verdicts(void *ctx, heng_day from, heng_day to, heng_verdict_place place)
{
    struct memory *m = ctx;
    if (fails(m)) return HENG_EIO;
    for (size_t i = 0; i < DAYS; i++)
        if (m->verdict_count[place][i] && inside(m, i, from, to)) {
            m->verdict_count[place][i] = 0;
            memset(m->verdicts[place][i], 0, sizeof m->verdicts[place][i]);
        }
    return HENG_OK;
}

/* A rule that looks back: a day is high when it is above twice the mean of the valid days among the 20 before it. */
static heng_rc check_day(void *ctx, struct heng_day_usage *day, struct heng_verdict *ret, size_t *ret_count)
{
    struct memory *m = ctx;
    int64_t sum = 0, count = 0;
    if (fails(m)) return HENG_EIO;
    for (heng_day d = day->day - 20; d < day->day; d++)
        if (d >= m->zero && m->has[slot(m, d)] && m->days[slot(m, d)].trust == HENG_TRUST_VALID) {
            sum += m->days[slot(m, d)].amount;
            count++;
        }
    *ret_count = 0;
    if (count < 5 || day->amount * count <= 2 * sum) return HENG_OK;
    memset(ret, 0, sizeof *ret);
    ret->rule = HENG_RULE_HIGH;
    ret->severity = HENG_SEVERITY_TASK;
    ret->seen.dec.mantissa = day->amount;
    ret->reference.dec.mantissa = sum;
    day->flags |= UINT64_C(1) << HENG_RULE_HIGH;
    *ret_count = 1;
    return HENG_OK;
}

/* Weights from the stored days of three weeks before the gap. */
static bool past_weights(void *ctx, heng_us from_us, heng_us to_us, heng_day day, uint16_t count, uint32_t *ret,
                         heng_method *ret_method)
{
    struct memory *m = ctx;
    heng_day first = (heng_day)(from_us / HENG_US_PER_DAY);
    (void)to_us;
    (void)day;
    for (heng_day d = first - 21; d < first; d++)
        if (d >= m->zero && m->has[slot(m, d)] && m->days[slot(m, d)].count == count)
            for (uint16_t i = 0; i < count; i++) ret[i] += (uint32_t)m->days[slot(m, d)].amounts[i];
    *ret_method = HENG_METHOD_SHARE_PROFILE;
    return true;
}

static struct heng_derive_store store_of(struct memory *m)
{
    return (struct heng_derive_store){.ctx = m,
                                      .next_fact = next_fact,
                                      .checkpoint = checkpoint,
                                      .put_checkpoint = put_checkpoint,
                                      .get_day = get_day,
                                      .put_day = put_day,
                                      .put_verdicts = put_verdicts,
                                      .drop_days = drop_days,
                                      .drop_checkpoints = drop_checkpoints,
                                      .drop_verdicts = drop_verdicts,
                                      .check_day = check_day,
                                      .weights = past_weights};
}

static struct heng_derive derive;

static void run(struct memory *m, const struct heng_channel *channel, heng_us from_us, heng_us to_us)
{
    struct heng_derive_store store = store_of(m);
    struct heng_err err = {0};
    if (heng_derive_run(&derive, channel, &store, from_us, to_us, &err) != HENG_OK) fail_msg("%s", err.text);
}

static void sort_facts(struct memory *m) { qsort(m->facts, m->n, sizeof m->facts[0], fact_order); }

/* Everything but the facts. */
static bool same(const struct memory *a, const struct memory *b)
{
    if (memcmp(a->has, b->has, sizeof a->has) || memcmp(a->days, b->days, sizeof a->days)) return false;
    if (memcmp(a->verdict_count, b->verdict_count, sizeof a->verdict_count)) return false;
    if (memcmp(a->verdicts, b->verdicts, sizeof a->verdicts) || a->checkpoint_count != b->checkpoint_count)
        return false;
    for (size_t i = 0; i < a->checkpoint_count; i++)
        if (memcmp(&a->checkpoints[i], &b->checkpoints[i], sizeof a->checkpoints[i])) return false;
    return true;
}

static void forget(struct memory *m)
{
    struct memory *fresh = calloc(1, sizeof *fresh);
    assert_non_null(fresh);
    fresh->zero = m->zero;
    fresh->n = m->n;
    memcpy(fresh->facts, m->facts, m->n * sizeof m->facts[0]);
    memcpy(m, fresh, sizeof *m);
    free(fresh);
}

static struct heng_sim_rng rng;
static int64_t pick(int64_t low, int64_t high)
{
    return low + (int64_t)(heng_sim_rng_next(&rng) % (uint64_t)(high - low + 1));
}

/* A meter from 2026-01-10 on, read every hour for so many days, with all that may happen to it. */
static void lay_out(struct memory *m, int days, bool eventful)
{
    int64_t index = 1000;
    heng_us from_us = at("2026-01-10");
    memset(m, 0, sizeof *m);
    m->zero = day_of("2025-12-01");
    m->facts[m->n++] = start_of(from_us, "10000", HENG_UNIT_WH, 6);
    for (int i = 1; i <= days * 24; i++) {
        heng_us at_us = from_us + i * HOUR_US;
        index += i % 24 < 6 ? 1 : pick(3, 9);
        if (eventful && pick(1, 60) == 1) i += (int)pick(1, 40); /* unread */
        if (i > days * 24) break;
        struct heng_channel_fact f = fact_of(HENG_CHANNEL_FACT_READING, at_us, NULL);
        f.id = i;
        f.index = (struct heng_opt_dec){true, {index, 1}};
        if (eventful && pick(1, 80) == 1) f.index.dec.mantissa += pick(0, 1) ? 50000 : -400;
        if (eventful && pick(1, 90) == 1) f.index.is = false;
        if (at_us > m->facts[m->n - 1].at_us) m->facts[m->n++] = f;
        if (eventful && pick(1, 200) == 1) {
            struct heng_channel_fact reset = fact_of(HENG_CHANNEL_FACT_RESET, at_us + HOUR_US / 2, NULL);
            reset.index = f.index;
            reset.index2 = (struct heng_opt_dec){true, {index = pick(0, 500), 1}};
            m->facts[m->n++] = reset;
        }
        if (eventful && pick(1, 300) == 1) index = pick(0, 10); /* unexplained */
        if (eventful && pick(1, 200) == 1) {
            struct heng_channel_fact edit = fact_of(HENG_CHANNEL_FACT_EDITED, at_us, "5000");
            edit.to_us = at_us + pick(1, 60) * HOUR_US;
            edit.id = 100000 + i;
            m->facts[m->n++] = edit;
        }
        assert_true(m->n + 4 < FACTS_MAX);
    }
    sort_facts(m);
}

static struct heng_channel hourly(void)
{
    struct heng_channel channel = channel_of(60);
    channel.max_per_hour = index_of("2000");
    return channel;
}

/* A month's facts arrive in any order and in any portions: the same bytes as in one go. */
static void test_any_order_of_arrival(void **state)
{
    (void)state;
    struct heng_channel channel = hourly();
    struct memory *whole = malloc(sizeof *whole), *part = malloc(sizeof *part);
    const char *text = getenv("HENG_SEED");
    unsigned seed = text ? (unsigned)strtoul(text, NULL, 10) : 1, end = seed + 1000;
    print_message("seeds from %u on (HENG_SEED)\n", seed);
    rng = heng_sim_rng_of(seed, 60);
    lay_out(whole, 31, true);
    run(whole, &channel, 0, HENG_US_NEVER);
    assert_false(derive.counts.stopped);
    for (; seed < end; seed++) {
        static struct heng_channel_fact left[FACTS_MAX];
        size_t n = whole->n;
        rng = heng_sim_rng_of(seed, 61);
        memcpy(left, whole->facts, n * sizeof left[0]);
        memset(part, 0, sizeof *part);
        part->zero = whole->zero;
        while (n) {
            size_t portion = (size_t)pick(1, (int64_t)n);
            heng_us from_us = HENG_US_NEVER, to_us = 0;
            for (size_t k = 0; k < portion; k++) {
                size_t i = (size_t)pick(0, (int64_t)n - 1);
                from_us = left[i].at_us < from_us ? left[i].at_us : from_us;
                to_us = left[i].at_us > to_us ? left[i].at_us : to_us;
                part->facts[part->n++] = left[i];
                left[i] = left[--n];
            }
            sort_facts(part);
            run(part, &channel, from_us, to_us);
        }
        if (!same(whole, part)) fail_msg("seed %u: another result", seed);
    }
    free(whole);
    free(part);
}

/* Two years: facts come, change and go anywhere; after each run all is as from scratch. */
static void test_changes_anywhere(void **state)
{
    (void)state;
    struct heng_channel channel = hourly();
    struct memory *kept = malloc(sizeof *kept), *scratch = malloc(sizeof *scratch);
    size_t stopped = 0;
    print_message("seed 62\n");
    rng = heng_sim_rng_of(1, 62);
    lay_out(kept, 200, true);
    run(kept, &channel, 0, HENG_US_NEVER);
    for (int round = 0; round < 150; round++) {
        size_t i = (size_t)pick(round % 10 ? 1 : 0, (int64_t)kept->n - 1);
        if (round % 7 == 0) i = kept->n - 1 - (size_t)pick(0, 40);
        heng_us at_us = kept->facts[i].at_us;
        switch (pick(0, 2)) {
        case 0: kept->facts[i].index.dec.mantissa += pick(-3, 3); break;
        case 1: kept->facts[i] = kept->facts[--kept->n]; break;
        default:
            kept->facts[kept->n] = kept->facts[i];
            kept->facts[kept->n].at_us = at_us += pick(0, 50) * MINUTE_US;
            kept->facts[kept->n++].id += 500000;
            break;
        }
        sort_facts(kept);
        heng_us before_us = at_us - 50 * MINUTE_US;
        run(kept, &channel, before_us, at_us);
        stopped += derive.counts.stopped;
        memcpy(scratch, kept, sizeof *scratch);
        forget(scratch);
        run(scratch, &channel, 0, HENG_US_NEVER);
        if (!same(kept, scratch)) fail_msg("round %d: not as from scratch", round);
    }
    assert_true(stopped > 50);
    free(kept);
    free(scratch);
}

/* One late reading in a long quiet history. */
static void test_late_reading_touches_its_days(void **state)
{
    (void)state;
    struct heng_channel channel = hourly();
    struct memory *m = malloc(sizeof *m);
    rng = heng_sim_rng_of(1, 63);
    lay_out(m, 200, false);
    size_t i = 1;
    while (m->facts[i].at_us != at("2026-03-05T10:00")) i++;
    struct heng_channel_fact late = m->facts[i];
    memmove(&m->facts[i], &m->facts[i + 1], (--m->n - i) * sizeof m->facts[0]);
    run(m, &channel, 0, HENG_US_NEVER);
    assert_int_equal(derive.counts.days_written, 200);
    assert_int_equal(derive.counts.facts, 200 * 24);

    run(m, &channel, 0, HENG_US_NEVER); /* nothing new: nothing written */
    assert_int_equal(derive.counts.days_written, 0);
    assert_int_equal(derive.counts.checkpoints_written, 0);

    m->facts[m->n++] = late;
    sort_facts(m);
    run(m, &channel, late.at_us, late.at_us);
    assert_int_equal(derive.counts.days_written, 1);
    assert_int_equal(derive.counts.checkpoints_written, 0);
    assert_true(derive.counts.stopped);
    assert_int_equal(derive.counts.first, day_of("2026-02-28")); /* the last reading before the month closes in it */
    assert_true(derive.counts.last < day_of("2026-05-01"));      /* 35 days on, then to the next checkpoint */
    assert_int_equal(derive.counts.days_read, derive.counts.last - derive.counts.first + 1);

    m->n--; /* the newest reading goes: its day is rewritten, nothing else */
    run(m, &channel, m->facts[m->n].at_us, m->facts[m->n].at_us);
    assert_int_equal(derive.counts.days_written, 1);
    m->n = 0; /* all goes */
    run(m, &channel, 0, HENG_US_NEVER);
    for (size_t d = 0; d < DAYS; d++) assert_false(m->has[d] || m->verdict_count[0][d] || m->verdict_count[1][d]);
    assert_int_equal(m->checkpoint_count, 0);
    free(m);
}

/* How many of the facts lie on the newest day before a moment that has any, or behind it. */
static size_t since_the_day_before(const struct memory *m, heng_us at_us)
{
    size_t i = m->n;
    while (i && m->facts[i - 1].at_us >= at_us) i--;
    heng_us day_us = i ? m->facts[i - 1].at_us / HENG_US_PER_DAY * HENG_US_PER_DAY : 0;
    while (i && m->facts[i - 1].at_us >= day_us) i--;
    return m->n - i;
}

/* What comes day by day is gone on with: each day folds the one before and itself, and never the month again. */
static void test_day_by_day(void **state)
{
    (void)state;
    struct heng_channel channel = hourly();
    struct memory *all = malloc(sizeof *all), *m = malloc(sizeof *m), *scratch = malloc(sizeof *scratch);
    for (uint64_t seed = 65; seed < 70; seed++) {
        size_t read = 0, heads = 0, i = 0;
        rng = heng_sim_rng_of(seed, 65);
        lay_out(all, 200, true);
        memset(m, 0, sizeof *m);
        m->zero = all->zero;
        while (i < all->n) {
            heng_us at_us = all->facts[i].at_us, day_us = (at_us / HENG_US_PER_DAY + 1) * HENG_US_PER_DAY;
            while (i < all->n && all->facts[i].at_us < day_us) m->facts[m->n++] = all->facts[i++];
            run(m, &channel, at_us, m->facts[m->n - 1].at_us);
            assert_int_equal(derive.counts.facts, since_the_day_before(m, at_us));
            read += derive.counts.facts;
            heads += m->checkpoint_count && m->checkpoints[m->checkpoint_count - 1].day == derive.fold_day;
            if (pick(0, 9) && i < all->n) continue;
            memcpy(scratch, m, sizeof *scratch);
            forget(scratch);
            run(scratch, &channel, 0, HENG_US_NEVER);
            if (!same(m, scratch)) fail_msg("seed %u: not as from scratch", (unsigned)seed);
        }
        assert_true(m->checkpoint_count <= 8); /* January has none; one head */
        assert_true(heads > 100 && read <= 2 * all->n);
    }
    free(all);
    free(m);
    free(scratch);
}

/* Any call to the store may fail: its code comes back; a damaged checkpoint is not believed. */
static void test_failures(void **state)
{
    (void)state;
    struct heng_channel channel = hourly();
    struct memory *m = malloc(sizeof *m);
    struct heng_derive_store store = store_of(m);
    struct heng_err err = {0};
    rng = heng_sim_rng_of(1, 64);
    lay_out(m, 60, true);
    int calls = 1;
    for (; calls < 100000; calls += 1 + calls / 40) {
        forget(m);
        m->fail_after = calls;
        heng_rc rc = heng_derive_run(&derive, &channel, &store, 0, HENG_US_NEVER, &err);
        if (rc == HENG_OK) break;
        assert_int_equal(rc, HENG_EIO);
    }
    assert_in_range(calls, 1000, 99999);
    m->fail_after = 0;
    run(m, &channel, 0, HENG_US_NEVER);
    assert_true(m->checkpoint_count > 0);
    m->checkpoints[0].bytes[0] ^= 1;
    heng_us in_february = at("2026-02-10");
    assert_int_equal(heng_derive_run(&derive, &channel, &store, in_february, in_february, &err), HENG_EFORMAT);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order_of_arrival),
        cmocka_unit_test(test_changes_anywhere),
        cmocka_unit_test(test_late_reading_touches_its_days),
        cmocka_unit_test(test_day_by_day),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
