/* A row grows cell by cell, within its limits. */
#include "sheet/inside.h"

#include <stdio.h>
#include <stdlib.h>

void heng_row_start(struct heng_sheet *sheet, uint32_t number)
{
    heng_str_clear(&sheet->row.text);
    sheet->row.count = sheet->row.values = 0;
    sheet->row.number = number;
}

/* "B7": the place of the cell that is being read, for a sentence. */
enum { PLACE_MAX = HENG_COLUMN_TEXT_MAX + 12 };
static void place_of(const struct heng_sheet *sheet, char ret_text[HENG_AT_LEAST(PLACE_MAX)])
{
    const struct heng_row_maker *row = &sheet->row;
    char column[HENG_COLUMN_TEXT_MAX];
    heng_sheet_column_text(row->cells[row->count - 1].column, column);
    snprintf(ret_text, PLACE_MAX, "%s%u", column, row->number);
}

static bool make_room(struct heng_row_maker *row)
{
    if (row->count < row->cap) return true;
    size_t cap = row->cap ? row->cap * 2 : 32;
    struct heng_sheet_cell *cells = realloc(row->cells, cap * sizeof *cells);
    if (!cells) return false;
    row->cells = cells;
    size_t *offsets = realloc(row->offsets, cap * sizeof *offsets);
    if (!offsets) return false;
    row->offsets = offsets;
    row->cap = cap;
    return true;
}

heng_rc heng_row_cell(struct heng_sheet *sheet, uint32_t column, struct heng_err *err)
{
    struct heng_row_maker *row = &sheet->row;
    if (column > sheet->options.limits.columns)
        return heng_fail(err, HENG_ELIMIT, row->number, "row %u has more than %u columns", row->number,
                         sheet->options.limits.columns);
    if (row->count && column <= row->cells[row->count - 1].column)
        return heng_fail(err, HENG_EFORMAT, row->number,
                         "row %u has its cells out of order: open the file in Excel and save it again", row->number);
    if (!make_room(row)) return heng_fail(err, HENG_ENOMEM, row->number, "no memory for row %u", row->number);
    row->cells[row->count] = (struct heng_sheet_cell){.column = column};
    row->offsets[row->count++] = row->text.n;
    return HENG_OK;
}

heng_rc heng_row_text(struct heng_sheet *sheet, const void *bytes, size_t n, struct heng_err *err)
{
    struct heng_row_maker *row = &sheet->row;
    char place[PLACE_MAX];
    if (row->text.n - row->offsets[row->count - 1] + n > sheet->options.limits.cell_bytes) {
        place_of(sheet, place);
        return heng_fail(err, HENG_ELIMIT, row->number, "cell %s is longer than %u bytes", place,
                         sheet->options.limits.cell_bytes);
    }
    heng_str_put(&row->text, bytes, n);
    if (row->text.rc == HENG_ELIMIT)
        return heng_fail(err, HENG_ELIMIT, row->number, "the texts of row %u are longer than %u bytes", row->number,
                         sheet->options.limits.row_bytes);
    if (row->text.rc != HENG_OK) return heng_fail(err, row->text.rc, row->number, "no memory for row %u", row->number);
    return HENG_OK;
}

void heng_row_cell_end(struct heng_sheet *sheet, heng_cell_kind kind)
{
    struct heng_row_maker *row = &sheet->row;
    struct heng_sheet_cell *cell = &row->cells[row->count - 1];
    cell->text.n = row->text.n - row->offsets[row->count - 1];
    /* An empty text is an empty cell: nobody can see the difference. */
    cell->kind = cell->text.n ? kind : HENG_CELL_EMPTY;
    row->values += cell->kind != HENG_CELL_EMPTY;
}

struct heng_slice heng_row_cell_text(const struct heng_sheet *sheet)
{
    const struct heng_row_maker *row = &sheet->row;
    size_t offset = row->offsets[row->count - 1];
    return heng_slice_of(row->text.text ? row->text.text + offset : "", row->text.n - offset);
}

heng_rc heng_row_cell_set(struct heng_sheet *sheet, struct heng_slice text, struct heng_err *err)
{
    struct heng_row_maker *row = &sheet->row;
    row->text.n = row->offsets[row->count - 1];
    return heng_row_text(sheet, text.p, text.n, err);
}

void heng_row_cell_cut(struct heng_sheet *sheet, size_t first, size_t n)
{
    struct heng_row_maker *row = &sheet->row;
    char *text = row->text.text + row->offsets[row->count - 1];
    if (first) memmove(text, text + first, n);
    row->text.n = row->offsets[row->count - 1] + n;
}

struct heng_sheet_row heng_row_finish(struct heng_sheet *sheet)
{
    struct heng_row_maker *row = &sheet->row;
    for (size_t i = 0; i < row->count; i++)
        row->cells[i].text.p = (const uint8_t *)(row->text.text ? row->text.text + row->offsets[i] : "");
    return (struct heng_sheet_row){row->number, row->cells, row->count};
}
