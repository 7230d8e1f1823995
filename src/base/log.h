#ifndef HENG_BASE_LOG_H
#define HENG_BASE_LOG_H
/* One line of key=value per event on standard error. Values with blanks are the caller's to quote. */
#include <stddef.h>

#include "base/rc.h"

typedef enum heng_log_level { HENG_LOG_ERROR, HENG_LOG_WARN, HENG_LOG_INFO, HENG_LOG_DEBUG } heng_log_level;

void heng_log_set_level(heng_log_level level);

/* heng_log(HENG_LOG_INFO, "line", "event=opened name='%s'", name) writes
 * "2026-11-20T12:00:00Z info line event=opened name='A1'". Thread-safe, a line is written whole. */
void heng_log(heng_log_level level, const char *part, const char *fmt, ...) HENG_PRINTF(3, 4);

/* Every line that is written is also handed to tap, on the thread that logs; NULL: nobody listens. */
void heng_log_tap(void (*tap)(const char *line, size_t n));

#endif
