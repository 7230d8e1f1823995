#include "heat/degree_days.h"

#include "bill/calc.h"

const struct heng_degree_table heng_degree_tables[HENG_DEGREE_KINDS] = {
    {{510, 450, 390, 240, 120, 40, 40, 40, 90, 240, 360, 480}, 3},
    {{170, 150, 130, 80, 40, 14, 13, 13, 30, 80, 120, 160}, 1},
    {{170 * 92, 150 * 92, 130 * 92, 80 * 92, 40 * 92, 40 * 30, 40 * 31, 40 * 31, 30 * 92, 80 * 92, 120 * 92, 160 * 92},
     92},
};

const char *const heng_degree_texts[HENG_DEGREE_KINDS] = {
#define X(symbol, text) text,
    HENG_DEGREE_TABLE_LIST(X)
#undef X
};

int64_t heng_degree_weight(const struct heng_degree_table *table, heng_day from, heng_day to)
{
    int64_t sum = 0;
    for (heng_day first = heng_month_of(from); first < to; first = heng_month_next(first, 1)) {
        heng_day next = heng_month_next(first, 1);
        heng_day a = from > first ? from : first, b = to < next ? to : next;
        int year, month, day;
        heng_day_date(first, &year, &month, &day);
        sum += (int64_t)table->nums[month - 1] * (b - a) * (HENG_DEGREE_UNIT / (next - first));
    }
    return sum;
}

struct heng_dec heng_degree_permille(const struct heng_degree_table *table, int64_t weight)
{
    struct heng_calc calc = {0};
    int64_t unit = (int64_t)table->den * HENG_DEGREE_UNIT;
    return heng_calc_div(&calc, heng_dec_of(weight, 0), heng_dec_one(), heng_dec_of(unit, 0), 6);
}
