/* Talking to an M-Bus meter, by primary or by secondary address (mbus_order.c has both, and the commands).
 *
 *   step         request                     answer   then
 *   TWIN         SND_NKE or REQ_UD2 (10 7B A), -      RESET. Only where the order gives an address: who answers there
 *                secondary: select                    ends it
 *   DESELECT     SND_NKE (10 40 FD)          E5 or -  RESET. Secondary, and only when the selected one did not answer
 * as it should: one that missed a selection in noise is still there RESET        SND_NKE (10 40 A)           E5 ASK;
 * the meter now expects FCB = 1. Skipped while the frame count bit is known and the meter answers in one telegram.
 *                secondary: select           E5       the same; nobody answers for the others, so silence is a miss
 *                (68 .. 53 FD 52 ..)
 *   COMMAND      what the order changes      E5       RESET; once
 *   APPLICATION  SND_UD (68 03 03 68 73 A 50) E5      only where the profile wants it: between two RESETs, so that
 *                                                     neither it nor the ASK behind it depends on an unknown FCB
 *   ASK          REQ_UD2 (10 5B/7B A)        RSP_UD   done, or ASK with the other FCB while the telegram ends with
 *                                                     1F and the profile does not say that it is enough
 *   PROBE ends with the E5 of RESET; a meter that is known not to send it is asked instead.
 *
 * The bit toggles after every good answer and stays for a repetition: the meter then sends the same telegram
 * again (EN 13757-2). Some meters never acknowledge SND_NKE, so its silence costs one try and is no verdict;
 * but the bit is a guess then, and a wrong guess makes the meter repeat its last telegram of long ago. So an
 * unconfirmed answer that equals that telegram is asked for once more with the other bit.
 * A selection should make a meter forget the bit; of one that has not shown yet that it does, an answer that equals its
 * last one is doubted in the same way, and asked for again behind a SND_NKE to FD and a new selection.
 * A selected meter that is not understood is selected again, and sends from its first telegram on. */
#include "codec/mbus.h"
#include "meter/mbus_order.h"
#include "meter/order.h"

enum { STEP_TWIN, STEP_DESELECT, STEP_RESET, STEP_COMMAND, STEP_APPLICATION, STEP_RESET_AGAIN, STEP_ASK };

/* EN 13757-2: an answer begins within 330 bit times + 50 ms, and the bus rests 33 bit times between frames. The
 * milliseconds have a margin for slow meters; the line turns bits into time by its own speed. */
enum { ANSWER_BITS = 330, ANSWER_MS = 110, IDLE_MS = 0 };

enum { FNV_PRIME = 16777619 };
#define FNV_BASIS 2166136261u /* more than an enumerator holds */

/* A battery meter that has used up its quota of readouts says error 9; asking again only wears it down. */
enum { TOO_MANY_READOUTS = 9, TRIES_SPENT = 100 };

static heng_rc mbus_check(const struct heng_meter_config *meter, struct heng_err *err)
{
    struct heng_mbus_target target;
    if (heng_mbus_target_of(meter->address, &target)) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0,
                     "'%s' is no M-Bus address: 0 to 250, 254 for a single meter, a number of 8 digits, or 16 with "
                     "manufacturer, version and medium, F for any",
                     meter->address);
}

static bool wants_application_reset(const struct heng_talk *talk)
{
    return talk->profile && talk->profile->application_reset;
}

static bool is_secondary(const struct heng_talk *talk) { return heng_mbus_target_now(talk).secondary; }

static bool must_tell(const struct heng_talk *talk) { return heng_order_changes(talk->order.kind) && !talk->told; }

/* What comes behind the acknowledged, or skipped, preparation. */
static void next_step(struct heng_talk *talk)
{
    if (talk->step == STEP_RESET && must_tell(talk)) {
        talk->step = STEP_COMMAND;
    } else if (talk->step == STEP_COMMAND) {
        talk->told = true;
        talk->step = STEP_RESET;
    } else if (talk->step == STEP_RESET) {
        talk->step = wants_application_reset(talk) ? STEP_APPLICATION : STEP_ASK;
    } else {
        talk->step++;
    }
    if (talk->step == STEP_ASK) talk->memory->fcb = true;
}

static unsigned telegrams_max(const struct heng_talk *talk)
{
    unsigned most = talk->profile ? talk->profile->telegrams_max : 0;
    if (talk->order.kind == HENG_ORDER_PROBE) return 1;
    return most && most < HENG_TELEGRAMS_MAX ? most : HENG_TELEGRAMS_MAX;
}

static void mbus_begin(struct heng_talk *talk)
{
    heng_talk_begin(talk, NULL, 0);
    if (heng_order_changes(talk->order.kind)) heng_talk_command(talk, NULL, 0, STEP_COMMAND, STEP_COMMAND + 1, 0);
    bool renames = talk->order.kind == HENG_ORDER_SET_ADDRESS;
    talk->told = talk->renamed = talk->unacked = talk->unsure = talk->doubted = false;
    talk->no_twin = !renames;
    bool secondary = is_secondary(talk), probe = talk->order.kind == HENG_ORDER_PROBE;
    bool linked = talk->memory->linked && !talk->memory->many && !wants_application_reset(talk) && !secondary;
    bool plain = talk->order.kind == HENG_ORDER_READ || talk->order.kind == HENG_ORDER_READ_CLOCK;
    bool skip = probe ? talk->memory->never_acks && !secondary : plain && linked;
    talk->step = renames ? STEP_TWIN : skip ? STEP_ASK : STEP_RESET;
    if (talk->step == STEP_RESET) talk->memory->fcb = true;
    /* Until this conversation has ended well: a cut in the middle leaves the bit unknown. */
    talk->memory->linked = false;
    talk->kept_values = talk->kept_frames = 0;
    talk->furthest = 0;
}

static heng_rc put_request(const struct heng_talk *talk, const struct heng_mbus_target *target, struct heng_buf *buf)
{
    struct heng_slice who = heng_slice_of(target->select, sizeof target->select);
    switch (talk->step) {
    case STEP_DESELECT: return heng_mbus_encode_short(HENG_MBUS_C_SND_NKE, HENG_MBUS_SELECTED, buf);
    case STEP_COMMAND: return heng_mbus_order_put(talk, buf);
    case STEP_APPLICATION:
        return heng_mbus_encode_application_reset(HENG_MBUS_C_SND_UD | HENG_MBUS_C_FCB, target->address, -1, buf);
    case STEP_ASK:
        return heng_mbus_encode_short((uint8_t)(HENG_MBUS_C_REQ_UD2 | (talk->memory->fcb ? HENG_MBUS_C_FCB : 0)),
                                      target->address, buf);
    }
    /* Some never confirm SND_NKE, and answer all the same. */
    if (talk->step == STEP_TWIN && !target->secondary && talk->tries % 2 == 1)
        return heng_mbus_encode_short(HENG_MBUS_C_REQ_UD2 | HENG_MBUS_C_FCB, target->address, buf);
    if (target->secondary)
        return heng_mbus_encode_long(HENG_MBUS_C_SND_UD, HENG_MBUS_SELECTED, HENG_MBUS_CI_SELECT, who, buf);
    return heng_mbus_encode_short(HENG_MBUS_C_SND_NKE, target->address, buf);
}

static bool is_reset(const struct heng_talk *talk)
{
    return talk->step == STEP_RESET || talk->step == STEP_RESET_AGAIN;
}

static void mbus_next(struct heng_talk *talk, struct heng_ask *ret)
{
    struct heng_mbus_target target = heng_mbus_target_now(talk);
    struct heng_buf buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    ret->n = put_request(talk, &target, &buf) == HENG_OK ? buf.n : 0;
    heng_ask_times(talk, ret, ANSWER_MS, IDLE_MS);
    ret->answer_bits = ANSWER_BITS;
    ret->tied = target.secondary && is_reset(talk);
    if (talk->step == STEP_COMMAND && talk->order.kind == HENG_ORDER_SET_BAUD) ret->then_baud = talk->order.baud;
    heng_talk_sent(talk);
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
    struct heng_mbus_target now = heng_mbus_target_now(talk), meter;
    if (talk->order.kind == HENG_ORDER_READ_ADDRESS) return true;
    (void)heng_mbus_target_of(talk->meter->address, &meter);
    bool anywhere = now.secondary || now.address == HENG_MBUS_POINT_TO_POINT;
    if (telegram->has_address && !anywhere && telegram->address != now.address) return false;
    if (!heng_mbus_selects(&now, telegram)) return false;
    if (!now.secondary && !heng_mbus_selects(&meter, telegram)) return false; /* at its new primary address */
    bool renaming = talk->told && talk->order.kind == HENG_ORDER_SET_ADDRESS && strlen(talk->order.address) == 8;
    if (heng_mbus_knows_id(&meter) || renaming) return true;
    /* A plate number with letters is the owner's, not the M-Bus id; the address has to do then. */
    const char *number = talk->meter->number;
    bool comparable = number[0] != '\0' && number[strspn(number, "0123456789")] == '\0' && telegram->id[0] != '\0';
    return !comparable || same_number(telegram->id, number);
}

static uint32_t sum_of(struct heng_slice bytes, uint32_t sum)
{
    for (size_t i = 0; i < bytes.n; i++) sum = (sum ^ bytes.p[i]) * FNV_PRIME;
    return sum == UINT32_MAX ? 0 : sum;
}

/* The same without access number and checksum: a meter that begins anew with every request may count on in it. */
static uint32_t sum_of_data(const struct heng_telegram *telegram)
{
    enum { HEADER_AT = 7, LONG_ACCESS_AT = HEADER_AT + 8, FIXED_ACCESS_AT = HEADER_AT + 4, TRAILER = 2 };
    size_t at = telegram->kind == HENG_TELEGRAM_FIXED       ? FIXED_ACCESS_AT
                : telegram->ci == HENG_MBUS_CI_RSP_VARIABLE ? LONG_ACCESS_AT
                                                            : telegram->frame.n;
    if (telegram->frame.n < at + 1 + TRAILER) return sum_of(telegram->frame, FNV_BASIS);
    struct heng_slice rest = heng_slice_from(telegram->frame, at + 1);
    return sum_of(heng_slice_of(rest.p, rest.n - TRAILER), sum_of(heng_slice_of(telegram->frame.p, at), FNV_BASIS));
}

/* What the read-back is about, out of whichever telegram has it first. */
static void note(struct heng_talk *talk, const struct heng_telegram *telegram)
{
    if (!talk->told) return;
    if (talk->telegrams == 0) talk->has_date = talk->has_time = false;
    if (!talk->has_date || !talk->has_time) heng_talk_note_clock(talk, telegram);
    talk->renamed = talk->renamed || strcmp(telegram->id, talk->order.address) == 0;
}

static heng_talk_verdict take(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                              struct heng_read *read, struct heng_err *err)
{
    uint32_t sum = sum_of(telegram->frame, FNV_BASIS), data_sum = sum_of_data(telegram);
    bool repeated = talk->telegrams > 0 && data_sum == talk->last_sum;
    if (talk->unsure && sum == talk->memory->last_sum) {
        talk->unsure = false;
        talk->doubted = true;
        /* The other bit would carry a meter of several telegrams past its first one: it is reset once more instead. */
        if (is_secondary(talk))
            talk->step = STEP_DESELECT;
        else if (talk->memory->many)
            talk->step = STEP_RESET;
        else
            talk->memory->fcb = !talk->memory->fcb;
        return HENG_TALK_NEXT;
    }
    /* A repetition of what was taken already, before this request was sent twice, is a late answer to the one before;
     * only a meter that repeats itself even then ignores the bit, and has said all it will say. */
    if (repeated && talk->tries == 0) return HENG_TALK_IGNORE;
    if (talk->telegrams == 0) heng_talk_forget(talk, read); /* from the beginning again */
    if (!repeated) {
        heng_rc rc = heng_talk_take(talk, telegram, now, read, err);
        if (rc != HENG_OK) return HENG_TALK_BAD;
    }
    talk->last_sum = data_sum;
    note(talk, telegram);
    bool fresh = talk->telegrams == 0 && !talk->doubted && talk->memory->last_sum && sum != talk->memory->last_sum;
    if (fresh && is_secondary(talk)) talk->memory->select_resets = true;
    if (talk->telegrams++ == 0) talk->memory->last_sum = sum;
    talk->unsure = false;
    /* Only what has not come before is progress: else a second telegram that never gets through is asked for for ever.
     */
    if (talk->telegrams > talk->furthest) {
        talk->furthest = talk->telegrams;
        talk->tries = 0;
    }
    talk->memory->fcb = !talk->memory->fcb;
    bool more = telegram->more && !repeated;
    if (more) talk->memory->many = true; /* also when the rest is left: the next read must begin at the first one */
    if (more && talk->telegrams < telegrams_max(talk)) return HENG_TALK_NEXT;
    if (talk->unacked) talk->memory->never_acks = true;
    talk->memory->linked = !is_secondary(talk) && talk->order.kind != HENG_ORDER_READ_ADDRESS &&
                           talk->order.kind != HENG_ORDER_SET_ADDRESS;
    return heng_order_changes(talk->order.kind) ? heng_mbus_order_judge(talk, err) : heng_talk_confirmed(talk);
}

/* E5 says that somebody has heard, and not who. */
static heng_talk_verdict acknowledged(struct heng_talk *talk)
{
    bool secondary = is_secondary(talk);
    if (talk->step == STEP_ASK) return HENG_TALK_IGNORE;
    if (is_reset(talk) && !secondary) {
        talk->unacked = talk->memory->never_acks = false;
        talk->unsure = false;
    }
    if (is_reset(talk) && secondary)
        talk->unsure = !talk->memory->select_resets && !talk->doubted && talk->memory->last_sum;
    if (talk->step == STEP_RESET && talk->order.kind == HENG_ORDER_PROBE) {
        talk->memory->linked = !secondary;
        return heng_talk_confirmed(talk);
    }
    if (talk->step == STEP_COMMAND) talk->stage = HENG_STAGE_ACCEPTED;
    /* A selection is no progress as long as no telegram comes of it. */
    if (talk->step == STEP_COMMAND || !secondary) talk->tries = 0;
    next_step(talk);
    return HENG_TALK_NEXT;
}

/* Has somebody the address that the order gives? A telegram of another address is a late one. */
static bool is_twin(const struct heng_talk *talk, const struct heng_telegram *telegram)
{
    return telegram->kind == HENG_TELEGRAM_ACK || telegram->address == heng_mbus_target_now(talk).address;
}

static heng_talk_verdict mbus_reply(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                    struct heng_read *read, struct heng_err *err)
{
    if (!telegram->from_meter) return HENG_TALK_IGNORE;
    if (talk->step == STEP_TWIN) return is_twin(talk, telegram) ? heng_talk_twin(talk, err) : HENG_TALK_FOREIGN;
    if (telegram->kind == HENG_TELEGRAM_ACK) return acknowledged(talk);
    if (!is_from(talk, telegram)) return HENG_TALK_FOREIGN;
    bool refusal = talk->step == STEP_COMMAND && telegram->kind == HENG_TELEGRAM_ERROR;
    if (talk->step != STEP_ASK && !refusal) return HENG_TALK_IGNORE;
    switch (telegram->kind) {
    case HENG_TELEGRAM_VARIABLE:
    case HENG_TELEGRAM_FIXED: return take(talk, telegram, now, read, err);
    case HENG_TELEGRAM_ERROR:
        talk->memory->linked = false;
        if (telegram->error_code == TOO_MANY_READOUTS) talk->tries = TRIES_SPENT;
        heng_fail(err, HENG_EDENIED, 0, "the meter reports error %u", telegram->error_code);
        return refusal ? heng_talk_denied(talk) : HENG_TALK_REFUSED;
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
    return HENG_TALK_IGNORE;
}

/* Nobody has the address: it can be given. */
static void twin_missed(struct heng_talk *talk, unsigned tries_max)
{
    if (++talk->tries < tries_max) return;
    talk->no_twin = true;
    talk->tries = 0;
    talk->step = STEP_RESET;
}

/* The command may have been heard all the same: what is read back tells. */
static void command_missed(struct heng_talk *talk, unsigned tries_max)
{
    if (++talk->tries >= tries_max) {
        talk->tries = 0;
        next_step(talk);
    } else if (is_secondary(talk)) {
        talk->step = STEP_RESET;
    }
}

static void selected_missed(struct heng_talk *talk)
{
    switch (talk->step) {
    case STEP_DESELECT:
    case STEP_APPLICATION: next_step(talk); return;
    case STEP_ASK:
        talk->step = STEP_DESELECT;
        talk->telegrams = 0;
        break;
    default: talk->step = STEP_RESET; break;
    }
    talk->tries++;
}

static void primary_missed(struct heng_talk *talk)
{
    /* The silence of a meter to its preparation costs one try, however many steps that has. */
    if (talk->step == STEP_RESET || talk->step == STEP_ASK) talk->tries++;
    if (talk->step == STEP_ASK) {
        talk->memory->linked = false;
        return;
    }
    talk->unacked = talk->unacked || talk->step == STEP_RESET;
    next_step(talk);
    talk->unsure = talk->step == STEP_ASK && !talk->doubted;
}

static heng_missed mbus_timeout(struct heng_talk *talk, unsigned tries_max)
{
    if (talk->stage == HENG_STAGE_FAILED) return HENG_MISSED_FAILED;
    if (talk->step == STEP_TWIN)
        twin_missed(talk, tries_max);
    else if (talk->step == STEP_COMMAND)
        command_missed(talk, tries_max);
    else if (is_secondary(talk))
        selected_missed(talk);
    else
        primary_missed(talk);
    if (talk->tries < tries_max) return HENG_MISSED_AGAIN;
    talk->memory->profile = NULL; /* as in heng_talk_missed */
    talk->stage = HENG_STAGE_FAILED;
    return HENG_MISSED_FAILED;
}

const struct heng_driver heng_mbus_driver = {
    .protocol = HENG_PROTOCOL_MBUS,
    .check = mbus_check,
    .begin = mbus_begin,
    .next = mbus_next,
    .reply = mbus_reply,
    .timeout = mbus_timeout,
    .can = heng_mbus_can,
    .broadcast = heng_mbus_broadcast,
};
