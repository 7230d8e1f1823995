/* Rule sets as text. The tables of rules.h and rules_limits.h say which names there are. */
#include "base/json_reader.h"
#include "vee/rules.h"

#include <string.h>

enum { NAME_MAX_BYTES = 40, NUMBER_MAX_BYTES = HENG_DEC_TEXT_MAX, PLACES_MAX = 9 };

/* What was there already: limits, then "on" and "severity" of each rule, then two lists. */
enum {
    SEEN_ON = HENG_LIMIT_COUNT,
    SEEN_SEVERITY = SEEN_ON + HENG_RULE_COUNT,
    SEEN_GRAVE = SEEN_SEVERITY + HENG_RULE_COUNT,
    SEEN_METHODS,
    SEEN_COUNT
};

/* A key as text, cut: a cut one is no name of ours. */
static const char *name_of(struct heng_slice key, char ret[NAME_MAX_BYTES])
{
    size_t n = key.n < NAME_MAX_BYTES - 1 ? key.n : NAME_MAX_BYTES - 1;
    memcpy(ret, key.p, n);
    ret[n] = '\0';
    return ret;
}

static heng_limit limit_of(heng_rule rule, const char *name)
{
    unsigned i = 0;
    for (; i < HENG_LIMIT_COUNT; i++) {
        const struct heng_limit_row *row = heng_limit_row((heng_limit)i);
        if (row->rule == rule && strcmp(row->name, name) == 0) break;
    }
    return (heng_limit)i;
}

static const char *group_text(heng_rule rule) { return rule == HENG_RULE_COUNT ? "estimate" : heng_rule_text(rule); }

/* "1.5" or 2, within the range of the limit. */
static void get_limit(struct heng_json_reader *r, heng_limit limit, struct heng_rule_set *set)
{
    const struct heng_limit_row *row = heng_limit_row(limit);
    struct heng_dec dec = {0, 0}, least = {row->least, 0}, most = {row->most, 0};
    if (heng_json_peek(r) == HENG_JSON_NUMBER) {
        dec.mantissa = heng_json_get_int(r, INT64_MIN, INT64_MAX);
    } else {
        char text[NUMBER_MAX_BYTES] = "";
        heng_json_get_string(r, text, sizeof text);
        if (r->err.rc == HENG_OK && heng_dec_parse(text, &dec, NULL) != HENG_OK)
            heng_json_refuse(r, HENG_ECONFIG, "'%s' of '%s' is no number: '%s'", row->name, group_text(row->rule),
                             text);
    }
    if (r->err.rc != HENG_OK) return;
    if (dec.exp < -PLACES_MAX || heng_dec_cmp(dec, least) < 0 || heng_dec_cmp(dec, most) > 0)
        heng_json_refuse(r, HENG_ECONFIG, "'%s' of '%s' must be %d to %d with at most %d decimals", row->name,
                         group_text(row->rule), (int)row->least, (int)row->most, PLACES_MAX);
    set->limits[limit] = dec;
}

static void get_conditions(struct heng_json_reader *r, struct heng_rule_set *set)
{
    set->grave = 0;
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        char text[NAME_MAX_BYTES] = "";
        heng_json_get_string(r, text, sizeof text);
        heng_condition condition = heng_condition_of(text);
        if (condition < HENG_CONDITION_COUNT)
            set->grave |= (heng_conditions)1 << condition;
        else
            heng_json_refuse(r, HENG_ECONFIG, "there is no condition '%s'", text);
    }
}

/* Once each; only those that fill a day. */
static void get_methods(struct heng_json_reader *r, struct heng_rule_set *set)
{
    set->method_count = 0;
    memset(set->methods, 0, sizeof set->methods);
    heng_json_open_array(r);
    while (heng_json_next_item(r)) {
        char text[NAME_MAX_BYTES] = "";
        heng_json_get_string(r, text, sizeof text);
        heng_method method = heng_method_of(text);
        bool fills = method == HENG_METHOD_LINEAR || (method >= HENG_METHOD_CHECK_METER && method < HENG_METHOD_MANUAL);
        for (unsigned i = 0; i < set->method_count; i++) fills = fills && set->methods[i] != method;
        if (fills)
            set->methods[set->method_count++] = method; /* each once, so there is room */
        else
            heng_json_refuse(r, HENG_ECONFIG, "'%s' is no method that fills a day, or stands there twice", text);
    }
}

static void get_severity(struct heng_json_reader *r, heng_severity *ret)
{
    char text[NAME_MAX_BYTES] = "";
    heng_json_get_string(r, text, sizeof text);
    heng_severity severity = heng_severity_of(text);
    if (severity == HENG_SEVERITY_COUNT)
        heng_json_refuse(r, HENG_ECONFIG, "there is no severity '%s'", text);
    else
        *ret = severity;
}

/* Which member of a rule, or of "estimate", a key names; SEEN_COUNT: none. */
static unsigned member_of(heng_rule rule, const char *key)
{
    heng_limit limit = limit_of(rule, key);
    if (limit < HENG_LIMIT_COUNT) return limit;
    if (rule == HENG_RULE_COUNT) return strcmp(key, "methods") == 0 ? SEEN_METHODS : SEEN_COUNT;
    if (strcmp(key, "on") == 0) return SEEN_ON + rule;
    if (strcmp(key, "severity") == 0) return SEEN_SEVERITY + rule;
    return rule == HENG_RULE_STATUS && strcmp(key, "grave") == 0 ? SEEN_GRAVE : SEEN_COUNT;
}

static void get_member(struct heng_json_reader *r, heng_rule rule, const char *key, struct heng_rule_set *set,
                       bool seen[SEEN_COUNT])
{
    unsigned member = member_of(rule, key);
    if (member == SEEN_COUNT || seen[member]) {
        heng_json_refuse(r, HENG_ECONFIG,
                         member == SEEN_COUNT ? "'%s' has nothing called '%s'" : "'%s' has two of '%s'",
                         group_text(rule), key);
        return;
    }
    seen[member] = true;
    if (member < SEEN_ON)
        get_limit(r, (heng_limit)member, set);
    else if (member < SEEN_SEVERITY)
        set->rules[rule].on = heng_json_get_bool(r);
    else if (member < SEEN_GRAVE)
        get_severity(r, &set->rules[rule].severity);
    else if (member == SEEN_GRAVE)
        get_conditions(r, set);
    else
        get_methods(r, set);
}

static void get_group(struct heng_json_reader *r, heng_rule rule, struct heng_rule_set *set, bool seen[SEEN_COUNT])
{
    struct heng_slice key;
    char name[NAME_MAX_BYTES];
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) get_member(r, rule, name_of(key, name), set, seen);
}

static void get_rules(struct heng_json_reader *r, struct heng_rule_set *set, bool seen[SEEN_COUNT])
{
    bool had[HENG_RULE_COUNT] = {false};
    struct heng_slice key;
    char name[NAME_MAX_BYTES];
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        heng_rule rule = heng_rule_of(name_of(key, name));
        if (rule == HENG_RULE_COUNT || had[rule]) {
            heng_json_refuse(r, HENG_ECONFIG, rule == HENG_RULE_COUNT ? "there is no rule '%s'" : "rule '%s' twice",
                             name);
            return;
        }
        had[rule] = true;
        get_group(r, rule, set, seen);
    }
}

/* The medium decides what the rest begins with, so it is looked for first. */
static heng_medium medium_of(struct heng_json_reader r, struct heng_json_reader *ret_errors)
{
    heng_medium medium = HENG_MEDIUM_COUNT;
    struct heng_slice key;
    heng_json_open_object(&r);
    while (heng_json_next_key(&r, &key)) {
        char text[NAME_MAX_BYTES] = "";
        if (!heng_slice_is(key, "medium")) {
            heng_json_skip(&r);
            continue;
        }
        heng_json_get_string(&r, text, sizeof text);
        medium = heng_medium_of(text);
        if (medium == HENG_MEDIUM_COUNT) heng_json_refuse(&r, HENG_ECONFIG, "there is no medium '%s'", text);
    }
    heng_json_finish(&r);
    if (medium == HENG_MEDIUM_COUNT) heng_json_refuse(&r, HENG_ECONFIG, "'medium' is missing");
    *ret_errors = r;
    return medium;
}

/* a may not be greater than b. */
struct order {
    heng_limit a, b;
};

static void check_orders(struct heng_json_reader *r, const struct heng_rule_set *set)
{
    static const struct order orders[] = {{HENG_LIMIT_CLOCK_SYNC, HENG_LIMIT_CLOCK_FLAG},
                                          {HENG_LIMIT_CLOCK_FLAG, HENG_LIMIT_CLOCK_REJECT},
                                          {HENG_LIMIT_HIGH_ENOUGH, HENG_LIMIT_HIGH_DAYS},
                                          {HENG_LIMIT_LOW_ENOUGH, HENG_LIMIT_LOW_DAYS},
                                          {HENG_LIMIT_TEMPERATURE_LOW, HENG_LIMIT_TEMPERATURE_HIGH},
                                          {HENG_LIMIT_BALANCE_LOW, HENG_LIMIT_BALANCE_HIGH},
                                          {HENG_LIMIT_NIGHT_FLOW_FROM, HENG_LIMIT_NIGHT_FLOW_TO},
                                          {HENG_LIMIT_ESTIMATE_ENOUGH, HENG_LIMIT_ESTIMATE_DAYS}};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        const struct heng_limit_row *a = heng_limit_row(orders[i].a), *b = heng_limit_row(orders[i].b);
        if (heng_dec_cmp(set->limits[orders[i].a], set->limits[orders[i].b]) > 0)
            heng_json_refuse(r, HENG_ECONFIG, "'%s' of '%s' must not be greater than its '%s'", a->name,
                             group_text(a->rule), b->name);
    }
}

static void get_set(struct heng_json_reader *r, struct heng_rule_set *set)
{
    bool seen[SEEN_COUNT] = {false}, version = false, rules = false, estimate = false, medium = false;
    struct heng_slice key;
    char name[NAME_MAX_BYTES];
    heng_json_open_object(r);
    while (heng_json_next_key(r, &key)) {
        name_of(key, name);
        bool *had = strcmp(name, "version") == 0    ? &version
                    : strcmp(name, "rules") == 0    ? &rules
                    : strcmp(name, "estimate") == 0 ? &estimate
                    : strcmp(name, "medium") == 0   ? &medium
                                                    : NULL;
        if (!had || *had) {
            heng_json_refuse(r, HENG_ECONFIG, had ? "'%s' stands there twice" : "a rule set has no '%s'", name);
            return;
        }
        *had = true;
        if (had == &version)
            set->version = (uint32_t)heng_json_get_int(r, 1, UINT32_MAX);
        else if (had == &rules)
            get_rules(r, set, seen);
        else if (had == &estimate)
            get_group(r, HENG_RULE_COUNT, set, seen);
        else
            heng_json_skip(r); /* known already */
    }
    heng_json_finish(r);
    if (!version) heng_json_refuse(r, HENG_ECONFIG, "'version' is missing");
    check_orders(r, set);
}

heng_rc heng_rule_set_parse(struct heng_slice json, struct heng_rule_set *ret, struct heng_err *err)
{
    struct heng_json_reader r = heng_json_reader_of(json);
    struct heng_rule_set set;
    heng_medium medium = medium_of(r, &r);
    if (r.err.rc == HENG_OK) {
        heng_rule_set_default(medium, &set);
        r = heng_json_reader_of(json);
        get_set(&r, &set);
    }
    if (r.err.rc != HENG_OK) return heng_fail(err, r.err.rc, r.err.at, "%s", r.err.text);
    *ret = set;
    return HENG_OK;
}

static void write_limits(const struct heng_rule_set *set, heng_rule rule, struct heng_json *json)
{
    for (unsigned i = 0; i < HENG_LIMIT_COUNT; i++) {
        const struct heng_limit_row *row = heng_limit_row((heng_limit)i);
        if (row->rule != rule) continue;
        heng_json_key(json, row->name);
        heng_json_dec(json, set->limits[i]);
    }
}

static void write_rule(const struct heng_rule_set *set, heng_rule rule, struct heng_json *json)
{
    heng_json_key(json, heng_rule_text(rule));
    heng_json_object(json);
    heng_json_key(json, "on");
    heng_json_bool(json, set->rules[rule].on);
    heng_json_key(json, "severity");
    heng_json_text(json, heng_severity_text(set->rules[rule].severity));
    write_limits(set, rule, json);
    if (rule == HENG_RULE_STATUS) {
        heng_json_key(json, "grave");
        heng_json_array(json);
        for (unsigned i = 0; i < HENG_CONDITION_COUNT; i++)
            if (set->grave >> i & 1) heng_json_text(json, heng_condition_text((heng_condition)i));
        heng_json_end_array(json);
    }
    heng_json_end_object(json);
}

void heng_rule_set_write(const struct heng_rule_set *set, struct heng_json *json)
{
    heng_json_object(json);
    heng_json_key(json, "version");
    heng_json_int(json, set->version);
    heng_json_key(json, "medium");
    heng_json_text(json, heng_medium_text(set->medium));
    heng_json_key(json, "rules");
    heng_json_object(json);
    for (unsigned i = 1; i < HENG_RULE_COUNT; i++) write_rule(set, (heng_rule)i, json);
    heng_json_end_object(json);
    heng_json_key(json, "estimate");
    heng_json_object(json);
    write_limits(set, HENG_RULE_COUNT, json);
    heng_json_key(json, "methods");
    heng_json_array(json);
    for (unsigned i = 0; i < set->method_count; i++) heng_json_text(json, heng_method_text(set->methods[i]));
    heng_json_end_array(json);
    heng_json_end_object(json);
    heng_json_end_object(json);
}
