#ifndef HENG_STORE_QUALITY_H
#define HENG_STORE_QUALITY_H
/* What the analyses ask: how meters were read day by day, who is lost, what points used that measure each other again.
 * scope: the organisation that asks; 0: the operator, who sees all. What another one manages is not found, and in no
 * list. Errors of all: EIO, EFORMAT (damaged), EBUSY. Days are local ones of the site, as days since 1970. */
#include "model/quantity.h"
#include "store/store.h"

/* How one read went, to be counted on its day. planned: it was due, nobody had to order it. reason: '' when answered.
 */
struct heng_read_note {
    int64_t device_id, line_id;
    int32_t day;
    bool planned, first, answered;
    const char *reason;
};
/* In an open transaction. */
HENG_NODISCARD heng_rc heng_store_note_read(struct heng_store *store, const struct heng_read_note *note,
                                            struct heng_err *err);

/* A day and whose meters; 0 for all. until_us: end of the day; bits: of it in struct heng_schedule. */
struct heng_quality_filter {
    int64_t scope;
    int32_t day;
    heng_us until_us;
    uint32_t bits;
    int64_t line_id, gateway_id, place_id, device_id;
};

/* One meter on one day. planned: it was due; first, answered: see read_day in sql/; asked: there is news of that day.
 * estimated: its point has an estimate for the day. line_id, gateway_id 0: none. */
struct heng_quality_row {
    int64_t device_id, line_id, gateway_id, place_id;
    char number[HENG_NUMBER_MAX], line_name[HENG_NAME_MAX], place[HENG_PATH_MAX], reason[24];
    heng_medium medium;
    bool planned, first, answered, asked, estimated;
};
/* By meter, those behind after_id. */
HENG_NODISCARD heng_rc heng_store_list_quality(struct heng_store_reader *reader,
                                               const struct heng_quality_filter *filter, int64_t after_id,
                                               struct heng_quality_row *ret, size_t cap, size_t *ret_n,
                                               struct heng_err *err);

/* The building of a place, or the root above it. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_building_of(struct heng_store_reader *reader, int64_t place_id, int64_t *ret_id,
                                              char ret_path[HENG_PATH_MAX], struct heng_err *err);

/* A meter that was not read for long. gateway_id 0: we read it; gateway_us: when that gateway spoke last, 0: never. */
struct heng_lost_meter_row {
    int64_t device_id, line_id, gateway_id;
    char number[HENG_NUMBER_MAX], line_name[HENG_NAME_MAX], place[HENG_PATH_MAX];
    heng_medium medium;
    heng_us last_read_us, gateway_us;
    heng_outcome last_outcome; /* COUNT: never tried */
};
HENG_NODISCARD heng_rc heng_store_list_lost_meters(struct heng_store_reader *reader, int64_t scope, heng_us since_us,
                                                   int64_t after_id, struct heng_lost_meter_row *ret, size_t cap,
                                                   size_t *ret_n, struct heng_err *err);

struct heng_lost_gateway_row {
    int64_t id, meters;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX];
    heng_us last_contact_us;
};
HENG_NODISCARD heng_rc heng_store_list_lost_gateways(struct heng_store_reader *reader, int64_t scope, heng_us since_us,
                                                     int64_t after_id, struct heng_lost_gateway_row *ret, size_t cap,
                                                     size_t *ret_n, struct heng_err *err);

/* What a point used over a stretch of days. visible false: another organisation's, and nothing else is told. doubtful:
 * the part of amount that is estimated, edited or suspect; days: those with an amount. channel_id 0: nothing is counted
 * there. worst_trust: of any day, 0 without one. */
struct heng_point_usage {
    int64_t point_id, main_id, channel_id, area_cm2, days;
    char key[HENG_KEY_MAX], name[HENG_NAME_MAX], place[HENG_PATH_MAX], serves[16];
    char accuracy[8]; /* class of the meter that was put in last; "": not known */
    heng_medium medium;
    heng_unit unit;
    bool is_virtual, visible;
    heng_us opened_us, closed_us;
    struct heng_dec amount, doubtful;
    int32_t worst_trust;
};
/* Errors: ENOTFOUND no such point; ERANGE the sum does not fit. */
HENG_NODISCARD heng_rc heng_store_point_usage(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                              int32_t from_day, int32_t to_day, struct heng_point_usage *ret,
                                              struct heng_err *err);

/* The same of the points right below a main point, behind after_id and at most cap, in two questions for all of them.
 */
HENG_NODISCARD heng_rc heng_store_below_usage(struct heng_store_reader *reader, int64_t scope, int64_t main_id,
                                              int64_t after_id, int32_t from_day, int32_t to_day,
                                              struct heng_point_usage *ret, size_t cap, size_t *ret_n,
                                              struct heng_err *err);

/* Ids behind after_id: main points at a place or below it (0: everywhere); those right below a main point, whoever
 * manages them; those like a point, to compare it with. */
HENG_NODISCARD heng_rc heng_store_list_mains(struct heng_store_reader *reader, int64_t scope, int64_t place_id,
                                             int64_t after_id, int64_t *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_below(struct heng_store_reader *reader, int64_t main_id, int64_t after_id,
                                             int64_t *ret, size_t cap, size_t *ret_n, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_list_peers(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                             int64_t after_id, int64_t *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);

struct heng_usage_term {
    int64_t of_id, factor_num, factor_den;
};
/* At most cap terms of a virtual point. */
HENG_NODISCARD heng_rc heng_store_usage_terms(struct heng_store_reader *reader, int64_t point_id,
                                              struct heng_usage_term *ret, size_t cap, size_t *ret_n,
                                              struct heng_err *err);

/* Degree days of a station ('': the first there is), in tenths, and of how many days they are known. */
HENG_NODISCARD heng_rc heng_store_degree_days(struct heng_store_reader *reader, const char *station, int32_t from_day,
                                              int32_t to_day, int64_t *ret_tenths, int64_t *ret_days,
                                              struct heng_err *err);

#endif
