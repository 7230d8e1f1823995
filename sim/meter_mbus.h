#ifndef HENG_SIM_METER_MBUS_H
#define HENG_SIM_METER_MBUS_H
/* The 49 M-Bus heat meters as slaves of one bus: request bytes in, answer bytes out, no clock and no socket.
 *
 *   request                          answer
 *   10 40 A CS 16          SND_NKE   E5, forgets the frame count bit
 *   10 5B|7B A CS 16       REQ_UD2   68 L L 68 08 A 72 ..., the same telegram again when the bit did not change
 *   10 5A|7A A CS 16       REQ_UD1   E5: no alarm
 *   68 L L 68 53|73 A CI   SND_UD    E5 for CI 50 51 52 54 55, else silence
 *   68 .. A=FD CI=52 8 bytes         E5 of who is meant, digits F and bytes FF mean any; then it answers to FD, others
 *                                    do not; 10 40 FD ends it
 *   A = FE                           all at once: a collision
 *   A = FF, wrong checksum, dead     silence
 *
 * Records of an answer, with the resolution of a flat's meter (the building's own is ten times coarser):
 *   0C 78 number · 04 03 energy Wh · 04 13 volume L · 02 2B power W · 02 3B flow L/h · 02 59 02 5D supply and return
 *   0.01 C · 02 61 difference 0.01 K · 04 6D clock · 42 6C due date · 44 03 energy at the due date · 04 26 operating
 *   hours · 02 FD 17 error flags
 * Source: EN 13757-2 clause 5, EN 13757-3. */
#include "sim/site.h"
#include "sim/wire.h"
#include "sim/world.h"

struct heng_sim_slave {
    uint8_t address;
    bool alive;
    uint8_t access;                    /* counts the telegrams */
    bool fcb_known;                    /* a request with a frame count bit came since the last reset */
    bool fcb;                          /* that bit */
    bool selected;                     /* by its secondary address: it answers to FD */
    uint8_t last[HENG_SIM_ANSWER_MAX]; /* the telegram it was answered with */
    size_t last_n;
    uint32_t delay_us;
    struct heng_sim_rng rng;
};

struct heng_sim_mbus {
    const struct heng_sim_site *site;
    const struct heng_sim_world *world;
    struct heng_sim_slave slaves[HENG_SIM_HEAT_METERS]; /* as in struct heng_sim_world */
};

void heng_sim_mbus_init(struct heng_sim_mbus *bus, const struct heng_sim_site *site, const struct heng_sim_world *world,
                        uint64_t seed);

/* Find the first whole request in what came over the line.
 * Shape: returns its length, 0 when there is none yet; the *ret_skip bytes in front of it are no request. */
size_t heng_sim_mbus_take(struct heng_slice in, size_t *ret_skip);

/* What the bus answers to one whole request. wire: for the timing of collisions. */
void heng_sim_mbus_ask(struct heng_sim_mbus *bus, const struct heng_sim_wire *wire, struct heng_slice request,
                       struct heng_sim_answer *ret);

/* Let a meter die or live. Errors: ENOTFOUND for an address that is not on the bus. */
HENG_NODISCARD heng_rc heng_sim_mbus_set_alive(struct heng_sim_mbus *bus, unsigned address, bool alive);

#endif
