/* Units as people write them in a profile, and which of them a quantity can have. */
#include "meter/profile_reader.h"

#include <stdio.h>

/* X(text, unit, exp, factor): 1 text = factor x 10^exp unit, exactly. */
#define UNIT_LIST(X)                                                                                                   \
    X("", NONE, 0, 1)                                                                                                  \
    X("Wh", WH, 0, 1)                                                                                                  \
    X("kWh", WH, 3, 1)                                                                                                 \
    X("MWh", WH, 6, 1)                                                                                                 \
    X("GWh", WH, 9, 1)                                                                                                 \
    X("J", J, 0, 1)                                                                                                    \
    X("kJ", J, 3, 1)                                                                                                   \
    X("MJ", J, 6, 1)                                                                                                   \
    X("GJ", J, 9, 1)                                                                                                   \
    X("cal", CAL, 0, 1)                                                                                                \
    X("kcal", CAL, 3, 1)                                                                                               \
    X("Mcal", CAL, 6, 1)                                                                                               \
    X("Gcal", CAL, 9, 1)                                                                                               \
    X("m3", M3, 0, 1)                                                                                                  \
    X("L", M3, -3, 1)                                                                                                  \
    X("mL", M3, -6, 1)                                                                                                 \
    X("kg", KG, 0, 1)                                                                                                  \
    X("g", KG, -3, 1)                                                                                                  \
    X("t", KG, 3, 1)                                                                                                   \
    X("s", S, 0, 1)                                                                                                    \
    X("min", S, 0, 60)                                                                                                 \
    X("h", S, 0, 3600)                                                                                                 \
    X("d", S, 2, 864)                                                                                                  \
    X("month", MONTH, 0, 1)                                                                                            \
    X("year", YEAR, 0, 1)                                                                                              \
    X("W", W, 0, 1)                                                                                                    \
    X("kW", W, 3, 1)                                                                                                   \
    X("MW", W, 6, 1)                                                                                                   \
    X("J/h", J_H, 0, 1)                                                                                                \
    X("kJ/h", J_H, 3, 1)                                                                                               \
    X("MJ/h", J_H, 6, 1)                                                                                               \
    X("GJ/h", J_H, 9, 1)                                                                                               \
    X("m3/h", M3_H, 0, 1)                                                                                              \
    X("L/h", M3_H, -3, 1)                                                                                              \
    X("m3/min", M3_MIN, 0, 1)                                                                                          \
    X("L/min", M3_MIN, -3, 1)                                                                                          \
    X("m3/s", M3_S, 0, 1)                                                                                              \
    X("L/s", M3_S, -3, 1)                                                                                              \
    X("kg/h", KG_H, 0, 1)                                                                                              \
    X("t/h", KG_H, 3, 1)                                                                                               \
    X("imp/kWh", IMP_KWH, 0, 1)                                                                                        \
    X("imp/kvarh", IMP_KVARH, 0, 1)                                                                                    \
    X("degC", DEG_C, 0, 1)                                                                                             \
    X("degF", DEG_F, 0, 1)                                                                                             \
    X("K", K, 0, 1)                                                                                                    \
    X("bar", BAR, 0, 1)                                                                                                \
    X("mbar", BAR, -3, 1)                                                                                              \
    X("Pa", BAR, -5, 1)                                                                                                \
    X("hPa", BAR, -3, 1)                                                                                               \
    X("kPa", BAR, -2, 1)                                                                                               \
    X("MPa", BAR, 1, 1)                                                                                                \
    X("V", V, 0, 1)                                                                                                    \
    X("mV", V, -3, 1)                                                                                                  \
    X("kV", V, 3, 1)                                                                                                   \
    X("A", A, 0, 1)                                                                                                    \
    X("mA", A, -3, 1)                                                                                                  \
    X("kA", A, 3, 1)                                                                                                   \
    X("Hz", HZ, 0, 1)                                                                                                  \
    X("%", PERCENT, 0, 1)                                                                                              \
    X("ft3", FT3, 0, 1)                                                                                                \
    X("gal", GAL, 0, 1)                                                                                                \
    X("gal/min", GAL_MIN, 0, 1)                                                                                        \
    X("gal/h", GAL_H, 0, 1)                                                                                            \
    X("varh", VARH, 0, 1)                                                                                              \
    X("kvarh", VARH, 3, 1)                                                                                             \
    X("Mvarh", VARH, 6, 1)                                                                                             \
    X("var", VAR, 0, 1)                                                                                                \
    X("kvar", VAR, 3, 1)                                                                                               \
    X("Mvar", VAR, 6, 1)                                                                                               \
    X("VAh", VAH, 0, 1)                                                                                                \
    X("kVAh", VAH, 3, 1)                                                                                               \
    X("MVAh", VAH, 6, 1)                                                                                               \
    X("VA", VA, 0, 1)                                                                                                  \
    X("kVA", VA, 3, 1)                                                                                                 \
    X("MVA", VA, 6, 1)                                                                                                 \
    X("deg", DEG, 0, 1)                                                                                                \
    X("Bd", BAUD, 0, 1)                                                                                                \
    X("bit times", BIT_TIME, 0, 1)                                                                                     \
    X("dBm", DBM, 0, 1)                                                                                                \
    X("hca", HCA, 0, 1)                                                                                                \
    X("currency", CURRENCY, 0, 1)

static const struct heng_profile_unit units[] = {
#define X(text, unit, exp, factor) {text, HENG_UNIT_##unit, exp, factor},
    UNIT_LIST(X)
#undef X
};

const struct heng_profile_unit *heng_profile_unit_of(const char *text)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].text, text) == 0) return &units[i];
    return NULL;
}

const struct heng_profile_unit *heng_profile_unit(struct heng_profile_reader *r)
{
    char text[16];
    heng_profile_text(r, text, sizeof text);
    const struct heng_profile_unit *unit = heng_profile_unit_of(text);
    if (!unit)
        heng_profile_refuse(r, HENG_EFORMAT,
                            "'%s' is not a unit: use Wh, kWh, MWh, GJ, m3, L, W, kW, V, A, kvarh, degC, h ... or \"\"",
                            text);
    return unit && !heng_profile_failed(r) ? unit : &units[0];
}

/* What the model measures a quantity in; quantities that are not here can have any unit. */
static const struct {
    heng_quantity quantity;
    heng_unit units[6]; /* up to the first NONE, which is the first one where a number has no unit */
    const char *wanted;
} measured_in[] = {
#define ROW(quantity, wanted, ...)                                                                                     \
    {                                                                                                                  \
        HENG_QUANTITY_##quantity, {__VA_ARGS__}, wanted                                                                \
    }
    ROW(ENERGY, "Wh, kWh, MWh, J, GJ, cal ...", HENG_UNIT_WH, HENG_UNIT_J, HENG_UNIT_CAL),
    ROW(ENERGY_HEAT, "Wh, kWh, MWh, J, GJ, cal ...", HENG_UNIT_WH, HENG_UNIT_J, HENG_UNIT_CAL),
    ROW(ENERGY_COOLING, "Wh, kWh, MWh, J, GJ, cal ...", HENG_UNIT_WH, HENG_UNIT_J, HENG_UNIT_CAL),
    ROW(VOLUME, "m3, L, ft3, gal", HENG_UNIT_M3, HENG_UNIT_FT3, HENG_UNIT_GAL),
    ROW(MASS, "kg, t, g", HENG_UNIT_KG),
    ROW(ON_TIME, "s, min, h, d", HENG_UNIT_S, HENG_UNIT_MONTH, HENG_UNIT_YEAR),
    ROW(OPERATING_TIME, "s, min, h, d", HENG_UNIT_S, HENG_UNIT_MONTH, HENG_UNIT_YEAR),
    ROW(POWER, "W, kW, MW, J/h ...", HENG_UNIT_W, HENG_UNIT_J_H),
    ROW(VOLUME_FLOW, "m3/h, L/h, L/min ...", HENG_UNIT_M3_H, HENG_UNIT_M3_MIN, HENG_UNIT_M3_S, HENG_UNIT_GAL_MIN,
        HENG_UNIT_GAL_H),
    ROW(MASS_FLOW, "kg/h, t/h", HENG_UNIT_KG_H),
    ROW(FLOW_TEMPERATURE, "degC, degF", HENG_UNIT_DEG_C, HENG_UNIT_DEG_F),
    ROW(RETURN_TEMPERATURE, "degC, degF", HENG_UNIT_DEG_C, HENG_UNIT_DEG_F),
    ROW(EXTERNAL_TEMPERATURE, "degC, degF", HENG_UNIT_DEG_C, HENG_UNIT_DEG_F),
    ROW(TEMPERATURE, "degC, degF", HENG_UNIT_DEG_C, HENG_UNIT_DEG_F),
    ROW(TEMPERATURE_DIFFERENCE, "K", HENG_UNIT_K),
    ROW(PRESSURE, "bar, mbar, Pa, kPa, MPa", HENG_UNIT_BAR),
    ROW(VOLTAGE, "V, mV, kV", HENG_UNIT_V),
    ROW(CURRENT, "A, mA, kA", HENG_UNIT_A),
    ROW(FREQUENCY, "Hz", HENG_UNIT_HZ),
    ROW(POWER_FACTOR, "\"\"", HENG_UNIT_NONE),
    ROW(REACTIVE_ENERGY, "varh, kvarh, Mvarh", HENG_UNIT_VARH),
    ROW(REACTIVE_POWER, "var, kvar, Mvar", HENG_UNIT_VAR),
    ROW(APPARENT_ENERGY, "VAh, kVAh, MVAh", HENG_UNIT_VAH),
    ROW(APPARENT_POWER, "VA, kVA, MVA", HENG_UNIT_VA),
    ROW(PHASE, "deg", HENG_UNIT_DEG),
#undef ROW
};

enum { MEASURED_COUNT = sizeof measured_in / sizeof measured_in[0] };

/* Its row; MEASURED_COUNT when it can have any unit. */
static size_t row_of(heng_quantity quantity)
{
    size_t i = 0;
    while (i < MEASURED_COUNT && measured_in[i].quantity != quantity) i++;
    return i;
}

static bool has_unit(size_t row, heng_unit unit)
{
    size_t k = 0;
    do {
        if (measured_in[row].units[k] == unit) return true;
    } while (measured_in[row].units[++k] != HENG_UNIT_NONE); /* the last one is always NONE */
    return false;
}

const char *heng_profile_unit_clash(heng_quantity quantity, heng_unit unit)
{
    size_t row = row_of(quantity);
    return row == MEASURED_COUNT || has_unit(row, unit) ? NULL : measured_in[row].wanted;
}

bool heng_profile_units_meet(heng_quantity a, heng_quantity b)
{
    size_t row_a = row_of(a), row_b = row_of(b), k = 0;
    if (row_a == MEASURED_COUNT || row_b == MEASURED_COUNT) return true;
    do {
        if (has_unit(row_b, measured_in[row_a].units[k])) return true;
    } while (measured_in[row_a].units[++k] != HENG_UNIT_NONE);
    return false;
}
