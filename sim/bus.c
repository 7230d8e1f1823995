#include "sim/bus.h"

#include <stdlib.h>

#include "codec/cjt188.h"
#include "codec/dlt645.h"
#include "codec/mbus.h"
#include "codec/modbus.h"
#include "meter/profile.h"
#include "sim/bus_ear.h"
#include "sim/bus_relay.h"
#include "sim/bus_wire.h"
#include "sim/slave_core.h"
#include "sim/slave_template.h"

enum {
    PPM = 1000000,
    BAUD_MIN = 300,
    BAUD_MAX = 115200,
    METERS_MAX = 4096,
    LATE_MAX_MS = 3600000,
    KEYS = 256,
    NOBODY = 0xFFFF, /* end of a chain */
    WILD_PAIR = 0xAA,
    EVERY_PAIR = 0x99,
    ANSWER_GAP_BITS = 11, /* no meter answers sooner (EN 13757-2) */
    GAP_MS = 500,         /* a longer pause ends a request (DL/T 645) */
    SICK_STEP_PPM = 2000, /* a dying meter misses so many requests more after each */
    STORED_S = 900,       /* a collector that stores reads its meters by itself so often */
    STREAM_UP = 1,
    STREAM_DOWN = 2,
    STREAM_STRAY = 3,
};

struct heng_sim_bus {
    struct heng_sim_bus_config config;
    heng_us wall_us, now_us;
    struct heng_sim_bus_wire wire;
    struct heng_sim_noise down; /* what the meters hear */
    struct heng_sim_ear ear;
    struct heng_sim_relays relays;
    heng_us sent_until_us; /* what the master has handed over is out then */
    struct heng_sim_rng stray_rng;
    heng_us stray_us; /* the next stray byte */
    struct heng_sim_meter *meters;
    size_t count, cut;
    uint32_t protocols;
    uint16_t keys[KEYS], *next; /* meters by the low byte of their address, as chains */
    uint16_t *selected;         /* M-Bus: those that FD means */
    size_t selected_n;
    uint8_t *held; /* an answer that waits for the next one; HENG_SIM_REPLY_MAX when there is any */
    size_t held_n;
    struct heng_sim_template **looks;
    size_t look_count;
    struct heng_sim_bus_ledger ledger;
};

/* --- making ------------------------------------------------------------------------------------------------ */

static bool parity_good(char parity) { return parity == 'E' || parity == 'N' || parity == 'O'; }

static heng_rc config_check(const struct heng_sim_bus_config *c, size_t count, struct heng_err *err)
{
    if (c->baud < BAUD_MIN || c->baud > BAUD_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "a bus runs at %d to %d baud, not at %u", BAUD_MIN, BAUD_MAX, c->baud);
    if (!parity_good(c->parity)) return heng_fail(err, HENG_ECONFIG, 0, "the parity of a bus is E, N or O");
    if (c->late_min_ms > c->late_max_ms || c->late_max_ms > LATE_MAX_MS)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "answers are late by %u to %u ms: at most an hour, the shorter one first", c->late_min_ms,
                         c->late_max_ms);
    if (count > METERS_MAX) return heng_fail(err, HENG_ECONFIG, 0, "a bus has at most %d meters", METERS_MAX);
    return HENG_OK;
}

/* All meters by the byte that a request names them with. */
static void index_meters(struct heng_sim_bus *bus)
{
    bus->protocols = 0;
    for (size_t i = 0; i < KEYS; i++) bus->keys[i] = NOBODY;
    for (size_t i = bus->count; i-- > 0;) {
        uint8_t key = heng_sim_meter_key(&bus->meters[i]);
        bus->next[i] = bus->keys[key];
        bus->keys[key] = (uint16_t)i;
        bus->protocols |= 1u << bus->meters[i].config.protocol;
        bus->meters[i].moved = false;
    }
}

/* The look of a profile, made once. *ret NULL: a plain meter. */
static heng_rc look_of(struct heng_sim_bus *bus, const struct heng_sim_meter_config *c,
                       const struct heng_sim_template **ret, struct heng_err *err)
{
    *ret = NULL;
    if (!c->profile) return HENG_OK;
    if (!(c->profile->protocols >> c->protocol & 1))
        return heng_fail(err, HENG_ECONFIG, 0, "profile '%s' does not speak %s", c->profile->name,
                         heng_protocol_text(c->protocol));
    for (size_t i = 0; i < bus->look_count; i++)
        if (heng_sim_template_is_of(bus->looks[i], c->profile, c->protocol)) {
            *ret = bus->looks[i];
            return HENG_OK;
        }
    struct heng_sim_template *look = NULL;
    heng_rc rc = heng_sim_template_new(c->profile, c->protocol, &look, err);
    if (rc != HENG_OK || !look) return rc;
    struct heng_sim_template **looks = realloc(bus->looks, (bus->look_count + 1) * sizeof(struct heng_sim_template *));
    if (!looks) {
        heng_sim_template_free(look);
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for the looks of meters");
    }
    bus->looks = looks;
    bus->looks[bus->look_count++] = look;
    *ret = look;
    return HENG_OK;
}

/* Put a meter at its place. */
static heng_rc place_meter(struct heng_sim_bus *bus, size_t i, const struct heng_sim_meter_config *c, uint64_t seed,
                           struct heng_err *err)
{
    struct heng_sim_meter meter;
    const struct heng_sim_template *look;
    if (c->relay_id && heng_sim_relays_find(&bus->relays, c->relay_id) < 0)
        return heng_fail(err, HENG_ECONFIG, (uint32_t)i, "the relay of meter '%s' is not there", c->address);
    heng_rc rc = look_of(bus, c, &look, err);
    if (rc == HENG_OK)
        rc = heng_sim_meter_init(&meter, c, (uint32_t)i, bus->config.baud, seed, bus->wall_us, bus->now_us, err);
    if (rc != HENG_OK) return rc;
    if (look) heng_sim_template_wear(look, &meter);
    heng_sim_meter_fini(&bus->meters[i]);
    bus->meters[i] = meter;
    return HENG_OK;
}

static heng_us until_stray(struct heng_sim_bus *bus)
{
    uint32_t ppm = bus->config.noise_ppm;
    if (ppm == 0) return HENG_US_NEVER;
    struct heng_sim_noise n = heng_sim_noise_of(bus->stray_rng, ppm, 0, 0, 0);
    bus->stray_rng = n.rng;
    return heng_sim_bytes_us(bus->config.baud, bus->config.parity, (size_t)n.to_error + 1);
}

static heng_rc fill(struct heng_sim_bus *bus, const struct heng_sim_bus_config *c,
                    const struct heng_sim_meter_config *meters, size_t count, struct heng_err *err)
{
    bus->config.relays = NULL; /* the copy counts */
    heng_rc rc = heng_sim_relays_init(&bus->relays, c->relays, c->relay_count, err);
    if (rc != HENG_OK) return rc;
    bus->wire.baud = c->baud;
    bus->wire.parity = c->parity;
    bus->wire.echo = c->echo;
    bus->wire.chunk_us = c->chunk_ms * HENG_US_PER_MS;
    bus->wire.up = heng_sim_noise_of(heng_sim_rng_of(c->seed, STREAM_UP), c->byte_error_ppm, c->byte_lost_ppm,
                                     c->burst_ppm, c->burst_bytes);
    bus->down = heng_sim_noise_of(heng_sim_rng_of(c->seed, STREAM_DOWN), c->byte_error_ppm, c->byte_lost_ppm,
                                  c->burst_ppm, c->burst_bytes);
    bus->stray_rng = heng_sim_rng_of(c->seed, STREAM_STRAY);
    bus->stray_us = until_stray(bus);
    bus->meters = calloc(count + 1, sizeof *bus->meters);
    bus->next = calloc(count + 1, sizeof *bus->next);
    bus->selected = calloc(count + 1, sizeof *bus->selected);
    bus->held = c->glue_ppm ? malloc(HENG_SIM_REPLY_MAX) : NULL;
    if (!bus->meters || !bus->next || !bus->selected || (c->glue_ppm && !bus->held))
        return heng_fail(err, HENG_ENOMEM, 0, "no memory for %zu virtual meters", count);
    bus->count = bus->cut = count;
    for (size_t i = 0; i < count && rc == HENG_OK; i++) rc = place_meter(bus, i, &meters[i], c->seed, err);
    if (rc == HENG_OK) index_meters(bus);
    return rc;
}

heng_rc heng_sim_bus_new(const struct heng_sim_bus_config *config, const struct heng_sim_meter_config *meters,
                         size_t meter_count, heng_us start_wall_us, struct heng_sim_bus **ret, struct heng_err *err)
{
    heng_rc rc = config_check(config, meter_count, err);
    if (rc != HENG_OK) return rc;
    struct heng_sim_bus *bus = calloc(1, sizeof *bus);
    if (!bus) return heng_fail(err, HENG_ENOMEM, 0, "no memory for a bus");
    bus->config = *config;
    bus->wall_us = start_wall_us;
    rc = fill(bus, config, meters, meter_count, err);
    if (rc == HENG_OK)
        *ret = bus;
    else
        heng_sim_bus_free(bus);
    return rc;
}

void heng_sim_bus_free(struct heng_sim_bus *bus)
{
    if (!bus) return;
    for (size_t i = 0; bus->meters && i < bus->count; i++) heng_sim_meter_fini(&bus->meters[i]);
    for (size_t i = 0; i < bus->look_count; i++) heng_sim_template_free(bus->looks[i]);
    heng_sim_bus_wire_fini(&bus->wire);
    heng_sim_relays_fini(&bus->relays);
    free(bus->looks);
    free(bus->meters);
    free(bus->next);
    free(bus->selected);
    free(bus->held);
    free(bus);
}

/* --- answers ----------------------------------------------------------------------------------------------- */

static bool chance(struct heng_sim_rng *rng, uint32_t ppm) { return ppm && heng_sim_rng_below(rng, PPM) < ppm; }

static bool too_sick(struct heng_sim_meter *m)
{
    switch (m->config.fate) {
    case HENG_SIM_FATE_ALIVE: return false;
    case HENG_SIM_FATE_DYING: {
        uint32_t ppm = m->sick < PPM / SICK_STEP_PPM ? ++m->sick * SICK_STEP_PPM : PPM;
        return chance(&m->rng, ppm);
    }
    case HENG_SIM_FATE_DEAD:
    case HENG_SIM_FATE_COUNT: break;
    }
    return true;
}

static heng_us answer_delay(const struct heng_sim_bus *bus, struct heng_sim_meter *m)
{
    uint32_t spread = m->config.delay_max_us - m->config.delay_min_us;
    heng_us delay = m->config.delay_min_us + (spread ? heng_sim_rng_below(&m->rng, spread + 1) : 0);
    heng_us least = ANSWER_GAP_BITS * HENG_US_PER_S / bus->config.baud;
    return delay < least ? least : delay;
}

/* Put an answer on the wire, as late, broken or glued as chance wants it. */
static void send_answer(struct heng_sim_bus *bus, struct heng_sim_meter *m, heng_us at, struct heng_slice answer)
{
    const struct heng_sim_bus_config *c = &bus->config;
    bus->ledger.answers++;
    if (chance(&m->rng, c->half_ppm) && answer.n > 1)
        answer.n = 1 + heng_sim_rng_below(&m->rng, (uint32_t)answer.n - 1);
    if (bus->held && bus->held_n == 0 && chance(&m->rng, c->glue_ppm)) {
        memcpy(bus->held, answer.p, answer.n);
        bus->held_n = answer.n;
        return;
    }
    if (chance(&m->rng, c->late_ppm))
        at += (c->late_min_ms + heng_sim_rng_below(&m->rng, c->late_max_ms - c->late_min_ms + 1)) * HENG_US_PER_MS;
    int32_t who = (int32_t)m->index;
    if (bus->held_n) {
        struct heng_slice held = heng_slice_of(bus->held, bus->held_n);
        (void)heng_sim_bus_wire_send(&bus->wire, who, at, m->baud, c->parity, held);
        at += heng_sim_bytes_us(m->baud, c->parity, held.n);
        bus->held_n = 0;
    }
    (void)heng_sim_bus_wire_send(&bus->wire, who, at, m->baud, c->parity, answer);
}

/* The longest answer to a request is its ideal time. */
struct ideal {
    heng_us delay_us, wire_us;
};

static void speak(struct heng_sim_meter *m, heng_protocol protocol, struct heng_slice request, heng_us now,
                  struct heng_sim_reply *ret)
{
    ret->n = 0;
    ret->then_baud = 0;
    switch (protocol) {
    case HENG_PROTOCOL_MBUS: heng_sim_slave_mbus(m, request, now, ret); break;
    case HENG_PROTOCOL_CJT188: heng_sim_slave_cjt188(m, request, now, ret); break;
    case HENG_PROTOCOL_DLT645_2007:
    case HENG_PROTOCOL_DLT645_1997: heng_sim_slave_dlt645(m, request, now, ret); break;
    case HENG_PROTOCOL_MODBUS_RTU: heng_sim_slave_modbus(m, request, now, ret); break;
    case HENG_PROTOCOL_MODBUS_TCP:
    case HENG_PROTOCOL_COUNT: break;
    }
}

/* Does it only ask? That a collector which stores answers by itself; all else it hands on. */
static bool only_asks(heng_protocol protocol, struct heng_slice request)
{
    switch (protocol) {
    case HENG_PROTOCOL_MBUS: return request.p[0] == 0x10 && request.p[1] != HENG_MBUS_C_SND_NKE;
    case HENG_PROTOCOL_CJT188: return request.p[9] == HENG_CJT188_C_READ;
    case HENG_PROTOCOL_DLT645_2007:
    case HENG_PROTOCOL_DLT645_1997:
        return request.p[8] == HENG_DLT645_C_READ || request.p[8] == HENG_DLT645_C_FOLLOW ||
               request.p[8] == HENG_DLT645_97_C_READ || request.p[8] == HENG_DLT645_97_C_FOLLOW;
    case HENG_PROTOCOL_MODBUS_RTU: return request.p[1] <= HENG_MODBUS_READ_INPUT_REGISTERS;
    case HENG_PROTOCOL_MODBUS_TCP:
    case HENG_PROTOCOL_COUNT: break;
    }
    return false;
}

static bool same_language(heng_protocol request, heng_protocol meter)
{
    return request == meter || (request == HENG_PROTOCOL_DLT645_2007 && meter == HENG_PROTOCOL_DLT645_1997);
}

/* One meter hears a checked request that ended at `at`. */
static void ask_meter(struct heng_sim_bus *bus, size_t i, heng_protocol protocol, struct heng_slice request, heng_us at,
                      uint32_t baud, struct ideal *ideal)
{
    struct heng_sim_meter *m = &bus->meters[i];
    struct heng_sim_reply reply;
    heng_us through_us;
    int stores, relay = heng_sim_relays_find(&bus->relays, m->config.relay_id);
    if (i >= bus->cut || !same_language(protocol, m->config.protocol) || at < m->busy_until_us) return;
    if (!heng_sim_relays_open(&bus->relays, relay, at, &through_us, &stores)) return;
    heng_sim_meter_age(m, at);
    bool stored = stores >= 0 && only_asks(protocol, request), silent = too_sick(m);
    heng_us as_of = stored ? at / (STORED_S * HENG_US_PER_S) * STORED_S * HENG_US_PER_S : at;
    /* What a collector has read once it goes on telling, also of a meter that is dead by now. */
    if (stored && silent) as_of = m->stored_us;
    if (m->baud != baud || (silent && (!stored || !m->stored_us))) return;
    if (stored) m->stored_us = as_of;
    speak(m, protocol, request, as_of, &reply);
    m->baud_until_us = at + HENG_SIM_SPEED_KEPT_S * HENG_US_PER_S;
    if (reply.n) {
        heng_us delay = (stored ? 0 : answer_delay(bus, m)) + through_us;
        heng_us least = ANSWER_GAP_BITS * HENG_US_PER_S / bus->config.baud;
        if (delay < least) delay = least;
        heng_us wire = heng_sim_bytes_us(m->baud, bus->config.parity, reply.n);
        struct heng_slice answer = heng_slice_of(reply.bytes, reply.n);
        if (reply.n > 1) heng_sim_meter_say(m, answer, at + delay);
        m->busy_until_us = at + delay + wire;
        if (delay + wire > ideal->delay_us + ideal->wire_us) *ideal = (struct ideal){delay, wire};
        send_answer(bus, m, at + delay, answer);
    }
    if (reply.then_baud) m->baud = reply.then_baud;
}

static bool is_selection(struct heng_slice request)
{
    return request.p[0] == 0x68 && request.n > 8 && request.p[5] == 0xFD && (request.p[6] & 0xFB) == 0x52;
}

/* The low byte of the address by which this request finds its meter; false: several may be meant. */
static bool key_of(heng_protocol protocol, struct heng_slice request, uint8_t *ret)
{
    switch (protocol) {
    case HENG_PROTOCOL_MBUS: *ret = request.p[request.p[0] == 0x10 ? 2 : 5]; return *ret < 0xFD;
    case HENG_PROTOCOL_CJT188: *ret = request.p[2]; return *ret != WILD_PAIR && *ret != EVERY_PAIR;
    case HENG_PROTOCOL_DLT645_2007:
    case HENG_PROTOCOL_DLT645_1997: *ret = request.p[1]; return *ret != WILD_PAIR && *ret != EVERY_PAIR;
    case HENG_PROTOCOL_MODBUS_RTU: *ret = request.p[0]; return *ret != 0;
    case HENG_PROTOCOL_MODBUS_TCP:
    case HENG_PROTOCOL_COUNT: break;
    }
    return false;
}

/* true: somebody has a new address now. */
static bool ask_all(struct heng_sim_bus *bus, heng_protocol protocol, struct heng_slice request, heng_us at,
                    uint32_t baud, struct ideal *ideal)
{
    bool moved = false;
    for (size_t i = 0; i < bus->count; i++) {
        ask_meter(bus, i, protocol, request, at, baud, ideal);
        moved = moved || bus->meters[i].moved;
    }
    if (protocol != HENG_PROTOCOL_MBUS) return moved;
    bus->selected_n = 0;
    for (size_t i = 0; i < bus->count; i++)
        if (bus->meters[i].selected) bus->selected[bus->selected_n++] = (uint16_t)i;
    return moved;
}

static void ask_bus(struct heng_sim_bus *bus, heng_protocol protocol, struct heng_slice request, heng_us at,
                    uint32_t baud)
{
    struct ideal ideal = {0, 0};
    uint8_t key = 0;
    bool moved = false;
    bus->ledger.requests++;
    if (protocol == HENG_PROTOCOL_MBUS && request.p[request.p[0] == 0x10 ? 2 : 5] == 0xFD && !is_selection(request)) {
        for (size_t i = 0; i < bus->selected_n; i++) {
            ask_meter(bus, bus->selected[i], protocol, request, at, baud, &ideal);
            moved = moved || bus->meters[bus->selected[i]].moved;
        }
    } else if (key_of(protocol, request, &key)) {
        for (uint16_t i = bus->keys[key]; i != NOBODY; i = bus->next[i]) {
            ask_meter(bus, i, protocol, request, at, baud, &ideal);
            moved = moved || bus->meters[i].moved;
        }
    } else {
        moved = ask_all(bus, protocol, request, at, baud, &ideal);
    }
    if (moved) index_meters(bus);
    bus->ledger.delay_us += ideal.delay_us;
    bus->ledger.wire_us += ideal.wire_us;
}

/* --- requests ---------------------------------------------------------------------------------------------- */

/* Was that for a relay? Its bytes may look like a frame of a protocol. */
static bool hear_relay(struct heng_sim_bus *bus, struct heng_slice heard, heng_us at)
{
    int relay = heng_sim_relays_hear(&bus->relays, heard, at), stores;
    heng_us delay_us;
    if (relay < 0) return false;
    const struct heng_relay_config *r = &bus->relays.items[relay];
    bus->ear.n = bus->ear.silence_at = 0;
    bus->ledger.requests++;
    if (r->open_answer_n == 0 || !heng_sim_relays_open(&bus->relays, relay, at, &delay_us, &stores)) return true;
    heng_us least = ANSWER_GAP_BITS * HENG_US_PER_S / bus->config.baud;
    if (delay_us < least) delay_us = least;
    struct heng_slice answer = heng_slice_of(r->open_answer, r->open_answer_n);
    (void)heng_sim_bus_wire_send(&bus->wire, HENG_SIM_RELAY, at + delay_us, bus->config.baud, bus->config.parity,
                                 answer);
    bus->ledger.answers++;
    bus->ledger.delay_us += delay_us;
    bus->ledger.wire_us += heng_sim_bytes_us(bus->config.baud, bus->config.parity, answer.n);
    return true;
}

/* The meters take one byte that the master has sent. */
static void take_down(struct heng_sim_bus *bus, struct heng_sim_stream *s, size_t i, heng_us at)
{
    int byte = heng_sim_noise_byte(&bus->down, heng_sim_bus_wire_to_meters(&bus->wire, s, i));
    struct heng_slice frame;
    if (byte < 0 || s->parity != bus->config.parity) return; /* no stop bit where one must be: not a byte */
    /* 3.5 bytes, and the one that ends */
    heng_us silence_us = heng_sim_bytes_us(s->baud, s->parity, 9) / 2 + HENG_US_PER_MS;
    uint32_t baud = s->baud; /* an answer may move the streams */
    heng_protocol protocol =
        heng_sim_ear_take(&bus->ear, (uint8_t)byte, at, GAP_MS * HENG_US_PER_MS, silence_us, bus->protocols, &frame);
    if (protocol == HENG_PROTOCOL_COUNT) frame = heng_slice_of(bus->ear.heard, bus->ear.n);
    if (bus->relays.count && hear_relay(bus, frame, at)) return;
    if (protocol != HENG_PROTOCOL_COUNT) ask_bus(bus, protocol, frame, at, baud);
}

/* The stream of the master whose next byte is the first one that the meters have not taken. */
static struct heng_sim_stream *oldest_down(struct heng_sim_bus *bus)
{
    struct heng_sim_stream *first = NULL;
    for (size_t i = 0; i < bus->wire.live_n; i++) {
        struct heng_sim_stream *s = bus->wire.live[i];
        if (s->who == HENG_SIM_MASTER && s->heard < s->n && (!first || s->start_us < first->start_us)) first = s;
    }
    return first;
}

static void listen_down(struct heng_sim_bus *bus, heng_us now)
{
    for (struct heng_sim_stream *s; (s = oldest_down(bus)) != NULL;) {
        while (s->heard < s->n) {
            heng_us at = s->start_us + heng_sim_bytes_us(s->baud, s->parity, s->heard + 1u);
            if (at > now) return;
            take_down(bus, s, s->heard++, at);
        }
    }
}

static void stray(struct heng_sim_bus *bus, heng_us at)
{
    heng_us byte_us = heng_sim_bytes_us(bus->config.baud, bus->config.parity, 1);
    uint8_t byte = (uint8_t)heng_sim_rng_below(&bus->stray_rng, 256);
    if (!heng_sim_bus_wire_busy(&bus->wire, at, byte_us))
        (void)heng_sim_bus_wire_send(&bus->wire, HENG_SIM_STRAY, at, bus->config.baud, bus->config.parity,
                                     heng_slice_of(&byte, 1));
    bus->stray_us = at + until_stray(bus);
}

/* Everything that happens until now, in the order of its time. */
static void advance(struct heng_sim_bus *bus, heng_us now)
{
    if (now < bus->now_us) return;
    while (bus->stray_us <= now) {
        heng_us at = bus->stray_us;
        listen_down(bus, at);
        heng_sim_bus_wire_listen(&bus->wire, at);
        stray(bus, at);
    }
    listen_down(bus, now);
    heng_sim_bus_wire_listen(&bus->wire, now);
    bus->now_us = now;
}

void heng_sim_bus_hear(struct heng_sim_bus *bus, heng_us now, struct heng_slice bytes)
{
    advance(bus, now);
    heng_us at = bus->sent_until_us > bus->now_us ? bus->sent_until_us : bus->now_us;
    while (bytes.n) {
        size_t n = bytes.n < HENG_SIM_STREAM_MAX ? bytes.n : HENG_SIM_STREAM_MAX;
        struct heng_sim_stream *s = heng_sim_bus_wire_send(&bus->wire, HENG_SIM_MASTER, at, bus->wire.baud,
                                                           bus->wire.parity, heng_slice_of(bytes.p, n));
        if (!s) break; /* no memory: these bytes are lost */
        bus->ledger.wire_us += s->end_us - s->start_us;
        at = s->end_us;
        bytes = heng_slice_from(bytes, n);
    }
    bus->sent_until_us = at;
}

void heng_sim_bus_set_speed(struct heng_sim_bus *bus, heng_us now, uint32_t baud, char parity)
{
    advance(bus, now);
    if (baud < BAUD_MIN || baud > BAUD_MAX || !parity_good(parity)) return; /* no converter does that */
    bus->wire.baud = baud;
    bus->wire.parity = parity;
}

heng_us heng_sim_bus_due(const struct heng_sim_bus *bus)
{
    if (bus->wire.ready_n) return bus->wire.ready_us[bus->wire.ready_at];
    heng_us due = heng_sim_bus_wire_next(&bus->wire, bus->now_us);
    if (bus->sent_until_us > bus->now_us && bus->sent_until_us < due) due = bus->sent_until_us;
    return bus->stray_us < due ? bus->stray_us : due;
}

size_t heng_sim_bus_take(struct heng_sim_bus *bus, heng_us now, uint8_t *ret, size_t cap)
{
    struct heng_sim_bus_wire *w = &bus->wire;
    size_t n = 0;
    advance(bus, now);
    while (n < cap && w->ready_n && w->ready_us[w->ready_at] <= now) {
        ret[n++] = w->ready[w->ready_at];
        w->ready_at = (w->ready_at + 1) % HENG_SIM_UP_MAX;
        w->ready_n--;
    }
    return n;
}

/* --- truth and control ------------------------------------------------------------------------------------- */

bool heng_sim_bus_said(const struct heng_sim_bus *bus, size_t meter, size_t i, struct heng_slice *ret_frame,
                       heng_us *ret_at)
{
    if (meter >= bus->count) return false;
    const struct heng_sim_meter *m = &bus->meters[meter];
    if (i >= HENG_SIM_SAID || i >= m->said_n) return false;
    const struct heng_sim_said *said = &m->said[(m->said_n - 1 - i) % HENG_SIM_SAID];
    *ret_frame = heng_slice_of(said->p, said->n);
    *ret_at = said->at_us;
    return true;
}

bool heng_sim_bus_supply_on(const struct heng_sim_bus *bus, size_t meter)
{
    if (meter >= bus->count) return false;
    const struct heng_sim_meter *m = &bus->meters[meter];
    bool arrived = m->moving && bus->now_us >= m->moves_us;
    return !(arrived ? m->off_wanted : m->off);
}

heng_us heng_sim_bus_clock(const struct heng_sim_bus *bus, size_t meter, heng_us now)
{
    return meter < bus->count ? heng_sim_meter_clock(&bus->meters[meter], now) : bus->wall_us + now;
}

void heng_sim_bus_ledger_now(const struct heng_sim_bus *bus, struct heng_sim_bus_ledger *ret)
{
    *ret = bus->ledger;
    ret->collisions = bus->wire.collisions;
    ret->bytes_hit = bus->wire.up.hit + bus->down.hit;
}

void heng_sim_bus_set_fate(struct heng_sim_bus *bus, size_t meter, heng_sim_fate fate)
{
    if (meter >= bus->count) return;
    bus->meters[meter].config.fate = fate;
    bus->meters[meter].sick = 0;
}

void heng_sim_bus_set_cut(struct heng_sim_bus *bus, size_t first_meter)
{
    bus->cut = first_meter < bus->count ? first_meter : bus->count;
    for (size_t i = bus->cut; i < bus->count; i++) heng_sim_bus_wire_silence(&bus->wire, (int32_t)i, bus->now_us);
}

void heng_sim_bus_set_error(struct heng_sim_bus *bus, uint32_t byte_error_ppm)
{
    bus->config.byte_error_ppm = byte_error_ppm;
    heng_sim_noise_set_error(&bus->wire.up, byte_error_ppm);
    heng_sim_noise_set_error(&bus->down, byte_error_ppm);
}

void heng_sim_bus_set_rate(struct heng_sim_bus *bus, size_t meter, uint32_t rate_per_h)
{
    if (meter < bus->count) heng_sim_meter_set_rate(&bus->meters[meter], bus->now_us, rate_per_h);
}

void heng_sim_bus_swap(struct heng_sim_bus *bus, size_t meter, const struct heng_sim_meter_config *config)
{
    struct heng_err err;
    if (meter >= bus->count) return;
    heng_sim_bus_wire_silence(&bus->wire, (int32_t)meter, bus->now_us);
    /* What cannot be a meter is not put in: the old one stays. */
    if (place_meter(bus, meter, config, bus->config.seed + bus->ledger.requests, &err) == HENG_OK) index_meters(bus);
}

void heng_sim_bus_tamper(struct heng_sim_bus *bus, size_t meter, bool on)
{
    if (meter < bus->count) bus->meters[meter].tampered = on;
}

void heng_sim_bus_set_echo(struct heng_sim_bus *bus, bool on) { bus->wire.echo = on; }

void heng_sim_bus_set_late(struct heng_sim_bus *bus, uint32_t late_ppm, uint32_t min_ms, uint32_t max_ms)
{
    if (min_ms > max_ms || max_ms > LATE_MAX_MS) return;
    bus->config.late_ppm = late_ppm;
    bus->config.late_min_ms = min_ms;
    bus->config.late_max_ms = max_ms;
}

void heng_sim_bus_set_sticks(struct heng_sim_bus *bus, size_t meter, bool on)
{
    if (meter < bus->count) bus->meters[meter].config.valve_sticks = on;
}

void heng_sim_bus_shift_clock(struct heng_sim_bus *bus, size_t meter, heng_us by)
{
    if (meter >= bus->count) return;
    struct heng_sim_meter *m = &bus->meters[meter];
    heng_us clock;
    if (!__builtin_add_overflow(heng_sim_meter_clock(m, bus->now_us), by, &clock))
        heng_sim_meter_set_clock(m, bus->now_us, clock);
}
