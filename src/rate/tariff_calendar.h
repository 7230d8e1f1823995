#ifndef HENG_RATE_TARIFF_CALENDAR_H
#define HENG_RATE_TARIFF_CALENDAR_H
/* Reads the calendars of a component: versions of seasons, windows and special days. Its rates are known already. */
#include "rate/tariff_form.h"

void heng_tariff_calendar_read(struct heng_form *form, struct heng_arena *arena, struct heng_component *component);

#endif
