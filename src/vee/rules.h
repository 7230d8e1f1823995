#ifndef HENG_VEE_RULES_H
#define HENG_VEE_RULES_H
/* Rule sets: which rules hold, how grave they are, and within which limits. Data: parsed from JSON, written back the
 * same, with a version that every verdict carries. The caller chooses a set by medium and group of points. */
#include "base/json.h"
#include "base/slice.h"
#include "model/condition.h"
#include "model/quantity.h"
#include "vee/quality.h"
#include "vee/rules_limits.h"
#include "vee/verdict.h"

struct heng_rule_setting {
    bool on;
    heng_severity severity;
};

struct heng_rule_set {
    uint32_t version;   /* from 1 */
    heng_medium medium; /* whose defaults it began with */
    struct heng_rule_setting rules[HENG_RULE_COUNT];
    struct heng_dec limits[HENG_LIMIT_COUNT];
    heng_conditions grave; /* conditions that have the severity of rule `status`; the others are told */
    uint8_t method_count;
    heng_method methods[HENG_METHOD_COUNT]; /* of estimation, in the order in which they are tried */
};

/* What a medium begins with, as version 1. */
void heng_rule_set_default(heng_medium medium, struct heng_rule_set *ret);

/* A set from JSON; what it does not name is as the medium begins with. Numbers are decimals as text, or whole numbers.
 *   {"version": 7, "medium": "heat", "rules": {"spike": {"on": true, "severity": "task", "percent": "180", ...}, ...},
 *    "estimate": {"methods": ["check-meter", ...], "gap": "60", ...}}
 * Rule "status" has "grave": names of conditions as well.
 * Errors: EFORMAT for what is no JSON; ECONFIG for an unknown or repeated name, a number outside of its range, limits
 * that contradict each other; err->at is the line, the text names rule and limit. */
HENG_NODISCARD heng_rc heng_rule_set_parse(struct heng_slice json, struct heng_rule_set *ret, struct heng_err *err);

/* The whole set with everything named, so that it means the same when defaults change; parsing it gives it back. */
void heng_rule_set_write(const struct heng_rule_set *set, struct heng_json *json);

/* Name, unit and rule of a limit; the rule is HENG_RULE_COUNT for those of estimation. */
struct heng_limit_row {
    heng_rule rule;
    const char *name, *unit;
    struct heng_dec begins; /* default of media that do not say otherwise */
    int32_t least, most;
};
const struct heng_limit_row *heng_limit_row(heng_limit limit);

/* What was said of one thing: each rule at most once. Equal inputs give equal bytes. */
struct heng_verdicts {
    uint16_t count;
    struct heng_verdict items[HENG_RULE_COUNT];
};
void heng_verdicts_clear(struct heng_verdicts *list);

/* Say something, if the rule is on and has not been said: the severity is that of the set. Returns the verdict for its
 * numbers (all fields in place, numbers empty), or NULL. */
struct heng_verdict *heng_verdicts_say(struct heng_verdicts *list, const struct heng_rule_set *set, heng_rule rule,
                                       heng_us from_us, heng_us to_us);

/* A verdict of who does not know the set (the fold of readings): its severity and version become those of the set.
 * Returns false when the rule is off, and nothing is to be said; which readings are used does not depend on it. */
bool heng_rule_set_apply(const struct heng_rule_set *set, struct heng_verdict *verdict);

/* 1 << rule of all that are graver than told: what heng_day_usage.flags holds. */
uint64_t heng_verdicts_flags(const struct heng_verdicts *list);

#endif
