#ifndef HENG_HEAT_DEGREE_DAYS_H
#define HENG_HEAT_DEGREE_DAYS_H
/* Degree days in permille of a year (VDI 2067), by which the heat base part is split when tenants change. */
#include "base/dec.h"
#include "vee/day.h"

/* A month is nums[month - 1] / den permille, its days are equal. Sum of a year: 1000 permille. */
struct heng_degree_table {
    int32_t nums[12], den;
};

/* X(symbol, text) All tables have 170 150 130 80 40 . . . 30 80 120 160; public sources differ about the summer. */
#define HENG_DEGREE_TABLE_LIST(X)                                                                                      \
    X(THIRDS, "thirds")   /* June, July, August 40/3 each (regiomess.de) */                                            \
    X(ROUNDED, "rounded") /* 14, 13, 13 (asi-service.com) */                                                           \
    X(DAYS92, "days92")   /* 40/92 per day (wohn-in.de) */
typedef enum heng_degree_kind {
#define X(symbol, text) HENG_DEGREE_##symbol,
    HENG_DEGREE_TABLE_LIST(X)
#undef X
        HENG_DEGREE_KINDS
} heng_degree_kind;
extern const struct heng_degree_table heng_degree_tables[HENG_DEGREE_KINDS];
extern const char *const heng_degree_texts[HENG_DEGREE_KINDS];

/* What the days [from, to) weigh, exactly: in permille / (den x 377580), which is the least common multiple of 28, 29,
 * 30 and 31. February has 29 days in a leap year.
 * Shape: at most 100 years. */
enum { HENG_DEGREE_UNIT = 377580 };
int64_t heng_degree_weight(const struct heng_degree_table *table, heng_day from, heng_day to);

/* The same in permille, to six places. */
struct heng_dec heng_degree_permille(const struct heng_degree_table *table, int64_t weight);

#endif
