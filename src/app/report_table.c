#include "app/report_table.h"

#include <stdio.h>
#include <string.h>

/* Places that a text takes: characters of the wide blocks (CJK, full width) take two, bytes that go on none. */
static unsigned places_of(const char *text)
{
    unsigned places = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if ((*p & 0xC0) == 0x80) continue;
        bool wide = *p >= 0xE3 && *p <= 0xED; /* U+3000 .. U+DFFF */
        if (*p == 0xEF) wide = p[1] >= 0xBC;  /* U+FF00 .. */
        if (*p >= 0xF0) wide = true;
        places += wide ? 2 : 1;
    }
    return places;
}

static void put_cell(struct heng_table *table, bool number, const char *text)
{
    size_t column = table->count++ % table->columns;
    unsigned places = places_of(text);
    if (places > table->width[column]) table->width[column] = places;
    if (number) heng_str_put(&table->cells, "\t", 1);
    heng_str_put(&table->cells, text, strlen(text) + 1);
}

void heng_table_begin(struct heng_table *table, bool csv, const char *titles)
{
    *table = (struct heng_table){.csv = csv, .columns = 1, .cells = {.max = HENG_TABLE_BYTES_MAX}};
    for (const char *p = titles; *p; p++) table->columns += *p == '|';
    if (table->columns > HENG_TABLE_COLUMNS_MAX) table->columns = HENG_TABLE_COLUMNS_MAX;
    for (size_t i = 0; i < table->columns; i++) {
        char title[64] = "";
        size_t n = strcspn(titles, "|");
        memcpy(title, titles, n < sizeof title ? n : sizeof title - 1);
        put_cell(table, false, title);
        titles += n + (titles[n] != '\0');
    }
}

/* A tabulator, which marks numbers, and line ends have no place in a cell. */
void heng_table_text(struct heng_table *table, const char *text)
{
    char plain[1024];
    size_t n = 0;
    for (; text[n] && n < sizeof plain - 1; n++) plain[n] = (unsigned char)text[n] < ' ' ? ' ' : text[n];
    while (n > 0 && text[n] && ((unsigned char)text[n] & 0xC0) == 0x80) n--; /* not in the middle of a character */
    plain[n] = '\0';
    put_cell(table, false, plain);
}

void heng_table_int(struct heng_table *table, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    put_cell(table, true, text);
}

void heng_table_dec(struct heng_table *table, struct heng_dec number)
{
    char text[HENG_DEC_TEXT_MAX];
    heng_dec_format(number, text);
    put_cell(table, true, text);
}

void heng_table_opt(struct heng_table *table, struct heng_opt_dec number)
{
    if (number.is)
        heng_table_dec(table, number.dec);
    else
        put_cell(table, true, "");
}

static void print_csv(const char *text, bool number)
{
    bool formula = !number && *text && strchr("=+-@", *text), quoted = strpbrk(text, ",\"") || formula;
    if (quoted) putchar('"');
    if (formula) putchar('\'');
    for (; *text; text++) {
        if (*text == '"') putchar('"');
        putchar(*text);
    }
    if (quoted) putchar('"');
}

static void print_plain(const char *text, bool number, unsigned width, bool last)
{
    unsigned places = places_of(text), fill = width > places ? width - places : 0;
    printf("%*s%s%*s", number ? (int)fill : 0, "", text, number || last ? 0 : (int)fill, "");
    if (!last) fputs("  ", stdout);
}

bool heng_table_print(struct heng_table *table)
{
    const char *p = table->cells.text;
    bool good = table->cells.rc == HENG_OK;
    for (size_t i = 0; good && i < table->count; i++) {
        bool number = *p == '\t', last = (i + 1) % table->columns == 0;
        p += number;
        if (table->csv)
            print_csv(p, number);
        else
            print_plain(p, number, table->width[i % table->columns], last);
        if (last) fputs(table->csv ? "\r\n" : "\n", stdout);
        if (!last && table->csv) putchar(',');
        p += strlen(p) + 1;
    }
    heng_str_fini(&table->cells);
    return fflush(stdout) == 0 && good;
}
