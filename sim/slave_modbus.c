/* A virtual Modbus RTU meter: the registers and coils of its profile, as the samples show them, with counters that
 * rise.
 *
 *   unit 01..04 first count      unit fc bytes data; 83 02 for what is not in one question of the profile; 83 03 for a
 *                                count that is none
 *   unit other function          unit 80|fc 01
 *   unit 0                       silence
 * A meter without a profile has ten holding registers from 0 on: its count in two, high word first, then zeros. */
#include "codec/modbus.h"
#include "sim/slave_core.h"
#include "sim/slave_template.h"

enum { ILLEGAL_FUNCTION = 1, ILLEGAL_ADDRESS = 2, ILLEGAL_VALUE = 3, PLAIN_REGISTERS = 10, COILS_MAX = 2000 };

static bool is_coils(uint8_t function_code) { return function_code <= HENG_MODBUS_READ_DISCRETE_INPUTS; }

/* The registers or coils asked for, as they are sent. */
static void data_of(const struct heng_sim_meter *m, const struct heng_sim_range *r, uint16_t first, uint16_t count,
                    heng_us now, struct heng_buf *data)
{
    uint8_t all[2 * HENG_MODBUS_REGISTERS_MAX + COILS_MAX];
    size_t n = is_coils(r->function_code) ? r->count : 2u * r->count, at = first - r->first;
    memcpy(all, r->bytes, n);
    heng_sim_patch_all(m, r->patches, r->patch_count, now, all);
    if (!is_coils(r->function_code)) {
        heng_buf_put(data, heng_slice_of(all + 2 * at, 2u * count));
        return;
    }
    for (size_t i = 0; i < count; i += 8) {
        unsigned byte = 0;
        for (size_t bit = 0; bit < 8 && i + bit < count; bit++) byte |= (unsigned)all[at + i + bit] << bit;
        heng_buf_u8(data, (uint8_t)byte);
    }
}

static void answer_read(const struct heng_sim_meter *m, uint8_t function_code, uint16_t first, uint16_t count,
                        heng_us now, struct heng_buf *pdu)
{
    uint8_t memory[2 * HENG_MODBUS_REGISTERS_MAX], plain[2 * PLAIN_REGISTERS] = {0};
    struct heng_buf data = heng_buf_of(memory, sizeof memory);
    const struct heng_sim_range own = {
        .function_code = HENG_MODBUS_READ_HOLDING_REGISTERS, .count = PLAIN_REGISTERS, .bytes = plain};
    const struct heng_sim_range *r = &own;
    uint16_t most = is_coils(function_code) ? COILS_MAX : HENG_MODBUS_REGISTERS_MAX;
    uint64_t total = heng_sim_meter_count(m, now);
    for (unsigned i = 0; i < 4; i++) plain[i] = (uint8_t)(total >> (24 - 8 * i));
    if (m->look)
        r = heng_sim_template_range(m->look, function_code, first, count);
    else if (function_code != own.function_code || first + count > PLAIN_REGISTERS)
        r = NULL;
    heng_rc rc = HENG_OK;
    if (count == 0 || count > most)
        rc = heng_modbus_put_exception(function_code, ILLEGAL_VALUE, pdu);
    else if (!r)
        rc = heng_modbus_put_exception(function_code, ILLEGAL_ADDRESS, pdu);
    if (rc != HENG_OK || pdu->n) return;
    data_of(m, r, first, count, now, &data);
    if (heng_modbus_put_data(function_code, heng_buf_slice(&data), pdu) != HENG_OK) pdu->n = 0;
}

void heng_sim_slave_modbus(struct heng_sim_meter *m, struct heng_slice request, heng_us now, struct heng_sim_reply *ret)
{
    uint8_t memory[HENG_MODBUS_FRAME_MAX], function_code = request.p[1];
    struct heng_buf pdu = heng_buf_of(memory, sizeof memory), out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    if (request.p[0] != m->address[0]) return;
    if (function_code < HENG_MODBUS_READ_COILS || function_code > HENG_MODBUS_READ_INPUT_REGISTERS) {
        if (heng_modbus_put_exception(function_code & 0x7F, ILLEGAL_FUNCTION, &pdu) != HENG_OK) return;
    } else {
        uint16_t first = (uint16_t)(request.p[2] << 8 | request.p[3]);
        uint16_t count = (uint16_t)(request.p[4] << 8 | request.p[5]);
        answer_read(m, function_code, first, count, now, &pdu);
    }
    if (pdu.n && heng_modbus_encode_rtu(m->address[0], heng_buf_slice(&pdu), &out) == HENG_OK) ret->n = out.n;
}
