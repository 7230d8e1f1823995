/* The monthly consumption information out of usage (HeizkostenV 6a(2)). */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "bill/exact.h"
#include "paper/statement.h"
#include "store/money/accounts.h"
#include "store/read.h"
#include "store/usage.h"
#include "vee/day.h"

enum { CHANNELS_MAX = 32, SETTING_MAX = 32 };

struct ask {
    struct heng_store_reader *reader;
    int64_t scope;
    struct heng_channel_row channel;
    int32_t from, to; /* of the month */
};

static bool of_heat(const struct heng_channel_row *channel)
{
    return channel->main && (channel->unit == HENG_UNIT_WH || channel->unit == HENG_UNIT_J) &&
           strncmp(heng_medium_text(channel->medium), "heat", 4) == 0;
}

/* The one contract for heat in the month, and its channel. */
static heng_rc find_channel(struct ask *a, const struct heng_account *account, struct heng_err *err)
{
    struct heng_contract contracts[HENG_CONTRACTS_MAX];
    struct heng_channel_row channels[CHANNELS_MAX];
    size_t n = 0, k = 0, found = 0;
    heng_rc rc = heng_store_list_contracts(a->reader, account->id, 0, 0, contracts, HENG_CONTRACTS_MAX, &n, err);
    for (size_t i = 0; i < n && rc == HENG_OK; i++) {
        if (contracts[i].from_day >= a->to || (contracts[i].to_day && contracts[i].to_day <= a->from)) continue;
        rc = heng_store_list_channels(a->reader, a->scope, contracts[i].point_id, 0, channels, CHANNELS_MAX, &k, err);
        for (size_t c = 0; c < k && rc == HENG_OK; c++) {
            if (!of_heat(&channels[c])) continue;
            if (found++)
                return heng_fail(err, HENG_ECONFLICT, 0, "account '%s' has several points with heat", account->number);
            a->channel = channels[c];
        }
    }
    if (rc != HENG_OK || found) return rc;
    return heng_fail(err, HENG_ENOTFOUND, 0, "account '%s' has no heat in kWh or GJ in this month", account->number);
}

static void month_days(int year, int month, int32_t *ret_from, int32_t *ret_to)
{
    *ret_from = heng_day_of_date(year, month, 1);
    *ret_to = month == 12 ? heng_day_of_date(year + 1, 1, 1) : heng_day_of_date(year, month + 1, 1);
}

/* Whole kWh of a month. ENOTFOUND: not all of its days are known. */
static heng_rc month_use(const struct ask *a, int year, int month, struct heng_dec *ret, struct heng_err *err)
{
    struct heng_usage_sum sum;
    int32_t from, to;
    month_days(year, month, &from, &to);
    heng_rc rc = heng_store_sum_usage(a->reader, a->channel.id, from, to, &sum, err);
    if (rc != HENG_OK) return rc;
    if (sum.days < (uint32_t)(to - from) || sum.missing)
        return heng_fail(err, HENG_ENOTFOUND, 0, "usage of %d-%02d is not complete: %u of %d days", year, month,
                         sum.days - sum.missing, (int)(to - from));
    return heng_exact_div(sum.amount, heng_dec_of(1, 0),
                          heng_dec_of(a->channel.unit == HENG_UNIT_WH ? 1000 : 3600000, 0), 0, HENG_ROUNDING_HALF_UP,
                          ret);
}

static heng_rc put_use(const struct ask *a, const char *key, int year, int month, bool must, struct heng_json *json,
                       struct heng_err *err)
{
    struct heng_dec use;
    heng_rc rc = month_use(a, year, month, &use, err);
    if (rc == HENG_ENOTFOUND && !must) return HENG_OK;
    if (rc != HENG_OK) return rc;
    heng_json_key(json, key);
    heng_json_dec(json, use);
    return HENG_OK;
}

static heng_rc put_average(const struct ask *a, struct heng_json *json, struct heng_err *err)
{
    char average[SETTING_MAX];
    struct heng_dec area = heng_dec_of(a->channel.area_cm2, -4);
    heng_rc rc = heng_store_get_setting(a->reader, "monthly_average_kwh_m2", average, sizeof average, err);
    if (rc == HENG_ENOTFOUND || (rc == HENG_OK && a->channel.area_cm2 <= 0)) return HENG_OK;
    if (rc != HENG_OK) return rc;
    heng_json_key(json, "average_user_per_m2");
    heng_json_text(json, average);
    heng_json_key(json, "area");
    heng_json_dec(json, area);
    return HENG_OK;
}

heng_rc heng_monthly_form(struct heng_store_reader *reader, int64_t scope, const char *account, int year, int month,
                          struct heng_str *ret, struct heng_err *err)
{
    struct ask a = {.reader = reader, .scope = scope};
    struct heng_account found;
    char text[16];
    if (year < 1990 || year > 9999 || month < 1 || month > 12)
        return heng_fail(err, HENG_ERANGE, 0, "a month is written as 2026-01");
    month_days(year, month, &a.from, &a.to);
    heng_rc rc = heng_store_find_account(reader, scope, account, &found, err);
    if (rc == HENG_ENOTFOUND) return heng_fail(err, rc, 0, "there is no account '%.40s'", account);
    if (rc == HENG_OK) rc = find_channel(&a, &found, err);
    if (rc != HENG_OK) return rc;
    struct heng_json json = heng_json_of(ret);
    snprintf(text, sizeof text, "%04d-%02d", year, month);
    heng_json_object(&json);
    heng_json_key(&json, "kind");
    heng_json_text(&json, "monthly-information");
    heng_json_key(&json, "flat");
    heng_json_text(&json, found.number);
    heng_json_key(&json, "month");
    heng_json_text(&json, text);
    rc = put_use(&a, "use_kwh", year, month, true, &json, err);
    if (rc == HENG_OK)
        rc = put_use(&a, "previous_month_kwh", month == 1 ? year - 1 : year, month == 1 ? 12 : month - 1, false, &json,
                     err);
    if (rc == HENG_OK) rc = put_use(&a, "year_before_kwh", year - 1, month, false, &json, err);
    if (rc == HENG_OK) rc = put_average(&a, &json, err);
    heng_json_end_object(&json);
    return rc;
}
