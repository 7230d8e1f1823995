/* Lines in the smallest unit of a currency: whatever the tariff, they sum to the total, and none is far from its exact
 * amount. */
#include <time.h>

#include "billing/charger.h"
#include "unit/small_site.h"

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static int64_t below(int64_t n) { return (int64_t)(next_random() % (uint64_t)n); }

enum { COMPONENTS = 12, USAGES = 4 };

struct made {
    struct heng_component components[COMPONENTS];
    char ids[COMPONENTS][8];
    struct heng_tariff_step steps[COMPONENTS][3];
    struct heng_tariff tariff;
    struct heng_rate_usage usage;
    struct heng_rate_base base;
};

static void make(struct made *m)
{
    static const int64_t vats[] = {0, 3, 6, 9, 13};
    size_t n = 1 + (size_t)below(COMPONENTS);
    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < n; i++) {
        struct heng_component *c = &m->components[i];
        *c = heng_component_default();
        snprintf(m->ids[i], sizeof m->ids[i], "c%u", (unsigned)i % 100);
        c->id = m->ids[i];
        c->places = (int8_t)(2 + below(5));
        c->price = heng_dec_of(below(2000000), -6);
        c->vat.rate = heng_dec_of(vats[below(5)], -2);
        c->rule = HENG_TARIFF_RULE_PER_UNIT;
        c->quantity = "active";
        c->unit = "kWh";
        if (below(3) == 0) {
            c->rule = HENG_TARIFF_RULE_STEPS;
            c->step_count = 3;
            for (size_t k = 0; k < 3; k++)
                m->steps[i][k] = (struct heng_tariff_step){.from = heng_dec_of((int64_t)k * (50 + below(300)), 0),
                                                           .price = heng_dec_of(below(2000000), -6),
                                                           .has_price = true};
            m->steps[i][2].from.mantissa += m->steps[i][1].from.mantissa + 1;
            m->steps[i][1].from.mantissa++;
            c->steps = m->steps[i];
        }
    }
    m->tariff = (struct heng_tariff){.id = "T",
                                     .currency = "CNY",
                                     .vat_by = below(2) ? HENG_VAT_BY_LINE : HENG_VAT_BY_TOTAL,
                                     .vat_excluded = below(2) == 0,
                                     .count = (uint16_t)n,
                                     .components = m->components};
    m->usage = (struct heng_rate_usage){.quantity = "active",
                                        .unit = "kWh",
                                        .from = 20000,
                                        .to = 20031,
                                        .is_amount = true,
                                        .multiplier = {1, 0},
                                        .read_places = HENG_PLACES_AS_IS,
                                        .amount = {below(100000), (int8_t)-below(4)}};
}

static void test_lines_sum_to_the_total(void **state)
{
    static struct made m;
    static struct heng_rate_line lines[HENG_CHARGE_LINES_MAX];
    static struct heng_rate_state states[CHARGE_STATES_MAX];
    static struct heng_charge_line out[HENG_CHARGE_LINES_MAX];
    size_t fine = 0;
    (void)state;
    seed = (uint64_t)time(NULL) | 1;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (unsigned turn = 0; turn < 2000; turn++) {
        struct heng_err err;
        make(&m);
        const struct heng_rate_span span = {&m.tariff, 20000, 20031};
        const struct heng_rate_ask ask = {
            .from = 20000, .to = 20031, .span_count = 1, .usage_count = 1, .spans = &span, .usage = &m.usage};
        struct heng_rate_result result = {
            .lines = lines, .cap = HENG_CHARGE_LINES_MAX, .states = states, .state_cap = CHARGE_STATES_MAX};
        struct heng_charge charge = {.lines = out};
        struct heng_dec rounded;
        int64_t sum = 0, tax = 0;
        assert_ok(heng_rate(&ask, &result, &err));
        assert_ok(charge_lines(&result, "CNY", &charge, HENG_CHARGE_LINES_MAX, &err));
        for (size_t i = 0; i < charge.line_count; i++) {
            struct heng_dec off;
            sum += out[i].amount;
            tax += out[i].tax;
            assert_true(out[i].tax >= 0 && out[i].tax <= out[i].amount);
            int64_t ours = out[i].amount - (m.tariff.vat_excluded ? out[i].tax : 0);
            assert_ok(heng_dec_sub(heng_dec_of(ours, -2), lines[i].amount, &off));
            assert_true(heng_dec_cmp(off, heng_dec_of(-1, -2)) > 0 && heng_dec_cmp(off, heng_dec_of(1, -2)) < 0);
            fine += lines[i].amount.exp < -2;
        }
        assert_int_equal(sum, charge.total);
        assert_int_equal(tax, charge.tax);
        assert_ok(heng_exact_round(result.total, 2, HENG_ROUNDING_HALF_UP, &rounded));
        if (!m.tariff.vat_excluded) assert_int_equal(charge.total, rounded.mantissa);
    }
    assert_true(fine > 1000); /* there was something to do */
}

static void test_the_example_of_the_manual(void **state)
{
    struct heng_component component = heng_component_default();
    struct heng_tariff tariff = {.id = "T", .currency = "CNY", .count = 1, .components = &component};
    struct heng_rate_line lines[3];
    struct heng_charge_line out[3];
    struct heng_charge charge = {.lines = out};
    struct heng_err err;
    (void)state;
    component.id = "c";
    for (size_t i = 0; i < 3; i++)
        lines[i] = (struct heng_rate_line){.tariff = &tariff,
                                           .component = &component,
                                           .quantity = {1, 0},
                                           .price = {336, -3},
                                           .amount = {336, -3},
                                           .net = {336, -3}};
    struct heng_rate_result result = {.lines = lines, .count = 3, .total = {1008, -3}, .vat_count = 1};
    result.vats[0] = (struct heng_rate_vat){.gross = {1008, -3}, .net = {1008, -3}};
    assert_ok(charge_lines(&result, "CNY", &charge, 3, &err));
    assert_int_equal(charge.total, 101);
    assert_int_equal(out[0].amount, 34);
    assert_int_equal(out[1].amount, 34);
    assert_int_equal(out[2].amount, 33);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines_sum_to_the_total),
                                       cmocka_unit_test(test_the_example_of_the_manual)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
