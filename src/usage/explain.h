#ifndef HENG_USAGE_EXPLAIN_H
#define HENG_USAGE_EXPLAIN_H
/* Where an amount comes from: from a day of a channel down to the indexes that bound it, the readings, the frames as
 * the meter sent them, what people said, and what the rules said with their numbers. */
#include "base/json.h"
#include "store/usage.h"

/* The day as JSON: channel, day, its intervals, the estimate if there is one, facts from the last two before the day to
 * the first two behind it, verdicts, answers. Errors: ENOTFOUND the channel is not there (for who asks). */
HENG_NODISCARD heng_rc heng_usage_explain(struct heng_store_reader *reader, int64_t scope, int64_t channel_id,
                                          int32_t day, struct heng_json *json, struct heng_err *err);

/* "2026-03-01" of a day and back. Errors: EFORMAT. */
enum { HENG_DAY_TEXT_MAX = 16 };
void heng_usage_day_text(int32_t day, char ret[HENG_AT_LEAST(HENG_DAY_TEXT_MAX)]);
HENG_NODISCARD heng_rc heng_usage_day_parse(const char *text, int32_t *ret, struct heng_err *err);

#endif
