/* A row of a sheet: its cells as values, what is wrong with them, what differs from what is there. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/inside.h"

/* --- faults --------------------------------------------------------------------------------------------------------
 */

void archive_keep_text(char *to, size_t cap, const char *from)
{
    size_t n = strlen(from);
    if (n >= cap) n = cap - 1;
    while (n && ((uint8_t)from[n] & 0xC0) == 0x80) n--;
    memcpy(to, from, n);
    to[n] = '\0';
}

static void add_fault(struct importing *im, uint32_t row, int column, const char *value, const char *why)
{
    struct heng_archive_report *report = im->report;
    if (row == im->row.number) im->row.bad = true;
    report->fault_total++;
    if (report->fault_count == HENG_ARCHIVE_FAULTS_MAX) return;
    if (!report->faults) report->faults = calloc(HENG_ARCHIVE_FAULTS_MAX, sizeof *report->faults);
    if (!report->faults) return; /* counted, and so refused, all the same */
    struct heng_archive_fault *fault = &report->faults[report->fault_count++];
    *fault = (struct heng_archive_fault){.row = row}; /* there may have been another one here */
    archive_keep_text(fault->sheet, sizeof fault->sheet, im->sheet_name);
    archive_keep_text(fault->why, sizeof fault->why, why);
    if (value) archive_keep_text(fault->value, sizeof fault->value, value);
    if (column == ARCHIVE_NO_COLUMN || !im->sheet) return;
    fault->column = im->at[column];
    heng_archive_language language = im->import->language;
    archive_keep_text(fault->header, sizeof fault->header, im->sheet->columns[column].title[language]);
}

void archive_fault(struct importing *im, uint32_t row, int column, const char *value, const char *fmt, ...)
{
    char why[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    add_fault(im, row, column, value, why);
}

void archive_row_fault(struct importing *im, int column, const char *fmt, ...)
{
    char why[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    add_fault(im, im->row.number, column, column == ARCHIVE_NO_COLUMN ? NULL : archive_text(im, column), why);
}

/* --- cells ---------------------------------------------------------------------------------------------------------
 */

/* Characters that are not seen and change what is read: controls, and marks that turn the direction of writing
 * (U+200E, U+200F, U+202A..U+202E, U+2066..U+2069), behind which a name looks like another one. */
static bool has_unseen(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((p[i] < 0x20 && p[i] != '\t' && p[i] != '\n' && p[i] != '\r') || p[i] == 0x7F) return true;
        if (p[i] != 0xE2 || n - i < 3) continue;
        uint8_t second = p[i + 1], third = p[i + 2];
        if (second == 0x80 && (third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE))) return true;
        if (second == 0x81 && third >= 0xA6 && third <= 0xA9) return true;
    }
    return false;
}

static void take_text(struct importing *im, int column, struct heng_slice text)
{
    const struct heng_archive_column *info = &im->sheet->columns[column];
    struct archive_cell *cell = &im->row.cells[column];
    struct heng_buf clean = heng_buf_of(cell->text, sizeof cell->text - 1);
    struct heng_err why = {.text = ""};
    heng_rc rc = HENG_OK;
    if (info->kind == HENG_ARCHIVE_KEY)
        rc = heng_clean_key(text, &clean, &why);
    else
        heng_buf_put(&clean, heng_clean_trim(text));
    cell->text[clean.n] = '\0';
    if (rc != HENG_OK && rc != HENG_ELIMIT)
        archive_row_fault(im, column, "%s", why.text);
    else if (rc == HENG_ELIMIT || clean.full || clean.n > info->most)
        archive_row_fault(im, column, "too long: at most %zu bytes fit (a Chinese character has three)", info->most);
    else if (has_unseen(text.p, text.n))
        archive_row_fault(im, column, "it holds a character that cannot be seen: type it anew");
    cell->given = clean.n > 0;
}

/* Of a number without places behind the point. */
static bool to_whole(struct heng_dec dec, int64_t *ret)
{
    while (dec.exp < 0 && dec.mantissa % 10 == 0) {
        dec.mantissa /= 10;
        dec.exp++;
        if (dec.mantissa == 0) dec.exp = 0;
    }
    struct heng_dec whole;
    if (dec.exp < 0 || heng_dec_shift((struct heng_dec){dec.mantissa, 0}, dec.exp, &whole) != HENG_OK) return false;
    for (*ret = whole.mantissa; whole.exp > 0; whole.exp--) {
        if (*ret > INT64_MAX / 10 || *ret < INT64_MIN / 10) return false;
        *ret *= 10;
    }
    return true;
}

static void take_number(struct importing *im, int column, const struct heng_sheet_cell *from)
{
    const struct heng_archive_column *info = &im->sheet->columns[column];
    struct archive_cell *cell = &im->row.cells[column];
    struct heng_err why = {.text = ""};
    bool whole = info->kind == HENG_ARCHIVE_WHOLE;
    heng_rc rc = heng_sheet_cell_number(from, im->locale, &cell->number, &why);
    if (rc == HENG_ENOTFOUND) return;
    if (rc != HENG_OK) {
        archive_row_fault(im, column, "%s", why.text);
        return;
    }
    struct heng_dec low = {info->low, 0}, high = {info->high, 0};
    if (whole && !to_whole(cell->number, &cell->whole))
        archive_row_fault(im, column, "a whole number is needed");
    else if (heng_dec_cmp(cell->number, low) < 0 || heng_dec_cmp(cell->number, high) > 0)
        archive_row_fault(im, column, "it must be between %" PRId64 " and %" PRId64, info->low, info->high);
    cell->given = true;
}

static void take_day(struct importing *im, int column, const struct heng_sheet_cell *from)
{
    enum { US_PER_MS = 1000 };
    struct archive_cell *cell = &im->row.cells[column];
    struct heng_err why = {.text = ""};
    heng_rc rc = heng_sheet_cell_date(from, &cell->date, &why);
    if (rc == HENG_ENOTFOUND) return;
    if (rc != HENG_OK) {
        archive_row_fault(im, column, "%s", why.text);
        return;
    }
    cell->given = true;
    cell->at_us = heng_zone_us(im->zone, &cell->date.civil) + (heng_us)cell->date.millisecond * US_PER_MS;
    if (cell->at_us <= 0) archive_row_fault(im, column, "a day from 1970 on is needed");
}

static void take_choice(struct importing *im, int column, struct heng_slice text)
{
    const struct heng_archive_column *info = &im->sheet->columns[column];
    struct archive_cell *cell = &im->row.cells[column];
    char words[128];
    size_t n = 0;
    const char *word = heng_archive_find_choice(info, heng_clean_trim(text));
    if (word) {
        snprintf(cell->text, sizeof cell->text, "%s", word);
        cell->given = true;
        return;
    }
    words[0] = '\0';
    for (size_t i = 0; i < info->choice_count && i < 6; i++) {
        int added =
            snprintf(words + n, sizeof words - n, "%s%s", i ? ", " : "", info->choices[i].title[im->import->language]);
        if (added < 0 || n + (size_t)added >= sizeof words) {
            words[n] = '\0';
            break;
        }
        n += (size_t)added;
    }
    archive_row_fault(im, column, "it is none of the words for this column: %s%s", words,
                      info->choice_count > 6 ? " ..." : "");
}

static void take_cell(struct importing *im, int column, const struct heng_sheet_cell *from)
{
    struct archive_cell *cell = &im->row.cells[column];
    struct heng_slice text = heng_clean_trim(from->text);
    heng_archive_kind kind = im->sheet->columns[column].kind;
    cell->given = false;
    if (from->kind == HENG_CELL_EMPTY || text.n == 0 || kind == HENG_ARCHIVE_INFO) return;
    size_t n = text.n < sizeof cell->text - 1 ? text.n : sizeof cell->text - 1; /* as typed, for the faults */
    memcpy(cell->text, text.p, n);
    cell->text[n] = '\0';
    if (from->kind == HENG_CELL_ERROR) {
        archive_row_fault(im, column, "the cell holds an error of the spreadsheet: mend its formula");
        return;
    }
    switch (kind) {
    case HENG_ARCHIVE_TEXT:
    case HENG_ARCHIVE_KEY: take_text(im, column, from->text); break;
    case HENG_ARCHIVE_WHOLE:
    case HENG_ARCHIVE_NUMBER: take_number(im, column, from); break;
    case HENG_ARCHIVE_DAY: take_day(im, column, from); break;
    case HENG_ARCHIVE_CHOICE: take_choice(im, column, from->text); break;
    case HENG_ARCHIVE_INFO: break;
    }
}

void archive_row_read(struct importing *im, const struct heng_sheet_row *from)
{
    im->row.number = from->number;
    im->row.bad = false;
    im->row.changed = 0;
    for (size_t i = 0; i < im->sheet->column_count; i++) {
        im->row.cells[i].given = false;
        im->row.cells[i].text[0] = '\0';
        if (!im->at[i]) continue;
        struct heng_sheet_cell cell = heng_sheet_cell(from, im->at[i]);
        take_cell(im, (int)i, &cell);
    }
    for (size_t i = 0; i < im->sheet->column_count; i++) {
        if (!im->sheet->columns[i].required || im->row.cells[i].given || im->row.cells[i].text[0]) continue;
        if (im->at[i])
            archive_row_fault(im, (int)i, "it is empty, and must not be");
        else
            im->row.bad = true; /* the column is missing, which was told */
    }
}

/* --- what is there -------------------------------------------------------------------------------------------------
 */

void archive_over_text(struct importing *im, int column, char *to, size_t cap)
{
    const char *text = archive_text(im, column);
    if (!archive_given(im, column) || strcmp(to, text) == 0) return;
    im->row.changed |= UINT64_C(1) << column;
    archive_keep_text(to, cap, text);
}

void archive_over_int(struct importing *im, int column, int64_t *to, int64_t value)
{
    if (!archive_given(im, column) || *to == value) return;
    im->row.changed |= UINT64_C(1) << column;
    *to = value;
}

static void keep_effect(struct importing *im, heng_archive_table table, heng_archive_fate fate, const char *what)
{
    struct heng_archive_report *report = im->report;
    report->counts[table][fate]++;
    if (fate == HENG_ARCHIVE_SAME || report->effect_count == HENG_ARCHIVE_EFFECTS_MAX) return;
    if (!report->effects) report->effects = calloc(HENG_ARCHIVE_EFFECTS_MAX, sizeof *report->effects);
    if (!report->effects) return;
    struct heng_archive_effect *effect = &report->effects[report->effect_count++];
    *effect = (struct heng_archive_effect){.table = table, .fate = fate, .row = im->row.number};
    char text[512];
    size_t n = (size_t)snprintf(text, sizeof text, "%.100s", what);
    const char *mark = ": ";
    for (size_t i = 0; fate == HENG_ARCHIVE_CHANGED && i < im->sheet->column_count && n < sizeof text - 100; i++) {
        if (!(im->row.changed >> i & 1)) continue;
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.60s", mark,
                              im->sheet->columns[i].title[im->import->language]);
        mark = ", ";
    }
    archive_keep_text(effect->what, sizeof effect->what, text);
}

bool archive_decide(struct importing *im, heng_archive_table table, bool is_new, const char *what)
{
    heng_archive_fate fate = is_new ? HENG_ARCHIVE_NEW : im->row.changed ? HENG_ARCHIVE_CHANGED : HENG_ARCHIVE_SAME;
    if (fate == HENG_ARCHIVE_CHANGED && im->import->policy == HENG_ARCHIVE_SKIP) fate = HENG_ARCHIVE_SKIPPED;
    if (fate == HENG_ARCHIVE_CHANGED && im->import->policy == HENG_ARCHIVE_REFUSE)
        for (size_t i = 0; i < im->sheet->column_count; i++)
            if (im->row.changed >> i & 1)
                archive_row_fault(im, (int)i,
                                  "'%.60s' is there already and says otherwise: choose to change it, or to skip it",
                                  what);
    if (im->row.bad) return false;
    keep_effect(im, table, fate, what);
    return fate == HENG_ARCHIVE_NEW || fate == HENG_ARCHIVE_CHANGED;
}

bool archive_same_moment(const struct importing *im, const struct archive_cell *cell, heng_us at_us)
{
    enum { US_PER_MS = 1000 };
    struct heng_civil civil = heng_zone_civil(im->zone, at_us);
    const struct heng_civil *said = &cell->date.civil;
    bool day = civil.year == said->year && civil.month == said->month && civil.day == said->day;
    if (!cell->date.has_time) return day;
    int64_t rest = at_us % HENG_US_PER_S;
    return day && civil.hour == said->hour && civil.minute == said->minute && civil.second == said->second &&
           rest / US_PER_MS == cell->date.millisecond;
}

/* --- what was seen -------------------------------------------------------------------------------------------------
 */

uint64_t archive_hash(uint64_t tag, const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (tag * UINT64_C(0x9E3779B97F4A7C15));
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    hash ^= hash >> 32; /* the low bits choose the place */
    return hash ? hash : 1;
}

static bool grow(struct archive_seen *seen)
{
    struct archive_seen larger = {.n = 0, .cap = seen->cap ? 2 * seen->cap : 4096};
    larger.entries = calloc(larger.cap, sizeof *larger.entries);
    if (!larger.entries) return false;
    for (size_t i = 0; i < seen->cap; i++)
        if (seen->entries[i].hash) *archive_seen_at(&larger, seen->entries[i].hash) = seen->entries[i];
    free(seen->entries);
    *seen = larger;
    return true;
}

struct archive_seen_entry *archive_seen_at(struct archive_seen *seen, uint64_t hash)
{
    if (2 * seen->n >= seen->cap && !grow(seen)) return NULL;
    size_t i = hash & (seen->cap - 1);
    while (seen->entries[i].hash && seen->entries[i].hash != hash) i = (i + 1) & (seen->cap - 1);
    if (!seen->entries[i].hash) {
        seen->entries[i].hash = hash;
        seen->n++;
    }
    return &seen->entries[i];
}

bool archive_key_once(struct importing *im, heng_archive_table table, int column, const char *key)
{
    if (!key[0]) return true;
    struct archive_seen_entry *entry = archive_seen_at(&im->seen, archive_hash((uint64_t)table + 1, key));
    if (!entry) {
        archive_row_fault(im, column, "no memory to look for it in the rows above");
        return false;
    }
    if (entry->row) {
        archive_row_fault(im, column, "it stands in row %" PRIu32 " already: remove one of the two", entry->row);
        return false;
    }
    entry->row = im->row.number;
    return true;
}

bool archive_hash_seen(const struct importing *im, uint64_t hash)
{
    const struct archive_seen *seen = &im->seen;
    if (!seen->cap) return false;
    size_t i = hash & (seen->cap - 1);
    while (seen->entries[i].hash && seen->entries[i].hash != hash) i = (i + 1) & (seen->cap - 1);
    return seen->entries[i].hash == hash && seen->entries[i].row != 0;
}

bool archive_key_seen(struct importing *im, heng_archive_table table, const char *key)
{
    return archive_hash_seen(im, archive_hash((uint64_t)table + 1, key));
}

heng_rc archive_org_of(struct importing *im, int column, int64_t *ret, struct heng_err *err)
{
    struct heng_org org;
    *ret = 0;
    if (!archive_given(im, column)) return HENG_OK;
    heng_rc rc = heng_archive_find_org(im->reader, im->scope, archive_text(im, column), &org, err);
    if (rc == HENG_OK) *ret = org.id;
    if (rc != HENG_ENOTFOUND) return rc;
    if (archive_key_seen(im, HENG_ARCHIVE_ORGS, archive_text(im, column)))
        im->row.bad = true;
    else
        archive_row_fault(im, column, "there is no such organisation: give it in the sheet of organisations");
    return HENG_OK;
}
