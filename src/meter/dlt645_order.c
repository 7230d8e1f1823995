/* Orders to a DL/T 645 meter.
 *
 *   order            before           commands                       read back
 *   read-history     -                -                              2007: the energy DIs, DI0 = back; 1997: 94xx, 98xx
 *   read-address     -                -                              13, to AAAAAAAAAAAA (2007)
 *   read-clock       -                -                              04000101 04000102; C010 C011
 *   read-state       -                -                              04000503 (2007)
 *   read-purse       -                -                              00900200 00900201 03330201 03330601 (2007)
 *   set-clock        -                14 04000101, 14 04000102;      the same two: within CLOCK_S, else once more
 *                                     04 C010, 04 C011
 *   freeze           -                16 99999999 (2007)             the clock, then 05010001: frozen just now
 *   connect, ...     the clock; when  1C N1, valid until in          04000503 until the relay is where it is wanted
 *                    it is off, 14    VALID_MIN (2007)
 *   set-address      the energy, of   15 / 0A number                 the energy, of the new number
 *                    the new number:
 *                    silence
 *   set-baud         -                17 code (2007)                 the energy, at the new speed
 *
 * A meter obeys a relay command only until the time that stands in it, by its own clock: a clock that is more than
 * SKEW_S off is set first. Broadcast 08 cannot do that, because a meter takes five minutes from it at most. Whoever
 * refuses to show the clock gets the command as it is.
 * Date and time are asked and written one after the other. In the first minute after midnight the date that was read
 * may be yesterday's, and the time that was written today's: then both are asked, or written, once more.
 * 9C says that the command is accepted, not that the contact has moved. Some meters trip behind a delay and warn
 * before; one whose supply is kept on does not trip at all.
 * A new number goes to the old one: to AAAAAAAAAAAA, as the standard has it for a single meter, all meters of a line
 * would take it.
 * Source: DL/T 645-2007 clauses 7 and 8, appendices A and C; DL/T 645-1997 clause 6. */
#include "meter/dlt645_order.h"

#include "codec/dlt645.h"
#include "meter/order.h"
#include "meter/purse.h"
#include "meter/values.h"

enum { CLOCK_S = 30, SKEW_S = 300, VALID_MIN = 30, MOVE_MS = 60000, FROZEN_S = 180, ID_DIGITS = HENG_DLT645_ID_DIGITS };

enum { DATE = 0x04000101, TIME = 0x04000102, DATE_97 = 0xC010, TIME_97 = 0xC011, STATE = 0x04000503 };

/* Times of freezes and the energy that every meter has. */
enum { FROZEN_AT = 0x05010001, ENERGY = 0x00010000, ENERGY_97 = 0x9010 };

enum { TRIP = 0x1A, ALLOW_CLOSE = 0x1B, CLOSE = 0x1C, KEEP = 0x3A, RELEASE = 0x3B };

/* Status word 3. */
enum { RELAY_OPEN = 1 << 4, OPEN_COMMANDED = 1 << 6, TRIP_WARNING = 1 << 7, KEPT = 1 << 12 };

/* 1997 keeps this month, the last one and the one before: 90xx, 94xx, 98xx. */
enum { MONTHS_1997 = 2 };

enum { BROADCAST_PREAMBLE = 4, BROADCAST_MS = 200 };

static const struct heng_ask_def clock_2007[] = {{.di = DATE}, {.di = TIME}};
static const struct heng_ask_def clock_1997[] = {{.di = DATE_97}, {.di = TIME_97}};
static const struct heng_ask_def state[] = {{.di = STATE}};
static const struct heng_ask_def address[] = {{.function_code = HENG_DLT645_C_READ_ADDRESS}};
static const struct heng_ask_def history_2007[] = {{.di = 0x0001FF00}, {.di = 0x0002FF00, .optional = true}};
static const struct heng_ask_def history_1997[] = {{.di = 0x901F}, {.di = 0x902F, .optional = true}};

static const struct heng_ask_def set_clock_2007[] = {
    {.di = DATE, .function_code = HENG_DLT645_C_WRITE},
    {.di = TIME, .function_code = HENG_DLT645_C_WRITE},
    {.di = DATE},
    {.di = TIME},
};
static const struct heng_ask_def set_clock_1997[] = {
    {.di = DATE_97, .function_code = HENG_DLT645_97_C_WRITE},
    {.di = TIME_97, .function_code = HENG_DLT645_97_C_WRITE},
    {.di = DATE_97},
    {.di = TIME_97},
};
static const struct heng_ask_def freeze[] = {
    {.function_code = HENG_DLT645_C_FREEZE},
    {.di = DATE},
    {.di = TIME},
    {.di = FROZEN_AT},
};
enum { RELAY_SET_DATE = 2, RELAY_SET_TIME, RELAY_COMMAND, RELAY_STATE, RELAY_STEPS };
static const struct heng_ask_def relay[RELAY_STEPS] = {
    {.di = DATE},
    {.di = TIME},
    [RELAY_SET_DATE] = {.di = DATE, .function_code = HENG_DLT645_C_WRITE},
    [RELAY_SET_TIME] = {.di = TIME, .function_code = HENG_DLT645_C_WRITE},
    [RELAY_COMMAND] = {.function_code = HENG_DLT645_C_RELAY},
    [RELAY_STATE] = {.di = STATE},
};
static const struct heng_ask_def set_address_2007[] = {
    {.di = ENERGY}, {.function_code = HENG_DLT645_C_WRITE_ADDRESS}, {.di = ENERGY}};
static const struct heng_ask_def set_address_1997[] = {
    {.di = ENERGY_97}, {.function_code = HENG_DLT645_97_C_WRITE_ADDRESS}, {.di = ENERGY_97}};
/* What is left, what is owed, the purchases so far, all they brought: many models keep the last two to their cards. */
static const struct heng_ask_def purse[] = {{.di = 0x00900200},
                                            {.di = 0x00900201, .optional = true},
                                            {.di = 0x03330201, .optional = true},
                                            {.di = 0x03330601, .optional = true}};
static const struct heng_ask_def set_baud[] = {{.function_code = HENG_DLT645_C_BAUD}, {.di = ENERGY}};

static bool is_1997(const struct heng_talk *talk) { return talk->meter->protocol == HENG_PROTOCOL_DLT645_1997; }

/* --- what is asked ----------------------------------------------------------------------------------------- */

/* Energy of now, 2007 without what is left of a prepayment: it has a past. */
static bool has_history(bool edition_1997, uint32_t di)
{
    if (edition_1997) return di >> 8 == 0x90 || di >> 8 == 0x91;
    return di >> 24 == 0 && (di & 0xFF) == 0 && (di >> 16 & 0xFF) != 0x90;
}

static void ask_history(struct heng_talk *talk)
{
    struct heng_ask_def asks[HENG_PROFILE_ASKS_MAX];
    const struct heng_profile *profile = talk->profile;
    uint32_t back = talk->order.back;
    size_t n = 0;
    for (size_t i = 0; profile && !profile->history_count && i < profile->ask_count; i++)
        if (has_history(is_1997(talk), profile->asks[i].di)) asks[n++] = profile->asks[i];
    if (n)
        heng_talk_ask(talk, asks, n);
    else if (profile && profile->history_count)
        heng_talk_ask(talk, profile->history, profile->history_count);
    else
        heng_talk_ask(talk, is_1997(talk) ? history_1997 : history_2007, 2);
    if (profile && profile->history_count) back--; /* theirs are those of the last due date already */
    for (size_t i = 0; i < talk->ask_count; i++)
        talk->asks[i].di += back * (is_1997(talk) ? HENG_HISTORY_STEP_1997 : 1);
}

static uint32_t move_ms(const struct heng_talk *talk)
{
    return talk->profile && talk->profile->move_s ? talk->profile->move_s * 1000 : MOVE_MS;
}

void heng_dlt645_order_begin(struct heng_talk *talk)
{
    bool old = is_1997(talk);
    switch (talk->order.kind) {
    case HENG_ORDER_READ_HISTORY: ask_history(talk); return;
    case HENG_ORDER_READ_ADDRESS: heng_talk_ask(talk, address, 1); return;
    case HENG_ORDER_READ_CLOCK: heng_talk_ask(talk, old ? clock_1997 : clock_2007, 2); return;
    case HENG_ORDER_READ_STATE: heng_talk_ask(talk, state, 1); return;
    case HENG_ORDER_SET_CLOCK: heng_talk_command(talk, old ? set_clock_1997 : set_clock_2007, 4, 0, 2, 0); return;
    case HENG_ORDER_FREEZE: heng_talk_command(talk, freeze, 4, 0, 1, 0); return;
    case HENG_ORDER_CONNECT:
    case HENG_ORDER_DISCONNECT:
    case HENG_ORDER_KEEP:
    case HENG_ORDER_RELEASE:
        heng_talk_command(talk, relay, RELAY_STEPS, RELAY_COMMAND, RELAY_STATE, move_ms(talk));
        return;
    case HENG_ORDER_SET_ADDRESS: heng_talk_command(talk, old ? set_address_1997 : set_address_2007, 3, 1, 2, 0); return;
    case HENG_ORDER_SET_BAUD: heng_talk_command(talk, set_baud, 2, 0, 1, 0); return;
    case HENG_ORDER_READ_PURSE: heng_talk_ask(talk, purse, 4); return;
    case HENG_ORDER_READ:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_PURCHASE:
    case HENG_ORDER_COUNT: return;
    }
}

const char *heng_dlt645_order_id(const struct heng_talk *talk)
{
    if (talk->order.kind == HENG_ORDER_READ_ADDRESS) return "AAAAAAAAAAAA";
    bool new = talk->order.kind == HENG_ORDER_SET_ADDRESS && !heng_talk_is_command(talk);
    return new ? talk->order.address : talk->meter->address;
}

static uint8_t action_of(const struct heng_talk *talk)
{
    switch (talk->order.kind) {
    case HENG_ORDER_CONNECT: return talk->profile && talk->profile->closes_relay ? CLOSE : ALLOW_CLOSE;
    case HENG_ORDER_DISCONNECT: return TRIP;
    case HENG_ORDER_KEEP: return KEEP;
    case HENG_ORDER_RELEASE:
    case HENG_ORDER_READ:
    case HENG_ORDER_READ_HISTORY:
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_READ_CLOCK:
    case HENG_ORDER_READ_STATE:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_SET_CLOCK:
    case HENG_ORDER_FREEZE:
    case HENG_ORDER_SET_ADDRESS:
    case HENG_ORDER_SET_BAUD:
    case HENG_ORDER_READ_PURSE:
    case HENG_ORDER_PURCHASE:
    case HENG_ORDER_COUNT: break;
    }
    return RELEASE;
}

static void put_relay(const struct heng_talk *talk, struct heng_buf *data)
{
    const struct heng_order *order = &talk->order;
    heng_us until = heng_civil_to_us(&talk->clock) + VALID_MIN * 60 * HENG_US_PER_S;
    struct heng_dlt645_relay command = {
        .level = order->password[0], .action = action_of(talk), .valid_until = heng_us_to_civil(until)};
    memcpy(command.password, order->password + 1, sizeof command.password);
    memcpy(command.operator_code, order->operator_code, sizeof command.operator_code);
    heng_dlt645_put_relay(data, &command);
}

static void put_write(const struct heng_talk *talk, uint32_t di, struct heng_buf *data)
{
    heng_dlt645_put_di(data, talk->meter->protocol, di);
    heng_buf_put(data, heng_slice_of(talk->order.password, sizeof talk->order.password));
    if (!is_1997(talk)) heng_buf_put(data, heng_slice_of(talk->order.operator_code, sizeof talk->order.operator_code));
    if (di == DATE || di == DATE_97)
        heng_dlt645_put_date(data, &talk->clock);
    else
        heng_dlt645_put_time(data, &talk->clock);
}

static void put_number(const char *digits, struct heng_buf *data)
{
    for (size_t i = ID_DIGITS; i >= 2; i -= 2)
        heng_buf_u8(data, (uint8_t)((digits[i - 2] - '0') << 4 | (digits[i - 1] - '0')));
}

void heng_dlt645_order_put(const struct heng_talk *talk, struct heng_buf *data)
{
    static const uint8_t now[] = {0x99, 0x99, 0x99, 0x99};
    const struct heng_ask_def *ask = &talk->asks[talk->step];
    switch (ask->function_code) {
    case HENG_DLT645_C_WRITE:
    case HENG_DLT645_97_C_WRITE: put_write(talk, ask->di, data); return;
    case HENG_DLT645_C_WRITE_ADDRESS:
    case HENG_DLT645_97_C_WRITE_ADDRESS: put_number(talk->order.address, data); return;
    case HENG_DLT645_C_FREEZE: heng_buf_put(data, heng_slice_of(now, sizeof now)); return;
    case HENG_DLT645_C_BAUD: heng_buf_u8(data, heng_dlt645_baud_code(talk->order.baud)); return;
    case HENG_DLT645_C_RELAY: put_relay(talk, data); return;
    }
}

/* --- what was read back ------------------------------------------------------------------------------------- */

static bool is_first_minute(const struct heng_civil *clock) { return clock->hour == 0 && clock->minute == 0; }

/* May the date that was read before this time be that of the day before? Says so once. */
static bool is_torn(struct heng_talk *talk)
{
    if (talk->clock_again || !talk->has_time || !is_first_minute(&talk->meter_clock)) return false;
    return talk->clock_again = true;
}

/* Back to the question for the date; nothing was read before it. */
static heng_talk_verdict ask_clock_again(struct heng_talk *talk, struct heng_read *read)
{
    talk->kept_values = talk->kept_frames = 0;
    heng_talk_forget(talk, read);
    talk->step--;
    return HENG_TALK_NEXT;
}

static heng_talk_verdict judge_clock(struct heng_talk *talk, struct heng_read *read, struct heng_err *err)
{
    if (talk->step + 1 < talk->ask_count) return heng_talk_step(talk);
    if (is_torn(talk)) return ask_clock_again(talk, read);
    if (!talk->has_date || !talk->has_time) return heng_talk_failed(talk, err, "the meter does not show its clock");
    int64_t ahead_s = heng_talk_clock_ahead_s(talk);
    if (ahead_s >= -CLOCK_S && ahead_s <= CLOCK_S) return heng_talk_confirmed(talk);
    if (!talk->repeated_once) {
        talk->repeated_once = true;
        talk->clock_again = talk->has_date = talk->has_time = false;
        talk->step = talk->command;
        return HENG_TALK_NEXT;
    }
    return heng_talk_failed(talk, err, "the meter's clock is still wrong by %lld s", (long long)ahead_s);
}

static bool is_datetime(const struct heng_telegram *telegram, struct heng_civil *ret)
{
    struct heng_records records = heng_telegram_records(telegram);
    struct heng_record record;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        if (record.kind != HENG_VALUE_DATETIME) continue;
        *ret = record.civil;
        return true;
    }
    return false;
}

/* The moment of the last freeze has minutes only, and is the meter's. */
static heng_talk_verdict judge_freeze(struct heng_talk *talk, const struct heng_telegram *telegram,
                                      struct heng_read *read, struct heng_err *err)
{
    struct heng_civil at;
    if (talk->step + 2 == talk->ask_count && is_torn(talk)) return ask_clock_again(talk, read);
    if (talk->step + 1 < talk->ask_count) return heng_talk_step(talk);
    if (talk->stage != HENG_STAGE_ACCEPTED) /* what was frozen a moment ago may have another reason */
        return heng_talk_failed(talk, err, "the meter does not answer the command");
    if (!is_datetime(telegram, &at)) return heng_talk_failed(talk, err, "the meter does not show when it froze values");
    if (!talk->has_date || !talk->has_time) return heng_talk_failed(talk, err, "the meter does not show its clock");
    int64_t ago_s = (heng_civil_to_us(&talk->meter_clock) - heng_civil_to_us(&at)) / HENG_US_PER_S;
    if (ago_s >= 0 && ago_s <= FROZEN_S) return heng_talk_confirmed(talk);
    return heng_talk_failed(talk, err, "the values that the meter froze last are of %04d-%02u-%02u %02u:%02u", at.year,
                            at.month, at.day, at.hour, at.minute);
}

static bool status_word(const struct heng_telegram *telegram, unsigned *ret)
{
    struct heng_records records = heng_telegram_records(telegram);
    struct heng_record record;
    while (heng_record_next(&records, &record, NULL) == HENG_OK) {
        if (record.quantity != HENG_QUANTITY_STATUS || record.kind != HENG_VALUE_DEC) continue;
        *ret = (unsigned)record.dec.mantissa;
        return true;
    }
    return false;
}

static const char *why_not(const struct heng_talk *talk, unsigned word)
{
    bool on = talk->order.kind == HENG_ORDER_CONNECT;
    if (talk->order.kind == HENG_ORDER_KEEP) return "its supply is not kept on";
    if (talk->order.kind == HENG_ORDER_RELEASE) return "its supply is still kept on";
    if (!on && word & KEPT) return "its supply is kept on: release that first";
    if (!on && word & TRIP_WARNING) return "it still warns before it opens the relay";
    if (on == ((word & OPEN_COMMANDED) == 0))
        return on ? "it has the command, but its relay is still open"
                  : "it has the command, but its relay is still closed";
    return on ? "its relay is still open" : "its relay is still closed";
}

static heng_talk_verdict judge_relay(struct heng_talk *talk, unsigned word, struct heng_err *err)
{
    bool reached = false, open = word & RELAY_OPEN, hopeless = false;
    /* A relay that the meter has opened by itself is not commanded open: only an OK says that it may close. */
    bool accepted = talk->stage == HENG_STAGE_ACCEPTED;
    bool allowed = accepted && action_of(talk) == ALLOW_CLOSE && !(word & OPEN_COMMANDED);
    switch (talk->order.kind) {
    case HENG_ORDER_CONNECT: reached = !open || allowed; break;
    case HENG_ORDER_DISCONNECT:
        reached = open;
        hopeless = word & KEPT;
        break;
    case HENG_ORDER_KEEP: reached = word & KEPT; break;
    case HENG_ORDER_RELEASE: reached = !(word & KEPT); break;
    case HENG_ORDER_READ:
    case HENG_ORDER_READ_HISTORY:
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_READ_CLOCK:
    case HENG_ORDER_READ_STATE:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_SET_CLOCK:
    case HENG_ORDER_FREEZE:
    case HENG_ORDER_SET_ADDRESS:
    case HENG_ORDER_SET_BAUD:
    case HENG_ORDER_READ_PURSE:
    case HENG_ORDER_PURCHASE:
    case HENG_ORDER_COUNT: break;
    }
    if (reached && talk->order.kind == HENG_ORDER_CONNECT && open)
        heng_fail(err, HENG_OK, 0, "the relay may close now: somebody has to press the key of the meter");
    if (reached) return heng_talk_confirmed(talk);
    if (!hopeless && heng_talk_wait(talk)) return HENG_TALK_NEXT;
    return heng_talk_failed(talk, err, "after %u s: %s", talk->waited_ms / 1000, why_not(talk, word));
}

static heng_talk_verdict relay_answered(struct heng_talk *talk, const struct heng_telegram *telegram,
                                        struct heng_read *read, struct heng_err *err)
{
    unsigned word;
    switch (talk->step) {
    case RELAY_SET_DATE - 1: {
        if (is_torn(talk)) return ask_clock_again(talk, read);
        bool known = talk->has_date && talk->has_time;
        int64_t ahead_s = known ? heng_talk_clock_ahead_s(talk) : INT64_MAX;
        talk->step = ahead_s >= -SKEW_S && ahead_s <= SKEW_S ? RELAY_COMMAND : RELAY_SET_DATE;
        return HENG_TALK_NEXT;
    }
    case RELAY_SET_TIME:
        if (talk->repeated_once || !is_first_minute(&talk->clock)) break;
        talk->repeated_once = true;
        talk->step = RELAY_SET_DATE;
        return HENG_TALK_NEXT;
    case RELAY_COMMAND: return heng_talk_accepted(talk);
    case RELAY_STATE:
        if (!status_word(telegram, &word)) return heng_talk_failed(talk, err, "the meter does not show its relay");
        heng_values_add_state(HENG_QUANTITY_RELAY_STATE, word & RELAY_OPEN ? 1 : 0, read);
        return judge_relay(talk, word, err);
    }
    return heng_talk_step(talk);
}

/* What is left and owed are measured values, which are taken already. */
static void note_purse(const struct heng_telegram *telegram, struct heng_read *read)
{
    struct heng_purse said = {.number = 0};
    if (!heng_purse_of(telegram, &said)) return;
    said.has_remaining = false;
    heng_purse_add_values(&said, read);
}

heng_talk_verdict heng_dlt645_order_answered(struct heng_talk *talk, const struct heng_telegram *telegram,
                                             struct heng_read *read, struct heng_err *err)
{
    unsigned word;
    talk->tries = 0;
    bool command = heng_talk_is_command(talk);
    bool clock = talk->order.kind == HENG_ORDER_READ_CLOCK;
    if ((clock || heng_order_changes(talk->order.kind)) && telegram->kind == HENG_TELEGRAM_DATA)
        heng_talk_note_clock(talk, telegram);
    switch (talk->order.kind) {
    case HENG_ORDER_READ_STATE:
        if (!status_word(telegram, &word)) return heng_talk_stateless(talk, read, err, "show its relay");
        heng_values_add_state(HENG_QUANTITY_RELAY_STATE, word & RELAY_OPEN ? 1 : 0, read);
        break;
    case HENG_ORDER_SET_CLOCK: return command ? heng_talk_accepted(talk) : judge_clock(talk, read, err);
    case HENG_ORDER_FREEZE: return command ? heng_talk_accepted(talk) : judge_freeze(talk, telegram, read, err);
    case HENG_ORDER_CONNECT:
    case HENG_ORDER_DISCONNECT:
    case HENG_ORDER_KEEP:
    case HENG_ORDER_RELEASE: return relay_answered(talk, telegram, read, err);
    case HENG_ORDER_SET_BAUD:
        if (!command && talk->stage != HENG_STAGE_ACCEPTED) /* nobody has switched: this came at the old speed */
            return heng_talk_failed(talk, err, "the meter does not answer the command and speaks as fast as before");
        return command ? heng_talk_accepted(talk) : heng_talk_moved(talk, err);
    case HENG_ORDER_SET_ADDRESS: return command ? heng_talk_accepted(talk) : heng_talk_moved(talk, err);
    case HENG_ORDER_READ_PURSE: note_purse(telegram, read); break;
    case HENG_ORDER_READ_CLOCK:
        if (talk->step > 0 && is_torn(talk)) return ask_clock_again(talk, read);
        break;
    case HENG_ORDER_READ:
    case HENG_ORDER_READ_HISTORY:
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_PURCHASE:
    case HENG_ORDER_COUNT: break;
    }
    return heng_talk_step(talk);
}

static bool is_relay(heng_order_kind kind)
{
    return kind == HENG_ORDER_CONNECT || kind == HENG_ORDER_DISCONNECT || kind == HENG_ORDER_KEEP ||
           kind == HENG_ORDER_RELEASE;
}

heng_talk_verdict heng_dlt645_order_refused(struct heng_talk *talk)
{
    if (!heng_order_changes(talk->order.kind)) return heng_talk_refused(talk);
    if (is_relay(talk->order.kind) && talk->step < RELAY_SET_DATE) {
        talk->step = RELAY_COMMAND;
        talk->tries = 0;
        return HENG_TALK_NEXT;
    }
    return heng_talk_denied(talk);
}

/* --- what can be --------------------------------------------------------------------------------------------- */

static heng_rc check_secret(const struct heng_order *order, struct heng_err *err)
{
    if (order->has_secret) return HENG_OK;
    return heng_fail(err, HENG_EDENIED, 0,
                     "'%s' needs the meter's password and operator code: a DL/T 645 meter refuses it without",
                     heng_order_text(order->kind));
}

static bool is_one(const char *number)
{
    return strlen(number) == ID_DIGITS && strspn(number, "0123456789") == ID_DIGITS && strspn(number, "9") != ID_DIGITS;
}

static heng_rc check_address(const char *number, struct heng_err *err)
{
    if (is_one(number)) return HENG_OK;
    return heng_fail(err, HENG_ECONFIG, 0,
                     "'%s' is not a DL/T 645 address for one meter: 12 digits, as in 000011112222", number);
}

static heng_rc check_baud(uint32_t baud, struct heng_err *err)
{
    if (heng_dlt645_baud_code(baud)) return HENG_OK;
    return heng_fail(err, HENG_ERANGE, 0, "DL/T 645 knows no %u baud: 600, 1200, 2400, 4800, 9600 or 19200", baud);
}

static heng_rc unsupported(const struct heng_order *order, struct heng_err *err)
{
    return heng_fail(err, HENG_EUNSUPPORTED, 0, "DL/T 645-1997 has no command for '%s'", heng_order_text(order->kind));
}

heng_rc heng_dlt645_can(const struct heng_meter_config *meter, const struct heng_order *order, struct heng_err *err)
{
    bool old = meter->protocol == HENG_PROTOCOL_DLT645_1997;
    switch (order->kind) {
    case HENG_ORDER_READ:
    case HENG_ORDER_PROBE:
    case HENG_ORDER_READ_CLOCK: return HENG_OK;
    case HENG_ORDER_READ_HISTORY: return heng_order_check_back(order, old ? MONTHS_1997 : HENG_HISTORY_BACK_MAX, err);
    case HENG_ORDER_SET_CLOCK: return check_secret(order, err);
    case HENG_ORDER_SET_ADDRESS: return check_address(order->address, err);
    case HENG_ORDER_READ_ADDRESS:
    case HENG_ORDER_READ_STATE:
    case HENG_ORDER_FREEZE: return old ? unsupported(order, err) : HENG_OK;
    case HENG_ORDER_CONNECT:
    case HENG_ORDER_DISCONNECT:
    case HENG_ORDER_KEEP:
    case HENG_ORDER_RELEASE:
        if (old) return unsupported(order, err);
        return is_one(meter->address) ? check_secret(order, err) : heng_order_not_one(meter->address, order, err);
    case HENG_ORDER_SET_BAUD: return old ? unsupported(order, err) : check_baud(order->baud, err);
    case HENG_ORDER_READ_PURSE: return old ? unsupported(order, err) : HENG_OK;
    case HENG_ORDER_PURCHASE:
        return heng_fail(err, HENG_EUNSUPPORTED, 0,
                         "a DL/T 645 meter takes money only with the seal (MAC) of a security module: top up its card, "
                         "or keep the balance here");
    case HENG_ORDER_COUNT: break;
    }
    return heng_fail(err, HENG_EBUG, 0, "no such order");
}

static heng_rc broadcast(bool old, const struct heng_order *order, const struct heng_civil *clock, struct heng_ask *ret,
                         struct heng_err *err)
{
    uint8_t data[8];
    struct heng_buf body = heng_buf_of(data, sizeof data);
    struct heng_ask ask = {.idle_ms = BROADCAST_MS, .silent = true};
    struct heng_buf buf = heng_buf_of(ask.bytes, sizeof ask.bytes);
    struct heng_dlt645_frame frame = {.id = "999999999999", .preamble = BROADCAST_PREAMBLE};
    if (order->kind == HENG_ORDER_SET_CLOCK) {
        if (!heng_civil_valid(clock)) return heng_fail(err, HENG_ERANGE, 0, "this is no time to set a clock to");
        frame.control = HENG_DLT645_C_TIME;
        heng_dlt645_put_clock(&body, clock);
    } else if (order->kind == HENG_ORDER_FREEZE && !old) {
        frame.control = HENG_DLT645_C_FREEZE;
        for (unsigned i = 0; i < 4; i++) heng_buf_u8(&body, 0x99); /* any month, day, hour, minute: now */
    } else {
        return heng_fail(err, HENG_EUNSUPPORTED, 0, "DL/T 645-%s has no '%s' for all meters of a line",
                         old ? "1997" : "2007", heng_order_text(order->kind));
    }
    frame.data = heng_buf_slice(&body);
    heng_rc rc = heng_dlt645_encode(&frame, &buf);
    if (rc != HENG_OK) return heng_fail(err, rc, 0, "the frame does not fit");
    ask.n = buf.n;
    *ret = ask;
    return HENG_OK;
}

heng_rc heng_dlt645_broadcast_2007(const struct heng_order *order, const struct heng_civil *clock, struct heng_ask *ret,
                                   struct heng_err *err)
{
    return broadcast(false, order, clock, ret, err);
}

heng_rc heng_dlt645_broadcast_1997(const struct heng_order *order, const struct heng_civil *clock, struct heng_ask *ret,
                                   struct heng_err *err)
{
    return broadcast(true, order, clock, ret, err);
}
