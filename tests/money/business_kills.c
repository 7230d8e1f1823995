/* What people do with money all day, the process killed at random points by SIGKILL: sales, refunds, reversals, usage
 * that is charged, bill runs, payments at the desk and by channel, bills taken back, transfers, new prices, cash days,
 * and all of it asked for a second time. At the end the balances are those of a model that only heard what was
 * acknowledged, nothing is there twice, nothing is lost, and every bill is what it was when it was issued.
 *   business_kills [--ops N] [--kills N] [--seed N]
 * On a file, or on the server of HENG_TEST_DB. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "account/cash_day.h"
#include "account/money.h"
#include "account/tariffs.h"
#include "billing/collect.h"
#include "billing/explain.h"
#include "pay/order.h"
#include "prepaid/sell.h"
#include "prepaid/work.h"
#include "store/money/prepaid.h"
#include "unit/billing/bill_site.h"

/* PURSES prepaid accounts, then OWERS postpaid ones; a run bills one day. */
enum { PURSES = 6, OWERS = 6, ACCOUNTS = PURSES + OWERS, GROUP_MAX = 4, FOUND = 64, OPS_MAX = 1000000 };

#define OPS(X)                                                                                                         \
    X(SELL, 14)                                                                                                        \
    X(REFUND, 6)                                                                                                       \
    X(REVERSE, 6)                                                                                                      \
    X(CHARGE, 14)                                                                                                      \
    X(TRANSFER, 5)                                                                                                     \
    X(COLLECT, 10)                                                                                                     \
    X(NOTIFY, 12)                                                                                                      \
    X(BILL_BACK, 4)                                                                                                    \
    X(PRICE, 2)                                                                                                        \
    X(CASH_CLOSE, 2)                                                                                                   \
    X(RUN, 4)                                                                                                          \
    X(REPLAY, 12)
enum op_kind {
#define X(symbol, weight) OP_##symbol,
    OPS(X)
#undef X
        OP_COUNT
};
static const struct {
    const char *name;
    int weight;
} ops[] = {
#define X(symbol, weight) {#symbol, weight},
    OPS(X)
#undef X
};

/* nth: of its kind (RUN: which day it bills), of CHARGE: of its kind and account. of: what a REVERSE, REPLAY or
 * BILL_BACK is about. */
struct op {
    enum op_kind kind;
    unsigned n, account, other, of, nth;
    int64_t amount;
};

struct ack {
    unsigned n;
    bool done;
};

static struct heng_err err;
static uint64_t seed;
static unsigned wanted_ops = 600, wanted_kills = 10;
static struct op *all;
static int64_t accounts[ACCOUNTS];

static uint64_t mix(uint64_t n, uint64_t salt)
{
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) + n * UINT64_C(0xBF58476D1CE4E5B9) + salt;
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* The last one before it of a kind and account; itself when there is none. */
static unsigned before(unsigned n, enum op_kind kind, unsigned account)
{
    for (unsigned i = n; i-- > 0;)
        if (all[i].kind == kind && (account == ACCOUNTS || all[i].account == account)) return i;
    return n;
}

static void make_ops(void)
{
    unsigned runs = 0, charges[ACCOUNTS] = {0}, prices = 0;
    int total = 0;
    for (unsigned i = 0; i < OP_COUNT; i++) total += ops[i].weight;
    for (unsigned n = 0; n < wanted_ops; n++) {
        int at = (int)(mix(n, 1) % (unsigned)total);
        unsigned kind = 0;
        while (at >= ops[kind].weight) at -= ops[kind++].weight;
        struct op op = {.kind = (enum op_kind)kind, .n = n, .amount = 1 + (int64_t)(mix(n, 4) % 20000)};
        const bool owes = op.kind == OP_COLLECT || op.kind == OP_BILL_BACK;
        op.account = owes ? PURSES + (unsigned)(mix(n, 2) % OWERS) : (unsigned)(mix(n, 2) % PURSES);
        op.other = (op.account + 1 + (unsigned)(mix(n, 3) % (PURSES - 1))) % PURSES;
        op.of = n ? n - 1 - (unsigned)(mix(n, 5) % (n < 40 ? n : 40)) : 0;
        if (op.kind == OP_REVERSE) op.of = before(n, OP_SELL, op.account);
        if (op.kind == OP_BILL_BACK) op.of = before(n, OP_RUN, ACCOUNTS);
        if (op.kind == OP_CHARGE) op.nth = charges[op.account]++;
        if (op.kind == OP_RUN) op.nth = runs++;
        if (op.kind == OP_PRICE) op.nth = ++prices;
        all[n] = op;
    }
}

static int64_t price_of(unsigned nth) { return 20 + (int64_t)nth % 60; }
static int64_t run_use(unsigned account, unsigned nth) { return 10 + account + nth % 7; }
static int64_t charge_use(const struct op *op) { return 1 + op->amount % 40; }

/* --- The child --- */

struct child {
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_prepaid_worker *prepaid;
    struct heng_hand hand;
};

static void must(heng_rc rc, const char *what)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "# %s: %s: %s\n", what, heng_rc_name(rc), err.text);
    _exit(3);
}

static struct heng_hand desk(const struct child *c, const struct op *op)
{
    struct heng_hand hand = c->hand;
    const bool cash = op->amount % 2;
    snprintf(hand.channel, sizeof hand.channel, cash ? "cash" : "bank");
    snprintf(hand.desk, sizeof hand.desk, cash ? "A" : "");
    return hand;
}

static heng_rc charge(struct child *c, const struct op *op)
{
    struct heng_usage_row row = {.channel_id = BILL_POINT + (int64_t)op->account,
                                 .day = USAGE_DAY + (int)op->nth,
                                 .exp = 3,
                                 .trust = HENG_TRUST_VALID,
                                 .permille = 1000,
                                 .count = 1,
                                 .amount = charge_use(op),
                                 .amounts = {charge_use(op)},
                                 .trusts = {HENG_TRUST_VALID}};
    bool left = true;
    must(heng_store_put_usage(c->store, HENG_USAGE_MEASURED, &row, &err), "usage");
    must(heng_store_usage_changed(c->store, row.channel_id, row.day, &err), "changed");
    while (left)
        must(heng_prepaid_work(c->prepaid, c->store, c->hand.now_us, HENG_US_PER_S, NULL, &left, &err), "charge");
    return HENG_OK;
}

static heng_rc notify(struct child *c, const struct op *op)
{
    char request[32];
    struct heng_pay_order order;
    struct heng_pay_notice notice;
    const struct heng_pay_ask ask = {.request = request,
                                     .account_id = accounts[op->account],
                                     .channel = "wechat",
                                     .purpose = HENG_PAY_FOR_TOP_UP,
                                     .amount = op->amount};
    snprintf(request, sizeof request, "op%u", op->n);
    must(heng_pay_order_make(c->store, &ask, &c->hand, &order, &err), "order");
    struct heng_pay_event event = {
        .kind = HENG_PAY_EVENT_PAID, .amount = op->amount, .currency = "CNY", .at_us = c->hand.now_us};
    snprintf(event.key, sizeof event.key, "k%u", op->n);
    snprintf(event.transaction_id, sizeof event.transaction_id, "T%u", op->n);
    snprintf(event.order_number, sizeof event.order_number, "%s", order.number);
    for (unsigned i = 0; i < 1 + op->n % 2; i++)
        must(heng_pay_take(c->store, &heng_pay_wechat, &event, heng_slice_str("{}"), &c->hand, &notice, &err), "take");
    if (op->n % 2 && notice.outcome != HENG_PAY_TOLD_KNOWN) must(HENG_EBUG, "a message was taken twice");
    return HENG_OK;
}

static heng_rc price(struct child *c, int64_t cents)
{
    char body[512], text[32];
    struct heng_tariff_edition edition;
    bool is_new;
    snprintf(text, sizeof text, "%lld.%02lld", (long long)(cents / 100), (long long)(cents % 100));
    snprintf(body, sizeof body, BILL_TARIFF, text);
    must(heng_tariff_put(c->store, 0, "heat", heng_slice_str(body), &c->hand, "", &edition, &is_new, &err), "tariff");
    return HENG_OK;
}

/* Close the drawer and open it again. */
static heng_rc cash(struct child *c, const struct op *op)
{
    struct heng_cash_day day;
    struct heng_cash_totals totals;
    struct heng_hand hand = c->hand;
    int64_t expected = 0;
    snprintf(hand.desk, sizeof hand.desk, "A");
    if (heng_store_open_cash_day(c->reader, 0, "A", &day, &err) == HENG_OK) {
        must(heng_cash_so_far(c->reader, &day, &totals, &expected, &err), "so far");
        must(heng_cash_close(c->store, 0, expected, 0, "wang", "", &hand, &day, &err), "close");
    }
    must(heng_cash_open(c->store, 0, "CNY", 1000000 + op->amount, &hand, &day, &err), "open");
    return HENG_OK;
}

/* The bill of an account in the run of an operation, that is issued. */
static heng_rc bill_back(struct child *c, const struct op *op)
{
    const int day = USAGE_DAY + (int)all[op->of].nth;
    const struct heng_bill_ask ask = {.account_id = accounts[op->account],
                                      .kind = HENG_BILL_BILL,
                                      .state = HENG_BILL_STATE_COUNT,
                                      .from_day = day,
                                      .to_day = day + 1};
    struct heng_bill bills[4], ret;
    struct heng_hand hand = c->hand;
    size_t n = 0;
    if (all[op->of].kind != OP_RUN) return HENG_EDENIED;
    must(heng_store_list_bills(c->reader, &ask, bills, 4, &n, &err), "bills");
    if (n != 1) must(HENG_EBUG, "an account has not one bill of a day");
    return heng_bill_reverse(c->store, 0, bills[0].id, &hand, "proof", &ret, &err);
}

static heng_rc work(struct child *c, const struct op *op)
{
    char key[24], of[24];
    struct heng_hand hand = desk(c, op);
    struct heng_booked booked;
    struct heng_booking known;
    struct heng_sale sale = {.account_id = accounts[op->account], .amount = op->amount, .key = key};
    const struct heng_collect_ask collection = {
        .account_id = accounts[op->account], .amount = op->amount, .channel = hand.channel, .key = key};
    snprintf(key, sizeof key, "op%u", op->n);
    switch (op->kind) {
    case OP_SELL: return heng_prepaid_sell(c->store, &sale, false, &hand, &booked, &err);
    case OP_REFUND: return heng_prepaid_refund(c->store, &sale, &hand, "proof", &booked, &err);
    case OP_REVERSE:
        if (all[op->of].kind != OP_SELL) return HENG_EDENIED;
        snprintf(of, sizeof of, "op%u", op->of);
        if (heng_store_find_booking(c->reader, of, &known, &err) != HENG_OK) return HENG_EDENIED;
        hand = desk(c, &all[op->of]);
        return heng_prepaid_reverse(c->store, 0, known.id, key, &hand, "proof", &booked, &err);
    case OP_CHARGE: return charge(c, op);
    case OP_TRANSFER:
        return heng_account_transfer(c->store, 0, accounts[op->account], accounts[op->other], HENG_BOOK_PURSE,
                                     op->amount, key, &c->hand, "proof", &booked, &err);
    case OP_COLLECT: return heng_collect(c->store, &collection, &hand, &booked, &err);
    case OP_NOTIFY: return notify(c, op);
    case OP_BILL_BACK: return bill_back(c, op);
    case OP_PRICE: return price(c, price_of(op->nth));
    case OP_CASH_CLOSE: return cash(c, op);
    case OP_RUN:
    case OP_REPLAY:
    case OP_COUNT: break;
    }
    return HENG_EBUG;
}

/* One that has a key, once more: whatever it says, nothing may move. */
static heng_rc replay(struct child *c, const struct op *op)
{
    const struct op *of = &all[op->of];
    struct heng_booking known;
    char key[24];
    const bool keyed = of->kind == OP_SELL || of->kind == OP_REFUND || of->kind == OP_TRANSFER ||
                       of->kind == OP_COLLECT || of->kind == OP_REVERSE;
    snprintf(key, sizeof key, "op%u", of->n);
    if (of->kind == OP_NOTIFY || of->kind == OP_CHARGE) return work(c, of);
    if (!keyed || heng_store_find_booking(c->reader, key, &known, &err) != HENG_OK) return HENG_EDENIED;
    const heng_rc rc = work(c, of);
    if (rc != HENG_OK) must(HENG_EBUG, "what was done is refused when it is asked for again");
    return rc;
}

/* A run is a job in pieces; one that was begun before a kill goes on. */
static void run(struct child *c, const struct op *op)
{
    char name[24];
    struct heng_run found[FOUND], *mine = NULL;
    struct heng_run_worker *worker = NULL;
    struct heng_hand wang = c->hand;
    int64_t id = 0;
    size_t n = 0;
    bool left = true;
    const struct heng_run_ask ask = {.kind = HENG_RUN_USAGE,
                                     .name = name,
                                     .selection = "{\"mode\": \"postpaid\"}",
                                     .currency = "CNY",
                                     .from_day = USAGE_DAY + (int)op->nth,
                                     .to_day = USAGE_DAY + (int)op->nth + 1,
                                     .due_day = USAGE_DAY + (int)op->nth + 30};
    snprintf(name, sizeof name, "op%u", op->n);
    snprintf(wang.who, sizeof wang.who, "wang");
    must(heng_store_list_runs(c->reader, 0, 0, found, FOUND, &n, &err), "runs");
    for (size_t i = 0; i < n; i++)
        if (strcmp(found[i].name, name) == 0) mine = &found[i];
    if (mine) id = mine->id;
    must(heng_run_worker_new(c->reader, &worker, &err), "worker");
    if (!mine) {
        must(heng_store_begin(c->store, &err), "begin");
        must(heng_run_begin(c->store, &ask, &c->hand, &id, &err), "run");
        must(heng_store_commit(c->store, &err), "commit");
    }
    for (struct heng_run now = {.state = HENG_RUN_STATE_WAITING}; now.state != HENG_RUN_STATE_ISSUED;) {
        must(heng_store_begin(c->store, &err), "begin");
        must(heng_bill_run_work(worker, c->store, &c->hand, 0, &left, &err), "run work");
        must(heng_store_get_run(c->reader, 0, id, &now, &err), "run");
        if (now.state == HENG_RUN_STATE_PREVIEW) must(heng_run_approve(c->store, 0, id, &wang, &err), "approve");
        must(heng_store_commit(c->store, &err), "commit");
    }
    heng_run_worker_free(worker);
}

static void child_run(const char *path, unsigned first, int out)
{
    struct child c = {.hand = {.who = "li", .second = "wang", .channel = "bank"}};
    heng_rc rc;
    for (unsigned tries = 0; (rc = heng_store_open(path, &c.store, &err)) == HENG_EBUSY && tries < 200; tries++)
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    must(rc, "open");
    c.reader = heng_store_as_reader(c.store);
    must(heng_prepaid_worker_new(c.store, &c.prepaid, &err), "worker");
    c.hand.now_us = START_US;
    c.hand.day = (int32_t)((START_US + 8 * 3600 * HENG_US_PER_S) / HENG_US_PER_DAY);
    while (first < wanted_ops) {
        struct ack acks[GROUP_MAX];
        unsigned group = 1 + (unsigned)(mix(first, 6) % GROUP_MAX), i = 0;
        if (all[first].kind == OP_RUN) {
            run(&c, &all[first]);
            acks[i++] = (struct ack){first++, true};
        } else {
            must(heng_store_begin(c.store, &err), "begin");
            for (; i < group && first < wanted_ops && all[first].kind != OP_RUN; i++, first++) {
                c.hand.now_us = START_US + (first + 1) * HENG_US_PER_S / 100 + heng_clock_mono() % 9999;
                rc = all[first].kind == OP_REPLAY ? replay(&c, &all[first]) : work(&c, &all[first]);
                if (rc == HENG_EBUG || rc == HENG_EIO) must(rc, ops[all[first].kind].name);
                acks[i] = (struct ack){first, rc == HENG_OK};
            }
            must(heng_store_commit(c.store, &err), "commit");
        }
        if (write(out, acks, i * sizeof *acks) != (ssize_t)(i * sizeof *acks)) _exit(4);
    }
    heng_prepaid_worker_free(c.prepaid);
    heng_store_close(c.store);
    _exit(0);
}

/* --- The parent --- */

struct model {
    int64_t net[ACCOUNTS], price;
    int64_t bills[OWERS]; /* of the run that was heard last, by account; taken back: 0 */
    unsigned done, refused, count[OP_COUNT];
    bool *heard;
};

static void hear(struct model *m, const struct ack *ack)
{
    const struct op *op = &all[ack->n];
    if (ack->n != m->done) fail_msg("operation %u was acknowledged, %u was due", ack->n, m->done);
    m->done++;
    m->heard[ack->n] = ack->done;
    if (!ack->done) {
        m->refused++;
        return;
    }
    m->count[op->kind]++;
    switch (op->kind) {
    case OP_SELL:
    case OP_COLLECT:
    case OP_NOTIFY: m->net[op->account] += op->amount; break;
    case OP_REFUND: m->net[op->account] -= op->amount; break;
    case OP_REVERSE: m->net[op->account] -= all[op->of].amount; break;
    case OP_CHARGE: m->net[op->account] -= charge_use(op) * 100; break;
    case OP_TRANSFER:
        m->net[op->account] -= op->amount;
        m->net[op->other] += op->amount;
        break;
    case OP_PRICE: m->price = price_of(op->nth); break;
    case OP_RUN:
        for (unsigned i = 0; i < OWERS; i++) {
            m->net[PURSES + i] -= run_use(PURSES + i, op->nth) * m->price;
            m->bills[i] = run_use(PURSES + i, op->nth) * m->price;
        }
        break;
    case OP_BILL_BACK: /* asked for twice it is taken back once */
        m->net[op->account] += m->bills[op->account - PURSES];
        m->bills[op->account - PURSES] = 0;
        break;
    case OP_CASH_CLOSE:
    case OP_REPLAY:
    case OP_COUNT: break;
    }
}

static bool listen(struct model *m, pid_t pid, int in, unsigned limit, uint64_t dice)
{
    struct ack ack;
    unsigned n = 0;
    bool killed = false;
    while (read(in, &ack, sizeof ack) == (ssize_t)sizeof ack) {
        hear(m, &ack);
        if (++n != limit) continue;
        nanosleep(&(struct timespec){.tv_nsec = (long)(dice % 12000000)}, NULL);
        kill(pid, SIGKILL);
        killed = true;
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status) && WEXITSTATUS(status) != 0) fail_msg("the child ended with %d", WEXITSTATUS(status));
    return killed && WIFSIGNALED(status);
}

static void check_bills(struct heng_store_reader *reader, const struct model *m)
{
    struct heng_charger *charger = NULL;
    struct heng_bill_ask ask = {.kind = HENG_BILL_KIND_COUNT, .state = HENG_BILL_STATE_COUNT};
    size_t n = 1, bills = 0;
    assert_ok(heng_charger_new(reader, &charger, &err));
    while (n) {
        struct heng_bill found[FOUND];
        assert_ok(heng_store_list_bills(reader, &ask, found, FOUND, &n, &err));
        for (size_t i = 0; i < n; i++, bills++) {
            struct heng_str text = {.max = 8 << 20};
            struct heng_bill_explanation how = {.language = HENG_LANGUAGE_EN};
            ask.after_id = found[i].id;
            assert_ok(heng_bill_verify(reader, &found[i], &err));
            if (found[i].kind == HENG_BILL_REVERSAL) continue;
            assert_ok(heng_bill_explain_json(charger, &found[i], &how, &text, &err));
            if (how.differ) fail_msg("bill %s is not what it was", found[i].number);
            heng_str_fini(&text);
        }
    }
    heng_charger_free(charger);
    print_message("# %zu bills by %u prices: each is what it was\n", bills, 1 + m->count[OP_PRICE]);
}

static void check(struct bill_site *s, const struct model *m)
{
    struct heng_store_reader *reader = heng_store_as_reader(s->store);
    struct heng_books_proof proof;
    assert_ok(heng_store_prove_books(reader, &proof, &err));
    if (proof.wrong) fail_msg("%s", proof.why);
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct heng_account_balance b;
        assert_ok(heng_store_account_balance(reader, accounts[i], &b, &err));
        if (b.purse + b.advance - b.owed != m->net[i])
            fail_msg("account %u: %lld, acknowledged was %lld", i, (long long)(b.purse + b.advance - b.owed),
                     (long long)m->net[i]);
    }
    for (unsigned n = 0; n < wanted_ops; n++) {
        struct heng_booking k;
        char key[24];
        const bool keyed = all[n].kind == OP_SELL || all[n].kind == OP_REFUND || all[n].kind == OP_TRANSFER ||
                           all[n].kind == OP_COLLECT || all[n].kind == OP_REVERSE;
        snprintf(key, sizeof key, "op%u", n);
        if (!keyed) continue;
        const heng_rc rc = heng_store_find_booking(reader, key, &k, &err);
        if (rc != (m->heard[n] ? HENG_OK : HENG_ENOTFOUND)) fail_msg("operation %u: %s", n, heng_rc_name(rc));
    }
    const char *path = s->site.path;
    assert_int_equal(small_site_number(path, "SELECT count(*) FROM booking WHERE kind = 'bill' AND reverses IS NULL"),
                     (int64_t)m->count[OP_RUN] * OWERS);
    assert_int_equal(small_site_number(path, "SELECT count(*) FROM pay_order WHERE state = 'applied'"),
                     m->count[OP_NOTIFY]);
    assert_int_equal(small_site_number(path, "SELECT count(*) FROM (SELECT max(number) AS most, count(*) AS there FROM "
                                             "receipt GROUP BY org_id, desk, year) AS r WHERE most <> there"),
                     0);
    check_bills(reader, m);
    print_message("# %u operations, %u refused; %lld books, %lld bookings, %lld postings\n", wanted_ops, m->refused,
                  (long long)proof.books, (long long)proof.bookings, (long long)proof.postings);
}

static void make_world(struct bill_site *s)
{
    struct child c = {.hand = {.who = "li", .second = "wang", .channel = "bank", .now_us = START_US}};
    const struct op first = {.amount = 0};
    unsigned runs = 0;
    bill_site_open(s, 0);
    struct heng_tariff_edition edition = {.key = "pre", .at_us = START_US, .who = "Li"};
    char body[512];
    snprintf(body, sizeof body, BILL_TARIFF, "1.00");
    assert_ok(heng_store_begin(s->store, &err));
    assert_ok(heng_store_put_tariff(s->store, &edition, heng_slice_str(body), &err));
    assert_ok(heng_store_commit(s->store, &err));
    for (unsigned n = 0; n < wanted_ops; n++) runs += all[n].kind == OP_RUN;
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        accounts[i] = bill_account(s, (int)i, i < PURSES ? HENG_MODE_PREPAID : HENG_MODE_POSTPAID);
        for (unsigned day = 0; i >= PURSES && day < runs; day++)
            usage_put(s->store, HENG_USAGE_MEASURED, BILL_POINT + (int)i, (int)day, 3, run_use(i, day),
                      HENG_TRUST_VALID);
    }
    usage_sql(&s->site, "UPDATE contract SET tariff_key = 'pre' WHERE mode = 'prepaid'");
    char text[96];
    snprintf(text, sizeof text, "UPDATE contract SET from_day = %d", USAGE_DAY);
    usage_sql(&s->site, text);
    c.store = s->store;
    c.reader = heng_store_as_reader(s->store);
    c.hand.day = (int32_t)((START_US + 8 * 3600 * HENG_US_PER_S) / HENG_US_PER_DAY);
    assert_ok(heng_store_begin(s->store, &err));
    (void)cash(&c, &first);
    assert_ok(heng_store_commit(s->store, &err));
    heng_store_close(s->store);
    s->store = NULL;
}

static void killed_at_random(void **state)
{
    (void)state;
    struct bill_site s;
    struct model m = {.price = 25};
    unsigned kills = 0, starts = 0;
    all = calloc(wanted_ops, sizeof *all);
    m.heard = calloc(wanted_ops, sizeof *m.heard);
    assert_true(all && m.heard);
    make_ops();
    make_world(&s);
    print_message("# seed %llu\n", (unsigned long long)seed);
    while (m.done < wanted_ops) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(ends[0]);
            child_run(s.site.path, m.done, ends[1]);
        }
        close(ends[1]);
        const uint64_t dice = mix(starts++, 7);
        const unsigned limit =
            kills < wanted_kills ? 1 + (unsigned)(dice % (2 * wanted_ops / (wanted_kills + 1) + 1)) : 0;
        kills += listen(&m, pid, ends[0], limit, dice >> 20);
        close(ends[0]);
    }
    assert_ok(heng_store_open(s.site.path, &s.store, &err));
    check(&s, &m);
    for (unsigned i = 0; i < OP_COUNT; i++) print_message("# %s %u\n", ops[i].name, m.count[i]);
    print_message("# killed %u times, started %u times\n", kills, starts);
    assert_true(wanted_kills == 0 || kills > 0);
    free(all);
    free(m.heard);
    bill_site_close(&s);
}

int main(int argc, char **argv)
{
    seed = (uint64_t)time(NULL);
    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long long value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--ops") == 0) wanted_ops = (unsigned)value;
        if (strcmp(argv[i], "--kills") == 0) wanted_kills = (unsigned)value;
        if (strcmp(argv[i], "--seed") == 0) seed = value;
    }
    if (wanted_ops == 0 || wanted_ops > OPS_MAX) return 2;
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
