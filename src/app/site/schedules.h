#ifndef HENG_APP_SITE_SCHEDULES_H
#define HENG_APP_SITE_SCHEDULES_H
/* The schedules of a site description.
 *
 *   {"key": "billing", "period_s": 3600,              periodic reads; or "times": ["06:00", "18:30"] on "days"
 *    "days": [1, 15, "last"],                         days of the month; none: every day
 *    "due_days": ["last"], "due_time": "23:59",       frozen values
 *    "spread_s": 300,
 *    "read_windows": ["22:00-06:00"], "power_off": ["02:00-03:00"]} */
#include <jansson.h>

#include "base/rc.h"
#include "model/schedule.h"

/* The list "schedules" of the file; none is an empty one. What is wrong is named by item and field.
 * Owns: *ret is the caller's to free, also after an error. Errors: ECONFIG, ENOMEM. */
HENG_NODISCARD heng_rc heng_site_schedules_read(json_t *root, struct heng_schedule **ret, size_t *ret_count,
                                                struct heng_err *err);

#endif
