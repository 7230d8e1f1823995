#ifndef HENG_ARCHIVE_INSIDE_H
#define HENG_ARCHIVE_INSIDE_H
/* An import at work: what its parts have in common. Inside of archive/ only. */
#include "archive/archive.h"
#include "base/time.h"
#include "base/zone.h"
#include "store/events.h"

/* What a cell says. text: as it is kept, of a choice its word. */
struct archive_cell {
    bool given;
    char text[HENG_NOTE_MAX];
    int64_t whole;
    struct heng_dec number;
    struct heng_sheet_date date;
    heng_us at_us;
};

/* bad: it has a fault, or refers to a row that has one, and is not applied. changed: columns that say something else
 * than what is there, a bit each. */
struct archive_row {
    uint32_t number;
    bool bad;
    uint64_t changed;
    struct archive_cell cells[HENG_ARCHIVE_COLUMNS_MAX];
};

/* What the sheets have said so far: rows by a hash of table and key; mask: attributes, by who asks. A hash that two
 * keys share, one in 2^64, is told as a key that stands twice. */
struct archive_seen_entry {
    uint64_t hash;
    uint32_t row, mask;
};
struct archive_seen {
    struct archive_seen_entry *entries;
    size_t n, cap;
};

/* A meter takes its address when all have left theirs, so that two can change places. */
struct archive_member {
    int64_t device_id, line_id, schedule_id, relay_id;
    uint32_t position, row;
    char address[HENG_ADDRESS_MAX];
};

/* The main meter of a point, or (is_check) its check meter, may stand further down. */
struct archive_main {
    int64_t point_id;
    uint32_t row;
    bool is_check;
    char main[HENG_KEY_MAX];
};

/* An installation of which the sheet of events may say more: told when that has been read. */
struct archive_told {
    int64_t point_id, device_id, former_point, factor_num, factor_den;
    heng_us from_us;
    struct heng_dec index;
    bool has_index;
    uint8_t digits;
    uint32_t row;
};

/* An event that says that a device came or went: the installations must say so, too. */
struct archive_claim {
    int64_t event_id;
    uint32_t row;
};

/* The events of the point whose rows are being read. known: those that were there, each taken by one row at most;
 * ids: of the rows, by their number. */
enum { ARCHIVE_EVENTS_MAX = 4096 };
struct archive_happened {
    int64_t point_id;
    size_t known_n;
    struct heng_point_event *known;
    bool taken[ARCHIVE_EVENTS_MAX];
    int64_t ids[ARCHIVE_EVENTS_MAX + 1];
};

enum { ARCHIVE_LEVELS = 4 }; /* area, building, unit, flat */

struct importing {
    struct heng_store *store;
    struct heng_store_reader *reader;
    int64_t scope;
    const struct heng_archive_import *import;
    struct heng_archive_report *report;
    struct heng_zone *zone;
    struct heng_sheet_locale locale;
    heng_archive_table table;
    const struct heng_archive_sheet *sheet;
    char sheet_name[64];
    uint32_t at[HENG_ARCHIVE_COLUMNS_MAX]; /* where the columns stand, 0: not there */
    struct archive_seen seen;
    struct archive_member *members;
    size_t member_n, member_cap;
    struct archive_main *mains;
    size_t main_n, main_cap;
    char chain_names[ARCHIVE_LEVELS - 1][HENG_NAME_MAX]; /* of the row before, and where they led */
    struct heng_archive_place chain_end;
    bool chain_known, gateways_changed, relays_changed, has_events, points_only;
    struct archive_told *told;
    size_t told_n, told_cap;
    struct archive_claim *claims;
    size_t claim_n, claim_cap;
    struct archive_happened *happened;
    struct archive_row row;
};

/* ---- row.c ---- */

/* Something is wrong with a cell (column: its index in the table) or with the row (NO_COLUMN). */
enum { ARCHIVE_NO_COLUMN = -1 };
void archive_fault(struct importing *im, uint32_t row, int column, const char *value, const char *fmt, ...)
    HENG_PRINTF(5, 6);
/* The same for the row at work, with the value of the cell. */
void archive_row_fault(struct importing *im, int column, const char *fmt, ...) HENG_PRINTF(3, 4);

/* A copy, cut at a whole character. */
void archive_keep_text(char *to, size_t cap, const char *from);

/* Read the cells of a row; what is wrong with them are faults. */
void archive_row_read(struct importing *im, const struct heng_sheet_row *from);

static inline const char *archive_text(const struct importing *im, int column) { return im->row.cells[column].text; }
static inline bool archive_given(const struct importing *im, int column) { return im->row.cells[column].given; }

/* Lay what a cell says over what is there; what differs is noted in row.changed. */
void archive_over_text(struct importing *im, int column, char *to, size_t cap);
void archive_over_int(struct importing *im, int column, int64_t *to, int64_t value);

/* What is to be done with the row, by what differs and the policy; counts and keeps it. True: apply it. */
bool archive_decide(struct importing *im, heng_archive_table table, bool is_new, const char *what);

/* FNV-1a over a tag and a text. */
uint64_t archive_hash(uint64_t tag, const char *text);
/* The entry of a hash, made when it is not there (then row is 0). NULL: no memory. */
struct archive_seen_entry *archive_seen_at(struct archive_seen *seen, uint64_t hash);
/* A key of this table: a fault when it stood before. False: it did, or there is no memory. */
bool archive_key_once(struct importing *im, heng_archive_table table, int column, const char *key);
/* Was there a row for this key, if only a bad one? Then what refers to it is bad for the same reason, already told. */
bool archive_key_seen(struct importing *im, heng_archive_table table, const char *key);
bool archive_hash_seen(const struct importing *im, uint64_t hash);

/* Is it the same moment, as precisely as the cell says it? */
bool archive_same_moment(const struct importing *im, const struct archive_cell *cell, heng_us at_us);

/* A key of an organisation into its id; "" is 0. False: a fault. */
heng_rc archive_org_of(struct importing *im, int column, int64_t *ret, struct heng_err *err);

/* ---- one row into the database: import_hang.c, _plans.c, _places.c, _meters.c, _sums.c, _events.c ---- */
heng_rc archive_take_org(struct importing *im, struct heng_err *err);
heng_rc archive_take_gateway(struct importing *im, struct heng_err *err);
heng_rc archive_take_line(struct importing *im, struct heng_err *err);
heng_rc archive_take_schedule(struct importing *im, struct heng_err *err);
heng_rc archive_take_relay(struct importing *im, struct heng_err *err);
heng_rc archive_take_place(struct importing *im, struct heng_err *err);
heng_rc archive_take_meter(struct importing *im, struct heng_err *err);
heng_rc archive_take_past(struct importing *im, struct heng_err *err);
heng_rc archive_take_virtual(struct importing *im, struct heng_err *err);
heng_rc archive_take_event(struct importing *im, struct heng_err *err);

/* The place that a row of a meter is about, made or changed where it has to be; id 0: a fault. */
heng_rc archive_place_of_meter(struct importing *im, struct heng_archive_place *ret, struct heng_err *err);
/* The point of a key or of a meter's number. Errors: ENOTFOUND, ECONFLICT. */
heng_rc archive_point_of(struct importing *im, const char *text, int64_t *ret, struct heng_err *err);
/* The device of a number and maker. A maker that is left out is that of the only device with this number and protocol
 * (COUNT: any). Errors: ENOTFOUND. */
heng_rc archive_device_of(struct importing *im, const char *number, const char *maker, heng_protocol protocol,
                          struct heng_archive_device *ret, struct heng_err *err);
/* The line that a row of a meter names, made where the row says how; 0: a fault. */
heng_rc archive_line_of_meter(struct importing *im, int64_t *ret, struct heng_err *err);
/* Room for one more in a list. */
bool archive_grow(void **list, size_t n, size_t *cap, size_t size);
/* The record of a new installation, now or when the sheet of events has been read. */
heng_rc archive_tell(struct importing *im, const struct archive_told *told, struct heng_err *err);
heng_rc archive_end_events(struct importing *im, struct heng_err *err);
/* Who brings the sheets in. */
const char *archive_who(const struct importing *im);
/* multiplier as a fraction: 1 when the cell is empty. False: a fault. */
bool archive_factor_of(struct importing *im, int column, int64_t *ret_num, int64_t *ret_den);
/* When all rows are taken: addresses and main meters. */
heng_rc archive_take_members(struct importing *im, struct heng_err *err);
heng_rc archive_take_mains(struct importing *im, struct heng_err *err);

#endif
