#ifndef HENG_SIM_SLAVE_CORE_H
#define HENG_SIM_SLAVE_CORE_H
/* A virtual meter on a simulated bus: what it counts, what its clock says, what it has answered lately. How it speaks
 * is in slave_{mbus,cjt188,dlt645,modbus}.c, each one function: a checked request in, an answer out, no clock, no
 * socket. */
#include "base/buf.h"
#include "sim/bus.h"
#include "sim/rng.h"

enum {
    HENG_SIM_REPLY_MAX = 300,
    HENG_SIM_MONTHS = 18,        /* values at the beginning of a month that a meter keeps */
    HENG_SIM_FROZEN = 3,         /* values kept by the freeze command */
    HENG_SIM_SAID = 32,          /* answers remembered for who asks for the truth */
    HENG_SIM_VALVE_S = 20,       /* the slowest valve */
    HENG_SIM_SPEED_KEPT_S = 300, /* so long a meter stays at a new speed that nobody uses */
    HENG_SIM_CLOCK_OFF_S = 300,  /* a clock further off is wrong */
};

/* What a meter sends; n 0: silence. then_baud: its speed from the end of this answer on, 0: as before. */
struct heng_sim_reply {
    uint8_t bytes[HENG_SIM_REPLY_MAX];
    size_t n;
    uint32_t then_baud;
};

struct heng_sim_said {
    uint8_t *p;
    uint16_t n, cap;
    heng_us at_us;
};

struct heng_sim_link { /* M-Bus: frame count bits of the primary address, and of FD */
    bool asked, asked_fcb, told, told_fcb;
};

struct heng_sim_template; /* slave_template.h */

struct heng_sim_meter {
    struct heng_sim_meter_config config;
    const struct heng_sim_template *look; /* of its profile; NULL: a plain meter */
    uint32_t index;
    uint64_t seed; /* of what moves by itself */
    struct heng_sim_rng rng;
    heng_us wall_us;    /* true time as UTC + 8 h at now 0 */
    uint8_t address[7]; /* as on the wire: M-Bus primary and Modbus unit in the first byte, A0 first elsewhere */
    uint8_t secondary[8];
    bool moved; /* its address has changed: whoever looks it up must learn it */

    uint64_t count; /* of the main counter at count_us, without rollover */
    uint64_t count_rest;
    heng_us count_us;
    heng_us clock_us, clock_set_us; /* what its clock said at clock_set_us */
    heng_us synced_us;              /* broadcast time was taken; 0: never */
    uint64_t months[HENG_SIM_MONTHS];
    heng_us month_end_us; /* on its own clock */
    uint64_t frozen[HENG_SIM_FROZEN];
    heng_us frozen_us[HENG_SIM_FROZEN];
    uint8_t frozen_n;

    uint32_t baud, usual_baud;
    heng_us baud_until_us; /* without a good request until then it goes back to its usual speed */
    bool off, off_wanted, moving, keep, tampered;
    heng_us moves_us; /* valve or relay has got there */
    uint32_t sick;    /* requests since it began to die */

    bool selected, fresh; /* fresh: the next answer is the first telegram */
    uint8_t telegram, access;
    struct heng_sim_link links[2];
    uint32_t asked_said; /* number of the answer to repeat, in said_n */

    heng_us busy_until_us; /* deaf: it answers */
    heng_us stored_us;     /* as of when a collector that stores last told of it; 0: never */
    uint32_t said_n;
    struct heng_sim_said said[HENG_SIM_SAID];
};

/* Errors: ECONFIG: an address that is none of its protocol. On an error nothing is to be freed. */
HENG_NODISCARD heng_rc heng_sim_meter_init(struct heng_sim_meter *meter, const struct heng_sim_meter_config *config,
                                           uint32_t index, uint32_t baud, uint64_t seed, heng_us wall_us, heng_us now,
                                           struct heng_err *err);
void heng_sim_meter_fini(struct heng_sim_meter *meter);

/* The low byte by which the bus looks it up. */
static inline uint8_t heng_sim_meter_key(const struct heng_sim_meter *meter) { return meter->address[0]; }

/* Live until now: months end, valves arrive, a speed that nobody used is given up. Before anything else. */
void heng_sim_meter_age(struct heng_sim_meter *meter, heng_us now);

uint64_t heng_sim_meter_count(const struct heng_sim_meter *meter, heng_us now);
void heng_sim_meter_set_rate(struct heng_sim_meter *meter, heng_us now, uint32_t rate_per_h);

heng_us heng_sim_meter_clock(const struct heng_sim_meter *meter, heng_us now);
/* A time outside of 1970 to 2099 is not taken. */
void heng_sim_meter_set_clock(struct heng_sim_meter *meter, heng_us now, heng_us local_us);
bool heng_sim_meter_clock_wrong(const struct heng_sim_meter *meter, heng_us now);

/* Valve or relay shall move; it takes slowest_s at most, for ever when it sticks. */
void heng_sim_meter_move(struct heng_sim_meter *meter, heng_us now, bool off, uint32_t fastest_s, uint32_t slowest_s);

/* Remember an answer. */
void heng_sim_meter_say(struct heng_sim_meter *meter, struct heng_slice frame, heng_us at_us);

/* 0 <= x < n, the same for the same meter and purpose: what makes meters differ. */
uint32_t heng_sim_meter_trait(const struct heng_sim_meter *meter, uint32_t purpose, uint32_t n);

/* --- what moves by itself: of the seed and the time alone, so nobody keeps it -------------------------------- */

/* Between -most and most, straight from what is drawn for one slot of so many seconds to what is for the next. */
int32_t heng_sim_meter_sway(const struct heng_sim_meter *meter, uint32_t purpose, heng_us now, uint32_t slot_s,
                            int32_t most);

/* Steps an hour of the main counter that flow and power show: a pump or valve runs for some minutes at about twice the
 * rate, rests for some, half the time each. The counter itself goes on evenly. */
uint64_t heng_sim_meter_load(const struct heng_sim_meter *meter, heng_us now);

/* A temperature of about so much, in units of which so many are a kelvin: it drifts by 3 K within an hour and swings by
 * 1 K within minutes. Takes two purposes. */
uint64_t heng_sim_meter_warmth(const struct heng_sim_meter *meter, uint32_t purpose, heng_us now, uint32_t about,
                               uint32_t per_kelvin);

/* Tenths of a volt, about so many: 1.5 % within a minute, half a percent from one second to the next. */
uint64_t heng_sim_meter_volts(const struct heng_sim_meter *meter, uint32_t phase, heng_us now, uint32_t about);

/* --- how they speak ------------------------------------------------------------------------------------------ */

void heng_sim_slave_mbus(struct heng_sim_meter *meter, struct heng_slice request, heng_us now,
                         struct heng_sim_reply *ret);
void heng_sim_slave_cjt188(struct heng_sim_meter *meter, struct heng_slice request, heng_us now,
                           struct heng_sim_reply *ret);
void heng_sim_slave_dlt645(struct heng_sim_meter *meter, struct heng_slice request, heng_us now,
                           struct heng_sim_reply *ret);
void heng_sim_slave_modbus(struct heng_sim_meter *meter, struct heng_slice request, heng_us now,
                           struct heng_sim_reply *ret);

#endif
