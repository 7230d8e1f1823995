#include "pay/file.h"

#include <stdio.h>

#include "base/json_reader.h"

#include "store/money/bills.h"

enum { PAGE = 100, OPEN_MAX = 200 };

/* --- out --- */

struct batch {
    struct heng_pay_table table;
    int64_t bills[HENG_PAY_ROWS_MAX];
    size_t cap;
};

/* The bank account of a customer: the member "account" of what is kept of it, or the whole when that is no JSON. */
static void bank_of(const struct heng_account *account, char ret[static HENG_PAY_ACCOUNT_MAX])
{
    struct heng_json_reader r = heng_json_reader_of(heng_slice_str(account->bank));
    struct heng_slice key;
    *ret = 0;
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
    struct heng_err locked;
    size_t n = 0;
    heng_rc rc = heng_store_get_account(reader, 0, account_id, &account, err);
    if (rc == HENG_OK) rc = heng_store_list_open_bills(reader, account_id, open, OPEN_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        const int64_t owed = open[i].principal + open[i].late;
        if (owed <= 0 || open[i].due_day > due_by) continue;
        if (heng_pay_bill_locked(reader, open[i].id, &locked) != HENG_OK) continue;
        rc = add_bill(batch, &account, open[i].id, open[i].number, owed, err);
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
    struct heng_err locked;
    int64_t after = 0;
    heng_rc rc = heng_store_get_pay_file(reader, ask->org_id, file_id, &file, err);
    if (rc == HENG_OK && (file.kind != HENG_PAY_FILE_WITHHOLD_OUT || file.state != HENG_PAY_FILE_ANSWERED))
        return heng_fail(err, HENG_ECONFLICT, 0, "only a batch whose result is here is presented again");
    for (size_t n = PAGE; rc == HENG_OK && n == PAGE;) {
        rc = heng_store_list_pay_lines(reader, file_id, after, lines, PAGE, &n, err);
        for (size_t i = 0; rc == HENG_OK && i < n; i++) {
            size_t bills = 0;
            after = lines[i].n;
            if (strcmp(lines[i].result, "failed") != 0 ||
                heng_pay_bill_locked(reader, lines[i].bill_id, &locked) != HENG_OK)
                continue;
            rc = heng_store_find_account(reader, 0, lines[i].account_number, &account, err);
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

/* The line of a batch that a line of its result answers, by the bill's number; -1: none. */
static heng_rc find_line(struct heng_store_reader *reader, int64_t batch_id, const struct heng_pay_row *row,
                         int64_t *hint, struct heng_pay_line *ret, struct heng_err *err)
{
    heng_rc rc = heng_store_get_pay_line(reader, batch_id, *hint + 1, ret, err);
    if (rc == HENG_OK && strcmp(ret->order_number, row->bill) == 0) {
        (*hint)++;
        return HENG_OK;
    }
    int64_t after = 0;
    for (size_t n = 1; n == 1; after = ret->n) {
        rc = heng_store_list_pay_lines(reader, batch_id, after, ret, 1, &n, err);
        if (rc != HENG_OK) return rc;
        if (n == 1 && strcmp(ret->order_number, row->bill) == 0) {
            *hint = ret->n;
            return HENG_OK;
        }
    }
    return HENG_ENOTFOUND;
}

static heng_rc refuse(struct heng_err *why, const char *text, const char *about)
{
    return heng_fail(why, HENG_ECONFLICT, 0, "%s%.60s", text, about);
}

/* All lines of a result fit the batch, each once, before the first is booked. */
static heng_rc check_result(struct heng_store_reader *reader, const struct heng_pay_file *batch,
                            const struct heng_pay_table *table, bool *seen, struct heng_err *why, struct heng_err *err)
{
    struct heng_pay_line line;
    int64_t hint = 0;
    for (size_t i = 0; i < table->n; i++) {
        const struct heng_pay_row *row = &table->rows[i];
        heng_rc rc = find_line(reader, batch->id, row, &hint, &line, err);
        if (rc == HENG_ENOTFOUND) return refuse(why, "the batch has no bill ", row->bill);
        if (rc != HENG_OK) return rc;
        if (row->amount != line.amount) return refuse(why, "another amount than the batch for bill ", row->bill);
        if (!row->result[0]) return refuse(why, "no result for bill ", row->bill);
        if (seen[line.n - 1]) return refuse(why, "twice in the result: bill ", row->bill);
        seen[line.n - 1] = true;
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
        const struct heng_pay_collection c = {.account_id = account.id,
                                              .amount = line->amount,
                                              .channel = batch->channel,
                                              .key = key,
                                              .subject = "pay-file",
                                              .subject_id = batch->id,
                                              .bills = &line->bill_id,
                                              .bill_count = 1,
                                              .of_batch = true};
        if (rc == HENG_OK) rc = heng_pay_collect(store, &c, hand, &booked, err);
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
    int64_t hint = 0;
    heng_rc rc = heng_store_find_pay_batch(reader, done->file.org_id, done->file.channel, done->file.batch,
                                           HENG_PAY_FILE_WITHHOLD_OUT, &batch, err);
    if (rc == HENG_ENOTFOUND)
        return heng_pay_file_refuse(store, &done->file, bytes, "no batch of ours has this number", err);
    if (rc != HENG_OK) return rc;
    if (batch.state == HENG_PAY_FILE_ANSWERED)
        return heng_pay_file_refuse(store, &done->file, bytes, "the result of this batch was taken before", err);
    bool *seen = heng_arena_take(arena, (size_t)batch.count + 1, sizeof *seen);
    if (!seen) return heng_fail(err, HENG_ENOMEM, 0, "there is no memory for the file");
    rc = check_result(reader, &batch, table, seen, &why, err);
    if (rc != HENG_OK && why.rc != HENG_OK) return heng_pay_file_refuse(store, &done->file, bytes, why.text, err);
    if (rc == HENG_OK) rc = heng_store_add_pay_file(store, &done->file, bytes, err);
    for (size_t i = 0; rc == HENG_OK && i < table->n; i++) {
        rc = find_line(reader, batch.id, &table->rows[i], &hint, &line, err);
        if (rc == HENG_OK) rc = take_result_line(store, &batch, &table->rows[i], &line, hand, done, err);
    }
    return rc == HENG_OK ? heng_store_set_pay_file(store, batch.id, HENG_PAY_FILE_ANSWERED, "", err) : rc;
}

/* A payment at a counter: for the customer whose number it names, else unclear. */
static heng_rc take_payment(struct heng_store *store, const struct heng_pay_row *row, int64_t n,
                            const struct heng_hand *hand, struct heng_pay_file_done *done, struct heng_err *err)
{
    struct heng_pay_line line = {.file_id = done->file.id, .n = n, .amount = row->amount, .fee = row->fee};
    struct heng_account account = {0};
    struct heng_booked booked = {0};
    char key[HENG_BOOKING_KEY_MAX];
    heng_rc rc = heng_store_find_account(heng_store_as_reader(store), done->file.org_id, row->account, &account, err);
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (row->transaction[0])
        snprintf(key, sizeof key, "in:%.20s:%.64s", done->file.channel, row->transaction);
    else
        snprintf(key, sizeof key, "in:%lld:%lld", (long long)done->file.id, (long long)n);
    snprintf(line.transaction_id, sizeof line.transaction_id, "%s", row->transaction);
    snprintf(line.account_number, sizeof line.account_number, "%s", row->account);
    if (rc == HENG_OK && !account.closed_us) {
        const struct heng_pay_collection c = {.account_id = account.id,
                                              .amount = row->amount,
                                              .channel = done->file.channel,
                                              .key = key,
                                              .subject = "pay-line"};
        rc = heng_pay_collect(store, &c, hand, &booked, err);
        line.booking_id = booked.booking_id;
        snprintf(line.result, sizeof line.result, booked.existed ? "known" : "paid");
        if (!booked.existed) done->paid++;
    } else {
        snprintf(line.result, sizeof line.result, "unclear");
        snprintf(line.why, sizeof line.why, rc == HENG_OK ? "the account is closed" : "no account has this number");
        rc = heng_pay_unclear(store, done->file.org_id, done->file.channel, account.id ? account.currency : "CNY",
                              row->amount, key, hand, line.why, &line.booking_id, err);
        done->unclear++;
    }
    if (!booked.existed) done->booked += row->amount;
    return rc == HENG_OK ? heng_store_put_pay_line(store, &line, err) : rc;
}

static heng_rc take_payments(struct heng_store *store, struct heng_slice bytes, const struct heng_pay_table *table,
                             const struct heng_hand *hand, struct heng_pay_file_done *done, struct heng_err *err)
{
    for (size_t i = 0; i < table->n; i++)
        if (table->rows[i].amount <= 0 || table->rows[i].refund)
            return heng_pay_file_refuse(store, &done->file, bytes, "a payment is not above zero", err);
    heng_rc rc = heng_store_add_pay_file(store, &done->file, bytes, err);
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
    heng_rc rc = heng_pay_file_keep(store, form, ask, bytes, hand, &arena, &ret->file, &table, err);
    if (rc == HENG_OK && ret->file.state != HENG_PAY_FILE_REFUSED) {
        switch (form->kind) {
        case HENG_PAY_FILE_WITHHOLD_IN: rc = take_result(store, bytes, &table, hand, &arena, ret, err); break;
        case HENG_PAY_FILE_PAYMENTS_IN: rc = take_payments(store, bytes, &table, hand, ret, err); break;
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
