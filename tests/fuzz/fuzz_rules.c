/* Rule sets: a text that is not accepted says where and why; one that is means the same when it is written and read
 * again, and its limits break no rule, whatever the amounts of a day are (they are taken from the text as well). */
#include "vee/estimate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_require(bool condition)
{
    if (!condition) abort();
}

static void day_of(const uint8_t *data, size_t size, heng_day number, struct heng_day_usage *ret)
{
    struct heng_reader r = heng_reader_of(heng_slice_of(data, size));
    memset(ret, 0, sizeof *ret);
    ret->day = number;
    ret->exp = (int8_t)((int)(heng_reader_u8(&r) % 49) - 30);
    ret->count = heng_reader_u8(&r) % 2 ? 24 : 1;
    for (unsigned i = 0; i < ret->count; i++) {
        ret->amounts[i] = (int64_t)heng_reader_le(&r, 1 + heng_reader_u8(&r) % 8);
        ret->trusts[i] = (uint8_t)(1 + heng_reader_u8(&r) % HENG_TRUST_MISSING);
        if (ret->trusts[i] == HENG_TRUST_MISSING) ret->amounts[i] = 0;
        if (ret->trusts[i] == HENG_TRUST_MISSING) ret->missing++;
        ret->amount = (int64_t)((uint64_t)ret->amount + (uint64_t)ret->amounts[i]);
        if (ret->trusts[i] > ret->trust) ret->trust = (heng_trust)ret->trusts[i];
    }
}

/* The same day for today and all the past. */
static void check(const struct heng_rule_set *set, const uint8_t *data, size_t size)
{
    static struct heng_day_usage day;
    static struct heng_verdicts list;
    const struct heng_day_usage *past[HENG_RULES_PAST_DAYS];
    day_of(data, size, 20000, &day);
    for (unsigned i = 0; i < HENG_RULES_PAST_DAYS; i++) past[i] = &day;
    struct heng_rules_sibling siblings[2];
    struct heng_rules_day in;
    memset(&in, 0, sizeof in);
    memset(siblings, 0, sizeof siblings);
    in.medium = set->medium;
    in.to_us = HENG_US_PER_DAY;
    in.minutes = (uint16_t)(1440 / day.count);
    in.own.unit = size % 2 ? HENG_UNIT_WH : HENG_UNIT_M3;
    in.own.day = &day;
    in.own.past = past;
    in.own.past_count = HENG_RULES_PAST_DAYS;
    siblings[0].role = size % 2 ? HENG_ROLE_VOLUME : HENG_ROLE_ENERGY;
    siblings[0].series = in.own;
    siblings[0].series.unit = size % 2 ? HENG_UNIT_M3 : HENG_UNIT_WH;
    siblings[1].role = HENG_ROLE_TARIFF;
    siblings[1].series = in.own;
    in.siblings = siblings;
    in.sibling_count = 2;
    heng_verdicts_clear(&list);
    heng_rules_check_day(set, &in, &list);
    for (unsigned i = 0; i < list.count; i++) fuzz_require(set->rules[list.items[i].rule].on);

    static struct heng_day_usage filled;
    struct heng_estimate estimate;
    memset(&estimate, 0, sizeof estimate);
    estimate.medium = set->medium;
    estimate.minutes = in.minutes;
    estimate.own = in.own;
    if (heng_estimate_day(set, &estimate, &filled, NULL) != HENG_OK) return;
    uint64_t sum = 0;
    for (unsigned i = 0; i < filled.count; i++) sum += (uint64_t)filled.amounts[i];
    fuzz_require(filled.missing == 0 && (int64_t)sum == filled.amount);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heng_rule_set set, again;
    struct heng_err err = {0};
    if (heng_rule_set_parse(heng_slice_of(data, size), &set, &err) != HENG_OK) {
        fuzz_require(err.rc != HENG_OK && *err.text);
        return 0;
    }
    struct heng_str text = {.max = 1 << 20}, twice = {.max = 1 << 20};
    struct heng_json json = heng_json_of(&text);
    heng_rule_set_write(&set, &json);
    fuzz_require(text.rc == HENG_OK);
    fuzz_require(heng_rule_set_parse(heng_slice_of(text.text, text.n), &again, NULL) == HENG_OK);
    json = heng_json_of(&twice);
    heng_rule_set_write(&again, &json);
    fuzz_require(heng_slice_eq(heng_slice_of(text.text, text.n), heng_slice_of(twice.text, twice.n)));
    heng_str_fini(&text);
    heng_str_fini(&twice);
    check(&set, data, size);
    return 0;
}
