#include "bill/unit.h"

#include <stddef.h>
#include <string.h>

bool heng_tariff_unit_known(const char *unit)
{
    static const char *const units[] = {"Wh", "kWh", "MWh",  "MJ", "GJ",     "m3",    "L",     "t",   "kvarh",
                                        "kW", "kVA", "kvar", "m2", "person", "piece", "month", "day", "1"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i], unit) == 0) return true;
    return false;
}
