#ifndef HENG_ARCHIVE_COLUMNS_H
#define HENG_ARCHIVE_COLUMNS_H
/* The sheets of the archive as data: which tables there are, their columns with the header and the explanation in each
 * language, and the words that a cell may hold. Import, export and templates are made of nothing else. */
#include "archive/column_list.h"
#include "base/slice.h"

typedef enum heng_archive_language {
    HENG_ARCHIVE_ZH,
    HENG_ARCHIVE_EN,
    HENG_ARCHIVE_DE,
    HENG_ARCHIVE_LANGUAGES
} heng_archive_language;

/* "zh", "en", "de". LANGUAGES: none of them. */
const char *heng_archive_language_text(heng_archive_language language);
heng_archive_language heng_archive_language_of(const char *text);

/* In the order in which an import takes them: what is named later may refer to what was named before. */
typedef enum heng_archive_table {
    HENG_ARCHIVE_ORGS,
    HENG_ARCHIVE_GATEWAYS,
    HENG_ARCHIVE_LINES,
    HENG_ARCHIVE_SCHEDULES,
    HENG_ARCHIVE_RELAYS,
    HENG_ARCHIVE_PLACES,
    HENG_ARCHIVE_METERS,
    HENG_ARCHIVE_PAST,
    HENG_ARCHIVE_VIRTUAL,
    HENG_ARCHIVE_EVENTS,
    HENG_ARCHIVE_TABLES
} heng_archive_table;

typedef enum heng_archive_kind {
    HENG_ARCHIVE_TEXT,   /* as typed, without blanks around it */
    HENG_ARCHIVE_KEY,    /* full-width forms made plain */
    HENG_ARCHIVE_WHOLE,  /* a whole number */
    HENG_ARCHIVE_NUMBER, /* a decimal number */
    HENG_ARCHIVE_DAY,    /* a date, with or without a time of day */
    HENG_ARCHIVE_CHOICE, /* one of the words */
    HENG_ARCHIVE_INFO    /* for the reader; an import does not look at it */
} heng_archive_kind;

/* word: as in the database and in the API; it is understood in a cell in every language. */
struct heng_archive_choice {
    const char *word;
    const char *title[HENG_ARCHIVE_LANGUAGES];
};

/* most: bytes of a text, without its NUL. also: other headers that people use, separated by '|'. */
struct heng_archive_column {
    const char *key;
    heng_archive_kind kind;
    bool required;
    size_t most;
    int64_t low, high; /* of a number */
    const struct heng_archive_choice *choices;
    size_t choice_count;
    const char *title[HENG_ARCHIVE_LANGUAGES];
    const char *also;
    const char *note[HENG_ARCHIVE_LANGUAGES];
};

struct heng_archive_sheet {
    const char *key;
    const char *title[HENG_ARCHIVE_LANGUAGES];
    const struct heng_archive_column *columns;
    size_t column_count;
};

const struct heng_archive_sheet *heng_archive_sheet_of(heng_archive_table table);
heng_archive_table heng_archive_table_of(const char *key); /* TABLES: none */

/* Name of the sheet with the explanations. */
const char *heng_archive_notes_title(heng_archive_language language);

/* What stands for a point that who exports may not see. */
const char *heng_archive_hidden_text(heng_archive_language language);

/* The column that a header means, in whatever language; column_count: none. Blanks, case, full-width forms, stars and
 * what stands in brackets do not matter. */
size_t heng_archive_find_column(const struct heng_archive_sheet *sheet, struct heng_slice header);

/* The word that a cell means, in whatever language; NULL: none of them. */
const char *heng_archive_find_choice(const struct heng_archive_column *column, struct heng_slice cell);
const char *heng_archive_choice_title(const struct heng_archive_column *column, const char *word,
                                      heng_archive_language language);

enum { HENG_ARCHIVE_COLUMNS_MAX = 40 };

#endif
