#include "pay/file.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json_reader.h"

#include "account/note.h"
#include "billing/collect.h"
#include "store/money/bills.h"

enum { PAGE = 100, OPEN_MAX = 200 };

/* --- out --- */

struct batch {
    struct heng_pay_table table;
    int64_t bills[HENG_PAY_ROWS_MAX];
    size_t cap;
};

/* The bank account of a customer: the member "account" or "iban" of what is kept of it, or the whole when that is no
 * JSON. Empty when it is not there, or too long. */
static void bank_of(const struct heng_account *account, char ret[static HENG_PAY_ACCOUNT_MAX])
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_str(account->bank));
    struct heng_slice key;
    *ret = 0;
    if (account->bank[0] != '{') {
        if (strlen(account->bank) < HENG_PAY_ACCOUNT_MAX) memcpy(ret, account->bank, strlen(account->bank) + 1);
        return;
    }
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "account") || heng_slice_is(key, "iban"))
            heng_json_get_string(&r, ret, HENG_PAY_ACCOUNT_MAX);
        else
            heng_json_skip(&r);
    }
}

static heng_rc add_bill(struct batch *batch, const struct heng_account *account, int64_t bill_id, const char *number,
                        int64_t amount, struct heng_err *err)
{
    struct heng_pay_row *row = &batch->table.rows[batch->table.n];
    if (batch->table.n == batch->cap)
        return heng_fail(err, HENG_ELIMIT, 0, "a batch has at most %zu lines", batch->cap);
    memset(row, 0, sizeof *row);
    snprintf(row->bill, sizeof row->bill, "%s", number);
    snprintf(row->account, sizeof row->account, "%s", account->number);
    snprintf(row->name, sizeof row->name, "%s", account->name);
    bank_of(account, row->bank);
    if (!row->bank[0])
        return heng_fail(err, HENG_ECONFIG, 0,
                         "account %s agreed to withholding, but its bank data names no account of at most %d "
                         "characters: put it right first",
                         account->number, HENG_PAY_ACCOUNT_MAX - 1);
    row->amount = amount;
    batch->bills[batch->table.n++] = bill_id;
    if (__builtin_add_overflow(batch->table.total, amount, &batch->table.total))
        return heng_fail(err, HENG_ERANGE, 0, "the batch is too large");
    return HENG_OK;
}

static heng_rc add_account(struct heng_store_reader *reader, int64_t account_id, int32_t due_by, struct batch *batch,
                           struct heng_err *err)
{
    struct heng_account account;
    struct heng_open_bill open[OPEN_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_get_account(reader, 0, account_id, &account, err);
    if (rc == HENG_OK) rc = heng_store_list_open_bills(reader, account_id, open, OPEN_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        const int64_t owed = open[i].principal + open[i].late;
        if (owed <= 0 || open[i].due_day > due_by) continue;
        rc = heng_bill_locked(reader, open[i].id, err);
        if (rc == HENG_EDENIED) {
            rc = HENG_OK;
            continue;
        }
        if (rc == HENG_OK) rc = add_bill(batch, &account, open[i].id, open[i].number, owed, err);
    }
    return rc;
}

/* "20241101-02": day and number, one after the other. */
static heng_rc name_batch(struct heng_store_reader *reader, const struct heng_pay_template *form,
                          const struct heng_pay_file_ask *ask, struct heng_pay_table *table, struct heng_err *err)
{
    int64_t n = 0;
    const struct heng_civil c = heng_us_to_civil(table->day * HENG_US_PER_DAY);
    heng_rc rc =
        heng_store_count_pay_files(reader, ask->org_id, form->channel, HENG_PAY_FILE_WITHHOLD_OUT, table->day, &n, err);
    snprintf(table->batch, sizeof table->batch, "%04d%02u%02u%02lld", c.year, (unsigned)c.month, (unsigned)c.day,
             (long long)n + 1);
    return rc;
}

static void file_of(const struct heng_pay_template *form, const struct heng_pay_file_ask *ask,
                    const struct heng_hand *hand, struct heng_slice bytes, struct heng_pay_file *ret)
{
    *ret = (struct heng_pay_file){
        .org_id = ask->org_id, .kind = form->kind, .day = ask->day ? ask->day : hand->day, .at_us = hand->now_us};
    snprintf(ret->channel, sizeof ret->channel, "%s", form->channel);
    snprintf(ret->name, sizeof ret->name, "%s", ask->name);
    snprintf(ret->who, sizeof ret->who, "%s", hand->who);
    heng_pay_sha256(bytes, ret->digest);
}

static heng_rc store_batch(struct heng_store *store, const struct heng_pay_template *form,
                           const struct heng_pay_file_ask *ask, const struct batch *batch, const struct heng_hand *hand,
                           struct heng_pay_file *ret, struct heng_str *text, struct heng_err *err)
{
    heng_rc rc = heng_pay_table_write(form, &batch->table, text, err);
    if (rc != HENG_OK) return rc;
    const struct heng_slice bytes = heng_slice_of(text->text, text->n);
    file_of(form, ask, hand, bytes, ret);
    ret->state = HENG_PAY_FILE_OPEN;
    ret->count = (int64_t)batch->table.n;
    ret->total = batch->table.total;
    snprintf(ret->batch, sizeof ret->batch, "%s", batch->table.batch);
    rc = heng_store_add_pay_file(store, ret, bytes, err);
    for (size_t i = 0; rc == HENG_OK && i < batch->table.n; i++) {
        const struct heng_pay_row *row = &batch->table.rows[i];
        struct heng_pay_line line = {
            .file_id = ret->id, .n = (int64_t)i + 1, .bill_id = batch->bills[i], .amount = row->amount};
        snprintf(line.account_number, sizeof line.account_number, "%s", row->account);
        snprintf(line.order_number, sizeof line.order_number, "%s", row->bill);
        rc = heng_store_put_pay_line(store, &line, err);
    }
    return rc;
}

/* A batch under the hands of fill, then stored. */
typedef heng_rc batch_fill(struct heng_store_reader *reader, const struct heng_pay_file_ask *ask, int64_t what,
                           struct batch *batch, struct heng_err *err);

static heng_rc make_batch(struct heng_store *store, const struct heng_pay_template *form,
                          const struct heng_pay_file_ask *ask, batch_fill *fill, int64_t what,
                          const struct heng_hand *hand, struct heng_pay_file *ret, struct heng_str *text,
                          struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_arena arena = {.max = (size_t)256 << 20};
    struct batch *batch = heng_arena_take(&arena, 1, sizeof *batch);
    heng_rc rc = HENG_OK;
    if (form->kind != HENG_PAY_FILE_WITHHOLD_OUT)
        rc = heng_fail(err, HENG_ECONFIG, 0, "the template is for '%s', not for withhold-out",
                       heng_pay_file_kind_text(form->kind));
    if (rc == HENG_OK && batch) {
        batch->cap = HENG_PAY_ROWS_MAX;
        batch->table.rows = heng_arena_take(&arena, batch->cap, sizeof *batch->table.rows);
        batch->table.day = ask->day ? ask->day : hand->day;
    }
    if (rc == HENG_OK && (!batch || !batch->table.rows))
        rc = heng_fail(err, HENG_ENOMEM, 0, "there is no memory for a batch");
    if (rc == HENG_OK) rc = fill(reader, ask, what, batch, err);
    if (rc == HENG_OK && batch->table.n == 0)
        rc = heng_fail(err, HENG_ENOTFOUND, 0,
                       "nothing is to be withheld: no account with a mandate owes anything that is due");
    if (rc == HENG_OK) rc = name_batch(reader, form, ask, &batch->table, err);
    if (rc == HENG_OK) rc = store_batch(store, form, ask, batch, hand, ret, text, err);
    heng_arena_fini(&arena);
    return rc;
}

static heng_rc fill_due(struct heng_store_reader *reader, const struct heng_pay_file_ask *ask, int64_t due_by,
                        struct batch *batch, struct heng_err *err)
{
    int64_t ids[PAGE], after = 0;
    heng_rc rc = HENG_OK;
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_withholding(reader, ask->org_id, after, ids, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++)
            rc = add_account(reader, after = ids[i], (int32_t)due_by, batch, err);
    }
    return rc;
}

heng_rc heng_pay_withhold(struct heng_store *store, const struct heng_pay_template *form,
                          const struct heng_pay_file_ask *ask, int32_t due_by, const struct heng_hand *hand,
                          struct heng_pay_file *ret, struct heng_str *ret_text, struct heng_err *err)
{
    return make_batch(store, form, ask, fill_due, due_by, hand, ret, ret_text, err);
}

/* What is still owed of the bills whose lines failed. */
static heng_rc fill_failed(struct heng_store_reader *reader, const struct heng_pay_file_ask *ask, int64_t file_id,
                           struct batch *batch, struct heng_err *err)
{
    struct heng_pay_line lines[PAGE];
    struct heng_pay_file file;
    struct heng_account account;
    struct heng_open_bill open[OPEN_MAX];
    int64_t after = 0;
    heng_rc rc = heng_store_get_pay_file(reader, ask->org_id, file_id, &file, err);
    if (rc == HENG_OK && (file.kind != HENG_PAY_FILE_WITHHOLD_OUT || file.state != HENG_PAY_FILE_ANSWERED))
        return heng_fail(err, HENG_ECONFLICT, 0, "only a batch whose result is here is presented again");
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_pay_lines(reader, file_id, after, lines, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            size_t bills = 0;
            after = lines[i].n;
            if (strcmp(lines[i].result, "failed") != 0) continue;
            rc = heng_bill_locked(reader, lines[i].bill_id, err);
            if (rc == HENG_EDENIED) {
                rc = HENG_OK;
                continue;
            }
            if (rc == HENG_OK) rc = heng_store_find_account(reader, 0, lines[i].account_number, &account, err);
            if (rc == HENG_OK) rc = heng_store_list_open_bills(reader, account.id, open, OPEN_MAX, &bills, err);
            for (size_t k = 0; rc == HENG_OK && k < bills; k++)
                if (open[k].id == lines[i].bill_id && open[k].principal + open[k].late > 0)
                    rc = add_bill(batch, &account, open[k].id, open[k].number, open[k].principal + open[k].late, err);
        }
    }
    return rc;
}

heng_rc heng_pay_present_again(struct heng_store *store, const struct heng_pay_template *form,
                               const struct heng_pay_file_ask *ask, int64_t file_id, const struct heng_hand *hand,
                               struct heng_pay_file *ret, struct heng_str *ret_text, struct heng_err *err)
{
    return make_batch(store, form, ask, fill_failed, file_id, hand, ret, ret_text, err);
}

heng_rc heng_pay_sent(struct heng_store *store, int64_t scope, int64_t file_id, const struct heng_hand *hand,
                      struct heng_pay_file *ret, struct heng_err *err)
{
    heng_rc rc = heng_hand_check(hand, err);
    if (rc == HENG_OK) rc = heng_store_get_pay_file(heng_store_as_reader(store), scope, file_id, ret, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no file %lld", (long long)file_id);
    if (rc != HENG_OK || ret->state == HENG_PAY_FILE_SENT) return rc;
    if (ret->kind != HENG_PAY_FILE_WITHHOLD_OUT || ret->state != HENG_PAY_FILE_OPEN)
        return heng_fail(err, HENG_ECONFLICT, 0, "file %lld is %s, %s: only an open batch is sent", (long long)file_id,
                         heng_pay_file_kind_text(ret->kind), heng_pay_file_state_text(ret->state));
    ret->state = HENG_PAY_FILE_SENT;
    const struct heng_note note = {"pay.sent", "pay-file", file_id, ret->org_id, ret->batch};
    rc = heng_store_set_pay_file(store, file_id, HENG_PAY_FILE_SENT, "", err);
    return rc == HENG_OK ? heng_account_note(store, &note, hand, "", "", err) : rc;
}

/* --- in --- */

heng_rc heng_pay_file_refuse(struct heng_store *store, struct heng_pay_file *file, struct heng_slice bytes,
                             const char *why, struct heng_err *err)
{
    file->state = HENG_PAY_FILE_REFUSED;
    snprintf(file->why, sizeof file->why, "%s", why);
    return heng_store_add_pay_file(store, file, bytes, err);
}

heng_rc heng_pay_file_keep(struct heng_store *store, const struct heng_pay_template *form,
                           const struct heng_pay_file_ask *ask, struct heng_slice bytes, const struct heng_hand *hand,
                           struct heng_arena *arena, struct heng_pay_file *ret, struct heng_pay_table *table,
                           struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_pay_file known;
    struct heng_err why = {0};
    file_of(form, ask, hand, bytes, ret);
    heng_rc rc = heng_store_find_pay_digest(reader, ask->org_id, form->channel, form->kind, ret->digest, &known, err);
    if (rc == HENG_OK) {
        char text[HENG_DETAIL_MAX];
        snprintf(text, sizeof text, "this file was taken before, as file %lld", (long long)known.id);
        return heng_pay_file_refuse(store, ret, bytes, text, err);
    }
    if (rc != HENG_ENOTFOUND) return rc;
    if (heng_pay_table_read(form, bytes, arena, table, &why) != HENG_OK)
        return heng_pay_file_refuse(store, ret, bytes, why.text, err);
    ret->count = (int64_t)table->n;
    ret->total = table->total - table->refund_total;
    if (!ask->day && table->day) ret->day = table->day;
    snprintf(ret->batch, sizeof ret->batch, "%s", ask->batch ? ask->batch : table->batch);
    ret->state = HENG_PAY_FILE_TAKEN;
    return HENG_OK;
}

/* The lines of a batch by the numbers of their bills: banks answer in any order. seen: answered. */
struct batch_line {
    char bill[HENG_PAY_NUMBER_MAX];
    int64_t n;
    bool seen;
};
struct batch_index {
    size_t n;
    struct batch_line *at;
};

static int by_bill(const void *a, const void *b)
{
    return strcmp(((const struct batch_line *)a)->bill, ((const struct batch_line *)b)->bill);
}

static heng_rc index_batch(struct heng_store_reader *reader, const struct heng_pay_file *batch,
                           struct heng_arena *arena, struct batch_index *ret, struct heng_err *err)
{
    struct heng_pay_line lines[PAGE];
    int64_t after = 0;
    heng_rc rc = HENG_OK;
    *ret = (struct batch_index){.at = heng_arena_take(arena, (size_t)batch->count + 1, sizeof *ret->at)};
    if (!ret->at) return heng_fail(err, HENG_ENOMEM, 0, "there is no memory for the file");
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_pay_lines(reader, batch->id, after, lines, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n && ret->n < (size_t)batch->count; i++) {
            struct batch_line *line = &ret->at[ret->n++];
            *line = (struct batch_line){.n = after = lines[i].n};
            memcpy(line->bill, lines[i].order_number, sizeof line->bill);
        }
    }
    qsort(ret->at, ret->n, sizeof *ret->at, by_bill);
    return rc;
}

/* The line of the batch that a line of its result answers. */
static heng_rc find_line(struct heng_store_reader *reader, const struct heng_pay_file *batch,
                         const struct batch_index *index, const struct heng_pay_row *row, struct batch_line **ret_at,
                         struct heng_pay_line *ret, struct heng_err *err)
{
    struct batch_line wanted = {.n = 0};
    memcpy(wanted.bill, row->bill, sizeof wanted.bill);
    *ret_at = bsearch(&wanted, index->at, index->n, sizeof *index->at, by_bill);
    return *ret_at ? heng_store_get_pay_line(reader, batch->id, (*ret_at)->n, ret, err) : HENG_ENOTFOUND;
}

static heng_rc refuse(struct heng_err *why, const char *text, const char *about)
{
    return heng_fail(why, HENG_ECONFLICT, 0, "%s%.60s", text, about);
}

/* All lines of a result fit the batch, each once, before the first is booked. */
static heng_rc check_result(struct heng_store_reader *reader, const struct heng_pay_file *batch,
                            const struct heng_pay_table *table, const struct batch_index *index, struct heng_err *why,
                            struct heng_err *err)
{
    struct heng_pay_line line;
    struct batch_line *at = NULL;
    for (size_t i = 0; i < table->n; i++) {
        const struct heng_pay_row *row = &table->rows[i];
        heng_rc rc = find_line(reader, batch, index, row, &at, &line, err);
        if (rc == HENG_ENOTFOUND) return refuse(why, "the batch has no bill ", row->bill);
        if (rc != HENG_OK) return rc;
        if (row->amount != line.amount) return refuse(why, "another amount than the batch for bill ", row->bill);
        if (!row->result[0]) return refuse(why, "no result for bill ", row->bill);
        if (at->seen) return refuse(why, "twice in the result: bill ", row->bill);
        at->seen = true;
    }
    if ((int64_t)table->n != batch->count)
        return refuse(why, "the result has not as many lines as batch ", batch->batch);
    return HENG_OK;
}

static heng_rc take_result_line(struct heng_store *store, const struct heng_pay_file *batch,
                                const struct heng_pay_row *row, struct heng_pay_line *line,
                                const struct heng_hand *hand, struct heng_pay_file_done *done, struct heng_err *err)
{
    struct heng_account account;
    struct heng_booked booked = {0};
    char key[HENG_BOOKING_KEY_MAX];
    heng_rc rc = HENG_OK;
    const bool paid = strcmp(row->result, "paid") == 0;
    snprintf(line->result, sizeof line->result, "%s", row->result);
    snprintf(line->why, sizeof line->why, "%s", row->why);
    snprintf(line->transaction_id, sizeof line->transaction_id, "%s", row->transaction);
    line->fee = row->fee;
    if (paid) {
        snprintf(key, sizeof key, "batch:%lld:%lld", (long long)batch->id, (long long)line->n);
        rc = heng_store_find_account(heng_store_as_reader(store), 0, line->account_number, &account, err);
        const struct heng_collect_ask c = {.account_id = account.id,
                                           .amount = line->amount,
                                           .channel = batch->channel,
                                           .key = key,
                                           .subject = "pay-file",
                                           .subject_id = batch->id,
                                           .bills = &line->bill_id,
                                           .bill_count = 1,
                                           .of_batch = true};
        if (rc == HENG_OK) rc = heng_collect(store, &c, hand, &booked, err);
        line->booking_id = booked.booking_id;
        done->booked += line->amount;
    }
    *(paid ? &done->paid : &done->failed) += 1;
    return rc == HENG_OK ? heng_store_put_pay_line(store, line, err) : rc;
}

static heng_rc take_result(struct heng_store *store, struct heng_slice bytes, const struct heng_pay_table *table,
                           const struct heng_hand *hand, struct heng_arena *arena, struct heng_pay_file_done *done,
                           struct heng_err *err)
{
    struct heng_store_reader *reader = heng_store_as_reader(store);
    struct heng_pay_file batch;
    struct heng_pay_line line;
    struct heng_err why = {0};
    struct batch_index index;
    struct batch_line *at = NULL;
    heng_rc rc = heng_store_find_pay_batch(reader, done->file.org_id, done->file.channel, done->file.batch,
                                           HENG_PAY_FILE_WITHHOLD_OUT, &batch, err);
    if (rc == HENG_ENOTFOUND)
        return heng_pay_file_refuse(store, &done->file, bytes, "no batch of ours has this number", err);
    if (rc != HENG_OK) return rc;
    if (batch.state == HENG_PAY_FILE_ANSWERED)
        return heng_pay_file_refuse(store, &done->file, bytes, "the result of this batch was taken before", err);
    rc = index_batch(reader, &batch, arena, &index, err);
    if (rc == HENG_OK) rc = check_result(reader, &batch, table, &index, &why, err);
    if (rc != HENG_OK && why.rc != HENG_OK) return heng_pay_file_refuse(store, &done->file, bytes, why.text, err);
    if (rc == HENG_OK) rc = heng_store_add_pay_file(store, &done->file, bytes, err);
    for (size_t i = 0; rc == HENG_OK && i < table->n; i++) {
        rc = find_line(reader, &batch, &index, &table->rows[i], &at, &line, err);
        if (rc == HENG_OK) rc = take_result_line(store, &batch, &table->rows[i], &line, hand, done, err);
    }
    return rc == HENG_OK ? heng_store_set_pay_file(store, batch.id, HENG_PAY_FILE_ANSWERED, "", err) : rc;
}

static void payment_key(const char *channel, const struct heng_pay_row *row, char ret[static HENG_BOOKING_KEY_MAX])
{
    snprintf(ret, HENG_BOOKING_KEY_MAX, "in:%.20s:%.64s", channel, row->transaction);
}

static int by_transaction(const void *a, const void *b)
{
    const struct heng_pay_row *const *const x = a, *const *const y = b;
    return strcmp((*x)->transaction, (*y)->transaction);
}

/* The bank's number makes a payment one: without it the same file, written a little otherwise, would pay twice. */
static heng_rc check_payments(struct heng_store_reader *reader, const char *channel, const struct heng_pay_table *table,
                              struct heng_arena *arena, struct heng_err *why, struct heng_err *err)
{
    const struct heng_pay_row **sorted = heng_arena_take(arena, table->n + 1, sizeof *sorted);
    struct heng_booking known;
    char key[HENG_BOOKING_KEY_MAX];
    if (!sorted) return heng_fail(err, HENG_ENOMEM, 0, "there is no memory for the file");
    for (size_t i = 0; i < table->n; i++) {
        const struct heng_pay_row *row = sorted[i] = &table->rows[i];
        if (row->amount <= 0 || row->refund) return refuse(why, "a payment is not above zero: ", row->transaction);
        if (!row->transaction[0]) return refuse(why, "a payment has no number of the bank's: account ", row->account);
        payment_key(channel, row, key);
        heng_rc rc = heng_store_find_booking(reader, key, &known, err);
        if (rc == HENG_OK && known.amount != row->amount)
            return refuse(why, "taken before, in another amount: payment ", row->transaction);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    }
    qsort(sorted, table->n, sizeof *sorted, by_transaction);
    for (size_t i = 1; i < table->n; i++)
        if (strcmp(sorted[i]->transaction, sorted[i - 1]->transaction) == 0)
            return refuse(why, "twice in the file: payment ", sorted[i]->transaction);
    return HENG_OK;
}

/* New money at a counter: for the customer whose number it names, else unclear. */
static heng_rc book_payment(struct heng_store *store, const struct heng_pay_row *row, const char *key,
                            const struct heng_hand *hand, struct heng_pay_line *line, struct heng_pay_file_done *done,
                            struct heng_err *err)
{
    struct heng_account account = {0};
    struct heng_booked booked = {0};
    heng_rc rc = heng_store_find_account(heng_store_as_reader(store), done->file.org_id, row->account, &account, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    done->booked += row->amount;
    const bool other = rc == HENG_OK && done->currency[0] && strcmp(done->currency, account.currency) != 0;
    if (rc == HENG_OK && !account.closed_us && !other) {
        const struct heng_collect_ask c = {.account_id = account.id,
                                           .amount = row->amount,
                                           .channel = done->file.channel,
                                           .key = key,
                                           .subject = "pay-line"};
        rc = heng_collect(store, &c, hand, &booked, err);
        line->booking_id = booked.booking_id;
        snprintf(line->result, sizeof line->result, "paid");
        done->paid++;
        return rc;
    }
    snprintf(line->result, sizeof line->result, "unclear");
    snprintf(line->why, sizeof line->why, "%s",
             rc != HENG_OK ? "no account has this number"
             : other       ? "the account is kept in another currency"
                           : "the account is closed");
    done->unclear++;
    const char *currency = done->currency[0] ? done->currency : account.id ? account.currency : "CNY";
    return heng_pay_unclear(store, done->file.org_id, done->file.channel, currency, row->amount, key, hand, line->why,
                            &line->booking_id, err);
}

static heng_rc take_payment(struct heng_store *store, const struct heng_pay_row *row, int64_t n,
                            const struct heng_hand *hand, struct heng_pay_file_done *done, struct heng_err *err)
{
    struct heng_pay_line line = {.file_id = done->file.id, .n = n, .amount = row->amount, .fee = row->fee};
    struct heng_booking known;
    char key[HENG_BOOKING_KEY_MAX];
    payment_key(done->file.channel, row, key);
    snprintf(line.transaction_id, sizeof line.transaction_id, "%s", row->transaction);
    snprintf(line.account_number, sizeof line.account_number, "%s", row->account);
    heng_rc rc = heng_store_find_booking(heng_store_as_reader(store), key, &known, err);
    if (rc == HENG_OK) {
        line.booking_id = known.id;
        snprintf(line.result, sizeof line.result, "known");
    } else if (rc == HENG_ENOTFOUND) {
        rc = book_payment(store, row, key, hand, &line, done, err);
    }
    return rc == HENG_OK ? heng_store_put_pay_line(store, &line, err) : rc;
}

static heng_rc take_payments(struct heng_store *store, struct heng_slice bytes, const struct heng_pay_table *table,
                             const struct heng_hand *hand, struct heng_arena *arena, struct heng_pay_file_done *done,
                             struct heng_err *err)
{
    struct heng_err why = {0};
    heng_rc rc = check_payments(heng_store_as_reader(store), done->file.channel, table, arena, &why, err);
    if (rc != HENG_OK && why.rc != HENG_OK) return heng_pay_file_refuse(store, &done->file, bytes, why.text, err);
    if (rc == HENG_OK) rc = heng_store_add_pay_file(store, &done->file, bytes, err);
    for (size_t i = 0; rc == HENG_OK && i < table->n; i++)
        rc = take_payment(store, &table->rows[i], (int64_t)i + 1, hand, done, err);
    return rc;
}

heng_rc heng_pay_import(struct heng_store *store, const struct heng_pay_template *form,
                        const struct heng_pay_file_ask *ask, struct heng_slice bytes, const struct heng_hand *hand,
                        struct heng_pay_file_done *ret, struct heng_err *err)
{
    struct heng_arena arena = {.max = (size_t)512 << 20};
    struct heng_pay_table table;
    memset(ret, 0, sizeof *ret);
    memcpy(ret->currency, form->currency, sizeof ret->currency);
    heng_rc rc = heng_pay_file_keep(store, form, ask, bytes, hand, &arena, &ret->file, &table, err);
    if (rc == HENG_OK && ret->file.state != HENG_PAY_FILE_REFUSED) {
        switch (form->kind) {
        case HENG_PAY_FILE_WITHHOLD_IN: rc = take_result(store, bytes, &table, hand, &arena, ret, err); break;
        case HENG_PAY_FILE_PAYMENTS_IN: rc = take_payments(store, bytes, &table, hand, &arena, ret, err); break;
        case HENG_PAY_FILE_WITHHOLD_OUT:
        case HENG_PAY_FILE_STATEMENT_IN:
        case HENG_PAY_FILE_KIND_COUNT:
            rc = heng_pay_file_refuse(store, &ret->file, bytes, "the template is for no file that comes in", err);
            break;
        }
    }
    heng_arena_fini(&arena);
    return rc;
}
