/* What happened becomes postings, and only those that its kind may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/rules.h"

static struct heng_err err;

static int64_t posted(const struct heng_booking *k, heng_book_kind book)
{
    for (size_t i = 0; i < k->posting_count; i++)
        if (k->postings[i].book == book) return k->postings[i].amount;
    return 0;
}

static void sale_puts_money_into_the_purse(void **state)
{
    (void)state;
    struct heng_booking k;
    assert_int_equal(heng_ledger_sale(7, 20000, "cash", "A", &k, &err), HENG_OK);
    assert_int_equal(posted(&k, HENG_BOOK_CASH), 20000);
    assert_int_equal(posted(&k, HENG_BOOK_PURSE), -20000);
    assert_string_equal(k.desk, "A");
    assert_int_equal(heng_ledger_check(&k, &err), HENG_OK);
    assert_int_equal(heng_ledger_sale(7, 20000, "wechat", "", &k, &err), HENG_OK);
    assert_int_equal(posted(&k, HENG_BOOK_CHANNEL), 20000);
    assert_int_equal(heng_ledger_sale(7, 0, "wechat", "", &k, &err), HENG_ERANGE);
    assert_int_equal(heng_ledger_sale(7, -5, "wechat", "", &k, &err), HENG_ERANGE);
    assert_int_equal(heng_ledger_sale(7, 100, "cash", "", &k, &err), HENG_ECONFIG);
}

static void payment_pays_what_is_owed_and_the_rest_in_advance(void **state)
{
    (void)state;
    static const struct {
        int64_t amount, owed, paid, advance;
    } cases[] = {{100, 60, 60, 40}, {100, 100, 100, 0}, {100, 500, 100, 0}, {100, 0, 0, 100}, {100, -30, 0, 100}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct heng_booking k;
        assert_int_equal(heng_ledger_payment(7, cases[i].amount, cases[i].owed, "bank", "", &k, &err), HENG_OK);
        assert_int_equal(posted(&k, HENG_BOOK_OWED), -cases[i].paid);
        assert_int_equal(posted(&k, HENG_BOOK_ADVANCE), -cases[i].advance);
        assert_int_equal(heng_ledger_check(&k, &err), HENG_OK);
    }
}

/* Of every kind, with every pair of books: what is let through balances, and turned round it is a reversal. */
static void only_the_books_of_a_kind_move(void **state)
{
    (void)state;
    unsigned good = 0, bad = 0;
    for (unsigned kind = 0; kind < HENG_BOOKING_COUNT; kind++)
        for (unsigned debit = 0; debit < HENG_BOOK_COUNT; debit++)
            for (unsigned credit = 0; credit < HENG_BOOK_COUNT; credit++) {
                struct heng_booking k, mirror;
                if (debit == credit) continue;
                assert_int_equal(heng_ledger_move((heng_booking_kind)kind, 3, (heng_book_kind)debit,
                                                  heng_ledger_is_customers((heng_book_kind)debit) ? 3 : 0, "x",
                                                  (heng_book_kind)credit,
                                                  heng_ledger_is_customers((heng_book_kind)credit) ? 3 : 0, "y", 100,
                                                  &k, &err),
                                 HENG_OK);
                if (heng_ledger_check(&k, &err) != HENG_OK) {
                    bad++;
                    continue;
                }
                good++;
                k.id = 9;
                heng_ledger_mirror(&k, &mirror);
                assert_int_equal(mirror.reverses, 9);
                assert_int_equal(posted(&mirror, (heng_book_kind)debit), -100);
                assert_int_equal(heng_ledger_check(&mirror, &err), HENG_OK);
            }
    assert_true(good > 60 && bad > 5000);
    struct heng_booking k;
    assert_int_equal(
        heng_ledger_move(HENG_BOOKING_SALE, 3, HENG_BOOK_PURSE, 3, "", HENG_BOOK_REVENUE, 0, "water", 5, &k, &err),
        HENG_OK);
    assert_int_equal(heng_ledger_check(&k, &err), HENG_EBUG);
}

static void what_does_not_balance_is_refused(void **state)
{
    (void)state;
    struct heng_booking k;
    assert_int_equal(heng_ledger_sale(7, 500, "cash", "A", &k, &err), HENG_OK);
    k.postings[0].amount++;
    assert_int_equal(heng_ledger_check(&k, &err), HENG_EBUG);
    assert_int_equal(heng_ledger_sale(7, 500, "cash", "A", &k, &err), HENG_OK);
    k.amount = 400;
    assert_int_equal(heng_ledger_check(&k, &err), HENG_EBUG);
    assert_int_equal(heng_ledger_sale(7, 500, "cash", "A", &k, &err), HENG_OK);
    k.postings[1].account_id = 0;
    assert_int_equal(heng_ledger_check(&k, &err), HENG_EBUG);
}

static void postings_of_one_book_are_joined(void **state)
{
    (void)state;
    struct heng_booking k = {0};
    assert_int_equal(heng_ledger_post(&k, HENG_BOOK_REVENUE, 0, "water", 5, &err), HENG_OK);
    assert_int_equal(heng_ledger_post(&k, HENG_BOOK_REVENUE, 0, "heat", 5, &err), HENG_OK);
    assert_int_equal(heng_ledger_post(&k, HENG_BOOK_REVENUE, 0, "water", 7, &err), HENG_OK);
    assert_int_equal(heng_ledger_post(&k, HENG_BOOK_TAX, 0, "13", 0, &err), HENG_OK);
    assert_int_equal(k.posting_count, 2);
    assert_int_equal(k.postings[0].amount, 12);
    assert_int_equal(heng_ledger_post(&k, HENG_BOOK_REVENUE, 0, "water", -12, &err), HENG_OK);
    assert_int_equal(k.posting_count, 1);
    assert_int_equal(heng_ledger_post(&k, HENG_BOOK_REVENUE, 0, "heat", INT64_MAX, &err), HENG_ERANGE);
    char ref[4] = "a";
    k.posting_count = 0;
    for (int i = 0; i < HENG_POSTINGS_MAX; i++) {
        ref[0] = (char)('A' + i);
        assert_int_equal(heng_ledger_post(&k, HENG_BOOK_TAX, 0, ref, 1, &err), HENG_OK);
    }
    assert_int_equal(heng_ledger_post(&k, HENG_BOOK_TAX, 0, "zz", 1, &err), HENG_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sale_puts_money_into_the_purse),
        cmocka_unit_test(payment_pays_what_is_owed_and_the_rest_in_advance),
        cmocka_unit_test(only_the_books_of_a_kind_move),
        cmocka_unit_test(what_does_not_balance_is_refused),
        cmocka_unit_test(postings_of_one_book_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
