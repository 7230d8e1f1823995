#ifndef HENG_LINE_SCHEDULE_H
#define HENG_LINE_SCHEDULE_H
/* When a schedule makes something due, by the wall clock and the site's zone. Pure functions; model/schedule.h says
 * what the fields mean. A local time that the clock skips in spring counts at the moment of the jump; one that comes
 * twice in autumn counts once, the first time. */
#include "base/zone.h"
#include "model/schedule.h"

/* Errors: ECONFIG, the text says which field and what it may be. */
HENG_NODISCARD heng_rc heng_schedule_check(const struct heng_schedule *schedule, struct heng_err *err);

/* The first moment after after_us at which a periodic read starts, without the spread; HENG_US_NEVER for none. */
heng_us heng_schedule_next(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us after_us);

/* The same for the due dates; and the last due date at or before at_us, INT64_MIN for none. */
heng_us heng_schedule_next_due(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us after_us);
heng_us heng_schedule_last_due(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us at_us);

/* May scheduled reads be asked at at_us, and until when does this answer hold? */
bool heng_schedule_open(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us at_us,
                        heng_us *ret_until);

/* Have the meters power at at_us? */
bool heng_schedule_powered(const struct heng_schedule *schedule, const struct heng_zone *zone, heng_us at_us);

/* How much later than the group this meter starts: 0 .. spread_s, always the same for it. */
heng_us heng_schedule_spread(const struct heng_schedule *schedule, int64_t device_id);

#endif
