#include "billing/charger.h"

/* What one of a channel's units is in one of the tariff's: times x 10^exp. Nothing is here that is no finite decimal: a
 * meter in J cannot be billed in kWh (1 kWh is 3.6 MJ), its channel has to be one in Wh, where that is done once. */
static const struct {
    heng_unit from;
    const char *to;
    int16_t times;
    int8_t exp;
    bool water; /* a cubic metre of it is counted as a tonne */
} ways[] = {
    {HENG_UNIT_WH, "Wh", 1, 0, false},       {HENG_UNIT_WH, "kWh", 1, -3, false},
    {HENG_UNIT_WH, "MWh", 1, -6, false},     {HENG_UNIT_WH, "MJ", 36, -4, false},
    {HENG_UNIT_WH, "GJ", 36, -7, false},     {HENG_UNIT_J, "MJ", 1, -6, false},
    {HENG_UNIT_J, "GJ", 1, -9, false},       {HENG_UNIT_M3, "m3", 1, 0, false},
    {HENG_UNIT_M3, "L", 1, 3, false},        {HENG_UNIT_M3, "t", 1, 0, true},
    {HENG_UNIT_KG, "t", 1, -3, false},       {HENG_UNIT_W, "kW", 1, -3, false},
    {HENG_UNIT_VARH, "kvarh", 1, -3, false}, {HENG_UNIT_VAR, "kvar", 1, -3, false},
    {HENG_UNIT_VA, "kVA", 1, -3, false},     {HENG_UNIT_HCA, "piece", 1, 0, false},
    {HENG_UNIT_HCA, "1", 1, 0, false},       {HENG_UNIT_NONE, "piece", 1, 0, false},
    {HENG_UNIT_NONE, "1", 1, 0, false},
};

static bool is_water(heng_medium medium)
{
    const char *text = heng_medium_text(medium);
    return strstr(text, "water") != NULL;
}

heng_rc charge_convert(struct heng_dec amount, heng_unit from, const char *to, heng_medium medium, struct heng_dec *ret)
{
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (ways[i].from != from || strcmp(ways[i].to, to) != 0 || (ways[i].water && !is_water(medium))) continue;
        struct heng_dec result;
        heng_rc rc = heng_dec_scale(amount, ways[i].times, &result);
        if (rc == HENG_OK) rc = heng_dec_shift(result, ways[i].exp, &result);
        /* as it is written in a form: no power of ten above one */
        while (rc == HENG_OK && result.exp > 0) {
            rc = heng_dec_scale(result, 10, &result);
            result.exp--;
        }
        if (rc == HENG_OK) *ret = result;
        return rc;
    }
    return HENG_ECONFIG;
}
