#ifndef HENG_CODEC_MBUS_H
#define HENG_CODEC_MBUS_H
/* Wired M-Bus: EN 13757-2 frames, EN 13757-3 application data. The decoder is heng_mbus_codec. */
#include "base/buf.h"
#include "codec/telegram.h"

extern const struct heng_codec heng_mbus_codec;

enum {
    HENG_MBUS_C_SND_NKE = 0x40,
    HENG_MBUS_C_SND_UD = 0x53,
    HENG_MBUS_C_REQ_UD1 = 0x5A,
    HENG_MBUS_C_REQ_UD2 = 0x5B,
    HENG_MBUS_C_FCB = 0x20,
    HENG_MBUS_C_RSP_UD = 0x08,
    HENG_MBUS_CI_APPLICATION_RESET = 0x50,
    HENG_MBUS_CI_DATA_SEND = 0x51,
    HENG_MBUS_CI_SELECT = 0x52,
    HENG_MBUS_CI_ERROR = 0x70,
    HENG_MBUS_CI_ALARM = 0x71,
    HENG_MBUS_CI_RSP_VARIABLE = 0x72,
    HENG_MBUS_CI_RSP_FIXED = 0x73,
    HENG_MBUS_SELECTED = 0xFD, /* address of the meter that a selection chose */
    HENG_MBUS_ACK = 0xE5,
};

/* All encoders append to buf. Errors: ELIMIT when the data exceed what a frame holds or buf is too small, EFORMAT when
 * a field cannot be written as asked; buf is then unchanged. */

/* E5; 10 C A CS 16; 68 L L 68 C A CI data CS 16 with at most 252 bytes of data. */
HENG_NODISCARD heng_rc heng_mbus_encode_ack(struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_mbus_encode_short(uint8_t control, uint8_t address, struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_mbus_encode_long(uint8_t control, uint8_t address, uint8_t ci, struct heng_slice data,
                                             struct heng_buf *buf);

/* Secondary address for select and for the header of an answer: id as 8 hex digits of text. */
struct heng_mbus_secondary {
    char id[9];
    char manufacturer[4];
    uint8_t version, medium; /* medium: the code on the wire (0x04 heat) */
};

/* Select (CI 52 to address FD): whom to select. A wild card digit of id and fabrication is F; manufacturer "" and
 * version and medium FF match any. fabrication "" leaves the enhanced part out.
 * control: HENG_MBUS_C_SND_UD, with or without HENG_MBUS_C_FCB; so in the commands below. */
struct heng_mbus_selection {
    struct heng_mbus_secondary who;
    char fabrication[9];
};
HENG_NODISCARD heng_rc heng_mbus_encode_select(uint8_t control, const struct heng_mbus_selection *selection,
                                               struct heng_buf *buf);

/* Application reset (CI 50). sub: which data to send from now on, b7..4 application, b3..0 telegram; -1: none given. */
HENG_NODISCARD heng_rc heng_mbus_encode_application_reset(uint8_t control, uint8_t address, int sub,
                                                          struct heng_buf *buf);

/* Give the meter a primary address 0..250 (record 01 7A), an identification of 8 digits (0C 79), or all of its
 * secondary address (07 79). */
HENG_NODISCARD heng_rc heng_mbus_encode_set_address(uint8_t control, uint8_t address, uint8_t wanted,
                                                    struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_mbus_encode_set_id(uint8_t control, uint8_t address, const char *id, struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_mbus_encode_set_secondary(uint8_t control, uint8_t address,
                                                      const struct heng_mbus_secondary *who, struct heng_buf *buf);

/* Set the clock: to the minute (record 04 6D), or to the second (06 6D). EFORMAT for what is no time of 2000..2080. */
HENG_NODISCARD heng_rc heng_mbus_encode_set_clock(uint8_t control, uint8_t address, const struct heng_civil *at,
                                                  bool seconds, struct heng_buf *buf);

/* Change the speed to 300, 600, 1200, 2400, 4800, 9600, 19200 or 38400; the answer comes at the old one. */
HENG_NODISCARD heng_rc heng_mbus_encode_set_baud(uint8_t control, uint8_t address, uint32_t baud, struct heng_buf *buf);

/* Answers of a meter: error report (CI 70), alarm status (CI 71). */
HENG_NODISCARD heng_rc heng_mbus_encode_error(uint8_t address, uint8_t code, struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_mbus_encode_alarm(uint8_t address, uint8_t status, struct heng_buf *buf);

/* Answer with fixed data (CI 73): units are the 6-bit codes of EN 1434-3, counters BCD of up to 8 digits. */
struct heng_mbus_fixed {
    char id[9];
    uint8_t access, status; /* b0 and b7, either of which may mean binary counters, must be clear */
    uint8_t medium;         /* 0..15, the code on the wire */
    uint8_t unit[2];
    uint32_t counter[2];
};
HENG_NODISCARD heng_rc heng_mbus_encode_fixed(uint8_t address, const struct heng_mbus_fixed *fixed,
                                              struct heng_buf *buf);

/* Append the 12-byte long header of a variable data answer (CI 72). */
HENG_NODISCARD heng_rc heng_mbus_encode_header(const struct heng_mbus_secondary *who, uint8_t access, uint8_t status,
                                               struct heng_buf *buf);

/* A record of variable data. The fewest DIFEs that hold the register's numbers are written.
 * coding: 0..14, low bits of DIF; vif: VIF and VIFE bytes as on the wire; data: as on the wire, as many bytes as the
 * coding says, for coding 13 as `length` says.
 * Errors: EFORMAT when storage needs more than 41, tariff more than 20, subunit more than 10 bits, or vif or data do
 * not fit the coding. */
struct heng_mbus_register {
    heng_function function;
    uint64_t storage;
    uint32_t tariff, subunit;
    uint8_t coding, length;
    struct heng_slice vif, data;
};
HENG_NODISCARD heng_rc heng_mbus_encode_register(const struct heng_mbus_register *r, struct heng_buf *buf);

/* The same for a DIF without DIFEs and a number: DIF, VIF bytes and the low `bytes` bytes of raw, as given. */
HENG_NODISCARD heng_rc heng_mbus_encode_record(uint8_t dif, struct heng_slice vif, uint64_t raw, size_t bytes,
                                               struct heng_buf *buf);

/* The medium of a device-type byte and the way back (0x0F for none). */
heng_medium heng_mbus_medium(uint8_t device_type);
uint8_t heng_mbus_device_type(heng_medium medium);

/* Data of coding type F (date and time, 4 bytes), G (date, 2 bytes) and I (with seconds, 6 bytes), for encoders. */
uint32_t heng_mbus_encode_type_f(const struct heng_civil *c);
uint16_t heng_mbus_encode_type_g(const struct heng_civil *c);
uint64_t heng_mbus_encode_type_i(const struct heng_civil *c);

/* value, 0 .. 10^digits - 1, as packed BCD, low byte first; digits even, at most 16. */
uint64_t heng_bcd_encode(uint64_t value, unsigned digits);

#endif
