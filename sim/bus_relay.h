#ifndef HENG_SIM_BUS_RELAY_H
#define HENG_SIM_BUS_RELAY_H
/* Collectors and repeaters in front of some meters: who is open, and who can be heard through whom. A relay opens by
 * its bytes when all relays above it are open, and closes the other ones of its parent: a collector has one way at a
 * time. */
#include "base/slice.h"
#include "model/line.h"

struct heng_sim_relays {
    struct heng_relay_config *items; /* a copy */
    heng_us *open_until_us;          /* 0: closed; NEVER: until another one opens */
    size_t count;
};

enum { HENG_SIM_NO_RELAY = -1 };

/* Errors: ENOMEM; ECONFIG for a parent that is not there or a circle. fini also after an error. */
HENG_NODISCARD heng_rc heng_sim_relays_init(struct heng_sim_relays *relays, const struct heng_relay_config *items,
                                            size_t count, struct heng_err *err);
void heng_sim_relays_fini(struct heng_sim_relays *relays);

/* Index of the relay with that id; NO_RELAY for id 0 and for one that is not there. */
int heng_sim_relays_find(const struct heng_sim_relays *relays, int64_t id);

/* Is the way through this relay open, and what does it add? NO_RELAY: the line itself. *ret_stores: the index of a
 * relay on the way that answers for its meters, or NO_RELAY. */
bool heng_sim_relays_open(const struct heng_sim_relays *relays, int relay, heng_us now, heng_us *ret_delay_us,
                          int *ret_stores);

/* The relay whose open bytes what was heard ends with, and which it has opened; NO_RELAY: none. */
int heng_sim_relays_hear(struct heng_sim_relays *relays, struct heng_slice heard, heng_us now);

#endif
