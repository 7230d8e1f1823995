#ifndef HENG_CODEC_TELEGRAM_H
#define HENG_CODEC_TELEGRAM_H
/* What every codec yields: a telegram (who speaks, what kind) and its records (the values), one by one.
 * Nothing is allocated or copied; slices borrow from the input bytes. */
#include "base/dec.h"
#include "base/slice.h"
#include "base/time.h"
#include "model/line.h"
#include "model/quantity.h"

/* X(symbol, text): the text is "kind" in `heng decode`. */
#define HENG_TELEGRAM_KIND_LIST(X)                                                                                     \
    X(ACK, "ack")           /* M-Bus E5 */                                                                             \
    X(SHORT, "short")       /* M-Bus 10 C A CS 16 */                                                                   \
    X(CONTROL, "control")   /* M-Bus 68 03 03 68 C A CI CS 16 without data */                                          \
    X(VARIABLE, "variable") /* M-Bus variable data answer: CI 72 76 78 7A */                                           \
    X(FIXED, "fixed")       /* M-Bus fixed data answer: CI 73 77 */                                                    \
    X(ERROR, "error")       /* an application error report: M-Bus CI 70, CJ/T 188 C with D6 */                         \
    X(ALARM, "alarm")       /* M-Bus CI 71 */                                                                          \
    X(SELECT, "select")     /* M-Bus CI 52 56 */                                                                       \
    X(COMMAND, "command")   /* a request that carries data */                                                          \
    X(REQUEST, "request")   /* a request for data */                                                                   \
    X(DATA, "data")         /* CJ/T 188 data answer */                                                                 \
    X(ADDRESS, "address")   /* CJ/T 188 address answer */                                                              \
    X(WRITTEN, "written")   /* CJ/T 188 answer to a write */                                                           \
    X(OTHER, "other")       /* checked link frame with content we do not interpret */

typedef enum heng_telegram_kind {
#define X(symbol, text) HENG_TELEGRAM_##symbol,
    HENG_TELEGRAM_KIND_LIST(X)
#undef X
        HENG_TELEGRAM_KIND_COUNT
} heng_telegram_kind;

const char *heng_telegram_kind_text(heng_telegram_kind kind);

struct heng_telegram {
    heng_protocol protocol;
    heng_telegram_kind kind;
    bool from_meter;  /* direction: an answer, not a request */
    bool has_address; /* M-Bus: primary address in `address` */
    bool has_header;  /* id, manufacturer, version, medium, access and status are there */
    bool more;        /* another telegram follows (M-Bus DIF 1F; CJ/T 188-2018 D5) */
    bool encrypted;   /* M-Bus: the body is cipher text; it yields one record without a value */
    uint8_t control;  /* C field */
    uint8_t ci;       /* M-Bus CI field; CJ/T 188: meter type T */
    uint8_t address;  /* M-Bus A field */
    uint8_t version, access;
    uint16_t status; /* M-Bus status byte; CJ/T 188 ST0 | ST1 << 8 as sent */
    bool has_status;
    heng_medium medium;
    uint16_t di;             /* CJ/T 188 data identifier in canonical order (0x901F), whichever order was sent */
    bool di_swapped;         /* CJ/T 188: the wire had the low byte of the canonical DI first (1F 90) */
    uint8_t ser;             /* CJ/T 188 */
    uint8_t error_code;      /* kind ERROR: M-Bus report byte */
    char id[17];             /* M-Bus: 8 characters; CJ/T 188: 14, as printed on the meter; "" without */
    char manufacturer[5];    /* M-Bus: 3 letters; CJ/T 188: 4 hex digits; "" without */
    struct heng_slice frame; /* the frame itself, without what stood in front of it or follows */
    struct heng_slice body;  /* where the records are */
};

/* X(symbol) */
typedef enum heng_value_kind {
    HENG_VALUE_NONE,     /* no value: reason says why */
    HENG_VALUE_DEC,      /* dec */
    HENG_VALUE_TEXT,     /* text, in reading order (M-Bus sends it backwards: text_reversed tells) */
    HENG_VALUE_DATE,     /* civil, date part */
    HENG_VALUE_DATETIME, /* civil, by the meter's own clock */
    HENG_VALUE_TIME,     /* civil, time part */
    HENG_VALUE_BYTES     /* data as it is: manufacturer data, unknown coding, unknown VIF */
} heng_value_kind;

struct heng_record {
    heng_function function;
    uint64_t storage;
    uint32_t tariff, subunit;
    heng_quantity quantity;
    heng_unit unit;
    heng_value_kind kind;
    struct heng_dec dec;
    struct heng_civil civil;
    bool text_reversed;
    bool text_hex;          /* text is the hex digits of the data bytes, two each, in the order of the text */
    const char *reason;     /* kinds NONE, BYTES: static text such as "not available" or "invalid bcd" */
    const char *enumerated; /* the word for a coded value ("open", "low"), static; NULL without */
    const char *qualifier;  /* CJ/T 188: what tells registers apart beyond the numbers, static; NULL without */
    struct heng_slice data; /* the data bytes of the value on the wire */
    struct heng_slice vif;  /* M-Bus: VIF and VIFE bytes; empty elsewhere */
    bool vif_known;         /* quantity and unit are meant; else the value is raw */
    uint32_t at;            /* offset of the record's first byte from the start of the frame */
    uint32_t length;        /* bytes of the record with its own header */
};

/* Walks the records of one telegram. Zero-cost to make; see heng_telegram_records. */
struct heng_records {
    const struct heng_telegram *telegram;
    const uint8_t *p;
    uint32_t index;
    bool more; /* set when the end said that another telegram follows (M-Bus 1F) */
};

static inline struct heng_records heng_telegram_records(const struct heng_telegram *telegram)
{
    return (struct heng_records){.telegram = telegram, .p = telegram->body.p};
}

/* One protocol. All functions are pure.
 *
 * decode: take one frame from the front of a byte stream.
 *   OK     *used bytes are consumed: leading noise, if any, and the frame, which is in ret->frame.
 *   MORE   no whole frame yet; the first *used bytes (may be 0) are noise and can be dropped.
 *   error  the first *used >= 1 bytes can never start a good frame; drop them and call again.
 *          ECHECKSUM, EFORMAT, EUNSUPPORTED; err->at = offset in `in`.
 *   Any chunking of a stream yields the same frames.
 *
 * next: the next record. OK with *ret filled, ENOTFOUND at the end, or an error that condemns the whole
 *   telegram (EFORMAT: truncated or impossible record; err->at = offset from the start of the frame).
 *   A value that is absent or invalid is not an error: it is a record of kind NONE. */
struct heng_codec {
    heng_protocol protocol;
    heng_rc (*decode)(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err);
    heng_rc (*next)(struct heng_records *records, struct heng_record *ret, struct heng_err *err);
};

const struct heng_codec *heng_codec_of(heng_protocol protocol);

/* Guess the protocol of a captured frame: the codec whose decode finds a whole good frame in it, else the
 * one whose framing comes closest. Never fails; HENG_PROTOCOL_MBUS when nothing fits at all. */
heng_protocol heng_codec_recognise(struct heng_slice in);

#endif
