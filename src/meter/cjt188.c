/* Reading a CJ/T 188 meter by its number: one request (C = 01, DI 901F), one answer (C = 81).
 *
 * The two bytes of the DI travel in either order and meters insist on theirs, so the first conversation
 * tries both in turn and remembers what was answered. SER counts requests; it is not used to refuse an
 * answer, because meters exist that send a fixed one: the address decides who speaks. */
#include "codec/cjt188.h"
#include "meter/driver.h"
#include "meter/values.h"

/* 500 ms by the sheets of mains-powered meters; battery meters behind radio are the line's latency. */
enum { ANSWER_MS = 500, IDLE_MS = 30, PREAMBLE = 4, ID_DIGITS = 14 };

static heng_rc cjt188_check(const struct heng_meter_config *meter, struct heng_err *err)
{
    size_t n = strspn(meter->address, "0123456789ABCDEFabcdef");
    if (n == ID_DIGITS && meter->address[n] == '\0') return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0,
                     "'%s' is not a CJ/T 188 number: 14 digits, vendor code first, as in 11110059493675",
                     meter->address);
}

static void cjt188_begin(struct heng_talk *talk)
{
    talk->step = talk->tries = talk->telegrams = 0;
    talk->last_sum = 0;
    talk->memory->ser++;
}

static bool swapped(const struct heng_talk *talk)
{
    const struct heng_meter_memory *m = talk->memory;
    return m->di_known ? m->di_swapped : m->di_swapped != (talk->tries % 2 == 1);
}

static void cjt188_next(struct heng_talk *talk, struct heng_ask *ret)
{
    struct heng_cjt188_frame frame = {
        .type = heng_cjt188_type(talk->meter->medium),
        .control = HENG_CJT188_C_READ,
        .ser = talk->memory->ser,
        .preamble = PREAMBLE,
        .di = HENG_CJT188_DI_CURRENT,
        .di_swapped = swapped(talk),
    };
    memcpy(frame.id, talk->meter->address, ID_DIGITS);
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    ret->n = heng_cjt188_encode(&frame, &buf) == HENG_OK ? buf.n : 0;
    ret->answer_bits = 0;
    ret->answer_ms = ANSWER_MS;
    ret->idle_ms = IDLE_MS;
}

static bool same_id(const char *a, const char *b)
{
    for (size_t i = 0; i < ID_DIGITS; i++) {
        char x = a[i], y = b[i];
        if (x >= 'a') x = (char)(x - 'a' + 'A');
        if (y >= 'a') y = (char)(y - 'a' + 'A');
        if (x != y) return false;
    }
    return true;
}

static heng_verdict cjt188_reply(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                 struct heng_read *read, struct heng_err *err)
{
    if (!telegram->from_meter) return HENG_VERDICT_IGNORE;
    if (!same_id(telegram->id, talk->meter->address)) return HENG_VERDICT_FOREIGN;
    if (telegram->kind == HENG_TELEGRAM_ERROR) {
        heng_fail(err, HENG_EDENIED, 0, "the meter refuses the request");
        return HENG_VERDICT_REFUSED;
    }
    if (telegram->kind != HENG_TELEGRAM_DATA || telegram->di != HENG_CJT188_DI_CURRENT) return HENG_VERDICT_IGNORE;
    if (heng_values_take(telegram, now, read, err) != HENG_OK) return HENG_VERDICT_BAD;
    talk->telegrams++;
    talk->memory->di_swapped = swapped(talk);
    talk->memory->di_known = true;
    return HENG_VERDICT_DONE;
}

static bool cjt188_timeout(struct heng_talk *talk, unsigned tries_max)
{
    talk->tries++;
    return talk->tries < tries_max;
}

const struct heng_driver heng_cjt188_driver = {
    .protocol = HENG_PROTOCOL_CJT188,
    .check = cjt188_check,
    .begin = cjt188_begin,
    .next = cjt188_next,
    .reply = cjt188_reply,
    .timeout = cjt188_timeout,
};
