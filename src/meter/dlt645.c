/* Talking to a DL/T 645 meter by its number (other orders: dlt645_order.c): the questions of its profile one after
 * another, without a profile the energy and what a mains meter shows.
 *
 *   edition  question                          answer            then
 *   2007     11 DI                             91 DI data        next question
 *                                              B1 DI data        12 DI 1, more follows
 *            12 DI SEQ                         92 DI data SEQ    next question
 *                                              B2 DI data SEQ    12 DI SEQ+1
 *   1997     01 DI / 02 DI, without SEQ        81, A1 / 82, A2   the same
 *   both                                       D1, D2 / C1, C2   error byte: left out where the profile allows it
 *
 * A follow-on frame goes on in the middle of the data, wherever the one before was full, and does not say where. So
 * the parts are joined first and then read as one answer: a part read by itself would give the values of the first
 * tariffs to later ones. Every part is kept as evidence; the values point to the first.
 * A lost part is asked for again by its number (2007); 1997 has no numbers, so there the question begins anew, and a
 * part is asked for only when no late one can come.
 * Source: DL/T 645-2007 clause 7, appendix A; DL/T 645-1997 clause 6. */
#include "codec/dlt645.h"
#include "meter/dlt645_order.h"
#include "meter/order.h"
#include "meter/values.h"

/* The standard gives a meter 20 to 500 ms to begin its answer, and as much between two bytes of it. */
enum { ANSWER_MS = 500, GAP_MS = 500, IDLE_MS = 0, IDLE_BITS = 22, PREAMBLE = 4, ID_DIGITS = HENG_DLT645_ID_DIGITS };

/* Offsets in a frame: 68 A0..A5 68 C L DATA CS 16. */
enum { DATA_AT = 10, TRAILER = 2, FUNCTION = 0x1F, ERROR_TEXT_MAX = 160 };

/* What nearly every meter knows. A single phase meter may refuse the blocks of three phases. */
static const struct heng_ask_def asks_2007[] = {
    {.di = 0x0001FF00},                   /* forward active energy, total and tariffs */
    {.di = 0x0002FF00, .optional = true}, /* backward */
    {.di = 0x0201FF00, .optional = true}, /* voltages */
    {.di = 0x0202FF00, .optional = true}, /* currents */
    {.di = 0x0203FF00, .optional = true}, /* active power */
    {.di = 0x04000503, .optional = true}, /* status word 3: the relay */
};
static const struct heng_ask_def asks_1997[] = {
    {.di = 0x901F},                   /* forward active energy, total and tariffs */
    {.di = 0xB61F, .optional = true}, /* voltages */
    {.di = 0xB62F, .optional = true}, /* currents */
    {.di = 0xB63F, .optional = true}, /* active power */
};

static bool is_1997(const struct heng_talk *talk) { return talk->meter->protocol == HENG_PROTOCOL_DLT645_1997; }

static heng_rc dlt645_check(const struct heng_meter_config *meter, struct heng_err *err)
{
    size_t n = strspn(meter->address, "0123456789A");
    if (n != ID_DIGITS || meter->address[n] != '\0')
        return heng_fail(err, HENG_ECONFIG, 0,
                         "'%s' is not a DL/T 645 address: 12 digits, as in 000011112222, or AAAAAAAAAAAA for the only "
                         "meter of a line",
                         meter->address);
    if (strspn(meter->address, "9") == ID_DIGITS)
        return heng_fail(err, HENG_ECONFIG, 0, "'%s' is the address of all meters, which none answers", meter->address);
    return HENG_OK;
}

static void dlt645_begin(struct heng_talk *talk)
{
    if (is_1997(talk))
        heng_talk_begin(talk, asks_1997, sizeof asks_1997 / sizeof *asks_1997);
    else
        heng_talk_begin(talk, asks_2007, sizeof asks_2007 / sizeof *asks_2007);
    heng_dlt645_order_begin(talk);
}

/* The control code of a step that is no question for a data identifier, else 0. */
static uint8_t other_function(const struct heng_talk *talk) { return talk->asks[talk->step].function_code; }

/* The function of the request that is out, without the bits of direction and outcome. */
static uint8_t function_of(const struct heng_talk *talk)
{
    if (other_function(talk)) return other_function(talk);
    if (is_1997(talk)) return talk->sequence ? HENG_DLT645_97_C_FOLLOW : HENG_DLT645_97_C_READ;
    return talk->sequence ? HENG_DLT645_C_FOLLOW : HENG_DLT645_C_READ;
}

static void dlt645_next(struct heng_talk *talk, struct heng_ask *ret)
{
    uint8_t data[32];
    struct heng_buf body = heng_buf_of(data, sizeof data);
    if (other_function(talk)) {
        heng_dlt645_order_put(talk, &body);
    } else {
        heng_dlt645_put_di(&body, talk->meter->protocol, talk->asks[talk->step].di);
        if (talk->sequence && !is_1997(talk)) heng_buf_u8(&body, talk->sequence);
    }
    struct heng_dlt645_frame frame = {
        .control = function_of(talk),
        .preamble = heng_talk_preamble(talk, PREAMBLE),
        .data = heng_buf_slice(&body),
    };
    memcpy(frame.id, heng_dlt645_order_id(talk), ID_DIGITS);
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    ret->n = heng_dlt645_encode(&frame, &buf) == HENG_OK ? buf.n : 0;
    heng_ask_times(talk, ret, ANSWER_MS, IDLE_MS);
    ret->idle_bits = IDLE_BITS;
    ret->gap_ms = GAP_MS;
    /* The OK to a command does not say to which; and what was so before must not confirm it. */
    ret->anonymous = (talk->sequence && is_1997(talk)) || other_function(talk) || talk->step >= talk->command;
    if (other_function(talk) == HENG_DLT645_C_BAUD) ret->then_baud = talk->order.baud;
    heng_talk_sent(talk);
}

/* An address may be abbreviated with A for any digit. Then the number on the plate, where it is known, must do: it is
 * all that tells this meter from one that took its place. */
static bool is_from(const struct heng_meter_config *meter, const struct heng_telegram *telegram)
{
    const char *asked = meter->address, *number = meter->number;
    bool any = false;
    if (!telegram->from_meter) return false;
    for (size_t i = 0; i < ID_DIGITS; i++) {
        if (asked[i] == 'A')
            any = true;
        else if (telegram->id[i] != asked[i])
            return false;
    }
    bool comparable = any && strlen(number) == ID_DIGITS && strspn(number, "0123456789") == ID_DIGITS &&
                      strcmp(telegram->id, "AAAAAAAAAAAA") != 0; /* some 1997 meters answer as they were asked */
    return !comparable || strcmp(telegram->id, number) == 0;
}

/* Does whoever is asked now say that? */
static bool speaks(const struct heng_talk *talk, const struct heng_telegram *telegram)
{
    if (talk->order.kind == HENG_ORDER_READ_ADDRESS) return telegram->from_meter;
    if (talk->order.kind != HENG_ORDER_SET_ADDRESS) return is_from(talk->meter, telegram);
    bool moved = telegram->from_meter && strcmp(telegram->id, talk->order.address) == 0;
    /* The meter may confirm its new address as the old one or as the new one. */
    return moved || (heng_talk_is_command(talk) && is_from(talk->meter, telegram));
}

/* --- answers in parts ----------------------------------------------------------------------------------- */

/* Only a part that has not come before is progress: else one that never gets through is asked for for ever. */
static void got_on(struct heng_talk *talk)
{
    if (talk->sequence <= talk->furthest) return;
    talk->furthest = talk->sequence;
    talk->tries = 0;
}

/* Begin the joined answer: the first frame up to the end of its data. */
static heng_talk_verdict first_part(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                    struct heng_read *read, struct heng_err *err)
{
    unsigned frame = read->frame_count;
    if (heng_values_keep(telegram, now, read, err) != HENG_OK) return HENG_TALK_BAD;
    talk->parts_n = (uint16_t)(telegram->frame.n - TRAILER);
    talk->parts_body = (uint8_t)(telegram->body.p - telegram->frame.p);
    talk->part_frame = (uint8_t)frame;
    memcpy(talk->parts, telegram->frame.p, talk->parts_n);
    talk->sequence = 1;
    got_on(talk);
    return HENG_TALK_NEXT;
}

/* Read what has been joined as one answer. What is not whole at its end is no value: the codec sees to that. */
static heng_talk_verdict finish_parts(struct heng_talk *talk, const struct heng_telegram *telegram,
                                      struct heng_read *read, struct heng_err *err)
{
    struct heng_telegram whole = *telegram;
    whole.kind = HENG_TELEGRAM_DATA;
    whole.control = HENG_DLT645_C_ANSWER | (is_1997(talk) ? HENG_DLT645_97_C_READ : HENG_DLT645_C_READ);
    whole.di = talk->asks[talk->step].di;
    whole.has_di = true;
    whole.more = false;
    whole.ser = whole.error_code = 0;
    whole.frame = heng_slice_of(talk->parts, talk->parts_n);
    whole.body = heng_slice_from(whole.frame, talk->parts_body);
    whole.dialect = heng_talk_dialect(talk, telegram);
    if (heng_values_add(&whole, talk->part_frame, read, err) != HENG_OK) {
        talk->sequence = 0; /* joined wrongly: from the beginning */
        return HENG_TALK_BAD;
    }
    talk->telegrams++;
    talk->sequence = 0;
    return heng_dlt645_order_answered(talk, &whole, read, err);
}

/* The data of a follow-on frame, between DI and SEQ. */
static struct heng_slice part_of(const struct heng_talk *talk, const struct heng_telegram *telegram)
{
    size_t head = DATA_AT + (is_1997(talk) ? 2 : 4), tail = TRAILER + (is_1997(talk) ? 0 : 1);
    if (telegram->frame.n < head + tail) return (struct heng_slice){0};
    return heng_slice_of(telegram->frame.p + head, telegram->frame.n - head - tail);
}

static heng_talk_verdict next_part(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                   struct heng_read *read, struct heng_err *err)
{
    struct heng_slice part = part_of(talk, telegram);
    if (!is_1997(talk) && telegram->ser != talk->sequence) return HENG_TALK_IGNORE; /* a late one */
    if (heng_values_keep(telegram, now, read, err) != HENG_OK) return HENG_TALK_BAD;
    bool fits = part.n <= sizeof talk->parts - talk->parts_n;
    if (fits && part.n) memcpy(talk->parts + talk->parts_n, part.p, part.n);
    if (fits) talk->parts_n = (uint16_t)(talk->parts_n + part.n);
    if (!fits) read->skipped++; /* what is there is whole and in order; the rest is in the frame only */
    if (!telegram->more || !fits || talk->sequence == HENG_TELEGRAMS_MAX - 1)
        return finish_parts(talk, telegram, read, err);
    talk->sequence++;
    got_on(talk);
    return HENG_TALK_NEXT;
}

/* --- verdicts --------------------------------------------------------------------------------------------- */

static heng_talk_verdict refused(struct heng_talk *talk, const struct heng_telegram *telegram, struct heng_read *read,
                                 struct heng_err *err)
{
    char text[ERROR_TEXT_MAX];
    heng_fail(err, HENG_EDENIED, 0, "the meter reports: %s", heng_dlt645_refusal_text(telegram, text, sizeof text));
    /* It promised more and has none: the whole values of what came are good. */
    if (talk->sequence) return finish_parts(talk, telegram, read, err);
    return heng_dlt645_order_refused(talk);
}

/* Is it what the current step waits for? If not it is a late answer to another one. */
static bool answers(const struct heng_talk *talk, const struct heng_telegram *telegram)
{
    if (other_function(talk) == HENG_DLT645_C_READ_ADDRESS) return telegram->kind == HENG_TELEGRAM_ADDRESS;
    if (other_function(talk)) return telegram->kind == HENG_TELEGRAM_WRITTEN;
    return telegram->kind == HENG_TELEGRAM_DATA && telegram->has_di && telegram->di == talk->asks[talk->step].di;
}

static heng_talk_verdict dlt645_reply(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                      struct heng_read *read, struct heng_err *err)
{
    if (!telegram->from_meter) return HENG_TALK_IGNORE;
    if (!speaks(talk, telegram)) return HENG_TALK_FOREIGN;
    if ((telegram->control & FUNCTION) != function_of(talk)) return HENG_TALK_IGNORE;
    if (telegram->kind == HENG_TELEGRAM_ERROR && heng_talk_looks_for_twin(talk)) return heng_talk_twin(talk, err);
    if (telegram->kind == HENG_TELEGRAM_ERROR) /* it does not say what it refuses */
        return talk->late ? HENG_TALK_IGNORE : refused(talk, telegram, read, err);
    if (!answers(talk, telegram)) return HENG_TALK_IGNORE;
    if (heng_talk_looks_for_twin(talk)) return heng_talk_twin(talk, err);
    if (talk->sequence) return next_part(talk, telegram, now, read, err);
    if (telegram->more) return first_part(talk, telegram, now, read, err);
    if (telegram->kind != HENG_TELEGRAM_WRITTEN) {
        if (talk->step == talk->readback) heng_talk_forget(talk, read); /* the last look counts, not all of them */
        if (heng_talk_take(talk, telegram, now, read, err) != HENG_OK) return HENG_TALK_BAD;
        talk->telegrams++;
        if (talk->step < talk->readback) heng_talk_keep(talk, read);
    }
    return heng_dlt645_order_answered(talk, telegram, read, err);
}

static heng_missed dlt645_timeout(struct heng_talk *talk, unsigned tries_max)
{
    if (is_1997(talk)) talk->sequence = 0;
    return heng_talk_missed(talk, tries_max);
}

const struct heng_driver heng_dlt645_2007_driver = {
    .protocol = HENG_PROTOCOL_DLT645_2007,
    .check = dlt645_check,
    .begin = dlt645_begin,
    .next = dlt645_next,
    .reply = dlt645_reply,
    .timeout = dlt645_timeout,
    .is_from = is_from,
    .can = heng_dlt645_can,
    .broadcast = heng_dlt645_broadcast_2007,
};

const struct heng_driver heng_dlt645_1997_driver = {
    .protocol = HENG_PROTOCOL_DLT645_1997,
    .check = dlt645_check,
    .begin = dlt645_begin,
    .next = dlt645_next,
    .reply = dlt645_reply,
    .timeout = dlt645_timeout,
    .is_from = is_from,
    .can = heng_dlt645_can,
    .broadcast = heng_dlt645_broadcast_1997,
};
