/* People who pay, in time or not, at the desk and by channel; whose messages come twice, late, in the wrong order or
 * never; and the days that are closed behind them. */
#include "proof/season.h"

#include "account/accounts.h"
#include "account/cash_day.h"
#include "account/close.h"
#include "account/correct.h"
#include "account/money.h"
#include "billing/collect.h"
#include "pay/reconcile.h"
#include "prepaid/sell.h"
#include "prepaid/supply.h"
#include "store/money/notices.h"

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != HENG_OK) fail_msg("%s: %s", #call, season_err.text);                                             \
    } while (0)

enum { ORDERS_A_DAY = 4000, TASKS = 64 };

/* What the channel's own book says of the day. */
static struct their {
    struct heng_pay_event event;
    int64_t account_id;
    bool told;
} theirs[ORDERS_A_DAY], postponed[ORDERS_A_DAY];
static size_t their_count, postponed_count;

static int64_t balance(struct season *s, int64_t account_id, struct heng_account_balance *ret)
{
    OK(heng_store_account_balance(s->reader, account_id, ret, &season_err));
    return ret->purse + ret->advance - ret->owed;
}

static void money(struct season *s, int64_t account_id, int64_t amount, const char *what)
{
    season_fact(s, "money\t%lld\t%lld\t%s", (long long)account_id, (long long)amount, what);
}

static struct heng_hand at_desk(const struct season *s)
{
    struct heng_hand hand = s->li;
    snprintf(hand.channel, sizeof hand.channel, "cash");
    snprintf(hand.desk, sizeof hand.desk, "A");
    return hand;
}

void season_cash_open(struct season *s)
{
    struct heng_hand hand = at_desk(s);
    struct heng_cash_day day;
    season_begin(s);
    OK(heng_cash_open(s->store, 0, "CNY", 500000, &hand, &day, &season_err));
    season_commit(s);
}

/* Now and then the drawer is a little off. */
void season_cash_close(struct season *s)
{
    struct heng_hand hand = at_desk(s);
    struct heng_cash_day day;
    struct heng_cash_totals totals;
    int64_t expected = 0;
    OK(heng_store_open_cash_day(s->reader, 0, "A", &day, &season_err));
    OK(heng_cash_so_far(s->reader, &day, &totals, &expected, &season_err));
    const int64_t counted = expected - (season_draw(s, 5) == 0 ? 50 : 0);
    season_begin(s);
    OK(heng_cash_close(s->store, 0, counted, counted > 500000 ? counted - 500000 : 0, "Wang",
                       counted == expected ? "" : "counted twice", &hand, &day, &season_err));
    season_commit(s);
    s->n.cash_days++;
}

/* --- at the desk ------------------------------------------------------------------------------------------------- */

/* A sale; now and then asked for twice, taken back, or given back in part. */
static void sell(struct season *s, struct season_flat *flat, int64_t amount)
{
    char key[32], other[32];
    struct heng_hand hand = at_desk(s);
    struct heng_booked booked, again;
    const struct heng_sale sale = {.account_id = flat->account_id, .amount = amount, .key = key};
    season_key(s, "sale", key);
    if (season_draw(s, 4) == 0) {
        snprintf(hand.channel, sizeof hand.channel, "bank");
        hand.desk[0] = '\0';
    }
    season_begin(s);
    OK(heng_prepaid_sell(s->store, &sale, false, &hand, &booked, &season_err));
    season_commit(s);
    money(s, flat->account_id, amount, "sale");
    s->n.sales++;
    if (season_draw(s, 10) == 0) { /* the browser asks once more */
        season_begin(s);
        OK(heng_prepaid_sell(s->store, &sale, false, &hand, &again, &season_err));
        season_commit(s);
        assert_true(again.existed && again.booking_id == booked.booking_id);
    }
    const uint32_t dice = season_draw(s, 60);
    season_key(s, "back", other);
    if (dice == 0) {
        snprintf(hand.second, sizeof hand.second, "Wang");
        season_begin(s);
        const heng_rc rc =
            heng_prepaid_reverse(s->store, 0, booked.booking_id, other, &hand, "wrong account", &again, &season_err);
        if (rc == HENG_OK) {
            season_commit(s);
            money(s, flat->account_id, -amount, "reversed");
            s->n.reversals++;
        } else {
            heng_store_rollback(s->store); /* a part is used already: it was below zero before */
            s->n.refused++;
        }
    } else if (dice < 4) {
        struct heng_sale refund = sale;
        refund.amount = dice == 3 ? amount * 100 : amount / 3;
        refund.key = other;
        season_begin(s);
        const heng_rc rc = heng_prepaid_refund(s->store, &refund, &hand, "asked for", &again, &season_err);
        if (rc == HENG_OK) {
            season_commit(s);
            money(s, flat->account_id, -refund.amount, "refund");
            s->n.refunds++;
        } else {
            heng_store_rollback(s->store);
            s->n.refused++;
        }
        if (dice == 3) assert_int_not_equal(rc, HENG_OK);
    }
}

static void collect(struct season *s, int64_t account_id, int64_t amount, const char *channel)
{
    char key[32];
    struct heng_hand hand = at_desk(s);
    struct heng_booked booked;
    const struct heng_collect_ask ask = {.account_id = account_id, .amount = amount, .channel = channel, .key = key};
    season_key(s, "collect", key);
    snprintf(hand.channel, sizeof hand.channel, "%s", channel);
    if (strcmp(channel, "cash") != 0) hand.desk[0] = '\0';
    season_begin(s);
    OK(heng_collect(s->store, &ask, &hand, &booked, &season_err));
    season_commit(s);
    money(s, account_id, amount, "collected");
}

static void transfer(struct season *s, struct season_flat *from, struct season_flat *to, int64_t amount)
{
    char key[32];
    struct heng_booked booked;
    season_key(s, "transfer", key);
    season_begin(s);
    OK(heng_account_transfer(s->store, 0, from->account_id, to->account_id, HENG_BOOK_PURSE, amount, key, &s->wang,
                             "helps out", &booked, &season_err));
    season_commit(s);
    money(s, from->account_id, -amount, "transfer");
    money(s, to->account_id, amount, "transfer");
    s->n.transfers++;
}

/* --- by channel -------------------------------------------------------------------------------------------------- */

static struct heng_pay_notice tell(struct season *s, const struct heng_pay_event *event)
{
    struct heng_pay_notice notice;
    season_begin(s);
    OK(heng_pay_take(s->store, &heng_pay_wechat, event, heng_slice_str("{}"), &s->li, &notice, &season_err));
    season_commit(s);
    s->n.notices++;
    return notice;
}

/* An order, and what the channel tells of it. What was paid is paid, whatever it tells. */
static void order(struct season *s, int64_t account_id, heng_pay_purpose purpose, int64_t amount)
{
    char request[32];
    struct heng_pay_order made, same, done;
    const struct heng_pay_ask ask = {
        .request = request, .account_id = account_id, .channel = "wechat", .purpose = purpose, .amount = amount};
    season_key(s, "order", request);
    season_begin(s);
    OK(heng_pay_order_make(s->store, &ask, &s->li, &made, &season_err));
    OK(heng_pay_order_make(s->store, &ask, &s->li, &same, &season_err));
    OK(heng_pay_order_move(s->store, 0, made.number, HENG_PAY_PENDING, "", &s->li, &same, &season_err));
    season_commit(s);
    s->n.orders++;
    const uint32_t dice = season_draw(s, 100);
    if (dice < 5) return; /* changed their mind */
    struct their *t = &theirs[their_count++];
    assert_true(their_count < ORDERS_A_DAY);
    *t = (struct their){
        .account_id = account_id,
        .event = {.kind = HENG_PAY_EVENT_PAID, .amount = amount, .currency = "CNY", .at_us = s->li.now_us}};
    snprintf(t->event.order_number, sizeof t->event.order_number, "%s", made.number);
    snprintf(t->event.key, sizeof t->event.key, "k-%s", request);
    snprintf(t->event.transaction_id, sizeof t->event.transaction_id, "T-%s", request);
    if (dice < 8 && amount > 200) { /* another amount than asked: nothing is booked until a person decides */
        t->event.amount = amount - 100;
        t->told = true;
        assert_int_equal(tell(s, &t->event).outcome, HENG_PAY_TOLD_REFUSED);
        season_begin(s);
        OK(heng_pay_decide(s->store, 0, made.number, "apply", &s->wang, "the customer agrees", &done, &season_err));
        season_commit(s);
    } else if (dice < 16) { /* tomorrow */
        postponed[postponed_count++] = *t;
    } else if (dice < 22) { /* never: the day's file will show it */
        t->told = false;
    } else {
        struct heng_pay_event closed = t->event;
        closed.kind = HENG_PAY_EVENT_CLOSED;
        snprintf(closed.key, sizeof closed.key, "c-%s", request);
        if (dice < 26) (void)tell(s, &closed); /* before the payment, or behind it */
        (void)tell(s, &t->event);
        if (dice > 80) assert_int_equal(tell(s, &t->event).outcome, HENG_PAY_TOLD_KNOWN);
        if (dice > 96) (void)tell(s, &closed);
        t->told = true;
    }
    money(s, account_id, t->event.amount, "wechat");
    if (t->told && season_draw(s, 40) == 0) {
        struct heng_pay_refund refund;
        heng_pay_outcome outcome;
        season_key(s, "give-back", request);
        season_begin(s);
        const heng_rc rc = heng_pay_refund_ask(s->store, 0, made.number, t->event.amount / 2, request, &s->wang,
                                               "asked for", &refund, &season_err);
        if (rc == HENG_OK) {
            const bool arrives = season_draw(s, 4) != 0;
            OK(heng_pay_refund_end(s->store, &refund, arrives, arrives ? refund.number : "",
                                   arrives ? "" : "card is gone", &s->li, &outcome, &season_err));
            season_commit(s);
            if (arrives) {
                money(s, account_id, -(t->event.amount / 2), "wechat refund");
                struct their *back = &theirs[their_count++];
                *back = (struct their){.told = true, .event = t->event};
                back->event.kind = HENG_PAY_EVENT_REFUNDED;
                back->event.refund_amount = t->event.amount / 2;
            }
            s->n.refunds++;
        } else {
            heng_store_rollback(s->store);
            s->n.refused++;
        }
    }
}

/* The channel's file of the day, beside our book. */
static void reconcile(struct season *s, int day)
{
    static const char form[] =
        "{\"channel\":\"wechat\",\"kind\":\"statement-in\",\"separator\":\",\",\"line\":[{\"is\":\"order\"},"
        "{\"is\":\"transaction\"},{\"is\":\"amount\"},{\"is\":\"refund\"},{\"is\":\"fee\"}]}";
    struct heng_pay_template template;
    struct heng_reconcile of;
    struct heng_reconcile_line lines[256], line;
    struct heng_pay_file file;
    struct heng_booked booked;
    char *text = NULL, name[32];
    size_t size = 0, n = 1;
    int64_t after = 0;
    OK(heng_pay_template_read(heng_slice_str(form), &template, &season_err));
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    for (size_t i = 0; i < their_count; i++) {
        const struct heng_pay_event *e = &theirs[i].event;
        const bool back = e->kind == HENG_PAY_EVENT_REFUNDED;
        const int64_t paid = back ? 0 : e->amount, gone = back ? e->refund_amount : 0;
        fprintf(out, "%s,%s,%lld.%02lld,%lld.%02lld,0.02\n", e->order_number, e->transaction_id,
                (long long)(paid / 100), (long long)(paid % 100), (long long)(gone / 100), (long long)(gone % 100));
    }
    fclose(out);
    snprintf(name, sizeof name, "wechat-%d.csv", day);
    const struct heng_pay_file_ask ask = {.name = name, .day = day};
    const struct heng_pay_day of_day = {day, season_us(day, 0), season_us(day + 1, 0), 0};
    season_begin(s);
    OK(heng_pay_reconcile(s->store, &template, &ask, &of_day, heng_slice_str(text), &s->li, &of, &file, &season_err));
    season_commit(s);
    free(text);
    if (file.state == HENG_PAY_FILE_REFUSED) fail_msg("the file of day %d is refused: %s", day, file.why);
    while (n) {
        OK(heng_store_list_reconcile_lines(s->reader, of.id, after, lines, 256, &n, &season_err));
        for (size_t i = 0; i < n; i++) {
            after = lines[i].n;
            if (lines[i].class_of == HENG_RECONCILE_MATCH) continue;
            s->n.differences++;
            season_begin(s);
            OK(heng_pay_reconcile_decide(s->store, 0, of.id, lines[i].n,
                                         lines[i].class_of == HENG_RECONCILE_THEIRS_ONLY ? "apply" : "accept", &s->wang,
                                         "looked at", &line, &season_err));
            season_commit(s);
        }
    }
    season_begin(s);
    OK(heng_pay_reconcile_close(s->store, 0, of.id, &s->wang, &of, &season_err));
    OK(heng_pay_settle(s->store, 0, of.id, of.theirs - of.fees, &s->wang, &booked, &season_err));
    season_commit(s);
    s->n.reconciled++;
}

void season_payments(struct season *s)
{
    if (their_count) reconcile(s, s->today - 1);
    their_count = 0;
    for (size_t i = 0; i < postponed_count; i++) (void)tell(s, &postponed[i].event); /* yesterday's messages */
    postponed_count = 0;
}

/* --- a day of everybody ------------------------------------------------------------------------------------------ */

static int64_t some(struct season *s) { return 5000 + (int64_t)season_draw(s, 200) * 100 + season_draw(s, 100); }

void season_people(struct season *s)
{
    const bool last = s->today == s->first_day + s->days - 1;
    season_payments(s);
    for (int i = 0; i < s->flat_count; i++) {
        struct season_flat *flat = &s->flats[i];
        struct heng_account_balance b;
        balance(s, flat->account_id, &b);
        if (b.owed > 0 && season_draw(s, 100) < flat->thrift / 3) {
            const bool part = season_draw(s, 6) == 0;
            const int64_t amount = part ? b.owed / 2 + 1 : b.owed;
            if (!last && season_draw(s, 2))
                order(s, flat->account_id, HENG_PAY_FOR_BILL, amount);
            else
                collect(s, flat->account_id, amount, season_draw(s, 2) ? "cash" : "bank");
        }
        if (flat->postpaid) continue;
        if (b.purse < 2000 && season_draw(s, 100) < flat->thrift) {
            if (!last && season_draw(s, 2))
                order(s, flat->account_id, HENG_PAY_FOR_TOP_UP, some(s));
            else
                sell(s, flat, some(s));
        } else if (b.purse > 9000 && season_draw(s, 900) == 0) {
            struct season_flat *other = &s->flats[season_draw(s, (uint32_t)s->flat_count)];
            if (other != flat && !other->postpaid) transfer(s, flat, other, 1234);
        }
    }
}

/* Notices go out; what supply wants goes to the line, whose answer is here at once or fails now and then. */
void season_supply(struct season *s)
{
    struct heng_notice notices[TASKS];
    struct heng_supply_task tasks[TASKS];
    size_t n = 1;
    bool left = true;
    while (n) {
        OK(heng_store_waiting_notices(s->reader, 0, 0, notices, TASKS, &n, &season_err));
        season_begin(s);
        for (size_t i = 0; i < n; i++)
            OK(heng_store_notice_state(s->store, notices[i].id, HENG_NOTICE_SENT, s->li.now_us, "", &season_err));
        season_commit(s);
    }
    while (left) {
        season_begin(s);
        OK(heng_supply_work(s->store, s->li.now_us, &left, &season_err));
        season_commit(s);
    }
    for (int round = 0; round < 100; round++) {
        OK(heng_supply_next(s->reader, s->li.now_us, tasks, TASKS, &n, &season_err));
        for (size_t t = 0; t < n; t++) {
            const bool fails = season_draw(s, 10) == 0;
            season_begin(s);
            OK(heng_supply_ordered(s->store, tasks[t].id, 1000000 + tasks[t].id, s->li.now_us, &season_err));
            OK(heng_supply_result(s->store, tasks[t].id, fails ? HENG_SUPPLY_FAILED : HENG_SUPPLY_CONFIRMED,
                                  fails ? "no answer" : "", s->li.now_us, &season_err));
            season_commit(s);
            if (fails) continue;
            for (int i = 0; i < s->flat_count; i++)
                if (s->flats[i].meters[SEASON_POWER].point_id == tasks[t].point_id) s->flats[i].cut = !tasks[t].on;
            if (tasks[t].on)
                s->n.restores++;
            else
                s->n.cuts++;
        }
        if (n == 0) break;
    }
}

/* --- people who come and go -------------------------------------------------------------------------------------- */

void season_moves(struct season *s)
{
    for (int i = 0; i < s->flat_count; i++) {
        struct season_flat *flat = &s->flats[i];
        struct heng_contract contracts[8];
        size_t n = 0;
        if (flat->postpaid || flat->cut || season_draw(s, 40) != 0) continue;
        struct heng_account account = {.warn = {5000, 2000, 0}, .overdraft = 1000, .hoard = HENG_LIMIT_NONE};
        snprintf(account.number, sizeof account.number, "A%04d-%d", i + 1, ++flat->accounts);
        snprintf(account.name, sizeof account.name, "household %d-%d", i + 1, flat->accounts);
        season_begin(s);
        OK(heng_account_open(s->store, 0, &account, &s->li, "", &season_err));
        const struct heng_move move = {.from_account = flat->account_id, .to_account = account.id, .day = s->today};
        const heng_rc rc = heng_account_move(s->store, 0, &move, &s->wang, "moves", contracts, 8, &n, &season_err);
        if (rc != HENG_OK) { /* charged beyond that day, say */
            print_message("# %s cannot move on day %d: %s\n", flat->key, s->today, season_err.text);
            heng_store_rollback(s->store);
            flat->accounts--;
            s->n.refused++;
            continue;
        }
        season_commit(s);
        struct season_left *left = calloc(1, sizeof *left);
        assert_non_null(left);
        *left = (struct season_left){.next = s->left, .account_id = flat->account_id};
        s->left = left;
        season_fact(s, "account\t%lld\t%s", (long long)account.id, account.number);
        for (int k = 0; k < SEASON_ROOM; k++) season_fact(s, "end\t%lld\t%d", (long long)flat->contracts[k], s->today);
        for (size_t c = 0; c < n; c++) {
            season_fact(s, "contract\t%lld\t%lld\t%lld\t%d\t0", (long long)contracts[c].id, (long long)account.id,
                        (long long)contracts[c].point_id, s->today);
            for (int k = 0; k < 3; k++)
                if (flat->meters[k].point_id == contracts[c].point_id) flat->contracts[k] = contracts[c].id;
        }
        snprintf(flat->account, sizeof flat->account, "%s", account.number);
        flat->account_id = account.id;
        s->n.moves++;
    }
}

/* Who has left pays what is owed and gets what is left. */
void season_closings(struct season *s)
{
    for (struct season_left **at = &s->left; *at;) {
        struct season_left *left = *at;
        struct heng_account_balance b;
        struct heng_close_view view;
        struct heng_closed closed;
        char key[32];
        const int64_t net = balance(s, left->account_id, &b);
        if (net < 0 && b.owed > 0) collect(s, left->account_id, -net < b.owed ? -net : b.owed, "bank");
        OK(heng_account_close_check(s->reader, 0, left->account_id, s->today, &view, &season_err));
        if (view.n) {
            if (getenv("SEASON_TELL"))
                print_message("# account %lld stays: %s\n", (long long)left->account_id, view.why[0]);
            at = &left->next;
            continue;
        }
        season_key(s, "close", key);
        season_begin(s);
        OK(heng_account_close(s->store, 0, left->account_id, key, &s->wang, "moved out", &closed, &season_err));
        season_commit(s);
        for (size_t i = 0; i < closed.n; i++) {
            if (closed.books[i] == HENG_BOOK_DEPOSIT)
                season_fact(s, "deposit\t%lld\t%lld", (long long)left->account_id, -(long long)closed.amounts[i]);
            else
                money(s, left->account_id, -closed.amounts[i], "payout");
        }
        s->n.closed++;
        *at = left->next;
        free(left);
    }
}

/* From the purse to bills, with the steps that are used. */
void season_switch(struct season *s)
{
    for (int i = 0; i < s->flat_count; i++) {
        struct season_flat *flat = &s->flats[i];
        struct heng_contract next;
        if (flat->postpaid || flat->cut || season_draw(s, 25) != 0) continue;
        const int64_t before = flat->contracts[SEASON_POWER];
        season_begin(s);
        OK(heng_contract_switch(s->store, 0, before, HENG_MODE_POSTPAID, s->today, NULL, &s->wang, "wants bills", &next,
                                &season_err));
        season_commit(s);
        flat->contracts[SEASON_POWER] = next.id;
        flat->postpaid = true;
        season_fact(s, "end\t%lld\t%d", (long long)before, s->today);
        season_fact(s, "contract\t%lld\t%lld\t%lld\t%d\t%lld", (long long)next.id, (long long)next.account_id,
                    (long long)next.point_id, s->today, (long long)before);
        s->n.switched++;
    }
}
