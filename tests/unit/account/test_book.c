/* Money is booked once, by both sides, with a receipt; what was wrong is mirrored and never changed. On both engines.
 */
#include "tests/unit/small_site.h"

#include "account/book.h"
#include "account/correct.h"
#include "account/receipt.h"

enum { DAY = 20779 }; /* 2026-11-22 */

struct till {
    struct small_site site;
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_account account;
    struct heng_hand hand;
};

static struct heng_err err;

static void till_open(struct till *t)
{
    memset(t, 0, sizeof *t);
    t->store = small_site_open(&t->site);
    t->reader = heng_store_as_reader(t->store);
    t->account = (struct heng_account){.number = "A-1",
                                       .name = "张三",
                                       .language = "zh",
                                       .currency = "CNY",
                                       .warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                       .overdraft = HENG_LIMIT_NONE,
                                       .hoard = HENG_LIMIT_NONE,
                                       .opened_us = START_US};
    assert_ok(heng_store_begin(t->store, &err));
    assert_ok(heng_store_put_account(t->store, &t->account, &err));
    assert_ok(heng_store_commit(t->store, &err));
    t->hand = (struct heng_hand){.who = "li", .second = "wang", .now_us = START_US, .day = DAY, .channel = "wechat"};
    assert_ok(heng_store_begin(t->store, &err));
}

/* Everything must add up at the end of every test. */
static void till_close(struct till *t)
{
    struct heng_books_proof proof;
    assert_ok(heng_store_commit(t->store, &err));
    assert_ok(heng_store_prove_books(t->reader, &proof, &err));
    if (proof.wrong) fail_msg("%s", proof.why);
    heng_store_close(t->store);
    small_site_fini(&t->site);
}

static heng_rc sell(struct till *t, const char *key, int64_t amount, struct heng_booked *booked)
{
    struct heng_booking k;
    assert_ok(heng_ledger_sale(t->account.id, amount, "wechat", "", &k, &err));
    snprintf(k.key, sizeof k.key, "%s", key);
    return heng_book(t->store, &k, &t->hand, booked, &err);
}

static void use(struct till *t, const char *key, int64_t amount)
{
    struct heng_booking k = {.kind = HENG_BOOKING_CHARGE, .account_id = t->account.id, .amount = amount};
    struct heng_booked booked;
    snprintf(k.key, sizeof k.key, "%s", key);
    assert_ok(heng_ledger_post(&k, HENG_BOOK_PURSE, k.account_id, "", amount, &err));
    assert_ok(heng_ledger_post(&k, HENG_BOOK_REVENUE, 0, "electricity", -amount, &err));
    assert_ok(heng_book(t->store, &k, &t->hand, &booked, &err));
}

static void a_sale_is_booked_once(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked first, again;
    char text[HENG_RECEIPT_TEXT_MAX];
    till_open(&t);
    assert_ok(sell(&t, "s1", 10000, &first));
    assert_false(first.existed);
    assert_int_equal(first.balance.purse, 10000);
    assert_int_equal(first.receipt.balance_before, 0);
    assert_int_equal(first.receipt.balance_after, 10000);
    heng_receipt_text(&first.receipt, text);
    assert_string_equal(text, "2026-wechat-000001");
    t.hand.now_us += HENG_US_PER_DAY;
    t.hand.day++;
    assert_ok(sell(&t, "s1", 10000, &again));
    assert_true(again.existed);
    assert_int_equal(again.booking_id, first.booking_id);
    assert_int_equal(again.receipt.number, 1);
    assert_int_equal(again.balance.purse, 10000);
    assert_int_equal(sell(&t, "s1", 10001, &again), HENG_ECONFLICT);
    assert_ok(sell(&t, "s2", 500, &again));
    assert_int_equal(again.receipt.number, 2);
    assert_int_equal(again.receipt.balance_before, 10000);
    till_close(&t);
}

/* PP-C4: balance 182.35, the last sale was 200.00. */
static void refund_and_reversal(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked sale, booked;
    till_open(&t);
    assert_ok(sell(&t, "S1001", 20000, &sale));
    use(&t, "u1", 1765);
    assert_int_equal(heng_take_back(t.store, sale.booking_id, "r1", &t.hand, "wrong account", &booked, &err),
                     HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "refund of the rest"));
    assert_int_equal(heng_refund(t.store, t.account.id, HENG_BOOK_PURSE, 18236, "f1", &t.hand, "moves", &booked, &err),
                     HENG_ECONFLICT);
    assert_non_null(strstr(err.text, "182.35"));
    t.hand.day++;
    assert_int_equal(heng_take_back(t.store, sale.booking_id, "r1", &t.hand, "wrong account", &booked, &err),
                     HENG_EDENIED);
    t.hand.day--;
    assert_ok(heng_refund(t.store, t.account.id, HENG_BOOK_PURSE, 18235, "f1", &t.hand, "moves", &booked, &err));
    assert_int_equal(booked.balance.purse, 0);
    assert_int_equal(booked.receipt.number, 2);
    assert_int_equal(booked.receipt.balance_before, 18235);
    till_close(&t);
}

static void reversal_needs_two_and_is_the_last(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked first, second, booked;
    till_open(&t);
    assert_ok(sell(&t, "s1", 100, &first));
    assert_ok(sell(&t, "s2", 200, &second));
    t.hand.second[0] = 0;
    assert_int_equal(heng_take_back(t.store, second.booking_id, "r2", &t.hand, "twice", &booked, &err), HENG_EDENIED);
    snprintf(t.hand.second, sizeof t.hand.second, "li");
    assert_int_equal(heng_take_back(t.store, second.booking_id, "r2", &t.hand, "twice", &booked, &err), HENG_EDENIED);
    snprintf(t.hand.second, sizeof t.hand.second, "wang");
    assert_int_equal(heng_take_back(t.store, second.booking_id, "r2", &t.hand, "", &booked, &err), HENG_ECONFIG);
    assert_int_equal(heng_take_back(t.store, first.booking_id, "r1", &t.hand, "twice", &booked, &err), HENG_ECONFLICT);
    assert_ok(heng_take_back(t.store, second.booking_id, "r2", &t.hand, "twice", &booked, &err));
    assert_int_equal(booked.balance.purse, 100);
    assert_int_equal(booked.receipt.number, 3);
    assert_ok(heng_take_back(t.store, second.booking_id, "r2", &t.hand, "twice", &booked, &err));
    assert_true(booked.existed);
    assert_int_equal(heng_take_back(t.store, second.booking_id, "r3", &t.hand, "again", &booked, &err), HENG_ECONFLICT);
    assert_ok(heng_take_back(t.store, first.booking_id, "r1", &t.hand, "twice", &booked, &err));
    assert_int_equal(heng_book_reverse(t.store, booked.booking_id, "r5", &t.hand, "x", &booked, &err), HENG_ECONFLICT);
    till_close(&t);
}

/* A batch goes in whole or not at all, and the transaction goes on. */
static void batches(void **state)
{
    (void)state;
    enum { N = 300 };
    struct till t;
    struct heng_booking *k = calloc(N, sizeof *k);
    int64_t ids[N], balance;
    bool existed[N];
    till_open(&t);
    for (int i = 0; i < N; i++) {
        assert_ok(heng_ledger_sale(t.account.id, i + 1, "alipay", "", &k[i], &err));
        snprintf(k[i].key, sizeof k[i].key, "b%d", i == 200 ? 10 : i);
        snprintf(k[i].currency, sizeof k[i].currency, "CNY");
        snprintf(k[i].who, sizeof k[i].who, "import");
        k[i].day = DAY;
    }
    assert_int_equal(heng_store_book(t.store, k, N, ids, existed, &err), HENG_ECONFLICT);
    assert_int_equal(err.at, 200);
    assert_ok(heng_store_book_balance(t.reader, 0, HENG_BOOK_PURSE, t.account.id, "", "CNY", &balance, &err));
    assert_int_equal(balance, 0);
    k[200] = k[10];
    assert_ok(heng_store_book(t.store, k, N, ids, existed, &err));
    for (int i = 0; i < N; i++) assert_int_equal(existed[i], i == 200);
    assert_int_equal(ids[200], ids[10]);
    int64_t first = ids[0];
    assert_ok(heng_store_book(t.store, k, N, ids, existed, &err));
    assert_int_equal(ids[0], first);
    for (int i = 0; i < N; i++) assert_true(existed[i]);
    assert_ok(heng_store_book_balance(t.reader, 0, HENG_BOOK_PURSE, t.account.id, "", "CNY", &balance, &err));
    assert_int_equal(balance, -(N * (N + 1) / 2 - 201));
    /* Two mirrors of one booking in a batch. */
    heng_ledger_mirror(&k[5], &k[0]);
    k[0].reverses = ids[5];
    k[1] = k[0];
    snprintf(k[0].key, sizeof k[0].key, "m0");
    snprintf(k[1].key, sizeof k[1].key, "m1");
    assert_int_equal(heng_store_book(t.store, k, 2, ids, NULL, &err), HENG_ECONFLICT);
    assert_int_equal(err.at, 1);
    assert_ok(heng_store_book(t.store, k, 1, ids, NULL, &err));
    assert_int_equal(heng_store_book(t.store, k + 1, 1, ids, NULL, &err), HENG_ECONFLICT);
    k[2].postings[0].amount++;
    snprintf(k[2].key, sizeof k[2].key, "crooked");
    assert_int_equal(heng_store_book(t.store, k + 2, 1, ids, NULL, &err), HENG_EBUG);
    free(k);
    till_close(&t);
}

static void a_balance_that_does_not_fit(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked booked;
    till_open(&t);
    assert_ok(sell(&t, "s1", INT64_MAX - 5, &booked));
    assert_int_equal(sell(&t, "s2", 100, &booked), HENG_ERANGE);
    till_close(&t);
}

static void bookings_are_read_as_they_were_written(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked booked;
    struct heng_booking k, page[8];
    size_t n;
    till_open(&t);
    for (int i = 0; i < 5; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        assert_ok(sell(&t, key, 100 + i, &booked));
    }
    assert_ok(heng_store_find_booking(t.reader, "k2", &k, &err));
    assert_int_equal(k.amount, 102);
    assert_int_equal(k.posting_count, 2);
    assert_string_equal(k.who, "li");
    assert_ok(heng_store_list_bookings(t.reader, t.account.id, 0, page, 3, &n, &err));
    assert_int_equal(n, 3);
    assert_string_equal(page[0].key, "k4");
    assert_ok(heng_store_list_bookings(t.reader, t.account.id, page[2].id, page, 8, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(page[1].key, "k0");
    assert_int_equal(heng_store_find_booking(t.reader, "nobody", &k, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_store_get_booking(t.reader, 999, &k, &err), HENG_ENOTFOUND);
    till_close(&t);
}

/* Behind the program's back: the tables refuse it, and where they cannot, the proof finds it. */
static void what_was_changed_is_found(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked booked;
    struct heng_books_proof proof;
    till_open(&t);
    assert_ok(sell(&t, "s1", 100, &booked));
    assert_ok(sell(&t, "s2", 100, &booked));
    assert_ok(heng_store_commit(t.store, &err));
    assert_int_not_equal(small_site_sql(t.site.path, "UPDATE booking SET amount = 1"), HENG_OK);
    assert_int_not_equal(small_site_sql(t.site.path, "DELETE FROM posting"), HENG_OK);
    assert_int_not_equal(small_site_sql(t.site.path, "DELETE FROM receipt"), HENG_OK);
    assert_int_equal(small_site_sql(t.site.path, "UPDATE book SET balance = balance + 1 WHERE kind = 'purse'"),
                     HENG_OK);
    assert_ok(heng_store_prove_books(t.reader, &proof, &err));
    assert_int_equal(proof.wrong, 1);
    assert_int_equal(small_site_sql(t.site.path, "UPDATE book SET balance = balance - 1 WHERE kind = 'purse'"),
                     HENG_OK);
    assert_int_equal(small_site_sql(t.site.path, on_server() ? "ALTER TABLE booking DISABLE TRIGGER USER"
                                                             : "DROP TRIGGER booking_no_update"),
                     HENG_OK);
    assert_int_equal(small_site_sql(t.site.path, "UPDATE booking SET who = 'somebody else' WHERE key = 's2'"), HENG_OK);
    assert_ok(heng_store_prove_books(t.reader, &proof, &err));
    assert_int_equal(proof.wrong, 1);
    assert_non_null(strstr(proof.why, "digest"));
    assert_int_equal(small_site_sql(t.site.path, "UPDATE booking SET who = 'li' WHERE key = 's2'"), HENG_OK);
    assert_int_equal(small_site_sql(t.site.path, "UPDATE number_series SET last = 7"), HENG_OK);
    assert_ok(heng_store_prove_books(t.reader, &proof, &err));
    assert_int_equal(proof.wrong, 1);
    assert_int_equal(small_site_sql(t.site.path, "UPDATE number_series SET last = 2"), HENG_OK);
    assert_ok(heng_store_begin(t.store, &err));
    till_close(&t);
}

static void receipts_are_printed_and_found(void **state)
{
    (void)state;
    struct till t;
    struct heng_booked booked;
    struct heng_receipt_row row, named;
    char text[HENG_RECEIPT_TEXT_MAX];
    uint32_t printed;
    till_open(&t);
    assert_ok(sell(&t, "s1", 100, &booked));
    assert_ok(heng_store_printed(t.store, booked.receipt.id, START_US, "li", &printed, &err));
    assert_int_equal(printed, 1);
    assert_ok(heng_store_printed(t.store, booked.receipt.id, START_US, "li", &printed, &err));
    assert_int_equal(printed, 2);
    heng_receipt_text(&booked.receipt, text);
    assert_true(heng_receipt_of(text, &named));
    assert_ok(heng_store_get_receipt(t.reader, 0, named.desk, named.year, named.number, &row, &err));
    assert_int_equal(row.booking_id, booked.booking_id);
    assert_int_equal(row.printed, 2);
    assert_int_equal(heng_store_get_receipt(t.reader, 0, "wechat", 2026, 2, &row, &err), HENG_ENOTFOUND);
    assert_int_equal(heng_store_get_receipt(t.reader, 77, "wechat", 2026, 1, &row, &err), HENG_ENOTFOUND);
    static const char *const none[] = {"",        "2026",      "2026-", "2026--1",
                                       "2026-A-", "2026-A-1x", "A-1-1", "2026-a-desk-with-a-very-long-name-1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_false(heng_receipt_of(none[i], &row));
    till_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sale_is_booked_once),
        cmocka_unit_test(refund_and_reversal),
        cmocka_unit_test(reversal_needs_two_and_is_the_last),
        cmocka_unit_test(batches),
        cmocka_unit_test(a_balance_that_does_not_fit),
        cmocka_unit_test(bookings_are_read_as_they_were_written),
        cmocka_unit_test(what_was_changed_is_found),
        cmocka_unit_test(receipts_are_printed_and_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
