#ifndef HENG_MODEL_LINE_STATE_H
#define HENG_MODEL_LINE_STATE_H
/* How a bus is: state and counters as seen. */
#include "base/time.h"

/* X(symbol, text): what an operator wants to know of a line at a glance. */
#define HENG_LINE_STATE_LIST(X)                                                                                        \
    X(DOWN, "down")         /* no connection to converter, DTU or port */                                              \
    X(OVERLOAD, "overload") /* overload or short: the converter says so, or noise without end */                       \
    X(NO_LOAD, "no-load")   /* connected, but no meter answers: cable, power or converter */                           \
    X(IDLE, "idle")         /* connected, nothing to ask now */                                                        \
    X(READING, "reading")   /* connected, asking */

typedef enum heng_line_state {
#define X(symbol, text) HENG_LINE_STATE_##symbol,
    HENG_LINE_STATE_LIST(X)
#undef X
        HENG_LINE_STATE_COUNT
} heng_line_state;

/* X(field): counted since the line was created, kept in the database. */
#define HENG_LINE_COUNTER_LIST(X)                                                                                      \
    X(requests)  /* requests sent, tries included */                                                                   \
    X(answers)   /* good answers of the meter that was asked */                                                        \
    X(silence)   /* requests without a byte in return */                                                               \
    X(noise)     /* bytes thrown away outside of frames */                                                             \
    X(checksum)  /* frames with a wrong check */                                                                       \
    X(format)    /* checked frames that cannot be understood */                                                        \
    X(foreign)   /* wrong address: answers of another meter */                                                         \
    X(echo)      /* own requests heard back and taken out */                                                           \
    X(refused)   /* error reports of meters */                                                                         \
    X(framing)   /* frames that began and did not end as a frame ends */                                               \
    X(collision) /* answers of several meters at once */                                                               \
    X(late)      /* answers to questions that had been given up: dropped, or matched by their number */                \
    X(doubted)   /* reads that a second one did not confirm */                                                         \
    X(reads_ok)                                                                                                        \
    X(reads_failed)                                                                                                    \
    X(bytes_out)                                                                                                       \
    X(bytes_in)

struct heng_line_counters {
#define X(field) uint64_t field;
    HENG_LINE_COUNTER_LIST(X)
#undef X
};

/* What line/line.h tells beside the state; hint_kind: "none", "all", "cut", "meter", "weak". */
struct heng_line_vitals_status {
    uint32_t health, queued, quarantined;
    heng_us cycle_us, dead_us;
    char hint_kind[8];
    uint32_t hint_from, hint_to;
    char hint_meter[24];
    char hint[160];
};

/* The text of the table above; "unknown" for a number outside. */
const char *heng_line_state_text(heng_line_state state);

/* COUNT when the text is not in the table. */
heng_line_state heng_line_state_of(const char *text);

#endif
