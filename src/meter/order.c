#include "meter/order.h"

#include <stdarg.h>
#include <stdio.h>

/* A command that is over keeps no more tries. */
enum { TRIES_SPENT = 100 };

/* Between two looks at a valve or relay that is on its way: often at first, when most arrive. */
enum { LOOK_MS = 2000, LATER_LOOK_MS = 5000, LATER_MS = 10000 };

void heng_talk_ask(struct heng_talk *talk, const struct heng_ask_def *asks, size_t ask_count)
{
    if (ask_count > HENG_PROFILE_ASKS_MAX) ask_count = HENG_PROFILE_ASKS_MAX;
    for (size_t i = 0; i < ask_count; i++) talk->asks[i] = asks[i];
    talk->ask_count = (uint8_t)ask_count;
    talk->step = talk->tries = talk->sequence = talk->furthest = 0;
    talk->command = talk->readback = HENG_PROFILE_ASKS_MAX;
}

void heng_talk_command(struct heng_talk *talk, const struct heng_ask_def *asks, size_t ask_count, size_t command,
                       size_t readback, uint32_t wait_max_ms)
{
    heng_talk_ask(talk, asks, ask_count);
    talk->command = (uint8_t)command;
    talk->readback = (uint8_t)readback;
    talk->wait_max_ms = wait_max_ms;
    talk->waited_ms = 0;
    talk->kept_values = talk->kept_frames = 0;
    talk->repeated_once = talk->clock_again = talk->has_date = talk->has_time = false;
}

void heng_talk_sent(struct heng_talk *talk)
{
    bool counts = !heng_order_changes(talk->order.kind) || heng_talk_is_command(talk);
    if (counts && talk->stage == HENG_STAGE_QUEUED) talk->stage = HENG_STAGE_SENT;
}

heng_talk_verdict heng_talk_accepted(struct heng_talk *talk)
{
    if (talk->step + 1 == talk->readback) talk->stage = HENG_STAGE_ACCEPTED;
    return heng_talk_step(talk);
}

heng_talk_verdict heng_talk_denied(struct heng_talk *talk)
{
    talk->stage = HENG_STAGE_FAILED;
    talk->tries = TRIES_SPENT;
    return HENG_TALK_REFUSED;
}

heng_talk_verdict heng_talk_confirmed(struct heng_talk *talk)
{
    talk->stage = HENG_STAGE_CONFIRMED;
    return HENG_TALK_DONE;
}

heng_talk_verdict heng_talk_failed(struct heng_talk *talk, struct heng_err *err, const char *fmt, ...)
{
    char text[sizeof err->text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    heng_fail(err, HENG_ECONFLICT, 0, "%s", text);
    talk->stage = HENG_STAGE_FAILED;
    return HENG_TALK_DONE;
}

heng_talk_verdict heng_talk_stateless(struct heng_talk *talk, struct heng_read *read, struct heng_err *err,
                                      const char *what)
{
    read->value_count = read->frame_count = 0;
    talk->telegrams = 0;
    talk->tries = TRIES_SPENT; /* it will not say more when it is asked again */
    heng_fail(err, HENG_EFORMAT, 0, "the meter does not %s", what);
    return HENG_TALK_BAD;
}

bool heng_talk_wait(struct heng_talk *talk)
{
    if (talk->waited_ms >= talk->wait_max_ms) return false;
    talk->pause_ms = talk->waited_ms < LATER_MS ? LOOK_MS : LATER_LOOK_MS;
    talk->waited_ms += talk->pause_ms;
    return true;
}

heng_talk_verdict heng_talk_twin(struct heng_talk *talk, struct heng_err *err)
{
    return heng_talk_failed(talk, err, "somebody on the line answers to '%s' already: nothing was changed",
                            talk->order.address);
}

heng_talk_verdict heng_talk_moved(struct heng_talk *talk, struct heng_err *err)
{
    if (talk->order.kind == HENG_ORDER_SET_BAUD)
        heng_fail(err, HENG_OK, 0,
                  "the meter speaks at %u baud from now on: set the line, and all its meters, to that in the "
                  "configuration",
                  talk->order.baud);
    else
        heng_fail(err, HENG_OK, 0, "the meter answers to '%s' from now on: give it that address in the configuration",
                  talk->order.address);
    return heng_talk_confirmed(talk);
}

heng_missed heng_order_missed(struct heng_talk *talk, unsigned tries_max)
{
    bool lost = talk->stage == HENG_STAGE_FAILED;
    if (!lost && ++talk->tries < tries_max) return HENG_MISSED_AGAIN;
    if (!lost && heng_talk_looks_for_twin(talk)) {
        talk->step = talk->command;
        talk->tries = talk->sequence = 0;
        return HENG_MISSED_AGAIN;
    }
    if (!lost && heng_talk_is_command(talk)) {
        talk->step = talk->readback;
        talk->tries = talk->sequence = 0;
        return HENG_MISSED_AGAIN;
    }
    /* Who has said OK and is silent now may be busy with it: a motor takes what little current a loop gives. */
    if (talk->stage == HENG_STAGE_ACCEPTED && heng_talk_wait(talk)) return HENG_MISSED_AGAIN;
    talk->stage = HENG_STAGE_FAILED;
    return HENG_MISSED_FAILED;
}

void heng_talk_keep(struct heng_talk *talk, const struct heng_read *read)
{
    talk->kept_values = read->value_count;
    talk->kept_frames = read->frame_count;
}

void heng_talk_forget(const struct heng_talk *talk, struct heng_read *read)
{
    if (read->value_count > talk->kept_values) read->value_count = talk->kept_values;
    if (read->frame_count > talk->kept_frames) read->frame_count = talk->kept_frames;
}

/* The clock is the first date or time that is no register's: not the moment of a maximum, not a due date. */
static bool is_clock(const struct heng_record *record)
{
    bool current = record->function == HENG_FUNCTION_INSTANTANEOUS && record->storage == 0 && record->tariff == 0 &&
                   record->subunit == 0 && !record->qualifier;
    switch (record->kind) {
    case HENG_VALUE_DATETIME: return current && record->quantity == HENG_QUANTITY_DATETIME;
    case HENG_VALUE_DATE: return current && record->quantity == HENG_QUANTITY_DATE;
    case HENG_VALUE_TIME: return current && record->quantity == HENG_QUANTITY_TIME;
    case HENG_VALUE_NONE:
    case HENG_VALUE_DEC:
    case HENG_VALUE_TEXT:
    case HENG_VALUE_BYTES: break;
    }
    return false;
}

void heng_talk_note_clock(struct heng_talk *talk, const struct heng_telegram *telegram)
{
    struct heng_records records = heng_telegram_records(telegram);
    struct heng_record record;
    struct heng_civil *clock = &talk->meter_clock;
    bool date = false, time = false;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        if (!is_clock(&record)) continue;
        if (record.kind != HENG_VALUE_TIME && !date) {
            clock->year = record.civil.year;
            clock->month = record.civil.month;
            clock->day = record.civil.day;
            date = talk->has_date = true;
        }
        if (record.kind != HENG_VALUE_DATE && !time) {
            clock->hour = record.civil.hour;
            clock->minute = record.civil.minute;
            clock->second = record.civil.second;
            time = talk->has_time = true;
        }
    }
}

int64_t heng_talk_clock_ahead_s(const struct heng_talk *talk)
{
    return (heng_civil_to_us(&talk->meter_clock) - heng_civil_to_us(&talk->clock)) / HENG_US_PER_S;
}

heng_rc heng_order_check_back(const struct heng_order *order, unsigned most, struct heng_err *err)
{
    if (order->back >= 1 && order->back <= most) return HENG_OK;
    return heng_fail(err, HENG_ERANGE, 0, "the value of %u due dates ago: meters keep 1 to %u", order->back, most);
}

heng_rc heng_order_not_one(const char *address, const struct heng_order *order, struct heng_err *err)
{
    return heng_fail(err, HENG_ECONFIG, 0,
                     "'%s' needs the whole number of the meter: '%s' would reach every meter that it fits",
                     heng_order_text(order->kind), address);
}
