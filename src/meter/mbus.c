/* Reading an M-Bus meter by primary address.
 *
 *   step         request                     answer   then
 *   RESET        SND_NKE (10 40 A)           E5       ASK; the meter now expects FCB = 1. Skipped while the frame
 *                                                     count bit is known and the meter answers in one telegram.
 *   APPLICATION  SND_UD (68 03 03 68 73 A 50) E5      only where the profile wants it: between two RESETs, so that
 *                                                     neither it nor the ASK behind it depends on an unknown FCB
 *   ASK          REQ_UD2 (10 5B/7B A)        RSP_UD   done, or ASK with the other FCB while the telegram ends with
 *                                                     1F and the profile does not say that it is enough
 *
 * The bit toggles after every good answer and stays for a repetition: the meter then sends the same telegram
 * again (EN 13757-2). Some meters never acknowledge SND_NKE, so its silence costs one try and is no verdict;
 * but the bit is a guess then, and a wrong guess makes the meter repeat its last telegram of long ago. So an
 * unconfirmed answer that equals that telegram is asked for once more with the other bit. */
#include <stdlib.h>

#include "codec/mbus.h"
#include "meter/driver.h"

enum { STEP_RESET, STEP_APPLICATION, STEP_RESET_AGAIN, STEP_ASK };

enum { CI_APPLICATION_RESET = 0x50 };

/* EN 13757-2: an answer begins within 330 bit times + 50 ms, and the bus rests 33 bit times between frames. The
 * milliseconds have a margin for slow meters; the line turns bits into time by its own speed. */
enum { ANSWER_BITS = 330, ANSWER_MS = 110, IDLE_MS = 20, PRIMARY_MAX = 250, POINT_TO_POINT = 254 };

/* A battery meter that has used up its quota of readouts says error 9; asking again only wears it down. */
enum { TOO_MANY_READOUTS = 9, TRIES_SPENT = 100 };

static bool primary_of(const struct heng_meter_config *meter, uint8_t *ret)
{
    char *end;
    unsigned long address = strtoul(meter->address, &end, 10);
    bool padded = meter->address[0] == '0' && meter->address[1] != '\0'; /* 1 and 01 would be two of one meter */
    if (meter->address[0] < '0' || meter->address[0] > '9' || *end != '\0' || padded ||
        (address > PRIMARY_MAX && address != POINT_TO_POINT))
        return false;
    *ret = (uint8_t)address;
    return true;
}

static heng_rc mbus_check(const struct heng_meter_config *meter, struct heng_err *err)
{
    uint8_t address;
    if (primary_of(meter, &address)) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0, "'%s' is not an M-Bus primary address: 0 to 250, or 254 for a single meter",
                     meter->address);
}

static bool wants_application_reset(const struct heng_talk *talk)
{
    return talk->profile && talk->profile->application_reset;
}

/* What comes behind the acknowledged, or skipped, preparation. */
static void next_step(struct heng_talk *talk)
{
    if (talk->step == STEP_RESET)
        talk->step = wants_application_reset(talk) ? STEP_APPLICATION : STEP_ASK;
    else
        talk->step++;
}

static unsigned telegrams_max(const struct heng_talk *talk)
{
    unsigned most = talk->profile ? talk->profile->telegrams_max : 0;
    return most && most < HENG_TELEGRAMS_MAX ? most : HENG_TELEGRAMS_MAX;
}

static void mbus_begin(struct heng_talk *talk)
{
    heng_talk_begin(talk, NULL, 0);
    bool linked = talk->memory->linked && !talk->memory->many && !wants_application_reset(talk);
    talk->step = linked ? STEP_ASK : STEP_RESET;
    if (talk->step == STEP_RESET) talk->memory->fcb = true;
    /* Until this conversation has ended well: a cut in the middle leaves the bit unknown. */
    talk->memory->linked = false;
    talk->unsure = talk->doubted = false;
}

static void mbus_next(struct heng_talk *talk, struct heng_ask *ret)
{
    uint8_t address = 0;
    uint8_t control = HENG_MBUS_C_SND_NKE;
    (void)primary_of(talk->meter, &address); /* checked when the meter was configured */
    if (talk->step == STEP_ASK) control = (uint8_t)(HENG_MBUS_C_REQ_UD2 | (talk->memory->fcb ? HENG_MBUS_C_FCB : 0));
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    heng_rc rc = talk->step == STEP_APPLICATION
                     ? heng_mbus_encode_long(HENG_MBUS_C_SND_UD | HENG_MBUS_C_FCB, address, CI_APPLICATION_RESET,
                                             (struct heng_slice){0}, &buf)
                     : heng_mbus_encode_short(control, address, &buf);
    ret->n = rc == HENG_OK ? buf.n : 0;
    heng_ask_times(talk, ret, ANSWER_MS, IDLE_MS);
    ret->answer_bits = ANSWER_BITS;
}

/* The eight digits of an M-Bus id against the number on the plate, which may carry more or fewer zeros. */
static bool same_number(const char *id, const char *number)
{
    size_t n = strlen(number);
    if (n > 8) number += n - 8;
    while (*id == '0') id++;
    while (*number == '0') number++;
    return strcmp(id, number) == 0;
}

static bool is_from(const struct heng_talk *talk, const struct heng_telegram *telegram)
{
    uint8_t address = 0;
    (void)primary_of(talk->meter, &address);
    if (telegram->has_address && address != POINT_TO_POINT && telegram->address != address) return false;
    /* A plate number with letters is the owner's, not the M-Bus id; the address has to do then. */
    const char *number = talk->meter->number;
    bool comparable = number[0] != '\0' && number[strspn(number, "0123456789")] == '\0' && telegram->id[0] != '\0';
    return !comparable || same_number(telegram->id, number);
}

static uint32_t sum_of(struct heng_slice frame)
{
    uint32_t sum = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < frame.n; i++) sum = (sum ^ frame.p[i]) * 16777619u;
    return sum == UINT32_MAX ? 0 : sum;
}

static heng_verdict take(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                         struct heng_read *read, struct heng_err *err)
{
    uint32_t sum = sum_of(telegram->frame);
    bool repeated = talk->telegrams > 0 && sum == talk->last_sum;
    if (talk->unsure && sum == talk->memory->last_sum) {
        talk->unsure = false;
        talk->doubted = true;
        /* The other bit would carry a meter of several telegrams past its first one: it is reset once more instead. */
        if (talk->memory->many)
            talk->step = STEP_RESET;
        else
            talk->memory->fcb = !talk->memory->fcb;
        return HENG_VERDICT_NEXT;
    }
    /* A repetition of what was taken already, before this request was sent twice, is a late answer to the one before;
     * only a meter that repeats itself even then ignores the bit, and has said all it will say. */
    if (repeated && talk->tries == 0) return HENG_VERDICT_IGNORE;
    if (!repeated) {
        heng_rc rc = heng_talk_take(talk, telegram, now, read, err);
        if (rc != HENG_OK) return HENG_VERDICT_BAD;
    }
    talk->last_sum = sum;
    if (talk->telegrams++ == 0) talk->memory->last_sum = sum;
    talk->unsure = false;
    talk->tries = 0;
    talk->memory->fcb = !talk->memory->fcb;
    bool more = telegram->more && !repeated;
    if (more) talk->memory->many = true; /* also when the rest is left: the next read must begin at the first one */
    if (more && talk->telegrams < telegrams_max(talk)) return HENG_VERDICT_NEXT;
    talk->memory->linked = true;
    return HENG_VERDICT_DONE;
}

static heng_verdict mbus_reply(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                               struct heng_read *read, struct heng_err *err)
{
    if (!telegram->from_meter) return HENG_VERDICT_IGNORE;
    if (telegram->kind == HENG_TELEGRAM_ACK) {
        if (talk->step == STEP_ASK) return HENG_VERDICT_IGNORE;
        next_step(talk);
        talk->tries = 0;
        return HENG_VERDICT_NEXT;
    }
    if (!is_from(talk, telegram)) return HENG_VERDICT_FOREIGN;
    if (talk->step != STEP_ASK) return HENG_VERDICT_IGNORE;
    switch (telegram->kind) {
    case HENG_TELEGRAM_VARIABLE:
    case HENG_TELEGRAM_FIXED: return take(talk, telegram, now, read, err);
    case HENG_TELEGRAM_ERROR:
        talk->memory->linked = false;
        if (telegram->error_code == TOO_MANY_READOUTS) talk->tries = TRIES_SPENT;
        heng_fail(err, HENG_EDENIED, 0, "the meter reports error %u", telegram->error_code);
        return HENG_VERDICT_REFUSED;
    case HENG_TELEGRAM_ACK:
    case HENG_TELEGRAM_SHORT:
    case HENG_TELEGRAM_CONTROL:
    case HENG_TELEGRAM_ALARM:
    case HENG_TELEGRAM_SELECT:
    case HENG_TELEGRAM_COMMAND:
    case HENG_TELEGRAM_REQUEST:
    case HENG_TELEGRAM_DATA:
    case HENG_TELEGRAM_ADDRESS:
    case HENG_TELEGRAM_WRITTEN:
    case HENG_TELEGRAM_OTHER:
    case HENG_TELEGRAM_KIND_COUNT: break;
    }
    return HENG_VERDICT_IGNORE;
}

static heng_missed mbus_timeout(struct heng_talk *talk, unsigned tries_max)
{
    /* The silence of a meter to its preparation costs one try, however many steps that has. */
    if (talk->step == STEP_RESET || talk->step == STEP_ASK) talk->tries++;
    if (talk->step == STEP_ASK) {
        talk->memory->linked = false;
    } else {
        next_step(talk);
        talk->unsure = talk->step == STEP_ASK && !talk->doubted;
    }
    if (talk->tries < tries_max) return HENG_MISSED_AGAIN;
    talk->memory->profile = NULL; /* as in heng_talk_missed */
    return HENG_MISSED_FAILED;
}

const struct heng_driver heng_mbus_driver = {
    .protocol = HENG_PROTOCOL_MBUS,
    .check = mbus_check,
    .begin = mbus_begin,
    .next = mbus_next,
    .reply = mbus_reply,
    .timeout = mbus_timeout,
};
