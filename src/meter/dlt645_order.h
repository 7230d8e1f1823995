#ifndef HENG_METER_DLT645_ORDER_H
#define HENG_METER_DLT645_ORDER_H
/* What a DL/T 645 meter can be told beside being read; for dlt645.c. */
#include "meter/driver.h"

enum { HENG_DLT645_ID_DIGITS = 12 };

/* The questions of talk->order instead of those of its profile. */
void heng_dlt645_order_begin(struct heng_talk *talk);

/* Whom the current step asks: the meter, or who it is to be from now on; and the data of a step that is no question
 * for a data identifier. */
const char *heng_dlt645_order_id(const struct heng_talk *talk);
void heng_dlt645_order_put(const struct heng_talk *talk, struct heng_buf *data);

/* A good answer to the current step, whose values are taken, or the meter's refusal of it: what now? */
heng_talk_verdict heng_dlt645_order_answered(struct heng_talk *talk, const struct heng_telegram *telegram,
                                             struct heng_read *read, struct heng_err *err);
heng_talk_verdict heng_dlt645_order_refused(struct heng_talk *talk);

/* heng_driver.can and .broadcast. */
HENG_NODISCARD heng_rc heng_dlt645_can(const struct heng_meter_config *meter, const struct heng_order *order,
                                       struct heng_err *err);
HENG_NODISCARD heng_rc heng_dlt645_broadcast_2007(const struct heng_order *order, const struct heng_civil *clock,
                                                  struct heng_ask *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_dlt645_broadcast_1997(const struct heng_order *order, const struct heng_civil *clock,
                                                  struct heng_ask *ret, struct heng_err *err);

#endif
