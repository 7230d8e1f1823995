#ifndef HENG_USAGE_DATE_H
#define HENG_USAGE_DATE_H
/* Dates of readings that cannot be, found out when they come. */
#include "store/store.h"

/* A reading came at came_us, dated at_us: when its date cannot be, a verdict is stored and it is kept beside. For
 * readings that are new; in their transaction. *ret_rule: the rule, NULL when there is nothing to say. */
HENG_NODISCARD heng_rc heng_usage_check_date(struct heng_store *store, int64_t device_id, heng_medium medium,
                                             heng_us at_us, heng_source source, heng_us came_us, const char **ret_rule,
                                             struct heng_err *err);

#endif
