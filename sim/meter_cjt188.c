#include "sim/meter_cjt188.h"

#include "codec/bytes.h"
#include "codec/cjt188.h"
#include "sim/frame.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    OVERHEAD = 13,
    TYPE_COLD_WATER = 0x10,
    UNIT_M3 = 0x2C,
    VALVE_CLOSED = 1,
    PREAMBLE = 4,
    DELAY_JITTER_US = 5000,
};

void heng_sim_cjt188_init(struct heng_sim_cjt188 *line, const struct heng_sim_site *site, struct heng_sim_world *world,
                          uint64_t seed)
{
    *line = (struct heng_sim_cjt188){.site = site, .world = world};
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        struct heng_sim_water_meter *m = &line->meters[i];
        m->alive = i != HENG_SIM_DEAD_WATER;
        m->rng = heng_sim_rng_of(seed, 3000 + i);
        m->delay_us = 50000 + heng_sim_rng_below(&m->rng, 125000);
    }
}

size_t heng_sim_cjt188_take(struct heng_slice in, size_t *ret_skip)
{
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] != 0x68) continue;
        size_t left = in.n - i, length = SIZE_MAX;
        if (left > HENG_SIM_CJT188_AT_LENGTH) length = in.p[i + HENG_SIM_CJT188_AT_LENGTH] + (size_t)OVERHEAD;
        if (left >= length && in.p[i + length - 1] != 0x16) continue;
        *ret_skip = i;
        return left >= length ? length : 0;
    }
    *ret_skip = in.n;
    return 0;
}

static bool checksum_ok(struct heng_slice frame)
{
    uint8_t sum = 0;
    for (size_t i = 0; i + 2 < frame.n; i++) sum = (uint8_t)(sum + frame.p[i]);
    return sum == frame.p[frame.n - 2];
}

static void put_bcd(struct heng_buf *out, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++, value /= 100) heng_buf_u8(out, (uint8_t)(value / 10 % 10 << 4 | value % 10));
}

/* Litres as the register shows them: XXXXXX.XX m3. */
static void put_total(struct heng_buf *out, double litres)
{
    put_bcd(out, (uint64_t)floor(litres / 10.0), 4);
    heng_buf_u8(out, UNIT_M3);
}

static void put_status(const struct heng_sim_cjt188 *line, unsigned index, struct heng_buf *out)
{
    heng_buf_le(out, line->world->water[index].valve_closed ? VALVE_CLOSED : 0, 2); /* ST0 ST1 */
}

static void put_current(const struct heng_sim_cjt188 *line, unsigned index, struct heng_buf *out)
{
    const struct heng_sim_water *t = &line->world->water[index];
    struct heng_civil c = heng_sim_local(line->world->now_us + line->meters[index].clock_ahead_us);
    put_total(out, t->volume_l);
    put_total(out, t->due_volume_l);
    put_bcd(out, c.second, 1);
    put_bcd(out, c.minute, 1);
    put_bcd(out, c.hour, 1);
    put_bcd(out, c.day, 1);
    put_bcd(out, c.month, 1);
    put_bcd(out, (uint64_t)c.year % 100, 1);
    put_bcd(out, (uint64_t)c.year / 100, 1);
    put_status(line, index, out);
}

/* Settlement days ago: the world keeps the last one. */
static bool put_history(const struct heng_sim_cjt188 *line, unsigned index, unsigned back, struct heng_buf *out)
{
    if (back == 0) put_total(out, line->world->water[index].due_volume_l);
    return back == 0;
}

/* --- its purse --------------------------------------------------------------------------------------------- */

static uint64_t left_cent(const struct heng_sim_cjt188 *line, unsigned index)
{
    const struct heng_sim_purse *purse = &line->meters[index].purse;
    double used_m3 = (line->world->water[index].volume_l - purse->from_l) / 1000.0;
    uint64_t used = (uint64_t)floor(used_m3 * HENG_SIM_WATER_PRICE);
    return used < purse->total_cent ? purse->total_cent - used : 0;
}

/* Whoever has been paid into and has nothing left shuts its valve; it is looked at when the meter speaks. */
static void settle_purse(struct heng_sim_cjt188 *line, unsigned index)
{
    if (line->meters[index].purse.count && left_cent(line, index) == 0) heng_sim_world_valve(line->world, index, true);
}

static void put_purse(const struct heng_sim_cjt188 *line, unsigned index, struct heng_buf *out)
{
    const struct heng_sim_purse *purse = &line->meters[index].purse;
    put_bcd(out, purse->count % 100, 1);
    put_bcd(out, purse->last_cent, 4);
    put_bcd(out, purse->total_cent % 100000000, 4);
    put_bcd(out, left_cent(line, index), 4);
    put_status(line, index, out);
}

static uint64_t bcd_of(const uint8_t *p, size_t n)
{
    uint64_t value = 0;
    while (n--) value = value * 100 + (p[n] >> 4) * 10U + (p[n] & 15U);
    return value;
}

/* The next purchase and no other. What was overdrawn before it is forgotten, as meters do that shut at zero. */
static bool buy(struct heng_sim_cjt188 *line, unsigned index, struct heng_slice p)
{
    struct heng_sim_purse *purse = &line->meters[index].purse;
    if (p.n != 5 || bcd_of(p.p, 1) != (purse->count + 1) % 100) return false;
    uint64_t left = left_cent(line, index);
    purse->count++;
    purse->last_cent = bcd_of(p.p + 1, 4);
    purse->total_cent += purse->last_cent;
    uint64_t used = purse->total_cent - purse->last_cent - left;
    purse->from_l = line->world->water[index].volume_l - (double)used * 1000.0 / HENG_SIM_WATER_PRICE;
    heng_sim_world_valve(line->world, index, false);
    return true;
}

/* --- what it obeys ----------------------------------------------------------------------------------------- */

static bool set_clock(struct heng_sim_cjt188 *line, unsigned index, struct heng_slice p)
{
    struct heng_civil c;
    if (!heng_sim_cjt188_clock(p, &c)) return false;
    line->meters[index].clock_ahead_us = heng_civil_to_us(&c) - HENG_SIM_UTC_OFFSET_US - line->world->now_us;
    return true;
}

static bool move_valve(struct heng_sim_cjt188 *line, unsigned index, struct heng_slice p)
{
    bool open = p.n && p.p[0] == heng_cjt188_valve_code(true, NULL);
    if (!open && !(p.n && p.p[0] == heng_cjt188_valve_code(false, NULL))) return false;
    heng_sim_world_valve(line->world, index, !open);
    return true;
}

/* --- frames ------------------------------------------------------------------------------------------------ */

/* The body SER ST0 ST1 of an error has no DI, which the codec's encoder always writes. */
static void put_error(const struct heng_sim_cjt188 *line, unsigned index, struct heng_slice request, uint8_t ser,
                      struct heng_sim_answer *ret)
{
    struct heng_buf out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    for (unsigned i = 0; i < PREAMBLE; i++) heng_buf_u8(&out, 0xFE);
    heng_buf_put(&out, heng_slice_of(request.p, HENG_SIM_CJT188_AT_CONTROL));
    heng_buf_u8(&out, (uint8_t)(request.p[HENG_SIM_CJT188_AT_CONTROL] | HENG_CJT188_C_ANSWER | HENG_CJT188_C_ERROR));
    heng_buf_u8(&out, 3);
    heng_buf_u8(&out, ser);
    put_status(line, index, &out);
    uint8_t sum = 0;
    for (size_t i = PREAMBLE; i < out.n; i++) sum = (uint8_t)(sum + out.p[i]);
    heng_buf_u8(&out, sum);
    heng_buf_u8(&out, 0x16);
    ret->n = out.n;
}

/* What the meter says or does; false: it does not have that. */
static bool obey(struct heng_sim_cjt188 *line, unsigned index, uint8_t control, uint16_t di, struct heng_slice value,
                 struct heng_buf *payload)
{
    unsigned back = di - (unsigned)HENG_CJT188_DI_HISTORY;
    if (control == HENG_CJT188_C_READ_ADDRESS) return di == HENG_CJT188_DI_ADDRESS;
    if (control == HENG_CJT188_C_READ && di == HENG_CJT188_DI_CURRENT) {
        put_current(line, index, payload);
        return true;
    }
    if (control == HENG_CJT188_C_READ && di == HENG_CJT188_DI_PURCHASE) {
        put_purse(line, index, payload);
        return true;
    }
    if (control == HENG_CJT188_C_READ) return put_history(line, index, back, payload);
    if (control != HENG_CJT188_C_WRITE) return false;
    if (di == HENG_CJT188_DI_WRITE_CLOCK) return set_clock(line, index, value);
    if (di == HENG_CJT188_DI_WRITE_PURCHASE && buy(line, index, value)) {
        put_status(line, index, payload);
        return true;
    }
    if (di != HENG_CJT188_DI_VALVE || !move_valve(line, index, value)) return false;
    put_status(line, index, payload);
    return true;
}

/* The identifiers in the other order of their bytes. */
static bool is_swapped(uint16_t di)
{
    uint8_t low = (uint8_t)di;
    return low == 0x81 || low == 0x90 || low == 0xA0 || low == 0xD1 ? (di >> 8) < 0x80 : false;
}

/* What one meter answers to a checked request that is meant for it. */
static void ask_one(struct heng_sim_cjt188 *line, unsigned index, struct heng_slice request,
                    struct heng_sim_answer *ret)
{
    uint8_t control = request.p[HENG_SIM_CJT188_AT_CONTROL], length = request.p[HENG_SIM_CJT188_AT_LENGTH];
    const uint8_t *data = request.p + HENG_SIM_CJT188_AT_DATA;
    uint16_t di = length >= 2 ? (uint16_t)((unsigned)data[0] << 8 | data[1]) : 0;
    uint8_t ser = length >= 3 ? data[2] : 0;
    struct heng_slice value = length > 3 ? heng_slice_of(data + 3, length - 3u) : heng_slice_of(data, 0);
    bool swapped = is_swapped(di);
    if (swapped) di = (uint16_t)((di & 0xFFu) << 8 | di >> 8);

    uint8_t memory[32];
    struct heng_buf payload = heng_buf_of(memory, sizeof memory);
    settle_purse(line, index);
    if (!obey(line, index, control, di, value, &payload)) {
        put_error(line, index, request, ser, ret);
        return;
    }
    struct heng_cjt188_frame frame = {
        .type = TYPE_COLD_WATER,
        .control = (uint8_t)(control | HENG_CJT188_C_ANSWER),
        .ser = ser,
        .preamble = PREAMBLE,
        .di = di,
        .di_swapped = swapped,
        .payload = heng_buf_slice(&payload),
    };
    snprintf(frame.id, sizeof frame.id, "%s", line->site->flats[index].water_number);
    struct heng_buf out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    if (heng_cjt188_encode(&frame, &out) == HENG_OK) ret->n = out.n;
}

static bool address_fits(struct heng_slice request, const char *number, bool *ret_wildcard)
{
    const uint8_t *a = request.p + HENG_SIM_CJT188_AT_ADDRESS;
    bool all = true, same = true;
    for (unsigned i = 0; i < HENG_SIM_CJT188_ADDRESS_BYTES; i++) {
        const char *pair = number + 2 * (HENG_SIM_CJT188_ADDRESS_BYTES - 1 - i); /* A0 is the lowest pair */
        if (a[i] != HENG_SIM_CJT188_WILD) all = false;
        if (a[i] != (uint8_t)((pair[0] - '0') << 4 | (pair[1] - '0'))) same = false;
    }
    *ret_wildcard = all;
    return same || all;
}

/* The clock of all meters at once. */
static bool is_broadcast(struct heng_slice request)
{
    const uint8_t *data = request.p + HENG_SIM_CJT188_AT_DATA;
    uint16_t di = request.p[HENG_SIM_CJT188_AT_LENGTH] >= 2 ? (uint16_t)((unsigned)data[0] << 8 | data[1]) : 0;
    return request.p[HENG_SIM_CJT188_AT_CONTROL] == HENG_CJT188_C_WRITE &&
           (di == HENG_CJT188_DI_WRITE_CLOCK || di == 0x15A0);
}

void heng_sim_cjt188_ask(struct heng_sim_cjt188 *line, const struct heng_sim_wire *wire, struct heng_slice request,
                         struct heng_sim_answer *ret)
{
    ret->n = 0;
    uint8_t type = request.p[HENG_SIM_CJT188_AT_TYPE];
    bool is_request = !(request.p[HENG_SIM_CJT188_AT_CONTROL] & HENG_CJT188_C_ANSWER);
    if (!checksum_ok(request) || !is_request || (type >> 4 != TYPE_COLD_WATER >> 4 && type != HENG_SIM_CJT188_WILD))
        return;
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        struct heng_sim_water_meter *m = &line->meters[i];
        bool wildcard;
        if (!address_fits(request, line->site->flats[i].water_number, &wildcard) || !m->alive) continue;
        struct heng_sim_answer one = {.n = 0, .delay_us = m->delay_us + heng_sim_rng_below(&m->rng, DELAY_JITTER_US)};
        ask_one(line, i, request, &one);
        if (wildcard && is_broadcast(request)) continue;
        heng_sim_wire_collide(wire, ret, &one);
        if (!wildcard) return;
    }
}

heng_rc heng_sim_cjt188_set_alive(struct heng_sim_cjt188 *line, const char *who, bool alive)
{
    char *end;
    unsigned long running = strtoul(who, &end, 10);
    for (unsigned i = 0; i < HENG_SIM_FLATS; i++) {
        bool is_number = strcmp(who, line->site->flats[i].water_number) == 0;
        if (!is_number && (*end || running != i + 1)) continue;
        line->meters[i].alive = alive;
        return HENG_OK;
    }
    return HENG_ENOTFOUND;
}
