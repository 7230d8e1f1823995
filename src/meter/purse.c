#include "meter/purse.h"

#include <stdlib.h>
#include <string.h>

enum { CENTS = -2, TOTAL_WRAP = 100000000 }; /* eight digits */

/* --- what it says -------------------------------------------------------------------------------------------- */

static bool in_cents(const struct heng_record *record, int64_t *ret)
{
    if (record->kind != HENG_VALUE_DEC || record->dec.exp != CENTS) return false;
    *ret = record->dec.mantissa;
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = text ? strlen(text) : 0, m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool take(const struct heng_record *record, struct heng_purse *ret)
{
    const char *what = record->qualifier;
    if (record->quantity == HENG_QUANTITY_CREDIT) return ret->has_remaining = in_cents(record, &ret->remaining);
    if (record->quantity != HENG_QUANTITY_PURCHASE || record->kind != HENG_VALUE_DEC) return false;
    if (ends_with(what, "number")) {
        bool is_count = record->dec.exp == 0 && record->dec.mantissa >= 0 && record->dec.mantissa <= UINT32_MAX;
        if (is_count) ret->number = (uint32_t)record->dec.mantissa;
        return ret->has_number = is_count;
    }
    if (ends_with(what, "this time")) return ret->has_last = in_cents(record, &ret->last);
    if (ends_with(what, "total")) return ret->has_total = in_cents(record, &ret->total);
    if (ends_with(what, "remaining")) return ret->has_remaining = in_cents(record, &ret->remaining);
    return false;
}

bool heng_purse_of(const struct heng_telegram *telegram, struct heng_purse *ret)
{
    struct heng_records records = heng_telegram_records(telegram);
    struct heng_record record;
    bool any = false;
    while (heng_record_next(&records, &record, NULL) == HENG_OK)
        if (take(&record, ret)) any = true;
    return any;
}

static void add(struct heng_read *read, heng_quantity quantity, heng_unit unit, const char *qualifier,
                struct heng_dec dec)
{
    if (read->frame_count == 0 || read->value_count == HENG_READ_VALUES_MAX) {
        read->skipped++;
        return;
    }
    struct heng_value *value = &read->values[read->value_count];
    *value = (struct heng_value){.key = {.quantity = quantity, .unit = unit, .function = HENG_FUNCTION_INSTANTANEOUS},
                                 .has_value = true};
    value->dec = dec;
    memcpy(value->key.qualifier, qualifier, strlen(qualifier) + 1);
    read->frame_of_value[read->value_count++] = (uint16_t)(read->frame_count - 1);
}

void heng_purse_add_values(const struct heng_purse *purse, struct heng_read *read)
{
    if (purse->has_number)
        add(read, HENG_QUANTITY_PURCHASE, HENG_UNIT_NONE, "", (struct heng_dec){(int64_t)purse->number, 0});
    if (purse->has_last)
        add(read, HENG_QUANTITY_PURCHASE, HENG_UNIT_CURRENCY, "last", (struct heng_dec){purse->last, CENTS});
    if (purse->has_total)
        add(read, HENG_QUANTITY_PURCHASE, HENG_UNIT_CURRENCY, "total", (struct heng_dec){purse->total, CENTS});
    if (purse->has_remaining)
        add(read, HENG_QUANTITY_CREDIT, HENG_UNIT_CURRENCY, "", (struct heng_dec){purse->remaining, CENTS});
}

/* --- what it means for a purchase ---------------------------------------------------------------------------- */

/* An amount as people write it; short enough for any sentence here. */
static const char *money(int64_t cents, char text[HENG_AT_LEAST(HENG_DEC_TEXT_MAX)])
{
    heng_dec_format((struct heng_dec){cents, CENTS}, text);
    return text;
}

static heng_talk_verdict contradicts(struct heng_talk *talk, const struct heng_purse *purse, struct heng_err *err)
{
    return heng_talk_failed(talk, err,
                            "the meter counts %u purchases where purchase %u was to come: %s. Find out where it was "
                            "topped up, or whether it is another meter",
                            purse->number, talk->order.number,
                            talk->stage == HENG_STAGE_QUEUED ? "nothing was sent" : "sent, but not known to be in it");
}

static heng_talk_verdict other_amount(struct heng_talk *talk, const struct heng_purse *purse, struct heng_err *err)
{
    char is[HENG_DEC_TEXT_MAX], wanted[HENG_DEC_TEXT_MAX];
    return heng_talk_failed(talk, err,
                            "the meter has purchase %u with %s in place of %s: somebody else has topped it up",
                            talk->order.number, money(purse->last, is), money(talk->order.amount, wanted));
}

static heng_talk_verdict first_look(struct heng_talk *talk, const struct heng_purse *purse, uint32_t wrap,
                                    struct heng_read *read, struct heng_err *err)
{
    switch (heng_purse_compare(talk->order.number - 1, purse->number, wrap)) {
    case HENG_PURSE_SEND:
        talk->purse = *purse;
        heng_talk_keep(talk, read);
        return heng_talk_step(talk);
    case HENG_PURSE_ARRIVED:
        if (purse->last != talk->order.amount) return other_amount(talk, purse, err);
        heng_purse_add_values(purse, read);
        return heng_talk_confirmed(talk);
    case HENG_PURSE_AHEAD:
    case HENG_PURSE_BEHIND: break;
    }
    heng_purse_add_values(purse, read);
    return contradicts(talk, purse, err);
}

static heng_talk_verdict not_taken(struct heng_talk *talk, struct heng_err *err)
{
    if (!talk->repeated_once) {
        talk->repeated_once = true;
        talk->step = talk->command;
        talk->tries = 0;
        return HENG_TALK_NEXT;
    }
    heng_fail(err, HENG_EDENIED, 0, "the meter does not take purchase %u: it still counts %u", talk->order.number,
              talk->purse.number);
    return heng_talk_denied(talk);
}

static heng_talk_verdict last_look(struct heng_talk *talk, const struct heng_purse *purse, uint32_t wrap,
                                   struct heng_read *read, struct heng_err *err)
{
    char is[HENG_DEC_TEXT_MAX], was[HENG_DEC_TEXT_MAX];
    heng_purse_add_values(purse, read);
    switch (heng_purse_compare(talk->order.number - 1, purse->number, wrap)) {
    case HENG_PURSE_SEND: return not_taken(talk, err);
    case HENG_PURSE_ARRIVED:
        if (purse->last != talk->order.amount) return other_amount(talk, purse, err);
        if (purse->total == (talk->purse.total + talk->order.amount) % TOTAL_WRAP) return heng_talk_confirmed(talk);
        return heng_talk_failed(talk, err, "the meter counts purchase %u, but its total went from %s to %s",
                                talk->order.number, money(talk->purse.total, was), money(purse->total, is));
    case HENG_PURSE_AHEAD:
    case HENG_PURSE_BEHIND: break;
    }
    return contradicts(talk, purse, err);
}

heng_talk_verdict heng_purse_looked(struct heng_talk *talk, const struct heng_purse *purse, uint32_t wrap,
                                    struct heng_read *read, struct heng_err *err)
{
    if (!purse->has_number || !purse->has_last || !purse->has_total)
        return heng_talk_failed(talk, err, "the meter does not say how many purchases it has had: it holds no money");
    return talk->step < talk->command ? first_look(talk, purse, wrap, read, err)
                                      : last_look(talk, purse, wrap, read, err);
}

heng_talk_verdict heng_purse_refused(struct heng_talk *talk)
{
    talk->step = talk->readback;
    talk->tries = 0;
    return HENG_TALK_NEXT;
}

heng_rc heng_purse_check(const struct heng_order *order, int64_t most, struct heng_err *err)
{
    char text[HENG_DEC_TEXT_MAX];
    if (order->number == 0)
        return heng_fail(err, HENG_ERANGE, 0, "a purchase has a number, which goes up by one for each meter");
    if (order->amount >= 1 && order->amount <= most) return HENG_OK;
    return heng_fail(err, HENG_ERANGE, 0, "'%s' does not go into this meter: 0.01 to %lld.99, and nothing comes out",
                     money(order->amount, text), (long long)(most / 100));
}
