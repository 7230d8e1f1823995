#ifndef HENG_SIM_BUS_EAR_H
#define HENG_SIM_BUS_EAR_H
/* How the meters of a bus find a request among the bytes they hear: each protocol by its own start, length, end and
 * check. A frame ends with its last byte; Modbus frames begin after a silence. */
#include "base/slice.h"
#include "base/time.h"
#include "model/line.h"

enum { HENG_SIM_EAR_MAX = 520 };

struct heng_sim_ear {
    uint8_t heard[HENG_SIM_EAR_MAX];
    size_t n;
    size_t silence_at; /* a Modbus frame can begin here */
    heng_us last_us;   /* when the last byte ended */
};

/* One more byte, which ended at at_us. gap_us: a longer pause ends any frame; silence_us: Modbus' 3.5 characters.
 * protocols: bits 1 << heng_protocol that the meters of this bus speak.
 * Shape: returns the protocol of a checked frame that ends with this byte (both DL/T 645 editions as 2007), in
 * *ret_frame until the next call; COUNT: none. */
heng_protocol heng_sim_ear_take(struct heng_sim_ear *ear, uint8_t byte, heng_us at_us, heng_us gap_us,
                                heng_us silence_us, uint32_t protocols, struct heng_slice *ret_frame);

#endif
