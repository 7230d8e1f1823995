/* A virtual M-Bus meter.
 *
 *   request                       answer
 *   10 40 A        SND_NKE        E5, forgets the frame count bits; the next answer is the first telegram
 *   10 40 FD                      E5 of the selected meter, which is selected no more
 *   10 5B|7B A     REQ_UD2        RSP_UD: the telegram behind the last one, the same again when the bit is the same
 *   10 5A|7A A     REQ_UD1        E5; an alarm (CI 71) while it is tampered with
 *   68 .. 53|73 FD 52 mask        E5 when all that is no wild card fits, else it is selected no more
 *   68 .. 53|73 A  50 [sub]       E5, the next answer is the first telegram
 *   68 .. 53|73 A  51 records     E5, carried out: 01 7A address, 0C 79 id, 07 79 secondary address, 04|06 6D clock
 *   68 .. 53|73 A  B8..BF         E5 at the old speed, then the new one
 *   A = FE: everybody answers; A = FF: everybody obeys, nobody answers
 *
 * FD is a link of its own with bits of its own; so are SND_UD and REQ_UD2 (EN 13757-2 clause 5.5).
 * Telegrams of a plain meter: the first one is drawn at put_first(); the others carry months, storage 2 and up. */
#include "codec/bytes.h"
#include "codec/mbus.h"
#include "sim/frame.h"
#include "sim/slave_core.h"
#include "sim/slave_template.h"

enum {
    AT_CI = 6,
    AT_DATA = 7,
    PRIMARY_MAX = 250,
    EVERYBODY = 0xFE,
    BROADCAST = 0xFF,
    CI_SYNC = 0x54,
    CI_BAUD_FIRST = 0xB8,
    CI_BAUD_LAST = 0xBF,
    DIF_MORE = 0x1F,
    STATUS_TAMPERED = 0x10, /* temporary error */
    MONTHS_PER_TELEGRAM = 4,
    MOOD_FLOW = 30, /* purposes of what moves by itself, two each */
    MOOD_RETURN = 32,
};

static const uint32_t speeds[] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400};

/* --- what it tells ----------------------------------------------------------------------------------------- */

/* Appends records; the first failure stays in rc. */
struct records {
    struct heng_buf *body;
    heng_rc rc;
};

static void put(struct records *r, uint8_t dif, uint16_t vif, uint64_t raw, size_t bytes)
{
    uint8_t v[2] = {(uint8_t)(vif >> 8), (uint8_t)vif};
    struct heng_slice s = vif > 0xFF ? heng_slice_of(v, 2) : heng_slice_of(v + 1, 1);
    if (r->rc == HENG_OK) r->rc = heng_mbus_encode_record(dif, s, raw, bytes, r->body);
}

static uint64_t bcd8(uint64_t value) { return heng_bcd_encode(value % 100000000, 8); }

static bool is_thermal(heng_medium medium)
{
    return medium == HENG_MEDIUM_HEAT || medium == HENG_MEDIUM_HEAT_INLET || medium == HENG_MEDIUM_HEAT_COOLING ||
           medium == HENG_MEDIUM_COOLING || medium == HENG_MEDIUM_COOLING_INLET || medium == HENG_MEDIUM_COOLING_OUTLET;
}

/* VIF of the main counter: kWh, 10 Wh, or 10 litres. */
static uint8_t main_vif(const struct heng_sim_meter *m)
{
    if (is_thermal(m->config.medium)) return 0x06;
    return m->config.medium == HENG_MEDIUM_ELECTRICITY ? 0x04 : 0x14;
}

/* What a meter of its medium shows beside its main counter. */
static void put_rest(const struct heng_sim_meter *m, uint64_t count, heng_us now, struct records *r)
{
    uint64_t load = heng_sim_meter_load(m, now);
    uint32_t mood = heng_sim_meter_trait(m, 1, 50);
    if (is_thermal(m->config.medium)) {
        put(r, 0x0C, 0x14, bcd8(count * 3), 4);                         /* volume, 10 l */
        put(r, 0x0B, 0x2D, heng_bcd_encode(load * 10 % 1000000, 6), 3); /* power, 100 W */
        put(r, 0x0B, 0x3B, heng_bcd_encode(load * 30 % 1000000, 6), 3); /* flow, l/h */
        uint64_t flow = heng_sim_meter_warmth(m, MOOD_FLOW, now, 550 + 3 * mood, 10);
        uint64_t back = heng_sim_meter_warmth(m, MOOD_RETURN, now, 330 + 2 * mood, 10);
        put(r, 0x0A, 0x5A, heng_bcd_encode(flow, 4), 2); /* 0.1 C */
        put(r, 0x0A, 0x5E, heng_bcd_encode(back, 4), 2);
        put(r, 0x0A, 0x62, heng_bcd_encode(flow - back, 4), 2); /* by 14 K at the least */
    } else if (m->config.medium == HENG_MEDIUM_ELECTRICITY) {
        uint64_t volts = heng_sim_meter_volts(m, 1, now, 2200 + 3 * mood);
        put(r, 0x0B, 0x2B, heng_bcd_encode(load * 10 % 1000000, 6), 3); /* power, W */
        put(r, 0x02, 0xFD48, volts, 2);                                 /* voltage, 0.1 V */
        put(r, 0x04, 0xFD59, load * 100000 / volts, 4);                 /* current, mA */
    } else {
        put(r, 0x0B, 0x3B, heng_bcd_encode(load * 10 % 1000000, 6), 3); /* flow, l/h */
        put(r, 0x0A, 0x5A, heng_bcd_encode(heng_sim_meter_warmth(m, MOOD_FLOW, now, 120 + mood, 10), 4), 2);
    }
}

/* 0C 78 fabrication number · main counter · the rest · 04 6D clock · 4C main counter at the end of the month ·
 * 42 6C that day · 04 26 operating hours · 02 FD 17 error flags */
static void put_first(const struct heng_sim_meter *m, heng_us now, struct records *r)
{
    uint64_t count = heng_sim_meter_count(m, now), fabrication = heng_load_bytes(m->secondary, 4, false);
    heng_us clock = heng_sim_meter_clock(m, now);
    struct heng_civil at = heng_us_to_civil(clock), month = at;
    month.day = 1;
    month.hour = month.minute = month.second = 0;
    struct heng_civil due = heng_us_to_civil(heng_civil_to_us(&month) - HENG_US_PER_DAY);
    if (m->config.fabrication[0] && !heng_hex_number(m->config.fabrication, 8, &fabrication)) fabrication = 0;

    put(r, 0x0C, 0x78, fabrication, 4);
    put(r, 0x0C, main_vif(m), bcd8(count), 4);
    put_rest(m, count, now, r);
    put(r, 0x04, 0x6D, heng_mbus_encode_type_f(&at), 4);
    put(r, 0x4C, main_vif(m), bcd8(m->months[0]), 4);
    put(r, 0x42, 0x6C, heng_mbus_encode_type_g(&due), 2);
    put(r, 0x04, 0x26, (uint64_t)(now / HENG_US_PER_S / 3600) + 1000, 4);
    put(r, 0x02, 0xFD17, m->tampered ? 0x0004 : 0, 2);
}

/* Telegram 1, 2 ..: the months before, storage 2 and up. */
static void put_months(const struct heng_sim_meter *m, struct records *r)
{
    for (unsigned i = 0; i < MONTHS_PER_TELEGRAM; i++) {
        unsigned storage = 2 + (m->telegram - 1u) * MONTHS_PER_TELEGRAM + i;
        if (storage > HENG_SIM_MONTHS || r->rc != HENG_OK) return;
        uint64_t raw = bcd8(m->months[storage - 1]);
        uint8_t data[4], vif = main_vif(m);
        for (unsigned k = 0; k < 4; k++) data[k] = (uint8_t)(raw >> (8 * k));
        struct heng_mbus_register reg = {
            .function = HENG_FUNCTION_INSTANTANEOUS,
            .storage = storage,
            .coding = 0x0C,
            .vif = heng_slice_of(&vif, 1),
            .data = heng_slice_of(data, 4),
        };
        r->rc = heng_mbus_encode_register(&reg, r->body);
    }
}

static unsigned telegrams_of(const struct heng_sim_meter *m)
{
    if (m->look) return heng_sim_template_telegrams(m->look);
    return m->config.telegrams ? m->config.telegrams : 1;
}

/* Our own frames always fit; a meter that could not build one would stay silent. */
static void put_plain(struct heng_sim_meter *m, heng_us now, struct heng_buf *out)
{
    uint8_t memory[252];
    struct heng_buf body = heng_buf_of(memory, sizeof memory);
    struct records r = {&body, HENG_OK};
    heng_buf_put(&body, heng_slice_of(m->secondary, sizeof m->secondary));
    heng_buf_u8(&body, ++m->access);
    heng_buf_u8(&body, m->tampered ? STATUS_TAMPERED : 0);
    heng_buf_le(&body, 0, 2);
    if (m->telegram == 0)
        put_first(m, now, &r);
    else
        put_months(m, &r);
    if (m->telegram + 1u < telegrams_of(m)) heng_buf_u8(&body, DIF_MORE);
    if (r.rc == HENG_OK)
        r.rc = heng_mbus_encode_long(HENG_MBUS_C_RSP_UD, m->address[0], HENG_MBUS_CI_RSP_VARIABLE,
                                     heng_buf_slice(&body), out);
    if (r.rc != HENG_OK) out->n = 0;
}

/* The telegram behind the last one, or that one again. */
static void tell(struct heng_sim_meter *m, struct heng_sim_link *link, bool counted, bool fcb, heng_us now,
                 struct heng_sim_reply *ret)
{
    bool again = counted && link->asked && link->asked_fcb == fcb && !m->fresh;
    const struct heng_sim_said *last = &m->said[m->asked_said % HENG_SIM_SAID];
    link->asked = counted;
    link->asked_fcb = fcb;
    if (again && m->said_n - m->asked_said <= HENG_SIM_SAID && m->said_n > m->asked_said) {
        memcpy(ret->bytes, last->p, last->n);
        ret->n = last->n;
        return;
    }
    m->telegram = m->fresh || m->telegram + 1u >= telegrams_of(m) ? 0 : (uint8_t)(m->telegram + 1);
    m->fresh = false;
    m->asked_said = m->said_n; /* this answer will be remembered as that number */
    struct heng_buf out = heng_buf_of(ret->bytes, sizeof ret->bytes);
    if (m->look)
        heng_sim_template_mbus(m, now, m->telegram, &out);
    else
        put_plain(m, now, &out);
    ret->n = out.n;
}

/* --- what it obeys ----------------------------------------------------------------------------------------- */

static bool selects(const struct heng_sim_meter *m, const uint8_t *p, size_t n)
{
    if (n < 8 || !heng_sim_mask_fits_digits(p, m->secondary, 4)) return false;
    bool maker = (p[4] == 0xFF && p[5] == 0xFF) || (p[4] == m->secondary[4] && p[5] == m->secondary[5]);
    if (!maker || !heng_sim_mask_fits_bytes(p + 6, m->secondary + 6, 2)) return false;
    if (n == 8) return true;
    uint64_t number = heng_load_bytes(m->secondary, 4, false);
    if (m->config.fabrication[0] && !heng_hex_number(m->config.fabrication, 8, &number)) return false;
    uint8_t own[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16), (uint8_t)(number >> 24)};
    return n == 14 && p[8] == 0x0C && p[9] == 0x78 && heng_sim_mask_fits_digits(p + 10, own, 4);
}

/* Year bits of types F, G and I: b7-5 of the first byte, b15-12. */
static heng_us date_of(const uint8_t *p, struct heng_civil *c)
{
    unsigned year = (unsigned)p[0] >> 5 | (p[1] & 0xF0u) >> 1;
    c->year = (int16_t)(2000 + year);
    c->month = p[1] & 0x0F;
    c->day = p[0] & 0x1F;
    return heng_civil_valid(c) ? heng_civil_to_us(c) : HENG_US_NEVER;
}

static void set_clock(struct heng_sim_meter *m, const uint8_t *p, size_t n, heng_us now)
{
    struct heng_civil c = {0};
    bool seconds = n == 6;
    if (seconds) c.second = p[0] & 0x3F;
    c.minute = p[seconds] & 0x3F;
    c.hour = p[seconds + 1] & 0x1F;
    heng_us at = date_of(p + seconds + 2, &c);
    if (at != HENG_US_NEVER) heng_sim_meter_set_clock(m, now, at);
}

/* Records of a command: DIF, VIF, data. What it does not know ends the list. */
static void obey(struct heng_sim_meter *m, const uint8_t *p, size_t n, heng_us now)
{
    while (n >= 3) {
        unsigned head = (unsigned)p[0] << 8 | p[1];
        size_t length = 2 + (size_t)((p[0] & 0x0F) == 0x0C ? 4 : (p[0] & 0x0F) == 7 ? 8 : p[0] & 0x0F);
        if (n < length || (p[0] & 0x0F) > 0x0C) return;
        if (head == 0x017A && p[2] <= PRIMARY_MAX) {
            m->address[0] = p[2];
            m->moved = true;
        } else if (head == 0x0C79 || head == 0x0779) {
            memcpy(m->secondary, p + 2, length - 2);
        } else if (head == 0x046D || head == 0x066D) {
            set_clock(m, p + 2, length - 2, now);
        } else {
            return;
        }
        p += length;
        n -= length;
    }
}

static void acknowledge(struct heng_sim_reply *ret)
{
    ret->bytes[0] = HENG_MBUS_ACK;
    ret->n = 1;
}

static void command(struct heng_sim_meter *m, struct heng_sim_link *link, struct heng_slice request, bool fcb,
                    heng_us now, struct heng_sim_reply *ret)
{
    uint8_t ci = request.p[AT_CI];
    const uint8_t *data = request.p + AT_DATA;
    size_t n = request.n - AT_DATA - 2;
    bool again = link->told && link->told_fcb == fcb;
    bool speed = ci >= CI_BAUD_FIRST && ci <= CI_BAUD_LAST;
    if (ci != HENG_MBUS_CI_APPLICATION_RESET && ci != HENG_MBUS_CI_DATA_SEND && ci != CI_SYNC && !speed) return;
    acknowledge(ret);
    link->told = true;
    link->told_fcb = fcb;
    if (again) return; /* our acknowledgement was lost */
    if (ci == HENG_MBUS_CI_APPLICATION_RESET) m->fresh = true;
    if (ci == HENG_MBUS_CI_DATA_SEND) obey(m, data, n, now);
    if (speed) ret->then_baud = speeds[ci - CI_BAUD_FIRST];
}

/* The selection concerns everybody. */
static void choose(struct heng_sim_meter *m, struct heng_slice request, struct heng_sim_reply *ret)
{
    m->selected = selects(m, request.p + AT_DATA, request.n - AT_DATA - 2);
    if (!m->selected) return;
    m->links[1] = (struct heng_sim_link){0};
    m->fresh = true;
    acknowledge(ret);
}

void heng_sim_slave_mbus(struct heng_sim_meter *m, struct heng_slice request, heng_us now, struct heng_sim_reply *ret)
{
    bool is_short = request.p[0] == 0x10;
    if (!is_short && request.n < AT_DATA + 2) return;
    uint8_t control = request.p[is_short ? 1 : 4], address = request.p[is_short ? 2 : 5];
    bool fd = address == HENG_MBUS_SELECTED, fcb = control & HENG_MBUS_C_FCB;
    uint8_t function = control & (uint8_t)~HENG_MBUS_C_FCB;
    if (!is_short && fd && function == HENG_MBUS_C_SND_UD && request.p[AT_CI] == HENG_MBUS_CI_SELECT) {
        choose(m, request, ret);
        return;
    }
    if (fd ? !m->selected : address != m->address[0] && address != EVERYBODY && address != BROADCAST) return;
    struct heng_sim_link *link = &m->links[fd];
    if (is_short && control == HENG_MBUS_C_SND_NKE) {
        *link = (struct heng_sim_link){0};
        m->fresh = true;
        if (fd) m->selected = false;
        acknowledge(ret);
    } else if (is_short && (function == HENG_MBUS_C_REQ_UD2 || function == (HENG_MBUS_C_REQ_UD2 & ~0x10))) {
        tell(m, link, control & 0x10, fcb, now, ret);
    } else if (is_short && (function == HENG_MBUS_C_REQ_UD1 || function == (HENG_MBUS_C_REQ_UD1 & ~0x10))) {
        struct heng_buf out = heng_buf_of(ret->bytes, sizeof ret->bytes);
        acknowledge(ret);
        if (m->tampered && heng_mbus_encode_alarm(m->address[0], 1, &out) == HENG_OK) ret->n = out.n;
    } else if (!is_short && function == HENG_MBUS_C_SND_UD) {
        command(m, link, request, fcb, now, ret);
    }
    if (address == BROADCAST) ret->n = 0;
}
