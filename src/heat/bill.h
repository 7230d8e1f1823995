#ifndef HENG_HEAT_BILL_H
#define HENG_HEAT_BILL_H
/* Money for heat of one flat and one season in China: price by area, or a base part by area and a metered part; what
 * was prepaid, what is capped, refunded, carried on. Prices, seasons and limits are municipal: data, never code.
 * Source: domain notes on apportionment, sections 1.4 and 1.5. */
#include "bill/explain.h"
#include "bill/vat.h"
#include "vee/day.h"

/* X(symbol, text) What an area price is for. */
#define HENG_HEAT_PER_LIST(X) X(SEASON, "season") X(MONTH, "month") X(DAY, "day")
typedef enum heng_heat_per {
#define X(symbol, text) HENG_HEAT_PER_##symbol,
    HENG_HEAT_PER_LIST(X)
#undef X
        HENG_HEAT_PERS
} heng_heat_per;

/* X(symbol, text) What becomes of prepaid - payable. */
#define HENG_HEAT_SETTLE_LIST(X)                                                                                       \
    X(REFUND_COLLECT, "refund-collect") /* both ways */                                                                \
    X(REFUND_ONLY, "refund-only")       /* a surplus is paid back, a shortage is not collected */                      \
    X(CARRY_ONLY, "carry-only")         /* a surplus goes to the next season, a shortage is not collected */           \
    X(CARRY_COLLECT, "carry-collect")   /* a surplus goes to the next season, a shortage is collected */
typedef enum heng_heat_settle {
#define X(symbol, text) HENG_HEAT_##symbol,
    HENG_HEAT_SETTLE_LIST(X)
#undef X
        HENG_HEAT_SETTLES
} heng_heat_settle;

/* X(symbol, text) Which fee a refund is a part of. */
#define HENG_HEAT_OF_LIST(X)                                                                                           \
    X(AREA_FEE, "area-fee")                                                                                            \
    X(BASE, "base") /* of two-part flats; else the area fee */ X(FEE, "fee") /* before refunds */
typedef enum heng_heat_of {
#define X(symbol, text) HENG_HEAT_OF_##symbol,
    HENG_HEAT_OF_LIST(X)
#undef X
        HENG_HEAT_OFS
} heng_heat_of;

/* from <= temperature < to; 0 with has_ false: no bound on that side. refund: 0.40 of a day. */
struct heng_heat_tier {
    bool has_from, has_to;
    struct heng_dec from, to, refund;
};

enum { HENG_HEAT_TIERS_MAX = 16, HENG_HEAT_EXACT = 255 };
struct heng_heat_price {
    char version[32], currency[8], unit[12]; /* unit: of quantity and unit_price: "kWh" */
    heng_heat_per per;
    struct heng_dec area_price; /* per m2 and season, month or day; before a two-part price: of flats without meter */
    struct heng_dec months;     /* of the season */
    int32_t days;               /* of the season, both ends counted; 0 not known */
    bool has_first;
    heng_day first; /* of the season, where its dates are known */
    bool has_base_price;
    struct heng_dec base_price, base_share; /* base price per m2; or this share of area_price */
    struct heng_dec unit_price;
    struct heng_dec coefficient, height_limit; /* charge area; height above the limit: x height / limit. 0: no rule */
    uint8_t area_places;                       /* of the charge area; HENG_HEAT_EXACT: not rounded */
    struct heng_dec cap;                       /* 1.10 of the area fee; 0 none */
    bool cap_all;                              /* also for what is not residential */
    heng_heat_settle settle;
    bool prepay_area_fee; /* who says no prepayment has paid the area fee */
    struct heng_dec stop_share, failure_over_h;
    heng_heat_of failure_of, temperature_of;
    struct heng_heat_tier tiers[HENG_HEAT_TIERS_MAX];
    uint8_t tier_count;
    bool has_vat, vat_included;
    struct heng_vat vat;
    uint8_t places; /* of money */
    heng_rounding rounding;
};

struct heng_cold_days {
    struct heng_dec temperature;
    int32_t days;
    bool counts; /* after the notice, and measured on site */
};

struct heng_heat_flat {
    const char *id;
    struct heng_dec area, coefficient, height; /* coefficient, height 0: that of the price, none */
    bool two_part, non_residential;
    bool has_quantity, has_prepaid;
    struct heng_dec quantity, prepaid, carried_in;
    int32_t stopped_days; /* of the season's; -1: all of it */
    const struct heng_cold_days *cold;
    size_t cold_count;
    const struct heng_dec *failures_h; /* hours of each failure of supply */
    size_t failure_count;
};

struct heng_heat_bill {
    struct heng_dec charge_area;                     /* to 6 places when it is not rounded */
    struct heng_dec area_fee, base, active, metered; /* base of two-part flats, active of the others */
    struct heng_dec fee, cap, capped, stopped;       /* fee: base + metered or active; capped: what is left of it */
    struct heng_dec refund_temperature, refund_failure, payable, net, vat;
    struct heng_dec prepaid, carried_in, balance, refund, collect, carry_forward, waived;
    struct heng_dec refund_days; /* of low temperature: sum of factor x days */
    int32_t failure_days, active_days, stopped_days;
    bool is_capped, refund_clipped;
};

/* The bill of one flat for one season.
 * Errors: ECONFIG, ERANGE; the text begins with the field. */
HENG_NODISCARD heng_rc heng_heat_bill(const struct heng_heat_price *price, const struct heng_heat_flat *flat,
                                      struct heng_steps *steps, struct heng_heat_bill *ret, struct heng_err *err);

/* Unit price of what is not in the base part: price x (1 - share) / use, as Xuzhou does it from an area price and a
 * design use per m2, Xi'an from a heat price (use 1). */
HENG_NODISCARD heng_rc heng_heat_unit_price(struct heng_dec price, struct heng_dec base_share, struct heng_dec use,
                                            int places, heng_rounding rounding, struct heng_dec *ret);

/* Both ends count: 2022-11-16 to 2023-03-31 is 136. */
static inline int32_t heng_season_days(heng_day first, heng_day last) { return last - first + 1; }

#endif
