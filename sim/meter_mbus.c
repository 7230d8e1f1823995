#include "sim/meter_mbus.h"

#include "codec/mbus.h"
#include "sim/frame.h"

#include <math.h>
#include <stdio.h>

enum {
    ADDRESS_ALL_ANSWER = 0xFE,
    SHORT_LENGTH = 5,
    LONG_OVERHEAD = 6, /* 68 L L 68 ... CS 16 */
    DELAY_JITTER_US = 5000,
    SELECTION_LENGTH = 8,
};

void heng_sim_mbus_init(struct heng_sim_mbus *bus, const struct heng_sim_site *site, const struct heng_sim_world *world,
                        uint64_t seed)
{
    *bus = (struct heng_sim_mbus){.site = site, .world = world};
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) {
        struct heng_sim_slave *s = &bus->slaves[i];
        s->address = i == HENG_SIM_BUILDING ? HENG_SIM_BUILDING_ADDRESS : site->flats[i].heat_address;
        s->alive = s->address != HENG_SIM_DEAD_HEAT_ADDRESS;
        s->rng = heng_sim_rng_of(seed, 2000 + i);
        s->access = (uint8_t)heng_sim_rng_below(&s->rng, 256);
        s->delay_us = 50000 + heng_sim_rng_below(&s->rng, 125000);
    }
}

/* Length of the frame that starts at p; 0: more bytes are needed; SIZE_MAX: no frame starts here. */
static size_t frame_length(const uint8_t *p, size_t n)
{
    if (p[0] == 0x10) {
        if (n < SHORT_LENGTH) return 0;
        return p[4] == 0x16 ? SHORT_LENGTH : SIZE_MAX;
    }
    if (p[0] != 0x68) return SIZE_MAX;
    if (n < 4) return 0;
    if (p[1] != p[2] || p[3] != 0x68 || p[1] < 3) return SIZE_MAX;
    size_t length = p[1] + (size_t)LONG_OVERHEAD;
    if (n < length) return 0;
    return p[length - 1] == 0x16 ? length : SIZE_MAX;
}

size_t heng_sim_mbus_take(struct heng_slice in, size_t *ret_skip)
{
    for (size_t i = 0; i < in.n; i++) {
        size_t length = frame_length(in.p + i, in.n - i);
        if (length == SIZE_MAX) continue;
        *ret_skip = i;
        return length;
    }
    *ret_skip = in.n;
    return 0;
}

static bool checksum_ok(struct heng_slice frame)
{
    uint8_t sum = 0;
    for (size_t i = frame.p[0] == 0x10 ? 1 : 4; i + 2 < frame.n; i++) sum = (uint8_t)(sum + frame.p[i]);
    return sum == frame.p[frame.n - 2];
}

/* Appends records; the first failure stays in rc. */
struct records {
    struct heng_buf *body;
    heng_rc rc;
};

static void put(struct records *r, uint8_t dif, uint8_t vif, uint64_t raw, size_t bytes)
{
    if (r->rc == HENG_OK) r->rc = heng_mbus_encode_record(dif, heng_slice_of(&vif, 1), raw, bytes, r->body);
}

/* A measured value in steps of the resolution, two's complement. */
static uint64_t steps(double value, double resolution) { return (uint64_t)llround(value / resolution); }

static heng_rc put_values(const struct heng_sim_world *w, unsigned index, uint64_t number, struct heng_buf *body)
{
    const struct heng_sim_heat *h = &w->heat[index];
    bool big = index == HENG_SIM_BUILDING;
    uint8_t coarse = big ? 1 : 0; /* the last digit of a VIF is a power of ten: one step more */
    double ten = big ? 10.0 : 1.0;
    uint8_t rate_dif = big ? 0x04 : 0x02;
    size_t rate_bytes = big ? 4 : 2;
    struct heng_civil clock = heng_sim_local(w->now_us), due = heng_sim_local(w->due_us);
    struct records r = {body, HENG_OK};
    static const uint8_t error_flags[] = {0xFD, 0x17};

    put(&r, 0x0C, 0x78, heng_bcd_encode(number, 8), 4);
    put(&r, 0x04, (uint8_t)(0x03 + coarse), (uint64_t)floor(h->energy_wh / ten), 4);
    put(&r, 0x04, (uint8_t)(0x13 + coarse), (uint64_t)floor(h->volume_m3 * 1000.0 / ten), 4);
    put(&r, rate_dif, 0x2B, steps(h->power_w, 1.0), rate_bytes);
    put(&r, rate_dif, 0x3B, steps(h->flow_m3_h, 0.001), rate_bytes);
    put(&r, 0x02, (uint8_t)(0x59 + coarse), steps(h->supply_c, 0.01 * ten), 2);
    put(&r, 0x02, (uint8_t)(0x5D + coarse), steps(h->return_c, 0.01 * ten), 2);
    put(&r, 0x02, (uint8_t)(0x61 + coarse), steps(h->supply_c - h->return_c, 0.01 * ten), 2);
    put(&r, 0x04, 0x6D, heng_mbus_encode_type_f(&clock), 4);
    put(&r, 0x42, 0x6C, heng_mbus_encode_type_g(&due), 2);
    put(&r, 0x44, (uint8_t)(0x03 + coarse), (uint64_t)floor(h->due_energy_wh / ten), 4);
    put(&r, 0x04, 0x26, (uint64_t)((w->now_us - w->installed_us) / (3600 * HENG_US_PER_S)), 4);
    if (r.rc == HENG_OK)
        r.rc = heng_mbus_encode_record(0x02, heng_slice_of(error_flags, sizeof error_flags), 0, 2, body);
    return r.rc;
}

static uint64_t number_of(const char *digits)
{
    uint64_t value = 0;
    for (const char *p = digits; *p; p++) value = value * 10 + (uint64_t)(*p - '0');
    return value;
}

static struct heng_mbus_secondary secondary_of(const struct heng_sim_mbus *bus, unsigned index)
{
    struct heng_mbus_secondary who = {.version = HENG_SIM_MBUS_VERSION, .medium = 0x04};
    const char *id = index == HENG_SIM_BUILDING ? bus->site->building_number : bus->site->flats[index].heat_number;
    snprintf(who.id, sizeof who.id, "%s", id);
    snprintf(who.manufacturer, sizeof who.manufacturer, "%s", HENG_SIM_MANUFACTURER);
    return who;
}

/* Does a selection mean this meter? mask: 8 bytes, identification with digits F for any, the others with FF. */
static bool is_meant(const struct heng_sim_mbus *bus, unsigned index, const uint8_t *mask)
{
    struct heng_mbus_secondary who = secondary_of(bus, index);
    uint8_t own[16];
    struct heng_buf header = heng_buf_of(own, sizeof own);
    if (heng_mbus_encode_header(&who, 0, 0, &header) != HENG_OK) return false;
    return heng_sim_mask_fits_digits(mask, own, 4) && heng_sim_mask_fits_bytes(mask + 4, own + 4, 4);
}

/* A new RSP_UD of one meter. Our own frames always fit; a meter that could not build one stays silent. */
static void make_telegram(const struct heng_sim_mbus *bus, unsigned index, struct heng_sim_slave *s)
{
    const char *id = index == HENG_SIM_BUILDING ? bus->site->building_number : bus->site->flats[index].heat_number;
    struct heng_mbus_secondary who = secondary_of(bus, index);
    uint8_t memory[252];
    struct heng_buf body = heng_buf_of(memory, sizeof memory);
    struct heng_buf out = heng_buf_of(s->last, sizeof s->last);
    s->access++;
    heng_rc rc = heng_mbus_encode_header(&who, s->access, 0, &body);
    if (rc == HENG_OK) rc = put_values(bus->world, index, number_of(id), &body);
    if (rc == HENG_OK)
        rc = heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, s->address, HENG_MBUS_CI_RSP_VARIABLE, heng_buf_slice(&body),
                                   &out);
    s->last_n = rc == HENG_OK ? out.n : 0;
}

static bool ci_known(uint8_t ci) { return ci == 0x50 || ci == 0x51 || ci == 0x52 || ci == 0x54 || ci == 0x55; }

static void put_ack(struct heng_sim_answer *ret)
{
    struct heng_buf out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    if (heng_mbus_encode_ack(&out) == HENG_OK) ret->n = out.n;
}

/* What one meter answers to a checked request that is meant for it. */
static void ask_one(const struct heng_sim_mbus *bus, unsigned index, struct heng_sim_slave *s,
                    struct heng_slice request, struct heng_sim_answer *ret)
{
    ret->n = 0;
    if (!s->alive) return;
    ret->delay_us = s->delay_us + heng_sim_rng_below(&s->rng, DELAY_JITTER_US);
    bool is_short = request.p[0] == 0x10;
    uint8_t control = request.p[is_short ? 1 : 4];
    bool fcb = control & HENG_MBUS_C_FCB;
    if (is_short && control == HENG_MBUS_C_SND_NKE) {
        s->fcb_known = false;
        put_ack(ret);
        return;
    }
    control &= (uint8_t)~HENG_MBUS_C_FCB;
    if (is_short && control == HENG_MBUS_C_REQ_UD1) {
        put_ack(ret);
    } else if (is_short && control == HENG_MBUS_C_REQ_UD2) {
        if (!s->fcb_known || s->fcb != fcb || s->last_n == 0) make_telegram(bus, index, s);
        s->fcb_known = true;
        s->fcb = fcb;
        memcpy(ret->bytes, s->last, s->last_n);
        ret->n = s->last_n;
    } else if (!is_short && control == HENG_MBUS_C_SND_UD && ci_known(request.p[6])) {
        put_ack(ret);
    }
}

void heng_sim_mbus_ask(struct heng_sim_mbus *bus, const struct heng_sim_wire *wire, struct heng_slice request,
                       struct heng_sim_answer *ret)
{
    ret->n = 0;
    if (!checksum_ok(request)) return;
    bool is_short = request.p[0] == 0x10;
    uint8_t address = request.p[is_short ? 2 : 5];
    bool selection = !is_short && address == HENG_MBUS_SELECTED && request.p[6] == HENG_MBUS_CI_SELECT &&
                     request.n == LONG_OVERHEAD + 3 + SELECTION_LENGTH;
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) {
        struct heng_sim_slave *s = &bus->slaves[i];
        if (selection) s->selected = is_meant(bus, i, request.p + 7);
        if (selection && s->selected) s->fcb_known = false;
        bool meant = address == HENG_MBUS_SELECTED ? s->selected : s->address == address;
        if (!meant && address != ADDRESS_ALL_ANSWER) continue;
        if (is_short && address == HENG_MBUS_SELECTED && request.p[1] == HENG_MBUS_C_SND_NKE) s->selected = false;
        struct heng_sim_answer one;
        ask_one(bus, i, s, request, &one);
        heng_sim_wire_collide(wire, ret, &one);
    }
}

heng_rc heng_sim_mbus_set_alive(struct heng_sim_mbus *bus, unsigned address, bool alive)
{
    for (unsigned i = 0; i < HENG_SIM_HEAT_METERS; i++) {
        if (bus->slaves[i].address != address) continue;
        bus->slaves[i].alive = alive;
        return HENG_OK;
    }
    return HENG_ENOTFOUND;
}
