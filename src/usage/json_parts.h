#ifndef HENG_USAGE_JSON_PARTS_H
#define HENG_USAGE_JSON_PARTS_H
/* What calendars and standard profiles are written in alike. Inside of usage/ only. */
#include "base/json_reader.h"
#include "vee/tou.h"

/* A list of small numbers 0..max as a set of bits. */
unsigned heng_usage_json_set(struct heng_json_reader *r, int64_t max);
/* "07-01": a season from the first of July on. */
void heng_usage_json_season(struct heng_json_reader *r, struct heng_tou_season *ret);

#endif
