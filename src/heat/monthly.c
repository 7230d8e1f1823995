/* The form "monthly-information" (HeizkostenV 6a(2)): no money. */
#include <string.h>

#include "bill/calc.h"
#include "heat/apportion_parts.h"

struct monthly {
    char flat[64], month[16];
    struct heng_dec use, previous, year_before, average_per_m2, area;
    bool has_use, has_previous, has_year_before, has_average;
};

/* "2026-01" */
static void read_month(struct heng_form *form, char *ret, size_t room)
{
    heng_form_text(form, ret, room);
    if (heng_form_failed(form)) return;
    size_t digits = strspn(ret, "0123456789");
    bool is = strlen(ret) == 7 && digits == 4 && ret[4] == '-' && strspn(ret + 5, "0123456789") == 2;
    int month = is ? (ret[5] - '0') * 10 + (ret[6] - '0') : 0;
    if (month < 1 || month > 12) heng_form_refuse(form, HENG_EFORMAT, "", "\"%.16s\" is no month like 2026-01", ret);
}

static void read_monthly(struct heng_form *form, struct monthly *ret)
{
    struct heng_slice key;
    heng_form_object(form);
    while (heng_form_key(form, &key)) {
        if (heng_slice_is(key, "kind")) {
            heng_form_skip(form);
        } else if (heng_slice_is(key, "flat")) {
            heng_form_text(form, ret->flat, sizeof ret->flat);
        } else if (heng_slice_is(key, "month")) {
            read_month(form, ret->month, sizeof ret->month);
        } else if (heng_slice_is(key, "use_kwh")) {
            ret->use = heng_form_dec_min(form, 0);
            ret->has_use = true;
        } else if (heng_slice_is(key, "previous_month_kwh")) {
            ret->previous = heng_form_dec_min(form, 0);
            ret->has_previous = true;
        } else if (heng_slice_is(key, "year_before_kwh")) {
            ret->year_before = heng_form_dec_min(form, 0);
            ret->has_year_before = true;
        } else if (heng_slice_is(key, "average_user_per_m2")) {
            ret->average_per_m2 = heng_form_dec_min(form, 0);
            ret->has_average = true;
        } else if (heng_slice_is(key, "area")) {
            ret->area = heng_form_dec_min(form, 0);
        } else {
            heng_form_unknown(form);
        }
    }
    if (!ret->has_use) heng_form_refuse(form, HENG_ECONFIG, "use_kwh", "is missing");
    if (ret->has_average && heng_dec_zero(ret->area))
        heng_form_refuse(form, HENG_ECONFIG, "area", "is missing: the average user is per m2");
}

/* The three comparisons that 6a(2) wants; the one with last year only where there are data of it. */
static heng_rc warn_monthly(struct heng_share_job *job, const struct monthly *monthly)
{
    const bool has[5] = {monthly->flat[0], monthly->month[0], monthly->has_previous, monthly->has_year_before,
                         monthly->has_average};
    static const char *const names[5] = {"flat", "month", "previous_month_kwh", "year_before_kwh",
                                         "average_user_per_m2"};
    heng_rc rc = HENG_OK;
    for (unsigned i = 0; i < 5 && rc == HENG_OK; i++)
        if (!has[i])
            rc = heng_job_warn(job, "statement-lacks", NULL, "%s: the monthly information shows it (HeizkostenV 6a(2))",
                               names[i]);
    return rc;
}

heng_rc heng_monthly_write(struct heng_share_job *job, struct heng_slice json)
{
    struct heng_form form;
    struct monthly monthly = {.has_use = false};
    struct heng_calc calc = {0};
    heng_form_open(&form, json);
    read_monthly(&form, &monthly);
    heng_rc rc = heng_form_close(&form, job->err);
    if (rc != HENG_OK) return rc;
    struct heng_json *out = &job->json;
    struct heng_dec average = heng_calc_mul_round(&calc, monthly.average_per_m2, monthly.area, 1);
    if (calc.rc != HENG_OK) return heng_fail(job->err, HENG_ERANGE, 0, "average_user_per_m2: does not fit");
    if (monthly.flat[0]) heng_put_text(out, "flat", monthly.flat);
    if (monthly.month[0]) heng_put_text(out, "month", monthly.month);
    heng_put_dec(out, "use_kwh", monthly.use);
    if (monthly.has_previous) heng_put_dec(out, "previous_month_kwh", monthly.previous);
    if (monthly.has_year_before) heng_put_dec(out, "year_before_kwh", monthly.year_before);
    heng_put_percent(out, "vs_previous_month_percent", monthly.use, monthly.previous, 1);
    heng_put_percent(out, "vs_year_before_percent", monthly.use, monthly.year_before, 1);
    if (monthly.has_average) heng_put_dec(out, "average_user_kwh", average);
    heng_put_percent(out, "vs_average_user_percent", monthly.use, average, 1);
    return warn_monthly(job, &monthly);
}
