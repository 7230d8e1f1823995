#ifndef HENG_STORE_ARCHIVE_POINTS_H
#define HENG_STORE_ARCHIVE_POINTS_H
/* Metering points, their channels, sums of them (archive_point.c). */
#include "store/archive_nouns.h"

HENG_NODISCARD heng_rc heng_archive_get_point(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                              struct heng_point *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_find_point(struct heng_store_reader *reader, int64_t scope, const char *key,
                                               struct heng_point *ret, struct heng_err *err);
/* The point that the meter of a number measures. Errors: ENOTFOUND; ECONFLICT: several makers have this number. */
HENG_NODISCARD heng_rc heng_archive_numbered_point(struct heng_store_reader *reader, int64_t scope, const char *number,
                                                   int64_t *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_points(struct heng_store_reader *reader, int64_t scope, int64_t place_id,
                                                int64_t after_id, struct heng_point *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);
/* Insert (id 0), with the channels usual for its medium, or change. When the medium counts something else than before,
 * the channels are closed and those of the new one opened. What was derived by the old words is due again. Errors:
 * ECONFLICT the key is taken, or the point would be its own main one. */
HENG_NODISCARD heng_rc heng_archive_put_point(struct heng_store *store, struct heng_point *point, struct heng_err *err);
/* heat: energy (main), volume; electricity: energy, tariffs 1..4; water, gas: volume; others: none. Those that are
 * there stay as they are. */
HENG_NODISCARD heng_rc heng_archive_add_channels(struct heng_store *store, int64_t point_id, heng_medium medium,
                                                 struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_channels(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                                  struct heng_point_channel *ret, size_t cap, size_t *ret_n,
                                                  struct heng_err *err);
/* The point that measures the same a second time, alone or as a sum; 0: none. Errors of put: ECONFLICT it measures
 * something else, is the point itself or made of it, or the point is a sum. */
HENG_NODISCARD heng_rc heng_archive_get_check(struct heng_store_reader *reader, int64_t point_id, int64_t *ret,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_put_check(struct heng_store *store, int64_t point_id, int64_t check_id,
                                              struct heng_err *err);
/* Errors: ECONFLICT the sum would be made of itself. */
HENG_NODISCARD heng_rc heng_archive_put_term(struct heng_store *store, int64_t point_id,
                                             const struct heng_point_term *term, struct heng_err *err);
HENG_NODISCARD heng_rc heng_archive_list_terms(struct heng_store_reader *reader, int64_t point_id,
                                               struct heng_point_term *ret, size_t cap, size_t *ret_n,
                                               struct heng_err *err);

#endif
