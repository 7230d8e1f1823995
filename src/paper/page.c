#include "paper/page.h"

#include <stdio.h>

#include <string.h>

static const char style[] =
    "body{font:15px/1.5 'Noto Sans CJK SC','Noto Sans','DejaVu Sans',sans-serif;color:#111;background:#fff;margin:0 "
    "auto;"
    "padding:24px;max-width:760px}"
    "body.roll{max-width:300px;padding:8px;font-size:13px}"
    "h1{font-size:1.5em;margin:.4em 0}h2{font-size:1.1em;margin:1.2em 0 .3em}"
    "header{border-bottom:2px solid #111;margin-bottom:1em;padding-bottom:.5em}header b{font-size:1.2em;display:block}"
    "address{font-style:normal;margin-bottom:1.2em}"
    ".mark{border:2px solid #111;text-align:center;font-weight:bold;padding:.3em;margin:.6em 0}"
    "dl{display:grid;grid-template-columns:minmax(7em,34%) 1fr;margin:0;gap:.1em .8em}dt{color:#444}dd{margin:0}"
    ".amount{font-size:1.25em;font-weight:bold}small{display:block;color:#444;margin:.4em 0}"
    ".scroll{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%;margin:.6em 0}th{text-align:left;border-bottom:1px solid #111}"
    "th,td{padding:.2em .4em;vertical-align:top}td.r,th.r{text-align:right;font-variant-numeric:tabular-nums;"
    "white-space:nowrap}"
    "tr.sum td{border-top:1px solid #888;font-weight:bold}"
    ".bar{display:grid;grid-template-columns:minmax(7em,28%) 1fr minmax(7em,22%);gap:.6em}.bar i{display:block;"
    "background:#666;height:.9em;margin-top:.3em;print-color-adjust:exact}.bar span:last-child{text-align:right}"
    "footer{margin-top:2em;border-top:1px solid #888;color:#444;font-size:.85em}"
    "@media print{body{padding:0;max-width:none}thead{display:table-header-group}tr{break-inside:avoid}}";

static void escaped(struct heng_str *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        switch (*p) {
        case '&': heng_str_put(out, "&amp;", 5); break;
        case '<': heng_str_put(out, "&lt;", 4); break;
        case '>': heng_str_put(out, "&gt;", 4); break;
        case '"': heng_str_put(out, "&quot;", 6); break;
        case '\'': heng_str_put(out, "&#39;", 5); break;
        case '\n': heng_str_put(out, "<br>", 4); break;
        default: heng_str_put(out, p, 1); break;
        }
    }
}

static void element(struct heng_str *out, const char *open, const char *text, const char *close)
{
    heng_str_put(out, open, strlen(open));
    escaped(out, text);
    heng_str_put(out, close, strlen(close));
}

static void table_out(struct heng_str *out, const struct heng_paper_block *table)
{
    heng_str_fmt(out, "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
    for (size_t i = 0; i < table->column_count; i++)
        element(out, table->columns[i].right ? "<th class=\"r\">" : "<th>", table->columns[i].title, "</th>");
    heng_str_fmt(out, "</tr></thead><tbody>");
    for (const struct heng_paper_row *row = table->rows; row; row = row->next) {
        heng_str_fmt(out, row->sum ? "<tr class=\"sum\">" : "<tr>");
        for (size_t i = 0; i < table->column_count; i++)
            element(out, table->columns[i].right ? "<td class=\"r\">" : "<td>", row->cells[i] ? row->cells[i] : "",
                    "</td>");
        heng_str_fmt(out, "</tr>");
    }
    heng_str_fmt(out, "</tbody></table></div>");
}

static void sender_out(struct heng_str *out, const char *text)
{
    size_t n = strcspn(text, "\n");
    char first[160];
    snprintf(first, sizeof first, "%.*s", (int)(n < sizeof first ? n : sizeof first - 1), text);
    element(out, "<header><b>", first, "</b>");
    element(out, "", text[n] ? text + n + 1 : "", "</header>");
}

static bool is_pair(const struct heng_paper_block *block)
{
    return block && (block->kind == HENG_PAPER_PAIR || block->kind == HENG_PAPER_AMOUNT);
}

static void block_out(struct heng_str *out, const struct heng_paper_block *block)
{
    switch (block->kind) {
    case HENG_PAPER_SENDER: sender_out(out, block->text); break;
    case HENG_PAPER_ADDRESS: element(out, "<address>", block->text, "</address>"); break;
    case HENG_PAPER_TITLE: element(out, "<h1>", block->text, "</h1>"); break;
    case HENG_PAPER_MARK: element(out, "<p class=\"mark\">", block->text, "</p>"); break;
    case HENG_PAPER_HEADING: element(out, "<h2>", block->text, "</h2>"); break;
    case HENG_PAPER_TEXT: element(out, "<p>", block->text, "</p>"); break;
    case HENG_PAPER_SMALL: element(out, "<small>", block->text, "</small>"); break;
    case HENG_PAPER_PAIR:
    case HENG_PAPER_AMOUNT:
        element(out, "<dt>", block->label, "</dt>");
        element(out, block->kind == HENG_PAPER_AMOUNT ? "<dd class=\"amount\">" : "<dd>", block->text, "</dd>");
        break;
    case HENG_PAPER_TABLE: table_out(out, block); break;
    case HENG_PAPER_BAR:
        element(out, "<div class=\"bar\"><span>", block->label, "</span>");
        heng_str_fmt(out, "<span><i style=\"width:%u.%u%%\"></i></span>", block->permille / 10u, block->permille % 10u);
        element(out, "<span>", block->text, "</span></div>");
        break;
    }
}

heng_rc heng_paper_page(const struct heng_paper *paper, struct heng_str *ret, struct heng_err *err)
{
    static const char *const tags[HENG_LANGUAGES] = {"zh-CN", "en", "de"};
    if (paper->rc != HENG_OK) return heng_fail(err, paper->rc, 0, "the document is too large");
    bool roll = paper->format == HENG_PAPER_ROLL_80 || paper->format == HENG_PAPER_ROLL_58;
    heng_str_fmt(ret,
                 "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                 "content=\"width=device-width,initial-scale=1\"><title>",
                 tags[paper->language]);
    escaped(ret, paper->name);
    heng_str_fmt(ret, "</title><style>%s</style></head><body%s><main>\n", style, roll ? " class=\"roll\"" : "");
    const struct heng_paper_block *before = NULL;
    for (const struct heng_paper_block *block = paper->blocks; block; before = block, block = block->next) {
        if (is_pair(block) && !is_pair(before)) heng_str_fmt(ret, "<dl>");
        if (!is_pair(block) && is_pair(before)) heng_str_fmt(ret, "</dl>");
        block_out(ret, block);
        heng_str_put(ret, "\n", 1);
    }
    if (is_pair(before)) heng_str_fmt(ret, "</dl>");
    element(ret, "</main><footer>", paper->foot, "</footer></body></html>\n");
    return ret->rc == HENG_OK ? HENG_OK : heng_fail(err, ret->rc, 0, "the document is too large");
}
