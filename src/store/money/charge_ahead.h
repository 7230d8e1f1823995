#ifndef HENG_STORE_MONEY_CHARGE_AHEAD_H
#define HENG_STORE_MONEY_CHARGE_AHEAD_H
/* Facts that were read ahead, and how they are found again. Inside of store/money/ only. */
#include "base/arena.h"
#include "store/db.h"
#include "store/money/charge_facts.h"

enum { CHARGE_AHEAD_BOUNDS_MAX = 8, CHARGE_AHEAD_CHANNELS_MAX = 48 };

/* A want with what was found of its point and contract. */
struct charge_ahead_want {
    struct heng_charge_want want;
    struct heng_channel_row *channels;
    size_t channel_count;
    bool has_last;
    struct heng_charge last; /* without ask, trace and lines */
};

/* A channel of a want: its days, and the meters and readings of its period. knows_bounds false: there were too many. */
struct charge_ahead_channel {
    const struct heng_channel_row *channel;
    const struct heng_charge_want *want;
    struct heng_charge_day *days;
    size_t day_count;
    bool knows_bounds;
    struct heng_charge_bound *bounds;
    size_t bound_count;
};

/* by_point: the wants in the order of their points. channels are in the order of their ids. */
struct heng_charge_facts {
    struct heng_store_reader *reader;
    struct heng_arena arena;
    struct charge_ahead_want *wants; /* in the order of their contracts */
    const struct charge_ahead_want **by_point;
    size_t count;
    struct charge_ahead_channel *channels;
    size_t channel_count;
};

/* NULL: not read ahead. */
const struct charge_ahead_want *charge_ahead_point(const struct heng_charge_facts *facts, int64_t point_id);
const struct charge_ahead_want *charge_ahead_contract(const struct heng_charge_facts *facts, int64_t contract_id,
                                                      int32_t until);
const struct charge_ahead_channel *charge_ahead_days(const struct heng_charge_facts *facts, int64_t channel_id,
                                                     int32_t from_day, int32_t to_day);
const struct charge_ahead_channel *charge_ahead_bounds(const struct heng_charge_facts *facts, int64_t channel_id,
                                                       heng_us from_us, heng_us to_us);

/* Rows of the questions, for one and for many alike. */
void charge_fill_day(struct heng_query *q, struct heng_charge_day *ret);
void charge_fill_channel(struct heng_query *q, struct heng_channel_row *ret);
/* One row is one register of one reading: those of the same meter and end are joined. */
void charge_take_bound(struct heng_query *q, struct heng_charge_bound *ret, size_t cap, size_t *n);
/* Without ask, trace, lines; states into the arena. */
HENG_NODISCARD heng_rc charge_fill_last(struct heng_query *q, struct heng_arena *arena, struct heng_charge *ret,
                                        struct heng_err *err);

#endif
