/* What a channel is derived by: the site's days, the rules in force, its own limits. */
#include "store/read.h"
#include "usage/parts.h"
#include "usage/quality.h"
#include "vee/rule_sum.h"

enum { RULES_TEXT_MAX = 65536, DAILY = 1440, NEAR_DAILY_MIN = 120 };

heng_rc heng_usage_site_open(struct heng_store_reader *reader, struct heng_usage_site *ret, struct heng_err *err)
{
    struct heng_site_days days;
    *ret = (struct heng_usage_site){0};
    heng_rc rc = heng_site_days_init(&days, reader, err);
    if (rc != HENG_OK) return rc;
    ret->zone = days.zone; /* the site's from here on */
    ret->days = days.rule;
    rc = heng_store_get_setting(reader, "weather_station", ret->station, sizeof ret->station, err);
    if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    if (rc != HENG_OK) heng_usage_site_close(ret);
    return rc;
}

void heng_usage_site_close(struct heng_usage_site *site)
{
    heng_zone_free(site->zone);
    *site = (struct heng_usage_site){0};
}

heng_rc heng_usage_rules(struct heng_store_reader *reader, const struct heng_channel_row *channel, heng_day day,
                         struct heng_rule_set *ret, struct heng_err *err)
{
    struct heng_str text = {.max = RULES_TEXT_MAX};
    int64_t version = 0;
    heng_rc rc = heng_store_get_rules(reader, channel->medium, channel->group_name, day, &version, &text, err);
    if (rc == HENG_OK) rc = heng_rule_set_parse(heng_slice_of(text.text, text.n), ret, err);
    if (rc == HENG_OK) ret->version = (uint32_t)version;
    if (rc == HENG_ENOTFOUND) {
        heng_rule_set_default(channel->medium, ret);
        rc = HENG_OK;
    }
    heng_str_fini(&text);
    return rc;
}

heng_rc heng_usage_channel(const struct heng_usage_site *site, const struct heng_channel_row *row,
                           const struct heng_rule_set *rules, struct heng_channel *ret, struct heng_err *err)
{
    int64_t gap_min = rules->limits[HENG_LIMIT_ESTIMATE_GAP].mantissa; /* a whole number of minutes */
    heng_us minute_us = 60 * HENG_US_PER_S;
    memset(ret, 0, sizeof *ret);
    ret->medium = row->medium;
    ret->quantity = row->quantity;
    ret->unit = row->unit;
    ret->exp = row->exp;
    ret->minutes = row->minutes;
    ret->days = site->days;
    if (!heng_dec_steps(rules->limits[HENG_LIMIT_ESTIMATE_GAP], 0, HENG_ROUND_DOWN, &gap_min)) gap_min = 60;
    /* A quarter of an interval is near; two intervals without a reading between them are no gap yet. */
    ret->near_us = row->minutes == DAILY ? NEAR_DAILY_MIN * minute_us : row->minutes * minute_us / 4;
    ret->short_gap_us = 2 * row->minutes * minute_us;
    if (ret->short_gap_us < gap_min * minute_us) ret->short_gap_us = gap_min * minute_us;
    ret->doubt = rules->grave;
    ret->rules_version = rules->version;
    if (!row->max_per_hour[0]) return HENG_OK;
    ret->max_per_hour.is = true;
    struct heng_err why;
    if (heng_dec_parse(row->max_per_hour, &ret->max_per_hour.dec, &why) == HENG_OK) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "channel %lld: its maximum '%s' is no number", (long long)row->id,
                     row->max_per_hour);
}

void heng_usage_to_row(const struct heng_day_usage *day, int64_t channel_id, struct heng_usage_row *ret)
{
    ret->channel_id = channel_id;
    ret->day = day->day;
    ret->exp = day->exp;
    ret->trust = (uint8_t)day->trust;
    ret->method = (uint8_t)day->method;
    ret->permille = day->permille;
    ret->count = day->count;
    ret->missing = day->missing;
    ret->flags = day->flags;
    ret->amount = day->amount;
    memcpy(ret->amounts, day->amounts, day->count * sizeof *day->amounts);
    memcpy(ret->trusts, day->trusts, day->count);
}

void heng_usage_of_row(const struct heng_usage_row *row, struct heng_day_usage *ret)
{
    ret->day = row->day;
    ret->exp = row->exp;
    ret->trust = (heng_trust)row->trust;
    ret->method = (heng_method)row->method;
    ret->permille = row->permille;
    ret->count = row->count;
    ret->missing = row->missing;
    ret->flags = row->flags;
    ret->amount = row->amount;
    memcpy(ret->amounts, row->amounts, row->count * sizeof *row->amounts);
    memcpy(ret->trusts, row->trusts, row->count);
}
