#include "paper/document.h"

#include <string.h>

#include "base/utf8.h"

heng_paper_format heng_paper_format_of(const char *text)
{
    static const char *const texts[] = {
#define X(symbol, text, width, height) text,
        HENG_PAPER_FORMAT_LIST(X)
#undef X
    };
    unsigned i = 0;
    while (i < HENG_PAPER_FORMAT_COUNT && strcmp(texts[i], text) != 0) i++;
    return (heng_paper_format)i;
}

/* The bytes of the character at p, 0 when it is none. */
static size_t character(const char *p, uint32_t *ret)
{
    const uint8_t *u = (const uint8_t *)p;
    size_t n = heng_utf8_length(u, strnlen(p, 4));
    *ret = n < 2 ? u[0] : u[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) *ret = *ret << 6 | (u[i] & 0x3Fu);
    return n;
}

/* Controls but the line break, and marks of direction and what has no width: a name must not turn the page round. */
static bool steers(uint32_t c)
{
    return (c < 0x20 && c != '\n') || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0x061C || c == 0xFEFF;
}

static const char *copy(struct heng_paper *paper, const char *text)
{
    if (paper->rc != HENG_OK || !text) return "";
    char *mine = heng_arena_text(paper->arena, text), *to = mine;
    if (!mine) {
        paper->rc = HENG_ELIMIT;
        return "";
    }
    for (const char *from = text; *from;) {
        uint32_t c;
        size_t n = character(from, &c);
        if (!n)
            *to++ = '?';
        else if (!steers(c))
            for (size_t i = 0; i < n; i++) *to++ = from[i];
        from += n ? n : 1;
    }
    *to = 0;
    return mine;
}

void heng_paper_begin(struct heng_paper *paper, struct heng_arena *arena, heng_language language,
                      heng_paper_format format, const char *name)
{
    *paper = (struct heng_paper){.arena = arena, .language = language, .format = format, .foot = ""};
    paper->name = copy(paper, name);
}

void heng_paper_foot(struct heng_paper *paper, const char *foot) { paper->foot = copy(paper, foot); }

static struct heng_paper_block *add(struct heng_paper *paper, heng_paper_kind kind)
{
    if (paper->rc != HENG_OK) return NULL;
    struct heng_paper_block *block = heng_arena_take(paper->arena, 1, sizeof *block);
    if (!block) {
        paper->rc = HENG_ELIMIT;
        return NULL;
    }
    block->kind = kind;
    block->label = block->text = "";
    if (paper->last)
        paper->last->next = block;
    else
        paper->blocks = block;
    paper->last = block;
    return block;
}

void heng_paper_put(struct heng_paper *paper, heng_paper_kind kind, const char *text)
{
    heng_paper_pair(paper, kind, "", text);
}

void heng_paper_pair(struct heng_paper *paper, heng_paper_kind kind, const char *label, const char *value)
{
    struct heng_paper_block *block = add(paper, kind);
    if (!block) return;
    block->label = copy(paper, label);
    block->text = copy(paper, value);
}

void heng_paper_bar(struct heng_paper *paper, const char *label, const char *value, int64_t permille)
{
    heng_paper_pair(paper, HENG_PAPER_BAR, label, value);
    if (paper->rc == HENG_OK) paper->last->permille = (uint16_t)(permille < 0 ? 0 : permille > 1000 ? 1000 : permille);
}

void heng_paper_table(struct heng_paper *paper, const struct heng_paper_column *columns, size_t count)
{
    struct heng_paper_block *block = add(paper, HENG_PAPER_TABLE);
    if (!block) return;
    block->column_count = count < HENG_PAPER_COLUMNS_MAX ? count : HENG_PAPER_COLUMNS_MAX;
    for (size_t i = 0; i < block->column_count; i++) {
        block->columns[i] = columns[i];
        block->columns[i].title = copy(paper, columns[i].title);
    }
}

void heng_paper_row(struct heng_paper *paper, bool sum, const char *const *cells)
{
    struct heng_paper_block *table = paper->last;
    if (paper->rc != HENG_OK || !table || table->kind != HENG_PAPER_TABLE) return;
    struct heng_paper_row *row = heng_arena_take(paper->arena, 1, sizeof *row);
    if (!row) {
        paper->rc = HENG_ELIMIT;
        return;
    }
    row->sum = sum;
    for (size_t i = 0; i < table->column_count; i++) row->cells[i] = copy(paper, cells[i]);
    if (table->last)
        table->last->next = row;
    else
        table->rows = row;
    table->last = row;
    table->row_count++;
}
