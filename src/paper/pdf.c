/* Draws a document on pages. All lengths are points (1/72 inch). A block that does not fit on the rest of a page goes
 * on the next one; a table breaks between rows and repeats its header. */
#include "paper/pdf.h"

#include <cairo-pdf.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <stdio.h>
#include <string.h>

enum { PAGES_MAX = 2000 };
#define MM(tenths) ((double)(tenths)*72.0 / 254.0)
#define GAP        4.0

struct sheet {
    const struct heng_paper *paper;
    cairo_surface_t *surface;
    cairo_t *cr;
    PangoLayout *layout;
    double width, height, margin, y, bottom; /* height 0 while a roll is measured */
    double size;                             /* of ordinary text */
    int page, pages;                         /* pages: known in the second run */
    bool draws;                              /* the first run only measures */
    heng_rc rc;
};

static const int widths[] = {
#define X(symbol, text, width, height) width,
    HENG_PAPER_FORMAT_LIST(X)
#undef X
};
static const int heights[] = {
#define X(symbol, text, width, height) height,
    HENG_PAPER_FORMAT_LIST(X)
#undef X
};

static cairo_status_t take(void *closure, const unsigned char *bytes, unsigned n)
{
    struct heng_str *out = closure;
    heng_str_put(out, (const char *)bytes, n);
    return out->rc == HENG_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static void set_font(struct sheet *s, double size, bool bold)
{
    /* Chinese marks are as wide as a character: Latin pages have theirs from a Latin font */
    PangoFontDescription *font = pango_font_description_from_string(
        s->paper->language == HENG_LANGUAGE_ZH ? "Noto Sans CJK SC, Noto Sans, DejaVu Sans, sans-serif"
                                               : "Noto Sans, DejaVu Sans, Noto Sans CJK SC, sans-serif");
    pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
    pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(s->layout, font);
    pango_font_description_free(font);
}

static double set_text(struct sheet *s, const char *text, double width, PangoAlignment align)
{
    int height = 0;
    pango_layout_set_width(s->layout, width > 0 ? (int)(width * PANGO_SCALE) : 0);
    pango_layout_set_wrap(s->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(s->layout, align);
    pango_layout_set_text(s->layout, text, -1);
    pango_layout_get_size(s->layout, NULL, &height);
    return (double)height / PANGO_SCALE;
}

static void draw_at(struct sheet *s, double x, double y)
{
    if (!s->draws) return;
    cairo_move_to(s->cr, x, y);
    pango_cairo_show_layout(s->cr, s->layout);
}

static void rule(struct sheet *s, double y, double thickness)
{
    if (!s->draws) return;
    cairo_set_line_width(s->cr, thickness);
    cairo_move_to(s->cr, s->margin, y);
    cairo_line_to(s->cr, s->width - s->margin, y);
    cairo_stroke(s->cr);
}

static void end_page(struct sheet *s)
{
    char number[32];
    if (s->height > 0) {
        snprintf(number, sizeof number, "%d / %d", s->page, s->pages);
        set_font(s, s->size * 0.8, false);
        double y = s->height - s->margin * 0.75, room = (s->width - 2 * s->margin) / 2;
        set_text(s, s->paper->foot, room * 1.6, PANGO_ALIGN_LEFT);
        draw_at(s, s->margin, y);
        set_text(s, number, room * 0.4, PANGO_ALIGN_RIGHT);
        draw_at(s, s->width - s->margin - room * 0.4, y);
    }
    if (s->draws) cairo_show_page(s->cr);
}

static void begin_page(struct sheet *s)
{
    if (++s->page > PAGES_MAX) s->rc = HENG_ELIMIT;
    s->y = s->margin;
}

/* Room for so much, on this page or the next. */
static bool need(struct sheet *s, double height)
{
    if (s->height <= 0 || s->y + height <= s->bottom || s->y <= s->margin) return false;
    end_page(s);
    begin_page(s);
    return true;
}

static void text_block(struct sheet *s, const char *text, double scale, bool bold, PangoAlignment align)
{
    double width = s->width - 2 * s->margin;
    set_font(s, s->size * scale, bold);
    double height = set_text(s, text, width, align);
    need(s, height);
    set_font(s, s->size * scale, bold);
    set_text(s, text, width, align);
    draw_at(s, s->margin, s->y);
    s->y += height + GAP * scale;
}

static void mark_block(struct sheet *s, const char *text)
{
    double width = s->width - 2 * s->margin;
    set_font(s, s->size * 1.15, true);
    double height = set_text(s, text, width - 2 * GAP, PANGO_ALIGN_CENTER);
    need(s, height + 2 * GAP);
    if (s->draws) {
        cairo_set_line_width(s->cr, 1.0);
        cairo_rectangle(s->cr, s->margin, s->y, width, height + 2 * GAP);
        cairo_stroke(s->cr);
    }
    draw_at(s, s->margin + GAP, s->y + GAP);
    s->y += height + 4 * GAP;
}

/* Of a form of a third, labels stand under those of the left pair. */
static double label_part(const struct sheet *s)
{
    switch (s->paper->format) {
    case HENG_PAPER_A4: return 0.34;
    case HENG_PAPER_FORM_THIRD: return 0.17;
    case HENG_PAPER_ROLL_80:
    case HENG_PAPER_ROLL_58:
    case HENG_PAPER_FORMAT_COUNT: break;
    }
    return 0.42;
}

static void pair_block(struct sheet *s, const struct heng_paper_block *block)
{
    bool amount = block->kind == HENG_PAPER_AMOUNT;
    double width = s->width - 2 * s->margin, label = width * label_part(s), scale = amount ? 1.25 : 1.0;
    set_font(s, s->size * scale, false);
    double left = set_text(s, block->label, label - GAP, PANGO_ALIGN_LEFT);
    set_font(s, s->size * scale, amount);
    double right = set_text(s, block->text, width - label, PANGO_ALIGN_LEFT);
    double height = left > right ? left : right;
    need(s, height);
    set_font(s, s->size * scale, false);
    set_text(s, block->label, label - GAP, PANGO_ALIGN_LEFT);
    draw_at(s, s->margin, s->y);
    set_font(s, s->size * scale, amount);
    set_text(s, block->text, width - label, PANGO_ALIGN_LEFT);
    draw_at(s, s->margin + label, s->y);
    s->y += height + (amount ? GAP : GAP / 4);
}

static void bar_block(struct sheet *s, const struct heng_paper_block *block)
{
    double width = s->width - 2 * s->margin, label = width * 0.28, value = width * 0.22, room = width - label - value;
    set_font(s, s->size * 0.92, false);
    double height = set_text(s, block->label, label - GAP, PANGO_ALIGN_LEFT);
    double right = set_text(s, block->text, value - GAP, PANGO_ALIGN_RIGHT);
    if (right > height) height = right;
    need(s, height);
    set_font(s, s->size * 0.92, false);
    set_text(s, block->label, label - GAP, PANGO_ALIGN_LEFT);
    draw_at(s, s->margin, s->y);
    set_text(s, block->text, value - GAP, PANGO_ALIGN_RIGHT);
    draw_at(s, s->margin + label + room + GAP, s->y);
    if (s->draws) {
        cairo_rectangle(s->cr, s->margin + label, s->y + height * 0.2, room * block->permille / 1000.0, height * 0.6);
        cairo_set_source_rgb(s->cr, 0.45, 0.45, 0.45);
        cairo_fill(s->cr);
        cairo_set_source_rgb(s->cr, 0, 0, 0);
    }
    s->y += height + GAP / 4;
}

/* A form of a third is wide and low: short pairs stand side by side. True: both are drawn. */
static bool two_pairs(struct sheet *s, const struct heng_paper_block *block)
{
    const struct heng_paper_block *pair[2] = {block, block->next};
    double half = (s->width - 2 * s->margin) / 2, label = half * 0.34, y = s->y, height = 0;
    if (s->paper->format != HENG_PAPER_FORM_THIRD || !block->next || block->next->kind != HENG_PAPER_PAIR) return false;
    set_font(s, s->size, false);
    double line = set_text(s, "0", half, PANGO_ALIGN_LEFT);
    for (unsigned i = 0; i < 2; i++) {
        if (set_text(s, pair[i]->label, label - GAP, PANGO_ALIGN_LEFT) > line * 1.6) return false;
        double h = set_text(s, pair[i]->text, half - label - GAP, PANGO_ALIGN_LEFT);
        if (h > line * 1.6) return false;
        if (h > height) height = h;
    }
    if (need(s, height)) y = s->y;
    set_font(s, s->size, false);
    for (unsigned i = 0; i < 2; i++) {
        set_text(s, pair[i]->label, label - GAP, PANGO_ALIGN_LEFT);
        draw_at(s, s->margin + i * half, y);
        set_text(s, pair[i]->text, half - label - GAP, PANGO_ALIGN_LEFT);
        draw_at(s, s->margin + i * half + label, y);
    }
    s->y = y + height + GAP / 4;
    return true;
}

/* One row of cells; draw false: only its height. */
static double cells(struct sheet *s, const struct heng_paper_block *table, const char *const *texts, bool bold,
                    bool draw)
{
    double width = s->width - 2 * s->margin, x = s->margin, height = 0;
    unsigned shares = 0;
    for (size_t i = 0; i < table->column_count; i++) shares += table->columns[i].share;
    set_font(s, s->size * (table->column_count > 6 ? 0.82 : 0.92), bold);
    for (size_t i = 0; i < table->column_count && shares; i++) {
        double column = width * table->columns[i].share / shares;
        double h = set_text(s, texts[i] ? texts[i] : "", column - GAP,
                            table->columns[i].right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
        if (draw) draw_at(s, x, s->y);
        if (h > height) height = h;
        x += column;
    }
    return height;
}

static void table_head(struct sheet *s, const struct heng_paper_block *table)
{
    const char *titles[HENG_PAPER_COLUMNS_MAX];
    for (size_t i = 0; i < table->column_count; i++) titles[i] = table->columns[i].title;
    s->y += cells(s, table, titles, true, true) + GAP / 2;
    rule(s, s->y, 0.8);
    s->y += GAP / 2;
}

static void table_block(struct sheet *s, const struct heng_paper_block *table)
{
    s->y += GAP;
    need(s, s->size * 4);
    table_head(s, table);
    for (const struct heng_paper_row *row = table->rows; row && s->rc == HENG_OK; row = row->next) {
        double height = cells(s, table, row->cells, row->sum, false);
        if (need(s, height + GAP)) table_head(s, table);
        if (row->sum) {
            rule(s, s->y, 0.4);
            s->y += GAP / 2;
        }
        cells(s, table, row->cells, row->sum, true);
        s->y += height + GAP / 3;
    }
    s->y += GAP;
}

static void sender_block(struct sheet *s, const char *text)
{
    size_t n = strcspn(text, "\n");
    char first[160];
    snprintf(first, sizeof first, "%.*s", (int)(n < sizeof first ? n : sizeof first - 1), text);
    text_block(s, first, 1.2, true, PANGO_ALIGN_LEFT);
    if (text[n]) text_block(s, text + n + 1, 0.85, false, PANGO_ALIGN_LEFT);
    rule(s, s->y, 1.2);
    s->y += GAP * 2;
}

static void block_out(struct sheet *s, const struct heng_paper_block *block)
{
    PangoAlignment centre = s->paper->format == HENG_PAPER_A4 ? PANGO_ALIGN_LEFT : PANGO_ALIGN_CENTER;
    switch (block->kind) {
    case HENG_PAPER_SENDER: sender_block(s, block->text); break;
    case HENG_PAPER_ADDRESS:
        text_block(s, block->text, 1.0, false, PANGO_ALIGN_LEFT);
        s->y += GAP * 2;
        break;
    case HENG_PAPER_TITLE: text_block(s, block->text, 1.6, true, centre); break;
    case HENG_PAPER_MARK: mark_block(s, block->text); break;
    case HENG_PAPER_HEADING:
        s->y += GAP;
        need(s, s->size * 5); /* not alone at the foot of a page */
        text_block(s, block->text, 1.1, true, PANGO_ALIGN_LEFT);
        break;
    case HENG_PAPER_TEXT: text_block(s, block->text, 1.0, false, PANGO_ALIGN_LEFT); break;
    case HENG_PAPER_SMALL: text_block(s, block->text, 0.8, false, PANGO_ALIGN_LEFT); break;
    case HENG_PAPER_PAIR:
    case HENG_PAPER_AMOUNT: pair_block(s, block); break;
    case HENG_PAPER_TABLE: table_block(s, block); break;
    case HENG_PAPER_BAR: bar_block(s, block); break;
    }
}

static void run(struct sheet *s, bool draws)
{
    s->draws = draws;
    s->page = 0;
    begin_page(s);
    for (const struct heng_paper_block *block = s->paper->blocks; block && s->rc == HENG_OK; block = block->next)
        if (block->kind == HENG_PAPER_PAIR && two_pairs(s, block))
            block = block->next;
        else
            block_out(s, block);
    end_page(s);
    if (!draws) s->pages = s->page;
}

static void layout_open(struct sheet *s)
{
    static const char *const tags[HENG_LANGUAGES] = {"zh-cn", "en", "de"};
    PangoContext *context;
    s->cr = cairo_create(s->surface);
    s->layout = pango_cairo_create_layout(s->cr);
    context = pango_layout_get_context(s->layout);
    pango_context_set_language(context, pango_language_from_string(tags[s->paper->language]));
    cairo_set_source_rgb(s->cr, 0, 0, 0);
}

static void layout_close(struct sheet *s)
{
    if (s->layout) g_object_unref(s->layout);
    if (s->cr) cairo_destroy(s->cr);
    s->layout = NULL;
    s->cr = NULL;
}

heng_rc heng_paper_pdf(const struct heng_paper *paper, struct heng_str *ret, struct heng_err *err)
{
    if (paper->rc != HENG_OK) return heng_fail(err, paper->rc, 0, "the document is too large");
    bool a4 = paper->format == HENG_PAPER_A4;
    struct sheet s = {.paper = paper,
                      .width = MM(widths[paper->format]),
                      .height = MM(heights[paper->format]),
                      .margin = a4 ? 51 : 11,
                      .size = a4 ? 10 : 8};
    s.bottom = s.height - s.margin - (a4 ? 12 : 6);
    /* first on nothing, to count the pages and to know how long a roll gets */
    s.surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, NULL);
    layout_open(&s);
    run(&s, false);
    double long_as = s.y + s.margin;
    layout_close(&s);
    cairo_surface_destroy(s.surface);
    if (s.rc != HENG_OK) return heng_fail(err, s.rc, 0, "the document has more than %d pages", PAGES_MAX);

    s.surface = cairo_pdf_surface_create_for_stream(take, ret, s.width, s.height > 0 ? s.height : long_as);
    cairo_pdf_surface_restrict_to_version(s.surface, CAIRO_PDF_VERSION_1_4); /* every reader and printer knows it */
    cairo_pdf_surface_set_metadata(s.surface, CAIRO_PDF_METADATA_TITLE, paper->name);
    cairo_pdf_surface_set_metadata(s.surface, CAIRO_PDF_METADATA_CREATOR, "Heng");
    cairo_pdf_surface_set_metadata(s.surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
    layout_open(&s);
    run(&s, true);
    layout_close(&s);
    cairo_surface_finish(s.surface);
    cairo_status_t status = cairo_surface_status(s.surface);
    cairo_surface_destroy(s.surface);
    if (ret->rc != HENG_OK) return heng_fail(err, ret->rc, 0, "the document is too large");
    if (status != CAIRO_STATUS_SUCCESS)
        return heng_fail(err, HENG_EIO, 0, "the document cannot be drawn: %s", cairo_status_to_string(status));
    return HENG_OK;
}

void heng_paper_end(void)
{
    pango_cairo_font_map_set_default(NULL);
    cairo_debug_reset_static_data();
    FcFini();
}
