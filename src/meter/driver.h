#ifndef HENG_METER_DRIVER_H
#define HENG_METER_DRIVER_H
/* A conversation with one meter: which frames to ask and what the answers mean. Pure state machines, pumped
 * by line/: next() says what to send, reply() judges what came back. No clock, no I/O, no allocation. */
#include "base/buf.h"
#include "codec/telegram.h"
#include "model/reading.h"

enum { HENG_ASK_BYTES_MAX = 64, HENG_TELEGRAMS_MAX = 16 };

/* What a driver remembers of a meter between conversations. Zero-initialised for a new meter. */
struct heng_meter_memory {
    bool linked;       /* M-Bus: the last conversation ended well, the frame count bit is known */
    bool fcb;          /* M-Bus: frame count bit of the next request */
    uint32_t last_sum; /* M-Bus: of the first telegram of the last conversation */
    bool many;         /* M-Bus: the meter sends more than one telegram per read */
    bool di_known;     /* CJ/T 188: di_swapped is proven */
    bool di_swapped;   /* CJ/T 188: the meter wants 1F 90 */
    uint8_t ser;       /* CJ/T 188: the last request number */
};

/* One conversation. Plain data; begin() fills it. */
struct heng_talk {
    const struct heng_meter_config *meter;
    struct heng_meter_memory *memory;
    uint8_t step;
    uint8_t tries;     /* of the current step */
    uint8_t telegrams; /* answers taken so far */
    bool unsure;       /* M-Bus: nobody confirmed the reset, so the frame count bit is a guess */
    bool doubted;      /* M-Bus: an answer was asked for again for that reason, which happens once */
    uint32_t last_sum; /* tells a repeated telegram from a new one */
};

/* One request on its way to the bus. */
struct heng_ask {
    uint8_t bytes[HENG_ASK_BYTES_MAX];
    size_t n;
    uint32_t answer_bits; /* the protocol's longest pause between request and first byte of the answer: bit times */
    uint32_t answer_ms;   /* ... and milliseconds, added up */
    uint32_t idle_ms;     /* quiet time the bus wants after this exchange, at least 33 bit times */
};

/* What an incoming telegram means for the conversation. */
typedef enum heng_verdict {
    HENG_VERDICT_IGNORE,  /* not an answer (an echo of our request): keep waiting */
    HENG_VERDICT_FOREIGN, /* another meter's answer: keep waiting, never use it */
    HENG_VERDICT_BAD,     /* this meter's answer, but it cannot be understood: ask again */
    HENG_VERDICT_REFUSED, /* this meter answered with an error report: ask again as timeout() says */
    HENG_VERDICT_NEXT,    /* good, and there is more to ask */
    HENG_VERDICT_DONE     /* good, and complete */
} heng_verdict;

/* One protocol's way to read a meter.
 * next:    fill *ret with the request of the current step; the same bytes again after a time-out, unless
 *          the protocol has another form to try.
 * reply:   judge a telegram. Values and frames of a good one are appended to read, all or nothing.
 * timeout: nothing usable came. true: the conversation goes on with next() (a repetition or a step that may
 *          be skipped); false: the meter has failed after tries_max tries. */
struct heng_driver {
    heng_protocol protocol;
    heng_rc (*check)(const struct heng_meter_config *meter, struct heng_err *err);
    void (*begin)(struct heng_talk *talk);
    void (*next)(struct heng_talk *talk, struct heng_ask *ret);
    heng_verdict (*reply)(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                          struct heng_read *read, struct heng_err *err);
    bool (*timeout)(struct heng_talk *talk, unsigned tries_max);
};

/* NULL for a protocol without a driver. */
const struct heng_driver *heng_driver_of(heng_protocol protocol);

#endif
