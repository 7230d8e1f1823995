/* Lists of what is owed and what came in: as of any day, by age, place and organisation. */
#include "owe_site.h"

#include "store/archive_places.h"

static struct account_site s;
static const struct {
    int year, month, day;
    int64_t amount;
} owed[] = {{2024, 12, 20, 12000}, {2024, 11, 30, 20000}, {2024, 11, 1, 7550},
            {2024, 9, 15, 31000},  {2023, 12, 31, 9990},  {2024, 12, 31, 1000}};

static int site_open(void **state)
{
    (void)state;
    account_site_open(&s);
    owe_rules(&s, "{}");
    return 0;
}

static int site_close(void **state)
{
    (void)state;
    account_site_close(&s);
    return 0;
}

static struct heng_ageing ageing(int32_t as_of, int64_t scope, int64_t place)
{
    const struct heng_arrears_ask ask = {
        .scope = scope, .place_id = place, .currency = "CNY", .as_of = as_of, .today = s.hand.day};
    struct heng_ageing ret;
    struct heng_err err;
    assert_ok(heng_ageing_of(heng_store_as_reader(s.store), &ask, &ret, &err));
    return ret;
}

/* RP-C2, and the same list again after the money has come. */
static void ages_are_those_of_the_day(void **state)
{
    (void)state;
    const int32_t as_of = heng_day_of_date(2024, 12, 31);
    struct heng_booked paid;
    struct heng_err err;
    int64_t a = owe_account(&s, "R-1");
    s.hand.day = heng_day_of_date(2023, 12, 1);
    for (size_t i = 0; i < sizeof owed / sizeof *owed; i++)
        owe_bill(&s, a, owed[i].amount, heng_day_of_date(owed[i].year, owed[i].month, owed[i].day));
    s.hand.day = as_of;
    struct heng_ageing ret = ageing(as_of, 0, 0), later;
    assert_int_equal(ret.amounts[HENG_AGE_D30], 12000);
    assert_int_equal(ret.amounts[HENG_AGE_D60], 27550);
    assert_int_equal(ret.amounts[HENG_AGE_D90], 0);
    assert_int_equal(ret.amounts[HENG_AGE_D365], 31000);
    assert_int_equal(ret.amounts[HENG_AGE_OLDER], 9990);
    assert_int_equal(ret.amounts[HENG_AGE_NOT_DUE], 1000);
    assert_int_equal(ret.total, 81540);
    assert_int_equal(ret.bills, 6);
    assert_int_equal(ret.accounts, 1);
    s.hand.day = as_of + 1;
    paid = owe_pay(&s, a, 40990, "r1");
    assert_int_equal(ageing(as_of + 1, 0, 0).total, 40550);
    s.hand.day = as_of + 9;
    struct heng_hand two = s.hand;
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    assert_ok(heng_book_reverse(s.store, paid.booking_id, "r2", &two, "came back", &paid, &err));
    assert_int_equal(ageing(as_of + 9, 0, 0).total, 81540);
    assert_int_equal(ageing(as_of + 8, 0, 0).total, 40550);
    later = ageing(as_of, 0, 0);
    assert_memory_equal(&later, &ret, sizeof ret);
    assert_int_equal(ageing(heng_day_of_date(2023, 11, 30), 0, 0).total, 0); /* before it was billed */
    owe_pay(&s, a, 81540, "r3");
    assert_int_equal(ageing(as_of + 9, 0, 0).bills, 0);
    owe_agrees(&s, a);
}

static void reversed_bills_stay_in_lists_of_before(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_bill mirror;
    s.hand.day = s.today;
    int64_t a = owe_account(&s, "R-2"), bill = owe_bill(&s, a, 5000, s.today - 3);
    struct heng_hand two = s.hand;
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    two.day = s.hand.day = s.today + 4;
    assert_ok(heng_bill_reverse(s.store, 0, bill, &two, "wrong meter", &mirror, &err));
    assert_int_equal(ageing(s.today + 3, 0, 0).total, 5000);
    assert_int_equal(ageing(s.today + 4, 0, 0).total, 0);
}

static void lists_are_of_a_place_and_an_organisation(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_archive_place site = {.place.kind = "site"}, house = {.place.kind = "building"};
    struct heng_account account;
    s.hand.day = s.today;
    snprintf(site.place.key, sizeof site.place.key, "west");
    snprintf(site.place.name, sizeof site.place.name, "West");
    snprintf(house.place.key, sizeof house.place.key, "house");
    snprintf(house.place.name, sizeof house.place.name, "House");
    assert_ok(heng_archive_put_place(s.store, &site, &err));
    house.place.parent_id = site.place.id;
    assert_ok(heng_archive_put_place(s.store, &house, &err));
    int64_t here = owe_account(&s, "R-3"), there = owe_account(&s, "R-4");
    assert_ok(heng_store_get_account(heng_store_as_reader(s.store), 0, here, &account, &err));
    account.place_id = house.place.id;
    assert_ok(heng_store_put_account(s.store, &account, &err));
    owe_bill(&s, here, 700, s.today - 5);
    owe_bill(&s, there, 900, s.today - 95);
    assert_int_equal(ageing(s.today, 0, site.place.id).total, 700);
    assert_int_equal(ageing(s.today, 0, house.place.id).total, 700);
    assert_int_equal(ageing(s.today, 0, 0).total, 1600);
    assert_int_equal(ageing(s.today, 77, 0).total, 0);
    const struct heng_arrears_ask ask = {.currency = "CNY", .as_of = s.today, .today = s.today};
    struct heng_call calls[2];
    size_t n = 0;
    assert_ok(heng_call_list(heng_store_as_reader(s.store), &ask, calls, 2, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(calls[0].account.number, "R-4"); /* the most first */
    assert_int_equal(calls[0].overdue, 900);
    assert_int_equal(calls[0].since_day, s.today - 95);
    assert_string_equal(calls[0].account.phone, "138");
    assert_ok(heng_call_list(heng_store_as_reader(s.store), &ask, calls, 1, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(calls[0].overdue, 900);
    owe_pay(&s, here, 700, "o1");
    owe_pay(&s, there, 900, "o2");
}

/* RP-C1 in cents / 100: 128,450.00 billed, 117,020.55 of it paid, 9,120.00 of 23,110.40 from before, 350.00 let off. */
static void rates_are_those_of_the_bookings(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_booked booked;
    struct heng_collection_report r;
    const int32_t from = s.today + 100, to = from + 30;
    struct heng_hand two = s.hand;
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    int64_t a = owe_account(&s, "R-5"), b = owe_account(&s, "R-6");
    s.hand.day = from - 40;
    int64_t old = owe_bill(&s, a, 2400000, from - 20);
    owe_pay(&s, a, 2400000 - 2311040, "q1"); /* before the period */
    s.hand.day = two.day = from + 1;
    int64_t now = owe_bill(&s, a, 12810000, from + 20);
    int64_t gone = owe_bill(&s, b, 35000, from + 20);
    assert_ok(owe_try(&s, a, 912000, "q2", &old, 1, &booked, &err));
    assert_ok(owe_try(&s, a, 11702055, "q3", &now, 1, &booked, &err));
    assert_ok(owe_try(&s, a, 5000, "q4", &now, 1, &booked, &err)); /* this one comes back */
    assert_ok(heng_book_reverse(s.store, booked.booking_id, "q5", &two, "came back", &booked, &err));
    assert_ok(heng_bill_write_off(s.store, 0, gone, "q6", &two, "moved away", &booked, &err));
    s.hand.day = to; /* behind the period */
    assert_ok(owe_try(&s, a, 1000, "q7", &now, 1, &booked, &err));
    assert_ok(heng_collection_report(heng_store_as_reader(s.store), 0, 0, "CNY", from, to, &r, &err));
    assert_int_equal(r.sums.billed_current, 12845000);
    assert_int_equal(r.sums.collected_current, 11702055);
    assert_int_equal(r.sums.billed_prior_open, 2311040);
    assert_int_equal(r.sums.collected_prior, 912000);
    assert_int_equal(r.sums.waived, 35000);
    assert_int_equal(heng_dec_cmp(r.rates.current, heng_dec_of(9110, -2)), 0);
    assert_int_equal(heng_dec_cmp(r.rates.prior, heng_dec_of(3946, -2)), 0);
    assert_int_equal(heng_dec_cmp(r.rates.overall, heng_dec_of(8323, -2)), 0);
    assert_int_equal(heng_dec_cmp(r.rates.current_net_of_waiver, heng_dec_of(9135, -2)), 0);
    assert_int_equal(r.bills, 2);
    assert_int_equal(r.bills_paid, 1);
    assert_ok(heng_collection_report(heng_store_as_reader(s.store), 77, 0, "CNY", from, to, &r, &err));
    assert_int_equal(r.sums.billed_current, 0);
    assert_false(r.rates.has_current);
    assert_refused(HENG_ERANGE, "period",
                   heng_collection_report(heng_store_as_reader(s.store), 0, 0, "CNY", to, from, &r, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ages_are_those_of_the_day),
        cmocka_unit_test(reversed_bills_stay_in_lists_of_before),
        cmocka_unit_test(lists_are_of_a_place_and_an_organisation),
        cmocka_unit_test(rates_are_those_of_the_bookings),
    };
    return cmocka_run_group_tests(tests, site_open, site_close);
}
