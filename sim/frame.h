#ifndef HENG_SIM_FRAME_H
#define HENG_SIM_FRAME_H
/* What all virtual meters read off a request alike: those of a simulated bus (slave_*.c) and those of the demo building
 * (meter_*.c).
 *
 *   CJ/T 188   68 T A0..A6 C L DATA CS 16
 *   M-Bus      68 .. CI=52 id(4) manufacturer(2) version medium: the mask of a selection
 *
 * Source: CJ/T 188-2004 clause 7; EN 13757-3 (selection by secondary address). */
#include "base/slice.h"
#include "base/time.h"

enum {
    HENG_SIM_CJT188_AT_TYPE = 1,
    HENG_SIM_CJT188_AT_ADDRESS = 2,
    HENG_SIM_CJT188_AT_CONTROL = 9,
    HENG_SIM_CJT188_AT_LENGTH = 10,
    HENG_SIM_CJT188_AT_DATA = 11,
    HENG_SIM_CJT188_ADDRESS_BYTES = 7,
    HENG_SIM_CJT188_CLOCK_BYTES = 7,
    HENG_SIM_CJT188_WILD = 0xAA, /* a byte of an address that stands for any */
};

/* The clock of A015: ss mm hh DD MM YY CC. false: too short, no digits, or no such time; *ret is then not to be used.
 */
bool heng_sim_cjt188_clock(struct heng_slice bytes, struct heng_civil *ret);

/* Does a mask mean these n bytes? In an identification or a number a digit F stands for any, elsewhere a byte FF. */
bool heng_sim_mask_fits_digits(const uint8_t *mask, const uint8_t *own, size_t n);
bool heng_sim_mask_fits_bytes(const uint8_t *mask, const uint8_t *own, size_t n);

#endif
