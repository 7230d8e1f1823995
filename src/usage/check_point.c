/* The registers of a point beside each other, day by day. */
#include "store/quality.h"
#include "usage/check.h"
#include "vee/rule_sum.h"

#define BIT(rule) (UINT64_C(1) << HENG_RULE_##rule)

/* --- days at hand ---------------------------------------------------------------------------------------------- */

static unsigned slot_of(heng_day day)
{
    return (unsigned)(((int64_t)day % HENG_USAGE_RING + HENG_USAGE_RING) % HENG_USAGE_RING);
}

static const struct heng_day_usage *day_of(const struct heng_usage_ring *ring, heng_day day)
{
    unsigned i = slot_of(day);
    return ring->there[i] && ring->of[i] == day ? &ring->days[i] : NULL;
}

/* Have a day and those before it in the ring. */
static heng_rc fill(struct heng_usage_check *c, struct heng_check_channel *channel, heng_day day, struct heng_err *err)
{
    struct heng_usage_scan scan;
    heng_rc rc;
    heng_day from = day - HENG_RULES_PAST_DAYS;
    if (channel->filled > from) from = channel->filled;
    heng_usage_scan_begin(&scan, c->reader, HENG_USAGE_MEASURED, channel->row.id, from, day + 1);
    while ((rc = heng_usage_scan_next(&scan, &c->packed, err)) == HENG_OK) {
        unsigned i = slot_of(c->packed.day);
        channel->ring.there[i] = true;
        channel->ring.of[i] = c->packed.day;
        memset(&channel->ring.days[i], 0, sizeof channel->ring.days[i]);
        heng_usage_of_row(&c->packed, &channel->ring.days[i]);
    }
    heng_usage_scan_end(&scan);
    channel->filled = day + 1;
    for (unsigned i = 0; i < HENG_RULES_PAST_DAYS; i++)
        channel->past[i] = day_of(&channel->ring, day - 1 - (heng_day)i);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

/* --- who stands beside whom ------------------------------------------------------------------------------------ */

static heng_unit_kind kind_of(const struct heng_channel_row *row) { return heng_unit_size_of(row->unit).kind; }

static bool is_backward(const char *qualifier) { return strcmp(qualifier, "backward") == 0; }

static bool is_forward(const char *qualifier) { return !qualifier[0] || strcmp(qualifier, "forward") == 0; }

/* Water that carries heat in winter and cold in summer says nothing of either counter alone. */
static bool is_combined(const struct heng_usage_check *c)
{
    bool heat = false, cold = false;
    for (size_t i = 0; i < c->channel_n; i++) {
        heat |= c->channels[i].row.quantity == HENG_QUANTITY_ENERGY_HEAT;
        cold |= c->channels[i].row.quantity == HENG_QUANTITY_ENERGY_COOLING;
    }
    return heat && cold;
}

static heng_rules_role role_of(const struct heng_channel_row *own, const struct heng_channel_row *other, bool combined)
{
    bool same = own->quantity == other->quantity;
    bool plain = !other->tariff && is_forward(other->qualifier);
    if (same && !own->tariff && other->tariff && strcmp(own->qualifier, other->qualifier) == 0) return HENG_ROLE_TARIFF;
    if (same && own->tariff == other->tariff && is_forward(own->qualifier) && is_backward(other->qualifier))
        return HENG_ROLE_BACKWARD;
    if (other->quantity == HENG_QUANTITY_ON_TIME || other->quantity == HENG_QUANTITY_OPERATING_TIME)
        return HENG_ROLE_TIME;
    if (combined || !plain || own->tariff || !is_forward(own->qualifier)) return HENG_ROLE_OTHER;
    if (kind_of(own) == HENG_KIND_ENERGY && kind_of(other) == HENG_KIND_VOLUME) return HENG_ROLE_VOLUME;
    if (kind_of(own) == HENG_KIND_VOLUME && kind_of(other) == HENG_KIND_ENERGY) return HENG_ROLE_ENERGY;
    return HENG_ROLE_OTHER;
}

static uint8_t siblings_of(const struct heng_usage_check *c, size_t own, heng_day day, struct heng_rules_sibling *ret)
{
    uint8_t n = 0;
    bool combined = is_combined(c);
    for (size_t i = 0; i < c->channel_n; i++) {
        const struct heng_check_channel *other = &c->channels[i];
        if (i == own) continue;
        ret[n++] = (struct heng_rules_sibling){role_of(&c->channels[own].row, &other->row, combined),
                                               {.unit = other->row.unit,
                                                .past_count = HENG_RULES_PAST_DAYS,
                                                .day = day_of(&other->ring, day),
                                                .past = other->past}};
    }
    return n;
}

/* --- a day ----------------------------------------------------------------------------------------------------- */

/* Temperatures belong to the first counter of energy, what the device says of itself to the one that is billed. */
static bool is_warm(const struct heng_usage_check *c, size_t at)
{
    for (size_t i = 0; i < c->channel_n; i++)
        if (kind_of(&c->channels[i].row) == HENG_KIND_ENERGY) return i == at;
    return c->channels[at].row.main;
}

enum { WARMTH_ENOUGH = 4 };

/* Readings of a clock that is off are suspect, and so are their intervals: only then it is worth to look. */
static heng_rc check_clock(struct heng_usage_check *c, const struct heng_rules_day *in, struct heng_err *err)
{
    unsigned doubtful = 0, suspect = 0;
    for (unsigned i = 0; i < in->own.day->count; i++) suspect += in->own.day->trusts[i] == HENG_TRUST_SUSPECT;
    heng_rc rc = suspect ? heng_check_day_clock(c, in->from_us, in->to_us, &doubtful, err) : HENG_OK;
    struct heng_verdict *v =
        doubtful ? heng_verdicts_say(&c->verdicts, &c->in_force.set, HENG_RULE_CLOCK, in->from_us, in->to_us) : NULL;
    if (v) heng_opt_put(&v->reference, doubtful, 0);
    return rc;
}

static heng_rc check_channel(struct heng_usage_check *c, size_t at, const struct heng_rules_day *of_day,
                             const struct heng_check_warmth *warmth, struct heng_err *err)
{
    static _Thread_local struct heng_rules_sibling siblings[HENG_CHECK_CHANNELS_MAX];
    const uint64_t sums = BIT(PHYSICS) | BIT(FACTOR);
    const struct heng_check_channel *channel = &c->channels[at];
    struct heng_rules_day in = *of_day;
    heng_day day = channel->filled - 1;
    in.own =
        (struct heng_rules_series){channel->row.unit, HENG_RULES_PAST_DAYS, day_of(&channel->ring, day), channel->past};
    if (!in.own.day) return HENG_OK;
    in.minutes = (uint16_t)channel->row.minutes;
    in.siblings = siblings;
    in.sibling_count = siblings_of(c, at, day, siblings);
    if (!channel->row.main) in.conditions = 0;
    if (is_warm(c, at)) {
        in.flow_degc = warmth->flow;
        in.return_degc = warmth->back;
    }
    heng_verdicts_clear(&c->verdicts);
    in.only = heng_rules_of_point & ~sums;
    heng_rules_check_day(&c->in_force.set, &in, &c->verdicts);
    if (warmth->count < WARMTH_ENOUGH) in.flow_degc.is = in.return_degc.is = false; /* too few for a sum */
    in.only = sums;
    heng_rules_check_day(&c->in_force.set, &in, &c->verdicts);
    heng_rc rc = channel->row.main ? check_clock(c, &in, err) : HENG_OK;
    if (rc != HENG_OK) return rc;
    return heng_check_say(c, channel->row.id, day, HENG_VERDICT_POINT, 0, err);
}

static heng_rc degrees_of(struct heng_usage_check *c, heng_day day, struct heng_opt_dec *ret, struct heng_err *err)
{
    const unsigned count = sizeof c->weather / sizeof *c->weather;
    unsigned i = (unsigned)(((int64_t)day % count + count) % count);
    struct heng_weather weather;
    heng_rc rc = HENG_OK;
    if (!c->weather[i].known || c->weather[i].day != day) {
        rc = heng_store_get_weather(c->reader, c->site->station, day, &weather, err);
        if (rc != HENG_OK && rc != HENG_ENOTFOUND) return rc;
        c->weather[i].known = true;
        c->weather[i].day = day;
        c->weather[i].degrees = (struct heng_opt_dec){0};
        if (rc == HENG_OK) c->weather[i].degrees = (struct heng_opt_dec){true, {weather.degree_dk, -1}};
    }
    *ret = c->weather[i].degrees;
    return HENG_OK;
}

static heng_rc check_day(struct heng_usage_check *c, heng_day day, struct heng_err *err)
{
    const struct heng_channel_row *first = &c->channels[0].row;
    struct heng_check_warmth warmth = {{0}, {0}, 0};
    struct heng_opt_dec past_degrees[HENG_RULES_PAST_DAYS];
    struct heng_rules_day in = {.medium = first->medium,
                                .from_us = heng_day_from_us(&c->site->days, day),
                                .to_us = heng_day_from_us(&c->site->days, day + 1),
                                .start_minute = c->site->days.start_minute};
    heng_rc rc = heng_usage_rules_on(c->reader, &c->in_force, first->medium, first->group_name, day, err);
    for (size_t i = 0; rc == HENG_OK && i < c->channel_n; i++) rc = fill(c, &c->channels[i], day, err);
    if (rc == HENG_OK) rc = heng_check_day_warmth(c, in.from_us, in.to_us, &warmth, err);
    if (rc == HENG_OK) rc = heng_check_day_conditions(c, in.from_us, in.to_us, &in.conditions, err);
    if (c->site->station[0] && heng_usage_is_heated(first->medium)) in.past_degree_days = past_degrees;
    if (rc == HENG_OK && in.past_degree_days) rc = degrees_of(c, day, &in.degree_days, err);
    for (unsigned i = 0; rc == HENG_OK && in.past_degree_days && i < HENG_RULES_PAST_DAYS; i++)
        rc = degrees_of(c, day - 1 - (heng_day)i, &past_degrees[i], err);
    for (size_t i = 0; rc == HENG_OK && i < c->channel_n; i++) rc = check_channel(c, i, &in, &warmth, err);
    return rc;
}

/* --- a point --------------------------------------------------------------------------------------------------- */

/* Its channels, with nothing said of the days that are due. */
static heng_rc open_point(struct heng_usage_check *c, const struct heng_check_due *due, heng_day *ret_first,
                          heng_day *ret_last, struct heng_err *err)
{
    static _Thread_local struct heng_channel_row rows[HENG_CHECK_CHANNELS_MAX];
    heng_rc rc = heng_store_list_channels(c->reader, 0, due->id, 0, rows, HENG_CHECK_CHANNELS_MAX, &c->channel_n, err);
    if (rc == HENG_OK && c->channel_n && rows[0].is_virtual) c->channel_n = 0;
    *ret_first = INT32_MAX;
    *ret_last = INT32_MIN;
    for (size_t i = 0; rc == HENG_OK && i < c->channel_n; i++) {
        heng_day first, last;
        c->channels[i].row = rows[i];
        c->channels[i].filled = HENG_DAY_MIN;
        memset(c->channels[i].ring.there, 0, sizeof c->channels[i].ring.there);
        rc = heng_store_drop_verdicts(c->store, rows[i].id, due->from_day, due->to_day + 1, HENG_VERDICT_POINT, err);
        if (rc == HENG_OK)
            rc = heng_store_check_days(c->reader, rows[i].id, due->from_day, due->to_day, &first, &last, err);
        if (rc == HENG_OK && first < *ret_first) *ret_first = first;
        if (rc == HENG_OK && last > *ret_last) *ret_last = last;
        if (rc == HENG_ENOTFOUND) rc = HENG_OK;
    }
    return rc;
}

/* The points beside it have to be looked at for the same days. */
static heng_rc tell_group(struct heng_usage_check *c, const struct heng_check_due *due, heng_day until,
                          struct heng_err *err)
{
    struct heng_check_due group = {.from_day = due->from_day, .to_day = until};
    char path[HENG_PATH_MAX];
    int64_t place_id = 0;
    heng_rc rc = heng_store_check_place(c->reader, due->id, &place_id, &group.medium, err);
    if (rc == HENG_OK) rc = heng_store_building_of(c->reader, place_id, &group.id, path, err);
    if (rc == HENG_OK) rc = heng_store_check_group(c->store, &group, err);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_check_point(struct heng_usage_check *c, const struct heng_check_due *due, heng_day *ret_until,
                         struct heng_err *err)
{
    heng_day first, last;
    heng_rc rc = open_point(c, due, &first, &last, err);
    if (rc != HENG_OK) return rc;
    heng_day until = last;
    if (first <= last && last - first >= HENG_CHECK_DAYS_MAX) until = first + HENG_CHECK_DAYS_MAX - 1;
    *ret_until = first > last || until == last ? due->to_day : until;
    if (first <= last)
        rc = heng_check_devices(c, due->id, heng_day_from_us(&c->site->days, first),
                                heng_day_from_us(&c->site->days, until + 1), err);
    for (heng_day day = first; rc == HENG_OK && first <= last && day <= until; day++) rc = check_day(c, day, err);
    if (rc == HENG_OK && first <= last) rc = heng_check_balance(c, due->id, first, until, err);
    return rc == HENG_OK ? tell_group(c, due, *ret_until, err) : rc;
}
