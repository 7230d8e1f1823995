#ifndef HENG_ARCHIVE_SCHEDULE_TEXT_H
#define HENG_ARCHIVE_SCHEDULE_TEXT_H
/* Times, windows and days of a schedule (model/schedule.h) as people write them into a cell, and back: "06:00 18:00",
 * "22:00-06:00", "1 15 last". Between them blanks, commas, semicolons; also the full-width ones. Inside of archive/. */
#include "base/slice.h"
#include "model/schedule.h"

enum { ARCHIVE_SCHEDULE_TEXT_MAX = 320 };

void archive_times_format(const uint16_t *times, size_t n, char ret[static ARCHIVE_SCHEDULE_TEXT_MAX]);
void archive_windows_format(const struct heng_day_window *windows, size_t n,
                            char ret[static ARCHIVE_SCHEDULE_TEXT_MAX]);
void archive_days_format(uint32_t days, char ret[static ARCHIVE_SCHEDULE_TEXT_MAX]);

/* NULL: understood; else what is wrong. Times of a schedule rise. */
const char *archive_times_parse(const char *text, uint16_t *ret, size_t cap, size_t *ret_n);
const char *archive_windows_parse(const char *text, struct heng_day_window *ret, size_t cap, size_t *ret_n);
const char *archive_days_parse(const char *text, uint32_t *ret);

#endif
