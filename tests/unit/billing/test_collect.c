/* Money for bills: which it pays, fees as they are booked, what is let off, what is taken back. */
#include "owe_site.h"

#include "account/correct.h"
#include "store/money/pay_files.h"

static struct account_site s;

static int site_open(void **state)
{
    (void)state;
    account_site_open(&s);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    s.hand.day = s.today;
    owe_rules(&s, "{}");
    return 0;
}

static int site_close(void **state)
{
    (void)state;
    account_site_close(&s);
    return 0;
}

/* RP-C10: 80.00, 95.40, 70.10 and a payment of 150.00. */
static void oldest_first(void **state)
{
    (void)state;
    int64_t a = owe_account(&s, "P-1");
    int64_t oct = owe_bill(&s, a, 8000, s.today - 60), nov = owe_bill(&s, a, 9540, s.today - 30),
            dec = owe_bill(&s, a, 7010, s.today + 5);
    struct heng_booked first = owe_pay(&s, a, 15000, "p1");
    assert_int_equal(owe_open(&s, a, oct).principal, 0);
    assert_int_equal(owe_open(&s, a, nov).principal, 2540);
    assert_int_equal(owe_open(&s, a, dec).principal, 7010);
    assert_true(first.receipt.number > 0);
    assert_int_equal(first.receipt.balance_after, -9550);
    struct heng_booked again = owe_pay(&s, a, 15000, "p1"); /* the same wish is the same payment */
    assert_true(again.existed);
    assert_int_equal(again.booking_id, first.booking_id);
    assert_int_equal(owe_balance(&s, a).owed, 9550);
    struct heng_booked booked;
    struct heng_err err;
    assert_refused(HENG_ECONFLICT, "p1", owe_try(&s, a, 15001, "p1", NULL, 0, &booked, &err));
    owe_pay(&s, a, 10000, "p2"); /* more than is owed */
    assert_int_equal(owe_balance(&s, a).owed, 0);
    assert_int_equal(owe_balance(&s, a).advance, 450);
    owe_agrees(&s, a);
}

static void named_bills_come_first(void **state)
{
    (void)state;
    int64_t a = owe_account(&s, "P-2"), other = owe_account(&s, "P-2b");
    int64_t old = owe_bill(&s, a, 8000, s.today - 60), young = owe_bill(&s, a, 5000, s.today + 10),
            not_his = owe_bill(&s, other, 100, s.today);
    struct heng_booked booked;
    struct heng_err err;
    assert_ok(owe_try(&s, a, 6000, "n1", &young, 1, &booked, &err));
    assert_int_equal(owe_open(&s, a, young).principal, 0);
    assert_int_equal(owe_open(&s, a, old).principal, 7000);
    assert_refused(HENG_ENOTFOUND, "nothing is open", owe_try(&s, a, 100, "n2", &not_his, 1, &booked, &err));
    assert_refused(HENG_ENOTFOUND, "nothing is open", owe_try(&s, a, 100, "n3", &young, 1, &booked, &err));
    assert_refused(HENG_ERANGE, "above zero", owe_try(&s, a, 0, "n4", NULL, 0, &booked, &err));
    assert_int_equal(owe_balance(&s, a).owed, 7000);
    owe_agrees(&s, a);
    owe_agrees(&s, other);
}

/* TF-L4: 60,000.00 late by 20 days at 2 per mille is 2,400.00; and it is booked as the money comes, not before. */
static void late_fee_is_booked_with_the_payment(void **state)
{
    (void)state;
    owe_rules(&s, "{\"late\": [{\"class\": \"other\"}]}");
    int64_t a = owe_account(&s, "P-3"), bill = owe_bill(&s, a, 6000000, s.today - 20);
    assert_int_equal(owe_balance(&s, a).owed, 6000000);
    owe_pay(&s, a, 6100000, "l1");
    assert_int_equal(owe_open(&s, a, bill).principal, 0);
    assert_int_equal(owe_open(&s, a, bill).late, 140000);
    s.hand.day = s.today + 9; /* the principal is paid: it grows no more */
    owe_pay(&s, a, 140000, "l2");
    assert_int_equal(owe_balance(&s, a).owed, 0);
    assert_int_equal(owe_balance(&s, a).advance, 0);
    owe_agrees(&s, a);
    owe_rules(&s, "{\"pay_order\": \"late-principal\", \"late\": [{\"class\": \"residential\"}]}");
    s.hand.day = s.today;
    int64_t home = owe_account(&s, "P-4"), late = owe_bill(&s, home, 10000, s.today - 50);
    owe_pay(&s, home, 600, "l3"); /* 0.1 % x 50 days of 100.00 is 5.00: paid first */
    assert_int_equal(owe_open(&s, home, late).principal, 9900);
    assert_int_equal(owe_open(&s, home, late).late, 0);
    s.hand.day = s.today + 10;
    owe_pay(&s, home, 10000, "l4"); /* 99.00 x 0.001 x 60 and 1.00 x 0.001 x 50: 5.99 in all, 0.99 more */
    assert_int_equal(owe_balance(&s, home).advance, 10000 - 9900 - 99);
    owe_agrees(&s, home);
}

/* The terms of the setting are those of heng rate: a wrong one is named. */
static void rules_are_checked(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_booked booked;
    struct heng_dunning_rules *rules = malloc(sizeof *rules);
    int64_t a = owe_account(&s, "P-5");
    assert_non_null(rules);
    assert_refused(HENG_ERANGE, "late[0].same_year",
                   heng_dunning_rules_read(heng_slice_str("{\"late\": [{\"same_year\": \"-1\"}]}"), rules, &err));
    assert_refused(HENG_ECONFIG, "stepps", heng_dunning_rules_read(heng_slice_str("{\"stepps\": []}"), rules, &err));
    assert_int_not_equal(
        HENG_OK, heng_dunning_rules_read(heng_slice_str("{\"steps\": [{\"days\": 7}, {\"days\": 7}]}"), rules, &err));
    owe_rules(&s, "{\"least\": \"1.234\"}");
    assert_refused(HENG_ECONFIG, "setting dunning", owe_try(&s, a, 100, "c1", NULL, 0, &booked, &err));
    owe_rules(&s, "{}");
    free(rules);
}

static void reversal_opens_bills_again(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_booked booked;
    owe_rules(&s, "{\"late\": [{\"class\": \"other\"}]}");
    int64_t a = owe_account(&s, "P-6"), bill = owe_bill(&s, a, 10000, s.today - 10);
    struct heng_booked paid = owe_pay(&s, a, 10200, "r1");
    assert_int_equal(owe_balance(&s, a).owed, 0);
    struct heng_hand two = s.hand;
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    assert_ok(heng_take_back(s.store, paid.booking_id, "r2", &two, "another's money", &booked, &err));
    assert_int_equal(owe_open(&s, a, bill).principal, 10000);
    assert_int_equal(owe_open(&s, a, bill).late, 200);
    assert_ok(heng_take_back(s.store, paid.booking_id, "r2", &two, "another's money", &booked, &err));
    assert_true(booked.existed);
    assert_int_equal(owe_balance(&s, a).owed, 10200);
    owe_agrees(&s, a);
    s.hand.day = s.today + 5; /* as if it had never come: 15 days, 3.00 in all */
    owe_pay(&s, a, 10300, "r3");
    assert_int_equal(owe_balance(&s, a).owed, 0);
    assert_int_equal(owe_balance(&s, a).advance, 0);
    owe_agrees(&s, a);
}

static void waivers_and_write_offs_are_made_by_two(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_booked booked;
    struct heng_hand two = s.hand;
    owe_rules(&s, "{\"late\": [{\"class\": \"other\"}]}");
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    int64_t a = owe_account(&s, "P-7"), bill = owe_bill(&s, a, 10000, s.today - 10);
    assert_refused(HENG_EDENIED, "second person",
                   heng_fee_waive(s.store, 0, bill, 0, "w1", &s.hand, "why", &booked, &err));
    assert_refused(HENG_ECONFIG, "reason", heng_fee_waive(s.store, 0, bill, 0, "w1", &two, "", &booked, &err));
    assert_refused(HENG_ENOTFOUND, "no bill", heng_fee_waive(s.store, 7, bill, 0, "w1", &two, "why", &booked, &err));
    assert_refused(HENG_ECONFLICT, "2.00", heng_fee_waive(s.store, 0, bill, 201, "w1", &two, "why", &booked, &err));
    assert_ok(heng_fee_waive(s.store, 0, bill, 150, "w1", &two, "our mistake", &booked, &err));
    assert_ok(heng_fee_waive(s.store, 0, bill, 150, "w1", &two, "our mistake", &booked, &err)); /* once */
    assert_int_equal(owe_open(&s, a, bill).late, 50);
    assert_int_equal(owe_balance(&s, a).owed, 10050);
    owe_agrees(&s, a);
    assert_refused(HENG_EDENIED, "second person",
                   heng_bill_write_off(s.store, 0, bill, "o1", &s.hand, "moved away", &booked, &err));
    assert_ok(heng_bill_write_off(s.store, 0, bill, "o1", &two, "moved away", &booked, &err));
    assert_ok(heng_bill_write_off(s.store, 0, bill, "o1", &two, "moved away", &booked, &err));
    assert_true(booked.existed);
    assert_int_equal(owe_balance(&s, a).owed, 0);
    assert_refused(HENG_ENOTFOUND, "nothing is open",
                   heng_bill_write_off(s.store, 0, bill, "o2", &two, "moved away", &booked, &err));
    owe_agrees(&s, a);
}

/* Money after a write-off: so much of it is owed and paid again, the rest stays written off. */
static void later_money_takes_a_write_off_back(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_booked booked;
    struct heng_hand two = s.hand;
    int64_t loss = 0;
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    owe_rules(&s, "{}");
    struct heng_store_reader *reader = heng_store_as_reader(s.store);
    assert_ok(heng_store_book_balance(reader, 0, HENG_BOOK_LOSS, 0, "", "CNY", &loss, &err));
    const int64_t loss_before = loss;
    int64_t a = owe_account(&s, "P-8"), gone = owe_bill(&s, a, 10000, s.today - 100);
    assert_ok(heng_bill_write_off(s.store, 0, gone, "g1", &two, "moved away", &booked, &err));
    int64_t open = owe_bill(&s, a, 3000, s.today - 10);
    owe_pay(&s, a, 7000, "g2"); /* what is open comes first */
    assert_int_equal(owe_open(&s, a, open).principal, 0);
    assert_int_equal(owe_balance(&s, a).owed, 0);
    assert_int_equal(owe_balance(&s, a).advance, 0);
    assert_ok(heng_store_book_balance(reader, 0, HENG_BOOK_LOSS, 0, "", "CNY", &loss, &err));
    assert_int_equal(loss - loss_before, 6000);
    owe_agrees(&s, a);
    owe_pay(&s, a, 7000, "g3");
    assert_int_equal(owe_balance(&s, a).advance, 1000);
    assert_ok(heng_store_book_balance(reader, 0, HENG_BOOK_LOSS, 0, "", "CNY", &loss, &err));
    assert_int_equal(loss, loss_before);
    owe_agrees(&s, a);
}

/* A bill that was wrong leaves nothing behind: fees, waivers, write-offs; what was paid lies in advance. */
static void reversed_bill_takes_its_fees_along(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_booked booked, paid;
    struct heng_bill mirror;
    struct heng_hand two = s.hand;
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    owe_rules(&s, "{\"late\": [{\"class\": \"other\"}]}");
    int64_t a = owe_account(&s, "P-9"), bill = owe_bill(&s, a, 10000, s.today - 10);
    paid = owe_pay(&s, a, 4000, "v1");
    assert_ok(heng_fee_waive(s.store, 0, bill, 50, "v2", &two, "our mistake", &booked, &err));
    assert_ok(heng_bill_write_off(s.store, 0, bill, "v3", &two, "moved away", &booked, &err));
    assert_ok(heng_bill_reverse(s.store, 0, bill, &two, "wrong meter", &mirror, &err));
    assert_int_equal(owe_balance(&s, a).owed, 0);
    assert_int_equal(owe_balance(&s, a).advance, 4000);
    owe_agrees(&s, a);
    assert_refused(HENG_ECONFLICT, "reversed since",
                   heng_book_reverse(s.store, paid.booking_id, "v4", &two, "oops", &booked, &err));
    assert_int_equal(owe_balance(&s, a).advance, 4000);
    int64_t right = owe_bill(&s, a, 2500, s.today + 20), applied = 0; /* and the advance pays the right one */
    assert_ok(heng_collect_advance(s.store, a, "v5", &s.hand, &applied, &err));
    assert_int_equal(applied, 2500);
    assert_ok(heng_collect_advance(s.store, a, "v5", &s.hand, &applied, &err));
    assert_int_equal(applied, 0);
    assert_int_equal(owe_open(&s, a, right).principal, 0);
    assert_int_equal(owe_balance(&s, a).advance, 1500);
    owe_agrees(&s, a);
}

/* A bill that the bank was sent: nobody pays it twice, nothing is done about it until the result is here. */
static void a_bill_with_the_bank_waits(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_booked booked;
    struct heng_hand two = s.hand;
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    int64_t a = owe_account(&s, "P-10"), sent = owe_bill(&s, a, 5000, s.today - 20),
            other = owe_bill(&s, a, 4000, s.today);
    struct heng_pay_file batch = {.channel = "bank",
                                  .kind = HENG_PAY_FILE_WITHHOLD_OUT,
                                  .name = "out.txt",
                                  .day = s.today,
                                  .batch = "2026112001",
                                  .count = 1,
                                  .total = 5000,
                                  .state = HENG_PAY_FILE_SENT,
                                  .at_us = START_US,
                                  .who = "Li"};
    struct heng_pay_line line = {.n = 1, .account_number = "P-10", .bill_id = sent, .amount = 5000};
    assert_ok(heng_store_add_pay_file(s.store, &batch, heng_slice_str("x"), &err));
    line.file_id = batch.id;
    assert_ok(heng_store_put_pay_line(s.store, &line, &err));
    assert_refused(HENG_EDENIED, "2026112001", owe_try(&s, a, 5000, "b1", &sent, 1, &booked, &err));
    assert_refused(HENG_EDENIED, "2026112001",
                   heng_bill_write_off(s.store, 0, sent, "b2", &two, "gone", &booked, &err));
    owe_pay(&s, a, 4500, "b3");
    assert_int_equal(owe_open(&s, a, sent).principal, 5000);
    assert_int_equal(owe_open(&s, a, other).principal, 0);
    assert_int_equal(owe_balance(&s, a).advance, 500);
    const struct heng_collect_ask result = {.account_id = a,
                                            .amount = 5000,
                                            .channel = "bank",
                                            .key = "b4",
                                            .bills = &sent,
                                            .bill_count = 1,
                                            .of_batch = true};
    assert_ok(heng_collect(s.store, &result, &s.hand, &booked, &err));
    assert_int_equal(owe_balance(&s, a).owed, 0);
    owe_agrees(&s, a);
}

/* --- random ------------------------------------------------------------------------------------------------------ */

enum { BILLS = 12, PAYMENTS = 80, STEPS = 160 };
struct world {
    int64_t account, bills[BILLS], totals[BILLS], paid[PAYMENTS];
    size_t bill_n, paid_n;
    bool reversed[BILLS], back[PAYMENTS];
    int64_t money; /* that came and did not go back */
};

/* Of each bill nothing below zero and nothing above its total is paid; of its fees the same. */
static void check_allocations(struct world *w)
{
    struct heng_err err;
    for (size_t i = 0; i < w->bill_n; i++) {
        struct heng_allocation rows[800];
        struct heng_bill_fee fees[400];
        size_t n = 0, fee_n = 0;
        int64_t principal = 0, late = 0, booked = 0;
        struct heng_store_reader *reader = heng_store_as_reader(s.store);
        assert_ok(heng_store_list_allocations(reader, w->bills[i], 0, rows, 800, &n, &err));
        assert_ok(heng_store_list_fees(reader, w->bills[i], fees, 400, &fee_n, &err));
        for (size_t k = 0; k < n; k++) *(strcmp(rows[k].part, "late") == 0 ? &late : &principal) += rows[k].amount;
        for (size_t k = 0; k < fee_n; k++) booked += fees[k].amount;
        assert_true(principal >= 0 && principal <= (w->reversed[i] ? 0 : w->totals[i]));
        assert_true(late >= 0 && late <= booked);
        if (w->reversed[i]) assert_int_equal(booked, 0);
    }
}

static void pay_some(struct world *w, int step)
{
    char key[32];
    int64_t amount = 1 + rand() % 6000;
    if (w->paid_n == PAYMENTS) return;
    snprintf(key, sizeof key, "x%lld-%d", (long long)w->account, step);
    w->paid[w->paid_n++] = owe_pay(&s, w->account, amount, key).booking_id;
    struct heng_account_balance before = owe_balance(&s, w->account);
    assert_true(owe_pay(&s, w->account, amount, key).existed);
    assert_int_equal(before.owed, owe_balance(&s, w->account).owed);
    assert_int_equal(before.advance, owe_balance(&s, w->account).advance);
    w->money += amount;
}

/* Each wish in a transaction of its own, as everywhere: what is refused leaves nothing. */
static bool ended(heng_rc rc)
{
    struct heng_err err;
    if (rc == HENG_OK)
        assert_ok(heng_store_commit(s.store, &err));
    else
        heng_store_rollback(s.store);
    assert_ok(heng_store_begin(s.store, &err));
    return rc == HENG_OK;
}

static void take_back_some(struct world *w, struct heng_hand by, const char *key)
{
    struct heng_booking of;
    struct heng_booked booked;
    struct heng_err err;
    size_t i = w->paid_n ? (size_t)rand() % w->paid_n : 0;
    if (!w->paid_n || w->back[i]) return;
    assert_ok(heng_store_get_booking(heng_store_as_reader(s.store), w->paid[i], &of, &err));
    by.day = of.day; /* as on the same day; later it is refused */
    w->back[i] = ended(heng_take_back(s.store, w->paid[i], key, &by, "came back", &booked, &err));
    if (w->back[i])
        w->money -= of.amount;
    else
        assert_int_equal(err.rc, HENG_ECONFLICT); /* it was used, or its bill was reversed */
}

static void step(struct world *w, int n)
{
    char key[32];
    struct heng_err err;
    struct heng_booked booked;
    struct heng_bill mirror;
    struct heng_hand two = s.hand;
    int64_t applied;
    snprintf(two.second, sizeof two.second, OWE_SECOND);
    snprintf(key, sizeof key, "z%lld-%d", (long long)w->account, n);
    size_t i = w->bill_n ? (size_t)rand() % w->bill_n : 0;
    int kind = rand() % 12;
    if (kind < 2 && w->bill_n < BILLS) {
        w->totals[w->bill_n] = 100 + rand() % 9000;
        w->bills[w->bill_n] = owe_bill(&s, w->account, w->totals[w->bill_n], s.hand.day + rand() % 30);
        w->bill_n++;
    }
    ended(HENG_OK);
    if (kind >= 2 && kind < 6) pay_some(w, n);
    if (kind == 6) s.hand.day += rand() % 25;
    if (kind == 7) take_back_some(w, two, key);
    if (kind == 8 && w->bill_n) ended(heng_fee_waive(s.store, 0, w->bills[i], 0, key, &two, "why", &booked, &err));
    if (kind == 9 && w->bill_n) ended(heng_bill_write_off(s.store, 0, w->bills[i], key, &two, "why", &booked, &err));
    if (kind == 10 && w->bill_n && rand() % 3 == 0)
        w->reversed[i] =
            ended(heng_bill_reverse(s.store, 0, w->bills[i], &two, "wrong", &mirror, &err)) || w->reversed[i];
    if (kind == 11) assert_ok(heng_collect_advance(s.store, w->account, key, &s.hand, &applied, &err));
}

static int64_t in_channel(void)
{
    int64_t balance = 0;
    struct heng_err err;
    assert_ok(
        heng_store_book_balance(heng_store_as_reader(s.store), 0, HENG_BOOK_CHANNEL, 0, "bank", "CNY", &balance, &err));
    return balance;
}

static void random_days_stay_balanced(void **state)
{
    (void)state;
    const char *given = getenv("HENG_TEST_SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srand(seed);
    owe_rules(&s,
              "{\"pay_order\": \"late-principal\", \"late\": [{\"same_year\": \"0.002\", \"cross_year\": \"0.003\", "
              "\"minimum\": \"1.00\", \"cap\": \"0.5\"}]}");
    for (int world = 0; world < 4; world++) {
        struct world w = {.money = 0};
        char number[16];
        struct heng_account_balance balance;
        snprintf(number, sizeof number, "X-%d", world);
        const int64_t before = in_channel();
        s.hand.day = s.today;
        w.account = owe_account(&s, number);
        for (int i = 0; i < STEPS; i++) {
            step(&w, i);
            check_allocations(&w);
            owe_open_agrees(&s, w.account);
            balance = owe_balance(&s, w.account);
            assert_true(balance.advance >= 0 && balance.owed >= 0);
        }
        owe_agrees(&s, w.account);
        assert_int_equal(in_channel() - before, w.money);
        assert_true(w.bill_n > 4 && w.paid_n > 10); /* enough happened */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(oldest_first, fresh),
        cmocka_unit_test_setup(named_bills_come_first, fresh),
        cmocka_unit_test_setup(late_fee_is_booked_with_the_payment, fresh),
        cmocka_unit_test_setup(rules_are_checked, fresh),
        cmocka_unit_test_setup(reversal_opens_bills_again, fresh),
        cmocka_unit_test_setup(waivers_and_write_offs_are_made_by_two, fresh),
        cmocka_unit_test_setup(later_money_takes_a_write_off_back, fresh),
        cmocka_unit_test_setup(reversed_bill_takes_its_fees_along, fresh),
        cmocka_unit_test_setup(a_bill_with_the_bank_waits, fresh),
        cmocka_unit_test_setup(random_days_stay_balanced, fresh),
    };
    return cmocka_run_group_tests(tests, site_open, site_close);
}
