#ifndef HENG_STORE_KNOWN_H
#define HENG_STORE_KNOWN_H
/* What estimates go by beside a channel's own days: who measures the same, what hangs below the same main meter, what
 * meters kept themselves, standard profiles, the weather of stations. Who writes needs an open transaction. */
#include "base/buf.h"
#include "store/usage_verdicts.h"

/* The point that measures the same as that of a channel; channel_id 0: it is a sum of others. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_get_check(struct heng_store_reader *reader, int64_t channel_id, int64_t *ret_point_id,
                                            int64_t *ret_channel_id, struct heng_err *err);
/* check_id 0: nobody does. */
HENG_NODISCARD heng_rc heng_store_put_check(struct heng_store *store, int64_t point_id, int64_t check_id,
                                            struct heng_err *err);

/* The area of all places with points below a main one, each once; sharing: how many of those points stand in the
 * place of point_id, itself included. Points that are closed on [from_us, to_us) do not count. */
HENG_NODISCARD heng_rc heng_store_area_below(struct heng_store_reader *reader, int64_t point_id, int64_t main_id,
                                             heng_us from_us, heng_us to_us, int64_t *ret_area_cm2,
                                             int64_t *ret_sharing, struct heng_err *err);

/* Is there anything that a meter of the point kept itself, of a moment from..to, both included? */
HENG_NODISCARD heng_rc heng_store_has_kept(struct heng_store_reader *reader, int64_t point_id, heng_us from_us,
                                           heng_us to_us, bool *ret, struct heng_err *err);

/* Standard profiles as text, in versions that never change; the caller checks them before. group_name "": of the whole
 * medium. get: in force on a day, text is appended; errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_put_profile(struct heng_store *store, heng_medium medium, const char *group_name,
                                              int32_t from_day, struct heng_slice text, int64_t *ret_version,
                                              struct heng_err *err);
HENG_NODISCARD heng_rc heng_store_get_profile(struct heng_store_reader *reader, heng_medium medium,
                                              const char *group_name, int32_t day, int64_t *ret_version,
                                              struct heng_str *ret_text, struct heng_err *err);

struct heng_weather_row {
    int32_t day;
    struct heng_weather weather;
};
/* Of days [from, to), oldest first. */
HENG_NODISCARD heng_rc heng_store_list_weather(struct heng_store_reader *reader, const char *station, int32_t from,
                                               int32_t to, struct heng_weather_row *ret, size_t cap, size_t *ret_n,
                                               struct heng_err *err);
struct heng_station_row {
    char station[HENG_KEY_MAX];
    int64_t days;
    int32_t first, last;
};
/* Behind a name ("": from the first). */
HENG_NODISCARD heng_rc heng_store_list_stations(struct heng_store_reader *reader, const char *after,
                                                struct heng_station_row *ret, size_t cap, size_t *ret_n,
                                                struct heng_err *err);

#endif
