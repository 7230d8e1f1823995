/* Rules, weather and dates of readings: what is checked before it is stored. */
#include <stdio.h>

#include "base/json.h"
#include "usage/date.h"
#include "usage/usage.h"
#include "vee/derive.h"
#include "vee/rules_check.h"

enum { RULES_TEXT_MAX = 65536, CHECK_AFTER_YEAR = 2020 };

heng_rc heng_usage_put_rules(struct heng_store *store, struct heng_slice json, const char *group_name,
                             heng_day from_day, int64_t *ret_version, struct heng_err *err)
{
    struct heng_rule_set set;
    struct heng_str text = {.max = RULES_TEXT_MAX};
    struct heng_json out = heng_json_of(&text);
    heng_rc rc = heng_rule_set_parse(json, &set, err);
    if (rc == HENG_OK) rc = heng_store_next_rule_version(heng_store_as_reader(store), ret_version, err);
    if (rc != HENG_OK) return rc;
    set.version = (uint32_t)*ret_version;
    heng_rule_set_write(&set, &out); /* with everything named: it means the same when defaults change */
    rc = text.rc;
    if (rc == HENG_OK)
        rc = heng_store_put_rules(store, *ret_version, set.medium, group_name, from_day,
                                  heng_slice_of(text.text, text.n), err);
    if (rc == HENG_OK)
        rc = heng_store_due_group(store, heng_medium_text(set.medium), group_name, INT64_MIN, HENG_US_NEVER, err);
    heng_str_fini(&text);
    return rc;
}

static void put_number(const struct heng_opt_dec *number, char ret[HENG_AT_LEAST(HENG_DEC_TEXT_MAX)])
{
    if (number->is) heng_dec_format(number->dec, ret);
}

heng_rc heng_usage_check_date(struct heng_store *store, int64_t device_id, heng_medium medium, heng_us at_us,
                              heng_source source, heng_us came_us, const char **ret_rule, struct heng_err *err)
{
    const struct heng_civil usual = {.year = CHECK_AFTER_YEAR, .month = 1, .day = 1};
    const struct heng_channel_row row = {.medium = medium};
    struct heng_rule_set set;
    struct heng_verdicts list;
    *ret_rule = NULL;
    if (at_us <= came_us && at_us >= heng_civil_to_us(&usual)) return HENG_OK; /* nearly all */
    heng_rc rc = heng_usage_rules(heng_store_as_reader(store), &row, HENG_DAY_MAX, &set, err);
    if (rc != HENG_OK) return rc;
    const struct heng_rules_reading in = {.at_us = at_us,
                                          .came_us = came_us,
                                          .serves_from_us = INT64_MIN,
                                          .serves_to_us = HENG_US_NEVER,
                                          .open_from_us = INT64_MIN,
                                          .open_to_us = HENG_US_NEVER,
                                          .is_declared = true};
    heng_verdicts_clear(&list);
    if (heng_rules_check_reading(&set, &in, &list)) return HENG_OK;
    for (unsigned i = 0; rc == HENG_OK && i < list.count; i++) {
        const struct heng_verdict *v = &list.items[i];
        struct heng_doubt_row doubt = {.device_id = device_id, .source = source, .came_us = came_us};
        if (v->rule != HENG_RULE_FUTURE && v->rule != HENG_RULE_ANCIENT) continue;
        doubt.verdict.rule = (uint8_t)v->rule;
        doubt.verdict.version = v->version;
        doubt.verdict.from_us = at_us;
        snprintf(doubt.verdict.severity, sizeof doubt.verdict.severity, "%s", heng_severity_text(v->severity));
        put_number(&v->seen, doubt.verdict.numbers[HENG_VERDICT_SEEN]);
        put_number(&v->low, doubt.verdict.numbers[HENG_VERDICT_LOW]);
        put_number(&v->high, doubt.verdict.numbers[HENG_VERDICT_HIGH]);
        put_number(&v->reference, doubt.verdict.numbers[HENG_VERDICT_REFERENCE]);
        *ret_rule = heng_rule_text(v->rule);
        rc = heng_store_put_doubt(store, &doubt, err);
    }
    return rc;
}
