#ifndef HENG_METER_ORDER_H
#define HENG_METER_ORDER_H
/* Orders, for the drivers: conversations that ask something else than the profile does, or change something.
 *
 *   asks[0 ..]         [command ..]           [readback ..]
 *   clock, state  ->   the command itself ->  state, clock, until it is as wanted or wait_max_ms are over
 *   the address   ->   that it shall have ->  who answers there: nobody before, or nothing is changed
 *   SENT at the first command, ACCEPTED when the meter says OK, CONFIRMED or FAILED by what was read back
 *
 * What the meter refuses is not said again: three wrong passwords lock a meter. What it leaves unanswered is said as
 * often as a question, and then read back all the same, because the answer may have been lost and not the command. */
#include "meter/driver.h"

/* Ask these instead of what heng_talk_begin has chosen. */
void heng_talk_ask(struct heng_talk *talk, const struct heng_ask_def *asks, size_t ask_count);

/* The same for an order that changes something. */
void heng_talk_command(struct heng_talk *talk, const struct heng_ask_def *asks, size_t ask_count, size_t command,
                       size_t readback, uint32_t wait_max_ms);

static inline bool heng_talk_is_command(const struct heng_talk *talk)
{
    return talk->step >= talk->command && talk->step < talk->readback;
}

/* A request goes out: for next(). */
void heng_talk_sent(struct heng_talk *talk);

/* The meter says OK to a command: on to the next step. */
heng_talk_verdict heng_talk_accepted(struct heng_talk *talk);

/* The meter refuses a command: all is over, err says why already. */
heng_talk_verdict heng_talk_denied(struct heng_talk *talk);

/* The read-back is in: done, in this stage. err of a failure is filled from the words. */
heng_talk_verdict heng_talk_confirmed(struct heng_talk *talk);
heng_talk_verdict heng_talk_failed(struct heng_talk *talk, struct heng_err *err, const char *fmt, ...)
    HENG_PRINTF(3, 4);

/* READ_STATE of a meter that says nothing of it: nothing was read, and err says so. */
heng_talk_verdict heng_talk_stateless(struct heng_talk *talk, struct heng_read *read, struct heng_err *err,
                                      const char *what);

/* Rest, and then the same question again, if there is time left for that. */
bool heng_talk_wait(struct heng_talk *talk);

/* An address may be given to one meter only: does the current question look whether somebody has it already? Silence
 * is the good answer to that, and heng_order_missed goes on. Whoever answers ends it, and is not read. */
static inline bool heng_talk_looks_for_twin(const struct heng_talk *talk)
{
    return talk->order.kind == HENG_ORDER_SET_ADDRESS && talk->step < talk->command;
}
heng_talk_verdict heng_talk_twin(struct heng_talk *talk, struct heng_err *err);

/* SET_ADDRESS, SET_BAUD: done, and err tells a person what to change now that the meter has changed. */
heng_talk_verdict heng_talk_moved(struct heng_talk *talk, struct heng_err *err);

/* heng_driver.timeout of an order that changes something. */
heng_missed heng_order_missed(struct heng_talk *talk, unsigned tries_max);

/* What read holds now stays; what comes later is taken back by forget, when it is asked for again. */
void heng_talk_keep(struct heng_talk *talk, const struct heng_read *read);
void heng_talk_forget(const struct heng_talk *talk, struct heng_read *read);

/* Keep date or time or both of the meter's own clock, if the telegram has one. */
void heng_talk_note_clock(struct heng_talk *talk, const struct heng_telegram *telegram);

/* By how many seconds the meter's clock, wholly noted, is ahead of the site's. */
int64_t heng_talk_clock_ahead_s(const struct heng_talk *talk);

/* Is `back` a month that meters keep? Errors: ERANGE. */
HENG_NODISCARD heng_rc heng_order_check_back(const struct heng_order *order, unsigned most, struct heng_err *err);

/* Supply is switched by the meter's own number only, and so is an M-Bus or CJ/T 188 meter given another address or
 * speed: a wild card that stands for the only meter of a line stands for every one that is added to it. Returns
 * ECONFIG. */
HENG_NODISCARD heng_rc heng_order_not_one(const char *address, const struct heng_order *order, struct heng_err *err);

#endif
