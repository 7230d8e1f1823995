#ifndef HENG_USAGE_COMPARE_H
#define HENG_USAGE_COMPARE_H
/* A point beside its own past and beside others like it, and its habits. Definitions: docs/analysis.md. Arrays and
 * texts belong to the arena. Errors of all: as usage/loss.h; ENOTFOUND also for what another organisation manages. */
#include "usage/loss.h"
#include "vee/compare.h"
#include "vee/habits.h"

enum { HENG_PEERS_MAX = 2000 };

/* The point over an earlier period. is: both periods are complete; else why says what is not. */
struct heng_comparison_past {
    bool is;
    const char *why;
    heng_day from, to;
    struct heng_dec amount;
    struct heng_opt_dec degree_days;
    struct heng_compare change;
};

/* One like it, complete in the period. per_m2: not there without an area. */
struct heng_peer {
    int64_t point_id, area_cm2;
    const char *key, *name, *place;
    struct heng_dec amount;
    struct heng_opt_dec per_m2;
};

/* amount, peers: in unit. by_m2: own and peers are compared per m2, for the area of all is known; else as they are.
 * left_out: peers that are not complete; unlike: peers in units of another kind. has_among: own is complete. */
struct heng_comparison {
    struct heng_point_amount now;
    const char *why; /* NULL: complete */
    struct heng_opt_dec per_m2, per_degree_day, watt_per_m2, degree_days;
    struct heng_comparison_past before, year_ago;
    bool has_among, by_m2;
    struct heng_among among;
    struct heng_peer *peers; /* who uses most first */
    size_t peer_n, left_out, unlike;
};
/* The period before: as many months when [from, to) is whole months, else as many days. station '': the first there is.
 */
HENG_NODISCARD heng_rc heng_view_comparison(struct heng_store_reader *reader, struct heng_arena *arena,
                                            const struct heng_site_days *days, const struct heng_loss_ask *ask,
                                            int64_t point_id, const char *station, struct heng_comparison *ret,
                                            struct heng_err *err);

/* found: in multiples of 10^exp of unit, intervals of so many minutes. spread: mean difference of temperature of what
 * went through, of a point that counts heat and volume; low_spread_days of spread_days (with at least 1 m3) were below
 * HENG_LOW_SPREAD_CK. */
enum { HENG_LOW_SPREAD_CK = 300 };
struct heng_habits_view {
    struct heng_point_usage point;
    heng_unit unit;
    int8_t exp;
    int16_t minutes;
    const struct heng_habits_found *found;
    struct heng_opt_dec spread;
    uint32_t spread_days, low_spread_days;
};
HENG_NODISCARD heng_rc heng_view_habits(struct heng_store_reader *reader, struct heng_arena *arena,
                                        const struct heng_site_days *days, const struct heng_loss_ask *ask,
                                        int64_t point_id, struct heng_habits_view *ret, struct heng_err *err);

/* Two points below a main one that look as if they had each other's meter since a day. */
struct heng_swap_view {
    struct heng_point_usage a, b;
    struct heng_dec cross_pct;
};
struct heng_swaps_view {
    struct heng_swap_view *items; /* the clearest first */
    size_t n;
};
enum { HENG_SWAPS_MAX = 50 };
HENG_NODISCARD heng_rc heng_view_swaps(struct heng_store_reader *reader, struct heng_arena *arena,
                                       const struct heng_site_days *days, const struct heng_loss_ask *ask,
                                       int64_t main_id, heng_day since, struct heng_swaps_view *ret,
                                       struct heng_err *err);

#endif
