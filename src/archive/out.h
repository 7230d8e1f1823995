#ifndef HENG_ARCHIVE_OUT_H
#define HENG_ARCHIVE_OUT_H
/* An export at work: what its parts have in common. Inside of archive/ only. */
#include "archive/archive.h"
#include "base/time.h"
#include "base/zone.h"

struct exporting {
    struct heng_store_reader *reader;
    int64_t scope;
    heng_archive_table table;
    heng_archive_language language;
    const struct heng_archive_sheet *sheet;
    struct heng_sheet_writer *writer;
    struct heng_zone *zone;
    size_t column, rows; /* the next cell */
    unsigned depth;
};

enum { ARCHIVE_PAGE = 64, ARCHIVE_DEPTH_MAX = 64 };

/* ---- cells, each the next of its row: export.c ---- */
void archive_put_text(struct exporting *ex, const char *text); /* of a choice: its word */
void archive_put_empty(struct exporting *ex);
void archive_put_dec(struct exporting *ex, struct heng_dec value);
void archive_put_int(struct exporting *ex, int64_t value);
void archive_put_some(struct exporting *ex, int64_t value); /* 0: empty */
void archive_put_yes(struct exporting *ex, bool yes);
/* 0: empty. A time of day stands behind the day where it is not midnight. */
void archive_put_moment(struct exporting *ex, heng_us at_us);
/* A fraction whose denominator is made of 2 and 5, which is all that a sheet brings in. */
void archive_put_factor(struct exporting *ex, int64_t num, int64_t den);
void archive_end_row(struct exporting *ex);

/* ---- tables ---- */
heng_rc archive_put_orgs(struct exporting *ex, struct heng_err *err);      /* export_lists.c */
heng_rc archive_put_gateways(struct exporting *ex, struct heng_err *err);  /* export_lists.c */
heng_rc archive_put_lines(struct exporting *ex, struct heng_err *err);     /* export_lists.c */
heng_rc archive_put_schedules(struct exporting *ex, struct heng_err *err); /* export_lists.c */
heng_rc archive_put_relays(struct exporting *ex, struct heng_err *err);    /* export_lists.c */
/* Places, meters, former meters, sums and events, by the table of ex; place_id 0: all (export_places.c). */
heng_rc archive_put_places(struct exporting *ex, int64_t place_id, struct heng_err *err);
/* What happened at one point (export_events.c). */
heng_rc archive_put_events(struct exporting *ex, const struct heng_archive_place *place, const struct heng_point *point,
                           struct heng_err *err);

/* How a point is named (names.h). Errors: ENOTFOUND it is not there for the scope of the export. */
heng_rc archive_point_text(struct exporting *ex, int64_t point_id, char ret[static HENG_KEY_MAX], struct heng_err *err);

#endif
