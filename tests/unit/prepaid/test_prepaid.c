/* Prepaid from the sale to the cut and back, by the worked examples PP-C1, C2, C4, C7, C8, C10 of the domain notes. */
#include "prepaid_rig.h"

/* Kinds of the notices so far, newest last, without those of supply itself. */
static void assert_warned(struct prepaid_rig *r, int64_t account_id, size_t count, const char *last)
{
    struct heng_notice newest = {.kind = ""};
    assert_int_equal(rig_notices(r, account_id, &newest), count);
    assert_string_equal(newest.kind, last);
}

/* All of a month (0: March 2026) is known, its use is of the last day; returns the day behind it, of the rig. */
static int use_month(struct prepaid_rig *r, int month, int64_t amount)
{
    int32_t first = heng_month_next(heng_month_of(r->day0), month), next = heng_month_next(first, 1);
    int day = first > r->day0 ? first - r->day0 : 0, end = next - r->day0;
    for (; day < end; day++) rig_use(r, ELECTRIC, day, day == end - 1 ? amount : 0);
    return end;
}

/* Each use is a month's here, as the example rounds each by itself. */
static void levels_cut_and_restore(void **state)
{
    struct prepaid_rig r;
    struct heng_account limits = {.warn = {5000, 2000, 0}, .overdraft = 1000, .hoard = HENG_LIMIT_NONE};
    struct heng_supply_task task;
    int day = 0;
    (void)state;
    rig_open(&r);
    rig_setting(&r, "prepaid_notice_h", "0");
    int64_t account = rig_account(&r, "C1", limits);
    rig_contract(&r, account, ELECTRIC, HENG_MODE_PREPAID, "electric", "{}");
    rig_sell(&r, account, 10000);
    static const struct {
        int64_t use, balance;
        size_t notices;
        const char *last;
    } steps[] = {{3000, 6250, 0, ""}, {2240, 3450, 1, "warn-1"}, {1975, 981, 2, "warn-2"}, {810, -32, 3, "warn-3"}};
    for (int i = 0; i < 4; i++) {
        day = use_month(&r, i, steps[i].use);
        rig_work(&r, rig_noon_us(&r, day));
        assert_int_equal(rig_purse(&r, account), steps[i].balance);
        assert_warned(&r, account, steps[i].notices, steps[i].last);
        assert_false(rig_next(&r, &task));
    }
    day = use_month(&r, 4, 1260);
    rig_work(&r, rig_noon_us(&r, day + 4)); /* Wednesday, 5 August */
    assert_int_equal(rig_purse(&r, account), -1607);
    assert_false(rig_next(&r, &task)); /* the data are too old to cut by */
    for (int i = 0; i < 4; i++) rig_use(&r, ELECTRIC, day + i, 0);
    day += 4;
    rig_work(&r, rig_noon_us(&r, day) + 2 * 3600 * HENG_US_PER_S);
    assert_true(rig_next(&r, &task));
    assert_false(task.on);
    int64_t cut = task.id;
    rig_ordered(&r, cut, 77);
    assert_false(rig_next(&r, &task));
    rig_result(&r, cut, HENG_SUPPLY_CONFIRMED, "");
    assert_warned(&r, account, 4, "cut");
    rig_sell(&r, account, 500);
    assert_int_equal(rig_purse(&r, account), -1107);
    assert_false(rig_next(&r, &task)); /* it stays off */
    rig_use(&r, ELECTRIC, day, 0);
    rig_work(&r, rig_noon_us(&r, day + 1));
    assert_false(rig_next(&r, &task));
    rig_sell(&r, account, 5000);
    assert_int_equal(rig_purse(&r, account), 3893);
    assert_true(rig_next(&r, &task)); /* in the very transaction of the sale */
    assert_true(task.on);
    rig_ordered(&r, task.id, 78);
    rig_result(&r, task.id, HENG_SUPPLY_CONFIRMED, "");
    assert_warned(&r, account, 5, "restored");
    assert_int_equal(rig_task(&r, task.id).state, HENG_SUPPLY_STATE_DONE);
    rig_close(&r);
}

/* In one period the same uses are charged together: 80.25 kWh are 100.31, and no cent drifts. */
static void cents_do_not_drift(void **state)
{
    static const int64_t uses[] = {3000, 2240, 1975, 810}, balances[] = {6250, 3450, 981, -31};
    struct prepaid_rig r;
    struct heng_account limits = {RIG_NO_LIMITS};
    (void)state;
    rig_open(&r);
    int64_t account = rig_account(&r, "D1", limits);
    rig_contract(&r, account, ELECTRIC, HENG_MODE_PREPAID, "electric", "{}");
    rig_sell(&r, account, 10000);
    for (int i = 0; i < 4; i++) {
        rig_use(&r, ELECTRIC, i, uses[i]);
        rig_work(&r, rig_noon_us(&r, i + 1));
        assert_int_equal(rig_purse(&r, account), balances[i]);
    }
    rig_close(&r);
}

static void hoarding_is_checked_before(void **state)
{
    struct prepaid_rig r;
    struct heng_account limits = {RIG_NO_LIMITS};
    struct heng_booked booked;
    struct heng_err err;
    (void)state;
    limits.hoard = 200000;
    rig_open(&r);
    int64_t account = rig_account(&r, "C2", limits);
    rig_contract(&r, account, ELECTRIC, HENG_MODE_PREPAID, "electric", "{}");
    rig_sell(&r, account, 150000);
    struct heng_store_reader *reader = heng_store_as_reader(r.store);
    assert_ok(heng_prepaid_may_sell(reader, 0, account, 0, 50000, &err));
    assert_int_equal(heng_prepaid_may_sell(reader, 0, account, 0, 50001, &err), HENG_EDENIED);
    assert_int_equal(rig_try_sell(&r, account, 50001, &booked, &err), HENG_EDENIED);
    assert_non_null(strstr(err.text, "2000.00"));
    assert_int_equal(rig_purse(&r, account), 150000);
    assert_int_equal(rig_try_sell(&r, account, 0, &booked, &err), HENG_ERANGE);
    assert_int_equal(rig_try_sell(&r, account, INT64_MAX, &booked, &err), HENG_EDENIED);
    rig_sell(&r, account, 50000);
    rig_use(&r, ELECTRIC, 0, 162800); /* down to -35.00 */
    rig_work(&r, rig_noon_us(&r, 1));
    assert_int_equal(rig_purse(&r, account), -3500);
    assert_int_equal(rig_try_sell(&r, account, 203501, &booked, &err), HENG_EDENIED);
    rig_sell(&r, account, 203500);
    assert_int_equal(rig_purse(&r, account), 200000);
    rig_close(&r);
}

static heng_rc try_refund(struct prepaid_rig *r, int64_t account, int64_t amount, const char *key, struct heng_err *err)
{
    struct heng_sale refund = {.account_id = account, .amount = amount, .key = key};
    struct heng_booked booked;
    rig_begin(r);
    heng_rc rc = heng_prepaid_refund(r->store, &refund, &r->hand, "moves out", &booked, err);
    if (rc == HENG_OK)
        rig_commit(r);
    else
        heng_store_rollback(r->store);
    return rc;
}

static heng_rc try_reverse(struct prepaid_rig *r, int64_t booking_id, const char *key, struct heng_err *err)
{
    struct heng_booked booked;
    rig_begin(r);
    snprintf(r->hand.second, sizeof r->hand.second, "Chief");
    heng_rc rc = heng_prepaid_reverse(r->store, 0, booking_id, key, &r->hand, "wrong account", &booked, err);
    if (rc == HENG_OK)
        rig_commit(r);
    else
        heng_store_rollback(r->store);
    return rc;
}

static void refund_and_reversal(void **state)
{
    struct prepaid_rig r;
    struct heng_account limits = {RIG_NO_LIMITS};
    struct heng_err err;
    (void)state;
    rig_open(&r);
    int64_t account = rig_account(&r, "C4", limits);
    rig_contract(&r, account, ELECTRIC, HENG_MODE_PREPAID, "electric", "{}");
    rig_use(&r, ELECTRIC, 0, 1412); /* 17.65 */
    rig_time(&r, rig_noon_us(&r, 1));
    int64_t sale = rig_sell(&r, account, 20000);
    rig_work(&r, rig_noon_us(&r, 1) + HENG_US_PER_S);
    assert_int_equal(rig_purse(&r, account), 18235);
    assert_int_not_equal(try_reverse(&r, sale, "rev-1", &err), HENG_OK);
    assert_int_not_equal(try_refund(&r, account, 18236, "ref-1", &err), HENG_OK);
    assert_int_equal(rig_purse(&r, account), 18235);
    assert_ok(try_refund(&r, account, 18235, "ref-2", &err));
    assert_int_equal(rig_purse(&r, account), 0);
    assert_ok(try_refund(&r, account, 18235, "ref-2", &err)); /* asked again: the same refund */
    assert_int_equal(rig_purse(&r, account), 0);
    sale = rig_sell(&r, account, 20000);
    rig_time(&r, rig_noon_us(&r, 2));
    assert_int_not_equal(try_reverse(&r, sale, "rev-2", &err), HENG_OK); /* the next day */
    sale = rig_sell(&r, account, 5000);
    assert_ok(try_reverse(&r, sale, "rev-3", &err));
    assert_int_equal(rig_purse(&r, account), 20000);
    assert_int_not_equal(try_reverse(&r, sale, "rev-4", &err), HENG_OK); /* it was reversed before */
    rig_close(&r);
}

/* The old meter's part and the new one's are rated by themselves in C7: 14.22 and 6.75. The server charges the period:
 * 32.26 kWh x 0.65 = 20.97, the same. */
static void exchange(void **state)
{
    struct prepaid_rig r;
    struct heng_account limits = {RIG_NO_LIMITS};
    (void)state;
    rig_open(&r);
    rig_price(&r, "old", "active", "kWh", "0.6500");
    int64_t account = rig_account(&r, "C7", limits);
    rig_contract(&r, account, ELECTRIC, HENG_MODE_PREPAID, "old", "{}");
    rig_sell(&r, account, 6327);
    rig_use(&r, ELECTRIC, 0, 2188);
    rig_work(&r, rig_noon_us(&r, 1));
    assert_int_equal(rig_purse(&r, account), 6327 - 1422);
    rig_use(&r, ELECTRIC, 1, 1038);
    rig_work(&r, rig_noon_us(&r, 2));
    assert_int_equal(rig_purse(&r, account), 4230);
    rig_close(&r);
}

static void shared_balance(void **state)
{
    struct prepaid_rig r;
    struct heng_account limits = {RIG_NO_LIMITS};
    (void)state;
    rig_open(&r);
    rig_price(&r, "water", "water", "m3", "4.1000");
    rig_price(&r, "heat", "heat", "kWh", "0.2000");
    int64_t account = rig_account(&r, "C8", limits);
    rig_contract(&r, account, ELECTRIC, HENG_MODE_PREPAID, "electric", "{}");
    rig_contract(&r, account, WATER, HENG_MODE_PREPAID, "water", "{}");
    rig_contract(&r, account, HEAT, HENG_MODE_PREPAID, "heat", "{}");
    rig_sell(&r, account, 4000);
    rig_use(&r, ELECTRIC, 0, 1250);
    rig_use(&r, WATER, 0, 320);
    rig_use(&r, HEAT, 0, 2500);
    struct heng_prepaid_counts counts = rig_work(&r, rig_noon_us(&r, 1));
    assert_int_equal(counts.charges, 3);
    assert_int_equal(rig_purse(&r, account), 625);
    counts = rig_work(&r, rig_noon_us(&r, 1) + HENG_US_PER_S);
    assert_int_equal(counts.charges, 0); /* nothing is charged twice */
    rig_close(&r);
}

static void steps_of_the_year(void **state)
{
    struct prepaid_rig r;
    struct heng_account limits = {RIG_NO_LIMITS};
    (void)state;
    rig_open(&r);
    rig_tariff(
        &r, "steps",
        "{\"id\": \"S\", \"currency\": \"CNY\", \"components\": [{\"id\": \"energy\", \"rule\": \"steps\", "
        "\"quantity\": \"active\", \"unit\": \"kWh\", \"cycle\": \"year\", \"form\": \"slices\", \"part_cycle\": "
        "\"whole\", \"steps\": [{\"from\": \"0\", \"price\": \"0.5380\"}, {\"from\": \"2760\", \"price\": "
        "\"0.5880\"}, {\"from\": \"4800\", \"price\": \"0.8380\"}]}]}");
    int64_t account = rig_account(&r, "C10", limits);
    rig_contract(&r, account, ELECTRIC, HENG_MODE_PREPAID, "steps", "{}");
    rig_sell(&r, account, 148219 + 600); /* 2755 kWh at 0.538, and 6.00 */
    rig_use(&r, ELECTRIC, 0, 275500);
    rig_work(&r, rig_noon_us(&r, 1));
    assert_int_equal(rig_purse(&r, account), 600);
    rig_use(&r, ELECTRIC, 1, 1000);
    rig_work(&r, rig_noon_us(&r, 2));
    assert_int_equal(rig_purse(&r, account), 37);
    rig_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_cut_and_restore),
        cmocka_unit_test(cents_do_not_drift),
        cmocka_unit_test(hoarding_is_checked_before),
        cmocka_unit_test(refund_and_reversal),
        cmocka_unit_test(exchange),
        cmocka_unit_test(shared_balance),
        cmocka_unit_test(steps_of_the_year),
    };
    return small_site_run(tests, 0);
}
