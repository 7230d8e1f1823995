#include "proof/usage_truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "vee/rules_check.h"

__extension__ typedef __int128 i128;

enum { HOUR_S = 3600, CALM = 10, UNITS_OF_DIGIT = 1000, HELD_MARGIN = 10 };

const char *const truth_kind_texts[TRUTH_KIND_COUNT] = {
#define X(symbol, text) text,
    TRUTH_KIND_LIST(X)
#undef X
};

/* --- what points are like ------------------------------------------------------------------------------------- */

static const struct kind {
    const char *name;
    heng_medium medium;
    heng_quantity quantity;
    heng_unit unit;
    int display; /* exponent of the last digit */
} kinds[] = {
    {"heat", HENG_MEDIUM_HEAT, HENG_QUANTITY_ENERGY, HENG_UNIT_WH, 3},
    {"water", HENG_MEDIUM_COLD_WATER, HENG_QUANTITY_VOLUME, HENG_UNIT_M3, -3},
    {"electricity", HENG_MEDIUM_ELECTRICITY, HENG_QUANTITY_ENERGY, HENG_UNIT_WH, 1},
    {"gas", HENG_MEDIUM_GAS, HENG_QUANTITY_VOLUME, HENG_UNIT_M3, -3},
};
enum { HEAT, WATER, ELECTRICITY, GAS, KINDS };

static const char *const zone_names[] = {"Asia/Shanghai", "Europe/Berlin", NULL};
enum { ZONES = 3 };
static struct heng_zone *zones[ZONES];

static void must(heng_rc rc)
{
    if (rc == HENG_OK) return;
    fprintf(stderr, "usage_truth: %s\n", heng_rc_name(rc));
    abort();
}

static void *room(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p) must(HENG_ENOMEM);
    return p;
}

void truth_open(void)
{
    for (size_t i = 0; i < ZONES; i++)
        if (zone_names[i]) must(heng_zone_open(zone_names[i], &zones[i], NULL));
}

void truth_close(void)
{
    for (size_t i = 0; i < ZONES; i++) {
        heng_zone_free(zones[i]);
        zones[i] = NULL;
    }
}

static int64_t pick(struct heng_sim_rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)(heng_sim_rng_next(rng) % (uint64_t)(high - low + 1));
}

static int64_t power(int n)
{
    int64_t p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

/* --- what is used --------------------------------------------------------------------------------------------- */

/* Per hour of the day, in percent of the mean: heat and gas, water, electricity. */
static const uint8_t shapes[3][24] = {
    {80, 75, 75, 75, 80, 110, 140, 140, 125, 110, 100, 95, 90, 90, 90, 95, 105, 115, 120, 120, 115, 105, 95, 85},
    {10, 5, 5, 5, 10, 60, 220, 230, 170, 110, 90, 100, 120, 100, 70, 70, 80, 120, 200, 190, 150, 120, 100, 40},
    {55, 50, 48, 47, 48, 55, 85, 110, 100, 95, 95, 105, 115, 100, 90, 90, 100, 130, 165, 175, 165, 140, 105, 75},
};

/* Degree days in tenths: a year like a saw, and weather on top of it that lasts some days. */
static void weather(struct truth *t, struct heng_sim_rng *rng)
{
    int64_t mood = 0;
    t->degrees = room(t->day_count + 1, sizeof *t->degrees);
    for (size_t i = 0; i <= t->day_count; i++) {
        int year = 0, month = 0, date = 0;
        heng_day_date(t->day + (heng_day)i, &year, &month, &date);
        int64_t of_year = t->day + (heng_day)i - heng_day_of_date(year, 1, 1);
        int64_t from_summer = of_year > 200 ? of_year - 200 : 200 - of_year;
        mood += pick(rng, -15, 15) - mood / 5;
        int64_t tenths = (from_summer > 182 ? 365 - from_summer : from_summer) * 16 / 10 - 90 + mood;
        t->degrees[i] = tenths > 0 ? tenths : 0;
    }
}

/* Of one hour, for a household; units. */
static int64_t hour_use(const struct truth *t, struct heng_sim_rng *rng, int kind, size_t day, int hour, bool away)
{
    int64_t degrees = t->degrees ? t->degrees[day < t->day_count ? day : t->day_count] : 0;
    switch (kind) {
    case HEAT: return degrees * 11 * shapes[0][hour] * pick(rng, 90, 110) / 10000;
    case GAS: return degrees * 1200 * shapes[0][hour] / 100 + (away ? 0 : pick(rng, 0, 2) * shapes[1][hour] * 60);
    case WATER: return away || pick(rng, 1, 300) > shapes[1][hour] ? 0 : pick(rng, 2000, 35000);
    default: return (away ? 8000 : 33000 * (int64_t)shapes[2][hour] / 100) * pick(rng, 60, 140) / 100;
    }
}

static void use(struct truth *t, struct heng_sim_rng *rng, int kind, heng_us from_us)
{
    int per_hour = (int)(HOUR_S * HENG_US_PER_S / t->base_us);
    int64_t scale = pick(rng, 1, 10) <= 7 ? 1 : pick(rng, 5, 200), hour_amount = 0, peak = 1;
    size_t away_until = 0;
    t->base = room(t->base_count + 1, sizeof *t->base);
    for (size_t i = 0; i < t->base_count; i++) {
        size_t hours = i / (size_t)per_hour, day = hours / 24;
        int part = (int)(i % (size_t)per_hour);
        if (part == 0) {
            int hour = (int)((hours + (size_t)(from_us / (HOUR_S * HENG_US_PER_S)) + 8) % 24);
            if (scale == 1 && hour == 0 && pick(rng, 1, 200) == 1) away_until = day + (size_t)pick(rng, 2, 10);
            hour_amount = scale * hour_use(t, rng, kind, day, hour, day < away_until);
        }
        int64_t amount = per_hour == 1 ? hour_amount : hour_amount * pick(rng, 60, 140) / (100 * per_hour);
        if (amount * per_hour > peak) peak = amount * per_hour;
        t->base[i + 1] = t->base[i] + amount;
    }
    t->most_per_hour = 4 * peak; /* meters are larger than what goes through them */
}

int64_t truth_used(const struct truth *t, heng_us at_us)
{
    heng_us since_us = at_us - t->reads[0].at_us;
    if (since_us <= 0) return t->base[0];
    size_t i = (size_t)(since_us / t->base_us);
    if (i >= t->base_count) return t->base[t->base_count];
    return t->base[i] + (int64_t)((i128)(t->base[i + 1] - t->base[i]) * (since_us % t->base_us) / t->base_us);
}

/* --- the counter ---------------------------------------------------------------------------------------------- */

/* index = (first + floor((C - installed) * num / den)) over the last digit. */
struct counter {
    heng_unit unit;
    int display;
    uint8_t digits;
    uint32_t multiplier;
    int64_t first, installed, num, den, range, device;
};

struct life {
    struct truth *t;
    struct heng_sim_rng rng;
    struct counter c;
    unsigned odd;
    size_t i;            /* the reading at hand */
    size_t calm, gap;    /* so many readings nothing odd happens; nothing is read */
    size_t held, coarse; /* ... the index stands; decimals are lost */
    size_t delayed;      /* ... they come together with the one behind */
    size_t doubtful;     /* ... may be left out because of what was before */
    uint16_t held_fault; /* of held, from 1; 0 none */
    bool halted;
    bool held_judged, held_fits;      /* an event came before the next reading: whether its index can be believed */
    int64_t held_units;               /* ... and by how much it is above the one that was held */
    int64_t held_index, shown_before; /* total steps of the reading before */
    int64_t above;                    /* a wrong index that counts until the counter has passed it; 0 none */
    heng_us held_us;
    int64_t drift_us, drift_step_us, jitter_us;
    size_t drifting;
    bool settable;
    uint16_t drift_fault;
};

static bool rarely(struct life *l, int64_t per_ten_years)
{
    int64_t chances = 3650 * (HENG_US_PER_DAY / HENG_US_PER_S);
    int64_t each_s = l->t->channel.minutes * 60;
    return l->odd && pick(&l->rng, 1, chances) <= per_ten_years * each_s * l->odd / 1000;
}

static int64_t steps_of(const struct counter *c, int64_t used)
{
    return c->first + (int64_t)((i128)(used - c->installed) * c->num / c->den);
}

static int64_t step_units(const struct counter *c) { return (c->den + c->num - 1) / c->num; }

static struct heng_opt_dec shown(const struct counter *c, int64_t steps)
{
    return (struct heng_opt_dec){true, {c->range ? steps % c->range : steps, (int8_t)c->display}};
}

static void set_unit(struct life *l, const struct kind *kind, bool joule, uint32_t multiplier)
{
    struct counter *c = &l->c;
    c->unit = joule ? HENG_UNIT_J : kind->unit;
    c->display = kind->display + (joule ? 3 : 0);
    c->multiplier = multiplier;
    c->num = joule ? 3600 : 1;
    c->den = UNITS_OF_DIGIT * (int64_t)multiplier * (joule ? 1000 : 1);
    if (joule) l->t->rounding = l->t->per_step;
}

/* As few digits as its makers dare: what three months can let through must not go round twice. */
static void set_digits(struct life *l)
{
    struct counter *c = &l->c;
    i128 most = (i128)l->t->most_per_hour * 24 * 120 * c->num / c->den;
    c->digits = 5;
    while (power(c->digits) < most && c->digits < 15) c->digits++;
    c->range = power(c->digits);
    if (pick(&l->rng, 1, 4) == 1) c->digits = 0, c->range = 0; /* nobody entered them */
    if (!c->range)
        c->first = pick(&l->rng, 0, 90000);
    else
        c->first =
            pick(&l->rng, 1, 3) == 1 ? c->range - pick(&l->rng, 1, c->range / 50) : pick(&l->rng, 0, c->range / 2);
}

static struct heng_channel_fact *put(struct life *l, heng_channel_fact_kind kind, heng_us at_us, heng_us came_us)
{
    struct truth *t = l->t;
    if (t->fact_count == t->fact_cap) {
        t->fact_cap = t->fact_cap ? 2 * t->fact_cap : 4096;
        t->facts = realloc(t->facts, t->fact_cap * sizeof *t->facts);
        if (!t->facts) must(HENG_ENOMEM);
    }
    struct truth_fact *f = &t->facts[t->fact_count++];
    memset(f, 0, sizeof *f);
    f->came_us = came_us;
    f->fact.at_us = at_us;
    f->fact.kind = kind;
    f->fact.id = (int64_t)t->fact_count;
    return &f->fact;
}

static uint16_t fault(struct life *l, truth_kind kind, heng_us from_us, heng_us to_us, bool visible)
{
    struct truth *t = l->t;
    if (t->fault_count == t->fault_cap) {
        t->fault_cap = t->fault_cap ? 2 * t->fault_cap : 64;
        t->faults = realloc(t->faults, t->fault_cap * sizeof *t->faults);
        if (!t->faults) must(HENG_ENOMEM);
    }
    t->faults[t->fault_count++] = (struct truth_fault){kind, from_us, to_us, visible};
    return (uint16_t)t->fault_count;
}

static void describe(const struct counter *c, struct heng_channel_fact *f)
{
    f->unit = c->unit;
    f->digits = c->digits;
    f->display_exp = (int8_t)c->display;
    f->multiplier = c->multiplier;
}

static void install(struct life *l, heng_us at_us)
{
    l->c.device++;
    l->c.installed = truth_used(l->t, at_us);
    struct heng_channel_fact *f = put(l, HENG_CHANNEL_FACT_START, at_us, at_us);
    describe(&l->c, f);
    f->device_id = l->c.device;
    f->index = shown(&l->c, l->c.first);
}

/* --- what happens inside an interval -------------------------------------------------------------------------- */

/* What the size of the meter lets through in that time, with the last digit, as the fold judges. */
static int64_t limit_units(const struct life *l, heng_us long_us)
{
    return (int64_t)((i128)l->t->most_per_hour * long_us / (HOUR_S * HENG_US_PER_S)) + step_units(&l->c);
}

static int64_t steps_to_units(const struct counter *c, int64_t steps)
{
    return (int64_t)((i128)steps * c->den / c->num);
}

static int64_t steps_of_rounding(const struct life *l)
{
    return l->t->rounding ? 1 + 3 * l->t->rounding / step_units(&l->c) : 0;
}

/* So many steps back are taken for rounding: where units convert unevenly, both were rounded. */
static int64_t steps_back(const struct life *l) { return 1 + steps_of_rounding(l); }

/* Can a counter that shows `after` so long after it showed `before` be believed? */
static bool believable(const struct life *l, int64_t before, int64_t after, heng_us long_us)
{
    const struct counter *c = &l->c;
    if (c->range) before %= c->range, after %= c->range;
    int64_t least = steps_back(l);
    if (after < before && before - after > least && !c->range) return false;
    if (after < before && before - after <= least) return true;
    int64_t moved = after - before + (after < before ? c->range : 0);
    return steps_to_units(c, moved) <= limit_units(l, long_us);
}

/* The index that stood is followed by that of an event, or by none when it was lost. */
static void judge_held(struct life *l, bool known, int64_t now, heng_us at_us)
{
    l->held_judged = true;
    l->held_fits = !known || believable(l, l->held_index, now, at_us - l->t->reads[l->i].at_us);
    l->held_units = known ? steps_to_units(&l->c, now - l->held_index) : 0;
}

/* An index that may be believed: where it is hardly above what follows, it counts until the counter has passed it. */
static void stays_above(struct life *l, int64_t believed, int64_t after)
{
    int64_t range = l->c.range, excess = range ? believed % range - after % range : believed - after;
    if (excess > 0) l->above = after + excess;
}

static void declared(struct life *l, struct truth_span *span, heng_us at_us, const struct kind *kind)
{
    struct counter *c = &l->c;
    int64_t what = pick(&l->rng, 1, 10), now = steps_of(c, truth_used(l->t, at_us));
    l->above = 0;
    if (l->held_fault && !l->held) judge_held(l, what != 5, now, at_us);
    heng_us came_us = at_us + (pick(&l->rng, 1, 2) == 1 ? pick(&l->rng, 0, 20) * HENG_US_PER_DAY : 0);
    truth_kind which = TRUTH_EXCHANGE;
    if (what <= 5) { /* END, START */
        which = what <= 4 ? TRUTH_EXCHANGE : TRUTH_LOST_INDEX;
        struct heng_channel_fact *f = put(l, HENG_CHANNEL_FACT_END, at_us, came_us);
        if (which == TRUTH_EXCHANGE) f->index = shown(c, now);
        f->device_id = c->device;
        set_unit(l, kind, kind->unit == HENG_UNIT_WH && pick(&l->rng, 1, 4) == 1, (uint32_t)pick(&l->rng, 1, 2));
        set_digits(l);
        install(l, at_us);
        l->t->facts[l->t->fact_count - 1].came_us = came_us;
    } else {
        which = what <= 7 ? TRUTH_RESET : what == 8 && kind->unit == HENG_UNIT_WH ? TRUTH_UNIT : TRUTH_RATIO;
        struct heng_channel_fact *f =
            put(l, which == TRUTH_RESET ? HENG_CHANNEL_FACT_RESET : HENG_CHANNEL_FACT_CHANGE, at_us, came_us);
        f->index = shown(c, now);
        c->first = which == TRUTH_RESET || which == TRUTH_UNIT ? pick(&l->rng, 0, 50) : c->range ? now % c->range : now;
        if (which != TRUTH_RESET) {
            bool joule = which == TRUTH_UNIT ? c->unit != HENG_UNIT_J : c->unit == HENG_UNIT_J;
            set_unit(l, kind, joule, which == TRUTH_RATIO ? c->multiplier % 5 + 1 : c->multiplier);
            describe(c, f);
        }
        if (which != TRUTH_RATIO) f->index2 = shown(c, c->first);
        c->installed = truth_used(l->t, at_us);
    }
    span->joins += step_units(c) + l->t->rounding;
    span->unknown = which == TRUTH_LOST_INDEX;
    uint16_t number = fault(l, which, at_us, at_us, which == TRUTH_LOST_INDEX);
    if (!span->fault) span->fault = number; /* a gap around it disturbs more */
}

/* Nobody says a word; what is behind it is judged by the next reading. */
static void silent(struct life *l, struct truth_span *span, heng_us at_us)
{
    struct counter *c = &l->c;
    heng_us next_us = l->t->reads[l->i + 1].at_us, long_us = next_us - l->t->reads[l->i].at_us;
    bool reset = pick(&l->rng, 1, 2) == 1;
    int64_t range = c->range ? c->range : 1000000;
    c->first = reset ? pick(&l->rng, 0, 5) : pick(&l->rng, 0, range - 1);
    c->installed = truth_used(l->t, at_us);
    int64_t after = steps_of(c, truth_used(l->t, next_us));
    bool seen = !believable(l, l->shown_before, after, long_us + long_us / 10);
    span->fault = fault(l, reset ? TRUTH_SILENT_RESET : TRUTH_SILENT_EXCHANGE, at_us, next_us, seen);
    span->unknown = !believable(l, l->shown_before, after, 5 * long_us); /* else it fits later, and one is left out */
    span->breaks = true;
    if (l->jitter_us) (span + 1)->fault = span->fault; /* the next reading stands in there */
    l->doubtful = span->unknown ? 0 : 5;
    stays_above(l, l->shown_before, after);
    span->joins += step_units(c) + l->t->rounding;
    l->shown_before = after;
}

/* --- readings ------------------------------------------------------------------------------------------------- */

/* As it comes in: the rules of readings may refuse it, or doubt its time. Returns false when it is kept beside. */
static bool come_in(struct life *l, struct heng_channel_fact *f, heng_us came_us)
{
    struct heng_rules_reading in = {.at_us = f->at_us, .came_us = came_us, .is_declared = true, .unit = l->c.unit};
    struct heng_verdicts list;
    in.serves_to_us = in.open_to_us = HENG_US_NEVER;
    in.configured_unit = l->c.unit;
    in.has_drift = true;
    in.drift_us = l->drift_us;
    heng_verdicts_clear(&list);
    bool counts = heng_rules_check_reading(&l->t->rules, &in, &list);
    for (unsigned i = 0; i < list.count; i++)
        if (list.items[i].rule == HENG_RULE_CLOCK && list.items[i].severity != HENG_SEVERITY_TOLD)
            f->trust = HENG_TRUST_SUSPECT;
    return counts;
}

static void twice(struct life *l, const struct heng_channel_fact *first, heng_us came_us)
{
    struct heng_channel_fact copy = *first, *f = put(l, HENG_CHANNEL_FACT_READING, first->at_us, came_us);
    int64_t id = f->id;
    *f = copy;
    f->id = id;
    f->source = 2;
    if (pick(&l->rng, 1, 2) == 1) { /* by hand, from a display that shows less */
        f->index.dec.mantissa /= 10;
        f->index.dec.exp++;
    }
    l->t->duplicates++;
}

/* The index a reading would have, wrong on purpose; total steps. */
static int64_t spoilt(struct life *l, struct truth_read *read, int64_t right, int64_t next)
{
    struct counter *c = &l->c;
    heng_us before_us = (read - 1)->at_us, next_us = (read + 1)->at_us;
    int64_t range = c->range ? c->range : 100000000, how = pick(&l->rng, 1, 5);
    int64_t wrong = how == 1   ? right / 10
                    : how == 2 ? right * 10
                    : how == 3 ? pick(&l->rng, 0, range - 1)
                    : how == 4 ? right + pick(&l->rng, -2000, 2000)
                               : right + pick(&l->rng, 1, 10);
    if (wrong < 0) wrong = 0;
    if (c->range) wrong %= c->range;
    heng_us to_us = read->at_us - before_us, on_us = next_us - read->at_us;
    bool fits =
        believable(l, l->shown_before, wrong, to_us + to_us / 10) && believable(l, wrong, next, on_us + on_us / 10);
    if (wrong == (c->range ? right % c->range : right)) return wrong;
    /* What the counter reaches a little later, or what looks like it after more time, may be believed instead of those
     * in between. */
    if (believable(l, l->shown_before, wrong, 5 * to_us) || believable(l, wrong, next + 4 * (next - right), 5 * on_us))
        l->doubtful = 5;
    if (fits || l->doubtful) stays_above(l, wrong, right);
    uint16_t number = fault(l, TRUTH_SPIKE, read->at_us, read->at_us, !fits);
    l->t->spans[l->i].fault = l->t->spans[l->i + 1].fault = number;
    read->right = false;
    return wrong;
}

/* Returns what the display showed then. */
static int64_t read_at(struct life *l, int64_t index, bool calm)
{
    struct truth *t = l->t;
    struct truth_read *read = &t->reads[l->i + 1];
    heng_us off_us = l->jitter_us ? pick(&l->rng, 0, l->jitter_us) : 0, late_us = 0;
    if (l->jitter_us && !l->held && calm) index = steps_of(&l->c, truth_used(t, read->at_us + off_us - l->drift_us));
    if (pick(&l->rng, 1, 50) == 1) late_us = pick(&l->rng, 1, 40) * HENG_US_PER_DAY;
    if (l->delayed) late_us += (heng_us)l->delayed * t->channel.minutes * 60 * HENG_US_PER_S;
    heng_us came_us = read->at_us - l->drift_us + 600 * HENG_US_PER_S + late_us;
    struct heng_channel_fact *f = put(l, HENG_CHANNEL_FACT_READING, read->at_us + off_us, came_us);
    f->source = 1;
    f->device_id = l->c.device;
    f->index = shown(&l->c, index);
    if (l->coarse) {
        f->index.dec.mantissa /= 10;
        f->index.dec.exp++;
    }
    read->step = step_units(&l->c) * (l->coarse ? 10 : 1);
    read->slack += (int64_t)((i128)t->most_per_hour * off_us / (HOUR_S * HENG_US_PER_S));
    t->readings++;
    t->late += late_us != 0;
    if (!come_in(l, f, came_us)) {
        t->fact_count--;
        t->beside++;
        read->right = false;
        return index;
    }
    if (pick(&l->rng, 1, 100) == 1) twice(l, &t->facts[t->fact_count - 1].fact, came_us + HENG_US_PER_DAY);
    return index;
}

/* --- what lasts ----------------------------------------------------------------------------------------------- */

static size_t some_days(struct life *l, int64_t from, int64_t to)
{
    return (size_t)(pick(&l->rng, from, to) * 1440 / l->t->channel.minutes);
}

static void begin_held(struct life *l, bool halted)
{
    l->held = some_days(l, 1, 25);
    l->halted = halted;
    l->held_us = l->t->reads[l->i].at_us;
    l->held_index = l->shown_before;
    l->held_fault = fault(l, halted ? TRUTH_HALTED : TRUTH_HELD, l->held_us, l->held_us, false);
}

/* Whole days without any use that the rule `zero` would have to see, each of them a day on which it looks. */
static bool zero_is_seen(const struct life *l, heng_us from_us, heng_us to_us)
{
    const struct truth *t = l->t;
    int64_t days = t->rules.limits[HENG_LIMIT_ZERO_DAYS].mantissa, run = 0;
    heng_day day = heng_day_at(&t->channel.days, from_us);
    /* Read after midnight, the first day has a share in what was used before. */
    if (heng_day_from_us(&t->channel.days, day) < from_us || l->jitter_us) day++;
    for (; heng_day_from_us(&t->channel.days, day + 1) <= to_us; day++) {
        run++;
        bool cold = !t->degrees || t->degrees[day - t->day] > 0;
        if (run >= days && cold) return true;
    }
    return false;
}

/* A counter that stood begins to turn. */
static void turn_again(struct life *l)
{
    l->c.first = l->held_index;
    l->c.installed = truth_used(l->t, l->t->reads[l->i].at_us);
    l->t->spans[l->i].breaks = true;
}

/* The counter goes on: from where it stood, or with all that was used meanwhile. */
static void end_held(struct life *l)
{
    struct truth *t = l->t;
    heng_us last_us = t->reads[l->i].at_us, next_us = t->reads[l->i + 1].at_us;
    struct truth_fault *f = &t->faults[l->held_fault - 1];
    f->to_us = next_us;
    f->visible = zero_is_seen(l, l->held_us, last_us);
    if (!l->halted) {
        int64_t after = steps_of(&l->c, truth_used(t, next_us));
        int64_t units = steps_to_units(&l->c, after - l->held_index), each = limit_units(l, next_us - last_us);
        bool fits = believable(l, l->held_index, after, next_us - last_us);
        if (l->held_judged) fits = l->held_fits, units = l->held_units;
        f->visible = f->visible || !fits;
        size_t margin = HELD_MARGIN + (fits || units < 0 ? 0 : (size_t)(units / each));
        for (size_t k = 0; k < margin && l->i + k < t->span_count; k++) t->spans[l->i + k].fault = l->held_fault;
        l->doubtful = fits ? 0 : margin;
        l->calm = margin + CALM;
        f->to_us = t->reads[l->i + margin < t->span_count ? l->i + margin : t->span_count].at_us;
    }
    l->held_fault = 0;
    l->held_judged = false;
    l->calm = l->calm > CALM ? l->calm : CALM;
}

static void clock_on(struct life *l)
{
    struct truth *t = l->t;
    heng_us at_us = t->reads[l->i + 1].at_us;
    if (!l->drifting) return;
    l->drift_us += l->drift_step_us;
    heng_us off_us = l->drift_us < 0 ? -l->drift_us : l->drift_us;
    if (l->settable && off_us > t->rules.limits[HENG_LIMIT_CLOCK_SYNC].mantissa * HENG_US_PER_S) l->drift_us = 0;
    if (off_us > t->rules.limits[HENG_LIMIT_CLOCK_FLAG].mantissa * HENG_US_PER_S && !l->settable) {
        if (!l->drift_fault) l->drift_fault = fault(l, TRUTH_DRIFT, at_us, at_us, true);
        t->faults[l->drift_fault - 1].to_us = at_us;
        t->spans[l->i].fault = l->drift_fault;
        if (l->i + 1 < t->span_count) t->spans[l->i + 1].fault = l->drift_fault;
    }
    if (--l->drifting) return;
    l->drift_us = 0; /* somebody came and set it */
    l->drift_fault = 0;
    l->calm = l->calm > CALM ? l->calm : CALM;
}

/* --- a life --------------------------------------------------------------------------------------------------- */

/* Something new, when nothing else is going on. */
static void chance(struct life *l, const struct kind *kind)
{
    struct truth *t = l->t;
    struct truth_span *span = &t->spans[l->i];
    heng_us from_us = t->reads[l->i].at_us, long_us = t->reads[l->i + 1].at_us - from_us;
    heng_us inside_us = from_us + long_us * pick(&l->rng, 400, 600) / 1000;
    if (rarely(l, 6)) {
        declared(l, span, inside_us, kind);
    } else if (rarely(l, 1)) {
        silent(l, span, inside_us);
    } else if (rarely(l, 3)) {
        begin_held(l, pick(&l->rng, 1, 3) == 1);
        return;
    } else if (rarely(l, 20)) {
        l->gap = pick(&l->rng, 1, 6) == 1 ? some_days(l, 5, 90) : (size_t)pick(&l->rng, 1, 6);
        uint16_t number = fault(l, TRUTH_GAP, from_us, from_us, true);
        for (size_t k = 0; k <= l->gap && l->i + k < t->span_count; k++) {
            t->spans[l->i + k].fault = number;
            t->faults[number - 1].to_us = t->reads[l->i + k + 1].at_us;
        }
        return;
    } else if (rarely(l, 3)) {
        l->coarse = some_days(l, 3, 60);
        fault(l, TRUTH_COARSE, from_us, from_us, false);
        return;
    } else if (rarely(l, 3)) {
        l->drifting = some_days(l, 30, 400);
        l->settable = pick(&l->rng, 1, 3) != 1;
        l->drift_step_us =
            pick(&l->rng, 1, 20) * (pick(&l->rng, 0, 1) ? 1 : -1) * HENG_US_PER_S * t->channel.minutes / 1440;
        return;
    } else if (rarely(l, 10)) {
        l->delayed = some_days(l, 1, 30);
        return;
    } else {
        return;
    }
    l->calm = CALM;
}

/* One interval and the reading at its end. */
static void live_on(struct life *l, const struct kind *kind)
{
    struct truth *t = l->t;
    struct truth_read *read = &t->reads[l->i + 1];
    bool busy =
        l->gap || l->held || l->coarse || l->drifting || l->calm || l->i < CALM || l->i + 3 * CALM > t->span_count;
    /* What a reading left out disturbs goes on until one counts again; taken too late, that one has a share in it. */
    bool after = l->i && (!t->reads[l->i].right || (l->jitter_us && l->i > 1 && !t->reads[l->i - 1].right));
    if (after && !t->spans[l->i].fault) t->spans[l->i].fault = t->spans[l->i - 1].fault;
    if (l->i + 2 * CALM > t->span_count) { /* in the end all is in order */
        l->held = 0;
        l->drifting = l->drifting ? 1 : 0;
    }
    if (l->held_fault && l->halted && !l->held) turn_again(l);
    if (!busy)
        chance(l, kind);
    else if (l->gap && rarely(l, 40) && !l->calm && l->i + 2 * CALM < t->span_count && l->gap > 2)
        declared(l, &t->spans[l->i], t->reads[l->i].at_us + (read->at_us - t->reads[l->i].at_us) / 2, kind);
    clock_on(l);
    if (l->held_fault && !l->held) end_held(l);
    read->right = !l->doubtful;
    if (l->doubtful) l->doubtful--;
    if (l->calm) l->calm--;
    read->used = truth_used(t, read->at_us);
    int64_t drifted = truth_used(t, read->at_us - l->drift_us);
    read->slack = drifted > read->used ? drifted - read->used : read->used - drifted;
    int64_t index = steps_of(&l->c, drifted), right = index;
    bool holds = l->held > 0;
    if (l->c.range && right / l->c.range > l->shown_before / l->c.range && !t->spans[l->i].joins && !holds)
        t->rollovers++;
    bool hardly = l->above - index <= steps_back(l);
    if (l->above > index && hardly) read->right = false;
    if (l->above <= index || (!hardly && !l->doubtful)) l->above = 0;
    if (holds) {
        l->held--;
        index = l->held_index;
        read->right = false;
        t->spans[l->i].fault = l->held_fault;
    }
    bool spike = !busy && !l->calm && !l->gap && !l->held_fault && !l->coarse && !l->drifting && rarely(l, 30);
    if (spike) {
        index = spoilt(l, read, right, steps_of(&l->c, truth_used(t, t->reads[l->i + 2].at_us)));
        l->calm = CALM;
    }
    if (l->gap && --l->gap + 1 && l->i + 2 * CALM < t->span_count) {
        read->right = false;
        if (!l->gap) l->calm = CALM;
    } else {
        l->gap = 0;
        index = read_at(l, index, !spike && read->right);
        if (!spike && read->right) right = index;
    }
    if (l->coarse) l->coarse--;
    if (l->delayed) l->delayed--;
    l->shown_before = holds ? l->held_index : right;
}

static int by_fact(const void *a, const void *b)
{
    return heng_channel_fact_cmp(&((const struct truth_fact *)a)->fact, &((const struct truth_fact *)b)->fact);
}

/* Days, boundaries of intervals, and the places where things will be noted. */
static void lay_out(struct truth *t, int days)
{
    heng_us from_us = heng_day_from_us(&t->channel.days, t->day);
    heng_us to_us = heng_day_from_us(&t->channel.days, t->day + (heng_day)days);
    t->day_count = (size_t)days;
    t->base_us = (t->channel.minutes == 15 ? 900 : HOUR_S) * HENG_US_PER_S;
    t->base_count = (size_t)((to_us - from_us) / t->base_us);
    t->span_count = t->channel.minutes == 1440 ? t->day_count : t->base_count;
    t->reads = room(t->span_count + 1, sizeof *t->reads);
    t->spans = room(t->span_count, sizeof *t->spans);
    for (size_t i = 0; i <= t->span_count; i++)
        t->reads[i].at_us = t->channel.minutes == 1440 ? heng_day_from_us(&t->channel.days, t->day + (heng_day)i)
                                                       : from_us + (heng_us)i * t->base_us;
}

static void describe_channel(struct truth *t, const struct kind *kind, struct heng_sim_rng *rng, uint64_t number)
{
    struct heng_channel *c = &t->channel;
    c->medium = kind->medium;
    c->quantity = kind->quantity;
    c->unit = kind->unit;
    c->minutes = number % 20 < 14 ? 1440 : number % 20 < 19 ? 60 : 15;
    c->exp = (int8_t)(kind->display - (int)pick(rng, 0, 1));
    c->days = (struct heng_day_rule){zones[pick(rng, 0, ZONES - 1)], (int16_t)(pick(rng, 1, 4) == 1 ? 480 : 0)};
    c->near_us = 300 * HENG_US_PER_S;
    c->short_gap_us = c->minutes == 1440 ? 26 * HOUR_S * HENG_US_PER_S : 2 * HOUR_S * HENG_US_PER_S;
    c->rules_version = t->rules.version;
    t->per_step = UNITS_OF_DIGIT;
    for (int e = kind->display; e > c->exp; e--) t->per_step /= 10;
}

void truth_make(struct truth *t, uint64_t seed, uint64_t number, int days, unsigned odd)
{
    struct life l = {.t = t, .rng = heng_sim_rng_of(seed, number), .odd = odd};
    int which = (int)(number / 20 % KINDS);
    const struct kind *kind = &kinds[which];
    memset(t, 0, sizeof *t);
    heng_rule_set_default(kind->medium, &t->rules);
    describe_channel(t, kind, &l.rng, number);
    t->day = heng_day_of_date(2015, (int)pick(&l.rng, 1, 12), 1);
    lay_out(t, days);
    if (which == HEAT || which == GAS) weather(t, &l.rng);
    use(t, &l.rng, which, t->reads[0].at_us);
    t->channel.max_per_hour = (struct heng_opt_dec){true, {t->most_per_hour, (int8_t)(kind->display - 3)}};
    l.jitter_us = t->channel.minutes != 15 && pick(&l.rng, 1, 5) == 1 ? 120 * HENG_US_PER_S : 0;
    set_unit(&l, kind, kind->unit == HENG_UNIT_WH && pick(&l.rng, 1, 5) == 1, pick(&l.rng, 1, 10) == 1 ? 40 : 1);
    set_digits(&l);
    install(&l, t->reads[0].at_us);
    t->reads[0].right = true;
    t->reads[0].step = step_units(&l.c);
    l.shown_before = l.c.first;
    for (l.i = 0; l.i < t->span_count; l.i++) live_on(&l, kind);
    qsort(t->facts, t->fact_count, sizeof *t->facts, by_fact);
}

void truth_free(struct truth *t)
{
    free(t->base);
    free(t->degrees);
    free(t->reads);
    free(t->spans);
    free(t->facts);
    free(t->faults);
    memset(t, 0, sizeof *t);
}

const char *truth_medium(const struct truth *t)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].medium == t->channel.medium) return kinds[i].name;
    return "?";
}
