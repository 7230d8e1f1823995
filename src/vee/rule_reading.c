/* Rules on a reading when it comes: who, when, in what. */
#include "vee/rule_parts.h"

heng_clock_action heng_rules_clock(const struct heng_rule_set *set, heng_us drift_us)
{
    /* In microseconds, so that 180.4 s is more than 180 s. */
    uint64_t off = drift_us < 0 ? UINT64_C(0) - (uint64_t)drift_us : (uint64_t)drift_us;
    static const heng_limit steps[] = {HENG_LIMIT_CLOCK_SYNC, HENG_LIMIT_CLOCK_FLAG, HENG_LIMIT_CLOCK_REJECT};
    unsigned action = 0;
    int64_t limit_us;
    for (unsigned i = 0; i < 3; i++)
        if (heng_dec_steps(set->limits[steps[i]], -6, HENG_ROUND_DOWN, &limit_us) && off > (uint64_t)limit_us)
            action = i + 1;
    return (heng_clock_action)action;
}

/* seen, and the limit above it, in seconds. */
static void put_clock(const struct heng_rule_set *set, const struct heng_rules_reading *in, heng_clock_action action,
                      struct heng_verdicts *list)
{
    static const heng_limit passed[] = {HENG_LIMIT_CLOCK_SYNC, HENG_LIMIT_CLOCK_SYNC, HENG_LIMIT_CLOCK_FLAG,
                                        HENG_LIMIT_CLOCK_REJECT};
    struct heng_verdict *v = heng_verdicts_say(list, set, HENG_RULE_CLOCK, in->at_us, in->at_us);
    if (!v) return;
    if (action == HENG_CLOCK_SYNC) v->severity = HENG_SEVERITY_TOLD; /* setting the clock is routine */
    heng_opt_put(&v->seen, in->drift_us, -6);
    heng_opt_put(&v->high, set->limits[passed[action]].mantissa, set->limits[passed[action]].exp);
}

/* A moment outside of its limits, as seconds: seen is how far outside. */
static bool say_time(const struct heng_rule_set *set, const struct heng_rules_reading *in, heng_rule rule,
                     heng_us off_us, struct heng_verdicts *list)
{
    struct heng_verdict *v = heng_verdicts_say(list, set, rule, in->at_us, in->at_us);
    if (v && off_us) heng_opt_put(&v->seen, off_us, -6);
    return v != NULL;
}

static heng_us year_us(int64_t year)
{
    struct heng_civil c = {.year = (int16_t)year, .month = 1, .day = 1};
    return heng_civil_to_us(&c);
}

/* a - b, at the ends of the range where it does not fit. */
static heng_us apart(heng_us a, heng_us b)
{
    heng_us off;
    if (!__builtin_sub_overflow(a, b, &off)) return off;
    return a < b ? INT64_MIN : INT64_MAX;
}

/* Dates that cannot be. A clock that is too far off makes the date useless as well. */
static bool check_time(const struct heng_rule_set *set, const struct heng_rules_reading *in, struct heng_verdicts *list)
{
    bool ok = true;
    int64_t allowed_us = 0;
    (void)heng_dec_steps(set->limits[HENG_LIMIT_FUTURE_ALLOWED], -6, HENG_ROUND_DOWN, &allowed_us);
    heng_us ahead = apart(in->at_us, in->came_us);
    heng_us begins = year_us(heng_limit_int(set, HENG_LIMIT_ANCIENT_YEAR));
    if (in->known_from_us > begins) begins = in->known_from_us;
    if (ahead > allowed_us) ok &= !say_time(set, in, HENG_RULE_FUTURE, ahead, list);
    if (in->at_us < begins) ok &= !say_time(set, in, HENG_RULE_ANCIENT, apart(in->at_us, begins), list);
    heng_clock_action action = in->has_drift ? heng_rules_clock(set, in->drift_us) : HENG_CLOCK_OK;
    if (action != HENG_CLOCK_OK) put_clock(set, in, action, list);
    return ok && (action != HENG_CLOCK_REJECT || !set->rules[HENG_RULE_CLOCK].on);
}

/* From whom, of what. Who is dated wrongly is not asked where he was then. */
static bool check_identity(const struct heng_rule_set *set, const struct heng_rules_reading *in, bool dated,
                           struct heng_verdicts *list)
{
    bool ok = true;
    bool served = in->at_us >= in->serves_from_us && in->at_us < in->serves_to_us;
    bool open = in->at_us >= in->open_from_us && in->at_us < in->open_to_us;
    if (dated && !served) ok &= !say_time(set, in, HENG_RULE_WRONG_DEVICE, 0, list);
    if (dated && !open) ok &= !say_time(set, in, HENG_RULE_INACTIVE, 0, list);
    if (!in->is_declared) ok &= !say_time(set, in, HENG_RULE_UNDECLARED, 0, list);
    return ok;
}

static bool is_told(heng_unit unit) { return unit != HENG_UNIT_UNKNOWN && (unsigned)unit < HENG_UNIT_COUNT; }

/* Energy for energy and volume for volume can be converted; what differs otherwise is another thing. */
static bool is_convertible(heng_unit a, heng_unit b)
{
    if (a == b || !is_told(a) || !is_told(b)) return true;
    bool mass = a == HENG_UNIT_KG || b == HENG_UNIT_KG;
    bool apparent = a == HENG_UNIT_VARH || a == HENG_UNIT_VAH || b == HENG_UNIT_VARH || b == HENG_UNIT_VAH;
    heng_unit_kind kind = heng_unit_size_of(a).kind;
    return kind != HENG_KIND_OTHER && kind == heng_unit_size_of(b).kind && !mass && !apparent;
}

static bool check_unit(const struct heng_rule_set *set, const struct heng_rules_reading *in, struct heng_verdicts *list)
{
    bool ok = is_convertible(in->unit, in->configured_unit) || !say_time(set, in, HENG_RULE_UNIT, 0, list);
    if (in->multiplier.is && in->configured_multiplier.is &&
        heng_dec_cmp(in->multiplier.dec, in->configured_multiplier.dec) != 0) {
        struct heng_verdict *v = heng_verdicts_say(list, set, HENG_RULE_MULTIPLIER, in->at_us, in->at_us);
        if (v) {
            heng_opt_put(&v->seen, in->multiplier.dec.mantissa, in->multiplier.dec.exp);
            heng_opt_put(&v->reference, in->configured_multiplier.dec.mantissa, in->configured_multiplier.dec.exp);
        }
    }
    if (in->interval_s && in->configured_interval_s && in->interval_s != in->configured_interval_s) {
        struct heng_verdict *v = heng_verdicts_say(list, set, HENG_RULE_INTERVAL_SIZE, in->at_us, in->at_us);
        if (v) {
            heng_opt_put(&v->seen, in->interval_s, 0);
            heng_opt_put(&v->reference, in->configured_interval_s, 0);
        }
    }
    return ok;
}

void heng_rules_say_status(const struct heng_rule_set *set, heng_conditions conditions, heng_us from_us, heng_us to_us,
                           struct heng_verdicts *list)
{
    if (!conditions) return;
    struct heng_verdict *v = heng_verdicts_say(list, set, HENG_RULE_STATUS, from_us, to_us);
    if (!v) return;
    if (!(conditions & set->grave)) v->severity = HENG_SEVERITY_TOLD;
    heng_opt_put(&v->seen, conditions, 0);
}

bool heng_rules_check_reading(const struct heng_rule_set *set, const struct heng_rules_reading *in,
                              struct heng_verdicts *list)
{
    bool dated = check_time(set, in, list);
    bool known = check_identity(set, in, dated, list);
    bool fits = check_unit(set, in, list);
    heng_rules_say_status(set, in->conditions, in->at_us, in->at_us, list);
    return dated && known && fits;
}
