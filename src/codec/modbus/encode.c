/* Modbus frames and PDUs to send; their shapes are drawn in pdu.c and frame.c. */
#include "codec/modbus.h"
#include "codec/modbus/pdu.h"

static void put_u16(struct heng_buf *buf, unsigned value)
{
    heng_buf_u8(buf, (uint8_t)(value >> 8));
    heng_buf_u8(buf, (uint8_t)value);
}

static bool has_room(const struct heng_buf *buf, size_t n) { return buf->cap - buf->n >= n; }

heng_rc heng_modbus_encode_rtu(uint8_t unit, struct heng_slice pdu, struct heng_buf *buf)
{
    if (pdu.n < 1 || pdu.n > HENG_MODBUS_PDU_MAX || !has_room(buf, pdu.n + 3)) return HENG_ELIMIT;
    size_t start = buf->n;
    heng_buf_u8(buf, unit);
    heng_buf_put(buf, pdu);
    heng_buf_le(buf, heng_modbus_crc(heng_slice_of(buf->p + start, pdu.n + 1)), 2);
    return HENG_OK;
}

heng_rc heng_modbus_encode_tcp(uint16_t transaction, uint8_t unit, struct heng_slice pdu, struct heng_buf *buf)
{
    if (pdu.n < 1 || pdu.n > HENG_MODBUS_PDU_MAX || !has_room(buf, pdu.n + 7)) return HENG_ELIMIT;
    put_u16(buf, transaction);
    put_u16(buf, 0);
    put_u16(buf, (unsigned)pdu.n + 1);
    heng_buf_u8(buf, unit);
    heng_buf_put(buf, pdu);
    return HENG_OK;
}

/* Function, two numbers, and data behind its byte count; kept when it is a sound PDU, else taken back. */
static heng_rc put_pdu(uint8_t function_code, unsigned first, unsigned second, const struct heng_slice *data,
                       bool as_answer, struct heng_buf *buf)
{
    if (!has_room(buf, 5 + (data ? 1 + data->n : 0)) || (data && data->n > 0xFF)) return HENG_ELIMIT;
    size_t start = buf->n;
    heng_buf_u8(buf, function_code);
    put_u16(buf, first);
    put_u16(buf, second);
    if (data) {
        heng_buf_u8(buf, (uint8_t)data->n);
        heng_buf_put(buf, *data);
    }
    struct heng_slice pdu = heng_slice_of(buf->p + start, buf->n - start);
    if (as_answer ? heng_modbus_is_answer(pdu) : heng_modbus_is_request(pdu)) return HENG_OK;
    buf->n = start;
    return HENG_ELIMIT;
}

heng_rc heng_modbus_put_read(uint8_t function_code, uint16_t address, uint16_t count, struct heng_buf *buf)
{
    bool reads = function_code >= HENG_MODBUS_READ_COILS && function_code <= HENG_MODBUS_READ_INPUT_REGISTERS;
    return reads ? put_pdu(function_code, address, count, NULL, false, buf) : HENG_ELIMIT;
}

heng_rc heng_modbus_put_write_one(uint8_t function_code, uint16_t address, uint16_t value, struct heng_buf *buf)
{
    bool writes = function_code == HENG_MODBUS_WRITE_COIL || function_code == HENG_MODBUS_WRITE_REGISTER;
    return writes ? put_pdu(function_code, address, value, NULL, false, buf) : HENG_ELIMIT;
}

heng_rc heng_modbus_put_write(uint8_t function_code, uint16_t address, uint16_t count, struct heng_slice data,
                              struct heng_buf *buf)
{
    bool writes = function_code == HENG_MODBUS_WRITE_COILS || function_code == HENG_MODBUS_WRITE_REGISTERS;
    return writes ? put_pdu(function_code, address, count, &data, false, buf) : HENG_ELIMIT;
}

heng_rc heng_modbus_put_written(uint8_t function_code, uint16_t address, uint16_t count, struct heng_buf *buf)
{
    bool writes = function_code == HENG_MODBUS_WRITE_COILS || function_code == HENG_MODBUS_WRITE_REGISTERS;
    return writes ? put_pdu(function_code, address, count, NULL, true, buf) : HENG_ELIMIT;
}

heng_rc heng_modbus_put_read_write(uint16_t address, uint16_t count, uint16_t write_address, struct heng_slice data,
                                   struct heng_buf *buf)
{
    if (!has_room(buf, 10 + data.n) || data.n > 0xFF) return HENG_ELIMIT;
    size_t start = buf->n;
    heng_buf_u8(buf, HENG_MODBUS_READ_WRITE_REGISTERS);
    put_u16(buf, address);
    put_u16(buf, count);
    put_u16(buf, write_address);
    put_u16(buf, (unsigned)data.n / 2);
    heng_buf_u8(buf, (uint8_t)data.n);
    heng_buf_put(buf, data);
    if (heng_modbus_is_request(heng_slice_of(buf->p + start, buf->n - start))) return HENG_OK;
    buf->n = start;
    return HENG_ELIMIT;
}

heng_rc heng_modbus_put_data(uint8_t function_code, struct heng_slice data, struct heng_buf *buf)
{
    if (!has_room(buf, 2 + data.n) || data.n > 0xFF || function_code & HENG_MODBUS_EXCEPTION) return HENG_ELIMIT;
    size_t start = buf->n;
    heng_buf_u8(buf, function_code);
    heng_buf_u8(buf, (uint8_t)data.n);
    heng_buf_put(buf, data);
    if (heng_modbus_is_answer(heng_slice_of(buf->p + start, buf->n - start))) return HENG_OK;
    buf->n = start;
    return HENG_ELIMIT;
}

heng_rc heng_modbus_put_exception(uint8_t function_code, uint8_t exception, struct heng_buf *buf)
{
    if (!has_room(buf, 2) || exception == 0) return HENG_ELIMIT;
    heng_buf_u8(buf, function_code | HENG_MODBUS_EXCEPTION);
    heng_buf_u8(buf, exception);
    return HENG_OK;
}

heng_rc heng_modbus_put_identification(uint8_t code, uint8_t object, struct heng_buf *buf)
{
    if (!has_room(buf, 4) || code < 1 || code > 4) return HENG_ELIMIT;
    heng_buf_u8(buf, HENG_MODBUS_ENCAPSULATED);
    heng_buf_u8(buf, HENG_MODBUS_MEI_IDENTIFICATION);
    heng_buf_u8(buf, code);
    heng_buf_u8(buf, object);
    return HENG_OK;
}

heng_rc heng_modbus_put_identified(uint8_t code, uint8_t conformity, bool more, uint8_t next,
                                   const struct heng_modbus_object *objects, size_t count, struct heng_buf *buf)
{
    enum { HEAD = 7, OBJECT_HEAD = 2 };
    size_t start = buf->n, n = HEAD;
    if (count > HENG_MODBUS_PDU_MAX) return HENG_ELIMIT;
    for (size_t i = 0; i < count; i++) {
        if (objects[i].text.n > 0xFF) return HENG_ELIMIT;
        n += OBJECT_HEAD + objects[i].text.n;
    }
    if (n > HENG_MODBUS_PDU_MAX || !has_room(buf, n)) return HENG_ELIMIT;
    heng_buf_u8(buf, HENG_MODBUS_ENCAPSULATED);
    heng_buf_u8(buf, HENG_MODBUS_MEI_IDENTIFICATION);
    heng_buf_u8(buf, code);
    heng_buf_u8(buf, conformity);
    heng_buf_u8(buf, more ? 0xFF : 0x00);
    heng_buf_u8(buf, next);
    heng_buf_u8(buf, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        heng_buf_u8(buf, objects[i].id);
        heng_buf_u8(buf, (uint8_t)objects[i].text.n);
        heng_buf_put(buf, objects[i].text);
    }
    if (heng_modbus_is_answer(heng_slice_of(buf->p + start, buf->n - start))) return HENG_OK;
    buf->n = start;
    return HENG_ELIMIT;
}
