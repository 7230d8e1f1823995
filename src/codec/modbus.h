#ifndef HENG_CODEC_MODBUS_H
#define HENG_CODEC_MODBUS_H
/* Modbus RTU and TCP, client and server side: function codes 01 to 06, 0F, 10, 11, 17, 2B/0E and exceptions.
 *
 * An answer does not repeat the address it was asked for: without its request it yields raw registers, numbered from
 * 0. With the request known (heng_modbus_join, or a capture that holds both) di is set, and with a dialect the
 * registers become values.
 * Source: Modbus Application Protocol 1.1b3, Modbus over Serial Line 1.02, Messaging on TCP/IP 1.0b. */
#include "base/buf.h"
#include "codec/telegram.h"

extern const struct heng_codec heng_modbus_rtu_codec, heng_modbus_tcp_codec;

enum {
    HENG_MODBUS_READ_COILS = 0x01,
    HENG_MODBUS_READ_DISCRETE_INPUTS = 0x02,
    HENG_MODBUS_READ_HOLDING_REGISTERS = 0x03,
    HENG_MODBUS_READ_INPUT_REGISTERS = 0x04,
    HENG_MODBUS_WRITE_COIL = 0x05,
    HENG_MODBUS_WRITE_REGISTER = 0x06,
    HENG_MODBUS_WRITE_COILS = 0x0F,
    HENG_MODBUS_WRITE_REGISTERS = 0x10,
    HENG_MODBUS_REPORT_SERVER_ID = 0x11,
    HENG_MODBUS_READ_WRITE_REGISTERS = 0x17,
    HENG_MODBUS_ENCAPSULATED = 0x2B, /* MEI 0E: read device identification */
    HENG_MODBUS_EXCEPTION = 0x80,
    HENG_MODBUS_REGISTERS_MAX = 125,
    HENG_MODBUS_FRAME_MAX = 260,
};

/* Append one frame around a PDU (function code and what follows, 1..253 bytes). Errors: ELIMIT; buf is then
 * unchanged. */
HENG_NODISCARD heng_rc heng_modbus_encode_rtu(uint8_t unit, struct heng_slice pdu, struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_modbus_encode_tcp(uint16_t transaction, uint8_t unit, struct heng_slice pdu,
                                              struct heng_buf *buf);

/* PDUs. Quantities outside of the standard's limits and a small buf are ELIMIT; buf is then unchanged.
 * registers: high byte first, two bytes each; coils: LSB first, 8 per byte. */
HENG_NODISCARD heng_rc heng_modbus_put_read(uint8_t function_code, uint16_t address, uint16_t count,
                                            struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_modbus_put_write_one(uint8_t function_code, uint16_t address, uint16_t value,
                                                 struct heng_buf *buf); /* FC 05 (FF00, 0000) and 06, both ways */
HENG_NODISCARD heng_rc heng_modbus_put_write(uint8_t function_code, uint16_t address, uint16_t count,
                                             struct heng_slice data, struct heng_buf *buf); /* FC 0F, 10 request */
HENG_NODISCARD heng_rc heng_modbus_put_written(uint8_t function_code, uint16_t address, uint16_t count,
                                               struct heng_buf *buf); /* FC 0F, 10 answer */
HENG_NODISCARD heng_rc heng_modbus_put_read_write(uint16_t address, uint16_t count, uint16_t write_address,
                                                  struct heng_slice data, struct heng_buf *buf); /* FC 17 request */
HENG_NODISCARD heng_rc heng_modbus_put_data(uint8_t function_code, struct heng_slice data,
                                            struct heng_buf *buf); /* answer to FC 01 02 03 04 17 */
HENG_NODISCARD heng_rc heng_modbus_put_exception(uint8_t function_code, uint8_t exception, struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_modbus_put_identification(uint8_t code, uint8_t object,
                                                      struct heng_buf *buf); /* FC 2B/0E request */

/* Answer to FC 2B/0E: code as asked (1..4), conformity 01..03 or 81..83; more: ask again from object next on. */
struct heng_modbus_object {
    uint8_t id;
    struct heng_slice text; /* at most 255 bytes */
};
HENG_NODISCARD heng_rc heng_modbus_put_identified(uint8_t code, uint8_t conformity, bool more, uint8_t next,
                                                  const struct heng_modbus_object *objects, size_t count,
                                                  struct heng_buf *buf);

/* Give an answer the address and count of its request, and mark it as an answer. False when it cannot be the answer:
 * another unit, function or transaction, another number of registers; *answer is then unchanged. */
bool heng_modbus_join(const struct heng_telegram *request, struct heng_telegram *answer);

/* "illegal data address" ...; "reserved exception" for others. */
const char *heng_modbus_exception_text(uint8_t exception);

/* CRC-16 of Modbus RTU (polynomial A001, start FFFF); its low byte is sent first. */
uint16_t heng_modbus_crc(struct heng_slice bytes);

/* The number in 2, 4 or 8 register bytes in the given order, as the 64 bits it has high byte first. */
uint64_t heng_modbus_load(const uint8_t *p, size_t bytes, heng_word_order order);

/* What a field makes of its raw bytes (registers as on the wire; of a coil or discrete input one byte, which holds its
 * state in bit 0): fills kind, dec, civil, reason, enumerated and data of *ret.
 * A float that is no number, and what does not fit a heng_dec, is a record without a value. */
void heng_modbus_value(const struct heng_field *field, const uint8_t *p, struct heng_record *ret);

#endif
