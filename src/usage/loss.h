#ifndef HENG_USAGE_LOSS_H
#define HENG_USAGE_LOSS_H
/* What goes in and what comes out, from source to household: each point that measures others again against them, over
 * the same days of the site. Definitions: docs/analysis.md. Arrays and texts belong to the arena. Errors of all: EIO,
 * EBUSY, ENOMEM (arena), ENOTFOUND; ERANGE a period that cannot be, or sums that do not fit; ECONFLICT a virtual point
 * that is made of itself. */
#include "usage/quality.h"
#include "vee/balance.h"

enum { HENG_LOSS_DAYS_MAX = 1100, HENG_LOSS_PARTS_MAX = 20000, HENG_VIRTUAL_DEPTH_MAX = 8 };

/* scope: the organisation that asks, 0: the operator. Days [from, to). error_permyriad: what meters are off by, 0: by
 * their class (heng_accuracy_permyriad), and by their medium (heng_meter_error_permyriad) where that is not known. */
struct heng_loss_ask {
    int64_t scope;
    heng_day from, to;
    struct heng_balance_limits limits;
    uint16_t error_permyriad;
};

/* By the classes that are usual: electricity 1 %, water and gas 2 %, heat and cold 3 %. */
uint16_t heng_meter_error_permyriad(heng_medium medium);

/* What a point used, and what of that is estimated, edited or suspect. has_amount: every day has one on which the point
 * was open. A virtual point is the sum of its terms, in the unit of its channel, else in that of the first term. */
struct heng_point_amount {
    struct heng_point_usage point;
    bool has_amount;
    heng_unit unit;
    struct heng_dec amount, doubtful;
};
HENG_NODISCARD heng_rc heng_point_amount(struct heng_store_reader *reader, const struct heng_site_days *days,
                                         int64_t scope, int64_t point_id, heng_day from, heng_day to,
                                         struct heng_point_amount *ret, struct heng_err *err);

/* The same amount in another unit of its kind: as it is, or rounded half to even to a thousandth of the unit or finer.
 * Errors: EUNSUPPORTED units of different kinds; ERANGE. */
HENG_NODISCARD heng_rc heng_amount_in(struct heng_dec amount, heng_unit from, heng_unit to, struct heng_dec *ret);

/* One meter below: another's (not visible) has no amount and no name. */
struct heng_loss_part {
    struct heng_point_amount amount; /* in the unit of the main point where it can be */
    struct heng_balance_part part;
};

/* A main point. depth: how many main points are above it. others: meters below that somebody else manages. */
struct heng_loss {
    struct heng_point_usage point;
    heng_unit unit;
    int32_t depth;
    struct heng_balance balance;
    size_t others;
    struct heng_loss_part *parts; /* the main point first; points that only check are left out */
    size_t part_n;
};
HENG_NODISCARD heng_rc heng_view_loss(struct heng_store_reader *reader, struct heng_arena *arena,
                                      const struct heng_site_days *days, const struct heng_loss_ask *ask,
                                      int64_t point_id, struct heng_loss *ret, struct heng_err *err);

/* All main points at a place or below it (0: everywhere), without their parts, the worst first: beyond a limit by the
 * size of the loss, then uncertain, then those of which nothing can be said, then the others. */
struct heng_losses {
    struct heng_loss *items;
    size_t n;
};
HENG_NODISCARD heng_rc heng_view_losses(struct heng_store_reader *reader, struct heng_arena *arena,
                                        const struct heng_site_days *days, const struct heng_loss_ask *ask,
                                        int64_t place_id, struct heng_losses *ret, struct heng_err *err);

#endif
