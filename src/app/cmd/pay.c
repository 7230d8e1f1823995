/* heng pay: orders, what channels are asked and tell, refunds. */
#include "app/cmd/pay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options.h"
#include "pay/order.h"
#include "store/money/bills.h"
#include "store/read.h"
#include "store/write.h"

static const char help[] =
    "usage: heng pay order ACCOUNT AMOUNT --channel CHANNEL --key KEY [--mode top-up|bill] [--bill NUMBER] [--point "
    "POINT]\n"
    "       heng pay orders [STATE]                      heng pay notices [ORDER]\n"
    "       heng pay request ORDER WHAT                  what the channel is to be sent, signed; so too:\n"
    "       heng pay query ORDER                         heng pay refund-request REFUND\n"
    "       heng pay notify CHANNEL FILE                 a message as it came: headers, an empty line, the body\n"
    "       heng pay answer CHANNEL FILE                 the answer to a query, in the same way\n"
    "       heng pay decide ORDER apply|back|close --reason WHY\n"
    "       heng pay refund ORDER AMOUNT --key KEY --reason WHY\n"
    "       heng pay refund-end REFUND done|failed --reason WHY\n"
    "       heng pay setup FILE                          merchants and keys of the channels, tried before they are "
    "kept\n"
    "       heng pay files                               heng pay sent ID\n"
    "       heng pay import TEMPLATE FILE [--number BATCH]\n"
    "       heng pay export TEMPLATE FILE                a batch of what is due, to withhold\n"
    "       heng pay again TEMPLATE FILE --number ID     the lines of batch ID that failed, as a new one\n"
    "       heng pay reconcile TEMPLATE|CHANNEL FILE [--from DAY]\n"
    "       heng pay days                                heng pay day ID\n"
    "       heng pay settle-line ID LINE apply|unclear|accept|wait --reason WHY\n"
    "       heng pay close ID                            heng pay settle ID AMOUNT\n"
    "All take --data DIR, --org ORG and --who WHO. What a file or message is refused for is kept with it: heng pay "
    "files,\n"
    "heng pay notices. Templates and states are told in docs/payments.md. Exit status: 0 good, 1 it failed, 2 wrong "
    "usage.\n";

enum { PAGE = 100, SETTING_MAX = 16 << 10, HEADERS_MAX = 64, MESSAGE_MAX = 1 << 20 };

const char *heng_pay_word(const struct books_words *w, int i) { return i < w->rest_n ? w->rest[i] : ""; }

heng_rc heng_pay_number(const struct books_words *w, int i, const char *what, int64_t *ret, struct heng_err *err)
{
    heng_rc rc = heng_pay_amount(heng_slice_str(heng_pay_word(w, i)), 0, ret, err);
    return rc == HENG_OK && *ret > 0
               ? HENG_OK
               : heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no number of a %s", heng_pay_word(w, i), what);
}

heng_rc heng_pay_read_whole(const char *path, size_t max, struct heng_str *out, struct heng_err *err)
{
    char page[8192];
    FILE *in = fopen(path, "rb");
    *out = (struct heng_str){.max = max};
    if (!in) return heng_fail(err, HENG_ENOTFOUND, 0, "'%.120s' cannot be read", path);
    for (size_t n; (n = fread(page, 1, sizeof page, in)) > 0;) heng_str_put(out, page, n);
    const bool bad = ferror(in) != 0;
    fclose(in);
    if (bad) return heng_fail(err, HENG_EIO, 0, "'%.120s' cannot be read", path);
    return out->rc == HENG_OK ? HENG_OK : heng_fail(err, out->rc, 0, "'%.100s' is too large", path);
}

/* --- orders --- */

static void print_order(const struct heng_pay_order *o)
{
    char amount[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_pay_amount_text(o->amount, 2, amount);
    printf("%-20s %-10s %-8s %12s %s %-9s %s\n", o->number, o->channel, heng_pay_purpose_text(o->purpose), amount,
           o->currency, heng_pay_state_text(o->state), o->why);
}

static heng_rc find_bill(const struct books *b, const char *number, int64_t *ret, struct heng_err *err)
{
    struct heng_bill bill;
    heng_rc rc = heng_store_find_bill(b->reader, b->scope, number, &bill, err);
    if (rc == HENG_OK) *ret = bill.id;
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no bill '%.40s'", number) : rc;
}

static heng_rc order(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_account account;
    struct heng_pay_order made;
    int64_t bill_id = 0;
    struct heng_pay_ask ask = {
        .request = heng_books_text(w, BOOKS_KEY), .scope = b->scope, .channel = heng_books_text(w, BOOKS_CHANNEL)};
    const char *mode = heng_books_text(w, BOOKS_MODE);
    (void)keep;
    if (*mode && strcmp(mode, "bill") != 0 && strcmp(mode, "top-up") != 0)
        return heng_fail(err, HENG_EFORMAT, 0, "'%.20s' is no mode of an order: top-up or bill", mode);
    ask.purpose = strcmp(mode, "bill") == 0 || w->of[BOOKS_BILL] ? HENG_PAY_FOR_BILL : HENG_PAY_FOR_TOP_UP;
    heng_rc rc = heng_books_account(b, heng_pay_word(w, 0), &account, err);
    if (rc == HENG_OK) rc = heng_pay_amount(heng_slice_str(heng_pay_word(w, 1)), 2, &ask.amount, err);
    if (rc == HENG_OK && w->of[BOOKS_POINT]) rc = heng_books_point(b, w->of[BOOKS_POINT], &ask.point_id, err);
    if (rc == HENG_OK && w->of[BOOKS_BILL]) {
        rc = find_bill(b, w->of[BOOKS_BILL], &bill_id, err);
        ask.bills = &bill_id;
        ask.bill_count = 1;
    }
    if (rc != HENG_OK) return rc;
    ask.account_id = account.id;
    rc = heng_pay_order_make(b->store, &ask, &b->hand, &made, err);
    if (rc == HENG_OK) print_order(&made);
    return rc;
}

static heng_rc orders(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    static struct heng_pay_order rows[PAGE];
    const char *word = heng_pay_word(w, 0);
    const heng_pay_state state = heng_pay_state_of(word);
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    (void)keep;
    if (*word && state == HENG_PAY_STATE_COUNT)
        return heng_fail(err, HENG_ENOTFOUND, 0, "'%.40s' is no state of an order", word);
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_pay_orders(b->reader, b->scope, 0, state, after, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) print_order(&rows[i]), after = rows[i].id;
    }
    return rc;
}

static heng_rc find_order(const struct books *b, const char *number, struct heng_pay_order *ret, struct heng_err *err)
{
    heng_rc rc = heng_store_find_pay_order(b->reader, b->scope, number, ret, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no payment order '%.40s'", number) : rc;
}

/* A refund, with the order that it is of. */
static heng_rc find_refund(const struct books *b, const char *number, struct heng_pay_refund *ret,
                           struct heng_pay_order *ret_order, struct heng_err *err)
{
    heng_rc rc = heng_store_find_pay_refund(b->reader, number, ret, err);
    if (rc == HENG_OK) rc = heng_store_get_pay_order(b->reader, b->scope, ret->order_id, ret_order, err);
    return rc == HENG_ENOTFOUND ? heng_fail(err, rc, 0, "there is no refund '%.40s'", number) : rc;
}

/* --- what channels are asked --- */

static heng_rc setup_of(const struct books *b, const char *channel, struct heng_pay_setup *ret, struct heng_err *err)
{
    static char text[SETTING_MAX];
    heng_rc rc = heng_store_get_setting(b->reader, "pay", text, sizeof text, err);
    if (rc == HENG_ENOTFOUND)
        return heng_fail(err, rc, 0, "no channel is set up: heng pay setup FILE, see docs/payments.md");
    return rc == HENG_OK ? heng_pay_setup_read(heng_slice_str(text), channel, ret, err) : rc;
}

static const char *text_of(const struct heng_str *s) { return s->text ? s->text : ""; }

/* The signed bytes, as they go out. asked: what of the channel makes them. */
typedef enum asked { ASK_PAY, ASK_STATE, ASK_REFUND } asked;

static heng_rc print_request(const struct books *b, asked what, const struct heng_pay_order *o,
                             const struct heng_pay_refund *refund, const char *about, struct heng_err *err)
{
    const struct heng_pay_channel *channel = heng_pay_channel_of(o->channel);
    struct heng_pay_setup setup;
    struct heng_pay_out out;
    struct heng_pay_stamp stamp = {.now_us = b->hand.now_us};
    if (!channel || !channel->request)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "%s is asked nothing: money comes by itself, or by files",
                         o->channel);
    heng_rc rc = setup_of(b, o->channel, &setup, err);
    if (rc != HENG_OK) return rc;
    heng_pay_out_init(&out);
    rc = heng_pay_nonce(stamp.nonce, err);
    if (rc == HENG_OK && what == ASK_PAY) rc = channel->request(&setup, o, about, &stamp, &out, err);
    if (rc == HENG_OK && what == ASK_STATE) rc = channel->query(&setup, o, &stamp, &out, err);
    if (rc == HENG_OK && what == ASK_REFUND) rc = channel->refund(&setup, o, refund, &stamp, &out, err);
    if (rc == HENG_OK)
        printf("%s %s\r\n%s\r\n%s\n", out.method, text_of(&out.path), text_of(&out.headers), text_of(&out.body));
    heng_pay_out_fini(&out);
    heng_pay_setup_fini(&setup);
    return rc;
}

static heng_rc request(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_pay_order o;
    (void)keep;
    heng_rc rc = heng_pay_order_move(b->store, b->scope, heng_pay_word(w, 0), HENG_PAY_PENDING, "", &b->hand, &o, err);
    return rc == HENG_OK ? print_request(b, ASK_PAY, &o, NULL, heng_pay_word(w, 1), err) : rc;
}

static heng_rc query(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_pay_order o;
    (void)keep;
    heng_rc rc = find_order(b, heng_pay_word(w, 0), &o, err);
    return rc == HENG_OK ? print_request(b, ASK_STATE, &o, NULL, "", err) : rc;
}

static heng_rc refund_request(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_pay_refund r;
    struct heng_pay_order o;
    (void)keep;
    heng_rc rc = find_refund(b, heng_pay_word(w, 0), &r, &o, err);
    if (rc == HENG_OK && r.ended_us)
        return heng_fail(err, HENG_ECONFLICT, 0, "refund %s is %s", r.number, heng_refund_state_text(r.state));
    if (rc == HENG_OK) rc = print_request(b, ASK_REFUND, &o, &r, "", err);
    r.state = HENG_REFUND_SENT;
    return rc == HENG_OK ? heng_store_put_pay_refund(b->store, &r, b->hand.day, err) : rc;
}

/* --- what channels tell --- */

static void print_notice(const struct heng_pay_notice *n)
{
    printf("%6" PRId64 " %-10s %-20s %-8s %6" PRId64 " bytes  %s\n", n->id, n->channel, n->order_number,
           heng_pay_outcome_text(n->outcome), n->length, n->why);
}

static heng_rc notices(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    static struct heng_pay_notice rows[PAGE];
    struct heng_pay_order o;
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    (void)keep;
    if (*heng_pay_word(w, 0))
        rc = find_order(b, heng_pay_word(w, 0), &o, err);
    else if (b->scope)
        rc = heng_fail(err, HENG_EDENIED, 0, "messages are of all organisations: name an order of yours");
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_pay_notices(b->reader, heng_pay_word(w, 0), HENG_PAY_OUTCOME_COUNT, after, rows, PAGE, &n,
                                         err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) print_notice(&rows[i]), after = rows[i].id;
    }
    return rc;
}

/* Lines "Name: value" up to an empty one, then the body; without an empty line all is body. */
static void split_message(struct heng_slice text, struct heng_pay_header *headers, struct heng_pay_in *ret)
{
    size_t at = 0, n = 0;
    *ret = (struct heng_pay_in){.headers = headers, .body = text};
    while (at < text.n) {
        const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
        if (!end) return;
        size_t length = (size_t)(end - text.p) - at;
        const size_t next = at + length + 1;
        if (length && text.p[at + length - 1] == '\r') length--;
        if (length == 0) {
            ret->header_count = n;
            ret->body = heng_slice_from(text, next);
            return;
        }
        const uint8_t *colon = memchr(text.p + at, ':', length);
        if (!colon || n == HEADERS_MAX) return;
        const size_t name = (size_t)(colon - text.p) - at;
        size_t value = name + 1;
        while (value < length && text.p[at + value] == ' ') value++;
        headers[n].name = heng_slice_of(text.p + at, name);
        headers[n++].value = heng_slice_of(text.p + at + value, length - value);
        at = next;
    }
}

static heng_rc take(struct books *b, const struct books_words *w, bool answer, bool *keep, struct heng_err *err)
{
    const struct heng_pay_channel *channel = heng_pay_channel_of(heng_pay_word(w, 0));
    struct heng_pay_header headers[HEADERS_MAX];
    struct heng_pay_setup setup;
    struct heng_pay_notice notice;
    struct heng_pay_in in;
    struct heng_str text = {0};
    if (b->scope)
        return heng_fail(err, HENG_EDENIED, 0, "messages of channels are taken by the operator, without --org");
    if (!channel) return heng_fail(err, HENG_ENOTFOUND, 0, "'%.40s' is no payment channel", heng_pay_word(w, 0));
    heng_rc rc = setup_of(b, channel->name, &setup, err);
    if (rc != HENG_OK) return rc;
    rc = heng_pay_read_whole(heng_pay_word(w, 1), MESSAGE_MAX, &text, err);
    if (rc == HENG_OK) {
        split_message(heng_slice_of(text_of(&text), text.n), headers, &in);
        rc = (answer ? heng_pay_take_answer : heng_pay_take_message)(b->store, channel, &setup, &in, &b->hand, &notice,
                                                                     err);
    }
    heng_str_fini(&text);
    heng_pay_setup_fini(&setup);
    if (rc != HENG_OK) return rc;
    *keep = true;
    printf("%s %s\n", heng_pay_outcome_text(notice.outcome), notice.order_number);
    if (notice.outcome != HENG_PAY_TOLD_REFUSED && notice.why[0]) printf("%s\n", notice.why);
    return notice.outcome == HENG_PAY_TOLD_REFUSED ? heng_fail(err, HENG_EDENIED, 0, "refused: %.140s", notice.why)
                                                   : HENG_OK;
}

static heng_rc notify(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    return take(b, w, false, keep, err);
}

static heng_rc answer(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    return take(b, w, true, keep, err);
}

/* Every channel of the file is tried with its keys before any of it is kept. */
static heng_rc setup(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    static const char *const names[] = {"wechat", "alipay", "unionpay"};
    struct heng_pay_setup tried;
    struct heng_str text = {0};
    int found = 0;
    (void)keep;
    if (b->scope) return heng_fail(err, HENG_EDENIED, 0, "channels are set up by the operator, without --org");
    heng_rc rc = heng_pay_read_whole(heng_pay_word(w, 0), SETTING_MAX - 1, &text, err);
    for (size_t i = 0; rc == HENG_OK && i < sizeof names / sizeof *names; i++) {
        rc = heng_pay_setup_read(heng_slice_of(text_of(&text), text.n), names[i], &tried, err);
        if (rc == HENG_OK) {
            found++;
            printf("%s merchant %s, %zu keys of the channel\n", names[i], tried.merchant, tried.platform_count);
            heng_pay_setup_fini(&tried);
        } else if (rc == HENG_ENOTFOUND && strstr(err->text, "has no channel")) {
            rc = HENG_OK;
        }
    }
    if (rc == HENG_OK && !found)
        rc = heng_fail(err, HENG_EFORMAT, 0, "the file sets up none of wechat, alipay, unionpay");
    if (rc == HENG_OK) rc = heng_store_put_setting(b->store, "pay", text_of(&text), err);
    heng_str_fini(&text);
    return rc;
}

/* --- back, and what people decide --- */

static heng_rc refund(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_pay_refund made;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t amount = 0;
    (void)keep;
    heng_books_key(b, w, "refund", key);
    heng_rc rc = heng_pay_amount(heng_slice_str(heng_pay_word(w, 1)), 2, &amount, err);
    if (rc == HENG_OK)
        rc = heng_pay_refund_ask(b->store, b->scope, heng_pay_word(w, 0), amount, key, &b->hand,
                                 heng_books_text(w, BOOKS_REASON), &made, err);
    if (rc == HENG_OK) printf("%s %s\n", made.number, heng_refund_state_text(made.state));
    return rc;
}

static heng_rc refund_end(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_pay_refund r;
    struct heng_pay_order o;
    heng_pay_outcome outcome;
    const char *how = heng_pay_word(w, 1), *reason = heng_books_text(w, BOOKS_REASON);
    (void)keep;
    if (strcmp(how, "done") != 0 && strcmp(how, "failed") != 0)
        return heng_fail(err, HENG_EFORMAT, 0, "'%.20s' is no end of a refund: done or failed", how);
    if (!*reason) return heng_fail(err, HENG_EFORMAT, 0, "how it ended needs a reason: who said so");
    heng_rc rc = find_refund(b, heng_pay_word(w, 0), &r, &o, err);
    if (rc == HENG_OK)
        rc = heng_pay_refund_end(b->store, &r, strcmp(how, "done") == 0, r.transaction_id, reason, &b->hand, &outcome,
                                 err);
    if (rc == HENG_OK) printf("%s %s\n", r.number, heng_refund_state_text(r.state));
    return rc;
}

static heng_rc decide(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_pay_order decided;
    (void)keep;
    heng_rc rc = heng_pay_decide(b->store, b->scope, heng_pay_word(w, 0), heng_pay_word(w, 1), &b->hand,
                                 heng_books_text(w, BOOKS_REASON), &decided, err);
    if (rc == HENG_OK) print_order(&decided);
    return rc;
}

static const struct heng_pay_verb verbs[] = {{"order", order, 2, 0, true},
                                             {"orders", orders, 0, 1, false},
                                             {"request", request, 2, 0, true},
                                             {"query", query, 1, 0, false},
                                             {"notify", notify, 2, 0, true},
                                             {"answer", answer, 2, 0, true},
                                             {"notices", notices, 0, 1, false},
                                             {"setup", setup, 1, 0, true},
                                             {"decide", decide, 2, 0, true},
                                             {"refund", refund, 2, 0, true},
                                             {"refund-request", refund_request, 1, 0, true},
                                             {"refund-end", refund_end, 2, 0, true},
                                             {NULL, NULL, 0, 0, false}};

static const struct heng_pay_verb *verb_of(const struct heng_pay_verb *all, const char *name)
{
    while (all->name && strcmp(all->name, name) != 0) all++;
    return all->name ? all : NULL;
}

int heng_cmd_pay(int argc, char **argv)
{
    struct books_words w;
    struct books books;
    struct heng_err err = {0};
    bool keep = false;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) return fputs(help, stdout), EXIT_SUCCESS;
    const int status = heng_books_words(&w, argc, argv);
    const char *what = argc > 1 ? argv[1] : "";
    if (w.help) fputs(help, stdout);
    if (status != EXIT_SUCCESS || w.help) return status;
    const struct heng_pay_verb *verb = verb_of(verbs, what);
    if (!verb) verb = verb_of(heng_pay_file_verbs, what);
    if (!verb) return heng_usage_error("pay", "'%s' is no such order", what);
    if (w.rest_n < verb->words || w.rest_n > verb->words + verb->more)
        return heng_usage_error("pay", "%s: words are missing, or too many", what);
    heng_rc rc = heng_books_open(&books, &w, verb->writes, &err);
    if (rc == HENG_OK) rc = verb->run(&books, &w, &keep, &err);
    return heng_books_close(&books, &w, rc, keep, &err);
}
