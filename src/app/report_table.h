#ifndef HENG_APP_REPORT_TABLE_H
#define HENG_APP_REPORT_TABLE_H
/* A table for people or for programs on standard output: columns side by side, or CSV (RFC 4180; a text that a
 * spreadsheet would take for a formula gets an apostrophe). */
#include "base/buf.h"
#include "base/dec.h"
#include "vee/verdict.h"

enum { HENG_TABLE_COLUMNS_MAX = 20, HENG_TABLE_BYTES_MAX = 256 << 20 };

/* Owns: cells, until heng_table_print. */
struct heng_table {
    bool csv;
    size_t columns, count;                  /* cells so far, titles first */
    unsigned width[HENG_TABLE_COLUMNS_MAX]; /* in places of a terminal: a Chinese character is two */
    struct heng_str cells;                  /* NUL-terminated one behind the other; numbers begin with a tabulator */
};

/* titles: separated by '|'. */
void heng_table_begin(struct heng_table *table, bool csv, const char *titles);
void heng_table_text(struct heng_table *table, const char *text);
void heng_table_int(struct heng_table *table, int64_t number);
void heng_table_dec(struct heng_table *table, struct heng_dec number);
void heng_table_opt(struct heng_table *table, struct heng_opt_dec number); /* empty: not there */
/* Print it and give the memory back. False when standard output or the memory did not take it. */
bool heng_table_print(struct heng_table *table);

#endif
