#include "sim/bus_wire.h"

#include <math.h>
#include <stdlib.h>

enum { PPM = 1000000, DATA_BITS = 8 };

/* --- noise ---------------------------------------------------------------------------------------------- */

/* How many bytes stay well before the next one is hit: geometric. */
static uint64_t until_hit(struct heng_sim_rng *rng, uint32_t ppm)
{
    if (ppm == 0) return UINT64_MAX;
    if (ppm >= PPM) return 0;
    double u = 1.0 - heng_sim_rng_unit(rng); /* 0 < u <= 1 */
    return (uint64_t)floor(log(u) / log1p(-(double)ppm / PPM));
}

struct heng_sim_noise heng_sim_noise_of(struct heng_sim_rng rng, uint32_t error_ppm, uint32_t lost_ppm,
                                        uint32_t burst_ppm, uint32_t burst_bytes)
{
    struct heng_sim_noise n = {
        .rng = rng, .error_ppm = error_ppm, .lost_ppm = lost_ppm, .burst_ppm = burst_ppm, .burst_bytes = burst_bytes};
    n.to_error = until_hit(&n.rng, error_ppm);
    n.to_lost = until_hit(&n.rng, lost_ppm);
    n.to_burst = until_hit(&n.rng, burst_bytes ? burst_ppm : 0);
    return n;
}

void heng_sim_noise_set_error(struct heng_sim_noise *noise, uint32_t error_ppm)
{
    noise->error_ppm = error_ppm;
    noise->to_error = until_hit(&noise->rng, error_ppm);
}

/* One to three different bits. */
static uint8_t damage(struct heng_sim_noise *noise, uint8_t byte)
{
    unsigned bits = 1 + heng_sim_rng_below(&noise->rng, 3), mask = 0;
    while (bits) {
        unsigned bit = 1u << heng_sim_rng_below(&noise->rng, DATA_BITS);
        if (mask & bit) continue;
        mask |= bit;
        bits--;
    }
    noise->hit++;
    return byte ^ (uint8_t)mask;
}

/* Count down to an event of the given chance; true when it is here. */
static bool due_now(struct heng_sim_noise *noise, uint64_t *to, uint32_t ppm)
{
    if (*to == UINT64_MAX) return false;
    if ((*to)-- > 0) return false;
    *to = until_hit(&noise->rng, ppm);
    return true;
}

int heng_sim_noise_byte(struct heng_sim_noise *noise, uint8_t byte)
{
    if (due_now(noise, &noise->to_burst, noise->burst_ppm)) noise->burst_left = noise->burst_bytes;
    if (noise->burst_left) {
        noise->burst_left--;
        if (heng_sim_rng_below(&noise->rng, 2)) byte = damage(noise, byte);
    }
    if (due_now(noise, &noise->to_error, noise->error_ppm)) byte = damage(noise, byte);
    if (!due_now(noise, &noise->to_lost, noise->lost_ppm)) return byte;
    noise->hit++;
    return -1;
}

/* How many bytes from here on nothing happens to. */
static size_t well_for(const struct heng_sim_noise *noise)
{
    uint64_t n = noise->burst_left ? 0 : noise->to_error;
    if (noise->to_lost < n) n = noise->to_lost;
    if (noise->to_burst < n) n = noise->to_burst;
    return n < SIZE_MAX ? (size_t)n : SIZE_MAX;
}

static void skip_well(struct heng_sim_noise *noise, size_t n)
{
    if (noise->to_error != UINT64_MAX) noise->to_error -= n;
    if (noise->to_lost != UINT64_MAX) noise->to_lost -= n;
    if (noise->to_burst != UINT64_MAX) noise->to_burst -= n;
}

/* --- bits ----------------------------------------------------------------------------------------------- */

/* Start, eight data bits, parity where there is one, stop. */
static unsigned bits_of(char parity) { return parity == 'N' ? 10 : 11; }

/* Times of bits are rounded up to whole microseconds, and time to bits down, so that both agree. */
static heng_us bits_us(uint32_t baud, uint64_t bits)
{
    return (heng_us)((bits * (uint64_t)HENG_US_PER_S + baud - 1) / baud);
}
static uint64_t us_bits(uint32_t baud, heng_us us) { return (uint64_t)us * baud / (uint64_t)HENG_US_PER_S; }

heng_us heng_sim_bytes_us(uint32_t baud, char parity, size_t n) { return bits_us(baud, (uint64_t)n * bits_of(parity)); }

/* The bits of a byte on the wire, first one lowest. */
static unsigned pattern(uint8_t byte, char parity)
{
    unsigned bits = (unsigned)byte << 1, odd = (unsigned)__builtin_parity(byte);
    if (parity == 'N') return bits | 1u << 9;
    if (parity == 'O') odd ^= 1;
    return bits | odd << 9 | 1u << 10;
}

static heng_us byte_at(const struct heng_sim_stream *s, size_t i)
{
    return s->start_us + bits_us(s->baud, (uint64_t)i * bits_of(s->parity));
}

static bool sends_at(const struct heng_sim_stream *s, heng_us t) { return t >= s->start_us && t < s->end_us; }

/* Is this bit of the stream a 1? Behind its last bit it is. */
static bool bit_high(const struct heng_sim_stream *s, uint64_t bit)
{
    unsigned bits = bits_of(s->parity);
    uint64_t byte = bit / bits;
    return byte >= s->n || (pattern(s->bytes[byte], s->parity) >> (bit % bits) & 1);
}

static bool high_at(const struct heng_sim_stream *s, heng_us t)
{
    return !sends_at(s, t) || bit_high(s, us_bits(s->baud, t - s->start_us));
}

/* When this one next pulls the wire down, not before t; NEVER: it does not any more. */
static heng_us next_low(const struct heng_sim_stream *s, heng_us t)
{
    if (t >= s->end_us) return HENG_US_NEVER;
    uint64_t bit = t > s->start_us ? us_bits(s->baud, t - s->start_us) : 0;
    uint64_t all = (uint64_t)s->n * bits_of(s->parity);
    while (bit < all && bit_high(s, bit)) bit++;
    if (bit == all) return HENG_US_NEVER;
    heng_us at = s->start_us + bits_us(s->baud, bit);
    return at > t ? at : t;
}

/* When this one, which is low at t, lets go. */
static heng_us next_high(const struct heng_sim_stream *s, heng_us t)
{
    uint64_t bit = us_bits(s->baud, t - s->start_us);
    while (!bit_high(s, bit)) bit++;
    return s->start_us + bits_us(s->baud, bit);
}

/* --- streams -------------------------------------------------------------------------------------------- */

void heng_sim_bus_wire_fini(struct heng_sim_bus_wire *wire)
{
    for (size_t i = 0; i < wire->live_n; i++) free(wire->live[i]);
    for (size_t i = 0; i < wire->spare_n; i++) free(wire->spare[i]);
    free(wire->live);
    free(wire->spare);
    *wire = (struct heng_sim_bus_wire){0};
}

/* Room for one more in both lists. */
static bool grow(struct heng_sim_bus_wire *wire)
{
    if (wire->live_n + wire->spare_n < wire->cap) return true;
    size_t cap = wire->cap ? 2 * wire->cap : 4;
    struct heng_sim_stream **live = realloc(wire->live, cap * sizeof(struct heng_sim_stream *));
    if (live) wire->live = live;
    struct heng_sim_stream **spare = live ? realloc(wire->spare, cap * sizeof(struct heng_sim_stream *)) : NULL;
    if (!spare) return false;
    wire->spare = spare;
    wire->cap = cap;
    return true;
}

static struct heng_sim_stream *new_stream(struct heng_sim_bus_wire *wire)
{
    if (wire->spare_n) return wire->live[wire->live_n++] = wire->spare[--wire->spare_n];
    struct heng_sim_stream *s = grow(wire) ? malloc(sizeof *s) : NULL;
    if (s) wire->live[wire->live_n++] = s;
    return s;
}

struct heng_sim_stream *heng_sim_bus_wire_send(struct heng_sim_bus_wire *wire, int32_t who, heng_us start_us,
                                               uint32_t baud, char parity, struct heng_slice bytes)
{
    if (bytes.n == 0 || bytes.n > HENG_SIM_STREAM_MAX) return NULL;
    heng_us end_us = start_us + heng_sim_bytes_us(baud, parity, bytes.n);
    bool collides = false;
    for (size_t i = 0; i < wire->live_n && !collides; i++)
        collides = start_us < wire->live[i]->end_us && wire->live[i]->start_us < end_us;
    struct heng_sim_stream *s = new_stream(wire);
    if (!s) return NULL;
    wire->collisions += collides;
    s->start_us = start_us;
    s->end_us = end_us;
    s->baud = baud;
    s->parity = parity;
    s->who = who;
    s->heard = 0;
    s->n = (uint16_t)bytes.n;
    memcpy(s->bytes, bytes.p, bytes.n);
    return s;
}

bool heng_sim_bus_wire_busy(const struct heng_sim_bus_wire *wire, heng_us at_us, heng_us for_us)
{
    for (size_t i = 0; i < wire->live_n; i++)
        if (wire->live[i]->start_us < at_us + for_us && wire->live[i]->end_us > at_us) return true;
    return false;
}

static void drop(struct heng_sim_bus_wire *wire, size_t i)
{
    wire->spare[wire->spare_n++] = wire->live[i];
    wire->live[i] = wire->live[--wire->live_n];
}

void heng_sim_bus_wire_silence(struct heng_sim_bus_wire *wire, int32_t who, heng_us now)
{
    for (size_t i = wire->live_n; i-- > 0;) {
        struct heng_sim_stream *s = wire->live[i];
        if (s->who != who) continue;
        if (s->start_us >= now) {
            drop(wire, i);
        } else if (s->end_us > now) { /* what has begun ends with the byte that is under way */
            s->n = (uint16_t)(us_bits(s->baud, now - s->start_us) / bits_of(s->parity) + 1);
            s->end_us = byte_at(s, s->n);
        }
    }
}

uint8_t heng_sim_bus_wire_to_meters(const struct heng_sim_bus_wire *wire, const struct heng_sim_stream *s, size_t i)
{
    heng_us from = byte_at(s, i), to = byte_at(s, i + 1);
    uint8_t byte = s->bytes[i];
    for (size_t k = 0; k < wire->live_n; k++) {
        const struct heng_sim_stream *other = wire->live[k];
        if (other->who == HENG_SIM_MASTER || other->end_us <= from || other->start_us >= to) continue;
        for (unsigned bit = 0; bit < DATA_BITS; bit++) {
            heng_us middle = from + bits_us(2 * s->baud, 2 * (uint64_t)bit + 3); /* behind the start bit */
            if (!high_at(other, middle)) byte &= (uint8_t) ~(1u << bit);
        }
    }
    return byte;
}

/* --- the master's UART ---------------------------------------------------------------------------------- */

/* Does the master's UART hear this one by itself? */
static bool audible(const struct heng_sim_bus_wire *wire, const struct heng_sim_stream *s)
{
    return s->who != HENG_SIM_MASTER || wire->echo;
}

/* What the master's UART sees: without an echo the converter hides what the master sends, as long as nobody else does.
 */
static bool wire_high(const struct heng_sim_bus_wire *wire, heng_us t)
{
    bool others = false, own = true;
    for (size_t i = 0; i < wire->live_n; i++) {
        const struct heng_sim_stream *s = wire->live[i];
        if (!sends_at(s, t)) continue;
        bool high = bit_high(s, us_bits(s->baud, t - s->start_us));
        if (!audible(wire, s)) {
            own = own && high;
        } else {
            others = true;
            if (!high) return false;
        }
    }
    return own || !others;
}

static heng_us first_low(const struct heng_sim_bus_wire *wire, heng_us t)
{
    heng_us first = HENG_US_NEVER;
    for (size_t i = 0; i < wire->live_n; i++) {
        const struct heng_sim_stream *s = wire->live[i];
        if (!audible(wire, s)) continue;
        heng_us at = next_low(s, t);
        if (at < first) first = at;
    }
    return first;
}

/* When nobody holds the wire down any more, from t on: each step goes behind a low bit of somebody. */
static heng_us first_high(const struct heng_sim_bus_wire *wire, heng_us t)
{
    for (size_t i = 0; i < wire->live_n; i++) {
        const struct heng_sim_stream *s = wire->live[i];
        if (!audible(wire, s) || high_at(s, t)) continue;
        t = next_high(s, t);
        i = SIZE_MAX; /* from the first one again */
    }
    return t;
}

static void come_up(struct heng_sim_bus_wire *wire, uint8_t byte, heng_us at_us)
{
    if (wire->ready_n == HENG_SIM_UP_MAX) return; /* nobody takes them: the converter's buffer is full */
    if (wire->chunk_us) at_us = (at_us + wire->chunk_us - 1) / wire->chunk_us * wire->chunk_us;
    size_t at = (wire->ready_at + wire->ready_n++) % HENG_SIM_UP_MAX;
    wire->ready[at] = byte;
    wire->ready_us[at] = at_us;
}

/* Bytes first .. end - 1 of what only s sends. */
static void pass(struct heng_sim_bus_wire *wire, const struct heng_sim_stream *s, size_t first, size_t end)
{
    size_t well = well_for(&wire->up);
    for (size_t i = first; i < end; i++) {
        if (i - first < well) {
            come_up(wire, s->bytes[i], byte_at(s, i + 1));
            continue;
        }
        if (i - first == well) skip_well(&wire->up, well);
        int byte = heng_sim_noise_byte(&wire->up, s->bytes[i]);
        if (byte >= 0) come_up(wire, (uint8_t)byte, byte_at(s, i + 1));
    }
    if (end - first <= well) skip_well(&wire->up, end - first);
}

/* One byte as a UART takes it from the wire. false: there is none until now. */
static bool take_byte(struct heng_sim_bus_wire *wire, heng_us now)
{
    heng_us from = wire->broken ? first_high(wire, wire->heard_us) : wire->heard_us;
    heng_us edge = first_low(wire, from);
    if (edge == HENG_US_NEVER) {
        if (from >= now) return false;
        wire->heard_us = now;
        wire->broken = false;
        return false;
    }
    unsigned bits = bits_of(wire->parity), byte = 0;
    heng_us end = edge + bits_us(wire->baud, bits);
    if (end > now) return false;
    for (unsigned i = 0; i < DATA_BITS; i++)
        byte |= (unsigned)wire_high(wire, edge + bits_us(2 * wire->baud, 2 * (uint64_t)i + 3)) << i;
    wire->heard_us = edge + bits_us(2 * wire->baud, 2 * (uint64_t)bits - 1); /* middle of the stop bit */
    wire->broken = !wire_high(wire, wire->heard_us);
    int kept = heng_sim_noise_byte(&wire->up, (uint8_t)byte);
    if (kept >= 0) come_up(wire, (uint8_t)kept, end);
    return true;
}

/* The stream that the UART is to hear next, and when another one begins to disturb it (before its end: already). */
static const struct heng_sim_stream *foremost(const struct heng_sim_bus_wire *wire, heng_us *ret_disturbed_us)
{
    const struct heng_sim_stream *first = NULL;
    for (size_t i = 0; i < wire->live_n; i++) {
        const struct heng_sim_stream *s = wire->live[i];
        if (s->end_us <= wire->heard_us || !audible(wire, s)) continue;
        if (!first || s->start_us < first->start_us) first = s;
    }
    *ret_disturbed_us = HENG_US_NEVER;
    for (size_t i = 0; first && i < wire->live_n; i++) {
        const struct heng_sim_stream *s = wire->live[i];
        if (s == first || s->end_us <= wire->heard_us || s->end_us <= first->start_us) continue;
        if (s->start_us < *ret_disturbed_us) *ret_disturbed_us = s->start_us;
    }
    return first;
}

/* The byte of s that begins where the UART stands: at its start, or in the stop bit before it. SIZE_MAX: it stands in
 * the middle of one. */
static size_t byte_here(const struct heng_sim_bus_wire *wire, const struct heng_sim_stream *s)
{
    if (wire->heard_us <= s->start_us) return 0;
    uint64_t bit = us_bits(s->baud, wire->heard_us - s->start_us);
    unsigned bits = bits_of(s->parity);
    return bit % bits == bits - 1 ? (size_t)(bit / bits + 1) : SIZE_MAX;
}

/* How many bytes of s are over at t. */
static size_t over_at(const struct heng_sim_stream *s, heng_us t)
{
    if (t >= s->end_us) return s->n;
    if (t <= s->start_us) return 0;
    return (size_t)(us_bits(s->baud, t - s->start_us) / bits_of(s->parity));
}

/* Hear as much as only one sends. false: there is nothing (more) of that kind. */
static bool listen_to_one(struct heng_sim_bus_wire *wire, const struct heng_sim_stream *s, heng_us disturbed_us,
                          heng_us now)
{
    heng_us at = wire->heard_us > s->start_us ? wire->heard_us : s->start_us;
    size_t first = byte_here(wire, s);
    if (disturbed_us <= at || first == SIZE_MAX || s->baud != wire->baud || s->parity != wire->parity) return false;
    heng_us until = disturbed_us < now ? disturbed_us : now;
    size_t end = over_at(s, until);
    if (end > first) {
        pass(wire, s, first, end);
        /* A UART looks for the next edge from the middle of the stop bit on. */
        wire->heard_us = s->start_us + bits_us(2 * s->baud, 2 * (uint64_t)end * bits_of(s->parity) - 1);
        return true;
    }
    if (first < s->n || until < s->end_us) return false;
    wire->heard_us = s->end_us;
    return true;
}

/* What is over is needed as long as somebody listens to a byte that began before its end. */
static void drop_finished(struct heng_sim_bus_wire *wire)
{
    heng_us until = wire->heard_us;
    for (size_t i = 0; i < wire->live_n; i++) {
        const struct heng_sim_stream *s = wire->live[i];
        if (s->who == HENG_SIM_MASTER && s->heard < s->n && byte_at(s, s->heard) < until) until = byte_at(s, s->heard);
    }
    for (size_t i = wire->live_n; i-- > 0;) {
        const struct heng_sim_stream *s = wire->live[i];
        if (s->end_us <= until && (s->who != HENG_SIM_MASTER || s->heard == s->n)) drop(wire, i);
    }
}

void heng_sim_bus_wire_listen(struct heng_sim_bus_wire *wire, heng_us now)
{
    for (;;) {
        heng_us disturbed_us;
        const struct heng_sim_stream *s = foremost(wire, &disturbed_us);
        if (!s || s->start_us >= now) {
            if (wire->heard_us < now) {
                wire->heard_us = now;
                wire->broken = false;
            }
            break;
        }
        if (wire->heard_us >= now) break;
        if (listen_to_one(wire, s, disturbed_us, now)) continue;
        if (disturbed_us >= now && s->baud == wire->baud && s->parity == wire->parity && byte_here(wire, s) != SIZE_MAX)
            break; /* its next byte is not over yet */
        if (!take_byte(wire, now)) break;
    }
    drop_finished(wire);
}

heng_us heng_sim_bus_wire_next(const struct heng_sim_bus_wire *wire, heng_us now)
{
    heng_us next = HENG_US_NEVER;
    for (size_t i = 0; i < wire->live_n; i++) {
        const struct heng_sim_stream *s = wire->live[i];
        if (!audible(wire, s) || s->end_us <= now) continue;
        heng_us at = byte_at(s, over_at(s, now) + 1);
        if (at > s->end_us) at = s->end_us;
        if (at < next) next = at;
    }
    if (wire->heard_us < now && (next == HENG_US_NEVER || wire->live_n > 1)) {
        /* A byte that began among several can end when all of them are over. */
        heng_us edge = first_low(wire, wire->broken ? first_high(wire, wire->heard_us) : wire->heard_us);
        heng_us end = edge == HENG_US_NEVER ? edge : edge + bits_us(wire->baud, bits_of(wire->parity));
        if (end > now && end < next) next = end;
    }
    if (next != HENG_US_NEVER && wire->chunk_us) next = (next + wire->chunk_us - 1) / wire->chunk_us * wire->chunk_us;
    return next;
}
