#include "rate/parts.h"

int heng_rate_month_days(heng_day day)
{
    heng_day first = heng_month_of(day);
    return heng_month_next(first, 1) - first;
}

static heng_day same_day_later(heng_day from, int months)
{
    heng_day first = heng_month_of(from), month = heng_month_next(first, months);
    int of_month = from - first, days = heng_rate_month_days(month);
    return month + (of_month < days ? of_month : days - 1);
}

int heng_rate_whole_months(heng_day from, heng_day to, heng_day *ret_rest_from)
{
    int months = 0;
    while (months < 1200 && same_day_later(from, months + 1) <= to) months++;
    *ret_rest_from = same_day_later(from, months);
    return months;
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void heng_rate_months(heng_day from, heng_day to, heng_month_days rule, uint32_t *ret_count, uint32_t *ret_of)
{
    if (rule == HENG_MONTH_DAYS_THIRTY) {
        heng_day rest;
        int months = heng_rate_whole_months(from, to, &rest);
        bool whole = rest == to;
        *ret_count = (uint32_t)(whole ? months : months * 30 + (to - rest));
        *ret_of = whole ? 1 : 30;
        return;
    }
    uint64_t units = 0;
    for (heng_day at = from; at < to;) {
        heng_day next = heng_month_next(heng_month_of(at), 1);
        if (next > to) next = to;
        units += (uint64_t)(next - at) * (RATE_MONTH / (uint32_t)heng_rate_month_days(at));
        at = next;
    }
    if (units > UINT32_MAX) units = UINT32_MAX; /* 947 years: the ask is limited to less */
    uint32_t divisor = gcd((uint32_t)units, RATE_MONTH);
    *ret_count = (uint32_t)units / divisor;
    *ret_of = RATE_MONTH / divisor;
}

heng_day heng_rate_cycle_from(const struct heng_component *component, heng_day day)
{
    int year, month, of_month;
    heng_day_date(day, &year, &month, &of_month);
    int since = (month - component->start_month + 12) % 12;
    return heng_month_next(heng_month_of(day), -(since % component->cycle_months));
}
