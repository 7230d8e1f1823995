/* Everything becomes lines of columns first: a Chinese character is two wide. Then bytes. */
#include "paper/escp.h"

#include <iconv.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX = 1024 };

struct printer {
    const struct heng_escp *form;
    struct heng_str *out;
    iconv_t to_gb;
    unsigned at_line;
    heng_rc rc;
};

/* Columns of the character at p, which is n bytes long. What is beyond Latin is wide in a Chinese printer. */
static unsigned wide(const char *p, size_t n)
{
    (void)p;
    return n == 1 ? 1 : 2;
}

static size_t char_bytes(const char *p)
{
    unsigned char c = (unsigned char)*p;
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return strnlen(p, n);
}

static unsigned columns_of(const char *text)
{
    unsigned columns = 0;
    for (size_t n; *text; text += n) {
        n = char_bytes(text);
        columns += wide(text, n);
    }
    return columns;
}

/* The bytes of text that fit so many columns; a character is never cut. */
static size_t fits(const char *text, unsigned columns)
{
    size_t done = 0;
    for (size_t n; text[done]; done += n) {
        n = char_bytes(text + done);
        if (wide(text + done, n) > columns) break;
        columns -= wide(text + done, n);
    }
    return done;
}

static void put_gb(struct printer *p, const char *text, size_t n)
{
    while (n && p->rc == HENG_OK) {
        char gb[LINE_MAX], *to = gb, *from = (char *)(uintptr_t)text;
        size_t room = sizeof gb, rest = n;
        size_t done = iconv(p->to_gb, &from, &rest, &to, &room);
        heng_str_put(p->out, gb, sizeof gb - room);
        if (done == (size_t)-1 && rest) {
            size_t skip = char_bytes(from);
            heng_str_put(p->out, "?", 1);
            from += skip;
            rest -= skip < rest ? skip : rest;
        }
        text += n - rest;
        n = rest;
    }
}

static void feed(struct printer *p)
{
    heng_str_put(p->out, "\r\n", 2);
    p->at_line++;
}

/* A line, cut to the paper. */
static void line(struct printer *p, const char *text)
{
    if (p->at_line >= p->form->lines) {
        heng_str_put(p->out, "\f", 1);
        p->at_line = 0;
        for (unsigned i = 0; i < p->form->top; i++) feed(p);
    }
    for (unsigned i = 0; i < p->form->left; i++) heng_str_put(p->out, " ", 1);
    put_gb(p, text, fits(text, (unsigned)(p->form->columns - p->form->left)));
    feed(p);
}

/* Text over as many lines as it needs. */
static void lines(struct printer *p, const char *text)
{
    unsigned columns = (unsigned)(p->form->columns - p->form->left);
    do {
        char one[LINE_MAX];
        size_t n = strcspn(text, "\n"), fit = fits(text, columns);
        if (fit > n) fit = n;
        snprintf(one, sizeof one, "%.*s", (int)fit, text);
        line(p, one);
        text += fit;
        if (*text == '\n') text++;
        if (!fit && !*text) break;
    } while (*text);
}

/* A text in its column, padded with blanks. */
static void cell(char *out, size_t cap, const char *text, unsigned columns, bool right)
{
    size_t n = fits(text, columns), used = strlen(out);
    char kept[LINE_MAX];
    snprintf(kept, sizeof kept, "%.*s", (int)n, text);
    unsigned pad = columns - columns_of(kept);
    if (used + n + pad + 1 > cap) return;
    if (right) memset(out + used, ' ', pad);
    memcpy(out + used + (right ? pad : 0), kept, n);
    if (!right) memset(out + used + n, ' ', pad);
    out[used + n + pad] = 0;
}

static void row(struct printer *p, const struct heng_paper_block *table, const char *const *texts)
{
    char text[LINE_MAX] = "";
    unsigned shares = 0, columns = (unsigned)(p->form->columns - p->form->left);
    for (size_t i = 0; i < table->column_count; i++) shares += table->columns[i].share;
    for (size_t i = 0; i < table->column_count && shares; i++) {
        unsigned width = columns * table->columns[i].share / shares;
        cell(text, sizeof text, texts[i] ? texts[i] : "", width ? width - 1 : 0, table->columns[i].right);
        cell(text, sizeof text, "", width ? 1 : 0, false);
    }
    line(p, text);
}

enum { LABEL_COLUMNS = 20, HALF_LABEL = 14 };

/* Short pairs stand side by side: a receipt has to fit a third of a page. True: both are printed. */
static bool two_pairs(struct printer *p, const struct heng_paper_block *block)
{
    const struct heng_paper_block *pair[2] = {block, block->next};
    unsigned half = (unsigned)(p->form->columns - p->form->left) / 2;
    char text[LINE_MAX] = "";
    if (block->kind != HENG_PAPER_PAIR || !block->next || block->next->kind != HENG_PAPER_PAIR) return false;
    for (unsigned i = 0; i < 2; i++) {
        if (half < HALF_LABEL + 8 || columns_of(pair[i]->label) >= HALF_LABEL) return false;
        if (columns_of(pair[i]->text) + HALF_LABEL >= half || strchr(pair[i]->text, '\n')) return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        cell(text, sizeof text, pair[i]->label, HALF_LABEL, false);
        cell(text, sizeof text, pair[i]->text, half - HALF_LABEL, false);
    }
    line(p, text);
    return true;
}

/* The bar in '#', as wide as the room between label and value allows. */
static void bar(struct printer *p, const struct heng_paper_block *block)
{
    char text[LINE_MAX] = "", marks[LINE_MAX];
    unsigned columns = (unsigned)(p->form->columns - p->form->left), room = columns - LABEL_COLUMNS - 16;
    unsigned n = room * block->permille / 1000;
    memset(marks, '#', n);
    marks[n] = 0;
    cell(text, sizeof text, block->label, LABEL_COLUMNS, false);
    cell(text, sizeof text, marks, room, false);
    cell(text, sizeof text, block->text, 16, true);
    line(p, text);
}

static void block(struct printer *p, const struct heng_paper_block *block)
{
    char text[LINE_MAX];
    switch (block->kind) {
    case HENG_PAPER_TABLE: {
        const char *titles[HENG_PAPER_COLUMNS_MAX];
        for (size_t i = 0; i < block->column_count; i++) titles[i] = block->columns[i].title;
        row(p, block, titles);
        for (const struct heng_paper_row *r = block->rows; r; r = r->next) row(p, block, r->cells);
        break;
    }
    case HENG_PAPER_PAIR:
    case HENG_PAPER_AMOUNT:
        text[0] = 0;
        cell(text, sizeof text, block->label, LABEL_COLUMNS, false);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.400s", block->text);
        lines(p, text);
        break;
    case HENG_PAPER_TITLE:
    case HENG_PAPER_MARK: {
        unsigned used = columns_of(block->text), columns = (unsigned)(p->form->columns - p->form->left);
        text[0] = 0;
        cell(text, sizeof text, "", used < columns ? (columns - used) / 2 : 0, false);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.400s", block->text);
        line(p, text);
        break;
    }
    case HENG_PAPER_BAR: bar(p, block); break;
    case HENG_PAPER_SENDER:
    case HENG_PAPER_ADDRESS:
    case HENG_PAPER_HEADING:
    case HENG_PAPER_TEXT:
    case HENG_PAPER_SMALL: lines(p, block->text); break;
    }
}

heng_rc heng_paper_escp(const struct heng_paper *paper, const struct heng_escp *form, struct heng_str *ret,
                        struct heng_err *err)
{
    if (paper->rc != HENG_OK) return heng_fail(err, paper->rc, 0, "the document is too large");
    if (form->columns < 40 + form->left || form->columns > 160 || form->lines < 5 || form->top >= form->lines)
        return heng_fail(err, HENG_ERANGE, 0, "a form has 40 to 160 columns and at least 5 lines");
    struct printer p = {.form = form, .out = ret, .to_gb = iconv_open("GB18030", "UTF-8")};
    if (p.to_gb == (iconv_t)-1)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "this system cannot write GB18030 (package libc-bin)");
    const char begin[] = {0x1B, '@', 0x1B, '2', 0x1B, 'C', (char)form->lines, 0x1C, '&'};
    heng_str_put(ret, begin, sizeof begin);
    for (unsigned i = 0; i < form->top; i++) feed(&p);
    for (const struct heng_paper_block *b = paper->blocks; b; b = b->next)
        if (two_pairs(&p, b))
            b = b->next;
        else
            block(&p, b);
    heng_str_put(ret, "\x1C.\f", 3);
    iconv_close(p.to_gb);
    return ret->rc == HENG_OK ? HENG_OK : heng_fail(err, ret->rc, 0, "the document is too large");
}
