#ifndef HENG_MODEL_LINE_H
#define HENG_MODEL_LINE_H
/* A bus and the meters on it, as configured. How it is: model/line_state.h. */
#include "base/time.h"
#include "model/order.h"
#include "model/quantity.h"
#include "model/reading.h"
#include "model/schedule.h"

struct heng_profile; /* meter/profile.h */
struct heng_profiles;

/* X(symbol, text): the wire protocol that a meter speaks. */
#define HENG_PROTOCOL_LIST(X)                                                                                          \
    X(MBUS, "mbus")                                                                                                    \
    X(CJT188, "cjt188")                                                                                                \
    X(DLT645_2007, "dlt645-2007")                                                                                      \
    X(DLT645_1997, "dlt645-1997")                                                                                      \
    X(MODBUS_RTU, "modbus-rtu")                                                                                        \
    X(MODBUS_TCP, "modbus-tcp")

typedef enum heng_protocol {
#define X(symbol, text) HENG_PROTOCOL_##symbol,
    HENG_PROTOCOL_LIST(X)
#undef X
        HENG_PROTOCOL_COUNT
} heng_protocol;

/* X(symbol, text): how the head-end reaches a line. */
#define HENG_TRANSPORT_LIST(X)                                                                                         \
    X(TCP, "tcp")         /* we dial a serial converter: endpoint host:port */                                         \
    X(DTU, "dtu")         /* a DTU dials in: endpoint is its registration: text, "hex:..", or "imei:" and 15 digits */ \
    X(SERIAL, "serial")   /* our own port or pty: endpoint is the device path */                                       \
    X(RFC2217, "rfc2217") /* we dial a converter whose speed and parity we set: endpoint host:port */                  \
    X(UDP, "udp")         /* datagrams to and from a converter: endpoint host:port */

typedef enum heng_transport_kind {
#define X(symbol, text) HENG_TRANSPORT_##symbol,
    HENG_TRANSPORT_LIST(X)
#undef X
        HENG_TRANSPORT_COUNT
} heng_transport_kind;

enum { HENG_NAME_MAX = 96, HENG_ENDPOINT_MAX = 128, HENG_MODEL_NAME_MAX = 48 };

/* X(symbol, text): how our own port turns the direction of an RS-485 driver. */
#define HENG_RTS_LIST(X)                                                                                               \
    X(NONE, "none")           /* full duplex, or the adapter does it by itself */                                      \
    X(KERNEL, "kernel")       /* the driver of the port does it (TIOCSRS485) */                                        \
    X(SEND_HIGH, "send-high") /* RTS is on while we send */                                                            \
    X(SEND_LOW, "send-low")   /* RTS is off while we send */

typedef enum heng_rts {
#define X(symbol, text) HENG_RTS_##symbol,
    HENG_RTS_LIST(X)
#undef X
        HENG_RTS_COUNT
} heng_rts;

/* X(symbol, text): by which line of the port the level converter tells overload or short. */
#define HENG_SIGNAL_LIST(X)                                                                                            \
    X(NONE, "none")                                                                                                    \
    X(CTS_LOW, "cts-low")                                                                                              \
    X(DSR_LOW, "dsr-low")                                                                                              \
    X(DCD_LOW, "dcd-low")                                                                                              \
    X(RI_HIGH, "ri-high")

typedef enum heng_signal {
#define X(symbol, text) HENG_SIGNAL_##symbol,
    HENG_SIGNAL_LIST(X)
#undef X
        HENG_SIGNAL_COUNT
} heng_signal;

/* A collector or repeater between the line's head and some meters. The path to a meter is the chain of parents, outer
 * ones first. One without open bytes is always open; else open is sent, and open_answer is what must come back (n 0:
 * nothing need), before a meter behind it is asked, again when the path was another one or hold_ms are over.
 * stores: it answers for its meters, at once, with what it has read by itself: what an answer says of its time counts,
 * and a silence is the relay's, not the meter's.
 * delay_ms: what it adds to every answer, on top of what the meters take. */
enum { HENG_RELAY_BYTES_MAX = 32, HENG_RELAYS_DEEP_MAX = 4 };
struct heng_relay_config {
    int64_t id, parent_id; /* parent_id 0: on the line itself */
    char name[48];
    bool stores;
    uint32_t delay_ms, hold_ms; /* hold_ms 0: it stays open */
    uint8_t open_n, open_answer_n;
    uint8_t open[HENG_RELAY_BYTES_MAX], open_answer[HENG_RELAY_BYTES_MAX];
};

/* Zero is right for all that a line does not have. Arrays are borrowed by who gets the configuration; heng_line_new
 * copies what it needs. */
struct heng_line_config {
    int64_t id;
    char name[HENG_NAME_MAX];
    heng_transport_kind transport;
    char endpoint[HENG_ENDPOINT_MAX];
    char heartbeat[64];    /* DTU: bytes to strip, ASCII text or "hex:FE"; "" for none */
    uint32_t heartbeat_s;  /* DTU: how often it comes; silence of 2.5 times that closes the connection; 0: not known */
    uint32_t baud;         /* speed of the bus behind the transport, for time-outs */
    char parity;           /* 'E', 'N' or 'O' */
    uint32_t latency_ms;   /* what transport and radio may add to an answer */
    uint32_t period_s;     /* of meters without a schedule: a round of them starts every so often */
    heng_rts rts;          /* SERIAL */
    heng_signal overload;  /* SERIAL, RFC2217 */
    bool infrared;         /* SERIAL: a head on the port: 1200 8E1 if baud says nothing else, DTR and RTS power it, it
                              hears itself */
    uint8_t wake_byte;     /* sent in front of the first request after a quiet time ... */
    uint32_t wake_ms;      /* ... for so long; 0: no wake-up */
    uint32_t wake_rest_ms; /* ... then so much quiet before the request */
    uint32_t wake_after_s; /* ... the quiet time after which the meters sleep */
    uint8_t quarantine_after;     /* misses in a row after which a meter is probed rarely; 0: 3 */
    bool single_reads;            /* values are not confirmed by a second read on a noisy line */
    const struct heng_zone *zone; /* of the schedules' times; NULL: UTC */
    const struct heng_schedule *schedules;
    size_t schedule_count;
    const struct heng_relay_config *relays;
    size_t relay_count;
    /* Who a meter without a profile of its own may be, by what its answers say; borrowed, NULL: nobody is recognised */
    const struct heng_profiles *profiles;
};

/* What was learned of a meter and is kept across restarts. Zero: nothing yet.
 * answer_us, spread_us: running mean of the time from the end of a request to the first byte of the answer, and of the
 * deviation from it. */
struct heng_learned {
    uint32_t answer_us, spread_us, answers;
    uint32_t misses;     /* conversations in a row without a sign of life */
    heng_us due_done_us; /* wall clock: the due date whose frozen values were read last; 0: none */
    uint8_t ser;         /* CJ/T 188: 0 not known, 1 the meter sends the request's number back, 2 it does not */
};

/* address: M-Bus: primary address in decimal, or secondary as 16 hex digits: identification, manufacturer (two bytes as
 *          on the wire), version, medium, F for what is not known, or its 8-digit identification alone; the printed
 *          14-digit number for CJ/T 188, 12 digits for DL/T 645, the unit 1..247 in decimal for Modbus.
 * profile: the meter model, borrowed; NULL: what an answer says about itself, or the generic one of the protocol.
 * profile_name: as configured, "" for none; one that is not there any more leaves profile NULL. */
struct heng_meter_config {
    int64_t device_id, line_id;
    heng_protocol protocol;
    heng_medium medium;
    char address[HENG_ADDRESS_MAX];
    char number[24]; /* serial number on the plate; what an answer must say; "" when unknown */
    const struct heng_profile *profile;
    char profile_name[HENG_MODEL_NAME_MAX];
    int64_t schedule_id; /* 0: the line's period */
    int64_t relay_id;    /* 0: on the line itself */
    uint32_t position;   /* along the cable, from the head, 1..; 0: not known */
    struct heng_learned learned;
};

/* The texts of the tables above; "unknown" for a number outside. */
const char *heng_protocol_text(heng_protocol protocol);
const char *heng_transport_text(heng_transport_kind transport);

/* COUNT when the text is not in the table. */
heng_protocol heng_protocol_of(const char *text);
heng_transport_kind heng_transport_of(const char *text);
const char *heng_rts_text(heng_rts rts);
heng_rts heng_rts_of(const char *text);
const char *heng_signal_text(heng_signal signal);
heng_signal heng_signal_of(const char *text);

/* What of a line does not go together with its transport. why: the reason, for people. */
typedef enum heng_line_flaw {
    HENG_FLAW_NONE,
    HENG_FLAW_ENDPOINT,
    HENG_FLAW_RTS,
    HENG_FLAW_INFRARED,
    HENG_FLAW_OVERLOAD,
    HENG_FLAW_HEARTBEAT
} heng_line_flaw;
heng_line_flaw heng_line_check(const struct heng_line_config *line, const char **ret_why);

#endif
