#ifndef HENG_METER_MBUS_ORDER_H
#define HENG_METER_MBUS_ORDER_H
/* Whom an M-Bus conversation is with, and what a meter can be told beside being read; for mbus.c. */
#include "meter/driver.h"

enum { HENG_MBUS_PRIMARY_MAX = 250, HENG_MBUS_POINT_TO_POINT = 254, HENG_MBUS_SECONDARY_BYTES = 8 };

/* Primary: the A field. Secondary: the bytes of a selection as on the wire, wild cards F, and the A field is FD. */
struct heng_mbus_target {
    uint8_t address;
    bool secondary;
    uint8_t select[HENG_MBUS_SECONDARY_BYTES];
};

/* From an address as configured; false when it is none. */
bool heng_mbus_target_of(const char *address, struct heng_mbus_target *ret);

/* Secondary, with no wild card among the eight digits of the number? */
bool heng_mbus_knows_id(const struct heng_mbus_target *target);

/* Whom the next request is for: the meter, or who it is to be from now on. */
struct heng_mbus_target heng_mbus_target_now(const struct heng_talk *talk);

/* May a selection have chosen who answers so? True for a header that does not say. */
bool heng_mbus_selects(const struct heng_mbus_target *target, const struct heng_telegram *telegram);

/* The command of talk->order. Errors: those of the encoders. */
HENG_NODISCARD heng_rc heng_mbus_order_put(const struct heng_talk *talk, struct heng_buf *buf);

/* The meter was read to its end after the command: confirmed or failed. */
heng_talk_verdict heng_mbus_order_judge(struct heng_talk *talk, struct heng_err *err);

/* heng_driver.can and .broadcast. */
HENG_NODISCARD heng_rc heng_mbus_can(const struct heng_meter_config *meter, const struct heng_order *order,
                                     struct heng_err *err);
HENG_NODISCARD heng_rc heng_mbus_broadcast(const struct heng_order *order, const struct heng_civil *clock,
                                           struct heng_ask *ret, struct heng_err *err);

#endif
