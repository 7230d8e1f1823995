/* Orders, notifications, refunds, files and reconciliation on both engines: whatever comes how often and in which
 * order, money is booked once, and none is lost. */
#include "pay_rig.h"

static void a_request_is_one_order(void **state)
{
    struct rig r;
    struct heng_err err;
    (void)state;
    rig_open(&r);
    const struct heng_pay_order a = top_up(&r, "q1", 5000), b = top_up(&r, "q1", 5000);
    assert_string_equal(a.number, b.number);
    assert_true(strlen(a.number) <= 32);
    const struct heng_pay_ask other = {.request = "q1",
                                       .account_id = r.account.id,
                                       .channel = "wechat",
                                       .purpose = HENG_PAY_FOR_TOP_UP,
                                       .amount = 5001};
    struct heng_pay_order order;
    assert_refused(HENG_ECONFLICT, "new key", heng_pay_order_make(r.s.store, &other, &r.s.hand, &order, &err));
    const struct heng_pay_ask nowhere = {.request = "q2",
                                         .account_id = r.account.id,
                                         .channel = "barter",
                                         .purpose = HENG_PAY_FOR_TOP_UP,
                                         .amount = 5000};
    assert_int_equal(heng_pay_order_make(r.s.store, &nowhere, &r.s.hand, &order, &err), HENG_ENOTFOUND);
    account_site_close(&r.s);
}

/* Paid, refunded and closed notices, each twice, in every order of the six: the end is the same, money moved once. A
 * refund notice that comes before the payment is not ours to know; it changes nothing. */
static void every_order_of_notices_ends_the_same(void **state)
{
    struct rig r;
    int runs = 0;
    (void)state;
    rig_open(&r);
    for (int mask = 0; mask < 729; mask++) {
        int left[3] = {2, 2, 2}, sequence[6], m = mask, bad = 0;
        for (int i = 0; i < 6; i++, m /= 3) {
            sequence[i] = m % 3;
            if (--left[m % 3] < 0) bad = 1;
        }
        if (bad) continue;
        char request[32], transaction[32], key[48];
        runs++;
        snprintf(request, sizeof request, "q-%d", mask);
        snprintf(transaction, sizeof transaction, "T-%d", mask);
        const struct heng_pay_order order = top_up(&r, request, 100);
        for (int i = 0; i < 6; i++) {
            static const heng_pay_event_kind kinds[] = {HENG_PAY_EVENT_PAID, HENG_PAY_EVENT_CLOSED,
                                                        HENG_PAY_EVENT_REFUNDED};
            snprintf(key, sizeof key, "%d-%d-%d", mask, sequence[i], i % 2 ? i : 0); /* some with the same key */
            struct heng_pay_event e = event_of(kinds[sequence[i]], key, order.number, transaction, 100);
            snprintf(e.refund_number, sizeof e.refund_number, "R-none-%d", mask);
            e.refund_amount = 100;
            (void)tell(&r, &e);
        }
        assert_int_equal(now(&r, order.number).state, HENG_PAY_APPLIED);
        assert_int_equal(balance_of(&r.s, r.account.id).purse, 100 * runs);
    }
    assert_int_equal(runs, 90);
    assert_int_equal(book_of(&r, HENG_BOOK_CHANNEL, 0), 100 * runs);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static void another_amount_books_nothing_and_waits_for_a_person(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_order order;
    (void)state;
    rig_open(&r);
    const struct heng_pay_order asked = top_up(&r, "q1", 8880);
    const struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k", asked.number, "T", 8800);
    const struct heng_pay_notice notice = tell(&r, &e);
    assert_int_equal(notice.outcome, HENG_PAY_TOLD_REFUSED);
    assert_non_null(strstr(notice.why, "88.00"));
    assert_int_equal(now(&r, asked.number).state, HENG_PAY_STUCK);
    assert_int_equal(balance_of(&r.s, r.account.id).purse, 0);
    assert_int_equal(book_of(&r, HENG_BOOK_CHANNEL, 0), 0);
    assert_refused(HENG_EFORMAT, "reason",
                   heng_pay_decide(r.s.store, 0, asked.number, "apply", &r.s.hand, "", &order, &err));
    assert_ok(heng_pay_decide(r.s.store, 0, asked.number, "apply", &r.s.hand, "customer agreed", &order, &err));
    assert_int_equal(order.state, HENG_PAY_APPLIED);
    assert_int_equal(balance_of(&r.s, r.account.id).purse, 8800);
    assert_int_equal(heng_pay_decide(r.s.store, 0, asked.number, "apply", &r.s.hand, "x", &order, &err),
                     HENG_ECONFLICT);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static void money_for_nobody_is_kept(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k1", "H-none", "T9", 3500);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    (void)tell(&r, &e);
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, 0), -3500);
    /* An order paid twice, by two transactions: the second is nobody's. */
    const struct heng_pay_order order = top_up(&r, "q1", 100);
    e = event_of(HENG_PAY_EVENT_PAID, "k2", order.number, "T10", 100);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_APPLIED);
    e = event_of(HENG_PAY_EVENT_PAID, "k3", order.number, "T11", 100);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, 0), -3600);
    assert_int_equal(balance_of(&r.s, r.account.id).purse, 100);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static void a_closed_account_gets_no_money_but_none_is_lost(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_order order;
    (void)state;
    rig_open(&r);
    const struct heng_pay_order asked = top_up(&r, "q1", 100);
    assert_ok(heng_store_get_account(heng_store_as_reader(r.s.store), 0, r.account.id, &r.account, &err));
    r.account.closed_us = START_US;
    assert_ok(heng_store_put_account(r.s.store, &r.account, &err));
    const struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k", asked.number, "T", 100);
    (void)tell(&r, &e);
    order = now(&r, asked.number);
    assert_int_equal(order.state, HENG_PAY_STUCK);
    assert_int_not_equal(order.booking_id, 0);
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, r.account.org_id), -100);
    assert_ok(heng_pay_decide(r.s.store, 0, asked.number, "back", &r.s.hand, "given back by hand", &order, &err));
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, r.account.org_id), 0);
    assert_int_equal(book_of(&r, HENG_BOOK_CHANNEL, r.account.org_id), 0);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static void refunds_are_never_more_than_was_paid(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_refund refund, again;
    (void)state;
    rig_open(&r);
    const struct heng_pay_order order = top_up(&r, "q1", 1000);
    struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k", order.number, "T", 1000);
    assert_refused(HENG_ECONFLICT, "created",
                   heng_pay_refund_ask(r.s.store, 0, order.number, 1, "r0", &r.s.hand, "x", &refund, &err));
    (void)tell(&r, &e);
    assert_refused(HENG_EDENIED, "10.00",
                   heng_pay_refund_ask(r.s.store, 0, order.number, 1001, "r1", &r.s.hand, "x", &refund, &err));
    assert_ok(heng_pay_refund_ask(r.s.store, 0, order.number, 400, "r2", &r.s.hand, "moved", &refund, &err));
    assert_ok(heng_pay_refund_ask(r.s.store, 0, order.number, 400, "r2", &r.s.hand, "moved", &again, &err));
    assert_string_equal(again.number, refund.number);
    assert_int_equal(balance_of(&r.s, r.account.id).purse, 600);
    assert_int_equal(now(&r, order.number).state, HENG_PAY_REFUNDING);
    e = event_of(HENG_PAY_EVENT_REFUNDED, "k2", order.number, "T2", 1000);
    snprintf(e.refund_number, sizeof e.refund_number, "%s", refund.number);
    e.refund_amount = 399;
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    e.refund_amount = 400;
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_APPLIED);
    snprintf(e.key, sizeof e.key, "k3");
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_KNOWN);
    assert_int_equal(now(&r, order.number).state, HENG_PAY_APPLIED);
    /* The rest fails at the channel: it is put back. */
    assert_ok(heng_pay_refund_ask(r.s.store, 0, order.number, 600, "r3", &r.s.hand, "moved", &refund, &err));
    assert_int_equal(balance_of(&r.s, r.account.id).purse, 0);
    e = event_of(HENG_PAY_EVENT_REFUND_FAILED, "k4", order.number, "T3", 1000);
    snprintf(e.refund_number, sizeof e.refund_number, "%s", refund.number);
    e.refund_amount = 600;
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_APPLIED);
    assert_int_equal(balance_of(&r.s, r.account.id).purse, 600);
    assert_int_equal(now(&r, order.number).refunded, 400);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static void what_is_not_believed_is_kept_and_changes_nothing(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_notice notice, rows[4];
    const struct heng_pay_setup setup = {.merchant = "m"};
    const struct heng_pay_in in = {NULL, 0, heng_slice_str("{\"id\":\"x\"}")};
    size_t n = 0;
    (void)state;
    rig_open(&r);
    assert_ok(heng_pay_take_message(r.s.store, &heng_pay_wechat, &setup, &in, &r.s.hand, &notice, &err));
    assert_int_equal(notice.outcome, HENG_PAY_TOLD_REFUSED);
    assert_ok(
        heng_store_list_pay_notices(heng_store_as_reader(r.s.store), "", HENG_PAY_TOLD_REFUSED, 0, rows, 4, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].length, 10);
    assert_non_null(strstr(rows[0].why, "not signed"));
    account_site_close(&r.s);
}

/* --- files --- */

static const char out_form[] = "{\"channel\":\"bank-x\",\"kind\":\"withhold-out\",\"separator\":\"|\",\"line\":["
                               "{\"is\":\"bill\"},{\"is\":\"bank\"},{\"is\":\"amount\"}],\"tail\":[{\"is\":\"count\"},"
                               "{\"is\":\"total\"}]}";
static const char in_form[] = "{\"channel\":\"bank-x\",\"kind\":\"withhold-in\",\"separator\":\"|\",\"line\":["
                              "{\"is\":\"bill\"},{\"is\":\"amount\"},{\"is\":\"result\"}],\"tail\":[{\"is\":\"count\"},"
                              "{\"is\":\"total\"}],\"codes\":[{\"code\":\"00\",\"result\":\"paid\"},"
                              "{\"code\":\"51\",\"result\":\"failed\",\"text\":\"not enough money\"}]}";

static void a_batch_goes_out_and_its_result_comes_in(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_file batch, second;
    struct heng_str text = {.max = 4096};
    (void)state;
    rig_open(&r);
    snprintf(r.account.bank, sizeof r.account.bank, "{\"account\":\"6222\"}");
    assert_ok(heng_store_put_account(r.s.store, &r.account, &err));
    const struct heng_bill one = owed_bill(&r, "2026-000001", 1000), two = owed_bill(&r, "2026-000002", 250);
    const struct heng_pay_template form = form_of(out_form);
    const struct heng_pay_file_ask ask = {.org_id = r.account.org_id, .name = "out.txt"};
    assert_ok(heng_pay_withhold(r.s.store, &form, &ask, r.s.today, &r.s.hand, &batch, &text, &err));
    assert_string_equal(text.text, "2026-000001|6222|10.00\n2026-000002|6222|2.50\n2|12.50\n");
    /* Nobody else takes money for a bill that the bank is asked for. */
    assert_refused(HENG_EDENIED, batch.batch, heng_bill_locked(heng_store_as_reader(r.s.store), one.id, &err));
    assert_int_equal(heng_pay_withhold(r.s.store, &form, &ask, r.s.today, &r.s.hand, &second, &text, &err),
                     HENG_ENOTFOUND);
    const struct heng_pay_ask desk = {.request = "q",
                                      .account_id = r.account.id,
                                      .channel = "wechat",
                                      .purpose = HENG_PAY_FOR_BILL,
                                      .amount = 1000,
                                      .bills = &one.id,
                                      .bill_count = 1};
    struct heng_pay_order order;
    assert_int_equal(heng_pay_order_make(r.s.store, &desk, &r.s.hand, &order, &err), HENG_EDENIED);
    /* A wrong total, a wrong batch, another amount, a line missing, an unknown code: refused whole, nothing booked. */
    static const char *const bad[] = {
        "2026-000001|10.00|00\n2026-000002|2.50|51\n2|12.51\n", "2026-000001|10.00|00\n1|10.00\n",
        "2026-000001|9.99|00\n2026-000002|2.51|51\n2|12.50\n", "2026-000001|10.00|00\n2026-000002|2.50|77\n2|12.50\n",
        "2026-000001|10.00|00\n2026-000001|10.00|00\n2|20.00\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct heng_pay_file_done done = import(&r, in_form, batch.batch, bad[i]);
        assert_int_equal(done.file.state, HENG_PAY_FILE_REFUSED);
        assert_true(done.file.why[0] && done.file.id);
        assert_int_equal(balance_of(&r.s, r.account.id).owed, 1250);
    }
    static const char good[] = "2026-000002|2.50|51\n2026-000001|10.00|00\n2|12.50\n";
    assert_int_equal(import(&r, in_form, "20000101", good).file.state, HENG_PAY_FILE_REFUSED);
    const struct heng_pay_file_done done = import(&r, in_form, batch.batch, good);
    assert_int_equal(done.file.state, HENG_PAY_FILE_TAKEN);
    assert_int_equal(done.paid, 1);
    assert_int_equal(done.failed, 1);
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 250);
    assert_int_equal(import(&r, in_form, batch.batch, good).file.state,
                     HENG_PAY_FILE_REFUSED); /* the same file again */
    /* What failed goes out once more, as a new batch. */
    assert_ok(heng_bill_locked(heng_store_as_reader(r.s.store), two.id, &err));
    heng_str_clear(&text);
    assert_ok(heng_pay_present_again(r.s.store, &form, &ask, batch.id, &r.s.hand, &second, &text, &err));
    assert_string_equal(text.text, "2026-000002|6222|2.50\n1|2.50\n");
    assert_string_not_equal(second.batch, batch.batch);
    assert_proven(&r.s);
    heng_str_fini(&text);
    account_site_close(&r.s);
}

static void payments_at_counters_pay_the_oldest_bill_first(void **state)
{
    static const char form[] = "{\"channel\":\"bank-x\",\"kind\":\"payments-in\",\"separator\":\"|!\",\"line\":["
                               "{\"is\":\"transaction\"},{\"is\":\"account\"},{\"is\":\"amount\"}]}";
    struct rig r;
    struct heng_err err;
    struct heng_allocation rows[4];
    size_t n = 0;
    (void)state;
    rig_open(&r);
    const struct heng_bill one = owed_bill(&r, "2026-000001", 1000);
    (void)owed_bill(&r, "2026-000002", 250);
    const struct heng_pay_file_done done = import(&r, form, NULL, "T1|!A1|!11.00\nT2|!Z9|!5.00\n");
    assert_int_equal(done.paid, 1);
    assert_int_equal(done.unclear, 1);
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 150);
    assert_ok(heng_store_list_allocations(heng_store_as_reader(r.s.store), one.id, 0, rows, 4, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].amount, 1000);
    (void)import(&r, form, NULL, "T1|!A1|!11.00\n"); /* the same payment in another file */
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 150);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

/* --- reconciliation: PY-C7 --- */

static void a_day_is_compared_decided_and_closed(void **state)
{
    static const char form[] = "{\"channel\":\"wechat\",\"kind\":\"statement-in\",\"separator\":\",\",\"line\":["
                               "{\"is\":\"order\"},{\"is\":\"transaction\"},{\"is\":\"amount\"},{\"is\":\"fee\"}]}";
    struct rig r;
    struct heng_err err;
    struct heng_reconcile of, later;
    struct heng_reconcile_line lines[16], line;
    struct heng_pay_file file;
    struct heng_booked booked;
    char h[6][33], text[512];
    size_t n = 0, matches = 0;
    (void)state;
    rig_open(&r);
    const heng_us day_us = (int64_t)r.s.today * HENG_US_PER_DAY, noon = day_us + HENG_US_PER_DAY / 2;
    const struct heng_pay_template template = form_of(form);
    const struct heng_pay_file_ask ask = {.org_id = r.account.org_id, .name = "bill.csv", .day = r.s.today};
    const struct heng_pay_day day = {r.s.today, day_us, day_us + HENG_US_PER_DAY, INT64_C(1800) * HENG_US_PER_S};
    pay(&r, "q1", "T1", 10000, noon, h[1]);
    pay(&r, "q2", "T2", 8880, noon, h[2]);
    pay(&r, "q3", "T3", 5000, noon, h[3]);
    pay(&r, "q5", "T5", 2000, noon, h[5]);
    const struct heng_pay_order lost = top_up(&r, "q4", 3500); /* its notification never came */
    snprintf(text, sizeof text, "%s,T1,100.00,0.60\n%s,T2,88.00,0.53\n%s,T4,35.00,0.21\n%s,T5,20.00,0.12\n", h[1], h[2],
             lost.number, h[5]);
    assert_ok(heng_pay_reconcile(r.s.store, &template, &ask, &day, heng_slice_str(text), &r.s.hand, &of, &file, &err));
    assert_int_equal(of.ours, 25880);
    assert_int_equal(of.theirs, 24300);
    assert_int_equal(of.fees, 146);
    assert_ok(heng_store_list_reconcile_lines(heng_store_as_reader(r.s.store), of.id, 0, lines, 16, &n, &err));
    assert_int_equal(n, 5);
    assert_refused(HENG_ECONFLICT, "3 differences",
                   heng_pay_reconcile_close(r.s.store, 0, of.id, &r.s.hand, &later, &err));
    for (size_t i = 0; i < n; i++) {
        const heng_reconcile_class c = lines[i].class_of;
        if (c == HENG_RECONCILE_MATCH) {
            matches++;
            continue;
        }
        if (strcmp(lines[i].order_number, h[2]) == 0)
            assert_int_equal(c, HENG_RECONCILE_AMOUNT);
        else if (strcmp(lines[i].order_number, h[3]) == 0)
            assert_int_equal(c, HENG_RECONCILE_OURS_ONLY);
        else
            assert_int_equal(c, HENG_RECONCILE_THEIRS_ONLY);
        assert_refused(
            HENG_EFORMAT, "reason",
            heng_pay_reconcile_decide(r.s.store, 0, of.id, lines[i].n, "accept", &r.s.hand, "", &line, &err));
        assert_ok(heng_pay_reconcile_decide(r.s.store, 0, of.id, lines[i].n,
                                            c == HENG_RECONCILE_THEIRS_ONLY ? "apply" : "accept", &r.s.hand,
                                            "asked wechat", &line, &err));
    }
    assert_int_equal(matches, 2);
    assert_int_equal(now(&r, lost.number).state, HENG_PAY_APPLIED);
    assert_int_equal(heng_pay_settle(r.s.store, 0, of.id, 24154, &r.s.hand, &booked, &err), HENG_ECONFLICT);
    assert_ok(heng_pay_reconcile_close(r.s.store, 0, of.id, &r.s.hand, &of, &err));
    assert_int_equal(book_of(&r, HENG_BOOK_CHANNEL_FEE, r.account.org_id), 146);
    assert_refused(HENG_ECONFLICT, "241.54", heng_pay_settle(r.s.store, 0, of.id, 24300, &r.s.hand, &booked, &err));
    assert_ok(heng_pay_settle(r.s.store, 0, of.id, 24154, &r.s.hand, &booked, &err));
    assert_int_equal(book_of(&r, HENG_BOOK_BANK, r.account.org_id), 24154);
    /* The same file again is refused; a later one is a correction of the day with its own number. */
    assert_ok(
        heng_pay_reconcile(r.s.store, &template, &ask, &day, heng_slice_str(text), &r.s.hand, &later, &file, &err));
    assert_int_equal(file.state, HENG_PAY_FILE_REFUSED);
    snprintf(text, sizeof text, "%s,T3,50.00,0.30\n", h[3]);
    assert_ok(
        heng_pay_reconcile(r.s.store, &template, &ask, &day, heng_slice_str(text), &r.s.hand, &later, &file, &err));
    assert_int_equal(later.n, 2);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static void money_near_midnight_is_in_transit_for_a_day(void **state)
{
    static const char form[] = "{\"channel\":\"wechat\",\"kind\":\"statement-in\",\"separator\":\",\",\"line\":["
                               "{\"is\":\"order\"},{\"is\":\"transaction\"},{\"is\":\"amount\"},{\"is\":\"fee\"}]}";
    struct rig r;
    struct heng_err err;
    struct heng_reconcile of;
    struct heng_reconcile_line lines[4];
    struct heng_pay_file file;
    char one[33], two[33], text[128];
    size_t n = 0;
    (void)state;
    rig_open(&r);
    const heng_us day_us = (int64_t)r.s.today * HENG_US_PER_DAY;
    const struct heng_pay_template template = form_of(form);
    struct heng_pay_file_ask ask = {.org_id = r.account.org_id, .name = "bill.csv", .day = r.s.today};
    struct heng_pay_day day = {r.s.today, day_us, day_us + HENG_US_PER_DAY, INT64_C(1800) * HENG_US_PER_S};
    pay(&r, "q1", "T1", 100, day.to_us - HENG_US_PER_S, one);
    pay(&r, "q2", "T2", 200, day.to_us - 2 * HENG_US_PER_S, two);
    assert_ok(heng_pay_reconcile(r.s.store, &template, &ask, &day, heng_slice_str(""), &r.s.hand, &of, &file, &err));
    assert_ok(heng_store_list_reconcile_lines(heng_store_as_reader(r.s.store), of.id, 0, lines, 4, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(lines[0].class_of, HENG_RECONCILE_IN_TRANSIT);
    /* Tomorrow's file has one of them; the other is missing now. */
    day = (struct heng_pay_day){r.s.today + 1, day.to_us, day.to_us + HENG_US_PER_DAY, day.transit_us};
    ask.day = r.s.today + 1;
    snprintf(text, sizeof text, "%s,T1,1.00,0.01\n", one);
    assert_ok(heng_pay_reconcile(r.s.store, &template, &ask, &day, heng_slice_str(text), &r.s.hand, &of, &file, &err));
    assert_ok(heng_store_list_reconcile_lines(heng_store_as_reader(r.s.store), of.id, 0, lines, 4, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(lines[0].class_of, HENG_RECONCILE_OURS_ONLY);
    assert_string_equal(lines[0].order_number, two);
    assert_int_equal(lines[1].class_of, HENG_RECONCILE_MATCH);
    account_site_close(&r.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_request_is_one_order),
                                       cmocka_unit_test(every_order_of_notices_ends_the_same),
                                       cmocka_unit_test(another_amount_books_nothing_and_waits_for_a_person),
                                       cmocka_unit_test(money_for_nobody_is_kept),
                                       cmocka_unit_test(a_closed_account_gets_no_money_but_none_is_lost),
                                       cmocka_unit_test(refunds_are_never_more_than_was_paid),
                                       cmocka_unit_test(what_is_not_believed_is_kept_and_changes_nothing),
                                       cmocka_unit_test(a_batch_goes_out_and_its_result_comes_in),
                                       cmocka_unit_test(payments_at_counters_pay_the_oldest_bill_first),
                                       cmocka_unit_test(a_day_is_compared_decided_and_closed),
                                       cmocka_unit_test(money_near_midnight_is_in_transit_for_a_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
