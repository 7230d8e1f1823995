/* Money under bad input, on both engines: messages replayed, crossed or for somebody else, files twice in another
 * dress, days with every class of difference. Whatever comes, books add up and nothing is booked twice. */
#include "pay_messages.h"
#include "pay_rig.h"

static int64_t purse(struct rig *r) { return balance_of(&r->s, r->account.id).purse; }

static struct heng_pay_notice hear(struct rig *r, const struct heng_pay_setup *setup, const struct heng_pay_in *in)
{
    struct heng_pay_notice notice;
    struct heng_err err;
    assert_ok(heng_pay_take_message(r->s.store, &heng_pay_wechat, setup, in, &r->s.hand, &notice, &err));
    return notice;
}

/* The same signed bytes again and again, within the window and after it; then with a new signature over them. */
static void a_replayed_message_changes_nothing(void **state)
{
    struct rig r;
    struct made_message m;
    char plain[400];
    (void)state;
    rig_open(&r);
    struct heng_pay_setup setup = made_setup();
    const struct heng_pay_order order = top_up(&r, "q1", 8880);
    snprintf(plain, sizeof plain,
             "{\"mchid\":\"M1\",\"appid\":\"A1\",\"out_trade_no\":\"%s\",\"transaction_id\":\"T1\",\"trade_state\":"
             "\"SUCCESS\",\"amount\":{\"total\":8880,\"currency\":\"CNY\"}}",
             order.number);
    make_wechat(&m, &setup, "EV1", plain, r.s.hand.now_us);
    assert_int_equal(hear(&r, &setup, &m.in).outcome, HENG_PAY_TOLD_APPLIED);
    assert_int_equal(purse(&r), 8880);
    for (int i = 0; i < 3; i++) assert_int_equal(hear(&r, &setup, &m.in).outcome, HENG_PAY_TOLD_KNOWN);
    r.s.hand.now_us += 600 * HENG_US_PER_S;
    assert_int_equal(hear(&r, &setup, &m.in).outcome, HENG_PAY_TOLD_REFUSED);
    snprintf(m.at, sizeof m.at, "%lld", (long long)(r.s.hand.now_us / HENG_US_PER_S));
    sign_wechat(&m, setup.key);
    assert_int_equal(hear(&r, &setup, &m.in).outcome, HENG_PAY_TOLD_KNOWN);
    made_fini(&m);
    make_wechat(&m, &setup, "EV2", plain, r.s.hand.now_us); /* another number of the message, the same payment */
    assert_int_equal(hear(&r, &setup, &m.in).outcome, HENG_PAY_TOLD_KNOWN);
    made_fini(&m);
    assert_int_equal(purse(&r), 8880);
    assert_proven(&r.s);
    heng_pay_setup_fini(&setup);
    account_site_close(&r.s);
}

/* Kept up to 64 KiB with its reason, and never looked into. */
static void a_huge_message_is_kept_short(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_notice rows[2];
    size_t n = 0;
    (void)state;
    rig_open(&r);
    struct heng_pay_setup setup = made_setup();
    const size_t size = 4 << 20;
    char *body = malloc(size);
    assert_non_null(body);
    memset(body, '{', size);
    const struct heng_pay_in in = {NULL, 0, heng_slice_of(body, size)};
    const struct heng_pay_notice notice = hear(&r, &setup, &in);
    free(body);
    assert_int_equal(notice.outcome, HENG_PAY_TOLD_REFUSED);
    assert_non_null(strstr(notice.why, "4194304"));
    assert_ok(
        heng_store_list_pay_notices(heng_store_as_reader(r.s.store), "", HENG_PAY_OUTCOME_COUNT, 0, rows, 2, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(rows[0].length, HENG_PAY_BODY_MAX);
    heng_pay_setup_fini(&setup);
    account_site_close(&r.s);
}

static void one_transaction_pays_one_order(void **state)
{
    struct rig r;
    (void)state;
    rig_open(&r);
    const struct heng_pay_order a = top_up(&r, "q1", 100), b = top_up(&r, "q2", 100);
    struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k1", a.number, "T1", 100);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_APPLIED);
    e = event_of(HENG_PAY_EVENT_PAID, "k2", b.number, "T1", 100);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    assert_int_equal(now(&r, b.number).state, HENG_PAY_CREATED);
    assert_int_equal(purse(&r), 100);
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, 0), 0);
    /* Below zero, nothing, without a transaction, of another channel: nothing moves. */
    e = event_of(HENG_PAY_EVENT_PAID, "k3", b.number, "T3", -100);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    e = event_of(HENG_PAY_EVENT_PAID, "k4", b.number, "T4", 0);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    e = event_of(HENG_PAY_EVENT_PAID, "k5", b.number, "", 100);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    assert_int_equal(now(&r, b.number).state, HENG_PAY_CREATED);
    struct heng_pay_notice notice;
    struct heng_err err;
    e = event_of(HENG_PAY_EVENT_PAID, "k6", b.number, "T6", 100);
    assert_ok(heng_pay_take(r.s.store, &heng_pay_alipay, &e, heng_slice_str(""), &r.s.hand, &notice, &err));
    assert_int_equal(notice.outcome, HENG_PAY_TOLD_REFUSED);
    /* Another currency: a person decides, and cannot make it the account's money. */
    e = event_of(HENG_PAY_EVENT_PAID, "k7", b.number, "T7", 100);
    memcpy(e.currency, "EUR", 4);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    struct heng_pay_order order;
    assert_int_equal(now(&r, b.number).state, HENG_PAY_STUCK);
    assert_refused(HENG_ECONFLICT, "no payment is known",
                   heng_pay_decide(r.s.store, 0, b.number, "apply", &r.s.hand, "x", &order, &err));
    assert_ok(heng_pay_decide(r.s.store, 0, b.number, "close", &r.s.hand, "given back in EUR", &order, &err));
    assert_int_equal(purse(&r), 100);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

/* The limit was kept when the order was made; until it was paid the account got other money. */
static void the_limit_is_looked_at_again_when_money_is_applied(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_order order;
    (void)state;
    rig_open(&r);
    assert_ok(heng_store_get_account(heng_store_as_reader(r.s.store), 0, r.account.id, &r.account, &err));
    r.account.hoard = 10000;
    assert_ok(heng_store_put_account(r.s.store, &r.account, &err));
    const struct heng_pay_order a = top_up(&r, "q1", 9000), b = top_up(&r, "q2", 9000);
    struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k1", a.number, "T1", 9000);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_APPLIED);
    e = event_of(HENG_PAY_EVENT_PAID, "k2", b.number, "T2", 9000);
    const struct heng_pay_notice notice = tell(&r, &e);
    assert_true(notice.why[0]);
    assert_int_equal(now(&r, b.number).state, HENG_PAY_STUCK);
    assert_int_equal(purse(&r), 9000);
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, r.account.org_id), -9000);
    assert_ok(heng_pay_decide(r.s.store, 0, b.number, "apply", &r.s.hand, "big house", &order, &err));
    assert_int_equal(purse(&r), 18000);
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, r.account.org_id), 0);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static struct heng_pay_order for_meter(struct rig *r, const char *request, int64_t amount)
{
    const struct heng_pay_ask ask = {.request = request,
                                     .account_id = r->account.id,
                                     .channel = "wechat",
                                     .purpose = HENG_PAY_FOR_TOP_UP,
                                     .point_id = 3,
                                     .amount = amount};
    struct heng_pay_order order;
    struct heng_err err;
    assert_ok(heng_pay_order_make(r->s.store, &ask, &r->s.hand, &order, &err));
    return order;
}

/* Two orders for one meter: the first goes on into it; while that is under way the second waits for a person, booked
 * once and nowhere else. */
static void money_for_a_meter_is_booked_once(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_order decided;
    (void)state;
    rig_open(&r);
    (void)new_contract(&r.s, &r.account, 3, HENG_MODE_IN_METER, "water");
    const struct heng_pay_order one = for_meter(&r, "q1", 700), two = for_meter(&r, "q2", 300);
    struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k1", one.number, "T1", 700);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_APPLIED);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_KNOWN);
    assert_int_equal(now(&r, one.number).state, HENG_PAY_APPLIED);
    struct heng_account_balance balance = balance_of(&r.s, r.account.id);
    assert_int_equal(balance.purse + balance.in_meter, 700);
    e = event_of(HENG_PAY_EVENT_PAID, "k2", two.number, "T2", 300);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_APPLIED);
    assert_int_equal(now(&r, two.number).state, HENG_PAY_STUCK);
    assert_non_null(strstr(now(&r, two.number).why, "on its way"));
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, r.account.org_id), -300);
    assert_int_equal(book_of(&r, HENG_BOOK_CHANNEL, r.account.org_id), 1000);
    assert_ok(heng_pay_decide(r.s.store, 0, two.number, "apply", &r.s.hand, "for later", &decided, &err));
    balance = balance_of(&r.s, r.account.id);
    assert_int_equal(balance.purse + balance.in_meter, 1000);
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, r.account.org_id), 0);
    assert_int_equal(book_of(&r, HENG_BOOK_CHANNEL, r.account.org_id), 1000);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static struct heng_pay_refund refund(struct rig *r, const char *order, int64_t amount, const char *request)
{
    struct heng_pay_refund made;
    struct heng_err err;
    assert_ok(heng_pay_refund_ask(r->s.store, 0, order, amount, request, &r->s.hand, "moved", &made, &err));
    return made;
}

static heng_pay_outcome tell_refund(struct rig *r, const char *key, const char *order, const char *number,
                                    int64_t amount, bool is_total)
{
    struct heng_pay_event e = event_of(HENG_PAY_EVENT_REFUNDED, key, order, "T", 0);
    snprintf(e.refund_number, sizeof e.refund_number, "%s", number);
    e.refund_amount = amount;
    e.refund_is_total = is_total;
    return tell(r, &e).outcome;
}

/* Alipay tells the sum of all refunds with each of them. */
static void refunds_that_are_told_as_a_sum(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_refund made;
    char request[HENG_BOOKING_KEY_MAX + 8];
    (void)state;
    rig_open(&r);
    const struct heng_pay_order order = top_up(&r, "q1", 1000);
    /* Before anything was paid no refund is ours. */
    assert_int_equal(tell_refund(&r, "k0", order.number, "R-none", 300, true), HENG_PAY_TOLD_REFUSED);
    const struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k", order.number, "T", 1000);
    (void)tell(&r, &e);
    const struct heng_pay_refund a = refund(&r, order.number, 300, "r1"), b = refund(&r, order.number, 200, "r2");
    assert_int_equal(tell_refund(&r, "k1", order.number, a.number, 301, true), HENG_PAY_TOLD_REFUSED);
    assert_int_equal(tell_refund(&r, "k2", order.number, a.number, 300, true), HENG_PAY_TOLD_APPLIED);
    assert_int_equal(tell_refund(&r, "k3", order.number, b.number, 200, true), HENG_PAY_TOLD_REFUSED);
    assert_int_equal(tell_refund(&r, "k4", order.number, b.number, 500, true), HENG_PAY_TOLD_APPLIED);
    assert_int_equal(tell_refund(&r, "k5", order.number, b.number, 500, true), HENG_PAY_TOLD_KNOWN);
    assert_int_equal(tell_refund(&r, "k6", "H-other", b.number, 500, true), HENG_PAY_TOLD_REFUSED);
    assert_int_equal(purse(&r), 500);
    assert_int_equal(now(&r, order.number).state, HENG_PAY_APPLIED);
    assert_int_equal(now(&r, order.number).refunded, 500);
    /* Never below zero, never a key that would be cut off. */
    assert_int_equal(heng_pay_refund_ask(r.s.store, 0, order.number, -1, "r3", &r.s.hand, "x", &made, &err),
                     HENG_ERANGE);
    memset(request, 'x', sizeof request);
    request[sizeof request - 1] = 0;
    assert_int_equal(heng_pay_refund_ask(r.s.store, 0, order.number, 1, request, &r.s.hand, "x", &made, &err),
                     HENG_EFORMAT);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

/* --- files --- */

static const char payments[] = "{\"channel\":\"bank-x\",\"kind\":\"payments-in\",\"separator\":\"|\",\"line\":["
                               "{\"is\":\"transaction\"},{\"is\":\"account\"},{\"is\":\"amount\"}],\"tail\":["
                               "{\"is\":\"count\"},{\"is\":\"total\"}]}";

static void a_payment_comes_once_in_whatever_file(void **state)
{
    static const char *const bad[] = {"|A1|11.00\n1|11.00\n",
                                      "T2|A1|-11.00\n1|-11.00\n",
                                      "T2|A1|0.00\n1|0.00\n",
                                      "T1|A1|12.00\n1|12.00\n",
                                      "T2|A1|5.00\nT2|A1|5.00\n2|10.00\n",
                                      "T2|A1|5.00\nT3|A1|5.00\n2|10.01\n",
                                      "T2|A1|5.00\nT3|A1|5.00\n3|10.00\n"};
    struct rig r;
    (void)state;
    rig_open(&r);
    (void)owed_bill(&r, "2026-000001", 5000);
    assert_int_equal(import(&r, payments, NULL, "T1|A1|11.00\n1|11.00\n").paid, 1);
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 3900);
    static const char *const again[] = {"T1|A1|11.00\r\n1|11.00\r\n", "\xEF\xBB\xBFT1|A1|11.00\n1|11.00\n",
                                        "T1|A1|11.0\n1|11.0\n", "T1|Z9|11.00\n1|11.00\n"};
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        const struct heng_pay_file_done done = import(&r, payments, NULL, again[i]);
        assert_int_equal(done.file.state, HENG_PAY_FILE_TAKEN);
        assert_int_equal(done.paid + done.unclear, 0);
        assert_int_equal(done.booked, 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct heng_pay_file_done done = import(&r, payments, NULL, bad[i]);
        if (done.file.state != HENG_PAY_FILE_REFUSED) fail_msg("taken: %s", bad[i]);
        assert_true(done.file.why[0] && done.file.id);
    }
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 3900);
    /* A payment for nobody, and the account opened later: it lies where it was put. */
    assert_int_equal(import(&r, payments, NULL, "T9|A7|1.00\n1|1.00\n").unclear, 1);
    assert_int_equal(import(&r, payments, NULL, "T9|A1|1.00\n1|1.00\n").paid, 0);
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 3900);
    /* In another currency than the account's it is nobody's. */
    static const char euros[] =
        "{\"channel\":\"bank-x\",\"kind\":\"payments-in\",\"separator\":\"|\",\"currency\":\"EUR\","
        "\"line\":[{\"is\":\"transaction\"},{\"is\":\"account\"},{\"is\":\"amount\"}]}";
    assert_int_equal(import(&r, euros, NULL, "T10|A1|1.00\n").unclear, 1);
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 3900);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static const char batch_out[] = "{\"channel\":\"bank-x\",\"kind\":\"withhold-out\",\"separator\":\"|\",\"line\":["
                                "{\"is\":\"bill\"},{\"is\":\"bank\"},{\"is\":\"amount\"}]}";

static void a_batch_is_sent_and_its_bills_wait(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_pay_file batch;
    struct heng_booked booked;
    struct heng_str text = {.max = 4096};
    (void)state;
    rig_open(&r);
    const struct heng_bill bill = owed_bill(&r, "2026-000001", 1000);
    const struct heng_pay_template form = form_of(batch_out);
    const struct heng_pay_file_ask ask = {.org_id = r.account.org_id, .name = "out.txt"};
    snprintf(r.account.bank, sizeof r.account.bank, "{\"mandate\":\"M-1\"}");
    assert_ok(heng_store_put_account(r.s.store, &r.account, &err));
    assert_refused(HENG_ECONFIG, "A1",
                   heng_pay_withhold(r.s.store, &form, &ask, r.s.today, &r.s.hand, &batch, &text, &err));
    snprintf(r.account.bank, sizeof r.account.bank, "6222 0202"); /* as a clerk types it */
    assert_ok(heng_store_put_account(r.s.store, &r.account, &err));
    assert_ok(heng_pay_withhold(r.s.store, &form, &ask, r.s.today, &r.s.hand, &batch, &text, &err));
    assert_string_equal(text.text, "2026-000001|6222 0202|10.00\n");
    assert_ok(heng_pay_sent(r.s.store, 0, batch.id, &r.s.hand, &batch, &err));
    assert_int_equal(batch.state, HENG_PAY_FILE_SENT);
    assert_ok(heng_pay_sent(r.s.store, 0, batch.id, &r.s.hand, &batch, &err));
    assert_int_equal(heng_pay_sent(r.s.store, 0, batch.id + 9, &r.s.hand, &batch, &err), HENG_ENOTFOUND);
    /* At the desk it is refused with the batch's name while the bank has it. */
    const struct heng_collect_ask desk = {.account_id = r.account.id,
                                          .amount = 1000,
                                          .channel = "bank",
                                          .key = "desk1",
                                          .bills = &bill.id,
                                          .bill_count = 1,
                                          .only_named = true,
                                          .strict = true};
    assert_refused(HENG_EDENIED, batch.batch, heng_collect(r.s.store, &desk, &r.s.hand, &booked, &err));
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 1000);
    static const char in[] = "{\"channel\":\"bank-x\",\"kind\":\"withhold-in\",\"separator\":\"|\",\"line\":["
                             "{\"is\":\"bill\"},{\"is\":\"amount\"},{\"is\":\"result\"}],\"codes\":["
                             "{\"code\":\"00\",\"result\":\"paid\"},{\"code\":\"51\",\"result\":\"failed\"}]}";
    assert_int_equal(import(&r, in, batch.batch, "2026-000001|10.00|51\n").failed, 1);
    /* Taken already, also when the same comes as another file. */
    assert_int_equal(import(&r, in, batch.batch, "2026-000001|10.00|00\r\n").file.state, HENG_PAY_FILE_REFUSED);
    assert_int_equal(heng_pay_sent(r.s.store, 0, batch.id, &r.s.hand, &batch, &err), HENG_ECONFLICT);
    assert_ok(heng_collect(r.s.store, &desk, &r.s.hand, &booked, &err));
    assert_int_equal(balance_of(&r.s, r.account.id).owed, 0);
    heng_str_fini(&text);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

/* --- days --- */

static const char day_form[] = "{\"channel\":\"wechat\",\"kind\":\"statement-in\",\"separator\":\",\",\"line\":["
                               "{\"is\":\"order\"},{\"is\":\"transaction\"},{\"is\":\"amount\"},{\"is\":\"refund\"},"
                               "{\"is\":\"fee\"}]}";

static struct heng_pay_file compare(struct rig *r, const char *form_text, const char *text, struct heng_reconcile *ret)
{
    const struct heng_pay_template form = form_of(form_text);
    const heng_us from_us = (int64_t)r->s.today * HENG_US_PER_DAY;
    const struct heng_pay_file_ask ask = {.org_id = r->account.org_id, .name = "bill.csv", .day = r->s.today};
    const struct heng_pay_day day = {r->s.today, from_us, from_us + HENG_US_PER_DAY, INT64_C(1800) * HENG_US_PER_S};
    struct heng_pay_file file;
    struct heng_err err;
    assert_ok(heng_pay_reconcile(r->s.store, &form, &ask, &day, heng_slice_str(text), &r->s.hand, ret, &file, &err));
    return file;
}

static int64_t count(struct rig *r, const struct heng_reconcile *of, heng_reconcile_class class_of, int64_t *ret_n)
{
    struct heng_reconcile_line lines[32];
    struct heng_err err;
    size_t n = 0;
    int64_t found = 0;
    assert_ok(heng_store_list_reconcile_lines(heng_store_as_reader(r->s.store), of->id, 0, lines, 32, &n, &err));
    for (size_t i = 0; i < n; i++)
        if (lines[i].class_of == class_of) found++, *ret_n = lines[i].n;
    return found;
}

/* A row twice, a payment of the same order by another transaction, refunds in twos and in threes. */
static void rows_answer_ours_one_by_one(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_reconcile of;
    struct heng_reconcile_line line;
    char a[33], b[33], text[1024];
    int64_t n = 0;
    (void)state;
    rig_open(&r);
    r.s.hand.now_us = (int64_t)r.s.today * HENG_US_PER_DAY + HENG_US_PER_DAY / 2;
    pay(&r, "q1", "T1", 1000, r.s.hand.now_us, a);
    pay(&r, "q2", "T2", 2000, r.s.hand.now_us, b);
    const struct heng_pay_refund one = refund(&r, b, 300, "r1"), two = refund(&r, b, 300, "r2");
    assert_int_equal(tell_refund(&r, "k1", b, one.number, 300, false), HENG_PAY_TOLD_APPLIED);
    assert_int_equal(tell_refund(&r, "k2", b, two.number, 300, false), HENG_PAY_TOLD_APPLIED);
    snprintf(text, sizeof text,
             "%s,T1,10.00,0,0.06\n%s,T1,10.00,0,0.06\n%s,T1-b,10.00,0,0.06\n%s,T2,20.00,0,0.12\n"
             "%s,T2,0.00,3.00,-0.01\n%s,T2,0.00,3.00,-0.01\n%s,T2,0.00,3.00,-0.01\n",
             a, a, a, b, b, b, b);
    assert_int_equal(compare(&r, day_form, text, &of).state, HENG_PAY_FILE_TAKEN);
    assert_int_equal(of.ours, 3000 - 600);
    assert_int_equal(of.theirs, 5000 - 900);
    assert_int_equal(of.fees, 6 + 6 + 6 + 12 - 3);
    assert_int_equal(count(&r, &of, HENG_RECONCILE_MATCH, &n), 4);
    assert_int_equal(count(&r, &of, HENG_RECONCILE_DUPLICATE, &n), 1);
    assert_refused(HENG_ECONFLICT, "alone",
                   heng_pay_reconcile_decide(r.s.store, 0, of.id, n, "apply", &r.s.hand, "x", &line, &err));
    assert_ok(heng_pay_reconcile_decide(r.s.store, 0, of.id, n, "accept", &r.s.hand, "theirs is wrong", &line, &err));
    assert_int_equal(count(&r, &of, HENG_RECONCILE_REFUND, &n), 1);
    assert_ok(heng_pay_reconcile_decide(r.s.store, 0, of.id, n, "accept", &r.s.hand, "asked them", &line, &err));
    assert_int_equal(count(&r, &of, HENG_RECONCILE_THEIRS_ONLY, &n), 1);
    assert_refused(HENG_ECONFLICT, "another transaction",
                   heng_pay_reconcile_decide(r.s.store, 0, of.id, n, "apply", &r.s.hand, "lost", &line, &err));
    account_site_close(&r.s);
}

/* The customer paid the order twice: the second money is kept, and is nobody's twice only once. */
static void the_second_payment_of_an_order_is_unclear_once(void **state)
{
    struct rig r;
    struct heng_err err;
    struct heng_reconcile of;
    struct heng_reconcile_line line;
    char a[33], text[256];
    int64_t n = 0;
    (void)state;
    rig_open(&r);
    r.s.hand.now_us = (int64_t)r.s.today * HENG_US_PER_DAY + HENG_US_PER_DAY / 2;
    pay(&r, "q1", "T1", 1000, r.s.hand.now_us, a);
    const struct heng_pay_event e = event_of(HENG_PAY_EVENT_PAID, "k9", a, "T1-b", 1000);
    assert_int_equal(tell(&r, &e).outcome, HENG_PAY_TOLD_REFUSED);
    snprintf(text, sizeof text, "%s,T1,10.00,0,0.06\n%s,T1-b,10.00,0,0.06\n,T7,1.00,0,0\n,T8,2.00,0,0\n", a, a);
    (void)compare(&r, day_form, text, &of);
    assert_int_equal(count(&r, &of, HENG_RECONCILE_THEIRS_ONLY, &n), 3);
    struct heng_reconcile_line lines[8];
    size_t found = 0;
    assert_ok(heng_store_list_reconcile_lines(heng_store_as_reader(r.s.store), of.id, 0, lines, 8, &found, &err));
    for (size_t i = 0; i < found; i++)
        if (lines[i].class_of == HENG_RECONCILE_THEIRS_ONLY)
            assert_ok(heng_pay_reconcile_decide(r.s.store, 0, of.id, lines[i].n, "unclear", &r.s.hand, "nobody's",
                                                &line, &err));
    assert_int_equal(book_of(&r, HENG_BOOK_UNCLEAR, 0) +
                         (r.account.org_id ? book_of(&r, HENG_BOOK_UNCLEAR, r.account.org_id) : 0),
                     -1300);
    assert_int_equal(purse(&r), 1000);
    assert_ok(heng_pay_reconcile_close(r.s.store, 0, of.id, &r.s.hand, &of, &err));
    assert_ok(heng_pay_reconcile_close(r.s.store, 0, of.id, &r.s.hand, &of, &err));
    assert_int_equal(book_of(&r, HENG_BOOK_CHANNEL_FEE, r.account.org_id), 12);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

static void a_file_of_another_day_or_kind_compares_nothing(void **state)
{
    static const char dated[] = "{\"channel\":\"wechat\",\"kind\":\"statement-in\",\"separator\":\",\",\"line\":["
                                "{\"is\":\"date\"},{\"is\":\"order\"},{\"is\":\"amount\"}]}";
    struct rig r;
    struct heng_reconcile of;
    char a[33], text[256];
    int64_t n = 0;
    (void)state;
    rig_open(&r);
    r.s.hand.now_us = (int64_t)r.s.today * HENG_US_PER_DAY + HENG_US_PER_DAY / 2;
    pay(&r, "q1", "T1", 1000, r.s.hand.now_us, a);
    snprintf(text, sizeof text, "2026-11-19,%s,10.00\n", a);
    struct heng_pay_file file = compare(&r, dated, text, &of);
    assert_int_equal(file.state, HENG_PAY_FILE_REFUSED);
    assert_non_null(strstr(file.why, "2026-11-19"));
    assert_int_equal(of.id, 0);
    snprintf(text, sizeof text, "2026-11-20,%s,10.00\n", a);
    assert_int_equal(compare(&r, dated, text, &of).state, HENG_PAY_FILE_TAKEN);
    assert_int_equal(count(&r, &of, HENG_RECONCILE_MATCH, &n), 1);
    assert_int_equal(compare(&r, payments, "T1|A1|1.00\n1|1.00\n", &of).state, HENG_PAY_FILE_REFUSED);
    assert_int_equal(of.id, 0);
    account_site_close(&r.s);
}

/* A bank whose orders are paid by transfer: its lost payment is followed under its own name. */
static void a_lost_payment_of_a_bank_is_followed(void **state)
{
    static const char form[] = "{\"channel\":\"bank-x\",\"kind\":\"statement-in\",\"separator\":\",\",\"line\":["
                               "{\"is\":\"order\"},{\"is\":\"transaction\"},{\"is\":\"amount\"}]}";
    struct rig r;
    struct heng_err err;
    struct heng_reconcile of;
    struct heng_reconcile_line line;
    struct heng_pay_order order;
    char text[128];
    (void)state;
    rig_open(&r);
    const struct heng_pay_ask ask = {.request = "q1",
                                     .account_id = r.account.id,
                                     .channel = "bank-x",
                                     .purpose = HENG_PAY_FOR_TOP_UP,
                                     .amount = 700};
    assert_ok(heng_pay_order_make(r.s.store, &ask, &r.s.hand, &order, &err));
    snprintf(text, sizeof text, "%s,B1,7.00\n", order.number);
    (void)compare(&r, form, text, &of);
    assert_ok(heng_pay_reconcile_decide(r.s.store, 0, of.id, 1, "apply", &r.s.hand, "asked the bank", &line, &err));
    assert_int_equal(now(&r, order.number).state, HENG_PAY_APPLIED);
    assert_int_equal(purse(&r), 700);
    assert_proven(&r.s);
    account_site_close(&r.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_replayed_message_changes_nothing),
                                       cmocka_unit_test(a_huge_message_is_kept_short),
                                       cmocka_unit_test(one_transaction_pays_one_order),
                                       cmocka_unit_test(the_limit_is_looked_at_again_when_money_is_applied),
                                       cmocka_unit_test(money_for_a_meter_is_booked_once),
                                       cmocka_unit_test(refunds_that_are_told_as_a_sum),
                                       cmocka_unit_test(a_payment_comes_once_in_whatever_file),
                                       cmocka_unit_test(a_batch_is_sent_and_its_bills_wait),
                                       cmocka_unit_test(rows_answer_ours_one_by_one),
                                       cmocka_unit_test(the_second_payment_of_an_order_is_unclear_once),
                                       cmocka_unit_test(a_file_of_another_day_or_kind_compares_nothing),
                                       cmocka_unit_test(a_lost_payment_of_a_bank_is_followed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
