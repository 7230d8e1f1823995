/* Time zones: a table made with Python's zoneinfo, the C library as a second opinion at random moments and for rules of
 * all forms, the way back, and files that nobody made in good faith. */
#include "base/zone.h"
#include "sim/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static struct heng_sim_rng rng;

static struct heng_zone *open_zone(const char *name)
{
    struct heng_zone *zone = NULL;
    struct heng_err err = {0};
    if (heng_zone_open(name, &zone, &err) != HENG_OK) fail_msg("%s: %s", name, err.text);
    assert_string_equal(heng_zone_name(zone), name);
    return zone;
}

static heng_us utc(const char *text)
{
    heng_us at = 0;
    assert_int_equal(heng_us_parse(text, &at, NULL), HENG_OK);
    return at;
}

/* From Python 3.11's zoneinfo with tzdata 2025b. */
static void test_offsets_of_the_table(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *at;
        int32_t offset_s;
    } cases[] = {
        {"Asia/Shanghai", "1986-05-03T17:59:59Z", 28800},       {"Asia/Shanghai", "1986-05-03T18:00:00Z", 32400},
        {"Asia/Shanghai", "1986-09-13T16:59:59Z", 32400},       {"Asia/Shanghai", "1986-09-13T17:00:00Z", 28800},
        {"Asia/Shanghai", "1988-07-01T00:00:00Z", 32400},       {"Asia/Shanghai", "1991-09-14T16:59:59Z", 32400},
        {"Asia/Shanghai", "1991-09-14T17:00:00Z", 28800},       {"Asia/Shanghai", "2026-11-20T12:00:00Z", 28800},
        {"Asia/Shanghai", "2099-07-01T00:00:00Z", 28800},       {"Europe/Berlin", "1945-05-24T01:00:00Z", 10800},
        {"Europe/Berlin", "2026-03-29T00:59:59Z", 3600},        {"Europe/Berlin", "2026-03-29T01:00:00Z", 7200},
        {"Europe/Berlin", "2026-10-25T00:59:59.999999Z", 7200}, {"Europe/Berlin", "2026-10-25T01:00:00Z", 3600},
        {"Europe/Berlin", "2038-07-01T00:00:00Z", 7200},        {"Europe/Berlin", "2099-03-29T00:59:59Z", 3600},
        {"Europe/Berlin", "2099-03-29T01:00:00Z", 7200},        {"Europe/Berlin", "2400-07-01T00:00:00Z", 7200},
        {"America/St_Johns", "1988-05-01T00:00:00Z", -5400},    {"America/St_Johns", "2026-01-01T00:00:00Z", -12600},
        {"America/St_Johns", "2026-03-08T05:29:59Z", -12600},   {"America/St_Johns", "2026-03-08T05:30:00Z", -9000},
        {"America/St_Johns", "2026-11-01T04:30:00Z", -12600},   {"Pacific/Apia", "2011-12-30T09:59:59Z", -36000},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", 50400},        {"Asia/Kathmandu", "2026-01-01T00:00:00Z", 20700},
        {"Europe/Dublin", "2026-01-01T00:00:00Z", 0},           {"Europe/Dublin", "2060-07-01T00:00:00Z", 3600},
        {"Etc/GMT+8", "2026-01-01T00:00:00Z", -28800},          {"UTC", "2026-01-01T00:00:00Z", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heng_zone *zone = open_zone(cases[i].zone);
        if (heng_zone_offset_s(zone, utc(cases[i].at)) != cases[i].offset_s)
            fail_msg("%s %s: %d", cases[i].zone, cases[i].at, heng_zone_offset_s(zone, utc(cases[i].at)));
        heng_zone_free(zone);
    }
}

static void assert_local(const struct heng_zone *zone, struct heng_civil civil, const char *at)
{
    char text[HENG_TIME_TEXT_MAX];
    heng_us_format(heng_zone_us(zone, &civil), text);
    assert_string_equal(text, at);
}

static void test_gaps_and_folds(void **state)
{
    (void)state;
    struct heng_zone *berlin = open_zone("Europe/Berlin"), *apia = open_zone("Pacific/Apia");
    assert_local(berlin, (struct heng_civil){2026, 3, 29, 1, 59, 59}, "2026-03-29T00:59:59Z");
    assert_local(berlin, (struct heng_civil){2026, 3, 29, 2, 0, 0}, "2026-03-29T01:00:00Z");
    assert_local(berlin, (struct heng_civil){2026, 3, 29, 2, 30, 0}, "2026-03-29T01:00:00Z"); /* skipped */
    assert_local(berlin, (struct heng_civil){2026, 3, 29, 3, 0, 0}, "2026-03-29T01:00:00Z");
    assert_local(berlin, (struct heng_civil){2026, 10, 25, 2, 30, 0}, "2026-10-25T00:30:00Z"); /* the first of two */
    assert_local(berlin, (struct heng_civil){2026, 10, 25, 3, 0, 0}, "2026-10-25T02:00:00Z");
    assert_local(berlin, (struct heng_civil){2099, 3, 29, 2, 30, 0}, "2099-03-29T01:00:00Z");
    assert_local(berlin, (struct heng_civil){2098, 7, 1, 0, 0, 0}, "2098-06-30T22:00:00Z");
    assert_local(apia, (struct heng_civil){2011, 12, 30, 12, 0, 0}, "2011-12-30T10:00:00Z"); /* a day that was not */
    assert_local(NULL, (struct heng_civil){2026, 1, 2, 3, 4, 5}, "2026-01-02T03:04:05Z");
    assert_string_equal(heng_zone_name(NULL), "UTC");
    assert_int_equal(heng_zone_offset_s(NULL, 0), 0);
    struct heng_civil c = heng_zone_civil(berlin, utc("2026-10-25T00:30:00.5Z"));
    assert_int_equal(c.day * 10000 + c.hour * 100 + c.minute, 250230);
    (void)heng_zone_civil(berlin, HENG_US_NEVER); /* no sum overflows */
    (void)heng_zone_civil(apia, INT64_MIN);
    heng_zone_free(berlin);
    heng_zone_free(apia);
    heng_zone_free(NULL);
}

/* What the C library says; its rules are those of the same name or text. */
static long library_offset(int64_t at_s)
{
    time_t seconds = (time_t)at_s;
    struct tm tm;
    assert_non_null(localtime_r(&seconds, &tm));
    return tm.tm_gmtoff;
}

static void use_in_library(const char *rule)
{
    assert_int_equal(setenv("TZ", rule, 1), 0);
    tzset();
}

/* No local time is lost: there and back again gives the same, or the first of two. */
static void assert_way_back(const struct heng_zone *zone, int64_t at_s)
{
    struct heng_civil civil = heng_zone_civil(zone, at_s * HENG_US_PER_S);
    heng_us back_us = heng_zone_us(zone, &civil);
    struct heng_civil again = heng_zone_civil(zone, back_us);
    assert_true(back_us <= at_s * HENG_US_PER_S);
    assert_true(heng_civil_to_us(&again) == heng_civil_to_us(&civil));
    assert_true(heng_zone_us(zone, &again) == back_us);
}

static void test_random_moments_as_the_c_library_has_them(void **state)
{
    (void)state;
    static const char *const names[] = {"Asia/Shanghai", "Europe/Berlin",    "America/St_Johns",    "Pacific/Apia",
                                        "Europe/Dublin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo",
                                        "Asia/Tehran",   "America/Santiago", "Antarctica/Troll",    "Asia/Gaza"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct heng_zone *zone = open_zone(names[i]);
        use_in_library(names[i]);
        for (int turn = 0; turn < 2000; turn++) {
            /* 1920 .. 2150, and near the hour, where clocks are changed */
            int64_t at_s = (int64_t)(heng_sim_rng_next(&rng) % UINT64_C(7258118400)) - INT64_C(1577923200);
            if (turn % 2) at_s = at_s / 3600 * 3600 - 1 + heng_sim_rng_below(&rng, 2);
            if (heng_zone_offset_s(zone, at_s * HENG_US_PER_S) != library_offset(at_s))
                fail_msg("%s at %lld: %d, not %ld", names[i], (long long)at_s,
                         heng_zone_offset_s(zone, at_s * HENG_US_PER_S), library_offset(at_s));
            assert_way_back(zone, at_s);
        }
        heng_zone_free(zone);
    }
    use_in_library("UTC0");
}

/* --- files made here ------------------------------------------------------------------------------------------ */

struct file {
    uint8_t bytes[70000];
    size_t n;
};

static void put(struct file *f, int64_t value, size_t n)
{
    for (size_t i = n; i-- > 0;) f->bytes[f->n++] = (uint8_t)(i < 8 ? (uint64_t)value >> (8 * i) : 0);
}

static void put_header(struct file *f, char version, uint32_t leap, uint32_t time, uint32_t type)
{
    memcpy(f->bytes + f->n, "TZif", 4);
    f->n += 4;
    put(f, version, 1);
    memset(f->bytes + f->n, 0, 15);
    f->n += 15;
    const uint32_t counts[] = {0, 0, leap, time, type, 4};
    for (size_t i = 0; i < 6; i++) put(f, counts[i], 4);
}

/* A zone of the second version: one type, `count` times that go from 0 to offset_s and back, then the rule. */
static void make_file(struct file *f, const int64_t *times, uint32_t count, int64_t offset_s, const char *rule)
{
    f->n = 0;
    put_header(f, '2', 0, 0, 0);
    put(f, 0, 4);
    put_header(f, '2', 0, count, 2);
    for (uint32_t i = 0; i < count; i++) put(f, times[i], 8);
    for (uint32_t i = 0; i < count; i++) put(f, (i + 1) % 2, 1);
    put(f, 0, 6);
    put(f, offset_s, 4);
    put(f, 0, 2);
    put(f, 0, 4);
    put(f, '\n', 1);
    memcpy(f->bytes + f->n, rule, strlen(rule));
    f->n += strlen(rule);
    put(f, '\n', 1);
}

static heng_rc parse(const struct file *f, struct heng_zone **ret)
{
    struct heng_err err = {0};
    /* In memory of exactly this size, so that a read behind the end is seen. */
    uint8_t *copy = malloc(f->n + (f->n == 0));
    memcpy(copy, f->bytes, f->n);
    heng_rc rc = heng_zone_parse("Test/Zone", heng_slice_of(copy, f->n), ret, &err);
    free(copy);
    if (rc != HENG_OK) assert_true(err.text[0] != '\0');
    return rc;
}

static void test_rules_of_all_forms(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "CST-8",
        "<+0845>-8:45",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        "NZST-12NZDT,M9.5.0,M4.1.0/3",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "EST5EDT,J60/2:30:15,J300/1:15",
        "EST5EDT,59,300/23",
        "IST-2IDT,M3.4.4/26,M10.5.0",
        "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
        "AAA+3:30:10BBB-1,M12.1.6/167,M6.2.3/-167",
        "EET-2EEST,M3.4.4/50,M10.4.4/50",
    };
    static struct file f;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct heng_zone *zone = NULL;
        make_file(&f, NULL, 0, 0, rules[i]);
        assert_int_equal(parse(&f, &zone), HENG_OK);
        use_in_library(rules[i]);
        for (int turn = 0; turn < 3000; turn++) {
            /* 1975 .. 2110 */
            int64_t at_s = INT64_C(157766400) + (int64_t)(heng_sim_rng_next(&rng) % UINT64_C(4260211200));
            if (turn % 2) at_s = at_s / 900 * 900 - 1 + heng_sim_rng_below(&rng, 2);
            if (heng_zone_offset_s(zone, at_s * HENG_US_PER_S) != library_offset(at_s))
                fail_msg("%s at %lld: %d, not %ld", rules[i], (long long)at_s,
                         heng_zone_offset_s(zone, at_s * HENG_US_PER_S), library_offset(at_s));
            assert_way_back(zone, at_s);
            /* The calendar comes back after 400 years, before 1970 as well. */
            assert_int_equal(heng_zone_offset_s(zone, (at_s - 2 * INT64_C(12622780800)) * HENG_US_PER_S),
                             heng_zone_offset_s(zone, at_s * HENG_US_PER_S));
        }
        heng_zone_free(zone);
    }
    use_in_library("UTC0");
}

/* A time of the rule may lie a week off its day, in another year: Saturday 30 December 1995 and 167 hours. (The C
 * library does not look there.) */
static void test_a_rule_that_goes_over_new_year(void **state)
{
    (void)state;
    static struct file f;
    struct heng_zone *zone = NULL;
    make_file(&f, NULL, 0, 0, "AAA+3:30:10BBB-1,M12.5.6/167,M6.2.3");
    assert_int_equal(parse(&f, &zone), HENG_OK);
    assert_int_equal(heng_zone_offset_s(zone, utc("1996-01-06T02:30:09Z")), -12610);
    assert_int_equal(heng_zone_offset_s(zone, utc("1996-01-06T02:30:10Z")), 3600);
    heng_zone_free(zone);
    make_file(&f, NULL, 0, 0, "AAA0BBB,J1/-167,J2/-167"); /* all changes of next year lie in this one */
    assert_int_equal(parse(&f, &zone), HENG_OK);
    assert_int_equal(heng_zone_offset_s(zone, utc("2026-12-25T00:59:59Z")), 0);
    assert_int_equal(heng_zone_offset_s(zone, utc("2026-12-25T01:00:00Z")), 3600);
    assert_int_equal(heng_zone_offset_s(zone, utc("2026-12-26T00:00:00Z")), 0);
    for (int hour = 0; hour < 14 * 24; hour++)
        assert_way_back(zone, utc("2026-12-22T00:30:00Z") / HENG_US_PER_S + hour * INT64_C(3600));
    heng_zone_free(zone);
}

/* RFC 8536: a rule whose saving ends when it begins again holds all year. */
static void test_daylight_saving_all_year(void **state)
{
    (void)state;
    static struct file f;
    struct heng_zone *zone = NULL;
    make_file(&f, NULL, 0, 0, "XXX3EDT4,0/0,J365/23");
    assert_int_equal(parse(&f, &zone), HENG_OK);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(heng_zone_offset_s(zone, utc("2030-12-25T00:00:00Z") + i * INT64_C(600) * HENG_US_PER_S),
                         -4 * 3600);
    heng_zone_free(zone);
}

static void test_rules_that_are_none(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "C-8",
        "CST",
        "CST-25",
        "CST-8x",
        "<+08-8",
        "<+>-8",
        "CST-8:60",
        "CST-8:00:60",
        "CST-8:",
        "CET-1CEST",
        "CET-1CE,M3.5.0,M10.5.0",
        "CET-1CEST,M3.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,J0,J5",
        "CET-1CEST,J366,J5",
        "CET-1CEST,366,5",
        "CET-1CEST,M3.5.0,M10.5.0x",
        "CET-1CEST25,M3.5.0,M10.5.0",
        "CET-1CEST,M3-5.0,M10.5.0",
        "CET-1CEST,M3.5,M10.5.0",
        "CET-1CEST,M3.5.0/,M10.5.0",
        "CET-1CEST-2M3.5.0,M10.5.0",
        "CET-1CEST,Jx,J5",
        "CET-1CEST,00001,5",
    };
    static struct file f;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct heng_zone *zone = NULL;
        make_file(&f, NULL, 0, 0, rules[i]);
        if (parse(&f, &zone) != HENG_EFORMAT) fail_msg("taken for a rule: %s", rules[i]);
    }
    char endless[200];
    memset(endless, 'A', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    struct heng_zone *zone = NULL;
    make_file(&f, NULL, 0, 0, endless);
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    make_file(&f, NULL, 0, 0, "CST-8");
    f.bytes[f.n - 4] = '\0';
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    make_file(&f, NULL, 0, 0, "CST-8");
    f.n--; /* without the line feed at the end */
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    make_file(&f, NULL, 0, 0, "CST-8");
    f.bytes[f.n - 7] = 'x'; /* and without the one in front */
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
}

static void test_tables_with_and_without_a_rule(void **state)
{
    (void)state;
    static const int64_t times[] = {-1000, 5000, 9000};
    static struct file f;
    struct heng_zone *zone = NULL;
    make_file(&f, times, 3, -3600, "");
    assert_int_equal(parse(&f, &zone), HENG_OK);
    assert_int_equal(heng_zone_offset_s(zone, -1001 * HENG_US_PER_S), 0);
    assert_int_equal(heng_zone_offset_s(zone, -1), -3600);
    assert_int_equal(heng_zone_offset_s(zone, 5000 * HENG_US_PER_S), 0);
    assert_int_equal(heng_zone_offset_s(zone, utc("2099-01-01T00:00:00Z")), -3600);
    heng_zone_free(zone);

    /* The first version: 4-byte times, no rule. */
    f.n = 0;
    put_header(&f, 0, 0, 1, 2);
    put(&f, -1000, 4);
    put(&f, 1, 1);
    put(&f, 0, 6);
    put(&f, 28800, 4);
    put(&f, 0, 6);
    assert_int_equal(parse(&f, &zone), HENG_OK);
    assert_int_equal(heng_zone_offset_s(zone, -2000 * HENG_US_PER_S), 0);
    assert_int_equal(heng_zone_offset_s(zone, 0), 28800);
    heng_zone_free(zone);
    f.bytes[44 + 4] = 2; /* a type that is not there */
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);

    static const int64_t unsorted[] = {5000, 5000};
    make_file(&f, unsorted, 2, 3600, "");
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    make_file(&f, times, 3, 27 * 3600, "");
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    make_file(&f, times, 3, -27 * 3600, "");
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    f.n = 0;
    put_header(&f, 0, 1, 0, 1); /* leap seconds */
    put(&f, 0, 18);
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    f.n = 0;
    put_header(&f, 0, 0, 0, 0); /* no type */
    put(&f, 0, 4);
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    f.n = 0;
    put_header(&f, 0, 0, 0, 257);
    f.n += 2000;
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    f.n = 0;
    put_header(&f, 0, 0, 6001, 1);
    f.n += 40000;
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    f.n = sizeof f.bytes;
    assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
}

/* Cut anywhere or with any byte another: an error, or a zone that answers. */
static void test_hostile_files(void **state)
{
    (void)state;
    static struct file good, f;
    static const int64_t times[] = {-1000, 5000, 9000};
    make_file(&good, times, 3, 3600, "CET-1CEST,M3.5.0,M10.5.0/3");
    for (size_t n = 0; n < good.n; n++) {
        struct heng_zone *zone = NULL;
        f = good;
        f.n = n;
        assert_int_equal(parse(&f, &zone), HENG_EFORMAT);
    }
    for (int turn = 0; turn < 20000; turn++) {
        struct heng_zone *zone = NULL;
        memcpy(f.bytes, good.bytes, good.n);
        f.n = good.n;
        for (uint32_t k = heng_sim_rng_below(&rng, 3) + 1; k > 0; k--)
            f.bytes[heng_sim_rng_next(&rng) % f.n] = (uint8_t)heng_sim_rng_next(&rng);
        if (parse(&f, &zone) != HENG_OK) continue;
        int64_t at_s = (int64_t)(heng_sim_rng_next(&rng) % UINT64_C(8000000000)) - INT64_C(4000000000);
        assert_way_back(zone, at_s);
        heng_zone_free(zone);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "/etc/passwd",
                                      "../../etc/passwd",
                                      "Asia/../Asia/Shanghai",
                                      "Asia//Rome",
                                      "Europe/Berlin/",
                                      "Europe/Ber lin",
                                      "zone.tab",
                                      "./UTC",
                                      "A%s",
                                      "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct heng_zone *zone = NULL;
        struct heng_err err = {0};
        assert_int_equal(heng_zone_open(bad[i], &zone, &err), HENG_ECONFIG);
        assert_non_null(strstr(err.text, "not the name of a time zone"));
    }
    static const char *const absent[] = {"Asia/Peking", "Asia"}; /* the second is a folder */
    for (size_t i = 0; i < 2; i++) {
        struct heng_zone *zone = NULL;
        struct heng_err err = {0};
        assert_int_equal(heng_zone_open(absent[i], &zone, &err), HENG_ECONFIG);
        assert_non_null(strstr(err.text, "tzdata"));
    }
    struct heng_zone *zone = NULL;
    struct heng_err err = {0};
    assert_int_equal(heng_zone_open("leapseconds", &zone, &err), HENG_EFORMAT); /* a file, but of another kind */
}

int main(void)
{
    enum { SEED = 20261121 };
    print_message("# seed %d\n", SEED);
    rng = heng_sim_rng_of(SEED, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets_of_the_table),
        cmocka_unit_test(test_gaps_and_folds),
        cmocka_unit_test(test_random_moments_as_the_c_library_has_them),
        cmocka_unit_test(test_rules_of_all_forms),
        cmocka_unit_test(test_a_rule_that_goes_over_new_year),
        cmocka_unit_test(test_daylight_saving_all_year),
        cmocka_unit_test(test_rules_that_are_none),
        cmocka_unit_test(test_tables_with_and_without_a_rule),
        cmocka_unit_test(test_hostile_files),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
