#ifndef HENG_USAGE_CLOSE_PARTS_H
#define HENG_USAGE_CLOSE_PARTS_H
/* What an estimate goes by beside the channel's own days (close_known.c). Inside of usage/ only. Whatever is not known
 * is left as it was given: zero. Errors of all: what the store says. */
#include "usage/parts.h"
#include "usage/tou.h"

/* Kinds of the day and of the 35 days before it. */
heng_rc heng_usage_known_kinds(struct heng_usage_worker *w, heng_day day, uint8_t *ret_kind, uint8_t *ret_past_kinds,
                               unsigned *ret_tou_kind, struct heng_err *err);

/* The same day of the point that measures the same a second time. A sum of others gives the whole day, when nothing of
 * it is in doubt. */
heng_rc heng_usage_known_check(struct heng_usage_worker *w, heng_day day, struct heng_day_usage *ret, bool *ret_is,
                               struct heng_err *err);

/* What the meter kept itself around the day, at the ends of days or months: the amount between less all that was
 * measured of those days, shared by time over what is missing of them. own: the day, its missing intervals marked. */
heng_rc heng_usage_known_kept(struct heng_usage_worker *w, const struct heng_day_usage *own, struct heng_opt_dec *ret,
                              struct heng_err *err);

/* What the main meter above measured on the day, the area below it, and that of this point alone. */
heng_rc heng_usage_known_building(struct heng_usage_worker *w, heng_day day, struct heng_estimate *in,
                                  struct heng_err *err);

/* The standard profile in force on the day, made for the point. */
heng_rc heng_usage_known_profile(struct heng_usage_worker *w, const struct heng_day_usage *own, unsigned tou_kind,
                                 int64_t *ret, bool *ret_is, struct heng_err *err);

#endif
