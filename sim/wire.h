#ifndef HENG_SIM_WIRE_H
#define HENG_SIM_WIRE_H
/* A half-duplex bus line: how long bytes take, what noise does to them, in which portions a converter hands them on.
 * All times are simulated microseconds that the caller passes in; the line never looks at a clock.
 *
 *   request ends   request_n bytes at line speed   the meter's delay       first byte complete, ...
 *   |--------------------------------------------|------------------------|-----|-----|-----|
 *   now_us                                                                 one byte = 11 bits (8E1) */
#include "base/buf.h"
#include "base/time.h"
#include "sim/rng.h"

enum {
    HENG_SIM_ANSWER_MAX = 300,
    HENG_SIM_BITS_PER_BYTE = 11,
    HENG_SIM_PPM = 1000000,
};

/* Every HENG_SIM_CHUNK_US a converter hands on what has come in. */
#define HENG_SIM_CHUNK_US INT64_C(10000)

/* What a meter, or all of them at once, puts on the line. n = 0: silence. */
struct heng_sim_answer {
    uint8_t bytes[HENG_SIM_ANSWER_MAX];
    size_t n;
    uint32_t delay_us; /* from the end of the request to the start of the first byte */
};

struct heng_sim_wire {
    uint32_t baud;
    uint32_t noise_ppm; /* chance of a byte to be hit, in millionths */
    struct heng_sim_rng rng;
    uint8_t sending[2 * HENG_SIM_ANSWER_MAX];
    size_t n, sent;
    heng_us first_us;  /* when the first byte starts */
    heng_us polled_us; /* when bytes were last handed on */
};

struct heng_sim_wire heng_sim_wire_of(uint32_t baud, uint32_t noise_ppm, struct heng_sim_rng rng);

/* How long n bytes take on the line. */
heng_us heng_sim_wire_time_us(const struct heng_sim_wire *wire, size_t n);

/* Put an answer to a request of request_n bytes, complete at now_us, on the line. Noise hits it here, once.
 * The line must not be busy; a busy line drops the answer. */
void heng_sim_wire_send(struct heng_sim_wire *wire, size_t request_n, const struct heng_sim_answer *answer,
                        heng_us now_us);

bool heng_sim_wire_busy(const struct heng_sim_wire *wire);

/* The bytes that have arrived since the last poll; borrowed until the next send. */
struct heng_slice heng_sim_wire_poll(struct heng_sim_wire *wire, heng_us now_us);

/* When the next poll is worth it; HENG_US_NEVER on an idle line. */
heng_us heng_sim_wire_next_us(const struct heng_sim_wire *wire);

/* Several meters speak at once: their currents add up, so a 0 bit of any of them wins on the line.
 * one joins what is in all (all->n = 0 at first), shifted by the difference of their delays. */
void heng_sim_wire_collide(const struct heng_sim_wire *wire, struct heng_sim_answer *all,
                           const struct heng_sim_answer *one);

/* Copy in to out as a noisy line would carry it: bits flipped, bytes lost, junk between answers. noise_ppm 0 copies
 * unchanged and draws no random number. */
void heng_sim_wire_disturb(struct heng_sim_wire *wire, struct heng_slice in, struct heng_buf *out);

#endif
