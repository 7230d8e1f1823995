#ifndef HENG_BILL_UNIT_H
#define HENG_BILL_UNIT_H
/* Units that a tariff may be priced in. Quantities are never converted on the way: a price per kWh meets kWh only. */
#include <stdbool.h>

bool heng_tariff_unit_known(const char *unit);

#endif
