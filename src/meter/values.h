#ifndef HENG_METER_VALUES_H
#define HENG_METER_VALUES_H
/* From the records of a telegram to the values of a reading. */
#include "codec/telegram.h"
#include "model/reading.h"

/* Append the frame and every measured value of a telegram to read: all or nothing. A Modbus answer is kept with the
 * request in front of it, without which nobody could tell what its registers are.
 * Shape:  identity, version and text records are no measurements and are left to the frame. Two records that
 *         say the same register get the qualifiers "", "#2", "#3": none is dropped, none overwrites another.
 *         Values beyond what a read can hold, and storage numbers beyond 32 bits, are counted in read->skipped;
 *         they must not cost the values that a bill needs.
 * Errors: the codec's EFORMAT; ELIMIT when the read has no room for the frame. read is unchanged then. */
HENG_NODISCARD heng_rc heng_values_take(const struct heng_telegram *telegram, heng_us now, struct heng_read *read,
                                        struct heng_err *err);

/* The two halves of that, for an answer that comes in several frames: keep one of them, without values; and add the
 * values of a telegram that read->frames[frame] proves. */
HENG_NODISCARD heng_rc heng_values_keep(const struct heng_telegram *telegram, heng_us now, struct heng_read *read,
                                        struct heng_err *err);
HENG_NODISCARD heng_rc heng_values_add(const struct heng_telegram *telegram, unsigned frame, struct heng_read *read,
                                       struct heng_err *err);

/* Append a state that the last frame of read tells in bits and not in a record.
 * Shape: VALVE_STATE 0 open, 1 closed, 2 neither, 3 fault (CJ/T 188 ST); RELAY_STATE 0 closed, 1 open (DL/T 645 status
 *        word 3). Without room it counts as skipped. */
void heng_values_add_state(heng_quantity quantity, unsigned state, struct heng_read *read);

#endif
