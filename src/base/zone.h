#ifndef HENG_BASE_ZONE_H
#define HENG_BASE_ZONE_H
/* A time zone of the IANA database: from UTC to local fields and back. Reads the system's compiled files (TZif, RFC
 * 8536) and the rule at their end, so that years beyond the table are right; never touches TZ or the C library's idea
 * of a zone. */
#include "base/slice.h"
#include "base/time.h"

struct heng_zone;

/* "Asia/Shanghai", "Europe/Berlin", "UTC" (needs no file). Errors: ECONFIG for a name that is none or is not there (the
 * text says which package has them), EFORMAT for a damaged file, ENOMEM. */
HENG_NODISCARD heng_rc heng_zone_open(const char *name, struct heng_zone **ret, struct heng_err *err);

/* The same from the bytes of a file. */

HENG_NODISCARD heng_rc heng_zone_parse(const char *name, struct heng_slice bytes, struct heng_zone **ret,
                                       struct heng_err *err);
void heng_zone_free(struct heng_zone *zone); /* accepts NULL */

const char *heng_zone_name(const struct heng_zone *zone); /* "UTC" for NULL */

/* NULL is UTC in all of these. */
int32_t heng_zone_offset_s(const struct heng_zone *zone, heng_us at_us);
struct heng_civil heng_zone_civil(const struct heng_zone *zone, heng_us at_us);

/* A local time that is skipped gives the moment of the jump, one that comes twice the first. */
heng_us heng_zone_us(const struct heng_zone *zone, const struct heng_civil *civil);

#endif
