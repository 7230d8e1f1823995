#include "prepaid/guard.h"

#include <stdio.h>

/* How soon a guard that nobody can foresee is looked at again. */
#define SOON_US  (600 * HENG_US_PER_S)
#define LATER_US (3600 * HENG_US_PER_S)

static const struct {
    heng_verdict_of_supply verdict;
    const char *text;
} guards[] = {
#define X(symbol, verdict, text) {HENG_CUT_##verdict, text},
    HENG_GUARD_LIST(X)
#undef X
};

const char *heng_guard_text(heng_guard guard) { return (unsigned)guard < HENG_GUARD_COUNT ? guards[guard].text : "?"; }

heng_us heng_guard_notice_us(const struct heng_guard_facts *f, const struct heng_prepaid_settings *s)
{
    if (!f->arrears) return s->notice_us;
    return (f->business ? s->business_days : s->home_days) * HENG_US_PER_DAY;
}

static bool is_heat(heng_medium medium)
{
    return medium == HENG_MEDIUM_HEAT || medium == HENG_MEDIUM_HEAT_INLET || medium == HENG_MEDIUM_HEAT_COOLING;
}

static int month_day(heng_day day)
{
    int year, month, day_of_month;
    heng_day_date(day, &year, &month, &day_of_month);
    return month * 100 + day_of_month;
}

static bool in_season(const struct heng_prepaid_settings *s, heng_day day)
{
    int now = month_day(day);
    return s->heat_from <= s->heat_to ? now >= s->heat_from && now <= s->heat_to
                                      : now >= s->heat_from || now <= s->heat_to;
}

static heng_us season_end(const struct heng_prepaid_site *site, heng_us now_us)
{
    heng_day day = site->today;
    for (int i = 0; i < 366 && in_season(&site->settings, day); i++) day++;
    heng_us end = heng_day_from_us(&site->usage.days, day);
    return end > now_us ? end : now_us + LATER_US;
}

/* Those that nobody can wait for, or that go by persons. */
static heng_guard standing(const struct heng_guard_facts *f, const struct heng_prepaid_site *site)
{
    const struct heng_prepaid_settings *s = &site->settings;
    if (!f->due) return HENG_GUARD_PAID;
    if (!s->cut || (f->arrears && !s->arrears)) return HENG_GUARD_OFF_BY_SITE;
    if (!(s->media >> f->medium & 1)) return HENG_GUARD_MEDIUM;
    if (f->main_meter) return HENG_GUARD_MAIN;
    if (f->protection == HENG_PROTECTION_PROTECTED) return HENG_GUARD_PROTECTED;
    return HENG_GUARD_NONE;
}

/* Arrears rest on bills that were issued: what the meter said since does not matter to them. */
static heng_guard by_data(const struct heng_guard_facts *f, const struct heng_prepaid_settings *s, heng_us now_us)
{
    if (f->arrears) return HENG_GUARD_NONE;
    if (!f->known_us) return HENG_GUARD_NO_DATA;
    if (now_us - f->known_us > s->data_age_us) return HENG_GUARD_STALE;
    return f->measured ? HENG_GUARD_NONE : HENG_GUARD_ESTIMATED;
}

static heng_guard by_frost(const struct heng_guard_facts *f, const struct heng_prepaid_site *site)
{
    if (!is_heat(f->medium)) return HENG_GUARD_NONE;
    if (in_season(&site->settings, site->today)) return HENG_GUARD_SEASON;
    return site->has_weather && site->coldest_dc < site->settings.frost_dc ? HENG_GUARD_FROST : HENG_GUARD_NONE;
}

static heng_guard first_guard(const struct heng_guard_facts *f, const struct heng_prepaid_site *site, heng_us now_us,
                              heng_us *ret_until_us)
{
    heng_guard guard = standing(f, site);
    *ret_until_us = now_us + LATER_US;
    if (guard != HENG_GUARD_NONE) return guard;
    if (f->keep_until_us > now_us) {
        *ret_until_us = f->keep_until_us;
        return HENG_GUARD_KEPT;
    }
    *ret_until_us = now_us + SOON_US;
    if (f->payment) return HENG_GUARD_PAYMENT;
    if (f->order) return HENG_GUARD_ORDER;
    *ret_until_us = now_us + LATER_US;
    if ((guard = by_data(f, &site->settings, now_us)) != HENG_GUARD_NONE) return guard;
    if (f->notice_lost) return HENG_GUARD_NO_NOTICE;
    heng_us told_us = f->notice_us ? f->notice_us : now_us;
    heng_us time_us = heng_guard_notice_us(f, &site->settings);
    if (!f->notice_us || now_us < told_us + time_us) {
        *ret_until_us = told_us + time_us;
        return HENG_GUARD_NOTICE;
    }
    if ((guard = by_frost(f, site)) != HENG_GUARD_NONE) {
        if (guard == HENG_GUARD_SEASON) *ret_until_us = season_end(site, now_us);
        return guard;
    }
    if (f->protection == HENG_PROTECTION_SECOND && !f->approved) return HENG_GUARD_SECOND;
    *ret_until_us = heng_no_cut_next(&site->no_cut, site->usage.zone, &site->holidays, now_us);
    return *ret_until_us > now_us ? HENG_GUARD_CALENDAR : HENG_GUARD_NONE;
}

struct heng_decision heng_guard_decide(const struct heng_guard_facts *facts, const struct heng_prepaid_site *site,
                                       heng_us now_us)
{
    struct heng_decision d = {.until_us = now_us};
    d.guard = first_guard(facts, site, now_us, &d.until_us);
    d.verdict = guards[d.guard].verdict;
    if (d.verdict == HENG_CUT_WAIT && d.until_us <= now_us) d.until_us = now_us + SOON_US;
    return d;
}

void heng_decision_text(const struct heng_decision *decision, const struct heng_zone *zone,
                        char ret[HENG_DECISION_TEXT_MAX])
{
    const char *text = heng_guard_text(decision->guard);
    if (decision->verdict != HENG_CUT_WAIT || decision->until_us == HENG_US_NEVER) {
        snprintf(ret, HENG_DECISION_TEXT_MAX, "%s", text);
        return;
    }
    struct heng_civil c = heng_zone_civil(zone, decision->until_us);
    snprintf(ret, HENG_DECISION_TEXT_MAX, "wait until %04d-%02d-%02d %02d:%02d: %s", c.year, c.month, c.day, c.hour,
             c.minute, text);
}
