#ifndef HENG_MODEL_QUANTITY_H
#define HENG_MODEL_QUANTITY_H
/* What a meter measures, in what (medium.h, unit.h) and of which kind of value. One table each; number, symbol and text
 * agree by construction. The texts are the identifiers used in JSON, the database and the translation catalogues; they
 * never change once released. */
#include "model/medium.h"
#include "model/unit.h"

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
const char *heng_quantity_text(heng_quantity quantity);
const char *heng_function_text(heng_function function);

/* The way back, for the database and for files; COUNT when the text is not in the table. */
heng_quantity heng_quantity_of(const char *text);
heng_function heng_function_of(const char *text);

#endif
