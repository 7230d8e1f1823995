/* A virtual CJ/T 188 meter.
 *
 *   request             answer
 *   01 901F             current data: of its profile's sample, else water and gas 19 bytes, heat 43
 *   01 D120 .. D12B     value at the end of the last month, the one before ..
 *   01 other            of its profile's sample, else C1
 *   03 810A             its address is in the header
 *   04 A015 clock       set
 *   04 A017 55 | 99     the valve opens or closes within 5 to 20 s; one that sticks says the same and stays
 *   15 A018 number      its number from now on; the answer carries the new one
 *   other               C | C0 with SER ST0 ST1
 *   to AA..AA with 04 A015: obeyed without an answer (broadcast); AA in single bytes of an address stands for any
 *
 * ST0: D1 D0 valve 00 open, 01 closed, 11 moving or stuck half way; D5 tampered with (a vendor's bit). DI in the order
 * in which it was asked. */
#include "codec/bytes.h"
#include "codec/cjt188.h"
#include "codec/mbus.h"
#include "meter/profile.h"
#include "sim/frame.h"
#include "sim/slave_core.h"
#include "sim/slave_template.h"

enum {
    TRAILER = 2,
    EVERYBODY = 0x99,
    PREAMBLE = 2,
    HISTORY = 12,
    UNIT_KWH = 0x05,
    UNIT_KW = 0x17,
    UNIT_M3 = 0x2C,
    UNIT_M3_H = 0x35,
    VALVE_CLOSED = 1,
    VALVE_BETWEEN = 3,
    STATUS_TAMPERED = 0x20,
    VALVE_FASTEST_S = 5,
    MOOD_FLOW = 30, /* purposes of what moves by itself, two each */
    MOOD_RETURN = 32,
};

struct question {
    uint8_t control, ser;
    uint16_t di;
    bool swapped;
    struct heng_slice payload; /* behind SER */
};

static bool heats(const struct heng_sim_meter *m)
{
    uint8_t type = heng_cjt188_type(m->config.medium);
    return type >= 0x20 && type <= 0x2F;
}

static const struct heng_dialect *dialect_of(const struct heng_sim_meter *m)
{
    return m->config.profile ? &m->config.profile->dialect : &heng_dialect_standard;
}

static uint16_t status_of(const struct heng_sim_meter *m)
{
    uint8_t st = m->moving ? VALVE_BETWEEN : m->off ? VALVE_CLOSED : 0;
    if (m->tampered) st |= STATUS_TAMPERED;
    return (uint16_t)(dialect_of(m)->cjt188.status_second ? st << 8 : st);
}

/* --- what it tells ----------------------------------------------------------------------------------------- */

/* Numbers are what fits into four bytes of digits. */
static void put_value(const struct heng_sim_meter *m, struct heng_buf *out, uint64_t value, uint8_t unit)
{
    bool first = dialect_of(m)->cjt188.unit_order == HENG_UNIT_ORDER_UNIT_FIRST;
    if (heng_cjt188_put_measured(out, (uint32_t)(value % 100000000), unit, first) != HENG_OK) out->full = true;
}

static void put_bcd(struct heng_buf *out, uint64_t value, size_t bytes)
{
    if (heng_cjt188_put_bcd(out, value, bytes) != HENG_OK) out->full = true;
}

static void put_tail(const struct heng_sim_meter *m, heng_us now, struct heng_buf *out)
{
    struct heng_civil at = heng_us_to_civil(heng_sim_meter_clock(m, now));
    if (heng_cjt188_put_clock(out, &at) != HENG_OK) out->full = true;
    heng_buf_le(out, status_of(m), 2);
}

static void put_current(const struct heng_sim_meter *m, heng_us now, struct heng_buf *out)
{
    uint64_t count = heng_sim_meter_count(m, now), load = heng_sim_meter_load(m, now);
    uint8_t unit = heats(m) ? UNIT_KWH : UNIT_M3;
    uint32_t mood = heng_sim_meter_trait(m, 1, 500);
    if (heats(m)) put_value(m, out, m->months[0], unit);
    put_value(m, out, count, unit);
    if (!heats(m)) {
        put_value(m, out, m->months[0], unit);
        put_tail(m, now, out);
        return;
    }
    put_value(m, out, load, UNIT_KW);       /* 0.01 kWh an hour is 0.01 kW */
    put_value(m, out, load * 4, UNIT_M3_H); /* 0.0001 m3/h */
    put_value(m, out, count * 4 / 100, UNIT_M3);
    put_bcd(out, heng_sim_meter_warmth(m, MOOD_FLOW, now, 5500 + mood, 100), 3);
    put_bcd(out, heng_sim_meter_warmth(m, MOOD_RETURN, now, 3300 + mood / 2, 100), 3);
    put_bcd(out, (uint64_t)(now / HENG_US_PER_S / 3600) % 1000000, 3);
    put_tail(m, now, out);
}

/* The body of the profile's sample for this identifier, brought to now. */
static bool put_sample(const struct heng_sim_meter *m, uint16_t di, heng_us now, struct heng_buf *out)
{
    const struct heng_sim_sample *s = heng_sim_template_find(m->look, di);
    uint8_t frame[HENG_SIM_REPLY_MAX];
    if (!s || s->frame.n > sizeof frame || s->frame.n < HENG_SIM_CJT188_AT_DATA + 3 + TRAILER) return false;
    size_t n = s->frame.n;
    memcpy(frame, s->frame.p, n);
    heng_sim_patch_all(m, s->patches, s->patch_count, now, frame);
    bool status = di == HENG_CJT188_DI_CURRENT && (m->moving || m->off || m->tampered);
    if (status) {
        size_t at = n - TRAILER - (dialect_of(m)->cjt188.status_second ? 1u : 2u);
        uint8_t st = m->moving ? VALVE_BETWEEN : m->off ? VALVE_CLOSED : 0;
        frame[at] = (uint8_t)((frame[at] & ~3u) | st | (m->tampered ? STATUS_TAMPERED : 0u));
    }
    heng_buf_put(out, heng_slice_of(frame + HENG_SIM_CJT188_AT_DATA + 3, n - HENG_SIM_CJT188_AT_DATA - 3 - TRAILER));
    return true;
}

/* false: it does not have that. */
static bool tell(const struct heng_sim_meter *m, const struct question *q, heng_us now, struct heng_buf *out)
{
    bool own = q->control == HENG_CJT188_C_READ;
    bool writes = q->control == HENG_CJT188_C_WRITE || q->control == HENG_CJT188_C_WRITE_ADDRESS;
    if (!writes && put_sample(m, q->di, now, out)) return true;
    if (own && q->di == HENG_CJT188_DI_CURRENT) {
        put_current(m, now, out);
        return true;
    }
    unsigned back = q->di - (unsigned)HENG_CJT188_DI_HISTORY;
    if (!own || q->di < HENG_CJT188_DI_HISTORY || back >= HISTORY) return false;
    put_value(m, out, m->months[back], heats(m) ? UNIT_KWH : UNIT_M3);
    return true;
}

/* --- what it obeys ----------------------------------------------------------------------------------------- */

static bool set_clock(struct heng_sim_meter *m, struct heng_slice p, heng_us now)
{
    struct heng_civil c;
    if (!heng_sim_cjt188_clock(p, &c) || c.year < 2000) return false;
    heng_sim_meter_set_clock(m, now, heng_civil_to_us(&c));
    return true;
}

static bool move_valve(struct heng_sim_meter *m, struct heng_slice p, heng_us now)
{
    if (p.n < 1 || (m->config.strict_clock && heng_sim_meter_clock_wrong(m, now))) return false;
    bool open = p.p[0] == heng_cjt188_valve_code(true, dialect_of(m));
    if (!open && p.p[0] != heng_cjt188_valve_code(false, dialect_of(m))) return false;
    heng_sim_meter_move(m, now, !open, VALVE_FASTEST_S, HENG_SIM_VALVE_S);
    return true;
}

static bool take_address(struct heng_sim_meter *m, struct heng_slice p)
{
    if (p.n < HENG_SIM_CJT188_ADDRESS_BYTES) return false;
    memcpy(m->address, p.p, HENG_SIM_CJT188_ADDRESS_BYTES);
    m->moved = true;
    return true;
}

static bool obey(struct heng_sim_meter *m, const struct question *q, heng_us now)
{
    bool address = q->control == HENG_CJT188_C_WRITE_ADDRESS;
    if (address) return q->di == HENG_CJT188_DI_WRITE_ADDRESS && take_address(m, q->payload);
    if (q->control != HENG_CJT188_C_WRITE) return false;
    if (q->di == HENG_CJT188_DI_WRITE_CLOCK) return set_clock(m, q->payload, now);
    return q->di == HENG_CJT188_DI_VALVE && move_valve(m, q->payload, now);
}

/* --- frames ------------------------------------------------------------------------------------------------ */

static bool address_fits(const struct heng_sim_meter *m, const uint8_t *a, bool *ret_all)
{
    bool all = true, every = true;
    for (size_t i = 0; i < HENG_SIM_CJT188_ADDRESS_BYTES; i++) {
        all = all && a[i] == HENG_SIM_CJT188_WILD;
        every = every && a[i] == EVERYBODY;
    }
    *ret_all = all || every;
    for (size_t i = 0; i < HENG_SIM_CJT188_ADDRESS_BYTES && !*ret_all; i++)
        if (a[i] != HENG_SIM_CJT188_WILD && a[i] != m->address[i]) return false;
    return true;
}

/* The high byte of the identifiers: 81xx, 90xx, 91xx, A0xx, A1xx, D1xx to D4xx. */
static bool begins_di(uint8_t byte)
{
    return byte == 0x81 || byte == 0x90 || byte == 0x91 || byte == 0xA0 || byte == 0xA1 ||
           (byte >= 0xD1 && byte <= 0xD4);
}

/* A meter whose profile knows its order of the two bytes insists on it. */
static bool understands(const struct heng_sim_meter *m, const struct question *q)
{
    heng_di_order order = m->config.profile ? m->config.profile->di_order : HENG_DI_ORDER_LEARN;
    return order == HENG_DI_ORDER_LEARN || (order == HENG_DI_ORDER_LOW_FIRST) == q->swapped ||
           (!begins_di((uint8_t)q->di) && !begins_di((uint8_t)(q->di >> 8)));
}

static struct question question_of(struct heng_slice request)
{
    struct question q = {.control = request.p[HENG_SIM_CJT188_AT_CONTROL]};
    const uint8_t *data = request.p + HENG_SIM_CJT188_AT_DATA;
    size_t n = request.p[HENG_SIM_CJT188_AT_LENGTH];
    if (n >= 2) q.di = (uint16_t)(data[0] << 8 | data[1]);
    q.swapped = !begins_di((uint8_t)(q.di >> 8)) && begins_di((uint8_t)q.di);
    if (q.swapped) q.di = (uint16_t)((q.di & 0xFFu) << 8 | q.di >> 8);
    if (n >= 3) q.ser = data[2];
    if (n > 3) q.payload = heng_slice_of(data + 3, n - 3);
    return q;
}

static void put_frame(const struct heng_sim_meter *m, const struct question *q, uint8_t type, bool good,
                      struct heng_slice payload, struct heng_sim_reply *ret)
{
    struct heng_buf out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    size_t length = payload.n + (good ? 3 : 1);
    for (unsigned i = 0; i < PREAMBLE; i++) heng_buf_u8(&out, 0xFE);
    heng_buf_u8(&out, 0x68);
    heng_buf_u8(&out, type);
    heng_buf_put(&out, heng_slice_of(m->address, HENG_SIM_CJT188_ADDRESS_BYTES));
    heng_buf_u8(&out, (uint8_t)(q->control | HENG_CJT188_C_ANSWER | (good ? 0 : HENG_CJT188_C_ERROR)));
    heng_buf_u8(&out, (uint8_t)length);
    if (good) {
        heng_buf_u8(&out, (uint8_t)(q->swapped ? q->di : q->di >> 8));
        heng_buf_u8(&out, (uint8_t)(q->swapped ? q->di >> 8 : q->di));
    }
    heng_buf_u8(&out, m->config.fixed_ser ? 0 : q->ser);
    heng_buf_put(&out, payload);
    heng_buf_u8(&out, heng_sum8(out.p + PREAMBLE, out.n - PREAMBLE));
    heng_buf_u8(&out, 0x16);
    ret->n = out.full ? 0 : out.n;
}

static uint8_t type_of(const struct heng_sim_meter *m)
{
    const struct heng_sim_sample *s = heng_sim_template_find(m->look, HENG_CJT188_DI_CURRENT);
    return s ? s->frame.p[HENG_SIM_CJT188_AT_TYPE] : heng_cjt188_type(m->config.medium);
}

void heng_sim_slave_cjt188(struct heng_sim_meter *m, struct heng_slice request, heng_us now, struct heng_sim_reply *ret)
{
    uint8_t memory[HENG_SIM_REPLY_MAX];
    struct heng_buf payload = heng_buf_of(memory, sizeof memory);
    bool all, good;
    if (request.p[HENG_SIM_CJT188_AT_CONTROL] & HENG_CJT188_C_ANSWER ||
        !address_fits(m, request.p + HENG_SIM_CJT188_AT_ADDRESS, &all))
        return;
    struct question q = question_of(request);
    if (!understands(m, &q)) return;
    if (q.control == HENG_CJT188_C_READ_ADDRESS && q.di == HENG_CJT188_DI_ADDRESS) {
        good = true;
    } else if (tell(m, &q, now, &payload)) {
        good = true;
    } else {
        good = obey(m, &q, now);
        if (all && q.di == HENG_CJT188_DI_WRITE_CLOCK) return;
        if (!good || q.di == HENG_CJT188_DI_VALVE) heng_buf_le(&payload, status_of(m), 2);
    }
    put_frame(m, &q, type_of(m), good, heng_buf_slice(&payload), ret);
}
