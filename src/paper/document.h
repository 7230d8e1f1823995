#ifndef HENG_PAPER_DOCUMENT_H
#define HENG_PAPER_DOCUMENT_H
/* A document from top to bottom, without a word of how it is drawn: pdf.h draws it, page.h writes it as a page to
 * print, escp.h for a printer with pins. So a bill says the same wherever it is read. */
#include "base/arena.h"
#include "base/buf.h"
#include "bill/explain.h"

/* X(symbol, text, width, height in tenths of a millimetre; height 0: as long as it gets). */
#define HENG_PAPER_FORMAT_LIST(X)                                                                                      \
    X(A4, "a4", 2100, 2970)                                                                                            \
    X(ROLL_80, "roll-80", 800, 0)                                                                                      \
    X(ROLL_58, "roll-58", 580, 0)                                                                                      \
    X(FORM_THIRD, "form-third", 2410, 931) /* continuous paper of 241 mm, a third of 11 inches */
typedef enum heng_paper_format {
#define X(symbol, text, width, height) HENG_PAPER_##symbol,
    HENG_PAPER_FORMAT_LIST(X)
#undef X
        HENG_PAPER_FORMAT_COUNT
} heng_paper_format;
heng_paper_format heng_paper_format_of(const char *text); /* COUNT when it is none */

enum { HENG_PAPER_COLUMNS_MAX = 12 };

typedef enum heng_paper_kind {
    HENG_PAPER_SENDER, /* who writes: the first line is its name */
    HENG_PAPER_ADDRESS,
    HENG_PAPER_TITLE,
    HENG_PAPER_MARK, /* what must not be overlooked: a copy, a draft, reversed */
    HENG_PAPER_HEADING,
    HENG_PAPER_TEXT,
    HENG_PAPER_SMALL,
    HENG_PAPER_PAIR,   /* label and value */
    HENG_PAPER_AMOUNT, /* the same, what the paper is about */
    HENG_PAPER_TABLE,
    HENG_PAPER_BAR, /* label, a bar of so many thousandths of the room for it, value */
} heng_paper_kind;

struct heng_paper_column {
    const char *title;
    bool right;    /* numbers */
    uint8_t share; /* of the width, beside the others' */
};

struct heng_paper_row {
    struct heng_paper_row *next;
    bool sum; /* under a rule, in bold */
    const char *cells[HENG_PAPER_COLUMNS_MAX];
};

struct heng_paper_block {
    struct heng_paper_block *next;
    heng_paper_kind kind;
    const char *label, *text; /* text may hold line breaks */
    uint16_t permille;        /* of a bar */
    size_t column_count, row_count;
    struct heng_paper_column columns[HENG_PAPER_COLUMNS_MAX];
    struct heng_paper_row *rows, *last;
};

/* Everything lives in the arena; the first failure (no memory) is latched and comes out of the drawing. made: what the
 * foot of each page says beside its number: bill number, when it was made. */
struct heng_paper {
    struct heng_arena *arena;
    heng_language language;
    heng_paper_format format;
    const char *name, *foot;
    struct heng_paper_block *blocks, *last;
    heng_rc rc;
};

/* name: title of the file, copied like all texts: what is no UTF-8 becomes '?', and what would steer a printer or turn
 * the direction of writing round is left out. */
void heng_paper_begin(struct heng_paper *paper, struct heng_arena *arena, heng_language language,
                      heng_paper_format format, const char *name);
void heng_paper_foot(struct heng_paper *paper, const char *foot);
void heng_paper_put(struct heng_paper *paper, heng_paper_kind kind, const char *text);
void heng_paper_pair(struct heng_paper *paper, heng_paper_kind kind, const char *label, const char *value);
/* Bars of one after the other are drawn to one scale. permille: 0 to 1000. */
void heng_paper_bar(struct heng_paper *paper, const char *label, const char *value, int64_t permille);
void heng_paper_table(struct heng_paper *paper, const struct heng_paper_column *columns, size_t count);
/* A row of the table that was begun last: as many texts as it has columns; NULL is an empty cell. */
void heng_paper_row(struct heng_paper *paper, bool sum, const char *const *cells);

#endif
