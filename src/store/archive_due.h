#ifndef HENG_STORE_ARCHIVE_DUE_H
#define HENG_STORE_ARCHIVE_DUE_H
/* What a change of the archive, or of days, changes in what was derived from them: rules over several channels look
 * again, and estimates that lean on it are made again. In an open transaction; errors: those of store/write.h. */
#include "store/archive_nouns.h"

/* A point was changed; before: as it was. Who changed its place has done that already. */
HENG_NODISCARD heng_rc heng_store_due_point_changed(struct heng_store *store, const struct heng_point *before,
                                                    const struct heng_point *after, struct heng_err *err);
/* What a sum is made of was changed, or who measures it. */
HENG_NODISCARD heng_rc heng_store_due_leaning(struct heng_store *store, int64_t point_id, struct heng_err *err);
/* The same for days [from_day, to_day] of it, which begin and end at these moments. */
HENG_NODISCARD heng_rc heng_store_due_leaning_days(struct heng_store *store, int64_t point_id, int32_t from_day,
                                                   int32_t to_day, heng_us from_us, heng_us to_us,
                                                   struct heng_err *err);
/* The area of a place was changed. */
HENG_NODISCARD heng_rc heng_store_due_area(struct heng_store *store, int64_t place_id, struct heng_err *err);
/* A place with what is below it is, or was, a part of the building above it: call it before a move and after it. */
HENG_NODISCARD heng_rc heng_store_due_building(struct heng_store *store, int64_t place_id, struct heng_err *err);

/* Days [from_day, to_day] of a channel that have an estimate, in order. */
HENG_NODISCARD heng_rc heng_store_list_estimates(struct heng_store_reader *reader, int64_t channel_id, int32_t from_day,
                                                 int32_t to_day, int32_t *ret, size_t cap, size_t *ret_n,
                                                 struct heng_err *err);

#endif
