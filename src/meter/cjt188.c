/* Talking to a CJ/T 188 meter by its number: one request and one answer for each question of its profile; without a
 * profile one question (C = 01, DI 901F). Other orders: cjt188_order.c.
 *
 * The two bytes of the DI travel in either order and meters insist on theirs, so the first conversation
 * tries both in turn and remembers what was answered, unless the profile knows.
 *
 * SER counts questions, and a repeated one keeps its number. Meters exist that send a fixed one, so at first it is the
 * address alone that decides who speaks; of a meter that has sent three numbers back, another one is an old answer.
 * When nothing else comes it may be another meter at the same address: then the number is learned anew.
 *
 * A byte AA of an address stands for any: AAAAAAAAAAAAAA asks the only meter of a line. */
#include "codec/cjt188.h"
#include "meter/cjt188_order.h"
#include "meter/order.h"
#include "meter/purse.h"

/* 500 ms by the sheets of mains-powered meters; battery meters behind radio are the line's latency. */
enum { ANSWER_MS = 500, IDLE_MS = 30, PREAMBLE = 4, ID_DIGITS = HENG_CJT188_ID_DIGITS };

/* heng_learned.ser, and how many numbers must come back before it is believed. */
enum { SER_UNKNOWN, SER_ECHOED, SER_FIXED, SER_PROOF = 3 };

static heng_rc cjt188_check(const struct heng_meter_config *meter, struct heng_err *err)
{
    size_t n = strspn(meter->address, "0123456789ABCDEFabcdef");
    if (n == ID_DIGITS && meter->address[n] == '\0') return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0,
                     "'%s' is not a CJ/T 188 number: 14 digits, vendor code first, as in 11110059493675, or "
                     "AAAAAAAAAAAAAA for the only meter of a line",
                     meter->address);
}

static const struct heng_ask_def usual_asks[] = {{.di = HENG_CJT188_DI_CURRENT}};

static void cjt188_begin(struct heng_talk *talk)
{
    heng_talk_begin(talk, usual_asks, sizeof usual_asks / sizeof *usual_asks);
    heng_cjt188_order_begin(talk);
    talk->memory->ser++;
    talk->misnumbered = false;
}

/* What was configured holds; a profile that was only recognised gives way to what was learned. */
static heng_di_order order_of(const struct heng_talk *talk)
{
    if (!talk->profile || (!talk->meter->profile && talk->memory->di_known)) return HENG_DI_ORDER_LEARN;
    return talk->profile->di_order;
}

/* Is there nothing to find out about the order any more? */
static bool order_known(const struct heng_talk *talk)
{
    return order_of(talk) != HENG_DI_ORDER_LEARN || talk->memory->di_known;
}

static bool swapped(const struct heng_talk *talk)
{
    const struct heng_meter_memory *m = talk->memory;
    if (order_of(talk) != HENG_DI_ORDER_LEARN) return order_of(talk) == HENG_DI_ORDER_LOW_FIRST;
    return m->di_known ? m->di_swapped : m->di_swapped != (talk->tries % 2 == 1);
}

static uint8_t control_of(const struct heng_ask_def *ask)
{
    return ask->function_code ? ask->function_code : HENG_CJT188_C_READ;
}

static void cjt188_next(struct heng_talk *talk, struct heng_ask *ret)
{
    uint8_t data[16];
    struct heng_buf payload = heng_buf_of(data, sizeof data), buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    struct heng_cjt188_frame frame = {
        .type = heng_cjt188_type(talk->meter->medium),
        .control = control_of(&talk->asks[talk->step]),
        .ser = talk->memory->ser,
        .preamble = heng_talk_preamble(talk, PREAMBLE),
        .di = (uint16_t)talk->asks[talk->step].di,
        .di_swapped = swapped(talk),
    };
    memcpy(frame.id, heng_cjt188_order_id(talk), ID_DIGITS);
    heng_rc rc = heng_cjt188_order_put(talk, &payload);
    frame.payload = heng_buf_slice(&payload);
    if (rc == HENG_OK) rc = heng_cjt188_encode(&frame, &buf);
    ret->n = rc == HENG_OK ? buf.n : 0;
    heng_ask_times(talk, ret, ANSWER_MS, IDLE_MS);
    /* What was so before the command must not confirm it. */
    ret->anonymous = talk->step >= talk->command;
    heng_talk_sent(talk);
}

static char upper(char c) { return c >= 'a' ? (char)(c - 'a' + 'A') : c; }

/* Source: CJ/T 188 (2004 and 2018), address field: AAH is the wildcard of a byte. Where any is used, the number on the
 * plate must do, if it is a whole one: it is all that tells this meter from one that took its place. */
static bool is_from(const struct heng_meter_config *meter, const struct heng_telegram *telegram)
{
    const char *asked = meter->address, *number = meter->number;
    bool any = false, repeats = true, same = true;
    if (!telegram->from_meter || strlen(telegram->id) != ID_DIGITS) return false;
    for (size_t i = 0; i < ID_DIGITS; i++) {
        size_t byte = i - i % 2;
        bool wild = upper(asked[byte]) == 'A' && upper(asked[byte + 1]) == 'A';
        any = any || wild;
        if (upper(telegram->id[i]) != upper(asked[i])) {
            if (!wild) return false;
            repeats = false;
        }
    }
    if (!any || repeats || strlen(number) != ID_DIGITS) return true;
    for (size_t i = 0; i < ID_DIGITS; i++) same = same && upper(telegram->id[i]) == upper(number[i]);
    return same;
}

/* Does whoever is asked now say that? */
static bool speaks(const struct heng_talk *talk, const struct heng_telegram *telegram)
{
    if (talk->order.kind == HENG_ORDER_READ_ADDRESS) return true;
    if (talk->order.kind != HENG_ORDER_SET_ADDRESS) return is_from(talk->meter, telegram);
    struct heng_meter_config moved = *talk->meter;
    memcpy(moved.address, talk->order.address, sizeof moved.address);
    moved.number[0] = '\0';
    /* The meter may confirm its new number as the old one or as the new one. */
    return is_from(&moved, telegram) || (heng_talk_is_command(talk) && is_from(talk->meter, telegram));
}

/* A late answer to the question before has another DI. */
static bool answers(const struct heng_ask_def *ask, const struct heng_telegram *telegram)
{
    uint8_t control = control_of(ask);
    if (control == HENG_CJT188_C_READ_ADDRESS) return telegram->kind == HENG_TELEGRAM_ADDRESS;
    bool writes = control == HENG_CJT188_C_WRITE || control == HENG_CJT188_C_WRITE_ADDRESS;
    if (telegram->kind != (writes ? HENG_TELEGRAM_WRITTEN : HENG_TELEGRAM_DATA)) return false;
    return telegram->di == (ask->di & 0xFFFF);
}

/* Of the data DI, SER, ...; a refusal may be a single byte. */
static bool is_numbered(const struct heng_telegram *telegram)
{
    enum { AROUND_DATA = 13, DI_AND_SER = 3 };
    return telegram->frame.n >= AROUND_DATA + DI_AND_SER;
}

static void learn_number(struct heng_talk *talk, const struct heng_telegram *telegram)
{
    struct heng_meter_memory *m = talk->memory;
    if (!is_numbered(telegram)) return;
    if (telegram->ser == m->ser) {
        if (m->ser_seen < SER_PROOF) m->ser_seen++;
        if (m->ser_seen == SER_PROOF) m->ser_echo = SER_ECHOED;
    } else {
        m->ser_seen = 0;
        if (talk->late == 0) m->ser_echo = SER_FIXED;
    }
}

static heng_talk_verdict refused(struct heng_talk *talk, bool numbered, struct heng_err *err)
{
    if (talk->late && !numbered) return HENG_TALK_IGNORE; /* it does not say what it refuses */
    heng_fail(err, HENG_EDENIED, 0, "the meter refuses the request");
    /* It may be the order of the DI that it refuses. */
    if (!order_known(talk)) return HENG_TALK_REFUSED;
    bool command = heng_talk_is_command(talk), purchase = talk->order.kind == HENG_ORDER_PURCHASE;
    heng_talk_verdict verdict = command && purchase ? heng_purse_refused(talk)
                                : command           ? heng_talk_denied(talk)
                                                    : heng_talk_refused(talk);
    if (verdict == HENG_TALK_NEXT) talk->memory->ser++;
    return verdict;
}

/* What was read back is the last look, not all of them. */
static heng_rc take(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now, struct heng_read *read,
                    struct heng_err *err)
{
    if (telegram->kind == HENG_TELEGRAM_WRITTEN) return HENG_OK;
    if (talk->step == talk->readback) heng_talk_forget(talk, read);
    heng_rc rc = heng_talk_take(talk, telegram, now, read, err);
    if (rc == HENG_OK) talk->telegrams++;
    return rc;
}

static heng_talk_verdict cjt188_reply(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                      struct heng_read *read, struct heng_err *err)
{
    if (!telegram->from_meter) return HENG_TALK_IGNORE;
    if (!speaks(talk, telegram)) return HENG_TALK_FOREIGN;
    if (heng_talk_looks_for_twin(talk)) return heng_talk_twin(talk, err);
    bool numbered = talk->memory->ser_echo == SER_ECHOED && is_numbered(telegram);
    if (numbered && telegram->ser != talk->memory->ser) {
        talk->misnumbered = true;
        return HENG_TALK_IGNORE;
    }
    if (telegram->kind == HENG_TELEGRAM_ERROR) return refused(talk, numbered, err);
    struct heng_telegram spoken = *telegram; /* a profile may know data that the standard does not */
    heng_telegram_use(&spoken, heng_talk_dialect(talk, telegram));
    if (!answers(&talk->asks[talk->step], &spoken)) return HENG_TALK_IGNORE;
    bool was_swapped = swapped(talk); /* by the profile of the question; the answer may bring another */
    if (take(talk, telegram, now, read, err) != HENG_OK) return HENG_TALK_BAD;
    learn_number(talk, telegram);
    talk->memory->di_swapped = was_swapped;
    talk->memory->di_known = true;
    heng_talk_verdict verdict = heng_cjt188_order_answered(talk, &spoken, read, err);
    if (verdict == HENG_TALK_NEXT) talk->memory->ser++;
    return verdict;
}

static heng_missed cjt188_timeout(struct heng_talk *talk, unsigned tries_max)
{
    uint8_t step = talk->step;
    uint32_t waited_ms = talk->waited_ms;
    heng_missed missed = heng_talk_missed(talk, tries_max);
    if (talk->step != step || talk->waited_ms != waited_ms) talk->memory->ser++;
    if (missed != HENG_MISSED_FAILED) return missed;
    /* The order may have been learned from a late answer to the other one: a meter that is mute is tried with both. */
    talk->memory->di_known = false;
    if (talk->misnumbered) talk->memory->ser_echo = talk->memory->ser_seen = SER_UNKNOWN;
    return missed;
}

const struct heng_driver heng_cjt188_driver = {
    .protocol = HENG_PROTOCOL_CJT188,
    .check = cjt188_check,
    .begin = cjt188_begin,
    .next = cjt188_next,
    .reply = cjt188_reply,
    .timeout = cjt188_timeout,
    .is_from = is_from,
    .can = heng_cjt188_can,
    .broadcast = heng_cjt188_broadcast,
};
