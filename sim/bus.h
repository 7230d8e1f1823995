#ifndef HENG_SIM_BUS_H
#define HENG_SIM_BUS_H
/* One line of the town in simulated time: bytes of the master in, bytes on their way back out, each at its time. Half
 * duplex, wired-AND: what several meters send at once is the AND of their bits, bit by bit in time. No clock and no
 * socket: a test runs it in virtual time, heng-sim on a real one. All chance comes from the seed. */
#include "base/rc.h"
#include "base/slice.h"
#include "base/time.h"
#include "model/line.h"

/* Rates are per byte of the wire or per answer, in parts per million; both directions suffer. A byte error changes one
 * to three bits of a byte; errors that cancel in a sum must be as likely as physics makes them. */
struct heng_sim_bus_config {
    uint32_t baud;
    char parity; /* 'E': a byte whose parity is wrong is lost or damaged as over a transparent converter: passed on */
    uint64_t seed;
    uint32_t byte_error_ppm, byte_lost_ppm;
    uint32_t burst_ppm, burst_bytes; /* per byte: a burst begins and hits so many bytes with error rate 1/2 */
    uint32_t noise_ppm;              /* per idle byte time: a stray byte */
    bool echo;                       /* the converter sends back what the master sends */
    uint32_t late_ppm, late_min_ms, late_max_ms; /* an answer comes so much later */
    uint32_t half_ppm;                           /* an answer breaks off in the middle */
    uint32_t glue_ppm;                           /* an answer is held back and comes with the next one */
    uint32_t chunk_ms;                           /* bytes come up in lumps of so long; 0: one by one */
    const struct heng_relay_config *relays;      /* as the head-end has them */
    size_t relay_count;
};

/* X(symbol, text): how a virtual meter behaves on the bus. */
#define HENG_SIM_FATE_LIST(X)                                                                                          \
    X(ALIVE, "alive")                                                                                                  \
    X(DEAD, "dead")                                                                                                    \
    X(DYING, "dying") /* misses more and more requests */

typedef enum heng_sim_fate {
#define X(symbol, text) HENG_SIM_FATE_##symbol,
    HENG_SIM_FATE_LIST(X)
#undef X
        HENG_SIM_FATE_COUNT
} heng_sim_fate;

struct heng_profiles;
struct heng_sim_meter_config {
    heng_protocol protocol;
    heng_medium medium;
    char address[HENG_ADDRESS_MAX];     /* primary, 14-digit, 12-digit or unit; M-Bus primary "0" when unset */
    char secondary[17];                 /* M-Bus: 16 hex digits */
    char fabrication[9];                /* M-Bus: tells full-ID twins apart; "" for none */
    const struct heng_profile *profile; /* how it looks; NULL: a plain meter of its protocol and medium */
    int64_t relay_id;
    heng_sim_fate fate;
    uint32_t delay_min_us, delay_max_us; /* of its answers, at most a minute; none comes sooner than 11 bit times */
    int32_t clock_drift_ppm;
    heng_us clock_off_us;
    uint8_t telegrams;    /* M-Bus: answers in so many telegrams, 1..; DL/T 645: blocks in so many frames */
    bool fixed_ser;       /* CJ/T 188: sends 0 in place of the number of the request */
    bool valve_sticks;    /* says OK and does not move */
    bool strict_clock;    /* refuses control commands while its clock is wrong */
    uint64_t start_count; /* of its main counter in the last place, near the end for a rollover */
    uint32_t rate_per_h;  /* steps of its main counter an hour */
};

struct heng_sim_bus;

/* start_wall_us: what the meters' clocks say at now 0, UTC + 8 h. Errors: ECONFIG, ENOMEM. */
HENG_NODISCARD heng_rc heng_sim_bus_new(const struct heng_sim_bus_config *config,
                                        const struct heng_sim_meter_config *meters, size_t meter_count,
                                        heng_us start_wall_us, struct heng_sim_bus **ret, struct heng_err *err);
void heng_sim_bus_free(struct heng_sim_bus *bus);

/* now never goes back; it is 0 when the meters' clocks say start_wall_us.
 * The master hands bytes to its converter at now; they go out one after another at the bus's speed. */
void heng_sim_bus_hear(struct heng_sim_bus *bus, heng_us now, struct heng_slice bytes);

/* The master changes its speed: at a wrong one nobody understands anybody. */
void heng_sim_bus_set_speed(struct heng_sim_bus *bus, heng_us now, uint32_t baud, char parity);

/* When bytes will come up next; HENG_US_NEVER: not by themselves. */
heng_us heng_sim_bus_due(const struct heng_sim_bus *bus);

/* What has come up until now, at most cap bytes; 0: nothing. */
size_t heng_sim_bus_take(struct heng_sim_bus *bus, heng_us now, uint8_t *ret, size_t cap);

/* --- the truth ----------------------------------------------------------------------------------------- */

/* What a meter said lately, before noise: its last answers of more than one byte, newest first, i from 0, with the time
 * at which each began. false: not so many (32 are kept). Valid until the meter speaks again. */
bool heng_sim_bus_said(const struct heng_sim_bus *bus, size_t meter, size_t i, struct heng_slice *ret_frame,
                       heng_us *ret_at);

bool heng_sim_bus_supply_on(const struct heng_sim_bus *bus, size_t meter);
heng_us heng_sim_bus_clock(const struct heng_sim_bus *bus, size_t meter, heng_us now); /* its own time, as UTC + 8 h */

/* Time the wire was busy, and meters took to answer, since the start: the ideal time of what was asked. Wake-ups,
 * echoes and answers nobody could hear count as asked. */
struct heng_sim_bus_ledger {
    heng_us wire_us, delay_us;
    uint64_t requests, answers, collisions, bytes_hit;
};
void heng_sim_bus_ledger_now(const struct heng_sim_bus *bus, struct heng_sim_bus_ledger *ret);

/* --- control ------------------------------------------------------------------------------------------- */

/* These happen at the last moment that the bus was told of. What cannot be (a meter that is not there) changes nothing;
 * a swap for a configuration that heng_sim_bus_new would refuse leaves the old meter. */

void heng_sim_bus_set_fate(struct heng_sim_bus *bus, size_t meter, heng_sim_fate fate);
void heng_sim_bus_set_cut(struct heng_sim_bus *bus, size_t first_meter); /* the cable ends before it; count: whole */
void heng_sim_bus_set_error(struct heng_sim_bus *bus, uint32_t byte_error_ppm);
void heng_sim_bus_set_rate(struct heng_sim_bus *bus, size_t meter, uint32_t rate_per_h);
void heng_sim_bus_swap(struct heng_sim_bus *bus, size_t meter, const struct heng_sim_meter_config *config);
void heng_sim_bus_tamper(struct heng_sim_bus *bus, size_t meter, bool on); /* a flag in its status */
void heng_sim_bus_set_echo(struct heng_sim_bus *bus, bool on);
void heng_sim_bus_set_late(struct heng_sim_bus *bus, uint32_t late_ppm, uint32_t min_ms, uint32_t max_ms);
void heng_sim_bus_set_sticks(struct heng_sim_bus *bus, size_t meter, bool on);     /* its valve or relay */
void heng_sim_bus_shift_clock(struct heng_sim_bus *bus, size_t meter, heng_us by); /* its clock jumps */

#endif
