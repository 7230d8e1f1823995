#ifndef HENG_USAGE_KNOWN_H
#define HENG_USAGE_KNOWN_H
/* What people tell about a site so that estimates and habits can go by it. In an open transaction. */
#include "store/store.h"

/* The calendar (usage/tou.h) whose working days, special days and holidays the site keeps; "": none, days are what
 * their weekdays are. Errors: ENOTFOUND no such calendar. */
HENG_NODISCARD heng_rc heng_usage_use_holidays(struct heng_store *store, const char *calendar, struct heng_err *err);

/* Point check_id (0: none) measures exactly the same as point_id, with a meter of its own or as a sum of others.
 * Errors: ENOTFOUND for who asks; ECONFLICT it is the point itself, a sum that contains it, or counts something else.
 */
HENG_NODISCARD heng_rc heng_usage_use_check(struct heng_store *store, int64_t scope, int64_t point_id, int64_t check_id,
                                            struct heng_err *err);

#endif
