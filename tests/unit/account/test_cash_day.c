/* A cashier's day: the worked example PP-C13, and all that must not happen to a drawer. On both engines. */
#include "tests/unit/small_site.h"

#include "account/cash_day.h"
#include "account/correct.h"

enum { DAY = 20779 };

struct till {
    struct small_site site;
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_account account;
    struct heng_hand hand;
    unsigned keys;
};

static struct heng_err err;

static void till_open(struct till *t)
{
    memset(t, 0, sizeof *t);
    t->store = small_site_open(&t->site);
    t->reader = heng_store_as_reader(t->store);
    t->account = (struct heng_account){.number = "A-1",
                                       .name = "Jia",
                                       .language = "zh",
                                       .currency = "CNY",
                                       .warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                       .overdraft = HENG_LIMIT_NONE,
                                       .hoard = HENG_LIMIT_NONE,
                                       .opened_us = START_US};
    t->hand = (struct heng_hand){.who = "li", .second = "wang", .desk = "A", .now_us = START_US, .day = DAY};
    assert_ok(heng_store_begin(t->store, &err));
    assert_ok(heng_store_put_account(t->store, &t->account, &err));
}

static void till_close(struct till *t)
{
    struct heng_books_proof proof;
    assert_ok(heng_store_commit(t->store, &err));
    assert_ok(heng_store_prove_books(t->reader, &proof, &err));
    if (proof.wrong) fail_msg("%s", proof.why);
    heng_store_close(t->store);
    small_site_fini(&t->site);
}

static heng_rc sell(struct till *t, const char *channel, int64_t amount, struct heng_booked *booked)
{
    struct heng_booking k;
    t->hand.now_us += HENG_US_PER_S;
    assert_ok(heng_ledger_sale(t->account.id, amount, channel, t->hand.desk, &k, &err));
    snprintf(k.key, sizeof k.key, "k%u", t->keys++);
    return heng_book(t->store, &k, &t->hand, booked, &err);
}

static int64_t book_of(struct till *t, heng_book_kind kind, const char *ref)
{
    int64_t balance;
    assert_ok(heng_store_book_balance(t->reader, 0, kind, 0, ref, "CNY", &balance, &err));
    return balance;
}

static void assert_total(const struct heng_cash_totals *totals, const char *channel, int64_t gross, int64_t refunds,
                         int64_t reversals, int64_t net)
{
    for (size_t i = 0; i < totals->n; i++) {
        const struct heng_cash_total *t = &totals->of[i];
        if (strcmp(t->channel, channel) != 0) continue;
        assert_int_equal(t->gross, gross);
        assert_int_equal(t->refunds, refunds);
        assert_int_equal(t->reversals, reversals);
        assert_int_equal(t->net, net);
        return;
    }
    fail_msg("no totals of %s", channel);
}

/* The sales, refund and reversal of PP-C13, on an open day. */
static void example_day(struct till *t)
{
    static const struct {
        const char *channel;
        int64_t amount;
    } sales[] = {{"cash", 50000}, {"wechat", 30000}, {"alipay", 8880}, {"bank", 120000}, {"cash", 12050}};
    struct heng_booked booked;
    struct heng_cash_day day;
    assert_ok(heng_cash_open(t->store, 0, "CNY", 20000, &t->hand, &day, &err));
    for (size_t i = 0; i < 5; i++) assert_ok(sell(t, sales[i].channel, sales[i].amount, &booked));
    assert_ok(heng_take_back(t->store, booked.booking_id, "back", &t->hand, "wrong account", &booked, &err));
    snprintf(t->hand.channel, sizeof t->hand.channel, "cash");
    assert_ok(heng_refund(t->store, t->account.id, HENG_BOOK_PURSE, 5731, "refund", &t->hand, "moves", &booked, &err));
}

static void the_example(void **state)
{
    (void)state;
    struct till t;
    struct heng_cash_day day, closed;
    struct heng_cash_totals totals;
    struct heng_settlement sum;
    till_open(&t);
    example_day(&t);
    assert_ok(heng_cash_close(t.store, 0, 64269, 64269, "safe keeper", "", &t.hand, &day, &err));
    assert_int_equal(day.expected, 64269);
    assert_ok(heng_store_get_cash_day(t.reader, 0, day.id, &closed, &err));
    assert_ok(heng_cash_totals_of(&closed, &totals, &err));
    assert_total(&totals, "cash", 62050, 5731, 12050, 44269);
    assert_total(&totals, "wechat", 30000, 0, 0, 30000);
    assert_total(&totals, "alipay", 8880, 0, 0, 8880);
    assert_total(&totals, "bank", 120000, 0, 0, 120000);
    int64_t net = 0;
    for (size_t i = 0; i < totals.n; i++) net += totals.of[i].net;
    assert_int_equal(net, 203149);
    assert_int_equal(book_of(&t, HENG_BOOK_CASH, "A"), 0);
    assert_int_equal(book_of(&t, HENG_BOOK_SAFE, ""), 44269);
    assert_ok(heng_cash_settlement(t.reader, 0, "A", "li", DAY, DAY + 1, &sum, &err));
    assert_int_equal(sum.days, 1);
    assert_total(&sum.totals, "cash", 62050, 5731, 12050, 44269);
    assert_ok(heng_cash_settlement(t.reader, 0, "", "somebody", DAY, DAY + 1, &sum, &err));
    assert_int_equal(sum.days, 0);
    till_close(&t);
}

static void no_cash_without_an_open_day(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked booked;
    struct heng_cash_day day;
    till_open(&t);
    assert_int_equal(sell(&t, "cash", 100, &booked), HENG_EDENIED);
    assert_non_null(strstr(err.text, "heng cash open"));
    assert_int_equal(book_of(&t, HENG_BOOK_CASH, "A"), 0);
    assert_ok(sell(&t, "wechat", 100, &booked));
    assert_ok(heng_cash_open(t.store, 0, "CNY", 0, &t.hand, &day, &err));
    assert_int_equal(heng_cash_open(t.store, 0, "CNY", 0, &t.hand, &day, &err), HENG_ECONFLICT);
    assert_ok(sell(&t, "cash", 100, &booked));
    snprintf(t.hand.desk, sizeof t.hand.desk, "B");
    assert_int_equal(sell(&t, "cash", 100, &booked), HENG_EDENIED);
    assert_int_equal(heng_cash_close(t.store, 0, 0, 0, "", "", &t.hand, &day, &err), HENG_ENOTFOUND);
    till_close(&t);
}

static void a_closed_day_never_changes(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked sale, booked;
    struct heng_cash_day day;
    till_open(&t);
    assert_ok(heng_cash_open(t.store, 0, "CNY", 1000, &t.hand, &day, &err));
    assert_ok(sell(&t, "cash", 5000, &sale));
    assert_ok(heng_cash_close(t.store, 0, 6000, 5000, "wang", "", &t.hand, &day, &err));
    int64_t closed = day.id;
    assert_int_equal(heng_take_back(t.store, sale.booking_id, "r", &t.hand, "late", &booked, &err), HENG_EDENIED);
    assert_non_null(strstr(err.text, "closed"));
    day.counted++;
    assert_int_equal(heng_store_put_cash_day(t.store, &day, &err), HENG_EDENIED);
    assert_int_equal(sell(&t, "cash", 100, &booked), HENG_EDENIED);
    /* The rest is the next float; what is put to it comes out of the safe. */
    assert_int_equal(book_of(&t, HENG_BOOK_CASH, "A"), 1000);
    assert_ok(heng_cash_open(t.store, 0, "CNY", 1500, &t.hand, &day, &err));
    assert_int_not_equal(day.id, closed);
    assert_int_equal(book_of(&t, HENG_BOOK_CASH, "A"), 1500);
    assert_int_equal(book_of(&t, HENG_BOOK_SAFE, ""), 3500);
    assert_int_equal(heng_take_back(t.store, sale.booking_id, "r", &t.hand, "late", &booked, &err), HENG_EDENIED);
    till_close(&t);
}

static void differences_are_booked_with_a_reason(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked booked;
    struct heng_cash_day day;
    struct heng_settlement sum;
    till_open(&t);
    assert_ok(heng_cash_open(t.store, 0, "CNY", 10000, &t.hand, &day, &err));
    assert_ok(sell(&t, "cash", 5000, &booked));
    assert_int_equal(heng_cash_close(t.store, 0, 14990, 0, "", "", &t.hand, &day, &err), HENG_ECONFIG);
    assert_non_null(strstr(err.text, "150.00"));
    assert_int_equal(heng_cash_close(t.store, 0, 14990, 15000, "wang", "lost", &t.hand, &day, &err), HENG_ERANGE);
    assert_int_equal(heng_cash_close(t.store, 0, 14990, 100, "", "lost", &t.hand, &day, &err), HENG_ECONFIG);
    assert_ok(heng_cash_close(t.store, 0, 14990, 4990, "wang", "wrong change", &t.hand, &day, &err));
    assert_int_equal(book_of(&t, HENG_BOOK_OVER_SHORT, "A"), 10);
    assert_int_equal(book_of(&t, HENG_BOOK_CASH, "A"), 10000);
    t.hand.now_us += HENG_US_PER_S;
    assert_ok(heng_cash_open(t.store, 0, "CNY", 10000, &t.hand, &day, &err));
    assert_ok(heng_cash_close(t.store, 0, 10005, 10005, "wang", "found", &t.hand, &day, &err));
    assert_int_equal(book_of(&t, HENG_BOOK_OVER_SHORT, "A"), 5);
    t.hand.now_us += HENG_US_PER_S;
    assert_ok(heng_cash_open(t.store, 0, "CNY", 0, &t.hand, &day, &err));
    assert_ok(heng_cash_settlement(t.reader, 0, "", "", DAY, DAY + 1, &sum, &err));
    assert_int_equal(sum.days, 2);
    assert_int_equal(sum.open, 1);
    assert_int_equal(sum.difference, -5);
    till_close(&t);
}

static void notes_are_counted(void **state)
{
    (void)state;
    struct heng_cash_count notes[8];
    int64_t sum;
    size_t n;
    assert_ok(heng_cash_count_of("100x6,20x2,2,0.5x1,0.1x1,0.09", notes, 8, &n, &sum, &err));
    assert_int_equal(sum, 64269);
    assert_int_equal(n, 6);
    assert_int_equal(notes[0].count, 6);
    assert_ok(heng_cash_count_of("642.69", notes, 8, &n, &sum, &err));
    assert_int_equal(sum, 64269);
    static const char *const bad[] = {"", ",", "100x", "x5", "100x1.5", "-5x2", "5x-2", "10,", "1e3", "100xx2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(heng_cash_count_of(bad[i], notes, 8, &n, &sum, &err), HENG_EFORMAT);
    assert_int_equal(heng_cash_count_of("1,1,1", notes, 2, &n, &sum, &err), HENG_ELIMIT);
    assert_int_equal(heng_cash_count_of("90000000000000000x90000", notes, 2, &n, &sum, &err), HENG_ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example),
        cmocka_unit_test(no_cash_without_an_open_day),
        cmocka_unit_test(a_closed_day_never_changes),
        cmocka_unit_test(differences_are_booked_with_a_reason),
        cmocka_unit_test(notes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
