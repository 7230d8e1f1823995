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
    HENG_MBUS_CI_RSP_VARIABLE = 0x72,
    HENG_MBUS_ACK = 0xE5,
};

/* Append E5; 10 C A CS 16; 68 L L 68 C A CI data CS 16. Errors: ELIMIT when data exceeds 252 bytes or
 * buf is too small; buf is then unchanged. */
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

/* Append the 12-byte long header of a variable data answer (CI 72). Errors: EFORMAT, ELIMIT. */
HENG_NODISCARD heng_rc heng_mbus_encode_header(const struct heng_mbus_secondary *who, uint8_t access, uint8_t status,
                                               struct heng_buf *buf);

/* Two's complement BCD-free helpers for records: append DIF, VIF bytes and data as given. */
HENG_NODISCARD heng_rc heng_mbus_encode_record(uint8_t dif, struct heng_slice vif, uint64_t raw, size_t bytes,
                                               struct heng_buf *buf);

/* The medium of a device-type byte and the way back (0x0F for none). */
heng_medium heng_mbus_medium(uint8_t device_type);
uint8_t heng_mbus_device_type(heng_medium medium);

/* Data of coding type F (date and time, 4 bytes) and G (date, 2 bytes), for encoders. */
uint32_t heng_mbus_encode_type_f(const struct heng_civil *c);
uint16_t heng_mbus_encode_type_g(const struct heng_civil *c);

/* value, 0 .. 10^digits - 1, as packed BCD, low byte first; digits even, at most 16. */
uint64_t heng_bcd_encode(uint64_t value, unsigned digits);

#endif
