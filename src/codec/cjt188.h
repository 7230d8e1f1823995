#ifndef HENG_CODEC_CJT188_H
#define HENG_CODEC_CJT188_H
/* CJ/T 188-2004 (with the 2018 differences): water, gas and heat meters on M-Bus or RS-485 lines. */
#include "base/buf.h"
#include "codec/telegram.h"

extern const struct heng_codec heng_cjt188_codec;

enum {
    HENG_CJT188_C_READ = 0x01,
    HENG_CJT188_C_READ_ADDRESS = 0x03,
    HENG_CJT188_C_WRITE = 0x04,
    HENG_CJT188_C_ANSWER = 0x80,
    HENG_CJT188_C_ERROR = 0x40,
    HENG_CJT188_DI_CURRENT = 0x901F,
    HENG_CJT188_DI_ADDRESS = 0x810A,
};

/* One frame in the sender's terms.
 * Shape: id 14 hex digits as printed (A6 .. A0); type T; payload is what follows SER.
 *        preamble FE bytes are sent in front. di_swapped sends 1F 90 for 0x901F. */
struct heng_cjt188_frame {
    uint8_t type, control, ser, preamble;
    char id[15];
    uint16_t di;
    bool di_swapped;
    struct heng_slice payload;
};

/* Append the frame. Errors: EFORMAT for a bad id, ELIMIT for payload over 252 bytes or a small buf; buf is
 * then unchanged. */
HENG_NODISCARD heng_rc heng_cjt188_encode(const struct heng_cjt188_frame *frame, struct heng_buf *buf);

/* The medium of a meter type T and the usual T of a medium (0x10 when the medium has none). */
heng_medium heng_cjt188_medium(uint8_t type);
uint8_t heng_cjt188_type(heng_medium medium);

#endif
