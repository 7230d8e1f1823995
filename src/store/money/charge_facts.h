#ifndef HENG_STORE_MONEY_CHARGE_FACTS_H
#define HENG_STORE_MONEY_CHARGE_FACTS_H
/* What a charge rests on, as lean as a run over a million contracts needs it: charge_facts.c. On a server each question
 * costs a way there and back, so that facts of many contracts can be read ahead by a few: charge_ahead.c. */
#include "store/money/bills.h"
#include "store/usage.h"

struct heng_charge_facts;
HENG_NODISCARD heng_rc heng_charge_facts_new(struct heng_store_reader *reader, struct heng_charge_facts **ret,
                                             struct heng_err *err);
void heng_charge_facts_free(struct heng_charge_facts *facts); /* accepts NULL */

/* A contract that will be charged for [from_day, to_day), which begin at from_us and to_us. */
struct heng_charge_want {
    int64_t contract_id, point_id;
    int32_t from_day, to_day;
    heng_us from_us, to_us;
};
/* Read the facts of n of them: what is asked of these below is answered as it was now, until the next ahead or forget;
 * all else is asked when it is wanted. Nothing happens on an engine where asking costs nothing, nor with facts that do
 * not fit into memory. Errors: what the store says. */
HENG_NODISCARD heng_rc heng_charge_facts_ahead(struct heng_charge_facts *facts, const struct heng_charge_want *wants,
                                               size_t n, struct heng_err *err);
void heng_charge_facts_forget(struct heng_charge_facts *facts);

/* Total and tax of the last charge without a bill of the period that began on from_day. Errors: ENOTFOUND. */
HENG_NODISCARD heng_rc heng_store_charged_tax(struct heng_store_reader *reader, int64_t contract_id, int32_t from_day,
                                              int64_t *ret_total, int64_t *ret_tax, struct heng_err *err);
/* Charges of a contract that touch [from_day, to_day), newest first, without lines and texts. */
HENG_NODISCARD heng_rc heng_store_list_contract_charges(struct heng_store_reader *reader, int64_t contract_id,
                                                        int32_t from_day, int32_t to_day, struct heng_charge *ret,
                                                        size_t cap, size_t *ret_n, struct heng_err *err);

/* The channels of a point, without what a charge has no use for (place, group, area, limits). */
HENG_NODISCARD heng_rc heng_charge_facts_channels(struct heng_charge_facts *facts, int64_t point_id,
                                                  struct heng_channel_row *ret, size_t cap, size_t *ret_n,
                                                  struct heng_err *err);

/* As heng_store_last_charge. */
HENG_NODISCARD heng_rc heng_charge_facts_last(struct heng_charge_facts *facts, int64_t contract_id, int32_t until,
                                              struct heng_arena *arena, struct heng_charge *ret, struct heng_err *err);

/* What a charge rests on: the best days [from_day, to_day) of a channel, oldest first. packed is borrowed until each
 * returns. Errors: what each returns. */
struct heng_charge_day {
    int32_t day;
    int8_t exp;
    uint8_t trust, method;
    uint16_t count, missing;
    int64_t amount;
    struct heng_slice packed; /* heng_usage_unpack */
};
typedef heng_rc heng_charge_day_each(void *ctx, const struct heng_charge_day *day);
HENG_NODISCARD heng_rc heng_charge_facts_days(struct heng_charge_facts *facts, int64_t channel_id, int32_t from_day,
                                              int32_t to_day, heng_charge_day_each *each, void *ctx,
                                              struct heng_err *err);

/* The meters that served a point in [from_us, to_us), and the readings that stand nearest: at or before a moment, the
 * last one. is_end false: of the beginning (of from_us, or of the meter), true: of the end. One frozen at that very
 * moment comes before all others. */
struct heng_charge_bound {
    int64_t device_id;
    char number[HENG_NUMBER_MAX];
    heng_us installed_us, removed_us; /* removed_us 0: it is there */
    bool is_end, has_reading;
    heng_us at_us, due_us;
    heng_source source;
    int64_t first_frame;
    uint32_t frame_count;
    int64_t register_id; /* of quantity and tariff; 0: the reading has none */
    struct heng_dec index;
    char unit[HENG_BILL_UNIT_MAX];
    uint32_t frame, stored; /* the frame that holds it, from first_frame on; stored: storage number, 0 of the moment */
};
HENG_NODISCARD heng_rc heng_charge_facts_bounds(struct heng_charge_facts *facts, const struct heng_channel_row *channel,
                                                heng_us from_us, heng_us to_us, struct heng_charge_bound *ret,
                                                size_t cap, size_t *ret_n, struct heng_err *err);

#endif
