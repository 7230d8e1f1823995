#ifndef HENG_USAGE_TOU_H
#define HENG_USAGE_TOU_H
/* Usage by periods of a tariff (vee/tou.h). A calendar is JSON; kinds of days are 0 Monday .. 6 Sunday, 7 holiday,
 * seasons are numbers in their list, minutes count from midnight:
 *   {"otherwise": 3, "seasons": ["01-01", "07-01"],
 *    "windows": [{"seasons": [0, 1], "kinds": [0, 1, 2, 3, 4], "period": 1, "from": 480, "to": 660}],
 *    "specials": [{"date": "2026-10-01", "kind": 7}]} */
#include "store/usage.h"
#include "vee/tou.h"

enum { HENG_CALENDAR_VERSIONS_MAX = 32 };

/* One version. tou points into the rest: not to be copied. */
struct heng_calendar {
    struct heng_tou tou;
    struct heng_tou_season seasons[HENG_TOU_SEASONS_MAX];
    struct heng_tou_window windows[HENG_TOU_WINDOWS_MAX];
    struct heng_tou_special specials[HENG_TOU_SPECIALS_MAX];
};

/* Errors: EFORMAT no JSON or not this, ECONFIG a calendar that cannot be; err->at is the line or the entry. */
HENG_NODISCARD heng_rc heng_calendar_parse(struct heng_slice json, struct heng_calendar *ret, struct heng_err *err);

/* Check a calendar and store it as the next version of its key, in force from a day on. In an open transaction. */
HENG_NODISCARD heng_rc heng_usage_put_calendar(struct heng_store *store, const char *key, heng_day from_day,
                                               struct heng_slice json, int64_t *ret_version, struct heng_err *err);

/* All versions of a calendar, or none. */
struct heng_calendars {
    struct heng_calendar *list; /* owned */
    struct heng_tou versions[HENG_CALENDAR_VERSIONS_MAX];
    size_t n;
};
/* The one of a key; and the one whose days a site keeps, which its setting `holiday_calendar` names: without the
 * setting there are no versions, and days are what their weekdays are. Errors: ENOTFOUND, ELIMIT, ENOMEM. */
HENG_NODISCARD heng_rc heng_calendars_open(struct heng_store_reader *reader, const char *key,
                                           struct heng_calendars *ret, struct heng_err *err);
HENG_NODISCARD heng_rc heng_calendars_open_site(struct heng_store_reader *reader, struct heng_calendars *ret,
                                                struct heng_err *err);
void heng_calendars_close(struct heng_calendars *calendars);

/* How people live on a day: 0 it is worked, 1 Saturday, 2 Sunday or holiday. A Saturday that works as a Friday is 0. */
unsigned heng_calendars_kind(const struct heng_calendars *calendars, heng_day day);

/* What a channel used in days [from, to), by period; [0] is of time without a calendar. missing: intervals without an
 * amount. Errors: ENOTFOUND no calendar of that key, ELIMIT too many versions, ERANGE. */
struct heng_tou_sum {
    int64_t amounts[HENG_TOU_PERIODS + 1], seconds[HENG_TOU_PERIODS + 1], missing[HENG_TOU_PERIODS + 1];
    uint8_t trusts[HENG_TOU_PERIODS + 1];
};
HENG_NODISCARD heng_rc heng_usage_by_period(struct heng_store_reader *reader, const char *key,
                                            const struct heng_channel_row *channel, heng_day from, heng_day to,
                                            struct heng_tou_sum *ret, struct heng_err *err);

#endif
