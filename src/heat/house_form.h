#ifndef HENG_HEAT_HOUSE_FORM_H
#define HENG_HEAT_HOUSE_FORM_H
/* The form "heizkosten" (docs/apportionment.md). Inside of heat/ only. */
#include "heat/apportion_form.h"
#include "heat/heizkosten.h"

struct heng_cost_item {
    const char *name, *unit;
    heng_day day; /* 0: not said */
    struct heng_dec amount, quantity;
    int8_t of; /* 0 joint, 1 heat, 2 warm water */
};

struct heng_house_form {
    char building[64], parameters[64], supersedes[64], currency[8];
    struct heng_period period;
    struct heng_house_ask ask;
    struct heng_cost_item *costs;
    size_t cost_count;
    bool has_fuel, keys_agreed, has_co2, has_co2_kg, has_co2_cost, co2_shown_only;
    const char *fuel_name, *fuel_unit;
    int8_t fuel_of;
    struct heng_fuel_lot *lots;
    size_t lot_count;
    struct heng_dec closing;
    struct heng_fuel_use fuel;
    struct heng_co2 co2;
    struct heng_co2_split co2_split;
    heng_degree_kind table_kind; /* KINDS: a table of its own */
    struct heng_slice statement; /* what the statement shows beside the numbers, as it stands in the form */
    uint32_t statement_has;      /* 1 << its place in heng_statement_keys */
    struct heng_dec use_kwh, previous_kwh, degree_days, previous_degree_days, average_user_kwh;
};

/* What the law wants to be shown beside the numbers (HeizkostenV 6a(3)); the form's "statement" has them by these keys.
 */
enum { HENG_STATEMENT_KEYS = 7 };
extern const char *const heng_statement_keys[HENG_STATEMENT_KEYS];

HENG_NODISCARD heng_rc heng_house_read(struct heng_slice json, struct heng_arena *arena, struct heng_house_form *ret,
                                       struct heng_err *err);

/* flats of the form, and the radiators of their allocators measured. */
void heng_house_flats(struct heng_form_reader *reader, struct heng_house_form *ret);

#endif
