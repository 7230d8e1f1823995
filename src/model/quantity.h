#ifndef HENG_MODEL_QUANTITY_H
#define HENG_MODEL_QUANTITY_H
/* What a meter measures and in what: media, quantities, units, functions. One table each; value, symbol
 * and text agree by construction. The texts are the identifiers used in JSON, the database and the
 * translation catalogues; they never change once released. */

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

/* X(symbol, text) */
#define HENG_QUANTITY_LIST(X)                                                                                          \
    X(UNKNOWN, "unknown")                                                                                              \
    X(ENERGY, "energy")                                                                                                \
    X(ENERGY_HEAT, "heat energy")                                                                                      \
    X(ENERGY_COOLING, "cooling energy")                                                                                \
    X(VOLUME, "volume")                                                                                                \
    X(MASS, "mass")                                                                                                    \
    X(ON_TIME, "on time")                                                                                              \
    X(OPERATING_TIME, "operating time")                                                                                \
    X(POWER, "power")                                                                                                  \
    X(VOLUME_FLOW, "volume flow")                                                                                      \
    X(MASS_FLOW, "mass flow")                                                                                          \
    X(FLOW_TEMPERATURE, "flow temperature")                                                                            \
    X(RETURN_TEMPERATURE, "return temperature")                                                                        \
    X(TEMPERATURE_DIFFERENCE, "temperature difference")                                                                \
    X(EXTERNAL_TEMPERATURE, "external temperature")                                                                    \
    X(COLD_WARM_TEMPERATURE_LIMIT, "cold/warm temperature limit")                                                      \
    X(PRESSURE, "pressure")                                                                                            \
    X(RELATIVE_HUMIDITY, "relative humidity")                                                                          \
    X(DATE, "date")                                                                                                    \
    X(DATETIME, "datetime")                                                                                            \
    X(TIME, "time")                                                                                                    \
    X(HCA_UNITS, "heat cost allocation units")                                                                         \
    X(AVERAGING_DURATION, "averaging duration")                                                                        \
    X(ACTUALITY_DURATION, "actuality duration")                                                                        \
    X(FABRICATION_NUMBER, "fabrication number")                                                                        \
    X(ENHANCED_ID, "enhanced identification")                                                                          \
    X(BUS_ADDRESS, "bus address")                                                                                      \
    X(VOLTAGE, "voltage")                                                                                              \
    X(CURRENT, "current")                                                                                              \
    X(FREQUENCY, "frequency")                                                                                          \
    X(POWER_FACTOR, "power factor")                                                                                    \
    X(REACTIVE_ENERGY, "reactive energy")                                                                              \
    X(REACTIVE_POWER, "reactive power")                                                                                \
    X(APPARENT_ENERGY, "apparent energy")                                                                              \
    X(APPARENT_POWER, "apparent power")                                                                                \
    X(PHASE, "phase angle")                                                                                            \
    X(CREDIT, "credit")                                                                                                \
    X(DEBIT, "debit")                                                                                                  \
    X(ACCESS_NUMBER, "access number")                                                                                  \
    X(DEVICE_TYPE, "device type")                                                                                      \
    X(MANUFACTURER, "manufacturer")                                                                                    \
    X(PARAMETER_SET, "parameter set")                                                                                  \
    X(MODEL_VERSION, "model/version")                                                                                  \
    X(HARDWARE_VERSION, "hardware version")                                                                            \
    X(FIRMWARE_VERSION, "firmware version")                                                                            \
    X(SOFTWARE_VERSION, "software version")                                                                            \
    X(CUSTOMER_LOCATION, "customer location")                                                                          \
    X(CUSTOMER, "customer")                                                                                            \
    X(ACCESS_CODE, "access code")                                                                                      \
    X(PASSWORD, "password")                                                                                            \
    X(ERROR_FLAGS, "error flags")                                                                                      \
    X(ERROR_MASK, "error mask")                                                                                        \
    X(SECURITY_KEY, "security key")                                                                                    \
    X(DIGITAL_OUTPUT, "digital output")                                                                                \
    X(DIGITAL_INPUT, "digital input")                                                                                  \
    X(BAUD_RATE, "baud rate")                                                                                          \
    X(RESPONSE_DELAY, "response delay")                                                                                \
    X(RETRY, "retry")                                                                                                  \
    X(REMOTE_CONTROL, "remote control")                                                                                \
    X(STORAGE_NUMBER, "storage number")                                                                                \
    X(STORAGE_BLOCK_SIZE, "storage block size")                                                                        \
    X(STORAGE_INTERVAL, "storage interval")                                                                            \
    X(OPERATOR_DATA, "operator data")                                                                                  \
    X(TIME_POINT_SECOND, "time point second")                                                                          \
    X(DURATION_SINCE_READOUT, "duration since readout")                                                                \
    X(TARIFF_START, "start of tariff")                                                                                 \
    X(TARIFF_DURATION, "duration of tariff")                                                                           \
    X(TARIFF_PERIOD, "period of tariff")                                                                               \
    X(NOMINAL_TRANSMISSION_PERIOD, "nominal transmission period")                                                      \
    X(DIMENSIONLESS, "dimensionless")                                                                                  \
    X(RESET_COUNTER, "reset counter")                                                                                  \
    X(CUMULATION_COUNTER, "cumulation counter")                                                                        \
    X(CONTROL_SIGNAL, "control signal")                                                                                \
    X(DAY_OF_WEEK, "day of week")                                                                                      \
    X(WEEK_NUMBER, "week number")                                                                                      \
    X(DAY_CHANGE, "time point of day change")                                                                          \
    X(PARAMETER_ACTIVATION, "state of parameter activation")                                                           \
    X(SPECIAL_SUPPLIER_INFORMATION, "special supplier information")                                                    \
    X(DURATION_SINCE_CUMULATION, "duration since cumulation")                                                          \
    X(BATTERY_OPERATING_TIME, "battery operating time")                                                                \
    X(BATTERY_CHANGE, "date of battery change")                                                                        \
    X(SIGNAL_STRENGTH, "signal strength")                                                                              \
    X(DAYLIGHT_SAVING, "daylight saving")                                                                              \
    X(LISTENING_WINDOW, "listening window")                                                                            \
    X(REMAINING_BATTERY, "remaining battery life")                                                                     \
    X(METER_STOPPED, "times the meter was stopped")                                                                    \
    X(MANUFACTURER_DATA, "manufacturer data")                                                                          \
    X(CUMULATED_MAX_POWER, "cumulated maximum power")                                                                  \
    X(TEXT_UNIT, "plain text unit")                                                                                    \
    X(ANY, "any")                                                                                                      \
    X(STATUS, "status")                                                                                                \
    X(ALARM, "alarm")                                                                                                  \
    X(VALVE_STATE, "valve state")                                                                                      \
    X(SETTLEMENT_DAY, "settlement day")                                                                                \
    X(READING_DAY, "reading day")                                                                                      \
    X(PRICE, "price")                                                                                                  \
    X(PURCHASE, "purchase")                                                                                            \
    X(KEY_VERSION, "key version")                                                                                      \
    X(BATTERY_STATE, "battery state")                                                                                  \
    X(TEMPERATURE, "temperature")                                                                                      \
    X(RELAY_STATE, "relay state")                                                                                      \
    X(RELAY_ACTION, "relay action")                                                                                    \
    X(VALVE_ACTION, "valve action")                                                                                    \
    X(VALID_UNTIL, "valid until")                                                                                      \
    X(ACCESS_LEVEL, "access level")                                                                                    \
    X(OPERATOR, "operator")                                                                                            \
    X(METER_CONSTANT, "meter constant")                                                                                \
    X(EVENT_COUNT, "event count")                                                                                      \
    X(FREEZE, "freeze time")                                                                                           \
    X(REGISTER, "register")                                                                                            \
    X(COIL, "coil")                                                                                                    \
    X(HARMONIC_DISTORTION, "harmonic distortion")                                                                      \
    X(TARIFF, "tariff")                                                                                                \
    X(MULTIPLIER, "multiplier")                                                                                        \
    X(RATING_FACTOR, "rating factor")                                                                                  \
    X(TARIFF_DESCRIPTOR, "tariff descriptor")                                                                          \
    X(DATA_CONTAINER, "data container")                                                                                \
    X(SELECTED_APPLICATION, "selected application")

typedef enum heng_quantity {
#define X(symbol, text) HENG_QUANTITY_##symbol,
    HENG_QUANTITY_LIST(X)
#undef X
        HENG_QUANTITY_COUNT
} heng_quantity;

/* X(symbol, text). NONE is a dimensionless value, UNKNOWN a unit that we could not tell. */
#define HENG_UNIT_LIST(X)                                                                                              \
    X(NONE, "")                                                                                                        \
    X(UNKNOWN, "unknown")                                                                                              \
    X(WH, "Wh")                                                                                                        \
    X(J, "J")                                                                                                          \
    X(CAL, "cal")                                                                                                      \
    X(M3, "m3")                                                                                                        \
    X(KG, "kg")                                                                                                        \
    X(S, "s")                                                                                                          \
    X(MONTH, "month")                                                                                                  \
    X(YEAR, "year")                                                                                                    \
    X(W, "W")                                                                                                          \
    X(J_H, "J/h")                                                                                                      \
    X(M3_H, "m3/h")                                                                                                    \
    X(M3_MIN, "m3/min")                                                                                                \
    X(M3_S, "m3/s")                                                                                                    \
    X(KG_H, "kg/h")                                                                                                    \
    X(IMP_KWH, "imp/kWh")                                                                                              \
    X(IMP_KVARH, "imp/kvarh")                                                                                          \
    X(DEG_C, "degC")                                                                                                   \
    X(DEG_F, "degF")                                                                                                   \
    X(K, "K")                                                                                                          \
    X(BAR, "bar")                                                                                                      \
    X(V, "V")                                                                                                          \
    X(A, "A")                                                                                                          \
    X(HZ, "Hz")                                                                                                        \
    X(PERCENT, "%")                                                                                                    \
    X(FT3, "ft3")                                                                                                      \
    X(GAL, "gal")                                                                                                      \
    X(GAL_MIN, "gal/min")                                                                                              \
    X(GAL_H, "gal/h")                                                                                                  \
    X(VARH, "varh")                                                                                                    \
    X(VAR, "var")                                                                                                      \
    X(VAH, "VAh")                                                                                                      \
    X(VA, "VA")                                                                                                        \
    X(DEG, "deg")                                                                                                      \
    X(BAUD, "Bd")                                                                                                      \
    X(BIT_TIME, "bit times")                                                                                           \
    X(DBM, "dBm")                                                                                                      \
    X(HCA, "hca")                                                                                                      \
    X(CURRENCY, "currency")

typedef enum heng_unit {
#define X(symbol, text) HENG_UNIT_##symbol,
    HENG_UNIT_LIST(X)
#undef X
        HENG_UNIT_COUNT
} heng_unit;

/* X(symbol, text): what kind of value of the period (EN 13757-3 function field). */
#define HENG_FUNCTION_LIST(X)                                                                                          \
    X(INSTANTANEOUS, "instantaneous")                                                                                  \
    X(MAXIMUM, "maximum")                                                                                              \
    X(MINIMUM, "minimum")                                                                                              \
    X(ERROR, "error")

typedef enum heng_function {
#define X(symbol, text) HENG_FUNCTION_##symbol,
    HENG_FUNCTION_LIST(X)
#undef X
        HENG_FUNCTION_COUNT
} heng_function;

/* The identifiers of the tables above; "unknown" for a number outside. */
const char *heng_medium_text(heng_medium medium);
const char *heng_quantity_text(heng_quantity quantity);
const char *heng_unit_text(heng_unit unit);
const char *heng_function_text(heng_function function);

/* The way back, for the database and for files; COUNT when the text is not in the table. */
heng_medium heng_medium_of(const char *text);
heng_quantity heng_quantity_of(const char *text);
heng_unit heng_unit_of(const char *text);
heng_function heng_function_of(const char *text);

#endif
