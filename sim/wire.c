#include "sim/wire.h"

/* Junk in front of an answer is this much likelier than a hit on one byte: a line is idle longer than it speaks. */
enum { JUNK_FACTOR = 20, JUNK_MAX = 6 };

struct heng_sim_wire heng_sim_wire_of(uint32_t baud, uint32_t noise_ppm, struct heng_sim_rng rng)
{
    return (struct heng_sim_wire){.baud = baud, .noise_ppm = noise_ppm, .rng = rng};
}

heng_us heng_sim_wire_time_us(const struct heng_sim_wire *wire, size_t n)
{
    return (heng_us)n * HENG_SIM_BITS_PER_BYTE * HENG_US_PER_S / wire->baud;
}

bool heng_sim_wire_busy(const struct heng_sim_wire *wire) { return wire->sent < wire->n; }

static bool hit(struct heng_sim_wire *wire, uint32_t ppm) { return heng_sim_rng_below(&wire->rng, HENG_SIM_PPM) < ppm; }

static uint8_t junk_byte(struct heng_sim_wire *wire) { return (uint8_t)heng_sim_rng_below(&wire->rng, 256); }

void heng_sim_wire_disturb(struct heng_sim_wire *wire, struct heng_slice in, struct heng_buf *out)
{
    if (wire->noise_ppm == 0) {
        heng_buf_put(out, in);
        return;
    }
    uint32_t ppm = wire->noise_ppm;
    if (hit(wire, ppm > HENG_SIM_PPM / JUNK_FACTOR ? HENG_SIM_PPM : ppm * JUNK_FACTOR))
        for (uint32_t n = 1 + heng_sim_rng_below(&wire->rng, JUNK_MAX); n > 0; n--) heng_buf_u8(out, junk_byte(wire));
    for (size_t i = 0; i < in.n; i++) {
        if (!hit(wire, ppm)) {
            heng_buf_u8(out, in.p[i]);
            continue;
        }
        switch (heng_sim_rng_below(&wire->rng, 4)) {
        case 0: break; /* lost */
        case 1:        /* something in front of it */
            heng_buf_u8(out, junk_byte(wire));
            heng_buf_u8(out, in.p[i]);
            break;
        default: heng_buf_u8(out, (uint8_t)(in.p[i] ^ (1u << heng_sim_rng_below(&wire->rng, 8)))); break;
        }
    }
}

void heng_sim_wire_send(struct heng_sim_wire *wire, size_t request_n, const struct heng_sim_answer *answer,
                        heng_us now_us)
{
    if (heng_sim_wire_busy(wire)) return;
    struct heng_buf out = heng_buf_of(wire->sending, sizeof wire->sending);
    heng_sim_wire_disturb(wire, heng_slice_of(answer->bytes, answer->n), &out);
    wire->n = out.n;
    wire->sent = 0;
    wire->first_us = now_us + heng_sim_wire_time_us(wire, request_n) + answer->delay_us;
    wire->polled_us = wire->first_us;
}

struct heng_slice heng_sim_wire_poll(struct heng_sim_wire *wire, heng_us now_us)
{
    size_t from = wire->sent;
    if (!heng_sim_wire_busy(wire) || now_us < wire->first_us) return heng_slice_of(wire->sending + from, 0);
    int64_t arrived = (now_us - wire->first_us) * wire->baud / (HENG_SIM_BITS_PER_BYTE * HENG_US_PER_S);
    size_t complete = arrived > (int64_t)wire->n ? wire->n : (size_t)arrived;
    if (complete > wire->sent) wire->sent = complete;
    wire->polled_us = now_us;
    return heng_slice_of(wire->sending + from, wire->sent - from);
}

heng_us heng_sim_wire_next_us(const struct heng_sim_wire *wire)
{
    if (!heng_sim_wire_busy(wire)) return HENG_US_NEVER;
    /* One microsecond more: heng_sim_wire_time_us rounds down, and the last byte must be whole. */
    heng_us last_us = wire->first_us + heng_sim_wire_time_us(wire, wire->n) + 1;
    heng_us chunk_us = wire->polled_us + HENG_SIM_CHUNK_US;
    return chunk_us < last_us ? chunk_us : last_us;
}

void heng_sim_wire_collide(const struct heng_sim_wire *wire, struct heng_sim_answer *all,
                           const struct heng_sim_answer *one)
{
    if (one->n == 0) return;
    if (all->n == 0) {
        *all = *one;
        return;
    }
    heng_us byte_us = heng_sim_wire_time_us(wire, 1);
    uint32_t start_us = one->delay_us < all->delay_us ? one->delay_us : all->delay_us;
    size_t shift_all = (size_t)((all->delay_us - start_us) / byte_us);
    size_t shift_one = (size_t)((one->delay_us - start_us) / byte_us);
    uint8_t line[HENG_SIM_ANSWER_MAX];
    memset(line, 0xFF, sizeof line); /* idle */
    size_t n = 0;
    for (size_t i = 0; i < all->n && shift_all + i < sizeof line; i++) {
        line[shift_all + i] &= all->bytes[i];
        n = shift_all + i + 1;
    }
    for (size_t i = 0; i < one->n && shift_one + i < sizeof line; i++) {
        line[shift_one + i] &= one->bytes[i];
        if (n < shift_one + i + 1) n = shift_one + i + 1;
    }
    memcpy(all->bytes, line, n);
    all->n = n;
    all->delay_us = start_us;
}
