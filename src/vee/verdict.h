#ifndef HENG_VEE_VERDICT_H
#define HENG_VEE_VERDICT_H
/* What a rule says about a reading or a stretch of usage: which rule, in which version, how grave, and with which
 * numbers, so that everybody can do the sum again. */
#include "base/dec.h"
#include "base/time.h"

/* X(symbol, text, number in the database). The texts are identifiers: API, translations, rule files.
 * Order: as they are applied, from the identity of a reading to the balance of a building. */
#define HENG_RULE_LIST(X)                                                                                              \
    X(DUPLICATE, "duplicate", 1)          /* the same moment and register twice, with the same value */                \
    X(CONFLICT, "conflict", 2)            /* ... with another value */                                                 \
    X(WRONG_DEVICE, "wrong-device", 3)    /* of a device that did not serve the point then */                          \
    X(INACTIVE, "inactive", 4)            /* the point was closed or not yet open */                                   \
    X(UNDECLARED, "undeclared", 5)        /* a register that nobody declared */                                        \
    X(FUTURE, "future", 6)                /* dated after it came */                                                    \
    X(ANCIENT, "ancient", 7)              /* dated before there was anything to read */                                \
    X(CLOCK, "clock", 8)                  /* the clock of the meter or of who read it is off */                        \
    X(NO_VALUE, "no-value", 9)            /* the meter sent a state instead of a number */                             \
    X(UNIT, "unit", 10)                   /* not the unit that is configured, and not convertible to it */             \
    X(MULTIPLIER, "multiplier", 11)       /* not the factor that is configured */                                      \
    X(NEGATIVE, "negative", 12)           /* a counter that runs back */                                               \
    X(ROLLOVER, "rollover", 13)           /* it went over its last digit; told, not a fault */                         \
    X(RESET, "reset", 14)                 /* it began again; what was in between is not known */                       \
    X(LIMIT, "limit", 15)                 /* more than the meter's size lets through */                                \
    X(OUTLIER, "outlier", 16)             /* one value off, those behind it fit those before it */                     \
    X(INTERVAL_SIZE, "interval-size", 17) /* intervals of another length than configured */                            \
    X(MISSING, "missing", 18)             /* expected moments without a value */                                       \
    X(SPIKE, "spike", 19)                 /* (largest - third largest) / third largest */                              \
    X(JUMP, "jump", 20)                   /* from one interval to the next */                                          \
    X(ZERO, "zero", 21)                   /* nothing at all was used */                                                \
    X(STUCK, "stuck", 22)                 /* the counter stands while another says that it should move */              \
    X(SUM, "sum", 23)                     /* sum of intervals against the difference of the counter */                 \
    X(REGISTER_SUM, "register-sum", 24)   /* tariff registers against their total */                                   \
    X(HIGH, "high", 25)                   /* against the own past, by day or by degree day */                          \
    X(LOW, "low", 26)                                                                                                  \
    X(NEIGHBOURS, "neighbours", 27)         /* against others like it, per m2 where known */                           \
    X(ESTIMATED_LONG, "estimated-long", 28) /* too many estimated periods in a row */                                  \
    X(SIBLING, "sibling", 29)               /* another register of the device has values, this one has none */         \
    X(PHYSICS, "physics", 30)               /* energy against 1.163 x volume x temperature difference */               \
    X(FACTOR, "factor", 31)                 /* off by 3.6, 10, 1000 ...: a unit or a decimal place */                  \
    X(TEMPERATURE, "temperature", 32)       /* outside 0..150 degC, or the return warmer than the flow */              \
    X(STATUS, "status", 33)                 /* the device reports tamper, fault, power failure ... */                  \
    X(BALANCE, "balance", 34)               /* a main meter against the sum of those below it */                       \
    X(REVERSE_FLOW, "reverse-flow", 35)                                                                                \
    X(NIGHT_FLOW, "night-flow", 36) /* never less than some flow in the small hours */                                 \
    X(LOW_SPREAD, "low-spread", 37) /* water goes through and hardly gives off heat: low delta T */                    \
    X(SWAPPED, "swapped", 38)       /* two meters that look exchanged with each other */                               \
    X(FLAT, "flat", 39)             /* the same amount again and again, as nobody uses it */                           \
    X(REPLACED, "replaced", 40)     /* what came later changed a value that was known before */

typedef enum heng_rule {
#define X(symbol, text, number) HENG_RULE_##symbol = number,
    HENG_RULE_LIST(X)
#undef X
        HENG_RULE_COUNT
} heng_rule;

const char *heng_rule_text(heng_rule rule); /* "unknown" for a number outside */
heng_rule heng_rule_of(const char *text);   /* COUNT when unknown */

/* X(symbol, text): told: for the record; task: somebody looks; fatal: the point is not billed before somebody did. */
#define HENG_SEVERITY_LIST(X)                                                                                          \
    X(TOLD, "told")                                                                                                    \
    X(TASK, "task")                                                                                                    \
    X(FATAL, "fatal")
typedef enum heng_severity {
#define X(symbol, text) HENG_SEVERITY_##symbol,
    HENG_SEVERITY_LIST(X)
#undef X
        HENG_SEVERITY_COUNT
} heng_severity;
const char *heng_severity_text(heng_severity severity);
heng_severity heng_severity_of(const char *text);

/* A number that may not be there. */
struct heng_opt_dec {
    bool is;
    struct heng_dec dec;
};

/* seen: what was found; low, high: the limits it should lie in; reference: what it was compared with; all in the unit
 * of the rule (docs/validation.md). from_us .. to_us: the stretch it is about; equal for a single reading.
 * The same inputs give the same bytes: unused fields are zero. */
struct heng_verdict {
    heng_rule rule;
    uint32_t version; /* of the rule set */
    heng_severity severity;
    heng_us from_us, to_us;
    struct heng_opt_dec seen, low, high, reference;
};

#endif
