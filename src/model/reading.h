#ifndef HENG_MODEL_READING_H
#define HENG_MODEL_READING_H
/* A reading: one read of one meter, all its values together, with the frames that prove them. */
#include "base/dec.h"
#include "base/slice.h"
#include "base/time.h"
#include "model/quantity.h"

/* Which value of a meter. Two values with equal keys are the same register.
 * qualifier: what tells registers apart beyond the numbers ("L1", "forward", vendor bytes as hex), else "". */
enum { HENG_QUALIFIER_MAX = 24 };
struct heng_register_key {
    heng_quantity quantity;
    heng_unit unit;
    heng_function function;
    uint32_t storage; /* 0 now, 1.. historic (settlement day, month ...) */
    uint32_t tariff, subunit;
    char qualifier[HENG_QUALIFIER_MAX];
};

/* True when both name the same register. */
bool heng_register_key_eq(const struct heng_register_key *a, const struct heng_register_key *b);

/* One value. Without a value (has_value false) reason says why; it is never a number then. */
struct heng_value {
    struct heng_register_key key;
    bool has_value;
    struct heng_dec dec;
    char reason[40];
};

/* X(symbol, text): how a read of a meter ended. The texts are API and counter names. */
#define HENG_OUTCOME_LIST(X)                                                                                           \
    X(OK, "ok")                                                                                                        \
    X(SILENCE, "silence")           /* nothing came back within the time-out */                                        \
    X(NOISE, "noise")               /* bytes came back, none of them a frame */                                        \
    X(CHECKSUM, "checksum")         /* a frame whose check fails */                                                    \
    X(FORMAT, "format")             /* a checked frame that cannot be understood */                                    \
    X(FOREIGN, "foreign")           /* the answer of another meter */                                                  \
    X(REFUSED, "refused")           /* the meter answered with an error report */                                      \
    X(DISCONNECTED, "disconnected") /* the line went down during the read */

typedef enum heng_outcome {
#define X(symbol, text) HENG_OUTCOME_##symbol,
    HENG_OUTCOME_LIST(X)
#undef X
        HENG_OUTCOME_COUNT
} heng_outcome;

/* The text of the table; "unknown" for a number outside. */
const char *heng_outcome_text(heng_outcome outcome);

/* The result of asking one meter, tries included. Borrowed: valid until the line goes on.
 * Shape: outcome OK means every value comes from frames whose check and sender were right. */
enum { HENG_READ_VALUES_MAX = 512, HENG_READ_FRAMES_MAX = 48, HENG_FRAME_BYTES_MAX = 300 };
struct heng_read {
    int64_t device_id;
    heng_us at_us; /* when the first frame of the answer was complete */
    heng_outcome outcome;
    uint8_t tries; /* 1, and one more for each question that was asked again */
    uint16_t value_count, frame_count;
    uint16_t skipped; /* values that found no room: they are in the frames only */
    char why[120];    /* what was wrong with the last answer that was of no use, for a person; "" for nothing */
    struct heng_value values[HENG_READ_VALUES_MAX];
    struct {
        heng_us at_us;
        uint16_t n;
        uint8_t bytes[HENG_FRAME_BYTES_MAX];
    } frames[HENG_READ_FRAMES_MAX];
    uint16_t frame_of_value[HENG_READ_VALUES_MAX]; /* index into frames */
};

#endif
