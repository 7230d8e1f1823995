/* Texts of rules and severities. */
#include "vee/verdict.h"

#include <string.h>

/* Numbers of the database, so there may be holes: 0 is one. */
static const char *const rule_texts[HENG_RULE_COUNT] = {
#define X(symbol, text, number) [number] = text,
    HENG_RULE_LIST(X)
#undef X
};

static const char *const severity_texts[HENG_SEVERITY_COUNT] = {
#define X(symbol, text) text,
    HENG_SEVERITY_LIST(X)
#undef X
};

const char *heng_rule_text(heng_rule rule)
{
    return (unsigned)rule < HENG_RULE_COUNT && rule_texts[rule] ? rule_texts[rule] : "unknown";
}

heng_rule heng_rule_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_RULE_COUNT && (!rule_texts[i] || strcmp(rule_texts[i], text) != 0)) i++;
    return (heng_rule)i;
}

const char *heng_severity_text(heng_severity severity)
{
    return (unsigned)severity < HENG_SEVERITY_COUNT ? severity_texts[severity] : "unknown";
}

heng_severity heng_severity_of(const char *text)
{
    unsigned i = 0;
    while (i < HENG_SEVERITY_COUNT && strcmp(severity_texts[i], text) != 0) i++;
    return (heng_severity)i;
}
