#ifndef HENG_MODEL_CONDITION_H
#define HENG_MODEL_CONDITION_H
/* What a device says of itself beside its values: one set of meanings for the status bits of all protocols. */
#include <stdbool.h>
#include <stdint.h>

/* X(symbol, text, bit). Bits and texts never change once released. */
#define HENG_CONDITION_LIST(X)                                                                                         \
    X(BATTERY_LOW, "battery low", 0)                                                                                   \
    X(DEVICE_FAULT, "device fault", 1)       /* permanent: memory, control loop, security module, calculator */        \
    X(TEMPORARY_FAULT, "temporary fault", 2) /* gone by itself, or about to */                                         \
    X(SENSOR_FAULT, "sensor fault", 3)       /* of flow, or not said of what */                                        \
    X(TEMPERATURE_FAULT, "temperature sensor fault", 4)                                                                \
    X(TEMPERATURE_RANGE, "temperature out of range", 5)                                                                \
    X(EMPTY_PIPE, "empty pipe", 6)                                                                                     \
    X(REVERSE_FLOW, "reverse flow", 7) /* of water or of power */                                                      \
    X(OVER_RANGE, "over range", 8)     /* more flow, current or power than it can measure */                           \
    X(TAMPER, "tamper", 9)             /* cover, magnet, seal */                                                       \
    X(POWER_FAIL, "power fail", 10)                                                                                    \
    X(CLOCK_INVALID, "clock invalid", 11)                                                                              \
    X(CLOCK_SET, "clock set", 12)                                                                                      \
    X(VALUE_INVALID, "value invalid", 13)                                                                              \
    X(VALVE_CLOSED, "valve closed", 14) /* or relay open: nothing can flow */                                          \
    X(VALVE_FAULT, "valve fault", 15)                                                                                  \
    X(SUPPLY_FAULT, "supply fault", 16) /* voltage or current lost, too low, too high, wrong in order */               \
    X(CREDIT_LOW, "credit low", 17)                                                                                    \
    X(LEAK, "leak", 18)                                                                                                \
    X(UNNAMED, "unnamed", 19) /* a bit that the vendor did not explain */

typedef enum heng_condition {
#define X(symbol, text, bit) HENG_CONDITION_##symbol = bit,
    HENG_CONDITION_LIST(X)
#undef X
        HENG_CONDITION_COUNT
} heng_condition;

typedef uint32_t heng_conditions; /* 1 << heng_condition */
enum { HENG_CONDITIONS_ALL = (1 << HENG_CONDITION_COUNT) - 1 };

const char *heng_condition_text(heng_condition condition); /* "unknown" for a number outside */
heng_condition heng_condition_of(const char *text);        /* COUNT when unknown */

/* What the words of three standards say. The vendors' own bits are not in them, see below.
 * mbus: status byte of variable data (EN 13757-3). cjt188: the byte with valve and battery (D0..D2 of the standard; the
 * caller knows which of ST0, ST1 it is; FF says nothing). dlt645: status word 1..7 of DL/T 645-2007, appendix C. */
heng_conditions heng_conditions_mbus(uint8_t status);
heng_conditions heng_conditions_cjt188(uint8_t status);
heng_conditions heng_conditions_dlt645(unsigned number, uint16_t word);

/* A bit by the name that a codec or a profile gives it ("inlet sensor", "cover open"); false when the name means
 * nothing to us, and *ret is 0 when it is known and no condition ("stored values"). */
bool heng_conditions_named(const char *name, heng_conditions *ret);

#endif
