#ifndef HENG_USAGE_QUALITY_H
#define HENG_USAGE_QUALITY_H
/* How well meters are read: success by day, line, gateway and building, the matrix of meters and days, who is missing
 * and why, who is lost. Definitions: docs/analysis.md. Arrays and texts belong to the arena. scope: the organisation
 * that asks, 0: the operator. Errors of all: EIO, EBUSY, ENOMEM (arena); ERANGE for a period that cannot be. */
#include "base/arena.h"
#include "store/quality.h"
#include "vee/day.h"
#include "vee/success.h"

enum { HENG_QUALITY_DAYS_MAX = 400, HENG_MATRIX_DAYS_MAX = 62, HENG_MATRIX_METERS_MAX = 500 };

/* The days of the site, by its zone. Owns: zone, until heng_site_days_fini. */
struct heng_site_days {
    struct heng_zone *zone;
    struct heng_day_rule rule;
};
HENG_NODISCARD heng_rc heng_site_days_init(struct heng_site_days *days, struct heng_store_reader *reader,
                                           struct heng_err *err);
void heng_site_days_fini(struct heng_site_days *days);

/* A date of 1990 .. 2199 as 2026-11-01, or a month as 2026-11, which gives its first day. Back: heng_date_format. */
bool heng_date_parse(const char *text, heng_day *ret);
bool heng_month_parse(const char *text, heng_day *ret);

/* A period [from, to) as people write it; NULL: to is today, from is 30 days before it. Errors: ERANGE no such date. */
HENG_NODISCARD heng_rc heng_period_parse(const struct heng_site_days *days, heng_us now_us, const char *from,
                                         const char *to, heng_day *ret_from, heng_day *ret_to, struct heng_err *err);

/* X(symbol, text): what a line of the report is about. */
#define HENG_QUALITY_BY_LIST(X)                                                                                        \
    X(DAY, "day")                                                                                                      \
    X(LINE, "line")                                                                                                    \
    X(GATEWAY, "gateway")                                                                                              \
    X(BUILDING, "building")
typedef enum heng_quality_by {
#define X(symbol, text) HENG_QUALITY_BY_##symbol,
    HENG_QUALITY_BY_LIST(X)
#undef X
        HENG_QUALITY_BY_COUNT
} heng_quality_by;
const char *heng_quality_by_text(heng_quality_by by);
heng_quality_by heng_quality_by_of(const char *text); /* COUNT when unknown */

/* Days [from, to); line, gateway, place (and below) and meter 0: all. A day that begins after now_us has not come: no
 * meter is due on it; 0: it does not matter when one asks. */
struct heng_quality_ask {
    int64_t scope, line_id, gateway_id, place_id, device_id;
    heng_day from, to;
    heng_us now_us;
};

/* id: of the line, gateway (0: read by the centre) or building; the day itself. Counts are of meters on days. */
struct heng_quality_group {
    int64_t id;
    const char *name;
    struct heng_success_count count;
    struct heng_success rates;
};
struct heng_quality_view {
    struct heng_quality_group *items; /* days in order; others by success, the worst first */
    size_t n;
    struct heng_quality_group all;
};
HENG_NODISCARD heng_rc heng_view_read_success(struct heng_store_reader *reader, struct heng_arena *arena,
                                              const struct heng_site_days *days, const struct heng_quality_ask *ask,
                                              heng_quality_by by, struct heng_quality_view *ret, struct heng_err *err);

/* One letter for each day: '.' not planned, 'f' in the first try, 'r' later, 'e' estimated, 'm' missing. */
struct heng_matrix_row {
    int64_t device_id;
    const char *number, *place, *line_name;
    char *cells;
};
/* Meters behind after_id, at most HENG_MATRIX_METERS_MAX, days at most HENG_MATRIX_DAYS_MAX (ELIMIT). */
struct heng_matrix_view {
    struct heng_matrix_row *items;
    size_t n;
};
HENG_NODISCARD heng_rc heng_view_read_matrix(struct heng_store_reader *reader, struct heng_arena *arena,
                                             const struct heng_site_days *days, const struct heng_quality_ask *ask,
                                             int64_t after_id, struct heng_matrix_view *ret, struct heng_err *err);

/* A meter that was due on a day and has no measured value. reason: "gateway-lost" (it does not speak now), "not-asked",
 * or how the last try of that day ended (heng_outcome_text). line_missing of line_planned meters of its line are
 * missing on that day, too. */
struct heng_missing_row {
    int64_t device_id, line_id, gateway_id, line_planned, line_missing;
    const char *number, *place, *line_name, *reason;
    heng_medium medium;
    bool estimated;
};
struct heng_missing_view {
    struct heng_missing_row *items; /* by line and meter */
    size_t n;
    int64_t planned;
};
/* The day ask->from. */
HENG_NODISCARD heng_rc heng_view_missing(struct heng_store_reader *reader, struct heng_arena *arena,
                                         const struct heng_site_days *days, const struct heng_quality_ask *ask,
                                         heng_us now_us, struct heng_missing_view *ret, struct heng_err *err);

/* When a meter or a gateway is lost. */
struct heng_lost_limits {
    heng_us meter_us, gateway_us;
};
extern const struct heng_lost_limits heng_lost_limits_default; /* 24 h, 30 min */

struct heng_lost_meter_view {
    struct heng_lost_meter_row row;
    heng_lost lost;
};
/* alarms: meters that are lost and whose gateway is not. */
struct heng_lost_view {
    struct heng_lost_meter_view *meters;
    struct heng_lost_gateway_row *gateways;
    size_t meter_n, gateway_n, alarms;
};
HENG_NODISCARD heng_rc heng_view_lost(struct heng_store_reader *reader, struct heng_arena *arena, int64_t scope,
                                      heng_us now_us, const struct heng_lost_limits *limits, struct heng_lost_view *ret,
                                      struct heng_err *err);

#endif
