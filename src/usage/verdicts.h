#ifndef HENG_USAGE_VERDICTS_H
#define HENG_USAGE_VERDICTS_H
/* What people answer to what the rules said. */
#include "store/usage_verdicts.h"

/* right: a reading that was left out counts again (an event accept); wrong: the reading is left out (reject); order:
 * somebody goes and looks; open: as if nobody had answered. reading_at 0: the answer is about usage, not about a
 * reading: right then closes the task for these days. What needs more than a word is refused with what to do instead:
 * wrong without a reading, and right about a rule of readings without one. device_id and reading_source (see
 * point_event) tell which reading. In an open transaction. Errors: ENOTFOUND, ERANGE: the text says what; those of
 * heng_event_add. */
struct heng_answer_wish {
    struct heng_answer_row answer; /* rule, channel and days; who, reason */
    int64_t device_id, reading_source;
    heng_us reading_at;
};
HENG_NODISCARD heng_rc heng_verdict_answer(struct heng_store *store, int64_t scope, const struct heng_answer_wish *wish,
                                           heng_us now_us, struct heng_err *err);

/* Tasks: verdicts, and readings that are kept beside for their date, by channel and rule behind (after_channel,
 * after_rule). came_from_us and came_to_us of the question are filled here. */
struct heng_day_rule;
HENG_NODISCARD heng_rc heng_list_exceptions(struct heng_store_reader *reader, const struct heng_day_rule *days,
                                            const struct heng_exception_ask *ask, int64_t after_channel,
                                            uint8_t after_rule, struct heng_exception_row *ret, size_t cap,
                                            size_t *ret_n, struct heng_err *err);
/* How many there are, by rule. cap: HENG_EXCEPTION_COUNTS_MAX is always enough. */
HENG_NODISCARD heng_rc heng_count_exceptions(struct heng_store_reader *reader, const struct heng_day_rule *days,
                                             const struct heng_exception_ask *ask, struct heng_exception_count *ret,
                                             size_t cap, size_t *ret_n, struct heng_err *err);
/* Somebody said that it is right or wrong. */
bool heng_exception_is_closed(const struct heng_exception_row *row);

#endif
