#include "api/weather_sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "vee/rule_sum.h"

enum { DAYS_MAX = 100000, TITLE_MAX = 64, FAULT_MAX = 240, YEAR_MIN = 1900, YEAR_MAX = 2199 };

typedef enum which { DATE, MEAN, DEGREES, COLUMNS } which_column;
static const char *const titles[COLUMNS][8] = {
    [DATE] = {"date", "day", "日期", "datum", "tag"},
    [MEAN] = {"mean", "mean temperature", "temperature", "平均气温", "日平均气温", "mitteltemperatur", "temperatur"},
    [DEGREES] = {"degree days", "degree day", "hdd", "度日数", "采暖度日数", "gradtage", "gradtagzahl"},
};

struct reading {
    struct heng_sheet *sheet;
    struct heng_sheet_locale locale;
    heng_weather_fault *fault;
    void *ctx;
    uint32_t columns[COLUMNS]; /* 0: not there */
    struct heng_weather_told *days;
    uint32_t *rows; /* of days */
    size_t n, cap, faults;
    bool enough;
};

static void say(struct reading *r, uint32_t column, uint32_t row, const char *text)
{
    char where[HENG_COLUMN_TEXT_MAX], line[FAULT_MAX];
    r->faults++;
    if (r->enough) return;
    heng_sheet_column_text(column, where);
    snprintf(line, sizeof line, "%s%u: %s", where, (unsigned)row, text);
    r->enough = !r->fault(r->ctx, line);
}

/* --- the first row ----------------------------------------------------------------------------------------------- */

static heng_rc take_titles(struct reading *r, const struct heng_sheet_row *row, struct heng_err *err)
{
    for (size_t i = 0; i < row->count; i++) {
        uint8_t bytes[TITLE_MAX];
        struct heng_buf key = heng_buf_of(bytes, sizeof bytes - 1);
        struct heng_err why;
        if (heng_clean_key(row->cells[i].text, &key, &why) != HENG_OK) continue;
        bytes[key.n] = '\0';
        for (int c = 0; c < COLUMNS; c++)
            for (int t = 0; t < 8 && titles[c][t]; t++)
                if (!r->columns[c] && strcasecmp(titles[c][t], (const char *)bytes) == 0)
                    r->columns[c] = row->cells[i].column;
    }
    if (r->columns[DATE] && r->columns[MEAN]) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, row->number, "row %u names no column '%s': it needs date and mean temperature",
                     (unsigned)row->number, titles[r->columns[DATE] ? MEAN : DATE][0]);
}

/* --- the others -------------------------------------------------------------------------------------------------- */

static bool take_date(struct reading *r, const struct heng_sheet_row *row, heng_day *ret)
{
    struct heng_sheet_cell cell = heng_sheet_cell(row, r->columns[DATE]);
    struct heng_sheet_date date;
    struct heng_err why = {.text = "the date is missing"};
    heng_rc rc = heng_sheet_cell_date(&cell, &date, &why);
    if (rc == HENG_OK && date.has_time) rc = heng_fail(&why, HENG_EFORMAT, 0, "a day has no time of day");
    if (rc == HENG_OK && (date.civil.year < YEAR_MIN || date.civil.year > YEAR_MAX))
        rc = heng_fail(&why, HENG_ERANGE, 0, "a day of %d to %d is wanted", YEAR_MIN, YEAR_MAX);
    if (rc == HENG_ENOTFOUND) snprintf(why.text, sizeof why.text, "the date is missing");
    if (rc != HENG_OK) say(r, r->columns[DATE], row->number, why.text);
    if (rc == HENG_OK) *ret = heng_day_of_date(date.civil.year, date.civil.month, date.civil.day);
    return rc == HENG_OK;
}

/* A number in tenths. has (may be NULL: it is needed): was there one? */
static bool take_tenths(struct reading *r, const struct heng_sheet_row *row, which_column which, int64_t low,
                        int64_t high, bool *has, int64_t *ret)
{
    struct heng_sheet_cell cell = heng_sheet_cell(row, r->columns[which]);
    struct heng_dec dec;
    struct heng_err why = {.text = ""};
    heng_rc rc = r->columns[which] ? heng_sheet_cell_number(&cell, r->locale, &dec, &why) : HENG_ENOTFOUND;
    if (has) *has = rc == HENG_OK;
    if (rc == HENG_ENOTFOUND && has) return true;
    if (rc == HENG_ENOTFOUND) heng_fail(&why, rc, 0, "the mean temperature is missing");
    if (rc == HENG_OK && (!heng_dec_steps(dec, -1, HENG_ROUND_EVEN, ret) || *ret < low || *ret > high))
        rc = heng_fail(&why, HENG_ERANGE, 0, "'%.*s' is not %lld to %lld", (int)cell.text.n, (const char *)cell.text.p,
                       (long long)low / 10, (long long)high / 10);
    if (rc != HENG_OK) say(r, r->columns[which], row->number, why.text);
    return rc == HENG_OK;
}

static heng_rc make_room(struct reading *r, struct heng_err *err)
{
    if (r->n < r->cap) return HENG_OK;
    if (r->n == DAYS_MAX) return heng_fail(err, HENG_ELIMIT, 0, "more than %d days", DAYS_MAX);
    size_t cap = r->cap ? 2 * r->cap : 512;
    struct heng_weather_told *days = realloc(r->days, cap * sizeof *days);
    if (days) r->days = days;
    uint32_t *rows = days ? realloc(r->rows, cap * sizeof *rows) : NULL;
    if (!rows) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu days", cap);
    r->rows = rows;
    r->cap = cap;
    return HENG_OK;
}

static heng_rc take_row(struct reading *r, const struct heng_sheet_row *row, struct heng_err *err)
{
    struct heng_weather_told told = {0};
    heng_rc rc = make_room(r, err);
    if (rc != HENG_OK) return rc;
    bool good = take_date(r, row, &told.day);
    good = take_tenths(r, row, MEAN, HENG_MEAN_DC_MIN, HENG_MEAN_DC_MAX, NULL, &told.mean_dc) && good;
    good = take_tenths(r, row, DEGREES, 0, HENG_DEGREE_DK_MAX, &told.has_degree, &told.degree_dk) && good;
    if (!good) return HENG_OK;
    r->rows[r->n] = row->number;
    r->days[r->n++] = told;
    return HENG_OK;
}

struct placed {
    heng_day day;
    uint32_t row;
};

static int by_day(const void *a, const void *b)
{
    const struct placed *left = a, *right = b;
    if (left->day != right->day) return left->day < right->day ? -1 : 1;
    return left->row < right->row ? -1 : 1;
}

static heng_rc find_twice(struct reading *r, struct heng_err *err)
{
    struct placed *list = calloc(r->n + 1, sizeof *list);
    if (!list) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for %zu days", r->n);
    for (size_t i = 0; i < r->n; i++) list[i] = (struct placed){r->days[i].day, r->rows[i]};
    qsort(list, r->n, sizeof *list, by_day);
    for (size_t i = 1; i < r->n; i++) {
        char text[64];
        if (list[i].day != list[i - 1].day) continue;
        snprintf(text, sizeof text, "this day stands in row %u already", (unsigned)list[i - 1].row);
        say(r, r->columns[DATE], list[i].row, text);
    }
    free(list);
    return HENG_OK;
}

heng_rc heng_weather_sheet_read(struct heng_sheet *sheet, struct heng_sheet_locale locale, heng_weather_fault *fault,
                                void *ctx, struct heng_weather_told **ret, size_t *ret_n, size_t *ret_faults,
                                struct heng_err *err)
{
    struct reading r = {.sheet = sheet, .locale = locale, .fault = fault, .ctx = ctx};
    struct heng_sheet_row row;
    heng_rc rc = heng_sheet_next(sheet, &row, err);
    if (rc == HENG_ENOTFOUND) rc = heng_fail(err, HENG_ECONFIG, 0, "the table is empty");
    if (rc == HENG_OK) rc = take_titles(&r, &row, err);
    while (rc == HENG_OK && (rc = heng_sheet_next(sheet, &row, err)) == HENG_OK) rc = take_row(&r, &row, err);
    if (rc == HENG_ENOTFOUND) rc = find_twice(&r, err);
    free(r.rows);
    *ret = r.days;
    *ret_n = r.n;
    *ret_faults = r.faults;
    return rc;
}
