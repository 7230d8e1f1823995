#include "pay/template.h"

#include "bill/form.h"

static const char *const field_words[] = {
#define X(symbol, text) text,
    HENG_PAY_FIELD_LIST(X)
#undef X
};
const char *heng_pay_field_text(heng_pay_field_kind kind)
{
    return (unsigned)kind < HENG_PAY_FIELD_COUNT_OF ? field_words[kind] : "";
}

static const char *const kind_words[] = {
#define X(symbol, text) text,
    HENG_PAY_FILE_KIND_LIST(X)
#undef X
};
static const char *const dates[] = {"YYYY-MM-DD", "YYYYMMDD", "DD.MM.YYYY"};
static const char *const charsets[] = {"UTF-8", "GBK", "GB18030"};

static char one_letter(struct heng_form *form)
{
    char text[4];
    heng_form_text(form, text, sizeof text);
    if (!heng_form_failed(form) && (!text[0] || text[1] || (unsigned char)text[0] > 126))
        heng_form_refuse(form, HENG_EFORMAT, "", "one ASCII character is needed");
    return text[0];
}

static void read_field(struct heng_form *form, struct heng_pay_field *f)
{
    struct heng_slice key;
    static const char *const sides[] = {"left", "right"};
    *f = (struct heng_pay_field){.pad = ' '};
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "is"))
            f->kind = (heng_pay_field_kind)heng_form_word(form, field_words, HENG_PAY_FIELD_COUNT_OF);
        else if (heng_slice_is(key, "width"))
            f->width = (uint16_t)heng_form_int(form, 1, HENG_PAY_VALUE_MAX - 1);
        else if (heng_slice_is(key, "pad"))
            f->pad = one_letter(form);
        else if (heng_slice_is(key, "side"))
            f->left = heng_form_word(form, sides, 2) == 0;
        else if (heng_slice_is(key, "text"))
            heng_form_text(form, f->text, sizeof f->text);
        else if (heng_slice_is(key, "column"))
            heng_form_text(form, f->column, sizeof f->column);
        else
            heng_form_unknown(form);
    }
    heng_form_need(form, "is");
}

static void read_part(struct heng_form *form, struct heng_pay_part *part)
{
    heng_form_array(form);
    part->n = 0;
    while (heng_form_item(form)) {
        if (part->n == HENG_PAY_FIELD_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "at most %d fields", HENG_PAY_FIELD_MAX);
            return;
        }
        read_field(form, &part->fields[part->n++]);
    }
}

static void read_codes(struct heng_form *form, struct heng_pay_template *t)
{
    static const char *const results[] = {"paid", "failed"};
    heng_form_array(form);
    while (heng_form_item(form)) {
        struct heng_slice key;
        struct heng_pay_code code = {0};
        unsigned result = 1;
        heng_form_object(form);
        while (heng_form_key(form, &key)) {
            if (heng_slice_is(key, "code"))
                heng_form_text(form, code.code, sizeof code.code);
            else if (heng_slice_is(key, "result"))
                result = heng_form_word(form, results, 2);
            else if (heng_slice_is(key, "text"))
                heng_form_text(form, code.text, sizeof code.text);
            else
                heng_form_unknown(form);
        }
        heng_form_need(form, "result");
        if (heng_form_failed(form)) return;
        if (t->code_count == HENG_PAY_CODES_MAX) {
            heng_form_refuse(form, HENG_ELIMIT, "", "at most %d codes", HENG_PAY_CODES_MAX);
            return;
        }
        memcpy(code.result, results[result], strlen(results[result]) + 1);
        t->codes[t->code_count++] = code;
    }
}

static void read_currency(struct heng_form *form, char ret[static HENG_CURRENCY_MAX])
{
    heng_form_text(form, ret, HENG_CURRENCY_MAX);
    for (size_t i = 0; !heng_form_failed(form) && i < 3; i++)
        if (ret[i] < 'A' || ret[i] > 'Z')
            heng_form_refuse(form, HENG_EFORMAT, "currency", "three capital letters are needed");
}

static void read_key(struct heng_form *form, struct heng_slice key, struct heng_pay_template *t)
{
    static const char *const units[] = {"fen", "yuan"};
    if (heng_slice_is(key, "channel"))
        heng_form_text(form, t->channel, sizeof t->channel);
    else if (heng_slice_is(key, "kind"))
        t->kind = (heng_pay_file_kind)heng_form_word(form, kind_words, HENG_PAY_FILE_KIND_COUNT);
    else if (heng_slice_is(key, "charset")) {
        const char *word = charsets[heng_form_word(form, charsets, 3) % 3];
        memcpy(t->charset, word, strlen(word) + 1);
    } else if (heng_slice_is(key, "separator"))
        heng_form_text(form, t->separator, sizeof t->separator);
    else if (heng_slice_is(key, "currency"))
        read_currency(form, t->currency);
    else if (heng_slice_is(key, "comment"))
        t->comment = one_letter(form);
    else if (heng_slice_is(key, "strip"))
        t->strip = one_letter(form);
    else if (heng_slice_is(key, "crlf"))
        t->crlf = heng_form_bool(form);
    else if (heng_slice_is(key, "names"))
        t->names = heng_form_bool(form);
    else if (heng_slice_is(key, "tail_names"))
        t->tail_names = heng_form_bool(form);
    else if (heng_slice_is(key, "amounts"))
        t->places = heng_form_word(form, units, 2) == 1 ? 2 : 0;
    else if (heng_slice_is(key, "date")) {
        const char *word = dates[heng_form_word(form, dates, 3) % 3];
        memcpy(t->date, word, strlen(word) + 1);
    } else if (heng_slice_is(key, "head"))
        read_part(form, &t->head);
    else if (heng_slice_is(key, "line"))
        read_part(form, &t->line);
    else if (heng_slice_is(key, "tail"))
        read_part(form, &t->tail);
    else if (heng_slice_is(key, "codes"))
        read_codes(form, t);
    else
        heng_form_unknown(form);
}

/* Every field has its end: a separator, a column, or a width. */
static bool has_ends(const struct heng_pay_template *t)
{
    const struct heng_pay_part *const parts[] = {&t->head, &t->line, &t->tail};
    if (t->separator[0]) return true;
    for (size_t p = 0; p < 3; p++)
        for (size_t i = 0; i < parts[p]->n; i++)
            if (!parts[p]->fields[i].width) return false;
    return !t->names;
}

heng_rc heng_pay_template_read(struct heng_slice json, struct heng_pay_template *ret, struct heng_err *err)
{
    struct heng_form form;
    struct heng_slice key;
    memset(ret, 0, sizeof *ret);
    memcpy(ret->charset, "UTF-8", 6);
    memcpy(ret->date, dates[0], strlen(dates[0]) + 1);
    ret->places = 2;
    heng_form_open(&form, json);
    heng_form_object(&form);
    while (heng_form_key(&form, &key)) read_key(&form, key, ret);
    heng_form_need(&form, "channel");
    heng_form_need(&form, "kind");
    heng_form_need(&form, "line");
    if (!heng_form_failed(&form) && ret->line.n == 0)
        heng_form_refuse(&form, HENG_EFORMAT, "line", "a line needs fields");
    if (!heng_form_failed(&form) && !has_ends(ret))
        heng_form_refuse(&form, HENG_EFORMAT, "", "a separator is missing, or the width of a field");
    return heng_form_close(&form, err);
}
