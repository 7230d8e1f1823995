#ifndef HENG_STORE_EVENTS_H
#define HENG_STORE_EVENTS_H
/* What happened at metering points, and which device was where from when to when. Append-only; what each kind means
 * and is checked for: usage/events.h. scope: the organisation that asks, 0 the operator, who sees all. */
#include "base/buf.h"
#include "store/store.h"

/* X(symbol, text): texts are the identifiers of database and API. */
#define HENG_EVENT_LIST(X)                                                                                             \
    X(INSTALL, "install")                                                                                              \
    X(REMOVE, "remove")                                                                                                \
    X(EXCHANGE, "exchange")                                                                                            \
    X(MOVE, "move")             /* point_id: where it is now, other_point: where it was */                             \
    X(INDEX, "index")           /* what channel_id showed at an installation, removal, exchange or move at at_us */    \
    X(ROLLOVER, "rollover")     /* seen going over its last digit */                                                   \
    X(RESET, "reset")           /* the counter was set: before, after */                                               \
    X(MULTIPLIER, "multiplier") /* factor_num / factor_den from now on */                                              \
    X(UNIT, "unit")             /* another unit or number of digits from now on */                                     \
    X(ACCEPT, "accept")         /* the reading of reading_at and reading_source is right */                            \
    X(REJECT, "reject")         /* ... wrong */                                                                        \
    X(EDIT, "edit")             /* from at_us to until_us `after` was used, where `before` stood */                    \
    X(UNDO, "undo")
typedef enum heng_event_kind {
#define X(symbol, text) HENG_EVENT_##symbol,
    HENG_EVENT_LIST(X)
#undef X
        HENG_EVENT_COUNT
} heng_event_kind;
const char *heng_event_text(heng_event_kind kind); /* "unknown" for a number outside */
heng_event_kind heng_event_of(const char *text);   /* COUNT when unknown */

/* One event. 0 and "" where a kind does not use it. before, after: decimals as text. unit: as people write it ("kWh").
 * undone_by: the event that takes it back, 0 none. photo: only when it is added; has_photo when it is read. */
struct heng_point_event {
    int64_t id, point_id, channel_id, device_id, other_point;
    heng_event_kind kind;
    heng_us at_us, until_us, recorded_us, reading_at;
    char before[HENG_DEC_TEXT_MAX], after[HENG_DEC_TEXT_MAX];
    int64_t factor_num, factor_den;
    uint8_t digits;
    char unit[16];
    int64_t reading_source, undoes, undone_by;
    char who[HENG_KEY_MAX], second[HENG_KEY_MAX], reason[200];
    struct heng_slice photo;
    bool has_photo;
};

enum { HENG_PHOTO_MAX = 4 << 20, HENG_EVENTS_MAX = 4096 };

/* An open transaction is needed. id and undone_by are ignored. */
HENG_NODISCARD heng_rc heng_store_add_event(struct heng_store *store, const struct heng_point_event *event,
                                            int64_t *ret_id, struct heng_err *err);
/* Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_event(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                            struct heng_point_event *ret, struct heng_err *err);
/* Of a point, and of devices that were moved away from it, by time, behind (after_us, after_id). */
HENG_NODISCARD heng_rc heng_store_list_events(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                              heng_us after_us, int64_t after_id, struct heng_point_event *ret,
                                              size_t cap, size_t *ret_n, struct heng_err *err);
/* The photo of an event is put into buf. Errors: ENOTFOUND, ELIMIT. */
HENG_NODISCARD heng_rc heng_store_get_photo(struct heng_store_reader *reader, int64_t scope, int64_t id,
                                            struct heng_buf *buf, struct heng_err *err);

/* until_us 0: it is still there. */
struct heng_installation {
    int64_t id, device_id, point_id;
    heng_us from_us, until_us;
    int64_t factor_num, factor_den;
    uint8_t digits;
};
/* Of a device at a point, by time; 0: at any point, of any device (not both). */
HENG_NODISCARD heng_rc heng_store_list_installations(struct heng_store_reader *reader, int64_t device_id,
                                                     int64_t point_id, struct heng_installation *ret, size_t cap,
                                                     size_t *ret_n, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_begin_installation(struct heng_store *store, const struct heng_installation *inst,
                                                     struct heng_err *err);
/* at_us 0: it goes on. */
HENG_NODISCARD heng_rc heng_store_end_installation(struct heng_store *store, int64_t id, heng_us at_us,
                                                   struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_drop_installation(struct heng_store *store, int64_t id, struct heng_err *err);

struct heng_point_scope {
    heng_medium medium;
    heng_us closed_us;
    bool is_virtual;
};
/* Is the point there for who asks? Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_point_scope(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                              struct heng_point_scope *ret, struct heng_err *err);

#endif
