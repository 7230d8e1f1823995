/* What a file is, and the cells of its rows. */
#include "sheet/sheet.h"

#include "sheet/inside.h"
#include "sheet/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

const char *heng_cell_kind_name(heng_cell_kind kind)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        HENG_CELL_LIST(X)
#undef X
    };
    return kind < HENG_CELL_KIND_COUNT ? names[kind] : "unknown";
}

const char *heng_sheet_encoding_name(heng_sheet_encoding encoding)
{
    static const char *const names[] = {"GB18030", "Windows-1252", "UTF-8", "UTF-16LE", "UTF-16BE"};
    return encoding < HENG_ENCODING_COUNT ? names[encoding] : "unknown";
}

bool heng_source_read(const struct heng_source *source, uint64_t offset, void *ret, size_t n, size_t *ret_n)
{
    *ret_n = 0;
    if (offset >= source->size) return true;
    if (n > source->size - offset) n = (size_t)(source->size - offset);
    if (source->fd < 0) {
        memcpy(ret, source->bytes.p + offset, n);
        *ret_n = n;
        return true;
    }
    while (*ret_n < n) {
        ssize_t got = pread(source->fd, (uint8_t *)ret + *ret_n, n - *ret_n, (off_t)(offset + *ret_n));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        *ret_n += (size_t)got;
    }
    return true;
}

static void default_limits(struct heng_sheet_limits *l)
{
    if (!l->file_bytes) l->file_bytes = 256 * MIB;
    if (!l->unpacked_bytes) l->unpacked_bytes = 2048 * MIB;
    if (!l->part_bytes) l->part_bytes = 1024 * MIB;
    if (!l->ratio) l->ratio = 200;
    if (!l->rows) l->rows = 1048576;
    if (!l->columns) l->columns = 1024;
    if (!l->cell_bytes) l->cell_bytes = 131072;
    if (!l->row_bytes) l->row_bytes = 1 << 20;
    if (!l->strings_bytes) l->strings_bytes = 512 * MIB;
    if (!l->strings_memory_bytes) l->strings_memory_bytes = 8 * MIB;
    if (!l->depth) l->depth = 64;
}

/* True when the UTF-16 name of a stream stands somewhere in a compound file (its directory may lie anywhere). */
static bool compound_has(const struct heng_source *source, const char *name)
{
    enum { WINDOW = 65536 };
    uint8_t wanted[64];
    size_t n = strlen(name) * 2, got;
    for (size_t i = 0; i < n; i++) wanted[i] = i % 2 ? 0 : (uint8_t)name[i / 2];
    uint8_t *window = malloc(WINDOW);
    bool found = false;
    for (uint64_t at = 0; window && !found && at < source->size; at += WINDOW - sizeof wanted) {
        if (!heng_source_read(source, at, window, WINDOW, &got)) break;
        found = memmem(window, got, wanted, n) != NULL;
    }
    free(window);
    return found;
}

static bool begins(struct heng_slice s, const char *text)
{
    size_t n = strlen(text);
    return s.n >= n && strncasecmp((const char *)s.p, text, n) == 0;
}

/* What people send under the name of a sheet that is none; NULL for what may be a .csv. */
static const char *foreign(const struct heng_source *source, struct heng_slice head)
{
    static const uint8_t compound[] = {0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
    if (head.n >= sizeof compound && memcmp(head.p, compound, sizeof compound) == 0)
        return compound_has(source, "EncryptedPackage")
                   ? "this .xlsx is protected by a password: open it in Excel or WPS, remove the password and save it "
                     "again"
                   : "this is the old Excel format .xls: open it in Excel or WPS and save it as .xlsx";
    if (head.n >= 4 && head.p[0] == 0x09 && (head.p[1] & 0xF1) == 0 && head.p[3] == 0)
        return "this is a very old Excel format: open it in Excel or WPS and save it as .xlsx";
    if (begins(head, "%PDF")) return "this is a PDF: send the sheet that it was made from, as .xlsx or .csv";
    if (begins(head, "Rar!") || begins(head, "7z\xBC\xAF"))
        return "this is a packed archive: unpack it and send the .xlsx file itself";
    struct heng_slice text = heng_clean_trim(head);
    if (begins(text, "<!doctype html") || begins(text, "<html") || begins(text, "<table") || begins(text, "<meta") ||
        begins(text, "<head") || begins(text, "<style"))
        return "this is a web page under the name of a sheet: open it in Excel or WPS and save it as .xlsx";
    if (begins(text, "<?xml") || begins(text, "<Workbook"))
        return "this is an XML file and no .xlsx: open it in Excel or WPS and save it as .xlsx";
    return NULL;
}

/* Choose the reader by the first bytes. */
static heng_rc open_by_content(struct heng_sheet *sheet, struct heng_err *err)
{
    uint8_t bytes[512];
    size_t n;
    if (sheet->source.size > sheet->options.limits.file_bytes)
        return heng_fail(err, HENG_ELIMIT, 0, "the file has %llu bytes, the most is %llu",
                         (unsigned long long)sheet->source.size, (unsigned long long)sheet->options.limits.file_bytes);
    if (!heng_source_read(&sheet->source, 0, bytes, sizeof bytes, &n))
        return heng_fail(err, HENG_EIO, 0, "the file cannot be read: %s", strerror(errno));
    if (n == 0) return heng_fail(err, HENG_EFORMAT, 0, "the file is empty");
    struct heng_slice head = heng_slice_of(bytes, n);
    if (begins(head, "PK\x03\x04") || begins(head, "PK\x05\x06")) return heng_xlsx_open(sheet, err);
    const char *what = foreign(&sheet->source, head);
    if (what) return heng_fail(err, HENG_EUNSUPPORTED, 0, "%s", what);
    return heng_csv_open(sheet, err);
}

static heng_rc open_source(struct heng_source source, const struct heng_sheet_options *options, struct heng_sheet **ret,
                           struct heng_err *err)
{
    struct heng_sheet *sheet = calloc(1, sizeof *sheet);
    if (!sheet) {
        if (source.fd >= 0) close(source.fd);
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for a sheet");
    }
    sheet->source = source;
    if (options) sheet->options = *options;
    default_limits(&sheet->options.limits);
    sheet->row.text.max = sheet->options.limits.row_bytes;
    heng_rc rc = open_by_content(sheet, err);
    if (rc == HENG_OK)
        *ret = sheet;
    else
        heng_sheet_close(sheet);
    return rc;
}

heng_rc heng_sheet_open(const char *path, const struct heng_sheet_options *options, struct heng_sheet **ret,
                        struct heng_err *err)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) < 0) {
        heng_rc rc = errno == ENOENT ? HENG_ENOTFOUND : HENG_EIO;
        heng_fail(err, rc, 0, "cannot open '%s': %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return rc;
    }
    if (!S_ISREG(about.st_mode)) {
        close(fd);
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "'%s' is no file", path);
    }
    return open_source((struct heng_source){.fd = fd, .size = (uint64_t)about.st_size}, options, ret, err);
}

heng_rc heng_sheet_open_bytes(struct heng_slice bytes, const struct heng_sheet_options *options,
                              struct heng_sheet **ret, struct heng_err *err)
{
    return open_source((struct heng_source){.fd = -1, .bytes = bytes, .size = bytes.n}, options, ret, err);
}

heng_rc heng_sheet_next(struct heng_sheet *sheet, struct heng_sheet_row *ret, struct heng_err *err)
{
    if (sheet->ended.rc == HENG_OK) {
        heng_rc rc = sheet->csv ? heng_csv_next(sheet, ret, &sheet->ended) : heng_xlsx_next(sheet, ret, &sheet->ended);
        if (rc == HENG_OK) return HENG_OK;
        sheet->ended.rc = rc;
    }
    if (err) *err = sheet->ended;
    return sheet->ended.rc;
}

const char *heng_sheet_name(const struct heng_sheet *sheet, size_t i)
{
    return sheet->xlsx ? heng_xlsx_name(sheet->xlsx, i) : NULL;
}

const char *heng_sheet_merged(const struct heng_sheet *sheet, uint32_t *ret_row)
{
    *ret_row = 0;
    return sheet->xlsx ? heng_xlsx_merged(sheet->xlsx, ret_row) : NULL;
}

const struct heng_sheet_csv *heng_sheet_csv(const struct heng_sheet *sheet)
{
    return sheet->csv ? heng_csv_about(sheet->csv) : NULL;
}

void heng_sheet_close(struct heng_sheet *sheet)
{
    if (!sheet) return;
    heng_csv_free(sheet->csv);
    heng_xlsx_free(sheet->xlsx);
    heng_str_fini(&sheet->row.text);
    free(sheet->row.cells);
    free(sheet->row.offsets);
    if (sheet->source.fd >= 0) close(sheet->source.fd);
    free(sheet);
}

struct heng_sheet_cell heng_sheet_cell(const struct heng_sheet_row *row, uint32_t column)
{
    /* Most rows have all their columns, so the cell is where it would be without gaps, or a little before. */
    size_t i = column < row->count ? column : row->count;
    while (i > 0 && row->cells[i - 1].column > column) i--;
    if (i > 0 && row->cells[i - 1].column == column) return row->cells[i - 1];
    return (struct heng_sheet_cell){.column = column, .kind = HENG_CELL_EMPTY, .text = heng_slice_of("", 0)};
}

void heng_sheet_column_text(uint32_t column, char ret_text[HENG_AT_LEAST(HENG_COLUMN_TEXT_MAX)])
{
    char text[HENG_COLUMN_TEXT_MAX], *p = text + sizeof text;
    *--p = '\0';
    for (; column > 0; column = (column - 1) / 26) *--p = (char)('A' + (column - 1) % 26);
    memcpy(ret_text, p, (size_t)(text + sizeof text - p));
}

heng_rc heng_sheet_cell_number(const struct heng_sheet_cell *cell, struct heng_sheet_locale locale,
                               struct heng_dec *ret, struct heng_err *err)
{
    static const struct heng_sheet_locale plain = {'.', ','};
    switch (cell->kind) {
    case HENG_CELL_NUMBER: return heng_clean_number(cell->text, plain, ret, err);
    case HENG_CELL_TEXT:
    case HENG_CELL_EMPTY: return heng_clean_number(cell->text, locale, ret, err);
    case HENG_CELL_DATE: return heng_fail(err, HENG_EFORMAT, 0, "here is a date, and a number is wanted");
    case HENG_CELL_BOOLEAN: return heng_fail(err, HENG_EFORMAT, 0, "here is a yes or no, and a number is wanted");
    case HENG_CELL_ERROR:
    case HENG_CELL_KIND_COUNT: break;
    }
    return heng_fail(err, HENG_EFORMAT, 0, "the cell has no value: %.*s",
                     (int)(cell->text.n < 100 ? cell->text.n : 100), (const char *)cell->text.p);
}

heng_rc heng_sheet_cell_date(const struct heng_sheet_cell *cell, struct heng_sheet_date *ret, struct heng_err *err)
{
    switch (cell->kind) {
    case HENG_CELL_DATE:
    case HENG_CELL_NUMBER: /* a day whose column has lost its format, or 20261120 */
    case HENG_CELL_TEXT:
    case HENG_CELL_EMPTY: return heng_clean_date(cell->text, ret, err);
    case HENG_CELL_BOOLEAN: return heng_fail(err, HENG_EFORMAT, 0, "here is a yes or no, and a date is wanted");
    case HENG_CELL_ERROR:
    case HENG_CELL_KIND_COUNT: break;
    }
    return heng_fail(err, HENG_EFORMAT, 0, "the cell has no value: %.*s",
                     (int)(cell->text.n < 100 ? cell->text.n : 100), (const char *)cell->text.p);
}
