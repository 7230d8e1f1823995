#ifndef HENG_STORE_USAGE_CHECK_H
#define HENG_STORE_USAGE_CHECK_H
/* What the rules over several channels have to look at, and what they see: points and groups of points with days that
 * changed, days without their intervals. Who writes needs an open transaction (store/write.h). */
#include "store/usage.h"

/* Days, both included, of a point, or of the points of a medium in a building. */
struct heng_check_due {
    int64_t id; /* of the point, or of the place */
    heng_medium medium;
    int32_t from_day, to_day;
};

/* Days of a channel changed: its point is due, and the point whose meter measures it together with others. */
HENG_NODISCARD heng_rc heng_store_check_channel(struct heng_store *store, int64_t channel_id, int32_t from_day,
                                                int32_t to_day, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_check_group(struct heng_store *store, const struct heng_check_due *due,
                                              struct heng_err *err);

/* The first that is due behind `after` (by id, then medium). Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_next_check(struct heng_store_reader *reader, int64_t after_id,
                                             struct heng_check_due *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_next_group_check(struct heng_store_reader *reader, int64_t after_id,
                                                   const char *after_medium, struct heng_check_due *ret,
                                                   struct heng_err *err);
/* Done up to a day: what is behind it is still due. */
HENG_NODISCARD heng_rc heng_store_check_done(struct heng_store *store, const struct heng_check_due *due,
                                             int32_t until_day, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_group_check_done(struct heng_store *store, const struct heng_check_due *due,
                                                   int32_t until_day, struct heng_err *err);

/* First and last day of a channel in [from_day, to_day]. Errors: ENOTFOUND there is none. */
HENG_NODISCARD heng_rc heng_store_check_days(struct heng_store_reader *reader, int64_t channel_id, int32_t from_day,
                                             int32_t to_day, int32_t *ret_first, int32_t *ret_last,
                                             struct heng_err *err);

/* A day without its intervals. */
struct heng_check_day {
    int32_t day;
    int8_t exp;
    uint8_t trust;
    bool missing;
    int64_t amount;
};
/* Days of [from_day, to_day] in order, at most cap. */
HENG_NODISCARD heng_rc heng_store_check_amounts(struct heng_store_reader *reader, int64_t channel_id, int32_t from_day,
                                                int32_t to_day, struct heng_check_day *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);

/* A main channel among others: those of equal kin are alike (what they serve, group, quantity, tariff, qualifier and
 * unit), and stand beside each other. opened_us, closed_us: of the point, 0 not known or open. */
enum { HENG_KIN_MAX = 256 };
struct heng_check_member {
    int64_t channel_id, area_cm2;
    heng_unit unit;
    int8_t exp;
    heng_us opened_us, closed_us;
    char group_name[HENG_KEY_MAX];
    char kin[HENG_KIN_MAX];
};
/* Of a medium at a place and below it. */
HENG_NODISCARD heng_rc heng_store_list_group(struct heng_store_reader *reader, int64_t place_id, heng_medium medium,
                                             struct heng_check_member *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);
/* Those that the meter of a point measures together; group_name, kin and area are not told. */
HENG_NODISCARD heng_rc heng_store_check_below(struct heng_store_reader *reader, int64_t point_id,
                                              struct heng_check_member *ret, size_t cap, size_t *ret_n,
                                              struct heng_err *err);

HENG_NODISCARD heng_rc heng_store_check_place(struct heng_store_reader *reader, int64_t point_id, int64_t *ret_place_id,
                                              heng_medium *ret_medium, struct heng_err *err);

/* The days [*ret_from, *ret_to) around a day on which one set of rules holds for a medium and group. */
HENG_NODISCARD heng_rc heng_store_rules_span(struct heng_store_reader *reader, heng_medium medium,
                                             const char *group_name, int32_t day, int32_t *ret_from, int32_t *ret_to,
                                             struct heng_err *err);

#endif
