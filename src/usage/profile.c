#include "usage/profile.h"

#include <stdlib.h>

#include "store/known.h"
#include "usage/facts.h"
#include "usage/json_parts.h"
#include "vee/rule_sum.h"

enum { HOURS = 24, MICRO = -6, HOUR_MINUTES = 60, CM2_PER_M2 = 10000 };

/* --- JSON -------------------------------------------------------------------------------------------------------- */

/* Decimals are texts, as everywhere; whole numbers may stand as they are. */
static int64_t take_micro(struct heng_json_reader *r)
{
    char text[HENG_DEC_TEXT_MAX];
    struct heng_dec dec;
    struct heng_err why;
    int64_t micro = 0;
    if (heng_json_peek(r) == HENG_JSON_NUMBER) return heng_json_get_int(r, 0, 1000000000) * 1000000;
    heng_json_get_string(r, text, sizeof text);
    if (r->err.rc != HENG_OK) return 0;
    if (heng_dec_parse(text, &dec, &why) != HENG_OK || dec.mantissa < 0 || dec.exp < MICRO ||
        !heng_dec_steps(dec, MICRO, HENG_ROUND_EVEN, &micro) || micro > INT64_C(1000000000000000))
        heng_json_refuse(r, HENG_EFORMAT, "'%s' is no amount of an hour: 0 to 1000000000, at most six places", text);
    return micro;
}

static void take_hours(struct heng_json_reader *r, struct heng_profile_day *ret)
{
    unsigned n = 0;
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        if (n == HOURS) {
            heng_json_refuse(r, HENG_EFORMAT, "a day of more than %d hours", HOURS);
            return;
        }
        ret->micro[n++] = take_micro(r);
    }
    if (r->err.rc == HENG_OK && n != HOURS) heng_json_refuse(r, HENG_EFORMAT, "a day has %d hours, not %u", HOURS, n);
}

static void take_day(struct heng_json_reader *r, struct heng_profile_day *ret)
{
    struct heng_slice key;
    bool told = false;
    *ret = (struct heng_profile_day){.seasons = UINT16_MAX, .kinds = UINT8_MAX};
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        if (heng_slice_is(key, "seasons"))
            ret->seasons = (uint16_t)heng_usage_json_set(r, HENG_TOU_SEASONS_MAX - 1);
        else if (heng_slice_is(key, "kinds"))
            ret->kinds = (uint8_t)heng_usage_json_set(r, HENG_TOU_HOLIDAY);
        else if (heng_slice_is(key, "hours"))
            take_hours(r, ret), told = true;
        else
            heng_json_refuse(r, HENG_EFORMAT, "a day has no '%.*s'", (int)key.n, (const char *)key.p);
    }
    if (r->err.rc == HENG_OK && !told) heng_json_refuse(r, HENG_EFORMAT, "a day without its hours");
}

static void take_lists(struct heng_json_reader *r, bool seasons, struct heng_usage_profile *ret)
{
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        if (seasons ? ret->year.season_count == HENG_TOU_SEASONS_MAX : ret->day_count == HENG_PROFILE_DAYS_MAX)
            heng_json_refuse(r, HENG_EFORMAT, "at most %d are possible",
                             seasons ? HENG_TOU_SEASONS_MAX : HENG_PROFILE_DAYS_MAX);
        else if (seasons)
            heng_usage_json_season(r, &ret->seasons[ret->year.season_count++]);
        else
            take_day(r, &ret->days[ret->day_count++]);
    }
}

static void take_word(struct heng_json_reader *r, struct heng_slice key, struct heng_usage_profile *ret)
{
    char text[32] = "";
    heng_json_get_string(r, text, sizeof text);
    if (r->err.rc != HENG_OK) return;
    if (heng_slice_is(key, "medium")) {
        ret->medium = heng_medium_of(text);
        if (strcmp(heng_medium_text(ret->medium), text) != 0)
            heng_json_refuse(r, HENG_EFORMAT, "'%s' is no medium", text);
    } else if (heng_slice_is(key, "unit")) {
        if (!heng_usage_unit(text, &ret->unit, &ret->exp))
            heng_json_refuse(r, HENG_EFORMAT, "'%s' is no unit of a counter: kWh, GJ, m3 ... are", text);
    } else {
        ret->per_m2 = strcmp(text, "m2") == 0;
        if (!ret->per_m2 && strcmp(text, "point") != 0)
            heng_json_refuse(r, HENG_EFORMAT, "per is point or m2, not '%s'", text);
    }
}

heng_rc heng_usage_profile_parse(struct heng_slice json, struct heng_usage_profile *ret, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(json);
    struct heng_slice key;
    bool medium = false;
    memset(ret, 0, sizeof *ret);
    ret->year.seasons = ret->seasons;
    ret->year.otherwise = 1;
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        if (heng_slice_is(key, "seasons") || heng_slice_is(key, "days")) {
            take_lists(&r, heng_slice_is(key, "seasons"), ret);
        } else if (heng_slice_is(key, "medium") || heng_slice_is(key, "unit") || heng_slice_is(key, "per")) {
            medium = medium || heng_slice_is(key, "medium");
            take_word(&r, key, ret);
        } else {
            heng_json_refuse(&r, HENG_EFORMAT, "a profile has no '%.*s'", (int)key.n, (const char *)key.p);
        }
    }
    heng_json_finish(&r);
    if (r.err.rc != HENG_OK)
        return heng_fail(err, HENG_EFORMAT, r.err.at, "line %u: %s", (unsigned)r.err.at, r.err.text);
    if (!medium || ret->unit == HENG_UNIT_NONE || !ret->day_count)
        return heng_fail(err, HENG_ECONFIG, 0, "a profile needs its medium, its unit and at least one day");
    return heng_tou_check(&ret->year, err);
}

heng_rc heng_usage_put_profile(struct heng_store *store, struct heng_slice json, const char *group_name,
                               heng_day from_day, int64_t *ret_version, struct heng_err *err)
{
    struct heng_usage_profile *profile = malloc(sizeof *profile);
    if (!profile) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    heng_rc rc = strlen(group_name) < HENG_KEY_MAX
                     ? heng_usage_profile_parse(json, profile, err)
                     : heng_fail(err, HENG_ECONFIG, 0, "the name of the group is too long");
    if (rc == HENG_OK)
        rc = heng_store_put_profile(store, profile->medium, group_name, from_day, json, ret_version, err);
    if (rc == HENG_OK) /* estimates by it are made again */
        rc = heng_store_due_group(store, heng_medium_text(profile->medium), group_name, INT64_MIN, HENG_US_NEVER, err);
    free(profile);
    return rc;
}

/* --- for a day --------------------------------------------------------------------------------------------------- */

static const struct heng_profile_day *entry_for(const struct heng_usage_profile *profile, heng_day day, unsigned kind)
{
    unsigned season = heng_tou_season_of(&profile->year, day);
    for (unsigned i = 0; i < profile->day_count; i++)
        if ((profile->days[i].seasons >> season & 1) && (profile->days[i].kinds >> kind & 1)) return &profile->days[i];
    return NULL;
}

/* Millionths of the unit x minutes in [from, to), by the clock of the wall. */
static int64_t micro_minutes(const struct heng_profile_day *entry, const struct heng_zone *zone, heng_us from_us,
                             heng_us to_us)
{
    const heng_us minute_us = 60 * HENG_US_PER_S;
    int64_t sum = 0;
    while (from_us < to_us) {
        int64_t minute = (from_us / HENG_US_PER_S + heng_zone_offset_s(zone, from_us)) / 60 % (HOURS * HOUR_MINUTES);
        int64_t left = HOUR_MINUTES - minute % HOUR_MINUTES;
        if (left * minute_us > to_us - from_us) left = (to_us - from_us + minute_us - 1) / minute_us;
        sum += entry->micro[minute / HOUR_MINUTES] * left;
        from_us += left * minute_us;
    }
    return sum;
}

bool heng_usage_profile_for(const struct heng_usage_profile *profile, const struct heng_day_rule *rule,
                            const struct heng_channel_row *channel, heng_day day, unsigned kind, unsigned count,
                            int64_t *ret_amounts)
{
    const struct heng_profile_day *entry = entry_for(profile, day, kind);
    struct heng_unit_size from = heng_unit_size_of(profile->unit), to = heng_unit_size_of(channel->unit);
    heng_us at_us = heng_day_from_us(rule, day), end_us = heng_day_from_us(rule, day + 1);
    int64_t sum = 0, before = 0;
    bool fits = profile->unit == channel->unit || (from.kind == to.kind && from.kind != HENG_KIND_OTHER);
    if (!entry || !fits || (profile->per_m2 && channel->area_cm2 <= 0) || at_us < 0) return false;
    for (unsigned i = 0; i < count; i++) {
        heng_us next_us = i + 1 < count ? at_us + channel->minutes * 60 * HENG_US_PER_S : end_us;
        sum += micro_minutes(entry, rule->zone, at_us, next_us);
        struct heng_fraction f = heng_fraction_of(sum);
        heng_fraction_over(&f, HOUR_MINUTES);
        heng_fraction_shift(&f, MICRO + profile->exp - channel->exp);
        if (profile->unit != channel->unit) {
            heng_fraction_times(&f, (heng_i128)from.num * to.den);
            heng_fraction_over(&f, (heng_i128)from.den * to.num);
        }
        if (profile->per_m2) {
            heng_fraction_times(&f, channel->area_cm2);
            heng_fraction_over(&f, CM2_PER_M2);
        }
        int64_t until;
        if (!heng_fraction_int(f, HENG_ROUND_EVEN, &until)) return false;
        ret_amounts[i] = until - before; /* of rounded sums: what is lost here is found there */
        before = until;
        at_us = next_us;
    }
    return true;
}
