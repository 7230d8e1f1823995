/* Reading a CJ/T 188 meter by its number: one request and one answer for each question of its profile; without a
 * profile one question (C = 01, DI 901F).
 *
 * The two bytes of the DI travel in either order and meters insist on theirs, so the first conversation
 * tries both in turn and remembers what was answered, unless the profile knows. SER counts requests; it is not
 * used to refuse an answer, because meters exist that send a fixed one: the address decides who speaks. A byte AA of an
 * address stands for any: AAAAAAAAAAAAAA asks the only meter of a line. */
#include "codec/cjt188.h"
#include "meter/driver.h"

/* 500 ms by the sheets of mains-powered meters; battery meters behind radio are the line's latency. */
enum { ANSWER_MS = 500, IDLE_MS = 30, PREAMBLE = 4, ID_DIGITS = 14 };

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
    talk->memory->ser++;
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
    struct heng_cjt188_frame frame = {
        .type = heng_cjt188_type(talk->meter->medium),
        .control = control_of(&talk->asks[talk->step]),
        .ser = talk->memory->ser,
        .preamble = heng_talk_preamble(talk, PREAMBLE),
        .di = (uint16_t)talk->asks[talk->step].di,
        .di_swapped = swapped(talk),
    };
    memcpy(frame.id, talk->meter->address, ID_DIGITS);
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    ret->n = heng_cjt188_encode(&frame, &buf) == HENG_OK ? buf.n : 0;
    heng_ask_times(talk, ret, ANSWER_MS, IDLE_MS);
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

/* A late answer to the question before has another DI. */
static bool answers(const struct heng_ask_def *ask, const struct heng_telegram *telegram)
{
    if (control_of(ask) == HENG_CJT188_C_READ_ADDRESS) return telegram->kind == HENG_TELEGRAM_ADDRESS;
    return telegram->kind == HENG_TELEGRAM_DATA && telegram->di == (ask->di & 0xFFFF);
}

static heng_verdict cjt188_reply(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                 struct heng_read *read, struct heng_err *err)
{
    if (!telegram->from_meter) return HENG_VERDICT_IGNORE;
    if (!is_from(talk->meter, telegram)) return HENG_VERDICT_FOREIGN;
    if (telegram->kind == HENG_TELEGRAM_ERROR) {
        if (talk->late) return HENG_VERDICT_IGNORE; /* it does not say what it refuses */
        heng_fail(err, HENG_EDENIED, 0, "the meter refuses the request");
        /* It may be the order of the DI that it refuses. */
        return order_known(talk) ? heng_talk_refused(talk) : HENG_VERDICT_REFUSED;
    }
    struct heng_telegram spoken = *telegram; /* a profile may know data that the standard does not */
    heng_telegram_use(&spoken, heng_talk_dialect(talk, telegram));
    if (!answers(&talk->asks[talk->step], &spoken)) return HENG_VERDICT_IGNORE;
    bool was_swapped = swapped(talk); /* by the profile of the question; the answer may bring another */
    if (heng_talk_take(talk, telegram, now, read, err) != HENG_OK) return HENG_VERDICT_BAD;
    talk->telegrams++;
    talk->memory->di_swapped = was_swapped;
    talk->memory->di_known = true;
    return heng_talk_step(talk);
}

static heng_missed cjt188_timeout(struct heng_talk *talk, unsigned tries_max)
{
    heng_missed missed = heng_talk_missed(talk, tries_max);
    /* The order may have been learned from a late answer to the other one: a meter that is mute is tried with both. */
    if (missed == HENG_MISSED_FAILED) talk->memory->di_known = false;
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
};
