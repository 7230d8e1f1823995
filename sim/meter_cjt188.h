#ifndef HENG_SIM_METER_CJT188_H
#define HENG_SIM_METER_CJT188_H
/* The 48 CJ/T 188 cold-water meters of one line: request bytes in, answer bytes out, no clock and no socket.
 *
 *   request (any number of FE in front)      answer (four FE in front)
 *   68 T A0..A6 01 03 90 1F SER CS 16        C=81 L=16h: current total, settlement-day total, clock, ST0 ST1;
 *   68 T A0..A6 01 03 1F 90 SER CS 16        in the byte order of the DI that was asked
 *   68 T A0..A6 01 03 D1 20 SER CS 16        C=81 L=08: total at the last settlement day; older ones are refused
 *   68 T A0..A6 03 03 81 0A SER CS 16        C=83 L=03: the address is in the header
 *   68 T A0..A6 04 0A A0 15 SER clock CS 16  C=84 L=03: its clock is set
 *   68 T A0..A6 04 04 A0 17 SER v CS 16      C=84 L=05: ST0 ST1; v 55 opens, 99 closes: five seconds later it is done
 *   68 T A0..A6 01 03 81 05 SER CS 16        C=81 L=12h: purchases so far, the last, all, what is left, ST0 ST1
 *   68 T A0..A6 04 08 A0 13 SER n amount ..  C=84 L=05: ST0 ST1; n must be one more than the purchases so far
 *   anything else to this address            C | C0, L=03: SER ST0 ST1
 *   A0..A6 = AA x7                           all at once: a collision; A0 15 is obeyed without an answer
 *   wrong checksum, dead, foreign type       silence
 *
 * Payload of 901F behind SER: total 4 BCD 0.01, unit 2C (m3), settlement total 4 BCD, unit 2C, ss mm hh DD MM YY CC,
 * ST0 ST1 (00 00: valve open, 01 00: closed). A meter that has been paid into takes HENG_SIM_WATER_PRICE for what is
 * used, and shuts its valve when nothing is left; the next purchase opens it.  Source: CJ/T 188-2004 clause 7. */
#include "sim/site.h"
#include "sim/wire.h"
#include "sim/world.h"

enum { HENG_SIM_WATER_PRICE = 300 }; /* cents for 1 m3 */

/* Money in a meter; from_l: what was used before it. */
struct heng_sim_purse {
    unsigned count;
    uint64_t last_cent, total_cent;
    double from_l;
};

struct heng_sim_water_meter {
    bool alive;
    struct heng_sim_purse purse;
    uint32_t delay_us;
    heng_us clock_ahead_us; /* of its own clock, against the world's */
    struct heng_sim_rng rng;
};

struct heng_sim_cjt188 {
    const struct heng_sim_site *site;
    struct heng_sim_world *world; /* a valve order changes it */
    struct heng_sim_water_meter meters[HENG_SIM_FLATS];
};

void heng_sim_cjt188_init(struct heng_sim_cjt188 *line, const struct heng_sim_site *site, struct heng_sim_world *world,
                          uint64_t seed);

/* As heng_sim_mbus_take. */
size_t heng_sim_cjt188_take(struct heng_slice in, size_t *ret_skip);

/* What the line answers to one whole request. */
void heng_sim_cjt188_ask(struct heng_sim_cjt188 *line, const struct heng_sim_wire *wire, struct heng_slice request,
                         struct heng_sim_answer *ret);

/* Let a meter die or live. who: its 14-digit number, or 1..48 in the order of the flats. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_sim_cjt188_set_alive(struct heng_sim_cjt188 *line, const char *who, bool alive);

#endif
