#include "meter/driver.h"

#include "meter/order.h"
#include "meter/values.h"

/* Profile files say 0xFF where they leave the preamble to the protocol. */
enum { PREAMBLE_USUAL = 0xFF };

_Static_assert((int)HENG_MODEL_NAME_MAX == (int)HENG_PROFILE_NAME_MAX, "a configured name is a profile's name");

extern const struct heng_driver heng_mbus_driver, heng_cjt188_driver, heng_dlt645_2007_driver, heng_dlt645_1997_driver,
    heng_modbus_rtu_driver, heng_modbus_tcp_driver;

const struct heng_driver *heng_driver_of(heng_protocol protocol)
{
    static const struct heng_driver *const drivers[HENG_PROTOCOL_COUNT] = {
        [HENG_PROTOCOL_MBUS] = &heng_mbus_driver,
        [HENG_PROTOCOL_CJT188] = &heng_cjt188_driver,
        [HENG_PROTOCOL_DLT645_2007] = &heng_dlt645_2007_driver,
        [HENG_PROTOCOL_DLT645_1997] = &heng_dlt645_1997_driver,
        [HENG_PROTOCOL_MODBUS_RTU] = &heng_modbus_rtu_driver,
        [HENG_PROTOCOL_MODBUS_TCP] = &heng_modbus_tcp_driver,
    };
    return (unsigned)protocol < HENG_PROTOCOL_COUNT ? drivers[protocol] : NULL;
}

heng_rc heng_meter_check(const struct heng_meter_config *meter, struct heng_err *err)
{
    const struct heng_driver *driver = heng_driver_of(meter->protocol);
    if (!driver) return heng_fail(err, HENG_ECONFIG, 0, "nothing here speaks its protocol");
    if (meter->profile && !(meter->profile->protocols & 1u << meter->protocol))
        return heng_fail(err, HENG_ECONFIG, 0, "profile '%s' is not for a meter that speaks %s", meter->profile->name,
                         heng_protocol_text(meter->protocol));
    return driver->check(meter, err);
}

heng_rc heng_meter_can(const struct heng_meter_config *meter, const struct heng_order *order, struct heng_err *err)
{
    const struct heng_driver *driver = heng_driver_of(meter->protocol);
    if (!driver) return heng_fail(err, HENG_ECONFIG, 0, "nothing here speaks its protocol");
    if (order->kind == HENG_ORDER_READ || order->kind == HENG_ORDER_PROBE) return HENG_OK;
    if (driver->can) return driver->can(meter, order, err);
    return heng_fail(err, HENG_EUNSUPPORTED, 0, "a meter that speaks %s can be read, and nothing else: no '%s'",
                     heng_protocol_text(meter->protocol), heng_order_text(order->kind));
}

void heng_talk_begin(struct heng_talk *talk, const struct heng_ask_def *asks, size_t ask_count)
{
    talk->profile = talk->meter->profile ? talk->meter->profile : talk->memory->profile;
    if (!talk->profile && talk->profiles) /* nothing is known but the protocol: its generic profile, if there is one */
        talk->profile = heng_profiles_recognise(
            talk->profiles, &(struct heng_telegram){.protocol = talk->meter->protocol, .medium = talk->meter->medium});
    talk->stage = HENG_STAGE_QUEUED;
    talk->telegrams = 0;
    if (talk->profile && talk->profile->ask_count)
        heng_talk_ask(talk, talk->profile->asks, talk->profile->ask_count);
    else
        heng_talk_ask(talk, asks, ask_count);
    if (talk->order.kind == HENG_ORDER_PROBE && talk->ask_count) talk->ask_count = 1;
}

const struct heng_dialect *heng_talk_dialect(struct heng_talk *talk, const struct heng_telegram *telegram)
{
    /* Another meter may hang at the same address since the last conversation: the first answer decides anew. */
    if (!talk->meter->profile && talk->profiles && talk->telegrams == 0) {
        talk->profile = heng_profiles_recognise(talk->profiles, telegram);
        talk->memory->profile = talk->profile;
    }
    return talk->profile ? &talk->profile->dialect : NULL;
}

static bool tells(const struct heng_dialect *dialect, uint32_t di)
{
    bool told = false;
    for (size_t i = 0; i < dialect->field_count; i++) told = told || dialect->fields[i].di == di;
    for (size_t i = 0; i < dialect->rule_count; i++)
        told = told || (dialect->rules[i].match.has_di && dialect->rules[i].match.di == di);
    return told;
}

/* A model that tells what one due date means, in its own way, and not what this one means: the standard's reading of it
 * would be another one, perhaps ten times as much. */
static bool is_untold(const struct heng_talk *talk, const struct heng_dialect *dialect, uint32_t di)
{
    uint32_t step = talk->meter->protocol == HENG_PROTOCOL_DLT645_1997 ? HENG_HISTORY_STEP_1997 : 1;
    if (talk->order.kind != HENG_ORDER_READ_HISTORY || !dialect || tells(dialect, di)) return false;
    for (unsigned i = 1; i <= HENG_HISTORY_BACK_MAX; i++)
        if (tells(dialect, di - i * step)) return true;
    return false;
}

heng_rc heng_talk_take(struct heng_talk *talk, const struct heng_telegram *telegram, heng_us now,
                       struct heng_read *read, struct heng_err *err)
{
    struct heng_telegram spoken = *telegram;
    const struct heng_dialect *dialect = heng_talk_dialect(talk, telegram);
    if (is_untold(talk, dialect, talk->asks[talk->step].di))
        return heng_fail(err, HENG_ECONFIG, 0,
                         "profile '%s' says what another due date holds, and not what %0*X holds: give it 'fields'",
                         talk->profile->name, talk->meter->protocol == HENG_PROTOCOL_DLT645_2007 ? 8 : 4,
                         talk->asks[talk->step].di);
    heng_telegram_use(&spoken, dialect);
    return heng_values_take(&spoken, now, read, err);
}

heng_talk_verdict heng_talk_step(struct heng_talk *talk)
{
    talk->tries = talk->sequence = talk->furthest = 0;
    talk->step++;
    if (talk->step < talk->ask_count) return HENG_TALK_NEXT;
    if (!heng_order_changes(talk->order.kind)) talk->stage = HENG_STAGE_CONFIRMED;
    return HENG_TALK_DONE;
}

static bool is_last(const struct heng_talk *talk) { return talk->step + 1 >= talk->ask_count; }

/* A question may stay open when the meter need not know it; a read of nothing at all is none. */
static bool may_skip(const struct heng_talk *talk)
{
    return talk->asks[talk->step].optional && (talk->telegrams || !is_last(talk));
}

heng_talk_verdict heng_talk_refused(struct heng_talk *talk)
{
    return may_skip(talk) ? heng_talk_step(talk) : HENG_TALK_REFUSED;
}

static heng_missed give_up(struct heng_talk *talk)
{
    /* Whom the answers of another day made us recognise may be asked in a way that this meter does not bear. */
    talk->memory->profile = NULL;
    talk->stage = HENG_STAGE_FAILED;
    return HENG_MISSED_FAILED;
}

/* A meter may also keep silent about what it does not have, so silence counts as a refusal in the end, with the first
 * question too. That costs all tries every time; a profile made for the meter does not ask for it, and begins with what
 * the meter must know: a dead one is found out by that. */
heng_missed heng_talk_missed(struct heng_talk *talk, unsigned tries_max)
{
    if (heng_order_changes(talk->order.kind)) return heng_order_missed(talk, tries_max);
    if (++talk->tries < tries_max) return HENG_MISSED_AGAIN;
    if (!may_skip(talk)) return give_up(talk);
    return heng_talk_step(talk) == HENG_TALK_NEXT ? HENG_MISSED_AGAIN : HENG_MISSED_DONE;
}

void heng_ask_times(const struct heng_talk *talk, struct heng_ask *ret, uint32_t answer_ms, uint32_t idle_ms)
{
    const struct heng_profile *profile = talk->profile;
    ret->answer_bits = ret->idle_bits = ret->gap_ms = 0;
    ret->anonymous = ret->silent = ret->tied = false;
    ret->then_baud = 0;
    ret->answer_ms = profile && profile->answer_ms ? profile->answer_ms : answer_ms;
    ret->idle_ms = profile && profile->idle_ms ? profile->idle_ms : idle_ms;
}

uint8_t heng_talk_preamble(const struct heng_talk *talk, uint8_t usual)
{
    uint8_t n = talk->profile && talk->profile->preamble != PREAMBLE_USUAL ? talk->profile->preamble : usual;
    return n < HENG_PREAMBLE_MAX ? n : HENG_PREAMBLE_MAX;
}
