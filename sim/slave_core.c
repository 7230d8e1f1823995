#include "sim/slave_core.h"

#include <stdlib.h>

#include "codec/bytes.h"
#include "codec/mbus.h"

enum { MINUTE_S = 60, RUN_MIN = 2, RUN_MAX = 9, MOOD_LOAD = 200, MOOD_RUNS = 201, MOOD_JITTER = 250, MOOD_VOLTS = 260 };

enum { PPM = 1000000, HOUR_S = 3600, MONTH_H = 730, STREAM_OF_METERS = 1000, DELAY_MAX_US = 60000000 };

#define CLOCK_FAR_US (INT64_C(200) * 366 * HENG_US_PER_DAY)

static const heng_us hour_us = HOUR_S * HENG_US_PER_S;

/* --- addresses ------------------------------------------------------------------------------------------ */

static bool parse_pair(const char *text, uint8_t *ret)
{
    char pair[3] = {text[0], text[1], '\0'};
    uint64_t byte;
    bool good = heng_hex_number(pair, 2, &byte);
    if (good) *ret = (uint8_t)byte;
    return good;
}

/* Pairs of digits of the printed number, the last one first. */
static bool parse_pairs(const char *text, size_t digits, uint8_t *ret)
{
    if (strlen(text) < digits) return false;
    for (size_t i = 0; i < digits; i += 2)
        if (!parse_pair(text + digits - 2 - i, ret + i / 2)) return false;
    return true;
}

static bool parse_number(const char *text, unsigned long most, uint8_t *ret)
{
    char *end;
    unsigned long number = strtoul(text[0] ? text : "0", &end, 10);
    if (*end || number > most) return false;
    *ret = (uint8_t)number;
    return true;
}

/* Secondary address as on the wire, from 16 hex digits: id as printed, then the four bytes in order. Without one, a
 * number of its own. */
static bool parse_secondary(struct heng_sim_meter *meter)
{
    const char *text = meter->config.secondary;
    if (text[0] == '\0') {
        uint64_t id = heng_bcd_encode(10000001 + meter->index, 8);
        for (size_t i = 0; i < 4; i++) meter->secondary[i] = (uint8_t)(id >> (8 * i));
        meter->secondary[4] = 0xAE; /* "HEN" */
        meter->secondary[5] = 0x20;
        meter->secondary[6] = 1;
        meter->secondary[7] = heng_mbus_device_type(meter->config.medium);
        return true;
    }
    if (strlen(text) != 16 || !parse_pairs(text, 8, meter->secondary)) return false;
    for (size_t i = 8; i < 16; i += 2)
        if (!parse_pair(text + i, meter->secondary + i / 2)) return false;
    return true;
}

static bool parse_address(struct heng_sim_meter *meter)
{
    const char *text = meter->config.address;
    switch (meter->config.protocol) {
    case HENG_PROTOCOL_MBUS: return parse_number(text, 250, meter->address) && parse_secondary(meter);
    case HENG_PROTOCOL_CJT188: return strlen(text) == 14 && parse_pairs(text, 14, meter->address);
    case HENG_PROTOCOL_DLT645_2007:
    case HENG_PROTOCOL_DLT645_1997: return strlen(text) == 12 && parse_pairs(text, 12, meter->address);
    case HENG_PROTOCOL_MODBUS_RTU: return parse_number(text, 247, meter->address) && meter->address[0] > 0;
    case HENG_PROTOCOL_MODBUS_TCP:
    case HENG_PROTOCOL_COUNT: break;
    }
    return false;
}

/* --- its life ------------------------------------------------------------------------------------------- */

/* Meters count the years 1970 to 2099. */
static bool clock_possible(heng_us local_us) { return local_us >= 0 && local_us < INT64_C(4102444800) * HENG_US_PER_S; }

/* The beginning of the month behind the one of this time. */
static heng_us month_end(heng_us local_us)
{
    struct heng_civil c = heng_us_to_civil(local_us);
    c.year = (int16_t)(c.year + (c.month == 12));
    c.month = (uint8_t)(c.month % 12 + 1);
    c.day = 1;
    c.hour = c.minute = c.second = 0;
    return heng_civil_to_us(&c);
}

heng_rc heng_sim_meter_init(struct heng_sim_meter *meter, const struct heng_sim_meter_config *config, uint32_t index,
                            uint32_t baud, uint64_t seed, heng_us wall_us, heng_us now, struct heng_err *err)
{
    *meter = (struct heng_sim_meter){
        .config = *config,
        .index = index,
        .seed = seed,
        .rng = heng_sim_rng_of(seed, STREAM_OF_METERS + index),
        .wall_us = wall_us,
        .count = config->start_count,
        .count_us = now,
        .clock_set_us = now,
        .baud = baud,
        .usual_baud = baud,
        .fresh = true,
    };
    bool far = config->clock_off_us > CLOCK_FAR_US || config->clock_off_us < -CLOCK_FAR_US;
    meter->clock_us = far ? -1 : wall_us + now + config->clock_off_us;
    if (!parse_address(meter))
        return heng_fail(err, HENG_ECONFIG, index, "'%s' is no address of a virtual %s meter", config->address,
                         heng_protocol_text(config->protocol));
    if (config->delay_min_us > config->delay_max_us || config->delay_max_us > DELAY_MAX_US)
        return heng_fail(err, HENG_ECONFIG, index,
                         "meter '%s' answers after %u to %u us: at most a minute, the shorter one first",
                         config->address, config->delay_min_us, config->delay_max_us);
    if (!clock_possible(meter->clock_us))
        return heng_fail(err, HENG_ECONFIG, index, "the clock of meter '%s' is outside of 1970 to 2099",
                         config->address);
    meter->month_end_us = month_end(meter->clock_us);
    for (size_t i = 0; i < HENG_SIM_MONTHS; i++) { /* what it counted before we came */
        uint64_t back = (uint64_t)config->rate_per_h * MONTH_H * i + config->rate_per_h * (uint64_t)(MONTH_H / 2);
        meter->months[i] = back < meter->count ? meter->count - back : 0;
    }
    meter->access = (uint8_t)heng_sim_meter_trait(meter, 0, 256);
    return HENG_OK;
}

void heng_sim_meter_fini(struct heng_sim_meter *meter)
{
    for (size_t i = 0; i < HENG_SIM_SAID; i++) {
        free(meter->said[i].p);
        meter->said[i].p = NULL;
    }
}

uint32_t heng_sim_meter_trait(const struct heng_sim_meter *meter, uint32_t purpose, uint32_t n)
{
    struct heng_sim_rng r = heng_sim_rng_of(meter->index * UINT64_C(2654435761) + purpose, purpose);
    return heng_sim_rng_below(&r, n);
}

static uint32_t drawn(const struct heng_sim_meter *meter, uint32_t purpose, uint64_t slot, uint32_t n)
{
    struct heng_sim_rng r =
        heng_sim_rng_of(meter->seed ^ slot * UINT64_C(0x9FB21C651E98DF25), (uint64_t)meter->index << 32 | purpose);
    return heng_sim_rng_below(&r, n);
}

/* Time in slots that begin for each meter and purpose at another moment. */
static uint64_t slotted(const struct heng_sim_meter *meter, uint32_t purpose, heng_us now, uint32_t slot_s,
                        uint64_t *ret_into)
{
    uint64_t slot_us = slot_s * (uint64_t)HENG_US_PER_S, at = now > 0 ? (uint64_t)now : 0;
    at += heng_sim_meter_trait(meter, purpose, slot_s * 1000) * (uint64_t)HENG_US_PER_MS;
    *ret_into = at % slot_us;
    return at / slot_us;
}

int32_t heng_sim_meter_sway(const struct heng_sim_meter *meter, uint32_t purpose, heng_us now, uint32_t slot_s,
                            int32_t most)
{
    uint64_t into, slot = slotted(meter, purpose, now, slot_s, &into);
    uint32_t width = 2 * (uint32_t)most + 1;
    int64_t from = (int64_t)drawn(meter, purpose, slot, width) - most;
    int64_t to = (int64_t)drawn(meter, purpose, slot + 1, width) - most;
    return (int32_t)(from + (to - from) * (int64_t)into / (slot_s * HENG_US_PER_S));
}

uint64_t heng_sim_meter_load(const struct heng_sim_meter *meter, heng_us now)
{
    uint32_t run_s = (RUN_MIN + heng_sim_meter_trait(meter, MOOD_RUNS, RUN_MAX - RUN_MIN + 1)) * MINUTE_S;
    uint64_t into, slot = slotted(meter, MOOD_RUNS, now, run_s, &into), full = 2 * (uint64_t)meter->config.rate_per_h;
    if (drawn(meter, MOOD_RUNS, slot, 2) == 0) return 0;
    return full * (uint64_t)(1000 + heng_sim_meter_sway(meter, MOOD_LOAD, now, MINUTE_S / 2, 30)) / 1000;
}

uint64_t heng_sim_meter_warmth(const struct heng_sim_meter *meter, uint32_t purpose, heng_us now, uint32_t about,
                               uint32_t per_kelvin)
{
    int32_t kelvin = (int32_t)per_kelvin;
    int64_t level = (int64_t)about + heng_sim_meter_sway(meter, purpose, now, HOUR_S, 3 * kelvin) +
                    heng_sim_meter_sway(meter, purpose + 1, now, 4 * MINUTE_S, kelvin);
    return level > 0 ? (uint64_t)level : 0;
}

uint64_t heng_sim_meter_volts(const struct heng_sim_meter *meter, uint32_t phase, heng_us now, uint32_t about)
{
    int32_t slow = (int32_t)about * 15 / 1000, quick = (int32_t)about * 5 / 1000;
    uint64_t second = now > 0 ? (uint64_t)(now / HENG_US_PER_S) : 0;
    int64_t jitter = (int64_t)drawn(meter, MOOD_JITTER + phase, second, 2 * (uint32_t)quick + 1) - quick;
    int64_t level = (int64_t)about + heng_sim_meter_sway(meter, MOOD_VOLTS + phase, now, MINUTE_S, slow) + jitter;
    return level > 0 ? (uint64_t)level : 0;
}

/* Steps since count_us, and what is left of the next one in steps x microseconds of an hour. */
static uint64_t steps(const struct heng_sim_meter *meter, heng_us now, uint64_t *ret_rest)
{
    uint64_t rate = meter->config.rate_per_h, dt = now > meter->count_us ? (uint64_t)(now - meter->count_us) : 0;
    uint64_t whole = dt / (uint64_t)hour_us * rate, part = dt % (uint64_t)hour_us * rate + meter->count_rest;
    *ret_rest = part % (uint64_t)hour_us;
    return whole + part / (uint64_t)hour_us;
}

uint64_t heng_sim_meter_count(const struct heng_sim_meter *meter, heng_us now)
{
    uint64_t rest;
    return meter->count + steps(meter, now, &rest);
}

void heng_sim_meter_set_rate(struct heng_sim_meter *meter, heng_us now, uint32_t rate_per_h)
{
    heng_sim_meter_age(meter, now);
    uint64_t rest, n = steps(meter, now, &rest);
    meter->count += n;
    meter->count_rest = rest;
    meter->count_us = now;
    meter->config.rate_per_h = rate_per_h;
}

heng_us heng_sim_meter_clock(const struct heng_sim_meter *meter, heng_us now)
{
    heng_us dt = now - meter->clock_set_us;
    return meter->clock_us + dt + dt / PPM * meter->config.clock_drift_ppm +
           dt % PPM * meter->config.clock_drift_ppm / PPM;
}

void heng_sim_meter_set_clock(struct heng_sim_meter *meter, heng_us now, heng_us local_us)
{
    if (!clock_possible(local_us)) return;
    heng_sim_meter_age(meter, now);
    meter->clock_us = local_us;
    meter->clock_set_us = now;
    heng_sim_meter_age(meter, now);
    meter->month_end_us = month_end(local_us); /* set back, the month ends once more */
}

bool heng_sim_meter_clock_wrong(const struct heng_sim_meter *meter, heng_us now)
{
    return llabs(heng_sim_meter_clock(meter, now) - meter->wall_us - now) > HENG_SIM_CLOCK_OFF_S * HENG_US_PER_S;
}

static void end_month(struct heng_sim_meter *meter, heng_us now)
{
    heng_us ago = heng_sim_meter_clock(meter, now) - meter->month_end_us, at = ago < now ? now - ago : 0;
    memmove(meter->months + 1, meter->months, (HENG_SIM_MONTHS - 1) * sizeof *meter->months);
    meter->months[0] = heng_sim_meter_count(meter, at > meter->count_us ? at : meter->count_us);
    meter->month_end_us = month_end(meter->month_end_us);
}

void heng_sim_meter_age(struct heng_sim_meter *meter, heng_us now)
{
    heng_us clock = heng_sim_meter_clock(meter, now);
    /* A clock that was set far ahead has many months to end at once; only the last ones are kept anyway. */
    if (clock - meter->month_end_us > 2 * HENG_SIM_MONTHS * 31 * HENG_US_PER_DAY)
        meter->month_end_us = month_end(clock - HENG_SIM_MONTHS * 31 * HENG_US_PER_DAY);
    while (clock >= meter->month_end_us) end_month(meter, now);
    if (meter->moving && now >= meter->moves_us) {
        meter->moving = false;
        meter->off = meter->off_wanted;
    }
    if (meter->baud != meter->usual_baud && now > meter->baud_until_us) meter->baud = meter->usual_baud;
}

void heng_sim_meter_move(struct heng_sim_meter *meter, heng_us now, bool off, uint32_t fastest_s, uint32_t slowest_s)
{
    uint32_t spread_ms = (slowest_s - fastest_s) * 1000 + 1;
    meter->off_wanted = off;
    if (meter->config.valve_sticks) return;
    meter->moving = off != meter->off;
    meter->moves_us = now + (heng_us)(fastest_s * 1000 + heng_sim_rng_below(&meter->rng, spread_ms)) * HENG_US_PER_MS;
}

void heng_sim_meter_say(struct heng_sim_meter *meter, struct heng_slice frame, heng_us at_us)
{
    struct heng_sim_said *said = &meter->said[meter->said_n % HENG_SIM_SAID];
    if (frame.n > said->cap) {
        uint8_t *p = realloc(said->p, frame.n);
        if (!p) return; /* then nobody knows what it said */
        said->p = p;
        said->cap = (uint16_t)frame.n;
    }
    memcpy(said->p, frame.p, frame.n);
    said->n = (uint16_t)frame.n;
    said->at_us = at_us;
    meter->said_n++;
}
