#include "sim/meter_power.h"

#include "codec/dlt645.h"
#include "codec/modbus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* DL/T 645 frame: 68 A0..A5 68 C L DATA CS 16. */
enum {
    AT_ADDRESS = 1,
    AT_SECOND_START = 7,
    AT_CONTROL = 8,
    AT_LENGTH = 9,
    AT_DATA = 10,
    OVERHEAD = 12,
    ADDRESS_LENGTH = 6,
    WILDCARD = 0xAA,
    PREAMBLE = 4,
    NO_SUCH_DATA = 2,
    OTHER_ERROR = 1,
};

enum { MODBUS_REQUEST = 8, REGISTERS = 17, READ = 3, ILLEGAL_FUNCTION = 1, ILLEGAL_ADDRESS = 2 };

enum { DELAY_JITTER_US = 5000 };

void heng_sim_electric_init(struct heng_sim_electric *line, const struct heng_sim_site *site,
                            const struct heng_sim_world *world, uint64_t seed)
{
    *line = (struct heng_sim_electric){.site = site, .world = world};
    for (unsigned i = 0; i < HENG_SIM_POWER_METERS; i++) {
        struct heng_sim_electric_meter *m = &line->meters[i];
        m->alive = true;
        m->rng = heng_sim_rng_of(seed, 6000 + i);
        m->delay_us = 30000 + heng_sim_rng_below(&m->rng, 90000);
    }
}

/* ---- requests ---- */

static uint16_t crc16(const uint8_t *p, size_t n)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < n; i++) {
        crc = (uint16_t)(crc ^ p[i]);
        for (unsigned bit = 0; bit < 8; bit++) crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
    }
    return crc;
}

static bool is_modbus(const uint8_t *p, size_t n)
{
    return n >= MODBUS_REQUEST && (p[6] | p[7] << 8) == crc16(p, MODBUS_REQUEST - 2);
}

/* Length of the DL/T 645 frame that starts at p; 0: more bytes are needed; SIZE_MAX: no frame starts here. */
static size_t dlt645_length(const uint8_t *p, size_t n)
{
    if (p[0] != 0x68 || (n > AT_SECOND_START && p[AT_SECOND_START] != 0x68)) return SIZE_MAX;
    size_t length = n > AT_LENGTH ? p[AT_LENGTH] + (size_t)OVERHEAD : SIZE_MAX;
    if (n < length) return 0;
    return p[length - 1] == 0x16 ? length : SIZE_MAX;
}

size_t heng_sim_electric_take(struct heng_slice in, size_t *ret_skip)
{
    for (size_t i = 0; i < in.n; i++) {
        size_t left = in.n - i, length = dlt645_length(in.p + i, left);
        if (length == SIZE_MAX && left >= MODBUS_REQUEST && !is_modbus(in.p + i, left)) continue;
        *ret_skip = i;
        if (length != SIZE_MAX) return length;
        return left >= MODBUS_REQUEST ? MODBUS_REQUEST : 0;
    }
    *ret_skip = in.n;
    return 0;
}

/* ---- what a meter shows ---- */

static void put_bcd(struct heng_buf *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++, value /= 100) heng_buf_u8(out, (uint8_t)(value / 10 % 10 << 4 | value % 10));
}

/* A tariff as the register shows it: 0.01 kWh. */
static uint32_t shown(const struct heng_sim_power_meter *m, unsigned tariff)
{
    return (uint32_t)floor(m->energy_wh[tariff] / 10.0);
}

/* Total (0) or tariff 1..4. The total is the sum of what is shown, so that a bill by tariffs adds up to the last digit.
 */
static uint32_t energy(const struct heng_sim_power_meter *m, unsigned which)
{
    if (which) return shown(m, which - 1);
    uint32_t sum = 0;
    for (unsigned t = 0; t < HENG_SIM_TARIFFS; t++) sum += shown(m, t);
    return sum;
}

static double phase_power(const struct heng_sim_power_meter *m, unsigned index)
{
    return m->power_w / heng_sim_power_phases(index);
}

static double phase_current(const struct heng_sim_power_meter *m, unsigned index, unsigned phase)
{
    return phase_power(m, index) / (m->volts[phase] * m->power_factor);
}

/* 02 0Q pp 00: quantity Q of phase 1..3, of the total 0 where there is one, or FF for all of them. */
static bool put_instant(const struct heng_sim_power_meter *m, unsigned index, uint32_t di, struct heng_buf *out)
{
    unsigned quantity = di >> 16 & 0xFF, which = di >> 8 & 0xFF, phases = heng_sim_power_phases(index);
    bool has_total = quantity == 3 || quantity == 6;
    unsigned first = which == 0xFF ? !has_total : which, last = which == 0xFF ? phases : which;
    if (quantity < 1 || quantity > 6 || quantity == 4 || quantity == 5 || last > phases || first < !has_total)
        return false;
    for (unsigned phase = first; phase <= last; phase++) {
        double watts = phase == 0 ? m->power_w : phase_power(m, index);
        if (quantity == 1) put_bcd(out, (uint64_t)llround(m->volts[phase - 1] * 10.0), 2);
        if (quantity == 2) put_bcd(out, (uint64_t)llround(phase_current(m, index, phase - 1) * 1000.0), 3);
        if (quantity == 3) put_bcd(out, (uint64_t)llround(watts * 10.0), 3);
        if (quantity == 6) put_bcd(out, (uint64_t)llround(m->power_factor * 1000.0), 2);
    }
    return true;
}

/* 00 0E tt 00: energy E (0 combined, 1 forward, 2 backward) of tariff tt, FF for the total and all tariffs. */
static bool put_energy(const struct heng_sim_power_meter *m, uint32_t di, struct heng_buf *out)
{
    unsigned kind = di >> 16 & 0xFF, which = di >> 8 & 0xFF;
    unsigned first = which == 0xFF ? 0 : which, last = which == 0xFF ? HENG_SIM_TARIFFS : which;
    if (kind > 2 || (di & 0xFF) != 0 || last > HENG_SIM_TARIFFS) return false;
    for (unsigned t = first; t <= last; t++) put_bcd(out, kind == 2 ? 0 : energy(m, t), 4); /* nobody feeds in */
    return true;
}

/* The data of a DI, without the 33h bias; false when the meter does not have it. */
static bool put_data(const struct heng_sim_world *w, unsigned index, uint32_t di, struct heng_buf *out)
{
    const struct heng_sim_power_meter *m = &w->power.meters[index];
    struct heng_civil c = heng_sim_local(w->now_us);
    if (di >> 24 == 0x00) return put_energy(m, di, out);
    if (di == 0x02800002) {
        put_bcd(out, (uint64_t)llround(m->frequency_hz * 100.0), 2);
    } else if (di >> 24 == 0x02 && (di & 0xFF) == 0) {
        return put_instant(m, index, di, out);
    } else if (di == 0x04000102) {
        put_bcd(out, c.second, 1);
        put_bcd(out, c.minute, 1);
        put_bcd(out, c.hour, 1);
    } else if (di == 0x04000503) {
        heng_buf_le(out, 0, 2); /* mains supply, relay closed */
    } else {
        return false;
    }
    return true;
}

static void put_registers(const struct heng_sim_world *w, unsigned index, uint16_t ret[static REGISTERS])
{
    const struct heng_sim_power_meter *m = &w->power.meters[index];
    double apparent = m->power_w / m->power_factor;
    for (unsigned t = 0; t <= HENG_SIM_TARIFFS; t++) {
        ret[2 * t] = (uint16_t)(energy(m, t) >> 16);
        ret[2 * t + 1] = (uint16_t)energy(m, t);
    }
    ret[0x0A] = (uint16_t)(index - HENG_SIM_POWER_DLT645 + 1);
    ret[0x0B] = (uint16_t)lround(m->volts[0] * 10.0);
    ret[0x0C] = (uint16_t)lround(phase_current(m, index, 0) * 100.0);
    ret[0x0D] = (uint16_t)lround(m->power_w);
    ret[0x0E] = (uint16_t)lround(sqrt(apparent * apparent - m->power_w * m->power_w));
    ret[0x0F] = (uint16_t)lround(apparent);
    ret[0x10] = (uint16_t)lround(m->power_factor * 1000.0);
}

/* ---- answers ---- */

static void answer_dlt645(const char *number, uint8_t control, struct heng_slice data, struct heng_sim_answer *ret)
{
    struct heng_dlt645_frame frame = {.control = control, .preamble = PREAMBLE, .data = data};
    snprintf(frame.id, sizeof frame.id, "%s", number);
    struct heng_buf out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    ret->n = heng_dlt645_encode(&frame, &out) == HENG_OK ? out.n : 0;
}

static void ask_dlt645(const struct heng_sim_electric *line, unsigned index, struct heng_slice request,
                       struct heng_sim_answer *ret)
{
    uint8_t control = request.p[AT_CONTROL], memory[64];
    struct heng_buf data = heng_buf_of(memory, sizeof memory);
    uint8_t answer = (uint8_t)(control | HENG_DLT645_C_ANSWER);
    uint32_t di = 0;
    for (unsigned i = 0; i < 4 && request.p[AT_LENGTH] == 4; i++)
        di |= (uint32_t)(uint8_t)(request.p[AT_DATA + i] - HENG_DLT645_BIAS) << (8 * i);
    if (control == HENG_DLT645_C_READ_ADDRESS && request.p[AT_LENGTH] == 0) {
        for (unsigned i = 0; i < ADDRESS_LENGTH; i++) { /* the lowest pair of digits first */
            const char *pair = line->site->power_numbers[index] + 2 * (ADDRESS_LENGTH - 1 - i);
            heng_buf_u8(&data, (uint8_t)((pair[0] - '0') << 4 | (pair[1] - '0')));
        }
    } else if (control == HENG_DLT645_C_READ && request.p[AT_LENGTH] == 4) {
        heng_buf_le(&data, di, 4);
        if (!put_data(line->world, index, di, &data)) {
            data.n = 0;
            heng_buf_u8(&data, NO_SUCH_DATA);
            answer |= HENG_DLT645_C_ERROR;
        }
    } else {
        heng_buf_u8(&data, OTHER_ERROR);
        answer |= HENG_DLT645_C_ERROR;
    }
    answer_dlt645(line->site->power_numbers[index], answer, heng_buf_slice(&data), ret);
}

static bool address_fits(struct heng_slice request, const char *number, bool *ret_wildcard)
{
    const uint8_t *a = request.p + AT_ADDRESS;
    bool all = true, same = true;
    for (unsigned i = 0; i < ADDRESS_LENGTH; i++) {
        const char *pair = number + 2 * (ADDRESS_LENGTH - 1 - i);
        if (a[i] != WILDCARD) all = false;
        if (a[i] != (uint8_t)((pair[0] - '0') << 4 | (pair[1] - '0'))) same = false;
    }
    *ret_wildcard = all;
    return same || all;
}

static void ask_all_dlt645(struct heng_sim_electric *line, const struct heng_sim_wire *wire, struct heng_slice request,
                           struct heng_sim_answer *ret)
{
    uint8_t sum = 0;
    for (size_t i = 0; i + 2 < request.n; i++) sum = (uint8_t)(sum + request.p[i]);
    if (sum != request.p[request.n - 2] || request.p[AT_CONTROL] & HENG_DLT645_C_ANSWER) return;
    for (unsigned i = 0; i < HENG_SIM_POWER_DLT645; i++) {
        struct heng_sim_electric_meter *m = &line->meters[i];
        bool wildcard;
        if (!address_fits(request, line->site->power_numbers[i], &wildcard) || !m->alive) continue;
        struct heng_sim_answer one = {.n = 0, .delay_us = m->delay_us + heng_sim_rng_below(&m->rng, DELAY_JITTER_US)};
        ask_dlt645(line, i, request, &one);
        heng_sim_wire_collide(wire, ret, &one);
        if (!wildcard) return;
    }
}

static void ask_modbus(struct heng_sim_electric *line, struct heng_slice request, struct heng_sim_answer *ret)
{
    unsigned unit = request.p[0], address = (unsigned)(request.p[2] << 8 | request.p[3]);
    unsigned count = (unsigned)(request.p[4] << 8 | request.p[5]);
    if (unit < 1 || unit > HENG_SIM_POWER_MODBUS) return;
    unsigned index = HENG_SIM_POWER_DLT645 + unit - 1;
    struct heng_sim_electric_meter *m = &line->meters[index];
    if (!m->alive) return;
    ret->delay_us = m->delay_us + heng_sim_rng_below(&m->rng, DELAY_JITTER_US);

    uint16_t registers[REGISTERS] = {0};
    uint8_t memory[64], bytes[2 * REGISTERS];
    struct heng_buf pdu = heng_buf_of(memory, sizeof memory), out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    put_registers(line->world, index, registers);
    for (unsigned i = 0; i < REGISTERS; i++) {
        bytes[2 * i] = (uint8_t)(registers[i] >> 8);
        bytes[2 * i + 1] = (uint8_t)registers[i];
    }
    heng_rc rc;
    if (request.p[1] != READ)
        rc = heng_modbus_put_exception(request.p[1], ILLEGAL_FUNCTION, &pdu);
    else if (count == 0 || address >= REGISTERS || count > REGISTERS - address)
        rc = heng_modbus_put_exception(READ, ILLEGAL_ADDRESS, &pdu);
    else
        rc = heng_modbus_put_data(READ, heng_slice_of(bytes + 2 * (size_t)address, 2 * (size_t)count), &pdu);
    if (rc == HENG_OK) rc = heng_modbus_encode_rtu((uint8_t)unit, heng_buf_slice(&pdu), &out);
    ret->n = rc == HENG_OK ? out.n : 0;
}

void heng_sim_electric_ask(struct heng_sim_electric *line, const struct heng_sim_wire *wire, struct heng_slice request,
                           struct heng_sim_answer *ret)
{
    ret->n = 0;
    if (request.p[0] == 0x68 && request.n >= OVERHEAD)
        ask_all_dlt645(line, wire, request, ret);
    else
        ask_modbus(line, request, ret);
}

heng_rc heng_sim_electric_set_alive(struct heng_sim_electric *line, const char *who, bool alive)
{
    char *end;
    unsigned long running = strtoul(who, &end, 10);
    for (unsigned i = 0; i < HENG_SIM_POWER_METERS; i++) {
        bool is_number = strcmp(who, line->site->power_numbers[i]) == 0;
        if (!is_number && (*end || running != i + 1)) continue;
        line->meters[i].alive = alive;
        return HENG_OK;
    }
    return HENG_ENOTFOUND;
}
