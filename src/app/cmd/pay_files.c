/* heng pay: files of banks, and a channel's days beside ours. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cmd/pay.h"
#include "pay/reconcile.h"

enum { PAGE = 100, TEMPLATE_MAX = 64 << 10, TRANSIT_S = 1800 };

static void print_file(const struct heng_pay_file *f)
{
    char total[HENG_PAY_AMOUNT_TEXT_MAX];
    heng_pay_amount_text(f->total, 2, total);
    printf("%6" PRId64 " %-12s %-12s %-16s %6" PRId64 " lines %14s %-8s %s\n", f->id, f->channel,
           heng_pay_file_kind_text(f->kind), f->batch, f->count, total, heng_pay_file_state_text(f->state), f->why);
}

static heng_rc files(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    static struct heng_pay_file rows[PAGE];
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    (void)w, (void)keep;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_pay_files(b->reader, b->scope, HENG_PAY_FILE_KIND_COUNT, HENG_PAY_FILE_STATE_COUNT, after,
                                       rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) print_file(&rows[i]), after = rows[i].id;
    }
    return rc;
}

/* A file, or the name of a channel whose daily file is known. */
static heng_rc template_of(const char *name, struct heng_pay_template *ret, struct heng_err *err)
{
    const struct heng_pay_channel *channel = heng_pay_channel_of(name);
    struct heng_str text = {0};
    if (channel && channel->bill_template)
        return heng_pay_template_read(heng_slice_str(channel->bill_template), ret, err);
    heng_rc rc = heng_pay_read_whole(name, TEMPLATE_MAX, &text, err);
    struct heng_slice json = heng_slice_of(text.text ? text.text : "", text.n);
    if (json.n >= 3 && memcmp(json.p, "\xEF\xBB\xBF", 3) == 0) json = heng_slice_from(json, 3);
    if (rc == HENG_OK) rc = heng_pay_template_read(json, ret, err);
    heng_str_fini(&text);
    return rc;
}

static heng_rc told(const struct heng_pay_file *file, bool *keep, struct heng_err *err)
{
    print_file(file);
    *keep = true;
    return file->state == HENG_PAY_FILE_REFUSED
               ? heng_fail(err, HENG_ECONFLICT, 0, "refused, nothing is booked: %.120s", file->why)
               : HENG_OK;
}

static heng_rc import(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    static struct heng_pay_template form;
    const struct heng_pay_file_ask ask = {
        .org_id = b->scope, .name = heng_pay_word(w, 1), .batch = w->of[BOOKS_NUMBER]};
    struct heng_pay_file_done done = {0};
    struct heng_str text = {0};
    heng_rc rc = template_of(heng_pay_word(w, 0), &form, err);
    if (rc == HENG_OK) rc = heng_pay_read_whole(heng_pay_word(w, 1), HENG_PAY_FILE_MAX, &text, err);
    const struct heng_slice bytes = heng_slice_of(text.text ? text.text : "", text.n);
    if (rc == HENG_OK) rc = heng_pay_import(b->store, &form, &ask, bytes, &b->hand, &done, err);
    heng_str_fini(&text);
    if (rc == HENG_OK && done.file.state != HENG_PAY_FILE_REFUSED)
        printf("%" PRId64 " paid, %" PRId64 " failed, %" PRId64 " unclear\n", done.paid, done.failed, done.unclear);
    return rc == HENG_OK ? told(&done.file, keep, err) : rc;
}

/* Never over a file that is there: it may be a batch that the bank has. */
static heng_rc write_batch(const char *path, const struct heng_str *text, struct heng_err *err)
{
    FILE *out = fopen(path, "wbx");
    bool good = out && fwrite(text->text, 1, text->n, out) == text->n;
    if (out && fclose(out) != 0) good = false;
    return good ? HENG_OK : heng_fail(err, HENG_EIO, 0, "'%.100s' cannot be written, or is there already", path);
}

/* again_of: batch whose failed lines are presented again; 0: what is due. */
static heng_rc make_batch(struct books *b, const struct books_words *w, int64_t again_of, struct heng_err *err)
{
    static struct heng_pay_template form;
    const struct heng_pay_file_ask ask = {.org_id = b->scope, .name = heng_pay_word(w, 1)};
    struct heng_pay_file batch;
    struct heng_str text = {.max = HENG_PAY_FILE_MAX};
    heng_rc rc = template_of(heng_pay_word(w, 0), &form, err);
    if (rc == HENG_OK && again_of)
        rc = heng_pay_present_again(b->store, &form, &ask, again_of, &b->hand, &batch, &text, err);
    else if (rc == HENG_OK)
        rc = heng_pay_withhold(b->store, &form, &ask, b->hand.day, &b->hand, &batch, &text, err);
    if (rc == HENG_OK) rc = write_batch(heng_pay_word(w, 1), &text, err);
    heng_str_fini(&text);
    if (rc == HENG_OK) print_file(&batch);
    return rc;
}

static heng_rc export(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    (void)keep;
    return make_batch(b, w, 0, err);
}

static heng_rc again(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    int64_t id = 0;
    const char *number = heng_books_text(w, BOOKS_NUMBER);
    (void)keep;
    if (heng_pay_amount(heng_slice_str(number), 0, &id, err) != HENG_OK || id <= 0)
        return heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no number of a batch: --number ID, see heng pay files",
                         number);
    return make_batch(b, w, id, err);
}

static heng_rc sent(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_pay_file file;
    int64_t id = 0;
    (void)keep;
    heng_rc rc = heng_pay_number(w, 0, "file", &id, err);
    if (rc == HENG_OK) rc = heng_pay_sent(b->store, b->scope, id, &b->hand, &file, err);
    if (rc == HENG_OK) print_file(&file);
    return rc;
}

/* --- days --- */

static void print_day(const struct heng_reconcile *r)
{
    char ours[HENG_PAY_AMOUNT_TEXT_MAX], theirs[HENG_PAY_AMOUNT_TEXT_MAX], fees[HENG_PAY_AMOUNT_TEXT_MAX];
    const struct heng_civil c = heng_us_to_civil(r->day * HENG_US_PER_DAY);
    heng_pay_amount_text(r->ours, 2, ours);
    heng_pay_amount_text(r->theirs, 2, theirs);
    heng_pay_amount_text(r->fees, 2, fees);
    printf("%6" PRId64 " %-12s %04d-%02u-%02u.%" PRId64 " ours %s theirs %s fees %s %s\n", r->id, r->channel, c.year,
           (unsigned)c.month, (unsigned)c.day, r->n, ours, theirs, fees, r->closed_us ? "closed" : "open");
}

static heng_rc print_lines(const struct books *b, int64_t id, struct heng_err *err)
{
    static struct heng_reconcile_line rows[PAGE];
    char ours[HENG_PAY_AMOUNT_TEXT_MAX], theirs[HENG_PAY_AMOUNT_TEXT_MAX];
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_reconcile_lines(b->reader, id, after, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            const struct heng_reconcile_line *l = &rows[i];
            after = l->n;
            if (l->class_of == HENG_RECONCILE_MATCH) continue;
            heng_pay_amount_text(l->ours, 2, ours);
            heng_pay_amount_text(l->theirs, 2, theirs);
            printf("%6" PRId64 " %-11s %-20s %-28s ours %s theirs %s %s %s\n", l->n, heng_reconcile_text(l->class_of),
                   l->order_number, l->transaction_id, ours, theirs, l->decision, l->reason);
        }
    }
    return rc;
}

static heng_rc reconcile(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    static struct heng_pay_template form;
    struct heng_pay_file_ask ask = {.org_id = b->scope, .name = heng_pay_word(w, 1)};
    struct heng_pay_file file = {.id = 0};
    struct heng_reconcile of = {.id = 0};
    struct heng_str text = {0};
    struct heng_pay_day day = {.transit_us = TRANSIT_S * HENG_US_PER_S};
    heng_rc rc = template_of(heng_pay_word(w, 0), &form, err);
    if (rc == HENG_OK) rc = heng_books_day(b, w->of[BOOKS_FROM], &day.day, err);
    if (rc == HENG_OK) rc = heng_pay_read_whole(heng_pay_word(w, 1), HENG_PAY_FILE_MAX, &text, err);
    ask.day = day.day;
    day.from_us = heng_day_from_us(&b->site.days, day.day);
    day.to_us = heng_day_from_us(&b->site.days, day.day + 1);
    const struct heng_slice bytes = heng_slice_of(text.text ? text.text : "", text.n);
    if (rc == HENG_OK) rc = heng_pay_reconcile(b->store, &form, &ask, &day, bytes, &b->hand, &of, &file, err);
    heng_str_fini(&text);
    if (rc == HENG_OK && of.id) {
        print_day(&of);
        rc = print_lines(b, of.id, err);
    }
    return rc == HENG_OK ? told(&file, keep, err) : rc;
}

static heng_rc days(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    static struct heng_reconcile rows[PAGE];
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    (void)w, (void)keep;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_reconciles(b->reader, b->scope, after, rows, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) print_day(&rows[i]), after = rows[i].id;
    }
    return rc;
}

static heng_rc day(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_reconcile of;
    int64_t id = 0;
    (void)keep;
    heng_rc rc = heng_pay_number(w, 0, "reconciliation", &id, err);
    if (rc == HENG_OK) rc = heng_store_get_reconcile(b->reader, b->scope, id, &of, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no reconciliation %" PRId64, id);
    if (rc != HENG_OK) return rc;
    print_day(&of);
    return print_lines(b, id, err);
}

static heng_rc settle_line(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_reconcile_line line;
    int64_t id = 0, n = 0;
    (void)keep;
    heng_rc rc = heng_pay_number(w, 0, "reconciliation", &id, err);
    if (rc == HENG_OK) rc = heng_pay_number(w, 1, "line", &n, err);
    if (rc == HENG_OK)
        rc = heng_pay_reconcile_decide(b->store, b->scope, id, n, heng_pay_word(w, 2), &b->hand,
                                       heng_books_text(w, BOOKS_REASON), &line, err);
    if (rc == HENG_OK) printf("line %" PRId64 " %s: %s\n", line.n, heng_reconcile_text(line.class_of), line.decision);
    return rc;
}

static heng_rc close_day(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_reconcile of;
    int64_t id = 0;
    (void)keep;
    heng_rc rc = heng_pay_number(w, 0, "reconciliation", &id, err);
    if (rc == HENG_OK) rc = heng_pay_reconcile_close(b->store, b->scope, id, &b->hand, &of, err);
    if (rc == HENG_OK) print_day(&of);
    return rc;
}

static heng_rc settle(struct books *b, const struct books_words *w, bool *keep, struct heng_err *err)
{
    struct heng_booked booked = {.booking_id = 0};
    int64_t id = 0, amount = 0;
    (void)keep;
    heng_rc rc = heng_pay_number(w, 0, "reconciliation", &id, err);
    if (rc == HENG_OK) rc = heng_pay_amount(heng_slice_str(heng_pay_word(w, 1)), 2, &amount, err);
    if (rc == HENG_OK) rc = heng_pay_settle(b->store, b->scope, id, amount, &b->hand, &booked, err);
    if (rc == HENG_OK)
        printf("the bank has %s%s\n", heng_pay_word(w, 1), booked.existed ? ", as was booked before" : "");
    return rc;
}

const struct heng_pay_verb heng_pay_file_verbs[] = {
    {"files", files, 0, 0, false},    {"import", import, 2, 0, true}, {"export", export, 2, 0, true},
    {"again", again, 2, 0, true},     {"sent", sent, 1, 0, true},     {"reconcile", reconcile, 2, 0, true},
    {"days", days, 0, 0, false},      {"day", day, 1, 0, false},      {"settle-line", settle_line, 3, 0, true},
    {"close", close_day, 1, 0, true}, {"settle", settle, 2, 0, true}, {NULL, NULL, 0, 0, false}};
