#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"

static heng_log_level threshold = HENG_LOG_INFO;
static void (*listener)(const char *line, size_t n);

void heng_log_set_level(heng_log_level level) { threshold = level; }
void heng_log_tap(void (*tap)(const char *line, size_t n)) { listener = tap; }

void heng_log(heng_log_level level, const char *part, const char *fmt, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if (level > threshold) return;
    char line[1024], at[HENG_TIME_TEXT_MAX];
    heng_us now = heng_clock_wall();
    heng_us_format(now - now % HENG_US_PER_MS, at);
    int n = snprintf(line, sizeof line, "%s %s %s ", at, names[level], part);
    if (n < 0) return;
    size_t used = (size_t)n;
    if (used < sizeof line - 1) {
        va_list args;
        va_start(args, fmt);
        int more = vsnprintf(line + used, sizeof line - used, fmt, args);
        va_end(args);
        if (more > 0) used += (size_t)more;
    }
    if (used > sizeof line - 2) used = sizeof line - 2;
    /* A value that came from outside must not start a line of its own. */
    for (size_t i = 0; i < used; i++)
        if ((unsigned char)line[i] < 0x20) line[i] = ' ';
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* a log that cannot be written has nobody to tell */
    if (listener) listener(line, used);
}
