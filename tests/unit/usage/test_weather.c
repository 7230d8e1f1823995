/* Weather: degree days by the base of the site, days taken once, what heat was shared by them due; tables of people
 * with faults told cell by cell. */
#include "unit/usage/usage_point.h"

#include "api/weather_sheet.h"
#include "usage/weather.h"

static void test_bases(void **state)
{
    static const char *const bad[] = {"", "x", "18/", "/15", "15/20", "18 ", "18.", "41", "1800", "18/15/10"};
    struct heng_degree_base base;
    (void)state;
    assert_true(heng_degree_base_parse("18", &base));
    assert_int_equal(heng_degree_days_dk(&base, 50), 130); /* 5 degrees: HDD18 13 */
    assert_int_equal(heng_degree_days_dk(&base, 179), 1);
    assert_int_equal(heng_degree_days_dk(&base, 180), 0);
    assert_int_equal(heng_degree_days_dk(&base, -102), 282);
    assert_true(heng_degree_base_parse("20/15", &base)); /* Gradtagzahl */
    assert_int_equal(heng_degree_days_dk(&base, 149), 51);
    assert_int_equal(heng_degree_days_dk(&base, 150), 0);
    assert_true(heng_degree_base_parse("18.3", &base));
    assert_int_equal(heng_degree_days_dk(&base, 0), 183);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(heng_degree_base_parse(bad[i], &base));
}

static size_t take(struct usage_point *s, const struct heng_weather_told *days, size_t n, heng_rc wanted)
{
    struct heng_err err;
    size_t changed = 0;
    assert_ok(heng_store_begin(s->store, &err));
    assert_int_equal(heng_usage_take_weather(s->store, "54511", days, n, &changed, &err), wanted);
    if (wanted == HENG_OK)
        assert_ok(heng_store_commit(s->store, &err));
    else
        heng_store_rollback(s->store);
    return changed;
}

static void test_days(void **state)
{
    const heng_day first = heng_day_of_date(2026, 1, 1);
    const struct heng_weather_told days[] = {{.day = first, .mean_dc = 20},
                                             {.day = first + 1, .mean_dc = 160},
                                             {.day = first + 2, .mean_dc = 0, .has_degree = true, .degree_dk = 170}};
    const struct heng_weather_told hot[] = {{.day = first + 9, .mean_dc = 10}, {.day = first, .mean_dc = 601}};
    struct usage_point s;
    struct heng_weather weather;
    struct heng_err err;
    (void)state;
    usage_point_open(&s);
    assert_int_equal(small_site_sql(s.site.path, "DELETE FROM usage_due"), HENG_OK);
    assert_int_equal(take(&s, days, 3, HENG_OK), 3);
    assert_int_equal(small_site_number(s.site.path, "SELECT count(*) FROM usage_due"), 0); /* nobody goes by it yet */
    assert_int_equal(take(&s, days, 3, HENG_OK), 0);
    assert_ok(heng_store_get_weather(s.reader, "54511", first, &weather, &err));
    assert_int_equal(weather.degree_dk, 160); /* HDD18 as it begins */

    assert_ok(heng_store_begin(s.store, &err));
    assert_int_equal(heng_usage_use_weather(s.store, "1", "18", &err), HENG_ENOTFOUND);
    assert_int_equal(heng_usage_use_weather(s.store, "54511", "warm", &err), HENG_ECONFIG);
    heng_store_rollback(s.store);
    assert_ok(heng_store_begin(s.store, &err));
    assert_ok(heng_usage_use_weather(s.store, "54511", "20/15", &err));
    assert_ok(heng_store_commit(s.store, &err));
    assert_ok(heng_store_get_weather(s.reader, "54511", first, &weather, &err));
    assert_int_equal(weather.degree_dk, 180); /* 20 - 2 */
    assert_ok(heng_store_get_weather(s.reader, "54511", first + 1, &weather, &err));
    assert_int_equal(weather.degree_dk, 0); /* not below 15 */
    assert_ok(heng_store_get_weather(s.reader, "54511", first + 2, &weather, &err));
    assert_int_equal(weather.degree_dk, 170); /* told: stays */
    assert_true(small_site_number(s.site.path, "SELECT count(*) FROM usage_due") > 0);

    assert_int_equal(small_site_sql(s.site.path, "DELETE FROM usage_due"), HENG_OK);
    assert_int_equal(take(&s, days, 1, HENG_OK), 0);
    assert_int_equal(small_site_number(s.site.path, "SELECT count(*) FROM usage_due"), 0);
    take(&s, hot, 2, HENG_ERANGE); /* nothing half taken */
    assert_int_equal(heng_store_get_weather(s.reader, "54511", first + 9, &weather, &err), HENG_ENOTFOUND);
    usage_point_close(&s);
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

struct seen {
    char text[2000];
};

static bool keep(void *ctx, const char *text)
{
    struct seen *seen = ctx;
    size_t n = strlen(seen->text);
    snprintf(seen->text + n, sizeof seen->text - n, "%s\n", text);
    return true;
}

static heng_rc read_table(const char *csv, const char *language, struct heng_weather_told *ret, size_t *ret_n,
                          size_t *ret_faults, struct seen *seen)
{
    struct heng_sheet *sheet = NULL;
    struct heng_weather_told *days = NULL;
    struct heng_err err;
    seen->text[0] = '\0';
    *ret_n = *ret_faults = 0;
    assert_ok(heng_sheet_open_bytes(heng_slice_str(csv), NULL, &sheet, &err));
    heng_rc rc =
        heng_weather_sheet_read(sheet, heng_sheet_locale_of(language), keep, seen, &days, ret_n, ret_faults, &err);
    assert_true(*ret_n <= 8);
    if (*ret_n) memcpy(ret, days, *ret_n * sizeof *days);
    free(days);
    heng_sheet_close(sheet);
    return rc;
}

static void test_tables(void **state)
{
    struct heng_weather_told days[8];
    struct seen seen;
    size_t n, faults;
    (void)state;
    assert_int_equal(read_table("日期,平均气温\n2026-01-01,-3.2\n2026/1/2,0\n", "zh", days, &n, &faults, &seen),
                     HENG_OK);
    assert_int_equal(n, 2);
    assert_int_equal(faults, 0);
    assert_int_equal(days[0].day, heng_day_of_date(2026, 1, 1));
    assert_int_equal(days[0].mean_dc, -32);
    assert_false(days[0].has_degree);
    assert_int_equal(read_table("\xEF\xBB\xBFGradtage;Datum;Mitteltemperatur\n12,5;31.12.2025;2,04\n;1.1.2026;3,1\n",
                                "de", days, &n, &faults, &seen),
                     HENG_OK);
    assert_int_equal(n, 2);
    assert_int_equal(days[0].degree_dk, 125);
    assert_int_equal(days[0].mean_dc, 20);
    assert_false(days[1].has_degree);

    assert_int_equal(
        read_table("date,mean,degree days\n2026-01-01,abc,\n2026-02-30,1,\n2026-01-03,,\n2026-01-04,99,-1\n"
                   "2026-01-05,1,1\n2026-01-05,1,1\n",
                   "en", days, &n, &faults, &seen),
        HENG_OK);
    assert_int_equal(faults, 6);
    assert_non_null(strstr(seen.text, "B2: "));
    assert_non_null(strstr(seen.text, "A3: "));
    assert_non_null(strstr(seen.text, "B4: the mean temperature is missing"));
    assert_non_null(strstr(seen.text, "B5: '99' is not -90 to 60"));
    assert_non_null(strstr(seen.text, "C5: '-1' is not 0 to 110"));
    assert_non_null(strstr(seen.text, "A7: this day stands in row 6 already"));
    assert_int_equal(read_table("day,rain\n2026-01-01,3\n", "en", days, &n, &faults, &seen), HENG_ECONFIG);
    assert_int_equal(read_table("mean\n3\n", "en", days, &n, &faults, &seen), HENG_ECONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bases), cmocka_unit_test(test_days),
                                       cmocka_unit_test(test_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
