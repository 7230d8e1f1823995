#ifndef HENG_APP_SITE_RELOAD_H
#define HENG_APP_SITE_RELOAD_H
/* Lines and meters that were changed while the site runs: read from the database again beside the loop, then compared.
 * A line that is new begins to run, one that differs begins anew, one that is ours no longer ends; all others go on
 * undisturbed. */
#include "app/site/run.h"

/* Lines, meters, schedules or relays may be others now. From any thread; it is looked at within a second or two. */
void site_reload_changed(void *site);

/* Once a second, on the loop's thread. */
void site_reload_second(struct site_run *site);

/* What tells whether a line has changed: the same for the same line, meters, schedules and relays. */
uint64_t site_reload_mark(const struct heng_line_config *line, const struct heng_meter_config *meters, size_t count);

#endif
