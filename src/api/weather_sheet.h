#ifndef HENG_API_WEATHER_SHEET_H
#define HENG_API_WEATHER_SHEET_H
/* Days of weather out of a table of people: the first row names the columns. */
#include "sheet/sheet.h"
#include "usage/weather.h"

/* One fault: "B7: 'abc' is no number". Returns false when it has seen enough. */
typedef bool heng_weather_fault(void *ctx, const char *text);

/* Columns (in any order; others are left aside): date | 日期 | Datum; mean | mean temperature | 平均气温 |
 * Mitteltemperatur; and, where they are told, degree days | 度日数 | Gradtage. A day twice is a fault.
 * Shape: *ret is to be freed, also after an error; ret_faults: how many cells are wrong, and then nothing may be taken.
 * Errors: those of the sheet; ECONFIG a column that is needed is not there; ELIMIT more than 100,000 days. */
HENG_NODISCARD heng_rc heng_weather_sheet_read(struct heng_sheet *sheet, struct heng_sheet_locale locale,
                                               heng_weather_fault *fault, void *ctx, struct heng_weather_told **ret,
                                               size_t *ret_n, size_t *ret_faults, struct heng_err *err);

#endif
