/* Rule sets: texts, defaults, reading and writing. */
#include "tests/unit/vee/rules_case.h"

#include <stdio.h>

static void test_texts(void **state)
{
    (void)state;
    for (unsigned i = 1; i < HENG_RULE_COUNT; i++) {
        assert_string_not_equal(heng_rule_text((heng_rule)i), "unknown");
        assert_int_equal(heng_rule_of(heng_rule_text((heng_rule)i)), i);
    }
    assert_string_equal(heng_rule_text((heng_rule)0), "unknown");
    assert_string_equal(heng_rule_text(HENG_RULE_COUNT), "unknown");
    assert_int_equal(heng_rule_of("spikes"), HENG_RULE_COUNT);
    assert_int_equal(heng_rule_of("swapped"), 38); /* numbers of the database */
    for (unsigned i = 0; i < HENG_SEVERITY_COUNT; i++)
        assert_int_equal(heng_severity_of(heng_severity_text((heng_severity)i)), i);
    assert_string_equal(heng_severity_text(HENG_SEVERITY_COUNT), "unknown");
    assert_int_equal(heng_severity_of("grave"), HENG_SEVERITY_COUNT);
}

/* Flags hold a bit per rule. */
_Static_assert(HENG_RULE_COUNT <= 64, "rules fit into the flags of a day");

static void test_defaults_hold_their_own_limits(void **state)
{
    (void)state;
    for (unsigned m = 0; m < HENG_MEDIUM_COUNT; m++) {
        struct heng_rule_set set;
        heng_rule_set_default((heng_medium)m, &set);
        assert_int_equal(set.version, 1);
        assert_int_equal(set.medium, m);
        for (unsigned i = 0; i < HENG_LIMIT_COUNT; i++) {
            const struct heng_limit_row *row = heng_limit_row((heng_limit)i);
            struct heng_dec least = {row->least, 0}, most = {row->most, 0};
            assert_true(heng_dec_cmp(set.limits[i], least) >= 0 && heng_dec_cmp(set.limits[i], most) <= 0);
        }
    }
}

/* Heat leads the weather, electricity has jumps, water has nights. */
static void test_media_differ(void **state)
{
    (void)state;
    struct heng_rule_set heat, water, power;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &heat);
    heng_rule_set_default(HENG_MEDIUM_COLD_WATER, &water);
    heng_rule_set_default(HENG_MEDIUM_ELECTRICITY, &power);
    assert_int_equal(heat.methods[3], HENG_METHOD_DEGREE_DAYS);
    assert_int_equal(water.methods[3], HENG_METHOD_LIKE_DAYS);
    assert_true(power.rules[HENG_RULE_JUMP].on && !water.rules[HENG_RULE_JUMP].on);
    assert_true(water.rules[HENG_RULE_NIGHT_FLOW].on && !heat.rules[HENG_RULE_NIGHT_FLOW].on);
    assert_int_equal(heng_dec_cmp(water.limits[HENG_LIMIT_SPIKE_PERCENT], dec("1000")), 0);
    assert_int_equal(heng_dec_cmp(power.limits[HENG_LIMIT_SPIKE_PERCENT], dec("180")), 0);
}

static void write(const struct heng_rule_set *set, struct heng_str *out)
{
    struct heng_json json = heng_json_of(out);
    heng_str_clear(out);
    heng_rule_set_write(set, &json);
    assert_int_equal(out->rc, HENG_OK);
}

static void test_written_and_read_back(void **state)
{
    (void)state;
    struct heng_str text = {.max = 1 << 20}, again = {.max = 1 << 20};
    for (unsigned m = 0; m < HENG_MEDIUM_COUNT; m++) {
        struct heng_rule_set set, back;
        struct heng_err err = {0};
        heng_rule_set_default((heng_medium)m, &set);
        set.version = 7 + m;
        set.rules[HENG_RULE_SPIKE].on = m % 2;
        set.rules[HENG_RULE_LOW].severity = (heng_severity)(m % 3);
        set.limits[HENG_LIMIT_SPIKE_LEAST] = dec("0.250");
        set.grave = 1U << m % HENG_CONDITION_COUNT;
        set.method_count = (uint8_t)(m % 5);
        memset(set.methods + set.method_count, 0, sizeof set.methods - set.method_count * sizeof set.methods[0]);
        write(&set, &text);
        if (heng_rule_set_parse(heng_slice_str(text.text), &back, &err) != HENG_OK) fail_msg("%s", err.text);
        write(&back, &again);
        assert_string_equal(text.text, again.text);
        assert_int_equal(back.version, set.version);
        assert_int_equal(back.method_count, set.method_count);
        assert_int_equal(back.grave, set.grave);
    }
    heng_str_fini(&text);
    heng_str_fini(&again);
}

static void test_what_is_not_named_stays(void **state)
{
    (void)state;
    struct heng_rule_set set, plain;
    assert_int_equal(
        heng_rule_set_parse(heng_slice_str("{\"version\": 3, \"rules\": {\"spike\": {\"percent\": \"250.5\","
                                           "\"on\": false, \"severity\": \"fatal\"}, \"status\": {\"grave\":"
                                           "[\"leak\"]}}, \"medium\": \"heat\", \"estimate\": {\"gap\": 30,"
                                           "\"methods\": [\"area\", \"linear\"]}}"),
                            &set, NULL),
        HENG_OK);
    heng_rule_set_default(HENG_MEDIUM_HEAT, &plain);
    assert_int_equal(heng_dec_cmp(set.limits[HENG_LIMIT_SPIKE_PERCENT], dec("250.5")), 0);
    assert_int_equal(heng_dec_cmp(set.limits[HENG_LIMIT_ESTIMATE_GAP], dec("30")), 0);
    assert_false(set.rules[HENG_RULE_SPIKE].on);
    assert_int_equal(set.rules[HENG_RULE_SPIKE].severity, HENG_SEVERITY_FATAL);
    assert_int_equal(set.grave, 1 << HENG_CONDITION_LEAK);
    assert_int_equal(set.method_count, 2);
    assert_int_equal(set.methods[0], HENG_METHOD_AREA);
    assert_memory_equal(&set.limits[HENG_LIMIT_HIGH_PERCENT], &plain.limits[HENG_LIMIT_HIGH_PERCENT],
                        sizeof plain.limits[0]);
}

/* On the edge of what is allowed. */
static void test_edges(void **state)
{
    (void)state;
    struct heng_rule_set set;
    assert_int_equal(heng_rule_set_parse(heng_slice_str("{\"version\": 4294967295, \"medium\": \"heat\", \"rules\":"
                                                        "{\"clock\": {\"sync\": 180}, \"spike\": {\"percent\":"
                                                        "\"1.000000001\"}}}"),
                                         &set, NULL),
                     HENG_OK);
    assert_int_equal(set.version, UINT32_MAX);
    assert_int_equal(heng_dec_cmp(set.limits[HENG_LIMIT_SPIKE_PERCENT], dec("1.000000001")), 0);
}

/* Each mistake with its line and its name. */
static void test_mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } rows[] = {
        {"", 1, ""},
        {"[]", 1, ""},
        {"{\n\"version\": 1}", 2, "'medium' is missing"},
        {"{\"medium\": \"heat\"}", 1, "'version' is missing"},
        {"{\"medium\": \"tea\",\n\"version\": 1}", 1, "there is no medium 'tea'"},
        {"{\"medium\": \"heat\", \"version\": 0}", 1, ""},
        {"{\"medium\": \"heat\", \"version\": 1, \"version\": 2}", 1, "'version' stands there twice"},
        {"{\"medium\": \"heat\",\n\"medium\": \"heat\", \"version\": 2}", 2, "'medium' stands there twice"},
        {"{\"medium\": \"heat\", \"version\": 1,\n\n\"rulez\": {}}", 3, "a rule set has no 'rulez'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\n\"spikes\": {}}}", 2, "there is no rule 'spikes'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {}, \"spike\": {}}}", 1, "rule 'spike' twice"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"per\": 1}}}", 1,
         "'spike' has nothing called 'per'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"grave\": []}}}", 1,
         "'spike' has nothing called 'grave'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"methods\": []}}}", 1,
         "'spike' has nothing called 'methods'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"estimate\": {\"on\": true}}", 1,
         "'estimate' has nothing called 'on'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"on\": true, \"on\": true}}}", 1,
         "'spike' has two of 'on'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"percent\": 2, \"percent\": 3}}}", 1,
         "'spike' has two of 'percent'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"percent\": \"1e3\"}}}", 1,
         "'percent' of 'spike' is no number: '1e3'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"percent\": 1.5}}}", 1, ""},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"percent\": 0}}}", 1,
         "'percent' of 'spike' must be 1 to 1000000 with at most 9 decimals"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"percent\": 1000001}}}", 1,
         "'percent' of 'spike' must be 1 to 1000000 with at most 9 decimals"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"percent\": \"1.0000000001\"}}}", 1,
         "'percent' of 'spike' must be 1 to 1000000 with at most 9 decimals"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"severity\": \"bad\"}}}", 1,
         "there is no severity 'bad'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"spike\": {\"on\": 1}}}", 1, ""},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"status\": {\"grave\": [\"flood\"]}}}", 1,
         "there is no condition 'flood'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"estimate\": {\"methods\": [\"area\", \"area\"]}}", 1,
         "'area' is no method that fills a day, or stands there twice"},
        {"{\"medium\": \"heat\", \"version\": 1, \"estimate\": {\"methods\": [\"manual\"]}}", 1,
         "'manual' is no method that fills a day, or stands there twice"},
        {"{\"medium\": \"heat\", \"version\": 1, \"estimate\": {\"methods\": [\"share-flat\"]}}", 1,
         "'share-flat' is no method that fills a day, or stands there twice"},
        {"{\"medium\": \"heat\", \"version\": 1, \"estimate\": {\"methods\": [\"guess\"]}}", 1,
         "'guess' is no method that fills a day, or stands there twice"},
        {"{\"medium\": \"heat\", \"version\": 1, \"rules\": {\"clock\": {\"sync\": 200}}}", 1,
         "'sync' of 'clock' must not be greater than its 'flag'"},
        {"{\"medium\": \"heat\", \"version\": 1, \"estimate\": {\"enough\": 22}}", 1,
         "'enough' of 'estimate' must not be greater than its 'days'"},
        {"{\"medium\": \"heat\", \"version\": 1} x", 1, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heng_rule_set set;
        struct heng_err err = {0};
        heng_rc rc = heng_rule_set_parse(heng_slice_str(rows[i].text), &set, &err);
        if (rc == HENG_OK) fail_msg("accepted: %s", rows[i].text);
        if (*rows[i].says) assert_string_equal(err.text, rows[i].says);
        if (*rows[i].says) assert_int_equal(rc, HENG_ECONFIG);
        if (err.at != rows[i].line) fail_msg("line %u instead of %u: %s", err.at, rows[i].line, rows[i].text);
    }
}

/* A good text, cut anywhere or with any byte changed, is refused or read, and never does harm. */
static void test_damaged_texts(void **state)
{
    (void)state;
    struct heng_str text = {.max = 1 << 20};
    struct heng_rule_set set;
    heng_rule_set_default(HENG_MEDIUM_WATER, &set);
    write(&set, &text);
    for (size_t n = 0; n + 1 < text.n; n += 7)
        assert_int_not_equal(heng_rule_set_parse(heng_slice_of(text.text, n), &set, NULL), HENG_OK);
    uint64_t seed = UINT64_C(20241004);
    printf("seed %llu\n", (unsigned long long)seed);
    for (unsigned i = 0; i < 2000; i++) {
        size_t at = next_random(&seed) % text.n;
        char kept = text.text[at];
        text.text[at] = (char)next_random(&seed);
        struct heng_err err = {0};
        if (heng_rule_set_parse(heng_slice_of(text.text, text.n), &set, &err) != HENG_OK) assert_true(*err.text);
        text.text[at] = kept;
    }
    heng_str_fini(&text);
}

static void test_verdicts(void **state)
{
    (void)state;
    struct heng_rule_set set;
    struct heng_verdicts list;
    heng_rule_set_default(HENG_MEDIUM_HEAT, &set);
    set.version = 9;
    heng_verdicts_clear(&list);
    struct heng_verdict *v = heng_verdicts_say(&list, &set, HENG_RULE_HIGH, 5, 6);
    assert_non_null(v);
    assert_int_equal(v->version, 9);
    assert_int_equal(v->severity, HENG_SEVERITY_TASK);
    assert_int_equal(v->from_us, 5);
    assert_int_equal(v->to_us, 6);
    assert_null(heng_verdicts_say(&list, &set, HENG_RULE_HIGH, 7, 8)); /* once */
    assert_non_null(heng_verdicts_say(&list, &set, HENG_RULE_LOW, 5, 6));
    set.rules[HENG_RULE_SPIKE].on = false;
    assert_null(heng_verdicts_say(&list, &set, HENG_RULE_SPIKE, 5, 6));
    assert_int_equal(list.count, 2);
    struct heng_verdict outside = *v;
    outside.rule = HENG_RULE_NEGATIVE;
    set.rules[HENG_RULE_NEGATIVE].severity = HENG_SEVERITY_TOLD;
    outside.version = 1;
    assert_true(heng_rule_set_apply(&set, &outside));
    assert_int_equal(outside.severity, HENG_SEVERITY_TOLD);
    assert_int_equal(outside.version, 9);
    outside.rule = HENG_RULE_SPIKE;
    assert_false(heng_rule_set_apply(&set, &outside));
    assert_true(heng_verdicts_flags(&list) == UINT64_C(1) << HENG_RULE_HIGH); /* low is told only */
}

/* Where a medium begins with another number, the line of the limit says so. */
static void check_media(const char *line, unsigned limit)
{
    static const struct {
        heng_medium medium;
        const char *text;
    } media[] = {{HENG_MEDIUM_HEAT, "heat"},
                 {HENG_MEDIUM_ELECTRICITY, "electricity"},
                 {HENG_MEDIUM_WATER, "water"},
                 {HENG_MEDIUM_GAS, "gas"}};
    const char *end = strchr(line, '\n');
    for (unsigned i = 0; i < 4; i++) {
        struct heng_rule_set set;
        char wanted[100], number[HENG_DEC_TEXT_MAX];
        heng_rule_set_default(media[i].medium, &set);
        if (heng_dec_cmp(set.limits[limit], heng_limit_row((heng_limit)limit)->begins) == 0) continue;
        heng_dec_format(set.limits[limit], number);
        snprintf(wanted, sizeof wanted, "%s %s", media[i].text, number);
        const char *at = strstr(line, wanted);
        if (!at || at > end) fail_msg("not in docs/validation.md: %s of %.60s", wanted, line);
    }
}

/* The documentation names every rule, limit and default, line by line. */
static void test_documentation_is_complete(void **state)
{
    (void)state;
    static char text[200000];
    FILE *file = fopen(HENG_SOURCE_DIR "/docs/validation.md", "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    struct heng_rule_set common;
    heng_rule_set_default(HENG_MEDIUM_OTHER, &common);
    for (unsigned i = 1; i < HENG_RULE_COUNT; i++) {
        char wanted[100];
        snprintf(wanted, sizeof wanted, "| `%s` | %s |", heng_rule_text((heng_rule)i),
                 heng_severity_text(common.rules[i].severity));
        if (!strstr(text, wanted)) fail_msg("not in docs/validation.md: %s", wanted);
    }
    for (unsigned i = 0; i < HENG_LIMIT_COUNT; i++) {
        const struct heng_limit_row *row = heng_limit_row((heng_limit)i);
        char wanted[160], number[HENG_DEC_TEXT_MAX];
        heng_dec_format(row->begins, number);
        snprintf(wanted, sizeof wanted, "| %s | `%s` | %s | %s |",
                 row->rule == HENG_RULE_COUNT ? "estimate" : heng_rule_text(row->rule), row->name, row->unit, number);
        const char *line = strstr(text, wanted);
        if (!line) fail_msg("not in docs/validation.md: %s", wanted);
        check_media(line, i);
    }
    for (unsigned i = 0; i < HENG_METHOD_COUNT; i++)
        if (!strstr(text, heng_method_text((heng_method)i))) fail_msg("%s", heng_method_text((heng_method)i));
    for (unsigned i = 0; i < HENG_FACTOR_COUNT; i++)
        if (!strstr(text, heng_channel_factor_text((heng_channel_factor)i)))
            fail_msg("%s", heng_channel_factor_text((heng_channel_factor)i));
    for (unsigned i = 0; i < HENG_CONDITION_COUNT; i++)
        if (!strstr(text, heng_condition_text((heng_condition)i)))
            fail_msg("%s", heng_condition_text((heng_condition)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_defaults_hold_their_own_limits),
        cmocka_unit_test(test_media_differ),
        cmocka_unit_test(test_written_and_read_back),
        cmocka_unit_test(test_what_is_not_named_stays),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_mistakes_are_told),
        cmocka_unit_test(test_damaged_texts),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_documentation_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
