/* heng pay: orders, messages of channels, files of banks, reconciliation. */
#include "app/cmd/pay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cmd/books.h"
#include "app/options.h"
#include "pay/reconcile.h"

static const char help[] =
    "usage: heng pay order ACCOUNT AMOUNT --channel CHANNEL --key KEY [--mode top-up|bill] [--point POINT]\n"
    "       heng pay orders [STATE]                      heng pay files\n"
    "       heng pay import TEMPLATE FILE [--number BATCH]\n"
    "       heng pay export TEMPLATE FILE                a batch of what is due, to withhold\n"
    "       heng pay reconcile TEMPLATE|CHANNEL FILE [--from DAY]\n"
    "       heng pay decide ORDER apply|back|close --reason WHY\n"
    "       heng pay refund ORDER AMOUNT --key KEY --reason WHY\n"
    "All take --data DIR, --org ORG and --who WHO. What a file is refused for is kept with it: heng pay files.\n"
    "Templates and states are told in docs/payments.md. Exit status: 0 good, 1 it failed, 2 wrong usage.\n";

enum { PAGE = 100, TEMPLATE_MAX = 64 << 10 };

static const char *word(const struct books_words *w, int i) { return i < w->rest_n ? w->rest[i] : ""; }

static void print_order(const struct heng_pay_order *o)
{
    char amount[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_pay_amount_text(o->amount, 2, amount);
    printf("%-20s %-10s %-8s %12s %s %-9s %s\n", o->number, o->channel, heng_pay_purpose_text(o->purpose), amount,
           o->currency, heng_pay_state_text(o->state), o->why);
}

static heng_rc order(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_account account;
    struct heng_pay_order made;
    struct heng_pay_ask ask = {
        .request = heng_books_text(w, BOOKS_KEY), .scope = b->scope, .channel = heng_books_text(w, BOOKS_CHANNEL)};
    ask.purpose = strcmp(heng_books_text(w, BOOKS_MODE), "bill") == 0 ? HENG_PAY_FOR_BILL : HENG_PAY_FOR_TOP_UP;
    heng_rc rc = heng_books_account(b, word(w, 0), &account, err);
    if (rc == HENG_OK) rc = heng_pay_amount(heng_slice_str(word(w, 1)), 2, &ask.amount, err);
    if (rc == HENG_OK && w->of[BOOKS_POINT]) rc = heng_books_point(b, w->of[BOOKS_POINT], &ask.point_id, err);
    ask.account_id = account.id;
    if (rc == HENG_OK) rc = heng_pay_order_make(b->store, &ask, &b->hand, &made, err);
    if (rc == HENG_OK) print_order(&made);
    return rc;
}

static heng_rc orders(struct books *b, const struct books_words *w, struct heng_err *err)
{
    static struct heng_pay_order rows[PAGE];
    const heng_pay_state state = heng_pay_state_of(word(w, 0));
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    if (*word(w, 0) && state == HENG_PAY_STATE_COUNT)
        return heng_fail(err, HENG_ENOTFOUND, 0, "'%.40s' is no state of an order", word(w, 0));
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_pay_orders(b->reader, b->scope, 0, state, after, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) print_order(&rows[i]), after = rows[i].id;
    }
    return rc;
}

static void print_file(const struct heng_pay_file *f)
{
    char total[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_pay_amount_text(f->total, 2, total);
    printf("%6" PRId64 " %-12s %-12s %-16s %6" PRId64 " lines %14s %-8s %s\n", f->id, f->channel,
           heng_pay_file_kind_text(f->kind), f->batch, f->count, total, heng_pay_file_state_text(f->state), f->why);
}

static heng_rc files(struct books *b, struct heng_err *err)
{
    static struct heng_pay_file rows[PAGE];
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_pay_files(b->reader, b->scope, HENG_PAY_FILE_KIND_COUNT, HENG_PAY_FILE_STATE_COUNT, after,
                                       rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) print_file(&rows[i]), after = rows[i].id;
    }
    return rc;
}

static heng_rc read_whole(const char *path, size_t max, struct heng_str *out, struct heng_err *err)
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

/* A file, or the name of a channel whose daily file is known. */
static heng_rc template_of(const char *name, struct heng_pay_template *ret, struct heng_err *err)
{
    const struct heng_pay_channel *channel = heng_pay_channel_of(name);
    struct heng_str text = {.max = TEMPLATE_MAX};
    if (channel && channel->bill_template)
        return heng_pay_template_read(heng_slice_str(channel->bill_template), ret, err);
    heng_rc rc = read_whole(name, TEMPLATE_MAX, &text, err);
    if (rc == HENG_OK) rc = heng_pay_template_read(heng_slice_of(text.text ? text.text : "", text.n), ret, err);
    heng_str_fini(&text);
    return rc;
}

static heng_rc take(struct books *b, const struct books_words *w, bool compare, bool *keep, struct heng_err *err)
{
    static struct heng_pay_template form;
    struct heng_pay_file_ask ask = {.org_id = b->scope, .name = word(w, 1), .batch = w->of[BOOKS_NUMBER]};
    struct heng_pay_file_done done = {0};
    struct heng_reconcile of = {0};
    struct heng_str text = {0};
    struct heng_pay_day day = {.transit_us = INT64_C(1800) * HENG_US_PER_S};
    heng_rc rc = template_of(word(w, 0), &form, err);
    if (rc == HENG_OK) rc = read_whole(word(w, 1), HENG_PAY_FILE_MAX, &text, err);
    if (rc == HENG_OK) rc = heng_books_day(b, w->of[BOOKS_FROM], &day.day, err);
    const struct heng_slice bytes = heng_slice_of(text.text ? text.text : "", text.n);
    if (rc == HENG_OK && compare) {
        ask.day = day.day;
        day.from_us = heng_day_from_us(&b->site.days, day.day);
        day.to_us = heng_day_from_us(&b->site.days, day.day + 1);
        rc = heng_pay_reconcile(b->store, &form, &ask, &day, bytes, &b->hand, &of, &done.file, err);
    } else if (rc == HENG_OK) {
        rc = heng_pay_import(b->store, &form, &ask, bytes, &b->hand, &done, err);
    }
    heng_str_fini(&text);
    if (rc != HENG_OK) return rc;
    print_file(&done.file);
    *keep = true;
    return done.file.state == HENG_PAY_FILE_REFUSED
               ? heng_fail(err, HENG_ECONFLICT, 0, "refused, nothing is booked: %.120s", done.file.why)
               : HENG_OK;
}

static heng_rc export(struct books *b, const struct books_words *w, struct heng_err *err)
{
    static struct heng_pay_template form;
    const struct heng_pay_file_ask ask = {.org_id = b->scope, .name = word(w, 1)};
    struct heng_pay_file batch;
    struct heng_str text = {.max = HENG_PAY_FILE_MAX};
    heng_rc rc = template_of(word(w, 0), &form, err);
    if (rc == HENG_OK) rc = heng_pay_withhold(b->store, &form, &ask, b->hand.day, &b->hand, &batch, &text, err);
    FILE *out = rc == HENG_OK ? fopen(word(w, 1), "wbx") : NULL;
    if (rc == HENG_OK && (!out || fwrite(text.text, 1, text.n, out) != text.n))
        rc = heng_fail(err, HENG_EIO, 0, "'%.100s' cannot be written, or is there already", word(w, 1));
    if (out && fclose(out) != 0 && rc == HENG_OK)
        rc = heng_fail(err, HENG_EIO, 0, "'%.100s' cannot be written", word(w, 1));
    heng_str_fini(&text);
    if (rc == HENG_OK) print_file(&batch);
    return rc;
}

static heng_rc refund(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_pay_refund made;
    char key[HENG_BOOKING_KEY_MAX];
    int64_t amount = 0;
    heng_books_key(b, w, "refund", key);
    heng_rc rc = heng_pay_amount(heng_slice_str(word(w, 1)), 2, &amount, err);
    if (rc == HENG_OK)
        rc = heng_pay_refund_ask(b->store, b->scope, word(w, 0), amount, key, &b->hand,
                                 heng_books_text(w, BOOKS_REASON), &made, err);
    if (rc == HENG_OK) printf("%s %s\n", made.number, heng_refund_state_text(made.state));
    return rc;
}

static heng_rc decide(struct books *b, const struct books_words *w, struct heng_err *err)
{
    struct heng_pay_order decided;
    heng_rc rc = heng_pay_decide(b->store, b->scope, word(w, 0), word(w, 1), &b->hand, heng_books_text(w, BOOKS_REASON),
                                 &decided, err);
    if (rc == HENG_OK) print_order(&decided);
    return rc;
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
    const bool reads = strcmp(what, "orders") == 0 || strcmp(what, "files") == 0;
    static const char *const words[] = {"order", "import", "export", "reconcile", "decide", "refund"};
    size_t k = 0;
    while (k < 6 && strcmp(words[k], what) != 0) k++;
    if (!reads && (k == 6 || w.rest_n != 2))
        return heng_usage_error("pay", "'%s' is no such order, or words are missing", what);
    heng_rc rc = heng_books_open(&books, &w, !reads, &err);
    if (rc != HENG_OK) return heng_books_close(&books, &w, rc, false, &err);
    if (strcmp(what, "orders") == 0)
        rc = orders(&books, &w, &err);
    else if (reads)
        rc = files(&books, &err);
    else if (k == 0)
        rc = order(&books, &w, &err);
    else if (k == 1 || k == 3)
        rc = take(&books, &w, k == 3, &keep, &err);
    else if (k == 2)
        rc = export(&books, &w, &err);
    else
        rc = k == 4 ? decide(&books, &w, &err) : refund(&books, &w, &err);
    return heng_books_close(&books, &w, rc, keep, &err);
}
