#ifndef HENG_ARCHIVE_ARCHIVE_H
#define HENG_ARCHIVE_ARCHIVE_H
/* What people do with the archive: make places, one or many, move, copy and close them; put a whole building in from a
 * sheet, and take everything out into sheets. scope: the organisation that does it, 0: the operator of the system. What
 * another organisation manages is not seen, not changed and not named. Changes are made in the transaction that is
 * open; after an error it must be rolled back. */
#include "archive/columns.h"
#include "sheet/sheet.h"
#include "sheet/write.h"
#include "store/archive.h"

/* ---- places (archive_edit.c) ---- */

/* Make one: place.parent_id says where, an empty key is made out of the name.
 * Errors: ENOTFOUND the place above; ECONFLICT it is closed, or the key is taken; EDENIED a new top is the operator's;
 *         ECONFIG what is missing; ELIMIT. */
HENG_NODISCARD heng_rc heng_archive_add(struct heng_store *store, int64_t scope, struct heng_archive_place *place,
                                        struct heng_err *err);
/* Change what a place says of itself; not where it stands (move), nor whether it is open (close). */
HENG_NODISCARD heng_rc heng_archive_edit(struct heng_store *store, int64_t scope,
                                         const struct heng_archive_place *place, struct heng_err *err);

/* "12 floors x 4 flats". In name and key {floor} and {nr} stand for numbers, {nr:2} for at least two digits; in key
 * {parent} for the key above. Zeros and "" mean the usual: kind household, name "{floor}{nr:2}", key "{parent}-" and
 * the name. areas_cm2, positions: of the first, second ... flat of each floor, fewer are fine. */
enum { HENG_BULK_PER_FLOOR_MAX = 64, HENG_BULK_MAX = 20000 };
struct heng_archive_bulk {
    int64_t parent_id;
    int64_t first_floor, last_floor, per_floor;
    char kind[HENG_KIND_MAX], name[HENG_NAME_MAX], key[HENG_KEY_MAX];
    int64_t areas_cm2[HENG_BULK_PER_FLOOR_MAX];
    size_t area_count;
    char positions[HENG_BULK_PER_FLOOR_MAX][HENG_POSITION_MAX];
    size_t position_count;
    bool skip_zero; /* there is no floor 0 */
};
HENG_NODISCARD heng_rc heng_archive_bulk(struct heng_store *store, int64_t scope, const struct heng_archive_bulk *bulk,
                                         size_t *ret_made, struct heng_err *err);

/* parent_id 0: to the top, for the operator. Errors: ECONFLICT: below itself, or below what is closed. */
HENG_NODISCARD heng_rc heng_archive_move(struct heng_store *store, int64_t scope, int64_t id, int64_t parent_id,
                                         struct heng_err *err);

/* The same structure once more, with points and channels, without devices: below parent_id, under name and key. Keys
 * below that begin with the old key begin with the new one. */
HENG_NODISCARD heng_rc heng_archive_copy(struct heng_store *store, int64_t scope, int64_t id, int64_t parent_id,
                                         const char *name, const char *key, int64_t *ret_id, size_t *ret_made,
                                         struct heng_err *err);

/* with_points: close open points below at the same moment, their meters leave them; otherwise they are a reason to
 * refuse. Errors: ECONFLICT with how many there are. Reopen brings back what was closed with it, but not the meters. */
HENG_NODISCARD heng_rc heng_archive_close(struct heng_store *store, int64_t scope, int64_t id, heng_us at_us,
                                          bool with_points, struct heng_err *err);
/* The same, with whom the events at the points name. */
HENG_NODISCARD heng_rc heng_archive_close_by(struct heng_store *store, int64_t scope, int64_t id, heng_us at_us,
                                             bool with_points, const char *who, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_reopen(struct heng_store *store, int64_t scope, int64_t id, struct heng_err *err);

/* A key for a place that was given none: that of the place above, '-', the name without blanks; or where that is too
 * long or taken, one that is not to be read. */
HENG_NODISCARD heng_rc heng_archive_make_key(struct heng_store_reader *reader, const char *parent_key, const char *name,
                                             char ret_key[static HENG_KEY_MAX], struct heng_err *err);

/* ---- sheets in (archive_import.c) ---- */

typedef enum heng_archive_policy {
    HENG_ARCHIVE_REFUSE, /* what is there and differs is an error */
    HENG_ARCHIVE_CHANGE, /* it is brought to what the sheet says; an empty cell leaves what is there */
    HENG_ARCHIVE_SKIP    /* it stays as it is */
} heng_archive_policy;
/* "refuse", "change", "skip". Of a text that is none: SKIP + 1. */
const char *heng_archive_policy_text(heng_archive_policy policy);
heng_archive_policy heng_archive_policy_of(const char *text);

/* A file: a path, or bytes with a name for people. */
struct heng_archive_source {
    const char *path, *name;
    struct heng_slice bytes;
};

/* profiles: the meter models that are known; NULL: names of models are not checked. */
struct heng_profiles;
struct heng_archive_import {
    const struct heng_archive_source *sources;
    size_t source_count;
    heng_archive_language language; /* of numbers in a .csv */
    heng_archive_policy policy;
    struct heng_sheet_limits limits;
    const struct heng_profiles *profiles;
    heng_us at_us;
    const char *who; /* whom the events name that it makes; NULL: "import" */
};

/* One cell that is wrong. row 0, column 0: the sheet as a whole, the row as a whole. */
struct heng_archive_fault {
    char sheet[64], header[64], value[64], why[192];
    uint32_t row, column;
};

typedef enum heng_archive_fate {
    HENG_ARCHIVE_NEW,
    HENG_ARCHIVE_CHANGED,
    HENG_ARCHIVE_SAME,
    HENG_ARCHIVE_SKIPPED,
    HENG_ARCHIVE_FATES
} heng_archive_fate;
const char *heng_archive_fate_text(heng_archive_fate fate);

/* What a row would do or did: NEW, CHANGED or SKIPPED. what: its key or number, and for a change the columns. */
struct heng_archive_effect {
    heng_archive_table table;
    heng_archive_fate fate;
    uint32_t row;
    char what[160];
};

/* The first FAULTS_MAX faults and effects are kept, all are counted. places: counted also where a row of a meter made
 * or changed them. Zero-initialise. Owns: the lists, until fini. */
enum { HENG_ARCHIVE_FAULTS_MAX = 1000, HENG_ARCHIVE_EFFECTS_MAX = 1000 };
struct heng_archive_report {
    struct heng_archive_fault *faults;
    size_t fault_count, fault_total;
    struct heng_archive_effect *effects;
    size_t effect_count;
    int64_t counts[HENG_ARCHIVE_TABLES][HENG_ARCHIVE_FATES];
    int64_t rows;
};
void heng_archive_report_fini(struct heng_archive_report *report);

/* Read the sheets and do what they say. In one transaction that is open: the caller commits it when it is wanted and
 * there are no faults, else rolls it back: then this was the preview.
 * Errors: ECONFIG: there are faults, the report has them; ENOMEM, EIO ... of the database: nothing may be said. */
HENG_NODISCARD heng_rc heng_archive_import(struct heng_store *store, int64_t scope,
                                           const struct heng_archive_import *import,
                                           struct heng_archive_report *ret_report, struct heng_err *err);

/* ---- sheets out (archive_export.c) ---- */

/* A template: the columns of a table, with explanations and choices, and no row. */
HENG_NODISCARD heng_rc heng_archive_template(const char *path, heng_sheet_format format, heng_archive_table table,
                                             heng_archive_language language, struct heng_err *err);

/* One table of what the scope sees, at and below place_id (0: all). An import of it changes nothing. */
HENG_NODISCARD heng_rc heng_archive_export(struct heng_store_reader *reader, int64_t scope, int64_t place_id,
                                           const char *path, heng_sheet_format format, heng_archive_table table,
                                           heng_archive_language language, size_t *ret_rows, struct heng_err *err);

/* Every table, each on a sheet of its own, in one workbook (.xlsx): what the scope sees, and of the template nothing.
 * What stands in such a workbook is taken by an import in one go. */
HENG_NODISCARD heng_rc heng_archive_template_all(const char *path, heng_archive_language language,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_export_all(struct heng_store_reader *reader, int64_t scope, int64_t place_id,
                                               const char *path, heng_archive_language language, size_t *ret_rows,
                                               struct heng_err *err);

#endif
