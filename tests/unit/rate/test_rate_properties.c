/* What holds for any usage and any tariff: slices and increments agree, a cut of the period changes nothing but
 * rounding, twelve bills of a step year make the year, the order of usage does not matter, what is too large is
 * refused. The seed is printed; HENG_SEED sets it. */
#include <stdlib.h>
#include <time.h>

#include "sim/rng.h"
#include "unit/rate/rate_case.h"

enum { ROUNDS = 300, LINES = 256, STATES = 8 };
static struct heng_sim_rng rng;

static int64_t below(int64_t n) { return (int64_t)(heng_sim_rng_next(&rng) % (uint64_t)n); }
static heng_day day(int year, int month, int of_month) { return heng_day_of_date(year, month, of_month); }

struct bill {
    struct heng_rate_line lines[LINES];
    struct heng_rate_state states[STATES];
    struct heng_rate_result result;
};

static heng_rc rate(const struct heng_tariff *tariff, heng_day from, heng_day to, const struct heng_rate_usage *usage,
                    size_t count, const struct heng_rate_state *states, size_t state_count, struct bill *ret)
{
    const struct heng_rate_span span = {tariff, from, to};
    const struct heng_rate_ask ask = {.from = from,
                                      .to = to,
                                      .spans = &span,
                                      .span_count = 1,
                                      .usage = usage,
                                      .usage_count = count,
                                      .contract = {.states = states, .state_count = state_count}};
    struct heng_err err = {0};
    ret->result =
        (struct heng_rate_result){.lines = ret->lines, .cap = LINES, .states = ret->states, .state_cap = STATES};
    return heng_rate(&ask, &ret->result, &err);
}

static struct heng_rate_usage used(heng_day from, heng_day to, int64_t hundredths)
{
    struct heng_rate_usage usage = {.quantity = "active",
                                    .unit = "kWh",
                                    .from = from,
                                    .to = to,
                                    .is_amount = true,
                                    .amount = {hundredths, -2},
                                    .multiplier = {1, 0},
                                    .read_places = HENG_PLACES_AS_IS};
    return usage;
}

/* A tariff of steps with random bounds and prices that rise. */
struct made {
    struct heng_tariff_step steps[4];
    struct heng_component component;
    struct heng_tariff tariff;
};

static void make(struct made *made, heng_step_form form, int8_t places)
{
    struct heng_component *component = &made->component;
    *component = heng_component_default();
    component->id = "energy";
    component->rule = HENG_TARIFF_RULE_STEPS;
    component->quantity = "active";
    component->unit = "kWh";
    component->form = form;
    component->places = places;
    component->cycle = HENG_CYCLE_CALENDAR;
    component->bounds_per = HENG_BOUNDS_PER_CYCLE;
    component->steps = made->steps;
    component->step_count = (uint8_t)(1 + below(4));
    for (unsigned i = 0; i < component->step_count; i++) {
        made->steps[i] = (struct heng_tariff_step){.from = {0, 0}};
        if (i) made->steps[i].from = heng_dec_of(made->steps[i - 1].from.mantissa + 1 + below(2000), 0);
        made->steps[i].price = heng_dec_of((i ? made->steps[i - 1].price.mantissa : 3000) + below(3000), -4);
    }
    made->tariff = (struct heng_tariff){.id = "T", .currency = "CNY", .count = 1, .components = component};
}

static int64_t cents(struct heng_dec a)
{
    int64_t n = 0;
    assert_true(heng_exact_steps(a, 6, &n)); /* in millionths */
    return n;
}

static void test_slices_are_increments(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct made made;
        static struct bill slices, increments;
        heng_day from = day(2026, 1, 1), to = day(2027, 1, 1);
        struct heng_rate_usage usage = used(from, to, below(1000000));
        make(&made, HENG_FORM_SLICES, 6); /* all places: nothing is rounded */
        assert_int_equal(rate(&made.tariff, from, to, &usage, 1, NULL, 0, &slices), HENG_OK);
        made.component.form = HENG_FORM_INCREMENTS;
        assert_int_equal(rate(&made.tariff, from, to, &usage, 1, NULL, 0, &increments), HENG_OK);
        assert_int_equal(cents(slices.result.total), cents(increments.result.total));
    }
}

/* Twelve bills whose state goes from one to the next, and the year at once: half a cent for each line, at most. */
static void test_months_make_the_year(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct made made;
        static struct bill month, year;
        struct heng_rate_state kept[STATES];
        int64_t sum = 0, all = 0;
        size_t kept_count = 0, lines = 0;
        make(&made, round & 1 ? HENG_FORM_SLICES : HENG_FORM_INCREMENTS, 2);
        made.component.start_month = (uint8_t)(1 + below(12));
        heng_day first = day(2026, made.component.start_month, 1);
        for (int i = 0; i < 12; i++) {
            heng_day from = heng_month_next(first, i), to = heng_month_next(first, i + 1);
            struct heng_rate_usage usage = used(from, to, below(100000));
            all += usage.amount.mantissa;
            assert_int_equal(rate(&made.tariff, from, to, &usage, 1, kept, kept_count, &month), HENG_OK);
            memcpy(kept, month.states, sizeof kept);
            kept_count = month.result.state_count;
            lines += month.result.count;
            sum += cents(month.result.total);
        }
        struct heng_rate_usage usage = used(first, heng_month_next(first, 12), all);
        assert_int_equal(rate(&made.tariff, first, heng_month_next(first, 12), &usage, 1, NULL, 0, &year), HENG_OK);
        lines += year.result.count;
        int64_t apart = llabs(sum - cents(year.result.total));
        if (apart > (int64_t)lines * 5000) fail_msg("round %d: %lld millionths apart", round, (long long)apart);
        for (unsigned t = 0; t < HENG_TARIFF_STEPS_MAX; t++)
            assert_int_equal(heng_dec_cmp(kept[0].used[t], year.states[0].used[t]), 0);
    }
}

/* A reading more inside the period, on any day: the same tiers, the same money but for rounding of the lines. */
static void test_cut_on_any_day(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct made made;
        static struct bill whole, first, second;
        heng_day from = day(2026, 3, 1), to = day(2026, 6, 1), cut = from + 1 + (heng_day)below(to - from - 1);
        int64_t a = below(200000), b = below(200000);
        struct heng_rate_usage all = used(from, to, a + b), one = used(from, cut, a), two = used(cut, to, b);
        make(&made, HENG_FORM_SLICES, 2);
        assert_int_equal(rate(&made.tariff, from, to, &all, 1, NULL, 0, &whole), HENG_OK);
        assert_int_equal(rate(&made.tariff, from, cut, &one, 1, NULL, 0, &first), HENG_OK);
        assert_int_equal(rate(&made.tariff, cut, to, &two, 1, first.states, first.result.state_count, &second),
                         HENG_OK);
        int64_t apart = llabs(cents(whole.result.total) - cents(first.result.total) - cents(second.result.total));
        size_t lines = whole.result.count + first.result.count + second.result.count;
        assert_true(apart <= (int64_t)lines * 5000);
    }
}

/* A price that changes on a day without a reading: the quantities always sum to what was used. */
static void test_parts_sum_to_the_whole(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        static struct bill bill;
        struct heng_component versions[3];
        heng_day from = day(2026, 3, 1), to = day(2026, 6, 1), at = from;
        struct heng_rate_usage usage = used(from, to, below(1000000));
        int64_t sum = 0, n;
        for (int i = 0; i < 3; i++) {
            versions[i] = heng_component_default();
            versions[i].id = "energy";
            versions[i].rule = HENG_TARIFF_RULE_PER_UNIT;
            versions[i].quantity = "active";
            versions[i].unit = "kWh";
            versions[i].price = heng_dec_of(1 + below(9999), -4);
            versions[i].from = at;
            versions[i].to = i < 2 ? at + 1 + (heng_day)below(40) : HENG_DAY_OPEN;
            at = versions[i].to;
        }
        const struct heng_tariff tariff = {.id = "T", .currency = "CNY", .count = 3, .components = versions};
        assert_int_equal(rate(&tariff, from, to, &usage, 1, NULL, 0, &bill), HENG_OK);
        for (size_t i = 0; i < bill.result.count; i++) {
            assert_true(heng_exact_steps(bill.lines[i].quantity, 2, &n));
            sum += n;
        }
        assert_int_equal(sum, usage.amount.mantissa);
    }
}

/* Usage in any order gives the same bill. */
static void test_any_order(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct made made;
        static struct bill bill, shuffled;
        struct heng_rate_usage usage[6];
        heng_day from = day(2026, 3, 1), to = from + 60;
        make(&made, HENG_FORM_SLICES, 2);
        for (int i = 0; i < 6; i++) usage[i] = used(from + i * 10, from + i * 10 + 10, below(100000));
        assert_int_equal(rate(&made.tariff, from, to, usage, 6, NULL, 0, &bill), HENG_OK);
        for (int i = 5; i > 0; i--) {
            int k = (int)below(i + 1);
            struct heng_rate_usage other = usage[i];
            usage[i] = usage[k];
            usage[k] = other;
        }
        assert_int_equal(rate(&made.tariff, from, to, usage, 6, NULL, 0, &shuffled), HENG_OK);
        assert_int_equal(cents(bill.result.total), cents(shuffled.result.total));
        assert_int_equal(bill.result.count, shuffled.result.count);
    }
}

/* Near the limit of int64: exact or refused, never cut. 2^63 is 9.2 x 10^18; amounts have 18 digits. */
static void test_near_the_limit(void **state)
{
    (void)state;
    unsigned refused = 0, rated = 0;
    for (int round = 0; round < ROUNDS; round++) {
        static struct bill bill;
        struct heng_component component = heng_component_default();
        heng_day from = day(2026, 3, 1), to = day(2026, 4, 1);
        int64_t amount = INT64_MAX >> below(20), price = 1 + below(1000);
        struct heng_rate_usage usage = used(from, to, amount);
        component.id = "energy";
        component.rule = HENG_TARIFF_RULE_PER_UNIT;
        component.quantity = "active";
        component.unit = "kWh";
        component.price = heng_dec_of(price, -2);
        const struct heng_tariff tariff = {.id = "T", .currency = "CNY", .count = 1, .components = &component};
        heng_rc rc = rate(&tariff, from, to, &usage, 1, NULL, 0, &bill);
        __extension__ __int128 exact = (__int128)amount * price;
        __extension__ __int128 rounded = (exact + 50) / 100;
        if (rounded > 999999999999999999) {
            assert_int_not_equal(rc, HENG_OK);
            refused++;
        } else {
            assert_int_equal(rc, HENG_OK);
            assert_true(bill.lines[0].amount.mantissa == (int64_t)rounded && bill.lines[0].amount.exp == -2);
            rated++;
        }
    }
    assert_true(refused > 10 && rated > 10);
}

int main(void)
{
    const char *given = getenv("HENG_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("# seed %llu\n", (unsigned long long)seed);
    rng = heng_sim_rng_of(seed, 7);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_slices_are_increments),
                                       cmocka_unit_test(test_months_make_the_year),
                                       cmocka_unit_test(test_cut_on_any_day),
                                       cmocka_unit_test(test_parts_sum_to_the_whole),
                                       cmocka_unit_test(test_any_order),
                                       cmocka_unit_test(test_near_the_limit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
