#ifndef HENG_USAGE_WEATHER_H
#define HENG_USAGE_WEATHER_H
/* The weather of a station by days, and degree days by the site's base. Settings: weather_station, the one the site
 * goes by; degree_day_base, "18" or "20/15". */
#include "store/known.h"
#include "usage/usage.h"

/* Below `limit` a day has `inside` - its mean temperature, above it none; in tenths of a degree. "18" is 18/18: the
 * HDD18 of GB 50176 and JGJ 26; "20/15" is the Gradtagzahl of VDI 3807. */
struct heng_degree_base {
    int64_t inside_dc, limit_dc;
};
bool heng_degree_base_parse(const char *text, struct heng_degree_base *ret);
int64_t heng_degree_days_dk(const struct heng_degree_base *base, int64_t mean_dc);

/* One day as it is told. degree_dk counts when has_degree, else it is made by the base. */
struct heng_weather_told {
    heng_day day;
    bool has_degree;
    int64_t mean_dc, degree_dk;
};
enum { HENG_MEAN_DC_MIN = -900, HENG_MEAN_DC_MAX = 600, HENG_DEGREE_DK_MAX = 1100 };

/* Take days of a station, in an open transaction: what says the same as before changes nothing; what heat was shared
 * by the others is due. ret_changed: how many were new or different.
 * Errors: ERANGE a temperature that cannot be, ECONFIG the name of the station; what the store says. */
HENG_NODISCARD heng_rc heng_usage_take_weather(struct heng_store *store, const char *station,
                                               const struct heng_weather_told *days, size_t n, size_t *ret_changed,
                                               struct heng_err *err);

/* The station that the site goes by from now on, and its base (NULL: as it is); degree days that were made by the old
 * base are made again, and all heat is due. In an open transaction. Errors: ENOTFOUND a station without a day, ECONFIG.
 */
HENG_NODISCARD heng_rc heng_usage_use_weather(struct heng_store *store, const char *station, const char *base,
                                              struct heng_err *err);

#endif
