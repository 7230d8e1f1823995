#ifndef HENG_SIM_METER_POWER_H
#define HENG_SIM_METER_POWER_H
/* The electricity meters of one RS-485 line: six that speak DL/T 645-2007 and two that speak Modbus RTU, as a Chinese
 * switch room mixes them. Request bytes in, answer bytes out, no clock and no socket.
 *
 *   request (any number of FE in front)        answer (four FE in front)
 *   68 A0..A5 68 11 04 DI CS 16                91: DI and data; D1 02 for a DI that the meter does not have
 *   68 AA..AA 68 13 00 CS 16                   93: the address; all at once: a collision
 *   other functions to this address            function | C0, error 01
 *   08, address 99..99, wrong checksum, dead   silence
 *
 *   unit 03 address 2, count 2, CRC            unit 03 bytes registers CRC, registers 0000h .. 0010h as below
 *   another range                              unit 83 02 CRC
 *   another function                           unit 80|function 01 CRC
 *
 *   register  type  meaning                    register  type  meaning
 *   0000      u32   total energy, 0.01 kWh     000D      i16   active power, W
 *   0002..8   u32   sharp, peak, flat, valley  000E      i16   reactive power, var
 *   000A      u16   unit                       000F      i16   apparent power, VA
 *   000B      u16   voltage, 0.1 V             0010      i16   power factor, 0.001
 *   000C      u16   current, 0.01 A
 * Source: DL/T 645-2007 clause 7 and appendix A; the register sheet of the Acrel DDSY1352. */
#include "sim/power.h"
#include "sim/site.h"
#include "sim/wire.h"
#include "sim/world.h"

struct heng_sim_electric_meter {
    bool alive;
    uint32_t delay_us;
    struct heng_sim_rng rng;
};

struct heng_sim_electric {
    const struct heng_sim_site *site;
    const struct heng_sim_world *world;
    struct heng_sim_electric_meter meters[HENG_SIM_POWER_METERS];
};

void heng_sim_electric_init(struct heng_sim_electric *line, const struct heng_sim_site *site,
                            const struct heng_sim_world *world, uint64_t seed);

/* As heng_sim_mbus_take. */
size_t heng_sim_electric_take(struct heng_slice in, size_t *ret_skip);

/* What the line answers to one whole request. */
void heng_sim_electric_ask(struct heng_sim_electric *line, const struct heng_sim_wire *wire, struct heng_slice request,
                           struct heng_sim_answer *ret);

/* Let a meter die or live. who: its number, or 1..8 in the order of the site. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_sim_electric_set_alive(struct heng_sim_electric *line, const char *who, bool alive);

#endif
