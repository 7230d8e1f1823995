#include "vee/usage.h"

#include "vee/judge.h"
#include "vee/spread.h"

#include <string.h>

/* --- verdicts ------------------------------------------------------------------------------------------------- */

/* Field by field: what lies between the fields stays zero. */
static void put_dec(struct heng_opt_dec *ret, const struct heng_opt_dec *dec)
{
    ret->is = dec->is;
    ret->dec.mantissa = dec->dec.mantissa;
    ret->dec.exp = dec->dec.exp;
}

static void put_number(const struct heng_usage *u, struct heng_opt_dec *ret, int64_t amount)
{
    put_dec(ret, &(struct heng_opt_dec){true, {amount, u->channel->exp}});
}

/* The rules of days that are not closed yet go into their flags; where there is no room they go to the last one. */
static void mark(struct heng_usage *u, heng_rule rule, heng_us at_us)
{
    struct heng_usage_state *s = &u->state;
    heng_day day = heng_day_at(&u->channel->days, at_us > s->pos_us ? at_us : s->pos_us);
    uint8_t i = 0;
    while (i < s->mark_count && s->marks[i].day != day) i++;
    if (i == HENG_MARKS_MAX) i--;
    if (i == s->mark_count) s->marks[s->mark_count++].day = day;
    s->marks[i].flags |= UINT64_C(1) << rule;
}

static void say(struct heng_usage *u, const struct heng_verdict *verdict)
{
    if (u->rc != HENG_OK) return;
    if (verdict->severity != HENG_SEVERITY_TOLD && u->state.before != HENG_BEFORE_OUTSIDE)
        mark(u, verdict->rule, verdict->from_us);
    u->rc = u->out.verdict(u->out.ctx, verdict);
}

static struct heng_verdict verdict_of(const struct heng_usage *u, heng_rule rule, heng_severity severity,
                                      heng_us from_us, heng_us to_us)
{
    struct heng_verdict verdict;
    memset(&verdict, 0, sizeof verdict);
    verdict.rule = rule;
    verdict.severity = severity;
    verdict.version = u->channel->rules_version;
    verdict.from_us = from_us;
    verdict.to_us = to_us;
    return verdict;
}

static void say_plain(struct heng_usage *u, heng_rule rule, heng_severity severity, heng_us at_us)
{
    struct heng_verdict verdict = verdict_of(u, rule, severity, at_us, at_us);
    say(u, &verdict);
}

/* About a fact that gives an index: seen is that, as it came. */
static void say_fact(struct heng_usage *u, heng_rule rule, heng_severity severity, const struct heng_channel_fact *fact)
{
    struct heng_verdict verdict = verdict_of(u, rule, severity, fact->at_us, fact->at_us);
    put_dec(&verdict.seen, &fact->index);
    say(u, &verdict);
}

/* About a step: seen is the difference, low and high what it should lie between, reference the index before. */
static void say_step(struct heng_usage *u, heng_rule rule, heng_severity severity, const struct heng_index_step *step,
                     const struct heng_knot *a, const struct heng_knot *b)
{
    struct heng_verdict verdict = verdict_of(u, rule, severity, a->at_us, b->at_us);
    put_number(u, &verdict.seen, step->amount);
    put_number(u, &verdict.low, 0);
    if (step->limit >= 0) put_number(u, &verdict.high, step->limit);
    put_number(u, &verdict.reference, a->value);
    say(u, &verdict);
}

/* --- the counter ---------------------------------------------------------------------------------------------- */

static struct heng_counter counter_of(const struct heng_usage *u)
{
    const struct heng_usage_state *s = &u->state;
    return (struct heng_counter){(heng_unit)s->unit, s->digits, s->display_exp, s->multiplier, s->divisor};
}

static bool installed(const struct heng_usage_state *s)
{
    return s->before == HENG_BEFORE_KNOT || s->before == HENG_BEFORE_UNKNOWN;
}

static struct heng_index_step step_of(const struct heng_usage *u, const struct heng_knot *a, const struct heng_knot *b)
{
    struct heng_counter counter = counter_of(u);
    return heng_judge_step(u->channel, &counter, u->max_micro, u->state.rollover_us, a, b);
}

static bool follows(const struct heng_usage *u, const struct heng_knot *a, const struct heng_knot *b)
{
    return heng_index_step_good(step_of(u, a, b).kind);
}

/* The index of a fact as a knot; false when it cannot be one, which is said. */
static bool knot_of(struct heng_usage *u, const struct heng_channel_fact *fact, struct heng_dec index,
                    struct heng_knot *ret)
{
    struct heng_counter counter = counter_of(u);
    heng_unit unit = fact->unit == HENG_UNIT_NONE || fact->unit == HENG_UNIT_UNKNOWN ? counter.unit : fact->unit;
    memset(ret, 0, sizeof *ret);
    ret->at_us = fact->at_us;
    ret->index = index;
    ret->unit = (uint8_t)unit;
    ret->wraps = u->state.before == HENG_BEFORE_KNOT ? u->state.last.wraps : 0;
    ret->trust = HENG_TRUST_VALID;
    ret->kind = (uint8_t)fact->kind;
    heng_rc rc = heng_index_value(u->channel, &counter, index, unit, ret->wraps, &ret->value, &ret->step);
    if (rc == HENG_EUNSUPPORTED) say_fact(u, HENG_RULE_UNIT, HENG_SEVERITY_TASK, fact);
    if (rc == HENG_ERANGE) say_fact(u, HENG_RULE_LIMIT, HENG_SEVERITY_TASK, fact);
    return rc == HENG_OK;
}

/* --- the curve ------------------------------------------------------------------------------------------------ */

static void unknown_until(struct heng_usage *u, heng_us to_us)
{
    struct heng_usage_span span = {.kind = HENG_SPAN_UNKNOWN, .to_us = to_us};
    heng_spread(u, &span);
}

static heng_trust worse(uint8_t a, uint8_t b) { return (heng_trust)(a > b ? a : b); }

/* So often went the counter over its last digit before these knots. All that wait have the wraps of `last`, or none. */
static void rebase(struct heng_usage *u, struct heng_knot *knots, uint8_t count, uint32_t wraps)
{
    struct heng_counter counter = counter_of(u);
    for (uint8_t i = 0; i < count; i++) {
        struct heng_knot *one = &knots[i];
        int64_t value = one->value;
        heng_rc rc = heng_index_value(u->channel, &counter, one->index, (heng_unit)one->unit, wraps, &value, NULL);
        one->value = rc == HENG_OK ? value : one->value; /* beyond all bounds: it follows nothing */
        one->wraps = wraps;
    }
}

static void tell_knot(struct heng_usage *u, bool joined)
{
    if (u->out.knot && u->rc == HENG_OK) u->rc = u->out.knot(u->out.ctx, &u->state.last, joined);
}

/* Make a knot final; `behind` more stand behind it in memory. */
static void accept(struct heng_usage *u, struct heng_knot *knot, uint8_t behind)
{
    struct heng_usage_state *s = &u->state;
    bool joined = s->before == HENG_BEFORE_KNOT;
    if (joined) {
        struct heng_index_step step = step_of(u, &s->last, knot);
        if (step.kind == HENG_INDEX_STEP_ROLLOVER) {
            say_step(u, HENG_RULE_ROLLOVER, HENG_SEVERITY_TOLD, &step, &s->last, knot);
            rebase(u, knot, (uint8_t)(behind + 1), s->last.wraps + 1);
        }
        if (knot->value < s->last.value) knot->value = s->last.value; /* within its last digit */
        struct heng_usage_span span = {.kind = HENG_SPAN_KNOWN, .to_us = knot->at_us};
        span.amount = knot->value - s->last.value;
        span.trust = worse(s->last.trust, knot->trust);
        span.history = knot->kind == HENG_CHANNEL_FACT_HISTORY || s->last.kind == HENG_CHANNEL_FACT_HISTORY;
        heng_spread(u, &span);
    } else {
        unknown_until(u, knot->at_us);
    }
    if (s->rollover_us && s->rollover_us <= knot->at_us) s->rollover_us = 0;
    s->last = *knot;
    s->before = HENG_BEFORE_KNOT;
    tell_knot(u, joined);
}

/* Began again from nothing, or runs back? What the time since can account for, else a tenth, tells. */
static heng_rule rule_of_cut(const struct heng_index_step *step, const struct heng_knot *last,
                             const struct heng_knot *anew)
{
    if (step->kind == HENG_INDEX_STEP_LIMIT) return HENG_RULE_LIMIT;
    int64_t most = step->limit >= 0 ? step->limit : last->value / 10;
    return anew->value <= most ? HENG_RULE_RESET : HENG_RULE_NEGATIVE;
}

/* The curve ends at `last`: the counter does not say how much it was until `anew`, behind which more stand. */
static void cut_before(struct heng_usage *u, struct heng_knot *anew, uint8_t behind)
{
    struct heng_usage_state *s = &u->state;
    if (s->before != HENG_BEFORE_KNOT) return;
    if (!anew->forced) {
        struct heng_index_step step = step_of(u, &s->last, anew);
        say_step(u, rule_of_cut(&step, &s->last, anew), HENG_SEVERITY_FATAL, &step, &s->last, anew);
    }
    s->before = HENG_BEFORE_UNKNOWN;
    if (s->last.wraps) rebase(u, anew, (uint8_t)(behind + 1), 0);
    memset(&s->last, 0, sizeof s->last);
}

/* --- those that wait ------------------------------------------------------------------------------------------ */

static void keep_waiting(struct heng_usage_state *s, uint8_t first)
{
    uint8_t kept = (uint8_t)(s->waiting_count - first);
    memmove(s->waiting, s->waiting + first, kept * sizeof s->waiting[0]);
    memset(s->waiting + kept, 0, first * sizeof s->waiting[0]);
    s->waiting_count = kept;
}

static struct heng_chain judge_waiting(const struct heng_usage *u, heng_occasion occasion)
{
    const struct heng_usage_state *s = &u->state;
    bool fits[HENG_CHAIN_KNOTS][HENG_CHAIN_KNOTS] = {{false}};
    bool has_last = s->before == HENG_BEFORE_KNOT;
    for (uint8_t j = 0; j < s->waiting_count; j++) {
        fits[0][j + 1] = has_last && follows(u, &s->last, &s->waiting[j]);
        for (uint8_t i = 0; i < j; i++) fits[i + 1][j + 1] = follows(u, &s->waiting[i], &s->waiting[j]);
    }
    return heng_judge_chain(fits, s->waiting_count, has_last, occasion);
}

/* Left out, for it does not fit; `last` is what counts before it. */
static void leave_out(struct heng_usage *u, const struct heng_knot *knot, heng_rule rule, heng_severity severity)
{
    const struct heng_usage_state *s = &u->state;
    if (s->before == HENG_BEFORE_KNOT) {
        struct heng_index_step step = step_of(u, &s->last, knot);
        if (rule == HENG_RULE_COUNT)
            rule = step.kind == HENG_INDEX_STEP_NEGATIVE ? HENG_RULE_NEGATIVE
                   : step.kind == HENG_INDEX_STEP_LIMIT  ? HENG_RULE_LIMIT
                                                         : HENG_RULE_OUTLIER;
        struct heng_verdict verdict = verdict_of(u, rule, severity, knot->at_us, knot->at_us);
        put_number(u, &verdict.seen, step.amount);
        put_number(u, &verdict.low, 0);
        if (step.limit >= 0) put_number(u, &verdict.high, step.limit);
        put_number(u, &verdict.reference, s->last.value);
        say(u, &verdict);
    } else {
        struct heng_verdict verdict =
            verdict_of(u, rule == HENG_RULE_COUNT ? HENG_RULE_OUTLIER : rule, severity, knot->at_us, knot->at_us);
        put_number(u, &verdict.seen, knot->value);
        say(u, &verdict);
    }
}

/* Take the first `take` of the chain, leave out what stands between them; what is behind the last one taken stays. */
static void take_chain(struct heng_usage *u, const struct heng_chain *chain, uint8_t take)
{
    struct heng_usage_state *s = &u->state;
    uint8_t at = 0;
    for (uint8_t k = 0; k < take; k++) {
        for (; at < chain->items[k]; at++) leave_out(u, &s->waiting[at], HENG_RULE_OUTLIER, HENG_SEVERITY_TASK);
        uint8_t behind = (uint8_t)(s->waiting_count - at - 1);
        if (k == chain->cut) cut_before(u, &s->waiting[at], behind);
        accept(u, &s->waiting[at], behind);
        at++;
    }
    keep_waiting(s, at);
}

/* As many wait as may. The newest of the best chain goes on waiting; if nothing else was decided, one is left out. */
static void decide(struct heng_usage *u)
{
    struct heng_usage_state *s = &u->state;
    struct heng_chain chain = judge_waiting(u, HENG_OCCASION_FULL);
    uint8_t count = chain.count;
    if (count > 1) {
        take_chain(u, &chain, (uint8_t)(count - 1));
        uint8_t next = (uint8_t)(chain.items[count - 1] - chain.items[count - 2] - 1);
        for (uint8_t i = 0; i < next; i++) leave_out(u, &s->waiting[i], HENG_RULE_OUTLIER, HENG_SEVERITY_TASK);
        keep_waiting(s, next);
        return;
    }
    uint8_t out = count == 1 && chain.items[0] == 0 ? 1 : 0;
    leave_out(u, &s->waiting[out], HENG_RULE_OUTLIER, HENG_SEVERITY_TASK);
    memmove(s->waiting + out, s->waiting + out + 1, (size_t)(s->waiting_count - out - 1) * sizeof s->waiting[0]);
    memset(&s->waiting[--s->waiting_count], 0, sizeof s->waiting[0]);
}

/* Nothing comes any more that could tell: take what is beyond doubt, and say of the rest why it is not used. */
static void end_waiting(struct heng_usage *u)
{
    struct heng_usage_state *s = &u->state;
    if (!s->waiting_count) return;
    struct heng_chain chain = judge_waiting(u, HENG_OCCASION_END);
    take_chain(u, &chain, chain.count);
    for (uint8_t i = 0; i < s->waiting_count; i++) leave_out(u, &s->waiting[i], HENG_RULE_COUNT, HENG_SEVERITY_TASK);
    keep_waiting(s, s->waiting_count);
}

/* An index that somebody vouches for. True when the curve reaches it; else it is a beginning only. */
static bool take_anchor(struct heng_usage *u, const struct heng_knot *anchor)
{
    struct heng_usage_state *s = &u->state;
    s->waiting[s->waiting_count++] = *anchor;
    struct heng_chain chain = judge_waiting(u, HENG_OCCASION_ANCHOR);
    if (chain.count) {
        take_chain(u, &chain, chain.count);
        return true;
    }
    memset(&s->waiting[--s->waiting_count], 0, sizeof s->waiting[0]);
    end_waiting(u);
    return false;
}

static void wait(struct heng_usage *u, const struct heng_knot *knot)
{
    struct heng_usage_state *s = &u->state;
    if (s->waiting_count == 1 && follows(u, &s->waiting[0], knot) &&
        (s->before != HENG_BEFORE_KNOT || follows(u, &s->last, &s->waiting[0]))) {
        struct heng_knot pair[2] = {s->waiting[0], *knot};
        accept(u, pair, 1);
        s->waiting[0] = pair[1];
        return;
    }
    s->waiting[s->waiting_count++] = *knot;
    if (s->waiting_count == HENG_LOOK_AHEAD) decide(u);
}

/* --- facts ---------------------------------------------------------------------------------------------------- */

static bool served(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    const struct heng_usage_state *s = &u->state;
    if (!installed(s)) {
        say_fact(u, HENG_RULE_INACTIVE, HENG_SEVERITY_TASK, fact);
        return false;
    }
    if (fact->device_id && fact->device_id != s->device_id) {
        say_fact(u, HENG_RULE_WRONG_DEVICE, HENG_SEVERITY_TASK, fact);
        return false;
    }
    return true;
}

/* The counter at hand ends; index: of which moment, or NULL. */
static void leave(struct heng_usage *u, const struct heng_channel_fact *fact, const struct heng_opt_dec *index)
{
    struct heng_usage_state *s = &u->state;
    struct heng_knot anchor;
    if (index && index->is && knot_of(u, fact, index->dec, &anchor)) {
        bool reached = take_anchor(u, &anchor);
        if (!reached && s->before == HENG_BEFORE_KNOT) {
            struct heng_index_step step = step_of(u, &s->last, &anchor);
            heng_rule rule = step.kind == HENG_INDEX_STEP_LIMIT ? HENG_RULE_LIMIT : HENG_RULE_NEGATIVE;
            say_step(u, rule, HENG_SEVERITY_FATAL, &step, &s->last, &anchor);
        }
    } else {
        end_waiting(u);
    }
    unknown_until(u, fact->at_us);
    memset(&s->last, 0, sizeof s->last);
    s->before = HENG_BEFORE_REMOVED;
    s->rollover_us = 0;
}

/* A counter begins at pos_us; index: what it showed, or NULL. */
static void enter(struct heng_usage *u, const struct heng_channel_fact *fact, const struct heng_opt_dec *index)
{
    struct heng_usage_state *s = &u->state;
    struct heng_knot knot;
    s->before = HENG_BEFORE_UNKNOWN;
    if (!index->is || !knot_of(u, fact, index->dec, &knot)) return;
    s->last = knot;
    s->before = HENG_BEFORE_KNOT;
    tell_knot(u, false);
}

static void set_counter(struct heng_usage_state *s, const struct heng_channel_fact *fact)
{
    s->unit = (uint8_t)fact->unit;
    s->digits = fact->digits <= 18 ? fact->digits : 0;
    s->display_exp = fact->display_exp >= -12 && fact->display_exp <= 12 ? fact->display_exp : 0;
    s->multiplier = fact->multiplier ? fact->multiplier : 1;
    s->divisor = fact->divisor ? fact->divisor : 1;
}

static void on_end(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    if (!served(u, fact)) return;
    leave(u, fact, &fact->index);
    u->state.device_id = 0;
}

static void on_start(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    struct heng_usage_state *s = &u->state;
    if (s->before == HENG_BEFORE_OUTSIDE) {
        heng_spread_open(u, fact->at_us);
    } else if (installed(s)) {
        leave(u, fact, NULL);
    } else if (fact->at_us - s->pos_us <= u->channel->short_gap_us) {
        /* Nothing goes through a pipe or wire while the meter is changed. */
        struct heng_usage_span span = {.kind = HENG_SPAN_KNOWN, .to_us = fact->at_us, .trust = HENG_TRUST_INTERPOLATED};
        heng_spread(u, &span);
    } else {
        unknown_until(u, fact->at_us);
    }
    set_counter(s, fact);
    s->device_id = fact->device_id;
    enter(u, fact, &fact->index);
}

static void on_reset(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    if (!served(u, fact)) return;
    leave(u, fact, &fact->index);
    enter(u, fact, &fact->index2);
}

static void on_change(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    struct heng_usage_state *s = &u->state;
    struct heng_channel_fact of_old = *fact;
    if (!served(u, fact)) return;
    of_old.unit = (heng_unit)s->unit; /* fact->unit is that of the counter from now on */
    uint64_t multiplier = fact->multiplier ? fact->multiplier : 1, divisor = fact->divisor ? fact->divisor : 1;
    bool same = multiplier * s->divisor == divisor * s->multiplier;
    bool rolled = s->before == HENG_BEFORE_KNOT && s->last.wraps;
    if (!fact->index.is && same && !rolled) {
        set_counter(s, fact);
        return;
    }
    if (!fact->index.is) say_plain(u, HENG_RULE_MULTIPLIER, HENG_SEVERITY_TASK, fact->at_us);
    leave(u, &of_old, &fact->index);
    set_counter(s, fact);
    if (fact->index2.is)
        enter(u, fact, &fact->index2);
    else
        enter(u, &of_old, &fact->index); /* it goes on from where it was */
}

static void on_said(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    struct heng_usage_state *s = &u->state;
    if (!installed(s)) return; /* the reading is not used anyway, and that is said with it */
    if (s->said_count == HENG_SAID_MAX) {
        say_plain(u, HENG_RULE_CONFLICT, HENG_SEVERITY_TASK, fact->at_us);
        return;
    }
    s->said[s->said_count].id = fact->id;
    s->said[s->said_count++].right = fact->kind == HENG_CHANNEL_FACT_ACCEPT;
}

static void on_stretch(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    struct heng_usage_state *s = &u->state;
    struct heng_stretch stretch = {fact->at_us, fact->to_us, 0, (uint8_t)fact->kind};
    heng_unit unit = fact->unit == HENG_UNIT_NONE ? u->channel->unit : fact->unit;
    heng_rule rule = HENG_RULE_COUNT;
    heng_rc rc = fact->index.is ? heng_amount_value(u->channel, fact->index.dec, unit, &stretch.amount) : HENG_EFORMAT;
    if (s->before == HENG_BEFORE_OUTSIDE)
        rule = HENG_RULE_INACTIVE;
    else if (fact->to_us <= fact->at_us || fact->to_us - fact->at_us > HENG_STRETCH_DAYS_MAX * HENG_US_PER_DAY)
        rule = HENG_RULE_INTERVAL_SIZE;
    else if (rc != HENG_OK)
        rule = rc == HENG_EFORMAT ? HENG_RULE_NO_VALUE : rc == HENG_EUNSUPPORTED ? HENG_RULE_UNIT : HENG_RULE_LIMIT;
    else if (stretch.amount < 0)
        rule = HENG_RULE_NEGATIVE;
    else if (s->stretch_count == HENG_STRETCHES_MAX)
        rule = HENG_RULE_CONFLICT;
    if (rule == HENG_RULE_COUNT)
        s->stretches[s->stretch_count++] = stretch;
    else
        say_fact(u, rule, HENG_SEVERITY_TASK, fact);
}

/* -1 wrong, 1 right, 0 nobody said. */
static int said_of(const struct heng_usage_state *s, int64_t id)
{
    for (uint8_t i = s->said_count; i; i--)
        if (s->said[i - 1].id == id) return s->said[i - 1].right ? 1 : -1;
    return 0;
}

/* The same moment once more: says so, and true when it need not be looked at. */
static bool repeats(struct heng_usage *u, const struct heng_channel_fact *fact, const struct heng_knot *knot)
{
    const struct heng_usage_state *s = &u->state;
    const struct heng_knot *other = NULL;
    for (uint8_t i = 0; i < s->waiting_count && !other; i++)
        if (s->waiting[i].at_us == knot->at_us) other = &s->waiting[i];
    bool final = !other && s->before == HENG_BEFORE_KNOT && s->last.at_us == knot->at_us;
    if (final) other = &s->last;
    if (!other) return false;
    int64_t apart = other->value < knot->value ? knot->value - other->value : other->value - knot->value;
    bool coarse = other->step != knot->step && apart < (other->step > knot->step ? other->step : knot->step);
    if (!apart || coarse) {
        bool reading = other->kind == HENG_CHANNEL_FACT_READING || other->kind == HENG_CHANNEL_FACT_HISTORY;
        if (reading) say_fact(u, HENG_RULE_DUPLICATE, HENG_SEVERITY_TOLD, fact);
        return true;
    }
    struct heng_verdict verdict = verdict_of(u, HENG_RULE_CONFLICT, HENG_SEVERITY_TASK, fact->at_us, fact->at_us);
    put_number(u, &verdict.seen, knot->value);
    put_number(u, &verdict.reference, other->value);
    say(u, &verdict);
    return final;
}

static void on_reading(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    struct heng_usage_state *s = &u->state;
    struct heng_knot knot;
    int said = s->said_count ? said_of(s, fact->id) : 0;
    if (said < 0 || !served(u, fact)) return;
    if (!fact->index.is) {
        say_plain(u, HENG_RULE_NO_VALUE, HENG_SEVERITY_TOLD, fact->at_us);
        return;
    }
    if (!knot_of(u, fact, fact->index.dec, &knot)) return;
    if (fact->trust > HENG_TRUST_VALID && fact->trust < HENG_TRUST_MISSING) knot.trust = (uint8_t)fact->trust;
    if (fact->status & u->channel->doubt) knot.trust = HENG_TRUST_SUSPECT;
    if (said > 0) knot.trust = HENG_TRUST_OVERRIDE;
    knot.forced = said > 0;
    if (repeats(u, fact, &knot)) return;
    if (!said) {
        wait(u, &knot);
    } else if (!take_anchor(u, &knot)) {
        cut_before(u, &knot, 0);
        accept(u, &knot, 0);
    }
}

static void on_fact(struct heng_usage *u, const struct heng_channel_fact *fact)
{
    switch (fact->kind) {
    case HENG_CHANNEL_FACT_END: on_end(u, fact); break;
    case HENG_CHANNEL_FACT_RESET: on_reset(u, fact); break;
    case HENG_CHANNEL_FACT_CHANGE: on_change(u, fact); break;
    case HENG_CHANNEL_FACT_START: on_start(u, fact); break;
    case HENG_CHANNEL_FACT_ROLLOVER:
        if (installed(&u->state)) u->state.rollover_us = fact->at_us;
        break;
    case HENG_CHANNEL_FACT_REJECT:
    case HENG_CHANNEL_FACT_ACCEPT: on_said(u, fact); break;
    case HENG_CHANNEL_FACT_EDITED:
    case HENG_CHANNEL_FACT_SUBSTITUTED: on_stretch(u, fact); break;
    case HENG_CHANNEL_FACT_READING:
    case HENG_CHANNEL_FACT_HISTORY: on_reading(u, fact); break;
    case HENG_CHANNEL_FACT_COUNT: break;
    }
}

/* --- from outside --------------------------------------------------------------------------------------------- */

heng_rc heng_usage_init(struct heng_usage *u, const struct heng_channel *channel, const struct heng_usage_out *out,
                        struct heng_err *err)
{
    if (!heng_day_minutes_valid(channel->minutes))
        return heng_fail(err, HENG_ECONFIG, 0,
                         "intervals of %d minutes: 5, 6, 10, 12, 15, 20, 30, 60 or 1440 are possible",
                         channel->minutes);
    if (channel->exp < HENG_DEC_EXP_MIN || channel->exp > HENG_DEC_EXP_MAX)
        return heng_fail(err, HENG_ECONFIG, 0, "a resolution of 10^%d is not possible", channel->exp);
    if (channel->days.start_minute < 0 || channel->days.start_minute >= 1440)
        return heng_fail(err, HENG_ECONFIG, 0, "a day cannot begin %d minutes after midnight",
                         channel->days.start_minute);
    if (channel->near_us < 0 || channel->short_gap_us < 0 || channel->rollover_permille > 1000)
        return heng_fail(err, HENG_ECONFIG, 0, "distances cannot be negative, nor a share above 1000");
    memset(u, 0, sizeof *u);
    u->channel = channel;
    u->out = *out;
    u->max_micro = heng_judge_max_micro(channel);
    return HENG_OK;
}

static heng_rc result(const struct heng_usage *u, struct heng_err *err)
{
    return u->rc == HENG_OK ? HENG_OK
                            : heng_fail(err, u->rc, 0, "the results cannot be stored: %s", heng_rc_name(u->rc));
}

heng_rc heng_usage_fact(struct heng_usage *u, const struct heng_channel_fact *fact, struct heng_err *err)
{
    struct heng_usage_state *s = &u->state;
    if (u->rc != HENG_OK) return result(u, err);
    if (fact->at_us < HENG_CHANNEL_FACT_US_MIN || fact->at_us >= HENG_CHANNEL_FACT_US_MAX) {
        bool old = fact->at_us < HENG_CHANNEL_FACT_US_MIN;
        struct heng_verdict verdict =
            verdict_of(u, old ? HENG_RULE_ANCIENT : HENG_RULE_FUTURE, HENG_SEVERITY_TASK, fact->at_us, fact->at_us);
        u->rc = u->out.verdict(u->out.ctx, &verdict);
        return result(u, err);
    }
    if (fact->at_us < s->last_us)
        return heng_fail(err, HENG_ECONFLICT, 0, "facts came out of order: '%s' is older than the one before",
                         heng_channel_fact_text(fact->kind));
    if (fact->at_us > s->last_us && s->said_count) {
        memset(s->said, 0, sizeof s->said);
        s->said_count = 0;
    }
    s->last_us = fact->at_us;
    on_fact(u, fact);
    return u->rc == HENG_OK ? HENG_OK : result(u, err);
}

heng_rc heng_usage_flush(struct heng_usage *u, struct heng_err *err)
{
    struct heng_usage_state *s = &u->state;
    if (u->rc != HENG_OK || s->before == HENG_BEFORE_OUTSIDE) return result(u, err);
    bool there = installed(s);
    end_waiting(u);
    heng_us until_us = there && s->last_us > s->pos_us ? s->last_us : s->pos_us;
    for (uint8_t i = 0; i < s->stretch_count; i++)
        if (s->stretches[i].to_us > until_us) until_us = s->stretches[i].to_us;
    while (u->rc == HENG_OK) {
        heng_us end_us = heng_spread_day_end(u);
        if (u->day_from_us >= until_us) break;
        struct heng_usage_span rest = {.kind = there ? HENG_SPAN_UNKNOWN : HENG_SPAN_OUTSIDE, .to_us = end_us};
        heng_spread(u, &rest);
    }
    return result(u, err);
}
