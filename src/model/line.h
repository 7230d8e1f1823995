#ifndef HENG_MODEL_LINE_H
#define HENG_MODEL_LINE_H
/* A bus and the meters on it: settings as configured, state and counters as seen. */
#include "base/time.h"
#include "model/quantity.h"
#include "model/reading.h"

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
    X(TCP, "tcp")       /* we dial a serial converter: endpoint host:port */                                           \
    X(DTU, "dtu")       /* a DTU dials in: endpoint is its registration string */                                      \
    X(SERIAL, "serial") /* our own port or pty: endpoint is the device path */

typedef enum heng_transport_kind {
#define X(symbol, text) HENG_TRANSPORT_##symbol,
    HENG_TRANSPORT_LIST(X)
#undef X
        HENG_TRANSPORT_COUNT
} heng_transport_kind;

/* X(symbol, text): what an operator wants to know of a line at a glance. */
#define HENG_LINE_STATE_LIST(X)                                                                                        \
    X(DOWN, "down")       /* no connection to converter, DTU or port */                                                \
    X(SILENT, "silent")   /* connected, but no meter answers: cable, power or converter */                             \
    X(IDLE, "idle")       /* connected, waiting for the next round */                                                  \
    X(READING, "reading") /* connected, asking */

typedef enum heng_line_state {
#define X(symbol, text) HENG_LINE_STATE_##symbol,
    HENG_LINE_STATE_LIST(X)
#undef X
        HENG_LINE_STATE_COUNT
} heng_line_state;

/* X(field): counted since the line was created, kept in the database. */
#define HENG_LINE_COUNTER_LIST(X)                                                                                      \
    X(requests) /* requests sent, tries included */                                                                    \
    X(answers)  /* good answers of the meter that was asked */                                                         \
    X(silence)  /* requests without a byte in return */                                                                \
    X(noise)    /* bytes thrown away outside of frames */                                                              \
    X(checksum) /* frames with a wrong check */                                                                        \
    X(format)   /* checked frames that cannot be understood */                                                         \
    X(foreign)  /* answers of another meter */                                                                         \
    X(echo)     /* own requests heard back and taken out */                                                            \
    X(refused)  /* error reports of meters */                                                                          \
    X(reads_ok)                                                                                                        \
    X(reads_failed)                                                                                                    \
    X(bytes_out)                                                                                                       \
    X(bytes_in)

struct heng_line_counters {
#define X(field) uint64_t field;
    HENG_LINE_COUNTER_LIST(X)
#undef X
};

enum { HENG_NAME_MAX = 96, HENG_ENDPOINT_MAX = 128, HENG_MODEL_NAME_MAX = 48 };

struct heng_line_config {
    int64_t id;
    char name[HENG_NAME_MAX];
    heng_transport_kind transport;
    char endpoint[HENG_ENDPOINT_MAX];
    char heartbeat[64];  /* DTU: bytes to strip, ASCII text or "hex:FE"; "" for none */
    uint32_t baud;       /* speed of the bus behind the transport, for time-outs */
    char parity;         /* 'E', 'N' or 'O' */
    uint32_t latency_ms; /* what transport and radio may add to an answer */
    uint32_t period_s;   /* a round of all meters starts every so often */
    /* Who a meter without a profile of its own may be, by what its answers say; borrowed, NULL: nobody is recognised */
    const struct heng_profiles *profiles;
};

/* address: primary address in decimal for M-Bus, the printed 14-digit number for CJ/T 188, 12 digits for DL/T 645,
 *          the unit 1..247 in decimal for Modbus.
 * profile: the meter model, borrowed; NULL: what an answer says about itself, or the generic one of the protocol.
 * profile_name: as configured, "" for none; one that is not there any more leaves profile NULL. */
struct heng_meter_config {
    int64_t device_id, line_id;
    heng_protocol protocol;
    heng_medium medium;
    char address[24];
    char number[24]; /* serial number on the plate; what an answer must say; "" when unknown */
    const struct heng_profile *profile;
    char profile_name[HENG_MODEL_NAME_MAX];
};

/* The texts of the tables above; "unknown" for a number outside. */
const char *heng_protocol_text(heng_protocol protocol);
const char *heng_transport_text(heng_transport_kind transport);
const char *heng_line_state_text(heng_line_state state);

/* COUNT when the text is not in the table. */
heng_protocol heng_protocol_of(const char *text);
heng_transport_kind heng_transport_of(const char *text);
heng_line_state heng_line_state_of(const char *text);

#endif
