#include "prepaid/site.h"

#include <stdio.h>
#include <stdlib.h>

#include "account/accounts.h"
#include "bill/exact.h"
#include "store/known.h"

enum { WEATHER_DAYS = 3, BODY_MAX = 1 << 16 };
#define HOUR_US (INT64_C(3600) * HENG_US_PER_S)

static const struct heng_prepaid_settings usual = {
    .warn_again_us = 24 * HOUR_US,
    .notice_us = 24 * HOUR_US,
    .data_age_us = 48 * HOUR_US,
    .payment_us = 24 * HOUR_US,
    .media = UINT64_C(1) << HENG_MEDIUM_ELECTRICITY | UINT64_C(1) << HENG_MEDIUM_GAS |
             UINT64_C(1) << HENG_MEDIUM_WATER | UINT64_C(1) << HENG_MEDIUM_COLD_WATER |
             UINT64_C(1) << HENG_MEDIUM_WARM_WATER | UINT64_C(1) << HENG_MEDIUM_HOT_WATER |
             UINT64_C(1) << HENG_MEDIUM_HEAT | UINT64_C(1) << HENG_MEDIUM_HEAT_INLET |
             UINT64_C(1) << HENG_MEDIUM_HEAT_COOLING | UINT64_C(1) << HENG_MEDIUM_COOLING_OUTLET |
             UINT64_C(1) << HENG_MEDIUM_COOLING_INLET,
    .heat_from = 1001,
    .heat_to = 430,
    .frost_dc = 50,
    .tries = 6,
    .cut = true,
    .arrears_days = 30,
    .home_days = 7,
    .business_days = 3,
};

/* --- values ---------------------------------------------------------------------------------------------------- */

heng_rc heng_money_parse(const char *text, int64_t *ret, struct heng_err *err)
{
    struct heng_dec dec;
    heng_rc rc = heng_dec_parse(text, &dec, err);
    if (rc == HENG_OK && !heng_exact_steps(dec, 2, ret)) rc = HENG_ERANGE;
    return rc == HENG_OK ? HENG_OK : heng_fail(err, HENG_EFORMAT, 0, "'%.40s' is no amount: 12.50 is one", text);
}

void heng_money_text(int64_t amount, char ret[HENG_MONEY_TEXT_MAX])
{
    uint64_t size = amount < 0 ? 0 - (uint64_t)amount : (uint64_t)amount;
    snprintf(ret, HENG_MONEY_TEXT_MAX, "%s%llu.%02llu", amount < 0 ? "-" : "", (unsigned long long)(size / 100),
             (unsigned long long)(size % 100));
}

static bool take_number(const char *text, int64_t min, int64_t max, int64_t *ret)
{
    char *end;
    *ret = strtoll(text, &end, 10);
    return end != text && !*end && *ret >= min && *ret <= max;
}

static bool take_hours(const char *text, heng_us *ret)
{
    int64_t hours;
    if (!take_number(text, 0, 24 * 366, &hours)) return false;
    *ret = hours * HOUR_US;
    return true;
}

static bool take_days(const char *text, int32_t *ret)
{
    int64_t days;
    if (!take_number(text, 0, 3660, &days)) return false;
    *ret = (int32_t)days;
    return true;
}

static bool take_bool(const char *text, bool *ret)
{
    *ret = strcmp(text, "yes") == 0;
    return *ret || strcmp(text, "no") == 0;
}

/* "electricity,warm water". */
static bool take_media(const char *text, uint64_t *ret)
{
    *ret = 0;
    while (*text) {
        char name[40];
        size_t n = strcspn(text, ",");
        if (n >= sizeof name) return false;
        memcpy(name, text, n);
        name[n] = '\0';
        heng_medium medium = heng_medium_of(name);
        if (strcmp(heng_medium_text(medium), name) != 0) return false;
        *ret |= UINT64_C(1) << medium;
        text += n + (text[n] == ',');
    }
    return true;
}

/* "10-01/04-30". */
static bool take_season(const char *text, int *ret_from, int *ret_to)
{
    int n[4] = {0};
    if (strlen(text) != 11 || text[2] != '-' || text[5] != '/' || text[8] != '-') return false;
    for (size_t i = 0; i < 4; i++) {
        const char *p = text + i * 3;
        if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') return false;
        n[i] = (p[0] - '0') * 10 + (p[1] - '0');
        if (n[i] < 1 || n[i] > (i % 2 ? 31 : 12)) return false;
    }
    *ret_from = n[0] * 100 + n[1];
    *ret_to = n[2] * 100 + n[3];
    return true;
}

/* --- settings -------------------------------------------------------------------------------------------------- */

static bool take(const char *name, const char *value, struct heng_prepaid_settings *s, bool *ret_known)
{
    int64_t number = 0;
    bool good = true;
    *ret_known = true;
    if (strcmp(name, "prepaid_warn_again_h") == 0) return take_hours(value, &s->warn_again_us);
    if (strcmp(name, "prepaid_notice_h") == 0) return take_hours(value, &s->notice_us);
    if (strcmp(name, "supply_data_age_h") == 0) return take_hours(value, &s->data_age_us);
    if (strcmp(name, "supply_payment_h") == 0) return take_hours(value, &s->payment_us);
    if (strcmp(name, "supply_media") == 0) return take_media(value, &s->media);
    if (strcmp(name, "supply_heat_season") == 0) return take_season(value, &s->heat_from, &s->heat_to);
    if (strcmp(name, "supply_frost") == 0) {
        good = take_number(value, -40, 40, &number);
        if (good) s->frost_dc = number * 10;
        return good;
    }
    if (strcmp(name, "supply_tries") == 0) {
        good = take_number(value, 1, 100, &number);
        if (good) s->tries = (uint32_t)number;
        return good;
    }
    if (strcmp(name, "supply_cut") == 0) return take_bool(value, &s->cut);
    if (strcmp(name, "supply_arrears") == 0) return take_bool(value, &s->arrears);
    if (strcmp(name, "supply_arrears_days") == 0) return take_days(value, &s->arrears_days);
    if (strcmp(name, "supply_notice_days") == 0) return take_days(value, &s->home_days);
    if (strcmp(name, "supply_notice_days_business") == 0) return take_days(value, &s->business_days);
    if (strcmp(name, "supply_business") == 0) {
        good = strlen(value) + 3 <= sizeof s->business;
        if (good) snprintf(s->business, sizeof s->business, " %s ", value);
        return good;
    }
    *ret_known = false;
    return true;
}

heng_rc heng_prepaid_setting_take(const char *name, const char *value, struct heng_prepaid_settings *ret,
                                  struct heng_err *err)
{
    bool known;
    if (!take(name, value, ret, &known))
        return heng_fail(err, HENG_ECONFIG, 0, "the setting %s cannot be '%.80s': see docs/prepaid.md", name, value);
    return known ? HENG_OK : heng_fail(err, HENG_ENOTFOUND, 0, "there is no setting %.60s", name);
}

struct taking {
    struct heng_prepaid_settings *settings;
    struct heng_err *err;
};

static heng_rc take_one(void *ctx, const char *name, const char *value)
{
    struct taking *t = ctx;
    heng_rc rc = heng_prepaid_setting_take(name, value, t->settings, t->err);
    return rc == HENG_ENOTFOUND ? HENG_OK : rc; /* of a program that is newer or older than this one */
}

heng_rc heng_prepaid_settings_read(struct heng_store_reader *reader, struct heng_prepaid_settings *ret,
                                   struct heng_err *err)
{
    struct taking t = {ret, err};
    *ret = usual;
    return heng_store_each_prepaid_setting(reader, take_one, &t, err);
}

heng_rc heng_levels_read(struct heng_store_reader *reader, const struct heng_account *account, struct heng_levels *ret,
                         struct heng_err *err)
{
    struct heng_account_limits limits;
    heng_rc rc = heng_account_limits(reader, account, &limits, err);
    if (rc != HENG_OK) return rc;
    memcpy(ret->warn, limits.warn, sizeof ret->warn);
    ret->overdraft = limits.overdraft == HENG_LIMIT_NONE ? 0 : limits.overdraft;
    ret->hoard = limits.hoard;
    return HENG_OK;
}

/* --- site ------------------------------------------------------------------------------------------------------ */

static heng_rc read_no_cut(struct heng_store_reader *reader, int32_t today, struct heng_no_cut *ret,
                           struct heng_err *err)
{
    struct heng_str body = {.max = BODY_MAX};
    int64_t version;
    heng_rc rc = heng_store_get_no_cut(reader, "", today, &version, &body, err);
    if (rc == HENG_OK) rc = heng_no_cut_parse(heng_slice_of(body.text, body.n), ret, err);
    heng_str_fini(&body);
    if (rc != HENG_ENOTFOUND) return rc;
    *ret = heng_no_cut_usual;
    return HENG_OK;
}

static heng_rc read_weather(struct heng_store_reader *reader, struct heng_prepaid_site *site, struct heng_err *err)
{
    struct heng_weather_row rows[WEATHER_DAYS + 1];
    size_t n = 0;
    if (!site->usage.station[0]) return HENG_OK;
    heng_rc rc = heng_store_list_weather(reader, site->usage.station, site->today - WEATHER_DAYS, site->today + 1, rows,
                                         WEATHER_DAYS + 1, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < n; i++) {
        int64_t mean = rows[i].weather.outdoor_dc;
        if (!site->has_weather || mean < site->coldest_dc) site->coldest_dc = mean;
        site->has_weather = true;
    }
    return rc;
}

heng_rc heng_prepaid_site_open(struct heng_store_reader *reader, heng_us now_us, struct heng_prepaid_site *ret,
                               struct heng_err *err)
{
    *ret = (struct heng_prepaid_site){0};
    heng_rc rc = heng_usage_site_open(reader, &ret->usage, err);
    if (rc != HENG_OK) return rc;
    ret->today = heng_day_at(&ret->usage.days, now_us);
    rc = heng_prepaid_settings_read(reader, &ret->settings, err);
    if (rc == HENG_OK) rc = heng_calendars_open_site(reader, &ret->holidays, err);
    if (rc == HENG_OK) rc = read_no_cut(reader, ret->today, &ret->no_cut, err);
    if (rc == HENG_OK) rc = read_weather(reader, ret, err);
    if (rc != HENG_OK) heng_prepaid_site_close(ret);
    return rc;
}

void heng_prepaid_site_close(struct heng_prepaid_site *site)
{
    heng_calendars_close(&site->holidays);
    heng_usage_site_close(&site->usage);
}
