#ifndef HENG_STORE_READ_H
#define HENG_STORE_READ_H
/* What can be asked. Errors of all: EIO, EFORMAT (damaged), EBUSY; ENOTFOUND where one thing is asked for. */
#include "base/slice.h"
#include "store/store.h"

/* ret_text has cap bytes. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_setting(struct heng_store_reader *reader, const char *name, char *ret_text,
                                              size_t cap, struct heng_err *err);

struct heng_totals {
    int64_t meters, meters_ok, meters_missing, meters_never;
    int64_t lines, lines_trouble; /* trouble: down, overload, no load */
    int64_t readings, conflicts;
};
HENG_NODISCARD heng_rc heng_store_totals(struct heng_store_reader *reader, struct heng_totals *ret,
                                         struct heng_err *err);

HENG_NODISCARD heng_rc heng_store_find_place(struct heng_store_reader *reader, const char *key, struct heng_place *ret,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_line(struct heng_store_reader *reader, const char *key, int64_t *ret_id,
                                            struct heng_err *err);

/* A line as set up, with its state and its meters counted. gateway_id: who reads it, 0: we do. */
struct heng_line_row {
    struct heng_line_config config;
    struct heng_line_status status;
    int64_t meters, meters_ok, gateway_id;
};
HENG_NODISCARD heng_rc heng_store_get_line(struct heng_store_reader *reader, int64_t line_id, struct heng_line_row *ret,
                                           struct heng_err *err);

/* Lines by id, at most cap of them: those behind after_id. */
HENG_NODISCARD heng_rc heng_store_list_lines(struct heng_store_reader *reader, int64_t after_id,
                                             struct heng_line_row *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);

/* The same, of those that one gateway reads; gateway_id 0: ours. */
HENG_NODISCARD heng_rc heng_store_list_gateway_lines(struct heng_store_reader *reader, int64_t gateway_id,
                                                     int64_t after_id, struct heng_line_row *ret, size_t cap,
                                                     size_t *ret_n, struct heng_err *err);

/* Who reads this line; 0: we do. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_line_gateway(struct heng_store_reader *reader, int64_t line_id, int64_t *ret,
                                               struct heng_err *err);

/* What happened to a line, newest first. */
HENG_NODISCARD heng_rc heng_store_list_line_events(struct heng_store_reader *reader, int64_t line_id,
                                                   struct heng_line_event *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);

/* Place by id, and all places by id behind after_id. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_place(struct heng_store_reader *reader, int64_t place_id, struct heng_place *ret,
                                            struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_places(struct heng_store_reader *reader, int64_t after_id,
                                              struct heng_place *ret, size_t cap, size_t *ret_n, struct heng_err *err);

/* All schedules, at most cap. */
HENG_NODISCARD heng_rc heng_store_list_schedules(struct heng_store_reader *reader, struct heng_schedule *ret,
                                                 size_t cap, size_t *ret_n, struct heng_err *err);

/* The relays of a line, at most cap. */
HENG_NODISCARD heng_rc heng_store_list_line_relays(struct heng_store_reader *reader, int64_t line_id,
                                                   struct heng_relay_config *ret, size_t cap, size_t *ret_n,
                                                   struct heng_err *err);

/* Ids by name. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_find_schedule(struct heng_store_reader *reader, const char *name, int64_t *ret_id,
                                                struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_find_relay(struct heng_store_reader *reader, int64_t line_id, const char *name,
                                             int64_t *ret_id, struct heng_err *err);

/* The meters that hang on lines and measure at a place or below it, by line, at most cap. */
struct heng_place_member {
    int64_t device_id, line_id;
};
HENG_NODISCARD heng_rc heng_store_list_place_members(struct heng_store_reader *reader, int64_t place_id,
                                                     struct heng_place_member *ret, size_t cap, size_t *ret_n,
                                                     struct heng_err *err);

/* The meters on lines, by line and address as a round asks them, at most cap: those of lines behind after_line or of
 * after_line itself behind after_device. */
HENG_NODISCARD heng_rc heng_store_list_members(struct heng_store_reader *reader, int64_t after_line,
                                               int64_t after_device, struct heng_meter_config *ret, size_t cap,
                                               size_t *ret_n, struct heng_err *err);

/* Those of one line, behind after_device. */
HENG_NODISCARD heng_rc heng_store_list_line_members(struct heng_store_reader *reader, int64_t line_id,
                                                    int64_t after_device, struct heng_meter_config *ret, size_t cap,
                                                    size_t *ret_n, struct heng_err *err);

/* A meter with its place, its line and its state. line_id 0: on no line. */
struct heng_meter_row {
    struct heng_device device;
    char address[24];
    char place[HENG_PATH_MAX];
    int64_t line_id;
    char line_name[HENG_NAME_MAX];
    struct heng_device_state state;
    uint32_t position; /* 0: not known */
    char relay[48], schedule[48];
};
HENG_NODISCARD heng_rc heng_store_get_meter(struct heng_store_reader *reader, int64_t device_id,
                                            struct heng_meter_row *ret, struct heng_err *err);

/* search: part of a number, address or place name, "" for all; line_id 0, medium and state COUNT: all; place_id: there
 * or below, 0: everywhere. */
struct heng_meter_filter {
    const char *search;
    int64_t line_id;
    heng_medium medium;
    heng_meter_state state;
    int64_t place_id;
};

/* One page of meters by id, and how many match at all. */
HENG_NODISCARD heng_rc heng_store_list_meters(struct heng_store_reader *reader, const struct heng_meter_filter *filter,
                                              int64_t offset, struct heng_meter_row *ret, size_t cap, size_t *ret_n,
                                              int64_t *ret_total, struct heng_err *err);

/* The meters that were read last, newest first. */
HENG_NODISCARD heng_rc heng_store_list_newest(struct heng_store_reader *reader, struct heng_meter_row *ret, size_t cap,
                                              size_t *ret_n, struct heng_err *err);

/* All registers of a device, at most cap. */
enum { HENG_REGISTERS_MAX = 1024 };
HENG_NODISCARD heng_rc heng_store_list_registers(struct heng_store_reader *reader, int64_t device_id,
                                                 struct heng_register *ret, size_t cap, size_t *ret_n,
                                                 struct heng_err *err);

HENG_NODISCARD heng_rc heng_store_get_reading(struct heng_store_reader *reader, int64_t device_id, heng_us at_us,
                                              heng_source source, struct heng_reading *ret, struct heng_err *err);

/* A walk over the readings of a device, oldest first. One walk per reader at a time; end it before the reader ends.
 * packed is borrowed until the next step: heng_reading_pick and heng_reading_unpack (store/pack.h) open it. */
struct heng_reading_scan {
    struct heng_store_reader *reader;
    heng_us at_us;
    heng_source source;
    heng_quality quality;
    int64_t first_frame;
    uint16_t frame_count;
    struct heng_slice packed;
    heng_us due_us;
    bool partial;
    int64_t device_id, after_source; /* how the walk goes on, page by page */
    heng_us to_us;
    size_t in_page;
};

/* Readings with from_us <= at < to_us. */
HENG_NODISCARD heng_rc heng_reading_scan_begin(struct heng_reading_scan *scan, struct heng_store_reader *reader,
                                               int64_t device_id, heng_us from_us, heng_us to_us, struct heng_err *err);
/* Errors: ENOTFOUND at the end. */
HENG_NODISCARD heng_rc heng_reading_scan_next(struct heng_reading_scan *scan, struct heng_err *err);
void heng_reading_scan_end(struct heng_reading_scan *scan);

HENG_NODISCARD heng_rc heng_store_get_frame(struct heng_store_reader *reader, int64_t frame_id, struct heng_frame *ret,
                                            struct heng_err *err);

/* Frames of a device, newest first, with an id below before_id (0: from the newest). */
HENG_NODISCARD heng_rc heng_store_list_frames(struct heng_store_reader *reader, int64_t device_id, int64_t before_id,
                                              struct heng_frame *ret, size_t cap, size_t *ret_n, struct heng_err *err);

#endif
