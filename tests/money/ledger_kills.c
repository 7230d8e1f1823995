/* The proof of the ledger: random operations of all kinds, the process killed at random points, by SIGKILL, between any
 * two writes. At the end the books balance, everything that was acknowledged is there, once, and the balances are those
 * of a model that only heard the acknowledgements.
 *   ledger_kills [--ops N] [--kills N] [--seed N]
 * On a file, or on the server of HENG_TEST_DB. A new kind of operation is one line of OPS and one case of work(). */
#include "tests/unit/small_site.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "account/cash_day.h"
#include "account/correct.h"

enum { ACCOUNTS = 12, BATCH = 20, DAY = 20779, GROUP_MAX = 8 };

/* X(symbol, weight, net, deposit, meter, money): what one of an amount of 1 does to what a customer has at hand, to his
 * deposit, to his meter, and to all our money together. */
#define OPS(X)                                                                                                         \
    X(SALE_CASH, 12, 1, 0, 0, 1)                                                                                       \
    X(SALE_CHANNEL, 12, 1, 0, 0, 1)                                                                                    \
    X(REFUND, 6, -1, 0, 0, -1)                                                                                         \
    X(PAYMENT, 10, 1, 0, 0, 1)                                                                                         \
    X(CHARGE, 10, -1, 0, 0, 0)                                                                                         \
    X(CHARGES, 3, -BATCH, 0, 0, 0)                                                                                     \
    X(BILL, 8, -1, 0, 0, 0)                                                                                            \
    X(CREDIT_NOTE, 2, 1, 0, 0, 0)                                                                                      \
    X(DEPOSIT, 4, 0, 1, 0, 1)                                                                                          \
    X(DEPOSIT_BACK, 3, 1, -1, 0, 0)                                                                                    \
    X(APPLY, 4, 0, 0, 0, 0)                                                                                            \
    X(LATE_FEE, 3, -1, 0, 0, 0)                                                                                        \
    X(WAIVER, 2, 1, 0, 0, 0)                                                                                           \
    X(WRITE_OFF, 2, 1, 0, 0, 0)                                                                                        \
    X(ADJUSTMENT, 2, 1, 0, 0, 0)                                                                                       \
    X(OPENING, 2, 1, 0, 0, 0)                                                                                          \
    X(TRANSFER, 4, -1, 0, 0, 0)                                                                                        \
    X(TO_METER, 5, -1, 0, 1, 0)                                                                                        \
    X(FROM_METER, 2, 1, 0, -1, 0)                                                                                      \
    X(METER_USE, 4, 0, 0, -1, 0)                                                                                       \
    X(PAYOUT, 2, -1, 0, 0, -1)                                                                                         \
    X(UNCLEAR, 3, 0, 0, 0, 1)                                                                                          \
    X(CLEARED, 2, 1, 0, 0, 0)                                                                                          \
    X(SETTLEMENT, 3, 0, 0, 0, 0)                                                                                       \
    X(CHANNEL_FEE, 2, 0, 0, 0, -1)                                                                                     \
    X(REVERSE, 8, 0, 0, 0, 0)                                                                                          \
    X(REPLAY, 8, 0, 0, 0, 0)                                                                                           \
    X(WRONG_KEY, 4, 0, 0, 0, 0)                                                                                        \
    X(CASH_CLOSE, 2, 0, 0, 0, 0)
enum op_kind {
#define X(symbol, weight, net, deposit, meter, money) OP_##symbol,
    OPS(X)
#undef X
        OP_COUNT
};
static const struct {
    const char *name;
    int weight, net, deposit, meter, money;
} ops[] = {
#define X(symbol, weight, net, deposit, meter, money) {#symbol, weight, net, deposit, meter, money},
    OPS(X)
#undef X
};

/* What operation number `n` of a seed is. of: for REVERSE, REPLAY, WRONG_KEY the one that it is about. */
struct op {
    enum op_kind kind;
    unsigned n, account, other, of;
    int64_t amount;
};

/* What the child says after the commit. id 0: refused. */
struct ack {
    unsigned n, of;
    int64_t id;
};

static struct heng_err err;
static uint64_t seed;

static uint64_t mix(uint64_t n, uint64_t salt)
{
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) + n * UINT64_C(0xBF58476D1CE4E5B9) + salt;
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static struct op op_of(unsigned n)
{
    int total = 0;
    unsigned kind = 0;
    for (unsigned i = 0; i < OP_COUNT; i++) total += ops[i].weight;
    int at = (int)(mix(n, 1) % (unsigned)total);
    while (at >= ops[kind].weight) at -= ops[kind++].weight;
    struct op op = {.kind = (enum op_kind)kind,
                    .n = n,
                    .account = (unsigned)(mix(n, 2) % ACCOUNTS),
                    .amount = 1 + (int64_t)(mix(n, 4) % 20000),
                    .of = n ? n - 1 - (unsigned)(mix(n, 5) % (n < 40 ? n : 40)) : 0};
    op.other = (op.account + 1 + (unsigned)(mix(n, 3) % (ACCOUNTS - 1))) % ACCOUNTS;
    if (n == 0 || op.kind == OP_CHARGES) op.amount = 1 + op.amount % 300;
    if (n == 0) op.kind = OP_SALE_CHANNEL;
    return op;
}

/* --- The child --- */

struct child {
    struct heng_store *store;
    struct heng_store_reader *reader;
    int64_t accounts[ACCOUNTS];
    struct heng_hand hand;
};

static void must(heng_rc rc, const char *what)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "# %s: %s: %s\n", what, heng_rc_name(rc), err.text);
    _exit(3);
}

static heng_rc book(struct child *c, struct heng_booking *k, const char *key, int64_t *ret)
{
    struct heng_booked booked;
    snprintf(k->key, sizeof k->key, "%s", key);
    if (!k->currency[0]) snprintf(k->currency, sizeof k->currency, "CNY");
    heng_rc rc = heng_book(c->store, k, &c->hand, &booked, &err);
    if (rc == HENG_OK) *ret = booked.booking_id;
    return rc;
}

static heng_rc move(struct child *c, const struct op *op, const char *key, heng_booking_kind kind, heng_book_kind debit,
                    heng_book_kind credit, int64_t *ret)
{
    struct heng_booking k;
    const int64_t id = c->accounts[op->account];
    const bool from = heng_ledger_is_customers(debit), to = heng_ledger_is_customers(credit);
    must(heng_ledger_move(kind, from || to ? id : 0, debit, from ? id : 0,
                          debit == HENG_BOOK_METER || !from ? "wechat" : "", credit,
                          to ? kind == HENG_BOOKING_TRANSFER ? c->accounts[op->other] : id : 0,
                          credit == HENG_BOOK_METER || !to ? "wechat" : "", op->amount, &k, &err),
         "move");
    return book(c, &k, key, ret);
}

static heng_rc charges(struct child *c, const struct op *op, int64_t *ret)
{
    static struct heng_booking k[BATCH];
    int64_t ids[BATCH];
    for (unsigned i = 0; i < BATCH; i++) {
        const int64_t id = c->accounts[op->account];
        must(heng_ledger_move(HENG_BOOKING_CHARGE, id, HENG_BOOK_PURSE, id, "", HENG_BOOK_REVENUE, 0, "water",
                              op->amount, &k[i], &err),
             "charge");
        snprintf(k[i].key, sizeof k[i].key, "op%u.%u", op->n, i);
        snprintf(k[i].currency, sizeof k[i].currency, "CNY");
        snprintf(k[i].who, sizeof k[i].who, "charger");
        k[i].day = DAY;
    }
    heng_rc rc = heng_store_book(c->store, k, BATCH, ids, NULL, &err);
    if (rc == HENG_OK) *ret = ids[0];
    return rc;
}

static heng_rc pay(struct child *c, const struct op *op, const char *key, int64_t *ret)
{
    struct heng_account_balance balance;
    struct heng_booking k;
    const int64_t id = c->accounts[op->account];
    must(heng_store_account_balance(c->reader, id, &balance, &err), "balance");
    must(heng_ledger_payment(id, op->amount, balance.owed, "bank", "", &k, &err), "payment");
    return book(c, &k, key, ret);
}

static heng_rc bill(struct child *c, const struct op *op, const char *key, int sign, int64_t *ret)
{
    const int64_t id = c->accounts[op->account], tax = op->amount / 9;
    struct heng_booking k = {.kind = HENG_BOOKING_BILL, .account_id = id, .amount = sign * op->amount};
    must(heng_ledger_post(&k, HENG_BOOK_OWED, id, "", sign * op->amount, &err), "owed");
    must(heng_ledger_post(&k, HENG_BOOK_TAX, 0, "13", -sign * tax, &err), "tax");
    must(heng_ledger_post(&k, HENG_BOOK_REVENUE, 0, "heat", -sign * (op->amount - tax), &err), "revenue");
    return book(c, &k, key, ret);
}

/* Close the drawer, sometimes with a difference, and open it again. It has no key, so that the model does not count it.
 */
static heng_rc cash(struct child *c, const struct op *op)
{
    struct heng_cash_day day;
    struct heng_cash_totals totals;
    struct heng_hand hand = c->hand;
    int64_t expected = 0;
    snprintf(hand.desk, sizeof hand.desk, "A");
    heng_rc rc = heng_store_open_cash_day(c->reader, 0, "A", &day, &err);
    if (rc == HENG_OK) {
        must(heng_cash_so_far(c->reader, &day, &totals, &expected, &err), "so far");
        if (expected < 3) return HENG_EDENIED;
        must(
            heng_cash_close(c->store, 0, expected - op->amount % 3, expected / 2, "wang", "counted", &hand, &day, &err),
            "close");
    }
    must(heng_cash_open(c->store, 0, "CNY", op->amount, &hand, &day, &err), "open");
    return HENG_EDENIED;
}

static heng_rc out_of(struct child *c, const struct op *op, const char *key, heng_booking_kind kind,
                      heng_book_kind from, int64_t *ret)
{
    struct heng_booking k;
    must(heng_ledger_money_out(kind, c->accounts[op->account], from, op->amount, "wechat", "", &k, &err), "out");
    return book(c, &k, key, ret);
}

static heng_rc into(struct child *c, const struct op *op, const char *key, heng_booking_kind kind, heng_book_kind to,
                    const char *channel, int64_t *ret)
{
    struct heng_booking k;
    must(heng_ledger_money_in(kind, to == HENG_BOOK_UNCLEAR ? 0 : c->accounts[op->account], to, op->amount, channel,
                              strcmp(channel, "cash") == 0 ? "A" : "", &k, &err),
         "in");
    return book(c, &k, key, ret);
}

static heng_rc work(struct child *c, const struct op *op, int64_t *ret);

/* The key of an operation that is there, with another amount: nobody may get anything for it. */
static heng_rc wrong_key(struct child *c, const struct op *op)
{
    struct op other = op_of(op->of);
    struct heng_booking known;
    char key[24];
    int64_t id;
    snprintf(key, sizeof key, "op%u", op->of);
    if (other.kind >= OP_REVERSE || other.kind == OP_CHARGES) return HENG_EDENIED;
    if (heng_store_find_booking(c->reader, key, &known, &err) != HENG_OK) return HENG_EDENIED;
    other.amount++;
    heng_rc rc = work(c, &other, &id);
    if (rc != HENG_ECONFLICT) must(HENG_EBUG, "a key was taken twice");
    return rc;
}

static heng_rc reverse(struct child *c, const struct op *op, const char *key, int64_t *ret)
{
    struct heng_booking known;
    struct heng_booked booked;
    char of[24];
    snprintf(of, sizeof of, "op%u", op->of);
    heng_rc rc = heng_store_find_booking(c->reader, of, &known, &err);
    if (rc == HENG_OK) rc = heng_book_reverse(c->store, known.id, key, &c->hand, "proof", &booked, &err);
    if (rc == HENG_OK) *ret = booked.booking_id;
    return rc;
}

static heng_rc work(struct child *c, const struct op *op, int64_t *ret)
{
    struct op again;
    char key[24];
    *ret = 0;
    snprintf(key, sizeof key, "op%u", op->n);
    switch (op->kind) {
    case OP_SALE_CASH: return into(c, op, key, HENG_BOOKING_SALE, HENG_BOOK_PURSE, "cash", ret);
    case OP_SALE_CHANNEL: return into(c, op, key, HENG_BOOKING_SALE, HENG_BOOK_PURSE, "wechat", ret);
    case OP_REFUND: return out_of(c, op, key, HENG_BOOKING_REFUND, HENG_BOOK_PURSE, ret);
    case OP_PAYMENT: return pay(c, op, key, ret);
    case OP_CHARGE: return move(c, op, key, HENG_BOOKING_CHARGE, HENG_BOOK_PURSE, HENG_BOOK_REVENUE, ret);
    case OP_CHARGES: return charges(c, op, ret);
    case OP_BILL: return bill(c, op, key, 1, ret);
    case OP_CREDIT_NOTE: return bill(c, op, key, -1, ret);
    case OP_DEPOSIT: return into(c, op, key, HENG_BOOKING_DEPOSIT, HENG_BOOK_DEPOSIT, "cash", ret);
    case OP_DEPOSIT_BACK: return move(c, op, key, HENG_BOOKING_DEPOSIT_BACK, HENG_BOOK_DEPOSIT, HENG_BOOK_PURSE, ret);
    case OP_APPLY: return move(c, op, key, HENG_BOOKING_APPLY, HENG_BOOK_ADVANCE, HENG_BOOK_OWED, ret);
    case OP_LATE_FEE: return move(c, op, key, HENG_BOOKING_LATE_FEE, HENG_BOOK_OWED, HENG_BOOK_LATE, ret);
    case OP_WAIVER: return move(c, op, key, HENG_BOOKING_WAIVER, HENG_BOOK_LATE, HENG_BOOK_OWED, ret);
    case OP_WRITE_OFF: return move(c, op, key, HENG_BOOKING_WRITE_OFF, HENG_BOOK_LOSS, HENG_BOOK_OWED, ret);
    case OP_ADJUSTMENT: return move(c, op, key, HENG_BOOKING_ADJUSTMENT, HENG_BOOK_LOSS, HENG_BOOK_PURSE, ret);
    case OP_OPENING: return move(c, op, key, HENG_BOOKING_OPENING, HENG_BOOK_OPENING, HENG_BOOK_PURSE, ret);
    case OP_TRANSFER: return move(c, op, key, HENG_BOOKING_TRANSFER, HENG_BOOK_PURSE, HENG_BOOK_PURSE, ret);
    case OP_TO_METER: return move(c, op, key, HENG_BOOKING_TO_METER, HENG_BOOK_PURSE, HENG_BOOK_METER, ret);
    case OP_FROM_METER: return move(c, op, key, HENG_BOOKING_FROM_METER, HENG_BOOK_METER, HENG_BOOK_PURSE, ret);
    case OP_METER_USE: return move(c, op, key, HENG_BOOKING_METER_USE, HENG_BOOK_METER, HENG_BOOK_REVENUE, ret);
    case OP_PAYOUT: return out_of(c, op, key, HENG_BOOKING_PAYOUT, HENG_BOOK_ADVANCE, ret);
    case OP_UNCLEAR: return into(c, op, key, HENG_BOOKING_UNCLEAR, HENG_BOOK_UNCLEAR, "alipay", ret);
    case OP_CLEARED: return move(c, op, key, HENG_BOOKING_CLEARED, HENG_BOOK_UNCLEAR, HENG_BOOK_PURSE, ret);
    case OP_SETTLEMENT: return move(c, op, key, HENG_BOOKING_SETTLEMENT, HENG_BOOK_BANK, HENG_BOOK_CHANNEL, ret);
    case OP_CHANNEL_FEE:
        return move(c, op, key, HENG_BOOKING_CHANNEL_FEE, HENG_BOOK_CHANNEL_FEE, HENG_BOOK_CHANNEL, ret);
    case OP_REVERSE: return reverse(c, op, key, ret);
    case OP_REPLAY: again = op_of(op->of); return again.kind < OP_REVERSE ? work(c, &again, ret) : HENG_EDENIED;
    case OP_WRONG_KEY: return wrong_key(c, op);
    case OP_CASH_CLOSE: return cash(c, op);
    case OP_COUNT: break;
    }
    return HENG_EBUG;
}

/* Work from operation `first` on, some to a commit; each is acknowledged behind it. */
static void child_run(const char *path, unsigned first, unsigned n, const int64_t *accounts, int out)
{
    struct child c = {.hand = {.who = "li", .second = "wang", .day = DAY}};
    heng_rc rc;
    for (unsigned tries = 0; (rc = heng_store_open(path, &c.store, &err)) == HENG_EBUSY && tries < 200; tries++)
        nanosleep(&(struct timespec){.tv_nsec = 50000000},
                  NULL); /* a server takes a moment to see that the last one died */
    must(rc, "open");
    c.reader = heng_store_as_reader(c.store);
    memcpy(c.accounts, accounts, sizeof c.accounts);
    while (first < n) {
        struct ack acks[GROUP_MAX];
        unsigned group = 1 + (unsigned)(mix(first, 6) % GROUP_MAX), i = 0;
        must(heng_store_begin(c.store, &err), "begin");
        for (; i < group && first < n; i++, first++) {
            struct op op = op_of(first);
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            c.hand.now_us = now.tv_sec * HENG_US_PER_S + now.tv_nsec / 1000;
            rc = work(&c, &op, &acks[i].id);
            if (rc == HENG_EBUG || rc == HENG_EIO) must(rc, ops[op.kind].name);
            acks[i].n = first;
            acks[i].of = op.kind == OP_REPLAY ? op.of : first;
            if (rc != HENG_OK) acks[i].id = 0;
        }
        must(heng_store_commit(c.store, &err), "commit");
        if (write(out, acks, i * sizeof *acks) != (ssize_t)(i * sizeof *acks)) _exit(4);
    }
    heng_store_close(c.store);
    _exit(0);
}

/* --- The parent --- */

struct model {
    int64_t *ids; /* by operation: its booking, 0 none */
    int64_t net[ACCOUNTS], deposit[ACCOUNTS], meter[ACCOUNTS], money;
    unsigned done, bookings, replays, refused;
};

static void effect(struct model *m, const struct op *op, int sign)
{
    m->net[op->account] += sign * ops[op->kind].net * op->amount;
    m->deposit[op->account] += sign * ops[op->kind].deposit * op->amount;
    m->meter[op->account] += sign * ops[op->kind].meter * op->amount;
    m->money += sign * ops[op->kind].money * op->amount;
    if (op->kind == OP_TRANSFER) m->net[op->other] += sign * op->amount;
}

static void hear(struct model *m, const struct ack *ack)
{
    struct op op = op_of(ack->of);
    if (ack->n != m->done) fail_msg("operation %u was acknowledged, %u was due", ack->n, m->done);
    m->done = ack->n + 1;
    if (!ack->id) {
        m->refused++;
        return;
    }
    if (m->ids[ack->of]) {
        if (m->ids[ack->of] != ack->id) fail_msg("operation %u was booked twice", ack->of);
        m->replays++;
        return;
    }
    m->ids[ack->of] = ack->id;
    m->bookings += op.kind == OP_CHARGES ? BATCH : 1;
    struct op of = op_of(op.of);
    if (op.kind == OP_REVERSE)
        effect(m, &of, -1);
    else
        effect(m, &op, 1);
}

/* Take acknowledgements until the end, or kill the child behind `limit` of them. */
static bool listen(struct model *m, pid_t pid, int in, unsigned limit, uint64_t dice)
{
    struct ack ack;
    unsigned n = 0;
    bool killed = false;
    while (read(in, &ack, sizeof ack) == (ssize_t)sizeof ack) {
        hear(m, &ack);
        if (++n != limit) continue;
        nanosleep(&(struct timespec){.tv_nsec = (long)(dice % 6000000)}, NULL);
        kill(pid, SIGKILL);
        killed = true;
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status) && WEXITSTATUS(status) != 0) fail_msg("the child ended with %d", WEXITSTATUS(status));
    return killed && WIFSIGNALED(status);
}

static void check_books(const struct small_site *site, const struct model *m, const int64_t *accounts, unsigned n)
{
    struct heng_store_reader *reader = NULL;
    struct heng_books_proof proof;
    struct heng_booking k;
    assert_ok(heng_store_reader_open(site->path, &reader, &err));
    assert_ok(heng_store_prove_books(reader, &proof, &err));
    if (proof.wrong) fail_msg("%s", proof.why);
    for (unsigned i = 0; i < n; i++) {
        char key[24];
        snprintf(key, sizeof key, op_of(i).kind == OP_CHARGES ? "op%u.0" : "op%u", i);
        heng_rc rc = heng_store_find_booking(reader, key, &k, &err);
        if (m->ids[i] ? rc != HENG_OK || k.id != m->ids[i] : rc != HENG_ENOTFOUND)
            fail_msg("operation %u: %s, acknowledged was %lld", i, heng_rc_name(rc), (long long)m->ids[i]);
        if (m->ids[i]) assert_ok(heng_ledger_check(&k, &err));
    }
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct heng_account_balance b;
        assert_ok(heng_store_account_balance(reader, accounts[i], &b, &err));
        assert_int_equal(b.purse + b.advance - b.owed, m->net[i]);
        assert_int_equal(b.deposit, m->deposit[i]);
        assert_int_equal(b.in_meter, m->meter[i]);
    }
    heng_store_reader_close(reader);
    assert_int_equal(small_site_number(site->path, "SELECT count(*) FROM booking WHERE key LIKE 'op%'"), m->bookings);
    assert_int_equal(small_site_number(site->path, "SELECT CAST(sum(balance) AS BIGINT) FROM book WHERE kind IN "
                                                   "('cash', 'safe', 'channel', 'bank', 'over-short')"),
                     m->money);
    assert_int_equal(small_site_number(site->path, "SELECT count(*) FROM receipt"),
                     small_site_number(
                         site->path, "SELECT count(*) FROM booking b LEFT JOIN booking o ON o.id = b.reverses WHERE "
                                     "coalesce(o.kind, b.kind) IN ('sale', 'payment', 'refund', 'deposit', 'payout')"));
    print_message("# %u operations: %u bookings, %u refused, %u heard again; %lld books, %lld postings\n", n,
                  m->bookings, m->refused, m->replays, (long long)proof.books, (long long)proof.postings);
}

static void make_accounts(struct small_site *site, int64_t *ret)
{
    struct heng_store *store = small_site_open(site);
    assert_ok(heng_store_begin(store, &err));
    for (unsigned i = 0; i < ACCOUNTS; i++) {
        struct heng_account account = {.language = "zh",
                                       .currency = "CNY",
                                       .name = "proof",
                                       .warn = {HENG_LIMIT_NONE, HENG_LIMIT_NONE, HENG_LIMIT_NONE},
                                       .overdraft = HENG_LIMIT_NONE,
                                       .hoard = HENG_LIMIT_NONE,
                                       .opened_us = START_US};
        snprintf(account.number, sizeof account.number, "P-%u", i);
        assert_ok(heng_store_put_account(store, &account, &err));
        ret[i] = account.id;
    }
    assert_ok(heng_store_commit(store, &err));
    heng_store_close(store);
}

static unsigned wanted_ops = 600, wanted_kills = 10;

static void killed_at_random(void **state)
{
    (void)state;
    struct small_site site;
    struct model m = {0};
    int64_t accounts[ACCOUNTS];
    unsigned kills = 0, starts = 0;
    m.ids = calloc(wanted_ops, sizeof *m.ids);
    assert_non_null(m.ids);
    make_accounts(&site, accounts);
    print_message("# seed %llu\n", (unsigned long long)seed);
    while (m.done < wanted_ops) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(ends[0]);
            child_run(site.path, m.done, wanted_ops, accounts, ends[1]);
        }
        close(ends[1]);
        uint64_t dice = mix(starts++, 7);
        unsigned limit = kills < wanted_kills ? 1 + (unsigned)(dice % (2 * wanted_ops / (wanted_kills + 1) + 1)) : 0;
        kills += listen(&m, pid, ends[0], limit, dice >> 20);
        close(ends[0]);
    }
    check_books(&site, &m, accounts, wanted_ops);
    print_message("# killed %u times, started %u times\n", kills, starts);
    assert_true(wanted_kills == 0 || kills > 0);
    free(m.ids);
    small_site_fini(&site);
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
    if (wanted_ops == 0 || wanted_ops > 10000000) return 2;
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
