#ifndef HENG_BASE_TIME_H
#define HENG_BASE_TIME_H
/* Time is UTC microseconds since 1970 (heng_us) everywhere; calendar fields appear only at the edges. */
#include "base/rc.h"
#include <stdbool.h>

typedef int64_t heng_us;

#define HENG_US_PER_MS  INT64_C(1000)
#define HENG_US_PER_S   INT64_C(1000000)
#define HENG_US_PER_DAY (INT64_C(86400) * HENG_US_PER_S)
/* A deadline that never comes. */
#define HENG_US_NEVER INT64_MAX

/* A proleptic Gregorian date and time without a zone: what a meter's own clock says. */
struct heng_civil {
    int16_t year;
    uint8_t month, day;           /* 1..12, 1..31 */
    uint8_t hour, minute, second; /* 0..23, 0..59, 0..59 */
};

/* True when the fields name a day of the calendar and a time of that day. */
bool heng_civil_valid(const struct heng_civil *c);

/* Both directions read c as UTC. */
heng_us heng_civil_to_us(const struct heng_civil *c);
struct heng_civil heng_us_to_civil(heng_us at_us);

/* "2026-11-20T12:00:00.123456Z"; the fraction is left out when it is zero. Always fits in 40 bytes. */
enum { HENG_TIME_TEXT_MAX = 40 };
void heng_us_format(heng_us at_us, char ret_text[HENG_AT_LEAST(HENG_TIME_TEXT_MAX)]);

/* Shape:  what heng_us_format writes: date 'T' time, optional fraction up to six digits, 'Z'.
 * Errors: EFORMAT. */
HENG_NODISCARD heng_rc heng_us_parse(const char *text, heng_us *ret, struct heng_err *err);

/* The only readers of clocks: wall time for stamps, monotonic time for time-outs. */
heng_us heng_clock_wall(void);
heng_us heng_clock_mono(void);
heng_us heng_clock_cpu(void); /* processor time of this process, for measurements */

#endif
