#ifndef HENG_HEAT_APPORTION_H
#define HENG_HEAT_APPORTION_H
/* Heat of a building over its flats: one group, one method, one period. The building's meter says how much; what is in
 * the flats only says in which proportion: part = total x weight / sum of weights, and the parts sum to the total.
 * Money of a cost pot is shared by the same engine.
 * Source: domain notes on apportionment, sections 0, 1.2, 1.3; JGJ 173-2009; HeizkostenV 9a. */
#include "base/arena.h"
#include "bill/explain.h"

/* X(symbol, text, by area: weight = measure x area, position factor: the method knows one) The measure of a flat is */
#define HENG_SHARE_METHOD_LIST(X)                                                                                      \
    X(HEAT_METER, "household-meter", false, true)             /* heat by its own meter */                              \
    X(ALLOCATORS, "allocators", false, true)                  /* sum over its radiators of units x K */                \
    X(FLOW_TEMPERATURE, "flow-temperature", false, false)     /* sum of flow share x (flow - return) x time */         \
    X(ON_OFF, "on-off-area", true, false)                     /* hours its valve was open during supply */             \
    X(ROOM_TEMPERATURE, "temperature-area", true, false)      /* degree hours above the base temperature */            \
    X(TEMPERATURE_TIME, "temperature-time-area", true, false) /* mean room temperature x hours open */                 \
    X(HOT_WATER, "hot-water-volume", false, false)            /* m3 through it */                                      \
    X(AREA, "area", true, false)                              /* 1 */                                                  \
    X(WEIGHTS, "weights", false, false)                       /* as somebody said */
typedef enum heng_share_method {
#define X(symbol, text, by_area, position) HENG_SHARE_##symbol,
    HENG_SHARE_METHOD_LIST(X)
#undef X
        HENG_SHARE_METHODS
} heng_share_method;
const char *heng_share_method_text(heng_share_method method);
bool heng_share_by_area(heng_share_method method);
bool heng_share_has_position(heng_share_method method);

/* X(symbol, text) Where a weight came from; from MEMORY on in the order in which substitutes are tried. */
#define HENG_SHARE_SOURCE_LIST(X)                                                                                      \
    X(DEVICE, "device")                                                                                                \
    X(MEMORY, "memory")           /* read later from the device or the concentrator */                                 \
    X(OWN_SERIES, "own-series")   /* its own rate over the gap, coverage high enough */                                \
    X(OWN_PERIODS, "own-periods") /* the flat in comparable earlier periods (HeizkostenV 9a) */                        \
    X(COMPARABLE, "comparable")   /* comparable rooms in this period (HeizkostenV 9a) */                               \
    X(OWN_RATIO, "own-ratio")     /* its part of the building in an earlier period */                                  \
    X(MEAN, "mean")               /* mean per m2 of the flats that have a value of their own */                        \
    X(AREA_FLAT, "area-flat")     /* this flat by its area */                                                          \
    X(TAMPER, "tamper")           /* the rule for devices that somebody meddled with */                                \
    X(AREA_GROUP, "area-group")   /* the whole group by area */
typedef enum heng_share_source {
#define X(symbol, text) HENG_SOURCE_##symbol,
    HENG_SHARE_SOURCE_LIST(X)
#undef X
        HENG_SOURCES
} heng_share_source;
const char *heng_share_source_text(heng_share_source source);

typedef enum heng_party_state { HENG_PARTY_MEASURED, HENG_PARTY_MISSING, HENG_PARTY_TAMPERED } heng_party_state;

/* One who takes part. A measure that is_... does not say is not there. */
struct heng_party {
    const char *id;     /* stable and unique: decides between equal remainders */
    const char *reason; /* why it is missing or tampered; NULL */
    heng_party_state state;
    bool has_memory, has_own_periods, has_comparable;
    struct heng_dec area;   /* m2; 0: not known */
    struct heng_dec factor; /* position factor; 0: none */
    struct heng_dec measure, memory, own_periods, comparable;
    struct heng_dec covered, window;    /* measure is of `covered` of `window` hours; 0: of all */
    struct heng_dec before, before_all; /* of an earlier period: its own part of the whole; 0: not known */
};

typedef enum heng_tamper_rule { HENG_TAMPER_PERCENTILE, HENG_TAMPER_MEAN_FACTOR } heng_tamper_rule;
struct heng_share_rules {
    uint8_t order[HENG_SOURCES]; /* heng_share_source MEMORY..AREA_FLAT */
    uint8_t order_count;
    uint8_t places;                       /* of estimated weights */
    uint16_t affected;                    /* 1 << source: counts as affected for area_limit */
    heng_tamper_rule tamper;              /* percentile of weight per m2, nearest rank; or mean per m2 x factor */
    struct heng_dec tamper_value;         /* 95, or the factor of the contract */
    struct heng_dec coverage, area_limit; /* 0.90; 0.25: what exceeds it puts the whole group on area. 0: no limit */
};
/* The order of the domain notes: memory, own series at 90 %, own ratio, mean, area; 95th percentile; 25 %, for which a
 * series of its own that reaches far enough counts as measured. */
struct heng_share_rules heng_share_rules_default(void);

struct heng_share_ask {
    heng_share_method method;
    const char *name; /* of the group, for sentences */
    const char *unit; /* of total: "kWh", "EUR" */
    struct heng_dec total;
    int places; /* of the parts */
    const struct heng_share_rules *rules;
    const struct heng_party *parties;
    size_t count;
};

struct heng_share_line {
    uint32_t party; /* its place in parties */
    heng_share_source source;
    struct heng_dec measure, weight, part;
    struct heng_dec numbers[5]; /* that the substitute was made of, as its sentence says them */
    uint8_t number_count;
};

struct heng_share_sum {
    struct heng_dec weights, areas, affected, affected_share;
    bool all_zero, over_limit, by_area; /* flagged: no weight at all; the limit was exceeded; so it went by area */
};

enum { HENG_PARTIES_MAX = 100000 };

/* Apportion. ret_lines has count lines and comes in the order of ids, whatever the order of parties.
 * Owns:   nothing; scratch memory of about 80 bytes per party comes from the arena.
 * Errors: ERANGE, ECONFIG with "participants[3].area: ..." at the front of the text; ENOMEM. */
HENG_NODISCARD heng_rc heng_apportion(const struct heng_share_ask *ask, struct heng_arena *arena,
                                      struct heng_share_line *ret_lines, struct heng_share_sum *ret_sum,
                                      struct heng_steps *steps, struct heng_err *err);

#endif
