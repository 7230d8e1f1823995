#include "vee/spread.h"

#include "vee/index.h"

#include <string.h>

__extension__ typedef __int128 i128;

enum { PIECES_MAX = HENG_DAY_INTERVALS_MAX + 2 * HENG_STRETCHES_MAX + 2 };
#define SUM_MAX (INT64_C(1) << 62)

int64_t heng_spread_add(int64_t a, int64_t b)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) sum = a < 0 ? -SUM_MAX : SUM_MAX;
    return sum > SUM_MAX ? SUM_MAX : sum < -SUM_MAX ? -SUM_MAX : sum;
}

/* --- the calendar at hand ------------------------------------------------------------------------------------- */

struct bounds {
    heng_us from_us, to_us;
    uint16_t count;
};

static struct bounds day_bounds(const struct heng_usage *u, heng_day day)
{
    struct bounds b = {heng_day_from_us(&u->channel->days, day), heng_day_from_us(&u->channel->days, day + 1), 0};
    b.count = (uint16_t)heng_day_interval_count(&u->channel->days, day, u->channel->minutes);
    return b;
}

static void look_up_day(struct heng_usage *u)
{
    if (u->day_count && u->cached_day == u->state.day) return;
    struct bounds b = day_bounds(u, u->state.day);
    u->cached_day = u->state.day;
    u->day_from_us = b.from_us;
    u->day_to_us = b.to_us;
    u->day_count = b.count;
}

static heng_us interval_end(const struct heng_usage *u, const struct bounds *b, unsigned index)
{
    return index + 1U >= b->count ? b->to_us
                                  : b->from_us + (index + 1) * (int64_t)u->channel->minutes * 60 * HENG_US_PER_S;
}

heng_us heng_spread_day_end(struct heng_usage *u)
{
    look_up_day(u);
    return u->day_to_us;
}

/* --- closing -------------------------------------------------------------------------------------------------- */

/* The next day that has any time in it (a zone that crosses the date line leaves one out). */
static void next_day(struct heng_usage *u)
{
    struct heng_usage_state *s = &u->state;
    memset(s->amounts, 0, s->index * sizeof s->amounts[0]);
    memset(s->trusts, 0, s->index);
    s->index = 0;
    s->method_trust = s->method = 0;
    s->sure = 0;
    s->sure_count = 0;
    do {
        s->day++;
        look_up_day(u);
    } while (u->day_count == 0);
}

static uint64_t take_marks(struct heng_usage_state *s)
{
    uint64_t flags = 0;
    uint8_t kept = 0;
    for (uint8_t i = 0; i < s->mark_count; i++)
        if (s->marks[i].day <= s->day)
            flags |= s->marks[i].flags;
        else
            s->marks[kept++] = s->marks[i];
    if (kept < s->mark_count) memset(&s->marks[kept], 0, (size_t)(s->mark_count - kept) * sizeof s->marks[0]);
    s->mark_count = kept;
    return flags;
}

static uint16_t permille_of(const struct heng_usage_state *s, int64_t amount, unsigned count, unsigned missing)
{
    i128 permille = amount > 0        ? (i128)s->sure * 1000 / amount
                    : count > missing ? (i128)s->sure_count * 1000 / (count - missing)
                                      : 0;
    return (uint16_t)(permille * (count - missing) / count);
}

static void close_day(struct heng_usage *u)
{
    struct heng_usage_state *s = &u->state;
    struct heng_day_usage *day = &u->closed;
    memset(day, 0, sizeof *day);
    day->day = s->day;
    day->exp = u->channel->exp;
    day->trust = (heng_trust)s->method_trust;
    day->method = (heng_method)s->method;
    day->count = u->day_count;
    for (unsigned i = 0; i < day->count; i++) {
        day->amount = heng_spread_add(day->amount, s->amounts[i]);
        day->missing = (uint16_t)(day->missing + (s->trusts[i] == HENG_TRUST_MISSING));
    }
    day->permille = permille_of(s, day->amount, day->count, day->missing);
    day->flags = take_marks(s);
    memcpy(day->amounts, s->amounts, day->count * sizeof day->amounts[0]);
    memcpy(day->trusts, s->trusts, day->count);
    next_day(u);
    u->rc = u->out.day(u->out.ctx, day);
}

static void close_interval(struct heng_usage *u, bool near)
{
    struct heng_usage_state *s = &u->state;
    uint8_t trust = s->part_trust, method = s->part_method;
    int64_t amount = s->part;
    if ((s->part_flags & HENG_PART_UNKNOWN) || !(s->part_flags & HENG_PART_KNOWN)) {
        trust = HENG_TRUST_MISSING;
        method = HENG_METHOD_NONE;
        amount = 0;
    } else if (trust <= HENG_TRUST_OVERRIDE) {
        if (!near || (s->part_flags & HENG_PART_FAR))
            trust = HENG_TRUST_INTERPOLATED;
        else
            method = s->part_flags & HENG_PART_HISTORY ? HENG_METHOD_HISTORY : HENG_METHOD_NONE;
    }
    if (trust <= HENG_TRUST_OVERRIDE) {
        s->sure = heng_spread_add(s->sure, amount);
        s->sure_count++;
    }
    if (trust > s->method_trust || (trust == s->method_trust && method > s->method)) {
        s->method_trust = trust;
        s->method = method;
    }
    s->amounts[s->index] = amount;
    s->trusts[s->index] = trust;
    s->index++;
    s->part = 0;
    s->part_trust = s->part_method = 0;
    s->part_flags = near ? 0 : HENG_PART_FAR;
    if (s->index == u->day_count) close_day(u);
}

static void add_part(struct heng_usage_state *s, uint8_t flags, int64_t amount, heng_trust trust, heng_method method)
{
    s->part = heng_spread_add(s->part, amount);
    s->part_flags |= flags;
    if (trust > s->part_trust || (trust == s->part_trust && method > s->part_method)) s->part_method = (uint8_t)method;
    if (trust > s->part_trust) s->part_trust = (uint8_t)trust;
}

/* --- stretches ------------------------------------------------------------------------------------------------ */

/* Who says what was used from at_us on: a person before a check meter, who spoke later before who spoke earlier. */
static const struct heng_stretch *stretch_at(const struct heng_usage_state *s, heng_us at_us)
{
    const struct heng_stretch *best = NULL;
    for (uint8_t i = 0; i < s->stretch_count; i++) {
        const struct heng_stretch *one = &s->stretches[i];
        if (one->from_us > at_us || one->to_us <= at_us) continue;
        if (!best || one->kind <= best->kind) best = one; /* EDITED is the smaller */
    }
    return best;
}

/* The next edge of a stretch behind at_us, or until_us. */
static heng_us next_edge(const struct heng_usage_state *s, heng_us at_us, heng_us until_us)
{
    for (uint8_t i = 0; i < s->stretch_count; i++) {
        const struct heng_stretch *one = &s->stretches[i];
        if (one->from_us > at_us && one->from_us < until_us) until_us = one->from_us;
        if (one->to_us > at_us && one->to_us < until_us) until_us = one->to_us;
    }
    return until_us;
}

static int64_t stretch_amount(const struct heng_stretch *one, heng_us from_us, heng_us to_us)
{
    int64_t long_us = one->to_us - one->from_us;
    return heng_mul_div(one->amount, to_us - one->from_us, long_us) -
           heng_mul_div(one->amount, from_us - one->from_us, long_us);
}

static void forget_stretches(struct heng_usage_state *s)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < s->stretch_count; i++)
        if (s->stretches[i].to_us > s->pos_us) s->stretches[kept++] = s->stretches[i];
    for (uint8_t i = kept; i < s->stretch_count; i++) s->stretches[i] = (struct heng_stretch){0};
    s->stretch_count = kept;
}

/* --- pieces --------------------------------------------------------------------------------------------------- */

/* A walk through the pieces of [at_us, end_us) within one day: each lies in one interval and in one stretch, or none.
 */
struct walk {
    const struct heng_usage *u;
    struct bounds day;
    unsigned index;
    heng_us at_us, end_us;
    /* the piece */
    heng_us from_us, to_us;
    unsigned in_interval;
    const struct heng_stretch *stretch;
};

static bool walk_on(struct walk *w)
{
    if (w->at_us >= w->end_us) return false;
    heng_us end_us = interval_end(w->u, &w->day, w->index);
    w->from_us = w->at_us;
    w->in_interval = w->index;
    w->to_us = end_us < w->end_us ? end_us : w->end_us;
    w->stretch = NULL;
    if (w->u->state.stretch_count) {
        w->to_us = next_edge(&w->u->state, w->at_us, w->to_us);
        w->stretch = stretch_at(&w->u->state, w->at_us);
    }
    w->at_us = w->to_us;
    if (w->to_us == end_us) w->index++;
    return true;
}

static struct walk walk_day(const struct heng_usage *u, heng_day day, heng_us from_us, heng_us to_us)
{
    struct walk w = {.u = u, .day = day_bounds(u, day)};
    w.at_us = from_us > w.day.from_us ? from_us : w.day.from_us;
    w.end_us = to_us < w.day.to_us ? to_us : w.day.to_us;
    while (w.at_us < w.end_us && interval_end(u, &w.day, w.index) <= w.at_us) w.index++;
    return w;
}

/* --- sharing a gap -------------------------------------------------------------------------------------------- */

struct gap {
    heng_us from_us, to_us;
    bool weighted, over_stretches;
    heng_method method;
    i128 total, covered; /* weight that is free; amount that stretches say */
};

static bool day_weights(struct heng_usage *u, const struct gap *gap, heng_day day, uint16_t count,
                        uint32_t weights[static HENG_DAY_INTERVALS_MAX], heng_method *ret_method)
{
    memset(weights, 0, count * sizeof weights[0]);
    return u->out.weights && u->out.weights(u->out.ctx, gap->from_us, gap->to_us, day, count, weights, ret_method);
}

/* A reading beside a boundary stands for it: what lies between the two gets no share by the shape of a day, or seconds
 * would get what their whole interval is used to. */
static bool is_sliver(const struct heng_usage *u, const struct gap *gap, const struct walk *w)
{
    heng_us begin_us = w->in_interval ? interval_end(u, &w->day, w->in_interval - 1) : w->day.from_us;
    bool begins = w->from_us == gap->from_us && w->from_us > begin_us;
    bool ends = w->to_us == gap->to_us && w->to_us < interval_end(u, &w->day, w->in_interval);
    return (begins || ends) && w->to_us - w->from_us <= u->channel->near_us;
}

/* Weights of the pieces of one day; returns how many, or -1 when the caller has no weights for this day. */
static int piece_weights(struct heng_usage *u, struct gap *gap, heng_day day, uint64_t ret[static PIECES_MAX])
{
    uint32_t weights[HENG_DAY_INTERVALS_MAX];
    struct walk w = walk_day(u, day, gap->from_us, gap->to_us);
    int n = 0;
    if (gap->weighted && w.day.count && !day_weights(u, gap, day, w.day.count, weights, &gap->method)) return -1;
    while (walk_on(&w)) {
        int64_t long_ms = (w.to_us - w.from_us) / HENG_US_PER_MS;
        uint64_t one = !gap->weighted ? 1 : is_sliver(u, gap, &w) ? 0 : weights[w.in_interval];
        if (w.stretch) gap->covered += stretch_amount(w.stretch, w.from_us, w.to_us);
        ret[n++] = w.stretch && !gap->over_stretches ? 0 : one * (uint64_t)long_ms;
    }
    return n;
}

/* Weights of all days of the gap into u->weights; false when the caller has none for one of them. */
static bool weigh_days(struct heng_usage *u, struct gap *gap, heng_day first, size_t days)
{
    uint64_t pieces[PIECES_MAX];
    gap->total = gap->covered = 0;
    for (size_t i = 0; i < days; i++) {
        int n = piece_weights(u, gap, first + (heng_day)i, pieces);
        if (n < 0) return false;
        u->weights[i] = 0;
        for (int k = 0; k < n; k++) u->weights[i] += pieces[k];
        gap->total += u->weights[i];
    }
    return true;
}

/* The amount that each day of the gap gets, into u->parts. What stretches say is theirs; when that is more than the
 * meter counted, they stand beside its own shares. */
static void share_days(struct heng_usage *u, struct gap *gap, heng_day first, size_t days, int64_t amount)
{
    gap->weighted = u->out.weights != NULL;
    if (!gap->weighted || !weigh_days(u, gap, first, days) || gap->total == 0) {
        gap->weighted = false;
        gap->method = HENG_METHOD_SHARE_FLAT;
        (void)weigh_days(u, gap, first, days);
    }
    if (gap->covered > amount) {
        gap->over_stretches = true;
        (void)weigh_days(u, gap, first, days);
        gap->covered = 0;
    }
    if (gap->total == 0)
        memset(u->parts, 0, days * sizeof u->parts[0]);
    else
        heng_share(amount - (int64_t)gap->covered, u->weights, days, u->parts);
}

/* --- spreading ------------------------------------------------------------------------------------------------ */

static bool is_near(const struct heng_usage *u, const struct heng_usage_span *span, heng_us from_us, heng_us at_us)
{
    int64_t before_us = at_us - from_us, after_us = span->to_us - at_us;
    return span->kind != HENG_SPAN_KNOWN || (before_us < after_us ? before_us : after_us) <= u->channel->near_us;
}

static void emit_piece(struct heng_usage *u, const struct heng_usage_span *span, const struct walk *w, int64_t amount,
                       heng_method method)
{
    struct heng_usage_state *s = &u->state;
    if (w->stretch) {
        bool edited = w->stretch->kind == HENG_CHANNEL_FACT_EDITED;
        add_part(s, HENG_PART_KNOWN, stretch_amount(w->stretch, w->from_us, w->to_us),
                 edited ? HENG_TRUST_EDITED : HENG_TRUST_SUBSTITUTED,
                 edited ? HENG_METHOD_MANUAL : HENG_METHOD_CHECK_METER);
    } else if (span->kind == HENG_SPAN_KNOWN) {
        add_part(s, (uint8_t)(HENG_PART_KNOWN | (span->history ? HENG_PART_HISTORY : 0)), amount, span->trust, method);
    } else {
        s->part_flags |= span->kind == HENG_SPAN_UNKNOWN ? HENG_PART_UNKNOWN : HENG_PART_OUTSIDE;
    }
}

/* Emit [pos, to) of the open day; amounts: of its pieces, or NULL for a straight line. */
static void emit_day(struct heng_usage *u, const struct heng_usage_span *span, heng_us from_us, const int64_t *amounts,
                     heng_method method)
{
    struct heng_usage_state *s = &u->state;
    struct walk w = {.u = u, .day = {u->day_from_us, u->day_to_us, u->day_count}, .index = s->index};
    int64_t long_us = span->to_us - from_us, until = 0;
    w.at_us = s->pos_us;
    w.end_us = span->to_us < u->day_to_us ? span->to_us : u->day_to_us;
    if (!amounts && span->amount && w.at_us > from_us) until = heng_mul_div(span->amount, w.at_us - from_us, long_us);
    while (u->rc == HENG_OK && walk_on(&w)) {
        int64_t amount = 0;
        if (amounts) {
            amount = *amounts++;
        } else if (span->amount) {
            int64_t next =
                w.to_us == span->to_us ? span->amount : heng_mul_div(span->amount, w.to_us - from_us, long_us);
            amount = next - until;
            until = next;
        }
        emit_piece(u, span, &w, amount, method);
        s->pos_us = w.to_us;
        if (w.index != w.in_interval) close_interval(u, is_near(u, span, from_us, w.to_us));
    }
}

static void emit_straight(struct heng_usage *u, const struct heng_usage_span *span)
{
    heng_us from_us = u->state.pos_us;
    while (u->rc == HENG_OK && u->state.pos_us < span->to_us) {
        look_up_day(u);
        emit_day(u, span, from_us, NULL, HENG_METHOD_LINEAR);
    }
}

static void emit_shared(struct heng_usage *u, const struct heng_usage_span *span)
{
    struct gap gap = {.from_us = u->state.pos_us, .to_us = span->to_us};
    heng_day first = u->state.day, last = heng_day_at(&u->channel->days, span->to_us - 1);
    size_t days = (size_t)(last - first) + 1;
    if (days > HENG_GAP_DAYS_MAX) {
        struct heng_usage_span unknown = {.kind = HENG_SPAN_UNKNOWN, .to_us = span->to_us};
        emit_straight(u, &unknown);
        return;
    }
    share_days(u, &gap, first, days, span->amount);
    while (u->rc == HENG_OK && u->state.pos_us < span->to_us) {
        uint64_t weights[PIECES_MAX];
        int64_t parts[PIECES_MAX];
        struct gap again = gap;
        int n = piece_weights(u, &again, u->state.day, weights);
        if (n < 0) { /* what it gave a moment ago it does not give again */
            u->rc = HENG_EBUG;
            return;
        }
        heng_share(u->parts[u->state.day - first], weights, (size_t)n, parts);
        emit_day(u, span, gap.from_us, parts, again.method);
    }
}

void heng_spread_open(struct heng_usage *u, heng_us at_us)
{
    u->state.day = heng_day_at(&u->channel->days, at_us);
    look_up_day(u);
    u->state.pos_us = u->day_from_us;
    struct heng_usage_span outside = {.kind = HENG_SPAN_OUTSIDE, .to_us = at_us};
    heng_spread(u, &outside);
}

void heng_spread(struct heng_usage *u, const struct heng_usage_span *span)
{
    heng_us from_us = u->state.pos_us;
    if (u->rc != HENG_OK || span->to_us <= from_us) return;
    look_up_day(u);
    bool shared = span->kind == HENG_SPAN_KNOWN && span->to_us - from_us > u->channel->short_gap_us && span->amount;
    if (shared)
        emit_shared(u, span);
    else
        emit_straight(u, span);
    if (u->state.stretch_count) forget_stretches(&u->state);
}
