#ifndef HENG_MODEL_MEDIUM_H
#define HENG_MODEL_MEDIUM_H
/* What flows through a meter, or what a device is. Number, symbol and text agree by construction; the texts are the
 * identifiers used in JSON, the database and the translation catalogues, and never change once released. */

/* X(symbol, text). Sources: EN 13757-3 device types; CJ/T 188 meter types map onto them. */
#define HENG_MEDIUM_LIST(X)                                                                                            \
    X(OTHER, "other")                                                                                                  \
    X(OIL, "oil")                                                                                                      \
    X(ELECTRICITY, "electricity")                                                                                      \
    X(GAS, "gas")                                                                                                      \
    X(HEAT, "heat")                                                                                                    \
    X(STEAM, "steam")                                                                                                  \
    X(WARM_WATER, "warm water")                                                                                        \
    X(WATER, "water")                                                                                                  \
    X(HEAT_COST_ALLOCATOR, "heat cost allocator")                                                                      \
    X(COMPRESSED_AIR, "compressed air")                                                                                \
    X(COOLING_OUTLET, "cooling (outlet)")                                                                              \
    X(COOLING_INLET, "cooling (inlet)")                                                                                \
    X(HEAT_INLET, "heat (inlet)")                                                                                      \
    X(HEAT_COOLING, "heat/cooling")                                                                                    \
    X(BUS, "bus/system")                                                                                               \
    X(UNKNOWN, "unknown")                                                                                              \
    X(IRRIGATION_WATER, "irrigation water")                                                                            \
    X(CALORIFIC, "calorific value")                                                                                    \
    X(HOT_WATER, "hot water")                                                                                          \
    X(COLD_WATER, "cold water")                                                                                        \
    X(DUAL_WATER, "dual water")                                                                                        \
    X(PRESSURE, "pressure")                                                                                            \
    X(AD_CONVERTER, "a/d converter")                                                                                   \
    X(SMOKE_DETECTOR, "smoke detector")                                                                                \
    X(ROOM_SENSOR, "room sensor")                                                                                      \
    X(GAS_DETECTOR, "gas detector")                                                                                    \
    X(BREAKER, "breaker")                                                                                              \
    X(VALVE, "valve")                                                                                                  \
    X(CUSTOMER_UNIT, "customer unit")                                                                                  \
    X(WASTE_WATER, "waste water")                                                                                      \
    X(GARBAGE, "garbage")                                                                                              \
    X(SERVICE_UNIT, "service unit")                                                                                    \
    X(COMMUNICATION_CONTROLLER, "communication controller")                                                            \
    X(UNIDIRECTIONAL_REPEATER, "unidirectional repeater")                                                              \
    X(BIDIRECTIONAL_REPEATER, "bidirectional repeater")                                                                \
    X(RADIO_CONVERTER_SYSTEM, "radio converter (system)")                                                              \
    X(RADIO_CONVERTER_METER, "radio converter (meter)")                                                                \
    X(DRINKING_WATER, "drinking water")                                                                                \
    X(RECLAIMED_WATER, "reclaimed water")                                                                              \
    X(COOLING, "cooling")                                                                                              \
    X(RESERVED, "reserved")

typedef enum heng_medium {
#define X(symbol, text) HENG_MEDIUM_##symbol,
    HENG_MEDIUM_LIST(X)
#undef X
        HENG_MEDIUM_COUNT
} heng_medium;

/* The identifier; "unknown" for a number outside. */
const char *heng_medium_text(heng_medium medium);

/* The way back, for the database and for files; COUNT when the text is not in the table. */
heng_medium heng_medium_of(const char *text);

#endif
