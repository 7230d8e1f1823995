#include "vee/success.h"

#include "vee/ratio.h"

static heng_rc percent_into(int64_t part, int64_t whole, int places, struct heng_opt_dec *ret)
{
    *ret = (struct heng_opt_dec){0};
    if (whole == 0) return HENG_OK;
    heng_rc rc = heng_percent_of(part, whole, places, &ret->dec);
    ret->is = rc == HENG_OK;
    return rc;
}

heng_rc heng_success_of(const struct heng_success_count *count, struct heng_success *ret)
{
    if (count->first < 0 || count->first > count->answered || count->estimated < 0 ||
        count->answered > count->planned || count->estimated > count->planned - count->answered)
        return HENG_ERANGE;
    struct heng_success rates;
    heng_rc rc = percent_into(count->first, count->planned, 2, &rates.first);
    if (rc == HENG_OK) rc = percent_into(count->answered, count->planned, 2, &rates.daily);
    if (rc == HENG_OK) rc = percent_into(count->answered + count->estimated, count->planned, 2, &rates.complete);
    if (rc == HENG_OK) *ret = rates;
    return rc;
}

heng_rc heng_success_intervals(int64_t meters, int64_t intervals_per_day, int64_t received, struct heng_opt_dec *ret)
{
    int64_t expected = 0;
    if (meters < 0 || intervals_per_day < 0 || received < 0 ||
        __builtin_mul_overflow(meters, intervals_per_day, &expected) || received > expected)
        return HENG_ERANGE;
    return percent_into(received, expected, 3, ret);
}

const char *heng_lost_text(heng_lost lost)
{
    static const char *const texts[] = {
#define X(symbol, text) [HENG_LOST_##symbol] = text,
        HENG_LOST_LIST(X)
#undef X
    };
    return (unsigned)lost < HENG_LOST_COUNT ? texts[lost] : "unknown";
}

heng_lost heng_lost_meter(heng_us last_us, heng_us now_us, heng_us limit_us, bool gateway_lost)
{
    if (last_us == 0) return HENG_LOST_NEVER;
    if (now_us - last_us <= limit_us) return HENG_LOST_NOT;
    if (gateway_lost) return HENG_LOST_BEHIND;
    return now_us - last_us < 7 * HENG_US_PER_DAY ? HENG_LOST_DAY : HENG_LOST_WEEK;
}

bool heng_lost_gateway(heng_us last_us, heng_us now_us, heng_us limit_us)
{
    return last_us == 0 || now_us - last_us > limit_us;
}
