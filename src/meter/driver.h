#ifndef HENG_METER_DRIVER_H
#define HENG_METER_DRIVER_H
/* A conversation with one meter: which frames to ask and what the answers mean. Pure state machines, pumped
 * by line/: next() says what to send, reply() judges what came back. No clock, no I/O, no allocation. */
#include "base/buf.h"
#include "codec/telegram.h"
#include "meter/profile.h"
#include "model/order.h"
#include "model/purse.h"
#include "model/reading.h"

enum {
    HENG_ASK_BYTES_MAX = 64,
    HENG_TELEGRAMS_MAX = 16, /* of one question: M-Bus telegrams, DL/T 645 parts */
    HENG_PREAMBLE_MAX = 20,
    HENG_PARTS_BYTES_MAX = 2048,
};

/* What a driver remembers of a meter between conversations. Zero-initialised for a new meter. */
struct heng_meter_memory {
    bool linked;                        /* M-Bus: the last conversation ended well, the frame count bit is known */
    bool fcb;                           /* M-Bus: frame count bit of the next request */
    uint32_t last_sum;                  /* M-Bus: of the first telegram of the last conversation */
    bool many;                          /* M-Bus: the meter sends more than one telegram per read */
    bool select_resets;                 /* M-Bus: a selection alone is enough for it to forget its frame count bit */
    bool never_acks;                    /* M-Bus: it does not confirm a reset, and answers all the same */
    bool di_known;                      /* CJ/T 188: di_swapped is proven */
    bool di_swapped;                    /* CJ/T 188: the meter wants 1F 90 */
    uint8_t ser;                        /* CJ/T 188: the last request number */
    uint8_t ser_echo;                   /* CJ/T 188: heng_learned.ser: the owner gives it and keeps it */
    uint8_t ser_seen;                   /* CJ/T 188: so many numbers in a row came back; while ser_echo is 0 */
    uint16_t transaction;               /* Modbus TCP: of the last request */
    const struct heng_profile *profile; /* who the meter said it is, for one that was not configured; or NULL */
};

/* One conversation. Plain data: the owner clears it and fills meter, memory, profiles, order and, before each next(),
 * clock; begin() the rest. */
struct heng_talk {
    const struct heng_meter_config *meter;
    struct heng_order order;
    struct heng_civil clock; /* local time of the site now */
    heng_stage stage;        /* of an order that changes something: SENT, ACCEPTED, CONFIRMED or FAILED, as far as it
                                has come; of a read CONFIRMED at the end */
    struct heng_meter_memory *memory;
    const struct heng_profiles *profiles; /* to recognise a meter that has no profile; NULL: nobody is recognised */
    const struct heng_profile *profile;   /* of this conversation; NULL: by the standard */
    struct heng_ask_def asks[HENG_PROFILE_ASKS_MAX]; /* the questions, in order; none for M-Bus */
    uint8_t ask_count;
    uint8_t step; /* which question */
    /* An order that changes something asks in three parts: what must be known before, from `command` on the commands,
     * from `readback` on what has become of them. See meter/order.h. */
    uint8_t command, readback;
    uint32_t wait_max_ms, waited_ms;   /* the meter may take so long to do it; so long it has been waited for */
    struct heng_purse purse;           /* PURCHASE: what the meter said before it was sent */
    bool repeated_once;                /* the command was given a second time, because the read-back said no */
    bool misnumbered;                  /* CJ/T 188: an answer was dropped because of its number */
    struct heng_civil meter_clock;     /* what it says, as far as it has said it */
    bool has_date, has_time;           /* ... that is */
    bool clock_again;                  /* DL/T 645: it was asked for twice, because midnight may have come between */
    uint16_t kept_values, kept_frames; /* what read held before that which may be asked for again */
    uint8_t tries;                     /* of the current step */
    uint8_t telegrams;                 /* answers taken so far */
    uint32_t pause_ms; /* the meter is busy: rest so long before the next request. The owner takes it back to 0 */
    unsigned late;     /* answers to older questions that may come before one to this: the owner says so to reply() */
    bool told;         /* M-Bus: the command of the order was given: from now on it is read back */
    bool no_twin;      /* M-Bus: nobody answers yet at the address that the order gives */
    bool renamed;      /* M-Bus: it answers with the number that the order gives it */
    bool unacked;      /* M-Bus: it was silent to the reset */
    bool unsure;       /* M-Bus: nobody confirmed the reset, so the frame count bit is a guess */
    bool doubted;      /* M-Bus: an answer was asked for again for that reason, which happens once */
    uint32_t last_sum; /* M-Bus: tells a repeated telegram from a new one, whatever its access number */
    uint8_t furthest;  /* M-Bus, DL/T 645: so many telegrams, or parts, have come of what may have to begin anew */
    /* DL/T 645: an answer in several frames, joined. sequence: the number of the frame that is asked for, 0 for the
     * question itself; part_frame: index of the first one in the read; parts_body: where its data begins */
    uint8_t sequence, part_frame, parts_body;
    uint16_t parts_n;
    uint8_t parts[HENG_PARTS_BYTES_MAX];
};

/* One request on its way to the bus. */
struct heng_ask {
    uint8_t bytes[HENG_ASK_BYTES_MAX];
    size_t n;
    uint32_t answer_bits; /* the protocol's longest pause between request and first byte of the answer: bit times */
    uint32_t answer_ms;   /* ... and milliseconds, added up */
    uint32_t gap_ms;    /* longest pause between two bytes of an answer that the protocol allows; 0: none to speak of */
    uint32_t idle_ms;   /* quiet time the bus wants after this exchange ... */
    uint32_t idle_bits; /* ... and at least so many bit times; 0: 33 */
    bool anonymous;     /* no answer to it says which question it answers: asked only when none to another can come */
    bool silent;        /* nobody answers: a broadcast, or the meter changes its speed before it could */
    /* A selection and its question: nothing comes between them. A driver says it with the selection, which the next
     * request belongs to; a search with the question, which belongs to the request before it (line/search.h). */
    bool tied;
    uint32_t then_baud; /* once it is answered, the line goes on at this speed; 0: as before */
};

/* What an incoming telegram means for the conversation. */
typedef enum heng_talk_verdict {
    HENG_TALK_IGNORE,  /* not an answer (an echo of our request): keep waiting */
    HENG_TALK_FOREIGN, /* another meter's answer: keep waiting, never use it */
    HENG_TALK_BAD,     /* this meter's answer, but it cannot be understood: ask again */
    HENG_TALK_REFUSED, /* this meter answered with an error report: ask again as timeout() says */
    HENG_TALK_NEXT,    /* good, and there is more to ask */
    HENG_TALK_DONE     /* good, and complete */
} heng_talk_verdict;

/* What becomes of a conversation when nothing usable came. */
typedef enum heng_missed {
    HENG_MISSED_AGAIN,  /* go on with next(): a repetition, or the step after one that may be skipped */
    HENG_MISSED_DONE,   /* what was missed may be missing, and all else is there */
    HENG_MISSED_FAILED, /* the meter has failed */
} heng_missed;

/* One protocol's way to read a meter.
 * check:   can the meter be asked as it is configured?
 * next:    fill *ret with the request of the current step; the same bytes again after a time-out, unless
 *          the protocol has another form to try.
 * reply:   judge a telegram. Values and frames of a good one are appended to read, all or nothing.
 * timeout: nothing usable came; a step has tries_max tries.
 * begin:   the owner has asked can() before. An order that changes something ends with reading the state back; where
 *          the standard compares the clock (a DL/T 645 control command carries its time) that is read, and set where
 *          it is wrong, before. READ_STATE, READ_CLOCK, the read-back and READ_HISTORY append their values and frames
 *          to read like READ. A command that came to nothing ends with DONE as well, in stage FAILED, and err says why.
 * can:     EUNSUPPORTED with a sentence for a person when the protocol or the model cannot do that; NULL: READ and
 *          PROBE only.
 * broadcast: the request that all meters of a line obey and none answers. EUNSUPPORTED as can. NULL: none.
 * is_from: does this meter say that? By it the owner counts the answers that may still come. NULL: an answer says
 *          what it answers, whatever it is, or it does not matter. */
struct heng_driver {
    heng_protocol protocol;
    heng_rc (*check)(const struct heng_meter_config *meter, struct heng_err *err);
    void (*begin)(struct heng_talk *talk);
    void (*next)(struct heng_talk *talk, struct heng_ask *ret);
    heng_talk_verdict (*reply)(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                               struct heng_read *read, struct heng_err *err);
    heng_missed (*timeout)(struct heng_talk *talk, unsigned tries_max);
    bool (*is_from)(const struct heng_meter_config *meter, const struct heng_telegram *telegram);
    heng_rc (*can)(const struct heng_meter_config *meter, const struct heng_order *order, struct heng_err *err);
    heng_rc (*broadcast)(const struct heng_order *order, const struct heng_civil *clock, struct heng_ask *ret,
                         struct heng_err *err);
};

/* NULL for a protocol without a driver. */
const struct heng_driver *heng_driver_of(heng_protocol protocol);

/* Can this meter be asked as it is configured: does its protocol have a driver, does its profile speak that protocol,
 * does the driver understand the address? Errors: ECONFIG. */
HENG_NODISCARD heng_rc heng_meter_check(const struct heng_meter_config *meter, struct heng_err *err);

/* heng_driver.can of the meter's protocol. Errors: EUNSUPPORTED; ECONFIG, ERANGE for an address or a speed that the
 * order names, ECONFIG for a command to whoever is there; EDENIED for a missing password. */
HENG_NODISCARD heng_rc heng_meter_can(const struct heng_meter_config *meter, const struct heng_order *order,
                                      struct heng_err *err);

/* --- for drivers ------------------------------------------------------------------------------------------ */

/* Settle who is talked to and what is asked: the profile's questions, or these; the first of them for a PROBE. */
void heng_talk_begin(struct heng_talk *talk, const struct heng_ask_def *asks, size_t ask_count);

/* Take a good telegram's values the way the meter's profile reads them. A meter without a profile is recognised by
 * its first answer. Errors: those of heng_values_take. */
HENG_NODISCARD heng_rc heng_talk_take(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                      struct heng_read *read, struct heng_err *err);

/* The dialect of an answer: the profile's, or that of whom the answer says to be. */
const struct heng_dialect *heng_talk_dialect(struct heng_talk *talk, const struct heng_telegram *telegram);

/* The current question is answered, or left out: NEXT with the next one, DONE behind the last. */
heng_talk_verdict heng_talk_step(struct heng_talk *talk);

/* The meter answers the current question with an error report. One that may be missing is left out, as long as
 * anything is there in the end; else REFUSED. */
heng_talk_verdict heng_talk_refused(struct heng_talk *talk);

/* heng_driver.timeout of a driver whose steps are its questions. */
heng_missed heng_talk_missed(struct heng_talk *talk, unsigned tries_max);

/* Times of a request: the protocol's, where the profile says nothing. */
void heng_ask_times(const struct heng_talk *talk, struct heng_ask *ret, uint32_t answer_ms, uint32_t idle_ms);

/* FE bytes in front of a request. */
uint8_t heng_talk_preamble(const struct heng_talk *talk, uint8_t usual);

#endif
