/* Orders to a CJ/T 188 meter.
 *
 *   order            commands              read back
 *   read-history     -                     D120 + back - 1, or the profile's
 *   read-address     -                     03 810A, to AAAAAAAAAAAAAA
 *   read-clock       -                     901F, which carries the clock
 *   read-state       -                     901F, whose ST tells the valve
 *   set-clock        04 A015 clock         901F: within CLOCK_S of the site's; else once more
 *   connect,         04 A017 code          901F until ST shows the valve where it is wanted, for as long as the profile
 *   disconnect                             gives it, or a minute
 *   read-purse       -                     8105
 *   purchase         04 A013 n amount      8105, before and behind: meter/purse.h
 *   set-address      15 A018 number        901F of the new number, which nobody answers before
 *
 * An 84 to A017 says that the meter has understood, not that the valve has moved: it may stick, and makers differ in
 * what 55 and 99 mean. While it moves, meters show the old state, the reserved one or a fault: only the last look
 * counts. Source: CJ/T 188-2004 clause 7, CJ/T 188-2018. */
#include "meter/cjt188_order.h"

#include "codec/cjt188.h"
#include "meter/order.h"
#include "meter/purse.h"
#include "meter/values.h"

enum { CLOCK_S = 30, MOVE_MS = 60000, ID_DIGITS = HENG_CJT188_ID_DIGITS, ANY_TYPE = 0xAA };

/* All meters of the line answer a broadcast at once, to nobody. */
enum { BROADCAST_MS = 1000, BROADCAST_PREAMBLE = 4 };

static const char everybody[] = "AAAAAAAAAAAAAA";

static const struct heng_ask_def current[] = {{.di = HENG_CJT188_DI_CURRENT}};
static const struct heng_ask_def address[] = {
    {.di = HENG_CJT188_DI_ADDRESS, .function_code = HENG_CJT188_C_READ_ADDRESS}};
static const struct heng_ask_def set_clock[] = {
    {.di = HENG_CJT188_DI_WRITE_CLOCK, .function_code = HENG_CJT188_C_WRITE}, {.di = HENG_CJT188_DI_CURRENT}};
static const struct heng_ask_def set_valve[] = {{.di = HENG_CJT188_DI_VALVE, .function_code = HENG_CJT188_C_WRITE},
                                                {.di = HENG_CJT188_DI_CURRENT}};
static const struct heng_ask_def set_address[] = {
    {.di = HENG_CJT188_DI_CURRENT},
    {.di = HENG_CJT188_DI_WRITE_ADDRESS, .function_code = HENG_CJT188_C_WRITE_ADDRESS},
    {.di = HENG_CJT188_DI_CURRENT}};

static uint32_t move_ms(const struct heng_talk *talk)
{
    return talk->profile && talk->profile->move_s ? talk->profile->move_s * 1000 : MOVE_MS;
}

static const struct heng_ask_def read_purse[] = {{.di = HENG_CJT188_DI_PURCHASE}};
static const struct heng_ask_def purchase[] = {
    {.di = HENG_CJT188_DI_PURCHASE},
    {.di = HENG_CJT188_DI_WRITE_PURCHASE, .function_code = HENG_CJT188_C_WRITE},
    {.di = HENG_CJT188_DI_PURCHASE}};

/* The count of purchases has two digits, an amount eight. */
enum { COUNT_WRAP = 100, AMOUNT_MAX = 99999999 };

static void ask_history(struct heng_talk *talk)
{
    const struct heng_ask_def usual = {.di = HENG_CJT188_DI_HISTORY};
    bool told = talk->profile && talk->profile->history_count;
    heng_talk_ask(talk, told ? talk->profile->history : &usual, told ? talk->profile->history_count : 1);
    for (size_t i = 0; i < talk->ask_count; i++) talk->asks[i].di += talk->order.back - 1U;
}

void heng_cjt188_order_begin(struct heng_talk *talk)
{
    switch (talk->order.kind) {
    case HENG_ORDER_READ_HISTORY: ask_history(talk); return;
    case HENG_ORDER_READ_ADDRESS: heng_talk_ask(talk, address, 1); return;
    case HENG_ORDER_READ_CLOCK:
    case HENG_ORDER_READ_STATE: heng_talk_ask(talk, current, 1); return;
    case HENG_ORDER_SET_CLOCK: heng_talk_command(talk, set_clock, 2, 0, 1, 0); return;
    case HENG_ORDER_CONNECT:
    case HENG_ORDER_DISCONNECT: heng_talk_command(talk, set_valve, 2, 0, 1, move_ms(talk)); return;
    case HENG_ORDER_SET_ADDRESS: heng_talk_command(talk, set_address, 3, 1, 2, 0); return;
    case HENG_ORDER_READ_PURSE: heng_talk_ask(talk, read_purse, 1); return;
    case HENG_ORDER_PURCHASE: heng_talk_command(talk, purchase, 3, 1, 2, 0); return;
    case HENG_ORDER_READ:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_FREEZE:
    case HENG_ORDER_KEEP:
    case HENG_ORDER_RELEASE:
    case HENG_ORDER_SET_BAUD:
    case HENG_ORDER_COUNT: return;
    }
}

const char *heng_cjt188_order_id(const struct heng_talk *talk)
{
    if (talk->order.kind == HENG_ORDER_READ_ADDRESS) return everybody;
    bool new = talk->order.kind == HENG_ORDER_SET_ADDRESS && !heng_talk_is_command(talk);
    return new ? talk->order.address : talk->meter->address;
}

heng_rc heng_cjt188_order_put(const struct heng_talk *talk, struct heng_buf *buf)
{
    if (!heng_talk_is_command(talk)) return HENG_OK;
    switch (talk->asks[talk->step].di) {
    case HENG_CJT188_DI_WRITE_CLOCK: return heng_cjt188_put_clock(buf, &talk->clock);
    case HENG_CJT188_DI_WRITE_ADDRESS: return heng_cjt188_put_id(buf, talk->order.address);
    case HENG_CJT188_DI_WRITE_PURCHASE:
        return heng_cjt188_put_purchase(buf, (uint8_t)(talk->order.number % COUNT_WRAP), (uint64_t)talk->order.amount);
    case HENG_CJT188_DI_VALVE:
        heng_buf_u8(buf, heng_cjt188_valve_code(talk->order.kind == HENG_ORDER_CONNECT,
                                                talk->profile ? &talk->profile->dialect : NULL));
        return HENG_OK;
    }
    return HENG_EBUG;
}

/* --- what was read back ------------------------------------------------------------------------------------ */

static heng_talk_verdict judge_clock(struct heng_talk *talk, struct heng_err *err)
{
    if (!talk->has_date || !talk->has_time) return heng_talk_failed(talk, err, "the meter does not show its clock");
    int64_t ahead_s = heng_talk_clock_ahead_s(talk);
    if (ahead_s >= -CLOCK_S && ahead_s <= CLOCK_S) return heng_talk_confirmed(talk);
    if (!talk->repeated_once) {
        talk->repeated_once = true;
        talk->step = talk->command;
        return HENG_TALK_NEXT;
    }
    return heng_talk_failed(talk, err, "the meter's clock is still wrong by %lld s", (long long)ahead_s);
}

static heng_talk_verdict judge_valve(struct heng_talk *talk, bool known, heng_cjt188_valve valve, struct heng_err *err)
{
    bool on = talk->order.kind == HENG_ORDER_CONNECT;
    if (!known) return heng_talk_failed(talk, err, "the meter does not say how its valve stands");
    if (valve == (on ? HENG_CJT188_VALVE_OPEN : HENG_CJT188_VALVE_CLOSED)) return heng_talk_confirmed(talk);
    if (heng_talk_wait(talk)) return HENG_TALK_NEXT;
    unsigned waited_s = talk->waited_ms / 1000;
    switch (valve) {
    case HENG_CJT188_VALVE_OPEN:
    case HENG_CJT188_VALVE_CLOSED:
        return heng_talk_failed(talk, err, "after %u s the valve says it is still %s", waited_s,
                                on ? "closed" : "open");
    case HENG_CJT188_VALVE_RESERVED:
        return heng_talk_failed(talk, err, "after %u s the valve is neither open nor closed", waited_s);
    case HENG_CJT188_VALVE_ABNORMAL:
        return heng_talk_failed(talk, err, "after %u s the valve reports a fault", waited_s);
    }
    return HENG_TALK_BAD;
}

static heng_talk_verdict judge_purse(struct heng_talk *talk, const struct heng_telegram *telegram,
                                     struct heng_read *read, struct heng_err *err)
{
    struct heng_purse purse = {.number = 0};
    bool known = heng_purse_of(telegram, &purse);
    if (talk->order.kind == HENG_ORDER_PURCHASE) return heng_purse_looked(talk, &purse, COUNT_WRAP, read, err);
    if (!known) return heng_talk_stateless(talk, read, err, "say what is in its purse");
    heng_purse_add_values(&purse, read);
    return heng_talk_step(talk);
}

heng_talk_verdict heng_cjt188_order_answered(struct heng_talk *talk, const struct heng_telegram *telegram,
                                             struct heng_read *read, struct heng_err *err)
{
    heng_cjt188_valve valve = HENG_CJT188_VALVE_OPEN;
    talk->tries = 0;
    if (heng_talk_is_command(talk)) return heng_talk_accepted(talk);
    bool known = heng_cjt188_valve_of(telegram, &valve);
    switch (talk->order.kind) {
    case HENG_ORDER_READ_STATE:
        if (!known) return heng_talk_stateless(talk, read, err, "say how its valve stands");
        heng_values_add_state(HENG_QUANTITY_VALVE_STATE, valve, read);
        return heng_talk_step(talk);
    case HENG_ORDER_CONNECT:
    case HENG_ORDER_DISCONNECT:
        if (known) heng_values_add_state(HENG_QUANTITY_VALVE_STATE, valve, read);
        return judge_valve(talk, known, valve, err);
    case HENG_ORDER_SET_CLOCK:
        talk->has_date = talk->has_time = false;
        heng_talk_note_clock(talk, telegram);
        return judge_clock(talk, err);
    case HENG_ORDER_SET_ADDRESS: return heng_talk_moved(talk, err);
    case HENG_ORDER_READ_PURSE:
    case HENG_ORDER_PURCHASE: return judge_purse(talk, telegram, read, err);
    case HENG_ORDER_READ:
    case HENG_ORDER_READ_HISTORY:
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_READ_CLOCK:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_FREEZE:
    case HENG_ORDER_KEEP:
    case HENG_ORDER_RELEASE:
    case HENG_ORDER_SET_BAUD:
    case HENG_ORDER_COUNT: break;
    }
    return heng_talk_step(talk);
}

/* --- what can be ------------------------------------------------------------------------------------------- */

/* A number for one meter: no byte AA, which would be any, and not the 99 of all. */
static bool is_one(const char *number)
{
    bool good = strlen(number) == ID_DIGITS && strspn(number, "0123456789ABCDEFabcdef") == ID_DIGITS &&
                strspn(number, "9") != ID_DIGITS;
    for (size_t i = 0; good && i < ID_DIGITS; i += 2) good = !strchr("Aa", number[i]) || !strchr("Aa", number[i + 1]);
    return good;
}

static heng_rc check_address(const char *number, struct heng_err *err)
{
    if (is_one(number)) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0,
                     "'%s' is not a CJ/T 188 number for one meter: 14 digits, vendor code first, as in 11110059493675",
                     number);
}

heng_rc heng_cjt188_can(const struct heng_meter_config *meter, const struct heng_order *order, struct heng_err *err)
{
    switch (order->kind) {
    case HENG_ORDER_READ:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_READ_CLOCK:
    case HENG_ORDER_READ_STATE:
    case HENG_ORDER_READ_PURSE:
    case HENG_ORDER_SET_CLOCK: return HENG_OK;
    case HENG_ORDER_PURCHASE:
        if (!is_one(meter->address)) return heng_order_not_one(meter->address, order, err);
        return heng_purse_check(order, AMOUNT_MAX, err);
    case HENG_ORDER_CONNECT:
    case HENG_ORDER_DISCONNECT:
        return is_one(meter->address) ? HENG_OK : heng_order_not_one(meter->address, order, err);
    case HENG_ORDER_READ_HISTORY: return heng_order_check_back(order, HENG_HISTORY_BACK_MAX, err);
    case HENG_ORDER_SET_ADDRESS:
        if (!is_one(meter->address)) return heng_order_not_one(meter->address, order, err);
        return check_address(order->address, err);
    case HENG_ORDER_FREEZE:
    case HENG_ORDER_KEEP:
    case HENG_ORDER_RELEASE:
    case HENG_ORDER_SET_BAUD:
    case HENG_ORDER_COUNT: break;
    }
    return heng_fail(err, HENG_EUNSUPPORTED, 0, "CJ/T 188 has no command for '%s'", heng_order_text(order->kind));
}

heng_rc heng_cjt188_broadcast(const struct heng_order *order, const struct heng_civil *clock, struct heng_ask *ret,
                              struct heng_err *err)
{
    uint8_t data[8];
    struct heng_buf payload = heng_buf_of(data, sizeof data);
    struct heng_ask ask = {.idle_ms = BROADCAST_MS, .silent = true};
    struct heng_buf buf = heng_buf_of(ask.bytes, sizeof ask.bytes);
    struct heng_cjt188_frame frame = {.type = ANY_TYPE,
                                      .control = HENG_CJT188_C_WRITE,
                                      .preamble = BROADCAST_PREAMBLE,
                                      .di = HENG_CJT188_DI_WRITE_CLOCK};
    if (order->kind != HENG_ORDER_SET_CLOCK)
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "CJ/T 188 has no '%s' for all meters of a line",
                         heng_order_text(order->kind));
    memcpy(frame.id, everybody, sizeof everybody);
    heng_rc rc = heng_cjt188_put_clock(&payload, clock);
    frame.payload = heng_buf_slice(&payload);
    if (rc == HENG_OK) rc = heng_cjt188_encode(&frame, &buf);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "this is no time to set a clock to");
    ask.n = buf.n;
    *ret = ask;
    return HENG_OK;
}
