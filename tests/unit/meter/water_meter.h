#ifndef HENG_TESTS_WATER_METER_H
#define HENG_TESTS_WATER_METER_H
/* A made-up CJ/T 188 water meter with a valve, and what it does to a person who believes in an OK. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/cjt188.h"

static const char water_number[] = "11110059493675";

/* A water meter with a valve that takes its time. */
struct water {
    char id[15];
    unsigned valve;         /* ST bits */
    unsigned target, looks; /* it is there behind so many looks at it */
    bool stuck, fault, mute_while_moving, no_status, refuses, deaf;
    bool fixed_ser;
    bool inverted; /* 99 opens */
    struct heng_civil clock;
    bool clock_stands;
};

static inline void water_put_answer(const struct water *w, const struct heng_telegram *t, uint8_t control, uint16_t di,
                                    struct heng_slice payload, struct heng_buf *ret)
{
    struct heng_cjt188_frame f = {.type = 0x10,
                                  .control = control,
                                  .ser = w->fixed_ser ? 0 : t->ser,
                                  .preamble = 1,
                                  .di = di,
                                  .payload = payload};
    memcpy(f.id, w->id, sizeof w->id);
    assert_int_equal(heng_cjt188_encode(&f, ret), HENG_OK);
}

static inline void water_put_current(struct water *w, struct heng_buf *ret)
{
    assert_int_equal(heng_cjt188_put_measured(ret, 123456, 0x2C, false), HENG_OK);
    assert_int_equal(heng_cjt188_put_measured(ret, 111100, 0x2C, false), HENG_OK);
    assert_int_equal(heng_cjt188_put_clock(ret, &w->clock), HENG_OK);
    if (w->looks && !w->stuck && --w->looks == 0) w->valve = w->target;
    heng_buf_u8(ret, w->no_status ? 0xFF : (uint8_t)(w->fault ? 3 : w->valve));
    heng_buf_u8(ret, 0);
}

static inline void water_on_write(struct water *w, const struct heng_telegram *t)
{
    const uint8_t *p = t->body.p;
    if (t->di == HENG_CJT188_DI_VALVE) {
        assert_true(t->body.n == 1 && (*p == 0x55 || *p == 0x99));
        w->target = (*p == 0x55) == w->inverted;
        if (w->looks == 0) w->looks = 3;
    }
    if (t->di == HENG_CJT188_DI_WRITE_CLOCK && !w->clock_stands) {
        unsigned d[7];
        assert_int_equal(t->body.n, 7);
        for (unsigned i = 0; i < 7; i++) d[i] = (p[i] >> 4) * 10U + (p[i] & 15U);
        w->clock = (struct heng_civil){
            (int16_t)(d[6] * 100 + d[5]), (uint8_t)d[4], (uint8_t)d[3], (uint8_t)d[2], (uint8_t)d[1], (uint8_t)d[0]};
    }
    if (t->di == HENG_CJT188_DI_WRITE_ADDRESS)
        for (unsigned i = 0; i < 7; i++) snprintf(w->id + 2 * i, 3, "%02X", p[6 - i]);
}

static inline void water_answers(void *meter, struct heng_slice request, struct heng_buf *ret)
{
    struct water *w = meter;
    struct heng_telegram t;
    size_t used;
    uint8_t bytes[64];
    struct heng_buf body = heng_buf_of(bytes, sizeof bytes);
    assert_int_equal(heng_cjt188_codec.decode(request, &t, &used, NULL), HENG_OK);
    bool mine = strcmp(t.id, w->id) == 0 || strcmp(t.id, "AAAAAAAAAAAAAA") == 0;
    if (w->deaf || !mine) return;
    if (w->refuses && t.control == 0x04) {
        const uint8_t status[] = {t.ser, 0, 0}; /* SER ST0 ST1, without a DI */
        struct heng_cjt188_frame f = {.type = 0x10,
                                      .control = 0xC4,
                                      .without_di = true,
                                      .without_ser = true,
                                      .payload = heng_slice_of(status, sizeof status)};
        memcpy(f.id, w->id, sizeof w->id);
        assert_int_equal(heng_cjt188_encode(&f, ret), HENG_OK);
        return;
    }
    if (t.control == 0x04 || t.control == 0x15) {
        water_on_write(w, &t);
        water_put_answer(w, &t, t.control | 0x80, (uint16_t)t.di, (struct heng_slice){0}, ret);
    } else if (t.control == 0x03) {
        water_put_answer(w, &t, 0x83, HENG_CJT188_DI_ADDRESS, (struct heng_slice){0}, ret);
    } else if (t.di == HENG_CJT188_DI_CURRENT) {
        bool moving = w->looks > 1;
        water_put_current(w, &body);
        if (!(moving && w->mute_while_moving))
            water_put_answer(w, &t, 0x81, (uint16_t)t.di, heng_buf_slice(&body), ret);
    } else {
        assert_int_equal(heng_cjt188_put_measured(&body, (uint32_t)(t.di - 0xD120) * 100 + 100, 0x2C, false), HENG_OK);
        water_put_answer(w, &t, 0x81, (uint16_t)t.di, heng_buf_slice(&body), ret);
    }
}

static inline struct water water_new(void)
{
    struct water w = {.clock = {2026, 11, 20, 11, 20, 0}};
    memcpy(w.id, water_number, sizeof water_number);
    return w;
}

#endif
