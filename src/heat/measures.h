#ifndef HENG_HEAT_MEASURES_H
#define HENG_HEAT_MEASURES_H
/* What the devices of a flat said, and the one number a method makes of it. */
#include "heat/apportion.h"

/* X(symbol, JSON name, methods that know it) */
#define HENG_M(method) (1u << HENG_SHARE_##method)
#define HENG_DATUM_LIST(X)                                                                                             \
    X(START, "start", HENG_M(HEAT_METER) | HENG_M(HOT_WATER) | HENG_M(ALLOCATORS) | HENG_M(ROOM_TEMPERATURE))          \
    X(END, "end", HENG_M(HEAT_METER) | HENG_M(HOT_WATER) | HENG_M(ALLOCATORS) | HENG_M(ROOM_TEMPERATURE))              \
    X(MULTIPLIER, "multiplier", HENG_M(HEAT_METER) | HENG_M(HOT_WATER))                                                \
    X(USE, "use", HENG_M(HEAT_METER) | HENG_M(HOT_WATER))                                                              \
    X(UNITS, "units", HENG_M(ALLOCATORS))                                                                              \
    X(OPEN_H, "open_h", HENG_M(ON_OFF) | HENG_M(TEMPERATURE_TIME))                                                     \
    X(DEGREE_H, "degree_h", HENG_M(ROOM_TEMPERATURE))                                                                  \
    X(MEAN_C, "mean_c", HENG_M(ROOM_TEMPERATURE) | HENG_M(TEMPERATURE_TIME))                                           \
    X(ROOM_C, "room_c", HENG_M(ROOM_TEMPERATURE))                                                                      \
    X(FLOW_SHARE, "flow_share", HENG_M(FLOW_TEMPERATURE))                                                              \
    X(DT_K, "dt_k", HENG_M(FLOW_TEMPERATURE))                                                                          \
    X(SUPPLY_C, "supply_c", HENG_M(FLOW_TEMPERATURE))                                                                  \
    X(RETURN_C, "return_c", HENG_M(FLOW_TEMPERATURE))                                                                  \
    X(HOURS, "hours", HENG_M(FLOW_TEMPERATURE) | HENG_M(ROOM_TEMPERATURE))                                             \
    X(WEIGHT, "weight", HENG_M(WEIGHTS))                                                                               \
    X(WINDOW_H, "window_h", (1u << HENG_SHARE_METHODS) - 1)
typedef enum heng_datum {
#define X(symbol, name, methods) HENG_DATUM_##symbol,
    HENG_DATUM_LIST(X)
#undef X
        HENG_DATUMS
} heng_datum;
extern const struct heng_datum_info {
    const char *name;
    unsigned methods;
} heng_datum_infos[HENG_DATUMS];

/* Numbers of one device over one stretch of time: of the flat, of a segment, of a sample. */
struct heng_data {
    uint32_t has; /* 1 << heng_datum */
    struct heng_dec n[HENG_DATUMS];
};

/* One radiator with its allocator. */
struct heng_radiator {
    const char *id;
    bool product_scale; /* K is in the device */
    uint8_t has;        /* HENG_RADIATOR_... */
    struct heng_dec units, kq, kc, kt, k;
};
enum { HENG_RADIATOR_KQ = 1, HENG_RADIATOR_KC = 2, HENG_RADIATOR_KT = 4, HENG_RADIATOR_K = 8 };

struct heng_span { /* of time, [from, to) */
    int64_t from_s, to_s;
};

/* One room with its sensor. A room without a value counts as the mean of the others of the flat. */
struct heng_room {
    const char *id;
    struct heng_dec area;
    bool missing;
    struct heng_data data;
};

struct heng_flat_data {
    struct heng_data data;
    struct heng_data *samples, *segments;
    struct heng_radiator *radiators;
    struct heng_span *open;
    struct heng_room *rooms;
    size_t room_count;
    size_t sample_count, segment_count, radiator_count, open_count;
    uint32_t flags; /* HENG_FLAG_... what was clipped */
};
enum {
    HENG_FLAG_OPEN_CLIPPED = 1,
    HENG_FLAG_NEGATIVE_DT = 2,
    HENG_FLAG_BELOW_BASE = 4,
    HENG_FLAG_NOT_COVERED = 8,
    HENG_FLAG_ROOM_MISSING = 16
};

/* Of the group. supply: sorted, apart from each other, without outages. */
struct heng_measure_rules {
    heng_share_method method;
    struct heng_dec base_c, supply_h;
    uint8_t k_places;
    heng_rounding k_rounding;
    const struct heng_span *supply;
    size_t supply_count;
    struct heng_steps *steps;
};

/* The measure of one flat. ret_window: 0, or the hours that it is of (segments with window_h).
 * Errors: ECONFIG, ERANGE, ECONFLICT (K twice); the text begins with the field, "radiators[2].k: ...". */
HENG_NODISCARD heng_rc heng_measure(const struct heng_measure_rules *rules, const char *id, struct heng_flat_data *flat,
                                    struct heng_dec *ret, struct heng_dec *ret_covered, struct heng_err *err);

/* Supply without outages; both sorted. Returns how many spans, at most supply_count + outage_count. */
size_t heng_spans_without(const struct heng_span *from, size_t from_count, const struct heng_span *holes,
                          size_t hole_count, struct heng_span *ret);
int64_t heng_spans_both(const struct heng_span *a, size_t a_count, const struct heng_span *b, size_t b_count);

#endif
