#ifndef HENG_ARCHIVE_HISTORY_H
#define HENG_ARCHIVE_HISTORY_H
/* What the events of a point say of what is there now. Inside of archive/ only. */
#include "store/archive.h"
#include "store/events.h"

/* factor: as the last change says, or as it was put in; start_index: what it showed then, in the unit of the meter, ""
 * where nobody said. */
struct archive_counter {
    int64_t factor_num, factor_den;
    char start_index[HENG_DEC_TEXT_MAX];
};
HENG_NODISCARD heng_rc archive_counter_of(struct heng_store_reader *reader, const struct heng_archive_device *device,
                                          struct archive_counter *ret, struct heng_err *err);

/* Sheets know milliseconds: is it the same moment there? */
bool archive_same_ms(heng_us a_us, heng_us b_us);

/* Has the beginning of an installation been told by an event? */
HENG_NODISCARD heng_rc archive_is_told(struct heng_store_reader *reader, int64_t point_id, int64_t device_id,
                                       heng_us at_us, bool *ret, struct heng_err *err);

#endif
