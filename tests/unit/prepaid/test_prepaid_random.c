/* Random days, late and corrected data, sales, price changes of the future: at every step the balance is what was sold
 * less what the whole use costs, worked out by the rater anew for each period. To the cent. */
#include "prepaid_rig.h"

enum { DAYS = 100, STEPS = 90 };

struct world {
    struct prepaid_rig r;
    int64_t account, contract, sold;
    int64_t used[DAYS];
    bool known[DAYS];
    int today;
};

/* Days are known from the first on without a gap up to here: behind a gap nothing is charged. */
static int known_to(const struct world *w)
{
    int day = 0;
    while (day < w->today && w->known[day]) day++;
    return day;
}

/* 1.2345 a kWh in March, 0.9876 from 1 April on; hundredths of kWh; half up, each month by itself. */
static int64_t cost(const struct world *w, int to)
{
    int64_t total = 0;
    for (int month = 0; month < 5; month++) {
        int32_t first = heng_month_next(heng_month_of(w->r.day0), month), next = heng_month_next(first, 1);
        int64_t used = 0;
        for (int day = 0; day < to; day++)
            if (w->r.day0 + day >= first && w->r.day0 + day < next) used += w->used[day];
        int64_t price = month == 0 ? 12345 : 9876;
        total += (used * price + 5000) / 10000; /* hundredths of kWh x 0.0001 yuan are 0.000001 yuan */
    }
    return total;
}

static void tell(struct world *w, int day, int64_t amount)
{
    w->used[day] = amount;
    w->known[day] = true;
    rig_use(&w->r, ELECTRIC, day, amount);
}

static void step(struct world *w)
{
    int kind = rand() % 10;
    if (kind < 5 && w->today < DAYS - 1) tell(w, w->today++, rand() % 3000);
    if (kind == 5 && w->today < DAYS - 1) w->today++; /* the reading of this day comes late */
    for (int day = 0; kind == 6 && day < w->today; day++)
        if (!w->known[day]) tell(w, day, rand() % 3000);
    if (kind == 7 && w->today) {
        int day = rand() % w->today;
        if (w->known[day]) tell(w, day, rand() % 3000); /* corrected, in this period or a closed one */
    }
    if (kind == 8) {
        int64_t amount = 1 + rand() % 20000;
        rig_sell(&w->r, w->account, amount);
        w->sold += amount;
    }
}

static void balance_is_sales_less_cost(void **state)
{
    struct world w = {0};
    struct heng_account limits = {RIG_NO_LIMITS};
    struct heng_prepaid_counts counts;
    unsigned seed = getenv("HENG_SEED") ? (unsigned)atoi(getenv("HENG_SEED")) : 8;
    int reached = 0;
    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    rig_open(&w.r);
    rig_tariff(&w.r, "two",
               "{\"id\": \"T\", \"currency\": \"CNY\", \"components\": ["
               "{\"id\": \"use\", \"rule\": \"per-unit\", \"quantity\": \"active\", \"unit\": \"kWh\", \"price\": "
               "\"1.2345\", \"to\": \"2026-04-01\"},"
               "{\"id\": \"use\", \"rule\": \"per-unit\", \"quantity\": \"active\", \"unit\": \"kWh\", \"price\": "
               "\"0.9876\", \"from\": \"2026-04-01\"}]}");
    w.account = rig_account(&w.r, "R", limits);
    w.contract = rig_contract(&w.r, w.account, ELECTRIC, HENG_MODE_PREPAID, "two", "{}");
    for (int i = 0; i < STEPS; i++) {
        step(&w);
        rig_work(&w.r, rig_noon_us(&w.r, w.today));
        int known = known_to(&w);
        if (known > reached) reached = known;
        int64_t expected = w.sold - cost(&w, known);
        if (rig_purse(&w.r, w.account) != expected)
            fail_msg("seed %u, step %d, day %d known to %d: %lld instead of %lld", seed, i, w.today, known,
                     (long long)rig_purse(&w.r, w.account), (long long)expected);
        counts = rig_work(&w.r, rig_noon_us(&w.r, w.today) + HENG_US_PER_S);
        assert_int_equal(counts.charges, 0);
    }
    assert_true(reached > 31); /* a month was closed */
    rig_close(&w.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(balance_is_sales_less_cost)};
    return small_site_run(tests, 0);
}
