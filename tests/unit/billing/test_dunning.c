/* Steps, disputes, instalments, what a notice says and what becomes of it. */
#include "owe_site.h"

#include "store/money/prepaid.h"

#define RULES                                                                                                          \
    "{\"least\": \"5.00\", \"missed_days\": 3, \"late\": [{\"class\": \"other\"}], \"steps\": ["                       \
    "{\"days\": 7, \"text\": {\"en\": \"{name}: {amount} {currency} of bill {bill} were due on {due}\", "              \
    "\"zh\": \"{name}\"}}, "                                                                                           \
    "{\"days\": 21, \"fee\": \"2.50\", \"text\": {\"zh\": \"{total} 元\"}}, "                                         \
    "{\"days\": 35, \"fee\": \"5.00\"}]}"

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
    owe_rules(&s, RULES);
    return 0;
}

static int site_close(void **state)
{
    (void)state;
    account_site_close(&s);
    return 0;
}

/* One day, in the smallest pieces, by a worker that has just started. */
static struct heng_dunning_worker work(int32_t day)
{
    struct heng_dunning_worker worker = {.day = 0};
    struct heng_err err;
    bool left = true;
    s.hand.day = day;
    for (int i = 0; left && i < 1000; i++) assert_ok(heng_dunning_work(&worker, s.store, &s.hand, 0, &left, &err));
    assert_false(left);
    return worker;
}

static size_t steps_of(int64_t bill)
{
    struct heng_dunned rows[16];
    struct heng_err err;
    size_t n = 0;
    assert_ok(heng_store_list_dunned(heng_store_as_reader(s.store), bill, rows, 16, &n, &err));
    return n;
}

static struct heng_notice newest_notice(int64_t account)
{
    struct heng_notice notice = {.id = 0};
    struct heng_err err;
    size_t n = 0;
    assert_ok(heng_store_list_notices(heng_store_as_reader(s.store), 0, account, 0, &notice, 1, &n, &err));
    return notice;
}

static void each_step_comes_once(void **state)
{
    (void)state;
    int32_t due = s.today - 6;
    int64_t a = owe_account(&s, "D-1"), bill = owe_bill(&s, a, 10000, due), small = owe_bill(&s, a, 499, due);
    work(s.today);
    assert_int_equal(steps_of(bill), 0);
    work(due + 7);
    work(due + 7); /* a start again on the same day */
    assert_int_equal(steps_of(bill), 1);
    assert_int_equal(steps_of(small), 0); /* less than is worth it */
    struct heng_notice notice = newest_notice(a);
    assert_string_equal(notice.kind, "dunning-1");
    assert_non_null(strstr(notice.text, "customer D-1: 100.00 CNY of bill T-"));
    assert_non_null(strstr(notice.text, "were due on 2026-11-14"));
    assert_int_equal(owe_open(&s, a, bill).late, 0);
    work(due + 20);
    assert_int_equal(steps_of(bill), 1);
    work(due + 21);
    assert_int_equal(owe_open(&s, a, bill).late, 250);
    notice = newest_notice(a); /* 100.00, fee 2.50, 21 days at 2 per mille */
    assert_string_equal(notice.text, "106.70 元");
    work(due + 60);
    assert_int_equal(owe_open(&s, a, bill).late, 750);
    work(due + 90);
    assert_int_equal(steps_of(bill), 3);
    assert_int_equal(owe_open(&s, a, bill).late, 750);
    owe_agrees(&s, a);
    s.hand.day = due + 90;
    owe_pay(&s, a, 1000000, "d1");
    assert_int_equal(owe_balance(&s, a).owed, 0);
    owe_agrees(&s, a);
}

/* Nobody worked for a year: the steps come as far apart as they would have been, not all at once. */
static void steps_that_were_missed_keep_their_distance(void **state)
{
    (void)state;
    int64_t a = owe_account(&s, "D-2"), bill = owe_bill(&s, a, 10000, s.today - 365);
    work(s.today);
    assert_int_equal(steps_of(bill), 1);
    work(s.today + 13);
    assert_int_equal(steps_of(bill), 1);
    work(s.today + 14);
    assert_int_equal(steps_of(bill), 2);
    s.hand.day = s.today + 14;
    owe_pay(&s, a, 1000000, "d2");
    work(s.today + 40); /* and who has paid hears no more */
    assert_int_equal(steps_of(bill), 2);
}

static bool in_arrears(int64_t account)
{
    int32_t since = 0;
    int64_t owed = 0;
    struct heng_err err;
    assert_ok(heng_store_arrears(heng_store_as_reader(s.store), account, s.today, &since, &owed, &err));
    return owed > 0;
}

static void a_dispute_stops_it_all(void **state)
{
    (void)state;
    struct heng_err err;
    int64_t a = owe_account(&s, "D-3"), bill = owe_bill(&s, a, 10000, s.today - 10);
    assert_true(in_arrears(a));
    assert_refused(HENG_ECONFIG, "why", heng_bill_dispute(s.store, 0, bill, 0, &s.hand, "", &err));
    assert_refused(HENG_ENOTFOUND, "no bill", heng_bill_dispute(s.store, 9, bill, 0, &s.hand, "meter", &err));
    assert_refused(HENG_ERANGE, "behind today", heng_bill_dispute(s.store, 0, bill, s.today, &s.hand, "meter", &err));
    assert_ok(heng_bill_dispute(s.store, 0, bill, s.today + 30, &s.hand, "meter", &err));
    assert_refused(HENG_ECONFLICT, "already", heng_bill_dispute(s.store, 0, bill, 0, &s.hand, "meter", &err));
    assert_false(in_arrears(a)); /* no supply is cut for it */
    work(s.today + 29);
    assert_int_equal(steps_of(bill), 0);
    owe_pay(&s, a, 100, "h1"); /* and no fee comes with money */
    assert_int_equal(owe_open(&s, a, bill).late, 0);
    work(s.today + 30); /* its time is over */
    assert_int_equal(steps_of(bill), 1);
    assert_refused(HENG_ECONFLICT, "not in dispute", heng_bill_release(s.store, 0, bill, &s.hand, "settled", &err));
    assert_ok(heng_bill_dispute(s.store, 0, bill, 0, &s.hand, "again", &err));
    assert_ok(heng_bill_release(s.store, 0, bill, &s.hand, "settled", &err));
    assert_true(in_arrears(a));
    owe_pay(&s, a, 1000000, "h2");
    owe_agrees(&s, a);
}

static void parts_sum_to_what_is_open(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_instalment parts[HENG_INSTALMENTS_MAX];
    int64_t amount = 0;
    int64_t a = owe_account(&s, "D-4"), bill = owe_bill(&s, a, 10000, s.today - 10);
    assert_ok(heng_instalment_amount(heng_store_as_reader(s.store), 0, bill, s.today, &amount, &err));
    assert_int_equal(amount, 10200);
    assert_ok(heng_instalment_split(amount, 7, heng_day_of_date(2027, 1, 31), parts, &err));
    assert_int_equal(parts[0].amount, 1458);
    assert_int_equal(parts[6].amount, 1457);
    assert_int_equal(parts[1].due_day, heng_day_of_date(2027, 2, 28));
    assert_int_equal(parts[2].due_day, heng_day_of_date(2027, 3, 31));
    parts[3].amount++;
    assert_refused(HENG_ECONFLICT, "sum to 102.01",
                   heng_instalment_plan(s.store, 0, bill, parts, 7, &s.hand, "", &err));
    parts[3].amount--;
    parts[2].due_day = parts[1].due_day;
    assert_refused(HENG_ERANGE, "part 3", heng_instalment_plan(s.store, 0, bill, parts, 7, &s.hand, "", &err));
    parts[2].due_day++;
    assert_ok(heng_instalment_plan(s.store, 0, bill, parts, 7, &s.hand, "asked for it", &err));
    assert_refused(HENG_ECONFLICT, "has a plan", heng_instalment_plan(s.store, 0, bill, parts, 7, &s.hand, "", &err));
    assert_int_equal(owe_balance(&s, a).owed, 10200);
    assert_false(in_arrears(a));
    assert_refused(HENG_ERANGE, "1 to", heng_instalment_split(3, 4, s.today, parts, &err));
    owe_agrees(&s, a);
    assert_ok(heng_instalment_stop(s.store, 0, bill, &s.hand, "wants to pay at once", &err));
    assert_refused(HENG_ENOTFOUND, "instalments", heng_instalment_stop(s.store, 0, bill, &s.hand, "", &err));
    owe_pay(&s, a, 1000000, "i0");
}

static void a_missed_part_ends_the_plan(void **state)
{
    (void)state;
    struct heng_err err;
    struct heng_instalment parts[3];
    struct heng_instalment_state plan;
    struct heng_bill row;
    int64_t kept = owe_account(&s, "D-5"), missed = owe_account(&s, "D-6");
    int64_t bills[2] = {owe_bill(&s, kept, 9000, s.today + 1), owe_bill(&s, missed, 9000, s.today + 1)};
    assert_ok(heng_instalment_split(9000, 3, s.today + 30, parts, &err));
    for (int i = 0; i < 2; i++)
        assert_ok(heng_instalment_plan(s.store, 0, bills[i], parts, 3, &s.hand, "asked for it", &err));
    s.hand.day = s.today + 29;
    owe_pay(&s, kept, 3000, "i1");
    assert_ok(heng_store_get_bill(heng_store_as_reader(s.store), 0, bills[0], &row, &err));
    assert_ok(heng_instalment_state(heng_store_as_reader(s.store), &row, s.hand.day, &plan, &err));
    assert_int_equal(plan.paid, 3000);
    assert_int_equal(plan.next_day, parts[1].due_day);
    assert_int_equal(work(parts[0].due_day + 3).plans_missed, 0); /* three days later it still may come */
    assert_int_equal(steps_of(bills[1]), 0);
    assert_int_equal(work(parts[0].due_day + 4).plans_missed, 1);
    assert_int_equal(steps_of(bills[1]), 1); /* dunning goes on at once */
    assert_int_equal(steps_of(bills[0]), 0);
    s.hand.day = parts[1].due_day;
    owe_pay(&s, kept, 6000, "i2");
    assert_int_equal(work(parts[2].due_day + 1).plans_paid, 1);
    assert_int_equal(owe_balance(&s, kept).owed, 0); /* no late fee for who keeps to it */
    owe_agrees(&s, kept);
    owe_pay(&s, missed, 1000000, "i3");
    owe_agrees(&s, missed);
}

static void what_lies_in_advance_pays_first(void **state)
{
    (void)state;
    int64_t a = owe_account(&s, "D-7");
    owe_pay(&s, a, 9000, "a1");
    int64_t bill = owe_bill(&s, a, 8000, s.today - 30);
    owe_rules(&s, "{\"steps\": [{\"days\": 7, \"text\": {\"en\": \"{bill}\"}}]}");
    work(s.today);
    assert_int_equal(steps_of(bill), 0);
    assert_int_equal(owe_balance(&s, a).owed, 0);
    assert_int_equal(owe_balance(&s, a).advance, 1000);
    owe_agrees(&s, a);
}

static void notices_are_marked_by_who_sends_them(void **state)
{
    (void)state;
    struct heng_err err;
    int64_t a = owe_account(&s, "D-8");
    owe_bill(&s, a, 10000, s.today - 8);
    work(s.today);
    struct heng_notice notice = newest_notice(a);
    assert_int_equal(notice.state, HENG_NOTICE_WAITING);
    assert_refused(HENG_ENOTFOUND, "no notice",
                   heng_notice_mark(s.store, 8, notice.id, HENG_NOTICE_SENT, "", &s.hand, &err));
    assert_refused(HENG_ECONFIG, "why", heng_notice_mark(s.store, 0, notice.id, HENG_NOTICE_FAILED, "", &s.hand, &err));
    assert_ok(heng_notice_mark(s.store, 0, notice.id, HENG_NOTICE_FAILED, "no such number", &s.hand, &err));
    assert_ok(heng_notice_mark(s.store, 0, notice.id, HENG_NOTICE_WAITING, "", &s.hand, &err));
    assert_ok(heng_notice_mark(s.store, 0, notice.id, HENG_NOTICE_SENT, "", &s.hand, &err));
    assert_ok(heng_notice_mark(s.store, 0, notice.id, HENG_NOTICE_SENT, "", &s.hand, &err));
    assert_refused(HENG_ECONFLICT, "stays so",
                   heng_notice_mark(s.store, 0, notice.id, HENG_NOTICE_FAILED, "oops", &s.hand, &err));
    notice = newest_notice(a);
    assert_int_equal(notice.sent_us, s.hand.now_us);
    owe_pay(&s, a, 1000000, "n1");
}

/* It is cut between two characters, not within one. */
static void a_long_text_ends_with_a_whole_character(void **state)
{
    (void)state;
    char json[1024] = "{\"steps\": [{\"days\": 1, \"text\": {\"en\": \"{name}";
    for (int i = 0; i < 150; i++) strcat(json, "账");
    strcat(json, "\"}}]}");
    owe_rules(&s, json);
    int64_t a = owe_account(&s, "账户号码户号码");
    owe_bill(&s, a, 10000, s.today - 8);
    work(s.today);
    struct heng_notice notice = newest_notice(a);
    assert_int_equal(strlen(notice.text), 9 + 7 * 3 + 149 * 3); /* "customer " and seven characters, then 149 of 150 */
    owe_pay(&s, a, 1000000, "t1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_step_comes_once, fresh),
        cmocka_unit_test_setup(steps_that_were_missed_keep_their_distance, fresh),
        cmocka_unit_test_setup(a_dispute_stops_it_all, fresh),
        cmocka_unit_test_setup(parts_sum_to_what_is_open, fresh),
        cmocka_unit_test_setup(a_missed_part_ends_the_plan, fresh),
        cmocka_unit_test_setup(what_lies_in_advance_pays_first, fresh),
        cmocka_unit_test_setup(notices_are_marked_by_who_sends_them, fresh),
        cmocka_unit_test_setup(a_long_text_ends_with_a_whole_character, fresh),
    };
    return cmocka_run_group_tests(tests, site_open, site_close);
}
