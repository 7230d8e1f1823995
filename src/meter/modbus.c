/* Reading a Modbus meter, which is all that can be wanted of one here: the questions of its profile one after another,
 * each a function code 01 to 04, a first register or coil and a count. Without a profile nobody knows what a register
 * means, so there is no reading.
 *
 *   question                     answer                       then
 *   unit 03 address count        unit 03 bytes registers      next question
 *                                unit 83 01, 02, 03           the meter has no such registers: left out where the
 *                                                             profile allows it
 *                                unit 83 05, 06               busy: the same again after a pause
 *                                unit 83 other                the same again
 *
 * An answer does not say which registers it holds. On TCP the transaction number ties it to its question; on a
 * serial line only time does. So every question there is marked as one whose answer is anonymous, and the line asks it
 * only when no answer to another can come any more. A repeated question stays the same, byte by byte: another count
 * would tell its answer from the first one's, but meters refuse registers behind those of their list, and what is
 * learned by it is no more than time tells.
 * Source: Modbus Application Protocol 1.1b3 clauses 6 and 7, Modbus over Serial Line 1.02 clause 2. */
#include <stdlib.h>

#include "codec/modbus.h"
#include "meter/order.h"

/* The standards give no times; these are what the sheets of meters ask for. 3.5 characters of 11 bits between frames.
 */
enum { ANSWER_MS = 500, TCP_ANSWER_MS = 1000, IDLE_MS = 20, IDLE_BITS = 39, BUSY_PAUSE_MS = 500 };

enum { UNIT_MIN = 1, UNIT_MAX = 247 };

enum { ILLEGAL_FUNCTION = 1, ILLEGAL_ADDRESS = 2, ILLEGAL_VALUE = 3, ACKNOWLEDGE = 5, BUSY = 6 };

static bool is_tcp(const struct heng_meter_config *meter) { return meter->protocol == HENG_PROTOCOL_MODBUS_TCP; }

/* A device that is its own TCP server often answers to 255 or 0 only. */
static bool unit_of(const struct heng_meter_config *meter, uint8_t *ret)
{
    char *end;
    unsigned long unit = strtoul(meter->address, &end, 10);
    bool padded = meter->address[0] == '0' && meter->address[1] != '\0'; /* 1 and 01 would be two of one meter */
    if (meter->address[0] < '0' || meter->address[0] > '9' || *end != '\0' || padded || unit > UINT8_MAX) return false;
    if (!is_tcp(meter) && (unit < UNIT_MIN || unit > UNIT_MAX)) return false;
    *ret = (uint8_t)unit;
    return true;
}

static heng_rc modbus_check(const struct heng_meter_config *meter, struct heng_err *err)
{
    uint8_t unit;
    if (!unit_of(meter, &unit))
        return heng_fail(err, HENG_ECONFIG, 0, "'%s' is not a Modbus unit: 1 to 247%s", meter->address,
                         is_tcp(meter) ? ", on TCP also 0 and 248 to 255" : "");
    if (!meter->profile || meter->profile->ask_count == 0)
        return heng_fail(err, HENG_ECONFIG, 0,
                         "a Modbus meter needs a profile that says what its registers mean; 'heng profile list' names "
                         "those that there are");
    return HENG_OK;
}

static void modbus_begin(struct heng_talk *talk)
{
    heng_talk_begin(talk, NULL, 0);
    talk->memory->transaction++;
}

static void modbus_next(struct heng_talk *talk, struct heng_ask *ret)
{
    const struct heng_ask_def *ask = &talk->asks[talk->step];
    uint8_t memory[8], unit = 0;
    (void)unit_of(talk->meter, &unit); /* checked when the meter was configured */
    struct heng_buf pdu = heng_buf_of(memory, sizeof memory), buf = heng_buf_of(ret->bytes, sizeof ret->bytes);
    heng_rc rc = heng_modbus_put_read(ask->function_code, (uint16_t)ask->di, ask->count, &pdu);
    if (rc == HENG_OK)
        rc = is_tcp(talk->meter) ? heng_modbus_encode_tcp(talk->memory->transaction, unit, heng_buf_slice(&pdu), &buf)
                                 : heng_modbus_encode_rtu(unit, heng_buf_slice(&pdu), &buf);
    ret->n = rc == HENG_OK ? buf.n : 0;
    heng_ask_times(talk, ret, is_tcp(talk->meter) ? TCP_ANSWER_MS : ANSWER_MS, IDLE_MS);
    ret->idle_bits = IDLE_BITS;
    ret->anonymous = !is_tcp(talk->meter);
    heng_talk_sent(talk);
}

/* The request that is out, as a telegram. */
static struct heng_telegram request_of(struct heng_talk *talk, struct heng_ask *ask)
{
    const struct heng_ask_def *def = &talk->asks[talk->step];
    struct heng_telegram request = {
        .protocol = talk->meter->protocol,
        .kind = HENG_TELEGRAM_REQUEST,
        .has_address = true,
        .control = def->function_code,
        .di = def->di,
        .has_di = true,
        .count = def->count,
        .transaction = is_tcp(talk->meter) ? talk->memory->transaction : 0,
    };
    (void)unit_of(talk->meter, &request.address);
    modbus_next(talk, ask);
    request.frame = heng_slice_of(ask->bytes, ask->n);
    return request;
}

/* On to the next question. */
static heng_talk_verdict step(struct heng_talk *talk, heng_talk_verdict (*how)(struct heng_talk *talk))
{
    uint8_t before = talk->step;
    heng_talk_verdict verdict = how(talk);
    if (talk->step != before) talk->memory->transaction++;
    return verdict;
}

static heng_talk_verdict refused(struct heng_talk *talk, uint8_t exception, struct heng_err *err)
{
    heng_fail(err, HENG_EDENIED, 0, "the meter reports exception %u: %s", exception,
              heng_modbus_exception_text(exception));
    if (exception == ACKNOWLEDGE || exception == BUSY) talk->pause_ms = BUSY_PAUSE_MS;
    bool has_not = exception == ILLEGAL_FUNCTION || exception == ILLEGAL_ADDRESS || exception == ILLEGAL_VALUE;
    return has_not ? step(talk, heng_talk_refused) : HENG_TALK_REFUSED;
}

static heng_talk_verdict modbus_reply(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                                      struct heng_read *read, struct heng_err *err)
{
    struct heng_ask ask;
    struct heng_telegram request = request_of(talk, &ask), answer = *telegram;
    /* An echo of a question for few coils has the form of an answer. */
    if (!telegram->from_meter || heng_slice_eq(telegram->frame, request.frame)) return HENG_TALK_IGNORE;
    if (telegram->transaction != request.transaction) return HENG_TALK_IGNORE;
    if (telegram->address != request.address) return HENG_TALK_FOREIGN;
    if (telegram->kind == HENG_TELEGRAM_ERROR) {
        if (telegram->control != (request.control | HENG_MODBUS_EXCEPTION)) return HENG_TALK_IGNORE;
        return refused(talk, telegram->error_code, err);
    }
    if (telegram->kind != HENG_TELEGRAM_DATA || !heng_modbus_join(&request, &answer)) return HENG_TALK_IGNORE;
    answer.asked = request.frame;
    if (heng_talk_take(talk, &answer, now, read, err) != HENG_OK) return HENG_TALK_BAD;
    talk->telegrams++;
    return step(talk, heng_talk_step);
}

static heng_missed modbus_timeout(struct heng_talk *talk, unsigned tries_max)
{
    uint8_t before = talk->step;
    heng_missed missed = heng_talk_missed(talk, tries_max);
    if (talk->step != before) talk->memory->transaction++;
    return missed;
}

static bool rtu_is_from(const struct heng_meter_config *meter, const struct heng_telegram *telegram)
{
    uint8_t unit = 0;
    return unit_of(meter, &unit) && telegram->from_meter && telegram->address == unit;
}

const struct heng_driver heng_modbus_rtu_driver = {
    .protocol = HENG_PROTOCOL_MODBUS_RTU,
    .check = modbus_check,
    .begin = modbus_begin,
    .next = modbus_next,
    .reply = modbus_reply,
    .timeout = modbus_timeout,
    .is_from = rtu_is_from,
};

const struct heng_driver heng_modbus_tcp_driver = {
    .protocol = HENG_PROTOCOL_MODBUS_TCP,
    .check = modbus_check,
    .begin = modbus_begin,
    .next = modbus_next,
    .reply = modbus_reply,
    .timeout = modbus_timeout,
};
