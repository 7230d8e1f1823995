#ifndef HENG_CODEC_TELEGRAM_H
#define HENG_CODEC_TELEGRAM_H
/* What every codec yields: a telegram (who speaks, what kind) and its records (the values), one by one.
 * Nothing is allocated or copied; slices borrow from the input bytes. */
#include "base/dec.h"
#include "base/slice.h"
#include "base/time.h"
#include "codec/dialect.h"
#include "model/line.h"
#include "model/quantity.h"

/* X(symbol, text): the text is "kind" in `heng decode`. */
#define HENG_TELEGRAM_KIND_LIST(X)                                                                                     \
    X(ACK, "ack")           /* M-Bus E5 */                                                                             \
    X(SHORT, "short")       /* M-Bus 10 C A CS 16 */                                                                   \
    X(CONTROL, "control")   /* M-Bus 68 03 03 68 C A CI CS 16 without data */                                          \
    X(VARIABLE, "variable") /* M-Bus variable data answer: CI 72 76 78 7A */                                           \
    X(FIXED, "fixed")       /* M-Bus fixed data answer: CI 73 77 */                                                    \
    X(ERROR, "error")       /* an error report: M-Bus CI 70, CJ/T 188 and DL/T 645 C with D6, Modbus exception */      \
    X(ALARM, "alarm")       /* M-Bus CI 71 */                                                                          \
    X(SELECT, "select")     /* M-Bus CI 52 56 */                                                                       \
    X(COMMAND, "command")   /* a request that carries data */                                                          \
    X(REQUEST, "request")   /* a request for data */                                                                   \
    X(DATA, "data")         /* CJ/T 188, DL/T 645, Modbus: answer with data */                                         \
    X(ADDRESS, "address")   /* CJ/T 188, DL/T 645: answer to "read address" */                                         \
    X(WRITTEN, "written")   /* CJ/T 188, DL/T 645, Modbus: answer to a write or command */                             \
    X(OTHER, "other")       /* checked link frame with content we do not interpret */

typedef enum heng_telegram_kind {
#define X(symbol, text) HENG_TELEGRAM_##symbol,
    HENG_TELEGRAM_KIND_LIST(X)
#undef X
        HENG_TELEGRAM_KIND_COUNT
} heng_telegram_kind;

/* The text of the table; "unknown" for a number outside. */
const char *heng_telegram_kind_text(heng_telegram_kind kind);

struct heng_telegram {
    heng_protocol protocol;
    heng_telegram_kind kind;
    bool from_meter;  /* direction: an answer, not a request */
    bool has_address; /* M-Bus: primary address in `address` */
    bool has_header;  /* id, manufacturer, version, medium, access and status are there */
    bool either_way;  /* Modbus: request and answer look the same (FC 05, 06); from_meter is a guess then */
    bool more;        /* another telegram follows (M-Bus DIF 1F; CJ/T 188-2018, DL/T 645 D5) */
    bool encrypted;   /* M-Bus: the body begins with cipher text, which yields one record without a value */
    uint8_t control;  /* C field; Modbus: function code as sent */
    uint8_t ci;       /* M-Bus CI field; CJ/T 188: meter type T */
    uint8_t address;  /* M-Bus A field; Modbus unit */
    uint8_t version, access;
    uint16_t status; /* M-Bus status byte; CJ/T 188 ST0 | ST1 << 8 as sent */
    bool has_status;
    heng_medium medium;
    uint32_t di;             /* data identifier in canonical order (CJ/T 188 0x901F, DL/T 645 0x00010000, 0x9010),
                                whichever order was sent; Modbus: first register or coil (0..65535), if has_di */
    bool has_di;             /* there is one; a Modbus answer has it only when its request is known */
    uint16_t count;          /* Modbus: registers or coils asked for or written */
    uint16_t transaction;    /* Modbus TCP: transaction identifier */
    bool di_swapped;         /* CJ/T 188: the wire had the low byte of the canonical DI first (1F 90) */
    uint8_t ser;             /* CJ/T 188 request number; DL/T 645 number of a follow-on frame */
    uint8_t error_code;      /* kind ERROR: M-Bus report byte, DL/T 645 error byte (without 33h), Modbus exception */
    uint8_t layout;          /* CJ/T 188: which of the codec's tables the body follows, 0: none ... */
    bool unit_first;         /* ... and whether a unit byte stands in front of its value */
    bool unit_unclear;       /* ... or in front as well as behind, as far as the bytes tell: no value has its unit */
    uint8_t bias;            /* DL/T 645: 0x33, what every data byte on the wire has been raised by; else 0 */
    char id[17];             /* M-Bus: 8 characters; CJ/T 188: 14, DL/T 645: 12, as on the plate; "" without */
    char manufacturer[5];    /* M-Bus: 3 letters; CJ/T 188: 4 hex digits; "" without */
    struct heng_slice frame; /* the frame itself, without what stood in front of it or follows */
    struct heng_slice body;  /* where the records are */
    struct heng_slice asked; /* Modbus: the request that stood in front of this answer, else empty */
    const struct heng_dialect *dialect; /* how this meter model speaks; NULL: by the standard. decode() sets NULL */
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
    bool time_point;        /* M-Bus: it tells when, also where the date is not set: no value of its quantity */
    const char *reason;     /* kinds NONE, BYTES: static text such as "not available" or "invalid bcd" */
    const char *enumerated; /* the word for a coded value ("open", "low"), static; NULL without */
    const char *qualifier;  /* what tells registers apart beyond the numbers ("L1", "forward"); M-Bus: what a command
                               wants done ("clear"), VIFEs speak for themselves; static or the dialect's; or NULL */
    const struct heng_flag *flags; /* names of the bits of a status word in dec, ended by mask 0; NULL without */
    struct heng_slice data;        /* the data bytes of the value on the wire (each raised by telegram->bias) */
    struct heng_slice vif;         /* M-Bus: VIF and VIFE bytes; empty elsewhere */
    bool vif_known;                /* quantity and unit are meant; else the value is raw */
    uint32_t at;                   /* offset of the record's first byte from the start of the frame */
    uint32_t length;               /* bytes of the record with its own header */
};

/* A named bit or bit group of a status word: the name holds when (word & mask) == value. */
struct heng_flag {
    uint32_t mask, value;
    const char *name;
};

/* Walks the records of one telegram. Zero-cost to make; see heng_telegram_records. */
struct heng_records {
    const struct heng_telegram *telegram;
    const uint8_t *p;
    uint32_t index;
    bool more; /* set when the end said that another telegram follows (M-Bus 1F) */
};

/* A walk that stands before the first record of telegram, which must stay where it is. */
static inline struct heng_records heng_telegram_records(const struct heng_telegram *telegram)
{
    struct heng_records records = {telegram, telegram->body.p, 0, false};
    return records;
}

/* One protocol. All functions are pure.
 *
 * decode: take one frame from the front of a byte stream.
 *   OK     *used bytes are consumed: leading noise, if any, and the frame, which is in ret->frame.
 *   MORE   no whole frame yet; the first *used bytes (may be 0) are noise and can be dropped.
 *   error  the first *used >= 1 bytes can never start a good frame; drop them and call again.
 *          ECHECKSUM, EFORMAT, EUNSUPPORTED; err->at = offset in `in`.
 *   Any chunking of a stream yields the same frames.
 * decode_answer: as decode, but bytes that only a request could be are noise. NULL: decode tells the two apart
 *   by itself. (Modbus RTU has no direction bit; a master that waits for an answer uses this one.)
 *
 * next: the next record. OK with *ret filled, ENOTFOUND at the end, or an error that condemns the whole
 *   telegram (EFORMAT: truncated or impossible record; err->at = offset from the start of the frame).
 *   A value that is absent or invalid is not an error: it is a record of kind NONE.
 *   Callers outside codec/ use heng_record_next, which applies the rules of the telegram's dialect as well.
 *
 * present: the members of the telegram's JSON object behind "kind"; explain: its bytes, one entry per field, from the
 *   start of t->asked or else of t->frame to the end of the frame. Both only for telegrams whose records are good
 *   to the end; explain also for others, and stops at the first byte that it cannot tell, or calls the bytes from
 *   there to the end of the body "rest". */
struct heng_json;
struct heng_explainer;
struct heng_codec {
    heng_protocol protocol;
    void (*present)(const struct heng_telegram *t, struct heng_json *json);
    void (*explain)(const struct heng_telegram *t, struct heng_explainer *e);
    heng_rc (*decode_answer)(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err);
    heng_rc (*decode)(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used, struct heng_err *err);
    heng_rc (*next)(struct heng_records *records, struct heng_record *ret, struct heng_err *err);
};

/* The codec of a protocol; NULL for a number outside of the table. */
const struct heng_codec *heng_codec_of(heng_protocol protocol);

/* Read t as this dialect has it from now on (NULL: by the standard). Kind and data identifier are judged anew, where a
 * protocol needs the dialect to understand an answer at all. */
void heng_telegram_use(struct heng_telegram *t, const struct heng_dialect *dialect);

/* The next record as the dialect of the telegram wants it read; the contract of heng_codec.next. */
HENG_NODISCARD heng_rc heng_record_next(struct heng_records *records, struct heng_record *ret, struct heng_err *err);

/* Guess the protocol of a captured frame: the codec whose decode finds a whole good frame in it, else the
 * one whose framing comes closest. Never fails; HENG_PROTOCOL_MBUS when nothing fits at all. */
heng_protocol heng_codec_recognise(struct heng_slice in);
/* The same among some protocols, bits 1 << heng_protocol; the first of them when nothing fits at all. */
heng_protocol heng_codec_recognise_among(uint32_t protocols, struct heng_slice in);

#endif
