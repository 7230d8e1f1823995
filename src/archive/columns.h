#ifndef HENG_ARCHIVE_COLUMNS_H
#define HENG_ARCHIVE_COLUMNS_H
/* The sheets of the archive as data: which tables there are, their columns with the header and the explanation in each
 * language, and the words that a cell may hold. Import, export and templates are made of nothing else. */
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
    HENG_ARCHIVE_PLACES,
    HENG_ARCHIVE_METERS,
    HENG_ARCHIVE_PAST,
    HENG_ARCHIVE_VIRTUAL,
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

/* The column that a header means, in whatever language; column_count: none. Blanks, case, full-width forms, stars and
 * what stands in brackets do not matter. */
size_t heng_archive_find_column(const struct heng_archive_sheet *sheet, struct heng_slice header);

/* The word that a cell means, in whatever language; NULL: none of them. */
const char *heng_archive_find_choice(const struct heng_archive_column *column, struct heng_slice cell);
const char *heng_archive_choice_title(const struct heng_archive_column *column, const char *word,
                                      heng_archive_language language);

enum { HENG_ORG_KEY, HENG_ORG_NAME, HENG_ORG_COLUMNS };
enum {
    HENG_GATEWAY_KEY,
    HENG_GATEWAY_NAME,
    HENG_GATEWAY_PARENT,
    HENG_GATEWAY_ORG,
    HENG_GATEWAY_JOURNAL_MB,
    HENG_GATEWAY_JOURNAL_DAYS,
    HENG_GATEWAY_COLUMNS
};
enum {
    HENG_LINE_KEY,
    HENG_LINE_NAME,
    HENG_LINE_GATEWAY,
    HENG_LINE_ORG,
    HENG_LINE_TRANSPORT,
    HENG_LINE_ENDPOINT,
    HENG_LINE_BAUD,
    HENG_LINE_PARITY,
    HENG_LINE_LATENCY,
    HENG_LINE_PERIOD,
    HENG_LINE_HEARTBEAT,
    HENG_LINE_HEARTBEAT_S,
    HENG_LINE_RTS,
    HENG_LINE_OVERLOAD,
    HENG_LINE_INFRARED,
    HENG_LINE_WAKE_BYTE,
    HENG_LINE_WAKE_MS,
    HENG_LINE_WAKE_REST_MS,
    HENG_LINE_WAKE_AFTER_S,
    HENG_LINE_QUARANTINE,
    HENG_LINE_SINGLE,
    HENG_LINE_COLUMNS
};
enum {
    HENG_PLACE_KEY,
    HENG_PLACE_PARENT,
    HENG_PLACE_KIND,
    HENG_PLACE_NAME,
    HENG_PLACE_ORG,
    HENG_PLACE_AREA,
    HENG_PLACE_FLOOR,
    HENG_PLACE_POSITION,
    HENG_PLACE_ORIENTATION,
    HENG_PLACE_RANK,
    HENG_PLACE_NOTE,
    HENG_PLACE_CLOSED,
    HENG_PLACE_COLUMNS
};
enum {
    HENG_METER_AREA_NAME,
    HENG_METER_BUILDING,
    HENG_METER_UNIT,
    HENG_METER_FLOOR,
    HENG_METER_FLAT,
    HENG_METER_KIND,
    HENG_METER_AREA,
    HENG_METER_POSITION,
    HENG_METER_ORIENTATION,
    HENG_METER_NOTE,
    HENG_METER_PLACE,
    HENG_METER_NUMBER,
    HENG_METER_MAKER,
    HENG_METER_MEDIUM,
    HENG_METER_PROTOCOL,
    HENG_METER_LINE,
    HENG_METER_ADDRESS,
    HENG_METER_PROFILE,
    HENG_METER_SCHEDULE,
    HENG_METER_RELAY,
    HENG_METER_CABLE,
    HENG_METER_FACTOR,
    HENG_METER_DIGITS,
    HENG_METER_START_INDEX,
    HENG_METER_START,
    HENG_METER_NOMINAL,
    HENG_METER_MAIN,
    HENG_METER_SERVES,
    HENG_METER_GROUP,
    HENG_METER_POINT,
    HENG_METER_POINT_NAME,
    HENG_METER_CLOSED,
    HENG_METER_PATH,
    HENG_METER_COLUMNS
};
enum {
    HENG_PAST_POINT,
    HENG_PAST_NUMBER,
    HENG_PAST_MAKER,
    HENG_PAST_FROM,
    HENG_PAST_UNTIL,
    HENG_PAST_FACTOR,
    HENG_PAST_DIGITS,
    HENG_PAST_COLUMNS
};
enum {
    HENG_VIRTUAL_POINT,
    HENG_VIRTUAL_NAME,
    HENG_VIRTUAL_PLACE,
    HENG_VIRTUAL_MEDIUM,
    HENG_VIRTUAL_SERVES,
    HENG_VIRTUAL_OF,
    HENG_VIRTUAL_NUM,
    HENG_VIRTUAL_DEN,
    HENG_VIRTUAL_COLUMNS
};
enum { HENG_ARCHIVE_COLUMNS_MAX = 40 };

#endif
