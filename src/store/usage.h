#ifndef HENG_STORE_USAGE_H
#define HENG_STORE_USAGE_H
/* Channels and what is derived for them: days of usage, checkpoints of the fold, what is due, verdicts and answers.
 * Numbers of rules, trust and methods are those of vee/. scope: the organisation that asks, 0: the operator, who sees
 * all. Who writes needs an open transaction (store/write.h). */
#include "base/buf.h"
#include "store/store.h"

struct heng_channel_row {
    int64_t id, point_id, place_id, managed_by, main_point_id; /* main_point_id: 0 for none */
    heng_medium medium;
    heng_quantity quantity;
    uint32_t tariff;
    char qualifier[HENG_QUALIFIER_MAX];
    heng_unit unit;
    int8_t exp;
    int16_t minutes;
    char max_per_hour[HENG_DEC_TEXT_MAX]; /* "" not known */
    bool main, is_virtual;
    char group_name[HENG_KEY_MAX];
    int64_t area_cm2;
};

/* Errors: ENOTFOUND, also for what another organisation manages. */
HENG_NODISCARD heng_rc heng_store_get_channel(struct heng_store_reader *reader, int64_t scope, int64_t channel_id,
                                              struct heng_channel_row *ret, struct heng_err *err);
/* Of a point (0: of all), behind after_id. */
HENG_NODISCARD heng_rc heng_store_list_channels(struct heng_store_reader *reader, int64_t scope, int64_t point_id,
                                                int64_t after_id, struct heng_channel_row *ret, size_t cap,
                                                size_t *ret_n, struct heng_err *err);

/* --- days ------------------------------------------------------------------------------------------------------ */

enum { HENG_USAGE_INTERVALS_MAX = 300, HENG_USAGE_PACKED_MAX = HENG_USAGE_INTERVALS_MAX * 11 + 16 };

/* A day of a channel; as heng_day_usage (vee/day.h). */
struct heng_usage_row {
    int64_t channel_id;
    int32_t day;
    int8_t exp;
    uint8_t trust, method;
    uint16_t permille, count, missing;
    uint64_t flags;
    int64_t amount;
    int64_t amounts[HENG_USAGE_INTERVALS_MAX];
    uint8_t trusts[HENG_USAGE_INTERVALS_MAX];
};

/* The intervals of a day as bytes, and back (usage_pack.c draws them). Errors of unpack: EFORMAT (err->at = offset)
 * for bytes that pack does not give for a day of ret->count intervals. */
void heng_usage_pack(const struct heng_usage_row *row, struct heng_buf *buf);
HENG_NODISCARD heng_rc heng_usage_unpack(struct heng_slice packed, struct heng_usage_row *ret, struct heng_err *err);

/* measured: as derived from readings; best: with the estimate in the place of a day that is not complete. */
typedef enum heng_usage_kind { HENG_USAGE_MEASURED, HENG_USAGE_ESTIMATE, HENG_USAGE_BEST } heng_usage_kind;

HENG_NODISCARD heng_rc heng_store_put_usage(struct heng_store *store, heng_usage_kind kind,
                                            const struct heng_usage_row *row, struct heng_err *err);
/* Not BEST. Errors: ENOTFOUND, EFORMAT. */
HENG_NODISCARD heng_rc heng_store_get_usage(struct heng_store_reader *reader, heng_usage_kind kind, int64_t channel_id,
                                            int32_t day, struct heng_usage_row *ret, struct heng_err *err);
/* Of [from, to). ret_count (may be NULL): how many there were. */
HENG_NODISCARD heng_rc heng_store_drop_usage(struct heng_store *store, heng_usage_kind kind, int64_t channel_id,
                                             int32_t from, int32_t to, size_t *ret_count, struct heng_err *err);

/* A walk over the days [from, to) of a channel, oldest first; kind is not ESTIMATE. One walk per reader at a time. */
struct heng_usage_scan {
    struct heng_store_reader *reader;
    heng_usage_kind kind;
    int64_t channel_id;
    int32_t next, to;
    size_t in_page;
    bool open;
};
void heng_usage_scan_begin(struct heng_usage_scan *scan, struct heng_store_reader *reader, heng_usage_kind kind,
                           int64_t channel_id, int32_t from, int32_t to);
/* Errors: ENOTFOUND at the end, EFORMAT a damaged day. */
HENG_NODISCARD heng_rc heng_usage_scan_next(struct heng_usage_scan *scan, struct heng_usage_row *ret,
                                            struct heng_err *err);
void heng_usage_scan_end(struct heng_usage_scan *scan);

/* The sum of the best days of [from, to). days: that have a row; missing: not complete; estimated: by estimate. */
struct heng_usage_sum {
    struct heng_dec amount;
    uint32_t days, missing, estimated;
    uint8_t trust; /* worst, 0: no day */
    uint16_t permille;
};
/* Errors: ERANGE when it does not fit. */
HENG_NODISCARD heng_rc heng_store_sum_usage(struct heng_store_reader *reader, int64_t channel_id, int32_t from,
                                            int32_t to, struct heng_usage_sum *ret, struct heng_err *err);

/* Amounts of that day of others like it. area_cm2: of their place. */
struct heng_usage_alike {
    struct heng_dec amount;
    int64_t area_cm2;
};
HENG_NODISCARD heng_rc heng_store_list_alike(struct heng_store_reader *reader, int64_t channel_id, int32_t day,
                                             struct heng_usage_alike *ret, size_t cap, size_t *ret_n,
                                             struct heng_err *err);

/* --- checkpoints ----------------------------------------------------------------------------------------------- */

HENG_NODISCARD heng_rc heng_store_put_checkpoint(struct heng_store *store, int64_t channel_id, int32_t day,
                                                 struct heng_slice state, struct heng_err *err);
/* The newest at or before a day. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_checkpoint(struct heng_store_reader *reader, int64_t channel_id, int32_t until,
                                                 int32_t *ret_day, struct heng_buf *ret_state, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_drop_checkpoints(struct heng_store *store, int64_t channel_id, int32_t from,
                                                   int32_t to, struct heng_err *err);

/* --- what is due ----------------------------------------------------------------------------------------------- */

/* A channel of which facts changed between two moments, both included. */
struct heng_usage_due {
    int64_t channel_id;
    heng_us from_us, to_us;
};
/* The next one behind after_id. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_next_due(struct heng_store_reader *reader, int64_t after_id,
                                           struct heng_usage_due *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_count_due(struct heng_store_reader *reader, int64_t *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_drop_due(struct heng_store *store, int64_t channel_id, struct heng_err *err);
/* Mark the channels of a point, or one of them alone (channel_id not 0). */
HENG_NODISCARD heng_rc heng_store_due_point(struct heng_store *store, int64_t point_id, int64_t channel_id,
                                            heng_us from_us, heng_us to_us, struct heng_err *err);
/* Those of all points that a device ever served. */
HENG_NODISCARD heng_rc heng_store_due_device(struct heng_store *store, int64_t device_id, heng_us from_us,
                                             heng_us to_us, struct heng_err *err);
/* Those of a medium and group; "": all. */
HENG_NODISCARD heng_rc heng_store_due_group(struct heng_store *store, const char *medium, const char *group_name,
                                            heng_us from_us, heng_us to_us, struct heng_err *err);

/* Something of a device changed at a moment: its channels are marked when the transaction is committed. What stores a
 * reading does this by itself. */
HENG_NODISCARD heng_rc heng_store_touch_device(struct heng_store *store, int64_t device_id, heng_us at_us,
                                               struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_touch_reading(struct heng_store *store, const struct heng_reading *reading,
                                                struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_flush_touched(struct heng_store *store, struct heng_err *err); /* commit calls it */

/* --- readings by the moment of their values -------------------------------------------------------------------- */

/* due_us: its values were frozen then; 0: they are of at_us. packed: see heng_reading_scan. */
struct heng_reading_row {
    heng_us due_us, at_us;
    heng_source source;
    heng_quality quality;
    struct heng_slice packed; /* borrowed until each returns */
};
typedef heng_rc heng_reading_each(void *ctx, const struct heng_reading_row *row);
/* Of those that are there more than once, and say something else: the others, with from_us <= at < to_us; and all with
 * from_us <= due < to_us. In order. Errors: what each returns. */
HENG_NODISCARD heng_rc heng_store_each_conflict(struct heng_store_reader *reader, int64_t device_id, heng_us from_us,
                                                heng_us to_us, heng_reading_each *each, void *ctx,
                                                struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_each_due(struct heng_store_reader *reader, int64_t device_id, heng_us from_us,
                                           heng_us to_us, heng_reading_each *each, void *ctx, struct heng_err *err);
/* The first moment in [from_us, to_us) at which there is a reading, by its own time or that of its values.
 * Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_next_reading(struct heng_store_reader *reader, int64_t device_id, heng_us from_us,
                                               heng_us to_us, heng_us *ret, struct heng_err *err);

#endif
