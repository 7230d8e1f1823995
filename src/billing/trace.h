#ifndef HENG_BILLING_TRACE_H
#define HENG_BILLING_TRACE_H
/* The trace of a charge, read back (docs/trace.md draws it). */
#include "base/arena.h"
#include "store/money/bills.h"
#include "vee/day.h"

enum { HENG_TRACE_TEXT_MAX = 72, HENG_TRACE_ITEMS_MAX = 4096 };

/* Days [from, to) of a channel, with the SHA-256 of what they were then. */
struct heng_trace_row {
    int64_t channel_id, register_number, days, estimated;
    heng_day from, to;
    char amount[HENG_DEC_SHORT_MAX], unit[HENG_BILL_UNIT_MAX], trust[16], sha256[HENG_TRACE_TEXT_MAX];
};

/* An entry of the ask: the row that it is of, and how it came of it. */
struct heng_trace_usage {
    int64_t row;
    char how[12];
};

/* The reading at the begin or end of a meter in the period. register_id 0: it does not have the value; at_us 0: there
 * is none. */
struct heng_trace_reading {
    int64_t channel_id, device_id, register_id, frame_id, source;
    char meter[HENG_NUMBER_MAX], of[8], index[HENG_DEC_SHORT_MAX], unit[HENG_BILL_UNIT_MAX];
    heng_us at_us, due_us, removed_us;
};

struct heng_trace {
    struct heng_trace_row *rows;
    struct heng_trace_usage *usage;
    struct heng_trace_reading *readings;
    size_t row_count, usage_count, reading_count;
};

/* Arrays live in the arena. A trace that is no object of ours has none of it: EFORMAT with the line. */
HENG_NODISCARD heng_rc heng_trace_read(struct heng_slice json, struct heng_arena *arena, struct heng_trace *ret,
                                       struct heng_err *err);

#endif
