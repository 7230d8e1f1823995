#ifndef HENG_HEAT_APPORTION_FORM_H
#define HENG_HEAT_APPORTION_FORM_H
/* The JSON forms "shares" and "heat-bill" (docs/apportionment.md), read into what the engines take. Texts and lists
 * belong to the arena. Inside of heat/ only: apportion_run.h is the way in. */
#include "bill/form.h"
#include "bill/late.h"
#include "heat/bill.h"
#include "heat/measures.h"

struct heng_period {
    bool is;
    heng_day from, to; /* [from, to) */
};

/* One flat: its devices, what may stand in for them, and what its bill needs. */
struct heng_flat_form {
    struct heng_flat_data data;
    struct heng_data memory;
    struct heng_party party;
    struct heng_heat_flat heat;
    bool is_null, mode_said;
    char position[32];
    struct heng_dec radiator_count, room_area;
    bool has_return; /* of a nominal method: only looked at, never a weight */
    struct heng_dec return_c;
    bool late, has_stop_applied;
    struct heng_period *stops; /* with dates; what of them is in the season counts */
    size_t stop_count;
    heng_day stop_applied;           /* when the flat asked to be stopped */
    struct heng_late_bill late_bill; /* amount 0: what is to collect */
    heng_day late_as_of;
};

struct heng_position {
    char name[32];
    struct heng_dec factor;
};

/* Heat of pipes that no allocator sees (VDI 2077), off unless the form asks for it. What the allocators recorded is
 * lifted to `target` of the heat, by area, when it is at most `limit` of it. Source: example DE-C12, unverified. */
struct heng_pipe_heat {
    bool on;
    struct heng_dec quantity, sensitivity, limit, target; /* kWh; kWh per unit; 0.34; 0.43 */
};

struct heng_group_form {
    const char *id;
    struct heng_pipe_heat pipe;
    bool has_method, has_metered;
    struct heng_dec metered; /* by the group's own meter */
    struct heng_measure_rules measure;
    struct heng_dec supply_h, outage_h;
    struct heng_span *supply, *outages;
    size_t supply_count, outage_count;
    struct heng_position *positions;
    size_t position_count;
    struct heng_share_rules rules;
    bool has_return_spread;
    struct heng_dec return_spread_k; /* a return further from the mean of all is warned of */
    struct heng_flat_form *flats;
    size_t count;
    struct heng_dec quantity; /* its part of the whole, when that is known */
};

struct heng_quantity_form {
    bool is, has_value, has_places, has_register;
    struct heng_dec value, start, end, multiplier;
    char unit[12], to[12];
    uint8_t places;
    heng_rounding rounding;
};

struct heng_price_form {
    bool is, has_late, has_stop_by;
    heng_day stop_by; /* the last day to ask for a stop */
    struct heng_heat_price price;
    struct heng_late_terms late;
    struct heng_dec derive_use, derive_price; /* 0: unit_price is given */
    uint8_t derive_places;
    heng_rounding derive_rounding;
    bool convert; /* quantities of another unit are converted, to so many places */
    uint8_t convert_places;
};

struct heng_apportion_form {
    char group[64], parameters[64], supersedes[64];
    struct heng_period period;
    struct heng_quantity_form quantity;
    struct heng_group_form *groups;
    size_t group_count;
    bool nested; /* groups were listed; else the form itself is the one group */
    struct heng_price_form price;
};

/* What reading needs. items and texts come from the arena; failures are those of the form. */
struct heng_form_reader {
    struct heng_form form;
    struct heng_arena *arena;
};

HENG_NODISCARD heng_rc heng_apportion_read(struct heng_slice json, struct heng_arena *arena,
                                           struct heng_apportion_form *ret, struct heng_err *err);

/* Parts of the reading, each at the value of its key. */
void heng_form_flats(struct heng_form_reader *reader, struct heng_flat_form **ret, size_t *ret_count);
void heng_form_price(struct heng_form_reader *reader, struct heng_price_form *ret);
void heng_form_period(struct heng_form_reader *reader, struct heng_period *ret);
void heng_form_spans(struct heng_form_reader *reader, struct heng_span **ret, size_t *ret_count);
const char *heng_form_keep(struct heng_form_reader *reader);      /* a text */
struct heng_dec heng_form_share(struct heng_form_reader *reader); /* 0..1 */
struct heng_dec heng_form_mean(struct heng_form *form);           /* of a list of amounts, to 6 places */

/* Room for one more item in a list that grows; zeroed. NULL after a failure. */
void *heng_form_more(struct heng_form_reader *reader, void **items, size_t count, size_t size);

/* Exact conversion of energy: value x ret[0] / ret[1]. False: not both are units of energy. */
bool heng_energy_ratio(const char *from, const char *to, struct heng_dec ret[HENG_AT_LEAST(2)]);
bool heng_unit_known(const char *unit);

#endif
