#ifndef HENG_SIM_SITE_H
#define HENG_SIM_SITE_H
/* The one description of the building: places, meters and lines. The meters, the physics and the printed site all
 * take it from here, so that simulator and head-end agree by construction. It does not depend on the seed. */
#include "base/buf.h"
#include "sim/power.h"

enum {
    HENG_SIM_UNITS = 4,
    HENG_SIM_FLOORS = 6,
    HENG_SIM_DOORS = 2,
    HENG_SIM_FLATS = HENG_SIM_UNITS * HENG_SIM_FLOORS * HENG_SIM_DOORS,
    HENG_SIM_BUILDING = HENG_SIM_FLATS, /* index of the building's heat meter, behind those of the flats */
    HENG_SIM_HEAT_METERS = HENG_SIM_FLATS + 1,
    HENG_SIM_BUILDING_ADDRESS = 100,
    HENG_SIM_DEAD_HEAT_ADDRESS = 17, /* installed, never answers */
    HENG_SIM_DEAD_WATER = 29,        /* index of the water meter that never answers */
    HENG_SIM_MBUS_VERSION = 1,
};

#define HENG_SIM_MANUFACTURER "HNG"

struct heng_sim_flat {
    uint8_t unit, floor, door; /* from 1 */
    uint8_t heat_address;      /* M-Bus primary address, 1..48 */
    uint32_t area_cm2;
    char key[16];          /* "b1-u1-101" */
    char name[8];          /* "101" */
    char heat_number[9];   /* 8 digits on the plate of the heat meter */
    char water_number[15]; /* 14 digits on the plate of the water meter */
};

struct heng_sim_site {
    struct heng_sim_flat flats[HENG_SIM_FLATS]; /* by unit, floor, door */
    char building_number[9];
    char power_numbers[HENG_SIM_POWER_METERS][13]; /* 12 digits of a DL/T 645 meter, 8 of a Modbus meter */
};

void heng_sim_site_init(struct heng_sim_site *site);

/* How the head-end reaches the lines. power_port 0: there is no electricity line. */
struct heng_sim_endpoints {
    uint16_t mbus_port, power_port;
    const char *registration; /* what the DTU says when it dials in */
    const char *heartbeat;    /* as in struct heng_line_config */
    uint32_t baud, period_s;
    const char *gateway; /* key of the one that reads the electricity line, NULL: the server does */
};

/* Append the site as the JSON that `heng import` reads. Errors: latched in out->rc. */
void heng_sim_site_print(const struct heng_sim_site *site, const struct heng_sim_endpoints *ends, struct heng_str *out);

#endif
