#ifndef HENG_TESTS_POWER_METER_H
#define HENG_TESTS_POWER_METER_H
/* A made-up DL/T 645 meter with a relay, of either edition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/dlt645.h"

static const char power_number[] = "000024060001";

/* A meter with a relay, of either edition. */
struct power {
    char id[13];
    struct heng_civil clock, frozen;
    bool open, commanded, kept, warns;
    unsigned looks; /* the contact follows behind so many looks */
    bool stuck, deaf, deaf_to_clock, hides_clock, stands, wants_key, two_byte_errors;
    uint8_t password[4];
    unsigned written, relay_commands, wrong;
};

static inline struct heng_slice power_unbiased(const struct heng_telegram *t, uint8_t ret[256])
{
    size_t n = t->frame.n - 12;
    for (size_t i = 0; i < n; i++) ret[i] = (uint8_t)(t->frame.p[10 + i] - HENG_DLT645_BIAS);
    return heng_slice_of(ret, n);
}

static inline void power_put_answer(const struct power *p, uint8_t control, struct heng_slice data,
                                    struct heng_buf *ret)
{
    struct heng_dlt645_frame f = {.control = control, .preamble = 1, .data = data};
    memcpy(f.id, p->id, sizeof p->id);
    assert_int_equal(heng_dlt645_encode(&f, ret), HENG_OK);
}

static inline void power_refuse(const struct power *p, uint8_t control, uint8_t error, struct heng_buf *ret)
{
    const uint8_t data[] = {error, 0};
    power_put_answer(p, control | 0xC0, heng_slice_of(data, p->two_byte_errors ? 2 : 1), ret);
}

static inline uint8_t power_bcd(unsigned n) { return (uint8_t)(n / 10 % 10 << 4 | n % 10); }
static inline uint8_t power_dec(uint8_t b) { return (uint8_t)((b >> 4) * 10 + (b & 15)); }

static inline unsigned power_state_word(struct power *p)
{
    if (p->looks && !p->stuck && --p->looks == 0) p->open = p->commanded;
    return (p->open ? 0x10U : 0) | (p->commanded ? 0x40U : 0) | (p->warns ? 0x80U : 0) | (p->kept ? 0x1000U : 0);
}

static inline void power_on_read(struct power *p, bool old, uint32_t di, struct heng_buf *ret)
{
    uint8_t bytes[64];
    struct heng_buf data = heng_buf_of(bytes, sizeof bytes);
    heng_dlt645_put_di(&data, old ? HENG_PROTOCOL_DLT645_1997 : HENG_PROTOCOL_DLT645_2007, di);
    bool clock = di == 0x04000101 || di == 0x04000102 || di == 0xC010 || di == 0xC011;
    if (clock && p->hides_clock) {
        power_refuse(p, old ? 0x01 : 0x11, 2, ret);
        return;
    }
    if (clock && p->deaf_to_clock) return;
    if (di == 0x04000101 || di == 0xC010) {
        heng_dlt645_put_date(&data, &p->clock);
    } else if (clock) {
        heng_dlt645_put_time(&data, &p->clock);
    } else if (di == 0x04000503) {
        heng_buf_le(&data, power_state_word(p), 2);
    } else if (di == 0x05010001) {
        const struct heng_civil *f = &p->frozen;
        const uint8_t at[] = {power_bcd(f->minute), power_bcd(f->hour), power_bcd(f->day), power_bcd(f->month),
                              power_bcd((unsigned)f->year % 100)};
        heng_buf_put(&data, heng_slice_of(at, sizeof at));
    } else {
        heng_buf_le(&data, 0x00123400 + (old ? di >> 8 & 0xFF : di & 0xFF), 4);
    }
    power_put_answer(p, old ? 0x81 : 0x91, heng_buf_slice(&data), ret);
}

static inline void power_on_write(struct power *p, bool old, struct heng_slice data, struct heng_buf *ret)
{
    uint32_t di =
        (uint32_t)(data.p[0] | data.p[1] << 8) | (old ? 0 : (uint32_t)data.p[2] << 16 | (uint32_t)data.p[3] << 24);
    const uint8_t *secret = data.p + (old ? 2 : 4), *value = secret + (old ? 4 : 8);
    if (memcmp(secret, p->password, 4) != 0) {
        p->wrong++;
        power_refuse(p, old ? 0x04 : 0x14, 4, ret);
        return;
    }
    p->written++;
    if (!p->stands && (di == 0x04000101 || di == 0xC010)) {
        p->clock.day = power_dec(value[1]);
        p->clock.month = power_dec(value[2]);
        p->clock.year = (int16_t)(2000 + power_dec(value[3]));
    } else if (!p->stands) {
        p->clock.second = power_dec(value[0]);
        p->clock.minute = power_dec(value[1]);
        p->clock.hour = power_dec(value[2]);
    }
    power_put_answer(p, old ? 0x84 : 0x94, (struct heng_slice){0}, ret);
}

/* Password, and valid until a time that is still to come. */
static inline bool power_may(struct power *p, struct heng_slice data)
{
    const uint8_t *t = data.p + 10;
    struct heng_civil until = {(int16_t)(2000 + power_dec(t[5])),
                               power_dec(t[4]),
                               power_dec(t[3]),
                               power_dec(t[2]),
                               power_dec(t[1]),
                               power_dec(t[0])};
    if (memcmp(data.p, p->password, 4) == 0) return heng_civil_to_us(&until) > heng_civil_to_us(&p->clock);
    p->wrong++;
    return false;
}

static inline void power_on_relay(struct power *p, struct heng_slice data, struct heng_buf *ret)
{
    assert_int_equal(data.n, 16);
    if (!power_may(p, data)) {
        power_refuse(p, 0x1C, 4, ret);
        return;
    }
    p->relay_commands++;
    if (data.p[8] == 0x1A && !p->kept) p->commanded = true;
    if (data.p[8] == 0x1B || data.p[8] == 0x1C) p->commanded = false;
    if (data.p[8] == 0x3A) p->kept = true;
    if (data.p[8] == 0x3B) p->kept = false;
    if (p->looks == 0 && p->open != p->commanded && !(data.p[8] == 0x1B && p->wants_key)) p->looks = 3;
    power_put_answer(p, 0x9C, (struct heng_slice){0}, ret);
}

static inline void power_answers(void *meter, struct heng_slice request, struct heng_buf *ret)
{
    struct power *p = meter;
    struct heng_telegram t;
    uint8_t bytes[256];
    size_t used;
    assert_int_equal(heng_dlt645_2007_codec.decode(request, &t, &used, NULL), HENG_OK);
    struct heng_slice data = power_unbiased(&t, bytes);
    bool old = t.control < 0x08 || t.control == 0x0A;
    if (p->deaf || (strcmp(t.id, p->id) != 0 && strcmp(t.id, "AAAAAAAAAAAA") != 0)) return;
    switch (t.control) {
    case 0x01: power_on_read(p, true, (uint32_t)(data.p[0] | data.p[1] << 8), ret); return;
    case 0x11: power_on_read(p, false, t.di, ret); return;
    case 0x04:
    case 0x14: power_on_write(p, old, data, ret); return;
    case 0x13: power_put_answer(p, 0x93, heng_slice_of(request.p + request.n - 11, 6), ret); return;
    case 0x16:
        if (!p->stands) p->frozen = p->clock;
        power_put_answer(p, 0x96, (struct heng_slice){0}, ret);
        return;
    case 0x17: power_put_answer(p, 0x97, data, ret); return;
    case 0x0A:
    case 0x15:
        for (unsigned i = 0; i < 6; i++) snprintf(p->id + 2 * i, 3, "%02X", data.p[5 - i]);
        power_put_answer(p, t.control | 0x80, (struct heng_slice){0}, ret);
        return;
    case 0x1C: power_on_relay(p, data, ret); return;
    }
    fail_msg("the meter is asked %02X", t.control);
}

static inline struct power power_new(void)
{
    struct power p = {.clock = {2026, 11, 20, 12, 1, 0}, .password = {0x02, 0x11, 0x22, 0x33}};
    memcpy(p.id, power_number, sizeof power_number);
    return p;
}

#endif
