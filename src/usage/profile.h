#ifndef HENG_USAGE_PROFILE_H
#define HENG_USAGE_PROFILE_H
/* Standard profiles: what a point of a medium and group typically uses, hour by hour, for days of which nothing better
 * is known. They are data, in versions, as JSON; kinds of days and seasons as in a calendar (usage/tou.h):
 *   {"medium": "heat", "unit": "kWh", "per": "m2", "seasons": ["04-15", "10-15"],
 *    "days": [{"seasons": [1], "kinds": [5, 6, 7], "hours": ["0.03", "0.03", ... 24 of them]}]}
 * per: "point", or "m2" of the point's place. Of several entries that fit a day the first counts; a day that none fits
 * has no profile. seasons, kinds left out: all. */
#include "store/usage.h"
#include "vee/tou.h"

enum { HENG_PROFILE_DAYS_MAX = 64 };
struct heng_profile_day {
    uint16_t seasons; /* set */
    uint8_t kinds;    /* set of 0 Monday .. 7 holiday */
    int64_t micro[24];
};
/* Hours are in millionths of 10^exp unit. year points into seasons: not to be copied. */
struct heng_usage_profile {
    heng_medium medium;
    heng_unit unit;
    int8_t exp;
    bool per_m2;
    struct heng_tou year;
    struct heng_tou_season seasons[HENG_TOU_SEASONS_MAX];
    uint16_t day_count;
    struct heng_profile_day days[HENG_PROFILE_DAYS_MAX];
};

/* Errors: EFORMAT no JSON or not this (err->at is the line), ECONFIG a profile that cannot be. */
HENG_NODISCARD heng_rc heng_usage_profile_parse(struct heng_slice json, struct heng_usage_profile *ret,
                                                struct heng_err *err);

/* Check a profile and store it for a medium and group ("" all) as the next version, in force from a day on. In an open
 * transaction. Estimates that were made stay as they are. */
HENG_NODISCARD heng_rc heng_usage_put_profile(struct heng_store *store, struct heng_slice json, const char *group_name,
                                              heng_day from_day, int64_t *ret_version, struct heng_err *err);

/* The profile made for a day of a channel of a point of this area (0: not known): `count` amounts of intervals of so
 * many minutes in multiples of 10^exp unit, which sum to the rounded whole. kind: of the day. false: it says nothing
 * of this day, or counts something else. */
bool heng_usage_profile_for(const struct heng_usage_profile *profile, const struct heng_day_rule *rule,
                            const struct heng_channel_row *channel, heng_day day, unsigned kind, unsigned count,
                            int64_t *ret_amounts);

#endif
