#ifndef HENG_FLOW_KEPT_H
#define HENG_FLOW_KEPT_H
/* Values that a meter kept itself and tells with each answer: M-Bus storage 1 and up, beside the date they are of. They
 * become readings of that date, once, so that a month's end is known although nobody asked then.
 * Source: EN 13757-3, storage numbers, and data types F, G and I. */
#include "base/zone.h"
#include "codec/telegram.h"
#include "store/write.h"

/* The date of each storage number of a telegram: of several dates of one number the last that has come by then, the
 * next due date stands beside the last one. A date alone is the end of that day, and of the first day of a month its
 * beginning: both mean the turn of the month. Clocks of meters show the time of the zone.
 * Shape: at most cap, by rising number; what lies after now_us or before 1990 is left out. */
struct heng_kept_date {
    uint32_t storage;
    heng_us due_us;
};
size_t heng_kept_dates(const struct heng_telegram *telegram, const struct heng_zone *zone, heng_us now_us,
                       struct heng_kept_date *ret, size_t cap);

/* Add a reading for each such date that there is none of yet, in the transaction that stored `reading`: the values of
 * its storage numbers, proven by the frames that say them. keys: of reading->values, in their order. added: how many.
 */
struct heng_kept_from {
    const struct heng_reading *reading;
    const struct heng_value *values;
    const struct heng_frame *frames;
    const struct heng_dialect *dialect; /* NULL: by the standard */
    const struct heng_zone *zone;
};
HENG_NODISCARD heng_rc heng_kept_add(struct heng_store *store, const struct heng_kept_from *from, size_t *ret_added,
                                     struct heng_err *err);

#endif
