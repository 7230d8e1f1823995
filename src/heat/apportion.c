#include "heat/apportion.h"

#include <string.h>

#include "bill/calc.h"
#include "bill/largest.h"

static const struct {
    const char *text;
    bool by_area, position;
} METHODS[] = {
#define X(symbol, text, by_area, position) {text, by_area, position},
    HENG_SHARE_METHOD_LIST(X)
#undef X
};

static const char *const SOURCES[] = {
#define X(symbol, text) text,
    HENG_SHARE_SOURCE_LIST(X)
#undef X
};

const char *heng_share_method_text(heng_share_method method)
{
    return method < HENG_SHARE_METHODS ? METHODS[method].text : "none";
}

bool heng_share_by_area(heng_share_method method) { return method < HENG_SHARE_METHODS && METHODS[method].by_area; }

bool heng_share_has_position(heng_share_method method)
{
    return method < HENG_SHARE_METHODS && METHODS[method].position;
}

const char *heng_share_source_text(heng_share_source source)
{
    return source < HENG_SOURCES ? SOURCES[source] : "none";
}

struct heng_share_rules heng_share_rules_default(void)
{
    return (struct heng_share_rules){
        .order = {HENG_SOURCE_MEMORY, HENG_SOURCE_OWN_SERIES, HENG_SOURCE_OWN_PERIODS, HENG_SOURCE_COMPARABLE,
                  HENG_SOURCE_OWN_RATIO, HENG_SOURCE_MEAN, HENG_SOURCE_AREA_FLAT},
        .order_count = 7,
        .places = 6,
        .affected = 1 << HENG_SOURCE_OWN_PERIODS | 1 << HENG_SOURCE_COMPARABLE | 1 << HENG_SOURCE_OWN_RATIO |
                    1 << HENG_SOURCE_MEAN | 1 << HENG_SOURCE_AREA_FLAT | 1 << HENG_SOURCE_TAMPER,
        .tamper = HENG_TAMPER_PERCENTILE,
        .tamper_value = heng_dec_of(95, 0),
        .coverage = heng_dec_of(90, -2),
        .area_limit = heng_dec_of(25, -2)};
}

/* One run. lines: in the order of ids. own: the flats that have a value of their own. */
struct run {
    const struct heng_share_ask *ask;
    struct heng_share_line *lines;
    struct heng_steps *steps;
    struct heng_share_sum sum;
    struct heng_dec own_weights, own_areas, per_m2; /* per_m2: what a tampered flat gets per m2 */
    struct heng_arena *arena;
    struct heng_err *err;
};

static const struct heng_party *party_of(const struct run *run, const struct heng_share_line *line)
{
    return &run->ask->parties[line->party];
}

static heng_rc refuse(struct run *run, const struct heng_share_line *line, heng_rc rc, const char *field,
                      const char *why)
{
    return heng_fail(run->err, rc, 0, "participants[%u]%s%s: %s", line->party, *field ? "." : "", field, why);
}

static heng_rc too_large(struct run *run, const struct heng_share_line *line)
{
    return refuse(run, line, HENG_ERANGE, "", "its weight has more digits than fit: give fewer");
}

static void say(struct run *run, heng_step_kind kind, const struct heng_share_line *line, const char *unit,
                const struct heng_dec *numbers, size_t count, struct heng_dec result)
{
    const char *subject = line ? party_of(run, line)->id : run->ask->name;
    struct heng_step *step = heng_steps_say(run->steps, kind, subject, unit, numbers, count, result);
    if (step && line) step->line = (uint32_t)(line - run->lines) + 1;
}

/* --- what goes in ------------------------------------------------------------------------------------------------- */

static bool negative(struct heng_dec dec) { return dec.mantissa < 0; }

static heng_rc check_party(struct run *run, const struct heng_share_line *line)
{
    const struct heng_party *party = party_of(run, line);
    if (negative(party->area)) return refuse(run, line, HENG_ERANGE, "area", "is negative");
    if (negative(party->factor)) return refuse(run, line, HENG_ERANGE, "factor", "is negative");
    if (negative(party->measure)) return refuse(run, line, HENG_ERANGE, "", "its usage is negative");
    if (negative(party->memory) || negative(party->own_periods) || negative(party->comparable))
        return refuse(run, line, HENG_ERANGE, "", "a substitute of it is negative");
    if (negative(party->before) || negative(party->before_all) || negative(party->covered))
        return refuse(run, line, HENG_ERANGE, "before", "is negative");
    if (heng_dec_less(party->window, party->covered))
        return refuse(run, line, HENG_ERANGE, "covered_h", "is more than the window it is a part of");
    if (!heng_dec_zero(party->factor) && !heng_share_has_position(run->ask->method))
        return refuse(run, line, HENG_ECONFLICT, "factor",
                      "this method has no position factor, its result contains the compensation already");
    if (heng_share_by_area(run->ask->method) && heng_dec_zero(party->area))
        return refuse(run, line, HENG_ECONFIG, "area", "is missing, and the method needs it");
    return HENG_OK;
}

static heng_rc put_in_order(struct run *run)
{
    size_t n = run->ask->count;
    const char **ids = heng_arena_take(run->arena, n, sizeof *ids);
    uint32_t *order = heng_arena_take(run->arena, n, sizeof *order);
    if (!ids || !order) return heng_fail(run->err, HENG_ENOMEM, 0, "no memory for %zu participants", n);
    for (size_t i = 0; i < n; i++) ids[i] = run->ask->parties[i].id;
    size_t twice = heng_order_by_id(ids, n, order);
    if (twice < n)
        return heng_fail(run->err, HENG_ECONFLICT, 0, "participants[%u].id: '%.60s' is there twice", order[twice],
                         ids[order[twice]]);
    for (size_t i = 0; i < n; i++) run->lines[i] = (struct heng_share_line){.party = order[i]};
    return HENG_OK;
}

/* --- weights of what was measured ------------------------------------------------------------------------------- */

static heng_rc weigh(struct run *run, struct heng_share_line *line, struct heng_dec measure)
{
    const struct heng_party *party = party_of(run, line);
    struct heng_calc calc = {0};
    bool area = run->ask->method == HENG_SHARE_AREA;
    line->measure = area ? heng_dec_one() : heng_dec_trim(measure);
    line->weight = line->measure;
    if (heng_share_by_area(run->ask->method)) line->weight = heng_calc_mul(&calc, party->area, line->measure);
    if (!heng_dec_zero(party->factor)) line->weight = heng_calc_mul(&calc, line->weight, party->factor);
    line->weight = heng_dec_trim(line->weight);
    if (calc.rc != HENG_OK) return too_large(run, line);
    if (!run->steps) return HENG_OK;
    struct heng_dec numbers[4] = {party->area, line->measure, party->window, {0, 0}};
    if (run->ask->method == HENG_SHARE_ON_OFF && !heng_dec_zero(party->window)) {
        numbers[3] = heng_calc_div(&calc, line->measure, heng_dec_one(), party->window, 6);
        say(run, HENG_STEP_SHARE_OPEN, line, "", numbers, 4, line->weight);
    } else if (heng_share_by_area(run->ask->method) && !area) {
        say(run, HENG_STEP_SHARE_BY_AREA, line, "", numbers, 2, line->weight);
    }
    if (!heng_dec_zero(party->factor)) {
        struct heng_dec two[2] = {line->measure, party->factor};
        say(run, HENG_STEP_SHARE_POSITION, line, "", two, 2, line->weight);
    }
    return HENG_OK;
}

/* Whether the series of its own reaches far enough. */
static bool covers(const struct run *run, const struct heng_party *party)
{
    struct heng_calc calc = {0};
    if (heng_dec_zero(party->covered) || heng_dec_zero(party->window)) return false;
    struct heng_dec least = heng_calc_mul(&calc, party->window, run->ask->rules->coverage);
    return calc.rc == HENG_OK && !heng_dec_less(party->covered, least);
}

static bool applies(const struct run *run, const struct heng_party *party, heng_share_source source, bool any_own)
{
    switch (source) {
    case HENG_SOURCE_MEMORY: return party->has_memory;
    case HENG_SOURCE_OWN_SERIES: return covers(run, party);
    case HENG_SOURCE_OWN_PERIODS: return party->has_own_periods;
    case HENG_SOURCE_COMPARABLE: return party->has_comparable;
    case HENG_SOURCE_OWN_RATIO: return !heng_dec_zero(party->before_all) && any_own;
    case HENG_SOURCE_MEAN:
    case HENG_SOURCE_AREA_FLAT: return !heng_dec_zero(party->area) && any_own;
    case HENG_SOURCE_DEVICE:
    case HENG_SOURCE_TAMPER:
    case HENG_SOURCE_AREA_GROUP:
    case HENG_SOURCES: break;
    }
    return false;
}

/* The first of the order that is possible; AREA_GROUP when none is. */
static heng_share_source substitute_of(const struct run *run, const struct heng_party *party, bool any_own)
{
    const struct heng_share_rules *rules = run->ask->rules;
    for (unsigned i = 0; i < rules->order_count; i++)
        if (applies(run, party, (heng_share_source)rules->order[i], any_own)) return (heng_share_source)rules->order[i];
    return HENG_SOURCE_AREA_GROUP;
}

static void keep_numbers(struct heng_share_line *line, const struct heng_dec *numbers, unsigned count)
{
    memcpy(line->numbers, numbers, count * sizeof *numbers);
    line->number_count = (uint8_t)count;
}

static heng_rc weigh_series(struct run *run, struct heng_share_line *line)
{
    const struct heng_party *party = party_of(run, line);
    struct heng_calc calc = {0};
    struct heng_dec numbers[4] = {party->measure, party->covered, party->window, {0, 0}};
    numbers[3] = heng_calc_div(&calc, party->covered, heng_dec_one(), party->window, 6);
    struct heng_dec all = heng_calc_div(&calc, party->measure, party->window, party->covered, run->ask->rules->places);
    if (calc.rc != HENG_OK) return too_large(run, line);
    keep_numbers(line, numbers, 4);
    say(run, HENG_STEP_SHARE_OWN_SERIES, line, "", numbers, 4, all);
    return weigh(run, line, all);
}

/* The weight of a line whose value is its own, measured or put in its place. */
static heng_rc weigh_own(struct run *run, struct heng_share_line *line)
{
    const struct heng_party *party = party_of(run, line);
    switch (line->source) {
    case HENG_SOURCE_DEVICE: return weigh(run, line, party->measure);
    case HENG_SOURCE_MEMORY:
        say(run, HENG_STEP_SHARE_MEMORY, line, "", NULL, 0, party->memory);
        return weigh(run, line, party->memory);
    case HENG_SOURCE_OWN_PERIODS:
        say(run, HENG_STEP_SHARE_OWN_PERIODS, line, "", NULL, 0, party->own_periods);
        return weigh(run, line, party->own_periods);
    case HENG_SOURCE_COMPARABLE:
        say(run, HENG_STEP_SHARE_COMPARABLE, line, "", NULL, 0, party->comparable);
        return weigh(run, line, party->comparable);
    case HENG_SOURCE_OWN_SERIES: return weigh_series(run, line);
    case HENG_SOURCE_OWN_RATIO:
    case HENG_SOURCE_MEAN:
    case HENG_SOURCE_AREA_FLAT:
    case HENG_SOURCE_TAMPER:
    case HENG_SOURCE_AREA_GROUP:
    case HENG_SOURCES: break;
    }
    return HENG_OK;
}

static bool has_own(const struct heng_share_line *line) { return line->source <= HENG_SOURCE_COMPARABLE; }

/* --- substitutes made of the others ------------------------------------------------------------------------------ */

static heng_rc add_up(struct run *run)
{
    struct heng_calc calc = {0};
    for (size_t i = 0; i < run->ask->count; i++) {
        const struct heng_share_line *line = &run->lines[i];
        struct heng_dec area = party_of(run, line)->area;
        run->sum.areas = heng_calc_add(&calc, run->sum.areas, area);
        if (run->ask->rules->affected >> line->source & 1)
            run->sum.affected = heng_calc_add(&calc, run->sum.affected, area);
        if (!has_own(line) || heng_dec_zero(area)) continue;
        run->own_areas = heng_calc_add(&calc, run->own_areas, area);
        run->own_weights = heng_calc_add(&calc, run->own_weights, line->weight);
    }
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(run->err, HENG_ERANGE, 0, "the weights together do not fit");
}

static heng_rc weigh_mean(struct run *run, struct heng_share_line *line)
{
    struct heng_calc calc = {0};
    struct heng_dec numbers[3] = {run->own_weights, run->own_areas, party_of(run, line)->area};
    if (heng_dec_zero(run->own_areas)) return refuse(run, line, HENG_ECONFIG, "", "no flat with a value has an area");
    line->weight = heng_calc_div(&calc, numbers[2], numbers[0], numbers[1], run->ask->rules->places);
    if (calc.rc != HENG_OK) return too_large(run, line);
    keep_numbers(line, numbers, 3);
    say(run, HENG_STEP_SHARE_MEAN, line, "", numbers, 3, line->weight);
    return HENG_OK;
}

struct density {
    struct heng_dec weight, area;
};

/* a.weight / a.area against that of b; without a division. */
static int cmp_density(const struct density *a, const struct density *b)
{
    struct heng_calc calc = {0};
    struct heng_dec left = heng_calc_mul(&calc, a->weight, b->area);
    struct heng_dec right = heng_calc_mul(&calc, b->weight, a->area);
    return calc.rc == HENG_OK ? heng_dec_cmp(left, right) : 0;
}

static void sort_densities(struct density *list, size_t n)
{
    for (size_t gap = n / 2; gap; gap /= 2)
        for (size_t i = gap; i < n; i++) {
            struct density one = list[i];
            size_t k = i;
            for (; k >= gap && cmp_density(&one, &list[k - gap]) < 0; k -= gap) list[k] = list[k - gap];
            list[k] = one;
        }
}

/* Nearest rank: the smallest value that at least so many percent of the flats do not exceed. */
static heng_rc find_percentile(struct run *run)
{
    size_t n = 0;
    int64_t percent = 0;
    struct heng_calc calc = {0};
    struct density *list = heng_arena_take(run->arena, run->ask->count, sizeof *list);
    if (!list) return heng_fail(run->err, HENG_ENOMEM, 0, "no memory for the percentile");
    for (size_t i = 0; i < run->ask->count; i++)
        if (has_own(&run->lines[i]) && !heng_dec_zero(party_of(run, &run->lines[i])->area))
            list[n++] = (struct density){run->lines[i].weight, party_of(run, &run->lines[i])->area};
    if (n == 0 || !heng_exact_steps(run->ask->rules->tamper_value, 0, &percent) || percent < 1 || percent > 100)
        return heng_fail(run->err, HENG_ECONFIG, 0,
                         "substitution.tamper: no flat to compare with, or percentile out of 1..100");
    sort_densities(list, n);
    size_t rank = (n * (size_t)percent + 99) / 100;
    run->per_m2 =
        heng_calc_div(&calc, list[rank - 1].weight, heng_dec_one(), list[rank - 1].area, run->ask->rules->places);
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(run->err, HENG_ERANGE, 0, "the weights per m2 do not fit");
}

static heng_rc find_tamper_rate(struct run *run)
{
    struct heng_calc calc = {0};
    if (run->ask->rules->tamper == HENG_TAMPER_PERCENTILE) return find_percentile(run);
    if (heng_dec_zero(run->own_areas))
        return heng_fail(run->err, HENG_ECONFIG, 0, "substitution.tamper: no flat to compare with");
    run->per_m2 =
        heng_calc_div(&calc, run->own_weights, run->ask->rules->tamper_value, run->own_areas, run->ask->rules->places);
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(run->err, HENG_ERANGE, 0, "the weights per m2 do not fit");
}

static heng_rc weigh_tampered(struct run *run, struct heng_share_line *line)
{
    struct heng_calc calc = {0};
    struct heng_dec numbers[3] = {run->per_m2, run->ask->rules->tamper_value, party_of(run, line)->area};
    if (heng_dec_zero(numbers[2]))
        return refuse(run, line, HENG_ECONFIG, "area", "is missing, and its substitute needs it");
    line->weight = heng_calc_mul_round(&calc, numbers[0], numbers[2], run->ask->rules->places);
    if (calc.rc != HENG_OK) return too_large(run, line);
    keep_numbers(line, numbers, 3);
    say(run, HENG_STEP_SHARE_TAMPER, line, "", numbers, 3, line->weight);
    return HENG_OK;
}

/* The ratio of a flat that gets a fixed part of the whole: numbers[0] / numbers[1]. */
static bool fixed_ratio(struct run *run, struct heng_share_line *line)
{
    const struct heng_party *party = party_of(run, line);
    struct heng_calc calc = {0};
    bool ratio = line->source == HENG_SOURCE_OWN_RATIO;
    if (!ratio && line->source != HENG_SOURCE_AREA_FLAT) return false;
    line->numbers[0] = ratio ? party->before : party->area;
    line->numbers[1] = ratio ? party->before_all : run->sum.areas;
    line->numbers[2] = heng_calc_div(&calc, line->numbers[0], heng_dec_one(), line->numbers[1], 9);
    line->number_count = 5;
    return true;
}

/* Flats with a fixed part r of the whole: so much weight that it is r of all, when the others have `rest`. */
static heng_rc weigh_fixed(struct run *run)
{
    struct heng_calc calc = {0};
    struct heng_dec ratios = {0, 0}, rest = {0, 0};
    for (size_t i = 0; i < run->ask->count; i++) {
        struct heng_share_line *line = &run->lines[i];
        if (fixed_ratio(run, line))
            ratios = heng_calc_add(&calc, ratios, line->numbers[2]);
        else
            rest = heng_calc_add(&calc, rest, line->weight);
    }
    if (heng_dec_zero(ratios) && calc.rc == HENG_OK) return HENG_OK;
    struct heng_dec left = heng_calc_sub(&calc, heng_dec_one(), ratios);
    for (size_t i = 0; i < run->ask->count && calc.rc == HENG_OK; i++) {
        struct heng_share_line *line = &run->lines[i];
        if (line->source != HENG_SOURCE_OWN_RATIO && line->source != HENG_SOURCE_AREA_FLAT) continue;
        if (left.mantissa <= 0)
            return refuse(run, line, HENG_ERANGE, "before",
                          "the parts of earlier periods leave nothing for the others");
        line->numbers[3] = rest;
        line->numbers[4] = ratios;
        line->weight = heng_calc_div(&calc, rest, line->numbers[2], left, run->ask->rules->places);
        say(run, line->source == HENG_SOURCE_OWN_RATIO ? HENG_STEP_SHARE_OWN_RATIO : HENG_STEP_SHARE_AREA_FLAT, line,
            "", line->numbers, 5, line->weight);
    }
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(run->err, HENG_ERANGE, 0, "the weights together do not fit");
}

/* --- all by area -------------------------------------------------------------------------------------------------- */

static heng_rc all_by_area(struct run *run)
{
    run->sum.by_area = true;
    run->sum.weights = heng_dec_of(0, 0);
    struct heng_calc calc = {0};
    for (size_t i = 0; i < run->ask->count; i++) {
        struct heng_share_line *line = &run->lines[i];
        line->source = HENG_SOURCE_AREA_GROUP;
        line->weight = heng_dec_trim(party_of(run, line)->area);
        line->number_count = 0;
        if (heng_dec_zero(line->weight))
            return refuse(run, line, HENG_ECONFIG, "area", "is missing, and the whole group goes by area");
        run->sum.weights = heng_calc_add(&calc, run->sum.weights, line->weight);
    }
    return calc.rc == HENG_OK ? HENG_OK : heng_fail(run->err, HENG_ERANGE, 0, "the areas together do not fit");
}

/* "exceeds": exactly the limit is not above it. */
static heng_rc check_limit(struct run *run)
{
    struct heng_calc calc = {0};
    struct heng_dec limit = run->ask->rules->area_limit;
    if (heng_dec_zero(run->sum.affected) || heng_dec_zero(run->sum.areas)) return HENG_OK;
    struct heng_dec numbers[3] = {run->sum.affected, run->sum.areas, limit};
    run->sum.affected_share = heng_calc_div(&calc, numbers[0], heng_dec_one(), numbers[1], 6);
    struct heng_dec most = heng_calc_mul(&calc, run->sum.areas, limit);
    if (calc.rc != HENG_OK) return heng_fail(run->err, HENG_ERANGE, 0, "the areas together do not fit");
    run->sum.over_limit = !heng_dec_zero(limit) && heng_dec_less(most, run->sum.affected);
    say(run, HENG_STEP_SHARE_LIMIT, NULL, "m2", numbers, 3, run->sum.affected_share);
    return HENG_OK;
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static heng_rc choose_sources(struct run *run, bool *ret_tampered, bool *ret_hopeless)
{
    bool any_own = false;
    *ret_tampered = *ret_hopeless = false;
    for (size_t i = 0; i < run->ask->count; i++) any_own = any_own || run->ask->parties[i].state == HENG_PARTY_MEASURED;
    for (size_t i = 0; i < run->ask->count; i++) {
        struct heng_share_line *line = &run->lines[i];
        const struct heng_party *party = party_of(run, line);
        heng_rc rc = check_party(run, line);
        if (rc != HENG_OK) return rc;
        if (party->state == HENG_PARTY_MISSING) line->source = substitute_of(run, party, any_own);
        if (party->state == HENG_PARTY_TAMPERED) line->source = any_own ? HENG_SOURCE_TAMPER : HENG_SOURCE_AREA_GROUP;
        if (run->ask->method == HENG_SHARE_AREA) line->source = HENG_SOURCE_DEVICE;
        *ret_tampered = *ret_tampered || line->source == HENG_SOURCE_TAMPER;
        *ret_hopeless = *ret_hopeless || line->source == HENG_SOURCE_AREA_GROUP;
    }
    return HENG_OK;
}

static heng_rc weigh_all(struct run *run, bool tampered)
{
    heng_rc rc = HENG_OK;
    for (size_t i = 0; i < run->ask->count && rc == HENG_OK; i++) rc = weigh_own(run, &run->lines[i]);
    if (rc == HENG_OK) rc = add_up(run);
    if (rc == HENG_OK) rc = check_limit(run);
    if (rc != HENG_OK || run->sum.over_limit) return rc;
    if (tampered) rc = find_tamper_rate(run);
    for (size_t i = 0; i < run->ask->count && rc == HENG_OK; i++) {
        struct heng_share_line *line = &run->lines[i];
        if (line->source == HENG_SOURCE_MEAN) rc = weigh_mean(run, line);
        if (line->source == HENG_SOURCE_TAMPER) rc = weigh_tampered(run, line);
    }
    return rc == HENG_OK ? weigh_fixed(run) : rc;
}

static heng_rc sum_weights(struct run *run)
{
    struct heng_calc calc = {0};
    run->sum.weights = heng_dec_of(0, 0);
    for (size_t i = 0; i < run->ask->count; i++)
        run->sum.weights = heng_calc_add(&calc, run->sum.weights, run->lines[i].weight);
    run->sum.weights = heng_dec_trim(run->sum.weights);
    if (calc.rc != HENG_OK) return heng_fail(run->err, HENG_ERANGE, 0, "the weights together do not fit");
    run->sum.all_zero = heng_dec_zero(run->sum.weights);
    return HENG_OK;
}

static heng_rc find_weights(struct run *run)
{
    bool tampered = false, hopeless = false;
    heng_rc rc = choose_sources(run, &tampered, &hopeless);
    if (rc == HENG_OK) rc = weigh_all(run, tampered && !hopeless);
    if (rc == HENG_OK && !run->sum.over_limit && !hopeless) rc = sum_weights(run);
    if (rc != HENG_OK) return rc;
    if (run->sum.over_limit || hopeless || run->sum.all_zero) rc = all_by_area(run);
    if (rc == HENG_OK && run->sum.all_zero) say(run, HENG_STEP_SHARE_ALL_ZERO, NULL, "m2", NULL, 0, run->sum.areas);
    return rc;
}

/* All weights as whole numbers of the finest step among them. */
static heng_rc whole_weights(struct run *run, uint64_t *weights)
{
    int places = 0;
    for (size_t i = 0; i < run->ask->count; i++)
        if (-run->lines[i].weight.exp > places) places = -run->lines[i].weight.exp;
    int64_t sum = 0;
    for (size_t i = 0; i < run->ask->count; i++) {
        int64_t weight = 0;
        if (!heng_exact_steps(run->lines[i].weight, places, &weight) || __builtin_add_overflow(sum, weight, &sum))
            return too_large(run, &run->lines[i]);
        weights[i] = (uint64_t)weight;
    }
    return HENG_OK;
}

static void say_part(struct run *run, struct heng_share_line *line)
{
    int places = run->ask->places + 4 > HENG_PLACES_MAX ? HENG_PLACES_MAX : run->ask->places + 4;
    struct heng_dec numbers[4] = {run->ask->total, line->weight, run->sum.weights, {0, 0}};
    if (heng_exact_div(run->ask->total, line->weight, run->sum.weights, places, HENG_ROUNDING_DOWN, &numbers[3]) !=
        HENG_OK)
        numbers[3] = line->part; /* so many digits do not fit */
    say(run, HENG_STEP_SHARE_QUANTITY, line, run->ask->unit, numbers, 4, line->part);
}

static heng_rc share_out(struct run *run)
{
    size_t n = run->ask->count;
    int64_t total = 0;
    uint64_t *weights = heng_arena_take(run->arena, n, sizeof *weights);
    int64_t *parts = heng_arena_take(run->arena, n, sizeof *parts);
    struct heng_rest *rests = heng_arena_take(run->arena, n, sizeof *rests);
    if (!weights || !parts || !rests) return heng_fail(run->err, HENG_ENOMEM, 0, "no memory for %zu participants", n);
    if (!heng_exact_steps(run->ask->total, run->ask->places, &total))
        return heng_fail(run->err, HENG_ERANGE, 0, "quantity: is finer than %d places, or too large", run->ask->places);
    heng_rc rc = whole_weights(run, weights);
    if (rc != HENG_OK) return rc;
    struct heng_dec two[2] = {heng_dec_of((int64_t)n, 0), run->sum.weights};
    say(run, HENG_STEP_SHARE_TOTAL, NULL, run->ask->unit, two, 2, run->ask->total);
    heng_largest_remainder(total, weights, n, rests, parts);
    for (size_t i = 0; i < n; i++) {
        run->lines[i].part = heng_dec_of(parts[i], -run->ask->places);
        if (run->steps) say_part(run, &run->lines[i]);
    }
    return HENG_OK;
}

heng_rc heng_apportion(const struct heng_share_ask *ask, struct heng_arena *arena, struct heng_share_line *ret_lines,
                       struct heng_share_sum *ret_sum, struct heng_steps *steps, struct heng_err *err)
{
    struct run run = {.ask = ask, .lines = ret_lines, .steps = steps, .arena = arena, .err = err};
    if (ask->count == 0) return heng_fail(err, HENG_ECONFIG, 0, "participants: there is nobody to share with");
    if (ask->count > HENG_PARTIES_MAX)
        return heng_fail(err, HENG_ELIMIT, 0, "participants: more than %d", HENG_PARTIES_MAX);
    if (negative(ask->total)) return heng_fail(err, HENG_ERANGE, 0, "quantity: is negative");
    if (ask->places < 0 || ask->places > HENG_PLACES_MAX || ask->method >= HENG_SHARE_METHODS)
        return heng_fail(err, HENG_ECONFIG, 0, "quantity.places: is not 0..%d", HENG_PLACES_MAX);
    heng_rc rc = put_in_order(&run);
    if (rc == HENG_OK) rc = find_weights(&run);
    if (rc == HENG_OK) rc = share_out(&run);
    if (rc == HENG_OK) *ret_sum = run.sum;
    return rc;
}
