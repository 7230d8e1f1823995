#include "usage/events.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "store/read.h"
#include "store/usage.h"
#include "usage/events_parts.h"
#include "usage/facts.h"
#include "usage/usage.h"

enum { FUTURE_ALLOWED_S = 300, EDIT_DAYS_MAX = 800, DIGITS_MAX = 12, FACTOR_MAX = 1000000, INSTALLATIONS_MAX = 256 };

/* --- what is known --------------------------------------------------------------------------------------------- */

const char *heng_event_time(heng_us at_us, char ret[HENG_AT_LEAST(HENG_EVENT_TIME_MAX)])
{
    struct heng_civil c = heng_us_to_civil(at_us);
    snprintf(ret, HENG_EVENT_TIME_MAX, "%04d-%02d-%02d %02d:%02d UTC", c.year, c.month, c.day, c.hour, c.minute);
    return ret;
}

/* The installation of a device (0: any) at a point (0: any) that covers a moment or begins behind it; ENOTFOUND. */
static heng_rc covering(struct heng_event_check *c, int64_t device_id, int64_t point_id, heng_us at_us,
                        struct heng_installation *ret, struct heng_err *err)
{
    struct heng_installation list[INSTALLATIONS_MAX];
    size_t n = 0;
    heng_rc rc = heng_store_list_installations(c->reader, device_id, point_id, list, INSTALLATIONS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        if (list[i].until_us && list[i].until_us <= at_us) continue;
        *ret = list[i];
        return HENG_OK;
    }
    return rc == HENG_OK ? HENG_ENOTFOUND : rc;
}

static heng_rc need_free_point(struct heng_event_check *c, int64_t point_id, heng_us at_us, struct heng_err *err)
{
    char text[HENG_EVENT_TIME_MAX];
    struct heng_installation inst;
    struct heng_meter_row meter;
    heng_rc rc = covering(c, 0, point_id, at_us, &inst, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc == HENG_OK) rc = heng_store_get_meter(c->reader, inst.device_id, &meter, err);
    if (rc != HENG_OK) return rc;
    return heng_fail(err, HENG_ECONFLICT, 0, "meter %s is at this point since %s: exchange or remove it",
                     meter.device.number, heng_event_time(inst.from_us, text));
}

static heng_rc need_free_device(struct heng_event_check *c, int64_t device_id, heng_us at_us, struct heng_err *err)
{
    char text[HENG_EVENT_TIME_MAX];
    struct heng_meter_row meter;
    struct heng_installation inst;
    struct heng_point_scope scope;
    heng_rc rc = heng_store_get_meter(c->reader, device_id, &meter, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no meter %lld", (long long)device_id);
    if (rc == HENG_OK) rc = covering(c, device_id, 0, at_us, &inst, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc != HENG_OK) return rc;
    /* Where it is, and which one, is told only to who may see that. */
    if (heng_store_point_scope(c->reader, c->scope, inst.point_id, &scope, err) != HENG_OK)
        return heng_fail(err, HENG_ECONFLICT, 0, "meter %lld is installed somewhere else then", (long long)device_id);
    return heng_fail(err, HENG_ECONFLICT, 0, "meter %s is at point %lld since %s: move it, or remove it there first",
                     meter.device.number, (long long)inst.point_id, heng_event_time(inst.from_us, text));
}

/* Who is there at that moment, and until now; nobody came behind it. */
static heng_rc need_device(struct heng_event_check *c, int64_t point_id, heng_us at_us, bool still,
                           struct heng_installation *ret, struct heng_err *err)
{
    char text[HENG_EVENT_TIME_MAX], from[HENG_EVENT_TIME_MAX];
    heng_rc rc = covering(c, 0, point_id, at_us, ret, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && ret->from_us >= at_us))
        return heng_fail(err, HENG_ECONFLICT, 0, "there was no meter at this point at %s",
                         heng_event_time(at_us, text));
    if (rc == HENG_OK && still && ret->until_us)
        return heng_fail(err, HENG_ECONFLICT, 0,
                         "the meter that was here at %s was taken away at %s: that has to be undone first",
                         heng_event_time(at_us, text), heng_event_time(ret->until_us, from));
    return rc;
}

/* --- numbers --------------------------------------------------------------------------------------------------- */

static heng_rc check_number(const char *what, const char *text, const char *unit, uint8_t digits, struct heng_err *err)
{
    struct heng_dec dec, most = {1, (int8_t)digits};
    struct heng_err why;
    heng_unit known;
    int8_t exp;
    if (!text[0]) return HENG_OK;
    if (heng_dec_parse(text, &dec, &why) != HENG_OK || dec.mantissa < 0)
        return heng_fail(err, HENG_ERANGE, 0, "%s '%s' is no number that a counter can show", what, text);
    if (!unit[0]) return heng_fail(err, HENG_ERANGE, 0, "%s %s needs its unit: kWh, GJ, m3 ...", what, text);
    if (!heng_usage_unit(unit, &known, &exp))
        return heng_fail(err, HENG_ERANGE, 0, "'%s' is no unit of a counter: kWh, MWh, GJ, m3 ... are", unit);
    if (digits && heng_dec_cmp(dec, most) >= 0)
        return heng_fail(err, HENG_ERANGE, 0, "%s %s has more than the %d digits of the counter", what, text, digits);
    return HENG_OK;
}

/* Registers have an index of their own where a meter comes, goes or changes, each one. */
static heng_rc check_indexes(const struct heng_event_wish *wish, struct heng_err *err)
{
    const struct heng_point_event *e = &wish->event;
    heng_rc rc = HENG_OK;
    if (wish->index_count && !heng_event_has_indexes(e->kind))
        return heng_fail(err, HENG_ERANGE, 0,
                         "indexes of further registers belong to install, remove, exchange, move, reset, multiplier, "
                         "unit");
    for (size_t i = 0; rc == HENG_OK && i < wish->index_count; i++) {
        const struct heng_event_index *index = &wish->indexes[i];
        for (size_t j = 0; j < i; j++)
            if (wish->indexes[j].channel_id == index->channel_id)
                return heng_fail(err, HENG_ERANGE, 0, "channel %lld stands there twice", (long long)index->channel_id);
        rc = check_number("the index before", index->before, index->unit, 0, err);
        if (rc == HENG_OK) rc = check_number("the index", index->after, index->unit, 0, err);
    }
    return rc;
}

static heng_rc check_numbers(const struct heng_event_wish *wish, struct heng_err *err)
{
    const struct heng_point_event *e = &wish->event;
    heng_rc rc = HENG_OK;
    if (e->digits > DIGITS_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "a counter of %d digits: at most %d are possible", e->digits, DIGITS_MAX);
    if (e->factor_num < 0 || e->factor_den < 0 || e->factor_num > FACTOR_MAX || e->factor_den > FACTOR_MAX ||
        (e->factor_num > 0) != (e->factor_den > 0))
        return heng_fail(err, HENG_ERANGE, 0, "a multiplier of %lld / %lld is not possible", (long long)e->factor_num,
                         (long long)e->factor_den);
    uint8_t digits = e->kind == HENG_EVENT_EDIT ? 0 : e->digits;
    rc = check_number("the index before", e->before, e->unit, 0, err);
    if (rc == HENG_OK) rc = check_number("the index", e->after, e->unit, digits, err);
    return rc == HENG_OK ? check_indexes(wish, err) : rc;
}

/* --- what everybody has to say --------------------------------------------------------------------------------- */

static heng_rc check_common(struct heng_event_check *c, const struct heng_point_event *e, struct heng_err *err)
{
    char text[HENG_EVENT_TIME_MAX];
    struct heng_point_scope point;
    if (e->kind >= HENG_EVENT_COUNT || e->kind == HENG_EVENT_INDEX)
        return heng_fail(err, HENG_ERANGE, 0, "that kind of event cannot be added by itself");
    if (!e->who[0] || !e->reason[0]) return heng_fail(err, HENG_ERANGE, 0, "who says so, and why, has to be told");
    if (e->at_us > c->now_us + FUTURE_ALLOWED_S * HENG_US_PER_S || e->at_us < HENG_CHANNEL_FACT_US_MIN)
        return heng_fail(err, HENG_ERANGE, 0, "%s cannot be: it has not happened yet, or too long ago",
                         heng_event_time(e->at_us, text));
    if (e->photo.n > HENG_PHOTO_MAX)
        return heng_fail(err, HENG_ERANGE, 0, "the photo has more than %d MB", HENG_PHOTO_MAX >> 20);
    heng_rc rc = heng_store_point_scope(c->reader, c->scope, e->point_id, &point, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no point %lld", (long long)e->point_id);
    if (rc != HENG_OK) return rc;
    if (point.is_virtual)
        return heng_fail(err, HENG_ECONFLICT, 0, "the point is a sum of others: things happen at those");
    if (point.closed_us && e->at_us >= point.closed_us)
        return heng_fail(err, HENG_ECONFLICT, 0, "the point is closed since %s",
                         heng_event_time(point.closed_us, text));
    return HENG_OK;
}

static heng_rc check_channel(struct heng_event_check *c, int64_t point_id, int64_t channel_id, struct heng_err *err)
{
    struct heng_channel_row row;
    if (!channel_id) return HENG_OK;
    heng_rc rc = heng_store_get_channel(c->reader, c->scope, channel_id, &row, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && row.point_id != point_id))
        return heng_fail(err, HENG_ENOTFOUND, 0, "the point has no channel %lld", (long long)channel_id);
    return rc;
}

/* --- kinds ----------------------------------------------------------------------------------------------------- */

/* The multiplier of an installation at a moment: what it began with, or what an event said since. */
static heng_rc factor_at(struct heng_event_check *c, const struct heng_installation *inst, heng_us at_us,
                         int64_t *ret_num, int64_t *ret_den, struct heng_err *err)
{
    enum { PAGE = 32 };
    struct heng_point_event page[PAGE];
    heng_us after_us = inst->from_us;
    int64_t after_id = INT64_MAX; /* of that very moment is what was said of the meter before */
    *ret_num = inst->factor_num;
    *ret_den = inst->factor_den;
    for (size_t n = PAGE; n == PAGE; after_us = page[n - 1].at_us, after_id = page[n - 1].id) {
        heng_rc rc = heng_store_list_events(c->reader, 0, inst->point_id, after_us, after_id, page, PAGE, &n, err);
        if (rc != HENG_OK || !n) return rc;
        for (size_t i = 0; i < n && page[i].at_us <= at_us; i++) {
            if (page[i].kind != HENG_EVENT_MULTIPLIER || page[i].undone_by || page[i].channel_id) continue;
            *ret_num = page[i].factor_num;
            *ret_den = page[i].factor_den;
        }
    }
    return HENG_OK;
}

/* A new meter behind the same transformers has their factor, one without them has none: only who was there knows. */
static heng_rc need_factor(struct heng_event_check *c, const struct heng_point_event *e, struct heng_err *err)
{
    int64_t num, den;
    if (e->factor_num) return HENG_OK;
    heng_rc rc = factor_at(c, &c->old, e->at_us, &num, &den, err);
    if (rc != HENG_OK || num == den) return rc;
    return heng_fail(err, HENG_ERANGE, 0,
                     "the old meter has the multiplier %lld/%lld: tell that of the new one, 1 for none", (long long)num,
                     (long long)den);
}

static heng_rc check_exchange(struct heng_event_check *c, struct heng_point_event *e, struct heng_err *err)
{
    heng_rc rc = need_device(c, e->point_id, e->at_us, true, &c->old, err);
    if (rc == HENG_OK && c->old.device_id == e->device_id)
        return heng_fail(err, HENG_ECONFLICT, 0, "the new meter is the one that is there already");
    if (rc == HENG_OK) rc = need_free_device(c, e->device_id, e->at_us, err);
    if (rc == HENG_OK) rc = need_factor(c, e, err);
    if (rc == HENG_OK) rc = heng_event_check_final(c, e, c->old.device_id, err);
    return rc == HENG_OK ? heng_event_check_initial(c, e, err) : rc;
}

static heng_rc check_move(struct heng_event_check *c, struct heng_point_event *e, struct heng_err *err)
{
    struct heng_point_scope point;
    heng_rc rc = covering(c, e->device_id, 0, e->at_us, &c->old, err);
    if (rc == HENG_OK) rc = heng_store_point_scope(c->reader, c->scope, c->old.point_id, &point, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && (c->old.from_us >= e->at_us || c->old.until_us)))
        return heng_fail(err, HENG_ECONFLICT, 0, "the meter is nowhere that it could be moved from then: install it");
    if (rc == HENG_OK && c->old.point_id == e->point_id)
        return heng_fail(err, HENG_ECONFLICT, 0, "the meter is at this point already");
    if (rc == HENG_OK) rc = need_free_point(c, e->point_id, e->at_us, err);
    if (rc != HENG_OK) return rc;
    e->other_point = c->old.point_id;
    if (!e->factor_num) rc = factor_at(c, &c->old, e->at_us, &e->factor_num, &e->factor_den, err);
    if (rc != HENG_OK) return rc;
    if (!e->digits) e->digits = c->old.digits;
    if (!e->after[0]) memcpy(e->after, e->before, sizeof e->after); /* it shows the same here and there */
    if (!e->before[0]) memcpy(e->before, e->after, sizeof e->before);
    struct heng_point_event there = *e;
    there.point_id = e->other_point;
    return heng_event_check_final(c, &there, e->device_id, err);
}

static heng_rc found_it(void *ctx, const struct heng_reading_row *row)
{
    struct heng_point_event *e = ctx;
    if ((int64_t)row->source == (e->reading_source & 3)) e->until_us = 1;
    return HENG_OK;
}

static heng_rc check_said(struct heng_event_check *c, struct heng_point_event *e, struct heng_err *err)
{
    char text[HENG_EVENT_TIME_MAX];
    static _Thread_local struct heng_reading reading;
    struct heng_point_event found = *e;
    size_t n = 0;
    struct heng_installation inst;
    heng_rc rc = heng_store_list_installations(c->reader, e->device_id, e->point_id, &inst, 1, &n, err);
    if (rc != HENG_OK) return rc;
    if (!e->device_id || !n)
        return heng_fail(err, HENG_ENOTFOUND, 0, "the meter of the reading was never at this point");
    found.until_us = 0;
    if (e->reading_source & 4)
        rc = heng_store_each_due(c->reader, e->device_id, e->reading_at, e->reading_at + 1, found_it, &found, err);
    else if ((rc = heng_store_get_reading(c->reader, e->device_id, e->reading_at, (heng_source)e->reading_source,
                                          &reading, err)) == HENG_OK)
        found.until_us = 1;
    if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
    if (!found.until_us)
        return heng_fail(err, HENG_ENOTFOUND, 0, "the meter has no reading of %s",
                         heng_event_time(e->reading_at, text));
    e->at_us = e->reading_at;
    return HENG_OK;
}

static bool same_person(const char *a, const char *b)
{
    while (*a == ' ') a++;
    while (*b == ' ') b++;
    size_t n = strlen(a), m = strlen(b);
    while (n && a[n - 1] == ' ') n--;
    while (m && b[m - 1] == ' ') m--;
    return n == m && strncasecmp(a, b, n) == 0;
}

/* The limit of the setting for a unit, in steps of that unit (Wh, J, m3, kg). ret_is false: there is none. */
static heng_rc edit_limit(struct heng_event_check *c, heng_unit unit, bool *ret_is, struct heng_dec *ret,
                          struct heng_err *err)
{
    char text[HENG_DEC_TEXT_MAX];
    struct heng_err why;
    bool volume = unit == HENG_UNIT_M3 || unit == HENG_UNIT_KG;
    heng_rc rc =
        heng_store_get_setting(c->reader, volume ? "edit_limit_volume" : "edit_limit_energy", text, sizeof text, err);
    *ret_is = rc == HENG_OK && text[0];
    *ret = (struct heng_dec){0}; /* of what cannot be compared everything is above */
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    struct heng_dec limit;
    if (!*ret_is || heng_dec_parse(text, &limit, &why) != HENG_OK) return rc;
    if (unit == HENG_UNIT_J && heng_dec_scale(limit, 36, &limit) != HENG_OK) return rc; /* 1 kWh is 36 x 10^5 J */
    if (heng_dec_shift(limit, unit == HENG_UNIT_J ? 5 : unit == HENG_UNIT_M3 ? 0 : 3, &limit) == HENG_OK) *ret = limit;
    return rc;
}

/* What stood there until now for the days that an edit touches, in the unit of the channel. */
static heng_rc amount_before(struct heng_event_check *c, const struct heng_point_event *e, struct heng_dec *ret,
                             struct heng_err *err)
{
    struct heng_usage_site site;
    struct heng_usage_sum sum = {0};
    heng_rc rc = heng_usage_site_open(c->reader, &site, err);
    if (rc != HENG_OK) return rc;
    heng_day from = heng_day_at(&site.days, e->at_us), to = heng_day_at(&site.days, e->until_us - 1) + 1;
    rc = heng_store_sum_usage(c->reader, e->channel_id, from, to, &sum, err);
    heng_usage_site_close(&site);
    *ret = sum.amount;
    return rc;
}

/* Is what an edit sets, or what it takes away, above the limit of the setting? */
static heng_rc is_above(struct heng_event_check *c, const struct heng_point_event *e, bool *ret, struct heng_err *err)
{
    struct heng_channel_row row;
    struct heng_dec amount, limit;
    heng_unit unit;
    int8_t exp;
    bool is = false;
    *ret = false;
    if (!heng_usage_unit(e->unit, &unit, &exp)) return HENG_OK;
    heng_rc rc = edit_limit(c, unit, &is, &limit, err);
    if (rc != HENG_OK || !is) return rc;
    *ret = heng_dec_parse(e->after, &amount, NULL) != HENG_OK || heng_dec_shift(amount, exp, &amount) != HENG_OK ||
           heng_dec_cmp(amount, limit) > 0;
    if (*ret) return HENG_OK;
    rc = heng_store_get_channel(c->reader, c->scope, e->channel_id, &row, err);
    if (rc == HENG_OK) rc = edit_limit(c, row.unit, &is, &limit, err);
    if (rc == HENG_OK) rc = amount_before(c, e, &amount, err);
    *ret = rc == HENG_OK && is && heng_dec_cmp(amount, limit) > 0;
    return rc;
}

static heng_rc check_edit(struct heng_event_check *c, struct heng_point_event *e, struct heng_err *err)
{
    bool above = false;
    if (!e->after[0]) return heng_fail(err, HENG_ERANGE, 0, "how much was used has to be told");
    if (!e->channel_id) return heng_fail(err, HENG_ERANGE, 0, "the channel whose amount it is has to be told");
    if (e->until_us <= e->at_us || e->until_us - e->at_us > EDIT_DAYS_MAX * HENG_US_PER_DAY)
        return heng_fail(err, HENG_ERANGE, 0, "the amount has to be of a stretch of time, of at most %d days",
                         EDIT_DAYS_MAX);
    heng_rc rc = is_above(c, e, &above, err);
    if (rc != HENG_OK) return rc;
    if (e->second[0] && same_person(e->who, e->second))
        return heng_fail(err, HENG_EDENIED, 0, "the second person has to be another one than %s", e->who);
    if (above && !e->second[0])
        return heng_fail(err, HENG_EDENIED, 0,
                         "%s %s, or what stood there before, is above the limit: a second person has to "
                         "agree",
                         e->after, e->unit);
    return HENG_OK;
}

static heng_rc check_undo(struct heng_event_check *c, struct heng_point_event *e, struct heng_err *err)
{
    heng_rc rc = heng_store_get_event(c->reader, c->scope, e->undoes, &c->undone, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && c->undone.point_id != e->point_id))
        return heng_fail(err, HENG_ENOTFOUND, 0, "the point has no event %lld", (long long)e->undoes);
    if (rc != HENG_OK) return rc;
    if (c->undone.kind == HENG_EVENT_UNDO)
        return heng_fail(err, HENG_ECONFLICT, 0, "an undo cannot be undone: add the event again");
    if (c->undone.undone_by)
        return heng_fail(err, HENG_ECONFLICT, 0, "event %lld was undone already", (long long)e->undoes);
    e->at_us = c->undone.at_us;
    e->device_id = c->undone.device_id;
    return heng_event_check_undo(c, err);
}

static heng_rc check_kind(struct heng_event_check *c, struct heng_point_event *e, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    switch (e->kind) {
    case HENG_EVENT_INSTALL:
        rc = need_free_point(c, e->point_id, e->at_us, err);
        if (rc == HENG_OK) rc = need_free_device(c, e->device_id, e->at_us, err);
        return rc == HENG_OK ? heng_event_check_initial(c, e, err) : rc;
    case HENG_EVENT_REMOVE:
        rc = need_device(c, e->point_id, e->at_us, true, &c->old, err);
        e->device_id = c->old.device_id;
        return rc == HENG_OK ? heng_event_check_final(c, e, e->device_id, err) : rc;
    case HENG_EVENT_EXCHANGE: return check_exchange(c, e, err);
    case HENG_EVENT_MOVE: return check_move(c, e, err);
    case HENG_EVENT_MULTIPLIER:
        if (!e->factor_num) return heng_fail(err, HENG_ERANGE, 0, "the new multiplier has to be told");
        return need_device(c, e->point_id, e->at_us, false, &c->old, err);
    case HENG_EVENT_UNIT:
        if (!e->unit[0]) return heng_fail(err, HENG_ERANGE, 0, "the new unit has to be told");
        return need_device(c, e->point_id, e->at_us, false, &c->old, err);
    case HENG_EVENT_ROLLOVER:
    case HENG_EVENT_RESET: return need_device(c, e->point_id, e->at_us, false, &c->old, err);
    case HENG_EVENT_ACCEPT:
    case HENG_EVENT_REJECT: return check_said(c, e, err);
    case HENG_EVENT_EDIT: return check_edit(c, e, err);
    case HENG_EVENT_UNDO: return check_undo(c, e, err);
    case HENG_EVENT_INDEX:
    case HENG_EVENT_COUNT: break;
    }
    return heng_fail(err, HENG_EBUG, 0, "an event of kind %d", (int)e->kind);
}

/* --- add ------------------------------------------------------------------------------------------------------- */

/* The point of a channel: that of the event, or the one that the meter was moved away from. */
static heng_rc index_point(struct heng_event_check *c, const struct heng_point_event *event, int64_t channel_id,
                           int64_t *ret, struct heng_err *err)
{
    *ret = event->point_id;
    heng_rc rc = check_channel(c, *ret, channel_id, err);
    if (rc != HENG_ENOTFOUND || event->kind != HENG_EVENT_MOVE) return rc;
    *ret = event->other_point;
    return check_channel(c, *ret, channel_id, err);
}

static heng_rc add_indexes(struct heng_event_check *c, const struct heng_event_wish *wish,
                           const struct heng_point_event *event, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < wish->index_count; i++) {
        const struct heng_event_index *index = &wish->indexes[i];
        int64_t id;
        struct heng_point_event row = {.channel_id = index->channel_id,
                                       .device_id = event->device_id,
                                       .kind = HENG_EVENT_INDEX,
                                       .at_us = event->at_us,
                                       .recorded_us = c->now_us};
        rc = index_point(c, event, index->channel_id, &row.point_id, err);
        if (rc != HENG_OK) return rc;
        memcpy(row.before, index->before, sizeof row.before);
        memcpy(row.after, index->after, sizeof row.after);
        memcpy(row.unit, index->unit, sizeof row.unit);
        memcpy(row.who, event->who, sizeof row.who);
        memcpy(row.reason, event->reason, sizeof row.reason);
        rc = heng_store_add_event(c->store, &row, &id, err);
    }
    return rc;
}

static heng_rc mark_due(struct heng_event_check *c, const struct heng_point_event *e, struct heng_err *err)
{
    heng_event_kind kind = e->kind == HENG_EVENT_UNDO ? c->undone.kind : e->kind;
    heng_us from_us = e->at_us, to_us = HENG_US_NEVER;
    int64_t other = e->kind == HENG_EVENT_UNDO ? c->undone.other_point : e->other_point;
    if (kind == HENG_EVENT_INSTALL || kind == HENG_EVENT_REMOVE || kind == HENG_EVENT_EXCHANGE ||
        kind == HENG_EVENT_MOVE) {
        /* Whose readings a device's are may change for all times, here and where it was before. */
        from_us = INT64_MIN;
        heng_rc rc = heng_store_due_device(c->store, e->device_id, from_us, to_us, err);
        if (rc == HENG_OK && other) rc = heng_store_due_point(c->store, other, 0, from_us, to_us, err);
        if (rc != HENG_OK) return rc;
    }
    return heng_store_due_point(c->store, e->point_id, e->channel_id, from_us, to_us, err);
}

heng_rc heng_event_add(struct heng_store *store, int64_t scope, const struct heng_event_wish *wish, heng_us now_us,
                       int64_t *ret_id, struct heng_err *err)
{
    struct heng_event_check c = {
        .store = store, .reader = heng_store_as_reader(store), .scope = scope, .now_us = now_us};
    struct heng_point_event event = wish->event;
    if (event.kind == HENG_EVENT_ACCEPT || event.kind == HENG_EVENT_REJECT)
        event.at_us = now_us; /* the reading's, below */
    if (event.kind == HENG_EVENT_UNDO) event.at_us = now_us;
    event.recorded_us = now_us;
    heng_rc rc = check_common(&c, &event, err);
    if (rc == HENG_OK) rc = check_numbers(wish, err);
    if (rc == HENG_OK) rc = check_channel(&c, event.point_id, event.channel_id, err);
    if (rc == HENG_OK) rc = check_kind(&c, &event, err);
    if (rc == HENG_OK) rc = heng_store_add_event(store, &event, ret_id, err);
    if (rc == HENG_OK) rc = add_indexes(&c, wish, &event, err);
    if (rc == HENG_OK) rc = heng_event_follow(&c, &event, err);
    return rc == HENG_OK ? mark_due(&c, &event, err) : rc;
}
