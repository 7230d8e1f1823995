#ifndef HENG_SIM_LINE_H
#define HENG_SIM_LINE_H
/* One bus line with its meters: bytes of the master in, bytes of the meters out, in simulated time. Half duplex: what
 * the master sends while an answer is due or under way is lost, as on the real wire. */
#include "sim/meter_cjt188.h"
#include "sim/meter_mbus.h"
#include "sim/meter_power.h"

typedef enum heng_sim_line_id {
    HENG_SIM_LINE_HEAT,
    HENG_SIM_LINE_WATER,
    HENG_SIM_LINE_POWER,
    HENG_SIM_LINE_COUNT
} heng_sim_line_id;

/* "heat", "water", "power" */
const char *heng_sim_line_name(heng_sim_line_id id);

struct heng_sim_line {
    heng_sim_line_id id;
    struct heng_sim_wire wire;
    bool muted;     /* the converter is there, the bus behind it is not */
    heng_us gap_us; /* an unfinished request is forgotten after this much silence */
    heng_us heard_us;
    uint8_t request[600];
    size_t n;
    uint64_t requests, answers;
    union {
        struct heng_sim_mbus mbus;         /* HENG_SIM_LINE_HEAT */
        struct heng_sim_cjt188 cjt188;     /* HENG_SIM_LINE_WATER */
        struct heng_sim_electric electric; /* HENG_SIM_LINE_POWER */
    } meters;
};

struct heng_sim_line_settings {
    uint32_t baud, noise_ppm;
    heng_us gap_us;
    uint64_t seed;
};

void heng_sim_line_init(struct heng_sim_line *line, heng_sim_line_id id, const struct heng_sim_line_settings *settings,
                        const struct heng_sim_site *site, struct heng_sim_world *world);

/* The master has sent bytes, all of them complete at now_us. */
void heng_sim_line_hear(struct heng_sim_line *line, struct heng_slice bytes, heng_us now_us);

/* Let a meter die or live. who: primary address of a heat meter, number or 1..48 of a water
 * meter, number or 1..8 of an electricity meter.
 * Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_sim_line_set_alive(struct heng_sim_line *line, const char *who, bool alive);

#endif
