#ifndef HENG_SIM_BUS_WIRE_H
#define HENG_SIM_BUS_WIRE_H
/* The wire of one line in simulated time: who sends which bits when, what a UART makes of their AND, and what noise
 * does to bytes. What only one sends is passed on byte by byte; where two overlap it is looked at bit by bit.
 *
 *   stream A   ----\__/-\_/~~~~~~~~~              a 0 of anybody wins; the UART looks for a falling edge, then
 *   stream B   --------\_____/-\_/~~~             takes the middle of each bit, whatever phase the others have
 *   wire       ----\__/\_____/__/~~~~ */
#include "base/buf.h"
#include "base/time.h"
#include "sim/rng.h"

enum { HENG_SIM_STREAM_MAX = 320, HENG_SIM_UP_MAX = 2048 };

/* Who sends. */
enum { HENG_SIM_MASTER = -1, HENG_SIM_STRAY = -2, HENG_SIM_RELAY = -3 }; /* 0..: a meter */

/* Bytes one after another from start_us on. */
struct heng_sim_stream {
    heng_us start_us, end_us;
    uint32_t baud;
    char parity;
    int32_t who;
    uint16_t n;
    uint16_t heard; /* of the master's: bytes that the meters have taken */
    uint8_t bytes[HENG_SIM_STREAM_MAX];
};

/* Chances per byte, in one direction. What is drawn is how many bytes stay well until the next one is hit. */
struct heng_sim_noise {
    struct heng_sim_rng rng;
    uint32_t error_ppm, lost_ppm, burst_ppm, burst_bytes, burst_left;
    uint64_t to_error, to_lost, to_burst;
    uint64_t hit; /* bytes changed or lost so far */
};

struct heng_sim_bus_wire {
    struct heng_sim_stream **live, **spare; /* unsorted; spare ones keep their memory */
    size_t live_n, spare_n, cap;
    uint32_t baud; /* the master's speed */
    char parity;
    bool echo;
    heng_us chunk_us;
    heng_us heard_us; /* the master's UART has looked at everything until here */
    bool broken;      /* it found no stop bit there: it waits for the wire to be high */
    struct heng_sim_noise up;
    uint64_t collisions;
    /* bytes that wait for the master, each with the time it comes up */
    uint8_t ready[HENG_SIM_UP_MAX];
    heng_us ready_us[HENG_SIM_UP_MAX];
    size_t ready_at, ready_n;
};

/* seed streams of their own for both directions; error rates as in struct heng_sim_bus_config. */
struct heng_sim_noise heng_sim_noise_of(struct heng_sim_rng rng, uint32_t error_ppm, uint32_t lost_ppm,
                                        uint32_t burst_ppm, uint32_t burst_bytes);
void heng_sim_noise_set_error(struct heng_sim_noise *noise, uint32_t error_ppm);

/* What becomes of one byte: 0..255, or -1 when it is lost. */
int heng_sim_noise_byte(struct heng_sim_noise *noise, uint8_t byte);

void heng_sim_bus_wire_fini(struct heng_sim_bus_wire *wire);

/* How long n bytes take, rounded up to microseconds. */
heng_us heng_sim_bytes_us(uint32_t baud, char parity, size_t n);

/* Put bytes on the wire from start_us on, which is not before what the master's UART has looked at; borrowed until it
 * is over. Returns NULL when there is no memory: then nothing is sent. At most HENG_SIM_STREAM_MAX bytes. */
struct heng_sim_stream *heng_sim_bus_wire_send(struct heng_sim_bus_wire *wire, int32_t who, heng_us start_us,
                                               uint32_t baud, char parity, struct heng_slice bytes);

/* Does anybody send at that time, or begin in the `for_us` after it? */
bool heng_sim_bus_wire_busy(const struct heng_sim_bus_wire *wire, heng_us at_us, heng_us for_us);

/* Byte i of what the master sends, as the meters hear it: what others send at the same time is ANDed in. */
uint8_t heng_sim_bus_wire_to_meters(const struct heng_sim_bus_wire *wire, const struct heng_sim_stream *s, size_t i);

/* The master's UART listens until now; then streams that are over are dropped. */
void heng_sim_bus_wire_listen(struct heng_sim_bus_wire *wire, heng_us now);

/* Stop what this one sends, or will: its cable is cut. */
void heng_sim_bus_wire_silence(struct heng_sim_bus_wire *wire, int32_t who, heng_us now);

/* When the next byte of anybody who can be heard ends, after now; HENG_US_NEVER: nobody sends. */
heng_us heng_sim_bus_wire_next(const struct heng_sim_bus_wire *wire, heng_us now);

#endif
