/* .csv by RFC 4180, as Excel, WPS and LibreOffice write it.
 *
 *   encoding   UTF-8, UTF-16 with a byte order mark; what is not valid UTF-8 is the fallback of the options
 *   separator  "sep=;" in the first line, else the one of , ; TAB that the first line with one of them has most of
 *   fields     plain, or "quoted" with "" for a quotation mark, separators and line breaks inside
 *   rows       end with CR LF, LF or CR
 *   '=1+1      text that a spreadsheet would take for a formula: one apostrophe before it is taken away (see write.h)
 */
#include "base/utf8.h"
#include "sheet/formula.h"
#include "sheet/inside.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>

enum { RAW_BYTES = 16384, TEXT_BYTES = 65536 };

struct heng_csv {
    struct heng_sheet_csv about;
    iconv_t convert; /* (iconv_t)-1 for UTF-8 */
    uint32_t row;
    size_t raw_n, text_n, text_at;
    bool raw_ended;
    uint8_t raw[RAW_BYTES];
    char text[TEXT_BYTES];
};

static heng_rc cannot_read(struct heng_err *err)
{
    return heng_fail(err, HENG_EIO, 0, "the file cannot be read: %s", strerror(errno));
}

/* Is all of the file UTF-8? Also refuses bytes that no text has. */
static heng_rc scan_utf8(struct heng_sheet *sheet, uint64_t at, bool *ret_valid, struct heng_err *err)
{
    uint8_t *raw = sheet->csv->raw;
    size_t n, used;
    *ret_valid = true;
    for (; at < sheet->source.size; at += used) {
        if (!heng_source_read(&sheet->source, at, raw, RAW_BYTES, &n)) return cannot_read(err);
        if (n == 0) break;
        if (memchr(raw, 0, n))
            return heng_fail(err, HENG_EUNSUPPORTED, 0,
                             "this is neither .xlsx nor text: save it as .xlsx, or as .csv with encoding UTF-8");
        for (used = 0; used < n && *ret_valid;) {
            size_t length = heng_utf8_length(raw + used, n - used);
            /* A character may go on in the next piece. */
            if (!length && n - used < 4 && used > 0 && at + n < sheet->source.size) break;
            if (!length) *ret_valid = false;
            used += length ? length : 1;
        }
        if (!*ret_valid) used = n; /* only NULs are of interest now */
    }
    return HENG_OK;
}

static heng_rc find_encoding(struct heng_sheet *sheet, struct heng_err *err)
{
    struct heng_csv *csv = sheet->csv;
    uint8_t mark[3] = {0};
    size_t n;
    bool valid;
    if (!heng_source_read(&sheet->source, 0, mark, sizeof mark, &n)) return cannot_read(err);
    bool utf8 = n == 3 && mark[0] == 0xEF && mark[1] == 0xBB && mark[2] == 0xBF;
    if (n >= 2 && ((mark[0] == 0xFF && mark[1] == 0xFE) || (mark[0] == 0xFE && mark[1] == 0xFF))) {
        csv->about.encoding = mark[0] == 0xFF ? HENG_ENCODING_UTF16LE : HENG_ENCODING_UTF16BE;
        sheet->source.at = 2;
    } else {
        sheet->source.at = utf8 ? 3 : 0;
        heng_rc rc = scan_utf8(sheet, sheet->source.at, &valid, err);
        if (rc != HENG_OK) return rc;
        if (utf8 && !valid)
            return heng_fail(err, HENG_EFORMAT, 0,
                             "the file says that it is UTF-8 and is not: save it again as .csv UTF-8");
        csv->about.encoding = valid ? HENG_ENCODING_UTF8 : sheet->options.fallback;
        if (csv->about.encoding == HENG_ENCODING_UTF8) return HENG_OK;
    }
    csv->convert = iconv_open("UTF-8", heng_sheet_encoding_name(csv->about.encoding));
    if (csv->convert == (iconv_t)-1)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "this system cannot convert %s: save the file as .csv UTF-8",
                         heng_sheet_encoding_name(csv->about.encoding));
    return HENG_OK;
}

/* From raw to text, as much as there is room for. */
static heng_rc convert(struct heng_csv *csv, struct heng_err *err)
{
    char *in = (char *)csv->raw, *out = csv->text + csv->text_n;
    size_t in_left = csv->raw_n, out_left = TEXT_BYTES - csv->text_n;
    if (csv->convert == (iconv_t)-1) {
        size_t n = in_left < out_left ? in_left : out_left;
        memcpy(out, in, n);
        in += n;
        in_left -= n;
        out_left -= n;
    } else if (iconv(csv->convert, &in, &in_left, &out, &out_left) == (size_t)-1 &&
               (errno == EILSEQ || (errno == EINVAL && csv->raw_ended))) {
        return heng_fail(err, HENG_EFORMAT, csv->row + 1,
                         "after row %u the text is not %s: save the file as .csv UTF-8", csv->row,
                         heng_sheet_encoding_name(csv->about.encoding));
    }
    memmove(csv->raw, in, in_left);
    csv->raw_n = in_left;
    csv->text_n = TEXT_BYTES - out_left;
    return HENG_OK;
}

/* More text behind what has not been read; *ret_end when there is no more. */
static heng_rc fill(struct heng_sheet *sheet, bool *ret_end, struct heng_err *err)
{
    struct heng_csv *csv = sheet->csv;
    memmove(csv->text, csv->text + csv->text_at, csv->text_n - csv->text_at);
    csv->text_n -= csv->text_at;
    csv->text_at = 0;
    size_t had = csv->text_n, n;
    while (csv->text_n == had && had < TEXT_BYTES) {
        if (!heng_source_read(&sheet->source, sheet->source.at, csv->raw + csv->raw_n, RAW_BYTES - csv->raw_n, &n))
            return cannot_read(err);
        sheet->source.at += n;
        csv->raw_n += n;
        csv->raw_ended = sheet->source.at >= sheet->source.size || n == 0;
        heng_rc rc = convert(csv, err);
        if (rc != HENG_OK) return rc;
        if (csv->raw_ended && csv->raw_n == 0) break;
    }
    *ret_end = csv->text_n == had;
    return HENG_OK;
}

/* The separator that the first line with one of them has most of. */
static char find_separator(const char *text, size_t n)
{
    static const char marks[] = ";\t,";
    size_t seen[3] = {0};
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted) continue;
        const char *mark = text[i] ? strchr(marks, text[i]) : NULL;
        if (mark) seen[mark - marks]++;
        if ((text[i] == '\n' || text[i] == '\r') && (seen[0] || seen[1] || seen[2])) break;
    }
    size_t best = seen[0] || seen[1] ? 0 : 2;
    for (size_t i = 0; i < 3; i++)
        if (seen[i] > seen[best]) best = i;
    return marks[best];
}

/* "sep=;": for Excel, and no row of the table. Its line counts: people see it in an editor. */
static bool take_declared(struct heng_csv *csv)
{
    const char *p = csv->text;
    if (csv->text_n < 6 || strncmp(p, "sep=", 4) != 0 || !strchr(";\t,|", p[4]) || !p[4] ||
        (p[5] != '\r' && p[5] != '\n'))
        return false;
    csv->about.separator = p[4];
    csv->text_at = p[5] == '\r' && csv->text_n > 6 && p[6] == '\n' ? 7 : 6;
    csv->row = 1;
    return true;
}

heng_rc heng_csv_open(struct heng_sheet *sheet, struct heng_err *err)
{
    bool end = false;
    if (sheet->options.sheet)
        return heng_fail(err, HENG_ENOTFOUND, 0, "a .csv has no sheet '%.60s': it is one table", sheet->options.sheet);
    sheet->csv = calloc(1, sizeof *sheet->csv);
    if (!sheet->csv) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    struct heng_csv *csv = sheet->csv;
    csv->convert = (iconv_t)-1;
    heng_rc rc = find_encoding(sheet, err);
    if (rc == HENG_OK) rc = fill(sheet, &end, err);
    if (rc == HENG_OK && !take_declared(csv)) csv->about.separator = find_separator(csv->text, csv->text_n);
    return rc;
}

/* The next character, -1 at the end, -2 after an error. */
static int peek(struct heng_sheet *sheet, struct heng_err *err)
{
    struct heng_csv *csv = sheet->csv;
    if (csv->text_at == csv->text_n) {
        bool end = false;
        if (fill(sheet, &end, err) != HENG_OK) return -2;
        if (end) return -1;
    }
    return (uint8_t)csv->text[csv->text_at];
}

/* Append what stands before the next of the stops. */
static heng_rc take_run(struct heng_sheet *sheet, const char *stops, struct heng_err *err)
{
    struct heng_csv *csv = sheet->csv;
    size_t start = csv->text_at, end = start;
    while (end < csv->text_n && !strchr(stops, csv->text[end])) end++; /* a NUL is a stop, too */
    csv->text_at = end;
    return end > start ? heng_row_text(sheet, csv->text + start, end - start, err) : HENG_OK;
}

static heng_rc refused(struct heng_sheet *sheet, heng_rc rc, const char *why, struct heng_err *err)
{
    return heng_fail(err, rc, sheet->row.number, "row %u %s", sheet->row.number, why);
}

/* "quoted", with the first quotation mark taken. */
static heng_rc take_quoted(struct heng_sheet *sheet, struct heng_err *err)
{
    struct heng_csv *csv = sheet->csv;
    for (;;) {
        int c = peek(sheet, err);
        if (c == -2) return err->rc;
        if (c == -1) return refused(sheet, HENG_EFORMAT, "opens a quotation mark that is never closed", err);
        if (c == 0) return refused(sheet, HENG_EFORMAT, "holds a NUL character: this is no text", err);
        heng_rc rc = HENG_OK;
        if (c != '"') {
            rc = take_run(sheet, "\"", err);
        } else {
            csv->text_at++;
            c = peek(sheet, err);
            if (c == -2) return err->rc;
            if (c != '"') return HENG_OK;
            csv->text_at++;
            rc = heng_row_text(sheet, "\"", 1, err);
        }
        if (rc != HENG_OK) return rc;
    }
}

/* ="00123": how many programs keep Excel from taking an id for a number. */
static void unwrap_text(struct heng_sheet *sheet, bool quoted)
{
    struct heng_slice text = heng_row_cell_text(sheet);
    if (quoted || text.n < 3 || text.p[0] != '=' || text.p[1] != '"' || text.p[text.n - 1] != '"') return;
    if (text.n == 3 || memchr(text.p + 2, '"', text.n - 3)) return;
    heng_row_cell_cut(sheet, 2, text.n - 3);
}

static heng_rc take_field(struct heng_sheet *sheet, struct heng_err *err)
{
    struct heng_csv *csv = sheet->csv;
    char stops[] = {csv->about.separator, '\r', '\n', '\0'};
    int c = peek(sheet, err);
    bool quoted = c == '"';
    if (quoted) {
        csv->text_at++;
        heng_rc rc = take_quoted(sheet, err);
        if (rc != HENG_OK) return rc;
        while ((c = peek(sheet, err)) == ' ') csv->text_at++;
    }
    while (c >= 0 && (c == 0 || !strchr(stops, c))) {
        if (c == 0) return refused(sheet, HENG_EFORMAT, "holds a NUL character: this is no text", err);
        if (quoted)
            return refused(sheet, HENG_EFORMAT, "has text behind a closing quotation mark: double the marks inside",
                           err);
        heng_rc rc = take_run(sheet, stops, err);
        if (rc != HENG_OK) return rc;
        c = peek(sheet, err);
    }
    if (c == -2) return err->rc;
    unwrap_text(sheet, quoted);
    if (heng_formula_guarded(heng_row_cell_text(sheet))) heng_row_cell_cut(sheet, 1, heng_row_cell_text(sheet).n - 1);
    heng_row_cell_end(sheet, HENG_CELL_TEXT);
    return HENG_OK;
}

/* All fields up to the end of the line, which is taken. */
static heng_rc take_row(struct heng_sheet *sheet, struct heng_err *err)
{
    struct heng_csv *csv = sheet->csv;
    heng_row_start(sheet, ++csv->row);
    if (csv->row > sheet->options.limits.rows)
        return heng_fail(err, HENG_ELIMIT, csv->row, "the table has more than %u rows", sheet->options.limits.rows);
    for (uint32_t column = 1;; column++) {
        heng_rc rc = heng_row_cell(sheet, column, err);
        if (rc == HENG_OK) rc = take_field(sheet, err);
        if (rc != HENG_OK) return rc;
        int c = peek(sheet, err);
        if (c == -2) return err->rc;
        if (c >= 0) csv->text_at++;
        if (c >= 0 && c == (uint8_t)csv->about.separator) continue;
        if (c == '\r' && peek(sheet, err) == '\n') csv->text_at++;
        return HENG_OK;
    }
}

heng_rc heng_csv_next(struct heng_sheet *sheet, struct heng_sheet_row *ret, struct heng_err *err)
{
    for (;;) {
        int c = peek(sheet, err);
        if (c == -2) return err->rc;
        if (c == -1) return heng_fail(err, HENG_ENOTFOUND, sheet->csv->row, "the table has no more rows");
        heng_rc rc = take_row(sheet, err);
        if (rc != HENG_OK) return rc;
        if (sheet->row.values) {
            *ret = heng_row_finish(sheet);
            return HENG_OK;
        }
    }
}

const struct heng_sheet_csv *heng_csv_about(const struct heng_csv *csv) { return &csv->about; }

void heng_csv_free(struct heng_csv *csv)
{
    if (!csv) return;
    if (csv->convert != (iconv_t)-1) iconv_close(csv->convert);
    free(csv);
}
