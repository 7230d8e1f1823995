/* Tables by their template: split into values, values into rows, and back. */
#include <stdio.h>

#include "pay/template.h"

enum { VALUES_MAX = 128, LINES_MAX = HENG_PAY_ROWS_MAX + 16 };

/* Widths count bytes of the file's own charset: then each value is made UTF-8 by itself, not the whole. */
static bool by_width(const struct heng_pay_template *t) { return !t->separator[0] && strcmp(t->charset, "UTF-8") != 0; }

/* The values of a line, as text between its separators or by their widths. */
struct values {
    size_t n;
    struct heng_slice at[VALUES_MAX];
};

static struct heng_slice bare(const struct heng_pay_template *t, const struct heng_pay_field *f, struct heng_slice s)
{
    const char pad = f ? f->pad : ' ';
    if (t->strip && s.n && s.p[0] == (uint8_t)t->strip) s = heng_slice_from(s, 1);
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') s = heng_slice_of(s.p + 1, s.n - 2);
    if (f && f->width && f->left)
        while (s.n > (pad == '0' ? 1u : 0u) && s.p[0] == (uint8_t)pad) s = heng_slice_from(s, 1);
    while (s.n &&
           (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || (f && f->width && !f->left && s.p[s.n - 1] == (uint8_t)pad)))
        s.n--;
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) s = heng_slice_from(s, 1);
    return s;
}

/* Where the value ends: at the separator, but for one inside of quotes. Only a value that begins with a quote is in
 * quotes: a name of a thing may hold one. */
static size_t value_end(struct heng_slice line, size_t from, struct heng_slice separator)
{
    const bool quotes = from < line.n && line.p[from] == '"';
    bool quoted = false;
    for (size_t i = from; i < line.n; i++) {
        if (quotes && line.p[i] == '"') quoted = !quoted;
        if (!quoted && line.n - i >= separator.n && memcmp(line.p + i, separator.p, separator.n) == 0) return i;
    }
    return line.n;
}

static heng_rc split(const struct heng_pay_template *t, const struct heng_pay_part *part, struct heng_slice line,
                     uint32_t number, struct values *ret, struct heng_err *err)
{
    const struct heng_slice separator = heng_slice_str(t->separator);
    ret->n = 0;
    if (separator.n) {
        for (size_t at = 0; at <= line.n;) {
            const size_t end = value_end(line, at, separator);
            if (ret->n == VALUES_MAX)
                return heng_fail(err, HENG_EFORMAT, number, "line %u has more than %d fields", number, VALUES_MAX);
            ret->at[ret->n++] = heng_slice_of(line.p + at, end - at);
            at = end + separator.n;
        }
        return HENG_OK;
    }
    size_t at = 0;
    for (size_t i = 0; i < part->n; i++) {
        if (line.n - at < part->fields[i].width)
            return heng_fail(err, HENG_EFORMAT, number, "line %u is shorter than its template", number);
        ret->at[ret->n++] = heng_slice_of(line.p + at, part->fields[i].width);
        at += part->fields[i].width;
    }
    return at == line.n ? HENG_OK : heng_fail(err, HENG_EFORMAT, number, "line %u is longer than its template", number);
}

/* Which value each field has: by its place, or by the name of its column. */
static heng_rc place_columns(const struct heng_pay_template *t, const struct heng_pay_part *part,
                             const struct values *names, size_t ret[HENG_PAY_FIELD_MAX], struct heng_err *err)
{
    for (size_t i = 0; i < part->n; i++) {
        ret[i] = i;
        if (!names || !part->fields[i].column[0]) continue;
        size_t k = 0;
        while (k < names->n && !heng_slice_is(bare(t, NULL, names->at[k]), part->fields[i].column)) k++;
        if (k == names->n)
            return heng_fail(err, HENG_EFORMAT, 0, "the file has no column '%s'", part->fields[i].column);
        ret[i] = k;
    }
    return HENG_OK;
}

/* What head and tail say of the whole. */
struct told {
    bool has_count, has_total, has_refunds;
    int64_t count, total, refunds;
};

static heng_rc wrong(uint32_t line, const char *what, struct heng_slice value, struct heng_err *err)
{
    return heng_fail(err, HENG_EFORMAT, line, "line %u: '%.*s' is no %s", line, (int)(value.n < 40 ? value.n : 40),
                     (const char *)value.p, what);
}

static bool read_date(const struct heng_pay_template *t, struct heng_slice s, int32_t *ret)
{
    int year = 0, month = 0, day = 0;
    const size_t n = strlen(t->date);
    if (s.n < n) return false; /* a time may stand behind it */
    for (size_t i = 0; i < n; i++) {
        const int digit = s.p[i] - '0';
        int *of = t->date[i] == 'Y' ? &year : t->date[i] == 'M' ? &month : &day;
        if (t->date[i] != 'Y' && t->date[i] != 'M' && t->date[i] != 'D') {
            if (s.p[i] != (uint8_t)t->date[i]) return false;
            continue;
        }
        if (digit < 0 || digit > 9) return false;
        *of = *of * 10 + digit;
    }
    const struct heng_civil c = {(int16_t)year, (uint8_t)month, (uint8_t)day, 0, 0, 0};
    if (year < 1990 || year > 2200 || !heng_civil_valid(&c)) return false;
    *ret = (int32_t)(heng_civil_to_us(&c) / HENG_US_PER_DAY);
    return true;
}

static heng_rc read_code(const struct heng_pay_template *t, struct heng_slice value, uint32_t line,
                         struct heng_pay_row *row, struct heng_err *err)
{
    for (size_t i = 0; i < t->code_count; i++)
        if (heng_slice_is(value, t->codes[i].code)) {
            memcpy(row->result, t->codes[i].result, sizeof row->result);
            memcpy(row->why, t->codes[i].text, sizeof row->why);
            return HENG_OK;
        }
    return wrong(line, "result that the template knows", value, err);
}

static heng_rc take_value(const struct heng_pay_template *t, const struct heng_pay_field *f, struct heng_slice value,
                          uint32_t line, struct heng_pay_table *table, struct told *told, struct heng_pay_row *row,
                          struct heng_err *err)
{
    struct heng_err inner = {0};
    heng_rc rc = HENG_OK;
    const char *what = heng_pay_field_text(f->kind);
    switch (f->kind) {
    case HENG_PAY_FIELD_TEXT:
        if (!heng_slice_is(value, f->text)) rc = HENG_EFORMAT;
        what = f->text;
        break;
    case HENG_PAY_FIELD_SKIP:
    case HENG_PAY_FIELD_SEQUENCE: break;
    case HENG_PAY_FIELD_BATCH: rc = heng_pay_copy(value, "batch", table->batch, sizeof table->batch, &inner); break;
    case HENG_PAY_FIELD_COUNT:
        rc = heng_pay_amount(value, 0, &told->count, &inner);
        told->has_count = true;
        break;
    case HENG_PAY_FIELD_TOTAL:
        rc = heng_pay_amount(value, t->places, &told->total, &inner);
        told->has_total = true;
        break;
    case HENG_PAY_FIELD_REFUND_TOTAL:
        rc = heng_pay_amount(value, t->places, &told->refunds, &inner);
        told->has_refunds = true;
        break;
    case HENG_PAY_FIELD_DATE: rc = read_date(t, value, row ? &row->day : &table->day) ? HENG_OK : HENG_EFORMAT; break;
    case HENG_PAY_FIELD_AMOUNT: rc = heng_pay_amount(value, t->places, &row->amount, &inner); break;
    case HENG_PAY_FIELD_REFUND:
        if (value.n) rc = heng_pay_amount(value, t->places, &row->refund, &inner);
        break;
    case HENG_PAY_FIELD_FEE:
        if (value.n) rc = heng_pay_amount(value, t->places, &row->fee, &inner);
        break;
    case HENG_PAY_FIELD_ORDER: rc = heng_pay_copy(value, what, row->order, sizeof row->order, &inner); break;
    case HENG_PAY_FIELD_TRANSACTION:
        rc = heng_pay_copy(value, what, row->transaction, sizeof row->transaction, &inner);
        break;
    case HENG_PAY_FIELD_ACCOUNT: rc = heng_pay_copy(value, what, row->account, sizeof row->account, &inner); break;
    case HENG_PAY_FIELD_BANK: rc = heng_pay_copy(value, what, row->bank, sizeof row->bank, &inner); break;
    case HENG_PAY_FIELD_NAME: rc = heng_pay_copy(value, what, row->name, sizeof row->name, &inner); break;
    case HENG_PAY_FIELD_BILL: rc = heng_pay_copy(value, what, row->bill, sizeof row->bill, &inner); break;
    case HENG_PAY_FIELD_RESULT: return read_code(t, value, line, row, err);
    case HENG_PAY_FIELD_COUNT_OF: break;
    }
    return rc == HENG_OK ? HENG_OK : wrong(line, what, value, err);
}

/* row NULL: head or tail. */
static heng_rc take_line(const struct heng_pay_template *t, const struct heng_pay_part *part, const size_t *columns,
                         struct heng_slice line, uint32_t number, struct heng_pay_table *table, struct told *told,
                         struct heng_pay_row *row, struct heng_err *err)
{
    struct values values;
    heng_rc rc = split(t, part, line, number, &values, err);
    for (size_t i = 0; rc == HENG_OK && i < part->n; i++) {
        if (columns[i] >= values.n)
            return heng_fail(err, HENG_EFORMAT, number, "line %u has %zu fields, the template more", number, values.n);
        struct heng_slice value = bare(t, &part->fields[i], values.at[columns[i]]);
        struct heng_str text = {.max = 4 * HENG_PAY_VALUE_MAX};
        if (by_width(t)) {
            rc = heng_pay_recode(value, t->charset, "UTF-8", &text, err);
            value = heng_slice_of(text.text ? text.text : "", text.n);
        }
        if (rc == HENG_OK) rc = take_value(t, &part->fields[i], value, number, table, told, row, err);
        heng_str_fini(&text);
    }
    return rc;
}

struct lines {
    size_t n;
    struct heng_slice *at;
    uint32_t *number;
};

static heng_rc find_lines(const struct heng_pay_template *t, struct heng_slice text, struct heng_arena *arena,
                          struct lines *ret, struct heng_err *err)
{
    size_t most = 1;
    uint32_t number = 0;
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0) text = heng_slice_from(text, 3);
    for (size_t i = 0; i < text.n; i++) most += text.p[i] == '\n';
    if (most > LINES_MAX) return heng_fail(err, HENG_ELIMIT, 0, "a file has at most %d lines", HENG_PAY_ROWS_MAX);
    ret->n = 0;
    ret->at = heng_arena_take(arena, most, sizeof *ret->at);
    ret->number = heng_arena_take(arena, most, sizeof *ret->number);
    if (!ret->at || !ret->number) return heng_fail(err, HENG_ENOMEM, 0, "there is no memory for the file");
    for (size_t at = 0; at < text.n;) {
        const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end ? (size_t)(end - text.p) - at : text.n - at;
        const size_t next = at + n + 1;
        number++;
        if (n && text.p[at + n - 1] == '\r') n--;
        if (n && !(t->comment && text.p[at] == (uint8_t)t->comment)) {
            ret->at[ret->n] = heng_slice_of(text.p + at, n);
            ret->number[ret->n++] = number;
        }
        at = next;
    }
    return HENG_OK;
}

static heng_rc check_told(const struct told *told, const struct heng_pay_table *table, struct heng_err *err)
{
    char ours[HENG_PAY_AMOUNT_TEXT_MAX], theirs[HENG_PAY_AMOUNT_TEXT_MAX];
    if (told->has_count && (told->count < 0 || (uint64_t)told->count != table->n))
        return heng_fail(err, HENG_ECONFLICT, 0, "the file says %lld lines, it has %zu", (long long)told->count,
                         table->n);
    const bool total = told->has_total && told->total != table->total;
    if (!total && !(told->has_refunds && told->refunds != table->refund_total)) return HENG_OK;
    heng_pay_amount_text(total ? told->total : told->refunds, 2, theirs);
    heng_pay_amount_text(total ? table->total : table->refund_total, 2, ours);
    return heng_fail(err, HENG_ECONFLICT, 0, "the file says a total of %s, its lines sum to %s", theirs, ours);
}

/* A fee is the channel's for a payment and comes back with a refund, whichever sign the channel writes: WeChat's are
 * above zero for payments, Alipay's below. */
static void sign_fee(struct heng_pay_row *row)
{
    const bool back = row->refund > 0 || row->amount < 0;
    if (back == (row->fee > 0)) row->fee = -row->fee;
}

static heng_rc add_row(struct heng_pay_table *table, struct heng_pay_row *row, uint32_t line, struct heng_err *err)
{
    int64_t net = 0;
    if (row->refund < 0) return heng_fail(err, HENG_EFORMAT, line, "line %u: a refund is not below zero", line);
    sign_fee(row);
    if (__builtin_add_overflow(table->total, row->amount, &table->total) ||
        __builtin_add_overflow(table->refund_total, row->refund, &table->refund_total) ||
        __builtin_sub_overflow(table->total, table->refund_total, &net))
        return heng_fail(err, HENG_ERANGE, line, "line %u: the total is too large", line);
    table->n++;
    return HENG_OK;
}

static heng_rc read_lines(const struct heng_pay_template *t, const struct lines *lines, struct heng_pay_table *table,
                          struct told *told, struct heng_err *err)
{
    struct values names;
    size_t columns[HENG_PAY_FIELD_MAX], first = t->head.n ? 1 : 0, last = lines->n;
    const size_t around = first + (t->names ? 1 : 0) + (t->tail.n ? 1 : 0) + (t->tail_names ? 1 : 0);
    if (lines->n < around) return heng_fail(err, HENG_EFORMAT, 0, "the file is cut off, or another template's");
    heng_rc rc = place_columns(t, &t->head, NULL, columns, err);
    if (rc == HENG_OK && t->head.n)
        rc = take_line(t, &t->head, columns, lines->at[0], lines->number[0], table, told, NULL, err);
    if (rc == HENG_OK && t->tail.n) {
        last -= t->tail_names ? 2 : 1;
        if (t->tail_names) rc = split(t, &t->tail, lines->at[last], lines->number[last], &names, err);
        if (rc == HENG_OK) rc = place_columns(t, &t->tail, t->tail_names ? &names : NULL, columns, err);
        if (rc == HENG_OK)
            rc = take_line(t, &t->tail, columns, lines->at[lines->n - 1], lines->number[lines->n - 1], table, told,
                           NULL, err);
    }
    if (rc == HENG_OK && t->names) rc = split(t, &t->line, lines->at[first], lines->number[first], &names, err);
    if (rc == HENG_OK) rc = place_columns(t, &t->line, t->names ? &names : NULL, columns, err);
    for (size_t i = first + (t->names ? 1 : 0); rc == HENG_OK && i < last; i++) {
        struct heng_pay_row *row = &table->rows[table->n];
        rc = take_line(t, &t->line, columns, lines->at[i], lines->number[i], table, told, row, err);
        if (rc == HENG_OK) rc = add_row(table, row, lines->number[i], err);
    }
    return rc;
}

/* Which fields may stand where: a batch has no amount of its own. Templates of people are tried before any file. */
static heng_rc check_parts(const struct heng_pay_template *t, struct heng_err *err)
{
    const struct heng_pay_part *const parts[] = {&t->head, &t->tail};
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < parts[p]->n; i++)
            if (parts[p]->fields[i].kind > HENG_PAY_FIELD_DATE)
                return heng_fail(err, HENG_ECONFIG, 0, "head and tail of a template have no '%s'",
                                 heng_pay_field_text(parts[p]->fields[i].kind));
    return HENG_OK;
}

heng_rc heng_pay_table_read(const struct heng_pay_template *t, struct heng_slice bytes, struct heng_arena *arena,
                            struct heng_pay_table *ret, struct heng_err *err)
{
    struct heng_str text = {.max = 2 * HENG_PAY_FILE_MAX};
    struct lines lines = {0};
    struct told told = {0};
    memset(ret, 0, sizeof *ret);
    if (bytes.n > HENG_PAY_FILE_MAX) return heng_fail(err, HENG_ELIMIT, 0, "a file has at most 32 MB");
    heng_rc rc = check_parts(t, err);
    if (rc == HENG_OK && strcmp(t->charset, "UTF-8") != 0 && !by_width(t)) {
        rc = heng_pay_recode(bytes, t->charset, "UTF-8", &text, err);
        bytes = heng_slice_of(text.text ? text.text : "", text.n);
    }
    if (rc == HENG_OK) rc = find_lines(t, bytes, arena, &lines, err);
    if (rc == HENG_OK && !(ret->rows = heng_arena_take(arena, lines.n + 1, sizeof *ret->rows)))
        rc = heng_fail(err, HENG_ENOMEM, 0, "there is no memory for the file");
    if (rc == HENG_OK) rc = read_lines(t, &lines, ret, &told, err);
    if (rc == HENG_OK) rc = check_told(&told, ret, err);
    heng_str_fini(&text);
    return rc;
}

/* --- and back --- */

static void write_date(const struct heng_pay_template *t, int32_t day, char ret[static 16])
{
    const struct heng_civil c = heng_us_to_civil(day * HENG_US_PER_DAY);
    const unsigned year = (unsigned)c.year % 10000, month = c.month % 100u, of_month = c.day % 100u;
    if (strcmp(t->date, "YYYYMMDD") == 0)
        snprintf(ret, 16, "%04u%02u%02u", year, month, of_month);
    else if (t->date[0] == 'D')
        snprintf(ret, 16, "%02u.%02u.%04u", of_month, month, year);
    else
        snprintf(ret, 16, "%04u-%02u-%02u", year, month, of_month);
}

static void value_of(const struct heng_pay_template *t, const struct heng_pay_field *f,
                     const struct heng_pay_table *table, const struct heng_pay_row *row, size_t n,
                     char ret[static HENG_PAY_VALUE_MAX])
{
    char amount[HENG_PAY_AMOUNT_TEXT_MAX] = "", date[16] = "";
    const char *text = "";
    switch (f->kind) {
    case HENG_PAY_FIELD_TEXT: text = f->text; break;
    case HENG_PAY_FIELD_SKIP: break;
    case HENG_PAY_FIELD_SEQUENCE: heng_pay_amount_text((int64_t)n, 0, amount); break;
    case HENG_PAY_FIELD_BATCH: text = table->batch; break;
    case HENG_PAY_FIELD_COUNT: heng_pay_amount_text((int64_t)table->n, 0, amount); break;
    case HENG_PAY_FIELD_TOTAL: heng_pay_amount_text(table->total, t->places, amount); break;
    case HENG_PAY_FIELD_REFUND_TOTAL: heng_pay_amount_text(table->refund_total, t->places, amount); break;
    case HENG_PAY_FIELD_DATE: write_date(t, row && row->day ? row->day : table->day, date); break;
    case HENG_PAY_FIELD_AMOUNT: heng_pay_amount_text(row->amount, t->places, amount); break;
    case HENG_PAY_FIELD_REFUND: heng_pay_amount_text(row->refund, t->places, amount); break;
    case HENG_PAY_FIELD_FEE: heng_pay_amount_text(row->fee, t->places, amount); break;
    case HENG_PAY_FIELD_ORDER: text = row->order; break;
    case HENG_PAY_FIELD_TRANSACTION: text = row->transaction; break;
    case HENG_PAY_FIELD_ACCOUNT: text = row->account; break;
    case HENG_PAY_FIELD_BANK: text = row->bank; break;
    case HENG_PAY_FIELD_NAME: text = row->name; break;
    case HENG_PAY_FIELD_BILL: text = row->bill; break;
    case HENG_PAY_FIELD_RESULT: text = row->result; break;
    case HENG_PAY_FIELD_COUNT_OF: break;
    }
    if (amount[0])
        snprintf(ret, HENG_PAY_VALUE_MAX, "%s", amount);
    else
        snprintf(ret, HENG_PAY_VALUE_MAX, "%s", date[0] ? date : text);
}

/* One value into its place; a width counts bytes of the file's charset. */
static heng_rc write_value(const struct heng_pay_template *t, const struct heng_pay_field *f, const char *value,
                           struct heng_str *out, struct heng_err *err)
{
    struct heng_str coded = {.max = 4 * HENG_PAY_VALUE_MAX};
    heng_rc rc = HENG_OK;
    if (t->separator[0] && (strstr(value, t->separator) || strpbrk(value, "\"\r\n")))
        return heng_fail(err, HENG_EFORMAT, 0, "'%.60s' has the separator of the file in it", value);
    if (strcmp(t->charset, "UTF-8") == 0)
        heng_str_put(&coded, value, strlen(value));
    else
        rc = heng_pay_recode(heng_slice_str(value), "UTF-8", t->charset, &coded, err);
    if (rc == HENG_OK && f->width && coded.n > f->width)
        rc = heng_fail(err, HENG_ELIMIT, 0, "'%.60s' does not fit the %u bytes of %s", value, f->width,
                       heng_pay_field_text(f->kind));
    const size_t fill = rc == HENG_OK && f->width ? f->width - coded.n : 0;
    for (size_t i = 0; f->left && i < fill; i++) heng_str_put(out, &f->pad, 1);
    if (rc == HENG_OK && coded.n) heng_str_put(out, coded.text, coded.n);
    for (size_t i = 0; !f->left && i < fill; i++) heng_str_put(out, &f->pad, 1);
    heng_str_fini(&coded);
    return rc;
}

static heng_rc write_line(const struct heng_pay_template *t, const struct heng_pay_part *part,
                          const struct heng_pay_table *table, const struct heng_pay_row *row, size_t n,
                          struct heng_str *out, struct heng_err *err)
{
    char value[HENG_PAY_VALUE_MAX];
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < part->n; i++) {
        if (i) heng_str_put(out, t->separator, strlen(t->separator));
        value_of(t, &part->fields[i], table, row, n, value);
        rc = write_value(t, &part->fields[i], value, out, err);
    }
    heng_str_put(out, t->crlf ? "\r\n" : "\n", t->crlf ? 2 : 1);
    return rc;
}

static heng_rc write_names(const struct heng_pay_template *t, const struct heng_pay_part *part, struct heng_str *out,
                           struct heng_err *err)
{
    const struct heng_pay_field plain = {.pad = ' '};
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < part->n; i++) {
        if (i) heng_str_put(out, t->separator, strlen(t->separator));
        rc = write_value(t, &plain, part->fields[i].column, out, err);
    }
    heng_str_put(out, t->crlf ? "\r\n" : "\n", t->crlf ? 2 : 1);
    return rc;
}

heng_rc heng_pay_table_write(const struct heng_pay_template *t, const struct heng_pay_table *table,
                             struct heng_str *out, struct heng_err *err)
{
    heng_rc rc = check_parts(t, err);
    if (rc == HENG_OK && t->head.n) rc = write_line(t, &t->head, table, NULL, 0, out, err);
    if (rc == HENG_OK && t->names) rc = write_names(t, &t->line, out, err);
    for (size_t i = 0; rc == HENG_OK && i < table->n; i++)
        rc = write_line(t, &t->line, table, &table->rows[i], i + 1, out, err);
    if (rc == HENG_OK && t->tail_names) rc = write_names(t, &t->tail, out, err);
    if (rc == HENG_OK && t->tail.n) rc = write_line(t, &t->tail, table, NULL, 0, out, err);
    return rc == HENG_OK && out->rc != HENG_OK ? heng_fail(err, out->rc, 0, "the file is too long") : rc;
}
