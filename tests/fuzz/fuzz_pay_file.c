/* Files of banks and channels by any template: the template, a NUL, the file. A file that begins with a NUL is read by
 * the built-in template of WeChat or Alipay. What is taken adds up; written out and read again it is the same. */
#include <stdlib.h>

#include "pay/channel.h"
#include "pay/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) abort();
}

static void check(const struct heng_pay_table *table)
{
    int64_t total = 0, back = 0;
    for (size_t i = 0; i < table->n; i++) {
        const struct heng_pay_row *row = &table->rows[i];
        require(memchr(row->order, 0, sizeof row->order) && memchr(row->transaction, 0, sizeof row->transaction));
        require(memchr(row->account, 0, sizeof row->account) && memchr(row->bill, 0, sizeof row->bill));
        require(row->refund >= 0);
        require(!__builtin_add_overflow(total, row->amount, &total));
        require(!__builtin_add_overflow(back, row->refund, &back));
        if (row->refund > 0 || row->amount < 0)
            require(row->fee <= 0);
        else
            require(row->fee >= 0);
    }
    require(total == table->total && back == table->refund_total);
}

/* Does the template hold all that a row has, so that reading again must give it back? A result has codes, not words. */
static bool is_whole(const struct heng_pay_template *form)
{
    return form->line.n == 2 && form->line.fields[0].kind == HENG_PAY_FIELD_ORDER &&
           form->line.fields[1].kind == HENG_PAY_FIELD_AMOUNT && !form->names && !form->strip && !form->comment &&
           form->separator[0] && form->separator[0] != '.' && form->separator[0] != '-' &&
           !strchr(form->separator, '"') && !form->head.n && !form->tail.n &&
           !(form->separator[0] >= '0' && form->separator[0] <= '9');
}

static void there_and_back(const struct heng_pay_template *form, const struct heng_pay_table *table,
                           struct heng_arena *arena)
{
    struct heng_str out = {.max = 1 << 20};
    struct heng_pay_table again;
    struct heng_err err = {0};
    if (heng_pay_table_write(form, table, &out, &err) == HENG_OK && is_whole(form) && table->n) {
        if (heng_pay_table_read(form, heng_slice_of(out.text, out.n), arena, &again, &err) == HENG_OK) {
            require(again.n == table->n && again.total == table->total);
            for (size_t i = 0; i < again.n; i++) require(again.rows[i].amount == table->rows[i].amount);
        }
    }
    heng_str_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heng_pay_template form;
    struct heng_arena arena = {.max = 64 << 20};
    struct heng_pay_table table;
    struct heng_err err = {0};
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    if (!end || size > 1 << 16) return 0;
    const size_t head = (size_t)(end - data);
    struct heng_slice json = heng_slice_of(data, head), file = heng_slice_of(data + head + 1, size - head - 1);
    if (head == 0 && file.n) {
        json = heng_slice_str(file.p[0] % 2 ? heng_pay_wechat_bill : heng_pay_alipay_bill);
        file = heng_slice_from(file, 1);
    }
    if (heng_pay_template_read(json, &form, &err) == HENG_OK) {
        const heng_rc rc = heng_pay_table_read(&form, file, &arena, &table, &err);
        require(rc == HENG_OK || err.text[0]);
        if (rc == HENG_OK) {
            check(&table);
            there_and_back(&form, &table, &arena);
        }
    }
    heng_arena_fini(&arena);
    return 0;
}
