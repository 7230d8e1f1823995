#ifndef HENG_USAGE_VERDICTS_H
#define HENG_USAGE_VERDICTS_H
/* What people answer to what the rules said. */
#include "store/usage_verdicts.h"

/* right: a reading that was left out counts again (an event accept), else it is noted only; wrong: the reading is left
 * out (reject); order: somebody goes and looks; open: as if nobody had answered. reading_at 0: the answer is about
 * usage, not about a reading; device_id and reading_source (see point_event) tell which reading.
 * In an open transaction. Errors: ENOTFOUND, ERANGE: the text says what; those of heng_event_add. */
struct heng_answer_wish {
    struct heng_answer_row answer; /* rule, channel and days; who, reason */
    int64_t device_id, reading_source;
    heng_us reading_at;
};
HENG_NODISCARD heng_rc heng_verdict_answer(struct heng_store *store, int64_t scope, const struct heng_answer_wish *wish,
                                           heng_us now_us, struct heng_err *err);

#endif
