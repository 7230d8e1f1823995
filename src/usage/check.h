#ifndef HENG_USAGE_CHECK_H
#define HENG_USAGE_CHECK_H
/* The check run: rules over several registers of a point (check_point.c), and over points beside each other
 * (check_group.c). It comes behind the fold: what a derived channel may change is due, and for each day that is due
 * all verdicts of its place are made anew out of stored days, readings and rules. So what is stored at the end does
 * not depend on who came first. Inside of usage/ only. */
#include "store/usage_check.h"
#include "usage/parts.h"

enum {
    HENG_CHECK_CHANNELS_MAX = 32,  /* of a point: those behind them are not looked at */
    HENG_CHECK_MEMBERS_MAX = 2000, /* alike in a building; where there are more, rules of groups say nothing */
    HENG_CHECK_DAYS_MAX = 32,      /* in one piece of work */
    HENG_CHECK_AFTER_DAYS = 70,    /* so far ahead of a change its day is looked at: twice what `swapped` may take */
};

/* A channel of the point at work, and its days as far back as rules look. */
struct heng_check_channel {
    struct heng_channel_row row;
    struct heng_usage_ring ring;
    heng_day filled; /* days before this one are in the ring */
    const struct heng_day_usage *past[HENG_RULES_PAST_DAYS];
};

/* Where a device of the point says its temperatures: ids of registers, 0 none. */
struct heng_check_thermo {
    struct heng_installation inst;
    int64_t flow_id, return_id, volume_id;
    heng_unit volume_unit;
};
enum { HENG_CHECK_DEVICES_MAX = 64 };

/* Means of a day, weighted by what flowed. */
struct heng_check_warmth {
    struct heng_opt_dec flow, back;
    unsigned count; /* values that water flowed for */
};

struct heng_usage_check {
    struct heng_store *store;
    struct heng_store_reader *reader;
    const struct heng_usage_site *site;
    struct heng_rules_in_force in_force;
    struct heng_verdicts verdicts;
    struct heng_usage_row packed;
    struct {
        bool known;
        heng_day day;
        struct heng_opt_dec degrees;
    } weather[2 * HENG_RULES_PAST_DAYS]; /* days at hand, by day modulo the size */
    /* of a point */
    size_t channel_n, thermo_n;
    struct heng_check_channel channels[HENG_CHECK_CHANNELS_MAX];
    struct heng_check_thermo thermos[HENG_CHECK_DEVICES_MAX];
    bool any_condition;
    /* of a group, or of those below a main meter */
    size_t member_n;
    struct heng_check_member members[HENG_CHECK_MEMBERS_MAX + 1];
    struct heng_check_day days[HENG_CHECK_AFTER_DAYS + HENG_CHECK_DAYS_MAX];
    int64_t amounts[HENG_CHECK_MEMBERS_MAX][HENG_CHECK_AFTER_DAYS + HENG_CHECK_DAYS_MAX];
    uint8_t trusts[HENG_CHECK_MEMBERS_MAX][HENG_CHECK_DAYS_MAX];
    int64_t sorted[HENG_CHECK_MEMBERS_MAX], others[HENG_CHECK_MEMBERS_MAX];
};

/* Look at the first days of a due point or group; *ret_until: the last day that is done.
 * Errors: what the store says. */
HENG_NODISCARD heng_rc heng_check_point(struct heng_usage_check *c, const struct heng_check_due *due,
                                        heng_day *ret_until, struct heng_err *err);
HENG_NODISCARD heng_rc heng_check_group(struct heng_usage_check *c, const struct heng_check_due *due,
                                        heng_day *ret_until, struct heng_err *err);

/* Store what the list says of a channel's day, behind the `nr` that are there already. */
HENG_NODISCARD heng_rc heng_check_say(struct heng_usage_check *c, int64_t channel_id, heng_day day,
                                      heng_verdict_place place, uint16_t nr, struct heng_err *err);

/* check_warmth.c */
HENG_NODISCARD heng_rc heng_check_devices(struct heng_usage_check *c, int64_t point_id, heng_us from_us, heng_us to_us,
                                          struct heng_err *err);
HENG_NODISCARD heng_rc heng_check_day_warmth(struct heng_usage_check *c, heng_us from_us, heng_us to_us,
                                             struct heng_check_warmth *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_check_day_conditions(struct heng_usage_check *c, heng_us from_us, heng_us to_us,
                                                 heng_conditions *ret, struct heng_err *err);
/* How many readings have a time that their reader doubts. */
HENG_NODISCARD heng_rc heng_check_day_clock(struct heng_usage_check *c, heng_us from_us, heng_us to_us,
                                            unsigned *ret_count, struct heng_err *err);

/* check_balance.c: what a main meter measured beside the sum of those below it, for days from .. until. */
HENG_NODISCARD heng_rc heng_check_balance(struct heng_usage_check *c, int64_t point_id, heng_day from, heng_day until,
                                          struct heng_err *err);

#endif
