/* A virtual DL/T 645 meter, 2007 or 1997.
 *
 *   2007  11 DI                    91 value; B1 and 12 .. 92 when its blocks come in several frames; D1 02 unknown
 *         13                       93 address
 *         14 DI PA P C data        94: 04000101 date, 04000102 time, 0400010C both; D4 04 for a wrong password
 *         15 address               95
 *         16 mm hh DD MM           96: keeps the energy of now (only 99 99 99 99: at once; other times: D6 01)
 *         17 rate                  97 at the old speed, then the new one
 *         1C PA P C N1 N2 until    9C: 1A trip, 1B allow close, 1C close, 3A keep supply, 3B release; DC 04 for a wrong
 *                                  password, DC 01 when it is later than `until` by its own clock (strict_clock)
 *         08 time                  silence; taken once a day, and only if the clock is less than five minutes off
 *   1997  01 DI, 04 DI P data (C010, C011), 0A address, 0C rate, 08 time: the same with 80 | C; 13 is not known
 *   an address may have AA for any pair of digits; 99..99 is obeyed and not answered
 *
 * Password: level 02, 00 00 00; operator 00 00 00 00; of 1997 all 00. A trip or close takes 1 to 3 s; after 1B somebody
 * presses the key within 20 s. While supply is kept (3A) a trip is accepted and nothing happens.
 * Source: DL/T 645-2007 clause 7 and appendix A, DL/T 645-1997 clause 6. */
#include "codec/bytes.h"
#include "codec/dlt645.h"
#include "codec/mbus.h"
#include "sim/slave_core.h"
#include "sim/slave_template.h"

enum {
    AT_ADDRESS = 1,
    AT_CONTROL = 8,
    AT_LENGTH = 9,
    AT_DATA = 10,
    ADDRESS_BYTES = 6,
    DATA_MAX = 200,
    WILD = 0xAA,
    EVERYBODY = 0x99,
    PREAMBLE = 4,
    LEVEL = 0x02,
    ERROR_OTHER = 0x01,
    ERROR_NO_DATA = 0x02,
    ERROR_PASSWORD = 0x04,
    ERROR_SPEED = 0x08,
    TRIP = 0x1A,
    ALLOW_CLOSE = 0x1B,
    CLOSE = 0x1C,
    KEEP = 0x3A,
    RELEASE = 0x3B,
    RELAY_S = 3,
    KEY_S = 20,
    TARIFFS = 4,
    PART_BYTES_MIN = 4,
    MOOD_HZ = 30, /* purposes of what moves by itself */
    MOOD_WARMTH = 31,
};

static bool is_1997(const struct heng_sim_meter *m) { return m->config.protocol == HENG_PROTOCOL_DLT645_1997; }

/* --- what it measures -------------------------------------------------------------------------------------- */

static void put_bcd(struct heng_buf *out, uint64_t value, unsigned bytes)
{
    uint64_t most = 1;
    for (unsigned i = 0; i < bytes; i++) most *= 100;
    heng_buf_le(out, heng_bcd_encode(value % most, 2 * bytes), bytes);
}

/* Energy of a tariff (0: total) when the main counter was at `total`: sharp 10 %, peak 30 %, valley 20 %, flat the
 * rest, so that the sum is the total. */
static uint64_t tariff_of(uint64_t total, unsigned tariff)
{
    uint64_t sharp = total / 10, peak = total * 3 / 10, valley = total / 5;
    const uint64_t parts[1 + TARIFFS] = {total, sharp, peak, total - sharp - peak - valley, valley};
    return parts[tariff];
}

/* tariff 0xFF: the block of all. */
static bool put_energy(struct heng_buf *out, uint64_t total, unsigned tariff)
{
    if (tariff <= TARIFFS) {
        put_bcd(out, tariff_of(total, tariff), 4);
        return true;
    }
    for (unsigned t = 0; tariff == 0xFF && t <= TARIFFS; t++) put_bcd(out, tariff_of(total, t), 4);
    return tariff == 0xFF;
}

static unsigned phases_of(const struct heng_sim_meter *m) { return heng_sim_meter_trait(m, 2, 4) == 0 ? 3 : 1; }

static uint64_t volts(const struct heng_sim_meter *m, unsigned phase, heng_us now)
{
    return phase > phases_of(m) ? 0
                                : heng_sim_meter_volts(m, phase, now, 2200 + heng_sim_meter_trait(m, 10 + phase, 150));
}

/* Load in 0.1 W from the rate in 0.01 kWh an hour, which is 10 W. */
static uint64_t load(const struct heng_sim_meter *m, unsigned phase, heng_us now)
{
    uint64_t all = heng_sim_meter_load(m, now) * 100;
    if (phase == 0) return all;
    return phase > phases_of(m) ? 0 : all / phases_of(m);
}

static uint64_t milliamps(const struct heng_sim_meter *m, unsigned phase, heng_us now)
{
    uint64_t v = volts(m, phase, now);
    return v ? load(m, phase, now) * 1000 / v : 0; /* 0.1 W / 0.1 V */
}

/* What instruments show: quantity 1 voltage, 2 current, 3 active, 4 reactive, 5 apparent power, 6 power factor, 7
 * angle. phase 0: total; 0xFF: all. */
static void put_shown(const struct heng_sim_meter *m, unsigned quantity, unsigned phase, heng_us now,
                      struct heng_buf *out)
{
    switch (quantity) {
    case 1: put_bcd(out, volts(m, phase, now), 2); break;
    case 2: put_bcd(out, milliamps(m, phase, now), 3); break;
    case 4: put_bcd(out, load(m, phase, now) / 10, 3); break;
    case 6: put_bcd(out, 980, 2); break;
    case 7: put_bcd(out, 115, 2); break;
    default: put_bcd(out, load(m, phase, now), 3); break;
    }
}

static bool put_instruments(const struct heng_sim_meter *m, uint32_t di, heng_us now, struct heng_buf *out)
{
    unsigned quantity = di >> 16 & 0xFF, phase = di >> 8 & 0xFF;
    bool has_total = quantity >= 3 && quantity <= 6;
    if (quantity == 0x80) {
        if (di == 0x02800002)
            put_bcd(out, (uint64_t)(4998 + heng_sim_meter_sway(m, MOOD_HZ, now, 30, 4)), 2);        /* 0.01 Hz */
        if (di == 0x02800007) put_bcd(out, heng_sim_meter_warmth(m, MOOD_WARMTH, now, 215, 10), 2); /* 0.1 C */
        if (di == 0x02800008) put_bcd(out, 362, 2);   /* V of the battery */
        if (di == 0x0280000A) put_bcd(out, 12345, 4); /* minutes of it */
        return out->n > 0;
    }
    if (quantity < 1 || quantity > 7 || (di & 0xFF)) return false;
    if (phase != 0xFF) {
        if (phase > 3 || (phase == 0 && !has_total)) return false;
        put_shown(m, quantity, phase, now, out);
        return true;
    }
    for (unsigned p = has_total ? 0 : 1; p <= 3; p++) put_shown(m, quantity, p, now, out);
    return true;
}

static void put_date(struct heng_buf *out, const struct heng_civil *c, heng_us local_us)
{
    put_bcd(out, (uint64_t)(local_us / HENG_US_PER_DAY + 4) % 7, 1); /* 1970-01-01 was a Thursday */
    put_bcd(out, c->day, 1);
    put_bcd(out, c->month, 1);
    put_bcd(out, (uint64_t)c->year % 100, 1);
}

static void put_time(struct heng_buf *out, const struct heng_civil *c)
{
    put_bcd(out, c->second, 1);
    put_bcd(out, c->minute, 1);
    put_bcd(out, c->hour, 1);
}

/* mm hh DD MM YY */
static void put_moment(struct heng_buf *out, heng_us local_us)
{
    struct heng_civil c = heng_us_to_civil(local_us);
    put_bcd(out, c.minute, 1);
    put_bcd(out, c.hour, 1);
    put_bcd(out, c.day, 1);
    put_bcd(out, c.month, 1);
    put_bcd(out, (uint64_t)c.year % 100, 1);
}

/* Run status word 3: b4 relay open, b6 its command, b12 supply is kept; word 7: b9 cover open. */
static unsigned status_word(const struct heng_sim_meter *m, unsigned word)
{
    if (word == 3) return (unsigned)m->off << 4 | (unsigned)m->off_wanted << 6 | (unsigned)m->keep << 12;
    return word == 7 ? (unsigned)m->tampered << 9 : 0;
}

static bool put_parameter(const struct heng_sim_meter *m, uint32_t di, heng_us now, struct heng_buf *out)
{
    heng_us local = heng_sim_meter_clock(m, now);
    struct heng_civil c = heng_us_to_civil(local);
    if (di == 0x04000101) put_date(out, &c, local);
    if (di == 0x04000102) put_time(out, &c);
    if (di == 0x0400010C) {
        put_time(out, &c);
        put_date(out, &c, local);
    }
    if (di == 0x04000401 || di == 0x04000402) heng_buf_put(out, heng_slice_of(m->address, ADDRESS_BYTES));
    if (di == 0x04000409) put_bcd(out, 1600, 3);
    if (di >= 0x04000501 && di <= 0x04000507) heng_buf_le(out, status_word(m, di & 0xF), 2);
    for (unsigned word = 1; di == 0x040005FF && word <= 7; word++) heng_buf_le(out, status_word(m, word), 2);
    if (di == 0x04000B01) put_bcd(out, 100, 2); /* 00:00 on day 1 */
    return out->n > 0;
}

/* 0501 kk nn: of the freeze command; 0506: of midnight; kk 00 time, 01 forward active. */
static bool put_frozen(const struct heng_sim_meter *m, uint32_t di, heng_us now, struct heng_buf *out)
{
    unsigned family = di >> 16 & 0xFF, what = di >> 8 & 0xFF, back = di & 0xFF;
    heng_us local = heng_sim_meter_clock(m, now), at_us;
    uint64_t total;
    if (what > 1 || back == 0) return false;
    if (family == 1) {
        if (back > m->frozen_n) return false;
        total = m->frozen[back - 1];
        at_us = m->frozen_us[back - 1];
    } else if (family == 6 && back <= 62) {
        at_us = local - local % HENG_US_PER_DAY - (heng_us)(back - 1) * HENG_US_PER_DAY;
        uint64_t since = (uint64_t)((local - at_us) / HENG_US_PER_S) * m->config.rate_per_h / 3600;
        uint64_t count = heng_sim_meter_count(m, now);
        total = count > since ? count - since : 0;
    } else {
        return false;
    }
    if (what == 0) put_moment(out, at_us);
    return what == 0 || put_energy(out, total, 0xFF);
}

static bool put_2007(const struct heng_sim_meter *m, uint32_t di, heng_us now, struct heng_buf *out)
{
    unsigned family = di >> 24, back = di & 0xFF;
    if (family == 0) {
        unsigned kind = di >> 16 & 0xFF;
        if (back > 12 || kind > 0x0A) return false;
        uint64_t total = back ? m->months[back - 1] : heng_sim_meter_count(m, now);
        if (kind == 2) total = 0;  /* nothing flows back */
        if (kind >= 3) total /= 5; /* reactive and apparent */
        return put_energy(out, total, di >> 8 & 0xFF);
    }
    if (family == 2) return put_instruments(m, di, now, out);
    if (family == 4) return put_parameter(m, di, now, out);
    return family == 5 && put_frozen(m, di, now, out);
}

/* 90xx now, 94xx last month, 98xx the month before; x1 forward, x2 backward; the last byte 1t or 1F. */
static bool put_1997_energy(const struct heng_sim_meter *m, uint32_t di, heng_us now, struct heng_buf *out)
{
    unsigned family = di >> 8, what = di >> 4 & 0xF, tariff = di & 0xF;
    bool reactive = family & 1;
    unsigned back = (family & 0xC) >> 2;
    if (back > 2 || what < 1 || what > 2 || (tariff > TARIFFS && tariff != 0xF)) return false;
    uint64_t total = back ? m->months[back - 1] : heng_sim_meter_count(m, now);
    if (what == 2) total = 0;
    if (reactive) total /= 5;
    return put_energy(out, total, tariff == 0xF ? 0xFF : tariff);
}

static void put_1997_shown(const struct heng_sim_meter *m, unsigned quantity, unsigned phase, heng_us now,
                           struct heng_buf *out)
{
    switch (quantity) {
    case 1: put_bcd(out, volts(m, phase, now) / 10, 2); break;
    case 2: put_bcd(out, milliamps(m, phase, now) / 10, 2); break;
    case 5: put_bcd(out, 980, 2); break;
    default: put_bcd(out, quantity == 4 ? load(m, phase, now) / 10 : load(m, phase, now), quantity == 4 ? 2 : 3); break;
    }
}

static bool put_1997_instruments(const struct heng_sim_meter *m, uint32_t di, heng_us now, struct heng_buf *out)
{
    unsigned quantity = di >> 4 & 0xF, phase = di & 0xF, first = quantity >= 3 ? 0 : 1;
    if (quantity < 1 || quantity > 5 || (phase > 3 && phase != 0xF) || phase < first) return false;
    if (phase != 0xF) put_1997_shown(m, quantity, phase, now, out);
    for (unsigned p = first; phase == 0xF && p <= 3; p++) put_1997_shown(m, quantity, p, now, out);
    return true;
}

static bool put_1997(const struct heng_sim_meter *m, uint32_t di, heng_us now, struct heng_buf *out)
{
    heng_us local = heng_sim_meter_clock(m, now);
    struct heng_civil c = heng_us_to_civil(local);
    unsigned family = di >> 8;
    if ((family & 0xF2) == 0x90) return put_1997_energy(m, di, now, out);
    if (family == 0xB6) return put_1997_instruments(m, di, now, out);
    if (di == 0xC010) put_date(out, &c, local);
    if (di == 0xC011) put_time(out, &c);
    if (di == 0xC020) heng_buf_u8(out, 0);
    if (di == 0xC030) put_bcd(out, 1600, 3);
    if (di == 0xC032) heng_buf_put(out, heng_slice_of(m->address, ADDRESS_BYTES));
    return out->n > 0;
}

/* Data without a rule of ours that a sample of the profile shows. */
static bool put_sample(const struct heng_sim_meter *m, uint32_t di, struct heng_buf *out)
{
    const struct heng_sim_sample *s = heng_sim_template_find(m->look, di);
    size_t head = AT_DATA + (is_1997(m) ? 2 : 4);
    if (!s || s->frame.n < head + 2) return false;
    for (size_t i = head; i + 2 < s->frame.n; i++) heng_buf_u8(out, (uint8_t)(s->frame.p[i] - HENG_DLT645_BIAS));
    return true;
}

/* --- answers ----------------------------------------------------------------------------------------------- */

struct question {
    uint8_t control;
    uint8_t data[256]; /* without the bias */
    size_t n;
    uint32_t di;
};

static size_t di_bytes(const struct heng_sim_meter *m) { return is_1997(m) ? 2 : 4; }

static void answer(const struct heng_sim_meter *m, uint8_t control, struct heng_slice data, struct heng_sim_reply *ret)
{
    struct heng_dlt645_frame frame = {.control = control, .preamble = PREAMBLE, .data = data};
    struct heng_buf out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < ADDRESS_BYTES; i++) {
        frame.id[2 * i] = digits[m->address[ADDRESS_BYTES - 1 - i] >> 4];
        frame.id[2 * i + 1] = digits[m->address[ADDRESS_BYTES - 1 - i] & 0x0F];
    }
    ret->n = heng_dlt645_encode(&frame, &out) == HENG_OK ? out.n : 0;
}

static void refuse(const struct heng_sim_meter *m, uint8_t control, uint8_t error, struct heng_sim_reply *ret)
{
    answer(m, control | HENG_DLT645_C_ANSWER | HENG_DLT645_C_ERROR, heng_slice_of(&error, 1), ret);
}

/* One part of a value: sequence 0 is the answer to the question itself. Parts are whole numbers of a block. */
static void tell(const struct heng_sim_meter *m, const struct question *q, unsigned sequence, heng_us now,
                 struct heng_sim_reply *ret)
{
    uint8_t memory[DATA_MAX], part[DATA_MAX + 8];
    struct heng_buf all = heng_buf_of(memory, sizeof memory), out = heng_buf_of(part, sizeof part);
    bool known = is_1997(m) ? put_1997(m, q->di, now, &all) : put_2007(m, q->di, now, &all);
    if (!known) {
        all.n = 0;
        known = put_sample(m, q->di, &all);
    }
    unsigned parts = m->config.telegrams > 1 ? m->config.telegrams : 1;
    size_t each = (all.n + parts - 1) / parts, from = sequence * each;
    if (each < PART_BYTES_MIN) each = all.n;
    if (!known || all.full || (sequence && from >= all.n)) {
        refuse(m, q->control, ERROR_NO_DATA, ret);
        return;
    }
    size_t n = all.n - from < each ? all.n - from : each;
    bool more = from + n < all.n;
    heng_buf_le(&out, q->di, di_bytes(m));
    heng_buf_put(&out, heng_slice_of(memory + from, n));
    if (sequence && !is_1997(m)) heng_buf_u8(&out, (uint8_t)sequence);
    uint8_t control = q->control | HENG_DLT645_C_ANSWER;
    if (more) control |= HENG_DLT645_C_MORE;
    answer(m, control, heng_buf_slice(&out), ret);
}

/* 1997 numbers no parts: each question for more brings the next one. */
static void tell_more(struct heng_sim_meter *m, const struct question *q, heng_us now, struct heng_sim_reply *ret)
{
    if (is_1997(m))
        tell(m, q, ++m->telegram, now, ret);
    else if (q->n == 5 && q->data[4] > 0)
        tell(m, q, q->data[4], now, ret);
    else
        refuse(m, q->control, ERROR_NO_DATA, ret);
}

static void accept(const struct heng_sim_meter *m, const struct question *q, struct heng_sim_reply *ret)
{
    answer(m, q->control | HENG_DLT645_C_ANSWER, (struct heng_slice){0}, ret);
}

/* --- what it obeys ----------------------------------------------------------------------------------------- */

/* BCD fields; false when one is no number. */
static bool numbers(const uint8_t *p, size_t n, unsigned *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (!heng_bcd_valid(p[i])) return false;
        ret[i] = (unsigned)heng_bcd_value(p[i]);
    }
    return true;
}

/* ss mm hh DD MM YY to local time; NEVER when it is none. */
static heng_us time_of(const uint8_t *p)
{
    unsigned v[6];
    if (!numbers(p, 6, v)) return HENG_US_NEVER;
    struct heng_civil c = {.year = (int16_t)(2000 + v[5]),
                           .month = (uint8_t)v[4],
                           .day = (uint8_t)v[3],
                           .hour = (uint8_t)v[2],
                           .minute = (uint8_t)v[1],
                           .second = (uint8_t)v[0]};
    return heng_civil_valid(&c) ? heng_civil_to_us(&c) : HENG_US_NEVER;
}

static void take_broadcast_time(struct heng_sim_meter *m, const struct question *q, heng_us now)
{
    if (q->n < 6) return;
    heng_us at = time_of(q->data), clock = heng_sim_meter_clock(m, now);
    bool today = m->synced_us && now - m->synced_us < HENG_US_PER_DAY;
    if (at == HENG_US_NEVER || today) return;
    heng_us off = at > clock ? at - clock : clock - at;
    if (off > HENG_SIM_CLOCK_OFF_S * HENG_US_PER_S) return;
    heng_sim_meter_set_clock(m, now, at);
    m->synced_us = now;
}

static bool all_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i]) return false;
    return true;
}

static bool password_good(const uint8_t *p) { return p[0] == LEVEL && all_zero(p + 1, 3 + 4); }

/* Date (WW DD MM YY), time (ss mm hh), or time and date together; false when it is none. */
static bool write_clock(struct heng_sim_meter *m, bool date, bool time, const uint8_t *p, heng_us now)
{
    heng_us clock = heng_sim_meter_clock(m, now);
    uint8_t all[6];
    struct heng_civil c = heng_us_to_civil(clock);
    const unsigned fields[6] = {c.second, c.minute, c.hour, c.day, c.month, (unsigned)c.year % 100};
    for (size_t i = 0; i < 6; i++) all[i] = (uint8_t)heng_bcd_encode(fields[i], 2);
    if (time) {
        memcpy(all, p, 3);
        p += 3;
    }
    if (date) memcpy(all + 3, p + 1, 3); /* the meter knows the day of the week */
    heng_us at = time_of(all);
    if (at != HENG_US_NEVER) heng_sim_meter_set_clock(m, now, at);
    return at != HENG_US_NEVER;
}

static void write(struct heng_sim_meter *m, const struct question *q, heng_us now, struct heng_sim_reply *ret)
{
    bool old = is_1997(m);
    size_t head = old ? 2 + 4 : 4 + 8;
    bool date = q->di == (old ? 0xC010u : 0x04000101u), time = q->di == (old ? 0xC011u : 0x04000102u);
    if (!old && q->di == 0x0400010C) date = time = true;
    size_t need = head + (date ? 4u : 0u) + (time ? 3u : 0u);
    bool known = q->n >= head && (old ? all_zero(q->data + 2, 4) : password_good(q->data + 4));
    if (!known)
        refuse(m, q->control, ERROR_PASSWORD, ret);
    else if (!date && !time)
        refuse(m, q->control, ERROR_NO_DATA, ret);
    else if (q->n != need || !write_clock(m, date, time, q->data + head, now))
        refuse(m, q->control, ERROR_OTHER, ret);
    else
        accept(m, q, ret);
}

static void act(struct heng_sim_meter *m, uint8_t action, heng_us now)
{
    if (action == KEEP || action == RELEASE) m->keep = action == KEEP;
    if (action == TRIP && !m->keep) heng_sim_meter_move(m, now, true, 1, RELAY_S);
    if (action == CLOSE) heng_sim_meter_move(m, now, false, 1, RELAY_S);
    if (action == ALLOW_CLOSE) heng_sim_meter_move(m, now, false, RELAY_S, KEY_S);
}

/* PA P0 P1 P2 C0..C3 N1 N2 until */
static void relay(struct heng_sim_meter *m, const struct question *q, heng_us now, struct heng_sim_reply *ret)
{
    if (q->n != 16 || !password_good(q->data)) {
        refuse(m, q->control, ERROR_PASSWORD, ret);
        return;
    }
    heng_us until = time_of(q->data + 10);
    bool stale = until == HENG_US_NEVER || (m->config.strict_clock && until < heng_sim_meter_clock(m, now));
    if (stale || !heng_dlt645_relay_action(q->data[8])) {
        refuse(m, q->control, ERROR_OTHER, ret);
        return;
    }
    act(m, q->data[8], now);
    accept(m, q, ret);
}

static void freeze(struct heng_sim_meter *m, const struct question *q, heng_us now, struct heng_sim_reply *ret)
{
    for (size_t i = 0; i < 4; i++)
        if (q->n != 4 || q->data[i] != EVERYBODY) {
            refuse(m, q->control, ERROR_OTHER, ret);
            return;
        }
    memmove(m->frozen + 1, m->frozen, sizeof m->frozen - sizeof *m->frozen);
    memmove(m->frozen_us + 1, m->frozen_us, sizeof m->frozen_us - sizeof *m->frozen_us);
    m->frozen[0] = heng_sim_meter_count(m, now);
    m->frozen_us[0] = heng_sim_meter_clock(m, now);
    if (m->frozen_n < HENG_SIM_FROZEN) m->frozen_n++;
    accept(m, q, ret);
}

/* Rate byte: 02 600, 04 1200, 08 2400, 10 4800, 20 9600, 40 19200. */
static void change_speed(const struct heng_sim_meter *m, const struct question *q, struct heng_sim_reply *ret)
{
    uint32_t baud = 0;
    for (unsigned bit = 1; bit <= 6 && q->n == 1; bit++)
        if (q->data[0] == 1u << bit) baud = 300u << bit;
    if (!baud) {
        refuse(m, q->control, ERROR_SPEED, ret);
        return;
    }
    answer(m, q->control | HENG_DLT645_C_ANSWER, heng_slice_of(q->data, 1), ret);
    ret->then_baud = baud;
}

static void take_address(struct heng_sim_meter *m, const struct question *q, struct heng_sim_reply *ret)
{
    if (q->n != ADDRESS_BYTES) {
        refuse(m, q->control, ERROR_OTHER, ret);
        return;
    }
    memcpy(m->address, q->data, ADDRESS_BYTES);
    m->moved = true;
    accept(m, q, ret);
}

static void obey_2007(struct heng_sim_meter *m, const struct question *q, heng_us now, struct heng_sim_reply *ret)
{
    switch (q->control) {
    case HENG_DLT645_C_READ: tell(m, q, 0, now, ret); break;
    case HENG_DLT645_C_FOLLOW: tell_more(m, q, now, ret); break;
    case HENG_DLT645_C_READ_ADDRESS:
        answer(m, q->control | HENG_DLT645_C_ANSWER, heng_slice_of(m->address, ADDRESS_BYTES), ret);
        break;
    case HENG_DLT645_C_WRITE: write(m, q, now, ret); break;
    case HENG_DLT645_C_WRITE_ADDRESS: take_address(m, q, ret); break;
    case HENG_DLT645_C_FREEZE: freeze(m, q, now, ret); break;
    case HENG_DLT645_C_BAUD: change_speed(m, q, ret); break;
    case HENG_DLT645_C_RELAY: relay(m, q, now, ret); break;
    default: refuse(m, q->control, ERROR_OTHER, ret); break;
    }
}

static void obey_1997(struct heng_sim_meter *m, const struct question *q, heng_us now, struct heng_sim_reply *ret)
{
    switch (q->control) {
    case HENG_DLT645_97_C_READ:
        m->telegram = 0;
        tell(m, q, 0, now, ret);
        break;
    case HENG_DLT645_97_C_FOLLOW: tell_more(m, q, now, ret); break;
    case HENG_DLT645_97_C_WRITE: write(m, q, now, ret); break;
    case HENG_DLT645_97_C_WRITE_ADDRESS: take_address(m, q, ret); break;
    case HENG_DLT645_97_C_BAUD: change_speed(m, q, ret); break;
    case HENG_DLT645_C_READ_ADDRESS: break; /* a function of the later edition */
    default: refuse(m, q->control, ERROR_OTHER, ret); break;
    }
}

void heng_sim_slave_dlt645(struct heng_sim_meter *m, struct heng_slice request, heng_us now, struct heng_sim_reply *ret)
{
    struct question q = {.control = request.p[AT_CONTROL], .n = request.p[AT_LENGTH]};
    bool every = true;
    if (q.control & HENG_DLT645_C_ANSWER || request.n != q.n + AT_DATA + 2) return;
    for (size_t i = 0; i < ADDRESS_BYTES; i++) every = every && request.p[AT_ADDRESS + i] == EVERYBODY;
    for (size_t i = 0; i < ADDRESS_BYTES && !every; i++) {
        uint8_t a = request.p[AT_ADDRESS + i];
        if (a != WILD && a != m->address[i]) return;
    }
    for (size_t i = 0; i < q.n; i++) q.data[i] = (uint8_t)(request.p[AT_DATA + i] - HENG_DLT645_BIAS);
    if (q.n >= di_bytes(m)) q.di = (uint32_t)heng_load_bytes(q.data, di_bytes(m), false);
    if (q.control == HENG_DLT645_C_TIME)
        take_broadcast_time(m, &q, now);
    else if (is_1997(m))
        obey_1997(m, &q, now, ret);
    else
        obey_2007(m, &q, now, ret);
    if (every) ret->n = 0;
}
