#ifndef HENG_CODEC_DLT645_H
#define HENG_CODEC_DLT645_H
/* DL/T 645-2007 and DL/T 645-1997: electricity meters on RS-485 lines. One link frame, two editions of functions and
 * data identifiers. Each codec decodes the frames of both (the link is the same); what only the other edition
 * defines is kind OTHER. */
#include "base/buf.h"
#include "base/time.h"
#include "codec/telegram.h"

extern const struct heng_codec heng_dlt645_2007_codec, heng_dlt645_1997_codec;

enum {
    HENG_DLT645_C_READ = 0x11,
    HENG_DLT645_C_FOLLOW = 0x12,
    HENG_DLT645_C_READ_ADDRESS = 0x13,
    HENG_DLT645_C_WRITE = 0x14,
    HENG_DLT645_C_WRITE_ADDRESS = 0x15,
    HENG_DLT645_C_FREEZE = 0x16,
    HENG_DLT645_C_BAUD = 0x17,
    HENG_DLT645_C_RELAY = 0x1C,
    HENG_DLT645_C_TIME = 0x08,
    HENG_DLT645_97_C_READ = 0x01,
    HENG_DLT645_97_C_FOLLOW = 0x02,
    HENG_DLT645_97_C_WRITE = 0x04,
    HENG_DLT645_97_C_WRITE_ADDRESS = 0x0A,
    HENG_DLT645_97_C_BAUD = 0x0C,
    HENG_DLT645_C_ANSWER = 0x80,
    HENG_DLT645_C_ERROR = 0x40,
    HENG_DLT645_C_MORE = 0x20,
    HENG_DLT645_BIAS = 0x33,
};

/* One frame in the sender's terms.
 * Shape: id 12 hex digits as printed (A5 .. A0), "AAAAAAAAAAAA" any, "999999999999" all; data without the 33h bias,
 *        at most 255 bytes; preamble FE bytes are sent in front. */
struct heng_dlt645_frame {
    char id[13];
    uint8_t control, preamble;
    struct heng_slice data;
};

/* Append the frame. Errors: EFORMAT for a bad id, ELIMIT for data over 255 bytes or a small buf; buf is then
 * unchanged. */
HENG_NODISCARD heng_rc heng_dlt645_encode(const struct heng_dlt645_frame *frame, struct heng_buf *buf);

/* Data of requests (append to an empty buf, then encode): DI low byte first, 4 bytes (2007) or 2 (1997). */
void heng_dlt645_put_di(struct heng_buf *buf, heng_protocol protocol, uint32_t di);

/* Data of a 1C relay command. Shape: level 02 or 04; password 3 bytes P0..P2; operator_code 4 bytes C0..C3;
 * action N1 (see heng_dlt645_relay_action); valid_until by the meter's clock. */
struct heng_dlt645_relay {
    uint8_t level, password[3], operator_code[4], action;
    struct heng_civil valid_until;
};
void heng_dlt645_put_relay(struct heng_buf *buf, const struct heng_dlt645_relay *relay);
/* "trip", "allow close" ...; NULL for a code that we do not know. */
const char *heng_dlt645_relay_action(uint8_t n1);

/* The bits of a D1/C1 error byte by name, "; " between them; returns ret_text. */
const char *heng_dlt645_error_text(uint8_t error, char *ret_text, size_t cap);
/* The same of an error answer, which holds one such byte or, of newer meters, two of another kind. */
const char *heng_dlt645_refusal_text(const struct heng_telegram *telegram, char *ret_text, size_t cap);

/* The code of a rate for function 17 (2007): 600 .. 19200; 0 for one that it does not know. */
uint8_t heng_dlt645_baud_code(uint32_t baud);

/* Data of a write to the clock, behind password and operator code (append to buf): the date with its day of the week
 * (WW DD MM YY), the time (ss mm hh); of function 08: ss mm hh DD MM YY. */
void heng_dlt645_put_date(struct heng_buf *buf, const struct heng_civil *at);
void heng_dlt645_put_time(struct heng_buf *buf, const struct heng_civil *at);
void heng_dlt645_put_clock(struct heng_buf *buf, const struct heng_civil *at);

#endif
