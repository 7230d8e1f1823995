#ifndef HENG_PREPAID_SITE_H
#define HENG_PREPAID_SITE_H
/* What a site says about prepaid and supply, by settings (docs/prepaid.md has the table). */
#include "prepaid/levels.h"
#include "prepaid/no_cut.h"
#include "usage/usage.h"

/* media: 1 << heng_medium of supplies that may end at all. heat_from, heat_to:
 * month * 100 + day of the first and the last day of the heating season. frost_dc: tenths of a degree. business: price
 * classes with the shorter notice, between blanks. */
struct heng_prepaid_settings {
    heng_us warn_again_us, notice_us, data_age_us, payment_us;
    uint64_t media;
    int heat_from, heat_to;
    int64_t frost_dc;
    uint32_t tries;
    bool cut, arrears;
    int32_t arrears_days, home_days, business_days;
    char business[256];
};
/* Errors: ECONFIG a setting that cannot be, by its name. */
HENG_NODISCARD heng_rc heng_prepaid_settings_read(struct heng_store_reader *reader, struct heng_prepaid_settings *ret,
                                                  struct heng_err *err);
/* One of them, as it is put in. Errors: ECONFIG; ENOTFOUND no such setting. */
HENG_NODISCARD heng_rc heng_prepaid_setting_take(const char *name, const char *value, struct heng_prepaid_settings *ret,
                                                 struct heng_err *err);

/* What holds for an account: its own limits, else the site's (account/accounts.h). */
HENG_NODISCARD heng_rc heng_levels_read(struct heng_store_reader *reader, const struct heng_account *account,
                                        struct heng_levels *ret, struct heng_err *err);

/* An amount of people ("12.50") in the smallest unit, two places. Errors: EFORMAT. And back, with its sign. */
enum { HENG_MONEY_TEXT_MAX = 32 };
HENG_NODISCARD heng_rc heng_money_parse(const char *text, int64_t *ret, struct heng_err *err);
void heng_money_text(int64_t amount, char ret[HENG_AT_LEAST(HENG_MONEY_TEXT_MAX)]);

/* And what else the guards of a cut need: days, holidays, hours without cuts, the coldest of the last days. */
struct heng_prepaid_site {
    struct heng_prepaid_settings settings;
    struct heng_usage_site usage;
    struct heng_calendars holidays;
    struct heng_no_cut no_cut;
    int32_t today;
    bool has_weather;
    int64_t coldest_dc;
};
HENG_NODISCARD heng_rc heng_prepaid_site_open(struct heng_store_reader *reader, heng_us now_us,
                                              struct heng_prepaid_site *ret, struct heng_err *err);
void heng_prepaid_site_close(struct heng_prepaid_site *site); /* zeroes are fine */

#endif
