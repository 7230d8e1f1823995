/* From days of usage to the quantities of an ask: which channel a quantity is of, where the period is cut, what lies in
 * which rate. */
#include "billing/charger.h"

#include <stdio.h>

/* A quantity that the tariffs ask for. */
struct need {
    const char *name, *unit;
    const struct heng_component *rates; /* one that has times of use; NULL: the total is enough */
    bool in_order, maximum, total;
    size_t channel;
    heng_day cuts[CHARGE_CUTS_MAX + 1];
    size_t cut_count; /* cuts[0] .. cuts[cut_count] bound cut_count pieces */
};

const char *charge_how_text(charge_how how)
{
    static const char *const texts[] = {"total", "register", "calendar", "series", "maximum"};
    return how <= CHARGE_MAXIMUM ? texts[how] : "unknown";
}

static bool holds(const struct heng_component *component, heng_day from, heng_day to)
{
    return component->from < to && component->to > from;
}

/* --- what is needed ---------------------------------------------------------------------------------------------- */

static heng_rc add_cut(struct need *need, heng_day day, struct heng_err *err)
{
    size_t i = need->cut_count + 1;
    for (size_t k = 0; k <= need->cut_count; k++)
        if (need->cuts[k] == day) return HENG_OK;
    if (i > CHARGE_CUTS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the period has more than %d parts: charge less at once",
                         CHARGE_CUTS_MAX);
    for (; i > 0 && need->cuts[i - 1] > day; i--) need->cuts[i] = need->cuts[i - 1];
    need->cuts[i] = day;
    need->cut_count++;
    return HENG_OK;
}

static heng_rc cut_between(struct need *need, heng_day day, heng_day from, heng_day to, struct heng_err *err)
{
    return day > from && day < to ? add_cut(need, day, err) : HENG_OK;
}

/* Where a version begins or ends, and where a cycle of steps begins: each part has a quantity of its own, as read. */
static heng_rc cut_at(struct need *need, const struct heng_component *component, heng_day from, heng_day to,
                      struct heng_err *err)
{
    heng_rc rc = cut_between(need, component->from, from, to, err);
    bool cycles = component->step_count && component->cycle == HENG_CYCLE_CALENDAR;
    if (rc == HENG_OK) rc = cut_between(need, component->to, from, to, err);
    for (heng_day month = heng_month_next(heng_month_of(from), 1); cycles && rc == HENG_OK && month < to;
         month = heng_month_next(month, 1))
        rc = cut_between(need, month, from, to, err);
    return rc;
}

static struct need *need_of(struct need *needs, size_t *n, const char *name, const char *unit)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(needs[i].name, name) == 0) return &needs[i];
    if (*n == CHARGE_QUANTITIES_MAX) return NULL;
    needs[*n] = (struct need){.name = name, .unit = unit};
    return &needs[(*n)++];
}

static heng_rc need_quantity(const struct charge_work *work, struct need *needs, size_t *n, const char *name,
                             const struct heng_component *component, const char *unit, struct heng_err *err)
{
    size_t before = *n;
    struct need *need = need_of(needs, n, name, unit);
    if (!need)
        return heng_fail(err, HENG_ELIMIT, 0, "the tariff asks for more than %d quantities", CHARGE_QUANTITIES_MAX);
    if (*n > before) {
        need->cuts[0] = work->from;
        need->cuts[1] = work->to;
        need->cut_count = 1;
    }
    if (strcmp(need->unit, unit) != 0)
        return heng_fail(err, HENG_ECONFIG, 0, "the tariff prices '%.20s' per %.8s and per %.8s: one unit is enough",
                         name, need->unit, unit);
    bool tou = component->rule == HENG_TARIFF_RULE_TOU || component->rule == HENG_TARIFF_RULE_TOU_STEPS;
    if (tou) need->rates = component;
    if (!tou || component->remainder >= 0) need->total = true;
    if (tou && component->attribution == HENG_ATTRIBUTION_IN_ORDER) need->in_order = true;
    if (component->rule == HENG_TARIFF_RULE_DEMAND) need->maximum = true;
    return cut_at(need, component, work->from, work->to, err);
}

static heng_rc need_component(const struct charge_work *work, struct need *needs, size_t *n,
                              const struct heng_component *component, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    const char *unit = component->unit ? component->unit : "1";
    switch (component->rule) {
    case HENG_TARIFF_RULE_FIXED:
    case HENG_TARIFF_RULE_CAPACITY:
    case HENG_TARIFF_RULE_PERCENT:
    case HENG_TARIFF_RULE_MINIMUM:
    case HENG_TARIFF_RULE_COUNT: return HENG_OK;
    case HENG_TARIFF_RULE_POWER_FACTOR:
        rc = need_quantity(work, needs, n, component->quantity ? component->quantity : "active", component, "kWh", err);
        if (rc != HENG_OK) return rc;
        return need_quantity(work, needs, n, component->reactive ? component->reactive : "reactive", component, "kvarh",
                             err);
    case HENG_TARIFF_RULE_DEMAND:
        if (component->demand_by == HENG_DEMAND_BY_CONTRACT) return HENG_OK;
        break;
    case HENG_TARIFF_RULE_PER_UNIT:
    case HENG_TARIFF_RULE_STEPS:
    case HENG_TARIFF_RULE_TOU:
    case HENG_TARIFF_RULE_TOU_STEPS: break;
    }
    if (!component->quantity)
        return heng_fail(err, HENG_ECONFIG, 0, "component '%.39s' of the tariff does not say of what", component->id);
    rc = need_quantity(work, needs, n, component->quantity, component, unit, err);
    for (size_t i = 0; rc == HENG_OK && i < component->less_count; i++)
        rc = need_quantity(work, needs, n, component->less[i], component, unit, err);
    return rc;
}

static heng_rc list_needs(const struct charge_work *work, struct need *needs, size_t *n, struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t s = 0; s < work->span_count; s++) {
        const struct heng_rate_span *span = &work->spans[s];
        heng_day from = span->from > work->from ? span->from : work->from;
        heng_day to = span->to < work->to ? span->to : work->to;
        for (size_t i = 0; rc == HENG_OK && i < span->tariff->count; i++)
            if (holds(&span->tariff->components[i], from, to))
                rc = need_component(work, needs, n, &span->tariff->components[i], err);
        for (size_t i = 0; rc == HENG_OK && i < *n; i++)
            rc = cut_between(&needs[i], span->from, work->from, work->to, err);
    }
    return rc;
}

/* --- which channel ----------------------------------------------------------------------------------------------- */

/* X(name, quantity) What tariffs call the quantities of channels. */
static const struct {
    const char *name;
    heng_quantity quantity;
} names[] = {{"active", HENG_QUANTITY_ENERGY},
             {"energy", HENG_QUANTITY_ENERGY},
             {"demand", HENG_QUANTITY_ENERGY},
             {"heat", HENG_QUANTITY_ENERGY},
             {"heat", HENG_QUANTITY_ENERGY_HEAT},
             {"cooling", HENG_QUANTITY_ENERGY_COOLING},
             {"cooling", HENG_QUANTITY_ENERGY},
             {"water", HENG_QUANTITY_VOLUME},
             {"hot-water", HENG_QUANTITY_VOLUME},
             {"gas", HENG_QUANTITY_VOLUME},
             {"volume", HENG_QUANTITY_VOLUME},
             {"reactive", HENG_QUANTITY_REACTIVE_ENERGY},
             {"apparent", HENG_QUANTITY_APPARENT_ENERGY},
             {"heat", HENG_QUANTITY_HCA_UNITS}};

static bool is_called(const struct heng_channel_row *channel, const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].quantity == channel->quantity && strcmp(names[i].name, name) == 0) return true;
    return strcmp(heng_quantity_text(channel->quantity), name) == 0;
}

/* The main one where it is of that quantity; else the only one. */
static heng_rc find_channel(const struct charge_work *work, struct need *need, struct heng_err *err)
{
    size_t found = work->channel_count, others = 0;
    for (size_t i = 0; i < work->channel_count; i++) {
        const struct heng_channel_row *channel = &work->channels[i];
        if (channel->tariff != 0 || !is_called(channel, need->name)) continue;
        others += found < work->channel_count;
        if (found == work->channel_count || channel->main) found = i;
    }
    need->channel = found;
    if (found == work->channel_count)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "the tariff asks for '%.24s', and point %lld has no channel that counts it", need->name,
                         (long long)work->ask->contract->point_id);
    if (others && !work->channels[found].main)
        return heng_fail(err, HENG_ECONFIG, 0, "point %lld has several channels of '%.24s': say which is the main one",
                         (long long)work->ask->contract->point_id, need->name);
    return HENG_OK;
}

/* --- days of one piece ------------------------------------------------------------------------------------------- */

/* What a walk over the days of a piece gathers. */
struct walk {
    struct heng_charger *charger;
    const struct need *need;
    struct charge_row *row;
    const struct heng_component *calendar; /* split by it; NULL: not */
    struct heng_dec rates[HENG_TARIFF_RATES_MAX + 1];
    int64_t *series; /* by the clock of the wall, in steps of the channel; NULL: not wanted */
    int64_t largest; /* of an interval, in steps of the channel */
    heng_day expected;
    struct heng_err *err;
};

static void add_digest(EVP_MD_CTX *md, const struct heng_charge_day *day)
{
    uint8_t head[16] = {0};
    const uint64_t words[2] = {(uint64_t)(uint32_t)day->day << 32 | (uint64_t)(uint8_t)day->exp << 16 |
                                   (uint64_t)day->trust << 8 | day->method,
                               (uint64_t)day->amount};
    for (unsigned i = 0; i < 16; i++) head[i] = (uint8_t)(words[i / 8] >> (8 * (i % 8)));
    EVP_DigestUpdate(md, head, sizeof head);
    EVP_DigestUpdate(md, day->packed.p, day->packed.n);
}

static heng_rc unpack(struct walk *walk, const struct heng_charge_day *day)
{
    struct heng_usage_row *row = &walk->charger->day;
    row->day = day->day;
    row->exp = day->exp;
    row->trust = day->trust;
    row->method = day->method;
    row->count = day->count;
    row->missing = day->missing;
    row->flags = 0;
    row->permille = 0;
    row->amount = day->amount;
    return heng_usage_unpack(day->packed, row, walk->err);
}

/* By the calendar of the tariff, in the days of the site. */
static heng_rc add_rates(struct walk *walk, const struct heng_channel_row *channel)
{
    struct heng_tou_day split;
    struct heng_day_usage *usage = &walk->charger->day_usage;
    heng_usage_of_row(&walk->charger->day, usage);
    heng_tou_split(walk->calendar->calendar, walk->calendar->calendar_count, &walk->charger->site.days,
                   channel->minutes, usage, &split);
    for (unsigned p = 0; p <= HENG_TARIFF_RATES_MAX; p++) {
        struct heng_dec part = {split.amounts[p], usage->exp};
        if (!split.amounts[p]) continue;
        if (p == 0 || p > walk->calendar->rate_count)
            return heng_fail(walk->err, HENG_ECONFIG, 0, "the calendar of '%.39s' does not cover all of the period",
                             walk->calendar->id);
        if (!walk->rates[p].mantissa) walk->rates[p] = (struct heng_dec){0, part.exp};
        heng_rc rc = heng_dec_add(walk->rates[p], part, &walk->rates[p]);
        if (rc != HENG_OK) return heng_fail(walk->err, rc, 0, "a sum of usage is too large");
    }
    return HENG_OK;
}

/* Where the clock is put back an hour comes twice, and its amounts are added; where it is put on one has nothing. */
static heng_rc add_series(struct walk *walk, const struct heng_channel_row *channel)
{
    const struct heng_usage_row *row = &walk->charger->day;
    const struct heng_day_rule *rule = &walk->charger->site.days;
    size_t per_day = 1440U / (size_t)channel->minutes;
    int64_t *day = walk->series ? walk->series + (size_t)(row->day - walk->row->from) * per_day : NULL;
    heng_us from_us = heng_day_from_us(rule, row->day);
    for (unsigned i = 0; i < row->count; i++) {
        heng_us at_us = from_us + (heng_us)i * channel->minutes * 60 * HENG_US_PER_S;
        struct heng_civil civil = heng_zone_civil(rule->zone, at_us);
        size_t slot = (size_t)(civil.hour * 60 + civil.minute) / (size_t)channel->minutes;
        int64_t amount;
        if (!heng_exact_steps((struct heng_dec){row->amounts[i], row->exp}, -channel->exp, &amount))
            return heng_fail(walk->err, HENG_ERANGE, 0, "an interval is finer than its channel");
        if (amount > walk->largest) walk->largest = amount;
        if (day && slot < per_day && __builtin_add_overflow(day[slot], amount, &day[slot]))
            return heng_fail(walk->err, HENG_ERANGE, 0, "a sum of usage is too large");
    }
    return HENG_OK;
}

static heng_rc each_day(void *ctx, const struct heng_charge_day *day)
{
    struct walk *walk = ctx;
    struct charge_work *work = &walk->charger->work;
    const struct heng_channel_row *channel = &work->channels[walk->row->channel];
    struct heng_dec amount = {day->amount, day->exp};
    heng_rc rc = HENG_OK;
    if ((day->day > walk->expected || day->missing || day->trust == HENG_TRUST_MISSING) &&
        walk->expected < work->known_to)
        work->known_to = walk->expected;
    walk->expected = day->day + 1;
    if (walk->row->days++ == 0) walk->row->amount = (struct heng_dec){0, day->exp};
    rc = heng_dec_add(walk->row->amount, amount, &walk->row->amount);
    if (rc != HENG_OK) return heng_fail(walk->err, rc, 0, "a sum of usage is too large");
    if (day->trust > walk->row->trust) walk->row->trust = day->trust;
    if (day->trust == HENG_TRUST_SUBSTITUTED || day->trust == HENG_TRUST_ESTIMATED) walk->row->estimated++;
    if (day->trust == HENG_TRUST_SUSPECT) work->suspect = true;
    add_digest(walk->charger->md, day);
    bool series = walk->need->in_order || walk->need->maximum;
    if (walk->calendar || series) rc = unpack(walk, day);
    if (rc == HENG_OK && walk->calendar) rc = add_rates(walk, channel);
    if (rc == HENG_OK && series) rc = add_series(walk, channel);
    return rc;
}

static heng_rc walk_days(struct walk *walk, size_t channel, heng_day from, heng_day to, struct heng_err *err)
{
    struct charge_work *work = &walk->charger->work;
    EVP_MD_CTX *md = walk->charger->md;
    if (work->row_count == CHARGE_ROWS_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the period has too many parts: charge less at once");
    walk->row = &work->rows[work->row_count];
    *walk->row =
        (struct charge_row){.channel = channel, .from = from, .to = to, .amount = {0, work->channels[channel].exp}};
    walk->expected = from;
    walk->err = err;
    if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    heng_rc rc =
        heng_charge_facts_days(walk->charger->facts, work->channels[channel].id, from, to, each_day, walk, err);
    if (rc != HENG_OK) return rc;
    if (EVP_DigestFinal_ex(md, walk->row->digest, NULL) != 1) return heng_fail(err, HENG_ENOMEM, 0, "out of memory");
    if (walk->expected < to && walk->expected < work->known_to) work->known_to = walk->expected;
    if (walk->row->estimated) work->estimated = true;
    work->channel_used[channel] = true;
    work->row_count++;
    return HENG_OK;
}

/* --- entries of the ask ------------------------------------------------------------------------------------------ */

static heng_rc add_entry(struct charge_work *work, const struct need *need, const char *rate, struct heng_dec amount,
                         charge_how how, struct heng_err *err)
{
    size_t row = work->row_count - 1;
    const struct heng_channel_row *channel = &work->channels[work->rows[row].channel];
    struct heng_dec converted;
    if (work->usage_count == HENG_RATE_USAGE_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "the period has too many parts: charge less at once");
    heng_rc rc = charge_convert(amount, channel->unit, need->unit, channel->medium, &converted);
    if (rc == HENG_ECONFIG)
        return heng_fail(err, rc, 0,
                         "the price of '%.20s' is per %.8s, its channel counts %.8s, and there is no exact way "
                         "between them: give the point a channel in Wh, or a price in its unit",
                         need->name, need->unit, heng_unit_text(channel->unit));
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "the usage of '%.20s' is too large", need->name);
    work->usage_rows[work->usage_count] = row;
    work->usage_how[work->usage_count] = how;
    work->usage[work->usage_count++] = (struct heng_rate_usage){.quantity = need->name,
                                                                .rate = rate,
                                                                .unit = need->unit,
                                                                .from = work->rows[row].from,
                                                                .to = work->rows[row].to,
                                                                .is_amount = true,
                                                                .multiplier = {1, 0},
                                                                .read_places = HENG_PLACES_AS_IS,
                                                                .amount = converted};
    return HENG_OK;
}

/* All components with times of use that hold in a piece have to mean the same by a rate. */
static const struct heng_component *rates_in(const struct charge_work *work, const struct need *need, heng_day from,
                                             heng_day to, const struct heng_component *after)
{
    bool behind = !after;
    for (size_t s = 0; s < work->span_count; s++)
        for (size_t i = 0; i < work->spans[s].tariff->count; i++) {
            const struct heng_component *c = &work->spans[s].tariff->components[i];
            bool is = (c->rule == HENG_TARIFF_RULE_TOU || c->rule == HENG_TARIFF_RULE_TOU_STEPS) &&
                      strcmp(c->quantity, need->name) == 0 && holds(c, from, to) && work->spans[s].from < to &&
                      work->spans[s].to > from;
            if (is && behind) return c;
            if (c == after) behind = true;
        }
    return NULL;
}

/* Which register of a meter counts a rate: by the names of DL/T 645 and its numbers; by the place in the list where a
 * tariff has other names. */
static uint32_t register_of(const struct heng_component *component, size_t i)
{
    static const char *const words[][5] = {{"sharp", "peak", "flat", "valley", "deep-valley"},
                                           {"尖", "峰", "平", "谷", "深谷"}};
    for (size_t w = 0; w < 2; w++) {
        size_t known = 0, number = 0;
        for (size_t r = 0; r < component->rate_count; r++)
            for (size_t k = 0; k < 5; k++)
                if (strcmp(words[w][k], component->rates[r].name) == 0) {
                    known++;
                    if (r == i) number = k + 1;
                }
        if (known == component->rate_count) return (uint32_t)number;
    }
    return (uint32_t)i + 1;
}

static size_t rate_channel(const struct charge_work *work, const struct heng_channel_row *total, uint32_t tariff)
{
    size_t i = 0;
    for (; i < work->channel_count; i++)
        if (work->channels[i].tariff == tariff && work->channels[i].quantity == total->quantity &&
            strcmp(work->channels[i].qualifier, total->qualifier) == 0)
            return i;
    return i;
}

static heng_rc add_registers(struct heng_charger *charger, const struct need *need,
                             const struct heng_component *component, heng_day from, heng_day to, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    const struct heng_channel_row *total = &work->channels[need->channel];
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < component->rate_count; i++) {
        struct walk walk = {.charger = charger, .need = &(struct need){.name = need->name}};
        size_t channel = rate_channel(work, total, register_of(component, i));
        if (component->remainder == (int)i && channel == work->channel_count) continue;
        if (channel == work->channel_count)
            return heng_fail(err, HENG_ECONFIG, 0,
                             "'%.24s' of '%.24s': the point has neither intervals with a calendar of the tariff nor a "
                             "register of this rate (number %u)",
                             component->rates[i].name, need->name, register_of(component, i));
        rc = walk_days(&walk, channel, from, to, err);
        if (rc == HENG_OK) rc = add_entry(work, need, component->rates[i].name, walk.row->amount, CHARGE_REGISTER, err);
    }
    return rc;
}

static heng_rc add_by_calendar(struct charge_work *work, const struct need *need, const struct walk *walk,
                               struct heng_err *err)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; rc == HENG_OK && i < walk->calendar->rate_count; i++) {
        struct heng_dec amount = walk->rates[i + 1];
        if (amount.mantissa == 0) amount = (struct heng_dec){0, walk->row->amount.exp};
        rc = add_entry(work, need, walk->calendar->rates[i].name, amount, CHARGE_CALENDAR, err);
    }
    return rc;
}

static heng_rc add_series_entry(struct charge_work *work, const struct need *need, const struct walk *walk,
                                struct heng_err *err)
{
    const struct heng_channel_row *channel = &work->channels[need->channel];
    size_t n = (size_t)(walk->row->to - walk->row->from) * (1440U / (size_t)channel->minutes);
    struct heng_dec unit;
    heng_rc rc = add_entry(work, need, NULL, walk->row->amount, CHARGE_SERIES, err);
    if (rc == HENG_OK)
        rc = charge_convert((struct heng_dec){1, channel->exp}, channel->unit, need->unit, channel->medium, &unit);
    if (rc != HENG_OK) return rc;
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(walk->series[i], unit.mantissa, &walk->series[i]))
            return heng_fail(err, HENG_ERANGE, 0, "an interval is too large");
    struct heng_rate_usage *usage = &work->usage[work->usage_count - 1];
    usage->is_amount = false;
    usage->amount = (struct heng_dec){0, 0};
    usage->is_intervals = true;
    usage->minutes = (uint16_t)channel->minutes;
    usage->exp = unit.exp;
    usage->intervals = walk->series;
    usage->interval_count = n;
    return HENG_OK;
}

/* The mean power of the interval with the most, in the unit of the price: kW of kWh. */
static heng_rc add_maximum(struct charge_work *work, const struct need *need, const struct walk *walk,
                           struct heng_err *err)
{
    struct heng_channel_row *channel = &work->channels[need->channel];
    heng_unit counted = channel->unit;
    struct heng_dec power = {walk->largest, channel->exp};
    heng_rc rc = heng_dec_scale(power, 60 / channel->minutes, &power);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "the largest power is too large");
    channel->unit = counted == HENG_UNIT_WH ? HENG_UNIT_W : counted == HENG_UNIT_VAH ? HENG_UNIT_VA : counted;
    rc = add_entry(work, need, NULL, power, CHARGE_MAXIMUM, err);
    channel->unit = counted;
    return rc;
}

static heng_rc check_series(const struct heng_charger *charger, const struct need *need, struct heng_err *err)
{
    const struct heng_channel_row *channel = &charger->work.channels[need->channel];
    if (channel->minutes > 60)
        return heng_fail(err, HENG_ECONFIG, 0, "the tariff needs intervals of '%.24s', its channel counts by the day",
                         need->name);
    if (need->in_order && charger->site.days.start_minute)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "the tariff goes by the clock from midnight, the site's days do not begin there");
    return HENG_OK;
}

static heng_rc add_piece(struct heng_charger *charger, struct need *need, heng_day from, heng_day to,
                         struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    const struct heng_channel_row *channel = &work->channels[need->channel];
    const struct heng_component *rates = need->rates ? rates_in(work, need, from, to, NULL) : NULL;
    struct walk walk = {.charger = charger, .need = need};
    bool calendar = rates && rates->calendar && channel->minutes < 1440 && !need->in_order;
    heng_rc rc = HENG_OK;
    if (calendar) walk.calendar = rates;
    if (need->in_order) {
        size_t per_day = 1440U / (size_t)channel->minutes;
        walk.series = heng_arena_take(work->arena, (size_t)(to - from) * per_day, sizeof *walk.series);
        if (!walk.series) return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a series");
    }
    rc = walk_days(&walk, need->channel, from, to, err);
    if (rc != HENG_OK) return rc;
    if (need->maximum) return add_maximum(work, need, &walk, err);
    if (need->in_order) return add_series_entry(work, need, &walk, err);
    if (!rates || need->total || calendar) rc = add_entry(work, need, NULL, walk.row->amount, CHARGE_TOTAL, err);
    if (rc == HENG_OK && calendar) rc = add_by_calendar(work, need, &walk, err);
    if (rc == HENG_OK && rates && !calendar) rc = add_registers(charger, need, rates, from, to, err);
    return rc;
}

/* Two components of one quantity that cut the day in other ways would need two usages of one name. */
static heng_rc check_calendars(const struct charge_work *work, const struct need *need, heng_day from, heng_day to,
                               struct heng_err *err)
{
    const struct heng_component *first = rates_in(work, need, from, to, NULL), *other = first;
    while (first && (other = rates_in(work, need, from, to, other))) {
        bool same = first->rate_count == other->rate_count && first->calendar_count == other->calendar_count;
        for (size_t i = 0; same && i < first->rate_count; i++)
            same = strcmp(first->rates[i].name, other->rates[i].name) == 0;
        for (size_t i = 0; same && i < first->calendar_count; i++) {
            const struct heng_tou *a = &first->calendar[i], *b = &other->calendar[i];
            same = a->valid_from == b->valid_from && a->otherwise == b->otherwise &&
                   a->season_count == b->season_count && a->window_count == b->window_count &&
                   a->special_count == b->special_count;
            for (size_t k = 0; same && k < a->season_count; k++)
                same = a->seasons[k].month == b->seasons[k].month && a->seasons[k].day == b->seasons[k].day;
            for (size_t k = 0; same && k < a->special_count; k++)
                same = a->specials[k].date == b->specials[k].date && a->specials[k].kind == b->specials[k].kind;
            for (size_t k = 0; same && k < a->window_count; k++)
                same = a->windows[k].seasons == b->windows[k].seasons && a->windows[k].kinds == b->windows[k].kinds &&
                       a->windows[k].period == b->windows[k].period &&
                       a->windows[k].from_minute == b->windows[k].from_minute &&
                       a->windows[k].to_minute == b->windows[k].to_minute;
        }
        if (!same)
            return heng_fail(err, HENG_ECONFIG, 0, "'%.30s' and '%.30s' cut the day of '%.20s' in two ways", first->id,
                             other->id, need->name);
    }
    return HENG_OK;
}

static heng_rc gather(struct heng_charger *charger, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    struct need needs[CHARGE_QUANTITIES_MAX];
    size_t n = 0;
    work->usage_count = work->row_count = 0;
    work->known_to = work->to;
    work->estimated = work->suspect = false;
    memset(work->channel_used, 0, sizeof work->channel_used);
    heng_rc rc = list_needs(work, needs, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        rc = find_channel(work, &needs[i], err);
        if (rc == HENG_OK && (needs[i].in_order || needs[i].maximum)) rc = check_series(charger, &needs[i], err);
        for (size_t k = 0; rc == HENG_OK && k < needs[i].cut_count; k++) {
            if (needs[i].rates) rc = check_calendars(work, &needs[i], needs[i].cuts[k], needs[i].cuts[k + 1], err);
            if (rc == HENG_OK) rc = add_piece(charger, &needs[i], needs[i].cuts[k], needs[i].cuts[k + 1], err);
        }
    }
    return rc;
}

heng_rc charge_usage(struct heng_charger *charger, struct heng_err *err)
{
    struct charge_work *work = &charger->work;
    heng_rc rc = heng_charge_facts_channels(charger->facts, work->ask->contract->point_id, work->channels,
                                            CHARGE_CHANNELS_MAX, &work->channel_count, err);
    if (rc == HENG_OK) rc = gather(charger, err);
    if (rc != HENG_OK || work->known_to >= work->to || work->ask->must_be_complete || work->known_to <= work->from)
        return rc;
    /* what is known is charged, and no day more */
    work->to = work->known_to;
    for (size_t s = 0; s < work->span_count; s++) {
        if (work->spans[s].from >= work->to) {
            work->span_count = s;
            break;
        }
        if (work->spans[s].to > work->to) work->spans[s].to = work->to;
    }
    rc = gather(charger, err);
    work->known_to = work->to;
    return rc;
}

/* --- the days again ---------------------------------------------------------------------------------------------- */

static heng_rc each_digest(void *ctx, const struct heng_charge_day *day)
{
    add_digest(ctx, day);
    return HENG_OK;
}

heng_rc charge_days_digest(struct heng_charger *charger, int64_t channel_id, heng_day from, heng_day to,
                           uint8_t ret[32], struct heng_err *err)
{
    if (EVP_DigestInit_ex(charger->md, EVP_sha256(), NULL) != 1)
        return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a digest");
    heng_rc rc = heng_charge_facts_days(charger->facts, channel_id, from, to, each_digest, charger->md, err);
    if (rc == HENG_OK && EVP_DigestFinal_ex(charger->md, ret, NULL) != 1)
        return heng_fail(err, HENG_ENOMEM, 0, "out of memory for a digest");
    return rc;
}
