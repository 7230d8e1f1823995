#ifndef HENG_CODEC_MODBUS_PDU_H
#define HENG_CODEC_MODBUS_PDU_H
/* The protocol data unit, which RTU and TCP share; private to codec/. Offsets of errors count from its function code.
 */
#include "codec/telegram.h"

enum { HENG_MODBUS_PDU_MAX = 253, HENG_MODBUS_MEI_IDENTIFICATION = 0x0E };

/* "read holding registers", also for an exception; "unknown function" for codes outside of the standard. */
const char *heng_modbus_function_text(uint8_t function_code);

/* The same for a PDU, whose MEI type tells more of function 2B. */
const char *heng_modbus_pdu_text(struct heng_slice pdu);

/* True when the PDU that begins like this has a function whose lengths we know. */
bool heng_modbus_has_form(struct heng_slice pdu);

/* Length of the PDU at the start of these bytes, if it is a request (an answer). 0: it cannot be one; more than
 * bytes.n: so many bytes at least. */
size_t heng_modbus_request_bytes(struct heng_slice bytes);
size_t heng_modbus_answer_bytes(struct heng_slice bytes);

/* Judge what is there of a request (an answer): quantities, byte counts, coil values. Errors: EFORMAT. */
HENG_NODISCARD heng_rc heng_modbus_check_request(struct heng_slice pdu, struct heng_err *err);
HENG_NODISCARD heng_rc heng_modbus_check_answer(struct heng_slice pdu, struct heng_err *err);

/* True when the whole PDU is a sound request (answer). */
bool heng_modbus_is_request(struct heng_slice pdu);
bool heng_modbus_is_answer(struct heng_slice pdu);

/* Why the whole PDU is neither. Errors: EFORMAT. */
HENG_NODISCARD heng_rc heng_modbus_blame(struct heng_slice pdu, struct heng_err *err);

/* Fill all of *t that depends on the PDU; the rest stays. */
void heng_modbus_read_pdu(struct heng_telegram *t, struct heng_slice pdu, bool from_meter, bool either_way);

/* The PDU of a decoded telegram. */
struct heng_slice heng_modbus_pdu(const struct heng_telegram *t);

/* Take apart captured bytes that must be one RTU frame; the contract of heng_codec.decode, but that the end of the
 * bytes is the end of the frame: the CRC over all of it tells good frames of functions that a stream cannot frame
 * (kinds OTHER, ERROR), and a bad one is judged by the form that its length fits. */
HENG_NODISCARD heng_rc heng_modbus_decode_capture(struct heng_slice in, struct heng_telegram *ret, size_t *ret_used,
                                                  struct heng_err *err);

/* True when the bytes are a sound request or answer of RTU, whatever their CRC is. */
bool heng_modbus_rtu_shaped(struct heng_slice in);

/* True when they are one with another single bit, the CRC above all. */
bool heng_modbus_one_bit_off(struct heng_slice in);

static inline uint16_t heng_modbus_u16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

#endif
