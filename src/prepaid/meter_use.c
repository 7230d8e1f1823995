#include "prepaid/meter_use.h"

#include <inttypes.h>
#include <stdio.h>

#include "account/book.h"
#include "base/log.h"
#include "billing/charge_vat.h"
#include "prepaid/site.h"
#include "store/money/prepaid.h"
#include "store/orders.h"
#include "store/read.h"

enum { ANSWERS = 16, COUNT_DIGITS = 100, CENTS = -2 };
#define DAILY_US  HENG_US_PER_DAY
#define RETRY_US  (3600 * HENG_US_PER_S)
#define SETTLE_US (600 * HENG_US_PER_S)

heng_rc heng_meter_used(int64_t booked, int64_t pending, int64_t remaining, int64_t *ret)
{
    int64_t inside;
    bool fits = !__builtin_sub_overflow(booked, pending, &inside) && !__builtin_sub_overflow(inside, remaining, ret);
    return fits ? HENG_OK : HENG_ERANGE;
}

/* --- questions ------------------------------------------------------------------------------------------------- */

void heng_meter_use_key(const struct heng_meter_mirror *mirror, char ret[HENG_AT_LEAST(64)])
{
    snprintf(ret, 64, "purse-left-%" PRId64 "-%" PRId64, mirror->contract_id, mirror->asks + 1);
}

static heng_rc mirror_of(struct heng_store *store, int64_t contract_id, struct heng_meter_mirror *ret,
                         struct heng_err *err)
{
    heng_rc rc = heng_store_get_meter_mirror(heng_store_as_reader(store), contract_id, ret, err);
    if (rc == HENG_ENOTFOUND) *ret = (struct heng_meter_mirror){.contract_id = contract_id};
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_meter_use_soon(struct heng_store *store, int64_t contract_id, heng_us now_us, struct heng_err *err)
{
    struct heng_meter_mirror mirror;
    heng_rc rc = mirror_of(store, contract_id, &mirror, err);
    mirror.due_us = now_us;
    return rc == HENG_OK ? heng_store_put_meter_mirror(store, &mirror, err) : rc;
}

heng_rc heng_meter_use_device(struct heng_store_reader *reader, int64_t contract_id, int64_t *ret, struct heng_err *err)
{
    struct heng_contract contract;
    heng_rc rc = heng_store_get_contract(reader, contract_id, &contract, err);
    if (rc == HENG_OK) rc = heng_store_device_at(reader, contract.point_id, ret, err);
    if (rc == HENG_ENOTFOUND) *ret = 0;
    return rc == HENG_ENOTFOUND ? HENG_OK : rc;
}

heng_rc heng_meter_use_asked(struct heng_store *store, int64_t contract_id, int64_t command_id, const char *why,
                             heng_us now_us, struct heng_err *err)
{
    struct heng_meter_mirror mirror;
    heng_rc rc = mirror_of(store, contract_id, &mirror, err);
    if (rc != HENG_OK || mirror.command_id) return rc;
    mirror.command_id = command_id;
    mirror.due_us = now_us + DAILY_US;
    if (!command_id) {
        mirror.asks++;
        snprintf(mirror.why, sizeof mirror.why, "%s", why);
    }
    return heng_store_put_meter_mirror(store, &mirror, err);
}

/* --- answers --------------------------------------------------------------------------------------------------- */

/* One answer at work. */
struct answer {
    struct heng_charger *charger;
    struct heng_store *store;
    struct heng_store_reader *reader;
    struct heng_meter_mirror *mirror;
    struct heng_command_row row;
    struct heng_contract contract;
    struct heng_account account;
    heng_us now_us;
    bool has_count, has_left;
    int64_t count, left;
};

/* It is asked again then; what stood in the way is kept with it. */
static void later(struct answer *a, heng_us pause_us, const char *why)
{
    a->mirror->due_us = a->now_us + pause_us;
    if (strcmp(a->mirror->why, why) != 0)
        heng_log(HENG_LOG_WARN, "prepaid", "event=meter_use_waits contract=%" PRId64 " meter=%s text='%s'",
                 a->contract.id, a->row.number, why);
    snprintf(a->mirror->why, sizeof a->mirror->why, "%s", why);
}

static bool in_cents(const struct heng_reading_value *value, int64_t *ret)
{
    *ret = value->dec.mantissa;
    return value->has_value && value->dec.exp == CENTS && value->dec.mantissa >= 0;
}

static bool is_count(const struct heng_register_key *key)
{
    return key->quantity == HENG_QUANTITY_PURCHASE && key->unit == HENG_UNIT_NONE && key->storage == 0;
}

/* What is left, and how many purchases it counts, in the reading that the command brought. */
static heng_rc read_answer(struct answer *a, struct heng_err *err)
{
    static _Thread_local struct heng_register registers[HENG_REGISTERS_MAX];
    static _Thread_local struct heng_reading reading;
    const struct heng_command *c = &a->row.command;
    size_t n = 0;
    heng_rc rc = heng_store_get_reading(a->reader, c->device_id, c->reading_us, HENG_SOURCE_LINE, &reading, err);
    if (rc == HENG_ENOTFOUND) return HENG_OK;
    if (rc == HENG_OK) rc = heng_store_list_registers(a->reader, c->device_id, registers, HENG_REGISTERS_MAX, &n, err);
    for (size_t i = 0; rc == HENG_OK && i < reading.value_count; i++) {
        const struct heng_reading_value *value = &reading.values[i];
        size_t k = 0;
        while (k < n && registers[k].id != value->register_id) k++;
        if (k == n) continue;
        if (registers[k].key.quantity == HENG_QUANTITY_CREDIT && registers[k].key.unit == HENG_UNIT_CURRENCY)
            a->has_left = in_cents(value, &a->left);
        if (is_count(&registers[k].key) && value->has_value && value->dec.exp == 0) {
            a->has_count = true;
            a->count = value->dec.mantissa;
        }
    }
    return rc;
}

/* Does the answer say what is in the meter of this contract, and nothing that may change under it? */
static heng_rc is_plain(struct answer *a, const struct heng_meter_pending *pending, bool *ret, struct heng_err *err)
{
    const struct heng_command *c = &a->row.command;
    char why[HENG_DETAIL_MAX];
    int64_t device_id = 0;
    *ret = false;
    heng_rc rc = heng_meter_use_device(a->reader, a->contract.id, &device_id, err);
    if (rc != HENG_OK) return rc;
    if (c->stage != HENG_STAGE_CONFIRMED)
        later(a, RETRY_US, c->why[0] ? c->why : "the meter does not answer");
    else if (device_id != c->device_id)
        later(a, 0, "another meter is at the point now");
    else if (!a->has_left)
        later(a, DAILY_US, "the meter does not say what is left in it");
    else if (pending->unclear)
        later(a, SETTLE_US, "an order of money is under way to this meter");
    else if (pending->newest_us >= c->reading_us)
        later(a, SETTLE_US, "money arrived in it behind this answer");
    else if (a->has_count && a->count % COUNT_DIGITS != a->contract.meter_count % COUNT_DIGITS) {
        snprintf(why, sizeof why, "the meter counts %" PRId64 " purchases, %" PRId64 " are known here", a->count,
                 a->contract.meter_count);
        later(a, DAILY_US, why);
    } else
        *ret = true;
    return HENG_OK;
}

/* As a charge of one line, so that revenue and tax go to the books where charges put them. */
static heng_rc post(struct answer *a, int64_t used, const struct heng_vat *vat, struct heng_booking *ret,
                    struct heng_err *err)
{
    struct heng_supply_point point;
    struct heng_dec net, tax;
    char rate[HENG_DEC_TEXT_MAX];
    struct heng_charge_line line = {.amount = used};
    struct heng_charge charge = {.account_id = a->account.id, .amount = used, .line_count = 1, .lines = &line};
    heng_rc rc = heng_store_supply_point(a->reader, a->contract.point_id, &point, err);
    if (rc != HENG_OK) return rc;
    if (heng_vat_split(heng_dec_of(used, 0), vat, true, 0, HENG_ROUNDING_HALF_UP, &net, &tax) != HENG_OK)
        return heng_fail(err, HENG_ERANGE, 0, "the tax of what the meter used cannot be worked out");
    line.tax = charge.tax = tax.mantissa;
    (void)heng_dec_format(vat->rate, rate);
    if (vat->rate.mantissa) snprintf(line.vat, sizeof line.vat, "%.27s", rate);
    snprintf(charge.medium, sizeof charge.medium, "%s", heng_medium_text(point.medium));
    rc = heng_charge_post(&charge, HENG_BOOK_METER, 1, ret, err);
    snprintf(ret->postings[0].ref, sizeof ret->postings[0].ref, "%" PRId64, a->contract.point_id);
    return rc;
}

static heng_rc book(struct answer *a, int64_t used, const struct heng_vat *vat, int32_t day, struct heng_err *err)
{
    const struct heng_command *c = &a->row.command;
    struct heng_hand hand = {.who = "heng", .now_us = a->now_us, .day = day};
    struct heng_booked booked;
    struct heng_booking booking = {.kind = HENG_BOOKING_METER_USE,
                                   .amount = used,
                                   .org_id = a->account.org_id,
                                   .account_id = a->account.id,
                                   .day = day,
                                   .subject = "command",
                                   .subject_id = c->id};
    heng_rc rc = post(a, used, vat, &booking, err);
    if (rc != HENG_OK) return rc;
    snprintf(booking.key, sizeof booking.key, "meter-use:%" PRId64 ":%" PRId64, a->contract.id, c->id);
    snprintf(booking.currency, sizeof booking.currency, "%s", a->account.currency);
    return heng_book(a->store, &booking, &hand, &booked, err);
}

static heng_rc settle(struct answer *a, const struct heng_meter_pending *pending, struct heng_err *err)
{
    struct heng_vat vat = {.code = NULL};
    char ref[HENG_BOOK_REF_MAX];
    int64_t booked = 0, used = 0;
    int32_t day = heng_day_at(&heng_charger_site(a->charger)->days, a->row.command.reading_us);
    snprintf(ref, sizeof ref, "%" PRId64, a->contract.point_id);
    heng_rc rc = heng_store_book_balance(a->reader, a->account.org_id, HENG_BOOK_METER, a->account.id, ref,
                                         a->account.currency, &booked, err);
    if (rc == HENG_OK) rc = heng_meter_used(-booked, pending->amount, a->left, &used);
    if (rc != HENG_OK) return rc;
    if (used < 0) {
        later(a, DAILY_US, "more money is in the meter than was put there: look who topped it up");
        return HENG_OK;
    }
    if (used > 0)
        rc = heng_charge_vat(a->charger, &a->contract, a->account.currency, a->account.org_id, day, &vat, err);
    if (rc == HENG_ECONFIG) {
        later(a, DAILY_US, err->text);
        return HENG_OK;
    }
    if (rc == HENG_OK && used > 0) rc = book(a, used, &vat, day, err);
    if (rc != HENG_OK) return rc;
    a->mirror->at_us = a->row.command.reading_us;
    a->mirror->remaining = a->left;
    a->mirror->due_us = a->now_us + DAILY_US;
    a->mirror->why[0] = '\0';
    return HENG_OK;
}

static heng_rc take(struct answer *a, struct heng_err *err)
{
    struct heng_meter_pending pending = {0};
    bool plain = false;
    heng_rc rc = heng_store_get_command(a->reader, a->mirror->command_id, &a->row, err);
    if (rc == HENG_OK) rc = heng_store_get_contract(a->reader, a->mirror->contract_id, &a->contract, err);
    if (rc == HENG_OK) rc = heng_store_get_account(a->reader, 0, a->contract.account_id, &a->account, err);
    if (rc == HENG_OK && a->row.command.reading_us) rc = read_answer(a, err);
    if (rc == HENG_OK) rc = heng_store_meter_pending(a->reader, a->contract.id, &pending, err);
    if (rc == HENG_OK) rc = is_plain(a, &pending, &plain, err);
    if (rc == HENG_OK && plain) rc = settle(a, &pending, err);
    if (rc != HENG_OK) return rc;
    if (a->contract.to_day && a->mirror->why[0] == '\0' && a->left == 0) a->mirror->due_us = HENG_US_NEVER;
    a->mirror->command_id = 0;
    a->mirror->asks++;
    return heng_store_put_meter_mirror(a->store, a->mirror, err);
}

heng_rc heng_meter_use_work(struct heng_charger *charger, struct heng_store *store, heng_us now_us, size_t *ret_n,
                            struct heng_err *err)
{
    struct heng_meter_mirror mirrors[ANSWERS];
    struct heng_store_reader *reader = heng_store_as_reader(store);
    heng_rc rc = heng_store_answered_meter_mirrors(reader, mirrors, ANSWERS, ret_n, err);
    for (size_t i = 0; rc == HENG_OK && i < *ret_n; i++) {
        struct answer a = {
            .charger = charger, .store = store, .reader = reader, .mirror = &mirrors[i], .now_us = now_us};
        rc = take(&a, err);
    }
    return rc;
}
