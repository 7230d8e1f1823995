/* Rule sets in memory: the table of limits, and the list of what was said. */
#include "vee/rules.h"

#include <string.h>

/* Where the table of limits speaks of estimation. */
enum { HENG_RULE_ESTIMATE = HENG_RULE_COUNT };

static const struct heng_limit_row rows[HENG_LIMIT_COUNT] = {
#define X(symbol, rule, name, unit, mantissa, exp, least, most)                                                        \
    {(heng_rule)HENG_RULE_##rule, name, unit, {mantissa, exp}, least, most},
    HENG_LIMIT_LIST(X)
#undef X
};

const struct heng_limit_row *heng_limit_row(heng_limit limit) { return &rows[limit]; }

void heng_verdicts_clear(struct heng_verdicts *list) { memset(list, 0, sizeof *list); }

struct heng_verdict *heng_verdicts_say(struct heng_verdicts *list, const struct heng_rule_set *set, heng_rule rule,
                                       heng_us from_us, heng_us to_us)
{
    if (!set->rules[rule].on) return NULL;
    for (unsigned i = 0; i < list->count; i++)
        if (list->items[i].rule == rule) return NULL;
    struct heng_verdict *v = &list->items[list->count++]; /* room for each rule */
    memset(v, 0, sizeof *v);
    v->rule = rule;
    v->version = set->version;
    v->severity = set->rules[rule].severity;
    v->from_us = from_us;
    v->to_us = to_us;
    return v;
}

bool heng_rule_set_apply(const struct heng_rule_set *set, struct heng_verdict *verdict)
{
    verdict->severity = set->rules[verdict->rule].severity;
    verdict->version = set->version;
    return set->rules[verdict->rule].on;
}

uint64_t heng_verdicts_flags(const struct heng_verdicts *list)
{
    uint64_t flags = 0;
    for (unsigned i = 0; i < list->count; i++)
        if (list->items[i].severity != HENG_SEVERITY_TOLD) flags |= UINT64_C(1) << list->items[i].rule;
    return flags;
}
