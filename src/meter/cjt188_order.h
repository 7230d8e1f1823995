#ifndef HENG_METER_CJT188_ORDER_H
#define HENG_METER_CJT188_ORDER_H
/* What a CJ/T 188 meter can be told beside being read; for cjt188.c. */
#include "meter/driver.h"

enum { HENG_CJT188_ID_DIGITS = 14 };

/* The questions of talk->order instead of those of its profile. */
void heng_cjt188_order_begin(struct heng_talk *talk);

/* Whom the current step asks: the meter, or who it is to be from now on; and what stands behind SER.
 * Errors: those of the encoders. */
const char *heng_cjt188_order_id(const struct heng_talk *talk);
HENG_NODISCARD heng_rc heng_cjt188_order_put(const struct heng_talk *talk, struct heng_buf *buf);

/* A good answer to the current step, whose values are taken: what now? */
heng_talk_verdict heng_cjt188_order_answered(struct heng_talk *talk, const struct heng_telegram *telegram,
                                             struct heng_read *read, struct heng_err *err);

/* heng_driver.can and .broadcast. */
HENG_NODISCARD heng_rc heng_cjt188_can(const struct heng_meter_config *meter, const struct heng_order *order,
                                       struct heng_err *err);
HENG_NODISCARD heng_rc heng_cjt188_broadcast(const struct heng_order *order, const struct heng_civil *clock,
                                             struct heng_ask *ret, struct heng_err *err);

#endif
