#ifndef HENG_FLOW_VIEWS_H
#define HENG_FLOW_VIEWS_H
/* What people look at, one struct per page. Arrays and texts belong to the arena. Each view is one moment of the
 * database. Errors of all: EIO, EBUSY, ENOMEM (arena), ENOTFOUND where one thing is asked for. */
#include "base/arena.h"
#include "base/buf.h"
#include "model/condition.h"
#include "store/orders.h"
#include "store/read.h"

/* The latest value of a register. frame_id 0: none. */
struct heng_value_view {
    int64_t register_id;
    struct heng_register_key key;
    bool has_value;
    struct heng_dec dec;
    char reason[40];
    heng_us at_us;
    int64_t frame_id;
};

/* main: the register that is billed, energy or volume now. */
struct heng_meter_view {
    struct heng_meter_row row;
    bool has_main;
    struct heng_value_view main;
};

/* A reading as it comes in. */
struct heng_reading_view {
    int64_t meter_id, line_id;
    char number[HENG_NUMBER_MAX];
    heng_medium medium;
    char place[HENG_PATH_MAX];
    heng_us at_us;
    int64_t frame_id;
    bool has_main;
    struct heng_value_view main;
};

struct heng_overview {
    char site[HENG_NAME_MAX];
    struct heng_totals totals;
    struct heng_line_row
        *trouble; /* lines down, overloaded, without any answer or with missing meters, worst first, at most 100 */
    size_t trouble_n;
    struct heng_reading_view *newest; /* at most 20 */
    size_t newest_n;
};
HENG_NODISCARD heng_rc heng_view_overview(struct heng_store_reader *reader, struct heng_arena *arena,
                                          struct heng_overview *ret, struct heng_err *err);

/* site and time_zone are "" when nothing was imported yet. */
struct heng_site_health {
    char site[HENG_NAME_MAX], time_zone[64];
};
HENG_NODISCARD heng_rc heng_view_health(struct heng_store_reader *reader, struct heng_site_health *ret,
                                        struct heng_err *err);

struct heng_lines_view {
    struct heng_line_row *items;
    size_t n;
};
HENG_NODISCARD heng_rc heng_view_lines(struct heng_store_reader *reader, struct heng_arena *arena,
                                       struct heng_lines_view *ret, struct heng_err *err);

struct heng_line_events_view {
    struct heng_line_event *items;
    size_t n;
};
HENG_NODISCARD heng_rc heng_view_line_events(struct heng_store_reader *reader, struct heng_arena *arena,
                                             int64_t line_id, size_t limit, struct heng_line_events_view *ret,
                                             struct heng_err *err);

struct heng_meters_view {
    struct heng_meter_view *items;
    size_t n;
    int64_t total;
};
HENG_NODISCARD heng_rc heng_view_meters(struct heng_store_reader *reader, struct heng_arena *arena,
                                        const struct heng_meter_filter *filter, int64_t offset, size_t limit,
                                        struct heng_meters_view *ret, struct heng_err *err);

/* values: those of the newest reading, in its order; conditions: what the meter said of itself in its frames, as its
 * profile has them (profiles NULL: by the standard). */
struct heng_profiles;
struct heng_meter_detail {
    struct heng_meter_view meter;
    struct heng_value_view *values;
    size_t n;
    heng_conditions conditions;
};
HENG_NODISCARD heng_rc heng_view_meter(struct heng_store_reader *reader, struct heng_arena *arena,
                                       const struct heng_profiles *profiles, int64_t meter_id,
                                       struct heng_meter_detail *ret, struct heng_err *err);

/* One bucket of a series. count is the number of values; without one the decimals mean nothing. */
struct heng_point_view {
    heng_us at_us; /* of the last value */
    int64_t count;
    struct heng_dec last, min, max;
    bool gap; /* readings are missing between the point before and this one */
};

/* bucket_us 0: every reading is a point. */
struct heng_series_view {
    struct heng_register reg;
    int64_t bucket_us;
    struct heng_point_view *points;
    size_t n;
};

/* The register over from_us <= at < to_us in at most `limit` points. A gap is a distance of more than 2.5 periods of
 * the line (at least 2.5 x 15 s), or a reading in between without a value of the register.
 * Errors: ENOTFOUND no such meter, or no such register on it; ERANGE to_us not behind from_us; ERANGE too many readings
 *         in the range. */
HENG_NODISCARD heng_rc heng_view_series(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                                        int64_t register_id, heng_us from_us, heng_us to_us, size_t limit,
                                        struct heng_series_view *ret, struct heng_err *err);

struct heng_frames_view {
    struct heng_frame *items;
    size_t n;
};
HENG_NODISCARD heng_rc heng_view_frames(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                                        int64_t before_id, size_t limit, struct heng_frames_view *ret,
                                        struct heng_err *err);

/* decoded and fields are JSON: what heng_present_json and heng_present_fields write, as the profile of the frame's
 * meter has it; a meter without one is recognised by the frame. profiles NULL: by the standard. */
struct heng_frame_detail {
    struct heng_frame frame;
    const char *decoded, *fields;
};
HENG_NODISCARD heng_rc heng_view_frame(struct heng_store_reader *reader, struct heng_arena *arena,
                                       const struct heng_profiles *profiles, int64_t frame_id,
                                       struct heng_frame_detail *ret, struct heng_err *err);

struct heng_places_view {
    struct heng_place *items;
    size_t n;
};
HENG_NODISCARD heng_rc heng_view_places(struct heng_store_reader *reader, struct heng_arena *arena,
                                        struct heng_places_view *ret, struct heng_err *err);

struct heng_commands_view {
    struct heng_command_row *items;
    size_t n;
};
HENG_NODISCARD heng_rc heng_view_commands(struct heng_store_reader *reader, struct heng_arena *arena, int64_t meter_id,
                                          int64_t line_id, int64_t before_id, size_t limit,
                                          struct heng_commands_view *ret, struct heng_err *err);

/* A meter of a search beside the archive: found and known there, found only, in the archive only, or one of several
 * with the same address. meter_id 0: not in the archive; at_us 0: not found. */
typedef enum heng_search_status {
    HENG_SEARCH_STATUS_KNOWN,
    HENG_SEARCH_STATUS_NEW,
    HENG_SEARCH_STATUS_MISSING,
    HENG_SEARCH_STATUS_TWIN
} heng_search_status;
struct heng_search_item {
    heng_search_status status;
    struct heng_search_found found;
    int64_t meter_id;
    heng_us at_us;
};

/* The newest search of a line, or the newest of a kind (COUNT: any). Missing ones stand behind those found, and only
 * those that this kind of search could have found. Errors: ENOTFOUND, there was none. */
struct heng_search_view {
    struct heng_search_row search;
    struct heng_search_item *items;
    size_t n;
};
HENG_NODISCARD heng_rc heng_view_search(struct heng_store_reader *reader, struct heng_arena *arena, int64_t line_id,
                                        heng_search_kind kind, struct heng_search_view *ret, struct heng_err *err);

/* Is the meter that was found this one of the archive? By its number, or by its address as the archive writes it:
 * primary or secondary, digits that are not known as F. */
bool heng_search_is(const struct heng_search_found *found, const struct heng_meter_config *meter);

/* True for the register that is billed: now, no tariff, no qualifier (electricity: or "forward"), energy for what
 * heats, cools or powers, volume for water and gas. */
bool heng_is_main_register(heng_medium medium, const struct heng_register_key *key);

#endif
